/* operand.c: see operand.h. The idea: windows and filters often leave few of the relation's rows, those that some range holds under the
 * mask; values that cost something are computed for these alone, and so are columns decoded. */
#include "query/exec/operand.h"

#include "query/exec/border.h"
#include "query/exec/column.h"
#include "query/exec/days.h"

lots_status lots_operand_over(const lots_step *step, lots_relation_rows *relation, const lots_instance *elements, lots_vector *out,
                              lots_error *err)
{
    lots_vector value;
    if (step->expr->op == LOTS_OP_NIGHTS) {
        LOTS_TRY(lots_nights(step->worker, relation, lots_instance_arena(step->worker, elements), &value, err));
        if (elements->relation_row != NULL)
            return lots_vector_gather(lots_instance_arena(step->worker, elements), &value, elements->relation_row,
                                      elements->count, out, err);
        *out = value;
        return LOTS_OK;
    }
    const lots_expr *x = step->expr->operands[0];
    LOTS_TRY(lots_value(step->worker, lots_counts_prefixes(step->expr) ? x->operands[0] : x, elements, &value, err));
    return lots_vector_flatten(lots_instance_arena(step->worker, elements), &value, out, err);
}

/* ---- the rows that ranges hold ---- */

/* Is a value of the operand so cheap where all of them are that nothing is gained by leaving rows out? */
static bool is_plain(const lots_expr *x)
{
    const lots_type_kind kind = x->type.kind;
    return x->op == LOTS_OP_CONSTANT ||
           (x->op == LOTS_OP_COLUMN && kind != LOTS_TYPE_SET && kind != LOTS_TYPE_CODE && kind != LOTS_TYPE_CATEGORY);
}

typedef struct held_bits { /* the rows that some range holds under the mask */
    bool known;            /* else they are all, or nearly */
    const uint64_t *bits;  /* NULL: all rows of the ranges, which are apart */
    uint32_t count;
} held_bits;

/* Does every range, an empty one too, begin no earlier than the one before it ends? */
static bool are_in_turn(const lots_ranges *ranges)
{
    enum { STRETCH = 4096 };
    uint64_t early[STRETCH / 64 + 8];
    for (uint32_t i = 0; i + 1 < ranges->count; i += STRETCH) {
        const uint32_t here = ranges->count - 1 - i < STRETCH ? ranges->count - 1 - i : STRETCH;
        lots_kernels_get()->less_i32((const int32_t *)ranges->first + i + 1, (const int32_t *)ranges->end + i, here, early);
        if (lots_bits_next(early, 0, here) < here)
            return false;
    }
    return true;
}

/* Do the ranges that aren't empty stand one behind the other? Mostly the others don't stand in the way. */
static bool are_behind(const lots_ranges *ranges)
{
    uint32_t at = 0;
    bool behind = true;
    if (are_in_turn(ranges))
        return true;
    for (uint32_t i = 0; i < ranges->count; i++) {
        const bool any = ranges->first[i] < ranges->end[i];
        behind &= !any || ranges->first[i] >= at;
        at = any ? ranges->end[i] : at;
    }
    return behind;
}

/* Ranges that overlap much are not gone through. */
static lots_status rows_held(const lots_step *step, const lots_ranges *ranges, held_bits *out, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    uint64_t *held = NULL, length = 0;
    *out = (held_bits){ranges->offsets != NULL && ranges->mask != NULL, ranges->mask, ranges->positions};
    if (ranges->offsets == NULL) {
        for (uint32_t i = 0; i < ranges->count; i++)
            length += ranges->end[i] - ranges->first[i];
        if (length >= 2 * (uint64_t)ranges->positions)
            return LOTS_OK;
        if (ranges->mask == NULL && (ranges->apart || are_behind(ranges))) {
            *out = (held_bits){true, NULL, (uint32_t)length};
            return LOTS_OK;
        }
        LOTS_TRY(lots_new_bits(step->arena, ranges->positions, &held, err));
        for (uint32_t i = 0; i < ranges->count && !ranges->apart; i++)
            if (ranges->first[i] < ranges->end[i])
                lots_bits_set_range(held, ranges->first[i], ranges->end[i]);
        if (ranges->apart)
            lots_places_bits(ranges->first, ranges->end, NULL, ranges->count, ranges->positions, held);
        if (ranges->mask != NULL)
            kernels->bits_and(held, ranges->mask, ranges->positions, held);
        *out = (held_bits){true, held, 0};
    }
    if (out->known)
        out->count = (uint32_t)kernels->bits_count(out->bits, ranges->positions);
    return LOTS_OK;
}

