/* eval.c: which function computes an expression, where, and once only. A value is computed in the instance of its home
 * frame and carried to deeper ones through the parent indexes, so that what is the same for many rows is computed once. */
#include "query/exec/eval.h"

#include <string.h>

#include "query/exec/alike.h"
#include "query/exec/step.h"

/* ---- what the families share ---- */

lots_status lots_step_new(const lots_step *step, lots_vector *out, lots_error *err)
{
    return lots_vector_new(step->arena, &step->expr->type, step->count, out, err);
}

static lots_status add_missing(const lots_step *step, const lots_vector *from, lots_vector *out, lots_error *err)
{
    if (from->missing == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    if (!from->constant)
        lots_bits_or(out->missing, out->missing, from->missing, step->count);
    else if (lots_bit_get(from->missing, 0))
        lots_bits_fill(out->missing, step->count, true);
    return LOTS_OK;
}

lots_status lots_step_strict(const lots_step *step, int from, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_new(step, out, err));
    for (uint32_t i = 0; i < step->expr->operand_count; i++)
        if (from < 0 || (uint32_t)from == i)
            LOTS_TRY(add_missing(step, &step->in[i], out, err));
    return LOTS_OK;
}

lots_status lots_step_flatten(const lots_step *step, uint32_t operand, lots_error *err)
{
    lots_vector flat;
    LOTS_TRY(lots_vector_flatten(step->arena, &step->in[operand], &flat, err));
    step->in[operand] = flat;
    return LOTS_OK;
}

lots_status lots_step_flatten_all(const lots_step *step, lots_error *err)
{
    for (uint32_t i = 0; i < step->expr->operand_count; i++)
        LOTS_TRY(lots_step_flatten(step, i, err));
    return LOTS_OK;
}

lots_status lots_step_fail_row(const lots_step *step, lots_vector *out, uint32_t row, lots_error *err)
{
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    if (out->failed == NULL)
        LOTS_TRY(lots_new_bits(step->arena, step->count, &out->failed, err));
    lots_bit_set(out->missing, row);
    lots_bit_set(out->failed, row);
    out->culprit = step->expr;
    return LOTS_OK;
}

/* Words where all are missing at once, others bit by bit. */
static inline void clean_wide(const uint64_t *missing, uint32_t count, size_t bytes, char *data)
{
    for (size_t w = 0; w < lots_bit_words(count); w++) {
        uint64_t word = missing[w];
        if (word == UINT64_MAX && count - w * 64 >= 64) {
            memset(data + w * 64 * bytes, 0, 64 * bytes);
            continue;
        }
        for (; word != 0; word &= word - 1) {
            const size_t i = w * 64 + (size_t)__builtin_ctzll(word);
            if (i < count)
                memset(data + i * bytes, 0, bytes);
        }
    }
}

static void clean_data(const uint64_t *missing, uint32_t count, size_t bytes, void *data)
{
    if (bytes == 4)
        clean_wide(missing, count, 4, data);
    else if (bytes == 8)
        clean_wide(missing, count, 8, data);
    else if (bytes > 0)
        clean_wide(missing, count, bytes, data);
    else
        lots_bits_and_not(data, data, missing, count);
}

void lots_step_clean(const lots_step *step, lots_vector *out)
{
    if (out->missing == NULL || out->data == NULL)
        return;
    clean_data(out->missing, step->count, lots_type_bytes(out->type.kind), out->data);
    if (out->data2 != NULL)
        clean_data(out->missing, step->count, sizeof *out->data2, out->data2);
}

lots_status lots_step_bool(const lots_step *step, bool value, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_new(step, out, err));
    lots_bits_fill(out->data, step->count, value);
    return LOTS_OK;
}

/* ---- failures ---- */

lots_status lots_raise(const lots_vector *vector, lots_error *err)
{
    if (vector->failed == NULL || vector->count == 0)
        return LOTS_OK;
    const size_t count = vector->constant ? 1 : vector->count;
    if (lots_bits_next(vector->failed, 0, count) >= count)
        return LOTS_OK;
    const lots_expr *culprit = vector->culprit;
    const lots_type_kind kind = culprit->type.kind;
    lots_status status = lots_fail_at(err, LOTS_QUERY, culprit->span.at, culprit->span.end,
                                      kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_INTERVAL
                                          ? "a date here leaves the years 1 to 9999"
                                          : "a number here is too large (64-bit overflow)");
    if (err != NULL)
        err->source = culprit->span.source;
    return status;
}

