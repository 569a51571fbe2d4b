/* segment_posted.c: who of a chunk has an id, and in which rows, asked of the column's postings. A pair of local id and patient is
 * one number, id x patients + patient; the chunk's pairs rise, so those of neighbouring ids lie side by side. Rows of a list's rare
 * ids are numbered through the rows of rare pairs' patients: what the pairs before have is added up to know where a pair's begin.
 * Where they are kept as lists (segment_kept_posted.c) nothing is searched. See segment.h. */
#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

typedef struct pairs {
    lots_rising some;
    uint32_t per; /* how many patients an id may go with */
} pairs;

/* The first pair of those from an id on, among some that have the id's. */
static uint32_t first_of(const pairs *all, uint64_t id)
{
    return lots_segment_first_pair(all->some.items, all->some.count, id * all->per);
}

/* Those who go with the ids first .. end - 1. */
static void mark_ids(const pairs *all, uint64_t first, uint64_t end, uint64_t *out)
{
    const uint32_t to = first_of(all, end), *items = all->some.items;
    uint64_t base = first * all->per;
    for (uint32_t i = first_of(all, first); i < to; i++) {
        while (items[i] >= base + all->per)
            base += all->per;
        lots_bit_set(out, (size_t)(items[i] - base));
    }
}

/* How many of the ids first .. end - 1 they are of. */
static uint64_t count_ids(const pairs *all, uint64_t first, uint64_t end)
{
    const uint32_t to = first_of(all, end), *items = all->some.items;
    uint64_t ids = 0, next = 0;
    for (uint32_t i = first_of(all, first); i < to; i++)
        if (items[i] >= next) {
            ids++;
            next = (uint64_t)(items[i] / all->per + 1) * all->per;
        }
    return ids;
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
    lots_segment *segment;
    const lots_layout_column *file;
    const uint64_t *present; /* the presence map; NULL: there is none */
    bool alone;              /* the only chunk of the segment: it has every id */
    uint32_t stream, column, chunk, ids;
    const lots_id_test *test;
} place;

/* How many of the ids first .. end - 1 are in the chunk. Where nothing tells, all may be. */
static uint64_t count_present(const place *at, size_t first, size_t end)
{
    const size_t base = (size_t)at->chunk * at->ids;
    return at->present == NULL ? end - first : lots_bits_count_range(at->present, base + first, base + end);
}

static bool none_present(const place *at)
{
    size_t first = 0, end = 0;
    while (next_run(at->test, at->ids, &first, &end))
        if (count_present(at, first, end) > 0)
            return false;
    return true;
}

static lots_status read_part(const place *at, lots_posted_part part, uint64_t least, uint64_t below, lots_rising *out,
                             lots_arena *scratch, lots_error *err)
{
    return lots_segment_take_pairs(at->segment, at->stream, at->column, at->chunk, part, least, below, out, scratch, err);
}

/* The pairs of the ids first .. end - 1. */
static lots_status read_ids(const place *at, lots_posted_part part, uint64_t first, uint64_t end, pairs *out, lots_arena *scratch,
                            lots_error *err)
{
    return read_part(at, part, first * out->per, end * out->per, &out->some, scratch, err);
}

static uint32_t patients_of(const place *at)
{
    return at->segment->layout.firsts[at->chunk + 1] - at->segment->layout.firsts[at->chunk];
}

/* The pairs of common ids are the most: they are not read for rare ones. */
static lots_status mark_patients(const place *at, uint64_t *out, lots_arena *scratch, lots_error *err)
{
    pairs rare = {.per = patients_of(at)}, common = rare;
    for (size_t first = 0, end = 0; next_run(at->test, at->ids, &first, &end);) {
        uint64_t left = count_present(at, first, end);
        if (left > 0 && at->file->kind == LOTS_KIND_CODES) {
            LOTS_TRY(read_ids(at, LOTS_POSTED_RARE, first, end, &rare, scratch, err));
            mark_ids(&rare, first, end, out);
            left -= count_ids(&rare, first, end);
        }
        if (left == 0)
            continue;
        LOTS_TRY(read_ids(at, LOTS_POSTED_COMMON, first, end, &common, scratch, err));
        mark_ids(&common, first, end, out);
    }
    return LOTS_OK;
}

