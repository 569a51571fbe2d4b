/* segment_encode.c: see segment_encode.h. The idea: first the ids of all columns get their local ids, then it is settled which
 * columns are told from which, and then column after column is encoded, chunk by chunk, in scratch memory reset for each
 * block. */
#include "core/store/segment_encode.h"

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "core/store/segment_column.h"

enum {
    PRESENCE_SHARE = 32, /* a presence map may cost 1/32 of the column it saves reading, */
    POSTINGS_SHARE = 2,  /* postings of patients half of it, posted rows as much, */
    YEARS_SHARE = 7      /* and rows by year 1/7 of the days */
};

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

static lots_status fail_row(const lots_column_job *column, uint32_t row, const char *what, lots_error *err)
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
static lots_status mark_ranks(const lots_column_job *column, const lots_dictionary *dictionary, uint64_t *used,
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

/* Number the ids that occur by rank. */
static lots_status number_ids(lots_column_job *column, lots_arena *arena, const uint64_t *used, lots_error *err)
{
    const uint32_t ranks = lots_dictionary_count(column->dictionary);
    const lots_id *stable_of_rank = lots_dictionary_stable_of_rank(column->dictionary);
    uint32_t local = 0;
    void *room;
    column->ids = (uint32_t)lots_bits_count(used, ranks);
    LOTS_TRY(lots_arena_vector(arena, &room, column->ids, sizeof(lots_id), err));
    column->stable = room;
    for (size_t rank = lots_bits_next(used, 0, ranks); rank < ranks; rank = lots_bits_next(used, rank + 1, ranks)) {
        column->local_of_stable[stable_of_rank[rank]] = local;
        column->stable[local++] = stable_of_rank[rank];
    }
    return LOTS_OK;
}

/* Local ids, in the stream's arena. */
static lots_status make_local(lots_column_job *column, lots_arena *arena, lots_error *err)
{
    lots_segment_job *job = column->job;
    column->dictionary = find_dictionary(job->input, column->schema);
    uint32_t count = column->dictionary != NULL ? lots_dictionary_count(column->dictionary) : 0;
    void *used, *local;
    lots_arena_reset(&job->scratch);
    LOTS_TRY(lots_arena_alloc(&job->scratch, &used, lots_bit_words(count), sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &local, count, sizeof *column->local_of_stable, err));
    column->local_of_stable = local;
    if (column->batch != NULL)
        LOTS_TRY(mark_ranks(column, column->dictionary, used, err));
    LOTS_TRY(hash_texts(job, column->dictionary, used, err));
    return lots_bits_count(used, count) > 0 ? number_ids(column, arena, used, err) : LOTS_OK;
}

/* The stable ids of the local ones are the column's dictionary. */
static lots_status encode_dictionary(lots_column_job *column, lots_error *err)
{
    lots_segment_job *job = column->job;
    lots_layout_slot *slot = &column->layout->dictionary;
    slot->own_counts = true;
    lots_arena_reset(&job->scratch);
    LOTS_TRY(lots_layout_open_slot(&job->layout, slot, LOTS_PHYS_U32, 1, err));
    if (column->ids == 0)
        return LOTS_OK;
    lots_values values = {.phys = LOTS_PHYS_U32, .count = column->ids, .data = column->stable};
    const lots_block_options cold = {.cold = true, .scratch = &job->scratch};
    return encode_block(job, slot, 0, &values, 0, &cold, err);
}

/* The map is kept while blocks are encoded where it would be of moderate size and there is a choice of chunks. */
static lots_status open_presence(lots_column_job *column, lots_error *err)
{
    uint64_t bits = (uint64_t)column->job->layout.chunks * column->ids;
    void *room;
    if (column->job->layout.chunks < 2 || bits == 0 || bits > LOTS_SEGMENT_PRESENCE_BITS_MAX)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&room, lots_bit_words(bits), sizeof *column->presence, err));
    column->presence = room;
    return LOTS_OK;
}

/* Encode the map, and keep it if it is small beside the column. */
static lots_status encode_presence(lots_column_job *column, uint64_t column_bytes, lots_error *err)
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
                          .count = job->layout.chunks * column->ids,
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

/* ---- children ---- */

