/* compare.c: see compare.h. */
#include "tests/oracle/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/exec/evidence.h"
#include "query/exec/run.h"
#include "query/lang/bound.h"
#include "query/exec/value.h"

/* ---- rows ---- */

static void *get(lots_arena *arena, size_t count, size_t size)
{
    lots_error err;
    void *out;
    assert_ok(lots_arena_alloc(arena, &out, count, size, &err));
    return out;
}

static const char *copy_text(lots_arena *arena, const char *text, size_t bytes)
{
    lots_error err;
    char *out;
    assert_ok(lots_arena_text(arena, &out, text, bytes, &err));
    return out;
}

static naive_value read_code(lots_arena *arena, const char *text, size_t bytes, const char *home)
{
    const char *colon = memchr(text, ':', bytes);
    naive_value out = {.kind = NAIVE_CODE, .home = home, .system = home};
    if (colon != NULL) {
        out.system = copy_text(arena, text, (size_t)(colon - text));
        bytes -= (size_t)(colon + 1 - text);
        text = colon + 1;
    }
    out.text = copy_text(arena, text, bytes);
    return out;
}

static naive_value read_codes(lots_arena *arena, const char *text, const char *home)
{
    naive_value out = {.kind = NAIVE_SET};
    out.items = get(arena, strlen(text) + 1, sizeof *out.items);
    for (const char *at = text; *at != 0;) {
        const size_t bytes = strcspn(at, " ");
        out.items[out.count++] = read_code(arena, at, bytes, home);
        at += bytes + (at[bytes] == ' ');
    }
    return out;
}

static naive_value empty_cell(const lots_column *column)
{
    static const naive_kind kinds[LOTS_KIND_COUNT] = {NAIVE_BOOL, NAIVE_INT,  NAIVE_DECIMAL, NAIVE_FLOAT, NAIVE_DATE,
                                                      NAIVE_TEXT, NAIVE_TEXT, NAIVE_CODE,    NAIVE_SET};
    naive_value out = naive_missing(kinds[column->kind]);
    out.missing = column->kind != LOTS_KIND_CODES; /* no codes are an empty list */
    out.scale = column->scale;
    return out;
}

static naive_value read_cell(lots_arena *arena, const lots_column *column, sqlite3_stmt *row, int at)
{
    if (sqlite3_column_type(row, at) == SQLITE_NULL)
        return empty_cell(column);
    const char *text = (const char *)sqlite3_column_text(row, at);
    const int64_t number = sqlite3_column_int64(row, at);
    switch (column->kind) {
    case LOTS_KIND_BOOL: return naive_bool(number != 0);
    case LOTS_KIND_INT: return naive_number(NAIVE_INT, number);
    case LOTS_KIND_DECIMAL: return naive_decimal(number, column->scale);
    case LOTS_KIND_FLOAT: return naive_float(sqlite3_column_double(row, at));
    case LOTS_KIND_DATE: return naive_number(NAIVE_DATE, number);
    case LOTS_KIND_CODE: return read_code(arena, text, strlen(text), column->system);
    case LOTS_KIND_CODES: return read_codes(arena, text, column->system);
    default: return naive_text(copy_text(arena, text, strlen(text)));
    }
}

static void read_table(small_registry *r, naive_data *out, uint32_t at, lots_arena *arena)
{
    enum { ROOM = 64 };
    const lots_table_schema *table = &r->schema.tables[at];
    naive_row *rows = get(arena, ROOM, sizeof *rows);
    sqlite3_stmt *row;
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY rowid", table->name);
    assert_int_equal(sqlite3_prepare_v2(r->sql, sql, -1, &row, NULL), SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW) {
        naive_value *cells = get(arena, table->column_count, sizeof *cells);
        assert_true(out->table_row_count[at] < ROOM);
        for (uint32_t c = 0; c < table->column_count; c++)
            cells[c] = read_cell(arena, &table->columns[c], row, (int)c);
        rows[out->table_row_count[at]++] = (naive_row){0, cells};
    }
    sqlite3_finalize(row);
    out->table_rows[at] = rows;
}

