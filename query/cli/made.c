/* made.c: see made.h. */
#include "query/cli/made.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/base/day.h"
#include "core/base/hash.h"
#include "query/exec/membership.h"
#include "query/out/json.h"

/* A fact under construction: its two forms. */
typedef struct forms {
    lots_bytes json, shown;
    uint32_t items;
} forms;

static lots_status put_fact(lots_provenance *out, const char *name, forms *f, lots_status status, lots_error *err)
{
    if (status == LOTS_OK)
        status = lots_provenance_fact_put(out, name, &f->json, &f->shown, err);
    lots_bytes_free(&f->json);
    lots_bytes_free(&f->shown);
    return status;
}

static lots_status next_item(forms *f, lots_error *err)
{
    return f->items++ == 0 ? LOTS_OK : lots_bytes_put8(&f->json, ',', err);
}

static lots_status put_text(lots_provenance *out, const char *name, const char *text, lots_error *err)
{
    return lots_provenance_text(out, name, text, strlen(text), err);
}

static lots_status put_member(forms *f, const char *name, const char *text, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(&f->json, err, "%s\"%s\":", f->json.data[f->json.count - 1] == '{' ? "" : ",", name));
    return lots_json_string(text, strlen(text), &f->json, err);
}

/* ---- the registry ---- */

static lots_status put_day_member(forms *f, const char *name, lots_day day, bool known, lots_error *err)
{
    char text[11];
    if (!known)
        return LOTS_OK;
    lots_day_format(day, text);
    LOTS_TRY(lots_bytes_printf(&f->shown, err, " %s %s", name, text));
    return put_member(f, name, text, err);
}

static lots_status add_coverage(const lots_coverage *coverage, forms *f, lots_error *err)
{
    bool dated = coverage->from != LOTS_DAY_MAX;
    LOTS_TRY(next_item(f, err));
    LOTS_TRY(lots_bytes_put8(&f->json, '{', err));
    LOTS_TRY(put_member(f, "stream", coverage->stream, err));
    LOTS_TRY(lots_bytes_printf(&f->shown, err, "%s", coverage->stream));
    if (coverage->unit[0] != '\0') {
        LOTS_TRY(put_member(f, "unit", coverage->unit, err));
        LOTS_TRY(lots_bytes_printf(&f->shown, err, " (%s)", coverage->unit));
    }
    LOTS_TRY(put_day_member(f, "from", coverage->from, dated, err));
    LOTS_TRY(put_day_member(f, "until", coverage->until, dated, err));
    LOTS_TRY(put_day_member(f, "complete_until", coverage->complete_until, dated, err));
    LOTS_TRY(put_day_member(f, "extract", coverage->extract, coverage->extract != LOTS_DAY_MIN, err));
    LOTS_TRY(put_member(f, "known", coverage->declared ? "declared" : "seen", err));
    LOTS_TRY(lots_bytes_put8(&f->json, '}', err));
    return lots_bytes_printf(&f->shown, err, "%s\n", coverage->declared ? ", declared" : ", as seen");
}

static lots_status list_coverage(const lots_made *made, forms *f, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(&f->json, '[', err));
    for (uint32_t i = 0; i < lots_registry_coverage_count(made->registry); i++)
        LOTS_TRY(add_coverage(lots_registry_coverage_at(made->registry, i), f, err));
    return lots_bytes_put8(&f->json, ']', err);
}

/* One delivery fills several streams: its files are told once. */
static bool same_delivery(const lots_ingest_entry *a, const lots_ingest_entry *b)
{
    return a->generation == b->generation && strcmp(a->source, b->source) == 0;
}

