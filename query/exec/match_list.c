/* match_list.c: the events of one patient step by step, and which may follow which: see match_inner.h. Ranges come from
 * merging two steps' events in the total order and, for windows in days, from their sorted starts. */
#include <string.h>

#include "query/exec/match_inner.h"

/* Those without a start stand last in the total order: they follow nothing, and are left out. */
static void read_list(match_list *list, uint32_t owner)
{
    const uint32_t from = list->offsets[owner];
    list->rows = list->all + from;
    list->start = list->starts + from;
    list->end = list->ends == NULL ? NULL : list->ends + from;
    list->count = list->offsets[owner + 1] - from;
    while (list->count > 0 && list->start[list->count - 1] == INT32_MAX)
        list->count--;
}

/* Is it all one which events of the day it starts are after event i? What follows one that lasts starts later, and an open one is
 * followed by nothing. */
static bool ends_later(const match_list *list, uint32_t i, const match_lapse *lapse)
{
    return lapse != NULL && lapse->measure == MATCH_FROM_END && (list->end[i] > list->start[i] || list->end[i] == INT32_MIN);
}

/* Does a row of one list come after one of another? Mostly their days tell, and what else the total order looks at is read only
 * when they don't. */
static lots_status comes_after(match_solver *solver, const match_list *list, uint32_t i, const match_list *other, uint32_t at,
                               const match_lapse *lapse, bool *out, lots_error *err)
{
    const bool stored = list->relation->relation->kind == LOTS_RELATION_STREAM &&
                        other->relation->relation->kind == LOTS_RELATION_STREAM;
    *out = other->start[at] >= list->start[i]; /* the same day: taken as after, lest others' places pass over it */
    if (stored && (other->start[at] != list->start[i] || ends_later(list, i, lapse)))
        return LOTS_OK;
    LOTS_TRY(lots_relation_order(solver->worker, list->relation, err));
    LOTS_TRY(lots_relation_order(solver->worker, other->relation, err));
    *out = lots_relation_compare(other->relation, other->rows[at], list->relation, list->rows[i]) > 0;
    return LOTS_OK;
}

/* For each event of `list`, how many of `other` don't come after it; `lapse`: for a range of what is within it alone, NULL: whatever
 * for. Events of one relation are in the order of their rows; of several, by their keys. */
static lots_status place_all(match_solver *solver, const match_list *list, const match_lapse *lapse, const match_list *other,
                             uint32_t *places, lots_error *err)
{
    const bool same = list->relation == other->relation;
    uint32_t at = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        bool after = false;
        while (same && at < other->count && other->rows[at] <= list->rows[i])
            at++;
        while (!same && !after && at < other->count) {
            LOTS_TRY(comes_after(solver, list, i, other, at, lapse, &after, err));
            at += !after;
        }
        places[i] = at;
    }
    solver->worker->work.rows += list->count + other->count;
    return LOTS_OK;
}

/* The first place from `from` on whose start is `day` or later; galloping. */
static uint32_t first_since(const match_list *list, uint32_t from, int64_t day)
{
    uint32_t step = 1, to = from;
    while (to < list->count && list->start[to] < day) {
        from = to + 1;
        to = list->count - to > step ? to + step : list->count;
        step *= 2;
    }
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        if (list->start[middle] < day)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Which of `other`, from `place` on, are within the lapse after event i of `list`. */
static void range_after(const match_list *list, uint32_t i, const match_lapse *lapse, const match_list *other,
                        uint32_t place, uint32_t *from, uint32_t *to)
{
    *from = place;
    *to = other->count;
    if (lapse->measure == MATCH_FROM_ORIGIN)
        return;
    const int32_t anchor = lapse->measure == MATCH_FROM_START ? list->start[i] : list->end[i];
    if (anchor == INT32_MIN) {
        *to = place;
        return;
    }
    if (anchor > list->start[i])
        *from = first_since(other, place, anchor);
    if (lapse->has_within)
        *to = first_since(other, *from, (int64_t)lots_match_limit(lapse, anchor) + 1);
}

/* ---- what no event may ---- */

static lots_status apply_no(match_solver *solver, match_bound *bound, const match_bound *next, match_no *no, lots_error *err)
{
    const match_list *list = &bound->list;
    LOTS_TRY(place_all(solver, list, &no->lapse, &no->list, no->places, err));
    const bool cuts = !no->lapse.has_within;
    if (cuts && next != NULL)
        LOTS_TRY(place_all(solver, &no->list, NULL, &next->list, no->next_places, err));
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t from = 0, to = 0;
        range_after(list, i, &no->lapse, &no->list, no->places[i], &from, &to);
        if (no->lapse.measure == MATCH_FROM_ORIGIN) {
            no->first_day[i] = from < to ? no->list.start[from] : INT32_MAX;
            continue;
        }
        if (from >= to)
            continue;
        if (!cuts || next == NULL)
            bound->closed[i] = 1;
        else if (no->next_places[from] < bound->next_to[i])
            bound->next_to[i] = no->next_places[from];
    }
    return LOTS_OK;
}

