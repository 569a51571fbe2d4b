/* bind_survival.c: km(t, event, d), km_quantile(t, event, p) and cif(t, state, 'name', d) over the rows of group by / show.
 * See bind_stage.h and exec/survival.h.
 *
 * Whatever says how a row's time ended becomes one number: 0 censored, 1 the event, 2 another one that competes. Of a state
 * all that is no text, 'censored' or 'followed' is an event. Which of the states competes with which can't be seen in an
 * answer, so a note says it, in words of the query and of categories: never in those of rows. */
#include <string.h>

#include "query/lang/bind_stage.h"
#include "query/lang/suggest.h"

#define STATES_MAX 24u
#define STATES_VISITS 1000u /* expressions looked at for states */

static const char *const censoring[] = {"censored", "followed"};
enum { CENSORING = sizeof censoring / sizeof *censoring };

/* ---- what states there may be ---- */

typedef struct states {
    const char *texts[STATES_MAX];
    uint32_t bytes[STATES_MAX];
    uint32_t count;
    uint32_t visits;
    bool open; /* there may be others */
} states;

static bool is_text(const char *a, size_t a_bytes, const char *text)
{
    return a_bytes == strlen(text) && memcmp(a, text, a_bytes) == 0;
}

static bool censors(const char *text, size_t bytes)
{
    for (size_t i = 0; i < CENSORING; i++)
        if (is_text(text, bytes, censoring[i]))
            return true;
    return false;
}

static void add_state(states *s, const char *text, size_t bytes)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->bytes[i] == bytes && memcmp(s->texts[i], text, bytes) == 0)
            return;
    s->open = s->open || s->count == STATES_MAX;
    if (s->count == STATES_MAX)
        return;
    s->texts[s->count] = text;
    s->bytes[s->count++] = (uint32_t)bytes;
}

static void add_words(states *s, const lots_dictionary *dictionary)
{
    uint32_t count = dictionary == NULL ? 0 : lots_dictionary_count(dictionary);
    s->open = s->open || count == 0 || count > STATES_MAX;
    for (uint32_t i = 0; i < count && !s->open; i++) {
        size_t bytes = 0;
        const char *word = lots_dictionary_key(dictionary, i, &bytes);
        add_state(s, word, bytes);
    }
}

static const lots_expr *derived_value(binder *b, const lots_expr *slot)
{
    const pipeline_state *p = b->pipeline;
    for (size_t s = p->stages.count; s-- > 0 && slot->of_frame == p->out.row_frame;) {
        const lots_bound_stage *stage = &LOTS_AT(lots_bound_stage, &p->stages, s);
        for (uint32_t i = 0; stage->kind == LOTS_STAGE_DERIVE && i < stage->item_count; i++)
            if (stage->items[i].slot == slot->index)
                return stage->items[i].value;
    }
    return NULL;
}

static void find_states(binder *b, const lots_expr *expr, states *s)
{
    if (expr == NULL || ++s->visits > STATES_VISITS) {
        s->open = true;
        return;
    }
    switch (expr->op) {
    case LOTS_OP_CONSTANT:
        if (!expr->constant.missing && expr->type.kind == LOTS_TYPE_TEXT)
            add_state(s, expr->constant.text, expr->constant.text_bytes);
        else if (!expr->constant.missing)
            add_words(s, expr->type.dictionary);
        return;
    case LOTS_OP_SLOT:
        if (expr->type.kind == LOTS_TYPE_CATEGORY)
            add_words(s, expr->type.dictionary);
        else
            find_states(b, derived_value(b, expr), s);
        return;
    case LOTS_OP_CASE: /* condition, value, …, the last alone is the else */
        for (uint32_t i = 0; i < expr->operand_count; i++)
            if (i % 2 == 1 || i + 1 == expr->operand_count)
                find_states(b, expr->operands[i], s);
        return;
    case LOTS_OP_COALESCE:
    case LOTS_OP_LEAST:
    case LOTS_OP_GREATEST:
        for (uint32_t i = 0; i < expr->operand_count; i++)
            find_states(b, expr->operands[i], s);
        return;
    case LOTS_OP_TO_TEXT: find_states(b, expr->operands[0], s); return;
    default: break;
    }
    if (expr->type.kind == LOTS_TYPE_CATEGORY)
        add_words(s, expr->type.dictionary);
    else
        s->open = true;
}

