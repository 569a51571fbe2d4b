/* group_result.c: from states to values. See group_state.h. */
#include <math.h>
#include <string.h>

#include "core/base/exact.h"
#include "query/exec/group_deviation.h"
#include "query/exec/number_sort.h"
#include "query/exec/share.h"
#include "query/exec/survival.h"

__extension__ typedef __int128 wide;

static wide wide_of(const lots_group_cell *cell)
{
    __extension__ unsigned __int128 bits = ((unsigned __int128)cell->high << 64) | cell->low;
    return (wide)bits;
}

static double scale_of(const lots_type *type)
{
    double scale = 1;
    for (unsigned i = 0; type->kind == LOTS_TYPE_DECIMAL && i < type->scale; i++)
        scale *= 10;
    return scale;
}

static lots_status put_missing(lots_vector *out, uint32_t group, lots_arena *arena, lots_error *err)
{
    LOTS_TRY(lots_vector_want_missing(arena, out, err));
    lots_bit_set(out->missing, group);
    return LOTS_OK;
}

static lots_status put_float(lots_vector *out, uint32_t group, bool known, double x, lots_arena *arena, lots_error *err)
{
    known = known && isfinite(x);
    ((double *)out->data)[group] = known ? x : 0;
    return known ? LOTS_OK : put_missing(out, group, arena, err);
}

/* All that was added, where two doubles don't hold it. */
static bool spilled_sum(const lots_group_state *state, const lots_group_cell *cell, lots_exact *all)
{
    if (cell->spilled == 0)
        return false;
    *all = LOTS_AT(lots_exact, &state->exact, cell->spilled - 1);
    lots_limbs_add(all->limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, cell->sum);
    lots_limbs_add(all->limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, cell->rest);
    return true;
}

static lots_status float_sum(const lots_group_state *state, const lots_group_cell *cell, double *out, lots_error *err)
{
    lots_exact all;
    *out = spilled_sum(state, cell, &all) ? lots_limbs_round(all.limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW) : cell->sum + cell->rest;
    if (!isfinite(*out))
        return lots_ast_fail(err, state->agg->value->span, "this sum is too large for a float");
    return LOTS_OK;
}

static lots_status put_sum(const lots_group_state *state, const lots_group_cell *cell, uint32_t group, lots_vector *out,
                           lots_arena *arena, lots_error *err)
{
    double real = 0;
    if (out->type.kind == LOTS_TYPE_FLOAT) {
        LOTS_TRY(float_sum(state, cell, &real, err));
        return put_float(out, group, true, real, arena, err);
    }
    wide sum = wide_of(cell);
    if (sum > INT64_MAX || sum < INT64_MIN)
        return lots_ast_fail(err, state->agg->value->span, "this sum does not fit in 64 bits");
    ((int64_t *)out->data)[group] = (int64_t)sum;
    return LOTS_OK;
}

static lots_status sum_of(const lots_group_state *state, const lots_group_cell *cell, double *out, lots_error *err)
{
    if (state->agg->value->type.kind == LOTS_TYPE_FLOAT)
        return float_sum(state, cell, out, err);
    *out = (double)((long double)wide_of(cell) / (long double)scale_of(&state->agg->value->type));
    return LOTS_OK;
}

static double mean_of(const lots_group_state *state, const lots_group_cell *cell)
{
    const lots_type *type = &state->agg->value->type;
    lots_exact all;
    if (type->kind != LOTS_TYPE_FLOAT)
        return lots_decimal_mean((const uint64_t[]){cell->low, cell->high}, type->kind == LOTS_TYPE_DECIMAL ? type->scale : 0,
                                 cell->count);
    if (spilled_sum(state, cell, &all))
        return lots_limbs_mean(all.limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, cell->count);
    return lots_exact_mean(cell->sum, cell->rest, cell->count);
}

static lots_status put_extreme(const lots_group_state *state, const lots_group_cell *cell, uint32_t group,
                               lots_vector *out, lots_arena *arena, lots_error *err)
{
    if (cell->count == 0) {
        if (out->type.kind == LOTS_TYPE_TEXT)
            ((lots_text *)out->data)[group] = (lots_text){"", 0};
        return put_missing(out, group, arena, err);
    }
    switch (out->type.kind) {
    case LOTS_TYPE_FLOAT: ((double *)out->data)[group] = cell->sum; break;
    case LOTS_TYPE_DATE: ((int32_t *)out->data)[group] = (int32_t)cell->extreme; break;
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE: ((uint32_t *)out->data)[group] = (uint32_t)cell->extreme; break;
    case LOTS_TYPE_BOOL:
        if (cell->extreme != 0)
            lots_bit_set(out->data, group);
        break;
    case LOTS_TYPE_TEXT: {
        size_t at = (size_t)cell->extreme;
        uint64_t end = LOTS_AT(uint64_t, &state->texts.values, at);
        uint64_t start = at == 0 ? 0 : LOTS_AT(uint64_t, &state->texts.values, at - 1);
        char *copy = NULL;
        LOTS_TRY(lots_arena_text(arena, &copy, end == start ? "" : (const char *)state->texts.text.data + start,
                                 end - start, err));
        ((lots_text *)out->data)[group] = (lots_text){copy, (uint32_t)(end - start)};
        break;
    }
    default: ((int64_t *)out->data)[group] = cell->extreme;
    }
    return LOTS_OK;
}

