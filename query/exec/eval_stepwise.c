/* eval_stepwise.c: AND and OR with their operands from the cheapest on. What an operand settles no later one is asked: where few rows
 * are left open the rest is asked of these alone, which again are parted as the rest leaves few of them. Who reads a column of a part
 * takes its few rows by themselves. */
#include "query/exec/step.h"

static bool is_episode_frame(const lots_query *query, uint32_t frame)
{
    for (uint32_t r = 0; r < query->relation_count; r++)
        if (query->relations[r].kind == LOTS_RELATION_EPISODES && query->relations[r].episode_frame == frame)
            return true;
    return false;
}

/* What no operand has settled: takes out where `in` is known and false (`negate`: true). */
static void leave_open(const lots_vector *in, bool negate, size_t words, uint64_t *open)
{
    const uint64_t *data = in->data;
    for (size_t w = 0; w < words; w++)
        open[w] &= lots_word(in->missing, w) | (negate ? ~data[w] : data[w]);
}

/* What it takes to ask an operand: bits that are kept or soon told, and days by which rows stand; other values of rows; more than
 * these; sets. ASKED: it was asked. */
typedef enum price { TOLD, CHEAP, FAIR, DEAR, ASKED } price;

/* Is it a comparison of what is stored with rows, or the like, and nothing more? */
static lots_status is_cheap(const lots_step *step, const lots_expr *expr, bool *out, lots_error *err)
{
    const lots_home *home = NULL;
    LOTS_TRY(lots_expr_home(step->worker, expr, &home, err));
    *out = home->frame == LOTS_FRAME_CONSTANT ||
           (expr->op == LOTS_OP_COLUMN && expr->of_frame == step->rows->frame && expr->type.kind != LOTS_TYPE_TEXT);
    if (*out || home->frame != step->rows->frame || expr->operand_count == 0)
        return LOTS_OK;
    *out = (expr->op >= LOTS_OP_NOT && expr->op <= LOTS_OP_IN_RANKS) || expr->op == LOTS_OP_IS_MISSING;
    for (uint32_t i = 0; i < expr->operand_count && *out; i++)
        LOTS_TRY(is_cheap(step, expr->operands[i], out, err));
    return LOTS_OK;
}

/* Does a cheap one read columns that few rows are worth being taken of by themselves? */
static bool reads_values(const lots_step *step, const lots_expr *expr)
{
    const lots_type_kind kind = expr->type.kind;
    const lots_query *query = step->worker->query;
    const uint32_t relation = query->frames[step->rows->frame].relation;
    bool reads = expr->op == LOTS_OP_COLUMN && kind != LOTS_TYPE_BOOL && kind != LOTS_TYPE_CATEGORY && kind != LOTS_TYPE_CODE &&
                 relation < query->relation_count && (int32_t)expr->index != query->relations[relation].start_column;
    for (uint32_t i = 0; i < expr->operand_count && !reads; i++)
        reads = reads_values(step, expr->operands[i]);
    return reads;
}

static lots_status price_of(const lots_step *step, const lots_expr *expr, uint8_t *out, lots_error *err)
{
    bool yes = false;
    LOTS_TRY(lots_asks_sets(step->worker, expr, step->rows->frame, &yes, err));
    *out = DEAR;
    if (yes)
        return LOTS_OK;
    LOTS_TRY(is_cheap(step, expr, &yes, err));
    *out = !yes ? FAIR : reads_values(step, expr) ? CHEAP : TOLD;
    return LOTS_OK;
}

typedef struct stepwise { /* what is left to ask, of some of the rows */
    lots_step step;    /* of these rows; `in`: what was answered, */
    uint32_t in_count; /* so many */
    bool negate;
    uint8_t *prices;   /* by operand */
    uint64_t *open;    /* rows that no operand has settled */
} stepwise;

static lots_status meet_rest(const lots_step *whole, const lots_instance *rows, uint8_t *prices, lots_vector *out, lots_error *err);

/* All operands from now on, asked of the open rows alone. */
static lots_status ask_part(stepwise *meet, lots_error *err)
{
    const lots_step *step = &meet->step;
    lots_instance *left = NULL;
    lots_vector *in = &meet->step.in[meet->in_count++];
    LOTS_TRY(lots_rows_filter(step->worker, step->rows, meet->open, &left, err));
    LOTS_TRY(meet_rest(step, left, meet->prices, in, err));
    return lots_spread(step->worker, meet->open, step->rows, in, err);
}

static lots_status ask_operand(stepwise *meet, uint32_t operand, lots_error *err)
{
    const lots_step *step = &meet->step;
    lots_vector value, *in = &meet->step.in[meet->in_count++];
    meet->prices[operand] = ASKED;
    LOTS_TRY(lots_value(step->worker, step->expr->operands[operand], step->rows, &value, err));
    LOTS_TRY(lots_vector_flatten(step->arena, &value, in, err));
    leave_open(in, meet->negate, lots_bit_words(step->count), meet->open);
    return LOTS_OK;
}

/* A part is made where it leaves out much, and before each dear operand. */
static bool should_part(const stepwise *meet, price next)
{
    enum { MUCH = 4 };
    const uint64_t left = meet->step.worker->kernels->bits_count(meet->open, meet->step.count);
    return next == DEAR ? left < meet->step.count : next != TOLD && left * MUCH < meet->step.count;
}

/* The operands that haven't been asked, of these rows. Each part asks one at least before it makes another. */
static lots_status meet_rest(const lots_step *whole, const lots_instance *rows, uint8_t *prices, lots_vector *out, lots_error *err)
{
    stepwise meet = {.step = *whole, .negate = whole->expr->op == LOTS_OP_OR, .prices = prices};
    const uint32_t operands = whole->expr->operand_count;
    bool parted = false;
    void *room = NULL;
    meet.step.rows = rows;
    meet.step.count = rows->count;
    LOTS_TRY(lots_arena_alloc(whole->arena, &room, operands, sizeof(lots_vector), err));
    meet.step.in = room;
    LOTS_TRY(lots_new_bits(whole->arena, rows->count, &meet.open, err));
    lots_bits_fill(meet.open, rows->count, true);
    for (price next = TOLD; next <= DEAR; next++)
        for (uint32_t i = 0; i < operands && rows->count > 0 && !parted; i++) {
            if (prices[i] != next)
                continue;
            parted = should_part(&meet, next);
            LOTS_TRY(parted ? ask_part(&meet, err) : ask_operand(&meet, i, err));
        }
    return lots_step_meet(&meet.step, meet.in_count, meet.negate, out, err);
}

/* The patients and the episodes are what relations hang on: there is no part of them. */
lots_status lots_eval_meet_stepwise(const lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    uint32_t found[DEAR + 1] = {0}, kinds = 0;
    void *room = NULL;
    *done = false;
    if ((step->expr->op != LOTS_OP_AND && step->expr->op != LOTS_OP_OR) || step->rows->frame <= LOTS_FRAME_PATIENT ||
        is_episode_frame(step->worker->query, step->rows->frame))
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(step->arena, &room, step->expr->operand_count, 1, err));
    uint8_t *prices = room;
    for (uint32_t i = 0; i < step->expr->operand_count; i++) {
        LOTS_TRY(price_of(step, step->expr->operands[i], &prices[i], err));
        kinds += found[prices[i]]++ == 0;
    }
    if (found[DEAR] == 0 && kinds < 2)
        return LOTS_OK;
    *done = true;
    return meet_rest(step, step->rows, prices, out, err);
}
