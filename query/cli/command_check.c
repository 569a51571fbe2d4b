/* command_check.c: `lots check`: faults on standard output, one a line, then how much was looked at. */
#include "core/store/check.h"
#include "query/cli/command.h"
#include "query/cli/options.h"

typedef struct check_job {
    lots_program *program;
    lots_status status; /* of printing */
    lots_error *err;
} check_job;

static void keep_first(check_job *job, lots_status status)
{
    if (job->status == LOTS_OK)
        job->status = status;
}

static void print_fault(void *context, const char *file, const char *stream, const char *column, uint32_t chunk,
                        const char *what)
{
    check_job *job = context;
    lots_bytes *out = &job->program->out.text;
    if (job->status != LOTS_OK)
        return;
    if (stream == NULL)
        keep_first(job, lots_bytes_printf(out, job->err, "%s: %s\n", file, what));
    else if (column == NULL)
        keep_first(job, lots_bytes_printf(out, job->err, "%s: %s, chunk %u: %s\n", file, stream, chunk, what));
    else
        keep_first(job, lots_bytes_printf(out, job->err, "%s: %s.%s, chunk %u: %s\n", file, stream, column, chunk, what));
}

static void print_leftover(void *context, const char *file, bool swept)
{
    check_job *job = context;
    if (job->status == LOTS_OK)
        keep_first(job, lots_bytes_printf(&job->program->out.text, job->err, "%s: nothing names it%s\n", file,
                                          swept ? "; the next write removes it" : ", and it is no file of a registry"));
}

static lots_status check_registry(lots_program *program, const char *path, lots_check_options *options, lots_error *err)
{
    lots_error printing;
    lots_check_result result = {0};
    lots_error_clear(&printing);
    check_job job = {.program = program, .err = &printing};
    options->report = print_fault;
    options->leftover = print_leftover;
    options->context = &job;
    lots_status status = lots_check_run(path, options, &result, err);
    if (job.status != LOTS_OK) {
        *err = printing;
        return job.status;
    }
    if (status != LOTS_OK && result.faults == 0)
        return status;
    LOTS_TRY(lots_bytes_printf(&program->out.text, err, "%llu files, %llu blocks%s: %llu faults\n",
                               (unsigned long long)result.files, (unsigned long long)result.blocks,
                               options->full ? " read and decoded" : "", (unsigned long long)result.faults));
    return status;
}

enum { CHECK_FULL, CHECK_THREADS, CHECK_IDENTITIES };
static const lots_option check_options[] = {
    [CHECK_FULL] = {"full", 0, false},
    [CHECK_THREADS] = {"threads", 0, true},
    [CHECK_IDENTITIES] = {"identities", 0, true},
};

static lots_status run_check(lots_program *program, int argc, char **argv, lots_error *err)
{
    lots_options words = {check_options, sizeof check_options / sizeof *check_options, argv, argc, 0, false};
    lots_check_options options = {0};
    const char *path = NULL, *value = NULL;
    for (int which = 0;;) {
        uint64_t number = 0;
        LOTS_TRY(lots_options_next(&words, &which, &value, err));
        if (which == LOTS_OPTION_HELP)
            return lots_sink_text(&program->out, lots_command_check.help, err);
        if (which == LOTS_OPTION_END)
            break;
        if (which == CHECK_THREADS) {
            LOTS_TRY(lots_option_number("threads", value, 1024, &number, err));
            options.threads = (unsigned)number;
        } else if (which == CHECK_FULL) {
            options.full = true;
        } else if (which == CHECK_IDENTITIES) {
            options.identities = value;
        } else if (path != NULL) {
            return lots_fail(err, LOTS_USAGE, "'%s' is one word too many", value);
        } else {
            path = value;
        }
    }
    if (path == NULL)
        return lots_fail(err, LOTS_USAGE, "which registry? lots check REG.lots [--full]");
    return check_registry(program, path, &options, err);
}

const lots_command lots_command_check = {
    "check", "does the registry hold what its catalog promises?",
    "Examples:\n"
    "  lots check reg.lots\n"
    "  lots check reg.lots --full\n"
    "\n"
    "lots check REG.lots\n"
    "\n"
    "Compare catalog, files, headers and sizes; exit 5 when anything is damaged, after naming all of it,\n"
    "or when the registry is of a format version that this program does not read.\n"
    "\n"
    "      --full           read, verify and decode every block too\n"
    "      --threads N      threads (default: all processors)\n"
    "      --identities DIR where the identity files are\n",
    run_check};
