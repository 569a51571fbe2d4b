/* segment_ties.c: which columns of a stream are told from which others. The idea: one chunk, the fullest, stands for all. Its
 * columns are encoded plainly, and then in the ways that promise something; what takes the fewest bytes is done everywhere.
 *   1. Children: a column of many ids that go with few ids of another each (a provider and the unit).
 *   2. Entries: a column of ids whose values come back within patients leads, and those that mostly come back with it follow.
 *   3. Classes: of a column of few values, the level where the stream has one.
 *   4. Absence: columns that are missing with some values of one of few, the level where the stream has one.
 * A tie costs the reader the parent's block, so it must save a quarter of the column and a bit a row (of bits by class, which are
 * laid out by words, the quarter is enough). What questions mostly scan alone (starts, levels) is tied to nothing. A parent has
 * no parent. Absence is told by bits that lie ready where the other column has planes, and a reader is spared those of its own:
 * less will do. */
#include "core/base/memory.h"
#include "core/codec/related.h"
#include "core/store/segment_column.h"

enum {
    ROWS_MIN = 256,      /* of the sample */
    LEADER_IDS = 16,     /* fewer values are planes, which cost no more than an entry's number */
    CHILD_IDS = 64,
    AGREE_OF_8 = 7       /* how many eighths of the rows that come back must say the same for a column to follow */
};

typedef struct tying {
    lots_stream_job *stream;
    uint32_t chunk, rows;
    size_t plain[LOTS_COLUMNS_MAX];  /* bytes of the sample; 0: not to be tied */
    bool followed[LOTS_COLUMNS_MAX]; /* is a parent, or leads */
} tying;

/* ---- the sample ---- */

static uint32_t fullest_chunk(const lots_layout *layout, const lots_layout_stream *stream)
{
    uint32_t best = 0;
    for (uint32_t k = 1; k < layout->chunks; k++)
        best = stream->rows[k] > stream->rows[best] ? k : best;
    return best;
}

static bool has_ids(const lots_column_job *column)
{
    return lots_layout_has_ids(column->schema->kind) && column->schema->kind != LOTS_KIND_CODES;
}

/* Columns that are rarely asked may not follow, but leave out rows. */
static bool may_lack(const lots_column_job *column)
{
    const lots_column *schema = column->schema;
    return schema->kind != LOTS_KIND_CODES && schema->kind != LOTS_KIND_TEXT && schema->role != LOTS_ROLE_START &&
           schema->role != LOTS_ROLE_LEVEL && schema->role != LOTS_ROLE_KEY;
}

static bool may_follow(const lots_column_job *column) { return may_lack(column) && !column->options.cold; }

/* What a tie must save of so many bytes: a quarter, and a bit a row. */
static size_t worth(const tying *ties, size_t plain)
{
    return plain / 4 > ties->rows / 8 ? plain / 4 : ties->rows / 8;
}

/* Of bits a quarter. */
static size_t worth_classes(const tying *ties, uint32_t column)
{
    const size_t plain = ties->plain[column];
    return ties->stream->columns[column].schema->kind == LOTS_KIND_BOOL ? plain / 4 : worth(ties, plain);
}

/* What leaving out rows must save. */
static size_t worth_absent(const tying *ties, size_t without)
{
    return without / 16 > ties->rows / 256 ? without / 16 : ties->rows / 256;
}

/* What the sample takes with the ties as they are set; `options` as the tie has it. */
static lots_status measure(const tying *ties, lots_column_job *column, const lots_entries *entries, size_t *bytes,
                           lots_error *err)
{
    lots_values values = {.phys = lots_kind_phys(column->schema->kind), .count = ties->rows};
    lots_block_meta meta, shown;
    lots_told told;
    lots_bytes out = {NULL, 0, 0};
    uint32_t missing;
    lots_arena_reset(&column->job->scratch);
    LOTS_TRY(lots_column_gather(column, ties->chunk, &values, &missing, &shown, err));
    *bytes = 0;
    if (missing == values.count)
        return LOTS_OK;
    if (entries != NULL)
        told.options = (lots_block_options){.scratch = &column->job->scratch, .entries = entries};
    else
        LOTS_TRY(lots_column_tie(column, ties->chunk, &told, err));
    lots_status status = lots_block_encode(&values, &told.options, 0, &out, &meta, err);
    *bytes = out.count;
    lots_bytes_free(&out);
    return status;
}

