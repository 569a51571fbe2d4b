/* test_rows.c: cases over rows that stand beside them. Each file of rows/ begins with a small registry written as tables, then
 * come questions, each under the words of the rule that it shows, with the answer that follows from the rule and the rows by
 * hand. Asked with one thread and with two.
 *
 * The rows: a table is a line of its stream's name and columns, then a row a line, up to a blank line. The first word of a row is
 * its patient, p0 upwards (of the table `units`: the unit). `-` is missing; a text with blanks or none stands in '…'; codes are
 * joined by commas. `min_cell 5` hides small cells. Segments hold two patients.
 *
 * An answer: a line a row, cells between `|`; first the patient of a row, or last the number of patients behind a row of
 * aggregates. `-` is missing, sets stand in {…}, an empty text is '', what is hidden `<5` or `*`; of floats four decimals are
 * enough. `(none)`: no rows. `note: …` a part of a note (all are named), `error: …` a part of
 * the error's text, ` at ` and what of the question it points at. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/exec/evidence.h"
#include "query/exec/run.h"
#include "query/exec/value.h"
#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { SEGMENT_PATIENTS = 2, COLUMNS_MAX = 24, CELL_BYTES = 400, REPLY_BYTES = 8000 };

static lots_pool *pool;

/* ---- rows ---- */

typedef struct table {
    char stream[32];
    char columns[COLUMNS_MAX][32]; /* [0] is p, or unit */
    int count;
} table;

typedef struct rows_file {
    small_registry registry;
    text_cases cases;
    uint32_t min_cell;
} rows_file;

/* The next word of a line; a text in quotes is one. False at the end. */
static bool next_word(const char **at, char out[CELL_BYTES], bool *quoted)
{
    size_t bytes = 0;
    *at += strspn(*at, " ");
    if (**at == '\0')
        return false;
    *quoted = **at == '\'';
    const char *start = *at + (*quoted ? 1 : 0);
    bytes = strcspn(start, *quoted ? "'" : " ");
    assert_true(bytes < CELL_BYTES && (!*quoted || start[bytes] == '\''));
    snprintf(out, CELL_BYTES, "%.*s", (int)bytes, start);
    *at = start + bytes + (*quoted ? 1 : 0);
    return true;
}

