/* compare.c: see compare.h. */
#include "tests/oracle/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

/* ---- the engine's table ---- */

static lots_status run_bound(small_registry *registry, const lots_query *query, lots_arena *arena, naive_table *out,
                             lots_error *err)
{
    lots_result result;
    const lots_run_options options = {0};
    const lots_bound_pipeline *last = &query->pipelines[query->pipeline_count - 1];
    LOTS_TRY(lots_run_pipeline(query, last, &options, &result, err));
    *out = (naive_table){.column_count = result.column_count, .rows = result.rows, .aggregated = last->aggregated};
    out->names = get(arena, out->column_count + 1, sizeof *out->names);
    out->cells = get(arena, (size_t)out->rows * out->column_count + 1, sizeof *out->cells);
    out->patients = get(arena, (size_t)out->rows + 1, sizeof *out->patients);
    for (uint32_t c = 0; c < out->column_count; c++)
        out->names[c] = copy_text(arena, result.columns[c].name, strlen(result.columns[c].name));
    for (uint32_t row = 0; row < out->rows; row++) {
        out->patients[row] = out->aggregated ? result.patients[row] : result.patient[row];
        for (uint32_t c = 0; c < out->column_count; c++) {
            lots_bytes text = {0};
            const lots_vector *values = &result.columns[c].values;
            LOTS_TRY(lots_value_append(&registry->schema, values, row, ", ", &text, err));
            if (!lots_vector_is_missing(values, row))
                out->cells[(size_t)row * out->column_count + c] = copy_text(arena, (const char *)text.data, text.count);
            lots_bytes_free(&text);
        }
    }
    lots_result_free(&result);
    return LOTS_OK;
}

static lots_status run_engine(small_registry *registry, const char *text, lots_arena *arena, naive_table *out,
                              bool *bound, lots_error *err)
{
    const lots_bind_options options = {0};
    lots_sources sources;
    lots_query *query;
    *bound = false;
    LOTS_TRY(lots_query_bind(registry->registry, text, strlen(text), "query", &options, arena, &sources, &query, err));
    *bound = true;
    return run_bound(registry, query, arena, out, err);
}

/* ---- comparing ---- */

static bool same_cell(const char *a, const char *b)
{
    char *a_end, *b_end;
    if (a == NULL || b == NULL)
        return a == b;
    if (strcmp(a, b) == 0)
        return true;
    const double x = strtod(a, &a_end), y = strtod(b, &b_end);
    if (*a == 0 || *b == 0 || *a_end != 0 || *b_end != 0)
        return false;
    const double size = fabs(x) > fabs(y) ? fabs(x) : fabs(y);
    return fabs(x - y) <= 1e-9 * (size > 1 ? size : 1);
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

/* The first row that differs; false when none does. */
static bool find_difference(const naive_table *a, const naive_table *b, uint32_t *row)
{
    *row = 0;
    if (a->column_count != b->column_count || a->aggregated != b->aggregated)
        return true;
    for (; *row < a->rows && *row < b->rows; ++*row) {
        for (uint32_t c = 0; c < a->column_count; c++) {
            const size_t at = (size_t)*row * a->column_count + c;
            if (!same_cell(a->cells[at], b->cells[at]))
                return true;
        }
        if (a->patients[*row] != b->patients[*row])
            return true;
    }
    return a->rows != b->rows;
}

compare_outcome naive_compare_query(small_registry *registry, const naive_data *data, const char *text,
                                    lots_bytes *report)
{
    lots_arena arena, other;
    lots_error err = {0}, naive_err = {0};
    naive_table engine = {0}, naive = {0};
    uint32_t row;
    bool bound;
    compare_outcome outcome = COMPARE_SAME;
    lots_arena_init(&arena, 0);
    lots_arena_init(&other, 0);
    const lots_status status = run_engine(registry, text, &arena, &engine, &bound, &err);
    const lots_status naive_status =
        bound ? naive_query(data, text, &other, &naive, &naive_err) : LOTS_OK;
    const bool naive_failed = strncmp(naive_err.text, "naive: failed", 13) == 0;
    if (!bound) {
        say(report, err.text);
        outcome = COMPARE_UNBOUND;
    } else if (status != LOTS_OK && naive_failed) {
        outcome = COMPARE_FAILED;
    } else if (naive_status != LOTS_OK && status == LOTS_OK && !naive_failed) {
        say(report, naive_err.text);
        outcome = COMPARE_UNKNOWN;
    } else if (status != LOTS_OK || naive_status != LOTS_OK) {
        say(report, "engine: ");
        say(report, err.text);
        say(report, "\nnaive: ");
        say(report, naive_err.text);
        say(report, "\n");
        outcome = COMPARE_DIFFERENT;
    } else if (find_difference(&engine, &naive, &row)) {
        const uint32_t from = row > 2 ? row - 2 : 0;
        print_table("engine", &engine, from, report);
        print_table("naive", &naive, from, report);
        outcome = COMPARE_DIFFERENT;
    }
    lots_arena_free(&arena);
    lots_arena_free(&other);
    return outcome;
}
