/* protect.c: see protect.h. */
#include "query/exec/protect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

lots_status lots_protect_least(const lots_registry *registry, uint32_t *out, lots_error *err)
{
    const char *setting = lots_registry_setting(registry, "min_cell");
    char *end = NULL;
    *out = LOTS_MIN_CELL;
    if (setting == NULL)
        return LOTS_OK;
    errno = 0;
    const unsigned long long number = setting[0] >= '0' && setting[0] <= '9' ? strtoull(setting, &end, 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0 || number > UINT32_MAX)
        return lots_fail(err, LOTS_CORRUPT, "the registry's setting min_cell is '%s', which is no number", setting);
    *out = (uint32_t)number;
    return LOTS_OK;
}

static const lots_role roles[] = {LOTS_ROLE_PROTECTED, LOTS_ROLE_NO_CONTACT};
enum { ROLE_COUNT = sizeof roles / sizeof *roles };

typedef struct marked { /* the marked patients of a chunk */
    uint64_t *bits;     /* NULL: not read yet */
    uint64_t *seen;     /* counted already */
} marked;

/* Add the persons of whom the column is true. A missing mark is none. */
static lots_status add_marks(lots_registry *registry, const lots_chunk_place *place, uint32_t column, uint32_t patients,
                             lots_arena *arena, uint64_t *into, lots_error *err)
{
    lots_segment *segment = NULL;
    void *data = NULL, *missing = NULL;
    size_t words = lots_bit_words(patients) + 8;
    bool has_missing = false;
    LOTS_TRY(lots_registry_segment(registry, place->segment, &segment, err));
    const lots_block_meta *meta = lots_segment_meta(segment, 0, column, LOTS_PART_VALUES, place->chunk);
    if (meta->missing == meta->count)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(arena, &data, words, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &missing, words, sizeof(uint64_t), err));
    lots_values_out values = {.data = data, .missing = missing};
    LOTS_TRY(lots_segment_read(segment, 0, column, LOTS_PART_VALUES, place->chunk, &values, &has_missing, arena, err));
    for (size_t i = 0; i < lots_bit_words(patients); i++)
        into[i] |= ((uint64_t *)data)[i] & (has_missing ? ~((uint64_t *)missing)[i] : UINT64_MAX);
    return LOTS_OK;
}

static lots_status read_marks(lots_registry *registry, const lots_chunk_place *place, const int32_t columns[ROLE_COUNT],
                              lots_arena *arena, marked *out, lots_error *err)
{
    lots_segment *segment = NULL;
    void *bits = NULL, *seen = NULL;
    LOTS_TRY(lots_registry_segment(registry, place->segment, &segment, err));
    uint32_t patients = lots_segment_chunk_rows(segment, 0, place->chunk);
    LOTS_TRY(lots_arena_alloc(arena, &bits, lots_bit_words(patients) + 1, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &seen, lots_bit_words(patients) + 1, sizeof(uint64_t), err));
    out->bits = bits;
    out->seen = seen;
    for (int i = 0; i < ROLE_COUNT; i++)
        if (columns[i] >= 0)
            LOTS_TRY(add_marks(registry, place, (uint32_t)columns[i], patients, arena, bits, err));
    return LOTS_OK;
}

lots_status lots_protect_rows(lots_registry *registry, const lots_chunk_place *chunks, uint32_t chunk_count,
                              const lots_rowset *rows, lots_arena *arena, uint64_t **keep, uint32_t *left_out,
                              lots_error *err)
{
    const lots_stream *patients = &lots_registry_schema(registry)->streams[0];
    int32_t columns[ROLE_COUNT];
    void *made = NULL;
    bool any = false;
    *keep = NULL;
    *left_out = 0;
    for (int i = 0; i < ROLE_COUNT; i++) {
        columns[i] = lots_stream_find_role(patients, roles[i]);
        any = any || columns[i] >= 0;
    }
    if (!any || rows->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(arena, &made, chunk_count, sizeof(marked), err));
    marked *marks = made;
    LOTS_TRY(lots_arena_alloc(arena, &made, lots_bit_words(rows->count) + 1, sizeof(uint64_t), err));
    *keep = made;
    for (uint32_t row = 0; row < rows->count; row++) {
        const uint32_t at = lots_chunk_of(chunks, chunk_count, rows->patient[row]);
        const uint32_t patient = rows->patient[row] - chunks[at].first;
        marked *chunk = &marks[at];
        if (chunk->bits == NULL)
            LOTS_TRY(read_marks(registry, &chunks[at], columns, arena, chunk, err));
        if (!lots_bit_get(chunk->bits, patient)) {
            lots_bit_set(*keep, row);
        } else if (!lots_bit_get(chunk->seen, patient)) {
            lots_bit_set(chunk->seen, patient);
            ++*left_out;
        }
    }
    return LOTS_OK;
}