/* ---- the note ---- */

static lots_status list_states(binder *b, const states *s, const char *but, bool censored, char **out, uint32_t *count)
{
    *count = 0;
    LOTS_TRY(lots_arena_text(b->arena, out, "", 0, b->err));
    for (uint32_t i = 0; i < s->count; i++) {
        if (censors(s->texts[i], s->bytes[i]) != censored || is_text(s->texts[i], s->bytes[i], but))
            continue;
        LOTS_TRY(lots_arena_printf(b->arena, out, b->err, "%s%s'%.*s'", *out, ++*count > 1 ? ", " : "", (int)s->bytes[i],
                                   s->texts[i]));
    }
    return LOTS_OK;
}

static lots_status note_states(binder *b, const states *s, const char *name, const char **out)
{
    char *competing = NULL, *censored = NULL, *note = NULL;
    uint32_t compete = 0, lost = 0;
    LOTS_TRY(list_states(b, s, name, false, &competing, &compete));
    LOTS_TRY(list_states(b, s, name, true, &censored, &lost));
    LOTS_TRY(s->open ? lots_arena_printf(b->arena, &note, b->err, "cif of '%s': 'censored', 'followed' and missing are "
                                                                  "censored, every other state competes", name)
                     : lots_arena_printf(b->arena, &note, b->err, "cif of '%s': %s %s, %s %s censored", name,
                                         compete == 0 ? "nothing" : competing, compete > 1 ? "compete" : "competes",
                                         lost == 0 ? "only missing" : censored, lost > 1 ? "are" : "is"));
    *out = note;
    return LOTS_OK;
}

static lots_status no_such_state(binder *b, const states *s, const char *name, lots_ast_span span)
{
    suggestion near;
    for (uint32_t i = 0; i < s->count; i++)
        if (is_text(s->texts[i], s->bytes[i], name))
            return LOTS_OK;
    suggest_begin(&near, name, (uint32_t)strlen(name));
    for (uint32_t i = 0; i < s->count; i++)
        suggest_try(&near, s->texts[i], s->bytes[i]);
    lots_status status = lots_ast_fail(b->err, span, "no row can have the state '%.200s'", name);
    if (near.found)
        lots_error_hint(b->err, "did you mean '%s'?", near.text);
    return status;
}

/* ---- how a time ended ---- */

static lots_status whole(binder *b, int64_t i, lots_ast_span span, lots_expr **out)
{
    return bind_int(b, LOTS_TYPE_INT, i, span, out);
}

static lots_status exit_of_event(binder *b, scope *rows, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *event = NULL;
    lots_type truth = bind_type(LOTS_TYPE_BOOL);
    LOTS_TRY(bind_scalar(b, rows, node, &event));
    if (event->type.kind == LOTS_TYPE_TEXT || event->type.kind == LOTS_TYPE_CATEGORY) {
        lots_status status = bind_wrong_type(b, event, "a condition");
        lots_error_hint(b->err, "as in state = 'dead'; with causes that compete ask cif(t, state, 'name', d)");
        return status;
    }
    LOTS_TRY(bind_cast(b, event, &truth, "a condition", &event));
    return bind_expr(b, LOTS_OP_TO_INT, bind_type(LOTS_TYPE_INT), node->span, &event, 1, out);
}

/* *out NULL when a category has no such word. */
static lots_status state_is(binder *b, lots_expr *state, const char *text, lots_ast_span span, lots_expr **out)
{
    lots_expr *pair[2] = {state, NULL};
    lots_constant constant = {.text = text, .text_bytes = (uint32_t)strlen(text)};
    *out = NULL;
    if (state->type.kind == LOTS_TYPE_CATEGORY) {
        lots_id rank = state->type.dictionary == NULL
                           ? LOTS_NO_ID
                           : lots_dictionary_find(state->type.dictionary, text, constant.text_bytes);
        if (rank == LOTS_NO_ID)
            return LOTS_OK;
        constant.i = rank;
    }
    LOTS_TRY(bind_constant(b, state->type, constant, span, &pair[1]));
    return bind_expr(b, LOTS_OP_EQUAL, bind_type(LOTS_TYPE_BOOL), span, pair, 2, out);
}

