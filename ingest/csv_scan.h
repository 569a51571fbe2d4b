/* csv_scan.h: where fields end: a text of delimited records → one bit per byte, 64 bytes at a time.
 * Bit i of word w is set when byte 64 w + i is a separator or a line-end byte (LF, CR) outside quotes. The whole
 * grammar is four phases, and lots_csv_scan_bytes walks them byte by byte: that is the meaning.
 *
 *   phase    quote      separator, LF, CR   other
 *   START    QUOTED     START *             PLAIN        * the byte's bit is set
 *   PLAIN    PLAIN      START *             PLAIN
 *   QUOTED   AFTER      QUOTED              QUOTED
 *   AFTER    QUOTED     START *             PLAIN        after a quote inside quotes: it doubled, or it closed
 *
 * The fast versions take the parity of quotes (a prefix xor) for words in which each quote that opens stands where
 * a field begins or doubles another, and the four phases for the rest. Callers: csv.c, tests. */
#ifndef LOTS_CSV_SCAN_H
#define LOTS_CSV_SCAN_H

#include "core/lots.h"

typedef enum lots_csv_phase {
    LOTS_CSV_AT_START,
    LOTS_CSV_IN_PLAIN,
    LOTS_CSV_IN_QUOTED,
    LOTS_CSV_AFTER_QUOTE
} lots_csv_phase;

/* Where a scan stands. Zero but for separator and quote at the beginning of a record. */
typedef struct lots_csv_scan {
    uint8_t separator;
    uint8_t quote;         /* 0: none (no text has a NUL) */
    lots_csv_phase phase;
    bool after_cr;         /* the byte before was a CR */
    bool lines_in_quotes;  /* seen so far: a quoted field with a line end */
    bool quotes_inside;    /* seen so far: a doubled quote, or text after a closing quote */
    uint64_t lines;        /* line ends so far: CR, and LF not after CR; in quotes too */
} lots_csv_scan;

/* Scan `count` <= 64 bytes and return their bits. */
uint64_t lots_csv_scan_bytes(lots_csv_scan *scan, const uint8_t *data, size_t count);

/* Scan `word_count` whole words of 64 bytes into as many words of `ends`. */
typedef void (*lots_csv_scan_words)(lots_csv_scan *scan, const uint8_t *data, size_t word_count, uint64_t *ends);
/* By lots_csv_scan_bytes. */
void lots_csv_scan_words_scalar(lots_csv_scan *scan, const uint8_t *data, size_t word_count, uint64_t *ends);
/* Eight bytes at a time in plain C. */
void lots_csv_scan_words_plain(lots_csv_scan *scan, const uint8_t *data, size_t word_count, uint64_t *ends);
/* The fastest that this machine has and LOTS_SIMD allows. */
lots_csv_scan_words lots_csv_scan_words_best(void);

#endif
