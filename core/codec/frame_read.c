/* frame_read.c: frames back to numbers, a sub-block at a time so that what follows (patients' firsts, prefix sums) finds
 * them in the nearest cache. All bounds are checked when a frame is opened; only the number of escapes is found on the
 * way. */
#include <string.h>

#include "core/base/kernels.h"
#include "core/codec/bitpack.h"
#include "core/codec/frame.h"

#define SUB LOTS_PACK_VALUES
#define AHEAD_BYTES 512u /* as much is left between what is unpacked and what is fetched */

static uint32_t sub_count_of(uint32_t count) { return count / SUB + (count % SUB != 0); }
static uint32_t sub_size(uint32_t count, uint32_t sub) { return count - sub * SUB < SUB ? count - sub * SUB : SUB; }

/* ---- opening ---- */
static uint8_t width_byte(const lots_frame_cursor *cursor, uint32_t sub)
{
    return cursor->widths[cursor->form & LOTS_FRAME_ONE_WIDTH ? 0 : sub];
}

/* Up to the patches. */
static lots_status read_head(lots_reader *reader, lots_frame_cursor *cursor, lots_error *err)
{
    uint64_t base = 0, patch_count = 0, ignored;
    const uint32_t subs = sub_count_of(cursor->count);
    if (!lots_read8(reader, &cursor->form) || cursor->form > 7 || !lots_read_varint(reader, &base) ||
        !lots_read_slice(reader, cursor->form & LOTS_FRAME_ONE_WIDTH ? 1 : subs, &cursor->widths))
        return lots_fail(err, LOTS_CORRUPT, "a frame of %u values has a damaged head", cursor->count);
    cursor->base += (uint64_t)lots_unzigzag(base);
    cursor->bases = *reader;
    for (uint32_t s = 0; s < subs && (cursor->form & LOTS_FRAME_BASES); s++)
        if (!lots_read_varint(reader, &ignored))
            return lots_fail(err, LOTS_CORRUPT, "base %u of a frame of %u values is damaged", s, cursor->count);
    if ((cursor->form & LOTS_FRAME_PATCHES) && (!lots_read_varint(reader, &patch_count) || patch_count > cursor->count))
        return lots_fail(err, LOTS_CORRUPT, "a frame of %u values has a damaged count of patches", cursor->count);
    cursor->patch_count = (uint32_t)patch_count;
    return LOTS_OK;
}

/* Width limits, and whether the packed bytes are all there. */
static lots_status read_body(lots_reader *reader, unsigned width_max, lots_frame_cursor *cursor, lots_error *err)
{
    const size_t left = (size_t)(reader->end - reader->at);
    for (uint32_t s = 0; s < sub_count_of(cursor->count); s++) {
        const unsigned width = width_byte(cursor, s) & 0x7f;
        const bool escaped = (width_byte(cursor, s) & 0x80) != 0;
        if (width > width_max || (escaped && (width < 1 || width > LOTS_FRAME_ESCAPED_MAX)))
            return lots_fail(err, LOTS_CORRUPT, "sub-block %u has a width of %u bits", s, width);
        if (escaped && (cursor->form & LOTS_FRAME_PATCHES) == 0)
            return lots_fail(err, LOTS_CORRUPT, "sub-block %u has escapes in a frame without patches", s);
        cursor->packed_bytes += lots_frame_packed_bytes(sub_size(cursor->count, s), width);
    }
    if (!lots_read_slice(reader, cursor->packed_bytes, &cursor->packed))
        return lots_fail(err, LOTS_CORRUPT, "%u packed values need %zu bytes, found %zu", cursor->count,
                         cursor->packed_bytes, left);
    cursor->after_bytes = left - cursor->packed_bytes + reader->slack;
    return LOTS_OK;
}

/* Patches may have patches, but those none. */
enum { DEPTH_MAX = 2 };

/* `bits` 32 or 64. `depth`: 0, of patches 1, of theirs 2. */
static lots_status open_frame(lots_reader *reader, uint32_t count, uint64_t add, unsigned bits, unsigned depth,
                              lots_frame_cursor *cursor, lots_arena *arena, lots_error *err);

