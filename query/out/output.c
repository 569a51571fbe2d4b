/* output.c: see output.h. */
#include "query/out/output.h"

#include "core/base/memory.h"
#include "query/exec/evidence.h"
#include "query/out/csv.h"
#include "query/out/html.h"
#include "query/out/json.h"
#include "query/out/markdown.h"
#include "query/out/sqlite.h"
#include "query/out/table.h"
#include "query/out/text_chart.h"
#include "query/out/tsv.h"

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
    static const struct {
        const char *end;
        lots_format format;
    } others[] = {{"jsonl", LOTS_FORMAT_NDJSON}, {"md", LOTS_FORMAT_MARKDOWN}, {"htm", LOTS_FORMAT_HTML},
                  {"db", LOTS_FORMAT_SQLITE}};
    const char *dot = strrchr(path, '.');
    char end[16];
    size_t bytes = dot == NULL ? 0 : strcspn(dot + 1, ":");
    if (dot == NULL || strchr(dot, '/') != NULL || bytes >= sizeof end)
        return false;
    memcpy(end, dot + 1, bytes);
    end[bytes] = '\0';
    bool found = lots_format_parse(end, out) && *out != LOTS_FORMAT_TABLE;
    for (size_t i = 0; i < sizeof others / sizeof *others && !found; i++)
        if (strcmp(end, others[i].end) == 0) {
            *out = others[i].format;
            found = true;
        }
    return found && (dot[1 + bytes] == '\0' || *out == LOTS_FORMAT_SQLITE);
}

/* A column that the query itself called `patients` keeps its name. */
static const char *name_of_patients(const lots_result *result, bool swedish)
{
    const char *name = swedish ? "patienter" : "patients";
    for (uint32_t i = 0; i < result->column_count; i++)
        if (strcmp(result->columns[i].name, name) == 0)
            return swedish ? "olika_patienter" : "distinct_patients";
    return name;
}

const char *lots_sheet_mark(const lots_sheet *sheet, uint32_t row, uint32_t column, char room[16])
{
    const uint8_t *marks = sheet->columns[column].marks;
    if (marks == NULL || marks[row] == LOTS_MARK_SHOWN)
        return NULL;
    if (marks[row] == LOTS_MARK_TOTAL)
        return sheet->swedish ? "totalt" : "total";
    if (marks[row] != LOTS_MARK_SMALL)
        return "*";
    room[0] = '<';
    room[1 + lots_whole_text(sheet->min_cell, room + 1)] = '\0';
    return room;
}

bool lots_sheet_is_total(const lots_sheet *sheet, uint32_t row, uint32_t column)
{
    return sheet->columns[column].marks != NULL && sheet->columns[column].marks[row] == LOTS_MARK_TOTAL;
}

static bool same_person_count(const lots_result *result, const lots_result_column *column, uint32_t row)
{
    unsigned mark = column->marks == NULL ? LOTS_MARK_SHOWN : column->marks[row];
    unsigned behind = result->patients_marks == NULL ? LOTS_MARK_SHOWN : result->patients_marks[row];
    if (mark != LOTS_MARK_SHOWN || behind != LOTS_MARK_SHOWN)
        return mark == behind;
    return !lots_vector_is_missing(&column->values, row) &&
           ((const int64_t *)column->values.data)[row] == (int64_t)result->patients[row];
}

/* The same number twice tells nothing. */
static bool shown_already(const lots_result *result)
{
    for (uint32_t i = 0; i < result->column_count; i++) {
        const lots_vector *values = &result->columns[i].values;
        if (strcmp(result->columns[i].name, "patients") != 0 || values->type.kind != LOTS_TYPE_INT || values->constant)
            continue;
        uint32_t row = 0;
        while (row < result->rows && same_person_count(result, &result->columns[i], row))
            row++;
        return row == result->rows;
    }
    return false;
}

static void make_columns(const lots_result *result, bool swedish, lots_result_column *columns, int64_t *numbers,
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
        .name = name_of_patients(result, swedish), .type = type, .marks = result->patients_marks, .values = {.type = type, .count = result->rows, .data = numbers}};
    *column_count += 1;
}

/* Where a sheet goes. */
typedef struct target {
    lots_format format;
    lots_sink *sink;
    lots_result_file *file; /* of SQLITE, with the table's name */
    const char *table;
} target;

