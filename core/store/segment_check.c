/* segment_check.c: does a segment hold what its directory promises? The idea: first every block's checksum, then, for
 * blocks that passed, the values against the directory and against each other. One fault never hides the next: each is
 * reported once and the walk goes on. */
#include <stdarg.h>
#include <stdio.h>

#include "core/base/day.h"
#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

typedef struct check_job {
    lots_segment *segment;
    lots_fault_report report;
    void *context;
    uint64_t faults, blocks;
    uint8_t *bad;               /* by block, as `verified` is */
    lots_arena scratch;
    const char *stream, *column; /* being checked; column NULL: the stream as a whole */
    uint32_t chunk;
} check_job;

static void report_text(check_job *job, const char *what)
{
    job->faults++;
    if (job->report != NULL)
        job->report(job->context, job->segment->path, job->stream, job->column, job->chunk, what);
}

__attribute__((format(printf, 2, 3))) static void report_fault(check_job *job, const char *format, ...)
{
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    report_text(job, what);
}

/* A damaged block is a fault and the check goes on; anything else ends it. */
static lots_status report_status(check_job *job, lots_status status, const lots_error *found, lots_error *err)
{
    if (status == LOTS_OK)
        return LOTS_OK;
    if (status != LOTS_CORRUPT) {
        if (err != NULL)
            *err = *found;
        return status;
    }
    report_text(job, found->text);
    return LOTS_OK;
}

/* ---- checksums ---- */

static uint8_t *bad_flag(const check_job *job, const lots_layout_slot *slot, uint32_t block)
{
    return &job->bad[job->segment->slot_blocks[slot->number] + block];
}

static lots_status verify_slot(check_job *job, const lots_layout_slot *slot, lots_error *err)
{
    for (job->chunk = 0; job->chunk < slot->block_count; job->chunk++) {
        lots_error found;
        if (!lots_layout_held(&slot->metas[job->chunk]))
            continue;
        job->blocks++;
        lots_status status = lots_segment_verify_block(job->segment, slot, job->chunk, &found);
        *bad_flag(job, slot, job->chunk) = status != LOTS_OK;
        LOTS_TRY(report_status(job, status, &found, err));
    }
    return LOTS_OK;
}

static lots_status verify_blocks(check_job *job, lots_error *err)
{
    const lots_layout *layout = &job->segment->layout;
    for (uint32_t s = 0; s < layout->stream_count; s++) {
        const lots_layout_stream *stream = &layout->streams[s];
        job->stream = stream->name;
        job->column = NULL;
        LOTS_TRY(verify_slot(job, &stream->counts, err));
        for (uint32_t c = 0; c < stream->column_count; c++) {
            job->column = stream->columns[c].name;
            LOTS_TRY(verify_slot(job, &stream->columns[c].dictionary, err));
            LOTS_TRY(verify_slot(job, &stream->columns[c].lengths, err));
            LOTS_TRY(verify_slot(job, &stream->columns[c].values, err));
            LOTS_TRY(verify_slot(job, &stream->columns[c].presence, err));
            LOTS_TRY(verify_slot(job, &stream->columns[c].children, err));
            LOTS_TRY(verify_slot(job, &stream->columns[c].years, err));
            LOTS_TRY(verify_slot(job, &stream->columns[c].postings, err));
            LOTS_TRY(verify_slot(job, &stream->columns[c].rare, err));
            LOTS_TRY(verify_slot(job, &stream->columns[c].posted_rows, err));
        }
    }
    return LOTS_OK;
}

/* ---- values of one block ---- */

typedef struct block_facts {
    uint32_t missing;
    int64_t min, max;
} block_facts;

static int64_t value_at(lots_phys phys, const void *data, size_t index)
{
    switch (phys) {
    case LOTS_PHYS_BITS:
        return lots_bit_get(data, index);
    case LOTS_PHYS_I32:
        return ((const int32_t *)data)[index];
    case LOTS_PHYS_U32:
        return ((const uint32_t *)data)[index];
    case LOTS_PHYS_I64:
        return ((const int64_t *)data)[index];
    case LOTS_PHYS_F64:
        return lots_f64_key(((const double *)data)[index]);
    case LOTS_PHYS_TEXT:
    case LOTS_PHYS_COUNT:
        break;
    }
    return 0;
}

