/* rle.c: see rle.h. */
#include "core/codec/rle.h"

#include "core/base/kernels.h"
#include "core/index/bitset.h"

#define RUNS_KERNEL(NAME, TYPE)                                                                             \
    static uint32_t count_runs_##NAME(const TYPE *values, uint32_t count)                                   \
    {                                                                                                       \
        uint32_t runs = count > 0;                                                                          \
        for (uint32_t i = 1; i < count; i++)                                                                \
            runs += values[i] != values[i - 1];                                                             \
        return runs;                                                                                        \
    }                                                                                                       \
    /* `lengths` are less one. The last run's slot is written again until it ends. */                       \
    static void split_runs_##NAME(const TYPE *values, uint32_t count, uint64_t *of, uint32_t *lengths)      \
    {                                                                                                       \
        uint32_t run = 0, first = 0;                                                                        \
        for (uint32_t i = 0; i < count; i++) {                                                              \
            const bool begins = i > 0 && values[i] != values[i - 1];                                        \
            run += begins;                                                                                  \
            first = begins ? i : first;                                                                     \
            of[run] = values[i];                                                                            \
            lengths[run] = i - first;                                                                       \
        }                                                                                                   \
    }
RUNS_KERNEL(narrow, uint32_t)
RUNS_KERNEL(wide, uint64_t)

lots_status lots_runs_measure(const lots_ints *ints, lots_runs_plan *plan, lots_arena *arena, lots_error *err)
{
    const bool narrow = ints->narrow != NULL;
    const uint32_t runs = narrow ? count_runs_narrow(ints->narrow, ints->count) : count_runs_wide(ints->wide, ints->count);
    void *values, *lengths;
    LOTS_TRY(lots_arena_vector(arena, &values, runs, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &lengths, runs, sizeof(uint32_t), err));
    if (narrow)
        split_runs_narrow(ints->narrow, ints->count, values, lengths);
    else
        split_runs_wide(ints->wide, ints->count, values, lengths);
    plan->values = (lots_ints){.wide = values, .count = runs, .base = ints->base, .range = ints->range};
    plan->lengths = (lots_ints){.narrow = lengths, .count = runs, .base = 1,
                                .range = lots_kernels_get()->max_u32(lengths, runs)};
    LOTS_TRY(lots_frame_measure(&plan->values, true, &plan->values_frame, arena, err));
    LOTS_TRY(lots_frame_measure(&plan->lengths, true, &plan->lengths_frame, arena, err));
    plan->bytes = plan->values_frame.bytes + plan->lengths_frame.bytes + 3;
    return LOTS_OK;
}

lots_status lots_runs_write(const lots_runs_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    LOTS_TRY(lots_bytes_put_varint(out, plan->values.count, err));
    LOTS_TRY(lots_frame_write(&plan->values_frame, out, arena, err));
    return lots_frame_write(&plan->lengths_frame, out, arena, err);
}

/* Lengths to offsets; false when they do not fill `count`. Those that filled it before don't wrap. */
static bool lengths_fill(uint32_t *offsets, uint32_t runs, uint32_t count, bool believed)
{
    const lots_kernels *kernels = lots_kernels_get();
    const bool may_wrap = !believed && (uint64_t)kernels->max_u32(offsets + 1, runs) * runs > UINT32_MAX;
    uint64_t total = 0;
    for (uint32_t run = 0; run < runs && may_wrap; run++)
        total += offsets[run + 1];
    offsets[0] = 0;
    const uint32_t end = kernels->prefix_u32(offsets + 1, runs, 0, offsets + 1);
    return (may_wrap ? total : end) == count;
}

static lots_status read_run_count(lots_reader *reader, uint32_t count, uint32_t *out, lots_error *err)
{
    uint64_t runs;
    if (!lots_read_varint(reader, &runs) || runs > count)
        return lots_fail(err, LOTS_CORRUPT, "runs of %u values have a damaged count", count);
    *out = (uint32_t)runs;
    return LOTS_OK;
}

#define RUNS_SEEN 64u /* by which it is judged whether most values are one */

/* Is it one of the first two runs' value, as where every second run has it? */
static bool find_usual(const uint32_t *values, const uint32_t *offsets, uint32_t runs, uint32_t *usual)
{
    for (uint32_t first = 0; first < 2 && runs >= RUNS_SEEN; first++) {
        uint32_t others = 0;
        for (uint32_t run = 0; run < RUNS_SEEN; run++)
            others += values[run] != values[first] ? offsets[run + 1] - offsets[run] : 0;
        *usual = values[first];
        if (others < offsets[RUNS_SEEN] / 4)
            return true;
    }
    return false;
}

