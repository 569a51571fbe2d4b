/* group.c: see group.h. */
#include "query/exec/group.h"

#include <string.h>

#include "core/base/memory.h"
#include "query/exec/key_source.h"
#include "query/exec/suppress.h"
#include "query/exec/totals.h"
#include "query/exec/worker.h"

static const lots_row_agg PATIENTS = {.kind = LOTS_AGG_PATIENTS, .type = {.kind = LOTS_TYPE_INT}};

/* The sum, the mean and the shares of one value rest on the same persons: only one of them is fed. */
static lots_evidence *twin_of(const lots_group *group, uint32_t index)
{
    const lots_row_agg *aggs = group->stage->aggs;
    for (uint32_t i = 0; i < index && lots_evidence_of_sum(aggs[index].kind); i++)
        if (lots_evidence_of_sum(aggs[i].kind) && lots_row_agg_sees_same(&aggs[i], &aggs[index]))
            return &group->evidence[i];
    return NULL;
}

static lots_status open_evidence(lots_group *group, lots_error *err)
{
    void *made = NULL;
    if (group->min_cell == 0)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&made, (size_t)group->stage->agg_count + 1, sizeof(lots_evidence), err));
    group->evidence = made;
    for (uint32_t i = 0; i <= group->stage->agg_count; i++)
        lots_evidence_open(&group->evidence[i], i < group->stage->agg_count ? &group->stage->aggs[i] : &PATIENTS,
                           group->stage->totals ? 0 : group->min_cell);
    for (uint32_t i = 0; i < group->stage->agg_count; i++)
        group->evidence[i].twin = twin_of(group, i);
    return LOTS_OK;
}

bool lots_group_counts_all(const lots_row_agg *agg)
{
    return (agg->kind == LOTS_AGG_COUNT || agg->kind == LOTS_AGG_PATIENTS) && agg->where == NULL && agg->value == NULL;
}

/* A sum of all rows, whose lines count the patients behind them on the way. */
static bool couples(const lots_row_agg *agg)
{
    return (agg->kind == LOTS_AGG_SUM || agg->kind == LOTS_AGG_MEAN) && agg->where == NULL &&
           agg->value->type.kind != LOTS_TYPE_FLOAT;
}

static lots_evidence *evidence_of(lots_group *group, uint32_t index)
{
    const uint32_t patients = group->stage->agg_count;
    return &group->evidence[index < patients && lots_group_counts_all(&group->stage->aggs[index]) ? patients : index];
}

static lots_status open_level(lots_group *group, const lots_bound_stage *stage, uint32_t key_count, uint32_t min_cell,
                              lots_error *err)
{
    lots_type types[LOTS_COLUMNS_MAX];
    void *made = NULL;
    memset(group, 0, sizeof *group);
    memset(&types[0], 0, sizeof types[0]);
    group->stage = stage;
    group->key_count = key_count;
    group->min_cell = min_cell;
    if (stage->key_count > LOTS_COLUMNS_MAX)
        return lots_ast_fail(err, stage->span, "more than %u keys", LOTS_COLUMNS_MAX);
    for (uint32_t i = 0; i < key_count; i++)
        types[i] = stage->keys[i].value->type;
    LOTS_TRY(lots_keyer_open(&group->keyer, types, key_count, err));
    for (uint32_t i = 0; i < key_count; i++)
        lots_keyer_of_source(&group->keyer, i, stage->keys[i].value);
    LOTS_TRY(lots_alloc(&made, stage->agg_count, sizeof(lots_group_state), err));
    group->states = made;
    for (uint32_t i = 0; i < stage->agg_count; i++) {
        LOTS_TRY(lots_group_state_open(&group->states[i], &stage->aggs[i], err));
        lots_group_state_pair(&group->states[i], group->states);
    }
    LOTS_TRY(lots_alloc(&made, (size_t)stage->agg_count + 1, sizeof(lots_group_counter), err));
    group->counters = made;
    for (group->coupled = 0; group->coupled < stage->agg_count && !couples(&stage->aggs[group->coupled]);)
        group->coupled++;
    group->next_person = 1;
    LOTS_TRY(open_evidence(group, err));
    return lots_group_state_open(&group->patients, &PATIENTS, err);
}

