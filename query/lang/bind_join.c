/* bind_join.c: the stage join: what is joined is a pipeline bound apart (bind_inner_pipeline), the names of its result's
 * columns are matched with names of the rows, and its other columns become columns of the rows. See bind_stage.h.
 *
 * A key of several columns (group by k = (sex, level)) is one name on both sides. Both sides of a key get one type here, so
 * that the executor compares like with like. Rows of patients are joined to rows of patients only: bind_pipeline.c refuses
 * the rest when the whole pipeline is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/lang/bind_stage.h"
#include "query/lang/suggest.h"

#define BIND_JOINS_MAX 200u /* in a query: each is a run of its own */

typedef struct joining {
    lots_bound_join *join;
    const lots_ast_stage *stage;
    lots_vec left, right;     /* lots_expr *, lots_named_expr: keys */
    lots_vec columns, slots;  /* uint32_t */
    bool *is_key;             /* by column of the right */
} joining;

/* ---- what is joined ---- */

static void suggest_tables(binder *b, suggestion *near)
{
    for (uint32_t i = 0; i < b->sight.visible; i++)
        if (LOTS_AT(global, &b->globals, i).kind == GLOBAL_TABLE)
            suggest_try(near, LOTS_AT(global, &b->globals, i).statement->name.text,
                        LOTS_AT(global, &b->globals, i).statement->name.bytes);
    for (uint32_t t = 0; t < b->schema->table_count; t++)
        suggest_try(near, b->schema->tables[t].name, (uint32_t)strlen(b->schema->tables[t].name));
}

static lots_status no_table(binder *b, const lots_ast_name *name)
{
    suggestion near;
    suggest_begin(&near, name->text, name->bytes);
    suggest_tables(b, &near);
    lots_status status = lots_ast_fail(b->err, name->span, "there is no table '%.*s' to join", (int)name->bytes, name->text);
    if (near.found)
        lots_error_hint(b->err, "did you mean `%s`?", near.text);
    else
        lots_error_hint(b->err, "a table is named by a let (let t = from …), or is one of the registry; or write "
                                "join (from … show …) on …");
    return status;
}

static lots_status named_right(binder *b, const lots_ast_name *name, lots_bound_pipeline *out)
{
    table_let let;
    LOTS_TRY(bind_table_let(b, name, NULL, &let));
    if (let.pipeline != NULL)
        return bind_let_pipeline(b, &let, out);
    if (lots_schema_find_table(b->schema, name->text, name->bytes) < 0)
        return no_table(b, name);
    const lots_ast_pipeline rows = {.source = LOTS_AST_SOURCE_TABLE, .table = *name, .span = name->span};
    return bind_inner_pipeline(b, &rows, out);
}

static lots_status bind_right(binder *b, const lots_ast_stage *stage, lots_bound_pipeline *out)
{
    if (++b->joins > BIND_JOINS_MAX)
        return lots_ast_fail(b->err, stage->span, "the query joins more than %u tables", BIND_JOINS_MAX);
    if (stage->join.pipeline != NULL)
        LOTS_TRY(bind_inner_pipeline(b, stage->join.pipeline, out));
    else
        LOTS_TRY(named_right(b, &stage->join.table, out));
    if (out->pivoted)
        return lots_ast_fail(b->err, stage->span, "a pivoted table can't be joined: its columns have no names before it has run");
    return LOTS_OK;
}

/* ---- the columns of the right ---- */

static const char *right_name(const joining *j, uint32_t column) { return j->join->right->columns[column].name; }

static bool same_name(const char *name, const char *text, size_t bytes)
{
    return strlen(name) == bytes && memcmp(name, text, bytes) == 0;
}

/* The column of that name, or the columns name.1, name.2, … that a key of several made: *first, and how many. */
static uint32_t find_columns(const joining *j, const char *text, size_t bytes, uint32_t *first)
{
    const uint32_t all = j->join->right->column_count;
    for (*first = 0; *first < all; ++*first)
        if (same_name(right_name(j, *first), text, bytes))
            return 1;
    for (*first = 0; *first < all; ++*first) {
        uint32_t count = 0;
        while (*first + count < all) {
            const char *name = right_name(j, *first + count);
            if (strncmp(name, text, bytes) != 0 || name[bytes] != '.' || strtoul(name + bytes + 1, NULL, 10) != count + 1)
                break;
            count++;
        }
        if (count > 0)
            return count;
    }
    return 0;
}

static lots_status right_slot(binder *b, joining *j, uint32_t column, uint32_t frame, uint32_t slot, lots_expr **out)
{
    const lots_expr *shown = j->join->right->columns[column].value;
    LOTS_TRY(bind_slot(b, frame, slot, shown->type, j->stage->span, out));
    (*out)->labels = shown->labels;
    (*out)->label_count = shown->label_count;
    (*out)->label_first = shown->label_first;
    return LOTS_OK;
}

