#include <zstd.h>

#include "core/base/bytes.h"
#include "core/base/day.h"
#include "core/base/hash.h"
#include "core/store/segment_layout.h"
#include "tests/core/store/segment_fixture.h"

typedef struct damage {
    fixture f;
    rows from;
    char path[600];
    char *bytes;
    size_t count;
} damage;

static void damage_open_wide(damage *d, uint64_t seed, uint32_t patients, uint32_t most, uint64_t spread)
{
    lots_error err;
    lots_segment_result result;
    path_in(d->path, "1.seg");
    fixture_open(&d->f, seed);
    make_rows(&d->f, &d->from, patients, most, spread);
    write_rows(&d->f, &d->from, d->path, &result);
    assert_ok(lots_file_slurp(d->path, 1u << 24, &d->bytes, &d->count, &err));
}

static void damage_open(damage *d, uint64_t seed, uint32_t patients, uint32_t most)
{
    damage_open_wide(d, seed, patients, most, 40);
}

static void damage_close(damage *d)
{
    lots_free(d->bytes);
    free_rows(&d->from);
    fixture_close(&d->f);
    remove_folder(d->path);
}

/* Open, check, read everything: refused as damaged, or read. `strict`: what is read must be what was written. */
static void read_damaged(damage *d, bool strict)
{
    lots_error err;
    lots_segment *segment;
    lots_status status = open_file(&d->f, d->path, &segment, &err);
    if (status != LOTS_OK) {
        assert_int_equal(status, LOTS_CORRUPT);
        assert_contains(err.text, "1.seg");
        return;
    }
    uint64_t faults, blocks;
    char last[256];
    assert_ok(lots_segment_check(segment, count_fault, last, &faults, &blocks, &err));
    bool refused = faults > 0;
    for (uint32_t s = 0; s < STREAMS; s++) {
        lots_batch out;
        status = lots_segment_export(segment, s, FIRST_PATIENT, &out, &err);
        if (status == LOTS_OK && strict)
            assert_same_batch(&out, d->from.list[s]);
        if (status == LOTS_OK)
            lots_batch_close(&out);
        else
            assert_true(status == LOTS_CORRUPT || status == LOTS_LIMIT);
        refused = refused || status != LOTS_OK;
        for (uint32_t c = 0; c < d->f.schema.streams[s].column_count; c++)
            for (uint32_t k = 0; dictionary_of(&d->f, &d->f.schema.streams[s].columns[c]) != NULL &&
                                 k < lots_segment_chunks(segment); k++)
                (void)lots_segment_chunk_has(segment, s, c, k, 1);
    }
    if (strict)
        assert_true(refused);
    lots_segment_close(segment);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    lots_error err;
    lots_segment *segment;
    damage d;
    damage_open(&d, 19, 6, 4);
    for (size_t count = 0; count < d.count; count++) {
        put_file(d.path, d.bytes, count);
        assert_status(LOTS_CORRUPT, open_file(&d.f, d.path, &segment, &err));
    }
    damage_close(&d);
}

static void a_flipped_bit_anywhere_is_found(void **state)
{
    (void)state;
    damage d;
    damage_open(&d, 20, 6, 4);
    for (size_t i = 0; i < d.count; i++) {
        char was = d.bytes[i];
        d.bytes[i] = (char)(was ^ (1 << below(&d.f, 8)));
        put_file(d.path, d.bytes, d.count);
        read_damaged(&d, true);
        d.bytes[i] = was;
    }
    damage_close(&d);
}

/* Two files of one registry, a block of one put in the other: its checksum is salted with where it belongs. */
static void a_misplaced_block_is_found(void **state)
{
    (void)state;
    lots_error err;
    lots_segment_result result;
    damage d;
    char *other;
    size_t count;
    damage_open(&d, 21, 20, 4);
    lots_segment_input input = input_of(&d.f, &d.from);
    input.id = SEGMENT_ID + 1;
    assert_ok(lots_path_remove(d.path, &err));
    assert_ok(lots_segment_write(d.path, &input, &result, &err));
    assert_ok(lots_file_slurp(d.path, 1u << 24, &other, &count, &err));
    assert_memory_equal(other + LOTS_SEGMENT_HEADER_BYTES, d.bytes + LOTS_SEGMENT_HEADER_BYTES, 64);
    lots_segment_header header;
    assert_ok(lots_segment_header_get((uint8_t *)d.bytes, d.count, &header, &err));
    size_t blocks = (size_t)header.directory_offset - LOTS_SEGMENT_HEADER_BYTES;
    memmove(d.bytes + LOTS_SEGMENT_HEADER_BYTES, d.bytes + LOTS_SEGMENT_HEADER_BYTES + 1, blocks - 1);
    put_file(d.path, d.bytes, d.count);
    read_damaged(&d, false);
    lots_free(other);
    damage_close(&d);
}

