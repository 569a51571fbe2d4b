/* command_rerun.c: `lots rerun`: make a result again from what its file says of how it was made, and say whether it is the
 * same. The query goes through `lots query` itself, so disclosure rules and the audit log are as for any other. */
#include <stdio.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/cli/command.h"
#include "query/cli/options.h"
#include "query/out/made_read.h"

enum { FILE_BYTES_MAX = 1 << 30 };

typedef struct rerun_job {
    lots_program *program;
    const char *path, *registry;
    lots_vec passed; /* const char *: options handed on to `lots query` as they are */
    char *text;      /* of the file */
    size_t bytes;
    lots_made_file old, new;
    lots_program inner; /* writes into memory */
    lots_vec owned;     /* char *: words made here */
    lots_vec words;     /* char * */
    uint32_t differences;
} rerun_job;

/* ---- the query's command line ---- */

static lots_status add_word(rerun_job *job, const char *text, size_t bytes, lots_error *err)
{
    char *copy = NULL;
    LOTS_TRY(lots_text_copy(&copy, text, bytes, err));
    lots_status status = lots_vec_push(&job->owned, &copy, err);
    if (status != LOTS_OK) {
        lots_free(copy);
        return status;
    }
    return lots_vec_push(&job->words, &copy, err);
}

static lots_status add_literal(rerun_job *job, const char *text, lots_error *err)
{
    return add_word(job, text, strlen(text), err);
}

/* The fact's text as a word, after `before` (NAME= of a parameter). */
static lots_status add_fact(rerun_job *job, const char *before, const lots_made_fact *fact, lots_error *err)
{
    lots_bytes text = {0};
    lots_status status = lots_bytes_append(&text, before, strlen(before), err);
    if (status == LOTS_OK)
        status = lots_made_text(fact, &text, err);
    if (status == LOTS_OK)
        status = add_word(job, (const char *)text.data, text.count, err);
    lots_bytes_free(&text);
    return status;
}

/* --option VALUE when the file has the fact. */
static lots_status add_option(rerun_job *job, const char *option, const char *name, lots_error *err)
{
    const lots_made_fact *fact = lots_made_find(&job->old, name);
    if (fact == NULL)
        return LOTS_OK;
    LOTS_TRY(add_literal(job, option, err));
    return add_fact(job, "", fact, err);
}

static lots_status add_parameter(rerun_job *job, const lots_made_fact *member, lots_error *err)
{
    /* A name is the text of a JSON string too; its quotes stand around it. */
    lots_made_fact name = {.name = "parameters", .name_bytes = 10, .json = member->name - 1,
                           .json_bytes = member->name_bytes + 2};
    lots_bytes text = {0};
    LOTS_TRY(add_literal(job, "--param", err));
    lots_status status = lots_made_text(&name, &text, err);
    if (status == LOTS_OK)
        status = lots_bytes_append(&text, "=", 2, err);
    if (status == LOTS_OK)
        status = add_fact(job, (const char *)text.data, member, err);
    lots_bytes_free(&text);
    return status;
}

static lots_status add_parameters(rerun_job *job, lots_error *err)
{
    const lots_made_fact *parameters = lots_made_find(&job->old, "parameters");
    lots_vec members = LOTS_VEC(lots_made_fact);
    if (parameters == NULL)
        return LOTS_OK;
    lots_status status = lots_made_members(parameters->json, parameters->json_bytes, &members, err);
    for (size_t i = 0; i < members.count && status == LOTS_OK; i++)
        status = add_parameter(job, &LOTS_AT(lots_made_fact, &members, i), err);
    lots_vec_free(&members);
    return status;
}

