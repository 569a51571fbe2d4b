/* span.c: the levels of a stream's rows and what follows from them: their places in the total order, what kind of span a row
 * has, and where it ends. See column.h. */
#include <string.h>

#include "query/exec/column.h"

static const lots_stream *stream_of(const lots_worker *worker, uint32_t stream)
{
    return &worker->schema->streams[stream];
}

/* ---- levels ---- */

enum { UNDECLARED_LEVEL = 1u << 30 }; /* after every declared one, by text */

static lots_status level_table(lots_worker *worker, uint32_t stream, const lots_level_table **out, lots_error *err)
{
    lots_level_table *table = &worker->levels[stream];
    *out = table;
    if (table->order != NULL)
        return LOTS_OK;
    const lots_stream *schema = stream_of(worker, stream);
    const int32_t column = lots_stream_find_role(schema, LOTS_ROLE_LEVEL);
    const lots_dictionary *dictionary = lots_registry_domain(worker->registry, schema->columns[column].domain);
    const uint32_t count = dictionary == NULL ? 0 : lots_dictionary_count(dictionary);
    void *room = NULL;
    uint32_t *order = NULL;
    LOTS_TRY(lots_new_u32(&worker->tables, count, &order, err));
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, count, 1, err));
    table->span = room;
    for (uint32_t rank = 0; rank < count; rank++) {
        order[rank] = UNDECLARED_LEVEL + rank;
        table->span[rank] = (uint8_t)schema->span;
    }
    for (uint32_t i = 0; i < schema->level_count; i++) {
        const lots_level *level = &schema->levels[i];
        const lots_id rank = count == 0 ? LOTS_NO_ID : lots_dictionary_find(dictionary, level->value, strlen(level->value));
        if (rank == LOTS_NO_ID)
            continue;
        order[rank] = level->rank < UNDECLARED_LEVEL ? level->rank : UNDECLARED_LEVEL - 1;
        if (level->has_span)
            table->span[rank] = (uint8_t)level->span;
    }
    table->count = count;
    table->order = order;
    return LOTS_OK;
}

lots_status lots_stream_level_order(lots_worker *worker, uint32_t stream, const lots_vector **level,
                                    const uint32_t **places, lots_error *err)
{
    const int32_t column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_LEVEL);
    const lots_level_table *table = NULL;
    const lots_id *ranks = NULL;
    uint32_t count = 0, *order = NULL;
    *level = NULL;
    *places = NULL;
    if (column < 0)
        return LOTS_OK;
    LOTS_TRY(level_table(worker, stream, &table, err));
    LOTS_TRY(lots_segment_ranks(worker->segment, stream, (uint32_t)column, &ranks, &count, err));
    LOTS_TRY(lots_stream_local(worker, stream, (uint32_t)column, level, err));
    LOTS_TRY(lots_new_u32(&worker->depths[0].arena, count, &order, err));
    for (uint32_t id = 0; id < count; id++)
        order[id] = table->order[ranks[id]];
    *places = order;
    return LOTS_OK;
}

/* ---- kinds of spans ---- */

/* The rows whose span is of a kind: their level's, or else the stream's. *bits NULL: all of them when *all, else none. */
static lots_status rows_of_span(lots_worker *worker, uint32_t stream, lots_span span, uint64_t **bits, bool *all,
                                lots_error *err)
{
    const lots_stream *schema = stream_of(worker, stream);
    const int32_t column = lots_stream_find_role(schema, LOTS_ROLE_LEVEL);
    const lots_level_table *table = NULL;
    const lots_vector *local = NULL;
    const lots_id *ranks = NULL;
    uint32_t rank_count = 0;
    uint64_t *kinds = NULL;
    *bits = NULL;
    *all = schema->span == span;
    if (column < 0)
        return LOTS_OK;
    LOTS_TRY(level_table(worker, stream, &table, err));
    LOTS_TRY(lots_segment_ranks(worker->segment, stream, (uint32_t)column, &ranks, &rank_count, err));
    LOTS_TRY(lots_new_bits(&worker->depths[0].arena, rank_count, &kinds, err));
    for (uint32_t id = 0; id < rank_count; id++)
        if (table->span[ranks[id]] == span)
            lots_bit_set(kinds, id);
    const uint64_t of_kind = lots_bits_count(kinds, rank_count);
    if (of_kind == (*all ? rank_count : 0))
        return LOTS_OK;
    LOTS_TRY(lots_stream_local(worker, stream, (uint32_t)column, &local, err));
    LOTS_TRY(lots_new_bits(&worker->depths[0].arena, local->count, bits, err));
    worker->kernels->lookup_bits(local->data, local->count, kinds, rank_count, *bits);
    if (local->missing != NULL && *all)
        lots_bits_or(*bits, *bits, local->missing, local->count);
    else if (local->missing != NULL)
        lots_bits_and_not(*bits, *bits, local->missing, local->count);
    return LOTS_OK;
}

