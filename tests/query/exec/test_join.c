/* What a join may show, on the 27 persons of reply.h. Two of those in primary care have drugs, which may be counted but not used
 * to name a person. What joins mean is in tests/query/cases/joins.txt. */
#include "tests/query/exec/reply.h"

static small_registry r;

static int open_registry(void **state)
{
    (void)state;
    small_open(&r);
    r.schema.streams[lots_schema_find_stream(&r.schema, "drugs", 5)].no_identity = true;
    reply_fill(&r);
    small_exec(&r, "INSERT INTO drugs(p, start, atc, packs) VALUES (11, d('2021-06-01'), 'C07AB02', 1),"
                   " (12, d('2021-06-01'), 'C07AB02', 2)");
    small_publish(&r, 5);
    return 0;
}

static int close_registry(void **state)
{
    (void)state;
    small_close(&r);
    return 0;
}

static lots_status try_to(const char *text, const lots_run_options *options, reply *out, lots_error *why)
{
    return reply_to(&r, text, options, out, why);
}

static void check_at(const char *text, uint32_t min_cell, const char *expected) { reply_check(&r, text, min_cell, expected); }

static void check(const char *text, const char *expected) { check_at(text, 5, expected); }

static const char parts[] = "from patients group by sex, score show n = count() "
                            "join (from patients group by score show all = count()) on score derive share = n / all ";

static void hidden_numbers_arrive_hidden(void **state)
{
    (void)state;
    check("from contacts group by level show n = count() join (from contacts group by level show p = patients()) on level",
          "level,n,p,patients\nemergency,*,<5,<5\nprimary,6,6,6\n");
    check("from contacts group by level show n = patients() join (from contacts group by level show p = count()) on level "
          "derive each_has = p / n where p is missing or p > 5 show level, p, each_has",
          "level,p,each_has,patients\nemergency,*,*,<5\nprimary,6,1,6\n");
}

static void a_whole_is_hidden_that_would_give_its_hidden_part_back(void **state)
{
    (void)state;
    check_at(parts, 0, "sex,score,n,all,share,patients\nfemale,1,3,3,1,3\nfemale,2,6,8,0.75,6\nfemale,3,11,16,0.6875,11\n"
                       "male,2,2,8,0.25,2\nmale,3,5,16,0.3125,5\n");
    /* 8 less the 6 women are the 2 men */
    check(parts, "sex,score,n,all,share,patients\nfemale,1,<5,<5,*,<5\nfemale,2,6,*,*,6\nfemale,3,11,16,0.6875,11\n"
                 "male,2,<5,*,*,<5\nmale,3,5,16,0.3125,5\n");
    /* and no later stage has it */
    char text[400];
    snprintf(text, sizeof text, "%s group by score show whole = max(all), k = count()", parts);
    check(text, "score,whole,k,patients\n1,,<5,<5\n2,,2,6\n3,16,2,16\n");
}

static void a_whole_that_has_many_others_is_shown(void **state)
{
    (void)state;
    check("from contacts group by level show n = patients() derive one = 1 "
          "join (from patients show everyone = count() derive one = 1 show one, everyone) on one show level, n, everyone",
          "level,n,everyone,patients\nemergency,<5,27,<5\nprimary,6,27,6\n");
}

/* Persons of score 3 are 11 women and 5 men; of score 2 six and two, of score 1 three women. */
static void totals_find_totals(void **state)
{
    (void)state;
    const char *left = "from patients where score = 3 group by score, sex with totals show n = count() ";
    char text[400];
    snprintf(text, sizeof text, "%sjoin (from patients group by sex show all = count()) on sex", left);
    check_at(text, 0, "score,sex,n,all,patients\n3,female,11,20,11\n3,male,5,7,5\n3,total,16,,16\ntotal,total,16,,16\n");
    snprintf(text, sizeof text, "%sjoin (from patients group by sex with totals show all = count()) on sex", left);
    check_at(text, 0, "score,sex,n,all,patients\n3,female,11,20,11\n3,male,5,7,5\n3,total,16,27,16\ntotal,total,16,27,16\n");
    snprintf(text, sizeof text, "%sjoin (from patients group by score show all = count()) on score", left);
    check_at(text, 0, "score,sex,n,all,patients\n3,female,11,16,11\n3,male,5,16,5\n3,total,16,16,16\ntotal,total,16,,16\n");
}

static void hidden_keys_find_nothing(void **state)
{
    (void)state;
    check("from patients group by income show n = count() join (from patients group by income show m = count()) on income",
          "income,n,m,patients\n100.00,26,26,26\n*,<5,,<5\n");
}