static lots_status is_censored(binder *b, lots_expr *state, lots_ast_span span, lots_expr **out)
{
    lots_expr *either[1 + CENSORING];
    uint32_t count = 1;
    lots_type truth = bind_type(LOTS_TYPE_BOOL);
    LOTS_TRY(bind_expr(b, LOTS_OP_IS_MISSING, truth, span, &state, 1, &either[0]));
    for (size_t i = 0; i < CENSORING; i++) {
        LOTS_TRY(state_is(b, state, censoring[i], span, &either[count]));
        count += either[count] != NULL ? 1 : 0;
    }
    *out = either[0];
    return count == 1 ? LOTS_OK : bind_expr(b, LOTS_OP_OR, truth, span, either, count, out);
}

/* The name asked for, as a text. */
static lots_status asked_state(binder *b, scope *rows, const lots_expr *state, const lots_ast_node *node, const char **out)
{
    lots_expr *name = NULL;
    LOTS_TRY(bind_beside(b, rows, node, &state->type, &name));
    lots_type_kind kind = name->type.kind;
    if (name->op != LOTS_OP_CONSTANT || name->constant.missing || (kind != LOTS_TYPE_TEXT && kind != LOTS_TYPE_CATEGORY))
        return lots_ast_fail(b->err, node->span, "the name of one state is wanted here, as in 'dead'");
    size_t bytes = name->constant.text_bytes;
    const char *text = name->constant.text;
    if (kind == LOTS_TYPE_CATEGORY)
        text = lots_dictionary_key(name->type.dictionary, (lots_id)name->constant.i, &bytes);
    char *copy = NULL;
    LOTS_TRY(lots_arena_text(b->arena, &copy, text, bytes, b->err));
    *out = copy;
    if (!censors(text, bytes))
        return LOTS_OK;
    return lots_ast_fail(b->err, node->span, "'%s' is the state of those who are censored: it is no event", copy);
}

static lots_status exit_of_state(binder *b, scope *rows, const lots_ast_call *call, lots_row_agg *agg)
{
    const char *name = NULL;
    const lots_ast_node *node = call->args[1].value;
    states found = {.count = 0};
    lots_expr *state = NULL, *parts[5] = {NULL, NULL, NULL, NULL, NULL};
    LOTS_TRY(bind_scalar(b, rows, node, &state));
    LOTS_TRY(bind_give_type(b, &state, LOTS_TYPE_TEXT));
    if (state->type.kind != LOTS_TYPE_TEXT && state->type.kind != LOTS_TYPE_CATEGORY) {
        lots_status status = bind_wrong_type(b, state, "a state (a text or a category)");
        if (state->type.kind == LOTS_TYPE_BOOL)
            lots_error_hint(b->err, "with one kind of event and none that competes ask km(t, event, d)");
        return status;
    }
    LOTS_TRY(asked_state(b, rows, state, call->args[2].value, &name));
    find_states(b, state, &found);
    if (!found.open)
        LOTS_TRY(no_such_state(b, &found, name, call->args[2].value->span));
    LOTS_TRY(note_states(b, &found, name, &agg->note));
    LOTS_TRY(state_is(b, state, name, node->span, &parts[0]));
    if (parts[0] == NULL)
        return bind_wrong_type(b, state, "a state whose words are known");
    LOTS_TRY(whole(b, 1, node->span, &parts[1]));
    LOTS_TRY(is_censored(b, state, node->span, &parts[2]));
    LOTS_TRY(whole(b, 0, node->span, &parts[3]));
    LOTS_TRY(whole(b, 2, node->span, &parts[4]));
    return bind_expr(b, LOTS_OP_CASE, bind_type(LOTS_TYPE_INT), node->span, parts, 5, &agg->exit);
}

