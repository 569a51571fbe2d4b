/* provenance.h: how a result was made, as a list of facts with names, in the order they were added. Each fact has a form for
 * programs (JSON on one line) and one for people (lines of text). Whoever runs a query gathers the facts (query/cli/made.c);
 * here they are kept and written in the form each format has room for:
 *   json, ndjson, html, sqlite   an object     csv, csv-se, tsv   lines `# name: JSON` before the header
 *   table, markdown, html        a list for people after the result */
#ifndef LOTS_OUT_PROVENANCE_H
#define LOTS_OUT_PROVENANCE_H

#include "core/base/vec.h"
#include "query/out/sink.h"

typedef struct lots_provenance {
    lots_vec facts; /* lots_provenance_fact */
    lots_bytes text;
} lots_provenance;

typedef struct lots_provenance_fact {
    const char *name; /* a literal */
    size_t json, json_bytes, shown, shown_bytes; /* places in `text` */
} lots_provenance_fact;

lots_provenance lots_provenance_begin(void);
void lots_provenance_free(lots_provenance *provenance);
/* A fact that is a text. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_provenance_text(lots_provenance *provenance, const char *name, const char *text, size_t bytes,
                                           lots_error *err);
/* A fact with both of its forms; `json` is one line of JSON, `shown` lines for people (a last line feed is dropped). */
LOTS_MUST lots_status lots_provenance_fact_put(lots_provenance *provenance, const char *name, const lots_bytes *json,
                                               const lots_bytes *shown, lots_error *err);

/* {"name":…,…} on one line. */
LOTS_MUST lots_status lots_provenance_json(const lots_provenance *provenance, lots_bytes *out, lots_error *err);
LOTS_MUST lots_status lots_provenance_comments(const lots_provenance *provenance, lots_bytes *out, lots_error *err);
/* Lists for people, without facts that are empty; `swedish`: their names in Swedish. */
LOTS_MUST lots_status lots_provenance_plain(const lots_provenance *provenance, bool swedish, lots_bytes *out,
                                            lots_error *err);
LOTS_MUST lots_status lots_provenance_markdown(const lots_provenance *provenance, bool swedish, lots_bytes *out,
                                               lots_error *err);
LOTS_MUST lots_status lots_provenance_html(const lots_provenance *provenance, bool swedish, lots_bytes *out,
                                           lots_error *err);

#endif
