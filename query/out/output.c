/* output.c: see output.h. */
#include "query/out/output.h"

#include "core/base/memory.h"
#include "query/out/csv.h"
#include "query/out/json.h"
#include "query/out/table.h"

static const char *const format_names[] = {
#define X(name, text) text,
    LOTS_FORMAT_LIST(X)
#undef X
};

const char *lots_format_name(lots_format format) { return format < LOTS_FORMAT_COUNT ? format_names[format] : "?"; }

bool lots_format_parse(const char *name, lots_format *out)
{
    for (int i = 0; i < LOTS_FORMAT_COUNT; i++)
        if (strcmp(name, format_names[i]) == 0) {
            *out = (lots_format)i;
            return true;
        }
    return false;
}

bool lots_format_of_path(const char *path, lots_format *out)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && strchr(dot, '/') == NULL && lots_format_parse(dot + 1, out) && *out != LOTS_FORMAT_TABLE;
}

/* A column that the query itself called `patients` keeps its name. */
static const char *name_of_patients(const lots_result *result)
{
    for (uint32_t i = 0; i < result->column_count; i++)
        if (strcmp(result->columns[i].name, "patients") == 0)
            return "distinct_patients";
    return "patients";
}

/* The same number twice tells nothing. */
static bool shown_already(const lots_result *result)
{
    for (uint32_t i = 0; i < result->column_count; i++) {
        const lots_vector *values = &result->columns[i].values;
        if (strcmp(result->columns[i].name, "patients") != 0 || values->type.kind != LOTS_TYPE_INT || values->constant)
            continue;
        uint32_t row = 0;
        while (row < result->rows && !lots_vector_is_missing(values, row) &&
               ((const int64_t *)values->data)[row] == (int64_t)result->patients[row])
            row++;
        return row == result->rows;
    }
    return false;
}

static void make_columns(const lots_result *result, lots_result_column *columns, int64_t *numbers,
                         uint32_t *column_count)
{
    for (uint32_t i = 0; i < result->column_count; i++)
        columns[i] = result->columns[i];
    *column_count = result->column_count;
    if (result->patients == NULL || shown_already(result))
        return;
    for (uint32_t row = 0; row < result->rows; row++)
        numbers[row] = (int64_t)result->patients[row];
    lots_type type = {.kind = LOTS_TYPE_INT};
    columns[result->column_count] = (lots_result_column){
        .name = name_of_patients(result), .type = type, .values = {.type = type, .count = result->rows, .data = numbers}};
    *column_count += 1;
}

static lots_status write_sheet(lots_format format, const lots_sheet *sheet, lots_sink *sink, lots_error *err)
{
    switch (format) {
    case LOTS_FORMAT_TABLE: return lots_table_write(sheet, sink, err);
    case LOTS_FORMAT_CSV: return lots_csv_write(sheet, sink, err);
    case LOTS_FORMAT_JSON: return lots_json_write(sheet, sink, err);
    case LOTS_FORMAT_COUNT: break;
    }
    return lots_fail(err, LOTS_INTERNAL, "no format number %d", (int)format);
}

lots_status lots_output_write(lots_format format, const lots_result *result, const lots_output_options *options,
                              lots_sink *sink, lots_error *err)
{
    static const lots_output_options plain;
    void *columns = NULL, *numbers = NULL;
    lots_sheet sheet = {.rows = result->rows, .options = options != NULL ? options : &plain};
    lots_status status = lots_alloc(&columns, (size_t)result->column_count + 1, sizeof(lots_result_column), err);
    if (status == LOTS_OK && result->patients != NULL)
        status = lots_alloc(&numbers, result->rows, sizeof(int64_t), err);
    if (status == LOTS_OK)
        make_columns(result, columns, numbers, &sheet.column_count);
    sheet.columns = columns;
    if (status == LOTS_OK)
        status = write_sheet(format, &sheet, sink, err);
    lots_free(numbers);
    lots_free(columns);
    return status;
}
