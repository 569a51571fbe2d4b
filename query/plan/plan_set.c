/* plan_set.c: event sets, windows, code sets and classifications as lines of a plan. See plan.h. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "query/lang/grouping.h"
#include "query/plan/pairing.h"
#include "query/plan/plan_inner.h"
#include "query/plan/window_length.h"

static lots_words words_in(const planner *p, uint32_t frame)
{
    return (lots_words){p->query, p->pipeline, frame};
}

static lots_status put_line(planner *p, uint32_t depth, const char *kind, lots_line **out)
{
    return lots_outline_put(p->out, p->under + depth, p->stage, kind, &p->text, out, p->err);
}

/* ---- windows ---- */

static lots_status window_end(planner *p, const lots_words *words, const lots_expr *end, const char **out)
{
    *out = NULL;
    if (end == NULL)
        return LOTS_OK;
    p->text.count = 0;
    LOTS_TRY(lots_words_expr(words, end, &p->text, p->err));
    return lots_outline_text(p->out, &p->text, out, p->err);
}

static lots_status plan_window(planner *p, const lots_window *window, uint32_t depth)
{
    lots_words words = words_in(p, LOTS_FRAME_CONSTANT);
    const char *first = NULL, *last = NULL;
    lots_window_length length;
    lots_line *line = NULL;
    LOTS_TRY(window_end(p, &words, window->low, &first));
    LOTS_TRY(window_end(p, &words, window->high, &last));
    LOTS_TRY(lots_window_measure(&words, window, &length, p->err));
    p->text.count = 0;
    if (first != NULL && last != NULL)
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "starts in %s .. %s", first, last));
    else if (first != NULL || last != NULL)
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "starts %s %s", first != NULL ? "since" : "until",
                                   first != NULL ? first : last));
    else
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "starts on any day"));
    LOTS_TRY(put_line(p, depth, "window", &line));
    line->first = first;
    line->last = last;
    if (length.known) {
        line->days = length.least;
        line->most_days = length.most;
    }
    if (window->low != NULL)
        LOTS_TRY(plan_expr(p, window->low, words.frame, depth + 1));
    return window->high == NULL ? LOTS_OK : plan_expr(p, window->high, words.frame, depth + 1);
}

/* ---- codes ---- */

static bool is_code(const lots_type *type)
{
    return type->kind == LOTS_TYPE_CODE || (type->kind == LOTS_TYPE_SET && type->element == LOTS_TYPE_CODE);
}

static bool is_code_test(const lots_expr *expr)
{
    if (expr->operand_count == 0 || !is_code(&expr->operands[0]->type))
        return false;
    return expr->op == LOTS_OP_IN_RANKS || ((expr->op == LOTS_OP_EQUAL || expr->op == LOTS_OP_UNEQUAL) &&
                                            expr->operand_count == 2 && expr->operands[1]->op == LOTS_OP_CONSTANT);
}

static void put_measured(const planner *p, const lots_measured *measured, bool patients, lots_line *line)
{
    if (!measured->known)
        return;
    uint64_t others = lots_registry_patients(p->query->registry) - measured->persons;
    if (!patients)
        line->events = lots_outline_guard(p->out, measured->events, measured->persons);
    line->persons = lots_outline_guard(p->out, measured->persons, measured->persons);
    if (lots_line_has(line->persons) && others > 0 && others < p->out->min_cell)
        line->persons = LOTS_WITHHELD; /* all are known: it would tell how many have none */
}

/* Is the patients' own column looked at? */
static bool of_patients(const lots_expr *expr)
{
    if (expr->op == LOTS_OP_COLUMN)
        return expr->of_frame == LOTS_FRAME_PATIENT;
    return expr->operand_count > 0 && of_patients(expr->operands[0]);
}

static lots_status plan_codes(planner *p, const lots_expr *test, uint32_t frame, uint32_t depth)
{
    lots_words words = words_in(p, frame);
    lots_measured measured;
    lots_line *line = NULL;
    LOTS_TRY(lots_estimate_test(&p->estimator, test, &measured, p->err));
    p->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&p->text, p->err, "codes: "));
    LOTS_TRY(lots_words_expr(&words, test, &p->text, p->err));
    LOTS_TRY(put_line(p, depth, "codes", &line));
    line->codes = test->op == LOTS_OP_IN_RANKS ? (int64_t)test->ranks->ranks : 1;
    put_measured(p, &measured, of_patients(test->operands[0]), line);
    return LOTS_OK;
}

/* The registry's codes that belong to any group, as a set of ranks. */
static lots_status grouped_codes(planner *p, const lots_grouping *grouping, uint32_t codes, lots_rank_set *out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&p->out->arena, &made, codes, sizeof(lots_ranks), p->err));
    *out = (lots_rank_set){.ranges = made, .text = ""};
    for (uint32_t code = 0; code < codes; code++) {
        if (grouping->offsets[code] == grouping->offsets[code + 1])
            continue;
        out->ranks++;
        if (out->range_count > 0 && out->ranges[out->range_count - 1].end == code)
            out->ranges[out->range_count - 1].end++;
        else
            out->ranges[out->range_count++] = (lots_ranks){code, code + 1};
    }
    return LOTS_OK;
}

