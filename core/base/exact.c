/* exact.c: see exact.h. */
#include "core/base/exact.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(double) == sizeof(uint64_t), "doubles of 64 bits");

enum { COUNT_BITS = 32, SIGN_BITS = 1, MANTISSA_BITS = 53 };
_Static_assert(64 * LOTS_EXACT_LIMBS >= 1024 - LOTS_EXACT_LOW + COUNT_BITS + SIGN_BITS, "the limbs hold any sum");

/* |x| = *mantissa * 2^exponent. */
static int take_apart(double x, uint64_t *mantissa)
{
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    const int exponent = (int)(bits >> 52 & 0x7ff);
    *mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | (exponent > 0 ? UINT64_C(1) << 52 : 0);
    return (exponent > 0 ? exponent : 1) - 1 + LOTS_EXACT_LOW;
}

unsigned lots_limbs_for(const double *values, const uint64_t *mask, uint32_t count, int *low)
{
    int least = 1024, most = LOTS_EXACT_LOW;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t mantissa = 0;
        if (mask != NULL && (mask[i / 64] >> (i % 64) & 1) == 0)
            continue;
        const int exponent = take_apart(values[i], &mantissa);
        if (mantissa == 0)
            continue;
        least = exponent < least ? exponent : least;
        most = exponent > most ? exponent : most;
    }
    *low = least <= most ? least : LOTS_EXACT_LOW;
    return (unsigned)(most - *low + MANTISSA_BITS + COUNT_BITS + SIGN_BITS + 63) / 64;
}

static void add_from(uint64_t *limbs, unsigned width, unsigned at, uint64_t first, uint64_t second)
{
    limbs[at] += first;
    uint64_t carry = limbs[at] < first;
    for (uint64_t more = second; ++at < width && (more | carry) != 0; more = 0) {
        const uint64_t before = limbs[at];
        limbs[at] = before + more + carry; /* `second` is below 2^53: no more than one carry */
        carry = limbs[at] < before;
    }
}

static void subtract_from(uint64_t *limbs, unsigned width, unsigned at, uint64_t first, uint64_t second)
{
    uint64_t borrow = limbs[at] < first;
    limbs[at] -= first;
    for (uint64_t more = second; ++at < width && (more | borrow) != 0; more = 0) {
        const uint64_t before = limbs[at];
        limbs[at] = before - more - borrow;
        borrow = limbs[at] > before;
    }
}

void lots_limbs_add(uint64_t *limbs, unsigned width, int low, double x)
{
    uint64_t mantissa = 0;
    const int exponent = take_apart(x, &mantissa);
    if (mantissa == 0)
        return;
    const unsigned shift = (unsigned)(exponent - low), at = shift / 64, bit = shift % 64;
    const uint64_t first = mantissa << bit, second = bit == 0 ? 0 : mantissa >> (64 - bit);
    if (x < 0)
        subtract_from(limbs, width, at, first, second);
    else
        add_from(limbs, width, at, first, second);
}

void lots_limbs_join(uint64_t *limbs, const uint64_t *more, unsigned width)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < width; i++) {
        const uint64_t sum = limbs[i] + more[i], whole = sum + carry;
        carry = sum < more[i] || whole < sum;
        limbs[i] = whole;
    }
}

/* The size of a number in two's complement, limb by limb: `first` is its lowest limb that is not 0. */
static uint64_t size_at(const uint64_t *limbs, unsigned at, unsigned first, bool negative)
{
    if (!negative || at < first)
        return limbs[at];
    return at == first ? 0 - limbs[at] : ~limbs[at];
}

double lots_limbs_round(const uint64_t *limbs, unsigned width, int low)
{
    const bool negative = width > 0 && limbs[width - 1] >> 63 != 0;
    unsigned first = 0, top = width;
    while (first < width && limbs[first] == 0)
        first++;
    if (first == width)
        return 0;
    while (size_at(limbs, top - 1, first, negative) == 0)
        top--;
    const uint64_t high = size_at(limbs, top - 1, first, negative);
    const int lead = __builtin_clzll(high);
    uint64_t kept = high << lead;
    if (top > 1) { /* 64 bits, of which the last stands for all below it: enough to round by */
        const uint64_t next = size_at(limbs, top - 2, first, negative);
        kept |= lead == 0 ? 0 : next >> (64 - lead);
        kept |= (next << lead) != 0 || first + 2 < top ? 1 : 0;
    }
    /* what is below the least normal double is a whole number of 2^-1074 and needs no rounding */
    const double size = ldexp((double)kept, low + 64 * (int)(top - 1) - lead);
    return negative ? -size : size;
}

double lots_limbs_round_difference(const uint64_t *limbs, const uint64_t *less, unsigned width, int low)
{
    lots_exact apart;
    uint64_t borrow = 0;
    for (unsigned i = 0; i < width; i++) {
        const uint64_t part = limbs[i] - less[i];
        apart.limbs[i] = part - borrow;
        borrow = limbs[i] < less[i] || part < borrow;
    }
    return lots_limbs_round(apart.limbs, width, low);
}
