/* classification_row.c: see classification_row.h. */
#include "query/lang/classification_row.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

#define TEXT_BYTES (sizeof ((lots_error *)NULL)->text) /* what is cut is cut once more, at a character, by lots_fail */

static lots_status fail_at(const class_rows *rows, uint32_t line, uint64_t at, uint64_t end, const char *text)
{
    return line == 0 ? lots_fail_at(rows->err, LOTS_QUERY, at, end, "%s: %s", rows->name, text)
                     : lots_fail_at(rows->err, LOTS_QUERY, at, end, "%s: line %u: %s", rows->name, line, text);
}

lots_status class_rows_fail(const class_rows *rows, uint32_t field, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return fail_at(rows, rows->line, rows->starts[field], rows->ends[field], text);
}

lots_status class_rows_fail_line(const class_rows *rows, uint32_t line, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return fail_at(rows, line, LOTS_NOWHERE, LOTS_NOWHERE, text);
}

lots_status class_rows_open(class_rows *rows, const char *text, size_t bytes, const char *name, lots_arena *arena,
                            lots_error *err)
{
    memset(rows, 0, sizeof *rows);
    rows->name = name;
    rows->bytes = bytes;
    rows->err = err;
    if (bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        rows->at = 3;
    return lots_arena_text(arena, &rows->text, text, bytes, err);
}

/* Whether text[at..end) is UTF-8 without control characters; else the place of the first that isn't. */
static bool is_text(const char *text, size_t at, size_t end, size_t *where)
{
    while (at < end) {
        utf8proc_int32_t character;
        if (text[at] >= ' ' && text[at] < 0x7F) {
            at++;
            continue;
        }
        utf8proc_ssize_t bytes = utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(end - at),
                                                  &character);
        *where = at;
        if (bytes <= 0 || (character < 0x20 && character != '\t') || (character >= 0x7F && character < 0xA0))
            return false;
        at += (size_t)bytes;
    }
    return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* A field in quotes, from its first quote; unfolds "" in place. *at becomes where the field ends. */
static lots_status quoted_field(class_rows *rows, size_t *at, size_t end)
{
    size_t from = *at + 1, to = from, start = *at;
    while (from < end) {
        if (rows->text[from] != '"') {
            rows->text[to++] = rows->text[from++];
        } else if (from + 1 < end && rows->text[from + 1] == '"') {
            rows->text[to++] = '"';
            from += 2;
        } else {
            break;
        }
    }
    if (from == end)
        return fail_at(rows, rows->line, start, end, "a quote is not closed on this line");
    size_t after = from + 1;
    while (after < end && is_blank(rows->text[after]))
        after++;
    if (after < end && rows->text[after] != rows->separator)
        return fail_at(rows, rows->line, start, after, "text follows a closed quote");
    rows->fields[rows->count] = rows->text + start + 1;
    rows->text[to] = '\0'; /* at most the closing quote's place */
    *at = after;
    return LOTS_OK;
}

static lots_status plain_field(class_rows *rows, size_t *at, size_t end)
{
    size_t start = *at, stop = start;
    while (stop < end && rows->text[stop] != rows->separator)
        stop++;
    *at = stop;
    if (memchr(rows->text + start, '"', stop - start) != NULL)
        return fail_at(rows, rows->line, start, stop, "a quote stands inside a field that does not start with one");
    while (stop > start && is_blank(rows->text[stop - 1]))
        stop--;
    rows->fields[rows->count] = rows->text + start;
    rows->ends[rows->count] = stop;
    return LOTS_OK;
}

/* Cut text[at..end) at its separators. Fields get their end written only when all are found, since that may overwrite
 * a separator. */
static lots_status cut_row(class_rows *rows, size_t at, size_t end)
{
    rows->count = 0;
    for (bool last = false; !last; at++) {
        while (at < end && is_blank(rows->text[at]) && rows->text[at] != rows->separator)
            at++;
        if (rows->count == CLASS_FIELDS_MAX)
            return fail_at(rows, rows->line, at, end, "too many fields on this line");
        rows->starts[rows->count] = at;
        bool quoted = at < end && rows->text[at] == '"';
        LOTS_TRY(quoted ? quoted_field(rows, &at, end) : plain_field(rows, &at, end));
        if (quoted)
            rows->ends[rows->count] = at;
        last = at >= end;
        rows->count++;
    }
    for (uint32_t i = 0; i < rows->count; i++)
        rows->text[rows->ends[i]] = '\0';
    while (rows->count > 1 && rows->fields[rows->count - 1][0] == '\0')
        rows->count--;
    return LOTS_OK;
}

lots_status class_rows_next(class_rows *rows, bool *more)
{
    static const char first[] = "classification;";
    while (rows->at < rows->bytes) {
        size_t start = rows->at;
        const char *stop = memchr(rows->text + start, '\n', rows->bytes - start);
        size_t end = stop == NULL ? rows->bytes : (size_t)(stop - rows->text);
        size_t where = start;
        rows->at = stop == NULL ? end : end + 1;
        rows->line++;
        if (end > start && rows->text[end - 1] == '\r')
            end--;
        if (!is_text(rows->text, start, end, &where))
            return fail_at(rows, rows->line, where, where + 1, "a byte that is no UTF-8 text");
        if (rows->text[start] == '#' || strspn(rows->text + start, " \t,;") >= end - start)
            continue;
        if (rows->separator == '\0')
            rows->separator = strncmp(rows->text + start, first, sizeof first - 1) == 0 ? ';' : ',';
        *more = true;
        return cut_row(rows, start, end);
    }
    *more = false;
    return LOTS_OK;
}
