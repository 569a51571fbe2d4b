/* test_codes.c: the dictionary against linear searches over a plain list; its image against damage; code forms. */
#include "core/index/codes.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "tests/support/lots_test.h"

#define WORDS_MAX 700u
#define WORD_MAX 24u

/* A plain list of distinct words in byte order. */
typedef struct list {
    size_t count;
    struct {
        char text[WORD_MAX];
        size_t bytes;
    } words[WORDS_MAX];
} list;

static int compare_texts(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
    return order != 0 ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static bool starts_with(const char *text, size_t bytes, const char *prefix, size_t prefix_bytes)
{
    return bytes >= prefix_bytes && memcmp(text, prefix, prefix_bytes) == 0;
}

static void add_word(list *words, const char *text, size_t bytes)
{
    size_t place = words->count;
    for (size_t i = 0; i < words->count; i++)
        if (compare_texts(words->words[i].text, words->words[i].bytes, text, bytes) == 0)
            return;
    while (place > 0 && compare_texts(words->words[place - 1].text, words->words[place - 1].bytes, text, bytes) > 0) {
        words->words[place] = words->words[place - 1];
        place--;
    }
    memcpy(words->words[place].text, text, bytes);
    words->words[place].bytes = bytes;
    words->count++;
}

/* Random words over a few letters, so that they share prefixes and are near each other; with bytes 0 and 255 too. */
static size_t random_word(uint64_t *seed, char out[WORD_MAX])
{
    static const char letters[] = {'a', 'B', 'b', '1', '\0', (char)0xff, 'a', 'b'};
    size_t bytes = lots_test_random(seed) % 9;
    for (size_t i = 0; i < bytes; i++)
        out[i] = letters[lots_test_random(seed) % sizeof letters];
    return bytes;
}

static void random_list(list *words, size_t tries, uint64_t *seed)
{
    words->count = 0;
    for (size_t i = 0; i < tries; i++) {
        char text[WORD_MAX];
        size_t bytes = random_word(seed, text);
        add_word(words, text, bytes);
    }
}

/* A number that orders the words in another way for each salt. */
static uint64_t shuffle_key(const list *words, size_t index, uint64_t salt)
{
    return lots_hash(words->words[index].text, words->words[index].bytes, salt);
}

/* The words' indexes in the salt's order; a salt of 0 keeps byte order. */
static void shuffle(const list *words, uint64_t salt, size_t order[WORDS_MAX])
{
    for (size_t i = 0; i < words->count; i++) {
        size_t place = i;
        while (salt != 0 && place > 0 && shuffle_key(words, order[place - 1], salt) > shuffle_key(words, i, salt)) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = i;
    }
}

/* What the tests say of word i: every third has a label, every fifth has i/2 and i/5 below it. */
static void intern_with_label(lots_dictionary_builder *builder, const list *words, size_t i, uint64_t salt)
{
    lots_error err;
    lots_id id = 0;
    char label[64];
    assert_ok(lots_dictionary_intern(builder, words->words[i].text, words->words[i].bytes, &id, &err));
    if (i % 3 != 0)
        return;
    int bytes = snprintf(label, sizeof label, "label of number %zu", i);
    if (salt % 2 == 1) /* a larger one first or last makes no difference */
        assert_ok(lots_dictionary_label(builder, id, "z larger", 8, &err));
    assert_ok(lots_dictionary_label(builder, id, label, (size_t)bytes, &err));
    if (salt % 2 == 0)
        assert_ok(lots_dictionary_label(builder, id, "z larger", 8, &err));
    assert_ok(lots_dictionary_label(builder, id, "", 0, &err));
}

static void relate_words(lots_dictionary_builder *builder, const list *words, size_t above, size_t below)
{
    lots_error err;
    lots_id a = 0, b = 0;
    assert_ok(lots_dictionary_intern(builder, words->words[above].text, words->words[above].bytes, &a, &err));
    assert_ok(lots_dictionary_intern(builder, words->words[below].text, words->words[below].bytes, &b, &err));
    assert_ok(lots_dictionary_relate(builder, a, b, &err));
}

static void feed(lots_dictionary_builder *builder, const list *words, uint64_t salt)
{
    size_t order[WORDS_MAX];
    shuffle(words, salt, order);
    for (size_t i = 0; i < words->count; i++)
        intern_with_label(builder, words, order[i], salt);
    for (size_t i = 0; i < words->count; i++) {
        if (order[i] % 5 != 0)
            continue;
        relate_words(builder, words, order[i], order[i] / 2);
        relate_words(builder, words, order[i], order[i] / 5);
        relate_words(builder, words, order[i], order[i] / 2);
    }
}

static lots_dictionary *build(const lots_dictionary *base, const list *words, uint64_t salt)
{
    lots_error err;
    lots_dictionary_builder *builder = NULL;
    lots_dictionary *made = NULL;
    lots_id *to_stable = NULL;
    assert_ok(lots_dictionary_builder_open(&builder, base, &err));
    feed(builder, words, salt);
    assert_int_equal(lots_dictionary_builder_count(builder), words->count);
    assert_ok(lots_dictionary_finish(builder, &made, &to_stable, &err));
    for (lots_id id = 0; id < words->count; id++) {
        size_t bytes = 0;
        const char *key = lots_dictionary_builder_key(builder, id, &bytes);
        lots_id rank = lots_dictionary_find(made, key, bytes);
        assert_int_not_equal(rank, LOTS_NO_ID);
        assert_int_equal(lots_dictionary_stable_of_rank(made)[rank], to_stable[id]);
    }
    lots_free(to_stable);
    lots_dictionary_builder_close(builder);
    return made;
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
        assert_int_equal(lots_dictionary_has_hierarchy(loaded), words.count > 0);
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

/* ---- nearest ---- */

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

/* ---- adding ---- */

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

/* ---- the image ---- */

/* An image with all sections: more than one group of keys, stable ids other than ranks, labels, relations. */
static void make_image(lots_bytes *out, size_t tries)
{
    lots_error err;
    static list words, more;
    uint64_t seed = 51;
    random_list(&words, tries, &seed);
    random_list(&more, tries, &seed);
    lots_dictionary *base = build(NULL, &words, 0), *both = build(base, &more, 0);
    assert_ok(lots_dictionary_save(both, out, &err));
    lots_dictionary_close(both);
    lots_dictionary_close(base);
}

static void every_truncation_and_every_flipped_bit_is_found(void **state)
{
    (void)state;
    lots_error err;
    lots_bytes image = {0};
    lots_dictionary *loaded = NULL;
    make_image(&image, 40);
    for (size_t bytes = 0; bytes < image.count; bytes++) {
        uint8_t *cut = malloc(bytes + 1); /* of its own, so that a sanitizer sees a read beyond */
        memcpy(cut, image.data, bytes);
        assert_status(LOTS_CORRUPT, lots_dictionary_load(cut, bytes, &loaded, &err));
        assert_null(loaded);
        free(cut);
    }
    for (size_t bit = 0; bit < image.count * 8; bit++) {
        image.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_status(LOTS_CORRUPT, lots_dictionary_load(image.data, image.count, &loaded, &err));
        image.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_ok(lots_dictionary_load(image.data, image.count, &loaded, &err));
    lots_dictionary_close(loaded);
    lots_bytes_free(&image);
}

/* Everything a dictionary promises, of one that came from bytes. */
static void check_invariants(const lots_dictionary *made)
{
    const char *before = NULL;
    size_t before_bytes = 0;
    uint32_t count = lots_dictionary_count(made);
    for (lots_id rank = 0; rank < count; rank++) {
        size_t bytes = 0, label_bytes = 0;
        uint32_t below_count = 0;
        const char *key = lots_dictionary_key(made, rank, &bytes);
        assert_true(before == NULL || compare_texts(before, before_bytes, key, bytes) < 0);
        assert_int_equal(lots_dictionary_find(made, key, bytes), rank);
        assert_int_equal(lots_dictionary_rank_of_stable(made)[lots_dictionary_stable_of_rank(made)[rank]], rank);
        const char *label = lots_dictionary_label_of(made, rank, &label_bytes);
        assert_true(label == NULL || lots_hash(label, label_bytes, 1) != 0); /* every byte is there to be read */
        const lots_id *below = lots_dictionary_below(made, rank, &below_count);
        for (uint32_t i = 0; i < below_count; i++)
            assert_true(below[i] < count && (i == 0 || below[i - 1] < below[i]));
        before = key;
        before_bytes = bytes;
    }
}

/* Put the checksum of the rest at the end. */
static void sign(uint8_t *image, size_t bytes)
{
    uint64_t sum = lots_hash(image, bytes - 8, 0);
    for (size_t i = 0; i < 8; i++)
        image[bytes - 8 + i] = (uint8_t)(sum >> (8 * i));
}

static void damage_under_a_right_checksum_never_breaks_an_invariant(void **state)
{
    (void)state;
    lots_error err;
    lots_bytes image = {0};
    make_image(&image, 30);
    uint64_t seed = 61;
    size_t body = image.count - 8;
    uint8_t *copy = malloc(image.count);
    for (size_t trial = 0; trial < body * 8 + 4000; trial++) {
        lots_dictionary *loaded = NULL;
        memcpy(copy, image.data, image.count);
        if (trial < body * 8)
            copy[trial / 8] ^= (uint8_t)(1u << trial % 8);
        else
            copy[lots_test_random(&seed) % body] = (uint8_t)lots_test_random(&seed);
        sign(copy, image.count);
        lots_status status = lots_dictionary_load(copy, image.count, &loaded, &err);
        assert_true(status == LOTS_OK || status == LOTS_CORRUPT);
        if (status == LOTS_OK)
            check_invariants(loaded);
        lots_dictionary_close(loaded);
    }
    free(copy);
    lots_bytes_free(&image);
}

/* Written from core/FORMAT.md alone: keys a, ab, b with stable ids 1, 0, 2; label "x" on ab; a and ab below b. */
static const uint8_t by_hand[104] = {
    'L', 'O', 'T', 'S', 'D', 'I', 'C', 'T', 1, 0, 0, 0, 3, 0, 0, 0, /* 0: magic, version, count */
    104, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,               /* 16: image, key section bytes */
    4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0,                 /* 32: key bytes, width, labels */
    3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,                 /* 48: label section, label bytes */
    1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,                 /* 64: aboves, relations, their section */
    1, 'a', 1, 1, 'b', 0, 1, 'b',                                   /* 80: whole; shares 1; shares 0 */
    0x21,                                                           /* 88: 1, 0, 2 in 2 bits each */
    1, 1, 'x',                                                      /* 89: one passed over, one byte long */
    2, 2, 0, 0};                                                    /* 92: two passed over, two below: 0, 1 */

static void an_image_written_by_hand_from_the_format_loads(void **state)
{
    (void)state;
    lots_error err;
    uint8_t image[sizeof by_hand];
    lots_dictionary *loaded = NULL;
    memcpy(image, by_hand, sizeof image);
    sign(image, sizeof image);
    assert_ok(lots_dictionary_load(image, sizeof image, &loaded, &err));
    assert_int_equal(lots_dictionary_count(loaded), 3);
    assert_int_equal(lots_dictionary_find(loaded, "ab", 2), 1);
    assert_int_equal(lots_dictionary_stable_of_rank(loaded)[0], 1);
    assert_int_equal(lots_dictionary_stable_of_rank(loaded)[1], 0);
    size_t bytes = 0;
    assert_memory_equal(lots_dictionary_label_of(loaded, 1, &bytes), "x", 1);
    assert_null(lots_dictionary_label_of(loaded, 2, &bytes));
    uint32_t count = 0;
    const lots_id *below = lots_dictionary_below(loaded, 2, &count);
    assert_true(count == 2 && below[0] == 0 && below[1] == 1);
    lots_bytes saved = {0};
    assert_ok(lots_dictionary_save(loaded, &saved, &err));
    assert_int_equal(saved.count, sizeof image);
    assert_memory_equal(saved.data, image, sizeof image);
    lots_bytes_free(&saved);
    lots_dictionary_close(loaded);
}

/* One or two bytes of the image written by hand, changed under a right checksum; a second of 0 at 0 is none. */
static const struct {
    const char *why;
    uint8_t at, value, also_at, also_value;
} malformed[] = {
    {"magic", 0, 'X', 0, 0},
    {"version", 8, 2, 0, 0},
    {"fewer entries than keys", 12, 2, 0, 0},
    {"more entries than keys", 12, 4, 0, 0},
    {"entries beyond memory", 15, 0xff, 0, 0},
    {"another length of the image", 16, 105, 0, 0},
    {"sections that leave a byte over", 24, 7, 0, 0},
    {"a keys section beyond the image", 31, 0xff, 0, 0},
    {"fewer bytes of keys", 32, 3, 0, 0},
    {"more bytes of keys", 32, 5, 0, 0},
    {"bytes of keys beyond memory", 39, 0xff, 0, 0},
    {"ids said to be ranks, but there", 40, 0, 0, 0},
    {"ids wider than the count needs", 40, 3, 0, 0},
    {"no labels, but there", 44, 0, 0, 0},
    {"more labels than there", 44, 2, 0, 0},
    {"a shorter labels section", 48, 2, 0, 0},
    {"labels smaller unpacked", 56, 2, 0, 0},
    {"labels said to be packed", 56, 4, 0, 0},
    {"labels beyond memory", 63, 0x7f, 0, 0},
    {"no entry with relations, but there", 64, 0, 0, 0},
    {"more entries with relations than there", 64, 2, 0, 0},
    {"fewer relations than there", 68, 1, 0, 0},
    {"more relations than there", 68, 3, 0, 0},
    {"more relations than bytes", 71, 0x7f, 0, 0},
    {"a relations section beyond the image", 79, 0xff, 0, 0},
    {"a key sharing more than the one before has", 82, 2, 32, 5},
    {"a key that is there twice", 82, 0, 32, 3},
    {"a key adding nothing to the one before", 83, 0, 32, 3},
    {"a key sharing less than it does", 85, 1, 86, 0},
    {"keys that fall", 87, 'a', 0, 0},
    {"a stable id over the count", 88, 0x31, 0, 0},
    {"a stable id that is there twice", 88, 0x11, 0, 0},
    {"bits beyond the stable ids", 88, 0x61, 0, 0},
    {"a label of no entry", 89, 3, 0, 0},
    {"an empty label", 90, 0, 0, 0},
    {"a label cut short", 90, 2, 0, 0},
    {"relations of no entry", 92, 3, 0, 0},
    {"an entry with relations and none", 93, 0, 0, 0},
    {"an entry with more relations than there", 93, 3, 0, 0},
    {"no entry below", 94, 3, 0, 0},
    {"no second entry below", 95, 2, 0, 0},
};

static void each_kind_of_malformed_image_is_refused(void **state)
{
    (void)state;
    lots_error err;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        uint8_t image[sizeof by_hand];
        lots_dictionary *loaded = NULL;
        memcpy(image, by_hand, sizeof image);
        image[malformed[i].at] = malformed[i].value;
        if (malformed[i].also_at != 0)
            image[malformed[i].also_at] = malformed[i].also_value;
        sign(image, sizeof image);
        if (lots_dictionary_load(image, sizeof image, &loaded, &err) != LOTS_CORRUPT)
            fail_msg("%s: not refused", malformed[i].why);
        assert_null(loaded);
    }
}

/* Labels that are all alike would unpack to thousands of times their packed size, which a reader must refuse. */
static void labels_that_pack_too_well_are_stored_as_they_are(void **state)
{
    (void)state;
    lots_error err;
    lots_dictionary_builder *builder = NULL;
    lots_dictionary *made = NULL, *loaded = NULL;
    lots_bytes image = {0};
    char *label = calloc(1, 400000);
    lots_id id = 0;
    size_t bytes = 0;
    memset(label, 'l', 400000);
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    assert_ok(lots_dictionary_intern(builder, "k", 1, &id, &err));
    assert_ok(lots_dictionary_label(builder, id, label, 400000, &err));
    assert_ok(lots_dictionary_finish(builder, &made, NULL, &err));
    assert_ok(lots_dictionary_save(made, &image, &err));
    assert_true(image.count > 400000);
    assert_ok(lots_dictionary_load(image.data, image.count, &loaded, &err));
    const char *back = lots_dictionary_label_of(loaded, 0, &bytes);
    assert_int_equal(bytes, 400000);
    assert_memory_equal(back, label, 400000);
    free(label);
    lots_bytes_free(&image);
    lots_dictionary_close(made);
    lots_dictionary_close(loaded);
    lots_dictionary_builder_close(builder);
}

/* ---- a real list ---- */

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

/* ---- code forms ---- */

static const struct {
    lots_code_form form;
    const char *text;
    const char *normal;
    bool whole;  /* well-formed */
    bool begins; /* may start one */
    const char *shown;
} forms[] = {
    {LOTS_CODE_ICD10, "I21", "I21", true, true, "I21"},
    {LOTS_CODE_ICD10, " i21.9 ", "I219", true, true, "I21.9"},
    {LOTS_CODE_ICD10, "I21.9a", "I219A", true, true, "I21.9A"},
    {LOTS_CODE_ICD10, "I\xc2\xa0" "21.-", "I21", true, true, "I21"},
    {LOTS_CODE_ICD10, "A17.0+", "A170", true, true, "A17.0"},
    {LOTS_CODE_ICD10, "G01*", "G01", true, true, "G01"},
    {LOTS_CODE_ICD10, "G01-*", "G01", true, true, "G01"},
    {LOTS_CODE_ICD10, "C7A.090", "C7A090", true, true, "C7A.090"},
    {LOTS_CODE_ICD10, "O9A.1", "O9A1", true, true, "O9A.1"},
    {LOTS_CODE_ICD10, "S72.001A", "S72001A", true, true, "S72.001A"},
    {LOTS_CODE_ICD10, "S72001AB", "S72001AB", false, false, "S72001AB"},
    {LOTS_CODE_ICD10, "21I", "21I", false, false, "21I"},
    {LOTS_CODE_ICD10, "I2", "I2", false, true, "I2"},
    {LOTS_CODE_ICD10, "IX1", "IX1", false, false, "IX1"},
    {LOTS_CODE_ICD10, "I2C", "I2C", false, false, "I2C"},
    {LOTS_CODE_ICD10, "I21-9", "I21-9", false, false, "I21-9"},
    {LOTS_CODE_ICD10, "", "", false, true, ""},
    {LOTS_CODE_ICD10, " .-", "", false, true, ""},
    {LOTS_CODE_ICD9, "250.01", "25001", true, true, "250.01"},
    {LOTS_CODE_ICD9, "250A", "250A", true, true, "250A"},
    {LOTS_CODE_ICD9, "V42A", "V42A", true, true, "V42A"},
    {LOTS_CODE_ICD9, "v45.81", "V4581", true, true, "V45.81"},
    {LOTS_CODE_ICD9, "E812.0", "E8120", true, true, "E812.0"},
    {LOTS_CODE_ICD9, "E81", "E81", false, true, "E81"},
    {LOTS_CODE_ICD9, "41", "41", false, true, "41"},
    {LOTS_CODE_ICD9, "I21", "I21", false, false, "I21"},
    {LOTS_CODE_ATC, "c", "C", true, true, "C"},
    {LOTS_CODE_ATC, "C0", "C0", false, true, "C0"},
    {LOTS_CODE_ATC, "C07", "C07", true, true, "C07"},
    {LOTS_CODE_ATC, "C07A", "C07A", true, true, "C07A"},
    {LOTS_CODE_ATC, "C07AB", "C07AB", true, true, "C07AB"},
    {LOTS_CODE_ATC, "C07AB0", "C07AB0", false, true, "C07AB0"},
    {LOTS_CODE_ATC, "C07 AB02", "C07AB02", true, true, "C07AB02"},
    {LOTS_CODE_ATC, "C07AB021", "C07AB021", false, false, "C07AB021"},
    {LOTS_CODE_ATC, "-", "-", false, false, "-"},
    {LOTS_CODE_KVA, "nfb49", "NFB49", true, true, "NFB49"},
    {LOTS_CODE_KVA, "AV 034", "AV034", true, true, "AV034"},
    {LOTS_CODE_KVA, "NFB", "NFB", false, true, "NFB"},
    {LOTS_CODE_KVA, "NFB4A", "NFB4A", false, false, "NFB4A"},
    {LOTS_CODE_KVA, "A0034", "A0034", false, false, "A0034"},
    {LOTS_CODE_PREFIX, "38341003.x-", "38341003X-", true, true, "38341003X-"},
    {LOTS_CODE_PREFIX, "\xc3\xa0 b", "\xc3\xa0" "B", true, true, "\xc3\xa0" "B"}, /* the A0 is of another letter */
    {LOTS_CODE_PLAIN, " \t8480-6 a.b \xc2\xa0\n", "8480-6 a.b", true, true, "8480-6 a.b"},
    {LOTS_CODE_PLAIN, "  ", "", true, true, ""},
    {LOTS_CODE_PLAIN, "", "", true, true, ""},
};

static void codes_are_normalised_judged_and_shown_by_their_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char out[LOTS_CODE_BYTES_MAX + 1], shown[LOTS_CODE_BYTES_MAX + 2];
        size_t bytes = 999;
        assert_true(lots_code_normalise(forms[i].form, forms[i].text, strlen(forms[i].text), out, &bytes));
        assert_string_equal(out, forms[i].normal);
        assert_int_equal(bytes, strlen(forms[i].normal));
        if (lots_code_well_formed(forms[i].form, out, bytes) != forms[i].whole)
            fail_msg("%s '%s' is judged wrong", lots_code_form_name(forms[i].form), out);
        assert_int_equal(lots_code_starts_well(forms[i].form, out, bytes), forms[i].begins);
        lots_code_display(forms[i].form, out, bytes, shown);
        assert_string_equal(shown, forms[i].shown);
        size_t again = 0;
        assert_true(lots_code_normalise(forms[i].form, shown, strlen(shown), shown, &again));
        assert_string_equal(shown, forms[i].normal);
    }
}

