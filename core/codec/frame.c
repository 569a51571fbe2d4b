/* frame.c: measuring and writing frames, and reading them back. */
#include "core/codec/frame.h"

#include "core/codec/bitpack.h"

#define SUB LOTS_PACK_VALUES
#define NESTED_ESCAPES_MAX 31u
/* Escapes must save a 32nd of the bits before they are worth the second pass of decoding. */
#define ESCAPE_WORTH(saved, of) ((saved) > (of) / 32)

static uint32_t sub_size(uint32_t count, uint32_t sub) { return count - sub * SUB < SUB ? count - sub * SUB : SUB; }

static size_t packed_bytes(uint32_t count, unsigned width)
{
    return width <= 32 ? lots_bitpack_bytes(count, width)
                       : lots_bitpack_bytes(count, 32) + lots_bitpack_bytes(count, width - 32);
}

static size_t varint_bytes(uint64_t value) { return value == 0 ? 1 : (lots_bit_width(value) + 6) / 7; }

/* ---- measuring ---- */
/* The copy of a sub-block as 64-bit distances would cost as much as measuring it, so both widths have their loops.
 * classes[h]: how many have floor(log2(distance from `from` + 1)) == h: an escape at width w has h >= w. */
#define MEASURE_KERNEL(NAME, TYPE)                                                                          \
    static void bounds_##NAME(const TYPE *values, uint32_t count, uint64_t *low, uint64_t *high)            \
    {                                                                                                       \
        TYPE least = values[0], most = values[0];                                                           \
        for (uint32_t i = 1; i < count; i++) {                                                              \
            least = values[i] < least ? values[i] : least;                                                  \
            most = values[i] > most ? values[i] : most;                                                     \
        }                                                                                                   \
        *low = least;                                                                                       \
        *high = most;                                                                                       \
    }                                                                                                       \
    static void classify_##NAME(const TYPE *values, uint32_t count, TYPE from, uint32_t classes[65])        \
    {                                                                                                       \
        uint32_t halves[2][65] = {{0}};                                                                     \
        for (uint32_t i = 0; i < count; i++) {                                                              \
            const uint64_t distance = (TYPE)(values[i] - from);                                             \
            const unsigned class = distance == UINT64_MAX ? 64 : lots_bit_width(distance + 1) - 1;          \
            halves[i % 2][class]++;                                                                         \
        }                                                                                                   \
        for (unsigned c = 0; c < 65; c++)                                                                   \
            classes[c] = halves[0][c] + halves[1][c];                                                       \
    }
MEASURE_KERNEL(narrow, uint32_t)
MEASURE_KERNEL(wide, uint64_t)

static void sub_bounds(const lots_ints *ints, uint32_t first, uint32_t count, uint64_t *low, uint64_t *high)
{
    if (ints->narrow != NULL)
        bounds_narrow(ints->narrow + first, count, low, high);
    else
        bounds_wide(ints->wide + first, count, low, high);
}

static void sub_classify(const lots_ints *ints, uint32_t first, uint32_t count, uint64_t from, uint32_t classes[65])
{
    if (ints->narrow != NULL)
        classify_narrow(ints->narrow + first, count, (uint32_t)from, classes);
    else
        classify_wide(ints->wide + first, count, from, classes);
}

/* A base above a few low outliers, or `low` when there are none: of 32 samples in order, the first from which the width is
 * two bits less, and a little below it. */
