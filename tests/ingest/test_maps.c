/* The mappings that are shipped: each is read, declares a schema that holds, and finds the columns of the registers. */
#include "tests/support/lots_test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "ingest/mapping.h"
#include "ingest/rows.h"

#define MAPS "ingest/maps"

/* ---- reading ---- */

static void check_text(const char *text, size_t bytes, const char *name)
{
    lots_error err;
    lots_mapping mapping;
    lots_schema schema;
    assert_ok(lots_mapping_read(&mapping, text, bytes, name, &err));
    assert_ok(lots_mapping_schema(&mapping, &schema, &err));
    lots_schema_free(&schema);
    assert_ok(lots_mapping_children(&mapping, &schema, &err));
    lots_schema_free(&schema);
    lots_mapping_free(&mapping);
}

static void every_shipped_map_is_read_and_declares_a_valid_schema(void **state)
{
    (void)state;
    lots_error err;
    char **names;
    size_t count, maps = 0;
    assert_ok(lots_directory_list(MAPS, &names, &count, &err));
    for (size_t i = 0; i < count; i++) {
        char path[512], *text;
        size_t bytes, length = strlen(names[i]);
        if (length < 4 || strcmp(names[i] + length - 4, ".map") != 0)
            continue;
        snprintf(path, sizeof path, MAPS "/%s", names[i]);
        assert_ok(lots_file_slurp(path, 1 << 20, &text, &bytes, &err));
        check_text(text, bytes, path);
        lots_free(text);
        maps++;
    }
    lots_names_free(names, count);
    assert_true(maps >= 9);
}

/* What stands between ```ini and ``` in the reference. */
static void every_example_of_the_reference_is_a_valid_mapping(void **state)
{
    (void)state;
    lots_error err;
    char *text, name[64];
    size_t bytes;
    unsigned examples = 0;
    assert_ok(lots_file_slurp(MAPS "/README.md", 1 << 20, &text, &bytes, &err));
    for (char *at = strstr(text, "```ini\n"), *end; at != NULL; at = strstr(end, "```ini\n")) {
        at += 7;
        end = strstr(at, "\n```");
        assert_non_null(end);
        snprintf(name, sizeof name, "example %u", ++examples);
        check_text(at, (size_t)(end - at) + 1, name);
        end += 4;
    }
    lots_free(text);
    assert_true(examples >= 8);
}

static void a_shipped_map_with_a_misspelt_setting_says_where_and_what_was_meant(void **state)
{
    (void)state;
    lots_error err;
    lots_mapping mapping;
    char *text;
    size_t bytes;
    assert_ok(lots_file_slurp(MAPS "/lmed.map", 1 << 20, &text, &bytes, &err));
    char *at = strstr(text, "no_identity =");
    assert_non_null(at);
    memcpy(at, "no_idenitty =", 13);
    assert_status(LOTS_USAGE, lots_mapping_read(&mapping, text, bytes, "mine.map", &err));
    assert_contains(err.text, "mine.map:");
    assert_contains(err.hint, "no_identity");
    lots_free(text);
}

/* ---- the registers' columns ---- */

/* Is some column of the file one that the source reads? */
static bool finds(const lots_rows *rows, const lots_map_term *terms, uint32_t count)
{
    lots_error err;
    lots_vec found = LOTS_VEC(uint32_t);
    for (uint32_t i = 0; i < count; i++)
        assert_ok(lots_rows_find(rows, &terms[i], &found, &err));
    bool any = found.count > 0;
    lots_vec_free(&found);
    return any;
}

static bool source_reads(const lots_rows *rows, const lots_map_source *source)
{
    bool found = finds(rows, &source->patient, source->patient.pick_count > 0) ||
                 finds(rows, source->key.items, source->key.count);
    for (uint32_t i = 0; i < source->keep.count && !found; i++)
        found = finds(rows, &source->keep.items[i].term, 1);
    for (uint32_t i = 0; i < source->column_count && !found; i++) {
        const lots_map_column *column = &source->columns[i];
        found = finds(rows, column->from.items, column->from.count) ||
                finds(rows, &column->label, column->label.pick_count > 0);
    }
    return found;
}

static bool map_reads(const char *map, const char *column, const char *folder)
{
    lots_error err;
    lots_mapping mapping;
    lots_rows *rows;
    char path[600];
    bool found = false;
    snprintf(path, sizeof path, "%s/one.csv", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s,other\n1,2\n", column);
    assert_int_equal(fclose(file), 0);
    assert_ok(lots_mapping_open(&mapping, map, &err));
    for (uint32_t i = 0; i < mapping.source_count && !found; i++) {
        if (mapping.sources[i].files.count == 0)
            continue;
        assert_ok(lots_rows_open(&rows, path, &mapping.sources[i], &err));
        found = source_reads(rows, &mapping.sources[i]);
        lots_rows_close(rows);
    }
    lots_mapping_free(&mapping);
    return found;
}

static void check_cases(const char *map, const char *column, const char *folder)
{
    char upper[64], lower[64];
    size_t bytes = strlen(column);
    assert_true(bytes < sizeof upper);
    for (size_t i = 0; i <= bytes; i++) {
        upper[i] = (char)toupper((unsigned char)column[i]);
        lower[i] = (char)tolower((unsigned char)column[i]);
    }
    if (!map_reads(map, column, folder) || !map_reads(map, upper, folder) || !map_reads(map, lower, folder))
        fail_msg("%s doesn't read column %s in any case", map, column);
}

/* "DIA1..DIA30" is DIA1 and DIA30; "morsak1..n" is morsak1. */
static void check_named(const char *map, char *column, const char *folder)
{
    char *dots = strstr(column, "..");
    if (dots != NULL)
        *dots = '\0';
    check_cases(map, column, folder);
    if (dots != NULL && strcmp(dots + 2, "n") != 0 && strncmp(column, "OPD", 3) != 0)
        check_cases(map, dots + 2, folder);
}

static const char *map_of(const char *reg)
{
    static const struct {
        const char *begins, *map;
    } maps[] = {{"PAR", MAPS "/par.map"},   {"DORS", MAPS "/par.map"}, {"SCB", MAPS "/par.map"},
                {"LMED", MAPS "/lmed.map"}, {"SOL", MAPS "/sol.map"}};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        if (strncmp(reg, maps[i].begins, strlen(maps[i].begins)) == 0)
            return maps[i].map;
    return NULL;
}

/* AR is the year of a date that is there, so no map reads it. */
static void the_registers_columns_are_found_by_name_in_any_case(void **state)
{
    (void)state;
    char folder[512], line[1000];
    unsigned checked = 0;
    const char *path = lots_test_shared("codes/se_register_columns.csv");
    if (path == NULL) {
        print_message("no list of the registers' columns beside the project: skipped\n");
        skip();
    }
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    lots_test_directory(folder);
    while (fgets(line, sizeof line, file) != NULL) {
        char *column = strchr(line, ','), *end = column == NULL ? NULL : strchr(column + 1, ',');
        if (end == NULL)
            continue;
        *column++ = '\0';
        *end = '\0';
        if (map_of(line) == NULL || strcmp(column, "AR") == 0)
            continue;
        check_named(map_of(line), column, folder);
        checked++;
    }
    fclose(file);
    assert_true(checked >= 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_map_is_read_and_declares_a_valid_schema),
        cmocka_unit_test(every_example_of_the_reference_is_a_valid_mapping),
        cmocka_unit_test(a_shipped_map_with_a_misspelt_setting_says_where_and_what_was_meant),
        cmocka_unit_test(the_registers_columns_are_found_by_name_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
