/* One patient with very many events, in three shapes that hurt: all on one day, each within the one before, levels that alternate
 * day by day. Whatever is asked, the rows that are looked at and the memory must grow as the events do, however the windows of
 * different events overlap. Counted, not timed. Not here: conditions on two events that neither a key nor a
 * window nor the order of one value decides. */
#include "query/exec/worker.h"
#include "tests/query/exec/exec_fixture.h"

enum { SIZES = 3, LOOKS_MAX = 60, PINNED_LOOKS_MAX = 200, EVENT_BYTES_MAX = 1000 };

#define PINNED "# pinned\n"

typedef enum shape { ONE_DAY, NESTED, ALTERNATING } shape;

static shape filling;
static uint32_t crowd;

/* The numbers of events: each twice the one before, and more than a vector holds. */
static int sizes(void) { return lots_test_full() ? SIZES : 2; }
static uint32_t size(int i) { return (lots_test_full() ? 50000u : 20000u) << i; }

/* ---- the patient ---- */

static void put_contact(world *w, lots_batch *b, uint32_t patient, int32_t start, int32_t end, unsigned level, unsigned unit)
{
    lots_error err;
    char note[8];
    const int bytes = snprintf(note, sizeof note, "n%u", (unsigned)below(w, 90));
    assert_ok(lots_batch_row_begin(b, patient, &err));
    assert_ok(lots_batch_put_int(b, C_START, start, &err));
    if (level == 1)
        assert_ok(lots_batch_put_int(b, C_END, end, &err));
    put_id(b, C_LEVEL, w->domains[D_LEVEL], level);
    put_id(b, C_UNIT, w->domains[D_UNIT], unit);
    assert_ok(lots_batch_put_int(b, C_ACUTE, (int64_t)below(w, 2), &err));
    assert_ok(lots_batch_put_int(b, C_COST, (int64_t)below(w, 100000) - 20000, &err));
    assert_ok(lots_batch_put_float(b, C_WEIGHT, (double)((int64_t)below(w, 2000) - 1000) / 7, &err));
    assert_ok(lots_batch_put_int(b, C_SIZE, (int64_t)below(w, 12), &err));
    for (uint64_t n = below(w, 3), i = 0; i < n; i++)
        assert_ok(lots_batch_put_item(b, C_DX, lots_dictionary_stable_of_rank(w->codes)[ICD_FIRST + below(w, ICD_COUNT)], &err));
    assert_ok(lots_batch_put_text(b, C_NOTE, note, (size_t)bytes, &err));
    assert_ok(lots_batch_row_end(b, &err));
}

static void put_shaped(world *w, lots_batch *b, uint32_t patient, uint32_t i, uint32_t count)
{
    const int32_t day = w->from + (int32_t)i, last = w->from + 2 * (int32_t)count;
    switch (filling) {
    case ONE_DAY:
        random_contact(w, b, patient, w->from + 10);
        break;
    case NESTED: /* an onion of stays */
        put_contact(w, b, patient, day, last - (int32_t)i, 1, (unsigned)below(w, 8));
        break;
    case ALTERNATING:
        put_contact(w, b, patient, day, day, i % 2 == 0 ? 0 : 3, i % 3 == 0 ? 1 : 2);
    }
}

/* Patient 0 has `crowd` contacts and a quarter as many drugs, the others a few. */
static void crowded_patient(world *w, lots_batch *batches, uint32_t patient)
{
    const uint32_t contacts = patient == 0 ? crowd : 3, drugs = contacts / 4 + 1;
    random_person(w, &batches[S_PATIENTS], patient);
    for (uint32_t i = 0; i < contacts; i++)
        put_shaped(w, &batches[S_CONTACTS], patient, i, contacts);
    for (uint32_t i = 0; i < drugs; i++)
        random_span(w, &batches[S_DRUGS], patient, w->from + 10 + (filling == ONE_DAY ? 0 : 4 * (int32_t)i), true);
}

/* ---- what is asked ---- */