/* Durations are mostly 0, of visits between stays: such a value is put everywhere, and the others, of short runs, over it. */
static void spread_narrow(const uint32_t *values, const uint32_t *offsets, uint32_t runs, uint32_t *out)
{
    const uint32_t all[2] = {0, offsets[runs]};
    uint32_t usual;
    if (!find_usual(values, offsets, runs, &usual)) {
        lots_kernels_get()->broadcast_i32((const int32_t *)values, offsets, runs, (int32_t *)out);
        return;
    }
    lots_kernels_get()->broadcast_i32((const int32_t *)&usual, all, 1, (int32_t *)out);
    for (uint32_t run = 0; run < runs; run++)
        for (uint32_t i = offsets[run]; values[run] != usual && i < offsets[run + 1]; i++)
            out[i] = values[run];
}

static void spread_wide(const uint64_t *values, const uint32_t *offsets, uint32_t runs, uint64_t *out)
{
    lots_kernels_get()->broadcast_i64((const int64_t *)values, offsets, runs, (int64_t *)out);
}

#define DECODE_KERNEL(NAME, TYPE, SPREAD)                                                                   \
    lots_status lots_runs_decode_##NAME(lots_reader *reader, uint32_t count, bool believed, TYPE *out,      \
                                        lots_arena *arena, lots_error *err)                                 \
    {                                                                                                       \
        uint32_t runs = 0;                                                                                  \
        void *values, *offsets;                                                                             \
        LOTS_TRY(read_run_count(reader, count, &runs, err));                                                \
        LOTS_TRY(lots_arena_vector(arena, &values, runs, sizeof(TYPE), err));                               \
        LOTS_TRY(lots_arena_vector(arena, &offsets, (size_t)runs + 1, sizeof(uint32_t), err));              \
        LOTS_TRY(lots_frame_decode_##NAME(reader, runs, 0, values, arena, err));                            \
        LOTS_TRY(lots_frame_decode_u32(reader, runs, 0, (uint32_t *)offsets + 1, arena, err));              \
        if (!lengths_fill(offsets, runs, count, believed))                                                  \
            return lots_fail(err, LOTS_CORRUPT, "%u runs do not add up to %u values", runs, count);         \
        SPREAD(values, offsets, runs, out);                                                                 \
        return LOTS_OK;                                                                                     \
    }
DECODE_KERNEL(u32, uint32_t, spread_narrow)
DECODE_KERNEL(u64, uint64_t, spread_wide)

/* ---- some of it ---- */
typedef struct runs_read {
    uint32_t count;
    uint32_t *values, *offsets;
} runs_read;

static lots_status read_runs(lots_reader *reader, uint32_t count, bool believed, runs_read *out, lots_arena *arena, lots_error *err)
{
    void *values, *offsets;
    LOTS_TRY(read_run_count(reader, count, &out->count, err));
    LOTS_TRY(lots_arena_vector(arena, &values, out->count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &offsets, (size_t)out->count + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_frame_decode_u32(reader, out->count, 0, values, arena, err));
    LOTS_TRY(lots_frame_decode_u32(reader, out->count, 0, (uint32_t *)offsets + 1, arena, err));
    if (!lengths_fill(offsets, out->count, count, believed))
        return lots_fail(err, LOTS_CORRUPT, "%u runs do not add up to %u values", out->count, count);
    out->values = values;
    out->offsets = offsets;
    return LOTS_OK;
}

#define RUNS_A_ROW 8u /* with fewer all are counted: to look for them one by one costs more than that */
#define NEAR 3u /* runs looked at one by one: rows that are asked for often have a run of their own and one between */

/* The run of a row that begins no earlier than run `from`: in steps that double, then halve. */
static uint32_t run_of(const runs_read *runs, uint32_t from, uint32_t row)
{
    uint32_t step = 1;
    while (step < runs->count - from && runs->offsets[from + step] <= row)
        step *= 2;
    for (; step > 0; step /= 2)
        if (step < runs->count - from && runs->offsets[from + step] <= row)
            from += step;
    return from;
}

/* Where a run begins is a bit: a row's run is the number of bits up to it. */
static lots_status take_by_ranks(const runs_read *runs, uint32_t count, const uint32_t *rows, uint32_t row_count, uint32_t *out,
                                 lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const size_t words = (size_t)count / 64 + 1;
    void *begins, *before, *beyond;
    LOTS_TRY(lots_arena_vector(arena, &begins, words, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &before, words + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &beyond, row_count, sizeof(uint32_t), err));
    memset(begins, 0, words * sizeof(uint64_t));
    for (uint32_t run = 1; run < runs->count; run++)
        ((uint64_t *)begins)[runs->offsets[run] / 64] |= UINT64_C(1) << (runs->offsets[run] % 64);
    for (uint32_t k = 0; k < row_count; k++)
        ((uint32_t *)beyond)[k] = rows[k] + 1;
    ((uint32_t *)before)[words] = kernels->count_prefix(begins, words, 0, before);
    kernels->bit_ranks(begins, before, beyond, row_count, beyond);
    kernels->gather_u32(runs->values, beyond, row_count, out);
    return LOTS_OK;
}

lots_status lots_runs_take_u32(lots_reader *reader, uint32_t count, const uint32_t *rows, uint32_t row_count,
                               uint32_t *out, lots_arena *arena, lots_error *err)
{
    runs_read runs;
    uint32_t run = 0;
    LOTS_TRY(read_runs(reader, count, true, &runs, arena, err));
    if (runs.count < RUNS_A_ROW * (uint64_t)row_count)
        return take_by_ranks(&runs, count, rows, row_count, out, arena, err);
    for (uint32_t k = 0; k < row_count; k++) {
        uint32_t near = 0;
        for (; near < NEAR && runs.offsets[run + 1] <= rows[k]; near++)
            run++;
        if (near == NEAR && runs.offsets[run + 1] <= rows[k])
            run = run_of(&runs, run + 1, rows[k]);
        out[k] = runs.values[run];
    }
    return LOTS_OK;
}

/* Who is wanted can't be foretold, and most of these runs are short: no branch on it. The slack takes the last. */
lots_status lots_runs_take_nonzero(lots_reader *reader, uint32_t count, const uint64_t *mask, uint32_t *rows, uint32_t *values,
                                   uint32_t *taken, lots_arena *arena, lots_error *err)
{
    runs_read runs;
    uint32_t found = 0;
    LOTS_TRY(read_runs(reader, count, true, &runs, arena, err));
    for (uint32_t run = 0; run < runs.count; run++) {
        const uint32_t value = runs.values[run];
        for (uint32_t row = runs.offsets[run]; value != 0 && row < runs.offsets[run + 1]; row++) {
            rows[found] = row;
            values[found] = value;
            found += lots_bit_get(mask, row);
        }
    }
    *taken = found;
    return LOTS_OK;
}

/* A run of bits in words that are 0; most are short. */
static void set_run(uint64_t *words, uint32_t first, uint32_t length)
{
    const uint32_t at = first % 64;
    if (length - 1 < 63 - at) /* and not none */
        words[first / 64] |= ((UINT64_C(1) << length) - 1) << at;
    else
        lots_bits_set_range(words, first, first + length);
}

/* Each run's bit to its values. Where most values are in runs of one kind only the others are put. */
static void spread_wanted(const runs_read *runs, const uint64_t *wanted, uint32_t count, uint64_t *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    uint32_t usual = 0;
    if (!find_usual(runs->values, runs->offsets, runs->count, &usual)) {
        kernels->broadcast_bits(wanted, runs->offsets, runs->count, out);
        return;
    }
    const bool most = lots_bit_get(wanted, runs->values[0] == usual ? 0 : 1);
    memset(out, 0, lots_bit_words(count) * sizeof *out);
    for (uint32_t from = 0; from < runs->count; from += 64) {
        const uint32_t here = runs->count - from < 64 ? runs->count - from : 64;
        uint64_t others = (most ? ~wanted[from / 64] : wanted[from / 64]) & UINT64_MAX >> (64 - here);
        for (; others != 0; others &= others - 1) {
            const uint32_t *offset = runs->offsets + from + __builtin_ctzll(others);
            set_run(out, offset[0], offset[1] - offset[0]);
        }
    }
    if (most)
        kernels->bits_not(out, count, out);
}

lots_status lots_runs_test(lots_reader *reader, uint32_t count, const lots_id_test *test, bool believed, uint64_t *out,
                           uint32_t *greatest, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    runs_read runs;
    void *wanted;
    LOTS_TRY(read_runs(reader, count, believed, &runs, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &wanted, (size_t)runs.count / 64 + 1, sizeof(uint64_t), err));
    memset(wanted, 0, ((size_t)runs.count / 64 + 1) * sizeof(uint64_t));
    if (test->table != NULL)
        kernels->lookup_bits(runs.values, runs.count, test->table, test->table_count, wanted);
    else if (test->first < test->end)
        kernels->range_u32(runs.values, runs.count, test->first, test->end - 1, wanted);
    *greatest = kernels->max_u32(runs.values, runs.count);
    spread_wanted(&runs, wanted, count, out);
    return LOTS_OK;
}

/* ---- bits ---- */
static bool bit_at(const uint64_t *words, uint32_t index) { return (words[index / 64] >> (index % 64)) & 1; }

uint32_t lots_bit_runs_count(const uint64_t *words, uint32_t count)
{
    uint32_t runs = count > 0;
    for (uint32_t w = 0; w < (count + UINT64_C(63)) / 64; w++) {
        /* Bit i of `changes`: bit i differs from bit i - 1. */
        const uint64_t before = w == 0 ? words[0] & 1 : words[w - 1] >> 63;
        uint64_t changes = words[w] ^ (words[w] << 1 | before);
        if (count - w * 64 < 64)
            changes &= (UINT64_C(1) << (count - w * 64)) - 1;
        runs += (uint32_t)__builtin_popcountll(changes);
    }
    return runs;
}

/* The first index at or after `from` whose bit is not `value`; count when there is none. */
static uint32_t run_end(const uint64_t *words, uint32_t count, uint32_t from, bool value)
{
    while (from < count) {
        const uint64_t others = (value ? ~words[from / 64] : words[from / 64]) >> (from % 64);
        if (others != 0) {
            const uint32_t skip = (uint32_t)__builtin_ctzll(others);
            return skip < count - from ? from + skip : count;
        }
        if (count - from <= 64 - from % 64)
            return count;
        from += 64 - from % 64;
    }
    return count;
}

lots_status lots_bit_runs_encode(const uint64_t *words, uint32_t count, lots_bytes *out, lots_arena *arena,
                                 lots_error *err)
{
    const uint32_t runs = lots_bit_runs_count(words, count);
    const bool first = count > 0 && bit_at(words, 0);
    uint32_t found[2] = {0, 0};
    void *lengths[2];
    for (unsigned side = 0; side < 2; side++)
        LOTS_TRY(lots_arena_vector(arena, &lengths[side], (size_t)runs / 2 + 1, sizeof(uint32_t), err));
    bool value = first;
    for (uint32_t at = 0; at < count; value = !value) {
        const uint32_t end = run_end(words, count, at, value);
        ((uint32_t *)lengths[value])[found[value]++] = end - at;
        at = end;
    }
    LOTS_TRY(lots_bytes_put8(out, first, err));
    LOTS_TRY(lots_bytes_put_varint(out, runs, err));
    LOTS_TRY(lots_frame_encode_u32(lengths[0], found[0], out, arena, err));
    return lots_frame_encode_u32(lengths[1], found[1], out, arena, err);
}

/* Runs of bits in turn: those of the bit that is rarer are put. */
static void spread_runs(const uint32_t *const lengths[2], uint32_t runs, unsigned first, unsigned rarer, uint32_t count, uint64_t *out)
{
    uint32_t at = 0;
    memset(out, 0, lots_bit_words(count) * sizeof *out);
    for (uint32_t run = 0; run < runs; run++) {
        const uint32_t length = lengths[(first + run) % 2][run / 2];
        if ((first + run) % 2 == rarer)
            set_run(out, at, length);
        at += length;
    }
    if (rarer == 0)
        lots_kernels_get()->bits_not(out, count, out);
}

lots_status lots_bit_runs_decode(lots_reader *reader, uint32_t count, uint64_t *out, lots_arena *arena,
                                 lots_error *err)
{
    uint8_t first;
    uint32_t runs = 0;
    void *lengths[2];
    if (!lots_read8(reader, &first) || first > 1)
        return lots_fail(err, LOTS_CORRUPT, "runs of %u bits lack the first bit", count);
    LOTS_TRY(read_run_count(reader, count, &runs, err));
    const uint32_t counts[2] = {runs / 2 + (runs % 2 && first == 0), runs / 2 + (runs % 2 && first == 1)};
    uint64_t bits[2] = {0, 0};
    for (unsigned side = 0; side < 2; side++) {
        LOTS_TRY(lots_arena_vector(arena, &lengths[side], counts[side], sizeof(uint32_t), err));
        LOTS_TRY(lots_frame_decode_u32(reader, counts[side], 0, lengths[side], arena, err));
        for (uint32_t i = 0; i < counts[side]; i++)
            bits[side] += ((const uint32_t *)lengths[side])[i];
    }
    if (bits[0] + bits[1] != count)
        return lots_fail(err, LOTS_CORRUPT, "%u runs do not add up to %u bits", runs, count);
    spread_runs((const uint32_t *const[2]){lengths[0], lengths[1]}, runs, first, bits[1] > bits[0] ? 0 : 1, count, out);
    return LOTS_OK;
}