static lots_status write_sheet(const target *to, const lots_sheet *sheet, lots_error *err)
{
    switch (to->format) {
    case LOTS_FORMAT_TABLE: return lots_table_write(sheet, to->sink, err);
    case LOTS_FORMAT_CSV: return lots_csv_write(sheet, ',', to->sink, err);
    case LOTS_FORMAT_CSV_SE: return lots_csv_write(sheet, ';', to->sink, err);
    case LOTS_FORMAT_TSV: return lots_tsv_write(sheet, to->sink, err);
    case LOTS_FORMAT_JSON: return lots_json_write(sheet, to->sink, err);
    case LOTS_FORMAT_NDJSON: return lots_ndjson_write(sheet, to->sink, err);
    case LOTS_FORMAT_MARKDOWN: return lots_markdown_write(sheet, to->sink, err);
    case LOTS_FORMAT_HTML: return lots_html_write(sheet, to->sink, err);
    case LOTS_FORMAT_SQLITE:
        if (to->file == NULL)
            return lots_fail(err, LOTS_USAGE, "a SQLite file is no text: it can't be written here");
        return lots_result_file_write(sheet, to->file, to->table, err);
    case LOTS_FORMAT_SVG: return lots_fail(err, LOTS_USAGE, "a picture has no rows: it is written as a document");
    case LOTS_FORMAT_COUNT: break;
    }
    return lots_fail(err, LOTS_INTERNAL, "no format number %d", (int)to->format);
}

/* Formats that programs read keep their names and their decimal points whatever the language. */
static bool is_for_reading(lots_format format)
{
    return format != LOTS_FORMAT_JSON && format != LOTS_FORMAT_NDJSON && format != LOTS_FORMAT_SQLITE;
}

static lots_status write_to(const target *to, const lots_result *result, const lots_output_options *options,
                            lots_error *err)
{
    static const lots_output_options plain;
    void *columns = NULL, *numbers = NULL;
    if (to->format == LOTS_FORMAT_TABLE && result->outline != NULL)
        return lots_sink_text(to->sink, result->outline, err);
    lots_sheet sheet = {.rows = result->rows, .min_cell = result->min_cell, .options = options != NULL ? options : &plain};
    bool swedish = sheet.options->swedish && is_for_reading(to->format);
    sheet.swedish = swedish;
    sheet.comma = swedish || to->format == LOTS_FORMAT_CSV_SE;
    lots_status status = lots_alloc(&columns, (size_t)result->column_count + 1, sizeof(lots_result_column), err);
    if (status == LOTS_OK && result->patients != NULL)
        status = lots_alloc(&numbers, result->rows, sizeof(int64_t), err);
    if (status == LOTS_OK)
        make_columns(result, swedish, columns, numbers, &sheet.column_count);
    sheet.columns = columns;
    if (status == LOTS_OK)
        status = write_sheet(to, &sheet, err);
    lots_free(numbers);
    lots_free(columns);
    return status;
}

static lots_status write_text_chart(const lots_result *result, const lots_output_options *options, lots_sink *sink,
                                    lots_error *err)
{
    lots_plot plot;
    lots_status status = lots_plot_make(result, options, &plot, err);
    if (status == LOTS_OK)
        status = lots_text_chart_write(&plot, options, &sink->text, err);
    lots_plot_free(&plot);
    return status;
}

lots_status lots_output_write(lots_format format, const lots_result *result, const lots_output_options *options,
                              lots_sink *sink, lots_error *err)
{
    target to = {.format = format, .sink = sink};
    if (format == LOTS_FORMAT_CSV_SE && (options == NULL || !options->continued))
        LOTS_TRY(lots_sink_text(sink, LOTS_CSV_BOM, err));
    if (format == LOTS_FORMAT_TABLE && options != NULL && options->terminal && result->chart != NULL)
        LOTS_TRY(write_text_chart(result, options, sink, err));
    return write_to(&to, result, options, err);
}

lots_status lots_output_write_sqlite(const lots_result *result, const lots_output_options *options,
                                     lots_result_file *file, const char *table, lots_error *err)
{
    target to = {.format = LOTS_FORMAT_SQLITE, .file = file, .table = table};
    return write_to(&to, result, options, err);
}
