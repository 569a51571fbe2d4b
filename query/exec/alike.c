/* alike.c: see alike.h. What was found is kept by the worker: a table by expression, and lists of the different ones met so
 * far. The lists are short, so that a query of thousands of columns isn't compared all with all. */
#include "query/exec/alike.h"

#include <string.h>

enum { FRAMES_DEEP = 16 };

typedef struct pairing { /* element frames taken for the same, the innermost last */
    const lots_query *query;
    uint32_t a[FRAMES_DEEP], b[FRAMES_DEEP];
    uint32_t count;
} pairing;

static bool same_frame(const pairing *frames, uint32_t a, uint32_t b)
{
    for (uint32_t i = frames->count; i > 0; i--)
        if (frames->a[i - 1] == a || frames->b[i - 1] == b)
            return frames->a[i - 1] == a && frames->b[i - 1] == b;
    return a == b;
}

static bool same_type(const lots_type *a, const lots_type *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == LOTS_TYPE_EVENTS)
        return a->relation == b->relation;
    return a->dictionary == b->dictionary && (a->kind != LOTS_TYPE_SET || a->element == b->element) &&
           (a->kind != LOTS_TYPE_DECIMAL || a->scale == b->scale);
}

static bool same_constant(const lots_constant *a, const lots_constant *b)
{
    return a->missing == b->missing && a->i == b->i && a->i2 == b->i2 && memcmp(&a->f, &b->f, sizeof a->f) == 0 &&
           a->text_bytes == b->text_bytes && (a->text_bytes == 0 || memcmp(a->text, b->text, a->text_bytes) == 0);
}

static bool same_ranks(const lots_rank_set *a, const lots_rank_set *b)
{
    if (a == b || a == NULL || b == NULL)
        return a == b;
    return a->range_count == b->range_count &&
           (a->range_count == 0 || memcmp(a->ranges, b->ranges, a->range_count * sizeof *a->ranges) == 0);
}

static bool same_labels(const lots_expr *a, const lots_expr *b)
{
    if (a->label_count != b->label_count || a->label_first != b->label_first)
        return false;
    for (uint32_t i = 0; i < a->label_count; i++)
        if (strcmp(a->labels[i], b->labels[i]) != 0)
            return false;
    return true;
}

static bool same_node(const pairing *frames, const lots_expr *a, const lots_expr *b)
{
    return a->op == b->op && same_type(&a->type, &b->type) && same_frame(frames, a->of_frame, b->of_frame) &&
           a->index == b->index && a->table == b->table && same_constant(&a->constant, &b->constant) &&
           same_ranks(a->ranks, b->ranks) && a->cohort == b->cohort && a->grouping == b->grouping && a->pick == b->pick &&
           a->whole == b->whole && a->operand_count == b->operand_count && a->order_count == b->order_count &&
           same_labels(a, b);
}

static bool same_set(pairing *frames, const lots_set *a, const lots_set *b);
static bool same_relation(const lots_query *query, uint32_t a, uint32_t b);

static bool same_expr(pairing *frames, const lots_expr *a, const lots_expr *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (!same_node(frames, a, b) || (a->set == NULL) != (b->set == NULL))
        return false;
    const uint32_t outside = frames->count;
    bool same = a->set == NULL || same_set(frames, a->set, b->set);
    if (same && a->set != NULL) {
        frames->a[frames->count] = a->set->frame;
        frames->b[frames->count++] = b->set->frame;
    }
    for (uint32_t i = 0; i < a->operand_count && same; i++)
        same = same_expr(frames, a->operands[i], b->operands[i]);
    for (uint32_t i = 0; i < a->order_count && same; i++)
        same = a->order[i].descending == b->order[i].descending &&
               same_expr(frames, a->order[i].value, b->order[i].value);
    frames->count = outside;
    return same;
}

/* Does `b` begin with all windows and filters of `a`? */
static bool begins_alike(pairing *frames, const lots_set *a, const lots_set *b)
{
    if (a->window_count > b->window_count || a->filter_count > b->filter_count || frames->count + 1 >= FRAMES_DEEP ||
        !same_expr(frames, a->event, b->event) || !same_relation(frames->query, a->relation, b->relation))
        return false;
    frames->a[frames->count] = a->frame;
    frames->b[frames->count++] = b->frame;
    bool same = true;
    for (uint32_t w = 0; w < a->window_count && same; w++)
        same = same_expr(frames, a->windows[w].low, b->windows[w].low) &&
               same_expr(frames, a->windows[w].high, b->windows[w].high);
    for (uint32_t f = 0; f < a->filter_count && same; f++)
        same = same_expr(frames, a->filters[f], b->filters[f]);
    frames->count--;
    return same;
}

static bool same_asked(pairing *frames, const lots_set *a, const lots_set *b)
{
    bool same = a->asked_count == b->asked_count;
    for (uint32_t w = 0; w < a->asked_count && same; w++)
        same = a->asked[w].stream == b->asked[w].stream && same_expr(frames, a->asked[w].low, b->asked[w].low) &&
               same_expr(frames, a->asked[w].high, b->asked[w].high);
    return same;
}

