/* naive_pipeline.c: statements, sources and stages. */
#include <stdlib.h>
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

/* A definition sees the patient, its arguments and what was defined before it. */
naive_value naive_call_let(naive_run *run, const naive_env *env, const naive_let *let, const lots_ast_call *call)
{
    const lots_ast_statement *statement = let->statement;
    const uint32_t given = call != NULL ? call->arg_count : 0, visible = run->visible;
    if (statement->value == NULL || given != statement->params.count)
        return naive_refuse(run, "naive: %s is used wrongly", statement->name.text);
    naive_column *columns = naive_get(run, given, sizeof *columns);
    for (uint32_t i = 0; i < given; i++)
        columns[i] = (naive_column){statement->params.items[i].text, naive_argument(run, env, call, i)};
    const naive_env inside = closed_env(run, env, columns, given);
    run->visible = (uint32_t)(let - run->lets);
    const naive_value out = naive_eval(run, &inside, statement->value);
    run->visible = visible;
    return out;
}

/* ---- rows ---- */

naive_env naive_line_env(naive_run *run, const naive_lines *lines, uint32_t index)
{
    const naive_line *line = &lines->items[index];
    naive_scope *scopes = naive_get(run, 3, sizeof *scopes);
    scopes[0] = (naive_scope){.kind = NAIVE_SCOPE_PATIENT, .patient = line->patient};
    scopes[1] = (naive_scope){
        .outer = &scopes[0], .kind = NAIVE_SCOPE_EVENT, .alias = lines->alias, .event = line->event};
    scopes[2] = (naive_scope){.kind = NAIVE_SCOPE_COLUMNS, .columns = line->columns, .column_count = lines->column_count};
    scopes[2].outer = line->patient == UINT32_MAX ? NULL : line->event != NULL ? &scopes[1] : &scopes[0];
    return (naive_env){.scope = &scopes[2], .lines = lines, .line = index};
}

static void add_line(naive_run *run, naive_lines *lines, uint32_t patient, const naive_event *event)
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
            add_line(run, &out, p, set.events->items[i]);
    }
    return out;
}

static naive_lines copy_lines(naive_run *run, const naive_lines *lines)
{
    naive_lines out = *lines;
    out.items = naive_get(run, lines->count, sizeof *out.items);
    if (lines->count > 0)
        memcpy(out.items, lines->items, lines->count * sizeof *out.items);
    return out;
}

static naive_lines source(naive_run *run, const lots_ast_pipeline *pipeline)
{
    naive_lines out = {0};
    if (pipeline->source != LOTS_AST_SOURCE_VALUE) {
        naive_refuse(run, "naive: tables and patterns are not known here");
        return out;
    }
    const naive_let *let = pipeline->value->kind == LOTS_AST_NAME ? naive_find_let(run, pipeline->value->name.text) : NULL;
    if (let != NULL && let->statement->pipeline != NULL) {
        naive_let *table = &run->lets[let - run->lets];
        const uint32_t visible = run->visible;
        run->visible = (uint32_t)(let - run->lets);
        if (!table->done)
            table->lines = naive_pipeline(run, table->statement->pipeline);
        table->done = true;
        run->visible = visible;
        return copy_lines(run, &table->lines);
    }
    if (!is_patients(pipeline->value))
        return event_lines(run, pipeline->value);
    for (uint32_t p = 0; p < run->data->patients; p++)
        add_line(run, &out, p, NULL);
    return out;
}

/* ---- stages ---- */

static naive_lines subset(naive_run *run, const naive_lines *lines, const bool *keep)
{
    naive_lines out = *lines;
    out.items = naive_get(run, lines->count, sizeof *out.items);
    out.count = 0;
    for (uint32_t i = 0; i < lines->count; i++)
        if (keep[i])
            out.items[out.count++] = lines->items[i];
    return out;
}

static naive_lines where(naive_run *run, const naive_lines *lines, const lots_ast_node *node)
{
    bool *keep = naive_get(run, lines->count, sizeof *keep);
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        keep[i] = naive_holds(run, &env, node);
    }
    return subset(run, lines, keep);
}

static const char *item_name(naive_run *run, const lots_ast_item *item)
{
    return item->name.text != NULL ? item->name.text : naive_printed(run, item->value);
}

