/* resolve.c: what can be said of a set over a relation whatever the frame's row: constant windows and filters of the element
 * alone become one bitmap, once a chunk; the other windows and filters are sorted by what they look at. */
#include <string.h>

#include "query/exec/alike.h"
#include "query/exec/border.h"
#include "query/exec/candidates.h"
#include "query/exec/column.h"
#include "query/exec/resolve_inner.h"
#include "query/exec/wanted.h"

static lots_status window_is_constant(lots_worker *worker, const lots_window *window, bool *out, lots_error *err)
{
    const lots_expr *sides[2] = {window->low, window->high};
    *out = true;
    for (int s = 0; s < 2; s++) {
        const lots_home *home = NULL;
        if (sides[s] == NULL)
            continue;
        LOTS_TRY(lots_expr_home(worker, sides[s], &home, err));
        *out &= home->frame == LOTS_FRAME_CONSTANT;
    }
    return LOTS_OK;
}

/* A constant bound; *none: it is missing. */
static lots_status constant_day(lots_worker *worker, const lots_expr *expr, int32_t *day, bool *none, lots_error *err)
{
    lots_vector value;
    if (expr == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_value(worker, expr, &worker->constant, &value, err));
    LOTS_TRY(lots_raise(&value, err));
    *none |= lots_vector_is_missing(&value, 0);
    *day = *(const int32_t *)value.data;
    return LOTS_OK;
}

/* -1: no row of this chunk's stream starts within, 1: all do, 0: look. */
static int zone_of_starts(const lots_worker *worker, const lots_relation *relation, int32_t low, int32_t high)
{
    if (relation->kind != LOTS_RELATION_STREAM || relation->start_column < 0)
        return 0;
    const lots_block_meta *meta =
        lots_segment_meta(worker->segment, relation->stream, relation->columns[relation->start_column].column,
                          LOTS_PART_VALUES, worker->chunk);
    if (meta->missing != 0 || meta->count == 0)
        return 0;
    if (meta->max < low || meta->min > high)
        return -1;
    return meta->min >= low && meta->max <= high ? 1 : 0;
}

lots_status lots_mask_own(mask_maker *maker, lots_error *err)
{
    const uint32_t count = maker->relation->count;
    if (maker->own != NULL)
        return LOTS_OK;
    if (maker->mask != NULL) {
        LOTS_TRY(lots_copy_bits(maker->arena, maker->mask, count, &maker->own, err));
    } else {
        LOTS_TRY(lots_new_words(maker->arena, count, &maker->own, err));
        lots_bits_fill(maker->own, count, true);
    }
    maker->mask = maker->own;
    return LOTS_OK;
}

/* A mask of which each row is written now, and nothing read: what was before may be lent. */
static lots_status new_own(mask_maker *maker, lots_error *err)
{
    return maker->own != NULL ? LOTS_OK : lots_new_words(maker->arena, maker->relation->count, &maker->own, err);
}

lots_status lots_mask_keep(mask_maker *maker, const uint64_t *rows, lots_error *err)
{
    if (maker->mask == NULL) {
        maker->mask = rows;
        return LOTS_OK;
    }
    LOTS_TRY(new_own(maker, err));
    maker->worker->kernels->bits_and(maker->mask, rows, maker->relation->count, maker->own);
    maker->mask = maker->own;
    return LOTS_OK;
}

/* None of these rows. */
static lots_status leave_rows(mask_maker *maker, const uint64_t *rows, lots_error *err)
{
    LOTS_TRY(lots_mask_own(maker, err));
    lots_bits_and_not(maker->own, maker->own, rows, maker->relation->count);
    return LOTS_OK;
}

/* From places to the mask; of wanted patients alone where these are few. */
static lots_status mask_places(mask_maker *maker, lots_error *err)
{
    const uint32_t count = maker->relation->count;
    uint64_t *within = NULL;
    if (maker->places == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(maker->arena, count, &within, err));
    const uint64_t *few = lots_wanted_few(maker->worker, maker->relation);
    lots_places_bits(maker->places, maker->places_end, few, maker->relation->owners->count, count, within);
    maker->wanted |= few != NULL;
    maker->worker->work.rows += maker->relation->owners->count;
    maker->places = maker->places_end = NULL;
    return lots_mask_keep(maker, within, err);
}

