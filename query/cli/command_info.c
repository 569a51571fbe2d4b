/* command_info.c: `lots info`: what a registry holds, in all or of one stream or table. */
#include <stdarg.h>

#include "core/base/day.h"
#include "core/base/memory.h"
#include "query/cli/cohort_listing.h"
#include "query/cli/command.h"
#include "query/cli/disclosure.h"
#include "query/cli/generation_option.h"
#include "query/cli/options.h"
#include "query/cli/stream_facts.h"
#include "query/lang/hint.h"
#include "query/out/json.h"
#include "query/out/listing.h"
#include "query/exec/value.h"

typedef struct info_job {
    lots_program *program;
    const char *path, *stream, *generation;
    lots_format format;
    lots_registry *registry;
    const lots_schema *schema;
    lots_output_options output;
    uint32_t min_cell;
    bool first; /* nothing was written yet */
} info_job;

/* ---- pieces ---- */

/* A table under a heading; in JSON a member of one object. */
static lots_status begin_part(info_job *job, const char *name, lots_error *err)
{
    lots_sink *sink = &job->program->out;
    bool json = job->format == LOTS_FORMAT_JSON;
    if (json)
        LOTS_TRY(lots_bytes_printf(&sink->text, err, "%s\"%s\":", job->first ? "{" : ",\n", name));
    else if (!job->first)
        LOTS_TRY(lots_sink_text(sink, "\n", err));
    job->first = false;
    return LOTS_OK;
}

static lots_status write_part(info_job *job, const char *name, const lots_listing *listing, lots_error *err)
{
    LOTS_TRY(begin_part(job, name, err));
    return lots_listing_write(listing, job->format, &job->output, &job->program->out, err);
}