/* The same rows with a column more; each item sees those before it. */
static void add_column(naive_run *run, naive_lines *lines, const lots_ast_item *item)
{
    naive_value *values = naive_get(run, lines->count, sizeof *values);
    const uint32_t count = lines->column_count;
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        values[i] = naive_eval(run, &env, item->value);
    }
    const char *name = item_name(run, item), **names = naive_get(run, count + 1, sizeof *names);
    if (count > 0)
        memcpy(names, lines->names, count * sizeof *names);
    names[count] = name;
    lines->names = names;
    for (uint32_t i = 0; i < lines->count; i++) {
        naive_column *columns = naive_get(run, count + 1, sizeof *columns);
        if (count > 0)
            memcpy(columns, lines->items[i].columns, count * sizeof *columns);
        columns[count] = (naive_column){name, values[i]};
        lines->items[i].columns = columns;
    }
    lines->column_count++;
}

static naive_lines derive(naive_run *run, const naive_lines *lines, const lots_ast_items *items)
{
    naive_lines out = copy_lines(run, lines);
    for (uint32_t i = 0; i < items->count; i++)
        add_column(run, &out, &items->items[i]);
    return out;
}

static naive_lines top(naive_run *run, const naive_lines *lines, const lots_ast_stage *stage)
{
    naive_value *values = naive_get(run, lines->count, sizeof *values);
    naive_value *keys = naive_get(run, (size_t)lines->count * stage->top.per.count + 1, sizeof *keys);
    bool *keep = naive_get(run, lines->count, sizeof *keep), *present = naive_get(run, lines->count, sizeof *present);
    const uint32_t per = stage->top.per.count;
    const naive_env nowhere = {0};
    const naive_value size = naive_eval(run, &nowhere, stage->top.size);
    for (uint32_t i = 0; i < lines->count; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        values[i] = naive_eval(run, &env, stage->top.by);
        naive_need(run, &values[i]);
        for (uint32_t k = 0; k < per; k++)
            keys[(size_t)i * per + k] = naive_eval(run, &env, stage->top.per.items[k]);
    }
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        uint32_t with_value = 0;
        int64_t wanted = 0;
        for (uint32_t j = 0; j < lines->count; j++) {
            present[j] = !values[j].missing;
            for (uint32_t k = 0; k < per; k++)
                present[j] = present[j] && naive_compare(&keys[(size_t)i * per + k], &keys[(size_t)j * per + k]) == 0;
            with_value += present[j];
        }
        if (!naive_how_many(&size, with_value, &wanted))
            naive_refuse(run, "naive: top of how many?");
        keep[i] = naive_among_top(values, present, lines->count, i, wanted, stage->kind == LOTS_AST_STAGE_BOTTOM);
    }
    return subset(run, lines, keep);
}

static naive_lines sort(naive_run *run, const naive_lines *lines, const lots_ast_keys *keys)
{
    naive_lines out = copy_lines(run, lines);
    const uint32_t width = keys->count;
    naive_value *values = naive_get(run, (size_t)lines->count * width, sizeof *values);
    uint32_t *order = naive_get(run, lines->count, sizeof *order);
    for (uint32_t i = 0; i < lines->count; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        for (uint32_t k = 0; k < width; k++) {
            values[(size_t)i * width + k] = naive_eval(run, &env, keys->items[k].value);
            naive_need(run, &values[(size_t)i * width + k]);
        }
        uint32_t j = i;
        for (; j > 0; j--) { /* before the first that must come later; ties stay as they were */
            int ordered = 0;
            for (uint32_t k = 0; k < width && ordered == 0; k++) {
                ordered = naive_compare(&values[(size_t)order[j - 1] * width + k], &values[(size_t)i * width + k]);
                ordered = keys->items[k].descending ? -ordered : ordered;
            }
            if (ordered <= 0)
                break;
            order[j] = order[j - 1];
        }
        order[j] = i;
    }
    for (uint32_t i = 0; i < lines->count; i++)
        out.items[i] = lines->items[order[i]];
    return out;
}

static naive_lines limit(naive_run *run, const naive_lines *lines, const lots_ast_node *node)
{
    naive_lines out = *lines;
    const naive_env nowhere = {0};
    const naive_value count = naive_eval(run, &nowhere, node);
    if (!naive_is(&count, NAIVE_INT) || count.number < 0)
        naive_refuse(run, "naive: limit to how many?");
    else if (count.number < out.count)
        out.count = (uint32_t)count.number;
    return out;
}

