/* test_absent.c: blocks that leave out the rows which another column tells to be missing give back what they were given, whole, in
 * part and as tests of a set; damaged bytes and wrong rows are refused or give some value, never worse. The oracle is the column
 * itself. */
#include "core/index/bitset.h"
#include "tests/core/codec/columns.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

enum { ROWS_MAX = 3000, SLACK = 16, IDS = 5, PARENTS = 30 };

/* Rows with an id each, of which some are left out, and a parent with children for GIVEN. */
typedef struct told {
    uint32_t ids[ROWS_MAX + SLACK], parent_ids[ROWS_MAX + SLACK];
    uint32_t firsts[PARENTS + 2 + SLACK], children[PARENTS * 8 + SLACK];
    uint64_t gone[ROWS_MAX / 64 + SLACK]; /* rows of ids 1 and 4; then those that a block leaves out */
    lots_absence absence;
    lots_parent parent;
} told;

static void tell(told *made, uint32_t count, uint64_t *seed)
{
    memset(made, 0, sizeof *made);
    for (uint32_t i = 0; i < count; i++) {
        made->ids[i] = (uint32_t)(lots_test_random(seed) % (IDS + 1)); /* IDS: missing */
        made->parent_ids[i] = (uint32_t)(lots_test_random(seed) % (PARENTS + 1));
        if (made->ids[i] == 1 || made->ids[i] == 4)
            lots_bit_set(made->gone, i);
    }
    for (uint32_t p = 0; p <= PARENTS; p++) {
        made->firsts[p + 1] = made->firsts[p] + p % 6; /* some have none */
        for (uint32_t k = made->firsts[p]; k < made->firsts[p + 1]; k++)
            made->children[k] = k * 7 % 60;
    }
    made->absence = (lots_absence){made->ids, IDS};
    made->parent = (lots_parent){.ids = made->parent_ids, .count = PARENTS, .firsts = made->firsts, .children = made->children};
}

/* Rows of ids 1 and 4 become missing, also those of parents without children when it is given. */
static void follow(const told *made, column *from, bool given, uint64_t *seed)
{
    if (from->missing == NULL)
        from->values.missing = from->missing = calloc(from->values.count / 64 + 2, 8);
    for (uint32_t i = 0; i < from->values.count; i++) {
        const uint32_t first = made->firsts[made->parent_ids[i]], end = made->firsts[made->parent_ids[i] + 1];
        if (lots_bit_get(made->gone, i) || (given && first == end))
            lots_bit_set(from->missing, i);
        if (given)
            ((uint32_t *)from->data)[i] = first == end ? 0 : made->children[first + lots_test_random(seed) % (end - first)];
    }
}

static bool gone_at(const lots_values *values, uint32_t i) { return lots_bit_get(values->missing, i); }

static void check_row(const lots_values *values, uint32_t row, const lots_values_out *out, uint32_t at)
{
    static const char zeros[8];
    const size_t size = values->phys == LOTS_PHYS_I64 || values->phys == LOTS_PHYS_F64 ? 8 : 4;
    const bool gone = gone_at(values, row);
    assert_int_equal(lots_bit_get(out->missing, at), gone);
    if (values->phys == LOTS_PHYS_BITS)
        assert_int_equal(lots_bit_get(out->data, at), !gone && lots_bit_get(values->data, row));
    else
        assert_memory_equal((const char *)out->data + at * size, gone ? zeros : (const char *)values->data + row * size, size);
}

static void check_taken(const told *made, const lots_values *values, const lots_block_meta *meta, const uint8_t *bytes,
                        unsigned one_in, lots_arena *arena, uint64_t *seed)
{
    static uint32_t rows[ROWS_MAX + SLACK], ids[ROWS_MAX + SLACK];
    static uint64_t data[ROWS_MAX + SLACK], missing[ROWS_MAX / 64 + SLACK];
    lots_error err;
    uint32_t picked = 0;
    lots_parent parent = made->parent;
    if (!lots_block_can_take(meta))
        return;
    for (uint32_t i = 0; i < values->count; i++)
        if (lots_test_random(seed) % one_in == 0) {
            ids[picked] = made->parent_ids[i];
            rows[picked++] = i;
        }
    parent.ids = ids;
    memset(missing, 0xff, sizeof missing);
    lots_values_out out = {.data = data, .missing = missing, .parent = &parent, .absent = made->gone};
    assert_ok(lots_block_take(meta, bytes, rows, picked, &out, arena, &err));
    for (uint32_t i = 0; i < picked; i++)
        check_row(values, rows[i], &out, i);
}

