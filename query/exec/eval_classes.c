/* eval_classes.c: groups and scores of classifications. The codes of a list, or of all events of a range, are collected
 * as bits by group first; the rules and weights follow once a row. Over windows that only move forward the collection
 * slides: each code enters and leaves once, however much the windows overlap. */
#include <stdlib.h>
#include <string.h>

#include "query/exec/aggregate.h"
#include "query/lang/grouping.h"

/* ---- the groups of each list, without rules ---- */

static const lots_id *list_of(const lots_grouping *grouping, lots_id code, uint32_t *count)
{
    *count = grouping->offsets[code + 1] - grouping->offsets[code];
    return grouping->lists + grouping->offsets[code];
}

/* Which of some codes are in any group, as bits: most are in none, and then nothing else is asked of them. `offsets`: of the
 * groups' lists, by rank; one for each expression. */
static lots_status find_listed(const lots_step *step, const uint32_t *offsets, uint32_t rank_count, const uint32_t *codes,
                               uint32_t count, uint64_t **out, lots_error *err)
{
    uint64_t **table = &step->worker->rank_tables[step->expr->id];
    if (*table == NULL) {
        LOTS_TRY(lots_new_bits(&step->worker->tables, rank_count, table, err));
        for (uint32_t rank = 0; rank < rank_count; rank++)
            if (offsets[rank] < offsets[rank + 1])
                lots_bit_set(*table, rank);
    }
    LOTS_TRY(lots_new_bits(step->arena, count, out, err));
    step->worker->kernels->lookup_bits(codes, count, *table, rank_count, *out);
    return LOTS_OK;
}

/* Bits to numbers, rising; the bits are cleared. */
static uint32_t take_bits(uint64_t *bits, size_t words, lots_id *out)
{
    uint32_t count = 0;
    for (size_t w = 0; w < words; w++) {
        for (; bits[w] != 0; bits[w] &= bits[w] - 1)
            out[count++] = (lots_id)(w * 64 + (size_t)__builtin_ctzll(bits[w]));
    }
    return count;
}

/* The groups of one row's listed codes, those of the bits from *at up to `end`, into `out`, each once, rising. */
static uint32_t groups_of(const lots_grouping *grouping, const uint32_t *codes, const uint64_t *listed, size_t *at, size_t end,
                          uint64_t *bits, size_t words, lots_id *out)
{
    uint32_t here = 0;
    const lots_id *list = list_of(grouping, codes[*at], &here);
    const size_t next = lots_bits_next(listed, *at + 1, end);
    if (next == end) { /* a single code's list is that already */
        memcpy(out, list, here * sizeof *out);
        *at = end;
        return here;
    }
    for (; *at < end; *at = lots_bits_next(listed, *at + 1, end)) {
        list = list_of(grouping, codes[*at], &here);
        for (uint32_t k = 0; k < here; k++)
            lots_bit_set(bits, list[k]);
    }
    return take_bits(bits, words, out);
}

static size_t count_listed(const lots_grouping *grouping, const uint32_t *codes, const uint64_t *listed, uint32_t count)
{
    size_t all = 0;
    for (size_t i = lots_bits_next(listed, 0, count); i < count; i = lots_bits_next(listed, i + 1, count))
        all += grouping->offsets[codes[i] + 1] - grouping->offsets[codes[i]];
    return all;
}

static lots_status eval_code_groups(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *x = &step->in[0];
    const lots_grouping *grouping = step->expr->grouping;
    const uint32_t *codes = x->data;
    const uint32_t code_count = x->offsets != NULL ? x->offsets[step->count] : step->count;
    const size_t words = lots_bit_words(lots_dictionary_count(grouping->names));
    uint64_t *bits = NULL, *listed = NULL;
    LOTS_TRY(find_listed(step, grouping->offsets, grouping->bound->code_count, codes, code_count, &listed, err));
    const size_t most = count_listed(grouping, codes, listed, code_count);
    if (most > UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "more than 4 thousand million groups at once");
    LOTS_TRY(lots_new_bits(step->arena, words * 64, &bits, err));
    LOTS_TRY(lots_arena_vector(step->arena, &out->data, most, sizeof(lots_id), err));
    lots_id *groups = out->data;
    uint32_t made = 0;
    size_t at = lots_bits_next(listed, 0, code_count);
    out->offsets[0] = 0;
    for (uint32_t i = 0; i < step->count; i++) {
        const uint32_t end = x->offsets != NULL ? x->offsets[i + 1] : i + 1;
        if (at < end) {
            if (!lots_vector_is_missing(x, i))
                made += groups_of(grouping, codes, listed, &at, end, bits, words, groups + made);
            at = lots_bits_next(listed, end, code_count);
        }
        out->offsets[i + 1] = made;
    }
    step->worker->work.rows += code_count;
    return LOTS_OK;
}

