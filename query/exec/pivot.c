/* pivot.c: see pivot.h. Rows and columns are numbered as groups are, by their values and whether those are shown, hidden or a
 * total's; then the numbers are put in order. Groups whose keys are hidden can't be told apart: they share a cell, hidden. */
#include "query/exec/pivot.h"

#include <string.h>

#include "query/exec/keyer.h"
#include "query/exec/sort.h"
#include "query/exec/value.h"

#define PIVOT_KEYS_MAX 64u

/* Groups of equal keys, numbered in the order of their keys. */
typedef struct axis {
    uint32_t count;
    uint32_t *number; /* by row */
    uint32_t *first;  /* by number: a row that has it */
} axis;

typedef struct grid {
    const lots_pivot *pivot;
    lots_arena *arena;
    axis down, across;
    uint32_t *row; /* across.count * down.count: row of the cell, LOTS_NO_ID: none */
    bool *shared;  /* several of hidden keys */
} grid;

static lots_mark mark_at(const lots_pivot_column *column, uint32_t row)
{
    return column->marks.data == NULL ? LOTS_MARK_SHOWN : (lots_mark)((const int64_t *)column->marks.data)[row];
}

/* ---- the axes ---- */

/* Before each key stands its kind: 0 shown, 1 hidden, 2 a total. */
static lots_status kinds_of(const lots_pivot_column *key, uint32_t rows, lots_arena *arena, lots_vector *out, lots_error *err)
{
    const lots_type type = {.kind = LOTS_TYPE_INT};
    LOTS_TRY(lots_vector_new(arena, &type, rows, out, err));
    for (uint32_t row = 0; row < rows; row++) {
        lots_mark mark = mark_at(key, row);
        ((int64_t *)out->data)[row] = mark == LOTS_MARK_SHOWN ? 0 : mark == LOTS_MARK_TOTAL ? 2 : 1;
    }
    return LOTS_OK;
}

static lots_status number_keys(const lots_vector *keys, uint32_t key_count, uint32_t rows, axis *out, lots_error *err)
{
    lots_type types[2 * PIVOT_KEYS_MAX];
    lots_keyer keyer;
    for (uint32_t i = 0; i < key_count; i++)
        types[i] = keys[i].type;
    LOTS_TRY(lots_keyer_open(&keyer, types, key_count, err));
    lots_status status = lots_keyer_number(&keyer, keys, rows, out->number, err);
    out->count = keyer.count;
    lots_keyer_close(&keyer);
    return status;
}

/* Numbers in order of first sight become numbers in order of keys. */
static lots_status put_in_order(const lots_vector *keys, const lots_expr *const *labels, uint32_t key_count, uint32_t rows,
                                lots_arena *arena, axis *out, lots_error *err)
{
    void *down = NULL, *made = NULL, *first = NULL;
    uint32_t *order = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &down, key_count, sizeof(bool), err));
    LOTS_TRY(lots_arena_alloc(arena, &made, out->count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &first, out->count, sizeof(uint32_t), err));
    uint32_t *place = made, next = 0;
    out->first = first;
    LOTS_TRY(lots_sort_rows(keys, down, labels, key_count, rows, arena, &order, err));
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t number = out->number[order[i]];
        if (place[number] != 0)
            continue;
        out->first[next++] = order[i];
        place[number] = next;
    }
    for (uint32_t row = 0; row < rows; row++)
        out->number[row] = place[out->number[row]] - 1;
    return LOTS_OK;
}

