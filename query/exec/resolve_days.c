/* resolve_days.c: windows whose bounds are the same for all of an owner's rows. They are narrowed later, too: here they spare dear
 * filters rows. See resolve_inner.h. */
#include "query/exec/resolve_inner.h"

lots_status lots_days_of_left(const mask_maker *maker, const lots_expr *bound, lots_vector *out, bool *known, lots_error *err)
{
    lots_vector value;
    if (bound == NULL || !*known)
        return LOTS_OK;
    LOTS_TRY(lots_expr_is_static(maker->worker, bound, maker->set->frame, maker->relation->relation->frame, known, err));
    if (!*known)
        return LOTS_OK;
    LOTS_TRY(lots_value(maker->worker, bound, maker->worker->left, &value, err));
    *known = value.failed == NULL;
    return lots_vector_flatten(maker->arena, &value, out, err);
}

/* The first of [from, to) that starts on `least` or later. */
static uint32_t first_from(const int32_t *starts, uint32_t from, uint32_t to, int64_t least)
{
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        const bool before = starts[middle] < least;
        from = before ? middle + 1 : from;
        to = before ? to : middle;
    }
    return from;
}

lots_status lots_starts_of_left(const mask_maker *maker, const int32_t **out, lots_error *err)
{
    const uint32_t *owners = NULL;
    uint64_t *left = NULL;
    LOTS_TRY(lots_instance_index(maker->worker, maker->worker->left, maker->relation->owners, &owners, err));
    if (owners == NULL) /* each its own */
        return lots_relation_starts(maker->worker, maker->relation, out, err);
    LOTS_TRY(lots_new_bits(maker->arena, maker->relation->owners->count, &left, err));
    for (uint32_t i = 0; i < maker->worker->left->count; i++)
        lots_bit_set(left, owners[i]);
    return lots_relation_starts_of(maker->worker, maker->relation, left, out, err);
}

/* The events of an owner that lie within low .. high (NULL: open). */
static void keep_days(const mask_maker *maker, uint32_t owner, const int32_t *starts, const int32_t *low, const int32_t *high,
                      uint64_t *rows)
{
    uint32_t first = maker->relation->offsets[owner], end = maker->relation->offsets[owner + 1];
    if (low != NULL)
        first = first_from(starts, first, end, *low);
    if (high != NULL)
        end = first_from(starts, first, end, (int64_t)*high + 1);
    if (first < end)
        lots_bits_set_range(rows, first, end);
}

lots_status lots_mask_days(mask_maker *maker, const lots_window *window, bool *done, lots_error *err)
{
    const lots_instance *left = maker->worker->left;
    const uint32_t *owners = NULL;
    const int32_t *starts = NULL;
    uint64_t *rows = NULL;
    lots_vector low = {.missing = NULL}, high = {.missing = NULL};
    *done = true;
    LOTS_TRY(lots_days_of_left(maker, window->low, &low, done, err));
    LOTS_TRY(lots_days_of_left(maker, window->high, &high, done, err));
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_instance_index(maker->worker, left, maker->relation->owners, &owners, err));
    LOTS_TRY(lots_starts_of_left(maker, &starts, err));
    LOTS_TRY(lots_new_bits(maker->arena, maker->relation->count, &rows, err));
    for (uint32_t i = 0; i < left->count; i++)
        if (!lots_vector_is_missing(&low, i) && !lots_vector_is_missing(&high, i))
            keep_days(maker, owners == NULL ? i : owners[i], starts, window->low == NULL ? NULL : (const int32_t *)low.data + i,
                      window->high == NULL ? NULL : (const int32_t *)high.data + i, rows);
    return lots_mask_keep(maker, rows, err);
}
