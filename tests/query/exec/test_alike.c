/* Which parts of a query are known for the same: pairs of values in texts, alike and nearly so. */
#include <stdio.h>

#include "query/exec/alike.h"
#include "tests/query/exec/exec_fixture.h"

static world w;

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 83);
    world_fill(&w, (const uint32_t[]){20, 0}, random_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

/* A worker for a text. The query and what it is bound with lie in the arena. */
static lots_worker *open_worker(const char *text, lots_arena *arena)
{
    lots_error err;
    lots_query *query = NULL;
    lots_worker *worker = NULL;
    lots_sources sources;
    const lots_bind_options options = {0};
    lots_arena_init(arena, 0);
    assert_ok(lots_query_bind(w.registry, text, strlen(text), "test", &options, arena, &sources, &query, &err));
    assert_ok(lots_worker_open(&worker, query, 0, NULL, &err));
    return worker;
}

/* Are the two items that the text derives last one value to the worker, and their sets one? */
static void compare_items(const char *text, bool *same_value, bool *same_set)
{
    lots_arena arena;
    lots_worker *worker = open_worker(text, &arena);
    const lots_bound_stage *stage = &worker->query->pipelines[0].stages[0];
    const lots_expr *a = stage->items[stage->item_count - 2].value, *b = stage->items[stage->item_count - 1].value;
    assert_int_not_equal(a->id, b->id);
    *same_value = lots_alike_id(worker, a) == lots_alike_id(worker, b);
    *same_set = lots_alike_set(worker, a->set) == lots_alike_set(worker, b->set);
    assert_int_equal(lots_alike_id(worker, a), a->id);
    lots_worker_close(worker);
    lots_arena_free(&arena);
}

static void check(const char *const *texts, bool value, bool set)
{
    for (uint32_t i = 0; texts[i] != NULL; i++) {
        bool same_value = !value, same_set = !set;
        compare_items(texts[i], &same_value, &same_set);
        if (same_value != value || same_set != set)
            fail_msg("%s: value %d, set %d", texts[i], same_value, same_set);
    }
}

static void what_is_written_twice_is_one(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "let v = contacts where level = inpatient during 2022 from patients derive a = count(v), b = count(v)",
        "let v = contacts where dx in {E10-E14, I50} from patients derive a = exists(v), b = exists(v)",
        "let v = contacts as c where exists(drugs as d where d.start > c.start) from patients derive a = count(v), b = count(v)",
        "from patients derive a = count(contacts as x where exists(contacts as y where y.start > x.start)), "
        "b = count(contacts as p where exists(contacts as q where q.start > p.start))",
        "from patients derive a = sum(cost over contacts as x), b = sum(cost over contacts as y)",
        "from patients derive a = max(n over episodes(contacts per unit)), b = max(n over episodes(contacts per unit))",
        "let v = contacts where level = primary from patients derive a = count(episodes(v per unit gap 3d) where n > 1), "
        "b = count(episodes(v per unit gap 3d) where n > 1)",
        NULL};
    check(texts, true, true);
}

static void what_is_asked_of_the_same_rows_shares_them(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "let v = contacts where level = inpatient from patients derive a = count(v), b = exists(v)",
        "let v = contacts where level = inpatient from patients derive a = sum(cost over v), b = max(cost over v)",
        "from patients derive a = quantile(cost, 25% over contacts), b = quantile(cost, 26% over contacts)",
        NULL};
    check(texts, false, true);
}

