/* bind_scope.c: names, scopes and frames of the binder, and the making of expressions. See bind_internal.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"
#include "query/lang/bind_internal.h"
#include "query/lang/fold.h"

lots_type bind_type(lots_type_kind kind)
{
    lots_type type;
    memset(&type, 0, sizeof type);
    type.kind = kind;
    type.relation = UINT32_MAX;
    return type;
}

lots_frame *bind_frame(binder *b, uint32_t frame) { return &LOTS_AT(lots_frame, &b->frames, frame); }
lots_relation *bind_relation(binder *b, uint32_t relation) { return &LOTS_AT(lots_relation, &b->relations, relation); }
uint64_t bind_frame_bit(binder *b, uint32_t frame) { return UINT64_C(1) << bind_frame(b, frame)->depth; }

lots_status bind_frame_new(binder *b, lots_frame_kind kind, uint32_t parent, uint32_t relation, const char *name,
                           uint32_t *out)
{
    lots_frame frame = {.kind = kind, .parent = parent, .relation = relation, .name = name};
    if (b->frames.count > 1)
        frame.depth = bind_frame(b, parent)->depth + 1;
    else
        frame.depth = (uint32_t)b->frames.count;
    if (frame.depth > BIND_FRAMES_DEEP)
        return lots_fail(b->err, LOTS_QUERY, "event sets are nested more than %u deep", BIND_FRAMES_DEEP);
    *out = (uint32_t)b->frames.count;
    return lots_vec_push(&b->frames, &frame, b->err);
}

lots_status bind_scope_new(binder *b, scope_kind kind, scope *outer, uint32_t frame, uint32_t relation, scope **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(scope), b->err));
    *out = made;
    (*out)->kind = kind;
    (*out)->outer = outer;
    (*out)->frame = frame;
    (*out)->relation = relation;
    (*out)->names = LOTS_VEC(named);
    return lots_vec_push(&b->scopes, out, b->err);
}

static lots_ast_span place_of(const named *item)
{
    const value *bound = &item->bound;
    if (item->node != NULL)
        return item->node->span;
    if (bound->kind == VALUE_SET)
        return bound->set.set->span;
    const lots_expr *expr = bound->kind == VALUE_TUPLE && bound->field_count > 0 ? bound->fields[0] : bound->expr;
    return expr != NULL ? expr->span : (lots_ast_span){0};
}

lots_status bind_too_many_columns(binder *b, lots_ast_span span)
{
    return lots_ast_fail(b->err, span, "rows have more than %u derived or shown columns", BIND_NAMES_MAX);
}

/* Names are looked up one after the other. */
static lots_status scope_push(binder *b, scope *where, const named *item)
{
    if (where->names.count >= BIND_NAMES_MAX)
        return bind_too_many_columns(b, place_of(item));
    return lots_vec_push(&where->names, item, b->err);
}

lots_status bind_scope_add(binder *b, scope *where, const char *name, uint32_t bytes, const value *bound)
{
    named item = {.name = name, .bytes = bytes, .bound = *bound};
    return scope_push(b, where, &item);
}

lots_status bind_scope_add_lazy(binder *b, scope *where, const char *name, uint32_t bytes, const lots_ast_node *node,
                                scope *closed, const sight *seen)
{
    named item = {.name = name, .bytes = bytes, .node = node, .where = closed, .sight = *seen};
    return scope_push(b, where, &item);
}

static bool same_text(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    return a_bytes == b_bytes && memcmp(a, b, a_bytes) == 0;
}

scope *bind_find_alias(scope *from, const lots_ast_name *name)
{
    for (scope *at = from; at != NULL; at = at->outer)
        if (at->alias != NULL && same_text(at->alias, at->alias_bytes, name->text, name->bytes))
            return at;
    return NULL;
}

uint64_t bind_name_hash(const char *name, uint32_t bytes) { return lots_hash(name, bytes, 0); }

uint32_t bind_find_global(const binder *b, const char *name, uint32_t bytes)
{
    const uint32_t arguments = b->sight.argument_count;
    const uint64_t hash = bind_name_hash(name, bytes);
    for (uint32_t i = arguments + b->sight.visible; i-- > 0;) { /* arguments first: they are the nearest */
        const uint32_t number = i >= b->sight.visible ? b->sight.argument_first + i - b->sight.visible : i;
        const global *item = &LOTS_AT(global, &b->globals, number);
        if (item->hash == hash && same_text(item->statement->name.text, item->statement->name.bytes, name, bytes))
            return number;
    }
    return UINT32_MAX;
}

