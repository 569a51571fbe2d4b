/* panel.c: see panel.h. Events mark the periods they fall in, a bit for each period of each row; then rows are made where a bit
 * is set, or the row is the first of its period that has none. */
#include "query/exec/panel.h"

#include <string.h>

#include "query/exec/candidates.h"

#define PERIODS_MAX 4096u /* then rows are made the long way */
#define PLACES_MANY 16u   /* for each owner */

/* ---- is it one ---- */

typedef struct planner {
    const lots_query *query;
    lots_panel *panel;
    uint32_t frame;          /* of the rows */
    const lots_each *each;
    uint32_t derived[LOTS_COLUMNS_MAX]; /* slots made after `each` */
    uint32_t derived_count;
} planner;

static bool is_period(const planner *p, const lots_expr *expr)
{
    return expr->op == LOTS_OP_SLOT && expr->of_frame == p->frame && expr->index == p->each->slots[0];
}

static bool is_side(const planner *p, const lots_expr *expr, lots_op op)
{
    return expr != NULL && expr->op == op && is_period(p, expr->operands[0]);
}

/* Windows whose days only rows know may be warned of: then none may be left out. */
static bool warns(const lots_expr *expr);

static bool set_warns(const lots_set *set)
{
    bool found = set->asked_count > 0;
    for (uint32_t f = 0; f < set->filter_count && !found; f++)
        found = warns(set->filters[f]);
    return found;
}

static bool warns(const lots_expr *expr)
{
    bool found = expr->set != NULL && set_warns(expr->set);
    for (uint32_t i = 0; i < expr->operand_count && !found; i++)
        found = warns(expr->operands[i]);
    return found;
}

static bool has_set(const lots_expr *expr)
{
    bool found = expr->set != NULL;
    for (uint32_t i = 0; i < expr->operand_count && !found; i++)
        found = has_set(expr->operands[i]);
    return found;
}

/* Does it ask other sets, of its events or for its windows? */
static bool asks_others(const lots_set *set)
{
    bool found = false;
    for (uint32_t f = 0; f < set->filter_count && !found; f++)
        found = has_set(set->filters[f]);
    for (uint32_t w = 0; w < set->window_count && !found; w++)
        found = (set->windows[w].low != NULL && has_set(set->windows[w].low)) ||
                (set->windows[w].high != NULL && has_set(set->windows[w].high));
    return found;
}

static bool reaches_period(const planner *p, const lots_set *set)
{
    for (uint32_t f = 0; f < set->filter_count; f++) {
        const lots_expr *filter = set->filters[f];
        if (filter->op == LOTS_OP_GREATER_EQUAL && filter->operands[0]->op == LOTS_OP_SPAN_END &&
            filter->operands[0]->of_frame == set->frame && is_side(p, filter->operands[1], LOTS_OP_INTERVAL_START))
            return true;
    }
    return false;
}

/* Does a set hold nothing but events of the row's period? */
static bool is_within(const planner *p, const lots_set *set, bool *spans)
{
    *spans = reaches_period(p, set);
    for (uint32_t w = 0; w < set->window_count; w++)
        if (is_side(p, set->windows[w].high, LOTS_OP_INTERVAL_END) &&
            (*spans || is_side(p, set->windows[w].low, LOTS_OP_INTERVAL_START)))
            return true;
    return false;
}

static void keep_set(lots_panel *panel, const lots_set *set, bool spans)
{
    bool known = false;
    for (uint32_t s = 0; s < panel->set_count && !known; s++)
        known = panel->sets[s].set == set && panel->sets[s].spans == spans;
    if (!known)
        panel->sets[panel->set_count++] = (lots_panel_set){set, spans};
}

static bool take_set(planner *p, const lots_expr *expr)
{
    const lots_set *set = expr->set;
    bool spans = false;
    if (set->event != NULL || set_warns(set) || p->panel->set_count == LOTS_PANEL_SETS_MAX ||
        p->query->relations[set->relation].frame != LOTS_FRAME_PATIENT)
        return false;
    if (expr->op == LOTS_OP_COVERED_DAYS)
        spans = is_period(p, expr->operands[0]);
    if (!spans && !is_within(p, set, &spans))
        return false;
    p->panel->nested |= asks_others(set);
    for (uint32_t i = 0; i < expr->operand_count; i++) {
        if (warns(expr->operands[i]))
            return false;
        p->panel->nested |= has_set(expr->operands[i]);
    }
    keep_set(p->panel, set, spans);
    return true;
}

