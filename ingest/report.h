/* report.h: what loading tells: rows that were rejected, each with its place and reason. Each worker collects its own; the
 * union is sorted by file and line, so what is told never depends on threads. The idea of the bound: of more rejects
 * than LOTS_LOAD_REJECTS_MAX only the first by place are kept, the others were counted elsewhere.
 * Callers: convert.c, load*.c. */
#ifndef LOTS_REPORT_H
#define LOTS_REPORT_H

#include "core/base/vec.h"
#include "ingest/load.h"

typedef struct lots_reject {
    uint64_t line;
    uint32_t file;      /* index of the load's files */
    const char *column; /* lent by the mapping; "" when it isn't about one */
    const char *reason; /* static */
    char *value;        /* owned; the beginning of a long one */
} lots_reject;

typedef struct lots_rejects {
    lots_vec items; /* lots_reject */
} lots_rejects;

void lots_rejects_init(lots_rejects *rejects);
void lots_rejects_free(lots_rejects *rejects);
LOTS_MUST lots_status lots_rejects_add(lots_rejects *rejects, uint32_t file, uint64_t line, const char *column,
                                       const char *value, size_t value_bytes, const char *reason, lots_error *err);
/* Move all of `from` to `to`. */
LOTS_MUST lots_status lots_rejects_merge(lots_rejects *to, lots_rejects *from, lots_error *err);
/* Sort by place and cut to the bound. */
void lots_rejects_settle(lots_rejects *rejects);
/* Write them as CSV (file, line, column, value, reason) in the place of what is at `path`. `names` by file.
 * Errors: LOTS_IO, LOTS_MEMORY. */
LOTS_MUST lots_status lots_rejects_write(const lots_rejects *rejects, const char *const *names, const char *path,
                                         lots_error *err);

#endif
