/* load_feed.h: a load whose patients and events a program makes rather than reads: a registry of any size without text. The
 * files of the mapping are read as ever (tables, labels); its streams come from the feed, ranges of patients at a time, in
 * the final numbering. Every word that the feed puts into a row must be in the dictionaries when the files have been read:
 * from a table, a label or the mapping's own words.
 * Invariant: the registry is that which the same rows, written to files, load into.
 * Callers: synth.c (which fills one), load*.c. */
#ifndef LOTS_LOAD_FEED_H
#define LOTS_LOAD_FEED_H

#include "core/store/batch.h"

struct lots_load;

typedef struct lots_load_feed {
    void *context;
    uint32_t patients;
    uint32_t step;          /* patients of one call of `fill` */
    const char *origin;     /* a line for the log of what was loaded: how these patients were made */
    /* The dictionaries are final: look up what rows will need. */
    lots_status (*begin)(void *context, const struct lots_load *load, lots_error *err);
    /* Append the ids of patients first .. end - 1, in their order, each followed by its end in `ends` (uint64_t). */
    lots_status (*identify)(void *context, lots_patient first, lots_patient end, lots_bytes *text, lots_vec *ends,
                            lots_error *err);
    /* Append the rows of patients first .. end - 1 to streams[i], by stream of the schema, with stable ids; `worker` names
     * the scratch. Called by several workers at once, for different ranges. */
    lots_status (*fill)(void *context, unsigned worker, lots_patient first, lots_patient end, lots_batch *const *streams,
                        lots_error *err);
} lots_load_feed;

#endif
