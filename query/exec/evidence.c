/* evidence.c: see evidence.h. */
#include "query/exec/evidence.h"

#include <math.h>
#include <string.h>

#include "core/base/exact.h"
#include "core/base/kernels.h"
#include "core/codec/block.h"
#include "query/exec/share.h"
#include "query/exec/survival.h"
#include "query/exec/worker.h"

#define DOMINANT 0.85 /* of a sum, by one person */

void lots_evidence_open(lots_evidence *evidence, const lots_row_agg *agg, uint32_t enough)
{
    memset(evidence, 0, sizeof *evidence);
    evidence->enough = enough;
    evidence->agg = agg;
    evidence->cells = LOTS_VEC(lots_evidence_cell);
}

void lots_evidence_close(lots_evidence *evidence) { lots_vec_free(&evidence->cells); }

lots_status lots_evidence_grow(lots_evidence *evidence, uint32_t groups, lots_error *err)
{
    const size_t before = evidence->cells.count;
    return groups <= before ? LOTS_OK : lots_vec_extend(&evidence->cells, groups - before, NULL, err);
}

/* ---- feeding ---- */

bool lots_evidence_of_sum(lots_row_agg_kind kind)
{
    return kind == LOTS_AGG_SUM || kind == LOTS_AGG_MEAN || kind == LOTS_AGG_SHARE || kind == LOTS_AGG_GINI ||
           kind == LOTS_AGG_SD || kind == LOTS_AGG_TOP_SHARE || kind == LOTS_AGG_LORENZ_SHARE;
}

static int64_t whole_at(const lots_vector *value, uint32_t row)
{
    const uint32_t at = value->constant ? 0 : row;
    return value->type.kind == LOTS_TYPE_DATE ? ((const int32_t *)value->data)[at] : ((const int64_t *)value->data)[at];
}

/* The sum of all sizes must not depend on their order: it is exact as far as two doubles hold it. */
static void add_size(lots_evidence_cell *cell, double size) { (void)lots_exact_step(&cell->all, &cell->rest, size); }

/* What one person adds, in size. */
static void add_person(lots_evidence_cell *cell, double size)
{
    cell->givers += size > 0 ? 1 : 0;
    cell->largest = size > cell->largest ? size : cell->largest;
    add_size(cell, size);
}

/* What a table's rows add up to stands for one person. */
static void settle(lots_evidence_cell *cell)
{
    add_person(cell, fabs(cell->sum));
    cell->sum = 0;
}

/* The persons behind a row of a table. */
static uint32_t behind_row(const lots_group_batch *batch, uint32_t row)
{
    const lots_vector *behind = batch->behind;
    const int64_t persons = behind == NULL ? 0 : ((const int64_t *)behind->data)[behind->constant ? 0 : row];
    return persons > UINT32_MAX ? UINT32_MAX : (uint32_t)persons;
}

static uint32_t row_of(const lots_group_runs *runs, uint32_t place) { return runs->row == NULL ? place : runs->row[place]; }

static lots_evidence_cell *cell_at(lots_evidence *evidence, const lots_group_batch *batch, uint32_t group)
{
    return &LOTS_AT(lots_evidence_cell, &evidence->cells, lots_group_name(batch, group));
}

/* Add the persons whose rows these are to what each group counts (`others`: leaves out); of a table's rows the largest number
 * that stands behind one. */
static lots_status count_rows(lots_evidence *evidence, lots_group_batch *batch, lots_group_rows *rows, bool others,
                              lots_error *err)
{
    const lots_group_tally *tally = NULL;
    if (rows->none)
        return LOTS_OK;
    if (batch->patient != NULL)
        LOTS_TRY(lots_group_tallies(batch, rows, &tally, err));
    for (uint32_t g = 0; tally != NULL && g < batch->groups; g++) {
        lots_evidence_cell *cell = cell_at(evidence, batch, g);
        *(others ? &cell->others : &cell->patients) += tally[g].persons;
    }
    for (uint32_t row = 0; tally == NULL && row < batch->rows; row++) {
        lots_evidence_cell *cell = cell_at(evidence, batch, batch->group[row]);
        uint32_t *count = others ? &cell->others : &cell->patients;
        if (rows->keep == NULL || lots_bit_get(rows->keep, row))
            *count = behind_row(batch, row) > *count ? behind_row(batch, row) : *count;
    }
    return LOTS_OK;
}

