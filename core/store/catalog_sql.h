/* catalog_sql.h: SQLite as the catalog uses it: connections, rows in, rows out, and SQLite's outcomes as ours.
 * Private to core/store/catalog*.c, the only files that see sqlite3.h. A connection belongs to one thread and lives for
 * one call of catalog.h: nothing of SQLite stays open behind a registry. */
#ifndef LOTS_CATALOG_SQL_H
#define LOTS_CATALOG_SQL_H

#include <sqlite3.h>

#include "core/base/arena.h"
#include "core/base/bytes.h"

#define LOTS_CATALOG_APPLICATION 0x4C4F5453u /* "LOTS" */
enum { LOTS_CATALOG_PAGE_BYTES = 1024 };

typedef enum lots_sql_mode {
    LOTS_SQL_READ,   /* never writes, but to roll back the journal of a dead writer */
    LOTS_SQL_WRITE,  /* an existing catalog */
    LOTS_SQL_CREATE  /* a new file */
} lots_sql_mode;

typedef struct lots_sql {
    sqlite3 *db;
    char *path;
} lots_sql;

/* Open and begin a transaction (READ: the file's header has been checked, and a shared lock is held until the end).
 * Errors: LOTS_IO, LOTS_CORRUPT, LOTS_LOCKED when another process keeps the catalog locked, LOTS_MEMORY. */
LOTS_MUST lots_status lots_sql_begin(lots_sql *out, const char *path, lots_sql_mode mode, lots_error *err);
/* LOTS_CORRUPT, with a hint, when the file is a catalog of a version that this program doesn't read. LOTS_OK when it is of
 * one that it does, and when it is none or can't be read: lots_sql_begin says that. */
LOTS_MUST lots_status lots_sql_version(const char *path, lots_error *err);
LOTS_MUST lots_status lots_sql_commit(lots_sql *sql, lots_error *err);
/* Close; what was not committed is rolled back. */
void lots_sql_close(lots_sql *sql);

/* LOTS_CORRUPT naming the catalog. */
lots_status lots_sql_damaged(const lots_sql *sql, lots_error *err, const char *what);

/* ---- rows out ---- */
typedef lots_status (*lots_sql_taker)(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err);
/* Run a query with `number` bound to ?1 where it has one; `take` is called for each row. */
LOTS_MUST lots_status lots_sql_select(lots_sql *sql, const char *query, uint64_t number, lots_sql_taker take,
                                      void *context, lots_error *err);
/* A cell as a number that is not negative, a hash of 16 hexadecimal digits, a text copied to the arena, a day (absent: NULL
 * in the catalog), or bytes. A cell of any other type is LOTS_CORRUPT: nothing is converted. */
LOTS_MUST lots_status lots_sql_number(lots_sql *sql, sqlite3_stmt *row, int column, uint64_t *out, lots_error *err);
LOTS_MUST lots_status lots_sql_hash(lots_sql *sql, sqlite3_stmt *row, int column, uint64_t *out, lots_error *err);
LOTS_MUST lots_status lots_sql_text(lots_sql *sql, sqlite3_stmt *row, int column, lots_arena *arena, const char **out,
                                    lots_error *err);
LOTS_MUST lots_status lots_sql_day(lots_sql *sql, sqlite3_stmt *row, int column, lots_day absent, lots_day *out,
                                   lots_error *err);
LOTS_MUST lots_status lots_sql_blob(lots_sql *sql, sqlite3_stmt *row, int column, lots_arena *arena,
                                    const uint8_t **out, size_t *bytes, lots_error *err);

/* ---- rows in ---- */
typedef struct lots_cell {
    enum { LOTS_CELL_NULL, LOTS_CELL_NUMBER, LOTS_CELL_TEXT, LOTS_CELL_HASH, LOTS_CELL_DAY, LOTS_CELL_BLOB } kind;
    uint64_t number;  /* NUMBER, HASH, DAY (sign-extended) */
    const void *data; /* TEXT, BLOB; borrowed */
    size_t bytes;
} lots_cell;
lots_cell lots_cell_null(void);
lots_cell lots_cell_number(uint64_t number);
lots_cell lots_cell_text(const char *text);
lots_cell lots_cell_hash(uint64_t hash);
lots_cell lots_cell_day(lots_day day, lots_day absent); /* NULL when it is `absent` */
lots_cell lots_cell_blob(const void *data, size_t bytes);
/* Run a statement that gives no rows, with cells bound to ?1, ?2, … */
LOTS_MUST lots_status lots_sql_run(lots_sql *sql, const char *statement, const lots_cell *cells, size_t count,
                                   lots_error *err);
#define LOTS_SQL_RUN(sql, err, statement, ...)                                                      \
    lots_sql_run(sql, statement, (const lots_cell[]){__VA_ARGS__},                                  \
                 sizeof((const lots_cell[]){__VA_ARGS__}) / sizeof(lots_cell), err)
/* Several statements without parameters. */
LOTS_MUST lots_status lots_sql_script(lots_sql *sql, const char *script, lots_error *err);

#endif
