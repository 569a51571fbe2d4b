/* test_codes_nearest.c: suggestions against the whole table of distances, and what counts as a character. */
#include "tests/core/index/codes_fixture.h"

/* The whole table of optimal string alignment over ASCII, case-blind. */
static size_t naive_distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t table[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= a_bytes; i++) {
        for (size_t j = 0; j <= b_bytes; j++) {
            size_t best = i + j;
            if (i > 0 && j > 0) {
                char x = (char)(a[i - 1] | 32), y = (char)(b[j - 1] | 32);
                best = table[i - 1][j - 1] + (x != y);
                best = table[i - 1][j] + 1 < best ? table[i - 1][j] + 1 : best;
                best = table[i][j - 1] + 1 < best ? table[i][j - 1] + 1 : best;
                if (i > 1 && j > 1 && x == (b[j - 2] | 32) && (a[i - 2] | 32) == y)
                    best = table[i - 2][j - 2] + 1 < best ? table[i - 2][j - 2] + 1 : best;
            }
            table[i][j] = best;
        }
    }
    return table[a_bytes][b_bytes];
}

static size_t random_letters(uint64_t *seed, char out[WORD_MAX])
{
    size_t bytes = lots_test_random(seed) % 12;
    for (size_t i = 0; i < bytes; i++)
        out[i] = "abcABC"[lots_test_random(seed) % 6];
    return bytes;
}

static void nearest_equals_the_whole_table_of_distances(void **state)
{
    (void)state;
    static list words;
    uint64_t seed = 31;
    words.count = 0;
    for (size_t i = 0; i < 220; i++) {
        char text[WORD_MAX];
        size_t bytes = random_letters(&seed, text);
        add_word(&words, text, bytes);
    }
    lots_dictionary *made = build(NULL, &words, 0);
    for (size_t trial = 0; trial < 600; trial++) {
        char text[WORD_MAX];
        size_t bytes = random_letters(&seed, text);
        lots_ranks within = {(lots_id)(trial % 50), (lots_id)(words.count - trial % 70)};
        size_t best = bytes / 3 < 2 ? bytes / 3 : 2;
        lots_id want = LOTS_NO_ID;
        for (lots_id rank = within.first; rank < within.end; rank++) {
            size_t distance = naive_distance(text, bytes, words.words[rank].text, words.words[rank].bytes);
            if (distance < best || (distance == best && want == LOTS_NO_ID)) {
                best = distance;
                want = rank;
            }
        }
        assert_int_equal(lots_dictionary_nearest(made, within, text, bytes), want);
    }
    lots_dictionary_close(made);
}

static const struct {
    const char *text;
    const char *nearest; /* NULL: none */
    const char *why;
} suggestions[] = {
    {"icd10\x1fI501", "icd10\x1fI500", "one changed, of four characters"},
    {"icd10\x1f" "5I00", "icd10\x1fI500", "two swapped count once"},
    {"icd10\x1fI599", NULL, "two are too many for four characters"},
    {"icd10\x1fI5", NULL, "two characters leave no room for a mistake"},
    {"icd9\x1fI500", NULL, "the code of another system"},
    {"vårdcentral", "vårdcentral", "itself"},
    {"vardcentral", "vårdcentral", "one character, though two bytes"},
    {"VÅRDCENTARL", "vårdcentral", "letters beyond ASCII are case-blind too"},
    {"v\xff" "rdcentral", "vårdcentral", "a byte that is no UTF-8 is one wrong character"},
};

static void suggestions_count_characters_and_keep_to_the_system(void **state)
{
    (void)state;
    lots_error err;
    static const char *const keys[] = {"icd10\x1fI500", "icd10\x1fJ18", "icd9\x1fV42", "vårdcentral", "sjukhus"};
    lots_dictionary_builder *builder = NULL;
    lots_dictionary *made = NULL;
    lots_id id = 0;
    char text[700];
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_ok(lots_dictionary_intern(builder, keys[i], strlen(keys[i]), &id, &err));
    memset(text, 'x', sizeof text);
    assert_ok(lots_dictionary_intern(builder, text, sizeof text, &id, &err));
    assert_ok(lots_dictionary_finish(builder, &made, NULL, &err));
    lots_dictionary_builder_close(builder);
    lots_ranks all = {0, lots_dictionary_count(made)};
    for (size_t i = 0; i < sizeof suggestions / sizeof suggestions[0]; i++) {
        const char *want = suggestions[i].nearest;
        lots_id rank = lots_dictionary_nearest(made, all, suggestions[i].text, strlen(suggestions[i].text));
        assert_int_equal(rank, want == NULL ? LOTS_NO_ID : lots_dictionary_find(made, want, strlen(want)));
    }
    for (size_t bytes = 240; bytes <= sizeof text; bytes++)
        assert_int_equal(lots_dictionary_nearest(made, all, text, bytes), LOTS_NO_ID);
    lots_dictionary_close(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_equals_the_whole_table_of_distances),
        cmocka_unit_test(suggestions_count_characters_and_keep_to_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
