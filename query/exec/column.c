/* column.c: decoding a stream's columns of one chunk into vectors. A column is read once as the segment has it (ids
 * local), and once more turned into what the language sees, each only when asked for. */
#include "query/exec/column.h"

#include <assert.h>
#include <string.h>

#include "query/exec/days_of.h"
#include "query/exec/taken.h"

/* Rows are decoded by themselves where they are at most one in so many; all lists but the first are kept where they are few enough
 * for it to cost nothing. Ids are looked through where they are as few beside rows. */
enum { ROWS_TAKEN = 4, ROWS_KEPT = 64, IDS_FEW = 64 };

static const lots_stream *stream_of(const lots_worker *worker, uint32_t stream)
{
    return &worker->schema->streams[stream];
}

/* The streams that the query can ask: the patients, and those of its relations. */
static lots_status list_asked(lots_worker *worker, lots_error *err)
{
    const lots_query *query = worker->query;
    uint32_t *asked = NULL, count = 0;
    LOTS_TRY(lots_new_u32(&worker->tables, worker->schema->stream_count, &asked, err));
    for (uint32_t s = 0; s < worker->schema->stream_count; s++) {
        bool is = s == 0;
        for (uint32_t r = 0; r < query->relation_count && !is; r++)
            is = query->relations[r].kind == LOTS_RELATION_STREAM && query->relations[r].stream == s;
        if (is)
            asked[count++] = s;
    }
    worker->asked = asked;
    worker->asked_count = count;
    return LOTS_OK;
}

/* Once a worker: the vectors of every column, none of them read. */
static lots_status open_columns(lots_worker *worker, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(list_asked(worker, err));
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, worker->schema->stream_count, sizeof(lots_stream_chunk), err));
    lots_stream_chunk *streams = room;
    for (uint32_t s = 0; s < worker->schema->stream_count; s++) {
        const uint32_t columns = stream_of(worker, s)->column_count;
        LOTS_TRY(lots_arena_alloc(&worker->tables, &room, 2 * (size_t)columns, sizeof(lots_vector), err));
        streams[s].locals = room;
        streams[s].values = streams[s].locals + columns;
        LOTS_TRY(lots_arena_alloc(&worker->tables, &room, columns, sizeof(lots_type), err));
        streams[s].types = room;
        LOTS_TRY(lots_arena_alloc(&worker->tables, &room, columns, sizeof(uint32_t *), err));
        streams[s].elements = room;
        LOTS_TRY(lots_arena_alloc(&worker->tables, &room, columns, sizeof(lots_some_elements), err));
        streams[s].some_elements = room;
        for (uint32_t c = 0; c < 2 * columns; c++)
            streams[s].locals[c].count = UINT32_MAX;
    }
    for (uint32_t i = 0; i < worker->asked_count; i++)
        streams[worker->asked[i]].asked = true;
    worker->streams = streams;
    return LOTS_OK;
}

/* Few columns are ever asked for: only the streams of these have something to forget. What a chunk has of streams that can't be asked
 * for is not even looked up. */
lots_status lots_columns_begin(lots_worker *worker, lots_error *err)
{
    if (worker->streams == NULL)
        LOTS_TRY(open_columns(worker, err));
    for (uint32_t i = 0; i < worker->asked_count; i++) {
        const uint32_t s = worker->asked[i];
        lots_stream_chunk *stream = &worker->streams[s];
        const uint32_t columns = stream_of(worker, s)->column_count;
        lots_stream_days_note(worker, s);
        stream->rows = lots_segment_chunk_rows(worker->segment, s, worker->chunk);
        stream->offsets = NULL;
        stream->taken = NULL;
        stream->known = (lots_known_entries){.arena = &worker->depths[0].arena};
        stream->planes = (lots_known_planes){.arena = &worker->depths[0].arena, .often = stream->planes.again};
        stream->tested = NULL;
        for (uint32_t c = 0; stream->read && c < 2 * columns; c++)
            stream->locals[c].count = UINT32_MAX;
        for (uint32_t c = 0; stream->read && c < columns; c++) {
            stream->elements[c] = NULL;
            stream->some_elements[c].ids = NULL;
        }
        stream->read = false;
    }
    return LOTS_OK;
}

