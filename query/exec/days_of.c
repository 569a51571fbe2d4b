/* days_of.c: see days_of.h. */
#include "query/exec/days_of.h"

#include "query/exec/column.h"

/* With more than one patient or row in so many it costs less to decode all. */
enum { PATIENTS_FEW = 4, ROWS_FEW = 64 };
enum { ROWS_LEAST = 4096 }; /* of fewer all are decoded as quickly */

/* Of a chunk that tells what others will be asked; and one such chunk in so many that needs all days is an exception, as is the first. */
enum { ROWS_TELLING = 2048, CHUNKS_FEW = 4 };

/* Days that are decoded for something else make places of years needless, and days of some rows alone: what the chunks before were
 * asked tells it, but for those so small that a few rows are many of them (a segment's last one may be). */
void lots_stream_days_note(lots_worker *worker, uint32_t stream)
{
    lots_stream_chunk *chunk = &worker->streams[stream];
    if (chunk->years == NULL && chunk->some_asked == 0 && chunk->some_rows == 0 && chunk->narrow_rows == 0)
        return;
    const int32_t start = lots_stream_find_role(&worker->schema->streams[stream], LOTS_ROLE_START);
    const bool spared = chunk->years != NULL || chunk->some_asked > 0 || chunk->some_rows > 0;
    if (spared && start >= 0 && chunk->rows >= ROWS_TELLING) {
        chunk->chunks_some++;
        chunk->chunks_whole += lots_stream_is_read(worker, stream, (uint32_t)start) || chunk->narrow_rows * ROWS_FEW > chunk->rows;
        chunk->days_asked = chunk->chunks_whole * CHUNKS_FEW > chunk->chunks_some + CHUNKS_FEW;
    }
    chunk->years = NULL;
    chunk->some_days = NULL;
    chunk->some_asked = chunk->some_rows = chunk->narrow_rows = 0;
}

/* Are all of `bits` among `of`? */
static bool are_among(const uint64_t *bits, const uint64_t *of, uint32_t count)
{
    uint64_t others = 0;
    for (size_t w = 0; w < lots_bit_words(count); w++)
        others |= bits[w] & ~of[w];
    return others == 0;
}

bool lots_stream_days_are_whole(const lots_worker *worker, uint32_t stream)
{
    const int32_t column = lots_stream_find_role(&worker->schema->streams[stream], LOTS_ROLE_START);
    const lots_stream_chunk *chunk = &worker->streams[stream];
    return worker->patients == NULL || column < 0 || chunk->rows < ROWS_LEAST || chunk->days_asked ||
           lots_stream_is_read(worker, stream, (uint32_t)column);
}

static lots_narrow_days find_narrow(const lots_worker *worker, uint32_t stream)
{
    const int32_t column = lots_stream_find_role(&worker->schema->streams[stream], LOTS_ROLE_START);
    if (column < 0 || worker->segment == NULL || lots_stream_is_read(worker, stream, (uint32_t)column))
        return (lots_narrow_days){.days = NULL};
    const lots_block_meta *meta = lots_segment_meta(worker->segment, stream, (uint32_t)column, LOTS_PART_VALUES, worker->chunk);
    return (lots_narrow_days){lots_segment_narrow_days(worker->segment, stream, worker->chunk), (int32_t)meta->min};
}

bool lots_stream_has_narrow_days(const lots_worker *worker, uint32_t stream) { return find_narrow(worker, stream).days != NULL; }

lots_narrow_days lots_stream_narrow_days(lots_worker *worker, uint32_t stream, uint32_t rows)
{
    const lots_narrow_days narrow = find_narrow(worker, stream);
    worker->streams[stream].narrow_rows += narrow.days == NULL ? 0 : rows;
    return narrow;
}

static lots_status decode_of(lots_worker *worker, uint32_t stream, const uint64_t *patients, const int32_t **out, lots_error *err)
{
    lots_stream_chunk *chunk = &worker->streams[stream];
    lots_arena *arena = &worker->depths[0].arena;
    const uint32_t *offsets = NULL;
    uint64_t *kept = NULL;
    int32_t *days = NULL;
    bool done = false;
    *out = NULL;
    if (lots_stream_days_are_whole(worker, stream))
        return LOTS_OK;
    const uint32_t count = worker->patients->count;
    *out = chunk->some_days != NULL && are_among(patients, chunk->some_days_of, count) ? chunk->some_days : NULL;
    if (*out != NULL)
        return LOTS_OK;
    chunk->some_asked += worker->kernels->bits_count(patients, count);
    if (chunk->some_asked * PATIENTS_FEW > count)
        return LOTS_OK;
    LOTS_TRY(lots_stream_offsets(worker, stream, &offsets, err));
    LOTS_TRY(lots_new_i32(arena, chunk->rows, &days, err));
    LOTS_TRY(lots_segment_days_of(worker->segment, stream, worker->chunk, patients, offsets, days, &done, err));
    if (!done)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(arena, count, &kept, err));
    memcpy(kept, patients, lots_bit_words(count) * sizeof *kept);
    chunk->some_days_of = kept;
    *out = chunk->some_days = days;
    return LOTS_OK;
}

