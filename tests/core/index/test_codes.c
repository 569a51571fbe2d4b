/* test_codes.c: a dictionary against linear searches over a plain list, in whatever order it was fed and grown, and a
 * real list of codes. Its suggestions are in test_codes_nearest.c, its image in test_codes_image.c. */
#include "tests/core/index/codes_fixture.h"

static bool starts_with(const char *text, size_t bytes, const char *prefix, size_t prefix_bytes)
{
    return bytes >= prefix_bytes && memcmp(text, prefix, prefix_bytes) == 0;
}

/* The dictionary holds exactly the list, its labels and its relations. */
static void check_against_list(const lots_dictionary *made, const list *words)
{
    assert_int_equal(lots_dictionary_count(made), words->count);
    for (lots_id rank = 0; rank < words->count; rank++) {
        size_t bytes = 0;
        const char *key = lots_dictionary_key(made, rank, &bytes);
        assert_int_equal(bytes, words->words[rank].bytes);
        assert_memory_equal(key, words->words[rank].text, bytes);
        const char *label = lots_dictionary_label_of(made, rank, &bytes);
        assert_int_equal(label != NULL, rank % 3 == 0);
        if (label != NULL) {
            char want[64];
            int want_bytes = snprintf(want, sizeof want, "label of number %u", rank);
            assert_int_equal(bytes, want_bytes);
            assert_memory_equal(label, want, bytes);
        }
        uint32_t count = 0;
        const lots_id *below = lots_dictionary_below(made, rank, &count);
        assert_int_equal(count, rank % 5 != 0 ? 0 : rank == 0 ? 1 : 2);
        if (count == 2)
            assert_true(below[0] == rank / 5 && below[1] == rank / 2);
        lots_id stable = lots_dictionary_stable_of_rank(made)[rank];
        assert_true(stable < words->count);
        assert_int_equal(lots_dictionary_rank_of_stable(made)[stable], rank);
    }
}

static void the_order_of_interning_changes_no_byte(void **state)
{
    (void)state;
    lots_error err;
    static list words;
    uint64_t seed = 11;
    for (size_t tries = 0; tries <= 600; tries = tries < 3 ? tries + 1 : tries * 5) {
        random_list(&words, tries, &seed);
        lots_dictionary *one = build(NULL, &words, 0), *other = build(NULL, &words, 12345);
        lots_bytes one_bytes = {0}, other_bytes = {0};
        check_against_list(one, &words);
        assert_ok(lots_dictionary_save(one, &one_bytes, &err));
        assert_ok(lots_dictionary_save(other, &other_bytes, &err));
        assert_int_equal(one_bytes.count, other_bytes.count);
        assert_memory_equal(one_bytes.data, other_bytes.data, one_bytes.count);
        lots_dictionary *loaded = NULL;
        assert_ok(lots_dictionary_load(one_bytes.data, one_bytes.count, &loaded, &err));
        check_against_list(loaded, &words);
        lots_bytes_free(&one_bytes);
        lots_bytes_free(&other_bytes);
        lots_dictionary_close(one);
        lots_dictionary_close(other);
        lots_dictionary_close(loaded);
    }
}

/* Count words in an interval by the rule itself, and compare with the interval found. */
static void check_range(const lots_dictionary *made, const list *words, const char *low, size_t low_bytes,
                        const char *high, size_t high_bytes)
{
    lots_ranks ranks = lots_dictionary_range(made, low, low_bytes, high, high_bytes);
    assert_true(ranks.first <= ranks.end && ranks.end <= words->count);
    for (lots_id rank = 0; rank < words->count; rank++) {
        const char *text = words->words[rank].text;
        size_t bytes = words->words[rank].bytes;
        bool inside = compare_texts(low, low_bytes, text, bytes) <= 0 &&
                      (compare_texts(text, bytes, high, high_bytes) <= 0 || starts_with(text, bytes, high, high_bytes));
        assert_int_equal(rank >= ranks.first && rank < ranks.end, inside);
    }
}

