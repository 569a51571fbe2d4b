/* Single events, episodes, steps, unions and differences, spans and as-of values, against naive loops. */
#include "tests/query/exec/exec_fixture.h"

static world w;

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 23);
    world_fill(&w, (const uint32_t[]){250, 120, 0}, random_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

static void same(const cell *got, int64_t expected, const char *what, uint32_t row)
{
    const int64_t value = got->missing ? NONE : got->i;
    if (value != expected)
        fail_msg("%s of row %u: %lld, expected %lld", what, row, (long long)value, (long long)expected);
}

/* ---- what the language says of one event ---- */

static int stream_of(const event *e)
{
    for (int s = S_CONTACTS; s < S_COUNT; s++)
        if (e >= w.events[s] && e < w.events[s] + w.event_count[s])
            return s;
    return -1;
}

static bool is_point(const event *e) { return stream_of(e) == S_CONTACTS && e->level != 1; }

static bool is_open(const event *e)
{
    return e->end == NONE && (stream_of(e) == S_HOMES || (stream_of(e) == S_CONTACTS && e->level == 1));
}

static int32_t end_of(const event *e) { return e->end == NONE && is_point(e) ? e->start : e->end; }

static int32_t span_end_of(const event *e)
{
    const person *who = &w.people[e->patient];
    if (!is_open(e))
        return end_of(e);
    const int32_t last = who->death != NONE && who->death < w.until ? who->death : w.until;
    return last > e->start ? last : e->start;
}

static int64_t place_of_level(const event *e)
{
    static const int64_t places[] = {1, 3, 100, 2};
    return e->level == NONE ? 1000 : places[e->level];
}

/* The total order over streams: start, minute, level, end (each missing last), stream, place in it. */
static int compare_events(const event *a, const event *b)
{
    const int64_t x[] = {a->start, a->minute == NONE ? INT32_MAX : a->minute, place_of_level(a),
                         a->end == NONE ? INT32_MAX : a->end, stream_of(a), (int64_t)(a - w.events[stream_of(a)])};
    const int64_t y[] = {b->start, b->minute == NONE ? INT32_MAX : b->minute, place_of_level(b),
                         b->end == NONE ? INT32_MAX : b->end, stream_of(b), (int64_t)(b - w.events[stream_of(b)])};
    for (int i = 0; i < 6; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

#define EACH(e, who, stream)                                                                              \
    for (const event *e = w.events[stream] + (who)->first[stream]; e < w.events[stream] + (who)->end[stream]; e++)

/* ---- single events ---- */

static void first_last_and_nth_follow_the_total_order(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from patients derive a = first(contacts).minute, b = last(contacts where acute).cost, "
                             "c = nth(contacts where level = primary, 3).start, d = nth(contacts, 100).start, "
                             "e1 = first(contacts where cost is not missing by cost desc, start).start, "
                             "f = last(contacts by weight).minute, g = nth(contacts, 2 by unit).start");
    for (uint32_t p = 0; p < a.rows; p++) {
        const person *who = &w.people[p];
        const event *first = NULL, *acute = NULL, *third = NULL, *dear = NULL, *heavy = NULL;
        const event *by_unit[4096];
        uint32_t primary = 0, all = 0;
        EACH(e, who, S_CONTACTS) {
            first = first == NULL ? e : first;
            acute = e->acute == 1 ? e : acute;
            third = e->level == 3 && ++primary == 3 ? e : third;
            if (e->has_cost && (dear == NULL || e->cost > dear->cost))
                dear = e;
            if (heavy == NULL || (e->has_weight ? !heavy->has_weight || e->weight >= heavy->weight : !heavy->has_weight))
                heavy = e;
            uint32_t at = all++;
            for (; at > 0 && by_unit[at - 1]->unit > e->unit; at--)
                by_unit[at] = by_unit[at - 1];
            by_unit[at] = e;
        }
        same(cell_at(&a, p, 0), first == NULL ? NONE : first->minute, "first", p);
        same(cell_at(&a, p, 1), acute == NULL || !acute->has_cost ? NONE : acute->cost, "last acute", p);
        same(cell_at(&a, p, 2), third == NULL ? NONE : third->start, "third", p);
        same(cell_at(&a, p, 3), NONE, "hundredth", p);
        same(cell_at(&a, p, 4), dear == NULL ? NONE : dear->start, "dearest", p);
        same(cell_at(&a, p, 5), heavy == NULL ? NONE : heavy->minute, "heaviest", p);
        same(cell_at(&a, p, 6), all < 2 ? NONE : by_unit[1]->start, "second by unit", p);
    }
    answer_free(&a);
}

static const event *beside(const event *of, int stream, bool after, bool (*keep)(const event *, const event *))
{
    const event *best = NULL;
    EACH(e, &w.people[of->patient], stream) {
        const int order = compare_events(e, of);
        if ((after ? order > 0 : order < 0) && keep(e, of) && (best == NULL || !after))
            best = e;
    }
    return best;
}

static bool any(const event *e, const event *of)
{
    (void)e, (void)of;
    return true;
}

static bool primary_only(const event *e, const event *of)
{
    (void)of;
    return e->level == 3;
}

static bool same_unit(const event *e, const event *of) { return e->unit == of->unit && e->unit != NONE; }

static bool near(const event *e, const event *of) { return e->level == 3 && e->start <= of->start + 30; }

static int64_t start_of(const event *e) { return e == NULL ? NONE : e->start; }

static void next_and_prev_find_the_nearest_event_in_any_stream(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from contacts as r derive a = next(contacts, r).minute, "
                             "b = prev(contacts where level = primary, r).start, c = next(drugs, r).start, "
                             "d = prev(homes, r).start, e1 = next(contacts as x where x.unit = r.unit, r).start, "
                             "f = prev(contacts as x where x.unit = r.unit, r).start, "
                             "g = next(contacts where level = primary within 30d since r.start, r).start");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_CONTACTS][r], *next = beside(of, S_CONTACTS, true, any);
        same(cell_at(&a, r, 0), next == NULL ? NONE : next->minute, "next", r);
        same(cell_at(&a, r, 1), start_of(beside(of, S_CONTACTS, false, primary_only)), "prev primary", r);
        same(cell_at(&a, r, 2), start_of(beside(of, S_DRUGS, true, any)), "next drug", r);
        same(cell_at(&a, r, 3), start_of(beside(of, S_HOMES, false, any)), "prev home", r);
        same(cell_at(&a, r, 4), start_of(beside(of, S_CONTACTS, true, same_unit)), "next of the unit", r);
        same(cell_at(&a, r, 5), start_of(beside(of, S_CONTACTS, false, same_unit)), "prev of the unit", r);
        same(cell_at(&a, r, 6), start_of(beside(of, S_CONTACTS, true, near)), "next within", r);
    }
    answer_free(&a);
}

