/* delta.c: see delta.h. */
#include "core/codec/delta.h"

#include "core/base/kernels.h"

/* ---- differences ---- */
/* Differences of 32-bit distances lie in 33 bits; their spread must fit in 32 or they are no gain. */
static lots_status narrow_differences(const lots_ints *ints, lots_delta_plan *plan, lots_arena *arena, lots_error *err)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    void *out;
    for (uint32_t i = 1; i < ints->count; i++) {
        const int64_t difference = (int64_t)ints->narrow[i] - ints->narrow[i - 1];
        least = difference < least ? difference : least;
        most = difference > most ? difference : most;
    }
    plan->possible = ints->count > 1 && most - least <= (int64_t)UINT32_MAX;
    if (!plan->possible)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &out, ints->count - 1, sizeof(uint32_t), err));
    for (uint32_t i = 1; i < ints->count; i++)
        ((uint32_t *)out)[i - 1] = ints->narrow[i] - ints->narrow[i - 1] - (uint32_t)least;
    plan->differences = (lots_ints){.narrow = out, .count = ints->count - 1, .base = (uint64_t)least,
                                    .range = (uint64_t)(most - least)};
    return LOTS_OK;
}

/* Modulo 2^64, read as signed. */
static lots_status wide_differences(const lots_ints *ints, lots_delta_plan *plan, lots_arena *arena, lots_error *err)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    void *out;
    plan->possible = ints->count > 1;
    if (!plan->possible)
        return LOTS_OK;
    for (uint32_t i = 1; i < ints->count; i++) {
        const int64_t difference = (int64_t)(ints->wide[i] - ints->wide[i - 1]);
        least = difference < least ? difference : least;
        most = difference > most ? difference : most;
    }
    LOTS_TRY(lots_arena_vector(arena, &out, ints->count - 1, sizeof(uint64_t), err));
    for (uint32_t i = 1; i < ints->count; i++)
        ((uint64_t *)out)[i - 1] = ints->wide[i] - ints->wide[i - 1] - (uint64_t)least;
    plan->differences = (lots_ints){.wide = out, .count = ints->count - 1, .base = (uint64_t)least,
                                    .range = (uint64_t)most - (uint64_t)least};
    return LOTS_OK;
}

lots_status lots_delta_measure(const lots_ints *ints, lots_delta_plan *plan, lots_arena *arena, lots_error *err)
{
    *plan = (lots_delta_plan){.possible = false};
    LOTS_TRY(ints->narrow != NULL ? narrow_differences(ints, plan, arena, err)
                                  : wide_differences(ints, plan, arena, err));
    if (!plan->possible)
        return LOTS_OK;
    plan->first = ints->base + lots_ints_at(ints, 0);
    LOTS_TRY(lots_frame_measure(&plan->differences, true, &plan->frame, arena, err));
    plan->bytes = plan->frame.bytes + 4;
    return LOTS_OK;
}

lots_status lots_delta_write(const lots_delta_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    LOTS_TRY(lots_bytes_put_varint(out, lots_zigzag((int64_t)plan->first), err));
    return lots_frame_write(&plan->frame, out, arena, err);
}

static lots_status read_first(lots_reader *reader, uint32_t count, uint64_t *first, lots_error *err)
{
    uint64_t zigzag;
    if (count == 0 || !lots_read_varint(reader, &zigzag))
        return lots_fail(err, LOTS_CORRUPT, "%u differences lack their first number", count);
    *first = (uint64_t)lots_unzigzag(zigzag);
    return LOTS_OK;
}

lots_status lots_delta_decode_u32(lots_reader *reader, uint32_t count, uint32_t *out, lots_arena *arena,
                                  lots_error *err)
{
    uint64_t first = 0;
    uint32_t size;
    lots_frame_cursor differences;
    LOTS_TRY(read_first(reader, count, &first, err));
    LOTS_TRY(lots_frame_open_u32(reader, count - 1, 0, &differences, arena, err));
    out[0] = (uint32_t)first;
    for (uint32_t at = 1; at < count; at += size) {
        LOTS_TRY(lots_frame_next_u32(&differences, out + at, &size, err));
        lots_kernels_get()->prefix_u32(out + at, size, out[at - 1], out + at);
    }
    return LOTS_OK;
}

lots_status lots_delta_decode_u64(lots_reader *reader, uint32_t count, uint64_t *out, lots_arena *arena,
                                  lots_error *err)
{
    LOTS_TRY(read_first(reader, count, out, err));
    LOTS_TRY(lots_frame_decode_u64(reader, count - 1, 0, out + 1, arena, err));
    lots_kernels_get()->prefix_u64(out + 1, count - 1, out[0], out + 1);
    return LOTS_OK;
}

/* ---- gaps ---- */
static uint32_t zigzag_difference(uint32_t after, uint32_t before)
{
    const int64_t difference = (int64_t)after - before; /* within 32 bits: the range was checked */
    return (uint32_t)lots_zigzag(difference);
}

/* The differences of all neighbours; false when one falls that is no patient's first. */
static bool split_gaps(const lots_ints *ints, lots_starts starts, uint32_t *gaps, uint32_t *firsts,
                       uint32_t *first_count)
{
    const uint32_t *values = ints->narrow;
    uint32_t found = 0, at = 0, falls = 0;
    for (uint32_t k = 0; k <= starts.count; k++) {
        const uint32_t end = k < starts.count ? starts.starts[k] : ints->count;
        if (end <= at && k > 0)
            continue;
        if (at < end) {
            firsts[found++] = zigzag_difference(values[at], at == 0 ? 0 : values[at - 1]);
            gaps[at] = 0;
        }
        for (uint32_t i = at + 1; i < end; i++) {
            gaps[i] = values[i] - values[i - 1];
            falls |= values[i] < values[i - 1];
        }
        at = end > at ? end : at;
    }
    *first_count = found;
    return !falls;
}