static lots_status read_patches(lots_reader *reader, uint64_t add, unsigned bits, unsigned depth,
                                lots_frame_cursor *cursor, lots_arena *arena, lots_error *err)
{
    lots_frame_cursor nested;
    LOTS_TRY(lots_arena_vector(arena, &cursor->patches, cursor->patch_count, bits / 8, err));
    LOTS_TRY(open_frame(reader, cursor->patch_count, add, bits, depth + 1, &nested, arena, err));
    return bits == 32 ? lots_frame_rest_u32(&nested, cursor->patches, err)
                      : lots_frame_rest_u64(&nested, cursor->patches, err);
}

static lots_status open_frame(lots_reader *reader, uint32_t count, uint64_t add, unsigned bits, unsigned depth,
                              lots_frame_cursor *cursor, lots_arena *arena, lots_error *err)
{
    *cursor = (lots_frame_cursor){.count = count, .base = add};
    if (count == 0)
        return LOTS_OK;
    LOTS_TRY(read_head(reader, cursor, err));
    if (cursor->form & LOTS_FRAME_PATCHES) {
        if (depth == DEPTH_MAX)
            return lots_fail(err, LOTS_CORRUPT, "patches of patches have patches");
        LOTS_TRY(read_patches(reader, add, bits, depth, cursor, arena, err));
    }
    return read_body(reader, bits, cursor, err);
}

lots_status lots_frame_open_u32(lots_reader *reader, uint32_t count, uint32_t add, lots_frame_cursor *cursor,
                                lots_arena *arena, lots_error *err)
{
    return open_frame(reader, count, add, 32, 0, cursor, arena, err);
}

/* ---- sub-blocks ---- */
static lots_frame_view next_view(lots_frame_cursor *cursor)
{
    uint64_t own = 0;
    const uint8_t byte = width_byte(cursor, cursor->sub);
    lots_frame_view view = {.packed = cursor->packed, .size = sub_size(cursor->count, cursor->sub), .width = byte & 0x7fu,
                     .escaped = (byte & 0x80) != 0};
    const size_t bytes = lots_frame_packed_bytes(view.size, view.width);
    if (cursor->form & LOTS_FRAME_BASES)
        (void)lots_read_varint(&cursor->bases, &own); /* has been read once, when opening */
    view.base = cursor->base + own;
    cursor->packed += bytes;
    cursor->packed_bytes -= bytes;
    cursor->sub++;
    view.slack = cursor->packed_bytes + cursor->after_bytes;
    return view;
}

/* After the last sub-block every patch must have been taken. */
static lots_status count_patches(lots_frame_cursor *cursor, size_t more, lots_error *err)
{
    cursor->taken += more == SIZE_MAX ? 0 : more;
    if (more != SIZE_MAX && (cursor->sub < sub_count_of(cursor->count) || cursor->taken == cursor->patch_count))
        return LOTS_OK;
    return lots_fail(err, LOTS_CORRUPT, "a frame has %u patches but %s escapes", cursor->patch_count,
                     more == SIZE_MAX ? "more" : "fewer");
}

/* As many bytes as were stepped over are fetched into the cache while these are unpacked. Processors don't see them coming: columns
 * of lanes are unpacked from the last to the first, each in strides. */
static void fetch_ahead(const lots_frame_cursor *cursor, const lots_frame_view *passed)
{
    const size_t end = AHEAD_BYTES + (size_t)(cursor->packed - passed->packed);
    for (size_t at = AHEAD_BYTES; at < end && at < cursor->packed_bytes; at += 64)
        __builtin_prefetch(cursor->packed + at);
}

lots_status lots_frame_next_u32(lots_frame_cursor *cursor, uint32_t *out, uint32_t *size, lots_error *err)
{
    const lots_frame_view view = next_view(cursor);
    size_t more = 0;
    *size = view.size;
    fetch_ahead(cursor, &view);
    lots_bitpack_unpack(view.packed, view.slack, view.size, view.width, view.escaped ? 0 : (uint32_t)view.base, out);
    if (view.escaped)
        more = lots_kernels_get()->patch_u32(out, view.size, (UINT32_C(1) << view.width) - 1, (uint32_t)view.base,
                                             (const uint32_t *)cursor->patches + cursor->taken,
                                             cursor->patch_count - cursor->taken);
    return count_patches(cursor, more, err);
}

