/* segment_fixture.h: random settled rows of every stream, and the segment file made of them. Test programs only. */
#ifndef LOTS_SEGMENT_FIXTURE_H
#define LOTS_SEGMENT_FIXTURE_H

#include "core/base/os.h"
#include "tests/core/store/store_fixture.h"

enum { FIRST_PATIENT = 1000, SEGMENT_ID = 77 };

typedef struct rows {
    lots_batch batches[STREAMS];
    const lots_batch *list[STREAMS];
    uint32_t patients;
} rows;

/* `most`: events of a patient at most, in each stream. Patients with none are among them. */
static inline void make_rows(fixture *f, rows *out, uint32_t patients, uint32_t most, uint64_t spread)
{
    out->patients = patients;
    for (int s = 0; s < STREAMS; s++) {
        lots_batch raw;
        open_batch(f, s, &raw);
        for (uint32_t p = 0; p < patients; p++) {
            uint64_t count = s == PATIENTS ? 1 : s == EMPTY || below(f, 4) == 0 ? 0 : below(f, most + 1);
            for (; count > 0; count--)
                add_random_row(f, &raw, FIRST_PATIENT + p, spread);
        }
        settle(f, s, &raw, &out->batches[s]);
        out->list[s] = &out->batches[s];
        lots_batch_close(&raw);
    }
}

static inline void free_rows(rows *out)
{
    for (int s = 0; s < STREAMS; s++)
        lots_batch_close(&out->batches[s]);
}

static inline lots_segment_input input_of(const fixture *f, const rows *from)
{
    return (lots_segment_input){.id = SEGMENT_ID, .schema = &f->schema, .patients = from->patients,
                                .first_patient = FIRST_PATIENT, .streams = from->list, .codes = f->codes,
                                .domains = f->domain_list, .domain_names = f->domain_names, .domain_count = DOMAINS};
}

static inline void write_rows(const fixture *f, const rows *from, const char *path, lots_segment_result *result)
{
    lots_error err;
    lots_segment_input input = input_of(f, from);
    assert_ok(lots_path_remove(path, &err));
    assert_ok(lots_segment_write(path, &input, result, &err));
}

static inline lots_status open_file(const fixture *f, const char *path, lots_segment **out, lots_error *err)
{
    lots_segment_dictionaries dictionaries = fixture_dictionaries(f);
    return lots_segment_open(out, path, SEGMENT_ID, &f->schema, &dictionaries, err);
}

static inline void count_fault(void *context, const char *file, const char *stream, const char *column, uint32_t chunk,
                        const char *what)
{
    (void)file, (void)stream, (void)column, (void)chunk;
    char *last = context;
    snprintf(last, 256, "%s", what);
}

static inline void assert_no_faults(lots_segment *segment)
{
    lots_error err;
    uint64_t faults, blocks;
    char last[256] = "";
    assert_ok(lots_segment_check(segment, count_fault, last, &faults, &blocks, &err));
    if (faults > 0)
        fail_msg("%llu faults, the last: %s", (unsigned long long)faults, last);
}

/* Every stream comes back as it was. */
static inline void assert_exports(lots_segment *segment, const rows *expected)
{
    lots_error err;
    for (uint32_t s = 0; s < STREAMS; s++) {
        lots_batch out;
        assert_ok(lots_segment_export(segment, s, FIRST_PATIENT, &out, &err));
        assert_same_batch(&out, expected->list[s]);
        lots_batch_close(&out);
        assert_int_equal(lots_segment_events(segment, s), expected->list[s]->rows);
    }
}

static inline void path_in(char out[600], const char *name)
{
    char directory[512];
    lots_test_directory(directory);
    snprintf(out, 600, "%s/%s", directory, name);
}

static inline void put_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static inline void remove_folder(const char *path)
{
    lots_error err;
    char directory[600];
    snprintf(directory, sizeof directory, "%s", path);
    *strrchr(directory, '/') = 0;
    assert_ok(lots_path_remove_tree(directory, &err));
}

#endif
