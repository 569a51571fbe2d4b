/* run_join.c: rows of tables of the registry, and joins on rows in memory. See run_inner.h, join.h. */
#include <string.h>

#include "core/index/bitset.h"
#include "query/exec/alike.h"
#include "query/exec/run_inner.h"
#include "query/exec/table_source.h"

/* ---- from table ---- */

lots_status run_table_source(run *r, const lots_bound_stage *stage, lots_error *err)
{
    lots_registry *registry = r->query->registry;
    const lots_batch *batch = NULL;
    void *made = NULL;
    LOTS_TRY(lots_registry_table(registry, stage->table, &batch, err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, stage->table_slots, sizeof(lots_vector), err));
    for (uint32_t c = 0; c < batch->column_count; c++)
        LOTS_TRY(lots_table_column(registry, batch, c, &r->arena, &((lots_vector *)made)[c], err));
    r->rows = (lots_rowset){.frame = stage->table_frame, .count = batch->rows, .slots = made,
                            .slot_count = stage->table_slots};
    r->have = true;
    return LOTS_OK;
}

/* ---- the right sides ---- */

static bool has_note(const run *r, const char *text)
{
    for (size_t i = 0; i < r->notes.count; i++)
        if (strcmp(LOTS_AT(const char *, &r->notes, i), text) == 0)
            return true;
    return false;
}

/* An earlier join with the same right side; NULL: there is none. */
static const lots_join *find_alike(const run *r, uint32_t stage)
{
    const lots_bound_stage *stages = r->pipeline->stages;
    for (uint32_t s = 0; s < stage; s++)
        if (stages[s].kind == LOTS_STAGE_JOIN && lots_alike_pipelines(r->query, stages[s].join->right, stages[stage].join->right))
            return &r->joins[s];
    return NULL;
}

/* What a right side takes is gone for the rest of the run. */
static lots_status open_join(run *r, uint32_t stage, lots_error *err)
{
    lots_run_options options = *r->options;
    lots_join *join = &r->joins[stage];
    const lots_join *alike = find_alike(r, stage);
    const size_t left = lots_budget_left(r->budget);
    if (left <= 1)
        return lots_fail(err, LOTS_LIMIT, "no memory is left for a joined table");
    options.memory_bytes = left;
    options.observer = NULL;
    options.joined = true;
    LOTS_TRY(alike != NULL
                 ? lots_join_again(join, r->query, r->pipeline->stages[stage].join, alike, r->workers[0], err)
                 : lots_join_open(join, r->query, r->pipeline->stages[stage].join, &options, r->workers[0], err));
    LOTS_TRY(lots_budget_take(r->budget, join->right.arena.used_bytes, err));
    run_add_work(&r->result->work, &join->right.work);
    for (uint32_t i = 0; i < join->right.note_count; i++)
        if (!has_note(r, join->right.notes[i])) /* one table may be joined twice */
            LOTS_TRY(run_note(r, err, join->right.notes[i]));
    return LOTS_OK;
}

lots_status run_open_joins(run *r, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, r->pipeline->stage_count, sizeof(lots_join), err));
    r->joins = made;
    for (uint32_t s = 0; s < r->pipeline->stage_count; s++)
        if (r->pipeline->stages[s].kind == LOTS_STAGE_JOIN)
            LOTS_TRY(open_join(r, s, err));
    return LOTS_OK;
}

void run_close_joins(run *r)
{
    for (uint32_t s = 0; r->joins != NULL && s < r->pipeline->stage_count; s++)
        lots_join_close(&r->joins[s]);
}

/* ---- joining ---- */

static const lots_type mark_type = {.kind = LOTS_TYPE_INT};

/* Marks of the rows, all shown; tables without hidden cells have none. */
static lots_status want_marks(run *r, lots_error *err)
{
    void *made = NULL;
    if (r->rows.marks != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)r->rows.slot_count + 1, sizeof(lots_vector), err));
    r->rows.marks = made;
    LOTS_TRY(lots_vector_new(&r->arena, &mark_type, r->rows.count, &r->rows.marks[r->rows.slot_count], err));
    memset(r->rows.marks[r->rows.slot_count].data, 0, r->rows.count * sizeof(int64_t));
    return LOTS_OK;
}

