/* share.c: see share.h. */
#include "query/exec/share.h"

#include <math.h>

__extension__ typedef __int128 wide;

uint64_t lots_ceil_share(double p, uint64_t n)
{
    double exact = p * (double)n;
    double nearest = nearbyint(exact);
    if (fabs(exact - nearest) <= 1e-9 * (1 + nearest))
        exact = nearest;
    double up = ceil(exact);
    return up <= 0 ? 0 : up >= (double)n ? n : (uint64_t)up;
}

/* ---- sums of ascending whole numbers ---- */

static wide wide_of(lots_whole_sum sum)
{
    __extension__ unsigned __int128 bits = ((unsigned __int128)sum.halves[1] << 64) | sum.halves[0];
    return (wide)bits;
}

static lots_whole_sum whole_of(wide sum)
{
    __extension__ unsigned __int128 bits = (unsigned __int128)sum;
    return (lots_whole_sum){{(uint64_t)bits, (uint64_t)(bits >> 64)}};
}

/* How many of the values can be added, each times up to `times`, before 64 bits overflow; 0: not even one. */
static uint64_t safe_count(const int64_t *values, uint64_t count, uint64_t times)
{
    const uint64_t low = values[0] < 0 ? 0 - (uint64_t)values[0] : (uint64_t)values[0];
    const uint64_t high = values[count - 1] < 0 ? 0 - (uint64_t)values[count - 1] : (uint64_t)values[count - 1];
    const uint64_t most = (low > high ? low : high) | 1;
    return most > (uint64_t)INT64_MAX / times ? 0 : (uint64_t)INT64_MAX / times / most;
}

typedef struct sums_of {
    wide all, ranked;
} sums_of;

/* The first times `rank`, each after it times 2 more, none times more than `times`. */
static sums_of add_up(const int64_t *values, uint64_t count, int64_t rank, uint64_t times)
{
    const uint64_t step = count == 0 ? 0 : safe_count(values, count, times);
    sums_of sums = {0, 0};
    for (uint64_t i = 0; i < count && step == 0; i++, rank += 2) {
        sums.all += values[i];
        sums.ranked += (wide)rank * values[i];
    }
    for (uint64_t first = 0; first < count && step > 0;) {
        const uint64_t end = count - first < step ? count : first + step;
        int64_t all = 0, ranked = 0;
        for (uint64_t i = first; i < end; i++, rank += 2) {
            all += values[i];
            ranked += rank * values[i];
        }
        sums.all += all;
        sums.ranked += ranked;
        first = end;
    }
    return sums;
}

static wide sum_of(const int64_t *values, uint64_t count) { return add_up(values, count, 0, 2 * count).all; }

enum { PARTS = 64, MANY = 65536 /* that other threads are woken for */ };

typedef struct sum_parts {
    const int64_t *values;
    uint64_t count, parts;
    sums_of sums[PARTS];
} sum_parts;

static lots_status sum_part(void *context, size_t task, unsigned worker, lots_error *err)
{
    sum_parts *all = context;
    const uint64_t first = all->count * task / all->parts, end = all->count * (task + 1) / all->parts;
    (void)worker;
    (void)err;
    all->sums[task] = add_up(all->values + first, end - first, 2 * (int64_t)first - (int64_t)all->count + 1,
                              all->count);
    return LOTS_OK;
}

lots_status lots_share_sums_of(const int64_t *values, uint64_t count, lots_pool *pool, lots_share_sums *out, lots_error *err)
{
    sum_parts all = {.values = values, .count = count, .parts = 1};
    sums_of sums = {0, 0};
    if (pool != NULL && count >= MANY)
        all.parts = lots_pool_threads(pool) < PARTS ? lots_pool_threads(pool) : PARTS;
    if (all.parts > 1)
        LOTS_TRY(lots_pool_run(pool, all.parts, sum_part, &all, NULL, err));
    else
        LOTS_TRY(sum_part(&all, 0, 0, err));
    for (size_t i = 0; i < all.parts; i++) {
        sums.all += all.sums[i].all;
        sums.ranked += all.sums[i].ranked;
    }
    *out = (lots_share_sums){whole_of(sums.all), whole_of(sums.ranked)};
    return LOTS_OK;
}

