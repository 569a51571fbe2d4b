/* command_why.c: `lots why`: one person walked through a question. A list about a person: it needs a purpose, and is logged with
 * the id before anything is shown. */
#include "query/cli/command.h"
#include "query/cli/disclosure.h"
#include "query/cli/question.h"
#include "query/plan/why.h"

typedef struct why_job {
    lots_question question;
    const char *id, *purpose;
    lots_patient patient;
    uint64_t rows;
} why_job;

enum { WHY_ID = LOTS_QUESTION_OPTIONS, WHY_PURPOSE };
static const lots_option why_options[] = {
    LOTS_QUESTION_OPTION_LIST, [WHY_ID] = {"id", 0, true}, [WHY_PURPOSE] = {"purpose", 0, true}};

static lots_status take_option(void *context, int which, const char *value, lots_error *err)
{
    why_job *job = context;
    if (which == WHY_ID) {
        job->id = value;
        return LOTS_OK;
    }
    if (which != WHY_PURPOSE)
        return lots_question_take(&job->question, which, value, err);
    job->purpose = value;
    return value[strspn(value, " \t\r\n")] != '\0' ? LOTS_OK : lots_fail(err, LOTS_USAGE, "--purpose says nothing");
}

static lots_status read_line(why_job *job, int argc, char **argv, bool *help, lots_error *err)
{
    static const char example[] = "lots why REG.lots cohort.lq --id X --purpose 'checking the cohort by hand'";
    lots_options options = {why_options, sizeof why_options / sizeof *why_options, argv, argc, 0, false};
    LOTS_TRY(lots_options_each(&options, take_option, job, help, err));
    if (*help)
        return LOTS_OK;
    LOTS_TRY(lots_question_complete(&job->question, example, err));
    if (job->id == NULL) {
        lots_fail(err, LOTS_USAGE, "which person?");
        lots_error_hint(err, "%s", example);
        return LOTS_USAGE;
    }
    if (job->purpose != NULL)
        return LOTS_OK;
    lots_fail(err, LOTS_REFUSED, "following a person needs a purpose, which is logged");
    lots_error_hint(err, "say why: --purpose 'text'");
    return LOTS_REFUSED;
}

static lots_status follow(void *context, const lots_bound_pipeline *pipeline, lots_result *out, lots_error *err)
{
    why_job *job = context;
    const lots_question *question = &job->question;
    lots_run_options options = {.pool = question->pool, .memory_bytes = question->memory_bytes,
                                .stop = question->program->stop, .min_cell = question->min_cell};
    lots_outline outline;
    uint64_t rows = 0;
    lots_status status = lots_why_make(question->query, pipeline, &options, job->patient, &outline, &rows, err);
    if (status == LOTS_OK)
        status = lots_outline_result(&outline, LOTS_OUTLINE_WHY, false, out, err);
    lots_outline_free(&outline);
    job->rows += rows;
    return status;
}

static lots_status record(const why_job *job, lots_error *err)
{
    const lots_question *question = &job->question;
    lots_bytes text = {0};
    lots_disclosure_entry entry = {.param_names = question->param_names.data,
                                   .param_values = question->param_values.data,
                                   .param_count = question->param_values.count,
                                   .purpose = job->purpose};
    lots_status status = lots_bytes_append(&text, question->text, question->text_bytes, err);
    if (status == LOTS_OK)
        status = lots_bytes_printf(&text, err, "\n# lots why --id %s", job->id);
    entry.text = (const char *)text.data;
    entry.text_bytes = text.count;
    if (status == LOTS_OK)
        status = lots_disclosure_record(question->registry, &entry, job->rows, err);
    lots_bytes_free(&text);
    return status;
}

static lots_status follow_all(why_job *job, lots_error *err)
{
    LOTS_TRY(lots_question_bind(&job->question, err));
    LOTS_TRY(lots_why_find(job->question.registry, job->id, &job->patient, err));
    LOTS_TRY(lots_question_each(&job->question, follow, job, err));
    LOTS_TRY(record(job, err));
    return lots_question_write_plain(&job->question, err);
}

static lots_status run_why(lots_program *program, int argc, char **argv, lots_error *err)
{
    why_job job = {.question = lots_question_begin(program)};
    bool help = false;
    lots_status status = read_line(&job, argc, argv, &help, err);
    if (status == LOTS_OK)
        status = help ? lots_sink_text(&program->out, lots_command_why.help, err) : follow_all(&job, err);
    lots_question_end(&job.question);
    return status;
}

const lots_command lots_command_why = {
    "why", "walk one person through a question",
    "Examples:\n"
    "  lots why reg.lots cohort.lq --id 19121212-1212 --purpose 'checking the cohort by hand'\n"
    "  lots why reg.lots 'from patients where exists(contacts where dx in {I50})' --id p17 --purpose test --format json\n"
    "\n"
    "lots why REG.lots 'TEXT' | FILE.lq | -f FILE | - --id ID --purpose TEXT\n"
    "\n"
    "For each stage: whether the person's rows passed, what each part of the condition was, the events that decided it, what\n"
    "was derived, the rank among all rows and the threshold, the group the rows fall into.\n"
    "\n"
    "      --id ID          the person, as the registry writes the id\n"
    "      --purpose TEXT   why; logged with the id (`lots audit`)\n" LOTS_QUESTION_HELP,
    run_why};