/* What is hidden on the right is hidden in the rows that have it; so is all of the right rows in `telling` (may be NULL). */
static lots_status take_marks(run *r, const uint8_t *marks, const uint32_t *found, const uint64_t *telling,
                              lots_vector *out, lots_error *err)
{
    lots_vector made;
    LOTS_TRY(lots_vector_new(&r->arena, &mark_type, r->rows.count, &made, err));
    for (uint32_t i = 0; i < r->rows.count; i++) {
        int64_t mark = found[i] == LOTS_NO_ID || marks == NULL ? LOTS_MARK_SHOWN : marks[found[i]];
        bool tells = telling != NULL && found[i] != LOTS_NO_ID && lots_bit_get(telling, found[i]);
        ((int64_t *)made.data)[i] = tells && mark == LOTS_MARK_SHOWN ? LOTS_MARK_WITHHELD : mark;
    }
    *out = made;
    return LOTS_OK;
}

/* Of how many keys each row is a total; *most the most of any. */
static lots_status count_totals(run *r, uint32_t **out, uint32_t *most, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, r->rows.count, sizeof(uint32_t), err));
    *out = made;
    *most = 0;
    for (uint32_t slot = 0; slot < r->rows.slot_count; slot++) {
        const int64_t *marks = r->rows.marks[slot].data;
        for (uint32_t i = 0; marks != NULL && i < r->rows.count; i++) {
            (*out)[i] += marks[i] == LOTS_MARK_TOTAL ? 1 : 0;
            *most = (*out)[i] > *most ? (*out)[i] : *most;
        }
    }
    return LOTS_OK;
}

/* Numbers of a whole beside its parts: where some parts are hidden and the others are all but a few of the whole's persons,
 * the whole would give the hidden ones back. The parts are the rows that find it, those of one level of totals at a time.
 * Bits by right row; NULL when there are none. */
static lots_status find_telling(run *r, const lots_join *join, const uint32_t *found, uint64_t **out, lots_error *err)
{
    void *made = NULL;
    uint32_t *level = NULL, most = 0;
    *out = NULL;
    if (r->rows.marks == NULL || r->rows.behind.data == NULL || join->right.patients == NULL || r->options->min_cell == 0)
        return LOTS_OK;
    const int64_t *marks = r->rows.marks[r->rows.slot_count].data, *behind = r->rows.behind.data;
    LOTS_TRY(count_totals(r, &level, &most, err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, lots_bit_words(join->right.rows) + 1, sizeof(uint64_t), err));
    *out = made;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, join->right.rows, sizeof(int64_t), err));
    int64_t *shown = made;
    for (uint32_t at = 0; at <= most; at++) {
        memset(shown, 0, join->right.rows * sizeof(int64_t));
        for (uint32_t i = 0; i < r->rows.count; i++)
            if (level[i] == at && found[i] != LOTS_NO_ID && marks[i] == LOTS_MARK_SHOWN)
                shown[found[i]] += behind[i];
        for (uint32_t i = 0; i < r->rows.count; i++)
            if (level[i] == at && found[i] != LOTS_NO_ID && marks[i] != LOTS_MARK_SHOWN &&
                join->right.patients[found[i]] - shown[found[i]] < (int64_t)r->options->min_cell)
                lots_bit_set(*out, found[i]);
    }
    return LOTS_OK;
}

