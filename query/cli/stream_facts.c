/* stream_facts.c: see stream_facts.h. */
#include "query/cli/stream_facts.h"

#include "core/base/memory.h"
#include "core/index/bitset.h"

typedef struct gathering {
    lots_registry *registry;
    const lots_stream *stream;
    uint32_t number;
    bool contents;
    lots_stream_facts *facts;
    uint64_t **seen; /* of each column: ranks seen, or NULL */
    lots_arena scratch;
} gathering;

static bool has_ids(const lots_column *column)
{
    return column->kind == LOTS_KIND_CATEGORY || column->kind == LOTS_KIND_CODE || column->kind == LOTS_KIND_CODES;
}

static bool has_range(const lots_column *column)
{
    return column->role != LOTS_ROLE_END && /* kept as durations */
           (column->kind == LOTS_KIND_INT || column->kind == LOTS_KIND_DECIMAL || column->kind == LOTS_KIND_FLOAT ||
            column->kind == LOTS_KIND_DATE);
}

static uint32_t dictionary_size(const gathering *g, const lots_column *column)
{
    const lots_dictionary *dictionary = column->kind == LOTS_KIND_CATEGORY
                                            ? lots_registry_domain(g->registry, column->domain)
                                            : lots_registry_codes(g->registry);
    return dictionary == NULL ? 0 : lots_dictionary_count(dictionary);
}

static void add_meta(lots_column_facts *facts, const lots_column *column, const lots_block_meta *meta, lots_part part)
{
    facts->bytes += meta->bytes;
    if (part == LOTS_PART_LENGTHS)
        return;
    facts->values += meta->count;
    facts->missing += meta->missing;
    if (meta->bytes > 0 || meta->missing < meta->count)
        facts->encodings[meta->encoding]++;
    if (!has_range(column) || meta->missing == meta->count)
        return;
    facts->min = !facts->has_range || meta->min < facts->min ? meta->min : facts->min;
    facts->max = !facts->has_range || meta->max > facts->max ? meta->max : facts->max;
    facts->has_range = true;
}

static lots_status add_distinct(gathering *g, lots_segment *segment, uint32_t column, lots_error *err)
{
    const lots_id *ranks = NULL;
    uint32_t count = 0;
    LOTS_TRY(lots_segment_ranks(segment, g->number, column, &ranks, &count, err));
    for (uint32_t i = 0; i < count; i++)
        lots_bit_set(g->seen[column], ranks[i]);
    return LOTS_OK;
}

static lots_status chunk_offsets(gathering *g, lots_segment *segment, uint32_t chunk, const uint32_t **out, uint32_t *patients,
                                 lots_error *err)
{
    void *offsets = NULL;
    *patients = lots_segment_chunk_first(segment, chunk + 1) - lots_segment_chunk_first(segment, chunk);
    LOTS_TRY(lots_arena_vector(&g->scratch, &offsets, (size_t)*patients + 1, sizeof(uint32_t), err));
    *out = offsets;
    return lots_segment_offsets(segment, g->number, chunk, offsets, &g->scratch, err);
}

/* Patients with an event, and empty lists, both from offsets and lengths of one chunk. */
static lots_status count_patients(gathering *g, lots_segment *segment, uint32_t chunk, lots_error *err)
{
    const uint32_t *offsets = NULL;
    uint32_t patients = 0;
    LOTS_TRY(chunk_offsets(g, segment, chunk, &offsets, &patients, err));
    for (uint32_t i = 0; i < patients; i++)
        g->facts->patients += offsets[i + 1] > offsets[i];
    return LOTS_OK;
}

static lots_status count_empty(gathering *g, lots_segment *segment, uint32_t column, uint32_t chunk, lots_error *err)
{
    uint32_t rows = lots_segment_chunk_rows(segment, g->number, chunk);
    lots_values_out out = {0};
    bool missing = false;
    LOTS_TRY(lots_arena_vector(&g->scratch, &out.data, rows, sizeof(uint32_t), err));
    LOTS_TRY(lots_segment_read(segment, g->number, column, LOTS_PART_LENGTHS, chunk, &out, &missing, &g->scratch, err));
    for (uint32_t i = 0; i < rows; i++)
        g->facts->columns[column].missing += ((uint32_t *)out.data)[i] == 0;
    return LOTS_OK;
}