static lots_status measure_plainly(tying *ties, lots_error *err)
{
    for (uint32_t i = 0; i < ties->stream->column_count; i++) {
        lots_column_job *column = &ties->stream->columns[i];
        if (may_follow(column))
            LOTS_TRY(measure(ties, column, NULL, &ties->plain[i], err));
    }
    return LOTS_OK;
}

/* ---- children ---- */

/* Whether the child could go with few parents each, told from some rows: a child that came before came with its parent. */
static lots_status looks_tied(const tying *ties, const lots_column_job *child, const lots_column_job *parent, bool *out,
                              lots_error *err)
{
    const uint32_t first = lots_column_first_row(child, ties->chunk);
    const lots_id *ids = (const lots_id *)child->batch->values.data + first;
    const lots_id *of = (const lots_id *)parent->batch->values.data + first;
    const uint8_t *missing = (const uint8_t *)child->batch->missing.data + first;
    uint32_t again = 0, same = 0;
    void *room;
    lots_arena_reset(&ties->stream->job->scratch);
    LOTS_TRY(lots_arena_alloc(&ties->stream->job->scratch, &room, child->ids, sizeof(uint32_t), err));
    uint32_t *seen = room; /* 1 + the row */
    for (uint32_t i = 0; i < ties->rows; i++) {
        if (missing[i])
            continue;
        uint32_t *before = &seen[child->local_of_stable[ids[i]]];
        again += *before != 0;
        same += *before != 0 && of[*before - 1] == of[i];
        *before = i + 1;
    }
    *out = again > ties->rows / 16 && same >= again - again / 8;
    return LOTS_OK;
}

static lots_status weigh_parent(tying *ties, uint32_t child, uint32_t parent, size_t *best, lots_error *err)
{
    lots_stream_job *stream = ties->stream;
    lots_column_job *column = &stream->columns[child], kept = *column;
    bool possible;
    size_t bytes;
    LOTS_TRY(looks_tied(ties, column, &stream->columns[parent], &possible, err));
    if (possible)
        LOTS_TRY(lots_children_find(stream, child, parent, &possible, err));
    if (!possible)
        return LOTS_OK;
    column->tie = LOTS_TIE_GIVEN;
    column->parent = parent;
    LOTS_TRY(measure(ties, column, NULL, &bytes, err));
    const uint32_t lists = stream->columns[parent].ids + 1; /* the lists, about two bytes a child */
    bytes += (column->firsts[lists] * 2 + lists) / stream->job->layout.chunks;
    if (bytes < *best) {
        *best = bytes;
        ties->followed[parent] = true;
    } else {
        *column = kept;
    }
    return LOTS_OK;
}

static lots_status tie_children(tying *ties, lots_error *err)
{
    lots_stream_job *stream = ties->stream;
    for (uint32_t i = 0; i < stream->column_count; i++) {
        lots_column_job *child = &stream->columns[i];
        if (!has_ids(child) || child->tie != LOTS_TIE_NONE || ties->followed[i] || child->ids < CHILD_IDS ||
            ties->plain[i] < ties->rows / 2)
            continue;
        size_t best = ties->plain[i] - worth(ties, ties->plain[i]);
        for (uint32_t k = 0; k < stream->column_count; k++)
            if (k != i && has_ids(&stream->columns[k]) && stream->columns[k].tie == LOTS_TIE_NONE &&
                stream->columns[k].ids >= LEADER_IDS && stream->columns[k].ids <= child->ids)
                LOTS_TRY(weigh_parent(ties, i, k, &best, err));
    }
    return LOTS_OK;
}

/* ---- entries ---- */

