/* bind_classes.c: classifications in a query: chronic(dx), groups(charlson_se, dx over E), score(hfrs, dx over E), and
 * `.chapter`, `.block` of a code. See bind_internal.h. A classification is read and bound to the registry's codes at its
 * first use, and is one value in all the query: its groups are one category. */
#include <string.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/lang/bind_internal.h"
#include "query/lang/grouping.h"

/* A result's groups are a category that no column of the registry has. */
static lots_type group_type(lots_type_kind kind, const lots_grouping *grouping)
{
    lots_type type = bind_type(kind);
    type.element = kind == LOTS_TYPE_SET ? LOTS_TYPE_CATEGORY : LOTS_TYPE_MISSING;
    type.dictionary = grouping->names;
    type.domain = grouping->called;
    return type;
}

/* ---- getting one ---- */

/* An error inside a file has its place there; in the query it is where the file is named. */
static lots_status place(binder *b, lots_ast_span span, lots_status status)
{
    if (status != LOTS_OK) {
        b->err->source = span.source;
        b->err->at = span.at;
        b->err->at_end = span.end;
    }
    return status;
}

/* Whatever rests on a classification says which. */
static lots_status note_facts(binder *b, const lots_classification *c, lots_ast_span span)
{
    const bool plain = c->status[0] == '\0' || strcmp(c->status, "complete") == 0;
    return bind_fact(b, span, "classification %s, version: %s; source: %s%s%s", c->name, c->version, c->source,
                     plain ? "" : "; status: ", plain ? "" : c->status);
}

static const lots_grouping *find_loaded(const binder *b, const char *called)
{
    for (size_t i = 0; i < b->groupings.count; i++)
        if (strcmp(LOTS_AT(const lots_grouping *, &b->groupings, i)->called, called) == 0)
            return LOTS_AT(const lots_grouping *, &b->groupings, i);
    return NULL;
}

static lots_status load(binder *b, const char *called, const char *text, size_t bytes, lots_ast_span span,
                        const lots_grouping **out)
{
    const lots_classification *classification = NULL;
    char *name = NULL;
    LOTS_TRY(place(b, span, lots_classification_read(text, bytes, called, b->arena, &classification, b->err)));
    LOTS_TRY(lots_arena_text(b->arena, &name, called, strlen(called), b->err));
    LOTS_TRY(place(b, span, lots_grouping_new(b->arena, classification, name, lots_registry_codes(b->registry), out,
                                              b->err)));
    return lots_vec_push(&b->groupings, out, b->err);
}

static lots_status load_builtin(binder *b, const lots_classification_text *builtin, lots_ast_span span,
                                const lots_grouping **out)
{
    *out = find_loaded(b, builtin->name);
    return *out != NULL ? LOTS_OK : load(b, builtin->name, builtin->text, strlen(builtin->text), span, out);
}

static lots_status load_file(binder *b, const lots_ast_node *node, const lots_grouping **out)
{
    if (b->place != NULL) {
        lots_fail(b->err, LOTS_QUERY, "a classification from a file of your own can't be part of a saved cohort");
        lots_error_hint(b->err, "a cohort must be complete in itself: say its codes with `let` or codes('…')");
        return LOTS_QUERY;
    }
    char *path = NULL, *text = NULL;
    size_t bytes = 0;
    LOTS_TRY(bind_path_of(b, &node->string, node->span.source, &path));
    lots_status status = LOTS_OK;
    *out = find_loaded(b, path);
    if (*out == NULL) {
        status = place(b, node->span, lots_file_slurp(path, LOTS_CLASSIFICATION_BYTES_MAX, &text, &bytes, b->err));
        if (status != LOTS_OK && lots_classification_builtin(node->string.text, node->string.bytes) != NULL)
            lots_error_hint(b->err, "the shipped one of that name stands without quotes: %s", node->string.text);
        if (status == LOTS_OK)
            status = load(b, path, text, bytes, node->span, out);
    }
    lots_free(path);
    lots_free(text);
    return status;
}

static lots_status unknown_classification(binder *b, const lots_ast_name *name)
{
    char list[400] = "";
    size_t used = 0;
    lots_status status = lots_ast_fail(b->err, name->span, "there is no classification '%.*s'", (int)name->bytes, name->text);
    const char *near = lots_classification_near_builtin(name->text, name->bytes);
    if (near != NULL) {
        lots_error_hint(b->err, "did you mean `%s`?", near);
        return status;
    }
    for (size_t i = 0; i < lots_classification_text_count; i++) {
        const size_t bytes = strlen(lots_classification_texts[i].name);
        if (used + bytes + 2 > sizeof list)
            break;
        list[used] = ' ';
        memcpy(list + used + (used > 0), lots_classification_texts[i].name, bytes + 1);
        used += bytes + (used > 0);
    }
    lots_error_hint(b->err, "there are: %s; a file of your own stands in '…'", list);
    return status;
}

