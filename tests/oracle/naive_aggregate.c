/* naive_aggregate.c: aggregates over an event set, or over the events of one episode. */
#include <math.h>
#include <string.h>

#include "tests/oracle/naive_inner.h"

void naive_sort_values(naive_value *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i; j > 0 && naive_compare(&values[j - 1], &values[j]) > 0; j--) {
            const naive_value swapped = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swapped;
        }
}

naive_value naive_distinct(naive_run *run, const naive_value *values, uint32_t count)
{
    naive_value out = {.kind = NAIVE_SET, .items = naive_get(run, count, sizeof *out.items)};
    naive_value *sorted = naive_get(run, count, sizeof *sorted);
    if (count > 0)
        memcpy(sorted, values, count * sizeof *sorted);
    naive_sort_values(sorted, count);
    for (uint32_t i = 0; i < count; i++)
        if (out.count == 0 || naive_compare(&out.items[out.count - 1], &sorted[i]) != 0)
            out.items[out.count++] = sorted[i];
    return out;
}

/* ---- numbers ---- */

__extension__ typedef __int128 wide;

/* A whole number of units of the finest scale among the values, and the floats beside it. */
static long double weighted_total(const naive_value *values, uint32_t count, bool ranked)
{
    wide whole = 0;
    long double real = 0, unit = 1;
    uint32_t finest = 0;
    for (uint32_t i = 0; i < count; i++)
        finest = values[i].kind != NAIVE_FLOAT && values[i].scale > finest ? values[i].scale : finest;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t weight = ranked ? 2 * (int64_t)(i + 1) - count - 1 : 1;
        wide units = values[i].number;
        for (uint32_t scale = values[i].scale; scale < finest; scale++)
            units *= 10;
        if (values[i].kind == NAIVE_FLOAT)
            real += (long double)weight * values[i].real;
        else
            whole += weight * units;
    }
    for (uint32_t scale = 0; scale < finest; scale++)
        unit *= 10;
    return (long double)whole / unit + real;
}

long double naive_total(const naive_value *values, uint32_t count)
{
    return weighted_total(values, count, false);
}

long double naive_ranked_total(const naive_value *values, uint32_t count)
{
    return weighted_total(values, count, true);
}

/* Between the two nearest by (n - 1) p: Hyndman and Fan (1996), type 7. */
static naive_value quantile_of(naive_run *run, const naive_value *values, uint32_t count, double p)
{
    naive_value *sorted = naive_get(run, count, sizeof *sorted);
    memcpy(sorted, values, count * sizeof *sorted);
    naive_sort_values(sorted, count);
    const double place = (count - 1) * p;
    const uint32_t below = (uint32_t)floor(place);
    const double low = naive_real(&sorted[below]), high = naive_real(&sorted[below + 1 < count ? below + 1 : below]);
    return naive_float(low + (place - below) * (high - low));
}

static naive_value deviation_of(const naive_value *values, uint32_t count)
{
    const double mean = (double)(naive_total(values, count) / count);
    double squares = 0;
    for (uint32_t i = 0; i < count; i++)
        squares += (naive_real(&values[i]) - mean) * (naive_real(&values[i]) - mean);
    return count < 2 ? naive_missing(NAIVE_FLOAT) : naive_float(sqrt(squares / (count - 1)));
}

static naive_value extreme_of(const naive_value *values, uint32_t count, int sign)
{
    naive_value out = values[0];
    for (uint32_t i = 1; i < count; i++)
        if (naive_compare(&values[i], &out) * sign > 0)
            out = values[i];
    return out;
}

/* Floats are not rounded at each step: their exact sum is what is asked. */
static naive_value sum_of(const naive_value *values, uint32_t count)
{
    naive_value sum = naive_number(count > 0 ? values[0].kind : NAIVE_INT, 0);
    if (count > 0)
        sum.scale = values[0].scale;
    for (uint32_t i = 0; i < count; i++)
        sum = naive_arithmetic(LOTS_AST_OP_ADD, &sum, &values[i]);
    return sum.kind == NAIVE_FLOAT && !sum.missing ? naive_float((double)naive_total(values, count)) : sum;
}

static naive_value mean_of(const naive_value *values, uint32_t count)
{
    return naive_float((double)(naive_total(values, count) / count));
}

naive_value naive_reduce(naive_run *run, const char *name, const naive_value *values, uint32_t count,
                         const naive_value *p)
{
    if (strcmp(name, "sum") == 0) {
        const naive_value sum = sum_of(values, count);
        return naive_misfit(&sum) ? naive_refuse(run, "naive: a sum of what?") : sum;
    }
    if (count == 0)
        return naive_missing(NAIVE_NOTHING);
    if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0)
        return extreme_of(values, count, name[1] == 'i' ? -1 : 1);
    for (uint32_t i = 0; i < count; i++)
        if (!naive_is_numeric(&values[i]))
            return naive_refuse(run, "naive: %s wants numbers", name);
    if (strcmp(name, "mean") == 0)
        return mean_of(values, count);
    if (strcmp(name, "sd") == 0)
        return deviation_of(values, count);
    if (p != NULL && (p->missing || naive_real(p) < 0 || naive_real(p) > 1))
        return naive_refuse(run, "naive: quantile wants a percentage");
    return quantile_of(run, values, count, p != NULL ? naive_real(p) : 0.5);
}

