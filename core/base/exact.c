/* exact.c: see exact.h. */
#include "core/base/exact.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(double) == sizeof(uint64_t), "doubles of 64 bits");

enum { COUNT_BITS = 32, SIGN_BITS = 1, MANTISSA_BITS = 53 };
_Static_assert(64 * LOTS_EXACT_LIMBS >= 1024 - LOTS_EXACT_LOW + COUNT_BITS + SIGN_BITS, "the limbs hold any sum");

bool lots_exact_steps(double *sum, double *rest, const double *values, uint32_t count)
{
    enum { SOME = 64 };
    double off[SOME], all = *sum, left = *rest;
    bool lost = false;
    for (uint32_t from = 0; from < count && !lost; from += SOME) {
        const uint32_t here = count - from < SOME ? count - from : SOME;
        for (uint32_t i = 0; i < here; i++)
            off[i] = lots_exact_add(&all, values[from + i]);
        for (uint32_t i = 0; i < here; i++)
            lost |= !(lots_exact_add(&left, off[i]) == 0);
    }
    *sum = lost ? *sum : all;
    *rest = lost ? *rest : left;
    return !lost;
}

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

__extension__ typedef unsigned __int128 wide;

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

void lots_limbs_add_square(uint64_t *limbs, unsigned width, int low, double x)
{
    uint64_t mantissa = 0;
    const int exponent = 2 * take_apart(x, &mantissa);
    if (mantissa == 0)
        return;
    const wide square = (wide)mantissa * mantissa;
    const unsigned shift = (unsigned)(exponent - low), at = shift / 64, bit = shift % 64;
    const uint64_t top = bit == 0 ? 0 : (uint64_t)(square >> 64) >> (64 - bit); /* below 2^42 */
    const wide rest = square << bit;
    wide sum = (wide)limbs[at] + (uint64_t)rest;
    limbs[at] = (uint64_t)sum;
    sum = (sum >> 64) + limbs[at + 1] + (uint64_t)(rest >> 64);
    limbs[at + 1] = (uint64_t)sum;
    add_from(limbs, width, at + 2, top + (uint64_t)(sum >> 64), 0);
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

/* bits * 2^exponent, rounded once; the highest bit is set. Below the least normal double there are fewer places than 53. */
static double round_bits(uint64_t bits, int exponent)
{
    const int dropped = LOTS_EXACT_LOW - exponent;
    if (dropped <= 64 - MANTISSA_BITS)
        return ldexp((double)bits, exponent);
    if (dropped > 64)
        return 0;
    const uint64_t half = UINT64_C(1) << 63, part = bits << (64 - dropped);
    uint64_t kept = dropped == 64 ? 0 : bits >> dropped;
    kept += part > half || (part == half && (kept & 1) != 0);
    return ldexp((double)kept, LOTS_EXACT_LOW);
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
    const double size = round_bits(kept, low + 64 * (int)(top - 1) - lead);
    return negative ? -size : size;
}

void lots_limbs_subtract(const uint64_t *limbs, const uint64_t *less, unsigned width, uint64_t *apart)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; i < width; i++) {
        const uint64_t part = limbs[i] - less[i];
        apart[i] = part - borrow;
        borrow = limbs[i] < less[i] || part < borrow;
    }
}

/* ---- means ---- */

enum { FINER = 2 }; /* limbs below the sum's own: a quotient that is not 0 then has more bits than a double, whatever the count */

double lots_limbs_mean(const uint64_t *limbs, unsigned width, int low, uint64_t count)
{
    uint64_t quotient[LOTS_EXACT_LIMBS + FINER] = {0};
    const bool negative = width > 0 && limbs[width - 1] >> 63 != 0;
    unsigned first = 0;
    wide left = 0;
    while (first < width && limbs[first] == 0)
        first++;
    for (unsigned i = width + FINER; i-- > 0;) {
        left = left << 64 | (i < FINER ? 0 : size_at(limbs, i - FINER, first, negative));
        quotient[i] = (uint64_t)(left / count);
        left %= count;
    }
    quotient[0] |= left != 0;
    const double size = lots_limbs_round(quotient, width + FINER, low - 64 * FINER);
    return negative ? -size : size;
}

