/* Active periods, against a count of every day. */
#include "tests/query/exec/exec_fixture.h"
#include "tests/query/exec/exec_order.h"

enum { VALUES = 16, EVENTS = 128, PERIODS = 600 };

static world w;

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 59);
    world_fill(&w, (const uint32_t[]){200, 100, 0}, random_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

/* ---- every day ---- */

typedef uint32_t (*values_of)(const event *e, int32_t *out);

typedef struct period {
    int32_t start, end; /* end NONE: going on */
    int32_t last;
    int64_t n;
    uint32_t values; /* a bit each */
} period;

typedef struct running {
    const event *event;
    int32_t start, end;
    bool open;
    uint32_t values;
} running;

static uint32_t atc_of(const event *e, int32_t *out) { return out[0] = e->atc, 1; }
static uint32_t town_of(const event *e, int32_t *out) { return out[0] = e->town, 1; }
static uint32_t unit_of(const event *e, int32_t *out) { return out[0] = e->unit, e->unit != NONE; }
static uint32_t dx_of(const event *e, int32_t *out)
{
    for (uint32_t i = 0; i < e->dx_count; i++)
        out[i] = (int32_t)e->dx[i];
    return e->dx_count;
}

static uint32_t read_running(const person *who, int stream, values_of of, running *out)
{
    uint32_t count = 0;
    EACH(e, &w, who, stream) {
        int32_t values[VALUES], end = span_end_of(&w, e);
        running *now = &out[count];
        *now = (running){.event = e, .start = e->start, .end = end == NONE ? e->start : end, .open = is_open(&w, e)};
        const uint32_t n = of(e, values);
        for (uint32_t i = 0; i < n; i++)
            now->values |= 1u << values[i];
        if (e->ghost || n == 0)
            continue;
        assert_true(++count < EVENTS);
    }
    return count;
}

static uint32_t values_on(const running *all, uint32_t count, int32_t day)
{
    uint32_t values = 0;
    for (uint32_t i = 0; i < count; i++)
        values |= all[i].start <= day && day <= all[i].end ? all[i].values : 0;
    return values;
}

/* Of what runs on `day` and not on the next: is the end of any known? A value whose open event only ran out is not. */
static bool known_to_change(const running *all, uint32_t count, int32_t day)
{
    const uint32_t before = values_on(all, count, day), after = values_on(all, count, day + 1);
    uint32_t ran_out = 0;
    for (uint32_t i = 0; i < count; i++)
        ran_out |= all[i].open && all[i].end == day ? all[i].values : 0;
    return (after & ~before) != 0 || (before & ~after & ~ran_out) != 0;
}

static uint32_t naive_periods(const running *all, uint32_t count, period *out)
{
    uint32_t made = 0;
    const int32_t until = w.until + 800;
    for (int32_t day = w.from; day <= until; day++) {
        const uint32_t values = values_on(all, count, day);
        if (values == 0)
            continue;
        period *now = &out[made];
        assert_true(++made < PERIODS);
        *now = (period){.start = day, .values = values};
        while (values_on(all, count, day + 1) == values)
            day++;
        now->last = day;
        now->end = known_to_change(all, count, day) ? day : NONE;
        for (uint32_t i = 0; i < count; i++)
            now->n += all[i].start <= now->last && all[i].end >= now->start;
    }
    return made;
}

static void check(const char *text, int stream, values_of of)
{
    static running all[EVENTS];
    static period periods[PERIODS];
    answer a = world_ask(&w, text);
    uint32_t row = 0;
    for (uint32_t p = 0; p < w.people_count; p++) {
        const uint32_t count = naive_periods(all, read_running(&w.people[p], stream, of, all), periods);
        for (uint32_t i = 0; i < count; i++, row++) {
            uint32_t values = 0;
            assert_true(row < a.rows);
            assert_int_equal(a.patient[row], p);
            assert_int_equal(cell_at(&a, row, 0)->i, periods[i].start);
            assert_int_equal(cell_at(&a, row, 1)->missing ? NONE : cell_at(&a, row, 1)->i, periods[i].end);
            assert_int_equal(cell_at(&a, row, 2)->i, periods[i].n);
            const cell *set = cell_at(&a, row, 3);
            for (uint32_t k = 0; k < set->set_count; k++) {
                assert_true(k == 0 || set->set[k] > set->set[k - 1]);
                values |= 1u << set->set[k];
            }
            assert_int_equal(values, periods[i].values);
        }
    }
    assert_int_equal(row, a.rows);
    answer_free(&a);
}

static void periods_are_the_days_with_one_set(void **state)
{
    (void)state;
    check("from active(drugs by atc) derive a = start, b = end, c = n, d = atc", S_DRUGS, atc_of);
    check("from active(homes by town) derive a = start, b = end, c = n, d = town", S_HOMES, town_of);
    check("from active(contacts by unit) derive a = start, b = end, c = n, d = unit", S_CONTACTS, unit_of);
    check("from active(contacts by dx) derive a = start, b = end, c = n, d = dx", S_CONTACTS, dx_of);
}

/* ---- in use ---- */

/* Runs of days with at least two drugs, merged over changes of which: what the question of polypharmacy asks. */
static void periods_merge_into_episodes(void **state)
{
    (void)state;
    static running all[EVENTS];
    answer a = world_ask(&w, "from patients derive a = count(episodes((active(drugs by atc) where size(atc) >= 2) gap 1d)), "
                             "b = max(days(start, end) over episodes((active(drugs by atc) where size(atc) >= 2) gap 1d))");
    for (uint32_t p = 0; p < w.people_count; p++) {
        const uint32_t count = read_running(&w.people[p], S_DRUGS, atc_of, all);
        int64_t runs = 0, longest = NONE, length = -1;
        for (int32_t day = w.from; day <= w.until + 100; day++) {
            const bool two = __builtin_popcount(values_on(all, count, day)) >= 2;
            runs += two && length < 0;
            length = two ? length + 1 : -1;
            longest = length > longest && length >= 0 ? length : longest;
        }
        assert_int_equal(cell_at(&a, p, 0)->i, runs);
        assert_int_equal(cell_at(&a, p, 1)->missing ? NONE : cell_at(&a, p, 1)->i, longest);
    }
    answer_free(&a);
}

/* What all that ask for the periods want of their sizes is known when they are made; what only some want is not. */
static void periods_are_asked_for_by_their_sizes(void **state)
{
    (void)state;
    static running all[EVENTS];
    static period periods[PERIODS];
    answer a = world_ask(&w, "from patients derive a = count(active(contacts by dx) where size(dx) >= 3), "
                             "b = sum(n over (active(contacts by dx) where size(dx) >= 3 and n >= 2)), "
                             "c = last(active(contacts by dx) where size(dx) >= 2).dx, "
                             "d = count(active(contacts by dx) where size(dx) >= 0 and size(dx) > 1)");
    for (uint32_t p = 0; p < w.people_count; p++) {
        const uint32_t count = naive_periods(all, read_running(&w.people[p], S_CONTACTS, dx_of, all), periods);
        int64_t three = 0, n = 0, two = 0;
        uint32_t last = 0, values = 0;
        for (uint32_t i = 0; i < count; i++) {
            const int size = __builtin_popcount(periods[i].values);
            three += size >= 3;
            n += size >= 3 && periods[i].n >= 2 ? periods[i].n : 0;
            two += size >= 2;
            last = size >= 2 ? periods[i].values : last;
        }
        for (uint32_t k = 0; k < cell_at(&a, p, 2)->set_count; k++)
            values |= 1u << cell_at(&a, p, 2)->set[k];
        assert_int_equal(cell_at(&a, p, 0)->i, three);
        assert_int_equal(cell_at(&a, p, 1)->missing ? 0 : cell_at(&a, p, 1)->i, n);
        assert_int_equal(values, last);
        assert_int_equal(cell_at(&a, p, 3)->i, two);
    }
    answer_free(&a);
}

/* A stay that ends before those that began before it. */
static void nested_stay(world *at, lots_batch *contacts, uint32_t patient, uint32_t i)
{
    lots_error err;
    assert_ok(lots_batch_row_begin(contacts, patient, &err));
    assert_ok(lots_batch_put_int(contacts, C_START, at->from + (int32_t)i, &err));
    assert_ok(lots_batch_put_int(contacts, C_END, at->from + 400 - (int32_t)i, &err));
    put_id(contacts, C_LEVEL, at->domains[D_LEVEL], 1);
    assert_ok(lots_batch_put_int(contacts, C_COST, 1000000 + i, &err));
    assert_ok(lots_batch_row_end(contacts, &err));
}

static void crowded_patient(world *at, lots_batch *batches, uint32_t patient)
{
    random_person(at, &batches[S_PATIENTS], patient);
    for (uint32_t i = 0; patient == 1 && i < 100; i++)
        nested_stay(at, &batches[S_CONTACTS], patient, i);
    for (uint32_t i = 0; i < 30 + 30 * patient; i++)
        random_contact(at, &batches[S_CONTACTS], patient, at->from + (int32_t)below(at, 200));
}

/* Of more values than a word has bits: sums of what runs stand for the sets. */
static uint64_t costs_on(const world *at, const person *who, int32_t day, uint32_t *size)
{
    uint64_t sum = 0;
    *size = 0;
    EACH(e, at, who, S_CONTACTS) {
        const int32_t end = span_end_of(at, e) == NONE ? e->start : span_end_of(at, e);
        bool met = e->ghost || !e->has_cost || e->start > day || end < day;
        EACH(f, at, who, S_CONTACTS) {
            const int32_t over = span_end_of(at, f) == NONE ? f->start : span_end_of(at, f);
            met = met || (f < e && !f->ghost && f->has_cost && f->cost == e->cost && f->start <= day && over >= day);
        }
        *size += !met;
        sum += met ? 0 : ((uint64_t)e->cost ^ 0x5bd1e995u) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    }
    return sum;
}

static void a_patient_may_have_more_values_than_a_word_has_bits(void **state)
{
    (void)state;
    static world crowd;
    world_open(&crowd, 67);
    world_fill(&crowd, (const uint32_t[]){6, 0}, crowded_patient);
    answer a = world_ask(&crowd, "from patients derive a = count(active(contacts by cost)), "
                                 "b = count(active(contacts by cost) where size(cost) >= 4), "
                                 "c = max(size(cost) over active(contacts by cost))");
    for (uint32_t p = 0; p < crowd.people_count; p++) {
        uint64_t before = 0;
        int64_t periods = 0, four = 0, most = 0;
        for (int32_t day = crowd.from; day <= crowd.until + 800; day++) {
            uint32_t size = 0;
            const uint64_t now = costs_on(&crowd, &crowd.people[p], day, &size);
            periods += now != before && size > 0;
            four += now != before && size >= 4;
            most = size > most ? size : most;
            before = now;
        }
        assert_int_equal(cell_at(&a, p, 0)->i, periods);
        assert_int_equal(cell_at(&a, p, 1)->i, four);
        assert_int_equal(cell_at(&a, p, 2)->i, most);
    }
    answer_free(&a);
    world_close(&crowd);
}

/* A set that depends on the row is made for each. */
static void periods_of_a_window_are_made_for_each_row(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from drugs as d derive a = count(active(drugs within 20d until d.start by atc))");
    for (uint32_t r = 0; r < a.rows; r++) {
        static running all[EVENTS];
        static period periods[PERIODS];
        const event *of = &w.events[S_DRUGS][r];
        const uint32_t count = read_running(&w.people[of->patient], S_DRUGS, atc_of, all);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < count; i++)
            if (all[i].start <= of->start && all[i].start >= of->start - 20)
                all[kept++] = all[i];
        assert_int_equal(cell_at(&a, r, 0)->i, naive_periods(all, kept, periods));
    }
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_are_the_days_with_one_set),
        cmocka_unit_test(periods_merge_into_episodes),
        cmocka_unit_test(periods_are_asked_for_by_their_sizes),
        cmocka_unit_test(a_patient_may_have_more_values_than_a_word_has_bits),
        cmocka_unit_test(periods_of_a_window_are_made_for_each_row),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
