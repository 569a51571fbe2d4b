/* words_set.c: event sets and where their events come from, in words. See words.h. */
#include <inttypes.h>

#include "query/plan/words_inner.h"

static lots_status write_ends(writer *w, const lots_window *window)
{
    if (window->low == NULL || window->high == NULL) {
        LOTS_TRY(write_text(w, window->low == NULL ? " until " : " since "));
        return write_expr(w, window->low == NULL ? window->high : window->low, WORD_SUM);
    }
    LOTS_TRY(write_text(w, " during "));
    LOTS_TRY(write_expr(w, window->low, WORD_SUM));
    bool plain = window->low->op == LOTS_OP_CONSTANT && window->high->op == LOTS_OP_CONSTANT;
    LOTS_TRY(write_text(w, plain ? ".." : " .. "));
    return write_expr(w, window->high, WORD_SUM);
}

/* Beside the events of a set, a column of another row says whose it is. */
static lots_status write_window(writer *w, const lots_window *window)
{
    const lots_words *outer = w->words;
    lots_words inner = *outer;
    if (window->low == NULL && window->high == NULL)
        return LOTS_OK;
    inner.frame = LOTS_FRAME_CONSTANT;
    w->words = &inner;
    lots_status status = write_ends(w, window);
    w->words = outer;
    return status;
}

bool lots_words_is_idle(const lots_expr *filter)
{
    return filter->op == LOTS_OP_LESS_EQUAL && filter->operands[0]->op == LOTS_OP_CONSTANT &&
           filter->operands[1]->op == LOTS_OP_CONSTANT && !filter->operands[0]->constant.missing &&
           !filter->operands[1]->constant.missing && filter->operands[0]->type.kind == LOTS_TYPE_DATE &&
           filter->operands[0]->constant.i <= filter->operands[1]->constant.i;
}

static lots_status write_filters(writer *w, const lots_set *set)
{
    const lots_words *outer = w->words;
    lots_words inner = *outer;
    inner.frame = set->frame;
    w->words = &inner;
    lots_status status = LOTS_OK;
    bool first = true;
    for (uint32_t i = 0; i < set->filter_count && status == LOTS_OK; i++) {
        if (lots_words_is_idle(set->filters[i]))
            continue;
        status = write_text(w, first ? " where " : " and ");
        first = false;
        if (status == LOTS_OK)
            status = write_expr(w, set->filters[i], WORD_NOT);
    }
    w->words = outer;
    return status;
}

static bool is_narrowed(const lots_set *set) { return set->window_count > 0 || set->filter_count > 0; }

lots_status write_set(writer *w, const lots_set *set)
{
    LOTS_TRY(set->event != NULL ? write_expr(w, set->event, WORD_PRIMARY) : write_relation(w, set->relation));
    LOTS_TRY(write_filters(w, set));
    for (uint32_t i = 0; i < set->window_count; i++)
        LOTS_TRY(write_window(w, &set->windows[i]));
    return LOTS_OK;
}

static lots_status write_side(writer *w, const lots_set *set)
{
    LOTS_TRY(write_text(w, is_narrowed(set) ? "(" : ""));
    LOTS_TRY(write_set(w, set));
    return write_text(w, is_narrowed(set) ? ")" : "");
}

/* by or per keys of a derived relation: they stand in left's elements. */
static lots_status write_keys(writer *w, const lots_relation *relation, const char *word, lots_expr *const *keys,
                              uint32_t count)
{
    const lots_words *outer = w->words;
    lots_words inner = *outer;
    inner.frame = relation->left->frame;
    LOTS_TRY(write_text(w, count > 0 ? word : ""));
    w->words = &inner;
    lots_status status = write_list(w, keys, count);
    w->words = outer;
    return status;
}

static lots_status write_made(writer *w, const lots_relation *relation, const char *name)
{
    LOTS_TRY(write_text(w, name));
    LOTS_TRY(write_set(w, relation->left));
    LOTS_TRY(write_keys(w, relation, " per ", relation->per, relation->per_count));
    LOTS_TRY(write_keys(w, relation, " by ", relation->by, relation->by_count));
    if (relation->has_gap && !w->full)
        LOTS_TRY(lots_bytes_printf(w->out, w->err, " gap %" PRId64 "d", relation->gap_days));
    return write_text(w, ")");
}

static lots_status write_lapse(writer *w, const lots_match_step *step)
{
    if (!step->has_within || w->full)
        return LOTS_OK;
    LOTS_TRY(lots_bytes_printf(w->out, w->err, " within %" PRId64 "%s", step->within, step->months ? "mo" : "d"));
    if (step->since == LOTS_MATCH_PREVIOUS)
        return LOTS_OK;
    return lots_bytes_printf(w->out, w->err, " since step %" PRIu32, step->since + 1);
}

static lots_status write_pattern(writer *w, const lots_match_pattern *pattern)
{
    LOTS_TRY(write_text(w, pattern->each ? "match each " : "match "));
    for (uint32_t i = 0; i < pattern->step_count && !w->full; i++) {
        const lots_match_step *step = &pattern->steps[i];
        LOTS_TRY(write_text(w, i > 0 ? " then " : ""));
        LOTS_TRY(write_text(w, step->no ? "no " : ""));
        if (!step->no && (step->least != 1 || step->most != 1) && !w->full) {
            LOTS_TRY(lots_bytes_printf(w->out, w->err, "%" PRIu32, step->least));
            if (step->most != step->least)
                LOTS_TRY(step->most == LOTS_MATCH_MANY ? write_text(w, "..")
                                                       : lots_bytes_printf(w->out, w->err, "..%" PRIu32, step->most));
            LOTS_TRY(write_text(w, " "));
        }
        LOTS_TRY(write_side(w, step->set));
        LOTS_TRY(write_lapse(w, step));
    }
    return LOTS_OK;
}

lots_status write_relation(writer *w, uint32_t index)
{
    const lots_relation *relation = &w->words->query->relations[index];
    if (w->full)
        return LOTS_OK;
    switch (relation->kind) {
    case LOTS_RELATION_STREAM: return write_text(w, relation->name);
    case LOTS_RELATION_EPISODES: return write_made(w, relation, "episodes(");
    case LOTS_RELATION_STEPS: return write_made(w, relation, "steps(");
    case LOTS_RELATION_ACTIVE: return write_made(w, relation, "active(");
    case LOTS_RELATION_UNION:
    case LOTS_RELATION_MINUS:
        LOTS_TRY(write_text(w, "("));
        LOTS_TRY(write_side(w, relation->left));
        LOTS_TRY(write_text(w, relation->kind == LOTS_RELATION_UNION ? " union " : " minus "));
        LOTS_TRY(write_side(w, relation->right));
        return write_text(w, ")");
    case LOTS_RELATION_MATCH: return write_pattern(w, relation->pattern);
    }
    return write_text(w, relation->name);
}

lots_status lots_words_set(const lots_words *words, const lots_set *set, lots_bytes *out, lots_error *err)
{
    writer w = {.words = words, .out = out, .from = out->count, .err = err};
    return write_set(&w, set);
}

lots_status lots_words_relation(const lots_words *words, uint32_t relation, lots_bytes *out, lots_error *err)
{
    writer w = {.words = words, .out = out, .from = out->count, .err = err};
    return write_relation(&w, relation);
}
