/* group_deviation.c: see group_deviation.h. */
#include "query/exec/group_deviation.h"

#include "core/base/memory.h"

__extension__ typedef unsigned __int128 wide;

static void add_signed(lots_group_cell *cell, uint64_t low, uint64_t high)
{
    cell->low += low;
    cell->high += high + (cell->low < low ? 1 : 0);
}

/* 2^32 squares of 126 bits fit in 192. */
static void add_squares(lots_group_cell *cell, uint64_t low, uint64_t middle, uint64_t high)
{
    wide sum = (wide)cell->squares[0] + low;
    cell->squares[0] = (uint64_t)sum;
    sum = (sum >> 64) + cell->squares[1] + middle;
    cell->squares[1] = (uint64_t)sum;
    cell->squares[2] += (uint64_t)(sum >> 64) + high;
}

static void add_whole(lots_group_cell *cell, int64_t x)
{
    const uint64_t size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    const wide square = (wide)size * size;
    add_signed(cell, (uint64_t)x, x < 0 ? UINT64_MAX : 0);
    add_squares(cell, (uint64_t)square, (uint64_t)(square >> 64), 0);
}

static lots_status moments_of(lots_group_state *state, lots_group_cell *cell, lots_moments **out, lots_error *err)
{
    if (cell->spilled == 0) {
        LOTS_TRY(lots_vec_extend(&state->moments, 1, NULL, err));
        cell->spilled = (uint32_t)state->moments.count;
    }
    *out = &LOTS_AT(lots_moments, &state->moments, cell->spilled - 1);
    return LOTS_OK;
}

static lots_status add_float(lots_group_state *state, lots_group_cell *cell, double x, lots_error *err)
{
    lots_moments *moments = NULL;
    LOTS_TRY(moments_of(state, cell, &moments, err));
    lots_limbs_add(moments->sum, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, x);
    lots_limbs_add_square(moments->squares, 2 * LOTS_EXACT_LIMBS, 2 * LOTS_EXACT_LOW, x);
    return LOTS_OK;
}

lots_status lots_deviation_feed(lots_group_state *state, const lots_group_batch *batch, lots_error *err)
{
    lots_group_cell *cells = state->cells.data;
    const lots_vector *x = batch->value;
    for (uint32_t row = 0; row < batch->rows; row++) {
        const uint32_t at = x->constant ? 0 : row;
        if ((batch->where != NULL && !lots_bit_get(batch->where, row)) || lots_vector_is_missing(x, row))
            continue;
        lots_group_cell *cell = &cells[lots_group_name(batch, batch->group[row])];
        cell->count++;
        if (x->type.kind == LOTS_TYPE_FLOAT)
            LOTS_TRY(add_float(state, cell, ((const double *)x->data)[at], err));
        else
            add_whole(cell, ((const int64_t *)x->data)[at]);
    }
    return LOTS_OK;
}

lots_status lots_deviation_join(lots_group_state *state, lots_group_cell *cell, const lots_group_state *from,
                                const lots_group_cell *more, lots_error *err)
{
    lots_moments *moments = NULL;
    cell->count += more->count;
    add_signed(cell, more->low, more->high);
    add_squares(cell, more->squares[0], more->squares[1], more->squares[2]);
    if (more->spilled == 0)
        return LOTS_OK;
    const lots_moments *added = &LOTS_AT(lots_moments, &from->moments, more->spilled - 1);
    LOTS_TRY(moments_of(state, cell, &moments, err));
    lots_limbs_join(moments->sum, added->sum, LOTS_EXACT_LIMBS);
    lots_limbs_join(moments->squares, added->squares, 2 * LOTS_EXACT_LIMBS);
    return LOTS_OK;
}

double lots_deviation_of(const lots_group_state *state, const lots_group_cell *cell)
{
    if (cell->spilled > 0) {
        const lots_moments *moments = &LOTS_AT(lots_moments, &state->moments, cell->spilled - 1);
        return lots_limbs_deviation(moments->sum, moments->squares, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, cell->count);
    }
    const uint64_t sum[2] = {cell->low, cell->high};
    const uint64_t squares[4] = {cell->squares[0], cell->squares[1], cell->squares[2], 0};
    return lots_limbs_deviation(sum, squares, 2, 0, cell->count);
}
