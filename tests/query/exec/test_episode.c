/* Episodes, by gap, key and condition, against naive loops that put events together one by one. */
#include "tests/query/exec/random_world.h"

typedef struct naive_episode {
    int32_t start, span_end, key;
    bool open;
    int64_t n, cost;
    int32_t by;
    uint32_t born;
} naive_episode;

static int compare_naive(const void *x, const void *y)
{
    const naive_episode *a = x, *b = y;
    const int64_t p[] = {a->start, a->open ? INT32_MAX : a->span_end, a->key, a->born};
    const int64_t q[] = {b->start, b->open ? INT32_MAX : b->span_end, b->key, b->born};
    for (int i = 0; i < 4; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return 0;
}

enum { BY_NOTHING, PER_UNIT, PER_DX };

static void add_to_episodes(naive_episode *all, uint32_t *count, const event *e, int32_t key, int32_t gap, int32_t by)
{
    const int32_t end = span_end_of(&w, e) == NONE ? e->start : span_end_of(&w, e);
    naive_episode *last = NULL;
    for (uint32_t i = 0; i < *count; i++)
        last = all[i].key == key ? &all[i] : last;
    if (last == NULL || (gap >= 0 && e->start - last->span_end > gap) || last->by != by) {
        last = &all[*count];
        *last = (naive_episode){.start = e->start, .span_end = end, .key = key, .born = *count};
        ++*count;
    }
    last->by = by;
    last->n++;
    last->span_end = end > last->span_end ? end : last->span_end;
    last->open |= is_open(&w, e);
    last->cost += e->has_cost ? e->cost : 0;
}

static bool stands_before(const event *e, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++)
        if (e->dx[i] == e->dx[at])
            return true;
    return false;
}

static uint32_t naive_episodes(const person *who, bool (*keep)(const event *), int keys, int32_t gap, bool by_level,
                               naive_episode *out)
{
    uint32_t count = 0;
    EACH(e, &w, who, S_CONTACTS) {
        const int32_t by = by_level ? e->level : 0;
        if (!keep(e) || e->ghost)
            continue;
        if (keys != PER_DX)
            add_to_episodes(out, &count, e, keys == PER_UNIT ? e->unit : 0, gap, by);
        for (uint32_t i = 0; keys == PER_DX && i < e->dx_count; i++)
            if (!stands_before(e, i)) /* under a code that the list repeats the event stands once */
                add_to_episodes(out, &count, e, (int32_t)e->dx[i], gap, by);
    }
    qsort(out, count, sizeof *out, compare_naive);
    return count;
}

static bool all_contacts(const event *e)
{
    (void)e;
    return true;
}

static bool inpatient(const event *e) { return e->level == 1; }

/* Episodes as rows: start, end, n, sum of cost, and the key when there is one. */
static void check_episodes(const char *set, bool (*keep)(const event *), int keys, int32_t gap, bool by_level)
{
    static naive_episode all[65536];
    char text[512];
    const char *key = keys == PER_UNIT ? ", k = unit" : keys == PER_DX ? ", k = dx" : "";
    snprintf(text, sizeof text, "from episodes(%s, total = sum(cost), many = count()) as s derive a = s.start, b = s.end, "
                                "c = n, d = total, e1 = many%s", set, key);
    answer a = world_ask(&w, text);
    uint32_t row = 0;
    for (uint32_t p = 0; p < w.people_count; p++) {
        const uint32_t count = naive_episodes(&w.people[p], keep, keys, gap, by_level, all);
        for (uint32_t i = 0; i < count; i++, row++) {
            assert_true(row < a.rows);
            assert_int_equal(a.patient[row], p);
            same(cell_at(&a, row, 0), all[i].start, "start", row);
            same(cell_at(&a, row, 1), all[i].open ? NONE : all[i].span_end, "end", row);
            same(cell_at(&a, row, 2), all[i].n, "n", row);
            same(cell_at(&a, row, 3), all[i].cost, "cost", row);
            same(cell_at(&a, row, 4), all[i].n, "members", row);
            if (keys != BY_NOTHING)
                same(cell_at(&a, row, 5), all[i].key, "key", row);
        }
    }
    assert_int_equal(row, a.rows);
    answer_free(&a);
}

static void episodes_merge_by_gap_and_keep_keys_apart(void **state)
{
    (void)state;
    check_episodes("contacts where level = inpatient gap 0d", inpatient, BY_NOTHING, 0, false);
    check_episodes("contacts gap 7d", all_contacts, BY_NOTHING, 7, false);
    check_episodes("contacts", all_contacts, BY_NOTHING, -1, false);
    check_episodes("contacts per unit", all_contacts, PER_UNIT, -1, false);
    check_episodes("contacts per unit gap 14d", all_contacts, PER_UNIT, 14, false);
    check_episodes("contacts per dx", all_contacts, PER_DX, -1, false);
    check_episodes("contacts per dx gap 3d", all_contacts, PER_DX, 3, false);
    check_episodes("contacts gap 20d by level", all_contacts, BY_NOTHING, 20, true);
}