static lots_evidence_cell *cell_of(lots_evidence *evidence, const lots_group_runs *runs, uint32_t run)
{
    return &LOTS_AT(lots_evidence_cell, &evidence->cells, runs->group[run]);
}

/* Numbers that order as the values do and are equal when they are. */
static lots_status keys_of(lots_group_batch *batch, const lots_group_runs *runs, const int64_t **out, lots_error *err)
{
    const double *floats = NULL;
    int64_t *keys = NULL;
    const uint32_t places = runs->first[runs->count];
    if (batch->value->type.kind != LOTS_TYPE_FLOAT)
        return lots_group_ints(batch, batch->kept, out, err);
    LOTS_TRY(lots_group_floats(batch, batch->kept, &floats, err));
    LOTS_TRY(lots_new_i64(batch->arena, places, &keys, err));
    for (uint32_t i = 0; i < places; i++)
        keys[i] = lots_f64_key(floats[i] + 0.0); /* -0 + 0 is 0 */
    *out = keys;
    return LOTS_OK;
}

static lots_status feed_extremes(lots_evidence *evidence, lots_group_batch *batch, lots_error *err)
{
    const lots_group_runs *runs = NULL;
    const bool least = evidence->agg->kind == LOTS_AGG_MIN;
    const int64_t *keys = NULL;
    LOTS_TRY(lots_group_sort(batch, batch->kept, &runs, err));
    LOTS_TRY(keys_of(batch, runs, &keys, err));
    for (uint32_t r = 0; r < runs->count; r++) {
        lots_evidence_cell *cell = cell_of(evidence, runs, r);
        lots_patient last = LOTS_NO_PATIENT;
        for (uint32_t i = runs->first[r]; i < runs->first[r + 1]; i++) {
            if (cell->holders == 0 || (least ? keys[i] < cell->extreme : keys[i] > cell->extreme)) {
                cell->extreme = keys[i];
                cell->holders = 0;
                last = LOTS_NO_PATIENT;
            }
            if (keys[i] != cell->extreme)
                continue;
            const uint32_t behind = batch->patient == NULL ? behind_row(batch, row_of(runs, i)) : 0;
            if (batch->patient == NULL)
                cell->holders = behind > cell->holders ? behind : cell->holders;
            else if (runs->patient[i] != last)
                cell->holders++;
            last = batch->patient == NULL ? LOTS_NO_PATIENT : runs->patient[i];
        }
    }
    return LOTS_OK;
}

/* One more value of a person (or of several like him), which may be among the first two that the cell's persons have. `last`: who had each last. */
static void add_choice(lots_evidence_cell *cell, double value, lots_patient patient, uint32_t persons, lots_patient last[2])
{
    uint32_t k = 0;
    while (k < cell->choices && cell->choice[k].value != value)
        k++;
    if (k == cell->choices)
        cell->choices++;
    if (k == 2)
        return;
    cell->choice[k].value = value;
    cell->choice[k].persons += patient != LOTS_NO_PATIENT && patient != last[k] ? persons : 0;
    last[k] = patient;
}

static void feed_choices(lots_evidence_cell *cell, const lots_group_batch *batch, const lots_group_runs *runs, uint32_t run,
                         const int64_t *ints, const double *floats)
{
    lots_patient last[2] = {LOTS_NO_PATIENT, LOTS_NO_PATIENT};
    for (uint32_t i = runs->first[run]; cell->choices < 3 && i < runs->first[run + 1]; i++)
        add_choice(cell, floats != NULL ? floats[i] : (double)ints[i],
                   batch->patient == NULL ? LOTS_NO_PATIENT : runs->patient[i], 1, last);
}

/* ---- what is counted in lines ---- */

/* More than two values are known, or enough persons have either. */
static bool choices_settled(const lots_evidence *evidence, const lots_evidence_cell *cell)
{
    return cell->choices == 3 || (cell->choices == 2 && cell->choice[0].persons >= evidence->enough &&
                                  cell->choice[1].persons >= evidence->enough);
}

