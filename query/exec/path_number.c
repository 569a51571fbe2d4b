/* path_number.c: PATH_NUMBER and PATH_NAMES: a path of few steps by a category of few values as a number, a byte a step: rank + 1.
 *
 * What is asked of a path is mostly to group by it: then a row costs a number, and a text is made once for each that occurs.
 * Steps are bytes side by side, the first place from which a path doesn't go on is a bit: the number is eight bytes read at
 * once, of which those beyond the path are blanked. What a path is says path.c, which makes all others. */
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/path.h"
#include "query/exec/step.h"

#define MORE (UINT64_C(1) << (8 * LOTS_PATH_STEPS))

typedef struct number_maker {
    const lots_step *step;
    lots_element_list list; /* elements without a value left out; its instance only has the others */
    uint32_t count;         /* of them */
    uint8_t *steps;         /* by place, with eight bytes of slack */
    uint64_t *stops;        /* places from which no path goes on */
} number_maker;

/* Leave out the elements whose value isn't known. */
static lots_status drop_unnamed(number_maker *maker, lots_vector *names, lots_error *err)
{
    const lots_step *step = maker->step;
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t count = maker->count, owners = step->count;
    const size_t words = lots_bit_words(count);
    uint32_t *rows = NULL, *ranks = NULL, *before = NULL, *offsets = NULL;
    uint64_t *named = NULL;
    LOTS_TRY(lots_new_words(step->arena, count, &named, err));
    LOTS_TRY(lots_new_u32(step->arena, count, &rows, err));
    LOTS_TRY(lots_new_u32(step->arena, count, &ranks, err));
    LOTS_TRY(lots_new_u32(step->arena, words + 1, &before, err));
    LOTS_TRY(lots_new_u32(step->arena, (size_t)owners + 1, &offsets, err));
    kernels->bits_not(names->missing, count, named);
    before[words] = kernels->count_prefix(named, words, 0, before);
    kernels->bit_ranks(named, before, maker->list.offsets, (size_t)owners + 1, offsets);
    kernels->compress_u32(named, count, maker->list.rows, rows);
    maker->count = (uint32_t)kernels->compress_u32(named, count, names->data, ranks);
    maker->list.rows = rows;
    maker->list.offsets = offsets;
    names->data = ranks;
    return LOTS_OK;
}

/* Sixteen at a time, into the slack, so that compilers make vectors of it. */
static void number_steps(const uint32_t *restrict ranks, uint32_t count, uint8_t *restrict out)
{
    for (size_t i = 0; i < count; i += 16)
        for (size_t k = 0; k < 16; k++)
            out[i + k] = (uint8_t)(ranks[i + k] + 1);
}

static lots_status read_steps(number_maker *maker, lots_error *err)
{
    const lots_step *step = maker->step;
    lots_vector value, names;
    void *room = NULL;
    LOTS_TRY(lots_value(step->worker, step->expr->operands[0], maker->list.instance, &value, err));
    LOTS_TRY(lots_raise(&value, err));
    LOTS_TRY(lots_vector_flatten(step->arena, &value, &names, err));
    if (names.missing != NULL && lots_bits_next(names.missing, 0, maker->count) < maker->count)
        LOTS_TRY(drop_unnamed(maker, &names, err));
    LOTS_TRY(lots_arena_vector(step->arena, &room, (size_t)maker->count + sizeof(uint64_t), 1, err));
    maker->steps = room;
    number_steps(names.data, maker->count, maker->steps);
    return LOTS_OK;
}

/* Of places whose next one is near enough: where both days are known, and differ by no more than the gap. */
static lots_status find_near(const number_maker *maker, uint32_t end_column, uint64_t *near, lots_error *err)
{
    const lots_step *step = maker->step;
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t count = maker->count;
    const int64_t gap = step->expr->constant.i;
    const int32_t most = gap > INT32_MAX ? INT32_MAX : (int32_t)gap;
    int32_t *from = NULL, *gaps = NULL;
    uint64_t *dated = NULL;
    lots_vector ends, flat;
    LOTS_TRY(lots_relation_take(step->worker, maker->list.relation, end_column, maker->list.rows, count, step->arena, &ends, err));
    LOTS_TRY(lots_vector_flatten(step->arena, &ends, &flat, err));
    LOTS_TRY(lots_new_i32(step->arena, (size_t)count + 1, &from, err));
    LOTS_TRY(lots_new_i32(step->arena, count, &gaps, err));
    LOTS_TRY(lots_new_words(step->arena, count, &dated, err));
    LOTS_TRY(lots_relation_starts_at(step->worker, maker->list.relation, maker->list.rows, count, from, err));
    from[count] = INT32_MAX;
    kernels->subtract_i32(from + 1, flat.data, count, gaps); /* what is not known may wrap around */
    kernels->range_i32(gaps, count, INT32_MIN, most, near);
    kernels->range_i32(from + 1, count, INT32_MIN, INT32_MAX - 1, dated);
    lots_bits_and(near, near, dated, count);
    if (flat.missing != NULL)
        lots_bits_and_not(near, near, flat.missing, count);
    return LOTS_OK;
}

