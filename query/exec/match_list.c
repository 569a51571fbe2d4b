/* match_list.c: the events of one patient step by step, and which may follow which: see match_inner.h. Ranges come from
 * merging two steps' events in the total order and, for windows in days, from their sorted starts. */
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/match_inner.h"

/* ---- lists ---- */

static lots_status open_list(match_solver *solver, const lots_set *set, match_list *list, lots_error *err)
{
    lots_worker *worker = solver->worker;
    lots_order_keys unused;
    LOTS_TRY(lots_element_list_make(worker, set, worker->patients, &list->all, err));
    LOTS_TRY(lots_relation_keys(worker, list->all.relation, &unused, err));
    LOTS_TRY(lots_relation_starts(worker, list->all.relation, &list->starts, err));
    const int32_t end_column = list->all.relation->relation->end_column;
    if (end_column >= 0)
        LOTS_TRY(lots_relation_values(worker, list->all.relation, (uint32_t)end_column, &list->ends, err));
    for (uint32_t g = 0; g < worker->patients->count; g++) {
        const uint32_t count = list->all.offsets[g + 1] - list->all.offsets[g];
        list->widest = count > list->widest ? count : list->widest;
    }
    LOTS_TRY(lots_new_i32(solver->arena, list->widest, &list->start, err));
    return lots_new_i32(solver->arena, list->widest, &list->end, err);
}

/* Those without a start stand last in the total order: they follow nothing, and are left out. */
static void read_list(match_list *list, uint32_t owner)
{
    const uint32_t from = list->all.offsets[owner], to = list->all.offsets[owner + 1];
    list->rows = list->all.rows + from;
    list->count = 0;
    for (uint32_t i = 0; i < to - from && list->starts[list->rows[i]] != INT32_MAX; i++) {
        const uint32_t row = list->rows[i];
        const bool none = list->ends == NULL || lots_vector_is_missing(list->ends, row);
        list->start[i] = list->starts[row];
        list->end[i] = none ? INT32_MIN : ((const int32_t *)list->ends->data)[row];
        list->count++;
    }
}

/* For each event of `list`, how many of `other` don't come after it. */
static void place_all(match_solver *solver, const match_list *list, const match_list *other, uint32_t *places)
{
    const lots_relation_rows *a = list->all.relation, *b = other->all.relation;
    uint32_t at = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const uint32_t row = list->rows[i];
        while (at < other->count && (a == b ? other->rows[at] <= row : lots_relation_compare(b, other->rows[at], a, row) <= 0))
            at++;
        places[i] = at;
    }
    solver->worker->work.rows += list->count + other->count;
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

static void apply_no(match_solver *solver, match_bound *bound, const match_bound *next, match_no *no)
{
    const match_list *list = &bound->list;
    place_all(solver, list, &no->list, no->places);
    const bool cuts = !no->lapse.has_within;
    if (cuts && next != NULL)
        place_all(solver, &no->list, &next->list, no->next_places);
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
}

static void find_ranges(match_solver *solver, match_bound *bound, const match_bound *next)
{
    const match_list *list = &bound->list;
    memset(bound->closed, 0, list->count);
    if (next != NULL) {
        place_all(solver, list, &next->list, solver->places);
        for (uint32_t i = 0; i < list->count; i++)
            range_after(list, i, &next->lapse, &next->list, solver->places[i], &bound->next_from[i], &bound->next_to[i]);
    }
    for (uint32_t i = 0; bound->run_from != NULL && i < list->count; i++)
        range_after(list, i, &bound->lapse, list, i + 1, &bound->run_from[i], &bound->run_to[i]);
    for (uint32_t n = 0; n < bound->no_count; n++)
        apply_no(solver, bound, next, &bound->nos[n]);
}

/* ---- open, and patient by patient ---- */

static lots_status open_bound(match_solver *solver, match_bound *bound, lots_error *err)
{
    lots_arena *arena = solver->arena;
    void *room = NULL;
    LOTS_TRY(open_list(solver, solver->pattern->steps[bound->step].set, &bound->list, err));
    const uint32_t widest = bound->list.widest;
    LOTS_TRY(lots_new_u32(arena, widest, &bound->next_from, err));
    LOTS_TRY(lots_new_u32(arena, widest, &bound->next_to, err));
    LOTS_TRY(lots_new_i32(arena, widest, &bound->tail, err));
    LOTS_TRY(lots_arena_alloc(arena, &room, widest, 1, err));
    bound->closed = room;
    if (bound->most > 1) {
        LOTS_TRY(lots_new_u32(arena, widest, &bound->run_from, err));
        LOTS_TRY(lots_new_u32(arena, widest, &bound->run_to, err));
        LOTS_TRY(lots_new_u32(arena, widest, &bound->run_end, err));
    }
    size_t size = 1;
    while (size < widest)
        size *= 2;
    LOTS_TRY(lots_arena_alloc(arena, &room, bound->least, sizeof(int32_t *), err));
    bound->levels = room;
    for (uint32_t l = 0; l < bound->least; l++)
        LOTS_TRY(lots_new_i32(arena, 2 * size, &bound->levels[l], err));
    return LOTS_OK;
}

static lots_status open_nos(match_solver *solver, match_bound *bound, uint32_t first_step, lots_error *err)
{
    for (uint32_t n = 0; n < bound->no_count; n++) {
        match_no *no = &bound->nos[n];
        LOTS_TRY(open_list(solver, solver->pattern->steps[first_step + n].set, &no->list, err));
        LOTS_TRY(lots_new_u32(solver->arena, bound->list.widest, &no->places, err));
        LOTS_TRY(lots_new_u32(solver->arena, no->list.widest, &no->next_places, err));
        LOTS_TRY(lots_new_i32(solver->arena, bound->list.widest, &no->first_day, err));
    }
    return LOTS_OK;
}

lots_status lots_match_open(match_solver *solver, lots_error *err)
{
    uint32_t widest = 0;
    for (uint32_t b = 0; b < solver->bound_count; b++) {
        match_bound *bound = &solver->bounds[b];
        LOTS_TRY(open_bound(solver, bound, err));
        LOTS_TRY(open_nos(solver, bound, bound->step + 1, err));
        widest = bound->list.widest > widest ? bound->list.widest : widest;
    }
    LOTS_TRY(lots_new_u32(solver->arena, solver->bound_count, &solver->chosen, err));
    return lots_new_u32(solver->arena, widest, &solver->places, err);
}

bool lots_match_read(match_solver *solver, uint32_t owner)
{
    for (uint32_t b = 0; b < solver->bound_count; b++) {
        read_list(&solver->bounds[b].list, owner);
        if (solver->bounds[b].list.count == 0)
            return false;
    }
    for (uint32_t b = 0; b < solver->bound_count; b++)
        for (uint32_t n = 0; n < solver->bounds[b].no_count; n++)
            read_list(&solver->bounds[b].nos[n].list, owner);
    for (uint32_t b = 0; b < solver->bound_count; b++)
        find_ranges(solver, &solver->bounds[b], b + 1 < solver->bound_count ? &solver->bounds[b + 1] : NULL);
    return true;
}