/* What a set without any element gives is the same for all rows. */
static bool is_of_empty(const lots_expr *expr)
{
    switch (expr->op) {
    case LOTS_OP_COUNT: case LOTS_OP_EXISTS: case LOTS_OP_COUNT_DISTINCT: case LOTS_OP_SUM: case LOTS_OP_MIN: case LOTS_OP_MAX:
    case LOTS_OP_MEAN: case LOTS_OP_MEDIAN: case LOTS_OP_QUANTILE: case LOTS_OP_FIRST_VALUE: case LOTS_OP_LAST_VALUE:
    case LOTS_OP_SET_OF: case LOTS_OP_MOST: case LOTS_OP_GROUPS_OVER: case LOTS_OP_SCORE_OVER: case LOTS_OP_NIGHTS:
    case LOTS_OP_COVERED_DAYS:
        return true;
    default: return false;
    }
}

static bool is_leaf(lots_op op)
{
    return op == LOTS_OP_COLUMN || op == LOTS_OP_SPAN_END || op == LOTS_OP_IS_OPEN || op == LOTS_OP_LOOKUP ||
           op == LOTS_OP_COHORT || op == LOTS_OP_PATIENT_ID || op == LOTS_OP_EVENT || op == LOTS_OP_PATH ||
           op == LOTS_OP_PATH_NUMBER;
}

static bool is_derived(const planner *p, const lots_expr *expr)
{
    bool found = false;
    for (uint32_t i = 0; i < p->derived_count && !found; i++)
        found = p->derived[i] == expr->index;
    return found;
}

/* Is the value the same for all rows of a period without events in the panel's sets? */
static bool is_alike(planner *p, const lots_expr *expr)
{
    if (expr->set != NULL)
        return is_of_empty(expr) && take_set(p, expr);
    if (expr->op == LOTS_OP_CONSTANT)
        return true;
    if (expr->op == LOTS_OP_SLOT)
        return expr->of_frame == p->frame &&
               (expr->index == p->each->slots[0] || expr->index == p->each->slots[1] || is_derived(p, expr));
    bool alike = !is_leaf(expr->op) && expr->operand_count > 0;
    for (uint32_t i = 0; i < expr->operand_count && alike; i++)
        alike = is_alike(p, expr->operands[i]);
    return alike;
}

static bool takes_derive(planner *p, const lots_bound_stage *stage)
{
    for (uint32_t i = 0; i < stage->item_count; i++) {
        if (p->derived_count == LOTS_COLUMNS_MAX || stage->items[i].slot == UINT32_MAX || !is_alike(p, stage->items[i].value))
            return false;
        p->derived[p->derived_count++] = stage->items[i].slot;
    }
    return true;
}

/* Sums of whole numbers, and counts, know what to do with weights. */
static bool takes_aggregate(planner *p, const lots_row_agg *agg)
{
    const lots_row_agg_kind kind = agg->kind;
    const bool sums = kind == LOTS_AGG_SUM || kind == LOTS_AGG_MEAN;
    if ((!sums && kind != LOTS_AGG_COUNT && kind != LOTS_AGG_PATIENTS && kind != LOTS_AGG_RATE) || agg->exit != NULL ||
        agg->at != NULL || (sums && agg->value->type.kind == LOTS_TYPE_FLOAT))
        return false;
    return (agg->value == NULL || is_alike(p, agg->value)) && (agg->where == NULL || is_alike(p, agg->where));
}

/* A key tells the periods apart: then nobody is twice in a group. */
static bool takes_group(planner *p, const lots_bound_stage *group)
{
    bool apart = false;
    for (uint32_t k = 0; k < group->key_count; k++) {
        const lots_expr *key = group->keys[k].value;
        apart |= is_period(p, key) || (key->op == LOTS_OP_SLOT && key->of_frame == p->frame && key->index == p->each->slots[1]);
        if (!is_alike(p, key))
            return false;
    }
    for (uint32_t a = 0; a < group->agg_count; a++)
        if (!takes_aggregate(p, &group->aggs[a]))
            return false;
    return apart && !group->totals;
}

