/* candidates.c: from an event set to ranges of rows and a mask. The mask is made in resolve.c, batches of pairs in pairs.c. */
#include "query/exec/candidates.h"

#include <string.h>

#include "query/exec/beyond.h"
#include "query/exec/bounds.h"
#include "query/exec/day_windows.h"
#include "query/exec/days.h"
#include "query/exec/wanted.h"

/* ---- ranges ---- */

static lots_arena *arena_of(const lots_candidates *candidates)
{
    return lots_instance_arena(candidates->worker, candidates->rows);
}

lots_status lots_candidates_own(lots_candidates *candidates, lots_error *err)
{
    if (candidates->own_first != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena_of(candidates), candidates->count, &candidates->own_first, err));
    LOTS_TRY(lots_new_u32(arena_of(candidates), candidates->count, &candidates->own_end, err));
    if (candidates->count > 0) {
        memcpy(candidates->own_first, candidates->first, candidates->count * sizeof(uint32_t));
        memcpy(candidates->own_end, candidates->end, candidates->count * sizeof(uint32_t));
    }
    candidates->first = candidates->own_first;
    candidates->end = candidates->own_end;
    candidates->contiguous = false;
    return LOTS_OK;
}

/* Each row's range is that of its owner. */
static lots_status owner_ranges(lots_candidates *candidates, const uint32_t *offsets, lots_error *err)
{
    const lots_kernels *kernels = candidates->worker->kernels;
    const uint32_t *group = NULL;
    LOTS_TRY(lots_instance_index(candidates->worker, candidates->rows, candidates->relation->owners, &group, err));
    candidates->first = offsets;
    candidates->end = offsets + 1;
    candidates->contiguous = true;
    candidates->own_first = candidates->own_end = NULL;
    if (group == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena_of(candidates), candidates->count, &candidates->own_first, err));
    LOTS_TRY(lots_new_u32(arena_of(candidates), candidates->count, &candidates->own_end, err));
    kernels->gather_u32(offsets, group, candidates->count, candidates->own_first);
    kernels->gather_u32(offsets + 1, group, candidates->count, candidates->own_end);
    candidates->first = candidates->own_first;
    candidates->end = candidates->own_end;
    candidates->contiguous = false;
    return LOTS_OK;
}

/* The single event of each row: none where there is none, or it is a ghost and ghosts are left out. */
static lots_status event_ranges(lots_candidates *candidates, lots_error *err)
{
    lots_worker *worker = candidates->worker;
    lots_vector value, flat;
    const uint64_t *ghosts = NULL;
    uint32_t *first = NULL, *end = NULL;
    LOTS_TRY(lots_value(worker, candidates->set->event, candidates->rows, &value, err));
    LOTS_TRY(lots_vector_flatten(arena_of(candidates), &value, &flat, err));
    LOTS_TRY(lots_new_u32(arena_of(candidates), candidates->count, &first, err));
    LOTS_TRY(lots_new_u32(arena_of(candidates), candidates->count, &end, err));
    if (candidates->set->no_ghosts)
        LOTS_TRY(lots_relation_ghosts(worker, candidates->relation, &ghosts, err));
    const uint32_t *events = flat.data;
    for (uint32_t i = 0; i < candidates->count; i++) { /* who has one can't be foretold: no branch */
        first[i] = i;
        end[i] = i + (events[i] != LOTS_NO_ID);
    }
    for (uint32_t i = 0; ghosts != NULL && i < candidates->count; i++)
        if (events[i] != LOTS_NO_ID && lots_bit_get(ghosts, events[i]))
            end[i] = i;
    candidates->list = events;
    candidates->list_count = candidates->count;
    candidates->first = first;
    candidates->end = end;
    candidates->row_failed = flat.failed;
    candidates->culprit = flat.culprit;
    return LOTS_OK;
}

bool lots_set_in_episode(const lots_worker *worker, const lots_set *set)
{
    const lots_query *query = worker->query;
    bool found = false;
    for (uint32_t r = 0; r < query->relation_count; r++)
        found |= query->relations[r].kind == LOTS_RELATION_EPISODES && query->relations[r].members != NULL &&
                 query->relations[r].episode_frame == query->frames[set->frame].parent;
    return found;
}

