/* What totals tell: an attacker takes all numbers that a table shows, knows that a total is the sum of its parts, that a shown 0
 * is true, that `<5` is 1 to 4 and `*` among details at least 5, and may not find any hidden count. On many random tables, with 5,
 * 4 and 3 as the least that is shown. */
#include <stdio.h>

#include "core/base/arena.h"
#include "query/exec/evidence.h"
#include "query/exec/value.h"
#include "query/out/output.h"
#include "tests/support/small_registry.h"

enum { PERSONS = 900, ROWS_MAX = 200, COLUMNS_MAX = 6, KEYS_MAX = 3, CELLS_MAX = ROWS_MAX * COLUMNS_MAX, MANY = 1000000 };

static small_registry r;
static uint32_t smallest; /* the smallest number of persons that is shown */

static int open_registry(void **state)
{
    (void)state;
    uint64_t seed = 7;
    small_open(&r);
    for (int i = 0; i < PERSONS; i++) {
        char sql[300];
        uint64_t x = lots_test_random(&seed);
        snprintf(sql, sizeof sql, "INSERT INTO patients VALUES (%d, d('19%d0-01-01'), %s, NULL, %d, %d)", i, (int)(x % 3) + 4,
                 x / 3 % 7 == 0 ? "NULL" : x / 3 % 7 < 3 ? "'male'" : "'female'", (int)(x / 21 % 5 * (x / 105 % 5) / 3),
                 i * 100);
        small_exec(&r, sql);
    }
    small_publish(&r, 300);
    return 0;
}

static int close_registry(void **state)
{
    (void)state;
    small_close(&r);
    return 0;
}

/* ---- asking ---- */

typedef struct cell {
    int64_t truth;
    int64_t low, high; /* what the attacker knows */
    bool shown, small;
} cell;

typedef struct table {
    uint32_t rows, keys, columns; /* columns: counts, and last the patients */
    char key[ROWS_MAX][KEYS_MAX][24];
    uint32_t level[ROWS_MAX];
    cell cells[ROWS_MAX][COLUMNS_MAX];
} table;

static void run(const char *text, uint32_t min_cell, lots_arena *arena, lots_result *out)
{
    lots_error err;
    lots_sources sources;
    lots_query *query = NULL;
    lots_run_options options = {.min_cell = min_cell};
    assert_ok(lots_query_bind(r.registry, text, strlen(text), "query", NULL, arena, &sources, &query, &err));
    assert_ok(lots_run_pipeline(query, &query->pipelines[0], &options, out, &err));
}

static void read_keys(const lots_result *result, table *t)
{
    lots_error err;
    for (uint32_t row = 0; row < t->rows; row++)
        for (uint32_t k = 0; k < t->keys; k++) {
            const lots_result_column *column = &result->columns[k];
            lots_bytes text = {NULL, 0, 0};
            bool total = column->marks != NULL && column->marks[row] == LOTS_MARK_TOTAL;
            assert_true(total || column->marks == NULL || column->marks[row] == LOTS_MARK_SHOWN);
            t->level[row] += !total;
            assert_ok(lots_bytes_printf(&text, &err, "%s", total ? "T" : "v"));
            assert_ok(lots_value_append(NULL, &column->values, row, " ", &text, &err));
            assert_true(text.count < sizeof t->key[row][k]);
            memcpy(t->key[row][k], text.data, text.count);
            lots_bytes_free(&text);
        }
}

static void read_cells(const lots_result *hidden, const lots_result *truth, table *t)
{
    for (uint32_t row = 0; row < t->rows; row++)
        for (uint32_t c = 0; c < t->columns; c++) {
            bool last = c + 1 == t->columns;
            const lots_result_column *column = &hidden->columns[t->keys + c];
            const uint8_t *marks = last ? hidden->patients_marks : column->marks;
            cell *at = &t->cells[row][c];
            at->truth = last ? truth->patients[row] : ((const int64_t *)truth->columns[t->keys + c].values.data)[row];
            at->shown = marks == NULL || marks[row] == LOTS_MARK_SHOWN;
            at->small = !at->shown && marks[row] == LOTS_MARK_SMALL;
            if (at->shown)
                assert_int_equal(at->truth, last ? hidden->patients[row] : ((const int64_t *)column->values.data)[row]);
            bool detail = t->level[row] == t->keys, part = c > 0 && !last; /* 0 of a few is hidden too: it would tell of all */
            at->low = at->shown ? at->truth : !at->small && part ? 0 : at->small || !detail ? 1 : (int64_t)smallest;
            at->high = at->shown ? at->truth : at->small ? (int64_t)smallest - 1 : MANY;
            if (at->truth < at->low || at->truth > at->high)
                fail_msg("row %u, column %u: %d is marked as %d..%d", row, c, (int)at->truth, (int)at->low, (int)at->high);
        }
}

