/* group_batch.c: a counting sort by group. See group_batch.h. */
#include "query/exec/group_batch.h"

#include <string.h>

#include "core/base/kernels.h"
#include "query/exec/worker.h"

/* How many rows each group has; returns how many there are in all. */
static uint32_t count_rows(const uint32_t *group, uint32_t rows, const uint64_t *keep, uint32_t *counts)
{
    uint32_t all = 0;
    for (uint32_t row = 0; keep == NULL && row < rows; row++)
        counts[group[row]]++;
    for (size_t w = 0; keep != NULL && w < lots_bit_words(rows); w++)
        for (uint64_t bits = keep[w]; bits != 0; bits &= bits - 1, all++)
            counts[group[w * 64 + (size_t)__builtin_ctzll(bits)]]++;
    return keep == NULL ? rows : all;
}

/* Groups that have rows, and where their places begin; counts[group] becomes that place. */
static uint32_t begin_runs(uint32_t *counts, uint32_t groups, uint32_t *group, uint32_t *first)
{
    uint32_t runs = 0, place = 0;
    for (uint32_t g = 0; g < groups; g++) {
        const uint32_t count = counts[g];
        if (count == 0)
            continue;
        group[runs] = g;
        first[runs++] = place;
        counts[g] = place;
        place += count;
    }
    first[runs] = place;
    return runs;
}

static lots_status place_rows(const lots_group_batch *batch, uint32_t kept, const uint64_t *keep, uint32_t *next,
                              uint32_t **out, lots_error *err)
{
    LOTS_TRY(lots_new_u32(batch->arena, kept, out, err));
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

lots_status lots_group_runs_make(const lots_group_batch *batch, const uint64_t *keep, lots_group_runs *out, lots_error *err)
{
    uint32_t *counts = NULL, *names = NULL, *first = NULL, *order = NULL, *persons = NULL;
    LOTS_TRY(lots_new_u32(batch->arena, batch->groups, &counts, err));
    LOTS_TRY(lots_new_u32(batch->arena, batch->groups, &names, err));
    LOTS_TRY(lots_new_u32(batch->arena, (size_t)batch->groups + 1, &first, err));
    memset(counts, 0, batch->groups * sizeof *counts);
    const uint32_t kept = count_rows(batch->group, batch->rows, keep, counts);
    *out = (lots_group_runs){.count = begin_runs(counts, batch->groups, names, first), .group = names, .first = first};
    out->patient = batch->patient;
    if (out->count > 1 || kept != batch->rows) {
        LOTS_TRY(place_rows(batch, kept, keep, counts, &order, err));
        out->row = order;
    }
    if (batch->patient == NULL)
        return LOTS_OK;
    if (order != NULL) {
        LOTS_TRY(lots_new_u32(batch->arena, kept, &persons, err));
        lots_kernels_get()->gather_u32(batch->patient, order, kept, persons);
        out->patient = persons;
    }
    return find_persons(batch->arena, out, err);
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
    static const uint32_t nowhere[1] = {0};
    const bool rate = agg->kind == LOTS_AGG_RATE;
    const bool asked = batch->where != NULL || rate || counts_sets(agg);
    uint64_t *known = NULL, *kept = NULL;
    batch->kept = batch->all;
    batch->kept_ints = NULL;
    batch->kept_floats = NULL;
    batch->left = (lots_group_runs){.first = nowhere};
    if (!asked && (batch->value == NULL || batch->value->missing == NULL))
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(batch->arena, batch->rows, &known, err));
    LOTS_TRY(lots_new_bits(batch->arena, batch->rows, &kept, err));
    known_rows(batch, agg, known);
    if (rate && batch->where != NULL)
        lots_bits_and(known, known, batch->where, batch->rows);
    if (rate)
        LOTS_TRY(true_rows(batch, known, kept, err));
    else
        lots_bits_and(kept, known, batch->where != NULL ? batch->where : known, batch->rows);
    LOTS_TRY(lots_group_runs_make(batch, kept, &batch->kept, err));
    if (!batch->others && !rate && agg->kind != LOTS_AGG_SHARE)
        return LOTS_OK;
    lots_bits_and_not(known, known, kept, batch->rows);
    return lots_group_runs_make(batch, known, &batch->left, err);
}

/* ---- values ---- */

static void read_ints(const lots_vector *value, const uint32_t *row, uint32_t places, int64_t *out)
{
    for (uint32_t i = 0; i < places; i++) {
        const uint32_t at = row != NULL ? row[i] : i;
        switch (value->type.kind) {
        case LOTS_TYPE_BOOL: out[i] = lots_bit_get(value->data, at) ? 1 : 0; break;
        case LOTS_TYPE_DATE: out[i] = ((const int32_t *)value->data)[at]; break;
        default: out[i] = ((const uint32_t *)value->data)[at]; /* ranks */
        }
    }
}

/* 8 bytes of each place, as they are. */
static lots_status read_words(const lots_group_batch *batch, const lots_group_runs *runs, const void **out, lots_error *err)
{
    lots_vector flat;
    void *made = NULL;
    const uint32_t places = runs->first[runs->count];
    LOTS_TRY(lots_vector_flatten(batch->arena, batch->value, &flat, err));
    *out = flat.data;
    if (runs->row == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(batch->arena, &made, places, sizeof(uint64_t), err));
    lots_kernels_get()->gather_u64(flat.data, runs->row, places, made);
    *out = made;
    return LOTS_OK;
}

static lots_status ints_of(const lots_group_batch *batch, const lots_group_runs *runs, const int64_t **out, lots_error *err)
{
    const uint32_t places = runs->first[runs->count];
    lots_vector flat;
    int64_t *made = NULL;
    const void *words = NULL;
    if (lots_type_bytes(batch->value->type.kind) == sizeof(int64_t)) {
        LOTS_TRY(read_words(batch, runs, &words, err));
        *out = words;
        return LOTS_OK;
    }
    LOTS_TRY(lots_vector_flatten(batch->arena, batch->value, &flat, err));
    LOTS_TRY(lots_new_i64(batch->arena, places, &made, err));
    read_ints(&flat, runs->row, places, made);
    *out = made;
    return LOTS_OK;
}

lots_status lots_group_runs_ints(lots_group_batch *batch, const lots_group_runs *runs, const int64_t **out, lots_error *err)
{
    if (runs != &batch->kept)
        return ints_of(batch, runs, out, err);
    if (batch->kept_ints == NULL)
        LOTS_TRY(ints_of(batch, runs, &batch->kept_ints, err));
    *out = batch->kept_ints;
    return LOTS_OK;
}

lots_status lots_group_runs_floats(lots_group_batch *batch, const lots_group_runs *runs, const double **out,
                                   lots_error *err)
{
    const void *words = batch->kept_floats;
    if (runs != &batch->kept || words == NULL)
        LOTS_TRY(read_words(batch, runs, &words, err));
    if (runs == &batch->kept)
        batch->kept_floats = words;
    *out = words;
    return LOTS_OK;
}
