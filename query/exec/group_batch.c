/* group_batch.c: tallies, and a counting sort by group. See group_batch.h. */
#include "query/exec/group_batch.h"

#include <string.h>

#include "core/base/kernels.h"
#include "query/exec/worker.h"

#define ROWS_MANY 4u /* rows for each group there is: then groups are numbered by themselves, and loops go over all of them */

/* ---- numbers ---- */

void lots_group_stamps_close(lots_group_stamps *stamps)
{
    lots_vec_free(&stamps->stamp);
    lots_vec_free(&stamps->local);
}

static lots_status grow_stamps(lots_group_stamps *stamps, uint32_t groups, lots_error *err)
{
    if (stamps->stamp.item_size == 0)
        stamps->stamp = stamps->local = LOTS_VEC(uint32_t);
    if (stamps->stamp.count >= groups)
        return LOTS_OK;
    const size_t more = (size_t)groups + groups / 2 - stamps->stamp.count;
    LOTS_TRY(lots_vec_extend(&stamps->stamp, more, NULL, err));
    return lots_vec_extend(&stamps->local, more, NULL, err);
}

/* Many groups: those of the batch are numbered as they are met, so that a batch costs what its rows cost, and what is kept
 * of them lies together. */
static lots_status number_groups(lots_group_batch *batch, lots_group_stamps *stamps, lots_error *err)
{
    const uint32_t *group = batch->number;
    uint32_t *numbers = NULL, *names = NULL;
    LOTS_TRY(grow_stamps(stamps, batch->known, err));
    LOTS_TRY(lots_new_u32(batch->arena, batch->rows, &numbers, err));
    LOTS_TRY(lots_new_u32(batch->arena, batch->rows, &names, err));
    uint32_t *stamp = stamps->stamp.data, *local = stamps->local.data;
    if (++stamps->batch == 0) { /* after 2^32 of them */
        memset(stamp, 0, stamps->stamp.count * sizeof *stamp);
        stamps->batch = 1;
    }
    for (uint32_t row = 0; row < batch->rows; row++) {
        const uint32_t g = group[row];
        if (stamp[g] != stamps->batch) {
            stamp[g] = stamps->batch;
            local[g] = batch->groups;
            names[batch->groups++] = g;
        }
        numbers[row] = local[g];
    }
    batch->group = numbers;
    batch->name = names;
    return LOTS_OK;
}

void lots_group_batch_begin(lots_group_batch *batch)
{
    batch->group = batch->name = NULL;
    batch->all = (lots_group_rows){.none = batch->rows == 0, .keep = batch->present};
    batch->rows_in_all = batch->weight == NULL ? batch->rows : 0;
    for (uint32_t row = 0; batch->weight != NULL && row < batch->rows; row++)
        batch->rows_in_all += batch->weight[row];
    lots_group_batch_whole(batch);
}

void lots_group_batch_whole(lots_group_batch *batch)
{
    batch->kept = &batch->all;
    batch->left = &batch->rest;
    batch->rest = (lots_group_rows){.none = true};
}

lots_status lots_group_batch_number(lots_group_batch *batch, lots_group_stamps *stamps, lots_error *err)
{
    if (batch->group != NULL)
        return LOTS_OK;
    batch->groups = 0;
    if ((uint64_t)batch->known * ROWS_MANY > batch->rows)
        return number_groups(batch, stamps, err);
    batch->group = batch->number;
    batch->groups = batch->known;
    return LOTS_OK;
}

/* ---- tallies ---- */

static void tally_row(lots_group_tally *tally, uint32_t group, lots_patient patient)
{
    lots_group_tally *own = &tally[group];
    own->rows++;
    own->persons += own->last != patient ? 1 : 0;
    own->last = patient;
}

/* Rows that stand for several persons. */
static void tally_weights(const lots_group_batch *batch, const uint64_t *keep, lots_group_tally *tally)
{
    for (uint32_t row = 0; row < batch->rows; row++) {
        const uint32_t weight = keep == NULL || lots_bit_get(keep, row) ? batch->weight[row] : 0;
        tally[batch->group[row]].rows += weight;
        tally[batch->group[row]].persons += weight;
    }
}

