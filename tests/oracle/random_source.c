/* random_source.c: definitions, and what rows are made of. */
#include <stdio.h>
#include <string.h>

#include "tests/oracle/random_inner.h"

/* ---- definitions ---- */

void random_definitions(random_state *s)
{
    static const char *const stays[] = {"where level = inpatient", "where acute", "overlapping 2022", "where level = inpatient as q"};
    static const char *const gaps[] = {"", " gap 0d", " gap 1d", " gap 7d", " gap 60d", " gap 400d"};
    static const char *const keys[] = {"dx", "dx", "chronic(dx)", "prefix(dx, 3)"};
    static const char *const running[] = {"services by service", "services by service", "contacts by unit", "contacts where level = inpatient by unit",
                                          "residence by municipality"};
    static const char *const extra[] = {"quick = first(acute)", "quick = last(acute)"};
    random_say(s, "let q_stays = episodes(contacts %s%s, worst = max(cost), %s)\n", stays[random_below(s, 4)],
               gaps[random_below(s, 6)], extra[random_below(s, 2)]);
    random_say(s, "let q_units = episodes(contacts%s per unit, total = sum(cost), kinds = count(distinct level))\n",
               gaps[random_below(s, 6)]);
    random_say(s, "let q_levels = episodes(contacts%s by level, total = sum(minute))\n", gaps[random_below(s, 6)]);
    random_say(s, "let q_diseases = episodes(contacts%s per %s)\n", gaps[random_below(s, 6)], keys[random_below(s, 4)]);
    random_say(s, "let q_steps = steps(contacts by level%s)\n", gaps[random_below(s, 5)]);
    const uint64_t which = random_below(s, 5);
    random_say(s, "let q_active = active(%s)\n", running[which]);
    s->running = which < 2 ? 14 : which < 4 ? 12 : 13;
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
    if (random_below(s, 4) == 0) {
        random_say(s, "let q_part(q_c) = count(where q_c) / count()\nlet q_over(q_x, q_c) = sum(q_x where q_c) - min(q_x)\n");
        s->has_part = true;
    }
    if (random_below(s, 8) == 0) {
        random_say(s, "from %s where ", random_below(s, 2) == 0 ? "patients" : "contacts");
        random_condition(s, 2);
        random_say(s, "\ninto cohort q_cohort\n");
        s->has_cohort = true;
    }
}

/* ---- patterns ---- */

/* Episodes and the like in one step at most: what is made in two ways and alike has no order that is said anywhere. */
static const random_relation *step_set(random_state *s, bool *made)
{
    static const char *const fixed[] = {"contacts where level = primary", "contacts where level = emergency", "contacts where acute",
                                        "contacts where level = inpatient", "contacts where status = done"};
    random_say(s, "(");
    const random_relation *relation = &random_relations[0];
    const size_t before = s->out->count;
    bool simple = random_below(s, 2) == 0;
    if (!simple) {
        relation = random_set(s, 1, NULL);
        simple = *made && relation >= &random_relations[6];
        *made = *made || relation >= &random_relations[6];
    }
    if (simple) {
        s->out->count = before;
        random_say(s, "%s", fixed[random_below(s, 5)]);
        relation = &random_relations[0];
    }
    random_say(s, ")");
    return relation;
}

static void lapse(random_state *s, bool since)
{
    static const char *const lengths[] = {"0d", "14d", "60d", "200d", "1y", "3mo"};
    if (random_below(s, 4) == 0)
        return;
    random_say(s, " within %s", lengths[random_below(s, 6)]);
    if (since && random_below(s, 5) == 0)
        random_say(s, " since r1");
}

/* The steps see none of each other: the names are in scope when all are written. */
static void pattern(random_state *s)
{
    static const char *const counts[] = {"", "", "", "", "2 ", "1..3 ", "2.. ", "2..4 "};
    const random_relation *bound[4];
    bool named[4] = {true}, made = false;
    uint32_t count = 1;
    random_say(s, "match %s", random_below(s, 2) == 0 ? "each " : "");
    bound[0] = step_set(s, &made);
    random_say(s, " as r1");
    for (uint64_t n = 1 + random_below(s, 3); n > 0; n--) {
        const bool no = random_below(s, 4) == 0;
        random_say(s, "\n  then %s", no ? "no " : counts[random_below(s, 8)]);
        const random_relation *relation = step_set(s, &made);
        lapse(s, true);
        if (no)
            continue;
        named[count] = random_below(s, 3) > 0;
        if (named[count])
            random_say(s, " as r%u", count + 1);
        bound[count++] = relation;
    }
    for (uint32_t i = 0; i < count; i++) {
        char alias[8];
        snprintf(alias, sizeof alias, "r%c", (int)('1' + i));
        if (named[i])
            random_scope_named(s, bound[i], alias);
    }
    s->aliases = s->aliases < 4 ? 4 : s->aliases;
    random_say(s, "\nderive v1 = start, v2 = end\n");
    random_add(s, random_fresh(s), RANDOM_DATE, NULL);
    random_add(s, random_fresh(s), RANDOM_DATE, NULL);
}

/* ---- tables of the registry ---- */

static void table(random_state *s)
{
    static const struct {
        const char *table;
        random_column columns[9];
    } tables[] = {
        {"fees", {{"year", RANDOM_INT, NULL}, {"level", RANDOM_CATEGORY, "level"}, {"fee", RANDOM_DECIMAL, NULL},
                  {"weight", RANDOM_FLOAT, NULL}, {"day", RANDOM_DATE, NULL}, {"free", RANDOM_BOOL, NULL},
                  {"text", RANDOM_OTHER, NULL}}},
        {"units", {{"unit", RANDOM_CATEGORY, "unit"}, {"region", RANDOM_CATEGORY, "region"}, {"beds", RANDOM_INT, NULL}}},
        {"posts", {{"unit", RANDOM_CATEGORY, "unit"}, {"opened", RANDOM_DATE, NULL}, {"closed", RANDOM_DATE, NULL},
                   {"chief", RANDOM_OTHER, NULL}, {"area", RANDOM_CATEGORY, "region"}, {"heir", RANDOM_CATEGORY, "unit"}}},
    };
    const uint64_t at = random_below(s, 3);
    random_say(s, "table %s\n", tables[at].table);
    for (const random_column *c = tables[at].columns; c->name != NULL; c++)
        random_add(s, c->name, c->type, c->domain);
    s->table = s->of_table = true;
}

void random_source(random_state *s)
{
    char alias[8];
    const uint64_t choice = random_below(s, 20);
    random_say(s, "from ");
    const size_t before = s->out->count;
    if (choice < 10) {
        random_say(s, "patients");
        s->of_patients = true;
    } else if (choice < 13) {
        pattern(s);
        return;
    } else if (choice == 13) {
        table(s);
        return;
    } else {
        const uint64_t which = random_below(s, 2) == 0 ? 0 : random_below(s, RANDOM_RELATIONS);
        const random_relation *relation = &random_relations[which >= 12 && which < 15 ? s->running : which];
        snprintf(alias, sizeof alias, "r%u", ++s->aliases % 1000);
        random_say(s, "%s as %s", which == 0 && s->has_argument ? "q_e" : relation->source, alias);
        if (random_below(s, 4) == 0)
            random_say(s, " during 2022..2023");
        random_enter(s, relation, alias);
    }
    snprintf(s->source, sizeof s->source, "%.*s", (int)(s->out->count - before), (const char *)s->out->data + before);
    random_say(s, "\n");
}
