/* segment_kept_posted.c: postings kept as lists by id, each id's patients and, of ids that few have, its rows, in 16 bits each. Who has a
 * code is then read where it lies: no differences are added up, it isn't searched for where an id's begin, nor are rows numbered through
 * their patients. A piece of memory begins with lots_posted_lists.patients, from which the others follow: beside few patients what costs
 * is how often a chunk waits for memory. */
#include <string.h>

#include "core/store/segment_kept.h"

/* What the lists are made of: rising numbers as segment_posted.c has them. */
typedef struct posted_parts {
    uint32_t ids, patients;
    lots_rising common, rare, rows;
    const uint32_t *offsets; /* by patient; NULL where there are no rows */
} posted_parts;

static uint32_t ids_of(const lots_layout_column *file) { return file->dictionary.metas[0].count; }

static uint32_t count_of(const lots_layout_slot *slot, uint32_t chunk) { return slot->metas == NULL ? 0 : slot->metas[chunk].count; }

static uint32_t pairs_of(const lots_layout_column *file, uint32_t chunk)
{
    return count_of(&file->postings, chunk) + count_of(&file->rare, chunk);
}

static size_t bytes_of(const lots_layout_column *file, uint32_t chunk)
{
    const size_t items = (size_t)pairs_of(file, chunk) + count_of(&file->posted_rows, chunk);
    return 2 * ((size_t)ids_of(file) + 1) * sizeof(uint32_t) + items * sizeof(uint16_t);
}

/* With more ids than pairs most lists would be empty. */
static bool can_keep(const lots_segment *segment, const lots_layout_column *file, uint32_t rows, uint32_t chunk)
{
    return ids_of(file) <= pairs_of(file, chunk) && rows <= UINT16_MAX && lots_rooms_left(segment->keep) >= bytes_of(file, chunk);
}

static lots_posted_lists lists_at(const uint32_t *kept, uint32_t ids)
{
    return (lots_posted_lists){kept, kept + ids + 1, (const uint16_t *)(kept + 2 * ((size_t)ids + 1))};
}

/* ---- lists ---- */

/* How many of each id, behind its own place. */
static void count_pairs(const posted_parts *parts, const lots_rising *pairs, uint32_t *firsts)
{
    for (uint32_t i = 0; i < pairs->count; i++)
        firsts[pairs->items[i] / parts->patients + 1]++;
}

/* Each id's from its place on, which is moved. */
static void put_pairs(const posted_parts *parts, const lots_rising *pairs, uint32_t *places, uint16_t *items)
{
    for (uint32_t i = 0; i < pairs->count; i++)
        items[places[pairs->items[i] / parts->patients]++] = (uint16_t)(pairs->items[i] % parts->patients);
}

static lots_status list_patients(const posted_parts *parts, uint32_t *firsts, uint16_t *items, lots_arena *scratch)
{
    void *places;
    LOTS_TRY(lots_arena_vector(scratch, &places, parts->ids, sizeof *firsts, NULL));
    count_pairs(parts, &parts->common, firsts);
    count_pairs(parts, &parts->rare, firsts);
    for (uint32_t id = 0; id < parts->ids; id++)
        firsts[id + 1] += firsts[id];
    memcpy(places, firsts, parts->ids * sizeof *firsts);
    put_pairs(parts, &parts->common, places, items);
    put_pairs(parts, &parts->rare, places, items);
    return LOTS_OK;
}