/* Values of any width plus base. `out` has slack. */
static void unpack_u64(const lots_frame_view *view, uint64_t base, uint64_t *out)
{
    uint32_t low[SUB + 16], high[SUB + 16];
    const unsigned low_width = view->width < 32 ? view->width : 32, high_width = view->width - low_width;
    const size_t high_bytes = lots_bitpack_bytes(view->size, high_width);
    lots_bitpack_unpack(view->packed, view->slack + high_bytes, view->size, low_width, 0, low);
    if (high_width == 0) {
        lots_kernels_get()->widen_u32(low, view->size, base, out);
        return;
    }
    lots_bitpack_unpack(view->packed + lots_bitpack_bytes(view->size, 32), view->slack, view->size, high_width, 0, high);
    for (uint32_t i = 0; i < view->size; i++)
        out[i] = ((uint64_t)high[i] << 32 | low[i]) + base;
}

lots_status lots_frame_next_u64(lots_frame_cursor *cursor, uint64_t *out, uint32_t *size, lots_error *err)
{
    const lots_frame_view view = next_view(cursor);
    size_t more = 0;
    *size = view.size;
    fetch_ahead(cursor, &view);
    unpack_u64(&view, view.escaped ? 0 : view.base, out);
    if (view.escaped)
        more = lots_kernels_get()->patch_u64(out, view.size, (UINT64_C(1) << view.width) - 1, view.base,
                                             (const uint64_t *)cursor->patches + cursor->taken,
                                             cursor->patch_count - cursor->taken);
    return count_patches(cursor, more, err);
}

/* ---- some values ---- */
/* Move on to the sub-block of value `at`. */
static lots_status pass_over(lots_frame_cursor *cursor, uint32_t at, lots_error *err)
{
    uint32_t ignored[SUB + 16], size;
    while (cursor->sub < at / SUB) {
        if (width_byte(cursor, cursor->sub) & 0x80)
            LOTS_TRY(lots_frame_next_u32(cursor, ignored, &size, err));
        else
            (void)next_view(cursor);
    }
    return LOTS_OK;
}

lots_status lots_frame_seek_u32(lots_frame_cursor *cursor, uint32_t at, uint32_t *out, uint32_t *first, uint32_t *size,
                                lots_error *err)
{
    LOTS_TRY(pass_over(cursor, at, err));
    *first = cursor->sub * SUB;
    return lots_frame_next_u32(cursor, out, size, err);
}

/* Some values of a frame: those that are no escapes are in `out`, and of the others it is known where they stand. */
typedef struct some_values {
    const uint32_t *rows;
    uint32_t row_count, k; /* the next to take */
    uint32_t *out;
    uint64_t *escapes;     /* of the frame's values as far as they were passed; NULL: it has none */
    uint32_t *late;        /* which of `out` are escapes, */
    uint32_t *late_rows;   /* and which values of the frame they are */
    uint32_t late_count;
} some_values;

/* Of a sub-block, the rows that lie in it. Escapes are marked but not replaced: few of them are asked for. */
static void take_sub_u32(lots_frame_cursor *cursor, some_values *taking)
{
    const uint32_t first = cursor->sub * SUB;
    const uint32_t *rows = taking->rows;
    const lots_frame_view view = next_view(cursor);
    uint32_t values[SUB + 16], k = taking->k;
    if (!view.escaped && (k == taking->row_count || rows[k] - first >= view.size))
        return;
    lots_bitpack_unpack(view.packed, view.slack, view.size, view.width, view.escaped ? 0 : (uint32_t)view.base, values);
    if (!view.escaped) {
        for (; k < taking->row_count && rows[k] - first < view.size; k++)
            taking->out[k] = values[rows[k] - first];
        taking->k = k;
        return;
    }
    const uint32_t escape = (UINT32_C(1) << view.width) - 1;
    uint32_t late = taking->late_count;
    lots_kernels_get()->range_u32(values, view.size, escape, escape, taking->escapes + first / 64);
    for (; k < taking->row_count && rows[k] - first < view.size; k++) {
        const uint32_t value = values[rows[k] - first];
        taking->out[k] = value + (uint32_t)view.base;
        taking->late[late] = k;
        taking->late_rows[late] = rows[k];
        late += value == escape;
    }
    taking->late_count = late;
    taking->k = k;
}

