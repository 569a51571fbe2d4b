/* gap_marks.c: days that are gaps (delta.h), decoded for a few rows or patients alone: the part of block.h about marks. A day is the one
 * before and a gap, so all that is asked of the rows before is their last day and how many escapes they have. Both are found once, of
 * a block that has been decoded whole, and kept by the caller as marks, one for 32 rows, as many as bitpack.h lays side by side; from
 * then on only rows near those that are wanted are unpacked. Where a patient begins days start anew: these are kept, too.
 *
 * Several stretches of rows are unpacked, then patched, then added up: what one loop writes the next finds written, and waits for
 * none of it. */
#include <assert.h>
#include <string.h>

#include "core/base/kernels.h"
#include "core/base/memory.h"
#include "core/codec/block.h"
#include "core/codec/delta.h"
#include "core/index/bitset.h"

enum { GROUP = 32 };

typedef struct gap_mark {
    uint16_t first;   /* the group's first value, less the least of the block */
    uint16_t patches; /* escapes before it */
} gap_mark;

/* One piece of memory. */
struct lots_gap_marks {
    lots_frame_view *views; /* of the gaps */
    uint32_t patch_count;
    uint16_t *patches;      /* no gap is longer than all days together */
    gap_mark *groups;       /* of GROUP values, the last fewer */
    uint16_t *firsts;       /* by patient: the first value, less the least of the block */
};

/* A block of gaps that has been decoded before: the same starts as then; `least` of its values. */
typedef struct gap_block {
    uint32_t count;
    lots_starts starts;
    uint32_t least;
} gap_block;

/* Past base and firsts. */
static lots_status open_gaps(lots_reader reader, uint32_t count, lots_frame_cursor *out, lots_arena *arena, lots_error *err)
{
    lots_frame_cursor firsts;
    uint64_t base = 0, found = 0;
    if (!lots_read_varint(&reader, &base) || !lots_read_varint(&reader, &found) || found > count)
        return lots_fail(err, LOTS_CORRUPT, "%u gaps have a damaged head", count);
    LOTS_TRY(lots_frame_open_u32(&reader, (uint32_t)found, 0, &firsts, arena, err));
    return lots_frame_open_u32(&reader, count, 0, out, arena, err);
}

static lots_status new_marks(const gap_block *gaps, const lots_frame_cursor *frame, const lots_frame_view *views,
                             lots_gap_marks **out, lots_error *err)
{
    const size_t subs = (gaps->count + LOTS_PACK_VALUES - 1) / LOTS_PACK_VALUES, groups = gaps->count / GROUP + 1;
    const size_t numbers = (size_t)frame->patch_count + gaps->starts.count;
    void *room;
    LOTS_TRY(lots_alloc(&room, sizeof **out + subs * sizeof *views + groups * sizeof(gap_mark) + numbers * sizeof(uint16_t), 1, err));
    lots_gap_marks *marks = *out = room;
    marks->views = (lots_frame_view *)(marks + 1);
    memcpy(marks->views, views, subs * sizeof *views);
    marks->groups = (gap_mark *)(marks->views + subs);
    marks->firsts = (uint16_t *)(marks->groups + groups);
    marks->patches = marks->firsts + gaps->starts.count;
    marks->patch_count = frame->patch_count;
    for (uint32_t i = 0; i < frame->patch_count; i++)
        marks->patches[i] = (uint16_t)((const uint32_t *)frame->patches)[i];
    return LOTS_OK;
}

