/* naive_pipeline.c: statements, sources and the walk through the stages. */
#include <stdio.h>
#include <string.h>

#include "query/lang/parse.h"
#include "tests/oracle/naive_inner.h"

/* ---- definitions ---- */

const naive_let *naive_find_let(const naive_run *run, const char *name)
{
    for (uint32_t i = run->visible; i-- > 0;)
        if (strcmp(run->lets[i].statement->name.text, name) == 0)
            return &run->lets[i];
    return NULL;
}

static naive_env closed_env(naive_run *run, const naive_env *env, const naive_column *columns, uint32_t count)
{
    naive_scope *patient = NULL, *arguments = naive_get(run, 1, sizeof *arguments);
    uint32_t number;
    if (naive_patient_of(env, &number)) {
        patient = naive_get(run, 1, sizeof *patient);
        *patient = (naive_scope){.kind = NAIVE_SCOPE_PATIENT, .patient = number};
    }
    *arguments =
        (naive_scope){.outer = patient, .kind = NAIVE_SCOPE_COLUMNS, .columns = columns, .column_count = count};
    return (naive_env){.scope = arguments};
}

void naive_see(naive_run *run, const naive_let *let)
{
    run->visible = let->lets != NULL ? let->visible : (uint32_t)(let - run->lets);
    if (let->lets != NULL)
        run->lets = let->lets;
}

/* A definition that aggregates rows: its arguments are of each row, so they are evaluated where they are used. */
static naive_value call_over_rows(naive_run *run, const naive_env *env, const naive_let *let, const lots_ast_call *call)
{
    const naive_thunks thunks = {run->thunks, &let->statement->params, call, run->visible};
    const uint32_t visible = run->visible;
    naive_let *lets = run->lets;
    run->thunks = &thunks;
    naive_see(run, let);
    const naive_value out = naive_eval(run, env, let->statement->value);
    run->lets = lets;
    run->visible = visible;
    run->thunks = thunks.outer;
    return out;
}

/* Where the value for this patient is kept; NULL when it isn't. */
static naive_value **kept_value(naive_run *run, const naive_env *env, const naive_let *let, uint32_t arguments)
{
    naive_let *own = &run->lets[let - run->lets];
    uint32_t patient;
    if (arguments > 0 || run->lookup_day != NULL || !naive_patient_of(env, &patient))
        return NULL;
    if (own->of == NULL)
        own->of = naive_get(run, run->data->patients, sizeof *own->of);
    return &own->of[patient];
}

/* A definition sees the patient, its arguments and what was defined before it. */
naive_value naive_call_let(naive_run *run, const naive_env *env, const naive_let *let, const lots_ast_call *call)
{
    const lots_ast_statement *statement = let->statement;
    const uint32_t given = call != NULL ? call->arg_count : 0, visible = run->visible;
    if (statement->value == NULL || given != statement->params.count)
        return naive_refuse(run, "naive: %s is used wrongly", statement->name.text);
    if (env->group != NULL && naive_has_row_aggregate(run, statement->value))
        return call_over_rows(run, env, let, call);
    naive_value **kept = kept_value(run, env, let, given);
    if (kept != NULL && *kept != NULL)
        return **kept;
    naive_column *columns = naive_get(run, given, sizeof *columns);
    for (uint32_t i = 0; i < given; i++)
        columns[i] = (naive_column){statement->params.items[i].text, naive_argument(run, env, call, i)};
    const naive_env inside = closed_env(run, env, columns, given);
    const naive_thunks *thunks = run->thunks;
    naive_let *lets = run->lets;
    run->thunks = NULL;
    naive_see(run, let);
    const naive_value out = naive_eval(run, &inside, statement->value);
    run->lets = lets;
    run->visible = visible;
    run->thunks = thunks;
    if (kept != NULL) {
        *kept = naive_get(run, 1, sizeof **kept);
        **kept = out;
    }
    return out;
}

/* ---- rows ---- */

