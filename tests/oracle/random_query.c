/* random_query.c: random questions: their results. See random_query.h. */
#include "tests/oracle/random_query.h"

#include <stdio.h>
#include <string.h>

#include "tests/oracle/random_inner.h"

/* ---- aggregates ---- */

/* A time, what ended it, and when to look. */
static void survival(random_state *s)
{
    const uint64_t which = random_below(s, 3);
    const bool number = random_below(s, 2) == 0;
    random_say(s, which == 0 ? "km(" : which == 1 ? "km_quantile(" : "cif(");
    random_say(s, number ? "days(2020-02-29, " : "(");
    random_value(s, RANDOM_DATE, NULL, 1);
    random_say(s, number ? "), " : " - 2020-02-29), ");
    if (which == 2)
        random_say(s, "case(");
    random_condition(s, 1);
    if (which == 2) {
        random_say(s, " then 'a', ");
        random_condition(s, 1);
        random_say(s, random_below(s, 2) == 0 ? " then 'b')" : " then 'b', else 'followed')");
        random_say(s, ", 'a'");
    }
    if (which == 1)
        random_say(s, ", %u%%)", (unsigned)random_below(s, 101));
    else
        random_say(s, ", %u%s)", (unsigned)random_below(s, 1400), number ? "" : "d");
}

static void distinct(random_state *s)
{
    random_say(s, "count(distinct ");
    if (!random_reference(s, random_below(s, 2) == 0 ? RANDOM_CODES : RANDOM_OTHER, NULL))
        random_value(s, random_below(s, 2) == 0 ? RANDOM_INT : RANDOM_DATE, NULL, 1);
    random_say(s, ")");
}

static void defined(random_state *s)
{
    const bool part = random_below(s, 2) == 0;
    random_say(s, part ? "q_part(" : "q_over(");
    if (!part) {
        random_value(s, RANDOM_INT, NULL, 1);
        random_say(s, ", ");
    }
    random_condition(s, 1);
    random_say(s, ")");
}

static void row_aggregate(random_state *s)
{
    static const char *const numeric[] = {"sum", "mean", "median", "min", "max", "sd", "share", "gini"};
    static const char *const sized[] = {"quantile", "top_share", "lorenz_share"};
    const random_type type = random_below(s, 2) == 0 ? RANDOM_INT : RANDOM_DECIMAL;
    switch (random_below(s, 9)) {
    case 0: random_say(s, "%s", s->of_table || random_below(s, 2) == 0 ? "count()" : "patients()"); return;
    case 1: distinct(s); return;
    case 2:
        random_say(s, "%s", random_below(s, 2) == 0 ? "count(where " : "rate(");
        random_condition(s, 2);
        random_say(s, ")");
        return;
    case 3:
        random_say(s, "%s(", sized[random_below(s, 3)]);
        random_value(s, type, NULL, 2);
        random_say(s, ", %u%%)", 1 + (unsigned)random_below(s, 99));
        return;
    case 4:
        if (!s->table) {
            survival(s);
            return;
        } /* fall through */
    case 5:
        if (s->has_part) {
            defined(s);
            return;
        } /* fall through */
    default:
        random_say(s, "%s(", numeric[random_below(s, 8)]);
        random_value(s, type, NULL, 2);
        if (random_below(s, 3) == 0) {
            random_say(s, " where ");
            random_condition(s, 1);
        }
        random_say(s, ")");
    }
}

/* ---- keys ---- */

/* How the groups are made: what the stages after them must know. */
typedef struct groups {
    uint32_t keys;
    bool tuple, totals, plain; /* plain: of the source itself, without stages between */
    random_type first;         /* of k1 */
    char text[RANDOM_KEEP];    /* of k1; empty: not kept */
} groups;

static void first_key(random_state *s, groups *g)
{
    static const char *const domains[] = {"sex", "level", "municipality", "unit"};
    g->first = RANDOM_OTHER;
    if (s->multiplied > 0 && random_below(s, 3) > 0) {
        random_say(s, "%s", s->derived[s->multiplier].name);
        return;
    }
    switch (random_below(s, 7)) {
    case 0:
        random_say(s, "band(");
        random_value(s, RANDOM_INT, NULL, 2);
        random_say(s, ", %u)", 2 + (unsigned)random_below(s, 9));
        return;
    case 1:
        random_say(s, "cut(");
        random_value(s, RANDOM_INT, NULL, 2);
        random_say(s, ", 1, 3, 10)");
        return;
    case 2:
        random_value(s, RANDOM_INT, NULL, 1);
        g->first = RANDOM_INT;
        return;
    case 3:
        if (!s->table) {
            random_value(s, random_below(s, 2) == 0 ? RANDOM_OTHER : RANDOM_SET, NULL, 1);
            return;
        } /* fall through */
    case 4:
        if (random_reference(s, RANDOM_OTHER, NULL))
            return; /* fall through */
    default: random_value(s, RANDOM_CATEGORY, domains[random_below(s, 4)], 1);
    }
}

