/* match_open.c: the events of all steps of a pattern in a chunk, of the patients who have one for each step that binds, in an order that
 * may match: see match_inner.h. Most have not, and it is seen to that they cost next to nothing. */
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/match_inner.h"

/* ---- lists ---- */

/* The rows of a set: as a mask where that is all there is to it. */
static lots_status find_rows(match_solver *solver, const lots_set *set, match_list *list, lots_error *err)
{
    lots_worker *worker = solver->worker;
    lots_candidates candidates;
    LOTS_TRY(lots_candidates_find(worker, set, worker->patients, &candidates, err));
    list->relation = candidates.relation;
    if (!candidates.contiguous || candidates.pair_count > 0 || candidates.list != NULL)
        return lots_set_lists(worker, set, worker->patients, &list->relation, &list->offsets, &list->all, err);
    const lots_vector judged = {.count = candidates.relation->count,
                                .failed = (uint64_t *)candidates.failed,
                                .culprit = candidates.culprit};
    LOTS_TRY(lots_raise(&judged, err));
    list->offsets = candidates.first;
    list->mask = candidates.mask;
    return LOTS_OK;
}

/* So few patients possible that their rows are gone through one patient after the other, not the bits of all rows. */
static bool are_few(const match_solver *solver)
{
    enum { FEW = 8 }; /* one of so many */
    const uint32_t patients = solver->worker->patients->count;
    return solver->worker->kernels->bits_count(solver->possible, patients) * FEW < patients;
}

static void keep_few(match_solver *solver, const match_list *list)
{
    const uint32_t patients = solver->worker->patients->count;
    for (size_t g = lots_bits_next(solver->possible, 0, patients); g < patients; g = lots_bits_next(solver->possible, g + 1, patients))
        if (lots_bits_next(list->mask, list->offsets[g], list->offsets[g + 1]) == list->offsets[g + 1])
            lots_bit_clear(solver->possible, (uint32_t)g);
}

/* Those who have one of a few bits: from each on to the next patient's. Whose it is lies ever farther on, galloping. */
static void find_owners(const match_list *list, uint32_t patients, uint64_t *has)
{
    const uint32_t *offsets = list->offsets, end = offsets[patients];
    uint32_t owner = 0;
    for (size_t row = lots_bits_next(list->mask, offsets[0], end); row < end; row = lots_bits_next(list->mask, offsets[owner + 1], end)) {
        uint32_t step = 1;
        for (; owner + step < patients && offsets[owner + step] <= row; step *= 2)
            owner += step;
        for (; step > 0; step /= 2)
            owner += owner + step < patients && offsets[owner + step] <= row ? step : 0;
        lots_bit_set(has, owner);
    }
}

/* Patients without an event for a step that binds need not be looked at. */
static lots_status keep_possible(match_solver *solver, const match_list *list, lots_error *err)
{
    const lots_kernels *kernels = solver->worker->kernels;
    const uint32_t patients = solver->worker->patients->count;
    uint64_t *has = NULL;
    if (list->mask != NULL && are_few(solver)) {
        keep_few(solver, list);
        return LOTS_OK;
    }
    LOTS_TRY(lots_new_bits(solver->arena, patients, &has, err));
    if (list->mask != NULL && kernels->bits_count(list->mask, list->relation->count) * 2 < patients)
        find_owners(list, patients, has);
    else if (list->mask != NULL)
        kernels->any_by(list->mask, list->offsets, patients, has);
    else
        for (uint32_t g = 0; g < patients; g++)
            if (list->offsets[g] < list->offsets[g + 1])
                lots_bit_set(has, g);
    lots_bits_and(solver->possible, solver->possible, has, patients);
    return LOTS_OK;
}

static bool none_possible(const match_solver *solver)
{
    const uint32_t patients = solver->worker->patients->count;
    return lots_bits_next(solver->possible, 0, patients) == patients;
}

/* The bits of [from, end), from `rows` on; how many there are. */
static uint32_t list_bits(const uint64_t *bits, uint32_t from, uint32_t end, uint32_t *rows)
{
    uint32_t count = 0;
    for (uint32_t at = from, next; at < end; at = next) {
        uint64_t word = bits[at / 64] >> (at % 64) << (at % 64);
        next = (at | 63) + 1;
        for (word = next > end ? word << (next - end) >> (next - end) : word; word != 0; word &= word - 1)
            rows[count++] = (at & ~63u) + (uint32_t)__builtin_ctzll(word);
    }
    return count;
}

