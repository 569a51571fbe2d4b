/* naive_lookup.c: tables of the registry: as rows, as what a key leads to; and joins. */
#include <string.h>

#include "tests/oracle/naive_inner.h"

int32_t naive_find_table(const naive_run *run, const char *name)
{
    const lots_schema *schema = run->data->schema;
    for (uint32_t t = 0; t < schema->table_count; t++)
        if (strcmp(schema->tables[t].name, name) == 0)
            return (int32_t)t;
    return -1;
}

naive_lines naive_table_lines(naive_run *run, uint32_t table)
{
    const lots_table_schema *schema = &run->data->schema->tables[table];
    naive_lines out = {.shown = true, .nobody = true};
    for (uint32_t i = 0; i < run->data->table_row_count[table]; i++)
        naive_add_line(run, &out, UINT32_MAX, NULL);
    for (uint32_t c = 0; c < schema->column_count; c++) {
        naive_value *values = naive_get(run, out.count, sizeof *values);
        for (uint32_t i = 0; i < out.count; i++)
            values[i] = run->data->table_rows[table][i].cells[c];
        naive_put_column(run, &out, schema->columns[c].name, values);
    }
    return out;
}

/* ---- look-ups ---- */

static int32_t find_column(const lots_table_schema *table, const char *name)
{
    for (uint32_t c = 0; c < table->column_count; c++)
        if (strcmp(table->columns[c].name, name) == 0)
            return (int32_t)c;
    return -1;
}

/* Does the row hold on the day? Ends that are missing are open. */
static bool holds_on(const lots_table_schema *table, const naive_value *cells, const naive_value *day)
{
    if (table->valid_from_column < 0)
        return true;
    const naive_value *from = &cells[table->valid_from_column];
    const naive_value *to = table->valid_to_column >= 0 ? &cells[table->valid_to_column] : NULL;
    return !day->missing && (from->missing || from->number <= day->number) &&
           (to == NULL || to->missing || to->number >= day->number);
}

/* Of several the one that began last; of those, the last. One that began at no known day began first. */
static const naive_value *find_row(const naive_run *run, uint32_t t, const naive_value *key, const naive_value *day)
{
    const lots_table_schema *table = &run->data->schema->tables[t];
    const naive_value *found = NULL;
    for (uint32_t i = 0; i < run->data->table_row_count[t]; i++) {
        const naive_value *cells = run->data->table_rows[t][i].cells;
        if (naive_compare(&cells[table->key_column], key) != 0 || !holds_on(table, cells, day))
            continue;
        if (found == NULL || table->valid_from_column < 0 ||
            naive_compare(&found[table->valid_from_column], &cells[table->valid_from_column]) <= 0)
            found = cells;
    }
    return found;
}

bool naive_look_up(naive_run *run, const naive_value *key, const char *name, naive_value *out)
{
    const lots_schema *schema = run->data->schema;
    const naive_value own = key->dated ? naive_number(NAIVE_DATE, key->day) : naive_missing(NAIVE_DATE);
    const naive_value *day = run->lookup_day != NULL ? run->lookup_day : &own;
    for (uint32_t t = 0; t < schema->table_count; t++) {
        const int32_t column = find_column(&schema->tables[t], name);
        if (schema->tables[t].key_column < 0 || column < 0)
            continue;
        const naive_value *row = key->missing ? NULL : find_row(run, t, key, day);
        *out = row != NULL ? row[column] : naive_missing(NAIVE_NOTHING);
        out->dated = key->dated; /* what was looked up stays on the day */
        out->day = key->day;
        return true;
    }
    return false;
}

/* ---- join ---- */

static naive_lines right_side(naive_run *run, const lots_ast_stage *stage)
{
    naive_lines out = {0};
    if (stage->join.pipeline != NULL)
        return naive_pipeline(run, stage->join.pipeline);
    const char *name = stage->join.table.text;
    if (naive_let_table(run, name, NULL, &out))
        return out;
    const int32_t table = naive_find_table(run, name);
    if (table < 0)
        naive_refuse(run, "naive: nothing called %s to join", name);
    return table < 0 ? out : naive_table_lines(run, (uint32_t)table);
}

static int32_t column_of(const naive_lines *lines, const char *name)
{
    for (uint32_t c = 0; c < lines->column_count; c++)
        if (strcmp(lines->names[c], name) == 0)
            return (int32_t)c;
    return -1;
}

typedef struct join_keys {
    const char **names;
    int32_t *columns; /* of the right */
    uint32_t count;
} join_keys;