/* Depths an expression over these operands depends on, and the innermost of their frames. */
static void join_depths(binder *b, lots_expr *expr)
{
    for (uint32_t i = 0; i < expr->operand_count; i++) {
        const lots_expr *operand = expr->operands[i];
        expr->depths |= operand->depths;
        if (bind_frame(b, operand->frame)->depth > bind_frame(b, expr->frame)->depth)
            expr->frame = operand->frame;
    }
}

void bind_depend(binder *b, lots_expr *expr, uint64_t depths, uint32_t chain)
{
    expr->depths |= depths;
    for (uint32_t frame = chain;; frame = bind_frame(b, frame)->parent) {
        if (expr->depths & bind_frame_bit(b, frame) || frame == LOTS_FRAME_CONSTANT) {
            if (bind_frame(b, frame)->depth > bind_frame(b, expr->frame)->depth)
                expr->frame = frame;
            return;
        }
    }
}

static lots_status expr_new(binder *b, lots_op op, lots_type type, lots_ast_span span, lots_expr **out)
{
    if (++b->nodes > BIND_NODES_MAX)
        return lots_ast_fail(b->err, span, "the query grows beyond %u expressions once its functions are filled in",
                             BIND_NODES_MAX);
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_expr), b->err));
    *out = made;
    (*out)->op = op;
    (*out)->type = type;
    (*out)->span = span;
    (*out)->id = b->query->expr_count++;
    return LOTS_OK;
}

lots_status bind_expr(binder *b, lots_op op, lots_type type, lots_ast_span span, lots_expr *const *operands,
                      uint32_t count, lots_expr **out)
{
    lots_expr *expr = NULL;
    LOTS_TRY(expr_new(b, op, type, span, &expr));
    void *list = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &list, count, sizeof(lots_expr *), b->err));
    expr->operands = list;
    expr->operand_count = count;
    for (uint32_t i = 0; i < count; i++)
        expr->operands[i] = operands[i];
    join_depths(b, expr);
    *out = expr;
    return lots_fold(expr, b->err);
}

lots_status bind_constant(binder *b, lots_type type, lots_constant constant, lots_ast_span span, lots_expr **out)
{
    LOTS_TRY(expr_new(b, LOTS_OP_CONSTANT, type, span, out));
    (*out)->constant = constant;
    return LOTS_OK;
}

lots_status bind_int(binder *b, lots_type_kind kind, int64_t i, lots_ast_span span, lots_expr **out)
{
    lots_constant constant = {.i = i};
    return bind_constant(b, bind_type(kind), constant, span, out);
}

/* ---- columns ---- */

static lots_type column_type(binder *b, const lots_column *column)
{
    lots_type type = bind_type(LOTS_TYPE_MISSING);
    switch (column->kind) {
    case LOTS_KIND_BOOL: type.kind = LOTS_TYPE_BOOL; break;
    case LOTS_KIND_INT: type.kind = LOTS_TYPE_INT; break;
    case LOTS_KIND_DECIMAL:
        type.kind = LOTS_TYPE_DECIMAL;
        type.scale = column->scale;
        break;
    case LOTS_KIND_FLOAT: type.kind = LOTS_TYPE_FLOAT; break;
    case LOTS_KIND_DATE: type.kind = LOTS_TYPE_DATE; break;
    case LOTS_KIND_TEXT: type.kind = LOTS_TYPE_TEXT; break;
    case LOTS_KIND_CATEGORY:
        type.kind = LOTS_TYPE_CATEGORY;
        type.dictionary = lots_registry_domain(b->registry, column->domain);
        type.domain = column->domain;
        break;
    case LOTS_KIND_CODE:
    case LOTS_KIND_CODES:
        type.kind = column->kind == LOTS_KIND_CODE ? LOTS_TYPE_CODE : LOTS_TYPE_SET;
        type.element = LOTS_TYPE_CODE;
        type.dictionary = lots_registry_codes(b->registry);
        type.domain = column->system;
        break;
    case LOTS_KIND_COUNT: break;
    }
    return type;
}

