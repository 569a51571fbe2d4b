/* catalog.c: reading the catalog; writing is catalog_write.c. Every row is taken with its exact type, counted, and then
 * covered by the seal, so that what is handed out is what was published. */
#include "core/store/catalog.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/store/catalog_inner.h"

lots_status lots_catalog_open(lots_sql *out, const char *directory, lots_sql_mode mode, lots_error *err)
{
    char *path;
    LOTS_TRY(lots_path_join(&path, directory, LOTS_CATALOG_FILE, err));
    lots_status status = lots_sql_begin(out, path, mode, err);
    lots_free(path);
    return status;
}

lots_status lots_catalog_version(const char *directory, lots_error *err)
{
    char *path;
    LOTS_TRY(lots_path_join(&path, directory, LOTS_CATALOG_FILE, err));
    lots_status status = lots_sql_version(path, err);
    lots_free(path);
    return status;
}

/* SQLite counts a database's changes in its first 100 bytes, and keeps a journal beside it while one is under way. */
bool lots_catalog_stamp(const char *directory, uint64_t *stamp)
{
    enum { HEAD_BYTES = 100 };
    uint8_t head[HEAD_BYTES];
    char *path, *journal;
    lots_file file = LOTS_FILE_CLOSED;
    lots_error ignored;
    bool known = false;
    if (lots_path_join(&path, directory, LOTS_CATALOG_FILE, &ignored) != LOTS_OK)
        return false;
    if (lots_path_join(&journal, directory, LOTS_CATALOG_FILE "-journal", &ignored) == LOTS_OK) {
        known = lots_file_open(&file, path, &ignored) == LOTS_OK &&
                lots_file_read_at(&file, 0, head, HEAD_BYTES, &ignored) == LOTS_OK && !lots_path_exists(journal);
        lots_file_close(&file);
        lots_free(journal);
    }
    lots_free(path);
    *stamp = known ? lots_hash(head, HEAD_BYTES, 0) | 1 : 0;
    return known;
}

/* ---- current and pins ---- */

typedef struct current_row {
    uint64_t generation, seal, pins;
    uint32_t rows;
} current_row;

static lots_status take_current(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    current_row *current = context;
    current->rows++;
    LOTS_TRY(lots_sql_number(sql, row, 0, &current->generation, err));
    LOTS_TRY(lots_sql_hash(sql, row, 1, &current->seal, err));
    return lots_sql_hash(sql, row, 2, &current->pins, err);
}

typedef struct pin_rows {
    lots_vec *pins;    /* lots_pin, NULL when not wanted */
    lots_bytes *bytes; /* what the seal of pins covers */
    lots_arena *arena;
} pin_rows;

static lots_status take_pin(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    pin_rows *rows = context;
    const char *name;
    uint64_t seal;
    lots_pin pin = {.generation = 0};
    LOTS_TRY(lots_sql_text(sql, row, 0, rows->arena, &name, err));
    LOTS_TRY(lots_sql_number(sql, row, 1, &pin.generation, err));
    LOTS_TRY(lots_sql_hash(sql, row, 2, &seal, err));
    if (strlen(name) > LOTS_NAME_MAX)
        return lots_sql_damaged(sql, err, "a pin's name is too long");
    memcpy(pin.name, name, strlen(name) + 1);
    LOTS_TRY(lots_bytes_put_text(rows->bytes, name, strlen(name), err));
    LOTS_TRY(lots_bytes_put64(rows->bytes, pin.generation, err));
    LOTS_TRY(lots_bytes_put64(rows->bytes, seal, err));
    return rows->pins != NULL ? lots_vec_push(rows->pins, &pin, err) : LOTS_OK;
}

lots_status lots_catalog_seal_pins(lots_sql *sql, lots_vec *pins, uint64_t *seal, lots_error *err)
{
    lots_bytes bytes = {0};
    lots_arena arena;
    lots_arena_init(&arena, 0);
    pin_rows rows = {pins, &bytes, &arena};
    lots_status status =
        lots_sql_select(sql, "SELECT name, generation, seal FROM pin ORDER BY name", 0, take_pin, &rows, err);
    if (status == LOTS_OK)
        *seal = lots_hash(bytes.data, bytes.count, 0);
    lots_bytes_free(&bytes);
    lots_arena_free(&arena);
    return status;
}

static lots_status take_seal(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    lots_catalog_seal *found = context;
    found->rows++;
    return lots_sql_hash(sql, row, 0, &found->seal, err);
}