static const char *const questions[] = {
    /* windows that overlap, of every aggregate */
    "from contacts as r derive a = count(contacts within 30d until r.start)",
    "from contacts as r derive a = exists(contacts where level = inpatient within 30d of r.start)",
    "from contacts as r derive a = sum(cost over (contacts within 30d of r.start))",
    "from contacts as r derive a = mean(amount over (contacts since r.start)), b = sum(amount over (contacts until r.start))",
    "from contacts as r derive a = sum(weight over contacts within 365d before r.start), "
    "b = mean(weight over (contacts since r.start)), c = sum(weight over (contacts since r.start until r.end))",
    "from contacts as r derive a = min(cost over (contacts since r.start)), b = max(weight over (contacts until r.start))",
    "from contacts as r derive a = min(note over (contacts since r.start)), b = max(acute over (contacts until r.start))",
    "from contacts as r derive a = median(cost over (contacts since r.start)), "
    "b = quantile(weight, 90% over (contacts within 99d of r.start)), c = median(cost over (contacts since r.start until r.end))",
    "from contacts as r derive a = first(cost over (contacts since r.start)), b = last(unit over (contacts until r.start))",
    "from contacts as r derive a = count(distinct unit over (contacts within 5d of r.start)), "
    "b = count(distinct dx over (contacts since r.start))",
    "from contacts as r derive a = set(unit over (contacts since r.start)), b = set(dx over (contacts within 99d until r.start))",
    "from contacts as r derive a = set(unit over (contacts since r.start until r.end)), "
    "b = count(distinct dx over (contacts since r.start until r.end))",
    "from contacts as r derive a = most(unit over (contacts since r.start)), b = most(dx over (contacts until r.start))",
    "from contacts as r derive a = most(unit over (contacts since r.start until r.end)), "
    "b = most(dx over (contacts since r.start until r.end))",
    "from contacts as r derive a = nth(contacts since r.start, 9).cost, b = nights(contacts until r.start)",
    "from contacts as r derive a = score(charlson_se, dx over (contacts within 90d until r.start)),"
    " g = groups(hfrs, dx over (contacts within 90d of r.start))",
    "from patients derive a = first(contacts as e where count(contacts where level = emergency within 364d until e.start) >= 4)"
    ".start",
    "from patients derive x = (contacts where year(start) > 1900), a = count(x as e where count(x within 9d until e.start) >= 3)",
    "from patients derive a = sum(count(drugs within 30d after e.start) over contacts as e)",
    /* one event */
    "from contacts as r derive a = next(contacts, r).start, b = prev(contacts where acute, r).cost",
    "from contacts as r derive a = next(drugs, r).start, b = prev(drugs, r).end",
    "from contacts as r derive a = next(contacts as x where x.unit = r.unit, r).cost",
    "from contacts as r derive a = exists(contacts as x where x.unit = r.unit and x.acute until r.start)",
    "from contacts as r derive a = count(contacts as x where x.unit = r.unit within 9d until r.start), "
    "b = sum(cost over (contacts as x where x.dx.main = r.dx.main since r.start))",
    "from contacts as r derive a = first(contacts where level = primary since r.start).cost",
    "from contacts as r derive a = exists(contacts as x where x.cost > r.cost and x.start > r.start)",
    "from contacts as r derive a = count(contacts as x where x.unit != r.unit since r.start until r.end)",
    "from contacts as r derive a = count(contacts as x where x.unit = r.unit and x.cost >= r.cost - 10 and x.cost <= r.cost + 10)",
    "from patients derive a = nth(contacts, 15000).start, b = last(contacts by cost).start",
    /* relations that are made of events */
    "from patients derive a = count(episodes(contacts gap 0d)), b = max(n over episodes(contacts per unit))",
    "from patients derive a = max(n over episodes(contacts per dx gap 2d, s = sum(cost))), b = count(episodes(contacts by unit))",
    "from patients derive a = count(episodes(contacts gap 1d, m = median(cost), u = set(unit), k = most(unit)))",
    "from patients derive a = count(steps(contacts by unit gap 7d))",
    "from patients derive a = count((contacts where acute) union drugs), b = count(contacts minus (contacts where acute))",
    "from patients derive a = median(cost over contacts), b = set(unit over contacts), c = most(dx over contacts), "
    "d = covered_days(contacts, 2020..2600)",
    "from patients derive a = count(contacts overlapping 2020-06), b = count(contacts known before 2021-06-01)",
    "from patients derive a = count(active(contacts by unit)), b = path(contacts by level gap 3d max 4)",
    "from patients derive a = count(active(drugs by atc)), b = path(contacts by unit)",
    /* patterns */
    "from match each contacts as a then contacts as b then contacts as c",
    "from match each contacts as a then (contacts where acute) within 30d as b "
    "then (contacts where level = primary) within 9d since a as c then contacts within 9d since a as d",
    "from match each (contacts where level = emergency) as a then 3 contacts within 0d as b "
    "then no (drugs) within 1d then (contacts where acute) as c",
    "from match each contacts as a then 2..9 (contacts where acute) as b then 1.. drugs as c",
    "from match contacts as a then no (contacts where acute) then contacts as b then (homes) as never",
    /* the values after a step that several windows are measured since are made for each day of its events: of the events in
     * those windows only */
    PINNED "from match each contacts as a then contacts within 1d as b then contacts within 2d since a "
           "then 1..2 contacts within 1d since b then no drugs within 1d since a",
};

