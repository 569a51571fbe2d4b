/* The same rows make the same registry: in any order, on any number of threads, with any memory, whole or in parts, from
 * text or from SQLite. Checked on generated files and, where they are, on the shared data. */
#include <sqlite3.h>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/base/vec.h"
#include "core/store/check.h"
#include "tests/ingest/load_fixture.h"

/* Every kind of column, keys and none, children, patients from several rows. */
static const char map[] =
    "[system icd10]\nform = icd10\n[system s]\nform = plain\n"
    "[patients]\nfile = p.csv\npatient = id\nsex = category from sex\nbirth = date from birth\n"
    "[stream contacts]\nfile = c.csv\npatient = id\nkey = k\nspan = closed\n"
    "levels = level: emergency point, inpatient open, primary point\nghost_days = 400\n"
    "start = date from d\nminute = int from m\nend = date from e\nlevel = category from l\n"
    "unit = category(unit) from u label name\ncost = decimal(2) from cost\n"
    "dx = codes(icd10) from dx split blank\nnote = text from note\n"
    "[child contacts claims]\nfile = cl.csv\npatient = id\nparent = k\nkey = claim\npaid = sum decimal(2) from amount\n"
    "px = codes(s) from px\n"
    "[stream labs]\nfile = l.csv\npatient = id\nstart = date from d\ntest = code(s) from t\nvalue = float from v\n";

typedef struct table {
    const char *name, *heading;
    lots_vec lines; /* char * */
} table;

static void add_line(table *t, const char *format, ...)
{
    char line[300], *copy;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    assert_int_equal(lots_text_copy(&copy, line, strlen(line), NULL), LOTS_OK);
    assert_int_equal(lots_vec_push(&t->lines, &copy, NULL), LOTS_OK);
}

static unsigned pick(uint64_t *seed, unsigned below) { return (unsigned)(lots_test_random(seed) % below); }

static void add_contact(table *contacts, table *claims, uint64_t *seed, unsigned person, unsigned k)
{
    static const char *const levels[] = {"primary", "emergency", "inpatient", "other"};
    unsigned day = pick(seed, 28) + 1, month = pick(seed, 3) + 1, unit = pick(seed, 30);
    char key[20] = "", end[12] = "";
    if (pick(seed, 20) > 0)
        snprintf(key, sizeof key, "k%u", pick(seed, 6) == 0 ? 1 : k);
    if (pick(seed, 3) == 0)
        snprintf(end, sizeof end, "2021-12-%02u", day);
    add_line(contacts, "p%u,%s,2021-%02u-%02u,%u,%s,%s,u%u,name %u,%u.%02u,I%02u.%u E1%u,\"n%u, x\"", person, key, month,
             day, pick(seed, 1440), end, levels[pick(seed, 4)], unit, pick(seed, 50), pick(seed, 900), pick(seed, 100),
             pick(seed, 99), pick(seed, 9), pick(seed, 5), pick(seed, 1000));
    for (unsigned i = pick(seed, 4); i > 0 && key[0] != '\0'; i--)
        add_line(claims, "p%u,%s,%s-%u,%u.5,x%u", person, key, key, i, pick(seed, 99), pick(seed, 40));
}

enum { TABLES = 4 };

static void make_tables(table *t, unsigned persons, uint64_t seed)
{
    static const table empty[TABLES] = {{"p.csv", "id,sex,birth", {0}},
                                        {"c.csv", "id,k,d,m,e,l,u,name,cost,dx,note", {0}},
                                        {"cl.csv", "id,k,claim,amount,px", {0}},
                                        {"l.csv", "id,d,t,v", {0}}};
    for (size_t i = 0; i < TABLES; i++) {
        t[i] = empty[i];
        t[i].lines = LOTS_VEC(char *);
    }
    for (unsigned person = 0; person < persons; person++) {
        for (unsigned i = 1 + pick(&seed, 2); i > 0 && person % 10 != 0; i--)
            add_line(&t[0], "p%u,%s,19%02u-05-05", person, pick(&seed, 5) > 0 ? "F" : "M", person % 100);
        for (unsigned i = pick(&seed, 12); i > 0; i--)
            add_contact(&t[1], &t[2], &seed, person, i);
        for (unsigned i = pick(&seed, 20); i > 0; i--)
            add_line(&t[3], "p%u,2020-%02u-01,t%u,%u.%u", person, pick(&seed, 3) + 1, pick(&seed, 9), pick(&seed, 3),
                     pick(&seed, 10));
    }
}

