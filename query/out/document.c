/* document.c: see document.h. */
#include "query/out/document.h"

#include <stdio.h>

#include "core/base/memory.h"
#include "query/out/csv.h"
#include "query/out/markup.h"
#include "query/out/sqlite.h"

/* ---- a page ---- */

static const char page_head[] =
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n";
static const char page_style[] =
    "<style>\n"
    "body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #222;"
    " background: #fff }\n"
    "table { border-collapse: collapse; margin: 1em 0 }\n"
    "th, td { padding: .25em .8em; text-align: left; border-bottom: 1px solid #ddd; white-space: pre-wrap }\n"
    "th { border-bottom: 2px solid #555; position: sticky; top: 0; background: #fff }\n"
    ".number { text-align: right; font-variant-numeric: tabular-nums }\n"
    ".missing { color: #767676 }\n"
    "pre, dd { white-space: pre-wrap; font-family: ui-monospace, monospace; font-size: .9em }\n"
    "pre { background: #f5f5f5; padding: .8em 1em }\n"
    "dt { font-weight: 600; margin-top: .6em }\n"
    "dd { margin: 0 0 0 1.5em }\n"
    "@media print { th { position: static } pre { background: none; border: 1px solid #ddd } }\n"
    "</style>\n";

static lots_status begin_page(const lots_document *document, bool swedish, lots_sink *sink, lots_error *err)
{
    lots_bytes *out = &sink->text;
    LOTS_TRY(lots_bytes_printf(out, err, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n%s<title>%s</title>\n%s</head>\n",
                               swedish ? "sv" : "en", page_head, swedish ? "Lots: resultat" : "Lots: result", page_style));
    LOTS_TRY(lots_bytes_printf(out, err, "<body>\n"));
    if (document->caption != NULL) {
        LOTS_TRY(lots_bytes_printf(out, err, "<pre class=\"query\">"));
        LOTS_TRY(lots_markup_html(document->caption, document->caption_bytes, out, err));
        LOTS_TRY(lots_bytes_printf(out, err, "</pre>\n"));
    }
    return lots_bytes_printf(out, err, "<main>\n");
}

static lots_status put_notes(const lots_result *result, lots_bytes *out, lots_error *err)
{
    if (result->note_count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_bytes_printf(out, err, "<ul class=\"notes\">\n"));
    for (uint32_t i = 0; i < result->note_count; i++) {
        LOTS_TRY(lots_bytes_printf(out, err, "<li>"));
        LOTS_TRY(lots_markup_html(result->notes[i], strlen(result->notes[i]), out, err));
        LOTS_TRY(lots_bytes_printf(out, err, "</li>\n"));
    }
    return lots_bytes_printf(out, err, "</ul>\n");
}

/* Inside a script element nothing is escaped but what could end it. */
static lots_status put_script(const lots_provenance *provenance, lots_bytes *out, lots_error *err)
{
    lots_bytes json = {0};
    lots_status status = lots_provenance_json(provenance, &json, err);
    if (status == LOTS_OK)
        status = lots_bytes_printf(out, err, "%s", LOTS_HTML_PROVENANCE);
    for (size_t i = 0; i < json.count && status == LOTS_OK; i++)
        status = json.data[i] == '<' ? lots_bytes_append(out, "\\u003c", 6, err)
                                     : lots_bytes_put8(out, json.data[i], err);
    lots_bytes_free(&json);
    LOTS_TRY(status);
    return lots_bytes_printf(out, err, "</script>\n");
}

static lots_status end_page(const lots_document *document, bool swedish, lots_sink *sink, lots_error *err)
{
    lots_bytes *out = &sink->text;
    LOTS_TRY(lots_bytes_printf(out, err, "</main>\n"));
    if (document->provenance != NULL) {
        LOTS_TRY(lots_bytes_printf(out, err, "<details>\n<summary>%s</summary>\n",
                                   swedish ? "Hur resultatet gjordes" : "How this was made"));
        LOTS_TRY(lots_provenance_html(document->provenance, swedish, out, err));
        LOTS_TRY(lots_bytes_printf(out, err, "</details>\n"));
        LOTS_TRY(put_script(document->provenance, out, err));
    }
    return lots_bytes_printf(out, err, "</body>\n</html>\n");
}

/* ---- before, between and after ---- */