/* AND, OR, CASE and COALESCE know which of their operands mattered. */
static bool step_decides(lots_op op)
{
    return op == LOTS_OP_AND || op == LOTS_OP_OR || op == LOTS_OP_CASE || op == LOTS_OP_COALESCE;
}

static lots_status pass_failures(const lots_step *step, lots_vector *out, lots_error *err)
{
    for (uint32_t i = 0; i < step->expr->operand_count; i++) {
        const lots_vector *in = &step->in[i];
        if (in->failed == NULL)
            continue;
        if (out->failed == NULL)
            LOTS_TRY(lots_new_bits(step->arena, step->count, &out->failed, err));
        if (!in->constant)
            lots_bits_or(out->failed, out->failed, in->failed, step->count);
        else if (lots_bit_get(in->failed, 0))
            lots_bits_fill(out->failed, step->count, true);
        out->culprit = in->culprit;
    }
    if (out->failed == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    lots_bits_or(out->missing, out->missing, out->failed, step->count);
    if (out->type.kind == LOTS_TYPE_BOOL)
        lots_bits_and_not(out->data, out->data, out->failed, step->count);
    return LOTS_OK;
}

/* ---- dispatch ---- */

typedef lots_status (*family)(lots_step *, lots_vector *, lots_error *);

static family family_of(lots_op op)
{
    switch (op) {
    case LOTS_OP_CONSTANT: case LOTS_OP_COLUMN: case LOTS_OP_SLOT: case LOTS_OP_SPAN_END: case LOTS_OP_IS_OPEN:
    case LOTS_OP_EVENT_COLUMN: case LOTS_OP_EVENT_SPAN_END: case LOTS_OP_PATIENT_ID:
    case LOTS_OP_COHORT:
        return lots_eval_leaf;
    case LOTS_OP_NOT: case LOTS_OP_AND: case LOTS_OP_OR: case LOTS_OP_IS_MISSING:
        return lots_eval_logic;
    case LOTS_OP_LEAST: case LOTS_OP_GREATEST: case LOTS_OP_COALESCE: case LOTS_OP_CASE:
        return lots_eval_choice;
    case LOTS_OP_EQUAL: case LOTS_OP_UNEQUAL: case LOTS_OP_LESS: case LOTS_OP_LESS_EQUAL: case LOTS_OP_GREATER:
    case LOTS_OP_GREATER_EQUAL:
        return lots_eval_compare;
    case LOTS_OP_BETWEEN: case LOTS_OP_IN_INTERVAL:
        return lots_eval_between;
    case LOTS_OP_IN_RANKS: case LOTS_OP_IN_SET: case LOTS_OP_IN_ITEMS: case LOTS_OP_CONTAINS:
        return lots_eval_member;
    case LOTS_OP_NEGATE: case LOTS_OP_ADD: case LOTS_OP_SUBTRACT: case LOTS_OP_MULTIPLY: case LOTS_OP_DIVIDE:
    case LOTS_OP_FLOOR_DIVIDE: case LOTS_OP_MOD: case LOTS_OP_POWER: case LOTS_OP_ABS: case LOTS_OP_SQRT: case LOTS_OP_LN:
        return lots_eval_number;
    case LOTS_OP_ROUND: case LOTS_OP_FLOOR: case LOTS_OP_CEIL:
        return lots_eval_round;
    case LOTS_OP_TO_FLOAT: case LOTS_OP_TO_DECIMAL: case LOTS_OP_TO_INT: case LOTS_OP_TO_DAYS:
        return lots_eval_convert;
    case LOTS_OP_ADD_DAYS: case LOTS_OP_ADD_MONTHS: case LOTS_OP_DAYS_BETWEEN: case LOTS_OP_WHOLE_WEEKS:
    case LOTS_OP_WHOLE_MONTHS: case LOTS_OP_WHOLE_YEARS: case LOTS_OP_AGE: case LOTS_OP_YEAR: case LOTS_OP_MONTH:
    case LOTS_OP_DAY: case LOTS_OP_WEEKDAY: case LOTS_OP_YEAR_OF: case LOTS_OP_QUARTER_OF: case LOTS_OP_MONTH_OF:
    case LOTS_OP_WEEK_OF: case LOTS_OP_INTERVAL: case LOTS_OP_INTERVAL_START: case LOTS_OP_INTERVAL_END:
    case LOTS_OP_INTERVAL_DAYS:
        return lots_eval_date;
    case LOTS_OP_TO_TEXT: case LOTS_OP_BAND: case LOTS_OP_CUT: case LOTS_OP_CODE_LABEL: case LOTS_OP_CODE_PREFIX:
        return lots_eval_text;
    case LOTS_OP_LIST: case LOTS_OP_MAKE_SET: case LOTS_OP_SIZE: case LOTS_OP_MAIN: case LOTS_OP_OTHER:
        return lots_eval_set;
    case LOTS_OP_CODE_GROUP: case LOTS_OP_CODE_GROUPS: case LOTS_OP_RULED_GROUPS: case LOTS_OP_RULED_SCORE:
        return lots_eval_classes;
    case LOTS_OP_WILSON_LOW: case LOTS_OP_WILSON_HIGH: case LOTS_OP_POISSON_LOW: case LOTS_OP_POISSON_HIGH:
        return lots_eval_statistic;
    case LOTS_OP_LOOKUP:
        return lots_eval_lookup;
    case LOTS_OP_EVENT:
        return lots_eval_event;
    case LOTS_OP_PATH:
        return lots_eval_path;
    case LOTS_OP_PATH_NUMBER:
        return lots_eval_path_number;
    case LOTS_OP_PATH_NAMES:
        return lots_eval_path_names;
    default:
        return lots_eval_aggregate;
    }
}

static lots_status eval_operands(lots_step *step, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_vector(step->arena, &room, step->expr->operand_count, sizeof(lots_vector), err));
    step->in = room;
    for (uint32_t i = 0; i < step->expr->operand_count; i++)
        LOTS_TRY(lots_value(step->worker, step->expr->operands[i], step->rows, &step->in[i], err));
    return LOTS_OK;
}

