/* bind_chart.c: the stage `chart`: which columns of the result are drawn, and how. What is drawn but not yet a column
 * becomes one. A chart ends its pipeline. See bind_stage.h and bound_chart.h. */
#include <string.h>

#include "query/lang/bind_stage.h"
#include "query/lang/suggest.h"

static const struct {
    const char *name, *form;
} charts[LOTS_CHART_COUNT] = {
#define X(name, text, form) [LOTS_CHART_##name] = {text, form},
    LOTS_CHART_LIST(X)
#undef X
};

/* How many values stand before `by`. */
static uint32_t wanted_args(lots_chart_kind kind)
{
    return kind == LOTS_CHART_LORENZ || kind == LOTS_CHART_XMR ? 1 : 2;
}

static bool may_by(lots_chart_kind kind)
{
    return kind == LOTS_CHART_LINE || kind == LOTS_CHART_KM || kind == LOTS_CHART_CIF;
}

bool lots_chart_takes_rows(lots_chart_kind kind)
{
    return kind == LOTS_CHART_LORENZ || kind == LOTS_CHART_KM || kind == LOTS_CHART_CIF;
}

static bool wants_by(lots_chart_kind kind)
{
    return kind == LOTS_CHART_PCHART || kind == LOTS_CHART_XMR || kind == LOTS_CHART_FUNNEL;
}

const char *lots_chart_name(lots_chart_kind kind) { return kind < LOTS_CHART_COUNT ? charts[kind].name : "?"; }

const char *const *lots_chart_added(lots_chart_kind kind, uint32_t *count)
{
    static const char *const lorenz[] = {"population", "share"};
    static const char *const shares[] = {"share", "centre", "lower", "upper", "signal"};
    static const char *const km[] = {"survival", "at_risk"};
    static const char *const cif[] = {"incidence", "at_risk"};
    static const char *const funnel[] = {"share", "centre", "lower", "upper", "lower_95", "upper_95", "signal"};
    *count = 0;
    switch (kind) {
    case LOTS_CHART_LORENZ: *count = 2; return lorenz;
    case LOTS_CHART_KM: *count = 2; return km;
    case LOTS_CHART_CIF: *count = 2; return cif;
    case LOTS_CHART_PCHART: *count = 5; return shares;
    case LOTS_CHART_XMR: *count = 4; return shares + 1;
    case LOTS_CHART_FUNNEL: *count = 7; return funnel;
    default: return NULL;
    }
}

static lots_status unknown_chart(binder *b, const lots_ast_name *name)
{
    static const char *const refused[] = {"sankey", "flow", "path"};
    suggestion near;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (lots_ast_name_is(name, refused[i]))
            return lots_ast_fail(b->err, name->span, "a chart `%s` is not available in this version", refused[i]);
    suggest_begin(&near, name->text, name->bytes);
    for (int i = 0; i < LOTS_CHART_COUNT; i++)
        suggest_try(&near, charts[i].name, (uint32_t)strlen(charts[i].name));
    lots_status status = lots_ast_fail(b->err, name->span, "there is no chart '%.*s'", (int)name->bytes, name->text);
    if (near.found)
        lots_error_hint(b->err, "did you mean `%s`?", near.text);
    else
        lots_error_hint(b->err, "the charts are line, bar, lorenz, km, cif, pchart, xmr and funnel");
    return status;
}

static lots_status find_kind(binder *b, const lots_ast_name *name, lots_chart_kind *out)
{
    for (int i = 0; i < LOTS_CHART_COUNT; i++)
        if (lots_ast_name_is(name, charts[i].name)) {
            *out = (lots_chart_kind)i;
            return LOTS_OK;
        }
    return unknown_chart(b, name);
}

/* The call's form: so many plain values, and `by` with one key where the kind has it. */
static lots_status check_form(binder *b, const lots_ast_node *node, lots_chart_kind kind, const lots_ast_node **by)
{
    const lots_ast_call *call = node->call;
    *by = NULL;
    bool good = call->arg_count == wanted_args(kind) && !call->distinct && call->clause_count <= 1;
    for (uint32_t i = 0; i < call->arg_count; i++)
        good = good && call->args[i].kind == LOTS_AST_ARG_VALUE;
    for (uint32_t i = 0; i < call->clause_count && good; i++) {
        const lots_ast_clause *clause = &call->clauses[i];
        good = clause->kind == LOTS_AST_CLAUSE_BY && clause->keys.count == 1 && !clause->keys.items[0].descending &&
               (wants_by(kind) || may_by(kind));
        if (good)
            *by = clause->keys.items[0].value;
    }
    if (good && (*by != NULL || !wants_by(kind)))
        return LOTS_OK;
    return lots_ast_fail(b->err, node->span, "this chart is written %s", charts[kind].form);
}

static bool same_value(const lots_expr *a, const lots_expr *b)
{
    return a == b || (a->op == LOTS_OP_SLOT && b->op == LOTS_OP_SLOT && a->of_frame == b->of_frame && a->index == b->index);
}