/* Of ranges that are apart: their rows, one range's after the other's. */
static lots_status number_apart(const lots_step *step, const lots_ranges *ranges, uint32_t count, uint32_t **rows,
                                lots_ranges *out, lots_error *err)
{
    uint32_t *places = NULL, at = 0;
    LOTS_TRY(lots_new_u32(step->arena, (size_t)count, rows, err));
    LOTS_TRY(lots_new_u32(step->arena, (size_t)ranges->count + 1, &places, err));
    step->worker->kernels->range_indexes(ranges->first, ranges->end, ranges->count, *rows);
    for (uint32_t g = 0; g < ranges->count; g++) {
        places[g] = at;
        at += ranges->end[g] - ranges->first[g];
    }
    places[ranges->count] = at;
    *out = (lots_ranges){.count = ranges->count, .first = places, .end = places + 1, .offsets = places, .positions = count};
    return LOTS_OK;
}

/* The rows that count, and the ranges of them: places among these. */
static lots_status number_held(const lots_step *step, const lots_ranges *ranges, const uint64_t *held, uint32_t count,
                               uint32_t **rows, lots_ranges *out, lots_error *err)
{
    if (held == NULL)
        return number_apart(step, ranges, count, rows, out, err);
    const lots_kernels *kernels = step->worker->kernels;
    const lots_ranges marked = {.positions = ranges->positions, .mask = held};
    const bool follow = ranges->offsets != NULL;
    uint32_t *places = NULL;
    lots_bit_ranks ranks;
    LOTS_TRY(lots_new_u32(step->arena, count, rows, err));
    LOTS_TRY(lots_new_u32(step->arena, 2 * ((size_t)ranges->count + 1), &places, err));
    LOTS_TRY(lots_bit_ranks_make(step, &marked, &ranks, err));
    kernels->bits_indexes(held, ranges->positions, *rows);
    uint32_t *ends = follow ? places + 1 : places + ranges->count + 1;
    places[0] = 0;
    kernels->bit_ranks(held, ranks.words, ranges->first, ranges->count, places);
    kernels->bit_ranks(held, ranks.words, ranges->end, ranges->count, ends);
    *out = (lots_ranges){.count = ranges->count, .first = places, .end = ends, .positions = count};
    out->offsets = follow ? places : NULL;
    return LOTS_OK;
}

/* A stored column that nothing has decoded yet, of which few rows count, is decoded for these alone: *done. */
static lots_status take_held(const lots_step *step, lots_relation_rows *relation, const lots_instance *all,
                             lots_ranges *ranges, lots_vector *x, bool *done, lots_error *err)
{
    const lots_expr *column = step->expr->op == LOTS_OP_NIGHTS ? NULL : step->expr->operands[0];
    const lots_relation *bound = relation->relation;
    held_bits held;
    uint32_t *rows = NULL, *of_relation = NULL;
    lots_ranges few;
    *done = false;
    if (column == NULL || column->op != LOTS_OP_COLUMN || column->of_frame != all->frame ||
        bound->kind != LOTS_RELATION_STREAM || !is_plain(column) ||
        lots_stream_is_read(step->worker, bound->stream, bound->columns[column->index].column))
        return LOTS_OK;
    LOTS_TRY(rows_held(step, ranges, &held, err));
    const uint32_t count = held.count;
    if (!held.known || 4 * (uint64_t)count >= ranges->positions)
        return LOTS_OK;
    LOTS_TRY(number_held(step, ranges, held.bits, count, &rows, &few, err));
    if (all->relation_row != NULL) {
        LOTS_TRY(lots_new_u32(step->arena, count, &of_relation, err));
        step->worker->kernels->gather_u32(all->relation_row, rows, count, of_relation);
    }
    LOTS_TRY(lots_relation_take(step->worker, relation, column->index, of_relation != NULL ? of_relation : rows, count,
                                step->arena, x, err));
    x->type = column->type;
    *ranges = few;
    *done = true;
    return LOTS_OK;
}

