/* segment_encode.c: see segment_encode.h. The idea: the rows of a chunk are neighbours in the batch, so most columns go to
 * the codec where they lie; ids become local ids, ends durations, bytes bits, in scratch memory reset for each block. */
#include "core/store/segment_encode.h"

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/index/bitset.h"

enum { PRESENCE_SHARE = 32 }; /* a presence map may cost 1/32 of the column it saves reading */

/* One column being encoded. */
typedef struct column_job {
    lots_segment_job *job;
    uint32_t stream;
    const lots_column *schema;
    const lots_batch_column *batch;    /* NULL: the stream has no rows */
    const lots_batch_column *ordered;  /* durations: the start column */
    const lots_layout_stream *layout_stream;
    lots_layout_column *layout;
    uint32_t *local_of_stable;         /* id columns */
    uint64_t *presence;                /* chunk x ids + local id; NULL: not kept */
    lots_block_options options;
} column_job;

/* ---- rows of a chunk ---- */

static uint32_t first_row(const column_job *column, uint32_t chunk)
{
    const lots_segment_job *job = column->job;
    return job->offsets[column->stream][job->layout.firsts[chunk]];
}

/* Eight bytes of 0 or 1 into eight bits. */
static uint64_t pack_eight(const uint8_t *flags)
{
    return (lots_get64(flags) & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56;
}

static void pack_flags(const uint8_t *flags, size_t count, uint64_t *words)
{
    memset(words, 0, lots_bit_words(count) * sizeof *words);
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        words[i / 64] |= pack_eight(flags + i) << (i % 64);
    for (; i < count; i++)
        if (flags[i])
            lots_bit_set(words, i);
}

/* *out is the bitmap of missing rows, NULL when none is; *missing how many. */
static lots_status pack_missing(column_job *column, uint32_t first, uint32_t count, uint64_t **out, uint32_t *missing,
                                lots_error *err)
{
    const uint8_t *flags = (const uint8_t *)column->batch->missing.data + first;
    void *words;
    *out = NULL;
    *missing = 0;
    if (memchr(flags, 1, count) == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &words, lots_bit_words(count), sizeof **out, err));
    pack_flags(flags, count, words);
    *out = words;
    *missing = (uint32_t)lots_bits_count(words, count);
    return LOTS_OK;
}

/* ---- blocks ---- */

/* A block with no value that is not missing is not held. */
static lots_status encode_block(lots_segment_job *job, lots_layout_slot *slot, uint32_t block,
                                const lots_values *values, uint32_t missing, const lots_block_options *options,
                                lots_error *err)
{
    lots_block_meta *meta = &slot->metas[block];
    if (missing == values->count) {
        *meta = (lots_block_meta){.encoding = LOTS_ENCODING_CONSTANT, .phys = (uint8_t)slot->phys,
                                  .count = values->count, .missing = missing, .max = -1};
        return LOTS_OK;
    }
    size_t before = job->image.count;
    uint64_t salt = lots_hash_salt(job->input->id, slot->number, block);
    LOTS_TRY(lots_block_encode(values, options, salt, &job->image, meta, err));
    lots_plain_hash plain = {meta, lots_hash(job->image.data + before, job->image.count - before, 0)};
    return lots_vec_push(&job->plain_hashes, &plain, err);
}

static lots_status fail_row(const column_job *column, uint32_t row, const char *what, lots_error *err)
{
    return lots_fail(err, LOTS_INTERNAL, "stream '%s', column '%s', row %u: %s",
                     column->job->input->schema->streams[column->stream].name, column->schema->name, row, what);
}

/* ---- local ids ---- */

static const lots_dictionary *find_dictionary(const lots_segment_input *input, const lots_column *column)
{
    if (column->kind != LOTS_KIND_CATEGORY)
        return input->codes;
    for (uint32_t i = 0; i < input->domain_count; i++)
        if (strcmp(input->domain_names[i], column->domain) == 0)
            return input->domains[i];
    return NULL;
}

/* Mark the ranks that occur. `dictionary` may be NULL: then none may. */
static lots_status mark_ranks(const column_job *column, const lots_dictionary *dictionary, uint64_t *used,
                              lots_error *err)
{
    const lots_batch_column *batch = column->batch;
    const lots_id *ids = batch->values.data;
    const lots_id *ranks = dictionary != NULL ? lots_dictionary_rank_of_stable(dictionary) : NULL;
    uint32_t count = dictionary != NULL ? lots_dictionary_count(dictionary) : 0;
    for (size_t i = 0; i < batch->values.count; i++) {
        if (!batch->list && LOTS_AT(uint8_t, &batch->missing, i))
            continue;
        if (ids[i] >= count)
            return fail_row(column, (uint32_t)i, "an id that its dictionary does not have", err);
        lots_bit_set(used, ranks[ids[i]]);
    }
    return LOTS_OK;
}

