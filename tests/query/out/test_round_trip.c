/* test_round_trip.c: one result of awkward values written in every format and read back by readers that share nothing with
 * the writers: small strict ones here, SQLite's JSON functions, SQLite itself. A reader gives every cell as text or missing,
 * and these are compared with the texts written out by hand beside the values. */
#include "tests/support/lots_test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/out/document.h"

enum { ROWS = 6, COLUMNS = 6, CELL_BYTES = 128 };

/* ---- the result ---- */

/* The last row is missing throughout. */
static lots_text texts[ROWS]; /* of wanted_texts */
static int64_t ints[ROWS] = {0, -1, INT64_MAX, INT64_MIN, 9007199254740993, 0};
static double floats[ROWS] = {0.1, -1e300, 5e-324, 1.7976931348623157e308, 12345678.9, 0};
static int64_t decimals[ROWS] = {5, -5, INT64_MAX, INT64_MIN, 123456, 0};
static int32_t days[ROWS] = {0, -1, LOTS_DAY_MIN, LOTS_DAY_MAX, 19000, 0};
static uint64_t bools[1] = {0x5};
static uint64_t last_missing[1] = {1u << (ROWS - 1)};

static const char *const wanted_texts[ROWS] = {"plain", "a,b;c\t\"q\" 'r'", "<td>&amp;|x|\\n\\", "line\nåäö 漢 \xf0\x9f\x98\x80",
                                               "-", NULL};
static const char *const wanted_ints[ROWS] = {"0", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993",
                                              NULL};
static const char *const wanted_decimals[ROWS] = {"0.05", "-0.05", "92233720368547758.07", "-92233720368547758.08", "1234.56",
                                                  NULL};
static const char *const wanted_days[ROWS] = {"1970-01-01", "1969-12-31", "0001-01-01", "9999-12-31", "2022-01-08", NULL};
static const char *const wanted_bools[ROWS] = {"true", "false", "true", "false", "false", NULL};

static lots_result_column columns[COLUMNS];

static lots_result make_result(void)
{
    static const struct {
        const char *name;
        lots_type_kind kind;
        void *data;
    } made[COLUMNS] = {{"text, \"it\" <&|_x_", LOTS_TYPE_TEXT, texts}, {"n", LOTS_TYPE_INT, ints},
                       {"x", LOTS_TYPE_FLOAT, floats},                 {"cost", LOTS_TYPE_DECIMAL, decimals},
                       {"day", LOTS_TYPE_DATE, days},                  {"yes", LOTS_TYPE_BOOL, bools}};
    for (int i = 0; i < ROWS; i++)
        texts[i] = wanted_texts[i] == NULL ? (lots_text){"", 0}
                                           : (lots_text){wanted_texts[i], (uint32_t)strlen(wanted_texts[i])};
    for (int i = 0; i < COLUMNS; i++) {
        lots_type type = {.kind = made[i].kind, .scale = made[i].kind == LOTS_TYPE_DECIMAL ? 2 : 0};
        columns[i] = (lots_result_column){
            .name = made[i].name,
            .type = type,
            .values = {.type = type, .count = ROWS, .data = made[i].data, .missing = last_missing}};
    }
    return (lots_result){.columns = columns, .column_count = COLUMNS, .rows = ROWS};
}

/* ---- cells as a reader found them ---- */

typedef struct cell {
    bool missing;
    char text[CELL_BYTES];
    size_t bytes;
} cell;

static void put(cell *c, char letter)
{
    assert_true(c->bytes + 1 < CELL_BYTES);
    c->text[c->bytes++] = letter;
    c->text[c->bytes] = '\0';
}

static void check_cell(const cell *c, int row, int column, bool comma)
{
    const char *const *wanted[COLUMNS] = {wanted_texts, wanted_ints, NULL, wanted_decimals, wanted_days, wanted_bools};
    char text[CELL_BYTES];
    assert_int_equal(c->missing, row == ROWS - 1);
    if (c->missing)
        return;
    memcpy(text, c->text, sizeof text);
    if (comma && (column == 2 || column == 3)) {
        assert_null(strchr(text, '.'));
        for (char *p = text; *p != '\0'; p++)
            *p = *p == ',' ? '.' : *p;
    }
    if (column == 2)
        assert_true(strtod(text, NULL) == floats[row]); /* every bit */
    else
        assert_string_equal(text, wanted[column][row]);
}

