/* test_art.c: the adaptive radix tree against a sorted array, on keys of many shapes. The same tests run over the tree
 * of an installed libart (make LIBART=system). */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/index/art.h"
#include "tests/support/lots_test.h"

#define KEY_MAX 2100u
#define KEYS_MAX 2600u

typedef struct model_key {
    uint8_t *bytes;
    size_t count;
    uint64_t value;
} model_key;

/* The tree and what it must hold, in order. */
typedef struct pair {
    lots_art *art;
    model_key *keys;
    size_t count;
} pair;

static int compare_keys(const uint8_t *a, size_t a_count, const uint8_t *b, size_t b_count)
{
    int order = memcmp(a, b, a_count < b_count ? a_count : b_count);
    return order != 0 ? order : (a_count > b_count) - (a_count < b_count);
}

static size_t model_place(const pair *both, const uint8_t *key, size_t count, bool *found)
{
    size_t low = 0, high = both->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_keys(both->keys[middle].bytes, both->keys[middle].count, key, count) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < both->count && compare_keys(both->keys[low].bytes, both->keys[low].count, key, count) == 0;
    return low;
}

static void open_pair(pair *both)
{
    lots_error err;
    assert_ok(lots_art_init(&both->art, &err));
    both->keys = calloc(KEYS_MAX, sizeof *both->keys);
    both->count = 0;
    assert_non_null(both->keys);
}

static void close_pair(pair *both)
{
    lots_art_destroy(both->art);
    for (size_t i = 0; i < both->count; i++)
        free(both->keys[i].bytes);
    free(both->keys);
}

/* Insert or intern into both and compare what comes back. */
static void put(pair *both, const uint8_t *key, size_t count, uint64_t value, bool replace)
{
    lots_error err;
    bool found = false, existed = false;
    size_t place = model_place(both, key, count, &found);
    uint64_t old = found ? both->keys[place].value : 0;
    if (replace) {
        uint64_t was = 0;
        assert_ok(lots_art_insert(both->art, key, count, value, &existed, &was, &err));
        assert_true(was == old);
    } else {
        uint64_t stands = 0;
        assert_ok(lots_art_intern(both->art, key, count, value, &stands, &existed, &err));
        assert_true(stands == (found ? old : value));
    }
    assert_int_equal(existed, found);
    if (!found) {
        assert_true(both->count < KEYS_MAX);
        memmove(both->keys + place + 1, both->keys + place, (both->count - place) * sizeof *both->keys);
        both->keys[place] = (model_key){malloc(count + 1), count, value};
        memcpy(both->keys[place].bytes, key, count);
        both->count++;
    } else if (replace) {
        both->keys[place].value = value;
    }
}

static void take(pair *both, const uint8_t *key, size_t count)
{
    bool found = false;
    size_t place = model_place(both, key, count, &found);
    uint64_t old = 0;
    assert_int_equal(lots_art_delete(both->art, key, count, &old), found);
    if (!found)
        return;
    assert_true(old == both->keys[place].value);
    free(both->keys[place].bytes);
    memmove(both->keys + place, both->keys + place + 1, (both->count - place - 1) * sizeof *both->keys);
    both->count--;
}

/* What an iteration must meet: the model's keys from `next`, `stop_after` of them at most. */
typedef struct expected {
    const pair *both;
    size_t next;
    size_t visited;
    size_t stop_after;
} expected;

static bool visit_expected(void *context, const uint8_t *key, size_t count, uint64_t value)
{
    expected *want = context;
    assert_true(want->next < want->both->count);
    const model_key *model = &want->both->keys[want->next++];
    assert_int_equal(count, model->count);
    assert_memory_equal(key, model->bytes, count);
    assert_true(value == model->value);
    want->visited++;
    return want->visited == want->stop_after;
}

/* Iterate over a prefix and compare with a filter over all keys. */
static void check_prefix(const pair *both, const uint8_t *prefix, size_t count, size_t stop_after)
{
    lots_error err;
    size_t first = both->count, matching = 0;
    for (size_t i = 0; i < both->count; i++) {
        if (both->keys[i].count < count || memcmp(both->keys[i].bytes, prefix, count) != 0)
            continue;
        first = first < i ? first : i;
        matching++;
    }
    expected want = {both, first, 0, stop_after};
    bool stopped = false;
    assert_ok(lots_art_iter_prefix(both->art, prefix, count, visit_expected, &want, &stopped, &err));
    assert_int_equal(want.visited, matching < stop_after ? matching : stop_after);
    assert_int_equal(stopped, matching >= stop_after);
}