/* Of some rows, those whose span is of a kind; bits is the caller's and changed. */
static lots_status keep_span(lots_worker *worker, uint32_t stream, lots_span span, uint64_t *bits, lots_error *err)
{
    const uint32_t rows = worker->streams[stream].rows;
    uint64_t *of_kind = NULL;
    bool all = false;
    if (lots_bits_next(bits, 0, rows) == rows)
        return LOTS_OK;
    LOTS_TRY(rows_of_span(worker, stream, span, &of_kind, &all, err));
    if (of_kind != NULL)
        lots_bits_and(bits, bits, of_kind, rows);
    else if (!all)
        lots_bits_fill(bits, rows, false);
    return LOTS_OK;
}

static bool has_points(const lots_stream *stream)
{
    bool points = stream->span == LOTS_SPAN_POINT;
    for (uint32_t i = 0; i < stream->level_count; i++)
        points |= stream->levels[i].has_span && stream->levels[i].span == LOTS_SPAN_POINT;
    return points;
}

/* out[i] = from[i] where the bit is set; whichever are fewer go one by one. */
static void put_where(const uint64_t *bits, const int32_t *from, uint32_t count, int32_t *out, const int32_t *otherwise)
{
    const bool most = 2 * lots_bits_count(bits, count) > count;
    memcpy(out, most ? from : otherwise, count * sizeof *out);
    for (size_t w = 0; w < lots_bit_words(count); w++) {
        uint64_t word = most ? ~bits[w] : bits[w];
        if (count - w * 64 < 64)
            word &= (UINT64_C(1) << (count - w * 64)) - 1;
        for (; word != 0; word &= word - 1) {
            const size_t i = w * 64 + (size_t)__builtin_ctzll(word);
            out[i] = most ? otherwise[i] : from[i];
        }
    }
}

/* Of rows without an end as they are stored, those that end on the day they start. */
static lots_status find_points(lots_worker *worker, uint32_t stream, const uint64_t *endless, const uint64_t *undated, uint64_t **out,
                               lots_error *err)
{
    const uint32_t rows = worker->streams[stream].rows;
    LOTS_TRY(lots_new_bits(&worker->depths[0].arena, rows, out, err));
    if (!has_points(stream_of(worker, stream)))
        return LOTS_OK;
    memcpy(*out, endless, lots_bit_words(rows) * sizeof(uint64_t));
    if (undated != NULL)
        lots_bits_and_not(*out, *out, undated, rows);
    return keep_span(worker, stream, LOTS_SPAN_POINT, *out, err);
}

lots_status lots_stream_lasting(lots_worker *worker, uint32_t stream, const uint64_t *mask, lots_arena *arena, lots_nonzero *out,
                                bool *done, lots_error *err)
{
    const int32_t start_column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_START);
    const int32_t end_column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_END);
    const uint32_t rows = worker->streams[stream].rows, most = (uint32_t)worker->kernels->bits_count(mask, rows);
    uint64_t *points = NULL;
    *done = start_column >= 0 && end_column >= 0 && !lots_stream_is_read(worker, stream, (uint32_t)end_column) &&
            lots_segment_meta(worker->segment, stream, (uint32_t)start_column, LOTS_PART_VALUES, worker->chunk)->missing == 0;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena, most, &out->rows, err));
    LOTS_TRY(lots_new_i32(arena, most, &out->values, err));
    LOTS_TRY(lots_new_words(arena, rows, &out->missing, err));
    LOTS_TRY(lots_segment_lasting(worker->segment, stream, (uint32_t)end_column, worker->chunk, mask, out, done, &worker->scratch, err));
    if (!*done)
        return LOTS_OK;
    worker->work.blocks++;
    worker->work.bytes += lots_segment_meta(worker->segment, stream, (uint32_t)end_column, LOTS_PART_VALUES, worker->chunk)->bytes;
    worker->work.values += out->count;
    if (!out->has_missing)
        return LOTS_OK;
    LOTS_TRY(find_points(worker, stream, out->missing, NULL, &points, err));
    lots_bits_and_not(out->missing, out->missing, points, rows);
    return LOTS_OK;
}