/* Without `on`: what both call by the same name. */
static join_keys find_keys(naive_run *run, const naive_lines *left, const naive_lines *right, const lots_ast_names *on)
{
    join_keys out = {naive_get(run, right->column_count + on->count, sizeof *out.names),
                     naive_get(run, right->column_count + on->count, sizeof *out.columns), 0};
    const naive_event *event = left->count > 0 ? left->items[0].event : NULL;
    for (uint32_t k = 0; k < on->count; k++)
        out.names[out.count++] = on->items[k].text;
    for (uint32_t c = 0; on->count == 0 && c < right->column_count; c++)
        if (column_of(left, right->names[c]) >= 0 || (event != NULL && naive_event_cell(event, right->names[c]) != NULL))
            out.names[out.count++] = right->names[c];
    for (uint32_t k = 0; k < out.count; k++) {
        out.columns[k] = column_of(right, out.names[k]);
        if (out.columns[k] < 0)
            naive_refuse(run, "naive: no %s on the right of a join", out.names[k]);
    }
    return out;
}

static bool same_key(const naive_value *a, const naive_value *b)
{
    return a->total == b->total && naive_compare(a, b) == 0;
}

/* The row that fits; the keys of the right are unique. */
static const naive_line *partner(naive_run *run, const naive_lines *right, const join_keys *keys, const naive_value *wanted)
{
    const naive_line *found = NULL;
    for (uint32_t i = 0; i < right->count; i++) {
        bool fits = true;
        for (uint32_t k = 0; fits && k < keys->count; k++)
            fits = same_key(&wanted[k], &right->items[i].columns[keys->columns[k]].value);
        if (fits && found != NULL)
            naive_refuse(run, "naive: failed: two rows on the right of a join have one key");
        if (fits)
            found = &right->items[i];
    }
    return found;
}

static void check_unique(naive_run *run, const naive_lines *right, const join_keys *keys)
{
    naive_value *wanted = naive_get(run, keys->count, sizeof *wanted);
    for (uint32_t i = 0; i < right->count && !run->failed; i++) {
        for (uint32_t k = 0; k < keys->count; k++)
            wanted[k] = right->items[i].columns[keys->columns[k]].value;
        partner(run, right, keys, wanted);
    }
}

static bool is_join_key(const join_keys *keys, int32_t column)
{
    for (uint32_t k = 0; k < keys->count; k++)
        if (keys->columns[k] == column)
            return true;
    return false;
}

static naive_value key_value(naive_run *run, const naive_lines *left, uint32_t line, const char *name)
{
    const lots_ast_node node = {.kind = LOTS_AST_NAME, .name = {.text = name, .bytes = (uint32_t)strlen(name)}};
    const naive_env env = naive_line_env(run, left, line);
    return naive_eval(run, &env, &node);
}

naive_lines naive_join(naive_run *run, const naive_lines *lines, const lots_ast_stage *stage)
{
    const naive_lines right = right_side(run, stage);
    naive_lines out = naive_copy_lines(run, lines);
    if (run->failed)
        return out;
    const join_keys keys = find_keys(run, lines, &right, &stage->join.on);
    const naive_line **partners = naive_get(run, lines->count, sizeof *partners);
    if (run->failed)
        return out;
    check_unique(run, &right, &keys);
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        naive_value *wanted = naive_get(run, keys.count, sizeof *wanted);
        for (uint32_t k = 0; k < keys.count; k++)
            wanted[k] = key_value(run, lines, i, keys.names[k]);
        partners[i] = partner(run, &right, &keys, wanted);
    }
    for (uint32_t i = 0; lines->nobody && right.aggregated && i < lines->count && !run->failed; i++)
        if (partners[i] != NULL) { /* behind a table's row is nobody: then those behind what stands beside it */
            out.items[i].behind = partners[i]->behind;
            out.items[i].behind_count = partners[i]->behind_count;
        }
    for (uint32_t c = 0; c < right.column_count && !run->failed; c++) {
        naive_value *values = naive_get(run, lines->count, sizeof *values);
        if (is_join_key(&keys, (int32_t)c))
            continue;
        for (uint32_t i = 0; i < lines->count; i++) {
            values[i] = partners[i] != NULL ? partners[i]->columns[c].value : naive_missing(NAIVE_NOTHING);
            values[i].total = false;
        }
        naive_put_column(run, &out, right.names[c], values);
    }
    return out;
}