static lots_status plan_grouping(planner *p, const lots_expr *expr, uint32_t depth)
{
    const lots_grouping *grouping = expr->grouping;
    const lots_classification *classes = grouping->classification;
    const lots_dictionary *codes = lots_registry_codes(p->query->registry);
    lots_rank_set ranks;
    lots_query query = *p->query;
    lots_measured measured = {0};
    lots_line *line = NULL;
    LOTS_TRY(grouped_codes(p, grouping, codes == NULL ? 0 : lots_dictionary_count(codes), &ranks));
    if (expr->operand_count > 0 && is_code(&expr->operands[0]->type)) {
        lots_expr test = {.op = LOTS_OP_IN_RANKS, .type = {.kind = LOTS_TYPE_BOOL}, .id = query.expr_count++,
                          .frame = expr->operands[0]->frame, .depths = expr->operands[0]->depths,
                          .operands = expr->operands, .operand_count = 1, .ranks = &ranks};
        LOTS_TRY(lots_measure_test(&query, &test, p->options, &measured, p->err));
    }
    p->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&p->text, p->err, "classification: %s %s, %s", classes->name, classes->version, classes->source));
    LOTS_TRY(put_line(p, depth, "classification", &line));
    line->codes = (int64_t)ranks.ranks;
    put_measured(p, &measured, expr->operand_count > 0 && of_patients(expr->operands[0]), line);
    return LOTS_OK;
}

/* ---- sets ---- */

lots_status plan_skips(planner *p, lots_set *set, lots_line *line)
{
    lots_skips skips;
    LOTS_TRY(lots_measure_skips(p->query, p->pipeline, set, &skips, p->err));
    line->chunks = skips.chunks;
    line->skipped = skips.chunks_skipped;
    line->segments = skips.segments;
    line->segments_skipped = skips.segments_skipped;
    return LOTS_OK;
}

static bool set_is_seen(planner *p, const lots_set *set)
{
    for (size_t i = 0; i < p->sets_seen.count; i++)
        if (LOTS_AT(const lots_set *, &p->sets_seen, i) == set)
            return true;
    return false;
}

/* What is made of the set: `sum(cost) over`, `first of`. */
static lots_status put_use(planner *p, const lots_expr *expr)
{
    static const char *const picks[] = {"first of ", "last of ", "nth of ", "next of ", "previous of "};
    lots_words words = words_in(p, expr->set->frame);
    lots_bytes whole = {0};
    if (expr->op == LOTS_OP_EXISTS)
        return lots_bytes_printf(&p->text, p->err, "any of ");
    if (expr->op == LOTS_OP_EVENT)
        return lots_bytes_printf(&p->text, p->err, "%s", picks[expr->pick]);
    /* The words of an aggregate begin with its name and a bracket. */
    lots_status status = lots_words_expr(&words, expr, &whole, p->err);
    size_t name = 0;
    while (name < whole.count && whole.data[name] != '(')
        name++;
    if (status == LOTS_OK)
        status = lots_bytes_append(&p->text, whole.data, name, p->err);
    lots_bytes_free(&whole);
    LOTS_TRY(status);
    if (expr->operand_count == 0 || expr->op == LOTS_OP_COVERED_DAYS)
        return lots_bytes_printf(&p->text, p->err, " of ");
    LOTS_TRY(lots_bytes_printf(&p->text, p->err, expr->op == LOTS_OP_COUNT_DISTINCT ? "(distinct " : "("));
    LOTS_TRY(lots_words_expr(&words, expr->operands[0], &p->text, p->err));
    return lots_bytes_printf(&p->text, p->err, ") over ");
}

static lots_status put_base(planner *p, const lots_set *set)
{
    lots_words words = words_in(p, p->query->frames[set->frame].parent);
    if (set->event != NULL)
        return lots_words_expr(&words, set->event, &p->text, p->err);
    return lots_words_relation(&words, set->relation, &p->text, p->err);
}

static lots_status plan_set(planner *p, const lots_expr *use, lots_set *set, const char *kind, const char *before,
                            uint32_t depth)
{
    lots_line *line = NULL;
    lots_estimate rows;
    bool seen = set_is_seen(p, set), stream = p->query->relations[set->relation].kind == LOTS_RELATION_STREAM;
    p->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&p->text, p->err, "%s", before));
    if (use != NULL)
        LOTS_TRY(put_use(p, use));
    LOTS_TRY(put_base(p, set));
    if (seen)
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, ", as above"));
    LOTS_TRY(put_line(p, depth, kind, &line));
    if (seen || depth >= PLAN_DEPTH_MOST)
        return LOTS_OK;
    LOTS_TRY(lots_vec_push(&p->sets_seen, &set, p->err));
    if (stream && set->event == NULL) {
        LOTS_TRY(lots_estimate_set(&p->estimator, set, &rows, p->err));
        line->about = lots_estimate_shown(&rows);
        line->at_most = rows.at_most;
        LOTS_TRY(plan_skips(p, set, line));
    }
    LOTS_TRY(plan_set_parts(p, set, depth + 1));
    if (!lots_makes_pairs(p->query, use, set))
        return LOTS_OK;
    p->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&p->text, p->err, "pair by pair: each of these events beside each row"));
    return put_line(p, depth + 1, "pairs", NULL);
}

