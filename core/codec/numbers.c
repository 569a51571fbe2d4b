/* numbers.c: see numbers.h. */
#include "core/codec/numbers.h"

#include "core/codec/dict.h"
#include "core/codec/missing.h"
#include "core/codec/plain.h"
#include "core/codec/planes.h"
#include "core/codec/rle.h"

int64_t lots_f64_key(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((bits >> 63) & INT64_MAX);
}

double lots_f64_from_key(int64_t key)
{
    double value;
    key ^= (key >> 63) & INT64_MAX;
    memcpy(&value, &key, sizeof value);
    return value;
}

/* ---- to distances from the smallest ---- */
#define BOUNDS_KERNEL(NAME, TYPE)                                                                           \
    static void bounds_##NAME(const TYPE *values, uint32_t count, int64_t *min, int64_t *max)               \
    {                                                                                                       \
        TYPE least = values[0], most = values[0];                                                           \
        for (uint32_t i = 1; i < count; i++) {                                                              \
            least = values[i] < least ? values[i] : least;                                                  \
            most = values[i] > most ? values[i] : most;                                                     \
        }                                                                                                   \
        *min = (int64_t)least;                                                                              \
        *max = (int64_t)most;                                                                               \
    }
BOUNDS_KERNEL(i32, int32_t)
BOUNDS_KERNEL(u32, uint32_t)
BOUNDS_KERNEL(i64, int64_t)

static void find_bounds(lots_phys phys, const void *data, uint32_t count, int64_t *min, int64_t *max)
{
    if (phys == LOTS_PHYS_I32)
        bounds_i32(data, count, min, max);
    else if (phys == LOTS_PHYS_U32)
        bounds_u32(data, count, min, max);
    else
        bounds_i64(data, count, min, max);
}

/* `data` as numbers of phys I32, U32 or I64. */
static lots_status make_ints(lots_phys phys, const void *data, uint32_t count, int64_t min, int64_t max,
                             lots_ints *ints, lots_arena *arena, lots_error *err)
{
    const uint64_t range = (uint64_t)max - (uint64_t)min;
    const bool narrow = range <= UINT32_MAX;
    void *distances;
    *ints = (lots_ints){.count = count, .base = (uint64_t)min, .range = range};
    LOTS_TRY(lots_arena_vector(arena, &distances, count, narrow ? 4 : 8, err));
    if (!narrow) {
        for (uint32_t i = 0; i < count; i++)
            ((uint64_t *)distances)[i] = ((const uint64_t *)data)[i] - (uint64_t)min;
        ints->wide = distances;
        return LOTS_OK;
    }
    uint32_t *out = distances;
    if (phys == LOTS_PHYS_I64)
        for (uint32_t i = 0; i < count; i++)
            out[i] = (uint32_t)(((const uint64_t *)data)[i] - (uint64_t)min);
    else
        for (uint32_t i = 0; i < count; i++)
            out[i] = ((const uint32_t *)data)[i] - (uint32_t)min;
    ints->narrow = out;
    return LOTS_OK;
}

/* ---- doubles ---- */
static lots_status make_keys(const double *values, uint32_t count, int64_t **keys, lots_arena *arena, lots_error *err)
{
    void *memory;
    LOTS_TRY(lots_arena_vector(arena, &memory, count, sizeof(int64_t), err));
    *keys = memory;
    for (uint32_t i = 0; i < count; i++)
        (*keys)[i] = lots_f64_key(values[i]);
    return LOTS_OK;
}

/* *done: the values are decimals, and have been written as such. */
static lots_status try_decimals(const double *values, uint32_t count, lots_bytes *out, lots_shape *shape, bool *done,
                                lots_arena *arena, lots_error *err)
{
    unsigned exponent;
    int64_t min, max;
    lots_ints ints;
    void *k;
    LOTS_TRY(lots_arena_vector(arena, &k, count, sizeof(int64_t), err));
    *done = lots_decimal_find(values, count, &exponent, k);
    if (!*done)
        return LOTS_OK;
    find_bounds(LOTS_PHYS_I64, k, count, &min, &max);
    LOTS_TRY(make_ints(LOTS_PHYS_I64, k, count, min, max, &ints, arena, err));
    return lots_decimal_encode(&ints, exponent, out, shape, arena, err);
}