naive_env naive_line_env(naive_run *run, const naive_lines *lines, uint32_t index)
{
    const naive_line *line = &lines->items[index];
    naive_scope *scopes = naive_get(run, 3, sizeof *scopes);
    scopes[0] = (naive_scope){.kind = NAIVE_SCOPE_PATIENT, .patient = line->patient};
    if (line->event == NULL)
        scopes[0].alias = lines->alias;
    scopes[1] = (naive_scope){
        .outer = &scopes[0], .kind = NAIVE_SCOPE_EVENT, .alias = lines->alias, .event = line->event};
    scopes[2] = (naive_scope){.kind = NAIVE_SCOPE_COLUMNS, .columns = line->columns, .column_count = lines->column_count};
    scopes[2].outer = line->patient == UINT32_MAX ? NULL : line->event != NULL ? &scopes[1] : &scopes[0];
    return (naive_env){.scope = &scopes[2], .lines = lines, .line = index};
}

void naive_add_line(naive_run *run, naive_lines *lines, uint32_t patient, const naive_event *event)
{
    if ((lines->count & (lines->count + 1)) == 0) {
        naive_line *grown = naive_get(run, 2 * (size_t)lines->count + 1, sizeof *grown);
        if (lines->count > 0)
            memcpy(grown, lines->items, lines->count * sizeof *grown);
        lines->items = grown;
    }
    lines->items[lines->count++] = (naive_line){.patient = patient, .event = event};
}

static const char *source_alias(const lots_ast_node *node)
{
    if (node->kind != LOTS_AST_NARROWED)
        return NULL;
    for (uint32_t i = node->narrowed.step_count; i-- > 0;)
        if (node->narrowed.steps[i].kind == LOTS_AST_NARROW_AS)
            return node->narrowed.steps[i].alias.text;
    return NULL;
}

static bool is_patients(const lots_ast_node *node)
{
    if (node->kind == LOTS_AST_NARROWED && node->narrowed.step_count == 1 &&
        node->narrowed.steps[0].kind == LOTS_AST_NARROW_AS)
        node = node->narrowed.base;
    return node->kind == LOTS_AST_NAME && strcmp(node->name.text, "patients") == 0;
}

static naive_lines event_lines(naive_run *run, const lots_ast_node *node)
{
    naive_lines out = {.alias = source_alias(node)};
    for (uint32_t p = 0; p < run->data->patients && !run->failed; p++) {
        const naive_scope scope = {.kind = NAIVE_SCOPE_PATIENT, .patient = p};
        const naive_env env = {.scope = &scope};
        const naive_value set = naive_eval(run, &env, node);
        if (set.kind != NAIVE_EVENTS) {
            naive_refuse(run, "naive: rows of what?");
            break;
        }
        for (uint32_t i = 0; i < set.events->count; i++)
            naive_add_line(run, &out, p, set.events->items[i]);
    }
    return out;
}

naive_lines naive_copy_lines(naive_run *run, const naive_lines *lines)
{
    naive_lines out = *lines;
    out.items = naive_get(run, lines->count, sizeof *out.items);
    if (lines->count > 0)
        memcpy(out.items, lines->items, lines->count * sizeof *out.items);
    return out;
}

/* A table sees the definitions before it, and its arguments as definitions of their own. */
bool naive_let_table(naive_run *run, const char *name, const lots_ast_call *call, naive_lines *out)
{
    const naive_let *let = naive_find_let(run, name);
    if (let == NULL || let->statement->pipeline == NULL)
        return false;
    const lots_ast_names *params = &let->statement->params;
    naive_let *lets = run->lets;
    const uint32_t visible = run->visible, before = (uint32_t)(let - lets);
    if (params->count != (call != NULL ? call->arg_count : 0)) {
        naive_refuse(run, "naive: %s with such arguments", name);
        return true;
    }
    naive_let *inside = naive_get(run, before + params->count + 1, sizeof *inside);
    lots_ast_statement *statements = naive_get(run, params->count, sizeof *statements);
    memcpy(inside, lets, before * sizeof *inside);
    for (uint32_t i = 0; i < params->count; i++) {
        statements[i] = (lots_ast_statement){.kind = LOTS_AST_LET, .name = params->items[i], .value = call->args[i].value};
        inside[before + i] = (naive_let){&statements[i], NULL, lets, visible};
    }
    run->lets = inside;
    run->visible = before + params->count;
    *out = naive_pipeline(run, let->statement->pipeline); /* anew: what a cohort's name means may have changed */
    run->lets = lets;
    run->visible = visible;
    return true;
}

