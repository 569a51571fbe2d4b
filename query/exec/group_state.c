/* group_state.c: feeding and joining; the results are in group_result.c. See group_state.h. */
#include "query/exec/group_state.h"

#include <string.h>

#include "core/base/exact.h"
#include "query/exec/group_deviation.h"
#include "query/exec/survival.h"
#include "query/exec/worker.h"

__extension__ typedef __int128 wide;

static wide get_wide(const lots_group_cell *cell)
{
    __extension__ unsigned __int128 bits = ((unsigned __int128)cell->high << 64) | cell->low;
    return (wide)bits;
}

static void add_wide(lots_group_cell *cell, wide more)
{
    __extension__ unsigned __int128 bits = (unsigned __int128)(get_wide(cell) + more);
    cell->low = (uint64_t)bits;
    cell->high = (uint64_t)(bits >> 64);
}

static bool is_float(const lots_row_agg *agg) { return agg->value != NULL && agg->value->type.kind == LOTS_TYPE_FLOAT; }
static bool is_text(const lots_row_agg *agg) { return agg->value != NULL && agg->value->type.kind == LOTS_TYPE_TEXT; }

static bool collects(lots_row_agg_kind kind)
{
    return kind == LOTS_AGG_MEDIAN || kind == LOTS_AGG_QUANTILE || kind == LOTS_AGG_GINI ||
           kind == LOTS_AGG_TOP_SHARE || kind == LOTS_AGG_LORENZ_SHARE;
}

lots_status lots_group_state_open(lots_group_state *state, const lots_row_agg *agg, lots_error *err)
{
    memset(state, 0, sizeof *state);
    state->agg = agg;
    state->cells = LOTS_VEC(lots_group_cell);
    state->exact = LOTS_VEC(lots_exact);
    state->moments = LOTS_VEC(lots_moments);
    state->values = LOTS_VEC(int64_t);
    state->owners = LOTS_VEC(uint32_t);
    if (is_text(agg))
        lots_collected_open(&state->texts, &agg->value->type);
    if (agg->kind != LOTS_AGG_COUNT_DISTINCT)
        return LOTS_OK;
    lots_type types[2] = {{.kind = LOTS_TYPE_INT}, agg->value->type};
    if (types[1].kind == LOTS_TYPE_SET) /* each element counts */
        types[1].kind = types[1].element;
    return lots_keyer_open(&state->distinct, types, 2, err);
}

/* The same value of each row, as far as a look at the node tells. */
static bool same_value(const lots_expr *a, const lots_expr *b)
{
    return a == b || (a != NULL && b != NULL && a->op == LOTS_OP_SLOT && b->op == LOTS_OP_SLOT &&
                      a->of_frame == b->of_frame && a->index == b->index);
}

bool lots_row_agg_sees_same(const lots_row_agg *a, const lots_row_agg *b)
{
    return same_value(a->value, b->value) && same_value(a->where, b->where);
}

void lots_group_state_pair(lots_group_state *state, lots_group_state *states)
{
    for (lots_group_state *other = states; collects(state->agg->kind) && other < state; other++)
        if (collects(other->agg->kind) && other->twin == NULL && lots_row_agg_sees_same(state->agg, other->agg))
            state->twin = other;
}

void lots_group_state_close(lots_group_state *state)
{
    lots_vec_free(&state->cells);
    lots_vec_free(&state->exact);
    lots_vec_free(&state->moments);
    lots_vec_free(&state->values);
    lots_vec_free(&state->owners);
    lots_collected_close(&state->texts);
    lots_keyer_close(&state->distinct);
}

lots_status lots_group_state_grow(lots_group_state *state, uint32_t groups, lots_error *err)
{
    const size_t before = state->cells.count;
    return groups <= before ? LOTS_OK : lots_vec_extend(&state->cells, groups - before, NULL, err);
}

/* ---- values ---- */

static int64_t int_at(const lots_vector *value, uint32_t row)
{
    uint32_t at = value->constant ? 0 : row;
    switch (value->type.kind) {
    case LOTS_TYPE_BOOL: return lots_bit_get(value->data, at) ? 1 : 0;
    case LOTS_TYPE_DATE: return ((const int32_t *)value->data)[at];
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE: return ((const uint32_t *)value->data)[at];
    default: return ((const int64_t *)value->data)[at];
    }
}