static lots_status put_cell(const lots_group_state *state, const lots_group_cell *cell, uint32_t group, lots_vector *out,
                            lots_arena *arena, lots_error *err)
{
    double sum = 0, whole = 0;
    switch (state->agg->kind) {
    case LOTS_AGG_COUNT:
    case LOTS_AGG_PATIENTS:
    case LOTS_AGG_COUNT_DISTINCT: ((int64_t *)out->data)[group] = (int64_t)cell->count; return LOTS_OK;
    case LOTS_AGG_SUM: return put_sum(state, cell, group, out, arena, err);
    case LOTS_AGG_MEAN: return put_float(out, group, cell->count > 0, cell->count > 0 ? mean_of(state, cell) : 0, arena, err);
    case LOTS_AGG_RATE:
        return put_float(out, group, cell->count > 0, (double)cell->hits / (double)cell->count, arena, err);
    case LOTS_AGG_SD:
        return put_float(out, group, cell->count > 1,
                         cell->count > 1 ? lots_deviation_of(state, cell) / scale_of(&state->agg->value->type) : 0, arena, err);
    case LOTS_AGG_SHARE:
        LOTS_TRY(sum_of(state, cell, &sum, err));
        LOTS_TRY(sum_of(state, &state->whole, &whole, err));
        return put_float(out, group, whole != 0, sum / whole, arena, err);
    default: return put_extreme(state, cell, group, out, arena, err);
    }
}

/* ---- aggregates over collected values ---- */

static bool collects_floats(const lots_group_state *state)
{
    return !lots_row_agg_follows(state->agg) && state->agg->value->type.kind == LOTS_TYPE_FLOAT;
}

static bool over_ints(const lots_row_agg *agg, const int64_t *values, uint64_t count, const lots_share_sums *sums, double *out)
{
    switch (agg->kind) {
    case LOTS_AGG_GINI: return lots_gini_ints(values, count, sums, out);
    case LOTS_AGG_TOP_SHARE: return lots_top_share_ints(values, count, sums->all, agg->parameter, out);
    case LOTS_AGG_LORENZ_SHARE: return lots_lorenz_share_ints(values, count, sums->all, agg->parameter, out);
    default: break;
    }
    bool known = lots_quantile_ints(values, count, agg->kind == LOTS_AGG_MEDIAN ? 0.5 : agg->parameter, out);
    *out /= scale_of(&agg->value->type);
    return known;
}

static bool over_floats(const lots_row_agg *agg, const double *values, uint64_t count, double *out)
{
    switch (agg->kind) {
    case LOTS_AGG_GINI: return lots_gini_floats(values, count, out);
    case LOTS_AGG_TOP_SHARE: return lots_top_share_floats(values, count, agg->parameter, out);
    case LOTS_AGG_LORENZ_SHARE: return lots_lorenz_share_floats(values, count, agg->parameter, out);
    default: return lots_quantile_floats(values, count, agg->kind == LOTS_AGG_MEDIAN ? 0.5 : agg->parameter, out);
    }
}

static lots_status put_followed(lots_group_state *state, int64_t *values, uint64_t count, uint32_t group,
                                lots_vector *out, lots_arena *arena, lots_error *err)
{
    double x = 0;
    int64_t at = LOTS_AT(lots_group_cell, &state->cells, group).extreme;
    if (LOTS_AT(lots_group_cell, &state->cells, group).hits > 0)
        return put_float(out, group, false, 0, arena, err);
    if (state->agg->kind == LOTS_AGG_KM_QUANTILE) {
        int64_t *time = &((int64_t *)out->data)[group];
        if (lots_km_quantile(values, count, state->agg->parameter, time))
            return LOTS_OK;
        *time = 0;
        return put_missing(out, group, arena, err);
    }
    bool known = state->agg->kind == LOTS_AGG_KM ? lots_km(values, count, at, &x) : lots_cif(values, count, at, &x);
    state->beyond = state->beyond || (count > 0 && !known);
    return put_float(out, group, known, x, arena, err);
}

/* `from`: who has the values. */
static lots_status put_collected(lots_group_state *state, const lots_group_state *from, uint32_t group, lots_vector *out,
                                 lots_arena *arena, lots_error *err)
{
    const uint64_t count = from->starts[group + 1] - from->starts[group];
    int64_t *values = (int64_t *)from->sorted + from->starts[group];
    double x = 0;
    if (lots_row_agg_follows(state->agg))
        return put_followed(state, values, count, group, out, arena, err);
    const bool known = collects_floats(state)
                           ? over_floats(state->agg, (const double *)(const void *)values, count, &x)
                           : over_ints(state->agg, values, count, from->sums != NULL ? &from->sums[group] : NULL, &x);
    return put_float(out, group, known, x, arena, err);
}

