/* bind_relation.c: relations: streams, episodes, steps, active periods, unions and differences of event sets. See
 * bind_internal.h. */
#include <stdio.h>
#include <string.h>

#include "query/lang/bind_internal.h"

int32_t bind_relation_find(const lots_relation *relation, const char *name, uint32_t bytes)
{
    for (uint32_t i = 0; i < relation->column_count; i++)
        if (strlen(relation->columns[i].name) == bytes && memcmp(relation->columns[i].name, name, bytes) == 0)
            return (int32_t)i;
    return -1;
}

lots_status bind_relation_add(binder *b, const lots_relation *relation, uint64_t depths, const lots_ast_node *node,
                              uint32_t *out)
{
    *out = (uint32_t)b->relations.count;
    LOTS_TRY(lots_vec_push(&b->relations, relation, b->err));
    LOTS_TRY(lots_vec_push(&b->relation_nodes, &node, b->err));
    return lots_vec_push(&b->relation_depths, &depths, b->err);
}

lots_status bind_columns_new(binder *b, lots_relation *relation, uint32_t room)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, room, sizeof(lots_relation_column), b->err));
    relation->columns = made;
    relation->column_count = 0;
    relation->start_column = relation->end_column = -1;
    return LOTS_OK;
}

lots_relation_column *bind_column_add(lots_relation *relation, const char *name, lots_type type, int role)
{
    lots_relation_column *column = &relation->columns[relation->column_count++];
    column->name = name;
    column->type = type;
    column->column = column->right = UINT32_MAX;
    column->role = (unsigned)role;
    return column;
}

/* ---- streams ---- */

lots_status bind_stream(binder *b, uint32_t stream, uint32_t *out)
{
    for (uint32_t i = 0; i < b->relations.count; i++)
        if (bind_relation(b, i)->kind == LOTS_RELATION_STREAM && bind_relation(b, i)->stream == stream) {
            *out = i;
            return LOTS_OK;
        }
    const lots_stream *schema = &b->schema->streams[stream];
    lots_relation relation = {.kind = LOTS_RELATION_STREAM, .name = schema->name, .frame = LOTS_FRAME_PATIENT,
                              .stream = stream, .order_rank = stream};
    LOTS_TRY(bind_columns_new(b, &relation, schema->column_count + 1));
    for (uint32_t c = 0; c < schema->column_count; c++) {
        lots_role role = schema->columns[c].role;
        int kind = role == LOTS_ROLE_START ? LOTS_COLUMN_START : role == LOTS_ROLE_END ? LOTS_COLUMN_END : LOTS_COLUMN_PLAIN;
        bind_column_add(&relation, schema->columns[c].name, bind_column_type(b, &schema->columns[c]), kind)->column = c;
        if (role == LOTS_ROLE_START)
            relation.start_column = (int32_t)c;
        if (role == LOTS_ROLE_END)
            relation.end_column = (int32_t)c;
    }
    if (relation.start_column >= 0 && relation.end_column < 0) { /* points: they end the day they start */
        relation.end_column = (int32_t)relation.column_count;
        bind_column_add(&relation, "end", bind_type(LOTS_TYPE_DATE), LOTS_COLUMN_END)->column =
            (uint32_t)relation.start_column;
    }
    return bind_relation_add(b, &relation, UINT64_C(1) << 1, NULL, out);
}

/* The frame a derived relation hangs on: the innermost that its set depends on. */
static uint32_t hang_on(binder *b, const scope *where, uint64_t depths)
{
    uint32_t frame = where->frame;
    while (frame != LOTS_FRAME_PATIENT && frame != LOTS_FRAME_CONSTANT && (depths & bind_frame_bit(b, frame)) == 0)
        frame = bind_frame(b, frame)->parent;
    return frame == LOTS_FRAME_CONSTANT ? LOTS_FRAME_PATIENT : frame;
}

/* A text that depends on the patient alone means the same relation wherever its name is used: `next(stays, s)` asks of
 * the very stays that s is one of. Inside a function or a table with parameters it depends on the arguments too. */
static bool means_one_thing(const binder *b, const scope *where, uint64_t depths)
{
    if (b->sight.argument_count > 0)
        return false;
    for (const scope *at = where; at != NULL; at = at->outer)
        if (at->kind == SCOPE_ARGS && at->names.count > 0)
            return false;
    return depths >> 2 == 0;
}

