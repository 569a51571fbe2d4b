/* days_of.h: the days on which a stream's rows start, of some patients of the chunk alone. Few are asked for after the first
 * conditions have left few patients; theirs are decoded without the others' (core/store/segment_days.c). Callers: column.c,
 * relation.c, border.c. */
#ifndef LOTS_QUERY_DAYS_OF_H
#define LOTS_QUERY_DAYS_OF_H

#include "query/exec/worker.h"

/* A chunk is left: what was asked of its days is remembered, they are forgotten. */
void lots_stream_days_note(lots_worker *worker, uint32_t stream);
/* Are all days of the chunk read, or what is asked for anyway? Then the others below give nothing. */
bool lots_stream_days_are_whole(const lots_worker *worker, uint32_t stream);
/* Of all rows in 16 bits, less `least`: who looks at them once needn't have them made wider. `days` NULL: they aren't kept so, or have
 * been read. Then none is missing. Lent as long as the segment is open. */
typedef struct lots_narrow_days {
    const uint16_t *days;
    int32_t least;
} lots_narrow_days;
bool lots_stream_has_narrow_days(const lots_worker *worker, uint32_t stream);
/* `rows`: how many of them are going to be looked at. */
lots_narrow_days lots_stream_narrow_days(lots_worker *worker, uint32_t stream, uint32_t rows);
/* By row, those of patients with a bit in `patients`; the others' have no meaning. *out is NULL where it is better to read all, or
 * they have been read. Lent till the next chunk. */
LOTS_MUST lots_status lots_stream_days_of(lots_worker *worker, uint32_t stream, const uint64_t *patients, const int32_t **out,
                                          lots_error *err);
/* The same if those who have these rows, which never fall, are among patients whose days are known; else NULL. */
LOTS_MUST lots_status lots_stream_days_known(lots_worker *worker, uint32_t stream, const uint32_t *rows, uint32_t count,
                                             const int32_t **out, lots_error *err);
/* out[k] = the day of rows[k], which never fall, unless it is better to read all, or they have been read: *done. */
LOTS_MUST lots_status lots_stream_days_at(lots_worker *worker, uint32_t stream, const uint32_t *rows, uint32_t count, int32_t *out,
                                          bool *done, lots_error *err);
/* places[p] = the first row of patient p on `day` or later, or the row after p's last, for those with a bit in `patients`, unless it
 * is better to read all days, or they have been read: *done. Other places stay as they are, and all if not. */
LOTS_MUST lots_status lots_stream_places_of(lots_worker *worker, uint32_t stream, const uint64_t *patients, int32_t day,
                                            uint32_t *places, bool *done, lots_error *err);

#endif
