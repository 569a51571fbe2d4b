/* test_related.c: blocks told from another column (ENTRIES, LINKED, GIVEN, CLASSES) give back what they were given, whole, in
 * part and as tests of a set; damaged bytes are refused or give some value, never worse. The oracle is the column itself. */
#include "core/index/bitset.h"
#include "tests/core/codec/columns.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

enum { ROWS_MAX = 3000, SLACK = 16 };

/* Rows of patients, and what they are told from. */
typedef struct related {
    uint32_t count, patients;
    uint32_t *starts;
    lots_entries entries;
    uint32_t *entry_rows, *entry_counts, *entry_index, *entry_ids; /* entry_ids: counted over all patients */
    uint32_t *parent_ids, *firsts, *children;
    lots_parent linked, parent;
    uint64_t *masks[LOTS_CLASSES_MAX + 1];
} related;

static void *room(size_t count, size_t size) { return calloc(count + SLACK, size < 4 ? 4 : size); }

/* Patients of 0 to 40 rows; each row is one of its patient's few entries. */
static related related_make(uint32_t count, uint32_t parents, uint64_t *seed)
{
    related made = {.count = count};
    uint32_t row = 0, entry = 0;
    made.starts = room(count * 3 + 2, 4);
    made.entry_rows = room(count, 4);
    made.entry_counts = room(count * 3 + 2, 4);
    made.entry_index = room(count, 4);
    made.entry_ids = room(count, 4);
    made.parent_ids = room(count, 4);
    while (row < count) {
        uint32_t rows = (uint32_t)(lots_test_random(seed) % 41), own = 0;
        rows = rows < count - row ? rows : count - row;
        made.starts[made.patients] = row;
        for (uint32_t i = 0; i < rows; i++, row++) {
            uint32_t at = (uint32_t)(lots_test_random(seed) % 6);
            if (at >= own) {
                at = own++;
                made.entry_rows[entry + at] = row;
            }
            made.entry_index[row] = at;
            made.entry_ids[row] = entry + at;
            made.parent_ids[row] = (uint32_t)(lots_test_random(seed) % (parents + 1));
        }
        made.entry_counts[made.patients++] = own;
        entry += own;
    }
    made.entries = (lots_entries){.count = entry, .rows = made.entry_rows, .patients = made.patients,
                                  .counts = made.entry_counts, .index = made.entry_index};
    made.linked = (lots_parent){.ids = made.entry_ids, .count = entry};
    made.firsts = room(parents + 2, 4);
    for (uint32_t i = 0; i <= parents; i++)
        made.firsts[i + 1] = made.firsts[i] + (i % 5 == 3 ? 0 : 1 + i % 7);
    made.children = room(made.firsts[parents + 1], 4);
    for (uint32_t i = 0; i < made.firsts[parents + 1]; i++)
        made.children[i] = i * 3 % 101;
    made.parent = (lots_parent){.ids = made.parent_ids, .count = parents};
    for (uint32_t id = 0; id <= parents && parents <= LOTS_CLASSES_MAX; id++) {
        made.masks[id] = room(count / 64 + 1, 8);
        for (uint32_t i = 0; i < count; i++)
            if (made.parent_ids[i] == id)
                lots_bit_set(made.masks[id], i);
        made.parent.masks[id] = made.masks[id];
    }
    return made;
}

static void related_free(related *made)
{
    void *all[] = {made->starts, made->entry_rows, made->entry_counts, made->entry_index, made->entry_ids, made->parent_ids,
                   made->firsts, made->children};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        free(all[i]);
    for (size_t i = 0; i < COUNT_OF(made->masks); i++)
        free(made->masks[i]);
}

/* A column whose rows say what their entry says. */
static void follow_entries(const related *made, column *from)
{
    const size_t size = from->values.phys == LOTS_PHYS_I64 || from->values.phys == LOTS_PHYS_F64 ? 8 : 4;
    for (uint32_t i = 0; i < made->count; i++) {
        const uint32_t row = made->entry_rows[made->entry_ids[i]];
        if (from->values.phys == LOTS_PHYS_BITS && !lots_bit_get(from->data, row))
            lots_bit_clear(from->data, i);
        else if (from->values.phys == LOTS_PHYS_BITS)
            lots_bit_set(from->data, i);
        else
            memmove((char *)from->data + i * size, (char *)from->data + row * size, size);
        if (from->missing != NULL && !lots_bit_get(from->missing, row))
            lots_bit_clear(from->missing, i);
        else if (from->missing != NULL)
            lots_bit_set(from->missing, i);
    }
}

