/* cohort_listing.c: see cohort_listing.h. */
#include "query/cli/cohort_listing.h"

#include <string.h>

#include "query/exec/evidence.h"

enum { COHORT_NAME, COHORT_PATIENTS, COHORT_GENERATION, COHORT_TIME, COHORT_USER, COHORT_TEXT, COHORT_COLUMNS };

static const struct column {
    const char *name;
    lots_type_kind kind;
} columns[COHORT_COLUMNS] = {
    [COHORT_NAME] = {"cohort", LOTS_TYPE_TEXT},   [COHORT_PATIENTS] = {"patients", LOTS_TYPE_INT},
    [COHORT_GENERATION] = {"generation", LOTS_TYPE_INT}, [COHORT_TIME] = {"time", LOTS_TYPE_TEXT},
    [COHORT_USER] = {"user", LOTS_TYPE_TEXT},     [COHORT_TEXT] = {"text", LOTS_TYPE_TEXT},
};

static lots_status put_text(lots_result *out, uint32_t column, uint32_t row, const char *text, bool lines, lots_error *err)
{
    char *copy = NULL;
    size_t bytes = strlen(text);
    while (bytes > 0 && text[bytes - 1] == '\n')
        bytes--;
    LOTS_TRY(lots_arena_text(&out->arena, &copy, text, bytes, err));
    for (size_t i = 0; i < bytes && !lines; i++)
        copy[i] = copy[i] == '\n' ? ' ' : copy[i];
    ((lots_text *)out->columns[column].values.data)[row] = (lots_text){copy, (uint32_t)bytes};
    return LOTS_OK;
}

static lots_status put_row(lots_result *out, uint32_t row, const lots_cohort *cohort, bool lines, lots_error *err)
{
    const char *const texts[COHORT_COLUMNS] = {
        [COHORT_NAME] = cohort->name, [COHORT_TIME] = cohort->time, [COHORT_USER] = cohort->user, [COHORT_TEXT] = cohort->text};
    for (uint32_t c = 0; c < out->column_count; c++)
        if (texts[c] != NULL)
            LOTS_TRY(put_text(out, c, row, texts[c], lines, err));
    ((int64_t *)out->columns[COHORT_GENERATION].values.data)[row] = (int64_t)cohort->generation;
    ((int64_t *)out->columns[COHORT_PATIENTS].values.data)[row] = (int64_t)cohort->count;
    return LOTS_OK;
}

/* 1..min_cell-1 patients are `<k`, and missing as all hidden values. */
static lots_status hide_small(lots_result *out, lots_error *err)
{
    lots_result_column *column = &out->columns[COHORT_PATIENTS];
    int64_t *counts = column->values.data;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&out->arena, &made, out->rows, 1, err));
    LOTS_TRY(lots_vector_want_missing(&out->arena, &column->values, err));
    column->marks = made;
    for (uint32_t row = 0; row < out->rows; row++) {
        if (counts[row] == 0 || counts[row] >= out->min_cell)
            continue;
        ((uint8_t *)made)[row] = LOTS_MARK_SMALL;
        lots_bit_set(column->values.missing, row);
        counts[row] = 0;
    }
    return LOTS_OK;
}

static lots_status fill(const lots_cohort_list *list, uint32_t column_count, bool lines, lots_result *out,
                        lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&out->arena, &made, COHORT_COLUMNS, sizeof(lots_result_column), err));
    out->columns = made;
    out->column_count = column_count;
    out->rows = (uint32_t)list->cohorts.count;
    for (uint32_t c = 0; c < column_count; c++) {
        const lots_type type = {.kind = columns[c].kind, .relation = UINT32_MAX};
        out->columns[c].name = columns[c].name;
        out->columns[c].type = type;
        LOTS_TRY(lots_vector_new(&out->arena, &type, out->rows, &out->columns[c].values, err));
    }
    for (uint32_t row = 0; row < out->rows; row++)
        LOTS_TRY(put_row(out, row, &LOTS_AT(lots_cohort, &list->cohorts, row), lines, err));
    return hide_small(out, err);
}

lots_status lots_cohort_listing(const lots_cohort_list *list, bool whole, bool lines, uint32_t min_cell,
                                lots_result *out, lots_error *err)
{
    memset(out, 0, sizeof *out);
    lots_arena_init(&out->arena, 0);
    out->min_cell = min_cell;
    lots_status status = fill(list, whole ? COHORT_COLUMNS : COHORT_TIME, lines, out, err);
    if (status != LOTS_OK)
        lots_result_free(out);
    return status;
}
