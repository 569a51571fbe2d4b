/* bind.c: from text to typed tree: statements, parameters, included files, the library. See bound.h and
 * bind_internal.h. */
#include <string.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/lang/bind_internal.h"
#include "query/lang/grouping.h"
#include "query/lang/library.h"
#include "query/lang/suggest.h"

#define INCLUDES_MAX 64u
#define QUERY_BYTES_MAX ((size_t)16 << 20)

/* ---- sources ---- */

static lots_status sources_open(binder *b)
{
    void *names = NULL, *texts = NULL, *bytes = NULL, *folders = NULL;
    uint32_t room = INCLUDES_MAX + b->options->param_count + 1;
    LOTS_TRY(lots_arena_alloc(b->arena, &names, room, sizeof(char *), b->err));
    LOTS_TRY(lots_arena_alloc(b->arena, &texts, room, sizeof(char *), b->err));
    LOTS_TRY(lots_arena_alloc(b->arena, &bytes, room, sizeof(size_t), b->err));
    LOTS_TRY(lots_arena_alloc(b->arena, &folders, room, sizeof(char *), b->err));
    b->folders = folders;
    b->sources->names = names;
    b->sources->texts = texts;
    b->sources->bytes = bytes;
    b->sources->count = 0;
    return LOTS_OK;
}

/* Keep a copy of a text under a name and parse it. `folder` outlives the binder. */
static lots_status parse_source(binder *b, const char *name, const char *folder, const char *text, size_t bytes,
                                lots_ast_file **out)
{
    char *name_copy = NULL, *text_copy = NULL;
    uint32_t number = b->sources->count;
    if (number >= INCLUDES_MAX + b->options->param_count + 1)
        return lots_fail(b->err, LOTS_QUERY, "the query includes more than %u files", INCLUDES_MAX);
    LOTS_TRY(lots_arena_text(b->arena, &name_copy, name, strlen(name), b->err));
    LOTS_TRY(lots_arena_text(b->arena, &text_copy, text, bytes, b->err));
    b->sources->names[number] = name_copy;
    b->sources->texts[number] = text_copy;
    b->sources->bytes[number] = bytes;
    b->folders[number] = folder;
    b->sources->count++;
    lots_parse_options options = {.source = number};
    return lots_parse(text_copy, bytes, &options, b->arena, out, b->err);
}

static const char *first_folder(const binder *b)
{
    return b->options->include_directory != NULL ? b->options->include_directory : ".";
}

lots_status bind_path_of(binder *b, const lots_ast_text *name, uint32_t source, char **out)
{
    if (name->text[0] == '/')
        return lots_text_copy(out, name->text, name->bytes, b->err);
    return lots_path_join(out, b->folders[source], name->text, b->err);
}

/* The folder that a path names its file in. */
static lots_status folder_of(binder *b, const char *path, const char **out)
{
    char *copy = NULL;
    const char *slash = strrchr(path, '/');
    LOTS_TRY(slash == NULL ? lots_arena_text(b->arena, &copy, ".", 1, b->err)
                           : lots_arena_text(b->arena, &copy, path, (size_t)(slash - path) + 1, b->err));
    *out = copy;
    return LOTS_OK;
}

/* ---- statements ---- */

static lots_status repeated(binder *b, const lots_ast_name *name)
{
    uint32_t number = bind_find_global(b, name->text, name->bytes);
    if (number == UINT32_MAX || LOTS_AT(global, &b->globals, number).library)
        return LOTS_OK;
    return lots_ast_fail(b->err, name->span, "'%.*s' is already the name of something above", (int)name->bytes,
                         name->text);
}