static lots_status put_fact(lots_listing *listing, const char *name, lots_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static lots_status put_fact(lots_listing *listing, const char *name, lots_error *err, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    LOTS_TRY(lots_listing_text(listing, name, err));
    return lots_listing_text(listing, text, err);
}

static lots_status put_day(lots_listing *listing, lots_day day, bool known, lots_error *err)
{
    return known ? lots_listing_date(listing, day, err) : lots_listing_missing(listing, err);
}

/* ---- the registry ---- */

static lots_status fill_registry(info_job *job, lots_listing *listing, lots_error *err)
{
    lots_day from = 0, until = 0;
    char day[11];
    const char *min_cell = lots_registry_setting(job->registry, "min_cell");
    LOTS_TRY(put_fact(listing, "format", err, "%u", lots_registry_format(job->registry)));
    LOTS_TRY(put_fact(listing, "generation", err, "%llu",
                      (unsigned long long)lots_registry_generation(job->registry)));
    LOTS_TRY(put_fact(listing, "content", err, "%016llx", (unsigned long long)lots_registry_hash(job->registry)));
    LOTS_TRY(put_fact(listing, "patients", err, "%u", lots_registry_patients(job->registry)));
    LOTS_TRY(put_fact(listing, "ids", err, "%s", job->schema->id_kind));
    if (lots_registry_span(job->registry, &from, &until)) {
        lots_day_format(from, day);
        LOTS_TRY(put_fact(listing, "from", err, "%s", day));
        lots_day_format(until, day);
        LOTS_TRY(put_fact(listing, "until", err, "%s", day));
    }
    if (min_cell != NULL)
        LOTS_TRY(put_fact(listing, "min_cell", err, "%s", min_cell));
    return LOTS_OK;
}

static lots_status write_registry(info_job *job, lots_error *err)
{
    static const lots_listing_column columns[] = {{"registry", LOTS_TYPE_TEXT}, {"value", LOTS_TYPE_TEXT}};
    lots_listing listing = lots_listing_begin(columns, 2);
    lots_status status = fill_registry(job, &listing, err);
    if (status == LOTS_OK)
        status = write_part(job, "registry", &listing, err);
    lots_listing_free(&listing);
    return status;
}

/* ---- streams ---- */

static lots_status fill_stream(info_job *job, uint32_t index, lots_listing *listing, lots_error *err)
{
    static const char *const spans[] = {[LOTS_SPAN_POINT] = "point", [LOTS_SPAN_CLOSED] = "closed",
                                        [LOTS_SPAN_OPEN] = "open"};
    const lots_stream *stream = &job->schema->streams[index];
    const lots_coverage *coverage = lots_registry_coverage(job->registry, index);
    bool dated = coverage != NULL && coverage->from != LOTS_DAY_MAX;
    lots_stream_facts facts;
    LOTS_TRY(lots_stream_facts_gather(job->registry, index, false, &facts, err));
    lots_stream_facts_free(&facts);
    LOTS_TRY(lots_listing_text(listing, stream->name, err));
    LOTS_TRY(lots_listing_count(listing, facts.events, facts.patients, err));
    LOTS_TRY(lots_listing_count(listing, facts.patients, facts.patients, err));
    LOTS_TRY(lots_listing_text(listing, index == 0 || stream->undated ? NULL : spans[stream->span], err));
    LOTS_TRY(lots_stream_find_role(stream, LOTS_ROLE_GHOST) < 0 ? lots_listing_missing(listing, err)
                                                                : lots_listing_count(listing, facts.ghosts,
                                                                                     facts.ghost_patients, err));
    LOTS_TRY(put_day(listing, dated ? coverage->from : 0, dated, err));
    LOTS_TRY(put_day(listing, dated ? coverage->until : 0, dated, err));
    LOTS_TRY(put_day(listing, dated ? coverage->complete_until : 0, dated, err));
    LOTS_TRY(lots_listing_text(listing, !dated ? NULL : coverage->declared ? "declared" : "seen", err));
    LOTS_TRY(lots_listing_int(listing, facts.bytes, err));
    if (facts.events == 0)
        return lots_listing_missing(listing, err);
    return lots_listing_float(listing, (double)facts.bytes / (double)facts.events, err);
}

static lots_status write_streams(info_job *job, lots_error *err)
{
    static const lots_listing_column columns[] = {
        {"stream", LOTS_TYPE_TEXT},    {"events", LOTS_TYPE_INT}, {"patients", LOTS_TYPE_INT},
        {"span", LOTS_TYPE_TEXT},      {"ghosts", LOTS_TYPE_INT}, {"from", LOTS_TYPE_DATE},
        {"until", LOTS_TYPE_DATE},     {"complete_until", LOTS_TYPE_DATE}, {"coverage", LOTS_TYPE_TEXT},
        {"bytes", LOTS_TYPE_INT},      {"bytes_per_event", LOTS_TYPE_FLOAT}};
    lots_listing listing = lots_listing_begin(columns, sizeof columns / sizeof *columns);
    listing.min_cell = job->min_cell;
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < job->schema->stream_count && status == LOTS_OK; i++)
        if (job->stream == NULL || strcmp(job->stream, job->schema->streams[i].name) == 0)
            status = fill_stream(job, i, &listing, err);
    if (status == LOTS_OK)
        status = write_part(job, "streams", &listing, err);
    lots_listing_free(&listing);
    return status;
}

/* ---- columns ---- */

static lots_status put_type(lots_listing *listing, const lots_column *column, lots_error *err)
{
    char text[2 * LOTS_NAME_MAX + 32];
    if (column->kind == LOTS_KIND_DECIMAL)
        snprintf(text, sizeof text, "decimal(%u)", (unsigned)column->scale);
    else if (column->kind == LOTS_KIND_CODE || column->kind == LOTS_KIND_CODES)
        snprintf(text, sizeof text, "%s(%s)", lots_kind_name(column->kind), column->system);
    else if (column->kind == LOTS_KIND_CATEGORY && strcmp(column->domain, column->name) != 0)
        snprintf(text, sizeof text, "category(%s)", column->domain);
    else
        snprintf(text, sizeof text, "%s", lots_kind_name(column->kind));
    return lots_listing_text(listing, text, err);
}