static void find_prefix_and_range_equal_a_linear_search(void **state)
{
    (void)state;
    static list words;
    uint64_t seed = 21;
    random_list(&words, 500, &seed);
    lots_dictionary *made = build(NULL, &words, 0);
    for (size_t trial = 0; trial < 800; trial++) {
        char low[WORD_MAX], high[WORD_MAX];
        size_t low_bytes = random_word(&seed, low), high_bytes = random_word(&seed, high);
        lots_id want = LOTS_NO_ID;
        for (lots_id rank = 0; rank < words.count; rank++)
            if (compare_texts(words.words[rank].text, words.words[rank].bytes, low, low_bytes) == 0)
                want = rank;
        assert_int_equal(lots_dictionary_find(made, low, low_bytes), want);
        check_range(made, &words, low, low_bytes, high, high_bytes);
        lots_ranks ranks = lots_dictionary_prefix(made, low, low_bytes);
        for (lots_id rank = 0; rank < words.count; rank++)
            assert_int_equal(rank >= ranks.first && rank < ranks.end,
                             starts_with(words.words[rank].text, words.words[rank].bytes, low, low_bytes));
    }
    lots_dictionary_close(made);
}

static void adding_entries_keeps_stable_ids_and_order(void **state)
{
    (void)state;
    lots_error err;
    static list words, half, rest;
    uint64_t seed = 41;
    random_list(&words, 600, &seed);
    half.count = rest.count = 0;
    for (size_t i = 0; i < words.count; i++) {
        bool in_half = lots_test_random(&seed) % 2 == 0;
        if (in_half)
            add_word(&half, words.words[i].text, words.words[i].bytes);
        if (!in_half || i % 7 == 0)
            add_word(&rest, words.words[i].text, words.words[i].bytes);
    }
    lots_dictionary *base = build(NULL, &half, 3);
    lots_dictionary *one = build(base, &rest, 0), *other = build(base, &rest, 99), *loaded = NULL;
    assert_int_equal(lots_dictionary_count(one), words.count);
    lots_id new_stable = lots_dictionary_count(base);
    for (lots_id rank = 0; rank < words.count; rank++) {
        size_t bytes = 0, label_bytes = 0, base_label_bytes = 0;
        const char *key = lots_dictionary_key(one, rank, &bytes);
        lots_id stable = lots_dictionary_stable_of_rank(one)[rank];
        lots_id before = lots_dictionary_find(base, key, bytes);
        assert_int_equal(compare_texts(key, bytes, words.words[rank].text, words.words[rank].bytes), 0);
        if (before == LOTS_NO_ID) {
            assert_int_equal(stable, new_stable++);
            continue;
        }
        assert_int_equal(stable, lots_dictionary_stable_of_rank(base)[before]);
        const char *label = lots_dictionary_label_of(one, rank, &label_bytes);
        const char *base_label = lots_dictionary_label_of(base, before, &base_label_bytes);
        if (base_label != NULL) /* a smaller one of the rest may have replaced it, a larger not */
            assert_true(compare_texts(label, label_bytes, base_label, base_label_bytes) <= 0);
    }
    for (lots_id above = 0; above < lots_dictionary_count(base); above++) {
        uint32_t count = 0, merged_count = 0;
        const lots_id *below = lots_dictionary_below(base, above, &count);
        lots_id rank = lots_dictionary_rank_of_stable(one)[lots_dictionary_stable_of_rank(base)[above]];
        const lots_id *merged = lots_dictionary_below(one, rank, &merged_count);
        for (uint32_t i = 0; i < count; i++) {
            lots_id want = lots_dictionary_rank_of_stable(one)[lots_dictionary_stable_of_rank(base)[below[i]]];
            bool found = false;
            for (uint32_t j = 0; j < merged_count; j++)
                found = found || merged[j] == want;
            assert_true(found);
        }
        for (uint32_t j = 1; j < merged_count; j++)
            assert_true(merged[j - 1] < merged[j]);
    }
    lots_bytes one_bytes = {0}, other_bytes = {0};
    assert_ok(lots_dictionary_save(one, &one_bytes, &err));
    assert_ok(lots_dictionary_save(other, &other_bytes, &err));
    assert_int_equal(one_bytes.count, other_bytes.count);
    assert_memory_equal(one_bytes.data, other_bytes.data, one_bytes.count);
    assert_ok(lots_dictionary_load(one_bytes.data, one_bytes.count, &loaded, &err));
    assert_memory_equal(lots_dictionary_stable_of_rank(loaded), lots_dictionary_stable_of_rank(one),
                        words.count * sizeof(lots_id));
    lots_bytes_free(&one_bytes);
    lots_bytes_free(&other_bytes);
    lots_dictionary_close(loaded);
    lots_dictionary_close(one);
    lots_dictionary_close(other);
    lots_dictionary_close(base);
}

