/* Windows of whole calendar years, whose places the store tells without days, against SQL over the same rows: in a registry that has
 * them, and in one of few rows that hasn't. */
#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PATIENTS = 40, OF_SEGMENT = 25 };

typedef struct world {
    small_registry dense, thin;
} world;

/* `rows` contacts of each patient but for every seventh, on days spread over 2018-12-20..2024-01-20; first and last days of years among
 * them. */
static void fill(small_registry *r, int rows)
{
    char sql[1200];
    small_open(r);
    for (int p = 0; p < PATIENTS; p++)
        small_patient(r, "1950-05-05", p % 2 == 0 ? "female" : "male", NULL);
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 0 union all select i + 1 from n where i < %d)"
             " insert into contacts (p, start, id, level, status, form, unit, cost, dx)"
             " select i %% %d, case when i %% 50 < 5 then d((2019 + i %% 5) || '-12-31') when i %% 50 < 10 then d((2019 + i %% 5) || '-01-01')"
             " else d('2018-12-20') + i * 7919 %% 1858 end, 'c' || i, case i %% 3 when 0 then 'primary' else 'emergency' end, 'done', 'visit',"
             " case when i %% %d in (23, 39) then 'u2' else 'u1' end, 100 + i * 31 %% 977, case when i %% 4 = 0 then 'I50' end from n where i %% %d %% 7 != 3",
             rows * PATIENTS - 1, PATIENTS, PATIENTS, PATIENTS);
    small_exec(r, sql);
    small_publish(r, OF_SEGMENT);
}

static int open_world(void **state)
{
    static world w;
    fill(&w.dense, 160);
    fill(&w.thin, 3);
    *state = &w;
    return 0;
}

static int close_world(void **state)
{
    world *w = *state;
    small_close(&w->dense);
    small_close(&w->thin);
    return 0;
}

static uint32_t chunks_with_years(const small_registry *r)
{
    lots_error err;
    uint32_t found = 0, stream = 0;
    while (strcmp(r->schema.streams[stream].name, "contacts") != 0)
        stream++;
    for (uint32_t s = 0; s < lots_registry_segments(r->registry); s++) {
        lots_segment *segment;
        uint32_t first, years;
        assert_ok(lots_registry_segment(r->registry, s, &segment, &err));
        for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
            lots_segment_years(segment, stream, k, &first, &years);
            found += years > 0;
        }
    }
    return found;
}

static void only_the_dense_registry_tells_years(void **state)
{
    const world *w = *state;
    assert_true(chunks_with_years(&w->dense) >= 2);
    assert_int_equal(chunks_with_years(&w->thin), 0);
}

typedef struct span {
    const char *window, *from, *until; /* the window, and its days */
} span;

/* Whole years, the ends of the data and beyond, and windows that are whole years on one side only. */
static const span spans[] = {
    {"during 2021", "2021-01-01", "2021-12-31"},
    {"during 2019", "2019-01-01", "2019-12-31"},
    {"during 2020..2022", "2020-01-01", "2022-12-31"},
    {"during 2018..2024", "2018-01-01", "2024-12-31"},
    {"during 2024", "2024-01-01", "2024-12-31"},
    {"during 2017", "2017-01-01", "2017-12-31"},
    {"during 2031", "2031-01-01", "2031-12-31"},
    {"during 2020-01-01..2021-06-30", "2020-01-01", "2021-06-30"},
    {"during 2019-07-02..2022-12-31", "2019-07-02", "2022-12-31"},
    {"during 2021-01-02..2021-12-31", "2021-01-02", "2021-12-31"},
    {"until 2021.end", "1900-01-01", "2021-12-31"},
    {"after 2021.end", "2022-01-01", "2100-12-31"},
};

