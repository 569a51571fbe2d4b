/* command_query.c: `lots query`: bind a text against a registry, run its pipelines in turn, write their results. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/cli/command.h"
#include "query/cli/disclosure.h"
#include "query/cli/generation_option.h"
#include "query/cli/made.h"
#include "query/cli/options.h"
#include "query/exec/membership.h"
#include "query/lang/bound.h"
#include "query/lang/caret.h"
#include "query/out/document.h"
#include "query/plan/plan.h"

enum { TEXT_BYTES_MAX = 64 << 20, BIND_BYTES_MAX = 1 << 30 };

typedef struct query_job {
    lots_program *program;
    /* the command line */
    const char *registry_path, *text, *file, *output, *generation, *identities, *purpose, *min_cell_wanted;
    lots_vec param_names, param_values; /* char *, const char * */
    lots_format format;
    const char *includes, *locale;
    bool format_given, timing, provenance, stamp, no_save;
    unsigned threads;
    size_t memory_bytes;
    uint32_t min_cell;
    /* made */
    char *slurped;     /* the query when it came from a file */
    size_t text_bytes;
    const char *name;  /* of the query in messages */
    char *directory;   /* of the query file, or as --includes has it */
    lots_registry *registry;
    lots_arena arena;
    lots_sources sources;
    lots_query *query;
    lots_pool *pool;
    lots_sink file_sink;
    lots_result *results;
    uint32_t result_count;
    uint64_t open_ns, bind_ns, run_ns;
    lots_work work;
} query_job;

/* ---- the command line ---- */

enum { QUERY_FILE, QUERY_FORMAT, QUERY_OUTPUT, QUERY_PARAM, QUERY_THREADS, QUERY_MEMORY, QUERY_TIMING, QUERY_GENERATION,
       QUERY_IDENTITIES, QUERY_PURPOSE, QUERY_MIN_CELL,
       QUERY_PROVENANCE, QUERY_STAMP, QUERY_LOCALE, QUERY_INCLUDES, QUERY_NO_SAVE };
static const lots_option query_options[] = {
    [QUERY_FILE] = {"file", 'f', true},           [QUERY_FORMAT] = {"format", 0, true},
    [QUERY_OUTPUT] = {"output", 'o', true},       [QUERY_PARAM] = {"param", 'p', true},
    [QUERY_THREADS] = {"threads", 0, true},       [QUERY_MEMORY] = {"memory", 0, true},
    [QUERY_TIMING] = {"timing", 0, false},        [QUERY_GENERATION] = {"generation", 0, true},
    [QUERY_IDENTITIES] = {"identities", 0, true}, [QUERY_PURPOSE] = {"purpose", 0, true},
    [QUERY_MIN_CELL] = {"min-cell", 0, true},     [QUERY_PROVENANCE] = {"provenance", 0, false},
    [QUERY_STAMP] = {"stamp", 0, false},          [QUERY_LOCALE] = {"locale", 0, true},
    [QUERY_INCLUDES] = {"includes", 0, true},     [QUERY_NO_SAVE] = {"no-save", 0, false},
};

static lots_status take_param(query_job *job, const char *value, lots_error *err)
{
    const char *equals = strchr(value, '=');
    char *name = NULL;
    if (equals == NULL || equals == value)
        return lots_fail(err, LOTS_USAGE, "--param wants name=value, not '%s'", value);
    LOTS_TRY(lots_text_copy(&name, value, (size_t)(equals - value), err));
    lots_status status = lots_vec_push(&job->param_names, &name, err);
    if (status != LOTS_OK) {
        lots_free(name);
        return status;
    }
    equals++;
    return lots_vec_push(&job->param_values, &equals, err);
}

static lots_status take_format(query_job *job, const char *value, lots_error *err)
{
    job->format_given = true;
    if (lots_format_parse(value, &job->format))
        return LOTS_OK;
    lots_fail(err, LOTS_USAGE, "there is no format '%s'", value);
    lots_error_hint(err, "the formats are " LOTS_FORMAT_NAMES);
    return LOTS_USAGE;
}

