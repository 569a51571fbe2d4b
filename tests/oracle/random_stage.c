/* random_stage.c: stages between the source and the result. */
#include <stdio.h>
#include <string.h>

#include "tests/oracle/random_inner.h"

const char *random_fresh(random_state *s)
{
    char *name = s->names[s->fresh % RANDOM_DERIVED];
    snprintf(name, sizeof s->names[0], "v%u", ++s->fresh);
    return name;
}

void random_add(random_state *s, const char *name, random_type type, const char *domain)
{
    if (s->derived_count < RANDOM_DERIVED)
        s->derived[s->derived_count++] = (random_column){name, type, domain};
}

static const char *stratum(random_state *s)
{
    static const char *const strata[] = {"sex", "sex", "year(birth) // 20", "(sex is missing)"};
    return s->of_table ? s->derived[random_below(s, 2)].name : strata[random_below(s, 4)];
}

static void number_of_rows(random_state *s)
{
    random_say(s, "%u%s", 1 + (unsigned)random_below(s, 20), random_below(s, 2) == 0 ? "%" : "");
}

/* A typed item; its name exists only when it has been written. */
void random_item(random_state *s, uint32_t depth)
{
    static const random_type types[] = {RANDOM_INT, RANDOM_INT, RANDOM_DECIMAL, RANDOM_FLOAT, RANDOM_DATE, RANDOM_BOOL,
                                        RANDOM_CATEGORY, RANDOM_DAYS, RANDOM_CODES, RANDOM_SET, RANDOM_INTERVAL, RANDOM_OTHER, RANDOM_OTHER};
    static const char *const domains[] = {"sex", "level", "unit", "municipality", "clinic"};
    random_type type = s->table ? RANDOM_INT : types[random_below(s, 13)];
    const char *domain = type == RANDOM_CATEGORY ? domains[random_below(s, 5)] : NULL, *name = random_fresh(s);
    const uint32_t less = depth > 0 ? depth - 1 : 0;
    random_say(s, "%s = ", name);
    if (type == RANDOM_INT && random_below(s, 5) == 0) {
        const bool rank = random_below(s, 2) == 0;
        random_say(s, "%s", rank ? "rank(" : "ceil(10 * percentile(");
        random_value(s, RANDOM_INT, NULL, less);
        if (random_below(s, 3) == 0 && !(s->table && !s->of_table))
            random_say(s, " per %s", stratum(s));
        random_say(s, "%s", rank ? ")" : "))");
    } else if (type == RANDOM_BOOL && random_below(s, 4) == 0) {
        random_say(s, "top(");
        number_of_rows(s);
        random_say(s, ", ");
        random_value(s, RANDOM_INT, NULL, less);
        if (random_below(s, 2) == 0)
            random_say(s, " per %s", stratum(s));
        random_say(s, ")");
    } else if (type == RANDOM_SET) {
        random_words(s, &domain, less);
    } else {
        random_say(s, "(");
        random_value(s, type, domain, depth);
        random_say(s, ")");
    }
    /* lists of codes can be shown and grouped by, no more */
    random_add(s, name, type == RANDOM_CODES ? RANDOM_OTHER : type, domain);
}

/* ---- each ---- */

/* Few periods a row: the naive side is slow. */
static void each_period(random_state *s)
{
    static const struct {
        const char *unit, *fixed, *length;
    } kinds[] = {
        {"day", "2022-12-30..2023-01-04", "3d"},     {"week", "2022-12-30..2023-02-01", "40d"},
        {"month", "2022-03..2022-09", "100d"},       {"month", "2021-11-15..2022-05-05", "6mo"},
        {"quarter", "2022..2023", "1y"},             {"year", "2021..2023", "600d"},
        {"45d", "2022-Q1..2022-Q3", "200d"},         {"3mo", "2021-11-30..2022-12-31", "1y"},
        {"90d", "2023", "90d"},                      {"1y", "2020-02-29..2023-12-31", "3y"},
    };
    const char *name = random_fresh(s);
    const uint64_t at = random_below(s, 10);
    random_say(s, "each %s %s in ", kinds[at].unit, name);
    const size_t before = s->out->count;
    if (random_below(s, 3) > 0) {
        random_say(s, "%s", kinds[at].fixed);
    } else {
        char day[RANDOM_KEEP];
        random_value(s, RANDOM_DATE, NULL, 1);
        snprintf(day, sizeof day, "%.*s", (int)(s->out->count - before), (const char *)s->out->data + before);
        random_say(s, " .. %s + %s", day, kinds[at].length);
    }
    random_add(s, name, RANDOM_INTERVAL, NULL);
}