/* Counting sort of the values by their group; those of one group are where they were collected. */
static lots_status place_collected(lots_group_state *state, uint32_t groups, lots_arena *arena, lots_error *err)
{
    const size_t count = state->values.count, unnamed = count - state->owners.count;
    const uint32_t *owners = state->owners.data;
    const int64_t *values = state->values.data;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &made, (size_t)groups + 2, sizeof(size_t), err));
    size_t *starts = state->starts = made;
    for (uint32_t g = 0; g < groups && unnamed == count; g++)
        starts[g + 1] = count;
    state->sorted = state->values.data;
    if (unnamed == count)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &made, count, sizeof(int64_t), err));
    state->sorted = made;
    for (size_t i = 0; i < count; i++)
        starts[owners[i] + 2]++;
    for (uint32_t g = 0; g < groups; g++)
        starts[g + 2] += starts[g + 1];
    for (size_t i = 0; i < count; i++)
        ((int64_t *)made)[starts[owners[i] + 1]++] = values[i];
    return LOTS_OK;
}

static bool is_share(lots_row_agg_kind kind)
{
    return kind == LOTS_AGG_GINI || kind == LOTS_AGG_TOP_SHARE || kind == LOTS_AGG_LORENZ_SHARE;
}

enum { MANY = 65536 }; /* values that all threads work on */

typedef struct arranging {
    const lots_group_state *state;
    bool sort, sums; /* what is to be done */
} arranging;

static uint64_t count_of(const lots_group_state *state, size_t group) { return state->starts[group + 1] - state->starts[group]; }

static lots_status arrange_group(const arranging *what, size_t group, lots_pool *pool, lots_error *err)
{
    const lots_group_state *state = what->state;
    int64_t *values = (int64_t *)state->sorted + state->starts[group];
    if (what->sort)
        LOTS_TRY(lots_sort_shared(values, count_of(state, group), collects_floats(state), pool, err));
    return what->sums ? lots_share_sums_of(values, count_of(state, group), pool, &state->sums[group], err) : LOTS_OK;
}

static lots_status arrange_small(void *context, size_t group, unsigned worker, lots_error *err)
{
    const arranging *what = context;
    (void)worker;
    return count_of(what->state, group) < MANY ? arrange_group(what, group, NULL, err) : LOTS_OK;
}

/* What of the values is needed, once for all who share them. Large groups by all threads, the others each by one. */
static lots_status arrange_collected(lots_group_state *from, bool sums, uint32_t groups, lots_pool *pool, lots_arena *arena,
                                     lots_error *err)
{
    arranging what = {from, from->starts == NULL, sums && from->sums == NULL};
    void *made = NULL;
    if (what.sort)
        LOTS_TRY(place_collected(from, groups, arena, err));
    if (what.sums)
        LOTS_TRY(lots_arena_alloc(arena, &made, groups, sizeof *from->sums, err));
    from->sums = what.sums ? made : from->sums;
    if (!what.sort && !what.sums)
        return LOTS_OK;
    for (uint32_t g = 0; g < groups; g++)
        if (count_of(from, g) >= MANY)
            LOTS_TRY(arrange_group(&what, g, pool, err));
    if (pool != NULL && from->values.count >= MANY)
        return lots_pool_run(pool, groups, arrange_small, &what, NULL, err);
    for (uint32_t g = 0; g < groups; g++)
        LOTS_TRY(arrange_small(&what, g, 0, err));
    return LOTS_OK;
}

/* Each group by itself. */
static lots_status collected_result(lots_group_state *state, uint32_t groups, lots_pool *pool, lots_arena *arena, lots_vector *out,
                                    lots_error *err)
{
    lots_group_state *from = state->twin != NULL ? state->twin : state;
    LOTS_TRY(arrange_collected(from, is_share(state->agg->kind) && !collects_floats(state), groups, pool, arena, err));
    for (uint32_t g = 0; g < groups; g++)
        LOTS_TRY(put_collected(state, from, g, out, arena, err));
    return LOTS_OK;
}

lots_status lots_group_state_result(lots_group_state *state, uint32_t groups, lots_pool *pool, lots_arena *arena,
                                    lots_vector *out, lots_error *err)
{
    lots_row_agg_kind kind = state->agg->kind;
    LOTS_TRY(lots_group_state_grow(state, groups, err));
    LOTS_TRY(lots_vector_new(arena, &state->agg->type, groups, out, err));
    if (kind == LOTS_AGG_MEDIAN || kind == LOTS_AGG_QUANTILE || is_share(kind) || lots_row_agg_follows(state->agg))
        return collected_result(state, groups, pool, arena, out, err);
    for (uint32_t g = 0; g < groups; g++)
        LOTS_TRY(put_cell(state, &LOTS_AT(lots_group_cell, &state->cells, g), g, out, arena, err));
    return LOTS_OK;
}