static lots_status add_stream(const lots_ingest_entry *entry, bool first, forms *f, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(&f->json, err, "%s{", first ? "" : ","));
    LOTS_TRY(put_member(f, "stream", entry->stream, err));
    LOTS_TRY(lots_bytes_printf(&f->json, err, ",\"rows\":%" PRIu64 ",\"loaded\":%" PRIu64 "}", entry->rows,
                               entry->loaded));
    return lots_bytes_printf(&f->shown, err, "%s%s: %" PRIu64 " of %" PRIu64 " rows", first ? "" : "; ", entry->stream,
                             entry->loaded, entry->rows);
}

static lots_status add_delivery(const lots_ingest_entry *entries, size_t count, forms *f, lots_error *err)
{
    LOTS_TRY(next_item(f, err));
    LOTS_TRY(lots_bytes_printf(&f->json, err, "{\"generation\":%" PRIu64, entries->generation));
    LOTS_TRY(lots_bytes_printf(&f->shown, err, "generation %" PRIu64 ": %s%s", entries->generation, entries->source,
                               entries->source[0] == '\0' || entries->source[strlen(entries->source) - 1] != '\n' ? "\n"
                                                                                                               : ""));
    LOTS_TRY(put_member(f, "source", entries->source, err));
    LOTS_TRY(lots_bytes_printf(&f->json, err, ",\"streams\":["));
    for (size_t i = 0; i < count; i++)
        LOTS_TRY(add_stream(&entries[i], i == 0, f, err));
    LOTS_TRY(lots_bytes_printf(&f->json, err, "]}"));
    return lots_bytes_put8(&f->shown, '\n', err);
}

/* A log is of the registry as it is now; what came after the generation is no source of it. */
static lots_status list_sources(const lots_made *made, forms *f, lots_error *err)
{
    lots_ingest_entry *entries = NULL;
    size_t count = 0;
    LOTS_TRY(lots_registry_ingest_log(made->registry, &entries, &count, err));
    lots_status status = lots_bytes_put8(&f->json, '[', err);
    for (size_t i = 0, next = 0; i < count && status == LOTS_OK; i = next) {
        for (next = i + 1; next < count && same_delivery(&entries[i], &entries[next]); next++)
            ;
        if (entries[i].generation <= lots_registry_generation(made->registry))
            status = add_delivery(&entries[i], next - i, f, err);
    }
    lots_ingest_log_free(entries, count);
    LOTS_TRY(status);
    return lots_bytes_put8(&f->json, ']', err);
}

static lots_status put_registry(const lots_made *made, lots_provenance *out, lots_error *err)
{
    char text[32];
    lots_day from = 0, until = 0;
    forms coverage = {0}, sources = {0};
    LOTS_TRY(put_text(out, "registry", made->registry_path, err));
    snprintf(text, sizeof text, "%" PRIu64, lots_registry_generation(made->registry));
    LOTS_TRY(put_text(out, "generation", text, err));
    snprintf(text, sizeof text, "%016" PRIx64, lots_registry_hash(made->registry));
    LOTS_TRY(put_text(out, "content", text, err));
    if (lots_registry_span(made->registry, &from, &until)) {
        lots_day_format(until, text);
        LOTS_TRY(put_text(out, "today", text, err));
    }
    LOTS_TRY(put_fact(out, "coverage", &coverage, list_coverage(made, &coverage, err), err));
    return put_fact(out, "sources", &sources, list_sources(made, &sources, err), err);
}

/* ---- the query ---- */

static lots_status list_parameters(const lots_made *made, forms *f, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(&f->json, '{', err));
    for (uint32_t i = 0; i < made->param_count; i++) {
        const char *name = made->param_names[i], *value = made->param_values[i];
        LOTS_TRY(next_item(f, err));
        LOTS_TRY(lots_json_string(name, strlen(name), &f->json, err));
        LOTS_TRY(lots_bytes_put8(&f->json, ':', err));
        LOTS_TRY(lots_json_string(value, strlen(value), &f->json, err));
        LOTS_TRY(lots_bytes_printf(&f->shown, err, "%s=%s\n", name, value));
    }
    return lots_bytes_put8(&f->json, '}', err);
}