lots_type bind_column_type(binder *b, const lots_column *column) { return column_type(b, column); }

static lots_status make_column(binder *b, uint32_t frame, uint32_t index, lots_type type, lots_ast_span span,
                               lots_expr **out)
{
    LOTS_TRY(expr_new(b, LOTS_OP_COLUMN, type, span, out));
    (*out)->of_frame = frame;
    (*out)->index = index;
    bind_depend(b, *out, bind_frame_bit(b, frame), frame);
    return LOTS_OK;
}

static lots_status patient_column(binder *b, const char *name, uint32_t bytes, lots_ast_span span, lots_expr **out)
{
    *out = NULL;
    if (same_text(name, bytes, "id", 2)) {
        LOTS_TRY(expr_new(b, LOTS_OP_PATIENT_ID, bind_type(LOTS_TYPE_TEXT), span, out));
        (*out)->of_frame = LOTS_FRAME_PATIENT;
        bind_depend(b, *out, bind_frame_bit(b, LOTS_FRAME_PATIENT), LOTS_FRAME_PATIENT);
        return LOTS_OK;
    }
    const lots_stream *patients = &b->schema->streams[0];
    int32_t index = lots_stream_find_column(patients, name, bytes);
    if (index < 0)
        return LOTS_OK;
    return make_column(b, LOTS_FRAME_PATIENT, (uint32_t)index, column_type(b, &patients->columns[index]), span, out);
}

lots_status bind_column(binder *b, scope *from, const char *name, uint32_t bytes, lots_ast_span span, lots_expr **out)
{
    *out = NULL;
    if (from->kind == SCOPE_PATIENT)
        return patient_column(b, name, bytes, span, out);
    if (from->relation == UINT32_MAX || (from->kind != SCOPE_ROWS && from->kind != SCOPE_ELEMENT))
        return LOTS_OK;
    const lots_relation *relation = bind_relation(b, from->relation);
    int32_t index = bind_relation_find(relation, name, bytes);
    if (index < 0)
        return LOTS_OK;
    return make_column(b, from->frame, (uint32_t)index, relation->columns[index].type, span, out);
}

/* ---- looking names up ---- */

/* What is lazy is bound where it is used: it sees the names of its own scope and no more, but what it makes hangs on the
 * user's frame, so that `ed within 30d after e.start` is one chain of frames whoever named `ed`. */
static lots_status stand_in(binder *b, scope *closed, const scope *user, scope **out)
{
    *out = closed;
    if (closed->frame == user->frame)
        return LOTS_OK;
    return bind_scope_new(b, SCOPE_ARGS, closed, user->frame, UINT32_MAX, out);
}

/* The user narrows a named set further, and aggregates over it, in words of its own. */
static lots_status hand_over(binder *b, scope *user, value *out)
{
    if (out->kind != VALUE_SET)
        return LOTS_OK;
    const lots_set *set = out->set.set;
    return bind_scope_new(b, SCOPE_ELEMENT, user, set->frame, set->relation, &out->set.element);
}

static lots_status bind_lazy(binder *b, scope *user, scope *at, named *item, value *out)
{
    if (item->node == NULL) {
        *out = item->bound;
        item->uses++;
        return LOTS_OK;
    }
    if (++b->let_depth > BIND_LETS_DEEP)
        return lots_ast_fail(b->err, item->node->span, "names are defined through one another more than %u deep",
                             BIND_LETS_DEEP);
    const sight seen = b->sight;
    size_t names = at->names.count;
    const named copy = *item; /* the list may grow while the tree is bound */
    scope *where = NULL;
    LOTS_TRY(stand_in(b, copy.where, user, &where));
    aggregation *outside = b->aggregation;
    b->sight = copy.sight;
    b->aggregation = copy.into;
    if (copy.where == at)
        at->names.count = (size_t)(item - (const named *)at->names.data); /* what was derived later is not meant */
    lots_status status = bind_value(b, where, copy.node, out);
    at->names.count = names;
    b->aggregation = outside;
    b->sight = seen;
    b->let_depth--;
    return status != LOTS_OK ? status : hand_over(b, user, out);
}

