/* naive_set.c: event sets: streams of a patient, narrowing, union and minus, as-of. */
#include <string.h>

#include "tests/oracle/naive_inner.h"

naive_value naive_events_value(naive_run *run, const naive_event **items, uint32_t count, const char *alias)
{
    naive_events *events = naive_get(run, 1, sizeof *events);
    *events = (naive_events){.items = items, .count = count, .alias = alias};
    return (naive_value){.kind = NAIVE_EVENTS, .events = events};
}

naive_value naive_stream_events(naive_run *run, const naive_env *env, uint32_t stream)
{
    const naive_event *all = run->data->sorted[stream];
    uint32_t patient;
    if (!naive_patient_of(env, &patient))
        return naive_refuse(run, "naive: a stream without a patient");
    const uint32_t first = run->data->first[stream][patient], count = run->data->first[stream][patient + 1] - first;
    const naive_event **items = naive_get(run, count, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = &all[first + i];
    return naive_events_value(run, items, count, NULL);
}

naive_env naive_inside(const naive_env *env, const naive_event *event, const char *alias, naive_scope *scope)
{
    naive_env out = *env;
    *scope = (naive_scope){.outer = env->scope, .kind = NAIVE_SCOPE_EVENT, .alias = alias, .event = event};
    out.scope = scope;
    out.group = NULL;
    out.members = NULL;
    return out;
}

/* ---- windows ---- */

typedef struct day_window {
    int64_t first, last; /* days; last < first: nothing is inside */
    bool known;
} day_window;

static const day_window nowhere = {1, 0, false};

static naive_value plus(naive_run *run, const naive_value *day, const naive_value *length, bool back)
{
    const naive_value out = naive_arithmetic(back ? LOTS_AST_OP_SUBTRACT : LOTS_AST_OP_ADD, day, length);
    naive_need(run, &out);
    return naive_misfit(&out) ? naive_refuse(run, "naive: within what?") : out;
}

static day_window window_within(naive_run *run, const naive_env *env, const lots_ast_narrow *step, const naive_value *day)
{
    const naive_value length = naive_eval(run, env, step->length);
    naive_need(run, &length);
    if (length.missing || day->missing || run->failed)
        return nowhere;
    const naive_value low = plus(run, day, &length, true), high = plus(run, day, &length, false);
    switch (step->kind) {
    case LOTS_AST_NARROW_WITHIN_BEFORE: return (day_window){low.number, day->number - 1, true};
    case LOTS_AST_NARROW_WITHIN_AFTER: return (day_window){day->number + 1, high.number, true};
    case LOTS_AST_NARROW_WITHIN_UNTIL: return (day_window){low.number, day->number, true};
    case LOTS_AST_NARROW_WITHIN_SINCE: return (day_window){day->number, high.number, true};
    default: return (day_window){low.number, high.number, true};
    }
}

static day_window window_of_interval(naive_run *run, const naive_value *value)
{
    const naive_value interval = naive_as_interval(value);
    naive_need(run, &interval);
    if (naive_misfit(&interval))
        naive_refuse(run, "naive: an interval is wanted");
    return interval.missing || run->failed ? nowhere : (day_window){interval.number, interval.second, true};
}

static day_window window_of(naive_run *run, const naive_env *env, const lots_ast_narrow *step)
{
    const naive_value value = naive_eval(run, env, step->value);
    naive_need(run, &value);
    if (step->kind == LOTS_AST_NARROW_DURING || step->kind == LOTS_AST_NARROW_OVERLAPPING)
        return window_of_interval(run, &value);
    if (!value.missing && value.kind != NAIVE_DATE)
        naive_refuse(run, "naive: %s wants a day", lots_ast_narrow_text(step->kind));
    if (value.missing || run->failed)
        return nowhere;
    switch (step->kind) {
    case LOTS_AST_NARROW_BEFORE:
    case LOTS_AST_NARROW_KNOWN_BEFORE: return (day_window){INT64_MIN, value.number - 1, true};
    case LOTS_AST_NARROW_AFTER: return (day_window){value.number + 1, INT64_MAX, true};
    case LOTS_AST_NARROW_UNTIL:
    case LOTS_AST_NARROW_KNOWN_UNTIL: return (day_window){INT64_MIN, value.number, true};
    case LOTS_AST_NARROW_SINCE: return (day_window){value.number, INT64_MAX, true};
    default: return window_within(run, env, step, &value);
    }
}

/* Do the event's days meet first..last? An empty interval is met by nothing, and neither is an unknown end. */
bool naive_span_covers(const naive_event *event, int64_t first, int64_t last)
{
    if (last < first || !event->has_span_end || event->span_end < event->start)
        return false;
    return event->start <= last && event->span_end >= first;
}

static bool in_window(const naive_event *event, lots_ast_narrow_kind kind, day_window window)
{
    if (!window.known)
        return false;
    if (kind == LOTS_AST_NARROW_OVERLAPPING)
        return !event->ghost && naive_span_covers(event, window.first, window.last);
    if (kind == LOTS_AST_NARROW_KNOWN_BEFORE || kind == LOTS_AST_NARROW_KNOWN_UNTIL) {
        const naive_value *end = naive_event_cell(event, "end");
        return !event->open && end != NULL && !end->missing && end->number <= window.last;
    }
    return window.first <= event->start && event->start <= window.last;
}

static naive_value keep_in_window(naive_run *run, const naive_env *env, const naive_events *events,
                                  const lots_ast_narrow *step)
{
    const day_window window = window_of(run, env, step);
    const naive_event **items = naive_get(run, events->count, sizeof *items);
    uint32_t count = 0;
    for (uint32_t i = 0; i < events->count; i++)
        if (in_window(events->items[i], step->kind, window))
            items[count++] = events->items[i];
    return naive_events_value(run, items, count, events->alias);
}

static naive_value keep_where(naive_run *run, const naive_env *env, const naive_events *events,
                              const lots_ast_narrow *step)
{
    const naive_event **items = naive_get(run, events->count, sizeof *items);
    uint32_t count = 0;
    for (uint32_t i = 0; i < events->count && !run->failed; i++) {
        naive_scope scope;
        const naive_env inside = naive_inside(env, events->items[i], events->alias, &scope);
        if (naive_holds(run, &inside, step->value) == (step->kind == LOTS_AST_NARROW_WHERE))
            items[count++] = events->items[i];
    }
    return naive_events_value(run, items, count, events->alias);
}

naive_value naive_narrow(naive_run *run, const naive_env *env, const naive_value *base, const lots_ast_narrow *step)
{
    if (step->kind == LOTS_AST_NARROW_AS)
        return naive_events_value(run, base->events->items, base->events->count, step->alias.text);
    if (step->kind == LOTS_AST_NARROW_WHERE || step->kind == LOTS_AST_NARROW_EXCEPT_WHERE)
        return keep_where(run, env, base->events, step);
    return keep_in_window(run, env, base->events, step);
}

naive_value naive_narrowed(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    naive_value value = naive_eval(run, env, node->narrowed.base);
    for (uint32_t i = 0; i < node->narrowed.step_count && !run->failed; i++) {
        if (value.kind != NAIVE_EVENTS)
            return naive_refuse(run, "naive: only an event set can be narrowed");
        value = naive_narrow(run, env, &value, &node->narrowed.steps[i]);
    }
    return value;
}

/* ---- union, minus ---- */

static bool has(const naive_events *events, const naive_event *event)
{
    for (uint32_t i = 0; i < events->count; i++)
        if (naive_event_compare(events->items[i], event) == 0)
            return true;
    return false;
}

static void sort_events(const naive_event **items, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i; j > 0 && naive_event_compare(items[j - 1], items[j]) > 0; j--) {
            const naive_event *swapped = items[j];
            items[j] = items[j - 1];
            items[j - 1] = swapped;
        }
}

