/* segment_keeping.h: a file of rows whose segment keeps, within a budget, what it is asked for often. Test programs only. */
#ifndef LOTS_SEGMENT_KEEPING_H
#define LOTS_SEGMENT_KEEPING_H

#include "core/index/bitset.h"
#include "tests/core/store/segment_fixture.h"

enum { MUCH = 1 << 30, NOTHING = 1 }; /* bytes: room for all, and for nothing */

typedef struct kept_file {
    fixture f;
    rows from;
    char path[600];
    lots_segment *segment; /* while it is open, as all that follows */
    uint32_t chunks;
    lots_budget budget;
    lots_arena scratch;
} kept_file;

/* What is held within a budget, and of how much that was asked for. */
typedef struct holding {
    size_t bytes;
    uint32_t kept;
} holding;

/* Asks, often enough for it to be kept, and compares with the rows that were written; gives how much was told by what is kept. */
typedef uint32_t ask_often(kept_file *file);

/* ---- rows ---- */

/* Its rows are made next, then written. */
static inline void open_kept_file(kept_file *file, uint64_t seed)
{
    memset(file, 0, sizeof *file);
    path_in(file->path, "1.seg");
    fixture_open(&file->f, seed);
}

/* Patients by chance; gives another stream's batch, to be filled with their events by hand. */
static inline lots_batch *begin_events(kept_file *file, uint32_t patients, int stream)
{
    rows *from = &file->from;
    lots_batch *people = &from->batches[PATIENTS], *events = &from->batches[stream];
    from->patients = patients;
    from->list[PATIENTS] = people;
    from->list[stream] = events;
    open_batch(&file->f, PATIENTS, people);
    open_batch(&file->f, stream, events);
    for (uint32_t p = 0; p < patients; p++)
        add_random_row(&file->f, people, FIRST_PATIENT + p, 10);
    return events;
}

static inline void begin_row(lots_batch *events, uint32_t patient)
{
    lots_error err;
    assert_ok(lots_batch_row_begin(events, FIRST_PATIENT + patient, &err));
}

static inline void put_int(lots_batch *events, uint32_t column, int64_t value)
{
    lots_error err;
    assert_ok(lots_batch_put_int(events, column, value, &err));
}

static inline void end_row(lots_batch *events)
{
    lots_error err;
    assert_ok(lots_batch_row_end(events, &err));
}

static inline void write_kept_file(const kept_file *file)
{
    lots_segment_result result;
    write_rows(&file->f, &file->from, file->path, &result);
}

/* Of rows by chance, of a patient 30 in a stream at most. */
static inline void open_random_file(kept_file *file, uint64_t seed, uint32_t patients, uint64_t spread)
{
    open_kept_file(file, seed);
    make_rows(&file->f, &file->from, patients, 30, spread);
    write_kept_file(file);
}

static inline void close_kept_file(kept_file *file)
{
    free_rows(&file->from);
    fixture_close(&file->f);
    remove_folder(file->path);
}

/* ---- what its segment keeps ---- */

/* Of several chunks; it keeps nothing until it has a budget. */
static inline void open_segment(kept_file *file)
{
    lots_error err;
    lots_arena_init(&file->scratch, 0);
    assert_ok(open_file(&file->f, file->path, &file->segment, &err));
    file->chunks = lots_segment_chunks(file->segment);
    assert_true(file->chunks > 1);
}

static inline void keep_within(kept_file *file, size_t limit)
{
    lots_budget_init(&file->budget, limit);
    lots_segment_keep(file->segment, &file->budget);
}

/* All that it held is given back. */
static inline void close_segment(kept_file *file)
{
    lots_segment_close(file->segment);
    assert_true(file->budget.used_bytes == 0);
    lots_arena_free(&file->scratch);
}

/* What is asked again takes no more, and is told the same; `forget`: when nothing is believed, so that all is read and checked again. */
static inline holding ask_twice(kept_file *file, ask_often *ask, bool forget)
{
    const uint32_t kept = ask(file);
    const size_t bytes = file->budget.used_bytes;
    assert_true(bytes <= file->budget.limit_bytes);
    if (forget)
        lots_segment_forget(file->segment);
    assert_int_equal(ask(file), kept);
    assert_true(file->budget.used_bytes == bytes);
    return (holding){bytes, kept};
}

/* Asked twice within `limit` bytes, from opening to closing. */
static inline holding hold(kept_file *file, size_t limit, ask_often *ask)
{
    open_segment(file);
    keep_within(file, limit);
    const holding held = ask_twice(file, ask, true);
    close_segment(file);
    return held;
}

/* With much room more than `little` is held, in which some of it is, without room nothing; gives what is held with much. */
static inline holding assert_held_within(kept_file *file, size_t little, ask_often *ask)
{
    const holding all = hold(file, MUCH, ask), some = hold(file, little, ask), none = hold(file, NOTHING, ask);
    assert_true(all.bytes > little && some.bytes > 0 && none.bytes == 0);
    return all;
}

/* A block is read; gives its values. */
static inline const void *read_values(kept_file *file, uint32_t stream, uint32_t column, lots_part part, uint32_t chunk)
{
    lots_error err;
    void *data, *missing;
    bool has_missing;
    const uint32_t count = lots_segment_meta(file->segment, stream, column, part, chunk)->count;
    assert_ok(lots_arena_vector(&file->scratch, &data, count + 1u, 8, &err));
    assert_ok(lots_arena_vector(&file->scratch, &missing, lots_bit_words(count + 1u), 8, &err));
    lots_values_out out = {.data = data, .missing = missing};
    assert_ok(lots_segment_read(file->segment, stream, column, part, chunk, &out, &has_missing, &file->scratch, &err));
    return data;
}

#endif