static block_facts find_facts(const lots_block_meta *meta, const lots_values_out *values)
{
    block_facts facts = {.min = INT64_MAX, .max = INT64_MIN};
    for (uint32_t i = 0; i < meta->count; i++) {
        if (values->missing != NULL && lots_bit_get(values->missing, i)) {
            facts.missing++;
            continue;
        }
        int64_t value = value_at((lots_phys)meta->phys, values->data, i);
        facts.min = value < facts.min ? value : facts.min;
        facts.max = value > facts.max ? value : facts.max;
    }
    if (meta->phys == LOTS_PHYS_TEXT || facts.missing == meta->count) {
        facts.min = 0;
        facts.max = -1;
    }
    return facts;
}

/* Decode a block into scratch. *read is false when it could not be (reported). */
static lots_status read_values(check_job *job, uint32_t stream, uint32_t column, lots_part part, lots_values_out *out,
                               bool *read, lots_error *err)
{
    const lots_block_meta *meta = lots_segment_meta(job->segment, stream, column, part, job->chunk);
    lots_error found;
    void *data, *missing;
    bool has_missing = false;
    LOTS_TRY(lots_arena_vector(&job->scratch, &data, (size_t)meta->count + 1, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(&job->scratch, &missing, lots_bit_words(meta->count), sizeof(uint64_t), err));
    *out = (lots_values_out){.data = data, .missing = missing};
    lots_status status = lots_segment_read(job->segment, stream, column, part, job->chunk, out, &has_missing,
                                           &job->scratch, &found);
    *read = status == LOTS_OK;
    if (!has_missing)
        out->missing = NULL;
    return report_status(job, status, &found, err);
}

/* The presence map against the ids of the chunk. */
static lots_status check_presence(check_job *job, uint32_t stream, uint32_t column, const lots_values_out *values,
                                  uint32_t count, lots_error *err)
{
    const lots_layout_column *file = job->segment->streams[stream].columns[column].file;
    const uint64_t *bits;
    void *room;
    if (!(file->flags & LOTS_COLUMN_PRESENCE) || *bad_flag(job, &file->presence, 0))
        return LOTS_OK;
    lots_error found;
    lots_status status = lots_segment_load_presence(job->segment, stream, column, &bits, &found);
    if (status != LOTS_OK)
        return report_status(job, status, &found, err);
    uint32_t ids = file->dictionary.metas[0].count;
    LOTS_TRY(lots_arena_alloc(&job->scratch, &room, lots_bit_words(ids), sizeof(uint64_t), err));
    uint64_t *seen = room;
    for (uint32_t i = 0; i < count; i++)
        if (values->missing == NULL || !lots_bit_get(values->missing, i))
            lots_bit_set(seen, ((const lots_id *)values->data)[i]);
    for (uint32_t id = 0; id < ids; id++) {
        if (lots_bit_get(seen, id) == lots_bit_get(bits, (size_t)job->chunk * ids + id))
            continue;
        report_fault(job, "the presence map is wrong about id %u", id);
        return LOTS_OK;
    }
    return LOTS_OK;
}

/* ---- postings ---- */

typedef struct posting_check {
    const uint32_t *pairs; /* or rows */
    uint32_t count;
    uint64_t *met;         /* bits by pair */
    uint32_t absent_id;
    bool absent;           /* a pair with this id is not among them */
} posting_check;

typedef struct chunk_check { /* of a chunk's postings */
    posting_check common, rare, rows;
    uint32_t patients;
    const uint32_t *offsets;  /* by patient: the first row */
    const uint64_t *bases;    /* by rare pair: the number of the patient's first row */
    const uint32_t *elements; /* by row: the first value */
} chunk_check;

/* *place: where it is, or would be. */
static bool meet_pair(posting_check *check, uint64_t pair, uint32_t id, uint32_t *place)
{
    *place = lots_segment_first_pair(check->pairs, check->count, pair);
    if (*place < check->count && check->pairs[*place] == pair) {
        lots_bit_set(check->met, *place);
        return true;
    }
    check->absent = true;
    check->absent_id = id;
    return false;
}

/* An id that has any rare pair has all its pairs there, and their rows are told. */
static void meet_value(chunk_check *check, uint32_t id, uint32_t patient, uint32_t row)
{
    const uint64_t first = (uint64_t)id * check->patients;
    uint32_t place = lots_segment_first_pair(check->rare.pairs, check->rare.count, first), found;
    if (place == check->rare.count || check->rare.pairs[place] >= first + check->patients)
        meet_pair(&check->common, first + patient, id, &found);
    else if (meet_pair(&check->rare, first + patient, id, &place))
        meet_pair(&check->rows, check->bases[place] + row - check->offsets[patient], id, &found);
}

static void meet_values(chunk_check *check, const lots_values_out *values)
{
    for (uint32_t p = 0; p < check->patients; p++)
        for (uint32_t row = check->offsets[p]; row < check->offsets[p + 1]; row++)
            for (uint32_t i = check->elements[row]; i < check->elements[row + 1]; i++)
                if (values->missing == NULL || !lots_bit_get(values->missing, i))
                    meet_value(check, ((const lots_id *)values->data)[i], p, row);
}

static lots_status find_bases(check_job *job, chunk_check *check, lots_error *err)
{
    uint64_t *bases, next = 0;
    void *room;
    LOTS_TRY(lots_arena_vector(&job->scratch, &room, (size_t)check->rare.count + 1, sizeof *bases, err));
    bases = room;
    for (uint32_t i = 0; i < check->rare.count; i++) {
        const uint32_t patient = check->rare.pairs[i] % check->patients;
        bases[i] = next;
        next += check->offsets[patient + 1] - check->offsets[patient];
    }
    check->bases = bases;
    return LOTS_OK;
}

/* Where each row's values begin, and last how many there are: of a list column the running sum of its lengths. */
static lots_status element_offsets(check_job *job, uint32_t stream, uint32_t column, const uint32_t **out, bool *read,
                                   lots_error *err)
{
    const bool list = job->segment->streams[stream].columns[column].file->kind == LOTS_KIND_CODES;
    const uint32_t rows = lots_segment_chunk_rows(job->segment, stream, job->chunk);
    lots_values_out lengths = {0};
    void *room;
    *read = true;
    if (list)
        LOTS_TRY(read_values(job, stream, column, LOTS_PART_LENGTHS, &lengths, read, err));
    if (!*read)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(&job->scratch, &room, (size_t)rows + 1, sizeof(uint32_t), err));
    uint32_t *offsets = room;
    offsets[0] = 0;
    for (uint32_t i = 0; i < rows; i++)
        offsets[i + 1] = offsets[i] + (list ? ((const uint32_t *)lengths.data)[i] : 1);
    *out = offsets;
    return LOTS_OK;
}

