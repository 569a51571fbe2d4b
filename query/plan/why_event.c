/* why_event.c: the events behind a value, and a condition taken apart. See why.h. */
#include <inttypes.h>
#include <stdio.h>

#include "query/exec/value.h"
#include "query/plan/why_inner.h"

enum { COLUMNS_SHOWN = 5, DEPTH_MOST = 24 };

/* ---- one event ---- */

static bool is_telling(const lots_relation_column *column)
{
    lots_type_kind kind = column->type.kind == LOTS_TYPE_SET ? column->type.element : column->type.kind;
    return kind == LOTS_TYPE_CODE || (kind == LOTS_TYPE_CATEGORY && strcmp(column->name, "level") == 0) ||
           column->role == LOTS_COLUMN_STREAM || column->role == LOTS_COLUMN_KEY || column->role == LOTS_COLUMN_SOURCE ||
           column->role == LOTS_COLUMN_TARGET || column->role == LOTS_COLUMN_N;
}

static lots_status put_value(walk *w, const lots_vector *values, uint32_t row, const char *before)
{
    uint32_t at = values->constant ? 0 : row;
    bool empty = values->type.kind == LOTS_TYPE_SET && values->offsets[at] == values->offsets[at + 1];
    if (lots_vector_is_missing(values, row) || empty)
        return LOTS_OK;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, "%s", before));
    return lots_value_append(w->schema, values, row, " ", &w->text, w->err);
}

static lots_status put_days(walk *w, lots_worker *worker, lots_relation_rows *relation, uint32_t row)
{
    const lots_vector *start = NULL, *end = NULL;
    const lots_relation *of = relation->relation;
    if (of->start_column < 0)
        return lots_bytes_printf(&w->text, w->err, "%s", of->name);
    LOTS_TRY(lots_relation_values(worker, relation, (uint32_t)of->start_column, &start, w->err));
    LOTS_TRY(put_value(w, start, row, ""));
    if (of->end_column < 0)
        return LOTS_OK;
    LOTS_TRY(lots_relation_values(worker, relation, (uint32_t)of->end_column, &end, w->err));
    if (lots_vector_is_missing(end, row))
        return lots_bytes_printf(&w->text, w->err, "..");
    return lots_vector_compare(start, row, end, row) == 0 ? LOTS_OK : put_value(w, end, row, "..");
}

lots_status why_describe(walk *w, lots_worker *worker, lots_relation_rows *relation, uint32_t row)
{
    const lots_relation *of = relation->relation;
    uint32_t shown = 0;
    LOTS_TRY(put_days(w, worker, relation, row));
    for (uint32_t c = 0; c < of->column_count && shown < COLUMNS_SHOWN; c++) {
        const lots_vector *values = NULL;
        char before[LOTS_NAME_MAX + 4];
        if (!is_telling(&of->columns[c]) || of->columns[c].type.kind == LOTS_TYPE_EVENTS)
            continue;
        LOTS_TRY(lots_relation_values(worker, relation, c, &values, w->err));
        bool number = of->columns[c].role == LOTS_COLUMN_N;
        snprintf(before, sizeof before, " %s%s", number ? of->columns[c].name : "", number ? " " : "");
        LOTS_TRY(put_value(w, values, row, before));
        shown++;
    }
    return LOTS_OK;
}

/* ---- the elements of sets ---- */

static lots_status put_elements(walk *w, lots_worker *worker, lots_relation_rows *relation, const uint32_t *elements,
                                uint32_t count, uint32_t depth)
{
    for (uint32_t i = 0; i < count && i < LOTS_WHY_EVENTS; i++) {
        w->text.count = 0;
        LOTS_TRY(why_describe(w, worker, relation, elements[i]));
        LOTS_TRY(why_line(w, depth, "event", NULL));
    }
    if (count <= LOTS_WHY_EVENTS)
        return LOTS_OK;
    w->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, "and %" PRIu32 " more", count - LOTS_WHY_EVENTS));
    return why_line(w, depth, "more", NULL);
}

static lots_status put_set(walk *w, const why_sight *sight, uint32_t index, const lots_set *set, uint32_t depth)
{
    lots_words words = {w->query, w->pipeline, sight->rows->frame};
    lots_relation_rows *relation = NULL;
    const uint32_t *offsets = NULL, *elements = NULL;
    uint32_t row = sight->row[index];
    LOTS_TRY(lots_set_lists(sight->worker, set, sight->rows, &relation, &offsets, &elements, w->err));
    uint32_t count = offsets[row + 1] - offsets[row];
    w->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, "%" PRIu32 " in ", count));
    LOTS_TRY(lots_words_set(&words, set, &w->text, w->err));
    LOTS_TRY(why_line(w, depth, "events", NULL));
    return put_elements(w, sight->worker, relation, elements + offsets[row], count, depth + 1);
}