/* Replace the directory and make header and checksum fit: what a malicious hand would do. */
static void reseal(damage *d, const uint8_t *raw, size_t raw_count)
{
    lots_error err;
    lots_segment_header header;
    assert_ok(lots_segment_header_get((uint8_t *)d->bytes, d->count, &header, &err));
    size_t room = (size_t)header.directory_offset + ZSTD_compressBound(raw_count);
    uint8_t *sealed = malloc(room);
    memcpy(sealed, d->bytes, (size_t)header.directory_offset);
    size_t stored = ZSTD_compress(sealed + header.directory_offset, room - (size_t)header.directory_offset, raw,
                                  raw_count, 1);
    header.directory_bytes = (uint32_t)stored;
    header.directory_raw_bytes = (uint32_t)raw_count;
    header.directory_checksum = lots_hash(sealed + header.directory_offset, stored,
                                          lots_hash_salt(SEGMENT_ID, UINT32_MAX, 0));
    header.file_bytes = header.directory_offset + stored;
    lots_segment_header_put(&header, sealed);
    put_file(d->path, sealed, (size_t)header.file_bytes);
    free(sealed);
}

static uint8_t *raw_directory(const damage *d, size_t *count)
{
    lots_error err;
    lots_segment_header header;
    assert_ok(lots_segment_header_get((uint8_t *)d->bytes, d->count, &header, &err));
    uint8_t *raw = malloc(header.directory_raw_bytes);
    *count = ZSTD_decompress(raw, header.directory_raw_bytes, d->bytes + header.directory_offset, header.directory_bytes);
    assert_int_equal(*count, header.directory_raw_bytes);
    return raw;
}

static void a_directory_changed_under_right_checksums_never_harms(void **state)
{
    (void)state;
    damage d;
    size_t count;
    damage_open(&d, 22, 12, 4);
    uint8_t *raw = raw_directory(&d, &count);
    reseal(&d, raw, count);
    read_damaged(&d, false);
    for (size_t i = 0; i < count; i++) {
        uint8_t was = raw[i];
        raw[i] = below(&d.f, 2) ? (uint8_t)below(&d.f, 256) : (uint8_t)(was + 1);
        reseal(&d, raw, count);
        read_damaged(&d, false);
        raw[i] = was;
    }
    for (size_t cut = 0; cut < count; cut += 7) {
        reseal(&d, raw, cut);
        read_damaged(&d, false);
    }
    free(raw);
    damage_close(&d);
}

/* Give every held block of a slot the checksum of its bytes as they are now. */
static void resign(const damage *d, lots_layout_slot *slot)
{
    for (uint32_t i = 0; i < slot->block_count; i++)
        if (lots_layout_held(&slot->metas[i]))
            slot->metas[i].checksum = lots_hash(d->bytes + slot->offsets[i], slot->metas[i].bytes,
                                                lots_hash_salt(SEGMENT_ID, slot->number, i));
}

static void blocks_changed_under_right_checksums_never_harm(void **state)
{
    (void)state;
    lots_error err;
    lots_segment_header header;
    lots_layout layout;
    lots_bytes raw = {0};
    damage d;
    size_t count;
    damage_open(&d, 23, 12, 5);
    uint8_t *directory = raw_directory(&d, &count);
    assert_ok(lots_segment_header_get((uint8_t *)d.bytes, d.count, &header, &err));
    for (size_t at = LOTS_SEGMENT_HEADER_BYTES; at < header.directory_offset; at++) {
        char was = d.bytes[at];
        d.bytes[at] = (char)(below(&d.f, 2) ? (int)below(&d.f, 256) : was ^ (1 << below(&d.f, 8)));
        assert_ok(lots_layout_decode(directory, count, header.patients, header.directory_offset, &layout, &err));
        for (uint32_t s = 0; s < layout.stream_count; s++) {
            resign(&d, &layout.streams[s].counts);
            for (uint32_t c = 0; c < layout.streams[s].column_count; c++) {
                resign(&d, &layout.streams[s].columns[c].dictionary);
                resign(&d, &layout.streams[s].columns[c].lengths);
                resign(&d, &layout.streams[s].columns[c].values);
                resign(&d, &layout.streams[s].columns[c].presence);
                resign(&d, &layout.streams[s].columns[c].postings);
                resign(&d, &layout.streams[s].columns[c].rare);
                resign(&d, &layout.streams[s].columns[c].posted_rows);
            }
        }
        raw.count = 0;
        assert_ok(lots_layout_encode(&layout, false, &raw, &err));
        assert_int_equal(raw.count, count);
        reseal(&d, raw.data, raw.count);
        read_damaged(&d, false);
        lots_layout_free(&layout);
        d.bytes[at] = was;
    }
    lots_bytes_free(&raw);
    free(directory);
    damage_close(&d);
}

