/* steps.c: relations made row by row from the elements of sets: steps (consecutive pairs), unions and differences. */
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/column.h"
#include "query/exec/relation.h"

/* What a list needs to be an instance. */
static lots_status make_instance(lots_worker *worker, const lots_set *set, const lots_instance *owners, lots_element_list *list,
                                 lots_error *err)
{
    LOTS_TRY(lots_set_rows(worker, owners, list, err));
    LOTS_TRY(lots_instance_new(worker, set->frame, list->offsets[owners->count], owners, owners->depth, &list->instance,
                               err));
    list->instance->parent_offsets = list->offsets;
    list->instance->relation_row = list->rows;
    list->instance->relation_bits = list->bits;
    return LOTS_OK;
}

lots_status lots_element_list_make(lots_worker *worker, const lots_set *set, const lots_instance *owners,
                                   lots_element_list *out, lots_error *err)
{
    LOTS_TRY(lots_set_bits(worker, set, owners, out, err));
    return make_instance(worker, set, owners, out, err);
}

static lots_arena *arena_of(lots_worker *worker, const lots_relation_rows *rows)
{
    return lots_instance_arena(worker, rows->owners);
}

/* ---- steps ----
 * Of all elements as one list, whose neighbours are pairs unless an owner's last stands between them: gaps are one subtraction
 * along the list, and what is kept of it is bits. Days are brought together by place a stretch at a time, which the nearest cache
 * holds until nothing more is asked of them. */

enum { STRETCH = 1024, ROWS_BROUGHT = 256 }; /* multiples of 64 */

typedef struct step_maker {
    lots_worker *worker;
    lots_arena *arena;
    const lots_element_list *list;
    uint32_t count;        /* of the list */
    uint32_t places;       /* but for the last one, which nothing follows */
    bool dated;            /* all starts are known */
    bool ending;           /* some have ends */
    const int32_t *starts; /* by row of the list's relation; */
    const uint16_t *narrow;/* or, not NULL, the same less some day */
    const int32_t *ends;   /* NULL: of all but these they are the starts */
    lots_nonzero lasting;  /* by place, of which the first `shortened` are done with */
    uint32_t shortened;
    const uint64_t *endless; /* by place; NULL: each that may have one has one */
    uint64_t *keep;        /* places whose next one is their target */
    uint64_t *no_gap;      /* places without a known gap; NULL: none, of those that are kept */
    uint32_t *gaps;        /* of each place that is kept: days to the next one, as int32_t */
    uint32_t kept;         /* bits of keep */
} step_maker;

typedef struct stretch { /* some of the places */
    uint32_t *starts, *ends; /* by place; more than a stretch, as rows come together */
    uint32_t *gaps;
    uint32_t have;           /* how many */
    uint32_t next;           /* the row (with a list of rows: the place) that has not been brought yet */
} stretch;

static lots_status find_endless(step_maker *maker, const uint64_t *missing, uint32_t rows, lots_error *err)
{
    const lots_element_list *list = maker->list;
    uint64_t *endless = NULL;
    LOTS_TRY(lots_new_bits(maker->arena, maker->count, &endless, err));
    if (list->bits != NULL)
        maker->worker->kernels->bits_compress(list->bits, rows, missing, endless);
    else
        maker->worker->kernels->lookup_bits(list->rows, maker->count, missing, rows, endless);
    maker->endless = endless;
    return LOTS_OK;
}

/* The places of rows in a list that has bits; in place. */
static lots_status place_rows(const step_maker *maker, uint32_t *rows, uint32_t count, lots_error *err)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const size_t words = lots_bit_words(maker->list->relation->count);
    uint32_t *before = NULL;
    LOTS_TRY(lots_new_u32(maker->arena, words + 1, &before, err));
    before[words] = kernels->count_prefix(maker->list->bits, words, 0, before);
    kernels->bit_ranks(maker->list->bits, before, rows, count, rows);
    return LOTS_OK;
}

