/* test_questions.c: the benchmark's questions (bench/questions/NN-name.lq) over the example population: each is understood and has an answer,
 * there is SQL of both peers for each, and where a loop was written by hand (bench/by_hand) both give the same. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/by_hand/loop.h"
#include "core/base/memory.h"
#include "core/base/os.h"
#include "ingest/load.h"
#include "query/lang/bound.h"
#include "query/out/output.h"
#include "tests/support/lots_test.h"

enum { NAMES_MAX = 64, FIELDS_MAX = 16 };

typedef struct world {
    lots_registry *registry;
    lots_pool *pool;
    population population;
    char names[NAMES_MAX][64]; /* of the questions */
    int count;
} world;

static void find_questions(world *w)
{
    char **entries = NULL;
    size_t count = 0;
    lots_error err;
    assert_ok(lots_directory_list("bench/questions", &entries, &count, &err));
    for (size_t i = 0; i < count; i++) {
        size_t bytes = strlen(entries[i]);
        if (bytes > 3 && strcmp(entries[i] + bytes - 3, ".lq") == 0 && w->count < NAMES_MAX)
            snprintf(w->names[w->count++], 64, "%.*s", (int)(bytes - 3), entries[i]);
    }
    lots_names_free(entries, count);
}

static int open_world(void **state)
{
    lots_error err;
    char folder[512], path[600];
    lots_load_result loaded = {0};
    const lots_registry_options opened = {0};
    world *w = calloc(1, sizeof *w);
    *state = w;
    lots_test_directory(folder);
    snprintf(path, sizeof path, "%s/example.lots", folder);
    const char *const inputs[] = {"ingest/example"};
    const lots_load_options options = {.registry = path, .map_path = "ingest/maps/example.map", .inputs = inputs, .input_count = 1, .threads = 2, .segment_events = 4000};
    assert_ok(lots_load_run(&options, &loaded, &err));
    lots_load_result_free(&loaded);
    assert_ok(lots_registry_open(&w->registry, path, &opened, &err));
    assert_ok(lots_pool_open(&w->pool, 2, &err));
    assert_ok(population_load(&w->population, w->registry, "query/std/classifications/chronic.csv", &err));
    find_questions(w);
    return 0;
}

static int close_world(void **state)
{
    world *w = *state;
    population_free(&w->population);
    lots_pool_close(w->pool);
    lots_registry_close(w->registry);
    free(w);
    return 0;
}

/* The answer of the last pipeline as CSV. */
static void ask(const world *w, const char *name, lots_sink *sink)
{
    lots_error err;
    char path[200], *text = NULL;
    size_t bytes = 0;
    lots_arena arena;
    lots_sources sources = {0};
    lots_query *query = NULL;
    lots_result result = {0};
    const lots_bind_options none = {0};
    const lots_run_options options = {.pool = w->pool};
    const lots_output_options output = {.schema = lots_registry_schema(w->registry)};
    snprintf(path, sizeof path, "bench/questions/%s.lq", name);
    assert_ok(lots_file_slurp(path, 1 << 20, &text, &bytes, &err));
    lots_arena_init(&arena, 1 << 28);
    assert_ok(lots_query_bind(w->registry, text, bytes, path, &none, &arena, &sources, &query, &err));
    assert_int_equal(query->pipeline_count, 1);
    assert_ok(lots_run_pipeline(query, &query->pipelines[0], &options, &result, &err));
    assert_ok(lots_output_write(LOTS_FORMAT_CSV, &result, &output, sink, &err));
    lots_result_free(&result);
    lots_arena_free(&arena);
    lots_free(text);
}

static void every_question_has_an_answer_of_several_numbers(void **state)
{
    const world *w = *state;
    assert_true(w->count >= 24);
    for (int i = 0; i < w->count; i++) {
        lots_sink sink = {.name = "answer"};
        ask(w, w->names[i], &sink);
        size_t lines = 0;
        for (size_t k = 0; k < sink.text.count; k++)
            lines += sink.text.data[k] == '\n';
        if (lines < 2)
            fail_msg("%s: no row", w->names[i]);
        lots_sink_free(&sink);
    }
}