/* Where a patient's rows begin to count: of one relation, behind the first that the step before may bind. */
static uint32_t first_row(const match_list *list, const match_list *before, size_t g)
{
    const uint32_t from = list->offsets[g];
    if (before == NULL || before->relation != list->relation)
        return from;
    if (before->offsets[g] == before->offsets[g + 1])
        return list->offsets[g + 1];
    const uint32_t behind = before->all[before->offsets[g]] + 1;
    return behind > from ? behind : from;
}

/* Rows under the mask, of possible patients only. `before`: the open list of the step before; NULL: there is none. */
static lots_status pack_few(match_solver *solver, match_list *list, const match_list *before, lots_error *err)
{
    const uint32_t patients = solver->worker->patients->count, *from = list->offsets;
    const uint64_t *possible = solver->possible;
    uint32_t *rows = NULL, *offsets = NULL, most = 0, count = 0;
    for (size_t g = lots_bits_next(possible, 0, patients); g < patients; g = lots_bits_next(possible, g + 1, patients))
        most += from[g + 1] - from[g];
    LOTS_TRY(lots_new_u32(solver->arena, most, &rows, err));
    LOTS_TRY(lots_new_u32(solver->arena, (size_t)patients + 1, &offsets, err));
    offsets[0] = 0;
    for (size_t g = lots_bits_next(possible, 0, patients); g < patients; g = lots_bits_next(possible, g + 1, patients)) {
        offsets[g] = count;
        count += list_bits(list->mask, first_row(list, before, g), from[g + 1], rows + count);
        offsets[g + 1] = count;
    }
    offsets[patients] = count;
    list->all = rows;
    list->offsets = offsets;
    list->mask = NULL;
    return LOTS_OK;
}

static lots_status pack_many(match_solver *solver, match_list *list, const match_list *before, lots_error *err)
{
    const lots_kernels *kernels = solver->worker->kernels;
    const uint32_t patients = solver->worker->patients->count, count = list->relation->count;
    const size_t words = lots_bit_words(count);
    uint64_t *keep = NULL;
    uint32_t *ranks = NULL, *rows = NULL, *offsets = NULL;
    LOTS_TRY(lots_new_bits(solver->arena, count, &keep, err));
    LOTS_TRY(lots_new_u32(solver->arena, words + 1, &ranks, err));
    LOTS_TRY(lots_new_u32(solver->arena, (size_t)patients + 1, &offsets, err));
    for (size_t g = lots_bits_next(solver->possible, 0, patients); g < patients;
         g = lots_bits_next(solver->possible, g + 1, patients)) {
        const uint32_t from = first_row(list, before, g), end = list->offsets[g + 1];
        if (from < end)
            lots_bits_set_range(keep, from, end);
    }
    kernels->bits_and(keep, list->mask, count, keep);
    ranks[words] = kernels->count_prefix(keep, words, 0, ranks);
    LOTS_TRY(lots_new_u32(solver->arena, ranks[words], &rows, err));
    kernels->bits_indexes(keep, count, rows);
    kernels->bit_ranks(keep, ranks, list->offsets, (size_t)patients + 1, offsets);
    list->all = rows;
    list->offsets = offsets;
    list->mask = NULL;
    return LOTS_OK;
}

static lots_status read_starts(match_solver *solver, match_list *list, bool packed, lots_error *err)
{
    const uint32_t count = list->offsets[solver->worker->patients->count];
    const int32_t *starts = NULL;
    int32_t *days = NULL;
    LOTS_TRY(packed ? lots_relation_starts_of(solver->worker, list->relation, solver->possible, &starts, err)
                    : lots_relation_starts(solver->worker, list->relation, &starts, err));
    LOTS_TRY(lots_new_i32(solver->arena, count, &days, err));
    solver->worker->kernels->gather_u32((const uint32_t *)starts, list->all, count, (uint32_t *)days);
    list->starts = days;
    return LOTS_OK;
}