static void windows_of_years_hold_the_rows_of_their_days(void **state)
{
    const world *w = *state;
    char question[1000], sql[1000];
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        const span *s = &spans[i];
        snprintf(question, sizeof question,
                 "from patients derive n = count(contacts %s), m = count(contacts where level = primary %s), "
                 "c = sum(cost over contacts where dx in {I50} %s), any = exists(contacts where level = emergency %s), "
                 "k = count(distinct level over contacts %s) group by n, m, any, k show people = count(), cost = sum(c)",
                 s->window, s->window, s->window, s->window, s->window);
        snprintf(sql, sizeof sql,
                 "with w as (select p.p, c.level, c.cost, c.dx from patients p left join contacts c on c.p = p.p and c.start between "
                 "d('%s') and d('%s')), g as (select p, count(level) n, sum(coalesce(level = 'primary', 0)) m, "
                 "max(coalesce(level = 'emergency', 0)) a, count(distinct level) k, sum(case when dx is not null then cost else 0 end) c "
                 "from w group by p) select n, m, a, k, count(*), sum(c) from g group by n, m, a, k",
                 s->from, s->until);
        answer_check(w->dense.registry, w->dense.sql, question, sql);
        answer_check(w->thin.registry, w->thin.sql, question, sql);
    }
}

static void first_and_last_events_in_windows_of_years_are_theirs(void **state)
{
    const world *w = *state;
    char question[1000], sql[1000];
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        const span *s = &spans[i];
        snprintf(question, sizeof question,
                 "from patients derive f = first(contacts where level = emergency %s).start, l = last(contacts where level = primary %s).start, "
                 "any = exists(first(contacts where dx in {I50} %s)) group by sex, f, l, any show people = count()",
                 s->window, s->window, s->window);
        snprintf(sql, sizeof sql,
                 "with w as (select p.p, p.sex, c.start, c.level, c.dx from patients p left join contacts c on c.p = p.p and c.start "
                 "between d('%s') and d('%s')), g as (select p, sex, min(case when level = 'emergency' then start end) f, "
                 "max(case when level = 'primary' then start end) l, max(dx is not null) a from w group by p, sex) "
                 "select sex, f, l, a, count(*) from g group by sex, f, l, a",
                 s->from, s->until);
        answer_check(w->dense.registry, w->dense.sql, question, sql);
        answer_check(w->thin.registry, w->thin.sql, question, sql);
    }
}

/* Days are asked of the same rows as well: both ways of finding a window's rows are used in one answer. */
static void windows_of_years_go_with_windows_of_days(void **state)
{
    const world *w = *state;
    const char *question = "from patients derive n = count(contacts during 2021), f = first(contacts during 2022).start, "
                           "m = count(contacts during 2020-03-01..2022-02-15), l = count(contacts within 90d before 2022.start) "
                           "group by n, f, m, l show people = count()";
    const char *sql = "with g as (select p.p, (select count(*) from contacts c where c.p = p.p and year(start) = 2021) n, "
                      "(select min(start) from contacts c where c.p = p.p and year(start) = 2022) f, "
                      "(select count(*) from contacts c where c.p = p.p and start between d('2020-03-01') and d('2022-02-15')) m, "
                      "(select count(*) from contacts c where c.p = p.p and start between d('2022-01-01') - 90 and d('2022-01-01') - 1) l "
                      "from patients p) select n, f, m, l, count(*) from g group by n, f, m, l";
    answer_check(w->dense.registry, w->dense.sql, question, sql);
    answer_check(w->thin.registry, w->thin.sql, question, sql);
}

