/* fold.h: computing constant expressions while binding, so that `year + 1`, `2023-01-01 + 30d` and their like are
 * constants: windows, coverage and zone maps want them. */
#ifndef LOTS_QUERY_FOLD_H
#define LOTS_QUERY_FOLD_H

#include "query/lang/bound.h"

/* Turn `expr` into a CONSTANT when its operands are constants and its operator is one of whole-number arithmetic, dates,
 * durations, intervals or casts between them. Anything else is left alone.
 * Errors: LOTS_QUERY with the expression's span, for overflow and days out of range. */
LOTS_MUST lots_status lots_fold(lots_expr *expr, lots_error *err);

#endif