static lots_status put_before(const lots_document *document, bool swedish, lots_sink *sink, lots_error *err)
{
    const lots_provenance *made = document->provenance;
    lots_bytes *out = &sink->text;
    switch (document->format) {
    case LOTS_FORMAT_HTML: return begin_page(document, swedish, sink, err);
    case LOTS_FORMAT_CSV_SE:
        LOTS_TRY(lots_bytes_append(out, LOTS_CSV_BOM, 3, err));
        return made == NULL ? LOTS_OK : lots_provenance_comments(made, out, err);
    case LOTS_FORMAT_CSV:
    case LOTS_FORMAT_TSV: return made == NULL ? LOTS_OK : lots_provenance_comments(made, out, err);
    case LOTS_FORMAT_JSON:
    case LOTS_FORMAT_NDJSON:
        if (made == NULL)
            return LOTS_OK;
        LOTS_TRY(lots_bytes_printf(out, err, "{\"provenance\":"));
        LOTS_TRY(lots_provenance_json(made, out, err));
        return lots_bytes_printf(out, err, "%s", document->format == LOTS_FORMAT_JSON ? ",\n\"rows\":" : "}\n");
    default: return LOTS_OK;
    }
}

static lots_status put_between(const lots_document *document, uint32_t index, lots_sink *sink, lots_error *err)
{
    bool several = document->result_count > 1;
    switch (document->format) {
    case LOTS_FORMAT_JSON: return lots_sink_text(sink, !several ? "" : index == 0 ? "[" : ",\n", err);
    case LOTS_FORMAT_NDJSON:
    case LOTS_FORMAT_HTML: return LOTS_OK;
    default: return lots_sink_text(sink, index == 0 ? "" : "\n", err);
    }
}

static lots_status put_after(const lots_document *document, bool swedish, lots_sink *sink, lots_error *err)
{
    const lots_provenance *made = document->provenance;
    switch (document->format) {
    case LOTS_FORMAT_HTML: return end_page(document, swedish, sink, err);
    case LOTS_FORMAT_JSON:
        LOTS_TRY(lots_sink_text(sink, document->result_count > 1 ? "]" : "", err));
        return lots_sink_text(sink, made != NULL ? "}\n" : "\n", err);
    case LOTS_FORMAT_TABLE:
    case LOTS_FORMAT_MARKDOWN:
        if (made == NULL)
            return LOTS_OK;
        LOTS_TRY(lots_sink_text(sink, "\n", err));
        return document->format == LOTS_FORMAT_TABLE ? lots_provenance_plain(made, swedish, &sink->text, err)
                                                     : lots_provenance_markdown(made, swedish, &sink->text, err);
    default: return LOTS_OK;
    }
}

lots_status lots_document_write(const lots_document *document, const lots_output_options *options, lots_sink *sink,
                                lots_error *err)
{
    lots_output_options each = *options;
    each.continued = true; /* the byte order mark stands before the provenance */
    LOTS_TRY(put_before(document, options->swedish, sink, err));
    for (uint32_t i = 0; i < document->result_count; i++) {
        LOTS_TRY(put_between(document, i, sink, err));
        LOTS_TRY(lots_output_write(document->format, &document->results[i], &each, sink, err));
        if (document->format == LOTS_FORMAT_HTML)
            LOTS_TRY(put_notes(&document->results[i], &sink->text, err));
    }
    return put_after(document, options->swedish, sink, err);
}

/* ---- a SQLite file ---- */

static lots_status write_tables(const lots_document *document, const lots_output_options *options, lots_result_file *file,
                                const char *table, lots_error *err)
{
    char name[256];
    lots_bytes json = {0};
    for (uint32_t i = 0; i < document->result_count; i++) {
        char number[16] = "";
        if (i > 0)
            snprintf(number, sizeof number, "_%u", i + 1);
        snprintf(name, sizeof name, "%s%s", table, number);
        LOTS_TRY(lots_output_write_sqlite(&document->results[i], options, file, name, err));
    }
    if (document->provenance != NULL) {
        lots_status status = lots_provenance_json(document->provenance, &json, err);
        if (status == LOTS_OK)
            status = lots_result_file_provenance(file, table, (const char *)json.data, json.count, err);
        lots_bytes_free(&json);
        LOTS_TRY(status);
    }
    return lots_result_file_commit(file, err);
}

lots_status lots_document_write_sqlite(const lots_document *document, const lots_output_options *options,
                                       const char *target, lots_error *err)
{
    const char *colon = strrchr(target, ':'), *table = "result";
    char *path = NULL;
    lots_result_file *file = NULL;
    size_t path_bytes = strlen(target);
    if (colon != NULL && strchr(colon, '/') == NULL) {
        table = colon + 1;
        path_bytes = (size_t)(colon - target);
    }
    if (path_bytes == 0 || table[0] == '\0' || strlen(table) > 200)
        return lots_fail(err, LOTS_USAGE, "'%s' is no FILE or FILE:TABLE", target);
    LOTS_TRY(lots_text_copy(&path, target, path_bytes, err));
    lots_status status = lots_result_file_open(&file, path, err);
    lots_free(path);
    LOTS_TRY(status);
    status = write_tables(document, options, file, table, err);
    lots_result_file_close(file);
    return status;
}
