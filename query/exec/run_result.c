/* run_result.c: the rows that are left made a result: its columns, marks, patients and notes. See run_inner.h. */
#include <stdio.h>
#include <string.h>

#include "core/base/day.h"
#include "query/exec/beyond.h"
#include "query/exec/chart.h"
#include "query/exec/protect.h"
#include "query/exec/run_inner.h"

/* Copy a vector and its texts into the result's own arena. */
static lots_status own_vector(run *r, const lots_vector *value, lots_vector *out, lots_error *err)
{
    lots_arena between = r->arena;
    r->arena = r->result->arena;
    lots_status status = run_keep_vector(r, value, out, err);
    r->result->arena = r->arena;
    r->arena = between;
    return status;
}

/* Marks as bytes in the result's arena; NULL when nothing is hidden. */
static lots_status own_marks(run *r, const lots_vector *marks, const uint8_t **out, lots_error *err)
{
    void *made = NULL;
    bool any = false;
    for (uint32_t row = 0; row < r->rows.count; row++)
        any = any || ((const int64_t *)marks->data)[row] != LOTS_MARK_SHOWN;
    *out = NULL;
    if (!any)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&r->result->arena, &made, r->rows.count, 1, err));
    for (uint32_t row = 0; row < r->rows.count; row++)
        ((uint8_t *)made)[row] = (uint8_t)((const int64_t *)marks->data)[row];
    *out = made;
    return LOTS_OK;
}

static lots_status result_marks(run *r, const lots_expr *expr, lots_result_column *column, lots_error *err)
{
    lots_vector marks;
    if (r->rows.marks == NULL)
        return LOTS_OK;
    LOTS_TRY(run_marks_of(r, expr, &column->values, &marks, err));
    return own_marks(r, &marks, &column->marks, err);
}

/* What a pivot made has no expressions. */
static lots_status pivoted_columns(run *r, lots_result_column *columns, lots_error *err)
{
    for (uint32_t i = 0; i < r->pivoted.count; i++) {
        const char *from = r->pivoted.names[i];
        char *name = NULL;
        LOTS_TRY(own_vector(r, &r->rows.slots[r->pivoted.first + i], &columns[i].values, err));
        LOTS_TRY(lots_arena_text(&r->result->arena, &name, from, strlen(from), err));
        columns[i].name = name;
        columns[i].type = columns[i].values.type;
        LOTS_TRY(own_marks(r, &r->rows.marks[r->pivoted.first + i], &columns[i].marks, err));
    }
    return LOTS_OK;
}

static lots_status result_columns(run *r, lots_error *err)
{
    lots_result *result = r->result;
    const lots_bound_pipeline *pipeline = r->pipeline;
    void *made = NULL;
    lots_instance *rows = NULL;
    result->rows = r->rows.count;
    result->column_count = pipeline->column_count + r->pivoted.count;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, result->column_count, sizeof(lots_result_column), err));
    result->columns = made;
    LOTS_TRY(run_instance(r, &rows, err));
    for (uint32_t i = 0; i < pipeline->column_count; i++) {
        const lots_expr *expr = pipeline->columns[i].value;
        lots_vector value;
        char *name = NULL;
        LOTS_TRY(lots_eval(r->workers[0], expr, rows, &value, err));
        LOTS_TRY(own_vector(r, &value, &result->columns[i].values, err));
        LOTS_TRY(lots_arena_text(&result->arena, &name, pipeline->columns[i].name, strlen(pipeline->columns[i].name), err));
        result->columns[i].name = name;
        result->columns[i].type = expr->type;
        result->columns[i].labels = expr->labels;
        LOTS_TRY(result_marks(r, expr, &result->columns[i], err));
    }
    return pivoted_columns(r, result->columns + pipeline->column_count, err);
}

