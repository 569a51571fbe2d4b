/* by_key.c: candidates by an equality between the element and the frame's row (`x.unit = r.unit`). The relation's rows
 * are put in order of the element's value by one counting sort; since rows rise under each value, a row's candidates are
 * one range of that list. So an equality costs what a window costs, not pairs. Where each row has few candidates anyway they
 * are compared with it one by one, and those that are equal are its range of the list. */
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/dense.h"

typedef struct key_sides {
    const lots_expr *element, *row;
} key_sides;

static lots_status find_sides(const lots_candidates *candidates, const lots_expr *filter, key_sides *out, bool *found,
                              lots_error *err)
{
    const uint32_t frame = candidates->set->frame;
    *found = false;
    if (filter->op != LOTS_OP_EQUAL || filter->operands[0]->type.kind == LOTS_TYPE_SET ||
        filter->operands[0]->type.kind == LOTS_TYPE_MISSING || filter->operands[1]->type.kind == LOTS_TYPE_MISSING)
        return LOTS_OK;
    for (int s = 0; s < 2 && !*found; s++) {
        const lots_home *other = NULL;
        *out = (key_sides){filter->operands[s], filter->operands[1 - s]};
        LOTS_TRY(lots_expr_is_static(candidates->worker, out->element, frame, candidates->relation->relation->frame,
                                     found, err));
        LOTS_TRY(lots_expr_home(candidates->worker, out->row, &other, err));
        *found = *found && !lots_bit_get(other->depends, frame);
    }
    return LOTS_OK;
}

typedef struct numbered {
    const uint32_t *element, *row; /* numbers of the values; equal when the values are */
    const uint64_t *element_missing, *row_missing;
    uint32_t count;
} numbered;

static lots_status number_sides(lots_candidates *candidates, const lots_vector *x, const lots_vector *y, numbered *out,
                                lots_error *err)
{
    lots_arena *arena = lots_instance_arena(candidates->worker, candidates->rows);
    const lots_vector sides[2] = {*x, *y};
    lots_vector both;
    lots_dense dense;
    out->element_missing = x->missing;
    out->row_missing = y->missing;
    LOTS_TRY(lots_vector_concat(arena, sides, 2, &both, err));
    LOTS_TRY(lots_dense_make(candidates->worker, arena, &both, &dense, err));
    out->element = dense.ids;
    out->row = dense.ids + x->count;
    out->count = dense.count;
    return LOTS_OK;
}

enum { FEW = 4 }; /* candidates a row */

static uint64_t candidates_in_all(const lots_candidates *candidates)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < candidates->count; i++)
        all += candidates->end[i] - candidates->first[i];
    return all;
}

static bool are_equal(const lots_vector *x, uint32_t i, const lots_vector *y, uint32_t k)
{
    if (lots_vector_is_missing(x, i) || lots_vector_is_missing(y, k))
        return false;
    if (x->type.kind != LOTS_TYPE_TEXT)
        return lots_vector_compare(x, i, y, k) == 0;
    const lots_text *a = (const lots_text *)x->data + i, *b = (const lots_text *)y->data + k;
    return a->bytes == b->bytes && (a->bytes == 0 || (a->text[a->bytes - 1] == b->text[b->bytes - 1] &&
                                                      memcmp(a->text, b->text, a->bytes) == 0));
}

static void take_list(lots_candidates *candidates, const uint32_t *list, uint32_t count, uint32_t *first, uint32_t *end)
{
    candidates->list = list;
    candidates->list_count = count;
    candidates->first = candidates->own_first = first;
    candidates->end = candidates->own_end = end;
    candidates->contiguous = false;
    candidates->mask = NULL; /* the list holds only what passes it */
}

