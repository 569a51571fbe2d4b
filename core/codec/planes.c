/* planes.c: see planes.h. */
#include "core/codec/planes.h"

#include "core/base/kernels.h"

static size_t word_count_of(uint32_t count) { return (size_t)((count + UINT64_C(63)) / 64); }

/* Commonest first, then the smaller. */
static void order_values(lots_planes_plan *plan)
{
    for (uint32_t k = 1; k < plan->distinct; k++) {
        const uint64_t value = plan->values[k];
        const uint32_t count = plan->counts[k];
        uint32_t at = k;
        for (; at > 0 && (plan->counts[at - 1] < count ||
                          (plan->counts[at - 1] == count && plan->values[at - 1] > value)); at--) {
            plan->values[at] = plan->values[at - 1];
            plan->counts[at] = plan->counts[at - 1];
        }
        plan->values[at] = value;
        plan->counts[at] = count;
    }
}

static uint32_t find_value(const lots_planes_plan *plan, uint64_t value)
{
    uint32_t k = 0;
    while (k < plan->distinct && plan->values[k] != value)
        k++;
    return k;
}

/* Few values all over the column tell quickly when there are too many distinct ones. */
static bool sample_fits(const lots_ints *ints)
{
    lots_planes_plan seen = {.possible = false};
    for (uint32_t i = 0; i < 64; i++) {
        const uint64_t value = lots_ints_at(ints, (uint32_t)((uint64_t)i * ints->count / 64));
        const uint32_t k = find_value(&seen, value);
        if (k == LOTS_PLANES_VALUES)
            return false;
        if (k == seen.distinct)
            seen.values[seen.distinct++] = value;
    }
    return true;
}

void lots_planes_measure(const lots_ints *ints, lots_planes_plan *plan)
{
    *plan = (lots_planes_plan){.possible = false, .ints = ints};
    if (ints->count == 0 || !sample_fits(ints))
        return;
    for (uint32_t i = 0; i < ints->count; i++) {
        const uint64_t value = lots_ints_at(ints, i);
        const uint32_t k = find_value(plan, value);
        if (k == LOTS_PLANES_VALUES)
            return;
        if (k == plan->distinct)
            plan->values[plan->distinct++] = value;
        plan->counts[k]++;
    }
    order_values(plan);
    plan->possible = plan->distinct >= 2;
    plan->bytes = 4 + (size_t)plan->distinct * lots_frame_value_bytes(ints->range);
    uint32_t left = ints->count;
    for (uint32_t k = 0; k + 1 < plan->distinct; k++) {
        plan->bytes += (left + UINT64_C(7)) / 8;
        left -= plan->counts[k];
    }
}

/* For each but the last number, which values are it. */
static void fill_planes(const lots_planes_plan *plan, uint64_t *planes, size_t words)
{
    for (uint32_t i = 0; i < plan->ints->count; i++) {
        const uint32_t k = find_value(plan, lots_ints_at(plan->ints, i));
        planes[k * words + i / 64] |= UINT64_C(1) << (i % 64);
    }
}

lots_status lots_planes_write(const lots_planes_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const uint32_t count = plan->ints->count;
    const size_t words = word_count_of(count);
    void *planes, *left, *packed;
    lots_ints values = {.wide = plan->values, .count = plan->distinct, .base = plan->ints->base,
                        .range = plan->ints->range};
    LOTS_TRY(lots_arena_alloc(arena, &planes, LOTS_PLANES_VALUES * words + 8, 8, err));
    LOTS_TRY(lots_arena_vector(arena, &left, words, 8, err));
    LOTS_TRY(lots_arena_vector(arena, &packed, words, 8, err));
    LOTS_TRY(lots_bytes_put8(out, (uint8_t)plan->distinct, err));
    lots_frame_plan frame;
    LOTS_TRY(lots_frame_measure(&values, false, &frame, arena, err));
    LOTS_TRY(lots_frame_write(&frame, out, arena, err));
    fill_planes(plan, planes, words);
    memset(left, 0, words * 8);
    kernels->bits_not(left, count, left);
    for (uint32_t k = 0; k + 1 < plan->distinct; k++) {
        const uint64_t *plane = (const uint64_t *)planes + k * words;
        const size_t bits = kernels->bits_compress(left, count, plane, packed);
        LOTS_TRY(lots_bytes_append(out, packed, (bits + 7) / 8, err));
        kernels->bits_and_not(left, plane, count, left);
    }
    return LOTS_OK;
}

