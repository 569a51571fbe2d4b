/* steps.c: relations made row by row from the elements of sets: steps (consecutive pairs), unions and differences. */
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/relation.h"

lots_status lots_element_list_make(lots_worker *worker, const lots_set *set, const lots_instance *owners,
                                   lots_element_list *out, lots_error *err)
{
    uint32_t *owner = NULL;
    LOTS_TRY(lots_set_lists(worker, set, owners, &out->relation, &out->offsets, &out->rows, err));
    const uint32_t count = out->offsets[owners->count];
    LOTS_TRY(lots_new_u32(lots_instance_arena(worker, owners), count, &owner, err));
    worker->kernels->broadcast_index(out->offsets, owners->count, owner);
    LOTS_TRY(lots_instance_new(worker, set->frame, count, owners, owners->depth, &out->instance, err));
    out->instance->parent_index = owner;
    out->instance->relation_row = out->rows;
    return LOTS_OK;
}

static lots_arena *arena_of(lots_worker *worker, const lots_relation_rows *rows)
{
    return lots_instance_arena(worker, rows->owners);
}

/* ---- steps ---- */

typedef struct step_maker {
    const lots_element_list *list;
    const int32_t *starts;   /* by row of the list's relation */
    const lots_vector *ends; /* NULL: none */
    uint32_t *offsets, *from, *to; /* from, to: places in the list */
    int64_t *gaps;
    uint64_t *no_gap;
    uint32_t count;
} step_maker;

/* Days from the end of one to the start of the next; false when the end is not known. */
static bool gap_between(const step_maker *maker, uint32_t source, uint32_t target, int64_t *out)
{
    const uint32_t row = maker->list->rows[source], next = maker->list->rows[target];
    if (maker->ends == NULL || lots_vector_is_missing(maker->ends, row) || maker->starts[next] == INT32_MAX)
        return false;
    *out = (int64_t)maker->starts[next] - ((const int32_t *)maker->ends->data)[row];
    return true;
}

static void pair_up(step_maker *maker, const lots_relation *relation, uint32_t owners)
{
    maker->offsets[0] = 0;
    for (uint32_t g = 0; g < owners; g++) {
        for (uint32_t p = maker->list->offsets[g] + 1; p < maker->list->offsets[g + 1]; p++) {
            int64_t gap = 0;
            const bool known = gap_between(maker, p - 1, p, &gap);
            if (relation->has_gap && (!known || gap > relation->gap_days))
                continue;
            maker->from[maker->count] = p - 1;
            maker->to[maker->count] = p;
            maker->gaps[maker->count] = known ? gap : 0;
            if (!known)
                lots_bit_set(maker->no_gap, maker->count);
            maker->count++;
        }
        maker->offsets[g + 1] = maker->count;
    }
}

static lots_status step_columns(lots_worker *worker, lots_relation_rows *rows, const step_maker *maker,
                                const lots_vector *key, lots_error *err)
{
    lots_arena *arena = arena_of(worker, rows);
    uint32_t *source = NULL, *target = NULL;
    LOTS_TRY(lots_vector_gather(arena, key, maker->from, maker->count, &rows->from, err));
    LOTS_TRY(lots_vector_gather(arena, key, maker->to, maker->count, &rows->to, err));
    LOTS_TRY(lots_new_u32(arena, maker->count, &source, err));
    LOTS_TRY(lots_new_u32(arena, maker->count, &target, err));
    worker->kernels->gather_u32(maker->list->rows, maker->from, maker->count, source);
    worker->kernels->gather_u32(maker->list->rows, maker->to, maker->count, target);
    rows->left_row = source;
    rows->target_row = target;
    for (uint32_t c = 0; c < rows->relation->column_count; c++)
        if (rows->relation->columns[c].role == LOTS_COLUMN_GAP)
            rows->columns[c] = (lots_vector){.type = rows->relation->columns[c].type,
                                             .count = maker->count,
                                             .data = maker->gaps,
                                             .missing = maker->no_gap};
    return LOTS_OK;
}

lots_status lots_steps_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    const lots_relation *relation = rows->relation;
    lots_arena *arena = arena_of(worker, rows);
    lots_element_list list;
    lots_vector key;
    LOTS_TRY(lots_element_list_make(worker, relation->left, rows->owners, &list, err));
    LOTS_TRY(lots_value(worker, relation->by_count > 0 ? relation->by[0] : relation->per[0], list.instance, &key, err));
    step_maker maker = {.list = &list};
    const uint32_t room = list.instance->count;
    const int32_t end_column = list.relation->relation->end_column;
    LOTS_TRY(lots_relation_starts(worker, list.relation, &maker.starts, err));
    if (end_column >= 0)
        LOTS_TRY(lots_relation_values(worker, list.relation, (uint32_t)end_column, &maker.ends, err));
    LOTS_TRY(lots_new_u32(arena, (size_t)rows->owners->count + 1, &maker.offsets, err));
    LOTS_TRY(lots_new_u32(arena, room, &maker.from, err));
    LOTS_TRY(lots_new_u32(arena, room, &maker.to, err));
    LOTS_TRY(lots_new_i64(arena, room, &maker.gaps, err));
    LOTS_TRY(lots_new_bits(arena, room, &maker.no_gap, err));
    pair_up(&maker, relation, rows->owners->count);
    worker->work.rows += room;
    rows->left = list.relation;
    rows->count = maker.count;
    rows->offsets = maker.offsets;
    return step_columns(worker, rows, &maker, &key, err);
}

lots_status lots_steps_column(lots_worker *worker, lots_relation_rows *rows, uint32_t column, lots_vector *out,
                              lots_error *err)
{
    const lots_relation_column *bound = &rows->relation->columns[column];
    const lots_relation *left = rows->left->relation;
    const lots_vector *from = NULL;
    if (bound->role == LOTS_COLUMN_SOURCE || bound->role == LOTS_COLUMN_TARGET) {
        *out = bound->role == LOTS_COLUMN_SOURCE ? rows->from : rows->to;
        return LOTS_OK;
    }
    const int32_t of = bound->role == LOTS_COLUMN_START ? left->start_column : left->end_column;
    if ((bound->role != LOTS_COLUMN_START && bound->role != LOTS_COLUMN_END) || of < 0)
        return lots_fail(err, LOTS_INTERNAL, "steps have no column '%s'", bound->name);
    LOTS_TRY(lots_relation_values(worker, rows->left, (uint32_t)of, &from, err));
    return lots_vector_gather(arena_of(worker, rows), from, rows->target_row, rows->count, out, err);
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