static lots_status reuse(binder *b, scope *where, const lots_ast_node *node, bool *done, bound_set *out)
{
    *done = false;
    for (size_t i = 0; i < b->relation_nodes.count; i++) {
        if (LOTS_AT(const lots_ast_node *, &b->relation_nodes, i) != node || !means_one_thing(b, where, 0))
            continue;
        *done = true;
        return bind_set_new(b, where, (uint32_t)i, NULL, node->span, out);
    }
    return LOTS_OK;
}

static lots_status finish(binder *b, scope *where, lots_relation *relation, uint64_t depths, const lots_ast_node *node,
                          bound_set *out)
{
    uint32_t number = 0;
    depths |= UINT64_C(1) << 1;
    relation->frame = hang_on(b, where, depths);
    LOTS_TRY(bind_relation_add(b, relation, depths, means_one_thing(b, where, depths) ? node : NULL, &number));
    return bind_set_new(b, where, number, NULL, node->span, out);
}

/* ---- episodes ---- */

lots_status bind_keys(binder *b, const bound_set *left, const lots_ast_call *call, lots_ast_clause_kind kind,
                      lots_expr ***out, const lots_ast_node ***nodes, uint32_t *count)
{
    void *list = NULL, *node_list = NULL;
    uint32_t room = 0;
    for (uint32_t i = 0; i < call->clause_count; i++)
        room += call->clauses[i].kind == kind ? (kind == LOTS_AST_CLAUSE_BY ? call->clauses[i].keys.count : 1) : 0;
    LOTS_TRY(lots_arena_alloc(b->arena, &list, room, sizeof(lots_expr *), b->err));
    LOTS_TRY(lots_arena_alloc(b->arena, &node_list, room, sizeof(lots_ast_node *), b->err));
    *out = list;
    *nodes = node_list;
    *count = 0;
    for (uint32_t i = 0; i < call->clause_count; i++) {
        const lots_ast_clause *clause = &call->clauses[i];
        if (clause->kind != kind)
            continue;
        uint32_t many = kind == LOTS_AST_CLAUSE_BY ? clause->keys.count : 1;
        for (uint32_t k = 0; k < many; k++) {
            const lots_ast_node *node = kind == LOTS_AST_CLAUSE_BY ? clause->keys.items[k].value : clause->value;
            if (kind == LOTS_AST_CLAUSE_BY && clause->keys.items[k].descending)
                return lots_ast_fail(b->err, clause->keys.items[k].span, "`desc` has no meaning in `by` of episodes");
            (*nodes)[*count] = node;
            LOTS_TRY(bind_scalar(b, left->element, node, &(*out)[(*count)++]));
        }
    }
    return LOTS_OK;
}

/* A key's column name: of a plain name or member its last word, else the text. */
static lots_status key_name(binder *b, const lots_ast_node *node, const char **out)
{
    if (node->kind == LOTS_AST_NAME) {
        *out = node->name.text;
        return LOTS_OK;
    }
    if (node->kind == LOTS_AST_MEMBER) {
        *out = node->member.name.text;
        return LOTS_OK;
    }
    return bind_text_of(b, node, out);
}

lots_status bind_gap(binder *b, scope *where, const lots_ast_call *call, lots_relation *relation)
{
    const lots_ast_clause *gap = bind_clause(call, LOTS_AST_CLAUSE_GAP);
    if (gap == NULL)
        return LOTS_OK;
    lots_expr *length = NULL;
    LOTS_TRY(bind_scalar(b, where, gap->value, &length));
    if (length->op != LOTS_OP_CONSTANT || length->type.kind != LOTS_TYPE_DAYS || length->constant.missing)
        return bind_wrong_type(b, length, "a constant number of days (0d, 7d)");
    if (length->constant.i < 0) {
        lots_status status = lots_ast_fail(b->err, gap->value->span, "a gap is a number of days from 0 on");
        lots_error_hint(b->err, "with `gap 0d` the next begins on the last day of the one before, or within it");
        return status;
    }
    relation->has_gap = true;
    relation->gap_days = length->constant.i;
    return LOTS_OK;
}

/* name = agg(x): aggregates over the members of an episode. Their operands may be bare (`acute = first(acute)`): the set
 * of members is understood. */
