/* sort.c: see sort.h. Many rows are sorted by the digits of a number that stands for their keys (sort_code.h), few rows, and
 * those with the same number, by merging bottom up: stable, no recursion, O(n log n) comparisons. */
#include "query/exec/sort.h"

#include <stdlib.h>
#include <string.h>

#include "query/exec/sort_code.h"

#define MANY 128u
#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)

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

/* Rows low..high of `from`, by comparing. `to`: room for as many. */
static void sort_by_comparing(const sorter *s, uint32_t *from, uint32_t *to, uint32_t low, uint32_t high)
{
    uint32_t *rows = from;
    for (uint64_t width = 1; width < high - low; width *= 2) {
        for (uint64_t at = low; at < high; at += 2 * width) {
            const uint64_t middle = at + width < high ? at + width : high;
            const uint64_t end = at + 2 * width < high ? at + 2 * width : high;
            merge(s, from, to, (uint32_t)at, (uint32_t)middle, (uint32_t)end);
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != rows)
        memcpy(rows + low, from + low, (high - low) * sizeof *rows);
}

typedef struct coded { /* rows in some order, and the codes of their keys */
    uint64_t *codes;
    uint32_t *rows;
} coded;

/* One digit of the codes; stable. */
static void sort_by_digit(const coded *from, const coded *to, uint32_t count, unsigned shift)
{
    uint32_t next[DIGITS], place = 0;
    memset(next, 0, sizeof next);
    for (uint32_t i = 0; i < count; i++)
        next[from->codes[i] >> shift & (DIGITS - 1)]++;
    for (unsigned d = 0; d < DIGITS; d++) {
        const uint32_t own = next[d];
        next[d] = place;
        place += own;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = next[from->codes[i] >> shift & (DIGITS - 1)]++;
        to->codes[at] = from->codes[i];
        to->rows[at] = from->rows[i];
    }
}

static void sort_by_codes(coded *rows, coded *room, uint32_t count)
{
    uint64_t differ = 0;
    for (uint32_t i = 1; i < count; i++)
        differ |= rows->codes[i] ^ rows->codes[0];
    for (unsigned shift = 0; shift < 64 && differ >> shift != 0; shift += DIGIT_BITS) {
        shift += (unsigned)__builtin_ctzll(differ >> shift);
        sort_by_digit(rows, room, count, shift);
        const coded swap = *rows;
        *rows = *room;
        *room = swap;
    }
}

static lots_status new_coded(uint32_t rows, lots_arena *arena, coded *out, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &made, rows, sizeof(uint64_t), err));
    out->codes = made;
    LOTS_TRY(lots_arena_vector(arena, &made, rows, sizeof(uint32_t), err));
    out->rows = made;
    for (uint32_t i = 0; i < rows; i++)
        out->rows[i] = i;
    return LOTS_OK;
}

/* By the numbers that stand for the keys; rows with the same number by comparing, where it doesn't hold all. */
static lots_status sort_many(const sorter *s, uint32_t rows, lots_arena *arena, uint32_t *order, lots_error *err)
{
    coded all = {NULL, NULL}, room = {NULL, NULL};
    lots_sort_coder coder;
    LOTS_TRY(new_coded(rows, arena, &all, err));
    LOTS_TRY(new_coded(rows, arena, &room, err));
    lots_sort_coder_open(&coder, all.codes, rows);
    for (uint32_t k = 0; k < s->count && coder.whole; k++)
        lots_sort_coder_add(&coder, &s->keys[k], s->labels[k], s->descending[k]);
    sort_by_codes(&all, &room, rows);
    for (uint32_t first = 0, end; first < rows && !coder.whole; first = end) {
        end = first + 1;
        while (end < rows && all.codes[end] == all.codes[first])
            end++;
        if (end - first > 1)
            sort_by_comparing(s, all.rows, room.rows, first, end);
    }
    memcpy(order, all.rows, rows * sizeof *order);
    return LOTS_OK;
}

lots_status lots_sort_rows(const lots_vector *keys, const bool *descending, const lots_expr *const *labels,
                           uint32_t count, uint32_t rows, lots_arena *arena, uint32_t **order, lots_error *err)
{
    void *made = NULL, *places = NULL;
    LOTS_TRY(lots_arena_vector(arena, &made, rows, sizeof(uint32_t), err));
    *order = made;
    const lots_arena_mark mark = lots_arena_save(arena);
    LOTS_TRY(lots_arena_alloc(arena, &places, count, sizeof(int64_t *), err));
    sorter s = {keys, descending, places, count};
    for (uint32_t k = 0; k < count; k++)
        LOTS_TRY(place_labels(labels == NULL ? NULL : labels[k], &keys[k], rows, arena, &s.labels[k], err));
    if (rows >= MANY) {
        LOTS_TRY(sort_many(&s, rows, arena, *order, err));
    } else {
        LOTS_TRY(lots_arena_vector(arena, &made, rows, sizeof(uint32_t), err));
        for (uint32_t i = 0; i < rows; i++)
            (*order)[i] = i;
        sort_by_comparing(&s, *order, made, 0, rows);
    }
    lots_arena_restore(arena, mark);
    return LOTS_OK;
}