/* charlson_se, elixhauser.van_walraven, 'my.csv': *weights is the name after the dot, or NULL. */
static lots_status named_classification(binder *b, const lots_ast_node *node, const lots_ast_name **weights,
                                        const lots_grouping **out)
{
    *weights = NULL;
    if (node->kind == LOTS_AST_STRING)
        return load_file(b, node, out);
    if (node->kind == LOTS_AST_MEMBER && node->member.base->kind == LOTS_AST_NAME) {
        *weights = &node->member.name;
        node = node->member.base;
    }
    if (node->kind != LOTS_AST_NAME)
        return lots_ast_fail(b->err, node->span, "the name of a classification is wanted here, as in charlson_se");
    const lots_classification_text *builtin = lots_classification_builtin(node->name.text, node->name.bytes);
    if (builtin == NULL)
        return unknown_classification(b, &node->name);
    return load_builtin(b, builtin, node->span, out);
}

/* ---- the codes ---- */

static bool are_codes(const lots_expr *x)
{
    return x->type.kind == LOTS_TYPE_CODE || (x->type.kind == LOTS_TYPE_SET && x->type.element == LOTS_TYPE_CODE);
}

static void list_systems(const lots_classification *c, char out[300])
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < c->system_count; i++) {
        const size_t bytes = strlen(c->systems[i].name);
        if (used + bytes + 3 > 300)
            return;
        memcpy(out + used, ", ", i > 0 ? 2 : 0);
        used += i > 0 ? 2 : 0;
        memcpy(out + used, c->systems[i].name, bytes + 1);
        used += bytes;
    }
}

static bool is_edition(lots_code_form form)
{
    return form == LOTS_CODE_ICD10 || form == LOTS_CODE_ICD9 || form == LOTS_CODE_PREFIX;
}

/* Editions of the ICD share columns, each code with its own system; a column of drugs never holds a disease. */
static bool may_share(binder *b, const lots_classification *c, const char *system)
{
    const int32_t index = lots_schema_find_system(b->schema, system, strlen(system));
    for (uint32_t i = 0; i < c->system_count; i++)
        if (is_edition(c->systems[i].form))
            return index < 0 || is_edition(b->schema->systems[index].form);
    return false;
}

/* `missing` beside a classification is a missing list of codes, of whatever system. */
static lots_status codes_of(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_type list = bind_type(LOTS_TYPE_SET);
    list.element = LOTS_TYPE_CODE;
    list.dictionary = lots_registry_codes(b->registry);
    LOTS_TRY(bind_scalar(b, where, node, out));
    return bind_is_untyped(*out) ? bind_cast(b, *out, &list, NULL, out) : LOTS_OK;
}

static lots_status check_codes(binder *b, const lots_grouping *grouping, const lots_expr *x)
{
    char systems[300];
    if (!are_codes(x))
        return bind_wrong_type(b, x, "a code or a list of codes");
    const char *system = x->type.domain;
    const bool known = system == NULL || system[0] == '\0' ||
                       lots_classification_system(grouping->classification, system, strlen(system)) >= 0;
    list_systems(grouping->classification, systems);
    if (grouping->bound->systems == 0)
        return lots_ast_fail(b->err, x->span, "%s has codes of %s, and this registry has none of them", grouping->called,
                             systems);
    if (known)
        return LOTS_OK;
    if (!may_share(b, grouping->classification, system))
        return lots_ast_fail(b->err, x->span, "these are codes of %s, and %s has codes of %s", system, grouping->called,
                             systems);
    return bind_note(b, x->span, "these are codes of %s unless they say otherwise, and %s has codes of %s: others are in "
                                 "no group",
                     system, grouping->called, systems);
}

/* ---- what is made of them ---- */

typedef struct class_use {
    const lots_grouping *grouping;
    bool score;
    uint32_t weights;
    lots_type type;
} class_use;

static lots_status mark(lots_expr *made, const class_use *use, lots_expr **out)
{
    made->grouping = use->grouping;
    made->index = use->weights;
    made->type = use->type;
    *out = made;
    return LOTS_OK;
}

static lots_status of_codes(binder *b, lots_op op, const class_use *use, lots_expr *x, lots_ast_span span,
                            lots_expr **out)
{
    lots_expr *made = NULL;
    LOTS_TRY(check_codes(b, use->grouping, x));
    LOTS_TRY(note_facts(b, use->grouping->classification, span));
    LOTS_TRY(bind_expr(b, op, use->type, span, &x, 1, &made));
    return mark(made, use, out);
}