static naive_lines source(naive_run *run, const lots_ast_pipeline *pipeline)
{
    naive_lines out = {0};
    if (pipeline->source == LOTS_AST_SOURCE_TABLE) {
        const lots_ast_call *call = pipeline->value != NULL ? pipeline->value->call : NULL;
        const int32_t table = call != NULL ? -1 : naive_find_table(run, pipeline->table.text);
        if (table < 0 && naive_let_table(run, pipeline->table.text, call, &out))
            return out;
        if (table < 0)
            naive_refuse(run, "naive: no table %s", pipeline->table.text);
        return table < 0 ? out : naive_table_lines(run, (uint32_t)table);
    }
    if (pipeline->source == LOTS_AST_SOURCE_PATTERN)
        return naive_match(run, pipeline->pattern);
    if (pipeline->value->kind == LOTS_AST_NAME && naive_let_table(run, pipeline->value->name.text, NULL, &out))
        return out;
    if (pipeline->value->kind == LOTS_AST_CALL && naive_let_table(run, pipeline->value->call->name.text, pipeline->value->call, &out))
        return out;
    if (!is_patients(pipeline->value))
        return event_lines(run, pipeline->value);
    out.alias = source_alias(pipeline->value);
    out.persons = out.disjoint = true;
    for (uint32_t p = 0; p < run->data->patients; p++)
        naive_add_line(run, &out, p, NULL);
    return out;
}

/* ---- stages ---- */

/* The question counts its patients; afterwards the name says of each whether it is one of them. */
static naive_lines into_cohort(naive_run *run, const naive_lines *lines, const char *name)
{
    static const char *const names[] = {"cohort"};
    naive_cohort *cohort = naive_get(run, 1, sizeof *cohort);
    naive_column *column = naive_get(run, 1, sizeof *column);
    uint32_t *patients;
    naive_lines out = {.aggregated = true, .shown = true, .column_count = 1};
    const uint32_t count = naive_patients_of(run, lines, &patients);
    *cohort = (naive_cohort){run->cohorts, name, patients, count};
    run->cohorts = cohort;
    for (uint32_t i = 0; i < run->let_count; i++) /* what they say of the name may have changed */
        run->lets[i].of = NULL;
    out.names = naive_get(run, 1, sizeof *out.names);
    out.names[0] = names[0];
    *column = (naive_column){names[0], naive_text(name)};
    naive_add_line(run, &out, UINT32_MAX, NULL);
    out.items[0].columns = column;
    out.items[0].behind = patients;
    out.items[0].behind_count = count;
    return out;
}

static naive_lines thin(naive_lines lines)
{
    lines.thinned = true;
    return lines;
}

static naive_lines stage(naive_run *run, const naive_lines *lines, const lots_ast_stage *stages, uint32_t count,
                         uint32_t *at)
{
    static const lots_ast_items none = {0};
    const lots_ast_stage *now = &stages[*at];
    const bool shown = *at + 1 < count && stages[*at + 1].kind == LOTS_AST_STAGE_SHOW;
    switch (now->kind) {
    case LOTS_AST_STAGE_WHERE: return thin(naive_where(run, lines, now->where));
    case LOTS_AST_STAGE_DERIVE: return naive_derive(run, lines, &now->derive);
    case LOTS_AST_STAGE_EACH: return naive_each(run, lines, now);
    case LOTS_AST_STAGE_TOP:
    case LOTS_AST_STAGE_BOTTOM: return thin(naive_top(run, lines, now));
    case LOTS_AST_STAGE_SORT: return naive_sort(run, lines, &now->sort);
    case LOTS_AST_STAGE_LIMIT: return thin(naive_limit(run, lines, now->limit));
    case LOTS_AST_STAGE_GROUP:
        *at += shown;
        return naive_group(run, lines, &now->group.items, now->group.totals, shown ? &stages[*at].show : &none);
    case LOTS_AST_STAGE_SHOW: return naive_show(run, lines, &now->show);
    case LOTS_AST_STAGE_PIVOT: return naive_pivot(run, lines, now->pivot.text);
    case LOTS_AST_STAGE_JOIN: return naive_join(run, lines, now);
    case LOTS_AST_STAGE_INTO: return into_cohort(run, lines, now->cohort.text);
    default: naive_refuse(run, "naive: %s is not known here", lots_ast_stage_text(now->kind)); return *lines;
    }
}

