/* markdown.c: see markdown.h. */
#include "query/out/markdown.h"

#include "query/out/markup.h"
#include "query/exec/value.h"

static lots_status put_cell(const lots_sheet *sheet, uint32_t row, uint32_t column, lots_bytes *cell, lots_bytes *out,
                            lots_error *err)
{
    const lots_vector *values = &sheet->columns[column].values;
    char room[16];
    const char *mark = lots_sheet_mark(sheet, row, column, room);
    if (mark != NULL)
        return lots_markup_markdown(mark, strlen(mark), out, err);
    if (lots_vector_is_missing(values, row) || values->type.kind == LOTS_TYPE_MISSING)
        return lots_bytes_put8(out, '-', err);
    cell->count = 0;
    LOTS_TRY(lots_value_append(sheet->options->schema, values, row, "; ", cell, err));
    if (sheet->comma)
        lots_value_comma(&values->type, cell, 0);
    if (cell->count == 1 && cell->data[0] == '-')
        return lots_bytes_append(out, "\\-", 2, err);
    return lots_markup_markdown((const char *)cell->data, cell->count, out, err);
}

static lots_status put_row(const lots_sheet *sheet, uint32_t row, lots_bytes *cell, lots_bytes *out, lots_error *err)
{
    for (uint32_t i = 0; i < sheet->column_count; i++) {
        LOTS_TRY(lots_bytes_append(out, i == 0 ? "| " : " | ", i == 0 ? 2 : 3, err));
        LOTS_TRY(put_cell(sheet, row, i, cell, out, err));
    }
    return lots_bytes_append(out, " |\n", 3, err);
}

static lots_status put_header(const lots_sheet *sheet, lots_bytes *out, lots_error *err)
{
    for (uint32_t i = 0; i < sheet->column_count; i++) {
        const char *name = sheet->columns[i].name;
        LOTS_TRY(lots_bytes_append(out, i == 0 ? "| " : " | ", i == 0 ? 2 : 3, err));
        LOTS_TRY(lots_markup_markdown(name, strlen(name), out, err));
    }
    LOTS_TRY(lots_bytes_append(out, " |\n|", 4, err));
    for (uint32_t i = 0; i < sheet->column_count; i++)
        LOTS_TRY(lots_bytes_printf(out, err, "%s", lots_value_is_number(sheet->columns[i].type.kind) ? " ---: |" : " --- |"));
    return lots_bytes_put8(out, '\n', err);
}

lots_status lots_markdown_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err)
{
    lots_bytes cell = {0};
    lots_status status = put_header(sheet, &sink->text, err);
    for (uint32_t row = 0; row < sheet->rows && status == LOTS_OK; row++) {
        status = put_row(sheet, row, &cell, &sink->text, err);
        if (status == LOTS_OK)
            status = lots_sink_pass(sink, err);
    }
    lots_bytes_free(&cell);
    return status;
}