static lots_status make_axis(const lots_pivot *pivot, const lots_pivot_column *keys, uint32_t key_count, lots_arena *arena,
                             axis *out, lots_error *err)
{
    lots_vector values[2 * PIVOT_KEYS_MAX];
    const lots_expr *labels[2 * PIVOT_KEYS_MAX];
    void *made = NULL;
    if (key_count > PIVOT_KEYS_MAX)
        return lots_ast_fail(err, pivot->stage->span, "a pivot of more than %u keys", PIVOT_KEYS_MAX);
    for (uint32_t i = 0; i < key_count; i++) {
        LOTS_TRY(kinds_of(&keys[i], pivot->rows, arena, &values[2 * i], err));
        values[2 * i + 1] = keys[i].values;
        labels[2 * i] = NULL;
        labels[2 * i + 1] = keys[i].expr;
    }
    LOTS_TRY(lots_arena_alloc(arena, &made, pivot->rows, sizeof(uint32_t), err));
    out->number = made;
    LOTS_TRY(number_keys(values, 2 * key_count, pivot->rows, out, err));
    return put_in_order(values, labels, 2 * key_count, pivot->rows, arena, out, err);
}

/* ---- the cells ---- */

static lots_status too_many(const grid *g, lots_error *err)
{
    const lots_bound_stage *stage = g->pivot->stage;
    lots_status status = lots_fail_at(err, LOTS_LIMIT, stage->span.at, stage->span.end, "`pivot` would make more than %u columns",
                                      LOTS_PIVOT_COLUMNS_MAX);
    if (err != NULL)
        err->source = stage->span.source;
    lots_error_hint(err, "pivot a key of fewer values, as a band or a year");
    return status;
}

static bool hidden_keys(const lots_pivot *pivot, uint32_t row)
{
    bool hidden = mark_at(pivot->by, row) != LOTS_MARK_SHOWN && mark_at(pivot->by, row) != LOTS_MARK_TOTAL;
    for (uint32_t i = 0; i < pivot->stage->key_count; i++) {
        lots_mark mark = mark_at(&pivot->keys[i], row);
        hidden = hidden || (mark != LOTS_MARK_SHOWN && mark != LOTS_MARK_TOTAL);
    }
    return hidden;
}

