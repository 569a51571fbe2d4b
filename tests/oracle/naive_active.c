/* naive_active.c: active periods, found day by day, and paths. */
#include <stdio.h>
#include <string.h>

#include "tests/oracle/naive_inner.h"

/* An event that runs, and its values. */
typedef struct runner {
    const naive_event *event;
    naive_value values; /* a SET, of one where x is one */
} runner;

typedef struct runners {
    runner *items;
    uint32_t count;
    int64_t first, last; /* days on which any runs */
} runners;

static naive_value value_of(naive_run *run, const naive_env *env, const naive_events *events, uint32_t i,
                            const lots_ast_clause *by)
{
    naive_scope scope;
    const naive_env inside = naive_inside(env, events->items[i], events->alias, &scope);
    const naive_value value = naive_eval(run, &inside, by->keys.items[0].value);
    naive_need(run, &value);
    return value;
}

static runners find_runners(naive_run *run, const naive_env *env, const naive_events *events, const lots_ast_clause *by)
{
    runners out = {.items = naive_get(run, events->count, sizeof *out.items), .first = INT64_MAX, .last = INT64_MIN};
    for (uint32_t i = 0; i < events->count && !run->failed; i++) {
        const naive_event *event = events->items[i];
        naive_value *value = naive_get(run, 1, sizeof *value);
        *value = value_of(run, env, events, i, by);
        if (event->ghost || value->missing || !event->has_span_end || event->span_end < event->start)
            continue;
        const naive_value set = value->kind == NAIVE_SET ? *value
                                                         : (naive_value){.kind = NAIVE_SET, .items = value, .count = 1};
        if (set.count == 0)
            continue;
        out.items[out.count++] = (runner){event, set};
        out.first = event->start < out.first ? event->start : out.first;
        out.last = event->span_end > out.last ? event->span_end : out.last;
    }
    return out;
}

static bool runs(const runner *r, int64_t day)
{
    return r->event->start <= day && day <= r->event->span_end;
}

static naive_value values_on(naive_run *run, const runners *all, int64_t day)
{
    uint32_t room = 0, count = 0;
    for (uint32_t i = 0; i < all->count; i++)
        room += runs(&all->items[i], day) ? all->items[i].values.count : 0;
    naive_value *values = naive_get(run, room, sizeof *values);
    for (uint32_t i = 0; i < all->count; i++)
        for (uint32_t k = 0; runs(&all->items[i], day) && k < all->items[i].values.count; k++)
            if (!all->items[i].values.items[k].missing)
                values[count++] = all->items[i].values.items[k];
    return naive_distinct(run, values, count);
}

static bool has_value(const naive_value *set, const naive_value *value)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (naive_compare(&set->items[i], value) == 0)
            return true;
    return false;
}

/* Between this day and the next: did a value begin, or one end of which no open event only ran out? */
static bool known_change(const runners *all, const naive_value *now, const naive_value *next, int64_t day)
{
    for (uint32_t i = 0; i < next->count; i++)
        if (!has_value(now, &next->items[i]))
            return true;
    for (uint32_t i = 0; i < now->count; i++) {
        bool ran_out = false;
        for (uint32_t k = 0; k < all->count; k++)
            ran_out = ran_out || (runs(&all->items[k], day) && all->items[k].event->open &&
                                  has_value(&all->items[k].values, &now->items[i]));
        if (!has_value(next, &now->items[i]) && !ran_out)
            return true;
    }
    return false;
}

static const naive_event *period(naive_run *run, const naive_shape *shape, const runners *all, int64_t start, int64_t last,
                                 bool known, const naive_value *set)
{
    naive_event *out = naive_get(run, 1, sizeof *out);
    naive_value *cells = naive_get(run, 4, sizeof *cells);
    int64_t n = 0;
    for (uint32_t i = 0; i < all->count; i++)
        n += all->items[i].event->start <= last && all->items[i].event->span_end >= start;
    *out = (naive_event){.shape = shape, .cells = cells, .patient = all->items[0].event->patient, .stream = UINT32_MAX,
                         .start = start, .minute = INT64_MAX, .raw_end = known ? last : INT64_MAX, .rank = INT64_MAX,
                         .first = all->items[0].event, .open = !known, .has_span_end = true, .span_end = last};
    cells[0] = naive_number(NAIVE_DATE, start);
    cells[1] = known ? naive_number(NAIVE_DATE, last) : naive_missing(NAIVE_DATE);
    cells[2] = naive_number(NAIVE_INT, n);
    cells[3] = *set;
    return out;
}