static lots_status find_stops(number_maker *maker, lots_error *err)
{
    const lots_step *step = maker->step;
    const uint32_t *offsets = maker->list.offsets;
    const int32_t end_column = maker->list.relation->relation->end_column;
    const bool asked = !step->expr->constant.missing;
    LOTS_TRY(lots_new_bits(step->arena, maker->count, &maker->stops, err));
    if (asked && end_column >= 0)
        LOTS_TRY(find_near(maker, (uint32_t)end_column, maker->stops, err));
    if (asked)
        lots_bits_not(maker->stops, maker->stops, maker->count);
    uint32_t g = 0;
    while (g < step->count && offsets[g + 1] == 0)
        g++;
    for (; g < step->count; g++) /* of an owner without steps that is the one before's last */
        lots_bit_set(maker->stops, offsets[g + 1] - 1);
    return LOTS_OK;
}

/* Steps from a place up to the first stop, which there is; of 64 and more 64. */
static unsigned length_from(const uint64_t *stops, uint32_t at)
{
    const unsigned shift = at % 64;
    uint64_t window = stops[at / 64] >> shift;
    window |= shift == 0 ? 0 : stops[at / 64 + 1] << (64 - shift); /* there is a word of slack */
    return (unsigned)__builtin_ctzll(window | UINT64_C(1) << 63) + 1;
}

/* Who has no steps can't be foretold: theirs are read, where the next one's are or behind the last, and blanked. */
static void make_numbers(const number_maker *maker, lots_vector *out)
{
    const uint32_t *offsets = maker->list.offsets;
    const unsigned most = maker->step->expr->index;
    int64_t *numbers = out->data;
    for (uint32_t g = 0; g < maker->step->count; g++) {
        const uint64_t none = offsets[g] == offsets[g + 1];
        const unsigned length = length_from(maker->stops, offsets[g]), kept = length < most ? length : most;
        const uint64_t number = lots_get64(maker->steps + offsets[g]) & ((UINT64_C(1) << (8 * kept)) - 1);
        numbers[g] = (int64_t)((number | (length > most ? MORE : 0)) & (none - 1));
        out->missing[g / 64] |= none << (g % 64);
    }
}

lots_status lots_eval_path_number(lots_step *step, lots_vector *out, lots_error *err)
{
    number_maker maker = {.step = step};
    LOTS_TRY(lots_element_list_make(step->worker, step->expr->set, step->rows, &maker.list, err));
    maker.count = maker.list.instance->count;
    step->worker->work.rows += maker.count;
    LOTS_TRY(read_steps(&maker, err));
    LOTS_TRY(find_stops(&maker, err));
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    make_numbers(&maker, out);
    if (lots_bits_next(out->missing, 0, step->count) == step->count)
        out->missing = NULL;
    return LOTS_OK;
}

/* ---- texts ---- */

lots_status lots_path_write(const lots_expr *names, int64_t number, lots_bytes *out, lots_error *err)
{
    const lots_dictionary *dictionary = names->operands[0]->operands[0]->type.dictionary;
    uint64_t left = (uint64_t)number & (MORE - 1);
    for (bool first = true; left != 0; left >>= 8, first = false) {
        size_t bytes = 0;
        const char *name = lots_dictionary_key(dictionary, (lots_id)(left & 0xff) - 1, &bytes);
        if (!first)
            LOTS_TRY(lots_bytes_append(out, LOTS_PATH_BETWEEN, sizeof LOTS_PATH_BETWEEN - 1, err));
        LOTS_TRY(lots_bytes_append(out, name, bytes, err));
    }
    if (((uint64_t)number & MORE) == 0)
        return LOTS_OK;
    return lots_bytes_append(out, LOTS_PATH_AND_MORE, sizeof LOTS_PATH_AND_MORE - 1, err);
}

static lots_status write_names(const lots_step *step, const int64_t *numbers, lots_vector *out, lots_bytes *text, lots_error *err)
{
    for (uint32_t i = 0; i < step->count; i++) {
        char *copy = NULL;
        text->count = 0;
        if (!lots_vector_is_missing(out, i))
            LOTS_TRY(lots_path_write(step->expr, numbers[i], text, err));
        LOTS_TRY(lots_arena_text(step->arena, &copy, (const char *)text->data, text->count, err));
        ((lots_text *)out->data)[i] = (lots_text){copy, (uint32_t)text->count};
    }
    return LOTS_OK;
}

lots_status lots_eval_path_names(lots_step *step, lots_vector *out, lots_error *err)
{
    lots_bytes text = {0};
    LOTS_TRY(lots_step_flatten(step, 0, err));
    LOTS_TRY(lots_step_strict(step, 0, out, err));
    const lots_status status = write_names(step, step->in[0].data, out, &text, err);
    lots_bytes_free(&text);
    return status;
}