/* ---- check ---- */

/* The check names each fault and goes on. */
static void check_reports_every_damaged_block(void **state)
{
    (void)state;
    lots_error err;
    lots_segment_header header;
    lots_segment *segment;
    damage d;
    uint64_t faults, blocks;
    char last[256] = "";
    damage_open(&d, 24, 12, 5);
    assert_ok(lots_segment_header_get((uint8_t *)d.bytes, d.count, &header, &err));
    for (size_t at = LOTS_SEGMENT_HEADER_BYTES; at < header.directory_offset; at++)
        d.bytes[at] = (char)~d.bytes[at];
    put_file(d.path, d.bytes, d.count);
    assert_ok(open_file(&d.f, d.path, &segment, &err));
    assert_ok(lots_segment_check(segment, count_fault, last, &faults, &blocks, &err));
    assert_true(blocks > 20);
    assert_true(faults + 30 >= blocks); /* a block without bytes can't be damaged */
    lots_segment_close(segment);
    damage_close(&d);
}

/* Each row: a fact of the directory made false under right checksums, and that the check says so. */
static void check_finds_facts_that_are_not_so(void **state)
{
    (void)state;
    lots_error err;
    lots_segment_header header;
    lots_layout layout;
    damage d;
    size_t count;
    damage_open(&d, 25, 12, 5);
    uint8_t *directory = raw_directory(&d, &count);
    assert_ok(lots_segment_header_get((uint8_t *)d.bytes, d.count, &header, &err));
    for (int fact = 0; fact < 3; fact++) {
        lots_bytes raw = {0};
        lots_segment *segment;
        uint64_t faults, blocks;
        char last[256] = "";
        assert_ok(lots_layout_decode(directory, count, header.patients, header.directory_offset, &layout, &err));
        lots_layout_column *columns = layout.streams[CONTACTS].columns;
        if (fact == 0)
            columns[C_END].values.shown[0].max++;
        else if (fact == 1)
            columns[C_READY].values.metas[0].min--;
        else
            columns[C_UNIT].values.metas[0].min++;
        assert_ok(lots_layout_encode(&layout, false, &raw, &err));
        reseal(&d, raw.data, raw.count);
        assert_ok(open_file(&d.f, d.path, &segment, &err));
        assert_ok(lots_segment_check(segment, count_fault, last, &faults, &blocks, &err));
        assert_int_equal(faults, 1);
        lots_segment_close(segment);
        lots_bytes_free(&raw);
        lots_layout_free(&layout);
    }
    free(directory);
    damage_close(&d);
}

/* ---- years ---- */

enum { YEARS_SPREAD = 600, YEARS_PATIENTS = 6, YEARS_MOST = 200 }; /* five years of rows */

enum { YEARS_READ = 16, YEARS_STRIDE = YEARS_PATIENTS + LOTS_PLACES_PAD };

/* Of the one chunk: whether each year from year `from` on begins among each patient's rows where the days say. */
static bool places_are_right(const damage *d, const uint32_t *offsets, const uint32_t *places, uint32_t first, uint32_t from,
                             uint32_t years)
{
    const int32_t *days = d->from.batches[CONTACTS].columns[C_START].values.data;
    for (uint32_t y = from; y < years; y++)
        for (uint32_t p = 0; p < YEARS_PATIENTS; p++) {
            uint32_t row = offsets[p];
            while (row < offsets[p + 1] && days[row] < lots_day_from_civil((int32_t)(first + y), 1, 1))
                row++;
            if (places[y * YEARS_STRIDE + p] != row)
                return false;
        }
    return true;
}

