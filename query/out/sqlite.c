/* sqlite.c: see sqlite.h. */
#include "query/out/sqlite.h"

#include <sqlite3.h>
#include <stdio.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/out/json.h"
#include "query/exec/value.h"

#define DIGITS_15_END INT64_C(1000000000000000) /* a double keeps every decimal number of 15 digits */

struct lots_result_file {
    sqlite3 *database;
    char *path;
    bool created, committed;
};

static lots_status fail(const lots_result_file *file, lots_error *err)
{
    return lots_fail(err, LOTS_IO, "can't write '%s': %s", file->path, sqlite3_errmsg(file->database));
}

static lots_status do_sql(lots_result_file *file, const char *sql, lots_error *err)
{
    return sqlite3_exec(file->database, sql, NULL, NULL, NULL) == SQLITE_OK ? LOTS_OK : fail(file, err);
}

lots_status lots_result_file_open(lots_result_file **out, const char *path, lots_error *err)
{
    void *block = NULL;
    LOTS_TRY(lots_alloc(&block, 1, sizeof(lots_result_file), err));
    lots_result_file *file = block;
    file->created = !lots_path_exists(path);
    lots_status status = lots_text_copy(&file->path, path, strlen(path), err);
    if (status == LOTS_OK &&
        sqlite3_open_v2(path, &file->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        status = fail(file, err);
    if (status == LOTS_OK) {
        sqlite3_busy_timeout(file->database, 5000);
        status = do_sql(file, "BEGIN IMMEDIATE", err);
    }
    if (status == LOTS_OK)
        *out = file;
    else
        lots_result_file_close(file);
    return status;
}

void lots_result_file_close(lots_result_file *file)
{
    if (file == NULL)
        return;
    bool opened = file->database != NULL;
    sqlite3_close(file->database);
    if (opened && file->created && !file->committed) {
        lots_error ignored;
        if (lots_path_remove(file->path, &ignored) != LOTS_OK)
            file->created = false; /* an empty file remains: nothing is lost by it */
    }
    lots_free(file->path);
    lots_free(file);
}

lots_status lots_result_file_commit(lots_result_file *file, lots_error *err)
{
    LOTS_TRY(do_sql(file, "COMMIT", err));
    file->committed = true;
    return LOTS_OK;
}

/* ---- the table ---- */

static lots_status put_name(const char *name, lots_bytes *sql, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(sql, '"', err));
    for (; *name != '\0'; name++) {
        if (*name == '"')
            LOTS_TRY(lots_bytes_put8(sql, '"', err));
        LOTS_TRY(lots_bytes_put8(sql, (uint8_t)*name, err));
    }
    return lots_bytes_put8(sql, '"', err);
}

/* SQLite takes n and N for one name. */
static lots_status put_column_name(const lots_sheet *sheet, uint32_t column, lots_bytes *sql, lots_error *err)
{
    char suffix[16];
    uint32_t same = 1;
    for (uint32_t i = 0; i < column; i++)
        same += sqlite3_stricmp(sheet->columns[i].name, sheet->columns[column].name) == 0;
    LOTS_TRY(put_name(sheet->columns[column].name, sql, err));
    if (same == 1)
        return LOTS_OK;
    sql->count--;
    snprintf(suffix, sizeof suffix, "_%u\"", same);
    return lots_bytes_append(sql, suffix, strlen(suffix), err);
}

static bool fits_double(const lots_vector *values, uint32_t rows)
{
    const int64_t *numbers = values->data;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t value = numbers[values->constant ? 0 : row];
        if (!lots_vector_is_missing(values, row) && (value >= DIGITS_15_END || value <= -DIGITS_15_END))
            return false;
    }
    return true;
}

static const char *type_of(const lots_sheet *sheet, uint32_t column)
{
    const lots_vector *values = &sheet->columns[column].values;
    switch (values->type.kind) {
    case LOTS_TYPE_BOOL:
    case LOTS_TYPE_INT:
    case LOTS_TYPE_DAYS: return "INTEGER";
    case LOTS_TYPE_FLOAT: return "REAL";
    case LOTS_TYPE_DECIMAL: return fits_double(values, sheet->rows) ? "REAL" : "TEXT";
    default: return "TEXT";
    }
}

static lots_status is_there(lots_result_file *file, const char *table, bool *out, lots_error *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(file->database, "SELECT 1 FROM sqlite_master WHERE name = ?1 COLLATE NOCASE", -1, &statement,
                           NULL) != SQLITE_OK)
        return fail(file, err);
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    int step = sqlite3_step(statement);
    sqlite3_finalize(statement);
    *out = step == SQLITE_ROW;
    return step == SQLITE_ROW || step == SQLITE_DONE ? LOTS_OK : fail(file, err);
}

static lots_status create_table(const lots_sheet *sheet, lots_result_file *file, const char *table, lots_error *err)
{
    lots_bytes sql = {0};
    lots_status status = lots_bytes_printf(&sql, err, "CREATE TABLE ");
    if (status == LOTS_OK)
        status = put_name(table, &sql, err);
    for (uint32_t i = 0; i < sheet->column_count && status == LOTS_OK; i++) {
        status = lots_bytes_printf(&sql, err, "%s", i == 0 ? "(" : ", ");
        if (status == LOTS_OK)
            status = put_column_name(sheet, i, &sql, err);
        if (status == LOTS_OK)
            status = lots_bytes_printf(&sql, err, " %s", type_of(sheet, i));
    }
    if (status == LOTS_OK)
        status = lots_bytes_append(&sql, ")", 2, err);
    if (status == LOTS_OK)
        status = do_sql(file, (const char *)sql.data, err);
    lots_bytes_free(&sql);
    return status;
}

