/* segment_entries.c: which rows of a patient say the same. The idea: the last entry with each value of the leading column is
 * kept in a table by local id, earlier ones in a chain behind it; entries of the patient before are told by their number, so
 * nothing is cleared between patients. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/store/segment_column.h"

enum {
    LOOKED_AT = 16, /* entries with the same value of the leader that a row is compared with: the latest */
    INSERTED = 24   /* entries of a patient up to which they are put in order one by one */
};
#define NONE UINT32_MAX

typedef struct finding {
    const lots_column_job *leader;
    const lots_column_job *members[LOTS_COLUMNS_MAX];
    uint32_t member_count;
    uint32_t *last;    /* by local id, the count of ids standing for missing: its latest entry */
    uint32_t *before;  /* of each entry: the one before with the same value, or NONE */
    uint32_t *rows;    /* of each entry: its first row, in the batch */
    uint32_t *uses;
    uint32_t *entry;   /* of each row of the chunk */
    uint32_t count;
} finding;

static bool same_value(const lots_column_job *column, uint32_t a, uint32_t b)
{
    const lots_batch_column *batch = column->batch;
    const uint8_t *missing = batch->missing.data;
    if (missing[a] || missing[b])
        return missing[a] == missing[b];
    switch (batch->phys) {
    case LOTS_PHYS_BITS:
        return ((const uint8_t *)batch->values.data)[a] == ((const uint8_t *)batch->values.data)[b];
    case LOTS_PHYS_I32:
        if (column->layout->flags & LOTS_COLUMN_DURATION) {
            const uint32_t *ends = batch->values.data, *starts = column->ordered->values.data;
            return ends[a] - starts[a] == ends[b] - starts[b];
        }
        return ((const int32_t *)batch->values.data)[a] == ((const int32_t *)batch->values.data)[b];
    case LOTS_PHYS_U32:
        return ((const uint32_t *)batch->values.data)[a] == ((const uint32_t *)batch->values.data)[b];
    case LOTS_PHYS_I64:
    case LOTS_PHYS_F64:
        return ((const uint64_t *)batch->values.data)[a] == ((const uint64_t *)batch->values.data)[b];
    case LOTS_PHYS_TEXT:
    case LOTS_PHYS_COUNT:
        break;
    }
    return false;
}

static bool same_members(const finding *find, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < find->member_count; i++)
        if (!same_value(find->members[i], a, b))
            return false;
    return true;
}

/* The entry of a row, a new one when none of its patient's, which begin at `first`, will do. */
static uint32_t entry_of(finding *find, uint32_t row, uint32_t first)
{
    const lots_column_job *leader = find->leader;
    const bool missing = ((const uint8_t *)leader->batch->missing.data)[row] != 0;
    const uint32_t id = missing ? leader->ids : leader->local_of_stable[((const lots_id *)leader->batch->values.data)[row]];
    uint32_t latest = find->last[id], looked = 0;
    latest = latest != NONE && latest >= first ? latest : NONE;
    for (uint32_t entry = latest; entry != NONE && looked < LOOKED_AT; entry = find->before[entry], looked++)
        if (same_members(find, row, find->rows[entry]))
            return entry;
    find->before[find->count] = latest;
    find->rows[find->count] = row;
    find->uses[find->count] = 0;
    find->last[id] = find->count;
    return find->count++;
}

