/* random_set.c: what there is to ask about, event sets and conditions. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/random_inner.h"
#include "tests/support/lots_test.h"

const random_relation random_relations[RANDOM_RELATIONS] = {
    {"contacts", "contacts",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"minute", RANDOM_INT, NULL},
      {"level", RANDOM_CATEGORY, "level"}, {"unit", RANDOM_CATEGORY, "unit"}, {"status", RANDOM_CATEGORY, "status"},
      {"acute", RANDOM_BOOL, NULL}, {"cost", RANDOM_DECIMAL, NULL}, {"weight", RANDOM_FLOAT, NULL},
      {"dx", RANDOM_CODES, NULL}, {"note", RANDOM_TEXT, NULL}}},
    {"drugs", "drugs", {{"start", RANDOM_DATE, NULL}, {"atc", RANDOM_CODE, NULL}, {"packs", RANDOM_INT, NULL}}},
    {"services", "services",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"service", RANDOM_CATEGORY, "service"}}},
    {"residence", "residence",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"municipality", RANDOM_CATEGORY, "municipality"},
      {"region", RANDOM_CATEGORY, "region"}}},
    {"listing", "listing",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"clinic", RANDOM_CATEGORY, "clinic"}}},
    {"labs", "labs",
     {{"start", RANDOM_DATE, NULL}, {"test", RANDOM_CATEGORY, "test"}, {"value", RANDOM_FLOAT, NULL}}},
    {"stays", "q_stays",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"n", RANDOM_INT, NULL}, {"worst", RANDOM_DECIMAL, NULL},
      {"quick", RANDOM_BOOL, NULL}}},
    {"by unit", "q_units",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"n", RANDOM_INT, NULL}, {"unit", RANDOM_CATEGORY, "unit"},
      {"total", RANDOM_DECIMAL, NULL}, {"kinds", RANDOM_INT, NULL}}},
    {"by level", "q_levels",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"n", RANDOM_INT, NULL},
      {"level", RANDOM_CATEGORY, "level"}, {"total", RANDOM_INT, NULL}}},
    {"by code", "q_diseases", {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"n", RANDOM_INT, NULL}}},
    {"steps", "q_steps",
     {{"start", RANDOM_DATE, NULL}, {"source", RANDOM_CATEGORY, "level"}, {"target", RANDOM_CATEGORY, "level"},
      {"gap", RANDOM_DAYS, NULL}}},
    {"mixed", "(contacts union drugs union services)", {{"start", RANDOM_DATE, NULL}}},
    {"active units", "q_active",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"n", RANDOM_INT, NULL}, {"unit", RANDOM_SET, "unit"}}},
    {"active places", "q_active",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"n", RANDOM_INT, NULL}, {"municipality", RANDOM_SET, "municipality"}}},
    {"active services", "q_active",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"n", RANDOM_INT, NULL}, {"service", RANDOM_SET, "service"}}},
    {"library stays", "stays",
     {{"start", RANDOM_DATE, NULL}, {"end", RANDOM_DATE, NULL}, {"n", RANDOM_INT, NULL}, {"acute", RANDOM_BOOL, NULL}}},
};

const random_column random_patient[6] = {{"birth", RANDOM_DATE, NULL},     {"sex", RANDOM_CATEGORY, "sex"},
                                         {"death", RANDOM_DATE, NULL},     {"score", RANDOM_INT, NULL},
                                         {"income", RANDOM_DECIMAL, NULL}, {NULL, RANDOM_BOOL, NULL}};

static const struct {
    const char *name;
    const char *words[7];
} domains[] = {
    {"sex", {"female", "male"}},
    {"level", {"emergency", "inpatient", "municipal", "primary", "specialist"}},
    {"unit", {"u1", "u2", "u3", "u4", "u5"}},
    {"status", {"done", "booked", "cancelled"}},
    {"service", {"home_care", "day_care", "meals"}},
    {"municipality", {"Alvik", "Boden", "Kiruna"}},
    {"region", {"North", "South"}},
    {"clinic", {"Norr", "Syd"}},
    {"test", {"hba1c", "crp"}}, /* and weight, which is a column too */
};

uint64_t random_below(random_state *s, uint64_t limit) { return lots_test_random(&s->random) % limit; }

void random_say(random_state *s, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    const int bytes = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (lots_bytes_append(s->out, text, (size_t)bytes, NULL) != LOTS_OK)
        abort();
}

