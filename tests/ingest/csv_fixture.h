/* csv_fixture.h: a reader of a text in memory, which is given to it in pieces. Included by test programs only; each gets
 * its own copy. */
#ifndef LOTS_CSV_FIXTURE_H
#define LOTS_CSV_FIXTURE_H

#include "ingest/csv.h"
#include "tests/support/lots_test.h"

#define MOST_FIELDS 600

typedef struct memory_text {
    const char *text;
    size_t bytes;
    size_t at;
    size_t piece; /* most bytes of one read; 0: as asked */
} memory_text;

static inline lots_status fill_from_memory(void *context, void *out, size_t capacity, size_t *got, lots_error *err)
{
    (void)err;
    memory_text *memory = context;
    size_t count = memory->bytes - memory->at;
    if (count > capacity)
        count = capacity;
    if (memory->piece > 0 && count > memory->piece)
        count = memory->piece;
    memcpy(out, memory->text + memory->at, count);
    memory->at += count;
    *got = count;
    return LOTS_OK;
}

typedef struct opened {
    memory_text memory;
    lots_source *source;
    lots_csv_reader *reader;
    lots_csv_block *block;
    lots_error err;
} opened;

static inline lots_status open_text(opened *to, const char *text, size_t bytes, size_t piece,
                                    const lots_csv_options *options)
{
    *to = (opened){.memory = {text, bytes, 0, piece}};
    LOTS_TRY(lots_source_open_fill(&to->source, "text.csv", fill_from_memory, &to->memory, LOTS_CHARSET_UTF8, &to->err));
    LOTS_TRY(lots_csv_open(&to->reader, to->source, options, &to->err));
    return lots_csv_block_open(&to->block, to->reader, &to->err);
}

static inline void close_text(opened *to)
{
    lots_csv_block_close(to->block);
    lots_csv_close(to->reader);
    lots_source_close(to->source);
}

#endif