static void what_differs_anywhere_is_two(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "from patients derive a = count(contacts where level = inpatient), b = count(contacts where level = primary)",
        "from patients derive a = count(contacts during 2022), b = count(contacts during 2023)",
        "from patients derive a = count(contacts since 2022-01-01), b = count(contacts until 2022-01-01)",
        "from patients derive a = count(contacts where dx in {E10-E14}), b = count(contacts where dx in {I50})",
        "from patients derive a = count(contacts), b = count(drugs)",
        "from patients derive a = count(contacts as x where exists(contacts as y where y.start > x.start)), "
        "b = count(contacts as x where exists(contacts as y where y.start > y.end))",
        "from patients derive a = count(contacts as x where exists(contacts as y where y.start > x.start)), "
        "b = count(contacts as x where exists(contacts as y where x.start > y.start))",
        "from patients derive a = max(n over episodes(contacts per unit)), b = max(n over episodes(contacts per level))",
        "from patients derive a = max(n over episodes(contacts per unit)), b = max(n over episodes(contacts per unit gap 3d))",
        "from patients derive a = max(n over episodes(contacts per unit)), b = max(n over episodes(contacts by unit))",
        "from patients derive a = max(n over episodes(contacts per unit)), b = max(n over episodes(drugs per atc))",
        NULL};
    check(texts, false, false);
}

static void what_is_of_an_event_is_one_where_the_event_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool same;
    } rows[] = {
        {"let e = first(contacts where level = inpatient) from patients derive a = e.start, b = e.start", true},
        {"let e = last(contacts during 2022 where dx in {I50}) from patients derive a = e.unit, b = e.unit", true},
        {"let e = first(contacts where level = inpatient) from patients derive a = e.start, b = e.end", false},
        {"let v = contacts where level = inpatient from patients derive a = first(v).start, b = last(v).start", false},
        {"from patients derive a = first(contacts during 2021).start, b = first(contacts during 2022).start", false},
        {"from patients derive a = first(contacts).start, b = first(drugs).start", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lots_arena arena;
        lots_worker *worker = open_worker(rows[i].text, &arena);
        const lots_bound_stage *stage = &worker->query->pipelines[0].stages[0];
        const lots_expr *a = stage->items[0].value, *b = stage->items[1].value;
        assert_int_equal(a->op, LOTS_OP_EVENT_COLUMN);
        if ((lots_alike_id(worker, a) == lots_alike_id(worker, b)) != rows[i].same)
            fail_msg("%s", rows[i].text);
        lots_worker_close(worker);
        lots_arena_free(&arena);
    }
}

/* Is the first of two sets known as one of which the second asks more? */
static bool is_wider(const char *text)
{
    lots_arena arena;
    lots_worker *worker = open_worker(text, &arena);
    const lots_bound_stage *stage = &worker->query->pipelines[0].stages[0];
    const lots_set *a = stage->items[0].value->set, *b = stage->items[1].value->set;
    assert_ptr_equal(lots_alike_set(worker, a), a);
    const lots_set *wider = lots_alike_wider(worker, b);
    assert_true(wider == NULL || wider == a);
    assert_ptr_equal(lots_alike_wider(worker, a), NULL);
    lots_worker_close(worker);
    lots_arena_free(&arena);
    return wider != NULL;
}

static void a_set_of_which_another_asks_more_is_wider(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "let v = contacts where level = inpatient from patients derive a = count(v), b = count(v where acute)",
        "let v = contacts where level = inpatient from patients derive a = count(v), b = count(v as e where exists(v as f where f.start > e.start))",
        "let v = contacts where level = inpatient from patients derive a = count(v), b = count(v during 2022)",
        "let v = contacts during 2022 from patients derive a = count(v), b = exists(v where acute since 2022-03-01)"};
    static const char *const no[] = {
        "let v = contacts where level = inpatient from patients derive a = count(v), b = exists(v)",
        "let v = contacts where level = inpatient from patients derive a = count(v where acute), b = count(v)",
        "from patients derive a = count(contacts where level = inpatient), b = count(contacts where level = primary and acute)",
        "from patients derive a = count(contacts during 2022), b = count(contacts during 2023 where acute)",
        "from patients derive a = count(contacts during 2022), b = count(drugs during 2022 where atc is not missing)",
        "from patients derive a = count(contacts), b = count(contacts where acute)"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!is_wider(yes[i]))
            fail_msg("not wider: %s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (is_wider(no[i]))
            fail_msg("wider: %s", no[i]);
}

/* ---- pipelines ---- */