static lots_status take_locale(query_job *job, const char *value, lots_error *err)
{
    job->locale = value;
    if (strcmp(value, "sv") == 0 || strcmp(value, "en") == 0)
        return LOTS_OK;
    return lots_fail(err, LOTS_USAGE, "--locale is sv or en, not '%s'", value);
}

static lots_status take_operand(query_job *job, const char *value, lots_error *err)
{
    if (job->registry_path == NULL)
        job->registry_path = value;
    else if (job->text == NULL && job->file == NULL && strcmp(value, "-") == 0)
        job->file = value;
    else if (job->text == NULL && job->file == NULL)
        job->text = value;
    else
        return lots_fail(err, LOTS_USAGE, "'%s' is one word too many: the query is one text in quotes", value);
    return LOTS_OK;
}

static lots_status take_option(query_job *job, int which, const char *value, lots_error *err)
{
    uint64_t number = 0;
    switch (which) {
    case LOTS_OPTION_OPERAND: return take_operand(job, value, err);
    case QUERY_FORMAT: return take_format(job, value, err);
    case QUERY_PARAM: return take_param(job, value, err);
    case QUERY_MEMORY: return lots_option_size("memory", value, &job->memory_bytes, err);
    case QUERY_TIMING: job->timing = true; return LOTS_OK;
    case QUERY_OUTPUT: job->output = value; return LOTS_OK;
    case QUERY_GENERATION: job->generation = value; return LOTS_OK;
    case QUERY_IDENTITIES: job->identities = value; return LOTS_OK;
    case QUERY_MIN_CELL: job->min_cell_wanted = value; return LOTS_OK;
    case QUERY_PROVENANCE: job->provenance = true; return LOTS_OK;
    case QUERY_STAMP: job->provenance = job->stamp = true; return LOTS_OK;
    case QUERY_LOCALE: return take_locale(job, value, err);
    case QUERY_INCLUDES: job->includes = value; return LOTS_OK;
    case QUERY_NO_SAVE: job->no_save = true; return LOTS_OK;
    case QUERY_PURPOSE:
        job->purpose = value;
        return value[strspn(value, " \t\r\n")] != '\0' ? LOTS_OK : lots_fail(err, LOTS_USAGE, "--purpose says nothing");
    case QUERY_THREADS:
        LOTS_TRY(lots_option_number("threads", value, 1024, &number, err));
        job->threads = (unsigned)number;
        return LOTS_OK;
    default: /* QUERY_FILE */
        if (job->text != NULL || job->file != NULL)
            return lots_fail(err, LOTS_USAGE, "two queries: '%s' is one too many", value);
        job->file = value;
        return LOTS_OK;
    }
}

static lots_status read_line(query_job *job, int argc, char **argv, bool *help, lots_error *err)
{
    lots_options options = {query_options, sizeof query_options / sizeof *query_options, argv, argc, 0, false};
    int which = 0;
    const char *value = NULL;
    *help = false;
    for (;;) {
        LOTS_TRY(lots_options_next(&options, &which, &value, err));
        if (which == LOTS_OPTION_HELP)
            *help = true;
        if (which == LOTS_OPTION_END || *help)
            break;
        LOTS_TRY(take_option(job, which, value, err));
    }
    if (*help)
        return LOTS_OK;
    if (job->registry_path == NULL || (job->text == NULL && job->file == NULL)) {
        lots_fail(err, LOTS_USAGE, job->registry_path == NULL ? "which registry?" : "which query?");
        lots_error_hint(err, "lots query REG.lots 'from patients show n = count()'");
        return LOTS_USAGE;
    }
    if (!job->format_given && job->output != NULL)
        job->format_given = lots_format_of_path(job->output, &job->format);
    if (job->format == LOTS_FORMAT_SQLITE && job->output == NULL)
        return lots_fail(err, LOTS_USAGE, "--format sqlite wants -o FILE[:TABLE]");
    return LOTS_OK;
}

