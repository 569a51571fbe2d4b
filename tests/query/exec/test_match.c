/* Patterns of events, against a matcher that tries everything: patterns by chance over patients with few events on few
 * days, and the rules one by one. */
#include "tests/query/exec/exec_fixture.h"
#include "tests/query/exec/exec_order.h"

enum { STEPS_MAX = 6, ROOM = 40, PATIENTS = 160, PATTERNS = 400 };

static world w;

static void busy_patient(world *to, lots_batch *batches, uint32_t patient)
{
    const uint64_t days = 3 + below(to, 20);
    random_person(to, &batches[S_PATIENTS], patient);
    for (uint64_t i = below(to, 11); i > 0; i--)
        random_contact(to, &batches[S_CONTACTS], patient, to->from + (int32_t)below(to, days));
    for (uint64_t i = below(to, 4); i > 0; i--)
        random_span(to, &batches[S_DRUGS], patient, to->from + (int32_t)below(to, days), true);
    for (uint64_t i = below(to, 3); i > 0; i--)
        random_span(to, &batches[S_HOMES], patient, to->from + (int32_t)below(to, days), false);
}

/* One in eleven; the others have one contact or none, so that few can have a pattern. */
static void seldom_busy_patient(world *to, lots_batch *batches, uint32_t patient)
{
    if (patient % 11 == 4) {
        busy_patient(to, batches, patient);
        return;
    }
    random_person(to, &batches[S_PATIENTS], patient);
    if (below(to, 3) > 0)
        random_contact(to, &batches[S_CONTACTS], patient, to->from + (int32_t)below(to, 20));
}

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 41);
    world_fill(&w, (const uint32_t[]){PATIENTS / 2, PATIENTS / 2, 0}, busy_patient);
    return 0;
}