lots_status lots_stream_fill_ends(lots_worker *worker, uint32_t stream, const lots_vector *local, lots_vector *out,
                                  lots_error *err)
{
    const lots_stream *schema = stream_of(worker, stream);
    const int32_t start_column = lots_stream_find_role(schema, LOTS_ROLE_START);
    *out = *local;
    if (local->missing == NULL || start_column < 0 || !has_points(schema))
        return LOTS_OK;
    const lots_vector *start = NULL;
    LOTS_TRY(lots_stream_column(worker, stream, (uint32_t)start_column, &start, err));
    lots_arena *arena = &worker->depths[0].arena;
    int32_t *ends = NULL;
    uint64_t *missing = NULL, *points = NULL;
    LOTS_TRY(find_points(worker, stream, local->missing, start->missing, &points, err));
    if (lots_bits_next(points, 0, local->count) == local->count)
        return LOTS_OK;
    LOTS_TRY(lots_new_i32(arena, local->count, &ends, err));
    LOTS_TRY(lots_new_bits(arena, local->count, &missing, err));
    put_where(points, start->data, local->count, ends, local->data);
    lots_bits_and_not(missing, local->missing, points, local->count);
    out->data = ends;
    out->missing = missing;
    return LOTS_OK;
}

/* ---- of some rows ---- */

/* Rows without an end among those taken. */
typedef struct endless_part {
    uint32_t count;
    uint32_t *place; /* among the rows taken */
    uint32_t *row;
    uint8_t *kind;   /* lots_span */
} endless_part;

static lots_status find_kinds(lots_worker *worker, uint32_t stream, lots_arena *arena, endless_part *out, lots_error *err)
{
    const int32_t column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_LEVEL);
    const lots_level_table *table = NULL;
    lots_vector level;
    memset(out->kind, (int)stream_of(worker, stream)->span, out->count);
    if (column < 0)
        return LOTS_OK;
    LOTS_TRY(level_table(worker, stream, &table, err));
    LOTS_TRY(lots_stream_take(worker, stream, (uint32_t)column, out->row, out->count, arena, &level, err));
    for (uint32_t i = 0; i < out->count; i++)
        if (!lots_vector_is_missing(&level, i))
            out->kind[i] = table->span[((const lots_id *)level.data)[i]];
    return LOTS_OK;
}

static lots_status find_endless(lots_worker *worker, uint32_t stream, const lots_vector *ends, const uint32_t *rows,
                                lots_arena *arena, endless_part *out, lots_error *err)
{
    void *room = NULL;
    *out = (endless_part){.count = ends->missing == NULL ? 0 : (uint32_t)lots_bits_count(ends->missing, ends->count)};
    if (out->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena, out->count, &out->place, err));
    LOTS_TRY(lots_new_u32(arena, out->count, &out->row, err));
    LOTS_TRY(lots_arena_vector(arena, &room, out->count, 1, err));
    out->kind = room;
    lots_bits_indexes(ends->missing, ends->count, out->place);
    for (uint32_t i = 0; i < out->count; i++)
        out->row[i] = rows[out->place[i]];
    return find_kinds(worker, stream, arena, out, err);
}

