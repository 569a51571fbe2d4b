/* float_text.c: see float_text.h. Of a number m * 2^-s between 1/10000 and 10^14, m * 10^k is exact in 128 bits; divided by
 * 2^s and rounded, a tie to the even, it is the number's k-th decimal. It reads back as the same when it is nearer to it
 * than half the distance to the next float. */
#include "query/exec/float_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"

__extension__ typedef unsigned __int128 wide;

#define LEAST 1e-4 /* from here %g writes without an exponent, */
#define MOST 1e14  /* and below here, rounded up too */

typedef struct parts { /* of a number above 0 */
    uint64_t m;
    unsigned s;
    int exponent; /* of 10: that of its first digit */
} parts;

/* The least significant of m is 2^52 where the distance below is half of that above: those are left to printf. */
static bool take_apart(double value, parts *out)
{
    static const double powers[] = {1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    uint64_t bits = 0;
    unsigned at = 0;
    if (!(value >= LEAST && value < MOST))
        return false;
    memcpy(&bits, &value, sizeof bits);
    while (value >= powers[at + 1]) /* those below 1 are a little above their powers of 10, and no float lies between */
        at++;
    out->m = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    out->s = 1075 - (unsigned)(bits >> 52);
    out->exponent = (int)at - 4;
    return out->m != UINT64_C(1) << 52;
}

/* The number with `decimals` of them as a whole number. False: it reads back as another. */
static bool round_to(const parts *x, unsigned decimals, uint64_t *out)
{
    wide power = 1;
    for (unsigned i = 0; i < decimals; i++)
        power *= 10;
    const wide scaled = x->m * power, half = (wide)1 << (x->s - 1), rest = scaled & (half * 2 - 1);
    uint64_t whole = (uint64_t)(scaled >> x->s);
    whole += rest > half || (rest == half && whole % 2 == 1) ? 1 : 0;
    const wide made = (wide)whole << x->s, off = made > scaled ? made - scaled : scaled - made;
    *out = whole;
    return off * 2 < power || (off * 2 == power && x->m % 2 == 0);
}

/* Without zeros at the end. */
static size_t write_decimals(uint64_t whole, unsigned decimals, char *text)
{
    char digits[20];
    size_t count = 0, at = 0;
    for (; decimals > 0 && whole % 10 == 0; decimals--)
        whole /= 10;
    count = lots_whole_text(whole, digits);
    const size_t before = count > decimals ? count - decimals : 0;
    memcpy(text, digits, before);
    at = before;
    if (before == 0)
        text[at++] = '0';
    if (decimals > 0)
        text[at++] = '.';
    for (size_t zeros = count; zeros < decimals; zeros++)
        text[at++] = '0';
    memcpy(text + at, digits + before, count - before);
    at += count - before;
    text[at] = 0;
    return at;
}

static size_t try_digits(double value, char text[LOTS_FLOAT_TEXT])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, LOTS_FLOAT_TEXT, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return strlen(text);
}

size_t lots_float_text(double value, char text[LOTS_FLOAT_TEXT])
{
    parts x;
    uint64_t whole = 0;
    const size_t sign = value < 0 ? 1 : 0;
    if (!take_apart(value < 0 ? -value : value, &x))
        return try_digits(value == 0 ? 0 : value, text);
    unsigned decimals = (unsigned)(14 - x.exponent);
    for (unsigned more = 0; more < 3; more++, decimals++)
        if (round_to(&x, decimals, &whole) || more == 2)
            break;
    text[0] = '-';
    return sign + write_decimals(whole, decimals, text + sign);
}
