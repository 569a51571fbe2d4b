/* naive_condition.c: what is true, false or missing: logic, comparing, in. */
#include <string.h>

#include "tests/oracle/naive_inner.h"

/* ---- logic ---- */

naive_value naive_truth_of(naive_run *run, naive_value value)
{
    if (value.kind != NAIVE_BOOL && !value.missing)
        return naive_refuse(run, "naive: a condition is wanted");
    return value.missing && value.kind != NAIVE_FAILED ? naive_missing(NAIVE_BOOL) : value;
}

naive_value naive_kleene(naive_run *run, const naive_env *env, const lots_ast_list *list, bool deciding)
{
    naive_value out = naive_bool(!deciding);
    for (uint32_t i = 0; i < list->count; i++) {
        const naive_value item = naive_truth_of(run, naive_eval(run, env, list->items[i]));
        if (naive_is(&item, NAIVE_BOOL) && (item.number != 0) == deciding)
            return naive_bool(deciding);
        if (item.missing && out.kind != NAIVE_FAILED)
            out = item;
    }
    return out;
}

bool naive_holds(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const naive_value value = naive_truth_of(run, naive_eval(run, env, node));
    naive_need(run, &value);
    return naive_true(&value);
}

/* ---- comparing ---- */

static bool comparable(const naive_value *a, const naive_value *b)
{
    return a->kind == b->kind || (naive_is_numeric(a) && naive_is_numeric(b));
}

naive_value naive_equal(naive_run *run, const naive_value *a, const naive_value *b)
{
    if (a->kind == NAIVE_FAILED || b->kind == NAIVE_FAILED)
        return a->kind == NAIVE_FAILED ? *a : *b;
    if (a->missing || b->missing)
        return naive_missing(NAIVE_BOOL);
    if (!comparable(a, b))
        return naive_refuse(run, "naive: %d and %d can't be compared", (int)a->kind, (int)b->kind);
    naive_value x = *a, y = *b; /* a band equals its text */
    x.second = x.kind == NAIVE_TEXT ? 0 : x.second;
    y.second = y.kind == NAIVE_TEXT ? 0 : y.second;
    return naive_bool(naive_compare(&x, &y) == 0);
}

naive_value naive_comparison(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const naive_value a = naive_eval_word(run, env, node->binary.left);
    const naive_value b = naive_eval_word(run, env, node->binary.right);
    naive_value equal = naive_equal(run, &a, &b);
    if (equal.missing || node->binary.op == LOTS_AST_OP_EQUAL)
        return equal;
    if (node->binary.op == LOTS_AST_OP_UNEQUAL)
        return naive_bool(equal.number == 0);
    const int order = naive_compare(&a, &b);
    switch (node->binary.op) {
    case LOTS_AST_OP_LESS: return naive_bool(order < 0);
    case LOTS_AST_OP_LESS_EQUAL: return naive_bool(order <= 0);
    case LOTS_AST_OP_GREATER: return naive_bool(order > 0);
    default: return naive_bool(order >= 0);
    }
}

naive_value naive_contains(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const naive_value text = naive_eval(run, env, node->binary.left), part = naive_eval(run, env, node->binary.right);
    if (text.missing || part.missing)
        return text.kind == NAIVE_FAILED ? text : naive_missing(NAIVE_BOOL);
    if (text.kind != NAIVE_TEXT || part.kind != NAIVE_TEXT)
        return naive_refuse(run, "naive: contains wants texts");
    return naive_bool(strstr(text.text, part.text) != NULL);
}

/* ---- in ---- */

/* Upper case, without dots and blanks. */
static void normalise(const char *text, size_t bytes, char out[64])
{
    size_t used = 0;
    for (size_t i = 0; i < bytes && used < 63; i++)
        if (text[i] != '.' && text[i] != ' ')
            out[used++] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
    out[used] = 0;
}

static bool code_matches(const naive_value *code, const lots_ast_code *item)
{
    char low[64], high[64];
    const char *dash = strchr(item->text.text, '-');
    if (strcmp(code->system, item->system.text != NULL ? item->system.text : code->home) != 0)
        return false;
    normalise(item->text.text, dash != NULL ? (size_t)(dash - item->text.text) : item->text.bytes, low);
    if (dash != NULL) {
        normalise(dash + 1, strlen(dash + 1), high);
        return strcmp(code->text, low) >= 0 && strncmp(code->text, high, strlen(high)) <= 0;
    }
    return item->exact ? strcmp(code->text, low) == 0 : strncmp(code->text, low, strlen(low)) == 0;
}

