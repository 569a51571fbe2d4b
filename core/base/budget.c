/* budget.c: see budget.h. */
#include "core/base/budget.h"

enum { LARGEST_STEP = 64 * 1024, STEPS = 1024 };

void lots_budget_init(lots_budget *budget, size_t limit_bytes)
{
    budget->limit_bytes = limit_bytes;
    atomic_init(&budget->used_bytes, 0);
    atomic_init(&budget->peak_bytes, 0);
}

lots_status lots_budget_take(lots_budget *budget, size_t bytes, lots_error *err)
{
    size_t used = atomic_load(&budget->used_bytes);
    do {
        if (budget->limit_bytes != 0 && (used > budget->limit_bytes || bytes > budget->limit_bytes - used))
            return lots_fail(err, LOTS_LIMIT, "%zu bytes more than the %zu in use would pass the memory limit of %zu bytes",
                             bytes, used, budget->limit_bytes);
    } while (!atomic_compare_exchange_weak(&budget->used_bytes, &used, used + bytes));
    size_t peak = atomic_load(&budget->peak_bytes);
    while (used + bytes > peak && !atomic_compare_exchange_weak(&budget->peak_bytes, &peak, used + bytes)) {
    }
    return LOTS_OK;
}

void lots_budget_give(lots_budget *budget, size_t bytes)
{
    atomic_fetch_sub(&budget->used_bytes, bytes);
}

size_t lots_budget_step(const lots_budget *budget)
{
    const size_t step = budget->limit_bytes / STEPS;
    return budget->limit_bytes == 0 || step > LARGEST_STEP ? LARGEST_STEP : step;
}

size_t lots_budget_left(const lots_budget *budget)
{
    const size_t used = atomic_load(&budget->used_bytes);
    return budget->limit_bytes == 0 ? SIZE_MAX : used < budget->limit_bytes ? budget->limit_bytes - used : 0;
}
