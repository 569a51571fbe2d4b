/* outline.c: see outline.h. */
#include "query/plan/outline.h"

#include <inttypes.h>
#include <stddef.h>

#include "query/exec/evidence.h"

uint8_t lots_line_mark(int64_t number)
{
    return number == LOTS_HIDDEN ? LOTS_MARK_SMALL : number == LOTS_WITHHELD ? LOTS_MARK_WITHHELD : LOTS_MARK_SHOWN;
}

void lots_outline_open(lots_outline *outline, uint32_t min_cell)
{
    *outline = (lots_outline){.lines = LOTS_VEC(lots_line), .min_cell = min_cell};
    lots_arena_init(&outline->arena, 0);
}

void lots_outline_free(lots_outline *outline)
{
    lots_vec_free(&outline->lines);
    lots_arena_free(&outline->arena);
}

lots_status lots_outline_text(lots_outline *outline, const lots_bytes *text, const char **out, lots_error *err)
{
    char *copy = NULL;
    LOTS_TRY(lots_arena_text(&outline->arena, &copy, text->count == 0 ? "" : (const char *)text->data, text->count, err));
    *out = copy;
    return LOTS_OK;
}

lots_status lots_outline_put(lots_outline *outline, uint32_t depth, int64_t stage, const char *kind,
                             const lots_bytes *text, lots_line **out, lots_error *err)
{
    lots_line line = {.depth = depth, .stage = stage, .kind = kind, .days = LOTS_NONE, .most_days = LOTS_NONE,
                      .codes = LOTS_NONE, .events = LOTS_NONE, .persons = LOTS_NONE, .chunks = LOTS_NONE,
                      .skipped = LOTS_NONE, .segments = LOTS_NONE, .segments_skipped = LOTS_NONE, .about = LOTS_NONE, .rows = LOTS_NONE, .rows_persons = LOTS_NONE,
                      .ns = LOTS_NONE, .row = LOTS_NONE};
    LOTS_TRY(lots_outline_text(outline, text, &line.text, err));
    LOTS_TRY(lots_vec_push(&outline->lines, &line, err));
    if (out != NULL)
        *out = &LOTS_AT(lots_line, &outline->lines, outline->lines.count - 1);
    return LOTS_OK;
}

