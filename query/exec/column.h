/* column.h: a stream's columns of the worker's chunk, decoded at most once (column.c), and its levels and spans (span.c).
 * Callers: query/exec. */
#ifndef LOTS_QUERY_COLUMN_H
#define LOTS_QUERY_COLUMN_H

#include "query/exec/worker.h"

/* Forget the last chunk's columns, make room for this one's. */
LOTS_MUST lots_status lots_columns_begin(lots_worker *worker, lots_error *err);
LOTS_MUST lots_status lots_stream_offsets(lots_worker *worker, uint32_t stream, const uint32_t **out, lots_error *err);
/* Values as the language sees them: ids are ranks; the end of a point is its start. Lent till the next chunk. */
LOTS_MUST lots_status lots_stream_column(lots_worker *worker, uint32_t stream, uint32_t column, const lots_vector **out,
                                         lots_error *err);
/* The same with ids as the segment numbers them. */
LOTS_MUST lots_status lots_stream_local(lots_worker *worker, uint32_t stream, uint32_t column, const lots_vector **out,
                                        lots_error *err);
/* Is it decoded already? */
bool lots_stream_is_read(const lots_worker *worker, uint32_t stream, uint32_t column);
/* Of a column of lists: the elements of all of them, one after the other, with ids as the segment numbers them. */
LOTS_MUST lots_status lots_stream_elements(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t **out,
                                           uint32_t *count, lots_error *err);
/* Some elements of lists, by run. */
typedef struct lots_element_runs {
    const uint32_t *from, *to;
    uint32_t count;
} lots_element_runs;
/* The same of the elements of runs, each at its place; what stands at others is unspecified. */
LOTS_MUST lots_status lots_stream_some_elements(lots_worker *worker, uint32_t stream, uint32_t column, const lots_element_runs *runs,
                                                const uint32_t **out, lots_error *err);
/* Of a column of texts that has not been read: all of them as whole numbers, none missing, which are equal where the texts are;
 * NULL where they are not stored so. */
LOTS_MUST lots_status lots_stream_numbers(lots_worker *worker, uint32_t stream, uint32_t column, const int64_t **out,
                                          lots_error *err);
/* The values of some rows, LOTS_NO_ID among them giving missing: of few rows only these are decoded, where the encoding
 * lets them, and turned into what the language sees. What comes back may be lent to whoever asks for them again: it must not be
 * changed; nor the rows, where `arena` is the chunk's, in which they then are. */
LOTS_MUST lots_status lots_stream_take(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t *rows,
                                       uint32_t count, lots_arena *arena, lots_vector *out, lots_error *err);
/* The end column as the language sees it, of one as it is stored: a point's end is its start. */
LOTS_MUST lots_status lots_stream_fill_ends(lots_worker *worker, uint32_t stream, const lots_vector *local, lots_vector *out,
                                            lots_error *err);
/* The same of some rows, which rise; in place. */
LOTS_MUST lots_status lots_stream_fill_taken_ends(lots_worker *worker, uint32_t stream, const uint32_t *rows,
                                                  lots_arena *arena, lots_vector *ends, lots_error *err);
/* Of the rows with a bit in `mask`, those that don't end on the day they start, and how many days later, where that is told and nobody
 * has read the ends, and all starts are known: *done. `missing` is of ends as the language sees them. In `arena`. */
LOTS_MUST lots_status lots_stream_lasting(lots_worker *worker, uint32_t stream, const uint64_t *mask, lots_arena *arena,
                                          lots_nonzero *out, bool *done, lots_error *err);
/* Do rows never fall, and end before `end`? */
bool lots_rows_rise(const uint32_t *rows, uint32_t count, uint32_t end);
/* The span's end of every row (missing where unknown), and which rows are open. */
LOTS_MUST lots_status lots_stream_span_end(lots_worker *worker, uint32_t stream, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_stream_open(lots_worker *worker, uint32_t stream, lots_vector *out, lots_error *err);
/* Is some row of the chunk open? false only when surely none is. */
bool lots_stream_may_be_open(const lots_worker *worker, uint32_t stream);
/* The same of few rows, without decoding all: *done. `want_open`: which are open; else where their spans end. */
LOTS_MUST lots_status lots_stream_take_spans(lots_worker *worker, uint32_t stream, bool want_open, const uint32_t *rows,
                                             uint32_t count, lots_arena *arena, lots_vector *out, bool *done, lots_error *err);
/* Every row's level as the segment numbers it, and the places of these numbers in the total order; NULL when the stream has
 * no level. */
LOTS_MUST lots_status lots_stream_level_order(lots_worker *worker, uint32_t stream, const lots_vector **level,
                                              const uint32_t **places, lots_error *err);

#endif
