/* provenance.c: see provenance.h. */
#include "query/out/provenance.h"

#include "query/out/json.h"
#include "query/out/markup.h"

lots_provenance lots_provenance_begin(void) { return (lots_provenance){.facts = LOTS_VEC(lots_provenance_fact)}; }

void lots_provenance_free(lots_provenance *provenance)
{
    lots_vec_free(&provenance->facts);
    lots_bytes_free(&provenance->text);
}

lots_status lots_provenance_fact_put(lots_provenance *provenance, const char *name, const lots_bytes *json,
                                     const lots_bytes *shown, lots_error *err)
{
    size_t shown_bytes = shown->count;
    if (shown_bytes > 0 && shown->data[shown_bytes - 1] == '\n')
        shown_bytes--;
    lots_provenance_fact fact = {.name = name, .json = provenance->text.count, .json_bytes = json->count};
    LOTS_TRY(lots_bytes_append(&provenance->text, json->data, json->count, err));
    fact.shown = provenance->text.count;
    fact.shown_bytes = shown_bytes;
    LOTS_TRY(lots_bytes_append(&provenance->text, shown->data, shown_bytes, err));
    return lots_vec_push(&provenance->facts, &fact, err);
}

lots_status lots_provenance_text(lots_provenance *provenance, const char *name, const char *text, size_t bytes,
                                 lots_error *err)
{
    lots_bytes json = {0}, shown = {0};
    lots_status status = lots_json_string(text, bytes, &json, err);
    if (status == LOTS_OK)
        status = lots_bytes_append(&shown, text, bytes, err);
    if (status == LOTS_OK)
        status = lots_provenance_fact_put(provenance, name, &json, &shown, err);
    lots_bytes_free(&json);
    lots_bytes_free(&shown);
    return status;
}

/* ---- for programs ---- */

static const lots_provenance_fact *fact_at(const lots_provenance *provenance, size_t index)
{
    return &LOTS_AT(lots_provenance_fact, &provenance->facts, index);
}

lots_status lots_provenance_json(const lots_provenance *provenance, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(out, '{', err));
    for (size_t i = 0; i < provenance->facts.count; i++) {
        const lots_provenance_fact *fact = fact_at(provenance, i);
        LOTS_TRY(lots_bytes_printf(out, err, "%s\"%s\":", i == 0 ? "" : ",", fact->name));
        LOTS_TRY(lots_bytes_append(out, provenance->text.data + fact->json, fact->json_bytes, err));
    }
    return lots_bytes_put8(out, '}', err);
}

lots_status lots_provenance_comments(const lots_provenance *provenance, lots_bytes *out, lots_error *err)
{
    for (size_t i = 0; i < provenance->facts.count; i++) {
        const lots_provenance_fact *fact = fact_at(provenance, i);
        LOTS_TRY(lots_bytes_printf(out, err, "# %s: ", fact->name));
        LOTS_TRY(lots_bytes_append(out, provenance->text.data + fact->json, fact->json_bytes, err));
        LOTS_TRY(lots_bytes_put8(out, '\n', err));
    }
    return LOTS_OK;
}

/* ---- for people ---- */

static const char *shown_name(const char *name, bool swedish)
{
    static const char *const swedish_names[][2] = {
        {"lots", "Lots"},           {"registry", "register"},     {"generation", "generation"}, {"content", "innehåll"},
        {"coverage", "täckning"},   {"sources", "källor"},        {"file", "frågefil"},         {"query", "fråga"},
        {"parameters", "parametrar"}, {"includes", "inkluderade filer"}, {"includes_from", "inkluderat från"},
        {"notes", "anmärkningar"},  {"rows", "rader"},            {"locale", "språk"},          {"stamp", "tidpunkt"},
        {"today", "registrets idag"}, {"min_cell", "minsta cell"}};
    for (size_t i = 0; swedish && i < sizeof swedish_names / sizeof *swedish_names; i++)
        if (strcmp(name, swedish_names[i][0]) == 0)
            return swedish_names[i][1];
    return name;
}

/* The next line of a text for people; false when there is none left. */
static bool next_line(const lots_provenance *provenance, const lots_provenance_fact *fact, size_t *at, const char **line,
                      size_t *bytes)
{
    if (*at > fact->shown_bytes)
        return false;
    *line = (const char *)provenance->text.data + fact->shown + *at;
    size_t left = fact->shown_bytes - *at;
    const char *end = left == 0 ? NULL : memchr(*line, '\n', left);
    *bytes = end == NULL ? left : (size_t)(end - *line);
    *at += *bytes + 1;
    return true;
}

/* No text may move a terminal's cursor. */
static lots_status put_plain(const char *text, size_t bytes, lots_bytes *out, lots_error *err)
{
    for (size_t i = 0; i < bytes; i++)
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)text[i] < 0x20 || text[i] == 0x7f ? (uint8_t)' ' : (uint8_t)text[i], err));
    return LOTS_OK;
}

lots_status lots_provenance_plain(const lots_provenance *provenance, bool swedish, lots_bytes *out, lots_error *err)
{
    for (size_t i = 0; i < provenance->facts.count; i++) {
        const lots_provenance_fact *fact = fact_at(provenance, i);
        const char *line = NULL;
        size_t bytes = 0, at = 0;
        if (fact->shown_bytes == 0)
            continue;
        LOTS_TRY(lots_bytes_printf(out, err, "%s:", shown_name(fact->name, swedish)));
        for (bool first = true; next_line(provenance, fact, &at, &line, &bytes); first = false) {
            LOTS_TRY(lots_bytes_printf(out, err, "%s", first ? " " : "  "));
            LOTS_TRY(put_plain(line, bytes, out, err));
            LOTS_TRY(lots_bytes_put8(out, '\n', err));
        }
    }
    return LOTS_OK;
}

lots_status lots_provenance_markdown(const lots_provenance *provenance, bool swedish, lots_bytes *out, lots_error *err)
{
    for (size_t i = 0; i < provenance->facts.count; i++) {
        const lots_provenance_fact *fact = fact_at(provenance, i);
        if (fact->shown_bytes == 0)
            continue;
        LOTS_TRY(lots_bytes_printf(out, err, "- %s: ", shown_name(fact->name, swedish)));
        LOTS_TRY(lots_markup_markdown((const char *)provenance->text.data + fact->shown, fact->shown_bytes, out, err));
        LOTS_TRY(lots_bytes_put8(out, '\n', err));
    }
    return LOTS_OK;
}

lots_status lots_provenance_html(const lots_provenance *provenance, bool swedish, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(out, err, "<dl>\n"));
    for (size_t i = 0; i < provenance->facts.count; i++) {
        const lots_provenance_fact *fact = fact_at(provenance, i);
        if (fact->shown_bytes == 0)
            continue;
        LOTS_TRY(lots_bytes_printf(out, err, "<dt>%s</dt><dd>", shown_name(fact->name, swedish)));
        LOTS_TRY(lots_markup_html((const char *)provenance->text.data + fact->shown, fact->shown_bytes, out, err));
        LOTS_TRY(lots_bytes_append(out, "</dd>\n", 6, err));
    }
    return lots_bytes_printf(out, err, "</dl>\n");
}