static lots_status over_set(binder *b, scope *where, const class_use *use, bound_set *set, const lots_ast_node *codes,
                            lots_ast_span span, lots_expr **out)
{
    lots_expr *x = NULL, *made = NULL;
    LOTS_TRY(codes_of(b, set->element, codes, &x));
    LOTS_TRY(check_codes(b, use->grouping, x));
    LOTS_TRY(note_facts(b, use->grouping->classification, span));
    LOTS_TRY(bind_aggregate_over(b, where, use->score ? LOTS_OP_SCORE_OVER : LOTS_OP_GROUPS_OVER, set, x, span, &made));
    return mark(made, use, out);
}

static lots_status find_weights(binder *b, const lots_classification *c, const char *text, size_t bytes,
                                lots_ast_span span, uint32_t *out)
{
    const int32_t found = lots_classification_weights(c, text, bytes);
    if (found >= 0) {
        *out = (uint32_t)found;
        return LOTS_OK;
    }
    lots_status status = lots_ast_fail(b->err, span, "%s has no weights '%.*s'", c->name, (int)bytes, text);
    const char *near = lots_classification_near_weights(c, text, bytes);
    lots_error_hint(b->err, "did you mean `%s`?", near != NULL ? near : c->sets[0].name);
    return status;
}

/* Which set of weights: after the dot, as a text of its own, else the classification's first. */
static lots_status use_weights(binder *b, const lots_ast_node *node, const lots_ast_name *dotted, class_use *use)
{
    const lots_ast_call *call = node->call;
    const lots_classification *c = use->grouping->classification;
    if (c->set_count == 0) {
        lots_status status = lots_ast_fail(b->err, call->args[0].span, "%s has no weights", use->grouping->called);
        lots_error_hint(b->err, "its groups can be counted: size(groups(%s, …))", use->grouping->called);
        return status;
    }
    if (dotted != NULL)
        LOTS_TRY(find_weights(b, c, dotted->text, dotted->bytes, dotted->span, &use->weights));
    if (call->arg_count == 3) {
        const lots_ast_node *text = call->args[1].value;
        if (dotted != NULL || text->kind != LOTS_AST_STRING)
            return lots_ast_fail(b->err, text->span, "the name of a set of weights stands here in '…'");
        LOTS_TRY(find_weights(b, c, text->string.text, text->string.bytes, text->span, &use->weights));
    }
    const uint32_t decimals = c->sets[use->weights].decimals;
    use->type = bind_type(decimals == 0 ? LOTS_TYPE_INT : LOTS_TYPE_DECIMAL);
    use->type.scale = (uint8_t)decimals;
    return LOTS_OK;
}

static lots_status check_call(binder *b, const lots_ast_node *node, bool score)
{
    const lots_ast_call *call = node->call;
    const uint32_t most = score ? 3 : 2;
    if (call->distinct)
        return lots_ast_fail(b->err, call->distinct_span, "`distinct` stands in count(distinct …)");
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (call->args[i].kind != LOTS_AST_ARG_VALUE)
            return lots_ast_fail(b->err, call->args[i].span, "'%s' takes plain values", call->name.text);
    if (call->arg_count >= 2 && call->arg_count <= most)
        return LOTS_OK;
    lots_status status = lots_ast_fail(b->err, node->span, "'%s' takes a classification and codes", call->name.text);
    lots_error_hint(b->err, "as in: %s(charlson_se, dx over contacts)", call->name.text);
    return status;
}

/* Everything but the codes of groups(…) and score(…). */
static lots_status read_use(binder *b, const lots_ast_node *node, class_use *use)
{
    const lots_ast_name *weights = NULL;
    memset(use, 0, sizeof *use);
    use->score = lots_ast_name_is(&node->call->name, "score");
    LOTS_TRY(check_call(b, node, use->score));
    LOTS_TRY(named_classification(b, node->call->args[0].value, &weights, &use->grouping));
    if (use->score)
        return use_weights(b, node, weights, use);
    if (weights != NULL)
        return lots_ast_fail(b->err, weights->span, "weights are for score(…); groups takes the classification alone");
    use->type = group_type(LOTS_TYPE_SET, use->grouping);
    return LOTS_OK;
}

bool bind_is_class_aggregate(const lots_ast_call *call)
{
    return lots_ast_name_is(&call->name, "groups") || lots_ast_name_is(&call->name, "score");
}

static lots_status ruled(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_call *call = node->call;
    const lots_ast_clause *over = bind_clause(call, LOTS_AST_CLAUSE_OVER);
    class_use use;
    LOTS_TRY(read_use(b, node, &use));
    const lots_ast_node *codes = call->args[call->arg_count - 1].value;
    for (uint32_t i = 0; i < call->clause_count; i++)
        if (&call->clauses[i] != over)
            return lots_ast_fail(b->err, call->clauses[i].span, "'%s' takes no such clause", call->name.text);
    if (over != NULL) {
        bound_set set;
        LOTS_TRY(bind_set(b, where, over->value, &set));
        return over_set(b, where, &use, &set, codes, node->span, out);
    }
    lots_expr *x = NULL;
    LOTS_TRY(codes_of(b, where, codes, &x));
    return of_codes(b, use.score ? LOTS_OP_RULED_SCORE : LOTS_OP_RULED_GROUPS, &use, x, node->span, out);
}

