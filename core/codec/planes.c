/* planes.c: see planes.h. */
#include "core/codec/planes_inner.h"

#include "core/base/kernels.h"

static size_t word_count_of(uint32_t count) { return (size_t)((count + UINT64_C(63)) / 64); }

/* Few values all over the column tell quickly when there are too many distinct ones. */
static bool sample_fits(const lots_ints *ints)
{
    uint64_t seen[LOTS_PLANES_VALUES];
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < 64; i++) {
        const uint64_t value = lots_ints_at(ints, (uint32_t)((uint64_t)i * ints->count / 64));
        uint32_t k = 0;
        while (k < distinct && seen[k] != value)
            k++;
        if (k == LOTS_PLANES_VALUES)
            return false;
        if (k == distinct)
            seen[distinct++] = value;
    }
    return true;
}

/* Put the newest plane where it belongs: commonest first, of equally common ones the smaller number. */
static void order_newest(lots_planes_plan *plan)
{
    uint32_t at = plan->distinct - 1;
    const uint64_t value = plan->values[at];
    const uint32_t count = plan->counts[at];
    uint64_t *plane = plan->planes[at];
    for (; at > 0 && (plan->counts[at - 1] < count ||
                      (plan->counts[at - 1] == count && plan->values[at - 1] > value)); at--) {
        plan->values[at] = plan->values[at - 1];
        plan->counts[at] = plan->counts[at - 1];
        plan->planes[at] = plan->planes[at - 1];
    }
    plan->values[at] = value;
    plan->counts[at] = count;
    plan->planes[at] = plane;
}

static uint32_t first_bit(const uint64_t *words, uint32_t from)
{
    uint32_t w = from / 64;
    while (words[w] == 0)
        w++;
    return w * 64 + (uint32_t)__builtin_ctzll(words[w]);
}

/* A plane for the first value that has none, until all have or there are too many: *done false. */
static lots_status find_planes(lots_planes_plan *plan, uint64_t *left, bool *done, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const lots_ints *ints = plan->ints;
    uint32_t remaining = ints->count, at = 0;
    for (; remaining > 0 && plan->distinct < LOTS_PLANES_VALUES; plan->distinct++, order_newest(plan)) {
        void *plane;
        at = first_bit(left, at);
        const uint64_t value = lots_ints_at(ints, at);
        LOTS_TRY(lots_arena_vector(arena, &plane, word_count_of(ints->count), 8, err));
        if (ints->narrow != NULL)
            kernels->range_u32(ints->narrow, ints->count, (uint32_t)value, (uint32_t)value, plane);
        else
            kernels->range_i64((const int64_t *)ints->wide, ints->count, (int64_t)value, (int64_t)value, plane);
        kernels->bits_and_not(left, plane, ints->count, left);
        plan->values[plan->distinct] = value;
        plan->counts[plan->distinct] = (uint32_t)kernels->bits_count(plane, ints->count);
        plan->planes[plan->distinct] = plane;
        remaining -= plan->counts[plan->distinct];
    }
    *done = remaining == 0;
    return LOTS_OK;
}

static lots_status all_ones(uint32_t count, uint64_t **out, lots_arena *arena, lots_error *err)
{
    void *words;
    LOTS_TRY(lots_arena_vector(arena, &words, word_count_of(count), 8, err));
    *out = words;
    memset(words, 0, word_count_of(count) * 8);
    lots_kernels_get()->bits_not(words, count, words);
    return LOTS_OK;
}

