/* sqlite_source.c: see sqlite_source.h. One statement steps under a lock; a block takes some thousands of rows as one text
 * with offsets, so that threads wait for each other little and convert in parallel. */
#include "ingest/sqlite_source.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <utf8proc.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/base/vec.h"

enum { BLOCK_ROWS = 2048, BLOCK_BYTES = 1 << 20 };

struct lots_sqlite_source {
    sqlite3 *database;
    sqlite3_stmt *statement;
    char *path;
    uint32_t column_count;
    pthread_mutex_t lock;
    uint64_t rows;
    bool ended;
    lots_status failed;
    lots_error failure;
};

struct lots_sqlite_block {
    uint32_t column_count;
    lots_bytes text;
    lots_vec ends;      /* size_t: of each value in text */
    uint64_t first_row; /* numbers of rows count from 1 */
    uint32_t rows, next;
};

bool lots_sqlite_is(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char head[16];
    lots_file file;
    lots_error ignored;
    if (strcmp(path, "-") == 0 || lots_file_open(&file, path, &ignored) != LOTS_OK)
        return false;
    bool is = lots_file_read_at(&file, 0, head, sizeof head, &ignored) == LOTS_OK && memcmp(head, magic, 16) == 0;
    lots_file_close(&file);
    return is;
}

static lots_status fail_sqlite(const lots_sqlite_source *source, lots_status status, const char *what, lots_error *err)
{
    return lots_fail(err, status, "'%s': %s: %s", source->path, what, sqlite3_errmsg(source->database));
}

/* SELECT * FROM "table", the name quoted as SQL wants. */
static lots_status write_select(const char *table, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_append(out, "SELECT * FROM \"", 15, err));
    for (; *table != '\0'; table++) {
        if (*table == '"')
            LOTS_TRY(lots_bytes_put8(out, '"', err));
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)*table, err));
    }
    return lots_bytes_append(out, "\"", 2, err);
}

static lots_status prepare(lots_sqlite_source *source, const char *sql, bool is_query, lots_error *err)
{
    const char *rest = NULL;
    lots_status wrong = is_query ? LOTS_USAGE : LOTS_IO;
    if (sqlite3_prepare_v2(source->database, sql, -1, &source->statement, &rest) != SQLITE_OK)
        return fail_sqlite(source, wrong, is_query ? "the mapping's query" : "the mapping's table", err);
    if (source->statement == NULL || !sqlite3_stmt_readonly(source->statement) ||
        sqlite3_column_count(source->statement) == 0 || rest[strspn(rest, " \t\n;")] != '\0')
        return lots_fail(err, LOTS_USAGE, "'%s': the mapping's query must be one SELECT", source->path);
    source->column_count = (uint32_t)sqlite3_column_count(source->statement);
    return LOTS_OK;
}

static lots_status open_source(lots_sqlite_source *source, const char *path, const char *table, const char *query,
                               lots_error *err)
{
    lots_bytes sql = {0};
    LOTS_TRY(lots_text_copy(&source->path, path, strlen(path), err));
    if (sqlite3_open_v2(path, &source->database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return fail_sqlite(source, LOTS_IO, "can't open", err);
    if (query != NULL)
        return prepare(source, query, true, err);
    lots_status status = write_select(table, &sql, err);
    if (status == LOTS_OK)
        status = prepare(source, (const char *)sql.data, false, err);
    lots_bytes_free(&sql);
    return status;
}

lots_status lots_sqlite_open(lots_sqlite_source **out, const char *path, const char *table, const char *query,
                             lots_error *err)
{
    void *room;
    *out = NULL;
    LOTS_TRY(lots_alloc(&room, 1, sizeof **out, err));
    lots_sqlite_source *source = room;
    if (pthread_mutex_init(&source->lock, NULL) != 0) {
        lots_free(source);
        return lots_fail(err, LOTS_MEMORY, "can't make a lock");
    }
    lots_status status = open_source(source, path, table, query, err);
    if (status != LOTS_OK) {
        lots_sqlite_close(source);
        return status;
    }
    *out = source;
    return LOTS_OK;
}

void lots_sqlite_close(lots_sqlite_source *source)
{
    if (source == NULL)
        return;
    sqlite3_finalize(source->statement);
    sqlite3_close(source->database);
    pthread_mutex_destroy(&source->lock);
    lots_free(source->path);
    lots_free(source);
}

uint32_t lots_sqlite_column_count(const lots_sqlite_source *source) { return source->column_count; }

const char *lots_sqlite_column_name(const lots_sqlite_source *source, uint32_t column)
{
    const char *name = sqlite3_column_name(source->statement, (int)column);
    return name != NULL ? name : "";
}

lots_status lots_sqlite_block_open(lots_sqlite_block **out, const lots_sqlite_source *source, lots_error *err)
{
    void *room;
    *out = NULL;
    LOTS_TRY(lots_alloc(&room, 1, sizeof **out, err));
    *out = room;
    (*out)->column_count = source->column_count;
    (*out)->ends = LOTS_VEC(size_t);
    return LOTS_OK;
}

void lots_sqlite_block_close(lots_sqlite_block *block)
{
    if (block == NULL)
        return;
    lots_bytes_free(&block->text);
    lots_vec_free(&block->ends);
    lots_free(block);
}

/* ---- filling ---- */

static bool is_text(const char *text, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        int32_t character;
        utf8proc_ssize_t taken = utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(bytes - at),
                                                  &character);
        if (taken <= 0 || character == 0)
            return false;
        at += (size_t)taken;
    }
    return true;
}

