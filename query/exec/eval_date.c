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

/* The same days to all rows, where all stay in the calendar: *done. */
static lots_status add_days(const lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const lots_vector *days = &step->in[0], *amount = &step->in[1];
    uint64_t *fit = NULL;
    *done = step->expr->op == LOTS_OP_ADD_DAYS && amount->constant && amount->missing == NULL && !days->constant;
    if (!*done)
        return LOTS_OK;
    const int64_t more = *(const int64_t *)amount->data, least = (int64_t)LOTS_DAY_MIN - LOTS_DAY_MAX;
    *done = more >= least && more <= -least;
    if (!*done)
        return LOTS_OK;
    const int64_t low = LOTS_DAY_MIN - (more < 0 ? more : 0), high = LOTS_DAY_MAX - (more > 0 ? more : 0);
    LOTS_TRY(lots_new_bits(step->arena, step->count, &fit, err));
    kernels->range_i32(days->data, step->count, (int32_t)low, (int32_t)high, fit);
    *done = kernels->bits_count(fit, step->count) == step->count;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_step_strict(step, 0, out, err));
    kernels->add_i32(days->data, NULL, (int32_t)more, out->missing, step->count, out->data);
    return LOTS_OK;
}

static lots_status eval_shift(const lots_step *step, lots_vector *out, lots_error *err)
{
    const int32_t *days = step->in[0].data;
    const int64_t *amounts = step->in[1].data;
    int32_t *values = out->data;
    if (step->expr->op == LOTS_OP_ADD_MONTHS && step->worker->kernels->add_months(days, amounts, step->count, values))
        return LOTS_OK;
    for (uint32_t i = 0; i < step->count; i++) {
        values[i] = 0;
        if (!row_missing(out, i) && !add_duration(step->expr->op, days[i], amounts[i], &values[i]))
            LOTS_TRY(lots_step_fail_row(step, out, i, err));
    }
    return LOTS_OK;
}

/* ---- two dates → number ---- */

/* Whole months or years of all rows: what lies under a missing bit is computed on and not read. */
static lots_status fill_whole(const lots_step *step, bool years, int64_t *values, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const int32_t *a = step->in[0].data, *b = step->in[1].data;
    int32_t *whole = NULL;
    LOTS_TRY(lots_new_i32(step->arena, step->count, &whole, err));
    if (years)
        kernels->years_between(a, b, step->count, whole);
    else
        kernels->months_between(a, b, step->count, whole);
    kernels->widen_i32(whole, step->count, values);
    return LOTS_OK;
}

/* From how far apart two days are to how many there are with both of them. */
static void include_last(int32_t *days, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        days[i] = days[i] < 0 ? 0 : days[i] + 1;
}

/* Days of the calendar are so near each other that 32 bits hold what is between them. */
static lots_status fill_days(const lots_step *step, const int32_t *a, const int32_t *b, int64_t *values, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const lots_op op = step->expr->op;
    int32_t *days = NULL;
    LOTS_TRY(lots_new_i32(step->arena, step->count, &days, err));
    kernels->subtract_i32(b, a, step->count, days);
    if (op == LOTS_OP_INTERVAL_DAYS)
        include_last(days, step->count);
    for (uint32_t i = 0; op == LOTS_OP_WHOLE_WEEKS && i < step->count; i++)
        days[i] /= 7;
    kernels->widen_i32(days, step->count, values);
    return LOTS_OK;
}

/* Nobody has an age before birth. */
static lots_status eval_between(const lots_step *step, lots_vector *out, lots_error *err)
{
    const int32_t *a = step->in[0].data, *b = step->in[1].data;
    const lots_op op = step->expr->op;
    if (op == LOTS_OP_DAYS_BETWEEN || op == LOTS_OP_WHOLE_WEEKS)
        LOTS_TRY(fill_days(step, a, b, out->data, err));
    else
        LOTS_TRY(fill_whole(step, op != LOTS_OP_WHOLE_MONTHS, out->data, err));
    if (op != LOTS_OP_AGE)
        return LOTS_OK;
    uint64_t *unborn = NULL;
    LOTS_TRY(lots_new_bits(step->arena, step->count, &unborn, err));
    step->worker->kernels->less_i32(b, a, step->count, unborn);
    if (step->worker->kernels->bits_count(unborn, step->count) == 0)
        return LOTS_OK;
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    step->worker->kernels->bits_or(out->missing, unborn, step->count, out->missing);
    return LOTS_OK;
}

/* ---- parts of a date ---- */

