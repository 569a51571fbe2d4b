/* bind_cohort.c: saved cohorts: a name in sight is one of the registry's cohorts, whose text is bound as a query of its own;
 * `into cohort` makes a text of the pipeline it ends, complete in itself. See bind_internal.h and bound.h.
 *
 * The book holds each cohort once for all binders at work on a query, so that a cohort is computed once however often it
 * is named. `into cohort` changes what a name means for the questions after it, also through other cohorts: those bound
 * before are then forgotten (who holds them keeps them). */
#include <string.h>

#include "core/base/hash.h"
#include "query/lang/bind_stage.h"
#include "query/lang/classification.h"
#include "query/lang/lex.h"
#include "query/lang/library.h"

enum { COHORTS_DEEP = 10 }; /* cohorts made of cohorts made of … */

typedef struct cohort_book {
    bool read;             /* what is saved has been read into `saved` */
    lots_cohort_list saved;
    lots_vec entries;      /* lots_bound_cohort * */
} cohort_book;

lots_status bind_book_open(binder *b)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(cohort_book), b->err));
    b->book = made;
    b->book->entries = LOTS_VEC(lots_bound_cohort *);
    return LOTS_OK;
}

void bind_book_close(binder *b)
{
    if (b->book->read)
        lots_cohort_list_free(&b->book->saved);
    lots_vec_free(&b->book->entries);
}

static lots_status open_saved(binder *b)
{
    if (b->book->read)
        return LOTS_OK;
    LOTS_TRY(lots_registry_cohorts(b->registry, &b->book->saved, b->err));
    b->book->read = true;
    return LOTS_OK;
}

/* ---- looking cohorts up ---- */

static lots_bound_cohort *find_entry(const binder *b, const char *name, uint32_t bytes)
{
    for (size_t i = 0; i < b->book->entries.count; i++) {
        lots_bound_cohort *entry = LOTS_AT(lots_bound_cohort *, &b->book->entries, i);
        if (strlen(entry->name) == bytes && memcmp(entry->name, name, bytes) == 0)
            return entry;
    }
    return NULL;
}

lots_status bind_is_cohort(binder *b, const lots_ast_name *name, bool *out)
{
    LOTS_TRY(open_saved(b));
    *out = find_entry(b, name->text, name->bytes) != NULL ||
           lots_cohort_find(&b->book->saved, name->text, name->bytes) != NULL;
    return LOTS_OK;
}

void bind_suggest_cohorts(binder *b, suggestion *near)
{
    for (size_t i = 0; b->book->read && i < b->book->saved.cohorts.count; i++) {
        const char *name = LOTS_AT(lots_cohort, &b->book->saved.cohorts, i).name;
        suggest_try(near, name, (uint32_t)strlen(name));
    }
    for (size_t i = 0; i < b->book->entries.count; i++) {
        const char *name = LOTS_AT(lots_bound_cohort *, &b->book->entries, i)->name;
        suggest_try(near, name, (uint32_t)strlen(name));
    }
}

/* ---- binding a cohort's text ---- */

/* An error about the text of a cohort becomes one about its name: the text isn't what the user wrote here. */
static lots_status blame(binder *b, const lots_ast_name *name, lots_status status, const char *what)
{
    if (status != LOTS_QUERY)
        return status;
    const lots_error inner = *b->err;
    lots_ast_fail(b->err, name->span, "cohort '%.*s' can't be %s: %s", (int)name->bytes, name->text, what, inner.text);
    lots_error_hint(b->err, "%s", inner.hint);
    return LOTS_QUERY;
}

static lots_status made_of_itself(binder *b, const lots_ast_name *name)
{
    char through[400] = "";
    size_t used = 0;
    for (const cohort_place *at = b->place; at != NULL; at = at->around) {
        const size_t bytes = strlen(at->name);
        if (strlen(at->name) == name->bytes && memcmp(at->name, name->text, name->bytes) == 0)
            break;
        if (used + bytes + 10 > sizeof through)
            continue;
        memcpy(through + used, used == 0 ? ", through " : ", ", used == 0 ? 10 : 2);
        used += used == 0 ? 10 : 2;
        memcpy(through + used, at->name, bytes + 1);
        used += bytes;
    }
    return lots_ast_fail(b->err, name->span, "'%.*s' would be made of itself%s", (int)name->bytes, name->text, through);
}

static bool is_made_of(const lots_bound_cohort *cohort, const char *name)
{
    for (uint32_t i = 0; i < cohort->part_count; i++)
        if (strcmp(cohort->parts[i]->name, name) == 0)
            return true;
    return false;
}