static void free_tables(table *t)
{
    for (size_t i = 0; i < TABLES; i++) {
        for (size_t j = 0; j < t[i].lines.count; j++)
            lots_free(LOTS_AT(char *, &t[i].lines, j));
        lots_vec_free(&t[i].lines);
    }
}

/* Which half a line belongs to: by its patient, so that a record's children stay with it. */
static unsigned half_of(const char *line) { return (unsigned)strtoul(line + 1, NULL, 10) % 3 == 0; }

/* Write the lines, or those of one half, forwards or in an order from a seed. */
static void write_tables(const fixture *f, const table *t, int half, uint64_t seed)
{
    for (size_t i = 0; i < TABLES; i++) {
        char path[700];
        snprintf(path, sizeof path, "%s/%s", f->folder, t[i].name);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fprintf(file, "%s\n", t[i].heading);
        char **lines = t[i].lines.data;
        for (size_t left = t[i].lines.count, at = 0; at < left; at++) {
            if (seed != 0) {
                size_t other = at + (size_t)(lots_test_random(&seed) % (left - at));
                char *line = lines[at];
                lines[at] = lines[other];
                lines[other] = line;
            }
            if (half < 0 || half_of(lines[at]) == (unsigned)half)
                fprintf(file, "%s\n", lines[at]);
        }
        assert_int_equal(fclose(file), 0);
    }
}

static void remove_registry(fixture *f)
{
    assert_int_equal(lots_path_remove_tree(f->registry, &f->err), LOTS_OK);
}

static uint64_t load_fresh(fixture *f)
{
    remove_registry(f);
    load_ok(f);
    return registry_hash(f);
}

static void any_order_of_rows_makes_the_same_registry(void **state)
{
    (void)state;
    fixture f;
    table t[TABLES];
    begin(&f, map);
    make_tables(t, 300, 7);
    write_tables(&f, t, -1, 0);
    uint64_t wanted = load_fresh(&f);
    char *rows = rows_of(&f, "contacts");
    for (uint64_t seed = 1; seed <= 3; seed++) {
        write_tables(&f, t, -1, seed);
        assert_int_equal(load_fresh(&f), wanted);
        char *again = rows_of(&f, "contacts");
        assert_string_equal(again, rows);
        lots_free(again);
    }
    lots_free(rows);
    free_tables(t);
    end(&f);
}

static void any_number_of_threads_and_any_memory_make_the_same_registry(void **state)
{
    (void)state;
    fixture f;
    table t[TABLES];
    begin(&f, map);
    make_tables(t, 3000, 9);
    write_tables(&f, t, -1, 0);
    f.options.segment_events = 3000;
    uint64_t wanted = load_fresh(&f);
    assert_true(f.result.segments > 3);
    assert_int_equal(f.result.bytes_spilled, 0);
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        f.options.threads = threads;
        f.options.memory_bytes = threads == 3 ? 0 : 100000;
        assert_int_equal(load_fresh(&f), wanted);
        assert_true((f.result.bytes_spilled > 0) == (threads != 3));
    }
    char spill[700];
    snprintf(spill, sizeof spill, "%s.spill", f.registry);
    assert_false(lots_path_exists(spill));
    free_tables(t);
    end(&f);
}

/* Rows of 400 bytes, so that a block of the file has few: by patient, the ids rising or falling, or by day. Two patients are in
 * no patient file. */
static void write_long_rows(const fixture *f, bool by_day, bool falling)
{
    enum { PERSONS = 800, DAYS = 30 };
    char path[700], filler[380];
    memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    snprintf(path, sizeof path, "%s/c.csv", f->folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fprintf(file, "id,d,t\n");
    for (unsigned i = 0; i < PERSONS * DAYS; i++) {
        unsigned place = by_day ? i % PERSONS : i / DAYS, day = by_day ? i / PERSONS : i % DAYS;
        unsigned person = falling ? PERSONS - 1 - place : place;
        fprintf(file, "p%03u,2020-%02u-%02u,%s%u\n", person, day / 28 + 1, day % 28 + 1, filler, person * 7 + day);
    }
    assert_int_equal(fclose(file), 0);
    snprintf(path, sizeof path, "%s/p.csv", f->folder);
    file = fopen(path, "wb");
    assert_non_null(file);
    fprintf(file, "id\n");
    for (unsigned i = 0; i < PERSONS; i++)
        if (i != 5 && i != 790)
            fprintf(file, "p%03u\n", i);
    assert_int_equal(fclose(file), 0);
}

static void rows_that_come_by_patient_are_spilled_once(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[registry]\nunknown_patient = count\n[patients]\nfile = p.csv\npatient = id\n"
              "[stream c]\nfile = c.csv\npatient = id\nstart = date from d\nnote = text from t\n");
    write_long_rows(&f, true, false);
    uint64_t wanted = load_fresh(&f);
    f.options.memory_bytes = 1000000;
    assert_int_equal(load_fresh(&f), wanted);
    uint64_t spilled = f.result.bytes_spilled;
    for (unsigned i = 0; i < 4; i++) {
        f.options.threads = i % 2 + 1;
        write_long_rows(&f, false, i / 2 == 1);
        f.options.memory_bytes = 1000000;
        assert_int_equal(load_fresh(&f), wanted);
        assert_int_equal(counts_of(&f, "c", "")->unknown_patient, 60);
        assert_true(f.result.bytes_spilled < spilled / 10 * 9);
        f.options.memory_bytes = 0;
        assert_int_equal(load_fresh(&f), wanted);
        assert_int_equal(f.result.bytes_spilled, 0);
    }
    end(&f);
}