static lots_status mask_window(mask_maker *maker, const lots_window *window, lots_error *err)
{
    int32_t low = INT32_MIN, high = INT32_MAX - 1; /* a missing start, INT32_MAX here, is in no window */
    bool none = false;
    LOTS_TRY(constant_day(maker->worker, window->low, &low, &none, err));
    LOTS_TRY(constant_day(maker->worker, window->high, &high, &none, err));
    const uint32_t count = maker->relation->count;
    const int zone = none || low > high ? -1 : zone_of_starts(maker->worker, maker->relation->relation, low, high);
    if (zone == 1)
        return LOTS_OK;
    if (zone == -1) {
        LOTS_TRY(new_own(maker, err));
        lots_bits_fill(maker->own, count, false);
        maker->mask = maker->own;
        return LOTS_OK;
    }
    const uint64_t *within = NULL;
    LOTS_TRY(mask_places(maker, err)); /* of a window before */
    LOTS_TRY(lots_window_places(maker->worker, maker->relation, low, high, &maker->places, &maker->places_end, err));
    if (maker->places != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_relation_within(maker->worker, maker->relation, low, high, &within, err));
    return lots_mask_keep(maker, within, err);
}

/* As it is now: it stays so. */
static const uint64_t *lend_mask(mask_maker *maker)
{
    maker->own = NULL;
    return maker->mask;
}

/* A filter over the elements that are left: other sets are asked for no more rows than must be. */
static lots_status value_of_left(mask_maker *maker, const lots_expr *filter, const lots_instance *elements,
                                 lots_vector *out, lots_error *err)
{
    lots_instance *left = NULL;
    const uint64_t *mask = lend_mask(maker);
    LOTS_TRY(lots_rows_filter(maker->worker, elements, mask, &left, err));
    left->relation_bits = mask;
    return lots_value_spread(maker->worker, filter, left, mask, elements, out, err);
}

/* A stored number, not decoded yet, against constants. */
static bool is_number_test(const mask_maker *maker, const lots_expr *filter, uint32_t frame)
{
    const lots_relation *relation = maker->relation->relation;
    if (relation->kind != LOTS_RELATION_STREAM || filter->op < LOTS_OP_EQUAL || filter->op > LOTS_OP_BETWEEN ||
        filter->operands[0]->op != LOTS_OP_COLUMN || filter->operands[0]->of_frame != frame)
        return false;
    const lots_type_kind kind = filter->operands[0]->type.kind;
    for (uint32_t i = 1; i < filter->operand_count; i++)
        if (filter->operands[i]->op != LOTS_OP_CONSTANT)
            return false;
    return (kind == LOTS_TYPE_INT || kind == LOTS_TYPE_DECIMAL || kind == LOTS_TYPE_FLOAT) &&
           !lots_stream_is_read(maker->worker, relation->stream, relation->columns[filter->operands[0]->index].column);
}

/* The same where little is left, and nothing but the element's own column is looked at: its owner isn't asked for. */
static lots_status number_of_left(mask_maker *maker, const lots_expr *filter, const lots_instance *elements,
                                  lots_vector *out, lots_error *err)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const uint32_t count = (uint32_t)kernels->bits_count(maker->mask, elements->count);
    lots_instance *left = NULL;
    const uint64_t *mask = lend_mask(maker);
    uint32_t *rows = NULL;
    LOTS_TRY(lots_new_u32(maker->arena, count, &rows, err));
    kernels->bits_indexes(mask, elements->count, rows);
    LOTS_TRY(lots_instance_new(maker->worker, elements->frame, count, elements->parent, elements->depth, &left, err));
    left->relation_row = rows;
    return lots_value_spread(maker->worker, filter, left, mask, elements, out, err);
}

/* Less than one row in so many. */
static bool little_is_left(const mask_maker *maker, uint32_t many)
{
    return maker->mask != NULL &&
           maker->worker->kernels->bits_count(maker->mask, maker->relation->count) * many < maker->relation->count;
}

