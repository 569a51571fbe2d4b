/* key_band.c: see key_band.h. */
#include "query/exec/key_band.h"

#include <string.h>

#include "core/base/kernels.h"

#define SPAN_MAX 65536

static bool is_number(const lots_expr *expr, int64_t least)
{
    return expr->op == LOTS_OP_CONSTANT && expr->type.kind == LOTS_TYPE_INT && !expr->constant.missing &&
           expr->constant.i >= least && expr->constant.i <= SPAN_MAX;
}

static bool take_band(const lots_expr *expr, lots_key_band *out)
{
    if (!is_number(expr->operands[1], 1) || expr->label_count > SPAN_MAX || expr->label_first < -SPAN_MAX ||
        expr->label_first > SPAN_MAX)
        return false;
    const int64_t span = expr->operands[1]->constant.i * expr->label_count;
    *out = (lots_key_band){expr, (int32_t)expr->label_first, (uint32_t)span};
    return span <= SPAN_MAX;
}

/* One number below the first bound stands for all that are, and the last bound for all from it on. */
static bool take_cut(const lots_expr *expr, lots_key_band *out)
{
    for (uint32_t i = 1; i < expr->operand_count; i++)
        if (!is_number(expr->operands[i], -SPAN_MAX))
            return false;
    const int64_t low = expr->operands[1]->constant.i - 1, last = expr->operands[expr->operand_count - 1]->constant.i;
    *out = (lots_key_band){expr, (int32_t)low, (uint32_t)(last - low + 1)};
    return expr->label_count == expr->operand_count && last - low < SPAN_MAX;
}

bool lots_key_of_band(const lots_expr *expr, lots_key_band *out)
{
    *out = (lots_key_band){NULL, 0, 0};
    if ((expr->op != LOTS_OP_BAND && expr->op != LOTS_OP_CUT) || expr->labels == NULL ||
        expr->operands[0]->type.kind != LOTS_TYPE_INT)
        return false;
    return expr->op == LOTS_OP_BAND ? take_band(expr, out) : take_cut(expr, out);
}

bool lots_key_band_holds(const lots_key_band *band, const lots_vector *numbers)
{
    enum { BLOCK = 4096 };
    const lots_kernels *kernels = lots_kernels_get();
    const int64_t *all = numbers->data, low = band->low, high = low + (int64_t)band->span - 1;
    const uint32_t count = numbers->constant && numbers->count > 0 ? 1 : numbers->count;
    uint64_t held[BLOCK / 64 + 8];
    for (uint32_t i = 0; band->expr->op == LOTS_OP_BAND && i < count; i += BLOCK) {
        const uint32_t here = count - i < BLOCK ? count - i : BLOCK;
        kernels->range_i64(all + i, here, low, high, held);
        if (kernels->bits_count(held, here) < here)
            return false;
    }
    return true;
}

lots_text lots_key_band_text(const lots_key_band *band, uint32_t place)
{
    const lots_expr *expr = band->expr;
    const int64_t number = (int64_t)band->low + place;
    uint32_t at = 0;
    if (expr->op == LOTS_OP_BAND)
        at = place / (uint32_t)expr->operands[1]->constant.i;
    while (expr->op == LOTS_OP_CUT && at + 1 < expr->operand_count && expr->operands[at + 1]->constant.i <= number)
        at++;
    return (lots_text){expr->labels[at], (uint32_t)strlen(expr->labels[at])};
}