static lots_status make_marks(const gap_block *gaps, lots_reader reader, const uint32_t *values, lots_gap_marks **out,
                              lots_arena *arena, lots_error *err)
{
    const size_t words = lots_bit_words(gaps->count);
    lots_frame_cursor frame;
    lots_frame_view *views;
    void *bits;
    uint32_t before = 0;
    LOTS_TRY(open_gaps(reader, gaps->count, &frame, arena, err));
    LOTS_TRY(lots_frame_views(&frame, &views, arena, err));
    LOTS_TRY(lots_arena_alloc(arena, &bits, words + LOTS_PACK_VALUES / 64 + 8, sizeof(uint64_t), err));
    LOTS_TRY(new_marks(gaps, &frame, views, out, err));
    lots_frame_escapes(&frame, bits);
    for (uint32_t at = 0; at < gaps->count; at += GROUP) {
        const uint32_t here = (uint32_t)(((const uint64_t *)bits)[at / 64] >> (at % 64));
        (*out)->groups[at / GROUP] = (gap_mark){(uint16_t)(values[at] - gaps->least), (uint16_t)before};
        before += (uint32_t)__builtin_popcount(here);
    }
    for (uint32_t p = 0; p < gaps->starts.count; p++)
        (*out)->firsts[p] = gaps->starts.starts[p] < gaps->count ? (uint16_t)(values[gaps->starts.starts[p]] - gaps->least) : 0;
    return LOTS_OK;
}

/* ---- stretches ---- */

/* Rows of one sub-block whose gaps are added to the value of the first. */
typedef struct stretch {
    uint32_t *values;  /* gaps, in the room, */
    uint32_t from, to; /* of these rows, in whole groups before */
    const uint16_t *first; /* the first one's value, in the marks; NULL: it is a gap after the stretch before */
} stretch;

enum { STRETCHES = 64, ROOM = 4 * LOTS_PACK_VALUES };

typedef struct stretches {
    const gap_block *gaps;
    const lots_gap_marks *marks;
    uint32_t count, used;
    stretch items[STRETCHES];
    uint32_t room[ROOM + LOTS_PACK_VALUES + 16];
} stretches;

static void begin_stretches(stretches *all, const gap_block *gaps, const lots_gap_marks *marks)
{
    all->gaps = gaps;
    all->marks = marks;
    all->count = all->used = 0;
}

static bool are_full(const stretches *all) { return all->count == STRETCHES || all->used > ROOM; }

/* Rows up to `to`, or to the end of the sub-block; gives the row after. */
static uint32_t add_stretch(stretches *all, uint32_t from, uint32_t to, const uint16_t *first)
{
    const lots_frame_view *view = &all->marks->views[from / LOTS_PACK_VALUES];
    const uint32_t sub = from / LOTS_PACK_VALUES * LOTS_PACK_VALUES, end = to - sub < view->size ? to : sub + view->size;
    const uint32_t group = (from - sub) / GROUP, groups = (end - sub + GROUP - 1) / GROUP - group;
    all->items[all->count++] = (stretch){all->room + all->used, from, end, first};
    all->used += groups * GROUP;
    lots_frame_fetch(view, group, groups);
    if (view->escaped)
        __builtin_prefetch(all->marks->patches + all->marks->groups[from / GROUP].patches);
    return end;
}

/* Of `count` values from a group's first row on: the patches are those from the group's mark on, up to that of the group after them. */
static lots_status patch_stretch(const stretches *all, uint32_t row, uint32_t *values, uint32_t count, lots_error *err)
{
    const lots_gap_marks *marks = all->marks;
    const lots_frame_view *view = &marks->views[row / LOTS_PACK_VALUES];
    const uint32_t next = (row + count + GROUP - 1) / GROUP;
    uint32_t patches[LOTS_PACK_VALUES + 16];
    if (!view->escaped)
        return LOTS_OK;
    const uint32_t taken = marks->groups[row / GROUP].patches;
    const uint32_t here = (next * GROUP < all->gaps->count ? marks->groups[next].patches : marks->patch_count) - taken;
    assert(here <= LOTS_PACK_VALUES);
    for (uint32_t i = 0; i < here; i++)
        patches[i] = marks->patches[taken + i];
    return here == 0 ? LOTS_OK : lots_frame_patch_u32(view, patches, here, values, count, err);
}

static lots_status unpack_stretches(stretches *all, lots_error *err)
{
    for (uint32_t i = 0; i < all->count; i++) {
        const stretch *item = &all->items[i];
        const uint32_t sub = item->from / LOTS_PACK_VALUES, first = sub * LOTS_PACK_VALUES;
        lots_frame_groups_u32(&all->marks->views[sub], (item->from - first) / GROUP, (item->to - first + GROUP - 1) / GROUP, item->values);
    }
    for (uint32_t i = 0; i < all->count; i++) {
        stretch *item = &all->items[i];
        const uint32_t before = item->from % GROUP;
        LOTS_TRY(patch_stretch(all, item->from - before, item->values, before + item->to - item->from, err));
        item->values += before;
    }
    return LOTS_OK;
}

