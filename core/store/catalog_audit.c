/* catalog_audit.c: the log of queries whose rows were persons: one line each, written before anything is shown.
 * See catalog.h. */
#include "core/store/catalog.h"

#include "core/store/catalog_inner.h"

static lots_status add_line(lots_sql *sql, const lots_audit_entry *entry, lots_error *err)
{
    LOTS_TRY(LOTS_SQL_RUN(sql, err,
                          "INSERT INTO audit(time, user, query, purpose, generation, rows) VALUES(?1,?2,?3,?4,?5,?6)",
                          lots_cell_text(entry->time), lots_cell_text(entry->user), lots_cell_text(entry->query),
                          lots_cell_text(entry->purpose), lots_cell_number(entry->generation),
                          lots_cell_number(entry->rows)));
    return lots_sql_commit(sql, err);
}

lots_status lots_catalog_audit(const char *directory, const lots_audit_entry *entry, lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_WRITE, err));
    lots_status status = add_line(&sql, entry, err);
    lots_sql_close(&sql);
    return status;
}

static lots_status take_line(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    lots_audit_log *log = context;
    lots_audit_entry entry;
    LOTS_TRY(lots_sql_text(sql, row, 0, &log->arena, &entry.time, err));
    LOTS_TRY(lots_sql_text(sql, row, 1, &log->arena, &entry.user, err));
    LOTS_TRY(lots_sql_text(sql, row, 2, &log->arena, &entry.query, err));
    LOTS_TRY(lots_sql_text(sql, row, 3, &log->arena, &entry.purpose, err));
    LOTS_TRY(lots_sql_number(sql, row, 4, &entry.generation, err));
    LOTS_TRY(lots_sql_number(sql, row, 5, &entry.rows, err));
    return lots_vec_push(&log->entries, &entry, err);
}

lots_status lots_catalog_audit_log(const char *directory, lots_audit_log *out, lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_READ, err));
    lots_status status = lots_sql_select(
        &sql, "SELECT time, user, query, purpose, generation, rows FROM audit ORDER BY id", 0, take_line, out, err);
    lots_sql_close(&sql);
    return status;
}