static lots_status plan_keys(planner *p, const lots_relation *relation, lots_expr *const *keys, uint32_t count,
                             uint32_t depth)
{
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(plan_expr(p, keys[i], relation->left != NULL ? relation->left->frame : LOTS_FRAME_PATIENT, depth));
    return LOTS_OK;
}

static lots_status plan_steps(planner *p, const lots_match_pattern *pattern, uint32_t depth)
{
    for (uint32_t i = 0; i < pattern->step_count; i++) {
        char before[64];
        snprintf(before, sizeof before, "step %" PRIu32 ": %s", i + 1, pattern->steps[i].no ? "no " : "");
        LOTS_TRY(plan_set(p, NULL, pattern->steps[i].set, "step", before, depth));
    }
    return LOTS_OK;
}

/* A value of each episode. */
static lots_status plan_column(planner *p, const lots_relation_column *column, uint32_t frame, uint32_t depth)
{
    lots_words words = words_in(p, frame);
    p->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&p->text, p->err, "of each: %s = ", column->name));
    LOTS_TRY(lots_words_expr(&words, column->value, &p->text, p->err));
    LOTS_TRY(put_line(p, depth, "value", NULL));
    for (uint32_t i = 0; i < column->value->operand_count; i++)
        LOTS_TRY(plan_expr(p, column->value->operands[i], frame, depth + 1));
    return LOTS_OK;
}

/* What a derived relation is made of, once. */
static lots_status plan_relation(planner *p, uint32_t index, uint32_t depth)
{
    const lots_relation *relation = &p->query->relations[index];
    if (relation->kind == LOTS_RELATION_STREAM || lots_bit_get(p->relations, index) || depth >= PLAN_DEPTH_MOST)
        return LOTS_OK;
    lots_bit_set(p->relations, index);
    if (relation->pattern != NULL)
        return plan_steps(p, relation->pattern, depth);
    if (relation->left != NULL)
        LOTS_TRY(plan_set(p, NULL, relation->left, "events", "made of ", depth));
    if (relation->right != NULL)
        LOTS_TRY(plan_set(p, NULL, relation->right, "events",
                          relation->kind == LOTS_RELATION_MINUS ? "without " : "and ", depth));
    LOTS_TRY(plan_keys(p, relation, relation->per, relation->per_count, depth));
    LOTS_TRY(plan_keys(p, relation, relation->by, relation->by_count, depth));
    for (uint32_t i = 0; i < relation->column_count; i++)
        if (relation->columns[i].role == LOTS_COLUMN_AGGREGATE)
            LOTS_TRY(plan_column(p, &relation->columns[i], relation->episode_frame, depth));
    return LOTS_OK;
}

lots_status plan_set_parts(planner *p, const lots_set *set, uint32_t depth)
{
    lots_words words = words_in(p, set->frame);
    for (uint32_t i = 0; i < set->window_count; i++)
        LOTS_TRY(plan_window(p, &set->windows[i], depth));
    for (uint32_t i = 0; i < set->filter_count; i++) {
        if (lots_words_is_idle(set->filters[i]))
            continue;
        if (is_code_test(set->filters[i])) { /* the line of the codes says it */
            LOTS_TRY(plan_codes(p, set->filters[i], set->frame, depth));
            continue;
        }
        p->text.count = 0;
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "where "));
        LOTS_TRY(lots_words_expr(&words, set->filters[i], &p->text, p->err));
        LOTS_TRY(put_line(p, depth, "filter", NULL));
        LOTS_TRY(plan_expr(p, set->filters[i], set->frame, depth + 1));
    }
    if (set->no_ghosts) {
        p->text.count = 0;
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "without events that were never closed (ghosts)"));
        LOTS_TRY(put_line(p, depth, "filter", NULL));
    }
    if (set->event != NULL)
        return plan_expr(p, set->event, set->frame, depth);
    return plan_relation(p, set->relation, depth);
}

lots_status plan_expr(planner *p, const lots_expr *expr, uint32_t frame, uint32_t depth)
{
    if (depth >= PLAN_DEPTH_MOST)
        return LOTS_OK;
    if (is_code_test(expr))
        LOTS_TRY(plan_codes(p, expr, frame, depth));
    if (expr->grouping != NULL)
        LOTS_TRY(plan_grouping(p, expr, depth));
    if (expr->set != NULL) {
        LOTS_TRY(plan_set(p, expr, expr->set, "events", "", depth));
        depth++;
        frame = expr->set->frame;
    }
    for (uint32_t i = 0; i < expr->operand_count; i++)
        LOTS_TRY(plan_expr(p, expr->operands[i], frame, depth));
    for (uint32_t i = 0; i < expr->order_count; i++)
        LOTS_TRY(plan_expr(p, expr->order[i].value, frame, depth));
    return LOTS_OK;
}