/* A zone map's number the way the column's values are written. */
static lots_status put_bound(lots_listing *listing, const lots_column *column, int64_t bound, lots_error *err)
{
    char day[11];
    lots_bytes text = {0};
    lots_status status = LOTS_OK;
    if (column->kind == LOTS_KIND_DATE) {
        lots_day_format((lots_day)bound, day);
        return lots_listing_text(listing, day, err);
    }
    if (column->kind == LOTS_KIND_FLOAT)
        status = lots_bytes_printf(&text, err, "%.6g", lots_f64_from_key(bound));
    else
        status = lots_value_decimal(bound, column->scale, &text, err);
    if (status == LOTS_OK)
        status = lots_listing_bytes(listing, (const char *)text.data, text.count, err);
    lots_bytes_free(&text);
    return status;
}

/* How many miss it tells how many have it. */
static lots_status put_absent(lots_listing *listing, const lots_column *column, const lots_column_facts *facts,
                              lots_error *err)
{
    const uint64_t present = column->kind != LOTS_KIND_CODES && facts->values > facts->missing ? facts->values - facts->missing : 0;
    if (present > 0 && present < listing->min_cell)
        return lots_listing_hidden(listing, LOTS_MARK_WITHHELD, err);
    return lots_listing_count(listing, facts->missing, facts->missing, err);
}

static lots_status put_extreme(lots_listing *listing, const lots_column *column, bool known, int64_t value,
                               uint32_t persons, lots_error *err)
{
    if (!known)
        return lots_listing_missing(listing, err);
    return persons < listing->min_cell ? lots_listing_hidden(listing, LOTS_MARK_WITHHELD, err)
                                       : put_bound(listing, column, value, err);
}

/* "frame, gaps": those used, the commonest first. */
static lots_status put_encodings(lots_listing *listing, const lots_column_facts *facts, lots_error *err)
{
    char text[256] = "";
    uint64_t below = UINT64_MAX;
    for (;;) {
        uint64_t most = 0;
        for (unsigned i = 0; i < 256; i++)
            most = facts->encodings[i] > most && facts->encodings[i] < below ? facts->encodings[i] : most;
        if (most == 0)
            break;
        for (unsigned i = 0; i < 256; i++) {
            size_t used = strlen(text);
            if (facts->encodings[i] == most)
                snprintf(text + used, sizeof text - used, "%s%s", used == 0 ? "" : ", ", lots_encoding_name((uint8_t)i));
        }
        below = most;
    }
    return lots_listing_text(listing, text[0] == '\0' ? NULL : text, err);
}

static lots_status fill_column(lots_listing *listing, const lots_column *column, const lots_column_facts *facts,
                               uint64_t events, lots_error *err)
{
    LOTS_TRY(lots_listing_text(listing, column->name, err));
    LOTS_TRY(put_type(listing, column, err));
    LOTS_TRY(lots_listing_int(listing, facts->values, err));
    LOTS_TRY(put_absent(listing, column, facts, err));
    LOTS_TRY(facts->has_distinct ? lots_listing_int(listing, facts->distinct, err) : lots_listing_missing(listing, err));
    LOTS_TRY(put_extreme(listing, column, facts->has_range, facts->min, facts->min_persons, err));
    LOTS_TRY(put_extreme(listing, column, facts->has_range, facts->max, facts->max_persons, err));
    LOTS_TRY(lots_listing_int(listing, facts->bytes, err));
    LOTS_TRY(events == 0 ? lots_listing_missing(listing, err)
                         : lots_listing_float(listing, (double)facts->bytes / (double)events, err));
    return put_encodings(listing, facts, err);
}

