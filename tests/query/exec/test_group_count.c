/* Rows counted by group in lines, batch after batch, against plain loops over all of them. */
#include "query/exec/group_count.h"

#include <string.h>

#include "tests/support/lots_test.h"

enum { BATCHES = 12, ROWS = 700, GROUPS = 9, MANY = 100 };

typedef struct told { /* of one group, by looking at every person */
    uint64_t rows, persons, left, givers;
    int64_t sum;
    double all, largest;
} told;

static uint32_t numbers[BATCHES + 1][ROWS]; /* kernels may read beyond the last batch */
static lots_patient patients[BATCHES][ROWS];
static int64_t values[BATCHES][ROWS];
static uint64_t wheres[BATCHES][ROWS / 64 + 2];
static uint32_t known = GROUPS;
static bool late; /* some groups are seldom; of them every second comes late, when the others are settled */
static uint64_t seed;

static uint32_t draw_group(uint32_t batch)
{
    enum { SELDOM = 10 };
    const uint64_t drawn = lots_test_random(&seed);
    if (!late || drawn % 100 >= (batch < 6 ? 2 : 3))
        return (uint32_t)(drawn / 100 % (late ? known - SELDOM : known));
    return known - SELDOM + 2 * (uint32_t)(drawn / 100 % (SELDOM / 2)) + (drawn % 100 < 2);
}

/* Patients rise and have several rows. Now and then a batch has values below 0, at times of some groups. Group 0 is one person's, nearly. */
static void fill(bool swings)
{
    for (uint32_t b = 0; b < BATCHES; b++) {
        lots_patient patient = 0;
        memset(wheres[b], 0, sizeof wheres[b]);
        for (uint32_t row = 0; row < ROWS; row++) {
            patient += lots_test_random(&seed) % 4 == 0 ? 1 + (uint32_t)(lots_test_random(&seed) % 3) : 0;
            patients[b][row] = patient;
            numbers[b][row] = row == 0 ? 0 : draw_group(b);
            values[b][row] = (int64_t)(lots_test_random(&seed) % (late ? 5000 : 5) * (known == 1 ? 1 : numbers[b][row] % 3));
            values[b][row] -= swings && b % 3 == 1 && (b % 2 == 1 || numbers[b][row] % 2 == 1) ? 2 : 0;
            values[b][row] += numbers[b][row] == 0 && b == 7 && patient == patients[b][0] ? 90000 : 0;
            if (lots_test_random(&seed) % 3 != 0)
                lots_bit_set(wheres[b], row);
        }
    }
}

static void look(uint32_t from, uint32_t end, bool asked, told out[MANY])
{
    memset(out, 0, MANY * sizeof *out);
    for (uint32_t g = 0; g < known; g++)
        for (uint32_t b = from; b < end; b++)
            for (uint32_t row = 0; row < ROWS;) {
                const lots_patient patient = patients[b][row];
                int64_t own = 0;
                bool here = false, besides = false;
                for (; row < ROWS && patients[b][row] == patient; row++) {
                    const bool kept = !asked || lots_bit_get(wheres[b], row);
                    if (numbers[b][row] != g)
                        continue;
                    here = here || kept;
                    besides = besides || !kept;
                    out[g].rows += kept ? 1 : 0;
                    own += kept ? values[b][row] : 0;
                }
                const double size = own < 0 ? -(double)own : (double)own;
                out[g].persons += here ? 1 : 0;
                out[g].left += besides ? 1 : 0;
                out[g].givers += own != 0 ? 1 : 0;
                out[g].sum += own;
                out[g].all += size;
                out[g].largest = size > out[g].largest ? size : out[g].largest;
            }
}

static lots_expr value_expr = {.type = {.kind = LOTS_TYPE_INT}};
static lots_row_agg sum_agg = {.kind = LOTS_AGG_SUM, .type = {.kind = LOTS_TYPE_INT}, .value = &value_expr};

static void feed(lots_group_counter *counter, lots_evidence *evidence, uint32_t from, uint32_t end, bool asked)
{
    lots_error err;
    lots_arena arena;
    lots_arena_init(&arena, 0);
    for (uint32_t b = from; b < end; b++) {
        lots_vector value = {.type = {.kind = LOTS_TYPE_INT}, .count = ROWS, .data = values[b]};
        lots_group_batch batch = {.rows = ROWS, .number = numbers[b], .known = known, .patient = patients[b], .value = &value,
                                  .first_person = 1 + b * 10 * ROWS, .arena = &arena, .others = true,
                                  .where = asked ? wheres[b] : NULL};
        lots_group_taken taken;
        lots_group_batch_begin(&batch);
        assert_ok(lots_group_batch_split(&batch, &sum_agg, &err));
        assert_ok(lots_evidence_grow(evidence, known, &err));
        assert_ok(lots_group_counter_feed(counter, &batch, &sum_agg, evidence, &taken, &err));
        assert_true(taken.state && taken.evidence);
    }
    lots_arena_free(&arena);
}