static void ask(const char *text, uint32_t keys, table *t)
{
    lots_arena arena;
    lots_result hidden, truth;
    lots_arena_init(&arena, 0);
    memset(t, 0, sizeof *t);
    run(text, smallest, &arena, &hidden);
    run(text, 0, &arena, &truth);
    t->keys = keys;
    t->rows = hidden.rows;
    t->columns = hidden.column_count - keys + 1;
    assert_true(t->rows <= ROWS_MAX && t->columns <= COLUMNS_MAX && hidden.rows == truth.rows);
    read_keys(&hidden, t);
    read_cells(&hidden, &truth, t);
    lots_result_free(&hidden);
    lots_result_free(&truth);
    lots_arena_free(&arena);
}

/* ---- attacking ---- */

/* total = the sum of parts. */
typedef struct equation {
    cell *total;
    cell *parts[ROWS_MAX];
    uint32_t count;
} equation;

static bool is_part(const table *t, uint32_t part, uint32_t total)
{
    bool same = t->level[part] == t->level[total] + 1;
    for (uint32_t k = 0; same && k < t->level[total]; k++)
        same = strcmp(t->key[part][k], t->key[total][k]) == 0;
    return same;
}

/* Of every total and column; of every row, that its patients are its first column, and with two more columns or four, that they
 * share it out. */
static uint32_t make_equations(table *t, equation *out)
{
    uint32_t count = 0;
    for (uint32_t row = 0; row < t->rows; row++) {
        for (uint32_t c = 0; c < t->columns && t->level[row] < t->keys; c++) {
            equation *e = &out[count++];
            *e = (equation){.total = &t->cells[row][c]};
            for (uint32_t part = 0; part < t->rows; part++)
                if (is_part(t, part, row))
                    e->parts[e->count++] = &t->cells[part][c];
        }
        out[count++] = (equation){.total = &t->cells[row][0], .parts = {&t->cells[row][t->columns - 1]}, .count = 1};
        equation *shared = &out[count];
        *shared = (equation){.total = &t->cells[row][0]};
        for (uint32_t c = 1; c + 1 < t->columns; c++)
            shared->parts[shared->count++] = &t->cells[row][c];
        count += shared->count > 1;
    }
    return count;
}

static bool narrow(cell *c, int64_t low, int64_t high)
{
    bool changed = low > c->low || high < c->high;
    c->low = low > c->low ? low : c->low;
    c->high = high < c->high ? high : c->high;
    assert_true(c->low <= c->truth && c->truth <= c->high);
    return changed;
}

static bool narrow_equation(equation *e)
{
    int64_t low = 0, high = 0;
    for (uint32_t i = 0; i < e->count; i++) {
        low += e->parts[i]->low;
        high += e->parts[i]->high;
    }
    bool changed = narrow(e->total, low, high < MANY ? high : MANY);
    for (uint32_t i = 0; i < e->count; i++) {
        cell *part = e->parts[i];
        int64_t most = e->total->high - (low - part->low);
        int64_t least = e->total->low - (high - part->high);
        changed = narrow(part, least, most) || changed;
        low = high = 0;
        for (uint32_t k = 0; k < e->count; k++) {
            low += e->parts[k]->low;
            high += e->parts[k]->high;
        }
    }
    return changed;
}

/* Which unknowns do the equations fix, whatever sizes they may have? Gauss-Jordan elimination modulo a prime. */
enum { PRIME = 1000003 };

