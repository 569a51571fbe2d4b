/* segment_posted.c: who of a chunk has an id, and in which rows, asked of the column's postings. A pair of local id and patient is
 * one number, id x patients + patient; the chunk's pairs rise, so those of neighbouring ids lie side by side. Rows of a list's rare
 * ids are numbered through the rows of rare pairs' patients: what the pairs before have is added up to know where a pair's begin.
 * See segment.h. */
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

enum { COMMON_PAIRS, RARE_PAIRS, ROWS }; /* in lots_posted_pairs */
enum { IDS_LOOKED_UP = 64 }; /* more ids of a set in one chunk are hardly rare together */

typedef struct pairs {
    const uint32_t *items;
    uint32_t count;
    uint32_t per; /* how many patients an id may go with */
} pairs;

/* What makes pairs unsafe to use; that none is beyond the directory's greatest is the same question. */
static lots_status check_pairs(const lots_block_meta *meta, const uint32_t *items, lots_error *err)
{
    uint32_t falls = 0;
    for (uint32_t i = 1; i < meta->count; i++)
        falls += items[i] <= items[i - 1];
    if (falls > 0 || items[meta->count - 1] > meta->max)
        return lots_fail(err, LOTS_CORRUPT, "its postings do not rise, or pass what the directory says");
    return LOTS_OK;
}

lots_status lots_segment_read_pairs(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk,
                                    const uint32_t **items, uint32_t *count, lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &slot->metas[chunk];
    void *room;
    *items = NULL;
    *count = meta->count;
    if (!lots_layout_held(meta))
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(scratch, &room, meta->count, sizeof(uint32_t), err));
    lots_values_out out = {.data = room};
    LOTS_TRY(lots_segment_decode_block(segment, slot, chunk, &out, scratch, err));
    *items = room;
    if (out.believed)
        return LOTS_OK;
    LOTS_TRY(check_pairs(meta, room, err));
    lots_segment_set_verified(segment, slot, chunk);
    return LOTS_OK;
}

uint32_t lots_segment_first_pair(const uint32_t *items, uint32_t count, uint64_t least)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (items[middle] < least)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first pair of those from an id on. */
static uint32_t first_of(const pairs *all, uint64_t id)
{
    return lots_segment_first_pair(all->items, all->count, id * all->per);
}

/* Those who go with the ids first .. end - 1. */
static void mark_ids(const pairs *all, uint64_t first, uint64_t end, uint64_t *out)
{
    const uint32_t to = first_of(all, end);
    uint64_t base = first * all->per;
    for (uint32_t i = first_of(all, first); i < to; i++) {
        while (all->items[i] >= base + all->per)
            base += all->per;
        lots_bit_set(out, (size_t)(all->items[i] - base));
    }
}

/* The next run of ids of a set, from *end on; false: there is none. */
static bool next_run(const lots_id_test *test, uint32_t ids, size_t *first, size_t *end)
{
    const size_t of_set = test->table != NULL ? test->table_count : test->end, limit = of_set < ids ? of_set : ids;
    if (test->table == NULL) {
        *first = *end == 0 ? test->first : limit;
        *end = limit;
        return *first < limit;
    }
    *first = *end < limit ? lots_bits_next(test->table, *end, limit) : limit;
    for (*end = *first; *end < limit && lots_bit_get(test->table, *end);)
        ++*end;
    return *first < limit;
}

typedef struct place { /* a chunk of a column that has postings */
    const lots_segment *segment;
    const lots_layout_column *file;
    const uint64_t *present; /* the presence map; NULL: there is none */
    bool alone;              /* the only chunk of the segment: it has every id */
    uint32_t chunk, ids;
    const lots_id_test *test;
    lots_posted_pairs *kept; /* NULL: nothing is kept */
} place;

/* The first id from `first` to end - 1 that is in the chunk, `end` if none is. Where nothing tells, any may be. */
static size_t next_present(const place *at, size_t first, size_t end)
{
    const size_t base = (size_t)at->chunk * at->ids;
    return at->present == NULL ? first : lots_bits_next(at->present, base + first, base + end) - base;
}

static bool none_present(const place *at)
{
    size_t first = 0, end = 0;
    while (next_run(at->test, at->ids, &first, &end))
        if (next_present(at, first, end) < end)
            return false;
    return true;
}

/* The numbers of a block that was decoded before, at least those below a bound: the first of the block. */
static lots_status read_below(const place *at, const lots_layout_slot *slot, uint64_t below, const uint32_t **items, uint32_t *count,
                              bool *done, lots_arena *scratch, lots_error *err)
{
    const lots_segment *segment = at->segment;
    const lots_block_meta *meta = &slot->metas[at->chunk];
    void *room;
    *done = lots_layout_held(meta) && meta->max >= 0 && below <= (uint64_t)meta->max &&
            lots_segment_is_verified(segment, slot, at->chunk);
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(scratch, &room, meta->count, sizeof(uint32_t), err));
    lots_values_out out = {.data = room, .after_bytes = lots_segment_after_block(segment, slot, at->chunk), .believed = true};
    *items = room;
    return lots_block_decode_below(meta, segment->data + slot->offsets[at->chunk], below, &out, count, done, scratch, err);
}