lots_status lots_stream_offsets(lots_worker *worker, uint32_t stream, const uint32_t **out, lots_error *err)
{
    lots_stream_chunk *chunk = &worker->streams[stream];
    assert(chunk->asked);
    if (chunk->offsets == NULL) {
        uint32_t *offsets = NULL;
        LOTS_TRY(lots_new_u32(&worker->depths[0].arena, (size_t)worker->patients->count + 1, &offsets, err));
        const lots_arena_mark mark = lots_arena_save(&worker->scratch);
        LOTS_TRY(lots_segment_offsets(worker->segment, stream, worker->chunk, offsets, &worker->scratch, err));
        lots_arena_restore(&worker->scratch, mark);
        chunk->offsets = offsets;
    }
    *out = chunk->offsets;
    return LOTS_OK;
}

/* ---- as the segment has it ---- */

static lots_type make_type(const lots_worker *worker, const lots_column *column)
{
    static const lots_type_kind kinds[LOTS_KIND_COUNT] = {
        [LOTS_KIND_BOOL] = LOTS_TYPE_BOOL,         [LOTS_KIND_INT] = LOTS_TYPE_INT,
        [LOTS_KIND_DECIMAL] = LOTS_TYPE_DECIMAL,   [LOTS_KIND_FLOAT] = LOTS_TYPE_FLOAT,
        [LOTS_KIND_DATE] = LOTS_TYPE_DATE,         [LOTS_KIND_CATEGORY] = LOTS_TYPE_CATEGORY,
        [LOTS_KIND_TEXT] = LOTS_TYPE_TEXT,         [LOTS_KIND_CODE] = LOTS_TYPE_CODE,
        [LOTS_KIND_CODES] = LOTS_TYPE_SET,
    };
    lots_type type = {.kind = kinds[column->kind], .element = LOTS_TYPE_CODE, .scale = column->scale};
    if (column->kind == LOTS_KIND_CATEGORY) {
        type.dictionary = lots_registry_domain(worker->registry, column->domain);
        type.domain = column->domain;
    } else if (column->kind == LOTS_KIND_CODE || column->kind == LOTS_KIND_CODES) {
        type.dictionary = lots_registry_codes(worker->registry);
    }
    return type;
}

static const lots_type *type_of(const lots_worker *worker, uint32_t stream, uint32_t column)
{
    lots_type *type = &worker->streams[stream].types[column];
    if (type->kind == LOTS_TYPE_MISSING)
        *type = make_type(worker, &stream_of(worker, stream)->columns[column]);
    return type;
}

/* Texts come as offsets; the bytes live as long as the chunk. */
static lots_status read_texts(lots_worker *worker, uint32_t stream, uint32_t column, lots_vector *out, lots_error *err)
{
    lots_arena *arena = &worker->depths[0].arena;
    uint32_t *offsets = NULL;
    LOTS_TRY(lots_new_u32(arena, (size_t)out->count + 1, &offsets, err));
    lots_values_out values = {.data = offsets, .missing = out->missing};
    bool has_missing = false;
    LOTS_TRY(lots_segment_read(worker->segment, stream, column, LOTS_PART_VALUES, worker->chunk, &values, &has_missing,
                               arena, err));
    lots_text *texts = out->data;
    for (uint32_t i = 0; i < out->count; i++)
        texts[i] = (lots_text){values.text + offsets[i], offsets[i + 1] - offsets[i]};
    if (!has_missing)
        out->missing = NULL;
    return LOTS_OK;
}

/* `days`: of what ends are counted from, when it is at hand. */
static lots_status read_part(lots_worker *worker, uint32_t stream, uint32_t column, lots_part part, const int32_t *days,
                             void *data, uint64_t **missing, lots_error *err)
{
    lots_values_out values = {.data = data, .missing = missing == NULL ? NULL : *missing, .days = days,
                              .planes = &worker->streams[stream].planes};
    bool has_missing = false;
    if (lots_block_need(lots_segment_meta(worker->segment, stream, column, part, worker->chunk)) != LOTS_NEED_NOTHING)
        LOTS_TRY(lots_stream_offsets(worker, stream, &values.starts, err));
    const lots_arena_mark mark = lots_arena_save(&worker->scratch);
    LOTS_TRY(lots_segment_read(worker->segment, stream, column, part, worker->chunk, &values, &has_missing,
                               &worker->scratch, err));
    lots_arena_restore(&worker->scratch, mark);
    if (missing != NULL && !has_missing)
        *missing = NULL;
    return LOTS_OK;
}