/* ---- choice ---- */
static lots_status write_plain(const lots_values *values, lots_bytes *out, lots_shape *shape, lots_error *err)
{
    *shape = (lots_shape){LOTS_ENCODING_PLAIN, 0};
    return lots_plain_encode(values->data, values->count, lots_phys_bytes(values->phys), out, err);
}

lots_status lots_numbers_encode(const lots_values *values, int only, lots_bytes *out, lots_shape *shape, int64_t *min,
                                int64_t *max, lots_arena *arena, lots_error *err)
{
    const bool doubles = values->phys == LOTS_PHYS_F64;
    const lots_phys phys = doubles ? LOTS_PHYS_I64 : values->phys;
    const void *data = values->data;
    const size_t from = out->count;
    const lots_starts starts = {values->phys == LOTS_PHYS_I32 ? values->starts : NULL, values->starts_count};
    lots_ints ints;
    bool done = false;
    int64_t *keys;
    if (doubles) {
        LOTS_TRY(make_keys(values->data, values->count, &keys, arena, err));
        data = keys;
    }
    find_bounds(phys, data, values->count, min, max);
    *shape = (lots_shape){LOTS_ENCODING_CONSTANT, 0};
    if (*min == *max && (only == 0 || only == 1 + LOTS_ENCODING_CONSTANT))
        return LOTS_OK;
    if (only == 1 + LOTS_ENCODING_PLAIN)
        return write_plain(values, out, shape, err);
    if (doubles && (only == 0 || only == 1 + LOTS_ENCODING_DECIMAL))
        LOTS_TRY(try_decimals(values->data, values->count, out, shape, &done, arena, err));
    if (!done) {
        LOTS_TRY(make_ints(phys, data, values->count, *min, *max, &ints, arena, err));
        LOTS_TRY(lots_ints_encode(&ints, starts, only, out, shape, arena, err));
    }
    /* As they lie, unless the other way saves a 32nd. */
    const size_t plain = values->count * lots_phys_bytes(values->phys);
    if (only != 0 || out->count - from <= plain - plain / 32)
        return LOTS_OK;
    out->count = from;
    return write_plain(values, out, shape, err);
}

/* ---- reading ---- */
static lots_status fill_constant(const lots_block_meta *meta, uint32_t count, void *out, lots_error *err)
{
    if (meta->min != meta->max)
        return lots_fail(err, LOTS_CORRUPT, "a constant block goes from %lld to %lld", (long long)meta->min,
                         (long long)meta->max);
    if (meta->phys == LOTS_PHYS_F64) {
        const double value = lots_f64_from_key(meta->min);
        for (uint32_t i = 0; i < count; i++)
            ((double *)out)[i] = value;
    } else if (meta->phys == LOTS_PHYS_I64) {
        for (uint32_t i = 0; i < count; i++)
            ((int64_t *)out)[i] = meta->min;
    } else {
        for (uint32_t i = 0; i < count; i++)
            ((uint32_t *)out)[i] = (uint32_t)meta->min;
    }
    return LOTS_OK;
}

static lots_status decode_doubles(uint8_t encoding, lots_reader *reader, uint32_t count, bool believed, double *out,
                                  lots_arena *arena, lots_error *err)
{
    void *keys;
    if (encoding == LOTS_ENCODING_DECIMAL)
        return lots_decimal_decode(reader, count, out, arena, err);
    LOTS_TRY(lots_arena_vector(arena, &keys, count, sizeof(int64_t), err));
    LOTS_TRY(lots_ints_decode_u64(encoding, reader, count, believed, false, keys, arena, err));
    for (uint32_t i = 0; i < count; i++)
        out[i] = lots_f64_from_key(((const int64_t *)keys)[i]);
    return LOTS_OK;
}

/* Are all of them 0 .. 2^32 - 1? The meta says nothing of what stands under missing bits, where there are such numbers, nor of blocks
 * within blocks. */
static bool is_narrow(const lots_block_meta *meta, uint32_t count)
{
    return meta->min >= 0 && meta->max >= meta->min && meta->max <= (int64_t)UINT32_MAX &&
           (meta->missing == 0 || count < meta->count);
}

