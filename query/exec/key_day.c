/* key_day.c: see key_day.h. */
#include "query/exec/key_day.h"

#include "core/base/day.h"

bool lots_key_of_day(const lots_expr *expr)
{
    switch (expr->op) {
    case LOTS_OP_YEAR_OF:
    case LOTS_OP_QUARTER_OF:
    case LOTS_OP_MONTH_OF:
    case LOTS_OP_WEEK_OF:
    case LOTS_OP_YEAR:
    case LOTS_OP_MONTH:
    case LOTS_OP_WEEKDAY: return expr->operand_count == 1 && expr->operands[0]->type.kind == LOTS_TYPE_DATE;
    default: return false;
    }
}

int64_t lots_key_day_value(lots_op op, int32_t day, int32_t *last)
{
    const int32_t month = lots_day_month_number(day);
    const int32_t months = op == LOTS_OP_YEAR_OF ? 12 : op == LOTS_OP_QUARTER_OF ? 3 : 1;
    switch (op) {
    case LOTS_OP_WEEKDAY: return lots_day_weekday(day);
    case LOTS_OP_YEAR: return month / 12;
    case LOTS_OP_MONTH: return month % 12 + 1;
    case LOTS_OP_WEEK_OF: *last = lots_day_week_start(day) + 6; return lots_day_week_start(day);
    default: *last = lots_month_first(month - month % months + months) - 1; return lots_month_first(month - month % months);
    }
}
