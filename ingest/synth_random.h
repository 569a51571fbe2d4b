/* synth_random.h: random numbers of the synthetic population. The idea: no shared state. A stream of numbers is named by the
 * seed, a patient and a purpose, and starts from their hash, so any patient can be made by itself, in any order, on any
 * thread, and a change to one purpose (say, laboratory tests) leaves the numbers of all others as they were.
 * The generator is SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
 * Logarithms, exponentials and normal values come from + - * / alone, never from libm, whose last bits differ between
 * systems: the same seed is the same population everywhere. Callers: synth_*.c. Threads: a stream is one worker's. */
#ifndef LOTS_SYNTH_RANDOM_H
#define LOTS_SYNTH_RANDOM_H

#include "core/lots.h"

typedef struct lots_synth_random {
    uint64_t state;
} lots_synth_random;

static inline uint64_t lots_synth_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline lots_synth_random lots_synth_stream(uint64_t seed, uint64_t person, uint64_t purpose)
{
    return (lots_synth_random){lots_synth_mix(lots_synth_mix(lots_synth_mix(seed) + person) ^
                                              purpose * UINT64_C(0x9e3779b97f4a7c15))};
}

static inline uint64_t lots_synth_next(lots_synth_random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return lots_synth_mix(random->state);
}

/* In [0, 1). */
static inline double lots_synth_uniform(lots_synth_random *random)
{
    return (double)(lots_synth_next(random) >> 11) * 0x1p-53;
}

static inline bool lots_synth_chance(lots_synth_random *random, double probability)
{
    return lots_synth_uniform(random) < probability;
}

/* In 0..count-1; the bias is below count / 2^32. */
static inline uint32_t lots_synth_below(lots_synth_random *random, uint32_t count)
{
    return (uint32_t)((lots_synth_next(random) >> 32) * count >> 32);
}

static inline int32_t lots_synth_between(lots_synth_random *random, int32_t least, int32_t most)
{
    return least + (int32_t)lots_synth_below(random, (uint32_t)(most - least + 1));
}

/* e^x to some 1e-12, for |x| < 700. */
double lots_synth_exp(double x);

enum { LOTS_SYNTH_NORMAL_CELLS = 2048, LOTS_SYNTH_SCORE_CELLS = 512 };

/* Tables of the normal distribution, made once. */
typedef struct lots_synth_normal {
    float quantile[LOTS_SYNTH_NORMAL_CELLS + 1];     /* of i / cells, the ends drawn in to +-4 */
    float exponential[LOTS_SYNTH_NORMAL_CELLS + 1];  /* -ln(1 - i / cells), the end drawn in */
    float growth[LOTS_SYNTH_SCORE_CELLS];            /* e^x for x from -8 in steps of 1/32 */
} lots_synth_normal;

void lots_synth_normal_make(lots_synth_normal *out);
/* P(X < x) for a standard normal X. */
double lots_synth_normal_below(double x);

/* A standard normal value: the quantile of a uniform one, between two cells of the table linearly. */
static inline double lots_synth_score(const lots_synth_normal *table, lots_synth_random *random)
{
    uint64_t bits = lots_synth_next(random) >> 32;
    uint32_t cell = (uint32_t)(bits * LOTS_SYNTH_NORMAL_CELLS >> 32);
    double part = (double)(uint32_t)(bits * LOTS_SYNTH_NORMAL_CELLS) * 0x1p-32;
    return (double)table->quantile[cell] + part * (double)(table->quantile[cell + 1] - table->quantile[cell]);
}

/* Exponential with mean 1. */
static inline double lots_synth_wait(const lots_synth_normal *table, lots_synth_random *random)
{
    uint64_t bits = lots_synth_next(random) >> 32;
    uint32_t cell = (uint32_t)(bits * LOTS_SYNTH_NORMAL_CELLS >> 32);
    double part = (double)(uint32_t)(bits * LOTS_SYNTH_NORMAL_CELLS) * 0x1p-32;
    return (double)table->exponential[cell] + part * (double)(table->exponential[cell + 1] - table->exponential[cell]);
}

/* e^x for x in [-8, 8), of the table's cell: a factor, not a function. */
static inline double lots_synth_factor(const lots_synth_normal *table, double x)
{
    double at = (x + 8) * 32;
    int32_t cell = at < 0 ? 0 : at >= LOTS_SYNTH_SCORE_CELLS ? LOTS_SYNTH_SCORE_CELLS - 1 : (int32_t)at;
    return (double)table->growth[cell];
}

/* Poisson by inversion: one random number, steps in proportion to the mean. `mean` at most 200. */
static inline uint32_t lots_synth_poisson(lots_synth_random *random, double mean)
{
    double uniform = 1 - lots_synth_uniform(random);
    if (uniform > mean) /* P(0) = e^-mean >= 1 - mean */
        return 0;
    double term = lots_synth_exp(-mean), sum = 1 - uniform; /* sum: what is left of the uniform, from below */
    uint32_t count = 0;
    while (sum >= term && count < 1000) {
        sum -= term;
        count++;
        term *= mean / count;
    }
    return count;
}

/* One of many by weight: Walker's alias method (Vose 1991, "A linear algorithm for generating random numbers with a given
 * distribution"). */
typedef struct lots_synth_alias {
    uint32_t *keep;   /* of 2^32: stay in this cell */
    uint32_t *other;
    uint32_t count;
} lots_synth_alias;

/* `keep` and `other` have room for count; `work` for 2 * count. Weights are whole numbers, so no rounding differs. */
void lots_synth_alias_make(lots_synth_alias *out, const uint64_t *weights, uint64_t *work);

static inline uint32_t lots_synth_alias_draw(const lots_synth_alias *alias, lots_synth_random *random)
{
    uint64_t bits = lots_synth_next(random);
    uint32_t cell = (uint32_t)((bits >> 32) * alias->count >> 32);
    return (uint32_t)bits < alias->keep[cell] ? cell : alias->other[cell];
}

#endif