/* Is this the set of the members of an episode? Then the frame's rows are the episodes. */
static lots_status member_ranges(lots_candidates *candidates, bool *done, lots_error *err)
{
    const lots_query *query = candidates->worker->query;
    const uint32_t parent = query->frames[candidates->set->frame].parent;
    *done = false;
    for (uint32_t r = 0; r < query->relation_count && !*done; r++) {
        const lots_relation *relation = &query->relations[r];
        if (relation->kind != LOTS_RELATION_EPISODES || relation->members == NULL || relation->episode_frame != parent)
            continue;
        lots_relation_rows *episodes = NULL;
        const lots_instance *rows = lots_instance_of(candidates->worker, candidates->rows, parent);
        if (rows != candidates->rows)
            return lots_fail(err, LOTS_INTERNAL, "members of an episode are asked for outside it");
        LOTS_TRY(lots_relation_get(candidates->worker, r, candidates->rows, &episodes, err));
        candidates->list = episodes->members;
        candidates->list_count = episodes->member_offsets[episodes->count];
        candidates->first = episodes->member_offsets;
        candidates->end = episodes->member_offsets + 1;
        candidates->contiguous = true;
        *done = true;
    }
    return LOTS_OK;
}

/* ---- windows that depend on the row ---- */

/* The first place in [from, to) of a list whose row (or its start) is at least `least`: rows of a list rise, and so do
 * their starts. */
static uint32_t search_list(const uint32_t *list, const int32_t *starts, uint32_t from, uint32_t to, int64_t least)
{
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        if ((starts != NULL ? (int64_t)starts[list[middle]] : (int64_t)list[middle]) < least)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void narrow_list(lots_candidates *candidates, const int32_t *starts, const lots_bounds *within)
{
    uint32_t *first = candidates->own_first, *end = candidates->own_end;
    for (uint32_t i = 0; i < candidates->count; i++) {
        const uint32_t from = first[i], to = end[i];
        if (within->low != NULL)
            first[i] = search_list(candidates->list, starts, from, to, within->low[i]);
        end[i] = search_list(candidates->list, starts, first[i], to,
                             within->high != NULL ? (int64_t)within->high[i] + 1 : INT32_MAX);
    }
}

/* The same of a single event a row, whether it is there can't be foretold either. */
static void narrow_events(lots_candidates *candidates, const int32_t *starts, const lots_bounds *within)
{
    const uint32_t *first = candidates->own_first;
    uint32_t *end = candidates->own_end;
    for (uint32_t i = 0; i < candidates->count; i++) {
        const uint32_t there = first[i] < end[i];
        const int32_t day = starts[candidates->list[i] & (0 - there)];
        end[i] = first[i] + (there & (within->low == NULL || day >= within->low[i]) &
                             (day <= (within->high != NULL ? within->high[i] : INT32_MAX - 1)));
    }
}

/* The same where days lie by place. */
static lots_status narrow_places(lots_candidates *candidates, const int32_t *starts, const lots_bounds *within, lots_error *err)
{
    const lots_kernels *kernels = candidates->worker->kernels;
    const uint32_t count = candidates->count;
    lots_arena *arena = arena_of(candidates);
    int32_t *beyond = NULL;
    uint32_t *end = NULL;
    if (within->high == NULL && within->low != NULL)
        kernels->lower_bounds(starts, within->low, candidates->own_end, count, candidates->own_first);
    if (within->high == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_i32(arena, count, &beyond, err));
    LOTS_TRY(lots_new_u32(arena, count, &end, err));
    lots_days_after(within->high, count, beyond);
    const lots_day_windows windows = {count, candidates->own_first, candidates->own_end, within->low, beyond};
    LOTS_TRY(lots_day_windows_search(kernels, starts, &windows, arena, end, err));
    candidates->end = candidates->own_end = end;
    return LOTS_OK;
}

/* Eight at a time, into the slack, so that compilers make vectors of it. */
static void keep_first(const int32_t *restrict found, const int32_t *restrict high, uint32_t count, const uint32_t *restrict first,
                       uint32_t *restrict end)
{
    for (size_t i = 0; i < count; i += 8)
        for (size_t k = 0; k < 8; k++)
            end[i + k] = first[i + k] + (uint32_t)((first[i + k] < end[i + k]) & (found[i + k] <= high[i + k]));
}

/* The same where it is enough to know whether there is any: the first that begins late enough tells. */
static lots_status find_first(lots_candidates *candidates, const int32_t *starts, const lots_bounds *within, lots_error *err)
{
    const lots_kernels *kernels = candidates->worker->kernels;
    uint32_t *found = NULL;
    if (within->low != NULL)
        kernels->lower_bounds(starts, within->low, candidates->own_end, candidates->count, candidates->own_first);
    if (within->high == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena_of(candidates), candidates->count, &found, err));
    kernels->gather_u32((const uint32_t *)starts, candidates->own_first, candidates->count, found);
    keep_first((const int32_t *)found, within->high, candidates->count, candidates->own_first, candidates->own_end);
    return LOTS_OK;
}

