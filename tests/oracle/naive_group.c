/* naive_group.c: aggregates over rows, and what ranks a row among rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/naive_inner.h"

static const char *const aggregates[] = {"count", "patients", "sum", "mean", "median", "min", "max", "quantile", "sd",
                                         "rate", "share", "gini", "top_share", "lorenz_share", "km", "km_quantile", "cif",
                                         NULL};

/* An aggregate over rows says nothing of an event set: no `over`, and count(E) is one over events. */
static bool is_row_aggregate(const lots_ast_call *call)
{
    const char *const *name = aggregates;
    while (*name != NULL && strcmp(*name, call->name.text) != 0)
        name++;
    if (*name == NULL || naive_clause(call, LOTS_AST_CLAUSE_OVER) != NULL)
        return false;
    return call->distinct || strcmp(*name, "count") != 0 || call->arg_count == 0 || call->args[0].kind == LOTS_AST_ARG_WHERE;
}

/* A definition's name or call: what it stands for. */
static bool let_has(const naive_run *run, const char *name)
{
    const naive_let *let = naive_find_let(run, name);
    naive_run earlier = *run;
    if (let == NULL || let->statement->value == NULL)
        return false;
    naive_see(&earlier, let);
    return naive_has_row_aggregate(&earlier, let->statement->value);
}

static bool call_has(const naive_run *run, const lots_ast_call *call)
{
    if (naive_find_let(run, call->name.text) != NULL)
        return let_has(run, call->name.text);
    if (is_row_aggregate(call))
        return true;
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (naive_has_row_aggregate(run, call->args[i].value) || naive_has_row_aggregate(run, call->args[i].then_value))
            return true;
    return false;
}

static bool list_has(const naive_run *run, const lots_ast_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (naive_has_row_aggregate(run, list->items[i]))
            return true;
    return false;
}

bool naive_has_row_aggregate(const naive_run *run, const lots_ast_node *node)
{
    if (node == NULL)
        return false;
    switch (node->kind) {
    case LOTS_AST_NAME: return let_has(run, node->name.text);
    case LOTS_AST_CALL: return call_has(run, node->call);
    case LOTS_AST_SET:
    case LOTS_AST_AND:
    case LOTS_AST_OR: return list_has(run, &node->list);
    case LOTS_AST_MEMBER: return naive_has_row_aggregate(run, node->member.base);
    case LOTS_AST_NEGATE:
    case LOTS_AST_NOT: return naive_has_row_aggregate(run, node->unary);
    case LOTS_AST_BINARY:
        return naive_has_row_aggregate(run, node->binary.left) || naive_has_row_aggregate(run, node->binary.right);
    case LOTS_AST_IS_MISSING: return naive_has_row_aggregate(run, node->is_missing.value);
    case LOTS_AST_RANGE: return naive_has_row_aggregate(run, node->range.low) || naive_has_row_aggregate(run, node->range.high);
    default: return false;
    }
}

/* ---- the values of x [where c] ---- */

typedef struct measured_rows {
    naive_value *items;
    uint32_t count;
    naive_value failed;
} measured_rows;

static bool passes(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    for (uint32_t i = 0; node->kind == LOTS_AST_NARROWED && i < node->narrowed.step_count; i++) {
        if (node->narrowed.steps[i].kind != LOTS_AST_NARROW_WHERE)
            naive_refuse(run, "naive: only where in an aggregate over rows");
        else if (!naive_holds(run, env, node->narrowed.steps[i].value))
            return false;
    }
    return !run->failed;
}

static measured_rows measure(naive_run *run, const naive_lines *lines, const lots_ast_node *node)
{
    measured_rows out = {.items = naive_get(run, lines->count, sizeof *out.items)};
    const lots_ast_node *x = node->kind == LOTS_AST_NARROWED ? node->narrowed.base : node;
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        if (!passes(run, &env, node))
            continue;
        const naive_value value = naive_eval(run, &env, x);
        if (value.kind == NAIVE_FAILED)
            out.failed = value;
        if (!value.missing)
            out.items[out.count++] = value;
    }
    return out;
}

/* ---- each aggregate ---- */

static naive_value count_rows(naive_run *run, const naive_lines *lines, const lots_ast_call *call)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < lines->count; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        count += call->arg_count == 0 || naive_holds(run, &env, call->args[0].value);
    }
    return naive_number(NAIVE_INT, count);
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

uint32_t naive_patients_of(naive_run *run, const naive_lines *lines, uint32_t **out)
{
    uint32_t room = 0, count = 0, kept = 0;
    for (uint32_t i = 0; i < lines->count; i++)
        room += lines->items[i].patient != UINT32_MAX ? 1 : lines->items[i].behind_count;
    uint32_t *all = naive_get(run, room, sizeof *all);
    for (uint32_t i = 0; i < lines->count; i++) {
        const naive_line *line = &lines->items[i];
        if (line->patient != UINT32_MAX)
            all[count++] = line->patient;
        for (uint32_t k = 0; line->patient == UINT32_MAX && k < line->behind_count; k++)
            all[count++] = line->behind[k];
    }
    if (count > 0)
        qsort(all, count, sizeof *all, by_number);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || all[i] != all[i - 1])
            all[kept++] = all[i];
    *out = all;
    return kept;
}