static lots_status parameters_differ(binder *b, const lots_ast_statement *statement)
{
    if (statement->params.count > BIND_PARAMETERS_MAX)
        return lots_ast_fail(b->err, statement->params.items[BIND_PARAMETERS_MAX].span, "more than %u parameters",
                             BIND_PARAMETERS_MAX);
    for (uint32_t i = 0; i < statement->params.count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (statement->params.items[i].bytes == statement->params.items[k].bytes &&
                memcmp(statement->params.items[i].text, statement->params.items[k].text,
                       statement->params.items[i].bytes) == 0)
                return lots_ast_fail(b->err, statement->params.items[i].span, "two parameters are called '%s'",
                                     statement->params.items[i].text);
    return LOTS_OK;
}

static lots_status add_global(binder *b, const lots_ast_statement *statement, const lots_ast_node *node, bool library)
{
    if (b->globals.count >= BIND_GLOBALS_MAX)
        return lots_ast_fail(b->err, statement->name.span, "`let` and `param` give more than %u names", BIND_GLOBALS_MAX);
    LOTS_TRY(repeated(b, &statement->name));
    LOTS_TRY(parameters_differ(b, statement));
    global item = {.statement = statement, .value = node, .library = library};
    item.hash = bind_name_hash(statement->name.text, statement->name.bytes);
    item.kind = statement->kind == LOTS_AST_PARAM  ? GLOBAL_PARAM
                : statement->pipeline != NULL ? GLOBAL_TABLE
                                              : GLOBAL_LET;
    item.over_rows = item.kind == GLOBAL_LET && bind_has_row_aggregate(b, node, &statement->params);
    LOTS_TRY(lots_vec_push(&b->globals, &item, b->err));
    b->sight.visible = (uint32_t)b->globals.count;
    return LOTS_OK;
}

/* A word is a text (`clinic=Norr`); and where the question has a text, so is all that isn't in quotes: `clinic=VC-SYD` is
 * no subtraction. */
static bool is_meant(const lots_ast_node *standing, const lots_ast_node *given)
{
    if (standing->kind == LOTS_AST_STRING && given->kind != LOTS_AST_MISSING && given->kind != LOTS_AST_SET)
        return given->kind == LOTS_AST_STRING;
    return given->kind != LOTS_AST_NAME;
}

/* A text given for what is written without quotes in the question: year=abc. */
static lots_status refuse_text(binder *b, const lots_ast_statement *statement, const char *given, lots_ast_span place)
{
    const char *text = NULL;
    LOTS_TRY(bind_text_of(b, statement->value, &text));
    lots_status status = lots_ast_fail(b->err, place, "'%.60s' can't stand for param %.*s", given, (int)statement->name.bytes,
                                       statement->name.text);
    lots_error_hint(b->err, "the question has %.60s", text);
    return status;
}

static bool is_of_numbers(lots_ast_kind kind)
{
    return kind == LOTS_AST_NUMBER || kind == LOTS_AST_PERCENT || kind == LOTS_AST_DURATION || kind == LOTS_AST_DATE ||
           kind == LOTS_AST_PERIOD || kind == LOTS_AST_RANGE;
}

/* An option --param is a source text of its own, so that what is wrong with its value is shown there: `param year = abc`. Its
 * name is written as the question writes it. *place: the value. */
static lots_status parse_param(binder *b, const lots_ast_statement *statement, const char *given, lots_ast_file **out,
                               lots_ast_span *place)
{
    const lots_ast_span name = statement->name.span;
    const bool codes = statement->value->kind == LOTS_AST_CODES && given[0] != '{' && strchr(given, '(') == NULL;
    const size_t before = strlen("param  = ") + name.end - name.at + (codes ? 1 : 0);
    lots_bytes text = {NULL, 0, 0};
    lots_status status = lots_bytes_printf(&text, b->err, "param %.*s = %s%s%s", (int)(name.end - name.at),
                                           b->sources->texts[name.source] + name.at, codes ? "{" : "", given, codes ? "}" : "");
    *place = (lots_ast_span){b->sources->count, (uint32_t)before, (uint32_t)(before + strlen(given))};
    if (status == LOTS_OK)
        status = parse_source(b, "--param", first_folder(b), (const char *)text.data, text.count, out);
    lots_bytes_free(&text);
    return status;
}

/* --param name=value: the value as an expression; a text that is none stands for itself. Codes may do without braces. */
static lots_status param_value(binder *b, const lots_ast_statement *statement, const lots_ast_node **out)
{
    *out = statement->value;
    for (uint32_t i = 0; i < b->options->param_count; i++) {
        const char *name = b->options->param_names[i], *given = b->options->param_values[i];
        if (strlen(name) != statement->name.bytes || memcmp(name, statement->name.text, statement->name.bytes) != 0)
            continue;
        lots_ast_file *file = NULL;
        lots_ast_span place;
        const lots_status status = parse_param(b, statement, given, &file, &place);
        if (place.source >= b->sources->count)
            return status; /* it was not even kept */
        const bool plain = status == LOTS_OK && file->statement_count == 1 && file->statements[0].kind == LOTS_AST_PARAM;
        if (plain && is_meant(statement->value, file->statements[0].value)) {
            *out = file->statements[0].value;
            continue;
        }
        void *made = NULL;
        char *copy = NULL;
        lots_error_clear(b->err);
        if (is_of_numbers(statement->value->kind))
            return refuse_text(b, statement, given, place);
        LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_ast_node), b->err));
        LOTS_TRY(lots_arena_text(b->arena, &copy, given, strlen(given), b->err));
        lots_ast_node *node = made;
        *node = (lots_ast_node){.kind = LOTS_AST_STRING, .height = 1, .span = place};
        node->string = (lots_ast_text){copy, (uint32_t)strlen(copy)};
        *out = node;
    }
    return LOTS_OK;
}

