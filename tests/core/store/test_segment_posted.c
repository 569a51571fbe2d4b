/* test_segment_posted.c: who of a chunk has a code, and in which rows, as the postings say it: against a loop over the rows, under damage, and
 * where a file has none. */
#include "core/codec/block.h"
#include "core/index/bitset.h"
#include "tests/core/store/segment_sealed.h"

enum { CASES = STREAMS, CODE_COUNT = 400 };
enum { K_START, K_DX, K_DRUG, K_ONCE, K_LEVEL };

static void add_cases(fixture *f)
{
    lots_error err;
    lots_stream *s;
    assert_ok(lots_schema_add_stream(&f->schema, "cases", &s, &err));
    add_column(s, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    add_column(s, "dx", LOTS_KIND_CODES, LOTS_ROLE_NONE, NULL);
    add_column(s, "drug", LOTS_KIND_CODE, LOTS_ROLE_NONE, NULL);
    add_column(s, "once", LOTS_KIND_CODE, LOTS_ROLE_NONE, NULL);
    add_column(s, "level", LOTS_KIND_CATEGORY, LOTS_ROLE_LEVEL, "level");
}

/* A few codes of the patient's own, again and again; `once` has another code each time. */
static void add_case(own_stream *k, uint32_t patient, int64_t day, const uint64_t own[4])
{
    lots_error err;
    fixture *f = &k->f;
    assert_ok(lots_batch_row_begin(&k->rows, FIRST_PATIENT + patient, &err));
    assert_ok(lots_batch_put_int(&k->rows, K_START, day, &err));
    for (uint64_t n = below(f, 4); n > 0; n--)
        assert_ok(lots_batch_put_item(&k->rows, K_DX, (lots_id)own[below(f, 4)], &err));
    if (below(f, 5) != 0)
        assert_ok(lots_batch_put_int(&k->rows, K_DRUG, (int64_t)own[below(f, 2)], &err));
    if (patient % 50 == 7)
        assert_ok(lots_batch_put_int(&k->rows, K_ONCE, (int64_t)below(f, CODE_COUNT), &err));
    assert_ok(lots_batch_put_int(&k->rows, K_LEVEL, (int64_t)below(f, 3), &err));
    assert_ok(lots_batch_row_end(&k->rows, &err));
}

static void add_patient(own_stream *k, uint32_t patient, uint32_t most)
{
    uint64_t own[4];
    for (int i = 0; i < 4; i++)
        own[i] = below(&k->f, below(&k->f, 3) == 0 ? CODE_COUNT : 20);
    const uint64_t count = below(&k->f, 5) == 0 ? 0 : below(&k->f, most + 1);
    for (uint64_t i = 0; i < count; i++)
        add_case(k, patient, 15000 + (int64_t)i * 13, own);
}

/* ---- a loop over the rows ---- */

static bool is_in(const lots_id_test *test, uint32_t id)
{
    return test->table != NULL ? id < test->table_count && lots_bit_get(test->table, id) : id >= test->first && id < test->end;
}

/* For each stable id of the dictionary, whether its local number is in the set. */
static void find_wanted(const own_stream *k, lots_segment *segment, uint32_t column, const lots_id_test *test, bool out[CODE_COUNT])
{
    lots_error err;
    const lots_id *rank_of = lots_dictionary_rank_of_stable(k->f.codes), *ranks;
    uint32_t ids;
    assert_ok(lots_segment_ranks(segment, CASES, column, &ranks, &ids, &err));
    for (uint32_t stable = 0; stable < CODE_COUNT; stable++) {
        out[stable] = false;
        for (uint32_t id = 0; id < ids; id++)
            out[stable] |= ranks[id] == rank_of[stable] && is_in(test, id);
    }
}

static bool row_has(const own_stream *k, uint32_t column, uint32_t row, const bool wanted[CODE_COUNT])
{
    const lots_batch_column *c = &k->rows.columns[column];
    const uint32_t first = c->list ? LOTS_AT(uint32_t, &c->offsets, row) : row;
    const uint32_t end = c->list ? LOTS_AT(uint32_t, &c->offsets, row + 1) : row + 1;
    for (uint32_t i = first; i < end; i++) {
        if (!c->list && LOTS_AT(uint8_t, &c->missing, i))
            continue;
        if (wanted[LOTS_AT(lots_id, &c->values, i)])
            return true;
    }
    return false;
}

static void assert_posted(const own_stream *k, lots_segment *segment, uint32_t column, uint32_t chunk, const lots_id_test *test,
                          lots_arena *scratch)
{
    lots_error err;
    const uint32_t first = lots_segment_chunk_first(segment, chunk), end = lots_segment_chunk_first(segment, chunk + 1);
    uint64_t posted[LOTS_CHUNK_PATIENTS / 64 + 8], expected[LOTS_CHUNK_PATIENTS / 64 + 8] = {0};
    bool done, wanted[CODE_COUNT];
    find_wanted(k, segment, column, test, wanted);
    memset(posted, 0xa5, sizeof posted);
    assert_ok(lots_segment_posted(segment, CASES, column, chunk, test, posted, &done, scratch, &err));
    assert_true(done);
    for (uint32_t row = 0; row < k->rows.rows; row++) {
        const uint32_t patient = LOTS_AT(lots_patient, &k->rows.patient, row) - FIRST_PATIENT;
        if (patient >= first && patient < end && row_has(k, column, row, wanted))
            lots_bit_set(expected, patient - first);
    }
    for (uint32_t p = 0; p < end - first; p++)
        assert_int_equal(lots_bit_get(posted, p), lots_bit_get(expected, p));
}

/* Rows are told when every id of the set that is in the chunk is one that few have. */
static bool assert_posted_rows(const own_stream *k, lots_segment *segment, uint32_t chunk, const lots_id_test *test, lots_arena *scratch)
{
    lots_error err;
    const uint32_t first = lots_segment_chunk_first(segment, chunk), end = lots_segment_chunk_first(segment, chunk + 1);
    uint64_t *told = malloc((lots_bit_words(lots_segment_chunk_rows(segment, CASES, chunk)) + 8) * sizeof *told);
    uint32_t row = 0;
    bool done, wanted[CODE_COUNT];
    find_wanted(k, segment, K_DX, test, wanted);
    const lots_id_test before = {.first = 30, .end = 40}; /* what it had decoded is kept, and may not do */
    lots_arena arena;
    lots_kept_offsets kept = {.arena = &arena};
    lots_arena_init(&arena, 0);
    assert_ok(lots_segment_posted_rows(segment, CASES, K_DX, chunk, &before, told, &done, &kept, scratch, &err));
    assert_ok(lots_segment_posted_rows(segment, CASES, K_DX, chunk, test, told, &done, &kept, scratch, &err));
    for (uint32_t i = 0; done && i < k->rows.rows; i++) {
        const uint32_t patient = LOTS_AT(lots_patient, &k->rows.patient, i) - FIRST_PATIENT;
        if (patient >= first && patient < end)
            assert_int_equal(lots_bit_get(told, row++), row_has(k, K_DX, i, wanted));
    }
    lots_arena_free(&arena);
    free(told);
    return done;
}

/* Rounds of sets of a few ids or of some by table. How many were told, and how many weren't. */
static void ask_rows(own_stream *k, lots_segment *segment, lots_arena *scratch, uint32_t *told, uint32_t *untold)
{
    for (uint32_t round = 0; round < 60; round++) {
        uint64_t table[CODE_COUNT / 64 + 9] = {0};
        const uint32_t first = (uint32_t)below(&k->f, round % 4 == 0 ? 20 : CODE_COUNT); /* the first twenty are common */
        lots_id_test test = {.first = first, .end = first + 1 + (uint32_t)below(&k->f, 5)};
        for (int i = 0; i < 3; i++)
            lots_bit_set(table, below(&k->f, CODE_COUNT));
        if (round % 2 == 1)
            test = (lots_id_test){.table = table, .table_count = CODE_COUNT};
        if (assert_posted_rows(k, segment, round % lots_segment_chunks(segment), &test, scratch))
            ++*told;
        else
            ++*untold;
    }
}

static void ask_patients(own_stream *k, lots_segment *segment, lots_arena *scratch)
{
    for (uint32_t column = K_DX; column <= K_DRUG; column++)
        for (uint32_t round = 0; round < 12; round++) {
            uint64_t table[CODE_COUNT / 64 + 9] = {0};
            const uint32_t first = (uint32_t)below(&k->f, CODE_COUNT);
            lots_id_test test = {.first = first, .end = first + (uint32_t)below(&k->f, 1 + (round % 3) * 200)};
            for (uint32_t id = 0; id < CODE_COUNT; id++)
                if (below(&k->f, 9) == 0)
                    lots_bit_set(table, id);
            if (round % 2 == 1)
                test = (lots_id_test){.table = table, .table_count = round == 3 ? CODE_COUNT + 40 : 90};
            assert_posted(k, segment, column, round % lots_segment_chunks(segment), &test, scratch);
        }
}

static void rows_of_rare_codes_are_told(void **state)
{
    (void)state;
    lots_error err;
    lots_segment *segment;
    lots_arena scratch;
    uint32_t told = 0, untold = 0;
    own_stream k;
    own_stream_open(&k, 5, 4000, 40, add_cases, add_patient);
    assert_ok(open_file(&k.f, k.path, &segment, &err));
    lots_arena_init(&scratch, 0);
    ask_rows(&k, segment, &scratch, &told, &untold);
    assert_true(told > 20);
    assert_true(untold > 2);
    const lots_id_test all = {.end = CODE_COUNT};
    assert_false(assert_posted_rows(&k, segment, 0, &all, &scratch));
    lots_arena_free(&scratch);
    lots_segment_close(segment);
    own_stream_close(&k);
}

static void those_posted_are_those_who_have_the_code(void **state)
{
    (void)state;
    lots_error err;
    lots_segment *segment;
    lots_arena scratch;
    own_stream k;
    own_stream_open(&k, 1, 4000, 40, add_cases, add_patient);
    assert_ok(open_file(&k.f, k.path, &segment, &err));
    lots_arena_init(&scratch, 0);
    assert_true(lots_segment_chunks(segment) > 1);
    ask_patients(&k, segment, &scratch);
    assert_no_faults(segment);
    lots_arena_free(&scratch);
    lots_segment_close(segment);
    own_stream_close(&k);
}

/* As lists, as far as the memory goes: of all chunks, of one perhaps, of none. */
static void postings_asked_often_are_kept_and_say_the_same(void **state)
{
    (void)state;
    enum { LITTLE = 40000 };
    static const size_t limits[] = {SIZE_MAX, LITTLE, 1};
    lots_error err;
    size_t held[3];
    own_stream k;
    own_stream_open(&k, 6, 4000, 40, add_cases, add_patient);
    for (int i = 0; i < 3; i++) {
        lots_segment *segment;
        lots_arena scratch;
        lots_budget budget;
        uint32_t told = 0, untold = 0;
        lots_budget_init(&budget, limits[i]);
        assert_ok(open_file(&k.f, k.path, &segment, &err));
        lots_segment_keep(segment, &budget);
        lots_arena_init(&scratch, 0);
        for (int round = 0; round < 3; round++) {
            ask_rows(&k, segment, &scratch, &told, &untold);
            ask_patients(&k, segment, &scratch);
        }
        assert_true(told > 60 && untold > 6);
        held[i] = budget.used_bytes;
        assert_no_faults(segment);
        lots_arena_free(&scratch);
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
    assert_true(held[0] > LITTLE && held[1] <= LITTLE && held[1] > 0 && held[2] == 0);
    own_stream_close(&k);
}

static void codes_as_dear_to_post_as_to_read_are_not_posted(void **state)
{
    (void)state;
    lots_error err;
    lots_segment *segment;
    lots_arena scratch;
    uint64_t posted[LOTS_CHUNK_PATIENTS / 64 + 8];
    const lots_id_test all = {.end = CODE_COUNT};
    bool done = true;
    own_stream k;
    own_stream_open(&k, 2, 900, 30, add_cases, add_patient);
    assert_ok(open_file(&k.f, k.path, &segment, &err));
    lots_arena_init(&scratch, 0);
    assert_true(lots_segment_has_postings(segment, CASES, K_DX));
    assert_true(lots_segment_aid_bytes(segment, CASES, K_DX, 0) > 0);
    assert_false(lots_segment_has_postings(segment, CASES, K_ONCE));
    assert_false(lots_segment_has_postings(segment, CASES, K_LEVEL));
    assert_int_equal(lots_segment_aid_bytes(segment, CASES, K_ONCE, 0), 0);
    assert_ok(lots_segment_posted(segment, CASES, K_ONCE, 0, &all, posted, &done, &scratch, &err));
    assert_false(done);
    lots_arena_free(&scratch);
    lots_segment_close(segment);
    own_stream_close(&k);
}

/* ---- what a file may not say ---- */

static void postings_that_can_not_be_are_refused(void **state)
{
    (void)state;
    own_stream k;
    sealed file;
    own_stream_open(&k, 3, 300, 20, add_cases, add_patient);
    sealed_read(k.path, &file);
    for (int what = -1; what < 11; what++) {
        lots_layout layout;
        sealed_layout(&file, &layout);
        lots_layout_column *dx = &layout.streams[CASES].columns[K_DX];
        lots_block_meta *meta = &dx->postings.metas[0];
        switch (what) {
        case 0: meta->max = (int64_t)dx->dictionary.metas[0].count * k.count; break; /* an id too many */
        case 1: meta->min = -1; break;
        case 2: meta->missing = 1; break;
        case 3: meta->bytes++; break;
        case 4: layout.streams[CASES].columns[K_LEVEL].flags |= LOTS_COLUMN_POSTINGS; break; /* a category has none */
        case 5: dx->flags &= (uint8_t)~LOTS_COLUMN_POSTINGS; break;                          /* bytes that belong to nothing */
        case 6: dx->posted_rows.metas[0].max = (int64_t)dx->dictionary.metas[0].count * layout.streams[CASES].rows[0]; break;
        case 7: dx->posted_rows.metas[0].missing = dx->posted_rows.metas[0].count - 1; break;
        case 8: dx->rare.metas[0].max = (int64_t)dx->dictionary.metas[0].count * k.count; break;
        case 9: dx->rare.metas[0].missing = 1; break;
        case 10: dx->rare.metas[0].bytes--; break;
        default: break;
        }
        assert_int_equal(sealed_judge(&file, &layout), what < 0 ? LOTS_OK : LOTS_CORRUPT);
        lots_layout_free(&layout);
    }
    sealed_free(&file);
    own_stream_close(&k);
}

/* Does the check tell? If not, the postings must say what they said. */
static bool is_found(const own_stream *k, uint32_t column, uint32_t bit, lots_arena *scratch)
{
    lots_error err;
    lots_segment *segment;
    uint64_t faults, blocks, posted[LOTS_CHUNK_PATIENTS / 64 + 8];
    char last[256];
    bool done;
    assert_ok(open_file(&k->f, k->path, &segment, &err));
    const lots_id_test some = {.first = bit % 20, .end = CODE_COUNT}, few = {.first = bit, .end = bit + 2};
    lots_status status = LOTS_OK;
    lots_budget budget;
    lots_budget_init(&budget, SIZE_MAX);
    lots_segment_keep(segment, bit % 2 == 0 ? &budget : NULL);
    for (int round = 0; round < 5; round++)
        status = lots_segment_posted(segment, CASES, column, 0, &some, posted, &done, scratch, &err);
    assert_true(status == LOTS_OK || status == LOTS_CORRUPT);
    if (column == K_DX) {
        uint64_t *told = malloc((lots_bit_words(lots_segment_chunk_rows(segment, CASES, 0)) + 8) * sizeof *told);
        lots_arena arena;
        lots_kept_offsets kept = {.arena = &arena};
        lots_arena_init(&arena, 0);
        const lots_status read = lots_segment_posted_rows(segment, CASES, column, 0, &few, told, &done, &kept, scratch, &err);
        assert_true(read == LOTS_OK || read == LOTS_CORRUPT);
        lots_arena_free(&arena);
        free(told);
    }
    assert_ok(lots_segment_check(segment, count_fault, last, &faults, &blocks, &err));
    if (faults == 0) {
        assert_posted(k, segment, column, 0, &some, scratch);
        if (column == K_DX)
            assert_posted_rows(k, segment, 0, &few, scratch);
    }
    lots_segment_close(segment);
    return faults > 0;
}

/* Every third bit of the postings turned, one at a time, under a checksum that fits: the check tells, unless it says the same still. */
static void wrong_postings_under_right_checksums_are_found(void **state)
{
    (void)state;
    lots_arena scratch;
    own_stream k;
    sealed file;
    uint32_t found = 0, turned = 0;
    own_stream_open(&k, 4, 90, 12, add_cases, add_patient);
    sealed_read(k.path, &file);
    lots_arena_init(&scratch, 0);
    lots_layout layout;
    sealed_layout(&file, &layout);
    for (uint32_t part = 0; part < 4; part++) {
        const uint32_t column = part == 2 ? K_DRUG : K_DX;
        lots_layout_column *posted = &layout.streams[CASES].columns[column];
        lots_layout_slot *slot = part == 1 ? &posted->posted_rows : part == 3 ? &posted->rare : &posted->postings;
        lots_block_meta *meta = &slot->metas[0];
        uint8_t *block = (uint8_t *)file.bytes + slot->offsets[0];
        for (uint32_t bit = 0; bit < 8 * meta->bytes; bit += 3, turned++) {
            block[bit / 8] ^= (uint8_t)(1u << bit % 8);
            meta->checksum = lots_hash(block, meta->bytes, lots_hash_salt(SEGMENT_ID, slot->number, 0));
            sealed_write(&file, k.path, file.bytes, &layout);
            found += is_found(&k, column, bit, &scratch);
            block[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        meta->checksum = lots_hash(block, meta->bytes, lots_hash_salt(SEGMENT_ID, slot->number, 0));
    }
    assert_true(found * 10 > turned * 9); /* the others fill up a byte */
    lots_layout_free(&layout);
    lots_arena_free(&scratch);
    sealed_free(&file);
    own_stream_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_posted_are_those_who_have_the_code),
        cmocka_unit_test(rows_of_rare_codes_are_told),
        cmocka_unit_test(postings_asked_often_are_kept_and_say_the_same),
        cmocka_unit_test(codes_as_dear_to_post_as_to_read_are_not_posted),
        cmocka_unit_test(postings_that_can_not_be_are_refused),
        cmocka_unit_test(wrong_postings_under_right_checksums_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