static naive_value rate(naive_run *run, const naive_lines *lines, const lots_ast_node *node)
{
    const measured_rows m = measure(run, lines, node);
    int64_t yes = 0;
    if (m.failed.kind == NAIVE_FAILED)
        return m.failed;
    for (uint32_t i = 0; i < m.count; i++)
        yes += m.items[i].number;
    return m.count == 0 ? naive_missing(NAIVE_FLOAT) : naive_float((double)yes / m.count);
}

static naive_value quotient(long double part, long double all)
{
    return all == 0 ? naive_missing(NAIVE_FLOAT) : naive_float((double)(part / all));
}

/* Of all rows that entered group by, whatever their condition. */
static naive_value share(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const lots_ast_node *x = node->kind == LOTS_AST_NARROWED ? node->narrowed.base : node;
    const measured_rows part = measure(run, env->group, node), all = measure(run, env->lines, x);
    if (all.failed.kind == NAIVE_FAILED)
        return all.failed;
    return quotient(naive_total(part.items, part.count), naive_total(all.items, all.count));
}

/* CLINICAL.md, section 5: sum of (2i - n - 1) x_i over n S, x rising; only of x >= 0. */
static naive_value gini(const measured_rows *m)
{
    naive_sort_values(m->items, m->count);
    if (m->count > 0 && naive_real(&m->items[0]) < 0)
        return naive_missing(NAIVE_FLOAT);
    return quotient(naive_ranked_total(m->items, m->count), m->count * naive_total(m->items, m->count));
}

bool naive_how_many(const naive_value *size, uint32_t rows, int64_t *out)
{
    int64_t unit = 1;
    if (size->missing || (size->kind != NAIVE_INT && size->kind != NAIVE_DECIMAL))
        return false;
    for (uint32_t i = 0; i < size->scale; i++)
        unit *= 10;
    *out = size->kind == NAIVE_INT ? size->number : (size->number * rows + unit - 1) / unit;
    return true;
}

static naive_value top_share(naive_run *run, const measured_rows *m, const naive_value *size)
{
    int64_t k;
    if (!naive_how_many(size, m->count, &k) || size->kind != NAIVE_DECIMAL)
        return naive_refuse(run, "naive: top_share of what?");
    naive_sort_values(m->items, m->count);
    const uint32_t kept = k < 0 ? 0 : k < m->count ? (uint32_t)k : m->count;
    return quotient(naive_total(m->items + (m->count - kept), kept), naive_total(m->items, m->count));
}

/* 1 - L(1 - p), the Lorenz curve straight between its points. */
static naive_value lorenz_share(naive_run *run, const measured_rows *m, const naive_value *size)
{
    if (size->kind != NAIVE_DECIMAL)
        return naive_refuse(run, "naive: lorenz_share of what?");
    const double top = naive_real(size) * m->count;
    naive_sort_values(m->items, m->count);
    const uint32_t whole = top >= m->count ? m->count : (uint32_t)top;
    long double sum = naive_total(m->items + (m->count - whole), whole);
    if (whole < m->count)
        sum += (long double)(top - whole) * naive_real(&m->items[m->count - whole - 1]);
    return quotient(sum, naive_total(m->items, m->count));
}

/* Of a list its elements. */
static naive_value count_distinct(naive_run *run, const measured_rows *m)
{
    uint32_t room = 0, count = 0;
    for (uint32_t i = 0; i < m->count; i++)
        room += m->items[i].kind == NAIVE_SET ? m->items[i].count : 1;
    naive_value *all = naive_get(run, room, sizeof *all);
    for (uint32_t i = 0; i < m->count; i++) {
        const bool set = m->items[i].kind == NAIVE_SET;
        for (uint32_t k = 0; k < (set ? m->items[i].count : 1); k++)
            all[count++] = set ? m->items[i].items[k] : m->items[i];
    }
    return naive_number(NAIVE_INT, naive_distinct(run, all, count).count);
}

static naive_value over_rows(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    const char *name = call->name.text;
    const lots_ast_node *node = call->args[0].value;
    if (strcmp(name, "rate") == 0)
        return rate(run, env->group, node);
    if (strcmp(name, "share") == 0)
        return share(run, env, node);
    const measured_rows m = measure(run, env->group, node);
    if (m.failed.kind == NAIVE_FAILED)
        return m.failed;
    if (call->distinct)
        return count_distinct(run, &m);
    if (strcmp(name, "gini") == 0)
        return gini(&m);
    const bool sized = call->arg_count > 1;
    const naive_value p = sized ? naive_argument(run, env, call, 1) : naive_missing(NAIVE_NOTHING);
    if (strcmp(name, "top_share") == 0)
        return top_share(run, &m, &p);
    if (strcmp(name, "lorenz_share") == 0)
        return lorenz_share(run, &m, &p);
    return naive_reduce(run, name, m.items, m.count, sized ? &p : NULL);
}

