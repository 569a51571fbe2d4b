/* random_value.c: random expressions by type. */
#include <string.h>

#include "tests/oracle/random_inner.h"

static const char *const days[] = {"2020-02-29", "2021-06-15", "2022-01-01", "2022-07-31", "2022-12-31", "2023-01-31",
                                   "2023-03-01", "2023-12-31", "2019-05-05", "2024-02-29", "registry.until", "registry.from",
                                   "2022.start", "2023-02.end", "2022-Q3.start"};

static void literal_date(random_state *s) { random_say(s, "%s", days[random_below(s, 15)]); }

/* first(E).start and its like. */
static void event_of(random_state *s, uint32_t depth)
{
    switch (random_below(s, 4)) {
    case 0: random_say(s, "first("); break;
    case 1: random_say(s, "last("); break;
    default: random_say(s, "nth("); break;
    }
    const bool is_nth = s->out->data[s->out->count - 2] == 'h';
    random_set(s, depth, NULL);
    if (is_nth)
        random_say(s, ", %u", (unsigned)random_below(s, 4) + 1);
    else if (random_below(s, 5) == 0)
        random_say(s, " by %sstart%s", random_below(s, 2) == 0 ? "month(start) desc, " : "", random_below(s, 2) == 0 ? " desc" : "");
    random_say(s, ")");
}

static bool neighbour(random_state *s, uint32_t depth)
{
    for (uint32_t k = s->scope_count; k-- > 0;)
        if (s->scopes[k].alias[0] != 0) {
            random_say(s, random_below(s, 2) == 0 ? "next(" : "prev(");
            random_say(s, "%s", s->scopes[k].relation->source);
            (void)depth;
            random_say(s, ", %s)", s->scopes[k].alias);
            return true;
        }
    return false;
}

static void date(random_state *s, uint32_t depth)
{
    static const char *const lengths[] = {"30d", "1mo", "1y", "0d", "2w"};
    const uint32_t less = depth > 0 ? depth - 1 : 0;
    const uint64_t choice = random_below(s, depth == 0 ? 3 : 8);
    if (choice < 2 && random_reference(s, RANDOM_DATE, NULL))
        return;
    if (choice == 2 && random_reference(s, RANDOM_INTERVAL, NULL)) {
        random_say(s, random_below(s, 2) == 0 ? ".start" : ".end");
        return;
    }
    if (choice <= 3 || s->table) {
        literal_date(s);
    } else if (choice == 4) {
        random_say(s, "(");
        random_value(s, RANDOM_DATE, NULL, less);
        random_say(s, " %s %s)", random_below(s, 2) == 0 ? "+" : "-", lengths[random_below(s, 5)]);
    } else if (choice == 5 && neighbour(s, less)) {
        random_say(s, ".start");
    } else if (choice == 6) {
        random_say(s, "%s(", random_below(s, 2) == 0 ? "least" : "coalesce");
        random_value(s, RANDOM_DATE, NULL, less);
        random_say(s, ", ");
        random_value(s, RANDOM_DATE, NULL, less);
        random_say(s, ")");
    } else {
        event_of(s, less);
        random_say(s, random_below(s, 4) == 0 ? ".end" : ".start");
    }
}

void random_interval(random_state *s, uint32_t depth)
{
    static const char *const fixed[] = {"2022", "2021..2022", "2022-05", "2022-Q4", "2022-03-15..2023-01-15", "2021..",
                                        "..2022-06-30", "2020..2023"};
    static const char *const functions[] = {"year_of", "month_of", "quarter_of", "week_of"};
    const uint32_t less = depth > 0 ? depth - 1 : 0;
    if (random_below(s, 2) == 0 && random_reference(s, RANDOM_INTERVAL, NULL))
        return;
    switch (random_below(s, 6)) {
    case 0:
        random_value(s, RANDOM_DATE, NULL, less);
        random_say(s, " .. ");
        random_value(s, RANDOM_DATE, NULL, less);
        break;
    case 1:
        random_say(s, "%s(", functions[random_below(s, 4)]);
        random_value(s, RANDOM_DATE, NULL, less);
        random_say(s, ")");
        break;
    case 2: random_say(s, s->has_year ? "q_year" : "2021"); break;
    default: random_say(s, "%s", fixed[random_below(s, 8)]);
    }
}