/* The texts are the content; which stable ids they have is the registry's history. */
static lots_status hash_texts(lots_segment_job *job, const lots_dictionary *dictionary, const uint64_t *used,
                              lots_error *err)
{
    uint32_t count = dictionary != NULL ? lots_dictionary_count(dictionary) : 0;
    uint64_t hash = 0;
    for (size_t rank = lots_bits_next(used, 0, count); rank < count; rank = lots_bits_next(used, rank + 1, count)) {
        size_t bytes;
        const char *key = lots_dictionary_key(dictionary, (lots_id)rank, &bytes);
        hash = lots_hash(key, bytes, hash);
    }
    return lots_bytes_put64(&job->ids, hash, err);
}

/* Number the ids that occur by rank, and write their stable ids as the column's dictionary. */
static lots_status number_ids(column_job *column, const lots_dictionary *dictionary, const uint64_t *used,
                              lots_error *err)
{
    uint32_t ranks = lots_dictionary_count(dictionary), count = (uint32_t)lots_bits_count(used, ranks), local = 0;
    const lots_id *stable_of_rank = lots_dictionary_stable_of_rank(dictionary);
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, count, sizeof(lots_id), err));
    lots_id *stable = room;
    for (size_t rank = lots_bits_next(used, 0, ranks); rank < ranks; rank = lots_bits_next(used, rank + 1, ranks)) {
        column->local_of_stable[stable_of_rank[rank]] = local;
        stable[local++] = stable_of_rank[rank];
    }
    lots_values values = {.phys = LOTS_PHYS_U32, .count = count, .data = stable};
    const lots_block_options cold = {.cold = true, .scratch = &column->job->scratch};
    return encode_block(column->job, &column->layout->dictionary, 0, &values, 0, &cold, err);
}

static lots_status make_local(column_job *column, const lots_dictionary *dictionary, lots_error *err)
{
    lots_segment_job *job = column->job;
    uint32_t count = dictionary != NULL ? lots_dictionary_count(dictionary) : 0;
    void *used, *local;
    lots_arena_reset(&job->scratch);
    LOTS_TRY(lots_arena_alloc(&job->scratch, &used, lots_bit_words(count), sizeof(uint64_t), err));
    LOTS_TRY(lots_alloc(&local, count, sizeof *column->local_of_stable, err));
    column->local_of_stable = local;
    if (column->batch != NULL)
        LOTS_TRY(mark_ranks(column, dictionary, used, err));
    LOTS_TRY(hash_texts(job, dictionary, used, err));
    return lots_bits_count(used, count) > 0 ? number_ids(column, dictionary, used, err) : LOTS_OK;
}

/* The map is kept while blocks are encoded where it would be of moderate size and there is a choice of chunks. */
static lots_status open_presence(column_job *column, lots_error *err)
{
    uint64_t bits = (uint64_t)column->job->layout.chunks * column->layout->dictionary.metas[0].count;
    void *room;
    if (column->job->layout.chunks < 2 || bits == 0 || bits > LOTS_SEGMENT_PRESENCE_BITS_MAX)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&room, lots_bit_words(bits), sizeof *column->presence, err));
    column->presence = room;
    return LOTS_OK;
}

/* Encode the map, and keep it if it is small beside the column. */
static lots_status encode_presence(column_job *column, uint64_t column_bytes, lots_error *err)
{
    lots_segment_job *job = column->job;
    lots_layout_column *layout = column->layout;
    uint32_t slots_before = job->layout.slot_count;
    size_t image_before = job->image.count, hashes_before = job->plain_hashes.count;
    if (column->presence == NULL)
        return LOTS_OK;
    layout->presence.own_counts = true;
    LOTS_TRY(lots_layout_open_slot(&job->layout, &layout->presence, LOTS_PHYS_BITS, 1, err));
    lots_values values = {.phys = LOTS_PHYS_BITS,
                          .count = job->layout.chunks * layout->dictionary.metas[0].count,
                          .data = column->presence};
    const lots_block_options cold = {.cold = true, .scratch = &job->scratch};
    LOTS_TRY(encode_block(job, &layout->presence, 0, &values, 0, &cold, err));
    job->plain_hashes.count = hashes_before; /* it follows from the values */
    if (layout->presence.metas[0].bytes <= column_bytes / PRESENCE_SHARE) {
        layout->flags |= LOTS_COLUMN_PRESENCE;
        return LOTS_OK;
    }
    job->image.count = image_before;
    job->layout.slot_count = slots_before;
    layout->presence = (lots_layout_slot){0};
    return LOTS_OK;
}