lots_status lots_group_open(lots_group *group, const lots_bound_stage *stage, uint32_t min_cell, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(open_level(group, stage, stage->key_count, min_cell, err));
    if (!stage->totals)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&made, stage->key_count, sizeof(lots_group), err));
    group->totals = made;
    for (uint32_t j = 0; j < stage->key_count; j++)
        LOTS_TRY(open_level(&group->totals[j], stage, j, min_cell, err));
    return LOTS_OK;
}

void lots_group_close(lots_group *group)
{
    for (uint32_t j = 0; group->totals != NULL && j < group->stage->key_count; j++)
        lots_group_close(&group->totals[j]);
    lots_free(group->totals);
    for (uint32_t i = 0; group->states != NULL && i < group->stage->agg_count; i++)
        lots_group_state_close(&group->states[i]);
    for (uint32_t i = 0; group->evidence != NULL && i <= group->stage->agg_count; i++)
        lots_evidence_close(&group->evidence[i]);
    for (uint32_t i = 0; group->counters != NULL && i <= group->stage->agg_count; i++)
        lots_group_counter_close(&group->counters[i]);
    lots_free(group->counters);
    lots_free(group->evidence);
    lots_free(group->states);
    lots_group_state_close(&group->patients);
    lots_group_stamps_close(&group->stamps);
    lots_vec_free(&group->cell_groups);
    lots_keyer_close(&group->keyer);
    memset(group, 0, sizeof *group);
}

/* Room for all groups that there are. While rows are counted in lines none is needed. */
static lots_status grow_states(lots_group *group, lots_error *err)
{
    for (uint32_t i = 0; i < group->stage->agg_count; i++)
        LOTS_TRY(lots_group_state_grow(&group->states[i], group->keyer.count, err));
    for (uint32_t i = 0; group->evidence != NULL && i <= group->stage->agg_count; i++)
        LOTS_TRY(lots_evidence_grow(&group->evidence[i], group->keyer.count, err));
    return lots_group_state_grow(&group->patients, group->keyer.count, err);
}

static lots_status number_rows(lots_group *group, lots_worker *worker, const lots_instance *rows, const uint64_t *present,
                               uint32_t **out, lots_error *err)
{
    void *numbers = NULL, *keys = NULL;
    lots_arena *arena = lots_worker_arena(worker);
    LOTS_TRY(lots_arena_vector(arena, &numbers, rows->count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &keys, group->key_count, sizeof(lots_vector), err));
    for (uint32_t i = 0; i < group->key_count; i++)
        LOTS_TRY(lots_key_source(group->stage->keys[i].value, worker, rows, &((lots_vector *)keys)[i], err));
    LOTS_TRY(lots_keyer_number_some(&group->keyer, keys, rows->count, present, numbers, err));
    *out = numbers;
    return LOTS_OK;
}

/* In a table the patients behind a group are at most the sum of those behind its rows. Rows that are themselves hidden stay
 * out: else the sum of the others, taken from it, would give them back. */
static void feed_behind(lots_group *group, const uint32_t *numbers, uint32_t rows, const lots_vector *behind)
{
    lots_group_cell *cells = group->patients.cells.data;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t persons = ((const int64_t *)behind->data)[behind->constant ? 0 : row];
        cells[numbers[row]].count += persons < (int64_t)group->min_cell ? 0 : (uint64_t)persons;
    }
}

/* Can no value be large or below 0? Days of an interval and ages can't, of a column the store says so, where the rows are. */
static bool is_bounded(const lots_expr *value, const lots_worker *worker)
{
    if (value != NULL && (value->op == LOTS_OP_INTERVAL_DAYS || value->op == LOTS_OP_AGE))
        return true;
    if (value == NULL || value->op != LOTS_OP_COLUMN || worker->segment == NULL ||
        (value->type.kind != LOTS_TYPE_INT && value->type.kind != LOTS_TYPE_DECIMAL))
        return false;
    const uint32_t at = worker->query->frames[value->of_frame].relation;
    if (at == UINT32_MAX || at >= worker->query->relation_count)
        return false;
    const lots_relation *relation = &worker->query->relations[at];
    if (relation->kind != LOTS_RELATION_STREAM)
        return false;
    const lots_block_meta *meta = lots_segment_meta(worker->segment, relation->stream, relation->columns[value->index].column,
                                                    LOTS_PART_VALUES, worker->chunk);
    return meta->min >= 0 && meta->max <= INT32_MAX;
}