static void read_head(const char *line, table *out)
{
    char word[CELL_BYTES];
    bool quoted;
    memset(out, 0, sizeof *out);
    assert_true(next_word(&line, word, &quoted));
    snprintf(out->stream, sizeof out->stream, "%.31s", word);
    snprintf(out->columns[out->count++], sizeof *out->columns, "%s", strcmp(word, "units") == 0 ? "unit" : "p");
    while (next_word(&line, word, &quoted)) {
        assert_true(out->count < COLUMNS_MAX);
        snprintf(out->columns[out->count++], sizeof *out->columns, "%.31s", word);
    }
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* A cell as the value that the tables of small_registry.h keep. */
static char *cell_sql(const char *column, const char *word, bool quoted)
{
    static const char *const days[] = {"birth", "death", "start", "end", NULL};
    static const char *const money[] = {"cost", "income", NULL};
    char codes[CELL_BYTES];
    if (!quoted && strcmp(word, "-") == 0)
        return sqlite3_mprintf("NULL");
    if (strcmp(column, "p") == 0)
        return sqlite3_mprintf("%d", atoi(word + 1));
    if (is_one_of(column, days))
        return sqlite3_mprintf("d(%Q)", word);
    if (is_one_of(column, money))
        return sqlite3_mprintf("%lld", llround(strtod(word, NULL) * 100));
    if (strcmp(column, "acute") == 0)
        return sqlite3_mprintf("%d", strcmp(word, "true") == 0);
    snprintf(codes, sizeof codes, "%s", word);
    for (char *c = codes; strcmp(column, "dx") == 0 && *c != '\0'; c++)
        *c = *c == ',' ? ' ' : *c;
    return sqlite3_mprintf("%Q", codes);
}

static void insert_row(small_registry *r, const table *t, const char *path, const char *line)
{
    char word[CELL_BYTES], *names = sqlite3_mprintf(""), *values = sqlite3_mprintf("");
    const char *at = line;
    bool quoted;
    int c = 0;
    for (; next_word(&at, word, &quoted); c++) {
        if (c >= t->count)
            fail_msg("%s: more cells than columns: %s", path, line);
        char *value = cell_sql(t->columns[c], word, quoted), *name = names, *before = values;
        names = sqlite3_mprintf("%s%s\"%w\"", name, c > 0 ? ", " : "", t->columns[c]);
        values = sqlite3_mprintf("%s%s%s", before, c > 0 ? ", " : "", value);
        sqlite3_free(name);
        sqlite3_free(before);
        sqlite3_free(value);
    }
    if (c != t->count)
        fail_msg("%s: fewer cells than columns: %s", path, line);
    char *sql = sqlite3_mprintf("INSERT INTO %s(%s) VALUES (%s)", t->stream, names, values);
    small_exec(r, sql);
    sqlite3_free(sql);
    sqlite3_free(names);
    sqlite3_free(values);
}

static void read_rows(rows_file *file, const char *path, const char *text)
{
    table t = {.count = 0};
    char line[CELL_BYTES];
    small_exec(&file->registry, "DELETE FROM units"); /* those it begins with */
    while (*text != '\0') {
        size_t bytes = strcspn(text, "\n");
        assert_true(bytes < sizeof line);
        snprintf(line, sizeof line, "%.*s", (int)bytes, text);
        text += bytes + (text[bytes] == '\n' ? 1 : 0);
        if (line[strspn(line, " ")] == '\0')
            t.count = 0;
        else if (sscanf(line, "min_cell %u", &file->min_cell) == 1 || line[0] == '#')
            continue;
        else if (t.count == 0)
            read_head(line, &t);
        else
            insert_row(&file->registry, &t, path, line);
    }
}

static void open_file(rows_file *file, const char *path)
{
    memset(file, 0, sizeof *file);
    text_cases_read(&file->cases, path);
    assert_true(file->cases.count > 1 && file->cases.items[0].part_count == 1);
    small_open(&file->registry);
    read_rows(file, path, file->cases.items[0].parts[0]);
    small_publish(&file->registry, SEGMENT_PATIENTS);
}

static void close_file(rows_file *file)
{
    small_close(&file->registry);
    text_cases_free(&file->cases);
}

/* ---- an answer as text ---- */

static void put(lots_bytes *out, const char *text)
{
    lots_error err;
    assert_ok(lots_bytes_append(out, text, strlen(text), &err));
}

static void put_mark(lots_bytes *out, uint8_t mark, uint32_t min_cell)
{
    char text[16];
    snprintf(text, sizeof text, mark == LOTS_MARK_TOTAL ? "total" : mark == LOTS_MARK_SMALL ? "<%u" : "*", min_cell);
    put(out, text);
}

static void put_cell(const rows_file *file, const lots_result_column *column, uint32_t row, lots_bytes *out)
{
    lots_error err;
    const lots_vector *v = &column->values;
    const bool set = v->type.kind == LOTS_TYPE_SET;
    if (column->marks != NULL && column->marks[row] != LOTS_MARK_SHOWN) {
        put_mark(out, column->marks[row], file->min_cell);
        return;
    }
    if (lots_vector_is_missing(v, row)) {
        put(out, "-");
        return;
    }
    put(out, set ? "{" : "");
    const size_t before = out->count;
    assert_ok(lots_value_append(&file->registry.schema, v, row, ", ", out, &err));
    put(out, set ? "}" : out->count == before ? "''" : "");
}

static void put_row(const rows_file *file, const lots_result *result, uint32_t row, lots_bytes *out)
{
    lots_error err;
    if (result->patient != NULL)
        assert_ok(lots_bytes_printf(out, &err, "p%u", result->patient[row]));
    for (uint32_t c = 0; c < result->column_count; c++) {
        put(out, c > 0 || result->patient != NULL ? " | " : "");
        put_cell(file, &result->columns[c], row, out);
    }
    if (result->patients_marks != NULL && result->patients_marks[row] != LOTS_MARK_SHOWN) {
        put(out, " | ");
        put_mark(out, result->patients_marks[row], file->min_cell);
    } else if (result->patients != NULL) {
        assert_ok(lots_bytes_printf(out, &err, " | %u", result->patients[row]));
    }
    put(out, "\n");
}

static void put_result(const rows_file *file, const lots_query *query, const lots_result *result, lots_bytes *out)
{
    lots_error err;
    for (uint32_t row = 0; row < result->rows; row++)
        put_row(file, result, row, out);
    put(out, result->rows == 0 ? "(none)\n" : "");
    for (uint32_t i = 0; i < query->note_count; i++)
        assert_ok(lots_bytes_printf(out, &err, "note: %s\n", query->notes[i].text));
    for (uint32_t i = 0; i < result->note_count; i++)
        assert_ok(lots_bytes_printf(out, &err, "note: %s\n", result->notes[i]));
}

/* Its text, and what of the question it points at. */
static void put_error(const lots_error *from, const char *text, lots_bytes *out)
{
    lots_error err;
    const bool placed = from->at != LOTS_NOWHERE && from->at_end <= strlen(text);
    assert_ok(lots_bytes_printf(out, &err, "error: %s at %.*s\n", from->text, placed ? (int)(from->at_end - from->at) : 0,
                                placed ? text + from->at : ""));
}

static void ask(const rows_file *file, const char *text, lots_pool *threads, lots_bytes *out)
{
    lots_error err;
    lots_arena arena;
    lots_sources sources;
    lots_query *query = NULL;
    lots_result result;
    const lots_run_options options = {.pool = threads, .min_cell = file->min_cell};
    lots_error_clear(&err);
    lots_arena_init(&arena, 0);
    lots_status status = lots_query_bind(file->registry.registry, text, strlen(text), "query", NULL, &arena, &sources, &query, &err);
    if (status == LOTS_OK)
        status = lots_run_pipeline(query, &query->pipelines[query->pipeline_count - 1], &options, &result, &err);
    if (status == LOTS_OK) {
        put_result(file, query, &result, out);
        lots_result_free(&result);
    } else {
        put_error(&err, text, out);
    }
    assert_ok(lots_bytes_append(out, "", 1, &err)); /* the zero at the end */
    lots_arena_free(&arena);
}

/* ---- comparing ---- */

/* The next line of a text, and the next cell of a line, without blanks around. False at the end. */
static bool next_part(const char **at, char stop, char *out, size_t room)
{
    const char stops[] = {stop, '\0'};
    if (*at == NULL || **at == '\0')
        return false;
    size_t bytes = strcspn(*at, stops);
    const char *start = *at;
    *at = start[bytes] == '\0' ? NULL : start + bytes + 1;
    while (bytes > 0 && *start == ' ') {
        start++;
        bytes--;
    }
    while (bytes > 0 && start[bytes - 1] == ' ')
        bytes--;
    assert_true(bytes < room);
    memcpy(out, start, bytes);
    out[bytes] = '\0';
    return true;
}

/* Numbers with a point agree when the one that is written shorter is the other, rounded; four decimals at least. */
static bool same_cell(const char *got, const char *wanted)
{
    char *got_end = NULL, *wanted_end = NULL;
    const char *point = strchr(wanted, '.');
    if (strcmp(got, wanted) == 0)
        return true;
    if (point == NULL || strlen(point) < 5)
        return false;
    const double x = strtod(got, &got_end), y = strtod(wanted, &wanted_end);
    return *got_end == '\0' && *wanted_end == '\0' && fabs(x - y) <= 0.5001 * pow(10, -(double)strlen(point + 1));
}

static bool same_line(const char *got, const char *wanted)
{
    char a[REPLY_BYTES], b[REPLY_BYTES];
    bool more = true;
    if (strncmp(wanted, "note:", 5) == 0 || strncmp(wanted, "error:", 6) == 0) {
        const size_t head = strcspn(wanted, ":") + 1;
        return strncmp(got, wanted, head) == 0 && strstr(got + head, wanted + head + strspn(wanted + head, " ")) != NULL;
    }
    for (;;) {
        more = next_part(&got, '|', a, sizeof a);
        if (next_part(&wanted, '|', b, sizeof b) != more)
            return false;
        if (!more)
            return true;
        if (!same_cell(a, b))
            return false;
    }
}

static bool same_text(const char *got, const char *wanted)
{
    char a[REPLY_BYTES], b[REPLY_BYTES];
    for (;;) {
        bool more = next_part(&got, '\n', a, sizeof a), wants = false;
        while ((wants = next_part(&wanted, '\n', b, sizeof b)) && b[0] == '\0')
            continue;
        if (more != wants)
            return false;
        if (!more)
            return true;
        if (!same_line(a, b))
            return false;
    }
}

static int ask_case(const rows_file *file, const char *path, const text_case *item)
{
    lots_bytes one = {0}, two = {0};
    ask(file, item->parts[0], NULL, &one);
    ask(file, item->parts[0], pool, &two);
    int failed = strcmp((const char *)one.data, (const char *)two.data) != 0;
    if (failed != 0)
        print_error("%s:%d: two threads answer otherwise than one\n", path, item->line);
    if (!same_text((const char *)one.data, item->parts[1])) {
        print_error("%s:%d: %s\n  gave\n%s  wanted\n%s\n", path, item->line, item->parts[0], (const char *)one.data, item->parts[1]);
        failed = 1;
    }
    lots_bytes_free(&one);
    lots_bytes_free(&two);
    return failed;
}

static void ask_all(const char *path)
{
    rows_file file;
    int failed = 0;
    open_file(&file, path);
    for (int i = 1; i < file.cases.count; i++) {
        const text_case *item = &file.cases.items[i];
        if (item->part_count != 2)
            fail_msg("%s:%d: a case is a question, ---, and its answer", path, item->line);
        failed += ask_case(&file, path, item);
    }
    const int count = file.cases.count - 1;
    close_file(&file);
    if (failed > 0)
        fail_msg("%d of %d cases differ", failed, count);
}

#define ASK(name, file)                       \
    static void name(void **state)            \
    {                                         \
        (void)state;                          \
        ask_all("tests/query/rows/" file);    \
    }

ASK(values_follow_their_rules, "values.txt")
ASK(missing_is_a_value_of_every_type, "missing.txt")
ASK(dates_follow_the_calendar, "dates.txt")
ASK(windows_have_both_their_ends, "windows.txt")
ASK(events_have_one_order, "order.txt")
ASK(spans_run_to_death_or_the_end_of_coverage, "spans.txt")
ASK(sets_are_narrowed_and_aggregated, "sets.txt")
ASK(episodes_merge_what_is_near, "episodes.txt")
ASK(codes_are_asked_by_prefix_and_exactly, "codes.txt")
ASK(names_are_found_from_the_inside_out, "names.txt")
ASK(pipelines_are_read_stage_by_stage, "pipelines.txt")
ASK(groups_and_ranks_keep_ties_and_missing, "groups.txt")
ASK(patterns_bind_the_earliest, "patterns.txt")
ASK(small_cells_are_hidden, "hidden.txt")

static int open_pool(void **state)
{
    lots_error err;
    (void)state;
    assert_ok(lots_pool_open(&pool, 2, &err));
    return 0;
}

static int close_pool(void **state)
{
    (void)state;
    lots_pool_close(pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_follow_their_rules),
        cmocka_unit_test(missing_is_a_value_of_every_type),
        cmocka_unit_test(dates_follow_the_calendar),
        cmocka_unit_test(windows_have_both_their_ends),
        cmocka_unit_test(events_have_one_order),
        cmocka_unit_test(spans_run_to_death_or_the_end_of_coverage),
        cmocka_unit_test(sets_are_narrowed_and_aggregated),
        cmocka_unit_test(episodes_merge_what_is_near),
        cmocka_unit_test(codes_are_asked_by_prefix_and_exactly),
        cmocka_unit_test(names_are_found_from_the_inside_out),
        cmocka_unit_test(pipelines_are_read_stage_by_stage),
        cmocka_unit_test(groups_and_ranks_keep_ties_and_missing),
        cmocka_unit_test(patterns_bind_the_earliest),
        cmocka_unit_test(small_cells_are_hidden),
    };
    return cmocka_run_group_tests(tests, open_pool, close_pool);
}