lots_status lots_planes_measure(const lots_ints *ints, lots_planes_plan *plan, lots_arena *arena, lots_error *err)
{
    uint64_t *left;
    bool done;
    *plan = (lots_planes_plan){.possible = false, .ints = ints};
    if (ints->count == 0 || !sample_fits(ints))
        return LOTS_OK;
    LOTS_TRY(all_ones(ints->count, &left, arena, err));
    LOTS_TRY(find_planes(plan, left, &done, arena, err));
    if (!done || plan->distinct < 2)
        return LOTS_OK;
    plan->possible = true;
    plan->bytes = 4 + (size_t)plan->distinct * lots_frame_value_bytes(ints->range);
    uint32_t rest = ints->count;
    for (uint32_t k = 0; k + 1 < plan->distinct; k++) {
        plan->bytes += (rest + UINT64_C(7)) / 8;
        rest -= plan->counts[k];
    }
    return LOTS_OK;
}

lots_status lots_planes_write(const lots_planes_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const uint32_t count = plan->ints->count;
    const lots_ints values = {.wide = plan->values, .count = plan->distinct, .base = plan->ints->base,
                              .range = plan->ints->range};
    lots_frame_plan frame;
    uint64_t *left;
    void *packed;
    LOTS_TRY(lots_arena_vector(arena, &packed, word_count_of(count), 8, err));
    LOTS_TRY(lots_bytes_put8(out, (uint8_t)plan->distinct, err));
    LOTS_TRY(lots_frame_measure(&values, false, &frame, arena, err));
    LOTS_TRY(lots_frame_write(&frame, out, arena, err));
    LOTS_TRY(all_ones(count, &left, arena, err));
    for (uint32_t k = 0; k + 1 < plan->distinct; k++) {
        const size_t bits = kernels->bits_compress(left, count, plan->planes[k], packed);
        LOTS_TRY(lots_bytes_append(out, packed, (bits + 7) / 8, err));
        kernels->bits_and_not(left, plan->planes[k], count, left);
    }
    return LOTS_OK;
}

lots_status lots_planes_read_bits(lots_reader *reader, uint32_t bits, uint64_t *plane, lots_error *err)
{
    const size_t bytes = ((size_t)bits + 7) / 8;
    const uint8_t *in;
    if (!lots_read_slice(reader, bytes, &in))
        return lots_fail(err, LOTS_CORRUPT, "a bit plane needs %zu bytes, found %zu", bytes, (size_t)(reader->end - reader->at));
    plane[bits / 64] = 0; /* there is a word more than bits */
    memcpy(plane, in, bytes);
    if (bits % 64 != 0)
        plane[bits / 64] &= (UINT64_C(1) << (bits % 64)) - 1;
    return LOTS_OK;
}

/* One plane spread over the values that none before it has; `left` NULL: over all. */
static lots_status read_plane(lots_reader *reader, uint32_t count, const uint64_t *left, uint64_t *packed,
                              uint64_t *plane, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const uint64_t bits = left == NULL ? count : kernels->bits_count(left, count);
    const size_t bytes = (size_t)(bits + 7) / 8;
    const uint8_t *in;
    uint64_t *to = left == NULL ? plane : packed;
    if (!lots_read_slice(reader, bytes, &in))
        return lots_fail(err, LOTS_CORRUPT, "a bit plane needs %zu bytes, found %zu", bytes,
                         (size_t)(reader->end - reader->at));
    to[bits / 64] = 0; /* there is a word more than bits */
    memcpy(to, in, bytes);
    if (left != NULL)
        kernels->bits_expand(left, count, packed, plane);
    else if (count % 64 != 0)
        plane[count / 64] &= (UINT64_C(1) << (count % 64)) - 1;
    return LOTS_OK;
}

lots_status lots_planes_read_distinct(lots_reader *reader, uint32_t count, uint32_t *distinct, lots_error *err)
{
    uint8_t found = 0;
    if (!lots_read8(reader, &found) || found < 1 || found > LOTS_PLANES_VALUES)
        return lots_fail(err, LOTS_CORRUPT, "%u values have planes of %u distinct ones", count, found);
    *distinct = found;
    return LOTS_OK;
}