static lots_status fail_value(const lots_sqlite_source *source, int column, const char *what, lots_error *err)
{
    return lots_fail(err, LOTS_IO, "'%s': row %ju, column '%s': %s", source->path, (uintmax_t)source->rows + 1,
                     lots_sqlite_column_name(source, (uint32_t)column), what);
}

/* Numbers with all their digits: SQLite itself writes 15. */
static lots_status take_value(lots_sqlite_source *source, lots_sqlite_block *block, int column, lots_error *err)
{
    char number[40];
    const char *text = "";
    size_t bytes = 0;
    switch (sqlite3_column_type(source->statement, column)) {
    case SQLITE_NULL:
        break;
    case SQLITE_BLOB:
        return fail_value(source, column, "a blob is no text", err);
    case SQLITE_FLOAT: {
        double value = sqlite3_column_double(source->statement, column);
        for (int digits = 15; digits <= 17; digits++) {
            double back;
            snprintf(number, sizeof number, "%.*g", digits, value);
            if (sscanf(number, "%lf", &back) == 1 && back == value)
                break;
        }
        text = number;
        bytes = strlen(number);
        break;
    }
    default:
        text = (const char *)sqlite3_column_text(source->statement, column);
        bytes = (size_t)sqlite3_column_bytes(source->statement, column);
        if (text == NULL)
            return lots_fail(err, LOTS_MEMORY, "out of memory in SQLite");
    }
    if (!is_text(text, bytes))
        return fail_value(source, column, "the text is no UTF-8 or holds a NUL", err);
    LOTS_TRY(lots_bytes_append(&block->text, text, bytes, err));
    return lots_vec_push(&block->ends, &block->text.count, err);
}

static lots_status take_rows(lots_sqlite_source *source, lots_sqlite_block *block, lots_error *err)
{
    while (block->rows < BLOCK_ROWS && block->text.count < BLOCK_BYTES) {
        int outcome = sqlite3_step(source->statement);
        if (outcome == SQLITE_DONE) {
            source->ended = true;
            return LOTS_OK;
        }
        if (outcome != SQLITE_ROW)
            return fail_sqlite(source, LOTS_IO, "can't read", err);
        for (int column = 0; column < (int)source->column_count; column++)
            LOTS_TRY(take_value(source, block, column, err));
        block->rows++;
        source->rows++;
    }
    return LOTS_OK;
}

lots_status lots_sqlite_fill(lots_sqlite_source *source, lots_sqlite_block *block, bool *more, lots_error *err)
{
    block->text.count = 0;
    block->ends.count = 0;
    block->rows = block->next = 0;
    pthread_mutex_lock(&source->lock);
    block->first_row = source->rows + 1;
    if (source->failed == LOTS_OK && !source->ended)
        source->failed = take_rows(source, block, &source->failure);
    lots_status status = source->failed;
    if (status != LOTS_OK && err != NULL)
        *err = source->failure;
    pthread_mutex_unlock(&source->lock);
    *more = status == LOTS_OK && block->rows > 0;
    return status;
}

bool lots_sqlite_block_next(lots_sqlite_block *block, lots_csv_field *fields, lots_csv_record *record)
{
    if (block->next == block->rows)
        return false;
    const size_t *ends = block->ends.data;
    size_t index = (size_t)block->next * block->column_count;
    size_t at = index == 0 ? 0 : ends[index - 1];
    for (uint32_t i = 0; i < block->column_count; i++) {
        fields[i] = (lots_csv_field){.text = (char *)block->text.data + at, .bytes = (uint32_t)(ends[index + i] - at)};
        at = ends[index + i];
    }
    *record = (lots_csv_record){.line = block->first_row + block->next, .field_count = block->column_count};
    block->next++;
    return true;
}
