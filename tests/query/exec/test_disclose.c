/* What the disclosure rules hide, on the 27 persons of reply.h. */
#include "tests/query/exec/reply.h"

static small_registry r;

static int open_registry(void **state)
{
    (void)state;
    small_open(&r);
    reply_fill(&r);
    small_publish(&r, 5);
    return 0;
}

static int close_registry(void **state)
{
    (void)state;
    small_close(&r);
    return 0;
}

static void ask(const char *text, uint32_t min_cell, lots_pool *pool, reply *out)
{
    const lots_run_options options = {.pool = pool, .min_cell = min_cell};
    lots_error err;
    assert_ok(reply_to(&r, text, &options, out, &err));
}

static void check_at(const char *text, uint32_t min_cell, const char *expected) { reply_check(&r, text, min_cell, expected); }

static void check(const char *text, const char *expected) { check_at(text, 5, expected); }

static void nothing_is_hidden_unless_asked(void **state)
{
    (void)state;
    check_at("from patients group by score show n = count(), m = max(income)", 0,
             "score,n,m,patients\n1,3,100.00,3\n2,8,10000.00,8\n3,16,100.00,16\n");
    check_at("from patients group by score show n = count()", 3, "score,n,patients\n1,3,3\n2,8,8\n3,16,16\n");
}

static void counts_of_few_persons_print_as_fewer_than_k(void **state)
{
    (void)state;
    check("from patients group by score show n = count()", "score,n,patients\n1,<5,<5\n2,8,8\n3,16,16\n");
    check_at("from patients group by score show n = count()", 9, "score,n,patients\n1,<9,<9\n2,<9,<9\n3,16,16\n");
    check("from patients where score = 1 show n = count(), k = patients(), d = count(distinct sex)",
          "n,k,d,patients\n<5,<5,*,<5\n");
}

static void a_true_zero_is_shown(void **state)
{
    (void)state;
    check("from patients show n = count(where score = 9), s = sum(income where score = 9)", "n,s,patients\n0,0.00,27\n");
    check("from patients where score = 9 show n = count(), m = max(income)", "n,m,patients\n0,,0\n");
}

static void many_events_of_few_persons_are_hidden(void **state)
{
    (void)state;
    check("from contacts group by level show n = count(), people = patients()",
          "level,n,people,patients\nemergency,*,<5,<5\nprimary,6,6,6\n"); /* 30 contacts are not below 5 */
}

static void what_a_condition_leaves_out_counts_too(void **state)
{
    (void)state;
    check("from patients show n = count(where score != 1)", "n,patients\n*,27\n");
    check("from patients show n = count(where score = 3)", "n,patients\n16,27\n");
}

static void a_rate_needs_both_sides(void **state)
{
    (void)state;
    check("from patients group by score show r = rate(sex = male)", "score,r,patients\n1,*,<5\n2,*,8\n3,0.3125,16\n");
    check("from patients show r = rate(score < 9)", "r,patients\n1,27\n");
}

static void the_second_smallest_part_of_a_total_goes_too(void **state)
{
    (void)state;
    check("from patients show a = count(where score = 1), b = count(where score = 2), c = count(where score = 3)",
          "a,b,c,patients\n<5,*,16,27\n");
}

static void a_total_hides_the_second_smallest_part(void **state)
{
    (void)state;
    check("from patients group by score with totals show n = count(), s = round(share(1), 4), m = max(income)",
          "score,n,s,m,patients\n1,<5,*,*,<5\n2,*,*,*,*\n3,16,0.5926,100.00,16\ntotal,27,1,*,27\n");
    /* a total over one group tells it, so it is hidden too, and with it another group of the whole */
    check("from patients group by score, sex with totals show n = count()",
          "score,sex,n,patients\n1,female,<5,<5\n1,total,*,*\n2,female,*,*\n2,male,<5,<5\n2,total,*,*\n3,female,11,11\n"
          "3,male,5,5\n3,total,16,16\ntotal,total,27,27\n");
    check("from patients where score = 1 group by sex with totals show n = count()", "sex,n,patients\n*,<5,<5\n");
}

/* Contacts: 3 persons of score 1 have thirty emergencies. */
static void a_total_that_few_share_is_hidden(void **state)
{
    (void)state;
    check("from contacts group by level with totals show n = count(), p = patients()",
          "level,n,p,patients\nemergency,*,<5,<5\nprimary,*,*,*\ntotal,36,9,9\n");
}

