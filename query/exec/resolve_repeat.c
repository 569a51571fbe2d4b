/* resolve_repeat.c: events that are one of so many within so many days: `ed as e where count(ed within 364d until e.start) >= 4`.
 * Where every element is itself one of those that are counted, the k-th of an owner is such a one just when it begins no more
 * than so many days after the one so many places before it. Then nothing is counted: two days are compared. See
 * resolve_inner.h. */
#include <string.h>

#include "query/exec/beyond.h"
#include "query/exec/candidates.h"
#include "query/exec/resolve_inner.h"

typedef struct repeat { /* at least `least` of `set` in the `days` up to the element's own */
    const lots_set *set;
    const lots_expr *length; /* a constant, 0 or less */
    uint32_t least;
    int32_t days;
} repeat;

/* ---- the shape ---- */

static bool is_start(const mask_maker *maker, const lots_expr *expr)
{
    return expr != NULL && expr->op == LOTS_OP_COLUMN && expr->of_frame == maker->set->frame &&
           (int32_t)expr->index == maker->relation->relation->start_column;
}

/* count(…) >= n, count(…) > n - 1, and the same turned. */
static bool read_least(const lots_expr *filter, const lots_expr **counted, uint32_t *least)
{
    if (filter->operand_count != 2)
        return false;
    const bool turned = filter->operands[0]->op == LOTS_OP_CONSTANT;
    const lots_expr *number = filter->operands[turned ? 0 : 1];
    const lots_op op = turned ? lots_op_turned(filter->op) : filter->op;
    *counted = filter->operands[turned ? 1 : 0];
    if ((op != LOTS_OP_GREATER_EQUAL && op != LOTS_OP_GREATER) || (*counted)->op != LOTS_OP_COUNT ||
        number->op != LOTS_OP_CONSTANT || number->type.kind != LOTS_TYPE_INT || number->constant.missing ||
        number->constant.i < 1 || number->constant.i >= INT32_MAX)
        return false;
    *least = (uint32_t)number->constant.i + (op == LOTS_OP_GREATER ? 1 : 0);
    return *least > 1;
}

static bool read_shape(const mask_maker *maker, const lots_expr *filter, repeat *out)
{
    const lots_relation *relation = maker->relation->relation;
    const lots_expr *counted = NULL;
    if (relation->kind != LOTS_RELATION_STREAM || relation->start_column < 0 || maker->mask == NULL ||
        !read_least(filter, &counted, &out->least))
        return false;
    const lots_set *set = out->set = counted->set;
    if (set->event != NULL || set->window_count != 1 || !is_start(maker, set->windows[0].high))
        return false;
    const lots_expr *low = set->windows[0].low;
    if (low == NULL || low->op != LOTS_OP_ADD_DAYS || !is_start(maker, low->operands[0]))
        return false;
    out->length = low->operands[1];
    return true;
}

/* *can: the length is a constant, not below 0. */
static lots_status find_length(const mask_maker *maker, repeat *r, bool *can, lots_error *err)
{
    const lots_home *home = NULL;
    lots_vector length;
    LOTS_TRY(lots_expr_home(maker->worker, r->length, &home, err));
    *can = home->frame == LOTS_FRAME_CONSTANT && r->length->type.kind == LOTS_TYPE_DAYS;
    if (!*can)
        return LOTS_OK;
    LOTS_TRY(lots_value(maker->worker, r->length, &maker->worker->constant, &length, err));
    const int64_t days = *(const int64_t *)length.data;
    *can = length.missing == NULL && length.failed == NULL && days <= 0 && days > INT32_MIN;
    r->days = *can ? (int32_t)-days : 0;
    return LOTS_OK;
}

/* *counted: the rows that are counted, of which every element is one, all of them dated; NULL: that can't be said. */
static lots_status find_counted(const mask_maker *maker, const repeat *r, const lots_instance *elements, lots_passed **counted,
                                lots_error *err)
{
    lots_relation_rows *relation = NULL;
    lots_resolved *resolved = NULL;
    uint64_t others = 0;
    *counted = NULL;
    LOTS_TRY(lots_relation_get(maker->worker, r->set->relation, elements, &relation, err));
    if (relation != maker->relation || lots_set_in_episode(maker->worker, r->set))
        return LOTS_OK;
    LOTS_TRY(lots_set_mask(maker->worker, r->set, relation, &resolved, err)); /* it has a window: without rows not dated */
    if (resolved->mask == NULL || resolved->failed != NULL || resolved->pair_count > 0 || resolved->window_count != 1)
        return LOTS_OK;
    for (size_t w = 0; w < lots_bit_words(relation->count); w++)
        others |= maker->mask[w] & ~resolved->mask[w];
    return others == 0 ? lots_set_passed(maker->worker, r->set, relation, counted, err) : LOTS_OK;
}

/* Places as rows. */
static void spread(const mask_maker *maker, const lots_passed *counted, const uint64_t *places, uint64_t *rows)
{
    const uint32_t count = maker->relation->count;
    if (counted->bits != NULL)
        maker->worker->kernels->bits_expand(counted->bits, count, places, rows);
    else /* they are the same */
        memcpy(rows, places, lots_bit_words(count) * sizeof *rows);
}