static lots_status write_columns(info_job *job, uint32_t stream, lots_error *err)
{
    static const lots_listing_column columns[] = {
        {"column", LOTS_TYPE_TEXT},  {"type", LOTS_TYPE_TEXT},  {"values", LOTS_TYPE_INT},
        {"missing", LOTS_TYPE_INT},  {"distinct", LOTS_TYPE_INT}, {"min", LOTS_TYPE_TEXT},
        {"max", LOTS_TYPE_TEXT},     {"bytes", LOTS_TYPE_INT},  {"bytes_per_event", LOTS_TYPE_FLOAT},
        {"encodings", LOTS_TYPE_TEXT}};
    lots_listing listing = lots_listing_begin(columns, sizeof columns / sizeof *columns);
    listing.min_cell = job->min_cell;
    lots_stream_facts facts;
    LOTS_TRY(lots_stream_facts_gather(job->registry, stream, true, &facts, err));
    lots_status status = lots_stream_facts_share(job->registry, stream, job->min_cell, &facts, err);
    for (uint32_t i = 0; status == LOTS_OK && i < job->schema->streams[stream].column_count; i++)
        status = fill_column(&listing, &job->schema->streams[stream].columns[i], &facts.columns[i], facts.events, err);
    lots_stream_facts_free(&facts);
    if (status == LOTS_OK)
        status = write_part(job, "columns", &listing, err);
    lots_listing_free(&listing);
    return status;
}

/* ---- tables ---- */

static lots_status fill_table(info_job *job, uint32_t index, lots_listing *listing, lots_error *err)
{
    const lots_table_schema *table = &job->schema->tables[index];
    const lots_batch *rows = NULL;
    lots_bytes names = {0};
    LOTS_TRY(lots_registry_table(job->registry, index, &rows, err));
    LOTS_TRY(lots_listing_text(listing, table->name, err));
    LOTS_TRY(lots_listing_int(listing, rows->rows, err));
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < table->column_count && status == LOTS_OK; i++)
        status = lots_bytes_printf(&names, err, "%s%s", i == 0 ? "" : ", ", table->columns[i].name);
    if (status == LOTS_OK)
        status = lots_listing_bytes(listing, (const char *)names.data, names.count, err);
    lots_bytes_free(&names);
    return status;
}

/* Tables first .. end-1. */
static lots_status write_tables(info_job *job, uint32_t first, uint32_t end, lots_error *err)
{
    static const lots_listing_column columns[] = {
        {"table", LOTS_TYPE_TEXT}, {"rows", LOTS_TYPE_INT}, {"columns", LOTS_TYPE_TEXT}};
    lots_listing listing = lots_listing_begin(columns, 3);
    lots_status status = LOTS_OK;
    for (uint32_t i = first; i < end && status == LOTS_OK; i++)
        status = fill_table(job, i, &listing, err);
    if (status == LOTS_OK && (first < end || job->format == LOTS_FORMAT_JSON))
        status = write_part(job, "tables", &listing, err);
    lots_listing_free(&listing);
    return status;
}

static lots_status write_table_columns(info_job *job, uint32_t index, lots_error *err)
{
    static const lots_listing_column columns[] = {
        {"column", LOTS_TYPE_TEXT}, {"type", LOTS_TYPE_TEXT}, {"role", LOTS_TYPE_TEXT}};
    const lots_table_schema *table = &job->schema->tables[index];
    lots_listing listing = lots_listing_begin(columns, 3);
    lots_status status = LOTS_OK;
    for (int32_t i = 0; i < (int32_t)table->column_count && status == LOTS_OK; i++) {
        status = lots_listing_text(&listing, table->columns[i].name, err);
        if (status == LOTS_OK)
            status = put_type(&listing, &table->columns[i], err);
        if (status == LOTS_OK)
            status = lots_listing_text(&listing, i == table->key_column ? "key" : i == table->valid_from_column ? "valid from"
                                                 : i == table->valid_to_column ? "valid to" : NULL, err);
    }
    if (status == LOTS_OK)
        status = write_part(job, "columns", &listing, err);
    lots_listing_free(&listing);
    return status;
}

/* ---- loads, pins and cohorts ---- */

