/* command_explain.c: `lots explain`: the plan of a question; with --analyze what it really did; with --flow how many persons
 * and rows each step leaves. No row of the answer is shown, so no purpose is asked for. */
#include <stdio.h>

#include "query/cli/command.h"
#include "query/cli/disclosure.h"
#include "query/cli/question.h"
#include "query/plan/plan.h"

typedef struct explain_job {
    lots_question question;
    bool analyze, flow;
} explain_job;

enum { EXPLAIN_ANALYZE = LOTS_QUESTION_OPTIONS, EXPLAIN_FLOW };
static const lots_option explain_options[] = {
    LOTS_QUESTION_OPTION_LIST, [EXPLAIN_ANALYZE] = {"analyze", 0, false}, [EXPLAIN_FLOW] = {"flow", 0, false}};

static lots_status take_option(void *context, int which, const char *value, lots_error *err)
{
    explain_job *job = context;
    if (which != EXPLAIN_ANALYZE && which != EXPLAIN_FLOW)
        return lots_question_take(&job->question, which, value, err);
    *(which == EXPLAIN_ANALYZE ? &job->analyze : &job->flow) = true;
    return LOTS_OK;
}

static lots_status read_line(explain_job *job, int argc, char **argv, bool *help, lots_error *err)
{
    lots_options options = {explain_options, sizeof explain_options / sizeof *explain_options, argv, argc, 0, false};
    LOTS_TRY(lots_options_each(&options, take_option, job, help, err));
    if (*help)
        return LOTS_OK;
    if (job->analyze && job->flow)
        return lots_fail(err, LOTS_USAGE, "--analyze and --flow are two answers: ask for one at a time");
    return lots_question_complete(&job->question, "lots explain REG.lots 'from patients show n = count()'", err);
}

static void show_progress(void *context, uint64_t done, uint64_t all)
{
    char text[64];
    snprintf(text, sizeof text, "%llu of %llu chunks", (unsigned long long)done, (unsigned long long)all);
    lots_progress_show(context, done, all, text);
}

static lots_status explain_counted(explain_job *job, const lots_bound_pipeline *pipeline, const lots_run_options *options,
                                   lots_result *out, lots_error *err)
{
    lots_counted counted;
    lots_outline outline;
    LOTS_TRY(lots_count_steps(job->question.query, pipeline, options, job->analyze, &counted, err));
    if (job->flow) {
        lots_status status = lots_flow_result(&counted, out, err);
        lots_counted_free(&counted);
        return status;
    }
    lots_status status = lots_plan_make(job->question.query, pipeline, options, &counted, &outline, err);
    if (status == LOTS_OK)
        status = lots_outline_result(&outline, LOTS_OUTLINE_ANALYSED, true, out, err);
    lots_outline_free(&outline);
    lots_counted_free(&counted);
    return status;
}

/* Of one person, by name, the counts after each stage say what is true. */
static lots_status check_ids(const explain_job *job, const lots_bound_pipeline *pipeline, lots_error *err)
{
    bool by_id = false;
    if (!job->analyze && !job->flow)
        return LOTS_OK;
    LOTS_TRY(lots_disclosure_by_id(job->question.query, pipeline, &by_id, err));
    if (!by_id)
        return LOTS_OK;
    lots_fail(err, LOTS_REFUSED, "the steps of a question that picks persons by id are not counted");
    lots_error_hint(err, "`lots why` walks one person through it, with a purpose");
    return LOTS_REFUSED;
}

static lots_status explain_one(void *context, const lots_bound_pipeline *pipeline, lots_result *out, lots_error *err)
{
    explain_job *job = context;
    const lots_question *question = &job->question;
    LOTS_TRY(check_ids(job, pipeline, err));
    lots_progress progress = lots_progress_begin(question->program);
    lots_run_options options = {.pool = question->pool,
                                .memory_bytes = question->memory_bytes,
                                .stop = question->program->stop,
                                .progress = show_progress,
                                .progress_context = &progress,
                                .min_cell = question->min_cell};
    lots_status status = job->analyze || job->flow ? explain_counted(job, pipeline, &options, out, err)
                                                   : lots_plan_result(question->query, pipeline, &options, out, err);
    lots_progress_end(&progress);
    return status;
}

static lots_status explain_all(explain_job *job, lots_error *err)
{
    LOTS_TRY(lots_question_bind(&job->question, err));
    LOTS_TRY(lots_question_each(&job->question, explain_one, job, err));
    return lots_question_write_plain(&job->question, err);
}

static lots_status run_explain(lots_program *program, int argc, char **argv, lots_error *err)
{
    explain_job job = {.question = lots_question_begin(program)};
    bool help = false;
    lots_status status = read_line(&job, argc, argv, &help, err);
    if (status == LOTS_OK)
        status = help ? lots_sink_text(&program->out, lots_command_explain.help, err) : explain_all(&job, err);
    lots_question_end(&job.question);
    return status;
}

const lots_command lots_command_explain = {
    "explain", "say how a question is answered, and how many each step leaves",
    "Examples:\n"
    "  lots explain reg.lots -f readmissions.lq\n"
    "  lots explain reg.lots -f readmissions.lq --analyze\n"
    "  lots explain reg.lots -f cohort.lq --flow -o flow.csv\n"
    "  lots explain reg.lots 'from contacts during 2023 group by level show n = count()' --format json\n"
    "\n"
    "lots explain REG.lots 'TEXT' | FILE.lq | -f FILE | - [--analyze | --flow]\n"
    "\n"
    "The plan: each stage, and under it the event sets with their windows (ends and days), code sets (how many codes of\n"
    "the registry and events they match), what can be skipped, and about how many rows to expect. Nothing is run but a scan\n"
    "of the columns in which codes and categories are looked for.\n"
    "\n"
    "      --analyze        run it too, and add rows, persons and time of each stage, and the work done\n"
    "      --flow           run it, and give the table of a flow chart: persons and rows left after each step\n" LOTS_QUESTION_HELP,
    run_explain};