/* A block of pairs or rows, and room to mark those that were met. *read becomes false when it could not be (reported). */
static lots_status open_pairs(check_job *job, const lots_layout_slot *slot, posting_check *check, bool *read, lots_error *err)
{
    lots_error found;
    void *room;
    if (*bad_flag(job, slot, job->chunk)) {
        *read = false;
        return LOTS_OK;
    }
    lots_status status = lots_segment_read_pairs(job->segment, slot, job->chunk, &check->pairs, &check->count, &job->scratch,
                                                 &found);
    if (status != LOTS_OK) {
        *read = false;
        return report_status(job, status, &found, err);
    }
    LOTS_TRY(lots_arena_alloc(&job->scratch, &room, lots_bit_words(check->count), sizeof(uint64_t), err));
    check->met = room;
    return LOTS_OK;
}

static void report_pairs(check_job *job, const posting_check *check, const char *who)
{
    if (check->absent)
        report_fault(job, "the postings lack a %s with id %u", who, check->absent_id);
    else if (lots_bits_count(check->met, check->count) < check->count)
        report_fault(job, "the postings name a %s without the id", who);
}

/* Every patient's ids are posted, and no others; so are the rows of those that are rare. */
static lots_status check_postings(check_job *job, uint32_t stream, uint32_t column, const lots_values_out *values,
                                  lots_error *err)
{
    const lots_layout_column *file = job->segment->streams[stream].columns[column].file;
    const uint32_t *firsts = job->segment->layout.firsts;
    chunk_check check = {.patients = firsts[job->chunk + 1] - firsts[job->chunk]};
    void *room;
    bool read;
    if (!(file->flags & LOTS_COLUMN_POSTINGS))
        return LOTS_OK;
    LOTS_TRY(element_offsets(job, stream, column, &check.elements, &read, err));
    if (!read)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(&job->scratch, &room, (size_t)check.patients + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_segment_offsets(job->segment, stream, job->chunk, room, &job->scratch, err));
    check.offsets = room;
    LOTS_TRY(open_pairs(job, &file->postings, &check.common, &read, err));
    if (file->kind == LOTS_KIND_CODES) {
        LOTS_TRY(open_pairs(job, &file->rare, &check.rare, &read, err));
        LOTS_TRY(open_pairs(job, &file->posted_rows, &check.rows, &read, err));
    }
    if (!read)
        return LOTS_OK;
    LOTS_TRY(find_bases(job, &check, err));
    meet_values(&check, values);
    report_pairs(job, &check.common, "patient");
    report_pairs(job, &check.rare, "patient");
    report_pairs(job, &check.rows, "row");
    return LOTS_OK;
}

