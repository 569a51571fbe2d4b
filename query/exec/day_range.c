/* day_range.c: see day_range.h. */
#include "query/exec/day_range.h"

#include "core/base/day.h"
#include "query/exec/eval.h"

/* The start of an event of the set, which lies in all of its windows. */
static bool start_of(const lots_worker *worker, const lots_expr *expr, const lots_set **set)
{
    const lots_expr *event = expr->op == LOTS_OP_EVENT_COLUMN ? expr->operands[0] : NULL;
    *set = event != NULL && event->op == LOTS_OP_EVENT ? event->set : NULL;
    return *set != NULL && worker->query->relations[(*set)->relation].start_column == (int32_t)expr->index;
}

static bool is_day(const lots_expr *bound) { return bound != NULL && bound->op == LOTS_OP_CONSTANT && !bound->constant.missing; }

static void windows_of(const lots_set *set, int64_t *least, int64_t *most)
{
    for (uint32_t w = 0; w < set->window_count; w++) {
        if (is_day(set->windows[w].low) && set->windows[w].low->constant.i > *least)
            *least = set->windows[w].low->constant.i;
        if (is_day(set->windows[w].high) && set->windows[w].high->constant.i < *most)
            *most = set->windows[w].high->constant.i;
    }
}

lots_status lots_day_range(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, int32_t *least, int32_t *most,
                           bool *known, lots_error *err)
{
    const int64_t span = (int64_t)LOTS_DAY_MAX - LOTS_DAY_MIN;
    const bool moved = expr->op == LOTS_OP_ADD_DAYS && is_day(expr->operands[1]);
    const lots_expr *base = moved ? expr->operands[0] : expr;
    const int64_t by = moved ? expr->operands[1]->constant.i : 0;
    const lots_set *set = NULL;
    lots_vector event;
    int64_t low = LOTS_DAY_MIN, high = LOTS_DAY_MAX;
    *known = by >= -span && by <= span && (is_day(base) || start_of(worker, base, &set));
    if (!*known)
        return LOTS_OK;
    if (set != NULL) {
        LOTS_TRY(lots_value(worker, base->operands[0], rows, &event, err));
        *known = event.failed == NULL;
        windows_of(set, &low, &high);
    } else {
        low = high = base->constant.i;
    }
    *known = *known && low + by >= LOTS_DAY_MIN && high + by <= LOTS_DAY_MAX;
    *least = *known ? (int32_t)(low + by) : LOTS_DAY_MIN;
    *most = *known ? (int32_t)(high + by) : LOTS_DAY_MAX;
    return LOTS_OK;
}