static double float_at(const lots_vector *value, uint32_t row) { return ((const double *)value->data)[value->constant ? 0 : row]; }

static bool counts(lots_group_batch *batch, uint32_t row)
{
    if (batch->where != NULL && !lots_bit_get(batch->where, row))
        return false;
    return batch->value == NULL || !lots_vector_is_missing(batch->value, row);
}

/* ---- feeding ---- */

static lots_status spilled_limbs(lots_group_state *state, lots_group_cell *cell, uint64_t **limbs, lots_error *err)
{
    if (cell->spilled == 0) {
        LOTS_TRY(lots_vec_extend(&state->exact, 1, NULL, err));
        cell->spilled = (uint32_t)state->exact.count;
    }
    *limbs = LOTS_AT(lots_exact, &state->exact, cell->spilled - 1).limbs;
    return LOTS_OK;
}

static lots_status add_float(lots_group_state *state, lots_group_cell *cell, double x, lots_error *err)
{
    double sum = cell->sum, rest = cell->rest;
    uint64_t *limbs = NULL;
    if (lots_exact_step(&sum, &rest, x)) {
        cell->sum = sum;
        cell->rest = rest;
        return LOTS_OK;
    }
    LOTS_TRY(spilled_limbs(state, cell, &limbs, err));
    lots_limbs_add(limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, x);
    return LOTS_OK;
}

static lots_status add_floats(lots_group_state *state, lots_group_cell *cell, const double *values, uint32_t count, lots_error *err)
{
    const bool done = lots_exact_steps(&cell->sum, &cell->rest, values, count);
    for (uint32_t i = 0; !done && i < count; i++)
        LOTS_TRY(add_float(state, cell, values[i], err));
    return LOTS_OK;
}

static lots_status join_float(lots_group_state *state, lots_group_cell *cell, const lots_group_state *from,
                              const lots_group_cell *more, lots_error *err)
{
    uint64_t *limbs = NULL;
    LOTS_TRY(add_float(state, cell, more->sum, err));
    LOTS_TRY(add_float(state, cell, more->rest, err));
    if (more->spilled == 0)
        return LOTS_OK;
    LOTS_TRY(spilled_limbs(state, cell, &limbs, err));
    lots_limbs_join(limbs, LOTS_AT(lots_exact, &from->exact, more->spilled - 1).limbs, LOTS_EXACT_LIMBS);
    return LOTS_OK;
}

/* Values too large for sums of 64 bits, one by one. */
static void add_large(lots_group_state *state, const lots_group_batch *batch, const lots_group_rows *rows, bool counted)
{
    lots_group_cell *cells = state->cells.data;
    for (uint32_t row = 0; row < batch->rows && !rows->none; row++) {
        if (rows->keep != NULL && !lots_bit_get(rows->keep, row))
            continue;
        if (counted)
            add_wide(&cells[lots_group_name(batch, batch->group[row])],
                     (wide)batch->row_ints[row] * (batch->weight != NULL ? batch->weight[row] : 1));
        if (state->agg->kind == LOTS_AGG_SHARE)
            add_wide(&state->whole, batch->row_ints[row]);
    }
}

static lots_status feed_whole_sums(lots_group_state *state, lots_group_batch *batch, lots_error *err)
{
    const int64_t *values = NULL, *sums = NULL;
    const lots_group_tally *tally = NULL;
    lots_group_cell *cells = state->cells.data;
    const bool direct = state->agg->kind != LOTS_AGG_SHARE;
    LOTS_TRY(lots_group_row_ints(batch, &values, err));
    LOTS_TRY(lots_group_tallies(batch, batch->kept, &tally, err));
    if (batch->small && direct)
        LOTS_TRY(lots_group_sums(batch, &sums, err));
    for (uint32_t g = 0; g < batch->groups; g++) {
        if (tally[g].rows == 0)
            continue;
        lots_group_cell *cell = &cells[lots_group_name(batch, g)];
        cell->count += tally[g].rows;
        if (sums != NULL)
            add_wide(cell, sums[g]);
    }
    if (sums == NULL)
        add_large(state, batch, batch->kept, true);
    if (!direct)
        add_large(state, batch, batch->left, false);
    return LOTS_OK;
}