static lots_status make_words(rerun_job *job, lots_error *err)
{
    const lots_made_fact *registry = lots_made_find(&job->old, "registry"), *query = lots_made_find(&job->old, "query");
    if (query == NULL || lots_made_find(&job->old, "format") == NULL || (registry == NULL && job->registry == NULL))
        return lots_fail(err, LOTS_USAGE, "its provenance is damaged: the query, the format or the registry is missing");
    LOTS_TRY(add_option(job, "--format", "format", err));
    LOTS_TRY(add_option(job, "--locale", "locale", err));
    LOTS_TRY(add_option(job, "--includes", "includes_from", err));
    LOTS_TRY(add_option(job, "--min-cell", "min_cell", err));
    LOTS_TRY(add_parameters(job, err));
    LOTS_TRY(add_literal(job, "--provenance", err));
    LOTS_TRY(add_literal(job, "--no-save", err));
    for (size_t i = 0; i < job->passed.count; i++)
        LOTS_TRY(add_literal(job, LOTS_AT(const char *, &job->passed, i), err));
    LOTS_TRY(add_literal(job, "--", err));
    LOTS_TRY(job->registry != NULL ? add_literal(job, job->registry, err) : add_fact(job, "", registry, err));
    return add_fact(job, "", query, err);
}

/* ---- what differs ---- */

static lots_status say_difference(rerun_job *job, lots_error *err, const char *what, const lots_made_fact *old,
                                  const lots_made_fact *new)
{
    enum { SHOWN_MAX = 300 };
    lots_bytes *out = &job->program->out.text;
    const lots_made_fact *both[] = {old, new};
    job->differences++;
    LOTS_TRY(lots_bytes_printf(out, err, "%s:", what));
    for (int i = 0; i < 2; i++) {
        LOTS_TRY(lots_bytes_printf(out, err, "%s", i == 0 ? " then " : "; now "));
        if (both[i] == NULL)
            LOTS_TRY(lots_bytes_printf(out, err, "nothing"));
        else if (both[i]->json_bytes > SHOWN_MAX)
            LOTS_TRY(lots_bytes_printf(out, err, "%zu bytes", both[i]->json_bytes));
        else
            LOTS_TRY(lots_bytes_append(out, both[i]->json, both[i]->json_bytes, err));
    }
    return lots_bytes_put8(out, '\n', err);
}

static bool same_fact(const lots_made_fact *a, const lots_made_fact *b)
{
    return a == b || (a != NULL && b != NULL && a->json_bytes == b->json_bytes && memcmp(a->json, b->json, a->json_bytes) == 0);
}

/* What may differ and the result be the same is told, but doesn't count: the generation's number, the program's version. */
static lots_status compare_facts(rerun_job *job, lots_error *err)
{
    static const char *const names[] = {"lots", "generation", "content", "today", "coverage", "sources", "min_cell",
                                        "includes", "cohorts", "notes", "rows"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const lots_made_fact *old = lots_made_find(&job->old, names[i]), *new = lots_made_find(&job->new, names[i]);
        if (!same_fact(old, new))
            LOTS_TRY(say_difference(job, err, names[i], old, new));
    }
    return LOTS_OK;
}

/* The first line that differs, counted from 1. */
static size_t first_line(const lots_made_file *a, const lots_made_file *b)
{
    size_t least = a->rows_bytes < b->rows_bytes ? a->rows_bytes : b->rows_bytes, line = 1;
    for (size_t i = 0; i < least && a->rows[i] == b->rows[i]; i++)
        line += a->rows[i] == '\n';
    return line;
}

static lots_status compare(rerun_job *job, lots_error *err)
{
    lots_bytes *out = &job->program->out.text;
    bool same = job->old.rows_bytes == job->new.rows_bytes &&
                memcmp(job->old.rows, job->new.rows, job->old.rows_bytes) == 0;
    LOTS_TRY(lots_bytes_printf(out, err, "%s: %s\n", job->path, same ? "identical" : "the result differs"));
    LOTS_TRY(compare_facts(job, err));
    if (same)
        return LOTS_OK;
    LOTS_TRY(lots_bytes_printf(out, err, "first line that differs: %zu of the result\n", first_line(&job->old, &job->new)));
    return lots_fail(err, LOTS_QUERY, "the registry doesn't give the result in '%s'%s", job->path,
                     job->differences == 0 ? ", though all is as it was: the file was changed" : "");
}

/* ---- the command ---- */

static lots_status make_again(rerun_job *job, lots_error *err)
{
    job->inner = *job->program;
    job->inner.out = (lots_sink){.name = "memory"};
    job->inner.out_terminal = job->inner.out_colour = false;
    LOTS_TRY(make_words(job, err));
    LOTS_TRY(lots_command_query.run(&job->inner, (int)job->words.count, job->words.data, err));
    return lots_made_read((const char *)job->inner.out.text.data, job->inner.out.text.count, &job->new, err);
}