/* Stays on few days, some of which end before they start. */
static void backward_patient(world *of, lots_batch *batches, uint32_t patient)
{
    lots_error err;
    lots_batch *b = &batches[S_CONTACTS];
    random_person(of, &batches[S_PATIENTS], patient);
    for (uint64_t i = below(of, 12); i > 0; i--) {
        const int32_t day = of->from + (int32_t)below(of, 12);
        assert_ok(lots_batch_row_begin(b, patient, &err));
        assert_ok(lots_batch_put_int(b, C_START, day, &err));
        assert_ok(lots_batch_put_int(b, C_MINUTE, (int64_t)below(of, 3) * 60, &err));
        if (below(of, 6) != 0)
            assert_ok(lots_batch_put_int(b, C_END, day + (int64_t)below(of, 9) - 5, &err));
        put_id(b, C_LEVEL, of->domains[D_LEVEL], 1);
        assert_ok(lots_batch_put_int(b, C_COST, (int64_t)below(of, 1000), &err));
        assert_ok(lots_batch_row_end(b, &err));
    }
}

static void episodes_that_begin_on_one_day_are_in_order(void **state)
{
    const world all = w;
    (void)state;
    world_open(&w, 29);
    world_fill(&w, (const uint32_t[]){90, 40, 0}, backward_patient);
    check_episodes("contacts gap 0d", all_contacts, BY_NOTHING, 0, false);
    check_episodes("contacts gap 2d", all_contacts, BY_NOTHING, 2, false);
    world_close(&w);
    w = all;
}

static void aggregates_over_episodes_of_a_window_are_right(void **state)
{
    (void)state;
    static naive_episode all[65536];
    answer a = world_ask(&w, "from patients derive a = max(n over episodes(contacts per unit)), "
                             "b = nth(episodes(contacts per dx), 2).start, "
                             "c = count(episodes(contacts where level = inpatient gap 0d, acute = first(acute)) where acute)");
    for (uint32_t p = 0; p < a.rows; p++) {
        const person *who = &w.people[p];
        int64_t most = NONE;
        uint32_t count = naive_episodes(who, all_contacts, PER_UNIT, -1, false, all);
        for (uint32_t i = 0; i < count; i++)
            most = all[i].n > most ? all[i].n : most;
        same(cell_at(&a, p, 0), most, "most", p);
        count = naive_episodes(who, all_contacts, PER_DX, -1, false, all);
        same(cell_at(&a, p, 1), count < 2 ? NONE : all[1].start, "second code", p);
        int64_t acute = 0, first = NONE;
        const event *last = NULL;
        int32_t reached = 0;
        EACH(e, &w, who, S_CONTACTS) { /* the first acute that is known of each stay */
            if (e->level != 1 || e->ghost)
                continue;
            if (last == NULL || e->start > reached) {
                acute += first == 1;
                first = NONE;
                reached = e->start;
            }
            reached = span_end_of(&w, e) > reached ? span_end_of(&w, e) : reached;
            first = first == NONE ? e->acute : first;
            last = e;
        }
        same(cell_at(&a, p, 2), acute + (first == 1), "acute stays", p);
    }
    answer_free(&a);
}

static void episodes_of_a_set_that_depends_on_the_row_are_made_for_each(void **state)
{
    (void)state;
    static naive_episode all[65536];
    answer a = world_ask(&w, "from contacts as r derive a = count(episodes(contacts within 60d since r.start gap 2d)), "
                             "b = max(n over episodes(contacts within 60d since r.start per unit))");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_CONTACTS][r];
        uint32_t runs = 0, units = 0;
        int64_t most = NONE;
        EACH(e, &w, &w.people[of->patient], S_CONTACTS) {
            if (e->ghost || e->start < of->start || e->start > of->start + 60)
                continue;
            add_to_episodes(all, &runs, e, 0, 2, 0);
        }
        same(cell_at(&a, r, 0), runs, "runs", r);
        EACH(e, &w, &w.people[of->patient], S_CONTACTS)
            if (!e->ghost && e->start >= of->start && e->start <= of->start + 60)
                add_to_episodes(all, &units, e, e->unit, -1, 0);
        for (uint32_t i = 0; i < units; i++)
            most = all[i].n > most ? all[i].n : most;
        same(cell_at(&a, r, 1), most, "most", r);
    }
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(episodes_merge_by_gap_and_keep_keys_apart),
        cmocka_unit_test(episodes_that_begin_on_one_day_are_in_order),
        cmocka_unit_test(aggregates_over_episodes_of_a_window_are_right),
        cmocka_unit_test(episodes_of_a_set_that_depends_on_the_row_are_made_for_each),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