/* aggregate(x over E), x a column of the type or a small expression. */
static void aggregate(random_state *s, const char *name, random_type type, const char *domain, uint32_t depth)
{
    const size_t before = s->out->count;
    const uint32_t aliases = s->aliases;
    const uint64_t random = s->random;
    char alias[8] = "";
    /* the set is written twice: the first time to learn of what relation it is */
    const random_relation *relation = random_set(s, depth, alias);
    const uint64_t after = s->random;
    s->out->count = before;
    s->aliases = aliases;
    random_say(s, "%s%c", name, name[strlen(name) - 1] == 't' && name[0] == 'c' ? ' ' : '(');
    if (s->scope_count < RANDOM_SCOPES) {
        const bool outside = s->outside;
        s->outside = false;
        random_enter(s, relation, alias);
        s->random = after;
        random_value(s, type, domain, 0);
        random_leave(s);
        s->outside = outside;
    }
    const uint64_t end = s->random;
    random_say(s, " over ");
    s->random = random;
    random_set(s, depth, alias);
    s->random = end;
    random_say(s, ")");
}

static const char *pick(random_state *s, const char *const *names, uint64_t count) { return names[random_below(s, count)]; }

static void two(random_state *s, random_type type, const char *operator, uint32_t depth)
{
    random_say(s, "(");
    random_value(s, type, NULL, depth);
    random_say(s, " %s ", operator);
    random_value(s, type, NULL, depth);
    random_say(s, ")");
}

static void choice_of(random_state *s, random_type type, const char *domain, uint32_t depth)
{
    if (random_below(s, 2) == 0) {
        random_say(s, "case(");
        random_condition(s, depth);
        random_say(s, " then ");
        random_value(s, type, domain, depth);
        if (random_below(s, 2) == 0) {
            random_say(s, ", else ");
            random_value(s, type, domain, depth);
        }
        random_say(s, ")");
        return;
    }
    random_say(s, "%s(", type == RANDOM_CATEGORY || random_below(s, 3) == 0 ? "coalesce" : random_below(s, 2) == 0 ? "least" : "greatest");
    random_value(s, type, domain, depth);
    random_say(s, ", ");
    random_value(s, type, domain, depth);
    random_say(s, ")");
}

static void counted(random_state *s, uint32_t depth)
{
    static const char *const names[] = {"sum", "min", "max", "first", "last", "most"};
    switch (random_below(s, 6)) {
    case 0: aggregate(s, pick(s, names, 6), RANDOM_INT, NULL, depth); break;
    case 1: aggregate(s, "count(distinct", random_below(s, 2) == 0 ? RANDOM_CODES : RANDOM_CATEGORY, NULL, depth); break;
    case 2:
        random_say(s, "nights(");
        random_set(s, depth, NULL);
        random_say(s, ")");
        break;
    case 3:
        random_say(s, "covered_days(");
        random_set(s, depth, NULL);
        random_say(s, ", 2022-05-01..2023-02-15)");
        break;
    default:
        random_say(s, s->has_many && random_below(s, 3) == 0 ? "q_many(" : "count(");
        random_set(s, depth, NULL);
        random_say(s, ")");
    }
}

/* Scores, sizes of sets, look-ups of numbers. */
static void measured(random_state *s, uint32_t depth)
{
    static const char *const scores[] = {"charlson_se", "charlson_quan", "elixhauser", "elixhauser.swiss", "charlson_quan.quan2011"};
    const char *domain;
    switch (random_below(s, 6)) {
    case 0:
        random_say(s, "score(%s, dx over contacts", scores[random_below(s, 5)]);
        if (random_below(s, 2) == 0) {
            random_say(s, " known before ");
            random_value(s, RANDOM_DATE, NULL, depth);
        }
        random_say(s, ")");
        break;
    case 1: random_say(s, "count(distinct chronic(dx) over contacts)"); break;
    case 2:
        random_say(s, "size(");
        if (!random_reference(s, RANDOM_CODES, NULL))
            random_words(s, &domain, depth);
        random_say(s, ")");
        break;
    case 3:
        if (random_reference(s, RANDOM_CATEGORY, "unit"))
            random_say(s, ".beds");
        else
            random_say(s, "int(alive at 2022-12-31)");
        break;
    case 4:
        random_say(s, "size(list(");
        random_condition(s, depth);
        random_say(s, " then 'a', ");
        random_condition(s, depth);
        random_say(s, " then 'b'))");
        break;
    default:
        if (random_below(s, 2) == 0 && random_reference(s, RANDOM_INTERVAL, NULL)) {
            random_say(s, random_below(s, 4) == 0 ? ".number" : ".days");
            break;
        }
        random_say(s, "(");
        random_value(s, RANDOM_DATE, NULL, depth);
        random_say(s, " .. ");
        random_value(s, RANDOM_DATE, NULL, depth);
        random_say(s, ").days");
    }
}