/* How many each id of the parent has, and which. */
static lots_status encode_children(lots_column_job *column, lots_error *err)
{
    lots_segment_job *job = column->job;
    lots_layout_slot *slot = &column->layout->children;
    const uint32_t lists = column->of->columns[column->parent].ids + 1;
    const lots_block_options cold = {.cold = true, .scratch = &job->scratch};
    void *room;
    if (column->tie != LOTS_TIE_GIVEN)
        return LOTS_OK;
    column->layout->flags |= LOTS_COLUMN_CHILDREN;
    slot->own_counts = true;
    lots_arena_reset(&job->scratch);
    LOTS_TRY(lots_layout_open_slot(&job->layout, slot, LOTS_PHYS_U32, 2, err));
    LOTS_TRY(lots_arena_vector(&job->scratch, &room, lists, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < lists; i++)
        ((uint32_t *)room)[i] = column->firsts[i + 1] - column->firsts[i];
    const lots_values counts = {.phys = LOTS_PHYS_U32, .count = lists, .data = room};
    const lots_values children = {.phys = LOTS_PHYS_U32, .count = column->firsts[lists], .data = column->children};
    LOTS_TRY(encode_block(job, slot, 0, &counts, 0, &cold, err));
    return encode_block(job, slot, 1, &children, 0, &cold, err);
}

/* ---- postings ---- */

/* Codes of events are what questions look for first: who has which is kept, unless they are as dear as the codes. */
static bool may_post(const lots_column_job *column)
{
    return (column->schema->kind == LOTS_KIND_CODE || column->schema->kind == LOTS_KIND_CODES) && !column->options.cold &&
           !column->layout_stream->single && column->ids > 0 && column->ids <= UINT32_MAX / LOTS_CHUNK_PATIENTS;
}

static lots_status encode_pairs(lots_column_job *column, lots_layout_slot *slot, lots_post post, lots_error *err)
{
    lots_segment_job *job = column->job;
    slot->own_counts = true;
    LOTS_TRY(lots_layout_open_slot(&job->layout, slot, LOTS_PHYS_U32, job->layout.chunks, err));
    for (uint32_t k = 0; k < job->layout.chunks; k++) {
        lots_values pairs;
        lots_arena_reset(&job->scratch);
        LOTS_TRY(lots_column_post(column, k, post, &pairs, err));
        LOTS_TRY(encode_block(job, slot, k, &pairs, 0, &column->options, err));
    }
    return LOTS_OK;
}

/* In a list a row is dearest to find: rows of ids that few have are told as well, `apart` from the others. */
static lots_status encode_posted(lots_column_job *column, bool apart, uint64_t *pair_bytes, uint64_t *row_bytes, lots_error *err)
{
    lots_layout_column *layout = column->layout;
    const size_t before = column->job->image.count;
    *row_bytes = 0;
    LOTS_TRY(encode_pairs(column, &layout->postings, apart ? LOTS_POST_COMMON : LOTS_POST_ALL, err));
    if (column->schema->kind == LOTS_KIND_CODES)
        LOTS_TRY(encode_pairs(column, &layout->rare, apart ? LOTS_POST_RARE : LOTS_POST_NONE, err));
    *pair_bytes = column->job->image.count - before;
    if (column->schema->kind == LOTS_KIND_CODES)
        LOTS_TRY(encode_pairs(column, &layout->posted_rows, apart ? LOTS_POST_ROWS : LOTS_POST_NONE, err));
    *row_bytes = column->job->image.count - before - *pair_bytes;
    return LOTS_OK;
}

static void drop_postings(lots_column_job *column, uint32_t slots_before, size_t image_before)
{
    column->job->image.count = image_before;
    column->job->layout.slot_count = slots_before;
    column->layout->postings = column->layout->rare = column->layout->posted_rows = (lots_layout_slot){0};
}

static lots_status encode_postings(lots_column_job *column, uint64_t column_bytes, lots_error *err)
{
    lots_segment_job *job = column->job;
    const uint32_t slots_before = job->layout.slot_count;
    const size_t image_before = job->image.count, hashes_before = job->plain_hashes.count;
    const uint64_t most = column_bytes / POSTINGS_SHARE;
    uint64_t pair_bytes, row_bytes;
    if (!may_post(column))
        return LOTS_OK;
    LOTS_TRY(encode_posted(column, column->schema->kind == LOTS_KIND_CODES, &pair_bytes, &row_bytes, err));
    if (row_bytes > most) {
        drop_postings(column, slots_before, image_before);
        LOTS_TRY(encode_posted(column, false, &pair_bytes, &row_bytes, err));
    }
    job->plain_hashes.count = hashes_before; /* they follow from the values */
    if (pair_bytes <= most)
        column->layout->flags |= LOTS_COLUMN_POSTINGS;
    else
        drop_postings(column, slots_before, image_before);
    return LOTS_OK;
}

/* ---- values of one chunk ---- */

static lots_status encode_rows(lots_column_job *column, uint32_t chunk, lots_error *err)
{
    lots_layout_slot *slot = &column->layout->values;
    uint32_t missing = 0;
    lots_values values = {.phys = slot->phys, .count = column->layout_stream->rows[chunk]};
    lots_block_meta shown = {.max = -1};
    lots_told told;
    LOTS_TRY(lots_column_gather(column, chunk, &values, &missing, &shown, err));
    LOTS_TRY(lots_column_tie(column, chunk, &told, err));
    LOTS_TRY(encode_block(column->job, slot, chunk, &values, missing, &told.options, err));
    if (slot->shown_apart) {
        slot->shown[chunk] = slot->metas[chunk];
        slot->shown[chunk].min = missing < values.count ? shown.min : 0;
        slot->shown[chunk].max = missing < values.count ? shown.max : -1;
    }
    return LOTS_OK;
}

static lots_status encode_lengths(lots_column_job *column, uint32_t chunk, lots_error *err)
{
    uint32_t rows = column->layout_stream->rows[chunk];
    lots_values values = {.phys = LOTS_PHYS_U32, .count = rows};
    if (rows > 0) {
        const uint32_t *offsets = (const uint32_t *)column->batch->offsets.data + lots_column_first_row(column, chunk);
        void *room;
        LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, rows, sizeof(uint32_t), err));
        uint32_t *lengths = room;
        for (uint32_t i = 0; i < rows; i++)
            lengths[i] = offsets[i + 1] - offsets[i];
        values.data = lengths;
    }
    return encode_block(column->job, &column->layout->lengths, chunk, &values, 0, &column->options, err);
}

