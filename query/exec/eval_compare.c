/* eval_compare.c: comparisons. Against a constant every ordered kind is a range test, which is one kernel; two vectors of
 * one kind go to the kernels for pairs; texts, sets and intervals are compared value by value. */
#include <math.h>
#include <string.h>

#include "query/exec/step.h"

typedef enum shape { SHAPE_I32, SHAPE_U32, SHAPE_I64, SHAPE_F64, SHAPE_OTHER } shape;

static shape shape_of(lots_type_kind kind)
{
    switch (kind) {
    case LOTS_TYPE_INT:
    case LOTS_TYPE_DECIMAL:
    case LOTS_TYPE_DAYS:
    case LOTS_TYPE_MONTHS:
        return SHAPE_I64;
    case LOTS_TYPE_DATE:
        return SHAPE_I32;
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE:
        return SHAPE_U32;
    case LOTS_TYPE_FLOAT:
        return SHAPE_F64;
    default:
        return SHAPE_OTHER;
    }
}

/* ---- ranges ---- */

/* low <= x <= high over whole numbers. */
static void range_bits(const lots_kernels *kernels, const lots_vector *x, int64_t low, int64_t high, uint64_t *out)
{
    const uint32_t count = x->count;
    const shape kind = shape_of(x->type.kind);
    if (kind == SHAPE_I64) {
        kernels->range_i64(x->data, count, low, high, out);
        return;
    }
    const int64_t least = kind == SHAPE_I32 ? INT32_MIN : 0, most = kind == SHAPE_I32 ? INT32_MAX : UINT32_MAX;
    if (low > most || high < least || low > high) {
        lots_bits_fill(out, count, false);
        return;
    }
    low = low < least ? least : low;
    high = high > most ? most : high;
    if (kind == SHAPE_I32)
        kernels->range_i32(x->data, count, (int32_t)low, (int32_t)high, out);
    else
        kernels->range_u32(x->data, count, (uint32_t)low, (uint32_t)high, out);
}

static int64_t whole_value(const lots_vector *vector)
{
    switch (shape_of(vector->type.kind)) {
    case SHAPE_I64:
        return *(const int64_t *)vector->data;
    case SHAPE_I32:
        return *(const int32_t *)vector->data;
    default:
        return *(const uint32_t *)vector->data;
    }
}

static lots_op mirror(lots_op op)
{
    switch (op) {
    case LOTS_OP_LESS:
        return LOTS_OP_GREATER;
    case LOTS_OP_LESS_EQUAL:
        return LOTS_OP_GREATER_EQUAL;
    case LOTS_OP_GREATER:
        return LOTS_OP_LESS;
    case LOTS_OP_GREATER_EQUAL:
        return LOTS_OP_LESS_EQUAL;
    default:
        return op;
    }
}

static void compare_whole(const lots_kernels *kernels, lots_op op, const lots_vector *x, int64_t value, uint64_t *out)
{
    int64_t low = INT64_MIN, high = INT64_MAX;
    bool none = false;
    switch (op) {
    case LOTS_OP_LESS:
        none = value == INT64_MIN;
        high = none ? 0 : value - 1;
        break;
    case LOTS_OP_LESS_EQUAL:
        high = value;
        break;
    case LOTS_OP_GREATER:
        none = value == INT64_MAX;
        low = none ? 0 : value + 1;
        break;
    case LOTS_OP_GREATER_EQUAL:
        low = value;
        break;
    default:
        low = high = value;
    }
    if (none)
        lots_bits_fill(out, x->count, false);
    else
        range_bits(kernels, x, low, high, out);
}

static void compare_float(const lots_kernels *kernels, lots_op op, const lots_vector *x, double value, uint64_t *out)
{
    double low = -(double)INFINITY, high = (double)INFINITY;
    switch (op) {
    case LOTS_OP_LESS: /* 0 stands for -0 too: the next below is below both */
        high = nextafter(value, low);
        break;
    case LOTS_OP_LESS_EQUAL:
        high = value;
        break;
    case LOTS_OP_GREATER:
        low = nextafter(value, high);
        break;
    case LOTS_OP_GREATER_EQUAL:
        low = value;
        break;
    default:
        low = high = value;
    }
    kernels->range_f64(x->data, x->count, low, high, out);
}