lots_status lots_stream_fill_taken_ends(lots_worker *worker, uint32_t stream, const uint32_t *rows, lots_arena *arena,
                                        lots_vector *ends, lots_error *err)
{
    const lots_stream *schema = stream_of(worker, stream);
    const int32_t start_column = lots_stream_find_role(schema, LOTS_ROLE_START);
    lots_vector start;
    endless_part none;
    if (ends->missing == NULL || start_column < 0 || !has_points(schema))
        return LOTS_OK;
    LOTS_TRY(find_endless(worker, stream, ends, rows, arena, &none, err));
    if (none.count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_stream_take(worker, stream, (uint32_t)start_column, none.row, none.count, arena, &start, err));
    for (uint32_t i = 0; i < none.count; i++) {
        if (none.kind[i] != LOTS_SPAN_POINT || lots_vector_is_missing(&start, i))
            continue;
        ((int32_t *)ends->data)[none.place[i]] = ((const int32_t *)start.data)[i];
        lots_bit_clear(ends->missing, none.place[i]);
    }
    return LOTS_OK;
}

/* ---- where spans end ---- */

/* Until when open events of a stream run: the earlier of death and coverage. */
typedef struct last_days {
    int32_t until;
    const lots_vector *death; /* by patient; NULL: none is known */
} last_days;

static lots_status find_last_days(lots_worker *worker, uint32_t stream, last_days *out, lots_error *err)
{
    const lots_coverage *coverage = lots_registry_coverage(worker->registry, stream);
    const int32_t column = lots_stream_find_role(stream_of(worker, 0), LOTS_ROLE_DEATH);
    *out = (last_days){.until = coverage != NULL ? coverage->until : LOTS_DAY_MAX};
    return column < 0 ? LOTS_OK : lots_stream_column(worker, 0, (uint32_t)column, &out->death, err);
}

static int32_t last_day(const last_days *last, uint32_t patient)
{
    if (last->death == NULL || lots_vector_is_missing(last->death, patient))
        return last->until;
    const int32_t death = ((const int32_t *)last->death->data)[patient];
    return death < last->until ? death : last->until;
}

/* The end column, or NULL when the stream has none. */
static lots_status ends_of(lots_worker *worker, uint32_t stream, const lots_vector **out, lots_error *err)
{
    const int32_t column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_END);
    *out = NULL;
    return column < 0 ? LOTS_OK : lots_stream_column(worker, stream, (uint32_t)column, out, err);
}

/* Does the zone map say that every row of the chunk has a start and an end? Then its spans are as they are stored. */
static bool all_end(const lots_worker *worker, uint32_t stream)
{
    const lots_role roles[2] = {LOTS_ROLE_START, LOTS_ROLE_END};
    for (int r = 0; r < 2; r++) {
        const int32_t column = lots_stream_find_role(stream_of(worker, stream), roles[r]);
        if (column < 0 || lots_segment_meta(worker->segment, stream, (uint32_t)column, LOTS_PART_VALUES,
                                            worker->chunk)->missing != 0)
            return false;
    }
    return true;
}

bool lots_stream_may_be_open(const lots_worker *worker, uint32_t stream) { return !all_end(worker, stream); }

/* The rows without a known end; `bits` is new. */
static lots_status endless_rows(lots_worker *worker, uint32_t stream, const lots_vector **end, uint64_t **bits,
                                lots_error *err)
{
    const uint32_t rows = worker->streams[stream].rows;
    LOTS_TRY(ends_of(worker, stream, end, err));
    LOTS_TRY(lots_new_bits(&worker->depths[0].arena, rows, bits, err));
    if (*end == NULL)
        lots_bits_fill(*bits, rows, true);
    else if ((*end)->missing != NULL)
        memcpy(*bits, (*end)->missing, lots_bit_words(rows) * sizeof(uint64_t));
    return LOTS_OK;
}

lots_status lots_stream_open(lots_worker *worker, uint32_t stream, lots_vector *out, lots_error *err)
{
    const uint32_t rows = worker->streams[stream].rows;
    const lots_vector *end = NULL;
    uint64_t *open = NULL;
    if (all_end(worker, stream)) {
        LOTS_TRY(lots_new_bits(&worker->depths[0].arena, rows, &open, err));
    } else {
        LOTS_TRY(endless_rows(worker, stream, &end, &open, err));
        LOTS_TRY(keep_span(worker, stream, LOTS_SPAN_OPEN, open, err));
    }
    *out = (lots_vector){.type = {.kind = LOTS_TYPE_BOOL}, .count = rows, .data = open};
    worker->work.rows += rows;
    return LOTS_OK;
}

