/* ast_print.c: values as canonical query text. Brackets stand where a looser operator is an operand of a tighter one, and
 * in the few places where the text would be read otherwise without them; each says why. */
#include "query/lang/ast_print.h"

#include <inttypes.h>

#include "core/base/day.h"

lots_status lots_print_text(lots_ast_printer *p, const char *text)
{
    return lots_bytes_append(p->out, text, strlen(text), p->err);
}

static lots_status print_quoted(lots_ast_printer *p, const char *text, uint32_t bytes, char quote)
{
    LOTS_TRY(lots_bytes_put8(p->out, (uint8_t)quote, p->err));
    for (uint32_t i = 0; i < bytes; i++) {
        if (text[i] == quote)
            LOTS_TRY(lots_bytes_put8(p->out, (uint8_t)quote, p->err));
        LOTS_TRY(lots_bytes_put8(p->out, (uint8_t)text[i], p->err));
    }
    return lots_bytes_put8(p->out, (uint8_t)quote, p->err);
}

lots_status lots_print_string(lots_ast_printer *p, lots_ast_text text)
{
    return print_quoted(p, text.text, text.bytes, '\'');
}

lots_status lots_print_name(lots_ast_printer *p, const lots_ast_name *name)
{
    if (name->quoted)
        return print_quoted(p, name->text, name->bytes, '"');
    return lots_bytes_append(p->out, name->text, name->bytes, p->err);
}

lots_status lots_print_bracketed(lots_ast_printer *p, const lots_ast_node *node)
{
    LOTS_TRY(lots_print_text(p, "("));
    LOTS_TRY(lots_print_value(p, node, LOTS_LEVEL_VALUE));
    return lots_print_text(p, ")");
}

/* ---- literals ---- */

static lots_status print_number(lots_ast_printer *p, lots_ast_number number)
{
    int64_t power = 1;
    for (uint32_t i = 0; i < number.scale; i++)
        power *= 10;
    LOTS_TRY(lots_bytes_printf(p->out, p->err, "%" PRId64, number.mantissa / power));
    if (number.scale == 0)
        return LOTS_OK;
    return lots_bytes_printf(p->out, p->err, ".%0*" PRId64, (int)number.scale, number.mantissa % power);
}

static lots_status print_period(lots_ast_printer *p, const lots_ast_period *period)
{
    lots_civil first = lots_day_to_civil(period->first);
    if (period->quarter)
        return lots_bytes_printf(p->out, p->err, "%04d-Q%d", (int)first.year, (int)(first.month + 2) / 3);
    return lots_bytes_printf(p->out, p->err, "%04d-%02d", (int)first.year, (int)first.month);
}

static lots_status print_code(lots_ast_printer *p, const lots_ast_code *code)
{
    if (code->minus || code->exact)
        LOTS_TRY(lots_print_text(p, code->minus ? "-" : "="));
    if (code->system.text != NULL) {
        LOTS_TRY(lots_print_name(p, &code->system));
        LOTS_TRY(lots_print_text(p, ":"));
    }
    if (!code->quoted)
        return lots_bytes_append(p->out, code->text.text, code->text.bytes, p->err);
    LOTS_TRY(lots_print_string(p, code->text));
    if (code->to.text == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_print_text(p, "-"));
    return lots_print_string(p, code->to);
}

static lots_status print_codes(lots_ast_printer *p, const lots_ast_codes *codes)
{
    LOTS_TRY(lots_print_text(p, "{"));
    for (uint32_t i = 0; i < codes->count; i++) {
        if (i > 0)
            LOTS_TRY(lots_print_text(p, ", "));
        LOTS_TRY(print_code(p, &codes->items[i]));
    }
    return lots_print_text(p, "}");
}

static lots_status print_literal(lots_ast_printer *p, const lots_ast_node *node)
{
    static const char *const units[] = {"d", "w", "mo", "y"};
    char date[11];
    switch (node->kind) {
    case LOTS_AST_NUMBER:
        return print_number(p, node->number);
    case LOTS_AST_PERCENT:
        LOTS_TRY(print_number(p, node->number));
        return lots_print_text(p, "%");
    case LOTS_AST_DURATION:
        return lots_bytes_printf(p->out, p->err, "%d%s", (int)node->duration.count, units[node->duration.unit]);
    case LOTS_AST_DATE:
        lots_day_format(node->date, date);
        return lots_print_text(p, date);
    case LOTS_AST_PERIOD:
        return print_period(p, &node->period);
    case LOTS_AST_STRING:
        return lots_print_string(p, node->string);
    case LOTS_AST_CODES:
        return print_codes(p, &node->codes);
    case LOTS_AST_BOOL:
        return lots_print_text(p, node->truth ? "true" : "false");
    default:
        return lots_print_text(p, "missing");
    }
}