lots_status lots_planes_read(lots_reader *reader, uint32_t count, uint32_t wanted, planes_read *read, lots_arena *arena,
                             lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const size_t words = word_count_of(count);
    void *room;
    for (; read->read < wanted; read->read++) {
        uint64_t *plane;
        LOTS_TRY(lots_arena_vector(arena, &room, words + 1, 8, err));
        read->planes[read->read] = plane = room;
        if (read->left != NULL) {
            LOTS_TRY(read_plane(reader, count, read->left, read->packed, plane, err));
            kernels->bits_and_not(read->left, plane, count, read->left);
            continue;
        }
        LOTS_TRY(read_plane(reader, count, NULL, NULL, plane, err));
        LOTS_TRY(lots_arena_vector(arena, &room, words + 1, 8, err));
        read->packed = room;
        LOTS_TRY(lots_arena_vector(arena, &room, words, 8, err));
        kernels->bits_not(plane, count, room);
        read->left = room;
    }
    return LOTS_OK;
}

/* The distinct values and all planes. */
static lots_status read_u32(lots_reader *reader, uint32_t count, uint32_t values[U32_ROOM], planes_read *read,
                            lots_arena *arena, lots_error *err)
{
    LOTS_TRY(lots_planes_read_distinct(reader, count, &read->distinct, err));
    LOTS_TRY(lots_frame_decode_u32(reader, read->distinct, 0, values, arena, err));
    return lots_planes_read(reader, count, read->distinct - 1, read, arena, err);
}

static lots_status read_u64(lots_reader *reader, uint32_t count, uint64_t values[U64_ROOM], planes_read *read,
                            lots_arena *arena, lots_error *err)
{
    LOTS_TRY(lots_planes_read_distinct(reader, count, &read->distinct, err));
    LOTS_TRY(lots_frame_decode_u64(reader, read->distinct, 0, values, arena, err));
    return lots_planes_read(reader, count, read->distinct - 1, read, arena, err);
}

lots_status lots_planes_decode_u32(lots_reader *reader, uint32_t count, uint32_t *out, lots_arena *arena,
                                   lots_error *err)
{
    planes_read read = {0};
    uint32_t values[U32_ROOM];
    LOTS_TRY(read_u32(reader, count, values, &read, arena, err));
    lots_kernels_get()->select_u32(read.planes, read.distinct - 1, values, count, out);
    return LOTS_OK;
}

static const uint32_t PLACES[LOTS_PLANES_VALUES] = {0, 1, 2, 3, 4, 5, 6, 7};

/* Which of the distinct values each is, by its place among them. */
static lots_status decode_places(const planes_read *read, uint32_t count, uint32_t **out, lots_arena *arena, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_vector(arena, &room, count, sizeof(uint32_t), err));
    lots_kernels_get()->select_u32(read->planes, read->distinct - 1, PLACES, count, room);
    *out = room;
    return LOTS_OK;
}

lots_status lots_planes_decode_u64(lots_reader *reader, uint32_t count, uint64_t *out, lots_arena *arena,
                                   lots_error *err)
{
    planes_read read = {0};
    uint64_t values[U64_ROOM];
    uint32_t *places;
    LOTS_TRY(read_u64(reader, count, values, &read, arena, err));
    LOTS_TRY(decode_places(&read, count, &places, arena, err));
    lots_kernels_get()->gather_u64(values, places, count, out);
    return LOTS_OK;
}

/* ---- taking: of more than few rows out of all values ---- */

enum { ROWS_A_TAKE = 24 };

/* A row is in one plane at most. */
static uint32_t place_at(const planes_read *read, uint32_t row)
{
    const uint32_t last = read->distinct - 1;
    uint32_t less = 0;
    for (uint32_t k = 0; k < last; k++)
        less += (uint32_t)(read->planes[k][row / 64] >> (row % 64) & 1) * (last - k);
    return last - less;
}

