/* segment_kept_by_day.c: a chunk's rows kept once more in the order of their days: numbers as 32 bits, the rows of each id of a category
 * as bits, and when their patients had a row of the same id last. What a month's rows add up to then lies together and is added as fast
 * as it comes, where row by row, patient after patient, every row is one addition to one of a thousand words. How many patients a month
 * has is told too, whichever calendar unit is asked for: a row is its patient's first there when the one before is of an earlier one.
 * Of chunks that have fewer rows than days nothing is gained. */
#include <string.h>

#include "core/index/bitset.h"
#include "core/store/segment_kept.h"

enum { WORD_ROWS = 64, WHOLE_WORDS = WORD_ROWS * sizeof(uint32_t) /* slack, in bytes */ };

typedef struct chunk_place {
    lots_segment *segment;
    uint32_t stream, chunk, rows;
    const uint16_t *days; /* by row, less the least */
    const lots_day_order *order;
    lots_arena *scratch;
} chunk_place;

/* ---- the order ---- */

static lots_kept *kept_order(lots_segment *segment, uint32_t stream, uint32_t chunk)
{
    lots_kept *kept = lots_kept_load(&segment->streams[stream].kept_order, segment->keep_by_day, segment->layout.chunks);
    return kept == NULL ? NULL : kept + chunk;
}

static void count_days(const chunk_place *at, uint32_t days, uint16_t *starts)
{
    for (uint32_t row = 0; row < at->rows; row++)
        starts[at->days[row] + 1]++;
    for (uint32_t day = 0; day < days; day++)
        starts[day + 1] = (uint16_t)(starts[day + 1] + starts[day]);
}

/* NULL: there is no room for it. Made for what is put in order, which is asked for often. */
static const lots_day_order *load_order(const chunk_place *at)
{
    lots_kept *kept = kept_order(at->segment, at->stream, at->chunk);
    lots_day_order *order = kept == NULL ? NULL : lots_kept_get(kept);
    if (kept == NULL || order != NULL)
        return order;
    const lots_block_meta *meta = &at->segment->streams[at->stream].ordered->values.metas[at->chunk];
    const uint32_t days = (uint32_t)(meta->max - meta->min) + 1;
    order = lots_rooms_take(at->segment->keep_by_day, sizeof *order + (days + 1) * sizeof(uint16_t));
    if (order == NULL)
        return NULL;
    count_days(at, days, (uint16_t *)(order + 1));
    *order = (lots_day_order){(int32_t)meta->min, days, (const uint16_t *)(order + 1)};
    return lots_kept_put(kept, order);
}

/* Can the chunk's rows be told so? */
static bool find_chunk(lots_segment *segment, uint32_t stream, uint32_t chunk, lots_arena *scratch, chunk_place *out)
{
    const lots_layout_column *ordered = segment->streams[stream].ordered;
    if (segment->keep_by_day == NULL || ordered == NULL || !lots_layout_held(&ordered->values.metas[chunk]))
        return false;
    const lots_block_meta *meta = &ordered->values.metas[chunk];
    *out = (chunk_place){.segment = segment, .stream = stream, .chunk = chunk, .rows = meta->count, .scratch = scratch};
    return meta->missing == 0 && meta->count <= UINT16_MAX && meta->max - meta->min < UINT16_MAX - 1 && meta->max - meta->min < meta->count;
}

/* It is due. False: days aren't kept as yet, or there is no room. */
static bool begin(chunk_place *at)
{
    at->days = lots_segment_kept_days(at->segment, &at->segment->streams[at->stream], at->chunk);
    at->order = at->days == NULL ? NULL : load_order(at);
    return at->order != NULL;
}

/* places[row]: which it is by day. */
static lots_status place_rows(const chunk_place *at, uint16_t **places)
{
    void *room, *next;
    LOTS_TRY(lots_arena_vector(at->scratch, &room, at->rows, sizeof(uint16_t), NULL));
    LOTS_TRY(lots_arena_vector(at->scratch, &next, at->order->days, sizeof(uint16_t), NULL));
    memcpy(next, at->order->starts, at->order->days * sizeof(uint16_t));
    *places = room;
    for (uint32_t row = 0; row < at->rows; row++)
        (*places)[row] = ((uint16_t *)next)[at->days[row]]++;
    return LOTS_OK;
}