/* Elements of patients of whom no row is left are asked nothing dear. */
static lots_status mask_unwanted(mask_maker *maker, bool *left_out, lots_error *err)
{
    const uint64_t *left = NULL;
    if (maker->worker->patients == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_wanted_rows(maker->worker, maker->relation, maker->mask, &left, err));
    *left_out = left != maker->mask; /* then those of the mask, in memory of their own */
    if (*left_out)
        maker->own = NULL;
    maker->mask = left;
    return LOTS_OK;
}

/* Before the first dear filter. */
static lots_status narrow_mask(mask_maker *maker, lots_error *err)
{
    void *room = NULL;
    if (maker->narrowed)
        return LOTS_OK;
    maker->narrowed = true;
    LOTS_TRY(mask_places(maker, err));
    if (!maker->wanted)
        LOTS_TRY(mask_unwanted(maker, &maker->wanted, err));
    LOTS_TRY(lots_arena_alloc(maker->arena, &room, maker->set->window_count, sizeof(lots_window *), err));
    maker->within = room;
    for (uint32_t w = 0; maker->wanted && w < maker->set->window_count; w++) {
        bool done = false; /* constant ones are in the mask */
        LOTS_TRY(window_is_constant(maker->worker, &maker->set->windows[w], &done, err));
        if (done)
            continue;
        LOTS_TRY(lots_mask_days(maker, &maker->set->windows[w], &done, err));
        if (done)
            maker->within[maker->within_count++] = &maker->set->windows[w];
    }
    return LOTS_OK;
}

/* Does it look at more than stored values of the element: where its span ends, or its owner? */
static lots_status is_dear(const mask_maker *maker, const lots_expr *filter, uint32_t frame, bool *out, lots_error *err)
{
    const lots_home *home = NULL;
    LOTS_TRY(lots_expr_home(maker->worker, filter, &home, err));
    *out = lots_bits_count(home->depends, maker->worker->query->frame_count) > (lots_bit_get(home->depends, frame) ? 1u : 0u) ||
           filter->op == LOTS_OP_SPAN_END || filter->op == LOTS_OP_IS_OPEN;
    for (uint32_t i = 0; i < filter->operand_count && !*out; i++)
        LOTS_TRY(is_dear(maker, filter->operands[i], frame, out, err));
    return LOTS_OK;
}

static lots_status mask_filter(mask_maker *maker, const lots_expr *filter, const lots_instance *elements,
                               lots_error *err)
{
    const uint32_t count = maker->relation->count;
    lots_vector value, flat;
    enum { MANY = 8, SOME = 4 };
    bool asks = false, dear = false, done = false;
    if (maker->mask != NULL && lots_bits_next(maker->mask, 0, count) == count)
        return LOTS_OK; /* nothing is left to judge: nothing is decoded */
    LOTS_TRY(lots_asks_sets(maker->worker, filter, elements->frame, &asks, err));
    if (!asks)
        LOTS_TRY(is_dear(maker, filter, elements->frame, &dear, err));
    if (asks || is_number_test(maker, filter, elements->frame))
        LOTS_TRY(mask_places(maker, err));
    if (!asks && maker->mask != NULL && !maker->wanted && is_number_test(maker, filter, elements->frame))
        LOTS_TRY(mask_unwanted(maker, &maker->wanted, err)); /* numbers are found row by row where little is left */
    if (dear)
        LOTS_TRY(narrow_mask(maker, err));
    if (dear && little_is_left(maker, SOME))
        LOTS_TRY(lots_mask_over(maker, filter, &done, err));
    if (asks)
        LOTS_TRY(lots_mask_repeats(maker, filter, elements, &done, err));
    if (done)
        return LOTS_OK;
    if ((maker->mask != NULL && asks) || (dear && little_is_left(maker, SOME)))
        LOTS_TRY(value_of_left(maker, filter, elements, &value, err));
    else if (is_number_test(maker, filter, elements->frame) && little_is_left(maker, MANY))
        LOTS_TRY(number_of_left(maker, filter, elements, &value, err));
    else
        LOTS_TRY(lots_value(maker->worker, filter, elements, &value, err));
    LOTS_TRY(lots_vector_flatten(maker->arena, &value, &flat, err));
    if (flat.failed != NULL) {
        uint64_t *here = NULL;
        LOTS_TRY(mask_places(maker, err));
        LOTS_TRY(lots_new_bits(maker->arena, count, &here, err));
        lots_bits_and(here, maker->mask == NULL ? flat.failed : maker->mask, flat.failed, count);
        if (maker->failed != NULL)
            lots_bits_or(here, here, maker->failed, count);
        maker->failed = here;
        maker->culprit = flat.culprit;
    }
    return lots_mask_keep(maker, flat.data, err);
}

