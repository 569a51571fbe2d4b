/* test_value.c: values as text, against the C library's own reading of them and by hand. */
#include "tests/support/lots_test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/day.h"
#include "query/exec/float_text.h"
#include "query/exec/value.h"

/* The text of a one-value vector. */
static char *text_of(lots_type type, void *data, int32_t *data2, lots_bytes *out)
{
    lots_error err;
    lots_vector vector = {.type = type, .count = 1, .data = data, .data2 = data2};
    out->count = 0;
    assert_ok(lots_value_append(NULL, &vector, 0, "; ", out, &err));
    assert_ok(lots_bytes_put8(out, 0, &err));
    return (char *)out->data;
}

static void decimals_keep_their_scale(void **state)
{
    (void)state;
    const struct {
        int64_t value;
        uint8_t scale;
        const char *text;
    } cases[] = {
        {0, 0, "0"},
        {0, 2, "0.00"},
        {5, 2, "0.05"},
        {-5, 2, "-0.05"},
        {-500, 2, "-5.00"},
        {123456, 3, "123.456"},
        {INT64_MAX, 0, "9223372036854775807"},
        {INT64_MIN, 18, "-9.223372036854775808"}, /* its size has no positive int64 */
        {INT64_MIN, 0, "-9223372036854775808"},
    };
    lots_bytes out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = cases[i].value;
        lots_type type = {.kind = LOTS_TYPE_DECIMAL, .scale = cases[i].scale};
        assert_string_equal(text_of(type, &value, NULL, &out), cases[i].text);
    }
    lots_bytes_free(&out);
}

static void floats_read_back_as_the_same_number(void **state)
{
    (void)state;
    const double edges[] = {0.1, 1.0 / 3, 1e22, 5e-324, DBL_MAX, DBL_MIN, 123456789012345678.0, 0.3, 2.5};
    const size_t edge_count = sizeof edges / sizeof *edges;
    lots_bytes out = {0};
    uint64_t seed = 7;
    for (size_t i = 0; i < 20000; i++) {
        uint64_t bits = lots_test_random(&seed);
        double value = 0;
        memcpy(&value, &bits, sizeof value);
        if (i < edge_count)
            value = edges[i];
        if (!isfinite(value))
            continue;
        const char *text = text_of((lots_type){.kind = LOTS_TYPE_FLOAT}, &value, NULL, &out);
        assert_true(strtod(text, NULL) == value);
        assert_true(strlen(text) <= 24);
    }
    double value = 0.1;
    assert_string_equal(text_of((lots_type){.kind = LOTS_TYPE_FLOAT}, &value, NULL, &out), "0.1");
    value = -0.0;
    assert_string_equal(text_of((lots_type){.kind = LOTS_TYPE_FLOAT}, &value, NULL, &out), "0");
    lots_bytes_free(&out);
}