double lots_exact_mean(double sum, double rest, uint64_t count)
{
    const double by = (double)count, near = sum / by;
    if (rest == 0)
        return near;
    /* near * by is taken off without error, so that `more` misses what `near` lacks by less than 2^-51 of it: where that can't
     * tell in the rounding, it is done */
    const double more = (fma(-near, by, sum) + rest) / by, doubt = fabs(more) * 0x1p-50;
    if (fabs(near) > 0x1p-900 && near + (more - doubt) == near + (more + doubt))
        return near + more;
    lots_exact all = {{0}};
    lots_limbs_add(all.limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, sum);
    lots_limbs_add(all.limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, rest);
    return lots_limbs_mean(all.limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, count);
}

double lots_decimal_mean(const uint64_t sum[2], unsigned scale, uint64_t count)
{
    const int64_t low = (int64_t)sum[0], most = INT64_C(1) << MANTISSA_BITS;
    uint64_t unit = 1;
    for (unsigned i = 0; i < scale; i++)
        unit *= 10;
    const wide by = (wide)unit * count;
    const bool short_sum = sum[1] == (low < 0 ? UINT64_MAX : 0) && low <= most && low >= -most;
    if (short_sum && by <= (wide)most)
        return (double)low / (double)by; /* both are exact */
    if (by >> 62 == 0)
        return lots_limbs_mean(sum, 2, 0, (uint64_t)by);
    return lots_limbs_round(sum, 2, 0) / (double)unit / (double)count;
}

/* ---- standard deviations ---- */

enum { WIDEST = 2 * LOTS_EXACT_LIMBS + 1 };

/* out (2 * width limbs) = sum * sum. */
static void square_of(const uint64_t *sum, unsigned width, uint64_t *out)
{
    uint64_t size[LOTS_EXACT_LIMBS];
    const bool negative = sum[width - 1] >> 63 != 0;
    unsigned first = 0;
    memset(out, 0, 2 * (size_t)width * sizeof *out);
    while (first < width && sum[first] == 0)
        first++;
    for (unsigned i = 0; i < width; i++)
        size[i] = size_at(sum, i, first, negative);
    for (unsigned i = first; i < width; i++) {
        uint64_t carry = 0;
        for (unsigned k = first; k < width && size[i] != 0; k++) {
            const wide part = (wide)size[i] * size[k] + out[i + k] + carry;
            out[i + k] = (uint64_t)part;
            carry = (uint64_t)(part >> 64);
        }
        if (carry != 0)
            out[i + width] = carry;
    }
}

/* The 64 highest bits of a whole number, the last of them standing for all below it: number = *bits * 2^(what comes back). */
static int highest_bits(const uint64_t *limbs, unsigned width, uint64_t *bits)
{
    unsigned top = width;
    bool more = false;
    *bits = 0;
    while (top > 0 && limbs[top - 1] == 0)
        top--;
    if (top == 0)
        return 0;
    const int lead = __builtin_clzll(limbs[top - 1]);
    const uint64_t next = top > 1 ? limbs[top - 2] : 0;
    for (unsigned i = 0; i + 2 < top && !more; i++)
        more = limbs[i] != 0;
    *bits = limbs[top - 1] << lead | (lead == 0 ? 0 : next >> (64 - lead)) | ((next << lead) != 0 || more ? 1 : 0);
    return 64 * (int)(top - 1) - lead;
}

double lots_limbs_deviation(const uint64_t *sum, const uint64_t *squares, unsigned width, int low, uint64_t count)
{
    uint64_t apart[WIDEST], square[WIDEST], carry = 0, borrow = 0, bits = 0;
    square_of(sum, width, square);
    square[2 * width] = 0;
    for (unsigned i = 0; i <= 2 * width; i++) {
        const wide times = (wide)(i < 2 * width ? squares[i] : 0) * count + carry;
        const uint64_t part = (uint64_t)times - square[i];
        carry = (uint64_t)(times >> 64);
        apart[i] = part - borrow;
        borrow = (uint64_t)times < square[i] || part < borrow;
    }
    const int exponent = highest_bits(apart, 2 * width + 1, &bits) + 2 * low, odd = exponent & 1;
    const double ratio = (double)bits / ((double)count * (double)(count - 1));
    return ldexp(sqrt(odd != 0 ? 2 * ratio : ratio), (exponent - odd) / 2);
}
