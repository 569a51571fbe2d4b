/* Which parts of a query are known for the same: pairs of values in texts, alike and nearly so. */
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

/* Are the two items that the text derives last one value to the worker, and their sets one? */
static void compare_items(const char *text, bool *same_value, bool *same_set)
{
    lots_error err;
    lots_arena arena;
    lots_query *query = NULL;
    lots_worker *worker = NULL;
    lots_sources sources;
    const lots_bind_options options = {0};
    lots_arena_init(&arena, 0);
    assert_ok(lots_query_bind(w.registry, text, strlen(text), "test", &options, &arena, &sources, &query, &err));
    assert_ok(lots_worker_open(&worker, query, 0, NULL, &err));
    const lots_bound_stage *stage = &query->pipelines[0].stages[0];
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_twice_is_one),
        cmocka_unit_test(what_is_asked_of_the_same_rows_shares_them),
        cmocka_unit_test(what_differs_anywhere_is_two),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