/* Of the values, or of numbers that stand for them, those that the rows have. */
static lots_status take_choices(const planes_read *read, const uint32_t *choices, uint32_t count, const uint32_t *rows,
                                uint32_t row_count, uint32_t *out, lots_arena *arena, lots_error *err)
{
    void *all;
    if ((uint64_t)row_count * ROWS_A_TAKE > count) {
        LOTS_TRY(lots_arena_vector(arena, &all, count, sizeof(uint32_t), err));
        lots_kernels_get()->select_u32(read->planes, read->distinct - 1, choices, count, all);
        lots_kernels_get()->gather_u32(all, rows, row_count, out);
        return LOTS_OK;
    }
    for (uint32_t i = 0; i < row_count; i++)
        out[i] = choices[place_at(read, rows[i])];
    return LOTS_OK;
}

lots_status lots_planes_take_u32(lots_reader *reader, uint32_t count, const uint32_t *rows, uint32_t row_count,
                                 uint32_t *out, lots_arena *arena, lots_error *err)
{
    planes_read read = {0};
    uint32_t values[U32_ROOM];
    LOTS_TRY(read_u32(reader, count, values, &read, arena, err));
    return take_choices(&read, values, count, rows, row_count, out, arena, err);
}

lots_status lots_planes_take_u64(lots_reader *reader, uint32_t count, const uint32_t *rows, uint32_t row_count,
                                 uint64_t *out, lots_arena *arena, lots_error *err)
{
    planes_read read = {0};
    uint64_t values[U64_ROOM];
    void *places;
    LOTS_TRY(read_u64(reader, count, values, &read, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &places, row_count, sizeof(uint32_t), err));
    LOTS_TRY(take_choices(&read, PLACES, count, rows, row_count, places, arena, err));
    for (uint32_t i = 0; i < row_count; i++)
        out[i] = values[((const uint32_t *)places)[i]];
    return LOTS_OK;
}

/* ---- lengths ---- */

typedef struct lengths_read {
    planes_read planes;
    uint32_t values[U32_ROOM];
    const uint32_t *before[LOTS_PLANES_VALUES]; /* by plane: set bits before each word */
    uint32_t *ranks;                            /* room for a rank for each place */
} lengths_read;

/* `places`: at most so many are asked for at once, or one for each word. */
static lots_status read_lengths(lots_reader *reader, uint32_t count, uint32_t places, lengths_read *out, lots_arena *arena,
                                lots_error *err)
{
    const size_t words = word_count_of(count);
    void *room;
    out->planes = (planes_read){0};
    LOTS_TRY(read_u32(reader, count, out->values, &out->planes, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &room, places > words ? places : words + 1, sizeof(uint32_t), err));
    out->ranks = room;
    for (uint32_t k = 0; k + 1 < out->planes.distinct; k++) {
        LOTS_TRY(lots_arena_vector(arena, &room, words + 1, sizeof(uint32_t), err));
        ((uint32_t *)room)[words] = lots_kernels_get()->count_prefix(out->planes.planes[k], words, 0, room);
        out->before[k] = room;
    }
    return LOTS_OK;
}

/* Each value before a place counts as the last one, and one in a plane as what that is more: modulo 2^32. */
static void sum_before(const lengths_read *read, const uint32_t *places, uint32_t count, uint32_t *out)
{
    const uint32_t last = read->values[read->planes.distinct - 1];
    for (uint32_t i = 0; i < count; i++)
        out[i] = last * places[i];
    for (uint32_t k = 0; k + 1 < read->planes.distinct; k++) {
        const uint32_t more = read->values[k] - last;
        lots_kernels_get()->bit_ranks(read->planes.planes[k], read->before[k], places, count, read->ranks);
        for (uint32_t i = 0; i < count; i++)
            out[i] += more * read->ranks[i];
    }
}

/* A packed plane, and how many bits are set before each word and in all. */
static lots_status read_packed(lots_reader *reader, uint32_t bits, uint64_t *plane, uint32_t *before, lots_error *err)
{
    const size_t words = word_count_of(bits);
    LOTS_TRY(lots_planes_read_bits(reader, bits, plane, err));
    before[words] = lots_kernels_get()->count_prefix(plane, words, 0, before);
    return LOTS_OK;
}