static lots_status encode_elements(lots_column_job *column, uint32_t chunk, lots_error *err)
{
    lots_values values = {.phys = LOTS_PHYS_U32};
    uint32_t rows = column->layout_stream->rows[chunk];
    if (rows > 0) {
        const uint32_t *offsets = (const uint32_t *)column->batch->offsets.data + lots_column_first_row(column, chunk);
        values.count = offsets[rows] - offsets[0];
        if (values.count > 0)
            LOTS_TRY(lots_column_localise(column, offsets[0], values.count, NULL, chunk, &values.data, err));
    }
    return encode_block(column->job, &column->layout->values, chunk, &values, 0, &column->options, err);
}

/* ---- years ---- */

/* They follow from the values: the content hash is without them. A chunk in which a start is missing has none. */
static lots_status encode_years(lots_column_job *column, uint64_t column_bytes, lots_error *err)
{
    lots_segment_job *job = column->job;
    lots_layout_column *layout = column->layout;
    const uint32_t slots_before = job->layout.slot_count;
    const size_t image_before = job->image.count, hashes_before = job->plain_hashes.count;
    const lots_block_options options = {.scratch = &job->scratch};
    void *room;
    if (!(layout->flags & LOTS_COLUMN_ORDERED) || column->batch == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_years_plan(column, &layout->first_year, &layout->year_count, err));
    if (layout->year_count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_layout_open_slot(&job->layout, &layout->years, LOTS_PHYS_U32, job->layout.chunks, err));
    for (uint32_t k = 0; k < job->layout.chunks; k++) {
        const uint32_t count = layout->year_count * (job->layout.firsts[k + 1] - job->layout.firsts[k]);
        const bool told = layout->values.metas[k].count > 0 && layout->values.metas[k].missing == 0;
        lots_arena_reset(&job->scratch);
        LOTS_TRY(lots_arena_vector(&job->scratch, &room, count, sizeof(uint32_t), err));
        if (told)
            lots_years_count(column, k, room);
        const lots_values values = {.phys = LOTS_PHYS_U32, .count = count, .data = room};
        LOTS_TRY(encode_block(job, &layout->years, k, &values, told ? 0 : count, &options, err));
    }
    job->plain_hashes.count = hashes_before;
    if (job->image.count - image_before <= column_bytes / YEARS_SHARE) {
        layout->flags |= LOTS_COLUMN_YEARS;
        return LOTS_OK;
    }
    job->image.count = image_before;
    job->layout.slot_count = slots_before;
    layout->years = (lots_layout_slot){0};
    return LOTS_OK;
}

/* ---- columns and streams ---- */

static lots_status encode_chunks(lots_column_job *column, lots_layout_slot *slot,
                                 lots_status (*encode)(lots_column_job *, uint32_t, lots_error *), lots_error *err)
{
    lots_phys phys = slot == &column->layout->lengths ? LOTS_PHYS_U32 : lots_kind_phys(column->schema->kind);
    LOTS_TRY(lots_layout_open_slot(&column->job->layout, slot, phys, column->job->layout.chunks, err));
    for (uint32_t k = 0; k < column->job->layout.chunks; k++) {
        lots_arena_reset(&column->job->scratch);
        LOTS_TRY(encode(column, k, err));
    }
    return LOTS_OK;
}

