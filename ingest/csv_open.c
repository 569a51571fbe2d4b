/* csv_open.c: opens a reader: finds the separator in a sample of the text, reads the header. The sample stays pending,
 * so that nothing is read twice; what the header's block had beyond the header goes back in front of it. */
#include "ingest/csv_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/memory.h"
#include "ingest/csv_block.h"

#define SAMPLE_BYTES ((size_t)64 << 10)
#define SAMPLE_RECORDS 1000
#define LIMIT_MOST ((size_t)1 << 30)

/* ---- the separator ---- */

static const char separators[] = {',', ';', '\t', '|'};
#define SEPARATORS (sizeof separators)

/* What the sample looks like with one separator. */
typedef struct separator_trial {
    uint32_t fields;   /* of the first record */
    uint32_t records;
    uint32_t agreeing; /* records with as many fields as the first */
} separator_trial;

/* The sample as a block that isn't changed: no field is given out. */
static separator_trial try_separator(const lots_csv_reader *reader, uint8_t separator, uint64_t *ends)
{
    separator_trial trial = {0, 0, 0};
    lots_csv_block block = {.data = reader->pending.data, .ends = ends, .count = reader->pending.count,
                            .separator = separator, .quote = reader->quote};
    lots_csv_scan scan = {.separator = separator, .quote = reader->quote};
    size_t words = block.count / 64;
    reader->scan_words(&scan, block.data, words, ends);
    ends[words] = lots_csv_scan_bytes(&scan, block.data + 64 * words, block.count % 64);
    size_t whole = lots_csv_block_find_cut(&block);
    if (!reader->source_ended && whole > 0)
        block.count = whole;
    lots_csv_block_rewind(&block);
    lots_csv_record record;
    while (trial.records < SAMPLE_RECORDS && lots_csv_block_next(&block, NULL, &record)) {
        if (trial.records++ == 0)
            trial.fields = record.field_count;
        trial.agreeing += record.field_count == trial.fields;
    }
    return trial;
}

/* Nine records in ten agreeing is agreement: a few broken rows must not change the choice. Between two that agree the
 * one with more fields is right (a decimal comma also agrees with itself); else the one that agrees more often. */
static bool better_separator(const separator_trial *a, const separator_trial *b)
{
    if (a->fields < 2 || b->fields < 2)
        return a->fields >= 2;
    bool a_agrees = (uint64_t)a->agreeing * 10 >= (uint64_t)a->records * 9;
    bool b_agrees = (uint64_t)b->agreeing * 10 >= (uint64_t)b->records * 9;
    uint64_t a_share = (uint64_t)a->agreeing * b->records;
    uint64_t b_share = (uint64_t)b->agreeing * a->records;
    if (a_agrees != b_agrees)
        return a_agrees;
    if (!a_agrees && a_share != b_share)
        return a_share > b_share;
    return a->fields > b->fields;
}

static lots_status find_separator(lots_csv_reader *reader, lots_error *err)
{
    void *ends = NULL;
    LOTS_TRY(lots_alloc(&ends, reader->pending.count / 64 + 1, sizeof(uint64_t), err));
    separator_trial best = {0, 0, 0};
    reader->separator = ',';
    for (size_t i = 0; i < SEPARATORS; i++) {
        separator_trial trial = try_separator(reader, (uint8_t)separators[i], ends);
        if (!better_separator(&trial, &best))
            continue;
        best = trial;
        reader->separator = (uint8_t)separators[i];
    }
    reader->separator_found = true;
    lots_free(ends);
    return LOTS_OK;
}

/* ---- open ---- */

static lots_status read_sample(lots_csv_reader *reader, lots_error *err)
{
    lots_bytes *pending = &reader->pending;
    LOTS_TRY(lots_bytes_reserve(pending, SAMPLE_BYTES, err));
    while (SAMPLE_BYTES - pending->count >= 4 && !reader->source_ended) {
        size_t got = 0;
        LOTS_TRY(lots_source_read(reader->source, pending->data + pending->count, SAMPLE_BYTES - pending->count, &got,
                                  err));
        pending->count += got;
        reader->source_ended = got == 0;
    }
    return LOTS_OK;
}

static lots_status name_column(char **out, const lots_csv_field *field, uint32_t column, lots_error *err)
{
    char number[16];
    const char *text = field->text;
    size_t bytes = field->bytes;
    if (text == NULL) {
        bytes = (size_t)snprintf(number, sizeof number, "%" PRIu32, column + 1);
        text = number;
    }
    while (bytes > 0 && (text[0] == ' ' || text[0] == '\t'))
        text++, bytes--;
    while (bytes > 0 && (text[bytes - 1] == ' ' || text[bytes - 1] == '\t'))
        bytes--;
    return lots_text_copy(out, text, bytes, err);
}

/* Name the columns from the record that `record` was given for; by number when `fields` are NULL. */
static lots_status name_columns(lots_csv_reader *reader, const lots_csv_field *fields, uint32_t count, lots_error *err)
{
    static const lots_csv_field no_field = {NULL, 0, false};
    void *names = NULL;
    LOTS_TRY(lots_alloc(&names, count, sizeof(char *), err));
    reader->names = names;
    reader->column_count = count;
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(name_column(&reader->names[i], fields != NULL ? &fields[i] : &no_field, i, err));
    return LOTS_OK;
}