/* A plane is packed over the values that none before it has: a place goes on as the number of these before it, so nothing is
 * spread over all values. */
lots_status lots_planes_sums(lots_reader *reader, uint32_t count, const uint32_t *places, uint32_t place_count,
                             uint32_t *out, lots_arena *arena, lots_error *err)
{
    const size_t words = word_count_of(count);
    uint32_t values[U32_ROOM], distinct = 0, bits = count;
    void *plane, *before, *left, *ranks;
    LOTS_TRY(lots_planes_read_distinct(reader, count, &distinct, err));
    LOTS_TRY(lots_frame_decode_u32(reader, distinct, 0, values, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &plane, words + 1, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &before, words + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &left, place_count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &ranks, place_count, sizeof(uint32_t), err));
    uint32_t *at = left, *passed = ranks;
    for (uint32_t i = 0; i < place_count; i++) {
        at[i] = places[i];
        out[i] = 0;
    }
    for (uint32_t k = 0; k + 1 < distinct; k++) {
        LOTS_TRY(read_packed(reader, bits, plane, before, err));
        lots_kernels_get()->bit_ranks(plane, before, at, place_count, passed);
        for (uint32_t i = 0; i < place_count; i++) {
            out[i] += values[k] * passed[i];
            at[i] -= passed[i];
        }
        bits -= ((const uint32_t *)before)[word_count_of(bits)];
    }
    for (uint32_t i = 0; i < place_count; i++)
        out[i] += values[distinct - 1] * at[i];
    return LOTS_OK;
}

/* The last place, a multiple of 64, before which there are no more elements than come before this one, and how many of these are
 * left from there on. */
static lots_status find_words(const lengths_read *read, uint32_t count, const uint32_t *elements, uint32_t element_count,
                              uint32_t *out, uint32_t *left, lots_arena *arena, lots_error *err)
{
    const size_t words = word_count_of(count);
    void *places, *sums;
    size_t word = 0;
    LOTS_TRY(lots_arena_vector(arena, &places, words + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &sums, words + 1, sizeof(uint32_t), err));
    for (size_t w = 0; w < words; w++)
        ((uint32_t *)places)[w] = (uint32_t)(w * 64);
    sum_before(read, places, (uint32_t)words, sums);
    for (uint32_t i = 0; i < element_count; i++) {
        while (word + 1 < words && ((const uint32_t *)sums)[word + 1] <= elements[i])
            word++;
        out[i] = (uint32_t)(word * 64);
        left[i] = elements[i] - ((const uint32_t *)sums)[word];
    }
    return LOTS_OK;
}

lots_status lots_planes_find(lots_reader *reader, uint32_t count, const uint32_t *elements, uint32_t element_count,
                             uint32_t *out, lots_arena *arena, lots_error *err)
{
    lengths_read read;
    uint32_t more[LOTS_PLANES_VALUES], sums[1 + 16];
    void *left;
    LOTS_TRY(read_lengths(reader, count, 1, &read, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &left, element_count, sizeof(uint32_t), err));
    LOTS_TRY(find_words(&read, count, elements, element_count, out, left, arena, err));
    const uint32_t last = read.planes.distinct - 1;
    for (uint32_t k = 0; k < last; k++)
        more[k] = read.values[k] - read.values[last];
    lots_kernels_get()->find_in_words(read.planes.planes, more, last, read.values[last], count, left, element_count, out);
    const uint32_t ends[1 + 16] = {count};
    sum_before(&read, ends, 1, sums);
    if (element_count > 0 && elements[element_count - 1] >= sums[0])
        return lots_fail(err, LOTS_CORRUPT, "element %u is in none of %u lists", elements[element_count - 1], count);
    return LOTS_OK;
}