/* Ids that are all children of their parent; missing where it has none. */
static void follow_parent(const related *made, column *from, uint64_t *seed)
{
    uint32_t *ids = from->data;
    if (from->missing == NULL)
        from->values.missing = from->missing = calloc(made->count / 64 + 1, 8);
    for (uint32_t i = 0; i < made->count; i++) {
        const uint32_t first = made->firsts[made->parent_ids[i]], end = made->firsts[made->parent_ids[i] + 1];
        if (first == end)
            lots_bit_set(from->missing, i);
        ids[i] = first == end ? 0 : made->children[first + lots_test_random(seed) % (end - first)];
    }
}

static bool gone_at(const lots_values *values, uint32_t i) { return values->missing != NULL && lots_bit_get(values->missing, i); }

static void check_row(const lots_values *values, uint32_t row, const lots_values_out *out, uint32_t at)
{
    const size_t size = values->phys == LOTS_PHYS_I64 || values->phys == LOTS_PHYS_F64 ? 8 : 4;
    static const char zeros[8];
    const bool gone = gone_at(values, row);
    assert_int_equal(lots_bit_get(out->missing, at), gone);
    if (values->phys == LOTS_PHYS_BITS)
        assert_int_equal(lots_bit_get(out->data, at), !gone && lots_bit_get(values->data, row));
    else
        assert_memory_equal((const char *)out->data + at * size,
                            gone ? zeros : (const char *)values->data + row * size, size);
}

/* Every third row or so. */
static uint32_t pick_rows(uint32_t count, uint32_t *rows, uint64_t *seed)
{
    uint32_t picked = 0;
    for (uint32_t i = 0; i < count; i++)
        if (lots_test_random(seed) % 3 == 0)
            rows[picked++] = i;
    return picked;
}

static void check_taken(const related *made, const lots_values *values, const lots_block_meta *meta, const uint8_t *bytes,
                        lots_arena *arena, uint64_t *seed)
{
    static uint32_t rows[ROWS_MAX + SLACK], ids[ROWS_MAX + SLACK];
    static uint64_t data[ROWS_MAX + SLACK], missing[ROWS_MAX / 64 + SLACK];
    lots_error err;
    lots_parent parent = meta->encoding == LOTS_ENCODING_LINKED ? made->linked : made->parent;
    if (!lots_block_can_take(meta))
        return;
    const uint32_t picked = pick_rows(values->count, rows, seed);
    for (uint32_t i = 0; i < picked; i++)
        ids[i] = parent.ids[rows[i]];
    parent.ids = ids;
    parent.firsts = made->firsts;
    parent.children = made->children;
    memset(missing, 0xff, sizeof missing);
    lots_values_out out = {.data = data, .missing = missing, .starts = made->starts, .starts_count = made->patients,
                           .parent = &parent};
    assert_ok(lots_block_take(meta, bytes, rows, picked, &out, arena, &err));
    for (uint32_t i = 0; i < picked; i++)
        check_row(values, rows[i], &out, i);
}

static void check_tested(const related *made, const lots_values *values, const lots_block_meta *meta, const uint8_t *bytes,
                         lots_arena *arena, uint64_t *seed)
{
    static uint64_t bits[ROWS_MAX / 64 + SLACK], missing[ROWS_MAX / 64 + SLACK];
    uint64_t table[2 + 8] = {lots_test_random(seed), lots_test_random(seed)};
    lots_error err;
    if (!lots_block_can_test(meta))
        return;
    for (int way = 0; way < 3; way++) {
        const lots_id_test test = {way == 1 ? 5 : 0, way == 1 ? 60 : 0, way == 0 ? table : NULL, 100};
        const lots_values_out from = {.starts = made->starts, .starts_count = made->patients, .parent = &made->linked};
        uint32_t greatest = 0;
        assert_ok(lots_block_test(meta, bytes, &test, &from, bits, missing, &greatest, arena, &err));
        for (uint32_t i = 0; i < values->count; i++) {
            const uint32_t id = ((const uint32_t *)values->data)[i];
            const bool wanted = way == 0 ? id < 100 && lots_bit_get(table, id) : id >= test.first && id < test.end;
            assert_int_equal(lots_bit_get(bits, i), wanted && !gone_at(values, i));
            assert_true(greatest >= id || gone_at(values, i));
            if (meta->missing > 0)
                assert_int_equal(lots_bit_get(missing, i), gone_at(values, i));
        }
    }
}