/* ---- the values of x over a set ---- */

typedef struct value_list {
    naive_value *items;
    uint32_t count;
    naive_value failed; /* FAILED when one of them is */
} value_list;

static void put(naive_run *run, value_list *list, const naive_value *value)
{
    if (value->kind == NAIVE_FAILED)
        list->failed = *value;
    if (value->missing)
        return;
    if ((list->count & (list->count + 1)) == 0) { /* full at 0, 1, 3, 7, … */
        naive_value *grown = naive_get(run, 2 * (size_t)list->count + 1, sizeof *grown);
        if (list->count > 0)
            memcpy(grown, list->items, list->count * sizeof *grown);
        list->items = grown;
    }
    list->items[list->count++] = *value;
}

/* A set counts element by element. */
static value_list values_over(naive_run *run, const naive_env *env, const naive_events *events,
                              const lots_ast_node *node)
{
    value_list out = {.failed = naive_missing(NAIVE_NOTHING)};
    for (uint32_t i = 0; i < events->count && !run->failed; i++) {
        naive_scope scope;
        const naive_env inside = naive_inside(env, events->items[i], events->alias, &scope);
        const naive_value value = naive_eval(run, &inside, node);
        if (value.kind != NAIVE_SET || value.missing)
            put(run, &out, &value);
        for (uint32_t k = 0; value.kind == NAIVE_SET && k < value.count; k++)
            put(run, &out, &value.items[k]);
    }
    return out;
}

naive_value naive_values_over(naive_run *run, const naive_env *env, const naive_events *events, const lots_ast_node *x)
{
    const value_list list = values_over(run, env, events, x);
    if (list.failed.kind == NAIVE_FAILED)
        return list.failed;
    return (naive_value){.kind = NAIVE_SET, .items = list.items, .count = list.count};
}

static uint32_t times(const value_list *list, const naive_value *value, uint32_t *last)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (naive_compare(&list->items[i], value) == 0) {
            count++;
            *last = i;
        }
    return count;
}

/* The commonest; of several, the one that came last. */
static naive_value most_of(const value_list *list)
{
    naive_value out = naive_missing(NAIVE_NOTHING);
    uint32_t best = 0, best_last = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t last = 0;
        const uint32_t count = times(list, &list->items[i], &last);
        if (count > best || (count == best && last > best_last)) {
            best = count;
            best_last = last;
            out = list->items[i];
        }
    }
    return out;
}

static naive_value over(naive_run *run, const naive_env *env, const lots_ast_call *call, const naive_events *events)
{
    const char *name = call->name.text;
    if (call->arg_count == 0 || call->args[0].kind != LOTS_AST_ARG_VALUE)
        return naive_refuse(run, "naive: %s of what?", name);
    const value_list list = values_over(run, env, events, call->args[0].value);
    if (list.failed.kind == NAIVE_FAILED)
        return list.failed;
    if (strcmp(name, "count") == 0)
        return naive_number(NAIVE_INT, call->distinct ? naive_distinct(run, list.items, list.count).count : list.count);
    if (strcmp(name, "set") == 0)
        return naive_distinct(run, list.items, list.count);
    if (strcmp(name, "most") == 0)
        return most_of(&list);
    if (strcmp(name, "first") == 0 || strcmp(name, "last") == 0) {
        if (list.count == 0)
            return naive_missing(NAIVE_NOTHING);
        return name[0] == 'f' ? list.items[0] : list.items[list.count - 1];
    }
    const bool quantile = strcmp(name, "quantile") == 0;
    const naive_value p = quantile ? naive_argument(run, env, call, 1) : naive_missing(NAIVE_NOTHING);
    return naive_reduce(run, name, list.items, list.count, quantile ? &p : NULL);
}

/* ---- of the set itself ---- */

static naive_value one_event(naive_run *run, const naive_events *events, int64_t index)
{
    const naive_event **items = naive_get(run, 1, sizeof *items);
    const bool there = index >= 0 && index < events->count;
    if (there)
        items[0] = events->items[index];
    return naive_events_value(run, items, there ? 1 : 0, NULL);
}

static naive_value neighbour(naive_run *run, const naive_env *env, const lots_ast_call *call,
                             const naive_events *events)
{
    const naive_value of = naive_argument(run, env, call, 1);
    if (of.kind != NAIVE_EVENTS || of.events->count > 1)
        return naive_refuse(run, "naive: %s to which event?", call->name.text);
    int64_t found = -1;
    for (uint32_t i = 0; of.events->count == 1 && i < events->count; i++) {
        const int order = naive_event_compare(events->items[i], of.events->items[0]);
        if (call->name.text[0] == 'n' && order > 0 && found < 0)
            found = i;
        if (call->name.text[0] == 'p' && order < 0)
            found = i;
    }
    return one_event(run, events, found);
}

