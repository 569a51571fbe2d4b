/* test_examples.c: the questions that ship as query/examples/NN-name.lq, asked of the example population (ingest/example, with
 * no cell hidden), with one thread and with two, again and again, and of SQLite over the same CSV files: tests/query/examples/NN.sql has a
 * statement for each pipeline of the question, divided by lines `---`, written from the question's words.
 *
 * A statement may leave out the last columns, such as the signals of a control chart. Classifications are looked up in the
 * shipped files by the SQL itself (examples/tables.sql). Functions beyond those of small_sql.h: plow(k, t) and phigh(k, t),
 * exact Poisson limits of a rate found by halving over summed probabilities. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "ingest/load.h"
#include "tests/support/answer.h"
#include "tests/support/lots_test.h"
#include "tests/support/small_sql.h"

enum { FIELDS_MAX = 32, PIPELINES_MAX = 8 };

typedef struct world {
    char folder[512];
    lots_registry *registry;
    lots_pool *pool;
    sqlite3 *sql;
} world;

static char *slurp(const char *path)
{
    lots_error err;
    char *text = NULL;
    size_t bytes = 0;
    if (lots_file_slurp(path, (size_t)1 << 24, &text, &bytes, &err) != LOTS_OK)
        fail_msg("%s", err.text);
    return text;
}

static void run_sql(const world *w, const char *text)
{
    char *message = NULL;
    if (sqlite3_exec(w->sql, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s\nin: %.2000s", message, text);
}

/* ---- CSV files into SQLite ---- */

/* Cut a line into fields where it stands; "" in quotes is one. The place after the line. */
static char *cut_line(char *at, char *fields[FIELDS_MAX], int *count)
{
    for (*count = 0;;) {
        bool quoted = *at == '"';
        char *to = at += quoted;
        assert_true(*count < FIELDS_MAX);
        fields[(*count)++] = at;
        for (; *at != '\0' && (quoted || (*at != ',' && *at != '\n')); at++) {
            if (quoted && *at == '"') {
                quoted = at[1] == '"';
                at += quoted;
            }
            if (quoted || *at != '"')
                *to++ = *at;
        }
        char stop = *at;
        *to = '\0';
        if (stop != ',')
            return stop == '\n' ? at + 1 : at;
        at++;
    }
}

/* Insert the rows of a text after a first value of their own, if given; fields that a row lacks are empty. */
static void insert_rows(const world *w, const char *table, int columns, const char *first, char *at)
{
    char text[300], *fields[FIELDS_MAX];
    sqlite3_stmt *insert = NULL;
    size_t used = (size_t)snprintf(text, sizeof text, "INSERT INTO %s VALUES (?", table);
    for (int i = 1; i < columns; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, ", ?");
    snprintf(text + used, sizeof text - used, ")");
    assert_int_equal(sqlite3_prepare_v2(w->sql, text, -1, &insert, NULL), SQLITE_OK);
    while (*at != '\0') {
        int count = 0, place = 1;
        at = cut_line(at, fields, &count);
        if (first != NULL)
            sqlite3_bind_text(insert, place++, first, -1, SQLITE_TRANSIENT);
        for (int i = 0; place <= columns; i++, place++)
            sqlite3_bind_text(insert, place, i < count ? fields[i] : "", -1, SQLITE_TRANSIENT);
        assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
}

static void import_example(const world *w, const char *name)
{
    char path[100], table[100], text[1000], *fields[FIELDS_MAX];
    int count = 0;
    snprintf(path, sizeof path, "ingest/example/%s.csv", name);
    snprintf(table, sizeof table, "%s_csv", name);
    char *csv = slurp(path), *rows = cut_line(csv, fields, &count);
    size_t used = (size_t)snprintf(text, sizeof text, "CREATE TABLE %s (", table);
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\"%s\" TEXT", i > 0 ? ", " : "", fields[i]);
    snprintf(text + used, sizeof text - used, ")");
    run_sql(w, text);
    insert_rows(w, table, count, NULL, rows);
    lots_free(csv);
}

static void import_class(const world *w, const char *name)
{
    char path[100];
    snprintf(path, sizeof path, "query/std/classifications/%s.csv", name);
    char *csv = slurp(path);
    insert_rows(w, "class_csv", 6, name, csv);
    lots_free(csv);
}

/* ---- exact limits of a Poisson count ---- */

/* The chance of at most k events where mean are expected. */
static double at_most(int k, double mean)
{
    double sum = 0;
    for (int i = 0; i <= k; i++)
        sum += exp(-mean + i * log(mean) - lgamma(i + 1.0));
    return sum;
}