/* A filter that wants an event of another set: elements whose owner has none at all need not be asked. Owners who have none go out
 * of `owners` (NULL: all are in). What can't be judged there is left to the filter itself. */
static lots_status leave_owners(const mask_maker *maker, const lots_expr *filter, const lots_instance *elements, uint64_t **owners,
                                lots_error *err)
{
    lots_worker *worker = maker->worker;
    const lots_relation_rows *own = maker->relation;
    const uint32_t count = own->owners->count;
    lots_relation_rows *other = NULL;
    lots_passed *passed = NULL;
    uint64_t *any = NULL;
    if (filter->op != LOTS_OP_EXISTS || filter->set->event != NULL ||
        worker->query->relations[filter->set->relation].frame != own->relation->frame)
        return LOTS_OK;
    LOTS_TRY(lots_relation_get(worker, filter->set->relation, elements, &other, err));
    if (other->owners != own->owners)
        return LOTS_OK;
    LOTS_TRY(lots_set_passed(worker, filter->set, other, &passed, err));
    if (passed == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(maker->arena, count, &any, err));
    worker->kernels->less_i32((const int32_t *)passed->offsets, (const int32_t *)passed->offsets + 1, count, any);
    worker->work.rows += count;
    if (*owners != NULL)
        worker->kernels->bits_and(any, *owners, count, any);
    *owners = any;
    return LOTS_OK;
}

/* Before the first filter that asks other sets, what all those from it on need. */
static lots_status mask_by_owners(mask_maker *maker, const lots_set *set, uint32_t from, const lots_instance *elements,
                                  lots_error *err)
{
    const uint32_t count = maker->relation->count, owner_count = maker->relation->owners->count;
    uint64_t *owners = NULL, *rows = NULL;
    LOTS_TRY(narrow_mask(maker, err));
    if (maker->mask != NULL && lots_bits_next(maker->mask, 0, count) == count)
        return LOTS_OK;
    for (uint32_t f = from; f < set->filter_count; f++)
        if (set->filters[f]->set != NULL && (owners == NULL || lots_bits_next(owners, 0, owner_count) < owner_count))
            LOTS_TRY(leave_owners(maker, set->filters[f], elements, &owners, err));
    if (owners == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(maker->arena, count, &rows, err));
    maker->worker->kernels->broadcast_bits(owners, maker->relation->offsets, owner_count, rows);
    return lots_mask_keep(maker, rows, err);
}

static lots_status mask_ghosts(mask_maker *maker, lots_error *err)
{
    const uint64_t *ghosts = NULL;
    LOTS_TRY(lots_relation_ghosts(maker->worker, maker->relation, &ghosts, err));
    return ghosts == NULL ? LOTS_OK : leave_rows(maker, ghosts, err);
}

/* Windows and filters before those are in the mask: `maker->windows`, `maker->filters`. */
static lots_status sort_windows(lots_worker *worker, const lots_set *set, mask_maker *maker, lots_resolved *out,
                                lots_error *err)
{
    for (uint32_t w = maker != NULL ? maker->windows : 0; w < set->window_count; w++) {
        bool constant = false;
        LOTS_TRY(window_is_constant(worker, &set->windows[w], &constant, err));
        if (constant && maker != NULL)
            LOTS_TRY(mask_window(maker, &set->windows[w], err));
        else
            out->windows[out->window_count++] = &set->windows[w];
    }
    return LOTS_OK;
}

static lots_status looks_at(lots_worker *worker, const lots_expr *expr, uint32_t frame, bool *out, lots_error *err)
{
    const lots_home *home = NULL;
    LOTS_TRY(lots_expr_home(worker, expr, &home, err));
    *out = lots_bit_get(home->depends, frame);
    return LOTS_OK;
}