static lots_status eval_code_group(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_grouping *grouping = step->expr->grouping;
    const uint32_t *codes = step->in[0].data;
    lots_id *groups = out->data;
    step->worker->work.rows += step->count;
    for (uint32_t i = 0; i < step->count; i++) {
        uint32_t count = 0;
        const lots_id *list = list_of(grouping, codes[i], &count);
        groups[i] = 0;
        if (count > 0 && !lots_vector_is_missing(out, i)) {
            groups[i] = list[0];
        } else {
            LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
            lots_bit_set(out->missing, i);
        }
    }
    return LOTS_OK;
}

/* ---- collecting first, then the rules ---- */

typedef struct collecting {
    const lots_step *step;
    const lots_grouping *grouping;
    const lots_ranges *ranges;
    const lots_vector *x;
    lots_vector *out;
    size_t words;
    uint64_t *listed; /* codes that are in any group */
    uint64_t *groups; /* collected */
    bool changed;     /* since they were put through the rules */
    bool any;
    uint64_t *ruled;
    int64_t score;
    uint32_t *held;   /* by group: how many codes in the window; NULL when it doesn't slide */
    lots_id *ranks;   /* groups of all rows so far */
    size_t rank_count, rank_room;
} collecting;

static const uint32_t *codes_at(const lots_vector *x, uint32_t at, uint32_t *count)
{
    if (x->offsets == NULL) {
        *count = 1;
        return (const uint32_t *)x->data + at;
    }
    *count = x->offsets[at + 1] - x->offsets[at];
    return (const uint32_t *)x->data + x->offsets[at];
}

static bool counts(const lots_ranges *ranges, uint32_t at)
{
    return ranges->mask == NULL || lots_bit_get(ranges->mask, at);
}

static int by_rank(const void *a, const void *b)
{
    const lots_id x = *(const lots_id *)a, y = *(const lots_id *)b;
    return (x > y) - (x < y);
}

static lots_status want_ranks(collecting *c, lots_error *err)
{
    const size_t most = c->grouping->classification->group_count;
    if (c->rank_count + most > UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "more than 4 thousand million groups at once");
    if (c->rank_count + most <= c->rank_room)
        return LOTS_OK;
    lots_id *wider = NULL;
    const size_t room = (c->rank_count + most) * 2;
    LOTS_TRY(lots_new_u32(c->step->arena, room, &wider, err));
    if (c->rank_count > 0)
        memcpy(wider, c->ranks, c->rank_count * sizeof *wider);
    c->ranks = wider;
    c->rank_room = room;
    return LOTS_OK;
}

static lots_status put_groups(collecting *c, lots_error *err)
{
    const size_t from = c->rank_count, groups = c->grouping->classification->group_count;
    LOTS_TRY(want_ranks(c, err));
    for (size_t g = lots_bits_next(c->ruled, 0, groups); g < groups; g = lots_bits_next(c->ruled, g + 1, groups))
        c->ranks[c->rank_count++] = c->grouping->rank_of_group[g];
    if (c->rank_count - from > 1)
        qsort(c->ranks + from, c->rank_count - from, sizeof *c->ranks, by_rank);
    return LOTS_OK;
}

/* Put what was collected through the rules. Most rows have nothing. */
static void judge(collecting *c)
{
    const lots_classification *classification = c->grouping->classification;
    uint64_t any = 0;
    for (size_t w = 0; w < c->words; w++)
        any |= c->groups[w];
    c->any = any != 0;
    c->score = 0;
    c->changed = false;
    if (!c->any)
        return;
    lots_classification_apply(classification, c->groups, c->ruled);
    if (c->out->type.kind != LOTS_TYPE_SET)
        c->score = lots_classification_score(classification, c->step->expr->index, c->ruled);
}

/* What the codes collected make of a row; the same as of the row before when they are the same. */
static lots_status settle(collecting *c, uint32_t row, lots_error *err)
{
    if (c->changed)
        judge(c);
    if (c->out->type.kind != LOTS_TYPE_SET) {
        ((int64_t *)c->out->data)[row] = c->score;
        return LOTS_OK;
    }
    if (c->any)
        LOTS_TRY(put_groups(c, err));
    c->out->offsets[row + 1] = (uint32_t)c->rank_count;
    return LOTS_OK;
}

/* The groups of codes that lie side by side; false when there is none. */
static bool collect_codes(collecting *c, uint32_t from, uint32_t end)
{
    const uint32_t *codes = c->x->data;
    const size_t first = lots_bits_next(c->listed, from, end);
    for (size_t e = first; e < end; e = lots_bits_next(c->listed, e + 1, end))
        lots_classified_collect(c->grouping->bound, codes[e], c->groups);
    return first < end;
}