/* What the file says of the years from the one `from` on, of *years. Errors: as reading has them. */
static lots_status read_places(lots_segment *segment, uint32_t from, uint32_t *offsets, uint32_t *places, uint32_t *first,
                               uint32_t *years, lots_error *err)
{
    lots_arena scratch;
    lots_arena_init(&scratch, 0);
    lots_segment_years(segment, CONTACTS, 0, first, years);
    assert_true(*years <= YEARS_READ);
    lots_status status = lots_segment_offsets(segment, CONTACTS, 0, offsets, &scratch, err);
    if (status == LOTS_OK && from < *years)
        status = lots_segment_year_places(segment, CONTACTS, 0, from, offsets, places, &scratch, err);
    lots_arena_free(&scratch);
    return status;
}

/* *right: what the file says of years is what the days say. */
static lots_status judge_places(const damage *d, lots_segment *segment, uint32_t from, uint32_t *years, bool *right, lots_error *err)
{
    uint32_t offsets[YEARS_PATIENTS + 1 + 16], places[YEARS_READ * YEARS_STRIDE], first;
    const lots_status status = read_places(segment, from, offsets, places, &first, years, err);
    *right = status == LOTS_OK && places_are_right(d, offsets, places, first, from, *years);
    return status;
}

static void years_begin_where_the_days_say(void **state)
{
    (void)state;
    lots_error err;
    lots_segment *segment;
    damage d;
    uint32_t years;
    bool right;
    damage_open_wide(&d, 26, YEARS_PATIENTS, YEARS_MOST, YEARS_SPREAD);
    put_file(d.path, d.bytes, d.count);
    assert_ok(open_file(&d.f, d.path, &segment, &err));
    for (uint32_t from = 0; from < 6; from++) { /* each as a block that nobody has read, and as one that is believed */
        lots_segment_forget(segment);
        for (int again = 0; again < 2; again++) {
            assert_ok(judge_places(&d, segment, from % 3, &years, &right, &err));
            assert_true(years >= 3);
            assert_true(right);
        }
    }
    assert_no_faults(segment);
    lots_segment_close(segment);
    damage_close(&d);
}

/* The same numbers in a file of version 5: there they are told from the first year on, and counted from patients' first rows. */
static void years_that_rise_are_counted_from_the_first_rows(void **state)
{
    (void)state;
    lots_error err;
    lots_segment_header header;
    lots_segment *segment;
    lots_layout layout;
    lots_bytes raw = {0};
    damage d;
    size_t count;
    uint32_t offsets[YEARS_PATIENTS + 1 + 16], fall[YEARS_READ * YEARS_STRIDE], rise[YEARS_READ * YEARS_STRIDE], first, years, same;
    damage_open_wide(&d, 29, YEARS_PATIENTS, YEARS_MOST, YEARS_SPREAD);
    uint8_t *directory = raw_directory(&d, &count);
    assert_ok(lots_segment_header_get((uint8_t *)d.bytes, d.count, &header, &err));
    assert_ok(lots_layout_decode(directory, count, header.patients, header.directory_offset, &layout, &err));
    put_file(d.path, d.bytes, d.count);
    assert_ok(open_file(&d.f, d.path, &segment, &err));
    assert_ok(read_places(segment, 0, offsets, fall, &first, &years, &err));
    lots_segment_close(segment);
    layout.streams[CONTACTS].columns[C_START].years_rise = true;
    assert_ok(lots_layout_encode(&layout, false, &raw, &err));
    reseal(&d, raw.data, raw.count);
    assert_ok(open_file(&d.f, d.path, &segment, &err));
    for (uint32_t from = 0; from < 3; from++) {
        assert_ok(read_places(segment, from, offsets, rise, &first, &same, &err));
        assert_true(same == years && years >= 3);
        for (uint32_t y = 0; y < years; y++)
            for (uint32_t p = 0; p < YEARS_PATIENTS; p++)
                assert_int_equal(rise[y * YEARS_STRIDE + p] - offsets[p],
                                 offsets[p + 1] - fall[(years - 1 - y) * YEARS_STRIDE + p]);
    }
    lots_segment_close(segment);
    lots_bytes_free(&raw);
    lots_layout_free(&layout);
    free(directory);
    damage_close(&d);
}