/* Windows that go on from one another, of the same rows and of others in turn, and of rows that happen to be the same. */
static void windows_of_years_that_go_on_are_counted_each(void **state)
{
    const world *w = *state;
    const char *question =
        "from patients derive a = count(contacts where level = primary during 2019), b = count(contacts where level = primary during 2020), "
        "c = count(contacts where level = emergency during 2021), d = count(contacts where level = primary during 2021..2022), "
        "e = count(contacts where level = primary and status = done during 2023), f = exists(contacts where level = emergency during 2022), "
        "g = mean(cost over contacts where level = primary during 2022), h = count(contacts where level = primary during 2023..2024) "
        "where a >= 0 derive i = count(contacts where level = primary during 2022) group by a, b, c, d, e, f, g, h, i show people = count()";
    const char *sql =
        "with w as (select p.p, c.level, c.cost, year(c.start) y from patients p left join contacts c on c.p = p.p), "
        "g as (select p, coalesce(sum(level = 'primary' and y = 2019), 0) a, coalesce(sum(level = 'primary' and y = 2020), 0) b, "
        "coalesce(sum(level = 'emergency' and y = 2021), 0) c, coalesce(sum(level = 'primary' and y in (2021, 2022)), 0) d, "
        "coalesce(sum(level = 'primary' and y = 2023), 0) e, coalesce(max(level = 'emergency' and y = 2022), 0) f, "
        "avg(case when level = 'primary' and y = 2022 then cost end) / 100.0 g, coalesce(sum(level = 'primary' and y in (2023, 2024)), 0) h, "
        "coalesce(sum(level = 'primary' and y = 2022), 0) i from w group by p) "
        "select a, b, c, d, e, f, g, h, i, count(*) from g group by a, b, c, d, e, f, g, h, i";
    answer_check(w->dense.registry, w->dense.sql, question, sql);
    answer_check(w->thin.registry, w->thin.sql, question, sql);
}

/* Rows that are the same but for those of a segment's last patient. */
static void windows_of_years_of_nearly_the_same_rows_are_told_apart(void **state)
{
    const world *w = *state;
    const char *question = "from patients derive a = count(contacts where unit = u1 during 2020), "
                           "b = count(contacts where unit in (u1, u2) during 2021), c = count(contacts where unit = u1 during 2022) "
                           "group by a, b, c show people = count()";
    const char *sql = "with w as (select p.p, c.unit, year(c.start) y from patients p left join contacts c on c.p = p.p), "
                      "g as (select p, coalesce(sum(unit = 'u1' and y = 2020), 0) a, coalesce(sum(y = 2021), 0) b, "
                      "coalesce(sum(unit = 'u1' and y = 2022), 0) c from w group by p) select a, b, c, count(*) from g group by a, b, c";
    answer_check(w->dense.registry, w->dense.sql, question, sql);
    answer_check(w->thin.registry, w->thin.sql, question, sql);
}

/* Asked so often that the store keeps the costs by year: of all patients, of about half of them, and of each twice; beside sums under a
 * condition on the rows, and means. */
static void sums_over_windows_of_years_stay_what_they_are(void **state)
{
    enum { TIMES = 6 };
    const world *w = *state;
    char question[1000], sql[1000];
    for (size_t i = 0; i < TIMES * sizeof spans / sizeof *spans; i++) {
        const span *s = &spans[i % (sizeof spans / sizeof *spans)];
        const bool men = i % 5 < 2, twice = i % 3 == 0;
        snprintf(question, sizeof question,
                 "from patients %s each k in 1..%d derive c = sum(cost over contacts %s), "
                 "m = sum(cost over contacts where level = primary %s), t = mean(cost over contacts %s) "
                 "group by k, c, m, t show people = count()",
                 men ? "where sex = male" : "", twice ? 2 : 1, s->window, s->window, s->window);
        snprintf(sql, sizeof sql,
                 "with w as (select p.p, c.level, c.cost from patients p left join contacts c on c.p = p.p and c.start between "
                 "d('%s') and d('%s') where p.sex = 'male' or not %d), g as (select p, coalesce(sum(cost), 0) c, "
                 "sum(case when level = 'primary' then cost else 0 end) m, avg(cost) / 100.0 t from w group by p) "
                 "select k, c, m, t, count(*) from g, (select 1 k union select %d) group by k, c, m, t",
                 s->from, s->until, men, twice ? 2 : 1);
        answer_check(w->dense.registry, w->dense.sql, question, sql);
        answer_check(w->thin.registry, w->thin.sql, question, sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_dense_registry_tells_years),
        cmocka_unit_test(windows_of_years_hold_the_rows_of_their_days),
        cmocka_unit_test(first_and_last_events_in_windows_of_years_are_theirs),
        cmocka_unit_test(windows_of_years_go_with_windows_of_days),
        cmocka_unit_test(windows_of_years_that_go_on_are_counted_each),
        cmocka_unit_test(windows_of_years_of_nearly_the_same_rows_are_told_apart),
        cmocka_unit_test(sums_over_windows_of_years_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