static void rows_of_a_table_hide_nothing_until_persons_are_behind_them(void **state)
{
    (void)state;
    check("from table units group by region show n = count(), beds = max(beds)", "region,n,beds\n,1,5\nNorth,1,10\nSouth,2,20\n");
    check("from table fees where year = 2023 show level, fee join (from contacts group by level show n = count()) on level",
          "level,fee,n,patients\nprimary,110.00,6,6\ninpatient,,,0\nemergency,400.00,*,<5\n");
    check("from table fees where year = 2023 show level, fee join (from contacts group by level show n = count()) on level "
          "group by level show n = sum(n), fee = sum(fee)",
          "level,n,fee,patients\nemergency,0,*,<5\ninpatient,0,0.00,0\nprimary,6,110.00,6\n");
}

/* The second is not run again: its numbers are as hidden, under its own names. */
static void a_table_may_be_joined_twice(void **state)
{
    (void)state;
    check("let all = from patients group by score show n = count() from patients where score is not missing "
          "group by score, next = score + 1 show here = count() join (from all derive p = n show score, p) on score "
          "join (from all derive next = score, q = n show next, q) on next derive both = p + q",
          "score,next,here,p,q,both,patients\n1,2,<5,<5,8,*,<5\n2,3,8,8,16,24,8\n3,4,16,16,,,16\n");
}

static void the_right_side_has_its_own_say(void **state)
{
    (void)state;
    const lots_run_options options = {.min_cell = 5};
    lots_error err;
    reply got;
    assert_ok(try_to("from patients join (from patients top 10 by score group by score show n = count(where sex = male)) on score "
                     "group by n show k = count()", &options, &got, &err));
    assert_contains(got.notes, "top kept 16 of 27 rows with a value: those from 3");
    assert_ok(try_to("from patients join (from patients group by score show n = count()) on score show m = max(n)", &options,
                     &got, &err));
    assert_contains(got.notes, "2 values of a joined table are hidden");
}

static void names_and_streams_that_may_not_name_stay_apart(void **state)
{
    (void)state;
    const lots_run_options guarded = {.guard_rows = true, .min_cell = 5};
    lots_error err;
    reply got;
    assert_status(LOTS_REFUSED, try_to("from patients join (from drugs group by sex show n = count()) on sex show id, n",
                                       &guarded, &got, &err));
    assert_contains(err.text, "'drugs' may be counted but not used to name a person");
    assert_status(LOTS_REFUSED, try_to("from patients join (from drugs show id, packs) on id show packs", &guarded, &got, &err));
    assert_ok(try_to("from patients join (from drugs group by sex show n = count()) on sex show sex, n", &guarded, &got, &err));
    assert_status(LOTS_REFUSED, try_to("from patients group by sex show n = count() join (from patients group by id show id, "
                                       "sex2 = count() derive sex = id show sex, sex2) on sex", &guarded, &got, &err));
    assert_contains(err.text, "may not be made of the persons' ids");
}

static void a_joined_table_counts_towards_the_memory_of_the_run(void **state)
{
    (void)state;
    const lots_run_options plenty = {.memory_bytes = 60000}, little = {.memory_bytes = 10000};
    lots_error err;
    reply got;
    const char *joined = "from contacts derive key = id join (from contacts show key = id, began = start, codes = dx) on key limit 1 "
                         "show began";
    assert_ok(try_to("from contacts derive key = id limit 1 show key", &little, &got, &err));
    assert_ok(try_to(joined, &plenty, &got, &err));
    assert_string_equal(got.csv, "began\n2021-05-01\n");
    assert_status(LOTS_LIMIT, try_to(joined, &little, &got, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hidden_numbers_arrive_hidden),
        cmocka_unit_test(a_whole_is_hidden_that_would_give_its_hidden_part_back),
        cmocka_unit_test(a_whole_that_has_many_others_is_shown),
        cmocka_unit_test(totals_find_totals),
        cmocka_unit_test(hidden_keys_find_nothing),
        cmocka_unit_test(rows_of_a_table_hide_nothing_until_persons_are_behind_them),
        cmocka_unit_test(a_table_may_be_joined_twice),
        cmocka_unit_test(the_right_side_has_its_own_say),
        cmocka_unit_test(names_and_streams_that_may_not_name_stay_apart),
        cmocka_unit_test(a_joined_table_counts_towards_the_memory_of_the_run),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