static const lots_parent *parent_for(const related *made, uint8_t encoding)
{
    return encoding == LOTS_ENCODING_LINKED ? &made->linked : &made->parent;
}

/* Change a byte, or leave some out: an error or some value. */
static void check_damage(const related *made, const lots_block_meta *meta, const uint8_t *bytes, lots_arena *arena,
                         uint64_t *seed)
{
    static uint64_t data[ROWS_MAX + SLACK], missing[ROWS_MAX / 64 + SLACK];
    for (int round = 0; round < 60; round++) {
        lots_block_meta cut = *meta;
        lots_error err;
        cut.bytes = round % 2 == 0 ? meta->bytes : (uint32_t)(lots_test_random(seed) % (meta->bytes + 1));
        uint8_t *copy = malloc(cut.bytes + 1);
        memcpy(copy, bytes, cut.bytes);
        if (cut.bytes > 0)
            copy[lots_test_random(seed) % (round % 3 == 0 && cut.bytes > 12 ? 12 : cut.bytes)] ^= (uint8_t)(1u << lots_test_random(seed) % 8);
        uint8_t *exact = malloc(cut.bytes + (cut.bytes == 0));
        memcpy(exact, copy, cut.bytes);
        lots_values_out out = {.data = data, .missing = missing, .starts = made->starts, .starts_count = made->patients,
                               .parent = parent_for(made, meta->encoding)};
        const lots_status status = lots_block_decode(&cut, exact, &out, arena, &err);
        assert_true(status == LOTS_OK || status == LOTS_CORRUPT);
        free(exact);
        free(copy);
    }
}

static void check_block(const related *made, const lots_values *values, const lots_block_options *options, uint8_t encoding,
                        uint64_t *seed)
{
    static uint64_t data[ROWS_MAX + SLACK], missing[ROWS_MAX / 64 + SLACK];
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    lots_error err;
    lots_arena arena;
    lots_arena_init(&arena, 0);
    assert_ok(lots_block_encode(values, options, 9, &out, &meta, &err));
    int64_t least = INT64_MAX, most = INT64_MIN;
    uint32_t gone = 0;
    for (uint32_t i = 0; i < values->count; i++) {
        const int64_t number = values->phys == LOTS_PHYS_BITS   ? lots_bit_get(values->data, i)
                               : values->phys == LOTS_PHYS_I32 ? ((const int32_t *)values->data)[i]
                               : values->phys == LOTS_PHYS_U32 ? ((const uint32_t *)values->data)[i]
                               : values->phys == LOTS_PHYS_I64 ? ((const int64_t *)values->data)[i]
                                                               : lots_f64_key(((const double *)values->data)[i]);
        gone += gone_at(values, i);
        least = !gone_at(values, i) && number < least ? number : least;
        most = !gone_at(values, i) && number > most ? number : most;
    }
    assert_int_equal(meta.missing, gone);
    if (gone < values->count) {
        assert_int_equal(meta.encoding, encoding);
        assert_true(meta.min == least && meta.max == most);
    }
    uint8_t *exact = malloc(meta.bytes + (meta.bytes == 0));
    if (meta.bytes > 0)
        memcpy(exact, out.data, meta.bytes);
    for (int again = 0; again < 2; again++) {
        lots_values_out got = {.data = data, .missing = missing, .starts = made->starts, .starts_count = made->patients,
                               .parent = parent_for(made, encoding), .believed = again == 1};
        memset(missing, 0xff, sizeof missing);
        assert_ok(lots_block_decode(&meta, exact, &got, &arena, &err));
        for (uint32_t i = 0; i < values->count; i++)
            check_row(values, i, &got, i);
    }
    if (gone < values->count) {
        check_taken(made, values, &meta, exact, &arena, seed);
        check_tested(made, values, &meta, exact, &arena, seed);
        check_damage(made, &meta, exact, &arena, seed);
    }
    free(exact);
    lots_arena_free(&arena);
    lots_bytes_free(&out);
}

static const lots_phys physes[] = {LOTS_PHYS_BITS, LOTS_PHYS_I32, LOTS_PHYS_U32, LOTS_PHYS_I64, LOTS_PHYS_F64};
static const unsigned missings[] = {0, 3, 40, 64};
static const uint32_t sizes[] = {1, 2, 63, 64, 65, 700, ROWS_MAX};

