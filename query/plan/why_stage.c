/* why_stage.c: what a stage does to a person's rows. See why.h. */
#include <inttypes.h>

#include "query/exec/keyer.h"
#include "query/exec/top.h"
#include "query/plan/stage_words.h"
#include "query/plan/why_inner.h"

static const lots_bound_stage *stage_of(const walk *w, uint32_t stage) { return &w->pipeline->stages[stage]; }

static lots_status more_rows(walk *w, const why_sight *sight)
{
    if (sight->count <= LOTS_WHY_ROWS)
        return LOTS_OK;
    w->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, "and %" PRIu32 " more rows", sight->count - LOTS_WHY_ROWS));
    return why_line(w, 1, "more", NULL);
}

/* The stage's own line: its words, and a verdict behind. */
static lots_status stage_line(walk *w, uint32_t index, const char *value)
{
    const lots_bound_stage *stage = stage_of(w, index);
    lots_words words = {w->query, w->pipeline, stage->frame};
    lots_line *line = NULL;
    w->text.count = 0;
    LOTS_TRY(stage->kind == LOTS_STAGE_DERIVE ? lots_bytes_printf(&w->text, w->err, "derive")
                                              : lots_words_stage(&words, stage, &w->text, w->err));
    LOTS_TRY(why_line(w, 0, lots_stage_kind(stage), &line));
    line->value = value;
    return LOTS_OK;
}

static lots_status passed_text(walk *w, const why_sight *sight, uint32_t passed, const char **out)
{
    char *copy = NULL;
    bool person = sight->count == 1 && w->pipeline->relation == UINT32_MAX;
    LOTS_TRY(person ? lots_arena_printf(&w->out->arena, &copy, w->err, "%s", passed > 0 ? "passed" : "left out")
                    : lots_arena_printf(&w->out->arena, &copy, w->err, "%" PRIu32 " of %" PRIu32 " rows passed", passed,
                                        sight->count));
    *out = copy;
    return LOTS_OK;
}

/* ---- where ---- */

static lots_status why_where(walk *w, const why_sight *sight, uint32_t stage)
{
    const lots_expr *where = stage_of(w, stage)->where;
    const char *text = NULL;
    lots_vector vector;
    uint32_t passed = 0;
    LOTS_TRY(lots_eval(sight->worker, where, sight->rows, &vector, w->err));
    for (uint32_t i = 0; i < sight->count; i++)
        passed += !lots_vector_is_missing(&vector, sight->row[i]) &&
                  lots_bit_get(vector.data, vector.constant ? 0 : sight->row[i]);
    LOTS_TRY(passed_text(w, sight, passed, &text));
    LOTS_TRY(stage_line(w, stage, text));
    for (uint32_t i = 0; i < sight->count && i < LOTS_WHY_ROWS; i++) {
        const char *value = NULL;
        uint32_t depth = 1;
        LOTS_TRY(why_value(w, &vector, sight->row[i], &value));
        LOTS_TRY(why_row_line(w, sight, i, value, &depth));
        LOTS_TRY(why_condition(w, sight, i, where, stage_of(w, stage)->frame, depth));
    }
    return more_rows(w, sight);
}

/* ---- derive ---- */

/* Later items see earlier ones: they are put into slots of the person's own rows. */
static lots_status derive_values(walk *w, const why_sight *sight, const lots_bound_stage *stage, lots_vector **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&w->out->arena, &made, stage->item_count, sizeof(lots_vector), w->err));
    *out = made;
    for (uint32_t i = 0; i < stage->item_count; i++) {
        lots_vector *value = &((lots_vector *)made)[i];
        if (stage->items[i].slot >= sight->rows->slot_count)
            continue; /* the name of an event: no value */
        LOTS_TRY(lots_eval(sight->worker, stage->items[i].value, sight->rows, value, w->err));
        sight->rows->slots[stage->items[i].slot] = *value;
    }
    return LOTS_OK;
}

static bool is_column(const lots_expr *expr) { return expr->op == LOTS_OP_COLUMN; }

static lots_status item_line(walk *w, const char *name, const lots_vector *values, uint32_t row, uint32_t depth)
{
    lots_line *line = NULL;
    const char *value = NULL;
    LOTS_TRY(why_value(w, values, row, &value));
    w->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, "%s", name));
    LOTS_TRY(why_line(w, depth, "value", &line));
    line->value = value;
    return LOTS_OK;
}