static void a_code_over_255_bytes_is_refused_and_one_of_255_shown(void **state)
{
    (void)state;
    char text[600], out[LOTS_CODE_BYTES_MAX + 1], shown[LOTS_CODE_BYTES_MAX + 2];
    size_t bytes = 0;
    for (lots_code_form form = LOTS_CODE_PLAIN; form <= LOTS_CODE_KVA; form++) {
        lots_code_form parsed = LOTS_CODE_KVA;
        memset(text, ' ', sizeof text);
        memset(text + 100, 'X', 255);
        assert_true(lots_code_normalise(form, text, sizeof text, out, &bytes));
        assert_int_equal(bytes, 255);
        lots_code_display(form, out, bytes, shown);
        assert_int_equal(strlen(shown), 255);
        text[355] = 'X';
        assert_false(lots_code_normalise(form, text, sizeof text, out, &bytes));
        assert_true(lots_code_form_parse(lots_code_form_name(form), &parsed));
        assert_int_equal(parsed, form);
    }
    lots_code_form parsed = LOTS_CODE_KVA;
    assert_false(lots_code_form_parse("snomed", &parsed));
    assert_false(lots_code_form_parse("", &parsed));
}

static void a_code_key_is_put_together_and_split(void **state)
{
    (void)state;
    char key[16];
    const char *code = NULL;
    size_t system_bytes = 0, code_bytes = 0;
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, sizeof key), 11);
    assert_string_equal(key, "icd10\x1fI219A");
    assert_true(lots_code_split(key, 11, &system_bytes, &code, &code_bytes));
    assert_int_equal(system_bytes, 5);
    assert_int_equal(code_bytes, 5);
    assert_memory_equal(code, "I219A", 5);
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, 12), 11);
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, 11), 0);
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, 1), 0);
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, 0), 0);
    assert_false(lots_code_split("I219A", 5, &system_bytes, &code, &code_bytes));
    assert_false(lots_code_split("", 0, &system_bytes, &code, &code_bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_interning_changes_no_byte),
        cmocka_unit_test(find_prefix_and_range_equal_a_linear_search),
        cmocka_unit_test(nearest_equals_the_whole_table_of_distances),
        cmocka_unit_test(suggestions_count_characters_and_keep_to_the_system),
        cmocka_unit_test(adding_entries_keeps_stable_ids_and_order),
        cmocka_unit_test(every_truncation_and_every_flipped_bit_is_found),
        cmocka_unit_test(damage_under_a_right_checksum_never_breaks_an_invariant),
        cmocka_unit_test(an_image_written_by_hand_from_the_format_loads),
        cmocka_unit_test(each_kind_of_malformed_image_is_refused),
        cmocka_unit_test(labels_that_pack_too_well_are_stored_as_they_are),
        cmocka_unit_test(the_swedish_icd10_list_loads_and_its_ranges_equal_a_filter),
        cmocka_unit_test(codes_are_normalised_judged_and_shown_by_their_form),
        cmocka_unit_test(a_code_over_255_bytes_is_refused_and_one_of_255_shown),
        cmocka_unit_test(a_code_key_is_put_together_and_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
