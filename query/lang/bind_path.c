/* bind_path.c: path(E by x [gap 7d] [max 6]): the course of a set's events as one text. */
#include "query/lang/bind_internal.h"

static lots_status path_clauses(binder *b, const lots_ast_node *node)
{
    const lots_ast_call *call = node->call;
    bool fits = call->arg_count == 1 && call->args[0].kind == LOTS_AST_ARG_VALUE && !call->distinct;
    for (uint32_t i = 0; i < call->clause_count; i++)
        fits = fits && (call->clauses[i].kind == LOTS_AST_CLAUSE_BY || call->clauses[i].kind == LOTS_AST_CLAUSE_GAP ||
                        call->clauses[i].kind == LOTS_AST_CLAUSE_MAX);
    if (fits)
        return LOTS_OK;
    return lots_ast_fail(b->err, node->span, "path takes one event set and one `by`: path(E by x gap 7d max 6)");
}

/* What is written for an event: its key as text. */
static lots_status path_key(binder *b, const bound_set *set, const lots_ast_node *node, lots_expr **out)
{
    lots_expr **keys = NULL;
    const lots_ast_node **nodes = NULL;
    uint32_t count = 0;
    LOTS_TRY(bind_keys(b, set, node->call, LOTS_AST_CLAUSE_BY, &keys, &nodes, &count));
    if (count != 1)
        return lots_ast_fail(b->err, node->span, "path needs one `by`: path(E by level)");
    LOTS_TRY(bind_give_type(b, &keys[0], LOTS_TYPE_TEXT));
    const lots_type_kind kind = keys[0]->type.kind;
    *out = keys[0];
    if (kind == LOTS_TYPE_TEXT)
        return LOTS_OK;
    if (kind == LOTS_TYPE_SET || kind == LOTS_TYPE_EVENTS || kind == LOTS_TYPE_INTERVAL || kind == LOTS_TYPE_TUPLE)
        return bind_wrong_type(b, keys[0], "one value an event");
    return bind_expr(b, LOTS_OP_TO_TEXT, bind_type(LOTS_TYPE_TEXT), keys[0]->span, keys, 1, out);
}

/* Has the key so few values that a byte tells them apart, and do their names tell where one ends? */
static bool is_few(const lots_expr *key)
{
    const lots_dictionary *names = key->type.dictionary;
    const uint32_t count = key->type.kind != LOTS_TYPE_CATEGORY || names == NULL ? 0 : lots_dictionary_count(names);
    if (count == 0 || count >= UINT8_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        size_t bytes = 0;
        const char *name = lots_dictionary_key(names, i, &bytes);
        if (memchr(name, '>', bytes) != NULL || (bytes == 3 && memcmp(name, "\xe2\x80\xa6", 3) == 0))
            return false;
    }
    return true;
}

static lots_status path_max(binder *b, scope *where, const lots_ast_call *call, uint32_t *out)
{
    const lots_ast_clause *max = bind_clause(call, LOTS_AST_CLAUSE_MAX);
    lots_expr *most = NULL;
    *out = 0;
    if (max == NULL)
        return LOTS_OK;
    LOTS_TRY(bind_scalar(b, where, max->value, &most));
    if (most->op != LOTS_OP_CONSTANT || most->type.kind != LOTS_TYPE_INT || most->constant.missing ||
        most->constant.i < 1 || most->constant.i > UINT32_MAX)
        return lots_ast_fail(b->err, max->value->span, "`max` takes a constant whole number, at least 1");
    *out = (uint32_t)most->constant.i;
    return LOTS_OK;
}

lots_status bind_path(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    bound_set set;
    lots_expr *key = NULL, *made = NULL;
    lots_op op = LOTS_OP_PATH;
    lots_relation window = {.has_gap = false};
    void *list = NULL;
    uint32_t most = 0;
    LOTS_TRY(path_clauses(b, node));
    LOTS_TRY(bind_set(b, where, node->call->args[0].value, &set));
    LOTS_TRY(path_key(b, &set, node, &key));
    LOTS_TRY(bind_gap(b, where, node->call, &window));
    LOTS_TRY(path_max(b, where, node->call, &most));
    if (window.has_gap && bind_relation(b, set.set->relation)->start_column < 0)
        return lots_ast_fail(b->err, node->span, "stream '%s' is undated: its events have no gaps in days",
                             bind_relation(b, set.set->relation)->name);
    if (most > 0 && most <= LOTS_PATH_STEPS && key->op == LOTS_OP_TO_TEXT && is_few(key->operands[0])) {
        op = LOTS_OP_PATH_NUMBER;
        key = key->operands[0];
    }
    LOTS_TRY(bind_expr(b, op, bind_type(op == LOTS_OP_PATH ? LOTS_TYPE_TEXT : LOTS_TYPE_INT), node->span, NULL, 0, &made));
    LOTS_TRY(lots_arena_alloc(b->arena, &list, 1, sizeof(lots_expr *), b->err));
    made->operands = list;
    made->operands[0] = key;
    made->operand_count = 1;
    made->set = set.set;
    made->index = most;
    made->constant.missing = !window.has_gap;
    made->constant.i = window.gap_days;
    const uint64_t depths = (bind_set_depths(b, set.set) | key->depths) & ~bind_frame_bit(b, set.set->frame);
    bind_depend(b, made, depths, where->frame == LOTS_FRAME_CONSTANT ? LOTS_FRAME_PATIENT : where->frame);
    *out = made;
    if (op == LOTS_OP_PATH)
        return LOTS_OK;
    return bind_expr(b, LOTS_OP_PATH_NAMES, bind_type(LOTS_TYPE_TEXT), node->span, &made, 1, out);
}