static void every_question_is_written_for_both_peers(void **state)
{
    const world *w = *state;
    static const char *const endings[] = {"duckdb.sql", "clickhouse.sql"};
    for (int i = 0; i < w->count; i++)
        for (size_t k = 0; k < 2; k++) {
            char path[200];
            snprintf(path, sizeof path, "bench/questions/%s.%s", w->names[i], endings[k]);
            if (!lots_path_exists(path))
                fail_msg("there is no %s", path);
        }
}

/* A plain question (bench/run.mjs --sql plain) that stands beside no kept one would never be asked. */
static void every_plain_question_stands_beside_a_kept_one(void **state)
{
    char **entries = NULL, path[300];
    size_t count = 0, found = 0;
    lots_error err;
    (void)state;
    assert_ok(lots_directory_list("bench/questions", &entries, &count, &err));
    for (size_t i = 0; i < count; i++) {
        const char *plain = strstr(entries[i], ".plain.");
        if (plain == NULL)
            continue;
        assert_string_equal(plain, ".plain.sql");
        snprintf(path, sizeof path, "bench/questions/%.*s.sql", (int)(plain - entries[i]), entries[i]);
        if (!lots_path_exists(path))
            fail_msg("there is no %s", path);
        found++;
    }
    lots_names_free(entries, count);
    assert_true(found > 0);
}

/* Cut a line of plain fields where it stands; the place after it. */
static char *cut_line(char *at, char *fields[FIELDS_MAX], int *count)
{
    for (*count = 0; *count < FIELDS_MAX;) {
        fields[(*count)++] = at;
        at += strcspn(at, ",\n");
        char stop = *at;
        *at++ = '\0';
        if (stop != ',')
            break;
    }
    return at;
}

static bool same_field(const char *a, const char *b)
{
    char *a_end = NULL, *b_end = NULL;
    if (strcmp(a, b) == 0)
        return true;
    double x = strtod(a, &a_end), y = strtod(b, &b_end);
    return *a != '\0' && *b != '\0' && *a_end == '\0' && *b_end == '\0' && fabs(x - y) <= 1e-9 * fmax(1, fabs(x));
}

static void compare(const char *name, char *lots, char *hand)
{
    char *a[FIELDS_MAX], *b[FIELDS_MAX];
    int a_count = 0, b_count = 0;
    for (int line = 1; *lots != '\0' || *hand != '\0'; line++) {
        if (*lots == '\0' || *hand == '\0')
            fail_msg("%s: %s has more rows than %d", name, *lots == '\0' ? "the loop by hand" : "Lots", line - 2);
        lots = cut_line(lots, a, &a_count);
        hand = cut_line(hand, b, &b_count);
        assert_int_equal(a_count, b_count + 1); /* the persons behind the row */
        for (int i = 0; i < b_count; i++)
            if (!same_field(a[i], b[i]))
                fail_msg("%s, line %d: Lots has %s, by hand %s", name, line, a[i], b[i]);
    }
}

static void loops_by_hand_agree_with_lots(void **state)
{
    const world *w = *state;
    lots_error err;
    int found = 0;
    for (; loops[found] != NULL; found++) {
        lots_sink sink = {.name = "answer"};
        lots_bytes hand = {0};
        ask(w, loops[found]->name, &sink);
        assert_ok(loop_run(loops[found], &w->population, w->pool, &hand, &err));
        assert_ok(lots_bytes_put8(&sink.text, 0, &err));
        assert_ok(lots_bytes_put8(&hand, 0, &err));
        compare(loops[found]->name, (char *)sink.text.data, (char *)hand.data);
        lots_bytes_free(&hand);
        lots_sink_free(&sink);
    }
    assert_true(found >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_question_has_an_answer_of_several_numbers),
        cmocka_unit_test(every_question_is_written_for_both_peers),
        cmocka_unit_test(every_plain_question_stands_beside_a_kept_one),
        cmocka_unit_test(loops_by_hand_agree_with_lots),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