static lots_status read_ends(match_solver *solver, match_list *list, lots_error *err)
{
    const uint32_t count = list->offsets[solver->worker->patients->count];
    const int32_t column = list->relation->relation->end_column;
    int32_t *days = NULL;
    lots_vector ends = {.missing = NULL};
    LOTS_TRY(lots_new_i32(solver->arena, count, &days, err));
    list->ends = days;
    if (column < 0) {
        for (uint32_t i = 0; i < count; i++)
            days[i] = INT32_MIN;
        return LOTS_OK;
    }
    LOTS_TRY(lots_relation_take(solver->worker, list->relation, (uint32_t)column, list->all, count, solver->arena, &ends, err));
    memcpy(days, ends.data, count * sizeof *days);
    for (size_t i = ends.missing == NULL ? count : lots_bits_next(ends.missing, 0, count); i < count;
         i = lots_bits_next(ends.missing, i + 1, count))
        days[i] = INT32_MIN;
    return LOTS_OK;
}

/* The possible patients' events, and what is known of each. */
static lots_status open_list(match_solver *solver, match_list *list, const match_list *before, lots_error *err)
{
    lots_worker *worker = solver->worker;
    const uint32_t patients = worker->patients->count;
    const bool packed = list->all == NULL && list->mask != NULL;
    if (packed)
        LOTS_TRY((are_few(solver) ? pack_few : pack_many)(solver, list, before, err));
    else if (list->all == NULL) /* all rows */
        LOTS_TRY(lots_same_rows(worker, list->relation->count, &list->all, err));
    LOTS_TRY(read_starts(solver, list, packed, err));
    for (size_t g = lots_bits_next(solver->possible, 0, patients); g < patients;
         g = lots_bits_next(solver->possible, g + 1, patients)) {
        const uint32_t count = list->offsets[g + 1] - list->offsets[g];
        list->widest = count > list->widest ? count : list->widest;
    }
    return LOTS_OK;
}

/* ---- open ---- */

static lots_status open_bound(match_solver *solver, uint32_t b, lots_error *err)
{
    match_bound *bound = &solver->bounds[b];
    lots_arena *arena = solver->arena;
    void *room = NULL;
    LOTS_TRY(open_list(solver, &bound->list, b > 0 ? &solver->bounds[b - 1].list : NULL, err));
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

static lots_status open_nos(match_solver *solver, match_bound *bound, lots_error *err)
{
    for (uint32_t n = 0; n < bound->no_count; n++) {
        match_no *no = &bound->nos[n];
        LOTS_TRY(open_list(solver, &no->list, &bound->list, err));
        LOTS_TRY(lots_new_u32(solver->arena, bound->list.widest, &no->places, err));
        LOTS_TRY(lots_new_u32(solver->arena, no->list.widest, &no->next_places, err));
        LOTS_TRY(lots_new_i32(solver->arena, bound->list.widest, &no->first_day, err));
    }
    return LOTS_OK;
}

/* Does anything follow the step's events, so that it is asked when they end? */
static bool is_followed(const match_solver *solver, uint32_t b)
{
    return b + 1 < solver->bound_count || solver->bounds[b].no_count > 0 || solver->bounds[b].most > 1;
}

/* Are ends told row by row, with nothing decoded? */
static bool are_ends_told(const lots_worker *worker, const lots_relation *relation)
{
    return relation->kind == LOTS_RELATION_STREAM && relation->end_column >= 0 &&
           lots_segment_has_ends(worker->segment, relation->stream, relation->columns[relation->end_column].column, worker->chunk);
}

/* The ends of all lists of the first one's relation at once, from which each then has its own, and the last one's events their spans:
 * few rows of a column are decoded by themselves once only. */
static lots_status take_all_ends(match_solver *solver, lots_error *err)
{
    lots_relation_rows *relation = solver->bounds[0].list.relation;
    const uint32_t patients = solver->worker->patients->count;
    uint64_t *any = NULL;
    uint32_t *rows = NULL, lists = 0;
    lots_vector ends;
    if (are_ends_told(solver->worker, relation->relation))
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(solver->arena, relation->count, &any, err));
    for (uint32_t b = 0; b < solver->bound_count; b++) {
        const match_list *list = &solver->bounds[b].list;
        const bool asked = list->relation == relation;
        for (uint32_t i = 0; asked && i < list->offsets[patients]; i++)
            lots_bit_set(any, list->all[i]);
        lists += asked;
    }
    if (lists < 2 || relation->relation->kind != LOTS_RELATION_STREAM || relation->relation->end_column < 0)
        return LOTS_OK;
    const uint32_t count = (uint32_t)solver->worker->kernels->bits_count(any, relation->count);
    LOTS_TRY(lots_new_u32(solver->arena, count, &rows, err));
    solver->worker->kernels->bits_indexes(any, relation->count, rows);
    return lots_relation_take(solver->worker, relation, (uint32_t)relation->relation->end_column, rows, count, solver->arena,
                              &ends, err);
}

