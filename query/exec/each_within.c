/* each_within.c: see each_within.h. Bounds are conditions `value < period.end` (or start; all comparisons with one side), such a
 * one `or value is missing`, and ages on a period's first or last day compared with constants; of a column, an earlier slot or
 * a constant. A comparison with what is missing is not true, so it leaves no period. */
#include "query/exec/each_within.h"

#include <string.h>

#include "core/base/day.h"
#include "query/exec/each.h"
#include "query/exec/worker.h"

enum { AGE_MAX = 20000 }; /* years; and nobody reaches it */

typedef struct planner {
    const lots_each *each;
    uint32_t frame;
    lots_each_plan *plan;
} planner;

static const lots_expr *operand_of(const lots_expr *expr, uint32_t i) { return expr->operands[i]; }

/* Known of a row before it has a period, at no cost. */
static bool is_known(const planner *p, const lots_expr *expr)
{
    if (expr->op == LOTS_OP_SLOT)
        return expr->index != p->each->slots[0] && (p->each->slot_count < 2 || expr->index != p->each->slots[1]);
    return expr->op == LOTS_OP_COLUMN || expr->op == LOTS_OP_CONSTANT;
}

/* The period's first or last day. */
static bool is_side(const planner *p, const lots_expr *expr)
{
    return (expr->op == LOTS_OP_INTERVAL_START || expr->op == LOTS_OP_INTERVAL_END) &&
           operand_of(expr, 0)->op == LOTS_OP_SLOT && operand_of(expr, 0)->of_frame == p->frame &&
           operand_of(expr, 0)->index == p->each->slots[0];
}

static bool is_comparison(lots_op op)
{
    return op == LOTS_OP_LESS || op == LOTS_OP_LESS_EQUAL || op == LOTS_OP_GREATER || op == LOTS_OP_GREATER_EQUAL;
}

static bool add_bound(planner *p, const lots_each_bound *bound)
{
    if (p->plan->bound_count == LOTS_EACH_BOUNDS_MAX)
        return false;
    p->plan->bounds[p->plan->bound_count++] = *bound;
    return true;
}

/* side < value, value <= side, … */
static bool bound_by_day(planner *p, const lots_expr *expr, const lots_expr *unless)
{
    if (!is_comparison(expr->op))
        return false;
    const bool side_first = is_side(p, operand_of(expr, 0));
    const lots_expr *side = operand_of(expr, side_first ? 0 : 1), *value = operand_of(expr, side_first ? 1 : 0);
    if (!is_side(p, side) || !is_known(p, value) || value->type.kind != LOTS_TYPE_DATE)
        return false;
    const bool less = expr->op == LOTS_OP_LESS || expr->op == LOTS_OP_LESS_EQUAL;
    const bool strict = expr->op == LOTS_OP_LESS || expr->op == LOTS_OP_GREATER;
    const bool below = less == side_first;
    const lots_each_bound bound = {.value = value,
                                   .unless = unless,
                                   .of_end = side->op == LOTS_OP_INTERVAL_END,
                                   .below = below,
                                   .shift = !strict ? 0 : below ? -1 : 1};
    return add_bound(p, &bound);
}

/* An age from `least` to `most`: from so many years after birth till the day before so many and one. */
static bool bound_by_years(planner *p, const lots_expr *age, int64_t least, int64_t most)
{
    lots_each_bound bound = {.value = operand_of(age, 0), .of_end = operand_of(age, 1)->op == LOTS_OP_INTERVAL_END};
    least = least < 0 ? 0 : least < AGE_MAX ? least : AGE_MAX;
    if (most < 0) /* never: rare enough */
        return false;
    bound.years = (int32_t)least;
    if (!add_bound(p, &bound))
        return false;
    if (most >= AGE_MAX)
        return true;
    bound.years = (int32_t)most + 1;
    bound.shift = -1;
    bound.below = true;
    return add_bound(p, &bound);
}

static bool is_age(const planner *p, const lots_expr *expr)
{
    return expr->op == LOTS_OP_AGE && is_known(p, operand_of(expr, 0)) && is_side(p, operand_of(expr, 1));
}

static bool is_number(const lots_expr *expr)
{
    return expr->op == LOTS_OP_CONSTANT && expr->type.kind == LOTS_TYPE_INT && !expr->constant.missing &&
           expr->constant.i > INT32_MIN && expr->constant.i < INT32_MAX;
}