/* `cohort`: bound already, for another place; NULL: not yet. */
static lots_status check_place(binder *b, const lots_ast_name *name, const lots_bound_cohort *cohort)
{
    const uint32_t depth = (b->place == NULL ? 0 : b->place->depth) + (cohort == NULL ? 1 : cohort->depth);
    for (const cohort_place *at = b->place; at != NULL; at = at->around) {
        if (strlen(at->name) == name->bytes && memcmp(at->name, name->text, name->bytes) == 0)
            return made_of_itself(b, name);
        if (cohort != NULL && is_made_of(cohort, at->name))
            return lots_ast_fail(b->err, name->span, "'%s' would be made of itself, through %s", at->name, cohort->name);
    }
    if (depth > COHORTS_DEEP)
        return lots_ast_fail(b->err, name->span, "cohorts are made of one another more than %d deep", COHORTS_DEEP);
    return LOTS_OK;
}

static uint64_t hash_text(const char *text, uint64_t seed) { return lots_hash(text, strlen(text), seed); }

/* What a text means depends on the library and the classifications of this program as well. */
static uint64_t hash_program(void)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < lots_library_count; i++)
        hash = hash_text(lots_library[i].text, hash_text(lots_library[i].name, hash));
    for (size_t i = 0; i < lots_classification_text_count; i++)
        hash = hash_text(lots_classification_texts[i].text, hash_text(lots_classification_texts[i].name, hash));
    return hash;
}

static uint64_t hash_definition(const char *text, const lots_query *query)
{
    uint64_t hash = hash_text(text, hash_program());
    for (uint32_t i = 0; i < query->cohort_count; i++) {
        uint8_t bytes[8];
        lots_put64(bytes, query->cohorts[i]->definition);
        hash = lots_hash(bytes, sizeof bytes, hash_text(query->cohorts[i]->name, hash));
    }
    return hash;
}

static void add_part(lots_bound_cohort *cohort, lots_bound_cohort *part)
{
    for (uint32_t i = 0; i < cohort->part_count; i++)
        if (cohort->parts[i] == part)
            return;
    cohort->parts[cohort->part_count++] = part;
}

static lots_status gather_parts(binder *b, lots_bound_cohort *cohort)
{
    const lots_query *query = cohort->query;
    size_t room = query->cohort_count;
    void *made = NULL;
    for (uint32_t i = 0; i < query->cohort_count; i++)
        room += query->cohorts[i]->part_count;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, room, sizeof(lots_bound_cohort *), b->err));
    cohort->parts = made;
    cohort->depth = 1;
    for (uint32_t i = 0; i < query->cohort_count; i++) {
        lots_bound_cohort *part = query->cohorts[i];
        add_part(cohort, part);
        for (uint32_t k = 0; k < part->part_count; k++)
            add_part(cohort, part->parts[k]);
        if (part->depth >= cohort->depth)
            cohort->depth = part->depth + 1;
    }
    return LOTS_OK;
}

/* `cohort` has its name and text. */
static lots_status bind_text(binder *b, lots_bound_cohort *cohort)
{
    const cohort_place place = {cohort->name, b->place, b->place == NULL ? 1 : b->place->depth + 1};
    LOTS_TRY(bind_cohort_text(b, &place, cohort->text, &cohort->query));
    if (cohort->query->pipeline_count != 1 || cohort->query->pipelines[0].aggregated)
        return lots_fail(b->err, LOTS_QUERY, "its text is no single question for patients");
    cohort->definition = hash_definition(cohort->text, cohort->query);
    return gather_parts(b, cohort);
}

static lots_status copy_text(binder *b, const char **text)
{
    char *copy = NULL;
    LOTS_TRY(lots_arena_text(b->arena, &copy, *text, strlen(*text), b->err));
    *text = copy;
    return LOTS_OK;
}

/* What the registry has, for as long as the query lives; *out NULL when it has none of that name. */
static lots_status copy_saved(binder *b, const lots_ast_name *name, const lots_cohort **out)
{
    void *made = NULL;
    const lots_cohort *saved = lots_cohort_find(&b->book->saved, name->text, name->bytes);
    *out = NULL;
    if (saved == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_cohort), b->err));
    lots_cohort *copy = made;
    *copy = *saved;
    const char **const texts[] = {&copy->name,    &copy->text, &copy->parameters,
                                  &copy->version, &copy->time, &copy->user};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        LOTS_TRY(copy_text(b, texts[i]));
    *out = copy;
    return LOTS_OK;
}