static void check_tested(const told *made, const lots_values *values, const lots_block_meta *meta, const uint8_t *bytes,
                         lots_arena *arena)
{
    static uint64_t bits[ROWS_MAX / 64 + SLACK], missing[ROWS_MAX / 64 + SLACK];
    const lots_id_test test = {1, 4, NULL, 0};
    lots_error err;
    uint32_t greatest = 0;
    if (!lots_block_can_test(meta))
        return;
    assert_ok(lots_block_test(meta, bytes, &test, &(lots_values_out){.absent = made->gone}, bits, missing, &greatest, arena, &err));
    for (uint32_t i = 0; i < values->count; i++) {
        const uint32_t id = ((const uint32_t *)values->data)[i];
        assert_int_equal(lots_bit_get(bits, i), id >= 1 && id < 4 && !gone_at(values, i));
        assert_int_equal(lots_bit_get(missing, i), gone_at(values, i));
        assert_true(greatest >= id || gone_at(values, i));
    }
}

/* Change a byte, leave some out, or have other rows left out: an error or some value. */
static void check_damage(const told *made, const lots_block_meta *meta, const uint8_t *bytes, lots_arena *arena, uint64_t *seed)
{
    static uint64_t data[ROWS_MAX + SLACK], missing[ROWS_MAX / 64 + SLACK], other[ROWS_MAX / 64 + SLACK];
    for (int round = 0; round < 60; round++) {
        lots_block_meta cut = *meta;
        lots_error err;
        cut.bytes = round % 2 == 0 ? meta->bytes : (uint32_t)(lots_test_random(seed) % (meta->bytes + 1));
        uint8_t *exact = malloc(cut.bytes + (cut.bytes == 0));
        memcpy(exact, bytes, cut.bytes);
        if (cut.bytes > 0 && round % 4 != 3)
            exact[lots_test_random(seed) % cut.bytes] ^= (uint8_t)(1u << lots_test_random(seed) % 8);
        memcpy(other, made->gone, sizeof other);
        if (round % 4 >= 2)
            for (uint32_t i = 0; i < meta->count; i += 1 + (uint32_t)(lots_test_random(seed) % 9))
                other[i / 64] ^= UINT64_C(1) << (i % 64);
        lots_values_out out = {.data = data, .missing = missing, .parent = &made->parent,
                               .absent = round == 0 ? NULL : other};
        const lots_status status = lots_block_decode(&cut, exact, &out, arena, &err);
        assert_true(status == LOTS_OK || status == LOTS_CORRUPT);
        assert_true(round != 0 || status == LOTS_CORRUPT);
        free(exact);
    }
}

/* By chance also other ids have no row that is not missing. */
static void leave_out(told *made, uint64_t set, uint32_t count)
{
    memset(made->gone, 0, sizeof made->gone);
    for (uint32_t i = 0; i < count; i++)
        if (made->ids[i] < IDS && (set >> made->ids[i] & 1) != 0)
            lots_bit_set(made->gone, i);
}

static bool is_absent(const lots_block_meta *meta) { return (meta->encoding & LOTS_ENCODING_ABSENT) != 0; }

static void check_block(told *made, const lots_values *values, const lots_block_options *options, bool expected,
                        uint64_t *seed)
{
    static uint64_t data[ROWS_MAX + SLACK], missing[ROWS_MAX / 64 + SLACK];
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    lots_error err;
    lots_arena arena;
    uint64_t set;
    lots_arena_init(&arena, 0);
    assert_ok(lots_block_encode(values, options, 9, &out, &meta, &err));
    assert_int_equal(meta.missing, lots_bits_count(values->missing, values->count));
    assert_int_equal(meta.count, values->count);
    const bool some = meta.missing < meta.count;
    if (expected && some && lots_bits_count(made->gone, values->count) > 0)
        assert_true(is_absent(&meta));
    uint8_t *exact = malloc(meta.bytes + (meta.bytes == 0));
    if (meta.bytes > 0)
        memcpy(exact, out.data, meta.bytes);
    assert_ok(lots_block_absent(&meta, exact, &set, &err));
    assert_int_equal(set & 1, 0);
    assert_true(set == 0 || is_absent(&meta));
    leave_out(made, set, values->count);
    for (int again = 0; again < 2; again++) {
        lots_values_out got = {.data = data, .missing = missing, .parent = &made->parent, .absent = made->gone,
                               .believed = again == 1};
        memset(missing, 0xff, sizeof missing);
        assert_ok(lots_block_decode(&meta, exact, &got, &arena, &err));
        for (uint32_t i = 0; i < values->count; i++)
            check_row(values, i, &got, i);
    }
    if (some && is_absent(&meta)) {
        check_taken(made, values, &meta, exact, 3, &arena, seed);
        check_taken(made, values, &meta, exact, 40, &arena, seed);
        check_tested(made, values, &meta, exact, &arena);
        check_damage(made, &meta, exact, &arena, seed);
    }
    free(exact);
    lots_arena_free(&arena);
    lots_bytes_free(&out);
}

static const uint32_t sizes[] = {1, 2, 63, 64, 65, 700, ROWS_MAX};

/* One row of id 0 stays, so that its rows are never left out. */
static void keep_one(told *made, column *from)
{
    made->ids[0] = 0;
    lots_bit_clear(made->gone, 0);
    lots_bit_clear(from->missing, 0);
}