/* The column that shows the value; a new one, called by its text, when none does. */
static lots_status column_of(binder *b, const lots_ast_node *node, lots_expr *expr, uint32_t *out)
{
    lots_vec *columns = &b->pipeline->columns;
    lots_ast_item item = {.value = (lots_ast_node *)node, .span = node->span};
    lots_named_expr made = {.value = expr, .slot = UINT32_MAX};
    for (size_t i = 0; i < columns->count; i++)
        if (same_value(LOTS_AT(lots_named_expr, columns, i).value, expr)) {
            *out = (uint32_t)i;
            return LOTS_OK;
        }
    LOTS_TRY(bind_item_name(b, &item, &made.name));
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(LOTS_AT(lots_named_expr, columns, i).name, made.name) == 0) {
            *out = (uint32_t)i; /* a show has given the name to another value since */
            return LOTS_OK;
        }
    *out = (uint32_t)columns->count;
    return lots_vec_push(columns, &made, b->err);
}

static lots_status drawn(binder *b, const lots_ast_node *node, uint32_t *out)
{
    lots_expr *expr = NULL;
    LOTS_TRY(bind_scalar(b, b->pipeline->where, node, &expr));
    if (expr->type.kind == LOTS_TYPE_EVENTS)
        return bind_wrong_type(b, expr, "a value");
    return column_of(b, node, expr, out);
}

static lots_status drawn_number(binder *b, const lots_ast_node *node, bool whole, uint32_t *out)
{
    LOTS_TRY(drawn(b, node, out));
    const lots_type *type = &LOTS_AT(lots_named_expr, &b->pipeline->columns, *out).value->type;
    bool fits = type->kind == LOTS_TYPE_INT ||
                (!whole && (lots_type_is_number(type) || type->kind == LOTS_TYPE_DAYS));
    char name[96];
    if (fits)
        return LOTS_OK;
    lots_type_format(type, name);
    return lots_ast_fail(b->err, node->span, "%s is wanted here, and this is %s", whole ? "a count (int)" : "a number to draw",
                         name);
}

static lots_status bind_table_chart(binder *b, const lots_ast_call *call, const lots_ast_node *by, lots_bound_chart *chart)
{
    bool counts = chart->kind == LOTS_CHART_PCHART || chart->kind == LOTS_CHART_FUNNEL;
    if (b->pipeline->where->kind != SCOPE_TABLE) {
        lots_status status = lots_ast_fail(b->err, chart->span, "`chart %s` draws a table; these rows are no groups yet",
                                           lots_chart_name(chart->kind));
        lots_error_hint(b->err, "group by … show … first");
        return status;
    }
    if (chart->kind == LOTS_CHART_LINE || chart->kind == LOTS_CHART_BAR) {
        LOTS_TRY(drawn(b, call->args[0].value, &chart->x));
        LOTS_TRY(drawn_number(b, call->args[1].value, false, &chart->y));
        return by == NULL ? LOTS_OK : drawn(b, by, &chart->by);
    }
    LOTS_TRY(drawn_number(b, call->args[0].value, counts, &chart->y));
    if (counts)
        LOTS_TRY(drawn_number(b, call->args[1].value, true, &chart->n));
    return drawn(b, by, &chart->x);
}

/* The columns that the chart adds must not be called as some that are there. */
static lots_status check_added(binder *b, const lots_bound_chart *chart)
{
    uint32_t count = 0;
    const char *const *added = lots_chart_added(chart->kind, &count);
    for (uint32_t i = 0; i < count && chart->kind != LOTS_CHART_LORENZ; i++) /* whose only columns they are */
        for (size_t k = 0; k < b->pipeline->columns.count; k++)
            if (strcmp(LOTS_AT(lots_named_expr, &b->pipeline->columns, k).name, added[i]) == 0)
                return lots_ast_fail(b->err, chart->span, "the chart adds a column '%s', and there is one already: call "
                                                          "yours otherwise",
                                     added[i]);
    return LOTS_OK;
}

lots_status bind_chart_stage(binder *b, const lots_ast_pipeline *pipeline, const lots_ast_stage *stage)
{
    const lots_ast_node *node = stage->chart, *by = NULL;
    void *made = NULL;
    if (stage + 1 < pipeline->stages + pipeline->stage_count)
        return lots_ast_fail(b->err, stage[1].span, "nothing comes after `chart`: put this stage before it");
    if (pipeline != b->question) {
        lots_status status = lots_ast_fail(b->err, stage->span, "a chart ends a question; these rows are gone on with");
        lots_error_hint(b->err, "draw the table where it is asked for: from t chart …");
        return status;
    }
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_bound_chart), b->err));
    lots_bound_chart *chart = made;
    *chart = (lots_bound_chart){.span = node->span, .x = LOTS_CHART_NONE, .y = LOTS_CHART_NONE, .n = LOTS_CHART_NONE,
                                .by = LOTS_CHART_NONE};
    LOTS_TRY(find_kind(b, &node->call->name, &chart->kind));
    LOTS_TRY(check_form(b, node, chart->kind, &by));
    if (lots_chart_takes_rows(chart->kind))
        LOTS_TRY(bind_chart_rows(b, node->call, by, chart));
    else
        LOTS_TRY(bind_table_chart(b, node->call, by, chart));
    LOTS_TRY(check_added(b, chart));
    b->pipeline->out.chart = chart;
    return LOTS_OK;
}