static void tally_rows(const lots_group_batch *batch, const uint64_t *keep, lots_group_tally *tally)
{
    const uint32_t *group = batch->group;
    const lots_patient *patient = batch->patient;
    if (batch->weight != NULL) {
        tally_weights(batch, keep, tally);
        return;
    }
    for (uint32_t row = 0; keep == NULL && patient != NULL && row < batch->rows; row++)
        tally_row(tally, group[row], patient[row]);
    for (uint32_t row = 0; keep == NULL && patient == NULL && row < batch->rows; row++)
        tally[group[row]].rows++;
    for (size_t w = 0; keep != NULL && w < lots_bit_words(batch->rows); w++)
        for (uint64_t bits = keep[w]; bits != 0; bits &= bits - 1) {
            const size_t row = w * 64 + (size_t)__builtin_ctzll(bits);
            tally_row(tally, group[row], patient != NULL ? patient[row] : 0);
        }
}

lots_status lots_group_tallies(lots_group_batch *batch, lots_group_rows *rows, const lots_group_tally **out,
                               lots_error *err)
{
    void *made = NULL;
    *out = rows->tally;
    if (*out != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(batch->arena, &made, batch->groups, sizeof(lots_group_tally), err));
    lots_group_tally *tally = made;
    for (uint32_t g = 0; g < batch->groups; g++)
        tally[g] = (lots_group_tally){.last = LOTS_NO_PATIENT};
    if (!rows->none)
        tally_rows(batch, rows->keep, tally);
    rows->tally = *out = tally;
    return LOTS_OK;
}

/* ---- runs ---- */

/* Groups that have rows, and where their places begin, also in `next`. */
static uint32_t begin_runs(const lots_group_batch *batch, const lots_group_tally *tally, uint32_t *group, uint32_t *first,
                           uint32_t *next)
{
    uint32_t runs = 0, place = 0;
    for (uint32_t g = 0; g < batch->groups; g++) {
        if (tally[g].rows == 0)
            continue;
        group[runs] = lots_group_name(batch, g);
        first[runs++] = place;
        next[g] = place;
        place += tally[g].rows;
    }
    first[runs] = place;
    return runs;
}

static lots_status place_rows(const lots_group_batch *batch, uint32_t kept, const uint64_t *keep, uint32_t *next,
                              uint32_t **out, lots_error *err)
{
    LOTS_TRY(lots_new_u32(batch->arena, kept, out, err));
    if (kept == 0)
        return LOTS_OK;
    for (uint32_t row = 0; keep == NULL && row < batch->rows; row++)
        (*out)[next[batch->group[row]]++] = row;
    for (size_t w = 0; keep != NULL && w < lots_bit_words(batch->rows); w++)
        for (uint64_t bits = keep[w]; bits != 0; bits &= bits - 1) {
            const uint32_t row = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(bits);
            (*out)[next[batch->group[row]]++] = row;
        }
    return LOTS_OK;
}

/* Rows of one person stand side by side: where each begins. */
static lots_status find_persons(lots_arena *arena, lots_group_runs *runs, lots_error *err)
{
    uint32_t *person = NULL, *first = NULL, persons = 0;
    const lots_patient *patient = runs->patient;
    LOTS_TRY(lots_new_u32(arena, (size_t)runs->count + 1, &person, err));
    LOTS_TRY(lots_new_u32(arena, (size_t)runs->first[runs->count] + 1, &first, err));
    for (uint32_t r = 0; r < runs->count; r++) {
        const uint32_t begin = runs->first[r], end = runs->first[r + 1];
        person[r] = persons;
        first[persons++] = begin;
        for (uint32_t i = begin + 1; i < end; i++) { /* written always, kept when it begins one */
            first[persons] = i;
            persons += patient[i] != patient[i - 1] ? 1 : 0;
        }
    }
    person[runs->count] = persons;
    first[persons] = runs->first[runs->count];
    runs->person = person;
    runs->person_first = first;
    return LOTS_OK;
}

static lots_status sort_rows(lots_group_batch *batch, lots_group_rows *rows, lots_error *err)
{
    const lots_group_tally *tally = NULL;
    uint32_t *next = NULL, *names = NULL, *first = NULL, *order = NULL, *persons = NULL;
    lots_group_runs *out = &rows->runs;
    LOTS_TRY(lots_new_u32(batch->arena, batch->groups, &names, err));
    LOTS_TRY(lots_new_u32(batch->arena, (size_t)batch->groups + 1, &first, err));
    if (batch->groups == 1 && batch->rows > 0 && rows->keep == NULL && !rows->none) {
        names[0] = lots_group_name(batch, 0);
        first[0] = 0;
        first[1] = batch->rows;
        *out = (lots_group_runs){.count = 1, .group = names, .first = first, .patient = batch->patient};
        return LOTS_OK;
    }
    LOTS_TRY(lots_group_tallies(batch, rows, &tally, err));
    LOTS_TRY(lots_new_u32(batch->arena, batch->groups, &next, err));
    *out = (lots_group_runs){.count = begin_runs(batch, tally, names, first, next), .group = names, .first = first};
    out->patient = batch->patient;
    const uint32_t kept = first[out->count];
    if (out->count > 1 || kept != batch->rows) {
        LOTS_TRY(place_rows(batch, kept, rows->none ? NULL : rows->keep, next, &order, err));
        out->row = order;
    }
    if (batch->patient == NULL || order == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(batch->arena, kept, &persons, err));
    lots_kernels_get()->gather_u32(batch->patient, order, kept, persons);
    out->patient = persons;
    return LOTS_OK;
}

