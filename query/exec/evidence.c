/* evidence.c: see evidence.h. */
#include "query/exec/evidence.h"

#include <math.h>
#include <string.h>

#include "core/codec/block.h"
#include "query/exec/share.h"
#include "query/exec/survival.h"

#define DOMINANT 0.85 /* of a sum, by one person */

void lots_evidence_open(lots_evidence *evidence, const lots_row_agg *agg)
{
    memset(evidence, 0, sizeof *evidence);
    evidence->agg = agg;
    evidence->cells = LOTS_VEC(lots_evidence_cell);
}

void lots_evidence_close(lots_evidence *evidence) { lots_vec_free(&evidence->cells); }

lots_status lots_evidence_grow(lots_evidence *evidence, uint32_t groups, lots_error *err)
{
    void *room = NULL;
    size_t before = evidence->cells.count;
    if (groups <= before)
        return LOTS_OK;
    LOTS_TRY(lots_vec_extend(&evidence->cells, groups - before, &room, err));
    memset(room, 0, (groups - before) * sizeof(lots_evidence_cell));
    for (size_t i = before; i < groups; i++) {
        lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, i);
        cell->last = cell->last_other = cell->last_holder = LOTS_NO_PATIENT;
        cell->choice[0].last = cell->choice[1].last = LOTS_NO_PATIENT;
    }
    return LOTS_OK;
}

/* ---- feeding ---- */

static bool sums(lots_row_agg_kind kind)
{
    return kind == LOTS_AGG_SUM || kind == LOTS_AGG_MEAN || kind == LOTS_AGG_SHARE || kind == LOTS_AGG_GINI ||
           kind == LOTS_AGG_SD || kind == LOTS_AGG_TOP_SHARE || kind == LOTS_AGG_LORENZ_SHARE;
}

static double number_at(const lots_vector *value, uint32_t row)
{
    uint32_t at = value->constant ? 0 : row;
    switch (value->type.kind) {
    case LOTS_TYPE_BOOL: return lots_bit_get(value->data, at) ? 1 : 0;
    case LOTS_TYPE_DATE: return ((const int32_t *)value->data)[at];
    case LOTS_TYPE_FLOAT: return ((const double *)value->data)[at];
    default: return (double)((const int64_t *)value->data)[at];
    }
}

/* A number that orders as the value does and is equal when it is. */
static int64_t key_at(const lots_vector *value, uint32_t row)
{
    uint32_t at = value->constant ? 0 : row;
    switch (value->type.kind) {
    case LOTS_TYPE_BOOL: return lots_bit_get(value->data, at) ? 1 : 0;
    case LOTS_TYPE_DATE: return ((const int32_t *)value->data)[at];
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE: return ((const uint32_t *)value->data)[at];
    case LOTS_TYPE_FLOAT: return lots_f64_key(((const double *)value->data)[at] + 0.0); /* -0 + 0 is 0 */
    default: return ((const int64_t *)value->data)[at];
    }
}

/* The sum of the patient seen last is complete. */
static void settle(lots_evidence_cell *cell)
{
    double size = fabs(cell->sum);
    cell->givers += size > 0 ? 1 : 0;
    cell->largest = size > cell->largest ? size : cell->largest;
    cell->all += size;
    cell->sum = 0;
}

static void count_person(uint32_t *count, uint32_t *last, const lots_group_batch *batch, uint32_t row, uint32_t behind)
{
    if (batch->patient == NULL) {
        *count = behind > *count ? behind : *count;
    } else if (batch->patient[row] != *last) {
        *last = batch->patient[row];
        ++*count;
    }
}

static void hold_extreme(const lots_row_agg *agg, lots_evidence_cell *cell, const lots_group_batch *batch, uint32_t row,
                         uint32_t behind)
{
    int64_t key = key_at(batch->value, row);
    if (cell->holders == 0 || (agg->kind == LOTS_AGG_MIN ? key < cell->extreme : key > cell->extreme)) {
        cell->extreme = key;
        cell->holders = 0;
        cell->last_holder = LOTS_NO_PATIENT;
    }
    if (key == cell->extreme)
        count_person(&cell->holders, &cell->last_holder, batch, row, behind);
}

