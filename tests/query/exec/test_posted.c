/* Conditions on codes that the store's postings answer, against SQL over the same rows: in a registry that has postings, of
 * patients and for rare codes of rows, and in one of few rows that hasn't. */
#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

typedef struct world {
    small_registry posted, plain;
} world;

/* I50 has one patient in a hundred, J44 one in fifty, E119 and I10 every third or fourth; each again and again. */
static void fill(small_registry *r, int patients, int rows, uint32_t of_segment)
{
    char sql[2000];
    small_open(r);
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 0 union all select i + 1 from n where i < %d) insert into patients (p, birth, sex)"
             " select i, d('1950-05-05') + i, case i %% 2 when 0 then 'female' else 'male' end from n;"
             "with recursive n(i) as (select 0 union all select i + 1 from n where i < %d)"
             " insert into contacts (p, start, id, level, status, form, cost, dx)"
             " select i / %d, d('2020-03-01') + i * 7919 %% 1200, 'c' || i, case i %% 3 when 0 then 'primary' else 'emergency' end,"
             " 'done', 'visit', 100 + i * 31 %% 977,"
             " trim(case when i / %d %% 100 = 7 and i %% 3 < 2 then 'I50 ' else '' end || case when i / %d %% 50 = 3 then 'J44 ' else '' end ||"
             " case when i / %d %% 4 = 1 then 'E119 ' else '' end || case when i / %d %% 3 = 2 and i %% 2 = 0 then 'I10' else '' end)"
             " from n where i / %d %% 11 != 5;"
             "update contacts set dx = null where dx = '';"
             "with recursive n(i) as (select 0 union all select i + 1 from n where i < %d)"
             " insert into drugs (p, start, atc, packs) select i / 3, d('2020-03-01') + i %% 900,"
             " case i / 3 %% 9 when 2 then 'C07AB02' when 3 then 'A10BA02' when 4 then null else 'N02BE01' end, 1 from n",
             patients - 1, patients * rows - 1, rows, rows, rows, rows, rows, rows, patients * 3 - 1);
    small_exec(r, sql);
    small_publish(r, of_segment);
}

static int open_world(void **state)
{
    static world w;
    fill(&w.posted, 400, 6, 300);
    fill(&w.plain, 60, 1, 60);
    *state = &w;
    return 0;
}

static int close_world(void **state)
{
    world *w = *state;
    small_close(&w->posted);
    small_close(&w->plain);
    return 0;
}

static uint32_t number_of(const lots_schema *schema, const char *stream, const char *name, uint32_t *column)
{
    uint32_t s = 0;
    while (strcmp(schema->streams[s].name, stream) != 0)
        s++;
    *column = 0;
    while (strcmp(schema->streams[s].columns[*column].name, name) != 0)
        ++*column;
    return s;
}

/* Chunks in which the rows of all ids, or of one, are told. */
static uint32_t chunks_told(const small_registry *r, lots_id_test test)
{
    lots_error err;
    lots_arena scratch, offsets;
    uint32_t told = 0, column, stream = number_of(&r->schema, "contacts", "dx", &column);
    lots_arena_init(&scratch, 0);
    lots_arena_init(&offsets, 0);
    for (uint32_t s = 0; s < lots_registry_segments(r->registry); s++) {
        lots_segment *segment;
        assert_ok(lots_registry_segment(r->registry, s, &segment, &err));
        for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
            uint64_t rows[LOTS_CHUNK_EVENTS / 64 + 8];
            lots_kept_offsets kept = {.arena = &offsets};
            bool done;
            assert_ok(lots_segment_posted_rows(segment, stream, column, k, &test, rows, &done, &kept, &scratch, &err));
            told += done;
        }
    }
    lots_arena_free(&offsets);
    lots_arena_free(&scratch);
    return told;
}

static void only_the_large_registry_has_postings(void **state)
{
    const world *w = *state;
    lots_error err;
    lots_segment *segment;
    uint32_t column, stream = number_of(&w->posted.schema, "contacts", "dx", &column);
    assert_ok(lots_registry_segment(w->posted.registry, 0, &segment, &err));
    assert_true(lots_segment_has_postings(segment, stream, column));
    assert_true(chunks_told(&w->posted, (lots_id_test){.first = 2, .end = 4}) > 0); /* I50 and J44 */
    assert_int_equal(chunks_told(&w->posted, (lots_id_test){.first = 0, .end = 3}), 0);
    assert_int_equal(chunks_told(&w->plain, (lots_id_test){.first = 2, .end = 4}), 0);
}

typedef struct code_list {
    const char *codes, *like; /* in Lots, and what holds of the code in SQL */
} code_list;

