/* Sets, modes, quantiles and extremes over windows that overlap much, against naive loops over the events of each window; and
 * that they were found by sliding: each event looked at a few times, not once a window. */
#include <math.h>

#include "query/exec/reduce_slide.h"
#include "tests/query/exec/exec_fixture.h"

enum { EVENTS = 400, DAYS = 90, LOOKS_MAX = 60 };

static world w;

static void busy_patient(world *to, lots_batch *batches, uint32_t patient)
{
    random_person(to, &batches[S_PATIENTS], patient);
    for (uint32_t i = 0; i < (patient == 1 ? 3 : EVENTS); i++)
        random_contact(to, &batches[S_CONTACTS], patient, to->from + (int32_t)below(to, DAYS));
}

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 19);
    world_fill(&w, (const uint32_t[]){4, 0}, busy_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

/* ---- windows ---- */

typedef struct window {
    const char *text;
    void (*days)(const event *row, int32_t *low, int32_t *high);
    bool slides; /* there is an order in which neither end goes back */
} window;

static int32_t end_of(const event *e) { return e->end != NONE || e->level == 1 ? e->end : e->start; }

static void days_until(const event *row, int32_t *low, int32_t *high)
{
    *low = INT32_MIN + 1;
    *high = row->start;
}

static void days_since(const event *row, int32_t *low, int32_t *high)
{
    *low = row->start;
    *high = INT32_MAX;
}

static void days_around(const event *row, int32_t *low, int32_t *high)
{
    *low = row->start - 40;
    *high = row->start + 40;
}

static void days_after_end(const event *row, int32_t *low, int32_t *high)
{
    const int32_t end = end_of(row);
    *low = end == NONE ? INT32_MAX : end + 1;
    *high = end == NONE ? INT32_MIN : end + 50;
}

static void days_by_amount(const event *row, int32_t *low, int32_t *high)
{
    *low = row->has_size ? row->start : INT32_MAX;
    *high = row->has_size ? row->start + 9 * (int32_t)row->size : INT32_MIN;
}

static const window windows[] = {
    {"until r.start", days_until, true},
    {"since r.start", days_since, true},
    {"within 40d of r.start", days_around, true},
    {"within 50d after r.end", days_after_end, true},
    {"since r.start until r.start + r.amount * 9d", days_by_amount, false},
};

/* ---- naive values of one window ---- */

typedef struct members {
    const event *items[EVENTS];
    uint32_t count;
} members;

static void members_of(const event *row, const window *where, members *out)
{
    const person *who = &w.people[row->patient];
    int32_t low = 0, high = 0;
    out->count = 0;
    where->days(row, &low, &high);
    for (uint32_t i = who->first[S_CONTACTS]; i < who->end[S_CONTACTS]; i++) {
        const event *e = &w.events[S_CONTACTS][i];
        if (e->start >= low && e->start <= high)
            out->items[out->count++] = e;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_quantile(const members *of, const cell *got, double p, bool cost)
{
    double values[EVENTS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < of->count; i++)
        if (cost ? of->items[i]->has_cost : of->items[i]->has_weight)
            values[count++] = cost ? (double)of->items[i]->cost / 100 : of->items[i]->weight;
    assert_int_equal(got->missing, count == 0);
    if (count == 0)
        return;
    qsort(values, count, sizeof *values, compare_doubles);
    const double place = (count - 1) * p;
    const uint32_t below_it = (uint32_t)place, above = below_it + 1 < count ? below_it + 1 : below_it;
    const double wanted = values[below_it] + (place - below_it) * (values[above] - values[below_it]);
    if (fabs(got->f - wanted) > 1e-9 * (1 + fabs(wanted)))
        fail_msg("quantile %g of %u values: %g, wanted %g", p, count, got->f, wanted);
}

static void check_median(const members *of, const cell *got) { check_quantile(of, got, 0.5, true); }
static void check_third(const members *of, const cell *got) { check_quantile(of, got, 0.3, false); }

/* The ids of an event, in order. */
static uint32_t ids_of(const event *e, bool codes, uint32_t out[DX_MAX])
{
    if (!codes) {
        out[0] = (uint32_t)e->unit;
        return e->unit != NONE;
    }
    memcpy(out, e->dx, sizeof e->dx);
    return e->dx_count;
}

enum { IDS = 16 };

static void tally(const members *of, bool codes, uint32_t counts[IDS], uint32_t last[IDS])
{
    uint32_t seen = 0;
    memset(counts, 0, IDS * sizeof *counts);
    memset(last, 0, IDS * sizeof *last);
    for (uint32_t i = 0; i < of->count; i++) {
        uint32_t ids[DX_MAX];
        const uint32_t n = ids_of(of->items[i], codes, ids);
        for (uint32_t k = 0; k < n; k++) {
            counts[ids[k]]++;
            last[ids[k]] = ++seen;
        }
    }
}

static void check_set(const members *of, const cell *got, bool codes)
{
    uint32_t counts[IDS], last[IDS], place = 0;
    tally(of, codes, counts, last);
    for (uint32_t id = 0; id < IDS; id++)
        if (counts[id] > 0) {
            assert_true(place < got->set_count);
            assert_int_equal(got->set[place++], id);
        }
    assert_int_equal(place, got->set_count);
}

static void check_count(const members *of, const cell *got, bool codes)
{
    uint32_t counts[IDS], last[IDS], distinct = 0;
    tally(of, codes, counts, last);
    for (uint32_t id = 0; id < IDS; id++)
        distinct += counts[id] > 0;
    assert_int_equal(got->i, distinct);
}

static void check_mode(const members *of, const cell *got, bool codes)
{
    uint32_t counts[IDS], last[IDS], best = 0;
    tally(of, codes, counts, last);
    for (uint32_t id = 1; id < IDS; id++)
        if (counts[id] > counts[best] || (counts[id] == counts[best] && last[id] > last[best]))
            best = id;
    assert_int_equal(got->missing, counts[best] == 0);
    if (counts[best] > 0)
        assert_int_equal(got->i, best);
}

static void check_units(const members *of, const cell *got) { check_set(of, got, false); }
static void check_codes(const members *of, const cell *got) { check_set(of, got, true); }
static void check_unit_count(const members *of, const cell *got) { check_count(of, got, false); }
static void check_code_count(const members *of, const cell *got) { check_count(of, got, true); }
static void check_unit(const members *of, const cell *got) { check_mode(of, got, false); }
static void check_code(const members *of, const cell *got) { check_mode(of, got, true); }

static void check_least_note(const members *of, const cell *got)
{
    const char *least = NULL;
    for (uint32_t i = 0; i < of->count; i++)
        if (strcmp(of->items[i]->note, "-") != 0 && (least == NULL || strcmp(of->items[i]->note, least) < 0))
            least = of->items[i]->note;
    assert_int_equal(got->missing, least == NULL);
    if (least != NULL)
        assert_string_equal(got->text, least);
}

static void check_most_acute(const members *of, const cell *got)
{
    int32_t most = NONE;
    for (uint32_t i = 0; i < of->count; i++)
        most = of->items[i]->acute > most ? of->items[i]->acute : most;
    assert_int_equal(got->missing, most == NONE);
    if (most != NONE)
        assert_int_equal(got->i, most);
}

/* ---- all of them ---- */

typedef struct aggregate {
    const char *text; /* % is the set */
    void (*check)(const members *of, const cell *got);
    bool placed; /* found fast for any ranges, not only where a window slides */
} aggregate;

static void check_window(const window *where, const aggregate *what)
{
    char text[300];
    snprintf(text, sizeof text, "from contacts as r derive a = %s over (contacts %s))", what->text, where->text);
    answer a = world_ask(&w, text);
    assert_int_equal(a.rows, w.event_count[S_CONTACTS]);
    for (uint32_t row = 0; row < a.rows; row++) {
        members of;
        members_of(&w.events[S_CONTACTS][row], where, &of);
        what->check(&of, cell_at(&a, row, 0));
    }
    if ((where->slides || what->placed) && a.work.rows > LOOKS_MAX * (uint64_t)a.rows)
        fail_msg("%llu looks at %u events: %s", (unsigned long long)a.work.rows, a.rows, text);
    answer_free(&a);
}

static void windows_that_overlap_much_have_the_values_of_each_by_itself(void **state)
{
    static const aggregate aggregates[] = {
        {"median(cost", check_median, true},     {"quantile(weight, 30%", check_third, true},
        {"set(unit", check_units, true},         {"set(dx", check_codes, true},
        {"count(distinct unit", check_unit_count, true}, {"count(distinct dx", check_code_count, true},
        {"most(unit", check_unit, false},        {"most(dx", check_code, false},
        {"min(note", check_least_note, true},    {"max(acute", check_most_acute, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        for (size_t k = 0; k < sizeof aggregates / sizeof *aggregates; k++)
            check_window(&windows[i], &aggregates[k]);
}

/* ---- two events beside each other ---- */

static bool costs_more(const event *x, const event *r) { return x->has_cost && r->has_cost && x->cost > r->cost; }
static bool costs_no_more(const event *x, const event *r) { return x->has_cost && r->has_cost && r->cost >= x->cost; }
static bool weighs_alike(const event *x, const event *r)
{
    return x->has_weight && r->has_weight && x->weight >= r->weight - 9 && x->weight <= r->weight + 9;
}
static bool in_another_unit(const event *x, const event *r) { return x->unit != NONE && r->unit != NONE && x->unit != r->unit; }
static bool cheaper_there(const event *x, const event *r)
{
    return x->unit != NONE && x->unit == r->unit && x->has_cost && r->has_cost && x->cost < r->cost;
}
static bool of_about_that_size(const event *x, const event *r)
{
    return x->has_size && r->has_size && x->size >= r->size - 1 && x->size <= r->size + 1;
}
static bool lighter_and_acute(const event *x, const event *r)
{
    return x->acute == 1 && x->has_weight && r->has_weight && x->weight < r->weight;
}
static bool acute_before_not(const event *x, const event *r) { return x->acute != NONE && r->acute != NONE && x->acute < r->acute; }

static const struct beside {
    const char *text;
    bool (*holds)(const event *x, const event *r);
} besides[] = {
    {"x.cost > r.cost", costs_more},
    {"r.cost >= x.cost", costs_no_more},
    {"x.weight >= r.weight - 9 and x.weight <= r.weight + 9", weighs_alike},
    {"x.unit != r.unit", in_another_unit},
    {"x.unit = r.unit and x.cost < r.cost", cheaper_there},
    {"x.amount in r.amount - 1 .. r.amount + 1", of_about_that_size},
    {"x.acute and x.weight < r.weight", lighter_and_acute},
    {"x.acute < r.acute", acute_before_not},
};

static void check_beside(const window *where, const struct beside *what)
{
    char text[400];
    snprintf(text, sizeof text, "from contacts as r derive a = count(contacts as x where %s %s), b = exists(contacts as x where %s %s)",
             what->text, where->text, what->text, where->text);
    answer a = world_ask(&w, text);
    assert_int_equal(a.rows, w.event_count[S_CONTACTS]);
    for (uint32_t row = 0; row < a.rows; row++) {
        const event *r = &w.events[S_CONTACTS][row];
        members of;
        uint32_t wanted = 0;
        members_of(r, where, &of);
        for (uint32_t i = 0; i < of.count; i++)
            wanted += what->holds(of.items[i], r);
        if (cell_at(&a, row, 0)->i != wanted || (cell_at(&a, row, 1)->i != 0) != (wanted > 0))
            fail_msg("%s: row %u: %lld, wanted %u", text, row, (long long)cell_at(&a, row, 0)->i, wanted);
    }
    if (a.work.rows > 2 * LOOKS_MAX * (uint64_t)a.rows)
        fail_msg("%llu looks at %u events: %s", (unsigned long long)a.work.rows, a.rows, text);
    answer_free(&a);
}

static void events_are_counted_by_the_order_of_a_value_without_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        for (size_t k = 0; k < sizeof besides / sizeof *besides; k++)
            check_beside(&windows[i], &besides[k]);
}

/* ---- modes of ranges in any position ---- */

enum { PLACES_MAX = 3000, SETS_MAX = 3 };

typedef struct shuffled { /* ids of positions, and ranges of these */
    uint32_t ids[PLACES_MAX * SETS_MAX], offsets[PLACES_MAX + 1], first[PLACES_MAX], end[PLACES_MAX];
    uint64_t mask[PLACES_MAX / 64 + 1];
    lots_dense dense;
    lots_ranges ranges;
} shuffled;

/* `onion`: each range lies within the one before. */
static void shuffle(shuffled *s, uint32_t positions, uint32_t ids, bool sets, bool onion)
{
    uint32_t all = 0;
    for (uint32_t at = 0; at < positions; at++) {
        for (uint64_t n = sets ? below(&w, SETS_MAX + 1) : 1; n > 0; n--)
            s->ids[all++] = (uint32_t)below(&w, ids);
        s->offsets[at + 1] = all;
        const uint32_t a = (uint32_t)below(&w, positions + 1), b = (uint32_t)below(&w, positions + 1);
        s->first[at] = onion ? at / 2 : a < b ? a : b;
        s->end[at] = onion ? positions - at / 2 : a < b ? b : a;
    }
    for (uint32_t i = 0; i <= positions / 64; i++)
        s->mask[i] = below(&w, UINT64_MAX) | below(&w, UINT64_MAX);
    s->dense = (lots_dense){.ids = s->ids, .count = ids, .offsets = sets ? s->offsets : NULL};
    s->ranges = (lots_ranges){.count = positions, .first = s->first, .end = s->end, .positions = positions, .mask = s->mask};
}

static uint32_t mode_of(const shuffled *s, uint32_t range)
{
    static uint32_t counts[PLACES_MAX];
    uint32_t best = LOTS_NO_ID;
    memset(counts, 0, sizeof counts);
    for (uint32_t at = s->first[range]; at < s->end[range]; at++) {
        uint32_t held = 0;
        const uint32_t *ids = lots_dense_at(&s->dense, at, &held);
        for (uint32_t e = 0; e < held && lots_bit_get(s->mask, at); e++)
            if (++counts[ids[e]] >= (best == LOTS_NO_ID ? 0 : counts[best]))
                best = ids[e];
    }
    return best;
}

static void check_modes(const lots_step *step, uint32_t positions, uint32_t ids, bool sets, bool onion)
{
    static shuffled s;
    static uint32_t modes[PLACES_MAX];
    lots_error err;
    const uint64_t before = step->worker->work.rows;
    shuffle(&s, positions, ids, sets, onion);
    assert_ok(lots_overlapping_modes(step, &s.ranges, &s.dense, modes, &err));
    const double looks = (double)(step->worker->work.rows - before), places = SETS_MAX * (double)positions + 9;
    assert_true(onion ? looks <= 9 * places : looks <= 9 * places + 4 * places * sqrt(places));
    for (uint32_t i = 0; i < positions; i++)
        if (modes[i] != mode_of(&s, i))
            fail_msg("mode of %u..%u among %u of %u ids: %u, wanted %u", s.first[i], s.end[i], positions, ids, modes[i],
                     mode_of(&s, i));
}

static void modes_of_ranges_in_any_position_are_those_of_each_by_itself(void **state)
{
    static const uint32_t sizes[] = {0, 1, 2, 3, 5, 17, 64, 400, PLACES_MAX};
    static const uint32_t kinds[] = {1, 2, 7, 90, PLACES_MAX};
    lots_arena arena;
    lots_worker worker = {.kernels = lots_kernels_get()};
    (void)state;
    const lots_step step = {.worker = &worker, .arena = &arena};
    lots_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            for (int way = 0; way < 4; way++)
                check_modes(&step, sizes[i], kinds[k], way % 2 == 1, way / 2 == 1);
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_that_overlap_much_have_the_values_of_each_by_itself),
        cmocka_unit_test(events_are_counted_by_the_order_of_a_value_without_pairs),
        cmocka_unit_test(modes_of_ranges_in_any_position_are_those_of_each_by_itself),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