static lots_status feed_float_sums(lots_group_state *state, lots_group_batch *batch, lots_group_rows *rows, bool counted,
                                   lots_error *err)
{
    const double *values = NULL;
    const lots_group_runs *runs = NULL;
    lots_group_cell *cells = state->cells.data;
    LOTS_TRY(lots_group_sort(batch, rows, &runs, err));
    LOTS_TRY(lots_group_floats(batch, rows, &values, err));
    for (uint32_t r = 0; r < runs->count; r++) {
        const uint32_t first = runs->first[r], count = runs->first[r + 1] - first;
        if (counted) {
            LOTS_TRY(add_floats(state, &cells[runs->group[r]], values + first, count, err));
            cells[runs->group[r]].count += count;
        }
        if (state->agg->kind == LOTS_AGG_SHARE)
            LOTS_TRY(add_floats(state, &state->whole, values + first, count, err));
    }
    return LOTS_OK;
}

/* A SHARE's whole is of what `where` leaves out too. */
static lots_status feed_sums(lots_group_state *state, lots_group_batch *batch, lots_error *err)
{
    const bool all = state->agg->kind == LOTS_AGG_SHARE;
    if (is_float(state->agg)) {
        LOTS_TRY(feed_float_sums(state, batch, batch->kept, true, err));
        return all ? feed_float_sums(state, batch, batch->left, false, err) : LOTS_OK;
    }
    return feed_whole_sums(state, batch, err);
}

static lots_status feed_counts(lots_group_state *state, lots_group_batch *batch, lots_error *err)
{
    const lots_group_tally *kept = NULL, *left = NULL;
    lots_group_cell *cells = state->cells.data;
    const bool rate = state->agg->kind == LOTS_AGG_RATE;
    LOTS_TRY(lots_group_tallies(batch, batch->kept, &kept, err));
    if (rate)
        LOTS_TRY(lots_group_tallies(batch, batch->left, &left, err));
    for (uint32_t g = 0; g < batch->groups; g++) {
        lots_group_cell *cell = &cells[lots_group_name(batch, g)];
        cell->count += state->agg->kind == LOTS_AGG_PATIENTS ? kept[g].persons : kept[g].rows;
        if (rate) { /* those left are known to be false */
            cell->count += left[g].rows;
            cell->hits += kept[g].rows;
        }
    }
    return LOTS_OK;
}

void lots_group_state_add(lots_group_state *state, uint32_t group, const lots_group_counted *kept,
                          const lots_group_counted *left)
{
    lots_group_cell *cell = &LOTS_AT(lots_group_cell, &state->cells, group);
    const bool rate = state->agg->kind == LOTS_AGG_RATE;
    cell->count += state->agg->kind == LOTS_AGG_PATIENTS ? kept->persons : kept->rows;
    cell->count += rate ? left->rows : 0;
    cell->hits += rate ? kept->rows : 0;
    add_wide(cell, kept->sum);
}

/* Whose the values are that were added last. */
static lots_status feed_owners(lots_group_state *state, const lots_group_runs *runs, uint32_t places, lots_error *err)
{
    void *room = NULL;
    if (state->owners.count == 0 && runs->count == 1 && runs->group[0] == 0)
        return LOTS_OK;
    const size_t unnamed = state->values.count - places - state->owners.count;
    LOTS_TRY(lots_vec_extend(&state->owners, unnamed + places, &room, err));
    uint32_t *owners = (uint32_t *)room + unnamed;
    for (uint32_t r = 0; r < runs->count; r++)
        for (uint32_t i = runs->first[r]; i < runs->first[r + 1]; i++)
            owners[i] = runs->group[r];
    return LOTS_OK;
}

/* Values group by group, and whose they are. */
static lots_status feed_values(lots_group_state *state, lots_group_batch *batch, lots_error *err)
{
    const lots_group_runs *runs = NULL;
    const void *values = NULL;
    LOTS_TRY(lots_group_sort(batch, batch->kept, &runs, err));
    const uint32_t places = runs->first[runs->count];
    if (places == 0)
        return LOTS_OK;
    if (is_float(state->agg))
        LOTS_TRY(lots_group_floats(batch, batch->kept, (const double **)&values, err));
    else
        LOTS_TRY(lots_group_ints(batch, batch->kept, (const int64_t **)&values, err));
    LOTS_TRY(lots_vec_append(&state->values, values, places, err));
    return feed_owners(state, runs, places, err);
}

