/* rise_marks.c: numbers that rise, stored as differences (delta.h), decoded for a short stretch of them alone: the part of block.h about
 * rising numbers. What a number is the differences before it tell. So every 32nd number is kept by the caller as a mark, and how many
 * escapes are before it; from then on only differences between the marks around two bounds are unpacked. Invariant: mark g is number
 * 32 g, to which the group's 32 differences are added. */
#include <assert.h>

#include "core/base/kernels.h"
#include "core/base/memory.h"
#include "core/codec/block.h"
#include "core/codec/frame.h"
#include "core/index/bitset.h"

enum { GROUP = LOTS_RISE_GROUP, SLACK = 16 };

typedef struct rise_mark {
    uint32_t number;  /* before the group's differences */
    uint32_t patches; /* escapes before them */
} rise_mark;

/* One piece of memory. */
struct lots_rise_marks {
    lots_frame_view *views; /* of the differences */
    rise_mark *groups;
    uint32_t *patches;
    uint32_t group_count, patch_count;
};

bool lots_block_can_rise(const lots_block_meta *meta)
{
    return meta->phys == LOTS_PHYS_U32 && meta->encoding == LOTS_ENCODING_DELTA && meta->missing == 0 && meta->count > 0;
}

static lots_status new_marks(const lots_frame_cursor *frame, const lots_frame_view *views, lots_rise_marks **out, lots_error *err)
{
    const size_t subs = (frame->count + LOTS_PACK_VALUES - 1) / LOTS_PACK_VALUES, groups = frame->count / GROUP + 1;
    void *room;
    LOTS_TRY(lots_alloc(&room, sizeof **out + subs * sizeof *views + groups * sizeof(rise_mark) +
                                   (frame->patch_count + SLACK) * sizeof(uint32_t), 1, err));
    lots_rise_marks *marks = *out = room;
    marks->views = (lots_frame_view *)(marks + 1);
    marks->groups = (rise_mark *)(marks->views + subs);
    marks->patches = (uint32_t *)(marks->groups + groups);
    marks->group_count = (uint32_t)groups;
    marks->patch_count = frame->patch_count;
    for (size_t s = 0; s < subs; s++)
        marks->views[s] = views[s];
    for (uint32_t i = 0; i < frame->patch_count; i++)
        marks->patches[i] = ((const uint32_t *)frame->patches)[i];
    return LOTS_OK;
}

static lots_status make_marks(const lots_block_meta *meta, lots_reader reader, const uint32_t *numbers, lots_rise_marks **out,
                              lots_arena *arena, lots_error *err)
{
    lots_frame_cursor frame;
    lots_frame_view *views;
    void *bits;
    uint64_t first = 0;
    uint32_t before = 0;
    if (!lots_read_varint(&reader, &first))
        return lots_fail(err, LOTS_CORRUPT, "%u differences lack their first number", meta->count);
    LOTS_TRY(lots_frame_open_u32(&reader, meta->count - 1, 0, &frame, arena, err));
    LOTS_TRY(lots_frame_views(&frame, &views, arena, err));
    LOTS_TRY(lots_arena_alloc(arena, &bits, lots_bit_words(meta->count) + LOTS_PACK_VALUES / 64 + 8, sizeof(uint64_t), err));
    LOTS_TRY(new_marks(&frame, views, out, err));
    lots_frame_escapes(&frame, bits);
    for (uint32_t g = 0; g < (*out)->group_count; g++) {
        (*out)->groups[g] = (rise_mark){numbers[g * GROUP], before < frame.patch_count ? before : frame.patch_count};
        before += (uint32_t)__builtin_popcount((uint32_t)(((const uint64_t *)bits)[g / 2] >> (g % 2 * GROUP)));
    }
    return LOTS_OK;
}

lots_status lots_block_mark_rising(const lots_block_meta *meta, const uint8_t *bytes, size_t after_bytes, const uint32_t *numbers,
                                   lots_rise_marks **out, lots_arena *scratch, lots_error *err)
{
    assert(lots_block_can_rise(meta));
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    reader.slack = after_bytes;
    *out = NULL;
    const lots_status status = make_marks(meta, reader, numbers, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}

/* How many marks are below a bound. */
static uint32_t marks_below(const lots_rise_marks *marks, uint64_t bound)
{
    uint32_t low = 0, high = marks->group_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (marks->groups[middle].number < bound)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* `count` differences from `at` on, at the beginning of a group, added up after `number`. `out` has room for whole groups. */
static lots_status add_up(const lots_rise_marks *marks, uint32_t at, uint32_t count, uint32_t number, uint32_t *out, lots_error *err)
{
    for (uint32_t size; count > 0; at += size, count -= size, out += size) {
        const lots_frame_view *view = &marks->views[at / LOTS_PACK_VALUES];
        const uint32_t place = at % LOTS_PACK_VALUES, taken = marks->groups[at / GROUP].patches;
        size = count < view->size - place ? count : view->size - place;
        lots_frame_groups_u32(view, place / GROUP, (place + size + GROUP - 1) / GROUP, out);
        LOTS_TRY(lots_frame_patch_u32(view, marks->patches + taken, marks->patch_count - taken, out, size, err));
        number = lots_kernels_get()->prefix_u32(out, size, number, out);
    }
    return LOTS_OK;
}

lots_status lots_block_take_rising(const lots_block_meta *meta, const lots_rise_marks *marks, uint64_t least, uint64_t below,
                                   lots_rising *out, lots_arena *arena, lots_error *err)
{
    const uint32_t reached = marks_below(marks, least), from = reached - (reached > 0);
    uint32_t end = reached;
    void *room;
    while (end < marks->group_count && marks->groups[end].number < below)
        end++;
    *out = (lots_rising){.first = from * GROUP, .least = reached > 0 ? marks->groups[from].number : 0,
                         .below = end < marks->group_count ? marks->groups[end].number : UINT64_MAX};
    if (end <= from)
        return LOTS_OK;
    out->count = (end < marks->group_count ? end * GROUP : meta->count) - out->first;
    LOTS_TRY(lots_arena_vector(arena, &room, (size_t)(end - from + 1) * GROUP, sizeof(uint32_t), err));
    out->items = room;
    ((uint32_t *)room)[0] = marks->groups[from].number;
    return add_up(marks, out->first, out->count - 1, marks->groups[from].number, (uint32_t *)room + 1, err);
}