/* What an aggregate asks of the rows. */
static lots_status operands(const lots_row_agg *agg, lots_worker *worker, const lots_instance *rows, lots_vector *values,
                            lots_group_batch *batch, lots_error *err)
{
    uint64_t *where = NULL;
    lots_expr *const exprs[] = {agg->value, agg->exit, agg->at};
    const lots_vector **const places[] = {&batch->value, &batch->exit, &batch->at};
    for (uint32_t i = 0; i < 3; i++) {
        *places[i] = exprs[i] != NULL ? &values[i] : NULL;
        if (exprs[i] != NULL)
            LOTS_TRY(lots_eval(worker, exprs[i], rows, &values[i], err));
    }
    if (agg->where != NULL)
        LOTS_TRY(lots_eval_true(worker, agg->where, rows, &where, err));
    batch->where = where;
    batch->bounded = is_bounded(agg->value, worker);
    return LOTS_OK;
}

lots_evidence *lots_group_fed_evidence(lots_group *group, uint32_t index)
{
    const bool own = index < group->stage->agg_count && !lots_group_counts_all(&group->stage->aggs[index]);
    return group->evidence != NULL && own && group->evidence[index].twin == NULL ? &group->evidence[index] : NULL;
}

/* Add what lines have counted to the states and the evidence. */
static lots_status settle(lots_group *group, lots_error *err)
{
    const uint32_t patients = group->stage->agg_count;
    LOTS_TRY(grow_states(group, err));
    for (uint32_t i = 0; i <= patients; i++) {
        const bool all = i == patients || lots_group_counts_all(&group->stage->aggs[i]);
        const lots_group_counter *counter = &group->counters[all ? group->coupled : i];
        lots_group_state *state = i == patients ? &group->patients : &group->states[i];
        lots_group_counter_end(&group->counters[i], lots_group_fed_evidence(group, i));
        for (uint32_t g = 0; counter->rows > 0 && g < group->keyer.count; g++) {
            lots_group_counted kept = lots_group_counter_kept(counter, g), left = lots_group_counter_left(counter, g);
            kept = all ? (lots_group_counted){kept.rows, kept.persons, 0, 0} : kept;
            if (lots_group_counter_is_state(state->agg))
                lots_group_state_add(state, g, &kept, &left);
            if (group->evidence != NULL && (i == patients || !all))
                lots_evidence_add(&group->evidence[i], g, &kept, &left);
        }
    }
    for (uint32_t i = 0; i <= patients; i++)
        lots_group_counter_clear(&group->counters[i]);
    return LOTS_OK;
}

/* Of a table the persons behind the groups. */
static lots_status feed_of_table(lots_group *group, lots_group_batch *batch, lots_error *err)
{
    LOTS_TRY(grow_states(group, err));
    if (batch->behind != NULL)
        feed_behind(group, batch->number, batch->rows, batch->behind);
    if (group->evidence == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_group_batch_number(batch, &group->stamps, err));
    return lots_evidence_feed(&group->evidence[group->stage->agg_count], batch, err);
}

/* From here on patients are counted by themselves. */
static lots_status uncouple(lots_group *group, lots_error *err)
{
    lots_group_counter *patients = &group->counters[group->stage->agg_count];
    const uint32_t with = group->coupled;
    group->coupled = group->stage->agg_count;
    return lots_group_counter_copy(patients, &group->counters[with], err);
}

static lots_status feed_patients(lots_group *group, lots_group_batch *batch, lots_error *err)
{
    lots_group_taken taken;
    lots_group_batch_whole(batch);
    return lots_group_counter_feed(&group->counters[group->stage->agg_count], batch, &PATIENTS, NULL, &taken, err);
}

