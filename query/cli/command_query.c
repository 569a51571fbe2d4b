/* command_query.c: `lots query`: bind a text against a registry, run its pipelines in turn, write their results. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/cli/command.h"
#include "query/cli/disclosure.h"
#include "query/cli/made.h"
#include "query/cli/question.h"
#include "query/exec/membership.h"
#include "query/out/document.h"
#include "query/plan/plan.h"

typedef struct query_job {
    lots_question q;
    const char *purpose;
    bool timing, provenance, stamp, no_save;
    lots_result *results;
    uint32_t result_count;
    uint64_t run_ns;
    lots_work work;
    uint64_t held_bytes; /* by a question, at most at a time */
    lots_shared *shared; /* by the pipelines */
} query_job;

/* ---- the command line ---- */

enum { QUERY_TIMING = LOTS_QUESTION_OPTIONS, QUERY_PURPOSE, QUERY_PROVENANCE, QUERY_STAMP, QUERY_NO_SAVE };
static const lots_option query_options[] = {
    LOTS_QUESTION_OPTION_LIST,
    [QUERY_TIMING] = {"timing", 0, false},
    [QUERY_PURPOSE] = {"purpose", 0, true},
    [QUERY_PROVENANCE] = {"provenance", 0, false},
    [QUERY_STAMP] = {"stamp", 0, false},
    [QUERY_NO_SAVE] = {"no-save", 0, false},
};

static lots_status take_option(void *context, int which, const char *value, lots_error *err)
{
    query_job *job = context;
    switch (which) {
    case QUERY_TIMING: job->timing = true; return LOTS_OK;
    case QUERY_PROVENANCE: job->provenance = true; return LOTS_OK;
    case QUERY_STAMP: job->provenance = job->stamp = true; return LOTS_OK;
    case QUERY_NO_SAVE: job->no_save = true; return LOTS_OK;
    case QUERY_PURPOSE:
        job->purpose = value;
        return value[strspn(value, " \t\r\n")] != '\0' ? LOTS_OK : lots_fail(err, LOTS_USAGE, "--purpose says nothing");
    default: return lots_question_take(&job->q, which, value, err);
    }
}

static lots_status read_line(query_job *job, int argc, char **argv, bool *help, lots_error *err)
{
    lots_options options = {query_options, sizeof query_options / sizeof *query_options, argv, argc, 0, false};
    LOTS_TRY(lots_options_each(&options, take_option, job, help, err));
    if (*help)
        return LOTS_OK;
    return lots_question_complete(&job->q, "lots query REG.lots 'from patients show n = count()'", err);
}

/* ---- binding ---- */

static lots_status check_charts(const query_job *job, lots_error *err)
{
    for (uint32_t i = 0; i < job->q.query->pipeline_count; i++)
        if (job->q.query->pipelines[i].chart != NULL)
            return LOTS_OK;
    lots_fail(err, LOTS_USAGE, "there is nothing to draw: no question ends in `chart`");
    lots_error_hint(err, "as in: … group by sex show n = count() chart bar(sex, n)");
    return LOTS_USAGE;
}

static lots_status bind_text(query_job *job, lots_error *err)
{
    LOTS_TRY(lots_question_bind(&job->q, err));
    if (job->q.query->pipeline_count == 0)
        return lots_fail(err, LOTS_QUERY, "there is nothing to answer: the query has no `from`");
    LOTS_TRY(lots_disclosure_check(job->q.query, job->purpose, err));
    return job->q.format == LOTS_FORMAT_SVG ? check_charts(job, err) : LOTS_OK;
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
    lots_progress progress = lots_progress_begin(job->q.program);
    lots_run_options options = {.pool = job->q.pool,
                                .memory_bytes = job->q.memory_bytes,
                                .stop = job->q.program->stop,
                                .progress = show_progress,
                                .progress_context = &progress,
                                .guard_rows = true,
                                .min_cell = job->q.min_cell,
                                .shared = job->shared};
    const lots_bound_pipeline *pipeline = &job->q.query->pipelines[index];
    uint64_t start = lots_clock_ns();
    lots_status status = pipeline->explain ? lots_plan_result(job->q.query, pipeline, &options, result, err)
                                           : lots_run_pipeline(job->q.query, pipeline, &options, result, err);
    job->run_ns += lots_clock_ns() - start;
    lots_progress_end(&progress);
    if (status != LOTS_OK)
        return status;
    job->work.chunks += result->work.chunks;
    job->work.chunks_skipped += result->work.chunks_skipped;
    job->work.blocks += result->work.blocks;
    job->work.bytes += result->work.bytes;
    job->work.rows += result->work.rows;
    job->held_bytes = result->memory_peak_bytes > job->held_bytes ? result->memory_peak_bytes : job->held_bytes;
    return LOTS_OK;
}

