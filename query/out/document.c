/* document.c: see document.h. */
#include "query/out/document.h"

#include <stdio.h>

#include "core/base/memory.h"
#include "query/out/csv.h"
#include "query/out/markup.h"
#include "query/out/sqlite.h"
#include "query/out/svg.h"

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
    "svg { max-width: 100%; height: auto; display: block; margin: 1em 0 }\n"
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

/* Inside an element nothing is escaped but what could end it, and in XML what begins an entity or is no character of it:
 * JSON has its own way to write them. */
static lots_status put_json(const lots_bytes *json, bool xml, lots_bytes *out, lots_error *err)
{
    for (size_t i = 0; i < json->count; i++) {
        const uint8_t *c = &json->data[i];
        if (*c == '<' || (xml && (*c == '&' || *c == '>'))) {
            LOTS_TRY(lots_bytes_printf(out, err, "\\u%04x", *c));
        } else if (xml && json->count - i > 2 && c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe) {
            LOTS_TRY(lots_bytes_printf(out, err, "\\uff%02x", c[2] == 0xbe ? 0xfe : 0xff));
            i += 2;
        } else {
            LOTS_TRY(lots_bytes_put8(out, *c, err));
        }
    }
    return LOTS_OK;
}

static lots_status put_provenance(const lots_provenance *provenance, bool xml, lots_bytes *out, lots_error *err)
{
    lots_bytes json = {0};
    lots_status status = lots_provenance_json(provenance, &json, err);
    if (status == LOTS_OK)
        status = lots_bytes_printf(out, err, "%s", xml ? LOTS_SVG_PROVENANCE : LOTS_HTML_PROVENANCE);
    if (status == LOTS_OK)
        status = put_json(&json, xml, out, err);
    lots_bytes_free(&json);
    LOTS_TRY(status);
    return lots_bytes_printf(out, err, "%s", xml ? "</metadata>\n" : "</script>\n");
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
        LOTS_TRY(put_provenance(document->provenance, false, out, err));
    }
    return lots_bytes_printf(out, err, "</body>\n</html>\n");
}

/* ---- charts ---- */

/* `top`, `height`: as lots_svg_write has them. */
static lots_status put_chart(const lots_result *result, uint32_t number, int top, const lots_output_options *options,
                             lots_bytes *out, uint32_t *height, lots_error *err)
{
    lots_plot plot;
    lots_status status = lots_plot_make(result, options, &plot, err);
    if (status == LOTS_OK)
        status = lots_svg_write(&plot, number, top, out, height, err);
    lots_plot_free(&plot);
    return status;
}

/* All charts, with the height of them together. */
static lots_status stack_charts(const lots_document *document, const lots_output_options *options, lots_bytes *out,
                                uint32_t *height, lots_error *err)
{
    for (uint32_t i = 0, number = 0; i < document->result_count; i++) {
        uint32_t own = 0;
        if (document->results[i].chart == NULL)
            continue;
        LOTS_TRY(put_chart(&document->results[i], ++number, (int)*height, options, out, &own, err));
        *height += own;
    }
    if (*height == 0)
        return lots_fail(err, LOTS_USAGE, "there is nothing to draw: no question ends in `chart`");
    return LOTS_OK;
}

static lots_status write_picture(const lots_document *document, const lots_output_options *options, lots_sink *sink,
                                 lots_error *err)
{
    lots_bytes charts = {0}, *out = &sink->text;
    uint32_t height = 0;
    lots_status status = stack_charts(document, options, &charts, &height, err);
    if (status == LOTS_OK)
        status = lots_bytes_printf(out, err, LOTS_SVG_BEGIN "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
                                             "viewBox=\"0 0 %d %u\">\n", (int)LOTS_SVG_WIDTH, height, (int)LOTS_SVG_WIDTH, height);
    if (status == LOTS_OK)
        status = lots_bytes_append(out, charts.data, charts.count, err);
    lots_bytes_free(&charts);
    LOTS_TRY(status);
    if (document->provenance != NULL)
        LOTS_TRY(put_provenance(document->provenance, true, out, err));
    return lots_bytes_printf(out, err, "</svg>\n");
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
    if (document->format == LOTS_FORMAT_SVG)
        return write_picture(document, options, sink, err);
    LOTS_TRY(put_before(document, options->swedish, sink, err));
    for (uint32_t i = 0; i < document->result_count; i++) {
        LOTS_TRY(put_between(document, i, sink, err));
        if (document->format == LOTS_FORMAT_HTML && document->results[i].chart != NULL)
            LOTS_TRY(put_chart(&document->results[i], i + 1, -1, options, &sink->text, NULL, err));
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
