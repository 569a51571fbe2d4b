/* suppress_bounds.c: which sizes can a hidden count have? See suppress_tree.h.
 *
 * A shown count has its size; one printed `<k` is 1 to k - 1, another hidden one at least 1 (`*` among details at least k, but
 * of a condition it may be 0). From there the ranges are narrowed: a total is the sum of its parts, a row's count that of the
 * parts which its conditions share it into, and rows that are persons are as many as their persons. A count that rests on few
 * and whose range is a single number is given away: then more of what tells it is hidden, and the ranges are asked again. */
#include "query/exec/suppress_tree.h"

#define OPEN INT64_MAX
#define ROUNDS_MAX 200 /* a bound may creep one by one: what takes longer is not followed */

typedef struct range {
    int64_t low, high;
} range;

typedef struct bounds {
    tree *t;
    range *ranges;       /* column * rows + row; of columns that count */
    uint32_t *parts;     /* offsets of the columns that are parts */
    uint32_t *wholes;    /* columns that count all rows, or all persons */
    uint32_t part_count, whole_count;
    bool *counted;       /* by column: it counts */
    bool *shared;        /* by row: the conditions share it out */
    bool *asked;         /* by row of a total: one part more is enough for now */
    bool same;           /* each row is a person: the wholes are one number */
} bounds;

static bool counts(const tree *t, uint32_t column)
{
    return tree_kind(t, column) == LOTS_AGG_COUNT || tree_kind(t, column) == LOTS_AGG_PATIENTS;
}

static bool is_part(const tree *t, uint32_t column)
{
    return counts(t, column) && column + 1 < t->columns && t->table->stage->aggs[column].where != NULL;
}

static int64_t truth_of(const tree *t, uint32_t column, uint32_t row)
{
    return ((const int64_t *)t->table->slots[t->table->stage->key_count + column].data)[row];
}

static range begin(const tree *t, uint32_t column, uint32_t row)
{
    lots_mark mark = lots_suppress_mark(t->table, column, row);
    int64_t k = t->table->min_cell, truth = truth_of(t, column, row);
    if (mark == LOTS_MARK_SHOWN)
        return (range){truth, truth};
    if (mark == LOTS_MARK_SMALL)
        return (range){truth < 1 ? truth : 1, truth < k ? k - 1 : OPEN};
    int64_t low = is_part(t, column) ? 0 : tree_is_leaf(t, row) ? k : 1;
    return (range){truth < low ? truth : low, OPEN};
}

/* ---- narrowing ---- */

static bool narrow(range *r, int64_t low, int64_t high)
{
    bool changed = low > r->low || high < r->high;
    r->low = low > r->low ? low : r->low;
    r->high = high < r->high ? high : r->high;
    return changed;
}

/* total = the sum of parts[places[0..count)]. */
static bool narrow_sum(range *total, range *parts, const uint32_t *places, uint32_t count)
{
    int64_t low = 0, high = 0;
    uint32_t open = 0;
    for (uint32_t i = 0; i < count; i++) {
        const range *part = &parts[places[i]];
        low += part->low;
        high += part->high == OPEN ? 0 : part->high;
        open += part->high == OPEN;
    }
    bool changed = narrow(total, low, open > 0 ? OPEN : high);
    for (uint32_t i = 0; i < count; i++) {
        range *part = &parts[places[i]];
        bool closed = open == (part->high == OPEN ? 1u : 0u); /* all others are bounded */
        int64_t others = high - (part->high == OPEN ? 0 : part->high);
        int64_t least = closed ? total->low - others : part->low;
        int64_t most = total->high == OPEN ? OPEN : total->high - (low - part->low);
        range before = *part;
        changed = narrow(part, least, most) || changed;
        low += part->low - before.low;
        high += (part->high == OPEN ? 0 : part->high) - (before.high == OPEN ? 0 : before.high);
        open -= before.high == OPEN && part->high != OPEN;
    }
    return changed;
}

/* Whether the conditions share out the row. */
static bool is_shared(const bounds *b, uint32_t row)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < b->part_count; i++)
        sum += truth_of(b->t, b->parts[i] / b->t->table->rows, row);
    return b->part_count > 1 && sum == truth_of(b->t, b->wholes[0], row);
}

