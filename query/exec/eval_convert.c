/* eval_convert.c: casts between numbers, and rounding. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query/exec/step.h"

enum { SCALE_MAX = 18 };

static int64_t power_of_ten(uint32_t scale)
{
    int64_t power = 1;
    for (uint32_t i = 0; i < scale && i < SCALE_MAX; i++)
        power *= 10;
    return power;
}

static bool row_missing(const lots_vector *out, uint32_t row)
{
    return out->missing != NULL && lots_bit_get(out->missing, row);
}

/* A double as int64; false when it is beyond. */
static bool to_int64(double value, int64_t *out)
{
    if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0))
        return false;
    *out = (int64_t)value;
    return true;
}

static lots_status eval_to_float(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    double *values = out->data;
    (void)err;
    if (in->type.kind == LOTS_TYPE_FLOAT) {
        memcpy(values, in->data, step->count * sizeof(double));
        return LOTS_OK;
    }
    const double divisor = in->type.kind == LOTS_TYPE_DECIMAL ? (double)power_of_ten(in->type.scale) : 1;
    step->worker->kernels->divide_i64(in->data, step->count, divisor, values);
    return LOTS_OK;
}

static lots_status eval_to_decimal(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    const uint32_t from = in->type.kind == LOTS_TYPE_DECIMAL ? in->type.scale : 0;
    const int64_t factor = step->expr->type.scale > from ? power_of_ten(step->expr->type.scale - from) : 1;
    const int64_t *whole = in->data;
    int64_t *values = out->data;
    for (uint32_t i = 0; i < step->count; i++)
        if (__builtin_mul_overflow(whole[i], factor, &values[i]) && !row_missing(out, i))
            LOTS_TRY(lots_step_fail_row(step, out, i, err));
    return LOTS_OK;
}

/* A whole number, perhaps with blanks around it; anything else is no number. */
static bool parse_int(const lots_text *text, int64_t *out)
{
    char digits[24];
    uint32_t first = 0, end = text->bytes;
    while (first < end && text->text[first] == ' ')
        first++;
    while (end > first && text->text[end - 1] == ' ')
        end--;
    if (end == first || end - first >= sizeof digits)
        return false;
    for (uint32_t i = first; i < end; i++) {
        const char c = text->text[i];
        const bool sign = i == first && end - first > 1 && (c == '-' || c == '+');
        if (!sign && (c < '0' || c > '9'))
            return false;
        digits[i - first] = c;
    }
    digits[end - first] = '\0';
    const bool negative = digits[0] == '-';
    uint64_t value = 0;
    for (const char *at = digits + (negative || digits[0] == '+'); *at != '\0'; at++)
        if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return false;
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static lots_status eval_to_int(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    const int64_t divisor = in->type.kind == LOTS_TYPE_DECIMAL ? power_of_ten(in->type.scale) : 1;
    int64_t *values = out->data;
    for (uint32_t i = 0; i < step->count; i++) {
        values[i] = 0;
        if (row_missing(out, i))
            continue;
        switch (in->type.kind) {
        case LOTS_TYPE_FLOAT:
            if (!to_int64(trunc(((const double *)in->data)[i]), &values[i]))
                LOTS_TRY(lots_step_fail_row(step, out, i, err));
            break;
        case LOTS_TYPE_TEXT:
            if (!parse_int((const lots_text *)in->data + i, &values[i])) {
                LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
                lots_bit_set(out->missing, i);
            }
            break;
        case LOTS_TYPE_BOOL:
            values[i] = lots_bit_get(in->data, i);
            break;
        default:
            values[i] = ((const int64_t *)in->data)[i] / divisor;
        }
    }
    return LOTS_OK;
}

lots_status lots_eval_convert(lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_strict(step, -1, out, err));
    lots_status status;
    switch (step->expr->op) {
    case LOTS_OP_TO_FLOAT:
        status = eval_to_float(step, out, err);
        break;
    case LOTS_OP_TO_DECIMAL:
        status = eval_to_decimal(step, out, err);
        break;
    case LOTS_OP_TO_INT:
        status = eval_to_int(step, out, err);
        break;
    default: /* TO_DAYS */
        memcpy(out->data, step->in[0].data, step->count * sizeof(int64_t));
        status = LOTS_OK;
    }
    lots_step_clean(step, out);
    return status;
}

/* ---- rounding ---- */

/* value / divisor, rounded as the operator says. */
static int64_t divide_rounded(lots_op op, int64_t value, int64_t divisor)
{
    const int64_t quotient = value / divisor, rest = value % divisor;
    if (rest == 0)
        return quotient;
    if (op == LOTS_OP_FLOOR)
        return quotient - (rest < 0);
    if (op == LOTS_OP_CEIL)
        return quotient + (rest > 0);
    const int64_t size = rest < 0 ? -rest : rest; /* half away from zero */
    return size >= divisor - size ? quotient + (rest < 0 ? -1 : 1) : quotient;
}

static double round_float(lots_op op, double value, uint32_t decimals)
{
    if (op == LOTS_OP_FLOOR)
        return floor(value);
    if (op == LOTS_OP_CEIL)
        return ceil(value);
    if (decimals == 0)
        return round(value);
    const double factor = (double)power_of_ten(decimals), scaled = round(value * factor);
    return isfinite(scaled) ? scaled / factor : value;
}

static lots_status round_row(const lots_step *step, uint32_t row, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    const lots_op op = step->expr->op;
    const uint32_t decimals = op == LOTS_OP_ROUND ? step->expr->index : 0;
    if (in->type.kind == LOTS_TYPE_FLOAT) {
        const double value = round_float(op, ((const double *)in->data)[row], decimals);
        if (out->type.kind == LOTS_TYPE_FLOAT)
            ((double *)out->data)[row] = value;
        else if (!to_int64(value, (int64_t *)out->data + row))
            return lots_step_fail_row(step, out, row, err);
        return LOTS_OK;
    }
    const int64_t value = ((const int64_t *)in->data)[row];
    const uint32_t scale = in->type.kind == LOTS_TYPE_DECIMAL ? in->type.scale : 0;
    int64_t rounded = value;
    if (scale > decimals) {
        const int64_t unit = power_of_ten(scale - decimals);
        rounded = divide_rounded(op, value, unit);
        const uint32_t wanted = out->type.kind == LOTS_TYPE_DECIMAL ? out->type.scale : 0;
        if (wanted > decimals && __builtin_mul_overflow(rounded, power_of_ten(wanted - decimals), &rounded))
            return lots_step_fail_row(step, out, row, err);
    }
    ((int64_t *)out->data)[row] = rounded;
    return LOTS_OK;
}

lots_status lots_eval_round(lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten(step, 0, err));
    LOTS_TRY(lots_step_strict(step, 0, out, err));
    memset(out->data, 0, step->count * sizeof(int64_t));
    for (uint32_t i = 0; i < step->count; i++)
        if (!row_missing(out, i))
            LOTS_TRY(round_row(step, i, out, err));
    lots_step_clean(step, out);
    return LOTS_OK;
}