/* The interval of which a choice is one side: `not I is missing then coalesce(I.start, the first day there is)`, as the binder
 * writes a window's bound (open_side of bind_type.c). NULL: it is another. */
static const lots_expr *interval_of_side(const lots_expr *expr, bool *end)
{
    if (expr->op != LOTS_OP_CASE || expr->operand_count != 2 || expr->operands[0]->op != LOTS_OP_NOT ||
        expr->operands[1]->op != LOTS_OP_COALESCE || expr->operands[1]->operand_count != 2)
        return NULL;
    const lots_expr *missing = expr->operands[0]->operands[0];
    const lots_expr *side = expr->operands[1]->operands[0], *open = expr->operands[1]->operands[1];
    *end = side->op == LOTS_OP_INTERVAL_END;
    if (missing->op != LOTS_OP_IS_MISSING || (!*end && side->op != LOTS_OP_INTERVAL_START) ||
        missing->operands[0] != side->operands[0] || open->op != LOTS_OP_CONSTANT || open->type.kind != LOTS_TYPE_DATE ||
        open->constant.missing || open->constant.i != (*end ? LOTS_DAY_MAX : LOTS_DAY_MIN))
        return NULL;
    return side->operands[0];
}

/* An interval has these very days: an open end is the first or last there is. */
static lots_status eval_side(lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    bool end = false;
    lots_vector value;
    const lots_expr *interval = interval_of_side(step->expr, &end);
    *done = interval != NULL;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_value(step->worker, interval, step->rows, &value, err));
    *out = value;
    out->type = step->expr->type;
    out->data = end ? value.data2 : value.data;
    out->data2 = NULL;
    return LOTS_OK;
}

