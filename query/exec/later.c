/* later.c: see later.h. */
#include "query/exec/later.h"

#include <math.h>

#define ROWS_MOST 1048576u    /* of a stream in a chunk */
#define WHOLE_MOST 4.6e18     /* below 2^62 */
#define FLOAT_MOST 1e300
#define ITEMS_MOST 64u
#define UNSURE (-1.0)         /* it may fail */

typedef struct scope {
    const lots_query *query;
    uint32_t frame; /* of the rows */
    const lots_bound_stage *derive;
    double sizes[ITEMS_MOST]; /* of its items, as far as they are known */
    uint32_t known;
} scope;

/* ---- what can't fail ----
 * An expression's largest size, INFINITY where it isn't known and 0 of what is no number; UNSURE: a row may fail to give it. */

static double size_of(const scope *in, const lots_expr *expr);

static bool are_sure(const scope *in, lots_expr *const *exprs, uint32_t count)
{
    bool sure = true;
    for (uint32_t i = 0; i < count && sure; i++)
        sure = size_of(in, exprs[i]) >= 0;
    return sure;
}

static bool is_fixed(const lots_expr *day) { return day == NULL || day->op == LOTS_OP_CONSTANT; }

static bool is_sure_set(const scope *in, const lots_set *set)
{
    const lots_relation *relation = set->relation < in->query->relation_count ? &in->query->relations[set->relation] : NULL;
    bool sure = relation != NULL && set->asked_count == 0 && (set->event == NULL || size_of(in, set->event) >= 0);
    for (uint32_t i = 0; i < set->window_count && sure; i++)
        sure = is_fixed(set->windows[i].low) && is_fixed(set->windows[i].high);
    sure = sure && are_sure(in, set->filters, set->filter_count);
    if (!sure || relation->kind == LOTS_RELATION_STREAM)
        return sure;
    return relation->kind == LOTS_RELATION_EPISODES && relation->members == NULL && relation->by_count == 0 &&
           are_sure(in, relation->per, relation->per_count) && is_sure_set(in, relation->left);
}

static double size_of_column(const scope *in, const lots_expr *expr)
{
    const uint32_t at = expr->of_frame < in->query->frame_count ? in->query->frames[expr->of_frame].relation : UINT32_MAX;
    const lots_relation *relation = at < in->query->relation_count ? &in->query->relations[at] : NULL;
    const bool n = relation != NULL && expr->index < relation->column_count &&
                   relation->columns[expr->index].role == LOTS_COLUMN_N;
    return n ? ROWS_MOST : INFINITY;
}

/* A size that is no larger than what its type holds. */
static double held(const lots_expr *expr, double size)
{
    return size <= (expr->type.kind == LOTS_TYPE_FLOAT ? FLOAT_MOST : WHOLE_MOST) ? size : UNSURE;
}

static bool is_whole(const lots_expr *expr)
{
    return expr->op == LOTS_OP_TO_FLOAT && expr->operands[0]->type.kind == LOTS_TYPE_INT;
}

static double size_of_arithmetic(const scope *in, const lots_expr *expr)
{
    const lots_expr *b = expr->operands[1];
    const double x = size_of(in, expr->operands[0]), y = size_of(in, b);
    if (x < 0 || y < 0)
        return UNSURE;
    switch (expr->op) {
    case LOTS_OP_MULTIPLY: return held(expr, x * y);
    case LOTS_OP_DIVIDE: return is_whole(b) ? held(expr, x) : UNSURE; /* by 1 or more, or by 0, and missing */
    case LOTS_OP_POWER:
        return b->op == LOTS_OP_CONSTANT && b->type.kind == LOTS_TYPE_INT && b->constant.i >= 0 ? held(expr, pow(x, y)) : UNSURE;
    default: return held(expr, x + y);
    }
}

static double size_of_aggregate(const scope *in, const lots_expr *expr)
{
    if (!is_sure_set(in, expr->set) || !are_sure(in, expr->operands, expr->operand_count))
        return UNSURE;
    if (expr->op == LOTS_OP_COUNT || expr->op == LOTS_OP_COUNT_DISTINCT)
        return ROWS_MOST;
    if (expr->op == LOTS_OP_EXISTS)
        return 0;
    const double size = size_of(in, expr->operands[0]);
    return expr->op == LOTS_OP_SUM ? held(expr, size * ROWS_MOST) : size;
}

/* The largest of the operands. */
static double size_of_choice(const scope *in, const lots_expr *expr)
{
    double most = 0;
    for (uint32_t i = 0; i < expr->operand_count && most >= 0; i++) {
        const double size = size_of(in, expr->operands[i]);
        most = size < 0 ? UNSURE : size > most ? size : most;
    }
    return most;
}