static uint64_t highest(const uint32_t *values, uint32_t count)
{
    return lots_kernels_get()->max_u32(values, count);
}

lots_status lots_gaps_measure(const lots_ints *ints, lots_starts starts, lots_gaps_plan *plan, lots_arena *arena,
                              lots_error *err)
{
    void *gaps, *firsts;
    uint32_t first_count;
    *plan = (lots_gaps_plan){.possible = false};
    if (starts.starts == NULL || ints->narrow == NULL || ints->range > INT32_MAX || ints->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &gaps, ints->count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &firsts, (size_t)starts.count + 1, sizeof(uint32_t), err));
    plan->possible = split_gaps(ints, starts, gaps, firsts, &first_count);
    if (!plan->possible)
        return LOTS_OK;
    plan->base = ints->base;
    plan->gaps = (lots_ints){.narrow = gaps, .count = ints->count, .range = highest(gaps, ints->count)};
    plan->firsts = (lots_ints){.narrow = firsts, .count = first_count, .range = highest(firsts, first_count)};
    LOTS_TRY(lots_frame_measure(&plan->firsts, true, &plan->firsts_frame, arena, err));
    LOTS_TRY(lots_frame_measure(&plan->gaps, true, &plan->gaps_frame, arena, err));
    plan->bytes = plan->firsts_frame.bytes + plan->gaps_frame.bytes + 6;
    return LOTS_OK;
}

lots_status lots_gaps_write(const lots_gaps_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    LOTS_TRY(lots_bytes_put_varint(out, lots_zigzag((int64_t)plan->base), err));
    LOTS_TRY(lots_bytes_put_varint(out, plan->firsts.count, err));
    LOTS_TRY(lots_frame_write(&plan->firsts_frame, out, arena, err));
    return lots_frame_write(&plan->gaps_frame, out, arena, err);
}

/* A first stands at the first value and wherever a patient begins: do starts rise within the block, at as many places? */
static bool firsts_fit(lots_starts starts, uint32_t count, uint32_t first_count)
{
    uint32_t places = count > 0, before = 0;
    for (uint32_t k = 0; k < starts.count; k++) {
        if (starts.starts[k] < before || starts.starts[k] > count)
            return false;
        places += starts.starts[k] > before && starts.starts[k] < count;
        before = starts.starts[k];
    }
    return places == first_count;
}

typedef struct first_cursor {
    const uint32_t *firsts;
    uint32_t k, at; /* the next start, and the place of the last first */
} first_cursor;

static uint32_t unzigzag(uint32_t first) { return (first >> 1) ^ (0 - (first & 1)); }

/* Firsts into the gaps before `end`. A patient without values begins where the next one does, and is written over. */
static void scatter_firsts(first_cursor *cursor, lots_starts starts, uint32_t end, uint32_t *out)
{
    const uint32_t *firsts = cursor->firsts;
    uint32_t k = cursor->k, at = cursor->at;
    for (; k < starts.count && starts.starts[k] < end; k++) {
        firsts += starts.starts[k] > at;
        at = starts.starts[k];
        out[at] = unzigzag(*firsts);
    }
    *cursor = (first_cursor){firsts, k, at};
}

/* Base and firsts; the gaps are left. */
static lots_status read_firsts(lots_reader *reader, uint32_t count, uint32_t *base, uint32_t **firsts, uint32_t *first_count,
                               lots_arena *arena, lots_error *err)
{
    uint64_t zigzag = 0, found = 0;
    void *room;
    if (!lots_read_varint(reader, &zigzag) || !lots_read_varint(reader, &found) || found > count)
        return lots_fail(err, LOTS_CORRUPT, "%u gaps have a damaged head", count);
    LOTS_TRY(lots_arena_vector(arena, &room, (size_t)found, sizeof(uint32_t), err));
    *base = (uint32_t)lots_unzigzag(zigzag);
    *firsts = room;
    *first_count = (uint32_t)found;
    return lots_frame_decode_u32(reader, *first_count, 0, room, arena, err);
}

lots_status lots_gaps_decode_u32(lots_reader *reader, uint32_t count, lots_starts starts, bool believed, uint32_t *out,
                                 lots_arena *arena, lots_error *err)
{
    uint32_t sum = 0, size, first_count = 0, *firsts = NULL;
    lots_frame_cursor gaps;
    LOTS_TRY(read_firsts(reader, count, &sum, &firsts, &first_count, arena, err));
    if (!believed && !firsts_fit(starts, count, first_count))
        return lots_fail(err, LOTS_CORRUPT, "gaps of %u patients do not fit the patients' starts", first_count);
    LOTS_TRY(lots_frame_open_u32(reader, count, 0, &gaps, arena, err));
    first_cursor cursor = {.firsts = firsts};
    for (uint32_t from = 0; from < count; from += size) {
        LOTS_TRY(lots_frame_next_u32(&gaps, out + from, &size, err));
        if (from == 0)
            out[0] = unzigzag(*cursor.firsts);
        scatter_firsts(&cursor, starts, from + size, out);
        sum = lots_kernels_get()->prefix_u32(out + from, size, sum, out + from);
    }
    return LOTS_OK;
}