#define SAMPLES 32u
#define LOW_OUTLIERS 4u
static uint64_t base_above_outliers(const lots_ints *ints, uint32_t first, uint32_t count, uint64_t low, uint64_t high)
{
    uint64_t sorted[SAMPLES];
    for (uint32_t i = 0; i < SAMPLES; i++) {
        const uint64_t value = lots_ints_at(ints, first + (uint32_t)((uint64_t)i * count / SAMPLES));
        uint32_t at = i;
        for (; at > 0 && sorted[at - 1] > value; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = value;
    }
    for (uint32_t k = 0; k <= LOW_OUTLIERS; k++) {
        const uint64_t margin = (sorted[SAMPLES / 2] - sorted[k]) / 8 + 1;
        if (sorted[k] - low > margin && lots_bit_width(high - sorted[k]) + 1 < lots_bit_width(high - low))
            return sorted[k] - margin;
    }
    return low;
}

/* The cheapest escape width from `base`, in bits, patches counted at patch_bits each; kept in `best` when it beats it. */
static void try_escapes(const lots_ints *ints, uint32_t first, uint32_t count, uint64_t base, unsigned full_width,
                        unsigned patch_bits, lots_frame_sub *best, uint64_t *best_bits)
{
    uint32_t classes[65];
    uint32_t escapes = 0;
    sub_classify(ints, first, count, base, classes);
    for (unsigned w = 64; w >= 1; w--) {
        escapes += classes[w];
        const uint64_t bits = (uint64_t)w * count + (uint64_t)escapes * patch_bits;
        if (w < full_width && w <= NESTED_ESCAPES_MAX && bits < *best_bits) {
            *best_bits = bits;
            best->base = base;
            best->width = (uint8_t)w;
            best->escapes = escapes;
            best->escaped = escapes > 0;
        }
    }
}

/* Totals, in bytes, of the three ways to write the sub-blocks. */
typedef struct way_totals {
    size_t shared_base;
    size_t own_base;
    size_t escaped;
    size_t patches;
} way_totals;

static void measure_sub(const lots_ints *ints, uint32_t first, uint32_t count, bool patches, lots_frame_sub *sub,
                        way_totals *totals)
{
    sub_bounds(ints, first, count, &sub->low, &sub->high);
    const unsigned full_width = lots_bit_width(sub->high - sub->low), patch_bits = lots_bit_width(ints->range) + 1;
    uint64_t bits = (uint64_t)full_width * count;
    sub->base = sub->low;
    sub->width = (uint8_t)full_width;
    sub->escapes = 0;
    sub->escaped = false;
    totals->shared_base += packed_bytes(count, lots_bit_width(sub->high));
    totals->own_base += packed_bytes(count, full_width) + varint_bytes(sub->low);
    if (patches && full_width >= 2) {
        uint64_t best_bits = bits - bits / 32;
        try_escapes(ints, first, count, sub->low, full_width, patch_bits, sub, &best_bits);
        const uint64_t above = base_above_outliers(ints, first, count, sub->low, sub->high);
        /* What lies below must stay an escape after wrapping round. */
        if (above != sub->low && above - sub->low < UINT64_C(1) << (ints->narrow != NULL ? 31 : 63))
            try_escapes(ints, first, count, above, full_width, patch_bits, sub, &best_bits);
    }
    totals->escaped += packed_bytes(count, sub->width) + varint_bytes(sub->base);
    totals->patches += sub->escapes;
}

static void drop_escapes(lots_frame_plan *plan, bool own_bases)
{
    for (uint32_t s = 0; s < plan->sub_count; s++) {
        lots_frame_sub *sub = &plan->subs[s];
        sub->base = own_bases ? sub->low : 0;
        sub->width = (uint8_t)lots_bit_width(sub->high - sub->base);
        sub->escapes = 0;
        sub->escaped = false;
    }
    plan->patch_count = 0;
}

static void settle_form(lots_frame_plan *plan)
{
    bool one_width = true, bases = false;
    plan->width = 0;
    for (uint32_t s = 0; s < plan->sub_count; s++) {
        const lots_frame_sub *sub = &plan->subs[s];
        one_width &= sub->width == plan->subs[0].width && sub->escaped == plan->subs[0].escaped;
        bases |= sub->base != 0;
        plan->width = sub->width > plan->width ? sub->width : plan->width;
    }
    plan->form = (uint8_t)((one_width ? LOTS_FRAME_ONE_WIDTH : 0) | (bases ? LOTS_FRAME_BASES : 0) |
                           (plan->patch_count > 0 ? LOTS_FRAME_PATCHES : 0));
}

lots_status lots_frame_measure(const lots_ints *ints, bool patches, lots_frame_plan *plan, lots_arena *arena,
                               lots_error *err)
{
    void *subs;
    way_totals totals = {0, 0, 0, 0};
    const uint32_t sub_count = ints->count / SUB + (ints->count % SUB != 0);
    LOTS_TRY(lots_arena_alloc(arena, &subs, sub_count, sizeof *plan->subs, err));
    *plan = (lots_frame_plan){.ints = ints, .subs = subs, .sub_count = sub_count};
    if (ints->count == 0)
        return LOTS_OK;
    for (uint32_t s = 0; s < sub_count; s++)
        measure_sub(ints, s * SUB, sub_size(ints->count, s), patches, &plan->subs[s], &totals);
    plan->patch_count = (uint32_t)totals.patches;
    const size_t patch_bytes = (totals.patches * (lots_bit_width(ints->range)) + 7) / 8 + 8;
    const size_t plain = totals.shared_base <= totals.own_base ? totals.shared_base : totals.own_base;
    plan->bytes = plain;
    if (totals.patches > 0 && totals.escaped + patch_bytes < plain &&
        ESCAPE_WORTH(plain - totals.escaped - patch_bytes, plain))
        plan->bytes = totals.escaped + patch_bytes;
    else
        drop_escapes(plan, totals.own_base < totals.shared_base);
    settle_form(plan);
    plan->bytes += 1 + varint_bytes(lots_zigzag((int64_t)ints->base)) +
                   (plan->form & LOTS_FRAME_ONE_WIDTH ? 1 : sub_count);
    return LOTS_OK;
}

/* ---- writing ---- */
/* The distances of a sub-block from its base, escapes put in, as low and high halves. */
typedef struct sub_values {
    uint32_t low[SUB + 16];
    uint32_t high[SUB + 16];
} sub_values;

static void split_sub(const lots_ints *ints, uint32_t first, uint32_t count, const lots_frame_sub *sub,
                      sub_values *values)
{
    const uint64_t escape = sub->escaped ? (UINT64_C(1) << sub->width) - 1 : UINT64_MAX;
    if (!sub->escaped && ints->narrow != NULL) {
        for (uint32_t i = 0; i < count; i++)
            values->low[i] = ints->narrow[first + i] - (uint32_t)sub->base;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t distance = lots_ints_at(ints, first + i) - sub->base;
        distance = distance < escape ? distance : escape;
        values->low[i] = (uint32_t)distance;
        values->high[i] = (uint32_t)(distance >> 32);
    }
}

static lots_status write_sub(const lots_frame_plan *plan, uint32_t s, sub_values *values, lots_bytes *out,
                             lots_error *err)
{
    const lots_frame_sub *sub = &plan->subs[s];
    const uint32_t count = sub_size(plan->ints->count, s);
    const size_t bytes = packed_bytes(count, sub->width);
    LOTS_TRY(lots_bytes_reserve(out, bytes, err));
    if (sub->width > 0) {
        split_sub(plan->ints, s * SUB, count, sub, values);
        const unsigned low_width = sub->width < 32 ? sub->width : 32;
        lots_bitpack_pack(values->low, count, low_width, out->data + out->count);
        if (sub->width > 32)
            lots_bitpack_pack(values->high, count, sub->width - 32u,
                              out->data + out->count + lots_bitpack_bytes(count, 32));
    }
    out->count += bytes;
    return LOTS_OK;
}

static lots_status write_header(const lots_frame_plan *plan, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(out, plan->form, err));
    LOTS_TRY(lots_bytes_put_varint(out, lots_zigzag((int64_t)plan->ints->base), err));
    const uint32_t widths = plan->form & LOTS_FRAME_ONE_WIDTH ? 1 : plan->sub_count;
    for (uint32_t s = 0; s < widths; s++)
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)(plan->subs[s].width | (plan->subs[s].escaped ? 0x80 : 0)), err));
    for (uint32_t s = 0; s < plan->sub_count && (plan->form & LOTS_FRAME_BASES); s++)
        LOTS_TRY(lots_bytes_put_varint(out, plan->subs[s].base, err));
    return LOTS_OK;
}