const char *random_word(random_state *s, const char *domain)
{
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        uint32_t count = 0;
        if (strcmp(domains[i].name, domain) != 0)
            continue;
        while (count < 7 && domains[i].words[count] != NULL)
            count++;
        return domains[i].words[random_below(s, count)];
    }
    return "?";
}

/* ---- columns in scope ---- */

static bool fits(const random_column *column, random_type type, const char *domain)
{
    return column->name != NULL && column->type == type &&
           ((type != RANDOM_CATEGORY && type != RANDOM_SET) || domain == NULL ||
            (column->domain != NULL && strcmp(column->domain, domain) == 0));
}

/* Write the `wanted`-th that fits, or count them (wanted UINT32_MAX). */
static uint32_t walk(random_state *s, random_type type, const char *domain, uint32_t wanted)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < s->derived_count; i++)
        if (fits(&s->derived[i], type, domain) && found++ == wanted)
            random_say(s, "%s", s->derived[i].name);
    for (uint32_t i = 0; !s->table && !s->bare && i < 5; i++)
        if (fits(&random_patient[i], type, domain) && found++ == wanted)
            random_say(s, "%s%s", random_below(s, 5) == 0 ? "patient." : "", random_patient[i].name);
    for (uint32_t k = 0; !s->table && k < s->scope_count; k++) {
        const random_scope *scope = &s->scopes[k];
        const bool inner = k + 1 == s->scope_count && !scope->only_named, named = scope->alias[0] != 0;
        for (uint32_t i = 0; ((inner && !s->outside) || named) && i < 12; i++)
            if (fits(&scope->relation->columns[i], type, domain) && found++ == wanted) {
                const bool plain = inner && !s->outside && (!named || random_below(s, 2) == 0);
                random_say(s, "%s%s%s", plain ? "" : scope->alias, plain ? "" : ".", scope->relation->columns[i].name);
            }
    }
    return found;
}

bool random_reference(random_state *s, random_type type, const char *domain)
{
    const uint32_t count = walk(s, type, domain, UINT32_MAX);
    if (count > 0)
        walk(s, type, domain, (uint32_t)random_below(s, count));
    return count > 0;
}

void random_enter(random_state *s, const random_relation *relation, const char *alias)
{
    random_scope *scope = &s->scopes[s->scope_count++];
    scope->relation = relation;
    scope->only_named = false;
    snprintf(scope->alias, sizeof scope->alias, "%s", alias);
}

void random_scope_named(random_state *s, const random_relation *relation, const char *alias)
{
    random_enter(s, relation, alias);
    s->scopes[s->scope_count - 1].only_named = true;
}

void random_leave(random_state *s) { s->scope_count--; }

/* ---- conditions ---- */

void random_codes(random_state *s, bool drugs)
{
    static const char *const diseases[] = {"I", "I50", "=I10", "E10-E14", "E 11, -e11. 9", "icd9: 2 50", "=I50, icd9:401", "F00-F03, G30",
                                           "i50.1, E"};
    static const char *const substances[] = {"C07", "A10BA02", "n02 B E", "=N02BE", "C07-N02", "C07, -C07AB03"};
    random_say(s, "{%s}", drugs ? substances[random_below(s, 6)] : diseases[random_below(s, 9)]);
}

/* What stands after the last dot, or all of it. */
static const char *tail(const char *text)
{
    const char *dot = strrchr(text, '.');
    return dot != NULL ? dot + 1 : text;
}

/* The two texts are the same column, which the language refuses to compare. */
static bool alike(random_state *s, size_t left, size_t left_end, size_t right)
{
    char a[64] = "", b[64] = "";
    if (left_end - left >= sizeof a || s->out->count - right >= sizeof b)
        return false;
    memcpy(a, s->out->data + left, left_end - left);
    memcpy(b, s->out->data + right, s->out->count - right);
    return strcmp(tail(a), tail(b)) == 0;
}

static void comparison(random_state *s, random_type type, uint32_t depth)
{
    static const char *const operators[] = {"=", "!=", "<", "<=", ">", ">="};
    const size_t left = s->out->count;
    random_value(s, type, NULL, depth);
    const size_t left_end = s->out->count;
    random_say(s, " %s ", operators[random_below(s, 6)]);
    const size_t right = s->out->count;
    random_value(s, type, NULL, depth);
    if (!alike(s, left, left_end, right))
        return;
    s->out->count = right;
    random_say(s, type == RANDOM_DATE ? "2022-05-05" : type == RANDOM_DAYS ? "9d" : "3");
}