/* Of the rows of those who died no day is later. Most are alive. */
static void end_with_death(const lots_vector *death, const uint32_t *offsets, int32_t *days)
{
    const int32_t *died = death->data;
    for (size_t w = 0; w < lots_bit_words(death->count); w++) {
        uint64_t dead = death->missing == NULL ? UINT64_MAX : ~death->missing[w];
        if (death->count - w * 64 < 64)
            dead &= (UINT64_C(1) << (death->count - w * 64)) - 1;
        for (; dead != 0; dead &= dead - 1) {
            const size_t p = w * 64 + (size_t)__builtin_ctzll(dead);
            for (uint32_t i = offsets[p]; i < offsets[p + 1]; i++)
                days[i] = days[i] < died[p] ? days[i] : died[p];
        }
    }
}

/* By row the last day of those without an end. An open event runs to its patient's last day; it holds at least the day it
 * starts, also one that starts after death or coverage. Others end the day they start. */
static lots_status endless_ends(lots_worker *worker, uint32_t stream, const uint64_t *endless, const uint64_t *open,
                                const int32_t *starts, const int32_t **out, lots_error *err)
{
    const uint32_t rows = worker->streams[stream].rows;
    const uint32_t *offsets = NULL;
    lots_vector days, until = {.type = {.kind = LOTS_TYPE_DATE}, .count = rows, .constant = true};
    last_days last;
    *out = starts;
    if (lots_bits_next(open, 0, rows) == rows)
        return LOTS_OK;
    LOTS_TRY(find_last_days(worker, stream, &last, err));
    LOTS_TRY(lots_stream_offsets(worker, stream, &offsets, err));
    until.data = &last.until;
    LOTS_TRY(lots_vector_flatten(&worker->depths[0].arena, &until, &days, err));
    if (last.death != NULL)
        end_with_death(last.death, offsets, days.data);
    worker->kernels->greatest_i32(starts, NULL, rows, days.data, days.data);
    for (size_t w = 0; w < lots_bit_words(rows); w++)
        for (uint64_t bits = endless[w] & ~open[w]; bits != 0; bits &= bits - 1)
            ((int32_t *)days.data)[w * 64 + (size_t)__builtin_ctzll(bits)] = starts[w * 64 + (size_t)__builtin_ctzll(bits)];
    *out = days.data;
    return LOTS_OK;
}

lots_status lots_stream_span_end(lots_worker *worker, uint32_t stream, lots_vector *out, lots_error *err)
{
    const lots_type type = {.kind = LOTS_TYPE_DATE};
    const int32_t start_column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_START);
    const lots_vector *start = NULL, *end = NULL;
    const int32_t *days = NULL;
    uint64_t *endless = NULL, *closed = NULL, *open = NULL;
    lots_arena *arena = &worker->depths[0].arena;
    const uint32_t rows = worker->streams[stream].rows;
    if (start_column < 0) {
        LOTS_TRY(lots_vector_new(arena, &type, rows, out, err));
        memset(out->data, 0, rows * sizeof(int32_t));
        LOTS_TRY(lots_vector_want_missing(arena, out, err));
        lots_bits_fill(out->missing, rows, true);
        return LOTS_OK;
    }
    LOTS_TRY(lots_stream_column(worker, stream, (uint32_t)start_column, &start, err));
    LOTS_TRY(endless_rows(worker, stream, &end, &endless, err));
    if (end != NULL && lots_bits_next(endless, 0, rows) == rows) { /* mostly all ends are known */
        *out = *end;
        out->missing = NULL;
        return LOTS_OK;
    }
    LOTS_TRY(lots_vector_new(arena, &type, rows, out, err));
    LOTS_TRY(lots_new_bits(arena, rows, &closed, err));
    LOTS_TRY(lots_new_bits(arena, rows, &open, err));
    memcpy(closed, endless, lots_bit_words(rows) * sizeof(uint64_t));
    LOTS_TRY(keep_span(worker, stream, LOTS_SPAN_CLOSED, closed, err));
    if (start->missing != NULL) /* without a start nothing is known either */
        for (size_t w = 0; w < lots_bit_words(rows); w++)
            closed[w] |= endless[w] & start->missing[w];
    lots_bits_and_not(open, endless, closed, rows);
    LOTS_TRY(keep_span(worker, stream, LOTS_SPAN_OPEN, open, err));
    LOTS_TRY(endless_ends(worker, stream, endless, open, start->data, &days, err));
    put_where(endless, days, rows, out->data, end != NULL ? end->data : days);
    if (lots_bits_next(closed, 0, rows) < rows)
        out->missing = closed;
    for (size_t i = lots_bits_next(closed, 0, rows); i < rows; i = lots_bits_next(closed, i + 1, rows))
        ((int32_t *)out->data)[i] = 0;
    worker->work.rows += rows;
    return LOTS_OK;
}