/* Two right sides joined, each with columns k and n. */
static bool are_alike(const char *one, const char *other)
{
    char text[700];
    lots_error err;
    lots_arena arena;
    lots_query *query = NULL;
    lots_sources sources;
    const lots_bind_options options = {0};
    snprintf(text, sizeof text, "from patients group by k = sex show m = count() join (%s) on k join (%s derive l = n show k, l) on k",
             one, other);
    lots_arena_init(&arena, 0);
    assert_ok(lots_query_bind(w.registry, text, strlen(text), "test", &options, &arena, &sources, &query, &err));
    const lots_bound_stage *stages = query->pipelines[0].stages;
    assert_int_equal(stages[1].kind, LOTS_STAGE_JOIN);
    assert_int_equal(stages[2].kind, LOTS_STAGE_JOIN);
    const bool alike = lots_alike_pipelines(query, stages[1].join->right, stages[2].join->right);
    assert_int_equal(alike, lots_alike_pipelines(query, stages[2].join->right, stages[1].join->right));
    lots_arena_free(&arena);
    return alike;
}

static void right_sides_are_alike_whatever_their_columns_are_called(void **state)
{
    (void)state;
    const char *tail = " derive z = n show k, z";
    static const char *const sides[] = {
        "from patients group by k = sex show n = count()",
        "from patients where exists(contacts where level = inpatient) group by k = sex show n = rate(exists(drugs))",
        "from patients derive u = set(unit over contacts) each x in u group by k = sex, x show n = count() group by k show n = max(n)",
        "from patients each month m in 2022 group by k = sex show n = count()",
        NULL};
    for (size_t i = 0; sides[i] != NULL; i++) {
        char one[400];
        snprintf(one, sizeof one, "%s%s", sides[i], tail);
        if (!are_alike(one, sides[i]))
            fail_msg("not alike: %s", sides[i]);
    }
}

static void right_sides_that_differ_anywhere_are_not_alike(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"from patients group by k = sex show n = count()", "from patients where true group by k = sex show n = count()"},
        {"from patients group by k = sex show n = count()", "from contacts group by k = sex show n = count()"},
        {"from patients where exists(drugs) group by k = sex show n = count()",
         "from patients where exists(contacts) group by k = sex show n = count()"},
        {"from patients derive s = count(contacts) group by k = sex show n = sum(s)",
         "from patients derive s = count(contacts) group by k = sex show n = max(s)"},
        {"from patients derive s = count(contacts) group by k = sex show n = count(where s > 1)",
         "from patients derive s = count(contacts) group by k = sex show n = count(where s > 2)"},
        {"from patients derive s = count(contacts) group by k = sex show n = quantile(s, 25%)",
         "from patients derive s = count(contacts) group by k = sex show n = quantile(s, 26%)"},
        {"from patients each month m in 2022 group by k = sex show n = count()",
         "from patients each week m in 2022 group by k = sex show n = count()"},
        {"from patients derive x = count(contacts) group by k = sex show n = sum(x)",
         "from patients derive x = count(contacts) + 1 group by k = sex show n = sum(x)"},
        {"from patients derive s = count(contacts) group by k = sex show n = count(), m = sum(s)",
         "from patients derive s = count(contacts) group by k = sex show m = count(), n = sum(s)"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char one[400];
        snprintf(one, sizeof one, "%s derive z = n show k, z", pairs[i][0]);
        if (are_alike(one, pairs[i][1]))
            fail_msg("alike: %s", pairs[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_twice_is_one),
        cmocka_unit_test(what_is_asked_of_the_same_rows_shares_them),
        cmocka_unit_test(what_is_of_an_event_is_one_where_the_event_is),
        cmocka_unit_test(what_differs_anywhere_is_two),
        cmocka_unit_test(a_set_of_which_another_asks_more_is_wider),
        cmocka_unit_test(right_sides_are_alike_whatever_their_columns_are_called),
        cmocka_unit_test(right_sides_that_differ_anywhere_are_not_alike),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