static lots_status find_in_scope(binder *b, scope *user, scope *at, const lots_ast_name *name, value *out)
{
    for (size_t i = at->names.count; i-- > 0;) {
        named *item = &LOTS_AT(named, &at->names, i);
        if (same_text(item->name, item->bytes, name->text, name->bytes))
            return bind_lazy(b, user, at, item, out);
    }
    if (at->alias != NULL && same_text(at->alias, at->alias_bytes, name->text, name->bytes) &&
        at->relation != UINT32_MAX) {
        out->kind = VALUE_EXPR;
        return bind_self(b, at, name->span, &out->expr);
    }
    lots_expr *column = NULL;
    LOTS_TRY(bind_column(b, at, name->text, name->bytes, name->span, &column));
    if (column != NULL) {
        out->kind = VALUE_EXPR;
        out->expr = column;
    }
    return LOTS_OK;
}

/* A cohort may be saved long after a question was written: the library and other cohorts keep meaning their columns. */
static lots_status not_a_cohort_too(binder *b, const scope *at, const lots_ast_name *name)
{
    bool cohort = false;
    if (at->kind == SCOPE_ARGS || b->place != NULL || (name->span.source > 0 && name->span.source < b->library_end))
        return LOTS_OK;
    LOTS_TRY(bind_is_cohort(b, name, &cohort));
    if (!cohort)
        return LOTS_OK;
    lots_status status = lots_ast_fail(b->err, name->span, "'%.*s' is both a saved cohort and a column here",
                                       (int)name->bytes, name->text);
    lots_error_hint(b->err, "give the column another name; `lots cohort` lists what is saved");
    return status;
}

bool bind_of_patient(const scope *from)
{
    while (from != NULL && from->kind != SCOPE_PATIENT)
        from = from->outer;
    return from != NULL;
}

lots_status bind_name(binder *b, scope *from, const lots_ast_name *name, value *out)
{
    memset(out, 0, sizeof *out);
    uint32_t number = bind_find_global(b, name->text, name->bytes);
    for (scope *at = from; at != NULL; at = at->outer) {
        LOTS_TRY(find_in_scope(b, from, at, name, out));
        if (out->kind == VALUE_NONE)
            continue;
        LOTS_TRY(not_a_cohort_too(b, at, name));
        /* A table's name is none of a value: `join residents …` may bring a column `residents`. */
        const global *other = number != UINT32_MAX ? &LOTS_AT(global, &b->globals, number) : NULL;
        if (other != NULL && !other->library && other->kind != GLOBAL_TABLE && at->kind != SCOPE_ARGS) {
            lots_status status = lots_ast_fail(b->err, name->span, "'%.*s' is both a name of this query and a column here",
                                               (int)name->bytes, name->text);
            lots_error_hint(b->err, "give the %s another name", other->argument ? "parameter" : "let or param");
            return status;
        }
        return LOTS_OK;
    }
    if (number != UINT32_MAX && LOTS_AT(global, &b->globals, number).statement->params.count > 0) {
        uint32_t wanted = LOTS_AT(global, &b->globals, number).statement->params.count;
        const bool table = LOTS_AT(global, &b->globals, number).kind == GLOBAL_TABLE;
        return lots_ast_fail(b->err, name->span, "'%.*s' is a %s of %u argument%s: write %.*s(…)", (int)name->bytes,
                             name->text, table ? "table" : "function", wanted, wanted == 1 ? "" : "s", (int)name->bytes, name->text);
    }
    if (number != UINT32_MAX)
        return bind_global(b, number, from, NULL, out);
    int32_t stream = lots_schema_find_stream(b->schema, name->text, name->bytes);
    if (stream > 0 && from->kind != SCOPE_TABLE) {
        uint32_t relation = 0;
        LOTS_TRY(bind_stream(b, (uint32_t)stream, &relation));
        out->kind = VALUE_SET;
        return bind_set_new(b, from, relation, NULL, name->span, &out->set);
    }
    return bind_of_patient(from) ? bind_cohort(b, name, out) : LOTS_OK;
}