lots_status lots_catalog_find_seal(lots_sql *sql, uint64_t generation, lots_catalog_seal *out, lots_error *err)
{
    *out = (lots_catalog_seal){0, 0};
    return lots_sql_select(sql, "SELECT seal FROM generation WHERE id = ?1", generation, take_seal, out, err);
}

/* The current generation, known to be there with the seal that `current` names, and the pins to be as they were set. */
static lots_status read_current(lots_sql *sql, lots_vec *pins, uint64_t *generation, lots_error *err)
{
    current_row current = {0, 0, 0, 0};
    lots_catalog_seal found;
    uint64_t seal;
    LOTS_TRY(lots_sql_select(sql, "SELECT generation, seal, pins FROM current", 0, take_current, &current, err));
    if (current.rows != 1)
        return lots_sql_damaged(sql, err, "it does not say which generation is current");
    LOTS_TRY(lots_catalog_seal_pins(sql, pins, &seal, err));
    if (seal != current.pins)
        return lots_sql_damaged(sql, err, "the seal of the pins does not fit");
    LOTS_TRY(lots_catalog_find_seal(sql, current.generation, &found, err));
    if (found.rows != 1 || found.seal != current.seal)
        return lots_sql_damaged(sql, err, "the current generation is not the one that was published");
    *generation = current.generation;
    return LOTS_OK;
}

lots_status lots_catalog_current(const char *directory, uint64_t *generation, lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_READ, err));
    lots_status status = read_current(&sql, NULL, generation, err);
    lots_sql_close(&sql);
    return status;
}

/* ---- one generation ---- */

typedef struct generation_row {
    lots_generation *out;
    uint64_t seal;
    uint32_t rows;
} generation_row;

static lots_status take_generation(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    generation_row *taken = context;
    lots_generation *out = taken->out;
    uint64_t format;
    taken->rows++;
    LOTS_TRY(lots_sql_number(sql, row, 0, &out->id, err));
    LOTS_TRY(lots_sql_number(sql, row, 1, &out->parent, err));
    LOTS_TRY(lots_sql_hash(sql, row, 2, &out->hash, err));
    LOTS_TRY(lots_sql_hash(sql, row, 3, &taken->seal, err));
    LOTS_TRY(lots_sql_text(sql, row, 4, &out->arena, &out->version, err));
    LOTS_TRY(lots_sql_number(sql, row, 5, &format, err));
    LOTS_TRY(lots_sql_number(sql, row, 6, &out->next_number, err));
    LOTS_TRY(lots_sql_blob(sql, row, 7, &out->arena, &out->schema, &out->schema_bytes, err));
    if (format > UINT32_MAX)
        return lots_sql_damaged(sql, err, "a format version is too large");
    out->format = (uint32_t)format;
    return LOTS_OK;
}

/* Rows numbered from 0 on come in that order, none left out. */
static lots_status check_ordinal(lots_sql *sql, sqlite3_stmt *row, size_t expected, lots_error *err)
{
    uint64_t ordinal;
    LOTS_TRY(lots_sql_number(sql, row, 0, &ordinal, err));
    return ordinal == expected ? LOTS_OK : lots_sql_damaged(sql, err, "a row is missing or out of order");
}

static lots_status take_segment(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    lots_generation *out = context;
    lots_segment_facts facts = {0};
    uint64_t patients;
    LOTS_TRY(check_ordinal(sql, row, out->segments.count, err));
    LOTS_TRY(lots_sql_number(sql, row, 1, &facts.entry.id, err));
    LOTS_TRY(lots_sql_number(sql, row, 2, &patients, err));
    LOTS_TRY(lots_sql_number(sql, row, 3, &facts.entry.events, err));
    LOTS_TRY(lots_sql_number(sql, row, 4, &facts.entry.bytes, err));
    LOTS_TRY(lots_sql_hash(sql, row, 5, &facts.entry.hash, err));
    if (patients > UINT32_MAX)
        return lots_sql_damaged(sql, err, "a segment has too many patients");
    facts.entry.patients = (uint32_t)patients;
    return lots_vec_push(&out->segments, &facts, err);
}

/* Rows come by segment: each is put after the last of its segment, whose array lies at the end of the vec. */
typedef struct stream_rows {
    lots_generation *out;
    lots_vec pending; /* lots_stream_events of segment `ordinal` */
    uint64_t ordinal;
} stream_rows;