static void category_test(random_state *s, uint32_t depth)
{
    static const char *const names[] = {"sex", "level", "unit", "status", "municipality", "service"};
    const char *domain = names[random_below(s, 6)];
    random_value(s, RANDOM_CATEGORY, domain, depth);
    switch (random_below(s, 4)) {
    case 0: random_say(s, " != %s", random_word(s, domain)); break;
    case 1: random_say(s, " %s (%s, %s)", random_below(s, 3) == 0 ? "not in" : "in", random_word(s, domain),
                       random_word(s, domain)); break;
    default: random_say(s, " = %s", random_word(s, domain)); break;
    }
}

static void code_test(random_state *s, uint32_t depth)
{
    const bool drugs = random_below(s, 4) == 0;
    const size_t before = s->out->count;
    (void)depth;
    if (!random_reference(s, drugs ? RANDOM_CODE : RANDOM_CODES, NULL)) {
        s->out->count = before;
        random_say(s, "exists(contacts where dx");
        random_say(s, " in ");
        random_codes(s, false);
        random_say(s, ")");
        return;
    }
    if (!drugs && random_below(s, 4) == 0)
        random_say(s, random_below(s, 2) == 0 ? ".main" : ".other");
    random_say(s, random_below(s, 6) == 0 ? " not in " : " in ");
    if (!drugs && s->has_codes && random_below(s, 2) == 0)
        random_say(s, "q_codes");
    else
        random_codes(s, drugs);
}

static void range_test(random_state *s, uint32_t depth)
{
    if (random_below(s, 2) == 0) {
        random_value(s, RANDOM_DATE, NULL, depth);
        random_say(s, random_below(s, 6) == 0 ? " not in " : " in ");
        random_interval(s, depth);
        return;
    }
    random_value(s, RANDOM_INT, NULL, depth);
    const int64_t low = (int64_t)random_below(s, 8) - 2;
    if (random_below(s, 5) == 0) {
        random_say(s, random_below(s, 3) == 0 ? " not in " : " in ");
        random_value(s, RANDOM_INT, NULL, depth);
        random_say(s, " .. ");
        random_value(s, RANDOM_INT, NULL, depth);
        return;
    }
    if (random_below(s, 3) == 0)
        random_say(s, " in (%lld, %lld, %lld)", (long long)low, (long long)low + 2, (long long)low + 5);
    else
        random_say(s, " in %lld..%lld", (long long)low, (long long)low + (long long)random_below(s, 9));
}

/* A word in a set of words. */
static void words_test(random_state *s, uint32_t depth)
{
    const char *domain;
    const size_t before = s->out->count;
    const uint64_t random = s->random;
    const uint32_t aliases = s->aliases;
    random_words(s, &domain, depth); /* to learn of what domain */
    s->out->count = before;
    s->aliases = aliases;
    const uint64_t after = s->random;
    random_say(s, "%s in ", random_word(s, domain));
    s->random = random;
    random_words(s, &domain, depth);
    s->random = after;
}

/* Groups of classifications: shipped ones, and one of our own. */
static void group_test(random_state *s, uint32_t depth)
{
    static const char *const own[] = {"sugar", "sugar_complicated", "pressure", "heart", "frail"};
    static const char *const shipped[] = {"diabetes", "heart_failure", "hypertension", "dementia"};
    static const char *const charlson[] = {"congestive_heart_failure", "dementia", "diabetes_without_chronic_complication"};
    switch (random_below(s, 3)) {
    case 0: random_say(s, "%s in groups('tests/oracle/groups.csv', ", own[random_below(s, 5)]); break;
    case 1: random_say(s, "%s in groups(chronic, ", shipped[random_below(s, 4)]); break;
    default: random_say(s, "%s in groups(charlson_se, ", charlson[random_below(s, 3)]);
    }
    if (random_below(s, 2) == 0 && random_reference(s, RANDOM_CODES, NULL)) {
        random_say(s, ")");
        return;
    }
    random_say(s, "dx over contacts");
    if (random_below(s, 2) == 0) {
        random_say(s, " until ");
        random_value(s, RANDOM_DATE, NULL, depth);
    }
    random_say(s, ")");
}