lots_status lots_stream_days_of(lots_worker *worker, uint32_t stream, const uint64_t *patients, const int32_t **out,
                                lots_error *err)
{
    worker->streams[stream].some_of = true;
    return decode_of(worker, stream, patients, out, err);
}

/* The first place from `k` on of a row that is not below `least`. */
static uint32_t first_from(const uint32_t *rows, uint32_t k, uint32_t count, uint32_t least)
{
    uint32_t step = 1;
    for (; k + step < count && rows[k + step] < least; step *= 2)
        k += step;
    for (; step > 0; step /= 2)
        k += k + step < count && rows[k + step] < least ? step : 0;
    return k + 1;
}

/* The last of the owners from `owner` on that begins at `row` or before. */
static uint32_t owner_of(const uint32_t *offsets, uint32_t owner, uint32_t owners, uint32_t row)
{
    uint32_t step = 1;
    for (; owner + step < owners && offsets[owner + step] <= row; step *= 2)
        owner += step;
    for (; step > 0; step /= 2)
        owner += owner + step < owners && offsets[owner + step] <= row ? step : 0;
    return owner;
}

lots_status lots_stream_days_known(lots_worker *worker, uint32_t stream, const uint32_t *rows, uint32_t count, const int32_t **out,
                                   lots_error *err)
{
    const lots_stream_chunk *chunk = &worker->streams[stream];
    const uint32_t *offsets = NULL;
    uint32_t owner = 0;
    *out = NULL;
    if (chunk->some_days == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_stream_offsets(worker, stream, &offsets, err));
    for (uint32_t k = 0; k < count; k = first_from(rows, k, count, offsets[owner + 1])) {
        owner = owner_of(offsets, owner, worker->patients->count, rows[k]);
        if (!lots_bit_get(chunk->some_days_of, owner))
            return LOTS_OK;
    }
    *out = chunk->some_days;
    return LOTS_OK;
}

/* Of all rows of those who have these. */
static lots_status decode_owners(lots_worker *worker, uint32_t stream, const uint32_t *rows, uint32_t count, const int32_t **out,
                                 lots_error *err)
{
    const uint32_t owners = worker->patients->count, *offsets = NULL;
    uint64_t *patients = NULL;
    uint32_t owner = 0;
    LOTS_TRY(lots_stream_offsets(worker, stream, &offsets, err));
    LOTS_TRY(lots_new_bits(&worker->depths[0].arena, owners, &patients, err));
    for (uint32_t k = 0; k < count; k = first_from(rows, k, count, offsets[owner + 1])) {
        owner = owner_of(offsets, owner, owners, rows[k]);
        lots_bit_set(patients, owner);
    }
    return decode_of(worker, stream, patients, out, err);
}

lots_status lots_stream_days_at(lots_worker *worker, uint32_t stream, const uint32_t *rows, uint32_t count, int32_t *out, bool *done,
                                lots_error *err)
{
    const lots_narrow_days narrow = lots_stream_narrow_days(worker, stream, count);
    const int32_t *known = NULL;
    const uint32_t *offsets = NULL;
    *done = narrow.days != NULL;
    if (*done)
        worker->kernels->gather_u16(narrow.days, rows, count, (uint32_t)narrow.least, (uint32_t *)out);
    if (*done || lots_stream_days_are_whole(worker, stream))
        return LOTS_OK;
    LOTS_TRY(lots_stream_days_known(worker, stream, rows, count, &known, err));
    if (known == NULL && worker->streams[stream].some_of)
        LOTS_TRY(decode_owners(worker, stream, rows, count, &known, err));
    if (known != NULL) {
        worker->kernels->gather_u32((const uint32_t *)known, rows, count, (uint32_t *)out);
        *done = true;
        return LOTS_OK;
    }
    const uint64_t asked = worker->streams[stream].some_rows + count;
    if (asked * ROWS_FEW > worker->streams[stream].rows)
        return LOTS_OK;
    LOTS_TRY(lots_stream_offsets(worker, stream, &offsets, err));
    LOTS_TRY(lots_segment_days_at(worker->segment, stream, worker->chunk, rows, count, offsets, out, done, err));
    if (*done)
        worker->streams[stream].some_rows = asked;
    return LOTS_OK;
}

/* A place costs as much as a row's day. */
lots_status lots_stream_places_of(lots_worker *worker, uint32_t stream, const uint64_t *patients, int32_t day, uint32_t *places,
                                  bool *done, lots_error *err)
{
    const uint32_t *offsets = NULL;
    lots_stream_chunk *chunk = &worker->streams[stream];
    *done = false;
    if (lots_stream_days_are_whole(worker, stream))
        return LOTS_OK;
    const uint64_t asked = chunk->some_rows + worker->kernels->bits_count(patients, worker->patients->count);
    if (asked * ROWS_FEW > chunk->rows)
        return LOTS_OK;
    LOTS_TRY(lots_stream_offsets(worker, stream, &offsets, err));
    LOTS_TRY(lots_segment_places_of(worker->segment, stream, worker->chunk, patients, day, offsets, places, done, err));
    if (*done)
        chunk->some_rows = asked;
    return LOTS_OK;
}