int64_t lots_outline_guard(const lots_outline *outline, uint64_t number, uint64_t persons)
{
    if (persons > 0 && persons < outline->min_cell)
        return LOTS_HIDDEN;
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

/* ---- as text ---- */

typedef struct notes { /* what stands in brackets behind a line */
    lots_bytes *out;
    const lots_outline *outline;
    uint32_t count;
    lots_error *err;
} notes;

static lots_status begin_note(notes *n)
{
    return lots_bytes_printf(n->out, n->err, "%s", n->count++ == 0 ? "  (" : "; ");
}

static lots_status put_number(notes *n, int64_t number)
{
    if (number == LOTS_HIDDEN)
        return lots_bytes_printf(n->out, n->err, "<%" PRIu32, n->outline->min_cell);
    if (number == LOTS_WITHHELD)
        return lots_bytes_printf(n->out, n->err, "*");
    return lots_bytes_printf(n->out, n->err, "%" PRId64, number);
}

static lots_status put_count(notes *n, const char *before, int64_t number, const char *one, const char *many)
{
    LOTS_TRY(lots_bytes_printf(n->out, n->err, "%s", before));
    LOTS_TRY(put_number(n, number));
    return lots_bytes_printf(n->out, n->err, " %s", number == 1 ? one : many);
}

static lots_status note_days(notes *n, const lots_line *line)
{
    if (line->days == LOTS_NONE)
        return LOTS_OK;
    LOTS_TRY(begin_note(n));
    if (line->most_days == line->days)
        return put_count(n, "", line->days, "day", "days");
    return lots_bytes_printf(n->out, n->err, "%" PRId64 " to %" PRId64 " days", line->days, line->most_days);
}

static lots_status note_matches(notes *n, const lots_line *line)
{
    if (line->codes != LOTS_NONE) {
        LOTS_TRY(begin_note(n));
        LOTS_TRY(put_count(n, "", line->codes, "code", "codes"));
    }
    if (line->events != LOTS_NONE) {
        LOTS_TRY(begin_note(n));
        LOTS_TRY(put_count(n, "", line->events, "event", "events"));
    }
    if (line->persons == LOTS_NONE)
        return LOTS_OK;
    if (line->events == LOTS_NONE)
        LOTS_TRY(begin_note(n));
    return put_count(n, line->events == LOTS_NONE ? "" : " of ", line->persons, "person", "persons");
}

static lots_status note_chunks(notes *n, const lots_line *line)
{
    if (line->chunks == LOTS_NONE || (line->skipped == 0 && line->depth > 0))
        return LOTS_OK;
    LOTS_TRY(begin_note(n));
    if (line->segments_skipped > 0)
        LOTS_TRY(lots_bytes_printf(n->out, n->err, "%" PRId64 " of %" PRId64 " segment%s and ", line->segments_skipped,
                                   line->segments, line->segments == 1 ? "" : "s"));
    return lots_bytes_printf(n->out, n->err, "%" PRId64 " of %" PRId64 " chunk%s can be skipped", line->skipped, line->chunks,
                             line->chunks == 1 ? "" : "s");
}

static lots_status note_rows(notes *n, const lots_line *line, bool times)
{
    if (line->about != LOTS_NONE) {
        LOTS_TRY(begin_note(n));
        LOTS_TRY(put_count(n, line->at_most ? "at most about " : "about ", line->about, "row", "rows"));
    }
    if (line->rows != LOTS_NONE) {
        LOTS_TRY(begin_note(n));
        LOTS_TRY(put_count(n, "actual: ", line->rows, "row", "rows"));
    }
    if (line->rows_persons != LOTS_NONE)
        LOTS_TRY(put_count(n, " of ", line->rows_persons, "person", "persons"));
    if (line->ns == LOTS_NONE || !times)
        return LOTS_OK;
    LOTS_TRY(begin_note(n));
    return lots_bytes_printf(n->out, n->err, "%.1f ms", (double)line->ns / 1e6);
}

static lots_status put_line(const lots_outline *outline, const lots_line *line, bool times, lots_bytes *out, lots_error *err)
{
    notes n = {.out = out, .outline = outline, .err = err};
    LOTS_TRY(lots_bytes_printf(out, err, "%*s", (int)(line->depth < 40 ? line->depth * 2 : 80), ""));
    if (line->row != LOTS_NONE)
        LOTS_TRY(lots_bytes_printf(out, err, "row %" PRId64 ": ", line->row));
    LOTS_TRY(lots_bytes_append(out, line->text, strlen(line->text), err));
    if (line->value != NULL)
        LOTS_TRY(lots_bytes_printf(out, err, ": %s", line->value));
    LOTS_TRY(note_days(&n, line));
    LOTS_TRY(note_matches(&n, line));
    LOTS_TRY(note_chunks(&n, line));
    LOTS_TRY(note_rows(&n, line, times));
    return lots_bytes_printf(out, err, "%s", n.count > 0 ? ")\n" : "\n");
}

static lots_status put_outline(const lots_outline *outline, bool times, lots_result *out, lots_error *err)
{
    lots_bytes text = {0};
    char *copy = NULL;
    lots_status status = LOTS_OK;
    for (size_t i = 0; i < outline->lines.count && status == LOTS_OK; i++)
        status = put_line(outline, &LOTS_AT(lots_line, &outline->lines, i), times, &text, err);
    if (status == LOTS_OK)
        status = lots_arena_text(&out->arena, &copy, text.count == 0 ? "" : (const char *)text.data, text.count, err);
    out->outline = copy;
    lots_bytes_free(&text);
    return status;
}

/* ---- as rows ---- */

enum { FOR_PLAN = 1, FOR_ANALYSED = 2, FOR_WHY = 4, FOR_ALL = 7, FOR_EXPLAIN = 3 };
typedef struct field {
    const char *name;
    lots_type_kind kind; /* INT, TEXT; FLOAT: milliseconds */
    size_t place;
    unsigned wanted;
} field;
static const field fields[] = {
    {"stage", LOTS_TYPE_INT, offsetof(lots_line, stage), FOR_ALL},
    {"depth", LOTS_TYPE_INT, offsetof(lots_line, depth), FOR_ALL},
    {"kind", LOTS_TYPE_TEXT, offsetof(lots_line, kind), FOR_ALL},
    {"row", LOTS_TYPE_INT, offsetof(lots_line, row), FOR_WHY},
    {"text", LOTS_TYPE_TEXT, offsetof(lots_line, text), FOR_ALL},
    {"value", LOTS_TYPE_TEXT, offsetof(lots_line, value), FOR_WHY},
    {"first", LOTS_TYPE_TEXT, offsetof(lots_line, first), FOR_EXPLAIN},
    {"last", LOTS_TYPE_TEXT, offsetof(lots_line, last), FOR_EXPLAIN},
    {"days", LOTS_TYPE_INT, offsetof(lots_line, days), FOR_EXPLAIN},
    {"most_days", LOTS_TYPE_INT, offsetof(lots_line, most_days), FOR_EXPLAIN},
    {"codes", LOTS_TYPE_INT, offsetof(lots_line, codes), FOR_EXPLAIN},
    {"events", LOTS_TYPE_INT, offsetof(lots_line, events), FOR_EXPLAIN},
    {"persons", LOTS_TYPE_INT, offsetof(lots_line, persons), FOR_EXPLAIN},
    {"segments", LOTS_TYPE_INT, offsetof(lots_line, segments), FOR_EXPLAIN},
    {"segments_skipped", LOTS_TYPE_INT, offsetof(lots_line, segments_skipped), FOR_EXPLAIN},
    {"chunks", LOTS_TYPE_INT, offsetof(lots_line, chunks), FOR_EXPLAIN},
    {"chunks_skipped", LOTS_TYPE_INT, offsetof(lots_line, skipped), FOR_EXPLAIN},
    {"rows_about", LOTS_TYPE_INT, offsetof(lots_line, about), FOR_EXPLAIN},
    {"rows", LOTS_TYPE_INT, offsetof(lots_line, rows), FOR_ANALYSED},
    {"rows_persons", LOTS_TYPE_INT, offsetof(lots_line, rows_persons), FOR_ANALYSED},
    {"ms", LOTS_TYPE_FLOAT, offsetof(lots_line, ns), FOR_ANALYSED},
};

static int64_t number_at(const lots_line *line, const field *f)
{
    if (f->place == offsetof(lots_line, depth))
        return line->depth;
    return *(const int64_t *)(const void *)((const char *)line + f->place);
}

static lots_status put_cell(const lots_line *line, const field *f, uint32_t row, lots_result_column *column,
                            uint8_t *marks, lots_arena *arena, lots_error *err)
{
    if (f->kind == LOTS_TYPE_TEXT) {
        const char *text = *(const char *const *)(const void *)((const char *)line + f->place);
        char *copy = NULL;
        LOTS_TRY(lots_arena_text(arena, &copy, text == NULL ? "" : text, text == NULL ? 0 : strlen(text), err));
        ((lots_text *)column->values.data)[row] = (lots_text){copy, (uint32_t)strlen(copy)};
        if (text == NULL)
            lots_bit_set(column->values.missing, row);
        return LOTS_OK;
    }
    int64_t number = number_at(line, f);
    bool none = !lots_line_has(number);
    if (none)
        lots_bit_set(column->values.missing, row);
    marks[row] = lots_line_mark(number);
    if (f->kind == LOTS_TYPE_FLOAT)
        ((double *)column->values.data)[row] = none ? 0 : (double)(number / 1000) / 1000;
    else
        ((int64_t *)column->values.data)[row] = none ? 0 : number;
    return LOTS_OK;
}

static lots_status put_column(const lots_outline *outline, const field *f, lots_result *out, lots_error *err)
{
    lots_result_column *column = &out->columns[out->column_count++];
    void *marks = NULL;
    column->name = f->name;
    column->type = (lots_type){.kind = f->kind};
    LOTS_TRY(lots_vector_new(&out->arena, &column->type, out->rows, &column->values, err));
    LOTS_TRY(lots_vector_want_missing(&out->arena, &column->values, err));
    LOTS_TRY(lots_arena_alloc(&out->arena, &marks, out->rows, 1, err));
    column->marks = marks;
    for (uint32_t row = 0; row < out->rows; row++)
        LOTS_TRY(put_cell(&LOTS_AT(lots_line, &outline->lines, row), f, row, column, marks, &out->arena, err));
    return LOTS_OK;
}

static lots_status put_rows(const lots_outline *outline, unsigned wanted, bool times, lots_result *out, lots_error *err)
{
    void *columns = NULL;
    size_t count = sizeof fields / sizeof *fields;
    out->rows = (uint32_t)outline->lines.count;
    out->min_cell = outline->min_cell;
    LOTS_TRY(lots_arena_alloc(&out->arena, &columns, count, sizeof(lots_result_column), err));
    out->columns = columns;
    for (size_t i = 0; i < count; i++)
        if ((fields[i].wanted & wanted) != 0 && (times || fields[i].kind != LOTS_TYPE_FLOAT))
            LOTS_TRY(put_column(outline, &fields[i], out, err));
    return LOTS_OK;
}

lots_status lots_outline_result(const lots_outline *outline, lots_outline_kind kind, bool times, lots_result *out,
                                lots_error *err)
{
    static const unsigned wanted[] = {FOR_PLAN, FOR_PLAN | FOR_ANALYSED, FOR_WHY};
    memset(out, 0, sizeof *out);
    lots_arena_init(&out->arena, 0);
    lots_status status = put_outline(outline, times, out, err);
    if (status == LOTS_OK)
        status = put_rows(outline, wanted[kind], times, out, err);
    if (status != LOTS_OK)
        lots_result_free(out);
    return status;
}
