/* listing.h: a result made row by row instead of by a query: what `lots info`, `codes` and `ingest` print, so that they come
 * in the same formats. The columns are fixed at the start; each row gets one put for each column, in order. */
#ifndef LOTS_OUT_LISTING_H
#define LOTS_OUT_LISTING_H

#include "core/base/vec.h"
#include "query/exec/evidence.h"
#include "query/out/output.h"

typedef struct lots_listing_column {
    const char *name;    /* borrowed */
    lots_type_kind kind; /* TEXT, INT, FLOAT or DATE */
} lots_listing_column;

typedef struct lots_listing_cell {
    bool missing;
    uint8_t mark;   /* lots_mark: hidden ones are missing too */
    int64_t number; /* INT, DATE */
    double real;    /* FLOAT */
    size_t text, bytes; /* TEXT: place in `texts` */
} lots_listing_cell;

typedef struct lots_listing {
    const lots_listing_column *columns; /* borrowed */
    uint32_t column_count;
    uint32_t min_cell; /* what a hidden cell says it is below; 0 until the caller knows */
    lots_vec cells;
    lots_bytes texts;
} lots_listing;

lots_listing lots_listing_begin(const lots_listing_column *columns, uint32_t column_count);
void lots_listing_free(lots_listing *listing);
/* The next cell. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_listing_text(lots_listing *listing, const char *text, lots_error *err); /* NULL: missing */
LOTS_MUST lots_status lots_listing_bytes(lots_listing *listing, const char *text, size_t bytes, lots_error *err);
LOTS_MUST lots_status lots_listing_int(lots_listing *listing, uint64_t value, lots_error *err);
LOTS_MUST lots_status lots_listing_float(lots_listing *listing, double value, lots_error *err);
LOTS_MUST lots_status lots_listing_date(lots_listing *listing, lots_day day, lots_error *err);
LOTS_MUST lots_status lots_listing_missing(lots_listing *listing, lots_error *err);
/* A count that rests on so many persons: `<k`, or `*` when it is k or more itself, where they are 1..min_cell-1. */
LOTS_MUST lots_status lots_listing_count(lots_listing *listing, uint64_t count, uint64_t persons, lots_error *err);
LOTS_MUST lots_status lots_listing_hidden(lots_listing *listing, lots_mark mark, lots_error *err);
/* All rows as a result, to be freed with lots_result_free; names and texts are borrowed from the listing.
 * Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_listing_result(const lots_listing *listing, lots_result *out, lots_error *err);
/* Make the result and write it. */
LOTS_MUST lots_status lots_listing_write(const lots_listing *listing, lots_format format, const lots_output_options *options,
                                        lots_sink *sink, lots_error *err);

#endif
