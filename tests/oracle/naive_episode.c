/* naive_episode.c: events made of events: episodes and steps. */
#include <string.h>

#include "tests/oracle/naive_inner.h"

/* Events under one key, in order. */
typedef struct key_pile {
    naive_value key;
    const naive_event **items;
    uint32_t count;
} key_pile;

typedef struct piles {
    key_pile *items;
    uint32_t count;
} piles;

const lots_ast_clause *naive_clause(const lots_ast_call *call, lots_ast_clause_kind kind)
{
    for (uint32_t i = 0; i < call->clause_count; i++)
        if (call->clauses[i].kind == kind)
            return &call->clauses[i];
    return NULL;
}

const char *naive_printed(naive_run *run, const lots_ast_node *node)
{
    lots_bytes text = {0};
    if (node->kind == LOTS_AST_NAME)
        return node->name.text;
    if (lots_ast_print_node(node, &text, run->err) != LOTS_OK || lots_bytes_put8(&text, 0, run->err) != LOTS_OK)
        return "?";
    char *out = naive_get(run, text.count, 1);
    memcpy(out, text.data, text.count);
    lots_bytes_free(&text);
    return out;
}

static void put(naive_run *run, piles *all, const naive_value *key, const naive_event *event, uint32_t room)
{
    uint32_t at = 0;
    while (at < all->count && naive_compare(&all->items[at].key, key) != 0)
        at++;
    if (at == all->count) {
        key_pile *grown = naive_get(run, all->count + 1, sizeof *grown);
        if (all->count > 0)
            memcpy(grown, all->items, all->count * sizeof *grown);
        grown[at] = (key_pile){.key = *key, .items = naive_get(run, room, sizeof *grown->items)};
        all->items = grown;
        all->count++;
    }
    all->items[at].items[all->items[at].count++] = event;
}

/* By the key of `per`; a set puts the event under each of its elements, a missing key is a key. Ghosts are left out. */
static piles split(naive_run *run, const naive_env *env, const naive_events *events, const lots_ast_clause *per)
{
    piles all = {0};
    for (uint32_t i = 0; i < events->count && !run->failed; i++) {
        const naive_event *event = events->items[i];
        naive_scope scope;
        const naive_env inside = naive_inside(env, event, events->alias, &scope);
        const naive_value key = per != NULL ? naive_eval(run, &inside, per->value) : naive_bool(true);
        naive_need(run, &key);
        if (event->ghost)
            continue;
        if (key.kind != NAIVE_SET || key.missing)
            put(run, &all, &key, event, events->count);
        const naive_value distinct =
            key.kind == NAIVE_SET ? naive_distinct(run, key.items, key.count) : naive_missing(NAIVE_SET);
        for (uint32_t k = 0; key.kind == NAIVE_SET && k < distinct.count; k++)
            put(run, &all, &distinct.items[k], event, events->count);
    }
    return all;
}

static naive_value by_key(naive_run *run, const naive_env *env, const naive_event *event, const char *alias,
                          const lots_ast_clause *by, uint32_t k)
{
    naive_scope scope;
    const naive_env inside = naive_inside(env, event, alias, &scope);
    const naive_value value = naive_eval(run, &inside, by->keys.items[k].value);
    naive_need(run, &value);
    return value;
}

static bool by_changes(naive_run *run, const naive_env *env, const naive_event *a, const naive_event *b,
                       const char *alias, const lots_ast_clause *by)
{
    for (uint32_t k = 0; by != NULL && k < by->keys.count; k++) {
        const naive_value x = by_key(run, env, a, alias, by, k), y = by_key(run, env, b, alias, by, k);
        if (naive_compare(&x, &y) != 0)
            return true;
    }
    return false;
}

static int64_t known_end(const naive_event *event)
{
    return event->has_span_end && event->span_end > event->start ? event->span_end : event->start;
}

static bool too_far(naive_run *run, int64_t end, const naive_event *next, const naive_value *gap)
{
    if (gap->kind == NAIVE_NOTHING)
        return false;
    const naive_value from = naive_number(NAIVE_DATE, end);
    const naive_value limit = naive_arithmetic(LOTS_AST_OP_ADD, &from, gap);
    naive_need(run, &limit);
    return limit.missing || next->start > limit.number;
}

