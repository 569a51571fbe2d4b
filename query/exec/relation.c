/* relation.c: finding or making a relation's rows, and what every kind has: columns, starts, spans, ghosts, the keys of
 * the total order. The kinds' own files make the rows of derived relations. */
#include "query/exec/relation.h"

#include <string.h>

#include "query/exec/alike.h"
#include "query/exec/column.h"
#include "query/exec/days_of.h"
#include "query/exec/reach.h"
#include "query/exec/worker.h"

static lots_arena *arena_of(lots_worker *worker, const lots_relation_rows *rows)
{
    return lots_instance_arena(worker, rows->owners);
}

lots_status lots_relation_is_ordered(lots_worker *worker, uint32_t relation, bool *out, lots_error *err)
{
    lots_alike *alike = &worker->alike;
    void *bits = NULL;
    if (alike->ordered == NULL) {
        LOTS_TRY(lots_arena_alloc(&worker->tables, &bits, lots_bit_words(worker->query->relation_count) + 1,
                                  sizeof(uint64_t), err));
        LOTS_TRY(lots_reach_ordered(worker->query, bits, err));
        alike->ordered = bits;
    }
    *out = lots_bit_get(alike->ordered, relation);
    return LOTS_OK;
}

lots_status lots_relation_least(lots_worker *worker, uint32_t relation, uint32_t *out, lots_error *err)
{
    lots_alike *alike = &worker->alike;
    void *least = NULL;
    if (alike->least == NULL) {
        LOTS_TRY(lots_arena_alloc(&worker->tables, &least, worker->query->relation_count, sizeof(uint32_t), err));
        LOTS_TRY(lots_reach_sizes(worker->query, least, err));
        alike->least = least;
    }
    *out = alike->least[relation];
    return LOTS_OK;
}

static lots_status make_rows(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    switch (rows->relation->kind) {
    case LOTS_RELATION_STREAM:
        rows->count = worker->streams[rows->relation->stream].rows;
        return lots_stream_offsets(worker, rows->relation->stream, &rows->offsets, err);
    case LOTS_RELATION_EPISODES:
        return lots_episodes_make(worker, rows, err);
    case LOTS_RELATION_STEPS:
        return lots_steps_make(worker, rows, err);
    case LOTS_RELATION_UNION:
        return lots_union_make(worker, rows, err);
    case LOTS_RELATION_MINUS:
        return lots_minus_make(worker, rows, err);
    case LOTS_RELATION_ACTIVE:
        return lots_active_make(worker, rows, err);
    case LOTS_RELATION_MATCH:
        return lots_match_make(worker, rows, err);
    }
    return lots_fail(err, LOTS_INTERNAL, "a relation of unknown kind");
}

lots_status lots_relation_get(lots_worker *worker, uint32_t relation, const lots_instance *rows,
                              lots_relation_rows **out, lots_error *err)
{
    LOTS_TRY(lots_alike_relation(worker, relation, &relation, err));
    const lots_relation *bound = &worker->query->relations[relation];
    const lots_instance *owners = lots_instance_of(worker, rows, bound->frame);
    if (owners == NULL)
        return lots_fail(err, LOTS_INTERNAL, "relation '%s' is used outside its frame", bound->name);
    lots_depth *depth = &worker->depths[owners->depth];
    for (lots_relation_rows *at = depth->relations; at != NULL; at = at->next)
        if (at->index == relation && at->owners == owners) {
            *out = at;
            return LOTS_OK;
        }
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(&depth->arena, &room, 1, sizeof(lots_relation_rows), err));
    lots_relation_rows *made = room;
    LOTS_TRY(lots_arena_alloc(&depth->arena, &room, worker->query->frame_count, sizeof(lots_instance *), err));
    made->elements = room;
    LOTS_TRY(lots_arena_alloc(&depth->arena, &room, bound->column_count, sizeof(lots_vector), err));
    made->columns = room;
    for (uint32_t c = 0; c < bound->column_count; c++)
        made->columns[c].count = UINT32_MAX;
    made->span_end.count = made->open.count = UINT32_MAX;
    made->index = relation;
    made->relation = bound;
    made->owners = owners;
    LOTS_TRY(make_rows(worker, made, err));
    made->next = depth->relations;
    depth->relations = made;
    *out = made;
    return LOTS_OK;
}