/* Most visits end on the day they start: where it is told which don't, no end is read, and starts needn't be as wide as days. */
static lots_status read_lasting(step_maker *maker, bool *done, lots_error *err)
{
    const lots_worker *worker = maker->worker;
    const lots_element_list *list = maker->list;
    const lots_relation *relation = list->relation->relation;
    *done = list->bits != NULL && relation->kind == LOTS_RELATION_STREAM && relation->start_column >= 0;
    if (*done)
        LOTS_TRY(lots_stream_lasting(maker->worker, relation->stream, list->bits, maker->arena, &maker->lasting, done, err));
    if (!*done)
        return LOTS_OK;
    maker->dated = maker->ending = true;
    LOTS_TRY(place_rows(maker, maker->lasting.rows, maker->lasting.count, err));
    if (maker->lasting.has_missing)
        LOTS_TRY(find_endless(maker, maker->lasting.missing, list->relation->count, err));
    if (!lots_stream_is_read(worker, relation->stream, relation->columns[relation->start_column].column))
        maker->narrow = lots_segment_narrow_days(worker->segment, relation->stream, worker->chunk);
    return maker->narrow == NULL ? lots_relation_starts(maker->worker, list->relation, &maker->starts, err) : LOTS_OK;
}

static lots_status read_days(step_maker *maker, lots_error *err)
{
    const lots_element_list *list = maker->list;
    const int32_t start_column = list->relation->relation->start_column, end_column = list->relation->relation->end_column;
    const lots_vector *starts = NULL, *ends = NULL;
    bool done = false;
    LOTS_TRY(read_lasting(maker, &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(lots_relation_starts(maker->worker, list->relation, &maker->starts, err));
    if (start_column >= 0)
        LOTS_TRY(lots_relation_values(maker->worker, list->relation, (uint32_t)start_column, &starts, err));
    maker->dated = starts != NULL && starts->missing == NULL;
    if (end_column < 0)
        return LOTS_OK;
    LOTS_TRY(lots_relation_values(maker->worker, list->relation, (uint32_t)end_column, &ends, err));
    maker->ends = ends->data;
    maker->ending = true;
    if (ends->missing == NULL || lots_bits_next(ends->missing, 0, ends->count) == ends->count)
        return LOTS_OK;
    return find_endless(maker, ends->missing, ends->count, err);
}

static lots_status new_stretch(const step_maker *maker, stretch *out, lots_error *err)
{
    *out = (stretch){.have = 0};
    LOTS_TRY(lots_new_u32(maker->arena, STRETCH + ROWS_BROUGHT, &out->starts, err));
    if (maker->ends != NULL)
        LOTS_TRY(lots_new_u32(maker->arena, STRETCH + ROWS_BROUGHT, &out->ends, err));
    return lots_new_u32(maker->arena, STRETCH, &out->gaps, err);
}

static void bring_by_bits(const step_maker *maker, stretch *to)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const uint32_t all = maker->list->relation->count;
    while (to->have <= STRETCH && to->next < all) {
        const uint32_t rows = all - to->next < ROWS_BROUGHT ? all - to->next : ROWS_BROUGHT;
        const uint64_t *bits = maker->list->bits + to->next / 64;
        uint32_t *starts = to->starts + to->have;
        if (maker->ends != NULL)
            kernels->compress_u32(bits, rows, (const uint32_t *)maker->ends + to->next, to->ends + to->have);
        if (maker->narrow != NULL)
            to->have += (uint32_t)kernels->compress_u16(bits, rows, maker->narrow + to->next, 0, starts);
        else
            to->have += (uint32_t)kernels->compress_u32(bits, rows, (const uint32_t *)maker->starts + to->next, starts);
        to->next += rows;
    }
}

static void bring_by_rows(const step_maker *maker, stretch *to)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const uint32_t left = maker->count - to->next, room = STRETCH + 1 - to->have;
    const uint32_t *rows = maker->list->rows + to->next, count = left < room ? left : room;
    kernels->gather_u32((const uint32_t *)maker->starts, rows, count, to->starts + to->have);
    kernels->gather_u32((const uint32_t *)maker->ends, rows, count, to->ends + to->have);
    to->have += count;
    to->next += count;
}