static lots_status feed_aggregate(lots_group *group, uint32_t index, lots_group_batch *batch, lots_error *err)
{
    const lots_row_agg *agg = &group->stage->aggs[index];
    const bool own = !lots_group_counts_all(agg);
    lots_evidence *evidence = lots_group_fed_evidence(group, index);
    lots_group_taken taken = {.state = batch->patient != NULL};
    if (index == group->coupled && batch->kept != &batch->all)
        LOTS_TRY(uncouple(group, err));
    if (evidence != NULL)
        LOTS_TRY(lots_evidence_grow(evidence, batch->known, err));
    if (own)
        LOTS_TRY(lots_group_counter_feed(&group->counters[index], batch, agg, evidence, &taken, err));
    if (index == group->coupled && !taken.state)
        LOTS_TRY(uncouple(group, err));
    if (evidence == NULL && group->evidence != NULL)
        group->evidence[index].of_groups = group->evidence[group->stage->agg_count].of_groups;
    if (taken.state && (evidence == NULL || taken.evidence))
        return LOTS_OK;
    LOTS_TRY(lots_group_batch_number(batch, &group->stamps, err));
    if (!taken.state) {
        LOTS_TRY(lots_group_state_grow(&group->states[index], batch->known, err));
        LOTS_TRY(lots_group_state_feed(&group->states[index], batch, err));
    }
    return evidence == NULL || taken.evidence ? LOTS_OK : lots_evidence_feed(evidence, batch, err);
}

lots_status lots_group_number_persons(lots_group *group, lots_patient low, lots_patient high, lots_patient *first, lots_error *err)
{
    if (group->next_person + (high - low) >= LOTS_NO_PATIENT)
        return lots_fail(err, LOTS_LIMIT, "more than %u persons", LOTS_NO_PATIENT);
    *first = (lots_patient)group->next_person - low; /* modulo 2^32, as it is added */
    group->next_person += (uint64_t)(high - low) + 1;
    return LOTS_OK;
}

static lots_status feed_level(lots_group *group, lots_worker *worker, const lots_instance *rows,
                              const lots_patient *patient, const lots_vector *behind, const lots_group_weights *weights,
                              const uint64_t *present, lots_error *err)
{
    lots_group_batch batch = {.rows = rows->count, .patient = patient, .behind = behind, .present = present,
                              .weight = weights != NULL ? weights->weight : NULL,
                              .arena = lots_worker_arena(worker), .others = group->evidence != NULL};
    uint32_t *numbers = NULL;
    lots_vector values[3];
    LOTS_TRY(number_rows(group, worker, rows, present, &numbers, err));
    batch.number = numbers;
    batch.known = group->keyer.count;
    lots_group_batch_begin(&batch);
    if (patient != NULL)
        LOTS_TRY(lots_group_number_persons(group, patient[0], patient[rows->count - 1], &batch.first_person, err));
    if (group->counters[group->coupled].rows + batch.rows_in_all > LOTS_LINE_ROWS)
        LOTS_TRY(settle(group, err));
    if (patient == NULL)
        LOTS_TRY(feed_of_table(group, &batch, err));
    for (uint32_t i = 0; i < group->stage->agg_count; i++) {
        LOTS_TRY(operands(&group->stage->aggs[i], worker, rows, values, &batch, err));
        LOTS_TRY(lots_group_batch_split(&batch, &group->stage->aggs[i], err));
        LOTS_TRY(feed_aggregate(group, i, &batch, err));
    }
    if (patient != NULL && group->coupled == group->stage->agg_count)
        LOTS_TRY(feed_patients(group, &batch, err));
    return LOTS_OK;
}

/* Each batch has other persons, their rows side by side. */
static void count_entered(lots_group *group, const lots_patient *patient, const uint64_t *present, uint32_t rows)
{
    lots_patient last = LOTS_NO_PATIENT;
    for (uint32_t row = 0; patient != NULL && group->entered < group->min_cell && row < rows; row++) {
        if (present != NULL && !lots_bit_get(present, row))
            continue;
        group->entered += patient[row] != last ? 1 : 0;
        last = patient[row];
    }
}

lots_status lots_group_feed(lots_group *group, lots_worker *worker, const lots_instance *rows,
                            const lots_patient *patient, const lots_vector *behind, const lots_group_weights *weights,
                            const uint64_t *present, lots_error *err)
{
    if (rows->count == 0)
        return LOTS_OK;
    if (weights != NULL)
        group->entered += weights->persons;
    else
        count_entered(group, patient, present, rows->count);
    for (uint32_t j = 0; group->totals != NULL && j < group->key_count; j++)
        LOTS_TRY(feed_level(&group->totals[j], worker, rows, patient, behind, weights, present, err));
    return feed_level(group, worker, rows, patient, behind, weights, present, err);
}