static lots_status prepare_insert(const lots_sheet *sheet, lots_result_file *file, const char *table,
                                  sqlite3_stmt **out, lots_error *err)
{
    lots_bytes sql = {0};
    lots_status status = lots_bytes_printf(&sql, err, "INSERT INTO ");
    if (status == LOTS_OK)
        status = put_name(table, &sql, err);
    for (uint32_t i = 0; i < sheet->column_count && status == LOTS_OK; i++)
        status = lots_bytes_printf(&sql, err, "%s", i == 0 ? " VALUES (?" : ", ?");
    if (status == LOTS_OK)
        status = lots_bytes_append(&sql, ")", 2, err);
    if (status == LOTS_OK && sqlite3_prepare_v2(file->database, (const char *)sql.data, -1, out, NULL) != SQLITE_OK)
        status = fail(file, err);
    lots_bytes_free(&sql);
    return status;
}

/* ---- the rows ---- */

/* A decimal too: a REAL column makes it a number. */
static lots_status bind_text(const lots_sheet *sheet, uint32_t row, uint32_t column, sqlite3_stmt *statement,
                             lots_bytes *cell, int *result, lots_error *err)
{
    const lots_vector *values = &sheet->columns[column].values;
    cell->count = 0;
    if (values->type.kind == LOTS_TYPE_SET)
        LOTS_TRY(lots_json_value(sheet, row, column, cell, err));
    else
        LOTS_TRY(lots_value_append(sheet->options->schema, values, row, " ", cell, err));
    size_t bytes = cell->count;
    LOTS_TRY(lots_bytes_put8(cell, 0, err));
    *result = sqlite3_bind_text64(statement, (int)column + 1, (const char *)cell->data, bytes, SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
    return LOTS_OK;
}

static lots_status bind_value(const lots_sheet *sheet, uint32_t row, uint32_t column, sqlite3_stmt *statement,
                              lots_bytes *cell, int *result, lots_error *err)
{
    const lots_vector *values = &sheet->columns[column].values;
    uint32_t at = values->constant ? 0 : row;
    int place = (int)column + 1;
    char room[16];
    if (lots_sheet_is_total(sheet, row, column)) {
        *result = sqlite3_bind_text(statement, place, lots_sheet_mark(sheet, row, column, room), -1, SQLITE_STATIC);
        return LOTS_OK;
    }
    if (lots_vector_is_missing(values, row) || values->type.kind == LOTS_TYPE_MISSING ||
        lots_sheet_mark(sheet, row, column, room) != NULL) {
        *result = sqlite3_bind_null(statement, place);
        return LOTS_OK;
    }
    switch (values->type.kind) {
    case LOTS_TYPE_BOOL: *result = sqlite3_bind_int(statement, place, lots_bit_get(values->data, at)); return LOTS_OK;
    case LOTS_TYPE_INT:
    case LOTS_TYPE_DAYS: *result = sqlite3_bind_int64(statement, place, ((const int64_t *)values->data)[at]); return LOTS_OK;
    case LOTS_TYPE_FLOAT: *result = sqlite3_bind_double(statement, place, ((const double *)values->data)[at]); return LOTS_OK;
    default: return bind_text(sheet, row, column, statement, cell, result, err);
    }
}

static lots_status insert_rows(const lots_sheet *sheet, lots_result_file *file, sqlite3_stmt *statement,
                               lots_bytes *cell, lots_error *err)
{
    for (uint32_t row = 0; row < sheet->rows; row++) {
        for (uint32_t column = 0; column < sheet->column_count; column++) {
            int result = SQLITE_OK;
            LOTS_TRY(bind_value(sheet, row, column, statement, cell, &result, err));
            if (result != SQLITE_OK)
                return fail(file, err);
        }
        if (sqlite3_step(statement) != SQLITE_DONE)
            return fail(file, err);
        sqlite3_reset(statement);
    }
    return LOTS_OK;
}

lots_status lots_result_file_write(const lots_sheet *sheet, lots_result_file *file, const char *table, lots_error *err)
{
    sqlite3_stmt *statement = NULL;
    lots_bytes cell = {0};
    bool there = false;
    LOTS_TRY(is_there(file, table, &there, err));
    if (there) {
        lots_fail(err, LOTS_USAGE, "'%s' has a table '%s' already; no table is overwritten", file->path, table);
        lots_error_hint(err, "-o %s:NAME names another", file->path);
        return LOTS_USAGE;
    }
    LOTS_TRY(create_table(sheet, file, table, err));
    LOTS_TRY(prepare_insert(sheet, file, table, &statement, err));
    lots_status status = insert_rows(sheet, file, statement, &cell, err);
    sqlite3_finalize(statement);
    lots_bytes_free(&cell);
    return status;
}

lots_status lots_result_file_provenance(lots_result_file *file, const char *table, const char *json, size_t bytes,
                                   lots_error *err)
{
    sqlite3_stmt *statement = NULL;
    LOTS_TRY(do_sql(file, "CREATE TABLE IF NOT EXISTS lots_provenance(result TEXT PRIMARY KEY, provenance TEXT)", err));
    if (sqlite3_prepare_v2(file->database, "INSERT OR REPLACE INTO lots_provenance VALUES (?1, ?2)", -1, &statement,
                           NULL) != SQLITE_OK)
        return fail(file, err);
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    sqlite3_bind_text64(statement, 2, json, bytes, SQLITE_STATIC, SQLITE_UTF8);
    int step = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return step == SQLITE_DONE ? LOTS_OK : fail(file, err);
}