/* A key near one of the tree's: itself, cut, made longer, or with a byte changed. */
static size_t near_key(const pair *both, uint64_t *seed, uint8_t out[KEY_MAX + 8])
{
    if (both->count == 0)
        return 0;
    const model_key *model = &both->keys[lots_test_random(seed) % both->count];
    size_t count = model->count;
    memcpy(out, model->bytes, count);
    switch (lots_test_random(seed) % 4) {
    case 0:
        return count;
    case 1:
        return count == 0 ? 0 : lots_test_random(seed) % count;
    case 2:
        out[count] = (uint8_t)(lots_test_random(seed) % 3 == 0 ? 0 : lots_test_random(seed));
        return count + 1;
    default:
        if (count > 0)
            out[lots_test_random(seed) % count] = (uint8_t)(lots_test_random(seed) % 2 == 0 ? 255 : 0);
        return count;
    }
}

static void check_whole(const pair *both, uint64_t *seed)
{
    lots_error err;
    assert_ok(lots_art_validate(both->art, &err));
    assert_int_equal(lots_art_size(both->art), both->count);
    assert_true(lots_art_memory(both->art) > 0);
    expected want = {both, 0, 0, SIZE_MAX};
    bool stopped = true;
    assert_ok(lots_art_iter(both->art, visit_expected, &want, &stopped, &err));
    assert_int_equal(want.visited, both->count);
    assert_false(stopped);
    const uint8_t *key = NULL;
    size_t count = 0;
    uint64_t value = 0;
    assert_int_equal(lots_art_minimum(both->art, &key, &count, &value), both->count > 0);
    if (both->count > 0)
        assert_int_equal(compare_keys(key, count, both->keys[0].bytes, both->keys[0].count), 0);
    assert_int_equal(lots_art_maximum(both->art, &key, &count, &value), both->count > 0);
    if (both->count > 0) {
        const model_key *last = &both->keys[both->count - 1];
        assert_int_equal(compare_keys(key, count, last->bytes, last->count), 0);
        assert_true(value == last->value);
    }
    for (size_t i = 0; i < both->count; i++) {
        assert_true(lots_art_search(both->art, both->keys[i].bytes, both->keys[i].count, &value));
        assert_true(value == both->keys[i].value);
    }
    for (size_t trial = 0; trial < 60; trial++) {
        uint8_t other[KEY_MAX + 8];
        size_t other_count = near_key(both, seed, other);
        bool found = false;
        model_place(both, other, other_count, &found);
        assert_int_equal(lots_art_search(both->art, other, other_count, &value), found);
        check_prefix(both, other, other_count, SIZE_MAX);
        check_prefix(both, other, other_count / 2, 1 + trial % 5);
    }
}

/* ---- shapes: each makes a random key of its kind ---- */
typedef size_t (*shape)(uint64_t *seed, uint8_t out[KEY_MAX]);

static size_t dense(uint64_t *seed, uint8_t out[KEY_MAX])
{
    uint64_t number = lots_test_random(seed) % 3000;
    out[0] = (uint8_t)(number >> 8);
    out[1] = (uint8_t)number;
    return 2;
}

static size_t sparse(uint64_t *seed, uint8_t out[KEY_MAX])
{
    size_t count = lots_test_random(seed) % 21;
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)lots_test_random(seed);
    return count;
}

static size_t long_shared(uint64_t *seed, uint8_t out[KEY_MAX])
{
    static const size_t stems[] = {8, 9, 10, 11, 60, 61, 2000};
    size_t count = stems[lots_test_random(seed) % 7];
    memset(out, 'x', count);
    size_t more = lots_test_random(seed) % 5;
    for (size_t i = 0; i < more; i++)
        out[count++] = (uint8_t)("wxyz"[lots_test_random(seed) % 4]);
    return count;
}

static size_t nested(uint64_t *seed, uint8_t out[KEY_MAX])
{
    size_t count = lots_test_random(seed) % 13;
    for (size_t i = 0; i < count; i++)
        out[i] = lots_test_random(seed) % 2 == 0 ? 0 : 255;
    return count;
}

static size_t chain(uint64_t *seed, uint8_t out[KEY_MAX])
{
    size_t count = lots_test_random(seed) % KEY_MAX;
    memset(out, 'a', count);
    return count;
}