static lots_status corrupt(const lots_worker *worker, uint32_t stream, uint32_t column, const char *what,
                           lots_error *err)
{
    return lots_fail(err, LOTS_CORRUPT, "segment %u, column '%s.%s', chunk %u: %s", worker->segment_index,
                     stream_of(worker, stream)->name, stream_of(worker, stream)->columns[column].name, worker->chunk,
                     what);
}

lots_status lots_stream_elements(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t **out,
                                 uint32_t *count, lots_error *err)
{
    lots_stream_chunk *chunk = &worker->streams[stream];
    const lots_block_meta *meta =
        lots_segment_meta(worker->segment, stream, column, LOTS_PART_VALUES, worker->chunk);
    uint32_t *items = chunk->elements[column];
    *count = meta->bytes == 0 && meta->missing == meta->count ? 0 : meta->count;
    *out = items;
    if (items != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(&worker->depths[0].arena, *count, &items, err));
    if (*count > 0)
        LOTS_TRY(read_part(worker, stream, column, LOTS_PART_VALUES, NULL, items, NULL, err));
    *out = chunk->elements[column] = items;
    chunk->read = true;
    return LOTS_OK;
}

/* The groups of the runs' elements that haven't been read, as bits. */
static lots_status missing_groups(lots_worker *worker, const lots_element_runs *runs, uint32_t groups, const lots_some_elements *some,
                                  uint64_t **out, lots_error *err)
{
    LOTS_TRY(lots_new_bits(&worker->scratch, groups, out, err));
    for (uint32_t r = 0; r < runs->count; r++)
        if (runs->from[r] < runs->to[r])
            lots_bits_set_range(*out, runs->from[r] / LOTS_FRAME_GROUP, (runs->to[r] - 1) / LOTS_FRAME_GROUP + 1);
    if (some->ids != NULL)
        worker->kernels->bits_and_not(*out, some->groups, groups, *out);
    return LOTS_OK;
}

/* Where few groups of `count` elements are wanted that weren't before, these alone: *done. */
static lots_status read_some_elements(lots_worker *worker, uint32_t stream, uint32_t column, uint32_t count,
                                      const lots_element_runs *runs, bool *done, lots_error *err)
{
    enum { FEW = 2 }; /* of so many groups one at most */
    lots_some_elements *some = &worker->streams[stream].some_elements[column];
    lots_arena *arena = &worker->depths[0].arena;
    const uint32_t groups = (count + LOTS_FRAME_GROUP - 1) / LOTS_FRAME_GROUP;
    uint64_t *wanted = NULL;
    *done = false;
    LOTS_TRY(missing_groups(worker, runs, groups, some, &wanted, err));
    if (FEW * worker->kernels->bits_count(wanted, groups) > groups)
        return LOTS_OK;
    if (some->ids == NULL) {
        LOTS_TRY(lots_new_bits(arena, groups, &some->groups, err));
        LOTS_TRY(lots_new_u32(arena, (size_t)groups * LOTS_FRAME_GROUP, &some->ids, err));
        worker->streams[stream].read = true;
    }
    LOTS_TRY(lots_segment_groups(worker->segment, stream, column, worker->chunk, wanted, some->ids, done, &worker->scratch, err));
    if (*done)
        worker->kernels->bits_or(some->groups, wanted, groups, some->groups);
    return LOTS_OK;
}

lots_status lots_stream_some_elements(lots_worker *worker, uint32_t stream, uint32_t column, const lots_element_runs *runs,
                                      const uint32_t **out, lots_error *err)
{
    const lots_block_meta *meta = lots_segment_meta(worker->segment, stream, column, LOTS_PART_VALUES, worker->chunk);
    uint32_t count;
    bool done = false;
    if (worker->streams[stream].elements[column] == NULL) {
        const lots_arena_mark mark = lots_arena_save(&worker->scratch);
        const lots_status status = read_some_elements(worker, stream, column, meta->count, runs, &done, err);
        lots_arena_restore(&worker->scratch, mark);
        if (status != LOTS_OK)
            return status;
    }
    *out = worker->streams[stream].some_elements[column].ids;
    return done ? LOTS_OK : lots_stream_elements(worker, stream, column, out, &count, err);
}

