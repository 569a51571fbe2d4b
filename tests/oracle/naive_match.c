/* naive_match.c: patterns. Tries every completion in the order in which the language prefers them: the earliest event for
 * each step, a run as short as it can be before that, and takes the first that completes. What could not be completed from some event is
 * not tried again from it: otherwise runs of many events take for ever. */
#include <string.h>

#include "tests/oracle/naive_inner.h"

enum { BOUND_MAX = 64 };

typedef struct matcher {
    naive_run *run;
    const lots_ast_pattern *pattern;
    const naive_event ***candidates;  /* of each step, in the total order */
    uint32_t *candidate_count;
    naive_value *windows;             /* of each step; NOTHING: none */
    const naive_event *bound[BOUND_MAX]; /* the last event of each step */
    const naive_event *first;
    bool forgets;                     /* a step looks back to another than the first: what failed may not fail again */
    struct dead_end *dead;            /* of this start */
    uint32_t dead_count, dead_room;
} matcher;

/* With `left` events of step `step` still to bind after `last`, they and the rest can't be bound. */
typedef struct dead_end {
    uint32_t step, left;
    const naive_event *last;
} dead_end;

static int64_t end_of(const naive_event *event, bool *known)
{
    const naive_value *end = naive_event_cell(event, "end");
    *known = !event->open && end != NULL && !end->missing;
    return *known ? end->number : 0;
}

static int32_t step_called(const matcher *m, const char *name)
{
    for (uint32_t s = 0; s < m->pattern->step_count; s++)
        if (m->pattern->steps[s].alias.text != NULL && strcmp(m->pattern->steps[s].alias.text, name) == 0)
            return (int32_t)s;
    return -1;
}

/* Days from `from` to the event, within the step's window if it has one. */
static bool in_lapse(const matcher *m, uint32_t s, int64_t from, const naive_event *event)
{
    const naive_value *window = &m->windows[s];
    if (event->start < from)
        return false;
    if (window->kind == NAIVE_NOTHING)
        return true;
    const naive_value day = naive_number(NAIVE_DATE, from);
    const naive_value last = naive_arithmetic(LOTS_AST_OP_ADD, &day, window);
    naive_need(m->run, &last);
    return !last.missing && event->start <= last.number;
}

/* Does the event come after `previous` as step number s says? */
static bool follows(const matcher *m, uint32_t s, const naive_event *previous, const naive_event *event)
{
    const lots_ast_step *step = &m->pattern->steps[s];
    if (naive_event_compare(previous, event) >= 0)
        return false;
    if (step->since.text != NULL) {
        const int32_t at = step_called(m, step->since.text);
        if (at < 0) {
            naive_refuse(m->run, "naive: since which step?");
            return false;
        }
        return in_lapse(m, s, m->bound[at]->start, event);
    }
    bool known;
    const int64_t end = end_of(previous, &known);
    return known && in_lapse(m, s, end, event);
}

/* The steps `no` before step s, back to the last that binds: is there none of their events between the two? `next` NULL:
 * the pattern ends. */
static bool absent(const matcher *m, uint32_t s, const naive_event *previous, const naive_event *next)
{
    while (s > 0 && m->pattern->steps[s - 1].no) {
        s--;
        for (uint32_t i = 0; i < m->candidate_count[s]; i++) {
            const naive_event *event = m->candidates[s][i];
            const bool before = next == NULL || m->windows[s].kind != NAIVE_NOTHING || naive_event_compare(event, next) < 0;
            if (before && follows(m, s, previous, event))
                return false;
        }
    }
    return true;
}

static bool is_dead(const matcher *m, uint32_t s, uint32_t left, const naive_event *last)
{
    for (uint32_t i = 0; !m->forgets && i < m->dead_count; i++)
        if (m->dead[i].last == last && m->dead[i].step == s && m->dead[i].left == left)
            return true;
    return false;
}

static void add_dead(matcher *m, uint32_t s, uint32_t left, const naive_event *last)
{
    if (m->dead_count == m->dead_room) {
        m->dead_room = 2 * m->dead_room + 64;
        dead_end *grown = naive_get(m->run, m->dead_room, sizeof *grown);
        if (m->dead_count > 0)
            memcpy(grown, m->dead, m->dead_count * sizeof *grown);
        m->dead = grown;
    }
    m->dead[m->dead_count++] = (dead_end){s, left, last};
}

static bool complete(matcher *m, uint32_t s, uint32_t left, const naive_event *previous);

/* Bind one event of step s, the first of its run or a later one, and `left` more. */
static bool bind_one(matcher *m, uint32_t s, uint32_t left, bool first, const naive_event *previous)
{
    const naive_event *before = m->bound[s];
    for (uint32_t i = 0; i < m->candidate_count[s]; i++) {
        const naive_event *event = m->candidates[s][i];
        if (!follows(m, s, previous, event) || (first && !absent(m, s, previous, event)))
            continue;
        m->bound[s] = event;
        if (complete(m, s, left, event))
            return true;
        m->bound[s] = before;
    }
    return false;
}

