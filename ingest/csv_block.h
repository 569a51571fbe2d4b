/* csv_block.h: what a block is, shared by the reader that fills it (csv.c) and the walk over it (csv_block.c).
 * Invariants of a filled block: (1) data[0..count) are whole records, as scanned from LOTS_CSV_AT_START; (2) bit i of
 * `ends` is set for each separator and line-end byte outside quotes among them (bits from `count` on mean nothing);
 * (3) a block ends after a line end, or where the text does. */
#ifndef LOTS_CSV_BLOCK_H
#define LOTS_CSV_BLOCK_H

#include "ingest/csv.h"

struct lots_csv_block {
    uint8_t *data;
    uint64_t *ends;
    size_t capacity;       /* bytes of data; `ends` has a bit for each */
    size_t count;
    uint64_t line;         /* of data[0] */
    uint64_t at;           /* offset of data[0] in the text */
    uint64_t line_count;   /* line ends in data[0..count) */
    uint32_t column_count; /* fields that the walk gives out */
    uint8_t separator;
    uint8_t quote;         /* 0: none */
    bool lines_in_quotes;  /* some quoted field may have line ends */
    bool quotes_inside;    /* some quoted field may have quotes inside */
    size_t cursor;         /* the walk: where the next record begins … */
    uint64_t cursor_line;  /* … and its line */
    size_t word;           /* `mask` is what is left of ends[word] */
    uint64_t mask;
};

/* Begin the walk (again: not after fields were given out, which may have been unescaped). */
void lots_csv_block_rewind(lots_csv_block *block);
/* Where the last record that surely ends in the block does, or 0. A CR as the last byte may be half a line end. */
size_t lots_csv_block_find_cut(const lots_csv_block *block);

#endif
