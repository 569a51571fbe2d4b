/* flow.c: counted steps as the table of a study's flow chart. See count.h. */
#include "query/plan/count.h"

#include <stddef.h>

typedef struct flow_column {
    const char *name;
    size_t place;
} flow_column;
static const flow_column columns[] = {
    {"persons", offsetof(lots_step_count, shown_persons)},
    {"rows", offsetof(lots_step_count, shown_rows)},
    {"excluded_persons", offsetof(lots_step_count, persons_out)},
    {"excluded_rows", offsetof(lots_step_count, rows_out)},
};
enum { COLUMN_COUNT = sizeof columns / sizeof *columns, TEXT_COLUMNS = 2 };

/* Stages that only compute, rank or order leave everything where it was. */
static bool leaves_out(const lots_step_count *step)
{
    static const char *const others[] = {"derive", "rank", "sort", "show"};
    bool other = !step->seen;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        other = other || strcmp(step->kind, others[i]) == 0;
    return !other;
}

static lots_status new_column(lots_result *out, const char *name, lots_type_kind kind, uint8_t **marks, lots_error *err)
{
    lots_result_column *column = &out->columns[out->column_count++];
    void *made = NULL;
    column->name = name;
    column->type = (lots_type){.kind = kind};
    LOTS_TRY(lots_vector_new(&out->arena, &column->type, out->rows, &column->values, err));
    LOTS_TRY(lots_vector_want_missing(&out->arena, &column->values, err));
    LOTS_TRY(lots_arena_alloc(&out->arena, &made, out->rows, 1, err));
    column->marks = *marks = made;
    return LOTS_OK;
}

static lots_status put_words(const lots_counted *counted, lots_result *out, lots_error *err)
{
    uint8_t *marks = NULL;
    LOTS_TRY(new_column(out, "step", LOTS_TYPE_INT, &marks, err));
    LOTS_TRY(new_column(out, "what", LOTS_TYPE_TEXT, &marks, err));
    for (uint32_t i = 0, row = 0; i < counted->step_count; i++) {
        char *copy = NULL;
        if (!leaves_out(&counted->steps[i]))
            continue;
        LOTS_TRY(lots_arena_text(&out->arena, &copy, counted->steps[i].text, strlen(counted->steps[i].text), err));
        ((int64_t *)out->columns[0].values.data)[row] = row;
        ((lots_text *)out->columns[1].values.data)[row] = (lots_text){copy, (uint32_t)strlen(copy)};
        row++;
    }
    return LOTS_OK;
}

static lots_status put_numbers(const lots_counted *counted, const flow_column *from, lots_result *out, lots_error *err)
{
    uint8_t *marks = NULL;
    LOTS_TRY(new_column(out, from->name, LOTS_TYPE_INT, &marks, err));
    lots_vector *values = &out->columns[out->column_count - 1].values;
    for (uint32_t i = 0, row = 0; i < counted->step_count; i++) {
        if (!leaves_out(&counted->steps[i]))
            continue;
        int64_t number = *(const int64_t *)(const void *)((const char *)&counted->steps[i] + from->place);
        ((int64_t *)values->data)[row] = lots_line_has(number) ? number : 0;
        if (!lots_line_has(number))
            lots_bit_set(values->missing, row);
        marks[row++] = lots_line_mark(number);
    }
    return LOTS_OK;
}

lots_status lots_flow_result(const lots_counted *counted, lots_result *out, lots_error *err)
{
    void *made = NULL;
    memset(out, 0, sizeof *out);
    lots_arena_init(&out->arena, 0);
    for (uint32_t i = 0; i < counted->step_count; i++)
        out->rows += leaves_out(&counted->steps[i]);
    out->min_cell = counted->min_cell;
    lots_status status =
        lots_arena_alloc(&out->arena, &made, TEXT_COLUMNS + COLUMN_COUNT, sizeof(lots_result_column), err);
    out->columns = made;
    if (status == LOTS_OK)
        status = put_words(counted, out, err);
    for (size_t i = 0; i < COLUMN_COUNT && status == LOTS_OK; i++)
        status = put_numbers(counted, &columns[i], out, err);
    if (status != LOTS_OK)
        lots_result_free(out);
    return status;
}