static bool makes_rows(const lots_bound_stage *stage)
{
    return stage->kind == LOTS_STAGE_EACH;
}

/* The only `each` of the pipeline. */
static bool find_each(const lots_bound_pipeline *pipeline, const lots_bound_stage *stages, uint32_t count, uint32_t *out)
{
    uint32_t found = 0;
    for (const lots_bound_stage *at = pipeline->stages; at < stages + count; at++)
        if (makes_rows(at)) {
            found++;
            *out = at < stages ? count : (uint32_t)(at - stages);
        }
    return found == 1 && *out < count;
}

void lots_panel_plan(const lots_query *query, const lots_bound_pipeline *pipeline, const lots_bound_stage *stages,
                     uint32_t stage_count, const lots_bound_stage *group, lots_panel *out)
{
    memset(out, 0, sizeof *out);
    if (group == NULL || pipeline->source != NULL || pipeline->relation != UINT32_MAX ||
        !find_each(pipeline, stages, stage_count, &out->each))
        return;
    planner p = {.query = query, .panel = out, .frame = pipeline->row_frame, .each = &stages[out->each].each};
    if (p.each->slot_count != 2 || p.each->kind == LOTS_EACH_PAIR)
        return;
    for (uint32_t s = out->each + 1; s < stage_count; s++) {
        if (s == out->each + 1 && stages[s].kind == LOTS_STAGE_WHERE) /* the plan of `each` tells */
            continue;
        if (stages[s].kind != LOTS_STAGE_DERIVE || !takes_derive(&p, &stages[s]))
            return;
    }
    out->is = takes_group(&p, group);
}

/* ---- marks ---- */

typedef struct marker {
    lots_worker *worker;
    lots_arena *arena;
    const lots_periods *periods;
    const lots_instance *rows;
    const uint32_t *first, *end; /* by row: the periods it has */
    uint32_t words;              /* a row */
    uint64_t *bits;
    int32_t low, high;           /* days */
    bool nested;                 /* as the panel's */
} marker;

static void mark_span(const marker *m, int32_t start, int32_t end, uint64_t *bits)
{
    const uint32_t from = start <= m->low ? 0 : m->periods->of_day[start - m->low];
    const uint32_t to = end >= m->high ? m->periods->count - 1 : m->periods->of_day[end - m->low];
    if (from <= to) /* not so when it ends before it starts, in another period */
        lots_bits_set_range(bits, from, to + 1);
}

/* ---- of rows each of its own patient ---- */

/* The row of each owner, LOTS_NO_ID: none; *bits: of those whose row has any period. False: an owner has several rows. */
static bool rows_of_owners(const marker *m, const uint32_t *owner, uint32_t owners, uint32_t *rows, uint64_t *bits)
{
    bool once = true;
    memset(rows, 0xff, owners * sizeof *rows);
    for (uint32_t r = 0; r < m->rows->count && once; r++) {
        once = rows[owner[r]] == LOTS_NO_ID;
        rows[owner[r]] = r;
        if (m->first[r] < m->end[r])
            lots_bit_set(bits, owner[r]);
    }
    return once;
}

/* Bits of the places that fall in the periods, of the owners asked for (NULL: of all). */
static lots_status places_within(const marker *m, const lots_passed *passed, bool spans, const uint64_t *asked, uint64_t **out,
                                 lots_error *err)
{
    const lots_kernels *kernels = m->worker->kernels;
    const uint32_t count = passed->count;
    uint64_t *theirs = NULL, *late = NULL;
    LOTS_TRY(lots_new_bits(m->arena, count, &theirs, err));
    LOTS_TRY(lots_new_bits(m->arena, count, &late, err));
    LOTS_TRY(lots_new_bits(m->arena, count, out, err));
    kernels->range_i32(passed->starts, count, spans ? INT32_MIN : m->low, m->high, *out);
    if (asked != NULL) {
        kernels->broadcast_bits(asked, passed->offsets, passed->relation->owners->count, theirs);
        lots_bits_and(*out, *out, theirs, count);
    }
    if (!spans)
        return LOTS_OK;
    kernels->range_i32(passed->ends, count, m->low, INT32_MAX, late);
    lots_bits_and(*out, *out, late, count);
    return LOTS_OK;
}