static lots_status episode_items(binder *b, scope *where, const lots_ast_call *call, const bound_set *left,
                                 lots_relation *relation)
{
    if (call->items.count == 0)
        return LOTS_OK;
    LOTS_TRY(bind_frame_new(b, LOTS_FRAME_IS_ELEMENT, relation->frame, UINT32_MAX, "episode", &relation->episode_frame));
    scope *episode = NULL;
    bound_set members;
    LOTS_TRY(bind_scope_new(b, SCOPE_ARGS, where, relation->episode_frame, UINT32_MAX, &episode));
    LOTS_TRY(bind_set_new(b, episode, left->set->relation, NULL, call->name.span, &members));
    members.element->alias = left->element->alias;
    members.element->alias_bytes = left->element->alias_bytes;
    relation->members = members.set;
    if (call->items.count > BIND_NAMES_MAX)
        return lots_ast_fail(b->err, call->items.items[BIND_NAMES_MAX].span, "episodes have more than %u columns", BIND_NAMES_MAX);
    for (uint32_t i = 0; i < call->items.count; i++) {
        const lots_ast_item *item = &call->items.items[i];
        if (item->value->kind != LOTS_AST_CALL || bind_clause(item->value->call, LOTS_AST_CLAUSE_OVER) != NULL)
            return lots_ast_fail(b->err, item->span, "an item of episodes is an aggregate of its events, as in: "
                                                     "acute = first(acute)");
        lots_expr *expr = NULL;
        LOTS_TRY(bind_member_aggregate(b, episode, &members, item->value, &expr));
        const char *name = item->name.text;
        if (name == NULL)
            LOTS_TRY(key_name(b, item->value, &name));
        if (bind_relation_find(relation, name, (uint32_t)strlen(name)) >= 0)
            return lots_ast_fail(b->err, item->span, "episodes already have a column '%s'", name);
        bind_column_add(relation, name, expr->type, LOTS_COLUMN_AGGREGATE)->value = expr;
    }
    return LOTS_OK;
}

static lots_status episode_columns(binder *b, lots_relation *relation, const lots_ast_node **per,
                                   const lots_ast_node **by)
{
    relation->start_column = 0;
    relation->end_column = 1;
    bind_column_add(relation, "start", bind_type(LOTS_TYPE_DATE), LOTS_COLUMN_START);
    bind_column_add(relation, "end", bind_type(LOTS_TYPE_DATE), LOTS_COLUMN_END);
    bind_column_add(relation, "n", bind_type(LOTS_TYPE_INT), LOTS_COLUMN_N);
    for (uint32_t i = 0; i < relation->per_count + relation->by_count; i++) {
        bool is_per = i < relation->per_count;
        lots_expr *key = is_per ? relation->per[i] : relation->by[i - relation->per_count];
        const char *name = NULL;
        LOTS_TRY(key_name(b, is_per ? per[i] : by[i - relation->per_count], &name));
        lots_type type = key->type;
        if (is_per && type.kind == LOTS_TYPE_SET)
            type.kind = type.element; /* the event is put under each element */
        if (bind_relation_find(relation, name, (uint32_t)strlen(name)) >= 0)
            return lots_ast_fail(b->err, key->span, "episodes already have a column '%s'", name);
        bind_column_add(relation, name, type, LOTS_COLUMN_KEY)->value = key;
    }
    return LOTS_OK;
}