static void keys(random_state *s, groups *g)
{
    random_say(s, "group by k1 = ");
    const size_t before = s->out->count;
    g->tuple = random_below(s, 10) == 0;
    if (g->tuple)
        random_say(s, "(");
    first_key(s, g);
    if (g->tuple) {
        random_say(s, ", ");
        random_condition(s, 1);
        random_say(s, ")");
    }
    if (s->out->count - before < sizeof g->text)
        snprintf(g->text, sizeof g->text, "%.*s", (int)(s->out->count - before), (const char *)s->out->data + before);
    g->keys = 1;
    if (random_below(s, 3) == 0) {
        random_say(s, ", k2 = (");
        random_condition(s, 1);
        random_say(s, ")");
        g->keys = 2;
    }
    if (random_below(s, 8) == 0) {
        random_say(s, ", k%u = ", ++g->keys);
        random_value(s, RANDOM_CATEGORY, "sex", 1);
    }
    g->totals = random_below(s, 4) == 0;
    random_say(s, "%s\n", g->totals ? " with totals" : "");
}

/* ---- results ---- */

/* The numbers of the same groups, asked again, stand beside them. */
static void join_groups(random_state *s, const groups *g)
{
    random_say(s, "join (from %s group by k1 = %s%s show again = count()) on k1\nderive part = n / again\n", s->source, g->text,
               g->totals ? " with totals" : "");
    random_add(s, "again", RANDOM_INT, NULL);
}

static void pivot(random_state *s, const groups *g)
{
    const uint32_t gone = 1 + (uint32_t)random_below(s, g->keys);
    random_say(s, "pivot k%u\n", gone);
    if (g->keys > 1 && random_below(s, 2) == 0)
        random_say(s, "sort k%u%s\n", gone == 1 ? 2u : 1u, random_below(s, 2) == 0 ? " desc" : "");
    if (random_below(s, 4) == 0)
        random_say(s, "limit %u\n", 1 + (unsigned)random_below(s, 5));
}

static void after_groups(random_state *s, const groups *g)
{
    if (g->plain && !g->tuple && g->text[0] != 0 && s->source[0] != 0 && random_below(s, 6) == 0)
        join_groups(s, g);
    if (random_below(s, 4) == 0)
        random_stage(s);
    if (g->keys > 0 && !g->tuple && random_below(s, 4) == 0) {
        pivot(s, g);
        return;
    }
    if (s->of_patients && random_below(s, 6) == 0) { /* aggregates of aggregates */
        random_say(s, "%sshow n = count(), m = %s(n)\n", random_below(s, 2) == 0 ? "group by k3 = mod(n, 3)\n" : "",
                   random_below(s, 2) == 0 ? "sum" : "mean");
        s->derived_count = 1;
    } else if (g->keys > 0 && !g->tuple && random_below(s, 3) == 0) {
        random_say(s, "sort k%u%s, n desc\n", 1 + (unsigned)random_below(s, g->keys), random_below(s, 2) == 0 ? " desc" : "");
        return;
    }
    random_sort(s);
}

static void aggregated(random_state *s, bool plain)
{
    groups g = {.plain = plain};
    if (random_below(s, 6) != 0)
        keys(s, &g);
    random_say(s, "show n = count()");
    for (uint64_t i = random_below(s, 4), k = 0; k < i; k++) {
        random_say(s, ", a%u = ", (unsigned)k);
        row_aggregate(s);
    }
    random_say(s, "\n");
    s->table = true;
    s->of_table = false;
    s->multiplied = 0;
    s->derived_count = 0;
    random_add(s, "n", RANDOM_INT, NULL);
    after_groups(s, &g);
}

static void rows(random_state *s)
{
    if (s->derived_count == 0) {
        random_say(s, "derive ");
        random_item(s, 3);
        random_say(s, "\n");
    }
    random_say(s, "show ");
    for (uint32_t i = 0; i < s->derived_count; i++)
        random_say(s, "%s%s", i > 0 ? ", " : "", s->derived[i].name);
    random_say(s, "\n");
    s->table = true;
    random_sort(s);
}

static void question(random_state *s)
{
    const bool named = !s->defined && random_below(s, 8) == 0;
    static const char *const sets[] = {"contacts", "contacts where level = primary", "contacts during 2022", "(contacts union contacts where acute)"};
    if (named)
        random_say(s, "let q_table");
    s->has_argument = named && random_below(s, 2) == 0;
    if (named)
        random_say(s, s->has_argument ? "(q_n, q_e) = " : " = ");
    random_source(s);
    const bool bound = s->derived_count > 0 && !s->of_table;
    const uint64_t stages = random_below(s, 4);
    for (uint64_t n = stages; n > 0; n--)
        random_stage(s);
    if (named)
        random_say(s, "\nfrom %sq_table", random_below(s, 4) == 0 ? "table " : "");
    if (s->has_argument)
        random_say(s, "(%u%s, %s)", (unsigned)random_below(s, 9), random_below(s, 3) == 0 ? " + 1" : "", sets[random_below(s, 4)]);
    random_say(s, named ? "\n" : "");
    s->has_argument = false;
    if (random_below(s, 5) < 3)
        aggregated(s, stages == 0 && !named && !bound);
    else
        rows(s);
}

void random_query(uint64_t seed, lots_bytes *out)
{
    random_state state = {.random = seed, .out = out};
    random_definitions(&state);
    const random_state before = state;
    question(&state);
    if (random_below(&state, 6) == 0) { /* a second one, of the same definitions */
        const uint64_t random = state.random;
        state = before;
        state.random = random;
        state.defined = true;
        question(&state);
    }
}
