/* bind_coverage.c: windows that leave what a stream's data cover. A day is known when the query is bound if it is constant,
 * or the beginning or end of the periods that `each` makes of a constant interval: then the warning is given at once, with
 * the day. Others are left to the run, which holds the rows' days against the coverage. Episodes, steps, unions and
 * differences are made of streams, and it is those that have coverage.
 *
 * Days that are covered but not complete yet are no mistake of the question's: of a window with a known end among them that
 * is told as a fact, once a stream. See bind_internal.h. */
#include "core/base/day.h"
#include "query/lang/bind_internal.h"

enum { MADE_OF_MAX = 16 }; /* relations within relations; what is deeper goes without a warning */

/* The earliest (or latest) day that the expression has on any row; false when only the rows know. */
static bool outermost(const lots_expr *expr, bool latest, lots_day *out)
{
    const lots_expr *base = expr->operand_count > 0 ? expr->operands[0] : NULL;
    int64_t day = 0;
    if (expr->op == LOTS_OP_CONSTANT && expr->type.kind == LOTS_TYPE_DATE && !expr->constant.missing) {
        *out = (lots_day)expr->constant.i;
        return true;
    }
    if (expr->op == (latest ? LOTS_OP_INTERVAL_END : LOTS_OP_INTERVAL_START) && base->op == LOTS_OP_SLOT &&
        base->whole != NULL) {
        *out = (lots_day)(latest ? base->whole->i2 : base->whole->i);
        return true;
    }
    if ((expr->op != LOTS_OP_ADD_DAYS && expr->op != LOTS_OP_ADD_MONTHS) || !outermost(base, latest, out) ||
        expr->operands[1]->op != LOTS_OP_CONSTANT || expr->operands[1]->constant.missing)
        return false;
    day = expr->operands[1]->constant.i;
    if (expr->op == LOTS_OP_ADD_MONTHS)
        return lots_day_add_months(*out, day, out);
    if (day > LOTS_DAY_MAX - (int64_t)*out || day < LOTS_DAY_MIN - (int64_t)*out)
        return false;
    *out = (lots_day)(*out + day);
    return true;
}

static bool is_constant(const lots_expr *expr) { return expr->op == LOTS_OP_CONSTANT; }

static lots_status note(binder *b, const lots_coverage *covered, const char *verb, lots_day day, lots_ast_span span)
{
    char from[11], until[11], at[11];
    lots_day_format(covered->from, from);
    lots_day_format(covered->until, until);
    lots_day_format(day, at);
    return bind_note(b, span, "a window of %s %s %s, and the data reach from %s to %s", covered->stream, verb, at, from,
                     until);
}

/* The later the day, the more of what happened on it is still to be reported. */
static lots_status note_incomplete(binder *b, const lots_coverage *covered, lots_ast_span span)
{
    char complete[11];
    lots_day_format(covered->complete_until, complete);
    return bind_fact(b, span, "a window of %s goes on after %s, until when its data are complete: later ones are still "
                              "coming in", covered->stream, complete);
}

/* A constant end is held against both ends of the coverage; that of several periods against the one it can leave. */
static lots_status note_known(binder *b, const lots_coverage *covered, const lots_expr *low, const lots_expr *high,
                              lots_ast_span span, lots_asked *left)
{
    lots_day first = 0, last = 0;
    const bool begins = low != NULL && outermost(low, false, &first), ends = high != NULL && outermost(high, true, &last);
    if (begins)
        left->low = NULL;
    if (ends)
        left->high = NULL;
    const bool one_day = begins && ends && first == last && is_constant(low) && is_constant(high);
    if (begins && !one_day && (first < covered->from || (is_constant(low) && first > covered->until)))
        LOTS_TRY(note(b, covered, "begins", first, span));
    if (ends && (last > covered->until || (is_constant(high) && last < covered->from)))
        LOTS_TRY(note(b, covered, "ends", last, span));
    const bool reaches = (ends && last > covered->complete_until && last >= covered->from) ||
                         (begins && is_constant(low) && first > covered->complete_until);
    return reaches && covered->complete_until < covered->until ? note_incomplete(b, covered, span) : LOTS_OK;
}

static lots_status asked_of_stream(binder *b, lots_set *set, uint32_t stream, lots_asked asked, lots_ast_span span)
{
    const lots_coverage *covered = lots_registry_coverage(b->registry, stream);
    if (covered == NULL || covered->from > covered->until)
        return LOTS_OK;
    asked.stream = stream;
    LOTS_TRY(note_known(b, covered, asked.low, asked.high, span, &asked));
    if (asked.low == NULL && asked.high == NULL)
        return LOTS_OK;
    void *list = set->asked;
    LOTS_TRY(bind_grow(b, &list, set->asked_count, sizeof(lots_asked)));
    set->asked = list;
    set->asked[set->asked_count++] = asked;
    return LOTS_OK;
}

static lots_status asked_of(binder *b, lots_set *set, uint32_t relation, const lots_asked *asked, lots_ast_span span,
                            unsigned depth)
{
    const lots_relation *made = bind_relation(b, relation);
    const lots_set *left = made->left, *right = made->kind == LOTS_RELATION_UNION ? made->right : NULL;
    if (made->kind == LOTS_RELATION_STREAM)
        return asked_of_stream(b, set, made->stream, *asked, span);
    if (made->kind == LOTS_RELATION_MATCH || depth == MADE_OF_MAX)
        return LOTS_OK;
    if (left != NULL)
        LOTS_TRY(asked_of(b, set, left->relation, asked, span, depth + 1));
    return right == NULL ? LOTS_OK : asked_of(b, set, right->relation, asked, span, depth + 1);
}

lots_status bind_set_asked(binder *b, lots_set *set, lots_expr *low, lots_expr *high, lots_ast_span span)
{
    const lots_asked asked = {.low = low, .high = high};
    return asked_of(b, set, set->relation, &asked, span, 0);
}