lots_status bind_episodes(binder *b, scope *where, const lots_ast_node *node, bound_set *out)
{
    const lots_ast_call *call = node->call;
    bound_set left;
    bool done = false;
    LOTS_TRY(reuse(b, where, node, &done, out));
    if (done)
        return LOTS_OK;
    LOTS_TRY(bind_set(b, where, call->args[0].value, &left));
    left.set->no_ghosts = true;
    if (bind_relation(b, left.set->relation)->start_column < 0 && bind_clause(call, LOTS_AST_CLAUSE_GAP) != NULL)
        return lots_ast_fail(b->err, node->span, "stream '%s' is undated: its events have no gaps in days",
                             bind_relation(b, left.set->relation)->name);
    lots_relation relation = {.kind = LOTS_RELATION_EPISODES, .name = "episodes", .left = left.set,
                              .order_rank = bind_relation(b, left.set->relation)->order_rank};
    const lots_ast_node **per = NULL, **by = NULL;
    LOTS_TRY(bind_keys(b, &left, call, LOTS_AST_CLAUSE_PER, &relation.per, &per, &relation.per_count));
    LOTS_TRY(bind_keys(b, &left, call, LOTS_AST_CLAUSE_BY, &relation.by, &by, &relation.by_count));
    LOTS_TRY(bind_gap(b, where, call, &relation));
    for (uint32_t i = 0; i < call->clause_count; i++)
        if (call->clauses[i].kind == LOTS_AST_CLAUSE_OVER || call->clauses[i].kind == LOTS_AST_CLAUSE_MAX)
            return lots_ast_fail(b->err, call->clauses[i].span, "episodes take gap, per and by");
    uint64_t depths = bind_set_depths(b, left.set);
    uint64_t own = bind_frame_bit(b, left.set->frame);
    for (uint32_t i = 0; i < relation.per_count; i++)
        depths |= relation.per[i]->depths & ~own;
    for (uint32_t i = 0; i < relation.by_count; i++)
        depths |= relation.by[i]->depths & ~own;
    relation.frame = hang_on(b, where, depths | UINT64_C(1) << 1);
    LOTS_TRY(bind_columns_new(b, &relation, 3 + relation.per_count + relation.by_count + call->items.count));
    LOTS_TRY(episode_columns(b, &relation, per, by));
    LOTS_TRY(episode_items(b, where, call, &left, &relation));
    return finish(b, where, &relation, depths, node, out);
}

/* ---- steps ---- */

lots_status bind_steps(binder *b, scope *where, const lots_ast_node *node, bound_set *out)
{
    const lots_ast_call *call = node->call;
    bound_set left;
    bool done = false;
    LOTS_TRY(reuse(b, where, node, &done, out));
    if (done)
        return LOTS_OK;
    if (call->arg_count != 1 || call->args[0].kind != LOTS_AST_ARG_VALUE)
        return lots_ast_fail(b->err, node->span, "steps takes one event set: steps(E by x gap 7d)");
    for (uint32_t i = 0; i < call->clause_count; i++)
        if (call->clauses[i].kind != LOTS_AST_CLAUSE_BY && call->clauses[i].kind != LOTS_AST_CLAUSE_GAP)
            return lots_ast_fail(b->err, call->clauses[i].span, "steps take by and gap");
    LOTS_TRY(bind_set(b, where, call->args[0].value, &left));
    if (bind_relation(b, left.set->relation)->start_column < 0)
        return lots_ast_fail(b->err, node->span, "steps need dated events, and stream '%s' is undated",
                             bind_relation(b, left.set->relation)->name);
    lots_relation relation = {.kind = LOTS_RELATION_STEPS, .name = "steps", .left = left.set,
                              .order_rank = bind_relation(b, left.set->relation)->order_rank};
    const lots_ast_node **by = NULL;
    LOTS_TRY(bind_keys(b, &left, call, LOTS_AST_CLAUSE_BY, &relation.by, &by, &relation.by_count));
    if (relation.by_count != 1)
        return lots_ast_fail(b->err, node->span, "steps need one `by`: steps(E by level)");
    LOTS_TRY(bind_gap(b, where, call, &relation));
    uint64_t depths = bind_set_depths(b, left.set) | (relation.by[0]->depths & ~bind_frame_bit(b, left.set->frame));
    LOTS_TRY(bind_columns_new(b, &relation, 5));
    relation.start_column = 0;
    relation.end_column = 1;
    bind_column_add(&relation, "start", bind_type(LOTS_TYPE_DATE), LOTS_COLUMN_START);
    bind_column_add(&relation, "end", bind_type(LOTS_TYPE_DATE), LOTS_COLUMN_END);
    bind_column_add(&relation, "source", relation.by[0]->type, LOTS_COLUMN_SOURCE);
    bind_column_add(&relation, "target", relation.by[0]->type, LOTS_COLUMN_TARGET);
    bind_column_add(&relation, "gap", bind_type(LOTS_TYPE_DAYS), LOTS_COLUMN_GAP);
    return finish(b, where, &relation, depths, node, out);
}

/* ---- active periods ---- */

