/* naive_match.c: patterns. Tries every completion in the order in which the language prefers them: the earliest event for
 * each step, a run as short as it can be, and takes the first that completes. */
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
} matcher;

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

static bool complete(matcher *m, uint32_t s, uint32_t taken, const naive_event *previous);

/* Bind one event more of step s, after `taken` of it. */
static bool bind_one(matcher *m, uint32_t s, uint32_t taken, const naive_event *previous)
{
    const naive_event *before = m->bound[s];
    for (uint32_t i = 0; i < m->candidate_count[s]; i++) {
        const naive_event *event = m->candidates[s][i];
        if (!follows(m, s, previous, event) || (taken == 0 && !absent(m, s, previous, event)))
            continue;
        m->bound[s] = event;
        if (complete(m, s, taken + 1, event))
            return true;
        m->bound[s] = before;
    }
    return false;
}

/* `taken` events of step s are bound, the last of all is `previous`: can the rest be? */
static bool complete(matcher *m, uint32_t s, uint32_t taken, const naive_event *previous)
{
    const lots_ast_step *step = &m->pattern->steps[s];
    const uint32_t least = step->counted ? step->least : 1, most = step->counted ? step->most : 1;
    if (m->run->failed)
        return false;
    if (taken >= least) {
        uint32_t next = s + 1;
        while (next < m->pattern->step_count && m->pattern->steps[next].no)
            next++;
        if (next == m->pattern->step_count ? absent(m, next, previous, NULL) : bind_one(m, next, 0, previous))
            return true;
    }
    return taken < most && bind_one(m, s, taken, previous);
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
        if (!complete(m, 0, 1, m->first))
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
    for (uint32_t p = 0; p < run->data->patients && !run->failed; p++)
        match_patient(&m, p, &out);
    const char **names = naive_get(run, pattern->step_count, sizeof *names);
    for (uint32_t s = 0; s < pattern->step_count; s++)
        if (!pattern->steps[s].no && pattern->steps[s].alias.text != NULL)
            names[out.column_count++] = pattern->steps[s].alias.text;
    out.names = names;
    return out;
}
