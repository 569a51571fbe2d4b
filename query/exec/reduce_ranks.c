/* reduce_ranks.c: quantiles over ranges that overlap much, and how many values of a range lie between two, however the ranges lie in
 * each other. The values that count stand one after
 * another as their ranks, all different. A wavelet matrix (Claude, Navarro & Ordonez 2015) holds the ranks bit by bit, the
 * highest first; before each next bit those with a 0 are moved before those with a 1, in the order they had. So a range stays a
 * range, and its k-th value, or how many are below one, is found by one step a bit. The answers are those of sorting each range by
 * itself (reduce_values.c), and of looking at each value. Callers: reduce_values.c, by_order.c. */
#include <math.h>

#include "query/exec/aggregate.h"
#include "query/exec/reduce_slide.h"

enum { RANK_BITS = 32 };

typedef struct rank_matrix {
    uint32_t count;
    unsigned levels;
    lots_bit_ranks ones[RANK_BITS]; /* by level: where the bit is set */
    uint32_t zeros[RANK_BITS];      /* by level: how many have a 0 */
    uint32_t *order;                /* by rank: the position */
    double *sorted;                 /* by rank; when quantiles are asked for */
} rank_matrix;

static int compare_values(const void *context, uint32_t a, uint32_t b)
{
    const double *values = context;
    return (values[a] > values[b]) - (values[a] < values[b]);
}

static int compare_keys(const void *context, uint32_t a, uint32_t b)
{
    const int64_t *keys = context;
    return (keys[a] > keys[b]) - (keys[a] < keys[b]);
}

/* The positions that count, sorted by value, and the rank of each in the order of the positions. */
static lots_status rank_values(const lots_step *step, const lots_ranges *ranges, lots_index_order by, const void *values,
                               rank_matrix *out, uint32_t **ranks, uint32_t **spare, lots_error *err)
{
    uint32_t *order = NULL, *place = NULL, count = 0;
    LOTS_TRY(lots_new_u32(step->arena, ranges->positions, &order, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->positions, &place, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->positions, spare, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->positions, ranks, err));
    for (uint32_t at = 0; at < ranges->positions; at++) {
        place[at] = count;
        if (ranges->mask == NULL || lots_bit_get(ranges->mask, at))
            order[count++] = at;
    }
    lots_sort_indexes(order, count, *spare, by, values);
    out->order = order;
    out->count = count;
    for (uint32_t i = 0; i < count; i++)
        (*ranks)[place[order[i]]] = i;
    return LOTS_OK;
}

/* Bit `bit` of the ranks as the next level; `moved` are the ranks in the order of the level after. */
static lots_status add_level(const lots_step *step, rank_matrix *matrix, unsigned bit, const uint32_t *ranks, uint32_t *moved,
                             lots_error *err)
{
    const unsigned level = matrix->levels++;
    const size_t words = lots_bit_words(matrix->count);
    uint64_t *bits = NULL;
    uint32_t *before = NULL, zeros = 0, ones = 0;
    LOTS_TRY(lots_new_bits(step->arena, matrix->count, &bits, err));
    LOTS_TRY(lots_new_u32(step->arena, words + 1, &before, err));
    for (uint32_t i = 0; i < matrix->count; i++)
        if ((ranks[i] >> bit & 1) != 0)
            lots_bit_set(bits, i);
        else
            moved[zeros++] = ranks[i];
    for (uint32_t i = 0; i < matrix->count; i++)
        if ((ranks[i] >> bit & 1) != 0)
            moved[zeros + ones++] = ranks[i];
    before[words] = step->worker->kernels->count_prefix(bits, words, 0, before);
    matrix->ones[level] = (lots_bit_ranks){bits, before};
    matrix->zeros[level] = zeros;
    return LOTS_OK;
}

static lots_status make_matrix(const lots_step *step, const lots_ranges *ranges, lots_index_order by, const void *values,
                               rank_matrix *out, lots_error *err)
{
    uint32_t *ranks = NULL, *moved = NULL;
    unsigned bits = 0;
    *out = (rank_matrix){.count = 0};
    LOTS_TRY(rank_values(step, ranges, by, values, out, &ranks, &moved, err));
    while (bits < RANK_BITS && (uint64_t)1 << bits < out->count)
        bits++;
    while (bits-- > 0) {
        LOTS_TRY(add_level(step, out, bits, ranks, moved, err));
        uint32_t *const next = moved;
        moved = ranks;
        ranks = next;
    }
    return LOTS_OK;
}