static lots_status check_active_key(binder *b, lots_expr *key)
{
    const lots_type_kind kind = key->type.kind == LOTS_TYPE_SET ? key->type.element : key->type.kind;
    if (kind == LOTS_TYPE_EVENTS || kind == LOTS_TYPE_TUPLE || kind == LOTS_TYPE_INTERVAL)
        return bind_wrong_type(b, key, "a value");
    return LOTS_OK;
}

static lots_status active_columns(binder *b, lots_relation *relation, const lots_ast_node *by)
{
    const char *name = NULL;
    lots_type type = relation->by[0]->type;
    LOTS_TRY(key_name(b, by, &name));
    if (type.kind != LOTS_TYPE_SET) {
        type.element = type.kind;
        type.kind = LOTS_TYPE_SET;
    }
    LOTS_TRY(bind_columns_new(b, relation, 4));
    relation->start_column = 0;
    relation->end_column = 1;
    bind_column_add(relation, "start", bind_type(LOTS_TYPE_DATE), LOTS_COLUMN_START);
    bind_column_add(relation, "end", bind_type(LOTS_TYPE_DATE), LOTS_COLUMN_END);
    bind_column_add(relation, "n", bind_type(LOTS_TYPE_INT), LOTS_COLUMN_N);
    if (bind_relation_find(relation, name, (uint32_t)strlen(name)) >= 0)
        return lots_ast_fail(b->err, by->span, "active periods already have a column '%s'", name);
    bind_column_add(relation, name, type, LOTS_COLUMN_KEY)->value = relation->by[0];
    return LOTS_OK;
}

lots_status bind_active(binder *b, scope *where, const lots_ast_node *node, bound_set *out)
{
    const lots_ast_call *call = node->call;
    bound_set left;
    bool done = false;
    LOTS_TRY(reuse(b, where, node, &done, out));
    if (done)
        return LOTS_OK;
    if (call->arg_count != 1 || call->args[0].kind != LOTS_AST_ARG_VALUE || call->clause_count != 1 ||
        call->clauses[0].kind != LOTS_AST_CLAUSE_BY)
        return lots_ast_fail(b->err, node->span, "active takes one event set and one `by`: active(E by x)");
    LOTS_TRY(bind_set(b, where, call->args[0].value, &left));
    left.set->no_ghosts = true;
    const lots_relation *of = bind_relation(b, left.set->relation);
    if (of->start_column < 0)
        return lots_ast_fail(b->err, node->span, "active periods need dated events, and stream '%s' is undated", of->name);
    lots_relation relation = {.kind = LOTS_RELATION_ACTIVE, .name = "active", .left = left.set,
                              .order_rank = of->order_rank};
    const lots_ast_node **by = NULL;
    LOTS_TRY(bind_keys(b, &left, call, LOTS_AST_CLAUSE_BY, &relation.by, &by, &relation.by_count));
    if (relation.by_count != 1)
        return lots_ast_fail(b->err, node->span, "active takes one `by`: active(E by x)");
    LOTS_TRY(bind_give_type(b, &relation.by[0], LOTS_TYPE_TEXT));
    LOTS_TRY(check_active_key(b, relation.by[0]));
    LOTS_TRY(active_columns(b, &relation, by[0]));
    uint64_t depths = bind_set_depths(b, left.set) | (relation.by[0]->depths & ~bind_frame_bit(b, left.set->frame));
    return finish(b, where, &relation, depths, node, out);
}

/* ---- union and minus ---- */

static lots_status union_columns(binder *b, lots_relation *relation, const lots_relation *left,
                                 const lots_relation *right)
{
    LOTS_TRY(bind_columns_new(b, relation, left->column_count + 1));
    for (uint32_t i = 0; i < left->column_count; i++) {
        int32_t other = bind_relation_find(right, left->columns[i].name, (uint32_t)strlen(left->columns[i].name));
        if (other < 0 || !lots_type_same(&left->columns[i].type, &right->columns[other].type))
            continue;
        if ((int32_t)i == left->start_column)
            relation->start_column = (int32_t)relation->column_count;
        if ((int32_t)i == left->end_column)
            relation->end_column = (int32_t)relation->column_count;
        lots_relation_column *column =
            bind_column_add(relation, left->columns[i].name, left->columns[i].type, (int)left->columns[i].role);
        column->column = i;
        column->right = (uint32_t)other;
    }
    if (bind_relation_find(relation, "stream", 6) < 0)
        bind_column_add(relation, "stream", bind_type(LOTS_TYPE_TEXT), LOTS_COLUMN_STREAM);
    return LOTS_OK;
}