static bool bound_by_age(planner *p, const lots_expr *expr)
{
    if (expr->op == LOTS_OP_BETWEEN && is_age(p, operand_of(expr, 0)) && is_number(operand_of(expr, 1)) &&
        is_number(operand_of(expr, 2)))
        return operand_of(expr, 1)->constant.i <= operand_of(expr, 2)->constant.i &&
               bound_by_years(p, operand_of(expr, 0), operand_of(expr, 1)->constant.i, operand_of(expr, 2)->constant.i);
    if (!is_comparison(expr->op) && expr->op != LOTS_OP_EQUAL)
        return false;
    const bool age_first = is_age(p, operand_of(expr, 0));
    const lots_expr *age = operand_of(expr, age_first ? 0 : 1), *number = operand_of(expr, age_first ? 1 : 0);
    if (!is_age(p, age) || !is_number(number))
        return false;
    const int64_t years = number->constant.i;
    switch (age_first ? expr->op : lots_op_turned(expr->op)) {
    case LOTS_OP_LESS: return bound_by_years(p, age, 0, years - 1);
    case LOTS_OP_LESS_EQUAL: return bound_by_years(p, age, 0, years);
    case LOTS_OP_GREATER: return bound_by_years(p, age, years + 1, INT64_MAX);
    case LOTS_OP_GREATER_EQUAL: return bound_by_years(p, age, years, INT64_MAX);
    default: return bound_by_years(p, age, years, years);
    }
}

static bool bound_unless_missing(planner *p, const lots_expr *expr)
{
    for (uint32_t i = 0; i < 2; i++) {
        const lots_expr *other = operand_of(expr, 1 - i);
        if (other->op == LOTS_OP_IS_MISSING && is_known(p, operand_of(other, 0)) &&
            bound_by_day(p, operand_of(expr, i), other))
            return true;
    }
    return false;
}

/* `alive at period.end` says what it says only of a known day: a period's always are. */
static const lots_expr *of_known_day(const planner *p, const lots_expr *expr)
{
    if (expr->op != LOTS_OP_CASE || expr->operand_count != 2 || operand_of(expr, 0)->op != LOTS_OP_NOT)
        return NULL;
    const lots_expr *missing = operand_of(operand_of(expr, 0), 0);
    return missing->op == LOTS_OP_IS_MISSING && is_side(p, operand_of(missing, 0)) ? operand_of(expr, 1) : NULL;
}

/* Take what bounds of a condition that must hold. True: its bounds say all of it. */
static bool take_bounds(planner *p, const lots_expr *expr)
{
    bool all = true;
    const lots_expr *inner = of_known_day(p, expr);
    if (inner != NULL)
        return take_bounds(p, inner);
    if (expr->op == LOTS_OP_OR && expr->operand_count == 2)
        return bound_unless_missing(p, expr);
    if (expr->op != LOTS_OP_AND)
        return bound_by_day(p, expr, NULL) || bound_by_age(p, expr);
    for (uint32_t i = 0; i < expr->operand_count; i++)
        all &= take_bounds(p, operand_of(expr, i));
    return all;
}

static bool asks_sets(const lots_expr *expr)
{
    bool asks = expr->set != NULL;
    for (uint32_t i = 0; i < expr->operand_count && !asks; i++)
        asks = asks_sets(expr->operands[i]);
    return asks;
}

lots_status lots_each_plan_make(const lots_each *each, const lots_expr *where, uint32_t frame, lots_arena *arena,
                                lots_each_plan *out, lots_error *err)
{
    planner p = {.each = each, .frame = frame, .plan = out};
    memset(out, 0, sizeof *out);
    LOTS_TRY(lots_each_periods(each, arena, &out->periods, err));
    out->known = out->periods.count > 0;
    out->exact = out->known && where == NULL;
    if (out->known && where != NULL && !asks_sets(where))
        out->exact = take_bounds(&p, where);
    return LOTS_OK;
}

/* ---- of rows ---- */

