/* segment_reading.h: blocks of a segment, whole and in part, against the rows that were written. Test programs only. */
#ifndef LOTS_SEGMENT_READING_H
#define LOTS_SEGMENT_READING_H

#include "core/index/bitset.h"
#include "tests/core/store/segment_fixture.h"

static unsigned taken_blocks, taken_ends, marked_blocks, grouped_blocks; /* how often that was seen */

/* The days that ends are counted from; NULL: the column has no such. */
static inline const int32_t *starts_of(lots_segment *segment, const lots_schema *schemas, uint32_t stream, uint32_t column,
                                       uint32_t chunk, lots_arena *scratch)
{
    lots_error err;
    void *days, *missing;
    bool has_missing;
    const lots_stream *schema = &schemas->streams[stream];
    const int32_t start = lots_stream_find_role(schema, LOTS_ROLE_START);
    if (schema->columns[column].role != LOTS_ROLE_END || start < 0)
        return NULL;
    const uint32_t count = lots_segment_chunk_rows(segment, stream, chunk);
    assert_ok(lots_arena_vector(scratch, &days, count + 1u, 4, &err));
    assert_ok(lots_arena_vector(scratch, &missing, lots_bit_words(count), 8, &err));
    lots_values_out out = {.data = days, .missing = missing};
    assert_ok(lots_segment_read(segment, stream, (uint32_t)start, LOTS_PART_VALUES, chunk, &out, &has_missing, scratch, &err));
    return days;
}

/* Every fifth row taken, of a block that has been read, is what was read; `size` bytes a value. So are the first hundred of them. */
static inline void assert_taken(lots_segment *segment, const lots_schema *schema, uint32_t stream, uint32_t column, uint32_t chunk,
                         const void *read, const uint64_t *read_missing, size_t size, lots_arena *scratch)
{
    lots_error err;
    void *data, *missing, *list;
    bool has_missing = false, done;
    uint32_t count = 0;
    const uint32_t of = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk)->count;
    assert_ok(lots_arena_vector(scratch, &data, of / 5 + 1u, 8, &err));
    assert_ok(lots_arena_vector(scratch, &missing, lots_bit_words(of / 5 + 1u), 8, &err));
    assert_ok(lots_arena_vector(scratch, &list, of / 5 + 1u, 4, &err));
    for (uint32_t row = 0; row < of; row += 5)
        ((uint32_t *)list)[count++] = row;
    const uint32_t counts[] = {count, count < 100 ? count : 100};
    for (int i = 0; i < 2; i++) {
        lots_values_out out = {.data = data, .missing = missing, .days = starts_of(segment, schema, stream, column, chunk, scratch)};
        assert_ok(lots_segment_take(segment, stream, column, chunk, list, counts[i], &out, &has_missing, &done, scratch, &err));
        for (uint32_t k = 0; done && k < counts[i]; k++) {
            assert_memory_equal((const char *)data + k * size, (const char *)read + 5 * k * size, size);
            assert_int_equal(has_missing && lots_bit_get(missing, k), read_missing != NULL && lots_bit_get(read_missing, 5 * k));
        }
        taken_blocks += done;
        taken_ends += done && out.days != NULL;
    }
}

static inline void assert_block(lots_segment *segment, const lots_schema *schema, const rows *from, uint32_t stream, uint32_t column,
                         uint32_t chunk, uint32_t first_row)
{
    lots_error err;
    lots_arena scratch;
    void *data, *missing;
    bool has_missing;
    const lots_batch_column *expected = &from->list[stream]->columns[column];
    const lots_block_meta *meta = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk);
    lots_arena_init(&scratch, 0);
    assert_ok(lots_arena_vector(&scratch, &data, meta->count + 1u, 8, &err));
    assert_ok(lots_arena_vector(&scratch, &missing, lots_bit_words(meta->count), 8, &err));
    lots_values_out out = {.data = data, .missing = missing};
    assert_ok(lots_segment_read(segment, stream, column, LOTS_PART_VALUES, chunk, &out, &has_missing, &scratch, &err));
    assert_int_equal(has_missing, meta->missing > 0);
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    const lots_id *ranks = NULL;
    uint32_t ids = 0;
    if (expected->phys == LOTS_PHYS_U32)
        assert_ok(lots_segment_ranks(segment, stream, column, &ranks, &ids, &err));
    for (uint32_t i = 0; i < meta->count; i++) {
        bool gone = LOTS_AT(uint8_t, &expected->missing, first_row + i) != 0;
        assert_int_equal(has_missing && lots_bit_get(missing, i), gone);
        int64_t value = 0, wanted = 0;
        if (expected->phys == LOTS_PHYS_I32) {
            value = ((int32_t *)data)[i];
            wanted = LOTS_AT(int32_t, &expected->values, first_row + i);
        } else if (expected->phys == LOTS_PHYS_I64) {
            value = ((int64_t *)data)[i];
            wanted = LOTS_AT(int64_t, &expected->values, first_row + i);
        } else if (expected->phys == LOTS_PHYS_BITS) {
            value = lots_bit_get(data, i);
            wanted = LOTS_AT(uint8_t, &expected->values, first_row + i);
        } else if (expected->phys == LOTS_PHYS_F64) {
            value = lots_f64_key(((double *)data)[i]);
            wanted = lots_f64_key(LOTS_AT(double, &expected->values, first_row + i));
        } else if (expected->phys == LOTS_PHYS_U32) {
            value = ((uint32_t *)data)[i];
            assert_true(value < ids || gone);
        }
        if (expected->phys != LOTS_PHYS_U32)
            assert_true(value == wanted);
        if (!gone && expected->phys != LOTS_PHYS_TEXT) {
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
        }
    }
    if (least <= greatest)
        assert_true(least == meta->min && greatest == meta->max);
    else
        assert_true(meta->min == 0 && meta->max == -1);
    assert_taken(segment, schema, stream, column, chunk, data, has_missing ? missing : NULL,
                 expected->phys == LOTS_PHYS_I64 || expected->phys == LOTS_PHYS_F64 ? 8 : 4, &scratch);
    lots_arena_free(&scratch);
}

