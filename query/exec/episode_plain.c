/* episode_plain.c: EPISODES without keys. They come in their order, each a stretch of the list of elements: nothing is sorted, and
 * the list is that of their members, too. Ends are read of listed events alone where these are few. See episode_inner.h. */
#include <string.h>

#include "query/exec/column.h"
#include "query/exec/episode_inner.h"
#include "query/exec/worker.h"

typedef struct member_spans { /* by place in the list */
    const int32_t *starts, *ends; /* INT32_MAX: no start. An end that isn't known is the start */
    const uint64_t *open;         /* NULL: none is */
} member_spans;

typedef struct stretches { /* by episode */
    uint32_t count;
    uint32_t *offsets; /* by owner */
    uint32_t *places;  /* where it begins in the list, and the next one */
    int32_t *starts, *ends;
    bool tied;         /* two of an owner begin on one day */
} stretches;

/* ---- spans of members ---- */

static lots_status read_starts(lots_worker *worker, const lots_element_list *list, lots_arena *arena, const int32_t **out,
                               lots_error *err)
{
    int32_t *taken = NULL;
    LOTS_TRY(lots_new_i32(arena, list->instance->count, &taken, err));
    *out = taken;
    return lots_relation_starts_at(worker, list->relation, list->rows, list->instance->count, taken, err);
}

static lots_status read_ends(lots_worker *worker, const lots_element_list *list, lots_arena *arena, const int32_t *starts,
                             const int32_t **out, lots_error *err)
{
    const uint32_t count = list->instance->count;
    const lots_vector *all = NULL;
    lots_vector ends;
    bool done = false;
    LOTS_TRY(lots_relation_take_spans(worker, list->relation, false, list->rows, count, arena, &ends, &done, err));
    if (!done) {
        LOTS_TRY(lots_relation_span_end(worker, list->relation, &all, err));
        LOTS_TRY(lots_vector_take(arena, all, list->rows, count, &ends, err));
    }
    int32_t *days = ends.data;
    for (size_t p = ends.missing == NULL ? count : lots_bits_next(ends.missing, 0, count); p < count;
         p = lots_bits_next(ends.missing, p + 1, count))
        days[p] = starts[p];
    *out = days;
    return LOTS_OK;
}

static lots_status read_open(lots_worker *worker, const lots_element_list *list, lots_arena *arena, const uint64_t **out,
                             lots_error *err)
{
    const lots_relation *relation = list->relation->relation;
    const uint32_t count = list->instance->count;
    const lots_vector *all = NULL;
    lots_vector open;
    bool done = false;
    *out = NULL;
    if (relation->kind == LOTS_RELATION_STREAM && !lots_stream_may_be_open(worker, relation->stream))
        return LOTS_OK;
    LOTS_TRY(lots_relation_take_spans(worker, list->relation, true, list->rows, count, arena, &open, &done, err));
    if (!done) {
        LOTS_TRY(lots_relation_open(worker, list->relation, &all, err));
        LOTS_TRY(lots_vector_take(arena, all, list->rows, count, &open, err));
    }
    if (lots_bits_next(open.data, 0, count) < count)
        *out = open.data;
    return LOTS_OK;
}

/* ---- merging ---- */

/* A place more than there are elements: what the next one begins with is put down before it is known whether it begins. */
static lots_status new_stretches(lots_arena *arena, uint32_t owners, uint32_t count, stretches *out, lots_error *err)
{
    *out = (stretches){.count = 0};
    LOTS_TRY(lots_new_u32(arena, (size_t)owners + 1, &out->offsets, err));
    LOTS_TRY(lots_new_u32(arena, (size_t)count + 1, &out->places, err));
    LOTS_TRY(lots_new_i32(arena, (size_t)count + 1, &out->starts, err));
    return lots_new_i32(arena, count, &out->ends, err);
}

/* `gap`: the most days from the latest end so far to the next start. Whether an element begins an episode can't be foretold, nor
 * how many an owner has: there is no branch. */
static void merge(const uint32_t *owners, uint32_t count, const member_spans *spans, int64_t gap, stretches *out)
{
    uint32_t made = 0, owner = LOTS_NO_ID;
    int32_t latest = 0, start = 0;
    bool tied = false;
    for (uint32_t p = 0; p < count; p++) {
        const int32_t from = spans->starts[p], end = spans->ends[p];
        const bool other = owners[p] != owner, begins = other | ((int64_t)from - latest > gap);
        tied |= begins & !other & (from == start);
        owner = owners[p];
        start = begins ? from : start;
        latest = begins | (end > latest) ? end : latest;
        out->places[made] = p;
        out->starts[made] = from;
        made += begins;
        out->ends[made - 1] = latest;
        out->offsets[owner + 1] = made;
    }
    out->places[made] = count;
    out->count = made;
    out->tied = tied;
}

