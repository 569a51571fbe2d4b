/* survival.c: see survival.h. */
#include "query/exec/survival.h"

#include "query/exec/number_sort.h"
#include "query/exec/share.h"

#define SAME 1e-9 /* of shares that differ by rounding only */

/* A walk along the times at which somebody has an event. A stretch is the events between two censorings: all its factors
 * have the same denominator. */
typedef struct curve {
    const int64_t *values; /* ascending */
    uint64_t count;
    uint64_t next;         /* value */
    int64_t time;          /* of the events last passed */
    uint64_t entered;      /* at risk when the stretch began */
    uint64_t left, asked;  /* of them: after those events; gone through the event asked for */
    double before, reached; /* S and F when the stretch began */
    double survival, incidence;
} curve;

static curve curve_of(int64_t *values, uint64_t count)
{
    curve c = {.values = values, .count = count, .before = 1, .survival = 1};
    lots_sort_ints(values, count);
    return c;
}

static void pass_events(curve *c, uint64_t at_risk, uint64_t events, uint64_t asked)
{
    if (at_risk != c->left) { /* somebody was censored since: another stretch */
        c->before = c->survival;
        c->reached = c->incidence;
        c->entered = at_risk;
        c->asked = 0;
    }
    c->left = at_risk - events;
    c->asked += asked;
    c->survival = c->before * (double)c->left / (double)c->entered;
    c->incidence = c->reached + c->before * (double)c->asked / (double)c->entered;
}

/* To the next time, not after `at`, with events; false when there is none. */
static bool curve_step(curve *c, int64_t at)
{
    while (c->next < c->count && c->values[c->next] / 4 <= at) {
        int64_t time = c->values[c->next] / 4;
        uint64_t at_risk = c->count - c->next, kinds[4] = {0};
        for (; c->next < c->count && c->values[c->next] / 4 == time; c->next++)
            kinds[c->values[c->next] % 4]++;
        uint64_t events = kinds[LOTS_EXIT_EVENT] + kinds[LOTS_EXIT_COMPETING];
        if (events == 0)
            continue;
        c->time = time;
        pass_events(c, at_risk, events, kinds[LOTS_EXIT_EVENT]);
        return true;
    }
    return false;
}

/* After all steps up to `at`: was anybody followed so long, or are all gone through events? */
static bool known_at(const curve *c, int64_t at)
{
    return c->count > 0 && (c->values[c->count - 1] / 4 >= at || c->survival <= 0);
}

bool lots_km(int64_t *values, uint64_t count, int64_t at, double *out)
{
    curve c = curve_of(values, count);
    while (curve_step(&c, at))
        ;
    *out = c.survival;
    return known_at(&c, at);
}

bool lots_cif(int64_t *values, uint64_t count, int64_t at, double *out)
{
    curve c = curve_of(values, count);
    while (curve_step(&c, at))
        ;
    *out = c.incidence;
    return known_at(&c, at);
}

bool lots_km_quantile(int64_t *values, uint64_t count, double p, int64_t *out)
{
    curve c = curve_of(values, count);
    bool more = count > 0;
    while (more && c.survival > 1 - p + SAME)
        more = curve_step(&c, INT64_MAX);
    *out = c.time;
    return more;
}
