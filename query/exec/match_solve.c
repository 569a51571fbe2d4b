/* match_solve.c: the values of one patient's events, from the last step backwards, and from them the matches, forwards.
 * See match_inner.h. */
#include "query/exec/match_inner.h"

/* ---- trees of minima ---- */

static int32_t least_of(const match_bound *bound, uint32_t level, uint32_t from, uint32_t to)
{
    const int32_t *tree = bound->levels[level];
    int32_t least = MATCH_NEVER;
    for (uint32_t a = from + bound->size, b = to + bound->size; a < b; a /= 2, b /= 2) {
        if ((a & 1) != 0) {
            least = tree[a] < least ? tree[a] : least;
            a++;
        }
        if ((b & 1) != 0) {
            b--;
            least = tree[b] < least ? tree[b] : least;
        }
    }
    return least;
}

/* The first of [from, to) whose value is `most` or less; MATCH_NONE: none. */
static uint32_t first_up_to(const match_bound *bound, uint32_t level, uint32_t from, uint32_t to, int32_t most)
{
    const int32_t *tree = bound->levels[level];
    uint32_t at = from + bound->size;
    if (from >= to)
        return MATCH_NONE;
    while (tree[at] > most) {
        while ((at & 1) != 0) /* a right child: what is beyond it is beyond its parent */
            at /= 2;
        if (at == 0)
            return MATCH_NONE;
        at++;
    }
    while (at < bound->size) {
        at *= 2;
        at += tree[at] > most ? 1 : 0;
    }
    return at - bound->size < to ? at - bound->size : MATCH_NONE;
}

/* What is above leaves [from, to), which hold new values. */
static void build(int32_t *tree, uint32_t size, uint32_t from, uint32_t to)
{
    if (from >= to)
        return;
    for (uint32_t a = (from + size) / 2, b = (to - 1 + size) / 2; a >= 1; a /= 2, b /= 2)
        for (uint32_t i = a; i <= b; i++)
            tree[i] = tree[2 * i] < tree[2 * i + 1] ? tree[2 * i] : tree[2 * i + 1];
}

/* Leaves are set from the right, so that an inner node's minimum only falls. */
static void lower(int32_t *tree, uint32_t leaf, int32_t value)
{
    for (uint32_t at = leaf; at >= 1 && tree[at] > value; at /= 2)
        tree[at] = value;
}

/* ---- values ---- */

static bool shut_by_no(const match_solver *solver, const match_bound *bound, uint32_t place)
{
    for (uint32_t n = 0; n < bound->no_count; n++) {
        const match_no *no = &bound->nos[n];
        if (no->lapse.measure == MATCH_FROM_ORIGIN &&
            no->first_day[place] <= lots_match_limit(&no->lapse, solver->bounds[no->lapse.origin].pin))
            return true;
    }
    return bound->closed[place] != 0;
}

/* What the rest of the pattern needs when this event is the last that step b binds. */
static int32_t tail_of(const match_solver *solver, uint32_t b, uint32_t place)
{
    const match_bound *bound = &solver->bounds[b], *next = bound + 1;
    if (shut_by_no(solver, bound, place))
        return MATCH_NEVER;
    if (b + 1 == solver->bound_count)
        return MATCH_FREE;
    const int32_t least = least_of(next, 0, bound->next_from[place], bound->next_to[place]);
    if (least == MATCH_NEVER || next->scalar == MATCH_NONE)
        return least == MATCH_NEVER ? MATCH_NEVER : MATCH_FREE;
    if (next->scalar != b)
        return least;
    return least <= bound->list.start[place] ? MATCH_FREE : MATCH_NEVER;
}

/* The step's own window, when it is measured since an earlier step than the one before. */
static int32_t in_window(const match_solver *solver, const match_bound *bound, uint32_t place, int32_t value)
{
    if (value == MATCH_NEVER || bound->lapse.measure != MATCH_FROM_ORIGIN)
        return value;
    const match_bound *origin = &solver->bounds[bound->lapse.origin];
    if (origin->pinned)
        return bound->list.start[place] <= lots_match_limit(&bound->lapse, origin->pin) ? value : MATCH_NEVER;
    const int32_t least = lots_match_least_anchor(&bound->lapse, bound->list.start[place]);
    return least > value ? least : value;
}