static lots_status compute(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                           lots_error *err)
{
    lots_step step = {worker, expr, rows, lots_instance_arena(worker, rows), rows->count, NULL};
    const family eval = family_of(expr->op);
    LOTS_TRY(lots_worker_check(worker, err));
    if (rows != &worker->constant) /* what each worker computes once would tell how many there are */
        worker->work.rows += rows->count;
    if (eval == lots_eval_aggregate || eval == lots_eval_event || eval == lots_eval_path ||
        eval == lots_eval_path_number)
        return eval(&step, out, err); /* operands stand in other frames */
    bool done = false;
    LOTS_TRY(lots_eval_local(&step, &done, out, err));
    if (!done)
        LOTS_TRY(lots_eval_starts(&step, &done, out, err));
    if (!done)
        LOTS_TRY(eval_side(&step, &done, out, err));
    if (!done)
        LOTS_TRY(lots_eval_meet_stepwise(&step, &done, out, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(eval_operands(&step, err));
    LOTS_TRY(eval(&step, out, err));
    return step_decides(expr->op) ? LOTS_OK : pass_failures(&step, out, err);
}

static lots_status compute_here(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                                lots_error *err)
{
    lots_status status = compute(worker, expr, rows, out, err);
    if (status == LOTS_LIMIT && err != NULL && err->at == LOTS_NOWHERE) {
        err->source = expr->span.source;
        err->at = expr->span.at;
        err->at_end = expr->span.end;
    }
    return status;
}

/* Are the rows so few of the chunk's patients that a value of patients, not yet known, is better computed for them alone?
 * Stored values and what is the same for every relation's row stay where they are. */
static bool few_of(const lots_worker *worker, const lots_expr *expr, uint32_t id, const lots_instance *rows,
                   const lots_instance *at)
{
    const bool stored = family_of(expr->op) == lots_eval_leaf && expr->op != LOTS_OP_EVENT_COLUMN &&
                        expr->op != LOTS_OP_EVENT_SPAN_END;
    return at == worker->patients && rows->parent == at && (rows->parent_index != NULL || rows->parent_offsets != NULL) &&
           2 * rows->count < at->count && !stored && lots_cache_find(worker, at, id) == NULL;
}

lots_status lots_value(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                       lots_error *err)
{
    const uint32_t id = lots_alike_id(worker, expr);
    const lots_vector *cached = lots_cache_find(worker, rows, id);
    if (cached != NULL) {
        *out = *cached;
        return LOTS_OK;
    }
    const lots_home *home = NULL;
    LOTS_TRY(lots_expr_home(worker, expr, &home, err));
    const lots_instance *at = lots_instance_of(worker, rows, home->frame);
    if (at == NULL && home->frame == LOTS_FRAME_PATIENT && worker->carried != NULL)
        at = rows; /* what was of the patients is in their rows */
    if (at == NULL)
        return lots_fail(err, LOTS_INTERNAL, "an expression of frame %u is asked for in frame %u", home->frame,
                         rows->frame);
    if (at == rows || few_of(worker, expr, id, rows, at)) {
        LOTS_TRY(compute_here(worker, expr, rows, out, err));
        return lots_cache_put(worker, rows, id, out, err);
    }
    lots_vector outer;
    const uint32_t *index = NULL;
    LOTS_TRY(lots_value(worker, expr, at, &outer, err));
    if (at == &worker->constant || outer.constant) {
        *out = outer;
        out->constant = true;
        out->count = rows->count;
        return LOTS_OK;
    }
    LOTS_TRY(lots_instance_index(worker, rows, at, &index, err));
    if (index == NULL) {
        *out = outer;
        return LOTS_OK;
    }
    lots_arena *arena = lots_instance_arena(worker, rows);
    LOTS_TRY(at == rows->parent && rows->parent_bits != NULL
                 ? lots_vector_pick(arena, &outer, rows->parent_bits, index, rows->count, out, err)
                 : lots_vector_take(arena, &outer, index, rows->count, out, err));
    return lots_cache_put(worker, rows, id, out, err);
}

static lots_status spread_bits(lots_worker *worker, const uint64_t *kept, const lots_instance *rows, uint64_t **bits,
                               lots_error *err)
{
    uint64_t *spread = NULL;
    if (*bits == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_words(lots_instance_arena(worker, rows), rows->count, &spread, err));
    worker->kernels->bits_expand(kept, rows->count, *bits, spread);
    *bits = spread;
    return LOTS_OK;
}

lots_status lots_spread(lots_worker *worker, const uint64_t *kept, const lots_instance *rows, lots_vector *truths, lots_error *err)
{
    uint64_t *truth = truths->data;
    LOTS_TRY(spread_bits(worker, kept, rows, &truth, err));
    LOTS_TRY(spread_bits(worker, kept, rows, &truths->missing, err));
    LOTS_TRY(spread_bits(worker, kept, rows, &truths->failed, err));
    truths->data = truth;
    truths->count = rows->count;
    return LOTS_OK;
}

lots_status lots_value_spread(lots_worker *worker, const lots_expr *expr, const lots_instance *left,
                              const uint64_t *kept, const lots_instance *rows, lots_vector *out, lots_error *err)
{
    lots_vector value;
    LOTS_TRY(lots_value(worker, expr, left, &value, err));
    LOTS_TRY(lots_vector_flatten(lots_instance_arena(worker, rows), &value, out, err));
    return lots_spread(worker, kept, rows, out, err);
}

lots_status lots_eval(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                      lots_error *err)
{
    LOTS_TRY(lots_value(worker, expr, rows, out, err));
    LOTS_TRY(lots_raise(out, err));
    out->failed = NULL;
    return LOTS_OK;
}

lots_status lots_eval_true(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, uint64_t **out,
                           lots_error *err)
{
    lots_vector value, flat;
    LOTS_TRY(lots_eval(worker, expr, rows, &value, err));
    LOTS_TRY(lots_vector_flatten(lots_instance_arena(worker, rows), &value, &flat, err));
    *out = flat.data;
    return LOTS_OK;
}
