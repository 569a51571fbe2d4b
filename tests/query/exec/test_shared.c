/* Pipelines that begin alike, run one after the other: each gives what it gives when it is run by itself, and which of them are
 * made in one pass shows in the chunks that they look at. */
#include <stdlib.h>

#include "query/out/output.h"
#include "tests/query/exec/exec_fixture.h"

#define PEOPLE                                                                                                                  \
    "let people = from patients where alive at 2021-06-01 "                                                                     \
    "derive k = count(contacts), g = set(dx over contacts), u = first(contacts).unit "

typedef struct told {
    char *text; /* of all pipelines: what is printed, and the notes */
    uint64_t chunks[8];
    uint32_t count;
} told;

static world w;

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 97);
    world_fill(&w, (const uint32_t[]){120, 90, 60, 0}, random_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

static void add_result(lots_sink *sink, const lots_result *result)
{
    lots_error err;
    assert_ok(lots_output_write(LOTS_FORMAT_CSV, result, NULL, sink, &err));
    for (uint32_t i = 0; i < result->note_count; i++)
        assert_ok(lots_bytes_printf(&sink->text, &err, "%s\n", result->notes[i]));
}

static lots_status run(const char *text, bool together, lots_pool *pool, size_t memory, told *out, lots_error *why)
{
    lots_error err;
    lots_arena arena;
    lots_sources sources;
    lots_query *query = NULL;
    lots_shared *shared = NULL;
    lots_sink sink = {0};
    lots_status status = LOTS_OK;
    lots_arena_init(&arena, 0);
    *out = (told){.text = NULL};
    assert_ok(lots_query_bind(w.registry, text, strlen(text), "test", NULL, &arena, &sources, &query, &err));
    assert_true(query->pipeline_count <= 8);
    if (together)
        assert_ok(lots_shared_open(&shared, &err));
    for (uint32_t i = 0; i < query->pipeline_count && status == LOTS_OK; i++) {
        const lots_run_options options = {.pool = pool, .min_cell = 5, .memory_bytes = memory, .shared = shared};
        lots_result result;
        status = lots_run_pipeline(query, &query->pipelines[i], &options, &result, why);
        if (status != LOTS_OK)
            break;
        add_result(&sink, &result);
        out->chunks[out->count++] = result.work.chunks;
        lots_result_free(&result);
    }
    lots_shared_close(shared);
    lots_arena_free(&arena);
    out->text = calloc(sink.text.count + 1, 1);
    assert_non_null(out->text);
    if (sink.text.count > 0)
        memcpy(out->text, sink.text.data, sink.text.count);
    lots_sink_free(&sink);
    return status;
}

/* The same together as apart; `reads`: by pipeline, does it look at chunks when they are run together? */
static void check(const char *text, const char *reads)
{
    lots_error err;
    told apart, together;
    assert_ok(run(text, false, NULL, 0, &apart, &err));
    assert_ok(run(text, true, NULL, 0, &together, &err));
    assert_string_equal(apart.text, together.text);
    assert_int_equal(together.count, strlen(reads));
    for (uint32_t i = 0; i < together.count; i++) {
        assert_true(apart.chunks[i] > 0);
        if ((together.chunks[i] > 0) != (reads[i] == 'x'))
            fail_msg("%s: pipeline %u looked at %llu chunks", text, i, (unsigned long long)together.chunks[i]);
    }
    free(apart.text);
    free(together.text);
}

static void what_begins_alike_is_made_in_one_pass(void **state)
{
    (void)state;
    check(PEOPLE "from people group by sex show n = count(), k = mean(k) from people where k >= 3 group by u show n = count() "
                 "from people each x in g group by x show n = count() sort n desc limit 5",
          "x--");
    check(PEOPLE "let by_dx = from people each x in g group by x show nx = count() "
                 "from people where k > 1 each a, b in pairs(g) group by a, b show n = count() "
                 "join (from by_dx derive a = x show a, nx) on a "
                 "from people derive m = k / 2 + 1 group by m show n = count()",
          "x-");
    check(PEOPLE "from people where k > 2 where sex = m derive h = 2 * k group by h with totals show n = count() "
                 "from people derive h = size(g) group by h show n = count(), top = max(k)",
          "x-");
}

static void what_begins_otherwise_is_made_by_itself(void **state)
{
    (void)state;
    check("from patients where sex = m derive k = count(contacts) group by k show n = count() "
          "from patients where sex = f derive k = count(contacts) group by k show n = count()",
          "xx");
    check("from patients where sex = m group by sex show n = count() "
          "from patients where sex = m group by year = year(birth) show n = count()",
          "xx");
    check(PEOPLE "from people top 10 by k group by sex show n = count() from people group by sex show n = count()", "xx");
}

/* Periods have numbers only where they are asked for. */
static void only_one_of_two_asks_for_numbers_of_periods(void **state)
{
    (void)state;
    check(PEOPLE "from people each month m in 2021 where birth <= m.end group by m show n = count(), k = sum(k) "
                 "from people each month m in 2021 where birth <= m.end group by a = m.number show n = count(), b = sum(m.number + k)",
          "x-");
    check(PEOPLE "from people each month m in 2021 group by a = mod(m.number, 5) show n = count() "
                 "from people each month m in 2021 group by sex show n = count(), k = mean(k)",
          "x-");
}

static void a_panel_leaves_the_others_events_of_all_times(void **state)
{
    (void)state;
    check(PEOPLE "from people each month m in 2021-02..2021-04 derive d = covered_days(contacts, m), n = count(contacts during m) "
                 "group by m show d = sum(d), n = sum(n) "
                 "from people derive d = covered_days(contacts, 2000..2023) group by sex show d = sum(d), k = sum(k)",
          "x-");
    check(PEOPLE "from people each month m in 2020-05..2020-07 derive d = covered_days(contacts where acute, m) group by m show d = sum(d) "
                 "from people derive d = covered_days(contacts where acute, 2000..2023) group by sex show d = sum(d)",
          "x-");
}

/* Which of them left the data is for each to tell. */
static void windows_that_leave_the_data_are_told_by_those_that_ask(void **state)
{
    (void)state;
    lots_error err;
    told apart, together;
    const char *text = PEOPLE "from people group by sex show n = count() "
                              "from people derive c = count(contacts within 9000d before first(contacts).start) group by c show n = count()";
    assert_ok(run(text, false, NULL, 0, &apart, &err));
    assert_ok(run(text, true, NULL, 0, &together, &err));
    assert_non_null(strstr(apart.text, "warning: some windows"));
    assert_string_equal(apart.text, together.text);
    free(apart.text);
    free(together.text);
}

/* An eighth of the memory is all that groups may take while they wait: what is more reads the chunks again. */
static void groups_that_find_no_room_to_wait_are_made_again(void **state)
{
    (void)state;
    lots_error err;
    told apart, together;
    const char *text = PEOPLE "from people group by sex show n = count() "
                              "from people each x in g group by x, u, k show n = count(), m = median(k) sort n desc limit 5";
    assert_ok(run(text, false, NULL, 0, &apart, &err));
    for (size_t megabytes = 8; megabytes > 0; megabytes /= 8) {
        assert_ok(run(text, true, NULL, megabytes << 20, &together, &err));
        assert_string_equal(apart.text, together.text);
        assert_int_equal(together.chunks[1] > 0, megabytes == 1);
        free(together.text);
    }
    free(apart.text);
}

/* An error is that of the pipeline it is in. */
static void one_that_fails_fails_alone(void **state)
{
    (void)state;
    lots_error apart_why, together_why;
    told apart, together;
    const char *text = PEOPLE "from people group by sex show n = count() "
                              "from people derive c = 9223372036854775807 - k + 3 * k group by c show n = count()";
    const lots_status status = run(text, false, NULL, 0, &apart, &apart_why);
    assert_int_not_equal(status, LOTS_OK);
    assert_int_equal(run(text, true, NULL, 0, &together, &together_why), status);
    assert_string_equal(apart_why.text, together_why.text);
    assert_int_equal(apart_why.at, together_why.at);
    assert_int_equal(together.count, 1);
    assert_string_equal(apart.text, together.text);
    free(apart.text);
    free(together.text);
}

static void threads_share_too(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool = NULL;
    told one, three;
    const char *text = PEOPLE "from people group by sex, u show n = count(), k = sum(k) "
                              "from people each x in g group by x, sex show n = count(), k = median(k)";
    assert_ok(lots_pool_open(&pool, 3, &err));
    assert_ok(run(text, true, NULL, 0, &one, &err));
    assert_ok(run(text, true, pool, 0, &three, &err));
    assert_string_equal(one.text, three.text);
    lots_pool_close(pool);
    free(one.text);
    free(three.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_begins_alike_is_made_in_one_pass),
        cmocka_unit_test(what_begins_otherwise_is_made_by_itself),
        cmocka_unit_test(only_one_of_two_asks_for_numbers_of_periods),
        cmocka_unit_test(a_panel_leaves_the_others_events_of_all_times),
        cmocka_unit_test(windows_that_leave_the_data_are_told_by_those_that_ask),
        cmocka_unit_test(groups_that_find_no_room_to_wait_are_made_again),
        cmocka_unit_test(one_that_fails_fails_alone),
        cmocka_unit_test(threads_share_too),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