static lots_status compare_each(lots_candidates *candidates, const lots_vector *x, const lots_vector *y, uint64_t all,
                                lots_error *err)
{
    lots_arena *arena = lots_instance_arena(candidates->worker, candidates->rows);
    uint32_t *list = NULL, *first = NULL, *end = NULL, found = 0;
    LOTS_TRY(lots_new_u32(arena, (size_t)all, &list, err));
    LOTS_TRY(lots_new_u32(arena, candidates->count, &first, err));
    LOTS_TRY(lots_new_u32(arena, candidates->count, &end, err));
    for (uint32_t row = 0; row < candidates->count; row++) {
        first[row] = found;
        for (uint32_t i = candidates->first[row]; i < candidates->end[row]; i++)
            if ((candidates->mask == NULL || lots_bit_get(candidates->mask, i)) && are_equal(x, i, y, row))
                list[found++] = i;
        end[row] = found;
    }
    candidates->worker->work.rows += candidates->count + all;
    take_list(candidates, list, found, first, end);
    return LOTS_OK;
}

static bool entry_counts(const lots_candidates *candidates, const numbered *numbers, uint32_t row)
{
    return (candidates->mask == NULL || lots_bit_get(candidates->mask, row)) &&
           (numbers->element_missing == NULL || !lots_bit_get(numbers->element_missing, row));
}

/* Rows by number, rising under each: offsets[number] .. offsets[number + 1]. */
static lots_status sort_rows(lots_candidates *candidates, const numbered *numbers, uint32_t **offsets, uint32_t **list,
                             lots_error *err)
{
    lots_arena *arena = lots_instance_arena(candidates->worker, candidates->rows);
    const uint32_t rows = candidates->relation->count;
    uint32_t total = 0;
    LOTS_TRY(lots_new_u32(arena, (size_t)numbers->count + 2, offsets, err));
    LOTS_TRY(lots_new_u32(arena, rows, list, err));
    memset(*offsets, 0, ((size_t)numbers->count + 2) * sizeof(uint32_t));
    for (uint32_t i = 0; i < rows; i++)
        if (entry_counts(candidates, numbers, i))
            (*offsets)[numbers->element[i] + 2]++;
    for (uint32_t n = 0; n < numbers->count; n++)
        (*offsets)[n + 2] += (*offsets)[n + 1];
    for (uint32_t i = 0; i < rows; i++)
        if (entry_counts(candidates, numbers, i)) {
            (*list)[(*offsets)[numbers->element[i] + 1]++] = i;
            total++;
        }
    candidates->list_count = total;
    candidates->worker->work.rows += 2 * (uint64_t)rows;
    return LOTS_OK;
}