static lots_status find_ranges(match_solver *solver, match_bound *bound, const match_bound *next, lots_error *err)
{
    const match_list *list = &bound->list;
    memset(bound->closed, 0, list->count);
    if (next != NULL) {
        LOTS_TRY(place_all(solver, list, &next->lapse, &next->list, solver->places, err));
        for (uint32_t i = 0; i < list->count; i++)
            range_after(list, i, &next->lapse, &next->list, solver->places[i], &bound->next_from[i], &bound->next_to[i]);
    }
    for (uint32_t i = 0; bound->run_from != NULL && i < list->count; i++)
        range_after(list, i, &bound->lapse, list, i + 1, &bound->run_from[i], &bound->run_to[i]);
    for (uint32_t n = 0; n < bound->no_count; n++)
        LOTS_TRY(apply_no(solver, bound, next, &bound->nos[n], err));
    return LOTS_OK;
}

/* Is there an event that nothing rules out as the pattern's last? */
static bool may_end(const match_bound *bound)
{
    return memchr(bound->closed, 0, bound->list.count) != NULL;
}

/* Of the next step's events, those before the first that may follow one of this step's are never bound, nor, where the step binds one
 * event only, those after the last: they are left out. False: none may follow. */
static bool trim_next(match_bound *bound, match_bound *next)
{
    match_list *list = &next->list;
    uint32_t from = list->count, to = 0;
    for (uint32_t i = 0; i < bound->list.count; i++) {
        const bool follows = bound->closed[i] == 0 && bound->next_from[i] < bound->next_to[i];
        bound->next_to[i] = follows ? bound->next_to[i] : bound->next_from[i];
        from = follows && bound->next_from[i] < from ? bound->next_from[i] : from;
        to = follows && bound->next_to[i] > to ? bound->next_to[i] : to;
    }
    if (from >= to)
        return false;
    for (uint32_t i = 0; i < bound->list.count; i++) {
        const bool none = bound->next_from[i] == bound->next_to[i];
        bound->next_from[i] = none ? 0 : bound->next_from[i] - from;
        bound->next_to[i] = none ? 0 : bound->next_to[i] - from;
    }
    list->count = (next->most == 1 ? to : list->count) - from;
    list->rows += from;
    list->start += from;
    list->end = list->end == NULL ? NULL : list->end + from;
    return true;
}

lots_status lots_match_read(match_solver *solver, uint32_t owner, bool *possible, lots_error *err)
{
    *possible = true;
    for (uint32_t b = 0; b < solver->bound_count && *possible; b++) {
        read_list(&solver->bounds[b].list, owner);
        *possible = solver->bounds[b].list.count > 0;
    }
    if (!*possible)
        return LOTS_OK;
    for (uint32_t b = 0; b < solver->bound_count; b++)
        for (uint32_t n = 0; n < solver->bounds[b].no_count; n++)
            read_list(&solver->bounds[b].nos[n].list, owner);
    for (uint32_t b = 0; b < solver->bound_count && *possible; b++) {
        match_bound *bound = &solver->bounds[b], *next = b + 1 < solver->bound_count ? bound + 1 : NULL;
        LOTS_TRY(find_ranges(solver, bound, next, err));
        *possible = next == NULL ? may_end(bound) : trim_next(bound, next);
    }
    return LOTS_OK;
}