/* ---- patients ---- */

static lots_status add_up(stretches *all, uint32_t *sum, uint32_t *out, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    LOTS_TRY(unpack_stretches(all, err));
    for (uint32_t i = 0; i < all->count; i++) {
        const stretch *item = &all->items[i];
        if (item->first != NULL)
            item->values[0] = all->gaps->least + *item->first;
        *sum = kernels->prefix_u32(item->values, item->to - item->from, item->first != NULL ? 0 : *sum, out + item->from);
    }
    all->count = all->used = 0;
    return LOTS_OK;
}

static lots_status decode_of(const gap_block *gaps, const lots_gap_marks *marks, const uint64_t *patients, uint32_t *out,
                             lots_error *err)
{
    const lots_starts starts = gaps->starts;
    stretches all;
    uint32_t sum = 0;
    begin_stretches(&all, gaps, marks);
    for (size_t p = lots_bits_next(patients, 0, starts.count); p < starts.count; p = lots_bits_next(patients, p + 1, starts.count)) {
        const uint32_t from = starts.starts[p], end = p + 1 < starts.count ? starts.starts[p + 1] : gaps->count;
        for (uint32_t at = from; at < end;) {
            at = add_stretch(&all, at, end, at == from ? &marks->firsts[p] : NULL);
            if (are_full(&all))
                LOTS_TRY(add_up(&all, &sum, out, err));
        }
    }
    return add_up(&all, &sum, out, err);
}

/* ---- rows ---- */

/* The last of the patients from `patient` on who begins at `row` or before. */
static uint32_t patient_of(lots_starts starts, uint32_t patient, uint32_t row)
{
    uint32_t step = 1;
    for (; patient + step < starts.count && starts.starts[patient + step] <= row; step *= 2)
        patient += step;
    for (; step > 0; step /= 2)
        patient += patient + step < starts.count && starts.starts[patient + step] <= row ? step : 0;
    return patient;
}

static lots_status add_ends(stretches *all, uint32_t **out, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    uint32_t escapes;
    LOTS_TRY(unpack_stretches(all, err));
    for (uint32_t i = 0; i < all->count; i++) {
        const stretch *item = &all->items[i];
        *(*out)++ = all->gaps->least + *item->first + kernels->sum_u32(item->values + 1, item->to - item->from - 1, 0, &escapes);
    }
    all->count = all->used = 0;
    return LOTS_OK;
}

static lots_status take_rows(const gap_block *gaps, const lots_gap_marks *marks, const uint32_t *rows, uint32_t row_count,
                             uint32_t *out, lots_error *err)
{
    const lots_starts starts = gaps->starts;
    stretches all;
    begin_stretches(&all, gaps, marks);
    for (uint32_t k = 0, patient = 0; k < row_count; k++) {
        const uint32_t group = rows[k] / GROUP * GROUP;
        patient = patient_of(starts, patient, rows[k]);
        const bool begins = starts.starts[patient] > group && starts.starts[patient] <= rows[k];
        (void)add_stretch(&all, begins ? starts.starts[patient] : group, rows[k] + 1,
                          begins ? &marks->firsts[patient] : &marks->groups[group / GROUP].first);
        if (are_full(&all))
            LOTS_TRY(add_ends(&all, &out, err));
    }
    return add_ends(&all, &out, err);
}

/* ---- places ---- */

/* The first of groups [from, end), whose days rise, that begins on `day` or later. */
static uint32_t group_from(const gap_mark *groups, uint32_t from, uint32_t end, uint32_t day)
{
    while (from < end) {
        const uint32_t middle = from + (end - from) / 2;
        if (groups[middle].first < day)
            from = middle + 1;
        else
            end = middle;
    }
    return from;
}

