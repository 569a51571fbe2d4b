/* table.c: see table.h. Two walks over the cells: one for the widths, one to write. */
#include "query/out/table.h"

#include <math.h>
#include <utf8proc.h>

#include "core/base/memory.h"
#include "query/exec/value.h"

enum {
    TEXT_COLUMNS_MAX = 60, /* a longer text is cut on a terminal */
    DECIMALS_SHORTEST = -1 /* floats too small to be rounded to a few decimals */
};

typedef struct column_shape {
    uint32_t width;
    bool number;
    int decimals; /* of a FLOAT column */
} column_shape;

typedef struct table {
    const lots_sheet *sheet;
    lots_sink *sink;
    column_shape *shapes;
    uint32_t rows; /* shown */
    lots_bytes cell;
} table;

/* ---- text on a terminal ---- */

/* One character: its bytes and its columns; what can't be shown is one byte and one column, with *shown false. */
static size_t next_character(const char *text, size_t bytes, uint32_t *columns, bool *shown)
{
    utf8proc_int32_t point = 0;
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)bytes, &point);
    *shown = size > 0 && utf8proc_category(point) != UTF8PROC_CATEGORY_CC &&
             utf8proc_category(point) != UTF8PROC_CATEGORY_CF;
    int width = *shown ? utf8proc_charwidth(point) : 1;
    *columns = width < 0 ? 0 : (uint32_t)width;
    return size > 0 ? (size_t)size : 1;
}

uint32_t lots_text_width(const char *text, size_t bytes)
{
    uint32_t width = 0, columns = 0;
    bool shown = false;
    for (size_t i = 0; i < bytes; i += next_character(text + i, bytes - i, &columns, &shown), width += columns)
        ;
    return width;
}

/* In the place of a character that would move the cursor: between lines and words a blank. */
static uint8_t stand_in(char c) { return c == '\n' || c == '\t' ? ' ' : '?'; }

/* Append at most `columns_max` columns of a text, with … in the last when it is cut. Returns through *columns. */
static lots_status append_shown(const char *text, size_t bytes, uint32_t columns_max, uint32_t *columns, lots_bytes *out,
                                lots_error *err)
{
    bool cut = lots_text_width(text, bytes) > columns_max;
    uint32_t room = cut ? columns_max - 1 : columns_max, used = 0;
    for (size_t i = 0; i < bytes;) {
        uint32_t wide = 0;
        bool shown = false;
        size_t size = next_character(text + i, bytes - i, &wide, &shown);
        if (used + wide > room)
            break;
        LOTS_TRY(shown ? lots_bytes_append(out, text + i, size, err) : lots_bytes_put8(out, stand_in(text[i]), err));
        used += wide;
        i += size;
    }
    if (cut)
        LOTS_TRY(lots_bytes_append(out, "…", strlen("…"), err));
    *columns = used + (cut ? 1 : 0);
    return LOTS_OK;
}

/* ---- shapes ---- */

/* So that the largest has about five digits and nothing but zero is shown as zero. */
static int float_decimals(const lots_vector *values, uint32_t rows)
{
    double largest = 0, smallest = INFINITY;
    bool whole = true;
    for (uint32_t row = 0; row < rows; row++) {
        double value = fabs(((const double *)values->data)[values->constant ? 0 : row]);
        if (lots_vector_is_missing(values, row) || !isfinite(value) || value == 0)
            continue;
        largest = value > largest ? value : largest;
        smallest = value < smallest ? value : smallest;
        whole = whole && value == floor(value);
    }
    if (largest >= 1e15)
        return DECIMALS_SHORTEST;
    if (whole)
        return 0;
    int decimals = largest >= 1000 ? 1 : largest >= 100 ? 2 : largest >= 10 ? 3 : 4;
    return smallest < 0.5 * pow(10, -decimals) ? DECIMALS_SHORTEST : decimals;
}

static lots_status make_float(table *t, const column_shape *shape, double value, lots_error *err)
{
    if (shape->decimals == DECIMALS_SHORTEST)
        return lots_bytes_printf(&t->cell, err, "%.6g", value);
    LOTS_TRY(lots_bytes_printf(&t->cell, err, "%.*f", shape->decimals, value));
    if (t->cell.data[0] == '-' && strspn((const char *)t->cell.data + 1, "0.") + 1 == t->cell.count)
        memmove(t->cell.data, t->cell.data + 1, --t->cell.count); /* -0.00 */
    return LOTS_OK;
}

/* The text of one cell into t->cell. */
static lots_status make_cell(table *t, uint32_t row, uint32_t column, lots_error *err)
{
    const lots_vector *values = &t->sheet->columns[column].values;
    char room[16];
    const char *mark = lots_sheet_mark(t->sheet, row, column, room);
    t->cell.count = 0;
    if (mark != NULL)
        return lots_bytes_append(&t->cell, mark, strlen(mark), err);
    if (lots_vector_is_missing(values, row) || values->type.kind == LOTS_TYPE_MISSING)
        return lots_bytes_put8(&t->cell, '-', err);
    if (values->type.kind == LOTS_TYPE_FLOAT)
        LOTS_TRY(make_float(t, &t->shapes[column], ((const double *)values->data)[values->constant ? 0 : row], err));
    else
        LOTS_TRY(lots_value_append(t->sheet->options->schema, values, row, "; ", &t->cell, err));
    if (t->sheet->comma)
        lots_value_comma(&values->type, &t->cell, 0);
    return LOTS_OK;
}

static uint32_t width_max(const table *t) { return t->sheet->options->terminal ? TEXT_COLUMNS_MAX : UINT32_MAX; }