/* Pairs or rows, at least those below a bound, decoded now or before. What is asked for again is decoded whole. */
static lots_status read_part(const place *at, int part, uint64_t below, pairs *out, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slots[] = {&at->file->postings, &at->file->rare, &at->file->posted_rows}, *slot = slots[part];
    lots_posted_pairs *kept = at->kept;
    lots_arena *arena = kept != NULL ? kept->arena : scratch;
    bool done = false;
    if (kept != NULL && kept->below[part] >= below && kept->below[part] > 0) {
        out->items = kept->items[part];
        out->count = kept->counts[part];
        return LOTS_OK;
    }
    if (kept == NULL || kept->below[part] == 0)
        LOTS_TRY(read_below(at, slot, below, &out->items, &out->count, &done, arena, err));
    if (!done)
        LOTS_TRY(lots_segment_read_pairs(at->segment, slot, at->chunk, &out->items, &out->count, arena, err));
    if (kept == NULL)
        return LOTS_OK;
    kept->items[part] = out->items;
    kept->counts[part] = out->count;
    kept->below[part] = done ? below : UINT64_MAX;
    return LOTS_OK;
}

/* Where the set's ids begin and end. */
static void find_span(const place *at, size_t *first, size_t *end)
{
    size_t from = 0, to = 0;
    *first = at->ids;
    *end = 0;
    while (next_run(at->test, at->ids, &from, &to)) {
        *first = from < *first ? from : *first;
        *end = to;
    }
}

static uint32_t patients_of(const place *at)
{
    return at->segment->layout.firsts[at->chunk + 1] - at->segment->layout.firsts[at->chunk];
}

/* Whether every id of the set that is in the chunk is among the rare ones. */
static bool all_are_rare(const place *at, const pairs *rare)
{
    size_t first = 0, end = 0;
    uint32_t looked_up = 0;
    while (next_run(at->test, at->ids, &first, &end))
        for (size_t id = next_present(at, first, end); id < end; id = next_present(at, id + 1, end)) {
            const uint32_t from = first_of(rare, id);
            if (looked_up++ >= IDS_LOOKED_UP || from >= rare->count || rare->items[from] >= (id + 1) * rare->per)
                return false;
        }
    return true;
}

static lots_status mark_part(const place *at, int part, pairs *all, uint64_t *out, lots_arena *scratch, lots_error *err)
{
    size_t first = 0, end = 0;
    find_span(at, &first, &end);
    LOTS_TRY(read_part(at, part, (uint64_t)end * all->per, all, scratch, err));
    first = end = 0;
    while (all->count > 0 && next_run(at->test, at->ids, &first, &end))
        mark_ids(all, first, end, out);
    return LOTS_OK;
}

/* The pairs of common ids are the most: they are not read for rare ones. */
static lots_status mark_patients(const place *at, uint64_t *out, lots_arena *scratch, lots_error *err)
{
    pairs all = {.per = patients_of(at)};
    if (at->file->kind == LOTS_KIND_CODES) {
        LOTS_TRY(mark_part(at, RARE_PAIRS, &all, out, scratch, err));
        if (all_are_rare(at, &all))
            return LOTS_OK;
    }
    return mark_part(at, COMMON_PAIRS, &all, out, scratch, err);
}

typedef struct numbering { /* of rows, through those of rare pairs' patients */
    pairs rare, rows;
    const uint32_t *offsets; /* by patient */
    double part;             /* 1 / patients */
    uint32_t pair, row;      /* next of each */
    uint64_t base;           /* the number of the pair's first row */
} numbering;

/* pair % patients, without dividing: the half keeps the quotient far enough from whole numbers for its rounding not to matter,
 * with at most LOTS_CHUNK_PATIENTS. */
static inline uint32_t patient_of(const numbering *at, uint32_t pair)
{
    return pair - (uint32_t)(int64_t)(((double)pair + 0.5) * at->part) * at->rare.per;
}

/* On to a pair. */
static void pass_pairs(numbering *at, uint32_t to)
{
    const uint32_t *items = at->rare.items, *offsets = at->offsets;
    uint64_t rows = 0;
    for (uint32_t i = at->pair; i < to; i++) {
        const uint32_t patient = patient_of(at, items[i]);
        rows += offsets[patient + 1] - offsets[patient];
    }
    at->base += rows;
    at->pair = to;
}

/* The same, marking their rows. Those with numbers below the base have been passed. */
static void mark_pairs(numbering *at, uint32_t to, uint64_t *out)
{
    const uint32_t *rows = at->rows.items;
    for (; at->pair < to; at->pair++) {
        const uint32_t patient = patient_of(at, at->rare.items[at->pair]), first = at->offsets[patient];
        const uint64_t next = at->base + at->offsets[patient + 1] - first;
        for (; at->row < at->rows.count && rows[at->row] < next; at->row++)
            lots_bit_set(out, (size_t)(first + (rows[at->row] - at->base)));
        at->base = next;
    }
}