lots_status lots_group_sort(lots_group_batch *batch, lots_group_rows *rows, const lots_group_runs **out, lots_error *err)
{
    *out = &rows->runs;
    if (rows->sorted)
        return LOTS_OK;
    rows->sorted = true;
    return sort_rows(batch, rows, err);
}

lots_status lots_group_persons(lots_group_batch *batch, lots_group_rows *rows, const lots_group_runs **out, lots_error *err)
{
    LOTS_TRY(lots_group_sort(batch, rows, out, err));
    return batch->patient == NULL || rows->runs.person != NULL ? LOTS_OK : find_persons(batch->arena, &rows->runs, err);
}

/* ---- for one aggregate ---- */

static bool counts_sets(const lots_row_agg *agg)
{
    return agg->kind == LOTS_AGG_COUNT_DISTINCT && agg->value->type.kind == LOTS_TYPE_SET;
}

static void known_rows(const lots_group_batch *batch, const lots_row_agg *agg, uint64_t *known)
{
    const lots_vector *value = batch->value;
    const bool spread = value != NULL && value->missing != NULL && !value->constant;
    lots_bits_fill(known, batch->rows, value == NULL || batch->rows == 0 || !lots_vector_is_missing(value, 0) || spread);
    if (spread)
        lots_bits_and_not(known, known, value->missing, batch->rows);
    for (uint32_t row = 0; counts_sets(agg) && row < batch->rows; row++) {
        const uint32_t at = value->constant ? 0 : row;
        if (value->offsets[at] == value->offsets[at + 1])
            lots_bit_clear(known, row);
    }
}

/* Of the rows of `from`, those that are true. */
static lots_status true_rows(const lots_group_batch *batch, const uint64_t *from, uint64_t *out, lots_error *err)
{
    lots_vector flat;
    LOTS_TRY(lots_vector_flatten(batch->arena, batch->value, &flat, err));
    lots_bits_and(out, from, flat.data, batch->rows);
    return LOTS_OK;
}

lots_status lots_group_batch_split(lots_group_batch *batch, const lots_row_agg *agg, lots_error *err)
{
    const bool rate = agg->kind == LOTS_AGG_RATE;
    const bool asked = batch->where != NULL || rate || counts_sets(agg);
    uint64_t *known = NULL, *kept = NULL;
    batch->row_ints = batch->sums = NULL;
    batch->all.ints = NULL;
    batch->all.floats = NULL;
    lots_group_batch_whole(batch);
    if (!asked && (batch->value == NULL || batch->value->missing == NULL))
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(batch->arena, batch->rows, &known, err));
    LOTS_TRY(lots_new_bits(batch->arena, batch->rows, &kept, err));
    known_rows(batch, agg, known);
    if (batch->present != NULL)
        lots_bits_and(known, known, batch->present, batch->rows);
    if (rate && batch->where != NULL)
        lots_bits_and(known, known, batch->where, batch->rows);
    if (rate)
        LOTS_TRY(true_rows(batch, known, kept, err));
    else
        lots_bits_and(kept, known, batch->where != NULL ? batch->where : known, batch->rows);
    batch->kept = &batch->some;
    batch->some = (lots_group_rows){.keep = kept};
    if (!batch->others && !rate && agg->kind != LOTS_AGG_SHARE)
        return LOTS_OK;
    lots_bits_and_not(known, known, kept, batch->rows);
    batch->rest = (lots_group_rows){.keep = known};
    return LOTS_OK;
}

/* ---- values ---- */

static void read_ints(const lots_vector *value, uint32_t rows, int64_t *out)
{
    const int32_t *days = value->data;
    const uint32_t *ranks = value->data;
    if (value->type.kind == LOTS_TYPE_BOOL)
        for (uint32_t i = 0; i < rows; i++)
            out[i] = lots_bit_get(value->data, i) ? 1 : 0;
    else if (value->type.kind == LOTS_TYPE_DATE)
        for (uint32_t i = 0; i < rows; i++)
            out[i] = days[i];
    else
        for (uint32_t i = 0; i < rows; i++)
            out[i] = ranks[i];
}

