/* prefix_class.c: prefixes of codes, each text once: every code of the dictionary that is met gets the number of its prefix's text once
 * a worker, so no text is made for a row, and equal texts are the same bytes. The numbers are for counting the distinct ones. */
#include "query/exec/aggregate.h"

#include <string.h>

#include "core/base/hash.h"

enum { UNKNOWN, NONE, FIRST_CLASS }; /* what stands in `of_rank`: a class is FIRST_CLASS and more */

struct lots_prefixes {
    lots_prefixes *next;
    const lots_expr *expr; /* PREFIX of codes, and its constant length */
    const lots_dictionary *dictionary;
    uint32_t *of_rank;
    lots_text *texts;  /* by class */
    uint32_t *slots;   /* of a hash of their texts: class + 1, 0: free */
    uint32_t slot_count, count;
};

static bool has_constant_length(const lots_expr *prefix)
{
    return prefix->operands[0]->type.dictionary != NULL && prefix->operands[1]->op == LOTS_OP_CONSTANT &&
           !prefix->operands[1]->constant.missing;
}

bool lots_counts_prefixes(const lots_expr *expr)
{
    const lots_expr *x = expr->operand_count > 0 ? expr->operands[0] : NULL;
    return expr->op == LOTS_OP_COUNT_DISTINCT && x != NULL && x->op == LOTS_OP_CODE_PREFIX &&
           x->operands[0]->type.kind == LOTS_TYPE_CODE && has_constant_length(x);
}

lots_status lots_prefixes_open(lots_worker *worker, const lots_expr *prefix, lots_prefixes **out, lots_error *err)
{
    void *room = NULL;
    *out = NULL;
    if (!has_constant_length(prefix))
        return LOTS_OK;
    for (*out = worker->prefixes; *out != NULL; *out = (*out)->next)
        if ((*out)->expr == prefix)
            return LOTS_OK;
    const lots_dictionary *dictionary = prefix->operands[0]->type.dictionary;
    const uint32_t ranks = lots_dictionary_count(dictionary);
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, 1, sizeof(lots_prefixes), err));
    lots_prefixes *made = room;
    *made = (lots_prefixes){.next = worker->prefixes, .expr = prefix, .dictionary = dictionary, .slot_count = 16};
    while (made->slot_count < 2 * (uint64_t)ranks && made->slot_count < (UINT32_C(1) << 31))
        made->slot_count *= 2;
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, (size_t)ranks + 1, sizeof(uint32_t), err));
    made->of_rank = room;
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, (size_t)ranks + 1, sizeof(lots_text), err));
    made->texts = room;
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, made->slot_count, sizeof(uint32_t), err));
    made->slots = room;
    *out = worker->prefixes = made;
    return LOTS_OK;
}

static uint32_t class_of_text(lots_prefixes *prefixes, lots_text text)
{
    uint32_t at = (uint32_t)lots_hash(text.text, text.bytes, 0) & (prefixes->slot_count - 1);
    for (; prefixes->slots[at] != 0; at = (at + 1) & (prefixes->slot_count - 1)) {
        const lots_text *known = &prefixes->texts[prefixes->slots[at] - 1];
        if (known->bytes == text.bytes && memcmp(known->text, text.text, text.bytes) == 0)
            return prefixes->slots[at] - 1;
    }
    prefixes->texts[prefixes->count] = text;
    prefixes->slots[at] = ++prefixes->count;
    return prefixes->count - 1;
}

static uint32_t class_of_rank(lots_prefixes *prefixes, lots_id rank)
{
    lots_text text;
    uint32_t *known = &prefixes->of_rank[rank];
    if (*known == UNKNOWN)
        *known = lots_code_prefix(prefixes->dictionary, rank, prefixes->expr->operands[1]->constant.i, &text)
                     ? FIRST_CLASS + class_of_text(prefixes, text)
                     : NONE;
    return *known;
}

bool lots_prefixes_text(lots_prefixes *prefixes, lots_id rank, lots_text *out)
{
    const uint32_t here = class_of_rank(prefixes, rank);
    if (here == NONE)
        return false;
    *out = prefixes->texts[here - FIRST_CLASS];
    return true;
}

lots_status lots_prefix_classes(const lots_step *step, const lots_vector *codes, lots_vector *out, uint32_t *limit,
                                lots_error *err)
{
    const uint32_t *ranks = codes->data;
    lots_prefixes *prefixes = NULL;
    LOTS_TRY(lots_prefixes_open(step->worker, step->expr->operands[0], &prefixes, err));
    LOTS_TRY(lots_vector_new(step->arena, &codes->type, codes->count, out, err));
    uint32_t *classes = out->data;
    for (uint32_t i = 0; i < codes->count; i++) {
        const uint32_t here = lots_vector_is_missing(codes, i) ? NONE : class_of_rank(prefixes, ranks[i]);
        classes[i] = here == NONE ? 0 : here - FIRST_CLASS;
        if (here != NONE)
            continue;
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        lots_bit_set(out->missing, i);
    }
    step->worker->work.rows += codes->count;
    *limit = prefixes->count > 0 ? prefixes->count : 1;
    return LOTS_OK;
}
