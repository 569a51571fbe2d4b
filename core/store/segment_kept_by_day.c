/* segment_kept_by_day.c: a chunk's rows kept once more in the order of their days: the rows of each id of a category as bits, when their
 * patients had a row of the same id last, and for each id what its rows up to a day add up to. A month's sum is then the difference of
 * two, where row by row, patient after patient, every row is one addition to one of a thousand words. How many patients a month has
 * is told too, whichever calendar unit is asked for: a row is its patient's first there when the one before is of an earlier one.
 * Of chunks that have fewer rows than days nothing is gained. */
#include <string.h>

#include "core/index/bitset.h"
#include "core/store/segment_kept.h"

enum { WORD_ROWS = 64, WHOLE_WORDS = WORD_ROWS * sizeof(uint16_t), /* slack, in bytes */
       SUMS_PER_ROW = 2 /* at most, of all classes and days: else it takes much more than the rows do */ };

typedef struct chunk_place {
    lots_segment *segment;
    uint32_t stream, chunk, rows;
    uint32_t day_count;   /* from the least to the greatest */
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
    order = lots_rooms_take(at->segment->keep_by_day, sizeof *order + (at->day_count + 1) * sizeof(uint16_t));
    if (order == NULL)
        return NULL;
    count_days(at, at->day_count, (uint16_t *)(order + 1));
    const lots_block_meta *meta = &at->segment->streams[at->stream].ordered->values.metas[at->chunk];
    *order = (lots_day_order){(int32_t)meta->min, at->day_count, (const uint16_t *)(order + 1)};
    return lots_kept_put(kept, order);
}