static void a_single_event_is_a_set_that_can_be_narrowed(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from contacts as r derive back = (next(contacts where level = primary, r) where acute "
                             "within 30d since r.start), a = exists(back), b = sum(cost over back), c = first(back).unit");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_CONTACTS][r], *next = beside(of, S_CONTACTS, true, primary_only);
        const bool kept = next != NULL && next->acute == 1 && next->start <= of->start + 30;
        same(cell_at(&a, r, 0), kept, "exists", r);
        same(cell_at(&a, r, 1), kept && next->has_cost ? next->cost : 0, "sum", r);
        same(cell_at(&a, r, 2), kept ? next->unit : NONE, "unit", r);
    }
    answer_free(&a);
}

/* ---- spans ---- */

static void overlaps_known_events_and_covered_days_follow_the_spans(void **state)
{
    (void)state;
    const int32_t from = w.from + 60, to = w.from + 120; /* 2020-03-01 .. 2020-04-30 */
    answer a = world_ask(&w, "from patients derive a = count(contacts overlapping 2020-03-01..2020-04-30), "
                             "b = count(drugs known before 2020-03-01), "
                             "c = covered_days(homes, 2020-03-01..2020-04-30), d = count(contacts known until 2020-04-30), "
                             "e1 = homes.town at 2020-03-01, f = drugs.atc at death");
    for (uint32_t p = 0; p < a.rows; p++) {
        const person *who = &w.people[p];
        int64_t overlapping = 0, known = 0, covered = 0, contacts = 0, town = NONE, atc = NONE;
        EACH(e, who, S_CONTACTS) {
            const int32_t end = span_end_of(e);
            overlapping += !e->ghost && e->start <= to && end != NONE && end >= from;
            contacts += !is_open(e) && end != NONE && end <= to;
        }
        EACH(e, who, S_DRUGS) {
            known += e->end != NONE && e->end < from;
            if (who->death != NONE && e->start <= who->death && e->end != NONE && e->end >= who->death)
                atc = e->atc;
        }
        for (int32_t day = from; day <= to; day++) {
            bool inside = false;
            EACH(e, who, S_HOMES)
                inside |= e->start <= day && span_end_of(e) >= day;
            covered += inside;
        }
        EACH(e, who, S_HOMES)
            if (e->start <= from && span_end_of(e) >= from)
                town = e->town;
        same(cell_at(&a, p, 0), overlapping, "overlapping", p);
        same(cell_at(&a, p, 1), known, "known", p);
        same(cell_at(&a, p, 2), covered, "covered days", p);
        same(cell_at(&a, p, 3), contacts, "known until", p);
        same(cell_at(&a, p, 4), town, "town", p);
        same(cell_at(&a, p, 5), atc, "drug at death", p);
    }
    answer_free(&a);
}