/* Source 0 is the query itself. */
static lots_status list_includes(const lots_made *made, forms *f, lots_error *err)
{
    char hash[17];
    LOTS_TRY(lots_bytes_put8(&f->json, '[', err));
    for (uint32_t i = 1; i < made->sources->count; i++) {
        LOTS_TRY(next_item(f, err));
        LOTS_TRY(lots_bytes_put8(&f->json, '{', err));
        snprintf(hash, sizeof hash, "%016" PRIx64, lots_hash(made->sources->texts[i], made->sources->bytes[i], 0));
        LOTS_TRY(put_member(f, "name", made->sources->names[i], err));
        LOTS_TRY(put_member(f, "hash", hash, err));
        LOTS_TRY(lots_bytes_put8(&f->json, '}', err));
        LOTS_TRY(lots_bytes_printf(&f->shown, err, "%s, %s\n", made->sources->names[i], hash));
    }
    return lots_bytes_put8(&f->json, ']', err);
}

/* The text of a cohort is its definition; "<5" is a text too. */
static lots_status put_count(forms *f, const char *name, uint64_t count, uint32_t min_cell, lots_error *err)
{
    char text[24];
    lots_members_number(count, min_cell, text);
    if (text[0] == '<')
        return put_member(f, name, text, err);
    return lots_bytes_printf(&f->json, err, ",\"%s\":%s", name, text);
}

/* Those that others are made of needn't have been counted: `named` false. */
static lots_status add_cohort(const lots_made *made, const lots_bound_cohort *cohort, bool named, forms *f,
                              lots_error *err)
{
    char count[24];
    LOTS_TRY(next_item(f, err));
    LOTS_TRY(lots_bytes_put8(&f->json, '{', err));
    LOTS_TRY(put_member(f, "name", cohort->name, err));
    LOTS_TRY(lots_bytes_printf(&f->shown, err, "%s", cohort->name));
    if (named) {
        LOTS_TRY(put_count(f, "patients", cohort->count, made->min_cell, err));
        lots_members_number(cohort->count, made->min_cell, count);
        LOTS_TRY(lots_bytes_printf(&f->shown, err, ", %s patients", count));
    }
    if (!cohort->fresh) {
        LOTS_TRY(lots_bytes_printf(&f->json, err, ",\"saved_generation\":%" PRIu64, cohort->saved->generation));
        LOTS_TRY(put_count(f, "saved_patients", cohort->saved->count, made->min_cell, err));
        lots_members_number(cohort->saved->count, made->min_cell, count);
        LOTS_TRY(lots_bytes_printf(&f->shown, err, ", %s when saved (generation %" PRIu64 ")", count,
                                   cohort->saved->generation));
    }
    LOTS_TRY(put_member(f, "text", cohort->text, err));
    LOTS_TRY(lots_bytes_put8(&f->json, '}', err));
    return lots_bytes_printf(&f->shown, err, "\n%s", cohort->text);
}

/* Each once: those that the query names, then those that they are made of. */
static lots_status list_cohorts(const lots_made *made, forms *f, lots_error *err)
{
    const lots_query *query = made->query;
    lots_vec told = LOTS_VEC(const lots_bound_cohort *);
    lots_status status = lots_bytes_put8(&f->json, '[', err);
    for (uint32_t i = 0; i < query->cohort_count && status == LOTS_OK; i++) {
        status = add_cohort(made, query->cohorts[i], true, f, err);
        if (status == LOTS_OK)
            status = lots_vec_push(&told, &query->cohorts[i], err);
    }
    for (uint32_t i = 0; i < query->cohort_count; i++)
        for (uint32_t k = 0; k < query->cohorts[i]->part_count && status == LOTS_OK; k++) {
            const lots_bound_cohort *part = query->cohorts[i]->parts[k];
            bool done = false;
            for (size_t t = 0; t < told.count; t++)
                done = done || LOTS_AT(const lots_bound_cohort *, &told, t) == part;
            if (!done)
                status = add_cohort(made, part, false, f, err);
            if (!done && status == LOTS_OK)
                status = lots_vec_push(&told, &part, err);
        }
    lots_vec_free(&told);
    return status == LOTS_OK ? lots_bytes_put8(&f->json, ']', err) : status;
}