static lots_status result_patients(run *r, lots_error *err)
{
    lots_result *result = r->result;
    void *made = NULL;
    result->min_cell = r->options->min_cell;
    if (r->rows.patient == NULL && r->rows.behind.data == NULL) /* of a table: nobody is behind */
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, r->rows.count, sizeof(uint32_t), err));
    uint32_t *numbers = made;
    for (uint32_t i = 0; i < r->rows.count; i++)
        numbers[i] = r->rows.patient != NULL ? r->rows.patient[i] : (uint32_t)((const int64_t *)r->rows.behind.data)[i];
    if (r->rows.patient != NULL)
        result->patient = numbers;
    else
        result->patients = numbers;
    if (r->rows.marks == NULL)
        return LOTS_OK;
    LOTS_TRY(own_marks(r, &r->rows.marks[r->rows.slot_count], &result->patients_marks, err));
    for (uint32_t i = 0; result->patients_marks != NULL && i < r->rows.count; i++)
        numbers[i] = result->patients_marks[i] == LOTS_MARK_SHOWN ? numbers[i] : 0;
    return LOTS_OK;
}

static lots_status note_hidden(run *r, lots_error *err)
{
    const lots_result *result = r->result;
    uint64_t hidden = 0;
    char text[256];
    for (uint32_t row = 0; row < result->rows; row++) {
        hidden += result->patients_marks != NULL && result->patients_marks[row] != LOTS_MARK_SHOWN;
        for (uint32_t i = 0; i < result->column_count; i++)
            hidden += result->columns[i].marks != NULL && result->columns[i].marks[row] != LOTS_MARK_SHOWN &&
                      result->columns[i].marks[row] != LOTS_MARK_TOTAL;
    }
    if (hidden == 0)
        return LOTS_OK;
    snprintf(text, sizeof text, "%llu value%s%s hidden: <%u counts what belongs to fewer than %u persons, * rests on so few or "
             "would give such a value away", (unsigned long long)hidden, hidden == 1 ? "" : "s",
             r->options->joined ? " of a joined table are" : hidden == 1 ? " is" : " are", result->min_cell,
             result->min_cell);
    return run_note(r, err, text);
}

static lots_status note_beyond(run *r, lots_error *err)
{
    char day[11], text[LOTS_NAME_MAX + 128];
    for (uint32_t i = 0; i < 2 * lots_registry_schema(r->query->registry)->stream_count; i++) {
        const lots_coverage *covered = lots_registry_coverage(r->query->registry, i / 2);
        const bool after = i % 2 == 1;
        if (!lots_beyond_found(r->workers, r->worker_count, i / 2, after))
            continue;
        lots_day_format(after ? covered->until : covered->from, day);
        snprintf(text, sizeof text, "warning: some windows of %s reach %s %s, where its data %s", covered->stream,
                 after ? "beyond" : "back before", day, after ? "end" : "begin");
        LOTS_TRY(run_note(r, err, text));
    }
    return LOTS_OK;
}

static lots_status result_notes(run *r, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&r->result->arena, &made, r->notes.count, sizeof(char *), err));
    if (r->notes.count > 0)
        memcpy(made, r->notes.data, r->notes.count * sizeof(char *));
    r->result->notes = made;
    r->result->note_count = (uint32_t)r->notes.count;
    return LOTS_OK;
}

lots_status run_leave_out_protected(run *r, lots_error *err)
{
    uint64_t *keep = NULL;
    uint32_t left_out = 0;
    char text[160];
    LOTS_TRY(lots_protect_rows(r->query->registry, r->chunks, r->chunk_count, &r->rows, &r->arena, &keep, &left_out, err));
    if (left_out == 0)
        return LOTS_OK;
    snprintf(text, sizeof text, "%u protected or no-contact person%s left out of these rows", left_out,
             left_out == 1 ? " is" : "s are");
    LOTS_TRY(run_note(r, err, text));
    return lots_rowset_filter(&r->rows, keep, &r->arena, err);
}

lots_status run_write_result(run *r, lots_error *err)
{
    LOTS_TRY(result_columns(r, err));
    LOTS_TRY(result_patients(r, err));
    LOTS_TRY(note_beyond(r, err));
    LOTS_TRY(note_hidden(r, err));
    if (r->pipeline->chart != NULL)
        LOTS_TRY(lots_chart_make(r->pipeline, r->result, r->options->pool, &r->arena, &r->notes, err));
    return result_notes(r, err);
}