static void a_pivot_hides_what_its_groups_hide(void **state)
{
    (void)state;
    check("from patients group by score, sex show n = count() pivot sex",
          "score,female,male,patients\n1,<5,0,<5\n2,6,<5,6\n3,11,5,16\n");
    check("from patients group by score, sex with totals show n = count() pivot sex",
          "score,female,male,total,patients\n1,<5,0,*,*\n2,*,<5,*,*\n3,11,5,16,16\ntotal,,,27,27\n");
    /* a key that may be one person's own: its groups of few share a hidden column */
    check("from patients group by sex, income show n = count() pivot income",
          "sex,100.00,*,patients\nfemale,20,0,20\nmale,6,<5,6\n");
}

static void two_hidden_shares_hide_each_other(void **state)
{
    (void)state;
    /* shares of 3, 16 and 48 in 67: the row of 16 goes, since its count or sum would give its share back */
    check_at("from patients group by score show n = count(), s = round(share(score), 4)", 0,
             "score,n,s,patients\n1,3,0.0448,3\n2,8,0.2388,8\n3,16,0.7164,16\n");
    check("from patients group by score show n = count(), s = round(share(score), 4)",
          "score,n,s,patients\n1,<5,*,<5\n2,*,*,*\n3,16,0.7164,16\n");
}

static void a_sum_that_one_person_makes_is_hidden(void **state)
{
    (void)state;
    /* 10000 of 10700 is 93%; one row a contact: each of 6 persons makes a sixth */
    check("from patients group by score show s = sum(income), m = mean(income)",
          "score,s,m,patients\n1,*,*,<5\n2,*,*,8\n3,1600.00,100,16\n");
    check("from patients show s = sum(case(score = 1 then 1, else 0))", "s,patients\n*,27\n");
}

static void extremes_of_one_person_are_hidden(void **state)
{
    (void)state;
    check("from patients show low = min(income), high = max(income)", "low,high,patients\n100.00,*,27\n");
}

static void quantiles_need_k_persons_beyond_them(void **state)
{
    (void)state;
    /* of 27: 3 above 90%, 7 above 75% */
    check("from patients show a = quantile(score, 90%), b = quantile(score, 75%), c = quantile(score, 10%), m = median(score)",
          "a,b,c,m,patients\n*,3,*,3,27\n");
}

static void top_shares_need_k_persons(void **state)
{
    (void)state;
    /* 10% of 27 are 3 persons, 30% are 9: 9 x 3 of 67 */
    check("from patients show a = top_share(score, 10%), b = round(top_share(score, 30%), 4)",
          "a,b,patients\n*,0.403,27\n");
    check("from patients where score = 2 show a = top_share(income, 90%), g = gini(income)", "a,g,patients\n*,*,8\n");
}

/* One person has most of what those of score 2 have: whatever rests on that is hidden, asked for alone or beside the others. */
static void aggregates_of_one_value_are_hidden_as_each_alone(void **state)
{
    (void)state;
    check("from patients group by score show s = sum(income)", "score,s,patients\n1,*,<5\n2,*,8\n3,1600.00,16\n");
    check("from patients group by score show m = mean(income)", "score,m,patients\n1,*,<5\n2,*,8\n3,100,16\n");
    check("from patients group by score show t = top_share(income, 90%)", "score,t,patients\n1,*,<5\n2,*,8\n3,0.9375,16\n");
    check("from patients group by score show s = sum(income), m = mean(income), t = top_share(income, 90%), g = gini(income), "
          "u = top_share(income, 10%), w = sum(income where sex = male)",
          "score,s,m,t,g,u,w,patients\n1,*,*,*,*,*,*,<5\n2,*,*,*,*,*,*,8\n3,1600.00,100,0.9375,0,*,500.00,16\n");
}

static void curves_need_k_persons_on_every_side(void **state)
{
    (void)state;
    /* score as time: 3 leave at 1, 8 at 2 (2 men), 16 at 3 (5 men). No man has left by 1, 2 by 2, 7 by 3 */
    check("from patients show a = km(score, sex = male, 1), b = km(score, sex = male, 2), c = round(km(score, sex = male, 3), 4)",
          "a,b,c,patients\n1,*,0.6302,27\n"); /* 22/24 x 11/16 */
    /* by 2, 9 women have; of those below 3 two men have not */
    check("from patients show a = round(km(score, sex = female, 2), 4), b = km(score where score < 3, sex = female, 2)",
          "a,b,patients\n0.6667,*,27\n"); /* 24/27 x 18/24 */
    /* 3 persons are followed to 2, 27 to 1 */
    check("from patients derive t = case(score = 1 then 3, else 1) show a = round(km(t, score = 2, 1), 4), b = km(t, score = 2, 2)",
          "a,b,patients\n0.7037,*,27\n"); /* 19/27 */
    check("from patients derive s = case(sex = male then 'm', score = 1 then 'few', else 'followed')"
          " show a = round(cif(score, s, 'm', 3), 4), b = cif(score, s, 'few', 3)",
          "a,b,patients\n0.3287,*,27\n"); /* 2/27 + 22/27 x 5/16 */
}