static lots_status read_lists(lots_worker *worker, uint32_t stream, uint32_t column, lots_vector *out, lots_error *err)
{
    const uint32_t *items = NULL;
    uint32_t *lengths = NULL, elements = 0;
    LOTS_TRY(lots_stream_elements(worker, stream, column, &items, &elements, err));
    LOTS_TRY(lots_new_u32(&worker->depths[0].arena, out->count, &lengths, err));
    out->data = worker->streams[stream].elements[column];
    if (elements == 0) {
        memset(out->offsets, 0, ((size_t)out->count + 1) * sizeof(uint32_t));
        return LOTS_OK;
    }
    LOTS_TRY(read_part(worker, stream, column, LOTS_PART_LENGTHS, NULL, lengths, NULL, err));
    out->offsets[0] = 0; /* the segment has checked their sum in 64 bits */
    if (worker->kernels->prefix_u32(lengths, out->count, 0, out->offsets + 1) != elements)
        return corrupt(worker, stream, column, "list lengths don't add up to its elements", err);
    return LOTS_OK;
}

static lots_status read_local(lots_worker *worker, uint32_t stream, uint32_t column, lots_vector *out, lots_error *err)
{
    const lots_column *schema = &stream_of(worker, stream)->columns[column];
    const lots_block_meta *meta =
        lots_segment_meta(worker->segment, stream, column, LOTS_PART_VALUES, worker->chunk);
    const lots_type *type = type_of(worker, stream, column);
    const uint32_t rows = worker->streams[stream].rows;
    lots_arena *arena = &worker->depths[0].arena;
    worker->work.blocks++;
    worker->work.bytes += meta->bytes;
    worker->work.values += meta->count;
    LOTS_TRY(lots_vector_new(arena, type, rows, out, err));
    if (schema->kind == LOTS_KIND_CODES)
        return read_lists(worker, stream, column, out, err);
    LOTS_TRY(lots_new_words(arena, rows, &out->missing, err));
    if (meta->missing == meta->count) { /* an absent column too: nothing to decode */
        lots_bits_fill(out->missing, rows, true);
        if (type->kind != LOTS_TYPE_BOOL)
            memset(out->data, 0, rows * lots_type_bytes(type->kind));
        return LOTS_OK;
    }
    if (schema->kind == LOTS_KIND_TEXT)
        return read_texts(worker, stream, column, out, err);
    const int32_t start_column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_START);
    const lots_vector *starts = NULL;
    if (schema->role == LOTS_ROLE_END && start_column >= 0)
        LOTS_TRY(lots_stream_local(worker, stream, (uint32_t)start_column, &starts, err));
    return read_part(worker, stream, column, LOTS_PART_VALUES, starts == NULL ? NULL : starts->data, out->data,
                     &out->missing, err);
}

lots_status lots_stream_local(lots_worker *worker, uint32_t stream, uint32_t column, const lots_vector **out,
                              lots_error *err)
{
    lots_vector *local = &worker->streams[stream].locals[column];
    assert(worker->streams[stream].asked);
    if (local->count == UINT32_MAX) {
        lots_vector made;
        LOTS_TRY(read_local(worker, stream, column, &made, err));
        *local = made;
        worker->streams[stream].read = true;
    }
    *out = local;
    return LOTS_OK;
}

/* ---- as the language sees it ---- */

/* Where a segment has all values that the registry has, its ids are the ranks. */
static bool ids_are_ranks(const lots_id *ranks, uint32_t count)
{
    uint32_t id = 0;
    while (id < count && ranks[id] == id)
        id++;
    return id == count;
}

/* Ids of the segment to ranks; `values` may be the ids themselves. A list has no missing elements. */
static lots_status map_ids(lots_worker *worker, uint32_t stream, uint32_t column, const lots_vector *local,
                           uint32_t *values, lots_error *err)
{
    const lots_id *ranks = NULL;
    uint32_t rank_count = 0;
    LOTS_TRY(lots_segment_ranks(worker->segment, stream, column, &ranks, &rank_count, err));
    const bool list = local->type.kind == LOTS_TYPE_SET;
    const uint32_t count = list ? local->offsets[local->count] : local->count;
    if (rank_count == 0) { /* no id is used: all are missing */
        memset(values, 0, count * sizeof(uint32_t));
        return list && count > 0 ? corrupt(worker, stream, column, "ids without a dictionary", err) : LOTS_OK;
    }
    const bool few = rank_count <= count / IDS_FEW; /* then it costs little to see whether they are */
    if (values != local->data || !few || !ids_are_ranks(ranks, rank_count))
        worker->kernels->gather_u32(ranks, local->data, count, values);
    for (size_t w = 0; local->missing != NULL && w < lots_bit_words(count); w++)
        for (uint64_t bits = local->missing[w]; bits != 0; bits &= bits - 1)
            values[w * 64 + (size_t)__builtin_ctzll(bits)] = 0;
    worker->work.rows += count;
    return LOTS_OK;
}