static void empty_rows(lots_candidates *candidates, const uint64_t *rows)
{
    for (size_t i = lots_bits_next(rows, 0, candidates->count); i < candidates->count;
         i = lots_bits_next(rows, i + 1, candidates->count))
        candidates->own_end[i] = candidates->own_first[i];
}

static lots_status narrow_window(lots_candidates *candidates, const lots_window *window, lots_error *err)
{
    lots_bounds within;
    const int32_t *starts = NULL;
    LOTS_TRY(lots_bounds_find(candidates->worker, window, candidates->rows, candidates->first, candidates->end, &within, err));
    if (within.failed != NULL) {
        if (candidates->row_failed != NULL)
            lots_bits_or(within.failed, within.failed, candidates->row_failed, candidates->count);
        candidates->row_failed = within.failed;
        candidates->culprit = within.culprit;
    }
    if (candidates->passed == NULL)
        LOTS_TRY(lots_relation_starts(candidates->worker, candidates->relation, &starts, err));
    LOTS_TRY(lots_candidates_own(candidates, err));
    if (within.missing != NULL)
        empty_rows(candidates, within.missing);
    if (candidates->any)
        LOTS_TRY(find_first(candidates, candidates->passed->starts, &within, err));
    else if (candidates->passed != NULL)
        LOTS_TRY(narrow_places(candidates, candidates->passed->starts, &within, err));
    else if (candidates->list == NULL)
        LOTS_TRY(narrow_places(candidates, starts, &within, err));
    else if (candidates->set->event != NULL)
        narrow_events(candidates, starts, &within);
    else
        narrow_list(candidates, starts, &within);
    candidates->high = within.high;
    candidates->worker->work.rows += candidates->count;
    return LOTS_OK;
}

/* ---- filters that need no pairs ---- */

static lots_status add_pair_filter(lots_candidates *candidates, const lots_expr *filter, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(arena_of(candidates), &room, (size_t)candidates->pair_count + 1, sizeof(lots_expr *), err));
    if (candidates->pair_count > 0)
        memcpy(room, candidates->pair_filters, candidates->pair_count * sizeof(lots_expr *));
    ((const lots_expr **)room)[candidates->pair_count++] = filter;
    candidates->pair_filters = room;
    return LOTS_OK;
}

static lots_status filter_row(lots_candidates *candidates, const lots_expr *filter, lots_error *err)
{
    lots_vector value, flat;
    uint64_t *other = NULL;
    LOTS_TRY(lots_value(candidates->worker, filter, candidates->rows, &value, err));
    if (value.failed != NULL) /* pairs tell which failures matter */
        return add_pair_filter(candidates, filter, err);
    LOTS_TRY(lots_vector_flatten(arena_of(candidates), &value, &flat, err));
    LOTS_TRY(lots_new_bits(arena_of(candidates), candidates->count, &other, err));
    lots_bits_not(other, flat.data, candidates->count);
    LOTS_TRY(lots_candidates_own(candidates, err));
    empty_rows(candidates, other);
    return LOTS_OK;
}