/* *can: no element's window leaves the calendar, or what is covered. */
static lots_status find_outside(const mask_maker *maker, const repeat *r, const lots_passed *counted, bool *can, lots_error *err)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const uint32_t count = maker->relation->count;
    int32_t from = 0, until = 0;
    uint64_t *bits = NULL, *rows = NULL;
    lots_beyond_covered(maker->worker, r->set, &from, &until);
    *can = from <= INT32_MAX - r->days;
    if (!*can)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(maker->arena, counted->count, &bits, err));
    kernels->range_i32(counted->starts, counted->count, from + r->days, until, bits);
    if (kernels->bits_count(bits, counted->count) == counted->count)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(maker->arena, count, &rows, err));
    kernels->bits_not(bits, counted->count, bits);
    spread(maker, counted, bits, rows);
    kernels->bits_and(rows, maker->mask, count, rows);
    *can = lots_bits_next(rows, 0, count) == count;
    return LOTS_OK;
}

/* ---- looking ---- */

typedef struct repeats {
    const int32_t *days;  /* by place */
    const uint64_t *near; /* places from which `ahead` others, of whatever owner, lie within the days */
    uint32_t ahead;
    uint64_t *found;      /* places */
} repeats;

/* Events of one day see the same. Where the one before is marked, so are all of that day before it. */
static void mark_day(const repeats *of, uint32_t first, uint32_t place)
{
    const int32_t *days = of->days;
    lots_bit_set(of->found, place);
    for (; place > first && days[place - 1] == days[place] && !lots_bit_get(of->found, place - 1); place--)
        lots_bit_set(of->found, place - 1);
}

/* Of one owner, who has so many more than those ahead. */
static void mark_owner(const repeats *of, uint32_t first, uint32_t end)
{
    const uint32_t last = end - of->ahead; /* excluded */
    for (uint32_t at = first; at < last; at += 64) {
        const unsigned shift = at % 64;
        uint64_t near = of->near[at / 64] >> shift;
        near |= shift == 0 ? 0 : of->near[at / 64 + 1] << (64 - shift); /* there is a word of slack */
        near &= last - at < 64 ? (UINT64_C(1) << (last - at)) - 1 : UINT64_MAX;
        for (; near != 0; near &= near - 1)
            mark_day(of, first, at + (uint32_t)__builtin_ctzll(near) + of->ahead);
    }
}

static lots_status find_near(const mask_maker *maker, const repeat *r, const lots_passed *counted, uint64_t **out, lots_error *err)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const uint32_t ahead = r->least - 1, count = counted->count > ahead ? counted->count - ahead : 0;
    int32_t *lengths = NULL;
    LOTS_TRY(lots_new_bits(maker->arena, counted->count, out, err));
    if (count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_new_i32(maker->arena, count, &lengths, err));
    kernels->subtract_i32(counted->starts + ahead, counted->starts, count, lengths); /* from owner to owner it may wrap around */
    kernels->range_i32(lengths, count, INT32_MIN, r->days, *out);
    return LOTS_OK;
}

/* Who has rows enough: few, mostly. */
static lots_status find_owners(const mask_maker *maker, const repeat *r, const lots_passed *counted, uint64_t **out, lots_error *err)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const int32_t *first = (const int32_t *)counted->offsets; /* rows of a chunk are below 2^31 */
    const uint32_t owners = maker->relation->owners->count;
    int32_t *latest = NULL;
    LOTS_TRY(lots_new_i32(maker->arena, owners, &latest, err));
    LOTS_TRY(lots_new_bits(maker->arena, owners, out, err));
    kernels->add_i32(first + 1, NULL, -(int32_t)r->least, NULL, owners, latest);
    kernels->less_equal_i32(first, latest, owners, *out);
    return LOTS_OK;
}

static lots_status keep_repeats(mask_maker *maker, const repeat *r, const lots_passed *counted, lots_error *err)
{
    const uint32_t count = maker->relation->count, owners = maker->relation->owners->count, *offsets = counted->offsets;
    uint64_t *enough = NULL, *near = NULL, *found = NULL, *rows = NULL;
    LOTS_TRY(lots_new_bits(maker->arena, counted->count, &found, err));
    LOTS_TRY(lots_new_words(maker->arena, count, &rows, err));
    LOTS_TRY(find_owners(maker, r, counted, &enough, err));
    LOTS_TRY(find_near(maker, r, counted, &near, err));
    const repeats of = {counted->starts, near, r->least - 1, found};
    for (size_t w = 0; w < lots_bit_words(owners); w++)
        for (uint64_t left = enough[w]; left != 0; left &= left - 1) {
            const uint32_t *own = offsets + w * 64 + (size_t)__builtin_ctzll(left);
            mark_owner(&of, own[0], own[1]);
        }
    spread(maker, counted, found, rows);
    maker->worker->work.rows += counted->count;
    return lots_mask_keep(maker, rows, err);
}

lots_status lots_mask_repeats(mask_maker *maker, const lots_expr *filter, const lots_instance *elements, bool *done, lots_error *err)
{
    repeat r = {.set = NULL};
    lots_passed *counted = NULL;
    *done = read_shape(maker, filter, &r);
    if (*done)
        LOTS_TRY(find_length(maker, &r, done, err));
    if (*done)
        LOTS_TRY(find_counted(maker, &r, elements, &counted, err));
    *done = counted != NULL;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_passed_starts(maker->worker, counted, err));
    LOTS_TRY(find_outside(maker, &r, counted, done, err));
    return *done ? keep_repeats(maker, &r, counted, err) : LOTS_OK;
}
