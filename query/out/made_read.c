/* made_read.c: see made_read.h. A strict little JSON scanner that finds where values end, with depth bounded. */
#include "query/out/made_read.h"

#include "query/out/csv.h"
#include "query/out/document.h"

enum { DEPTH_MAX = 16 };

typedef struct scanner {
    const char *at, *end;
} scanner;

/* ---- JSON ---- */

static void skip_blanks(scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static bool take(scanner *s, char c)
{
    skip_blanks(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool skip_string(scanner *s)
{
    if (!take(s, '"'))
        return false;
    for (; s->at < s->end && *s->at != '"'; s->at++)
        if ((uint8_t)*s->at < 0x20 || (*s->at == '\\' && ++s->at == s->end))
            return false;
    return take(s, '"');
}

static bool skip_value(scanner *s, int depth);

static bool skip_members(scanner *s, char close, int depth)
{
    if (take(s, close))
        return true;
    do {
        if (close == '}' && (!skip_string(s) || !take(s, ':')))
            return false;
        if (!skip_value(s, depth - 1))
            return false;
    } while (take(s, ','));
    return take(s, close);
}

static bool skip_value(scanner *s, int depth)
{
    skip_blanks(s);
    if (s->at == s->end || depth == 0)
        return false;
    if (*s->at == '"')
        return skip_string(s);
    if (take(s, '{'))
        return skip_members(s, '}', depth);
    if (take(s, '['))
        return skip_members(s, ']', depth);
    const char *from = s->at; /* a number or a word */
    while (s->at < s->end && *s->at != '\0' && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *s->at) != NULL)
        s->at++;
    return s->at > from;
}

/* Members of the object at the scanner into `out`; the scanner is behind it then. */
static lots_status read_members(scanner *s, lots_vec *out, lots_error *err)
{
    lots_status wrong = LOTS_USAGE;
    if (!take(s, '{'))
        return lots_fail(err, wrong, "its provenance is no JSON object");
    if (take(s, '}'))
        return LOTS_OK;
    do {
        lots_made_fact fact;
        skip_blanks(s);
        fact.name = s->at + 1;
        if (!skip_string(s))
            return lots_fail(err, wrong, "its provenance is damaged: a name is missing");
        fact.name_bytes = (size_t)(s->at - 1 - fact.name);
        if (!take(s, ':'))
            return lots_fail(err, wrong, "its provenance is damaged: a value is missing");
        skip_blanks(s);
        fact.json = s->at;
        if (!skip_value(s, DEPTH_MAX))
            return lots_fail(err, wrong, "its provenance is damaged: a value has no end");
        fact.json_bytes = (size_t)(s->at - fact.json);
        LOTS_TRY(lots_vec_push(out, &fact, err));
    } while (take(s, ','));
    return take(s, '}') ? LOTS_OK : lots_fail(err, wrong, "its provenance is damaged: it has no end");
}

lots_status lots_made_members(const char *json, size_t bytes, lots_vec *out, lots_error *err)
{
    scanner s = {json, json + bytes};
    return read_members(&s, out, err);
}

static bool hex4(const char *text, const char *end, uint32_t *out)
{
    static const char digits[] = "0123456789abcdef";
    *out = 0;
    if (end - text < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i];
        const char *digit = c == '\0' ? NULL : strchr(digits, c);
        if (digit == NULL)
            return false;
        *out = *out << 4 | (uint32_t)(digit - digits);
    }
    return true;
}

/* \uXXXX: ours are control characters and <. */
static lots_status put_point(uint32_t point, lots_bytes *out, lots_error *err)
{
    if (point == 0 || (point >= 0xd800 && point < 0xe000))
        return lots_fail(err, LOTS_USAGE, "its provenance is damaged: a character that no text has");
    if (point < 0x80)
        return lots_bytes_put8(out, (uint8_t)point, err);
    if (point < 0x800)
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)(0xc0 | point >> 6), err));
    else {
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)(0xe0 | point >> 12), err));
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)(0x80 | (point >> 6 & 0x3f)), err));
    }
    return lots_bytes_put8(out, (uint8_t)(0x80 | (point & 0x3f)), err);
}

lots_status lots_made_text(const lots_made_fact *fact, lots_bytes *out, lots_error *err)
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    const char *at = fact->json + 1, *end = fact->json + fact->json_bytes - 1;
    if (fact->json_bytes < 2 || fact->json[0] != '"' || *end != '"')
        return lots_fail(err, LOTS_USAGE, "its provenance is damaged: '%.*s' is no text", (int)fact->name_bytes,
                         fact->name);
    while (at < end) {
        uint32_t point = 0;
        if (*at != '\\') {
            LOTS_TRY(lots_bytes_put8(out, (uint8_t)*at++, err));
            continue;
        }
        at++;
        const char *letter = at < end && *at != '\0' ? strchr(letters, *at) : NULL;
        if (letter != NULL) {
            LOTS_TRY(lots_bytes_put8(out, (uint8_t)bytes[letter - letters], err));
            at++;
        } else if (at < end && *at == 'u' && hex4(at + 1, end, &point)) {
            LOTS_TRY(put_point(point, out, err));
            at += 5;
        } else {
            return lots_fail(err, LOTS_USAGE, "its provenance is damaged: an escape that JSON doesn't have");
        }
    }
    return LOTS_OK;
}