static lots_status gather_made(query_job *job, lots_provenance *out, lots_error *err)
{
    lots_made made = {.registry_path = job->q.registry_path,
                      .registry = job->q.registry,
                      .query = job->q.query,
                      .sources = &job->q.sources,
                      .text = job->q.text,
                      .text_bytes = job->q.text_bytes,
                      .file = job->q.name == job->q.file ? job->q.file : NULL,
                      .includes_from = job->q.directory,
                      .param_names = job->q.param_names.data,
                      .param_values = job->q.param_values.data,
                      .param_count = (uint32_t)job->q.param_values.count,
                      .results = job->results,
                      .result_count = job->result_count,
                      .min_cell = job->q.min_cell,
                      .format = job->q.format,
                      .locale = job->q.locale,
                      .stamp = job->stamp};
    return lots_made_gather(&made, out, err);
}

static lots_status write_all(query_job *job, lots_error *err)
{
    lots_provenance made = lots_provenance_begin();
    bool wanted = job->provenance || job->q.format == LOTS_FORMAT_HTML || job->q.format == LOTS_FORMAT_SVG;
    lots_document document = {.format = job->q.format,
                              .results = job->results,
                              .result_count = job->result_count,
                              .provenance = wanted ? &made : NULL,
                              .caption = job->q.text,
                              .caption_bytes = job->q.text_bytes};
    lots_status status = wanted ? gather_made(job, &made, err) : LOTS_OK;
    if (status == LOTS_OK)
        status = lots_question_write(&job->q, &document, err);
    lots_provenance_free(&made);
    return status;
}

static lots_disclosure_entry log_entry(const query_job *job)
{
    return (lots_disclosure_entry){.text = job->q.text,
                                   .text_bytes = job->q.text_bytes,
                                   .param_names = job->q.param_names.data,
                                   .param_values = job->q.param_values.data,
                                   .param_count = job->q.param_values.count,
                                   .purpose = job->purpose};
}

static lots_status record(const query_job *job, uint32_t index, const lots_result *result, lots_error *err)
{
    const lots_disclosure_entry entry = log_entry(job);
    const lots_bound_pipeline *pipeline = &job->q.query->pipelines[index];
    bool of_persons = !pipeline->aggregated;
    if (pipeline->explain)
        return LOTS_OK;
    if (!of_persons)
        LOTS_TRY(lots_disclosure_by_id(job->q.query, pipeline, &of_persons, err));
    if (!of_persons)
        return LOTS_OK;
    return lots_disclosure_record(job->q.registry, &entry, result->rows, err);
}

/* After all questions have been answered: one that fails leaves what was saved before as it was. */
static lots_status save_cohorts(const query_job *job, lots_error *err)
{
    const lots_disclosure_entry entry = log_entry(job);
    char text[256], before[24];
    for (uint32_t i = 0; i < job->q.query->pipeline_count; i++) {
        const lots_bound_cohort *cohort = job->q.query->pipelines[i].into;
        if (cohort == NULL || job->q.query->pipelines[i].explain)
            continue;
        snprintf(text, sizeof text, "cohort %s is counted, not saved", cohort->name);
        if (!job->no_save && cohort->saved != NULL) {
            lots_members_number(cohort->saved->count, job->q.min_cell, before);
            snprintf(text, sizeof text, "cohort %s is replaced: it had %s patients (generation %llu)", cohort->name, before,
                     (unsigned long long)cohort->saved->generation);
        }
        if (!job->no_save)
            LOTS_TRY(lots_disclosure_save_cohort(job->q.registry, &entry, cohort, err));
        if (job->no_save || cohort->saved != NULL)
            lots_program_say_note(job->q.program, text);
    }
    return LOTS_OK;
}

