/* content_hash.c: what makes two registries the same: schema, coverage, dictionaries, segments in patient order, tables.
 * Dictionaries are hashed in rank order, since stable ids tell in which order deliveries came. */
#include "core/base/hash.h"
#include "core/store/registry_writer_inner.h"

static lots_status put_dictionary(const lots_dictionary *dictionary, lots_bytes *out, lots_error *err)
{
    uint32_t count = lots_dictionary_count(dictionary);
    LOTS_TRY(lots_bytes_put64(out, count, err));
    for (lots_id rank = 0; rank < count; rank++) {
        size_t bytes;
        uint32_t below_count;
        const char *key = lots_dictionary_key(dictionary, rank, &bytes);
        LOTS_TRY(lots_bytes_put_text(out, key, bytes, err));
        const char *label = lots_dictionary_label_of(dictionary, rank, &bytes);
        LOTS_TRY(lots_bytes_put_text(out, label != NULL ? label : "", label != NULL ? bytes : 0, err));
        const lots_id *below = lots_dictionary_below(dictionary, rank, &below_count);
        LOTS_TRY(lots_bytes_put_varint(out, below_count, err));
        for (uint32_t i = 0; i < below_count; i++)
            LOTS_TRY(lots_bytes_put_varint(out, below[i], err));
    }
    return LOTS_OK;
}

static lots_status put_coverage(const lots_coverage *row, lots_bytes *out, lots_error *err)
{
    const lots_day days[] = {row->from, row->until, row->complete_until, row->extract};
    LOTS_TRY(lots_bytes_put_text(out, row->stream, strlen(row->stream), err));
    LOTS_TRY(lots_bytes_put_text(out, row->unit, strlen(row->unit), err));
    for (size_t i = 0; i < 4; i++)
        LOTS_TRY(lots_bytes_put32(out, (uint32_t)days[i], err));
    return lots_bytes_put8(out, row->declared, err);
}

/* The generation lists domains by name, so their order in the input doesn't matter. */
static lots_status put_domains(const lots_generation_input *input, const lots_generation *next, lots_bytes *out,
                               lots_error *err)
{
    for (size_t i = 1; i < next->dictionaries.count; i++) {
        const char *name = LOTS_AT(lots_file_facts, &next->dictionaries, i).name;
        LOTS_TRY(lots_bytes_put_text(out, name, strlen(name), err));
        for (uint32_t j = 0; j < input->domain_count; j++)
            if (strcmp(input->domain_names[j], name) == 0)
                LOTS_TRY(put_dictionary(input->domains[j], out, err));
    }
    return LOTS_OK;
}

static lots_status put_content(const lots_generation_input *input, const lots_generation *next, lots_bytes *out,
                               lots_error *err)
{
    LOTS_TRY(lots_bytes_put_text(out, (const char *)next->schema, next->schema_bytes, err));
    LOTS_TRY(put_dictionary(input->codes, out, err));
    LOTS_TRY(put_domains(input, next, out, err));
    for (uint32_t i = 0; i < input->coverage_count; i++)
        LOTS_TRY(put_coverage(&input->coverage[i], out, err));
    for (uint32_t i = 0; i < input->segment_count; i++)
        LOTS_TRY(lots_bytes_put64(out, input->segments[i].hash, err));
    for (size_t i = 0; i < next->tables.count; i++)
        LOTS_TRY(lots_bytes_put64(out, LOTS_AT(lots_file_facts, &next->tables, i).hash, err));
    return LOTS_OK;
}

lots_status lots_registry_content_hash(const lots_generation_input *input, const lots_generation *next, uint64_t *out,
                                       lots_error *err)
{
    lots_bytes bytes = {0};
    lots_status status = put_content(input, next, &bytes, err);
    if (status == LOTS_OK)
        *out = lots_hash(bytes.data, bytes.count, 0);
    lots_bytes_free(&bytes);
    return status;
}