static void list_right(const joining *j, char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < j->join->right->column_count && used + 1 < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s", i == 0 ? "" : ", ", right_name(j, i));
}

/* ---- keys ---- */

static lots_status add_key(binder *b, joining *j, lots_expr *left, uint32_t column, lots_ast_span span)
{
    char what[160];
    lots_named_expr right = {.name = right_name(j, column), .slot = column};
    if (left->type.kind == LOTS_TYPE_EVENTS)
        return lots_ast_fail(b->err, span, "'%s' is an event here, and tables are joined on values", right.name);
    LOTS_TRY(right_slot(b, j, column, j->join->frame, column, &right.value));
    snprintf(what, sizeof what, "the key '%.100s'", right.name);
    lots_status status = bind_unify(b, &left, &right.value, span, what);
    if (status != LOTS_OK) {
        lots_error_hint(b->err, "derive a column that has the other's type, and join on that");
        return status;
    }
    j->is_key[column] = true;
    LOTS_TRY(lots_vec_push(&j->left, &left, b->err));
    return lots_vec_push(&j->right, &right, b->err);
}

static lots_status no_column(binder *b, joining *j, const lots_ast_name *name)
{
    char list[200];
    list_right(j, list, sizeof list);
    lots_status status = lots_ast_fail(b->err, name->span, "the joined table has no column '%.*s'", (int)name->bytes,
                                       name->text);
    lots_error_hint(b->err, "it has: %s", list);
    return status;
}

static lots_status named_key(binder *b, joining *j, const lots_ast_name *name)
{
    scope *where = b->pipeline->where;
    uint32_t first = 0;
    value bound;
    LOTS_TRY(bind_name(b, where, name, &bound));
    if (bound.kind == VALUE_NONE)
        return bind_unknown(b, where, name);
    const bool tuple = bound.kind == VALUE_TUPLE;
    if (!tuple && bound.kind != VALUE_EXPR)
        return lots_ast_fail(b->err, name->span, "'%.*s' is no value here, and tables are joined on values",
                             (int)name->bytes, name->text);
    const uint32_t count = find_columns(j, name->text, name->bytes, &first), wanted = tuple ? bound.field_count : 1;
    if (count == 0)
        return no_column(b, j, name);
    if (count != wanted)
        return lots_ast_fail(b->err, name->span, "'%.*s' is %u value%s in the rows and %u in the joined table",
                             (int)name->bytes, name->text, wanted, wanted == 1 ? "" : "s", count);
    for (uint32_t i = 0; i < count; i++) {
        if (j->is_key[first + i])
            return lots_ast_fail(b->err, name->span, "'%.*s' stands twice after `on`", (int)name->bytes, name->text);
        LOTS_TRY(add_key(b, j, tuple ? bound.fields[i] : bound.expr, first + i, name->span));
    }
    return LOTS_OK;
}

/* Has the row, or the patient behind it, a column of this name? */
static lots_status in_sight(binder *b, scope *where, const lots_ast_name *name, bool *out)
{
    lots_expr *column = NULL;
    *out = false;
    for (scope *at = where; at != NULL && !*out; at = at->outer) {
        LOTS_TRY(bind_column(b, at, name->text, name->bytes, name->span, &column));
        *out = column != NULL || bind_taken(at, name->text);
    }
    return LOTS_OK;
}

static void list_left(binder *b, char *out, size_t room)
{
    const scope *where = b->pipeline->where;
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < where->names.count && used + 1 < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%.*s", used == 0 ? "" : ", ",
                                 (int)LOTS_AT(named, &where->names, i).bytes, LOTS_AT(named, &where->names, i).name);
    if (where->kind != SCOPE_ROWS)
        return;
    const bool patients = where->relation == UINT32_MAX;
    const uint32_t count = patients ? b->schema->streams[0].column_count : bind_relation(b, where->relation)->column_count;
    for (uint32_t i = 0; i < count && used + 1 < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s", used == 0 ? "" : ", ",
                                 patients ? b->schema->streams[0].columns[i].name
                                          : bind_relation(b, where->relation)->columns[i].name);
}

/* Without `on`: the columns both sides have by name. */
static lots_status common_keys(binder *b, joining *j)
{
    char left[160], right[160];
    for (uint32_t i = 0; i < j->join->right->column_count; i++) {
        const lots_ast_name name = {.text = right_name(j, i), .bytes = (uint32_t)strlen(right_name(j, i)),
                                    .span = j->stage->span};
        bool seen = false;
        value bound;
        LOTS_TRY(in_sight(b, b->pipeline->where, &name, &seen));
        if (!seen)
            continue;
        LOTS_TRY(bind_name(b, b->pipeline->where, &name, &bound));
        if (bound.kind == VALUE_EXPR)
            LOTS_TRY(add_key(b, j, bound.expr, i, j->stage->span));
    }
    if (j->left.count > 0)
        return LOTS_OK;
    list_left(b, left, sizeof left);
    list_right(j, right, sizeof right);
    lots_status status = lots_ast_fail(b->err, j->stage->span, "the two sides of this join have no column in common");
    lots_error_hint(b->err, "the rows have %s; the joined table has %s", left, right);
    return status;
}