const lots_day_order *lots_segment_by_day(lots_segment *segment, uint32_t stream, uint32_t chunk)
{
    const lots_kept *kept = kept_order(segment, stream, chunk);
    return kept == NULL ? NULL : lots_kept_get(kept);
}

/* ---- numbers ---- */

static size_t bytes_of_numbers(const chunk_place *at) { return at->rows * sizeof(uint32_t) + WHOLE_WORDS; }

/* Whole numbers that 32 bits are enough for, in a block that was read? */
static bool can_sort(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk)
{
    const lots_block_meta *meta = &slot->metas[chunk];
    return lots_layout_held(meta) && meta->phys == LOTS_PHYS_I64 && meta->missing == 0 && meta->min >= 0 && meta->max <= (int64_t)UINT32_MAX &&
           lots_segment_is_verified(segment, slot, chunk);
}

/* NULL where they can't be had; who asks goes on to read them, and hears why. */
static lots_status sort_numbers(const chunk_place *at, const lots_layout_slot *slot, uint32_t **made)
{
    const lots_block_meta *meta = &slot->metas[at->chunk];
    uint16_t *places;
    void *room;
    bool done;
    lots_narrow_values from = {.entries = NULL};
    LOTS_TRY(place_rows(at, &places));
    LOTS_TRY(lots_arena_vector(at->scratch, &room, at->rows, sizeof(uint32_t), NULL));
    from.values = room;
    LOTS_TRY(lots_block_decode_narrow(meta, at->segment->data + slot->offsets[at->chunk],
                                      lots_segment_after_block(at->segment, slot, at->chunk), &from, &done, at->scratch, NULL));
    *made = done ? lots_rooms_take(at->segment->keep_by_day, bytes_of_numbers(at)) : NULL;
    for (uint32_t row = 0; *made != NULL && row < at->rows; row++)
        (*made)[places[row]] = from.entries != NULL ? from.entries[from.values[row]] : from.values[row];
    return LOTS_OK;
}

const uint32_t *lots_segment_numbers_by_day(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_arena *scratch)
{
    lots_segment_column *from = &segment->streams[stream].columns[column];
    chunk_place at;
    if (from->file == NULL || !can_sort(segment, &from->file->values, chunk) || !find_chunk(segment, stream, chunk, scratch, &at))
        return NULL;
    lots_kept *kept = lots_kept_load(&from->kept_numbers, segment->keep_by_day, segment->layout.chunks);
    if (kept == NULL)
        return NULL;
    kept += chunk;
    uint32_t *numbers = lots_kept_get(kept);
    if (numbers != NULL || lots_rooms_left(segment->keep_by_day) < bytes_of_numbers(&at) || !lots_kept_is_due(kept) || !begin(&at))
        return numbers;
    const lots_arena_mark mark = lots_arena_save(scratch);
    if (sort_numbers(&at, &from->file->values, &numbers) != LOTS_OK || numbers == NULL)
        lots_kept_refuse(kept);
    lots_arena_restore(scratch, mark);
    return lots_kept_put(kept, numbers);
}

/* ---- classes ---- */

static size_t bytes_of_before(const chunk_place *at)
{
    const size_t word = sizeof(uint64_t);
    return (at->rows * sizeof(uint16_t) + WHOLE_WORDS + word - 1) / word * word;
}

static size_t bytes_of_classes(const chunk_place *at, uint32_t classes)
{
    return sizeof(lots_classes_by_day) + bytes_of_before(at) + classes * lots_bit_words(at->rows) * sizeof(uint64_t);
}

/* Each row's class; *done: each has one. */
static lots_status find_classes(const chunk_place *at, uint32_t column, uint32_t classes, const uint8_t **out, bool *done)
{
    const uint64_t *masks[LOTS_CLASSES_MAX + 1] = {NULL};
    void *room;
    *done = true;
    LOTS_TRY(lots_arena_alloc(at->scratch, &room, at->rows, sizeof(uint8_t), NULL));
    uint8_t *own = room;
    *out = own;
    if (column == LOTS_NO_CLASSES)
        return LOTS_OK;
    LOTS_TRY(lots_segment_masks(at->segment, at->stream, column, at->chunk, NULL, masks, done, at->scratch, NULL));
    for (uint32_t c = 0; *done && c < classes; c++)
        for (size_t row = masks[c] == NULL ? at->rows : lots_bits_next(masks[c], 0, at->rows); row < at->rows;
             row = lots_bits_next(masks[c], row + 1, at->rows))
            own[row] = (uint8_t)c;
    return LOTS_OK;
}

