/* match_plan.c: from a pattern's steps to the steps that bind, how the window of each is kept, and the arithmetic of
 * windows. See match_inner.h. */
#include "core/base/day.h"
#include "query/exec/match_inner.h"

/* ---- windows ---- */

int32_t lots_match_limit(const match_lapse *lapse, int32_t anchor)
{
    lots_day day = 0;
    if (!lapse->has_within)
        return INT32_MAX - 1;
    if (lapse->months)
        return lots_day_add_months(anchor, lapse->within, &day) ? day : INT32_MAX - 1;
    const int64_t last = (int64_t)anchor + lapse->within;
    return last > INT32_MAX - 1 ? INT32_MAX - 1 : (int32_t)last;
}

int32_t lots_match_least_anchor(const match_lapse *lapse, int32_t day)
{
    if (!lapse->months) {
        const int64_t least = (int64_t)day - lapse->within;
        return least <= INT32_MIN ? INT32_MIN + 1 : (int32_t)least;
    }
    lots_day anchor = 0;
    if (!lots_day_add_months(day, -lapse->within, &anchor))
        return INT32_MIN + 1;
    anchor = anchor - 4 > LOTS_DAY_MIN ? anchor - 4 : LOTS_DAY_MIN; /* a day that is not in its month moved by up to 3 */
    while (lots_match_limit(lapse, anchor) < day)
        anchor++;
    return anchor;
}

int32_t lots_match_reach(const match_bound *origin, int32_t day)
{
    const match_lapse days = {.has_within = true, .within = origin->pin_days};
    const match_lapse months = {.has_within = true, .months = true, .within = origin->pin_months};
    int32_t reach = day;
    if (origin->pins_days)
        reach = lots_match_limit(&days, day) > reach ? lots_match_limit(&days, day) : reach;
    if (origin->pins_months)
        reach = lots_match_limit(&months, day) > reach ? lots_match_limit(&months, day) : reach;
    return reach;
}

/* ---- steps ---- */

static match_lapse lapse_of(const lots_match_step *step)
{
    return (match_lapse){.measure = MATCH_FROM_END, .has_within = step->has_within, .months = step->months,
                         .within = step->within, .origin = MATCH_NONE};
}

static uint32_t bound_of_step(const match_solver *solver, uint32_t step)
{
    for (uint32_t b = 0; b < solver->bound_count; b++)
        if (solver->bounds[b].step == step)
            return b;
    return 0;
}

static void plan_bound(match_solver *solver, const lots_match_step *step, uint32_t number)
{
    const uint32_t here = solver->bound_count;
    match_bound *bound = &solver->bounds[here];
    *bound = (match_bound){.step = number, .least = step->least, .most = step->most, .ranged = step->least != step->most,
                           .lapse = lapse_of(step), .until = here, .scalar = MATCH_NONE, .pin = INT32_MIN};
    if (step->since != LOTS_MATCH_PREVIOUS) {
        bound->lapse.origin = bound_of_step(solver, step->since);
        bound->lapse.measure =
            bound->lapse.origin + 1 == here && step->most == 1 ? MATCH_FROM_START : MATCH_FROM_ORIGIN;
    }
    solver->bound_count++;
}

static void plan_no(match_solver *solver, const lots_match_step *step)
{
    match_bound *before = &solver->bounds[solver->bound_count - 1];
    match_no *no = &before->nos[before->no_count++];
    no->lapse = lapse_of(step);
    if (step->since == LOTS_MATCH_PREVIOUS)
        return;
    no->lapse.origin = bound_of_step(solver, step->since);
    no->lapse.measure = no->lapse.origin + 1 == solver->bound_count ? MATCH_FROM_START : MATCH_FROM_ORIGIN;
}

/* ---- spans ---- */

static void add_reach(match_solver *solver, const match_lapse *lapse)
{
    match_bound *origin = &solver->bounds[lapse->origin];
    int64_t *longest = lapse->months ? &origin->pin_months : &origin->pin_days;
    *longest = lapse->within > *longest ? lapse->within : *longest;
    *(lapse->months ? &origin->pins_months : &origin->pins_days) = true;
}

static void find_spans(match_solver *solver)
{
    for (uint32_t b = 0; b < solver->bound_count; b++) {
        const match_bound *bound = &solver->bounds[b];
        if (bound->lapse.measure == MATCH_FROM_ORIGIN) {
            solver->bounds[bound->lapse.origin].until = b;
            add_reach(solver, &bound->lapse);
        }
        for (uint32_t n = 0; n < bound->no_count; n++)
            if (bound->nos[n].lapse.measure == MATCH_FROM_ORIGIN) {
                solver->bounds[bound->nos[n].lapse.origin].pinned = true;
                add_reach(solver, &bound->nos[n].lapse);
            }
    }
}

/* A span must not cross a step of varying length, nor another unpinned span. */
static void pin_spans(match_solver *solver)
{
    uint32_t taken_until = 0;
    for (uint32_t b = 0; b < solver->bound_count; b++) {
        match_bound *origin = &solver->bounds[b];
        if (origin->until == b)
            continue;
        for (uint32_t k = b + 1; k <= origin->until; k++)
            origin->pinned |= solver->bounds[k].ranged;
        origin->pinned |= b < taken_until;
        if (origin->pinned)
            continue;
        taken_until = origin->until;
        for (uint32_t k = b + 1; k <= origin->until; k++)
            solver->bounds[k].scalar = b;
    }
}

lots_status lots_match_plan(match_solver *solver, lots_error *err)
{
    const lots_match_pattern *pattern = solver->pattern;
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(solver->arena, &room, pattern->step_count, sizeof(match_bound), err));
    solver->bounds = room;
    for (uint32_t i = 0; i < pattern->step_count; i++) {
        if (!pattern->steps[i].no) {
            plan_bound(solver, &pattern->steps[i], i);
            LOTS_TRY(lots_arena_alloc(solver->arena, &room, pattern->step_count - i, sizeof(match_no), err));
            solver->bounds[solver->bound_count - 1].nos = room;
            continue;
        }
        plan_no(solver, &pattern->steps[i]);
    }
    find_spans(solver);
    pin_spans(solver);
    return LOTS_OK;
}
