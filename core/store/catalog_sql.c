/* catalog_sql.c: see catalog_sql.h. Reading is told apart from writing at the open: a reader asks SQLite for a read-only
 * file, and only when a dead writer's journal must be rolled back does it ask again with the right to write. */
#include "core/store/catalog_sql.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/base/day.h"
#include "core/base/memory.h"

enum { HEADER_BYTES = 100, BUSY_MS = 30000 };

static lots_status status_of(int outcome)
{
    switch (outcome & 0xFF) {
    case SQLITE_NOMEM:
        return LOTS_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return LOTS_LOCKED;
    case SQLITE_IOERR:
        if (outcome == SQLITE_IOERR_NOMEM)
            return LOTS_MEMORY;
        return outcome == SQLITE_IOERR_SHORT_READ ? LOTS_CORRUPT : LOTS_IO;
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
    case SQLITE_NOLFS:
        return LOTS_IO;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
        return LOTS_INTERNAL;
    default:
        /* Our statements are fixed, so where one fails the tables are not those we made. */
        return LOTS_CORRUPT;
    }
}

/* An SQLite outcome as ours, with SQLite's words and the path. */
static lots_status fail_sql(const lots_sql *sql, int outcome, lots_error *err)
{
    const char *words = sql->db != NULL ? sqlite3_errmsg(sql->db) : sqlite3_errstr(outcome);
    lots_fail(err, status_of(outcome), "catalog '%s': %s", sql->path, words);
    if ((outcome & 0xFF) == SQLITE_READONLY)
        lots_error_hint(err, "a writer died here, and what it left must be rolled back: open the registry once with the "
                             "right to write");
    return status_of(outcome);
}

lots_status lots_sql_damaged(const lots_sql *sql, lots_error *err, const char *what)
{
    return lots_fail(err, LOTS_CORRUPT, "catalog '%s' is damaged: %s", sql->path, what);
}

/* ---- opening ---- */

/* What never changes in the header of our files: offset, length, bytes. The file is compared before SQLite acts on it,
 * since some of these bytes (18 and 19: WAL) would make even a reader write. */
static const struct header_field {
    uint8_t offset, length;
    const char *bytes, *says;
} header_fields[] = {
    {0, 16, "SQLite format 3", "it is no SQLite file"},
    {16, 8, "\x04\x00\x01\x01\x00\x40\x20\x20", "the header is not as Lots writes it"},
    {44, 4, "\x00\x00\x00\x04", "the header is not as Lots writes it"},
    {52, 8, "\x00\x00\x00\x00\x00\x00\x00\x01", "the header is not as Lots writes it"},
    {64, 8, "\x00\x00\x00\x00LOTS", "it is not the catalog of a registry"},
};
enum { VERSION_AT = 60 }; /* 4 bytes, big-endian */
_Static_assert(LOTS_CATALOG_PAGE_BYTES == 0x400, "and so is the page size");