static lots_status settle_streams(stream_rows *rows, lots_error *err)
{
    void *copy;
    if (rows->pending.count == 0)
        return LOTS_OK;
    lots_segment_facts *facts = &LOTS_AT(lots_segment_facts, &rows->out->segments, rows->ordinal);
    LOTS_TRY(lots_arena_alloc(&rows->out->arena, &copy, rows->pending.count, sizeof(lots_stream_events), err));
    memcpy(copy, rows->pending.data, rows->pending.count * sizeof(lots_stream_events));
    facts->streams = copy;
    facts->stream_count = (uint32_t)rows->pending.count;
    rows->pending.count = 0;
    return LOTS_OK;
}

static lots_status take_stream(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    stream_rows *rows = context;
    lots_stream_events events;
    uint64_t ordinal;
    LOTS_TRY(lots_sql_number(sql, row, 0, &ordinal, err));
    if (ordinal >= rows->out->segments.count || ordinal < rows->ordinal)
        return lots_sql_damaged(sql, err, "rows of segments are out of order");
    if (ordinal != rows->ordinal)
        LOTS_TRY(settle_streams(rows, err));
    rows->ordinal = ordinal;
    LOTS_TRY(lots_sql_text(sql, row, 1, &rows->out->arena, &events.stream, err));
    LOTS_TRY(lots_sql_number(sql, row, 2, &events.events, err));
    if (rows->pending.count >= LOTS_STREAMS_MAX)
        return lots_sql_damaged(sql, err, "a segment has too many streams");
    return lots_vec_push(&rows->pending, &events, err);
}

static lots_status read_segments(lots_sql *sql, uint64_t id, lots_generation *out, lots_error *err)
{
    LOTS_TRY(lots_sql_select(sql,
                             "SELECT m.ordinal, s.id, s.patients, s.events, s.bytes, s.hash FROM manifest m "
                             "JOIN segment s ON s.id = m.segment WHERE m.generation = ?1 ORDER BY m.ordinal",
                             id, take_segment, out, err));
    stream_rows rows = {out, LOTS_VEC(lots_stream_events), 0};
    lots_status status = lots_sql_select(
        sql,
        "SELECT m.ordinal, x.stream, x.events FROM manifest m JOIN segment_stream x ON x.segment = m.segment "
        "WHERE m.generation = ?1 ORDER BY m.ordinal, x.stream",
        id, take_stream, &rows, err);
    if (status == LOTS_OK)
        status = settle_streams(&rows, err);
    lots_vec_free(&rows.pending);
    return status;
}

typedef struct file_rows {
    lots_arena *arena;
    lots_vec *files;
} file_rows;

static lots_status take_file(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    file_rows *rows = context;
    lots_file_facts facts;
    LOTS_TRY(check_ordinal(sql, row, rows->files->count, err));
    LOTS_TRY(lots_sql_text(sql, row, 1, rows->arena, &facts.name, err));
    LOTS_TRY(lots_sql_number(sql, row, 2, &facts.number, err));
    LOTS_TRY(lots_sql_number(sql, row, 3, &facts.bytes, err));
    LOTS_TRY(lots_sql_hash(sql, row, 4, &facts.hash, err));
    return lots_vec_push(rows->files, &facts, err);
}

static lots_status take_coverage(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    lots_generation *out = context;
    lots_coverage coverage = {.declared = false};
    const char *stream, *unit;
    uint64_t declared;
    LOTS_TRY(check_ordinal(sql, row, out->coverage.count, err));
    LOTS_TRY(lots_sql_text(sql, row, 1, &out->arena, &stream, err));
    LOTS_TRY(lots_sql_text(sql, row, 2, &out->arena, &unit, err));
    LOTS_TRY(lots_sql_day(sql, row, 3, LOTS_DAY_MAX, &coverage.from, err));
    LOTS_TRY(lots_sql_day(sql, row, 4, LOTS_DAY_MIN, &coverage.until, err));
    LOTS_TRY(lots_sql_day(sql, row, 5, LOTS_DAY_MIN, &coverage.complete_until, err));
    LOTS_TRY(lots_sql_day(sql, row, 6, LOTS_DAY_MIN, &coverage.extract, err));
    LOTS_TRY(lots_sql_number(sql, row, 7, &declared, err));
    if (strlen(stream) >= sizeof coverage.stream || strlen(unit) >= sizeof coverage.unit || declared > 1)
        return lots_sql_damaged(sql, err, "a row of coverage has too long a name");
    memcpy(coverage.stream, stream, strlen(stream) + 1);
    memcpy(coverage.unit, unit, strlen(unit) + 1);
    coverage.declared = declared == 1;
    return lots_vec_push(&out->coverage, &coverage, err);
}