static lots_status bind_saved(binder *b, const lots_ast_name *name, lots_bound_cohort **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_bound_cohort), b->err));
    lots_bound_cohort *cohort = made;
    LOTS_TRY(copy_saved(b, name, &cohort->saved));
    cohort->name = cohort->saved->name;
    cohort->text = cohort->saved->text;
    cohort->parameters = cohort->saved->parameters;
    lots_status status = bind_text(b, cohort);
    if (status != LOTS_OK)
        return blame(b, name, status, "computed here");
    *out = cohort;
    return lots_vec_push(&b->book->entries, &cohort, b->err);
}

/* ---- naming a cohort ---- */

static lots_status use_cohort(binder *b, const lots_ast_name *name, lots_bound_cohort *cohort)
{
    for (size_t i = 0; i < b->cohorts.count; i++)
        if (LOTS_AT(lots_bound_cohort *, &b->cohorts, i) == cohort)
            return LOTS_OK;
    for (uint32_t i = 0; i < cohort->query->note_count; i++) {
        const lots_note *said = &cohort->query->notes[i];
        LOTS_TRY((said->fact ? bind_fact : bind_note)(b, name->span, "cohort %s: %s", cohort->name, said->text));
    }
    return lots_vec_push(&b->cohorts, &cohort, b->err);
}

lots_status bind_cohort(binder *b, const lots_ast_name *name, value *out)
{
    bool found = false;
    LOTS_TRY(bind_is_cohort(b, name, &found));
    if (!found)
        return LOTS_OK;
    lots_bound_cohort *cohort = find_entry(b, name->text, name->bytes);
    LOTS_TRY(check_place(b, name, cohort));
    if (cohort == NULL)
        LOTS_TRY(bind_saved(b, name, &cohort));
    LOTS_TRY(use_cohort(b, name, cohort));
    LOTS_TRY(bind_expr(b, LOTS_OP_COHORT, bind_type(LOTS_TYPE_BOOL), name->span, NULL, 0, &out->expr));
    out->expr->of_frame = LOTS_FRAME_PATIENT;
    out->expr->cohort = cohort;
    bind_depend(b, out->expr, bind_frame_bit(b, LOTS_FRAME_PATIENT), LOTS_FRAME_PATIENT);
    out->kind = VALUE_EXPR;
    return LOTS_OK;
}

lots_status bind_no_source(binder *b, const lots_ast_name *name)
{
    lots_status status = lots_ast_fail(b->err, name->span, "'%.*s' is a cohort: a condition of patients, no source of rows",
                                       (int)name->bytes, name->text);
    lots_error_hint(b->err, "write: from patients where %.*s", (int)name->bytes, name->text);
    return status;
}

/* ---- the name of a new cohort ---- */

static bool is_plain(const lots_ast_name *name)
{
    const lots_lexer lexer = {.text = name->text, .bytes = name->bytes};
    uint32_t at = 0;
    while (at < name->bytes) {
        const uint32_t bytes = lots_lexer_name_bytes(&lexer, at, at == 0);
        if (bytes == 0)
            return false;
        at += bytes;
    }
    return at > 0;
}

static bool is_category_word(const binder *b, const lots_stream *stream, const lots_ast_name *name)
{
    for (uint32_t i = 0; i < stream->column_count; i++) {
        const lots_dictionary *words = stream->columns[i].kind == LOTS_KIND_CATEGORY
                                           ? lots_registry_domain(b->registry, stream->columns[i].domain)
                                           : NULL;
        if (words != NULL && lots_dictionary_find(words, name->text, name->bytes) != LOTS_NO_ID)
            return true;
    }
    return false;
}

/* What else the name means; NULL: nothing. */
static const char *clash(const binder *b, const lots_ast_name *name)
{
    static const char *const words[] = {"patient", "patients", "registry", "alive",  "age", "id",     "start",
                                        "end",     "n",        "source",   "target", "gap", "stream", "number"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lots_ast_name_is(name, words[i]))
            return "a word of the language";
    if (lots_word_is_reserved(name->text, name->bytes))
        return "a word of the language";
    if (lots_schema_find_stream(b->schema, name->text, name->bytes) >= 0)
        return "a stream";
    const uint32_t global_number = bind_find_global(b, name->text, name->bytes);
    if (global_number != UINT32_MAX)
        return LOTS_AT(global, &b->globals, global_number).library ? "a name of the shipped library"
                                                                   : "a let or param of this text";
    for (uint32_t s = 0; s < b->schema->stream_count; s++) {
        if (lots_stream_find_column(&b->schema->streams[s], name->text, name->bytes) >= 0)
            return "a column";
        if (is_category_word(b, &b->schema->streams[s], name))
            return "a value of a category";
    }
    return NULL;
}