/* ---- one chunk ---- */

/* Whether all blocks that a column's values are made from passed their checksums. */
static bool readable(const check_job *job, uint32_t stream, uint32_t column)
{
    const lots_segment_stream *from = &job->segment->streams[stream];
    const lots_layout_column *file = from->columns[column].file;
    bool needs_starts = (file->flags & LOTS_COLUMN_DURATION) != 0;
    bool has_parent = (file->flags & LOTS_COLUMN_PARENT) != 0, has_children = (file->flags & LOTS_COLUMN_CHILDREN) != 0;
    return !*bad_flag(job, &file->values, job->chunk) &&
           !(has_parent && *bad_flag(job, &from->file->columns[file->parent].values, job->chunk)) &&
           !(file->flags & LOTS_COLUMN_ABSENT && *bad_flag(job, &from->file->columns[file->absent_by].values, job->chunk)) &&
           !(has_children && (*bad_flag(job, &file->children, 0) || *bad_flag(job, &file->children, 1))) &&
           !(file->kind == LOTS_KIND_CODES && *bad_flag(job, &file->lengths, job->chunk)) &&
           !(needs_starts && *bad_flag(job, &from->ordered->values, job->chunk));
}

static void check_facts(check_job *job, const lots_block_meta *meta, const lots_values_out *values)
{
    block_facts facts = find_facts(meta, values);
    if (facts.missing != meta->missing)
        report_fault(job, "%u values are missing, the directory says %u", facts.missing, meta->missing);
    if (facts.min != meta->min || facts.max != meta->max)
        report_fault(job, "values go from %lld to %lld, the directory says %lld to %lld", (long long)facts.min,
                     (long long)facts.max, (long long)meta->min, (long long)meta->max);
}

static lots_status check_column(check_job *job, uint32_t stream, uint32_t column, lots_error *err)
{
    const lots_layout_column *file = job->segment->streams[stream].columns[column].file;
    const lots_part parts[] = {LOTS_PART_LENGTHS, LOTS_PART_VALUES};
    if (file == NULL || !readable(job, stream, column))
        return LOTS_OK;
    for (size_t i = file->kind == LOTS_KIND_CODES ? 0 : 1; i < 2; i++) {
        const lots_block_meta *meta = lots_segment_meta(job->segment, stream, column, parts[i], job->chunk);
        lots_values_out values;
        bool read;
        lots_arena_reset(&job->scratch);
        LOTS_TRY(read_values(job, stream, column, parts[i], &values, &read, err));
        if (!read)
            return LOTS_OK; /* lengths that are wrong say nothing of the elements */
        if (lots_layout_held(meta))
            check_facts(job, meta, &values);
        if (parts[i] == LOTS_PART_VALUES && lots_layout_has_ids(file->kind))
            LOTS_TRY(check_presence(job, stream, column, &values, meta->count, err));
        if (parts[i] == LOTS_PART_VALUES)
            LOTS_TRY(check_postings(job, stream, column, &values, err));
    }
    return LOTS_OK;
}

