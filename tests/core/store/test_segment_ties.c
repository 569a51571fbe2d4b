/* test_segment_ties.c: columns that are told from others: made where it pays, read back as they were, and refused where a file
 * ties what can't be tied. And files of format versions before, which knew less. */
#include "core/index/bitset.h"
#include "tests/core/store/segment_sealed.h"

enum { VISITS = STREAMS };
enum { V_START, V_END, V_LEVEL, V_DOCTOR, V_UNIT, V_CODE, V_PACKS, V_PRICE, V_SHARE, V_MINUTE, V_WARD, V_BEDS, V_NURSE, V_NOTE, V_URGENT };

static void add_visits(fixture *f)
{
    lots_error err;
    lots_stream *s;
    assert_ok(lots_schema_add_stream(&f->schema, "visits", &s, &err));
    add_column(s, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    add_column(s, "end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL);
    add_column(s, "level", LOTS_KIND_CATEGORY, LOTS_ROLE_LEVEL, "level");
    add_column(s, "doctor", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit");
    add_column(s, "unit", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit");
    add_column(s, "code", LOTS_KIND_CODE, LOTS_ROLE_NONE, NULL);
    add_column(s, "packs", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL);
    add_column(s, "price", LOTS_KIND_DECIMAL, LOTS_ROLE_NONE, NULL)->scale = 2;
    add_column(s, "share", LOTS_KIND_FLOAT, LOTS_ROLE_NONE, NULL);
    add_column(s, "minute", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL);
    add_column(s, "ward", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "level");
    add_column(s, "beds", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL);
    add_column(s, "nurse", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit");
    add_column(s, "note", LOTS_KIND_TEXT, LOTS_ROLE_NONE, NULL);
    add_column(s, "urgent", LOTS_KIND_BOOL, LOTS_ROLE_NONE, NULL);
}

static void put(lots_batch *batch, uint32_t column, uint64_t value)
{
    lots_error err;
    assert_ok(lots_batch_put_int(batch, column, (int64_t)value, &err));
}

/* One visit: a unit and one of its few doctors; a drug that the patient has had before, mostly as before. */
static void add_visit(own_stream *v, lots_patient patient, int64_t day, const uint64_t drugs[4])
{
    fixture *f = &v->f;
    lots_error err;
    const uint64_t level = below(f, 4), unit = below(f, 40), drug = drugs[below(f, 4)], odd = below(f, 50) == 0;
    assert_ok(lots_batch_row_begin(&v->rows, patient, &err));
    put(&v->rows, V_START, (uint64_t)day);
    if (below(f, 30) != 0)
        put(&v->rows, V_END, (uint64_t)day + drug % 90 + odd);
    put(&v->rows, V_LEVEL, level);
    if (below(f, 9) != 0)
        put(&v->rows, V_DOCTOR, unit * 7 + below(f, 1 + unit % 7));
    if (below(f, 200) != 0)
        put(&v->rows, V_UNIT, unit);
    if (drug % 11 != 0)
        put(&v->rows, V_CODE, drug % 390);
    if (drug % 7 != 0)
        put(&v->rows, V_PACKS, drug / 390 + odd * 1000);
    put(&v->rows, V_PRICE, drug * 977 + odd);
    assert_ok(lots_batch_put_float(&v->rows, V_SHARE, (double)drug / 7, &err));
    if (level != 3)
        put(&v->rows, V_MINUTE, level == 0 ? 480 : level * 10000 + below(f, 60));
    if (level != 1)
        put(&v->rows, V_WARD, below(f, 3));
    if (level == 2 && below(f, 20) != 0)
        put(&v->rows, V_BEDS, below(f, 1000));
    if (level > 1)
        put(&v->rows, V_NURSE, unit * 6 + below(f, 6));
    if (level != 3)
        put(&v->rows, V_URGENT, level == 2 ? below(f, 2) : level);
    assert_ok(lots_batch_row_end(&v->rows, &err));
}

static void add_patient(own_stream *v, uint32_t patient, uint32_t most)
{
    uint64_t drugs[4];
    for (int i = 0; i < 4; i++)
        drugs[i] = below(&v->f, 3000);
    const uint64_t count = below(&v->f, 5) == 0 ? 0 : below(&v->f, most + 1);
    for (uint64_t i = 0; i < count; i++)
        add_visit(v, FIRST_PATIENT + patient, 15000 + (int64_t)(i * 13), drugs);
}

static void assert_comes_back(own_stream *v)
{
    lots_error err;
    lots_segment *segment;
    lots_batch out;
    assert_ok(open_file(&v->f, v->path, &segment, &err));
    assert_ok(lots_segment_export(segment, VISITS, FIRST_PATIENT, &out, &err));
    assert_same_batch(&out, &v->rows);
    assert_no_faults(segment);
    lots_batch_close(&out);
    lots_segment_close(segment);
}

static void columns_are_tied_where_it_pays(void **state)
{
    static const struct {
        uint32_t column;
        uint8_t encoding;
    } ties[] = {{V_DOCTOR, LOTS_ENCODING_GIVEN},  {V_CODE, LOTS_ENCODING_ENTRIES}, {V_PACKS, LOTS_ENCODING_LINKED},
                {V_PRICE, LOTS_ENCODING_LINKED},  {V_SHARE, LOTS_ENCODING_LINKED}, {V_END, LOTS_ENCODING_LINKED},
                {V_MINUTE, LOTS_ENCODING_CLASSES},  {V_URGENT, LOTS_ENCODING_CLASSES},
                {V_WARD, LOTS_ENCODING_PLANES | LOTS_ENCODING_ABSENT},
                {V_BEDS, LOTS_ENCODING_FRAME | LOTS_ENCODING_ABSENT},
                {V_NURSE, LOTS_ENCODING_GIVEN | LOTS_ENCODING_ABSENT}};
    (void)state;
    lots_error err;
    lots_segment *segment;
    own_stream v;
    own_stream_open(&v, 1, 10000, 40, add_visits, add_patient);
    assert_ok(open_file(&v.f, v.path, &segment, &err));
    assert_true(lots_segment_chunks(segment) > 2);
    for (uint32_t k = 0; k < lots_segment_chunks(segment); k++)
        for (size_t i = 0; i < sizeof ties / sizeof *ties; i++)
            assert_int_equal(lots_segment_meta(segment, VISITS, ties[i].column, LOTS_PART_VALUES, k)->encoding,
                             ties[i].encoding);
    lots_segment_close(segment);
    assert_comes_back(&v);
    own_stream_close(&v);
}

static void small_segments_come_back_whatever_is_tied(void **state)
{
    (void)state;
    for (uint32_t seed = 2; seed < 12; seed++) {
        own_stream v;
        own_stream_open(&v, seed, seed * 9, seed * seed, add_visits, add_patient);
        assert_comes_back(&v);
        own_stream_close(&v);
    }
}

/* Some rows of a column against all of them, and which rows have one of some ids. */
static void assert_parts(own_stream *v, lots_segment *segment, uint32_t column, uint32_t chunk, lots_known_entries *known,
                         lots_known_planes *planes, lots_arena *scratch)
{
    lots_error err;
    const lots_block_meta *meta = lots_segment_meta(segment, VISITS, column, LOTS_PART_VALUES, chunk);
    const size_t size = meta->phys == LOTS_PHYS_I64 || meta->phys == LOTS_PHYS_F64 ? 8 : 4, words = lots_bit_words(meta->count) + 8;
    uint8_t *all = malloc((meta->count + 8) * 8), *some = malloc((meta->count + 8) * 8);
    uint64_t *gone = calloc(words, 8), *some_gone = calloc(words, 8), *bits = calloc(words, 8);
    uint32_t *wanted = malloc((meta->count + 16) * 4), count = 0;
    bool has_missing, done;
    lots_values_out out = {.data = all, .missing = gone, .planes = planes};
    assert_ok(lots_segment_read(segment, VISITS, column, LOTS_PART_VALUES, chunk, &out, &has_missing, scratch, &err));
    for (uint32_t i = 0; i < meta->count; i++)
        if (below(&v->f, 5) == 0)
            wanted[count++] = i;
    if (column % 2 == 1 && known->count > 0) /* what a column before was asked for */
        memcpy(wanted, known->rows, (count = known->count) * sizeof *wanted);
    lots_values_out part = {.data = some, .missing = some_gone, .known = known, .planes = planes};
    assert_ok(lots_segment_take(segment, VISITS, column, chunk, wanted, count, &part, &has_missing, &done, scratch, &err));
    for (uint32_t i = 0; done && i < count; i++) {
        assert_memory_equal(some + i * size, all + wanted[i] * size, size);
        assert_int_equal(has_missing && lots_bit_get(some_gone, i), meta->missing > 0 && lots_bit_get(gone, wanted[i]));
    }
    const lots_id_test test = {3, 90, NULL, 0};
    assert_ok(lots_segment_test(segment, VISITS, column, chunk, &test, planes, bits, some_gone, &has_missing, &done, scratch, &err));
    for (uint32_t i = 0; done && i < meta->count; i++) {
        const uint32_t id = ((uint32_t *)all)[i];
        assert_int_equal(lots_bit_get(bits, i), id >= 3 && id < 90 && !(meta->missing > 0 && lots_bit_get(gone, i)));
    }
    free(all), free(some), free(gone), free(some_gone), free(bits), free(wanted);
}

static void parts_of_tied_columns_are_as_the_whole(void **state)
{
    (void)state;
    lots_error err;
    lots_segment *segment;
    lots_arena scratch, kept;
    own_stream v;
    own_stream_open(&v, 20, 1500, 40, add_visits, add_patient);
    assert_ok(open_file(&v.f, v.path, &segment, &err));
    lots_arena_init(&scratch, 0);
    lots_arena_init(&kept, 0);
    for (int round = 0; round < 3; round++) /* at first no block is known to be right */
        for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
            lots_known_entries known = {.arena = &kept};
            lots_known_planes planes = {.arena = &kept};
            for (uint32_t c = V_END; c < V_NOTE; c++)
                assert_parts(&v, segment, c, k, &known, round == 0 ? NULL : &planes, &scratch);
        }
    lots_arena_free(&kept);
    lots_arena_free(&scratch);
    lots_segment_close(segment);
    own_stream_close(&v);
}

/* Everything, again and again; and parts of columns up to `end`, which are as the whole, however that was read. */
static void assert_often(own_stream *v, lots_segment *segment, uint32_t end)
{
    lots_error err;
    lots_arena scratch, kept;
    lots_arena_init(&scratch, 0);
    lots_arena_init(&kept, 0);
    for (int time = 0; time < 6; time++) {
        lots_batch out;
        assert_ok(lots_segment_export(segment, VISITS, FIRST_PATIENT, &out, &err));
        assert_same_batch(&out, &v->rows);
        lots_batch_close(&out);
        for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
            lots_known_entries known = {.arena = &kept};
            for (uint32_t c = V_END; c < end; c++)
                assert_parts(v, segment, c, k, &known, NULL, &scratch);
        }
    }
    lots_arena_free(&kept);
    lots_arena_free(&scratch);
}

/* With much memory for what is kept, `bytes` a row and more of it, with `little` and with none. */
static void assert_kept_within(own_stream *v, size_t bytes, size_t little, uint32_t end)
{
    const size_t limits[] = {1 << 30, little, 1};
    lots_error err;
    for (int i = 0; i < 3; i++) {
        lots_segment *segment;
        lots_budget budget;
        lots_budget_init(&budget, limits[i]);
        assert_ok(open_file(&v->f, v->path, &segment, &err));
        lots_segment_keep(segment, &budget);
        assert_often(v, segment, end);
        const size_t held = budget.used_bytes;
        assert_true(i > 0 || held > bytes * v->rows.rows);
        assert_true(i != 1 || (held > 0 && held <= limits[i]));
        assert_true(i < 2 || held == 0);
        lots_segment_forget(segment); /* nothing is believed: read, checked, and found the same */
        assert_often(v, segment, end);
        assert_true(budget.used_bytes == held);
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
}

/* The days, each row's entry, doctor, ward and nurse. */
static void what_is_asked_for_often_is_kept_within_the_budget(void **state)
{
    (void)state;
    own_stream v;
    own_stream_open(&v, 21, 5000, 40, add_visits, add_patient);
    assert_kept_within(&v, 10, 200000 /* of one of two chunks */, V_NOTE);
    own_stream_close(&v);
}

static void add_calls(fixture *f)
{
    lots_error err;
    lots_stream *s;
    assert_ok(lots_schema_add_stream(&f->schema, "calls", &s, &err));
    add_column(s, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    add_column(s, "unit", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit");
}

/* At one of a few units, which nothing else tells. */
static void add_caller(own_stream *v, uint32_t patient, uint32_t most)
{
    lots_error err;
    uint64_t units[4];
    for (int i = 0; i < 4; i++)
        units[i] = below(&v->f, 300);
    const uint64_t count = below(&v->f, most + 1);
    for (uint64_t i = 0; i < count; i++) {
        assert_ok(lots_batch_row_begin(&v->rows, FIRST_PATIENT + patient, &err));
        put(&v->rows, 0, 15000 + i * 13);
        if (below(&v->f, 30) != 0)
            put(&v->rows, 1, units[below(&v->f, 4)]);
        assert_ok(lots_batch_row_end(&v->rows, &err));
    }
}

/* Then these are kept, as of columns that are told from others, and no entries. */
static void ids_whose_entries_nothing_shares_are_kept(void **state)
{
    (void)state;
    lots_error err;
    lots_segment *segment;
    own_stream v;
    own_stream_open(&v, 22, 5000, 40, add_calls, add_caller);
    assert_ok(open_file(&v.f, v.path, &segment, &err));
    assert_int_equal(lots_segment_meta(segment, VISITS, 1, LOTS_PART_VALUES, 0)->encoding, LOTS_ENCODING_ENTRIES);
    lots_segment_close(segment);
    assert_kept_within(&v, 4, 200000, 2);
    own_stream_close(&v);
}

static void the_same_rows_give_the_same_bytes(void **state)
{
    (void)state;
    own_stream a, b;
    own_stream_open(&a, 30, 700, 30, add_visits, add_patient);
    own_stream_open(&b, 30, 700, 30, add_visits, add_patient);
    lots_error err;
    char *first, *second;
    size_t first_bytes, second_bytes;
    assert_ok(lots_file_slurp(a.path, 1u << 24, &first, &first_bytes, &err));
    assert_ok(lots_file_slurp(b.path, 1u << 24, &second, &second_bytes, &err));
    assert_int_equal(first_bytes, second_bytes);
    assert_memory_equal(first, second, first_bytes);
    assert_true(a.result.hash == b.result.hash);
    lots_free(first);
    lots_free(second);
    own_stream_close(&a);
    own_stream_close(&b);
}

/* ---- what a file may not say ---- */

static lots_layout_column *column_of(lots_layout *layout, uint32_t column) { return &layout->streams[VISITS].columns[column]; }

/* Each row: what is changed in a sound directory, which is refused then. */
static void change(lots_layout *layout, int what)
{
    switch (what) {
    case 0: column_of(layout, V_PACKS)->parent = V_PACKS; break;                         /* its own parent */
    case 1: column_of(layout, V_PACKS)->parent = 99; break;                              /* no column */
    case 2: column_of(layout, V_PACKS)->parent = V_PRICE; break;                         /* one without ids */
    case 3: column_of(layout, V_PACKS)->parent = V_DOCTOR; break;                        /* one that has a parent */
    case 4: column_of(layout, V_DOCTOR)->parent = V_CODE; break;                         /* children of another */
    case 5: column_of(layout, V_START)->flags |= LOTS_COLUMN_PARENT; break;              /* ordered days are tied to nothing */
    case 6: column_of(layout, V_DOCTOR)->flags &= (uint8_t)~LOTS_COLUMN_PARENT; break;   /* children of nobody */
    case 7: column_of(layout, V_DOCTOR)->children.metas[0].count++; break;               /* a list too many */
    case 8: column_of(layout, V_DOCTOR)->children.metas[1].missing = 1; break;
    case 9: column_of(layout, V_PACKS)->flags |= LOTS_COLUMN_CHILDREN | LOTS_COLUMN_PRESENCE; break;
    case 10: column_of(layout, V_WARD)->absent_by = 99; break;
    case 11: column_of(layout, V_WARD)->absent_by = V_WARD; break;
    case 12: column_of(layout, V_WARD)->absent_by = V_BEDS; break;                       /* one without ids */
    case 13: column_of(layout, V_WARD)->absent_by = V_NURSE; break;                      /* one that has a parent */
    case 14: column_of(layout, V_START)->flags |= LOTS_COLUMN_ABSENT; break;
    case 15: column_of(layout, V_NOTE)->flags |= LOTS_COLUMN_ABSENT; break;              /* texts leave out nothing */
    case 16: column_of(layout, V_NURSE)->parent = V_WARD; break;                         /* one that leaves out rows */
    default: fail();
    }
}

static void a_directory_that_ties_what_can_not_be_tied_is_refused(void **state)
{
    (void)state;
    own_stream v;
    sealed file;
    own_stream_open(&v, 40, 800, 40, add_visits, add_patient);
    sealed_read(v.path, &file);
    for (int what = -1; what < 17; what++) {
        lots_layout layout;
        sealed_layout(&file, &layout);
        assert_int_equal(column_of(&layout, V_DOCTOR)->parent, V_UNIT);
        assert_int_equal(column_of(&layout, V_PACKS)->parent, V_CODE);
        assert_int_equal(column_of(&layout, V_WARD)->absent_by, V_LEVEL);
        if (what >= 0)
            change(&layout, what);
        assert_int_equal(sealed_judge(&file, &layout), what < 0 ? LOTS_OK : LOTS_CORRUPT);
        lots_layout_free(&layout);
    }
    sealed_free(&file);
    own_stream_close(&v);
}

/* Flip a bit of a block of some column, and make its checksum fit. */
static void change_block(own_stream *v, lots_layout *layout, bool children, lots_bytes *file)
{
    lots_layout_column *column = column_of(layout, 1 + (uint32_t)below(&v->f, V_NURSE));
    lots_layout_slot *slot = column->flags & LOTS_COLUMN_CHILDREN && children ? &column->children : &column->values;
    const uint32_t block = (uint32_t)below(&v->f, slot->block_count);
    lots_block_meta *meta = &slot->metas[block];
    uint8_t *bytes = file->data + slot->offsets[block];
    if (meta->bytes > 0)
        bytes[below(&v->f, meta->bytes)] ^= (uint8_t)(1 << below(&v->f, 8));
    meta->checksum = lots_hash(bytes, meta->bytes, lots_hash_salt(SEGMENT_ID, slot->number, block));
}

/* Blocks changed under right checksums: the check goes through all of it, and finds something or nothing. */
static void tied_blocks_changed_under_right_checksums_never_harm(void **state)
{
    (void)state;
    lots_error err;
    own_stream v;
    sealed file;
    own_stream_open(&v, 50, 60, 30, add_visits, add_patient);
    sealed_read(v.path, &file);
    for (int round = 0; round < 150; round++) {
        lots_layout layout;
        lots_bytes changed = {0};
        lots_segment *segment;
        uint64_t faults, blocks;
        char last[256];
        sealed_layout(&file, &layout);
        assert_ok(lots_bytes_append(&changed, file.bytes, file.header.directory_offset, &err));
        change_block(&v, &layout, round % 2 == 0, &changed);
        sealed_write(&file, v.path, changed.data, &layout);
        assert_ok(open_file(&v.f, v.path, &segment, &err));
        assert_ok(lots_segment_check(segment, count_fault, last, &faults, &blocks, &err));
        lots_segment_close(segment);
        lots_bytes_free(&changed);
        lots_layout_free(&layout);
    }
    sealed_free(&file);
    own_stream_close(&v);
}

/* ---- versions ---- */

static void files_of_versions_before_are_read_and_no_others(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result result;
    char path[600], *bytes;
    size_t count;
    path_in(path, "1.seg");
    fixture_open(&f, 60);
    make_rows(&f, &from, 5, 4, 20); /* too few to be tied: a file as versions before wrote it */
    write_rows(&f, &from, path, &result);
    assert_ok(lots_file_slurp(path, 1u << 24, &bytes, &count, &err));
    for (uint32_t version = 0; version < LOTS_FORMAT_VERSION + 3; version++) {
        lots_segment *segment;
        lots_put32((uint8_t *)bytes + 8, version);
        lots_put64((uint8_t *)bytes + 56, lots_hash(bytes, 56, 0));
        put_file(path, bytes, count);
        const lots_status status = open_file(&f, path, &segment, &err);
        assert_int_equal(status, version >= 2 && version <= LOTS_FORMAT_VERSION ? LOTS_OK : LOTS_CORRUPT);
        if (status != LOTS_OK)
            continue;
        assert_exports(segment, &from);
        lots_segment_close(segment);
    }
    lots_free(bytes);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_tied_where_it_pays),
        cmocka_unit_test(small_segments_come_back_whatever_is_tied),
        cmocka_unit_test(parts_of_tied_columns_are_as_the_whole),
        cmocka_unit_test(what_is_asked_for_often_is_kept_within_the_budget),
        cmocka_unit_test(ids_whose_entries_nothing_shares_are_kept),
        cmocka_unit_test(the_same_rows_give_the_same_bytes),
        cmocka_unit_test(a_directory_that_ties_what_can_not_be_tied_is_refused),
        cmocka_unit_test(tied_blocks_changed_under_right_checksums_never_harm),
        cmocka_unit_test(files_of_versions_before_are_read_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