/* ---- times ---- */

static lots_status check_time(binder *b, const lots_expr *time)
{
    lots_type_kind kind = time->type.kind;
    if (kind == LOTS_TYPE_DAYS || kind == LOTS_TYPE_INT)
        return LOTS_OK;
    lots_status status = bind_wrong_type(b, time, "a time in days or another whole number");
    if (kind == LOTS_TYPE_DATE)
        lots_error_hint(b->err, "the time between two dates is their difference: stop - start");
    else if (kind == LOTS_TYPE_FLOAT || kind == LOTS_TYPE_DECIMAL)
        lots_error_hint(b->err, "round(x) makes a whole number of it");
    return status;
}

static lots_status other_unit(binder *b, const lots_row_agg *agg, const lots_expr *at)
{
    bool days = agg->value->type.kind == LOTS_TYPE_DAYS;
    lots_status status = bind_wrong_type(b, at, days ? "a time in days like the first value"
                                                        : "a whole number like the first value");
    if (days && at->type.kind == LOTS_TYPE_MONTHS)
        lots_error_hint(b->err, "months and years differ in length: a year is 365d here");
    else if (days && at->type.kind == LOTS_TYPE_INT)
        lots_error_hint(b->err, "days are written with their unit: 365d");
    else if (at->type.kind == LOTS_TYPE_DAYS)
        lots_error_hint(b->err, "b - a is a time in days, days(a, b) a whole number");
    return status;
}

/* A constant, or a key: with `each` a group has the time of its rows, and a table of groups is a curve. */
static lots_status bind_at_time(binder *b, scope *table, const aggregation *into, const lots_ast_node *node,
                                lots_row_agg *agg)
{
    lots_expr *at = NULL;
    LOTS_TRY(bind_scalar(b, table, node, &at));
    bool key = at->op == LOTS_OP_SLOT && at->of_frame == into->table_frame && at->index < into->key_count;
    if (at->op != LOTS_OP_CONSTANT && !key)
        return lots_ast_fail(b->err, node->span, "the time to look at is constant, or a key of the groups");
    LOTS_TRY(bind_give_type(b, &agg->value, at->type.kind == LOTS_TYPE_DAYS ? LOTS_TYPE_DAYS : LOTS_TYPE_INT));
    if (at->type.kind != agg->value->type.kind)
        return other_unit(b, agg, at);
    if (!key && (at->constant.missing || at->constant.i < 0))
        return lots_ast_fail(b->err, node->span, "a time from 0 on is wanted here");
    agg->at = key ? LOTS_AT(lots_named_expr, into->keys, at->index).value : at;
    return LOTS_OK;
}

lots_status bind_survival(binder *b, scope *table, const aggregation *into, const lots_ast_node *node, lots_row_agg *agg)
{
    const lots_ast_call *call = node->call;
    lots_ast_node written = *node;
    lots_ast_item item = {.value = &written};
    for (uint32_t i = 1; i < call->arg_count; i++)
        if (call->args[i].kind != LOTS_AST_ARG_VALUE)
            return lots_ast_fail(b->err, call->args[i].span, "'%s' takes plain values", call->name.text);
    if (agg->kind == LOTS_AGG_KM_QUANTILE)
        LOTS_TRY(bind_give_type(b, &agg->value, LOTS_TYPE_INT));
    if (!bind_is_untyped(agg->value)) /* else of the type of the time to look at */
        LOTS_TRY(check_time(b, agg->value));
    LOTS_TRY(bind_item_name(b, &item, &agg->text));
    if (agg->kind == LOTS_AGG_CIF)
        LOTS_TRY(exit_of_state(b, into->rows, call, agg));
    else
        LOTS_TRY(exit_of_event(b, into->rows, call->args[1].value, &agg->exit));
    return agg->kind == LOTS_AGG_KM_QUANTILE
               ? LOTS_OK
               : bind_at_time(b, table, into, call->args[call->arg_count - 1].value, agg);
}