static lots_status encode_slots(lots_column_job *column, lots_error *err)
{
    lots_layout_column *layout = column->layout;
    bool list = column->schema->kind == LOTS_KIND_CODES;
    if (lots_layout_has_ids(column->schema->kind)) {
        LOTS_TRY(encode_dictionary(column, err));
        LOTS_TRY(open_presence(column, err));
    }
    if (column->tie > LOTS_TIE_LEADS) {
        layout->flags |= LOTS_COLUMN_PARENT;
        layout->parent = column->parent;
    }
    if (column->absent) {
        layout->flags |= LOTS_COLUMN_ABSENT;
        layout->absent_by = column->absent_by;
    }
    if (list)
        LOTS_TRY(encode_chunks(column, &layout->lengths, encode_lengths, err));
    size_t before = column->job->image.count;
    layout->values.own_counts = list;
    layout->values.shown_apart = (layout->flags & LOTS_COLUMN_DURATION) != 0;
    LOTS_TRY(encode_chunks(column, &layout->values, list ? encode_elements : encode_rows, err));
    const uint64_t bytes = column->job->image.count - before;
    LOTS_TRY(encode_presence(column, bytes, err));
    LOTS_TRY(encode_children(column, err));
    LOTS_TRY(encode_years(column, bytes, err));
    return encode_postings(column, bytes, err);
}

static lots_status encode_column(lots_column_job *column, lots_error *err)
{
    lots_status status = encode_slots(column, err);
    lots_free(column->presence);
    column->presence = NULL;
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

/* What is known of a column before any is encoded. */
static lots_status open_column(lots_stream_job *stream, uint32_t index, lots_error *err)
{
    lots_segment_job *job = stream->job;
    const lots_stream *schema = &job->input->schema->streams[stream->stream];
    const lots_batch *batch = job->input->streams[stream->stream];
    lots_layout_stream *layout = &job->layout.streams[stream->stream];
    int32_t start = schema->undated ? -1 : lots_stream_find_role(schema, LOTS_ROLE_START);
    lots_column_job *column = &stream->columns[index];
    bool rows = batch != NULL && batch->rows > 0;
    *column = (lots_column_job){.job = job, .of = stream, .stream = stream->stream, .schema = &schema->columns[index],
                                .layout_stream = layout, .layout = &layout->columns[index]};
    column->batch = rows ? &batch->columns[index] : NULL;
    column->ordered = rows && start >= 0 ? &batch->columns[start] : NULL;
    column->options.scratch = &job->scratch;
    column->options.cold = column->schema->cold || column->schema->role == LOTS_ROLE_KEY;
    memcpy(column->layout->name, column->schema->name, sizeof column->layout->name);
    column->layout->kind = column->schema->kind;
    column->layout->scale = column->schema->kind == LOTS_KIND_DECIMAL ? column->schema->scale : 0;
    if (column->schema->kind == LOTS_KIND_CATEGORY)
        memcpy(column->layout->domain, column->schema->domain, sizeof column->layout->domain);
    if (start >= 0 && column->schema->role == LOTS_ROLE_START)
        column->layout->flags = LOTS_COLUMN_ORDERED;
    if (start >= 0 && column->schema->role == LOTS_ROLE_END)
        column->layout->flags = LOTS_COLUMN_DURATION;
    return lots_layout_has_ids(column->schema->kind) ? make_local(column, &stream->arena, err) : LOTS_OK;
}

static lots_status encode_stream(lots_stream_job *stream, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(&stream->arena, &room, stream->column_count, sizeof *stream->columns, err));
    stream->columns = room;
    for (uint32_t i = 0; i < stream->column_count; i++)
        LOTS_TRY(open_column(stream, i, err));
    LOTS_TRY(lots_stream_tie(stream, err));
    for (uint32_t i = 0; i < stream->column_count; i++)
        LOTS_TRY(encode_column(&stream->columns[i], err));
    return LOTS_OK;
}

lots_status lots_segment_encode_stream(lots_segment_job *job, uint32_t stream, lots_error *err)
{
    lots_stream_job columns = {.job = job, .stream = stream, .column_count = job->layout.streams[stream].column_count};
    if (!job->layout.streams[stream].single)
        LOTS_TRY(encode_counts(job, stream, err));
    lots_arena_init(&columns.arena, 0);
    lots_status status = encode_stream(&columns, err);
    lots_arena_free(&columns.arena);
    return status;
}