/* The mean at which the chance of at most k events is p: it falls as the mean grows. */
static double mean_where(int k, double p)
{
    double low = 1e-12, high = 10 * k + 100;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        *(at_most(k, middle) > p ? &low : &high) = middle;
    }
    return low;
}

static void sql_poisson(sqlite3_context *context, int count, sqlite3_value **values)
{
    bool upper = sqlite3_user_data(context) != NULL;
    int k = sqlite3_value_int(values[0]);
    double t = sqlite3_value_double(values[1]);
    (void)count;
    if (sqlite3_value_type(values[0]) != SQLITE_NULL && t > 0)
        sqlite3_result_double(context, upper ? mean_where(k, 0.025) / t : k == 0 ? 0 : mean_where(k - 1, 0.975) / t);
}

/* ---- the world ---- */

/* The example's registry, with min_cell = 0. */
static void load_example(world *w)
{
    char path[600], map[600];
    const char *const inputs[] = {"ingest/example"};
    lots_error err;
    lots_load_result result = {0};
    char *text = slurp("ingest/maps/example.map"), *at = strstr(text, "id = text\n");
    assert_non_null(at);
    snprintf(map, sizeof map, "%s/open.map", w->folder);
    FILE *file = fopen(map, "wb");
    assert_non_null(file);
    fprintf(file, "%.*smin_cell = 0\n%s", (int)(at - text), text, at);
    assert_int_equal(fclose(file), 0);
    lots_free(text);
    snprintf(path, sizeof path, "%s/example.lots", w->folder);
    const lots_load_options options = {
        .registry = path, .map_path = map, .inputs = inputs, .input_count = 1, .threads = 2, .segment_events = 4000};
    if (lots_load_run(&options, &result, &err) != LOTS_OK)
        fail_msg("%s", err.text);
    lots_load_result_free(&result);
    assert_ok(lots_registry_open(&w->registry, path, NULL, &err));
}

static void open_sql(world *w)
{
    static const char *const files[] = {"patients", "contacts", "drugs", "services", "waits", "wait_status", "residence",
                                        "listing", "labs"};
    static const char *const classes[] = {"chronic", "charlson_se", "elixhauser", "hfrs"};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    assert_int_equal(sqlite3_open(":memory:", &w->sql), SQLITE_OK);
    small_sql_functions(w->sql);
    sqlite3_create_function(w->sql, "plow", 2, flags, NULL, sql_poisson, NULL, NULL);
    sqlite3_create_function(w->sql, "phigh", 2, flags, w, sql_poisson, NULL, NULL);
    run_sql(w, "CREATE TABLE class_csv (class TEXT, a TEXT, b TEXT, c TEXT, d TEXT, e TEXT)");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        import_example(w, files[i]);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        import_class(w, classes[i]);
    char *text = slurp("tests/query/examples/tables.sql");
    run_sql(w, text);
    lots_free(text);
}

static int open_world(void **state)
{
    lots_error err;
    world *w = calloc(1, sizeof *w);
    *state = w;
    lots_test_directory(w->folder);
    assert_ok(lots_pool_open(&w->pool, 2, &err));
    load_example(w);
    open_sql(w);
    return 0;
}

static int close_world(void **state)
{
    world *w = *state;
    lots_error err;
    lots_registry_close(w->registry);
    lots_pool_close(w->pool);
    sqlite3_close(w->sql);
    assert_ok(lots_path_remove_tree(w->folder, &err));
    free(w);
    return 0;
}

/* ---- asking ---- */

/* The ends of the paragraphs of a question that ask: those in which a line begins with `from`. */
static int find_pipelines(const char *text, size_t ends[PIPELINES_MAX])
{
    int count = 0;
    bool asks = false;
    for (const char *at = text; *at != '\0';) {
        const char *stop = strchr(at, '\n');
        stop = stop == NULL ? at + strlen(at) : stop + 1;
        asks = asks || strncmp(at, "from ", 5) == 0;
        if (asks && (*stop == '\n' || *stop == '\0')) {
            assert_true(count < PIPELINES_MAX);
            ends[count++] = (size_t)(stop - text);
            asks = false;
        }
        at = stop;
    }
    return count;
}

/* Only the first columns, as many as SQL has, unless SQL has those of Lots or the patients too. */
static void narrow(answer *a, uint32_t columns)
{
    if (columns + 1 >= a->columns)
        return;
    for (uint32_t row = 0; row < a->rows; row++)
        for (uint32_t c = 0; c < a->columns; c++) {
            char **from = &a->cells[(size_t)row * a->columns + c];
            if (c < columns)
                a->cells[(size_t)row * columns + c] = *from;
            else
                free(*from);
        }
    a->columns = columns;
}