static lots_status minus_columns(binder *b, lots_relation *relation, const lots_relation *left)
{
    LOTS_TRY(bind_columns_new(b, relation, left->column_count));
    for (uint32_t i = 0; i < left->column_count; i++) {
        relation->columns[i] = left->columns[i];
        relation->columns[i].column = i;
        relation->columns[i].value = NULL;
    }
    relation->column_count = left->column_count;
    relation->start_column = left->start_column;
    relation->end_column = left->end_column;
    return LOTS_OK;
}

/* Can a row of one stand for the same record as a row of the other? Unions and differences hold the records of others. */
static bool share_records(binder *b, uint32_t left, uint32_t right)
{
    const lots_relation *l = bind_relation(b, left), *r = bind_relation(b, right);
    if (l->kind == LOTS_RELATION_UNION && share_records(b, l->right->relation, right))
        return true;
    if (l->kind == LOTS_RELATION_UNION || l->kind == LOTS_RELATION_MINUS)
        return share_records(b, l->left->relation, right);
    if (r->kind == LOTS_RELATION_UNION || r->kind == LOTS_RELATION_MINUS)
        return share_records(b, right, left);
    return left == right;
}

/* The streams or made relations whose rows these are, by name; false: some were made (episodes, steps, active periods). */
static bool list_records(binder *b, uint32_t relation, char *out, size_t room)
{
    const lots_relation *of = bind_relation(b, relation);
    if (of->kind == LOTS_RELATION_UNION) {
        const bool left = list_records(b, of->left->relation, out, room), right = list_records(b, of->right->relation, out, room);
        return left && right;
    }
    if (of->kind == LOTS_RELATION_MINUS)
        return list_records(b, of->left->relation, out, room);
    const size_t used = strlen(out);
    snprintf(out + used, room - used, "%s%s", used > 0 ? ", " : "", of->name);
    return of->kind == LOTS_RELATION_STREAM;
}

/* Sets without a record in common: of records nothing is taken away, and what was made anew is no record. */
static lots_status minus_of_others(binder *b, uint32_t left, uint32_t right, lots_ast_span span)
{
    char from[120] = "", away[120] = "";
    const bool records = list_records(b, left, from, sizeof from);
    if (list_records(b, right, away, sizeof away) && records)
        return bind_note(b, span, "minus takes nothing away here: no event of %s is one of %s", away, from);
    lots_status status = lots_ast_fail(b->err, span, "minus takes away by record, and what is made of events is none: %s on "
                                                     "the left, %s on the right", from, away);
    lots_error_hint(b->err, "a let names episodes once, for both sides; what lies within others is found by exists(…)");
    return status;
}

lots_status bind_sets(binder *b, scope *where, const lots_ast_node *node, bound_set *out)
{
    bool minus = node->kind == LOTS_AST_MINUS;
    bound_set left, right;
    bool done = false;
    LOTS_TRY(reuse(b, where, node, &done, out));
    if (done)
        return LOTS_OK;
    LOTS_TRY(bind_set(b, where, node->sets.left, &left));
    LOTS_TRY(bind_set(b, where, node->sets.right, &right));
    const lots_relation l = *bind_relation(b, left.set->relation), r = *bind_relation(b, right.set->relation);
    if (minus && !share_records(b, left.set->relation, right.set->relation))
        LOTS_TRY(minus_of_others(b, left.set->relation, right.set->relation, node->sets.op_span));
    if (!minus && ((l.start_column < 0) != (r.start_column < 0)))
        return lots_ast_fail(b->err, node->sets.op_span, "a dated and an undated stream can't be united");
    lots_relation relation = {.kind = minus ? LOTS_RELATION_MINUS : LOTS_RELATION_UNION,
                              .name = minus ? l.name : "union",
                              .left = left.set,
                              .right = right.set,
                              .order_rank = l.order_rank};
    LOTS_TRY(minus ? minus_columns(b, &relation, &l) : union_columns(b, &relation, &l, &r));
    uint64_t depths = bind_set_depths(b, left.set) | bind_set_depths(b, right.set);
    return finish(b, where, &relation, depths, node, out);
}
