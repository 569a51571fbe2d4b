/* Rows sorted by keys of every kind, few and many: each stands behind one that is not larger, and behind the earlier one of two
 * that are the same. */
#include "query/exec/sort.h"

#include "core/base/memory.h"
#include "tests/support/arena_fixture.h"

enum { MOST = 1500, KEYS = 4, LABELS = 3 };

static const char *const labels[LABELS] = {"<10", "10-19", "20+"};

static const lots_type_kind kinds[] = {LOTS_TYPE_INT,      LOTS_TYPE_FLOAT, LOTS_TYPE_DATE, LOTS_TYPE_BOOL,    LOTS_TYPE_TEXT,
                                       LOTS_TYPE_CATEGORY, LOTS_TYPE_CODE,  LOTS_TYPE_SET,  LOTS_TYPE_INTERVAL};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int64_t draw(uint64_t *random, unsigned spread)
{
    const uint64_t drawn = lots_test_random(random);
    switch (spread) {
    case 0: return (int64_t)(drawn % 4);
    case 1: return (int64_t)(drawn % 100000) - 50000;
    default: return drawn % 9 == 0 ? (int64_t)drawn : (int64_t)(drawn % 3) - 1;
    }
}

static void put(lots_vector *v, uint32_t i, int64_t x)
{
    static const char *const texts[] = {"", "a", "ab", "b", "C07AB02", "C07AB03", "a long text", "a long text 2"};
    switch (v->type.kind) {
    case LOTS_TYPE_FLOAT: ((double *)v->data)[i] = x == 0 ? -0.0 : (double)x / 16; break;
    case LOTS_TYPE_DATE: ((int32_t *)v->data)[i] = (int32_t)x; break;
    case LOTS_TYPE_INTERVAL:
        ((int32_t *)v->data)[i] = (int32_t)(x % 5);
        v->data2[i] = (int32_t)(x % 7);
        break;
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE: ((uint32_t *)v->data)[i] = (uint32_t)(x & 0xffff); break;
    case LOTS_TYPE_BOOL:
        if (x & 1)
            lots_bit_set(v->data, i);
        break;
    case LOTS_TYPE_TEXT: {
        const char *text = texts[(uint64_t)x % 8];
        ((lots_text *)v->data)[i] = (lots_text){text, (uint32_t)strlen(text)};
        break;
    }
    default: ((int64_t *)v->data)[i] = x;
    }
}

/* `spread`: 0 few values, 1 some, 2 few and some that are far off. */
static lots_vector make(lots_type_kind kind, uint32_t rows, unsigned spread, bool holes, uint64_t *random)
{
    const lots_type type = {.kind = kind, .element = LOTS_TYPE_INT};
    lots_vector v;
    lots_error err;
    assert_ok(lots_vector_new(&arena, &type, rows, &v, &err));
    if (kind == LOTS_TYPE_SET)
        assert_ok(lots_arena_vector(&arena, &v.data, (size_t)rows * 8, 8, &err));
    if (holes)
        assert_ok(lots_vector_want_missing(&arena, &v, &err));
    uint32_t elements = 0;
    for (uint32_t i = 0; i < rows; i++) {
        const bool hole = holes && lots_test_random(random) % 5 == 0;
        if (hole)
            lots_bit_set(v.missing, i);
        if (kind != LOTS_TYPE_SET) {
            put(&v, i, hole ? 0 : draw(random, spread));
            continue;
        }
        for (uint64_t n = hole ? 0 : lots_test_random(random) % (spread == 0 ? 3 : 9); n > 0; n--)
            ((int64_t *)v.data)[elements++] = draw(random, spread);
        v.offsets[i + 1] = elements;
    }
    return v;
}

static void check(const lots_vector *keys, const bool *descending, const lots_expr *const *labelled, uint32_t count,
                  uint32_t rows, const int64_t *places)
{
    static bool seen[MOST];
    uint32_t *order = NULL;
    lots_error err;
    memset(seen, 0, sizeof seen);
    assert_ok(lots_sort_rows(keys, descending, labelled, count, rows, &arena, &order, &err));
    for (uint32_t i = 0; i < rows; i++) {
        int way = 0;
        assert_true(order[i] < rows && !seen[order[i]]);
        seen[order[i]] = true;
        for (uint32_t k = 0; i > 0 && k < count && way == 0; k++) {
            way = k == 0 && places != NULL ? (places[order[i - 1]] > places[order[i]]) - (places[order[i - 1]] < places[order[i]])
                                           : lots_vector_compare(&keys[k], order[i - 1], &keys[k], order[i]);
            way = descending[k] ? -way : way;
        }
        assert_true(i == 0 || way < 0 || (way == 0 && order[i - 1] < order[i]));
    }
}

static void rows_of_any_keys_are_in_order(void **state)
{
    static const uint32_t counts[] = {0, 1, 2, 127, 128, MOST};
    uint64_t random = 5;
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        lots_vector keys[KEYS];
        bool descending[KEYS];
        const uint32_t count = 1 + round % KEYS, rows = counts[round % (sizeof counts / sizeof *counts)];
        for (uint32_t k = 0; k < count; k++) {
            const lots_type_kind kind = kinds[(round / KEYS + k * 5) % KINDS];
            keys[k] = make(kind, rows, (unsigned)(lots_test_random(&random) % 3), lots_test_random(&random) % 2 == 0, &random);
            descending[k] = lots_test_random(&random) % 3 == 0;
        }
        check(keys, descending, NULL, count, rows, NULL);
        lots_arena_free(&arena);
        lots_arena_init(&arena, 0);
    }
}

/* Texts with an order of their own, and then a number. */
static void labels_keep_their_order(void **state)
{
    static int64_t places[MOST];
    const lots_type type = {.kind = LOTS_TYPE_TEXT};
    lots_expr labelled = {.labels = labels, .label_count = LABELS};
    const lots_expr *const exprs[2] = {&labelled, NULL};
    const bool ways[2][2] = {{false, false}, {true, false}};
    lots_vector keys[2];
    uint64_t random = 9;
    lots_error err;
    (void)state;
    assert_ok(lots_vector_new(&arena, &type, MOST, &keys[0], &err));
    assert_ok(lots_vector_want_missing(&arena, &keys[0], &err));
    keys[1] = make(LOTS_TYPE_INT, MOST, 1, true, &random);
    for (uint32_t i = 0; i < MOST; i++) {
        places[i] = (int64_t)(lots_test_random(&random) % 4) - 1;
        if (places[i] < 0)
            lots_bit_set(keys[0].missing, i);
        else
            ((lots_text *)keys[0].data)[i] = (lots_text){labels[places[i]], (uint32_t)strlen(labels[places[i]])};
    }
    for (int way = 0; way < 2; way++)
        check(keys, ways[way], exprs, 2, MOST, places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_of_any_keys_are_in_order, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(labels_keep_their_order, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
