/* csv.c: cuts the text into blocks of whole records. (csv_open.c finds the separator and reads the header.)
 * A block is filled with about block_bytes, scanned, and cut after its last line end outside quotes; what is left over
 * goes back and begins the next block. A block without such a line end grows, up to the limit of one record. */
#include "ingest/csv_reader.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/memory.h"
#include "ingest/csv_block.h"
#include "ingest/charset.h"

#define STEP_BYTES ((size_t)256 << 10) /* read, checked and scanned while in the cache */

/* ---- a block's memory ---- */

static lots_status grow_block(lots_csv_block *block, size_t bytes, lots_error *err)
{
    if (bytes <= block->capacity)
        return LOTS_OK;
    void *data = block->data;
    LOTS_TRY(lots_realloc(&data, bytes, 1, err));
    block->data = data;
    void *ends = block->ends;
    LOTS_TRY(lots_realloc(&ends, bytes / 64 + 1, sizeof(uint64_t), err));
    block->ends = ends;
    block->capacity = bytes;
    return LOTS_OK;
}

lots_status lots_csv_block_open(lots_csv_block **out, const lots_csv_reader *reader, lots_error *err)
{
    *out = NULL;
    void *memory = NULL;
    LOTS_TRY(lots_alloc(&memory, 1, sizeof(lots_csv_block), err));
    lots_csv_block *block = memory;
    block->separator = reader->separator;
    block->quote = reader->quote;
    block->column_count = reader->column_count;
    lots_status status = grow_block(block, reader->block_bytes, err);
    if (status != LOTS_OK) {
        lots_csv_block_close(block);
        return status;
    }
    *out = block;
    return LOTS_OK;
}

void lots_csv_block_close(lots_csv_block *block)
{
    if (block == NULL)
        return;
    lots_free(block->data);
    lots_free(block->ends);
    lots_free(block);
}

/* ---- filling a block ---- */

/* A fill under way. */
typedef struct cutting {
    lots_csv_block *block;
    lots_csv_scan scan;  /* of the whole words so far */
    lots_csv_scan tail;  /* of all bytes so far */
    size_t scanned;      /* bytes of the whole words */
    bool from_source;    /* some bytes came from there: then `pending` was used up */
} cutting;

/* Up to `room` more bytes of the text, pending ones first. */
static lots_status take_bytes(lots_csv_reader *reader, cutting *cut, size_t room, size_t *got, lots_error *err)
{
    lots_csv_block *block = cut->block;
    size_t pending = reader->pending.count - reader->pending_at;
    *got = 0;
    if (pending > 0) {
        *got = pending < room ? pending : room;
        memcpy(block->data + block->count, reader->pending.data + reader->pending_at, *got);
        reader->pending_at += *got;
    } else if (!reader->source_ended) {
        LOTS_TRY(lots_source_read(reader->source, block->data + block->count, room, got, err));
        reader->source_ended = *got == 0;
        cut->from_source |= *got > 0;
    }
    block->count += *got;
    return LOTS_OK;
}

/* Scan what was added: whole words for good, the rest for now. */
static void scan_added(const lots_csv_reader *reader, cutting *cut)
{
    lots_csv_block *block = cut->block;
    size_t words = (block->count - cut->scanned) / 64;
    reader->scan_words(&cut->scan, block->data + cut->scanned, words, block->ends + cut->scanned / 64);
    cut->scanned += 64 * words;
}

static void scan_tail(cutting *cut)
{
    lots_csv_block *block = cut->block;
    cut->tail = cut->scan;
    if (cut->scanned < block->count)
        block->ends[cut->scanned / 64] =
            lots_csv_scan_bytes(&cut->tail, block->data + cut->scanned, block->count - cut->scanned);
}

/* Fill the block up to `want` bytes, or to the end of the text (*ended). */
static lots_status read_block(lots_csv_reader *reader, cutting *cut, size_t want, bool *ended, lots_error *err)
{
    lots_csv_block *block = cut->block;
    LOTS_TRY(grow_block(block, want, err));
    *ended = false;
    while (block->count < want && !*ended) {
        size_t room = want - block->count < STEP_BYTES ? want - block->count : STEP_BYTES;
        size_t got = 0;
        if (room < 4) { /* a source wants room for a character */
            LOTS_TRY(grow_block(block, block->count + 4, err));
            room = 4;
        }
        LOTS_TRY(take_bytes(reader, cut, room, &got, err));
        *ended = got == 0;
        scan_added(reader, cut);
    }
    scan_tail(cut);
    return LOTS_OK;
}

size_t lots_csv_block_find_cut(const lots_csv_block *block)
{
    for (size_t w = (block->count + 63) / 64; w-- > 0;) {
        for (uint64_t bits = block->ends[w]; bits != 0;) {
            unsigned bit = 63 - (unsigned)__builtin_clzll(bits);
            size_t place = 64 * w + bit;
            bits ^= UINT64_C(1) << bit;
            if (block->data[place] == '\n' || (block->data[place] == '\r' && place + 1 < block->count))
                return place + 1;
        }
    }
    return 0;
}

