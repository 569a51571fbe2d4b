/* manual_write.c: Markdown for reading, line by line: what the manual uses of it (headings, tables, fenced examples, code,
 * bold, links, comments). See manual.h. */
#include <string.h>

#include "query/cli/manual.h"
#include "query/out/table.h"

enum { MARGIN = 2, WIDTH = 100, CELLS_MAX = 8, LAST_LEAST = 24 };

typedef struct page {
    lots_sink *sink;
    bool colour;
    bool blank; /* an empty line stands last */
} page;

typedef struct line_of_text {
    const char *text;
    size_t bytes;
} line_of_text;

static lots_status put(page *p, const char *text, size_t bytes, lots_error *err)
{
    return lots_bytes_append(&p->sink->text, text, bytes, err);
}

static lots_status put_blanks(page *p, size_t count, lots_error *err)
{
    for (size_t i = 0; i < count; i++)
        LOTS_TRY(put(p, " ", 1, err));
    return LOTS_OK;
}

static lots_status put_mark(page *p, const char *mark, lots_error *err)
{
    return p->colour ? put(p, mark, strlen(mark), err) : LOTS_OK;
}

/* The text of [text](address) at `at`; 0 when there is no link. */
static size_t link_bytes(const char *at, size_t bytes, size_t *shown)
{
    const char *close = memchr(at, ']', bytes);
    if (close == NULL || close + 1 >= at + bytes || close[1] != '(')
        return 0;
    const char *end = memchr(close, ')', (size_t)(at + bytes - close));
    *shown = (size_t)(close - at - 1);
    return end != NULL ? (size_t)(end + 1 - at) : 0;
}

/* Prose: code in colour, or between backticks where there is none; bold; of links the text. */
static lots_status put_prose(page *p, const char *text, size_t bytes, lots_error *err)
{
    bool code = false, bold = false;
    for (size_t i = 0; i < bytes; i++) {
        size_t shown, whole = !code && text[i] == '[' ? link_bytes(text + i, bytes - i, &shown) : 0;
        if (text[i] == '`') {
            code = !code;
            LOTS_TRY(p->colour ? put_mark(p, code ? "\x1b[36m" : "\x1b[39m", err) : put(p, "`", 1, err));
        } else if (!code && text[i] == '*' && i + 1 < bytes && text[i + 1] == '*') {
            bold = !bold;
            i++;
            LOTS_TRY(put_mark(p, bold ? "\x1b[1m" : "\x1b[22m", err));
        } else if (whole != 0) {
            LOTS_TRY(put(p, text + i + 1, shown, err));
            i += whole - 1;
        } else {
            LOTS_TRY(put(p, text + i, 1, err));
        }
    }
    return LOTS_OK;
}

static lots_status put_heading(page *p, line_of_text line, lots_error *err)
{
    size_t marks = strspn(line.text, "#") + 1;
    if (!p->blank)
        LOTS_TRY(put(p, "\n", 1, err));
    LOTS_TRY(put_mark(p, "\x1b[1m", err));
    LOTS_TRY(put(p, line.text + marks, line.bytes - marks, err));
    LOTS_TRY(put_mark(p, "\x1b[22m", err));
    return put(p, "\n", 1, err);
}

/* ---- tables ---- */

typedef struct row {
    lots_bytes cells[CELLS_MAX];
    size_t count;
} row;

static void free_row(row *r)
{
    for (size_t i = 0; i < CELLS_MAX; i++)
        lots_bytes_free(&r->cells[i]);
}

/* A cell as it is shown: without bold, links as their text, of the first column without backticks. `\|` is a bar. */
static lots_status add_to_cell(lots_bytes *cell, bool first, const char *text, size_t bytes, lots_error *err)
{
    for (size_t i = 0; i < bytes; i++) {
        size_t shown, whole = text[i] == '[' ? link_bytes(text + i, bytes - i, &shown) : 0;
        bool bar = text[i] == '\\' && i + 1 < bytes && text[i + 1] == '|';
        bool bold = text[i] == '*' && i + 1 < bytes && text[i + 1] == '*';
        if (whole != 0) {
            LOTS_TRY(lots_bytes_append(cell, text + i + 1, shown, err));
            i += whole - 1;
        } else if (bold) {
            i++;
        } else if (!bar && !(first && text[i] == '`')) {
            LOTS_TRY(lots_bytes_append(cell, text + i, 1, err));
        }
    }
    return LOTS_OK;
}

/* | a | b | */
static lots_status split_row(line_of_text line, row *out, lots_error *err)
{
    memset(out, 0, sizeof *out);
    size_t begin = 1;
    for (size_t i = 1; i < line.bytes && out->count < CELLS_MAX; i++) {
        if (line.text[i] != '|' || line.text[i - 1] == '\\')
            continue;
        size_t from = begin, end = i;
        while (from < end && line.text[from] == ' ')
            from++;
        while (end > from && line.text[end - 1] == ' ')
            end--;
        LOTS_TRY(add_to_cell(&out->cells[out->count], out->count == 0, line.text + from, end - from, err));
        out->count++;
        begin = i + 1;
    }
    return LOTS_OK;
}

static size_t cell_width(const lots_bytes *cell)
{
    return cell->count == 0 ? 0 : lots_text_width((const char *)cell->data, cell->count);
}