bool naive_row_aggregate(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out)
{
    uint32_t *patients;
    if (env->group == NULL || !is_row_aggregate(call))
        return false;
    if (naive_survival(run, env, call, out))
        return true;
    if (strcmp(call->name.text, "count") == 0 && !call->distinct)
        *out = count_rows(run, env->group, call);
    else if (strcmp(call->name.text, "patients") == 0)
        *out = naive_number(NAIVE_INT, naive_patients_of(run, env->group, &patients));
    else if (call->arg_count == 0 || call->args[0].kind != LOTS_AST_ARG_VALUE)
        *out = naive_refuse(run, "naive: %s of what?", call->name.text);
    else
        *out = over_rows(run, env, call);
    return true;
}

/* ---- rows among rows ---- */

bool naive_among_top(const naive_value *values, const bool *present, uint32_t count, uint32_t index, int64_t size,
                     bool smallest)
{
    int64_t better = 0; /* kept when fewer than `size` are strictly better: so are all ties with the last */
    for (uint32_t j = 0; j < count && present[index]; j++) {
        const int order = present[j] ? naive_compare(&values[j], &values[index]) : 0;
        better += smallest ? order < 0 : order > 0;
    }
    return present[index] && better < size;
}

/* x of every row that has the same `per` as this one. */
typedef struct row_peers {
    naive_value *values;
    bool *present;
    uint32_t count, with_value;
} row_peers;

static naive_value per_of(naive_run *run, const naive_env *env, const lots_ast_clause *per)
{
    return per == NULL ? naive_bool(true) : naive_eval(run, env, per->value);
}

static const naive_ranking *find_ranking(naive_run *run, const naive_env *env, const lots_ast_call *call,
                                         const lots_ast_node *x)
{
    const naive_lines *lines = env->lines;
    for (const naive_ranking *r = run->rankings; r != NULL; r = r->next)
        if (r->call == call && r->lines == lines && r->column_count == lines->column_count)
            return r;
    naive_ranking *out = naive_get(run, 1, sizeof *out);
    *out = (naive_ranking){.next = run->rankings, .call = call, .lines = lines, .column_count = lines->column_count};
    out->values = naive_get(run, lines->count, sizeof *out->values);
    out->keys = naive_get(run, lines->count, sizeof *out->keys);
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        const naive_env line = naive_line_env(run, lines, i);
        out->keys[i] = per_of(run, &line, naive_clause(call, LOTS_AST_CLAUSE_PER));
        out->values[i] = naive_eval(run, &line, x);
        naive_need(run, &out->values[i]);
    }
    run->rankings = out;
    return out;
}

static row_peers find_peers(naive_run *run, const naive_env *env, const lots_ast_call *call, const lots_ast_node *x)
{
    const naive_ranking *ranking = find_ranking(run, env, call, x);
    row_peers out = {.count = env->lines->count, .values = ranking->values};
    out.present = naive_get(run, out.count, sizeof *out.present);
    for (uint32_t i = 0; i < out.count; i++) {
        out.present[i] =
            !out.values[i].missing && naive_compare(&ranking->keys[i], &ranking->keys[env->line]) == 0;
        out.with_value += out.present[i];
    }
    return out;
}

static naive_value top_of(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    const naive_value size = naive_argument(run, env, call, 0);
    const row_peers peers = find_peers(run, env, call, call->args[1].value);
    int64_t wanted;
    if (!naive_how_many(&size, peers.with_value, &wanted))
        return naive_refuse(run, "naive: top of how many?");
    if (!peers.present[env->line])
        return naive_missing(NAIVE_BOOL);
    return naive_bool(naive_among_top(peers.values, peers.present, peers.count, env->line, wanted,
                                      strcmp(call->name.text, "bottom") == 0));
}

bool naive_row_function(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out)
{
    const char *name = call->name.text;
    const bool top = strcmp(name, "top") == 0 || strcmp(name, "bottom") == 0;
    if (!top && strcmp(name, "rank") != 0 && strcmp(name, "percentile") != 0)
        return false;
    if (env->lines == NULL || call->arg_count != (top ? 2 : 1)) {
        *out = naive_refuse(run, "naive: %s among which rows?", name);
        return true;
    }
    if (top) {
        *out = top_of(run, env, call);
        return true;
    }
    const row_peers peers = find_peers(run, env, call, call->args[0].value);
    int64_t larger = 0;
    for (uint32_t i = 0; i < peers.count; i++)
        larger += peers.present[i] && naive_compare(&peers.values[i], &peers.values[env->line]) > 0;
    if (!peers.present[env->line])
        *out = naive_missing(NAIVE_NOTHING);
    else if (name[0] == 'r')
        *out = naive_number(NAIVE_INT, larger + 1);
    else /* the share of rows that are no larger */
        *out = naive_float((double)(peers.with_value - larger) / peers.with_value);
    return true;
}
