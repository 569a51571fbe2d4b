/* number_shapes.h: numbers to sort and rank, of every shape that is done in a way of its own: wide and narrow, near one another, by
 * hundreds, with outliers. */
#ifndef LOTS_NUMBER_SHAPES_H
#define LOTS_NUMBER_SHAPES_H

#include "tests/support/lots_test.h"

enum { SHAPES = 17 };

static inline int64_t number_of(unsigned shape, uint32_t at, uint64_t *random)
{
    const uint64_t drawn = lots_test_random(random);
    switch (shape) {
    case 0: return (int64_t)drawn;
    case 1: return (int64_t)(drawn % 7) - 3;
    case 2: return at % 3 == 0 ? INT64_MIN : at % 3 == 1 ? INT64_MAX : 0;
    case 3: return (int64_t)((at * 3 + drawn % 90) << 32 | at);
    case 4: return (int64_t)(drawn % 100000) << 20;
    case 5: return -(int64_t)at;
    case 6: return INT64_MAX - (int64_t)(drawn % 300);
    case 7: return INT64_MIN + (int64_t)(drawn % 70000);
    case 8: return drawn % 3 != 0 ? -100 : (int64_t)(drawn % 9000000); /* costs: many have none */
    case 9: return at == 1 ? INT64_C(0xffffffff) - 7 : at == 2 ? -7 : (int64_t)(drawn >> 32) - 7; /* the most that are halves … */
    case 10: return at == 1 ? INT64_C(0x100000000) - 7 : at == 2 ? -7 : (int64_t)(drawn >> 32) - 7; /* … and one more */
    case 11: return at == 0 ? -50 : drawn % 4 == 0 ? -50 : (int64_t)(drawn % 3000000) * 100 - 50; /* hundreds above the least … */
    case 12: return at == 2 ? 101 : (int64_t)(drawn % 3000000) * 100; /* … and one that isn't */
    case 13: return drawn % 8 == 0 ? (int64_t)(drawn % 4000000000) - 5 : (int64_t)(drawn % 65600) - 5; /* most near the least: by ones, … */
    case 14: return (drawn % 9 == 0 ? (int64_t)(drawn >> 40) : (int64_t)(drawn % 60000) % 4000) * 100 - 300; /* by hundreds, … */
    case 15: return (int64_t)(drawn % 65536) + (at == 7 ? INT64_C(0xffff0000) : 0) - INT64_C(0x7fffffffffff); /* all but one */
    default: return (int64_t)(drawn % 40) == 0 ? (int64_t)(drawn >> 8) : (int64_t)(drawn % 1000) - 500;
    }
}

#endif