/* The answers of one generation, for comparing registries whose files differ. */
static void assert_same_rows(fixture *f, const char *stream, const char *wanted)
{
    char *rows = rows_of(f, stream);
    assert_string_equal(rows, wanted);
    lots_free(rows);
}

static void halves_appended_make_the_same_as_the_whole(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        fixture f;
        table t[TABLES];
        begin(&f, map);
        make_tables(t, 600, 11);
        f.options.segment_events = first == 0 ? 0 : 700;
        write_tables(&f, t, -1, 0);
        uint64_t wanted = load_fresh(&f);
        char *contacts = rows_of(&f, "contacts"), *patients = rows_of(&f, "patients");
        write_tables(&f, t, first, 5);
        load_fresh(&f);
        f.options.append = true;
        write_tables(&f, t, 1 - first, 6);
        load_ok(&f);
        assert_same_rows(&f, "contacts", contacts);
        assert_same_rows(&f, "patients", patients);
        assert_int_equal(registry_hash(&f), wanted);
        assert_int_equal(stream_of(&f, "contacts")->changed, 0);
        lots_free(contacts);
        lots_free(patients);
        free_tables(t);
        end(&f);
    }
}

static void appending_what_is_there_changes_no_keyed_record(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[system s]\nform = plain\n[stream c]\nfile = c.csv\npatient = id\nkey = k\nstart = date from d\n"
              "x = codes(s) from x\n[child c parts]\nfile = p.csv\npatient = id\nparent = k\nx = codes(s) from y\n");
    write_file(&f, "c.csv", "id,k,d,x\na,1,2020-01-01,A\nb,1,2020-01-01,B\nb,2,2020-01-02,C\n");
    write_file(&f, "p.csv", "id,k,y\na,1,P\nb,2,Q\n");
    load_ok(&f);
    uint64_t before = registry_hash(&f);
    f.options.append = true;
    load_ok(&f);
    assert_int_equal(stream_of(&f, "c")->same, 3);
    assert_int_equal(stream_of(&f, "c")->added, 0);
    assert_int_equal(registry_hash(&f), before);
    write_file(&f, "c.csv", "id,k,d,x\nb,1,2020-01-05,B\nc,1,2020-01-01,B\n");
    write_file(&f, "p.csv", "id,k,y\nc,1,R\n");
    load_ok(&f);
    assert_int_equal(stream_of(&f, "c")->changed, 1);
    assert_int_equal(stream_of(&f, "c")->added, 1);
    assert_rows(&f, "c",
                "a|2020-01-01|1|s:A+s:P\nb|2020-01-02|2|s:C+s:Q\nb|2020-01-05|1|s:B\nc|2020-01-01|1|s:B+s:R\n");
    end(&f);
}

static void appending_another_layout_joins_the_schemas(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[stream c]\nfile = c.csv\npatient = id\nstart = date from d\nx = int from x\n");
    write_file(&f, "c.csv", "id,d,x\na,2020-01-01,1\n");
    load_ok(&f);
    write_file(&f, "t.map", "[stream c]\nfile = c.csv\npatient = id\nstart = date from d\ny = category from x\n"
                            "[stream e]\nfile = c.csv\npatient = id\nstart = date from d\n");
    write_file(&f, "c.csv", "id,d,x\n0,2020-01-01,2\n");
    f.options.append = true;
    load_ok(&f);
    assert_rows(&f, "c", "0|2020-01-01||2\na|2020-01-01|1|\n");
    assert_rows(&f, "e", "0|2020-01-01\n");
    end(&f);
}

/* ---- SQLite ---- */