/* Few rows' ends are taken by themselves, and so is which of them are missing. */
static void few_closed_spans_without_an_end_hold_on_no_day(void **state)
{
    (void)state;
    const int32_t from = w.from + 152; /* 2020-06-01 */
    uint32_t endless = 0, held = 0;
    answer a = world_ask(&w, "from patients derive a = (drugs where atc in {A10BA02} since 2020-06-01).start at (2020-07-15), "
                             "b = covered_days(drugs where atc in {A10BA02} since 2020-06-01, 2020-07-01..2020-08-31)");
    for (uint32_t p = 0; p < a.rows; p++) {
        int64_t start = NONE, covered = 0;
        EACH(e, &w.people[p], S_DRUGS) {
            const bool meant = e->atc == 0 && e->start >= from;
            endless += meant && e->end == NONE;
            if (meant && e->start <= from + 44 && e->end != NONE && e->end >= from + 44)
                start = e->start;
        }
        for (int32_t day = from + 30; day < from + 92; day++) {
            bool inside = false;
            EACH(e, &w.people[p], S_DRUGS)
                inside |= e->atc == 0 && e->start >= from && e->start <= day && e->end != NONE && e->end >= day;
            covered += inside;
        }
        held += start != NONE;
        same(cell_at(&a, p, 0), start, "held", p);
        same(cell_at(&a, p, 1), covered, "covered days", p);
    }
    assert_true(endless > 10 && held > 10);
    answer_free(&a);
}