/* ---- groups ---- */

static int compare_columns(const naive_column *a, const naive_column *b, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        const int order = naive_compare(&a[k].value, &b[k].value);
        if (order != 0)
            return order;
    }
    return 0;
}

static naive_column *keys_of(naive_run *run, const naive_lines *lines, uint32_t line, const lots_ast_items *keys)
{
    const naive_env env = naive_line_env(run, lines, line);
    naive_column *out = naive_get(run, keys->count, sizeof *out);
    for (uint32_t k = 0; k < keys->count; k++) {
        out[k] = (naive_column){item_name(run, &keys->items[k]), naive_eval(run, &env, keys->items[k].value)};
        naive_need(run, &out[k].value);
    }
    return out;
}

/* A row of the result: the keys, then the shown items over the group's rows. */
static void add_group(naive_run *run, naive_lines *out, const naive_lines *all, const naive_lines *group,
                      const naive_column *keys, uint32_t key_count, const lots_ast_items *show)
{
    naive_scope scope = {.kind = NAIVE_SCOPE_COLUMNS, .columns = keys, .column_count = key_count};
    const naive_env env = {.scope = &scope, .lines = all, .group = group};
    naive_column *columns = naive_get(run, out->column_count, sizeof *columns);
    if (key_count > 0)
        memcpy(columns, keys, key_count * sizeof *columns);
    for (uint32_t i = 0; i < show->count; i++)
        columns[key_count + i] =
            (naive_column){out->names[key_count + i], naive_eval(run, &env, show->items[i].value)};
    add_line(run, out, UINT32_MAX, NULL);
    naive_line *line = &out->items[out->count - 1];
    line->columns = columns;
    line->behind_count = naive_patients_of(run, group, &line->behind);
}

static naive_lines group(naive_run *run, const naive_lines *lines, const lots_ast_items *keys,
                         const lots_ast_items *show)
{
    naive_lines out = {.aggregated = true, .shown = true, .column_count = keys->count + show->count};
    naive_column **of = naive_get(run, lines->count, sizeof *of);
    bool *done = naive_get(run, lines->count, sizeof *done), *keep = naive_get(run, lines->count, sizeof *keep);
    out.names = naive_get(run, out.column_count, sizeof *out.names);
    for (uint32_t i = 0; i < out.column_count; i++)
        out.names[i] = item_name(run, i < keys->count ? &keys->items[i] : &show->items[i - keys->count]);
    for (uint32_t i = 0; i < lines->count; i++)
        of[i] = keys_of(run, lines, i, keys);
    for (uint32_t left = lines->count; left > 0 && !run->failed;) {
        uint32_t least = UINT32_MAX;
        for (uint32_t i = 0; i < lines->count; i++)
            if (!done[i] && (least == UINT32_MAX || compare_columns(of[i], of[least], keys->count) < 0))
                least = i;
        for (uint32_t i = 0; i < lines->count; i++) {
            keep[i] = compare_columns(of[i], of[least], keys->count) == 0;
            done[i] = done[i] || keep[i];
            left -= keep[i];
        }
        const naive_lines part = subset(run, lines, keep);
        add_group(run, &out, lines, &part, of[least], keys->count, show);
    }
    if (lines->count == 0 && keys->count == 0)
        add_group(run, &out, lines, lines, NULL, 0, show);
    return out;
}

static bool has_aggregate(const lots_ast_items *items)
{
    for (uint32_t i = 0; i < items->count; i++)
        if (naive_has_row_aggregate(items->items[i].value))
            return true;
    return false;
}

/* The rows become a table of these columns; each item sees only what was there before. */
static naive_lines project(naive_run *run, const naive_lines *lines, const lots_ast_items *items)
{
    naive_lines out = copy_lines(run, lines);
    out.shown = true;
    out.column_count = items->count;
    out.names = naive_get(run, items->count, sizeof *out.names);
    for (uint32_t k = 0; k < items->count; k++)
        out.names[k] = item_name(run, &items->items[k]);
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        naive_column *columns = naive_get(run, items->count, sizeof *columns);
        const naive_env env = naive_line_env(run, lines, i);
        for (uint32_t k = 0; k < items->count; k++)
            columns[k] = (naive_column){out.names[k], naive_eval(run, &env, items->items[k].value)};
        out.items[i].columns = columns;
    }
    return out;
}

