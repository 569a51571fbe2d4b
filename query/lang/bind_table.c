/* bind_table.c: the registry's tables, which are not about patients: their rows (from table units), look-ups in them
 * (unit.region, unit.region at D), and as-of values of records (residence.municipality at D), since `at` may mean either.
 * See bind_internal.h, bind_stage.h.
 *
 * A table whose rows hold for a time is looked up as of a day: the one that `at` says, else the start of the event whose
 * column the key is. Nothing else has a day of its own: then the day must be said. */
#include <string.h>

#include "query/lang/bind_stage.h"
#include "query/lang/suggest.h"

/* ---- rows ---- */

static lots_status no_table(binder *b, const lots_ast_name *name)
{
    suggestion near;
    suggest_begin(&near, name->text, name->bytes);
    for (uint32_t t = 0; t < b->schema->table_count; t++)
        suggest_try(&near, b->schema->tables[t].name, (uint32_t)strlen(b->schema->tables[t].name));
    lots_status status = lots_ast_fail(b->err, name->span, "the registry has no table '%.*s'", (int)name->bytes, name->text);
    const bool stream = lots_schema_find_stream(b->schema, name->text, name->bytes) >= 0;
    if (stream || bind_find_global(b, name->text, name->bytes) != UINT32_MAX)
        lots_error_hint(b->err, "what is no table of the registry stands after `from` alone: from %.*s", (int)name->bytes,
                        name->text);
    else if (near.found)
        lots_error_hint(b->err, "did you mean `%s`?", near.text);
    else if (b->schema->table_count == 0)
        lots_error_hint(b->err, "it has none");
    return status;
}

bool bind_is_about_nobody(const binder *b) { return b->pipeline != NULL && b->pipeline->out.nobody; }

lots_status bind_table_source(binder *b, const lots_ast_name *name)
{
    pipeline_state *p = b->pipeline;
    const int32_t number = lots_schema_find_table(b->schema, name->text, name->bytes);
    if (number < 0)
        return no_table(b, name);
    const lots_table_schema *table = &b->schema->tables[number];
    uint32_t frame = 0;
    LOTS_TRY(bind_frame_new(b, LOTS_FRAME_IS_TABLE, LOTS_FRAME_CONSTANT, UINT32_MAX, table->name, &frame));
    LOTS_TRY(bind_scope_new(b, SCOPE_TABLE, NULL, frame, UINT32_MAX, &p->where));
    lots_bound_stage stage = bind_stage_of(b, LOTS_STAGE_TABLE, name->span);
    stage.table = (uint32_t)number;
    stage.table_frame = frame;
    stage.table_slots = p->table_slots = table->column_count;
    p->table_stage = (uint32_t)p->stages.count;
    LOTS_TRY(bind_push_stage(b, &stage));
    for (uint32_t c = 0; c < table->column_count; c++) {
        lots_named_expr column = {.name = table->columns[c].name, .slot = c};
        LOTS_TRY(bind_slot(b, frame, c, bind_column_type(b, &table->columns[c]), name->span, &column.value));
        LOTS_TRY(bind_add_name(b, p->where, column.name, column.value));
        LOTS_TRY(lots_vec_push(&p->columns, &column, b->err));
    }
    p->out.relation = UINT32_MAX;
    p->out.row_frame = frame;
    p->out.aggregated = p->out.nobody = true;
    p->shown = true;
    return LOTS_OK;
}

/* ---- look-ups ---- */

static bool holds_for_a_time(const lots_table_schema *table)
{
    return table->valid_from_column >= 0 || table->valid_to_column >= 0;
}

static bool is_keyed_by(const lots_table_schema *table, const lots_type *type)
{
    return table->key_column >= 0 && table->columns[table->key_column].kind == LOTS_KIND_CATEGORY &&
           type->domain != NULL && strcmp(table->columns[table->key_column].domain, type->domain) == 0;
}

static int32_t find_column(const lots_table_schema *table, const lots_ast_name *name)
{
    for (uint32_t c = 0; c < table->column_count; c++)
        if (strlen(table->columns[c].name) == name->bytes && memcmp(table->columns[c].name, name->text, name->bytes) == 0)
            return (int32_t)c;
    return -1;
}

/* The one table that says `name` of values of the type: *out -1 when none does. Errors: two do. */
static lots_status find_table(binder *b, const lots_type *type, const lots_ast_name *name, int32_t *out)
{
    *out = -1;
    for (uint32_t t = 0; t < b->schema->table_count; t++) {
        const lots_table_schema *table = &b->schema->tables[t];
        if (!is_keyed_by(table, type) || find_column(table, name) < 0)
            continue;
        if (*out < 0) {
            *out = (int32_t)t;
            continue;
        }
        lots_status status = lots_ast_fail(b->err, name->span, "two tables say '%.*s' of %s: '%s' and '%s'", (int)name->bytes,
                                           name->text, type->domain, b->schema->tables[*out].name, table->name);
        lots_error_hint(b->err, "join the one that is meant: join %s on …", table->name);
        return status;
    }
    return LOTS_OK;
}

/* The start of an event, which may be that of a frame's own row; *out NULL for a relation without days. */
static lots_status start_of(binder *b, uint32_t relation, lots_expr *event, uint32_t frame, lots_expr **out)
{
    *out = NULL;
    if (relation == UINT32_MAX || bind_relation(b, relation)->start_column < 0)
        return LOTS_OK;
    const lots_relation *of = bind_relation(b, relation);
    const char *start = of->columns[of->start_column].name;
    const lots_ast_name name = {.text = start, .bytes = (uint32_t)strlen(start)};
    if (event != NULL)
        return bind_event_column(b, event, &name, out);
    scope row = {.kind = SCOPE_ELEMENT, .frame = frame, .relation = relation, .names = LOTS_VEC(named)};
    return bind_column(b, &row, start, name.bytes, name.span, out);
}

