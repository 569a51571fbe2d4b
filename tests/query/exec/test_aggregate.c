/* Aggregates over event sets, against naive loops over the events of each patient. */
#include <math.h>

#include "tests/query/exec/exec_fixture.h"

static world w;

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 11);
    world_fill(&w, (const uint32_t[]){300, 170, 0}, random_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

/* ---- naive aggregates over a list of events ---- */

typedef struct list {
    const event *items[4096];
    uint32_t count;
} list;

typedef bool (*keeper)(const event *e, const person *who, const event *row);

/* The contacts of a patient that pass. */
static void select_contacts(const person *who, keeper keep, const event *row, list *out)
{
    out->count = 0;
    for (uint32_t i = who->first[S_CONTACTS]; i < who->end[S_CONTACTS]; i++)
        if (keep(&w.events[S_CONTACTS][i], who, row))
            out->items[out->count++] = &w.events[S_CONTACTS][i];
}

static int compare_whole(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static uint32_t distinct(int64_t *values, uint32_t count)
{
    uint32_t kept = 0;
    qsort(values, count, sizeof *values, compare_whole);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || values[i] != values[i - 1])
            values[kept++] = values[i];
    return kept;
}

static uint32_t costs_of(const list *l, int64_t *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->count; i++)
        if (l->items[i]->has_cost)
            out[count++] = l->items[i]->cost;
    return count;
}

static uint32_t codes_of(const list *l, int64_t *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->count; i++)
        for (uint32_t k = 0; k < l->items[i]->dx_count; k++)
            out[count++] = l->items[i]->dx[k];
    return count;
}

static void check(const char *what, const cell *got, bool missing, double expected, const char *text, uint32_t row)
{
    const double value = got->f != 0 ? got->f : (double)got->i;
    if (got->missing != missing || (!missing && fabs(value - expected) > 1e-9 * (1 + fabs(expected))))
        fail_msg("%s of row %u: %s%g, expected %s%g\n%s", what, row, got->missing ? "missing " : "", value,
                 missing ? "missing " : "", expected, text);
}

static double nights_of(const list *l)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        const event *e = l->items[i];
        const int32_t end = e->end != NONE ? e->end : e->level == 1 ? NONE : e->start;
        if (end != NONE)
            sum += end - e->start > 1 ? end - e->start : 1;
    }
    return (double)sum;
}

static void check_numbers(const answer *a, uint32_t row, const list *l, const char *text)
{
    static int64_t costs[4096], codes[16384];
    const uint32_t n = costs_of(l, costs), k = codes_of(l, codes);
    int64_t sum = 0, first = n > 0 ? costs[0] : 0, last = n > 0 ? costs[n - 1] : 0;
    for (uint32_t i = 0; i < n; i++)
        sum += costs[i];
    check("count", cell_at(a, row, 0), false, l->count, text, row);
    check("exists", cell_at(a, row, 1), false, l->count > 0, text, row);
    check("sum", cell_at(a, row, 2), false, (double)sum, text, row);
    check("first", cell_at(a, row, 6), n == 0, (double)first, text, row);
    check("last", cell_at(a, row, 7), n == 0, (double)last, text, row);
    qsort(costs, n, sizeof *costs, compare_whole);
    check("min", cell_at(a, row, 3), n == 0, n == 0 ? 0 : (double)costs[0], text, row);
    check("max", cell_at(a, row, 4), n == 0, n == 0 ? 0 : (double)costs[n - 1], text, row);
    check("mean", cell_at(a, row, 5), n == 0, n == 0 ? 0 : (double)sum / 100 / n, text, row);
    check("median", cell_at(a, row, 8), n == 0,
          n == 0 ? 0 : (double)(costs[(n - 1) / 2] + costs[n / 2]) / 200, text, row);
    check("distinct dx", cell_at(a, row, 9), false, distinct(codes, k), text, row);
    check("nights", cell_at(a, row, 10), false, nights_of(l), text, row);
}