typedef void read_cell(const char **at, cell *out);

static char *write_result(lots_format format, bool swedish, lots_sink *sink)
{
    lots_error err;
    lots_result result = make_result();
    lots_document document = {.format = format, .results = &result, .result_count = 1};
    lots_output_options options = {.swedish = swedish};
    sink->text.count = 0;
    assert_ok(lots_document_write(&document, &options, sink, &err));
    assert_ok(lots_bytes_put8(&sink->text, 0, &err));
    return (char *)sink->text.data;
}

static void check_rows(const char *at, read_cell *read, bool comma)
{
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++) {
            cell c = {0};
            read(&at, &c);
            check_cell(&c, row, column, comma);
        }
}

/* ---- separated values ---- */

static char separator;

/* RFC 4180; missing is an empty field without quotes. */
static void read_csv(const char **at, cell *out)
{
    const char *p = *at;
    bool quoted = *p == '"';
    p += quoted;
    while (quoted ? !(p[0] == '"' && p[1] != '"') : *p != separator && *p != '\n') {
        assert_true(*p != '\0');
        assert_true(quoted || *p != '"');
        p += quoted && *p == '"';
        put(out, *p++);
    }
    p += quoted;
    assert_true(*p == separator || *p == '\n');
    out->missing = !quoted && out->bytes == 0;
    *at = p + 1;
}

static void csv_reads_back(void **state)
{
    (void)state;
    lots_sink sink = {0};
    const char *at = write_result(LOTS_FORMAT_CSV, false, &sink);
    const char *head = "\"text, \"\"it\"\" <&|_x_\",n,x,cost,day,yes\n";
    separator = ',';
    assert_memory_equal(at, head, strlen(head));
    check_rows(at + strlen(head), read_csv, false);
    check_rows(write_result(LOTS_FORMAT_CSV, true, &sink) + strlen(head), read_csv, true);
    lots_sink_free(&sink);
}

static void csv_for_swedish_spreadsheets_has_semicolons_commas_and_a_byte_order_mark(void **state)
{
    (void)state;
    lots_sink sink = {0};
    const char *at = write_result(LOTS_FORMAT_CSV_SE, false, &sink);
    const char *head = "\xef\xbb\xbf\"text, \"\"it\"\" <&|_x_\";n;x;cost;day;yes\n";
    separator = ';';
    assert_memory_equal(at, head, strlen(head));
    assert_null(strstr(at + 3, "\xef\xbb\xbf"));
    check_rows(at + strlen(head), read_csv, true);
    lots_sink_free(&sink);
}

static void read_tsv(const char **at, cell *out)
{
    const char *p = *at;
    for (; *p != '\t' && *p != '\n'; p++) {
        assert_true(*p != '\0');
        if (*p != '\\') {
            put(out, *p);
            continue;
        }
        p++;
        assert_non_null(strchr("tnr\\", *p));
        put(out, *p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 'r' ? '\r' : '\\');
    }
    out->missing = out->bytes == 0;
    *at = p + 1;
}

static void tsv_reads_back(void **state)
{
    (void)state;
    lots_sink sink = {0};
    const char *at = write_result(LOTS_FORMAT_TSV, false, &sink);
    check_rows(strchr(at, '\n') + 1, read_tsv, false);
    int lines = 0;
    for (const char *p = at; *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, ROWS + 1);
    check_rows(strchr(write_result(LOTS_FORMAT_TSV, true, &sink), '\n') + 1, read_tsv, true);
    lots_sink_free(&sink);
}

/* ---- markup ---- */

/* What GitHub's Markdown makes of a cell: a bare | ends it, a backslash before punctuation vanishes. */
static void read_markdown(const char **at, cell *out)
{
    const char *p = *at;
    assert_true(p[0] == '|' && p[1] == ' ');
    for (p += 2; !(p[0] == ' ' && p[1] == '|'); p++) {
        assert_true(*p != '\0' && *p != '\n' && *p != '|');
        if (strncmp(p, "<br>", 4) == 0) {
            put(out, '\n');
            p += 3;
            continue;
        }
        assert_null(strchr("<>&`*[]", *p)); /* these only after a backslash */
        out->missing = p[0] == '-' && p[1] == ' ' && p[2] == '|' && out->bytes == 0;
        p += *p == '\\';
        put(out, *p);
    }
    *at = strncmp(p, " |\n", 3) == 0 ? p + 3 : p + 1;
}