typedef struct group {
    uint32_t leader;
    uint32_t members[LOTS_COLUMNS_MAX];
    uint32_t member_count;
    size_t saved; /* bytes of the sample */
} group;

/* How many rows have the value of their entry's first row. */
static lots_status count_agreeing(const tying *ties, lots_column_job *column,
                                  const uint32_t *first_of_row, uint32_t *out, lots_error *err)
{
    lots_values values = {.phys = lots_kind_phys(column->schema->kind), .count = ties->rows};
    lots_block_meta shown;
    uint32_t missing, agree = 0;

    LOTS_TRY(lots_column_gather(column, ties->chunk, &values, &missing, &shown, err));
    if (missing < values.count && values.phys == LOTS_PHYS_BITS) {
        const uint64_t *bits = values.data;
        for (uint32_t i = 0; i < values.count; i++)
            agree += (bits[i / 64] >> (i % 64) & 1) == (bits[first_of_row[i] / 64] >> (first_of_row[i] % 64) & 1);
    } else if (missing < values.count && (values.phys == LOTS_PHYS_I64 || values.phys == LOTS_PHYS_F64)) {
        for (uint32_t i = 0; i < values.count; i++)
            agree += ((const uint64_t *)values.data)[i] == ((const uint64_t *)values.data)[first_of_row[i]];
    } else if (missing < values.count) {
        for (uint32_t i = 0; i < values.count; i++)
            agree += ((const uint32_t *)values.data)[i] == ((const uint32_t *)values.data)[first_of_row[i]];
    }
    *out = agree;
    return LOTS_OK;
}

/* For each row the first row of its entry. */
static lots_status find_first_rows(const tying *ties, const lots_entries *entries, uint32_t **out, lots_error *err)
{
    const lots_segment_job *job = ties->stream->job;
    const uint32_t *offsets = job->offsets[ties->stream->stream] + job->layout.firsts[ties->chunk];
    uint32_t first = 0;
    void *room;
    LOTS_TRY(lots_arena_vector(&ties->stream->arena, &room, ties->rows, sizeof(uint32_t), err));
    *out = room;
    for (uint32_t p = 0; p < entries->patients; p++) {
        for (uint32_t i = offsets[p] - offsets[0]; i < offsets[p + 1] - offsets[0]; i++)
            (*out)[i] = entries->rows[first + entries->index[i]];
        first += entries->counts[p];
    }
    return LOTS_OK;
}

/* Columns that mostly say the same when the leader does. */
static lots_status find_candidates(const tying *ties, const lots_entries *alone, group *found, lots_error *err)
{
    const uint32_t back = ties->rows - alone->count;
    uint32_t *first_of_row;
    LOTS_TRY(find_first_rows(ties, alone, &first_of_row, err));
    for (uint32_t i = 0; i < ties->stream->column_count; i++) {
        uint32_t agree;
        if (i == found->leader || ties->followed[i] || ties->stream->columns[i].tie != LOTS_TIE_NONE ||
            ties->plain[i] < ties->rows / 8)
            continue;
        lots_arena_reset(&ties->stream->job->scratch);
        LOTS_TRY(count_agreeing(ties, &ties->stream->columns[i], first_of_row, &agree, err));
        if (agree > alone->count && (uint64_t)(agree - alone->count) * 8 >= (uint64_t)back * AGREE_OF_8)
            found->members[found->member_count++] = i;
    }
    return LOTS_OK;
}

/* What leader and members take by entries. 0: there are too many. */
static lots_status measure_group(const tying *ties, const group *tied, size_t *bytes, lots_error *err)
{
    lots_entries entries;
    size_t part;
    *bytes = 0;
    LOTS_TRY(lots_entries_find(ties->stream, tied->leader, tied->members, tied->member_count, ties->chunk, &entries, err));
    if (entries.count == 0)
        return LOTS_OK;
    LOTS_TRY(measure(ties, &ties->stream->columns[tied->leader], &entries, bytes, err));
    entries.index = NULL;
    for (uint32_t i = 0; i < tied->member_count; i++) {
        LOTS_TRY(measure(ties, &ties->stream->columns[tied->members[i]], &entries, &part, err));
        *bytes += part;
    }
    return LOTS_OK;
}

