/* What spans overlap, cover and hold on a day, and what is known by one, against naive loops. */
#include "tests/query/exec/random_world.h"

static void overlaps_known_events_and_covered_days_follow_the_spans(void **state)
{
    (void)state;
    const int32_t from = w.from + 60, to = w.from + 120; /* 2020-03-01 .. 2020-04-30 */
    answer a = world_ask(&w, "from patients derive a = count(contacts overlapping 2020-03-01..2020-04-30), "
                             "b = count(drugs known before 2020-03-01), "
                             "c = covered_days(homes, 2020-03-01..2020-04-30), d = count(contacts known until 2020-04-30), "
                             "e1 = homes.town at 2020-03-01, f = drugs.atc at death");
    for (uint32_t p = 0; p < a.rows; p++) {
        const person *who = &w.people[p];
        int64_t overlapping = 0, known = 0, covered = 0, contacts = 0, town = NONE, atc = NONE;
        EACH(e, &w, who, S_CONTACTS) {
            const int32_t end = span_end_of(&w, e);
            overlapping += !e->ghost && e->start <= to && end != NONE && end >= from;
            contacts += !is_open(&w, e) && end != NONE && end <= to;
        }
        EACH(e, &w, who, S_DRUGS) {
            known += e->end != NONE && e->end < from;
            if (who->death != NONE && e->start <= who->death && e->end != NONE && e->end >= who->death)
                atc = e->atc;
        }
        for (int32_t day = from; day <= to; day++) {
            bool inside = false;
            EACH(e, &w, who, S_HOMES)
                inside |= e->start <= day && span_end_of(&w, e) >= day;
            covered += inside;
        }
        EACH(e, &w, who, S_HOMES)
            if (e->start <= from && span_end_of(&w, e) >= from)
                town = e->town;
        same(cell_at(&a, p, 0), overlapping, "overlapping", p);
        same(cell_at(&a, p, 1), known, "known", p);
        same(cell_at(&a, p, 2), covered, "covered days", p);
        same(cell_at(&a, p, 3), contacts, "known until", p);
        same(cell_at(&a, p, 4), town, "town", p);
        same(cell_at(&a, p, 5), atc, "drug at death", p);
    }
    answer_free(&a);
}

/* Few rows' ends are taken by themselves, and so is which of them are missing. */
static void few_closed_spans_without_an_end_hold_on_no_day(void **state)
{
    (void)state;
    const int32_t from = w.from + 152; /* 2020-06-01 */
    uint32_t endless = 0, held = 0;
    answer a = world_ask(&w, "from patients derive a = (drugs where atc in {A10BA02} since 2020-06-01).start at (2020-07-15), "
                             "b = covered_days(drugs where atc in {A10BA02} since 2020-06-01, 2020-07-01..2020-08-31)");
    for (uint32_t p = 0; p < a.rows; p++) {
        int64_t start = NONE, covered = 0;
        EACH(e, &w, &w.people[p], S_DRUGS) {
            const bool meant = e->atc == 0 && e->start >= from;
            endless += meant && e->end == NONE;
            if (meant && e->start <= from + 44 && e->end != NONE && e->end >= from + 44)
                start = e->start;
        }
        for (int32_t day = from + 30; day < from + 92; day++) {
            bool inside = false;
            EACH(e, &w, &w.people[p], S_DRUGS)
                inside |= e->atc == 0 && e->start >= from && e->start <= day && e->end != NONE && e->end >= day;
            covered += inside;
        }
        held += start != NONE;
        same(cell_at(&a, p, 0), start, "held", p);
        same(cell_at(&a, p, 1), covered, "covered days", p);
    }
    assert_true(endless > 10 && held > 10);
    answer_free(&a);
}

/* And so is the last day of few open spans that have none: that of death, or of what is covered. */
static void few_open_spans_without_an_end_run_until_death_or_the_last_day(void **state)
{
    (void)state;
    const int32_t since = w.from + 121, from = w.from + 366; /* 2020-05-01, 2021-01-01 */
    uint32_t cut = 0, running = 0;
    answer a = world_ask(&w, "from patients derive a = count((homes where town = a since 2020-05-01) overlapping 2021-01-01..2021-05-31), "
                             "b = covered_days(homes where town = a since 2020-05-01, 2021-01-01..2021-05-31)");
    for (uint32_t p = 0; p < a.rows; p++) {
        const person *who = &w.people[p];
        int64_t overlapping = 0, covered = 0;
        for (int32_t day = from; day < from + 151; day++) {
            bool inside = false;
            EACH(e, &w, who, S_HOMES)
                inside |= e->town == 0 && e->start >= since && e->start <= day && span_end_of(&w, e) >= day;
            covered += inside;
        }
        EACH(e, &w, who, S_HOMES) {
            if (e->town != 0 || e->start < since)
                continue;
            overlapping += span_end_of(&w, e) >= from;
            cut += e->end == NONE && span_end_of(&w, e) < w.until;
            running += e->end == NONE && span_end_of(&w, e) == w.until;
        }
        same(cell_at(&a, p, 0), overlapping, "overlapping", p);
        same(cell_at(&a, p, 1), covered, "covered days", p);
    }
    assert_true(cut > 1 && running > 5);
    answer_free(&a);
}

/* Of spans over days of a row, those that still run are sought among the ends, which don't rise where starts do. */
static void spans_over_days_of_a_row_are_those_that_still_run(void **state)
{
    (void)state;
    uint32_t over = 0; /* rows with one that is over, though it began after one that isn't */
    answer a = world_ask(&w, "from contacts as r derive n = count(homes overlapping r.start - 1d .. r.start), "
                             "some = count(homes where town in (a, b) overlapping r.start .. r.start + 9d), "
                             "any = exists(homes where town = a overlapping r.start - 9d .. r.start)");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_CONTACTS][r];
        int64_t n = 0, some = 0, before = 0, ended = 0;
        EACH(e, &w, &w.people[of->patient], S_HOMES) {
            const int32_t end = span_end_of(&w, e);
            ended += n > 0 && end < of->start - 1;
            n += e->start <= of->start && end >= of->start - 1;
            some += e->town < 2 && e->start <= of->start + 9 && end >= of->start;
            before += e->town == 0 && e->start <= of->start && end >= of->start - 9;
        }
        over += ended > 0;
        same(cell_at(&a, r, 0), n, "around", r);
        same(cell_at(&a, r, 1), some, "from then on", r);
        same(cell_at(&a, r, 2), before > 0, "until then", r);
    }
    assert_true(over > 20);
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlaps_known_events_and_covered_days_follow_the_spans),
        cmocka_unit_test(few_closed_spans_without_an_end_hold_on_no_day),
        cmocka_unit_test(few_open_spans_without_an_end_run_until_death_or_the_last_day),
        cmocka_unit_test(spans_over_days_of_a_row_are_those_that_still_run),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