static lots_status why_derive(walk *w, const why_sight *sight, uint32_t index)
{
    const lots_bound_stage *stage = stage_of(w, index);
    lots_vector *values = NULL;
    LOTS_TRY(derive_values(w, sight, stage, &values));
    LOTS_TRY(stage_line(w, index, NULL));
    for (uint32_t i = 0; i < sight->count && i < LOTS_WHY_ROWS; i++) {
        uint32_t depth = 1;
        LOTS_TRY(why_row_line(w, sight, i, NULL, &depth));
        for (uint32_t k = 0; k < stage->item_count; k++) {
            const lots_expr *value = stage->items[k].value;
            if (stage->items[k].slot >= sight->rows->slot_count)
                continue;
            LOTS_TRY(item_line(w, stage->items[k].name, &values[k], sight->row[i], depth));
            if (!is_column(value))
                LOTS_TRY(why_events(w, sight, i, value, depth + 1));
        }
    }
    return more_rows(w, sight);
}

/* ---- group by ---- */

static lots_status why_group(walk *w, const why_sight *sight, uint32_t index)
{
    const lots_bound_stage *stage = stage_of(w, index);
    LOTS_TRY(stage_line(w, index, stage->key_count == 0 ? "all rows together: the person's are among them"
                                                        : "the groups of the person's rows"));
    for (uint32_t i = 0; stage->key_count > 0 && i < sight->count && i < LOTS_WHY_ROWS; i++) {
        uint32_t depth = 1;
        LOTS_TRY(why_row_line(w, sight, i, NULL, &depth));
        for (uint32_t k = 0; k < stage->key_count; k++) {
            lots_vector vector;
            LOTS_TRY(lots_eval(sight->worker, stage->keys[k].value, sight->rows, &vector, w->err));
            LOTS_TRY(item_line(w, stage->keys[k].name, &vector, sight->row[i], depth));
        }
    }
    w->ended = true;
    return more_rows(w, sight);
}

lots_status why_stage(walk *w, const why_sight *sight, uint32_t stage)
{
    w->stage = (int64_t)stage + 1;
    switch (stage_of(w, stage)->kind) {
    case LOTS_STAGE_WHERE: return why_where(w, sight, stage);
    case LOTS_STAGE_DERIVE: return why_derive(w, sight, stage);
    case LOTS_STAGE_GROUP: return why_group(w, sight, stage);
    case LOTS_STAGE_TOP:
    case LOTS_STAGE_FUNCTIONS:
    case LOTS_STAGE_SORT:
    case LOTS_STAGE_LIMIT: return LOTS_OK; /* told when all rows are there */
    default: return stage_line(w, stage, NULL);
    }
}

/* ---- ranks ---- */

static lots_status strata_of(walk *w, const lots_vector *per, uint32_t count, uint32_t rows, uint32_t **out, uint32_t *strata)
{
    lots_type types[32];
    lots_keyer keyer;
    void *made = NULL;
    *out = NULL;
    *strata = 1;
    if (count == 0 || count > 32)
        return LOTS_OK;
    for (uint32_t i = 0; i < count; i++)
        types[i] = per[i].type;
    LOTS_TRY(lots_arena_alloc(&w->out->arena, &made, rows, sizeof(uint32_t), w->err));
    lots_status status = lots_keyer_open(&keyer, types, count, w->err);
    if (status == LOTS_OK)
        status = lots_keyer_number(&keyer, per, rows, made, w->err);
    *out = made;
    *strata = keyer.count == 0 ? 1 : keyer.count;
    lots_keyer_close(&keyer);
    return status;
}

typedef struct place_of { /* of a row among those with a value, in its stratum */
    uint64_t rank, rows;
    uint32_t last; /* the row that is kept last, UINT32_MAX: none */
} place_of;

static place_of find_place(const lots_vector *by, const uint32_t *stratum, const uint64_t *keep, uint32_t rows, uint32_t row,
                           bool bottom)
{
    place_of place = {.rank = 1, .last = UINT32_MAX};
    for (uint32_t i = 0; i < rows; i++) {
        if (lots_vector_is_missing(by, i) || (stratum != NULL && stratum[i] != stratum[row]))
            continue;
        int order = lots_vector_compare(by, i, by, row);
        place.rows++;
        place.rank += bottom ? order < 0 : order > 0;
        if (keep == NULL || !lots_bit_get(keep, i))
            continue;
        order = place.last == UINT32_MAX ? 0 : lots_vector_compare(by, i, by, place.last);
        if (place.last == UINT32_MAX || (bottom ? order > 0 : order < 0))
            place.last = i;
    }
    return place;
}