static naive_lines stage(naive_run *run, const naive_lines *lines, const lots_ast_stage *stages, uint32_t count,
                         uint32_t *at)
{
    static const lots_ast_items none = {0};
    const lots_ast_stage *now = &stages[*at];
    const bool shown = *at + 1 < count && stages[*at + 1].kind == LOTS_AST_STAGE_SHOW;
    switch (now->kind) {
    case LOTS_AST_STAGE_WHERE: return where(run, lines, now->where);
    case LOTS_AST_STAGE_DERIVE: return derive(run, lines, &now->derive);
    case LOTS_AST_STAGE_TOP:
    case LOTS_AST_STAGE_BOTTOM: return top(run, lines, now);
    case LOTS_AST_STAGE_SORT: return sort(run, lines, &now->sort);
    case LOTS_AST_STAGE_LIMIT: return limit(run, lines, now->limit);
    case LOTS_AST_STAGE_GROUP:
        if (now->group.totals)
            naive_refuse(run, "naive: totals are not known here");
        *at += shown;
        return group(run, lines, &now->group.items, shown ? &stages[*at].show : &none);
    case LOTS_AST_STAGE_SHOW:
        return has_aggregate(&now->show) ? group(run, lines, &none, &now->show) : project(run, lines, &now->show);
    default: naive_refuse(run, "naive: %s is not known here", lots_ast_stage_text(now->kind)); return *lines;
    }
}

naive_lines naive_pipeline(naive_run *run, const lots_ast_pipeline *pipeline)
{
    naive_lines lines = source(run, pipeline);
    for (uint32_t i = 0; i < pipeline->stage_count && !run->failed; i++)
        lines = stage(run, &lines, pipeline->stages, pipeline->stage_count, &i);
    return lines;
}

/* ---- a whole text ---- */

static void fill_table(naive_run *run, const naive_lines *lines, naive_table *out)
{
    *out = (naive_table){.names = lines->names, .column_count = lines->column_count, .rows = lines->count,
                         .aggregated = lines->aggregated};
    out->cells = naive_get(run, (size_t)out->rows * out->column_count + 1, sizeof *out->cells);
    out->patients = naive_get(run, (size_t)out->rows + 1, sizeof *out->patients);
    for (uint32_t i = 0; i < out->rows; i++) {
        const naive_line *line = &lines->items[i];
        out->patients[i] = line->patient == UINT32_MAX ? line->behind_count : line->patient;
        for (uint32_t c = 0; c < out->column_count; c++) {
            naive_need(run, &line->columns[c].value);
            out->cells[(size_t)i * out->column_count + c] = naive_format(run->arena, &line->columns[c].value);
        }
    }
}

static void run_file(naive_run *run, const lots_ast_file *file, naive_table *out)
{
    run->lets = naive_get(run, file->statement_count, sizeof *run->lets);
    for (uint32_t i = 0; i < file->statement_count && !run->failed; i++) {
        const lots_ast_statement *statement = &file->statements[i];
        if (statement->kind == LOTS_AST_INCLUDE) {
            naive_refuse(run, "naive: nothing is included here");
        } else if (statement->kind == LOTS_AST_QUERY) {
            const naive_lines lines = naive_pipeline(run, statement->pipeline);
            if (!lines.shown)
                naive_refuse(run, "naive: a query without show");
            if (!run->failed)
                fill_table(run, &lines, out);
        } else {
            run->lets[run->let_count++].statement = statement;
            run->visible = run->let_count;
        }
    }
}

lots_status naive_query(const naive_data *data, const char *text, lots_arena *arena, naive_table *out,
                        lots_error *err)
{
    lots_ast_file *file;
    naive_run run = {.data = data, .arena = arena, .err = err};
    *out = (naive_table){0};
    LOTS_TRY(lots_parse(text, strlen(text), NULL, arena, &file, err));
    run_file(&run, file, out);
    return run.failed ? lots_fail(err, LOTS_QUERY, "%s", run.why) : LOTS_OK;
}