/* One plane spread over the values that none before it has. */
static lots_status read_plane(lots_reader *reader, uint32_t count, const uint64_t *left, uint64_t *packed,
                              uint64_t *plane, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const uint64_t bits = kernels->bits_count(left, count);
    const size_t bytes = (size_t)(bits + 7) / 8;
    const uint8_t *in;
    if (!lots_read_slice(reader, bytes, &in))
        return lots_fail(err, LOTS_CORRUPT, "a bit plane needs %zu bytes, found %zu", bytes,
                         (size_t)(reader->end - reader->at));
    packed[bits / 64] = 0;
    memcpy(packed, in, bytes);
    kernels->bits_expand(left, count, packed, plane);
    return LOTS_OK;
}

typedef struct planes_read {
    uint32_t distinct;
    const uint64_t *planes[LOTS_PLANES_VALUES];
} planes_read;

static lots_status read_distinct(lots_reader *reader, uint32_t count, uint32_t *distinct, lots_error *err)
{
    uint8_t found = 0;
    if (!lots_read8(reader, &found) || found < 1 || found > LOTS_PLANES_VALUES)
        return lots_fail(err, LOTS_CORRUPT, "%u values have planes of %u distinct ones", count, found);
    *distinct = found;
    return LOTS_OK;
}

static lots_status read_planes(lots_reader *reader, uint32_t count, planes_read *read, lots_arena *arena,
                               lots_error *err)
{
    const size_t words = word_count_of(count);
    void *left, *packed, *plane;
    LOTS_TRY(lots_arena_vector(arena, &left, words, 8, err));
    LOTS_TRY(lots_arena_vector(arena, &packed, words + 1, 8, err));
    memset(left, 0, words * 8);
    lots_kernels_get()->bits_not(left, count, left);
    for (uint32_t k = 0; k + 1 < read->distinct; k++) {
        LOTS_TRY(lots_arena_vector(arena, &plane, words, 8, err));
        LOTS_TRY(read_plane(reader, count, left, packed, plane, err));
        lots_kernels_get()->bits_and_not(left, plane, count, left);
        read->planes[k] = plane;
    }
    return LOTS_OK;
}

lots_status lots_planes_decode_u32(lots_reader *reader, uint32_t count, uint32_t *out, lots_arena *arena,
                                   lots_error *err)
{
    planes_read read = {0, {NULL}};
    uint32_t values[LOTS_PLANES_VALUES + 16];
    LOTS_TRY(read_distinct(reader, count, &read.distinct, err));
    LOTS_TRY(lots_frame_decode_u32(reader, read.distinct, 0, values, arena, err));
    LOTS_TRY(read_planes(reader, count, &read, arena, err));
    lots_kernels_get()->select_u32(read.planes, read.distinct - 1, values, count, out);
    return LOTS_OK;
}

lots_status lots_planes_decode_u64(lots_reader *reader, uint32_t count, uint64_t *out, lots_arena *arena,
                                   lots_error *err)
{
    static const uint32_t places[LOTS_PLANES_VALUES] = {0, 1, 2, 3, 4, 5, 6, 7};
    planes_read read = {0, {NULL}};
    uint64_t values[LOTS_PLANES_VALUES + 8];
    void *indexes;
    LOTS_TRY(read_distinct(reader, count, &read.distinct, err));
    LOTS_TRY(lots_frame_decode_u64(reader, read.distinct, 0, values, arena, err));
    LOTS_TRY(read_planes(reader, count, &read, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &indexes, count, sizeof(uint32_t), err));
    lots_kernels_get()->select_u32(read.planes, read.distinct - 1, places, count, indexes);
    lots_kernels_get()->gather_u64(values, indexes, count, out);
    return LOTS_OK;
}