/* ---- pairs ---- */

static bool order_fits(lots_op op, int order)
{
    switch (op) {
    case LOTS_OP_LESS:
        return order < 0;
    case LOTS_OP_LESS_EQUAL:
        return order <= 0;
    case LOTS_OP_GREATER:
        return order > 0;
    case LOTS_OP_GREATER_EQUAL:
        return order >= 0;
    default:
        return order == 0;
    }
}

static void compare_each(lots_op op, const lots_vector *a, const lots_vector *b, uint32_t count, uint64_t *out)
{
    for (uint32_t i = 0; i < count; i++)
        if (!lots_vector_is_missing(a, i) && !lots_vector_is_missing(b, i) && order_fits(op, lots_vector_compare(a, i, b, i)))
            lots_bit_set(out, i);
}

/* op is EQUAL, LESS or LESS_EQUAL. Ranks are below 2^31, so int32_t order is theirs. */
static void compare_pairs(const lots_kernels *kernels, lots_op op, const lots_vector *a, const lots_vector *b,
                          uint64_t *out)
{
    const uint32_t count = a->count;
    switch (shape_of(a->type.kind)) {
    case SHAPE_I32:
    case SHAPE_U32:
        (op == LOTS_OP_EQUAL ? kernels->equal_i32 : op == LOTS_OP_LESS ? kernels->less_i32 : kernels->less_equal_i32)(
            a->data, b->data, count, out);
        return;
    case SHAPE_I64:
        (op == LOTS_OP_EQUAL ? kernels->equal_i64 : op == LOTS_OP_LESS ? kernels->less_i64 : kernels->less_equal_i64)(
            a->data, b->data, count, out);
        return;
    case SHAPE_F64:
        (op == LOTS_OP_EQUAL ? kernels->equal_f64 : op == LOTS_OP_LESS ? kernels->less_f64 : kernels->less_equal_f64)(
            a->data, b->data, count, out);
        return;
    case SHAPE_OTHER:
        compare_each(op, a, b, count, out);
    }
}

/* a op b for any op but UNEQUAL, missing rows not yet taken out. Either may be constant. */
static lots_status compare_bits(const lots_step *step, lots_op op, lots_vector *a, lots_vector *b, uint64_t *out,
                                lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    if (a->constant && !b->constant) {
        lots_vector *swap = a;
        a = b;
        b = swap;
        op = mirror(op);
    }
    const shape kind = shape_of(a->type.kind);
    if (b->constant && !a->constant && kind != SHAPE_OTHER) {
        if (kind == SHAPE_F64)
            compare_float(kernels, op, a, *(const double *)b->data, out);
        else
            compare_whole(kernels, op, a, whole_value(b), out);
        return LOTS_OK;
    }
    lots_vector x, y;
    LOTS_TRY(lots_vector_flatten(step->arena, a, &x, err));
    LOTS_TRY(lots_vector_flatten(step->arena, b, &y, err));
    if (op == LOTS_OP_GREATER || op == LOTS_OP_GREATER_EQUAL)
        compare_pairs(kernels, mirror(op), &y, &x, out);
    else
        compare_pairs(kernels, op, &x, &y, out);
    return LOTS_OK;
}

lots_status lots_equal_bits(const lots_step *step, const lots_vector *a, const lots_vector *b, uint64_t **bits,
                            uint64_t **missing, lots_error *err)
{
    lots_vector x = *a, y = *b, flat;
    LOTS_TRY(lots_new_bits(step->arena, step->count, bits, err));
    LOTS_TRY(lots_new_bits(step->arena, step->count, missing, err));
    LOTS_TRY(compare_bits(step, LOTS_OP_EQUAL, &x, &y, *bits, err));
    const lots_vector *sides[2] = {a, b};
    for (int s = 0; s < 2; s++) {
        if (sides[s]->missing == NULL)
            continue;
        LOTS_TRY(lots_vector_flatten(step->arena, sides[s], &flat, err));
        if (flat.missing != NULL)
            lots_bits_or(*missing, *missing, flat.missing, step->count);
    }
    lots_bits_and_not(*bits, *bits, *missing, step->count);
    return LOTS_OK;
}