naive_value naive_active(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    const naive_value set = naive_argument(run, env, call, 0);
    const lots_ast_clause *by = naive_clause(call, LOTS_AST_CLAUSE_BY);
    if (set.kind != NAIVE_EVENTS || by == NULL)
        return naive_refuse(run, "naive: active of what?");
    const runners all = find_runners(run, env, set.events, by);
    const char *names[] = {"start", "end", "n", naive_printed(run, by->keys.items[0].value)};
    naive_shape *shape = naive_get(run, 1, sizeof *shape);
    shape->names = naive_get(run, 4, sizeof *shape->names);
    memcpy(shape->names, names, sizeof names);
    shape->count = 4;
    const naive_event **out = naive_get(run, 2 * all.count + 1, sizeof *out);
    uint32_t count = 0;
    int64_t start = all.first;
    naive_value now = values_on(run, &all, all.first);
    for (int64_t day = all.first; all.count > 0 && day <= all.last; day++) {
        const naive_value next = values_on(run, &all, day + 1);
        if (naive_compare(&now, &next) == 0)
            continue;
        if (now.count > 0)
            out[count++] = period(run, shape, &all, start, day, known_change(&all, &now, &next, day), &now);
        start = day + 1;
        now = next;
    }
    return naive_events_value(run, out, count, NULL);
}

/* ---- path ---- */

static const char *joined(naive_run *run, const char *path, const char *step)
{
    const size_t bytes = (path != NULL ? strlen(path) + 3 : 0) + strlen(step) + 1;
    char *out = naive_get(run, bytes, 1);
    snprintf(out, bytes, "%s%s%s", path != NULL ? path : "", path != NULL ? " > " : "", step);
    return out;
}

static bool too_far(naive_run *run, const naive_event *from, const naive_event *to, const naive_value *gap)
{
    const naive_value *end = naive_event_cell(from, "end");
    if (end == NULL || end->missing)
        return true;
    const naive_value latest = naive_arithmetic(LOTS_AST_OP_ADD, end, gap);
    naive_need(run, &latest);
    return latest.missing || to->start > latest.number;
}

naive_value naive_path(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    const naive_value set = naive_argument(run, env, call, 0);
    const lots_ast_clause *by = naive_clause(call, LOTS_AST_CLAUSE_BY), *gap = naive_clause(call, LOTS_AST_CLAUSE_GAP);
    const lots_ast_clause *most = naive_clause(call, LOTS_AST_CLAUSE_MAX);
    if (set.kind != NAIVE_EVENTS || by == NULL)
        return naive_refuse(run, "naive: path of what?");
    const naive_value longest = gap != NULL ? naive_eval(run, env, gap->value) : naive_missing(NAIVE_DAYS);
    const naive_value limit = most != NULL ? naive_eval(run, env, most->value) : naive_number(NAIVE_INT, INT64_MAX);
    const naive_event *before = NULL;
    const char *path = NULL;
    int64_t steps = 0;
    for (uint32_t i = 0; i < set.events->count && !run->failed; i++) {
        const naive_value value = value_of(run, env, set.events, i, by);
        if (value.missing)
            continue;
        if (before != NULL && gap != NULL && too_far(run, before, set.events->items[i], &longest))
            break;
        before = set.events->items[i];
        if (++steps > limit.number) {
            path = joined(run, path, "…");
            break;
        }
        path = joined(run, path, naive_format(run->arena, &value));
    }
    return path != NULL ? naive_text(path) : naive_missing(NAIVE_TEXT);
}
