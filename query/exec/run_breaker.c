/* run_breaker.c: stages that must see all rows at once (top, sort, limit, ranks), on values already computed, and what they
 * say of themselves in notes. See run_inner.h. */
#include <stdio.h>
#include <string.h>

#include "core/base/day.h"
#include "query/exec/run_inner.h"
#include "query/exec/top.h"

static lots_status number_strata(run *r, const lots_vector *per, uint32_t per_count, uint32_t rows, uint32_t **out,
                                 uint32_t *strata, lots_error *err)
{
    lots_type types[LOTS_TOP_KEYS_MAX];
    lots_keyer keyer;
    void *made = NULL;
    *out = NULL;
    *strata = 1;
    if (per_count == 0)
        return LOTS_OK;
    if (per_count > LOTS_TOP_KEYS_MAX)
        return lots_fail(err, LOTS_LIMIT, "more than %u keys in `per`", LOTS_TOP_KEYS_MAX);
    for (uint32_t i = 0; i < per_count; i++)
        types[i] = per[i].type;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, rows, sizeof(uint32_t), err));
    lots_status status = lots_keyer_open(&keyer, types, per_count, err);
    if (status == LOTS_OK)
        status = lots_keyer_number(&keyer, per, rows, made, err);
    *out = made;
    *strata = keyer.count == 0 ? 1 : keyer.count;
    lots_keyer_close(&keyer);
    return status;
}

static void threshold_text(const lots_expr *by, int64_t key, char out[96])
{
    if (by->type.kind == LOTS_TYPE_FLOAT) {
        snprintf(out, 96, "%.6g", lots_f64_from_key(key));
    } else if (by->type.kind == LOTS_TYPE_DATE) {
        lots_day_format((lots_day)key, out);
    } else if (by->type.kind == LOTS_TYPE_DECIMAL && by->type.scale > 0) {
        long long one = 1;
        for (unsigned i = 0; i < by->type.scale; i++)
            one *= 10;
        long long whole = key / one, part = key % one;
        snprintf(out, 96, "%s%lld.%0*lld", key < 0 && whole == 0 ? "-" : "", whole, (int)(by->type.scale % 19u),
                 part < 0 ? -part : part);
    } else {
        snprintf(out, 96, "%lld", (long long)key);
    }
}

/* How many distinct persons have rows that are kept (`kept`) or not; no more than `most` are counted. */
static lots_status count_persons(run *r, const uint64_t *keep, bool kept, uint32_t most, uint32_t *out, lots_error *err)
{
    void *made = NULL;
    *out = 0;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, lots_bit_words(lots_registry_patients(r->query->registry)) + 1,
                              sizeof(uint64_t), err));
    for (uint32_t row = 0; *out < most && row < r->rows.count; row++) {
        const lots_patient patient = r->rows.patient[row];
        if (lots_bit_get(keep, row) != kept || lots_bit_get(made, patient))
            continue;
        lots_bit_set(made, patient);
        ++*out;
    }
    return LOTS_OK;
}

/* On the way to aggregates the rows stay unseen: then the note may not tell of fewer than min_cell persons either, neither
 * of those kept nor of those left. */
static lots_status tells_too_much(run *r, const uint64_t *keep, bool *out, lots_error *err)
{
    uint32_t kept = 0, left = 0, least = r->options->min_cell;
    *out = false;
    if (least == 0 || !r->pipeline->aggregated || r->rows.patient == NULL)
        return LOTS_OK;
    LOTS_TRY(count_persons(r, keep, true, least, &kept, err));
    LOTS_TRY(count_persons(r, keep, false, least, &left, err));
    *out = (kept > 0 && kept < least) || (left > 0 && left < least);
    return LOTS_OK;
}

static lots_status note_top(run *r, const lots_bound_stage *stage, const uint64_t *keep, const lots_top_kept *kept,
                            lots_error *err)
{
    char text[512], threshold[96] = "";
    bool hidden = false;
    LOTS_TRY(tells_too_much(r, keep, &hidden, err));
    if (hidden) {
        snprintf(text, sizeof text, "%s: how many were kept and from where is hidden: they or the others are fewer than %u",
                 stage->top.bottom ? "bottom" : "top", r->options->min_cell);
        return run_note(r, err, text);
    }
    if (kept->strata == 1 && kept->kept > 0)
        threshold_text(stage->top.by, kept->threshold, threshold);
    snprintf(text, sizeof text, "%s kept %llu of %llu rows with a value%s%s", stage->top.bottom ? "bottom" : "top",
             (unsigned long long)kept->kept, (unsigned long long)kept->rows,
             threshold[0] == '\0' ? "" : stage->top.bottom ? ": those up to " : ": those from ", threshold);
    LOTS_TRY(run_note(r, err, text));
    if (kept->kept * 2 < kept->wanted * 3 || kept->wanted == 0)
        return LOTS_OK;
    snprintf(text, sizeof text, "warning: %llu were asked for; ties with the last make it %llu",
             (unsigned long long)kept->wanted, (unsigned long long)kept->kept);
    return run_note(r, err, text);
}