static lots_status write_loads(info_job *job, lots_error *err)
{
    static const lots_listing_column columns[] = {
        {"generation", LOTS_TYPE_INT}, {"rows_of", LOTS_TYPE_TEXT}, {"rows", LOTS_TYPE_INT},
        {"loaded", LOTS_TYPE_INT},     {"rejected", LOTS_TYPE_INT},     {"duplicates", LOTS_TYPE_INT},
        {"conflicts", LOTS_TYPE_INT},  {"identical", LOTS_TYPE_INT}};
    lots_listing listing = lots_listing_begin(columns, sizeof columns / sizeof *columns);
    lots_ingest_entry *entries = NULL;
    size_t count = 0;
    LOTS_TRY(lots_registry_ingest_log(job->registry, &entries, &count, err));
    lots_status status = LOTS_OK;
    for (size_t i = 0; i < count && status == LOTS_OK; i++) {
        const lots_ingest_entry *e = &entries[i];
        const uint64_t numbers[] = {e->rows, e->loaded, e->rejected, e->duplicates, e->conflicts, e->identical};
        status = lots_listing_int(&listing, e->generation, err);
        if (status == LOTS_OK)
            status = lots_listing_text(&listing, e->stream, err);
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers && status == LOTS_OK; k++)
            status = lots_listing_int(&listing, numbers[k], err);
    }
    if (status == LOTS_OK)
        status = write_part(job, "loads", &listing, err);
    lots_ingest_log_free(entries, count);
    lots_listing_free(&listing);
    return status;
}

static lots_status write_pins(info_job *job, lots_error *err)
{
    static const lots_listing_column columns[] = {{"pin", LOTS_TYPE_TEXT}, {"generation", LOTS_TYPE_INT}};
    lots_listing listing = lots_listing_begin(columns, 2);
    lots_pin *pins = NULL;
    size_t count = 0;
    LOTS_TRY(lots_registry_pins(job->path, &pins, &count, err));
    lots_status status = LOTS_OK;
    for (size_t i = 0; i < count && status == LOTS_OK; i++) {
        status = lots_listing_text(&listing, pins[i].name, err);
        if (status == LOTS_OK)
            status = lots_listing_int(&listing, pins[i].generation, err);
    }
    if (status == LOTS_OK && (count > 0 || job->format == LOTS_FORMAT_JSON))
        status = write_part(job, "pins", &listing, err);
    lots_free(pins);
    lots_listing_free(&listing);
    return status;
}

static lots_status write_cohort_list(info_job *job, const lots_cohort_list *list, lots_error *err)
{
    lots_result result;
    if (list->cohorts.count == 0 && job->format != LOTS_FORMAT_JSON)
        return LOTS_OK;
    LOTS_TRY(lots_cohort_listing(list, false, false, job->min_cell, &result, err));
    lots_status status = begin_part(job, "cohorts", err);
    if (status == LOTS_OK)
        status = lots_output_write(job->format, &result, &job->output, &job->program->out, err);
    lots_result_free(&result);
    return status;
}

static lots_status write_cohorts(info_job *job, lots_error *err)
{
    lots_cohort_list list;
    LOTS_TRY(lots_cohort_list_read(job->path, &list, err));
    lots_status status = write_cohort_list(job, &list, err);
    lots_cohort_list_free(&list);
    return status;
}

/* ---- the command ---- */

static lots_status refuse_name(const info_job *job, lots_error *err)
{
    const lots_schema *schema = job->schema;
    void *room = NULL;
    LOTS_TRY(lots_alloc(&room, schema->stream_count + schema->table_count, sizeof(char *), err));
    const char **names = room;
    for (uint32_t i = 0; i < schema->stream_count; i++)
        names[i] = schema->streams[i].name;
    for (uint32_t i = 0; i < schema->table_count; i++)
        names[schema->stream_count + i] = schema->tables[i].name;
    lots_fail(err, LOTS_USAGE, "the registry has no stream or table '%s'", job->stream);
    const char *near = lots_hint_nearest(job->stream, strlen(job->stream), names, schema->stream_count + schema->table_count);
    if (near != NULL)
        lots_error_hint(err, "did you mean '%s'?", near);
    else
        lots_error_hint(err, "`lots info %s` lists them", job->path);
    lots_free(room);
    return LOTS_USAGE;
}

static lots_status tell_of_one(info_job *job, lots_error *err)
{
    const int32_t stream = lots_schema_find_stream(job->schema, job->stream, strlen(job->stream));
    const int32_t table = lots_schema_find_table(job->schema, job->stream, strlen(job->stream));
    if (stream >= 0) {
        LOTS_TRY(write_streams(job, err));
        return write_columns(job, (uint32_t)stream, err);
    }
    if (table < 0)
        return refuse_name(job, err);
    LOTS_TRY(write_tables(job, (uint32_t)table, (uint32_t)table + 1, err));
    return write_table_columns(job, (uint32_t)table, err);
}

