/* frame.c: measuring and writing frames. Reading is in frame_read.c. */
#include "core/codec/frame.h"

#include "core/codec/bitpack.h"

#define SUB LOTS_PACK_VALUES
/* Escapes must save a 32nd of the bits before they are worth the second pass of decoding. */
#define ESCAPE_WORTH(saved, of) ((saved) > (of) / 32)

static uint32_t sub_size(uint32_t count, uint32_t sub) { return count - sub * SUB < SUB ? count - sub * SUB : SUB; }

static size_t varint_bytes(uint64_t value) { return value == 0 ? 1 : (lots_bit_width(value) + 6) / 7; }

/* ---- measuring ---- */
/* The copy of a sub-block as 64-bit distances would cost as much as measuring it, so both widths have their loops.
 * classes[h]: how many have floor(log2(distance from `from` + 1)) == h: an escape at width w has h >= w. Neighbours are
 * mostly of one class, so four counts take turns: adding to one waits for the addition before. */
enum { CLASSES = 64, TURNS = 4 };
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
    static void classify_##NAME(const TYPE *values, uint32_t count, TYPE from, uint32_t classes[CLASSES])   \
    {                                                                                                       \
        uint16_t turns[TURNS][CLASSES] = {{0}};                                                             \
        for (uint32_t i = 0; i < count; i++) {                                                              \
            const uint64_t distance = (TYPE)(values[i] - from);                                             \
            turns[i % TURNS][63 - __builtin_clzll(distance - (distance == UINT64_MAX) + 1)]++;              \
        }                                                                                                   \
        for (unsigned c = 0; c < CLASSES; c++)                                                              \
            classes[c] += (uint32_t)turns[0][c] + turns[1][c] + turns[2][c] + turns[3][c];                  \
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

static void sub_classify(const lots_ints *ints, uint32_t first, uint32_t count, uint64_t from, uint32_t classes[CLASSES])
{
    if (ints->narrow != NULL)
        classify_narrow(ints->narrow + first, count, (uint32_t)from, classes);
    else
        classify_wide(ints->wide + first, count, from, classes);
}

/* A base above a few low outliers, or `low` when there are none: of 32 samples in order, the first from which the width of
 * all but the highest is two bits less, and a little below it. */
#define SAMPLES 32u
#define OUTLIERS 4u
static uint64_t base_above_outliers(const lots_ints *ints, uint32_t first, uint32_t count, uint64_t low)
{
    uint64_t sorted[SAMPLES];
    for (uint32_t i = 0; i < SAMPLES; i++) {
        const uint64_t value = lots_ints_at(ints, first + (uint32_t)((uint64_t)i * count / SAMPLES));
        uint32_t at = i;
        for (; at > 0 && sorted[at - 1] > value; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = value;
    }
    const uint64_t bulk_end = sorted[SAMPLES - 1 - OUTLIERS];
    for (uint32_t k = 0; k <= OUTLIERS; k++) {
        const uint64_t margin = (sorted[SAMPLES / 2] - sorted[k]) / 8 + 1;
        if (sorted[k] - low > margin && lots_bit_width(bulk_end - sorted[k]) + 1 < lots_bit_width(bulk_end - low))
            return sorted[k] - margin;
    }
    return low;
}

/* A base for a bit less than all values need, when that leaves out few of the smallest and the largest: the base that leaves out
 * the fewest values. `low` when it would be too many. */
enum { TRIM_MAX = 32 };
static uint64_t base_of_less(const lots_ints *ints, uint32_t first, uint32_t count, uint64_t low, uint64_t high)
{
    const unsigned width = lots_bit_width(high - low);
    uint32_t below[TRIM_MAX] = {0}, above[TRIM_MAX] = {0}, out = 0;
    if (ints->narrow == NULL || width < 2 || width > LOTS_FRAME_ESCAPED_MAX)
        return low;
    const uint64_t held = (UINT64_C(1) << (width - 1)) - 1, trim = high - low + 1 - held;
    if (trim > TRIM_MAX || trim > held / 8)
        return low;
    for (uint32_t i = first; i < first + count; i++) {
        const uint64_t from_low = ints->narrow[i] - low, from_high = high - ints->narrow[i];
        if (from_low < trim)
            below[from_low]++;
        if (from_high < trim)
            above[from_high]++;
    }
    for (uint64_t k = 0; k < trim; k++)
        out += above[k];
    uint64_t best = 0;
    for (uint64_t k = 0, least = out; k < trim; k++) {
        out += below[k];
        out -= above[trim - 1 - k];
        if (out < least) {
            least = out;
            best = k + 1;
        }
    }
    return low + best;
}

/* Whether, of `counted` values in these classes out of `count`, some width below full_width costs less than `limit` bits,
 * patches counted at patch_bits each; the rest is taken not to escape. The cheapest in *found, of equals the widest. */
static bool find_width(const uint32_t classes[CLASSES], uint32_t counted, uint32_t count, unsigned full_width,
                       unsigned patch_bits, uint64_t limit, lots_frame_sub *found, uint64_t *bits)
{
    uint32_t escapes = counted - classes[0];
    *bits = limit;
    *found = (lots_frame_sub){0};
    for (unsigned w = 1; w < full_width && w <= LOTS_FRAME_ESCAPED_MAX; escapes -= classes[w++]) {
        const uint64_t wanted = (uint64_t)w * count + (uint64_t)escapes * patch_bits;
        if (wanted < limit && wanted <= *bits) {
            *bits = wanted;
            found->width = (uint8_t)w;
            found->escapes = escapes;
        }
    }
    return *bits < limit;
}

/* The cheapest escape width from `base`, kept in `best` when it beats *best_bits. Mostly none does, and some of the values
 * are enough to know: the others can only add escapes. */
static void try_escapes(const lots_ints *ints, uint32_t first, uint32_t count, uint64_t base, unsigned full_width,
                        unsigned patch_bits, lots_frame_sub *best, uint64_t *best_bits)
{
    enum { STEP = 256 };
    uint32_t classes[CLASSES] = {0};
    lots_frame_sub found = {0};
    uint64_t bits = *best_bits;
    for (uint32_t at = 0; at < count; at += STEP) {
        const uint32_t more = count - at < STEP ? count - at : STEP;
        sub_classify(ints, first + at, more, base, classes);
        if (!find_width(classes, at + more, count, full_width, patch_bits, *best_bits, &found, &bits))
            return;
    }
    *best_bits = bits;
    best->base = base;
    best->width = found.width;
    best->escapes = found.escapes;
    best->escaped = found.escapes > 0;
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
    totals->shared_base += lots_frame_packed_bytes(count, lots_bit_width(sub->high));
    totals->own_base += lots_frame_packed_bytes(count, full_width) + varint_bytes(sub->low);
    if (patches && full_width >= 2) {
        uint64_t best_bits = bits - bits / 32;
        try_escapes(ints, first, count, sub->low, full_width, patch_bits, sub, &best_bits);
        const uint64_t above = base_above_outliers(ints, first, count, sub->low);
        /* What lies below must stay an escape after wrapping round. */
        if (above != sub->low && above - sub->low < UINT64_C(1) << (ints->narrow != NULL ? 31 : 63))
            try_escapes(ints, first, count, above, full_width, patch_bits, sub, &best_bits);
        const uint64_t less = base_of_less(ints, first, count, sub->low, sub->high);
        if (less != sub->low)
            try_escapes(ints, first, count, less, full_width, patch_bits, sub, &best_bits);
    }
    totals->escaped += lots_frame_packed_bytes(count, sub->width) + varint_bytes(sub->base);
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
    const size_t bytes = lots_frame_packed_bytes(count, sub->width);
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
    LOTS_TRY(lots_frame_measure(&ints, !plan->of_patches, &nested, arena, err));
    nested.of_patches = true;
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
