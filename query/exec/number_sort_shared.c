/* number_sort_shared.c: each thread puts a part in order; then two and two are merged, each pair by all threads, which find by
 * searching both what the least of them are (Knuth 1998, 5.2.4). See number_sort.h. */
#include <string.h>

#include "core/base/arena.h"
#include "query/exec/number_sort.h"

#define PARTS 16u    /* at most */
#define MANY 65536u  /* that other threads are woken for */

/* Two rising parts, and room for both. */
typedef struct merge {
    const int64_t *a, *b;
    uint64_t a_count, b_count;
    int64_t *to;
} merge;

/* From both ends at once: neither waits for what the other takes. */
static void merge_two(const merge *m)
{
    const int64_t *a = m->a, *b = m->b, *a_end = a + m->a_count, *b_end = b + m->b_count;
    int64_t *first = m->to, *end = first + m->a_count + m->b_count;
    while (a_end - a > 1 && b_end - b > 1) {
        const bool lower = *b < *a, upper = a_end[-1] > b_end[-1];
        *first++ = lower ? *b : *a;
        *--end = upper ? a_end[-1] : b_end[-1];
        a += !lower;
        b += lower;
        a_end -= upper;
        b_end -= !upper;
    }
    while (a < a_end && b < b_end)
        *first++ = *b < *a ? *b++ : *a++;
    memcpy(first, a, (size_t)(a_end - a) * sizeof *first);
    memcpy(first + (a_end - a), b, (size_t)(b_end - b) * sizeof *first);
}

/* How many of the `least` least are a's. */
static uint64_t share_of_a(const merge *m, uint64_t least)
{
    uint64_t low = least > m->b_count ? least - m->b_count : 0, high = least < m->a_count ? least : m->a_count;
    while (low < high) {
        const uint64_t tried = low + (high - low) / 2;
        if (m->a[tried] < m->b[least - tried - 1])
            low = tried + 1;
        else
            high = tried;
    }
    return low;
}

/* Part `part` of `parts` of what is merged. */
static merge part_of(const merge *m, uint64_t part, uint64_t parts)
{
    const uint64_t count = m->a_count + m->b_count, from = count * part / parts, end = count * (part + 1) / parts;
    const uint64_t a = share_of_a(m, from), a_end = share_of_a(m, end);
    return (merge){m->a + a, m->b + (from - a), a_end - a, end - a_end - (from - a), m->to + from};
}

typedef struct shared_sort {
    int64_t *values, *room;
    int64_t *sorted; /* values or room: where the parts are to be in order */
    uint64_t count;
    unsigned threads;
    bool floats;
    unsigned parts; /* in order, and where they end */
    uint64_t ends[PARTS];
    merge merges[PARTS / 2 + 1];
} shared_sort;

static uint64_t start_of(const shared_sort *sort, size_t part) { return part == 0 ? 0 : sort->ends[part - 1]; }

static lots_status sort_part(void *context, size_t task, unsigned worker, lots_error *err)
{
    const shared_sort *sort = context;
    const uint64_t first = start_of(sort, task), count = sort->ends[task] - first;
    (void)worker;
    (void)err;
    if (sort->floats)
        (void)lots_float_keys((double *)(void *)(sort->values + first), count);
    lots_sort_ints_into(sort->values + first, count, sort->sorted + first);
    return LOTS_OK;
}

static lots_status merge_part(void *context, size_t task, unsigned worker, lots_error *err)
{
    const shared_sort *sort = context;
    const merge own = part_of(&sort->merges[task / sort->threads], task % sort->threads, sort->threads);
    (void)worker;
    (void)err;
    merge_two(&own);
    if (sort->floats && sort->parts == 1)
        lots_floats_of_keys(own.to, own.a_count + own.b_count);
    return LOTS_OK;
}

/* Two and two of the parts, and what is left over, from one array to the other. */
static lots_status merge_pairs(shared_sort *sort, lots_pool *pool, lots_error *err)
{
    const int64_t *from = sort->sorted;
    int64_t *to = from == sort->values ? sort->room : sort->values;
    const unsigned before = sort->parts;
    sort->parts = 0;
    for (unsigned i = 0; i < before; i += 2) {
        const uint64_t first = start_of(sort, i), middle = sort->ends[i], end = i + 1 < before ? sort->ends[i + 1] : middle;
        sort->merges[sort->parts++] = (merge){from + first, from + middle, middle - first, end - middle, to + first};
    }
    for (unsigned i = 0; i < sort->parts; i++)
        sort->ends[i] = sort->ends[2 * i + 1 < before ? 2 * i + 1 : 2 * i];
    sort->sorted = to;
    return lots_pool_run(pool, (size_t)sort->parts * sort->threads, merge_part, sort, NULL, err);
}

/* So that the last merge ends in their own place. */
static lots_status sort_parts(shared_sort *sort, lots_pool *pool, lots_error *err)
{
    bool apart = false;
    sort->parts = sort->threads < PARTS ? sort->threads : PARTS;
    for (unsigned i = 0; i < sort->parts; i++)
        sort->ends[i] = sort->count * (i + 1) / sort->parts;
    for (unsigned left = sort->parts; left > 1; left = (left + 1) / 2)
        apart = !apart;
    sort->sorted = apart ? sort->room : sort->values;
    LOTS_TRY(lots_pool_run(pool, sort->parts, sort_part, sort, NULL, err));
    while (sort->parts > 1)
        LOTS_TRY(merge_pairs(sort, pool, err));
    return LOTS_OK;
}

lots_status lots_sort_shared(void *values, uint64_t count, bool floats, lots_pool *pool, lots_error *err)
{
    shared_sort sort = {.values = values, .count = count, .threads = pool != NULL && count >= MANY ? lots_pool_threads(pool) : 1, .floats = floats};
    lots_status status = LOTS_OK;
    lots_arena arena;
    void *room = NULL;
    lots_arena_init(&arena, 0);
    if (sort.threads > 1 && lots_arena_vector(&arena, &room, count, sizeof *sort.values, NULL) == LOTS_OK) {
        sort.room = room;
        status = sort_parts(&sort, pool, err);
    } else if (floats) {
        lots_sort_floats(values, count);
    } else {
        lots_sort_ints(values, count);
    }
    lots_arena_free(&arena);
    return status;
}