/* Not how many rows were looked at: that gives small counts away, as where one of few is multiplied by `each`. */
static void say_timing(const query_job *job)
{
    char bytes[32], held[32], peak[32];
    lots_bytes_text(job->work.bytes, bytes);
    lots_bytes_text(job->held_bytes, held);
    lots_bytes_text(lots_peak_memory_bytes(), peak);
    fprintf(stderr,
            "open %.3f s, bind %.3f s, run %.3f s; %llu chunks, %llu skipped; %llu blocks, %s decoded; held %s, peak memory %s; %u "
            "threads\n",
            (double)job->q.open_ns / 1e9, (double)job->q.bind_ns / 1e9, (double)job->run_ns / 1e9,
            (unsigned long long)job->work.chunks, (unsigned long long)job->work.chunks_skipped,
            (unsigned long long)job->work.blocks, bytes, held, peak,
            lots_pool_threads(job->q.pool));
}

/* All results are there before any is written: how they were made stands first in some formats. */
static lots_status run_all(query_job *job, lots_error *err)
{
    void *results = NULL;
    LOTS_TRY(lots_alloc(&results, job->q.query->pipeline_count, sizeof(lots_result), err));
    job->results = results;
    LOTS_TRY(lots_shared_open(&job->shared, err));
    for (uint32_t i = 0; i < job->q.query->pipeline_count; i++) {
        lots_result *result = &job->results[i];
        LOTS_TRY(run_one(job, i, result, err));
        job->result_count++;
        LOTS_TRY(record(job, i, result, err));
        for (uint32_t n = 0; n < result->note_count; n++)
            lots_program_say_note(job->q.program, result->notes[n]);
    }
    LOTS_TRY(save_cohorts(job, err));
    LOTS_TRY(write_all(job, err));
    if (job->timing)
        say_timing(job);
    return LOTS_OK;
}

static lots_status answer(query_job *job, lots_error *err)
{
    LOTS_TRY(bind_text(job, err));
    lots_status status = run_all(job, err);
    if (status != LOTS_OK)
        lots_question_draw(&job->q, err);
    return status;
}

static void close_job(query_job *job)
{
    for (uint32_t i = 0; i < job->result_count; i++)
        lots_result_free(&job->results[i]);
    lots_free(job->results);
    lots_shared_close(job->shared);
    lots_question_end(&job->q);
}

static lots_status run_query(lots_program *program, int argc, char **argv, lots_error *err)
{
    query_job job = {.q = lots_question_begin(program)};
    bool help = false;
    lots_status status = read_line(&job, argc, argv, &help, err);
    if (status == LOTS_OK)
        status = help ? lots_sink_text(&program->out, lots_command_query.help, err) : answer(&job, err);
    close_job(&job);
    return status;
}

const lots_command lots_command_query = {
    "query", "answer a question",
    "Examples:\n"
    "  lots query reg.lots 'from patients show n = count()'\n"
    "  lots query reg.lots -f readmissions.lq --param year=2023 -o readmissions.csv\n"
    "  lots query reg.lots -f readmissions.lq -o readmissions.html\n"
    "  echo 'from contacts group by level show n = count()' | lots query reg.lots - --format json\n"
    "\n"
    "lots query REG.lots 'TEXT' | FILE.lq | -f FILE | -\n"
    "\n"
    "  -f, --file FILE      read the query from a file; includes are relative to it\n"
    "  -p, --param NAME=VALUE  set a `param` of the query; may be repeated\n"
    "      --format NAME    table (the default), csv, csv-se, tsv, json, ndjson, markdown, html, svg (the charts alone) or\n"
    "                       sqlite\n"
    "  -o, --output FILE    write there; its ending decides the format: .csv .tsv .json .ndjson .md .html .svg .sqlite\n"
    "                       .txt (a table, as without an ending); others want --format;\n"
    "                       FILE.sqlite:TABLE adds a table to a SQLite file\n"
    "      --locale sv      decimal comma and Swedish headings in formats for reading (csv-se has the comma anyway)\n"
    "      --provenance     say in the result how it was made (html and svg always do); `lots rerun` makes it again\n"
    "      --stamp          the same, with the time of day\n"
    "      --threads N      threads; the answer doesn't depend on it (default: all processors)\n"
    "      --memory SIZE    what a question may hold: 1M or more (default 4G)\n"
    "      --generation G   a kept generation, by number or by the name of its pin\n"
    "      --identities DIR where the identity files are\n"
    "      --includes DIR   where files that the query includes are (default: beside the query file)\n"
    "      --purpose TEXT   why a list of persons, events or episodes is needed; logged (`lots audit`)\n"
    "      --no-save        count the cohorts of `into cohort` without saving them\n"
    "      --min-cell N     hide what rests on fewer than N persons; N may raise the registry's rule (5)\n"
    "      --timing         say on standard error how long it took and what was read\n",
    run_query};