static lots_status place_rows(grid *g, lots_error *err)
{
    const lots_pivot *pivot = g->pivot;
    uint64_t cells = (uint64_t)g->down.count * g->across.count;
    void *row_room = NULL, *shared = NULL;
    if ((uint64_t)g->across.count * pivot->stage->item_count > LOTS_PIVOT_COLUMNS_MAX)
        return too_many(g, err);
    LOTS_TRY(lots_arena_alloc(g->arena, &row_room, (size_t)cells, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(g->arena, &shared, (size_t)cells, sizeof(bool), err));
    g->row = row_room;
    g->shared = shared;
    for (size_t i = 0; i < cells; i++)
        g->row[i] = LOTS_NO_ID;
    for (uint32_t row = 0; row < pivot->rows; row++) {
        size_t at = (size_t)g->across.number[row] * g->down.count + g->down.number[row];
        if (g->row[at] == LOTS_NO_ID)
            g->row[at] = row;
        else if (hidden_keys(pivot, row))
            g->shared[at] = true;
        else
            return lots_ast_fail(err, pivot->stage->span, "several rows fall into one cell: the keys that stay and '%s' don't "
                                                          "tell them apart", pivot->by->name);
    }
    return LOTS_OK;
}

static bool is_total(const lots_pivot_column *key, uint32_t row) { return mark_at(key, row) == LOTS_MARK_TOTAL; }

/* There are totals over the last keys only. Is there no group in this place since there are no rows, or since it would be
 * another kind of total? */
static bool could_be(const grid *g, uint32_t down, uint32_t across)
{
    const lots_pivot *pivot = g->pivot;
    uint32_t row = g->down.first[down], by = g->across.first[across], last_shown = 0, first_total = UINT32_MAX;
    for (uint32_t i = 0; i <= pivot->stage->key_count; i++) {
        bool goes = i == pivot->stage->key_count;
        const lots_pivot_column *key = goes ? pivot->by : &pivot->keys[i];
        uint32_t place = key->expr->index;
        if (is_total(key, goes ? by : row))
            first_total = place < first_total ? place : first_total;
        else
            last_shown = place > last_shown ? place : last_shown;
    }
    return first_total > last_shown;
}

/* Column `across` of the grid from a column of the rows. */
static lots_status fill_column(const grid *g, const lots_pivot_column *from, uint32_t across, bool zero,
                               lots_pivot_column *out, lots_error *err)
{
    const lots_type type = {.kind = LOTS_TYPE_INT};
    const uint32_t *rows = g->row + (size_t)across * g->down.count;
    const bool *shared = g->shared + (size_t)across * g->down.count;
    LOTS_TRY(lots_vector_gather(g->arena, &from->values, rows, g->down.count, &out->values, err));
    LOTS_TRY(lots_vector_want_missing(g->arena, &out->values, err));
    LOTS_TRY(lots_vector_new(g->arena, &type, g->down.count, &out->marks, err));
    for (uint32_t i = 0; i < g->down.count; i++) {
        int64_t *mark = &((int64_t *)out->marks.data)[i];
        *mark = shared[i] ? LOTS_MARK_WITHHELD : rows[i] == LOTS_NO_ID ? LOTS_MARK_SHOWN : mark_at(from, rows[i]);
        bool none = rows[i] == LOTS_NO_ID;
        if (shared[i] || (none && !(zero && could_be(g, i, across))))
            lots_bit_set(out->values.missing, i);
        else if (none)
            lots_bit_clear(out->values.missing, i); /* what lies under it is 0 */
    }
    return LOTS_OK;
}

static lots_status fill_keys(const grid *g, lots_pivoted *out, lots_error *err)
{
    void *made = NULL;
    uint32_t count = g->pivot->stage->key_count;
    LOTS_TRY(lots_arena_alloc(g->arena, &made, count, sizeof(lots_pivot_column), err));
    out->keys = made;
    for (uint32_t i = 0; i < count; i++) {
        const lots_pivot_column *from = &g->pivot->keys[i];
        out->keys[i] = (lots_pivot_column){.expr = from->expr, .name = from->name};
        LOTS_TRY(lots_vector_gather(g->arena, &from->values, g->down.first, g->down.count, &out->keys[i].values, err));
        if (from->marks.data != NULL)
            LOTS_TRY(lots_vector_gather(g->arena, &from->marks, g->down.first, g->down.count, &out->keys[i].marks, err));
    }
    return LOTS_OK;
}

/* ---- the patients behind ---- */

/* Of one row: see pivot.h. Hidden when all that could be said is. */
static void patients_of(const grid *g, uint32_t down, int64_t *number, int64_t *mark)
{
    const lots_pivot_column *behind = g->pivot->behind;
    uint32_t groups = 0, shown = 0;
    *number = 0;
    for (uint32_t across = 0; across < g->across.count; across++) {
        uint32_t row = g->row[(size_t)across * g->down.count + down];
        if (row == LOTS_NO_ID)
            continue;
        int64_t persons = ((const int64_t *)behind->values.data)[row];
        lots_mark hidden = mark_at(behind, row);
        *mark = groups++ == 0 ? (int64_t)hidden : LOTS_MARK_WITHHELD;
        if (mark_at(g->pivot->by, row) == LOTS_MARK_TOTAL) {
            *number = persons;
            *mark = (int64_t)hidden;
            return;
        }
        if (hidden != LOTS_MARK_SHOWN)
            continue;
        shown++;
        *number = g->pivot->stage->pivot->apart ? *number + persons : persons > *number ? persons : *number;
    }
    *mark = shown > 0 ? LOTS_MARK_SHOWN : *mark;
}

static lots_status fill_behind(const grid *g, lots_pivot_column *out, lots_error *err)
{
    const lots_type type = {.kind = LOTS_TYPE_INT};
    memset(out, 0, sizeof *out);
    if (g->pivot->behind->values.data == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_vector_new(g->arena, &type, g->down.count, &out->values, err));
    LOTS_TRY(lots_vector_new(g->arena, &type, g->down.count, &out->marks, err));
    for (uint32_t down = 0; down < g->down.count; down++)
        patients_of(g, down, &((int64_t *)out->values.data)[down], &((int64_t *)out->marks.data)[down]);
    return LOTS_OK;
}

/* ---- names ---- */

static bool is_taken(const lots_pivoted *out, uint32_t cells, uint32_t keys, const char *name)
{
    for (uint32_t i = 0; i < keys; i++)
        if (strcmp(out->keys[i].name, name) == 0)
            return true;
    for (uint32_t i = 0; i < cells; i++)
        if (strcmp(out->cells[i].name, name) == 0)
            return true;
    return false;
}

static lots_status append_value(const grid *g, uint32_t across, lots_bytes *text, lots_error *err)
{
    uint32_t row = g->across.first[across];
    lots_mark mark = mark_at(g->pivot->by, row);
    if (mark == LOTS_MARK_TOTAL)
        return lots_bytes_printf(text, err, "total");
    if (mark != LOTS_MARK_SHOWN)
        return lots_bytes_printf(text, err, "*");
    if (lots_vector_is_missing(&g->pivot->by->values, row))
        return lots_bytes_printf(text, err, "missing");
    LOTS_TRY(lots_value_append(g->pivot->schema, &g->pivot->by->values, row, "; ", text, err));
    if (text->count > 0)
        return LOTS_OK;
    return lots_bytes_printf(text, err, "%s", g->pivot->by->values.type.kind == LOTS_TYPE_SET ? "none" : "''");
}

/* The value, and the cell's name when there are several cells; a number behind it when that is a column already. */
static lots_status name_column(const grid *g, uint32_t across, const lots_pivot_column *from, uint32_t column,
                               lots_pivoted *out, lots_error *err)
{
    lots_bytes text = {NULL, 0, 0};
    const lots_bound_stage *stage = g->pivot->stage;
    lots_status status = append_value(g, across, &text, err);
    if (status == LOTS_OK && stage->item_count > 1)
        status = lots_bytes_printf(&text, err, " %s", from->name);
    size_t bytes = text.count;
    char *name = NULL;
    for (uint32_t same = 2; status == LOTS_OK; same++) {
        status = lots_arena_text(g->arena, &name, text.count == 0 ? "" : (const char *)text.data, text.count, err);
        if (status != LOTS_OK || !is_taken(out, column, stage->key_count, name))
            break;
        text.count = bytes;
        status = lots_bytes_printf(&text, err, "_%u", same);
    }
    lots_bytes_free(&text);
    out->cells[column].name = name;
    return status;
}

lots_status lots_pivot_rows(const lots_pivot *pivot, lots_arena *arena, lots_pivoted *out, lots_error *err)
{
    const lots_bound_stage *stage = pivot->stage;
    grid g = {.pivot = pivot, .arena = arena};
    void *made = NULL;
    memset(out, 0, sizeof *out);
    LOTS_TRY(make_axis(pivot, pivot->keys, stage->key_count, arena, &g.down, err));
    LOTS_TRY(make_axis(pivot, pivot->by, 1, arena, &g.across, err));
    LOTS_TRY(place_rows(&g, err));
    out->rows = g.down.count;
    LOTS_TRY(fill_keys(&g, out, err));
    LOTS_TRY(fill_behind(&g, &out->behind, err));
    LOTS_TRY(lots_arena_alloc(arena, &made, (size_t)g.across.count * stage->item_count, sizeof(lots_pivot_column), err));
    out->cells = made;
    for (uint32_t across = 0; across < g.across.count; across++)
        for (uint32_t i = 0; i < stage->item_count; i++) {
            lots_pivot_column *cell = &out->cells[out->cell_count];
            LOTS_TRY(fill_column(&g, &pivot->cells[i], across, stage->pivot->zero[i], cell, err));
            LOTS_TRY(name_column(&g, across, &pivot->cells[i], out->cell_count, out, err));
            out->cell_count++;
        }
    return LOTS_OK;
}