/* Numbers made of others. */
static void converted(random_state *s, uint32_t depth)
{
    static const char *const names[] = {"floor(", "ceil(", "round(", "int(", "abs("};
    switch (random_below(s, 5)) {
    case 0:
        random_say(s, "%s", names[random_below(s, 4)]);
        random_value(s, random_below(s, 2) == 0 ? RANDOM_DECIMAL : RANDOM_FLOAT, NULL, depth);
        random_say(s, ")");
        break;
    case 1:
        random_say(s, "%s(", random_below(s, 2) == 0 ? "days" : "weeks");
        random_value(s, RANDOM_DATE, NULL, depth);
        random_say(s, ", ");
        random_value(s, RANDOM_DATE, NULL, depth);
        random_say(s, ")");
        break;
    case 2:
        random_say(s, "size(");
        if (!random_reference(s, RANDOM_TEXT, NULL))
            random_say(s, "text(patient.sex)");
        random_say(s, ")");
        break;
    case 3:
        random_say(s, "int(");
        random_condition(s, depth);
        random_say(s, ")");
        break;
    default:
        random_say(s, "abs(");
        random_value(s, RANDOM_INT, NULL, depth);
        random_say(s, random_below(s, 2) == 0 ? ")" : ") ^ 2");
    }
}

/* Floats of floats. */
static void computed(random_state *s, uint32_t depth)
{
    static const char *const one[] = {"sqrt(", "ln(", "abs("};
    static const char *const intervals[] = {"wilson_low(", "wilson_high(", "poisson_low(", "poisson_high("};
    if (random_below(s, 2) == 0) {
        random_say(s, "%s", one[random_below(s, 3)]);
        random_value(s, RANDOM_FLOAT, NULL, depth);
        random_say(s, ")");
        return;
    }
    random_say(s, "%smod(", intervals[random_below(s, 4)]);
    random_value(s, RANDOM_INT, NULL, depth);
    random_say(s, ", 40), ");
    random_value(s, RANDOM_INT, NULL, depth);
    random_say(s, ")");
}

static void whole(random_state *s, uint32_t depth)
{
    static const char *const operators[] = {"+", "-", "*", "//"};
    const uint32_t less = depth > 0 ? depth - 1 : 0;
    const uint64_t choice = random_below(s, depth == 0 ? 3 : 15);
    if (s->has_argument && random_below(s, 5) == 0) {
        random_say(s, "q_n");
        return;
    }
    if (choice < 2 && random_reference(s, RANDOM_INT, NULL))
        return;
    if (choice <= 2 || (s->table && choice > 4)) {
        random_say(s, "%d", (int)random_below(s, 12));
        return;
    }
    switch (choice) {
    case 3: two(s, RANDOM_INT, pick(s, operators, 4), less); break;
    case 4:
        random_say(s, "mod(");
        random_value(s, RANDOM_INT, NULL, less);
        random_say(s, ", %u)", (unsigned)random_below(s, 5));
        break;
    case 5:
        random_say(s, "%s(", random_below(s, 3) == 0 ? "month" : random_below(s, 2) == 0 ? "year" : "weekday");
        random_value(s, RANDOM_DATE, NULL, less);
        random_say(s, ")");
        break;
    case 6:
        random_say(s, "%s(", random_below(s, 2) == 0 ? "months" : "years");
        random_value(s, RANDOM_DATE, NULL, less);
        random_say(s, ", ");
        random_value(s, RANDOM_DATE, NULL, less);
        random_say(s, ")");
        break;
    case 7: choice_of(s, RANDOM_INT, NULL, less); break;
    case 13: converted(s, less); break;
    case 12:
        if (!s->bare && !s->outside) {
            measured(s, less);
            break;
        } /* fall through */
    case 8:
        if (s->has_function && random_below(s, 2) == 0) {
            random_say(s, "q_function(");
            random_value(s, RANDOM_DATE, NULL, less);
            random_say(s, ")");
        } else {
            random_say(s, "age at (");
            random_value(s, RANDOM_DATE, NULL, less);
            random_say(s, ")");
        }
        break;
    default: counted(s, less);
    }
}

