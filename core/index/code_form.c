/* code_form.c: how codes of a system are written: normalising, judging and showing one code; and the key under which
 * the code dictionary holds it. Pure functions of their input. */
#include <string.h>

#include "core/index/codes.h"

/* A shape of well-formed codes: a character class for each place, and the lengths at which a code may end.
 * A letter, 9 digit, B digit or A or B (C7A, C7B, M1A of ICD-10-CM), X letter or digit; any other stands for itself. */
typedef struct code_shape {
    lots_code_form form;
    const char *places;
    uint32_t lengths; /* bit n: n characters make a code */
} code_shape;

#define LENGTH(n) (1u << (n))

static const code_shape templates[] = {
    {LOTS_CODE_ICD10, "A9BXXXX", LENGTH(3) | LENGTH(4) | LENGTH(5) | LENGTH(6) | LENGTH(7)},
    {LOTS_CODE_ICD9, "999XX", LENGTH(3) | LENGTH(4) | LENGTH(5)}, /* 250.01; Swedish 250A */
    {LOTS_CODE_ICD9, "V99XX", LENGTH(3) | LENGTH(4) | LENGTH(5)},
    {LOTS_CODE_ICD9, "E999XX", LENGTH(4) | LENGTH(5) | LENGTH(6)},
    {LOTS_CODE_ATC, "A99AA99", LENGTH(1) | LENGTH(3) | LENGTH(4) | LENGTH(5) | LENGTH(7)},
    {LOTS_CODE_KVA, "AAA99", LENGTH(5)}, /* operations (KKÅ) */
    {LOTS_CODE_KVA, "AA999", LENGTH(5)}, /* other measures (KMÅ) */
};

static const char *const form_names[] = {
    [LOTS_CODE_PLAIN] = "plain", [LOTS_CODE_PREFIX] = "prefix", [LOTS_CODE_ICD10] = "icd10",
    [LOTS_CODE_ICD9] = "icd9",   [LOTS_CODE_ATC] = "atc",       [LOTS_CODE_KVA] = "kva",
};
#define FORM_COUNT (sizeof form_names / sizeof form_names[0])

static bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Bytes of the blank at the start of a text, 0 when there is none. */
static size_t blank_bytes(const char *text, size_t bytes)
{
    if (bytes == 0)
        return 0;
    if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'))
        return 1;
    return bytes >= 2 && memcmp(text, "\xc2\xa0", 2) == 0 ? 2 : 0; /* U+00A0, as spreadsheets paste it */
}

static bool normalise_plain(const char *text, size_t bytes, char *out, size_t *out_bytes)
{
    size_t first = 0, end = 0;
    for (size_t blank = 0; (blank = blank_bytes(text + first, bytes - first)) != 0;)
        first += blank;
    for (size_t at = first; at < bytes;) {
        size_t blank = blank_bytes(text + at, bytes - at);
        at += blank != 0 ? blank : 1;
        if (blank == 0)
            end = at;
    }
    *out_bytes = end > first ? end - first : 0;
    if (*out_bytes > LOTS_CODE_BYTES_MAX)
        return false;
    if (*out_bytes != 0)
        memmove(out, text + first, *out_bytes);
    out[*out_bytes] = '\0';
    return true;
}

/* Whether a byte at the end of an ICD code is a mark beside the code: I21.-, A17.0+, G01* */
static bool is_mark(char c) { return c == '-' || c == '+' || c == '*'; }