/* ---- items, keys and calls ---- */

/* Would the text begin with NAME "=" and so be read as a named item (or, behind a name, as a chain)? */
static bool starts_as_item(const lots_ast_node *node)
{
    while (node->kind == LOTS_AST_AND || node->kind == LOTS_AST_OR)
        node = node->list.items[0];
    return node->kind == LOTS_AST_BINARY && node->binary.op == LOTS_AST_OP_EQUAL && node->binary.left->kind == LOTS_AST_NAME;
}

/* Would the text end with `a..`, so that a name behind it would be read as the end of the range? */
static bool ends_open(const lots_ast_node *node)
{
    for (;;) {
        if (node->kind == LOTS_AST_AND || node->kind == LOTS_AST_OR)
            node = node->list.items[node->list.count - 1];
        else if (node->kind == LOTS_AST_NOT)
            node = node->unary;
        else if (node->kind == LOTS_AST_BINARY)
            node = node->binary.right;
        else
            return node->kind == LOTS_AST_RANGE && node->range.high == NULL;
    }
}

static bool starts_with_minus(const lots_ast_node *node)
{
    while (node->kind == LOTS_AST_BINARY && node->binary.op != LOTS_AST_OP_POWER &&
           lots_ast_level_of(node->binary.left) >= lots_ast_level_of(node))
        node = node->binary.left;
    return node->kind == LOTS_AST_NEGATE;
}

lots_status lots_print_amount(lots_ast_printer *p, const lots_ast_node *node)
{
    return starts_with_minus(node) ? lots_print_bracketed(p, node) : lots_print_value(p, node, LOTS_LEVEL_SUM);
}

lots_status lots_print_items(lots_ast_printer *p, const lots_ast_items *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        const lots_ast_item *item = &items->items[i];
        if (i > 0)
            LOTS_TRY(lots_print_text(p, ", "));
        if (item->name.text != NULL) {
            LOTS_TRY(lots_print_name(p, &item->name));
            LOTS_TRY(lots_print_text(p, " = "));
        }
        if (starts_as_item(item->value))
            LOTS_TRY(lots_print_bracketed(p, item->value));
        else
            LOTS_TRY(lots_print_value(p, item->value, LOTS_LEVEL_OR));
    }
    return LOTS_OK;
}

lots_status lots_print_keys(lots_ast_printer *p, const lots_ast_keys *keys)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        const lots_ast_key *key = &keys->items[i];
        if (i > 0)
            LOTS_TRY(lots_print_text(p, ", "));
        if (starts_as_item(key->value) || (key->descending && ends_open(key->value)))
            LOTS_TRY(lots_print_bracketed(p, key->value));
        else
            LOTS_TRY(lots_print_value(p, key->value, LOTS_LEVEL_OR));
        if (key->descending)
            LOTS_TRY(lots_print_text(p, " desc"));
    }
    return LOTS_OK;
}

static lots_status print_arg(lots_ast_printer *p, const lots_ast_arg *arg)
{
    if (arg->kind == LOTS_AST_ARG_WHERE || arg->kind == LOTS_AST_ARG_ELSE)
        LOTS_TRY(lots_print_text(p, arg->kind == LOTS_AST_ARG_WHERE ? "where " : "else "));
    LOTS_TRY(lots_print_value(p, arg->value, arg->kind == LOTS_AST_ARG_WHERE ? LOTS_LEVEL_OR : LOTS_LEVEL_VALUE));
    if (arg->kind != LOTS_AST_ARG_THEN)
        return LOTS_OK;
    LOTS_TRY(lots_print_text(p, " then "));
    return lots_print_value(p, arg->then_value, LOTS_LEVEL_VALUE);
}

static lots_status print_clause(lots_ast_printer *p, const lots_ast_clause *clause)
{
    static const char *const words[] = {"over ", "per ", "by ", "gap ", "max "};
    LOTS_TRY(lots_print_text(p, words[clause->kind]));
    switch (clause->kind) {
    case LOTS_AST_CLAUSE_BY:
        return lots_print_keys(p, &clause->keys);
    case LOTS_AST_CLAUSE_OVER:
        return lots_print_value(p, clause->value, LOTS_LEVEL_VALUE);
    case LOTS_AST_CLAUSE_PER:
        return lots_print_value(p, clause->value, LOTS_LEVEL_SUM);
    default:
        return lots_print_amount(p, clause->value);
    }
}