/* ---- values of one chunk ---- */

/* A byte for each id first: bits of one word would wait for each other. */
static lots_status mark_present(column_job *column, const uint32_t *local, uint32_t count, const uint64_t *missing,
                                uint32_t chunk, lots_error *err)
{
    const uint32_t ids = column->layout->dictionary.metas[0].count;
    const size_t base = (size_t)chunk * ids;
    void *room;
    LOTS_TRY(lots_arena_alloc(&column->job->scratch, &room, ids, 1, err));
    uint8_t *seen = room;
    if (missing == NULL)
        for (uint32_t i = 0; i < count; i++)
            seen[local[i]] = 1;
    else
        for (uint32_t i = 0; i < count; i++)
            seen[local[i]] |= !lots_bit_get(missing, i);
    for (uint32_t id = 0; id < ids; id++)
        if (seen[id])
            lots_bit_set(column->presence, base + id);
    return LOTS_OK;
}

static lots_status localise(column_job *column, size_t first, uint32_t count, const uint64_t *missing, uint32_t chunk,
                            const void **out, lots_error *err)
{
    const lots_id *ids = (const lots_id *)column->batch->values.data + first;
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, count, sizeof(uint32_t), err));
    uint32_t *local = room;
    *out = local;
    if (missing == NULL)
        for (uint32_t i = 0; i < count; i++)
            local[i] = column->local_of_stable[ids[i]];
    else
        for (uint32_t i = 0; i < count; i++)
            local[i] = lots_bit_get(missing, i) ? 0 : column->local_of_stable[ids[i]];
    return column->presence != NULL ? mark_present(column, local, count, missing, chunk, err) : LOTS_OK;
}

/* Days from start to end; differences wrap, so that any two days come back. The days' own span is shown to readers. */
static lots_status make_durations(column_job *column, uint32_t first, uint32_t count, const uint64_t *missing,
                                  lots_block_meta *shown, const void **out, lots_error *err)
{
    const int32_t *ends = (const int32_t *)column->batch->values.data + first;
    const int32_t *starts = (const int32_t *)column->ordered->values.data + first;
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, count, sizeof(int32_t), err));
    int32_t *days = room, least = INT32_MAX, greatest = INT32_MIN;
    for (uint32_t i = 0; i < count; i++) {
        bool absent = missing != NULL && lots_bit_get(missing, i);
        days[i] = absent ? 0 : (int32_t)((uint32_t)ends[i] - (uint32_t)starts[i]);
        least = !absent && ends[i] < least ? ends[i] : least;
        greatest = !absent && ends[i] > greatest ? ends[i] : greatest;
    }
    shown->min = least;
    shown->max = greatest;
    *out = days;
    return LOTS_OK;
}

static lots_status rebase_text(column_job *column, uint32_t first, uint32_t count, lots_values *values, lots_error *err)
{
    const uint32_t *offsets = (const uint32_t *)column->batch->offsets.data + first;
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, (size_t)count + 1, sizeof(uint32_t), err));
    uint32_t *rebased = room;
    for (uint32_t i = 0; i <= count; i++)
        rebased[i] = offsets[i] - offsets[0];
    values->data = rebased;
    values->text = column->batch->values.count > 0 ? (const char *)column->batch->values.data + offsets[0] : "";
    return LOTS_OK;
}

/* Where each patient's rows begin within the chunk. */
static lots_status find_starts(column_job *column, uint32_t chunk, lots_values *values, lots_error *err)
{
    const lots_layout *layout = &column->job->layout;
    const uint32_t *offsets = column->job->offsets[column->stream] + layout->firsts[chunk];
    uint32_t patients = layout->firsts[chunk + 1] - layout->firsts[chunk];
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, patients, sizeof(uint32_t), err));
    uint32_t *starts = room;
    for (uint32_t i = 0; i < patients; i++)
        starts[i] = offsets[i] - offsets[0];
    values->starts = starts;
    values->starts_count = patients;
    return LOTS_OK;
}

