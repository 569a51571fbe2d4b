/* choose.c: see choose.h. */
#include "core/codec/choose.h"

#include "core/codec/bitpack.h"
#include "core/codec/dict.h"
#include "core/codec/planes.h"
#include "core/codec/rle.h"

/* What a byte costs, 16 being a byte of a plain frame: an encoding that takes longer to decode must be that much smaller.
 * From decoding 16 thousand numbers in cache (Gv/s, AVX-512): frame of 8 bits 7, gaps 2.4, planes 2.4, dictionary 2,
 * runs of 30 4. Reading a byte from memory is part of a frame's cost, so the factors are far below those ratios. */
static const unsigned byte_cost[] = {
    [LOTS_ENCODING_FRAME] = 16, [LOTS_ENCODING_GAPS] = 16,   [LOTS_ENCODING_DELTA] = 17,
    [LOTS_ENCODING_RUNS] = 18,  [LOTS_ENCODING_PLANES] = 17, [LOTS_ENCODING_DICT] = 19,  /* STEPS as well */
};
#define DICT_LIMIT 4096u
#define DICT_FORCED_LIMIT (1u << 20)

typedef struct candidates {
    lots_frame_plan frame;
    lots_gaps_plan gaps;
    lots_delta_plan delta;
    lots_runs_plan runs;
    lots_dict_plan dict;
    lots_planes_plan planes;
    lots_encoding best;
    uint64_t best_cost;
} candidates;

static void offer(candidates *all, lots_encoding encoding, size_t bytes)
{
    const uint64_t cost = (uint64_t)bytes * byte_cost[encoding];
    if (cost < all->best_cost) {
        all->best = encoding;
        all->best_cost = cost;
    }
}

/* Whether an estimate is worth an exact measure. */
static bool promises(const candidates *all, lots_encoding encoding, uint64_t bits)
{
    return (bits / 8 + 8) * byte_cost[encoding] < all->best_cost;
}

/* ---- one look over neighbours ---- */
typedef struct neighbours {
    uint32_t classes[65]; /* differences by the width of their zigzag */
    bool falls;
} neighbours;

/* The first 256 of each 1024 stand for all: what is promised on them is measured exactly. */
#define LOOK_STEP 1024u
#define LOOK_VALUES 256u

static void look_narrow(const uint32_t *values, uint32_t count, neighbours *seen)
{
    int64_t falls = 0;
    for (uint32_t i = 1; i < count; i++) {
        const int64_t difference = (int64_t)values[i] - values[i - 1];
        falls |= difference;
        seen->classes[63 - __builtin_clzll(lots_zigzag(difference) << 1 | 1)]++;
    }
    seen->falls |= falls < 0;
}
static void look_wide(const uint64_t *values, uint32_t count, neighbours *seen)
{
    int64_t falls = 0;
    for (uint32_t i = 1; i < count; i++) {
        const int64_t difference = (int64_t)(values[i] - values[i - 1]);
        falls |= difference;
        seen->classes[lots_bit_width(lots_zigzag(difference))]++;
    }
    seen->falls |= falls < 0;
}

/* Returns how many differences were looked at. */
static uint32_t look(const lots_ints *ints, neighbours *seen)
{
    uint32_t looked = 0;
    for (uint64_t first = 0; first + 1 < ints->count; first += LOOK_STEP) {
        const uint32_t left = ints->count - (uint32_t)first, count = left < LOOK_VALUES ? left : LOOK_VALUES;
        if (ints->narrow != NULL)
            look_narrow(ints->narrow + first, count, seen);
        else
            look_wide(ints->wide + first, count, seen);
        looked += count - 1;
    }
    return looked;
}

/* Bits of the differences as one frame with the best width; a column that never falls saves the sign. */
static uint64_t delta_bits(const neighbours *seen, uint32_t count, unsigned full_width)
{
    uint64_t best = UINT64_MAX;
    uint32_t above = 0;
    for (unsigned w = 65; w-- > 0;) {
        const unsigned width = w > 0 && !seen->falls ? w - 1 : w;
        const uint64_t bits = (uint64_t)width * count + (uint64_t)above * (full_width + 1);
        best = bits < best ? bits : best;
        above += seen->classes[w];
    }
    return best;
}

