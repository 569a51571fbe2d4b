/* sort.c: see sort.h. Merge sort of row numbers, bottom up: stable, no recursion, O(n log n) comparisons. */
#include "query/exec/sort.h"

#include <stdlib.h>
#include <string.h>

typedef struct sorter {
    const lots_vector *keys;
    const bool *descending;
    int64_t **labels; /* per key: place of each row's label, or NULL */
    uint32_t count;
} sorter;

static int compare(const sorter *s, uint32_t a, uint32_t b)
{
    for (uint32_t k = 0; k < s->count; k++) {
        int order = 0;
        if (s->labels[k] != NULL)
            order = s->labels[k][a] < s->labels[k][b] ? -1 : s->labels[k][a] > s->labels[k][b];
        if (order == 0)
            order = lots_vector_compare(&s->keys[k], a, &s->keys[k], b);
        if (order != 0)
            return s->descending[k] ? -order : order;
    }
    return 0;
}

/* BAND's labels begin with their number, `70-79`: any of its texts goes by it, those below the first label too. CUT's go
 * by their place in the list. */
static int64_t label_place(const lots_expr *expr, const lots_text *text)
{
    char number[24] = "";
    if (expr->labels[0][0] != '<') {
        memcpy(number, text->text, text->bytes < sizeof number - 1 ? text->bytes : sizeof number - 1);
        return strtoll(number, NULL, 10);
    }
    for (uint32_t i = 0; i < expr->label_count; i++)
        if (strlen(expr->labels[i]) == text->bytes && memcmp(expr->labels[i], text->text, text->bytes) == 0)
            return i;
    return expr->label_count;
}

/* Missing is lowest. */
static lots_status place_labels(const lots_expr *expr, const lots_vector *key, uint32_t rows, lots_arena *arena,
                                int64_t **out, lots_error *err)
{
    void *made = NULL;
    *out = NULL;
    if (expr == NULL || expr->labels == NULL || key->type.kind != LOTS_TYPE_TEXT)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(arena, &made, rows, sizeof(int64_t), err));
    *out = made;
    for (uint32_t row = 0; row < rows; row++) {
        const lots_text *text = &((const lots_text *)key->data)[key->constant ? 0 : row];
        (*out)[row] = lots_vector_is_missing(key, row) ? INT64_MIN : label_place(expr, text);
    }
    return LOTS_OK;
}

static void merge(const sorter *s, const uint32_t *from, uint32_t *to, uint32_t low, uint32_t middle, uint32_t high)
{
    uint32_t a = low, b = middle;
    for (uint32_t at = low; at < high; at++)
        if (a < middle && (b >= high || compare(s, from[a], from[b]) <= 0))
            to[at] = from[a++];
        else
            to[at] = from[b++];
}

lots_status lots_sort_rows(const lots_vector *keys, const bool *descending, const lots_expr *const *labels,
                           uint32_t count, uint32_t rows, lots_arena *arena, uint32_t **order, lots_error *err)
{
    void *first = NULL, *second = NULL, *places = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &first, rows, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &second, rows, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &places, count, sizeof(int64_t *), err));
    sorter s = {keys, descending, places, count};
    for (uint32_t k = 0; k < count; k++)
        LOTS_TRY(place_labels(labels == NULL ? NULL : labels[k], &keys[k], rows, arena, &s.labels[k], err));
    uint32_t *from = first, *to = second;
    for (uint32_t i = 0; i < rows; i++)
        from[i] = i;
    for (uint64_t width = 1; width < rows; width *= 2) {
        for (uint64_t low = 0; low < rows; low += 2 * width) {
            uint64_t middle = low + width < rows ? low + width : rows;
            uint64_t high = low + 2 * width < rows ? low + 2 * width : rows;
            merge(&s, from, to, (uint32_t)low, (uint32_t)middle, (uint32_t)high);
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    *order = from;
    return LOTS_OK;
}