static uint64_t count_lines(const uint8_t *data, size_t count)
{
    bool after_cr = false;
    return lots_text_classify_scalar(data, count, &after_cr).lines;
}

/* Where, and on which line, the quote opened that is open at the end of the record beginning at `from`. */
static size_t find_open_quote(const lots_csv_reader *reader, const lots_csv_block *block, size_t from, uint64_t *line)
{
    lots_csv_scan scan = {.separator = reader->separator, .quote = reader->quote};
    uint64_t first = block->line + count_lines(block->data, from);
    size_t opened = from;
    *line = first;
    for (size_t i = from; i < block->count; i++) {
        bool at_start = scan.phase == LOTS_CSV_AT_START;
        lots_csv_scan_bytes(&scan, block->data + i, 1);
        if (at_start && scan.phase == LOTS_CSV_IN_QUOTED) {
            opened = i;
            *line = first + scan.lines;
        }
    }
    return opened;
}

static lots_status fail_open_quote(const lots_csv_reader *reader, const lots_csv_block *block, size_t from,
                                   lots_error *err)
{
    uint64_t line = 0;
    uint64_t at = block->at + find_open_quote(reader, block, from, &line);
    lots_fail_at(err, LOTS_IO, at, at + 1, "%s: line %" PRIu64 ": a quote opens here and never closes",
                 lots_source_name(reader->source), line);
    lots_error_hint(err, "within quotes a quote is written twice; if quotes are plain text in this file, declare it");
    return LOTS_IO;
}

static lots_status fail_long_record(const lots_csv_reader *reader, const cutting *cut, lots_error *err)
{
    const lots_csv_block *block = cut->block;
    lots_fail_at(err, LOTS_IO, block->at, block->at + 1,
                 "%s: the record that begins on line %" PRIu64 " is longer than %zu bytes",
                 lots_source_name(reader->source), block->line, reader->record_limit);
    if (cut->tail.phase == LOTS_CSV_IN_QUOTED) {
        uint64_t line = 0;
        find_open_quote(reader, block, 0, &line);
        lots_error_hint(err, "a quote opens on line %" PRIu64 " and doesn't close before that", line);
    }
    return LOTS_IO;
}

/* Give back what stands behind the cut, so that it begins the next block. */
static lots_status give_back(lots_csv_reader *reader, const cutting *cut, size_t at, lots_error *err)
{
    size_t left = cut->block->count - at;
    if (!cut->from_source) {
        reader->pending_at -= left;
        return LOTS_OK;
    }
    reader->pending.count = 0;
    reader->pending_at = 0;
    return lots_bytes_append(&reader->pending, cut->block->data + at, left, err);
}

/* The block ends at `at`: settle its place and the reader's. */
static lots_status close_block(lots_csv_reader *reader, cutting *cut, size_t at, lots_error *err)
{
    lots_csv_block *block = cut->block;
    block->line_count = cut->tail.lines - count_lines(block->data + at, block->count - at);
    LOTS_TRY(give_back(reader, cut, at, err));
    block->count = at;
    block->lines_in_quotes = cut->tail.lines_in_quotes;
    block->quotes_inside = cut->tail.quotes_inside;
    lots_csv_block_rewind(block);
    reader->line += block->line_count;
    reader->at += at;
    return LOTS_OK;
}

lots_status lots_csv_reader_fill(lots_csv_reader *reader, lots_csv_block *block, lots_error *err)
{
    cutting cut = {.block = block, .scan = {.separator = reader->separator, .quote = reader->quote}};
    block->count = 0;
    block->line = reader->line;
    block->at = reader->at;
    size_t want = reader->block_bytes;
    for (;;) {
        bool ended = false;
        LOTS_TRY(read_block(reader, &cut, want, &ended, err));
        size_t at = lots_csv_block_find_cut(block);
        if (ended && cut.tail.phase == LOTS_CSV_IN_QUOTED)
            return fail_open_quote(reader, block, at, err);
        if (ended)
            at = block->count;
        if (at > 0 || ended)
            return close_block(reader, &cut, at, err);
        if (block->count >= reader->record_limit)
            return fail_long_record(reader, &cut, err);
        want = want < reader->record_limit / 2 ? 2 * want : reader->record_limit;
    }
}

lots_status lots_csv_fill(lots_csv_reader *reader, lots_csv_block *block, bool *more, lots_error *err)
{
    *more = false;
    pthread_mutex_lock(&reader->lock);
    lots_status status = reader->failure.status;
    if (status == LOTS_OK)
        status = lots_csv_reader_fill(reader, block, &reader->failure);
    if (status != LOTS_OK) {
        if (err != NULL)
            *err = reader->failure;
        block->count = 0;
        block->cursor = 0;
    }
    pthread_mutex_unlock(&reader->lock);
    *more = status == LOTS_OK && block->count > 0;
    return status;
}