static void markdown_reads_back(void **state)
{
    (void)state;
    lots_sink sink = {0};
    const char *head = "| text, \"it\" \\<\\&\\|\\_x\\_ | n | x | cost | day | yes |\n"
                       "| --- | ---: | ---: | ---: | --- | --- |\n";
    const char *at = write_result(LOTS_FORMAT_MARKDOWN, false, &sink);
    assert_memory_equal(at, head, strlen(head));
    check_rows(at + strlen(head), read_markdown, false);
    lots_sink_free(&sink);
}

static char read_entity(const char **at)
{
    static const struct {
        const char *name;
        char letter;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&#13;", '\r'}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strncmp(*at, entities[i].name, strlen(entities[i].name)) == 0) {
            *at += strlen(entities[i].name);
            return entities[i].letter;
        }
    fail_msg("no entity: %.10s", *at);
    return 0;
}

static void read_html(const char **at, cell *out)
{
    const char *p = strstr(*at, "<td"), *end = strchr(p, '>');
    for (const char *c = p; c < end; c++)
        out->missing = out->missing || strncmp(c, "missing", 7) == 0;
    for (p = end + 1; *p != '<';) {
        assert_true(*p != '>' && *p != '"' && *p != '\0');
        put(out, *p == '&' ? read_entity(&p) : *p++);
    }
    assert_memory_equal(p, "</td>", 5);
    *at = p + 5;
}

static void html_reads_back(void **state)
{
    (void)state;
    lots_sink sink = {0};
    const char *at = write_result(LOTS_FORMAT_HTML, false, &sink);
    assert_memory_equal(at, "<!DOCTYPE html>\n", 16);
    assert_contains(at, "<th scope=\"col\">text, &quot;it&quot; &lt;&amp;|_x_</th>");
    assert_null(strstr(at, "src=")); /* it needs nothing else */
    assert_null(strstr(at, "href="));
    check_rows(at, read_html, false);
    check_rows(write_result(LOTS_FORMAT_HTML, true, &sink), read_html, true);
    lots_sink_free(&sink);
}

/* ---- read by SQLite ---- */

/* Cell (row, column) of a query with one row of the result a row. */
static void check_query(sqlite3 *database, const char *sql, const char *bound, bool bools_are_numbers)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(database));
    if (bound != NULL)
        sqlite3_bind_text(statement, 1, bound, -1, SQLITE_STATIC);
    for (int row = 0; row < ROWS; row++) {
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        for (int column = 0; column < COLUMNS; column++) {
            cell c = {.missing = sqlite3_column_type(statement, column) == SQLITE_NULL};
            if (column == 2 && !c.missing) { /* its text would have 15 digits */
                assert_true(sqlite3_column_double(statement, column) == floats[row]);
                continue;
            }
            const char *text = c.missing ? "" : (const char *)sqlite3_column_text(statement, column);
            snprintf(c.text, sizeof c.text, "%s", bools_are_numbers && column == 5 ? *text == '1' ? "true" : "false" : text);
            check_cell(&c, row, column, false);
        }
    }
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
}

#define MEMBER(name) "json_extract(value, '$.\"" name "\"')"

