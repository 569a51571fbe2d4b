/* frame_marks.c: some values of a frame without unpacking the others: the part of block.h about groups. Packed values are found by
 * their place, but an escape by how many are before it. So this is counted once for each group of 32, as many as bitpack.h lays side by
 * side, of a block that has been decoded whole, and kept by the caller as marks, together with the patches; from then on no group is
 * unpacked that nobody wants. Invariant: subs[s].before[g] escapes of sub-block s are before its group g, subs[s].patches before s. */
#include <assert.h>

#include "core/base/memory.h"
#include "core/codec/block.h"
#include "core/codec/frame.h"

enum { SUB = LOTS_PACK_VALUES, GROUP = LOTS_FRAME_GROUP, SUB_GROUPS = SUB / GROUP, SLACK = 16 };

typedef struct sub_marks {
    lots_frame_view view;
    uint32_t patches;
    uint16_t before[SUB_GROUPS];
} sub_marks;

/* One piece of memory. */
struct lots_frame_marks {
    sub_marks *subs;
    uint32_t *patches;
    uint32_t sub_count, patch_count;
};

/* ---- making ---- */
static lots_status new_marks(const lots_frame_cursor *frame, lots_frame_marks **out, lots_error *err)
{
    const size_t subs = (frame->count + SUB - 1) / SUB;
    void *room;
    LOTS_TRY(lots_alloc(&room, sizeof **out + subs * sizeof(sub_marks) + (frame->patch_count + SLACK) * sizeof(uint32_t), 1, err));
    lots_frame_marks *marks = *out = room;
    marks->subs = (sub_marks *)(marks + 1);
    marks->patches = (uint32_t *)(marks->subs + subs);
    marks->sub_count = (uint32_t)subs;
    marks->patch_count = frame->patch_count;
    for (uint32_t i = 0; i < frame->patch_count; i++)
        marks->patches[i] = ((const uint32_t *)frame->patches)[i];
    return LOTS_OK;
}

static lots_status make_marks(const lots_frame_cursor *cursor, lots_frame_marks **out, lots_arena *scratch, lots_error *err)
{
    const size_t subs = (cursor->count + SUB - 1) / SUB;
    lots_frame_view *views;
    void *room;
    uint32_t escapes = 0;
    LOTS_TRY(lots_frame_views(cursor, &views, scratch, err));
    LOTS_TRY(lots_arena_vector(scratch, &room, subs * (SUB / 64), sizeof(uint64_t), err));
    LOTS_TRY(new_marks(cursor, out, err));
    const uint64_t *bits = room;
    lots_frame_escapes(cursor, room);
    for (uint32_t s = 0; s < (*out)->sub_count; s++) {
        sub_marks *sub = &(*out)->subs[s];
        sub->view = views[s];
        sub->patches = escapes;
        for (uint32_t g = 0; g < SUB_GROUPS; g++) {
            sub->before[g] = (uint16_t)(escapes - sub->patches);
            escapes += (uint32_t)__builtin_popcount((uint32_t)(bits[(s * SUB_GROUPS + g) / 2] >> (g % 2 * GROUP)));
        }
    }
    return LOTS_OK;
}

/* ---- groups ---- */

/* The next stretch of groups in `rest`, up to *to; they leave it. In 64 bits a run of 32 ones ends within them. */
static uint32_t next_stretch(uint64_t *rest, uint32_t *to)
{
    const uint32_t from = (uint32_t)__builtin_ctzll(*rest);
    *to = from + (uint32_t)__builtin_ctzll(~(*rest >> from));
    *rest &= UINT64_MAX << *to;
    return from;
}

/* Of a sub-block the groups with a bit in `wanted`, each at its place in `out`. */
static lots_status unpack_wanted(const lots_frame_marks *marks, const sub_marks *sub, uint32_t wanted, uint32_t *out, lots_error *err)
{
    const lots_frame_view *view = &sub->view;
    for (uint64_t rest = wanted; rest != 0;) {
        uint32_t to;
        const uint32_t from = next_stretch(&rest, &to), end = GROUP * to < view->size ? GROUP * to : view->size;
        const uint32_t before = sub->patches + sub->before[from], taken = before < marks->patch_count ? before : marks->patch_count;
        lots_frame_groups_u32(view, from, to, out + GROUP * from);
        LOTS_TRY(lots_frame_patch_u32(view, marks->patches + taken, marks->patch_count - taken, out + GROUP * from,
                                      end - GROUP * from, err));
    }
    return LOTS_OK;
}

/* ---- of a block ---- */

bool lots_block_can_group(const lots_block_meta *meta)
{
    return meta->phys == LOTS_PHYS_U32 && meta->encoding == LOTS_ENCODING_FRAME && meta->missing == 0 && meta->count > 0;
}

lots_status lots_block_mark_groups(const lots_block_meta *meta, const uint8_t *bytes, size_t after_bytes, lots_frame_marks **out,
                                   lots_arena *scratch, lots_error *err)
{
    assert(lots_block_can_group(meta));
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    lots_frame_cursor frame;
    reader.slack = after_bytes;
    *out = NULL;
    lots_status status = lots_frame_open_u32(&reader, meta->count, 0, &frame, scratch, err);
    if (status == LOTS_OK)
        status = make_marks(&frame, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}

static uint32_t wanted_of(const uint64_t *groups, uint32_t sub) { return (uint32_t)(groups[sub / 2] >> (sub % 2 * SUB_GROUPS)); }

/* Begin to load what will be unpacked: processors don't see it coming. */
static void fetch_wanted(const lots_frame_marks *marks, const sub_marks *sub, uint32_t wanted)
{
    for (uint64_t rest = wanted; rest != 0;) {
        uint32_t to;
        const uint32_t from = next_stretch(&rest, &to);
        lots_frame_fetch(&sub->view, from, to - from);
        __builtin_prefetch(marks->patches + sub->patches + sub->before[from]);
    }
}

lots_status lots_block_decode_groups(const lots_frame_marks *marks, const uint64_t *groups, uint32_t *out, lots_error *err)
{
    enum { AHEAD = 4 };
    for (uint32_t s = 0; s < marks->sub_count; s++) {
        const uint32_t wanted = wanted_of(groups, s);
        if (s + AHEAD < marks->sub_count)
            fetch_wanted(marks, &marks->subs[s + AHEAD], wanted_of(groups, s + AHEAD));
        if (wanted != 0)
            LOTS_TRY(unpack_wanted(marks, &marks->subs[s], wanted, out + (size_t)s * SUB, err));
    }
    return LOTS_OK;
}