/* From the first whose end may be late enough. Where ends don't rise, the others must still be looked at. */
static lots_status narrow_spans(lots_candidates *candidates, const lots_expr *span, const lots_resolved *resolved,
                                lots_error *err)
{
    lots_vector value, flat;
    LOTS_TRY(lots_value(candidates->worker, span->operands[1], candidates->rows, &value, err));
    if (value.failed != NULL)
        return add_pair_filter(candidates, span, err);
    LOTS_TRY(lots_vector_flatten(arena_of(candidates), &value, &flat, err));
    LOTS_TRY(lots_candidates_own(candidates, err));
    if (flat.missing != NULL)
        empty_rows(candidates, flat.missing);
    candidates->worker->kernels->lower_bounds(resolved->passed->reach, flat.data, candidates->own_end, candidates->count,
                                              candidates->own_first);
    candidates->worker->work.rows += candidates->count;
    if (resolved->passed->rising)
        return LOTS_OK;
    if (resolved->window_count == 0 || (resolved->window_count == 1 && resolved->windows[0]->low == NULL))
        candidates->low = flat.data;
    return add_pair_filter(candidates, span, err);
}

/* ---- the whole ---- */

/* Of patients of whom rows are left: nobody asks for others. Where every row passes nothing is packed. */
static lots_status want_passed(lots_worker *worker, lots_resolved *resolved, lots_error *err)
{
    lots_arena *arena = &worker->depths[resolved->relation->owners->depth].arena;
    const uint64_t *mask = resolved->mask;
    if (resolved->passed != NULL)
        return LOTS_OK;
    if (resolved->places != NULL)
        return lots_fail(err, LOTS_INTERNAL, "a window is not in its mask");
    if (worker->patients != NULL && mask != NULL)
        LOTS_TRY(lots_wanted_rows(worker, resolved->relation, mask, &mask, err));
    return lots_passed_make(worker, resolved->relation, mask, arena, &resolved->passed, err);
}

/* Ranges of the rows that pass the mask, as a list; `any`: it isn't needed, nor is it made for their days. */
static lots_status pack(lots_candidates *candidates, lots_resolved *resolved, bool any, lots_error *err)
{
    LOTS_TRY(want_passed(candidates->worker, resolved, err));
    if (!any)
        LOTS_TRY(lots_passed_rows(candidates->worker, resolved->passed, &candidates->list, err));
    if (resolved->window_count > 0)
        LOTS_TRY(lots_passed_starts(candidates->worker, resolved->passed, err));
    if (resolved->span != NULL)
        LOTS_TRY(lots_passed_spans(candidates->worker, resolved->passed, err));
    candidates->passed = resolved->passed;
    candidates->list_count = resolved->passed->count;
    candidates->mask = NULL;
    return owner_ranges(candidates, resolved->passed->offsets, err);
}

/* What the frame's row adds, given that the mask is known for sure. */
static lots_status narrow_by_rows(lots_candidates *candidates, lots_resolved *resolved, bool any, lots_error *err)
{
    any &= resolved->window_count == 1 && resolved->span == NULL;
    if (candidates->list == NULL && (resolved->window_count > 0 || resolved->span != NULL))
        LOTS_TRY(pack(candidates, resolved, any, err));
    for (uint32_t f = 0; f < resolved->row_filter_count; f++)
        LOTS_TRY(filter_row(candidates, resolved->row_filters[f], err));
    if (resolved->span != NULL && candidates->passed == NULL)
        LOTS_TRY(add_pair_filter(candidates, resolved->span, err));
    LOTS_TRY(lots_candidates_known(candidates, err));
    candidates->any = any && candidates->passed != NULL && candidates->pair_count == 0;
    if (candidates->passed != NULL && !candidates->any)
        LOTS_TRY(lots_passed_rows(candidates->worker, candidates->passed, &candidates->list, err));
    for (uint32_t w = 0; w < resolved->window_count; w++)
        LOTS_TRY(narrow_window(candidates, resolved->windows[w], err));
    return resolved->span != NULL && candidates->passed != NULL
               ? narrow_spans(candidates, resolved->span, resolved, err) : LOTS_OK;
}

