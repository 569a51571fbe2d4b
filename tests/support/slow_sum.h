/* slow_sum.h: exact sums and means of doubles by school: how often each power of two comes, above and below zero; then carries, bit by
 * bit. What those of the program are held against. Included by test programs only. */
#ifndef LOTS_SLOW_SUM_H
#define LOTS_SLOW_SUM_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { SLOW_BITS = 2200, SLOW_LOW = -1074, SLOW_FINER = 2 };

typedef struct slow_sum {
    long counts[SLOW_BITS]; /* of 2^(SLOW_LOW + i) */
} slow_sum;

static inline void slow_add(slow_sum *sum, double x)
{
    int exponent = 0;
    double part = frexp(fabs(x), &exponent); /* |x| = part * 2^exponent, part in [0.5, 1) */
    for (int power = exponent - 1; part != 0; power--) {
        part *= 2;
        if (part >= 1) {
            sum->counts[power - SLOW_LOW] += x < 0 ? -1 : 1;
            part -= 1;
        }
    }
}

static inline int slow_carry(long counts[SLOW_BITS], long sign)
{
    long carry = 0;
    for (int i = 0; i < SLOW_BITS; i++) {
        const long all = sign * counts[i] + carry, bit = ((all % 2) + 2) % 2;
        counts[i] = bit;
        carry = (all - bit) / 2;
    }
    return (int)carry; /* below 0: so was the number */
}

/* The nearest double to the sum divided by `count`, below 2^62, of two the even: by school too, a bit at a time. */
static inline double slow_mean(const slow_sum *sum, uint64_t count)
{
    slow_sum bits = *sum;
    uint64_t left = 0;
    double kept = 0;
    int top = -1, last = 0, half = 0, below = 0;
    const int negative = slow_carry(bits.counts, 1) < 0;
    if (negative) {
        bits = *sum;
        slow_carry(bits.counts, -1);
    }
    for (int i = SLOW_BITS - 1; i >= -SLOW_FINER; i--) {
        left = 2 * left + (uint64_t)(i >= 0 ? bits.counts[i] : 0);
        const int bit = left >= count;
        left -= bit != 0 ? count : 0;
        top = top < 0 && bit != 0 ? i : top;
        last = top > 52 ? top - 52 : 0;
        kept = i >= last ? 2 * kept + bit : kept;
        half = i == last - 1 ? bit : half;
        below |= i < last - 1 ? bit : 0;
    }
    kept += half != 0 && (below != 0 || left != 0 || fmod(kept, 2) > 0) ? 1 : 0;
    kept = ldexp(kept, SLOW_LOW + last);
    return negative ? -kept : kept;
}

static inline double slow_round(const slow_sum *sum) { return slow_mean(sum, 1); }

#endif