static lots_status print_call(lots_ast_printer *p, const lots_ast_call *call)
{
    LOTS_TRY(lots_print_name(p, &call->name));
    LOTS_TRY(lots_print_text(p, call->distinct ? "(distinct" : "("));
    bool blank = call->distinct;
    for (uint32_t i = 0; i < call->arg_count; i++) {
        LOTS_TRY(lots_print_text(p, i > 0 ? ", " : blank ? " " : ""));
        LOTS_TRY(print_arg(p, &call->args[i]));
        blank = true;
    }
    for (uint32_t i = 0; i < call->clause_count; i++) {
        LOTS_TRY(lots_print_text(p, blank ? " " : ""));
        LOTS_TRY(print_clause(p, &call->clauses[i]));
        blank = true;
    }
    if (call->items.count > 0)
        LOTS_TRY(lots_print_text(p, ", "));
    LOTS_TRY(lots_print_items(p, &call->items));
    return lots_print_text(p, ")");
}

/* ---- operators ---- */

static lots_status print_list(lots_ast_printer *p, const lots_ast_list *list, const char *between, lots_ast_level level)
{
    for (uint32_t i = 0; i < list->count; i++) {
        LOTS_TRY(lots_print_text(p, i > 0 ? between : ""));
        LOTS_TRY(lots_print_value(p, list->items[i], level));
    }
    return LOTS_OK;
}

static lots_status print_set(lots_ast_printer *p, const lots_ast_list *list)
{
    LOTS_TRY(lots_print_text(p, "("));
    LOTS_TRY(print_list(p, list, ", ", LOTS_LEVEL_VALUE));
    return lots_print_text(p, ")");
}

static lots_status print_binary(lots_ast_printer *p, const lots_ast_node *node)
{
    lots_ast_level own = lots_ast_level_of(node);
    bool power = node->binary.op == LOTS_AST_OP_POWER;
    LOTS_TRY(lots_print_value(p, node->binary.left, power || own == LOTS_LEVEL_TEST ? own + 1 : own));
    LOTS_TRY(lots_bytes_printf(p->out, p->err, " %s ", lots_ast_op_text(node->binary.op)));
    return lots_print_value(p, node->binary.right, power ? own : own + 1);
}

static bool is_arithmetic(const lots_ast_node *node)
{
    return node != NULL && node->kind == LOTS_AST_BINARY && lots_ast_level_of(node) >= LOTS_LEVEL_SUM;
}

/* top, bottom, gap, max as the end of a range: read as a stage or clause if a value follows. */
static bool is_weak_name(const lots_ast_node *node)
{
    static const char *const weak[] = {"top", "bottom", "gap", "max"};
    for (size_t i = 0; i < sizeof weak / sizeof weak[0] && node->kind == LOTS_AST_NAME && !node->name.quoted; i++)
        if (lots_ast_name_is(&node->name, weak[i]))
            return true;
    return false;
}

static lots_status print_range(lots_ast_printer *p, const lots_ast_node *node)
{
    const lots_ast_node *low = node->range.low, *high = node->range.high;
    bool wide = is_arithmetic(low) || is_arithmetic(high);
    if (low != NULL)
        LOTS_TRY(lots_print_value(p, low, LOTS_LEVEL_SUM));
    LOTS_TRY(lots_print_text(p, wide && low != NULL ? " .." : ".."));
    if (high == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_print_text(p, wide && low != NULL ? " " : ""));
    return is_weak_name(high) ? lots_print_bracketed(p, high) : lots_print_value(p, high, LOTS_LEVEL_SUM);
}

/* `--` would be read as a comment of SQL, so a minus before a minus gets brackets. */
static lots_status print_negated(lots_ast_printer *p, const lots_ast_node *operand)
{
    LOTS_TRY(lots_print_text(p, "-"));
    return starts_with_minus(operand) ? lots_print_bracketed(p, operand) : lots_print_value(p, operand, LOTS_LEVEL_SIGNED);
}