static lots_status read_offsets(lots_segment *segment, uint32_t stream, const place *at, const uint32_t **out, lots_arena *scratch,
                                lots_error *err)
{
    lots_posted_pairs *kept = at->kept;
    void *room;
    *out = kept != NULL ? kept->offsets : NULL;
    if (*out != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(kept != NULL ? kept->arena : scratch, &room, (size_t)patients_of(at) + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_segment_offsets(segment, stream, at->chunk, room, scratch, err));
    *out = room;
    if (kept != NULL)
        kept->offsets = room;
    return LOTS_OK;
}

/* Of an id that is in the chunk either all rows are told or none. */
static lots_status mark_rows(lots_segment *segment, uint32_t stream, const place *at, uint64_t *out, bool *done,
                             lots_arena *scratch, lots_error *err)
{
    numbering all = {.rare = {.per = patients_of(at)}, .rows = {.per = 1}, .part = 1.0 / patients_of(at)};
    size_t first, end;
    find_span(at, &first, &end);
    LOTS_TRY(read_part(at, RARE_PAIRS, (uint64_t)end * all.rare.per, &all.rare, scratch, err));
    *done = all_are_rare(at, &all.rare);
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(read_offsets(segment, stream, at, &all.offsets, scratch, err));
    pass_pairs(&all, first_of(&all.rare, first));
    numbering last = all;
    pass_pairs(&last, first_of(&all.rare, end));
    LOTS_TRY(read_part(at, ROWS, last.base, &all.rows, scratch, err));
    for (first = end = 0; next_run(at->test, at->ids, &first, &end);) {
        pass_pairs(&all, first_of(&all.rare, first));
        all.row = first_of(&all.rows, all.base);
        mark_pairs(&all, first_of(&all.rare, end), out);
    }
    return LOTS_OK;
}

static lots_status name_place(const lots_segment *segment, uint32_t stream, const place *at, lots_status status, lots_error *err)
{
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path,
                           segment->schema->streams[stream].name, at->file->name, at->chunk);
    return status;
}

/* False when the column has no postings. What can't be read of the presence map the check tells. */
static bool find_place(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, const lots_id_test *test,
                       lots_posted_pairs *kept, place *out)
{
    if (!lots_segment_has_postings(segment, stream, column))
        return false;
    *out = (place){.segment = segment, .file = segment->streams[stream].columns[column].file, .chunk = chunk, .test = test,
                   .kept = kept};
    out->ids = out->file->dictionary.metas[0].count;
    out->alone = segment->layout.chunks == 1;
    if (lots_segment_load_presence(segment, stream, column, &out->present, NULL) != LOTS_OK)
        out->present = NULL;
    return true;
}

bool lots_segment_has_postings(const lots_segment *segment, uint32_t stream, uint32_t column)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    return file != NULL && (file->flags & LOTS_COLUMN_POSTINGS) != 0;
}

uint32_t lots_segment_aid_bytes(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    uint32_t bytes = 0;
    if (file != NULL && file->flags & LOTS_COLUMN_POSTINGS)
        bytes += file->postings.metas[chunk].bytes;
    if (file != NULL && file->flags & LOTS_COLUMN_POSTINGS && file->kind == LOTS_KIND_CODES)
        bytes += file->rare.metas[chunk].bytes + file->posted_rows.metas[chunk].bytes;
    if (file != NULL && file->flags & LOTS_COLUMN_YEARS)
        bytes += file->years.metas[chunk].bytes;
    return bytes;
}

lots_status lots_segment_posted(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                const lots_id_test *test, uint64_t *out, bool *done, lots_posted_pairs *kept, lots_arena *scratch,
                                lots_error *err)
{
    place at;
    *done = find_place(segment, stream, column, chunk, test, kept, &at);
    if (!*done)
        return LOTS_OK;
    lots_bits_fill(out, segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk], false);
    if (none_present(&at))
        return LOTS_OK;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = mark_patients(&at, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return name_place(segment, stream, &at, status, err);
}

lots_status lots_segment_posted_rows(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                     const lots_id_test *test, uint64_t *out, bool *done, lots_posted_pairs *kept, lots_arena *scratch,
                                     lots_error *err)
{
    const uint32_t rows = lots_segment_chunk_rows(segment, stream, chunk);
    place at;
    *done = find_place(segment, stream, column, chunk, test, kept, &at) && at.file->kind == LOTS_KIND_CODES && (at.alone || at.present != NULL);
    if (!*done)
        return LOTS_OK;
    lots_bits_fill(out, rows, false);
    if (none_present(&at))
        return LOTS_OK;
    *done = lots_layout_held(&at.file->posted_rows.metas[chunk]);
    if (!*done)
        return LOTS_OK;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = mark_rows(segment, stream, &at, out, done, scratch, err);
    lots_arena_restore(scratch, mark);
    return name_place(segment, stream, &at, status, err);
}
