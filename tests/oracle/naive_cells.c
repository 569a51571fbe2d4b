/* naive_cells.c: stages that make a table: show, group by with and without totals, pivot. */
#include <string.h>

#include "tests/oracle/naive_inner.h"

/* ---- groups ---- */

/* The keys of `group by`: a list of values in brackets is a key of several columns. */
typedef struct group_keys {
    const lots_ast_node **nodes;
    const char **names;
    uint32_t count;
} group_keys;

static group_keys spread_keys(naive_run *run, const lots_ast_items *items)
{
    uint32_t room = 0;
    for (uint32_t i = 0; i < items->count; i++)
        room += items->items[i].value->kind == LOTS_AST_SET ? items->items[i].value->list.count : 1;
    group_keys out = {naive_get(run, room, sizeof *out.nodes), naive_get(run, room, sizeof *out.names), 0};
    for (uint32_t i = 0; i < items->count; i++) {
        const lots_ast_node *value = items->items[i].value;
        for (uint32_t k = 0; value->kind == LOTS_AST_SET && k < value->list.count; k++) {
            out.nodes[out.count] = value->list.items[k];
            out.names[out.count++] = naive_printed(run, value->list.items[k]);
        }
        if (value->kind == LOTS_AST_SET)
            continue;
        out.nodes[out.count] = value;
        out.names[out.count++] = naive_item_name(run, &items->items[i]);
    }
    return out;
}

static naive_column *keys_of(naive_run *run, const naive_lines *lines, uint32_t line, const group_keys *keys)
{
    const naive_env env = naive_line_env(run, lines, line);
    naive_column *out = naive_get(run, keys->count, sizeof *out);
    for (uint32_t k = 0; k < keys->count; k++) {
        out[k] = (naive_column){keys->names[k], naive_eval(run, &env, keys->nodes[k])};
        naive_need(run, &out[k].value);
        out[k].value.total = false; /* of an earlier total: a missing key like another */
    }
    return out;
}

typedef struct group_job {
    const naive_lines *lines;
    group_keys keys;
    const lots_ast_items *show;
    bool totals;
    naive_column **of; /* the keys of each line */
    naive_lines out;
} group_job;

/* A row of the result: the keys, those from `depth` on being totals, then the shown items over the group's rows. */
static void add_group(naive_run *run, group_job *job, const bool *member, const naive_column *keys, uint32_t depth)
{
    naive_lines *out = &job->out;
    const naive_lines group = naive_subset(run, job->lines, member);
    const uint32_t key_count = job->keys.count;
    naive_column *columns = naive_get(run, out->column_count, sizeof *columns);
    for (uint32_t k = 0; k < key_count; k++)
        columns[k] = (naive_column){job->keys.names[k], k < depth ? keys[k].value : naive_missing(NAIVE_NOTHING)};
    for (uint32_t k = depth; k < key_count; k++)
        columns[k].value.total = true;
    naive_scope scope = {.kind = NAIVE_SCOPE_COLUMNS, .columns = columns, .column_count = key_count};
    const naive_env env = {.scope = &scope, .lines = job->lines, .group = &group};
    for (uint32_t i = 0; i < job->show->count; i++)
        columns[key_count + i] =
            (naive_column){out->names[key_count + i], naive_eval(run, &env, job->show->items[i].value)};
    naive_add_line(run, out, UINT32_MAX, NULL);
    naive_line *line = &out->items[out->count - 1];
    line->columns = columns;
    line->totals = key_count - depth;
    line->behind_count = naive_patients_of(run, &group, &line->behind);
}

/* The groups among the rows that share the keys before `depth`, in the order of their keys, and the total of them all. */
static void split(naive_run *run, group_job *job, const bool *member, uint32_t depth, const naive_column *keys)
{
    const uint32_t count = job->lines->count;
    if (depth == job->keys.count) {
        add_group(run, job, member, keys, depth);
        return;
    }
    bool *left = naive_get(run, count, sizeof *left), *part = naive_get(run, count, sizeof *part);
    for (uint32_t i = 0; i < count; i++)
        left[i] = member[i];
    while (!run->failed) {
        uint32_t least = UINT32_MAX;
        for (uint32_t i = 0; i < count; i++)
            if (left[i] && (least == UINT32_MAX || naive_compare(&job->of[i][depth].value, &job->of[least][depth].value) < 0))
                least = i;
        if (least == UINT32_MAX)
            break;
        for (uint32_t i = 0; i < count; i++) {
            part[i] = left[i] && naive_compare(&job->of[i][depth].value, &job->of[least][depth].value) == 0;
            left[i] = left[i] && !part[i];
        }
        split(run, job, part, depth + 1, job->of[least]);
    }
    if (job->totals)
        add_group(run, job, member, keys, depth);
}