/* ---- the forms of a file ---- */

static bool begins(const scanner *s, const char *text)
{
    size_t bytes = strlen(text);
    return (size_t)(s->end - s->at) >= bytes && memcmp(s->at, text, bytes) == 0;
}

/* Where a text stands at or after `from`; NULL when nowhere. */
static const char *find(const char *from, const char *end, const char *text)
{
    size_t bytes = strlen(text);
    for (; (size_t)(end - from) >= bytes; from++) {
        from = memchr(from, text[0], (size_t)(end - from) - bytes + 1);
        if (from == NULL)
            return NULL;
        if (memcmp(from, text, bytes) == 0)
            return from;
    }
    return NULL;
}

static lots_status read_comments(scanner *s, lots_made_file *out, lots_error *err)
{
    while (begins(s, "# ")) {
        const char *line_end = memchr(s->at, '\n', (size_t)(s->end - s->at));
        const char *colon = line_end == NULL ? NULL : memchr(s->at, ':', (size_t)(line_end - s->at));
        if (colon == NULL)
            return lots_fail(err, LOTS_USAGE, "its provenance is damaged: a comment that is no fact");
        lots_made_fact fact = {s->at + 2, colon + 1, (size_t)(colon - s->at) - 2, 0};
        fact.json += line_end - fact.json > 0 && *fact.json == ' ';
        fact.json_bytes = (size_t)(line_end - fact.json);
        if (fact.json_bytes > 0 && fact.json[fact.json_bytes - 1] == '\r')
            fact.json_bytes--;
        LOTS_TRY(lots_vec_push(&out->facts, &fact, err));
        s->at = line_end + 1;
    }
    return LOTS_OK;
}

static lots_status read_object(scanner *s, lots_made_file *out, lots_error *err)
{
    s->at += strlen("{\"provenance\":");
    LOTS_TRY(read_members(s, &out->facts, err));
    const char *rest = begins(s, "}\n") ? "}\n" : ",\n\"rows\":"; /* ndjson or json */
    if (!begins(s, rest))
        return lots_fail(err, LOTS_USAGE, "its provenance is damaged: no rows follow it");
    s->at += strlen(rest);
    return LOTS_OK;
}

static lots_status read_page(scanner *s, lots_made_file *out, lots_error *err)
{
    const char *from = find(s->at, s->end, "<main>\n"), *to = from == NULL ? NULL : find(from, s->end, "</main>");
    const char *script = to == NULL ? NULL : find(to, s->end, LOTS_HTML_PROVENANCE);
    if (script == NULL)
        return lots_fail(err, LOTS_USAGE, "the page doesn't say how it was made");
    scanner object = {script + strlen(LOTS_HTML_PROVENANCE), s->end};
    LOTS_TRY(read_members(&object, &out->facts, err));
    s->at = from;
    s->end = to;
    return LOTS_OK;
}

static lots_status read_picture(scanner *s, lots_made_file *out, lots_error *err)
{
    const char *made = find(s->at, s->end, LOTS_SVG_PROVENANCE);
    if (made == NULL)
        return lots_fail(err, LOTS_USAGE, "the picture doesn't say how it was made");
    scanner object = {made + strlen(LOTS_SVG_PROVENANCE), s->end};
    LOTS_TRY(read_members(&object, &out->facts, err));
    s->end = made;
    return LOTS_OK;
}

lots_status lots_made_read(const char *text, size_t bytes, lots_made_file *out, lots_error *err)
{
    scanner s = {text, text + bytes};
    lots_status status = LOTS_OK;
    *out = (lots_made_file){.facts = LOTS_VEC(lots_made_fact)};
    if (begins(&s, LOTS_CSV_BOM))
        s.at += strlen(LOTS_CSV_BOM);
    if (begins(&s, "# lots:"))
        status = read_comments(&s, out, err);
    else if (begins(&s, "{\"provenance\":"))
        status = read_object(&s, out, err);
    else if (begins(&s, "<!DOCTYPE html>"))
        status = read_page(&s, out, err);
    else if (begins(&s, LOTS_SVG_BEGIN))
        status = read_picture(&s, out, err);
    else {
        lots_fail(err, LOTS_USAGE, "it doesn't say how it was made");
        lots_error_hint(err, "csv, tsv, json and ndjson do with --provenance, html and svg always");
        return LOTS_USAGE;
    }
    out->rows = s.at;
    out->rows_bytes = (size_t)(s.end - s.at);
    return status;
}

void lots_made_file_free(lots_made_file *file) { lots_vec_free(&file->facts); }

const lots_made_fact *lots_made_find(const lots_made_file *file, const char *name)
{
    for (size_t i = 0; i < file->facts.count; i++) {
        const lots_made_fact *fact = &LOTS_AT(lots_made_fact, &file->facts, i);
        if (fact->name_bytes == strlen(name) && memcmp(fact->name, name, fact->name_bytes) == 0)
            return fact;
    }
    return NULL;
}