/* The rows of a group are looked at at one time: a subtotal over several has none. */
static void place_at(lots_group_cell *cell, int64_t at)
{
    cell->hits += cell->count > 0 && cell->extreme != at ? 1 : 0;
    cell->extreme = at;
    cell->count++;
}

/* A row without a time, a known end or a place on the curve takes no part, nor one whose time is below 0. */
static lots_status feed_followed(lots_group_state *state, lots_group_batch *batch, lots_error *err)
{
    for (uint32_t row = 0; row < batch->rows; row++) {
        bool placed = batch->at == NULL || !lots_vector_is_missing(batch->at, row);
        if (!counts(batch, row) || !placed || lots_vector_is_missing(batch->exit, row))
            continue;
        int64_t time = int_at(batch->value, row);
        if (time < 0) {
            state->negative = true;
            continue;
        }
        if (time > LOTS_FOLLOWED_MAX)
            return lots_ast_fail(err, state->agg->value->span, "a time is above %lld here", (long long)LOTS_FOLLOWED_MAX);
        place_at(&LOTS_AT(lots_group_cell, &state->cells, lots_group_name(batch, batch->group[row])), batch->at != NULL ? int_at(batch->at, row) : 0);
        int64_t followed = lots_followed(time, (lots_exit)int_at(batch->exit, row));
        LOTS_TRY(lots_vec_push(&state->values, &followed, err));
        const uint32_t owner = lots_group_name(batch, batch->group[row]);
        LOTS_TRY(lots_vec_push(&state->owners, &owner, err));
    }
    return LOTS_OK;
}

static lots_status better_text(lots_group_state *state, lots_group_cell *cell, const lots_vector *value, uint32_t row,
                               lots_error *err)
{
    if (cell->count > 0) {
        uint64_t end = LOTS_AT(uint64_t, &state->texts.values, (size_t)cell->extreme);
        uint64_t start = cell->extreme == 0 ? 0 : LOTS_AT(uint64_t, &state->texts.values, (size_t)cell->extreme - 1);
        const lots_text *text = &((const lots_text *)value->data)[value->constant ? 0 : row];
        size_t shorter = end - start < text->bytes ? end - start : text->bytes;
        int order = shorter == 0 ? 0 : memcmp(text->text, state->texts.text.data + start, shorter);
        order = order != 0 ? order : text->bytes < end - start ? -1 : text->bytes > end - start;
        if (state->agg->kind == LOTS_AGG_MIN ? order >= 0 : order <= 0)
            return LOTS_OK;
    }
    LOTS_TRY(lots_collected_append_row(&state->texts, value, row, err));
    cell->extreme = (int64_t)state->texts.count - 1;
    return LOTS_OK;
}

static void better_number(const lots_group_state *state, lots_group_cell *cell, const lots_vector *value, uint32_t row)
{
    bool least = state->agg->kind == LOTS_AGG_MIN;
    if (is_float(state->agg)) {
        double x = float_at(value, row);
        if (cell->count == 0 || (least ? x < cell->sum : x > cell->sum))
            cell->sum = x;
    } else {
        int64_t x = int_at(value, row);
        if (cell->count == 0 || (least ? x < cell->extreme : x > cell->extreme))
            cell->extreme = x;
    }
}

static lots_status feed_extremes(lots_group_state *state, lots_group_batch *batch, lots_error *err)
{
    for (uint32_t row = 0; row < batch->rows; row++) {
        if (!counts(batch, row))
            continue;
        lots_group_cell *cell = &LOTS_AT(lots_group_cell, &state->cells, lots_group_name(batch, batch->group[row]));
        if (is_text(state->agg))
            LOTS_TRY(better_text(state, cell, batch->value, row, err));
        else
            better_number(state, cell, batch->value, row);
        cell->count++;
    }
    return LOTS_OK;
}