/* A filter that is not in the mask goes to its kind. */
static lots_status sort_filter(lots_worker *worker, const lots_set *set, lots_expr *filter, lots_resolved *out,
                               lots_error *err)
{
    bool element = true, limit = true;
    out->pair_filters[out->pair_count++] = filter;
    LOTS_TRY(looks_at(worker, filter, set->frame, &element, err));
    if (!element) {
        out->row_filters[out->row_filter_count++] = filter;
        return LOTS_OK;
    }
    if (filter->op == LOTS_OP_GREATER_EQUAL && filter->operands[0]->op == LOTS_OP_SPAN_END &&
        filter->operands[0]->of_frame == set->frame)
        LOTS_TRY(looks_at(worker, filter->operands[1], set->frame, &limit, err));
    if (!limit && out->span == NULL)
        out->span = filter;
    else
        out->both_filters[out->both_count++] = filter;
    return LOTS_OK;
}

static lots_status sort_filters(lots_worker *worker, const lots_set *set, lots_relation_rows *relation,
                                mask_maker *maker, lots_resolved *out, lots_error *err)
{
    const lots_instance *elements = NULL;
    bool met = false;
    for (uint32_t f = maker != NULL ? maker->filters : 0; f < set->filter_count; f++) {
        bool fixed = false;
        const uint32_t size = lots_reach_size(worker->query, set, set->filters[f]);
        uint32_t least = 0;
        if (size > 0)
            LOTS_TRY(lots_relation_least(worker, relation->index, &least, err));
        if (size > 0 && size <= least)
            continue; /* no others were made */
        LOTS_TRY(lots_expr_is_static(worker, set->filters[f], set->frame, relation->relation->frame, &fixed, err));
        if (!fixed || maker == NULL) {
            LOTS_TRY(sort_filter(worker, set, set->filters[f], out, err));
            continue;
        }
        LOTS_TRY(lots_relation_elements(worker, relation, set->frame, &elements, err));
        bool asks = met;
        if (!met)
            LOTS_TRY(lots_asks_sets(worker, set->filters[f], set->frame, &asks, err));
        if (!met && asks)
            LOTS_TRY(mask_by_owners(maker, set, f, elements, err));
        met = asks;
        LOTS_TRY(mask_filter(maker, set->filters[f], elements, err));
    }
    return LOTS_OK;
}

/* Take those out whose ends aren't known, without looking at ends of others where few are left: *done. */
static lots_status mask_endless(mask_maker *maker, bool *done, lots_error *err)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const uint32_t count = maker->relation->count;
    uint64_t *gone = NULL;
    uint32_t *rows = NULL;
    lots_vector ends;
    *done = false;
    if (maker->mask == NULL || count == 0)
        return LOTS_OK;
    const uint32_t left = (uint32_t)kernels->bits_count(maker->mask, count);
    LOTS_TRY(lots_new_u32(maker->arena, left, &rows, err));
    kernels->bits_indexes(maker->mask, count, rows);
    LOTS_TRY(lots_relation_take_spans(maker->worker, maker->relation, false, rows, left, maker->arena, &ends, done, err));
    if (!*done || ends.missing == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_words(maker->arena, count, &gone, err));
    kernels->bits_expand(maker->mask, count, ends.missing, gone);
    return leave_rows(maker, gone, err);
}

/* Does the zone map say that every element has a start? */
static bool all_have_starts(const mask_maker *maker)
{
    const lots_relation *relation = maker->relation->relation;
    if (relation->kind != LOTS_RELATION_STREAM || relation->start_column < 0)
        return false;
    return lots_segment_meta(maker->worker->segment, relation->stream, relation->columns[relation->start_column].column,
                             LOTS_PART_VALUES, maker->worker->chunk)->missing == 0;
}

/* What has no start is in no window, and a span whose end isn't known reaches no day. */
static lots_status mask_unknown(mask_maker *maker, const lots_resolved *resolved, lots_error *err)
{
    const lots_relation *relation = maker->relation->relation;
    bool done = resolved->span == NULL || (relation->kind == LOTS_RELATION_STREAM &&
                                           !lots_stream_may_be_open(maker->worker, relation->stream));
    const lots_vector *values[2] = {NULL, NULL};
    const int32_t start = relation->start_column;
    if (resolved->window_count > 0 && start >= 0 && !all_have_starts(maker))
        LOTS_TRY(lots_relation_values(maker->worker, maker->relation, (uint32_t)start, &values[0], err));
    if (!done)
        LOTS_TRY(mask_endless(maker, &done, err));
    if (!done)
        LOTS_TRY(lots_relation_span_end(maker->worker, maker->relation, &values[1], err));
    for (int v = 0; v < 2; v++) {
        if (values[v] == NULL || values[v]->missing == NULL)
            continue;
        LOTS_TRY(leave_rows(maker, values[v]->missing, err));
    }
    return LOTS_OK;
}

