/* bitpack.c: see bitpack.h. Unpacking whole lanes is a kernel; what is here is packing and the ends. */
#include "core/codec/bitpack.h"

#include <assert.h>
#include <string.h>

/* Four lanes at a time, so that a compiler without a vectoriser still packs by vectors. */
typedef uint32_t four_lanes __attribute__((vector_size(16), aligned(4), may_alias));

static void pack_column(const uint32_t *values, unsigned lanes, unsigned width, uint32_t *out)
{
    four_lanes pending = {0};
    unsigned fill = 0;
    for (unsigned row = 0; row < 32; row++, values += lanes) {
        const four_lanes value = *(const four_lanes *)(const void *)values;
        pending |= value << (int)fill;
        fill += width;
        if (fill < 32)
            continue;
        *(four_lanes *)(void *)out = pending;
        out += lanes;
        fill -= 32;
        pending = fill == 0 ? (four_lanes){0} : value >> (int)(width - fill);
    }
}

/* Columns from the last to the first: what a partial column spills is written over by its owner. */
static void pack_lanes(const uint32_t *values, unsigned lanes, unsigned width, uint8_t *out)
{
    uint32_t words[32 * 32 + 4];
    for (unsigned column = (lanes + 3) / 4; column-- > 0;)
        pack_column(values + 4 * (size_t)column, lanes, width, words + 4 * (size_t)column);
    memcpy(out, words, (size_t)4 * lanes * width);
}

static void pack_rest(const uint32_t *values, uint32_t count, unsigned width, uint8_t *out)
{
    uint64_t pending = 0;
    unsigned fill = 0;
    for (uint32_t i = 0; i < count; i++) {
        pending |= (uint64_t)values[i] << fill;
        for (fill += width; fill >= 8; fill -= 8, pending >>= 8)
            *out++ = (uint8_t)pending;
    }
    if (fill > 0)
        *out = (uint8_t)pending;
}

void lots_bitpack_pack(const uint32_t *values, uint32_t count, unsigned width, uint8_t *out)
{
    assert(count <= LOTS_PACK_VALUES && width <= 32);
    const unsigned lanes = count / 32;
    if (width == 0)
        return;
    if (lanes > 0)
        pack_lanes(values, lanes, width, out);
    pack_rest(values + 32 * (size_t)lanes, count % 32, width, out + (size_t)4 * lanes * width);
}

void lots_bitpack_unpack(const uint8_t *in, size_t in_slack, uint32_t count, unsigned width, uint32_t base,
                         uint32_t *out)
{
    assert(count <= LOTS_PACK_VALUES && width <= 32);
    const lots_kernels *kernels = lots_kernels_get();
    const unsigned lanes = count / 32;
    const size_t vertical_bytes = (size_t)4 * lanes * width, rest_bytes = lots_bitpack_bytes(count % 32, width);
    if (lanes == 32) {
        kernels->unpack(in, width, base, out);
    } else if (lanes > 0 && rest_bytes + in_slack >= 64) {
        kernels->unpack_lanes(in, width, lanes, base, out);
    } else if (lanes > 0) {
        uint8_t copy[31 * 32 * 4 + 64];
        memcpy(copy, in, vertical_bytes);
        kernels->unpack_lanes(copy, width, lanes, base, out);
    }
    if (count % 32 > 0)
        kernels->unpack_rest(in + vertical_bytes, count % 32, width, base, out + 32 * (size_t)lanes);
}