/* Gaps from starts to those from ends, of `count` places from `at` on. */
static void shorten_gaps(step_maker *maker, uint32_t at, uint32_t count, uint32_t *gaps)
{
    const lots_nonzero *lasting = &maker->lasting;
    uint32_t k = maker->shortened;
    for (; k < lasting->count && lasting->rows[k] - at < count; k++)
        gaps[lasting->rows[k] - at] -= (uint32_t)lasting->values[k];
    maker->shortened = k;
}

/* Days from the end of each of `count` places from `at` on to the start of the next, where both are known, and which of them are
 * kept. Differences of days fit: what is not known may wrap around. */
static void measure_gaps(step_maker *maker, const lots_relation *relation, const stretch *days, uint32_t at, uint32_t count)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const int32_t most = !relation->has_gap || relation->gap_days > INT32_MAX ? INT32_MAX : (int32_t)relation->gap_days;
    const int32_t *next = (const int32_t *)days->starts + 1;
    uint64_t *keep = maker->keep + at / 64, *no_gap = maker->no_gap + at / 64, near[STRETCH / 64];
    kernels->subtract_i32(next, (const int32_t *)(maker->ends != NULL ? days->ends : days->starts), count, (int32_t *)days->gaps);
    shorten_gaps(maker, at, count, days->gaps);
    if (!maker->dated)
        kernels->range_i32(next, count, INT32_MAX, INT32_MAX, no_gap);
    kernels->range_i32((const int32_t *)days->gaps, count, INT32_MIN, most, near);
    for (size_t w = 0; w < lots_bit_words(count); w++) {
        no_gap[w] |= maker->endless == NULL ? 0 : maker->endless[at / 64 + w];
        keep[w] &= relation->has_gap ? near[w] & ~no_gap[w] : UINT64_MAX;
    }
    maker->kept += (uint32_t)kernels->compress_u32(keep, count, days->gaps, maker->gaps + maker->kept);
}

static lots_status measure_all(step_maker *maker, const lots_relation *relation, lots_error *err)
{
    stretch days;
    LOTS_TRY(new_stretch(maker, &days, err));
    for (uint32_t at = 0; at < maker->places;) {
        if (maker->list->bits != NULL)
            bring_by_bits(maker, &days);
        else
            bring_by_rows(maker, &days);
        const uint32_t left = maker->places - at, here = left < STRETCH ? left : STRETCH;
        measure_gaps(maker, relation, &days, at, here);
        days.have -= here;
        memmove(days.starts, days.starts + here, days.have * sizeof *days.starts);
        if (maker->ends != NULL)
            memmove(days.ends, days.ends + here, days.have * sizeof *days.ends);
        at += here;
    }
    return LOTS_OK;
}

/* Without ends no gap is known. */
static void keep_unmeasured(step_maker *maker, const lots_relation *relation)
{
    lots_bits_fill(maker->no_gap, maker->places, true);
    if (relation->has_gap)
        lots_bits_fill(maker->keep, maker->places, false);
    maker->kept = (uint32_t)maker->worker->kernels->bits_count(maker->keep, maker->places);
    memset(maker->gaps, 0, maker->kept * sizeof *maker->gaps);
}

/* Of an owner without elements that is the one before's last. */
static void part_owners(step_maker *maker, uint32_t owners)
{
    const uint32_t *offsets = maker->list->offsets;
    uint32_t g = 0;
    while (g < owners && offsets[g + 1] == 0)
        g++;
    for (; g < owners; g++)
        lots_bit_clear(maker->keep, offsets[g + 1] - 1);
}

static lots_status pair_up(step_maker *maker, const lots_relation *relation, uint32_t owners, lots_error *err)
{
    const uint32_t count = maker->places;
    LOTS_TRY(lots_new_bits(maker->arena, maker->count, &maker->keep, err));
    LOTS_TRY(lots_new_bits(maker->arena, count, &maker->no_gap, err));
    LOTS_TRY(lots_new_u32(maker->arena, count, &maker->gaps, err));
    lots_bits_fill(maker->keep, count, true);
    part_owners(maker, owners);
    if (!maker->ending)
        keep_unmeasured(maker, relation);
    else
        LOTS_TRY(measure_all(maker, relation, err));
    if (relation->has_gap || lots_bits_next(maker->no_gap, 0, count) == count)
        maker->no_gap = NULL;
    return LOTS_OK;
}