lots_status bind_class_members(binder *b, scope *where, bound_set *members, const lots_ast_node *node, lots_expr **out)
{
    class_use use;
    LOTS_TRY(bind_no_clauses(b, node->call));
    LOTS_TRY(read_use(b, node, &use));
    return over_set(b, where, &use, members, node->call->args[node->call->arg_count - 1].value, node->span, out);
}

/* chronic(dx): the groups of each list, no rules. */
static lots_status unruled(binder *b, scope *where, const lots_classification_text *builtin, const lots_ast_node *node,
                           lots_expr **out)
{
    const lots_ast_call *call = node->call;
    if (bind_clause(call, LOTS_AST_CLAUSE_OVER) != NULL) {
        lots_status status = lots_ast_fail(b->err, node->span, "'%s' is of one list of codes", builtin->name);
        lots_error_hint(b->err, "over events it is set(%s(dx) over E), or with its rules groups(%s, dx over E)",
                        builtin->name, builtin->name);
        return status;
    }
    LOTS_TRY(bind_no_clauses(b, call));
    if (call->distinct || call->arg_count != 1 || call->args[0].kind != LOTS_AST_ARG_VALUE)
        return lots_ast_fail(b->err, node->span, "'%s' takes a code or a list of codes", builtin->name);
    class_use use = {.score = false};
    lots_expr *x = NULL;
    LOTS_TRY(load_builtin(b, builtin, call->name.span, &use.grouping));
    use.type = group_type(LOTS_TYPE_SET, use.grouping);
    LOTS_TRY(codes_of(b, where, call->args[0].value, &x));
    return of_codes(b, LOTS_OP_CODE_GROUPS, &use, x, node->span, out);
}

lots_status bind_class_call(binder *b, scope *where, const lots_ast_node *node, bool *done, value *out)
{
    const lots_ast_call *call = node->call;
    const lots_classification_text *builtin = lots_classification_builtin(call->name.text, call->name.bytes);
    *done = bind_is_class_aggregate(call) || builtin != NULL;
    if (!*done)
        return LOTS_OK;
    out->kind = VALUE_EXPR;
    return builtin != NULL ? unruled(b, where, builtin, node, &out->expr) : ruled(b, where, node, &out->expr);
}

/* ---- members ---- */

static bool has_system(const lots_grouping *grouping, const lots_type *type)
{
    return type->domain == NULL || type->domain[0] == '\0' ||
           lots_classification_system(grouping->classification, type->domain, strlen(type->domain)) >= 0;
}

lots_status bind_code_class(binder *b, lots_expr *x, const lots_ast_name *name, lots_ast_span span, lots_expr **out)
{
    static const char *const chapters[] = {"icd10_chapters", "atc_main"}, *const blocks[] = {"icd10_blocks"};
    const bool chapter = lots_ast_name_is(name, "chapter");
    const char *const *tried = chapter ? chapters : blocks;
    for (size_t i = 0; i < (chapter ? 2u : 1u); i++) {
        class_use use = {.score = false};
        LOTS_TRY(load_builtin(b, lots_classification_builtin(tried[i], strlen(tried[i])), name->span, &use.grouping));
        if (has_system(use.grouping, &x->type)) {
            const bool list = x->type.kind == LOTS_TYPE_SET;
            use.type = group_type(list ? LOTS_TYPE_SET : LOTS_TYPE_CATEGORY, use.grouping);
            return of_codes(b, list ? LOTS_OP_CODE_GROUPS : LOTS_OP_CODE_GROUP, &use, x, span, out);
        }
    }
    return lots_ast_fail(b->err, name->span, "codes of %s have no .%.*s here", x->type.domain, (int)name->bytes,
                         name->text);
}

bool bind_is_group(const binder *b, const lots_expr *x)
{
    for (size_t i = 0; i < b->groupings.count; i++)
        if (LOTS_AT(const lots_grouping *, &b->groupings, i)->names == x->type.dictionary)
            return x->type.kind == LOTS_TYPE_CATEGORY;
    return false;
}

lots_status bind_group_member(binder *b, lots_expr *group, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_name *name = &node->member.name;
    if (lots_ast_name_is(name, "label"))
        return bind_expr(b, LOTS_OP_CODE_LABEL, bind_type(LOTS_TYPE_TEXT), node->span, &group, 1, out);
    return lots_ast_fail(b->err, name->span, "a group of %s has .label, no '%.*s'", group->type.domain, (int)name->bytes,
                         name->text);
}