/* A day or minute as the order sees it: missing last. */
static int64_t order_at(const lots_values_out *values, lots_phys phys, uint32_t row)
{
    if (values->missing != NULL && lots_bit_get(values->missing, row))
        return INT64_MAX;
    return value_at(phys, values->data, row);
}

static void check_order(check_job *job, const uint32_t *offsets, uint32_t patients, const lots_values_out *days,
                        const lots_values_out *minutes)
{
    for (uint32_t p = 0; p < patients; p++)
        for (uint32_t row = offsets[p] + 1; row < offsets[p + 1]; row++) {
            int64_t before = order_at(days, LOTS_PHYS_I32, row - 1), day = order_at(days, LOTS_PHYS_I32, row);
            bool wrong = before > day;
            if (before == day && minutes != NULL)
                wrong = order_at(minutes, LOTS_PHYS_I64, row - 1) > order_at(minutes, LOTS_PHYS_I64, row);
            if (!wrong)
                continue;
            report_fault(job, "row %u comes before the row above it", row);
            return;
        }
}

/* Where years begin against the days, none of which is missing. */
static void check_places(check_job *job, const uint32_t *offsets, uint32_t patients, const int32_t *days, const uint32_t *places,
                         uint32_t first, uint32_t years)
{
    for (uint32_t y = 0; y < years; y++) {
        const int32_t day = lots_month_first(12 * (int32_t)(first + y));
        const uint32_t *of = places + (size_t)y * (patients + LOTS_PLACES_PAD);
        for (uint32_t p = 0; p < patients; p++) {
            const bool late = of[p] > offsets[p] && days[of[p] - 1] >= day, early = of[p] < offsets[p + 1] && days[of[p]] < day;
            if (!late && !early)
                continue;
            report_fault(job, "year %u begins elsewhere among the rows of patient %u than its places say", first + y, p);
            return;
        }
    }
}

static lots_status check_years(check_job *job, uint32_t stream, const uint32_t *offsets, uint32_t patients,
                               const lots_values_out *days, lots_error *err)
{
    const lots_layout_column *ordered = job->segment->streams[stream].ordered;
    uint32_t first, years;
    lots_error found;
    void *places;
    lots_segment_years(job->segment, stream, job->chunk, &first, &years);
    if (years == 0 || *bad_flag(job, &ordered->years, job->chunk))
        return LOTS_OK;
    if (days->missing != NULL) {
        report_text(job, "years are told of days of which some are missing");
        return LOTS_OK;
    }
    LOTS_TRY(lots_arena_vector(&job->scratch, &places, (size_t)years * (patients + LOTS_PLACES_PAD), sizeof(uint32_t), err));
    lots_status status = lots_segment_year_places(job->segment, stream, job->chunk, 0, offsets, places, &job->scratch,
                                                  &found);
    if (status == LOTS_OK)
        check_places(job, offsets, patients, days->data, places, first, years);
    return report_status(job, status, &found, err);
}