typedef struct numbering { /* of rows, through those of rare pairs' patients */
    pairs rare, rows;
    const uint32_t *offsets; /* by patient */
    const uint32_t *before;  /* lots_posted_marks.rows; NULL: not yet asked for */
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
    const uint32_t *items = at->rare.some.items, *offsets = at->offsets;
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
    const uint32_t *rows = at->rows.some.items;
    for (; at->pair < to; at->pair++) {
        const uint32_t patient = patient_of(at, at->rare.some.items[at->pair]), first = at->offsets[patient];
        const uint64_t next = at->base + at->offsets[patient + 1] - first;
        for (; at->row < at->rows.some.count && rows[at->row] < next; at->row++)
            lots_bit_set(out, (size_t)(first + (rows[at->row] - at->base)));
        at->base = next;
    }
}

/* What pass_pairs finds at each LOTS_RISE_GROUP-th pair, from the first on. */
static lots_status count_rows(numbering all, uint32_t **out, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_alloc(&room, all.rare.some.count / LOTS_RISE_GROUP + 1, sizeof(uint32_t), err));
    *out = room;
    for (uint32_t at = 0; at <= all.rare.some.count; at += LOTS_RISE_GROUP) {
        pass_pairs(&all, at);
        (*out)[at / LOTS_RISE_GROUP] = (uint32_t)all.base;
    }
    return LOTS_OK;
}

/* Rows before pairs, counted when they are asked for first; they stay. */
static lots_status load_rows(const place *at, numbering *all, lots_arena *scratch, lots_error *err)
{
    _Atomic(uint32_t *) *kept = &at->segment->streams[at->stream].columns[at->column].posted[at->chunk].rows;
    uint32_t *rows = atomic_load_explicit(kept, memory_order_acquire), *none = NULL;
    if (rows == NULL) {
        numbering whole = *all;
        whole.rare.some = (lots_rising){.first = 0};
        LOTS_TRY(read_ids(at, LOTS_POSTED_RARE, 0, at->ids, &whole.rare, scratch, err));
        LOTS_TRY(count_rows(whole, &rows, err));
        if (!atomic_compare_exchange_strong_explicit(kept, &none, rows, memory_order_acq_rel, memory_order_acquire)) {
            lots_free(rows);
            rows = none;
        }
    }
    all->before = rows;
    return LOTS_OK;
}

/* What the pairs need to be numbered. */
static lots_status begin_numbering(const place *at, numbering *all, lots_kept_offsets *kept, lots_arena *scratch, lots_error *err)
{
    void *room;
    if (kept->offsets == NULL) {
        LOTS_TRY(lots_arena_vector(kept->arena, &room, (size_t)patients_of(at) + 1, sizeof(uint32_t), err));
        LOTS_TRY(lots_segment_offsets(at->segment, at->stream, at->chunk, room, scratch, err));
        kept->offsets = room;
    }
    all->offsets = kept->offsets;
    return load_rows(at, all, scratch, err);
}

/* On or back to a pair, from the nearest before it of which it is known how many rows precede it. */
static void go_to(numbering *at, uint32_t pair)
{
    at->pair = pair / LOTS_RISE_GROUP * LOTS_RISE_GROUP;
    at->base = at->before[(at->rare.some.first + at->pair) / LOTS_RISE_GROUP];
    pass_pairs(at, pair);
}

/* The rows of rare ids. */
static lots_status mark_run(const place *at, uint64_t first, uint64_t end, numbering *all, uint64_t *out, lots_arena *scratch,
                            lots_error *err)
{
    const uint32_t from = first_of(&all->rare, first), to = first_of(&all->rare, end);
    go_to(all, to);
    const uint64_t below = all->base;
    go_to(all, from);
    if (all->base == below)
        return LOTS_OK;
    LOTS_TRY(read_part(at, LOTS_POSTED_ROWS, all->base, below, &all->rows.some, scratch, err));
    all->row = first_of(&all->rows, all->base);
    mark_pairs(all, to, out);
    return LOTS_OK;
}

/* Of an id that is in the chunk either all rows are told or none. */
static lots_status mark_rows(const place *at, uint64_t *out, bool *done, lots_kept_offsets *kept, lots_arena *scratch, lots_error *err)
{
    numbering all = {.rare = {.per = patients_of(at)}, .rows = {.per = 1}, .part = 1.0 / patients_of(at)};
    for (size_t first = 0, end = 0; next_run(at->test, at->ids, &first, &end);) {
        const uint64_t present = count_present(at, first, end);
        if (present == 0)
            continue;
        LOTS_TRY(read_ids(at, LOTS_POSTED_RARE, first, end, &all.rare, scratch, err));
        *done = count_ids(&all.rare, first, end) == present;
        if (!*done)
            return LOTS_OK;
        if (all.before == NULL)
            LOTS_TRY(begin_numbering(at, &all, kept, scratch, err));
        LOTS_TRY(mark_run(at, first, end, &all, out, scratch, err));
    }
    return LOTS_OK;
}