/* A number that is 0 where nothing was counted: the aggregate itself, not what is made of it. */
static bool is_zero_item(const lots_ast_node *node)
{
    if (node->kind != LOTS_AST_CALL || naive_clause(node->call, LOTS_AST_CLAUSE_OVER) != NULL)
        return false;
    const char *name = node->call->name.text;
    return strcmp(name, "count") == 0 || strcmp(name, "patients") == 0 || strcmp(name, "sum") == 0;
}

static void name_columns(naive_run *run, group_job *job)
{
    const uint32_t keys = job->keys.count, all = keys + job->show->count;
    bool *is_key = naive_get(run, all, sizeof *is_key), *is_zero = naive_get(run, all, sizeof *is_zero);
    job->out = (naive_lines){.aggregated = true, .shown = true, .column_count = all, .nobody = job->lines->nobody,
                             .persons = job->lines->persons && !job->lines->aggregated,
                             .disjoint = job->lines->disjoint && !job->totals,
                             .at_most = job->lines->at_most || (job->lines->aggregated && !job->lines->disjoint)};
    job->out.names = naive_get(run, all, sizeof *job->out.names);
    for (uint32_t i = 0; i < all; i++) {
        job->out.names[i] = i < keys ? job->keys.names[i] : naive_item_name(run, &job->show->items[i - keys]);
        is_key[i] = i < keys;
        is_zero[i] = i >= keys && is_zero_item(job->show->items[i - keys].value);
    }
    job->out.is_key = is_key;
    job->out.is_zero = is_zero;
}

naive_lines naive_group(naive_run *run, const naive_lines *lines, const lots_ast_items *keys, bool totals,
                        const lots_ast_items *show)
{
    group_job job = {.lines = lines, .keys = spread_keys(run, keys), .show = show, .totals = totals};
    bool *all = naive_get(run, lines->count, sizeof *all);
    job.of = naive_get(run, lines->count, sizeof *job.of);
    name_columns(run, &job);
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        all[i] = true;
        job.of[i] = keys_of(run, lines, i, &job.keys);
    }
    if (!run->failed)
        split(run, &job, all, 0, NULL);
    return job.out;
}

/* ---- show ---- */

static bool has_aggregate(const naive_run *run, const lots_ast_items *items)
{
    for (uint32_t i = 0; i < items->count; i++)
        if (naive_has_row_aggregate(run, items->items[i].value))
            return true;
    return false;
}

static bool flag_of(const naive_lines *lines, const bool *flags, const lots_ast_node *node)
{
    for (uint32_t c = 0; flags != NULL && node->kind == LOTS_AST_NAME && c < lines->column_count; c++)
        if (flags[c] && strcmp(lines->names[c], node->name.text) == 0)
            return true;
    return false;
}

/* The rows become a table of these columns; each item sees only what was there before. A key stays one under another name. */
static naive_lines project(naive_run *run, const naive_lines *lines, const lots_ast_items *items)
{
    naive_lines out = naive_copy_lines(run, lines);
    bool *is_key = naive_get(run, items->count, sizeof *is_key), *is_zero = naive_get(run, items->count, sizeof *is_zero);
    out.shown = true;
    out.column_count = items->count;
    out.names = naive_get(run, items->count, sizeof *out.names);
    out.is_key = is_key;
    out.is_zero = is_zero;
    for (uint32_t k = 0; k < items->count; k++) {
        out.names[k] = naive_item_name(run, &items->items[k]);
        is_key[k] = flag_of(lines, lines->is_key, items->items[k].value);
        is_zero[k] = flag_of(lines, lines->is_zero, items->items[k].value);
    }
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        naive_column *columns = naive_get(run, items->count, sizeof *columns);
        const naive_env env = naive_line_env(run, lines, i);
        for (uint32_t k = 0; k < items->count; k++) {
            columns[k] = (naive_column){out.names[k], naive_eval(run, &env, items->items[k].value)};
            columns[k].value.total = columns[k].value.total && is_key[k];
        }
        out.items[i].columns = columns;
    }
    return out;
}

naive_lines naive_show(naive_run *run, const naive_lines *lines, const lots_ast_items *items)
{
    static const lots_ast_items none = {0};
    return has_aggregate(run, items) ? naive_group(run, lines, &none, false, items) : project(run, lines, items);
}

/* ---- pivot ---- */

enum { PIVOT_COLUMNS_MAX = 1000 }; /* what an answer may be wide */

static int compare_key(const naive_value *a, const naive_value *b)
{
    return a->total != b->total ? (int)a->total - (int)b->total : naive_compare(a, b);
}

static int compare_stays(const naive_lines *lines, uint32_t gone, const naive_line *a, const naive_line *b)
{
    for (uint32_t c = 0; c < lines->column_count; c++) {
        const int order = lines->is_key[c] && c != gone ? compare_key(&a->columns[c].value, &b->columns[c].value) : 0;
        if (order != 0)
            return order;
    }
    return 0;
}