static int open_quiet_world(void **state)
{
    (void)state;
    world_open(&w, 43);
    world_fill(&w, (const uint32_t[]){3 * PATIENTS, PATIENTS, 0}, seldom_busy_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

/* ---- patterns ---- */

typedef struct kind {
    const char *text;
    bool (*holds)(const event *);
    bool contacts; /* has columns beyond start and end */
} kind;

static bool is_contact(const event *e) { return stream_of(&w, e) == S_CONTACTS; }
static bool is_primary(const event *e) { return is_contact(e) && e->level == 3; }
static bool is_emergency(const event *e) { return is_contact(e) && e->level == 0; }
static bool is_stay(const event *e) { return is_contact(e) && e->level == 1; }
static bool is_acute(const event *e) { return is_contact(e) && e->acute == 1; }
static bool is_drug(const event *e) { return stream_of(&w, e) == S_DRUGS; }
static bool is_home(const event *e) { return stream_of(&w, e) == S_HOMES; }
static bool is_acute_or_drug(const event *e) { return is_acute(e) || is_drug(e); }

static const kind kinds[] = {
    {"contacts", is_contact, true},
    {"(contacts where level = primary)", is_primary, true},
    {"(contacts where level = emergency)", is_emergency, true},
    {"(contacts where level = inpatient)", is_stay, true},
    {"(contacts where acute)", is_acute, true},
    {"drugs", is_drug, false},
    {"homes", is_home, false},
    {"((contacts where acute) union drugs)", is_acute_or_drug, false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

typedef struct step {
    const kind *of;
    bool no, has_within, months;
    int32_t within;
    int since; /* -1: the event before */
    uint32_t least, most; /* most 0: many */
} step;

typedef struct pattern {
    bool each;
    uint32_t count;
    step steps[STEPS_MAX];
} pattern;

static step random_step(int number)
{
    static const uint32_t counts[][2] = {{2, 2}, {1, 2}, {2, 3}, {1, 0}, {2, 0}, {3, 3}};
    static const int32_t windows[] = {0, 1, 3, 8, 20};
    step out = {.of = &kinds[below(&w, KINDS)], .since = -1, .least = 1, .most = 1};
    if (number == 0)
        return out;
    out.no = below(&w, 5) == 0;
    out.has_within = below(&w, 4) != 0;
    out.months = below(&w, 8) == 0;
    out.within = out.months ? 1 : windows[below(&w, 5)];
    if (!out.no && below(&w, 3) == 0) {
        const uint32_t *count = counts[below(&w, 6)];
        out.least = count[0];
        out.most = count[1];
    }
    return out;
}

static pattern random_pattern(void)
{
    pattern out = {.each = below(&w, 2) == 0, .count = 1 + (uint32_t)below(&w, STEPS_MAX)};
    for (uint32_t i = 0; i < out.count; i++) {
        step *now = &out.steps[i];
        *now = random_step((int)i);
        const int since = i == 0 ? 0 : (int)below(&w, i);
        if (now->has_within && below(&w, 2) == 0 && !out.steps[since].no)
            now->since = since;
    }
    return out;
}

static void print_pattern(const pattern *p, char *out, size_t room)
{
    size_t at = (size_t)snprintf(out, room, "from match %s", p->each ? "each " : "");
    for (uint32_t i = 0; i < p->count; i++) {
        const step *now = &p->steps[i];
        at += (size_t)snprintf(out + at, room - at, "%s%s", i == 0 ? "" : " then ", now->no ? "no " : "");
        if (now->most != now->least)
            at += (size_t)snprintf(out + at, room - at, now->most == 0 ? "%u.. " : "%u..%u ", now->least, now->most);
        else if (now->least > 1)
            at += (size_t)snprintf(out + at, room - at, "%u ", now->least);
        at += (size_t)snprintf(out + at, room - at, "%s", now->of->text);
        if (now->has_within)
            at += (size_t)snprintf(out + at, room - at, " within %d%s", now->within, now->months ? "mo" : "d");
        if (now->since >= 0)
            at += (size_t)snprintf(out + at, room - at, " since s%d", now->since);
        if (!now->no)
            at += (size_t)snprintf(out + at, room - at, " as s%u", i);
    }
    at += (size_t)snprintf(out + at, room - at, " derive x = start, y = end");
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->steps[i].no)
            continue;
        at += (size_t)snprintf(out + at, room - at, ", a%u = s%u.start, b%u = s%u.end", i, i, i, i);
        if (p->steps[i].of->contacts && p->count <= 4)
            at += (size_t)snprintf(out + at, room - at, ", c%u = s%u.cost", i, i);
    }
    assert_true(at < room);
}

/* ---- the matcher that tries everything ---- */

typedef struct attempt {
    const pattern *p;
    const event *events[ROOM]; /* of the patient, in the total order */
    uint32_t count;
    int last[STEPS_MAX];       /* place of the last event that a step bound */
} attempt;

static bool within(const step *now, int32_t from, int32_t day)
{
    lots_day limit = from + now->within;
    if (now->months)
        assert_true(lots_day_add_months(from, now->within, &limit));
    return day >= from && (!now->has_within || day <= limit);
}

/* May the event follow what was bound before it, by its window alone? */
static bool follows(const attempt *a, const step *now, int before, int place)
{
    const event *e = a->events[place], *previous = a->events[before];
    if (place <= before)
        return false;
    if (now->since >= 0)
        return within(now, a->events[a->last[now->since]]->start, e->start);
    const int32_t end = end_of(&w, previous);
    return end != NONE && within(now, end, e->start);
}

/* Is one of the events that `no` rules out after `before` and, when it says no days, before `until`? */
static bool ruled_out(const attempt *a, const step *now, int before, int until)
{
    for (int x = before + 1; x < (now->has_within ? (int)a->count : until); x++)
        if (now->of->holds(a->events[x]) && follows(a, now, before, x))
            return true;
    return false;
}

static bool rest(attempt *a, uint32_t number, int before);

static bool run_of(attempt *a, uint32_t number, uint32_t first_no, int anchor, int before, uint32_t more)
{
    const step *now = &a->p->steps[number];
    for (int q = before + 1; q < (int)a->count; q++) {
        bool fits = now->of->holds(a->events[q]) && follows(a, now, before, q);
        for (uint32_t n = first_no; fits && n < number && before == anchor; n++)
            fits = !ruled_out(a, &a->p->steps[n], anchor, q);
        if (!fits)
            continue;
        a->last[number] = q;
        if (more == 1 ? rest(a, number + 1, q) : run_of(a, number, first_no, anchor, q, more - 1))
            return true;
    }
    return false;
}

static bool rest(attempt *a, uint32_t number, int before)
{
    const uint32_t first_no = number;
    while (number < a->p->count && a->p->steps[number].no)
        number++;
    for (uint32_t n = first_no; n < number; n++)
        if ((a->p->steps[n].has_within || number == a->p->count) && ruled_out(a, &a->p->steps[n], before, (int)a->count))
            return false;
    if (number == a->p->count)
        return true;
    const step *now = &a->p->steps[number];
    for (uint32_t length = now->least; length <= (now->most == 0 ? a->count : now->most); length++)
        if (run_of(a, number, first_no, before, before, length))
            return true;
    return false;
}

static void read_patient(attempt *a, uint32_t patient)
{
    a->count = 0;
    for (int s = S_CONTACTS; s < S_COUNT; s++)
        EACH(e, &w, &w.people[patient], s) {
            uint32_t at = a->count++;
            assert_true(at < ROOM);
            for (; at > 0 && compare_events(&w, e, a->events[at - 1]) < 0; at--)
                a->events[at] = a->events[at - 1];
            a->events[at] = e;
        }
}

/* ---- comparing ---- */

static void same(const cell *got, int64_t expected, const char *text, uint32_t row, uint32_t item)
{
    const int64_t value = got->missing ? NONE : got->i;
    if (value != expected)
        fail_msg("item %u of row %u: %lld, expected %lld\n%s", item, row, (long long)value, (long long)expected, text);
}

static void check_row(const attempt *a, const answer *got, uint32_t row, uint32_t patient, const char *text)
{
    uint32_t item = 2, last = 0;
    if (row >= got->rows || got->patient[row] != patient)
        fail_msg("patient %u has a match that is not found (row %u of %u): %s", patient, row, got->rows, text);
    for (uint32_t i = 0; i < a->p->count; i++) {
        if (a->p->steps[i].no)
            continue;
        const event *e = a->events[a->last[i]];
        last = i;
        same(cell_at(got, row, item), e->start, text, row, item);
        item++;
        same(cell_at(got, row, item), end_of(&w, e), text, row, item);
        item++;
        if (!a->p->steps[i].of->contacts || a->p->count > 4)
            continue;
        same(cell_at(got, row, item), e->has_cost ? e->cost : NONE, text, row, item);
        item++;
    }
    same(cell_at(got, row, 0), a->events[a->last[0]]->start, text, row, 0);
    same(cell_at(got, row, 1), end_of(&w, a->events[a->last[last]]), text, row, 1);
}

static uint32_t check_pattern(const pattern *p)
{
    char text[2000];
    uint32_t row = 0;
    attempt a = {.p = p};
    print_pattern(p, text, sizeof text);
    answer got = world_ask(&w, text);
    for (uint32_t patient = 0; patient < w.people_count; patient++) {
        bool found = false;
        read_patient(&a, patient);
        for (int first = 0; first < (int)a.count && (p->each || !found); first++) {
            if (!p->steps[0].of->holds(a.events[first]))
                continue;
            a.last[0] = first;
            if (!rest(&a, 1, first))
                continue;
            found = true;
            check_row(&a, &got, row++, patient, text);
        }
    }
    if (row != got.rows)
        fail_msg("%u matches, expected %u: %s", got.rows, row, text);
    answer_free(&got);
    return row;
}

/* At least so many must be found, or nothing would be tested. */
static void check_random_patterns(uint32_t least)
{
    uint32_t patterns = 0;
    for (int i = 0; i < PATTERNS; i++) {
        const pattern p = random_pattern();
        patterns += check_pattern(&p) > 0;
    }
    assert_true(patterns > least);
}

static void any_pattern_finds_what_trying_everything_finds(void **state)
{
    (void)state;
    check_random_patterns(PATTERNS / 4);
}

/* Of few patients' events lists are made otherwise. */
static void patterns_that_few_can_have_are_found(void **state)
{
    (void)state;
    check_random_patterns(PATTERNS / 8);
}

/* ---- the rules ---- */

#define ONE(what) {.of = what, .since = -1, .least = 1, .most = 1}
#define SINCE(what, days, step) {.of = what, .has_within = true, .within = days, .since = step, .least = 1, .most = 1}

static void windows_since_several_steps_are_all_kept(void **state)
{
    (void)state;
    const kind *any = &kinds[0], *acute = &kinds[4], *drug = &kinds[5];
    const pattern patterns[] = {
        /* two spans that overlap */
        {true, 4, {ONE(any), ONE(acute), SINCE(any, 6, 0), SINCE(any, 4, 1)}},
        /* a span over a run of varying length, which it bounds too */
        {true, 4, {ONE(any), ONE(acute), {.of = any, .has_within = true, .within = 9, .least = 2}, SINCE(drug, 12, 0)}},
        /* `no` measured since a step that is not the last */
        {true, 4, {ONE(any), ONE(any), {.of = drug, .no = true, .has_within = true, .within = 9}, SINCE(any, 9, 0)}},
        /* three spans, nested and overlapping */
        {true, 5, {ONE(any), ONE(any), ONE(any), SINCE(any, 5, 1), SINCE(any, 9, 0)}},
        {true, 6, {ONE(any), ONE(any), ONE(acute), SINCE(any, 5, 1), SINCE(any, 3, 2), SINCE(any, 9, 0)}},
        /* months, where a day may not exist */
        {true, 3, {ONE(any), ONE(any),
                   {.of = any, .has_within = true, .months = true, .within = 1, .least = 1, .most = 1}}},
    };
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        assert_true(check_pattern(&patterns[i]) > 0);
}

static void runs_are_as_long_as_the_rest_needs_and_no_longer(void **state)
{
    (void)state;
    const kind *any = &kinds[0], *drug = &kinds[5];
    static const uint32_t counts[][2] = {{1, 2}, {1, 3}, {2, 3}, {2, 5}, {1, 0}, {3, 3}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        for (int32_t days = 1; days <= 4; days++) {
            const pattern p = {true, 3, {ONE(any),
                                         {.of = any, .has_within = true, .within = days, .since = -1, .least = counts[i][0],
                                          .most = counts[i][1]},
                                         {.of = drug, .has_within = true, .within = 1, .since = -1, .least = 1, .most = 1}}};
            assert_true(check_pattern(&p) > 0);
        }
}

static void overlapping_matches_each_have_a_row(void **state)
{
    (void)state;
    answer each = world_ask(&w, "from match each contacts as a then contacts as b derive x = 1");
    answer one = world_ask(&w, "from match contacts as a then contacts as b derive x = 1");
    assert_true(each.rows > one.rows);
    for (uint32_t i = 1; i < one.rows; i++)
        assert_true(one.patient[i] > one.patient[i - 1]);
    answer_free(&each);
    answer_free(&one);
}

static void events_of_a_match_are_used_as_any_event(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from match each (contacts where level = primary) as a then drugs as b "
                             "where b.start - a.start >= 2d derive n = count(contacts during a.start..b.start), "
                             "m = next(contacts, a).start, t = homes.town at b.start, k = exists(a where acute)");
    assert_true(a.rows > 0);
    for (uint32_t r = 0; r < a.rows; r++)
        assert_true(cell_at(&a, r, 0)->i >= 1);
    answer_free(&a);
}

/* ---- what is refused ---- */

static void refused(const char *text, const char *because)
{
    lots_error err = {0};
    answer out;
    const lots_status status = world_try(&w, text, &out, &err);
    answer_free(&out);
    if (status == LOTS_OK || strstr(err.text, because) == NULL)
        fail_msg("%s: %s\nexpected '%s' of: %s", lots_status_name(status), err.text, because, text);
}

static void patterns_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    refused("from match contacts as a then (contacts where unit = a.unit) as b derive x = 1", "another step");
    refused("from match contacts as a then contacts within 3d since c as b derive x = 1", "no step before this one");
    refused("from match contacts as a then contacts within 3d since b as b derive x = 1", "no step before this one");
    refused("from match contacts as a then contacts within 3 as b derive x = 1", "a constant duration");
    refused("from match contacts as a then contacts within -3d as b derive x = 1", "negative");
    refused("from match contacts as a then contacts as a derive x = 1", "already has a column 'a'");
    refused("from match contacts as end derive x = 1", "already has a column 'end'");
    refused("from match contacts as a then 0..2 contacts as b derive x = 1", "at least one");
    refused("from match contacts as a then 300 contacts as b derive x = 1", "more than 256");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_pattern_finds_what_trying_everything_finds),
        cmocka_unit_test(windows_since_several_steps_are_all_kept),
        cmocka_unit_test(runs_are_as_long_as_the_rest_needs_and_no_longer),
        cmocka_unit_test(overlapping_matches_each_have_a_row),
        cmocka_unit_test(events_of_a_match_are_used_as_any_event),
        cmocka_unit_test(patterns_that_mean_nothing_are_refused),
    };
    const struct CMUnitTest quiet[] = {
        cmocka_unit_test(patterns_that_few_can_have_are_found),
        cmocka_unit_test(windows_since_several_steps_are_all_kept),
        cmocka_unit_test(runs_are_as_long_as_the_rest_needs_and_no_longer),
    };
    const int failed = cmocka_run_group_tests(tests, open_world, close_world);
    return failed + cmocka_run_group_tests(quiet, open_quiet_world, close_world);
}