naive_lines naive_pipeline(naive_run *run, const lots_ast_pipeline *pipeline)
{
    naive_lines lines = source(run, pipeline);
    for (uint32_t i = 0; i < pipeline->stage_count && !run->failed; i++) {
        naive_lines *next = naive_get(run, 1, sizeof *next); /* rankings know rows by where they are */
        *next = lines;
        lines = stage(run, next, pipeline->stages, pipeline->stage_count, &i);
    }
    return lines;
}

/* ---- a whole text ---- */

static void fill_table(naive_run *run, const naive_lines *lines, naive_table *out)
{
    *out = (naive_table){.names = lines->names, .column_count = lines->column_count, .rows = lines->count,
                         .aggregated = lines->aggregated || lines->nobody, .at_most = lines->at_most};
    out->cells = naive_get(run, (size_t)out->rows * out->column_count + 1, sizeof *out->cells);
    out->patients = naive_get(run, (size_t)out->rows + 1, sizeof *out->patients);
    for (uint32_t i = 0; i < out->rows; i++) {
        const naive_line *line = &lines->items[i];
        out->patients[i] = line->patient == UINT32_MAX ? line->behind_count : line->patient;
        for (uint32_t c = 0; c < out->column_count; c++) {
            naive_need(run, &line->columns[c].value);
            const naive_value *value = &line->columns[c].value;
            out->cells[(size_t)i * out->column_count + c] = value->total ? "total" : naive_format(run->arena, value);
        }
    }
}

static void ask(naive_run *run, const lots_ast_pipeline *pipeline, naive_table *out)
{
    const naive_lines lines = naive_pipeline(run, pipeline);
    if (!lines.shown)
        naive_refuse(run, "naive: a query without show");
    if (!run->failed)
        fill_table(run, &lines, out);
}

static void run_file(naive_run *run, const lots_ast_file *file, naive_answers *out)
{
    for (uint32_t i = 0; i < file->statement_count && !run->failed; i++) {
        const lots_ast_statement *statement = &file->statements[i];
        if (statement->kind == LOTS_AST_INCLUDE) {
            naive_refuse(run, "naive: nothing is included here");
        } else if (statement->kind == LOTS_AST_QUERY) {
            ask(run, statement->pipeline, &out->items[out->count++]);
        } else {
            run->lets[run->let_count++].statement = statement;
            run->visible = run->let_count;
        }
    }
}

/* The shipped library stands before the text; names of the text hide its names. */
enum { LIBRARY_FILES = 2 };
static const char *const library[LIBRARY_FILES] = {"query/std/care.lq", "query/std/continuity.lq"};

static lots_status read_library(naive_run *run, const char *path, lots_ast_file **out)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return lots_fail(run->err, LOTS_IO, "naive: %s can't be opened", path);
    const size_t bytes = fread(text, 1, sizeof text, file);
    fclose(file);
    return lots_parse(text, bytes, NULL, run->arena, out, run->err);
}

lots_status naive_query(const naive_data *data, const char *text, lots_arena *arena, naive_answers *out,
                        lots_error *err)
{
    lots_ast_file *files[LIBRARY_FILES + 1];
    naive_run run = {.data = data, .arena = arena, .err = err};
    uint32_t statements = 0;
    *out = (naive_answers){0};
    for (int i = 0; i < LIBRARY_FILES; i++)
        LOTS_TRY(read_library(&run, library[i], &files[i]));
    LOTS_TRY(lots_parse(text, strlen(text), NULL, arena, &files[LIBRARY_FILES], err));
    for (int i = 0; i <= LIBRARY_FILES; i++)
        statements += files[i]->statement_count;
    run.lets = naive_get(&run, statements, sizeof *run.lets);
    out->items = naive_get(&run, statements, sizeof *out->items);
    for (int i = 0; i <= LIBRARY_FILES; i++)
        run_file(&run, files[i], out);
    return run.failed ? lots_fail(err, LOTS_QUERY, "%s", run.why) : LOTS_OK;
}
