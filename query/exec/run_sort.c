/* run_sort.c: sorting the rows of a run. Among the rows of a table with totals, a total comes after its details, whichever way
 * they are sorted: by a key, the total of that key is last; by anything else, rows of fewer totals come first. See run_inner.h. */
#include "query/exec/run_inner.h"
#include "query/exec/sort.h"

typedef struct sort_keys {
    lots_vector *values;
    bool *descending;
    const lots_expr **labels;
    uint32_t count;
} sort_keys;

static lots_status open_keys(run *r, uint32_t room, sort_keys *keys, lots_error *err)
{
    void *values = NULL, *descending = NULL, *labels = NULL;
    LOTS_TRY(lots_arena_alloc(&r->arena, &values, room, sizeof(lots_vector), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &descending, room, sizeof(bool), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &labels, room, sizeof(lots_expr *), err));
    *keys = (sort_keys){values, descending, labels, 0};
    return LOTS_OK;
}

static void add_key(sort_keys *keys, const lots_vector *value, bool descending, const lots_expr *label)
{
    keys->values[keys->count] = *value;
    keys->descending[keys->count] = descending;
    keys->labels[keys->count++] = label;
}

/* Adds 1 in each row in which the slot is the key of a total. */
static bool count_totals(const run *r, uint32_t slot, lots_vector *into)
{
    bool any = false;
    if (r->rows.marks == NULL || r->rows.marks[slot].data == NULL)
        return false;
    for (uint32_t row = 0; row < r->rows.count; row++)
        if (((const int64_t *)r->rows.marks[slot].data)[row] == LOTS_MARK_TOTAL) {
            ((int64_t *)into->data)[row]++;
            any = true;
        }
    return any;
}

static lots_status new_counts(run *r, lots_vector *out, lots_error *err)
{
    const lots_type type = {.kind = LOTS_TYPE_INT};
    LOTS_TRY(lots_vector_new(&r->arena, &type, r->rows.count, out, err));
    for (uint32_t row = 0; row < r->rows.count; row++)
        ((int64_t *)out->data)[row] = 0;
    return LOTS_OK;
}

/* What stands before a key in a table with totals; nothing for a key of its groups of which no total is left. *levelled: the
 * number of totals has stood there already. */
static lots_status add_totals(run *r, const lots_expr *by, bool *levelled, sort_keys *keys, lots_error *err)
{
    lots_vector counts;
    bool any = false;
    LOTS_TRY(new_counts(r, &counts, err));
    if (by->op == LOTS_OP_SLOT && by->of_frame == r->rows.frame && by->index < r->rows.slot_count)
        any = count_totals(r, by->index, &counts);
    if (!any && !*levelled && !run_is_key(r, by)) {
        *levelled = true;
        for (uint32_t slot = 0; slot < r->rows.slot_count; slot++)
            any = count_totals(r, slot, &counts) || any;
    }
    if (any)
        add_key(keys, &counts, false, NULL);
    return LOTS_OK;
}

lots_status run_apply_sort(run *r, const lots_bound_stage *stage, const lots_vector *values, lots_error *err)
{
    sort_keys keys;
    bool levelled = r->rows.marks == NULL;
    uint32_t *order = NULL;
    LOTS_TRY(open_keys(r, 2 * stage->sort_count, &keys, err));
    for (uint32_t i = 0; i < stage->sort_count; i++) {
        if (r->rows.marks != NULL)
            LOTS_TRY(add_totals(r, stage->sort[i].value, &levelled, &keys, err));
        add_key(&keys, &values[i], stage->sort[i].descending, stage->sort[i].value);
    }
    LOTS_TRY(lots_sort_rows(keys.values, keys.descending, keys.labels, keys.count, r->rows.count, &r->arena, &order, err));
    return lots_rowset_permute(&r->rows, order, r->rows.count, &r->arena, err);
}