/* Whatever the block of years holds under a right checksum: it is refused, the check names it, or nothing has changed. */
static void years_that_are_not_so_are_found(void **state)
{
    (void)state;
    lots_error err;
    lots_segment_header header;
    lots_layout layout;
    lots_bytes raw = {0};
    damage d;
    size_t count, found = 0;
    damage_open_wide(&d, 26, YEARS_PATIENTS, YEARS_MOST, YEARS_SPREAD);
    uint8_t *directory = raw_directory(&d, &count);
    assert_ok(lots_segment_header_get((uint8_t *)d.bytes, d.count, &header, &err));
    assert_ok(lots_layout_decode(directory, count, header.patients, header.directory_offset, &layout, &err));
    lots_layout_slot *slot = &layout.streams[CONTACTS].columns[C_START].years;
    assert_true(layout.streams[CONTACTS].columns[C_START].flags & LOTS_COLUMN_YEARS && slot->block_count == 1);
    for (uint32_t i = 0; i < 8 * slot->metas[0].bytes; i++) {
        const size_t at = (size_t)slot->offsets[0] + i / 8;
        const char was = d.bytes[at];
        lots_segment *segment;
        uint64_t faults, blocks;
        uint32_t years;
        bool right;
        char last[256] = "";
        d.bytes[at] = (char)(was ^ (1 << i % 8));
        resign(&d, slot);
        raw.count = 0;
        assert_ok(lots_layout_encode(&layout, false, &raw, &err));
        reseal(&d, raw.data, raw.count);
        assert_ok(open_file(&d.f, d.path, &segment, &err));
        assert_ok(lots_segment_check(segment, count_fault, last, &faults, &blocks, &err));
        lots_segment_forget(segment);
        assert_true(judge_places(&d, segment, 0, &years, &right, &err) == LOTS_OK || faults > 0);
        assert_true(right == (faults == 0));
        found += faults > 0;
        lots_segment_close(segment);
        d.bytes[at] = was;
    }
    assert_true(found > 8);
    lots_bytes_free(&raw);
    lots_layout_free(&layout);
    free(directory);
    damage_close(&d);
}

static void a_directory_of_years_changed_under_right_checksums_never_harms(void **state)
{
    (void)state;
    damage d;
    size_t count;
    damage_open_wide(&d, 27, YEARS_PATIENTS, YEARS_MOST, YEARS_SPREAD);
    uint8_t *raw = raw_directory(&d, &count);
    for (size_t i = 0; i < count; i++) {
        const uint8_t was = raw[i];
        raw[i] = (uint8_t)(below(&d.f, 2) ? below(&d.f, 256) : was ^ UINT64_C(1) << below(&d.f, 8));
        reseal(&d, raw, count);
        read_damaged(&d, false);
        raw[i] = was;
    }
    free(raw);
    damage_close(&d);
}

static void a_chunk_with_a_missing_start_tells_no_years(void **state)
{
    (void)state;
    lots_error err;
    lots_segment *segment;
    lots_segment_result result;
    damage d;
    uint32_t first, years;
    damage_open_wide(&d, 28, YEARS_PATIENTS, YEARS_MOST, YEARS_SPREAD);
    lots_batch *contacts = &d.from.batches[CONTACTS];
    LOTS_AT(uint8_t, &contacts->columns[C_START].missing, contacts->rows - 1) = 1; /* the last of its patient */
    LOTS_AT(int32_t, &contacts->columns[C_START].values, contacts->rows - 1) = 0;
    write_rows(&d.f, &d.from, d.path, &result);
    assert_ok(open_file(&d.f, d.path, &segment, &err));
    lots_segment_years(segment, CONTACTS, 0, &first, &years);
    assert_int_equal(years, 0);
    assert_no_faults(segment);
    assert_exports(segment, &d.from);
    lots_segment_close(segment);
    damage_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_flipped_bit_anywhere_is_found),
        cmocka_unit_test(a_misplaced_block_is_found),
        cmocka_unit_test(a_directory_changed_under_right_checksums_never_harms),
        cmocka_unit_test(blocks_changed_under_right_checksums_never_harm),
        cmocka_unit_test(check_reports_every_damaged_block),
        cmocka_unit_test(check_finds_facts_that_are_not_so),
        cmocka_unit_test(years_begin_where_the_days_say),
        cmocka_unit_test(years_that_rise_are_counted_from_the_first_rows),
        cmocka_unit_test(years_that_are_not_so_are_found),
        cmocka_unit_test(a_directory_of_years_changed_under_right_checksums_never_harms),
        cmocka_unit_test(a_chunk_with_a_missing_start_tells_no_years),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