typedef struct builder {
    const lots_ast_call *call;
    const naive_env *env;
    const char *alias;
    const naive_shape *shape;
} builder;

static const naive_shape *shape_of(naive_run *run, const lots_ast_call *call)
{
    const lots_ast_clause *per = naive_clause(call, LOTS_AST_CLAUSE_PER), *by = naive_clause(call, LOTS_AST_CLAUSE_BY);
    naive_shape *shape = naive_get(run, 1, sizeof *shape);
    const uint32_t keys = (per != NULL) + (by != NULL ? by->keys.count : 0);
    shape->names = naive_get(run, 3 + keys + call->items.count, sizeof *shape->names);
    shape->names[0] = "start";
    shape->names[1] = "end";
    shape->names[2] = "n";
    shape->count = 3;
    if (per != NULL)
        shape->names[shape->count++] = naive_printed(run, per->value);
    for (uint32_t k = 0; by != NULL && k < by->keys.count; k++)
        shape->names[shape->count++] = naive_printed(run, by->keys.items[k].value);
    for (uint32_t i = 0; i < call->items.count; i++) {
        const lots_ast_item *item = &call->items.items[i];
        shape->names[shape->count++] = item->name.text != NULL ? item->name.text : naive_printed(run, item->value);
    }
    return shape;
}

static void set_span(naive_event *out, const naive_event *const *items, uint32_t count, naive_value *end)
{
    out->start = items[0]->start;
    out->span_end = INT64_MIN;
    out->has_span_end = true;
    for (uint32_t i = 0; i < count; i++) {
        out->open = out->open || items[i]->open;
        out->span_end = known_end(items[i]) > out->span_end ? known_end(items[i]) : out->span_end;
    }
    *end = out->open ? naive_missing(NAIVE_DATE) : naive_number(NAIVE_DATE, out->span_end);
    out->raw_end = out->open ? INT64_MAX : out->span_end;
}

static const naive_event *build(naive_run *run, const builder *b, const naive_value *key,
                                const naive_event **items, uint32_t count)
{
    const lots_ast_clause *per = naive_clause(b->call, LOTS_AST_CLAUSE_PER);
    const lots_ast_clause *by = naive_clause(b->call, LOTS_AST_CLAUSE_BY);
    naive_event *out = naive_get(run, 1, sizeof *out);
    naive_value *cells = naive_get(run, b->shape->count, sizeof *cells);
    uint32_t at = 3;
    *out = (naive_event){.shape = b->shape, .cells = cells, .patient = items[0]->patient, .stream = UINT32_MAX,
                         .minute = INT64_MAX, .rank = INT64_MAX, .first = items[0], .key = per != NULL ? key : NULL};
    set_span(out, items, count, &cells[1]);
    cells[0] = naive_number(NAIVE_DATE, out->start);
    cells[2] = naive_number(NAIVE_INT, count);
    if (per != NULL)
        cells[at++] = *key;
    for (uint32_t k = 0; by != NULL && k < by->keys.count; k++)
        cells[at++] = by_key(run, b->env, items[0], b->alias, by, k);
    const naive_events members = {.items = items, .count = count, .alias = b->alias};
    naive_env env = *b->env;
    env.group = NULL;
    env.members = &members;
    for (uint32_t i = 0; i < b->call->items.count; i++)
        cells[at++] = naive_eval(run, &env, b->call->items.items[i].value);
    return out;
}

static void sort_built(const naive_event **items, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i; j > 0 && naive_event_compare(items[j - 1], items[j]) > 0; j--) {
            const naive_event *swapped = items[j];
            items[j] = items[j - 1];
            items[j - 1] = swapped;
        }
}

