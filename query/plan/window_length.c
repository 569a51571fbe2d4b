/* window_length.c: see window_length.h. Each end is taken apart into a day and constants added to it; two ends of one day, told
 * by its words, are compared on every day of four years, which has every month and a leap day. */
#include "query/plan/window_length.h"

#include "core/base/day.h"

typedef struct moved_day { /* base + months, then + days; base NULL: the constant day `days` */
    const lots_expr *base;
    int64_t months, days;
} moved_day;

enum { FOUR_YEARS = 1461, MONTHS_MOST = 12000, DAYS_MOST = 3000000 };

static bool constant_of(const lots_expr *expr, int64_t *out)
{
    bool negated = expr->op == LOTS_OP_NEGATE;
    const lots_expr *inner = negated ? expr->operands[0] : expr;
    if (inner->op != LOTS_OP_CONSTANT || inner->constant.missing || inner->constant.i > DAYS_MOST ||
        inner->constant.i < -DAYS_MOST)
        return false;
    *out = negated ? -inner->constant.i : inner->constant.i;
    return true;
}

/* Days may be added after months, never before: the order matters. */
static bool take_apart(const lots_expr *expr, moved_day *out)
{
    int64_t by = 0;
    *out = (moved_day){0};
    while (expr->op == LOTS_OP_ADD_DAYS && constant_of(expr->operands[1], &by)) {
        out->days += by;
        expr = expr->operands[0];
    }
    while (expr->op == LOTS_OP_ADD_MONTHS && constant_of(expr->operands[1], &by) && out->months == 0) {
        out->months = by;
        expr = expr->operands[0];
    }
    out->base = expr;
    if (expr->op == LOTS_OP_CONSTANT && out->months == 0) {
        out->base = NULL;
        out->days += expr->constant.i;
        return !expr->constant.missing;
    }
    return out->months <= MONTHS_MOST && out->months >= -MONTHS_MOST && out->days <= DAYS_MOST && out->days >= -DAYS_MOST;
}

static lots_status same_day(const lots_words *words, const lots_expr *a, const lots_expr *b, bool *out, lots_error *err)
{
    lots_bytes left = {0}, right = {0};
    *out = a == b;
    if (*out || a == NULL || b == NULL)
        return LOTS_OK;
    lots_status status = lots_words_expr(words, a, &left, err);
    if (status == LOTS_OK)
        status = lots_words_expr(words, b, &right, err);
    *out = status == LOTS_OK && left.count == right.count && left.count <= LOTS_WORDS_BYTES &&
           memcmp(left.data, right.data, left.count) == 0;
    lots_bytes_free(&left);
    lots_bytes_free(&right);
    return status;
}

static void compare(const moved_day *low, const moved_day *high, lots_window_length *out)
{
    lots_day first = lots_day_from_civil(2021, 1, 1);
    *out = (lots_window_length){.known = true, .least = INT64_MAX};
    for (lots_day day = first; day < first + FOUR_YEARS; day++) {
        lots_day from = day, to = day;
        if (!lots_day_add_months(day, low->months, &from) || !lots_day_add_months(day, high->months, &to)) {
            out->known = false;
            return;
        }
        int64_t days = to + high->days - (from + low->days) + 1;
        days = days < 0 ? 0 : days;
        out->least = days < out->least ? days : out->least;
        out->most = days > out->most ? days : out->most;
    }
}

lots_status lots_window_measure(const lots_words *words, const lots_window *window, lots_window_length *out,
                                lots_error *err)
{
    moved_day low, high;
    bool same = false;
    *out = (lots_window_length){0};
    if (window->low == NULL || window->high == NULL || !take_apart(window->low, &low) || !take_apart(window->high, &high))
        return LOTS_OK;
    LOTS_TRY(same_day(words, low.base, high.base, &same, err));
    if (same)
        compare(&low, &high, out);
    return LOTS_OK;
}
