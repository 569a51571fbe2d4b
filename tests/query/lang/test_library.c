/* The query files and classifications within the program are those of query/std: every file, as it is, in the order of names. */
#include <glob.h>
#include <stdio.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/lang/classification.h"
#include "query/lang/library.h"
#include "tests/support/lots_test.h"

static void check_file(const char *path, const char *before, const char *name, const char *after, const char *text)
{
    char expected[300];
    char *held = NULL;
    size_t bytes = 0;
    lots_error err;
    snprintf(expected, sizeof expected, "%s%s%s", before, name, after);
    assert_string_equal(path, expected);
    assert_ok(lots_file_slurp(path, (size_t)1 << 24, &held, &bytes, &err));
    assert_int_equal(strlen(text), bytes);
    assert_memory_equal(text, held, bytes);
    lots_free(held);
}

static void the_library_is_every_query_file(void **state)
{
    glob_t found;
    (void)state;
    assert_int_equal(glob("query/std/*.lq", 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, lots_library_count);
    for (size_t i = 0; i < lots_library_count; i++)
        check_file(found.gl_pathv[i], "query/", lots_library[i].name, "", lots_library[i].text);
    globfree(&found);
}

static void every_classification_is_built_in(void **state)
{
    glob_t found;
    (void)state;
    assert_int_equal(glob("query/std/classifications/*.csv", 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, lots_classification_text_count);
    for (size_t i = 0; i < lots_classification_text_count; i++)
        check_file(found.gl_pathv[i], "query/std/classifications/", lots_classification_texts[i].name, ".csv",
                   lots_classification_texts[i].text);
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_is_every_query_file),
        cmocka_unit_test(every_classification_is_built_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