/* ---- reading and binding ---- */

static lots_status read_text(query_job *job, lots_error *err)
{
    job->name = "query";
    if (job->includes != NULL)
        LOTS_TRY(lots_text_copy(&job->directory, job->includes, strlen(job->includes), err));
    if (job->file == NULL) {
        job->text_bytes = strlen(job->text);
        return LOTS_OK;
    }
    LOTS_TRY(lots_file_slurp(job->file, TEXT_BYTES_MAX, &job->slurped, &job->text_bytes, err));
    job->text = job->slurped;
    if (strcmp(job->file, "-") == 0) {
        job->name = "standard input";
        return LOTS_OK;
    }
    job->name = job->file;
    const char *slash = strrchr(job->file, '/');
    if (slash == NULL || job->includes != NULL)
        return LOTS_OK;
    return lots_text_copy(&job->directory, job->file, slash == job->file ? 1 : (size_t)(slash - job->file), err);
}

/* An error with a place is drawn under its text; the error then has nothing more to say. */
static void draw_error(query_job *job, lots_error *err)
{
    lots_bytes text = {0};
    const char *source = job->text, *name = job->name;
    size_t bytes = job->text_bytes;
    if (err->at == LOTS_NOWHERE || err->text[0] == '\0')
        return;
    if (err->source < job->sources.count) {
        source = job->sources.texts[err->source];
        bytes = job->sources.bytes[err->source];
        name = job->sources.names[err->source];
    } else if (err->source != 0) {
        return;
    }
    if (lots_caret_format(source, bytes, name, err, &text, NULL) == LOTS_OK) {
        fwrite(text.data, 1, text.count, stderr);
        err->text[0] = '\0';
    }
    lots_bytes_free(&text);
}

static void say_note(query_job *job, const lots_note *note)
{
    char text[1024];
    uint32_t line = 0, column = 0, source = note->span.source;
    if (note->fact || source >= job->sources.count) {
        lots_program_say_note(job->program, note->text);
        return;
    }
    lots_caret_place(job->sources.texts[source], job->sources.bytes[source], note->span.at, &line, &column);
    snprintf(text, sizeof text, "warning: %s:%u:%u: %s", job->sources.names[source], line, column, note->text);
    lots_program_say_note(job->program, text);
}

static lots_status check_charts(const query_job *job, lots_error *err)
{
    for (uint32_t i = 0; i < job->query->pipeline_count; i++)
        if (job->query->pipelines[i].chart != NULL)
            return LOTS_OK;
    lots_fail(err, LOTS_USAGE, "there is nothing to draw: no question ends in `chart`");
    lots_error_hint(err, "as in: … group by sex show n = count() chart bar(sex, n)");
    return LOTS_USAGE;
}

static lots_status bind_text(query_job *job, lots_error *err)
{
    lots_bind_options options = {.param_names = job->param_names.data,
                                 .param_values = job->param_values.data,
                                 .param_count = (uint32_t)job->param_values.count,
                                 .include_directory = job->directory};
    uint64_t start = lots_clock_ns();
    LOTS_TRY(lots_query_bind(job->registry, job->text, job->text_bytes, job->name, &options, &job->arena, &job->sources,
                             &job->query, err));
    job->bind_ns = lots_clock_ns() - start;
    for (uint32_t i = 0; i < job->query->note_count; i++)
        say_note(job, &job->query->notes[i]);
    if (job->query->pipeline_count == 0)
        return lots_fail(err, LOTS_QUERY, "there is nothing to answer: the query has no `from`");
    LOTS_TRY(lots_disclosure_min_cell(job->registry, job->min_cell_wanted, &job->min_cell, err));
    LOTS_TRY(lots_disclosure_check(job->query, job->purpose, err));
    return job->format == LOTS_FORMAT_SVG ? check_charts(job, err) : LOTS_OK;
}

