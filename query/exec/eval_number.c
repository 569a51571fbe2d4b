/* eval_number.c: arithmetic. Whole numbers and decimals are exact: a result beyond 64 bits fails its row. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "query/exec/step.h"

static bool row_missing(const lots_vector *out, uint32_t row)
{
    return out->missing != NULL && lots_bit_get(out->missing, row);
}

static lots_status make_missing(const lots_step *step, lots_vector *out, uint32_t row, lots_error *err)
{
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    lots_bit_set(out->missing, row);
    return LOTS_OK;
}

/* ---- whole numbers ---- */

/* The loops below have no branch on overflow, so that they vectorise: its sign bit is gathered, and looked into once. */
static int64_t add_all(const int64_t *a, const int64_t *b, uint32_t count, int64_t *out)
{
    int64_t overflow = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t sum = (int64_t)((uint64_t)a[i] + (uint64_t)b[i]);
        overflow |= (a[i] ^ sum) & (b[i] ^ sum);
        out[i] = sum;
    }
    return overflow;
}

static int64_t subtract_all(const int64_t *a, const int64_t *b, uint32_t count, int64_t *out)
{
    int64_t overflow = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t difference = (int64_t)((uint64_t)a[i] - (uint64_t)b[i]);
        overflow |= (a[i] ^ b[i]) & (a[i] ^ difference);
        out[i] = difference;
    }
    return overflow;
}

static bool overflows(lots_op op, int64_t a, int64_t b)
{
    int64_t unused;
    switch (op) {
    case LOTS_OP_ADD:
        return __builtin_add_overflow(a, b, &unused);
    case LOTS_OP_SUBTRACT:
        return __builtin_sub_overflow(a, b, &unused);
    default:
        return __builtin_mul_overflow(a, b, &unused);
    }
}

/* Factors of 32 bits are multiplied without a look at overflow: none has one. */
static bool multiply_all(const int64_t *a, const int64_t *b, uint32_t count, int64_t *out)
{
    const uint64_t half = UINT64_C(1) << 31;
    uint64_t wide = 0;
    bool overflow = false;
    for (uint32_t i = 0; i < count; i++) {
        wide |= ((uint64_t)a[i] + half) | ((uint64_t)b[i] + half);
        out[i] = (int64_t)((uint64_t)a[i] * (uint64_t)b[i]);
    }
    for (uint32_t i = 0; wide >> 32 != 0 && i < count; i++)
        overflow |= __builtin_mul_overflow(a[i], b[i], &out[i]);
    return overflow;
}

static lots_status fail_overflows(const lots_step *step, const int64_t *a, const int64_t *b, lots_vector *out,
                                  lots_error *err)
{
    for (uint32_t i = 0; i < step->count; i++)
        if (!row_missing(out, i) && overflows(step->expr->op, a[i], b[i]))
            LOTS_TRY(lots_step_fail_row(step, out, i, err));
    return LOTS_OK;
}

static lots_status eval_whole(const lots_step *step, lots_vector *out, lots_error *err)
{
    const int64_t *a = step->in[0].data, *b = step->in[1].data;
    bool overflow = false;
    switch (step->expr->op) {
    case LOTS_OP_ADD:
        overflow = add_all(a, b, step->count, out->data) < 0;
        break;
    case LOTS_OP_SUBTRACT:
        overflow = subtract_all(a, b, step->count, out->data) < 0;
        break;
    default:
        overflow = multiply_all(a, b, step->count, out->data);
    }
    return overflow ? fail_overflows(step, a, b, out, err) : LOTS_OK;
}