static void missing_test(random_state *s, uint32_t depth)
{
    static const random_type types[] = {RANDOM_INT, RANDOM_DATE, RANDOM_DECIMAL, RANDOM_FLOAT};
    random_say(s, "(");
    random_value(s, types[random_below(s, 4)], NULL, depth);
    random_say(s, ") is %smissing", random_below(s, 2) == 0 ? "not " : "");
}

static void exists(random_state *s, uint32_t depth)
{
    if (s->table) {
        comparison(s, RANDOM_INT, depth);
        return;
    }
    random_say(s, "exists(");
    random_set(s, depth, NULL);
    random_say(s, ")");
}

/* Of groups, or of a table's rows. */
static void table_test(random_state *s, uint32_t depth)
{
    static const random_type types[] = {RANDOM_DECIMAL, RANDOM_FLOAT, RANDOM_DATE};
    static const char *const names[] = {"level", "unit", "region"};
    const size_t before = s->out->count;
    const char *domain = names[random_below(s, 3)];
    if (random_below(s, 3) == 0 && random_reference(s, RANDOM_CATEGORY, domain))
        random_say(s, " %s %s", random_below(s, 3) == 0 ? "!=" : "=", random_word(s, domain));
    else if (random_below(s, 4) == 0 && random_reference(s, RANDOM_BOOL, NULL))
        random_say(s, "%s", random_below(s, 2) == 0 ? " is not missing" : "");
    else
        comparison(s, s->of_table && random_below(s, 2) == 0 ? types[random_below(s, 3)] : RANDOM_INT, depth);
    if (s->out->count == before)
        random_say(s, "true");
}

void random_condition(random_state *s, uint32_t depth)
{
    const uint32_t less = depth > 0 ? depth - 1 : 0;
    if (s->table) {
        table_test(s, less);
        return;
    }
    switch (random_below(s, depth == 0 ? 5 : 16)) {
    case 0: category_test(s, less); break;
    case 1: comparison(s, RANDOM_INT, less); break;
    case 2: if (random_reference(s, RANDOM_BOOL, NULL)) break; /* fall through */
    case 3: code_test(s, less); break;
    case 4: comparison(s, random_below(s, 3) == 0 ? RANDOM_DAYS : random_below(s, 2) == 0 ? RANDOM_DECIMAL : RANDOM_FLOAT, less); break;
    case 5: range_test(s, less); break;
    case 6: missing_test(s, less); break;
    case 7: comparison(s, RANDOM_DATE, less); break;
    case 8: exists(s, less); break;
    case 12: words_test(s, less); break;
    case 13:
        if (s->outside || s->bare) {
            comparison(s, RANDOM_INT, less);
            break;
        }
        group_test(s, less);
        break;
    case 14:
        if (s->has_cohort && !s->bare && random_below(s, 2) == 0)
            random_say(s, "patient.q_cohort");
        else if (!s->bare && random_below(s, 3) == 0)
            random_say(s, "resident(2022-06-30)");
        else
            exists(s, less);
        break;
    case 15:
        if (random_reference(s, RANDOM_TEXT, NULL)) {
            random_say(s, random_below(s, 2) == 0 ? " contains 'home'" : " >= 'g'");
            break;
        } /* fall through */
    case 9:
        random_say(s, "not (");
        random_condition(s, less);
        random_say(s, ")");
        break;
    default:
        random_say(s, "(");
        random_condition(s, less);
        random_say(s, random_below(s, 2) == 0 ? " and " : " or ");
        random_condition(s, less);
        random_say(s, ")");
    }
}

/* ---- event sets ---- */

/* The day can't depend on the event itself, so bare columns of enclosing sets would be its own. */
static void narrowing(random_state *s, uint32_t depth)
{
    const bool outside = s->outside;
    static const char *const plain[] = {"before", "after", "until", "since", "known before", "known until"};
    static const char *const within[] = {"before", "after", "until", "since", "of"};
    static const char *const lengths[] = {"0d", "1d", "30d", "90d", "365d", "1mo", "6mo", "1y", "4w", "2 * 1mo"};
    s->outside = true;
    switch (random_below(s, 4)) {
    case 0:
        random_say(s, " during ");
        random_interval(s, depth);
        break;
    case 1:
        random_say(s, " overlapping ");
        random_interval(s, depth);
        break;
    case 2:
        random_say(s, " %s ", plain[random_below(s, 6)]);
        random_value(s, RANDOM_DATE, NULL, depth);
        break;
    default:
        random_say(s, " within %s %s ", lengths[random_below(s, 10)], within[random_below(s, 5)]);
        random_value(s, RANDOM_DATE, NULL, depth);
    }
    s->outside = outside;
}

