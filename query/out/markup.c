/* markup.c: see markup.h. */
#include "query/out/markup.h"

#include <utf8proc.h>

/* The bytes of the next character; 0 when it can't be shown. */
static size_t next_size(const char *text, size_t bytes)
{
    utf8proc_int32_t point = 0;
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)bytes, &point);
    bool control = point < 0x20 ? point != '\t' && point != '\n' && point != '\r' : point >= 0x7f && point < 0xa0;
    return size <= 0 || control ? 0 : (size_t)size;
}

static lots_status put_next(const char *text, size_t bytes, size_t *at, lots_bytes *out, lots_error *err)
{
    size_t size = next_size(text + *at, bytes - *at);
    if (size > 0) {
        *at += size;
        return lots_bytes_append(out, text + *at - size, size, err);
    }
    *at += (uint8_t)text[*at] == 0xc2 && bytes - *at > 1 && ((uint8_t)text[*at + 1] & 0xe0) == 0x80 ? 2 : 1;
    return lots_bytes_append(out, "\xef\xbf\xbd", 3, err);
}

static const char *html_entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\r': return "&#13;"; /* a bare one would be read as a line feed */
    default: return NULL;
    }
}

lots_status lots_markup_html(const char *text, size_t bytes, lots_bytes *out, lots_error *err)
{
    for (size_t i = 0; i < bytes;) {
        const char *entity = html_entity(text[i]);
        if (entity == NULL) {
            LOTS_TRY(put_next(text, bytes, &i, out, err));
            continue;
        }
        LOTS_TRY(lots_bytes_append(out, entity, strlen(entity), err));
        i++;
    }
    return LOTS_OK;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (uint8_t)c >= 0x80;
}

/* An underscore inside a word is no markup; names of columns stay readable. */
static bool wants_backslash(const char *text, size_t bytes, size_t at)
{
    if (text[at] == '_')
        return at == 0 || at + 1 == bytes || !is_word(text[at - 1]) || !is_word(text[at + 1]);
    return text[at] != '\0' && strchr("\\`*[]<>&|~$", text[at]) != NULL;
}

lots_status lots_markup_markdown(const char *text, size_t bytes, lots_bytes *out, lots_error *err)
{
    for (size_t i = 0; i < bytes;) {
        if (text[i] == '\n' || text[i] == '\r') {
            i += text[i] == '\r' && i + 1 < bytes && text[i + 1] == '\n' ? 2 : 1;
            LOTS_TRY(lots_bytes_append(out, "<br>", 4, err));
            continue;
        }
        if (wants_backslash(text, bytes, i))
            LOTS_TRY(lots_bytes_put8(out, '\\', err));
        LOTS_TRY(put_next(text, bytes, &i, out, err));
    }
    return LOTS_OK;
}