static lots_status to_ranks(lots_worker *worker, uint32_t stream, uint32_t column, const lots_vector *local,
                            lots_vector *out, lots_error *err)
{
    const uint32_t count = local->type.kind == LOTS_TYPE_SET ? local->offsets[local->count] : local->count;
    const lots_id *ranks = NULL;
    uint32_t *values = NULL, rank_count = 0;
    *out = *local;
    LOTS_TRY(lots_segment_ranks(worker->segment, stream, column, &ranks, &rank_count, err));
    if (rank_count > 0 && ids_are_ranks(ranks, rank_count)) /* what is missing is 0 in both */
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(&worker->depths[0].arena, count, &values, err));
    out->data = values;
    return map_ids(worker, stream, column, local, values, err);
}

lots_status lots_stream_column(lots_worker *worker, uint32_t stream, uint32_t column, const lots_vector **out,
                               lots_error *err)
{
    lots_vector *values = &worker->streams[stream].values[column];
    *out = values;
    if (values->count != UINT32_MAX)
        return LOTS_OK;
    const lots_column *schema = &stream_of(worker, stream)->columns[column];
    const lots_vector *local = NULL;
    LOTS_TRY(lots_stream_local(worker, stream, column, &local, err));
    lots_vector made = *local;
    if (schema->kind == LOTS_KIND_CATEGORY || schema->kind == LOTS_KIND_CODE || schema->kind == LOTS_KIND_CODES)
        LOTS_TRY(to_ranks(worker, stream, column, local, &made, err));
    else if (schema->role == LOTS_ROLE_END)
        LOTS_TRY(lots_stream_fill_ends(worker, stream, local, &made, err));
    *values = made;
    return LOTS_OK;
}

/* ---- some rows alone ---- */

/* The first is a row; where numbers rise as signed ones, the others are none below it, so none is LOTS_NO_ID. */
bool lots_rows_rise(const uint32_t *rows, uint32_t count, uint32_t end)
{
    enum { STRETCH = 4096 };
    uint64_t falls[STRETCH / 64 + 8];
    if (count == 0)
        return true;
    if (rows[0] >= end || rows[count - 1] >= end)
        return false;
    for (uint32_t i = 0; i + 1 < count; i += STRETCH) {
        const uint32_t here = count - 1 - i < STRETCH ? count - 1 - i : STRETCH;
        lots_kernels_get()->less_i32((const int32_t *)rows + i + 1, (const int32_t *)rows + i, here, falls);
        if (lots_bits_next(falls, 0, here) < here)
            return false;
    }
    return true;
}

static bool has_ids(lots_kind kind) { return kind == LOTS_KIND_CATEGORY || kind == LOTS_KIND_CODE || kind == LOTS_KIND_CODES; }

static lots_status taken_of(lots_worker *worker, uint32_t stream, uint32_t column, lots_taken **out, lots_error *err)
{
    lots_stream_chunk *chunk = &worker->streams[stream];
    void *room = NULL;
    if (chunk->taken == NULL) {
        LOTS_TRY(lots_arena_alloc(&worker->depths[0].arena, &room, stream_of(worker, stream)->column_count, sizeof(lots_taken),
                                  err));
        chunk->taken = room;
    }
    *out = &chunk->taken[column];
    return LOTS_OK;
}

static bool can_take(const lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t *rows, uint32_t count,
                     uint64_t asked)
{
    const lots_stream_chunk *chunk = &worker->streams[stream];
    const lots_column *schema = &stream_of(worker, stream)->columns[column];
    const bool few = ROWS_TAKEN * (asked + count) <= chunk->rows ||
                     (schema->role == LOTS_ROLE_START && lots_stream_has_narrow_days(worker, stream));
    return few && schema->kind != LOTS_KIND_CODES &&
           schema->kind != LOTS_KIND_TEXT && schema->kind != LOTS_KIND_BOOL && lots_rows_rise(rows, count, chunk->rows);
}

