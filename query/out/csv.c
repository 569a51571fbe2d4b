/* csv.c: see csv.h. */
#include "query/out/csv.h"

#include "query/exec/value.h"

/* Quotes around text[from..] of the buffer when it needs them; quotes inside are doubled. */
static lots_status quote_since(lots_bytes *out, size_t from, char separator, bool always, lots_error *err)
{
    size_t quotes = 0, end = out->count;
    bool needs = always;
    for (size_t i = from; i < end; i++) {
        uint8_t c = out->data[i];
        quotes += c == '"';
        needs = needs || c == '"' || c == (uint8_t)separator || c == '\n' || c == '\r';
    }
    needs = needs || (end > from && (out->data[from] == ' ' || out->data[end - 1] == ' '));
    if (!needs)
        return LOTS_OK;
    LOTS_TRY(lots_bytes_reserve(out, quotes + 2, err));
    size_t to = end + quotes + 2;
    out->count = to;
    out->data[--to] = '"';
    for (size_t i = end; i > from; i--) {
        out->data[--to] = out->data[i - 1];
        if (out->data[i - 1] == '"')
            out->data[--to] = '"';
    }
    out->data[--to] = '"';
    return LOTS_OK;
}

static lots_status write_field(const lots_sheet *sheet, uint32_t row, uint32_t column, char separator, lots_bytes *out,
                               lots_error *err)
{
    const lots_vector *values = &sheet->columns[column].values;
    size_t from = out->count;
    bool missing = lots_vector_is_missing(values, row);
    char room[16];
    const char *mark = lots_sheet_mark(sheet, row, column, room);
    if (mark != NULL)
        return lots_bytes_append(out, mark, strlen(mark), err);
    LOTS_TRY(lots_value_append(sheet->options->schema, values, row, " ", out, err));
    if (sheet->comma)
        lots_value_comma(&values->type, out, from);
    bool empty = out->count == from && (sheet->column_count == 1 || (!missing && values->type.kind == LOTS_TYPE_TEXT));
    return quote_since(out, from, separator, empty, err);
}

lots_status lots_csv_write(const lots_sheet *sheet, char separator, lots_sink *sink, lots_error *err)
{
    lots_bytes *out = &sink->text;
    for (uint32_t column = 0; column < sheet->column_count; column++) {
        if (column > 0)
            LOTS_TRY(lots_bytes_put8(out, (uint8_t)separator, err));
        size_t from = out->count;
        LOTS_TRY(lots_sink_text(sink, sheet->columns[column].name, err));
        LOTS_TRY(quote_since(out, from, separator, false, err));
    }
    LOTS_TRY(lots_bytes_put8(out, '\n', err));
    for (uint32_t row = 0; row < sheet->rows; row++) {
        for (uint32_t column = 0; column < sheet->column_count; column++) {
            if (column > 0)
                LOTS_TRY(lots_bytes_put8(out, (uint8_t)separator, err));
            LOTS_TRY(write_field(sheet, row, column, separator, out, err));
        }
        LOTS_TRY(lots_bytes_put8(out, '\n', err));
        LOTS_TRY(lots_sink_pass(sink, err));
    }
    return LOTS_OK;
}