lots_status lots_numbers_decode(const lots_block_meta *meta, uint8_t encoding, lots_reader *reader, uint32_t count,
                                lots_starts starts, bool believed, void *out, lots_arena *arena, lots_error *err)
{
    const lots_phys phys = (lots_phys)meta->phys;
    if (encoding == LOTS_ENCODING_CONSTANT)
        return fill_constant(meta, count, out, err);
    if (encoding == LOTS_ENCODING_PLAIN)
        return lots_plain_decode(reader, count, lots_phys_bytes(phys), out, err);
    if (phys == LOTS_PHYS_F64)
        return decode_doubles(encoding, reader, count, believed, out, arena, err);
    if (phys == LOTS_PHYS_I64)
        return lots_ints_decode_u64(encoding, reader, count, believed, believed && is_narrow(meta, count), out, arena, err);
    return lots_ints_decode_u32(encoding, reader, count, starts, believed, out, arena, err);
}

bool lots_numbers_are_narrow(const lots_block_meta *meta)
{
    return meta->phys == LOTS_PHYS_I64 && meta->missing == 0 && is_narrow(meta, meta->count) &&
           (meta->encoding == LOTS_ENCODING_CONSTANT || meta->encoding == LOTS_ENCODING_FRAME ||
            meta->encoding == LOTS_ENCODING_DICT || meta->encoding == LOTS_ENCODING_STEPS);
}

/* What is 32 bits wide is packed alike whatever it was. */
lots_status lots_numbers_decode_narrow(const lots_block_meta *meta, lots_reader *reader, lots_narrow_values *out, lots_arena *arena,
                                       lots_error *err)
{
    const lots_dict_form form = meta->encoding == LOTS_ENCODING_STEPS ? LOTS_DICT_STEPS : LOTS_DICT_ENTRIES;
    uint32_t *entries = NULL;
    out->entries = NULL;
    if (meta->encoding == LOTS_ENCODING_CONSTANT) {
        for (uint32_t i = 0; i < meta->count; i++)
            out->values[i] = (uint32_t)meta->min;
        return LOTS_OK;
    }
    if (meta->encoding == LOTS_ENCODING_FRAME)
        return lots_frame_decode_u32(reader, meta->count, 0, out->values, arena, err);
    LOTS_TRY(lots_dict_places_u32(reader, meta->count, form, out->values, &entries, &out->entry_count, arena, err));
    out->entries = entries;
    return LOTS_OK;
}

bool lots_numbers_can_take(const lots_block_meta *meta)
{
    const uint8_t encoding = meta->encoding & (uint8_t)~(LOTS_ENCODING_ZSTD | LOTS_ENCODING_ABSENT);
    return (meta->phys == LOTS_PHYS_I32 || meta->phys == LOTS_PHYS_U32 || meta->phys == LOTS_PHYS_I64) &&
           (encoding == LOTS_ENCODING_FRAME || encoding == LOTS_ENCODING_DICT || encoding == LOTS_ENCODING_STEPS ||
            encoding == LOTS_ENCODING_PLANES ||
            (encoding == LOTS_ENCODING_RUNS && meta->phys != LOTS_PHYS_I64));
}

lots_status lots_numbers_take(const lots_block_meta *meta, uint8_t encoding, lots_reader *reader, uint32_t count,
                              const uint32_t *rows, uint32_t row_count, void *out, lots_arena *arena, lots_error *err)
{
    const bool wide = meta->phys == LOTS_PHYS_I64;
    if (encoding == LOTS_ENCODING_RUNS)
        return lots_runs_take_u32(reader, count, rows, row_count, out, arena, err);
    if (encoding == LOTS_ENCODING_PLANES)
        return wide ? lots_planes_take_u64(reader, count, rows, row_count, out, arena, err)
                    : lots_planes_take_u32(reader, count, rows, row_count, out, arena, err);
    const lots_dict_form form = encoding != LOTS_ENCODING_STEPS ? LOTS_DICT_ENTRIES
                                : is_narrow(meta, count)        ? LOTS_DICT_NARROW_STEPS
                                                                : LOTS_DICT_STEPS;
    if (encoding == LOTS_ENCODING_DICT || encoding == LOTS_ENCODING_STEPS)
        return wide ? lots_dict_take_u64(reader, count, form, rows, row_count, out, arena, err)
                    : lots_dict_take_u32(reader, count, form, rows, row_count, out, arena, err);
    return wide ? lots_frame_take_u64(reader, count, 0, rows, row_count, out, arena, err)
                : lots_frame_take_u32(reader, count, 0, rows, row_count, out, arena, err);
}