static int64_t inverse(int64_t a)
{
    int64_t result = 1, power = a;
    for (int64_t n = PRIME - 2; n > 0; n /= 2, power = power * power % PRIME)
        result = n % 2 == 1 ? result * power % PRIME : result;
    return result;
}

static void reduce(int64_t (*matrix)[CELLS_MAX], uint32_t rows, uint32_t columns)
{
    uint32_t done = 0;
    for (uint32_t c = 0; c < columns && done < rows; c++) {
        uint32_t pivot = done;
        while (pivot < rows && matrix[pivot][c] == 0)
            pivot++;
        if (pivot == rows)
            continue;
        for (uint32_t k = 0; k < columns; k++) {
            int64_t swap = matrix[pivot][k];
            matrix[pivot][k] = matrix[done][k];
            matrix[done][k] = swap;
        }
        int64_t scale = inverse(matrix[done][c]);
        for (uint32_t k = 0; k < columns; k++)
            matrix[done][k] = matrix[done][k] * scale % PRIME;
        for (uint32_t i = 0; i < rows; i++) {
            int64_t times = i == done ? 0 : matrix[i][c];
            for (uint32_t k = 0; times != 0 && k < columns; k++)
                matrix[i][k] = (matrix[i][k] + (PRIME - times) * matrix[done][k]) % PRIME;
        }
        done++;
    }
}

static uint32_t number_of(const table *t, const cell *c, const uint32_t *numbers) { return numbers[c - &t->cells[0][0]]; }

/* How many unknowns of 1 to 4 are alone in a reduced equation. (That a total is 0 tells so of all its parts; and what is
 * hidden only to hide others, as a count of 7, may come out as long as those don't.) */
static uint32_t count_fixed(const table *t, const equation *equations, uint32_t count)
{
    static int64_t matrix[CELLS_MAX * 2][CELLS_MAX];
    static uint32_t numbers[CELLS_MAX];
    static int64_t truths[CELLS_MAX + 1];
    uint32_t unknown = 0, rows = 0, fixed = 0;
    for (uint32_t i = 0; i < CELLS_MAX; i++) {
        bool used = i / COLUMNS_MAX < t->rows && i % COLUMNS_MAX < t->columns && !(&t->cells[0][0])[i].shown;
        numbers[i] = used ? unknown : UINT32_MAX;
        truths[unknown] = (&t->cells[0][0])[i].truth;
        unknown += used;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool any = false;
        memset(matrix[rows], 0, sizeof matrix[rows]);
        for (uint32_t k = 0; k <= equations[i].count; k++) {
            const cell *c = k < equations[i].count ? equations[i].parts[k] : equations[i].total;
            if (c->shown)
                continue;
            matrix[rows][number_of(t, c, numbers)] = k < equations[i].count ? 1 : PRIME - 1;
            any = true;
        }
        rows += any;
    }
    reduce(matrix, rows, unknown);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t entries = 0, last = 0;
        for (uint32_t c = 0; c < unknown; c++)
            if (matrix[i][c] != 0) {
                entries++;
                last = c;
            }
        fixed += entries == 1 && truths[last] > 0 && truths[last] < smallest;
    }
    return fixed;
}

static void print_table(const table *t)
{
    for (uint32_t row = 0; row < t->rows; row++) {
        for (uint32_t k = 0; k < t->keys; k++)
            print_error("%-8s ", t->key[row][k]);
        for (uint32_t c = 0; c < t->columns; c++)
            print_error("%4d%-3s", (int)t->cells[row][c].truth,
                        t->cells[row][c].shown ? "" : t->cells[row][c].small ? "<" : "*");
        print_error("\n");
    }
}

static void attack(table *t, const char *text, uint32_t *hidden)
{
    static equation equations[CELLS_MAX * 2 + 1];
    uint32_t count = make_equations(t, equations), fixed = count_fixed(t, equations, count);
    if (fixed > 0)
        print_table(t);
    if (fixed > 0)
        fail_msg("%s\n%u hidden numbers can be reckoned", text, fixed);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < count; i++)
            changed = narrow_equation(&equations[i]) || changed;
    }
    for (uint32_t row = 0; row < t->rows; row++)
        for (uint32_t c = 0; c < t->columns; c++) {
            const cell *at = &t->cells[row][c];
            *hidden += !at->shown;
            if (at->shown || at->low < at->high || at->truth == 0 || at->truth >= smallest)
                continue;
            print_table(t);
            fail_msg("%s\nrow %u, column %u can only be %d", text, row, c, (int)at->truth);
        }
}