/* Place by place. `row`: of each owner; NULL: the owner. */
static lots_status mark_places(const marker *m, lots_passed *passed, bool spans, const uint32_t *row, const uint64_t *asked,
                               lots_error *err)
{
    const uint32_t *owner = NULL;
    uint64_t *within = NULL;
    LOTS_TRY(lots_passed_owners(m->worker, passed, &owner, err));
    LOTS_TRY(places_within(m, passed, spans, asked, &within, err));
    for (size_t w = 0; w < lots_bit_words(passed->count); w++)
        for (uint64_t left = within[w]; left != 0; left &= left - 1) {
            const size_t i = w * 64 + (size_t)__builtin_ctzll(left);
            uint64_t *bits = m->bits + (size_t)(row == NULL ? owner[i] : row[owner[i]]) * m->words;
            if (spans)
                mark_span(m, passed->starts[i], passed->ends[i], bits);
            else
                lots_bit_set(bits, m->periods->of_day[passed->starts[i] - m->low]);
        }
    return LOTS_OK;
}

/* *done false: an owner has several rows, or so many places that a search among them is better. Nothing is marked then. */
static lots_status mark_owners(const marker *m, lots_passed *passed, bool spans, const uint32_t *owner, bool *done,
                               lots_error *err)
{
    const uint32_t owners = passed->relation->owners->count;
    uint32_t *row = NULL;
    uint64_t *asked = NULL;
    *done = spans || passed->count / PLACES_MANY < owners;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(m->arena, owners, &asked, err));
    if (owner == NULL) {
        m->worker->kernels->less_i32((const int32_t *)m->first, (const int32_t *)m->end, owners, asked);
        return mark_places(m, passed, spans, NULL, asked, err);
    }
    LOTS_TRY(lots_new_u32(m->arena, owners, &row, err));
    *done = rows_of_owners(m, owner, owners, row, asked);
    return *done ? mark_places(m, passed, spans, row, asked, err) : LOTS_OK;
}

/* Of events that are in no period nothing is asked, here or later. */
static lots_status leave_within(const marker *m, lots_passed *passed, bool spans, lots_error *err)
{
    uint64_t *within = NULL;
    LOTS_TRY(places_within(m, passed, spans, NULL, &within, err));
    return lots_passed_narrow(m->worker, passed, within, err);
}

/* ---- row by row ---- */

/* The first of the places whose start is at least `day`; without branches on days, which foretell nothing. */
static uint32_t skip_early(const int32_t *starts, uint32_t from, uint32_t to, int32_t day)
{
    uint32_t left = to - from;
    while (left > 1) {
        const uint32_t half = left / 2;
        from += starts[from + half - 1] < day ? half : 0;
        left -= half;
    }
    return from + (left == 1 && starts[from] < day ? 1 : 0);
}

static void mark_row(const marker *m, const lots_passed *passed, bool spans, uint32_t row, uint32_t owner)
{
    uint64_t *bits = m->bits + (size_t)row * m->words;
    const uint32_t end = passed->offsets[owner + 1], *of_day = m->periods->of_day;
    const int32_t *starts = passed->starts, low = m->low, high = m->high;
    uint32_t i = passed->offsets[owner];
    for (; spans && i < end && starts[i] <= high; i++)
        if (passed->ends[i] >= low)
            mark_span(m, starts[i], passed->ends[i], bits);
    i = spans ? end : skip_early(starts, i, end, low);
    uint64_t word = 0;
    for (; m->words == 1 && i < end && starts[i] <= high; i++)
        word |= UINT64_C(1) << of_day[starts[i] - low];
    bits[0] |= word;
    for (; i < end && starts[i] <= high; i++)
        lots_bit_set(bits, of_day[starts[i] - low]);
}

/* ---- of a set ---- */

/* *done false: whether an event is of the set can't be said. */
static lots_status mark_set(const marker *m, const lots_panel_set *set, bool *done, lots_error *err)
{
    lots_relation_rows *relation = NULL;
    lots_passed *passed = NULL;
    const uint32_t *owner = NULL;
    bool marked = false;
    LOTS_TRY(lots_relation_get(m->worker, set->set->relation, m->rows, &relation, err));
    LOTS_TRY(lots_set_passed(m->worker, set->set, relation, &passed, err));
    *done = passed != NULL;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_passed_starts(m->worker, passed, err));
    if (set->spans)
        LOTS_TRY(lots_passed_ends(m->worker, passed, err));
    if (!m->nested && passed->elements == NULL && passed->rows != NULL)
        LOTS_TRY(leave_within(m, passed, set->spans, err));
    LOTS_TRY(lots_instance_index(m->worker, m->rows, relation->owners, &owner, err));
    LOTS_TRY(mark_owners(m, passed, set->spans, owner, &marked, err));
    for (uint32_t r = 0; r < m->rows->count && !marked; r++)
        if (m->first[r] < m->end[r])
            mark_row(m, passed, set->spans, r, owner == NULL ? r : owner[r]);
    m->worker->work.rows += m->rows->count + passed->count;
    return LOTS_OK;
}