/* What was not sure to be there has been computed before it is read. */
static double size_of_slot(const scope *in, const lots_expr *expr)
{
    for (uint32_t i = 0; expr->of_frame == in->frame && i < in->known; i++)
        if (in->derive->items[i].slot == expr->index)
            return in->sizes[i] >= 0 ? in->sizes[i] : INFINITY;
    return INFINITY;
}

static double size_of_constant(const lots_expr *expr)
{
    if (expr->constant.missing)
        return 0;
    return expr->type.kind == LOTS_TYPE_FLOAT ? fabs(expr->constant.f) : fabs((double)expr->constant.i);
}

static double size_of(const scope *in, const lots_expr *expr)
{
    switch (expr->op) {
    case LOTS_OP_CONSTANT: return size_of_constant(expr);
    case LOTS_OP_COLUMN: return size_of_column(in, expr);
    case LOTS_OP_SLOT: return size_of_slot(in, expr);
    case LOTS_OP_TO_FLOAT: return size_of(in, expr->operands[0]);
    case LOTS_OP_EVENT_COLUMN: return size_of(in, expr->operands[0]) < 0 ? UNSURE : INFINITY;
    case LOTS_OP_EVENT:
        return expr->order_count == 0 && (expr->set == NULL || is_sure_set(in, expr->set)) &&
                       are_sure(in, expr->operands, expr->operand_count) ? 0 : UNSURE;
    case LOTS_OP_NOT: case LOTS_OP_AND: case LOTS_OP_OR: case LOTS_OP_EQUAL: case LOTS_OP_UNEQUAL: case LOTS_OP_LESS:
    case LOTS_OP_LESS_EQUAL: case LOTS_OP_GREATER: case LOTS_OP_GREATER_EQUAL: case LOTS_OP_BETWEEN: case LOTS_OP_IN_INTERVAL:
    case LOTS_OP_IN_RANKS: case LOTS_OP_IS_MISSING:
        return are_sure(in, expr->operands, expr->operand_count) ? 0 : UNSURE;
    case LOTS_OP_CASE: case LOTS_OP_COALESCE: case LOTS_OP_LEAST: case LOTS_OP_GREATEST: return size_of_choice(in, expr);
    case LOTS_OP_ADD: case LOTS_OP_SUBTRACT: case LOTS_OP_MULTIPLY: case LOTS_OP_DIVIDE: case LOTS_OP_POWER:
        return size_of_arithmetic(in, expr);
    case LOTS_OP_COUNT: case LOTS_OP_EXISTS: case LOTS_OP_COUNT_DISTINCT: case LOTS_OP_SUM: case LOTS_OP_MIN: case LOTS_OP_MAX:
        return size_of_aggregate(in, expr);
    default: return UNSURE;
    }
}

/* ---- what can wait ---- */

/* Take the items of which an expression reads slots out of those that can wait. False: it asks sets, which may read more. */
static bool take_read(const scope *in, const lots_expr *expr, uint64_t *later)
{
    bool plain = expr->set == NULL;
    for (uint32_t i = 0; expr->op == LOTS_OP_SLOT && expr->of_frame == in->frame && i < in->derive->item_count; i++)
        if (in->derive->items[i].slot == expr->index)
            *later &= ~(UINT64_C(1) << i);
    for (uint32_t i = 0; i < expr->operand_count && plain; i++)
        plain = take_read(in, expr->operands[i], later);
    return plain;
}

uint64_t lots_later_items(const lots_query *query, const lots_bound_pipeline *pipeline, const lots_bound_stage *derive,
                          const lots_bound_stage *where)
{
    const uint64_t rows = UINT64_C(1) << lots_frame_depth(query, pipeline->row_frame);
    scope in = {.query = query, .frame = pipeline->row_frame, .derive = derive};
    uint64_t later = 0;
    if (derive->kind != LOTS_STAGE_DERIVE || where->kind != LOTS_STAGE_WHERE || derive->item_count > ITEMS_MOST)
        return 0;
    for (; in.known < derive->item_count; in.known++) {
        in.sizes[in.known] = size_of(&in, derive->items[in.known].value);
        later |= (uint64_t)(in.sizes[in.known] >= 0) << in.known;
    }
    if (!take_read(&in, where->where, &later))
        return 0;
    for (uint32_t i = derive->item_count; i-- > 0;) { /* what doesn't wait may read no column that does */
        const lots_expr *value = derive->items[i].value;
        if ((later >> i & 1) == 0 && (value->depths & rows) != 0 && !take_read(&in, value, &later))
            return 0;
    }
    return later;
}

bool lots_later_holds(const lots_worker *worker)
{
    bool holds = true;
    for (uint32_t s = 0; s < worker->schema->stream_count && holds; s++)
        holds = worker->streams[s].rows <= ROWS_MOST;
    return holds;
}
