/* order.h: the one total order of events, record duplicates and conflicts, and ghosts: what makes a registry independent
 * of the order of its input.
 *
 * Order within a patient: start, minute (missing last), rank of the level, end (missing last), record key, then content
 * (each column in schema order: missing last, numbers by value, categories and codes by the rank of their text, texts by
 * bytes, lists element by element, the shorter first). Undated streams: record key (as a number when all keys of the
 * stream are whole numbers: shorter digits first), then content. */
#ifndef LOTS_ORDER_H
#define LOTS_ORDER_H

#include "core/store/batch.h"

typedef struct lots_order_context {
    const lots_stream *stream;
    const lots_dictionary *codes;          /* for ranks of codes */
    const lots_dictionary *const *domains; /* by column: the dictionary of a CATEGORY column, else NULL */
    const lots_day *death;                 /* by patient - first_patient; LOTS_DAY_MAX when alive; NULL: unknown */
    lots_patient first_patient;
    lots_day covered_until;                /* the stream's last covered day, for ghosts; LOTS_DAY_MAX: unknown */
} lots_order_context;

typedef struct lots_settle_counts {
    uint64_t duplicates; /* same key and content: one is kept */
    uint64_t conflicts;  /* same key, other content: the later delivery is kept */
    uint64_t identical;  /* without key: same content, both kept */
    uint64_t ghosts;
    uint64_t added, changed, same; /* against what was there before (delivery 0) */
} lots_settle_counts;

/* Sort `batch` by patient and the total order into `out` (opened by the callee, closed by the caller), with duplicates
 * and conflicts settled and the ghost column, where the stream has one, set. `delivery` (may be NULL: all 0) numbers the
 * delivery of each row: of rows with one key, the highest delivery wins, within it the greatest content.
 * Cost: O(n log n), less where start sorts radix. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_order_settle(const lots_order_context *context, const lots_batch *batch,
                                        const uint32_t *delivery, lots_batch *out, lots_settle_counts *counts,
                                        lots_error *err);
/* The same, but `batch` gives up its rows: where they came nearly in order its memory becomes that of `out`, and nothing is
 * copied. It is left empty, as closed. */
LOTS_MUST lots_status lots_order_settle_taking(const lots_order_context *context, lots_batch *batch,
                                               const uint32_t *delivery, lots_batch *out, lots_settle_counts *counts,
                                               lots_error *err);

#endif
