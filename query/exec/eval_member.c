/* eval_member.c: is x in …: constant ranks, a set, a list of items; does a text contain another. */
#include <string.h>

#include "query/exec/step.h"

/* ---- constant ranks ---- */

static lots_status rank_table(const lots_step *step, const lots_dictionary *dictionary, uint32_t *count,
                              const uint64_t **out, lots_error *err)
{
    const lots_rank_set *ranks = step->expr->ranks;
    uint32_t bits = dictionary == NULL ? 0 : lots_dictionary_count(dictionary);
    for (uint32_t r = 0; dictionary == NULL && r < ranks->range_count; r++)
        bits = ranks->ranges[r].end > bits ? ranks->ranges[r].end : bits;
    *count = bits;
    uint64_t **table = &step->worker->rank_tables[step->expr->id];
    if (*table == NULL) {
        LOTS_TRY(lots_new_bits(&step->worker->tables, bits, table, err));
        for (uint32_t r = 0; r < ranks->range_count; r++) {
            const lots_ranks range = ranks->ranges[r];
            if (range.first < range.end && range.end <= bits)
                lots_bits_set_range(*table, range.first, range.end);
        }
    }
    *out = *table;
    return LOTS_OK;
}

static lots_status test_ranks(const lots_step *step, const lots_dictionary *dictionary, const uint32_t *ids,
                              uint32_t count, uint64_t *out, lots_error *err)
{
    const lots_rank_set *ranks = step->expr->ranks;
    if (ranks->range_count == 1) {
        step->worker->kernels->range_u32(ids, count, ranks->ranges[0].first, ranks->ranges[0].end - 1, out);
        return LOTS_OK;
    }
    const uint64_t *table = NULL;
    uint32_t bits = 0;
    LOTS_TRY(rank_table(step, dictionary, &bits, &table, err));
    step->worker->kernels->lookup_bits(ids, count, table, bits, out);
    return LOTS_OK;
}

static lots_status eval_in_ranks(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_rank_set *ranks = step->expr->ranks;
    LOTS_TRY(lots_step_flatten(step, 0, err));
    const lots_vector *x = &step->in[0];
    if (ranks->range_count == 0)
        return lots_step_bool(step, false, out, err);
    if (x->type.kind != LOTS_TYPE_SET) {
        LOTS_TRY(lots_step_strict(step, 0, out, err));
        LOTS_TRY(test_ranks(step, x->type.dictionary, x->data, step->count, out->data, err));
        if (out->missing != NULL)
            lots_bits_and_not(out->data, out->data, out->missing, step->count);
        return LOTS_OK;
    }
    const uint32_t elements = x->offsets[x->count];
    uint64_t *hits = NULL;
    LOTS_TRY(lots_step_strict(step, 0, out, err));
    LOTS_TRY(lots_new_bits(step->arena, elements, &hits, err));
    LOTS_TRY(test_ranks(step, x->type.dictionary, x->data, elements, hits, err));
    step->worker->kernels->any_by(hits, x->offsets, x->count, out->data);
    if (out->missing != NULL)
        lots_bits_and_not(out->data, out->data, out->missing, step->count);
    return LOTS_OK;
}

/* ---- sets and items ---- */

/* The elements of a set as a vector of their own. */
static lots_vector elements_of(const lots_vector *set)
{
    lots_vector items = {.type = set->type, .count = set->offsets[set->count], .data = set->data};
    items.type.kind = set->type.element;
    return items;
}

/* x may be a set itself: any of its elements. */
static bool row_in_set(const lots_vector *x, const lots_vector *x_items, const lots_vector *items,
                       const lots_vector *set, uint32_t row)
{
    const bool many = x->type.kind == LOTS_TYPE_SET;
    const uint32_t first = many ? x->offsets[row] : row, end = many ? x->offsets[row + 1] : row + 1;
    for (uint32_t i = first; i < end; i++)
        for (uint32_t k = set->offsets[row]; k < set->offsets[row + 1]; k++)
            if (lots_vector_compare(many ? x_items : x, i, items, k) == 0)
                return true;
    return false;
}

static lots_status eval_in_set(const lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    const lots_vector *x = &step->in[0], *set = &step->in[1];
    const lots_vector items = elements_of(set);
    const lots_vector x_items = x->type.kind == LOTS_TYPE_SET ? elements_of(x) : items;
    LOTS_TRY(lots_step_new(step, out, err));
    for (uint32_t i = 0; i < step->count; i++) {
        const bool empty = set->offsets[i] == set->offsets[i + 1];
        if (lots_vector_is_missing(set, i) || (!empty && lots_vector_is_missing(x, i))) {
            LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
            lots_bit_set(out->missing, i);
        } else if (!empty && row_in_set(x, &x_items, &items, set, i)) {
            lots_bit_set(out->data, i);
        }
    }
    step->worker->work.rows += items.count;
    return LOTS_OK;
}

/* Missing items are ignored; a missing x is missing. */
static lots_status eval_in_items(const lots_step *step, lots_vector *out, lots_error *err)
{
    if (step->expr->operand_count < 2)
        return lots_step_bool(step, false, out, err);
    LOTS_TRY(lots_step_strict(step, 0, out, err));
    for (uint32_t k = 1; k < step->expr->operand_count; k++) {
        uint64_t *bits = NULL, *missing = NULL;
        LOTS_TRY(lots_equal_bits(step, &step->in[0], &step->in[k], &bits, &missing, err));
        lots_bits_or(out->data, out->data, bits, step->count);
    }
    return LOTS_OK;
}

/* ---- texts ---- */

static bool text_contains(const lots_text *text, const lots_text *part)
{
    if (part->bytes == 0)
        return true;
    for (uint32_t at = 0; at + part->bytes <= text->bytes;) {
        const char *hit = memchr(text->text + at, part->text[0], text->bytes - part->bytes - at + 1);
        if (hit == NULL)
            return false;
        if (memcmp(hit, part->text, part->bytes) == 0)
            return true;
        at = (uint32_t)(hit - text->text) + 1;
    }
    return false;
}

static lots_status eval_contains(const lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_strict(step, -1, out, err));
    const lots_text *texts = step->in[0].data, *parts = step->in[1].data;
    for (uint32_t i = 0; i < step->count; i++)
        if (!lots_vector_is_missing(out, i) && text_contains(&texts[i], &parts[i]))
            lots_bit_set(out->data, i);
    return LOTS_OK;
}

lots_status lots_eval_member(lots_step *step, lots_vector *out, lots_error *err)
{
    switch (step->expr->op) {
    case LOTS_OP_IN_RANKS:
        return eval_in_ranks(step, out, err);
    case LOTS_OP_IN_SET:
        return eval_in_set(step, out, err);
    case LOTS_OP_IN_ITEMS:
        return eval_in_items(step, out, err);
    default:
        return eval_contains(step, out, err);
    }
}
