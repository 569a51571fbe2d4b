/* resolve_wider.c: sets of which another one of the query asks more: `count(v)` and `count(v where acute)`. The narrower begins with
 * the rows of the wider. See resolve_inner.h. */
#include <string.h>

#include "query/exec/alike.h"
#include "query/exec/candidates.h"
#include "query/exec/resolve_inner.h"

/* What is known of the set in this chunk; NULL: nothing, or its rows are not the same whatever the frame's row. */
static lots_resolved *find_known(const mask_maker *maker, const lots_set *set)
{
    lots_resolved *at = maker->worker->depths[maker->relation->owners->depth].resolved;
    while (at != NULL && (at->relation != maker->relation || at->first != set))
        at = at->next;
    return at != NULL && at->whole && at->failed == NULL && at->rows == NULL ? at : NULL;
}

/* Does what is asked beside look at rows one by one, not at what is stored of all? */
static lots_status asks_rows(const mask_maker *maker, const lots_set *wider, bool *out, lots_error *err)
{
    const lots_set *set = maker->set;
    *out = set->filter_count == wider->filter_count && set->window_count == wider->window_count;
    for (uint32_t f = wider->filter_count; f < set->filter_count && !*out; f++)
        LOTS_TRY(lots_asks_sets(maker->worker, set->filters[f], set->frame, out, err));
    return LOTS_OK;
}

lots_status lots_mask_wider(mask_maker *maker, lots_error *err)
{
    const lots_set *wider = lots_alike_wider(maker->worker, maker->set);
    lots_resolved *known = wider == NULL ? NULL : find_known(maker, wider);
    bool rows = false;
    if (known == NULL)
        return LOTS_OK;
    LOTS_TRY(asks_rows(maker, wider, &rows, err));
    if (rows)
        LOTS_TRY(lots_set_mask(maker->worker, known->set, maker->relation, &known, err));
    maker->mask = known->mask;
    maker->places = known->places;
    maker->places_end = known->places_end;
    maker->windows = wider->window_count;
    maker->filters = wider->filter_count;
    maker->no_ghosts = wider->no_ghosts;
    return LOTS_OK;
}

const uint64_t *lots_mask_made(const mask_maker *maker)
{
    const lots_relation_rows *relation = maker->relation;
    const lots_resolved *at = maker->worker->depths[relation->owners->depth].resolved;
    const size_t bytes = lots_bit_words(relation->count) * sizeof(uint64_t);
    for (; at != NULL && maker->places != NULL && maker->mask != NULL; at = at->next)
        if (at->relation == relation && at->places != NULL && at->mask != NULL && memcmp(at->mask, maker->mask, bytes) == 0)
            return at->mask;
    return maker->mask;
}
