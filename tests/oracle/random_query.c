/* random_query.c: random pipelines. See random_query.h. */
#include "tests/oracle/random_query.h"

#include <stdio.h>
#include <string.h>

#include "tests/oracle/random_inner.h"

/* ---- definitions ---- */

static void definitions(random_state *s)
{
    static const char *const stays[] = {"where level = inpatient", "where acute", "overlapping 2022", "where level = inpatient as q"};
    static const char *const gaps[] = {"", " gap 0d", " gap 1d", " gap 7d", " gap 60d", " gap 400d"};
    static const char *const extra[] = {"quick = first(acute)", "quick = last(acute)"};
    random_say(s, "let q_stays = episodes(contacts %s%s, worst = max(cost), %s)\n", stays[random_below(s, 4)],
               gaps[random_below(s, 6)], extra[random_below(s, 2)]);
    random_say(s, "let q_units = episodes(contacts%s per unit, total = sum(cost), kinds = count(distinct level))\n",
               gaps[random_below(s, 6)]);
    random_say(s, "let q_levels = episodes(contacts%s by level, total = sum(minute))\n", gaps[random_below(s, 6)]);
    random_say(s, "let q_diseases = episodes(contacts%s per dx)\n", gaps[random_below(s, 6)]);
    random_say(s, "let q_steps = steps(contacts by level%s)\n", gaps[random_below(s, 5)]);
    if (random_below(s, 4) == 0) {
        random_say(s, "param q_year = %u\n", 2020 + (unsigned)random_below(s, 4));
        s->has_year = true;
    }
    if (random_below(s, 4) == 0) {
        random_say(s, "let q_codes = ");
        random_codes(s, false);
        random_say(s, "\n");
        s->has_codes = true;
    }
    if (random_below(s, 3) == 0) {
        random_say(s, "let q_set = contacts where ");
        random_enter(s, &random_relations[0], "");
        random_condition(s, 1);
        random_leave(s);
        random_say(s, "\n");
        s->has_set = true;
    }
    if (random_below(s, 4) == 0) {
        random_say(s, "let q_function(q_day) = count(contacts within %u%s q_day) + score\n", (unsigned)random_below(s, 300),
                   random_below(s, 2) == 0 ? "d before" : "d since");
        s->has_function = true;
    }
    if (random_below(s, 4) == 0) {
        random_say(s, "let q_many(q_events) = count(q_events during 2022) - count(distinct start over q_events)\n");
        s->has_many = true;
    }
}

/* ---- stages ---- */

static void add_derived(random_state *s, random_type type, const char *domain)
{
    random_column *column = &s->derived[s->derived_count];
    snprintf(s->names[s->derived_count], sizeof s->names[0], "v%u", s->derived_count + (s->table ? 50 : 0));
    /* sets can be shown and grouped by, no more */
    *column = (random_column){s->names[s->derived_count], type == RANDOM_CODES ? RANDOM_EVENTS : type, domain};
    s->derived_count++;
}

/* A typed item, called v1, v2, …; which exists only when it has been written. */
static void item(random_state *s, uint32_t depth)
{
    static const random_type types[] = {RANDOM_INT, RANDOM_INT, RANDOM_DECIMAL, RANDOM_FLOAT, RANDOM_DATE, RANDOM_BOOL,
                                        RANDOM_CATEGORY, RANDOM_DAYS, RANDOM_CODES};
    static const char *const domains[] = {"sex", "level", "unit", "municipality", "clinic"};
    const random_type type = s->table ? RANDOM_INT : types[random_below(s, 9)];
    const char *domain = type == RANDOM_CATEGORY ? domains[random_below(s, 5)] : NULL;
    random_say(s, "v%u = ", s->derived_count + (s->table ? 50 : 0));
    if (type == RANDOM_INT && !s->table && random_below(s, 6) == 0) {
        random_say(s, random_below(s, 2) == 0 ? "rank(" : "ceil(10 * percentile(");
        const bool rank = s->out->data[s->out->count - 2] == 'k';
        random_value(s, RANDOM_INT, NULL, depth > 0 ? depth - 1 : 0);
        random_say(s, rank ? ")" : "))");
    } else if (type == RANDOM_BOOL && !s->table && random_below(s, 4) == 0) {
        random_say(s, "top(%u%s, ", 1 + (unsigned)random_below(s, 20), random_below(s, 2) == 0 ? "%" : "");
        random_value(s, RANDOM_INT, NULL, depth > 0 ? depth - 1 : 0);
        random_say(s, random_below(s, 2) == 0 ? ")" : " per sex)");
    } else {
        if (type == RANDOM_BOOL)
            random_say(s, "(");
        random_value(s, type, domain, depth);
        if (type == RANDOM_BOOL)
            random_say(s, ")");
    }
    add_derived(s, type, domain);
}

