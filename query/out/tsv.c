/* tsv.c: see tsv.h. */
#include "query/out/tsv.h"

#include "query/exec/value.h"

static lots_status put_escaped(const uint8_t *text, size_t bytes, lots_bytes *out, lots_error *err)
{
    static const char special[] = "\t\n\r\\", letters[] = "tnr\\";
    for (size_t i = 0; i < bytes; i++) {
        const char *found = text[i] == '\0' ? NULL : strchr(special, text[i]);
        if (found != NULL)
            LOTS_TRY(lots_bytes_put8(out, '\\', err));
        LOTS_TRY(lots_bytes_put8(out, found != NULL ? (uint8_t)letters[found - special] : text[i], err));
    }
    return LOTS_OK;
}

static lots_status put_row(const lots_sheet *sheet, uint32_t row, lots_bytes *cell, lots_bytes *out, lots_error *err)
{
    for (uint32_t i = 0; i < sheet->column_count; i++) {
        const lots_vector *values = &sheet->columns[i].values;
        char room[16];
        const char *mark = lots_sheet_mark(sheet, row, i, room);
        cell->count = 0;
        if (mark != NULL)
            LOTS_TRY(lots_bytes_append(cell, mark, strlen(mark), err));
        else
            LOTS_TRY(lots_value_append(sheet->options->schema, values, row, " ", cell, err));
        if (sheet->comma && mark == NULL)
            lots_value_comma(&values->type, cell, 0);
        LOTS_TRY(put_escaped(cell->data, cell->count, out, err));
        LOTS_TRY(lots_bytes_put8(out, i + 1 == sheet->column_count ? '\n' : '\t', err));
    }
    return LOTS_OK;
}

lots_status lots_tsv_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err)
{
    lots_bytes cell = {0};
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < sheet->column_count; i++) {
        const char *name = sheet->columns[i].name;
        LOTS_TRY(put_escaped((const uint8_t *)name, strlen(name), &sink->text, err));
        LOTS_TRY(lots_bytes_put8(&sink->text, i + 1 == sheet->column_count ? '\n' : '\t', err));
    }
    for (uint32_t row = 0; row < sheet->rows && status == LOTS_OK; row++) {
        status = put_row(sheet, row, &cell, &sink->text, err);
        if (status == LOTS_OK)
            status = lots_sink_pass(sink, err);
    }
    lots_bytes_free(&cell);
    return status;
}