static void fill_parts(lots_op op, const int32_t *days, uint32_t count, int64_t *values)
{
    if (op == LOTS_OP_WEEKDAY)
        for (uint32_t i = 0; i < count; i++)
            values[i] = lots_day_weekday(days[i]);
    else if (op == LOTS_OP_YEAR)
        for (uint32_t i = 0; i < count; i++)
            values[i] = lots_day_to_civil(days[i]).year;
    else if (op == LOTS_OP_MONTH)
        for (uint32_t i = 0; i < count; i++)
            values[i] = lots_day_to_civil(days[i]).month;
    else
        for (uint32_t i = 0; i < count; i++)
            values[i] = lots_day_to_civil(days[i]).day;
}

/* The interval around each day of `months` months, counted from January. */
static lots_status fill_month_periods(const lots_step *step, int32_t months, int32_t *first, int32_t *last, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    int32_t *numbers = NULL;
    LOTS_TRY(lots_new_i32(step->arena, step->count, &numbers, err));
    kernels->month_numbers(step->in[0].data, step->count, numbers);
    if (months != 1)
        for (uint32_t i = 0; i < step->count; i++)
            numbers[i] -= numbers[i] % months;
    kernels->month_firsts(numbers, step->count, first);
    for (uint32_t i = 0; i < step->count; i++)
        numbers[i] += months;
    kernels->month_firsts(numbers, step->count, last);
    for (uint32_t i = 0; i < step->count; i++)
        last[i]--;
    return LOTS_OK;
}

static lots_status fill_periods(const lots_step *step, int32_t *first, int32_t *last, lots_error *err)
{
    const int32_t *days = step->in[0].data;
    const lots_op op = step->expr->op;
    if (op != LOTS_OP_WEEK_OF)
        return fill_month_periods(step, op == LOTS_OP_MONTH_OF ? 1 : op == LOTS_OP_YEAR_OF ? 12 : 3, first, last, err);
    for (uint32_t i = 0; i < step->count; i++) {
        first[i] = lots_day_week_start(days[i]);
        last[i] = first[i] + 6;
    }
    return LOTS_OK;
}

static lots_status eval_parts(const lots_step *step, lots_vector *out, lots_error *err)
{
    if (out->type.kind == LOTS_TYPE_INTERVAL)
        return fill_periods(step, out->data, out->data2, err);
    fill_parts(step->expr->op, step->in[0].data, step->count, out->data);
    return LOTS_OK;
}

/* ---- intervals ----
 * Where no row is missing sides are lent, as a column's values are: nobody writes to them, and they last as long. */

static lots_status eval_interval_side(const lots_step *step, lots_vector *out, lots_error *err)
{
    const bool end = step->expr->op == LOTS_OP_INTERVAL_END;
    int32_t *side = end ? step->in[0].data2 : step->in[0].data;
    const int32_t open = end ? LOTS_DAY_MAX : LOTS_DAY_MIN;
    const lots_kernels *kernels = step->worker->kernels;
    uint64_t *opens = NULL;
    LOTS_TRY(lots_new_words(step->arena, step->count, &opens, err));
    kernels->range_i32(side, step->count, open, open, opens);
    if (kernels->bits_count(opens, step->count) > 0) {
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        kernels->bits_or(out->missing, opens, step->count, out->missing);
    }
    if (out->missing == NULL)
        out->data = side;
    else
        memcpy(out->data, side, step->count * sizeof(int32_t));
    return LOTS_OK;
}

static void join_sides(const lots_step *step, lots_vector *out)
{
    if (out->missing == NULL) {
        out->data = step->in[0].data;
        out->data2 = step->in[1].data;
        return;
    }
    memcpy(out->data, step->in[0].data, step->count * sizeof(int32_t));
    memcpy(out->data2, step->in[1].data, step->count * sizeof(int32_t));
}

static lots_status eval_interval(const lots_step *step, lots_vector *out, lots_error *err)
{
    switch (step->expr->op) {
    case LOTS_OP_INTERVAL:
        join_sides(step, out);
        return LOTS_OK;
    case LOTS_OP_INTERVAL_DAYS:
        return fill_days(step, step->in[0].data, step->in[0].data2, out->data, err);
    default:
        return eval_interval_side(step, out, err);
    }
}

lots_status lots_eval_date(lots_step *step, lots_vector *out, lots_error *err)
{
    bool done = false;
    LOTS_TRY(add_days(step, &done, out, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_strict(step, -1, out, err));
    lots_status status = LOTS_OK;
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