/* Whoever they are, a table of 1 to 4 persons is the same bytes. */
static void few_are_all_alike(const char *text, const char *keys, char wanted[200])
{
    lots_error err;
    lots_arena arena;
    lots_result hidden;
    lots_sink sink = {0};
    lots_arena_init(&arena, 0);
    run(text, smallest, &arena, &hidden);
    assert_ok(lots_output_write(LOTS_FORMAT_CSV, &hidden, NULL, &sink, &err));
    assert_int_equal(hidden.rows, 1);
    assert_true(sink.text.count < 200);
    if (wanted[0] == '\0')
        memcpy(wanted, sink.text.data, sink.text.count);
    if (strlen(wanted) != sink.text.count || memcmp(wanted, sink.text.data, sink.text.count) != 0)
        fail_msg("%s\nby %s tells of whom:\n%.*s", text, keys, (int)sink.text.count, (const char *)sink.text.data);
    lots_sink_free(&sink);
    lots_result_free(&hidden);
    lots_arena_free(&arena);
}

/* *large: tables of many persons with totals; *sums_shown: of these, how many show their grand total. */
static void attack_tables(uint32_t *large, uint32_t *sums_shown)
{
    static const struct {
        const char *keys, *show;
        uint32_t key_count;
    } shapes[] = {
        {"score", "n = count()", 1},
        {"sex, score", "n = count()", 2},
        {"score, sex", "n = count(), a = count(where score > 1)", 2},
        {"sex, decade = year(birth), score", "n = count(), a = count(where mod(int(income), 7) < 2), b = count(where not mod(int(income), 7) < 2)", 3},
        {"score, sex", "n = count(), a = count(where mod(int(income), 5) = 0), b = count(where mod(int(income), 5) != 0)", 2},
        {"sex, score", "n = count(), a = count(where mod(int(income), 4) = 0), b = count(where mod(int(income), 4) = 1), "
                       "c = count(where mod(int(income), 4) = 2), d = count(where mod(int(income), 4) = 3)", 2},
    };
    static table t;
    char few[sizeof shapes / sizeof *shapes][200] = {""};
    uint64_t seed = 32 * smallest;
    uint32_t hidden = 0, tables = 0;
    *large = *sums_shown = 0;
    for (int i = 0; i < 288; i++) {
        size_t shape = (size_t)i % (sizeof shapes / sizeof *shapes);
        char text[500];
        int persons = (int)(lots_test_random(&seed) % 90) * (i % 9 != 0) + 1 + i % 4 * (i % 9 == 0), first = (int)(lots_test_random(&seed) % (PERSONS - 90));
        snprintf(text, sizeof text, "from patients where income >= %d and income < %d group by %s%s show %s", first,
                 first + persons, shapes[shape].keys, i / 6 % 4 == 3 ? "" : " with totals", shapes[shape].show);
        if (persons < (int)smallest) {
            few_are_all_alike(text, shapes[shape].keys, few[shape]);
            continue;
        }
        ask(text, shapes[shape].key_count, &t);
        attack(&t, text, &hidden);
        *large += i / 6 % 4 != 3 && persons >= 40;
        *sums_shown += i / 6 % 4 != 3 && persons >= 40 && t.cells[t.rows - 1][0].shown;
        tables++;
    }
    assert_true(hidden > tables); /* else nothing was attacked */
}

static void nobody_can_reckon_a_hidden_count(void **state)
{
    (void)state;
    uint32_t large = 0, sums_shown = 0;
    for (smallest = 3; smallest <= 5; smallest++)
        attack_tables(&large, &sums_shown);
    assert_true(sums_shown > large / 4 * 3); /* of 5: what one row tells by itself costs no total */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_can_reckon_a_hidden_count),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
