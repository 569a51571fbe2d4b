/* html.c: see html.h. */
#include "query/out/html.h"

#include "query/out/markup.h"
#include "query/exec/value.h"

static lots_status put_cell(const lots_sheet *sheet, uint32_t row, uint32_t column, lots_bytes *cell, lots_bytes *out,
                            lots_error *err)
{
    const lots_vector *values = &sheet->columns[column].values;
    bool number = lots_value_is_number(sheet->columns[column].type.kind);
    char room[16];
    const char *mark = lots_sheet_mark(sheet, row, column, room);
    if (mark != NULL && lots_sheet_is_total(sheet, row, column))
        return lots_bytes_printf(out, err, "<td%s>%s</td>", number ? " class=\"number\"" : "", mark);
    if (mark != NULL)
        return lots_bytes_printf(out, err, "<td class=\"missing%s\">%s%s</td>", number ? " number" : "",
                                 mark[0] == '<' ? "&lt;" : "", mark[0] == '<' ? mark + 1 : mark);
    if (lots_vector_is_missing(values, row) || values->type.kind == LOTS_TYPE_MISSING)
        return lots_bytes_printf(out, err, "<td class=\"missing%s\">–</td>", number ? " number" : "");
    cell->count = 0;
    LOTS_TRY(lots_value_append(sheet->options->schema, values, row, "; ", cell, err));
    if (sheet->comma)
        lots_value_comma(&values->type, cell, 0);
    LOTS_TRY(lots_bytes_printf(out, err, "%s", number ? "<td class=\"number\">" : "<td>"));
    LOTS_TRY(lots_markup_html((const char *)cell->data, cell->count, out, err));
    return lots_bytes_append(out, "</td>", 5, err);
}

static lots_status put_row(const lots_sheet *sheet, uint32_t row, lots_bytes *cell, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_append(out, "<tr>", 4, err));
    for (uint32_t i = 0; i < sheet->column_count; i++)
        LOTS_TRY(put_cell(sheet, row, i, cell, out, err));
    return lots_bytes_append(out, "</tr>\n", 6, err);
}

static lots_status put_header(const lots_sheet *sheet, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(out, err, "<table>\n<thead>\n<tr>"));
    for (uint32_t i = 0; i < sheet->column_count; i++) {
        const lots_result_column *column = &sheet->columns[i];
        LOTS_TRY(lots_bytes_printf(out, err, "<th scope=\"col\"%s>",
                                   lots_value_is_number(column->type.kind) ? " class=\"number\"" : ""));
        LOTS_TRY(lots_markup_html(column->name, strlen(column->name), out, err));
        LOTS_TRY(lots_bytes_append(out, "</th>", 5, err));
    }
    return lots_bytes_printf(out, err, "</tr>\n</thead>\n<tbody>\n");
}

lots_status lots_html_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err)
{
    lots_bytes cell = {0};
    lots_status status = put_header(sheet, &sink->text, err);
    for (uint32_t row = 0; row < sheet->rows && status == LOTS_OK; row++) {
        status = put_row(sheet, row, &cell, &sink->text, err);
        if (status == LOTS_OK)
            status = lots_sink_pass(sink, err);
    }
    lots_bytes_free(&cell);
    LOTS_TRY(status);
    return lots_sink_text(sink, "</tbody>\n</table>\n", err);
}