/* ---- running and writing ---- */

static void show_progress(void *context, uint64_t done, uint64_t all)
{
    char text[64];
    snprintf(text, sizeof text, "%llu of %llu chunks", (unsigned long long)done, (unsigned long long)all);
    lots_progress_show(context, done, all, text);
}

static lots_status run_one(query_job *job, uint32_t index, lots_result *result, lots_error *err)
{
    lots_progress progress = lots_progress_begin(job->program);
    lots_run_options options = {.pool = job->pool,
                                .memory_bytes = job->memory_bytes,
                                .stop = job->program->stop,
                                .progress = show_progress,
                                .progress_context = &progress,
                                .guard_rows = true,
                                .min_cell = job->min_cell};
    const lots_bound_pipeline *pipeline = &job->query->pipelines[index];
    uint64_t start = lots_clock_ns();
    lots_status status = pipeline->explain ? lots_plan_result(job->query, pipeline, &options, result, err)
                                           : lots_run_pipeline(job->query, pipeline, &options, result, err);
    job->run_ns += lots_clock_ns() - start;
    lots_progress_end(&progress);
    if (status != LOTS_OK)
        return status;
    job->work.chunks += result->work.chunks;
    job->work.chunks_skipped += result->work.chunks_skipped;
    job->work.blocks += result->work.blocks;
    job->work.bytes += result->work.bytes;
    job->work.rows += result->work.rows;
    return LOTS_OK;
}

static lots_status gather_made(query_job *job, lots_provenance *out, lots_error *err)
{
    lots_made made = {.registry_path = job->registry_path,
                      .registry = job->registry,
                      .query = job->query,
                      .sources = &job->sources,
                      .text = job->text,
                      .text_bytes = job->text_bytes,
                      .file = job->name == job->file ? job->file : NULL,
                      .includes_from = job->directory,
                      .param_names = job->param_names.data,
                      .param_values = job->param_values.data,
                      .param_count = (uint32_t)job->param_values.count,
                      .results = job->results,
                      .result_count = job->result_count,
                      .min_cell = job->min_cell,
                      .format = job->format,
                      .locale = job->locale,
                      .stamp = job->stamp};
    return lots_made_gather(&made, out, err);
}

/* The file is opened only when the results are there: a query that fails leaves an older file as it was. */
static lots_status write_document(query_job *job, const lots_document *document, lots_error *err)
{
    lots_output_options options = lots_program_output(job->program, lots_registry_schema(job->registry));
    lots_sink *sink = job->output == NULL ? &job->program->out : &job->file_sink;
    options.swedish = job->locale != NULL && strcmp(job->locale, "sv") == 0;
    if (job->output != NULL)
        options.terminal = options.colour = false;
    if (job->format == LOTS_FORMAT_SQLITE)
        return lots_document_write_sqlite(document, &options, job->output, err);
    if (job->output != NULL) {
        sink->name = job->output;
        sink->file = fopen(job->output, "w");
        if (sink->file == NULL)
            return lots_os_fail(err, "write", job->output);
    }
    LOTS_TRY(lots_document_write(document, &options, sink, err));
    return lots_sink_flush(sink, err);
}

static lots_status write_all(query_job *job, lots_error *err)
{
    lots_provenance made = lots_provenance_begin();
    bool wanted = job->provenance || job->format == LOTS_FORMAT_HTML || job->format == LOTS_FORMAT_SVG;
    lots_document document = {.format = job->format,
                              .results = job->results,
                              .result_count = job->result_count,
                              .provenance = wanted ? &made : NULL,
                              .caption = job->text,
                              .caption_bytes = job->text_bytes};
    lots_status status = wanted ? gather_made(job, &made, err) : LOTS_OK;
    if (status == LOTS_OK)
        status = write_document(job, &document, err);
    lots_provenance_free(&made);
    return status;
}

