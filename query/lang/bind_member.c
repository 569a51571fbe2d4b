/* bind_member.c: `x.name` and `x at day`. See bind_internal.h. */
#include <string.h>

#include "query/lang/bind_internal.h"

static lots_status bind_registry_member(binder *b, const lots_ast_name *name, lots_ast_span span, lots_expr **out)
{
    lots_day from = 0, until = 0;
    bool is_until = lots_ast_name_is(name, "until");
    if (!is_until && !lots_ast_name_is(name, "from"))
        return lots_ast_fail(b->err, name->span, "registry has .from and .until, no '%.*s'", (int)name->bytes, name->text);
    if (!lots_registry_span(b->registry, &from, &until))
        return lots_ast_fail(b->err, span, "nothing in this registry has a date, so it has no .%s",
                             is_until ? "until" : "from");
    return bind_int(b, LOTS_TYPE_DATE, is_until ? until : from, span, out);
}

static lots_status bind_code_member(binder *b, lots_expr *base, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_name *name = &node->member.name;
    lots_type type = base->type;
    if (lots_ast_name_is(name, "chapter") || lots_ast_name_is(name, "block"))
        return bind_code_class(b, base, name, node->span, out);
    if (type.kind == LOTS_TYPE_SET && type.element == LOTS_TYPE_CODE) {
        if (lots_ast_name_is(name, "other"))
            return bind_expr(b, LOTS_OP_OTHER, type, node->span, &base, 1, out);
        type.kind = LOTS_TYPE_CODE;
        if (lots_ast_name_is(name, "main"))
            return bind_expr(b, LOTS_OP_MAIN, type, node->span, &base, 1, out);
        return lots_ast_fail(b->err, name->span, "a list of codes has .main, .other, .chapter and .block, no '%.*s'",
                             (int)name->bytes, name->text);
    }
    if (lots_ast_name_is(name, "label"))
        return bind_expr(b, LOTS_OP_CODE_LABEL, bind_type(LOTS_TYPE_TEXT), node->span, &base, 1, out);
    return lots_ast_fail(b->err, name->span, "a code has .label, .chapter and .block, no '%.*s'", (int)name->bytes,
                         name->text);
}

static lots_status bind_interval_member(binder *b, lots_expr *interval, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_name *name = &node->member.name;
    if (lots_ast_name_is(name, "start"))
        return bind_expr(b, LOTS_OP_INTERVAL_START, bind_type(LOTS_TYPE_DATE), node->span, &interval, 1, out);
    if (lots_ast_name_is(name, "end"))
        return bind_expr(b, LOTS_OP_INTERVAL_END, bind_type(LOTS_TYPE_DATE), node->span, &interval, 1, out);
    if (lots_ast_name_is(name, "days"))
        return bind_expr(b, LOTS_OP_INTERVAL_DAYS, bind_type(LOTS_TYPE_INT), node->span, &interval, 1, out);
    return lots_ast_fail(b->err, name->span, "an interval has .start, .end and .days, no '%.*s'", (int)name->bytes,
                         name->text);
}

/* missing.start: as of an interval or an event that is missing. */
static lots_status bind_missing_member(binder *b, lots_expr *missing, const lots_ast_name *name, lots_expr **out)
{
    static const struct {
        const char *name;
        lots_type_kind kind;
    } members[] = {{"start", LOTS_TYPE_DATE}, {"end", LOTS_TYPE_DATE}, {"days", LOTS_TYPE_INT}, {"label", LOTS_TYPE_TEXT},
                   {"main", LOTS_TYPE_MISSING}, {"other", LOTS_TYPE_MISSING}, {"chapter", LOTS_TYPE_MISSING},
                   {"block", LOTS_TYPE_MISSING}};
    *out = missing;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (lots_ast_name_is(name, members[i].name))
            return bind_give_type(b, out, members[i].kind);
    return lots_ast_fail(b->err, name->span, "missing has no '%.*s'", (int)name->bytes, name->text);
}