static lots_status count_ghosts(gathering *g, lots_segment *segment, uint32_t column, uint32_t chunk, lots_error *err)
{
    const uint32_t *offsets = NULL;
    uint32_t patients = 0;
    const lots_block_meta *meta = lots_segment_meta(segment, g->number, column, LOTS_PART_VALUES, chunk);
    size_t words = lots_bit_words(meta->count);
    lots_values_out out = {0};
    void *missing = NULL;
    bool has_missing = false;
    if (meta->missing == meta->count || meta->max == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(&g->scratch, &out.data, words, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(&g->scratch, &missing, words, sizeof(uint64_t), err));
    out.missing = missing;
    LOTS_TRY(
        lots_segment_read(segment, g->number, column, LOTS_PART_VALUES, chunk, &out, &has_missing, &g->scratch, err));
    g->facts->ghosts += lots_bits_count(out.data, meta->count);
    LOTS_TRY(chunk_offsets(g, segment, chunk, &offsets, &patients, err));
    for (uint32_t i = 0; i < patients; i++) {
        uint32_t row = offsets[i];
        while (row < offsets[i + 1] && !lots_bit_get(out.data, row))
            row++;
        g->facts->ghost_patients += row < offsets[i + 1];
    }
    return LOTS_OK;
}

static lots_status gather_chunk(gathering *g, lots_segment *segment, uint32_t chunk, lots_error *err)
{
    lots_arena_reset(&g->scratch);
    LOTS_TRY(count_patients(g, segment, chunk, err));
    for (uint32_t i = 0; i < g->stream->column_count; i++) {
        const lots_column *column = &g->stream->columns[i];
        lots_column_facts *facts = &g->facts->columns[i];
        add_meta(facts, column, lots_segment_meta(segment, g->number, i, LOTS_PART_VALUES, chunk), LOTS_PART_VALUES);
        if (column->kind == LOTS_KIND_CODES) {
            add_meta(facts, column, lots_segment_meta(segment, g->number, i, LOTS_PART_LENGTHS, chunk),
                     LOTS_PART_LENGTHS);
            if (g->contents)
                LOTS_TRY(count_empty(g, segment, i, chunk, err));
        }
        facts->bytes += lots_segment_aid_bytes(segment, g->number, i, chunk);
        if (column->role == LOTS_ROLE_GHOST)
            LOTS_TRY(count_ghosts(g, segment, i, chunk, err));
    }
    return LOTS_OK;
}

static lots_status gather_segment(gathering *g, uint32_t index, lots_error *err)
{
    lots_segment *segment = NULL;
    LOTS_TRY(lots_registry_segment(g->registry, index, &segment, err));
    for (uint32_t i = 0; i < g->stream->column_count; i++)
        if (g->seen[i] != NULL)
            LOTS_TRY(add_distinct(g, segment, i, err));
    for (uint32_t chunk = 0; chunk < lots_segment_chunks(segment); chunk++)
        LOTS_TRY(gather_chunk(g, segment, chunk, err));
    return LOTS_OK;
}

static lots_status gather(gathering *g, lots_error *err)
{
    uint32_t count = g->stream->column_count;
    void *made = NULL;
    LOTS_TRY(lots_alloc(&made, count, sizeof(lots_column_facts), err));
    g->facts->columns = made;
    LOTS_TRY(lots_alloc(&made, count, sizeof(uint64_t *), err));
    g->seen = made;
    for (uint32_t i = 0; i < count; i++) {
        if (!g->contents || !has_ids(&g->stream->columns[i]))
            continue;
        LOTS_TRY(lots_alloc(&made, lots_bit_words(dictionary_size(g, &g->stream->columns[i])), sizeof(uint64_t), err));
        g->seen[i] = made;
        g->facts->columns[i].has_distinct = true;
    }
    for (uint32_t i = 0; i < lots_registry_segments(g->registry); i++)
        LOTS_TRY(gather_segment(g, i, err));
    for (uint32_t i = 0; i < count; i++) {
        if (g->seen[i] != NULL)
            g->facts->columns[i].distinct =
                lots_bits_count(g->seen[i], dictionary_size(g, &g->stream->columns[i]));
        g->facts->bytes += g->facts->columns[i].bytes;
    }
    return LOTS_OK;
}

lots_status lots_stream_facts_gather(lots_registry *registry, uint32_t stream, bool contents, lots_stream_facts *out,
                                     lots_error *err)
{
    gathering g = {.registry = registry,
                   .stream = &lots_registry_schema(registry)->streams[stream],
                   .number = stream,
                   .contents = contents,
                   .facts = out};
    memset(out, 0, sizeof *out);
    out->events = lots_registry_events(registry, stream);
    lots_arena_init(&g.scratch, 0);
    lots_status status = gather(&g, err);
    for (uint32_t i = 0; g.seen != NULL && i < g.stream->column_count; i++)
        lots_free(g.seen[i]);
    lots_free(g.seen);
    lots_arena_free(&g.scratch);
    if (status != LOTS_OK)
        lots_stream_facts_free(out);
    return status;
}

/* ---- who share an extreme ---- */

static int64_t value_at(const lots_column *column, const void *data, uint32_t row)
{
    switch (lots_kind_phys(column->kind)) {
    case LOTS_PHYS_F64: return lots_f64_key(((const double *)data)[row]);
    case LOTS_PHYS_I32: return ((const int32_t *)data)[row];
    default: return ((const int64_t *)data)[row];
    }
}

static lots_status share_block(gathering *g, lots_segment *segment, uint32_t column, uint32_t chunk, int64_t value,
                               uint32_t enough, uint32_t *persons, lots_error *err)
{
    const lots_block_meta *meta = lots_segment_meta(segment, g->number, column, LOTS_PART_VALUES, chunk);
    lots_values_out out = {0};
    void *missing = NULL;
    const uint32_t *offsets = NULL;
    uint32_t patients = 0;
    bool has_missing = false;
    lots_arena_reset(&g->scratch);
    LOTS_TRY(lots_arena_vector(&g->scratch, &out.data, meta->count, sizeof(int64_t), err));
    LOTS_TRY(lots_arena_vector(&g->scratch, &missing, lots_bit_words(meta->count), sizeof(uint64_t), err));
    out.missing = missing;
    LOTS_TRY(lots_segment_read(segment, g->number, column, LOTS_PART_VALUES, chunk, &out, &has_missing, &g->scratch, err));
    LOTS_TRY(chunk_offsets(g, segment, chunk, &offsets, &patients, err));
    for (uint32_t i = 0; i < patients && *persons < enough; i++)
        for (uint32_t row = offsets[i]; row < offsets[i + 1]; row++)
            if ((!has_missing || !lots_bit_get(out.missing, row)) &&
                value_at(&g->stream->columns[column], out.data, row) == value) {
                ++*persons;
                break;
            }
    return LOTS_OK;
}

static lots_status share_column(gathering *g, lots_segment *segment, uint32_t column, uint32_t enough, lots_error *err)
{
    lots_column_facts *facts = &g->facts->columns[column];
    for (uint32_t chunk = 0; chunk < lots_segment_chunks(segment); chunk++) {
        const lots_block_meta *meta = lots_segment_meta(segment, g->number, column, LOTS_PART_VALUES, chunk);
        if (meta->missing == meta->count)
            continue;
        if (meta->min == facts->min && facts->min_persons < enough)
            LOTS_TRY(share_block(g, segment, column, chunk, facts->min, enough, &facts->min_persons, err));
        if (meta->max == facts->max && facts->max_persons < enough)
            LOTS_TRY(share_block(g, segment, column, chunk, facts->max, enough, &facts->max_persons, err));
    }
    return LOTS_OK;
}

static lots_status share(gathering *g, uint32_t enough, lots_error *err)
{
    for (uint32_t i = 0; i < lots_registry_segments(g->registry); i++) {
        lots_segment *segment = NULL;
        LOTS_TRY(lots_registry_segment(g->registry, i, &segment, err));
        for (uint32_t c = 0; c < g->stream->column_count; c++)
            if (g->facts->columns[c].has_range)
                LOTS_TRY(share_column(g, segment, c, enough, err));
    }
    return LOTS_OK;
}

lots_status lots_stream_facts_share(lots_registry *registry, uint32_t stream, uint32_t enough, lots_stream_facts *facts,
                                    lots_error *err)
{
    gathering g = {.registry = registry,
                   .stream = &lots_registry_schema(registry)->streams[stream],
                   .number = stream,
                   .facts = facts};
    lots_arena_init(&g.scratch, 0);
    lots_status status = share(&g, enough, err);
    lots_arena_free(&g.scratch);
    return status;
}

void lots_stream_facts_free(lots_stream_facts *facts)
{
    lots_free(facts->columns);
    facts->columns = NULL;
}