/* Has each step a row behind one of the step before, taking the first there is? Rows of one relation tell. */
static bool has_rows_in_order(const match_solver *solver, uint32_t owner)
{
    const lots_relation_rows *relation = NULL;
    size_t behind = 0;
    for (uint32_t b = 0; b < solver->bound_count; b++) {
        const match_list *list = &solver->bounds[b].list;
        behind = list->relation == relation && behind > list->offsets[owner] ? behind : list->offsets[owner];
        relation = list->mask != NULL ? list->relation : NULL;
        if (list->mask == NULL)
            continue;
        behind = lots_bits_next(list->mask, behind, list->offsets[owner + 1]) + 1;
        if (behind > list->offsets[owner + 1])
            return false;
    }
    return true;
}

/* Events of a match come one after the other, whatever the windows. */
static void keep_in_order(match_solver *solver)
{
    const uint32_t patients = solver->worker->patients->count;
    if (!are_few(solver))
        return;
    for (size_t g = lots_bits_next(solver->possible, 0, patients); g < patients; g = lots_bits_next(solver->possible, g + 1, patients))
        if (!has_rows_in_order(solver, (uint32_t)g))
            lots_bit_clear(solver->possible, (uint32_t)g);
}

/* The rows of every step's set, until no patient is left: then a set is asked for only to see its windows. */
static lots_status find_all(match_solver *solver, bool *none, lots_error *err)
{
    const lots_match_step *steps = solver->pattern->steps;
    for (uint32_t b = 0; b < solver->bound_count; b++) {
        match_bound *bound = &solver->bounds[b];
        *none = none_possible(solver);
        if (!*none || steps[bound->step].set->window_count > 0)
            LOTS_TRY(find_rows(solver, steps[bound->step].set, &bound->list, err));
        if (!*none)
            LOTS_TRY(keep_possible(solver, &bound->list, err));
    }
    if (!none_possible(solver))
        keep_in_order(solver);
    *none = none_possible(solver);
    for (uint32_t b = 0; b < solver->bound_count; b++)
        for (uint32_t n = 0; n < solver->bounds[b].no_count; n++) {
            const lots_set *set = steps[solver->bounds[b].step + 1 + n].set;
            if (!*none || set->window_count > 0)
                LOTS_TRY(find_rows(solver, set, &solver->bounds[b].nos[n].list, err));
        }
    return LOTS_OK;
}

lots_status lots_match_open(match_solver *solver, bool *none, lots_error *err)
{
    uint32_t widest = 0;
    LOTS_TRY(lots_new_bits(solver->arena, solver->worker->patients->count, &solver->possible, err));
    lots_bits_fill(solver->possible, solver->worker->patients->count, true);
    LOTS_TRY(find_all(solver, none, err));
    if (*none)
        return LOTS_OK;
    for (uint32_t b = 0; b < solver->bound_count; b++) {
        match_bound *bound = &solver->bounds[b];
        LOTS_TRY(open_bound(solver, b, err));
        LOTS_TRY(open_nos(solver, bound, err));
        widest = bound->list.widest > widest ? bound->list.widest : widest;
    }
    LOTS_TRY(take_all_ends(solver, err));
    for (uint32_t b = 0; b < solver->bound_count; b++)
        if (is_followed(solver, b))
            LOTS_TRY(read_ends(solver, &solver->bounds[b].list, err));
    LOTS_TRY(lots_new_u32(solver->arena, solver->bound_count, &solver->chosen, err));
    return lots_new_u32(solver->arena, widest, &solver->places, err);
}