/* Floors: the remainder has the divisor's sign. */
static lots_status eval_division(const lots_step *step, lots_vector *out, lots_error *err)
{
    const int64_t *a = step->in[0].data, *b = step->in[1].data;
    int64_t *values = out->data;
    for (uint32_t i = 0; i < step->count; i++) {
        values[i] = 0;
        if (row_missing(out, i))
            continue;
        if (b[i] == 0) {
            LOTS_TRY(make_missing(step, out, i, err));
        } else if (b[i] == -1) { /* INT64_MIN / -1 is the one quotient that overflows */
            if (step->expr->op == LOTS_OP_FLOOR_DIVIDE && a[i] == INT64_MIN)
                LOTS_TRY(lots_step_fail_row(step, out, i, err));
            else
                values[i] = step->expr->op == LOTS_OP_FLOOR_DIVIDE ? -a[i] : 0;
        } else {
            const int64_t rest = a[i] % b[i];
            const bool below = rest != 0 && (rest < 0) != (b[i] < 0);
            if (step->expr->op == LOTS_OP_FLOOR_DIVIDE)
                values[i] = a[i] / b[i] - (below ? 1 : 0);
            else
                values[i] = below ? rest + b[i] : rest;
        }
    }
    return LOTS_OK;
}

static bool power_of(int64_t base, int64_t exponent, int64_t *out)
{
    int64_t result = 1;
    while (exponent > 0) {
        if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result))
            return false;
        exponent >>= 1;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
            return false;
    }
    *out = result;
    return true;
}

/* n ^ 2, most of all powers; false: some row may not fit. */
static bool square_all(const int64_t *a, const int64_t *b, uint32_t count, int64_t *out)
{
    enum { ROOT = INT32_MAX };
    uint64_t beyond = 0;
    for (uint32_t i = 0; i < count; i++) {
        beyond |= (uint64_t)(b[i] ^ 2) | (((uint64_t)a[i] + ROOT) >> 32);
        out[i] = (int64_t)((uint64_t)a[i] * (uint64_t)a[i]);
    }
    return beyond == 0;
}

static lots_status eval_whole_power(const lots_step *step, lots_vector *out, lots_error *err)
{
    const int64_t *a = step->in[0].data, *b = step->in[1].data;
    int64_t *values = out->data;
    if (square_all(a, b, step->count, values))
        return LOTS_OK;
    for (uint32_t i = 0; i < step->count; i++) {
        values[i] = 0;
        if (row_missing(out, i))
            continue;
        if (b[i] < 0)
            LOTS_TRY(make_missing(step, out, i, err));
        else if (!power_of(a[i], b[i], &values[i]))
            LOTS_TRY(lots_step_fail_row(step, out, i, err));
    }
    return LOTS_OK;
}

static lots_status eval_sign(const lots_step *step, lots_vector *out, lots_error *err)
{
    const bool negate = step->expr->op == LOTS_OP_NEGATE;
    const int64_t *in = step->in[0].data;
    int64_t *values = out->data;
    for (uint32_t i = 0; i < step->count; i++) {
        if (in[i] == INT64_MIN && !row_missing(out, i)) {
            values[i] = 0;
            LOTS_TRY(lots_step_fail_row(step, out, i, err));
            continue;
        }
        values[i] = negate || in[i] < 0 ? (int64_t)(0 - (uint64_t)in[i]) : in[i];
    }
    return LOTS_OK;
}

/* ---- floats ---- */

static double float_of(lots_op op, double a, double b)
{
    switch (op) {
    case LOTS_OP_ADD:
        return a + b;
    case LOTS_OP_SUBTRACT:
        return a - b;
    case LOTS_OP_MULTIPLY:
        return a * b;
    case LOTS_OP_DIVIDE:
        return b == 0 ? (double)NAN : a / b;
    case LOTS_OP_POWER:
        return pow(a, b);
    case LOTS_OP_NEGATE:
        return -a;
    case LOTS_OP_ABS:
        return fabs(a);
    case LOTS_OP_SQRT:
        return a < 0 ? (double)NAN : sqrt(a);
    default: /* LN */
        return a <= 0 ? (double)NAN : log(a);
    }
}