/* ---- kept ---- */

/* What the ids of the set have, `firsts` being lists->patients or lists->rows. */
static void mark_listed(const place *at, const lots_posted_lists *lists, const uint32_t *firsts, uint64_t *out)
{
    for (size_t first = 0, end = 0; next_run(at->test, at->ids, &first, &end);)
        for (uint32_t i = firsts[first]; i < firsts[end]; i++)
            lots_bit_set(out, lists->items[i]);
}

/* Chunks are mostly asked one after the other. */
static void expect_next(const place *at)
{
    size_t first = 0, end = 0;
    if (next_run(at->test, at->ids, &first, &end))
        lots_segment_expect_posted(at->segment, at->stream, at->column, at->chunk, first, end);
}

/* Are the rows told of every id of the set that somebody has? */
static bool lists_tell_rows(const place *at, const lots_posted_lists *lists)
{
    for (size_t first = 0, end = 0; next_run(at->test, at->ids, &first, &end);)
        for (size_t id = first; id < end; id++)
            if (lists->patients[id] < lists->patients[id + 1] && lists->rows[id] == lists->rows[id + 1])
                return false;
    return true;
}

/* ---- the whole ---- */

static lots_status name_place(const place *at, lots_status status, lots_error *err)
{
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", at->segment->path,
                           at->segment->schema->streams[at->stream].name, at->file->name, at->chunk);
    return status;
}

/* False when the column has no postings. */
static bool find_place(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, const lots_id_test *test, place *out)
{
    if (!lots_segment_has_postings(segment, stream, column))
        return false;
    *out = (place){.segment = segment, .file = segment->streams[stream].columns[column].file, .stream = stream,
                   .column = column, .chunk = chunk, .test = test};
    out->ids = out->file->dictionary.metas[0].count;
    out->alone = segment->layout.chunks == 1;
    return true;
}

/* What can't be read of the presence map the check tells. */
static void find_presence(place *at)
{
    if (lots_segment_load_presence(at->segment, at->stream, at->column, &at->present, NULL) != LOTS_OK)
        at->present = NULL;
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
                                const lots_id_test *test, uint64_t *out, bool *done, lots_arena *scratch, lots_error *err)
{
    lots_posted_lists lists;
    place at;
    *done = find_place(segment, stream, column, chunk, test, &at);
    if (!*done)
        return LOTS_OK;
    lots_bits_fill(out, patients_of(&at), false);
    if (lots_segment_posted_lists(segment, stream, column, chunk, &lists, scratch)) {
        mark_listed(&at, &lists, lists.patients, out);
        expect_next(&at);
        return LOTS_OK;
    }
    find_presence(&at);
    if (none_present(&at))
        return LOTS_OK;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = mark_patients(&at, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return name_place(&at, status, err);
}

lots_status lots_segment_posted_rows(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                     const lots_id_test *test, uint64_t *out, bool *done, lots_kept_offsets *kept, lots_arena *scratch,
                                     lots_error *err)
{
    const uint32_t rows = lots_segment_chunk_rows(segment, stream, chunk);
    lots_posted_lists lists;
    place at;
    *done = find_place(segment, stream, column, chunk, test, &at) && at.file->kind == LOTS_KIND_CODES;
    if (!*done)
        return LOTS_OK;
    if (lots_segment_posted_lists(segment, stream, column, chunk, &lists, scratch)) {
        *done = lists_tell_rows(&at, &lists);
        lots_bits_fill(out, *done ? rows : 0, false);
        if (*done)
            mark_listed(&at, &lists, lists.rows, out);
        return LOTS_OK;
    }
    find_presence(&at);
    *done = at.alone || at.present != NULL;
    if (!*done)
        return LOTS_OK;
    lots_bits_fill(out, rows, false);
    if (none_present(&at))
        return LOTS_OK;
    *done = lots_layout_held(&at.file->posted_rows.metas[chunk]);
    if (!*done)
        return LOTS_OK;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = mark_rows(&at, out, done, kept, scratch, err);
    lots_arena_restore(scratch, mark);
    return name_place(&at, status, err);
}