/* The lines that differ, in order: in the key that goes, or in those that stay. */
static uint32_t *distinct_lines(naive_run *run, const naive_lines *lines, uint32_t gone, bool by_gone, uint32_t *count)
{
    uint32_t *out = naive_get(run, lines->count, sizeof *out);
    *count = 0;
    for (uint32_t i = 0; i < lines->count; i++) {
        const naive_line *line = &lines->items[i];
        uint32_t at = 0;
        int order = 1;
        for (; at < *count; at++) {
            const naive_line *other = &lines->items[out[at]];
            order = by_gone ? compare_key(&other->columns[gone].value, &line->columns[gone].value)
                            : compare_stays(lines, gone, other, line);
            if (order >= 0)
                break;
        }
        if (at < *count && order == 0)
            continue;
        memmove(out + at + 1, out + at, (*count - at) * sizeof *out);
        out[at] = i;
        ++*count;
    }
    return out;
}

static const naive_line *find_cell(naive_run *run, const naive_lines *lines, uint32_t gone, const naive_line *row,
                                   const naive_line *column)
{
    const naive_line *found = NULL;
    for (uint32_t i = 0; i < lines->count; i++)
        if (compare_stays(lines, gone, row, &lines->items[i]) == 0 &&
            compare_key(&column->columns[gone].value, &lines->items[i].columns[gone].value) == 0) {
            if (found != NULL)
                naive_refuse(run, "naive: failed: several rows in one cell");
            found = &lines->items[i];
        }
    return found;
}

/* Is there a group of these keys in principle? A total of one key is one of all keys after it. */
static bool is_counted(const naive_lines *lines, uint32_t gone, const naive_line *row, const naive_line *column)
{
    bool total = false;
    for (uint32_t c = 0; c < lines->column_count; c++) {
        if (!lines->is_key[c])
            continue;
        const bool now = (c == gone ? column : row)->columns[c].value.total;
        if (total && !now)
            return false;
        total = now;
    }
    return true;
}

static naive_lines pivot_on(naive_run *run, const naive_lines *lines, uint32_t gone)
{
    uint32_t row_count, value_count, keys = 0;
    const uint32_t *rows = distinct_lines(run, lines, gone, false, &row_count);
    const uint32_t *values = distinct_lines(run, lines, gone, true, &value_count);
    for (uint32_t c = 0; c < lines->column_count; c++)
        keys += lines->is_key[c];
    const uint32_t width = keys - 1 + value_count * (lines->column_count - keys);
    naive_lines out = {.aggregated = true, .shown = true, .nobody = lines->nobody, .column_count = width,
                       .at_most = lines->at_most};
    bool *is_key = naive_get(run, width, sizeof *is_key);
    out.names = naive_get(run, width, sizeof *out.names);
    out.is_key = is_key;
    if (width > PIVOT_COLUMNS_MAX)
        naive_refuse(run, "naive: failed: too many columns");
    for (uint32_t i = 0; i < row_count && !run->failed; i++) {
        const naive_line *row = &lines->items[rows[i]];
        naive_column *columns = naive_get(run, width, sizeof *columns);
        uint32_t at = 0;
        uint32_t together = 0;
        naive_line made = {.patient = UINT32_MAX};
        for (uint32_t c = 0; c < lines->column_count; c++)
            if (lines->is_key[c] && c != gone) {
                made.totals += row->columns[c].value.total;
                is_key[at] = true;
                columns[at++] = row->columns[c];
            }
        for (uint32_t v = 0; v < value_count; v++) {
            const naive_line *column = &lines->items[values[v]], *cell = find_cell(run, lines, gone, row, column);
            const bool zero = !lines->thinned && is_counted(lines, gone, row, column);
            if (cell != NULL && !column->columns[gone].value.total)
                together += cell->behind_count;
            if (cell != NULL && cell->behind_count > made.behind_count)
                made.behind_count = cell->behind_count;
            for (uint32_t c = 0; c < lines->column_count; c++)
                if (!lines->is_key[c])
                    columns[at++] = cell != NULL ? cell->columns[c]
                                    : (naive_column){lines->names[c], zero && lines->is_zero[c]
                                                                          ? naive_number(NAIVE_INT, 0)
                                                                          : naive_missing(NAIVE_NOTHING)};
        }
        if (lines->persons && together > made.behind_count) /* nobody is in two cells; otherwise at least the largest */
            made.behind_count = together;
        naive_add_line(run, &out, UINT32_MAX, NULL);
        made.columns = columns;
        out.items[out.count - 1] = made;
        for (uint32_t c = 0; c < width; c++)
            out.names[c] = columns[c].name;
    }
    return out;
}

naive_lines naive_pivot(naive_run *run, const naive_lines *lines, const char *key)
{
    for (uint32_t c = 0; lines->is_key != NULL && c < lines->column_count; c++)
        if (lines->is_key[c] && strcmp(lines->names[c], key) == 0)
            return pivot_on(run, lines, c);
    naive_refuse(run, "naive: pivot of what?");
    return *lines;
}