/* Nothing but filters of elements and a window of whole years: each row's range is what the window leaves of its owner's. */
static lots_status place_ranges(lots_candidates *candidates, const lots_resolved *resolved, lots_error *err)
{
    LOTS_TRY(owner_ranges(candidates, resolved->places, err));
    candidates->places = resolved->places;
    candidates->places_end = resolved->places_end;
    candidates->contiguous = false;
    candidates->apart = candidates->own_first == NULL;
    if (candidates->apart) {
        candidates->end = resolved->places_end;
        return LOTS_OK;
    }
    const uint32_t *group = NULL;
    LOTS_TRY(lots_instance_index(candidates->worker, candidates->rows, candidates->relation->owners, &group, err));
    candidates->worker->kernels->gather_u32(resolved->places_end, group, candidates->count, candidates->own_end);
    return LOTS_OK;
}

/* The rows of a panel know theirs. */
static lots_status panel_ranges(lots_candidates *candidates, const lots_resolved *resolved, lots_error *err)
{
    candidates->passed = resolved->passed;
    candidates->list_count = resolved->passed->count;
    candidates->first = resolved->offsets;
    candidates->end = resolved->offsets + 1;
    candidates->contiguous = true;
    return lots_passed_rows(candidates->worker, resolved->passed, &candidates->list, err);
}

static lots_status find(lots_worker *worker, const lots_set *set, const lots_instance *rows, bool any, lots_candidates *out,
                        lots_error *err)
{
    lots_resolved *resolved = NULL;
    bool members = false;
    *out = (lots_candidates){.worker = worker, .set = set, .rows = rows, .count = rows->count};
    LOTS_TRY(lots_relation_get(worker, set->relation, rows, &out->relation, err));
    if (set->event != NULL)
        LOTS_TRY(event_ranges(out, err));
    else
        LOTS_TRY(member_ranges(out, &members, err));
    LOTS_TRY(lots_set_mask(worker, set, out->relation, &resolved, err));
    LOTS_TRY(lots_beyond_look(worker, set, rows, err));
    if (set->event == NULL && !members && resolved->rows == rows)
        return panel_ranges(out, resolved, err);
    out->mask = resolved->mask;
    out->failed = resolved->failed;
    if (resolved->culprit != NULL)
        out->culprit = resolved->culprit;
    const bool plain = set->event == NULL && !members && resolved->failed == NULL;
    const bool packed = plain && resolved->both_count == 0 && (resolved->window_count > 0 || resolved->span != NULL);
    if (set->event == NULL && !members && !packed)
        LOTS_TRY(owner_ranges(out, out->relation->offsets, err));
    out->pair_filters = plain ? resolved->both_filters : resolved->pair_filters;
    out->pair_count = plain ? resolved->both_count : resolved->pair_count;
    if (out->list == NULL && out->pair_count > 0)
        LOTS_TRY(lots_candidates_by_key(out, err));
    out->whole = plain && resolved->pair_count == 0 && resolved->window_count == 0;
    if (plain)
        return narrow_by_rows(out, resolved, any, err);
    LOTS_TRY(lots_candidates_known(out, err));
    for (uint32_t w = 0; w < resolved->window_count; w++)
        LOTS_TRY(narrow_window(out, resolved->windows[w], err));
    return LOTS_OK;
}

lots_status lots_candidates_find(lots_worker *worker, const lots_set *set, const lots_instance *rows,
                                 lots_candidates *out, lots_error *err)
{
    return find(worker, set, rows, false, out, err);
}

lots_status lots_candidates_in_places(lots_worker *worker, const lots_set *set, const lots_instance *rows, bool any,
                                      lots_candidates *out, lots_error *err)
{
    lots_relation_rows *relation = NULL;
    lots_resolved *resolved = NULL;
    if (set->event != NULL || lots_set_in_episode(worker, set))
        return find(worker, set, rows, any, out, err);
    LOTS_TRY(lots_relation_get(worker, set->relation, rows, &relation, err));
    LOTS_TRY(lots_set_resolve(worker, set, relation, &resolved, err));
    if (resolved->places == NULL || !resolved->whole || resolved->failed != NULL)
        return find(worker, set, rows, any, out, err);
    *out = (lots_candidates){
        .worker = worker, .set = set, .rows = rows, .count = rows->count, .relation = relation, .mask = resolved->mask};
    LOTS_TRY(lots_beyond_look(worker, set, rows, err));
    return place_ranges(out, resolved, err);
}