/* Of spans over days of a row, those that still run are sought among the ends, which don't rise where starts do. */
static void spans_over_days_of_a_row_are_those_that_still_run(void **state)
{
    (void)state;
    uint32_t over = 0; /* rows with one that is over, though it began after one that isn't */
    answer a = world_ask(&w, "from contacts as r derive n = count(homes overlapping r.start - 1d .. r.start), "
                             "some = count(homes where town in (a, b) overlapping r.start .. r.start + 9d), "
                             "any = exists(homes where town = a overlapping r.start - 9d .. r.start)");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_CONTACTS][r];
        int64_t n = 0, some = 0, before = 0, ended = 0;
        EACH(e, &w.people[of->patient], S_HOMES) {
            const int32_t end = span_end_of(e);
            ended += n > 0 && end < of->start - 1;
            n += e->start <= of->start && end >= of->start - 1;
            some += e->town < 2 && e->start <= of->start + 9 && end >= of->start;
            before += e->town == 0 && e->start <= of->start && end >= of->start - 9;
        }
        over += ended > 0;
        same(cell_at(&a, r, 0), n, "around", r);
        same(cell_at(&a, r, 1), some, "from then on", r);
        same(cell_at(&a, r, 2), before > 0, "until then", r);
    }
    assert_true(over > 20);
    answer_free(&a);
}

/* ---- episodes ---- */

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
    const int32_t end = span_end_of(e) == NONE ? e->start : span_end_of(e);
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
    last->open |= is_open(e);
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
    EACH(e, who, S_CONTACTS) {
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
        EACH(e, who, S_CONTACTS) { /* the first acute that is known of each stay */
            if (e->level != 1 || e->ghost)
                continue;
            if (last == NULL || e->start > reached) {
                acute += first == 1;
                first = NONE;
                reached = e->start;
            }
            reached = span_end_of(e) > reached ? span_end_of(e) : reached;
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
        EACH(e, &w.people[of->patient], S_CONTACTS) {
            if (e->ghost || e->start < of->start || e->start > of->start + 60)
                continue;
            add_to_episodes(all, &runs, e, 0, 2, 0);
        }
        same(cell_at(&a, r, 0), runs, "runs", r);
        EACH(e, &w.people[of->patient], S_CONTACTS)
            if (!e->ghost && e->start >= of->start && e->start <= of->start + 60)
                add_to_episodes(all, &units, e, e->unit, -1, 0);
        for (uint32_t i = 0; i < units; i++)
            most = all[i].n > most ? all[i].n : most;
        same(cell_at(&a, r, 1), most, "most", r);
    }
    answer_free(&a);
}

/* ---- steps, union, minus ---- */

/* Pairs of all contacts or of the acute ones, with a gap of at most 7 days or with any. */
static void check_steps(bool acute, bool limited)
{
    char text[200];
    uint32_t row = 0;
    snprintf(text, sizeof text, "from steps(%s by unit%s) as s derive a = source, b = target, c = gap, d = s.start, e1 = s.end",
             acute ? "contacts where acute" : "contacts", limited ? " gap 7d" : "");
    answer a = world_ask(&w, text);
    for (uint32_t p = 0; p < w.people_count; p++) {
        const event *last = NULL;
        EACH(e, &w.people[p], S_CONTACTS) {
            if (acute && e->acute != 1)
                continue;
            const int64_t gap = last == NULL || end_of(last) == NONE ? NONE : e->start - end_of(last);
            if (last != NULL && (!limited || (gap != NONE && gap <= 7))) {
                assert_true(row < a.rows);
                same(cell_at(&a, row, 0), last->unit, "source", row);
                same(cell_at(&a, row, 1), e->unit, "target", row);
                same(cell_at(&a, row, 2), gap, "gap", row);
                same(cell_at(&a, row, 3), e->start, "start", row);
                same(cell_at(&a, row, 4), end_of(e), "end", row);
                row++;
            }
            last = e;
        }
    }
    assert_int_equal(row, a.rows);
    answer_free(&a);
}

static void steps_are_consecutive_pairs_within_the_gap(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        check_steps(i % 2 == 1, i / 2 == 1);
}

