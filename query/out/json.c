/* json.c: see json.h. */
#include "query/out/json.h"

#include <math.h>
#include <utf8proc.h>

#include "query/exec/value.h"

static lots_status escape_control(uint8_t c, lots_bytes *out, lots_error *err)
{
    static const char letters[] = "btn_fr"; /* 8, 9, 10, 12, 13 */
    if (c >= 8 && c <= 13 && c != 11)
        return lots_bytes_printf(out, err, "\\%c", letters[c - 8]);
    return lots_bytes_printf(out, err, "\\u%04x", (unsigned)c);
}

lots_status lots_json_string(const char *text, size_t bytes, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(out, '"', err));
    for (size_t i = 0; i < bytes;) {
        uint8_t c = (uint8_t)text[i];
        utf8proc_int32_t point = 0;
        if (c < 0x20) {
            LOTS_TRY(escape_control(c, out, err));
            i++;
            continue;
        }
        if (c == '"' || c == '\\')
            LOTS_TRY(lots_bytes_put8(out, '\\', err));
        utf8proc_ssize_t width =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(bytes - i), &point);
        if (width > 0)
            LOTS_TRY(lots_bytes_append(out, text + i, (size_t)width, err));
        else
            LOTS_TRY(lots_bytes_append(out, "\xef\xbf\xbd", 3, err));
        i += width > 0 ? (size_t)width : 1;
    }
    return lots_bytes_put8(out, '"', err);
}

/* Make a JSON string of what the buffer holds from `from` on. */
static lots_status string_since(lots_bytes *out, size_t from, lots_error *err)
{
    lots_bytes text = {0};
    lots_status status = lots_bytes_append(&text, out->data + from, out->count - from, err);
    out->count = from;
    if (status == LOTS_OK)
        status = lots_json_string((const char *)text.data, text.count, out, err);
    lots_bytes_free(&text);
    return status;
}

static lots_status write_item(const lots_sheet *sheet, const lots_vector *values, lots_type_kind kind, uint32_t at,
                              lots_bytes *out, lots_error *err)
{
    size_t from = out->count;
    if (kind == LOTS_TYPE_MISSING || (kind == LOTS_TYPE_FLOAT && !isfinite(((const double *)values->data)[at])))
        return lots_bytes_append(out, "null", 4, err);
    LOTS_TRY(lots_value_item(sheet->options->schema, values, kind, at, out, err));
    bool bare = lots_value_is_number(kind) || kind == LOTS_TYPE_BOOL;
    return bare ? LOTS_OK : string_since(out, from, err);
}

lots_status lots_json_value(const lots_sheet *sheet, uint32_t row, uint32_t column, lots_bytes *out, lots_error *err)
{
    const lots_vector *values = &sheet->columns[column].values;
    uint32_t at = values->constant ? 0 : row;
    char room[16];
    if (lots_vector_is_missing(values, row) || lots_sheet_mark(sheet, row, column, room) != NULL)
        return lots_bytes_append(out, "null", 4, err);
    if (values->type.kind != LOTS_TYPE_SET)
        return write_item(sheet, values, values->type.kind, at, out, err);
    LOTS_TRY(lots_bytes_put8(out, '[', err));
    for (uint32_t i = values->offsets[at]; i < values->offsets[at + 1]; i++) {
        if (i > values->offsets[at])
            LOTS_TRY(lots_bytes_put8(out, ',', err));
        LOTS_TRY(write_item(sheet, values, values->type.element, i, out, err));
    }
    return lots_bytes_put8(out, ']', err);
}

/* The names of the row's hidden columns, or of those it is a total over, when it has any. */
static lots_status write_marked(const lots_sheet *sheet, uint32_t row, bool totals, lots_bytes *out, lots_error *err)
{
    char room[16];
    bool any = false;
    for (uint32_t column = 0; column < sheet->column_count; column++) {
        const char *name = sheet->columns[column].name;
        if (lots_sheet_mark(sheet, row, column, room) == NULL || lots_sheet_is_total(sheet, row, column) != totals)
            continue;
        LOTS_TRY(lots_bytes_printf(out, err, "%s", any ? "," : totals ? ",\"totals\":[" : ",\"hidden\":["));
        LOTS_TRY(lots_json_string(name, strlen(name), out, err));
        any = true;
    }
    return any ? lots_bytes_put8(out, ']', err) : LOTS_OK;
}

static lots_status write_object(const lots_sheet *sheet, uint32_t row, lots_bytes *out, lots_error *err)
{
    for (uint32_t column = 0; column < sheet->column_count; column++) {
        const char *name = sheet->columns[column].name;
        LOTS_TRY(lots_bytes_put8(out, column == 0 ? '{' : ',', err));
        LOTS_TRY(lots_json_string(name, strlen(name), out, err));
        LOTS_TRY(lots_bytes_put8(out, ':', err));
        LOTS_TRY(lots_json_value(sheet, row, column, out, err));
    }
    LOTS_TRY(write_marked(sheet, row, false, out, err));
    LOTS_TRY(write_marked(sheet, row, true, out, err));
    return lots_bytes_append(out, sheet->column_count == 0 ? "{}" : "}", sheet->column_count == 0 ? 2 : 1, err);
}

lots_status lots_json_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(&sink->text, '[', err));
    for (uint32_t row = 0; row < sheet->rows; row++) {
        LOTS_TRY(lots_sink_text(sink, row == 0 ? "\n" : ",\n", err));
        LOTS_TRY(write_object(sheet, row, &sink->text, err));
        LOTS_TRY(lots_sink_pass(sink, err));
    }
    return lots_sink_text(sink, sheet->rows == 0 ? "]" : "\n]", err);
}

lots_status lots_ndjson_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err)
{
    for (uint32_t row = 0; row < sheet->rows; row++) {
        LOTS_TRY(write_object(sheet, row, &sink->text, err));
        LOTS_TRY(lots_bytes_put8(&sink->text, '\n', err));
        LOTS_TRY(lots_sink_pass(sink, err));
    }
    return LOTS_OK;
}