/* The strata of the top whose `per` is `values`, unless the pass has numbered them. */
static lots_status strata_of(run *r, const run_ranked *ranked, uint32_t at, const lots_top *top, const lots_vector *per,
                             uint32_t **stratum, uint32_t *strata, lots_error *err)
{
    if (ranked->stratum == NULL || ranked->stratum[at] == NULL)
        return number_strata(r, per, top->per_count, r->rows.count, stratum, strata, err);
    *stratum = ranked->stratum[at];
    *strata = ranked->strata[at];
    return LOTS_OK;
}

static lots_status apply_top(run *r, const lots_bound_stage *stage, const run_ranked *ranked, lots_error *err)
{
    uint32_t *stratum = NULL, strata = 1;
    uint64_t *keep = NULL;
    lots_top_kept kept;
    LOTS_TRY(strata_of(r, ranked, 0, &stage->top, ranked->values + 1, &stratum, &strata, err));
    LOTS_TRY(lots_top_select(&stage->top, &ranked->values[0], stratum, strata, r->options->pool, &r->arena, &keep, &kept, err));
    LOTS_TRY(note_top(r, stage, keep, &kept, err));
    return lots_rowset_filter(&r->rows, keep, &r->arena, err);
}

/* What ranks a hidden value is missing since that is hidden. */
static lots_status mark_ranks(run *r, const lots_row_function *function, lots_error *err)
{
    lots_vector *marks = &r->rows.marks[function->slot];
    LOTS_TRY(run_marks_of(r, function->top.by, &r->rows.slots[function->slot], marks, err));
    for (uint32_t row = 0; row < r->rows.count; row++)
        if (((int64_t *)marks->data)[row] == LOTS_MARK_SMALL)
            ((int64_t *)marks->data)[row] = LOTS_MARK_WITHHELD;
    return LOTS_OK;
}

/* Is it among the top? Missing is what has no value. */
static lots_status fill_top(run *r, const lots_row_function *function, const lots_vector *by, const uint32_t *stratum,
                            uint32_t strata, lots_error *err)
{
    uint64_t *keep = NULL;
    lots_top_kept kept;
    lots_vector flat;
    LOTS_TRY(lots_top_select(&function->top, by, stratum, strata, r->options->pool, &r->arena, &keep, &kept, err));
    LOTS_TRY(lots_vector_flatten(&r->arena, by, &flat, err));
    r->rows.slots[function->slot] =
        (lots_vector){.type = function->type, .count = flat.count, .data = keep, .missing = flat.missing};
    return LOTS_OK;
}

static lots_status apply_functions(run *r, const lots_bound_stage *stage, const run_ranked *ranked, lots_error *err)
{
    const lots_vector *values = ranked->values;
    for (uint32_t i = 0; i < stage->function_count; i++) {
        const lots_row_function *function = &stage->functions[i];
        uint32_t *stratum = NULL, strata = 1;
        LOTS_TRY(strata_of(r, ranked, i, &function->top, values + 1, &stratum, &strata, err));
        if (function->kind == LOTS_ROW_TOP)
            LOTS_TRY(fill_top(r, function, values, stratum, strata, err));
        else
            LOTS_TRY(lots_rank_rows(function->kind == LOTS_ROW_PERCENTILE, values, stratum, strata, r->options->pool,
                                    &r->arena, &r->rows.slots[function->slot], err));
        if (r->rows.marks != NULL)
            LOTS_TRY(mark_ranks(r, function, err));
        values += 1 + function->top.per_count;
    }
    return LOTS_OK;
}

static lots_status apply_limit(run *r, const lots_bound_stage *stage, lots_error *err)
{
    void *made = NULL;
    if ((uint64_t)stage->limit >= r->rows.count)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)stage->limit, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < (uint32_t)stage->limit; i++)
        ((uint32_t *)made)[i] = i;
    return lots_rowset_permute(&r->rows, made, (uint32_t)stage->limit, &r->arena, err);
}

lots_status run_apply_breaker(run *r, const lots_bound_stage *stage, const run_ranked *ranked, lots_error *err)
{
    static const lots_vector none; /* limit ranks by nothing */
    LOTS_TRY(run_observe(r, (uint32_t)(stage - r->pipeline->stages), false, ranked->values != NULL ? ranked->values : &none,
                         err));
    switch (stage->kind) {
    case LOTS_STAGE_TOP: return apply_top(r, stage, ranked, err);
    case LOTS_STAGE_FUNCTIONS: return apply_functions(r, stage, ranked, err);
    case LOTS_STAGE_SORT: return run_apply_sort(r, stage, ranked->values, err);
    case LOTS_STAGE_LIMIT: return apply_limit(r, stage, err);
    default: return LOTS_OK;
    }
}
