/* eval_set.c: sets as values: lists of texts, sets of values, the parts of a list of codes. */
#include <string.h>

#include "query/exec/step.h"

static lots_status eval_list(const lots_step *step, lots_vector *out, lots_error *err)
{
    const uint32_t pairs = step->expr->operand_count / 2;
    lots_text *texts = NULL;
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_arena_vector(step->arena, &out->data, (size_t)pairs * step->count, sizeof(lots_text), err));
    texts = out->data;
    uint32_t made = 0;
    for (uint32_t i = 0; i < step->count; i++) {
        for (uint32_t p = 0; p < pairs; p++)
            if (lots_bit_get(step->in[2 * p].data, i) && !lots_vector_is_missing(&step->in[2 * p + 1], i))
                texts[made++] = ((const lots_text *)step->in[2 * p + 1].data)[i];
        out->offsets[i + 1] = made;
    }
    return LOTS_OK;
}

/* ---- MAKE_SET: one value of each operand, sorted, once each ---- */

static void put_item(const lots_vector *from, uint32_t row, lots_vector *items, uint32_t at)
{
    const size_t bytes = lots_type_bytes(from->type.kind);
    memmove((char *)items->data + at * bytes, (const char *)from->data + row * bytes, bytes);
}

static void swap_down(lots_vector *items, uint32_t first, uint32_t at)
{
    char held[16];
    const size_t bytes = lots_type_bytes(items->type.kind);
    char *data = items->data;
    while (at > first && lots_vector_compare(items, at - 1, items, at) > 0) {
        memcpy(held, data + at * bytes, bytes);
        memcpy(data + at * bytes, data + (at - 1) * bytes, bytes);
        memcpy(data + (at - 1) * bytes, held, bytes);
        at--;
    }
}

static uint32_t drop_repeats(lots_vector *items, uint32_t first, uint32_t end)
{
    uint32_t kept = first;
    for (uint32_t i = first; i < end; i++)
        if (i == first || lots_vector_compare(items, kept - 1, items, i) != 0)
            put_item(items, i, items, kept++);
    return kept;
}

static lots_status eval_make(const lots_step *step, lots_vector *out, lots_error *err)
{
    lots_vector items = {.type = out->type};
    items.type.kind = step->expr->type.element;
    const uint64_t room = (uint64_t)step->expr->operand_count * step->count;
    if (room > UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a set of %u values for %u rows", step->expr->operand_count, step->count);
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_arena_vector(step->arena, &out->data, (size_t)room, lots_type_bytes(step->expr->type.element), err));
    items.type = out->type;
    items.type.kind = out->type.element;
    items.data = out->data;
    uint32_t made = 0;
    for (uint32_t i = 0; i < step->count; i++) {
        const uint32_t first = made;
        for (uint32_t k = 0; k < step->expr->operand_count; k++) {
            if (lots_vector_is_missing(&step->in[k], i))
                continue;
            put_item(&step->in[k], i, &items, made);
            swap_down(&items, first, made++);
        }
        made = drop_repeats(&items, first, made);
        out->offsets[i + 1] = made;
    }
    return LOTS_OK;
}

/* ---- parts and sizes ---- */

static uint32_t characters_of(const lots_text *text)
{
    uint32_t characters = 0;
    for (uint32_t i = 0; i < text->bytes; i++)
        characters += ((unsigned char)text->text[i] & 0xC0u) != 0x80u;
    return characters;
}

static lots_status eval_size(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    LOTS_TRY(lots_step_strict(step, -1, out, err));
    for (uint32_t i = 0; i < step->count; i++)
        ((int64_t *)out->data)[i] = in->type.kind == LOTS_TYPE_SET ? in->offsets[i + 1] - in->offsets[i]
                                                                   : characters_of((const lots_text *)in->data + i);
    lots_step_clean(step, out);
    return LOTS_OK;
}

static lots_status eval_main(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    lots_vector items = {.type = in->type, .count = in->offsets[in->count], .data = in->data};
    items.type.kind = in->type.element;
    uint32_t *first = NULL;
    LOTS_TRY(lots_new_u32(step->arena, step->count, &first, err));
    for (uint32_t i = 0; i < step->count; i++)
        first[i] = in->offsets[i] == in->offsets[i + 1] ? LOTS_NO_ID : in->offsets[i];
    LOTS_TRY(lots_vector_gather(step->arena, &items, first, step->count, out, err));
    out->type = step->expr->type;
    return LOTS_OK;
}

static lots_status eval_other(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    const size_t bytes = lots_type_bytes(in->type.element);
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_arena_vector(step->arena, &out->data, in->offsets[in->count], bytes, err));
    uint32_t made = 0;
    for (uint32_t i = 0; i < step->count; i++) {
        const uint32_t here = in->offsets[i + 1] - in->offsets[i];
        if (here > 1) {
            memcpy((char *)out->data + made * bytes, (const char *)in->data + (in->offsets[i] + 1) * bytes,
                   (here - 1) * bytes);
            made += here - 1;
        }
        out->offsets[i + 1] = made;
    }
    return LOTS_OK;
}

lots_status lots_eval_set(lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    switch (step->expr->op) {
    case LOTS_OP_LIST:
        return eval_list(step, out, err);
    case LOTS_OP_MAKE_SET:
        return eval_make(step, out, err);
    case LOTS_OP_SIZE:
        return eval_size(step, out, err);
    case LOTS_OP_MAIN:
        return eval_main(step, out, err);
    default:
        return eval_other(step, out, err);
    }
}