static void entries_and_what_is_linked_to_them_come_back(void **state)
{
    uint64_t seed = 5;
    (void)state;
    for (size_t s = 0; s < COUNT_OF(sizes); s++)
        for (size_t p = 0; p < COUNT_OF(physes); p++)
            for (size_t m = 0; m < COUNT_OF(missings); m++) {
                related made = related_make(sizes[s], 4, &seed);
                column from = column_make(physes[p], COLUMN_SMALL, sizes[s], missings[m], seed);
                follow_entries(&made, &from);
                lots_entries linked = made.entries;
                linked.index = NULL;
                check_block(&made, &from.values, &(lots_block_options){.entries = &made.entries}, LOTS_ENCODING_ENTRIES, &seed);
                check_block(&made, &from.values, &(lots_block_options){.entries = &linked}, LOTS_ENCODING_LINKED, &seed);
                column_free(&from);
                related_free(&made);
            }
}

/* Rows of which some, all or none are known from the time before, and those of another block at another place. */
static void check_known(const related *made, const lots_block_meta *meta, const uint8_t *bytes, lots_arena *arena,
                        uint64_t *seed)
{
    static uint32_t ids[ROWS_MAX + SLACK], rows[ROWS_MAX + SLACK];
    lots_known_entries known = {.arena = arena};
    const lots_values_out with = {.starts = made->starts, .starts_count = made->patients, .known = &known};
    lots_error err;
    uint32_t count = 0;
    for (int again = 0; again < 12; again++) {
        const uint32_t other = again == 8;
        uint32_t picked = pick_rows(meta->count, rows, seed), left = 0;
        for (uint32_t i = 0; again % 4 != 0 && i < known.count; i++)
            if (again % 4 == 1 || lots_test_random(seed) % 4 != 0)
                rows[left++] = known.rows[i];
        picked = again % 4 != 0 ? left : picked;
        uint8_t *moved = malloc(meta->bytes + 64);
        memcpy(moved, bytes, meta->bytes);
        assert_ok(lots_block_take_entries(meta, other ? moved : bytes, &with, rows, picked, ids, &count, arena, &err));
        for (uint32_t i = 0; i < picked; i++)
            assert_int_equal(ids[i], made->entry_ids[rows[i]]);
        free(moved);
    }
}

static void entries_of_a_block_are_told_to_others(void **state)
{
    static uint32_t ids[ROWS_MAX + SLACK], rows[ROWS_MAX + SLACK];
    uint64_t seed = 6;
    (void)state;
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        related made = related_make(sizes[s], 4, &seed);
        column from = column_make(LOTS_PHYS_U32, COLUMN_SMALL, sizes[s], 0, seed);
        lots_bytes out = {NULL, 0, 0};
        lots_block_meta meta;
        lots_error err;
        lots_arena arena;
        uint32_t count = 0;
        follow_entries(&made, &from);
        lots_arena_init(&arena, 0);
        assert_ok(lots_block_encode(&from.values, &(lots_block_options){.entries = &made.entries}, 9, &out, &meta, &err));
        const lots_values_out with = {.starts = made.starts, .starts_count = made.patients};
        assert_ok(lots_block_entries(&meta, out.data, &with, ids, &count, &arena, &err));
        assert_int_equal(count, made.entries.count);
        assert_memory_equal(ids, made.entry_ids, sizes[s] * sizeof *ids);
        const uint32_t picked = pick_rows(sizes[s], rows, &seed);
        assert_ok(lots_block_take_entries(&meta, out.data, &with, rows, picked, ids, &count, &arena, &err));
        for (uint32_t i = 0; i < picked; i++)
            assert_int_equal(ids[i], made.entry_ids[rows[i]]);
        check_known(&made, &meta, out.data, &arena, &seed);
        lots_values_out other = {.starts = made.starts, .starts_count = made.patients / 2};
        if (made.patients > 1 && made.starts[made.patients / 2] < sizes[s])
            assert_int_equal(lots_block_entries(&meta, out.data, &other, ids, &count, &arena, &err), LOTS_CORRUPT);
        lots_arena_free(&arena);
        lots_bytes_free(&out);
        column_free(&from);
        related_free(&made);
    }
}