/* Of each stretch, whose first row is before `day`, the rows that are. */
static lots_status count_before(stretches *all, uint32_t day, const uint32_t *patients, uint32_t *places, lots_error *err)
{
    LOTS_TRY(unpack_stretches(all, err));
    for (uint32_t i = 0; i < all->count; i++) {
        const stretch *item = &all->items[i];
        uint32_t here = *item->first, before = 1;
        for (uint32_t k = 1; k < item->to - item->from; k++) { /* no branch: where it ends can't be foretold */
            here += item->values[k];
            before += here < day;
        }
        places[patients[i]] = item->from + before;
    }
    all->count = all->used = 0;
    return LOTS_OK;
}

/* The marks tell in which group a patient's rows reach the day: no other is unpacked. */
static lots_status find_places(const gap_block *gaps, const lots_gap_marks *marks, const uint64_t *patients, uint32_t day,
                               uint32_t *places, lots_error *err)
{
    const lots_starts starts = gaps->starts;
    uint32_t asked[STRETCHES];
    stretches all;
    begin_stretches(&all, gaps, marks);
    for (size_t p = lots_bits_next(patients, 0, starts.count); p < starts.count; p = lots_bits_next(patients, p + 1, starts.count)) {
        const uint32_t from = starts.starts[p], end = p + 1 < starts.count ? starts.starts[p + 1] : gaps->count;
        places[p] = from;
        if (from == end || marks->firsts[p] >= day)
            continue;
        const uint32_t next = group_from(marks->groups, from / GROUP + 1, (end - 1) / GROUP + 1, day), group = next - 1;
        asked[all.count] = (uint32_t)p;
        (void)add_stretch(&all, group * GROUP > from ? group * GROUP : from, next * GROUP < end ? next * GROUP : end,
                          group * GROUP > from ? &marks->groups[group].first : &marks->firsts[p]);
        if (are_full(&all))
            LOTS_TRY(count_before(&all, day, asked, places, err));
    }
    return count_before(&all, day, asked, places, err);
}

/* ---- of a block ---- */

bool lots_block_can_mark(const lots_block_meta *meta)
{
    return meta->encoding == LOTS_ENCODING_GAPS && meta->phys == LOTS_PHYS_I32 && meta->missing == 0 &&
           meta->count <= UINT16_MAX && (uint64_t)meta->max - (uint64_t)meta->min <= UINT16_MAX;
}

static gap_block gaps_of(const lots_block_meta *meta, const lots_values_out *out)
{
    assert(lots_block_can_mark(meta));
    return (gap_block){meta->count, {out->starts, out->starts_count}, (uint32_t)meta->min};
}

lots_status lots_block_mark(const lots_block_meta *meta, const uint8_t *bytes, const lots_values_out *from, lots_gap_marks **out,
                            lots_arena *scratch, lots_error *err)
{
    const gap_block gaps = gaps_of(meta, from);
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    reader.slack = from->after_bytes;
    *out = NULL;
    const lots_status status = make_marks(&gaps, reader, from->data, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}

lots_status lots_block_decode_of(const lots_block_meta *meta, const lots_gap_marks *marks, const uint64_t *patients,
                                 lots_values_out *out, lots_error *err)
{
    const gap_block gaps = gaps_of(meta, out);
    return decode_of(&gaps, marks, patients, out->data, err);
}

lots_status lots_block_take_days(const lots_block_meta *meta, const lots_gap_marks *marks, const uint32_t *rows, uint32_t row_count,
                                 lots_values_out *out, lots_error *err)
{
    const gap_block gaps = gaps_of(meta, out);
    return take_rows(&gaps, marks, rows, row_count, out->data, err);
}

lots_status lots_block_find_places(const lots_block_meta *meta, const lots_gap_marks *marks, const uint64_t *patients, int32_t day,
                                   uint32_t *places, const lots_values_out *out, lots_error *err)
{
    const gap_block gaps = gaps_of(meta, out);
    assert(day > meta->min && day <= meta->max);
    return find_places(&gaps, marks, patients, (uint32_t)day - gaps.least, places, err);
}
