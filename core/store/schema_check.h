/* schema_check.h: which names a schema may use. Private to the schema files. */
#ifndef LOTS_SCHEMA_CHECK_H
#define LOTS_SCHEMA_CHECK_H

#include "core/store/schema.h"

/* Limits of lists that lots.h leaves open: far beyond use, they bound what an image can make us allocate. */
#define LOTS_LEVELS_MAX 256u
#define LOTS_SYSTEMS_MAX 256u
#define LOTS_TABLES_MAX 256u

/* A lower-case word of at most LOTS_NAME_MAX bytes (schema.h, invariant 2). `what` begins the error.
 * Errors: LOTS_USAGE. */
LOTS_MUST lots_status lots_schema_check_name(const char *what, const char *name, lots_error *err);
/* 1..LOTS_NAME_MAX bytes of UTF-8 without control characters. Errors: LOTS_USAGE. */
LOTS_MUST lots_status lots_schema_check_text(const char *what, const char *text, lots_error *err);

#endif