/* Patient by patient, whose rows rise by day. */
static void fill_classes(const chunk_place *at, const uint8_t *classes, const uint16_t *places, const uint32_t *offsets, uint32_t patients,
                         uint16_t *before, uint64_t *masks)
{
    const size_t words = lots_bit_words(at->rows);
    for (uint32_t p = 0; p < patients; p++) {
        uint16_t last[LOTS_CLASSES_MAX] = {0};
        for (uint32_t row = offsets[p]; row < offsets[p + 1]; row++) {
            before[places[row]] = last[classes[row]];
            last[classes[row]] = (uint16_t)(at->days[row] + 1);
            lots_bit_set(masks + classes[row] * words, places[row]);
        }
    }
}

static lots_status sort_classes(const chunk_place *at, uint32_t column, uint32_t classes, lots_classes_by_day **made)
{
    const uint32_t patients = lots_segment_chunk_first(at->segment, at->chunk + 1) - lots_segment_chunk_first(at->segment, at->chunk);
    const uint8_t *own;
    uint16_t *places;
    void *offsets;
    bool done;
    LOTS_TRY(place_rows(at, &places));
    LOTS_TRY(find_classes(at, column, classes, &own, &done));
    LOTS_TRY(lots_arena_vector(at->scratch, &offsets, (size_t)patients + 1, sizeof(uint32_t), NULL));
    LOTS_TRY(lots_segment_offsets(at->segment, at->stream, at->chunk, offsets, at->scratch, NULL));
    *made = done ? lots_rooms_take(at->segment->keep_by_day, bytes_of_classes(at, classes)) : NULL;
    if (*made == NULL)
        return LOTS_OK;
    uint16_t *before = (uint16_t *)(*made + 1);
    uint64_t *masks = (uint64_t *)((uint8_t *)before + bytes_of_before(at));
    fill_classes(at, own, places, offsets, patients, before, masks);
    **made = (lots_classes_by_day){before, masks, (uint32_t)lots_bit_words(at->rows), classes};
    return LOTS_OK;
}

/* What the chunk has of the column, or of none; NULL: it has too many ids, or is of a version that lacks the column. */
static lots_kept *kept_classes(const chunk_place *at, uint32_t column, uint32_t *classes)
{
    lots_segment_stream *stream = &at->segment->streams[at->stream];
    _Atomic(lots_kept *) *place = &stream->kept_whole;
    *classes = 1;
    if (column != LOTS_NO_CLASSES) {
        const lots_layout_column *file = stream->columns[column].file;
        *classes = file != NULL && lots_layout_has_ids(file->kind) ? file->dictionary.metas[0].count : 0;
        if (*classes == 0 || *classes > LOTS_CLASSES_MAX || !lots_segment_is_verified(at->segment, &file->values, at->chunk))
            return NULL;
        place = &stream->columns[column].kept_classes;
    }
    lots_kept *kept = lots_kept_load(place, at->segment->keep_by_day, at->segment->layout.chunks);
    return kept == NULL ? NULL : kept + at->chunk;
}

const lots_classes_by_day *lots_segment_classes_by_day(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                                       lots_arena *scratch)
{
    chunk_place at;
    uint32_t classes;
    if (!find_chunk(segment, stream, chunk, scratch, &at))
        return NULL;
    lots_kept *kept = kept_classes(&at, column, &classes);
    lots_classes_by_day *made = kept == NULL ? NULL : lots_kept_get(kept);
    if (kept == NULL || made != NULL || lots_rooms_left(segment->keep_by_day) < bytes_of_classes(&at, classes) || !lots_kept_is_due(kept) ||
        !begin(&at))
        return made;
    const lots_arena_mark mark = lots_arena_save(scratch);
    if (sort_classes(&at, column, classes, &made) != LOTS_OK || made == NULL)
        lots_kept_refuse(kept);
    lots_arena_restore(scratch, mark);
    return lots_kept_put(kept, made);
}