static size_t low_bytes(uint64_t *seed, uint8_t out[KEY_MAX])
{
    size_t count = lots_test_random(seed) % 7;
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)(lots_test_random(seed) % 4); /* 0, 1 and 2 are what a terminator has to be told from */
    return count;
}

static size_t codes(uint64_t *seed, uint8_t out[KEY_MAX])
{
    uint64_t number = lots_test_random(seed);
    out[0] = (uint8_t)('A' + number % 6);
    for (size_t i = 1; i < 5; i++)
        out[i] = (uint8_t)('0' + (number >> (8 * i)) % 10);
    return 1 + (number >> 40) % 5;
}

static const struct {
    const char *why;
    shape make;
} shapes[] = {
    {"all kinds of node, up to 256 children", dense},
    {"any bytes, also the empty key", sparse},
    {"paths longer than any node could store", long_shared},
    {"prefixes of each other in bytes 0 and 255", nested},
    {"a chain as deep as its longest key", chain},
    {"small byte values", low_bytes},
    {"codes and their prefixes", codes},
};

static void tree_equals_a_sorted_array_for_every_shape_of_key(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        uint64_t seed = 77 + s;
        uint8_t key[KEY_MAX + 8];
        pair both;
        open_pair(&both);
        check_whole(&both, &seed);
        for (size_t phase = 0; phase < 4; phase++) {
            for (size_t i = 0; i < 600; i++) {
                size_t count = shapes[s].make(&seed, key);
                put(&both, key, count, lots_test_random(&seed), i % 2 == 0);
            }
            check_whole(&both, &seed);
            for (size_t i = 0; i < 500; i++) {
                size_t count = i % 3 == 0 ? shapes[s].make(&seed, key) : near_key(&both, &seed, key);
                take(&both, key, count);
            }
            check_whole(&both, &seed);
        }
        while (both.count > 0) {
            const model_key *gone = &both.keys[lots_test_random(&seed) % both.count];
            memcpy(key, gone->bytes, gone->count);
            take(&both, key, gone->count);
        }
        check_whole(&both, &seed);
        close_pair(&both);
    }
}

static void a_node_grows_and_shrinks_through_every_kind(void **state)
{
    (void)state;
    lots_error err;
    uint64_t seed = 5;
    pair both;
    open_pair(&both);
    for (size_t round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 256; i++) {
            uint8_t key[2] = {'k', (uint8_t)(i * 167)};
            put(&both, key, 2, i, true);
            assert_ok(lots_art_validate(both.art, &err));
        }
        put(&both, (const uint8_t *)"k", 1, 1000, true);
        check_whole(&both, &seed);
        for (unsigned i = 0; i < 256; i++) {
            uint8_t key[2] = {'k', (uint8_t)(i * 91)};
            take(&both, key, 2);
            assert_ok(lots_art_validate(both.art, &err));
        }
        check_whole(&both, &seed);
        assert_int_equal(both.count, 1);
    }
    close_pair(&both);
}

/* Without a terminator libart loses one of two keys when one is a prefix of the other. */
static void a_code_and_its_subcode_both_stay(void **state)
{
    (void)state;
    lots_error err;
    lots_art *art = NULL;
    uint64_t value = 0;
    bool existed = true;
    assert_ok(lots_art_init(&art, &err));
    assert_ok(lots_art_insert(art, "I21.9", 5, 219, &existed, NULL, &err));
    assert_false(existed);
    assert_ok(lots_art_insert(art, "I21", 3, 21, &existed, NULL, &err));
    assert_false(existed);
    assert_int_equal(lots_art_size(art), 2);
    assert_true(lots_art_search(art, "I21", 3, &value) && value == 21);
    assert_true(lots_art_search(art, "I21.9", 5, &value) && value == 219);
    assert_false(lots_art_search(art, "I2", 2, &value));
    assert_false(lots_art_search(art, "I21.", 4, &value));
    assert_true(lots_art_delete(art, "I21", 3, &value) && value == 21);
    assert_true(lots_art_search(art, "I21.9", 5, &value) && value == 219);
    assert_false(lots_art_search(art, "I21", 3, &value));
    lots_art_destroy(art);
}

/* libart's SSE2 path takes bytes from 128 for negative when it sorts five children or more. */
static void bytes_from_128_come_after_the_others(void **state)
{
    (void)state;
    uint64_t seed = 6;
    static const uint8_t bytes[] = {0, 1, 2, 125, 126, 127, 128, 129, 191, 192, 254, 255};
    pair both;
    open_pair(&both);
    for (size_t i = 0; i < sizeof bytes; i++) {
        uint8_t key[2] = {bytes[i * 7 % sizeof bytes], 'x'};
        put(&both, key, 1 + i % 2, i, true);
        check_whole(&both, &seed);
    }
    close_pair(&both);
}