/* A patch is found by its escape's rank. */
static lots_status take_patches(const lots_frame_cursor *cursor, const some_values *taking, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const size_t words = (size_t)(cursor->count + 63) / 64;
    void *before, *ranks;
    if (taking->late_count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &before, words + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &ranks, taking->late_count, sizeof(uint32_t), err));
    ((uint32_t *)before)[words] = kernels->count_prefix(taking->escapes, words, 0, before);
    kernels->bit_ranks(taking->escapes, before, taking->late_rows, taking->late_count, ranks);
    const uint32_t *rank = ranks, last = rank[taking->late_count - 1];
    if (last >= cursor->patch_count)
        return lots_fail(err, LOTS_CORRUPT, "a frame has %u patches but more escapes", cursor->patch_count);
    for (uint32_t i = 0; i < taking->late_count; i++)
        taking->out[taking->late[i]] = ((const uint32_t *)cursor->patches)[rank[i]];
    return LOTS_OK;
}

lots_status lots_frame_take_u32(lots_reader *reader, uint32_t count, uint32_t add, const uint32_t *rows,
                                uint32_t row_count, uint32_t *out, lots_arena *arena, lots_error *err)
{
    lots_frame_cursor cursor;
    some_values taking = {.rows = rows, .row_count = row_count, .out = out};
    void *escapes, *late, *late_rows;
    LOTS_TRY(open_frame(reader, count, add, 32, false, &cursor, arena, err));
    if (cursor.form & LOTS_FRAME_PATCHES) {
        LOTS_TRY(lots_arena_alloc(arena, &escapes, (size_t)sub_count_of(count) * (SUB / 64) + 8, sizeof(uint64_t), err));
        LOTS_TRY(lots_arena_vector(arena, &late, (size_t)row_count + 1, sizeof(uint32_t), err));
        LOTS_TRY(lots_arena_vector(arena, &late_rows, (size_t)row_count + 1, sizeof(uint32_t), err));
        taking.escapes = escapes;
        taking.late = late;
        taking.late_rows = late_rows;
    }
    while (taking.k < row_count && cursor.sub < sub_count_of(count))
        take_sub_u32(&cursor, &taking);
    return take_patches(&cursor, &taking, arena, err);
}

/* ---- parts ---- */
lots_status lots_frame_views(const lots_frame_cursor *cursor, lots_frame_view **out, lots_arena *arena, lots_error *err)
{
    const uint32_t subs = sub_count_of(cursor->count);
    lots_frame_cursor from = *cursor;
    void *room;
    LOTS_TRY(lots_arena_vector(arena, &room, subs, sizeof **out, err));
    *out = room;
    while (from.sub < subs) {
        const uint32_t sub = from.sub;
        (*out)[sub] = next_view(&from);
    }
    return LOTS_OK;
}

void lots_frame_fetch(const lots_frame_view *view, uint32_t group, uint32_t groups)
{
    const uint8_t *at = view->packed + (size_t)(group * view->width / 32) * 128;
    const uint8_t *const end = view->packed + (size_t)(((group + groups) * view->width + 31) / 32) * 128;
    for (; at < end; at += 64)
        __builtin_prefetch(at);
}

void lots_frame_groups_u32(const lots_frame_view *view, uint32_t from, uint32_t to, uint32_t *out)
{
    const uint32_t base = view->escaped ? 0 : (uint32_t)view->base;
    if (view->size == SUB) {
        lots_kernels_get()->unpack_rows(view->packed, view->width, from, to - from, base, out);
        return;
    }
    uint32_t all[SUB + 16];
    lots_bitpack_unpack(view->packed, view->slack, view->size, view->width, base, all);
    memcpy(out, all + 32 * (size_t)from, 32 * sizeof *out * (to - from));
}

lots_status lots_frame_patch_u32(const lots_frame_view *view, const uint32_t *patches, uint32_t patch_count, uint32_t *values,
                                 uint32_t count, lots_error *err)
{
    if (!view->escaped || lots_kernels_get()->patch_u32(values, count, (UINT32_C(1) << view->width) - 1, (uint32_t)view->base, patches,
                                                        patch_count) != SIZE_MAX)
        return LOTS_OK;
    return lots_fail(err, LOTS_CORRUPT, "a frame has fewer patches than escapes");
}