static lots_status make_column(lots_worker *worker, lots_relation_rows *rows, uint32_t column, lots_vector *out,
                               lots_error *err)
{
    const lots_relation *relation = rows->relation;
    const lots_vector *from = NULL;
    switch (relation->kind) {
    case LOTS_RELATION_STREAM:
        LOTS_TRY(lots_stream_column(worker, relation->stream, relation->columns[column].column, &from, err));
        *out = *from;
        return LOTS_OK;
    case LOTS_RELATION_MINUS:
        LOTS_TRY(lots_relation_values(worker, rows->left, relation->columns[column].column, &from, err));
        return lots_vector_gather(arena_of(worker, rows), from, rows->left_row, rows->count, out, err);
    case LOTS_RELATION_EPISODES:
        return lots_episodes_column(worker, rows, column, out, err);
    case LOTS_RELATION_STEPS:
        return lots_steps_column(worker, rows, column, out, err);
    case LOTS_RELATION_UNION:
        return lots_union_column(worker, rows, column, out, err);
    case LOTS_RELATION_ACTIVE:
        if (relation->columns[column].role == LOTS_COLUMN_N)
            return lots_active_number(worker, rows, out, err);
        if (relation->columns[column].role == LOTS_COLUMN_KEY)
            return lots_active_values(worker, rows, &relation->columns[column].type, out, err);
        return lots_fail(err, LOTS_INTERNAL, "column '%s' was not made with its periods", relation->columns[column].name);
    case LOTS_RELATION_MATCH:
        return lots_fail(err, LOTS_INTERNAL, "column '%s' was not made with its relation", relation->columns[column].name);
    }
    return lots_fail(err, LOTS_INTERNAL, "a relation of unknown kind");
}

lots_status lots_relation_values(lots_worker *worker, lots_relation_rows *rows, uint32_t column,
                                 const lots_vector **out, lots_error *err)
{
    if (column >= rows->relation->column_count)
        return lots_fail(err, LOTS_INTERNAL, "relation '%s' has no column %u", rows->relation->name, column);
    lots_vector *values = &rows->columns[column];
    if (values->count == UINT32_MAX) {
        lots_vector made;
        LOTS_TRY(make_column(worker, rows, column, &made, err));
        LOTS_TRY(lots_vector_flatten(arena_of(worker, rows), &made, values, err));
    }
    *out = values;
    return LOTS_OK;
}

lots_status lots_relation_take(lots_worker *worker, lots_relation_rows *rows, uint32_t column, const uint32_t *index,
                               uint32_t count, lots_arena *arena, lots_vector *out, lots_error *err)
{
    const lots_vector *all = NULL;
    if (rows->relation->kind == LOTS_RELATION_STREAM && column < rows->relation->column_count)
        return lots_stream_take(worker, rows->relation->stream, rows->relation->columns[column].column, index, count,
                                arena, out, err);
    LOTS_TRY(lots_relation_values(worker, rows, column, &all, err));
    return lots_vector_gather(arena, all, index, count, out, err);
}

lots_status lots_relation_owner(lots_worker *worker, lots_relation_rows *rows, const uint32_t **out, lots_error *err)
{
    if (rows->owner == NULL) {
        uint32_t *owner = NULL;
        LOTS_TRY(lots_new_u32(arena_of(worker, rows), rows->count, &owner, err));
        worker->kernels->broadcast_index(rows->offsets, rows->owners->count, owner);
        rows->owner = owner;
    }
    *out = rows->owner;
    return LOTS_OK;
}

lots_status lots_relation_elements(lots_worker *worker, lots_relation_rows *rows, uint32_t frame,
                                   const lots_instance **out, lots_error *err)
{
    if (rows->elements[frame] == NULL) {
        lots_instance *made = NULL;
        LOTS_TRY(lots_instance_new(worker, frame, rows->count, rows->owners, rows->owners->depth, &made, err));
        made->parent_index = rows->owner;
        made->parent_offsets = rows->offsets;
        rows->elements[frame] = made;
    }
    *out = rows->elements[frame];
    return LOTS_OK;
}

/* ---- starts and spans ---- */