/* Members are taken in one after the other, and stay when they bring more than the entries that they cost. */
static lots_status weigh_leader(const tying *ties, uint32_t leader, group *best, lots_error *err)
{
    group wanted = {.leader = leader};
    lots_entries entries;
    size_t plain = ties->plain[leader], bytes, with;
    *best = (group){.leader = leader};
    LOTS_TRY(lots_entries_find(ties->stream, leader, NULL, 0, ties->chunk, &entries, err));
    if (entries.count == 0 || entries.count > ties->rows / 2)
        return LOTS_OK;
    LOTS_TRY(find_candidates(ties, &entries, &wanted, err));
    LOTS_TRY(measure(ties, &ties->stream->columns[leader], &entries, &bytes, err));
    for (uint32_t i = 0; i < wanted.member_count; i++) {
        const uint32_t member = wanted.members[i];
        best->members[best->member_count++] = member;
        LOTS_TRY(measure_group(ties, best, &with, err));
        if (with == 0 || with + worth(ties, ties->plain[member]) >= bytes + ties->plain[member]) {
            best->member_count--;
            continue;
        }
        bytes = with;
        plain += ties->plain[member];
    }
    best->saved = plain >= bytes + worth(ties, plain) ? plain - bytes : 0;
    return LOTS_OK;
}

static lots_status tie_group(tying *ties, const group *best, lots_error *err)
{
    lots_stream_job *stream = ties->stream;
    void *room;
    LOTS_TRY(lots_arena_alloc(&stream->arena, &room, stream->job->layout.chunks, sizeof *stream->entries, err));
    stream->entries = room;
    for (uint32_t k = 0; k < stream->job->layout.chunks; k++)
        LOTS_TRY(lots_entries_find(stream, best->leader, best->members, best->member_count, k, &stream->entries[k], err));
    stream->columns[best->leader].tie = LOTS_TIE_LEADS;
    ties->followed[best->leader] = true;
    for (uint32_t i = 0; i < best->member_count; i++) {
        stream->columns[best->members[i]].tie = LOTS_TIE_LINKED;
        stream->columns[best->members[i]].parent = best->leader;
    }
    return LOTS_OK;
}

static lots_status tie_entries(tying *ties, lots_error *err)
{
    group best = {.saved = 0}, found;
    for (uint32_t i = 0; i < ties->stream->column_count; i++) {
        const lots_column_job *column = &ties->stream->columns[i];
        if (!has_ids(column) || column->tie != LOTS_TIE_NONE || column->ids < LEADER_IDS ||
            ties->plain[i] < ties->rows / 4)
            continue;
        const lots_arena_mark mark = lots_arena_save(&ties->stream->arena);
        LOTS_TRY(weigh_leader(ties, i, &found, err));
        lots_arena_restore(&ties->stream->arena, mark);
        if (found.saved > best.saved)
            best = found;
    }
    return best.saved > 0 ? tie_group(ties, &best, err) : LOTS_OK;
}

/* ---- classes ---- */

/* Try each column that is free as told by classes of `parent`: what is saved in all; with `keep` it is so tied. */
static lots_status weigh_classes(tying *ties, uint32_t parent, bool keep, size_t *saved, lots_error *err)
{
    lots_stream_job *stream = ties->stream;
    *saved = 0;
    for (uint32_t i = 0; i < stream->column_count; i++) {
        lots_column_job *column = &stream->columns[i];
        size_t bytes;
        if (i == parent || ties->followed[i] || column->tie != LOTS_TIE_NONE || ties->plain[i] < ties->rows / 8)
            continue;
        column->tie = LOTS_TIE_CLASSES;
        column->parent = parent;
        LOTS_TRY(measure(ties, column, NULL, &bytes, err));
        const bool pays = bytes + worth_classes(ties, i) <= ties->plain[i];
        *saved += pays ? ties->plain[i] - bytes : 0;
        if (!pays || !keep)
            column->tie = LOTS_TIE_NONE;
    }
    return LOTS_OK;
}