/* Of persons who don't have a large part no more need be known. */
static bool is_settled(const lots_evidence *evidence, const lots_evidence_cell *cell)
{
    return evidence->enough > 0 && cell->givers >= evidence->enough && choices_settled(evidence, cell);
}

bool lots_evidence_give(lots_evidence *evidence, uint32_t group, lots_patient person, uint32_t persons, uint64_t value,
                        uint64_t own)
{
    lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, group);
    if (cell->choices < 3)
        add_choice(cell, (double)value, person, persons, cell->had);
    cell->givers += own == value && value > 0 ? persons : 0; /* all before were 0 */
    cell->largest = (double)own > cell->largest ? (double)own : cell->largest;
    return is_settled(evidence, cell);
}

bool lots_evidence_usual(const lots_evidence *evidence, uint32_t group, uint64_t *value)
{
    const lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, group);
    if (evidence->enough == 0 || cell->givers < evidence->enough)
        return false;
    for (uint32_t k = 0; k < 2 && k < cell->choices; k++)
        if (cell->choice[k].value > 0 && cell->choice[k].persons >= evidence->enough) {
            *value = (uint64_t)cell->choice[k].value;
            return true;
        }
    return false;
}

bool lots_evidence_knows_zeros(const lots_evidence *evidence, uint32_t group)
{
    const lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, group);
    bool known = cell->choices == 3;
    for (uint32_t k = 0; k < 2 && k < cell->choices; k++)
        known |= cell->choice[k].value == 0 && cell->choice[k].persons >= evidence->enough;
    return evidence->enough > 0 && known;
}

void lots_evidence_see(lots_evidence *evidence, uint32_t group, lots_patient person, int64_t value)
{
    lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, group);
    if (cell->choices < 3)
        add_choice(cell, (double)value, person, 1, cell->had);
}

bool lots_evidence_end(lots_evidence *evidence, uint32_t group, uint64_t size)
{
    lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, group);
    cell->givers += size > 0 ? 1 : 0;
    cell->largest = (double)size > cell->largest ? (double)size : cell->largest;
    return is_settled(evidence, cell);
}

void lots_evidence_add(lots_evidence *evidence, uint32_t group, const lots_group_counted *kept,
                       const lots_group_counted *left)
{
    lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &evidence->cells, group);
    const uint64_t low = kept->sizes & UINT32_MAX;
    cell->patients += kept->persons;
    cell->others += left->persons;
    add_size(cell, (double)low); /* both are exact */
    add_size(cell, (double)(kept->sizes - low));
}

/* ---- sums ---- */

/* What the places [from, to) add up to. Whole numbers as floats each, not to leave 64 bits. */
static double sum_places(const int64_t *ints, const double *floats, uint32_t from, uint32_t to)
{
    double sum = 0;
    for (uint32_t i = from; i < to; i++)
        sum += floats != NULL ? floats[i] : (double)ints[i];
    return sum;
}

/* Whole numbers, some of them large or below 0, of rows that stand for several persons. */
static void feed_weighted_sums(lots_evidence *evidence, const lots_group_batch *batch)
{
    const uint64_t *keep = batch->kept->keep;
    for (uint32_t row = 0; row < batch->rows && !batch->kept->none; row++) {
        lots_evidence_cell *cell = cell_at(evidence, batch, batch->group[row]);
        const double value = (double)batch->row_ints[row];
        for (uint32_t w = 0; (keep == NULL || lots_bit_get(keep, row)) && w < batch->weight[row]; w++) {
            lots_patient last[2] = {LOTS_NO_PATIENT, LOTS_NO_PATIENT};
            if (cell->choices < 3)
                add_choice(cell, value, 0, 1, last);
            add_person(cell, fabs(value));
        }
    }
}