static void rows_left_out_come_back_missing(void **state)
{
    static const lots_phys physes[] = {LOTS_PHYS_BITS, LOTS_PHYS_I32, LOTS_PHYS_U32, LOTS_PHYS_I64, LOTS_PHYS_F64};
    static const column_kind kinds[] = {COLUMN_CONSTANT, COLUMN_FEW, COLUMN_OUTLIERS, COLUMN_RUNS, COLUMN_SPREAD, COLUMN_WIDE};
    static told made;
    uint64_t seed = 3;
    (void)state;
    for (size_t s = 0; s < COUNT_OF(sizes); s++)
        for (size_t p = 0; p < COUNT_OF(physes); p++)
            for (size_t k = 0; k < COUNT_OF(kinds); k++)
                for (unsigned missing = 0; missing < 3; missing++) {
                    tell(&made, sizes[s], &seed);
                    column from = column_make(physes[p], kinds[k], sizes[s], missing * 3, seed);
                    follow(&made, &from, false, &seed);
                    keep_one(&made, &from);
                    check_block(&made, &from.values, &(lots_block_options){.absent = &made.absence}, missing == 0, &seed);
                    column_free(&from);
                }
}

static void children_come_back_among_rows_left_out(void **state)
{
    static told made;
    uint64_t seed = 4;
    (void)state;
    for (size_t s = 0; s < COUNT_OF(sizes); s++)
        for (int round = 0; round < 12; round++) {
            tell(&made, sizes[s], &seed);
            made.parent_ids[0] = 5; /* it has children */
            column from = column_make(LOTS_PHYS_U32, COLUMN_SMALL, sizes[s], 0, seed);
            follow(&made, &from, true, &seed);
            keep_one(&made, &from);
            const lots_block_options options = {.absent = &made.absence, .parent = &made.parent};
            check_block(&made, &from.values, &options, false, &seed);
            column_free(&from);
        }
}

/* Where values are missing by chance, or nothing is, the block is as it would be without. */
static void nothing_is_left_out_where_it_tells_little(void **state)
{
    static told made;
    uint64_t seed = 5;
    (void)state;
    for (unsigned missing = 0; missing < 60; missing += 20) {
        lots_bytes out = {NULL, 0, 0};
        lots_block_meta with, without;
        lots_error err;
        tell(&made, ROWS_MAX, &seed);
        column from = column_make(LOTS_PHYS_U32, COLUMN_SMALL, ROWS_MAX, missing, seed);
        assert_ok(lots_block_encode(&from.values, &(lots_block_options){.absent = &made.absence}, 9, &out, &with, &err));
        assert_ok(lots_block_encode(&from.values, NULL, 9, &out, &without, &err));
        assert_int_equal(with.encoding, without.encoding);
        assert_int_equal(out.count, 2 * (size_t)with.bytes);
        assert_memory_equal(out.data, out.data + with.bytes, with.bytes);
        column_free(&from);
        lots_bytes_free(&out);
    }
}

static void a_block_that_can_not_leave_out_rows_is_refused(void **state)
{
    static const uint8_t encodings[] = {LOTS_ENCODING_GAPS, LOTS_ENCODING_ENTRIES, LOTS_ENCODING_LINKED, LOTS_ENCODING_CLASSES,
                                        LOTS_ENCODING_GIVEN};
    static told made;
    static uint64_t data[ROWS_MAX + SLACK], missing[ROWS_MAX / 64 + SLACK];
    static const uint8_t bytes[16];
    uint64_t seed = 6;
    lots_error err;
    lots_arena arena;
    (void)state;
    tell(&made, 100, &seed);
    lots_arena_init(&arena, 0);
    for (size_t i = 0; i < COUNT_OF(encodings); i++) {
        const lots_block_meta meta = {.encoding = encodings[i] | LOTS_ENCODING_ABSENT, .phys = LOTS_PHYS_U32, .count = 100,
                                      .missing = 60, .bytes = sizeof bytes};
        lots_values_out out = {.data = data, .missing = missing, .absent = made.gone};
        assert_int_equal(lots_block_decode(&meta, bytes, &out, &arena, &err), LOTS_CORRUPT);
    }
    lots_block_meta text = {.encoding = LOTS_ENCODING_PLAIN | LOTS_ENCODING_ABSENT, .phys = LOTS_PHYS_TEXT, .count = 100,
                            .missing = 60, .bytes = sizeof bytes};
    lots_values_out out = {.data = data, .missing = missing, .absent = made.gone};
    assert_int_equal(lots_block_decode(&text, bytes, &out, &arena, &err), LOTS_CORRUPT);
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_left_out_come_back_missing),
        cmocka_unit_test(children_come_back_among_rows_left_out),
        cmocka_unit_test(nothing_is_left_out_where_it_tells_little),
        cmocka_unit_test(a_block_that_can_not_leave_out_rows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