static void money(random_state *s, random_type type, uint32_t depth)
{
    static const char *const names[] = {"sum", "min", "max", "first", "last"};
    static const char *const means[] = {"mean", "median"};
    const uint32_t less = depth > 0 ? depth - 1 : 0;
    const uint64_t choice = random_below(s, depth == 0 ? 3 : 9);
    if (choice < 2 && random_reference(s, type, NULL))
        return;
    if (choice <= 2) {
        random_say(s, type == RANDOM_DECIMAL ? "%u.%02u" : "float(%u.%u)", (unsigned)random_below(s, 400),
                   (unsigned)random_below(s, 100));
        return;
    }
    if (choice == 3 || s->table)
        two(s, type, random_below(s, 2) == 0 ? "+" : "-", less);
    else if (choice == 4)
        choice_of(s, type, NULL, less);
    else if (choice == 7 && type == RANDOM_FLOAT)
        computed(s, less);
    else if (choice == 7) {
        random_say(s, "round(");
        random_value(s, type, NULL, less);
        random_say(s, ", %u)", 1 + (unsigned)random_below(s, 2));
    }
    else if (type == RANDOM_DECIMAL || random_below(s, 3) == 0)
        aggregate(s, pick(s, names, 5), type, NULL, less);
    else if (random_below(s, 4) == 0)
        random_say(s, "quantile(cost, %u%% over contacts)", (unsigned)random_below(s, 101));
    else
        aggregate(s, pick(s, means, 2), random_below(s, 2) == 0 ? RANDOM_FLOAT : RANDOM_INT, NULL, less);
}

static void category(random_state *s, const char *domain, uint32_t depth)
{
    static const struct {
        const char *domain, *stream;
    } places[] = {{"municipality", "residence"}, {"region", "residence"}, {"clinic", "listing"}, {"service", "services"}};
    static const char *const names[] = {"first", "last", "most", "max"};
    const uint32_t less = depth > 0 ? depth - 1 : 0;
    if (random_below(s, 3) > 0 && random_reference(s, RANDOM_CATEGORY, domain))
        return;
    if (domain == NULL || s->table) {
        random_say(s, s->table ? "missing" : "patient.sex");
        return;
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(places[i].domain, domain) == 0) {
            random_say(s, "(%s.%s at (", places[i].stream, domain);
            random_value(s, RANDOM_DATE, NULL, less);
            random_say(s, "))");
            return;
        }
    if (strcmp(domain, "sex") == 0)
        random_say(s, "sex");
    else if (depth > 0 && random_below(s, 4) == 0)
        choice_of(s, RANDOM_CATEGORY, domain, less);
    else if (random_below(s, 2) == 0)
        random_say(s, "%s(contacts).%s", random_below(s, 2) == 0 ? "first" : "last", domain);
    else
        random_say(s, "%s(%s over contacts)", pick(s, names, 4), domain);
}

static void span(random_state *s, uint32_t depth)
{
    static const char *const names[] = {"sum", "max", "first"};
    const uint64_t choice = random_below(s, 6);
    if (choice < 2 && random_reference(s, RANDOM_DAYS, NULL))
        return;
    if (choice == 2) {
        random_say(s, "%ud", (unsigned)random_below(s, 60));
    } else if (choice == 3 && !s->table) {
        random_say(s, "%s(gap over q_steps)", pick(s, names, 3));
    } else {
        random_say(s, "(");
        random_value(s, RANDOM_DATE, NULL, depth);
        random_say(s, " - ");
        random_value(s, RANDOM_DATE, NULL, depth);
        random_say(s, ")");
    }
}