lots_status lots_eval_compare(lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_op op = step->expr->op;
    LOTS_TRY(lots_step_strict(step, -1, out, err));
    if (step->in[0].type.kind == LOTS_TYPE_MISSING || step->in[1].type.kind == LOTS_TYPE_MISSING) {
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        lots_bits_fill(out->missing, step->count, true);
        return LOTS_OK;
    }
    LOTS_TRY(compare_bits(step, op == LOTS_OP_UNEQUAL ? LOTS_OP_EQUAL : op, &step->in[0], &step->in[1], out->data, err));
    if (op == LOTS_OP_UNEQUAL)
        lots_bits_not(out->data, out->data, step->count);
    if (out->missing != NULL)
        lots_bits_and_not(out->data, out->data, out->missing, step->count);
    return LOTS_OK;
}

/* ---- between ---- */

/* Kleene AND of two comparisons given as bits and missing. */
static void join_bounds(lots_vector *out, const lots_vector *other, uint32_t count)
{
    uint64_t *truth = out->data;
    const uint64_t *more = other->data;
    for (size_t w = 0; w < lots_bit_words(count); w++) {
        const uint64_t denied = (~truth[w] & ~out->missing[w]) | (~more[w] & ~other->missing[w]);
        truth[w] &= more[w];
        out->missing[w] = (out->missing[w] | other->missing[w]) & ~denied;
    }
}

static lots_status bound(lots_step *step, lots_op op, uint32_t operand, lots_vector *out, lots_error *err)
{
    lots_vector *x = &step->in[0], *limit = &step->in[operand], flat;
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    LOTS_TRY(compare_bits(step, op, x, limit, out->data, err));
    const lots_vector *sides[2] = {x, limit};
    for (int s = 0; s < 2; s++) {
        if (sides[s]->missing == NULL)
            continue;
        LOTS_TRY(lots_vector_flatten(step->arena, sides[s], &flat, err));
        if (flat.missing != NULL)
            lots_bits_or(out->missing, out->missing, flat.missing, step->count);
    }
    lots_bits_and_not(out->data, out->data, out->missing, step->count);
    return LOTS_OK;
}

/* Days within an interval: its two arrays as two vectors of dates. */
static lots_vector interval_side(const lots_vector *interval, bool end)
{
    lots_vector side = *interval;
    side.type = (lots_type){.kind = LOTS_TYPE_DATE};
    side.data = end ? (void *)interval->data2 : interval->data;
    side.data2 = NULL;
    return side;
}

lots_status lots_eval_between(lots_step *step, lots_vector *out, lots_error *err)
{
    lots_vector sides[3];
    lots_step bounds = *step;
    if (step->expr->op == LOTS_OP_IN_INTERVAL) {
        sides[0] = step->in[0];
        sides[1] = interval_side(&step->in[1], false);
        sides[2] = interval_side(&step->in[1], true);
        bounds.in = sides;
    }
    const lots_vector *low = &bounds.in[1], *high = &bounds.in[2];
    const shape kind = shape_of(bounds.in[0].type.kind);
    const bool plain = kind != SHAPE_OTHER && kind != SHAPE_F64 && !bounds.in[0].constant && low->constant &&
                       high->constant && low->missing == NULL && high->missing == NULL;
    if (plain) {
        LOTS_TRY(lots_step_strict(step, 0, out, err));
        range_bits(step->worker->kernels, &bounds.in[0], whole_value(low), whole_value(high), out->data);
        if (out->missing != NULL)
            lots_bits_and_not(out->data, out->data, out->missing, step->count);
        return LOTS_OK;
    }
    lots_vector other;
    LOTS_TRY(bound(&bounds, LOTS_OP_GREATER_EQUAL, 1, out, err));
    LOTS_TRY(bound(&bounds, LOTS_OP_LESS_EQUAL, 2, &other, err));
    join_bounds(out, &other, step->count);
    return LOTS_OK;
}