lots_status lots_relation_starts(lots_worker *worker, lots_relation_rows *rows, const int32_t **out, lots_error *err)
{
    *out = rows->starts;
    if (rows->starts != NULL)
        return LOTS_OK;
    const int32_t column = rows->relation->start_column;
    int32_t *starts = NULL;
    if (column >= 0) {
        const lots_vector *values = NULL;
        LOTS_TRY(lots_relation_values(worker, rows, (uint32_t)column, &values, err));
        if (values->missing == NULL) {
            *out = rows->starts = values->data;
            return LOTS_OK;
        }
        LOTS_TRY(lots_new_i32(arena_of(worker, rows), rows->count, &starts, err));
        for (uint32_t i = 0; i < rows->count; i++)
            starts[i] = lots_vector_is_missing(values, i) ? INT32_MAX : ((const int32_t *)values->data)[i];
    } else {
        LOTS_TRY(lots_new_i32(arena_of(worker, rows), rows->count, &starts, err));
        for (uint32_t i = 0; i < rows->count; i++)
            starts[i] = INT32_MAX;
    }
    *out = rows->starts = starts;
    return LOTS_OK;
}

/* Those of a stream that nobody has asked for whole; days NULL: there are none, or they have been. */
bool lots_relation_has_narrow_starts(const lots_worker *worker, const lots_relation_rows *rows)
{
    return rows->relation->kind == LOTS_RELATION_STREAM && rows->starts == NULL &&
           lots_stream_has_narrow_days(worker, rows->relation->stream);
}

static lots_narrow_days narrow_starts(lots_worker *worker, const lots_relation_rows *rows, uint32_t asked)
{
    return lots_relation_has_narrow_starts(worker, rows) ? lots_stream_narrow_days(worker, rows->relation->stream, asked)
                                                         : (lots_narrow_days){.days = NULL};
}

lots_status lots_relation_starts_at(lots_worker *worker, lots_relation_rows *rows, const uint32_t *index, uint32_t count,
                                    int32_t *out, lots_error *err)
{
    const lots_narrow_days narrow = narrow_starts(worker, rows, count);
    const int32_t *starts = NULL;
    if (narrow.days != NULL) {
        worker->kernels->gather_u16(narrow.days, index, count, (uint32_t)narrow.least, (uint32_t *)out);
        return LOTS_OK;
    }
    LOTS_TRY(lots_relation_starts(worker, rows, &starts, err));
    worker->kernels->gather_u32((const uint32_t *)starts, index, count, (uint32_t *)out);
    return LOTS_OK;
}

lots_status lots_relation_starts_in(lots_worker *worker, lots_relation_rows *rows, const uint64_t *bits, int32_t *out,
                                    lots_error *err)
{
    const lots_narrow_days narrow = narrow_starts(worker, rows, rows->count);
    const int32_t *starts = NULL;
    if (narrow.days != NULL) {
        worker->kernels->compress_u16(bits, rows->count, narrow.days, (uint32_t)narrow.least, (uint32_t *)out);
        return LOTS_OK;
    }
    LOTS_TRY(lots_relation_starts(worker, rows, &starts, err));
    worker->kernels->compress_u32(bits, rows->count, (const uint32_t *)starts, (uint32_t *)out);
    return LOTS_OK;
}

static void find_narrow(const lots_kernels *kernels, const lots_narrow_days *from, uint32_t count, int32_t low, int32_t high,
                        uint64_t *out)
{
    const int64_t first = (int64_t)low - from->least, last = (int64_t)high - from->least;
    if (last < 0 || first > UINT16_MAX || first > last)
        lots_bits_fill(out, count, false);
    else
        kernels->range_u16(from->days, count, (uint16_t)(first > 0 ? first : 0), (uint16_t)(last < UINT16_MAX ? last : UINT16_MAX), out);
}

/* Sets of one question often have their days in common. */
lots_status lots_relation_within(lots_worker *worker, lots_relation_rows *rows, int32_t low, int32_t high,
                                 const uint64_t **out, lots_error *err)
{
    const int32_t *starts = NULL;
    uint64_t *bits = NULL;
    *out = rows->within;
    if (rows->within != NULL && rows->within_low == low && rows->within_high == high)
        return LOTS_OK;
    const lots_narrow_days narrow = narrow_starts(worker, rows, rows->count);
    LOTS_TRY(lots_new_words(arena_of(worker, rows), rows->count, &bits, err));
    if (narrow.days != NULL) {
        find_narrow(worker->kernels, &narrow, rows->count, low, high, bits);
    } else {
        LOTS_TRY(lots_relation_starts(worker, rows, &starts, err));
        worker->kernels->range_i32(starts, rows->count, low, high, bits);
    }
    worker->work.rows += rows->count;
    *out = rows->within = bits;
    rows->within_low = low;
    rows->within_high = high;
    return LOTS_OK;
}

