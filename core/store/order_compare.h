/* order_compare.h: comparing two rows of one patient by the total order, and two records by key and content.
 * The idea: one flat descriptor a column, made once, so that a comparison touches values, not schema or dictionaries.
 * Invariants: 1. rows compare equal by lots_comparer_order only when all their columns but `ghost` are equal.
 * 2. nothing depends on where a row stands in the batch. Threads: read-only once opened.
 * Callers: order.c, order_sort.c. */
#ifndef LOTS_ORDER_COMPARE_H
#define LOTS_ORDER_COMPARE_H

#include "core/store/order.h"

#define LOTS_NO_COLUMN UINT32_MAX

typedef struct lots_comparer_column {
    lots_phys phys;
    bool list;
    bool skipped;            /* `ghost`: made by the store, no part of the content */
    const void *values;
    const uint32_t *offsets;
    const uint8_t *missing;
    const lots_id *ranks;    /* stable id -> rank of its text; NULL where ids are not used */
    uint32_t rank_count;
} lots_comparer_column;

typedef struct lots_comparer {
    lots_comparer_column *columns;
    uint32_t column_count;
    uint32_t start, minute, level, end, key, ghost; /* column or LOTS_NO_COLUMN; start, minute, end of dated streams only */
    bool numeric_keys;       /* undated: keys that are whole numbers compare as numbers */
    uint32_t *level_order;   /* stable id of a level -> its place: declared ranks, then the others by text */
    uint32_t level_places;   /* places are below this */
} lots_comparer;

/* `batch` and the context's dictionaries are borrowed. Errors: LOTS_MEMORY; LOTS_INTERNAL for an id no dictionary has. */
LOTS_MUST lots_status lots_comparer_open(lots_comparer *out, const lots_order_context *context, const lots_batch *batch,
                                         lots_error *err);
/* Go on with another batch of the same rows in another order: borrowed instead of the first. */
void lots_comparer_turn_to(lots_comparer *comparer, const lots_batch *batch);
void lots_comparer_close(lots_comparer *comparer);
/* < 0, 0, > 0. Rows of the same patient. */
int lots_comparer_order(const lots_comparer *comparer, uint32_t a, uint32_t b);
/* By each column in schema order. */
int lots_comparer_content(const lots_comparer *comparer, uint32_t a, uint32_t b);

#endif