typedef lots_status weigher(tying *ties, uint32_t by, bool keep, size_t *saved, lots_error *err);

/* Keep what others save by the column that saves most: of few values, the level where there is one. *best UINT32_MAX: none. */
static lots_status tie_by_best(tying *ties, weigher *weigh, uint32_t *best, lots_error *err)
{
    lots_stream_job *stream = ties->stream;
    size_t best_saved = 0, saved;
    const int32_t level = lots_stream_find_role(&stream->job->input->schema->streams[stream->stream], LOTS_ROLE_LEVEL);
    *best = UINT32_MAX;
    for (uint32_t i = 0; i < stream->column_count; i++) {
        const lots_column_job *column = &stream->columns[i];
        if (!has_ids(column) || column->ids < 2 || column->ids > LOTS_CLASSES_MAX || column->tie != LOTS_TIE_NONE ||
            (level >= 0 && i != (uint32_t)level))
            continue;
        LOTS_TRY(weigh(ties, i, false, &saved, err));
        *best = saved > best_saved ? i : *best;
        best_saved = saved > best_saved ? saved : best_saved;
    }
    return *best != UINT32_MAX ? weigh(ties, *best, true, &saved, err) : LOTS_OK;
}

static lots_status tie_classes(tying *ties, lots_error *err)
{
    uint32_t parent;
    LOTS_TRY(tie_by_best(ties, weigh_classes, &parent, err));
    if (parent != UINT32_MAX)
        ties->followed[parent] = true;
    return LOTS_OK;
}

/* ---- absence ---- */

/* Whether so many rows of the sample are missing that leaving them out could pay. */
static bool misses_some(const tying *ties, const lots_column_job *column)
{
    const uint8_t *missing = (const uint8_t *)column->batch->missing.data + lots_column_first_row(column, ties->chunk);
    uint32_t gone = 0;
    for (uint32_t i = 0; i < ties->rows; i++)
        gone += missing[i];
    return gone > ties->rows / 256 && gone < ties->rows;
}

/* As weigh_classes, for columns that may leave out rows with some values of `by`. */
static lots_status weigh_absence(tying *ties, uint32_t by, bool keep, size_t *saved, lots_error *err)
{
    lots_stream_job *stream = ties->stream;
    *saved = 0;
    for (uint32_t i = 0; i < stream->column_count; i++) {
        lots_column_job *column = &stream->columns[i];
        size_t without, bytes;
        if (i == by || ties->followed[i] || (column->tie != LOTS_TIE_NONE && column->tie != LOTS_TIE_GIVEN) ||
            !may_lack(column) || !misses_some(ties, column))
            continue;
        LOTS_TRY(measure(ties, column, NULL, &without, err));
        column->absent = true;
        column->absent_by = by;
        LOTS_TRY(measure(ties, column, NULL, &bytes, err));
        const bool pays = bytes + worth_absent(ties, without) <= without;
        *saved += pays ? without - bytes : 0;
        column->absent = pays && keep;
    }
    return LOTS_OK;
}

static lots_status tie_absence(tying *ties, lots_error *err)
{
    uint32_t by;
    return tie_by_best(ties, weigh_absence, &by, err);
}

lots_status lots_stream_tie(lots_stream_job *stream, lots_error *err)
{
    const lots_layout_stream *layout = &stream->job->layout.streams[stream->stream];
    tying ties = {.stream = stream, .chunk = 0};
    if (layout->single || stream->job->layout.chunks == 0)
        return LOTS_OK;
    ties.chunk = fullest_chunk(&stream->job->layout, layout);
    ties.rows = layout->rows[ties.chunk];
    if (ties.rows < ROWS_MIN)
        return LOTS_OK;
    LOTS_TRY(measure_plainly(&ties, err));
    LOTS_TRY(tie_children(&ties, err));
    LOTS_TRY(tie_entries(&ties, err));
    LOTS_TRY(tie_classes(&ties, err));
    return tie_absence(&ties, err);
}