/* Bits of the words in which anything is marked. */
static lots_status words_marked(const marker *m, uint64_t **out, lots_error *err)
{
    const size_t words = (size_t)m->rows->count * m->words;
    uint64_t *none = NULL;
    LOTS_TRY(lots_new_bits(m->arena, words, &none, err));
    LOTS_TRY(lots_new_bits(m->arena, words, out, err));
    m->worker->kernels->range_i64((const int64_t *)m->bits, words, 0, 0, none);
    lots_bits_not(*out, none, words);
    return LOTS_OK;
}

/* ---- rows ---- */

static uint64_t low_bits(uint32_t count) { return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1; }

/* The periods first .. end - 1 that are in word w. */
static uint64_t range_in(uint32_t first, uint32_t end, uint32_t w)
{
    const uint32_t base = w * 64;
    const uint32_t from = first > base ? first - base : 0, to = end > base ? end - base : 0;
    return low_bits(to) & ~low_bits(from);
}

typedef struct blanks { /* by period: rows without an event */
    uint32_t *count, *row; /* how many, and the first of them, which stands for all; LOTS_NO_ID */
    uint64_t *have;        /* bits of those that have any; while rows are put: whose first is still to come */
    uint32_t persons, rows; /* with any period; rows to be made */
} blanks;

/* Leave of a word's marks those in its row's range, and count what has none. */
static void count_word(const marker *m, uint32_t r, uint32_t w, blanks *out)
{
    uint64_t *own = m->bits + (size_t)r * m->words + w;
    const uint64_t range = range_in(m->first[r], m->end[r], w);
    *own &= range;
    for (uint64_t bits = *own; bits != 0; bits &= bits - 1, out->rows++)
        out->count[w * 64 + (uint32_t)__builtin_ctzll(bits)]--;
    for (uint64_t bits = range & ~*own & ~out->have[w]; bits != 0; bits &= bits - 1, out->rows++)
        out->row[w * 64 + (uint32_t)__builtin_ctzll(bits)] = r;
    out->have[w] |= range & ~*own;
}

/* Does each period have a row without an event? */
static bool have_all(const marker *m, const blanks *out)
{
    bool all = true;
    for (uint32_t w = 0; w < m->words && all; w++)
        all = out->have[w] == low_bits(m->periods->count - w * 64);
    return all;
}

/* Mostly the first few rows leave only words with marks to look at. */
static void count_blanks(const marker *m, const uint64_t *marked, blanks *out)
{
    uint32_t r = 0;
    for (; r < m->rows->count && !have_all(m, out); r++)
        for (uint32_t w = 0; w < m->words; w++)
            count_word(m, r, w, out);
    const size_t words = (size_t)m->rows->count * m->words;
    for (size_t at = lots_bits_next(marked, (size_t)r * m->words, words); at < words; at = lots_bits_next(marked, at + 1, words))
        count_word(m, (uint32_t)(at / m->words), (uint32_t)(at % m->words), out);
}

static lots_status find_blanks(const marker *m, const uint64_t *marked, blanks *out, lots_error *err)
{
    const uint32_t periods = m->periods->count;
    uint32_t have = 0;
    memset(out, 0, sizeof *out);
    LOTS_TRY(lots_new_u32(m->arena, (size_t)m->words * 64 + 1, &out->count, err));
    LOTS_TRY(lots_new_u32(m->arena, (size_t)m->words * 64, &out->row, err));
    LOTS_TRY(lots_new_bits(m->arena, (size_t)m->words * 64, &out->have, err));
    memset(out->count, 0, ((size_t)periods + 1) * sizeof(uint32_t));
    for (uint32_t p = 0; p < periods; p++)
        out->row[p] = LOTS_NO_ID;
    for (uint32_t r = 0; r < m->rows->count; r++) {
        if (m->first[r] == m->end[r])
            continue;
        out->persons++;
        if (m->first[r] == 0 && m->end[r] == periods) { /* mostly */
            have++;
            continue;
        }
        out->count[m->first[r]]++;
        out->count[m->end[r]]--; /* wraps, and back below */
    }
    for (uint32_t p = 0; p < periods; p++)
        out->count[p] = have += out->count[p];
    count_blanks(m, marked, out);
    return LOTS_OK;
}