static bool same_set(pairing *frames, const lots_set *a, const lots_set *b)
{
    return a->window_count == b->window_count && a->filter_count == b->filter_count && a->no_ghosts == b->no_ghosts &&
           begins_alike(frames, a, b) && same_asked(frames, a, b);
}

static bool same_exprs(pairing *frames, lots_expr *const *a, uint32_t a_count, lots_expr *const *b, uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; i < a_count && same; i++)
        same = same_expr(frames, a[i], b[i]);
    return same;
}

/* Frames of what a relation is made of are its own: what the sets that stand around it see is of no account. */
static bool same_relation(const lots_query *query, uint32_t a, uint32_t b)
{
    const lots_relation *x = &query->relations[a], *y = &query->relations[b];
    pairing frames = {.query = query};
    if (a == b)
        return true;
    if (x->kind != LOTS_RELATION_EPISODES || y->kind != LOTS_RELATION_EPISODES || x->members != NULL ||
        y->members != NULL || x->frame != y->frame || x->has_gap != y->has_gap || x->gap_days != y->gap_days ||
        x->column_count != y->column_count || !same_set(&frames, x->left, y->left))
        return false;
    frames.a[frames.count] = x->left->frame;
    frames.b[frames.count++] = y->left->frame;
    return same_exprs(&frames, x->per, x->per_count, y->per, y->per_count) &&
           same_exprs(&frames, x->by, x->by_count, y->by, y->by_count);
}

lots_status lots_alike_relation(lots_worker *worker, uint32_t relation, uint32_t *out, lots_error *err)
{
    const lots_query *query = worker->query;
    lots_alike *alike = &worker->alike;
    *out = relation;
    if (query->relations[relation].kind != LOTS_RELATION_EPISODES)
        return LOTS_OK;
    if (alike->relations == NULL) {
        void *made = NULL;
        LOTS_TRY(lots_arena_alloc(&worker->tables, &made, query->relation_count, sizeof(uint32_t), err));
        alike->relations = made;
    }
    for (uint32_t i = 0; alike->relations[relation] == 0 && i <= relation; i++) {
        bool ordered = false, as_ordered = false;
        if (!same_relation(query, i, relation))
            continue;
        LOTS_TRY(lots_relation_is_ordered(worker, i, &ordered, err));
        LOTS_TRY(lots_relation_is_ordered(worker, relation, &as_ordered, err));
        if (ordered == as_ordered)
            alike->relations[relation] = i + 1;
    }
    *out = alike->relations[relation] - 1;
    return LOTS_OK;
}

/* An event's day or column asks as much as the event. */
static bool asks_set(const lots_expr *expr)
{
    const bool of_event = expr->op == LOTS_OP_EVENT_COLUMN || expr->op == LOTS_OP_EVENT_SPAN_END;
    return expr->set != NULL || (of_event && expr->operands[0]->set != NULL);
}

uint32_t lots_alike_id(lots_worker *worker, const lots_expr *expr)
{
    lots_alike *alike = &worker->alike;
    if (!asks_set(expr))
        return expr->id;
    if (alike->ids[expr->id] != 0)
        return alike->ids[expr->id] - 1;
    uint32_t id = expr->id;
    for (uint32_t i = 0; i < alike->expr_count && id == expr->id; i++) {
        pairing frames = {.query = worker->query};
        if (same_expr(&frames, alike->exprs[i], expr))
            id = alike->exprs[i]->id;
    }
    if (id == expr->id && alike->expr_count < LOTS_ALIKE_MAX)
        alike->exprs[alike->expr_count++] = expr;
    alike->ids[expr->id] = id + 1;
    return id;
}

static uint32_t asked_of(const lots_set *set) { return set->window_count + set->filter_count + (set->no_ghosts ? 1 : 0); }

static const lots_set *wider_of(const lots_worker *worker, const lots_set *set)
{
    const lots_alike *alike = &worker->alike;
    const lots_set *wider = NULL;
    for (uint32_t i = 0; i < alike->set_count; i++) {
        const lots_set *at = alike->sets[i];
        pairing frames = {.query = worker->query};
        if (alike->first_sets[i] == at && (!at->no_ghosts || set->no_ghosts) && asked_of(at) < asked_of(set) &&
            asked_of(at) > (wider == NULL ? 0 : asked_of(wider)) && begins_alike(&frames, at, set))
            wider = at;
    }
    return wider;
}

/* Its place among the sets that were met; LOTS_ALIKE_MAX: there is no more room. */
static uint32_t place_of(lots_worker *worker, const lots_set *set)
{
    lots_alike *alike = &worker->alike;
    for (uint32_t i = 0; i < alike->set_count; i++)
        if (alike->sets[i] == set)
            return i;
    if (alike->set_count == LOTS_ALIKE_MAX)
        return LOTS_ALIKE_MAX;
    const lots_set *first = set;
    for (uint32_t i = 0; i < alike->set_count && first == set; i++) {
        pairing frames = {.query = worker->query};
        if (alike->first_sets[i] == alike->sets[i] && same_set(&frames, alike->sets[i], set))
            first = alike->sets[i];
    }
    alike->wider_sets[alike->set_count] = wider_of(worker, set);
    alike->sets[alike->set_count] = set;
    alike->first_sets[alike->set_count] = first;
    return alike->set_count++;
}

