/* catalog_audit.c: the log of queries whose rows were persons: one line each, written before anything is shown.
 * `current` holds the log's seal: XXH3 over each line with the seal before it as the seed, so that a line that was changed,
 * lost or put in later by damage is known. See catalog.h. */
#include "core/store/catalog.h"

#include "core/base/hash.h"
#include "core/store/catalog_inner.h"

/* ---- the seal ---- */

static lots_status put_line(const lots_audit_entry *entry, lots_bytes *out, lots_error *err)
{
    const char *const texts[] = {entry->time, entry->user, entry->query, entry->purpose};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        LOTS_TRY(lots_bytes_put_text(out, texts[i], strlen(texts[i]), err));
    LOTS_TRY(lots_bytes_put64(out, entry->generation, err));
    return lots_bytes_put64(out, entry->rows, err);
}

/* *seal: that of the lines before becomes that with this one. */
static lots_status seal_line(const lots_audit_entry *entry, uint64_t *seal, lots_error *err)
{
    lots_bytes bytes = {0};
    lots_status status = put_line(entry, &bytes, err);
    if (status == LOTS_OK)
        *seal = lots_hash(bytes.data, bytes.count, *seal);
    lots_bytes_free(&bytes);
    return status;
}

static lots_status take_seal(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    lots_catalog_seal *found = context;
    found->rows++;
    return lots_sql_hash(sql, row, 0, &found->seal, err);
}

static lots_status read_seal(lots_sql *sql, uint64_t *out, lots_error *err)
{
    lots_catalog_seal found = {0, 0};
    LOTS_TRY(lots_sql_select(sql, "SELECT audit FROM current", 0, take_seal, &found, err));
    if (found.rows != 1)
        return lots_sql_damaged(sql, err, "the seal of the audit log is missing");
    *out = found.seal;
    return LOTS_OK;
}

/* ---- writing ---- */

lots_status lots_catalog_add_audit(lots_sql *sql, const lots_audit_entry *entry, lots_error *err)
{
    uint64_t seal;
    LOTS_TRY(read_seal(sql, &seal, err));
    LOTS_TRY(seal_line(entry, &seal, err));
    LOTS_TRY(LOTS_SQL_RUN(sql, err,
                          "INSERT INTO audit(time, user, query, purpose, generation, rows) VALUES(?1,?2,?3,?4,?5,?6)",
                          lots_cell_text(entry->time), lots_cell_text(entry->user), lots_cell_text(entry->query),
                          lots_cell_text(entry->purpose), lots_cell_number(entry->generation),
                          lots_cell_number(entry->rows)));
    return LOTS_SQL_RUN(sql, err, "UPDATE current SET audit = ?1 WHERE one = 1", lots_cell_hash(seal));
}

lots_status lots_catalog_audit(const char *directory, const lots_audit_entry *entry, lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_WRITE, err));
    lots_status status = lots_catalog_add_audit(&sql, entry, err);
    if (status == LOTS_OK)
        status = lots_sql_commit(&sql, err);
    lots_sql_close(&sql);
    return status;
}

/* ---- reading ---- */

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

lots_status lots_catalog_read_audit(lots_sql *sql, lots_audit_log *out, lots_error *err)
{
    uint64_t written, seal = LOTS_CATALOG_NO_AUDIT;
    LOTS_TRY(lots_sql_select(sql, "SELECT time, user, query, purpose, generation, rows FROM audit ORDER BY id", 0,
                             take_line, out, err));
    for (size_t i = 0; i < out->entries.count; i++)
        LOTS_TRY(seal_line(&LOTS_AT(lots_audit_entry, &out->entries, i), &seal, err));
    LOTS_TRY(read_seal(sql, &written, err));
    return seal == written ? LOTS_OK : lots_sql_damaged(sql, err, "the audit log is not as it was written");
}

lots_status lots_catalog_audit_log(const char *directory, lots_audit_log *out, lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_READ, err));
    lots_status status = lots_catalog_read_audit(&sql, out, err);
    lots_sql_close(&sql);
    return status;
}
