/* expect.h: an answer of the naive implementation, as cells that stand in a test. */
#ifndef LOTS_TESTS_EXPECT_H
#define LOTS_TESTS_EXPECT_H

#include "tests/oracle/compare.h"

/* Ask the rows at hand; the cells of the last question, a row a line, divided by blanks, `-` where missing; numbers with a
 * point have four digits. */
void naive_expect(small_registry *registry, const char *text, const char *wanted);

#endif
