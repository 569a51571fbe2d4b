/* Ids of persons and codes: a table of forms, and check digits against a sum made another way. */
#include "tests/support/lots_test.h"

#include <stdio.h>

#include "core/base/day.h"
#include "ingest/clean.h"

static lots_clean clean(const char *text, const char *reference, char digits[13], lots_person_id *out)
{
    lots_day day = 0;
    assert_true(lots_day_parse(reference, 10, &day));
    digits[12] = '\0';
    return lots_clean_person(text, strlen(text), day, digits, out);
}

static void forms_become_twelve_digits(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        const char *reference;
        lots_clean outcome;
        lots_person_kind kind;
        const char *id;
    } cases[] = {
        {"19121212-1212", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "191212121212"},
        {"191212121212", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "191212121212"},
        {"121212+1212", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "191212121212"},
        {"121212-1212", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "201212121212"},
        {"1212121212", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "201212121212"},
        {" 811218-9876 ", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "198112189876"},
        {"811218-9876", "1990-01-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "198112189876"},
        {"121212-1212", "2011-06-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "191212121212"},
        {"121212-1212", "2012-12-12", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "201212121212"}, /* born today */
        {"121212-1212", "2012-12-11", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "191212121212"}, /* not tomorrow */
        {"121212+1212", "2012-01-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "191212121212"}, /* plus from that year */
        {"121212+1212", "2011-12-31", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "181212121212"},
        {"811218-9875", "2024-01-01", LOTS_CLEAN_CHECK_DIGIT, LOTS_PERSON_PERSONNUMMER, "198112189875"},
        {"701063-2391", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_SAMORDNINGSNUMMER, "197010632391"},
        {"19701063-2391", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_SAMORDNINGSNUMMER, "197010632391"},
        {"701063-2392", "2024-01-01", LOTS_CLEAN_CHECK_DIGIT, LOTS_PERSON_SAMORDNINGSNUMMER, "197010632392"},
        {"20000229-0005", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_PERSONNUMMER, "200002290005"}, /* 2 + 4 + 9 + 5 */
        {"20000229-0006", "2024-01-01", LOTS_CLEAN_CHECK_DIGIT, LOTS_PERSON_PERSONNUMMER, "200002290006"},
        {"19000229-0005", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "19000229-0005"}, /* no such day */
        {"19811318-9876", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "19811318-9876"},
        {"19811292-9876", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "19811292-9876"}, /* day 32 + 60 */
        {"00000101-1212", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "00000101-1212"},
        {"19811218-987A", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "19811218-987A"},
        {"19811218+9876", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "19811218+9876"}, /* no form has both */
        {"811218 9876", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "811218 9876"},
        {" R123 ", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "R123"},
        {"1", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "1"},
        {"81121898761", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "81121898761"},
        {"12345678901234567890", "2024-01-01", LOTS_CLEAN_OK, LOTS_PERSON_RESERVE, "12345678901234567890"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char digits[13];
        lots_person_id id;
        lots_clean outcome = clean(cases[i].text, cases[i].reference, digits, &id);
        if (outcome != cases[i].outcome || id.kind != cases[i].kind || id.bytes != strlen(cases[i].id) ||
            memcmp(id.text, cases[i].id, id.bytes) != 0)
            fail_msg("'%s' at %s: %s, kind %d, %.*s", cases[i].text, cases[i].reference, lots_clean_reason(outcome),
                     (int)id.kind, (int)id.bytes, id.text);
    }
    char digits[13];
    lots_person_id id;
    assert_int_equal(clean("  ", "2024-01-01", digits, &id), LOTS_CLEAN_EMPTY);
}

/* The sum by a table of doubled digits, over the number written without its century. */
static bool luhn_by_table(const char *ten)
{
    static const int doubled[10] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
    int sum = 0;
    for (int i = 9; i >= 0; i--)
        sum += (9 - i) % 2 == 1 ? doubled[ten[i] - '0'] : ten[i] - '0';
    return sum % 10 == 0;
}

static void one_of_ten_check_digits_is_right(void **unused)
{
    (void)unused;
    uint64_t state = 8;
    for (unsigned round = 0; round < 3000; round++) {
        unsigned right = 0;
        lots_civil civil = lots_day_to_civil((lots_day)(lots_test_random(&state) % 40000) - 20000);
        unsigned serial = (unsigned)(lots_test_random(&state) % 1000);
        int added = (int)(round % 2) * 60;
        for (unsigned check = 0; check < 10; check++) {
            char text[32];
            char digits[13];
            lots_person_id id;
            snprintf(text, sizeof text, "%04d%02d%02d-%03u%u", (int)civil.year, (int)civil.month, (int)civil.day + added,
                     serial, check);
            lots_clean outcome = clean(text, "2024-01-01", digits, &id);
            assert_int_equal(id.kind, added ? LOTS_PERSON_SAMORDNINGSNUMMER : LOTS_PERSON_PERSONNUMMER);
            assert_int_equal(outcome == LOTS_CLEAN_OK, luhn_by_table(digits + 2));
            right += outcome == LOTS_CLEAN_OK;
        }
        assert_int_equal(right, 1);
    }
}

static void short_years_are_in_the_hundred_before_the_reference(void **unused)
{
    (void)unused;
    for (int age = 0; age <= 150; age++) {
        char text[32];
        char digits[13];
        lots_person_id id;
        int year = 2023 - age;
        bool plus = age >= 100;
        snprintf(text, sizeof text, "%02d0102%c0000", year % 100, plus ? '+' : '-');
        clean(text, "2023-06-30", digits, &id);
        int wanted = age < 100 ? year : age < 200 ? year : 0;
        char expected[5];
        snprintf(expected, sizeof expected, "%04d", wanted);
        assert_memory_equal(digits, expected, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_become_twelve_digits),
        cmocka_unit_test(one_of_ten_check_digits_is_right),
        cmocka_unit_test(short_years_are_in_the_hundred_before_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