/* What the groups of `from` are here. */
static lots_status map_groups(lots_group *group, const lots_group *from, lots_arena *arena, uint32_t **out, lots_error *err)
{
    void *keys = NULL, *map = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &keys, from->keyer.column_count, sizeof(lots_vector), err));
    LOTS_TRY(lots_arena_vector(arena, &map, from->keyer.count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < from->keyer.column_count; i++)
        LOTS_TRY(lots_collected_vector(&from->keyer.columns[i], arena, &((lots_vector *)keys)[i], err));
    *out = map;
    return lots_keyer_number(&group->keyer, keys, from->keyer.count, map, err);
}

/* Lines to lines; states and evidence where there are any. */
static lots_status join_mapped(lots_group *group, lots_group *from, const uint32_t *map, lots_error *err)
{
    const uint32_t patients = group->stage->agg_count;
    lots_group *const both[2] = {group, from};
    for (uint32_t k = 0; k < 2 && group->coupled != from->coupled; k++)
        if (both[k]->coupled != patients)
            LOTS_TRY(uncouple(both[k], err));
    if (group->counters[group->coupled].rows + from->counters[group->coupled].rows > LOTS_LINE_ROWS)
        LOTS_TRY(settle(group, err));
    for (uint32_t i = 0; i <= patients; i++) {
        lots_group_state *to = i == patients ? &group->patients : &group->states[i];
        lots_group_state *more = i == patients ? &from->patients : &from->states[i];
        lots_group_counter_end(&group->counters[i], lots_group_fed_evidence(group, i));
        lots_group_counter_end(&from->counters[i], lots_group_fed_evidence(from, i));
        if (more->cells.count > 0)
            LOTS_TRY(lots_group_state_grow(to, group->keyer.count, err));
        LOTS_TRY(lots_group_state_join(to, more, map, err));
        LOTS_TRY(lots_group_counter_join(&group->counters[i], &from->counters[i], map, from->keyer.count,
                                         group->keyer.count, err));
        if (group->evidence == NULL || (i < patients && lots_group_counts_all(&group->stage->aggs[i])))
            continue;
        LOTS_TRY(lots_evidence_grow(&group->evidence[i], group->keyer.count, err));
        lots_evidence_join(&group->evidence[i], &from->evidence[i], map);
    }
    return LOTS_OK;
}

static lots_status join_level(lots_group *group, lots_group *from, lots_error *err)
{
    lots_arena arena;
    uint32_t *map = NULL;
    lots_arena_init(&arena, 0);
    lots_status status = map_groups(group, from, &arena, &map, err);
    if (status == LOTS_OK)
        status = join_mapped(group, from, map, err);
    lots_arena_free(&arena);
    return status;
}

lots_status lots_group_join(lots_group *group, lots_group *from, lots_error *err)
{
    if (group->keyer.count == 0) { /* of groups without keys too: no row was fed */
        const lots_group empty = *group;
        *group = *from;
        *from = empty;
        return LOTS_OK;
    }
    group->entered += from->entered;
    for (uint32_t j = 0; group->totals != NULL && j < group->key_count; j++)
        LOTS_TRY(join_level(&group->totals[j], &from->totals[j], err));
    return join_level(group, from, err);
}

/* As grow_states, each counted before the next. */
static lots_status grow_counted(lots_group *level, lots_group *group, lots_budget *budget, lots_error *err)
{
    for (uint32_t i = 0; i < level->stage->agg_count; i++) {
        LOTS_TRY(lots_group_state_grow(&level->states[i], level->keyer.count, err));
        LOTS_TRY(lots_group_count(group, budget, err));
    }
    for (uint32_t i = 0; level->evidence != NULL && i <= level->stage->agg_count; i++) {
        LOTS_TRY(lots_evidence_grow(&level->evidence[i], level->keyer.count, err));
        LOTS_TRY(lots_group_count(group, budget, err));
    }
    LOTS_TRY(lots_group_state_grow(&level->patients, level->keyer.count, err));
    return lots_group_count(group, budget, err);
}

