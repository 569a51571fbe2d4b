/* Single events of a patient, and those next to an event in any stream, against naive loops. */
#include "tests/query/exec/random_world.h"

static void first_last_and_nth_follow_the_total_order(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from patients derive a = first(contacts).minute, b = last(contacts where acute).cost, "
                             "c = nth(contacts where level = primary, 3).start, d = nth(contacts, 100).start, "
                             "e1 = first(contacts where cost is not missing by cost desc, start).start, "
                             "f = last(contacts by weight).minute, g = nth(contacts, 2 by unit).start");
    for (uint32_t p = 0; p < a.rows; p++) {
        const person *who = &w.people[p];
        const event *first = NULL, *acute = NULL, *third = NULL, *dear = NULL, *heavy = NULL;
        const event *by_unit[4096];
        uint32_t primary = 0, all = 0;
        EACH(e, &w, who, S_CONTACTS) {
            first = first == NULL ? e : first;
            acute = e->acute == 1 ? e : acute;
            third = e->level == 3 && ++primary == 3 ? e : third;
            if (e->has_cost && (dear == NULL || e->cost > dear->cost))
                dear = e;
            if (heavy == NULL || (e->has_weight ? !heavy->has_weight || e->weight >= heavy->weight : !heavy->has_weight))
                heavy = e;
            uint32_t at = all++;
            for (; at > 0 && by_unit[at - 1]->unit > e->unit; at--)
                by_unit[at] = by_unit[at - 1];
            by_unit[at] = e;
        }
        same(cell_at(&a, p, 0), first == NULL ? NONE : first->minute, "first", p);
        same(cell_at(&a, p, 1), acute == NULL || !acute->has_cost ? NONE : acute->cost, "last acute", p);
        same(cell_at(&a, p, 2), third == NULL ? NONE : third->start, "third", p);
        same(cell_at(&a, p, 3), NONE, "hundredth", p);
        same(cell_at(&a, p, 4), dear == NULL ? NONE : dear->start, "dearest", p);
        same(cell_at(&a, p, 5), heavy == NULL ? NONE : heavy->minute, "heaviest", p);
        same(cell_at(&a, p, 6), all < 2 ? NONE : by_unit[1]->start, "second by unit", p);
    }
    answer_free(&a);
}

static const event *beside(const event *of, int stream, bool after, bool (*keep)(const event *, const event *))
{
    const event *best = NULL;
    EACH(e, &w, &w.people[of->patient], stream) {
        const int order = compare_events(&w, e, of);
        if ((after ? order > 0 : order < 0) && keep(e, of) && (best == NULL || !after))
            best = e;
    }
    return best;
}

static bool any(const event *e, const event *of)
{
    (void)e, (void)of;
    return true;
}

static bool primary_only(const event *e, const event *of)
{
    (void)of;
    return e->level == 3;
}

static bool same_unit(const event *e, const event *of) { return e->unit == of->unit && e->unit != NONE; }

static bool near(const event *e, const event *of) { return e->level == 3 && e->start <= of->start + 30; }

static int64_t start_of(const event *e) { return e == NULL ? NONE : e->start; }

static void next_and_prev_find_the_nearest_event_in_any_stream(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from contacts as r derive a = next(contacts, r).minute, "
                             "b = prev(contacts where level = primary, r).start, c = next(drugs, r).start, "
                             "d = prev(homes, r).start, e1 = next(contacts as x where x.unit = r.unit, r).start, "
                             "f = prev(contacts as x where x.unit = r.unit, r).start, "
                             "g = next(contacts where level = primary within 30d since r.start, r).start");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_CONTACTS][r], *next = beside(of, S_CONTACTS, true, any);
        same(cell_at(&a, r, 0), next == NULL ? NONE : next->minute, "next", r);
        same(cell_at(&a, r, 1), start_of(beside(of, S_CONTACTS, false, primary_only)), "prev primary", r);
        same(cell_at(&a, r, 2), start_of(beside(of, S_DRUGS, true, any)), "next drug", r);
        same(cell_at(&a, r, 3), start_of(beside(of, S_HOMES, false, any)), "prev home", r);
        same(cell_at(&a, r, 4), start_of(beside(of, S_CONTACTS, true, same_unit)), "next of the unit", r);
        same(cell_at(&a, r, 5), start_of(beside(of, S_CONTACTS, false, same_unit)), "prev of the unit", r);
        same(cell_at(&a, r, 6), start_of(beside(of, S_CONTACTS, true, near)), "next within", r);
    }
    answer_free(&a);
}

static void a_single_event_is_a_set_that_can_be_narrowed(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from contacts as r derive back = (next(contacts where level = primary, r) where acute "
                             "within 30d since r.start), a = exists(back), b = sum(cost over back), c = first(back).unit");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_CONTACTS][r], *next = beside(of, S_CONTACTS, true, primary_only);
        const bool kept = next != NULL && next->acute == 1 && next->start <= of->start + 30;
        same(cell_at(&a, r, 0), kept, "exists", r);
        same(cell_at(&a, r, 1), kept && next->has_cost ? next->cost : 0, "sum", r);
        same(cell_at(&a, r, 2), kept ? next->unit : NONE, "unit", r);
    }
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_last_and_nth_follow_the_total_order),
        cmocka_unit_test(next_and_prev_find_the_nearest_event_in_any_stream),
        cmocka_unit_test(a_single_event_is_a_set_that_can_be_narrowed),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
