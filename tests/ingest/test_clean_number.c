/* Numbers: tables, decimals against long division by hand on the digits, floats against strtod. */
#include "tests/support/lots_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest/clean.h"

static lots_clean decimal(const char *text, const lots_number_rule *rule, int64_t *out)
{
    return lots_clean_decimal(text, strlen(text), rule, out);
}

static void decimals_are_exact(void **unused)
{
    (void)unused;
    static const lots_number_rule whole = {0};
    static const lots_number_rule two = {.scale = 2};
    static const lots_number_rule two_even = {.scale = 2, .round = LOTS_ROUND_HALF_EVEN};
    static const lots_number_rule even = {.round = LOTS_ROUND_HALF_EVEN};
    static const lots_number_rule swedish = {.decimal = ',', .grouping = ' ', .scale = 2};
    static const lots_number_rule german = {.decimal = ',', .grouping = '.', .scale = 2};
    static const lots_number_rule swiss = {.grouping = '\'', .scale = 2};
    static const struct {
        const char *text;
        const lots_number_rule *rule;
        lots_clean outcome;
        int64_t value;
    } cases[] = {
        {"0", &whole, LOTS_CLEAN_OK, 0},
        {"-0", &whole, LOTS_CLEAN_OK, 0},
        {"+7", &whole, LOTS_CLEAN_OK, 7},
        {" 007 ", &whole, LOTS_CLEAN_OK, 7},
        {"-12", &whole, LOTS_CLEAN_OK, -12},
        {"12-", &whole, LOTS_CLEAN_OK, -12},
        {"\xE2\x88\x92" "12", &whole, LOTS_CLEAN_OK, -12},
        {"12\xE2\x88\x92", &whole, LOTS_CLEAN_OK, -12},
        {"1.0", &whole, LOTS_CLEAN_OK, 1},    /* pandas writes ints beside missing ones so */
        {"1e+05", &whole, LOTS_CLEAN_OK, 100000}, /* R writes 100000 so */
        {"1.5e3", &whole, LOTS_CLEAN_OK, 1500},
        {"1500e-2", &whole, LOTS_CLEAN_OK, 15},
        {"1.5", &whole, LOTS_CLEAN_TOO_FINE, 0},
        {"9223372036854775807", &whole, LOTS_CLEAN_OK, INT64_MAX},
        {"-9223372036854775808", &whole, LOTS_CLEAN_OK, INT64_MIN},
        {"9223372036854775808", &whole, LOTS_CLEAN_OUT_OF_RANGE, 0},
        {"-9223372036854775809", &whole, LOTS_CLEAN_OUT_OF_RANGE, 0},
        {"92233720368547758070", &whole, LOTS_CLEAN_OUT_OF_RANGE, 0},
        {"1e19", &whole, LOTS_CLEAN_OUT_OF_RANGE, 0},
        {"1e999999999999999999999", &whole, LOTS_CLEAN_OUT_OF_RANGE, 0},
        {"0e999999999999999999999", &whole, LOTS_CLEAN_OK, 0},
        {"1e-999999999999999999999", &even, LOTS_CLEAN_OK, 0},
        {"0.5", &even, LOTS_CLEAN_OK, 0},
        {"1.5", &even, LOTS_CLEAN_OK, 2},
        {"2.5", &even, LOTS_CLEAN_OK, 2},
        {"-2.5", &even, LOTS_CLEAN_OK, -2},
        {"2.50000000000000000000000000001", &even, LOTS_CLEAN_OK, 3}, /* beyond the digits kept */
        {"1234567890123456789.5", &even, LOTS_CLEAN_OK, 1234567890123456790},
        {"1234567890123456788.5", &even, LOTS_CLEAN_OK, 1234567890123456788},
        {"1234567890123456788.50001", &even, LOTS_CLEAN_OK, 1234567890123456789},
        {"1234567890123456788.49999", &even, LOTS_CLEAN_OK, 1234567890123456788},
        {"9223372036854775807.5", &even, LOTS_CLEAN_OUT_OF_RANGE, 0},
        {"9223372036854775807.4", &even, LOTS_CLEAN_OK, INT64_MAX},
        {"9223372036854775807.4", &whole, LOTS_CLEAN_TOO_FINE, 0},
        {"9223372036854775807.000", &whole, LOTS_CLEAN_OK, INT64_MAX},
        {"12.34", &two, LOTS_CLEAN_OK, 1234},
        {"12.3", &two, LOTS_CLEAN_OK, 1230},
        {".5", &two, LOTS_CLEAN_OK, 50},
        {"5.", &two, LOTS_CLEAN_OK, 500},
        {"12.340", &two, LOTS_CLEAN_OK, 1234},
        {"12.345", &two, LOTS_CLEAN_TOO_FINE, 0},
        {"12.345", &two_even, LOTS_CLEAN_OK, 1234},
        {"12.355", &two_even, LOTS_CLEAN_OK, 1236},
        {"-0.005", &two_even, LOTS_CLEAN_OK, 0},
        {"1 234 567,89", &swedish, LOTS_CLEAN_OK, 123456789},
        {"1\xC2\xA0" "234,5", &swedish, LOTS_CLEAN_OK, 123450},
        {"1\xE2\x80\xAF" "234,5-", &swedish, LOTS_CLEAN_OK, -123450},
        {"1234,5", &swedish, LOTS_CLEAN_OK, 123450},
        {"1.234.567,89", &german, LOTS_CLEAN_OK, 123456789},
        {"1'234.5", &swiss, LOTS_CLEAN_OK, 123450},
        {"1 23,5", &swedish, LOTS_CLEAN_MALFORMED, 0},
        {"1 2345,5", &swedish, LOTS_CLEAN_MALFORMED, 0},
        {"1234 567", &swedish, LOTS_CLEAN_MALFORMED, 0},
        {" ,5", &swedish, LOTS_CLEAN_OK, 50},
        {"1,5", &two, LOTS_CLEAN_MALFORMED, 0},
        {"1.5", &swedish, LOTS_CLEAN_MALFORMED, 0},
        {"1.5", &german, LOTS_CLEAN_MALFORMED, 0}, /* not a group of three: most likely the wrong rule */
        {"1..5", &german, LOTS_CLEAN_MALFORMED, 0},
        {"", &whole, LOTS_CLEAN_EMPTY, 0},
        {" \t", &whole, LOTS_CLEAN_EMPTY, 0},
        {"-", &whole, LOTS_CLEAN_MALFORMED, 0},
        {".", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"+-1", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"-1-", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"--1", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"1e", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"1e+", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"e5", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"1 2", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"12%", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"0x10", &whole, LOTS_CLEAN_MALFORMED, 0},
        {"nan", &whole, LOTS_CLEAN_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 0;
        lots_clean outcome = decimal(cases[i].text, cases[i].rule, &value);
        if (outcome != cases[i].outcome || (outcome == LOTS_CLEAN_OK && value != cases[i].value))
            fail_msg("'%s': %s, %lld", cases[i].text, lots_clean_reason(outcome), (long long)value);
    }
}

/* Half-even rounding of digits with a point by school arithmetic on the text: append zeros or cut, then carry. */
static bool round_by_hand(const char *text, unsigned scale, int64_t *out)
{
    char digits[80] = "0";
    size_t count = 1;
    const char *point = strchr(text, '.');
    for (const char *c = text; *c != '\0' && c != point; c++)
        digits[count++] = *c;
    const char *decimals = point != NULL ? point + 1 : "";
    size_t decimal_count = strlen(decimals);
    for (size_t i = 0; i < scale; i++)
        digits[count++] = i < decimal_count ? decimals[i] : '0';
    int first = decimal_count > scale ? decimals[scale] - '0' : 0;
    bool more = false;
    for (size_t i = scale + 1; i < decimal_count; i++)
        more |= decimals[i] != '0';
    if (first > 5 || (first == 5 && (more || ((digits[count - 1] - '0') & 1) != 0))) {
        size_t i = count - 1;
        while (digits[i] == '9')
            digits[i--] = '0';
        digits[i]++;
    }
    digits[count] = '\0';
    const char *value = digits;
    while (*value == '0' && value[1] != '\0')
        value++;
    size_t bytes = strlen(value);
    *out = strtoll(value, NULL, 10);
    return bytes < 19 || (bytes == 19 && strcmp(value, "9223372036854775807") <= 0);
}

static void random_decimals_equal_school_arithmetic(void **unused)
{
    (void)unused;
    uint64_t state = 3;
    for (unsigned round = 0; round < 200000; round++) {
        char text[80];
        size_t whole = 1 + lots_test_random(&state) % (round % 4 == 0 ? 20 : 6);
        size_t decimals = lots_test_random(&state) % (round % 3 == 0 ? 30 : 6);
        size_t count = 0;
        bool nines = lots_test_random(&state) % 8 == 0;
        for (size_t i = 0; i < whole + decimals; i++) {
            if (i == whole)
                text[count++] = '.';
            uint64_t r = lots_test_random(&state);
            text[count++] = (char)('0' + (nines && r % 4 != 0 ? 9 : r % 16 < 3 ? 5 : r % 16 < 6 ? 0 : r % 10));
        }
        text[count] = '\0';
        lots_number_rule rule = {.scale = (uint8_t)(lots_test_random(&state) % 19), .round = LOTS_ROUND_HALF_EVEN};
        int64_t wanted = 0;
        int64_t got = 0;
        bool fits = round_by_hand(text, rule.scale, &wanted);
        lots_clean outcome = decimal(text, &rule, &got);
        assert_int_equal(outcome, fits ? LOTS_CLEAN_OK : LOTS_CLEAN_OUT_OF_RANGE);
        if (fits && got != wanted)
            fail_msg("%s at %u: %lld, not %lld", text, rule.scale, (long long)got, (long long)wanted);
    }
}

static void assert_float_as_strtod(const char *text)
{
    static const lots_number_rule rule = {0};
    double got = 0;
    double wanted = strtod(text, NULL);
    lots_clean outcome = lots_clean_float(text, strlen(text), &rule, &got);
    assert_int_equal(outcome, isinf(wanted) ? LOTS_CLEAN_OUT_OF_RANGE : LOTS_CLEAN_OK);
    if (outcome == LOTS_CLEAN_OK && memcmp(&got, &wanted, sizeof got) != 0)
        fail_msg("%s: %.17g, not %.17g", text, got, wanted);
}

static void floats_equal_strtod_to_the_bit(void **unused)
{
    (void)unused;
    static const char *const hard[] = {
        "0", "-0", "1", "-1.5", "0.1", "1e22", "1e23", "9007199254740993", "9007199254740992", "4.9e-324", "2e-324",
        "2.4703282292062327208e-324", "2.2250738585072011e-308", "1.7976931348623157e308", "1.7976931348623159e308",
        "1e400", "1e-400", "123456789012345678901234567890", "0.000000000000000000000000000012345678901234567890123",
        "8.5", "7.2057594037927933e+16", "9007199254740993.00000000000000000000000000000000000001", "000001.5000",
        "179769313486231580793728971405301e276",
    };
    uint64_t state = 4;
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++)
        assert_float_as_strtod(hard[i]);
    for (unsigned round = 0; round < 60000; round++) {
        char text[400];
        uint64_t bits = lots_test_random(&state);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        snprintf(text, sizeof text, "%.*g", (int)(1 + round % 20), value);
        assert_float_as_strtod(text);
        snprintf(text, sizeof text, "%.*f", (int)(round % 9), (double)(int64_t)(bits >> 30) / 1000.0);
        assert_float_as_strtod(text);
    }
}