static lots_status add_note(const char *text, forms *f, lots_error *err)
{
    LOTS_TRY(next_item(f, err));
    LOTS_TRY(lots_json_string(text, strlen(text), &f->json, err));
    return lots_bytes_printf(&f->shown, err, "%s\n", text);
}

/* Those of the query (classifications with their versions, windows beyond coverage), then each result's. */
static lots_status list_notes(const lots_made *made, forms *f, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(&f->json, '[', err));
    for (uint32_t i = 0; i < made->query->note_count; i++)
        LOTS_TRY(add_note(made->query->notes[i].text, f, err));
    for (uint32_t r = 0; r < made->result_count; r++)
        for (uint32_t i = 0; i < made->results[r].note_count; i++)
            LOTS_TRY(add_note(made->results[r].notes[i], f, err));
    return lots_bytes_put8(&f->json, ']', err);
}

static lots_status list_rows(const lots_made *made, forms *f, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(&f->json, '[', err));
    for (uint32_t i = 0; i < made->result_count; i++) {
        LOTS_TRY(next_item(f, err));
        LOTS_TRY(lots_bytes_printf(&f->json, err, "%" PRIu32, made->results[i].rows));
        LOTS_TRY(lots_bytes_printf(&f->shown, err, "%s%" PRIu32, i == 0 ? "" : ", ", made->results[i].rows));
    }
    return lots_bytes_put8(&f->json, ']', err);
}

static lots_status put_query(const lots_made *made, lots_provenance *out, lots_error *err)
{
    char cell[16];
    forms parameters = {0}, includes = {0}, cohorts = {0}, notes = {0}, rows = {0};
    if (made->file != NULL)
        LOTS_TRY(put_text(out, "file", made->file, err));
    LOTS_TRY(lots_provenance_text(out, "query", made->text, made->text_bytes, err));
    snprintf(cell, sizeof cell, "%" PRIu32, made->min_cell);
    LOTS_TRY(put_text(out, "min_cell", cell, err));
    LOTS_TRY(put_fact(out, "parameters", &parameters, list_parameters(made, &parameters, err), err));
    if (made->includes_from != NULL)
        LOTS_TRY(put_text(out, "includes_from", made->includes_from, err));
    LOTS_TRY(put_fact(out, "includes", &includes, list_includes(made, &includes, err), err));
    if (made->query->cohort_count > 0)
        LOTS_TRY(put_fact(out, "cohorts", &cohorts, list_cohorts(made, &cohorts, err), err));
    LOTS_TRY(put_fact(out, "notes", &notes, list_notes(made, &notes, err), err));
    return put_fact(out, "rows", &rows, list_rows(made, &rows, err), err);
}

static lots_status put_stamp(lots_provenance *out, lots_error *err)
{
    char text[32] = "";
    struct tm parts;
    time_t now = time(NULL);
    if (gmtime_r(&now, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return put_text(out, "stamp", text, err);
}

lots_status lots_made_gather(const lots_made *made, lots_provenance *out, lots_error *err)
{
    *out = lots_provenance_begin();
    LOTS_TRY(put_text(out, "lots", LOTS_VERSION, err));
    LOTS_TRY(put_registry(made, out, err));
    LOTS_TRY(put_query(made, out, err));
    LOTS_TRY(put_text(out, "format", lots_format_name(made->format), err));
    if (made->locale != NULL)
        LOTS_TRY(put_text(out, "locale", made->locale, err));
    return made->stamp ? put_stamp(out, err) : LOTS_OK;
}
