/* slow_sum.h: the exact sum of doubles by school: how often each power of two comes, above and below zero; then carries, bit by
 * bit. What the exact sums of the program are held against. Included by test programs only. */
#ifndef LOTS_SLOW_SUM_H
#define LOTS_SLOW_SUM_H

#include <math.h>
#include <string.h>

enum { SLOW_BITS = 2200, SLOW_LOW = -1074 };

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

/* The nearest double, of two the even. */
static inline double slow_round(const slow_sum *sum)
{
    slow_sum bits = *sum;
    int top = SLOW_BITS - 1;
    const int negative = slow_carry(bits.counts, 1) < 0;
    if (negative) {
        bits = *sum;
        slow_carry(bits.counts, -1);
    }
    while (top >= 0 && bits.counts[top] == 0)
        top--;
    double kept = 0;
    const int last = top - 52 > 0 ? top - 52 : 0;
    for (int i = top; i >= last; i--)
        kept = 2 * kept + (double)bits.counts[i];
    int below = 0;
    for (int i = 0; i < last - 1; i++)
        below |= bits.counts[i] != 0;
    if (last > 0 && bits.counts[last - 1] != 0 && (below || bits.counts[last] != 0))
        kept += 1;
    kept = top < 0 ? 0 : ldexp(kept, SLOW_LOW + last);
    return negative ? -kept : kept;
}

#endif