static bool collect_range(collecting *c, uint32_t first, uint32_t end)
{
    const uint32_t *offsets = c->x->offsets;
    const uint64_t *mask = c->ranges->mask;
    bool found = false;
    if (first >= end)
        return false;
    if (mask == NULL)
        return offsets != NULL ? collect_codes(c, offsets[first], offsets[end]) : collect_codes(c, first, end);
    for (size_t k = lots_bits_next(mask, first, end); k < end; k = lots_bits_next(mask, k + 1, end))
        found |= offsets != NULL ? collect_codes(c, offsets[k], offsets[k + 1])
                                 : collect_codes(c, (uint32_t)k, (uint32_t)k + 1);
    return found;
}

static lots_status collect_each(collecting *c, lots_error *err)
{
    const lots_ranges *ranges = c->ranges;
    for (uint32_t i = 0; i < ranges->count; i++) {
        c->any = false;
        c->score = 0;
        c->changed = collect_range(c, ranges->first[i], ranges->end[i]);
        c->step->worker->work.rows += ranges->end[i] - ranges->first[i];
        const bool found = c->changed;
        LOTS_TRY(settle(c, i, err));
        if (found)
            memset(c->groups, 0, c->words * sizeof *c->groups);
    }
    return LOTS_OK;
}

static void slide(collecting *c, uint32_t at, bool enters)
{
    const lots_classified *bound = c->grouping->bound;
    uint32_t count = 0;
    if (!counts(c->ranges, at))
        return;
    const uint32_t *codes = codes_at(c->x, at, &count);
    for (uint32_t e = 0; e < count; e++) {
        for (uint32_t i = bound->offsets[codes[e]]; i < bound->offsets[codes[e] + 1]; i++) {
            const uint16_t group = bound->groups[i];
            if (enters ? c->held[group]++ > 0 : --c->held[group] > 0)
                continue;
            c->changed = true;
            if (enters)
                lots_bit_set(c->groups, group);
            else
                lots_bit_clear(c->groups, group);
        }
    }
}

static lots_status collect_sliding(collecting *c, lots_error *err)
{
    const lots_ranges *ranges = c->ranges;
    void *room = NULL;
    uint32_t first = 0, end = 0;
    LOTS_TRY(lots_arena_alloc(c->step->arena, &room, c->grouping->classification->group_count, sizeof(uint32_t), err));
    c->held = room;
    c->changed = true;
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (end < ranges->first[i]) { /* a gap: what was held leaves first */
            for (; first < end; first++)
                slide(c, first, false);
            first = end = ranges->first[i];
        }
        for (; end < ranges->end[i]; end++)
            slide(c, end, true);
        for (; first < ranges->first[i]; first++)
            slide(c, first, false);
        LOTS_TRY(settle(c, i, err));
    }
    c->step->worker->work.rows += ranges->count + 2 * (uint64_t)ranges->positions;
    return LOTS_OK;
}

lots_status lots_reduce_classes(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, lots_vector *out,
                                lots_error *err)
{
    lots_ranges valid;
    LOTS_TRY(lots_ranges_valid(step, ranges, x, &valid, err));
    collecting c = {.step = step, .grouping = step->expr->grouping, .ranges = &valid, .x = x, .out = out};
    c.words = lots_classification_words(c.grouping->classification);
    LOTS_TRY(find_listed(step, c.grouping->bound->offsets, c.grouping->bound->code_count, x->data,
                         x->offsets != NULL ? x->offsets[x->count] : x->count, &c.listed, err));
    LOTS_TRY(lots_new_bits(step->arena, c.words * 64, &c.groups, err));
    LOTS_TRY(lots_new_bits(step->arena, c.words * 64, &c.ruled, err));
    if (out->type.kind == LOTS_TYPE_SET) {
        LOTS_TRY(lots_arena_vector(step->arena, &out->data, 0, sizeof(lots_id), err));
        out->offsets[0] = 0;
    }
    LOTS_TRY(lots_ranges_slide(ranges) ? collect_sliding(&c, err) : collect_each(&c, err));
    if (c.rank_count > 0)
        out->data = c.ranks;
    return LOTS_OK;
}

/* The lists of codes of the rows: each row is its own range. */
static lots_status eval_ruled(const lots_step *step, lots_vector *out, lots_error *err)
{
    uint32_t *rows = NULL;
    LOTS_TRY(lots_new_u32(step->arena, (size_t)step->count + 1, &rows, err));
    for (uint32_t i = 0; i <= step->count; i++)
        rows[i] = i;
    const lots_ranges ranges = {
        .count = step->count, .first = rows, .end = rows + 1, .offsets = rows, .positions = step->count};
    return lots_reduce_classes(step, &ranges, &step->in[0], out, err);
}

lots_status lots_eval_classes(lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_strict(step, 0, out, err));
    switch (step->expr->op) {
    case LOTS_OP_CODE_GROUP:
        return eval_code_group(step, out, err);
    case LOTS_OP_CODE_GROUPS:
        return eval_code_groups(step, out, err);
    default:
        return eval_ruled(step, out, err);
    }
}
