/* answer.c: see answer.h. */
#include "tests/support/answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/exec/evidence.h"
#include "query/exec/run.h"
#include "tests/support/lots_test.h"

/* ---- cells of a result ---- */

static void code_text(const lots_type *type, uint32_t rank, lots_bytes *out)
{
    lots_error err;
    size_t bytes = 0;
    const char *key = lots_dictionary_key(type->dictionary, rank, &bytes);
    const char *separator = memchr(key, LOTS_CODE_SEPARATOR, bytes);
    if (separator != NULL) {
        bytes -= (size_t)(separator + 1 - key);
        key = separator + 1;
    }
    assert_ok(lots_bytes_append(out, key, bytes, &err));
}

static void plain_text(const lots_type *type, lots_type_kind kind, const void *data, uint32_t at, lots_bytes *out)
{
    lots_error err;
    switch (kind) {
    case LOTS_TYPE_BOOL: assert_ok(lots_bytes_printf(out, &err, "%d", lots_bit_get(data, at) ? 1 : 0)); break;
    case LOTS_TYPE_DATE: assert_ok(lots_bytes_printf(out, &err, "%d", ((const int32_t *)data)[at])); break;
    case LOTS_TYPE_FLOAT: assert_ok(lots_bytes_printf(out, &err, "%.17g", ((const double *)data)[at])); break;
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE: code_text(type, ((const uint32_t *)data)[at], out); break;
    case LOTS_TYPE_TEXT: {
        const lots_text *text = (const lots_text *)data + at;
        assert_ok(lots_bytes_append(out, text->text, text->bytes, &err));
        break;
    }
    default: assert_ok(lots_bytes_printf(out, &err, "%lld", (long long)((const int64_t *)data)[at]));
    }
}

static char *finish_text(lots_bytes *text)
{
    char *out = malloc(text->count + 1);
    if (text->count > 0)
        memcpy(out, text->data, text->count);
    out[text->count] = '\0';
    lots_bytes_free(text);
    return out;
}

static char *cell_text(const lots_vector *v, uint32_t row)
{
    lots_error err;
    lots_bytes text = {0};
    assert_false(v->constant);
    if (lots_vector_is_missing(v, row))
        return NULL;
    if (v->type.kind == LOTS_TYPE_SET) {
        for (uint32_t i = v->offsets[row]; i < v->offsets[row + 1]; i++) {
            if (i > v->offsets[row])
                assert_ok(lots_bytes_append(&text, "|", 1, &err));
            plain_text(&v->type, v->type.element, v->data, i, &text);
        }
    } else if (v->type.kind == LOTS_TYPE_INTERVAL) {
        assert_ok(lots_bytes_printf(&text, &err, "%d..%d", ((const int32_t *)v->data)[row], v->data2[row]));
    } else {
        plain_text(&v->type, v->type.kind, v->data, row, &text);
    }
    return finish_text(&text);
}

static char *number_text(uint32_t number)
{
    char *out = malloc(16);
    snprintf(out, 16, "%u", number);
    return out;
}

static void read_result(const lots_result *result, bool aggregated, bool nobody, answer *out)
{
    assert_int_equal(aggregated && !nobody, result->patients != NULL);
    assert_int_equal(!aggregated, result->patient != NULL);
    out->aggregated = aggregated;
    out->columns = result->column_count + 1;
    out->rows = result->rows;
    out->cells = calloc((size_t)out->columns * out->rows + 1, sizeof *out->cells);
    for (uint32_t row = 0; row < out->rows; row++) {
        char **cells = out->cells + (size_t)row * out->columns;
        for (uint32_t c = 0; c < result->column_count; c++) {
            assert_int_equal(result->columns[c].values.count, result->rows);
            bool total = result->columns[c].marks != NULL && result->columns[c].marks[row] == LOTS_MARK_TOTAL;
            cells[c] = total ? strdup("total") : cell_text(&result->columns[c].values, row);
        }
        if (!nobody)
            cells[result->column_count] = number_text(aggregated ? result->patients[row] : result->patient[row]);
    }
}