static lots_status rank_line(walk *w, const why_sight *sight, uint32_t index, const lots_top *top, const lots_vector *values,
                             const uint32_t *stratum, const uint64_t *keep, uint32_t rows)
{
    lots_words words = {w->query, w->pipeline, w->pipeline->row_frame};
    uint32_t row = sight->row[index], depth = 1;
    const char *value = NULL, *last = NULL;
    lots_line *line = NULL;
    char *text = NULL;
    LOTS_TRY(why_row_line(w, sight, index, keep == NULL ? NULL : lots_bit_get(keep, row) ? "kept" : "left out", &depth));
    LOTS_TRY(why_value(w, values, row, &value));
    place_of place = find_place(values, stratum, keep, rows, row, top->bottom);
    if (lots_vector_is_missing(values, row))
        LOTS_TRY(lots_arena_printf(&w->out->arena, &text, w->err, "missing: takes no part"));
    else
        LOTS_TRY(lots_arena_printf(&w->out->arena, &text, w->err, "%s, rank %" PRIu64 " of %" PRIu64 " with a value", value,
                                   place.rank, place.rows));
    w->text.count = 0;
    LOTS_TRY(lots_words_expr(&words, top->by, &w->text, w->err));
    LOTS_TRY(why_line(w, depth, "value", &line));
    line->value = text;
    if (place.last == UINT32_MAX)
        return LOTS_OK;
    LOTS_TRY(why_value(w, values, place.last, &last));
    w->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, top->bottom ? "kept are those up to" : "kept are those from"));
    LOTS_TRY(why_line(w, depth, "threshold", &line));
    line->value = last;
    return LOTS_OK;
}

static lots_status why_top(walk *w, const why_sight *sight, uint32_t stage, const lots_top *top, bool selects,
                           const lots_vector *values, uint32_t rows)
{
    uint32_t *stratum = NULL, strata = 1, passed = 0;
    uint64_t *keep = NULL;
    lots_top_kept kept;
    const char *text = NULL;
    LOTS_TRY(strata_of(w, values + 1, top->per_count, rows, &stratum, &strata));
    if (selects)
        LOTS_TRY(lots_top_select(top, &values[0], stratum, strata, NULL, &w->out->arena, &keep, &kept, w->err));
    for (uint32_t i = 0; keep != NULL && i < sight->count; i++)
        passed += lots_bit_get(keep, sight->row[i]);
    if (stage_of(w, stage)->kind == LOTS_STAGE_TOP) {
        LOTS_TRY(passed_text(w, sight, passed, &text));
        LOTS_TRY(stage_line(w, stage, text));
    }
    for (uint32_t i = 0; i < sight->count && i < LOTS_WHY_ROWS; i++)
        LOTS_TRY(rank_line(w, sight, i, top, values, stratum, keep, rows));
    return more_rows(w, sight);
}

static lots_status why_limit(walk *w, const why_sight *sight, uint32_t stage)
{
    uint32_t passed = 0;
    const char *text = NULL;
    for (uint32_t i = 0; i < sight->count; i++)
        passed += sight->row[i] < (uint64_t)stage_of(w, stage)->limit;
    LOTS_TRY(passed_text(w, sight, passed, &text));
    LOTS_TRY(stage_line(w, stage, text));
    for (uint32_t i = 0; i < sight->count && i < LOTS_WHY_ROWS; i++) {
        lots_line *line = NULL;
        char *place = NULL;
        uint32_t depth = 1;
        LOTS_TRY(why_row_line(w, sight, i, NULL, &depth));
        LOTS_TRY(lots_arena_printf(&w->out->arena, &place, w->err, "%" PRIu32, sight->row[i] + 1));
        w->text.count = 0;
        LOTS_TRY(lots_bytes_printf(&w->text, w->err, "place among all rows"));
        LOTS_TRY(why_line(w, depth, "value", &line));
        line->value = place;
    }
    return more_rows(w, sight);
}

lots_status why_ranked(walk *w, const why_sight *sight, uint32_t index, const lots_rowset *all, const lots_vector *values)
{
    const lots_bound_stage *stage = stage_of(w, index);
    w->stage = (int64_t)index + 1;
    switch (stage->kind) {
    case LOTS_STAGE_TOP: return why_top(w, sight, index, &stage->top, true, values, all->count);
    case LOTS_STAGE_LIMIT: return why_limit(w, sight, index);
    case LOTS_STAGE_FUNCTIONS:
        LOTS_TRY(stage_line(w, index, NULL));
        for (uint32_t f = 0; f < stage->function_count; f++) {
            const lots_row_function *function = &stage->functions[f];
            LOTS_TRY(why_top(w, sight, index, &function->top, function->kind == LOTS_ROW_TOP, values, all->count));
            values += 1 + function->top.per_count;
        }
        return LOTS_OK;
    default: return LOTS_OK;
    }
}