static bool is_few(uint64_t persons) { return persons > 0 && persons < 5; }

/* `exact`: of persons nothing is left out, else only what changes no judgement. */
static void check(lots_group_counter *counter, lots_evidence *evidence, bool asked, bool exact)
{
    told expected[MANY];
    look(0, BATCHES, asked, expected);
    lots_group_counter_end(counter, evidence);
    for (uint32_t g = 0; g < known; g++) {
        const lots_group_counted kept = lots_group_counter_kept(counter, g), left = lots_group_counter_left(counter, g);
        assert_true(kept.rows == expected[g].rows && kept.persons == expected[g].persons && kept.sum == expected[g].sum);
        assert_int_equal(left.persons, asked ? expected[g].left : 0);
        lots_evidence_add(evidence, g, &kept, &left);
        const lots_evidence_cell *cell = lots_evidence_at(evidence, g);
        assert_true(cell->all + cell->rest == expected[g].all);
        if (exact || expected[g].largest * 4 > expected[g].all)
            assert_true(cell->largest == expected[g].largest);
        if (exact)
            assert_int_equal(cell->givers, expected[g].givers);
        else
            assert_true((cell->givers >= 5) == (expected[g].givers >= 5));
        const bool few = is_few(expected[g].givers) || is_few(expected[g].persons) || (asked && is_few(expected[g].left));
        const bool hidden = few || expected[g].largest > 0.85 * expected[g].all;
        assert_int_equal(lots_evidence_judge_cell(evidence, lots_evidence_at(evidence, g), 5), hidden ? LOTS_MARK_WITHHELD : LOTS_MARK_SHOWN);
    }
}

static void sums_and_what_they_rest_on_are_those_of_all_rows(void **state)
{
    (void)state;
    static const uint32_t groups[] = {GROUPS, 1, MANY, MANY}; /* of many each has few rows in a batch */
    for (unsigned way = 0; way < 32; way++) {
        const bool swings = (way & 1) != 0 && way < 16, asked = (way & 2) != 0, exact = (way & 4) != 0;
        lots_group_counter counter = {0};
        lots_evidence evidence;
        known = groups[way / 8];
        late = way >= 24;
        seed = way + 1;
        fill(swings);
        lots_evidence_open(&evidence, &sum_agg, exact ? 0 : 5);
        feed(&counter, &evidence, 0, BATCHES, asked);
        check(&counter, &evidence, asked, exact);
        lots_evidence_close(&evidence);
        lots_group_counter_close(&counter);
    }
    known = GROUPS;
    late = false;
}

static void parts_are_joined_group_by_group(void **state)
{
    (void)state;
    uint32_t same[GROUPS];
    lots_group_counter parts[2] = {{.rows = 0}, {.rows = 0}};
    lots_evidence evidence[2];
    lots_error err;
    seed = 99;
    fill(true);
    for (uint32_t g = 0; g < GROUPS; g++)
        same[g] = g;
    for (uint32_t k = 0; k < 2; k++) {
        lots_evidence_open(&evidence[k], &sum_agg, 5);
        feed(&parts[k], &evidence[k], k == 0 ? 0 : 5, k == 0 ? 5 : BATCHES, true);
        lots_group_counter_end(&parts[k], &evidence[k]);
    }
    assert_ok(lots_group_counter_join(&parts[0], &parts[1], same, GROUPS, GROUPS, &err));
    lots_evidence_join(&evidence[0], &evidence[1], same);
    check(&parts[0], &evidence[0], true, false);
    for (uint32_t k = 0; k < 2; k++) {
        lots_evidence_close(&evidence[k]);
        lots_group_counter_close(&parts[k]);
    }
}

/* Whoever counted the persons along with a sum may be followed by a counter of its own. */
static void a_copy_counts_on(void **state)
{
    (void)state;
    told before[MANY], all[MANY];
    lots_group_counter counter = {0}, copy = {0};
    lots_evidence evidence;
    lots_error err;
    seed = 5;
    fill(true);
    lots_evidence_open(&evidence, &sum_agg, 5);
    feed(&counter, &evidence, 0, 5, false);
    assert_ok(lots_group_counter_copy(&copy, &counter, &err));
    assert_int_equal(copy.rows, counter.rows);
    look(0, 5, false, before);
    for (uint32_t g = 0; g < GROUPS; g++) {
        const lots_group_counted kept = lots_group_counter_kept(&copy, g);
        assert_true(kept.rows == before[g].rows && kept.persons == before[g].persons && kept.sum == 0);
    }
    feed(&copy, &evidence, 5, BATCHES, false);
    look(0, BATCHES, false, all);
    for (uint32_t g = 0; g < GROUPS; g++) {
        const lots_group_counted kept = lots_group_counter_kept(&copy, g);
        assert_true(kept.rows == all[g].rows && kept.persons == all[g].persons);
    }
    lots_evidence_close(&evidence);
    lots_group_counter_close(&counter);
    lots_group_counter_close(&copy);
}