static char *collect_notes(const lots_query *query, const lots_result *result)
{
    lots_error err;
    lots_bytes text = {0};
    for (uint32_t i = 0; i < query->note_count; i++)
        assert_ok(lots_bytes_printf(&text, &err, "%s\n", query->notes[i].text));
    for (uint32_t i = 0; i < result->note_count; i++)
        assert_ok(lots_bytes_printf(&text, &err, "%s\n", result->notes[i]));
    return finish_text(&text);
}

lots_status answer_lots(lots_registry *registry, const char *text, const lots_bind_options *options, lots_pool *pool,
                        answer *out, lots_error *err)
{
    lots_arena arena;
    lots_sources sources;
    lots_query *query = NULL;
    lots_result result;
    memset(out, 0, sizeof *out);
    lots_arena_init(&arena, 0);
    lots_status status = lots_query_bind(registry, text, strlen(text), "query", options, &arena, &sources, &query, err);
    const lots_run_options run = {.pool = pool};
    if (status == LOTS_OK) {
        const lots_bound_pipeline *last = &query->pipelines[query->pipeline_count - 1];
        status = lots_run_pipeline(query, last, &run, &result, err);
        if (status == LOTS_OK) {
            read_result(&result, last->aggregated, last->nobody, out);
            out->notes = collect_notes(query, &result);
            lots_result_free(&result);
        }
    }
    lots_arena_free(&arena);
    return status;
}

/* ---- SQL ---- */

void answer_sql(sqlite3 *sql, const char *text, answer *out)
{
    sqlite3_stmt *statement = NULL;
    size_t room = 0;
    int step = 0;
    memset(out, 0, sizeof *out);
    if (sqlite3_prepare_v2(sql, text, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s\nin: %s", sqlite3_errmsg(sql), text);
    out->columns = (uint32_t)sqlite3_column_count(statement);
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        for (uint32_t c = 0; c < out->columns; c++) {
            size_t at = (size_t)out->rows * out->columns + c;
            if (at == room) {
                room = room * 2 + 64;
                out->cells = realloc(out->cells, room * sizeof *out->cells);
            }
            const unsigned char *value = sqlite3_column_text(statement, (int)c);
            out->cells[at] = value == NULL ? NULL : strdup((const char *)value);
            if (sqlite3_column_type(statement, (int)c) != SQLITE_FLOAT)
                continue;
            free(out->cells[at]);
            out->cells[at] = malloc(40);
            snprintf(out->cells[at], 40, "%.17g", sqlite3_column_double(statement, (int)c));
        }
        out->rows++;
    }
    if (step != SQLITE_DONE)
        fail_msg("%s\nin: %s", sqlite3_errmsg(sql), text);
    sqlite3_finalize(statement);
}

void answer_free(answer *a)
{
    for (size_t i = 0; i < (size_t)a->rows * a->columns; i++)
        free(a->cells[i]);
    free(a->cells);
    free(a->notes);
    memset(a, 0, sizeof *a);
}

/* ---- comparing ---- */

static bool same_cell(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (strcmp(a, b) == 0)
        return true;
    char *a_end = NULL, *b_end = NULL;
    double x = strtod(a, &a_end), y = strtod(b, &b_end);
    if (*a == '\0' || *b == '\0' || *a_end != '\0' || *b_end != '\0')
        return false;
    return fabs(x - y) <= 1e-9 * (fabs(x) + fabs(y));
}

static size_t add_row(const answer *a, uint32_t row, char *out, size_t used, size_t room)
{
    for (uint32_t c = 0; c < a->columns && used < room; c++) {
        const char *cell = a->cells[(size_t)row * a->columns + c];
        used += (size_t)snprintf(out + used, room - used, "%s%s", c == 0 ? "" : " ; ", cell == NULL ? "-" : cell);
    }
    return used < room ? used : room - 1;
}

bool answer_same(const answer *lots, const answer *sql, char why[1000])
{
    if (sql->columns != lots->columns && sql->columns + 1 != lots->columns) {
        snprintf(why, 1000, "%u columns, SQL has %u", lots->columns - 1, sql->columns);
        return false;
    }
    uint32_t rows = lots->rows < sql->rows ? lots->rows : sql->rows;
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t c = 0; c < sql->columns; c++) {
            if (same_cell(lots->cells[(size_t)row * lots->columns + c], sql->cells[(size_t)row * sql->columns + c]))
                continue;
            size_t used = (size_t)snprintf(why, 1000, "row %u of %u (SQL: %u), column %u:\n  lots ", row, lots->rows, sql->rows,
                                           c + 1);
            used = add_row(lots, row, why, used, 900);
            used += (size_t)snprintf(why + used, 1000 - used, "\n  SQL  ");
            add_row(sql, row, why, used, 1000);
            return false;
        }
    snprintf(why, 1000, "%u rows, SQL has %u", lots->rows, sql->rows);
    return lots->rows == sql->rows;
}