static void each_element(random_state *s)
{
    const char *domain = NULL, *name = random_fresh(s);
    const bool pairs = random_below(s, 3) == 0;
    random_type type = RANDOM_CATEGORY;
    random_say(s, "each %s", name);
    random_add(s, name, RANDOM_OTHER, NULL);
    if (pairs) {
        const char *other = random_fresh(s);
        random_say(s, ", %s", other);
        random_add(s, other, RANDOM_OTHER, NULL);
    }
    random_say(s, " in %s", pairs ? "pairs(" : "");
    const uint32_t count = s->derived_count;
    s->derived_count = s->multiplier; /* the set sees none of them */
    if (random_below(s, 4) == 0) {
        type = RANDOM_OTHER;
        if (!random_reference(s, RANDOM_CODES, NULL))
            random_say(s, random_below(s, 2) == 0 ? "set(dx over contacts)" : "groups(charlson_se, dx over contacts)");
    } else {
        random_words(s, &domain, 1);
    }
    s->derived_count = count;
    random_say(s, "%s", pairs ? ")" : "");
    for (uint32_t i = s->multiplier; i < count; i++) {
        s->derived[i].type = type;
        s->derived[i].domain = domain;
    }
}

static void each_number(random_state *s)
{
    const char *name = random_fresh(s);
    random_say(s, "each %s in ", name);
    if (random_below(s, 3) == 0) {
        random_say(s, "%d..least(4, ", (int)random_below(s, 4) - 2);
        random_value(s, RANDOM_INT, NULL, 1);
        random_say(s, ")");
    } else if (random_below(s, 3) == 0) {
        random_say(s, "(30, 365, 90)");
    } else {
        random_say(s, "-1..%u", (unsigned)random_below(s, 3));
    }
    random_add(s, name, RANDOM_INT, NULL);
}

static void each(random_state *s)
{
    s->multiplier = s->derived_count;
    switch (random_below(s, s->table ? 1 : 3)) {
    case 0: each_number(s); break;
    case 1: each_element(s); break;
    default: each_period(s);
    }
    s->multiplied = s->derived_count - s->multiplier;
}

/* ---- join ---- */

/* The rows get what groups have, or what stands in a table. */
static void join_rows(random_state *s)
{
    static const struct {
        const char *before, *after, *domain;
    } rights[] = {
        {"from table units show", " = unit, j_region = region, j = beds", "unit"},
        {"from contacts group by", " = unit show j = count(), j_cost = sum(cost)", "unit"},
        {"from drugs group by", " = most(unit over contacts) show j = sum(packs)", "unit"},
        {"from patients group by", " = sex show j = count(where score > 2)", "sex"},
        {"from table fees where year = 2023 show", " = level, j = year, j_fee = fee", "level"},
        {"from residence group by", " = municipality show j = patients()", "municipality"},
    };
    const uint64_t at = random_below(s, 6);
    const char *name = random_fresh(s);
    random_say(s, "derive %s = (", name);
    random_value(s, RANDOM_CATEGORY, rights[at].domain, 1);
    random_say(s, ")\njoin (%s %s%s) on %s\n", rights[at].before, name, rights[at].after, name);
    random_add(s, name, RANDOM_CATEGORY, rights[at].domain);
    random_add(s, "j", RANDOM_INT, NULL);
}

/* ---- all ---- */

static void top(random_state *s)
{
    random_say(s, "%s ", random_below(s, 3) == 0 ? "bottom" : "top");
    random_say(s, "%u%s by ", 1 + (unsigned)random_below(s, 30), random_below(s, 2) == 0 ? "%" : "");
    random_value(s, random_below(s, 2) == 0 ? RANDOM_INT : RANDOM_DECIMAL, NULL, 1);
    if (!(s->table && !s->of_table) && random_below(s, 3) == 0)
        random_say(s, " per %s", stratum(s));
    random_say(s, "\n");
}

static void derive(random_state *s)
{
    random_say(s, "derive ");
    random_item(s, 3);
    if (random_below(s, 2) == 0) {
        random_say(s, ", ");
        random_item(s, 2);
    }
    random_say(s, "\n");
}

/* Conditions by chance are seldom true together: most are given another way to hold. */
static void where(random_state *s)
{
    random_say(s, "where ");
    if (random_below(s, 3) > 0) {
        random_condition(s, 1);
        random_say(s, " or ");
    }
    random_condition(s, 2);
    random_say(s, "\n");
}

void random_stage(random_state *s)
{
    const uint64_t choice = random_below(s, 9);
    if (choice < 2)
        where(s);
    else if (choice == 2)
        top(s);
    else if (s->derived_count + 4 > RANDOM_DERIVED)
        return;
    else if (choice == 3 && s->multiplied == 0) {
        each(s);
        random_say(s, "\n");
    } else if (choice == 4 && !s->table && !s->joined) {
        join_rows(s);
        s->joined = true;
    } else {
        derive(s);
    }
}

void random_sort(random_state *s)
{
    if (random_below(s, 3) == 0) {
        random_say(s, "sort ");
        if (!random_reference(s, RANDOM_INT, NULL))
            random_say(s, "1");
        random_say(s, random_below(s, 2) == 0 ? " desc\n" : "\n");
    }
    if (random_below(s, 5) == 0)
        random_say(s, "limit %u\n", 1 + (unsigned)random_below(s, 12));
}