/* Of values that none misses. */
static void check_extremes(const answer *a, uint32_t row, const list *l, const char *text)
{
    int32_t earliest = INT32_MAX;
    int64_t dearest = INT64_MIN;
    double lightest = HUGE_VAL;
    for (uint32_t i = 0; i < l->count; i++) {
        const event *e = l->items[i];
        const int64_t cost = e->has_cost ? e->cost : 0;
        const double weight = e->has_weight ? e->weight : 0;
        earliest = e->start < earliest ? e->start : earliest;
        dearest = cost > dearest ? cost : dearest;
        lightest = weight < lightest ? weight : lightest;
    }
    check("earliest", cell_at(a, row, 15), l->count == 0, earliest, text, row);
    check("dearest", cell_at(a, row, 16), l->count == 0, (double)dearest, text, row);
    check("lightest", cell_at(a, row, 17), l->count == 0, lightest, text, row);
}

static void check_values(const answer *a, uint32_t row, const list *l, const char *text)
{
    int64_t units[4096];
    uint32_t n = 0, best = 0;
    int64_t mode = -1;
    double weight = 0;
    char largest[16] = "-";
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->items[i]->unit != NONE)
            units[n++] = l->items[i]->unit;
        weight += l->items[i]->has_weight ? l->items[i]->weight : 0;
        if (l->items[i]->note[0] != '-' && (largest[0] == '-' || strcmp(l->items[i]->note, largest) > 0))
            strcpy(largest, l->items[i]->note);
    }
    for (int64_t u = 0; u < 8; u++) { /* most frequent; of equals the one whose last comes latest */
        uint32_t times = 0, at = 0, mode_at = 0;
        for (uint32_t i = 0; i < n; i++) {
            times += units[i] == u;
            at = units[i] == u ? i : at;
            mode_at = units[i] == mode ? i : mode_at;
        }
        if (times > best || (times == best && times > 0 && at > mode_at)) {
            best = times;
            mode = u;
        }
    }
    check("most", cell_at(a, row, 11), n == 0, (double)mode, text, row);
    check("weight", cell_at(a, row, 13), false, weight, text, row);
    const cell *note = cell_at(a, row, 14);
    assert_int_equal(note->missing, largest[0] == '-');
    if (!note->missing)
        assert_string_equal(note->text, largest);
    const cell *set = cell_at(a, row, 12);
    n = distinct(units, n);
    assert_int_equal(set->set_count, n);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(set->set[i], units[i]);
}

static const char *const ALL =
    "a = count(%s), b = exists(%s), c = sum(cost over %s), d = min(cost over %s), e1 = max(cost over %s), "
    "f = mean(cost over %s), g = first(cost over %s), h = last(cost over %s), i = median(cost over %s), "
    "j = count(distinct dx over %s), k = nights(%s), l = most(unit over %s), m = set(unit over %s), "
    "n = sum(weight over %s), o = max(note over %s), p = min(start over %s), q = max(coalesce(cost, 0) over %s), "
    "r1 = min(coalesce(weight, 0) over %s)";

/* All aggregates over the set `set`, for the rows of `source`; `rows` NULL: patients, else the stream's events. */
static void check_set(const char *source, const char *set, keeper keep, bool contacts)
{
    char items[8192], text[9000];
    const char *s = set;
    snprintf(items, sizeof items, ALL, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s);
    snprintf(text, sizeof text, "from %s derive %s", source, items);
    answer a = world_ask(&w, text);
    static list l;
    assert_int_equal(a.rows, contacts ? w.event_count[S_CONTACTS] : w.people_count);
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *row = contacts ? &w.events[S_CONTACTS][r] : NULL;
        assert_int_equal(a.patient[r], contacts ? row->patient : r);
        select_contacts(&w.people[a.patient[r]], keep, row, &l);
        check_numbers(&a, r, &l, text);
        check_values(&a, r, &l, text);
        check_extremes(&a, r, &l, text);
    }
    answer_free(&a);
}

static bool keep_all(const event *e, const person *who, const event *row)
{
    (void)e, (void)who, (void)row;
    return true;
}

static bool keep_inpatient(const event *e, const person *who, const event *row)
{
    (void)who, (void)row;
    return e->level == 1;
}

static void every_aggregate_of_a_patient_s_events_is_right(void **state)
{
    (void)state;
    check_set("patients", "contacts", keep_all, false);
    check_set("patients", "(contacts where level = inpatient)", keep_inpatient, false);
}

static bool keep_window(const event *e, const person *who, const event *row)
{
    (void)who, (void)row;
    return e->start >= w.from + 31 && e->start <= w.from + 59 + 31;
}