naive_value naive_episodes(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    const naive_value set = naive_argument(run, env, call, 0);
    const lots_ast_clause *gap_clause = naive_clause(call, LOTS_AST_CLAUSE_GAP);
    const lots_ast_clause *by = naive_clause(call, LOTS_AST_CLAUSE_BY);
    if (set.kind != NAIVE_EVENTS)
        return naive_refuse(run, "naive: episodes of what?");
    const naive_value gap = gap_clause != NULL ? naive_eval(run, env, gap_clause->value) : naive_missing(NAIVE_NOTHING);
    const builder b = {.call = call, .env = env, .alias = set.events->alias, .shape = shape_of(run, call)};
    const piles all = split(run, env, set.events, naive_clause(call, LOTS_AST_CLAUSE_PER));
    uint32_t room = 0, count = 0;
    for (uint32_t p = 0; p < all.count; p++)
        room += all.items[p].count;
    const naive_event **out = naive_get(run, room, sizeof *out);
    for (uint32_t p = 0; p < all.count && !run->failed; p++) {
        const key_pile *pile = &all.items[p];
        int64_t end = known_end(pile->items[0]);
        uint32_t first = 0;
        for (uint32_t i = 1; i <= pile->count && !run->failed; i++) {
            const bool cut = i == pile->count || too_far(run, end, pile->items[i], &gap) ||
                             by_changes(run, env, pile->items[i - 1], pile->items[i], b.alias, by);
            if (cut)
                out[count++] = build(run, &b, &pile->key, pile->items + first, i - first);
            if (i == pile->count)
                break;
            end = cut || known_end(pile->items[i]) > end ? known_end(pile->items[i]) : end;
            first = cut ? i : first;
        }
    }
    sort_built(out, count);
    return naive_events_value(run, out, count, NULL);
}

/* ---- steps ---- */

static const naive_shape *steps_shape(naive_run *run)
{
    static const char *const names[] = {"start", "end", "source", "target", "gap"};
    naive_shape *shape = naive_get(run, 1, sizeof *shape);
    shape->names = naive_get(run, 5, sizeof *shape->names);
    memcpy(shape->names, names, sizeof names);
    shape->count = 5;
    return shape;
}

static const naive_event *step(naive_run *run, const naive_env *env, const naive_shape *shape, const naive_event *a,
                               const naive_event *b, const char *alias, const lots_ast_clause *by)
{
    naive_event *out = naive_get(run, 1, sizeof *out);
    naive_value *cells = naive_get(run, shape->count, sizeof *cells);
    const naive_value *end = naive_event_cell(a, "end"), *target_end = naive_event_cell(b, "end");
    *out = *b; /* a step stands in order, and lasts, as its target */
    out->shape = shape;
    out->cells = cells;
    out->stream = UINT32_MAX;
    out->first = b;
    out->key = NULL;
    cells[0] = naive_number(NAIVE_DATE, b->start);
    cells[1] = target_end != NULL ? *target_end : naive_missing(NAIVE_DATE);
    cells[2] = by_key(run, env, a, alias, by, 0);
    cells[3] = by_key(run, env, b, alias, by, 0);
    cells[4] = end == NULL || end->missing ? naive_missing(NAIVE_DAYS) : naive_number(NAIVE_DAYS, b->start - end->number);
    return out;
}

naive_value naive_steps(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    const naive_value set = naive_argument(run, env, call, 0);
    const lots_ast_clause *by = naive_clause(call, LOTS_AST_CLAUSE_BY), *gap = naive_clause(call, LOTS_AST_CLAUSE_GAP);
    if (set.kind != NAIVE_EVENTS || by == NULL)
        return naive_refuse(run, "naive: steps of what?");
    const naive_shape *shape = steps_shape(run);
    const naive_event **out = naive_get(run, set.events->count, sizeof *out);
    const naive_value limit = gap != NULL ? naive_eval(run, env, gap->value) : naive_missing(NAIVE_DAYS);
    uint32_t count = 0;
    for (uint32_t i = 1; i < set.events->count && !run->failed; i++) {
        const naive_event *pair =
            step(run, env, shape, set.events->items[i - 1], set.events->items[i], set.events->alias, by);
        const naive_value *days = &pair->cells[4];
        if (gap == NULL || (!days->missing && days->number <= limit.number))
            out[count++] = pair;
    }
    return naive_events_value(run, out, count, NULL);
}