/* ---- measuring ---- */

typedef struct effort {
    uint64_t looks, bytes;
} effort;

static uint64_t peak_bytes(const lots_worker *worker)
{
    uint64_t bytes = worker->tables.peak_bytes + worker->scratch.peak_bytes;
    for (uint32_t d = 0; d < worker->depth_count; d++)
        bytes += worker->depths[d].arena.peak_bytes;
    return bytes;
}

static void ask_chunks(world *w, lots_worker *worker, const lots_query *query, const char *text)
{
    lots_error err;
    for (uint32_t s = 0; s < lots_registry_segments(w->registry); s++) {
        lots_segment *segment;
        assert_ok(lots_registry_segment(w->registry, s, &segment, &err));
        for (uint32_t c = 0; c < lots_segment_chunks(segment); c++) {
            const lots_instance *patients;
            lots_vector values[ITEMS_MAX];
            lots_instance *rows = NULL;
            uint32_t items = 0;
            lots_status status = lots_worker_begin(worker, s, c, &patients, &err);
            if (status == LOTS_OK)
                status = run_chunk(worker, &query->pipelines[0], values, &items, &rows, &err);
            if (status != LOTS_OK)
                fail_msg("%s: %s", text, err.text);
        }
    }
}

static effort ask(world *w, const char *text)
{
    lots_error err;
    lots_arena arena;
    lots_sources sources;
    lots_query *query;
    lots_worker *worker;
    const lots_bind_options options = {0};
    lots_arena_init(&arena, 0);
    assert_ok(lots_query_bind(w->registry, text, strlen(text), "test", &options, &arena, &sources, &query, &err));
    assert_ok(lots_worker_open(&worker, query, 0, NULL, &err));
    ask_chunks(w, worker, query, text);
    const effort spent = {lots_worker_work(worker)->rows, peak_bytes(worker)};
    lots_worker_close(worker);
    lots_arena_free(&arena);
    return spent;
}

/* Twice the events: hardly more than twice the work and the memory; and no more than so many looks and bytes an event. */
static bool is_linear(const char *text, const effort *spent)
{
    bool linear = true;
    const uint64_t looks_max = strncmp(text, PINNED, strlen(PINNED)) == 0 ? PINNED_LOOKS_MAX : LOOKS_MAX;
    for (int i = 0; i < sizes(); i++) {
        const uint64_t events = size(i);
        linear &= spent[i].looks <= looks_max * events && spent[i].bytes <= EVENT_BYTES_MAX * events;
        if (i > 0)
            linear &= 10 * spent[i].looks <= 23 * spent[i - 1].looks && 10 * spent[i].bytes <= 25 * spent[i - 1].bytes;
    }
    if (!linear)
        for (int i = 0; i < sizes(); i++)
            print_error("%s: %u events: %llu looks, %llu bytes\n", i == 0 ? text : "  ", (unsigned)size(i),
                        (unsigned long long)spent[i].looks, (unsigned long long)spent[i].bytes);
    return linear;
}

static void ask_shape(shape wanted)
{
    enum { COUNT = sizeof questions / sizeof *questions };
    static effort spent[COUNT][SIZES];
    int failed = 0;
    filling = wanted;
    for (int i = 0; i < sizes(); i++) {
        world w;
        crowd = size(i);
        world_open(&w, 5);
        world_fill(&w, (const uint32_t[]){20, 0}, crowded_patient);
        for (size_t q = 0; q < COUNT; q++)
            spent[q][i] = ask(&w, questions[q]);
        world_close(&w);
    }
    for (size_t q = 0; q < COUNT; q++)
        failed += !is_linear(questions[q], spent[q]);
    if (failed > 0)
        fail_msg("%d of %d questions are not linear", failed, (int)COUNT);
}

static void everything_on_one_day_is_linear(void **state)
{
    (void)state;
    ask_shape(ONE_DAY);
}

static void events_within_events_are_linear(void **state)
{
    (void)state;
    ask_shape(NESTED);
}

static void levels_that_alternate_are_linear(void **state)
{
    (void)state;
    ask_shape(ALTERNATING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_on_one_day_is_linear),
        cmocka_unit_test(events_within_events_are_linear),
        cmocka_unit_test(levels_that_alternate_are_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