static lots_status tell(info_job *job, lots_error *err)
{
    lots_registry_options options = {0};
    LOTS_TRY(lots_generation_option(job->path, job->generation, &options.generation, err));
    LOTS_TRY(lots_registry_open(&job->registry, job->path, &options, err));
    job->schema = lots_registry_schema(job->registry);
    LOTS_TRY(lots_disclosure_min_cell(job->registry, NULL, &job->min_cell, err));
    job->output = lots_program_output(job->program, job->schema);
    job->output.rows_max = UINT32_MAX;
    job->first = true;
    if (job->stream != NULL) {
        LOTS_TRY(tell_of_one(job, err));
    } else {
        LOTS_TRY(write_registry(job, err));
        LOTS_TRY(write_streams(job, err));
        LOTS_TRY(write_tables(job, 0, job->schema->table_count, err));
        LOTS_TRY(write_loads(job, err));
        LOTS_TRY(write_pins(job, err));
        LOTS_TRY(write_cohorts(job, err));
    }
    return job->format == LOTS_FORMAT_JSON ? lots_sink_text(&job->program->out, "}\n", err) : LOTS_OK;
}

enum { INFO_FORMAT, INFO_GENERATION };
static const lots_option info_options[] = {
    [INFO_FORMAT] = {"format", 0, true},
    [INFO_GENERATION] = {"generation", 0, true},
};

/* Its parts differ in their columns, so the formats for one table are none for it. */
static bool parse_format(const char *name, lots_format *out)
{
    return lots_format_parse(name, out) &&
           (*out == LOTS_FORMAT_TABLE || *out == LOTS_FORMAT_JSON || *out == LOTS_FORMAT_MARKDOWN);
}

static lots_status run_info(lots_program *program, int argc, char **argv, lots_error *err)
{
    lots_options words = {info_options, sizeof info_options / sizeof *info_options, argv, argc, 0, false};
    info_job job = {.program = program};
    const char *value = NULL;
    for (int which = 0;;) {
        LOTS_TRY(lots_options_next(&words, &which, &value, err));
        if (which == LOTS_OPTION_HELP)
            return lots_sink_text(&program->out, lots_command_info.help, err);
        if (which == LOTS_OPTION_END)
            break;
        if (which == INFO_GENERATION)
            job.generation = value;
        else if (which == INFO_FORMAT && !parse_format(value, &job.format))
            return lots_fail(err, LOTS_USAGE, "--format of `lots info` is table, markdown or json, not '%s'", value);
        else if (which == LOTS_OPTION_OPERAND && job.path == NULL)
            job.path = value;
        else if (which == LOTS_OPTION_OPERAND && job.stream == NULL)
            job.stream = value;
        else if (which == LOTS_OPTION_OPERAND)
            return lots_fail(err, LOTS_USAGE, "'%s' is one word too many", value);
    }
    if (job.path == NULL)
        return lots_fail(err, LOTS_USAGE, "which registry? lots info REG.lots [STREAM | TABLE]");
    lots_status status = tell(&job, err);
    lots_registry_close(job.registry);
    return status;
}

const lots_command lots_command_info = {
    "info", "what a registry holds",
    "Examples:\n"
    "  lots info reg.lots\n"
    "  lots info reg.lots contacts\n"
    "  lots info reg.lots --format json\n"
    "\n"
    "lots info REG.lots [STREAM | TABLE]\n"
    "\n"
    "Patients, streams with their events, coverage and size, tables, loads, pins and cohorts; of one stream each column's\n"
    "type, missing and distinct values, range, size and encodings; of one table each column's type. Sizes are bytes of the\n"
    "segment files.\n"
    "\n"
    "      --format NAME    table (the default), markdown or json\n"
    "      --generation G   a kept generation, by number or by the name of its pin\n",
    run_info};