/* Mostly they are small and none is below 0. */
static void judge_ints(lots_group_batch *batch)
{
    const int64_t *values = batch->row_ints;
    uint64_t all = 0, moved = 0; /* from -2^31 .. 2^31 - 1 to 0 .. 2^32 - 1 */
    for (uint32_t i = 0; i < batch->rows; i++) {
        all |= (uint64_t)values[i];
        moved |= (uint64_t)values[i] + (UINT64_C(1) << 31);
    }
    batch->rising = all >> 63 == 0;
    batch->small = batch->rising ? all >> 31 == 0 : moved >> 32 == 0;
}

lots_status lots_group_row_ints(lots_group_batch *batch, const int64_t **out, lots_error *err)
{
    lots_vector flat;
    int64_t *made = NULL;
    *out = batch->row_ints;
    if (*out != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_vector_flatten(batch->arena, batch->value, &flat, err));
    batch->row_ints = flat.data;
    if (lots_type_bytes(flat.type.kind) != sizeof(int64_t)) {
        LOTS_TRY(lots_new_i64(batch->arena, batch->rows, &made, err));
        read_ints(&flat, batch->rows, made);
        batch->row_ints = made;
    }
    batch->small = batch->rising = true;
    if (!batch->bounded)
        judge_ints(batch);
    *out = batch->row_ints;
    return LOTS_OK;
}

lots_status lots_group_sums(lots_group_batch *batch, const int64_t **out, lots_error *err)
{
    const int64_t *values = NULL;
    const uint32_t *group = batch->group;
    const uint64_t *keep = batch->kept->keep;
    int64_t *sums = NULL;
    *out = batch->sums;
    if (*out != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_group_row_ints(batch, &values, err));
    LOTS_TRY(lots_new_i64(batch->arena, batch->groups, &sums, err));
    memset(sums, 0, batch->groups * sizeof *sums);
    for (uint32_t row = 0; batch->weight != NULL && row < batch->rows; row++)
        sums[group[row]] += keep == NULL || lots_bit_get(keep, row) ? values[row] * batch->weight[row] : 0;
    if (batch->weight != NULL) {
        batch->sums = *out = sums;
        return LOTS_OK;
    }
    for (uint32_t row = 0; keep == NULL && row < batch->rows; row++)
        sums[group[row]] += values[row];
    for (size_t w = 0; keep != NULL && w < lots_bit_words(batch->rows); w++)
        for (uint64_t bits = keep[w]; bits != 0; bits &= bits - 1) {
            const size_t row = w * 64 + (size_t)__builtin_ctzll(bits);
            sums[group[row]] += values[row];
        }
    batch->sums = *out = sums;
    return LOTS_OK;
}

lots_status lots_group_ints(lots_group_batch *batch, lots_group_rows *rows, const int64_t **out, lots_error *err)
{
    const lots_group_runs *runs = NULL;
    const int64_t *values = NULL;
    int64_t *made = NULL;
    *out = rows->ints;
    if (*out != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_group_sort(batch, rows, &runs, err));
    LOTS_TRY(lots_group_row_ints(batch, &values, err));
    if (runs->row != NULL) {
        LOTS_TRY(lots_new_i64(batch->arena, runs->first[runs->count], &made, err));
        lots_kernels_get()->gather_u64((const uint64_t *)values, runs->row, runs->first[runs->count], (uint64_t *)made);
    }
    rows->ints = *out = made != NULL ? made : values;
    return LOTS_OK;
}

lots_status lots_group_floats(lots_group_batch *batch, lots_group_rows *rows, const double **out, lots_error *err)
{
    const lots_group_runs *runs = NULL;
    lots_vector flat;
    void *made = NULL;
    *out = rows->floats;
    if (*out != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_group_sort(batch, rows, &runs, err));
    LOTS_TRY(lots_vector_flatten(batch->arena, batch->value, &flat, err));
    if (runs->row != NULL) {
        LOTS_TRY(lots_arena_vector(batch->arena, &made, runs->first[runs->count], sizeof(double), err));
        lots_kernels_get()->gather_u64(flat.data, runs->row, runs->first[runs->count], made);
    }
    rows->floats = *out = made != NULL ? made : flat.data;
    return LOTS_OK;
}