/* What can be shown and be a key. */
static void other(random_state *s, uint32_t depth)
{
    static const char *const fixed[] = {"path(contacts by level gap 30d max 3)", "path(q_stays by quick)", "path(contacts where acute by unit max 2)",
                                        "path(services by service gap 200d)", "groups('tests/oracle/groups.csv', dx over contacts)",
                                        "groups(charlson_se, dx over contacts)", "set(chronic(dx) over contacts)",
                                        "score('tests/oracle/groups.csv', dx over contacts)", "score(hfrs, dx over contacts)",
                                        "upc(contacts where level = primary)", "coci(contacts)", "secon(contacts)",
                                        "first(burst(contacts, 3, 60d)).start", "set(atc_main(atc) over drugs)",
                                        "groups(rxriskv, atc over drugs)", "set(dx.chapter over contacts)", "most(dx.main over contacts)",
                                        "set(unit.chief over contacts)", "count(contacts where unit.area = North)",
                                        "last(contacts).unit.chief", "last(contacts).unit.heir.area at 2022-05-05"};
    if (random_below(s, 3) == 0 && random_reference(s, RANDOM_CODES, NULL)) {
        random_say(s, random_below(s, 2) == 0 ? ".main" : ".other");
        return;
    }
    if (random_below(s, 3) == 0 && random_reference(s, RANDOM_CATEGORY, "unit")) {
        static const char *const columns[] = {".chief", ".area", ".heir", ".region", ".heir.chief", ".heir.region"};
        random_say(s, "%s", columns[random_below(s, 6)]);
        if (random_below(s, 2) == 0) {
            random_say(s, " at (");
            random_value(s, RANDOM_DATE, NULL, depth > 0 ? depth - 1 : 0);
            random_say(s, ")");
        }
        return;
    }
    if (random_below(s, 5) == 0) {
        random_interval(s, 0);
        return;
    }
    random_say(s, "%s", fixed[random_below(s, 21)]);
}

void random_words(random_state *s, const char **domain, uint32_t depth)
{
    static const struct {
        const char *domain, *stream;
    } places[] = {{"level", "contacts"}, {"unit", "contacts"}, {"service", "services"}, {"municipality", "residence"}, {"test", "labs"}};
    const size_t at = (size_t)random_below(s, 5);
    *domain = places[at].domain;
    if (random_below(s, 2) == 0 && random_reference(s, RANDOM_SET, *domain))
        return;
    random_say(s, "set(%s over %s", *domain, places[at].stream);
    if (depth > 0 && random_below(s, 2) == 0) {
        const bool outside = s->outside;
        s->outside = true;
        random_say(s, " until ");
        random_value(s, RANDOM_DATE, NULL, depth - 1);
        s->outside = outside;
    }
    random_say(s, ")");
}

void random_value(random_state *s, random_type type, const char *domain, uint32_t depth)
{
    if (depth == 0 && random_below(s, 40) == 0) {
        random_say(s, "missing");
        return;
    }
    switch (type) {
    case RANDOM_INT: whole(s, depth); break;
    case RANDOM_DECIMAL:
    case RANDOM_FLOAT: money(s, type, depth); break;
    case RANDOM_DATE: date(s, depth); break;
    case RANDOM_CATEGORY: category(s, domain, depth); break;
    case RANDOM_BOOL: random_condition(s, depth); break;
    case RANDOM_DAYS: span(s, depth); break;
    case RANDOM_CODES:
        if (s->scope_count > 0 && depth == 0) {
            if (!random_reference(s, RANDOM_CODES, NULL))
                random_say(s, "patient.sex");
            break;
        }
        aggregate(s, "set", random_below(s, 2) == 0 ? RANDOM_CODES : RANDOM_CATEGORY, NULL, depth); break;
    case RANDOM_SET: random_words(s, &domain, depth); break;
    case RANDOM_INTERVAL:
        if (!random_reference(s, RANDOM_INTERVAL, NULL)) {
            random_say(s, "month_of(");
            random_value(s, RANDOM_DATE, NULL, depth);
            random_say(s, ")");
        }
        break;
    case RANDOM_OTHER: other(s, depth); break;
    default: random_say(s, "missing");
    }
}