/* The day on which a key was written down; *out NULL when it is of no event. */
static lots_status day_of(binder *b, const lots_expr *key, lots_expr **out)
{
    *out = NULL;
    while (key->op == LOTS_OP_LOOKUP && key->operand_count == 1)
        key = key->operands[0]; /* unit.successor.region: as of the same day */
    if (key->op == LOTS_OP_LOOKUP)
        *out = key->operands[1];
    else if (key->op == LOTS_OP_COLUMN)
        return start_of(b, bind_frame(b, key->of_frame)->relation, NULL, key->of_frame, out);
    else if (key->op == LOTS_OP_EVENT_COLUMN)
        return start_of(b, key->operands[0]->type.relation, key->operands[0], 0, out);
    return LOTS_OK;
}

lots_status bind_lookup(binder *b, lots_expr *key, const lots_ast_node *node, lots_expr *day, lots_expr **out)
{
    const lots_ast_name *name = &node->member.name;
    lots_expr *operands[2] = {key, day};
    int32_t at = -1;
    LOTS_TRY(find_table(b, &key->type, name, &at));
    if (at < 0)
        return lots_ast_fail(b->err, name->span, "no table says '%.*s' of %s", (int)name->bytes, name->text,
                             key->type.domain != NULL ? key->type.domain : "this");
    const lots_table_schema *table = &b->schema->tables[at];
    const bool dated = holds_for_a_time(table);
    if (dated && day == NULL)
        LOTS_TRY(day_of(b, key, &operands[1]));
    if (dated && operands[1] == NULL) {
        lots_status status = lots_ast_fail(b->err, node->span, "rows of table '%s' hold for a time: as of which day is '%.*s' "
                                                               "wanted?", table->name, (int)name->bytes, name->text);
        lots_error_hint(b->err, "say it with `at`, as in: unit.region at 2023-12-31");
        return status;
    }
    const uint32_t column = (uint32_t)find_column(table, name);
    LOTS_TRY(bind_expr(b, LOTS_OP_LOOKUP, bind_column_type(b, &table->columns[column]), node->span, operands, dated ? 2 : 1,
                       out));
    (*out)->table = (uint32_t)at;
    (*out)->index = column;
    return LOTS_OK;
}

/* ---- at ---- */

static lots_status column_at(binder *b, scope *where, bound_set *set, const lots_ast_node *node, lots_expr *day,
                             lots_ast_span span, value *out)
{
    lots_expr *event = NULL;
    LOTS_TRY(bind_set_covering(b, set, day, day, span));
    LOTS_TRY(bind_pick(b, where, set, LOTS_PICK_LAST, NULL, node->span, &event));
    out->kind = VALUE_EXPR;
    return bind_event_column(b, event, &node->member.name, &out->expr);
}

/* Is it a name that only a member makes a value of: an alias, patient, registry? */
static lots_status needs_member(binder *b, scope *where, const lots_ast_node *node, bool *out)
{
    value bound;
    *out = true;
    if (node->kind != LOTS_AST_NAME || bind_find_alias(where, &node->name) != NULL)
        return LOTS_OK;
    LOTS_TRY(bind_name(b, where, &node->name, &bound));
    *out = bound.kind == VALUE_NONE;
    return LOTS_OK;
}

/* `node` as of a day. Its last member is what `at` is about; the members before it are taken as they stand, unless they too
 * need a day: residence.municipality.county at D. */
static lots_status member_at(binder *b, scope *where, const lots_ast_node *node, bool last, lots_expr *day,
                             lots_ast_span span, value *out)
{
    const lots_ast_node *base = node->member.base;
    value from;
    bound_set set;
    bool plain = false;
    memset(&from, 0, sizeof from);
    memset(out, 0, sizeof *out);
    if (base->kind == LOTS_AST_NAME && !last)
        LOTS_TRY(needs_member(b, where, base, &plain));
    if (plain)
        return bind_value(b, where, node, out);
    LOTS_TRY(base->kind == LOTS_AST_MEMBER ? member_at(b, where, base, false, day, span, &from)
                                           : bind_value(b, where, base, &from));
    if (from.kind == VALUE_SET && (last || from.set.set->event == NULL))
        return column_at(b, where, &from.set, node, day, span, out);
    const bool expr = from.kind == VALUE_EXPR;
    if (last && expr && from.expr->type.kind == LOTS_TYPE_EVENTS) {
        LOTS_TRY(bind_set_new(b, where, from.expr->type.relation, from.expr, base->span, &set));
        return column_at(b, where, &set, node, day, span, out);
    }
    out->kind = VALUE_EXPR;
    if (expr && from.expr->type.kind == LOTS_TYPE_CATEGORY && !bind_is_group(b, from.expr))
        return bind_lookup(b, from.expr, node, day, &out->expr);
    if (!last)
        return bind_member_of(b, where, &from, node, &out->expr);
    lots_status status = lots_ast_fail(b->err, node->span, "`at` follows age, alive or a column of a stream or of a table");
    lots_error_hint(b->err, "as in: residence.municipality at 2023-12-31");
    return status;
}

lots_status bind_member_at(binder *b, scope *where, const lots_ast_node *node, lots_expr *day, lots_ast_span span,
                           lots_expr **out)
{
    value bound;
    LOTS_TRY(member_at(b, where, node, true, day, span, &bound));
    *out = bound.expr;
    return LOTS_OK;
}