static lots_status take_setting(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    lots_generation *out = context;
    lots_setting setting;
    LOTS_TRY(lots_sql_text(sql, row, 0, &out->arena, &setting.key, err));
    LOTS_TRY(lots_sql_text(sql, row, 1, &out->arena, &setting.value, err));
    return lots_vec_push(&out->settings, &setting, err);
}

/* A text of the arena that the entry's type wants writable. */
static lots_status take_owned_text(lots_sql *sql, sqlite3_stmt *row, int column, lots_arena *arena, char **out,
                                   lots_error *err)
{
    const char *text;
    LOTS_TRY(lots_sql_text(sql, row, column, arena, &text, err));
    return lots_arena_text(arena, out, text, strlen(text), err);
}

static lots_status take_log(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    lots_generation *out = context;
    lots_ingest_entry entry = {0};
    LOTS_TRY(lots_sql_number(sql, row, 0, &entry.generation, err));
    LOTS_TRY(take_owned_text(sql, row, 1, &out->arena, &entry.source, err));
    LOTS_TRY(take_owned_text(sql, row, 2, &out->arena, &entry.stream, err));
    uint64_t *const counts[] = {&entry.rows,       &entry.loaded,    &entry.rejected,
                                &entry.duplicates, &entry.conflicts, &entry.identical};
    for (int i = 0; i < 6; i++)
        LOTS_TRY(lots_sql_number(sql, row, 3 + i, counts[i], err));
    return lots_vec_push(&out->log, &entry, err);
}

static lots_status read_lists(lots_sql *sql, uint64_t id, lots_generation *out, lots_error *err)
{
    file_rows dictionaries = {&out->arena, &out->dictionaries}, tables = {&out->arena, &out->tables};
    LOTS_TRY(read_segments(sql, id, out, err));
    LOTS_TRY(lots_sql_select(sql,
                             "SELECT ordinal, name, number, bytes, hash FROM dictionary WHERE generation = ?1 "
                             "ORDER BY ordinal",
                             id, take_file, &dictionaries, err));
    LOTS_TRY(lots_sql_select(sql,
                             "SELECT ordinal, name, number, bytes, hash FROM table_file WHERE generation = ?1 "
                             "ORDER BY ordinal",
                             id, take_file, &tables, err));
    LOTS_TRY(lots_sql_select(sql,
                             "SELECT ordinal, stream, unit, first_day, last_day, complete_until, extract, declared "
                             "FROM coverage WHERE generation = ?1 ORDER BY ordinal",
                             id, take_coverage, out, err));
    LOTS_TRY(lots_sql_select(sql, "SELECT key, value FROM setting WHERE generation = ?1 ORDER BY key", id,
                             take_setting, out, err));
    return lots_sql_select(sql,
                           "SELECT generation, source, stream, rows, loaded, rejected, duplicates, conflicts, "
                           "identical FROM ingest_log WHERE generation <= ?1 ORDER BY generation, ordinal",
                           id, take_log, out, err);
}

static lots_status read_generation(lots_sql *sql, uint64_t id, lots_generation *out, bool *found, lots_error *err)
{
    generation_row row = {out, 0, 0};
    uint64_t seal;
    LOTS_TRY(lots_sql_select(sql,
                             "SELECT id, parent, hash, seal, lots, format, next_number, schema FROM generation "
                             "WHERE id = ?1",
                             id, take_generation, &row, err));
    *found = row.rows > 0;
    if (!*found)
        return LOTS_OK;
    LOTS_TRY(read_lists(sql, id, out, err));
    LOTS_TRY(lots_generation_seal(out, &seal, err));
    if (seal != row.seal || out->id != id)
        return lots_sql_damaged(sql, err, "the seal of a generation does not fit what it says");
    return LOTS_OK;
}

lots_status lots_catalog_read(const char *directory, uint64_t generation, lots_generation *out, bool *found,
                              lots_error *err)
{
    lots_sql sql;
    uint64_t current;
    *found = false;
    lots_generation_init(out);
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_READ, err));
    lots_status status = read_current(&sql, NULL, &current, err);
    if (status == LOTS_OK)
        status = read_generation(&sql, generation, out, found, err);
    lots_sql_close(&sql);
    if (status != LOTS_OK || !*found) {
        lots_generation_free(out);
        *found = false;
    }
    return status;
}