lots_status lots_group_settle(lots_group *group, lots_budget *budget, lots_error *err)
{
    for (uint32_t j = 0; group->totals != NULL && j < group->key_count; j++)
        LOTS_TRY(grow_counted(&group->totals[j], group, budget, err));
    LOTS_TRY(grow_counted(group, group, budget, err));
    for (uint32_t j = 0; group->totals != NULL && j < group->key_count; j++)
        LOTS_TRY(settle(&group->totals[j], err));
    LOTS_TRY(settle(group, err));
    return lots_group_count(group, budget, err);
}

lots_status lots_group_values(lots_group *group, lots_pool *pool, lots_arena *arena, lots_vector *slots, lots_error *err)
{
    if (group->key_count == 0 && group->keyer.count == 0)
        group->keyer.count = 1; /* no rows: one line of zeros */
    LOTS_TRY(settle(group, err));
    for (uint32_t i = 0; i < group->key_count; i++)
        LOTS_TRY(lots_collected_vector(&group->keyer.columns[i], arena, &slots[i], err));
    for (uint32_t i = 0; i < group->stage->agg_count; i++)
        LOTS_TRY(lots_group_state_result(&group->states[i], group->keyer.count, pool, arena,
                                         &slots[group->key_count + i], err));
    return lots_group_state_result(&group->patients, group->keyer.count, pool, arena,
                                   &slots[group->key_count + group->stage->agg_count], err);
}

/* ---- the table ---- */

static lots_group *level_of(lots_group *group, uint32_t level)
{
    return level < group->key_count ? &group->totals[level] : group;
}

/* All is shown, but the keys of totals. */
static lots_status begin_marks(const lots_group *group, const lots_total_rows *rows, lots_arena *arena, lots_vector *marks,
                               lots_error *err)
{
    lots_type type = {.kind = LOTS_TYPE_INT};
    for (uint32_t i = 0; i <= group->key_count + group->stage->agg_count; i++) {
        LOTS_TRY(lots_vector_new(arena, &type, rows->count, &marks[i], err));
        for (uint32_t row = 0; row < rows->count; row++)
            ((int64_t *)marks[i].data)[row] =
                i < group->key_count && i >= rows->level[row] ? LOTS_MARK_TOTAL : LOTS_MARK_SHOWN;
    }
    return LOTS_OK;
}

/* How each cell is judged by itself. Keys are judged when all else is. */
static lots_status judge_cells(lots_group *group, const lots_total_rows *rows, lots_arena *arena, lots_suppress *table,
                               lots_error *err)
{
    uint32_t columns = group->stage->agg_count + 1;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &made, (size_t)columns * rows->count, sizeof(lots_evidence_cell *), err));
    const lots_evidence_cell **cells = made;
    for (uint32_t c = 0; c < columns; c++)
        for (uint32_t row = 0; row < rows->count; row++) {
            lots_evidence *evidence = evidence_of(level_of(group, rows->level[row]), c);
            const lots_evidence_cell *cell = lots_evidence_at(evidence, rows->number[row]);
            cells[(size_t)c * rows->count + row] = cell;
            ((int64_t *)table->marks[group->key_count + c].data)[row] =
                lots_evidence_judge_cell(evidence, cell, group->min_cell);
        }
    table->cells = cells;
    table->evidence = group->evidence;
    return LOTS_OK;
}

lots_status lots_group_table(lots_group *group, lots_pool *pool, lots_arena *arena, lots_vector *slots, lots_vector *marks,
                             uint32_t *rows, lots_error *err)
{
    lots_total_rows made;
    LOTS_TRY(lots_totals_gather(group, pool, arena, slots, &made, err));
    *rows = made.count;
    if (group->evidence == NULL && group->totals == NULL)
        return LOTS_OK;
    LOTS_TRY(begin_marks(group, &made, arena, marks, err));
    if (group->evidence == NULL)
        return LOTS_OK;
    lots_suppress table = {.stage = group->stage, .min_cell = group->min_cell, .rows = made.count, .slots = slots,
                           .marks = marks, .parent = group->totals != NULL ? made.parent : NULL};
    if (group->entered > 0 && group->entered < group->min_cell) {
        LOTS_TRY(lots_suppress_few(&table, arena, err));
        *rows = table.rows;
        return LOTS_OK;
    }
    LOTS_TRY(judge_cells(group, &made, arena, &table, err));
    return lots_suppress_cells(&table, arena, err);
}
