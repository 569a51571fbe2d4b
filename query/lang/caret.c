/* caret.c: one source line laid out in cells, and marks under some of them. */
#include "query/lang/caret.h"

#include <utf8proc.h>

#define TAB_CELLS 4u

/* One character of the line: what to draw, and how wide. */
typedef struct glyph {
    const char *text; /* of `bytes` bytes */
    size_t bytes;     /* drawn */
    size_t taken;     /* of the source; at least 1 */
    uint32_t cells;
} glyph;

/* The character at text[0..bytes), `cell` cells from the start of its line. */
static glyph read_glyph(const char *text, size_t bytes, uint32_t cell)
{
    utf8proc_int32_t character;
    utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)bytes, &character);
    if (step <= 0)
        return (glyph){"?", 1, 1, 1};
    if (character == '\t') {
        uint32_t cells = TAB_CELLS - cell % TAB_CELLS;
        return (glyph){"    ", cells, 1, cells};
    }
    utf8proc_category_t category = utf8proc_category(character);
    if (category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_ZL ||
        category == UTF8PROC_CATEGORY_ZP)
        return (glyph){"?", 1, (size_t)step, 1};
    int width = utf8proc_charwidth(character);
    return (glyph){text, (size_t)step, (size_t)step, width > 0 ? (uint32_t)width : 0};
}

/* The first byte of the line with byte `at`. */
static size_t line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

/* Where the line that starts at `start` ends, without its line break. */
static size_t line_end(const char *text, size_t bytes, size_t start)
{
    const char *found = memchr(text + start, '\n', bytes - start);
    size_t end = found != NULL ? (size_t)(found - text) : bytes;
    return end > start && text[end - 1] == '\r' ? end - 1 : end;
}

void lots_caret_place(const char *text, size_t bytes, uint64_t at, uint32_t *line, uint32_t *column)
{
    size_t stop = at < bytes ? (size_t)at : bytes, start = line_start(text, stop);
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < start; i++)
        *line += text[i] == '\n';
    for (size_t i = start; i < stop; i += read_glyph(text + i, stop - i, 0).taken)
        (*column)++;
}

/* The part of a line that is drawn: cells [first, last) of it; and the cells under which marks stand. */
typedef struct window {
    uint32_t first;
    uint32_t last;
    uint32_t mark;
    uint32_t mark_end;
} window;

/* How many cells text[start..end) takes from the start of its line. */
static uint32_t count_cells(const char *text, size_t start, size_t end)
{
    uint32_t cells = 0;
    while (start < end) {
        glyph next = read_glyph(text + start, end - start, cells);
        start += next.taken;
        cells += next.cells;
    }
    return cells;
}

static window choose_window(const char *text, size_t start, size_t end, size_t at, size_t at_end)
{
    uint32_t all = count_cells(text, start, end);
    window view = {0, all, count_cells(text, start, at), 0};
    view.mark_end = view.mark + (at_end > at ? count_cells(text, start, at_end) - view.mark : 0);
    if (view.mark_end <= view.mark)
        view.mark_end = view.mark + 1;
    if (all <= LOTS_CARET_COLUMNS)
        return view;
    view.first = view.mark > LOTS_CARET_COLUMNS / 2 ? view.mark - LOTS_CARET_COLUMNS / 2 : 0;
    view.last = view.first + LOTS_CARET_COLUMNS;
    if (view.last > all)
        view.last = all;
    if (view.mark_end > view.last)
        view.mark_end = view.last > view.mark ? view.last : view.mark + 1;
    return view;
}

/* Draw the characters of the line that lie wholly in the window, "…" where it is cut. */
static lots_status draw_line(const char *text, size_t start, size_t end, window view, uint32_t all, lots_bytes *out,
                             lots_error *err)
{
    uint32_t cell = 0, drawn = view.first;
    if (view.first > 0)
        LOTS_TRY(lots_bytes_append(out, "…", strlen("…"), err));
    while (start < end && cell < view.last) {
        glyph next = read_glyph(text + start, end - start, cell);
        if (cell >= view.first && cell + next.cells <= view.last) {
            for (; drawn < cell; drawn++)
                LOTS_TRY(lots_bytes_put8(out, ' ', err));
            LOTS_TRY(lots_bytes_append(out, next.text, next.bytes, err));
            drawn = cell + next.cells;
        }
        start += next.taken;
        cell += next.cells;
    }
    if (view.last < all)
        LOTS_TRY(lots_bytes_append(out, "…", strlen("…"), err));
    return LOTS_OK;
}

static lots_status draw_marks(window view, lots_bytes *out, lots_error *err)
{
    uint32_t blanks = view.mark - view.first + (view.first > 0);
    for (uint32_t i = 0; i < blanks; i++)
        LOTS_TRY(lots_bytes_put8(out, ' ', err));
    for (uint32_t i = view.mark; i < view.mark_end; i++)
        LOTS_TRY(lots_bytes_put8(out, '^', err));
    return LOTS_OK;
}

static lots_status draw_place(const char *text, size_t bytes, const lots_error *error, uint32_t line, lots_bytes *out,
                              lots_error *err)
{
    size_t at = error->at < bytes ? (size_t)error->at : bytes;
    size_t at_end = error->at_end < bytes ? (size_t)error->at_end : bytes;
    size_t start = line_start(text, at), end = line_end(text, bytes, start);
    at = at < end ? at : end;
    at_end = at_end < end ? at_end : end;
    window view = choose_window(text, start, end, at, at_end);
    LOTS_TRY(lots_bytes_printf(out, err, "%5u | ", (unsigned)line));
    LOTS_TRY(draw_line(text, start, end, view, count_cells(text, start, end), out, err));
    LOTS_TRY(lots_bytes_append(out, "\n      | ", strlen("\n      | "), err));
    LOTS_TRY(draw_marks(view, out, err));
    return lots_bytes_put8(out, '\n', err);
}

lots_status lots_caret_format(const char *text, size_t bytes, const char *name, const lots_error *error, lots_bytes *out,
                              lots_error *err)
{
    uint32_t line, column;
    if (error->at == LOTS_NOWHERE) {
        LOTS_TRY(lots_bytes_printf(out, err, "%s: error: %s\n", name, error->text));
    } else {
        lots_caret_place(text, bytes, error->at, &line, &column);
        LOTS_TRY(lots_bytes_printf(out, err, "%s:%u:%u: error: %s\n", name, (unsigned)line, (unsigned)column, error->text));
        LOTS_TRY(draw_place(text, bytes, error, line, out, err));
    }
    if (error->hint[0] != '\0')
        LOTS_TRY(lots_bytes_printf(out, err, "  hint: %s\n", error->hint));
    return LOTS_OK;
}