static const code_list lists[] = {
    {"I50", "code like 'I50%'"},
    {"J44, I50", "code like 'I50%' or code like 'J44%'"},
    {"E119", "code like 'E119%'"},
    {"E119, I50", "code like 'E119%' or code like 'I50%'"},
    {"I10-I50", "code between 'I10' and 'I50~'"},
    {"G30", "code like 'G30%'"},
};

static void patients_with_a_code_are_those_who_have_it_in_a_contact(void **state)
{
    const world *w = *state;
    char question[1500], sql[2500];
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const char *c = lists[i].codes;
        snprintf(question, sizeof question,
                 "from patients derive a = exists(contacts where dx in {%s}), b = not exists(contacts where dx in {%s}), "
                 "n = count(contacts where dx in {%s}), e = exists(contacts where level = emergency and dx in {%s}), "
                 "y = exists(contacts where dx in {%s} during 2021), f = year(first(contacts where dx in {%s}).start), "
                 "s = sum(cost over contacts where dx in {%s}) group by a, b, n, e, y, f show people = count(), cost = sum(s)",
                 c, c, c, c, c, c, c);
        snprintf(sql, sizeof sql,
                 "with h as (select c.* from contacts c where id in (select id from code where %s)), g as (select p.p, count(h.id) n, "
                 "max(coalesce(level = 'emergency', 0)) e, max(coalesce(year(h.start) = 2021, 0)) y, year(min(h.start)) f, "
                 "sum(coalesce(cost, 0)) s from patients p left join h on h.p = p.p group by p.p) "
                 "select n > 0, n = 0, n, e, y, f, count(*), sum(s) from g group by n, e, y, f",
                 lists[i].like);
        answer_check(w->posted.registry, w->posted.sql, question, sql);
        answer_check(w->plain.registry, w->plain.sql, question, sql);
    }
}

static void an_event_that_few_have_or_nobody_tells_its_day_and_level(void **state)
{
    const world *w = *state;
    char question[500], sql[1000];
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        snprintf(question, sizeof question,
                 "from patients derive f = first(contacts where dx in {%s}) group by day = f.start, level = f.level show people = count()",
                 lists[i].codes);
        snprintf(sql, sizeof sql,
                 "with h as (select c.*, row_number() over (partition by p order by start, id) k from contacts c where id in "
                 "(select id from code where %s)) select h.start, h.level, count(*) from patients p left join h on h.p = p.p and h.k = 1 "
                 "group by 1, 2", lists[i].like);
        answer_check(w->posted.registry, w->posted.sql, question, sql);
        answer_check(w->plain.registry, w->plain.sql, question, sql);
    }
}

static void a_code_of_each_row_is_posted_as_well(void **state)
{
    const world *w = *state;
    const char *question = "from patients derive a = exists(drugs where atc in {C07}), b = exists(drugs where atc in {C07, A10BA02}), "
                           "c = not exists(drugs where atc in {N02-N03}) group by a, b, c show people = count()";
    const char *sql = "with g as (select p.p, max(coalesce(atc like 'C07%', 0)) a, max(coalesce(atc like 'C07%' or atc = 'A10BA02', 0)) b, "
                      "1 - max(coalesce(atc like 'N02%' or atc like 'N03%', 0)) c from patients p left join drugs d on d.p = p.p group by p.p) "
                      "select a, b, c, count(*) from g group by a, b, c";
    answer_check(w->posted.registry, w->posted.sql, question, sql);
    answer_check(w->plain.registry, w->plain.sql, question, sql);
}

static void rows_of_contacts_with_a_rare_code_are_found(void **state)
{
    const world *w = *state;
    const char *question = "from contacts as c where c.dx in {I50} and c.level = emergency and exists(contacts where dx in {I10}) "
                           "group by year = year(c.start) show n = count(), cost = sum(c.cost)";
    const char *sql = "select year(start), count(*), sum(cost), count(distinct p) from contacts c where level = 'emergency' and "
                      "id in (select id from code where code like 'I50%') and "
                      "p in (select p from contacts where id in (select id from code where code like 'I10%')) group by 1";
    answer_check(w->posted.registry, w->posted.sql, question, sql);
    answer_check(w->plain.registry, w->plain.sql, question, sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_large_registry_has_postings),
        cmocka_unit_test(patients_with_a_code_are_those_who_have_it_in_a_contact),
        cmocka_unit_test(an_event_that_few_have_or_nobody_tells_its_day_and_level),
        cmocka_unit_test(a_code_of_each_row_is_posted_as_well),
        cmocka_unit_test(rows_of_contacts_with_a_rare_code_are_found),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