static lots_status measure_neighbours(const lots_ints *ints, candidates *all, lots_arena *arena, lots_error *err)
{
    neighbours seen = {.falls = false};
    const unsigned width = lots_bit_width(ints->range);
    const uint32_t looked = look(ints, &seen);
    const uint64_t runs = (uint64_t)(looked - seen.classes[0]) * ints->count / looked + 1;
    const uint64_t differences = delta_bits(&seen, looked, width) * ints->count / looked;
    if (promises(all, LOTS_ENCODING_RUNS, runs * (width + lots_bit_width(ints->count / runs)))) {
        LOTS_TRY(lots_runs_measure(ints, &all->runs, arena, err));
        offer(all, LOTS_ENCODING_RUNS, all->runs.bytes);
    }
    if (promises(all, LOTS_ENCODING_DELTA, differences)) {
        LOTS_TRY(lots_delta_measure(ints, &all->delta, arena, err));
        if (all->delta.possible)
            offer(all, LOTS_ENCODING_DELTA, all->delta.bytes);
    }
    return LOTS_OK;
}

/* ---- few distinct numbers ---- */
static lots_status measure_distinct(const lots_ints *ints, candidates *all, lots_arena *arena, lots_error *err)
{
    const uint64_t frame_bits = (uint64_t)all->frame.bytes * 8;
    if (frame_bits > ints->count + ints->count / 8) {
        LOTS_TRY(lots_planes_measure(ints, &all->planes, arena, err));
        if (all->planes.possible)
            offer(all, LOTS_ENCODING_PLANES, all->planes.bytes);
    }
    if (ints->count < 64 || frame_bits < (uint64_t)ints->count * 5)
        return LOTS_OK;
    const uint32_t sampled = ints->count < 256 ? ints->count : 256, distinct = lots_dict_sample(ints);
    if (distinct > sampled - sampled / 16 ||
        !promises(all, LOTS_ENCODING_DICT, (uint64_t)ints->count * lots_bit_width(distinct - 1)))
        return LOTS_OK;
    const uint32_t limit = ints->count / 4 < DICT_LIMIT ? ints->count / 4 : DICT_LIMIT;
    LOTS_TRY(lots_dict_measure(ints, limit, &all->dict, arena, err));
    if (all->dict.possible)
        offer(all, LOTS_ENCODING_DICT, all->dict.bytes);
    return LOTS_OK;
}

static lots_status measure_all(const lots_ints *ints, lots_starts starts, candidates *all, lots_arena *arena,
                               lots_error *err)
{
    all->best_cost = UINT64_MAX;
    LOTS_TRY(lots_frame_measure(ints, true, &all->frame, arena, err));
    offer(all, LOTS_ENCODING_FRAME, all->frame.bytes);
    if (all->frame.width == 0 || ints->count < 2)
        return LOTS_OK;
    LOTS_TRY(lots_gaps_measure(ints, starts, &all->gaps, arena, err));
    if (all->gaps.possible)
        offer(all, LOTS_ENCODING_GAPS, all->gaps.bytes);
    if (all->gaps.possible && all->gaps.bytes < all->frame.bytes / 2)
        return LOTS_OK; /* days as expected */
    LOTS_TRY(measure_neighbours(ints, all, arena, err));
    return measure_distinct(ints, all, arena, err);
}

/* ---- one encoding by force ---- */
lots_status lots_cannot_hold(lots_encoding encoding, lots_error *err)
{
    return lots_fail(err, LOTS_USAGE, "the encoding '%s' can't hold these values", lots_encoding_name((uint8_t)encoding));
}

static lots_status measure_only(const lots_ints *ints, lots_starts starts, lots_encoding encoding, candidates *all,
                                lots_arena *arena, lots_error *err)
{
    bool possible = true;
    all->best = encoding;
    switch ((int)encoding) {
    case LOTS_ENCODING_FRAME:
        return lots_frame_measure(ints, true, &all->frame, arena, err);
    case LOTS_ENCODING_RUNS:
        return lots_runs_measure(ints, &all->runs, arena, err);
    case LOTS_ENCODING_GAPS:
        LOTS_TRY(lots_gaps_measure(ints, starts, &all->gaps, arena, err));
        possible = all->gaps.possible;
        break;
    case LOTS_ENCODING_DELTA:
        LOTS_TRY(lots_delta_measure(ints, &all->delta, arena, err));
        possible = all->delta.possible;
        break;
    case LOTS_ENCODING_DICT:
    case LOTS_ENCODING_STEPS: {
        const uint32_t limit = ints->count < DICT_FORCED_LIMIT ? ints->count : DICT_FORCED_LIMIT;
        LOTS_TRY(lots_dict_measure(ints, limit, &all->dict, arena, err));
        all->dict.stepped = encoding == LOTS_ENCODING_STEPS;
        possible = all->dict.possible && (!all->dict.stepped || all->dict.entries.count > 1);
        break;
    }
    case LOTS_ENCODING_PLANES:
        LOTS_TRY(lots_planes_measure(ints, &all->planes, arena, err));
        possible = all->planes.possible;
        break;
    default:
        possible = false;
    }
    return possible ? LOTS_OK : lots_cannot_hold(encoding, err);
}

