/* Sums and means of floats whose sizes differ wildly, over windows that overlap, lie in each other or follow one another, and
 * over rows: each is exact (slow_sum.h) and rounded once; so it is the same bits for any segments and any threads. */
#include "core/base/pool.h"
#include "query/exec/run.h"
#include "tests/query/exec/exec_fixture.h"
#include "tests/support/slow_sum.h"

enum { PATIENTS = 4, EVENTS = 240, DAYS = 90, LOOKS_MAX = 60 };

static world w, split; /* the same events, in one segment and in three */

static void put_weighted(world *to, lots_batch *b, uint32_t patient)
{
    static const double wild[] = {1e300, -1e300, 1e-300, -1e-300, 1, -1, 0.1, 3e15};
    lots_error err;
    const int32_t day = to->from + (int32_t)below(to, DAYS);
    const uint64_t kind = below(to, 20);
    assert_ok(lots_batch_row_begin(b, patient, &err));
    assert_ok(lots_batch_put_int(b, C_START, day, &err));
    assert_ok(lots_batch_put_int(b, C_END, day + (int64_t)below(to, 60), &err));
    put_id(b, C_LEVEL, to->domains[D_LEVEL], 1);
    put_id(b, C_UNIT, to->domains[D_UNIT], below(to, 8));
    assert_ok(lots_batch_put_int(b, C_ACUTE, (int64_t)below(to, 2), &err));
    if (kind > 0)
        assert_ok(lots_batch_put_float(
            b, C_WEIGHT, kind < 16 && patient != 2 ? wild[kind % 8] : (double)below(to, 9999) / 7, &err));
    assert_ok(lots_batch_row_end(b, &err));
}

static void wild_patient(world *to, lots_batch *batches, uint32_t patient)
{
    random_person(to, &batches[S_PATIENTS], patient);
    for (uint32_t i = 0; i < (patient == 1 ? 3 : EVENTS); i++)
        put_weighted(to, &batches[S_CONTACTS], patient);
}

static int open_worlds(void **state)
{
    (void)state;
    world_open(&w, 23);
    world_fill(&w, (const uint32_t[]){PATIENTS, 0}, wild_patient);
    world_open(&split, 23);
    world_fill(&split, (const uint32_t[]){1, 2, 1, 0}, wild_patient);
    return 0;
}

static int close_worlds(void **state)
{
    (void)state;
    world_close(&w);
    world_close(&split);
    return 0;
}

/* ---- windows ---- */

typedef struct window {
    const char *text;
    bool (*holds)(const event *row, const event *e);
    bool many; /* so that adding one by one would look at far more than the events */
} window;

static bool until_start(const event *row, const event *e) { return e->start <= row->start; }
static bool since_start(const event *row, const event *e) { return e->start >= row->start; }
static bool year_before(const event *row, const event *e) { return e->start < row->start && e->start >= row->start - 365; }
static bool that_day(const event *row, const event *e) { return e->start == row->start; }
static bool in_stay(const event *row, const event *e) { return e->start >= row->start && e->start <= row->end; }
static bool acute_since(const event *row, const event *e) { return e->acute == 1 && e->start >= row->start; }
static bool same_unit(const event *row, const event *e) { return e->unit == row->unit && e->start <= row->start; }
static bool any(const event *row, const event *e) { return row->patient == e->patient; }

static const window windows[] = {
    {"contacts until r.start", until_start, true},
    {"contacts since r.start", since_start, true},
    {"contacts within 365d before r.start", year_before, true},
    {"contacts within 0d of r.start", that_day, false},
    {"contacts since r.start until r.end", in_stay, true}, /* some within others */
    {"contacts where acute since r.start", acute_since, true},
    {"contacts as x where x.unit = r.unit until r.start", same_unit, false},
    {"contacts", any, false},
};