static lots_status write_patches(const lots_frame_plan *plan, uint64_t *patches, lots_bytes *out, lots_arena *arena,
                                 lots_error *err)
{
    lots_ints ints = {.wide = patches, .count = plan->patch_count};
    lots_frame_plan nested;
    uint64_t low, high;
    bounds_wide(patches, plan->patch_count, &low, &high);
    for (uint32_t i = 0; i < plan->patch_count; i++)
        patches[i] -= low;
    ints.base = plan->ints->base + low;
    ints.range = high - low;
    LOTS_TRY(lots_bytes_put_varint(out, plan->patch_count, err));
    LOTS_TRY(lots_frame_measure(&ints, false, &nested, arena, err));
    return lots_frame_write(&nested, out, arena, err);
}

/* Patches come before the sub-blocks they are taken from, so those are found first. */
static void gather_patches(const lots_frame_plan *plan, uint64_t *patches)
{
    for (uint32_t s = 0; s < plan->sub_count; s++) {
        const lots_frame_sub *sub = &plan->subs[s];
        if (!sub->escaped)
            continue;
        const uint64_t escape = (UINT64_C(1) << sub->width) - 1;
        const uint32_t end = s * SUB + sub_size(plan->ints->count, s);
        for (uint32_t i = s * SUB; i < end; i++) {
            const uint64_t whole = lots_ints_at(plan->ints, i);
            *patches = whole;
            patches += whole - sub->base >= escape;
        }
    }
}