static lots_status bind_statements(binder *b, const lots_ast_file *file, bool library, unsigned depth);

static lots_status include_library(binder *b, const char *name, unsigned depth, bool *found)
{
    for (size_t i = 0; i < lots_library_count; i++) {
        if (strcmp(lots_library[i].name, name) != 0)
            continue;
        lots_ast_file *file = NULL;
        *found = true;
        for (uint32_t k = 0; k < b->sources->count; k++)
            if (strcmp(b->sources->names[k], name) == 0)
                return LOTS_OK; /* once is enough */
        LOTS_TRY(parse_source(b, name, first_folder(b), lots_library[i].text, strlen(lots_library[i].text), &file));
        return bind_statements(b, file, true, depth);
    }
    return LOTS_OK;
}

static lots_status include(binder *b, const lots_ast_statement *statement, unsigned depth)
{
    bool found = false;
    if (depth > 16 || b->sources->count >= INCLUDES_MAX)
        return lots_ast_fail(b->err, statement->span, "files include one another more than 16 deep, or more than %u of them",
                             INCLUDES_MAX);
    LOTS_TRY(include_library(b, statement->path.text, depth, &found));
    if (found)
        return LOTS_OK;
    char *path = NULL, *text = NULL;
    size_t bytes = 0;
    lots_ast_file *file = NULL;
    const char *folder = NULL;
    LOTS_TRY(bind_path_of(b, &statement->path, statement->span.source, &path));
    lots_status status = lots_file_slurp(path, QUERY_BYTES_MAX, &text, &bytes, b->err);
    if (status != LOTS_OK && b->err != NULL) {
        b->err->at = statement->span.at;
        b->err->at_end = statement->span.end;
        b->err->source = statement->span.source;
    }
    if (status == LOTS_OK)
        status = folder_of(b, path, &folder);
    if (status == LOTS_OK)
        status = parse_source(b, path, folder, text, bytes, &file);
    lots_free(path);
    lots_free(text);
    LOTS_TRY(status);
    return bind_statements(b, file, false, depth);
}

static lots_status bind_statements(binder *b, const lots_ast_file *file, bool library, unsigned depth)
{
    for (uint32_t i = 0; i < file->statement_count; i++) {
        const lots_ast_statement *statement = &file->statements[i];
        const lots_ast_node *node = statement->value;
        switch (statement->kind) {
        case LOTS_AST_INCLUDE: LOTS_TRY(include(b, statement, depth + 1)); break;
        case LOTS_AST_PARAM:
            LOTS_TRY(param_value(b, statement, &node));
            LOTS_TRY(add_global(b, statement, node, library));
            break;
        case LOTS_AST_LET: LOTS_TRY(add_global(b, statement, node, library)); break;
        case LOTS_AST_QUERY:
            LOTS_TRY(bind_pipeline(b, statement->pipeline));
            LOTS_AT(lots_bound_pipeline, &b->pipelines, b->pipelines.count - 1).explain = statement->explain;
            break;
        }
    }
    return LOTS_OK;
}

static lots_status check_params(binder *b)
{
    for (uint32_t i = 0; i < b->options->param_count; i++) {
        suggestion near;
        bool found = false;
        suggest_begin(&near, b->options->param_names[i], (uint32_t)strlen(b->options->param_names[i]));
        for (size_t k = 0; k < b->globals.count; k++) {
            const global *item = &LOTS_AT(global, &b->globals, k);
            if (item->kind != GLOBAL_PARAM)
                continue;
            const lots_ast_name *name = &item->statement->name;
            suggest_try(&near, name->text, name->bytes);
            found = found || (strlen(b->options->param_names[i]) == name->bytes &&
                              memcmp(name->text, b->options->param_names[i], name->bytes) == 0);
        }
        if (found)
            continue;
        lots_status status = lots_fail(b->err, LOTS_QUERY, "the query has no param '%s'", b->options->param_names[i]);
        if (near.found)
            lots_error_hint(b->err, "did you mean `%s`?", near.text);
        return status;
    }
    return LOTS_OK;
}

/* ---- the whole ---- */

static lots_status freeze(binder *b, const lots_vec *list, void **out)
{
    LOTS_TRY(lots_arena_alloc(b->arena, out, list->count, list->item_size, b->err));
    if (list->count > 0)
        memcpy(*out, list->data, list->count * list->item_size);
    return LOTS_OK;
}