static bool keep_mixed(const event *e, const person *who, const event *row)
{
    bool code = false;
    for (uint32_t i = 0; i < e->dx_count; i++)
        code |= e->dx[i] == 6 || e->dx[i] == 7 || e->dx[i] == 3;
    return keep_window(e, who, row) && code && (e->acute != 1) && e->has_cost && e->cost > 0;
}

static void constant_windows_and_filters_on_ids_are_right(void **state)
{
    (void)state;
    check_set("patients", "(contacts during 2020-02..2020-03)", keep_window, false);
    check_set("patients", "(contacts where dx in {I50, E10} and cost > 0 during 2020-02..2020-03 except where acute)",
              keep_mixed, false);
}

static bool keep_until_death(const event *e, const person *who, const event *row)
{
    (void)row;
    return who->death != NONE && e->start >= who->death - 60 && e->start <= who->death;
}

static void windows_of_a_patient_s_own_days_are_right(void **state)
{
    (void)state;
    check_set("patients", "(contacts within 60d until death)", keep_until_death, false);
}

static bool keep_before(const event *e, const person *who, const event *row)
{
    (void)who;
    return e->start >= row->start - 30 && e->start <= row->start - 1;
}

static bool keep_around(const event *e, const person *who, const event *row)
{
    return (e->start >= row->start - 7 && e->start <= row->start + 7) && keep_inpatient(e, who, row);
}

static bool keep_since_end(const event *e, const person *who, const event *row)
{
    (void)who;
    const int32_t end = row->end != NONE ? row->end : row->level == 1 ? NONE : row->start;
    return end != NONE && e->start >= end && e->start <= end + 20;
}

static void windows_around_each_event_are_right(void **state)
{
    (void)state;
    check_set("contacts as r", "(contacts within 30d before r.start)", keep_before, true);
    check_set("contacts as r", "(contacts where level = inpatient within 7d of r.start)", keep_around, true);
    check_set("contacts as r", "(contacts within 20d since r.end)", keep_since_end, true);
}

static bool keep_same_unit(const event *e, const person *who, const event *row)
{
    (void)who;
    return e->unit != NONE && row->unit != NONE && e->unit == row->unit;
}

static bool keep_cheaper_near(const event *e, const person *who, const event *row)
{
    (void)who;
    return e->has_cost && row->has_cost && e->cost < row->cost && e->start >= row->start - 100 &&
           e->start <= row->start + 100 && e->level == 3;
}

static bool keep_keyed(const event *e, const person *who, const event *row)
{
    return keep_same_unit(e, who, row) && e->level == 3 && e->start >= row->start - 100 && e->start <= row->start;
}

static void filters_that_look_at_both_events_are_right(void **state)
{
    (void)state;
    check_set("contacts as r", "(contacts as x where x.unit = r.unit)", keep_same_unit, true);
    check_set("contacts as r",
              "(contacts as x where x.level = primary and x.cost < r.cost within 100d of r.start)",
              keep_cheaper_near, true);
    check_set("contacts as r",
              "(contacts as x where r.unit = x.unit and x.level = primary within 100d until r.start)", keep_keyed, true);
}

/* ---- operands that look at both, nested sets ---- */

static void operands_that_look_at_both_events_are_right(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from contacts as r derive a = sum(days(r.start, x.start) over (contacts as x since r.start)),"
                             " b = max(text(x.amount + r.amount) over (contacts as x where x.acute))");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *row = &w.events[S_CONTACTS][r];
        const person *who = &w.people[row->patient];
        int64_t sum = 0;
        char best[64] = "", text[64];
        for (uint32_t i = who->first[S_CONTACTS]; i < who->end[S_CONTACTS]; i++) {
            const event *e = &w.events[S_CONTACTS][i];
            sum += e->start >= row->start ? e->start - row->start : 0;
            snprintf(text, sizeof text, "%d", (int)(e->size + row->size));
            if (e->acute == 1 && e->has_size && row->has_size && strcmp(text, best) > 0)
                strcpy(best, text);
        }
        assert_int_equal(cell_at(&a, r, 0)->i, sum);
        assert_int_equal(cell_at(&a, r, 1)->missing, best[0] == '\0');
        assert_string_equal(cell_at(&a, r, 1)->text, best);
    }
    answer_free(&a);
}

