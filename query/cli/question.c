/* question.c: see question.h. */
#include "query/cli/question.h"

#include <stdio.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/cli/disclosure.h"
#include "query/cli/generation_option.h"
#include "query/lang/caret.h"

enum { TEXT_BYTES_MAX = 64 << 20, BIND_BYTES_MAX = 1 << 30, MEMORY_LEAST = 1 << 20 /* a chunk's few columns */ };

lots_question lots_question_begin(lots_program *program)
{
    lots_question question = {.program = program, .param_names = LOTS_VEC(char *), .param_values = LOTS_VEC(const char *)};
    lots_arena_init(&question.arena, BIND_BYTES_MAX);
    return question;
}

void lots_question_end(lots_question *question)
{
    for (uint32_t i = 0; i < question->result_count; i++)
        lots_result_free(&question->results[i]);
    lots_free(question->results);
    for (size_t i = 0; i < question->param_names.count; i++)
        lots_free(LOTS_AT(char *, &question->param_names, i));
    lots_vec_free(&question->param_names);
    lots_vec_free(&question->param_values);
    lots_pool_close(question->pool);
    lots_registry_close(question->registry);
    lots_arena_free(&question->arena);
    lots_free(question->directory);
    lots_free(question->slurped);
}

/* ---- the command line ---- */

static lots_status take_param(lots_question *question, const char *value, lots_error *err)
{
    const char *equals = strchr(value, '=');
    char *name = NULL;
    if (equals == NULL || equals == value)
        return lots_fail(err, LOTS_USAGE, "--param wants name=value, not '%s'", value);
    LOTS_TRY(lots_text_copy(&name, value, (size_t)(equals - value), err));
    lots_status status = lots_vec_push(&question->param_names, &name, err);
    if (status != LOTS_OK) {
        lots_free(name);
        return status;
    }
    equals++;
    return lots_vec_push(&question->param_values, &equals, err);
}

static bool names_a_file(const char *operand)
{
    size_t bytes = strlen(operand);
    return strcmp(operand, "-") == 0 ||
           (bytes > 3 && strcmp(operand + bytes - 3, ".lq") == 0 && strpbrk(operand, " \t\n") == NULL);
}

static lots_status take_operand(lots_question *question, const char *value, lots_error *err)
{
    if (question->registry_path == NULL)
        question->registry_path = value;
    else if (question->text != NULL || question->file != NULL)
        return lots_fail(err, LOTS_USAGE, "'%s' is one word too many: the query is one text in quotes, or a file", value);
    else if (names_a_file(value))
        question->file = value;
    else
        question->text = value;
    return LOTS_OK;
}

static lots_status take_format(lots_question *question, const char *value, lots_error *err)
{
    question->format_given = true;
    if (lots_format_parse(value, &question->format))
        return LOTS_OK;
    lots_fail(err, LOTS_USAGE, "there is no format '%s'", value);
    lots_error_hint(err, "the formats are " LOTS_FORMAT_NAMES);
    return LOTS_USAGE;
}

lots_status lots_question_take(lots_question *question, int which, const char *value, lots_error *err)
{
    uint64_t number = 0;
    switch (which) {
    case LOTS_OPTION_OPERAND: return take_operand(question, value, err);
    case LOTS_QUESTION_FORMAT: return take_format(question, value, err);
    case LOTS_QUESTION_PARAM: return take_param(question, value, err);
    case LOTS_QUESTION_MEMORY: return lots_option_size("memory", value, MEMORY_LEAST, &question->memory_bytes, err);
    case LOTS_QUESTION_OUTPUT: question->output = value; return LOTS_OK;
    case LOTS_QUESTION_GENERATION: question->generation = value; return LOTS_OK;
    case LOTS_QUESTION_IDENTITIES: question->identities = value; return LOTS_OK;
    case LOTS_QUESTION_MIN_CELL: question->min_cell_wanted = value; return LOTS_OK;
    case LOTS_QUESTION_INCLUDES: question->includes = value; return LOTS_OK;
    case LOTS_QUESTION_LOCALE:
        question->locale = value;
        return strcmp(value, "sv") == 0 || strcmp(value, "en") == 0
                   ? LOTS_OK
                   : lots_fail(err, LOTS_USAGE, "--locale is sv or en, not '%s'", value);
    case LOTS_QUESTION_THREADS:
        LOTS_TRY(lots_option_number("threads", value, 1024, &number, err));
        question->threads = (unsigned)number;
        return LOTS_OK;
    default: /* LOTS_QUESTION_FILE */
        if (question->text != NULL || question->file != NULL)
            return lots_fail(err, LOTS_USAGE, "two queries: '%s' is one too many", value);
        question->file = value;
        return LOTS_OK;
    }
}