/* ---- Gini ---- */

bool lots_gini_ints(const int64_t *values, uint64_t count, const lots_share_sums *sums, double *out)
{
    if (count == 0 || values[0] < 0 || wide_of(sums->all) == 0)
        return false;
    *out = (double)((long double)wide_of(sums->ranked) / ((long double)count * (long double)wide_of(sums->all)));
    return true;
}

bool lots_gini_floats(const double *values, uint64_t count, double *out)
{
    double sum = 0, weighted = 0;
    if (count == 0 || values[0] < 0)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        sum += values[i];
        weighted += (2.0 * (double)(i + 1) - (double)count - 1) * values[i];
    }
    if (sum <= 0)
        return false;
    *out = weighted / ((double)count * sum);
    return true;
}

/* ---- the share of the largest ---- */

bool lots_top_share_ints(const int64_t *values, uint64_t count, lots_whole_sum sum, double p, double *out)
{
    const uint64_t kept = lots_ceil_share(p, count);
    if (wide_of(sum) == 0)
        return false;
    *out = (double)((long double)sum_of(values + (count - kept), kept) / (long double)wide_of(sum));
    return true;
}

bool lots_top_share_floats(const double *values, uint64_t count, double p, double *out)
{
    double sum = 0, top = 0;
    uint64_t kept = lots_ceil_share(p, count);
    for (uint64_t i = 0; i < count; i++) {
        sum += values[i];
        top += i >= count - kept ? values[i] : 0;
    }
    if (sum == 0)
        return false;
    *out = top / sum;
    return true;
}

/* The whole values below the point (1 - p) n, and a part of the one it falls in. */
static double lorenz_point(uint64_t count, double p, uint64_t *whole)
{
    double at = (1 - p) * (double)count;
    double nearest = nearbyint(at);
    if (fabs(at - nearest) <= 1e-9 * (1 + nearest))
        at = nearest;
    double below = floor(at);
    *whole = below <= 0 ? 0 : below >= (double)count ? count : (uint64_t)below;
    return at - below;
}

bool lots_lorenz_share_ints(const int64_t *values, uint64_t count, lots_whole_sum sum, double p, double *out)
{
    uint64_t whole = 0;
    double part = lorenz_point(count, p, &whole);
    if (wide_of(sum) == 0)
        return false;
    const wide low = wide_of(sum) - sum_of(values + whole, count - whole);
    long double below = (long double)low + (whole < count ? (long double)part * (long double)values[whole] : 0);
    *out = (double)(1 - below / (long double)wide_of(sum));
    return true;
}

bool lots_lorenz_share_floats(const double *values, uint64_t count, double p, double *out)
{
    uint64_t whole = 0;
    double part = lorenz_point(count, p, &whole), sum = 0, low = 0;
    for (uint64_t i = 0; i < count; i++) {
        sum += values[i];
        low += i < whole ? values[i] : 0;
    }
    if (sum == 0)
        return false;
    *out = 1 - (low + (whole < count ? part * values[whole] : 0)) / sum;
    return true;
}

/* ---- quantiles ---- */

static double quantile_point(uint64_t count, double p, uint64_t *low)
{
    double at = p * (double)(count - 1);
    double below = floor(at);
    *low = (uint64_t)below;
    return at - below;
}

bool lots_quantile_ints(const int64_t *values, uint64_t count, double p, double *out)
{
    uint64_t low = 0;
    if (count == 0)
        return false;
    double part = quantile_point(count, p, &low);
    *out = (double)values[low];
    if (part > 0)
        *out += part * ((double)values[low + 1] - (double)values[low]);
    return true;
}

bool lots_quantile_floats(const double *values, uint64_t count, double p, double *out)
{
    uint64_t low = 0;
    if (count == 0)
        return false;
    double part = quantile_point(count, p, &low);
    *out = values[low];
    if (part > 0)
        *out += part * (values[low + 1] - values[low]);
    return true;
}