static lots_status note_once(binder *b, lots_ast_span span, bool fact, const char *text)
{
    for (size_t i = 0; i < b->notes.count; i++)
        if (strcmp(LOTS_AT(lots_note, &b->notes, i).text, text) == 0)
            return LOTS_OK; /* a let used twice says it once */
    char *copy = NULL;
    LOTS_TRY(lots_arena_text(b->arena, &copy, text, strlen(text), b->err));
    lots_note note = {.span = span, .text = copy, .fact = fact};
    return lots_vec_push(&b->notes, &note, b->err);
}

lots_status bind_note(binder *b, lots_ast_span span, const char *format, ...)
{
    char text[768];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return note_once(b, span, false, text);
}

lots_status bind_fact(binder *b, lots_ast_span span, const char *format, ...)
{
    char text[768];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return note_once(b, span, true, text);
}

/* ---- globals ---- */

lots_status bind_check_arguments(binder *b, const global *item, const lots_ast_call *call, lots_ast_span span)
{
    uint32_t wanted = item->statement->params.count;
    uint32_t given = call == NULL ? 0 : call->arg_count;
    const lots_ast_name *name = &item->statement->name;
    if (wanted != given)
        return lots_ast_fail(b->err, span, "'%.*s' takes %u argument%s, %u given", (int)name->bytes, name->text, wanted,
                             wanted == 1 ? "" : "s", given);
    for (uint32_t i = 0; i < given; i++)
        if (call->args[i].kind != LOTS_AST_ARG_VALUE)
            return lots_ast_fail(b->err, call->args[i].span, "'%.*s' takes plain values", (int)name->bytes, name->text);
    return call == NULL ? LOTS_OK : bind_no_clauses(b, call);
}

/* The scope of a let's body, in which its parameters are the arguments, bound where they are used: in `from`, `into` being
 * what their own aggregates over rows go to. */
static lots_status bind_arguments(binder *b, const global *item, scope *from, aggregation *into, const lots_ast_call *call,
                                  scope **out)
{
    const lots_ast_names *params = &item->statement->params;
    bool table = from->kind == SCOPE_TABLE;
    LOTS_TRY(bind_scope_new(b, table ? SCOPE_TABLE : SCOPE_ARGS, table ? NULL : b->root, from->frame, UINT32_MAX, out));
    for (uint32_t i = 0; call != NULL && i < call->arg_count; i++) {
        LOTS_TRY(bind_scope_add_lazy(b, *out, params->items[i].text, params->items[i].bytes, call->args[i].value, from,
                                     &b->sight));
        LOTS_AT(named, &(*out)->names, i).into = into;
    }
    return LOTS_OK;
}

/* What the aggregates over rows in a let's body go to: their operands see the arguments as they stand in the rows. */
static lots_status aggregate_inside(binder *b, const global *item, const lots_ast_call *call, aggregation **out)
{
    void *made = NULL;
    *out = NULL;
    if (b->aggregation == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(aggregation), b->err));
    *out = made;
    **out = *b->aggregation;
    return bind_arguments(b, item, b->aggregation->rows, NULL, call, &(*out)->rows);
}

lots_status bind_global(binder *b, uint32_t number, scope *from, const lots_ast_call *call, value *out)
{
    LOTS_AT(global, &b->globals, number).used = true;
    const global item = LOTS_AT(global, &b->globals, number);
    lots_ast_span span = call == NULL ? item.statement->name.span : call->name.span;
    memset(out, 0, sizeof *out);
    if (item.kind == GLOBAL_TABLE) {
        out->kind = VALUE_TABLE;
        return LOTS_OK;
    }
    LOTS_TRY(bind_check_arguments(b, &item, call, span));
    if (b->let_depth >= BIND_LETS_DEEP)
        return lots_ast_fail(b->err, span, "names are defined through one another more than %u deep", BIND_LETS_DEEP);
    scope *args = NULL;
    const sight seen = b->sight;
    aggregation *outside = b->aggregation, *inside = NULL;
    LOTS_TRY(bind_arguments(b, &item, from, outside, call, &args));
    LOTS_TRY(aggregate_inside(b, &item, call, &inside));
    b->sight = item.argument ? item.sight : (sight){.visible = number};
    b->let_depth++;
    b->aggregation = inside;
    lots_status status = bind_value(b, args, item.value, out);
    b->aggregation = outside;
    b->let_depth--;
    b->sight = seen;
    return status != LOTS_OK ? status : hand_over(b, from, out);
}