static lots_status merge_members(lots_worker *worker, const lots_relation_rows *rows, const lots_element_list *list,
                                 const member_spans *members, stretches *out, lots_error *err)
{
    const lots_relation *relation = rows->relation;
    const uint32_t groups = rows->owners->count, count = list->instance->count, *owners = NULL;
    LOTS_TRY(new_stretches(lots_instance_arena(worker, rows->owners), groups, count, out, err));
    LOTS_TRY(lots_instance_parents(worker, list->instance, &owners, err));
    memset(out->offsets, 0, ((size_t)groups + 1) * sizeof *out->offsets);
    merge(owners, count, members, relation->has_gap ? relation->gap_days : INT64_MAX, out);
    for (uint32_t g = 0; g < groups; g++) /* those without elements have none */
        out->offsets[g + 1] = out->offsets[g + 1] > out->offsets[g] ? out->offsets[g + 1] : out->offsets[g];
    worker->work.rows += count;
    return LOTS_OK;
}

/* ---- what is kept of them ---- */

/* Which have an open member. */
static void mark_open(const uint64_t *open, const stretches *from, uint64_t *out)
{
    const uint32_t places = from->places[from->count];
    uint32_t i = 0;
    for (size_t p = lots_bits_next(open, 0, places); p < places; p = lots_bits_next(open, p + 1, places)) {
        while (from->places[i + 1] <= p)
            i++;
        lots_bit_set(out, i);
    }
}

/* Missing where a bit is set. */
static lots_status days_of(lots_arena *arena, const int32_t *days, uint32_t count, uint64_t *missing, lots_vector *out,
                           lots_error *err)
{
    int32_t *known = NULL;
    *out = (lots_vector){.type.kind = LOTS_TYPE_DATE, .count = count, .missing = missing};
    LOTS_TRY(lots_new_i32(arena, count, &known, err));
    memcpy(known, days, count * sizeof *known);
    for (size_t i = missing == NULL ? count : lots_bits_next(missing, 0, count); i < count;
         i = lots_bits_next(missing, i + 1, count))
        known[i] = 0;
    out->data = known;
    return LOTS_OK;
}

static lots_status sizes_of(lots_arena *arena, const stretches *from, lots_vector *out, lots_error *err)
{
    int64_t *sizes = NULL;
    LOTS_TRY(lots_new_i64(arena, from->count, &sizes, err));
    for (uint32_t i = 0; i < from->count; i++)
        sizes[i] = (int64_t)from->places[i + 1] - from->places[i];
    *out = (lots_vector){.type.kind = LOTS_TYPE_INT, .count = from->count, .data = sizes};
    return LOTS_OK;
}

static lots_status spans_of(lots_worker *worker, lots_arena *arena, const stretches *from, const member_spans *members,
                            lots_episode_spans *out, lots_error *err)
{
    const uint32_t count = from->count;
    uint64_t *undated = NULL, *endless = NULL, *open = NULL;
    LOTS_TRY(lots_new_bits(arena, count, &undated, err));
    LOTS_TRY(lots_new_bits(arena, count, &open, err));
    worker->kernels->range_i32(from->starts, count, INT32_MAX, INT32_MAX, undated);
    if (lots_bits_next(undated, 0, count) == count)
        undated = NULL;
    endless = undated;
    if (members->open != NULL) {
        mark_open(members->open, from, open);
        LOTS_TRY(lots_new_bits(arena, count, &endless, err));
        lots_bits_or(endless, open, undated != NULL ? undated : open, count);
    }
    out->open = (lots_vector){.type.kind = LOTS_TYPE_BOOL, .count = count, .data = open};
    LOTS_TRY(days_of(arena, from->starts, count, undated, &out->start, err));
    LOTS_TRY(days_of(arena, from->ends, count, undated, &out->span_end, err));
    LOTS_TRY(days_of(arena, from->ends, count, endless, &out->end, err));
    return sizes_of(arena, from, &out->n, err);
}

lots_status lots_episodes_plain(lots_worker *worker, lots_relation_rows *rows, const lots_element_list *list, bool *done,
                                lots_error *err)
{
    lots_arena *arena = lots_instance_arena(worker, rows->owners);
    member_spans members;
    stretches made;
    lots_episode_spans spans;
    *done = rows->relation->per_count + rows->relation->by_count == 0;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(read_starts(worker, list, arena, &members.starts, err));
    LOTS_TRY(read_ends(worker, list, arena, members.starts, &members.ends, err));
    LOTS_TRY(read_open(worker, list, arena, &members.open, err));
    LOTS_TRY(merge_members(worker, rows, list, &members, &made, err));
    *done = !made.tied;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(spans_of(worker, arena, &made, &members, &spans, err));
    rows->count = made.count;
    rows->offsets = made.offsets;
    rows->member_offsets = made.places;
    rows->members = list->rows;
    return lots_episodes_keep(worker, rows, list->relation, &spans, err);
}