/* ---- what the relation keeps of them ---- */

static lots_status keep_rows(const step_maker *maker, const uint32_t *from, uint32_t **out, lots_error *err)
{
    LOTS_TRY(lots_new_u32(maker->arena, maker->kept, out, err));
    maker->worker->kernels->compress_u32(maker->keep, maker->places, from, *out);
    return LOTS_OK;
}

/* The values at the kept places, or at those after them. */
static lots_status keep_values(step_maker *maker, const lots_vector *values, uint32_t after, lots_vector *out,
                               lots_error *err)
{
    uint32_t *index = NULL;
    *out = *values;
    out->count = maker->kept;
    if (values->constant)
        return LOTS_OK;
    if (values->missing == NULL && values->failed == NULL &&
        (values->type.kind == LOTS_TYPE_CATEGORY || values->type.kind == LOTS_TYPE_CODE)) {
        LOTS_TRY(keep_rows(maker, (const uint32_t *)values->data + after, &index, err));
        out->data = index;
        return LOTS_OK;
    }
    LOTS_TRY(lots_new_u32(maker->arena, maker->kept, &index, err));
    maker->worker->kernels->bits_indexes(maker->keep, maker->places, index);
    for (uint32_t i = 0; i < maker->kept; i++)
        index[i] += after;
    return lots_vector_gather(maker->arena, values, index, maker->kept, out, err);
}

/* The key is a column, and most rows are listed, as bits. */
static bool is_column(const step_maker *maker, const lots_set *set, const lots_expr *key)
{
    return maker->list->bits != NULL && key->op == LOTS_OP_COLUMN && key->of_frame == set->frame &&
           (key->type.kind == LOTS_TYPE_CATEGORY || key->type.kind == LOTS_TYPE_CODE) &&
           maker->count >= maker->list->relation->count / 2;
}

/* The key of all elements. Of most rows of a column it is taken as they lie. */
static lots_status read_keys(step_maker *maker, const lots_set *set, const lots_expr *by, lots_element_list *list,
                             const lots_instance *owners, lots_vector *out, lots_error *err)
{
    const lots_vector *values = NULL;
    if (!is_column(maker, set, by)) {
        LOTS_TRY(make_instance(maker->worker, set, owners, list, err));
        return lots_value(maker->worker, by, list->instance, out, err);
    }
    LOTS_TRY(lots_relation_values(maker->worker, list->relation, by->index, &values, err));
    LOTS_TRY(lots_vector_pick(maker->arena, values, list->bits, NULL, maker->count, out, err));
    out->type = by->type;
    return LOTS_OK;
}

static lots_status keep_keys(step_maker *maker, const lots_vector *key, lots_relation_rows *rows, lots_error *err)
{
    LOTS_TRY(keep_values(maker, key, 0, &rows->from, err));
    LOTS_TRY(keep_values(maker, key, 1, &rows->to, err));
    rows->step_kept = maker->keep;
    rows->step_rows = maker->list->rows;
    rows->step_bits = maker->list->bits;
    rows->step_places = maker->places;
    return LOTS_OK;
}

static lots_status keep_gaps(const step_maker *maker, const lots_type *type, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_vector_new(maker->arena, type, maker->kept, out, err));
    maker->worker->kernels->widen_i32((const int32_t *)maker->gaps, maker->kept, out->data);
    if (maker->no_gap == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_vector_want_missing(maker->arena, out, err));
    maker->worker->kernels->bits_compress(maker->keep, maker->places, maker->no_gap, out->missing);
    for (size_t i = lots_bits_next(out->missing, 0, maker->kept); i < maker->kept;
         i = lots_bits_next(out->missing, i + 1, maker->kept))
        ((int64_t *)out->data)[i] = 0;
    return LOTS_OK;
}

