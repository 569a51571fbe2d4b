/* csv_block.c: the walk over a block: from end bit to end bit, nothing copied. Fields need a second look only when they
 * begin with a quote. Any thread, its own block. */
#include "ingest/csv_block.h"

#include <string.h>

#include "ingest/charset.h"

void lots_csv_block_rewind(lots_csv_block *block)
{
    block->cursor = 0;
    block->cursor_line = block->line;
    block->word = 0;
    block->mask = block->count > 0 ? block->ends[0] : 0;
}

/* The place of the next end, or `count`. */
static inline size_t next_end(lots_csv_block *block)
{
    while (block->mask == 0) {
        if (64 * (block->word + 1) >= block->count)
            return block->count;
        block->mask = block->ends[++block->word];
    }
    size_t end = 64 * block->word + (size_t)__builtin_ctzll(block->mask);
    block->mask &= block->mask - 1;
    return end < block->count ? end : block->count;
}

/* Is every quote in content[0..count) doubled? The content is what stands between the quotes around. */
static bool quotes_are_doubled(const char *content, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *quote = memchr(content + i, '"', count - i);
        if (quote == NULL)
            return true;
        i = (size_t)(quote - content) + 1;
        if (i == count || content[i] != '"')
            return false;
    }
    return true;
}

/* Make each doubled quote one, in place; the new count. */
static size_t undouble_quotes(char *content, size_t count)
{
    size_t to = 0;
    for (size_t i = 0; i < count; i++) {
        content[to++] = content[i];
        if (content[i] == '"')
            i++;
    }
    return to;
}

/* A field that begins with a quote, `bytes` long with its quotes. False when text follows the closing one. */
static bool take_quoted(const lots_csv_block *block, char *text, size_t bytes, lots_csv_field *field)
{
    *field = (lots_csv_field){text, (uint32_t)bytes, true};
    if (bytes < 2 || text[bytes - 1] != '"')
        return false;
    size_t count = bytes - 2;
    if (block->quotes_inside) {
        if (!quotes_are_doubled(text + 1, count))
            return false;
        count = undouble_quotes(text + 1, count);
    }
    *field = (lots_csv_field){text + 1, (uint32_t)count, true};
    return true;
}

static uint64_t count_lines(const uint8_t *data, size_t count)
{
    bool after_cr = false;
    return lots_text_classify_scalar(data, count, &after_cr).lines;
}

/* A field that begins with a quote, among those given out or not. */
static void pass_quoted(lots_csv_block *block, size_t from, size_t end, lots_csv_field *field, lots_csv_record *record)
{
    if (block->lines_in_quotes)
        block->cursor_line += count_lines(block->data + from, end - from);
    if (field != NULL && !take_quoted(block, (char *)block->data + from, end - from, field))
        record->fault = LOTS_CSV_TEXT_AFTER_QUOTE;
}

/* The fields of the record at the cursor; returns where it ends (its line end or the block's). The walk's place is held in
 * locals: this runs for every field. */
static size_t take_fields(lots_csv_block *block, lots_csv_field *fields, lots_csv_record *record)
{
    uint8_t *const data = block->data;
    const uint64_t *const ends = block->ends;
    const size_t count = block->count, last_word = (count - 1) / 64;
    const uint8_t separator = block->separator, quote = block->quote;
    const uint32_t columns = block->column_count;
    size_t from = block->cursor, word = block->word, end;
    uint64_t mask = block->mask;
    uint32_t found = 0;
    record->fault = LOTS_CSV_FINE;
    for (;; from = end + 1) {
        while (mask == 0 && word < last_word)
            mask = ends[++word];
        end = mask == 0 ? count : 64 * word + (size_t)__builtin_ctzll(mask);
        end = end < count ? end : count;
        mask &= mask - 1;
        if (found < columns)
            fields[found] = (lots_csv_field){(char *)data + from, (uint32_t)(end - from), false};
        if (end > from && data[from] == quote && quote != 0)
            pass_quoted(block, from, end, found < columns ? &fields[found] : NULL, record);
        found++;
        if (end == count || data[end] != separator)
            break;
    }
    block->word = word;
    block->mask = mask;
    record->field_count = found;
    return end;
}

/* Move the cursor behind the line end at `end`. */
static void pass_line_end(lots_csv_block *block, size_t end)
{
    block->cursor = end;
    if (end == block->count)
        return;
    block->cursor_line++;
    block->cursor++;
    if (block->data[end] == '\r' && end + 1 < block->count && block->data[end + 1] == '\n')
        block->cursor = next_end(block) + 1;
}

bool lots_csv_block_next(lots_csv_block *block, lots_csv_field *fields, lots_csv_record *record)
{
    while (block->cursor < block->count) {
        size_t from = block->cursor;
        record->line = block->cursor_line;
        size_t end = take_fields(block, fields, record);
        pass_line_end(block, end);
        if (end == from)
            continue;
        record->at = block->at + from;
        record->bytes = (uint32_t)(end - from);
        for (uint32_t i = record->field_count; i < block->column_count; i++)
            fields[i] = (lots_csv_field){(char *)block->data + end, 0, false};
        if (record->fault == LOTS_CSV_FINE && record->field_count != block->column_count)
            record->fault = record->field_count < block->column_count ? LOTS_CSV_TOO_FEW : LOTS_CSV_TOO_MANY;
        return true;
    }
    return false;
}