/* A number halfway between two doubles, and one unit beside it far behind: more digits than are handed to strtod. */
static void floats_with_a_thousand_digits_are_right(void **unused)
{
    (void)unused;
    char text[2000];
    memset(text, '0', sizeof text);
    memcpy(text, "9007199254740993.", 17);
    text[1500] = '1';
    text[1501] = '\0';
    assert_float_as_strtod(text);
    text[1500] = '0';
    assert_float_as_strtod(text);
    memset(text, '7', 1500);
    assert_float_as_strtod(text + 1300);
    assert_float_as_strtod(text);
    memcpy(text, "0.", 2);
    assert_float_as_strtod(text);
}

static void floats_follow_the_rule(void **unused)
{
    (void)unused;
    static const lots_number_rule swedish = {.decimal = ',', .grouping = ' '};
    double value = 0;
    assert_int_equal(lots_clean_float("1 234,5", 7, &swedish, &value), LOTS_CLEAN_OK);
    assert_true(value == 1234.5);
    assert_int_equal(lots_clean_float("1234.5", 6, &swedish, &value), LOTS_CLEAN_MALFORMED);
    assert_int_equal(lots_clean_float("inf", 3, &swedish, &value), LOTS_CLEAN_MALFORMED);
    assert_int_equal(lots_clean_float(" ", 1, &swedish, &value), LOTS_CLEAN_EMPTY);
}

static void rules_without_sense_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        lots_number_rule rule;
        lots_status status;
    } cases[] = {
        {{.decimal = 0}, LOTS_OK},
        {{.decimal = ',', .grouping = '.', .scale = 18}, LOTS_OK},
        {{.decimal = ';'}, LOTS_USAGE},
        {{.grouping = '_'}, LOTS_USAGE},
        {{.grouping = '.'}, LOTS_USAGE},
        {{.decimal = ',', .grouping = ','}, LOTS_USAGE},
        {{.scale = 19}, LOTS_USAGE},
    };
    lots_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_status(cases[i].status, lots_number_rule_check(&cases[i].rule, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(random_decimals_equal_school_arithmetic),
        cmocka_unit_test(floats_equal_strtod_to_the_bit),
        cmocka_unit_test(floats_with_a_thousand_digits_are_right),
        cmocka_unit_test(floats_follow_the_rule),
        cmocka_unit_test(rules_without_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