/* ---- writing and reading ---- */
static lots_status write_best(const candidates *all, lots_bytes *out, lots_shape *shape, lots_arena *arena,
                              lots_error *err)
{
    shape->encoding = (uint8_t)all->best;
    shape->width = 0;
    switch ((int)all->best) {
    case LOTS_ENCODING_GAPS:
        shape->width = all->gaps.gaps_frame.width;
        return lots_gaps_write(&all->gaps, out, arena, err);
    case LOTS_ENCODING_DELTA:
        shape->width = all->delta.frame.width;
        return lots_delta_write(&all->delta, out, arena, err);
    case LOTS_ENCODING_RUNS:
        return lots_runs_write(&all->runs, out, arena, err);
    case LOTS_ENCODING_DICT:
    case LOTS_ENCODING_STEPS:
        shape->encoding = all->dict.stepped ? LOTS_ENCODING_STEPS : LOTS_ENCODING_DICT;
        shape->width = all->dict.indexes_frame.width;
        return lots_dict_write(&all->dict, out, arena, err);
    case LOTS_ENCODING_PLANES:
        shape->width = (uint8_t)(all->planes.distinct - 1);
        return lots_planes_write(&all->planes, out, arena, err);
    default:
        shape->width = all->frame.width;
        return lots_frame_write(&all->frame, out, arena, err);
    }
}

lots_status lots_ints_encode(const lots_ints *ints, lots_starts starts, int only, lots_bytes *out, lots_shape *shape,
                             lots_arena *arena, lots_error *err)
{
    candidates all = {.best = LOTS_ENCODING_FRAME};
    LOTS_TRY(only != 0 ? measure_only(ints, starts, (lots_encoding)(only - 1), &all, arena, err)
                       : measure_all(ints, starts, &all, arena, err));
    return write_best(&all, out, shape, arena, err);
}

static lots_status unknown_encoding(uint8_t encoding, lots_error *err)
{
    return lots_fail(err, LOTS_CORRUPT, "whole numbers in encoding %u", encoding);
}

static lots_dict_form form_of(uint8_t encoding, bool narrow)
{
    return encoding != LOTS_ENCODING_STEPS ? LOTS_DICT_ENTRIES : narrow ? LOTS_DICT_NARROW_STEPS : LOTS_DICT_STEPS;
}

lots_status lots_ints_decode_u32(uint8_t encoding, lots_reader *reader, uint32_t count, lots_starts starts,
                                 bool believed, uint32_t *out, lots_arena *arena, lots_error *err)
{
    switch (encoding) {
    case LOTS_ENCODING_FRAME:
        return lots_frame_decode_u32(reader, count, 0, out, arena, err);
    case LOTS_ENCODING_GAPS:
        return lots_gaps_decode_u32(reader, count, starts, believed, out, arena, err);
    case LOTS_ENCODING_DELTA:
        return lots_delta_decode_u32(reader, count, out, arena, err);
    case LOTS_ENCODING_RUNS:
        return lots_runs_decode_u32(reader, count, believed, out, arena, err);
    case LOTS_ENCODING_DICT:
    case LOTS_ENCODING_STEPS:
        return lots_dict_decode_u32(reader, count, form_of(encoding, false), believed, out, arena, err);
    case LOTS_ENCODING_PLANES:
        return lots_planes_decode_u32(reader, count, out, arena, err);
    default:
        return unknown_encoding(encoding, err);
    }
}

lots_status lots_ints_decode_u64(uint8_t encoding, lots_reader *reader, uint32_t count, bool believed, bool narrow,
                                 uint64_t *out, lots_arena *arena, lots_error *err)
{
    switch (encoding) {
    case LOTS_ENCODING_FRAME:
        return lots_frame_decode_u64(reader, count, 0, out, arena, err);
    case LOTS_ENCODING_DELTA:
        return lots_delta_decode_u64(reader, count, out, arena, err);
    case LOTS_ENCODING_RUNS:
        return lots_runs_decode_u64(reader, count, believed, out, arena, err);
    case LOTS_ENCODING_DICT:
    case LOTS_ENCODING_STEPS:
        return lots_dict_decode_u64(reader, count, form_of(encoding, narrow), believed, out, arena, err);
    case LOTS_ENCODING_PLANES:
        return lots_planes_decode_u64(reader, count, out, arena, err);
    default:
        return unknown_encoding(encoding, err);
    }
}