/* Quotients by words: what has no value by a bit of `none`. False: one is too large, and rows must be looked at. */
static bool divide_all(const double *a, const double *b, uint32_t count, double *out, uint64_t *none)
{
    uint64_t large = 0;
    for (uint32_t from = 0; from < count; from += 64) {
        const uint32_t here = count - from < 64 ? count - from : 64;
        uint64_t word = 0;
        for (uint32_t k = 0; k < here; k++) {
            const double quotient = a[from + k] / b[from + k];
            const bool is = b[from + k] == 0;
            word |= (uint64_t)is << k;
            large |= !is && !(fabs(quotient) <= DBL_MAX);
            out[from + k] = quotient;
        }
        none[from / 64] |= word;
    }
    return large == 0;
}

/* Zeros where `none` has a bit are lots_step_clean's. */
static lots_status eval_quotients(const lots_step *step, lots_vector *out, bool *done, lots_error *err)
{
    uint64_t *none = NULL;
    LOTS_TRY(lots_new_bits(step->arena, step->count, &none, err));
    *done = divide_all(step->in[0].data, step->in[1].data, step->count, out->data, none);
    if (!*done || lots_bits_next(none, 0, step->count) == step->count)
        return LOTS_OK;
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    lots_bits_or(out->missing, out->missing, none, step->count);
    return LOTS_OK;
}

/* What has no value is missing; what is too large for a double is an error, never infinity. */
static lots_status eval_float(const lots_step *step, lots_vector *out, lots_error *err)
{
    const double *a = step->in[0].data;
    const double *b = step->expr->operand_count > 1 ? step->in[1].data : a;
    double *values = out->data;
    bool done = false;
    if (step->expr->op == LOTS_OP_DIVIDE)
        LOTS_TRY(eval_quotients(step, out, &done, err));
    for (uint32_t i = 0; i < step->count && !done; i++) {
        values[i] = float_of(step->expr->op, a[i], b[i]);
        if (isfinite(values[i]))
            continue;
        const bool none = isnan(values[i]) != 0;
        values[i] = 0;
        if (row_missing(out, i))
            continue;
        if (none || (step->expr->op == LOTS_OP_POWER && a[i] == 0))
            LOTS_TRY(make_missing(step, out, i, err));
        else
            LOTS_TRY(lots_step_fail_row(step, out, i, err));
    }
    return LOTS_OK;
}

static bool is_one(const lots_vector *value)
{
    return value->constant && value->missing == NULL && value->failed == NULL && *(const int64_t *)value->data == 1;
}

/* What is multiplied by a whole one, as in `k * 1mo`: lent where no row of it is missing. NULL: nothing is. */
static const lots_vector *times_one(const lots_step *step)
{
    const lots_vector *in = step->in;
    if (step->expr->op != LOTS_OP_MULTIPLY || step->expr->type.kind == LOTS_TYPE_FLOAT)
        return NULL;
    const lots_vector *of = is_one(&in[1]) ? &in[0] : is_one(&in[0]) ? &in[1] : NULL;
    return of != NULL && !of->constant && of->missing == NULL && of->failed == NULL ? of : NULL;
}

lots_status lots_eval_number(lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *same = times_one(step);
    if (same != NULL) {
        *out = *same;
        out->type = step->expr->type;
        return LOTS_OK;
    }
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_strict(step, -1, out, err));
    lots_status status;
    if (step->expr->type.kind == LOTS_TYPE_FLOAT)
        status = eval_float(step, out, err);
    else if (step->expr->op == LOTS_OP_FLOOR_DIVIDE || step->expr->op == LOTS_OP_MOD)
        status = eval_division(step, out, err);
    else if (step->expr->op == LOTS_OP_POWER)
        status = eval_whole_power(step, out, err);
    else if (step->expr->op == LOTS_OP_NEGATE || step->expr->op == LOTS_OP_ABS)
        status = eval_sign(step, out, err);
    else
        status = eval_whole(step, out, err);
    lots_step_clean(step, out);
    return status;
}
