/* status.c: names and exit codes of the outcomes, and the text of an error record. Formats into a buffer of its own
 * first, so that an argument may be a text of the record being filled. No state. Anyone may call it. */
#include "core/base/status.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int lots_status_exit_code(lots_status status)
{
    switch (status) {
#define X(name, code, text) \
    case LOTS_##name:       \
        return code;
        LOTS_STATUS_LIST(X)
#undef X
    }
    return 1;
}

const char *lots_status_name(lots_status status)
{
    switch (status) {
#define X(name, code, text) \
    case LOTS_##name:       \
        return #name;
        LOTS_STATUS_LIST(X)
#undef X
    }
    return "?";
}

/* How many bytes the UTF-8 character led by `lead` has; 1 for what leads none. */
static size_t character_bytes(unsigned char lead)
{
    return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
}

/* Drop a last character of `text` that was cut within. */
static void drop_partial_character(char *text)
{
    size_t end = strlen(text);
    size_t lead = end;
    while (lead > 0 && end - lead < 4) {
        lead--;
        if (((unsigned char)text[lead] & 0xC0) != 0x80)
            break;
    }
    if (lead < end && lead + character_bytes((unsigned char)text[lead]) > end)
        text[lead] = '\0';
}

/* vsnprintf into `out`, where what doesn't fit is cut at a character. */
static void format_cut(char *out, size_t out_bytes, const char *format, va_list arguments)
{
    int wanted = vsnprintf(out, out_bytes, format, arguments);
    if (wanted < 0)
        out[0] = '\0';
    else if ((size_t)wanted >= out_bytes)
        drop_partial_character(out);
}

void lots_error_clear(lots_error *err)
{
    if (err == NULL)
        return;
    err->status = LOTS_OK;
    err->source = 0;
    err->at = LOTS_NOWHERE;
    err->at_end = LOTS_NOWHERE;
    err->text[0] = '\0';
    err->hint[0] = '\0';
}

static void fill(lots_error *err, lots_status status, uint64_t at, uint64_t at_end, const char *format,
                 va_list arguments)
{
    char text[sizeof err->text];
    format_cut(text, sizeof text, format, arguments);
    lots_error_clear(err);
    err->status = status;
    err->at = at;
    err->at_end = at_end;
    memcpy(err->text, text, strlen(text) + 1);
}

lots_status lots_fail(lots_error *err, lots_status status, const char *format, ...)
{
    assert(status != LOTS_OK);
    if (err != NULL) {
        va_list arguments;
        va_start(arguments, format);
        fill(err, status, LOTS_NOWHERE, LOTS_NOWHERE, format, arguments);
        va_end(arguments);
    }
    return status;
}

lots_status lots_fail_at(lots_error *err, lots_status status, uint64_t at, uint64_t at_end, const char *format, ...)
{
    assert(status != LOTS_OK);
    if (err != NULL) {
        va_list arguments;
        va_start(arguments, format);
        fill(err, status, at, at_end, format, arguments);
        va_end(arguments);
    }
    return status;
}

void lots_error_hint(lots_error *err, const char *format, ...)
{
    if (err == NULL)
        return;
    char hint[sizeof err->hint];
    va_list arguments;
    va_start(arguments, format);
    format_cut(hint, sizeof hint, format, arguments);
    va_end(arguments);
    memcpy(err->hint, hint, strlen(hint) + 1);
}

void lots_error_context(lots_error *err, const char *format, ...)
{
    if (err == NULL)
        return;
    char text[sizeof err->text];
    va_list arguments;
    va_start(arguments, format);
    format_cut(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t used = strlen(text);
    int wanted = snprintf(text + used, sizeof text - used, ": %s", err->text);
    if (wanted < 0 || (size_t)wanted >= sizeof text - used)
        drop_partial_character(text);
    memcpy(err->text, text, strlen(text) + 1);
}