/* The group of each value that counts, and where among the vector's values (of sets: elements) it is. */
static uint32_t list_values(lots_group_batch *batch, int64_t *groups, uint32_t *places)
{
    const lots_vector *value = batch->value;
    const bool sets = value->type.kind == LOTS_TYPE_SET;
    uint32_t listed = 0;
    for (uint32_t row = 0; row < batch->rows; row++) {
        const uint32_t at = value->constant ? 0 : row;
        if (!counts(batch, row))
            continue;
        const uint32_t first = sets ? value->offsets[at] : at, end = sets ? value->offsets[at + 1] : at + 1;
        for (uint32_t i = first; i < end; i++) {
            groups[listed] = lots_group_name(batch, batch->group[row]);
            places[listed++] = i;
        }
    }
    return listed;
}

static uint64_t most_values(const lots_group_batch *batch)
{
    const lots_vector *value = batch->value;
    if (value->type.kind != LOTS_TYPE_SET)
        return batch->rows;
    return value->constant ? (uint64_t)batch->rows * value->offsets[1] : value->offsets[batch->rows];
}

/* Number the pairs of group and value; each new one is one more for its group. */
static lots_status add_distinct(lots_group_state *state, lots_arena *arena, const lots_vector keys[2], lots_error *err)
{
    uint32_t *numbers = NULL;
    const uint32_t before = state->distinct.count;
    LOTS_TRY(lots_new_u32(arena, keys[0].count, &numbers, err));
    LOTS_TRY(lots_keyer_number(&state->distinct, keys, keys[0].count, numbers, err));
    for (uint32_t i = before; i < state->distinct.count; i++)
        LOTS_AT(lots_group_cell, &state->cells, (size_t)LOTS_AT(int64_t, &state->distinct.columns[0].values, i)).count++;
    return LOTS_OK;
}

static lots_status feed_distinct(lots_group_state *state, lots_group_batch *batch, lots_error *err)
{
    const lots_type whole = {.kind = LOTS_TYPE_INT};
    int64_t *groups = NULL;
    uint32_t *places = NULL;
    lots_vector plain = *batch->value, keys[2];
    const uint64_t most = most_values(batch);
    if (most >= LOTS_NO_ID)
        return lots_fail(err, LOTS_LIMIT, "%llu values to tell apart in one batch", (unsigned long long)most);
    LOTS_TRY(lots_new_i64(batch->arena, (size_t)most, &groups, err));
    LOTS_TRY(lots_new_u32(batch->arena, (size_t)most, &places, err));
    const uint32_t listed = list_values(batch, groups, places);
    plain.type = state->distinct.columns[1].type;
    plain.missing = NULL;
    plain.constant = false;
    keys[0] = (lots_vector){.type = whole, .count = listed, .data = groups};
    LOTS_TRY(lots_vector_take(batch->arena, &plain, places, listed, &keys[1], err));
    return add_distinct(state, batch->arena, keys, err);
}

lots_status lots_group_state_feed(lots_group_state *state, lots_group_batch *batch, lots_error *err)
{
    lots_row_agg_kind kind = state->agg->kind;
    if (lots_row_agg_follows(state->agg))
        return feed_followed(state, batch, err);
    if (collects(kind))
        return state->twin != NULL ? LOTS_OK : feed_values(state, batch, err);
    switch (kind) {
    case LOTS_AGG_COUNT:
    case LOTS_AGG_PATIENTS:
    case LOTS_AGG_RATE: return feed_counts(state, batch, err);
    case LOTS_AGG_SD: return lots_deviation_feed(state, batch, err);
    case LOTS_AGG_MIN:
    case LOTS_AGG_MAX: return feed_extremes(state, batch, err);
    case LOTS_AGG_COUNT_DISTINCT: return feed_distinct(state, batch, err);
    default: return feed_sums(state, batch, err);
    }
}

/* ---- joining ---- */