typedef struct held_rows { /* the rows that count, as an instance, and the ranges of them */
    lots_instance *elements; /* NULL: all rows are to be looked at */
    lots_ranges ranges;
} held_rows;

/* Whose the rows that count are: their ranges' owners, where these follow one another; else by what is known of all. */
static lots_status own_held(const lots_step *step, const lots_instance *all, bool follow, const lots_ranges *held,
                            const uint32_t *rows, lots_instance *out, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t *owners = NULL;
    uint32_t *parents = NULL, *offsets = NULL;
    LOTS_TRY(lots_new_u32(step->arena, out->count, &parents, err));
    out->parent_index = parents;
    if (!follow || lots_instance_of(step->worker, step->rows, all->parent->frame) != all->parent) {
        LOTS_TRY(lots_instance_parents(step->worker, all, &owners, err));
        kernels->gather_u32(owners, rows, out->count, parents);
        return LOTS_OK;
    }
    LOTS_TRY(lots_new_u32(step->arena, (size_t)held->count + 1, &offsets, err));
    offsets[0] = 0;
    for (uint32_t i = 0; i < held->count; i++)
        offsets[i + 1] = offsets[i] + (held->end[i] - held->first[i]);
    LOTS_TRY(lots_instance_index(step->worker, step->rows, all->parent, &owners, err));
    if (owners == NULL)
        kernels->broadcast_index(offsets, held->count, parents);
    else
        kernels->broadcast_i32((const int32_t *)owners, offsets, held->count, (int32_t *)parents);
    return LOTS_OK;
}

/* What is asked of few of the relation's rows is computed for those alone. */
static lots_status hold_rows(const lots_step *step, const lots_ranges *ranges, const lots_instance *all, held_rows *out,
                             lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    held_bits held;
    uint32_t *rows = NULL;
    *out = (held_rows){.elements = NULL};
    if (step->expr->op == LOTS_OP_NIGHTS || is_plain(step->expr->operands[0]))
        return LOTS_OK;
    LOTS_TRY(rows_held(step, ranges, &held, err));
    const uint32_t count = held.count;
    if (!held.known || 2 * (uint64_t)count >= ranges->positions)
        return LOTS_OK;
    LOTS_TRY(number_held(step, ranges, held.bits, count, &rows, &out->ranges, err));
    LOTS_TRY(lots_instance_new(step->worker, all->frame, count, all->parent, all->depth, &out->elements, err));
    LOTS_TRY(own_held(step, all, are_behind(ranges), &out->ranges, rows, out->elements, err));
    out->elements->relation_row = rows;
    if (all->relation_row != NULL) {
        uint32_t *of_relation = NULL;
        LOTS_TRY(lots_new_u32(step->arena, count, &of_relation, err));
        kernels->gather_u32(all->relation_row, rows, count, of_relation);
        out->elements->relation_row = of_relation;
    }
    return LOTS_OK;
}

lots_status lots_operand_of_ranges(const lots_step *step, lots_relation_rows *relation, const lots_instance *all, lots_ranges *ranges,
                                   lots_vector *x, lots_error *err)
{
    held_rows held;
    bool done = false;
    LOTS_TRY(take_held(step, relation, all, ranges, x, &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(hold_rows(step, ranges, all, &held, err));
    if (held.elements != NULL)
        *ranges = held.ranges;
    return lots_operand_over(step, relation, held.elements != NULL ? held.elements : all, x, err);
}