/* Behind the patients. A row's number is how many rows the patients of the pairs before have, and its place among its own pair's. */
static void list_rows(const posted_parts *parts, uint32_t *firsts, uint16_t *items)
{
    const uint32_t before = parts->common.count + parts->rare.count;
    const lots_rising *rows = &parts->rows;
    uint64_t base = 0;
    uint32_t at = 0, id = 0;
    firsts[0] = before;
    for (uint32_t i = 0; i < parts->rare.count; i++) {
        const uint32_t pair = parts->rare.items[i], patient = pair % parts->patients, first = parts->offsets[patient];
        const uint64_t next = base + parts->offsets[patient + 1] - first;
        while (id < pair / parts->patients)
            firsts[++id] = before + at;
        for (; at < rows->count && rows->items[at] < next; at++)
            items[before + at] = (uint16_t)(first + (rows->items[at] - base));
        base = next;
    }
    while (id < parts->ids)
        firsts[++id] = before + at;
}

/* ---- kept ---- */

static lots_status read_parts(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, posted_parts *out,
                              lots_arena *scratch)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    void *room;
    *out = (posted_parts){.ids = ids_of(file), .patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk]};
    LOTS_TRY(lots_segment_take_pairs(segment, stream, column, chunk, LOTS_POSTED_COMMON, 0, UINT64_MAX, &out->common, scratch, NULL));
    if (file->kind != LOTS_KIND_CODES)
        return LOTS_OK;
    LOTS_TRY(lots_segment_take_pairs(segment, stream, column, chunk, LOTS_POSTED_RARE, 0, UINT64_MAX, &out->rare, scratch, NULL));
    LOTS_TRY(lots_segment_take_pairs(segment, stream, column, chunk, LOTS_POSTED_ROWS, 0, UINT64_MAX, &out->rows, scratch, NULL));
    LOTS_TRY(lots_arena_vector(scratch, &room, (size_t)out->patients + 1, sizeof(uint32_t), NULL));
    out->offsets = room;
    return lots_segment_offsets(segment, stream, chunk, room, scratch, NULL);
}

/* NULL where they can't be had; who asks goes on to read them, and hears why. */
static uint32_t *make_lists(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_arena *scratch)
{
    const size_t bytes = bytes_of(segment->streams[stream].columns[column].file, chunk);
    uint32_t *made = NULL;
    posted_parts parts;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = read_parts(segment, stream, column, chunk, &parts, scratch);
    if (status == LOTS_OK)
        made = lots_rooms_take(segment->keep, bytes);
    if (made != NULL) {
        uint32_t *rows = made + parts.ids + 1;
        uint16_t *items = (uint16_t *)(rows + parts.ids + 1);
        list_rows(&parts, rows, items);
        status = list_patients(&parts, made, items, scratch);
    }
    lots_arena_restore(scratch, mark);
    return status == LOTS_OK ? made : NULL;
}

bool lots_segment_posted_lists(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_posted_lists *out,
                               lots_arena *scratch)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    lots_kept *kept = &segment->streams[stream].columns[column].posted[chunk].lists;
    const uint32_t *lists = lots_kept_get(kept);
    if (lists == NULL && segment->keep != NULL && lots_kept_is_due(kept) &&
        can_keep(segment, file, lots_segment_chunk_rows(segment, stream, chunk), chunk))
        lists = lots_kept_put(kept, make_lists(segment, stream, column, chunk, scratch));
    if (lists != NULL)
        *out = lists_at(lists, ids_of(file));
    return lists != NULL;
}

/* Of the second chunk from here where its ids' lists begin, so that they can be told of the first. */
void lots_segment_expect_posted(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, size_t first, size_t end)
{
    enum { LINE = 64 / sizeof(uint16_t) };
    const lots_segment_column *from = &segment->streams[stream].columns[column];
    if (segment->layout.chunks - chunk <= 2)
        return;
    const uint32_t *next = lots_kept_get(&from->posted[chunk + 1].lists);
    const uint32_t *second = lots_kept_get(&from->posted[chunk + 2].lists);
    if (next == NULL || second == NULL)
        return;
    __builtin_prefetch(second + first);
    const lots_posted_lists lists = lists_at(next, ids_of(from->file));
    for (uint32_t i = next[first]; i < next[end]; i += LINE)
        __builtin_prefetch(lists.items + i);
}