const lots_set *lots_alike_set(lots_worker *worker, const lots_set *set)
{
    const uint32_t place = place_of(worker, set);
    return place == LOTS_ALIKE_MAX ? set : worker->alike.first_sets[place];
}

const lots_set *lots_alike_wider(lots_worker *worker, const lots_set *set)
{
    const uint32_t place = place_of(worker, set);
    return place == LOTS_ALIKE_MAX ? NULL : worker->alike.wider_sets[place];
}

/* ---- pipelines ---- */

static bool same_named(pairing *frames, const lots_named_expr *a, uint32_t a_count, const lots_named_expr *b, uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; i < a_count && same; i++)
        same = a[i].slot == b[i].slot && same_expr(frames, a[i].value, b[i].value);
    return same;
}

static bool same_each(pairing *frames, const lots_each *a, const lots_each *b)
{
    bool same = a->kind == b->kind && a->period == b->period && a->months == b->months && a->days == b->days &&
                a->slot_count == b->slot_count && a->numbered == b->numbered && same_expr(frames, a->value, b->value) &&
                same_expr(frames, a->high, b->high);
    for (uint32_t i = 0; i < a->slot_count && same; i++)
        same = a->slots[i] == b->slots[i] && same_type(&a->types[i], &b->types[i]);
    return same;
}

/* Curves say in notes how they are written: they are taken for different. */
static bool same_agg(pairing *frames, const lots_row_agg *a, const lots_row_agg *b)
{
    return a->kind == b->kind && memcmp(&a->parameter, &b->parameter, sizeof a->parameter) == 0 &&
           same_type(&a->type, &b->type) && !lots_row_agg_follows(a) && same_expr(frames, a->value, b->value) &&
           same_expr(frames, a->where, b->where);
}

/* What stands after it stands in the frame of its table. */
static bool same_group(pairing *frames, const lots_bound_stage *a, const lots_bound_stage *b)
{
    bool same = a->totals == b->totals && a->table_slots == b->table_slots && a->agg_count == b->agg_count &&
                frames->count + 1 < FRAMES_DEEP && same_named(frames, a->keys, a->key_count, b->keys, b->key_count);
    for (uint32_t i = 0; i < a->agg_count && same; i++)
        same = same_agg(frames, &a->aggs[i], &b->aggs[i]);
    if (!same)
        return false;
    frames->a[frames->count] = a->table_frame;
    frames->b[frames->count++] = b->table_frame;
    return true;
}

static bool same_stage(pairing *frames, const lots_bound_stage *a, const lots_bound_stage *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case LOTS_STAGE_WHERE: return same_expr(frames, a->where, b->where);
    case LOTS_STAGE_DERIVE: return same_named(frames, a->items, a->item_count, b->items, b->item_count);
    case LOTS_STAGE_EACH: return same_each(frames, &a->each, &b->each);
    case LOTS_STAGE_GROUP: return same_group(frames, a, b);
    default: return false;
    }
}

bool lots_alike_pipelines(const lots_query *query, const lots_bound_pipeline *a, const lots_bound_pipeline *b)
{
    pairing frames = {.query = query, .a = {a->row_frame}, .b = {b->row_frame}, .count = 1};
    bool same = a->source == NULL && b->source == NULL && a->relation == b->relation && a->slot_count == b->slot_count &&
                a->stage_count == b->stage_count && a->column_count == b->column_count && a->aggregated == b->aggregated &&
                a->nobody == b->nobody && !a->explain && !b->explain && !a->pivoted && !b->pivoted && a->chart == NULL &&
                b->chart == NULL && a->into == NULL && b->into == NULL;
    for (uint32_t s = 0; same && s < a->stage_count; s++)
        same = same_stage(&frames, &a->stages[s], &b->stages[s]);
    for (uint32_t c = 0; same && c < a->column_count; c++)
        same = same_type(&a->columns[c].value->type, &b->columns[c].value->type) &&
               same_expr(&frames, a->columns[c].value, b->columns[c].value);
    return same;
}

uint32_t lots_alike_stages(const lots_query *query, const lots_bound_pipeline *a, const lots_bound_pipeline *b)
{
    pairing frames = {.query = query, .a = {a->row_frame}, .b = {b->row_frame}, .count = 1};
    uint32_t count = 0;
    if (a->source != NULL || b->source != NULL || a->relation != UINT32_MAX || b->relation != UINT32_MAX)
        return 0;
    while (count < a->stage_count && count < b->stage_count &&
           (a->stages[count].kind == LOTS_STAGE_WHERE || a->stages[count].kind == LOTS_STAGE_DERIVE) &&
           same_stage(&frames, &a->stages[count], &b->stages[count]))
        count++;
    return count;
}
