/* shrink.h: a query that goes wrong, made as small as it still does. */
#ifndef LOTS_TESTS_SHRINK_H
#define LOTS_TESTS_SHRINK_H

#include "core/base/bytes.h"

/* Does the text still go wrong? */
typedef bool (*shrink_test)(void *context, const char *text);

/* Append to `out` the text, zero-terminated, with every definition, stage, item and part of an expression taken out that it
 * goes wrong without. */
void shrink_query(const char *text, shrink_test wrong, void *context, lots_bytes *out);

#endif