static void children_come_back_by_their_places(void **state)
{
    uint64_t seed = 7;
    (void)state;
    for (size_t s = 0; s < COUNT_OF(sizes); s++)
        for (size_t m = 0; m < COUNT_OF(missings); m++)
            for (uint32_t parents = 1; parents < 60; parents += 19) {
                related made = related_make(sizes[s], parents, &seed);
                column from = column_make(LOTS_PHYS_U32, COLUMN_SMALL, sizes[s], missings[m], seed);
                follow_parent(&made, &from, &seed);
                made.parent.firsts = made.firsts;
                made.parent.children = made.children;
                check_block(&made, &from.values, &(lots_block_options){.parent = &made.parent}, LOTS_ENCODING_GIVEN, &seed);
                column_free(&from);
                related_free(&made);
            }
}

static void a_value_that_is_no_child_is_refused(void **state)
{
    uint64_t seed = 8;
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    lots_error err;
    (void)state;
    related made = related_make(100, 3, &seed);
    column from = column_make(LOTS_PHYS_U32, COLUMN_CONSTANT, 100, 0, 1);
    for (uint32_t i = 0; i < 100; i++)
        ((uint32_t *)from.data)[i] = 5000;
    made.parent.firsts = made.firsts;
    made.parent.children = made.children;
    assert_int_equal(lots_block_encode(&from.values, &(lots_block_options){.parent = &made.parent}, 9, &out, &meta, &err), LOTS_USAGE);
    assert_int_equal(out.count, 0);
    column_free(&from);
    related_free(&made);
    lots_bytes_free(&out);
}

static void classes_come_back_among_each_other(void **state)
{
    static const uint32_t parents[] = {0, 1, 5, LOTS_CLASSES_MAX};
    uint64_t seed = 9;
    (void)state;
    for (size_t s = 0; s < COUNT_OF(sizes); s++)
        for (size_t p = 0; p < COUNT_OF(physes); p++)
            for (size_t m = 0; m < COUNT_OF(missings); m++) {
                related made = related_make(sizes[s], parents[(s + m) % COUNT_OF(parents)], &seed);
                column from = column_make(physes[p], (s + m) % 3 == 0 ? COLUMN_FEW : COLUMN_OUTLIERS, sizes[s], missings[m], seed);
                check_block(&made, &from.values, &(lots_block_options){.parent = &made.parent}, LOTS_ENCODING_CLASSES, &seed);
                column_free(&from);
                related_free(&made);
            }
}

/* The rows of each value of a column of few, as its planes have them. */
static void planes_tell_the_rows_of_each_value(void **state)
{
    uint64_t seed = 10;
    (void)state;
    for (size_t s = 2; s < COUNT_OF(sizes); s++) {
        column from = column_make(LOTS_PHYS_U32, COLUMN_FEW, sizes[s], 0, seed + s);
        const uint64_t *masks[LOTS_CLASSES_MAX + 1];
        const lots_block_options planes = {.only = 1 + LOTS_ENCODING_PLANES};
        lots_bytes out = {NULL, 0, 0};
        lots_block_meta meta;
        lots_error err;
        lots_arena arena;
        bool done;
        lots_arena_init(&arena, 0);
        lots_known_planes kept = {.arena = &arena}, *known = s % 2 == 0 ? &kept : NULL;
        assert_ok(lots_block_encode(&from.values, &planes, 9, &out, &meta, &err));
        assert_ok(lots_block_masks(&meta, out.data, 7, known, masks, &done, &arena, &err));
        assert_true(done);
        for (uint32_t id = 0; id < 7; id++)
            for (uint32_t i = 0; i < sizes[s]; i++)
                assert_int_equal(masks[id] != NULL && lots_bit_get(masks[id], i), ((uint32_t *)from.data)[i] == id);
        assert_int_equal(lots_block_masks(&meta, out.data, 2, known, masks, &done, &arena, &err), LOTS_CORRUPT);
        lots_arena_free(&arena);
        lots_bytes_free(&out);
        column_free(&from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_and_what_is_linked_to_them_come_back),
        cmocka_unit_test(entries_of_a_block_are_told_to_others),
        cmocka_unit_test(children_come_back_by_their_places),
        cmocka_unit_test(a_value_that_is_no_child_is_refused),
        cmocka_unit_test(classes_come_back_among_each_other),
        cmocka_unit_test(planes_tell_the_rows_of_each_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