static void check_row(const window *where, const event *row, const cell *sum, const cell *mean)
{
    const person *who = &w.people[row->patient];
    slow_sum all = {{0}};
    uint32_t count = 0;
    for (uint32_t i = who->first[S_CONTACTS]; i < who->end[S_CONTACTS]; i++) {
        const event *e = &w.events[S_CONTACTS][i];
        if (!e->has_weight || !where->holds(row, e))
            continue;
        slow_add(&all, e->weight);
        count++;
    }
    const double want = slow_round(&all), middle = count > 0 ? slow_mean(&all, count) : 0;
    if (memcmp(&want, &sum->f, sizeof want) != 0 || mean->missing != (count == 0) ||
        memcmp(&middle, &mean->f, sizeof middle) != 0)
        fail_msg("%s: sum %a mean %a of %u, wanted %a and %a", where->text, sum->f, mean->f, count, want, middle);
}

static void windows_have_the_exact_sum_of_their_events_rounded_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        char text[300];
        snprintf(text, sizeof text, "from contacts as r derive a = sum(weight over (%s)), b = mean(weight over (%s))",
                 windows[i].text, windows[i].text);
        answer a = world_ask(&w, text);
        assert_int_equal(a.rows, w.event_count[S_CONTACTS]);
        for (uint32_t row = 0; row < a.rows; row++)
            check_row(&windows[i], &w.events[S_CONTACTS][row], cell_at(&a, row, 0), cell_at(&a, row, 1));
        if (windows[i].many && a.work.rows > LOOKS_MAX * (uint64_t)a.rows)
            fail_msg("%llu looks at %u events: %s", (unsigned long long)a.work.rows, a.rows, text);
        answer_free(&a);
    }
}

/* ---- rows ---- */

static void ask_groups(world *of, unsigned threads, double sums[8], double means[8], double shares[8])
{
    static const char text[] = "from contacts where unit is not missing group by unit "
                               "show s = sum(weight), m = mean(weight), p = share(abs(weight) / 9.0 ^ 300)";
    lots_error err;
    lots_arena arena;
    lots_sources sources;
    lots_query *query;
    lots_pool *pool;
    lots_result result;
    lots_arena_init(&arena, 0);
    assert_ok(lots_query_bind(of->registry, text, strlen(text), "test", NULL, &arena, &sources, &query, &err));
    assert_ok(lots_pool_open(&pool, threads, &err));
    const lots_run_options options = {.pool = pool};
    assert_ok(lots_run_pipeline(query, &query->pipelines[query->pipeline_count - 1], &options, &result, &err));
    assert_int_equal(result.rows, 8);
    memcpy(sums, result.columns[1].values.data, 8 * sizeof(double));
    memcpy(means, result.columns[2].values.data, 8 * sizeof(double));
    memcpy(shares, result.columns[3].values.data, 8 * sizeof(double));
    lots_result_free(&result);
    lots_pool_close(pool);
    lots_arena_free(&arena);
}

static void groups_have_the_same_exact_sums_for_any_segments_and_threads(void **state)
{
    double sums[8], means[8], shares[8];
    slow_sum all[8], weights[8], whole = {{0}};
    uint32_t counts[8] = {0};
    (void)state;
    memset(all, 0, sizeof all);
    memset(weights, 0, sizeof weights);
    for (uint32_t i = 0; i < w.event_count[S_CONTACTS]; i++) {
        const event *e = &w.events[S_CONTACTS][i];
        if (!e->has_weight)
            continue;
        slow_add(&all[e->unit], e->weight);
        slow_add(&weights[e->unit], fabs(e->weight) / pow(9, 300));
        slow_add(&whole, fabs(e->weight) / pow(9, 300));
        counts[e->unit]++;
    }
    for (unsigned run = 0; run < 4; run++) {
        ask_groups(run < 2 ? &w : &split, 1 + run % 2, sums, means, shares);
        for (unsigned u = 0; u < 8; u++) {
            const double want = slow_round(&all[u]), middle = slow_mean(&all[u], counts[u]);
            const double share = slow_round(&weights[u]) / slow_round(&whole);
            assert_memory_equal(&want, &sums[u], sizeof want);
            assert_memory_equal(&middle, &means[u], sizeof middle);
            assert_memory_equal(&share, &shares[u], sizeof share);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_have_the_exact_sum_of_their_events_rounded_once),
        cmocka_unit_test(groups_have_the_same_exact_sums_for_any_segments_and_threads),
    };
    return cmocka_run_group_tests(tests, open_worlds, close_worlds);
}
