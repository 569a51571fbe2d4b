/* each_within.c: see each_within.h. Bounds are conditions `value < period.end` (or start; all four comparisons), or such a
 * one `or value is missing`, of a column, an earlier slot or a constant. A row whose value is missing keeps all periods:
 * what becomes of it is where's to say. */
#include "query/exec/each_within.h"

#include "query/exec/worker.h"

typedef struct bound {
    const lots_expr *value;  /* a date, known before the periods are */
    const lots_expr *unless; /* a truth: no bound where it isn't false; NULL: none */
    bool of_end;             /* compared is the period's end, or else its start */
    bool below;              /* that is at most value + shift, or else at least */
    int32_t shift;
} bound;

static const lots_expr *operand_of(const lots_expr *expr, uint32_t i) { return expr->operands[i]; }

/* Known of a row before it has a period, at no cost. */
static bool is_known(const lots_each *each, const lots_expr *expr)
{
    if (expr->op == LOTS_OP_SLOT)
        return expr->index != each->slots[0] && (each->slot_count < 2 || expr->index != each->slots[1]);
    return expr->op == LOTS_OP_COLUMN || expr->op == LOTS_OP_CONSTANT;
}

static bool is_side(const lots_each *each, const lots_expr *expr, uint32_t frame)
{
    return (expr->op == LOTS_OP_INTERVAL_START || expr->op == LOTS_OP_INTERVAL_END) &&
           operand_of(expr, 0)->op == LOTS_OP_SLOT && operand_of(expr, 0)->of_frame == frame &&
           operand_of(expr, 0)->index == each->slots[0];
}

static bool is_comparison(lots_op op)
{
    return op == LOTS_OP_LESS || op == LOTS_OP_LESS_EQUAL || op == LOTS_OP_GREATER || op == LOTS_OP_GREATER_EQUAL;
}

static bool compared(const lots_each *each, const lots_expr *expr, uint32_t frame, bound *out)
{
    if (!is_comparison(expr->op))
        return false;
    const bool side_first = is_side(each, operand_of(expr, 0), frame);
    const lots_expr *side = operand_of(expr, side_first ? 0 : 1), *value = operand_of(expr, side_first ? 1 : 0);
    if (!is_side(each, side, frame) || !is_known(each, value) || value->type.kind != LOTS_TYPE_DATE)
        return false;
    const bool less = expr->op == LOTS_OP_LESS || expr->op == LOTS_OP_LESS_EQUAL;
    const bool strict = expr->op == LOTS_OP_LESS || expr->op == LOTS_OP_GREATER;
    const bool below = less == side_first;
    *out = (bound){.value = value,
                   .of_end = side->op == LOTS_OP_INTERVAL_END,
                   .below = below,
                   .shift = !strict ? 0 : below ? -1 : 1};
    return true;
}

/* A condition that must hold. */
static bool bound_of(const lots_each *each, const lots_expr *expr, uint32_t frame, bound *out)
{
    if (expr->op != LOTS_OP_OR || expr->operand_count != 2)
        return compared(each, expr, frame, out);
    for (uint32_t i = 0; i < 2; i++) {
        const lots_expr *other = operand_of(expr, 1 - i);
        if (other->op != LOTS_OP_IS_MISSING || !is_known(each, operand_of(other, 0)) ||
            !compared(each, operand_of(expr, i), frame, out))
            continue;
        out->unless = other;
        return true;
    }
    return false;
}

static bool asks_sets(const lots_expr *expr)
{
    bool asks = expr->set != NULL;
    for (uint32_t i = 0; i < expr->operand_count && !asks; i++)
        asks = asks_sets(expr->operands[i]);
    return asks;
}

static uint32_t condition_count(const lots_expr *where) { return where->op == LOTS_OP_AND ? where->operand_count : 1; }

static const lots_expr *condition_of(const lots_expr *where, uint32_t i)
{
    return where->op == LOTS_OP_AND ? where->operands[i] : where;
}

bool lots_each_is_bounded(const lots_each *each, const lots_expr *where, uint32_t frame)
{
    bound found;
    if (where == NULL || asks_sets(where))
        return false;
    for (uint32_t i = 0; i < condition_count(where); i++)
        if (bound_of(each, condition_of(where, i), frame, &found))
            return true;
    return false;
}

/* How many of the rising days are below `day`. */
static uint32_t count_below(const int32_t *days, uint32_t count, int64_t day)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (days[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static lots_status flat_of(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                           lots_error *err)
{
    lots_vector value;
    LOTS_TRY(lots_value(worker, expr, rows, &value, err));
    return lots_vector_flatten(lots_instance_arena(worker, rows), &value, out, err);
}

static lots_status narrow(lots_worker *worker, const bound *by, const lots_instance *rows, const lots_periods *periods,
                          uint32_t *first, uint32_t *end, lots_error *err)
{
    const int32_t *days = by->of_end ? periods->ends : periods->starts;
    lots_vector value, unless = {.count = 0};
    LOTS_TRY(flat_of(worker, by->value, rows, &value, err));
    if (by->unless != NULL)
        LOTS_TRY(flat_of(worker, by->unless, rows, &unless, err));
    for (uint32_t i = 0; i < rows->count; i++) {
        if (lots_vector_is_missing(&value, i) || (by->unless != NULL && lots_bit_get(unless.data, i)))
            continue;
        const int64_t day = (int64_t)((const int32_t *)value.data)[i] + by->shift;
        const uint32_t at = count_below(days, periods->count, by->below ? day + 1 : day);
        if (by->below)
            end[i] = end[i] < at ? end[i] : at;
        else
            first[i] = first[i] > at ? first[i] : at;
    }
    return LOTS_OK;
}

lots_status lots_each_within(lots_worker *worker, const lots_each *each, const lots_expr *where, const lots_instance *rows,
                             const lots_periods *periods, uint32_t *first, uint32_t *end, lots_error *err)
{
    bound found;
    for (uint32_t i = 0; i < rows->count; i++) {
        first[i] = 0;
        end[i] = periods->count;
    }
    for (uint32_t i = 0; i < condition_count(where); i++)
        if (bound_of(each, condition_of(where, i), rows->frame, &found))
            LOTS_TRY(narrow(worker, &found, rows, periods, first, end, err));
    for (uint32_t i = 0; i < rows->count; i++)
        end[i] = end[i] < first[i] ? first[i] : end[i];
    return LOTS_OK;
}