/* What a file's name says: a table, where it has no ending or .txt. */
static lots_status format_of_output(lots_question *question, lots_error *err)
{
    const char *slash = strrchr(question->output, '/'), *name = slash == NULL ? question->output : slash + 1;
    const char *end = strrchr(name, '.');
    question->format_given = lots_format_of_path(question->output, &question->format);
    if (question->format_given || end == NULL || end == name || strcmp(end, ".txt") == 0)
        return LOTS_OK;
    lots_fail(err, LOTS_USAGE, "no format is known by the ending '%s' of '%s'", end, question->output);
    lots_error_hint(err, "it is .csv, .tsv, .json, .ndjson, .md, .html, .svg, .sqlite or .txt; or say --format NAME");
    return LOTS_USAGE;
}

lots_status lots_question_complete(lots_question *question, const char *example, lots_error *err)
{
    if (question->registry_path == NULL || (question->text == NULL && question->file == NULL)) {
        lots_fail(err, LOTS_USAGE, question->registry_path == NULL ? "which registry?" : "which query?");
        lots_error_hint(err, "%s", example);
        return LOTS_USAGE;
    }
    if (!question->format_given && question->output != NULL)
        LOTS_TRY(format_of_output(question, err));
    if (question->format == LOTS_FORMAT_SQLITE && question->output == NULL)
        return lots_fail(err, LOTS_USAGE, "--format sqlite wants -o FILE[:TABLE]");
    return LOTS_OK;
}

/* ---- reading and binding ---- */

static lots_status read_text(lots_question *question, lots_error *err)
{
    question->name = "query";
    if (question->includes != NULL)
        LOTS_TRY(lots_text_copy(&question->directory, question->includes, strlen(question->includes), err));
    if (question->file == NULL) {
        question->text_bytes = strlen(question->text);
        return LOTS_OK;
    }
    LOTS_TRY(lots_file_slurp(question->file, TEXT_BYTES_MAX, &question->slurped, &question->text_bytes, err));
    question->text = question->slurped;
    bool input = strcmp(question->file, "-") == 0;
    question->name = input ? "standard input" : question->file;
    const char *slash = strrchr(question->file, '/');
    if (input || slash == NULL || question->includes != NULL)
        return LOTS_OK;
    return lots_text_copy(&question->directory, question->file,
                          slash == question->file ? 1 : (size_t)(slash - question->file), err);
}

void lots_question_draw(lots_question *question, lots_error *err)
{
    lots_bytes text = {0};
    const char *source = question->text, *name = question->name;
    size_t bytes = question->text_bytes;
    if (err->at == LOTS_NOWHERE || err->text[0] == '\0')
        return;
    if (err->source < question->sources.count) {
        source = question->sources.texts[err->source];
        bytes = question->sources.bytes[err->source];
        name = question->sources.names[err->source];
    } else if (err->source != 0) {
        return;
    }
    if (lots_caret_format(source, bytes, name, err, &text, NULL) == LOTS_OK) {
        fwrite(text.data, 1, text.count, stderr);
        err->text[0] = '\0';
    }
    lots_bytes_free(&text);
}