static void hold_choice(lots_evidence_cell *cell, const lots_group_batch *batch, uint32_t row)
{
    const double value = number_at(batch->value, row);
    for (uint32_t i = 0; i < 2; i++) {
        if (i == cell->choices)
            cell->choice[cell->choices++].value = value;
        if (cell->choice[i].value == value) {
            count_person(&cell->choice[i].persons, &cell->choice[i].last, batch, row, 0);
            return;
        }
    }
    cell->choices = 3;
}

/* KM …: those with the event (by then), those without, those who are still there. As feed_followed of group_state.c. */
static void feed_followed(lots_evidence_cell *cell, const lots_group_batch *batch, uint32_t row, uint32_t behind)
{
    bool placed = batch->at == NULL || !lots_vector_is_missing(batch->at, row);
    if (!placed || lots_vector_is_missing(batch->exit, row) || key_at(batch->value, row) < 0)
        return;
    int64_t time = key_at(batch->value, row), at = batch->at != NULL ? key_at(batch->at, row) : INT64_MAX;
    if (key_at(batch->exit, row) == LOTS_EXIT_EVENT && time <= at)
        count_person(&cell->patients, &cell->last, batch, row, behind);
    else
        count_person(&cell->others, &cell->last_other, batch, row, behind);
    if (time >= at)
        count_person(&cell->holders, &cell->last_holder, batch, row, behind);
}

static void feed_row(lots_evidence *evidence, const lots_group_batch *batch, uint32_t row, uint32_t behind)
{
    const lots_row_agg *agg = evidence->agg;
    lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, batch->group[row]);
    bool kept = batch->where == NULL || lots_bit_get(batch->where, row);
    if (batch->value != NULL && lots_vector_is_missing(batch->value, row))
        return;
    if (lots_row_agg_follows(agg)) {
        if (kept)
            feed_followed(cell, batch, row, behind);
        return;
    }
    if (agg->kind == LOTS_AGG_COUNT_DISTINCT && batch->value->type.kind == LOTS_TYPE_SET) {
        uint32_t at = batch->value->constant ? 0 : row;
        if (batch->value->offsets[at] == batch->value->offsets[at + 1])
            return;
    }
    if (agg->kind == LOTS_AGG_RATE) {
        if (!kept)
            return;
        kept = key_at(batch->value, row) != 0;
    }
    if (!kept) {
        count_person(&cell->others, &cell->last_other, batch, row, behind);
        return;
    }
    if (sums(agg->kind) && batch->patient != NULL && batch->patient[row] != cell->last)
        settle(cell);
    count_person(&cell->patients, &cell->last, batch, row, behind);
    if (sums(agg->kind)) {
        cell->sum += number_at(batch->value, row);
        if (cell->choices < 3)
            hold_choice(cell, batch, row);
    } else if ((agg->kind == LOTS_AGG_MIN || agg->kind == LOTS_AGG_MAX) && batch->value->type.kind != LOTS_TYPE_TEXT)
        hold_extreme(agg, cell, batch, row, behind);
}

void lots_evidence_feed(lots_evidence *evidence, const lots_group_batch *batch, const lots_vector *behind)
{
    evidence->of_groups = evidence->of_groups || batch->patient == NULL;
    for (uint32_t row = 0; row < batch->rows; row++) {
        int64_t persons = behind == NULL ? 0 : ((const int64_t *)behind->data)[behind->constant ? 0 : row];
        feed_row(evidence, batch, row, persons > UINT32_MAX ? UINT32_MAX : (uint32_t)persons);
    }
}

static void join_choices(lots_evidence_cell *cell, const lots_evidence_cell *more)
{
    for (uint32_t k = 0; k < 2 && k < more->choices && cell->choices < 3; k++) {
        uint32_t i = 0;
        while (i < cell->choices && cell->choice[i].value != more->choice[k].value)
            i++;
        if (i == cell->choices)
            cell->choices++;
        if (i < 2) {
            cell->choice[i].value = more->choice[k].value;
            cell->choice[i].persons += more->choice[k].persons;
        }
    }
    cell->choices = more->choices == 3 ? 3 : cell->choices;
}

