/* One patient with very many events on one day: what is looked at must grow as the events do, however the windows of
 * different events overlap. Counted, not timed. */
#include "tests/query/exec/exec_fixture.h"

static world small, large;
static uint32_t crowd;

/* Patient 0 has `crowd` contacts on one day, the others a few. */
static void crowded_patient(world *w, lots_batch *batches, uint32_t patient)
{
    random_person(w, &batches[S_PATIENTS], patient);
    for (uint32_t i = 0; i < (patient == 0 ? crowd : 3); i++)
        random_contact(w, &batches[S_CONTACTS], patient, w->from + 10);
    for (uint32_t i = 0; i < (patient == 0 ? crowd / 4 : 1); i++)
        random_span(w, &batches[S_DRUGS], patient, w->from + 10, true);
}

static int open_worlds(void **state)
{
    (void)state;
    crowd = 15000;
    world_open(&small, 5);
    world_fill(&small, (const uint32_t[]){20, 0}, crowded_patient);
    crowd = 60000;
    world_open(&large, 5);
    world_fill(&large, (const uint32_t[]){20, 0}, crowded_patient);
    return 0;
}

static int close_worlds(void **state)
{
    (void)state;
    world_close(&small);
    world_close(&large);
    return 0;
}

static uint64_t rows_looked_at(world *w, const char *text)
{
    answer a = world_ask(w, text);
    const uint64_t rows = a.work.rows;
    answer_free(&a);
    return rows;
}

/* Four times the events: at most five times the work, and no more than 60 looks at an event. */
static void check_linear(const char *text)
{
    const uint64_t few = rows_looked_at(&small, text), many = rows_looked_at(&large, text);
    if (many > 5 * few || many > 60 * (uint64_t)large.event_count[S_CONTACTS])
        fail_msg("%llu rows looked at for 15,000 events, %llu for 60,000: %s", (unsigned long long)few,
                 (unsigned long long)many, text);
}

static void aggregates_over_overlapping_windows_are_linear(void **state)
{
    (void)state;
    check_linear("from contacts as r derive a = count(contacts within 30d until r.start)");
    check_linear("from contacts as r derive a = exists(contacts where level = inpatient within 30d of r.start)");
    check_linear("from contacts as r derive a = sum(cost over (contacts within 30d of r.start))");
    check_linear("from contacts as r derive a = mean(amount over (contacts since r.start))");
    check_linear("from contacts as r derive a = min(cost over (contacts since r.start)), "
                 "b = max(weight over (contacts until r.start))");
    check_linear("from contacts as r derive a = first(cost over (contacts since r.start)), "
                 "b = last(unit over (contacts until r.start))");
    check_linear("from contacts as r derive a = count(distinct unit over (contacts within 5d of r.start))");
    check_linear("from contacts as r derive a = score(charlson_se, dx over (contacts within 90d until r.start)),"
                 " g = groups(hfrs, dx over (contacts within 90d of r.start))");
    check_linear("from patients derive a = first(contacts as e where count(contacts where level = emergency within 364d "
                 "until e.start) >= 4).start");
}

static void single_events_are_found_in_linear_time(void **state)
{
    (void)state;
    check_linear("from contacts as r derive a = next(contacts, r).start, b = prev(contacts where acute, r).cost");
    check_linear("from contacts as r derive a = next(drugs, r).start, b = prev(drugs, r).end");
    check_linear("from contacts as r derive a = next(contacts as x where x.unit = r.unit, r).cost");
    check_linear("from contacts as r derive a = exists(contacts as x where x.unit = r.unit and x.acute until r.start)");
    check_linear("from contacts as r derive a = count(contacts as x where x.unit = r.unit within 9d until r.start), "
                 "b = sum(cost over (contacts as x where x.dx.main = r.dx.main since r.start))");
    check_linear("from contacts as r derive a = first(contacts where level = primary since r.start).cost");
    check_linear("from patients derive a = nth(contacts, 70000).start, b = last(contacts by cost).start");
}

static void derived_relations_are_made_in_linear_time(void **state)
{
    (void)state;
    check_linear("from patients derive a = count(episodes(contacts gap 0d)), b = max(n over episodes(contacts per unit))");
    check_linear("from patients derive a = max(n over episodes(contacts per dx gap 2d, s = sum(cost)))");
    check_linear("from patients derive a = count(steps(contacts by unit gap 7d))");
    check_linear("from patients derive a = count((contacts where acute) union drugs), "
                 "b = count(contacts minus (contacts where acute))");
    check_linear("from patients derive a = median(cost over contacts), b = set(unit over contacts), "
                 "c = most(dx over contacts), d = covered_days(contacts, 2020)");
}

static void patterns_active_periods_and_paths_are_found_in_linear_time(void **state)
{
    (void)state;
    check_linear("from patients derive a = count(active(contacts by unit)), b = path(contacts by level gap 3d max 4)");
    check_linear("from patients derive a = count(active(drugs by atc)), b = path(contacts by unit)");
    check_linear("from match each contacts as a then contacts as b then contacts as c");
    check_linear("from match each contacts as a then (contacts where acute) within 30d as b "
                 "then (contacts where level = primary) within 9d since a as c then contacts within 9d since a as d");
    check_linear("from match each (contacts where level = emergency) as a then 3 contacts within 0d as b "
                 "then no (drugs) within 1d then (contacts where acute) as c");
    check_linear("from match each contacts as a then 2..9 (contacts where acute) as b then 1.. drugs as c");
    check_linear("from match contacts as a then no (contacts where acute) then contacts as b then (homes) as never");
    check_linear("from match each contacts as a then contacts within 3d as b then contacts within 9d since a "
                 "then 1..2 contacts within 9d since b then no drugs within 3d since a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggregates_over_overlapping_windows_are_linear),
        cmocka_unit_test(single_events_are_found_in_linear_time),
        cmocka_unit_test(derived_relations_are_made_in_linear_time),
        cmocka_unit_test(patterns_active_periods_and_paths_are_found_in_linear_time),
    };
    return cmocka_run_group_tests(tests, open_worlds, close_worlds);
}