static lots_status keep_offsets(const step_maker *maker, uint32_t owners, const uint32_t **out, lots_error *err)
{
    const size_t words = lots_bit_words(maker->count);
    uint32_t *before = NULL, *offsets = NULL;
    LOTS_TRY(lots_new_u32(maker->arena, words + 1, &before, err));
    LOTS_TRY(lots_new_u32(maker->arena, (size_t)owners + 1, &offsets, err));
    before[words] = maker->worker->kernels->count_prefix(maker->keep, words, 0, before);
    maker->worker->kernels->bit_ranks(maker->keep, before, maker->list->offsets, (size_t)owners + 1, offsets);
    *out = offsets;
    return LOTS_OK;
}

static lots_status keep_steps(step_maker *maker, lots_relation_rows *rows, lots_error *err)
{
    LOTS_TRY(keep_offsets(maker, rows->owners->count, &rows->offsets, err));
    rows->left = maker->list->relation;
    rows->count = maker->kept;
    for (uint32_t c = 0; c < rows->relation->column_count; c++)
        if (rows->relation->columns[c].role == LOTS_COLUMN_GAP)
            LOTS_TRY(keep_gaps(maker, &rows->relation->columns[c].type, &rows->columns[c], err));
    return LOTS_OK;
}

lots_status lots_steps_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    const lots_relation *relation = rows->relation;
    const lots_expr *by = relation->by_count > 0 ? relation->by[0] : relation->per[0];
    lots_element_list list;
    lots_vector key;
    LOTS_TRY(lots_set_bits(worker, relation->left, rows->owners, &list, err));
    step_maker maker = {.worker = worker, .arena = arena_of(worker, rows), .list = &list, .count = list.offsets[rows->owners->count]};
    LOTS_TRY(read_keys(&maker, relation->left, by, &list, rows->owners, &key, err));
    maker.places = maker.count > 0 ? maker.count - 1 : 0;
    LOTS_TRY(read_days(&maker, err));
    LOTS_TRY(pair_up(&maker, relation, rows->owners->count, err));
    worker->work.rows += maker.count;
    LOTS_TRY(keep_keys(&maker, &key, rows, err));
    return keep_steps(&maker, rows, err);
}

lots_status lots_steps_targets(lots_worker *worker, lots_relation_rows *rows, const uint32_t **out, lots_error *err)
{
    uint32_t *target = NULL, *listed = NULL;
    if (rows->step_rows == NULL) {
        LOTS_TRY(lots_new_u32(arena_of(worker, rows), (size_t)rows->step_places + 1, &listed, err));
        worker->kernels->bits_indexes(rows->step_bits, rows->left->count, listed);
        rows->step_rows = listed;
    }
    if (rows->target_row == NULL) {
        LOTS_TRY(lots_new_u32(arena_of(worker, rows), rows->count, &target, err));
        worker->kernels->compress_u32(rows->step_kept, rows->step_places, rows->step_rows + 1, target);
        rows->target_row = target;
    }
    *out = rows->target_row;
    return LOTS_OK;
}

lots_status lots_steps_column(lots_worker *worker, lots_relation_rows *rows, uint32_t column, lots_vector *out,
                              lots_error *err)
{
    const lots_relation_column *bound = &rows->relation->columns[column];
    const lots_relation *left = rows->left->relation;
    const lots_vector *from = NULL;
    const uint32_t *target = NULL;
    if (bound->role == LOTS_COLUMN_SOURCE || bound->role == LOTS_COLUMN_TARGET) {
        *out = bound->role == LOTS_COLUMN_SOURCE ? rows->from : rows->to;
        return LOTS_OK;
    }
    const int32_t of = bound->role == LOTS_COLUMN_START ? left->start_column : left->end_column;
    if ((bound->role != LOTS_COLUMN_START && bound->role != LOTS_COLUMN_END) || of < 0)
        return lots_fail(err, LOTS_INTERNAL, "steps have no column '%s'", bound->name);
    LOTS_TRY(lots_relation_values(worker, rows->left, (uint32_t)of, &from, err));
    LOTS_TRY(lots_steps_targets(worker, rows, &target, err));
    return lots_vector_gather(arena_of(worker, rows), from, target, rows->count, out, err);
}

/* ---- union and minus: two lists in one order, walked together ---- */

typedef struct merger {
    lots_element_list left, right;
    uint32_t *offsets, *row;
    uint8_t *side;
    uint32_t count;
} merger;

