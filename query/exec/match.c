/* match.c: MATCH: the matches of a pattern of events, a row each, in the order of their first events. What a match is and
 * how it is found is in match_inner.h; here the patients are gone through and the matches become columns.
 *
 * Decided here, where the language's page is silent. 1. `within` is measured from the end of the event bound before, which
 * for the second event of `then 3 (E) within 9d` is the first; `since a` measures from the start of a (of the last event
 * that a bound), and then only the order is asked of the event before. 2. `no E` means: no event that a step `then E` could
 * bind here; without `within`, and nothing bound after it: none ever after. So `no` holds after an open event, which
 * nothing follows. 3. A run that is shorter goes before one that begins earlier. 4. Ghosts are events like others. */
#include "query/exec/column.h"
#include "query/exec/match_inner.h"

typedef struct match_maker {
    match_solver solver;
    lots_relation_rows *rows;
    uint32_t **found;  /* by binding step: rows of its set's relation, by match */
    uint32_t *offsets;
    uint32_t count;
    bool none;         /* no patient has an event for each step */
} match_maker;

/* One match begins with one event. */
static uint32_t most_events(const match_list *list, uint32_t patients)
{
    return list->mask != NULL ? (uint32_t)lots_bits_count(list->mask, list->relation->count)
                              : list->offsets[patients] - list->offsets[0];
}

static lots_status open_maker(match_maker *maker, lots_error *err)
{
    match_solver *solver = &maker->solver;
    void *room = NULL;
    LOTS_TRY(lots_match_plan(solver, err));
    LOTS_TRY(lots_match_open(solver, &maker->none, err));
    LOTS_TRY(lots_arena_alloc(solver->arena, &room, solver->bound_count, sizeof(uint32_t *), err));
    maker->found = room;
    const uint32_t most = maker->none ? 0 : most_events(&solver->bounds[0].list, solver->worker->patients->count);
    for (uint32_t b = 0; b < solver->bound_count; b++)
        LOTS_TRY(lots_new_u32(solver->arena, most, &maker->found[b], err));
    LOTS_TRY(lots_new_u32(solver->arena, (size_t)maker->rows->owners->count + 1, &maker->offsets, err));
    maker->offsets[0] = 0;
    return LOTS_OK;
}

static lots_status match_owner(match_maker *maker, uint32_t owner, lots_error *err)
{
    match_solver *solver = &maker->solver;
    bool possible = false;
    LOTS_TRY(lots_match_begin(solver, owner, &possible, err));
    uint32_t first = possible ? lots_match_next(solver, 0) : MATCH_NONE;
    while (first != MATCH_NONE) {
        LOTS_TRY(lots_match_trace(solver, first, err));
        for (uint32_t b = 0; b < solver->bound_count; b++)
            maker->found[b][maker->count] = solver->bounds[b].list.rows[solver->chosen[b]];
        maker->count++;
        first = solver->pattern->each ? lots_match_next(solver, first + 1) : MATCH_NONE;
    }
    return LOTS_OK;
}

/* ---- columns ---- */

static uint32_t *found_by(const match_maker *maker, uint32_t step)
{
    uint32_t b = 0;
    while (maker->solver.bounds[b].step != step)
        b++;
    return maker->found[b];
}

static lots_status days_column(match_maker *maker, uint32_t b, bool end, lots_vector *out, lots_error *err)
{
    lots_relation_rows *of = maker->solver.bounds[b].list.relation;
    const int32_t column = end ? of->relation->end_column : of->relation->start_column;
    return lots_relation_take(maker->solver.worker, of, (uint32_t)column, maker->found[b], maker->count, maker->solver.arena, out,
                              err);
}

/* Spans of the last step's rows; of few they are told by themselves. */
static lots_status take_spans(match_maker *maker, lots_relation_rows *last, bool open, lots_vector *out, lots_error *err)
{
    match_solver *solver = &maker->solver;
    const uint32_t *found = maker->found[solver->bound_count - 1];
    const lots_vector *values = NULL;
    bool done = false;
    if (last->relation->kind == LOTS_RELATION_STREAM)
        LOTS_TRY(lots_stream_take_spans(solver->worker, last->relation->stream, open, found, maker->count, solver->arena, out,
                                        &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY((open ? lots_relation_open : lots_relation_span_end)(solver->worker, last, &values, err));
    return lots_vector_gather(solver->arena, values, found, maker->count, out, err);
}

static lots_status make_spans(match_maker *maker, lots_error *err)
{
    lots_relation_rows *last = maker->solver.bounds[maker->solver.bound_count - 1].list.relation;
    LOTS_TRY(take_spans(maker, last, false, &maker->rows->span_end, err));
    return take_spans(maker, last, true, &maker->rows->open, err);
}

/* The sets were not all asked for: the columns are made without them. */
static lots_status keep_none(match_maker *maker, lots_error *err)
{
    static const lots_type date = {.kind = LOTS_TYPE_DATE}, truth = {.kind = LOTS_TYPE_BOOL};
    lots_relation_rows *rows = maker->rows;
    match_solver *solver = &maker->solver;
    for (uint32_t c = 0; c < rows->relation->column_count; c++)
        LOTS_TRY(lots_vector_new(solver->arena, &rows->relation->columns[c].type, 0, &rows->columns[c], err));
    LOTS_TRY(lots_vector_new(solver->arena, &date, 0, &rows->span_end, err));
    LOTS_TRY(lots_vector_new(solver->arena, &truth, 0, &rows->open, err));
    return lots_relation_get(solver->worker, solver->pattern->steps[solver->bounds[0].step].set->relation,
                             solver->worker->patients, &rows->left, err);
}

static lots_status keep_matches(match_maker *maker, lots_error *err)
{
    lots_relation_rows *rows = maker->rows;
    rows->count = maker->count;
    rows->offsets = maker->offsets;
    rows->left_row = maker->found[0];
    if (maker->none)
        return keep_none(maker, err);
    rows->left = maker->solver.bounds[0].list.relation;
    for (uint32_t c = 0; c < rows->relation->column_count; c++) {
        const lots_relation_column *bound = &rows->relation->columns[c];
        if (bound->role == LOTS_COLUMN_START)
            LOTS_TRY(days_column(maker, 0, false, &rows->columns[c], err));
        else if (bound->role == LOTS_COLUMN_END)
            LOTS_TRY(days_column(maker, maker->solver.bound_count - 1, true, &rows->columns[c], err));
        else
            rows->columns[c] = (lots_vector){.type = bound->type, .count = maker->count,
                                             .data = found_by(maker, bound->column)};
    }
    return make_spans(maker, err);
}

lots_status lots_match_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    const uint32_t patients = rows->owners->count;
    match_maker maker = {.rows = rows};
    maker.solver = (match_solver){.worker = worker, .arena = lots_instance_arena(worker, rows->owners),
                                  .pattern = rows->relation->pattern};
    LOTS_TRY(open_maker(&maker, err));
    const uint64_t *possible = maker.solver.possible;
    uint32_t next = 1; /* of the offsets; they begin as 0 */
    for (size_t g = lots_bits_next(possible, 0, patients); g < patients; g = lots_bits_next(possible, g + 1, patients)) {
        while (next <= g)
            maker.offsets[next++] = maker.count;
        LOTS_TRY(match_owner(&maker, (uint32_t)g, err));
    }
    while (next <= patients)
        maker.offsets[next++] = maker.count;
    return keep_matches(&maker, err);
}