/* What a block needs to be taken from, beside its bytes. */
static lots_status take_needs(lots_worker *worker, uint32_t stream, uint32_t column, const lots_block_meta *meta,
                              const uint32_t *rows, uint32_t count, lots_values_out *out, lots_error *err)
{
    const int32_t start_column = lots_stream_find_role(stream_of(worker, stream), LOTS_ROLE_START);
    const lots_vector *starts = NULL;
    if (lots_block_need(meta) != LOTS_NEED_NOTHING)
        LOTS_TRY(lots_stream_offsets(worker, stream, &out->starts, err));
    if (stream_of(worker, stream)->columns[column].role != LOTS_ROLE_END || start_column < 0)
        return LOTS_OK;
    LOTS_TRY(lots_stream_days_known(worker, stream, rows, count, &out->days, err));
    if (out->days != NULL || lots_stream_has_narrow_days(worker, stream))
        return LOTS_OK;
    LOTS_TRY(lots_stream_local(worker, stream, (uint32_t)start_column, &starts, err));
    out->days = starts->data;
    return LOTS_OK;
}

/* As the segment has them to as the language sees them, in place. */
static lots_status finish_taken(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t *rows,
                                lots_arena *arena, lots_vector *values, lots_error *err)
{
    const lots_column *schema = &stream_of(worker, stream)->columns[column];
    if (has_ids(schema->kind))
        return map_ids(worker, stream, column, values, values->data, err);
    return schema->role == LOTS_ROLE_END ? lots_stream_fill_taken_ends(worker, stream, rows, arena, values, err) : LOTS_OK;
}

/* Days: where they can be taken none is missing. */
static lots_status take_days(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t *rows, uint32_t count,
                             lots_arena *arena, lots_vector *out, bool *done, lots_error *err)
{
    LOTS_TRY(lots_vector_new(arena, type_of(worker, stream, column), count, out, err));
    return lots_stream_days_at(worker, stream, rows, count, out->data, done, err);
}

/* What the segment takes by rows. */
static lots_status take_values(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t *rows, uint32_t count,
                               lots_arena *arena, lots_vector *out, bool *done, lots_error *err)
{
    const lots_block_meta *meta = lots_segment_meta(worker->segment, stream, column, LOTS_PART_VALUES, worker->chunk);
    bool has_missing = false;
    LOTS_TRY(lots_vector_new(arena, type_of(worker, stream, column), count, out, err));
    LOTS_TRY(lots_vector_want_missing(arena, out, err));
    lots_values_out values = {.data = out->data, .missing = out->missing, .known = &worker->streams[stream].known,
                              .planes = &worker->streams[stream].planes};
    LOTS_TRY(take_needs(worker, stream, column, meta, rows, count, &values, err));
    LOTS_TRY(lots_segment_take(worker->segment, stream, column, worker->chunk, rows, count, &values, &has_missing, done,
                               &worker->scratch, err));
    if (!has_missing)
        out->missing = NULL;
    if (!*done)
        return LOTS_OK;
    worker->work.blocks++;
    worker->work.bytes += meta->bytes;
    worker->work.values += meta->count;
    return finish_taken(worker, stream, column, rows, arena, out, err);
}

/* Ends of rows that are told by rows, however they lie: *done. Nothing of them is remembered. */
static lots_status take_ends(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t *rows, uint32_t count,
                             lots_arena *arena, lots_vector *out, bool *done, lots_error *err)
{
    const lots_stream_chunk *chunk = &worker->streams[stream];
    if (ROWS_TAKEN * (uint64_t)count > chunk->rows || (count > 0 && worker->kernels->max_u32(rows, count) >= chunk->rows))
        return LOTS_OK;
    LOTS_TRY(lots_vector_new(arena, type_of(worker, stream, column), count, out, err));
    *done = lots_segment_ends_at(worker->segment, stream, column, worker->chunk, rows, count, out->data, &worker->scratch);
    worker->work.values += *done ? count : 0;
    return LOTS_OK;
}

/* Few rows of a column that isn't there yet are decoded for themselves: *done. If many others are asked for in this chunk, it is
 * worth having whole. */
