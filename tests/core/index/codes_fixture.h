/* codes_fixture.h: a plain list of words beside the dictionary made of them, for the tests of dictionaries. What is
 * labelled and what lies below what is a function of a word's place in the list, so that a test can say what must come
 * back. Included by test programs only; each gets its own copy. */
#ifndef LOTS_CODES_FIXTURE_H
#define LOTS_CODES_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/index/codes.h"
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

static inline int compare_texts(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
    return order != 0 ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static inline void add_word(list *words, const char *text, size_t bytes)
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
static inline size_t random_word(uint64_t *seed, char out[WORD_MAX])
{
    static const char letters[] = {'a', 'B', 'b', '1', '\0', (char)0xff, 'a', 'b'};
    size_t bytes = lots_test_random(seed) % 9;
    for (size_t i = 0; i < bytes; i++)
        out[i] = letters[lots_test_random(seed) % sizeof letters];
    return bytes;
}

static inline void random_list(list *words, size_t tries, uint64_t *seed)
{
    words->count = 0;
    for (size_t i = 0; i < tries; i++) {
        char text[WORD_MAX];
        size_t bytes = random_word(seed, text);
        add_word(words, text, bytes);
    }
}

/* A number that orders the words in another way for each salt. */
static inline uint64_t shuffle_key(const list *words, size_t index, uint64_t salt)
{
    return lots_hash(words->words[index].text, words->words[index].bytes, salt);
}

/* The words' indexes in the salt's order; a salt of 0 keeps byte order. */
static inline void shuffle(const list *words, uint64_t salt, size_t order[WORDS_MAX])
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
static inline void intern_with_label(lots_dictionary_builder *builder, const list *words, size_t i, uint64_t salt)
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

static inline void relate_words(lots_dictionary_builder *builder, const list *words, size_t above, size_t below)
{
    lots_error err;
    lots_id a = 0, b = 0;
    assert_ok(lots_dictionary_intern(builder, words->words[above].text, words->words[above].bytes, &a, &err));
    assert_ok(lots_dictionary_intern(builder, words->words[below].text, words->words[below].bytes, &b, &err));
    assert_ok(lots_dictionary_relate(builder, a, b, &err));
}

static inline void feed(lots_dictionary_builder *builder, const list *words, uint64_t salt)
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

static inline lots_dictionary *build(const lots_dictionary *base, const list *words, uint64_t salt)
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

/* Everything a dictionary promises, of one that came from bytes. */
static inline void check_invariants(const lots_dictionary *made)
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

#endif
