/* random_query.h: random queries over the streams of a small registry (tests/support/small_registry.h): written from the
 * grammar, with the types in mind, so that most of them mean something. */
#ifndef LOTS_TESTS_RANDOM_QUERY_H
#define LOTS_TESTS_RANDOM_QUERY_H

#include "core/base/bytes.h"

/* Append a text of definitions and one pipeline that ends in columns that can be compared. The same seed, the same text. */
void random_query(uint64_t seed, lots_bytes *out);

#endif