/* The patient whose row it is. */
static uint32_t owner_of(const uint32_t *offsets, uint32_t patients, uint32_t row)
{
    uint32_t low = 0, high = patients;
    while (low + 1 < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (offsets[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Of those without an end: as lots_stream_span_end tells them. `start`: of each of these. */
static lots_status tell_endless(lots_worker *worker, uint32_t stream, const endless_part *none, const lots_vector *start,
                                lots_vector *out, lots_error *err)
{
    const uint32_t *offsets = NULL;
    const int32_t *starts = start->data;
    int32_t *days = out->data;
    last_days last;
    bool known = false;
    LOTS_TRY(lots_stream_offsets(worker, stream, &offsets, err));
    for (uint32_t i = 0; i < none->count; i++) {
        if (none->kind[i] == LOTS_SPAN_CLOSED || lots_vector_is_missing(start, i))
            continue;
        const int32_t day = starts[i];
        days[none->place[i]] = day;
        lots_bit_clear(out->missing, none->place[i]);
        if (none->kind[i] != LOTS_SPAN_OPEN)
            continue;
        if (!known)
            LOTS_TRY(find_last_days(worker, stream, &last, err));
        known = true;
        const int32_t until = last_day(&last, owner_of(offsets, worker->patients->count, none->row[i]));
        days[none->place[i]] = until > day ? until : day;
    }
    return LOTS_OK;
}

static lots_status tell_open(lots_arena *arena, uint32_t count, const endless_part *none, lots_vector *out, lots_error *err)
{
    const lots_type type = {.kind = LOTS_TYPE_BOOL};
    LOTS_TRY(lots_vector_new(arena, &type, count, out, err));
    for (uint32_t i = 0; i < none->count; i++)
        if (none->kind[i] == LOTS_SPAN_OPEN)
            lots_bit_set(out->data, none->place[i]);
    return LOTS_OK;
}

lots_status lots_stream_take_spans(lots_worker *worker, uint32_t stream, bool want_open, const uint32_t *rows, uint32_t count,
                                   lots_arena *arena, lots_vector *out, bool *done, lots_error *err)
{
    const int32_t start_column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_START);
    const int32_t end_column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_END);
    lots_vector ends, start;
    endless_part none;
    *done = start_column >= 0 && end_column >= 0 && 4 * (uint64_t)count <= worker->streams[stream].rows &&
            lots_rows_rise(rows, count, worker->streams[stream].rows);
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_stream_take(worker, stream, (uint32_t)end_column, rows, count, arena, &ends, err));
    LOTS_TRY(find_endless(worker, stream, &ends, rows, arena, &none, err));
    worker->work.rows += count;
    if (want_open)
        return tell_open(arena, count, &none, out, err);
    if (none.count == 0) {
        *out = ends;
        out->missing = NULL;
        return LOTS_OK;
    }
    LOTS_TRY(lots_vector_keep(arena, &ends, out, err)); /* they may be lent */
    LOTS_TRY(lots_stream_take(worker, stream, (uint32_t)start_column, none.row, none.count, arena, &start, err));
    return tell_endless(worker, stream, &none, &start, out, err);
}