static void quantiles_of_curves_need_k_persons_beyond_them(void **state)
{
    (void)state;
    check("from patients show a = km_quantile(score, sex = female, 50%), b = km_quantile(score, sex = female, 10%),"
          " c = km_quantile(score, sex = female and score = 1, 5%), d = km_quantile(score, sex = male, 50%)",
          "a,b,c,d,patients\n3,*,*,,27\n");
}

static void notes_of_curves_name_no_numbers(void **state)
{
    reply got;
    (void)state;
    ask("from patients show a = km(score - 2, sex = female, 1), b = km(score, sex = male, 9)", 5, NULL, &got);
    assert_string_equal(got.csv, "a,b,patients\n0.234375,,27\n"); /* 18/24 x 5/16 */
    assert_contains(got.notes, "km(score - 2, sex = female, 1) leaves out rows whose time is below 0: count(where … < 0) says "
                               "how many\n");
    assert_contains(got.notes, "km(score, sex = male, 9) is missing where nobody was followed so long\n");
    ask("from patients derive s = case(sex = male then 'm', score = 1 then 'few', else 'followed')"
        " show a = cif(score, s, 'm', 3), b = cif(score, s, 'm', 1), c = cif(score, sex, female, 3), d = cif(score, text(id), 'p0001', 3)",
        0, NULL, &got);
    assert_string_equal(got.notes, "cif of 'm': 'few' competes, 'followed' is censored\n"
                                   "cif of 'female': 'male' competes, only missing is censored\n"
                                   "cif of 'p0001': 'censored', 'followed' and missing are censored, every other state competes\n");
}

static void a_key_that_may_be_one_persons_own_is_hidden(void **state)
{
    (void)state;
    check("from patients group by income show n = count()", "income,n,patients\n100.00,26,26\n*,<5,<5\n");
}