lots_status lots_frame_write(const lots_frame_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    void *patches, *values;
    if (plan->ints->count == 0)
        return LOTS_OK;
    LOTS_TRY(write_header(plan, out, err));
    LOTS_TRY(lots_arena_vector(arena, &patches, plan->patch_count, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &values, 1, sizeof(sub_values), err));
    if (plan->patch_count > 0) {
        gather_patches(plan, patches);
        LOTS_TRY(write_patches(plan, patches, out, arena, err));
    }
    for (uint32_t s = 0; s < plan->sub_count; s++)
        LOTS_TRY(write_sub(plan, s, values, out, err));
    return LOTS_OK;
}

lots_status lots_frame_encode(const lots_ints *ints, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    lots_frame_plan plan;
    LOTS_TRY(lots_frame_measure(ints, true, &plan, arena, err));
    return lots_frame_write(&plan, out, arena, err);
}

lots_status lots_frame_encode_u32(const uint32_t *values, uint32_t count, lots_bytes *out, lots_arena *arena,
                                  lots_error *err)
{
    void *distances;
    uint64_t low = 0, high = 0;
    LOTS_TRY(lots_arena_vector(arena, &distances, count, sizeof(uint32_t), err));
    if (count > 0)
        bounds_narrow(values, count, &low, &high);
    for (uint32_t i = 0; i < count; i++)
        ((uint32_t *)distances)[i] = values[i] - (uint32_t)low;
    const lots_ints ints = {.narrow = distances, .count = count, .base = low, .range = high - low};
    return lots_frame_encode(&ints, out, arena, err);
}

/* ---- reading ---- */
typedef struct frame_header {
    uint64_t base;
    const uint8_t *widths;
    lots_reader bases;        /* BASES: at the first of them */
    const uint8_t *packed;
    size_t packed_bytes;
    size_t after_bytes;       /* readable after the packed bytes */
    uint32_t patch_count;
    uint8_t form;
} frame_header;

static uint8_t width_of(const frame_header *header, uint32_t sub)
{
    return header->widths[header->form & LOTS_FRAME_ONE_WIDTH ? 0 : sub];
}