void answer_check(lots_registry *registry, sqlite3 *sql, const char *text, const char *sql_text)
{
    lots_error err;
    answer one, oracle;
    char why[1000] = "";
    if (answer_lots(registry, text, NULL, NULL, &one, &err) != LOTS_OK)
        fail_msg("%s: %s", text, err.text);
    answer_sql(sql, sql_text, &oracle);
    if (!answer_same(&one, &oracle, why))
        fail_msg("%s: %s", text, why);
    answer_free(&one);
    answer_free(&oracle);
}

bool answer_identical(const answer *a, const answer *b)
{
    if (a->rows != b->rows || a->columns != b->columns || strcmp(a->notes, b->notes) != 0)
        return false;
    for (size_t i = 0; i < (size_t)a->rows * a->columns; i++) {
        const char *x = a->cells[i], *y = b->cells[i];
        if (x == NULL || y == NULL ? x != y : strcmp(x, y) != 0)
            return false;
    }
    return true;
}

/* ---- cases ---- */

static bool is_line(const char *line, size_t bytes, const char *wanted)
{
    return bytes == strlen(wanted) && memcmp(line, wanted, bytes) == 0;
}

static void next_case(text_cases *cases, int *room)
{
    if (cases->count == *room) {
        *room = *room * 2 + 64;
        cases->items = realloc(cases->items, (size_t)*room * sizeof *cases->items);
    }
    memset(&cases->items[cases->count], 0, sizeof *cases->items);
}

/* The text is cut into strings where it stands: the line end before a divider becomes the end of the part. */
void text_cases_read(text_cases *cases, const char *path)
{
    lots_error err;
    size_t bytes = 0;
    int room = 0, line = 1;
    memset(cases, 0, sizeof *cases);
    assert_ok(lots_file_slurp(path, (size_t)1 << 22, &cases->text, &bytes, &err));
    next_case(cases, &room);
    text_case *now = &cases->items[0];
    for (char *at = cases->text, *end = at + bytes; at < end; line++) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        size_t length = (size_t)(stop - at);
        bool last = is_line(at, length, "===");
        if (last || is_line(at, length, "---")) {
            at[at > cases->text ? -1 : 0] = '\0';
            if (last && now->part_count > 0) {
                cases->count++;
                next_case(cases, &room);
                now = &cases->items[cases->count];
            } else if (!last) {
                assert_true(now->part_count < 4);
                now->parts[now->part_count++] = stop < end ? stop + 1 : end;
            }
        } else if (now->part_count == 0 && length > 0 && *at != '#') {
            now->line = line;
            now->parts[now->part_count++] = at;
        }
        at = stop + 1;
    }
    cases->count += now->part_count > 0;
    if (bytes > 0 && cases->text[bytes - 1] == '\n')
        cases->text[bytes - 1] = '\0';
}

void text_cases_free(text_cases *cases)
{
    lots_free(cases->text);
    free(cases->items);
    memset(cases, 0, sizeof *cases);
}