/* By what printf writes and strtod reads. */
static void check_float(double value)
{
    char expected[64], text[LOTS_FLOAT_TEXT];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(expected, sizeof expected, "%.*g", digits, value);
        if (strtod(expected, NULL) == value)
            break;
    }
    assert_int_equal(lots_float_text(value, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void floats_are_as_short_as_printf_can_write_them(void **state)
{
    (void)state;
    char power[16];
    uint64_t seed = 11;
    for (int exponent = -330; exponent <= 308; exponent++) {
        snprintf(power, sizeof power, "1e%d", exponent);
        check_float(strtod(power, NULL));
    }
    for (uint32_t i = 0; i < 40000; i++) {
        const double whole = (double)(lots_test_random(&seed) >> 11), part = (double)(lots_test_random(&seed) % 100000 + 1);
        const double value = ldexp(whole, -(int)(lots_test_random(&seed) % 80)); /* about 2^-27 to 2^53 */
        check_float(value);
        check_float(-value);
        check_float(ldexp(part, -(int)(lots_test_random(&seed) % 30))); /* its decimals end: ties */
        check_float(ldexp(1, (int)(lots_test_random(&seed) % 60) - 14));
        check_float(part / (double)(lots_test_random(&seed) % 1000 + 1));
        check_float(nextafter(part / 1000, part));
        check_float(nextafter(pow(10, (double)(i % 20) - 5), i % 2 == 0 ? 0 : 1e20));
    }
}

static void days_and_durations_are_written_plainly(void **state)
{
    (void)state;
    lots_bytes out = {0};
    int32_t day = lots_day_from_civil(2024, 2, 29), end = lots_day_from_civil(2024, 3, 1), open_end = LOTS_DAY_MAX;
    int64_t count = 42;
    assert_string_equal(text_of((lots_type){.kind = LOTS_TYPE_DATE}, &day, NULL, &out), "2024-02-29");
    assert_string_equal(text_of((lots_type){.kind = LOTS_TYPE_INTERVAL}, &day, &end, &out), "2024-02-29..2024-03-01");
    assert_string_equal(text_of((lots_type){.kind = LOTS_TYPE_INTERVAL}, &day, &open_end, &out), "2024-02-29..");
    assert_string_equal(text_of((lots_type){.kind = LOTS_TYPE_DAYS}, &count, NULL, &out), "42");
    assert_string_equal(text_of((lots_type){.kind = LOTS_TYPE_MONTHS}, &count, NULL, &out), "42mo");
    lots_bytes_free(&out);
}

/* As they are written in the language; what isn't one of them, from its first day to its last. */
static void whole_periods_have_their_names(void **state)
{
    (void)state;
    static const struct {
        int from[3], to[3]; /* year 0: open */
        const char *text;
    } periods[] = {
        {{2024, 1, 1}, {2024, 12, 31}, "2024"},      {{2024, 2, 1}, {2024, 2, 29}, "2024-02"},
        {{2024, 12, 1}, {2024, 12, 31}, "2024-12"},  {{2024, 1, 1}, {2024, 3, 31}, "2024-Q1"},
        {{2024, 4, 1}, {2024, 6, 30}, "2024-Q2"},    {{2024, 7, 1}, {2024, 9, 30}, "2024-Q3"},
        {{2024, 10, 1}, {2024, 12, 31}, "2024-Q4"},  {{2024, 2, 1}, {2024, 4, 30}, "2024-02-01..2024-04-30"},
        {{2024, 7, 1}, {2025, 6, 30}, "2024-07-01..2025-06-30"}, {{987, 1, 1}, {987, 12, 31}, "0987"},
        {{0}, {2024, 2, 29}, "..2024-02-29"},        {{0}, {0}, ".."},
    };
    lots_bytes out = {0};
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
        const int *a = periods[i].from, *b = periods[i].to;
        int32_t from = a[0] == 0 ? LOTS_DAY_MIN : lots_day_from_civil(a[0], a[1], a[2]);
        int32_t to = b[0] == 0 ? LOTS_DAY_MAX : lots_day_from_civil(b[0], b[1], b[2]);
        assert_string_equal(text_of((lots_type){.kind = LOTS_TYPE_INTERVAL}, &from, &to, &out), periods[i].text);
    }
    lots_bytes_free(&out);
}

/* A dictionary of three codes of two systems, and a schema that knows one of them as icd10. */
static void codes_are_written_as_their_system_writes_them(void **state)
{
    (void)state;
    lots_error err;
    const char *const keys[] = {"icd10\x1fI219", "local\x1fI219", "icd10\x1fI21"};
    lots_dictionary_builder *builder = NULL;
    lots_dictionary *dictionary = NULL;
    lots_schema schema = {0};
    lots_code_system *system = NULL;
    lots_id id = 0;
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (size_t i = 0; i < 3; i++)
        assert_ok(lots_dictionary_intern(builder, keys[i], strlen(keys[i]), &id, &err));
    assert_ok(lots_dictionary_finish(builder, &dictionary, NULL, &err));
    assert_ok(lots_schema_add_system(&schema, "icd10", LOTS_CODE_ICD10, &system, &err));
    uint32_t ranks[] = {0, 1, 2}, offsets[] = {0, 0, 3};
    lots_type type = {.kind = LOTS_TYPE_SET, .element = LOTS_TYPE_CODE, .dictionary = dictionary};
    lots_vector vector = {.type = type, .count = 2, .data = ranks, .offsets = offsets};
    lots_bytes out = {0};
    assert_ok(lots_value_append(&schema, &vector, 0, "; ", &out, &err));
    assert_int_equal(out.count, 0); /* the empty set */
    assert_ok(lots_value_append(&schema, &vector, 1, "; ", &out, &err));
    assert_ok(lots_bytes_put8(&out, 0, &err));
    assert_string_equal((char *)out.data, "I21; I21.9; I219");
    lots_bytes_free(&out);
    lots_schema_free(&schema);
    lots_dictionary_close(dictionary);
    lots_dictionary_builder_close(builder);
}

static void an_event_set_is_no_value(void **state)
{
    (void)state;
    lots_error err;
    uint32_t row = 0;
    lots_bytes out = {0};
    lots_vector vector = {.type = {.kind = LOTS_TYPE_EVENTS, .single = true}, .count = 1, .data = &row};
    assert_status(LOTS_INTERNAL, lots_value_append(NULL, &vector, 0, " ", &out, &err));
    lots_bytes_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_keep_their_scale),
        cmocka_unit_test(floats_read_back_as_the_same_number),
        cmocka_unit_test(floats_are_as_short_as_printf_can_write_them),
        cmocka_unit_test(days_and_durations_are_written_plainly),
        cmocka_unit_test(whole_periods_have_their_names),
        cmocka_unit_test(codes_are_written_as_their_system_writes_them),
        cmocka_unit_test(an_event_set_is_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