/* Point `values` at the chunk's values as the codec wants them. */
static lots_status gather_values(column_job *column, uint32_t chunk, uint32_t first, lots_values *values,
                                 lots_block_meta *shown, lots_error *err)
{
    const lots_batch_column *batch = column->batch;
    const char *data = batch->values.data;
    void *words;
    switch (batch->phys) {
    case LOTS_PHYS_BITS:
        LOTS_TRY(lots_arena_vector(&column->job->scratch, &words, lots_bit_words(values->count), 8, err));
        pack_flags((const uint8_t *)data + first, values->count, words);
        values->data = words;
        return LOTS_OK;
    case LOTS_PHYS_U32:
        return localise(column, first, values->count, values->missing, chunk, &values->data, err);
    case LOTS_PHYS_TEXT:
        return rebase_text(column, first, values->count, values, err);
    case LOTS_PHYS_I32:
        if (column->layout->flags & LOTS_COLUMN_DURATION)
            return make_durations(column, first, values->count, values->missing, shown, &values->data, err);
        values->data = data + (size_t)first * 4;
        return column->layout->flags & LOTS_COLUMN_ORDERED && values->missing == NULL
                   ? find_starts(column, chunk, values, err)
                   : LOTS_OK;
    case LOTS_PHYS_I64:
    case LOTS_PHYS_F64:
    case LOTS_PHYS_COUNT:
        break;
    }
    values->data = data + (size_t)first * 8;
    return LOTS_OK;
}

static lots_status encode_rows(column_job *column, uint32_t chunk, lots_error *err)
{
    lots_layout_slot *slot = &column->layout->values;
    uint32_t rows = column->layout_stream->rows[chunk], first = first_row(column, chunk), missing = 0;
    lots_values values = {.phys = slot->phys, .count = rows};
    lots_block_meta shown = {.max = -1};
    uint64_t *words = NULL;
    if (rows > 0)
        LOTS_TRY(pack_missing(column, first, rows, &words, &missing, err));
    values.missing = words;
    if (missing < rows)
        LOTS_TRY(gather_values(column, chunk, first, &values, &shown, err));
    LOTS_TRY(encode_block(column->job, slot, chunk, &values, missing, &column->options, err));
    if (slot->shown_apart) {
        slot->shown[chunk] = slot->metas[chunk];
        slot->shown[chunk].min = missing < rows ? shown.min : 0;
        slot->shown[chunk].max = missing < rows ? shown.max : -1;
    }
    return LOTS_OK;
}

static lots_status encode_lengths(column_job *column, uint32_t chunk, lots_error *err)
{
    uint32_t rows = column->layout_stream->rows[chunk];
    lots_values values = {.phys = LOTS_PHYS_U32, .count = rows};
    if (rows > 0) {
        const uint32_t *offsets = (const uint32_t *)column->batch->offsets.data + first_row(column, chunk);
        void *room;
        LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, rows, sizeof(uint32_t), err));
        uint32_t *lengths = room;
        for (uint32_t i = 0; i < rows; i++)
            lengths[i] = offsets[i + 1] - offsets[i];
        values.data = lengths;
    }
    return encode_block(column->job, &column->layout->lengths, chunk, &values, 0, &column->options, err);
}

static lots_status encode_elements(column_job *column, uint32_t chunk, lots_error *err)
{
    lots_values values = {.phys = LOTS_PHYS_U32};
    uint32_t rows = column->layout_stream->rows[chunk];
    if (rows > 0) {
        const uint32_t *offsets = (const uint32_t *)column->batch->offsets.data + first_row(column, chunk);
        values.count = offsets[rows] - offsets[0];
        if (values.count > 0)
            LOTS_TRY(localise(column, offsets[0], values.count, NULL, chunk, &values.data, err));
    }
    return encode_block(column->job, &column->layout->values, chunk, &values, 0, &column->options, err);
}

/* ---- columns and streams ---- */

static lots_status encode_chunks(column_job *column, lots_layout_slot *slot,
                                 lots_status (*encode)(column_job *, uint32_t, lots_error *), lots_error *err)
{
    lots_phys phys = slot == &column->layout->lengths ? LOTS_PHYS_U32 : lots_kind_phys(column->schema->kind);
    LOTS_TRY(lots_layout_open_slot(&column->job->layout, slot, phys, column->job->layout.chunks, err));
    for (uint32_t k = 0; k < column->job->layout.chunks; k++) {
        lots_arena_reset(&column->job->scratch);
        LOTS_TRY(encode(column, k, err));
    }
    return LOTS_OK;
}

