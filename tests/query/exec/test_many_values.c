/* Medians, quantiles and shares of so many values that several threads put them in order: of all, of one large group beside a small one, and
 * of many small ones, against SQL over the same rows. */
#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

/* `x` by `key`: of each group how many, its median, ninth decile, Gini coefficient and the share of its largest tenth. */
#define CONCENTRATION(KEY, X)                                                                                                        \
    "with r as (select " KEY " k, " X " x, row_number() over w i, count(*) over (partition by " KEY ") n from patients "            \
    "where " X " is not null window w as (partition by " KEY " order by " X ")) "                                                   \
    "select k, count(*), quant(x, 0.5), quant(x, 0.9), 1.0 * sum((2 * i - n - 1) * x) / (n * sum(x)), "                            \
    "1.0 * sum(case when i > n - (n + 9) / 10 then x else 0 end) / sum(x) from r group by k"
#define ASKED(X, KEY) "from patients derive x = patient." X " group by " KEY " show n = count(), median(x), quantile(x, 90%), gini(x), top_share(x, 10%)"

static const char *const questions[][2] = {
    {ASKED("score", "all = 1"), CONCENTRATION("1", "score")},
    {ASKED("income", "all = 1"), CONCENTRATION("1", "income / 100.0")},
    {ASKED("income", "sex"), CONCENTRATION("sex", "income / 100.0")},
    {ASKED("score", "sex"), CONCENTRATION("sex", "score")},
    {ASKED("score / 7.0", "sex"), CONCENTRATION("sex", "score / 7.0")},
    {ASKED("income", "born = month(birth)"), CONCENTRATION("month(birth)", "income / 100.0")},
};

static void many_values_are_put_in_order_by_several_threads(void **state)
{
    small_registry r;
    lots_pool *pool = NULL;
    lots_error err;
    (void)state;
    small_open(&r);
    /* 65,536 are men: so many values, and no fewer, of a group are put in order by all threads */
    small_exec(&r, "with recursive n(i) as (select 0 union all select i + 1 from n where i < 79999) "
                   "insert into patients select i, d('1950-01-01') + i % 3650, case when i * 113 % 625 < 113 then 'female' else 'male' end, "
                   "null, i * 7919 % 300007 + 100, i * 104729 % 300007 + 100 from n");
    small_publish(&r, 30000);
    assert_ok(lots_pool_open(&pool, 3, &err));
    for (size_t q = 0; q < sizeof questions / sizeof *questions; q++) {
        answer lots, sql;
        char why[1000] = "";
        if (answer_lots(r.registry, questions[q][0], NULL, pool, &lots, &err) != LOTS_OK)
            fail_msg("%s: %s", questions[q][0], err.text);
        answer_sql(r.sql, questions[q][1], &sql);
        if (!answer_same(&lots, &sql, why))
            fail_msg("%s: %s", questions[q][0], why);
        answer_free(&lots);
        answer_free(&sql);
    }
    lots_pool_close(pool);
    small_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(many_values_are_put_in_order_by_several_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