/* Of which keys each row is a total, and the rows that have a hidden key: NULL when the table has neither. */
static lots_status judge_keys(run *r, const lots_bound_join *bound, int64_t **totals, uint64_t **hidden, lots_error *err)
{
    void *sums = NULL, *bits = NULL;
    *totals = NULL;
    *hidden = NULL;
    if (r->rows.marks == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&r->arena, &sums, r->rows.count, sizeof(int64_t), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &bits, lots_bit_words(r->rows.count) + 1, sizeof(uint64_t), err));
    for (uint32_t k = 0; k < bound->key_count; k++) {
        const lots_expr *key = bound->left_keys[k];
        while (key->operand_count == 1) /* turned into the type of its partner */
            key = key->operands[0];
        const bool slot = key->op == LOTS_OP_SLOT && key->of_frame == r->rows.frame && key->index < r->rows.slot_count;
        const int64_t *marks = slot ? r->rows.marks[key->index].data : NULL;
        for (uint32_t i = 0; marks != NULL && i < r->rows.count; i++)
            if (marks[i] == LOTS_MARK_TOTAL)
                ((int64_t *)sums)[i] |= INT64_C(1) << k;
            else if (marks[i] != LOTS_MARK_SHOWN)
                lots_bit_set(bits, i);
    }
    *totals = sums;
    *hidden = bits;
    return LOTS_OK;
}

static bool is_number(const lots_type *type)
{
    return lots_type_is_number(type) || type->kind == LOTS_TYPE_DAYS;
}

static lots_status take_column(run *r, const lots_result_column *column, uint32_t slot, const uint32_t *found,
                               const uint64_t *telling, lots_error *err)
{
    const uint64_t *tells = is_number(&column->type) ? telling : NULL;
    void *made = NULL;
    if (r->rows.patient != NULL || (column->marks == NULL && tells == NULL))
        return lots_vector_gather(&r->arena, &column->values, found, r->rows.count, &r->rows.slots[slot], err);
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, r->rows.count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < r->rows.count; i++)
        ((uint32_t *)made)[i] = tells != NULL && found[i] != LOTS_NO_ID && lots_bit_get(tells, found[i]) ? LOTS_NO_ID
                                                                                                         : found[i];
    LOTS_TRY(lots_vector_gather(&r->arena, &column->values, made, r->rows.count, &r->rows.slots[slot], err));
    LOTS_TRY(want_marks(r, err));
    return take_marks(r, column->marks, found, tells, &r->rows.marks[slot], err);
}

/* Behind rows of a table is nobody: then those behind what they are joined with are. A hidden number stands as the least
 * there may be. */
static lots_status take_patients(run *r, const lots_join *join, const uint32_t *found, lots_error *err)
{
    lots_vector behind;
    if (r->rows.patient != NULL || r->rows.behind.data != NULL || join->right.patients == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_vector_new(&r->arena, &mark_type, r->rows.count, &behind, err));
    const uint8_t *marks = join->right.patients_marks;
    for (uint32_t i = 0; i < r->rows.count; i++) {
        bool hidden = found[i] != LOTS_NO_ID && marks != NULL && marks[found[i]] != LOTS_MARK_SHOWN;
        ((int64_t *)behind.data)[i] = found[i] == LOTS_NO_ID ? 0 : hidden ? 1 : join->right.patients[found[i]];
    }
    r->rows.behind = behind;
    if (marks == NULL)
        return LOTS_OK;
    LOTS_TRY(want_marks(r, err));
    return take_marks(r, marks, found, NULL, &r->rows.marks[r->rows.slot_count], err);
}

lots_status run_join_rows(run *r, const lots_bound_stage *stage, lots_error *err)
{
    const lots_join *join = &r->joins[stage - r->pipeline->stages];
    lots_instance *rows = NULL;
    uint32_t *found = NULL;
    uint64_t *telling = NULL, *hidden = NULL;
    int64_t *totals = NULL;
    LOTS_TRY(judge_keys(r, stage->join, &totals, &hidden, err));
    LOTS_TRY(run_instance(r, &rows, err));
    LOTS_TRY(lots_join_find(join, r->workers[0], rows, totals, &found, err));
    for (uint32_t i = 0; hidden != NULL && i < r->rows.count; i++)
        found[i] = lots_bit_get(hidden, i) ? LOTS_NO_ID : found[i];
    LOTS_TRY(find_telling(r, join, found, &telling, err));
    for (uint32_t i = 0; i < stage->join->column_count; i++)
        LOTS_TRY(take_column(r, &join->right.columns[stage->join->columns[i]], stage->join->slots[i], found, telling, err));
    return take_patients(r, join, found, err);
}
