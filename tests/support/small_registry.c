/* small_registry.c: a small registry opened and closed, and its rows by hand. See small_registry.h; what it consists of is
 * in small_tables.c, rows by chance in small_random.c, the making of the registry in small_publish.c. */
#include <stdio.h>

#include "core/base/os.h"
#include "tests/support/small_sql.h"
#include "tests/support/small_tables.h"

void small_open(small_registry *r)
{
    memset(r, 0, sizeof *r);
    r->from = lots_day_from_civil(2020, 1, 1);
    r->until = lots_day_from_civil(2023, 12, 31);
    lots_test_directory(r->directory);
    snprintf(r->path, sizeof r->path, "%s/r.lots", r->directory);
    assert_int_equal(sqlite3_open(":memory:", &r->sql), SQLITE_OK);
    small_sql_functions(r->sql);
    small_exec(r, small_create);
    small_make_schema(r);
    small_make_dictionaries(r);
}

void small_close(small_registry *r)
{
    lots_error err;
    lots_registry_close(r->registry);
    sqlite3_close(r->sql);
    lots_dictionary_close(r->codes);
    for (size_t i = 0; i < SMALL_DOMAINS_USED; i++)
        lots_dictionary_close(r->domains[i]);
    lots_schema_free(&r->schema);
    assert_ok(lots_path_remove_tree(r->directory, &err));
}

void small_exec(small_registry *r, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(r->sql, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s\nin: %s", message, sql);
}

void small_run(small_registry *r, char *sql)
{
    assert_non_null(sql);
    small_exec(r, sql);
    sqlite3_free(sql);
}

void small_patient(small_registry *r, const char *birth, const char *sex, const char *death)
{
    small_run(r, sqlite3_mprintf("INSERT INTO patients SELECT (SELECT count(*) FROM patients), d(%Q), %Q, d(%Q), NULL, NULL",
                                 birth, sex, death));
}

void small_contact(small_registry *r, int p, const char *start, const char *end, const char *level, const char *provider,
                   const char *dx)
{
    small_run(r, sqlite3_mprintf("INSERT INTO contacts(p, start, \"end\", id, level, provider, form, status, dx) SELECT %d, d(%Q),"
                                 " d(%Q), printf('c%%05d', (SELECT count(*) FROM contacts)), %Q, %Q, 'visit', 'done', %Q",
                                 p, start, end, level, provider, dx));
}
