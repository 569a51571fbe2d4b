/* exact.h: sums of doubles without error, rounded once at the end: the same bits whatever the order of adding.
 *
 * A sum is a whole number of 2^low in two's complement, in limbs of 64 bits, the least first (Kulisch 2013). With
 * LOTS_EXACT_LIMBS limbs over 2^LOTS_EXACT_LOW it holds any 2^32 doubles. Most sums never need it: two doubles keep what is
 * added as long as lots_exact_step says that nothing was lost. Callers: the kernels, query/exec. */
#ifndef LOTS_EXACT_H
#define LOTS_EXACT_H

#include <stdbool.h>
#include <stdint.h>

enum { LOTS_EXACT_LIMBS = 34, LOTS_EXACT_LOW = -1074 };

typedef struct lots_exact { /* zeroes: 0 */
    uint64_t limbs[LOTS_EXACT_LIMBS];
} lots_exact;

/* *sum becomes sum + x, rounded; what the rounding took off comes back (Knuth 1969, 4.2.2 theorem B). Not a number when the
 * sum leaves the range of doubles. */
static inline double lots_exact_add(double *sum, double x)
{
    const double before = *sum, after = before + x, grown = after - before;
    *sum = after;
    return (before - (after - grown)) + (x - grown);
}

/* Add x to the pair of doubles *sum + *rest. False: something was lost, and neither can be used. As long as it is true,
 * *sum + *rest in doubles is the sum of all that was added, rounded once to the nearest, of two the even. */
static inline bool lots_exact_step(double *sum, double *rest, double x)
{
    return lots_exact_add(rest, lots_exact_add(sum, x)) == 0;
}

/* The same of several, one after the other. False: something was lost, and the pair is as it was. Cost: O(count), less than steps, as
 * sums wait for sums alone, and what they lost for what was lost before. */
bool lots_exact_steps(double *sum, double *rest, const double *values, uint32_t count);

/* How many limbs hold every sum of `count` of these finite doubles, and the *low they are counted by. Cost: O(count).
 *   mask   bits by value: which of them are meant; NULL: all */
unsigned lots_limbs_for(const double *values, const uint64_t *mask, uint32_t count, int *low);
/* Add x, finite, 0 or with a lowest bit of at least 2^low, whose sum fits. Cost: two limbs, more only by carries. */
void lots_limbs_add(uint64_t *limbs, unsigned width, int low, double x);
/* Add a sum of the same width and low. */
void lots_limbs_join(uint64_t *limbs, const uint64_t *more, unsigned width);
/* Add x * x: every bit of it, so `low` is at most twice that of x. Cost: three limbs, more only by carries. */
void lots_limbs_add_square(uint64_t *limbs, unsigned width, int low, double x);
/* The sample standard deviation (over count - 1) of `count` numbers whose sum is `sum`, `width` limbs of 2^low, and whose squares'
 * sum is `squares`, twice as many of 2^(2 low). Off by less than 2 in the last place: count * squares - sum^2 is exact.
 *   width   at most LOTS_EXACT_LIMBS
 *   count   2 .. 2^32
 * Cost: O(width^2). */
double lots_limbs_deviation(const uint64_t *sum, const uint64_t *squares, unsigned width, int low, uint64_t count);
/* The nearest double, of two the even; beyond all doubles an infinity. Cost: O(width). */
double lots_limbs_round(const uint64_t *limbs, unsigned width, int low);
/* The nearest double to the sum divided by `count`, of two the even. Not the rounded sum divided: of equal doubles that may miss
 * them in the last place. width: at most LOTS_EXACT_LIMBS; count: 1 .. 2^62. Cost: O(width) divisions. */
double lots_limbs_mean(const uint64_t *limbs, unsigned width, int low, uint64_t count);
/* The same of sum + rest, both finite, as lots_exact_step has left them; count below 2^53. Cost: two divisions, most often. */
double lots_exact_mean(double sum, double rest, uint64_t count);
/* The nearest double to `sum`, in two's complement, the lower half first, divided by count * 10^scale. scale: 0..18; count below
 * 2^53. Beyond 2^62 under the fraction bar, which no table of whole numbers gets to, rounded three times. Cost: most often one
 * division. */
double lots_decimal_mean(const uint64_t sum[2], unsigned scale, uint64_t count);
/* *apart = limbs - less. width: at most LOTS_EXACT_LIMBS. */
void lots_limbs_subtract(const uint64_t *limbs, const uint64_t *less, unsigned width, uint64_t *apart);

#endif
