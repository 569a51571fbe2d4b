/* output.h: a result written in one of the formats. The formats know nothing of each other; this is the door to them.
 * A result of aggregates carries `patients`, the persons behind each row, as its last column in every format.
 * Callers: the commands, tests. */
#ifndef LOTS_OUT_OUTPUT_H
#define LOTS_OUT_OUTPUT_H

#include "query/exec/run.h"
#include "query/out/sink.h"

/* X(NAME, as the user writes it) */
#define LOTS_FORMAT_LIST(X)  \
    X(TABLE, "table")        \
    X(CSV, "csv")            \
    X(CSV_SE, "csv-se")      \
    X(TSV, "tsv")            \
    X(JSON, "json")          \
    X(NDJSON, "ndjson")      \
    X(MARKDOWN, "markdown")  \
    X(HTML, "html")          \
    X(SVG, "svg")            \
    X(SQLITE, "sqlite")

/* For messages and help. */
#define LOTS_FORMAT_NAMES "table, csv, csv-se, tsv, json, ndjson, markdown, html, svg and sqlite"

typedef enum lots_format {
#define X(name, text) LOTS_FORMAT_##name,
    LOTS_FORMAT_LIST(X)
#undef X
        LOTS_FORMAT_COUNT
} lots_format;

const char *lots_format_name(lots_format format);
/* False when there is no such format. */
bool lots_format_parse(const char *name, lots_format *out);
/* The format whose file names end as `path` does (also .jsonl, .md, .htm, .db, and FILE.sqlite:TABLE); false when none. */
bool lots_format_of_path(const char *path, lots_format *out);

struct lots_result_file;

/* All zero is the default: plain text, everything shown. */
typedef struct lots_output_options {
    const lots_schema *schema; /* for the forms of code systems; NULL: codes as they are kept */
    bool terminal;             /* table: boxes; rows beyond rows_max and long texts are cut, and it is said so */
    bool colour;               /* table: the header in bold */
    uint32_t rows_max;         /* on a terminal; 0: LOTS_TABLE_ROWS */
    bool swedish;              /* decimal comma and Swedish headings, in formats for reading; json, ndjson and sqlite have none */
    bool continued;            /* not the first of its file: csv-se writes its byte order mark only once */
} lots_output_options;

#define LOTS_TABLE_ROWS 40u /* a table on a terminal shows this many */

/* What a format writes: the result's columns, `patients` among them. Lent by lots_output_write. */
typedef struct lots_sheet {
    const lots_result_column *columns;
    uint32_t column_count;
    uint32_t rows;
    bool comma; /* decimals have one */
    bool swedish; /* `totalt` */
    uint32_t min_cell;
    const lots_output_options *options;
} lots_sheet;

/* What stands in formats for reading for a cell that the disclosure rules hide (evidence.h): `<5` for 1..4 persons or rows,
 * `*` for others; and `total` for the key of a total. NULL for every other cell. In json both are null, and the row has a
 * member `hidden` with the names of its hidden columns and a member `totals` with those of the keys it is a total over; in
 * sqlite what is hidden is NULL, and a total the text `total`. */
const char *lots_sheet_mark(const lots_sheet *sheet, uint32_t row, uint32_t column, char room[16]);
bool lots_sheet_is_total(const lots_sheet *sheet, uint32_t row, uint32_t column);

/* Write the whole result; of html only its table (document.h makes the page).
 * A table on a terminal has its chart above it.
 * Errors: LOTS_IO of the sink, LOTS_MEMORY, LOTS_USAGE for sqlite, which is no text, and svg, which has no rows.   Cost: O(cells), twice for a table. */
LOTS_MUST lots_status lots_output_write(lots_format format, const lots_result *result,
                                        const lots_output_options *options, lots_sink *sink, lots_error *err);
/* The same into a new table of a SQLite file: see sqlite.h. */
LOTS_MUST lots_status lots_output_write_sqlite(const lots_result *result, const lots_output_options *options,
                                               struct lots_result_file *file, const char *table, lots_error *err);

#endif