/* Other languages write start.year, this one year(start). */
static bool is_part_of_date(const lots_ast_name *name)
{
    static const char *const parts[] = {"year", "month", "day", "weekday", "year_of", "quarter_of", "month_of", "week_of"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (lots_ast_name_is(name, parts[i]))
            return true;
    return false;
}

lots_status bind_member_of(binder *b, scope *where, const value *base, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_name *name = &node->member.name;
    if (base->kind == VALUE_SET && base->set.set->event != NULL) { /* an event narrowed is still one at most */
        lots_expr *event = NULL;
        bound_set set = base->set;
        LOTS_TRY(bind_pick(b, where, &set, LOTS_PICK_FIRST, NULL, node->member.base->span, &event));
        return bind_event_column(b, event, name, out);
    }
    if (base->kind == VALUE_SET) {
        lots_status status =
            lots_ast_fail(b->err, node->span, "an event set may hold many events: which one's '%.*s'?", (int)name->bytes,
                          name->text);
        lots_error_hint(b->err, "first(…).%.*s, last(…).%.*s, or … .%.*s at a date", (int)name->bytes, name->text,
                        (int)name->bytes, name->text, (int)name->bytes, name->text);
        return status;
    }
    bool wants_interval = lots_ast_name_is(name, "start") || lots_ast_name_is(name, "end") ||
                          lots_ast_name_is(name, "days");
    bool years = base->kind == VALUE_RANGE || (base->kind == VALUE_EXPR && base->expr->type.kind == LOTS_TYPE_INT);
    lots_expr *expr = base->expr;
    if (years && wants_interval)
        LOTS_TRY(bind_as_interval(b, base, node->member.base->span, &expr));
    else if (base->kind != VALUE_EXPR)
        return lots_ast_fail(b->err, node->span, "this has no '%.*s'", (int)name->bytes, name->text);
    switch (expr->type.kind) {
    case LOTS_TYPE_MISSING: return bind_missing_member(b, expr, name, out);
    case LOTS_TYPE_INTERVAL: return bind_interval_member(b, expr, node, out);
    case LOTS_TYPE_EVENTS: return bind_event_column(b, expr, name, out);
    case LOTS_TYPE_CATEGORY:
        return bind_is_group(b, expr) ? bind_group_member(b, expr, node, out) : bind_lookup(b, expr, node, NULL, out);
    case LOTS_TYPE_CODE: return bind_code_member(b, expr, node, out);
    case LOTS_TYPE_SET:
        if (expr->type.element == LOTS_TYPE_CODE)
            return bind_code_member(b, expr, node, out);
        break;
    default: break;
    }
    char type[96];
    lots_type_format(&expr->type, type);
    lots_status status = lots_ast_fail(b->err, name->span, "%s has no '%.*s'", type, (int)name->bytes, name->text);
    if (expr->type.kind == LOTS_TYPE_DATE && is_part_of_date(name))
        lots_error_hint(b->err, "write %.*s(…) with the date in the brackets", (int)name->bytes, name->text);
    return status;
}

/* Groups have no patient, and the rows of a table are about nobody. */
static lots_status of_a_person(binder *b, const scope *where, lots_ast_span span)
{
    if (bind_of_patient(where))
        return LOTS_OK;
    const bool nobody = bind_is_about_nobody(b);
    lots_status status = lots_ast_fail(b->err, span, "this is asked of a person, and these rows are %s",
                                       nobody ? "a table's, about nobody" : "groups");
    if (!nobody)
        lots_error_hint(b->err, "ask it before they are grouped, or inside an aggregate: mean(…), count(where …)");
    return status;
}

lots_status bind_member(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_node *base = node->member.base;
    const lots_ast_name *name = &node->member.name;
    if (base->kind == LOTS_AST_NAME) {
        scope *alias = bind_find_alias(where, &base->name);
        if (alias != NULL) { /* s.end, s.derived */
            scope *source = alias->kind == SCOPE_ROWS && alias->relation == UINT32_MAX ? b->root : alias; /* patients as p */
            LOTS_TRY(bind_column(b, source, name->text, name->bytes, node->span, out));
            if (*out != NULL)
                return LOTS_OK;
            value derived;
            scope only = *alias;
            only.outer = NULL;
            only.alias = NULL;
            LOTS_TRY(bind_name(b, &only, name, &derived));
            if (derived.kind == VALUE_EXPR && bind_find_global(b, name->text, name->bytes) == UINT32_MAX) {
                *out = derived.expr;
                return LOTS_OK;
            }
            lots_ast_name text = *name;
            only.outer = source == b->root ? b->root : NULL;
            return bind_unknown(b, &only, &text);
        }
        value bound;
        LOTS_TRY(bind_name(b, where, &base->name, &bound));
        if (bound.kind == VALUE_NONE && lots_ast_name_is(&base->name, "registry"))
            return bind_registry_member(b, name, node->span, out);
        if (bound.kind == VALUE_NONE && lots_ast_name_is(&base->name, "patient")) {
            LOTS_TRY(of_a_person(b, where, node->span));
            LOTS_TRY(bind_column(b, b->root, name->text, name->bytes, node->span, out));
            if (*out == NULL)
                LOTS_TRY(bind_cohort(b, name, &bound));
            if (bound.kind == VALUE_EXPR)
                *out = bound.expr;
            return *out != NULL ? LOTS_OK : bind_unknown(b, b->root, name);
        }
        if (bound.kind == VALUE_NONE)
            return bind_unknown(b, where, &base->name);
        if (bound.kind == VALUE_EXPR && bound.expr->type.kind == LOTS_TYPE_INTERVAL && lots_ast_name_is(name, "number"))
            return bind_period_number(b, where, node, out);
        return bind_member_of(b, where, &bound, node, out);
    }
    value bound;
    LOTS_TRY(bind_value(b, where, base, &bound));
    return bind_member_of(b, where, &bound, node, out);
}

static lots_status bind_role(binder *b, lots_role role, lots_ast_span span, lots_expr **out)
{
    *out = NULL;
    int32_t index = lots_stream_find_role(&b->schema->streams[0], role);
    if (index < 0)
        return LOTS_OK;
    const char *name = b->schema->streams[0].columns[index].name;
    return bind_column(b, b->root, name, (uint32_t)strlen(name), span, out);
}

/* born on or before, no death before: `column` missing, or `column op day`. */
static lots_status missing_or(binder *b, lots_expr *column, lots_op op, lots_expr *day, lots_ast_span span,
                              lots_expr **out)
{
    lots_type bool_type = bind_type(LOTS_TYPE_BOOL);
    lots_expr *either[2], *pair[2] = {column, day};
    LOTS_TRY(bind_expr(b, LOTS_OP_IS_MISSING, bool_type, span, &column, 1, &either[0]));
    LOTS_TRY(bind_expr(b, op, bool_type, span, pair, 2, &either[1]));
    return bind_expr(b, LOTS_OP_OR, bool_type, span, either, 2, out);
}

/* Whoever has neither birth nor death would be alive on a missing day. */
static lots_status on_known_day(binder *b, lots_expr *day, lots_ast_span span, lots_expr **out)
{
    lots_type bool_type = bind_type(LOTS_TYPE_BOOL);
    if (day->op == LOTS_OP_CONSTANT && !day->constant.missing)
        return LOTS_OK;
    lots_expr *gone = NULL, *choice[2] = {NULL, *out};
    LOTS_TRY(bind_expr(b, LOTS_OP_IS_MISSING, bool_type, span, &day, 1, &gone));
    LOTS_TRY(bind_expr(b, LOTS_OP_NOT, bool_type, span, &gone, 1, &choice[0]));
    return bind_expr(b, LOTS_OP_CASE, bool_type, span, choice, 2, out);
}

static lots_status bind_alive(binder *b, lots_expr *day, lots_ast_span span, lots_expr **out)
{
    lots_expr *parts[2], *column = NULL;
    uint32_t count = 0;
    LOTS_TRY(bind_role(b, LOTS_ROLE_BIRTH, span, &column));
    if (column != NULL)
        LOTS_TRY(missing_or(b, column, LOTS_OP_LESS_EQUAL, day, span, &parts[count++]));
    LOTS_TRY(bind_role(b, LOTS_ROLE_DEATH, span, &column));
    if (column != NULL)
        LOTS_TRY(missing_or(b, column, LOTS_OP_GREATER_EQUAL, day, span, &parts[count++]));
    if (count == 0)
        return lots_ast_fail(b->err, span, "the patients of this registry have neither birth nor death");
    *out = parts[0];
    if (count == 2)
        LOTS_TRY(bind_expr(b, LOTS_OP_AND, bind_type(LOTS_TYPE_BOOL), span, parts, 2, out));
    return on_known_day(b, day, span, out);
}

lots_status bind_at(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_node *what = node->at.value;
    lots_expr *day = NULL;
    LOTS_TRY(bind_date(b, where, node->at.when, &day));
    if (what->kind == LOTS_AST_NAME && (lots_ast_name_is(&what->name, "alive") || lots_ast_name_is(&what->name, "age")))
        LOTS_TRY(of_a_person(b, where, node->span));
    if (what->kind == LOTS_AST_NAME && lots_ast_name_is(&what->name, "alive"))
        return bind_alive(b, day, node->span, out);
    if (what->kind == LOTS_AST_NAME && lots_ast_name_is(&what->name, "age")) {
        lots_expr *pair[2] = {NULL, day};
        LOTS_TRY(bind_role(b, LOTS_ROLE_BIRTH, what->span, &pair[0]));
        if (pair[0] == NULL)
            return lots_ast_fail(b->err, what->span, "the patients of this registry have no birth date");
        return bind_expr(b, LOTS_OP_AGE, bind_type(LOTS_TYPE_INT), node->span, pair, 2, out);
    }
    if (what->kind != LOTS_AST_MEMBER) {
        lots_status status = lots_ast_fail(b->err, what->span, "`at` follows age, alive or a column of a stream or of a table");
        lots_error_hint(b->err, "as in: residence.municipality at 2023-12-31");
        return status;
    }
    return bind_member_at(b, where, what, day, node->span, out);
}