/* The two quoted fields of a line; false when it has not that shape. */
static bool cut_line(char *line, char **code, char **label)
{
    char *middle = strstr(line, "\",\"");
    char *end = strrchr(line, '"');
    if (line[0] != '"' || middle == NULL || end <= middle + 2)
        return false;
    *middle = *end = '\0';
    *code = line + 1;
    *label = middle + 3;
    return true;
}

static void the_swedish_icd10_list_loads_and_its_ranges_equal_a_filter(void **state)
{
    (void)state;
    lots_error err;
    const char *path = lots_test_shared("data/sweden/icd10se.csv");
    if (path == NULL) {
        print_message("skipped: ../shared/data/sweden/icd10se.csv is not here\n");
        skip();
    }
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[2048];
    size_t rows = 0, in_range = 0;
    lots_dictionary_builder *builder = NULL;
    lots_dictionary *made = NULL, *loaded = NULL;
    lots_bytes image = {0};
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file) != NULL) {
        char *code = NULL, *label = NULL, normal[LOTS_CODE_BYTES_MAX + 1], key[400];
        size_t bytes = 0;
        lots_id id = 0;
        assert_true(cut_line(line, &code, &label));
        assert_true(lots_code_normalise(LOTS_CODE_ICD10, code, strlen(code), normal, &bytes));
        assert_true(lots_code_well_formed(LOTS_CODE_ICD10, normal, bytes));
        size_t key_bytes = lots_code_key("icd10", normal, bytes, key, sizeof key);
        assert_ok(lots_dictionary_intern(builder, key, key_bytes, &id, &err));
        assert_ok(lots_dictionary_label(builder, id, label, strlen(label), &err));
        in_range += strncmp(code, "E10", 3) >= 0 && strncmp(code, "E14", 3) <= 0;
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, 33547);
    assert_ok(lots_dictionary_finish(builder, &made, NULL, &err));
    assert_ok(lots_dictionary_save(made, &image, &err));
    assert_ok(lots_dictionary_load(image.data, image.count, &loaded, &err));
    assert_int_equal(lots_dictionary_count(loaded), rows);
    check_invariants(loaded);
    lots_ranks range = lots_dictionary_range(loaded, "icd10\x1f" "E10", 9, "icd10\x1f" "E14", 9);
    assert_true(in_range > 100);
    assert_int_equal(range.end - range.first, in_range);
    lots_ranks system = lots_dictionary_system(loaded, "icd10");
    assert_true(system.first == 0 && system.end == rows);
    assert_int_equal(lots_dictionary_system(loaded, "icd1").end - lots_dictionary_system(loaded, "icd1").first, 0);
    lots_bytes_free(&image);
    lots_dictionary_close(made);
    lots_dictionary_close(loaded);
    lots_dictionary_builder_close(builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_interning_changes_no_byte),
        cmocka_unit_test(find_prefix_and_range_equal_a_linear_search),
        cmocka_unit_test(adding_entries_keeps_stable_ids_and_order),
        cmocka_unit_test(the_swedish_icd10_list_loads_and_its_ranges_equal_a_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