/* Events that the shortest run from here has beyond this one; its last event is kept. */
static int32_t shortest_run(match_bound *bound, uint32_t place)
{
    const uint32_t level = bound->least - 1, from = bound->run_from[place], to = bound->run_to[place];
    bound->run_end[place] = place;
    if (bound->tail[place] != MATCH_NEVER)
        return 0;
    const int32_t rest = least_of(bound, level, from, to);
    if (rest == MATCH_NEVER || (uint32_t)rest + 1 > bound->most - bound->least)
        return MATCH_NEVER;
    bound->run_end[place] = bound->run_end[first_up_to(bound, level, from, to, rest)];
    return rest + 1;
}

static void fill_ranged(const match_solver *solver, match_bound *bound, uint32_t first, uint32_t end)
{
    int32_t *tree = bound->levels[bound->least - 1];
    for (uint32_t at = first; at < end; at++)
        tree[bound->size + at] = MATCH_NEVER;
    build(tree, bound->size, first, end);
    for (uint32_t i = end; i > first; i--) {
        /* a run can't pass through an event outside the window: no value may be seen there */
        const int32_t value = in_window(solver, bound, i - 1, shortest_run(bound, i - 1));
        lower(tree, bound->size + i - 1, value);
    }
}

static void fill_level(const match_solver *solver, match_bound *bound, uint32_t level, uint32_t first, uint32_t end)
{
    int32_t *tree = bound->levels[level];
    if (level + 1 == bound->least && bound->ranged) {
        fill_ranged(solver, bound, first, end);
        return;
    }
    for (uint32_t i = first; i < end; i++) {
        const int32_t rest = level + 1 == bound->least
                                 ? bound->tail[i]
                                 : least_of(bound, level + 1, bound->run_from[i], bound->run_to[i]);
        tree[bound->size + i] = in_window(solver, bound, i, rest);
    }
    build(tree, bound->size, first, end);
}

/* ---- the sweep ---- */

static lots_status count_looks(match_solver *solver, const match_bound *bound, uint32_t events, lots_error *err)
{
    const uint64_t looks = 1 + (uint64_t)events * bound->least;
    solver->looks += looks;
    solver->worker->work.rows += looks;
    if (solver->looks <= MATCH_LOOKS_MAX)
        return lots_worker_check(solver->worker, err);
    const lots_ast_span span = solver->pattern->steps[bound->step].span;
    const lots_status status =
        lots_fail_at(err, LOTS_LIMIT, span.at, span.end, "a patient has too many events within the windows `since` several steps");
    if (err != NULL)
        err->source = span.source;
    return status;
}