/* The k-th least, from 0, of the values from..to. */
static double value_of_rank(const rank_matrix *matrix, uint32_t from, uint32_t to, uint32_t k)
{
    uint32_t rank = 0;
    for (unsigned level = 0; level < matrix->levels; level++) {
        const uint32_t ones_from = lots_bit_rank(&matrix->ones[level], from);
        const uint32_t ones_to = lots_bit_rank(&matrix->ones[level], to);
        const uint32_t zeros = (to - from) - (ones_to - ones_from);
        rank *= 2;
        if (k < zeros) {
            from -= ones_from;
            to -= ones_to;
        } else {
            k -= zeros;
            rank++;
            from = matrix->zeros[level] + ones_from;
            to = matrix->zeros[level] + ones_to;
        }
    }
    return matrix->sorted[rank];
}

static double quantile_between(const rank_matrix *matrix, uint32_t from, uint32_t to, double p)
{
    const double place = (to - from - 1) * p;
    const uint32_t below = (uint32_t)floor(place);
    if (below + 1 >= to - from)
        return value_of_rank(matrix, from, to, to - from - 1);
    const double low = value_of_rank(matrix, from, to, below), weight = place - below;
    return weight == 0 ? low : low + weight * (value_of_rank(matrix, from, to, below + 1) - low);
}

lots_status lots_rank_quantiles(const lots_step *step, const lots_ranges *ranges, const double *values, double p,
                                double *results, uint32_t *counts, lots_error *err)
{
    rank_matrix matrix;
    lots_bit_ranks taken;
    void *room = NULL;
    LOTS_TRY(make_matrix(step, ranges, compare_values, values, &matrix, err));
    LOTS_TRY(lots_arena_vector(step->arena, &room, (size_t)matrix.count + 1, sizeof(double), err));
    matrix.sorted = room;
    for (uint32_t i = 0; i < matrix.count; i++)
        matrix.sorted[i] = values[matrix.order[i]];
    LOTS_TRY(lots_bit_ranks_make(step, ranges, &taken, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        const uint32_t from = lots_bit_rank(&taken, ranges->first[i]), to = lots_bit_rank(&taken, ranges->end[i]);
        counts[i] = to > from ? to - from : 0;
        results[i] = to > from ? quantile_between(&matrix, from, to, p) : 0;
    }
    step->worker->work.rows += ranges->count + 2 * (uint64_t)ranges->positions;
    return LOTS_OK;
}

/* ---- how many between two values ---- */

/* Of the values from..to, those of a rank below `rank`. */
static uint32_t count_below(const rank_matrix *matrix, uint32_t from, uint32_t to, uint32_t rank)
{
    uint32_t below = 0;
    if (rank >= matrix->count)
        return to - from;
    for (unsigned level = 0; level < matrix->levels && from < to; level++) {
        const uint32_t ones_from = lots_bit_rank(&matrix->ones[level], from);
        const uint32_t ones_to = lots_bit_rank(&matrix->ones[level], to);
        if ((rank >> (matrix->levels - 1 - level) & 1) != 0) {
            below += (to - from) - (ones_to - ones_from);
            from = matrix->zeros[level] + ones_from;
            to = matrix->zeros[level] + ones_to;
        } else {
            from -= ones_from;
            to -= ones_to;
        }
    }
    return below;
}

/* The least rank whose key is at least `key` (or, not `with`, above it). */
static uint32_t rank_of(const rank_matrix *matrix, const int64_t *keys, int64_t key, bool with)
{
    uint32_t low = 0, high = matrix->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int64_t here = keys[matrix->order[middle]];
        if (with ? here < key : here <= key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

lots_status lots_rank_counts(const lots_step *step, const lots_ranges *ranges, const int64_t *keys, const int64_t *low,
                             const int64_t *high, uint32_t *counts, lots_error *err)
{
    rank_matrix matrix;
    lots_bit_ranks taken;
    LOTS_TRY(make_matrix(step, ranges, compare_keys, keys, &matrix, err));
    LOTS_TRY(lots_bit_ranks_make(step, ranges, &taken, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        counts[i] = 0;
        if (ranges->first[i] >= ranges->end[i] || low[i] > high[i])
            continue;
        const uint32_t from = lots_bit_rank(&taken, ranges->first[i]), to = lots_bit_rank(&taken, ranges->end[i]);
        counts[i] = count_below(&matrix, from, to, rank_of(&matrix, keys, high[i], false)) -
                    count_below(&matrix, from, to, rank_of(&matrix, keys, low[i], true));
    }
    step->worker->work.rows += ranges->count + 2 * (uint64_t)ranges->positions;
    return LOTS_OK;
}