/* The last column goes on in the next line where it is too wide; `left` is where it begins. */
static lots_status put_wrapped(page *p, const lots_bytes *cell, size_t left, lots_error *err)
{
    const char *text = (const char *)cell->data;
    size_t room = WIDTH > left + LAST_LEAST ? WIDTH - left : LAST_LEAST, used = 0;
    for (size_t i = 0; i < cell->count;) {
        const char *blank = memchr(text + i, ' ', cell->count - i);
        size_t bytes = blank != NULL ? (size_t)(blank - text) - i : cell->count - i;
        size_t width = bytes == 0 ? 0 : lots_text_width(text + i, bytes);
        if (used > 0 && used + 1 + width > room) {
            LOTS_TRY(put(p, "\n", 1, err));
            LOTS_TRY(put_blanks(p, left, err));
            used = 0;
        } else if (used > 0) {
            LOTS_TRY(put(p, " ", 1, err));
            used++;
        }
        LOTS_TRY(put(p, text + i, bytes, err));
        used += width;
        i += bytes + 1;
    }
    return LOTS_OK;
}

static lots_status put_row(page *p, const row *r, const size_t *widths, lots_error *err)
{
    size_t left = MARGIN;
    LOTS_TRY(put_blanks(p, MARGIN, err));
    for (size_t i = 0; i + 1 < r->count; i++) {
        LOTS_TRY(put(p, (const char *)r->cells[i].data, r->cells[i].count, err));
        bool more = false; /* nothing but blanks would follow */
        for (size_t j = i + 1; j < r->count; j++)
            more = more || r->cells[j].count > 0;
        if (more)
            LOTS_TRY(put_blanks(p, widths[i] - cell_width(&r->cells[i]) + 2, err));
        left += widths[i] + 2;
    }
    if (r->count > 0)
        LOTS_TRY(put_wrapped(p, &r->cells[r->count - 1], left, err));
    return put(p, "\n", 1, err);
}

static lots_status put_rows(page *p, const row *rows, size_t count, lots_error *err)
{
    size_t widths[CELLS_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < rows[i].count; j++) {
            size_t width = cell_width(&rows[i].cells[j]);
            widths[j] = width > widths[j] ? width : widths[j];
        }
    for (size_t i = 0; i < count; i++) {
        bool head = i == 0;
        bool nameless = head;
        for (size_t j = 0; j < rows[i].count; j++)
            nameless = nameless && rows[i].cells[j].count == 0;
        if (nameless)
            continue;
        LOTS_TRY(put_mark(p, head ? "\x1b[1m" : "", err));
        LOTS_TRY(put_row(p, &rows[i], widths, err));
        LOTS_TRY(put_mark(p, head ? "\x1b[22m" : "", err));
    }
    return LOTS_OK;
}

/* `lines` are the rows of one table, the second of them the rule below the head. */
static lots_status put_table(page *p, const lots_vec *lines, lots_error *err)
{
    lots_vec rows = LOTS_VEC(row);
    lots_status status = LOTS_OK;
    for (size_t i = 0; i < lines->count && status == LOTS_OK; i++) {
        row made;
        if (i == 1)
            continue;
        status = split_row(LOTS_AT(line_of_text, lines, i), &made, err);
        if (status == LOTS_OK)
            status = lots_vec_push(&rows, &made, err);
        if (status != LOTS_OK)
            free_row(&made);
    }
    if (status == LOTS_OK)
        status = put_rows(p, rows.data, rows.count, err);
    for (size_t i = 0; i < rows.count; i++)
        free_row(&LOTS_AT(row, &rows, i));
    lots_vec_free(&rows);
    return status;
}

/* ---- lines ---- */

static lots_status put_line(page *p, line_of_text line, bool code, lots_error *err)
{
    if (line.bytes == 0 && p->blank)
        return LOTS_OK;
    p->blank = line.bytes == 0;
    if (line.bytes > 0) {
        LOTS_TRY(put_blanks(p, code ? MARGIN + 4 : MARGIN, err));
        LOTS_TRY(code ? put(p, line.text, line.bytes, err) : put_prose(p, line.text, line.bytes, err));
    }
    return put(p, "\n", 1, err);
}

static bool begins(line_of_text line, const char *with)
{
    return line.bytes >= strlen(with) && memcmp(line.text, with, strlen(with)) == 0;
}

static lots_status take_line(page *p, line_of_text line, bool *fenced, lots_vec *table, lots_error *err)
{
    static const line_of_text empty = {"", 0};
    if (begins(line, "```")) {
        *fenced = !*fenced;
        return put_line(p, empty, false, err);
    }
    if (*fenced)
        return put_line(p, line, true, err);
    if (begins(line, "|"))
        return lots_vec_push(table, &line, err);
    if (table->count > 0) {
        LOTS_TRY(put_table(p, table, err));
        table->count = 0;
        p->blank = false;
    }
    if (begins(line, "<!--"))
        return LOTS_OK;
    if (!begins(line, "#"))
        return put_line(p, line, false, err);
    LOTS_TRY(put_heading(p, line, err));
    p->blank = false;
    return LOTS_OK;
}

lots_status lots_manual_write(lots_sink *sink, const char *text, size_t bytes, bool colour, lots_error *err)
{
    page p = {.sink = sink, .colour = colour, .blank = true};
    lots_vec table = LOTS_VEC(line_of_text);
    lots_status status = LOTS_OK;
    bool fenced = false;
    for (size_t at = 0; at < bytes && status == LOTS_OK;) {
        const char *end = memchr(text + at, '\n', bytes - at);
        line_of_text line = {text + at, end != NULL ? (size_t)(end - text) - at : bytes - at};
        status = take_line(&p, line, &fenced, &table, err);
        at += line.bytes + 1;
    }
    if (status == LOTS_OK && table.count > 0)
        status = put_table(&p, &table, err);
    lots_vec_free(&table);
    return status;
}