static void say_note(const lots_question *question, const lots_note *note)
{
    char text[1024];
    uint32_t line = 0, column = 0, source = note->span.source;
    if (note->fact || source >= question->sources.count) {
        lots_program_say_note(question->program, note->text);
        return;
    }
    lots_caret_place(question->sources.texts[source], question->sources.bytes[source], note->span.at, &line, &column);
    snprintf(text, sizeof text, "warning: %s:%u:%u: %s", question->sources.names[source], line, column, note->text);
    lots_program_say_note(question->program, text);
}

static lots_status open_registry(lots_question *question, lots_error *err)
{
    lots_registry_options options = {.identities = question->identities, .kept_bytes = question->memory_bytes / LOTS_KEPT_SHARE};
    LOTS_TRY(lots_generation_option(question->registry_path, question->generation, &options.generation, err));
    uint64_t start = lots_clock_ns();
    LOTS_TRY(lots_registry_open(&question->registry, question->registry_path, &options, err));
    question->open_ns = lots_clock_ns() - start;
    LOTS_TRY(lots_pool_open(&question->pool, question->threads, err));
    return lots_disclosure_min_cell(question->registry, question->min_cell_wanted, &question->min_cell, err);
}

lots_status lots_question_bind(lots_question *question, lots_error *err)
{
    LOTS_TRY(read_text(question, err));
    LOTS_TRY(open_registry(question, err));
    lots_bind_options options = {.param_names = question->param_names.data,
                                 .param_values = question->param_values.data,
                                 .param_count = (uint32_t)question->param_values.count,
                                 .include_directory = question->directory};
    uint64_t start = lots_clock_ns();
    lots_status status = lots_query_bind(question->registry, question->text, question->text_bytes, question->name,
                                         &options, &question->arena, &question->sources, &question->query, err);
    if (status != LOTS_OK) {
        lots_question_draw(question, err);
        return status;
    }
    question->bind_ns = lots_clock_ns() - start;
    for (uint32_t i = 0; i < question->query->note_count; i++)
        say_note(question, &question->query->notes[i]);
    return LOTS_OK;
}

lots_status lots_question_each(lots_question *question, lots_question_answer answer, void *context, lots_error *err)
{
    const lots_query *query = question->query;
    void *results = NULL;
    LOTS_TRY(lots_alloc(&results, query->pipeline_count, sizeof(lots_result), err));
    question->results = results;
    for (uint32_t i = 0; i < query->pipeline_count; i++) {
        lots_status status = answer(context, &query->pipelines[i], &question->results[i], err);
        if (status != LOTS_OK) {
            lots_question_draw(question, err);
            return status;
        }
        question->result_count++;
    }
    return LOTS_OK;
}

/* ---- writing ---- */

lots_status lots_question_write(lots_question *question, const lots_document *document, lots_error *err)
{
    lots_output_options options = lots_program_output(question->program, lots_registry_schema(question->registry));
    lots_sink file = {.name = question->output}, *sink = question->output == NULL ? &question->program->out : &file;
    options.swedish = question->locale != NULL && strcmp(question->locale, "sv") == 0;
    if (question->output != NULL)
        options.terminal = options.colour = false;
    if (document->format == LOTS_FORMAT_SQLITE)
        return lots_document_write_sqlite(document, &options, question->output, err);
    if (question->output != NULL && (file.file = fopen(question->output, "w")) == NULL)
        return lots_os_fail(err, "write", question->output);
    lots_status status = lots_document_write(document, &options, sink, err);
    if (status == LOTS_OK)
        status = lots_sink_flush(sink, err);
    if (file.file != NULL && fclose(file.file) != 0 && status == LOTS_OK)
        status = lots_os_fail(err, "write", question->output);
    lots_sink_free(&file);
    return status;
}

lots_status lots_question_write_plain(lots_question *question, lots_error *err)
{
    const lots_document document = {.format = question->format,
                                    .results = question->results,
                                    .result_count = question->result_count,
                                    .caption = question->text,
                                    .caption_bytes = question->text_bytes};
    if (question->format == LOTS_FORMAT_SVG)
        return lots_fail(err, LOTS_USAGE, "this has no picture: --format svg draws the charts of `lots query`");
    return lots_question_write(question, &document, err);
}