static int by_key(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Keys are distinct. */
static void sort_keys(uint64_t *keys, uint32_t count)
{
    if (count > INSERTED) {
        qsort(keys, count, sizeof *keys, by_key);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        const uint64_t key = keys[i];
        uint32_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* A patient's entries with the most used first: index tells each row's place among them. */
static void order_entries(const finding *find, uint32_t first, uint32_t row, uint32_t end, uint64_t *keys,
                          uint32_t *place, uint32_t *rows, uint32_t *index)
{
    const uint32_t count = find->count - first;
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (uint64_t)(UINT32_MAX - find->uses[first + i]) << 32 | i;
    sort_keys(keys, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t entry = (uint32_t)keys[i];
        place[entry] = i;
        rows[first + i] = find->rows[first + entry];
    }
    for (; row < end; row++)
        index[row] = place[find->entry[row] - first];
}

static lots_status open_finding(lots_stream_job *stream, uint32_t leader, const uint32_t *members, uint32_t member_count,
                                uint32_t count, finding *find, lots_error *err)
{
    lots_arena *scratch = &stream->job->scratch;
    void *room;
    *find = (finding){.leader = &stream->columns[leader], .member_count = member_count};
    for (uint32_t i = 0; i < member_count; i++)
        find->members[i] = &stream->columns[members[i]];
    LOTS_TRY(lots_arena_vector(scratch, &room, (size_t)find->leader->ids + 1, sizeof(uint32_t), err));
    find->last = room;
    memset(find->last, 0xff, ((size_t)find->leader->ids + 1) * sizeof(uint32_t));
    LOTS_TRY(lots_arena_vector(scratch, &room, (size_t)count * 4, sizeof(uint32_t), err));
    find->before = room;
    find->rows = find->before + count;
    find->uses = find->rows + count;
    find->entry = find->uses + count;
    return LOTS_OK;
}

/* What is kept of a chunk, and what is needed for it. */
typedef struct ordering {
    uint32_t *rows, *counts, *index, *place;
    uint64_t *keys;
} ordering;

static lots_status open_ordering(lots_stream_job *stream, uint32_t patients, uint32_t count, ordering *order,
                                 lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_vector(&stream->arena, &room, count, sizeof(uint32_t), err));
    order->index = room;
    LOTS_TRY(lots_arena_vector(&stream->arena, &room, patients, sizeof(uint32_t), err));
    order->counts = room;
    LOTS_TRY(lots_arena_vector(&stream->job->scratch, &room, (size_t)count * 2, sizeof(uint32_t), err));
    order->rows = room;
    order->place = order->rows + count;
    LOTS_TRY(lots_arena_vector(&stream->job->scratch, &room, count, sizeof(uint64_t), err));
    order->keys = room;
    return LOTS_OK;
}

/* The rows of entries are kept as they are counted in the chunk. */
static lots_status keep_rows(lots_stream_job *stream, const ordering *order, uint32_t first_row, uint32_t count,
                             const uint32_t **out, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_vector(&stream->arena, &room, count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < count; i++)
        ((uint32_t *)room)[i] = order->rows[i] - first_row;
    *out = room;
    return LOTS_OK;
}

lots_status lots_entries_find(lots_stream_job *stream, uint32_t leader, const uint32_t *members, uint32_t member_count,
                              uint32_t chunk, lots_entries *out, lots_error *err)
{
    const lots_layout *layout = &stream->job->layout;
    const uint32_t *offsets = stream->job->offsets[stream->stream] + layout->firsts[chunk];
    const uint32_t patients = layout->firsts[chunk + 1] - layout->firsts[chunk], rows = offsets[patients] - offsets[0];
    const lots_arena_mark mark = lots_arena_save(&stream->arena);
    finding find;
    ordering order;
    *out = (lots_entries){0};
    if (rows == 0 || memchr((const uint8_t *)stream->columns[leader].batch->missing.data + offsets[0], 0, rows) == NULL)
        return LOTS_OK;
    lots_arena_reset(&stream->job->scratch);
    LOTS_TRY(open_finding(stream, leader, members, member_count, rows, &find, err));
    LOTS_TRY(open_ordering(stream, patients, rows, &order, err));
    for (uint32_t p = 0; p < patients; p++) {
        const uint32_t first = find.count, from = offsets[p] - offsets[0], end = offsets[p + 1] - offsets[0];
        for (uint32_t row = from; row < end; row++) {
            find.entry[row] = entry_of(&find, offsets[0] + row, first);
            find.uses[find.entry[row]]++;
        }
        order.counts[p] = find.count - first;
        order_entries(&find, first, from, end, order.keys, order.place, order.rows, order.index);
    }
    if (find.count > rows - rows / 4) {
        lots_arena_restore(&stream->arena, mark);
        return LOTS_OK;
    }
    *out = (lots_entries){.count = find.count, .patients = patients, .counts = order.counts, .index = order.index};
    return keep_rows(stream, &order, offsets[0], find.count, &out->rows, err);
}