static lots_status take_stored(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t *rows,
                               uint32_t count, lots_arena *arena, lots_vector *out, bool *done, lots_error *err)
{
    lots_taken *taken = NULL;
    *done = false;
    if (stream_of(worker, stream)->columns[column].role == LOTS_ROLE_END)
        LOTS_TRY(take_ends(worker, stream, column, rows, count, arena, out, done, err));
    if (*done)
        return LOTS_OK;
    LOTS_TRY(taken_of(worker, stream, column, &taken, err));
    if (taken->rows != NULL)
        LOTS_TRY(lots_taken_again(worker, taken, worker->streams[stream].rows, rows, count, arena, out, done, err));
    if (*done || !can_take(worker, stream, column, rows, count, taken->asked))
        return LOTS_OK;
    taken->asked += count;
    LOTS_TRY(stream_of(worker, stream)->columns[column].role == LOTS_ROLE_START
                 ? take_days(worker, stream, column, rows, count, arena, out, done, err)
                 : take_values(worker, stream, column, rows, count, arena, out, done, err));
    const bool keep = *done && (taken->rows == NULL || ROWS_KEPT * (uint64_t)count <= worker->streams[stream].rows);
    return keep ? lots_taken_keep(worker, out, rows, arena, taken, err) : LOTS_OK;
}

/* As take_stored, where some of at most one row a patient may be LOTS_NO_ID: most patients have no such event. */
static lots_status take_known(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t *rows, uint32_t count,
                              lots_arena *arena, lots_vector *out, bool *done, lots_error *err)
{
    const lots_kernels *kernels = worker->kernels;
    uint64_t *known = NULL;
    uint32_t *packed = NULL;
    lots_vector some;
    LOTS_TRY(take_stored(worker, stream, column, rows, count, arena, out, done, err));
    if (*done || worker->patients == NULL || count > worker->patients->count)
        return LOTS_OK;
    LOTS_TRY(lots_new_words(arena, count, &known, err));
    kernels->range_u32(rows, count, 0, LOTS_NO_ID - 1, known);
    const uint32_t left = (uint32_t)kernels->bits_count(known, count);
    if (left == count)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena, left, &packed, err));
    kernels->compress_u32(known, count, rows, packed);
    *done = left == 0 && can_take(worker, stream, column, packed, 0, 0); /* nothing is decoded for nobody */
    some = (lots_vector){.type = *type_of(worker, stream, column), .data = packed};
    if (left > 0)
        LOTS_TRY(take_stored(worker, stream, column, packed, left, arena, &some, done, err));
    return *done ? lots_vector_expand(arena, &some, known, count, out, err) : LOTS_OK;
}

bool lots_stream_is_read(const lots_worker *worker, uint32_t stream, uint32_t column)
{
    return worker->streams[stream].locals[column].count != UINT32_MAX;
}

lots_status lots_stream_numbers(lots_worker *worker, uint32_t stream, uint32_t column, const int64_t **out, lots_error *err)
{
    int64_t *numbers = NULL;
    bool done = false;
    *out = NULL;
    if (stream_of(worker, stream)->columns[column].kind != LOTS_KIND_TEXT || lots_stream_is_read(worker, stream, column))
        return LOTS_OK;
    LOTS_TRY(lots_new_i64(&worker->depths[0].arena, worker->streams[stream].rows, &numbers, err));
    LOTS_TRY(lots_segment_numbers(worker->segment, stream, column, worker->chunk, numbers, &done, &worker->scratch, err));
    *out = done ? numbers : NULL;
    return LOTS_OK;
}

lots_status lots_stream_take(lots_worker *worker, uint32_t stream, uint32_t column, const uint32_t *rows, uint32_t count,
                             lots_arena *arena, lots_vector *out, lots_error *err)
{
    const bool ids = has_ids(stream_of(worker, stream)->columns[column].kind);
    const lots_vector *all = NULL;
    bool done = false;
    if (!lots_stream_is_read(worker, stream, column))
        LOTS_TRY(take_known(worker, stream, column, rows, count, arena, out, &done, err));
    if (done)
        return LOTS_OK;
    if (!ids || worker->streams[stream].values[column].count != UINT32_MAX ||
        2 * (uint64_t)count > worker->streams[stream].rows) {
        LOTS_TRY(lots_stream_column(worker, stream, column, &all, err));
        return lots_vector_gather(arena, all, rows, count, out, err);
    }
    LOTS_TRY(lots_stream_local(worker, stream, column, &all, err));
    LOTS_TRY(lots_vector_gather(arena, all, rows, count, out, err));
    return map_ids(worker, stream, column, out, out->data, err);
}