static lots_disclosure_entry log_entry(const query_job *job)
{
    return (lots_disclosure_entry){.text = job->text,
                                   .text_bytes = job->text_bytes,
                                   .param_names = job->param_names.data,
                                   .param_values = job->param_values.data,
                                   .param_count = job->param_values.count,
                                   .purpose = job->purpose};
}

static lots_status record(const query_job *job, uint32_t index, const lots_result *result, lots_error *err)
{
    const lots_disclosure_entry entry = log_entry(job);
    if (job->query->pipelines[index].aggregated || job->query->pipelines[index].explain)
        return LOTS_OK;
    return lots_disclosure_record(job->registry, &entry, result->rows, err);
}

/* After all questions have been answered: one that fails leaves what was saved before as it was. */
static lots_status save_cohorts(const query_job *job, lots_error *err)
{
    const lots_disclosure_entry entry = log_entry(job);
    char text[256], before[24];
    for (uint32_t i = 0; i < job->query->pipeline_count; i++) {
        const lots_bound_cohort *cohort = job->query->pipelines[i].into;
        if (cohort == NULL || job->query->pipelines[i].explain)
            continue;
        snprintf(text, sizeof text, "cohort %s is counted, not saved", cohort->name);
        if (!job->no_save && cohort->saved != NULL) {
            lots_members_number(cohort->saved->count, job->min_cell, before);
            snprintf(text, sizeof text, "cohort %s is replaced: it had %s patients (generation %llu)", cohort->name, before,
                     (unsigned long long)cohort->saved->generation);
        }
        if (!job->no_save)
            LOTS_TRY(lots_disclosure_save_cohort(job->registry, &entry, cohort, err));
        if (job->no_save || cohort->saved != NULL)
            lots_program_say_note(job->program, text);
    }
    return LOTS_OK;
}

static void say_timing(const query_job *job)
{
    char bytes[32], peak[32];
    lots_bytes_text(job->work.bytes, bytes);
    lots_bytes_text(lots_peak_memory_bytes(), peak);
    fprintf(stderr,
            "open %.3f s, bind %.3f s, run %.3f s; %llu chunks, %llu skipped; %llu blocks, %s decoded; %llu rows looked "
            "at; peak memory %s; %u threads\n",
            (double)job->open_ns / 1e9, (double)job->bind_ns / 1e9, (double)job->run_ns / 1e9,
            (unsigned long long)job->work.chunks, (unsigned long long)job->work.chunks_skipped,
            (unsigned long long)job->work.blocks, bytes, (unsigned long long)job->work.rows, peak,
            lots_pool_threads(job->pool));
}

/* All results are there before any is written: how they were made stands first in some formats. */
static lots_status run_all(query_job *job, lots_error *err)
{
    void *results = NULL;
    LOTS_TRY(lots_pool_open(&job->pool, job->threads, err));
    LOTS_TRY(lots_alloc(&results, job->query->pipeline_count, sizeof(lots_result), err));
    job->results = results;
    for (uint32_t i = 0; i < job->query->pipeline_count; i++) {
        lots_result *result = &job->results[i];
        LOTS_TRY(run_one(job, i, result, err));
        job->result_count++;
        LOTS_TRY(record(job, i, result, err));
        for (uint32_t n = 0; n < result->note_count; n++)
            lots_program_say_note(job->program, result->notes[n]);
    }
    LOTS_TRY(save_cohorts(job, err));
    LOTS_TRY(write_all(job, err));
    if (job->timing)
        say_timing(job);
    return LOTS_OK;
}

static lots_status open_registry(query_job *job, lots_error *err)
{
    lots_registry_options options = {.identities = job->identities};
    uint64_t start = lots_clock_ns();
    LOTS_TRY(lots_generation_option(job->registry_path, job->generation, &options.generation, err));
    LOTS_TRY(lots_registry_open(&job->registry, job->registry_path, &options, err));
    job->open_ns = lots_clock_ns() - start;
    return LOTS_OK;
}