bool lots_relation_may_start_some(const lots_worker *worker, const lots_relation_rows *rows)
{
    return rows->relation->kind == LOTS_RELATION_STREAM && rows->owners == worker->patients && rows->starts == NULL &&
           !lots_stream_days_are_whole(worker, rows->relation->stream);
}

lots_status lots_relation_starts_of(lots_worker *worker, lots_relation_rows *rows, const uint64_t *owners, const int32_t **out,
                                    lots_error *err)
{
    *out = NULL;
    if (lots_relation_may_start_some(worker, rows))
        LOTS_TRY(lots_stream_days_of(worker, rows->relation->stream, owners, out, err));
    return *out != NULL ? LOTS_OK : lots_relation_starts(worker, rows, out, err);
}

lots_status lots_relation_merge(lots_worker *worker, const lots_relation_rows *rows, const lots_vector *left,
                                const lots_vector *right, lots_vector *out, lots_error *err)
{
    uint32_t *index = NULL;
    LOTS_TRY(lots_new_u32(arena_of(worker, rows), rows->count, &index, err));
    for (uint32_t i = 0; i < rows->count; i++)
        index[i] = rows->left_row[i] + (rows->side[i] != 0 ? left->count : 0);
    const lots_vector sides[2] = {*left, *right};
    lots_vector both;
    LOTS_TRY(lots_vector_concat(arena_of(worker, rows), sides, 2, &both, err));
    return lots_vector_gather(arena_of(worker, rows), &both, index, rows->count, out, err);
}

/* The rows of left (of a union: or right) that a derived relation's rows were made of. */
static lots_status made_of(lots_worker *worker, lots_relation_rows *rows, const uint32_t **out, lots_error *err)
{
    if (rows->relation->kind == LOTS_RELATION_STEPS)
        return lots_steps_targets(worker, rows, out, err);
    *out = rows->left_row;
    return rows->left_row != NULL || rows->count == 0 ? LOTS_OK
                                  : lots_fail(err, LOTS_INTERNAL, "the rows of '%s' were only counted", rows->relation->name);
}

typedef lots_status (*span_part)(lots_worker *, lots_relation_rows *, const lots_vector **, lots_error *);

/* A derived relation's span is that of the record it was made of. */
static lots_status inherit(lots_worker *worker, lots_relation_rows *rows, span_part part, lots_vector *out,
                           lots_error *err)
{
    const lots_vector *left = NULL, *right = NULL;
    LOTS_TRY(part(worker, rows->left, &left, err));
    if (rows->relation->kind == LOTS_RELATION_UNION) {
        LOTS_TRY(part(worker, rows->right, &right, err));
        return lots_relation_merge(worker, rows, left, right, out, err);
    }
    const uint32_t *index = NULL;
    LOTS_TRY(made_of(worker, rows, &index, err));
    return lots_vector_gather(arena_of(worker, rows), left, index, rows->count, out, err);
}

lots_status lots_relation_span_end(lots_worker *worker, lots_relation_rows *rows, const lots_vector **out,
                                   lots_error *err)
{
    *out = &rows->span_end; /* episodes, active periods and matches set theirs when they are made */
    if (rows->span_end.count != UINT32_MAX)
        return LOTS_OK;
    lots_vector made;
    if (rows->relation->kind == LOTS_RELATION_STREAM)
        LOTS_TRY(lots_stream_span_end(worker, rows->relation->stream, &made, err));
    else
        LOTS_TRY(inherit(worker, rows, lots_relation_span_end, &made, err));
    rows->span_end = made;
    return LOTS_OK;
}

lots_status lots_relation_take_spans(lots_worker *worker, lots_relation_rows *rows, bool want_open, const uint32_t *index,
                                     uint32_t count, lots_arena *arena, lots_vector *out, bool *done, lots_error *err)
{
    const lots_vector *all = want_open ? &rows->open : &rows->span_end;
    *done = rows->relation->kind == LOTS_RELATION_STREAM && all->count == UINT32_MAX;
    if (!*done)
        return LOTS_OK;
    return lots_stream_take_spans(worker, rows->relation->stream, want_open, index, count, arena, out, done, err);
}

