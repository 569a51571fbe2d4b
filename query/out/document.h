/* document.h: the results of a whole query as one file: what stands before, between and after them, and how they were made.
 *   csv, csv-se, tsv   provenance as comments, then results with an empty line between
 *   json               [ rows ]; several results are elements of one array; with provenance {"provenance":…,"rows":…}
 *   ndjson             with provenance a first line {"provenance":…}; then the rows of all results
 *   table, markdown    results with an empty line between, then the provenance
 *   html               a page that needs nothing else: charts, results, notes, provenance for people and as JSON
 *   svg                the charts alone, one below the other, with provenance as metadata
 *   sqlite             a table each: NAME, NAME_2, …
 * Callers: the commands, tests. */
#ifndef LOTS_OUT_DOCUMENT_H
#define LOTS_OUT_DOCUMENT_H

#include "query/out/output.h"
#include "query/out/provenance.h"

#define LOTS_HTML_PROVENANCE "<script type=\"application/json\" id=\"lots-provenance\">" /* rerun looks for it */
#define LOTS_SVG_PROVENANCE "<metadata id=\"lots-provenance\">" /* likewise */
#define LOTS_SVG_BEGIN "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

typedef struct lots_document {
    lots_format format;
    const lots_result *results; /* borrowed, as all here */
    uint32_t result_count;
    const lots_provenance *provenance; /* NULL: left out */
    const char *caption;               /* of a page: the query; NULL: none */
    size_t caption_bytes;
} lots_document;

/* Any format but sqlite. Errors: LOTS_IO, LOTS_MEMORY; LOTS_USAGE for svg when no result has a chart. */
LOTS_MUST lots_status lots_document_write(const lots_document *document, const lots_output_options *options,
                                          lots_sink *sink, lots_error *err);
/* `target`: FILE or FILE:TABLE (default `result`). All or nothing. Errors: as lots_result_file_open and lots_result_file_write. */
LOTS_MUST lots_status lots_document_write_sqlite(const lots_document *document, const lots_output_options *options,
                                                 const char *target, lots_error *err);

#endif