/* ---- what there is ---- */

static lots_status take_number(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    uint64_t number;
    LOTS_TRY(lots_sql_number(sql, row, 0, &number, err));
    return lots_vec_push(context, &number, err);
}

static const char all_generations[] = "SELECT id FROM generation ORDER BY id";

lots_status lots_catalog_kept(const char *directory, lots_vec *generations, lots_vec *pins, uint64_t *current,
                              lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_READ, err));
    lots_status status = read_current(&sql, pins, current, err);
    if (status == LOTS_OK)
        status = lots_sql_select(&sql, all_generations, 0, take_number, generations, err);
    lots_sql_close(&sql);
    return status;
}

lots_status lots_catalog_numbers(const char *directory, lots_vec numbers[LOTS_FOLDER_COUNT], lots_error *err)
{
    static const char *const queries[LOTS_FOLDER_COUNT] = {
        [LOTS_FOLDER_SEGMENTS] = "SELECT DISTINCT segment FROM manifest ORDER BY 1",
        [LOTS_FOLDER_IDENTITIES] = "SELECT DISTINCT segment FROM manifest ORDER BY 1",
        [LOTS_FOLDER_DICTIONARIES] = "SELECT DISTINCT number FROM dictionary ORDER BY 1",
        [LOTS_FOLDER_TABLES] = "SELECT DISTINCT number FROM table_file ORDER BY 1",
        [LOTS_FOLDER_READERS] = all_generations,
    };
    lots_sql sql;
    uint64_t current;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_READ, err));
    lots_status status = read_current(&sql, NULL, &current, err);
    for (int folder = 0; folder < LOTS_FOLDER_COUNT && status == LOTS_OK; folder++)
        status = lots_sql_select(&sql, queries[folder], 0, take_number, &numbers[folder], err);
    lots_sql_close(&sql);
    return status;
}

/* ---- checking ---- */

typedef struct check_rows {
    lots_catalog_report report;
    void *context;
} check_rows;

static lots_status take_verdict(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    check_rows *rows = context;
    const char *words = (const char *)sqlite3_column_text(row, 0);
    (void)sql;
    (void)err;
    if (words == NULL || strcmp(words, "ok") != 0)
        rows->report(rows->context, words != NULL ? words : "a verdict is missing");
    return LOTS_OK;
}

/* Read by no query: only here does its damage come to light before someone asks for it. */
static lots_status check_audit(lots_sql *sql, lots_error *err)
{
    lots_audit_log log = {.entries = LOTS_VEC(lots_audit_entry)};
    lots_arena_init(&log.arena, 0);
    lots_status status = lots_catalog_read_audit(sql, &log, err);
    lots_audit_log_free(&log);
    return status;
}

/* What is damaged is told, and no reason to stop. */
static lots_status check_part(lots_sql *sql, lots_status (*part)(lots_sql *, lots_error *), const check_rows *rows,
                              lots_error *err)
{
    lots_error found;
    lots_status status = part(sql, &found);
    if (status == LOTS_CORRUPT) {
        rows->report(rows->context, found.text);
        return LOTS_OK;
    }
    if (status != LOTS_OK && err != NULL)
        *err = found;
    return status;
}

lots_status lots_catalog_check(const char *directory, lots_catalog_report report, void *context, lots_error *err)
{
    lots_sql sql;
    check_rows rows = {report, context};
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_READ, err));
    lots_status status = lots_sql_select(&sql, "PRAGMA integrity_check", 0, take_verdict, &rows, err);
    if (status == LOTS_OK)
        status = check_part(&sql, check_audit, &rows, err);
    if (status == LOTS_OK)
        status = check_part(&sql, lots_catalog_check_cohorts, &rows, err);
    lots_sql_close(&sql);
    return status;
}

static void refuse_fault(void *context, const char *what)
{
    lots_error *first = context;
    if (first->status == LOTS_OK)
        lots_fail(first, LOTS_CORRUPT, "the catalog is damaged: %s", what);
}

lots_status lots_catalog_require_sound(const char *directory, lots_error *err)
{
    lots_error first;
    lots_error_clear(&first);
    LOTS_TRY(lots_catalog_check(directory, refuse_fault, &first, err));
    return first.status == LOTS_OK ? LOTS_OK : lots_fail(err, LOTS_CORRUPT, "'%s': %s", directory, first.text);
}