naive_value naive_combined(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const naive_value a = naive_eval(run, env, node->sets.left), b = naive_eval(run, env, node->sets.right);
    if (a.kind != NAIVE_EVENTS || b.kind != NAIVE_EVENTS)
        return naive_refuse(run, "naive: union and minus want event sets");
    const naive_event **items = naive_get(run, a.events->count + b.events->count, sizeof *items);
    uint32_t count = 0;
    for (uint32_t i = 0; i < a.events->count; i++)
        if (node->kind == LOTS_AST_UNION || !has(b.events, a.events->items[i]))
            items[count++] = a.events->items[i];
    for (uint32_t i = 0; node->kind == LOTS_AST_UNION && i < b.events->count; i++)
        if (!has(a.events, b.events->items[i]))
            items[count++] = b.events->items[i];
    sort_events(items, count);
    return naive_events_value(run, items, count, NULL);
}

/* ---- as-of ---- */

naive_value naive_as_of(naive_run *run, const naive_env *env, const naive_value *base, const char *name,
                        const naive_value *day)
{
    const naive_event *found = NULL;
    (void)env;
    if (base->kind != NAIVE_EVENTS)
        return naive_refuse(run, "naive: only an event set has columns at a day");
    for (uint32_t i = 0; i < base->events->count && !day->missing; i++)
        if (!base->events->items[i]->ghost && naive_span_covers(base->events->items[i], day->number, day->number))
            found = base->events->items[i]; /* in order, so the last of the latest start */
    if (found == NULL)
        return naive_missing(NAIVE_NOTHING);
    const naive_value *cell = naive_event_cell(found, name);
    if (cell == NULL)
        return naive_refuse(run, "naive: no column %s", name);
    naive_value out = *cell;
    out.dated = true;
    out.day = day->number;
    return out;
}

/* ---- order by keys ---- */

static int compare_keys(const lots_ast_keys *keys, const naive_value *a, const naive_value *b)
{
    for (uint32_t k = 0; k < keys->count; k++) {
        const int order = naive_compare(&a[k], &b[k]);
        if (order != 0)
            return keys->items[k].descending ? -order : order;
    }
    return 0;
}

void naive_sort_events(naive_run *run, const naive_env *env, const lots_ast_keys *keys, const naive_event **items,
                       uint32_t count, const char *alias)
{
    const naive_value **of = naive_get(run, count, sizeof *of);
    for (uint32_t i = 0; i < count; i++) {
        naive_scope scope;
        const naive_env inside = naive_inside(env, items[i], alias, &scope);
        naive_value *values = naive_get(run, keys->count, sizeof *values);
        for (uint32_t k = 0; k < keys->count; k++) {
            values[k] = naive_eval(run, &inside, keys->items[k].value);
            naive_need(run, &values[k]);
        }
        of[i] = values;
    }
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i; j > 0 && compare_keys(keys, of[j - 1], of[j]) > 0; j--) {
            const naive_event *event = items[j];
            const naive_value *values = of[j];
            items[j] = items[j - 1];
            items[j - 1] = event;
            of[j] = of[j - 1];
            of[j - 1] = values;
        }
}