static void stage(random_state *s)
{
    switch (random_below(s, 6)) {
    case 0:
    case 1:
        random_say(s, "where ");
        random_condition(s, 2);
        break;
    case 2:
        random_say(s, "%s %u%s by ", random_below(s, 3) == 0 ? "bottom" : "top", 1 + (unsigned)random_below(s, 30),
                   random_below(s, 2) == 0 ? "%" : "");
        random_value(s, random_below(s, 2) == 0 ? RANDOM_INT : RANDOM_DECIMAL, NULL, 1);
        if (!s->table && random_below(s, 3) == 0)
            random_say(s, " per sex");
        break;
    default:
        if (s->derived_count + 3 > RANDOM_DERIVED)
            return;
        random_say(s, "derive ");
        item(s, 3);
        if (random_below(s, 2) == 0) {
            random_say(s, ", ");
            item(s, 2);
        }
    }
    random_say(s, "\n");
}

static void sort(random_state *s)
{
    if (random_below(s, 3) == 0) {
        random_say(s, "sort ");
        if (!random_reference(s, RANDOM_INT, NULL))
            random_say(s, "1");
        random_say(s, random_below(s, 2) == 0 ? " desc\n" : "\n");
    }
    if (random_below(s, 5) == 0)
        random_say(s, "limit %u\n", (unsigned)random_below(s, 12));
}

/* ---- results ---- */

static void row_aggregate(random_state *s)
{
    static const char *const numeric[] = {"sum", "mean", "median", "min", "max", "sd", "share", "gini"};
    static const char *const sized[] = {"quantile", "top_share", "lorenz_share"};
    const random_type type = random_below(s, 2) == 0 ? RANDOM_INT : RANDOM_DECIMAL;
    switch (random_below(s, 6)) {
    case 0: random_say(s, "count()"); return;
    case 1: random_say(s, "patients()"); return;
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

static void keys(random_state *s)
{
    static const char *const domains[] = {"sex", "level", "municipality"};
    random_say(s, "group by k1 = ");
    switch (random_below(s, 5)) {
    case 0:
        random_say(s, "band(");
        random_value(s, RANDOM_INT, NULL, 2);
        random_say(s, ", %u)", 2 + (unsigned)random_below(s, 9));
        break;
    case 1:
        random_say(s, "cut(");
        random_value(s, RANDOM_INT, NULL, 2);
        random_say(s, ", 1, 3, 10)");
        break;
    case 2: random_value(s, RANDOM_INT, NULL, 1); break;
    case 3:
        if (random_below(s, 3) == 0) {
            random_say(s, "set(%s over contacts)", random_below(s, 2) == 0 ? "level" : "dx");
            break;
        } /* fall through */
    default: random_value(s, RANDOM_CATEGORY, domains[random_below(s, 3)], 1);
    }
    if (random_below(s, 3) == 0) {
        random_say(s, ", k2 = (");
        random_condition(s, 1);
        random_say(s, ")");
    }
    random_say(s, "\n");
}

static void aggregated(random_state *s)
{
    if (random_below(s, 4) != 0)
        keys(s);
    random_say(s, "show n = count()");
    for (uint64_t i = random_below(s, 4), k = 0; k < i; k++) {
        random_say(s, ", a%u = ", (unsigned)k);
        row_aggregate(s);
    }
    random_say(s, "\n");
    s->table = true;
    s->derived_count = 0;
    s->derived[s->derived_count++] = (random_column){"n", RANDOM_INT, NULL};
    if (random_below(s, 4) == 0)
        stage(s);
    if (s->of_patients && random_below(s, 6) == 0) { /* aggregates of aggregates */
        random_say(s, "%sshow n = count(), m = %s(n)\n", random_below(s, 2) == 0 ? "group by k3 = mod(n, 3)\n" : "",
                   random_below(s, 2) == 0 ? "sum" : "mean");
        s->derived_count = 1;
    }
    sort(s);
}

static void rows(random_state *s)
{
    random_say(s, "show ");
    if (s->derived_count == 0)
        item(s, 3);
    else
        for (uint32_t i = 0; i < s->derived_count; i++)
            random_say(s, "%s%s", i > 0 ? ", " : "", s->derived[i].name);
    random_say(s, "\n");
    s->table = true;
    sort(s);
}

static void source(random_state *s)
{
    char alias[8];
    random_say(s, "from ");
    if (random_below(s, 5) < 3) {
        random_say(s, "patients\n");
        s->of_patients = true;
        return;
    }
    const random_relation *relation = &random_relations[random_below(s, RANDOM_RELATIONS)];
    snprintf(alias, sizeof alias, "r%u", ++s->aliases % 1000);
    random_say(s, "%s as %s", relation->source, alias);
    if (random_below(s, 4) == 0)
        random_say(s, " during 2022..2023");
    random_say(s, "\n");
    random_enter(s, relation, alias);
}

void random_query(uint64_t seed, lots_bytes *out)
{
    random_state state = {.random = seed, .out = out};
    random_state *s = &state;
    definitions(s);
    const bool named = random_below(s, 8) == 0;
    if (named)
        random_say(s, "let q_table = ");
    source(s);
    for (uint64_t n = random_below(s, 4); n > 0; n--)
        stage(s);
    if (named)
        random_say(s, "\nfrom q_table\n");
    if (random_below(s, 2) == 0)
        aggregated(s);
    else
        rows(s);
}