/* Through SQLite's own file: closing another descriptor of it would drop the locks of this process. */
static lots_status read_header(const lots_sql *sql, uint8_t header[HEADER_BYTES], sqlite3_int64 *size, lots_error *err)
{
    sqlite3_file *file = NULL;
    int outcome = sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (outcome != SQLITE_OK || file == NULL || file->pMethods == NULL)
        return lots_fail(err, LOTS_IO, "catalog '%s' can't be opened", sql->path);
    outcome = file->pMethods->xFileSize(file, size);
    if (outcome == SQLITE_OK && *size < LOTS_CATALOG_PAGE_BYTES)
        return lots_sql_damaged(sql, err, "it is shorter than any catalog");
    if (outcome == SQLITE_OK)
        outcome = file->pMethods->xRead(file, header, HEADER_BYTES, 0);
    if (outcome != SQLITE_OK)
        return lots_fail(err, status_of(outcome), "catalog '%s' can't be read: %s", sql->path,
                         sqlite3_errstr(outcome));
    return LOTS_OK;
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The header of a file of ours, of whatever version. */
static lots_status read_our_header(const lots_sql *sql, uint8_t header[HEADER_BYTES], lots_error *err)
{
    sqlite3_int64 size;
    LOTS_TRY(read_header(sql, header, &size, err));
    for (size_t i = 0; i < sizeof header_fields / sizeof header_fields[0]; i++) {
        const struct header_field *field = &header_fields[i];
        if (memcmp(header + field->offset, field->bytes, field->length) != 0)
            return lots_sql_damaged(sql, err, field->says);
    }
    return LOTS_OK;
}

static lots_status check_version(const lots_sql *sql, const uint8_t header[HEADER_BYTES], lots_error *err)
{
    const uint32_t version = big_endian(header + VERSION_AT);
    if (version >= LOTS_FORMAT_OLDEST && version <= LOTS_FORMAT_VERSION)
        return LOTS_OK;
    const bool old = version < LOTS_FORMAT_OLDEST;
    lots_fail(err, LOTS_CORRUPT, "catalog '%s' is of format version %u, %s: this program reads versions %u to %u", sql->path,
              version, old ? "an old one" : "which is unknown", LOTS_FORMAT_OLDEST, LOTS_FORMAT_VERSION);
    lots_error_hint(err, "load the registry's files again, or use the program that made it");
    return LOTS_CORRUPT;
}

static lots_status check_header(const lots_sql *sql, lots_error *err)
{
    uint8_t header[HEADER_BYTES];
    LOTS_TRY(read_our_header(sql, header, err));
    return check_version(sql, header, err);
}

/* Once locked, the file has the pages that its header counts (big-endian, at 28). SQLite would notice a lost page only
 * when it needs it. */
static lots_status check_length(const lots_sql *sql, lots_error *err)
{
    uint8_t header[HEADER_BYTES];
    sqlite3_int64 size;
    LOTS_TRY(read_header(sql, header, &size, err));
    if (size != (sqlite3_int64)big_endian(header + 28) * LOTS_CATALOG_PAGE_BYTES)
        return lots_sql_damaged(sql, err, "it is not as long as its header says");
    return LOTS_OK;
}

static int open_flags(lots_sql_mode mode)
{
    switch (mode) {
    case LOTS_SQL_READ:
        return SQLITE_OPEN_READONLY;
    case LOTS_SQL_WRITE:
        return SQLITE_OPEN_READWRITE;
    case LOTS_SQL_CREATE:
        break;
    }
    return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
}

static const char read_begin[] = "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; BEGIN; "
                                 "SELECT count(*) FROM sqlite_master;";
static const char write_begin[] = "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY; "
                                  "PRAGMA foreign_keys=ON; PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA; "
                                  "BEGIN IMMEDIATE;";
/* application_id is LOTS_CATALOG_APPLICATION. The format version follows with the first generation. */
static const char create_begin[] = "PRAGMA page_size=1024; PRAGMA auto_vacuum=NONE; PRAGMA encoding='UTF-8'; "
                                   "PRAGMA application_id=1280267347;";
_Static_assert(LOTS_CATALOG_APPLICATION == 1280267347u, "written out above");

/* *outcome is SQLite's, for who wants to try otherwise. */
static lots_status open_and_begin(lots_sql *sql, lots_sql_mode mode, int *outcome, lots_error *err)
{
    *outcome = sqlite3_open_v2(sql->path, &sql->db, open_flags(mode) | SQLITE_OPEN_NOMUTEX, NULL);
    if (*outcome != SQLITE_OK)
        return fail_sql(sql, *outcome, err);
    sqlite3_extended_result_codes(sql->db, 1);
    sqlite3_busy_timeout(sql->db, BUSY_MS);
    if (mode != LOTS_SQL_CREATE)
        LOTS_TRY(check_header(sql, err));
    if (mode == LOTS_SQL_CREATE)
        *outcome = sqlite3_exec(sql->db, create_begin, NULL, NULL, NULL);
    if (*outcome == SQLITE_OK)
        *outcome = sqlite3_exec(sql->db, mode == LOTS_SQL_READ ? read_begin : write_begin, NULL, NULL, NULL);
    if (*outcome != SQLITE_OK)
        return fail_sql(sql, *outcome, err);
    return mode != LOTS_SQL_CREATE ? check_length(sql, err) : LOTS_OK;
}

lots_status lots_sql_version(const char *path, lots_error *err)
{
    lots_sql sql = {0};
    uint8_t header[HEADER_BYTES];
    LOTS_TRY(lots_text_copy(&sql.path, path, strlen(path), err));
    const int outcome = sqlite3_open_v2(path, &sql.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    const bool ours = outcome == SQLITE_OK && read_our_header(&sql, header, NULL) == LOTS_OK;
    const lots_status status = ours ? check_version(&sql, header, err) : LOTS_OK;
    lots_sql_close(&sql);
    return status;
}

/* A journal that must be rolled back before anyone can read. */
static bool needs_rollback(int outcome)
{
    return (outcome & 0xFF) == SQLITE_READONLY;
}

lots_status lots_sql_begin(lots_sql *out, const char *path, lots_sql_mode mode, lots_error *err)
{
    int outcome = SQLITE_OK;
    *out = (lots_sql){0};
    LOTS_TRY(lots_text_copy(&out->path, path, strlen(path), err));
    lots_status status = open_and_begin(out, mode, &outcome, err);
    if (status != LOTS_OK && mode == LOTS_SQL_READ && needs_rollback(outcome)) {
        sqlite3_close(out->db);
        out->db = NULL;
        status = open_and_begin(out, LOTS_SQL_WRITE, &outcome, err);
    }
    if (status != LOTS_OK)
        lots_sql_close(out);
    return status;
}

lots_status lots_sql_commit(lots_sql *sql, lots_error *err)
{
    return lots_sql_script(sql, "COMMIT;", err);
}

void lots_sql_close(lots_sql *sql)
{
    sqlite3_close(sql->db);
    lots_free(sql->path);
    *sql = (lots_sql){0};
}

/* ---- rows out ---- */

static lots_status prepare(lots_sql *sql, const char *text, sqlite3_stmt **out, lots_error *err)
{
    int outcome = sqlite3_prepare_v2(sql->db, text, -1, out, NULL);
    return outcome == SQLITE_OK ? LOTS_OK : fail_sql(sql, outcome, err);
}

static lots_status take_rows(lots_sql *sql, sqlite3_stmt *statement, lots_sql_taker take, void *context,
                             lots_error *err)
{
    for (;;) {
        int outcome = sqlite3_step(statement);
        if (outcome == SQLITE_DONE)
            return LOTS_OK;
        if (outcome != SQLITE_ROW)
            return fail_sql(sql, outcome, err);
        LOTS_TRY(take(sql, statement, context, err));
    }
}

lots_status lots_sql_select(lots_sql *sql, const char *query, uint64_t number, lots_sql_taker take, void *context,
                            lots_error *err)
{
    sqlite3_stmt *statement = NULL;
    LOTS_TRY(prepare(sql, query, &statement, err));
    lots_status status = LOTS_OK;
    if (sqlite3_bind_parameter_count(statement) > 0) {
        int outcome = sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
        if (outcome != SQLITE_OK)
            status = fail_sql(sql, outcome, err);
    }
    if (status == LOTS_OK)
        status = take_rows(sql, statement, take, context, err);
    sqlite3_finalize(statement);
    return status;
}

static lots_status fail_cell(const lots_sql *sql, sqlite3_stmt *row, int column, const char *wanted, lots_error *err)
{
    const char *name = sqlite3_column_name(row, column);
    return lots_fail(err, LOTS_CORRUPT, "catalog '%s' is damaged: '%s' holds what is no %s", sql->path,
                     name != NULL ? name : "?", wanted);
}

lots_status lots_sql_number(lots_sql *sql, sqlite3_stmt *row, int column, uint64_t *out, lots_error *err)
{
    sqlite3_int64 number = sqlite3_column_int64(row, column);
    if (sqlite3_column_type(row, column) != SQLITE_INTEGER || number < 0)
        return fail_cell(sql, row, column, "number", err);
    *out = (uint64_t)number;
    return LOTS_OK;
}

/* The text of a cell, lent by SQLite; NULL when it is no text or holds a zero. */
static const char *lent_text(sqlite3_stmt *row, int column, size_t *bytes)
{
    if (sqlite3_column_type(row, column) != SQLITE_TEXT)
        return NULL;
    const char *text = (const char *)sqlite3_column_text(row, column);
    *bytes = (size_t)sqlite3_column_bytes(row, column);
    return text != NULL && strlen(text) == *bytes ? text : NULL;
}

static bool parse_hash(const char *text, size_t bytes, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        unsigned digit = (unsigned char)text[i];
        if (digit >= '0' && digit <= '9')
            digit -= '0';
        else if (digit >= 'a' && digit <= 'f')
            digit -= 'a' - 10u;
        else
            return false;
        value = value << 4 | digit;
    }
    *out = value;
    return bytes == 16;
}

lots_status lots_sql_hash(lots_sql *sql, sqlite3_stmt *row, int column, uint64_t *out, lots_error *err)
{
    size_t bytes;
    const char *text = lent_text(row, column, &bytes);
    if (text == NULL || !parse_hash(text, bytes, out))
        return fail_cell(sql, row, column, "hash", err);
    return LOTS_OK;
}

lots_status lots_sql_text(lots_sql *sql, sqlite3_stmt *row, int column, lots_arena *arena, const char **out,
                          lots_error *err)
{
    size_t bytes;
    char *copy;
    const char *text = lent_text(row, column, &bytes);
    if (text == NULL)
        return fail_cell(sql, row, column, "text", err);
    LOTS_TRY(lots_arena_text(arena, &copy, text, bytes, err));
    *out = copy;
    return LOTS_OK;
}

lots_status lots_sql_day(lots_sql *sql, sqlite3_stmt *row, int column, lots_day absent, lots_day *out,
                         lots_error *err)
{
    size_t bytes;
    *out = absent;
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return LOTS_OK;
    const char *text = lent_text(row, column, &bytes);
    if (text == NULL || !lots_day_parse(text, bytes, out))
        return fail_cell(sql, row, column, "day", err);
    return LOTS_OK;
}

lots_status lots_sql_blob(lots_sql *sql, sqlite3_stmt *row, int column, lots_arena *arena, const uint8_t **out,
                          size_t *bytes, lots_error *err)
{
    void *copy;
    if (sqlite3_column_type(row, column) != SQLITE_BLOB)
        return fail_cell(sql, row, column, "run of bytes", err);
    const void *data = sqlite3_column_blob(row, column);
    *bytes = (size_t)sqlite3_column_bytes(row, column);
    if (data == NULL && *bytes > 0)
        return fail_sql(sql, SQLITE_NOMEM, err);
    LOTS_TRY(lots_arena_alloc(arena, &copy, *bytes, 1, err));
    if (*bytes > 0)
        memcpy(copy, data, *bytes);
    *out = copy;
    return LOTS_OK;
}

/* ---- rows in ---- */

lots_cell lots_cell_null(void)
{
    return (lots_cell){LOTS_CELL_NULL, 0, NULL, 0};
}

lots_cell lots_cell_number(uint64_t number)
{
    return (lots_cell){LOTS_CELL_NUMBER, number, NULL, 0};
}

lots_cell lots_cell_text(const char *text)
{
    return (lots_cell){LOTS_CELL_TEXT, 0, text, strlen(text)};
}

lots_cell lots_cell_hash(uint64_t hash)
{
    return (lots_cell){LOTS_CELL_HASH, hash, NULL, 0};
}

lots_cell lots_cell_day(lots_day day, lots_day absent)
{
    return day == absent ? lots_cell_null() : (lots_cell){LOTS_CELL_DAY, (uint64_t)(int64_t)day, NULL, 0};
}

lots_cell lots_cell_blob(const void *data, size_t bytes)
{
    return (lots_cell){LOTS_CELL_BLOB, 0, data, bytes};
}

static int bind_cell(sqlite3_stmt *statement, int at, const lots_cell *cell)
{
    char text[17];
    switch (cell->kind) {
    case LOTS_CELL_NULL:
        break;
    case LOTS_CELL_NUMBER:
        return cell->number <= INT64_MAX ? sqlite3_bind_int64(statement, at, (sqlite3_int64)cell->number)
                                         : SQLITE_MISUSE;
    case LOTS_CELL_TEXT:
        return sqlite3_bind_text64(statement, at, cell->data, cell->bytes, SQLITE_STATIC, SQLITE_UTF8);
    case LOTS_CELL_HASH:
        snprintf(text, sizeof text, "%016" PRIx64, cell->number);
        return sqlite3_bind_text(statement, at, text, 16, SQLITE_TRANSIENT);
    case LOTS_CELL_DAY:
        lots_day_format((lots_day)(int64_t)cell->number, text);
        return sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
    case LOTS_CELL_BLOB:
        return sqlite3_bind_blob64(statement, at, cell->data, cell->bytes, SQLITE_STATIC);
    }
    return sqlite3_bind_null(statement, at);
}

lots_status lots_sql_run(lots_sql *sql, const char *text, const lots_cell *cells, size_t count, lots_error *err)
{
    sqlite3_stmt *statement = NULL;
    LOTS_TRY(prepare(sql, text, &statement, err));
    int outcome = SQLITE_OK;
    for (size_t i = 0; i < count && outcome == SQLITE_OK; i++)
        outcome = bind_cell(statement, (int)i + 1, &cells[i]);
    if (outcome == SQLITE_OK)
        outcome = sqlite3_step(statement);
    lots_status status = outcome == SQLITE_DONE || outcome == SQLITE_ROW ? LOTS_OK : fail_sql(sql, outcome, err);
    sqlite3_finalize(statement);
    return status;
}

lots_status lots_sql_script(lots_sql *sql, const char *script, lots_error *err)
{
    int outcome = sqlite3_exec(sql->db, script, NULL, NULL, NULL);
    return outcome == SQLITE_OK ? LOTS_OK : fail_sql(sql, outcome, err);
}