/* Can the chunk's rows be told so? */
static bool find_chunk(lots_segment *segment, uint32_t stream, uint32_t chunk, lots_arena *scratch, chunk_place *out)
{
    const lots_layout_column *ordered = segment->streams[stream].ordered;
    if (segment->keep_by_day == NULL || ordered == NULL || !lots_layout_held(&ordered->values.metas[chunk]))
        return false;
    const lots_block_meta *meta = &ordered->values.metas[chunk];
    if (meta->missing != 0 || meta->count > UINT16_MAX || meta->max - meta->min >= UINT16_MAX - 1 || meta->max - meta->min >= meta->count)
        return false;
    *out = (chunk_place){.segment = segment, .stream = stream, .chunk = chunk, .rows = meta->count,
                         .day_count = (uint32_t)(meta->max - meta->min) + 1, .scratch = scratch};
    return true;
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
    LOTS_TRY(lots_arena_vector(at->scratch, &next, at->day_count, sizeof(uint16_t), NULL));
    memcpy(next, at->order->starts, at->day_count * sizeof(uint16_t));
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

/* ---- classes ---- */

static size_t bytes_of_before(const chunk_place *at)
{
    const size_t word = sizeof(uint64_t);
    return (at->rows * sizeof(uint16_t) + WHOLE_WORDS + word - 1) / word * word;
}

static uint32_t columns_of(const chunk_place *at) { return at->segment->schema->streams[at->stream].column_count; }

static size_t bytes_of_classes(const chunk_place *at, uint32_t classes)
{
    return sizeof(lots_classes_by_day) + columns_of(at) * sizeof(lots_kept) + bytes_of_before(at) +
           classes * lots_bit_words(at->rows) * sizeof(uint64_t);
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

/* `kept`: asked for so often; who asks on asks for sums beside. */
static lots_status sort_classes(const chunk_place *at, uint32_t column, uint32_t classes, const lots_kept *kept, lots_classes_by_day **made)
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
    lots_kept *sums = (lots_kept *)(*made + 1);
    uint16_t *before = (uint16_t *)(sums + columns_of(at));
    uint64_t *masks = (uint64_t *)((uint8_t *)before + bytes_of_before(at));
    for (uint32_t i = 0; i < columns_of(at); i++)
        atomic_store_explicit(&sums[i].asked, atomic_load_explicit(&kept->asked, memory_order_relaxed), memory_order_relaxed);
    fill_classes(at, own, places, offsets, patients, before, masks);
    **made = (lots_classes_by_day){before, masks, (uint32_t)lots_bit_words(at->rows), classes, sums};
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
    if ((uint64_t)classes * at.day_count > (uint64_t)SUMS_PER_ROW * at.rows)
        return NULL;
    lots_classes_by_day *made = kept == NULL ? NULL : lots_kept_get(kept);
    if (kept == NULL || made != NULL || lots_rooms_left(segment->keep_by_day) < bytes_of_classes(&at, classes) || !lots_kept_is_due(kept) ||
        !begin(&at))
        return made;
    const lots_arena_mark mark = lots_arena_save(scratch);
    if (sort_classes(&at, column, classes, kept, &made) != LOTS_OK || made == NULL)
        lots_kept_refuse(kept);
    lots_arena_restore(scratch, mark);
    return lots_kept_put(kept, made);
}

/* ---- sums ---- */

static size_t bytes_of_sums(const chunk_place *at, const lots_classes_by_day *classes)
{
    return ((size_t)at->day_count + 1) * classes->classes * sizeof(uint64_t);
}

/* Whole numbers that 32 bits are enough for, in a block that was read? */
static bool can_add(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk)
{
    const lots_block_meta *meta = &slot->metas[chunk];
    return lots_layout_held(meta) && meta->phys == LOTS_PHYS_I64 && meta->missing == 0 && meta->min >= 0 && meta->max <= (int64_t)UINT32_MAX &&
           lots_segment_is_verified(segment, slot, chunk);
}

/* Each day's at the day after, then with all before it. */
static void fill_sums(const chunk_place *at, const lots_narrow_values *from, const uint8_t *own, uint32_t classes, uint64_t *sums)
{
    for (uint32_t row = 0; row < at->rows; row++)
        sums[(at->days[row] + (size_t)1) * classes + own[row]] += from->entries != NULL ? from->entries[from->values[row]] : from->values[row];
    for (size_t i = classes; i < ((size_t)at->day_count + 1) * classes; i++)
        sums[i] += sums[i - classes];
}

/* NULL where they can't be had; who asks goes on to read the numbers, and hears why. */
static lots_status add_up(const chunk_place *at, uint32_t of, const lots_classes_by_day *classes, const lots_layout_slot *slot, uint64_t **made)
{
    lots_narrow_values from = {.entries = NULL};
    const uint8_t *own;
    void *room;
    bool done;
    LOTS_TRY(lots_arena_vector(at->scratch, &room, at->rows, sizeof(uint32_t), NULL));
    from.values = room;
    LOTS_TRY(lots_block_decode_narrow(&slot->metas[at->chunk], at->segment->data + slot->offsets[at->chunk],
                                      lots_segment_after_block(at->segment, slot, at->chunk), &from, &done, at->scratch, NULL));
    if (done)
        LOTS_TRY(find_classes(at, of, classes->classes, &own, &done));
    *made = done ? lots_rooms_take(at->segment->keep_by_day, bytes_of_sums(at, classes)) : NULL;
    if (*made != NULL)
        fill_sums(at, &from, own, classes->classes, *made);
    return LOTS_OK;
}

const uint64_t *lots_segment_sums_by_day(lots_segment *segment, uint32_t stream, uint32_t of, const lots_classes_by_day *classes,
                                         uint32_t column, uint32_t chunk, lots_arena *scratch)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    lots_kept *kept = &classes->sums[column];
    uint64_t *sums = lots_kept_get(kept);
    chunk_place at;
    if (sums != NULL || file == NULL || !can_add(segment, &file->values, chunk) || !find_chunk(segment, stream, chunk, scratch, &at) ||
        !lots_kept_is_due(kept) || !begin(&at) || lots_rooms_left(segment->keep_by_day) < bytes_of_sums(&at, classes))
        return sums;
    const lots_arena_mark mark = lots_arena_save(scratch);
    if (add_up(&at, of, classes, &file->values, &sums) != LOTS_OK || sums == NULL)
        lots_kept_refuse(kept);
    lots_arena_restore(scratch, mark);
    return lots_kept_put(kept, sums);
}