/* What each person adds to a sum. In a table nobody knows who adds what. */
static lots_status feed_sums(lots_evidence *evidence, lots_group_batch *batch, lots_error *err)
{
    const lots_group_runs *runs = NULL;
    const int64_t *ints = NULL;
    const double *floats = NULL;
    if (batch->value->type.kind != LOTS_TYPE_FLOAT) {
        LOTS_TRY(lots_group_row_ints(batch, &ints, err));
        if (batch->weight != NULL) {
            feed_weighted_sums(evidence, batch);
            return LOTS_OK;
        }
        LOTS_TRY(lots_group_ints(batch, batch->kept, &ints, err));
    } else {
        LOTS_TRY(lots_group_floats(batch, batch->kept, &floats, err));
    }
    LOTS_TRY(lots_group_persons(batch, batch->kept, &runs, err));
    for (uint32_t r = 0; r < runs->count; r++) {
        lots_evidence_cell *kept = cell_of(evidence, runs, r), cell = *kept;
        if (cell.choices < 3)
            feed_choices(&cell, batch, runs, r, ints, floats);
        if (runs->person == NULL)
            cell.sum += sum_places(ints, floats, runs->first[r], runs->first[r + 1]);
        else
            for (uint32_t p = runs->person[r]; p < runs->person[r + 1]; p++)
                add_person(&cell, fabs(sum_places(ints, floats, runs->person_first[p], runs->person_first[p + 1])));
        *kept = cell;
    }
    return LOTS_OK;
}

/* KM …: those with the event (by then), those without, those who are still there. As feed_followed of group_state.c. */
static lots_status feed_followed(lots_evidence *evidence, lots_group_batch *batch, lots_error *err)
{
    const lots_group_runs *runs = NULL;
    LOTS_TRY(lots_group_sort(batch, batch->kept, &runs, err));
    for (uint32_t r = 0; r < runs->count; r++) {
        lots_evidence_cell *cell = cell_of(evidence, runs, r);
        lots_patient last[3] = {LOTS_NO_PATIENT, LOTS_NO_PATIENT, LOTS_NO_PATIENT};
        for (uint32_t i = runs->first[r]; i < runs->first[r + 1]; i++) {
            const uint32_t row = row_of(runs, i);
            const bool placed = batch->at == NULL || !lots_vector_is_missing(batch->at, row);
            if (!placed || lots_vector_is_missing(batch->exit, row) || whole_at(batch->value, row) < 0)
                continue;
            const int64_t time = whole_at(batch->value, row);
            const int64_t at = batch->at != NULL ? whole_at(batch->at, row) : INT64_MAX;
            const bool event = whole_at(batch->exit, row) == LOTS_EXIT_EVENT && time <= at;
            uint32_t *counts[3] = {event ? &cell->patients : NULL, event ? NULL : &cell->others,
                                   time >= at ? &cell->holders : NULL};
            const uint32_t behind = batch->patient == NULL ? behind_row(batch, row) : 0;
            for (uint32_t k = 0; k < 3; k++) {
                if (counts[k] == NULL)
                    continue;
                if (batch->patient == NULL)
                    *counts[k] = behind > *counts[k] ? behind : *counts[k];
                else if (runs->patient[i] != last[k])
                    ++*counts[k];
                last[k] = batch->patient == NULL ? LOTS_NO_PATIENT : runs->patient[i];
            }
        }
    }
    return LOTS_OK;
}

lots_status lots_evidence_feed(lots_evidence *evidence, lots_group_batch *batch, lots_error *err)
{
    const lots_row_agg *agg = evidence->agg;
    const bool extreme = agg->kind == LOTS_AGG_MIN || agg->kind == LOTS_AGG_MAX;
    evidence->of_groups = evidence->of_groups || batch->patient == NULL;
    if (lots_row_agg_follows(agg))
        return feed_followed(evidence, batch, err);
    LOTS_TRY(count_rows(evidence, batch, batch->kept, false, err));
    LOTS_TRY(count_rows(evidence, batch, batch->left, true, err));
    if (lots_evidence_of_sum(agg->kind))
        return feed_sums(evidence, batch, err);
    return extreme && batch->value->type.kind != LOTS_TYPE_TEXT ? feed_extremes(evidence, batch, err) : LOTS_OK;
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
        add_size(cell, more->all);
        add_size(cell, more->rest);
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
    return (cell->givers > 0 && cell->givers < min_cell) || cell->largest > DOMINANT * (cell->all + cell->rest);
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
    lots_evidence *fed = evidence->twin != NULL ? evidence->twin : evidence;
    lots_evidence_cell *cell = &LOTS_AT(lots_evidence_cell, &fed->cells, group);
    settle(cell);
    return cell;
}