static void run_sql(sqlite3 *database, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

static void sqlite_tables_load_like_text(void **state)
{
    (void)state;
    fixture f;
    sqlite3 *database;
    char path[700];
    begin(&f, "[stream c]\nfile = c.csv\npatient = id\nstart = date from d\nx = float from x\nn = text from n\n");
    write_file(&f, "c.csv", "id,d,x,n\n1,2020-01-01,0.1,\"a \"\"b\"\n2,2020-01-02,,é\n2,2020-01-02,1e300,\n");
    uint64_t wanted = load_fresh(&f);
    snprintf(path, sizeof path, "%s/c.sqlite", f.folder);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    run_sql(database, "CREATE TABLE \"my \"\"rows\" (id INTEGER, d TEXT, x REAL, n TEXT);"
                      "INSERT INTO \"my \"\"rows\" VALUES (1,'2020-01-01',0.1,'a \"b'),(2,'2020-01-02',NULL,'é'),"
                      "(2,'2020-01-02',1e300,NULL);");
    sqlite3_close(database);
    write_file(&f, "t.map", "[stream c]\nfile = c.sqlite\ntable = \"my \"\"rows\"\npatient = id\nstart = date from d\n"
                            "x = float from x\nn = text from n\n");
    assert_int_equal(load_fresh(&f), wanted);
    write_file(&f, "t.map", "[stream c]\nfile = c.sqlite\nquery = \"SELECT * FROM \"\"my \"\"\"\"rows\"\" ORDER BY x\"\n"
                            "patient = id\nstart = date from d\nx = float from x\nn = text from n\n");
    assert_int_equal(load_fresh(&f), wanted);
    write_file(&f, "t.map", "[stream c]\nfile = c.sqlite\nquery = \"DROP TABLE x\"\npatient = id\nstart = date from d\n");
    remove_registry(&f);
    assert_int_equal(load(&f), LOTS_USAGE);
    write_file(&f, "t.map", "[stream c]\nfile = c.sqlite\npatient = id\nstart = date from d\n");
    assert_int_equal(load(&f), LOTS_USAGE);
    assert_contains(f.err.text, "say which table");
    end(&f);
}

/* ---- plain fields ---- */

static const char plain_map[] =
    "[system s]\nform = plain\n[system icd10]\nform = icd10\n"
    "[stream c]\nfile = c.csv\npatient = id\nkey = k\n%s"
    "start = date from d\nminute = minute from m\nseen = date from seen\ncost = decimal(2) from cost\nn = int from n\n"
    "yes = bool from yes\nunit = category(unit) from u\nplace = category from p map a alpha else missing\n"
    "atc = code(icd10) from t\ndx = codes(s) from dx split blank\nnote = text from note\n";

/* A row of texts, some as nearly all are and some as few are: blanks, no such day, not a number, longer than a memo keeps. */
static void add_odd_row(lots_bytes *file, uint64_t *seed, unsigned row)
{
    static const char *const days[] = {"2021-03-04", "2021-02-29", " 2021-03-05", "", "2021-3-4", "0000-01-01", "2021-13-01"};
    static const char *const clocks[] = {"09:30", "23:59:59", "24:00", "", "9.30", "2021-01-01 07:05"};
    static const char *const numbers[] = {"12", "-3", "1.25", "", " 7 ", "1e3", "x", "99999999999", "1.005"};
    static const char *const flags[] = {"0", "1", "ja", "", "nej", " 1", "perhaps"};
    static const char *const units[] = {"u1", " u1", "a unit whose name is of more than sixteen bytes", "",
                                        "a unit whose name is of more than sixty-four bytes, which a memo keeps for none", "u2"};
    static const char *const places[] = {"a", "alpha", "b", "", " a "};
    static const char *const codes[] = {"E11.9", "I10", "", "?", " J44", "e119", "E11 9", "ABCDEFGHIJKLMNOPQRS"};
    static const char *const lists[] = {"A", "A B", "", "A  B A", "B ", "a.b", "ABCDEFGHIJKLMNOPQRS A",
                                        "A B C D E F G H I J K L M N O P Q R S T"};
    lots_error err;
    const char *day = pick(seed, 4) > 0 ? days[0] : days[pick(seed, 7)], *seen = days[pick(seed, 5)];
    assert_ok(lots_bytes_printf(file, &err, "p%u,k%u,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", row / 9, row, day,
                                clocks[pick(seed, 6)], seen, numbers[pick(seed, pick(seed, 2) ? 3 : 9)],
                                numbers[pick(seed, pick(seed, 2) ? 2 : 9)], flags[pick(seed, pick(seed, 2) ? 3 : 7)],
                                units[pick(seed, 6)], places[pick(seed, 5)], codes[pick(seed, 8)],
                                lists[pick(seed, 8)], pick(seed, 2) ? "\"a, \"\"b\"\"\"" : " n "));
}

static void fields_read_plainly_and_the_long_way_make_the_same(void **state)
{
    (void)state;
    fixture f;
    lots_error err;
    lots_bytes file = {0};
    lots_load_counts counts[2];
    uint64_t hashes[2], seed = 3;
    char map_text[1200];
    assert_ok(lots_bytes_printf(&file, &err, "id,k,d,m,seen,cost,n,yes,u,p,t,dx,note\n"));
    for (unsigned row = 0; row < 4000; row++)
        add_odd_row(&file, &seed, row);
    begin(&f, "");
    f.options.max_rejects_given = true;
    f.options.max_rejects = 1;
    assert_ok(lots_bytes_put8(&file, 0, &err));
    write_file(&f, "c.csv", (const char *)file.data);
    for (unsigned long_way = 0; long_way < 2; long_way++) {
        snprintf(map_text, sizeof map_text, plain_map, long_way ? "missing = none_says_this\n" : "");
        write_file(&f, "t.map", map_text);
        hashes[long_way] = load_fresh(&f);
        counts[long_way] = *counts_of(&f, "c", "");
        assert_int_equal(f.result.files[0].hash, lots_hash(file.data, file.count - 1, 0));
    }
    assert_int_equal(hashes[0], hashes[1]);
    assert_true(counts[0].rejected > 100 && counts[0].loaded > 100);
    assert_int_equal(counts[0].rejected, counts[1].rejected);
    assert_int_equal(counts[0].loaded, counts[1].loaded);
    assert_int_equal(counts[0].off_form, counts[1].off_form);
    assert_int_equal(counts[0].unmapped, counts[1].unmapped);
    lots_bytes_free(&file);
    end(&f);
}

/* ---- shared data ---- */

/* Lines of a file less its heading: none of these files has a line end within a field. */
static uint64_t count_lines(const char *path)
{
    char *text;
    size_t bytes;
    uint64_t lines = 0;
    lots_error err;
    assert_ok(lots_file_slurp(path, (size_t)1 << 30, &text, &bytes, &err));
    for (size_t i = 0; i < bytes; i++)
        lines += text[i] == '\n';
    lines += bytes > 0 && text[bytes - 1] != '\n';
    lots_free(text);
    return lines - 1;
}

static void check_shared(const char *data, const char *format)
{
    fixture f;
    lots_check_result checked;
    const lots_check_options full = {.full = true};
    const char *from = lots_test_shared(data);
    if (from == NULL) {
        print_message("no %s beside the project: skipped\n", data);
        skip();
    }
    begin(&f, "");
    f.options.map_path = NULL;
    f.options.format = format;
    f.options.inputs = &from;
    f.options.input_count = 1;
    load_ok(&f);
    for (size_t i = 0; i < f.result.file_count; i++) {
        const char *path = f.result.files[i].path;
        assert_int_equal(f.result.files[i].rows, count_lines(path));
    }
    lots_error err;
    assert_ok(lots_check_run(f.registry, &full, &checked, &err));
    end(&f);
}

static void synthea_r4_loads_whole(void **state)
{
    (void)state;
    check_shared("data/synthea_r4", "synthea");
}

static void synthea_native_loads_whole(void **state)
{
    (void)state;
    check_shared("data/synthea_native", "synthea");
}

static void gibleed_loads_whole(void **state)
{
    (void)state;
    check_shared("data/gibleed_omop", "omop");
}

static void uci_loads_whole(void **state)
{
    (void)state;
    check_shared("data/uci_diabetes", "uci");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_read_plainly_and_the_long_way_make_the_same),
        cmocka_unit_test(any_order_of_rows_makes_the_same_registry),
        cmocka_unit_test(any_number_of_threads_and_any_memory_make_the_same_registry),
        cmocka_unit_test(rows_that_come_by_patient_are_spilled_once),
        cmocka_unit_test(halves_appended_make_the_same_as_the_whole),
        cmocka_unit_test(appending_what_is_there_changes_no_keyed_record),
        cmocka_unit_test(appending_another_layout_joins_the_schemas),
        cmocka_unit_test(sqlite_tables_load_like_text),
        cmocka_unit_test(synthea_r4_loads_whole),
        cmocka_unit_test(synthea_native_loads_whole),
        cmocka_unit_test(gibleed_loads_whole),
        cmocka_unit_test(uci_loads_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
