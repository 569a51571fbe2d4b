/* The nearest word, against the plain recursive definition of the distance; and the phrase book. */
#include "query/lang/hint.h"
#include "tests/support/lots_test.h"

static unsigned smallest(unsigned a, unsigned b) { return a < b ? a : b; }

/* The definition, without a table: edits between the first i and j letters. */
static unsigned edits(const char *a, size_t i, const char *b, size_t j)
{
    if (i == 0 || j == 0)
        return (unsigned)(i + j);
    unsigned best = edits(a, i - 1, b, j - 1) + (a[i - 1] != b[j - 1]);
    best = smallest(best, smallest(edits(a, i - 1, b, j), edits(a, i, b, j - 1)) + 1);
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        best = smallest(best, edits(a, i - 2, b, j - 2) + 1);
    return best;
}

static void the_nearest_word_is_found(void **state)
{
    static const char *const words[] = {"from", "where", "derive", "group", "by", "and", "or", "top"};
    static const char *const rows[][2] = {
        {"form", "from"}, {"whre", "where"}, {"wehre", "where"}, {"were", "where"}, {"deriv", "derive"}, {"grp", "group"},
        {"an", "and"},    {"bye", "by"},     {"tpo", "top"},     {"from", "from"},  {"x", NULL},         {"ab", NULL},
        {"", NULL},       {"zzz", NULL},     {"wherewhere", NULL}, {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *found = lots_hint_nearest(rows[i][0], strlen(rows[i][0]), words, sizeof words / sizeof words[0]);
        if (rows[i][1] == NULL)
            assert_null(found);
        else
            assert_string_equal(found == NULL ? "none" : found, rows[i][1]);
    }
    static const char *const alike[] = {"cut", "count", "count"};
    assert_ptr_equal(lots_hint_nearest("cout", 4, alike, 3), alike[1]); /* one letter off either: left out sooner than put in */
    static const char long_word[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const char *const long_words[] = {long_word};
    assert_null(lots_hint_nearest(long_word, strlen(long_word), long_words, 1));
}

static void near_is_two_edits_and_fewer_than_half_the_letters(void **state)
{
    uint64_t random = 3;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char a[7], b[7];
        size_t a_bytes = lots_test_random(&random) % 7, b_bytes = lots_test_random(&random) % 7;
        for (size_t i = 0; i < 6; i++) {
            a[i] = (char)('a' + lots_test_random(&random) % 3);
            b[i] = (char)('a' + lots_test_random(&random) % 3);
        }
        b[b_bytes] = '\0';
        const char *const words[] = {b};
        unsigned distance = edits(a, a_bytes, b, b_bytes);
        bool near = distance <= 2 && distance * 2u < (a_bytes > b_bytes ? a_bytes : b_bytes);
        assert_int_equal(lots_hint_nearest(a, a_bytes, words, 1) != NULL, near);
    }
}

static void words_of_other_languages_have_advice(void **state)
{
    (void)state;
    assert_contains(lots_hint_foreign("SELECT", 6), "from patients");
    assert_contains(lots_hint_foreign("Null", 4), "`missing`");
    assert_null(lots_hint_foreign("selec", 5));
    assert_null(lots_hint_foreign("", 0));
    assert_null(lots_hint_foreign("days", 4)); /* on its own it may be anything */
    assert_contains(lots_hint_unit("Days", 4), "30d");
    assert_null(lots_hint_unit("dayss", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_word_is_found),
        cmocka_unit_test(near_is_two_edits_and_fewer_than_half_the_letters),
        cmocka_unit_test(words_of_other_languages_have_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
