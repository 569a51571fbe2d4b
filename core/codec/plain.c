/* plain.c: see plain.h. */
#include "core/codec/plain.h"

#include "core/base/kernels.h"

/* Memory order is disk order: values are copied as they lie (bitpack and the kernels rest on this too). */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values on disk are little-endian");
_Static_assert(sizeof(double) == 8, "doubles are IEEE 754 binary64");

lots_status lots_plain_encode(const void *values, uint32_t count, size_t size, lots_bytes *out, lots_error *err)
{
    return lots_bytes_append(out, values, count * size, err);
}

lots_status lots_plain_decode(lots_reader *reader, uint32_t count, size_t size, void *out, lots_error *err)
{
    const uint8_t *in;
    const size_t left = (size_t)(reader->end - reader->at);
    if (!lots_read_slice(reader, count * size, &in))
        return lots_fail(err, LOTS_CORRUPT, "%u plain values need %zu bytes, found %zu", count, count * size, left);
    memcpy(out, in, count * size);
    return LOTS_OK;
}

lots_status lots_plain_bits_encode(const uint64_t *words, uint32_t count, lots_bytes *out, lots_error *err)
{
    const size_t bytes = count / 8 + (count % 8 != 0);
    LOTS_TRY(lots_bytes_append(out, words, bytes, err));
    if (count % 8 != 0)
        out->data[out->count - 1] &= (uint8_t)((1u << (count % 8)) - 1);
    return LOTS_OK;
}

lots_status lots_plain_bits_decode(lots_reader *reader, uint32_t count, uint64_t *out, lots_error *err)
{
    const size_t bytes = count / 8 + (count % 8 != 0);
    const uint8_t *in;
    if (!lots_read_slice(reader, bytes, &in))
        return lots_fail(err, LOTS_CORRUPT, "%u bits need %zu bytes, found %zu", count, bytes,
                         (size_t)(reader->end - reader->at));
    if (bytes == 0)
        return LOTS_OK;
    out[(count - 1) / 64] = 0;
    memcpy(out, in, bytes);
    if (count % 64 != 0)
        out[count / 64] &= (UINT64_C(1) << (count % 64)) - 1;
    return LOTS_OK;
}

/* ---- decimals ---- */
#define EXPONENT_MAX 9u
static const double powers[EXPONENT_MAX + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

/* Division is correctly rounded, so k / 10^e is the double nearest to the decimal, which is what its text was read as. */
static bool decimal_of(double value, unsigned exponent, int64_t *k)
{
    const double scaled = value * powers[exponent];
    if (!(scaled >= -9007199254740992.0 && scaled <= 9007199254740992.0))
        return false;
    *k = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
    const double back = (double)*k / powers[exponent];
    return memcmp(&back, &value, sizeof back) == 0;
}

bool lots_decimal_find(const double *values, uint32_t count, unsigned *exponent, int64_t *k)
{
    unsigned e = 0;
    for (uint32_t i = 0; i < count; i++)
        while (!decimal_of(values[i], e, &k[i]))
            if (++e > EXPONENT_MAX)
                return false;
    for (uint32_t i = 0; i < count; i++)
        if (!decimal_of(values[i], e, &k[i]))
            return false; /* a large value that a larger e pushes past 2^53 */
    *exponent = e;
    return true;
}

lots_status lots_decimal_encode(const lots_ints *k, unsigned exponent, lots_bytes *out, lots_shape *shape,
                                lots_arena *arena, lots_error *err)
{
    lots_shape inner;
    const lots_starts none = {NULL, 0};
    LOTS_TRY(lots_bytes_put8(out, (uint8_t)exponent, err));
    const size_t at = out->count;
    LOTS_TRY(lots_bytes_put8(out, 0, err));
    LOTS_TRY(lots_ints_encode(k, none, 0, out, &inner, arena, err));
    out->data[at] = inner.encoding;
    *shape = (lots_shape){LOTS_ENCODING_DECIMAL, inner.width};
    return LOTS_OK;
}

lots_status lots_decimal_decode(lots_reader *reader, uint32_t count, double *out, lots_arena *arena, lots_error *err)
{
    uint8_t exponent, inner;
    void *whole;
    if (!lots_read8(reader, &exponent) || exponent > EXPONENT_MAX || !lots_read8(reader, &inner))
        return lots_fail(err, LOTS_CORRUPT, "decimals have a damaged head");
    LOTS_TRY(lots_arena_vector(arena, &whole, count, sizeof(int64_t), err));
    LOTS_TRY(lots_ints_decode_u64(inner, reader, count, false, false, whole, arena, err));
    lots_kernels_get()->divide_i64(whole, count, powers[exponent], out);
    return LOTS_OK;
}