static lots_status measure_column(table *t, uint32_t column, lots_error *err)
{
    const lots_result_column *shown = &t->sheet->columns[column];
    column_shape *shape = &t->shapes[column];
    shape->number = lots_value_is_number(shown->type.kind);
    shape->width = lots_text_width(shown->name, strlen(shown->name));
    if (shown->type.kind == LOTS_TYPE_FLOAT)
        shape->decimals = float_decimals(&shown->values, t->rows);
    for (uint32_t row = 0; row < t->rows; row++) {
        LOTS_TRY(make_cell(t, row, column, err));
        uint32_t width = lots_text_width((const char *)t->cell.data, t->cell.count);
        shape->width = width > shape->width ? width : shape->width;
    }
    if (shape->width > width_max(t))
        shape->width = width_max(t);
    return LOTS_OK;
}

/* ---- writing ---- */

static lots_status put_times(table *t, const char *text, uint32_t times, lots_error *err)
{
    for (uint32_t i = 0; i < times; i++)
        LOTS_TRY(lots_sink_text(t->sink, text, err));
    return LOTS_OK;
}

/* Plain lines have no blanks at their ends. */
static lots_status put_text(table *t, const char *text, size_t bytes, uint32_t column, lots_error *err)
{
    const column_shape *shape = &t->shapes[column];
    bool terminal = t->sheet->options->terminal, last = column + 1 == t->sheet->column_count;
    size_t before = t->sink->text.count;
    uint32_t columns = 0;
    LOTS_TRY(append_shown(text, bytes, shape->width, &columns, &t->sink->text, err));
    uint32_t fill = shape->width - columns;
    if (!shape->number)
        return last && !terminal ? LOTS_OK : put_times(t, " ", fill, err);
    size_t size = t->sink->text.count - before;
    LOTS_TRY(put_times(t, " ", fill, err));
    memmove(t->sink->text.data + before + fill, t->sink->text.data + before, size);
    memset(t->sink->text.data + before, ' ', fill);
    return LOTS_OK;
}

static lots_status put_edge(table *t, uint32_t column, lots_error *err)
{
    if (t->sheet->options->terminal)
        return lots_sink_text(t->sink, column == 0 ? "│ " : column == t->sheet->column_count ? " │\n" : " │ ", err);
    return lots_sink_text(t->sink, column == 0 ? "" : column == t->sheet->column_count ? "\n" : "  ", err);
}

static lots_status put_header(table *t, lots_error *err)
{
    bool bold = t->sheet->options->colour;
    for (uint32_t i = 0; i < t->sheet->column_count; i++) {
        const char *name = t->sheet->columns[i].name;
        LOTS_TRY(put_edge(t, i, err));
        LOTS_TRY(lots_sink_text(t->sink, bold ? "\x1b[1m" : "", err));
        LOTS_TRY(put_text(t, name, strlen(name), i, err));
        LOTS_TRY(lots_sink_text(t->sink, bold ? "\x1b[0m" : "", err));
    }
    return put_edge(t, t->sheet->column_count, err);
}

static lots_status put_row(table *t, uint32_t row, lots_error *err)
{
    for (uint32_t i = 0; i < t->sheet->column_count; i++) {
        LOTS_TRY(put_edge(t, i, err));
        LOTS_TRY(make_cell(t, row, i, err));
        LOTS_TRY(put_text(t, (const char *)t->cell.data, t->cell.count, i, err));
    }
    return put_edge(t, t->sheet->column_count, err);
}

/* A line of the box: its left end, joint and right end. Plain: dashes under the header only. */
static lots_status put_rule(table *t, const char *left, const char *joint, const char *right, lots_error *err)
{
    bool terminal = t->sheet->options->terminal;
    if (!terminal && left[0] != '\0')
        return LOTS_OK;
    for (uint32_t i = 0; i < t->sheet->column_count; i++) {
        LOTS_TRY(lots_sink_text(t->sink, !terminal ? (i == 0 ? "" : "  ") : i == 0 ? left : joint, err));
        LOTS_TRY(put_times(t, terminal ? "─" : "-", t->shapes[i].width + (terminal ? 2 : 0), err));
    }
    return lots_sink_text(t->sink, terminal ? right : "\n", err);
}

static lots_status put_table(table *t, lots_error *err)
{
    bool terminal = t->sheet->options->terminal;
    for (uint32_t i = 0; i < t->sheet->column_count; i++)
        LOTS_TRY(measure_column(t, i, err));
    LOTS_TRY(put_rule(t, "┌", "┬", "┐\n", err));
    LOTS_TRY(put_header(t, err));
    LOTS_TRY(put_rule(t, terminal ? "├" : "", "┼", "┤\n", err));
    for (uint32_t row = 0; row < t->rows; row++) {
        LOTS_TRY(put_row(t, row, err));
        LOTS_TRY(lots_sink_pass(t->sink, err));
    }
    LOTS_TRY(put_rule(t, "└", "┴", "┘\n", err));
    if (t->rows < t->sheet->rows)
        return lots_bytes_printf(&t->sink->text, err, "the first %u of %u rows; -o FILE or --format csv gives all\n",
                                 t->rows, t->sheet->rows);
    return LOTS_OK;
}

lots_status lots_table_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err)
{
    table t = {.sheet = sheet, .sink = sink, .rows = sheet->rows};
    uint32_t rows_max = sheet->options->rows_max != 0 ? sheet->options->rows_max : LOTS_TABLE_ROWS;
    void *shapes = NULL;
    if (sheet->options->terminal && t.rows > rows_max)
        t.rows = rows_max;
    LOTS_TRY(lots_alloc(&shapes, sheet->column_count, sizeof(column_shape), err));
    t.shapes = shapes;
    lots_status status = put_table(&t, err);
    lots_free(shapes);
    lots_bytes_free(&t.cell);
    return status;
}