lots_status why_events(walk *w, const why_sight *sight, uint32_t index, const lots_expr *expr, uint32_t depth)
{
    if (!sight->in_chunk || depth > DEPTH_MOST)
        return LOTS_OK;
    if (expr->set != NULL)
        LOTS_TRY(put_set(w, sight, index, expr->set, depth));
    bool inside = expr->set != NULL && expr->op != LOTS_OP_EVENT && expr->op != LOTS_OP_COVERED_DAYS;
    for (uint32_t i = 0; i < expr->operand_count && !inside; i++) /* an aggregate's operand stands in its elements */
        LOTS_TRY(why_events(w, sight, index, expr->operands[i], depth));
    return LOTS_OK;
}

/* ---- conditions ---- */

static bool is_list(const lots_expr *expr)
{
    return expr->op == LOTS_OP_AND || expr->op == LOTS_OP_OR || expr->op == LOTS_OP_NOT;
}

static bool is_scalar(const lots_expr *expr)
{
    return expr->type.kind != LOTS_TYPE_EVENTS && expr->type.kind != LOTS_TYPE_TUPLE && expr->type.kind != LOTS_TYPE_MISSING;
}

/* true, with what it was judged by: `true (cost = 120.50)`. */
static lots_status put_operands(walk *w, const why_sight *sight, uint32_t index, const lots_expr *expr, lots_bytes *out)
{
    lots_words words = {w->query, w->pipeline, sight->rows->frame};
    uint32_t shown = 0;
    for (uint32_t i = 0; expr->set == NULL && i < expr->operand_count; i++) {
        const lots_expr *operand = expr->operands[i];
        const char *value = NULL;
        lots_vector vector;
        if (operand->op == LOTS_OP_CONSTANT || !is_scalar(operand))
            continue;
        LOTS_TRY(lots_eval(sight->worker, operand, sight->rows, &vector, w->err));
        LOTS_TRY(why_value(w, &vector, sight->row[index], &value));
        LOTS_TRY(lots_bytes_printf(out, w->err, "%s", shown++ == 0 ? " (" : ", "));
        LOTS_TRY(lots_words_expr(&words, operand, out, w->err));
        LOTS_TRY(lots_bytes_printf(out, w->err, " is %s", value));
    }
    return shown > 0 ? lots_bytes_printf(out, w->err, ")") : LOTS_OK;
}

static lots_status put_verdict(walk *w, const why_sight *sight, uint32_t index, const lots_expr *expr, lots_bytes *out)
{
    const char *value = NULL;
    lots_vector vector;
    LOTS_TRY(lots_eval(sight->worker, expr, sight->rows, &vector, w->err));
    LOTS_TRY(why_value(w, &vector, sight->row[index], &value));
    LOTS_TRY(lots_bytes_printf(out, w->err, "%s", value));
    return is_list(expr) ? LOTS_OK : put_operands(w, sight, index, expr, out);
}

lots_status why_condition(walk *w, const why_sight *sight, uint32_t index, const lots_expr *expr, uint32_t frame,
                          uint32_t depth)
{
    lots_words words = {w->query, w->pipeline, frame};
    lots_bytes verdict = {0};
    lots_line *line = NULL;
    const char *value = NULL;
    if (depth > DEPTH_MOST)
        return LOTS_OK;
    lots_status status = put_verdict(w, sight, index, expr, &verdict);
    if (status == LOTS_OK)
        status = lots_outline_text(w->out, &verdict, &value, w->err);
    lots_bytes_free(&verdict);
    LOTS_TRY(status);
    w->text.count = 0;
    LOTS_TRY(lots_words_expr(&words, expr, &w->text, w->err));
    LOTS_TRY(why_line(w, depth, "condition", &line));
    line->value = value;
    if (!is_list(expr))
        return why_events(w, sight, index, expr, depth + 1);
    for (uint32_t i = 0; i < expr->operand_count; i++)
        LOTS_TRY(why_condition(w, sight, index, expr->operands[i], frame, depth + 1));
    return LOTS_OK;
}