static lots_status answer(query_job *job, lots_error *err)
{
    LOTS_TRY(read_text(job, err));
    LOTS_TRY(open_registry(job, err));
    lots_status status = bind_text(job, err);
    if (status == LOTS_OK)
        status = run_all(job, err);
    if (status != LOTS_OK)
        draw_error(job, err);
    return status;
}

static lots_status close_job(query_job *job, lots_status status, lots_error *err)
{
    if (job->file_sink.file != NULL && fclose(job->file_sink.file) != 0 && status == LOTS_OK)
        status = lots_os_fail(err, "write", job->output);
    lots_sink_free(&job->file_sink);
    for (uint32_t i = 0; i < job->result_count; i++)
        lots_result_free(&job->results[i]);
    lots_free(job->results);
    for (size_t i = 0; i < job->param_names.count; i++)
        lots_free(LOTS_AT(char *, &job->param_names, i));
    lots_vec_free(&job->param_names);
    lots_vec_free(&job->param_values);
    lots_pool_close(job->pool);
    lots_registry_close(job->registry);
    lots_arena_free(&job->arena);
    lots_free(job->directory);
    lots_free(job->slurped);
    return status;
}

static lots_status run_query(lots_program *program, int argc, char **argv, lots_error *err)
{
    query_job job = {.program = program, .param_names = LOTS_VEC(char *), .param_values = LOTS_VEC(const char *)};
    bool help = false;
    lots_arena_init(&job.arena, BIND_BYTES_MAX);
    lots_status status = read_line(&job, argc, argv, &help, err);
    if (status == LOTS_OK)
        status = help ? lots_sink_text(&program->out, lots_command_query.help, err) : answer(&job, err);
    return close_job(&job, status, err);
}

const lots_command lots_command_query = {
    "query", "answer a question",
    "Examples:\n"
    "  lots query reg.lots 'from patients show n = count()'\n"
    "  lots query reg.lots -f readmissions.lq --param year=2023 -o readmissions.csv\n"
    "  lots query reg.lots -f readmissions.lq -o readmissions.html\n"
    "  echo 'from contacts group by level show n = count()' | lots query reg.lots - --format json\n"
    "\n"
    "lots query REG.lots 'TEXT' | -f FILE | -\n"
    "\n"
    "  -f, --file FILE      read the query from a file; includes are relative to it\n"
    "  -p, --param NAME=VALUE  set a `param` of the query; may be repeated\n"
    "      --format NAME    table (the default), csv, csv-se, tsv, json, ndjson, markdown, html, svg (the charts alone) or\n"
    "                       sqlite\n"
    "  -o, --output FILE    write there; its ending decides the format: .csv .tsv .json .ndjson .md .html .svg .sqlite;\n"
    "                       FILE.sqlite:TABLE adds a table to a SQLite file\n"
    "      --locale sv      decimal comma and Swedish headings in formats for reading (csv-se has the comma anyway)\n"
    "      --provenance     say in the result how it was made (html and svg always do); `lots rerun` makes it again\n"
    "      --stamp          the same, with the time of day\n"
    "      --threads N      threads; the answer doesn't depend on it (default: all processors)\n"
    "      --memory SIZE    what a question may hold (default 4G)\n"
    "      --generation G   a kept generation, by number or by the name of its pin\n"
    "      --identities DIR where the identity files are\n"
    "      --includes DIR   where files that the query includes are (default: beside the query file)\n"
    "      --purpose TEXT   why a list of persons, events or episodes is needed; logged (`lots audit`)\n"
    "      --no-save        count the cohorts of `into cohort` without saving them\n"
    "      --min-cell N     hide what rests on fewer than N persons; N may raise the registry's rule (5)\n"
    "      --timing         say on standard error how long it took and what was read\n",
    run_query};