static void steps_of_a_set_that_depends_on_the_row_are_made_for_each(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from contacts as r derive a = count(steps(contacts within 200d since r.start by unit gap 7d)), "
                             "b = sum(gap over steps(contacts within 200d since r.start by unit))");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_CONTACTS][r], *last = NULL;
        int64_t near = 0, gaps = 0;
        EACH(e, &w.people[of->patient], S_CONTACTS) {
            if (e->start < of->start || e->start > of->start + 200)
                continue;
            const bool known = last != NULL && end_of(last) != NONE;
            near += known && e->start - end_of(last) <= 7;
            gaps += known ? e->start - end_of(last) : 0;
            last = e;
        }
        same(cell_at(&a, r, 0), near, "steps", r);
        same(cell_at(&a, r, 1), gaps, "gaps", r);
    }
    answer_free(&a);
}

static void unions_merge_in_the_total_order_and_minus_takes_records_away(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from ((contacts where level = primary) union drugs) as u derive a = u.start, b = stream");
    uint32_t row = 0;
    for (uint32_t p = 0; p < w.people_count; p++) {
        const person *who = &w.people[p];
        uint32_t c = who->first[S_CONTACTS], d = who->first[S_DRUGS];
        while (c < who->end[S_CONTACTS] || d < who->end[S_DRUGS]) {
            const event *x = &w.events[S_CONTACTS][c], *y = &w.events[S_DRUGS][d];
            if (c < who->end[S_CONTACTS] && x->level != 3) {
                c++;
                continue;
            }
            const bool contact = c < who->end[S_CONTACTS] && (d == who->end[S_DRUGS] || compare_events(x, y) < 0);
            assert_true(row < a.rows);
            same(cell_at(&a, row, 0), contact ? x->start : y->start, "start", row);
            assert_string_equal(cell_at(&a, row, 1)->text, contact ? "contacts" : "drugs");
            contact ? c++ : d++;
            row++;
        }
    }
    assert_int_equal(row, a.rows);
    answer_free(&a);
    a = world_ask(&w, "from patients derive a = count((contacts where acute) union (contacts where cost > 0)), "
                      "b = sum(cost over (contacts minus (contacts where acute))), "
                      "c = next(contacts minus (contacts where acute), first(contacts)).start");
    for (uint32_t p = 0; p < a.rows; p++) {
        int64_t count = 0, sum = 0, next = NONE;
        const event *first = NULL;
        EACH(e, &w.people[p], S_CONTACTS) {
            count += e->acute == 1 || (e->has_cost && e->cost > 0);
            sum += e->acute != 1 && e->has_cost ? e->cost : 0;
            if (first != NULL && next == NONE && e->acute != 1)
                next = e->start;
            first = first == NULL ? e : first;
        }
        same(cell_at(&a, p, 0), count, "union", p);
        same(cell_at(&a, p, 1), sum, "minus", p);
        same(cell_at(&a, p, 2), next, "next", p);
    }
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_last_and_nth_follow_the_total_order),
        cmocka_unit_test(next_and_prev_find_the_nearest_event_in_any_stream),
        cmocka_unit_test(a_single_event_is_a_set_that_can_be_narrowed),
        cmocka_unit_test(overlaps_known_events_and_covered_days_follow_the_spans),
        cmocka_unit_test(few_closed_spans_without_an_end_hold_on_no_day),
        cmocka_unit_test(spans_over_days_of_a_row_are_those_that_still_run),
        cmocka_unit_test(episodes_merge_by_gap_and_keep_keys_apart),
        cmocka_unit_test(episodes_that_begin_on_one_day_are_in_order),
        cmocka_unit_test(aggregates_over_episodes_of_a_window_are_right),
        cmocka_unit_test(episodes_of_a_set_that_depends_on_the_row_are_made_for_each),
        cmocka_unit_test(steps_are_consecutive_pairs_within_the_gap),
        cmocka_unit_test(steps_of_a_set_that_depends_on_the_row_are_made_for_each),
        cmocka_unit_test(unions_merge_in_the_total_order_and_minus_takes_records_away),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