/* The steps after step s: the next that binds, with the shortest run that lets the rest match. */
static bool complete_rest(matcher *m, uint32_t s, const naive_event *previous)
{
    uint32_t next = s + 1;
    while (next < m->pattern->step_count && m->pattern->steps[next].no)
        next++;
    if (next == m->pattern->step_count)
        return absent(m, next, previous, NULL);
    const lots_ast_step *step = &m->pattern->steps[next];
    const uint32_t least = step->counted ? step->least : 1, most = step->counted ? step->most : 1;
    for (uint32_t length = least; length <= most && length <= m->candidate_count[next]; length++)
        if (bind_one(m, next, length - 1, true, previous))
            return true;
    return false;
}

/* `previous` is bound, the last so far, and `left` events of step s must follow it: can they, and the rest? */
static bool complete(matcher *m, uint32_t s, uint32_t left, const naive_event *previous)
{
    if (m->run->failed || is_dead(m, s, left, previous))
        return false;
    if (left == 0 ? complete_rest(m, s, previous) : bind_one(m, s, left - 1, false, previous))
        return true;
    add_dead(m, s, left, previous);
    return false;
}

static const naive_shape *match_shape(naive_run *run)
{
    static const char *const names[] = {"start", "end"};
    naive_shape *shape = naive_get(run, 1, sizeof *shape);
    shape->names = naive_get(run, 2, sizeof *shape->names);
    memcpy(shape->names, names, sizeof names);
    shape->count = 2;
    return shape;
}

/* The row: its first day and its last, and the named events. */
static void add_match(matcher *m, naive_lines *out, uint32_t patient)
{
    const lots_ast_pattern *pattern = m->pattern;
    naive_run *run = m->run;
    naive_event *row = naive_get(run, 1, sizeof *row);
    naive_value *cells = naive_get(run, 2, sizeof *cells);
    naive_column *columns = naive_get(run, pattern->step_count, sizeof *columns);
    const naive_event *last = m->first;
    uint32_t at = 0;
    for (uint32_t s = 0; s < pattern->step_count; s++) {
        if (pattern->steps[s].no)
            continue;
        last = m->bound[s];
        if (pattern->steps[s].alias.text == NULL)
            continue;
        const naive_event **one = naive_get(run, 1, sizeof *one);
        one[0] = last;
        columns[at++] = (naive_column){pattern->steps[s].alias.text, naive_events_value(run, one, 1, NULL)};
    }
    const naive_value *end = naive_event_cell(last, "end");
    *row = *m->first;
    row->shape = match_shape(run);
    row->cells = cells;
    cells[0] = naive_number(NAIVE_DATE, m->first->start);
    cells[1] = end != NULL ? *end : naive_missing(NAIVE_DATE);
    naive_add_line(run, out, patient, row);
    out->items[out->count - 1].columns = columns;
}

static void match_patient(matcher *m, uint32_t patient, naive_lines *out)
{
    const naive_scope scope = {.kind = NAIVE_SCOPE_PATIENT, .patient = patient};
    const naive_env env = {.scope = &scope};
    for (uint32_t s = 0; s < m->pattern->step_count && !m->run->failed; s++) {
        const lots_ast_step *step = &m->pattern->steps[s];
        const naive_value set = naive_eval(m->run, &env, step->set);
        if (set.kind != NAIVE_EVENTS) {
            naive_refuse(m->run, "naive: a pattern of what?");
            return;
        }
        m->candidates[s] = set.events->items;
        m->candidate_count[s] = set.events->count;
        m->windows[s] = step->within != NULL ? naive_eval(m->run, &env, step->within) : naive_number(NAIVE_NOTHING, 0);
        naive_need(m->run, &m->windows[s]);
    }
    for (uint32_t i = 0; i < m->candidate_count[0] && !m->run->failed; i++) {
        m->first = m->bound[0] = m->candidates[0][i];
        m->dead_count = 0;
        if (!complete(m, 0, 0, m->first))
            continue;
        add_match(m, out, patient);
        if (!m->pattern->each)
            return;
    }
}

naive_lines naive_match(naive_run *run, const lots_ast_pattern *pattern)
{
    naive_lines out = {0};
    matcher m = {.run = run, .pattern = pattern};
    m.candidates = naive_get(run, pattern->step_count, sizeof *m.candidates);
    m.candidate_count = naive_get(run, pattern->step_count, sizeof *m.candidate_count);
    m.windows = naive_get(run, pattern->step_count, sizeof *m.windows);
    if (pattern->step_count > BOUND_MAX)
        naive_refuse(run, "naive: too long a pattern");
    for (uint32_t s = 0; s < pattern->step_count; s++)
        m.forgets = m.forgets || (pattern->steps[s].since.text != NULL && step_called(&m, pattern->steps[s].since.text) != 0);
    for (uint32_t p = 0; p < run->data->patients && !run->failed; p++)
        match_patient(&m, p, &out);
    const char **names = naive_get(run, pattern->step_count, sizeof *names);
    for (uint32_t s = 0; s < pattern->step_count; s++)
        if (!pattern->steps[s].no && pattern->steps[s].alias.text != NULL)
            names[out.column_count++] = pattern->steps[s].alias.text;
    out.names = names;
    return out;
}
