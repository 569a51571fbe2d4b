/* test_ghosts.c: open stays that can't be, told when rows are settled. */
#include "tests/core/store/store_fixture.h"

typedef struct stay {
    lots_patient patient;
    int32_t start, end; /* end -1: missing */
    const char *level;
    bool ghost;
    const char *why;
} stay;

static void put_stay(const fixture *f, lots_batch *batch, const stay *s)
{
    lots_error err;
    assert_ok(lots_batch_row_begin(batch, s->patient, &err));
    assert_ok(lots_batch_put_int(batch, C_START, s->start, &err));
    if (s->end >= 0)
        assert_ok(lots_batch_put_int(batch, C_END, s->end, &err));
    if (s->level != NULL) {
        lots_id rank = lots_dictionary_find(f->domains[LEVEL], s->level, strlen(s->level));
        assert_ok(lots_batch_put_int(batch, C_LEVEL, lots_dictionary_stable_of_rank(f->domains[LEVEL])[rank], &err));
    }
    assert_ok(lots_batch_put_int(batch, C_GHOST, 1, &err)); /* whatever was there before is replaced */
    assert_ok(lots_batch_row_end(batch, &err));
}

static void open_stays_that_can_not_be_are_ghosts(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, out;
    lots_settle_counts counts;
    const lots_dictionary *domains[LOTS_COLUMNS_MAX];
    static const stay stays[] = {
        {0, 1000, -1, "inpatient", true, "a later stay of the same level"},
        {0, 1100, 1105, "inpatient", false, "it has an end"},
        {1, 1000, -1, "inpatient", true, "301 days until coverage ends"},
        {2, 1001, -1, "inpatient", false, "300 days, the bound, until coverage ends"},
        {3, 1000, -1, "inpatient", false, "death came within the bound"},
        {4, 1290, -1, "inpatient", false, "later events are of other levels"},
        {4, 1291, -1, "primary", false, "a point is never open"},
        {4, 1292, -1, NULL, false, "without a level the stream's span, a point, holds"},
        {5, 1250, -1, "inpatient", true, "a later open stay"},
        {5, 1260, -1, "inpatient", true, "a later open stay on the same day"},
        {5, 1260, -1, "inpatient", false, "the last"},
        {6, 1280, -1, "specialist", false, "a closed span: missing is unknown"},
        {6, 1285, -1, "specialist", false, "the same"},
        {7, 1270, -1, "inpatient", false, "another patient's stay follows"},
        {8, 1280, -1, "inpatient", false, "another patient's stay came before"},
    };
    enum { COUNT = sizeof stays / sizeof *stays };
    const lots_day death[] = {LOTS_DAY_MAX, LOTS_DAY_MAX, LOTS_DAY_MAX, 1200, 1300, LOTS_DAY_MAX, LOTS_DAY_MAX,
                              LOTS_DAY_MAX, LOTS_DAY_MAX};
    fixture_open(&f, 44);
    open_batch(&f, CONTACTS, &batch);
    for (size_t i = COUNT; i-- > 0;)
        put_stay(&f, &batch, &stays[i]);
    find_domains(&f, CONTACTS, domains);
    lots_order_context context = {.stream = &f.schema.streams[CONTACTS], .codes = f.codes, .domains = domains,
                                  .death = death, .covered_until = 1301};
    assert_ok(lots_order_settle(&context, &batch, NULL, &out, &counts, &err));
    uint64_t ghosts = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        if (LOTS_AT(uint8_t, &out.columns[C_GHOST].values, i) != stays[i].ghost)
            fail_msg("row %u: %s", i, stays[i].why);
        assert_int_equal(LOTS_AT(uint8_t, &out.columns[C_GHOST].missing, i), 0);
        ghosts += stays[i].ghost;
    }
    assert_int_equal(counts.ghosts, ghosts);
    lots_batch_close(&batch);
    lots_batch_close(&out);
    fixture_close(&f);
}

static void nothing_is_too_long_where_nothing_says_until_when(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, out;
    lots_settle_counts counts;
    const lots_dictionary *domains[LOTS_COLUMNS_MAX];
    const stay s = {0, 0, -1, "inpatient", false, ""};
    fixture_open(&f, 45);
    open_batch(&f, CONTACTS, &batch);
    put_stay(&f, &batch, &s);
    find_domains(&f, CONTACTS, domains);
    lots_order_context context = {.stream = &f.schema.streams[CONTACTS], .codes = f.codes, .domains = domains,
                                  .covered_until = LOTS_DAY_MAX};
    assert_ok(lots_order_settle(&context, &batch, NULL, &out, &counts, &err));
    assert_int_equal(counts.ghosts, 0);
    lots_batch_close(&batch);
    lots_batch_close(&out);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_stays_that_can_not_be_are_ghosts),
        cmocka_unit_test(nothing_is_too_long_where_nothing_says_until_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