static naive_value nth(naive_run *run, const naive_env *env, const lots_ast_call *call, const naive_events *events)
{
    const naive_value k = naive_argument(run, env, call, 1);
    if (k.missing)
        return k.kind == NAIVE_FAILED ? k : one_event(run, events, -1);
    if (k.kind != NAIVE_INT)
        return naive_refuse(run, "naive: nth wants a whole number");
    return one_event(run, events, k.number - 1);
}

/* Swedish care time: discharge minus admission, at least 1. */
static naive_value nights(const naive_events *events)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < events->count; i++) {
        const naive_value *end = naive_event_cell(events->items[i], "end");
        if (end != NULL && !end->missing)
            sum += end->number - events->items[i]->start > 1 ? end->number - events->items[i]->start : 1;
    }
    return naive_number(NAIVE_INT, sum);
}

static naive_value covered_days(naive_run *run, const naive_env *env, const lots_ast_call *call,
                                const naive_events *events)
{
    const naive_value argument = naive_argument(run, env, call, 1), interval = naive_as_interval(&argument);
    int64_t days = 0;
    if (naive_misfit(&interval) || interval.missing)
        return naive_misfit(&interval) ? naive_refuse(run, "naive: covered_days in what?")
               : interval.kind == NAIVE_FAILED ? interval : naive_missing(NAIVE_INT);
    if (interval.number == NAIVE_OPEN_LOW || interval.second == NAIVE_OPEN_HIGH)
        return naive_refuse(run, "naive: covered_days in an open interval");
    for (int64_t day = interval.number; day <= interval.second; day++)
        for (uint32_t i = 0; i < events->count; i++)
            if (naive_span_covers(events->items[i], day, day)) {
                days++;
                break;
            }
    return naive_number(NAIVE_INT, days);
}

static naive_value of_set(naive_run *run, const naive_env *env, const lots_ast_call *call, const naive_events *events)
{
    const char *name = call->name.text;
    if (strcmp(name, "count") == 0)
        return naive_number(NAIVE_INT, events->count);
    if (strcmp(name, "exists") == 0)
        return naive_bool(events->count > 0);
    if (strcmp(name, "first") == 0)
        return one_event(run, events, 0);
    if (strcmp(name, "last") == 0)
        return one_event(run, events, (int64_t)events->count - 1);
    if (strcmp(name, "nth") == 0)
        return nth(run, env, call, events);
    if (strcmp(name, "nights") == 0)
        return nights(events);
    return strcmp(name, "covered_days") == 0 ? covered_days(run, env, call, events) : neighbour(run, env, call, events);
}

static naive_events ordered(naive_run *run, const naive_env *env, const naive_events *events,
                            const lots_ast_clause *by)
{
    naive_events out = *events;
    if (by == NULL)
        return out;
    out.items = naive_get(run, events->count, sizeof *out.items);
    if (events->count > 0)
        memcpy(out.items, events->items, events->count * sizeof *out.items);
    naive_sort_events(run, env, &by->keys, out.items, out.count, out.alias);
    return out;
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* count(where c) and count() of an episode. */
static naive_value count_members(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < env->members->count; i++) {
        naive_scope scope;
        const naive_env inside = naive_inside(env, env->members->items[i], env->members->alias, &scope);
        count += call->arg_count == 0 || naive_holds(run, &inside, call->args[0].value);
    }
    return naive_number(NAIVE_INT, count);
}

bool naive_event_aggregate(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out)
{
    static const char *const of_x[] = {"count", "sum", "min", "max", "mean", "median", "first", "last", "quantile", "set",
                                       "most", NULL};
    static const char *const of_events[] = {"count", "exists", "first", "last", "nth", "next", "prev", "nights",
                                            "covered_days", NULL};
    const lots_ast_clause *clause = naive_clause(call, LOTS_AST_CLAUSE_OVER), *by = naive_clause(call, LOTS_AST_CLAUSE_BY);
    const char *name = call->name.text;
    const bool bare = call->arg_count == 0 || call->args[0].kind != LOTS_AST_ARG_VALUE;
    if (clause != NULL && is_one_of(name, of_x)) {
        const naive_value set = naive_eval(run, env, clause->value);
        if (set.kind != NAIVE_EVENTS) {
            *out = naive_refuse(run, "naive: over what?");
            return true;
        }
        const naive_events events = ordered(run, env, set.events, by);
        *out = over(run, env, call, &events);
        return true;
    }
    if (env->members != NULL && is_one_of(name, of_x)) {
        const naive_events events = ordered(run, env, env->members, by);
        *out = bare ? count_members(run, env, call) : over(run, env, call, &events);
        return true;
    }
    if (!is_one_of(name, of_events) || bare || call->distinct)
        return false;
    const naive_value set = naive_argument(run, env, call, 0);
    if (set.kind != NAIVE_EVENTS) {
        *out = naive_refuse(run, "naive: %s wants an event set", name);
        return true;
    }
    const naive_events events = ordered(run, env, set.events, by);
    *out = of_set(run, env, call, &events);
    return true;
}