static lots_status print_narrow(lots_ast_printer *p, const lots_ast_narrow *step)
{
    lots_ast_level level = LOTS_LEVEL_SUM;
    LOTS_TRY(lots_print_text(p, step->length != NULL ? " within " : " "));
    if (step->length != NULL) {
        LOTS_TRY(lots_print_value(p, step->length, LOTS_LEVEL_SUM));
        LOTS_TRY(lots_print_text(p, " "));
    }
    LOTS_TRY(lots_print_text(p, lots_ast_narrow_text(step->kind)));
    LOTS_TRY(lots_print_text(p, " "));
    if (step->kind == LOTS_AST_NARROW_AS)
        return lots_print_name(p, &step->alias);
    if (step->kind == LOTS_AST_NARROW_WHERE || step->kind == LOTS_AST_NARROW_EXCEPT_WHERE)
        level = LOTS_LEVEL_OR;
    else if (step->kind == LOTS_AST_NARROW_DURING || step->kind == LOTS_AST_NARROW_OVERLAPPING)
        level = LOTS_LEVEL_RANGE;
    return lots_print_value(p, step->value, level);
}

static lots_status print_narrowed(lots_ast_printer *p, const lots_ast_node *node)
{
    LOTS_TRY(lots_print_value(p, node->narrowed.base, LOTS_LEVEL_OR));
    for (uint32_t i = 0; i < node->narrowed.step_count; i++)
        LOTS_TRY(print_narrow(p, &node->narrowed.steps[i]));
    return LOTS_OK;
}

/* left, word, right. */
static lots_status print_pair(lots_ast_printer *p, const lots_ast_node *left, lots_ast_level left_level, const char *word,
                              const lots_ast_node *right, lots_ast_level right_level)
{
    LOTS_TRY(lots_print_value(p, left, left_level));
    LOTS_TRY(lots_print_text(p, word));
    return lots_print_value(p, right, right_level);
}

static lots_status print_plain(lots_ast_printer *p, const lots_ast_node *node)
{
    switch (node->kind) {
    case LOTS_AST_NAME:
        return lots_print_name(p, &node->name);
    case LOTS_AST_CALL:
        return print_call(p, node->call);
    case LOTS_AST_SET:
        return print_set(p, &node->list);
    case LOTS_AST_MEMBER:
        LOTS_TRY(lots_print_value(p, node->member.base, LOTS_LEVEL_POSTFIX));
        LOTS_TRY(lots_print_text(p, "."));
        return lots_print_name(p, &node->member.name);
    case LOTS_AST_AT:
        return print_pair(p, node->at.value, LOTS_LEVEL_POSTFIX, " at ", node->at.when, LOTS_LEVEL_POSTFIX);
    case LOTS_AST_NEGATE:
        return print_negated(p, node->unary);
    case LOTS_AST_NOT:
        LOTS_TRY(lots_print_text(p, "not "));
        return lots_print_value(p, node->unary, LOTS_LEVEL_NOT);
    case LOTS_AST_BINARY:
        return print_binary(p, node);
    case LOTS_AST_IS_MISSING:
        LOTS_TRY(lots_print_value(p, node->is_missing.value, LOTS_LEVEL_RANGE));
        return lots_print_text(p, node->is_missing.negated ? " is not missing" : " is missing");
    case LOTS_AST_AND:
        return print_list(p, &node->list, " and ", LOTS_LEVEL_NOT);
    case LOTS_AST_OR:
        return print_list(p, &node->list, " or ", LOTS_LEVEL_AND);
    case LOTS_AST_RANGE:
        return print_range(p, node);
    case LOTS_AST_NARROWED:
        return print_narrowed(p, node);
    case LOTS_AST_UNION:
        return print_pair(p, node->sets.left, LOTS_LEVEL_VALUE, " union ", node->sets.right, LOTS_LEVEL_NARROWED);
    case LOTS_AST_MINUS:
        return print_pair(p, node->sets.left, LOTS_LEVEL_VALUE, " minus ", node->sets.right, LOTS_LEVEL_NARROWED);
    default:
        return print_literal(p, node);
    }
}

lots_status lots_print_value(lots_ast_printer *p, const lots_ast_node *node, lots_ast_level level)
{
    const lots_ast_node *other =
        node->kind == LOTS_AST_CALL && p->stand_in != NULL ? p->stand_in(p->context, node->call) : NULL;
    if (other != NULL)
        node = other;
    return lots_ast_level_of(node) < level ? lots_print_bracketed(p, node) : print_plain(p, node);
}

lots_status lots_ast_print_node(const lots_ast_node *node, lots_bytes *out, lots_error *err)
{
    lots_ast_printer printer = {out, err, NULL, NULL};
    return lots_print_value(&printer, node, LOTS_LEVEL_VALUE);
}
