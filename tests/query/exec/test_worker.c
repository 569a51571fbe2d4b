/* A worker going over chunks: skipping, stopping, memory, and rows brought back. */
#include <stdatomic.h>

#include "tests/query/exec/exec_fixture.h"

static world w;

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 47);
    world_fill(&w, (const uint32_t[]){60, 60, 0}, random_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

typedef struct asked {
    lots_arena arena;
    lots_query *query;
    lots_worker *worker;
} asked;

static void open_query(asked *out, const char *text, size_t memory, const _Atomic bool *stop)
{
    lots_error err;
    lots_sources sources;
    const lots_bind_options options = {0};
    lots_arena_init(&out->arena, 0);
    assert_ok(lots_query_bind(w.registry, text, strlen(text), "test", &options, &out->arena, &sources, &out->query, &err));
    assert_ok(lots_worker_open(&out->worker, out->query, memory, stop, &err));
}

static void close_query(asked *q)
{
    lots_worker_close(q->worker);
    lots_arena_free(&q->arena);
}

static void chunks_that_surely_hold_nothing_are_skipped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool may;
    } cases[] = {
        {"from contacts during 2020 as r derive a = 1", true},
        {"from contacts during 2031 as r derive a = 1", false},    /* beyond the zone map */
        {"from contacts before 2001-01-01 as r derive a = 1", false},
        {"from contacts where dx in {I50} as r derive a = 1", true},
        {"from patients where exists(contacts during 2031) derive a = 1", false},
        {"from patients where not exists(contacts during 2031) derive a = 1", true},
        {"from patients where exists(contacts) and exists(drugs since 2031-01-01) derive a = 1", false},
        {"from patients derive a = count(contacts during 2031)", true}, /* a row a patient all the same */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked q;
        open_query(&q, cases[i].text, 0, NULL);
        if (lots_worker_may_have_rows(q.worker, &q.query->pipelines[0], 0, 0) != cases[i].may)
            fail_msg("%s", cases[i].text);
        close_query(&q);
    }
}

static void a_stopped_worker_says_so(void **state)
{
    (void)state;
    lots_error err;
    asked q;
    _Atomic bool stop = false;
    const lots_instance *patients;
    lots_instance *rows;
    lots_vector value;
    open_query(&q, "from patients derive a = count(contacts where cost > 5)", 0, &stop);
    const lots_bound_pipeline *pipeline = &q.query->pipelines[0];
    assert_ok(lots_worker_begin(q.worker, 0, 0, &patients, &err));
    assert_ok(lots_rows_begin(q.worker, pipeline, &rows, &err));
    atomic_store(&stop, true);
    assert_status(LOTS_INTERRUPTED, lots_eval(q.worker, pipeline->stages[0].items[0].value, rows, &value, &err));
    assert_status(LOTS_INTERRUPTED, lots_worker_begin(q.worker, 1, 0, &patients, &err));
    atomic_store(&stop, false);
    assert_ok(lots_worker_begin(q.worker, 1, 0, &patients, &err));
    close_query(&q);
}

static void a_worker_short_of_memory_fails_at_a_step_and_can_go_on(void **state)
{
    (void)state;
    lots_error err;
    asked q;
    uint32_t refused = 0, passed = 0;
    for (size_t memory = 4096; memory < 4 << 20; memory *= 2) {
        const lots_instance *patients;
        lots_instance *rows = NULL;
        lots_vector value;
        open_query(&q, "from contacts as r derive a = sum(cost over (contacts as x where x.cost > r.cost))", memory, NULL);
        const lots_bound_pipeline *pipeline = &q.query->pipelines[0];
        for (uint32_t segment = 0; segment < 2; segment++) {
            lots_status status = lots_worker_begin(q.worker, segment, 0, &patients, &err);
            if (status == LOTS_OK)
                status = lots_rows_begin(q.worker, pipeline, &rows, &err);
            if (status == LOTS_OK)
                status = lots_eval(q.worker, pipeline->stages[0].items[0].value, rows, &value, &err);
            assert_true(status == LOTS_OK || status == LOTS_LIMIT);
            status == LOTS_OK ? passed++ : refused++;
        }
        close_query(&q);
    }
    assert_true(refused > 0 && passed > 0);
}

static void rows_come_back_as_they_were_found(void **state)
{
    (void)state;
    lots_error err;
    asked q;
    const lots_instance *patients;
    const uint32_t *owner;
    uint64_t *keep;
    lots_instance *rows, *kept, *again;
    lots_vector before, after;
    uint32_t patient[4096], row[4096];
    open_query(&q, "from contacts where level = primary as r where cost > 100 derive a = count(contacts before r.start), b = r.cost",
               0, NULL);
    const lots_bound_pipeline *pipeline = &q.query->pipelines[0];
    assert_int_equal(pipeline->stages[0].kind, LOTS_STAGE_WHERE);
    assert_ok(lots_worker_begin(q.worker, 1, 0, &patients, &err));
    assert_ok(lots_rows_begin(q.worker, pipeline, &rows, &err));
    assert_ok(lots_eval_true(q.worker, pipeline->stages[0].where, rows, &keep, &err));
    assert_ok(lots_rows_filter(q.worker, rows, keep, &kept, &err));
    assert_ok(lots_rows_patients(q.worker, kept, &owner, &err));
    assert_true(kept->count > 10 && kept->count < rows->count && kept->count < 4096);
    const uint32_t count = kept->count;
    for (uint32_t i = 0; i < count; i++) {
        patient[i] = owner[i];
        row[i] = kept->relation_row[i];
    }
    for (uint32_t item = 0; item < 2; item++) {
        int64_t values[4096];
        const lots_expr *value = pipeline->stages[1].items[item].value;
        assert_ok(lots_worker_begin(q.worker, 1, 0, &patients, &err));
        assert_ok(lots_rows_begin(q.worker, pipeline, &rows, &err));
        assert_ok(lots_eval_true(q.worker, pipeline->stages[0].where, rows, &keep, &err));
        assert_ok(lots_rows_filter(q.worker, rows, keep, &kept, &err));
        assert_ok(lots_eval(q.worker, value, kept, &before, &err));
        memcpy(values, before.data, count * sizeof *values);
        assert_ok(lots_worker_begin(q.worker, 0, 0, &patients, &err));
        assert_ok(lots_worker_begin(q.worker, 1, 0, &patients, &err));
        assert_ok(lots_rows_restore(q.worker, pipeline, patient, row, NULL, count, &again, &err));
        assert_ok(lots_eval(q.worker, value, again, &after, &err));
        assert_memory_equal(values, after.data, count * sizeof *values);
    }
    close_query(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_that_surely_hold_nothing_are_skipped),
        cmocka_unit_test(a_stopped_worker_says_so),
        cmocka_unit_test(a_worker_short_of_memory_fails_at_a_step_and_can_go_on),
        cmocka_unit_test(rows_come_back_as_they_were_found),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