static lots_status first_frames(binder *b)
{
    uint32_t frame = 0;
    LOTS_TRY(bind_frame_new(b, LOTS_FRAME_IS_CONSTANT, 0, UINT32_MAX, "constant", &frame));
    LOTS_TRY(bind_frame_new(b, LOTS_FRAME_IS_PATIENT, LOTS_FRAME_CONSTANT, UINT32_MAX, "patients", &frame));
    return bind_scope_new(b, SCOPE_PATIENT, NULL, LOTS_FRAME_PATIENT, UINT32_MAX, &b->root);
}

static lots_status bind_all(binder *b, const char *text, size_t bytes, const char *name)
{
    lots_ast_file *file = NULL;
    LOTS_TRY(sources_open(b));
    LOTS_TRY(first_frames(b));
    LOTS_TRY(parse_source(b, name, first_folder(b), text, bytes, &file));
    for (size_t i = 0; i < lots_library_count; i++) {
        bool found = false;
        LOTS_TRY(include_library(b, lots_library[i].name, 0, &found));
    }
    b->library_end = b->sources->count;
    LOTS_TRY(bind_statements(b, file, false, 0));
    LOTS_TRY(check_params(b));
    if (b->pipelines.count == 0)
        return lots_fail_at(b->err, LOTS_QUERY, 0, bytes, "nothing is asked here: a question begins with `from`");
    void *list = NULL;
    LOTS_TRY(freeze(b, &b->frames, &list));
    b->query->frames = list;
    b->query->frame_count = (uint32_t)b->frames.count;
    LOTS_TRY(freeze(b, &b->relations, &list));
    b->query->relations = list;
    b->query->relation_count = (uint32_t)b->relations.count;
    LOTS_TRY(freeze(b, &b->pipelines, &list));
    b->query->pipelines = list;
    b->query->pipeline_count = (uint32_t)b->pipelines.count;
    LOTS_TRY(freeze(b, &b->notes, &list));
    b->query->notes = list;
    b->query->note_count = (uint32_t)b->notes.count;
    LOTS_TRY(freeze(b, &b->cohorts, &list));
    b->query->cohorts = list;
    b->query->cohort_count = (uint32_t)b->cohorts.count;
    return LOTS_OK;
}

/* Bind a text with a binder that knows its registry, arena, sources, book and place. */
static lots_status bind_whole(binder *b, const char *text, size_t bytes, const char *name, lots_query **out)
{
    void *made = NULL;
    *out = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_query), b->err));
    b->query = made;
    b->query->arena = b->arena;
    b->query->registry = b->registry;
    b->schema = lots_registry_schema(b->registry);
    b->frames = LOTS_VEC(lots_frame);
    b->relations = LOTS_VEC(lots_relation);
    b->relation_depths = LOTS_VEC(uint64_t);
    b->relation_nodes = LOTS_VEC(const lots_ast_node *);
    b->notes = LOTS_VEC(lots_note);
    b->globals = LOTS_VEC(global);
    b->pipelines = LOTS_VEC(lots_bound_pipeline);
    b->scopes = LOTS_VEC(scope *);
    b->groupings = LOTS_VEC(const lots_grouping *);
    b->cohorts = LOTS_VEC(lots_bound_cohort *);
    b->files = LOTS_VEC(bound_file);
    lots_status status = bind_all(b, text, bytes, name);
    for (size_t i = 0; i < b->scopes.count; i++)
        lots_vec_free(&LOTS_AT(scope *, &b->scopes, i)->names);
    lots_vec *lists[] = {&b->frames,    &b->relations, &b->relation_depths, &b->relation_nodes, &b->notes, &b->globals,
                         &b->pipelines, &b->scopes,    &b->groupings,       &b->cohorts,        &b->files};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        lots_vec_free(lists[i]);
    if (status == LOTS_OK)
        *out = b->query;
    return status;
}

lots_status bind_cohort_text(binder *b, const cohort_place *place, const char *text, lots_query **out)
{
    static const lots_bind_options plain;
    void *sources = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &sources, 1, sizeof(lots_sources), b->err));
    binder inner = {.registry = b->registry, .arena = b->arena, .err = b->err, .options = &plain, .sources = sources,
                    .book = b->book, .place = place};
    return bind_whole(&inner, text, strlen(text), place->name, out);
}

lots_status lots_query_bind(lots_registry *registry, const char *text, size_t bytes, const char *name,
                            const lots_bind_options *options, lots_arena *arena, lots_sources *sources,
                            lots_query **out, lots_error *err)
{
    static const lots_bind_options plain;
    lots_error own;
    binder b = {.registry = registry, .arena = arena, .err = err != NULL ? err : &own,
                .options = options != NULL ? options : &plain, .sources = sources};
    *out = NULL;
    LOTS_TRY(bind_book_open(&b));
    lots_status status = bind_whole(&b, text, bytes, name, out);
    bind_book_close(&b);
    return status;
}