static const random_relation *pick_relation(random_state *s)
{
    const uint64_t at = random_below(s, 26);
    return &random_relations[at >= 12 && at < 15 ? s->running : at < RANDOM_RELATIONS ? at : 0];
}

/* A condition on an event of the set. */
static void inside(random_state *s, const random_relation *relation, const char *alias, uint32_t depth)
{
    const bool outside = s->outside;
    s->outside = false;
    random_enter(s, relation, alias);
    random_condition(s, depth);
    random_leave(s);
    s->outside = outside;
}

/* A union or a difference, in brackets: the union of one stream's sets, so that its columns stay. Records of any stream, or
 * of several, may be taken away from any. */
static const random_relation *combination(random_state *s, uint32_t depth)
{
    enum { MIXED = 11 };
    const bool minus = random_below(s, 2) == 0;
    const random_relation *relation = &random_relations[minus && random_below(s, 4) == 0 ? MIXED : random_below(s, 3)];
    const random_relation *other = relation;
    if (minus && random_below(s, 2) == 0)
        other = &random_relations[random_below(s, 4) == 0 ? MIXED : random_below(s, 6)];
    random_say(s, "((%s where ", relation->source);
    inside(s, relation, "", depth);
    random_say(s, ")%s(%s where ", minus ? " minus " : " union ", other->source);
    inside(s, other, "", depth);
    random_say(s, "))");
    return relation;
}

/* Events with a code, also under a condition, in whole years, in others and in none: what is kept beside the rows answers some. */
static const random_relation *coded(random_state *s, uint32_t depth)
{
    static const char *const windows[] = {"", "", " during 2022", " during 2021..2022", " during 2022..2023", " during 2019..2024",
                                          " during 2022-Q4..2023-Q2", " during 2022-02-01..2023-12-31", " until 2022-12-31",
                                          " before 2022-01-01", " since 2022-01-01", " after 2022-06-30", " overlapping 2022"};
    const bool drugs = random_below(s, 3) == 0;
    const random_relation *relation = &random_relations[drugs ? 1 : 0];
    random_say(s, "%s where %s%s%s in ", relation->source, drugs ? "atc" : "dx", !drugs && random_below(s, 5) == 0 ? ".main" : "",
               random_below(s, 8) == 0 ? " not" : "");
    random_codes(s, drugs);
    if (s->scope_count + 1 < RANDOM_SCOPES && random_below(s, 3) == 0) {
        random_say(s, random_below(s, 3) == 0 ? " or " : " and ");
        inside(s, relation, "", depth);
    }
    random_say(s, "%s", windows[random_below(s, 13)]);
    return relation;
}

static const random_relation *base(random_state *s, uint32_t depth)
{
    if (random_below(s, 8) == 0)
        return coded(s, depth > 0 ? depth - 1 : 0);
    if (s->has_set && random_below(s, 4) == 0) {
        random_say(s, "q_set");
        return &random_relations[0];
    }
    if (s->has_argument && random_below(s, 3) == 0) {
        random_say(s, "q_e");
        return &random_relations[0];
    }
    if (depth > 1 && random_below(s, 5) == 0)
        return combination(s, depth - 1);
    const random_relation *relation = pick_relation(s);
    random_say(s, "%s", relation->source);
    return relation;
}

const random_relation *random_set(random_state *s, uint32_t depth, char alias[8])
{
    const random_relation *relation = base(s, depth);
    const uint32_t less = depth > 0 ? depth - 1 : 0;
    char name[8] = "";
    if (alias != NULL || random_below(s, 4) == 0) {
        snprintf(name, sizeof name, "e%u", ++s->aliases % 1000);
        random_say(s, " as %s", name);
    }
    if (alias != NULL)
        memcpy(alias, name, sizeof name);
    for (uint64_t n = random_below(s, 3); n > 0; n--) {
        if (random_below(s, 2) == 0) {
            narrowing(s, less);
            continue;
        }
        if (s->scope_count + 1 >= RANDOM_SCOPES)
            continue;
        random_say(s, " %swhere ", random_below(s, 6) == 0 ? "except " : "");
        inside(s, relation, name, less);
    }
    return relation;
}