static uint32_t lower_bound(const uint32_t *list, uint32_t from, uint32_t to, uint32_t row)
{
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        if (list[middle] < row)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static lots_status take_lists(lots_candidates *candidates, const numbered *numbers, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(candidates->worker, candidates->rows);
    uint32_t *offsets = NULL, *list = NULL, *first = NULL, *end = NULL;
    LOTS_TRY(sort_rows(candidates, numbers, &offsets, &list, err));
    LOTS_TRY(lots_new_u32(arena, candidates->count, &first, err));
    LOTS_TRY(lots_new_u32(arena, candidates->count, &end, err));
    for (uint32_t i = 0; i < candidates->count; i++) {
        first[i] = end[i] = 0;
        if (numbers->row_missing != NULL && lots_bit_get(numbers->row_missing, i))
            continue;
        const uint32_t from = offsets[numbers->row[i]], to = offsets[numbers->row[i] + 1];
        first[i] = lower_bound(list, from, to, candidates->first[i]);
        end[i] = lower_bound(list, first[i], to, candidates->end[i]);
    }
    candidates->worker->work.rows += candidates->count;
    take_list(candidates, list, candidates->list_count, first, end);
    return LOTS_OK;
}

static lots_status drop_filter(lots_candidates *candidates, uint32_t filter, lots_error *err)
{
    void *room = NULL;
    lots_arena *arena = lots_instance_arena(candidates->worker, candidates->rows);
    LOTS_TRY(lots_arena_alloc(arena, &room, candidates->pair_count, sizeof(lots_expr *), err));
    lots_expr **left = room;
    uint32_t count = 0;
    for (uint32_t f = 0; f < candidates->pair_count; f++)
        if (f != filter)
            left[count++] = candidates->pair_filters[f];
    candidates->pair_filters = left;
    candidates->pair_count = count;
    return LOTS_OK;
}

lots_status lots_candidates_by_key(lots_candidates *candidates, lots_error *err)
{
    lots_worker *worker = candidates->worker;
    lots_arena *arena = lots_instance_arena(worker, candidates->rows);
    const lots_instance *elements = NULL;
    lots_vector value, x, y;
    numbered numbers;
    key_sides sides = {NULL, NULL};
    bool found = false;
    uint32_t filter = 0;
    for (; filter < candidates->pair_count && !found; filter++)
        LOTS_TRY(find_sides(candidates, candidates->pair_filters[filter], &sides, &found, err));
    if (!found || candidates->failed != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_relation_elements(worker, candidates->relation, candidates->set->frame, &elements, err));
    LOTS_TRY(lots_value(worker, sides.element, elements, &value, err));
    LOTS_TRY(lots_vector_flatten(arena, &value, &x, err));
    LOTS_TRY(lots_value(worker, sides.row, candidates->rows, &value, err));
    LOTS_TRY(lots_vector_flatten(arena, &value, &y, err));
    if (x.failed != NULL || y.failed != NULL) /* pairs tell which failures matter */
        return LOTS_OK;
    const uint64_t all = candidates_in_all(candidates);
    if (all <= FEW * (uint64_t)candidates->count) {
        LOTS_TRY(compare_each(candidates, &x, &y, all, err));
        return drop_filter(candidates, filter - 1, err);
    }
    LOTS_TRY(number_sides(candidates, &x, &y, &numbers, err));
    LOTS_TRY(take_lists(candidates, &numbers, err));
    return drop_filter(candidates, filter - 1, err);
}

/* ---- rows that can't have any candidate ---- */

/* The operand of a comparison that does not look at the element; NULL when there is none. */
static lots_status find_row_side(const lots_candidates *candidates, const lots_expr *filter, const lots_expr **out,
                                 lots_error *err)
{
    *out = NULL;
    if (filter->op < LOTS_OP_EQUAL || filter->op > LOTS_OP_GREATER_EQUAL)
        return LOTS_OK;
    for (int s = 0; s < 2; s++) {
        const lots_home *home = NULL;
        LOTS_TRY(lots_expr_home(candidates->worker, filter->operands[s], &home, err));
        if (!lots_bit_get(home->depends, candidates->set->frame))
            *out = filter->operands[s];
    }
    return LOTS_OK;
}

lots_status lots_candidates_known(lots_candidates *candidates, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(candidates->worker, candidates->rows);
    for (uint32_t f = 0; f < candidates->pair_count; f++) {
        const lots_expr *side = NULL;
        lots_vector value, flat;
        LOTS_TRY(find_row_side(candidates, candidates->pair_filters[f], &side, err));
        if (side == NULL)
            continue;
        LOTS_TRY(lots_value(candidates->worker, side, candidates->rows, &value, err));
        LOTS_TRY(lots_vector_flatten(arena, &value, &flat, err));
        if (flat.missing == NULL || flat.failed != NULL)
            continue;
        LOTS_TRY(lots_candidates_own(candidates, err));
        for (uint32_t i = 0; i < candidates->count; i++)
            if (lots_bit_get(flat.missing, i))
                candidates->own_end[i] = candidates->own_first[i];
    }
    return LOTS_OK;
}

lots_status lots_list_mask(const lots_candidates *candidates, const uint64_t **out, lots_error *err)
{
    uint64_t *mask = NULL;
    *out = NULL;
    if (candidates->mask == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(lots_instance_arena(candidates->worker, candidates->rows), candidates->list_count, &mask, err));
    for (uint32_t i = 0; i < candidates->list_count; i++)
        if (lots_bit_get(candidates->mask, candidates->list[i]))
            lots_bit_set(mask, i);
    candidates->worker->work.rows += candidates->list_count;
    *out = mask;
    return LOTS_OK;
}
