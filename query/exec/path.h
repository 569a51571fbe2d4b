/* path.h: how paths are written, and paths as numbers: see path_number.c. Callers: path.c, path_number.c, keys of groups. */
#ifndef LOTS_QUERY_PATH_H
#define LOTS_QUERY_PATH_H

#include "core/base/bytes.h"
#include "query/lang/bound.h"

#define LOTS_PATH_BETWEEN " > "
#define LOTS_PATH_AND_MORE " > \xe2\x80\xa6"

/* The text of a number, after what `out` has: `names` is a PATH_NAMES, the number a value of its operand. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_path_write(const lots_expr *names, int64_t number, lots_bytes *out, lots_error *err);

#endif