static lots_status check_name(binder *b, const lots_ast_name *name)
{
    if (!is_plain(name) || name->bytes > LOTS_NAME_MAX)
        return lots_ast_fail(b->err, name->span, "a cohort's name is one word of letters, digits and _, of at most %u bytes",
                             LOTS_NAME_MAX);
    const char *other = clash(b, name);
    if (other == NULL)
        return LOTS_OK;
    lots_status status = lots_ast_fail(b->err, name->span, "'%.*s' can't be the name of a cohort: it is %s",
                                       (int)name->bytes, name->text, other);
    lots_error_hint(b->err, "give the cohort a name of its own, as in: into cohort %.*s_persons", (int)name->bytes,
                    name->text);
    return status;
}

/* ---- the text of a new cohort ---- */

typedef struct file_reader {
    const lots_vec *files; /* bound_file */
    const lots_ast_code *odd; /* a code of a file that means something else between braces, or nothing; NULL: none yet */
} file_reader;

static bool is_odd(const lots_ast_code *code)
{
    const char *text = code->text.text;
    for (uint32_t i = 0; i < code->text.bytes; i++) {
        const bool letter = (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= 'a' && text[i] <= 'z');
        if (!letter && (text[i] < '0' || text[i] > '9') && (i == 0 || strchr(".-_/+*", text[i]) == NULL))
            return true;
    }
    return code->minus && code->exact;
}

static const lots_ast_node *read_file(void *context, const lots_ast_call *call)
{
    file_reader *reader = context;
    const lots_ast_node *node = NULL;
    for (size_t i = 0; i < reader->files->count && node == NULL; i++)
        if (LOTS_AT(bound_file, reader->files, i).call == call)
            node = LOTS_AT(bound_file, reader->files, i).node;
    for (uint32_t i = 0; node != NULL && i < node->codes.count; i++)
        if (is_odd(&node->codes.items[i]))
            reader->odd = &node->codes.items[i];
    return node;
}

/* The lets and params that were used, as they are now, and the question. Those of the library are there everywhere. */
static lots_status needed_statements(binder *b, const lots_ast_pipeline *question, lots_vec *out)
{
    for (size_t i = 0; i < b->globals.count; i++) {
        const global *item = &LOTS_AT(global, &b->globals, i);
        if (item->library || item->argument || !item->used)
            continue;
        lots_ast_statement statement = *item->statement;
        if (item->kind == GLOBAL_PARAM)
            statement.value = (lots_ast_node *)item->value; /* printed, never changed */
        LOTS_TRY(lots_vec_push(out, &statement, b->err));
    }
    lots_ast_statement last = {.kind = LOTS_AST_QUERY, .pipeline = (lots_ast_pipeline *)question, .span = question->span};
    return lots_vec_push(out, &last, b->err);
}

static lots_status print_parameters(const lots_vec *statements, lots_bytes *out, lots_error *err)
{
    for (size_t i = 0; i < statements->count; i++) {
        const lots_ast_statement *statement = &LOTS_AT(lots_ast_statement, statements, i);
        if (statement->kind != LOTS_AST_PARAM)
            continue;
        LOTS_TRY(lots_bytes_printf(out, err, "%.*s=", (int)statement->name.bytes, statement->name.text));
        LOTS_TRY(lots_ast_print_node(statement->value, out, err));
        LOTS_TRY(lots_bytes_put8(out, '\n', err));
    }
    return LOTS_OK;
}

static lots_status keep_bytes(binder *b, lots_bytes *bytes, lots_status status, const char **out)
{
    char *copy = NULL;
    if (status == LOTS_OK)
        status = lots_arena_text(b->arena, &copy, (const char *)bytes->data, bytes->count, b->err);
    *out = copy;
    lots_bytes_free(bytes);
    return status;
}

