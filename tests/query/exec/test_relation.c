/* Steps, unions and differences, against naive loops. */
#include "tests/query/exec/random_world.h"

/* Pairs of all contacts or of the acute ones, with a gap of at most 7 days or with any. */
static void check_steps(bool acute, bool limited)
{
    char text[200];
    uint32_t row = 0;
    snprintf(text, sizeof text, "from steps(%s by unit%s) as s derive a = source, b = target, c = gap, d = s.start, e1 = s.end",
             acute ? "contacts where acute" : "contacts", limited ? " gap 7d" : "");
    answer a = world_ask(&w, text);
    for (uint32_t p = 0; p < w.people_count; p++) {
        const event *last = NULL;
        EACH(e, &w, &w.people[p], S_CONTACTS) {
            if (acute && e->acute != 1)
                continue;
            const int64_t gap = last == NULL || end_of(&w, last) == NONE ? NONE : e->start - end_of(&w, last);
            if (last != NULL && (!limited || (gap != NONE && gap <= 7))) {
                assert_true(row < a.rows);
                same(cell_at(&a, row, 0), last->unit, "source", row);
                same(cell_at(&a, row, 1), e->unit, "target", row);
                same(cell_at(&a, row, 2), gap, "gap", row);
                same(cell_at(&a, row, 3), e->start, "start", row);
                same(cell_at(&a, row, 4), end_of(&w, e), "end", row);
                row++;
            }
            last = e;
        }
    }
    assert_int_equal(row, a.rows);
    answer_free(&a);
}

static void steps_are_consecutive_pairs_within_the_gap(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        check_steps(i % 2 == 1, i / 2 == 1);
}

static void steps_of_a_set_that_depends_on_the_row_are_made_for_each(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from contacts as r derive a = count(steps(contacts within 200d since r.start by unit gap 7d)), "
                             "b = sum(gap over steps(contacts within 200d since r.start by unit))");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_CONTACTS][r], *last = NULL;
        int64_t near = 0, gaps = 0;
        EACH(e, &w, &w.people[of->patient], S_CONTACTS) {
            if (e->start < of->start || e->start > of->start + 200)
                continue;
            const bool known = last != NULL && end_of(&w, last) != NONE;
            near += known && e->start - end_of(&w, last) <= 7;
            gaps += known ? e->start - end_of(&w, last) : 0;
            last = e;
        }
        same(cell_at(&a, r, 0), near, "steps", r);
        same(cell_at(&a, r, 1), gaps, "gaps", r);
    }
    answer_free(&a);
}

static void unions_merge_in_the_total_order_and_minus_takes_records_away(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from ((contacts where level = primary) union drugs) as u derive a = u.start, b = stream");
    uint32_t row = 0;
    for (uint32_t p = 0; p < w.people_count; p++) {
        const person *who = &w.people[p];
        uint32_t c = who->first[S_CONTACTS], d = who->first[S_DRUGS];
        while (c < who->end[S_CONTACTS] || d < who->end[S_DRUGS]) {
            const event *x = &w.events[S_CONTACTS][c], *y = &w.events[S_DRUGS][d];
            if (c < who->end[S_CONTACTS] && x->level != 3) {
                c++;
                continue;
            }
            const bool contact = c < who->end[S_CONTACTS] && (d == who->end[S_DRUGS] || compare_events(&w, x, y) < 0);
            assert_true(row < a.rows);
            same(cell_at(&a, row, 0), contact ? x->start : y->start, "start", row);
            assert_string_equal(cell_at(&a, row, 1)->text, contact ? "contacts" : "drugs");
            contact ? c++ : d++;
            row++;
        }
    }
    assert_int_equal(row, a.rows);
    answer_free(&a);
    a = world_ask(&w, "from patients derive a = count((contacts where acute) union (contacts where cost > 0)), "
                      "b = sum(cost over (contacts minus (contacts where acute))), "
                      "c = next(contacts minus (contacts where acute), first(contacts)).start");
    for (uint32_t p = 0; p < a.rows; p++) {
        int64_t count = 0, sum = 0, next = NONE;
        const event *first = NULL;
        EACH(e, &w, &w.people[p], S_CONTACTS) {
            count += e->acute == 1 || (e->has_cost && e->cost > 0);
            sum += e->acute != 1 && e->has_cost ? e->cost : 0;
            if (first != NULL && next == NONE && e->acute != 1)
                next = e->start;
            first = first == NULL ? e : first;
        }
        same(cell_at(&a, p, 0), count, "union", p);
        same(cell_at(&a, p, 1), sum, "minus", p);
        same(cell_at(&a, p, 2), next, "next", p);
    }
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_consecutive_pairs_within_the_gap),
        cmocka_unit_test(steps_of_a_set_that_depends_on_the_row_are_made_for_each),
        cmocka_unit_test(unions_merge_in_the_total_order_and_minus_takes_records_away),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
