/* synth_random.c: see synth_random.h. */
#include "ingest/synth_random.h"

/* 2^whole times the Taylor series of what remains, which is at most ln(2) / 2. */
double lots_synth_exp(double x)
{
    const double ln2 = 0.69314718055994530942;
    double whole = (double)(int64_t)(x / ln2 + (x < 0 ? -0.5 : 0.5));
    double rest = x - whole * ln2, term = 1, sum = 1;
    for (int i = 1; i < 14; i++) {
        term *= rest / i;
        sum += term;
    }
    for (; whole > 0; whole--)
        sum *= 2;
    for (; whole < 0; whole++)
        sum *= 0.5;
    return sum;
}

/* x = 2^k m with m in [1/sqrt 2, sqrt 2); ln m = 2 atanh((m - 1) / (m + 1)): to some 1e-12, for x > 0. */
static double natural_log(double x)
{
    const double ln2 = 0.69314718055994530942;
    int32_t power = 0;
    for (; x >= 1.41421356237309504880; power++)
        x *= 0.5;
    for (; x < 0.70710678118654752440; power--)
        x *= 2;
    double ratio = (x - 1) / (x + 1), square = ratio * ratio, term = ratio, sum = 0;
    for (int i = 1; i < 40; i += 2) {
        sum += term / i;
        term *= square;
    }
    return 2 * sum + power * ln2;
}

/* The series of Marsaglia (2004, "Evaluating the normal distribution"). */
double lots_synth_normal_below(double x)
{
    double sum = x, term = x;
    if (x < -7)
        return 0;
    if (x > 7)
        return 1;
    for (int i = 3; i < 200; i += 2) {
        term *= x * x / i;
        sum += term;
    }
    return 0.5 + sum * lots_synth_exp(-0.5 * x * x) * 0.39894228040143267794;
}

static double find_quantile(double p)
{
    double low = -4, high = 4;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        if (lots_synth_normal_below(middle) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

void lots_synth_normal_make(lots_synth_normal *out)
{
    const double cells = LOTS_SYNTH_NORMAL_CELLS;
    for (int32_t i = 0; i <= LOTS_SYNTH_NORMAL_CELLS / 2; i++) {
        double quantile = i == 0 ? -4 : i == LOTS_SYNTH_NORMAL_CELLS / 2 ? 0 : find_quantile(i / cells);
        out->quantile[i] = (float)quantile;
        out->quantile[LOTS_SYNTH_NORMAL_CELLS - i] = (float)-quantile;
    }
    for (int32_t i = 0; i < LOTS_SYNTH_NORMAL_CELLS; i++)
        out->exponential[i] = (float)-natural_log(1 - i / cells);
    /* Within the last cell the mean is that of the tail, ln(cells) + 1. */
    out->exponential[LOTS_SYNTH_NORMAL_CELLS] = (float)(natural_log(cells) + 2);
    for (int32_t i = 0; i < LOTS_SYNTH_SCORE_CELLS; i++)
        out->growth[i] = (float)lots_synth_exp((i + 0.5) / 32 - 8);
}

void lots_synth_alias_make(lots_synth_alias *out, const uint64_t *weights, uint64_t *work)
{
    uint64_t total = 0, *share = work, *list = work + out->count;
    uint32_t small = 0, large = out->count;
    for (uint32_t i = 0; i < out->count; i++)
        total += weights[i];
    for (uint32_t i = 0; i < out->count; i++) {
        share[i] = weights[i] * out->count;
        if (share[i] < total)
            list[small++] = i;
        else
            list[--large] = i;
    }
    while (small > 0 && large < out->count) {
        uint32_t from = (uint32_t)list[--small], to = (uint32_t)list[large];
        out->keep[from] = (uint32_t)((double)share[from] / (double)total * 4294967295.0);
        out->other[from] = to;
        share[to] -= total - share[from];
        if (share[to] < total) {
            large++;
            list[small++] = to;
        }
    }
    for (; small > 0; small--)
        out->keep[list[small - 1]] = UINT32_MAX;
    for (; large < out->count; large++)
        out->keep[list[large]] = UINT32_MAX;
    for (uint32_t i = 0; i < out->count; i++)
        if (out->keep[i] == UINT32_MAX)
            out->other[i] = i;
}