static lots_status check_dates(check_job *job, uint32_t stream, const uint32_t *offsets, uint32_t patients,
                               lots_error *err)
{
    const lots_stream *schema = &job->segment->schema->streams[stream];
    const lots_segment_stream *from = &job->segment->streams[stream];
    int32_t start = schema->undated ? -1 : lots_stream_find_role(schema, LOTS_ROLE_START);
    int32_t minute = lots_stream_find_role(schema, LOTS_ROLE_MINUTE);
    lots_values_out days, minutes = {0};
    bool read, minutes_read = false;
    if (start < 0 || from->columns[start].file == NULL || !readable(job, stream, (uint32_t)start))
        return LOTS_OK;
    LOTS_TRY(read_values(job, stream, (uint32_t)start, LOTS_PART_VALUES, &days, &read, err));
    if (read && minute >= 0 && from->columns[minute].file != NULL && readable(job, stream, (uint32_t)minute))
        LOTS_TRY(read_values(job, stream, (uint32_t)minute, LOTS_PART_VALUES, &minutes, &minutes_read, err));
    job->column = schema->columns[start].name;
    if (!read)
        return LOTS_OK;
    check_order(job, offsets, patients, &days, minutes_read ? &minutes : NULL);
    return check_years(job, stream, offsets, patients, &days, err);
}

/* *counted: the rows are as many as the directory says, so that columns may be read. */
static lots_status check_rows(check_job *job, uint32_t stream, bool *counted, lots_error *err)
{
    const lots_layout_stream *file = job->segment->streams[stream].file;
    uint32_t patients = lots_segment_chunk_first(job->segment, job->chunk + 1) -
                        lots_segment_chunk_first(job->segment, job->chunk);
    lots_error found;
    void *offsets;
    job->column = NULL;
    *counted = false;
    if (!file->single && *bad_flag(job, &file->counts, job->chunk))
        return LOTS_OK;
    lots_arena_reset(&job->scratch);
    LOTS_TRY(lots_arena_vector(&job->scratch, &offsets, (size_t)patients + 1, sizeof(uint32_t), err));
    lots_status status = lots_segment_offsets(job->segment, stream, job->chunk, offsets, &job->scratch, &found);
    if (status != LOTS_OK)
        return report_status(job, status, &found, err);
    *counted = true;
    return check_dates(job, stream, offsets, patients, err);
}

/* ---- the segment ---- */

static lots_status check_dictionaries(check_job *job, uint32_t stream, lots_error *err)
{
    const lots_stream *schema = &job->segment->schema->streams[stream];
    for (uint32_t c = 0; c < schema->column_count; c++) {
        const lots_segment_column *column = &job->segment->streams[stream].columns[c];
        const lots_segment_ids *ids;
        lots_error found;
        if (column->file == NULL || !lots_layout_has_ids(schema->columns[c].kind) ||
            *bad_flag(job, &column->file->dictionary, 0))
            continue;
        job->column = schema->columns[c].name;
        job->chunk = 0;
        LOTS_TRY(report_status(job, lots_segment_load_ids(job->segment, stream, c, &ids, &found), &found, err));
    }
    return LOTS_OK;
}

static lots_status check_values(check_job *job, lots_error *err)
{
    const lots_segment *segment = job->segment;
    for (uint32_t s = 0; s < segment->schema->stream_count; s++) {
        if (segment->streams[s].file == NULL)
            continue;
        job->stream = segment->schema->streams[s].name;
        LOTS_TRY(check_dictionaries(job, s, err));
        for (job->chunk = 0; job->chunk < segment->layout.chunks; job->chunk++) {
            bool counted;
            LOTS_TRY(check_rows(job, s, &counted, err));
            for (uint32_t c = 0; counted && c < segment->schema->streams[s].column_count; c++) {
                job->column = segment->schema->streams[s].columns[c].name;
                LOTS_TRY(check_column(job, s, c, err));
            }
        }
    }
    return LOTS_OK;
}

lots_status lots_segment_check(lots_segment *segment, lots_fault_report report, void *context, uint64_t *faults,
                               uint64_t *blocks, lots_error *err)
{
    check_job job = {.segment = segment, .report = report, .context = context};
    void *room;
    lots_segment_forget(segment);
    LOTS_TRY(lots_alloc(&room, segment->block_count, 1, err));
    job.bad = room;
    lots_arena_init(&job.scratch, 0);
    lots_status status = verify_blocks(&job, err);
    if (status == LOTS_OK)
        status = check_values(&job, err);
    lots_arena_free(&job.scratch);
    lots_free(job.bad);
    *faults = job.faults;
    *blocks = job.blocks;
    return status;
}