lots_status lots_relation_open(lots_worker *worker, lots_relation_rows *rows, const lots_vector **out, lots_error *err)
{
    *out = &rows->open;
    if (rows->open.count != UINT32_MAX)
        return LOTS_OK;
    lots_vector made;
    if (rows->relation->kind == LOTS_RELATION_STREAM)
        LOTS_TRY(lots_stream_open(worker, rows->relation->stream, &made, err));
    else
        LOTS_TRY(inherit(worker, rows, lots_relation_open, &made, err));
    rows->open = made;
    return LOTS_OK;
}

static lots_status derived_ghosts(lots_worker *worker, lots_relation_rows *rows, const uint64_t **out, lots_error *err)
{
    const uint64_t *left = NULL, *right = NULL;
    const lots_relation_kind kind = rows->relation->kind;
    if (kind == LOTS_RELATION_EPISODES || kind == LOTS_RELATION_ACTIVE) /* ghosts were left out when they were made */
        return LOTS_OK;
    LOTS_TRY(lots_relation_ghosts(worker, rows->left, &left, err));
    if (rows->relation->kind == LOTS_RELATION_UNION)
        LOTS_TRY(lots_relation_ghosts(worker, rows->right, &right, err));
    if (left == NULL && right == NULL)
        return LOTS_OK;
    const uint32_t *index = NULL;
    uint64_t *ghosts = NULL;
    LOTS_TRY(made_of(worker, rows, &index, err));
    LOTS_TRY(lots_new_bits(arena_of(worker, rows), rows->count, &ghosts, err));
    for (uint32_t i = 0; i < rows->count; i++) {
        const uint64_t *from = rows->side != NULL && rows->side[i] != 0 ? right : left;
        if (from != NULL && lots_bit_get(from, index[i]))
            lots_bit_set(ghosts, i);
    }
    *out = ghosts;
    return LOTS_OK;
}

lots_status lots_relation_ghosts(lots_worker *worker, lots_relation_rows *rows, const uint64_t **out, lots_error *err)
{
    *out = NULL;
    if (rows->relation->kind != LOTS_RELATION_STREAM)
        return derived_ghosts(worker, rows, out, err);
    const uint32_t stream = rows->relation->stream;
    const int32_t column = lots_stream_find_role(&worker->schema->streams[stream], LOTS_ROLE_GHOST);
    if (column < 0)
        return LOTS_OK;
    const lots_vector *ghosts = NULL; /* missing is false: its bit is 0 */
    LOTS_TRY(lots_stream_column(worker, stream, (uint32_t)column, &ghosts, err));
    if (lots_bits_next(ghosts->data, 0, rows->count) < rows->count)
        *out = ghosts->data;
    return LOTS_OK;
}

/* ---- the total order ---- */

/* The end as the store ordered by it: a point's may be missing, and missing is last. */
static lots_status order_end(lots_worker *worker, lots_relation_rows *rows, const lots_vector **out, lots_error *err)
{
    *out = NULL;
    if (rows->relation->kind == LOTS_RELATION_STREAM) {
        const uint32_t stream = rows->relation->stream;
        const int32_t column = lots_stream_find_role(&worker->schema->streams[stream], LOTS_ROLE_END);
        return column < 0 ? LOTS_OK : lots_stream_local(worker, stream, (uint32_t)column, out, err);
    }
    if (rows->relation->end_column < 0)
        return LOTS_OK;
    return lots_relation_values(worker, rows, (uint32_t)rows->relation->end_column, out, err);
}

/* Have the rows keys of their own, not those of the records they were made of? */
static bool has_own_order(const lots_relation_rows *rows)
{
    const lots_relation_kind kind = rows->relation->kind;
    return kind == LOTS_RELATION_STREAM || kind == LOTS_RELATION_EPISODES || kind == LOTS_RELATION_ACTIVE;
}