static lots_status rerun(rerun_job *job, lots_error *err)
{
    LOTS_TRY(lots_file_slurp(job->path, FILE_BYTES_MAX, &job->text, &job->bytes, err));
    lots_status status = lots_made_read(job->text, job->bytes, &job->old, err);
    if (status != LOTS_OK) {
        lots_error_context(err, "'%s'", job->path);
        return status;
    }
    LOTS_TRY(make_again(job, err));
    return compare(job, err);
}

enum { RERUN_GENERATION, RERUN_IDENTITIES, RERUN_PURPOSE, RERUN_THREADS, RERUN_MEMORY, RERUN_OPTIONS };
static const lots_option rerun_options[RERUN_OPTIONS] = {
    [RERUN_GENERATION] = {"generation", 0, true}, [RERUN_IDENTITIES] = {"identities", 0, true},
    [RERUN_PURPOSE] = {"purpose", 0, true},       [RERUN_THREADS] = {"threads", 0, true},
    [RERUN_MEMORY] = {"memory", 0, true},
};
static const char *const rerun_words[RERUN_OPTIONS] = {"--generation", "--identities", "--purpose", "--threads",
                                                       "--memory"};

static lots_status read_line(rerun_job *job, int argc, char **argv, bool *help, lots_error *err)
{
    lots_options options = {rerun_options, RERUN_OPTIONS, argv, argc, 0, false};
    const char *value = NULL;
    for (int which = 0;;) {
        LOTS_TRY(lots_options_next(&options, &which, &value, err));
        *help = which == LOTS_OPTION_HELP;
        if (*help || which == LOTS_OPTION_END)
            break;
        if (which >= 0) {
            LOTS_TRY(lots_vec_push(&job->passed, &rerun_words[which], err));
            LOTS_TRY(lots_vec_push(&job->passed, &value, err));
        } else if (job->path == NULL) {
            job->path = value;
        } else if (job->registry == NULL) {
            job->registry = value;
        } else {
            return lots_fail(err, LOTS_USAGE, "'%s' is one word too many", value);
        }
    }
    return *help || job->path != NULL ? LOTS_OK : lots_fail(err, LOTS_USAGE, "which result? lots rerun FILE [REG.lots]");
}

static lots_status run_rerun(lots_program *program, int argc, char **argv, lots_error *err)
{
    rerun_job job = {.program = program, .passed = LOTS_VEC(const char *), .owned = LOTS_VEC(char *), .words = LOTS_VEC(char *)};
    bool help = false;
    lots_status status = read_line(&job, argc, argv, &help, err);
    if (status == LOTS_OK)
        status = help ? lots_sink_text(&program->out, lots_command_rerun.help, err) : rerun(&job, err);
    for (size_t i = 0; i < job.owned.count; i++)
        lots_free(LOTS_AT(char *, &job.owned, i));
    lots_vec_free(&job.owned);
    lots_vec_free(&job.words);
    lots_vec_free(&job.passed);
    lots_made_file_free(&job.old);
    lots_made_file_free(&job.new);
    lots_sink_free(&job.inner.out);
    lots_free(job.text);
    return status;
}

const lots_command lots_command_rerun = {
    "rerun", "make a result again and compare",
    "Examples:\n"
    "  lots rerun readmissions.html\n"
    "  lots rerun readmissions.csv newer.lots\n"
    "  lots rerun readmissions.json --generation paper-2024\n"
    "\n"
    "lots rerun FILE [REG.lots]\n"
    "\n"
    "Read from a result (html, or csv, csv-se, tsv, json, ndjson with --provenance) how it was made, ask the registry it names,\n"
    "or the one given, the same question, and say `identical`, or what differs: the registry's generation, content and\n"
    "coverage, included files, rows. The result itself is compared to the byte. Exit code 0 when it is identical, 3 when not.\n"
    "\n"
    "      --generation G   a kept generation, by number or by the name of its pin (default: the current one)\n"
    "      --purpose TEXT, --identities DIR, --threads N, --memory SIZE   as for `lots query`\n",
    run_rerun};