/* ---- joined columns ---- */

static bool has_own_column(binder *b, const scope *where, const char *name)
{
    if (where->kind != SCOPE_ROWS)
        return false;
    if (where->relation == UINT32_MAX)
        return lots_stream_find_column(&b->schema->streams[0], name, strlen(name)) >= 0 || strcmp(name, "id") == 0;
    return bind_relation_find(bind_relation(b, where->relation), name, (uint32_t)strlen(name)) >= 0;
}

static lots_status add_column(binder *b, joining *j, uint32_t column)
{
    pipeline_state *p = b->pipeline;
    lots_named_expr item = {.name = right_name(j, column)};
    if (bind_taken(p->where, item.name) || has_own_column(b, p->where, item.name)) {
        lots_status status = lots_ast_fail(b->err, j->stage->span, "both the rows and the joined table have a column '%s'",
                                           item.name);
        lots_error_hint(b->err, "join on it, or give one of them another name: join (from … show …, other = %s) on …",
                        item.name);
        return status;
    }
    LOTS_TRY(bind_new_slot(b, &j->join->right->columns[column].value->type, &item.slot));
    LOTS_TRY(right_slot(b, j, column, p->where->frame, item.slot, &item.value));
    LOTS_TRY(bind_add_name(b, p->where, item.name, item.value));
    LOTS_TRY(lots_vec_push(&p->columns, &item, b->err));
    LOTS_TRY(lots_vec_push(&j->columns, &column, b->err));
    return lots_vec_push(&j->slots, &item.slot, b->err);
}

/* ---- the stage ---- */

static lots_status check_sides(binder *b, const joining *j)
{
    pipeline_state *p = b->pipeline;
    const lots_bound_pipeline *right = j->join->right;
    if (right->into != NULL)
        return lots_ast_fail(b->err, j->stage->span, "a pipeline that saves a cohort has no columns to join");
    if (!right->aggregated && p->row_join == NULL)
        p->row_join = j->stage;
    if (!right->nobody && right->aggregated)
        p->out.nobody = false; /* the joined groups' patients are behind the rows from here on */
    return LOTS_OK;
}

static lots_status freeze_join(binder *b, joining *j)
{
    lots_bound_join *join = j->join;
    void *list = NULL;
    join->key_count = (uint32_t)j->left.count;
    join->column_count = (uint32_t)j->columns.count;
    LOTS_TRY(bind_freeze(b, &j->left, &list));
    join->left_keys = list;
    LOTS_TRY(bind_freeze(b, &j->right, &list));
    join->right_keys = list;
    LOTS_TRY(bind_freeze(b, &j->columns, &list));
    join->columns = list;
    LOTS_TRY(bind_freeze(b, &j->slots, &list));
    join->slots = list;
    return LOTS_OK;
}

static lots_status join_right(binder *b, joining *j)
{
    const lots_ast_names *on = &j->stage->join.on;
    void *made = NULL;
    LOTS_TRY(check_sides(b, j));
    LOTS_TRY(bind_frame_new(b, LOTS_FRAME_IS_TABLE, LOTS_FRAME_CONSTANT, UINT32_MAX, "joined", &j->join->frame));
    LOTS_TRY(lots_arena_alloc(b->arena, &made, j->join->right->column_count, sizeof(bool), b->err));
    j->is_key = made;
    for (uint32_t i = 0; i < on->count; i++)
        LOTS_TRY(named_key(b, j, &on->items[i]));
    if (on->count == 0)
        LOTS_TRY(common_keys(b, j));
    lots_bound_stage stage = bind_stage_of(b, LOTS_STAGE_JOIN, j->stage->span);
    stage.join = j->join;
    for (uint32_t i = 0; i < j->join->right->column_count; i++)
        if (!j->is_key[i])
            LOTS_TRY(add_column(b, j, i));
    LOTS_TRY(freeze_join(b, j));
    return bind_push_stage(b, &stage);
}

lots_status bind_join_stage(binder *b, const lots_ast_stage *stage)
{
    joining j = {.stage = stage, .left = LOTS_VEC(lots_expr *), .right = LOTS_VEC(lots_named_expr),
                 .columns = LOTS_VEC(uint32_t), .slots = LOTS_VEC(uint32_t)};
    void *join = NULL, *right = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &join, 1, sizeof(lots_bound_join), b->err));
    LOTS_TRY(lots_arena_alloc(b->arena, &right, 1, sizeof(lots_bound_pipeline), b->err));
    j.join = join;
    j.join->right = right;
    LOTS_TRY(bind_right(b, stage, right));
    lots_status status = join_right(b, &j);
    lots_vec_free(&j.left);
    lots_vec_free(&j.right);
    lots_vec_free(&j.columns);
    lots_vec_free(&j.slots);
    return status;
}