static bool narrow_row(const bounds *b, uint32_t row)
{
    uint32_t rows = b->t->table->rows;
    range *first = &b->ranges[(size_t)b->wholes[0] * rows + row];
    bool changed = false;
    for (uint32_t i = 1; b->same && i < b->whole_count; i++) {
        range *other = &b->ranges[(size_t)b->wholes[i] * rows + row];
        changed = narrow(first, other->low, other->high) || changed;
        changed = narrow(other, first->low, first->high) || changed;
    }
    if (b->shared[row])
        changed = narrow_sum(first, b->ranges + row, b->parts, b->part_count) || changed;
    return changed;
}

static bool narrow_total(const bounds *b, uint32_t column, uint32_t row)
{
    const tree *t = b->t;
    range *ranges = b->ranges + (size_t)column * t->table->rows;
    if (!b->counted[column] || (!t->disjoint[row] && tree_kind(t, column) == LOTS_AGG_PATIENTS))
        return false;
    return narrow_sum(&ranges[row], ranges, t->children + t->starts[row], t->starts[row + 1] - t->starts[row]);
}

static void narrow_all(const bounds *b)
{
    bool changed = true;
    for (int round = 0; changed && round < ROUNDS_MAX; round++) {
        changed = false;
        for (uint32_t row = 0; row < b->t->table->rows; row++) {
            changed = narrow_row(b, row) || changed;
            for (uint32_t c = 0; c < b->t->columns && !tree_is_leaf(b->t, row); c++)
                changed = narrow_total(b, c, row) || changed;
        }
    }
}

/* ---- hiding ---- */

static bool is_given_away(const bounds *b, uint32_t column, uint32_t row)
{
    const tree *t = b->t;
    const range *r = &b->ranges[(size_t)column * t->table->rows + row];
    return b->counted[column] && !tree_is_shown(t, column, row) && r->low >= r->high && r->low > 0 &&
           lots_evidence_judge_cell(&t->table->evidence[column], tree_cell(t, column, row), t->table->min_cell) !=
               LOTS_MARK_SHOWN;
}

/* Of the next total above that is shown, another part; else what else the row shows. */
static void hide_more(const bounds *b, uint32_t column, uint32_t row)
{
    uint32_t above = b->t->table->parent[row];
    while (above != LOTS_NO_ID && !tree_is_shown(b->t, column, above))
        above = b->t->table->parent[above];
    if (above == LOTS_NO_ID)
        tree_hide_row(b->t, row);
    else if (!b->asked[above])
        tree_hide_part(b->t, column, above);
    if (above != LOTS_NO_ID)
        b->asked[above] = true;
}

static lots_status open_bounds(bounds *b, lots_arena *arena, lots_error *err)
{
    const tree *t = b->t;
    uint32_t rows = t->table->rows;
    void *ranges = NULL, *parts = NULL, *wholes = NULL, *asked = NULL, *counted = NULL, *shared = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &ranges, (size_t)t->columns * rows, sizeof(range), err));
    LOTS_TRY(lots_arena_alloc(arena, &parts, t->columns, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &wholes, t->columns, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &asked, rows, sizeof(bool), err));
    LOTS_TRY(lots_arena_alloc(arena, &counted, t->columns, sizeof(bool), err));
    LOTS_TRY(lots_arena_alloc(arena, &shared, rows, sizeof(bool), err));
    b->counted = counted;
    b->shared = shared;
    b->asked = asked;
    b->ranges = ranges;
    b->parts = parts;
    b->wholes = wholes;
    b->same = true;
    for (uint32_t c = 0; c < t->columns; c++) {
        if (is_part(t, c))
            b->parts[b->part_count++] = c * rows;
        else if (counts(t, c))
            b->wholes[b->whole_count++] = c;
        b->counted[c] = counts(t, c);
        for (uint32_t row = 0; b->counted[c] && row < rows; row++) {
            b->ranges[(size_t)c * rows + row] = begin(t, c, row);
            b->same = b->same && (is_part(t, c) || truth_of(t, c, row) == truth_of(t, b->wholes[0], row));
        }
    }
    for (uint32_t row = 0; row < rows; row++)
        b->shared[row] = is_shared(b, row);
    return LOTS_OK;
}

lots_status tree_hide_bounded(tree *t, lots_arena *arena, lots_error *err)
{
    bounds b = {.t = t};
    LOTS_TRY(open_bounds(&b, arena, err));
    narrow_all(&b);
    for (uint32_t row = 0; row < t->table->rows; row++)
        for (uint32_t c = 0; c < t->columns; c++)
            if (is_given_away(&b, c, row))
                hide_more(&b, c, row);
    return LOTS_OK;
}