static lots_status join_extreme(lots_group_state *state, lots_group_cell *cell, const lots_group_state *from,
                                const lots_group_cell *more, lots_error *err)
{
    if (more->count == 0)
        return LOTS_OK;
    int64_t whole = more->extreme;
    double fraction = more->sum;
    lots_text text = {NULL, 0};
    lots_vector one = {.type = state->agg->value->type, .count = 1, .constant = true, .data = &whole};
    if (is_text(state->agg)) {
        size_t at = (size_t)more->extreme;
        uint64_t end = LOTS_AT(uint64_t, &from->texts.values, at);
        uint64_t start = at == 0 ? 0 : LOTS_AT(uint64_t, &from->texts.values, at - 1);
        text.text = end == start ? "" : (const char *)from->texts.text.data + start;
        text.bytes = (uint32_t)(end - start);
        one.data = &text;
        LOTS_TRY(better_text(state, cell, &one, 0, err));
    } else {
        if (is_float(state->agg))
            one.data = &fraction;
        else
            one.type.kind = LOTS_TYPE_INT; /* the cell holds it as one, whatever it was */
        better_number(state, cell, &one, 0);
    }
    cell->count += more->count;
    return LOTS_OK;
}

static lots_status join_distinct(lots_group_state *state, const lots_group_state *from, const uint32_t *map,
                                 lots_error *err)
{
    lots_arena arena;
    lots_vector keys[2];
    lots_arena_init(&arena, 0);
    lots_status status = lots_collected_vector(&from->distinct.columns[0], &arena, &keys[0], err);
    if (status == LOTS_OK)
        status = lots_collected_vector(&from->distinct.columns[1], &arena, &keys[1], err);
    for (uint32_t i = 0; status == LOTS_OK && i < keys[0].count; i++)
        ((int64_t *)keys[0].data)[i] = map[((int64_t *)keys[0].data)[i]];
    if (status == LOTS_OK)
        status = add_distinct(state, &arena, keys, err);
    lots_arena_free(&arena);
    return status;
}

static lots_status join_collected(lots_group_state *state, const lots_group_state *from, const uint32_t *map,
                                  lots_error *err)
{
    void *room = NULL;
    const size_t count = from->values.count, unnamed = state->values.count - state->owners.count;
    if (count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_vec_append(&state->values, from->values.data, count, err));
    if (state->owners.count == 0 && from->owners.count == 0 && map[0] == 0)
        return LOTS_OK;
    LOTS_TRY(lots_vec_extend(&state->owners, unnamed + count, &room, err));
    uint32_t *owners = (uint32_t *)room + unnamed;
    for (size_t i = 0; i < count; i++)
        owners[i] = map[i < from->owners.count ? LOTS_AT(uint32_t, &from->owners, i) : 0];
    return LOTS_OK;
}

static lots_status join_values(lots_group_state *state, const lots_group_state *from, const uint32_t *map,
                               lots_error *err)
{
    state->negative = state->negative || from->negative;
    for (size_t g = 0; g < from->cells.count; g++) {
        const lots_group_cell *more = &LOTS_AT(lots_group_cell, &from->cells, g);
        if (more->count == 0)
            continue;
        LOTS_AT(lots_group_cell, &state->cells, map[g]).hits += more->hits;
        place_at(&LOTS_AT(lots_group_cell, &state->cells, map[g]), more->extreme);
    }
    return state->twin != NULL ? LOTS_OK : join_collected(state, from, map, err);
}

lots_status lots_group_state_join(lots_group_state *state, const lots_group_state *from, const uint32_t *map,
                                  lots_error *err)
{
    lots_row_agg_kind kind = state->agg->kind;
    if (kind == LOTS_AGG_COUNT_DISTINCT)
        return join_distinct(state, from, map, err);
    if (collects(kind) || lots_row_agg_follows(state->agg))
        return join_values(state, from, map, err);
    LOTS_TRY(join_float(state, &state->whole, from, &from->whole, err));
    add_wide(&state->whole, get_wide(&from->whole));
    for (size_t g = 0; g < from->cells.count; g++) {
        lots_group_cell *cell = &LOTS_AT(lots_group_cell, &state->cells, map[g]);
        const lots_group_cell *more = &LOTS_AT(lots_group_cell, &from->cells, g);
        if (kind == LOTS_AGG_SD) {
            LOTS_TRY(lots_deviation_join(state, cell, from, more, err));
        } else if (kind == LOTS_AGG_MIN || kind == LOTS_AGG_MAX) {
            LOTS_TRY(join_extreme(state, cell, from, more, err));
        } else {
            cell->count += more->count;
            cell->hits += more->hits;
            LOTS_TRY(join_float(state, cell, from, more, err));
            add_wide(cell, get_wide(more));
        }
    }
    return LOTS_OK;
}