/* How many of the periods begin before a day, or (of_end) end before it. */
static uint32_t count_before(const lots_periods *periods, int64_t day, bool of_end)
{
    const int32_t *days = of_end ? periods->ends : periods->starts;
    uint32_t low = 0, high = periods->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (days[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The same of all rows by the table of days: those before the first day and after the last count as the ones beside them.
 * False where there is none. */
static bool count_all_before(const lots_kernels *kernels, const lots_periods *periods, const int32_t *restrict days,
                             uint32_t count, int32_t shift, bool of_end, uint32_t *restrict out)
{
    const int64_t first = (int64_t)periods->starts[0] - shift, after = (int64_t)periods->ends[periods->count - 1] + 1 - shift;
    if (periods->of_day == NULL || first < INT32_MIN || after > INT32_MAX)
        return false;
    const int32_t least = (int32_t)first, most = (int32_t)after;
    for (uint32_t i = 0; i < count; i++) {
        const int32_t late = days[i] < least ? least : days[i];
        out[i] = (uint32_t)(late > most ? most : late) - (uint32_t)least;
    }
    kernels->gather_u32(of_end ? periods->of_day : periods->of_day - 1, out, count, out);
    for (uint32_t i = 0; i < count && !of_end; i++)
        out[i]++;
    return true;
}

static lots_status flat_of(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                           lots_error *err)
{
    lots_vector value;
    LOTS_TRY(lots_value(worker, expr, rows, &value, err));
    return lots_vector_flatten(lots_instance_arena(worker, rows), &value, out, err);
}

/* The days compared; beyond the calendar: one day after its last. */
static lots_status days_of(lots_worker *worker, const lots_each_bound *by, const lots_instance *rows, const lots_vector *value,
                           const int32_t **out, lots_error *err)
{
    const int32_t *days = value->data;
    lots_arena *arena = lots_instance_arena(worker, rows);
    int32_t *after = NULL;
    int64_t *months = NULL;
    *out = days;
    if (by->years == 0)
        return LOTS_OK;
    LOTS_TRY(lots_new_i32(arena, rows->count, &after, err));
    LOTS_TRY(lots_new_i64(arena, rows->count, &months, err));
    for (uint32_t i = 0; i < rows->count; i++)
        months[i] = (int64_t)by->years * 12;
    *out = after;
    if (worker->kernels->add_months(days, months, rows->count, after))
        return LOTS_OK;
    for (uint32_t i = 0; i < rows->count; i++)
        if (!lots_day_add_months(days[i], months[i], &after[i]))
            after[i] = LOTS_DAY_MAX + 1;
    return LOTS_OK;
}

/* What a bound compares with the periods, by row. */
typedef struct bound_days {
    const int32_t *days;
    const uint64_t *missing, *unless; /* NULL: none */
} bound_days;

static lots_status read_bound(lots_worker *worker, const lots_each_bound *by, const lots_instance *rows, bound_days *out,
                              lots_error *err)
{
    lots_vector value, unless = {.count = 0};
    LOTS_TRY(flat_of(worker, by->value, rows, &value, err));
    if (by->unless != NULL)
        LOTS_TRY(flat_of(worker, by->unless, rows, &unless, err));
    *out = (bound_days){.missing = value.missing, .unless = unless.data};
    return days_of(worker, by, rows, &value, &out->days, err);
}

/* ---- rows that have periods at all ---- */

/* The days of which some period passes. */
static void range_of(const lots_each_bound *by, const lots_periods *periods, int64_t *low, int64_t *high)
{
    const int32_t *days = by->of_end ? periods->ends : periods->starts;
    *low = by->below ? (int64_t)days[0] - by->shift : INT32_MIN;
    *high = by->below ? INT32_MAX : (int64_t)days[periods->count - 1] - by->shift;
}

static lots_status keep_possible(lots_worker *worker, const lots_each_bound *by, const lots_instance *rows,
                                 const lots_periods *periods, uint64_t *here, uint64_t *out, lots_error *err)
{
    const lots_kernels *kernels = worker->kernels;
    bound_days of;
    int64_t low, high;
    range_of(by, periods, &low, &high);
    if (by->years != 0 || low < INT32_MIN || high > INT32_MAX)
        return LOTS_OK;
    LOTS_TRY(read_bound(worker, by, rows, &of, err));
    kernels->range_i32(of.days, rows->count, (int32_t)low, (int32_t)high, here);
    if (of.missing != NULL)
        kernels->bits_and_not(here, of.missing, rows->count, here);
    if (of.unless != NULL)
        kernels->bits_or(here, of.unless, rows->count, here);
    kernels->bits_and(out, here, rows->count, out);
    return LOTS_OK;
}

lots_status lots_each_possible(lots_worker *worker, const lots_each_plan *plan, const lots_instance *rows, const uint64_t **out,
                               lots_error *err)
{
    enum { MUCH = 4 }; /* of so many rows one is left out at least */
    lots_arena *arena = lots_instance_arena(worker, rows);
    uint64_t *here = NULL, *bits = NULL;
    LOTS_TRY(lots_new_bits(arena, rows->count, &here, err));
    LOTS_TRY(lots_new_bits(arena, rows->count, &bits, err));
    lots_bits_fill(bits, rows->count, true);
    for (uint32_t b = 0; b < plan->bound_count; b++)
        LOTS_TRY(keep_possible(worker, &plan->bounds[b], rows, &plan->periods, here, bits, err));
    const uint64_t left = worker->kernels->bits_count(bits, rows->count);
    *out = left * MUCH < (uint64_t)rows->count * (MUCH - 1) ? bits : NULL;
    return LOTS_OK;
}

/* ---- their periods ---- */

static lots_status pick_bits(lots_worker *worker, const lots_instance *rows, const uint64_t *some, const uint64_t **bits,
                             lots_error *err)
{
    uint64_t *picked = NULL;
    if (*bits == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(lots_instance_arena(worker, rows), rows->count, &picked, err));
    (void)worker->kernels->bits_compress(some, rows->count, *bits, picked);
    *bits = picked;
    return LOTS_OK;
}

/* Those of `some` rows alone. */
static lots_status pick_bound(lots_worker *worker, const lots_instance *rows, const uint64_t *some, uint32_t count, bound_days *of,
                              lots_error *err)
{
    uint32_t *days = NULL;
    if (some == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(lots_instance_arena(worker, rows), count, &days, err));
    (void)worker->kernels->compress_u32(some, rows->count, (const uint32_t *)of->days, days);
    of->days = (const int32_t *)days;
    LOTS_TRY(pick_bits(worker, rows, some, &of->missing, err));
    return pick_bits(worker, rows, some, &of->unless, err);
}

/* What `at` becomes where there is no bound, and where no period passes. */
static void except_rows(const lots_each_bound *by, const bound_days *of, uint32_t count, uint32_t periods, uint32_t *at)
{
    for (size_t w = 0; w < lots_bit_words(count); w++) {
        const uint64_t here = count - w * 64 < 64 ? (UINT64_C(1) << (count % 64)) - 1 : ~UINT64_C(0);
        const uint64_t free = of->unless != NULL ? of->unless[w] & here : 0;
        for (uint64_t bits = free; bits != 0; bits &= bits - 1)
            at[w * 64 + (size_t)__builtin_ctzll(bits)] = by->below ? periods : 0;
        for (uint64_t bits = of->missing != NULL ? of->missing[w] & here & ~free : 0; bits != 0; bits &= bits - 1)
            at[w * 64 + (size_t)__builtin_ctzll(bits)] = by->below ? 0 : periods;
    }
}

static void narrow(const lots_worker *worker, const lots_each_bound *by, const bound_days *of, const lots_periods *periods,
                   uint32_t count, uint32_t *found, int32_t *first, int32_t *end)
{
    const int32_t shift = by->shift + (by->below ? 1 : 0);
    if (!count_all_before(worker->kernels, periods, of->days, count, shift, by->of_end, found))
        for (uint32_t i = 0; i < count; i++)
            found[i] = count_before(periods, (int64_t)of->days[i] + shift, by->of_end);
    if (of->unless != NULL || of->missing != NULL)
        except_rows(by, of, count, periods->count, found);
    if (by->below)
        worker->kernels->least_i32((const int32_t *)found, NULL, count, end, end);
    else
        worker->kernels->greatest_i32((const int32_t *)found, NULL, count, first, first);
}

lots_status lots_each_within(lots_worker *worker, const lots_each_plan *plan, const lots_instance *rows, const uint64_t *some,
                             uint32_t count, uint32_t *first, uint32_t *end, lots_error *err)
{
    int32_t *low = (int32_t *)first, *high = (int32_t *)end; /* they are few */
    const int32_t periods = (int32_t)plan->periods.count;
    uint32_t *found = NULL;
    LOTS_TRY(lots_new_u32(lots_instance_arena(worker, rows), count, &found, err));
    for (uint32_t i = 0; i < count; i++)
        high[i] = periods;
    memset(low, 0, count * sizeof *low);
    for (uint32_t b = 0; b < plan->bound_count; b++) {
        bound_days of;
        LOTS_TRY(read_bound(worker, &plan->bounds[b], rows, &of, err));
        LOTS_TRY(pick_bound(worker, rows, some, count, &of, err));
        narrow(worker, &plan->bounds[b], &of, &plan->periods, count, found, low, high);
    }
    worker->kernels->greatest_i32(low, NULL, count, high, high);
    return LOTS_OK;
}