/* Windows that the mask has seen to are asked no more. */
static void leave_windows(const mask_maker *maker, lots_resolved *resolved)
{
    uint32_t kept = 0;
    for (uint32_t w = 0; w < resolved->window_count; w++) {
        bool within = false;
        for (uint32_t k = 0; k < maker->within_count; k++)
            within |= resolved->windows[w] == maker->within[k];
        if (!within)
            resolved->windows[kept++] = resolved->windows[w];
    }
    resolved->window_count = kept;
}

static lots_status new_resolved(lots_arena *arena, const lots_set *set, lots_resolved **out, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &room, 1, sizeof(lots_resolved), err));
    lots_resolved *made = *out = room;
    LOTS_TRY(lots_arena_alloc(arena, &room, 3 * (size_t)set->filter_count, sizeof(lots_expr *), err));
    made->pair_filters = room;
    made->row_filters = made->pair_filters + set->filter_count;
    made->both_filters = made->row_filters + set->filter_count;
    LOTS_TRY(lots_arena_alloc(arena, &room, set->window_count, sizeof(lots_window *), err));
    made->windows = room;
    made->set = set;
    return LOTS_OK;
}

/* A set of a single event is judged event by event: nothing is masked. */
lots_status lots_set_resolve(lots_worker *worker, const lots_set *set, lots_relation_rows *relation, lots_resolved **out,
                             lots_error *err)
{
    lots_depth *depth = &worker->depths[relation->owners->depth];
    const lots_set *first = lots_alike_set(worker, set);
    for (lots_resolved *at = depth->resolved; at != NULL; at = at->next)
        if (at->relation == relation && (at->set == set || (at->first == first && at->whole))) {
            *out = at;
            return LOTS_OK;
        }
    mask_maker maker = {.worker = worker, .relation = relation, .arena = &depth->arena, .set = set};
    mask_maker *masks = set->event == NULL ? &maker : NULL;
    lots_resolved *made = NULL;
    LOTS_TRY(new_resolved(&depth->arena, set, &made, err));
    if (masks != NULL)
        LOTS_TRY(lots_mask_wider(masks, err));
    LOTS_TRY(sort_windows(worker, set, masks, made, err));
    if (set->no_ghosts && masks != NULL && !masks->no_ghosts)
        LOTS_TRY(mask_ghosts(masks, err));
    LOTS_TRY(sort_filters(worker, set, relation, masks, made, err));
    if (masks != NULL)
        LOTS_TRY(mask_unknown(masks, made, err));
    made->first = first;
    made->whole = made->window_count == 0 && made->pair_count == 0; /* not where windows were left: that holds for wanted patients */
    leave_windows(&maker, made);
    made->relation = relation;
    made->mask = lots_mask_made(&maker);
    made->places = maker.places;
    made->places_end = maker.places_end;
    made->failed = maker.failed;
    made->culprit = maker.culprit;
    made->next = depth->resolved;
    depth->resolved = made;
    *out = made;
    return LOTS_OK;
}

lots_status lots_set_mask(lots_worker *worker, const lots_set *set, lots_relation_rows *relation, lots_resolved **out,
                          lots_error *err)
{
    LOTS_TRY(lots_set_resolve(worker, set, relation, out, err));
    lots_resolved *resolved = *out;
    mask_maker maker = {.worker = worker, .relation = relation, .arena = &worker->depths[relation->owners->depth].arena,
                        .places = resolved->places, .places_end = resolved->places_end};
    if (resolved->places == NULL)
        return LOTS_OK;
    maker.mask = resolved->mask;
    LOTS_TRY(mask_places(&maker, err));
    resolved->mask = maker.mask;
    resolved->places = resolved->places_end = NULL;
    return LOTS_OK;
}