static lots_status encode_slots(column_job *column, lots_error *err)
{
    lots_layout_column *layout = column->layout;
    bool list = column->schema->kind == LOTS_KIND_CODES;
    if (lots_layout_has_ids(column->schema->kind)) {
        const lots_dictionary *dictionary = find_dictionary(column->job->input, column->schema);
        layout->dictionary.own_counts = true;
        LOTS_TRY(lots_layout_open_slot(&column->job->layout, &layout->dictionary, LOTS_PHYS_U32, 1, err));
        LOTS_TRY(make_local(column, dictionary, err));
        LOTS_TRY(open_presence(column, err));
    }
    if (list)
        LOTS_TRY(encode_chunks(column, &layout->lengths, encode_lengths, err));
    size_t before = column->job->image.count;
    layout->values.own_counts = list;
    layout->values.shown_apart = (layout->flags & LOTS_COLUMN_DURATION) != 0;
    LOTS_TRY(encode_chunks(column, &layout->values, list ? encode_elements : encode_rows, err));
    return encode_presence(column, column->job->image.count - before, err);
}

static lots_status encode_column(lots_segment_job *job, uint32_t stream, uint32_t index, lots_error *err)
{
    const lots_stream *schema = &job->input->schema->streams[stream];
    const lots_batch *batch = job->input->streams[stream];
    lots_layout_stream *layout = &job->layout.streams[stream];
    int32_t start = schema->undated ? -1 : lots_stream_find_role(schema, LOTS_ROLE_START);
    column_job column = {.job = job, .stream = stream, .schema = &schema->columns[index], .layout_stream = layout,
                         .layout = &layout->columns[index]};
    bool rows = batch != NULL && batch->rows > 0;
    column.batch = rows ? &batch->columns[index] : NULL;
    column.ordered = rows && start >= 0 ? &batch->columns[start] : NULL;
    column.options.scratch = &job->scratch;
    column.options.cold = column.schema->cold || column.schema->role == LOTS_ROLE_KEY;
    memcpy(column.layout->name, column.schema->name, sizeof column.layout->name);
    column.layout->kind = column.schema->kind;
    column.layout->scale = column.schema->kind == LOTS_KIND_DECIMAL ? column.schema->scale : 0;
    if (column.schema->kind == LOTS_KIND_CATEGORY)
        memcpy(column.layout->domain, column.schema->domain, sizeof column.layout->domain);
    if (start >= 0 && column.schema->role == LOTS_ROLE_START)
        column.layout->flags = LOTS_COLUMN_ORDERED;
    if (start >= 0 && column.schema->role == LOTS_ROLE_END)
        column.layout->flags = LOTS_COLUMN_DURATION;
    lots_status status = encode_slots(&column, err);
    lots_free(column.local_of_stable);
    lots_free(column.presence);
    return status;
}

static lots_status encode_counts(lots_segment_job *job, uint32_t stream, lots_error *err)
{
    lots_layout *layout = &job->layout;
    lots_layout_slot *slot = &layout->streams[stream].counts;
    const lots_block_options options = {.scratch = &job->scratch};
    LOTS_TRY(lots_layout_open_slot(layout, slot, LOTS_PHYS_U32, layout->chunks, err));
    for (uint32_t k = 0; k < layout->chunks; k++) {
        const uint32_t *offsets = job->offsets[stream] + layout->firsts[k];
        uint32_t patients = layout->firsts[k + 1] - layout->firsts[k];
        void *room;
        lots_arena_reset(&job->scratch);
        LOTS_TRY(lots_arena_vector(&job->scratch, &room, patients, sizeof(uint32_t), err));
        uint32_t *counts = room;
        for (uint32_t i = 0; i < patients; i++)
            counts[i] = offsets[i + 1] - offsets[i];
        lots_values values = {.phys = LOTS_PHYS_U32, .count = patients, .data = counts};
        LOTS_TRY(encode_block(job, slot, k, &values, 0, &options, err));
    }
    return LOTS_OK;
}

lots_status lots_segment_encode_stream(lots_segment_job *job, uint32_t stream, lots_error *err)
{
    if (!job->layout.streams[stream].single)
        LOTS_TRY(encode_counts(job, stream, err));
    for (uint32_t i = 0; i < job->layout.streams[stream].column_count; i++)
        LOTS_TRY(encode_column(job, stream, i, err));
    return LOTS_OK;
}
