/* test_table_file.c: tables round trip, also over several chunks, and trust nothing on the way back. */
#include "tests/support/lots_test.h"

#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/store/table_file.h"

enum { T_UNIT, T_OPEN, T_FROM, T_BEDS, T_PRICE, T_NAME, T_CODES, T_COLUMNS };

static lots_column *add(lots_table_schema *table, const char *name, lots_kind kind)
{
    lots_error err;
    lots_column *column;
    assert_ok(lots_table_add_column(table, name, kind, &column, &err));
    return column;
}

static void make_schema(lots_schema *schema)
{
    lots_error err;
    lots_table_schema *table;
    *schema = (lots_schema){0};
    assert_ok(lots_schema_add_table(schema, "units", &table, &err));
    strcpy(add(table, "unit", LOTS_KIND_CATEGORY)->domain, "unit");
    add(table, "open", LOTS_KIND_BOOL);
    add(table, "from_day", LOTS_KIND_DATE);
    add(table, "beds", LOTS_KIND_DECIMAL)->scale = 2;
    add(table, "price", LOTS_KIND_FLOAT);
    add(table, "name", LOTS_KIND_TEXT)->cold = true;
    add(table, "codes", LOTS_KIND_CODES);
}

static void put_row(lots_batch *batch, uint64_t *random)
{
    lots_error err;
    char text[64];
    uint64_t bits = lots_test_random(random);
    assert_ok(lots_batch_row_begin(batch, 0, &err));
    if (bits & 1)
        assert_ok(lots_batch_put_int(batch, T_UNIT, (int64_t)(bits >> 8 & 0xFF), &err));
    if (bits & 2)
        assert_ok(lots_batch_put_int(batch, T_OPEN, (int64_t)(bits >> 16 & 1), &err));
    if (bits & 4)
        assert_ok(lots_batch_put_int(batch, T_FROM, (int64_t)(bits >> 17 & 0x3FFF), &err));
    if (bits & 8)
        assert_ok(lots_batch_put_int(batch, T_BEDS, (int64_t)(bits >> 20), &err));
    if (bits & 16)
        assert_ok(lots_batch_put_float(batch, T_PRICE, (double)(bits >> 40) / 8.0, &err));
    int bytes = snprintf(text, sizeof text, "ward %u", (unsigned)(bits >> 30 & 0xFFF));
    if (bits & 32)
        assert_ok(lots_batch_put_text(batch, T_NAME, text, bits & 64 ? (size_t)bytes : 0, &err));
    for (uint64_t i = bits >> 50 & 3; i > 0; i--)
        assert_ok(lots_batch_put_item(batch, T_CODES, (lots_id)(bits >> 52 & 0xFF) + (lots_id)i, &err));
    assert_ok(lots_batch_row_end(batch, &err));
}

static void make_batch(const lots_schema *schema, uint32_t rows, lots_batch *out)
{
    lots_error err;
    uint64_t random = 7 + rows;
    assert_ok(lots_batch_open(out, schema->tables[0].columns, T_COLUMNS, &err));
    for (uint32_t i = 0; i < rows; i++)
        put_row(out, &random);
}

static void assert_same_vec(const lots_vec *a, const lots_vec *b)
{
    assert_int_equal(a->count, b->count);
    if (a->count > 0)
        assert_memory_equal(a->data, b->data, a->count * a->item_size);
}

static void assert_same(const lots_batch *a, const lots_batch *b)
{
    assert_int_equal(a->rows, b->rows);
    for (uint32_t i = 0; i < a->column_count; i++) {
        assert_same_vec(&a->columns[i].values, &b->columns[i].values);
        assert_same_vec(&a->columns[i].offsets, &b->columns[i].offsets);
        assert_same_vec(&a->columns[i].missing, &b->columns[i].missing);
    }
}

static void tables_of_any_length_round_trip(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {0, 1, 63, 64, 65, 1000, LOTS_TABLE_CHUNK_ROWS, LOTS_TABLE_CHUNK_ROWS + 1, 40000};
    lots_schema schema;
    make_schema(&schema);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        lots_error err;
        lots_batch batch, loaded;
        lots_bytes image = {0}, again = {0};
        uint64_t blocks;
        make_batch(&schema, lengths[i], &batch);
        assert_ok(lots_table_save(&schema.tables[0], &batch, &image, &err));
        assert_ok(lots_table_load(image.data, image.count, &schema.tables[0], &loaded, &blocks, &err));
        assert_same(&batch, &loaded);
        assert_int_equal(blocks, (lengths[i] + LOTS_TABLE_CHUNK_ROWS - 1) / LOTS_TABLE_CHUNK_ROWS * 8);
        assert_ok(lots_table_save(&schema.tables[0], &loaded, &again, &err));
        assert_int_equal(image.count, again.count);
        assert_memory_equal(image.data, again.data, image.count);
        lots_batch_close(&batch);
        lots_batch_close(&loaded);
        lots_bytes_free(&image);
        lots_bytes_free(&again);
    }
    lots_schema_free(&schema);
}