/* Codes taken away are, wherever that stands. */
static bool pattern_matches(const naive_value *code, const lots_ast_codes *codes)
{
    bool matched = false;
    for (uint32_t i = 0; i < codes->count; i++)
        matched = matched || (!codes->items[i].minus && code_matches(code, &codes->items[i]));
    for (uint32_t i = 0; i < codes->count; i++)
        matched = matched && !(codes->items[i].minus && code_matches(code, &codes->items[i]));
    return matched;
}

static naive_value in_pattern(naive_run *run, const naive_value *left, const lots_ast_codes *codes)
{
    if (left->missing)
        return codes->count == 0 ? naive_bool(false) : naive_missing(NAIVE_BOOL);
    if (left->kind != NAIVE_CODE && left->kind != NAIVE_SET)
        return naive_refuse(run, "naive: no code on the left");
    const naive_value *items = left->kind == NAIVE_CODE ? left : left->items;
    const uint32_t count = left->kind == NAIVE_CODE ? 1 : left->count;
    for (uint32_t i = 0; i < count; i++)
        if (pattern_matches(&items[i], codes))
            return naive_bool(true);
    return naive_bool(false);
}

static naive_value in_items(naive_run *run, const naive_value *left, const naive_value *items, uint32_t count)
{
    uint32_t there = 0;
    for (uint32_t i = 0; i < count; i++)
        there += !items[i].missing;
    if (there == 0)
        return naive_bool(false);
    if (left->missing)
        return naive_missing(NAIVE_BOOL);
    for (uint32_t i = 0; i < count; i++) {
        const naive_value equal = items[i].missing ? naive_bool(false) : naive_equal(run, left, &items[i]);
        if (naive_true(&equal))
            return equal;
    }
    return naive_bool(false);
}

static naive_value in_set(naive_run *run, const naive_value *left, const naive_value *set)
{
    if (left->missing || left->kind != NAIVE_SET)
        return in_items(run, left, set->items, set->count);
    for (uint32_t i = 0; i < left->count; i++) {
        const naive_value found = in_items(run, &left->items[i], set->items, set->count);
        if (naive_true(&found))
            return found;
    }
    return naive_bool(false);
}

static naive_value at_most(const naive_value *a, const naive_value *b)
{
    if (a->kind == NAIVE_NOTHING && !a->missing) /* open */
        return naive_bool(true);
    if (b->kind == NAIVE_NOTHING && !b->missing)
        return naive_bool(true);
    return a->missing || b->missing ? naive_missing(NAIVE_BOOL) : naive_bool(naive_compare(a, b) <= 0);
}

static naive_value in_range(naive_run *run, const naive_value *left, const naive_value *right)
{
    if (left->kind == NAIVE_DATE || right->kind == NAIVE_INTERVAL || right->kind == NAIVE_INT) {
        const naive_value interval = naive_as_interval(right);
        if (interval.missing || left->missing)
            return interval.kind == NAIVE_FAILED ? interval : naive_missing(NAIVE_BOOL);
        if (left->kind != NAIVE_DATE)
            return naive_refuse(run, "naive: in an interval wants a day");
        return naive_bool(interval.number <= left->number && left->number <= interval.second);
    }
    const naive_value low = at_most(&right->items[0], left), high = at_most(left, &right->items[1]);
    if (naive_false(&low) || naive_false(&high))
        return naive_bool(false);
    return low.missing ? low : high;
}

naive_value naive_in(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const naive_value left = naive_eval_word(run, env, node->binary.left);
    const naive_value right = naive_eval_word(run, env, node->binary.right);
    naive_value out;
    if (left.kind == NAIVE_FAILED || right.kind == NAIVE_FAILED)
        return left.kind == NAIVE_FAILED ? left : right;
    if (right.kind == NAIVE_PATTERN)
        out = in_pattern(run, &left, right.codes);
    else if (right.kind == NAIVE_SET && !right.missing)
        out = in_set(run, &left, &right);
    else if (right.kind == NAIVE_INTERVAL || right.kind == NAIVE_RANGE || right.kind == NAIVE_INT || right.missing)
        out = right.missing ? naive_missing(NAIVE_BOOL) : in_range(run, &left, &right);
    else
        out = in_items(run, &left, &right, 1);
    if (node->binary.op == LOTS_AST_OP_NOT_IN && !out.missing)
        out.number = !out.number;
    return out;
}