bool lots_code_normalise(lots_code_form form, const char *text, size_t bytes, char out[LOTS_CODE_BYTES_MAX + 1],
                         size_t *out_bytes)
{
    if (form == LOTS_CODE_PLAIN)
        return normalise_plain(text, bytes, out, out_bytes);
    size_t written = 0;
    for (size_t at = 0; at < bytes;) {
        size_t blank = blank_bytes(text + at, bytes - at);
        if (blank != 0 || text[at] == '.') {
            at += blank != 0 ? blank : 1;
            continue;
        }
        if (written == LOTS_CODE_BYTES_MAX)
            return false;
        char c = text[at++];
        out[written++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    if (form == LOTS_CODE_ICD10 || form == LOTS_CODE_ICD9)
        while (written > 0 && is_mark(out[written - 1]))
            written--;
    out[written] = '\0';
    *out_bytes = written;
    return true;
}

static bool fits_place(char place, char c)
{
    switch (place) {
    case 'A':
        return is_letter(c);
    case '9':
        return is_digit(c);
    case 'B':
        return is_digit(c) || c == 'A' || c == 'B';
    case 'X':
        return is_letter(c) || is_digit(c);
    default:
        return c == place;
    }
}

static bool fits_template(const code_shape *shape, const char *text, size_t bytes)
{
    if (bytes > strlen(shape->places))
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (!fits_place(shape->places[i], text[i]))
            return false;
    return true;
}

/* Whether the text fits a template of the form, as a whole code or (when `whole` is false) as the start of one. */
static bool fits_form(lots_code_form form, const char *text, size_t bytes, bool whole)
{
    if (form == LOTS_CODE_PLAIN || form == LOTS_CODE_PREFIX)
        return true;
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++) {
        const code_shape *shape = &templates[i];
        if (shape->form == form && fits_template(shape, text, bytes) &&
            (!whole || (shape->lengths & LENGTH(bytes)) != 0))
            return true;
    }
    return false;
}

bool lots_code_well_formed(lots_code_form form, const char *text, size_t bytes)
{
    return fits_form(form, text, bytes, true);
}

bool lots_code_starts_well(lots_code_form form, const char *text, size_t bytes)
{
    return fits_form(form, text, bytes, false);
}

/* Where the dot goes, 0 for nowhere. Swedish ICD-9 puts its letter right after the category: 250A, but 250.01. */
static size_t dot_place(lots_code_form form, const char *text, size_t bytes)
{
    if ((form != LOTS_CODE_ICD10 && form != LOTS_CODE_ICD9) || !lots_code_well_formed(form, text, bytes))
        return 0;
    size_t place = form == LOTS_CODE_ICD9 && text[0] == 'E' ? 4 : 3;
    if (bytes <= place || (form == LOTS_CODE_ICD9 && is_letter(text[place])))
        return 0;
    return place;
}

void lots_code_display(lots_code_form form, const char *text, size_t bytes, char out[LOTS_CODE_BYTES_MAX + 2])
{
    bytes = bytes < LOTS_CODE_BYTES_MAX ? bytes : LOTS_CODE_BYTES_MAX;
    size_t dot = dot_place(form, text, bytes);
    size_t written = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (i == dot && dot != 0)
            out[written++] = '.';
        out[written++] = text[i];
    }
    out[written] = '\0';
}

bool lots_code_form_parse(const char *name, lots_code_form *out)
{
    for (size_t i = 0; i < FORM_COUNT; i++) {
        if (strcmp(name, form_names[i]) != 0)
            continue;
        *out = (lots_code_form)i;
        return true;
    }
    return false;
}

const char *lots_code_form_example(lots_code_form form)
{
    static const char *const examples[] = {
        [LOTS_CODE_ICD10] = "I50 or I50.1", [LOTS_CODE_ICD9] = "250 or 250.01",
        [LOTS_CODE_ATC] = "C09 or C09AA05", [LOTS_CODE_KVA] = "NFB29 or AF021",
    };
    return (size_t)form < sizeof examples / sizeof *examples ? examples[form] : NULL;
}

const char *lots_code_form_name(lots_code_form form) { return (size_t)form < FORM_COUNT ? form_names[form] : "?"; }

size_t lots_code_key(const char *system, const char *code, size_t code_bytes, char *out, size_t out_bytes)
{
    size_t system_bytes = strlen(system);
    if (out_bytes < 2 || system_bytes > out_bytes - 2 || code_bytes > out_bytes - 2 - system_bytes)
        return 0;
    memcpy(out, system, system_bytes);
    out[system_bytes] = LOTS_CODE_SEPARATOR;
    if (code_bytes != 0)
        memcpy(out + system_bytes + 1, code, code_bytes);
    size_t key_bytes = system_bytes + 1 + code_bytes;
    out[key_bytes] = '\0';
    return key_bytes;
}

bool lots_code_split(const char *key, size_t key_bytes, size_t *system_bytes, const char **code, size_t *code_bytes)
{
    const char *separator = key_bytes != 0 ? memchr(key, LOTS_CODE_SEPARATOR, key_bytes) : NULL;
    if (separator == NULL)
        return false;
    *system_bytes = (size_t)(separator - key);
    *code = separator + 1;
    *code_bytes = key_bytes - *system_bytes - 1;
    return true;
}