lots_status lots_set_passed(lots_worker *worker, const lots_set *set, lots_relation_rows *relation, lots_passed **out,
                            lots_error *err)
{
    lots_resolved *resolved = NULL;
    *out = NULL;
    LOTS_TRY(lots_set_mask(worker, set, relation, &resolved, err));
    if (resolved->failed != NULL)
        return LOTS_OK;
    LOTS_TRY(want_passed(worker, resolved, err));
    *out = resolved->passed;
    return LOTS_OK;
}

lots_status lots_candidates_passed(const lots_candidates *candidates, lots_passed **out, lots_error *err)
{
    lots_worker *worker = candidates->worker;
    lots_resolved *resolved = NULL;
    LOTS_TRY(lots_set_mask(worker, candidates->set, candidates->relation, &resolved, err));
    LOTS_TRY(want_passed(worker, resolved, err));
    *out = resolved->passed;
    return lots_passed_spans(worker, resolved->passed, err);
}

/* ---- beside an event ---- */

/* The first row of [from, to) that comes after the anchor in the total order (or, not `after`, not before it). */
static uint32_t search_order(const lots_relation_rows *relation, uint32_t from, uint32_t to,
                             const lots_relation_rows *other, uint32_t anchor, bool after)
{
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        const int order = lots_relation_compare(relation, middle, other, anchor);
        if (after ? order <= 0 : order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Where each anchor of another relation would stand among the candidates' rows: as a bound on relation rows. */
static lots_status place_anchors(lots_candidates *candidates, lots_relation_rows *other, const uint32_t *anchors,
                                 bool after, uint32_t *places, lots_error *err)
{
    lots_relation_rows *relation = candidates->relation;
    const uint32_t *group = NULL;
    LOTS_TRY(lots_relation_order(candidates->worker, relation, err));
    LOTS_TRY(lots_relation_order(candidates->worker, other, err));
    LOTS_TRY(lots_instance_index(candidates->worker, candidates->rows, relation->owners, &group, err));
    for (uint32_t i = 0; i < candidates->count; i++) {
        const uint32_t g = group == NULL ? i : group[i];
        places[i] = anchors[i] == LOTS_NO_ID ? LOTS_NO_ID
                                             : search_order(relation, relation->offsets[g], relation->offsets[g + 1],
                                                            other, anchors[i], after);
    }
    candidates->worker->work.rows += candidates->count;
    return LOTS_OK;
}

lots_status lots_candidates_beside(lots_candidates *candidates, const lots_expr *event, bool after, lots_error *err)
{
    lots_vector value, flat;
    lots_relation_rows *other = NULL;
    uint32_t *places = NULL;
    lots_arena *arena = arena_of(candidates);
    LOTS_TRY(lots_value(candidates->worker, event, candidates->rows, &value, err));
    LOTS_TRY(lots_vector_flatten(arena, &value, &flat, err));
    LOTS_TRY(lots_relation_get(candidates->worker, event->type.relation, candidates->rows, &other, err));
    LOTS_TRY(lots_new_u32(arena, candidates->count, &places, err));
    const uint32_t *anchors = flat.data;
    if (other != candidates->relation)
        LOTS_TRY(place_anchors(candidates, other, anchors, after, places, err));
    else /* what is after row r begins at r + 1, what is before it ends at r */
        for (uint32_t i = 0; i < candidates->count; i++)
            places[i] = anchors[i] == LOTS_NO_ID ? LOTS_NO_ID : anchors[i] + (after ? 1 : 0);
    LOTS_TRY(lots_candidates_own(candidates, err));
    uint32_t *first = candidates->own_first, *end = candidates->own_end;
    for (uint32_t i = 0; i < candidates->count; i++) {
        if (places[i] == LOTS_NO_ID) {
            end[i] = first[i];
            continue;
        }
        const uint32_t place = candidates->list == NULL
                                   ? places[i]
                                   : search_list(candidates->list, NULL, first[i], end[i], places[i]);
        if (after)
            first[i] = first[i] > place ? first[i] : place;
        else
            end[i] = end[i] < place ? end[i] : place;
        if (end[i] < first[i])
            end[i] = first[i];
    }
    if (flat.failed != NULL) {
        candidates->row_failed = flat.failed;
        candidates->culprit = flat.culprit;
    }
    return LOTS_OK;
}
