/* generation.c: see generation.h. The order and width of what the seal covers is part of the format: FORMAT.md, "seal". */
#include "core/store/generation.h"

#include "core/base/hash.h"

void lots_generation_init(lots_generation *generation)
{
    *generation = (lots_generation){
        .version = "",
        .segments = LOTS_VEC(lots_segment_facts),
        .dictionaries = LOTS_VEC(lots_file_facts),
        .tables = LOTS_VEC(lots_file_facts),
        .coverage = LOTS_VEC(lots_coverage),
        .settings = LOTS_VEC(lots_setting),
        .log = LOTS_VEC(lots_ingest_entry),
    };
    lots_arena_init(&generation->arena, 0);
}

void lots_generation_free(lots_generation *generation)
{
    lots_vec_free(&generation->segments);
    lots_vec_free(&generation->dictionaries);
    lots_vec_free(&generation->tables);
    lots_vec_free(&generation->coverage);
    lots_vec_free(&generation->settings);
    lots_vec_free(&generation->log);
    lots_arena_free(&generation->arena);
    lots_generation_init(generation);
}

static lots_status put_text(lots_bytes *out, const char *text, lots_error *err)
{
    return lots_bytes_put_text(out, text, strlen(text), err);
}

static lots_status put_numbers(lots_bytes *out, const uint64_t *numbers, size_t count, lots_error *err)
{
    for (size_t i = 0; i < count; i++)
        LOTS_TRY(lots_bytes_put64(out, numbers[i], err));
    return LOTS_OK;
}
#define PUT(out, err, ...)                                                                              \
    LOTS_TRY(put_numbers(out, (const uint64_t[]){__VA_ARGS__},                                          \
                         sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), err))

/* Days as unsigned numbers: two's complement in 64 bits. */
static uint64_t day_bits(lots_day day)
{
    return (uint64_t)(int64_t)day;
}

static lots_status put_segments(lots_bytes *out, const lots_vec *segments, lots_error *err)
{
    PUT(out, err, segments->count);
    for (size_t i = 0; i < segments->count; i++) {
        const lots_segment_facts *facts = &LOTS_AT(lots_segment_facts, segments, i);
        const lots_manifest_entry *entry = &facts->entry;
        PUT(out, err, entry->id, entry->patients, entry->events, entry->bytes, entry->hash, facts->stream_count);
        for (uint32_t j = 0; j < facts->stream_count; j++) {
            LOTS_TRY(put_text(out, facts->streams[j].stream, err));
            PUT(out, err, facts->streams[j].events);
        }
    }
    return LOTS_OK;
}

static lots_status put_files(lots_bytes *out, const lots_vec *files, lots_error *err)
{
    PUT(out, err, files->count);
    for (size_t i = 0; i < files->count; i++) {
        const lots_file_facts *facts = &LOTS_AT(lots_file_facts, files, i);
        LOTS_TRY(put_text(out, facts->name, err));
        PUT(out, err, facts->number, facts->bytes, facts->hash);
    }
    return LOTS_OK;
}

static lots_status put_coverage(lots_bytes *out, const lots_vec *coverage, lots_error *err)
{
    PUT(out, err, coverage->count);
    for (size_t i = 0; i < coverage->count; i++) {
        const lots_coverage *row = &LOTS_AT(lots_coverage, coverage, i);
        LOTS_TRY(put_text(out, row->stream, err));
        LOTS_TRY(put_text(out, row->unit, err));
        PUT(out, err, day_bits(row->from), day_bits(row->until), day_bits(row->complete_until),
            day_bits(row->extract), row->declared);
    }
    return LOTS_OK;
}

static lots_status put_settings(lots_bytes *out, const lots_vec *settings, lots_error *err)
{
    PUT(out, err, settings->count);
    for (size_t i = 0; i < settings->count; i++) {
        LOTS_TRY(put_text(out, LOTS_AT(lots_setting, settings, i).key, err));
        LOTS_TRY(put_text(out, LOTS_AT(lots_setting, settings, i).value, err));
    }
    return LOTS_OK;
}

static lots_status put_log(lots_bytes *out, const lots_vec *log, lots_error *err)
{
    PUT(out, err, log->count);
    for (size_t i = 0; i < log->count; i++) {
        const lots_ingest_entry *entry = &LOTS_AT(lots_ingest_entry, log, i);
        LOTS_TRY(put_text(out, entry->source, err));
        LOTS_TRY(put_text(out, entry->stream, err));
        PUT(out, err, entry->generation, entry->rows, entry->loaded, entry->rejected, entry->duplicates,
            entry->conflicts, entry->identical);
    }
    return LOTS_OK;
}

static lots_status put_generation(lots_bytes *out, const lots_generation *generation, lots_error *err)
{
    LOTS_TRY(put_text(out, "lots generation", err));
    PUT(out, err, generation->format, generation->id, generation->parent, generation->hash, generation->next_number);
    LOTS_TRY(put_text(out, generation->version, err));
    LOTS_TRY(lots_bytes_put_text(out, (const char *)generation->schema, generation->schema_bytes, err));
    LOTS_TRY(put_segments(out, &generation->segments, err));
    LOTS_TRY(put_files(out, &generation->dictionaries, err));
    LOTS_TRY(put_files(out, &generation->tables, err));
    LOTS_TRY(put_coverage(out, &generation->coverage, err));
    LOTS_TRY(put_settings(out, &generation->settings, err));
    return put_log(out, &generation->log, err);
}

lots_status lots_generation_seal(const lots_generation *generation, uint64_t *out, lots_error *err)
{
    lots_bytes bytes = {0};
    lots_status status = put_generation(&bytes, generation, err);
    if (status == LOTS_OK)
        *out = lots_hash(bytes.data, bytes.count, 0);
    lots_bytes_free(&bytes);
    return status;
}

const char *lots_generation_setting(const lots_generation *generation, const char *key)
{
    for (size_t i = 0; i < generation->settings.count; i++) {
        const lots_setting *setting = &LOTS_AT(lots_setting, &generation->settings, i);
        if (strcmp(setting->key, key) == 0)
            return setting->value;
    }
    return NULL;
}

const lots_segment_facts *lots_generation_segment(const lots_generation *generation, uint64_t id)
{
    for (size_t i = 0; i < generation->segments.count; i++) {
        const lots_segment_facts *facts = &LOTS_AT(lots_segment_facts, &generation->segments, i);
        if (facts->entry.id == id)
            return facts;
    }
    return NULL;
}
