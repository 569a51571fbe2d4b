/* measure.h: what the registry itself says of a query before it is run: how many events a code set matches, how many chunks
 * can't hold any of an event set, what part of a stream lies in a window. Cheap: at most a scan of one column.
 * Callers: plan.c, estimate.c. */
#ifndef LOTS_PLAN_MEASURE_H
#define LOTS_PLAN_MEASURE_H

#include "query/exec/run.h"

typedef struct lots_measured {
    bool known;
    uint64_t events, persons; /* that pass the test */
} lots_measured;

/* Count the rows of its stream (or the patients) for which a test holds. `known` is false, and nothing is done, when the test
 * looks at anything but columns of one row of a stream or of the patients.
 * Errors: as lots_run_pipeline.   Cost: decodes its columns in the chunks that may match. */
LOTS_MUST lots_status lots_measure_test(const lots_query *query, const lots_expr *test, const lots_run_options *options,
                                        lots_measured *out, lots_error *err);

typedef struct lots_skips {
    uint32_t segments, segments_skipped; /* all chunks of which can be skipped */
    uint32_t chunks, chunks_skipped;
} lots_skips;
/* How much of the registry zone maps and code bitmaps alone rule out for a pipeline, or for an event set of it (`set` not
 * NULL). Errors: LOTS_CORRUPT, LOTS_IO, LOTS_MEMORY.   Cost: O(chunks). */
LOTS_MUST lots_status lots_measure_skips(const lots_query *query, const lots_bound_pipeline *pipeline, lots_set *set,
                                         lots_skips *out, lots_error *err);

/* The part (0..1) of a stream's events that starts in low..high, judged by the zone maps: starts spread evenly in each. */
LOTS_MUST lots_status lots_measure_window(lots_registry *registry, uint32_t stream, uint32_t start_column, int64_t low,
                                          int64_t high, double *out, lots_error *err);

#endif