/* Take the record whose count of fields is known as the header. */
static lots_status take_header(lots_csv_reader *reader, lots_csv_block *block, uint32_t count, lots_error *err)
{
    void *fields = NULL;
    lots_csv_record record;
    LOTS_TRY(lots_alloc(&fields, count, sizeof(lots_csv_field), err));
    lots_csv_block_rewind(block);
    block->column_count = count;
    lots_status status = LOTS_OK;
    if (!lots_csv_block_next(block, fields, &record))
        status = lots_fail(err, LOTS_INTERNAL, "%s: the header is gone", lots_source_name(reader->source));
    else if (record.fault != LOTS_CSV_FINE)
        status = lots_fail_at(err, LOTS_IO, record.at, record.at + record.bytes,
                              "%s: line %" PRIu64 ": the header has %s", lots_source_name(reader->source),
                              record.line, lots_csv_fault_name(record.fault));
    else
        status = name_columns(reader, fields, count, err);
    lots_free(fields);
    return status;
}

/* Put what the walk hasn't reached before all that is to come, and make the reader stand there. */
static lots_status begin_after_walk(lots_csv_reader *reader, const lots_csv_block *block, lots_error *err)
{
    lots_bytes joined = {NULL, 0, 0};
    lots_bytes *pending = &reader->pending;
    lots_status status = lots_bytes_append(&joined, block->data + block->cursor, block->count - block->cursor, err);
    if (status == LOTS_OK)
        status = lots_bytes_append(&joined, pending->data + reader->pending_at, pending->count - reader->pending_at,
                                   err);
    if (status != LOTS_OK) {
        lots_bytes_free(&joined);
        return status;
    }
    lots_bytes_free(pending);
    *pending = joined;
    reader->pending_at = 0;
    reader->line = block->cursor_line;
    reader->at = block->at + block->cursor;
    return LOTS_OK;
}

static lots_status read_header(lots_csv_reader *reader, lots_csv_block *block, bool no_header, lots_error *err)
{
    lots_csv_record record;
    do {
        LOTS_TRY(lots_csv_reader_fill(reader, block, err));
        if (block->count == 0)
            return lots_fail(err, LOTS_IO, "%s: no line of text in it, not even a header",
                             lots_source_name(reader->source));
    } while (!lots_csv_block_next(block, NULL, &record));
    if (no_header) {
        LOTS_TRY(name_columns(reader, NULL, record.field_count, err));
        lots_csv_block_rewind(block);
    } else {
        LOTS_TRY(take_header(reader, block, record.field_count, err));
    }
    return begin_after_walk(reader, block, err);
}

static lots_status begin(lots_csv_reader *reader, const lots_csv_options *options, lots_error *err)
{
    LOTS_TRY(read_sample(reader, err));
    reader->separator = (uint8_t)options->separator;
    if (options->separator == 0)
        LOTS_TRY(find_separator(reader, err));
    lots_csv_block *block = NULL;
    LOTS_TRY(lots_csv_block_open(&block, reader, err));
    lots_status status = read_header(reader, block, options->no_header, err);
    lots_csv_block_close(block);
    return status;
}

static lots_status check_options(const lots_csv_options *options, lots_error *err)
{
    char separator = options->separator;
    if (separator == '"' || separator == '\n' || separator == '\r' || (unsigned char)separator >= 0x80)
        return lots_fail(err, LOTS_USAGE, "a byte of value 0x%02X can't be the separator of fields",
                         (unsigned)(unsigned char)separator);
    if (options->record_limit_bytes > LIMIT_MOST)
        return lots_fail(err, LOTS_USAGE, "a limit of %zu bytes for a record is over %zu", options->record_limit_bytes,
                         LIMIT_MOST);
    return LOTS_OK;
}

lots_status lots_csv_open(lots_csv_reader **out, lots_source *source, const lots_csv_options *options, lots_error *err)
{
    static const lots_csv_options defaults = {0};
    void *memory = NULL;
    *out = NULL;
    if (options == NULL)
        options = &defaults;
    LOTS_TRY(check_options(options, err));
    LOTS_TRY(lots_alloc(&memory, 1, sizeof(lots_csv_reader), err));
    lots_csv_reader *reader = memory;
    reader->source = source;
    reader->record_limit = options->record_limit_bytes > 0 ? options->record_limit_bytes : LOTS_CSV_RECORD_LIMIT;
    reader->block_bytes = options->block_bytes > 0 ? options->block_bytes : LOTS_CSV_BLOCK_BYTES;
    if (reader->block_bytes > reader->record_limit)
        reader->block_bytes = reader->record_limit;
    reader->quote = options->quotes_are_text ? 0 : '"';
    reader->line = 1;
    reader->scan_words = lots_csv_scan_words_best();
    pthread_mutex_init(&reader->lock, NULL);
    lots_status status = begin(reader, options, err);
    if (status != LOTS_OK) {
        lots_csv_close(reader);
        return status;
    }
    *out = reader;
    return LOTS_OK;
}

void lots_csv_close(lots_csv_reader *reader)
{
    if (reader == NULL)
        return;
    for (uint32_t i = 0; reader->names != NULL && i < reader->column_count; i++)
        lots_free(reader->names[i]);
    lots_free(reader->names);
    lots_bytes_free(&reader->pending);
    pthread_mutex_destroy(&reader->lock);
    lots_free(reader);
}

/* ---- what was found ---- */

char lots_csv_separator(const lots_csv_reader *reader) { return (char)reader->separator; }

bool lots_csv_separator_found(const lots_csv_reader *reader) { return reader->separator_found; }

const char *lots_csv_fault_name(lots_csv_fault fault)
{
    switch (fault) {
    case LOTS_CSV_FINE: return "fine";
    case LOTS_CSV_TOO_FEW: return "too few fields";
    case LOTS_CSV_TOO_MANY: return "too many fields";
    case LOTS_CSV_TEXT_AFTER_QUOTE: return "text after a closing quote";
    }
    return "?";
}

uint32_t lots_csv_column_count(const lots_csv_reader *reader) { return reader->column_count; }

const char *lots_csv_column_name(const lots_csv_reader *reader, uint32_t column) { return reader->names[column]; }
