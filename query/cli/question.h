/* question.h: a question asked of a registry on the command line, read and bound but not answered: what `lots query`, `explain` and
 * `why` begin with, and the options they have in common. Callers: command_query.c, command_explain.c, command_why.c. */
#ifndef LOTS_CLI_QUESTION_H
#define LOTS_CLI_QUESTION_H

#include "core/base/pool.h"
#include "query/cli/options.h"
#include "query/cli/program.h"
#include "query/out/document.h"
#include "query/lang/bound.h"

typedef struct lots_question {
    lots_program *program;
    /* the command line */
    const char *registry_path, *text, *file, *output, *generation, *identities, *min_cell_wanted, *includes, *locale;
    lots_vec param_names, param_values; /* char *, const char * */
    lots_format format;
    bool format_given;
    unsigned threads;
    size_t memory_bytes;
    /* made by lots_question_bind */
    char *slurped;
    size_t text_bytes;
    const char *name;  /* in messages */
    char *directory;   /* of included files */
    lots_registry *registry;
    lots_arena arena;
    lots_sources sources;
    lots_query *query;
    lots_pool *pool;
    uint32_t min_cell;
    uint64_t open_ns, bind_ns;
    /* made by lots_question_each, one a pipeline */
    lots_result *results;
    uint32_t result_count;
} lots_question;

/* The options in common: a command's list begins with these, in this order. */
enum { LOTS_QUESTION_FILE, LOTS_QUESTION_FORMAT, LOTS_QUESTION_OUTPUT, LOTS_QUESTION_PARAM, LOTS_QUESTION_THREADS,
       LOTS_QUESTION_MEMORY, LOTS_QUESTION_GENERATION, LOTS_QUESTION_IDENTITIES, LOTS_QUESTION_MIN_CELL,
       LOTS_QUESTION_INCLUDES, LOTS_QUESTION_LOCALE, LOTS_QUESTION_OPTIONS };
#define LOTS_QUESTION_OPTION_LIST                                                                                     \
    [LOTS_QUESTION_FILE] = {"file", 'f', true}, [LOTS_QUESTION_FORMAT] = {"format", 0, true},                          \
    [LOTS_QUESTION_OUTPUT] = {"output", 'o', true}, [LOTS_QUESTION_PARAM] = {"param", 'p', true},                      \
    [LOTS_QUESTION_THREADS] = {"threads", 0, true}, [LOTS_QUESTION_MEMORY] = {"memory", 0, true},                      \
    [LOTS_QUESTION_GENERATION] = {"generation", 0, true}, [LOTS_QUESTION_IDENTITIES] = {"identities", 0, true},        \
    [LOTS_QUESTION_MIN_CELL] = {"min-cell", 0, true}, [LOTS_QUESTION_INCLUDES] = {"includes", 0, true},                \
    [LOTS_QUESTION_LOCALE] = {"locale", 0, true}
#define LOTS_QUESTION_HELP                                                                                            \
    "  -f, --file FILE      read the query from a file; includes are relative to it\n"                                 \
    "  -p, --param NAME=VALUE  set a `param` of the query; may be repeated\n"                                          \
    "      --format NAME    table (the default: indented text), csv, csv-se, tsv, json, ndjson, markdown, html, sqlite\n" \
    "  -o, --output FILE    write there; its ending decides the format\n"                                              \
    "      --locale sv      decimal comma and Swedish headings in formats for reading\n"                               \
    "      --threads N      threads (default: all processors)\n"                                                       \
    "      --memory SIZE    what a question may hold (default 4G)\n"                                                   \
    "      --generation G   a kept generation, by number or by the name of its pin\n"                                  \
    "      --identities DIR where the identity files are\n"                                                            \
    "      --includes DIR   where files that the query includes are (default: beside the query file)\n"                \
    "      --min-cell N     hide what rests on fewer than N persons; N may raise the registry's rule (5)\n"

lots_question lots_question_begin(lots_program *program);
/* An option of the list above, or LOTS_OPTION_OPERAND: the registry, then the query or the name of its file (*.lq).
 * Errors: LOTS_USAGE. */
LOTS_MUST lots_status lots_question_take(lots_question *question, int which, const char *value, lots_error *err);
/* Is everything there? `example` stands in the hint. Errors: LOTS_USAGE. */
LOTS_MUST lots_status lots_question_complete(lots_question *question, const char *example, lots_error *err);
/* Read the text, open the registry, bind, say the binder's notes. An error with a place in the text is drawn, and then has no
 * text any more. Errors: those of reading, opening and binding; LOTS_REFUSED for a min_cell below the registry's. */
LOTS_MUST lots_status lots_question_bind(lots_question *question, lots_error *err);
/* Draw an error of running the same way. */
void lots_question_draw(lots_question *question, lots_error *err);
/* Write a document to the place asked for. A file is opened only now: a question that fails leaves an older file as it was.
 * Errors: LOTS_IO, LOTS_MEMORY, LOTS_USAGE of SQLite files. */
LOTS_MUST lots_status lots_question_write(lots_question *question, const lots_document *document, lots_error *err);
/* Have each pipeline of a bound text answered into `results`; an error of `answer` that has a place in the text is drawn.
 * Errors: those of `answer`; LOTS_MEMORY. */
typedef lots_status (*lots_question_answer)(void *context, const lots_bound_pipeline *pipeline, lots_result *out, lots_error *err);
LOTS_MUST lots_status lots_question_each(lots_question *question, lots_question_answer answer, void *context, lots_error *err);
/* Write `results`, a plan or a way: without provenance, in any format but pictures. Errors: as lots_question_write. */
LOTS_MUST lots_status lots_question_write_plain(lots_question *question, lots_error *err);
void lots_question_end(lots_question *question);

#endif