/* Every third group of the elements of lists is what was read; none is told before that was. */
static inline void assert_groups(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk)
{
    lots_error err;
    lots_arena scratch;
    void *read, *some, *bits;
    bool has_missing, before, done;
    const uint32_t count = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk)->count;
    lots_arena_init(&scratch, 0);
    assert_ok(lots_arena_vector(&scratch, &read, count + 1u, 4, &err));
    assert_ok(lots_arena_vector(&scratch, &some, count + LOTS_FRAME_GROUP, 4, &err));
    assert_ok(lots_arena_alloc(&scratch, &bits, count / LOTS_FRAME_GROUP / 64 + 1, 8, &err));
    for (uint32_t g = 1; g * LOTS_FRAME_GROUP < count; g += 3)
        lots_bit_set(bits, g);
    lots_values_out out = {.data = read};
    assert_ok(lots_segment_groups(segment, stream, column, chunk, bits, some, &before, &scratch, &err));
    assert_false(before);
    assert_ok(lots_segment_read(segment, stream, column, LOTS_PART_VALUES, chunk, &out, &has_missing, &scratch, &err));
    assert_ok(lots_segment_groups(segment, stream, column, chunk, bits, some, &done, &scratch, &err));
    for (uint32_t i = 0; done && i < count; i++)
        assert_true(i / LOTS_FRAME_GROUP % 3 != 1 || ((uint32_t *)some)[i] == ((uint32_t *)read)[i]);
    grouped_blocks += done;
    lots_arena_free(&scratch);
}

/* Days of every third patient, and of every seventh row, are those that were written, and a day's places are there; not before the
 * block was read. */
static inline void assert_some_days(lots_segment *segment, const rows *from, uint32_t stream, uint32_t start, uint32_t chunk, uint32_t first_row,
                             const uint32_t *offsets, uint32_t patients, bool was_read)
{
    lots_error err;
    lots_arena scratch;
    void *days, *list, *places, *bits;
    bool at = false, of = false;
    uint32_t count = 0;
    const uint32_t all = offsets[patients];
    const lots_batch_column *expected = &from->list[stream]->columns[start];
    const lots_block_meta *meta = lots_segment_meta(segment, stream, start, LOTS_PART_VALUES, chunk);
    lots_arena_init(&scratch, 0);
    assert_ok(lots_arena_vector(&scratch, &days, all + 1u, 4, &err));
    assert_ok(lots_arena_vector(&scratch, &list, all + 1u, 4, &err));
    assert_ok(lots_arena_vector(&scratch, &places, patients, 4, &err));
    assert_ok(lots_arena_alloc(&scratch, &bits, lots_bit_words(patients) + 1, 8, &err));
    for (uint32_t row = 3; row < all; row += 7)
        ((uint32_t *)list)[count++] = row;
    assert_ok(lots_segment_days_at(segment, stream, chunk, list, count, offsets, days, &at, &err));
    for (uint32_t k = 0; at && k < count; k++)
        assert_int_equal(((int32_t *)days)[k], LOTS_AT(int32_t, &expected->values, first_row + ((uint32_t *)list)[k]));
    for (uint32_t p = 0; p < patients; p += 3)
        lots_bit_set(bits, p);
    assert_ok(lots_segment_days_of(segment, stream, chunk, bits, offsets, days, &of, &err));
    for (uint32_t p = 0; of && p < patients; p += 3)
        for (uint32_t row = offsets[p]; row < offsets[p + 1]; row++)
            assert_int_equal(((int32_t *)days)[row], LOTS_AT(int32_t, &expected->values, first_row + row));
    assert_int_equal(at, of);
    if (all > 0 && meta->min < meta->max) {
        const int32_t day = (int32_t)((meta->min + meta->max + 1) / 2);
        assert_ok(lots_segment_places_of(segment, stream, chunk, bits, day, offsets, places, &of, &err));
        assert_int_equal(at, of);
        for (uint32_t p = 0; of && p < patients; p += 3) {
            uint32_t row = offsets[p];
            while (row < offsets[p + 1] && LOTS_AT(int32_t, &expected->values, first_row + row) < day)
                row++;
            assert_int_equal(((uint32_t *)places)[p], row);
        }
    }
    assert_true(was_read || !at);
    assert_true(!was_read || at || meta->missing > 0 || meta->encoding != LOTS_ENCODING_GAPS);
    marked_blocks += at;
    lots_arena_free(&scratch);
}

#endif
