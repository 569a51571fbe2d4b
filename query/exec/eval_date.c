/* eval_date.c: days, calendar units and intervals. Open ends of intervals are LOTS_DAY_MIN and LOTS_DAY_MAX. */
#include <string.h>

#include "core/base/day.h"
#include "query/exec/step.h"

static bool row_missing(const lots_vector *out, uint32_t row)
{
    return out->missing != NULL && lots_bit_get(out->missing, row);
}

static bool day_fits(int64_t day) { return day >= LOTS_DAY_MIN && day <= LOTS_DAY_MAX; }

/* ---- date + duration ---- */

static bool add_duration(lots_op op, lots_day day, int64_t amount, lots_day *out)
{
    if (op == LOTS_OP_ADD_MONTHS)
        return lots_day_add_months(day, amount, out);
    int64_t sum;
    if (__builtin_add_overflow((int64_t)day, amount, &sum) || !day_fits(sum))
        return false;
    *out = (lots_day)sum;
    return true;
}

static lots_status eval_shift(const lots_step *step, lots_vector *out, lots_error *err)
{
    const int32_t *days = step->in[0].data;
    const int64_t *amounts = step->in[1].data;
    int32_t *values = out->data;
    for (uint32_t i = 0; i < step->count; i++) {
        values[i] = 0;
        if (!row_missing(out, i) && !add_duration(step->expr->op, days[i], amounts[i], &values[i]))
            LOTS_TRY(lots_step_fail_row(step, out, i, err));
    }
    return LOTS_OK;
}

/* ---- two dates → number ---- */

static int64_t between(lots_op op, lots_day a, lots_day b)
{
    switch (op) {
    case LOTS_OP_DAYS_BETWEEN:
        return (int64_t)b - a;
    case LOTS_OP_WHOLE_WEEKS:
        return ((int64_t)b - a) / 7;
    case LOTS_OP_WHOLE_MONTHS:
        return lots_day_months_between(a, b);
    default: /* WHOLE_YEARS, AGE */
        return lots_day_years_between(a, b);
    }
}

static lots_status eval_between(const lots_step *step, lots_vector *out, lots_error *err)
{
    const int32_t *a = step->in[0].data, *b = step->in[1].data;
    int64_t *values = out->data;
    for (uint32_t i = 0; i < step->count; i++) {
        values[i] = 0;
        if (row_missing(out, i))
            continue;
        if (step->expr->op == LOTS_OP_AGE && b[i] < a[i]) {
            LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
            lots_bit_set(out->missing, i);
        } else {
            values[i] = between(step->expr->op, a[i], b[i]);
        }
    }
    return LOTS_OK;
}

/* ---- parts of a date ---- */

static int64_t part_of(lots_op op, lots_day day)
{
    if (op == LOTS_OP_WEEKDAY)
        return lots_day_weekday(day);
    const lots_civil civil = lots_day_to_civil(day);
    return op == LOTS_OP_YEAR ? civil.year : op == LOTS_OP_MONTH ? civil.month : civil.day;
}

static void period_of(lots_op op, lots_day day, int32_t *first, int32_t *last)
{
    if (op == LOTS_OP_WEEK_OF) {
        *first = lots_day_week_start(day);
        *last = *first + 6;
        return;
    }
    const lots_civil civil = lots_day_to_civil(day);
    const int32_t quarter = (civil.month - 1) / 3 * 3 + 1;
    const int32_t from = op == LOTS_OP_YEAR_OF ? 1 : op == LOTS_OP_QUARTER_OF ? quarter : civil.month;
    const int32_t to = op == LOTS_OP_YEAR_OF ? 12 : op == LOTS_OP_QUARTER_OF ? quarter + 2 : civil.month;
    *first = lots_day_from_civil(civil.year, from, 1);
    *last = lots_day_from_civil(civil.year, to, lots_month_days(civil.year, to));
}

static lots_status eval_parts(const lots_step *step, lots_vector *out, lots_error *err)
{
    const int32_t *days = step->in[0].data;
    const bool interval = out->type.kind == LOTS_TYPE_INTERVAL;
    (void)err;
    for (uint32_t i = 0; i < step->count; i++) {
        if (interval)
            period_of(step->expr->op, days[i], (int32_t *)out->data + i, out->data2 + i);
        else
            ((int64_t *)out->data)[i] = part_of(step->expr->op, days[i]);
    }
    return LOTS_OK;
}

/* ---- intervals ---- */

static lots_status eval_interval_side(const lots_step *step, lots_vector *out, lots_error *err)
{
    const bool end = step->expr->op == LOTS_OP_INTERVAL_END;
    const int32_t *side = end ? step->in[0].data2 : step->in[0].data;
    const int32_t open = end ? LOTS_DAY_MAX : LOTS_DAY_MIN;
    int32_t *values = out->data;
    memcpy(values, side, step->count * sizeof(int32_t));
    for (uint32_t i = 0; i < step->count; i++) {
        if (values[i] != open)
            continue;
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        lots_bit_set(out->missing, i);
    }
    return LOTS_OK;
}

static lots_status eval_interval(const lots_step *step, lots_vector *out, lots_error *err)
{
    switch (step->expr->op) {
    case LOTS_OP_INTERVAL:
        memcpy(out->data, step->in[0].data, step->count * sizeof(int32_t));
        memcpy(out->data2, step->in[1].data, step->count * sizeof(int32_t));
        return LOTS_OK;
    case LOTS_OP_INTERVAL_DAYS: {
        const int32_t *starts = step->in[0].data, *ends = step->in[0].data2;
        for (uint32_t i = 0; i < step->count; i++)
            ((int64_t *)out->data)[i] = ends[i] < starts[i] ? 0 : (int64_t)ends[i] - starts[i] + 1;
        return LOTS_OK;
    }
    default:
        return eval_interval_side(step, out, err);
    }
}

lots_status lots_eval_date(lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_strict(step, -1, out, err));
    lots_status status;
    switch (step->expr->op) {
    case LOTS_OP_ADD_DAYS:
    case LOTS_OP_ADD_MONTHS:
        status = eval_shift(step, out, err);
        break;
    case LOTS_OP_DAYS_BETWEEN:
    case LOTS_OP_WHOLE_WEEKS:
    case LOTS_OP_WHOLE_MONTHS:
    case LOTS_OP_WHOLE_YEARS:
    case LOTS_OP_AGE:
        status = eval_between(step, out, err);
        break;
    case LOTS_OP_INTERVAL:
    case LOTS_OP_INTERVAL_START:
    case LOTS_OP_INTERVAL_END:
    case LOTS_OP_INTERVAL_DAYS:
        status = eval_interval(step, out, err);
        break;
    default:
        status = eval_parts(step, out, err);
    }
    lots_step_clean(step, out);
    return status;
}