void lots_evidence_join(lots_evidence *evidence, lots_evidence *from, const uint32_t *map)
{
    bool least = evidence->agg->kind == LOTS_AGG_MIN;
    for (size_t g = 0; g < from->cells.count; g++) {
        lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, map[g]);
        lots_evidence_cell *more = &LOTS_AT(lots_evidence_cell, &from->cells, g);
        settle(cell);
        settle(more);
        cell->patients += more->patients;
        cell->others += more->others;
        cell->givers += more->givers;
        cell->largest = more->largest > cell->largest ? more->largest : cell->largest;
        cell->all += more->all;
        join_choices(cell, more);
        if (more->holders > 0 && cell->holders > 0 && more->extreme == cell->extreme) {
            cell->holders += more->holders;
        } else if (more->holders > 0 &&
                   (cell->holders == 0 || (least ? more->extreme < cell->extreme : more->extreme > cell->extreme))) {
            cell->extreme = more->extreme;
            cell->holders = more->holders;
        }
    }
}

/* ---- judging ---- */

static bool dominated(const lots_evidence *evidence, const lots_evidence_cell *cell, uint32_t min_cell)
{
    if (evidence->of_groups)
        return false;
    return (cell->givers > 0 && cell->givers < min_cell) || cell->largest > DOMINANT * cell->all;
}

/* A sum of 0 and 1, or of 1 and 2, counts those who have the one. */
static bool counts_few(const lots_evidence *evidence, const lots_evidence_cell *cell, uint32_t min_cell)
{
    return !evidence->of_groups && cell->choices == 2 &&
           (cell->choice[0].persons < min_cell || cell->choice[1].persons < min_cell);
}

/* Whether the part p of the persons is fewer than k. */
static bool thin(const lots_evidence *evidence, uint64_t persons, double p, uint32_t min_cell)
{
    return !evidence->of_groups && persons > 0 && lots_ceil_share(p, persons) < min_cell;
}

/* Half of them are on either side of the middle: enough when all are. */
static bool thin_tail(const lots_evidence *evidence, uint64_t persons, uint32_t min_cell)
{
    double p = evidence->agg->parameter;
    return p != 0.5 && thin(evidence, persons, p < 0.5 ? p : 1 - p, min_cell);
}

lots_mark lots_evidence_judge_cell(const lots_evidence *evidence, const lots_evidence_cell *cell, uint32_t min_cell)
{
    const lots_row_agg *agg = evidence->agg;
    bool few = cell->patients > 0 && cell->patients < min_cell;
    bool few_others = !evidence->of_groups && cell->others > 0 && cell->others < min_cell;
    bool few_give = dominated(evidence, cell, min_cell) || counts_few(evidence, cell, min_cell);
    bool hide = few;
    switch (agg->kind) {
    case LOTS_AGG_COUNT:
    case LOTS_AGG_PATIENTS:
    case LOTS_AGG_COUNT_DISTINCT:
        if (few)
            return LOTS_MARK_SMALL;
        hide = few_others;
        break;
    case LOTS_AGG_RATE: hide = few || (cell->others > 0 && cell->others < min_cell); break;
    case LOTS_AGG_SUM:
    case LOTS_AGG_MEAN:
    case LOTS_AGG_SD:
    case LOTS_AGG_SHARE: hide = few || few_others || few_give; break;
    case LOTS_AGG_MIN:
    case LOTS_AGG_MAX: hide = cell->patients > 0 && (few || cell->holders < min_cell); break;
    case LOTS_AGG_QUANTILE: hide = few || thin_tail(evidence, cell->patients, min_cell); break;
    case LOTS_AGG_KM_QUANTILE:
        hide = few || thin_tail(evidence, (uint64_t)cell->patients + cell->others, min_cell);
        break;
    case LOTS_AGG_KM:
    case LOTS_AGG_CIF:
        hide = few || (cell->others > 0 && cell->others < min_cell) || (cell->holders > 0 && cell->holders < min_cell);
        break;
    case LOTS_AGG_GINI: hide = few || few_give; break;
    case LOTS_AGG_TOP_SHARE:
    case LOTS_AGG_LORENZ_SHARE:
        hide = few || thin(evidence, cell->patients, agg->parameter, min_cell) || few_give;
        break;
    default: break; /* median */
    }
    return hide ? LOTS_MARK_WITHHELD : LOTS_MARK_SHOWN;
}

const lots_evidence_cell *lots_evidence_at(lots_evidence *evidence, uint32_t group)
{
    lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, group);
    settle(cell);
    return cell;
}

lots_mark lots_evidence_judge(lots_evidence *evidence, uint32_t group, uint32_t min_cell)
{
    return lots_evidence_judge_cell(evidence, lots_evidence_at(evidence, group), min_cell);
}