static int in_window(const person *who, int32_t day, int32_t days)
{
    int n = 0;
    for (uint32_t i = who->first[S_CONTACTS]; i < who->end[S_CONTACTS]; i++) {
        const event *e = &w.events[S_CONTACTS][i];
        n += e->level == 0 && e->start >= day - days && e->start <= day;
    }
    return n;
}

static void sets_within_sets_are_right(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from patients derive "
                             "a = count(contacts where level = emergency as e where "
                             "count(contacts where level = emergency within 10d until e.start) >= 2), "
                             "b = first(contacts where level = emergency as e where "
                             "count(contacts where level = emergency within 10d until e.start) >= 2).start, "
                             "c = count(contacts where level = emergency as e where exists(drugs as d where d.start >= e.start "
                             "and exists(contacts as k where k.start = d.start and k.cost < e.cost)))");
    for (uint32_t p = 0; p < a.rows; p++) {
        const person *who = &w.people[p];
        int64_t count = 0, first = NONE, deep = 0;
        for (uint32_t i = who->first[S_CONTACTS]; i < who->end[S_CONTACTS]; i++) {
            const event *e = &w.events[S_CONTACTS][i];
            bool found = false;
            if (e->level != 0)
                continue;
            if (in_window(who, e->start, 10) >= 2) {
                count++;
                first = first == NONE ? e->start : first;
            }
            for (uint32_t d = who->first[S_DRUGS]; d < who->end[S_DRUGS]; d++)
                for (uint32_t k = who->first[S_CONTACTS]; k < who->end[S_CONTACTS]; k++) {
                    const event *drug = &w.events[S_DRUGS][d], *c = &w.events[S_CONTACTS][k];
                    found |= drug->start >= e->start && c->start == drug->start && c->has_cost && e->has_cost &&
                             c->cost < e->cost;
                }
            deep += found;
        }
        assert_int_equal(cell_at(&a, p, 0)->i, count);
        assert_int_equal(cell_at(&a, p, 1)->missing, first == NONE);
        if (first != NONE)
            assert_int_equal(cell_at(&a, p, 1)->i, first);
        assert_int_equal(cell_at(&a, p, 2)->i, deep);
    }
    answer_free(&a);
}

/* All contacts of the days up to an event's own. */
static int64_t near_before(const person *who, int32_t day, int32_t days)
{
    int64_t n = 0;
    for (uint32_t i = who->first[S_CONTACTS]; i < who->end[S_CONTACTS]; i++) {
        const event *e = &w.events[S_CONTACTS][i];
        n += e->start >= day - days && e->start <= day;
    }
    return n;
}

/* Some have few events in all, some many on few days. */
static void events_that_are_one_of_so_many_are_found(void **state)
{
    static const int32_t days[] = {0, 9, 30, 30, 60}, least[] = {2, 3, 9, 40, 61};
    (void)state;
    for (uint32_t k = 0; k < 5; k++) {
        char query[200];
        snprintf(query, sizeof query, "let all = contacts where year(start) > 1900\n"
                                      "from patients derive a = count(all as e where count(all within %dd until e.start) >= %d)",
                 (int)days[k], (int)least[k]);
        answer a = world_ask(&w, query);
        for (uint32_t p = 0; p < a.rows; p++) {
            const person *who = &w.people[p];
            int64_t count = 0;
            for (uint32_t i = who->first[S_CONTACTS]; i < who->end[S_CONTACTS]; i++) {
                const event *e = &w.events[S_CONTACTS][i];
                count += near_before(who, e->start, days[k]) >= least[k];
            }
            assert_int_equal(cell_at(&a, p, 0)->i, count);
        }
        answer_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_aggregate_of_a_patient_s_events_is_right),
        cmocka_unit_test(constant_windows_and_filters_on_ids_are_right),
        cmocka_unit_test(windows_of_a_patient_s_own_days_are_right),
        cmocka_unit_test(windows_around_each_event_are_right),
        cmocka_unit_test(filters_that_look_at_both_events_are_right),
        cmocka_unit_test(operands_that_look_at_both_events_are_right),
        cmocka_unit_test(sets_within_sets_are_right),
        cmocka_unit_test(events_that_are_one_of_so_many_are_found),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