/* Width limits, and how many bytes the sub-blocks take in all. */
static lots_status check_widths(const frame_header *header, uint32_t count, unsigned width_max, size_t *total,
                                lots_error *err)
{
    *total = 0;
    for (uint32_t s = 0; s < count / SUB + (count % SUB != 0); s++) {
        const unsigned width = width_of(header, s) & 0x7f;
        const bool escaped = (width_of(header, s) & 0x80) != 0;
        if (width > width_max || (escaped && (width < 1 || width > NESTED_ESCAPES_MAX)))
            return lots_fail(err, LOTS_CORRUPT, "sub-block %u has a width of %u bits", s, width);
        if (escaped && (header->form & LOTS_FRAME_PATCHES) == 0)
            return lots_fail(err, LOTS_CORRUPT, "sub-block %u has escapes in a frame without patches", s);
        *total += packed_bytes(sub_size(count, s), width);
    }
    return LOTS_OK;
}

/* Up to the patches. */
static lots_status read_head(lots_reader *reader, uint32_t count, frame_header *header, lots_error *err)
{
    const uint32_t sub_count = count / SUB + (count % SUB != 0);
    uint64_t base, ignored;
    if (!lots_read8(reader, &header->form) || header->form > 7 || !lots_read_varint(reader, &base) ||
        !lots_read_slice(reader, header->form & LOTS_FRAME_ONE_WIDTH ? 1 : sub_count, &header->widths))
        return lots_fail(err, LOTS_CORRUPT, "a frame of %u values has a damaged head", count);
    header->base = (uint64_t)lots_unzigzag(base);
    header->bases = *reader;
    for (uint32_t s = 0; s < sub_count && (header->form & LOTS_FRAME_BASES); s++)
        if (!lots_read_varint(reader, &ignored))
            return lots_fail(err, LOTS_CORRUPT, "base %u of a frame of %u values is damaged", s, count);
    header->patch_count = 0;
    if (header->form & LOTS_FRAME_PATCHES) {
        uint64_t patch_count;
        if (!lots_read_varint(reader, &patch_count) || patch_count > count)
            return lots_fail(err, LOTS_CORRUPT, "a frame of %u values has a damaged count of patches", count);
        header->patch_count = (uint32_t)patch_count;
    }
    return LOTS_OK;
}

/* What is behind the patches. */
static lots_status read_body(lots_reader *reader, uint32_t count, unsigned width_max, frame_header *header,
                             lots_error *err)
{
    LOTS_TRY(check_widths(header, count, width_max, &header->packed_bytes, err));
    const size_t left = (size_t)(reader->end - reader->at);
    if (!lots_read_slice(reader, header->packed_bytes, &header->packed))
        return lots_fail(err, LOTS_CORRUPT, "%u packed values need %zu bytes, found %zu", count, header->packed_bytes,
                         left);
    header->after_bytes = left - header->packed_bytes;
    return LOTS_OK;
}

static uint64_t next_base(frame_header *header)
{
    uint64_t base = 0;
    if ((header->form & LOTS_FRAME_BASES) && !lots_read_varint(&header->bases, &base))
        return header->base; /* cannot happen: read_head has read them */
    return header->base + base;
}

static lots_status patches_differ(size_t taken, uint32_t patch_count, lots_error *err)
{
    if (taken == patch_count)
        return LOTS_OK;
    return lots_fail(err, LOTS_CORRUPT, "a frame has %u patches but %s escapes", patch_count,
                     taken > patch_count ? "more" : "fewer");
}

static lots_status decode_u32(lots_reader *reader, uint32_t count, uint32_t add, uint32_t *out, bool may_patch,
                              lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    frame_header header;
    void *patches = NULL;
    size_t taken = 0;
    if (count == 0)
        return LOTS_OK;
    LOTS_TRY(read_head(reader, count, &header, err));
    if (header.form & LOTS_FRAME_PATCHES) {
        if (!may_patch)
            return lots_fail(err, LOTS_CORRUPT, "a frame of patches has patches");
        LOTS_TRY(lots_arena_vector(arena, &patches, header.patch_count, sizeof(uint32_t), err));
        LOTS_TRY(decode_u32(reader, header.patch_count, add, patches, false, arena, err));
    }
    LOTS_TRY(read_body(reader, count, 32, &header, err));
    for (uint32_t s = 0; (uint64_t)s * SUB < count; s++) {
        const uint32_t size = sub_size(count, s);
        const unsigned width = width_of(&header, s) & 0x7f;
        const bool escaped = (width_of(&header, s) & 0x80) != 0;
        const uint32_t base = (uint32_t)next_base(&header) + add;
        const size_t bytes = packed_bytes(size, width);
        header.packed_bytes -= bytes;
        lots_bitpack_unpack(header.packed, header.packed_bytes + header.after_bytes, size, width, escaped ? 0 : base,
                            out + (size_t)s * SUB);
        header.packed += bytes;
        if (!escaped)
            continue;
        const size_t more = kernels->patch_u32(out + (size_t)s * SUB, size, (UINT32_C(1) << width) - 1, base,
                                               (const uint32_t *)patches + taken, header.patch_count - taken);
        if (more == SIZE_MAX)
            return patches_differ(SIZE_MAX, header.patch_count, err);
        taken += more;
    }
    return patches_differ(taken, header.patch_count, err);
}