void lots_frame_escapes(const lots_frame_cursor *cursor, uint64_t *out)
{
    lots_frame_cursor from = *cursor;
    uint32_t values[SUB + 16];
    while (from.sub < sub_count_of(from.count)) {
        uint64_t *const here = out + (size_t)from.sub * (SUB / 64);
        const lots_frame_view view = next_view(&from);
        memset(here, 0, SUB / 8);
        if (!view.escaped)
            continue;
        const uint32_t escape = (UINT32_C(1) << view.width) - 1;
        lots_bitpack_unpack(view.packed, view.slack, view.size, view.width, 0, values);
        lots_kernels_get()->range_u32(values, view.size, escape, escape, here);
    }
}

/* Of a sub-block, those of `rows` that lie in it; *k moves on. */
static lots_status take_sub_u64(lots_frame_cursor *cursor, const uint32_t *rows, uint32_t row_count, uint32_t *k,
                                uint64_t *out, lots_error *err)
{
    const uint32_t first = cursor->sub * SUB;
    const unsigned byte = width_byte(cursor, cursor->sub);
    uint32_t size, at = *k;
    if (byte <= 32) { /* not escaped */
        uint32_t low[SUB + 16];
        const lots_frame_view view = next_view(cursor);
        lots_bitpack_unpack(view.packed, view.slack, view.size, view.width, 0, low);
        for (; at < row_count && rows[at] - first < view.size; at++)
            out[at] = view.base + low[rows[at] - first];
    } else {
        uint64_t values[SUB + 8];
        LOTS_TRY(lots_frame_next_u64(cursor, values, &size, err));
        for (; at < row_count && rows[at] - first < size; at++)
            out[at] = values[rows[at] - first];
    }
    *k = at;
    return LOTS_OK;
}

lots_status lots_frame_take_u64(lots_reader *reader, uint32_t count, uint64_t add, const uint32_t *rows,
                                uint32_t row_count, uint64_t *out, lots_arena *arena, lots_error *err)
{
    lots_frame_cursor cursor;
    uint64_t ignored[SUB + 8];
    uint32_t size;
    LOTS_TRY(open_frame(reader, count, add, 64, false, &cursor, arena, err));
    for (uint32_t k = 0; k < row_count;) {
        while (cursor.sub < rows[k] / SUB) {
            if (width_byte(&cursor, cursor.sub) & 0x80)
                LOTS_TRY(lots_frame_next_u64(&cursor, ignored, &size, err));
            else
                (void)next_view(&cursor);
        }
        LOTS_TRY(take_sub_u64(&cursor, rows, row_count, &k, out, err));
    }
    return LOTS_OK;
}

/* ---- whole frames ---- */
lots_status lots_frame_rest_u32(lots_frame_cursor *cursor, uint32_t *out, lots_error *err)
{
    uint32_t size;
    for (; cursor->sub < sub_count_of(cursor->count); out += size)
        LOTS_TRY(lots_frame_next_u32(cursor, out, &size, err));
    return LOTS_OK;
}

lots_status lots_frame_rest_u64(lots_frame_cursor *cursor, uint64_t *out, lots_error *err)
{
    uint32_t size;
    for (; cursor->sub < sub_count_of(cursor->count); out += size)
        LOTS_TRY(lots_frame_next_u64(cursor, out, &size, err));
    return LOTS_OK;
}

lots_status lots_frame_decode_u32(lots_reader *reader, uint32_t count, uint32_t add, uint32_t *out, lots_arena *arena,
                                  lots_error *err)
{
    lots_frame_cursor cursor;
    LOTS_TRY(open_frame(reader, count, add, 32, false, &cursor, arena, err));
    return lots_frame_rest_u32(&cursor, out, err);
}

lots_status lots_frame_decode_u64(lots_reader *reader, uint32_t count, uint64_t add, uint64_t *out, lots_arena *arena,
                                  lots_error *err)
{
    lots_frame_cursor cursor;
    LOTS_TRY(open_frame(reader, count, add, 64, false, &cursor, arena, err));
    return lots_frame_rest_u64(&cursor, out, err);
}
