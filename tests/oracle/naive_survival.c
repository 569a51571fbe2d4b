/* naive_survival.c: Kaplan and Meier (1958) and Aalen and Johansen (1978), at each time counting everybody anew. */
#include <string.h>

#include "tests/oracle/naive_inner.h"

typedef enum outcome { CENSORED, EVENT, COMPETING } outcome;

typedef struct follow_up {
    const double *time;
    const outcome *what;
    uint32_t count;
    naive_kind kind; /* of the times */
} follow_up;

static bool is_text(const naive_value *value, const char *text)
{
    return naive_is(value, NAIVE_TEXT) && strcmp(value->text, text) == 0;
}

/* What ended it. False: such a row is left out. */
static bool ending(const naive_value *state, const char *cause, outcome *out)
{
    if (cause == NULL) {
        *out = naive_true(state) ? EVENT : CENSORED;
        return !state->missing;
    }
    *out = state->missing || is_text(state, "censored") || is_text(state, "followed") ? CENSORED
           : is_text(state, cause)                                                     ? EVENT
                                                                                       : COMPETING;
    return true;
}

static follow_up gather(naive_run *run, const naive_lines *lines, const lots_ast_call *call, const char *cause)
{
    double *time = naive_get(run, lines->count, sizeof *time);
    outcome *what = naive_get(run, lines->count, sizeof *what);
    follow_up out = {.time = time, .what = what, .kind = NAIVE_INT};
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        const naive_value t = naive_argument(run, &env, call, 0), state = naive_argument(run, &env, call, 1);
        naive_need(run, &t);
        naive_need(run, &state);
        if (t.missing || naive_real(&t) < 0 || !ending(&state, cause, &what[out.count]))
            continue;
        out.kind = t.kind;
        time[out.count++] = naive_real(&t);
    }
    return out;
}

/* The first time after `after` at which anything happened; false: there is none. */
static bool next_time(const follow_up *f, double after, double *out)
{
    bool found = false;
    for (uint32_t i = 0; i < f->count; i++)
        if (f->time[i] > after && (!found || f->time[i] < *out)) {
            *out = f->time[i];
            found = true;
        }
    return found;
}

typedef struct curve {
    double free;      /* the part without any event */
    double had;       /* the part that has had the one asked for */
    bool followed;    /* anybody was followed so long, or there is nobody left to follow */
} curve;

static curve until(const follow_up *f, double at)
{
    curve out = {.free = 1};
    double time = -1;
    while (next_time(f, time, &time) && time <= at) {
        double risk = 0, event = 0, other = 0;
        for (uint32_t i = 0; i < f->count; i++) {
            risk += f->time[i] >= time;
            event += f->time[i] == time && f->what[i] == EVENT;
            other += f->time[i] == time && f->what[i] == COMPETING;
        }
        out.had += out.free * event / risk;
        out.free = event + other == risk ? 0 : out.free * (1 - (event + other) / risk);
    }
    for (uint32_t i = 0; i < f->count; i++)
        out.followed = out.followed || f->time[i] >= at;
    out.followed = out.followed || (f->count > 0 && out.free == 0);
    return out;
}

static naive_value quantile(const follow_up *f, double p)
{
    double time = -1;
    if (p == 0 && f->count > 0)
        return naive_number(f->kind, 0);
    while (next_time(f, time, &time))
        if (until(f, time).had >= p - 1e-12)
            return naive_number(f->kind, (int64_t)time);
    return naive_missing(f->kind);
}

bool naive_survival(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out)
{
    const char *name = call->name.text;
    const bool incidence = strcmp(name, "cif") == 0;
    if (!incidence && strcmp(name, "km") != 0 && strcmp(name, "km_quantile") != 0)
        return false;
    if (env->group == NULL || call->arg_count != (incidence ? 4 : 3)) {
        *out = naive_refuse(run, "naive: %s of what?", name);
        return true;
    }
    const naive_value cause = incidence ? naive_argument(run, env, call, 2) : naive_missing(NAIVE_TEXT);
    const naive_value at = naive_argument(run, env, call, incidence ? 3 : 2);
    const follow_up f = gather(run, env->group, call, incidence ? cause.text : NULL);
    if (run->failed || at.missing) {
        *out = naive_missing(NAIVE_FLOAT);
    } else if (strcmp(name, "km_quantile") == 0) {
        *out = quantile(&f, naive_real(&at));
    } else {
        const curve end = until(&f, naive_real(&at));
        *out = !end.followed ? naive_missing(NAIVE_FLOAT) : naive_float(incidence ? end.had : end.free);
    }
    return true;
}