/* A decimal beyond 15 digits is a number in JSON: its text is looked at, since SQLite's own number is a double. */
static void json_reads_back(void **state)
{
    (void)state;
    sqlite3 *database = NULL;
    lots_sink sink = {0};
    assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
    const char *text = write_result(LOTS_FORMAT_JSON, true, &sink); /* no language in JSON */
    assert_contains(text, "\"cost\":-92233720368547758.08,");
    check_query(database,
                "SELECT (SELECT value FROM json_each(o.value) LIMIT 1), " MEMBER("n") ", " MEMBER("x") ", "
                "CASE WHEN abs(" MEMBER("cost") ") < 1e6 THEN printf('%.2f', " MEMBER("cost") ") "
                "WHEN " MEMBER("cost") " > 0 THEN '92233720368547758.07' "
                "WHEN " MEMBER("cost") " < 0 THEN '-92233720368547758.08' END, " MEMBER("day") ", "
                MEMBER("yes") " FROM json_each(?1) o",
                text, true);
    text = write_result(LOTS_FORMAT_NDJSON, false, &sink);
    int lines = 0;
    for (const char *line = text; *line != '\0'; lines++) {
        const char *end = strchr(line, '\n');
        char *one = malloc((size_t)(end - line) + 1);
        sqlite3_stmt *statement = NULL;
        assert_non_null(one);
        memcpy(one, line, (size_t)(end - line));
        one[end - line] = '\0';
        assert_int_equal(sqlite3_prepare_v2(database, "SELECT (SELECT value FROM json_each(?1) LIMIT 1)", -1, &statement, NULL), SQLITE_OK);
        sqlite3_bind_text(statement, 1, one, -1, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        if (wanted_texts[lines] == NULL)
            assert_int_equal(sqlite3_column_type(statement, 0), SQLITE_NULL);
        else
            assert_string_equal((const char *)sqlite3_column_text(statement, 0), wanted_texts[lines]);
        sqlite3_finalize(statement);
        free(one);
        line = end + 1;
    }
    assert_int_equal(lines, ROWS);
    sqlite3_close(database);
    lots_sink_free(&sink);
}

static void write_file(const char *target, uint32_t count, lots_status wanted, lots_error *shown)
{
    lots_error err;
    lots_result results[2] = {make_result(), make_result()};
    lots_document document = {.format = LOTS_FORMAT_SQLITE, .results = results, .result_count = count};
    lots_output_options options = {.swedish = true};
    assert_status(wanted, lots_document_write_sqlite(&document, &options, target, &err));
    if (shown != NULL)
        *shown = err;
}

static void a_sqlite_file_holds_every_value(void **state)
{
    (void)state;
    char folder[512], path[600], target[640];
    sqlite3 *database = NULL;
    lots_test_directory(folder);
    snprintf(path, sizeof path, "%s/answers.sqlite", folder);
    snprintf(target, sizeof target, "%s:two \"words\"", path);
    write_file(path, 1, LOTS_OK, NULL);
    write_file(target, 2, LOTS_OK, NULL);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    check_query(database, "SELECT * FROM result", NULL, true);
    check_query(database, "SELECT * FROM \"two \"\"words\"\"_2\"", NULL, true);
    sqlite3_close(database);
}

static void a_sqlite_table_is_never_overwritten(void **state)
{
    (void)state;
    char folder[512], path[600], target[640];
    lots_error err;
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    lots_test_directory(folder);
    snprintf(path, sizeof path, "%s/answers.db", folder);
    snprintf(target, sizeof target, "%s:T_2", path);
    write_file(target, 1, LOTS_OK, NULL);
    write_file(target, 1, LOTS_USAGE, &err);
    assert_contains(err.text, "has a table 'T_2' already");
    snprintf(target, sizeof target, "%s:t", path); /* t would go, t_2 is there: neither is written */
    write_file(target, 2, LOTS_USAGE, NULL);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, "SELECT group_concat(name) FROM sqlite_master", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "T_2");
    sqlite3_finalize(statement);
    sqlite3_close(database);
}

static void a_file_that_is_no_sqlite_file_is_left_alone(void **state)
{
    (void)state;
    char folder[512], path[600], back[64] = "";
    lots_error err;
    lots_test_directory(folder);
    snprintf(path, sizeof path, "%s/notes.db", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 100; i++)
        fputs("my notes\n", file);
    fclose(file);
    write_file(path, 1, LOTS_IO, &err);
    assert_contains(err.text, "notes.db");
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(back, sizeof back, file));
    fclose(file);
    assert_string_equal(back, "my notes\n");
    snprintf(path, sizeof path, "%s/absent/x.db", folder);
    write_file(path, 1, LOTS_IO, NULL);
    write_file(":t", 1, LOTS_USAGE, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_reads_back),
        cmocka_unit_test(csv_for_swedish_spreadsheets_has_semicolons_commas_and_a_byte_order_mark),
        cmocka_unit_test(tsv_reads_back),
        cmocka_unit_test(markdown_reads_back),
        cmocka_unit_test(html_reads_back),
        cmocka_unit_test(json_reads_back),
        cmocka_unit_test(a_sqlite_file_holds_every_value),
        cmocka_unit_test(a_sqlite_table_is_never_overwritten),
        cmocka_unit_test(a_file_that_is_no_sqlite_file_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