static int ask(const world *w, const char *path, int number, const char *text, const char *sql)
{
    static const lots_bind_options options = {.include_directory = "query/examples"};
    lots_error err;
    answer one, two, oracle;
    char why[1000] = "";
    lots_error_clear(&err);
    if (answer_lots(w->registry, text, &options, NULL, &one, &err) != LOTS_OK) {
        print_error("%s, pipeline %d: %s (%s) at %d\n", path, number, err.text, err.hint, (int)err.at);
        return 1;
    }
    assert_ok(answer_lots(w->registry, text, &options, w->pool, &two, &err));
    answer_sql(w->sql, sql, &oracle);
    bool good = answer_identical(&one, &two);
    if (!good)
        snprintf(why, sizeof why, "two threads answer otherwise than one");
    for (int time = 0; good && time < 4; time++) { /* what is kept decoded by then tells the same */
        answer_free(&two);
        assert_ok(answer_lots(w->registry, text, &options, w->pool, &two, &err));
        good = answer_identical(&one, &two);
        if (!good)
            snprintf(why, sizeof why, "asked again it answers otherwise");
    }
    narrow(&one, oracle.columns);
    if (good && oracle.rows == 0) {
        good = false;
        snprintf(why, sizeof why, "SQL has no row");
    }
    good = good && answer_same(&one, &oracle, why);
    if (!good)
        print_error("%s, pipeline %d: %s\n", path, number, why);
    answer_free(&one);
    answer_free(&two);
    answer_free(&oracle);
    return good ? 0 : 1;
}

static void ask_question(void **state, const char *name)
{
    char path[100];
    size_t ends[PIPELINES_MAX];
    text_cases cases;
    int failed = 0;
    snprintf(path, sizeof path, "query/examples/%s.lq", name);
    char *text = slurp(path);
    int count = find_pipelines(text, ends);
    snprintf(path, sizeof path, "tests/query/examples/%.2s.sql", name);
    text_cases_read(&cases, path);
    assert_int_equal(cases.count, 1);
    assert_int_equal(cases.items[0].part_count, count);
    for (int i = 0; i < count; i++) {
        char kept = text[ends[i]];
        text[ends[i]] = '\0';
        failed += ask(*state, name, i + 1, text, cases.items[0].parts[i]);
        text[ends[i]] = kept;
    }
    text_cases_free(&cases);
    lots_free(text);
    if (failed > 0)
        fail_msg("%d of %d answers differ", failed, count);
}

#define QUESTIONS(X)                                              \
    X(the_costliest_are_as_in_sql, "01-top-cost")                 \
    X(concentration_is_as_in_sql, "02-concentration")             \
    X(persistence_is_as_in_sql, "03-persistence")                 \
    X(multimorbidity_is_as_in_sql, "04-multimorbidity")           \
    X(three_owners_are_as_in_sql, "05-three-owners")              \
    X(readmissions_are_as_in_sql, "06-readmission")               \
    X(the_pattern_is_as_in_sql, "07-pattern")                     \
    X(transitions_are_as_in_sql, "08-transitions")                \
    X(scores_are_as_in_sql, "09-scores")                          \
    X(continuity_is_as_in_sql, "10-continuity")                   \
    X(bursts_are_as_in_sql, "11-burst")                           \
    X(the_waiting_list_is_as_in_sql, "12-waiting")                \
    X(the_guarantee_is_as_in_sql, "13-guarantee")                 \
    X(the_contact_list_is_as_in_sql, "14-contact-list")           \
    X(polypharmacy_is_as_in_sql, "15-polypharmacy")               \
    X(the_base_package_is_as_in_sql, "16-base-package")           \
    X(incidence_is_as_in_sql, "17-incidence")                     \
    X(time_to_care_is_as_in_sql, "18-time-to-care")               \
    X(cost_around_an_admission_is_as_in_sql, "19-cost-around")    \
    X(labs_are_as_in_sql, "20-labs")

#define DEFINE(function, name) \
    static void function(void **state) { ask_question(state, name); }
QUESTIONS(DEFINE)

int main(void)
{
#define ENTRY(function, name) cmocka_unit_test(function),
    const struct CMUnitTest tests[] = {QUESTIONS(ENTRY)};
    return cmocka_run_group_tests(tests, open_world, close_world);
}
