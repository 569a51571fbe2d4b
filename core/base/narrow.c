/* narrow.c: see narrow.h. One loop for each pair of widths, so that the compiler makes vectors of it. */
#include "core/base/narrow.h"

/* ---- numbers ---- */

#define LEAST_AND_MOST(NAME, TYPE)                                                                                             \
    static void NAME(const TYPE *items, size_t count, int64_t *least, int64_t *most)                                           \
    {                                                                                                                          \
        TYPE low = items[0], high = items[0];                                                                                  \
        for (size_t i = 1; i < count; i++) {                                                                                   \
            low = items[i] < low ? items[i] : low;                                                                             \
            high = items[i] > high ? items[i] : high;                                                                          \
        }                                                                                                                      \
        *least = low;                                                                                                          \
        *most = high;                                                                                                          \
    }
LEAST_AND_MOST(bounds_of_32, int32_t)
LEAST_AND_MOST(bounds_of_64, int64_t)

/* Distances wrap: what is read back is what was there. Bytes need no alignment. */
#define NARROW(FROM, TO)                                                                                                       \
    static void narrow_##FROM##_##TO(const uint##FROM##_t *items, size_t count, uint##FROM##_t base, uint8_t *out)             \
    {                                                                                                                          \
        for (size_t i = 0; i < count; i++) {                                                                                   \
            const uint##TO##_t distance = (uint##TO##_t)(items[i] - base);                                                     \
            memcpy(out + i * sizeof distance, &distance, sizeof distance);                                                     \
        }                                                                                                                      \
    }                                                                                                                          \
    static void widen_##FROM##_##TO(const uint8_t *bytes, size_t count, uint##FROM##_t base, uint##FROM##_t *out)              \
    {                                                                                                                          \
        for (size_t i = 0; i < count; i++) {                                                                                   \
            uint##TO##_t distance;                                                                                             \
            memcpy(&distance, bytes + i * sizeof distance, sizeof distance);                                                   \
            out[i] = (uint##FROM##_t)(base + distance);                                                                        \
        }                                                                                                                      \
    }
NARROW(32, 8)
NARROW(32, 16)
NARROW(32, 32)
NARROW(64, 8)
NARROW(64, 16)
NARROW(64, 32)
NARROW(64, 64)

static size_t width_of(uint64_t range)
{
    return range == 0 ? 0 : range <= UINT8_MAX ? 1 : range <= UINT16_MAX ? 2 : range <= UINT32_MAX ? 4 : 8;
}

static void narrow(const void *items, size_t count, size_t item_bytes, uint64_t base, size_t width, uint8_t *out)
{
    if (item_bytes == 4)
        (width == 1 ? narrow_32_8 : width == 2 ? narrow_32_16 : narrow_32_32)(items, count, (uint32_t)base, out);
    else
        (width == 1 ? narrow_64_8 : width == 2 ? narrow_64_16 : width == 4 ? narrow_64_32 : narrow_64_64)(items, count, base,
                                                                                                          out);
}

static lots_status put_numbers(lots_bytes *out, const void *items, size_t count, size_t item_bytes, lots_error *err)
{
    int64_t least = 0, most = 0;
    if (count > 0 && item_bytes == 4)
        bounds_of_32(items, count, &least, &most);
    else if (count > 0)
        bounds_of_64(items, count, &least, &most);
    const size_t width = width_of((uint64_t)most - (uint64_t)least);
    LOTS_TRY(lots_bytes_put8(out, (uint8_t)width, err));
    LOTS_TRY(lots_bytes_put64(out, (uint64_t)least, err));
    LOTS_TRY(lots_bytes_reserve(out, count * width, err));
    if (width > 0)
        narrow(items, count, item_bytes, (uint64_t)least, width, out->data + out->count);
    out->count += count * width;
    return LOTS_OK;
}

lots_status lots_narrow_put(lots_bytes *out, const void *items, size_t count, size_t item_bytes, lots_error *err)
{
    const size_t before = out->count;
    const lots_status status = put_numbers(out, items, count, item_bytes, err);
    if (status != LOTS_OK)
        out->count = before;
    return status;
}

static void widen_32(const uint8_t *bytes, size_t count, uint32_t base, size_t width, uint32_t *out)
{
    if (width == 0)
        for (size_t i = 0; i < count; i++)
            out[i] = base;
    else
        (width == 1 ? widen_32_8 : width == 2 ? widen_32_16 : widen_32_32)(bytes, count, base, out);
}

static void widen_64(const uint8_t *bytes, size_t count, uint64_t base, size_t width, uint64_t *out)
{
    if (width == 0)
        for (size_t i = 0; i < count; i++)
            out[i] = base;
    else
        (width == 1 ? widen_64_8 : width == 2 ? widen_64_16 : width == 4 ? widen_64_32 : widen_64_64)(bytes, count, base, out);
}

bool lots_narrow_get(lots_reader *reader, void *out, size_t count, size_t item_bytes)
{
    const uint8_t *bytes;
    uint8_t width;
    uint64_t base;
    if (!lots_read8(reader, &width) || !lots_read64(reader, &base) || (width & (width - 1)) != 0 || width > item_bytes ||
        (width > 0 && count > SIZE_MAX / width) || !lots_read_slice(reader, count * width, &bytes))
        return false;
    if (item_bytes == 4)
        widen_32(bytes, count, (uint32_t)base, width, out);
    else
        widen_64(bytes, count, base, width, out);
    return true;
}

/* ---- flags ---- */

enum { ALL_CLEAR, ALL_SET, MIXED };

/* Eight flags at a time. A product by the first brings the lowest bit of byte k to bit 56 + k; a byte in each place, masked by
 * the last, leaves bit k of it in place k. */
#define GATHER_BITS UINT64_C(0x0102040810204080)
#define EACH_BYTE UINT64_C(0x0101010101010101)
#define BIT_OF_EACH UINT64_C(0x8040201008040201)

static size_t count_set(const uint8_t *flags, size_t count)
{
    size_t set = 0;
    for (size_t i = 0; i < count; i++)
        set += flags[i];
    return set;
}

lots_status lots_flags_put(lots_bytes *out, const uint8_t *flags, size_t count, lots_error *err)
{
    const size_t set = count_set(flags, count);
    LOTS_TRY(lots_bytes_reserve(out, 1 + (count + 7) / 8, err));
    uint8_t *to = out->data + out->count;
    *to++ = set == 0 ? ALL_CLEAR : set == count ? ALL_SET : MIXED;
    out->count++;
    if (set == 0 || set == count)
        return LOTS_OK;
    size_t at = 0;
    for (; count - at >= 8; at += 8)
        *to++ = (uint8_t)(lots_get64(flags + at) * GATHER_BITS >> 56);
    if (at < count)
        *to = 0;
    for (size_t k = 0; at + k < count; k++)
        *to = (uint8_t)(*to | (flags[at + k] & 1) << k);
    out->count += (count + 7) / 8;
    return LOTS_OK;
}

bool lots_flags_get(lots_reader *reader, uint8_t *out, size_t count)
{
    const uint8_t *bytes;
    uint8_t form;
    if (!lots_read8(reader, &form) || form > MIXED)
        return false;
    if (form != MIXED) {
        if (count > 0)
            memset(out, form == ALL_SET, count);
        return true;
    }
    if (!lots_read_slice(reader, count / 8 + (count % 8 != 0), &bytes))
        return false;
    size_t at = 0;
    for (; count - at >= 8; at += 8)
        lots_put64(out + at, ((EACH_BYTE * bytes[at / 8] & BIT_OF_EACH) + EACH_BYTE * 0x7F) >> 7 & EACH_BYTE);
    for (; at < count; at++)
        out[at] = bytes[at / 8] >> (at % 8) & 1;
    return true;
}