/* Each person has one row, and nearly all have a whole year: `others[g]` persons of group g, spread over the batches, have less (odd
 * groups: nothing). The last group has more than two values and, at the end, one person who has nearly all of it. */
static void fill_years(const uint32_t others[GROUPS])
{
    uint32_t put[GROUPS] = {0};
    for (uint32_t b = 0; b < BATCHES; b++)
        for (uint32_t row = 0; row < ROWS; row++) {
            const uint32_t g = row % GROUPS;
            const bool other = b > 2 && row % 67 == 3 * b && put[g] < others[g];
            put[g] += other ? 1 : 0;
            numbers[b][row] = g;
            patients[b][row] = row;
            values[b][row] = !other ? 365 : g % 2 == 1 ? 0 : g == GROUPS - 1 ? 200 + put[g] % 2 : 200;
            if (b == BATCHES - 1 && row + GROUPS >= ROWS && g == GROUPS - 1)
                values[b][row] = 2000000;
        }
    assert_memory_equal(put, others, sizeof put);
}

/* By looking at every person: how many have less than a year. */
static bool is_hidden(uint32_t group)
{
    told all[MANY];
    uint32_t whole = 0, less = 0, low = UINT32_MAX, high = 0;
    look(0, BATCHES, false, all);
    for (uint32_t b = 0; b < BATCHES; b++)
        for (uint32_t row = group; row < ROWS; row += GROUPS) {
            const uint32_t value = (uint32_t)values[b][row];
            whole += value == 365 ? 1 : 0;
            less += value != 365 ? 1 : 0;
            low = value != 365 && value < low ? value : low;
            high = value != 365 && value > high ? value : high;
        }
    const bool two = less > 0 && low == high;
    return (two && (less < 5 || whole < 5)) || all[group].largest > 0.85 * all[group].all;
}

static void what_nearly_all_have_is_looked_at_no_further(void **state)
{
    (void)state;
    static const uint32_t others[GROUPS] = {0, 0, 1, 1, 4, 4, 5, 6, 7};
    fill_years(others);
    for (uint32_t exact = 0; exact < 2; exact++) {
        lots_group_counter counter = {0};
        lots_evidence evidence;
        lots_evidence_open(&evidence, &sum_agg, exact != 0 ? 0 : 5);
        feed(&counter, &evidence, 0, BATCHES, false);
        assert_true(exact != 0 || lots_evidence_at(&evidence, 0)->givers < BATCHES * ROWS / GROUPS / 2); /* at first all are */
        lots_group_counter_end(&counter, &evidence);
        for (uint32_t g = 0; g < GROUPS; g++) {
            const lots_group_counted kept = lots_group_counter_kept(&counter, g), left = lots_group_counter_left(&counter, g);
            lots_evidence_add(&evidence, g, &kept, &left);
            assert_int_equal(lots_evidence_judge_cell(&evidence, lots_evidence_at(&evidence, g), 5),
                             is_hidden(g) ? LOTS_MARK_WITHHELD : LOTS_MARK_SHOWN);
        }
        lots_evidence_close(&evidence);
        lots_group_counter_close(&counter);
    }
}

/* Small sums too, of which a fifth is nothing. */
static void whoever_has_over_85_per_cent_has_a_large_part(void **state)
{
    (void)state;
    for (uint64_t all = 1; all <= 2000; all++) {
        for (uint64_t own = all * 85 / 100 + 1; own <= all; own++)
            assert_true(lots_is_large_part(own, all));
        assert_false(all >= 10 && lots_is_large_part(all / 2, all)); /* else everybody would be looked at */
    }
    assert_true(lots_is_large_part(UINT64_MAX, UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_what_they_rest_on_are_those_of_all_rows),
        cmocka_unit_test(parts_are_joined_group_by_group),
        cmocka_unit_test(a_copy_counts_on),
        cmocka_unit_test(what_nearly_all_have_is_looked_at_no_further),
        cmocka_unit_test(whoever_has_over_85_per_cent_has_a_large_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