static uint32_t count_rows(small_registry *r, const char *stream)
{
    char sql[200];
    sqlite3_stmt *row;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", stream);
    assert_int_equal(sqlite3_prepare_v2(r->sql, sql, -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    const uint32_t count = (uint32_t)sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return count;
}

static void read_stream(small_registry *r, naive_data *out, uint32_t at, lots_arena *arena)
{
    const lots_stream *stream = &r->schema.streams[at];
    char sql[600];
    sqlite3_stmt *row;
    size_t used = (size_t)snprintf(sql, sizeof sql, "SELECT p");
    for (uint32_t c = 0; c < stream->column_count; c++)
        used += (size_t)snprintf(sql + used, sizeof sql - used, ", %s\"%s\"",
                                 stream->columns[c].role == LOTS_ROLE_GHOST ? "NULL AS " : "", stream->columns[c].name);
    snprintf(sql + used, sizeof sql - used, " FROM %s ORDER BY p", stream->name);
    naive_row *rows = get(arena, count_rows(r, stream->name) + 1, sizeof *rows);
    assert_int_equal(sqlite3_prepare_v2(r->sql, sql, -1, &row, NULL), SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW) {
        naive_value *cells = get(arena, stream->column_count, sizeof *cells);
        for (uint32_t c = 0; c < stream->column_count; c++)
            cells[c] = read_cell(arena, &stream->columns[c], row, (int)c + 1);
        rows[out->row_count[at]++] = (naive_row){(uint32_t)sqlite3_column_int64(row, 0), cells};
    }
    sqlite3_finalize(row);
    out->rows[at] = rows;
    out->covered_from[at] = r->from;
    out->covered_until[at] = r->until;
}

void naive_read_small(small_registry *registry, naive_data *out, lots_arena *arena)
{
    memset(out, 0, sizeof *out);
    out->schema = &registry->schema;
    out->from = registry->from;
    out->until = registry->until;
    for (uint32_t s = 0; s < registry->schema.stream_count; s++)
        read_stream(registry, out, s, arena);
    assert_true(registry->schema.table_count <= NAIVE_TABLES);
    for (uint32_t t = 0; t < registry->schema.table_count; t++)
        read_table(registry, out, t, arena);
    out->patients = out->row_count[0];
    const char **ids = get(arena, out->patients + 1, sizeof *ids);
    for (uint32_t p = 0; p < out->patients; p++) {
        char id[16];
        snprintf(id, sizeof id, "p%04u", p);
        ids[p] = copy_text(arena, id, strlen(id));
    }
    out->ids = ids;
    naive_prepare(out, arena);
}

/* ---- the engine's tables ---- */

static void copy_result(const small_registry *registry, const lots_result *result, bool aggregated, lots_arena *arena,
                        naive_table *out)
{
    lots_error err;
    *out = (naive_table){.column_count = result->column_count, .rows = result->rows, .aggregated = aggregated};
    out->names = get(arena, out->column_count + 1, sizeof *out->names);
    out->cells = get(arena, (size_t)out->rows * out->column_count + 1, sizeof *out->cells);
    out->patients = get(arena, (size_t)out->rows + 1, sizeof *out->patients);
    for (uint32_t c = 0; c < out->column_count; c++)
        out->names[c] = copy_text(arena, result->columns[c].name, strlen(result->columns[c].name));
    for (uint32_t row = 0; row < out->rows; row++) {
        const uint32_t *patients = aggregated ? result->patients : result->patient;
        out->patients[row] = patients != NULL ? patients[row] : 0;
        for (uint32_t c = 0; c < out->column_count; c++) {
            lots_bytes text = {0};
            const lots_vector *values = &result->columns[c].values;
            const uint8_t *marks = result->columns[c].marks;
            assert_ok(lots_value_append(&registry->schema, values, row, ", ", &text, &err));
            if (!lots_vector_is_missing(values, row))
                out->cells[(size_t)row * out->column_count + c] = copy_text(arena, (const char *)text.data, text.count);
            else if (marks != NULL && marks[row] == LOTS_MARK_TOTAL)
                out->cells[(size_t)row * out->column_count + c] = "total";
            lots_bytes_free(&text);
        }
    }
}

static lots_status run_engine(small_registry *registry, const char *text, lots_pool *pool, lots_arena *arena,
                              naive_answers *out, bool *bound, lots_error *err)
{
    const lots_bind_options bind_options = {0};
    const lots_run_options options = {.pool = pool};
    lots_sources sources;
    lots_query *query;
    *bound = false;
    LOTS_TRY(lots_query_bind(registry->registry, text, strlen(text), "query", &bind_options, arena, &sources, &query, err));
    *bound = true;
    out->items = get(arena, query->pipeline_count, sizeof *out->items);
    for (uint32_t i = 0; i < query->pipeline_count; i++) {
        lots_result result;
        const lots_bound_pipeline *pipeline = &query->pipelines[i];
        LOTS_TRY(lots_run_pipeline(query, pipeline, &options, &result, err));
        copy_result(registry, &result, pipeline->aggregated, arena, &out->items[out->count++]);
        lots_result_free(&result);
    }
    return LOTS_OK;
}

/* ---- comparing ---- */

static bool same_cell(const char *a, const char *b, bool exact)
{
    char *a_end, *b_end;
    if (a == NULL || b == NULL)
        return a == b;
    if (strcmp(a, b) == 0)
        return true;
    const double x = strtod(a, &a_end), y = strtod(b, &b_end);
    if (exact || *a == 0 || *b == 0 || *a_end != 0 || *b_end != 0)
        return false;
    return fabs(x - y) <= 1e-9 * (fabs(x) > fabs(y) ? fabs(x) : fabs(y)) + 1e-10; /* differences of like sums end near 0 */
}

static void say(lots_bytes *out, const char *text)
{
    assert_int_equal(lots_bytes_append(out, text, strlen(text), NULL), LOTS_OK);
}

static void print_table(const char *title, const naive_table *table, uint32_t from, lots_bytes *out)
{
    char number[64];
    snprintf(number, sizeof number, "%s: %u rows, from row %u\n ", title, table->rows, from);
    say(out, number);
    for (uint32_t c = 0; c < table->column_count; c++) {
        say(out, " | ");
        say(out, table->names[c]);
    }
    say(out, " | patients\n");
    for (uint32_t row = from; row < table->rows && row < from + 8; row++) {
        for (uint32_t c = 0; c < table->column_count; c++) {
            const char *cell = table->cells[(size_t)row * table->column_count + c];
            say(out, " | ");
            say(out, cell != NULL ? cell : "-");
        }
        snprintf(number, sizeof number, " | %u\n", table->patients[row]);
        say(out, number);
    }
}

/* The first row of the engine's table that differs from the other; false when none does. */
static bool find_difference(const naive_table *a, const naive_table *b, bool exact, uint32_t *row)
{
    *row = 0;
    if (a->column_count != b->column_count || a->aggregated != b->aggregated)
        return true;
    for (; *row < a->rows && *row < b->rows; ++*row) {
        for (uint32_t c = 0; c < a->column_count; c++) {
            const size_t at = (size_t)*row * a->column_count + c;
            if (!same_cell(a->cells[at], b->cells[at], exact))
                return true;
        }
        if (b->at_most ? a->patients[*row] < b->patients[*row] : a->patients[*row] != b->patients[*row])
            return true;
    }
    return a->rows != b->rows;
}

static bool find_in_answers(const naive_answers *a, const naive_answers *b, bool exact, const char *const titles[2],
                            lots_bytes *report)
{
    uint32_t row;
    for (uint32_t i = 0; i < a->count && i < b->count; i++)
        if (find_difference(&a->items[i], &b->items[i], exact, &row)) {
            const uint32_t from = row > 2 ? row - 2 : 0;
            print_table(titles[0], &a->items[i], from, report);
            print_table(titles[1], &b->items[i], from, report);
            return true;
        }
    if (a->count != b->count)
        say(report, "another number of answers\n");
    return a->count != b->count;
}

typedef struct both_answers {
    naive_answers one, two, naive; /* of one thread, of two, and the naive ones */
    lots_status status, naive_status;
    lots_error err, naive_err;
    bool bound;
} both_answers;

static compare_outcome judge(const both_answers *b, lots_bytes *report)
{
    static const char *const threads[2] = {"one thread", "two threads"}, *const sides[2] = {"engine", "naive"};
    const bool naive_failed = strncmp(b->naive_err.text, "naive: failed", 13) == 0;
    if (!b->bound) {
        say(report, b->err.text);
        return COMPARE_UNBOUND;
    }
    if (b->status != LOTS_OK && naive_failed)
        return COMPARE_FAILED;
    if (b->naive_status != LOTS_OK && b->status == LOTS_OK && !naive_failed) {
        say(report, b->naive_err.text);
        return COMPARE_UNKNOWN;
    }
    if (b->status != LOTS_OK || b->naive_status != LOTS_OK) {
        say(report, "engine: ");
        say(report, b->err.text);
        say(report, "\nnaive: ");
        say(report, b->naive_err.text);
        say(report, "\n");
        return COMPARE_DIFFERENT;
    }
    if (find_in_answers(&b->one, &b->two, true, threads, report) || find_in_answers(&b->one, &b->naive, false, sides, report))
        return COMPARE_DIFFERENT;
    for (uint32_t i = 0; i < b->naive.count; i++)
        if (b->naive.items[i].rows > 0)
            return COMPARE_SAME;
    return COMPARE_EMPTY;
}

compare_outcome naive_compare_query(small_registry *registry, const naive_data *data, lots_pool *pool, const char *text,
                                    lots_bytes *report)
{
    lots_arena arena, other;
    both_answers b;
    bool again;
    memset(&b, 0, sizeof b);
    lots_arena_init(&arena, 0);
    lots_arena_init(&other, 0);
    b.status = run_engine(registry, text, NULL, &arena, &b.one, &b.bound, &b.err);
    if (b.status == LOTS_OK)
        b.status = run_engine(registry, text, pool, &arena, &b.two, &again, &b.err);
    if (b.bound)
        b.naive_status = naive_query(data, text, &other, &b.naive, &b.naive_err);
    const compare_outcome outcome = judge(&b, report);
    lots_arena_free(&arena);
    lots_arena_free(&other);
    return outcome;
}