static bool count_visit(void *context, const uint8_t *key, size_t count, uint64_t value)
{
    (void)key;
    (void)count;
    (void)value;
    ++*(size_t *)context;
    return false;
}

/* libart compares a compressed path with bytes beyond the end of the prefix. The prefixes here lie at the very end of
 * their allocation, so that a sanitizer sees a read beyond; and end inside a path longer than libart stores. */
static void prefix_iteration_reads_nothing_beyond_the_prefix(void **state)
{
    (void)state;
    lots_error err;
    lots_art *art = NULL;
    char path[200];
    assert_ok(lots_art_init(&art, &err));
    memset(path, 'p', sizeof path);
    for (size_t tail = 0; tail < 3; tail++) {
        path[180] = (char)('a' + tail);
        assert_ok(lots_art_insert(art, path, 181 + tail, tail, NULL, NULL, &err));
    }
    for (size_t count = 0; count <= 180; count++) {
        char *prefix = malloc(count == 0 ? 1 : count);
        uint64_t value = 0;
        size_t visited = 0;
        memset(prefix, 'p', count);
        assert_ok(lots_art_iter_prefix(art, prefix, count, count_visit, &visited, NULL, &err));
        assert_int_equal(visited, 3);
        assert_false(lots_art_search(art, prefix, count, &value));
        assert_false(lots_art_delete(art, prefix, count, &value));
        if (count > 0) {
            prefix[count - 1] = 'q';
            visited = 0;
            assert_ok(lots_art_iter_prefix(art, prefix, count, count_visit, &visited, NULL, &err));
            assert_int_equal(visited, 0);
        }
        free(prefix);
    }
    lots_art_destroy(art);
}

static void an_interned_key_is_lent_and_does_not_move(void **state)
{
    (void)state;
    lots_error err;
    lots_art *art = NULL;
    const uint8_t *first = NULL, *stored = NULL;
    uint64_t value = 0;
    bool existed = false;
    assert_ok(lots_art_init(&art, &err));
    assert_ok(lots_art_intern_lent(art, "stays", 5, UINT64_MAX, &first, &value, &existed, &err));
    for (uint32_t i = 0; i < 5000; i++) {
        uint32_t number = i * 2654435761u;
        assert_ok(lots_art_intern_lent(art, &number, sizeof number, 0, &stored, &value, &existed, &err));
        assert_memory_equal(stored, &number, sizeof number);
    }
    assert_ok(lots_art_intern_lent(art, "stays", 5, 7, &stored, &value, &existed, &err));
    assert_ptr_equal(stored, first);
    assert_true(existed && value == UINT64_MAX);
    assert_memory_equal(stored, "stays", 5);
    lots_art_destroy(art);
}

static void a_key_beyond_the_limit_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    lots_error err;
    lots_art *art = NULL;
    void *key = NULL;
    uint64_t value = 0;
    size_t most = (size_t)1 << 24;
    assert_ok(lots_art_init(&art, &err));
    assert_ok(lots_alloc(&key, most + 1, 1, &err));
    assert_status(LOTS_LIMIT, lots_art_insert(art, key, most + 1, 1, NULL, NULL, &err));
    assert_int_equal(lots_art_size(art), 0);
    assert_ok(lots_art_insert(art, key, most, 1, NULL, NULL, &err));
    assert_ok(lots_art_insert(art, key, most - 1, 2, NULL, NULL, &err));
    assert_true(lots_art_search(art, key, most, &value) && value == 1);
    assert_true(lots_art_delete(art, key, most, &value));
    assert_ok(lots_art_insert(art, key, most, 3, NULL, NULL, &err));
    assert_ok(lots_art_validate(art, &err));
    lots_free(key);
    lots_art_destroy(art);
    lots_art_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_equals_a_sorted_array_for_every_shape_of_key),
        cmocka_unit_test(a_node_grows_and_shrinks_through_every_kind),
        cmocka_unit_test(a_code_and_its_subcode_both_stay),
        cmocka_unit_test(bytes_from_128_come_after_the_others),
        cmocka_unit_test(prefix_iteration_reads_nothing_beyond_the_prefix),
        cmocka_unit_test(an_interned_key_is_lent_and_does_not_move),
        cmocka_unit_test(a_key_beyond_the_limit_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