static void no_later_stage_brings_a_hidden_value_back(void **state)
{
    (void)state;
    const char *const grouped = "from patients group by score show score, n = count() ";
    char text[256];
    static const struct {
        const char *stages, *expected;
    } rows[] = {
        {"derive x = n + 0", "score,n,x,patients\n1,<5,*,<5\n2,8,8,8\n3,16,16,16\n"},
        {"derive x = coalesce(n, 99)", "score,n,x,patients\n1,<5,99,<5\n2,8,8,8\n3,16,16,16\n"},
        {"derive r = rank(n), q = percentile(n), t = top(1, n)",
         "score,n,r,q,t,patients\n1,<5,*,*,*,<5\n2,8,2,0.5,false,8\n3,16,1,1,true,16\n"},
        {"where n < 5", "score,n,patients\n"},
        {"where n is missing", "score,n,patients\n1,<5,<5\n"},
        {"sort n", "score,n,patients\n1,<5,<5\n2,8,8\n3,16,16\n"}, /* missing is lowest, whatever it was */
        {"sort n desc", "score,n,patients\n3,16,16\n2,8,8\n1,<5,<5\n"},
        {"show total = sum(n), k = count()", "total,k,patients\n24,3,24\n"}, /* not 27, from which 24 leaves 3 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "%s%s", grouped, rows[i].stages);
        check(text, rows[i].expected);
    }
}

/* Of the shares of 3, 8 and 16 the row of 8 goes as a whole: groups of these groups may not say that they were 8. */
static void groups_of_hidden_groups_do_not_tell_their_persons(void **state)
{
    (void)state;
    check("from patients group by score show s = share(score) group by score show k = count()",
          "score,k,patients\n1,<5,<5\n2,<5,<5\n3,1,16\n");
}

static void the_threshold_of_few_is_not_told(void **state)
{
    (void)state;
    reply got;
    ask("from patients top 1 by income show m = mean(income)", 5, NULL, &got);
    assert_contains(got.notes, "hidden");
    assert_null(strstr(got.notes, "10000"));
    assert_null(strstr(got.notes, "kept 1 "));
    ask("from patients top 10 by score show m = mean(score)", 5, NULL, &got);
    assert_contains(got.notes, "top kept 16 of 27 rows with a value: those from 3");
}

/* Births are long before the data: 3 persons of score 1, 8 of score 2. */
static void windows_of_few_persons_that_leave_the_data_are_not_told(void **state)
{
    static const char warning[] = "warning: some windows of contacts reach back before";
    const char *const text = "from patients where score = %d derive n = count(contacts during birth..2021) show n = sum(n)";
    reply got;
    char asked[256];
    lots_error err;
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        lots_pool *pool = NULL;
        assert_ok(lots_pool_open(&pool, threads, &err));
        snprintf(asked, sizeof asked, text, 1);
        ask(asked, 5, pool, &got);
        assert_null(strstr(got.notes, warning));
        ask(asked, 0, pool, &got);
        assert_contains(got.notes, warning);
        snprintf(asked, sizeof asked, text, 2);
        ask(asked, 5, pool, &got);
        assert_contains(got.notes, warning);
        ask(asked, 9, pool, &got);
        assert_null(strstr(got.notes, warning));
        lots_pool_close(pool);
    }
}

/* Whether one event is among so many within so many days need not be counted, but where these days leave the data that is told. */
static void windows_that_leave_the_data_are_told_of_repeated_events(void **state)
{
    static const char warning[] = "warning: some windows of contacts reach back before";
    const char *const text = "let all = contacts where year(start) > 1900 from patients "
                             "derive n = count(all as e where count(all within %dd until e.start) >= 2) show n = sum(n)";
    reply got;
    char asked[256];
    (void)state;
    snprintf(asked, sizeof asked, text, 2000);
    ask(asked, 0, NULL, &got);
    assert_contains(got.notes, warning);
    snprintf(asked, sizeof asked, text, 2);
    ask(asked, 0, NULL, &got);
    assert_null(strstr(got.notes, warning));
}

static void the_answer_is_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool = NULL;
    reply one, four;
    const char *text = "from patients group by score show s = sum(income), m = max(income), r = rate(sex = male)";
    assert_ok(lots_pool_open(&pool, 4, &err));
    ask(text, 5, NULL, &one);
    ask(text, 5, pool, &four);
    assert_string_equal(one.csv, four.csv);
    assert_string_equal(one.notes, four.notes);
    lots_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_hidden_unless_asked),
        cmocka_unit_test(counts_of_few_persons_print_as_fewer_than_k),
        cmocka_unit_test(a_true_zero_is_shown),
        cmocka_unit_test(many_events_of_few_persons_are_hidden),
        cmocka_unit_test(what_a_condition_leaves_out_counts_too),
        cmocka_unit_test(a_rate_needs_both_sides),
        cmocka_unit_test(the_second_smallest_part_of_a_total_goes_too),
        cmocka_unit_test(a_total_hides_the_second_smallest_part),
        cmocka_unit_test(a_total_that_few_share_is_hidden),
        cmocka_unit_test(a_pivot_hides_what_its_groups_hide),
        cmocka_unit_test(two_hidden_shares_hide_each_other),
        cmocka_unit_test(groups_of_hidden_groups_do_not_tell_their_persons),
        cmocka_unit_test(a_sum_that_one_person_makes_is_hidden),
        cmocka_unit_test(extremes_of_one_person_are_hidden),
        cmocka_unit_test(quantiles_need_k_persons_beyond_them),
        cmocka_unit_test(top_shares_need_k_persons),
        cmocka_unit_test(aggregates_of_one_value_are_hidden_as_each_alone),
        cmocka_unit_test(curves_need_k_persons_on_every_side),
        cmocka_unit_test(quantiles_of_curves_need_k_persons_beyond_them),
        cmocka_unit_test(notes_of_curves_name_no_numbers),
        cmocka_unit_test(a_key_that_may_be_one_persons_own_is_hidden),
        cmocka_unit_test(no_later_stage_brings_a_hidden_value_back),
        cmocka_unit_test(the_threshold_of_few_is_not_told),
        cmocka_unit_test(windows_of_few_persons_that_leave_the_data_are_not_told),
        cmocka_unit_test(windows_that_leave_the_data_are_told_of_repeated_events),
        cmocka_unit_test(the_answer_is_the_same_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