lots_status lots_frame_decode_u32(lots_reader *reader, uint32_t count, uint32_t add, uint32_t *out, lots_arena *arena,
                                  lots_error *err)
{
    return decode_u32(reader, count, add, out, true, arena, err);
}

/* One sub-block of any width as 64-bit values plus base. `out` is exact. */
static void unpack_u64(const uint8_t *in, size_t slack, uint32_t count, unsigned width, uint64_t base, uint64_t *out)
{
    uint32_t low[SUB + 16], high[SUB + 16];
    const size_t low_bytes = lots_bitpack_bytes(count, width < 32 ? width : 32);
    if (width <= 32) {
        lots_bitpack_unpack(in, slack, count, width, 0, low);
        for (uint32_t i = 0; i < count; i++)
            out[i] = low[i] + base;
        return;
    }
    lots_bitpack_unpack(in, slack + lots_bitpack_bytes(count, width - 32), count, 32, 0, low);
    lots_bitpack_unpack(in + low_bytes, slack, count, width - 32, 0, high);
    for (uint32_t i = 0; i < count; i++)
        out[i] = ((uint64_t)high[i] << 32 | low[i]) + base;
}

static lots_status decode_u64(lots_reader *reader, uint32_t count, uint64_t add, uint64_t *out, bool may_patch,
                              lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    frame_header header;
    void *patches = NULL;
    size_t taken = 0;
    if (count == 0)
        return LOTS_OK;
    LOTS_TRY(read_head(reader, count, &header, err));
    if (header.form & LOTS_FRAME_PATCHES) {
        if (!may_patch)
            return lots_fail(err, LOTS_CORRUPT, "a frame of patches has patches");
        LOTS_TRY(lots_arena_vector(arena, &patches, header.patch_count, sizeof(uint64_t), err));
        LOTS_TRY(decode_u64(reader, header.patch_count, add, patches, false, arena, err));
    }
    LOTS_TRY(read_body(reader, count, 64, &header, err));
    for (uint32_t s = 0; (uint64_t)s * SUB < count; s++) {
        const uint32_t size = sub_size(count, s);
        const unsigned width = width_of(&header, s) & 0x7f;
        const bool escaped = (width_of(&header, s) & 0x80) != 0;
        const uint64_t base = next_base(&header) + add;
        const size_t bytes = packed_bytes(size, width);
        header.packed_bytes -= bytes;
        unpack_u64(header.packed, header.packed_bytes + header.after_bytes, size, width, escaped ? 0 : base,
                   out + (size_t)s * SUB);
        header.packed += bytes;
        if (!escaped)
            continue;
        const size_t more = kernels->patch_u64(out + (size_t)s * SUB, size, (UINT64_C(1) << width) - 1, base,
                                               (const uint64_t *)patches + taken, header.patch_count - taken);
        if (more == SIZE_MAX)
            return patches_differ(SIZE_MAX, header.patch_count, err);
        taken += more;
    }
    return patches_differ(taken, header.patch_count, err);
}

lots_status lots_frame_decode_u64(lots_reader *reader, uint32_t count, uint64_t add, uint64_t *out, lots_arena *arena,
                                  lots_error *err)
{
    return decode_u64(reader, count, add, out, true, arena, err);
}