typedef struct placed { /* which row and period each new row is of, and its weight */
    uint32_t *row, *period, *weight, count;
} placed;

static void put_word(const marker *m, uint32_t r, uint32_t w, blanks *blank, placed *out)
{
    uint64_t own = m->bits[(size_t)r * m->words + w];
    const uint64_t firsts = range_in(m->first[r], m->end[r], w) & ~own & blank->have[w];
    blank->have[w] &= ~firsts;
    for (own |= firsts; own != 0; own &= own - 1, out->count++) {
        const uint32_t period = w * 64 + (uint32_t)__builtin_ctzll(own);
        out->row[out->count] = r;
        out->period[out->count] = period;
        out->weight[out->count] = blank->row[period] == r ? blank->count[period] : 1;
    }
}

static bool have_any(const marker *m, const blanks *blank)
{
    bool any = false;
    for (uint32_t w = 0; w < m->words && !any; w++)
        any = blank->have[w] != 0;
    return any;
}

static void put_rows(const marker *m, const uint64_t *marked, blanks *blank, placed *out)
{
    uint32_t r = 0;
    for (; r < m->rows->count && have_any(m, blank); r++)
        for (uint32_t w = 0; w < m->words; w++)
            put_word(m, r, w, blank, out);
    const size_t words = (size_t)m->rows->count * m->words;
    for (size_t at = lots_bits_next(marked, (size_t)r * m->words, words); at < words; at = lots_bits_next(marked, at + 1, words))
        put_word(m, (uint32_t)(at / m->words), (uint32_t)(at % m->words), blank, out);
}

lots_status lots_panel_rows(lots_worker *worker, const lots_panel *panel, const lots_each *each, const lots_each_plan *plan,
                            const lots_instance *rows, lots_instance **out, lots_group_weights *weights, bool *done,
                            lots_error *err)
{
    lots_arena *arena = lots_instance_arena(worker, rows);
    const lots_periods *periods = &plan->periods;
    uint32_t *first = NULL, *end = NULL;
    uint64_t *marked = NULL;
    blanks blank;
    placed made = {.count = 0};
    *done = false;
    if (!plan->known || !plan->exact || periods->of_day == NULL || periods->count > PERIODS_MAX || rows->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena, rows->count, &first, err));
    LOTS_TRY(lots_new_u32(arena, rows->count, &end, err));
    LOTS_TRY(lots_each_within(worker, plan, rows, first, end, err));
    marker m = {.worker = worker, .arena = arena, .periods = periods, .rows = rows, .first = first, .end = end,
                .words = (uint32_t)lots_bit_words(periods->count), .low = periods->starts[0],
                .high = periods->ends[periods->count - 1], .nested = panel->nested};
    LOTS_TRY(lots_new_bits(arena, (size_t)rows->count * m.words * 64, &m.bits, err));
    *done = true;
    for (uint32_t s = 0; s < panel->set_count && *done; s++)
        LOTS_TRY(mark_set(&m, &panel->sets[s], done, err));
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(words_marked(&m, &marked, err));
    LOTS_TRY(find_blanks(&m, marked, &blank, err));
    LOTS_TRY(lots_new_u32(arena, blank.rows, &made.row, err));
    LOTS_TRY(lots_new_u32(arena, blank.rows, &made.period, err));
    LOTS_TRY(lots_new_u32(arena, blank.rows, &made.weight, err));
    put_rows(&m, marked, &blank, &made);
    worker->work.rows += rows->count + blank.rows;
    *weights = (lots_group_weights){.weight = made.weight, .persons = blank.persons};
    LOTS_TRY(lots_rows_take(worker, rows, made.row, blank.rows, out, err));
    return lots_each_fill(worker, each, periods, made.period, blank.rows, *out, err);
}