static lots_status open_merger(lots_worker *worker, lots_relation_rows *rows, merger *out, lots_error *err)
{
    lots_arena *arena = arena_of(worker, rows);
    void *side = NULL;
    *out = (merger){.count = 0};
    LOTS_TRY(lots_element_list_make(worker, rows->relation->left, rows->owners, &out->left, err));
    LOTS_TRY(lots_element_list_make(worker, rows->relation->right, rows->owners, &out->right, err));
    LOTS_TRY(lots_relation_order(worker, out->left.relation, err));
    LOTS_TRY(lots_relation_order(worker, out->right.relation, err));
    const uint64_t room = (uint64_t)out->left.instance->count + out->right.instance->count;
    if (room >= LOTS_NO_ID)
        return lots_fail(err, LOTS_LIMIT, "a union of %llu events in one chunk", (unsigned long long)room);
    LOTS_TRY(lots_new_u32(arena, (size_t)rows->owners->count + 1, &out->offsets, err));
    LOTS_TRY(lots_new_u32(arena, (size_t)room, &out->row, err));
    LOTS_TRY(lots_arena_alloc(arena, &side, (size_t)room, 1, err));
    out->side = side;
    out->offsets[0] = 0;
    worker->work.rows += room;
    rows->left = out->left.relation;
    rows->right = out->right.relation;
    return LOTS_OK;
}

static void put(merger *to, uint32_t row, uint8_t side)
{
    to->row[to->count] = row;
    to->side[to->count++] = side;
}

/* One owner's elements. A record on both sides is once in a union, and not in a difference. */
static void merge_owner(merger *made, uint32_t owner, bool minus)
{
    const lots_element_list *l = &made->left, *r = &made->right;
    uint32_t i = l->offsets[owner], j = r->offsets[owner];
    while (i < l->offsets[owner + 1]) {
        const int order = j >= r->offsets[owner + 1]
                              ? -1
                              : lots_relation_compare(l->relation, l->rows[i], r->relation, r->rows[j]);
        if (order > 0) {
            if (!minus)
                put(made, r->rows[j], 1);
            j++;
            continue;
        }
        if (order < 0 || !minus)
            put(made, l->rows[i], 0);
        i++;
        j += order == 0 ? 1 : 0;
    }
    for (; !minus && j < r->offsets[owner + 1]; j++)
        put(made, r->rows[j], 1);
}

static lots_status merge_lists(lots_worker *worker, lots_relation_rows *rows, bool minus, lots_error *err)
{
    merger made;
    LOTS_TRY(open_merger(worker, rows, &made, err));
    for (uint32_t g = 0; g < rows->owners->count; g++) {
        merge_owner(&made, g, minus);
        made.offsets[g + 1] = made.count;
    }
    rows->count = made.count;
    rows->offsets = made.offsets;
    rows->left_row = made.row;
    rows->side = minus ? NULL : made.side;
    return LOTS_OK;
}

lots_status lots_union_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    return merge_lists(worker, rows, false, err);
}

lots_status lots_minus_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    return merge_lists(worker, rows, true, err);
}

lots_status lots_union_column(lots_worker *worker, lots_relation_rows *rows, uint32_t column, lots_vector *out,
                              lots_error *err)
{
    const lots_relation_column *bound = &rows->relation->columns[column];
    const lots_vector *left = NULL, *right = NULL;
    if (bound->role == LOTS_COLUMN_STREAM && bound->right == UINT32_MAX) {
        LOTS_TRY(lots_vector_new(arena_of(worker, rows), &bound->type, rows->count, out, err));
        lots_text *names = out->data;
        for (uint32_t i = 0; i < rows->count; i++) {
            const char *name = lots_relation_stream_name(rows, i);
            names[i] = (lots_text){name, (uint32_t)strlen(name)};
        }
        return LOTS_OK;
    }
    LOTS_TRY(lots_relation_values(worker, rows->left, bound->column, &left, err));
    LOTS_TRY(lots_relation_values(worker, rows->right, bound->right, &right, err));
    return lots_relation_merge(worker, rows, left, right, out, err);
}