/* The first event that starts after `day`. */
static uint32_t first_after(const match_list *list, int32_t day)
{
    uint32_t from = 0, to = list->count;
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        if (list->start[middle] <= day)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static lots_status sweep(match_solver *solver, uint32_t b, int32_t from, int32_t to, lots_error *err);

/* Make the values after a pinned step for an event of it that starts on `day`. They are those of the former pin, wrong up to
 * bound->stale, and where the windows since one of the two pins reach. */
static lots_status move_pin(match_solver *solver, uint32_t b, int32_t day, lots_error *err)
{
    match_bound *bound = &solver->bounds[b];
    int32_t to = lots_match_reach(bound, day);
    if (bound->pin == day && bound->stale < day)
        return LOTS_OK;
    if (bound->pin != INT32_MIN && lots_match_reach(bound, bound->pin) > to)
        to = lots_match_reach(bound, bound->pin);
    to = bound->stale > to ? bound->stale : to;
    bound->pin = day;
    bound->stale = INT32_MIN;
    return sweep(solver, b + 1, day, to, err);
}

/* Values of step b and all after it, for events that start on from..to; those of later ones are right. */
static lots_status sweep(match_solver *solver, uint32_t b, int32_t from, int32_t to, lots_error *err)
{
    match_bound *bound = &solver->bounds[b];
    const uint32_t first = from == INT32_MIN ? 0 : first_after(&bound->list, from - 1), end = first_after(&bound->list, to);
    const bool last = b + 1 == solver->bound_count;
    LOTS_TRY(count_looks(solver, bound, end - first, err));
    if (!last && !bound->pinned)
        LOTS_TRY(sweep(solver, b + 1, from, to, err));
    bound->stale = to > bound->stale ? to : bound->stale;
    for (uint32_t i = end; i > first; i--) {
        if (bound->pinned && !last)
            LOTS_TRY(move_pin(solver, b, bound->list.start[i - 1], err));
        bound->tail[i - 1] = tail_of(solver, b, i - 1);
    }
    for (uint32_t level = bound->least; level > 0; level--)
        fill_level(solver, bound, level - 1, first, end);
    return LOTS_OK;
}

static void clear_levels(match_bound *bound)
{
    bound->size = 1;
    while (bound->size < bound->list.count)
        bound->size *= 2;
    for (uint32_t l = 0; l < bound->least; l++) /* eight at a time, into the slack, so that compilers make vectors of it */
        for (size_t i = 0; i < 2 * (size_t)bound->size; i += 8)
            for (size_t k = 0; k < 8; k++)
                bound->levels[l][i + k] = MATCH_NEVER;
    bound->pin = bound->stale = INT32_MIN;
}

lots_status lots_match_begin(match_solver *solver, uint32_t owner, bool *possible, lots_error *err)
{
    LOTS_TRY(lots_match_read(solver, owner, possible, err));
    solver->looks = 0;
    if (!*possible)
        return LOTS_OK;
    for (uint32_t b = 0; b < solver->bound_count; b++)
        clear_levels(&solver->bounds[b]);
    return sweep(solver, 0, INT32_MIN, INT32_MAX, err);
}

/* ---- forwards ---- */

uint32_t lots_match_next(const match_solver *solver, uint32_t from)
{
    return first_up_to(&solver->bounds[0], 0, from, solver->bounds[0].list.count, MATCH_NEVER - 1);
}

/* The value that an event of the step may have at most, given what is bound so far. */
static int32_t allowed(const match_solver *solver, const match_bound *bound, uint32_t from, uint32_t to)
{
    if (bound->ranged)
        return least_of(bound, 0, from, to);
    if (bound->scalar == MATCH_NONE)
        return MATCH_NEVER - 1;
    return solver->bounds[bound->scalar].list.start[solver->chosen[bound->scalar]];
}

/* The events of a step: the earliest first one, then of those the earliest second, … */
static lots_status choose(match_solver *solver, uint32_t b, uint32_t from, uint32_t to, lots_error *err)
{
    const match_bound *bound = &solver->bounds[b];
    const int32_t most = allowed(solver, bound, from, to);
    uint32_t place = most == MATCH_NEVER ? MATCH_NONE : first_up_to(bound, 0, from, to, most);
    for (uint32_t l = 1; l < bound->least && place != MATCH_NONE; l++)
        place = first_up_to(bound, l, bound->run_from[place], bound->run_to[place], most);
    if (place == MATCH_NONE)
        return lots_fail(err, LOTS_INTERNAL, "a pattern's step %u is not found again", bound->step);
    solver->chosen[b] = bound->ranged ? bound->run_end[place] : place;
    solver->worker->work.rows += bound->least;
    return LOTS_OK;
}

lots_status lots_match_trace(match_solver *solver, uint32_t first, lots_error *err)
{
    solver->chosen[0] = first;
    for (uint32_t b = 0; b + 1 < solver->bound_count; b++) {
        match_bound *bound = &solver->bounds[b];
        const uint32_t place = solver->chosen[b];
        if (bound->pinned)
            LOTS_TRY(move_pin(solver, b, bound->list.start[place], err));
        LOTS_TRY(choose(solver, b + 1, bound->next_from[place], bound->next_to[place], err));
    }
    return LOTS_OK;
}