static lots_status write_text(binder *b, const lots_ast_pipeline *question, lots_bound_cohort *cohort)
{
    lots_vec statements = LOTS_VEC(lots_ast_statement);
    lots_bytes text = {0}, parameters = {0};
    file_reader reader = {&b->files, NULL};
    lots_status status = needed_statements(b, question, &statements);
    const lots_ast_file file = {0, statements.data, (uint32_t)statements.count};
    if (status == LOTS_OK)
        status = keep_bytes(b, &text, lots_ast_print_with(&file, read_file, &reader, &text, b->err), &cohort->text);
    if (status == LOTS_OK)
        status = keep_bytes(b, &parameters, print_parameters(&statements, &parameters, b->err), &cohort->parameters);
    lots_vec_free(&statements);
    if (status == LOTS_OK && reader.odd != NULL)
        return lots_ast_fail(b->err, reader.odd->span, "a cohort keeps its codes in its text, and '%.*s'%s of this file can't be "
                                                       "written in {…}",
                             (int)reader.odd->text.bytes, reader.odd->text.text,
                             reader.odd->minus && reader.odd->exact ? " (exact and excluded)" : "");
    return status;
}

/* ---- into cohort ---- */

static void forget_relations(binder *b)
{
    for (size_t i = 0; i < b->relation_nodes.count; i++)
        LOTS_AT(const lots_ast_node *, &b->relation_nodes, i) = NULL;
}

/* For a cohort the lets it needs are noted from its own start, and a relation that an earlier question made isn't taken
 * again: what it is made of would go unnoticed. */
void bind_begin_question(binder *b, const lots_ast_pipeline *pipeline)
{
    b->question = pipeline;
    if (pipeline->stage_count == 0 || pipeline->stages[pipeline->stage_count - 1].kind != LOTS_AST_STAGE_INTO)
        return;
    for (size_t i = 0; i < b->globals.count; i++)
        LOTS_AT(global, &b->globals, i).used = false;
    forget_relations(b);
}

static lots_status check_stage(binder *b, const lots_ast_pipeline *pipeline, const lots_ast_stage *stage)
{
    const lots_ast_stage *last = &pipeline->stages[pipeline->stage_count - 1];
    if (pipeline != b->question)
        return lots_ast_fail(b->err, stage->span, "`into cohort` ends a question of its own, no table within another");
    if (last != stage) {
        lots_status status = lots_ast_fail(b->err, (stage + 1)->span, "nothing can follow `into cohort`");
        lots_error_hint(b->err, "ask about the cohort in a question of its own: from patients where %.*s …",
                        (int)stage->cohort.bytes, stage->cohort.text);
        return status;
    }
    if (b->pipeline->where->kind != SCOPE_TABLE)
        return LOTS_OK;
    lots_status status = lots_ast_fail(b->err, stage->span, "these rows are no patients: a cohort can't be made of them");
    lots_error_hint(b->err, "choose patients with `where` and `top`, without group by or aggregates in `show`");
    return status;
}

/* What was bound before this cohort is defined means what was saved; what comes after means this. */
static lots_status define(binder *b, const lots_ast_name *name, lots_bound_cohort *cohort)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->book->entries.count; i++) {
        lots_bound_cohort *entry = LOTS_AT(lots_bound_cohort *, &b->book->entries, i);
        if (!entry->fresh || strcmp(entry->name, cohort->name) == 0)
            continue;
        if (is_made_of(entry, cohort->name)) {
            lots_ast_fail(b->err, name->span, "cohort '%s' of this text is made of '%s'", entry->name, cohort->name);
            lots_error_hint(b->err, "define %s before it", cohort->name);
            return LOTS_QUERY;
        }
        LOTS_AT(lots_bound_cohort *, &b->book->entries, kept++) = entry;
    }
    b->book->entries.count = kept;
    forget_relations(b);
    return lots_vec_push(&b->book->entries, &cohort, b->err);
}

lots_status bind_into_stage(binder *b, const lots_ast_pipeline *pipeline, const lots_ast_stage *stage)
{
    const lots_ast_name *name = &stage->cohort;
    pipeline_state *p = b->pipeline;
    void *made = NULL;
    LOTS_TRY(check_stage(b, pipeline, stage));
    p->shown = true;
    p->columns.count = 0;
    if (b->place != NULL) /* the text of a cohort: the rows are its patients */
        return LOTS_OK;
    LOTS_TRY(check_name(b, name));
    LOTS_TRY(open_saved(b));
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_bound_cohort), b->err));
    lots_bound_cohort *cohort = made;
    cohort->name = name->text;
    cohort->fresh = true;
    LOTS_TRY(copy_saved(b, name, &cohort->saved));
    LOTS_TRY(write_text(b, pipeline, cohort));
    lots_status status = bind_text(b, cohort);
    if (status != LOTS_OK)
        return blame(b, name, status, "saved");
    p->out.into = cohort;
    p->out.aggregated = true;
    return define(b, name, cohort);
}
