/* border.c: see border.h. */
#include "query/exec/border.h"

#include <string.h>

#include "core/base/day.h"
#include "core/index/bitset.h"
#include "query/exec/column.h"
#include "query/exec/days_of.h"

/* Of year `year` of `count`. Where years are read they are from the first on that any chunk was asked for: `least`. */
static lots_status make_year(lots_worker *worker, const lots_relation_rows *relation, uint32_t year, uint32_t least, uint32_t count,
                             const uint32_t **out, lots_error *err)
{
    const uint32_t stream = relation->relation->stream, stride = relation->owners->count + LOTS_PLACES_PAD;
    lots_stream_chunk *chunk = &worker->streams[stream];
    lots_arena *arena = &worker->depths[0].arena;
    if (chunk->years == NULL) {
        LOTS_TRY(lots_new_bits(arena, count, &chunk->year_had, err));
        LOTS_TRY(lots_new_u32(arena, (size_t)count * stride, &chunk->years, err));
        chunk->year_from = count;
    }
    uint32_t *places = chunk->years + (size_t)year * stride;
    *out = places;
    if (year >= chunk->year_from || lots_bit_get(chunk->year_had, year))
        return LOTS_OK;
    if (lots_segment_kept_year(worker->segment, stream, worker->chunk, year, places)) {
        lots_bit_set(chunk->year_had, year);
        return LOTS_OK;
    }
    chunk->year_from = least;
    return lots_segment_year_places(worker->segment, stream, worker->chunk, least, relation->offsets, chunk->years, &worker->scratch, err);
}

/* Where each patient's first row on `day` or later is; NULL: not known without days. None of the starts is missing. */
static lots_status places_from(lots_worker *worker, const lots_relation_rows *relation, const lots_block_meta *meta, int64_t day,
                               const uint32_t **out, lots_error *err)
{
    const uint32_t stream = relation->relation->stream;
    lots_stream_chunk *chunk = &worker->streams[stream];
    uint32_t first = 0, count = 0;
    *out = day <= meta->min ? relation->offsets : day > meta->max ? relation->offsets + 1 : NULL;
    if (*out != NULL)
        return LOTS_OK;
    lots_segment_years(worker->segment, stream, worker->chunk, &first, &count);
    const uint32_t year = (uint32_t)lots_day_to_civil((int32_t)day).year;
    if (year < first || year - first >= count || lots_month_first(12 * (int32_t)year) != day)
        return LOTS_OK;
    chunk->year_least = chunk->year_least == 0 || year < chunk->year_least ? year : chunk->year_least;
    return make_year(worker, relation, year - first, chunk->year_least > first ? chunk->year_least - first : 0, count, out, err);
}

/* Of wanted patients alone, where they are few; the others' ranges are empty. `known`: both ends, as places_from gives them. */
static lots_status wanted_places(lots_worker *worker, const lots_relation_rows *relation, const int64_t days[2],
                                 const uint32_t *known[2], lots_error *err)
{
    const uint32_t owners = relation->owners->count;
    uint32_t *made[2] = {NULL, NULL};
    bool done = worker->wanted != NULL;
    for (int s = 0; s < 2 && done; s++) {
        LOTS_TRY(lots_new_u32(lots_instance_arena(worker, relation->owners), owners, &made[s], err));
        memcpy(made[s], relation->offsets, owners * sizeof **made);
        if (known[s] == NULL)
            LOTS_TRY(lots_stream_places_of(worker, relation->relation->stream, worker->wanted, (int32_t)days[s], made[s], &done, err));
        for (size_t p = known[s] == NULL ? owners : lots_bits_next(worker->wanted, 0, owners); p < owners;
             p = lots_bits_next(worker->wanted, p + 1, owners))
            made[s][p] = known[s][p];
    }
    for (int s = 0; s < 2; s++)
        known[s] = done ? made[s] : NULL;
    return LOTS_OK;
}

lots_status lots_window_places(lots_worker *worker, const lots_relation_rows *relation, int32_t low, int32_t high,
                               const uint32_t **first, const uint32_t **end, lots_error *err)
{
    const lots_relation *bound = relation->relation;
    *first = *end = NULL;
    if (bound->kind != LOTS_RELATION_STREAM || bound->start_column < 0 || relation->owners != worker->patients)
        return LOTS_OK;
    const uint32_t column = bound->columns[bound->start_column].column;
    const lots_block_meta *meta = lots_segment_meta(worker->segment, bound->stream, column, LOTS_PART_VALUES, worker->chunk);
    if (meta->missing > 0 || meta->count == 0 || worker->streams[bound->stream].days_asked ||
        lots_stream_is_read(worker, bound->stream, column))
        return LOTS_OK;
    const int64_t days[2] = {low, (int64_t)high + 1};
    const uint32_t *known[2] = {NULL, NULL};
    for (int s = 0; s < 2; s++)
        LOTS_TRY(places_from(worker, relation, meta, days[s], &known[s], err));
    if (known[0] == NULL || known[1] == NULL)
        LOTS_TRY(wanted_places(worker, relation, days, known, err));
    *first = known[0];
    *end = known[1];
    return LOTS_OK;
}

/* Which period begins at places that places_from gave; UINT32_MAX: they are not of it. */
static uint32_t period_from(const lots_worker *worker, const lots_relation_rows *relation, const uint32_t *places)
{
    const uint32_t stream = relation->relation->stream, stride = relation->owners->count + LOTS_PLACES_PAD;
    const uint32_t *years = worker->streams[stream].years;
    uint32_t first = 0, count = 0;
    lots_segment_years(worker->segment, stream, worker->chunk, &first, &count);
    if (places == relation->offsets || places == relation->offsets + 1)
        return places == relation->offsets ? 0 : count + 1;
    for (uint32_t i = 0; years != NULL && i < count; i++)
        if (places == years + (size_t)i * stride)
            return i + 1;
    return UINT32_MAX;
}

bool lots_window_period(const lots_worker *worker, const lots_relation_rows *relation, const uint32_t *first, const uint32_t *end,
                        uint32_t *period)
{
    *period = period_from(worker, relation, first);
    return *period != UINT32_MAX && period_from(worker, relation, end) == *period + 1;
}

/* Most ranges are short: they lie in a word and the next. */
static void put_range(uint32_t first, uint32_t end, uint64_t *out)
{
    const uint32_t length = end - first, at = first % 64;
    if (length >= 64) {
        lots_bits_set_range(out, first, end);
        return;
    }
    const uint64_t bits = (UINT64_C(1) << length) - 1;
    uint64_t *const word = out + first / 64;
    word[0] |= bits << at;
    word[1] |= bits >> 1 >> (63 - at);
}

void lots_places_bits(const uint32_t *first, const uint32_t *end, const uint64_t *only, uint32_t groups, uint32_t count, uint64_t *out)
{
    memset(out, 0, (lots_bit_words(count) + 1) * sizeof *out);
    for (uint32_t g = 0; g < groups && only == NULL; g++)
        put_range(first[g], end[g], out);
    for (size_t g = only == NULL ? groups : lots_bits_next(only, 0, groups); g < groups; g = lots_bits_next(only, g + 1, groups))
        put_range(first[g], end[g], out);
}