lots_status lots_relation_order(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    const int32_t *starts = NULL;
    const uint32_t *index = NULL;
    lots_order *order = &rows->order;
    if (order->ready)
        return LOTS_OK;
    if (!has_own_order(rows)) {
        LOTS_TRY(lots_relation_order(worker, rows->left, err));
        LOTS_TRY(made_of(worker, rows, &index, err));
        if (rows->relation->kind == LOTS_RELATION_UNION)
            LOTS_TRY(lots_relation_order(worker, rows->right, err));
        order->ready = true;
        return LOTS_OK;
    }
    LOTS_TRY(lots_relation_starts(worker, rows, &starts, err));
    LOTS_TRY(order_end(worker, rows, &order->end, err));
    if (rows->relation->kind == LOTS_RELATION_STREAM) { /* episodes have no minute and no level */
        const uint32_t stream = rows->relation->stream;
        const int32_t column = lots_stream_find_role(&worker->schema->streams[stream], LOTS_ROLE_MINUTE);
        if (column >= 0)
            LOTS_TRY(lots_stream_column(worker, stream, (uint32_t)column, &order->minute, err));
        LOTS_TRY(lots_stream_level_order(worker, stream, &order->level, &order->places, err));
    }
    order->ready = true;
    return LOTS_OK;
}

/* The row whose keys a row has. */
static const lots_relation_rows *keyed_row(const lots_relation_rows *rows, uint32_t *row)
{
    while (!has_own_order(rows)) {
        const lots_relation_rows *below = rows->side != NULL && rows->side[*row] != 0 ? rows->right : rows->left;
        *row = rows->relation->kind == LOTS_RELATION_STEPS ? rows->target_row[*row] : rows->left_row[*row];
        rows = below;
    }
    return rows;
}

/* Missing is last. */
static uint64_t minute_of(const lots_relation_rows *rows, uint32_t row)
{
    const lots_vector *minute = rows->order.minute;
    return minute == NULL || lots_vector_is_missing(minute, row) ? UINT32_MAX : (uint32_t)((const int64_t *)minute->data)[row];
}

static uint64_t level_of(const lots_relation_rows *rows, uint32_t row)
{
    const lots_vector *level = rows->order.level;
    return level == NULL || lots_vector_is_missing(level, row) ? UINT32_MAX
                                                               : rows->order.places[((const uint32_t *)level->data)[row]];
}

static int64_t end_of(const lots_relation_rows *rows, uint32_t row)
{
    const lots_vector *end = rows->order.end;
    return end == NULL || lots_vector_is_missing(end, row) ? INT64_MAX : ((const int32_t *)end->data)[row];
}

typedef struct base_record { /* the stored record, or made row, that a row stands for */
    uint32_t order_rank;
    uint32_t relation; /* streams by their number, others after them */
    uint32_t row;
} base_record;

const char *lots_relation_stream_name(const lots_relation_rows *rows, uint32_t row)
{
    while (rows->relation->kind == LOTS_RELATION_UNION || rows->relation->kind == LOTS_RELATION_MINUS) {
        const lots_relation_rows *below = rows->side != NULL && rows->side[row] != 0 ? rows->right : rows->left;
        row = rows->left_row[row];
        rows = below;
    }
    return rows->relation->name;
}

static base_record base_of(const lots_relation_rows *rows, uint32_t row)
{
    while (rows->relation->kind == LOTS_RELATION_UNION || rows->relation->kind == LOTS_RELATION_MINUS) {
        const lots_relation_rows *below = rows->side != NULL && rows->side[row] != 0 ? rows->right : rows->left;
        row = rows->left_row[row];
        rows = below;
    }
    const bool stored = rows->relation->kind == LOTS_RELATION_STREAM;
    return (base_record){rows->relation->order_rank,
                         stored ? rows->relation->stream : LOTS_STREAMS_MAX + rows->index, row};
}

static int three_way(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

int lots_relation_compare(const lots_relation_rows *a, uint32_t a_row, const lots_relation_rows *b, uint32_t b_row)
{
    uint32_t i = a_row, j = b_row;
    const lots_relation_rows *m = keyed_row(a, &i), *n = keyed_row(b, &j);
    if (m->starts[i] != n->starts[j])
        return m->starts[i] < n->starts[j] ? -1 : 1;
    int order = three_way(minute_of(m, i), minute_of(n, j));
    if (order == 0)
        order = three_way(level_of(m, i), level_of(n, j));
    if (order == 0)
        order = (end_of(m, i) > end_of(n, j)) - (end_of(m, i) < end_of(n, j));
    if (order != 0)
        return order;
    const base_record x = base_of(a, a_row), y = base_of(b, b_row);
    order = three_way(x.order_rank, y.order_rank);
    if (order == 0)
        order = three_way(x.relation, y.relation);
    return order != 0 ? order : three_way(x.row, y.row);
}