static void a_column_the_file_lacks_is_missing_and_one_of_another_kind_is_damage(void **state)
{
    (void)state;
    lots_error err;
    lots_schema schema, newer;
    lots_batch batch, loaded;
    lots_bytes image = {0};
    make_schema(&schema);
    make_schema(&newer);
    make_batch(&schema, 100, &batch);
    assert_ok(lots_table_save(&schema.tables[0], &batch, &image, &err));
    strcpy(newer.tables[0].columns[T_BEDS].name, "rooms");
    assert_ok(lots_table_load(image.data, image.count, &newer.tables[0], &loaded, NULL, &err));
    assert_int_equal(loaded.rows, 100);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(LOTS_AT(uint8_t, &loaded.columns[T_BEDS].missing, i), 1);
    assert_same_vec(&batch.columns[T_NAME].values, &loaded.columns[T_NAME].values);
    lots_batch_close(&loaded);
    newer.tables[0].columns[T_PRICE].kind = LOTS_KIND_INT;
    assert_status(LOTS_CORRUPT, lots_table_load(image.data, image.count, &newer.tables[0], &loaded, NULL, &err));
    assert_status(LOTS_INTERNAL, lots_table_save(&newer.tables[0], &batch, &image, &err));
    lots_batch_close(&batch);
    lots_bytes_free(&image);
    lots_schema_free(&schema);
    lots_schema_free(&newer);
}

/* A copy that ends where the allocation ends, so that the sanitizer sees a step beyond it. */
static lots_status load_exact(const lots_schema *schema, const uint8_t *bytes, size_t count)
{
    lots_error err;
    lots_batch loaded;
    void *copy;
    assert_ok(lots_alloc(&copy, count, 1, &err));
    if (count > 0)
        memcpy(copy, bytes, count);
    lots_status status = lots_table_load(copy, count, &schema->tables[0], &loaded, NULL, &err);
    if (status == LOTS_OK)
        lots_batch_close(&loaded);
    else
        assert_contains(err.text, "units");
    lots_free(copy);
    return status;
}

static void every_truncation_and_every_flipped_byte_is_refused(void **state)
{
    (void)state;
    lots_error err;
    lots_schema schema;
    lots_batch batch;
    lots_bytes image = {0};
    make_schema(&schema);
    make_batch(&schema, 70, &batch);
    assert_ok(lots_table_save(&schema.tables[0], &batch, &image, &err));
    for (size_t i = 0; i < image.count; i++) {
        assert_int_equal(load_exact(&schema, image.data, i), LOTS_CORRUPT);
        image.data[i] ^= 0xFF;
        assert_int_equal(load_exact(&schema, image.data, image.count), LOTS_CORRUPT);
        image.data[i] ^= 0xFF;
    }
    lots_batch_close(&batch);
    lots_bytes_free(&image);
    lots_schema_free(&schema);
}

/* Directories that a forger signed: refused, or read as something, but never a step out of bounds. */
static void changed_directories_with_right_checksums_do_no_harm(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x04, 0x80, 0xFF};
    lots_error err;
    lots_schema schema;
    lots_batch batch;
    lots_bytes image = {0};
    make_schema(&schema);
    make_batch(&schema, 70, &batch);
    assert_ok(lots_table_save(&schema.tables[0], &batch, &image, &err));
    size_t end = 32 + (size_t)lots_get64(image.data + 16);
    for (size_t i = 8; i < end; i++)
        for (size_t m = 0; m < sizeof masks; m++) {
            if (i >= 16 && i < 32)
                continue;
            image.data[i] ^= masks[m];
            lots_put64(image.data + 24, lots_hash(image.data + 32, end - 32, lots_hash(image.data, 24, 0)));
            lots_status status = load_exact(&schema, image.data, image.count);
            assert_true(status == LOTS_OK || status == LOTS_CORRUPT);
            image.data[i] ^= masks[m];
        }
    lots_batch_close(&batch);
    lots_bytes_free(&image);
    lots_schema_free(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_any_length_round_trip),
        cmocka_unit_test(a_column_the_file_lacks_is_missing_and_one_of_another_kind_is_damage),
        cmocka_unit_test(every_truncation_and_every_flipped_byte_is_refused),
        cmocka_unit_test(changed_directories_with_right_checksums_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
