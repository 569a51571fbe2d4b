/* suppress_bounds.c: which sizes can a hidden count have? See suppress_tree.h.
 *
 * A shown count has its size; one printed `<k` is 1 to k - 1, another hidden one at least 1 (`*` among details at least k, but
 * of a condition it may be 0). From there the ranges are narrowed: a total is the sum of its parts, a row's count that of the
 * parts which its conditions share it into, and rows that are persons are as many as their persons. A count that rests on few
 * and whose range is a single number is given away: then more of what tells it is hidden, and the ranges are asked again. */
#include <string.h>

#include "query/exec/suppress_tree.h"

#define OPEN INT64_MAX
#define ROUNDS_MAX 200 /* a bound may creep one by one: what takes longer is not followed */

typedef struct range {
    int64_t low, high;
} range;

/* What is known stays from one time to the next. Hiding a cell widens its range, and with it those which the sums it is in tie
 * to it, by way of cells that are no single number: these begin anew, all others are as they were. */
typedef struct lots_suppress_bounds {
    tree *t;
    range *ranges;       /* column * rows + row; of columns that count */
    range *first;        /* the same: where they began, which is what the marks say */
    int8_t *marks;       /* the same: the marks from which the ranges began; UNSEEN at first */
    uint32_t *parts;     /* offsets of the columns that are parts */
    uint32_t *wholes;    /* columns that count all rows, or all persons */
    uint32_t part_count, whole_count;
    bool *counted;       /* by column: it counts */
    bool *shared;        /* by row: the conditions share it out */
    bool *asked;         /* by row: something more of it, or of a total one part more, is enough for now */
    bool same;           /* each row is a person: the wholes are one number */

    /* sums in which something changed since they were looked at: a row's; by column and row those of totals; any of a row */
    bool *row_due, *total_due, *any_due;
    bool *begins;        /* by column and row: the range begins anew */
    uint32_t *anew;      /* of these: column * rows + row */
    uint32_t anew_count;
    uint32_t seen;       /* hidings when marks were last looked at */
    bool *moved;         /* by row: a range in it began anew or was narrowed */
    bool *tells;         /* by row: something hidden in it is a single number */
} bounds;

#define UNSEEN INT8_MIN

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

/* ---- sums ---- */

static uint32_t rows_of(const bounds *b) { return b->t->table->rows; }

/* Is there anything in a row that its columns tell of each other? */
static bool ties_row(const bounds *b, uint32_t row) { return b->same || b->shared[row]; }

static bool ties_total(const bounds *b, uint32_t column, uint32_t row)
{
    return b->counted[column] && !tree_is_leaf(b->t, row) &&
           (b->t->disjoint[row] || tree_kind(b->t, column) != LOTS_AGG_PATIENTS);
}

static bool want_row(bounds *b, uint32_t row)
{
    if (b->row_due[row] || !ties_row(b, row))
        return false;
    return b->row_due[row] = b->any_due[row] = true;
}

static bool want_total(bounds *b, uint32_t column, uint32_t row)
{
    bool *due = &b->total_due[(size_t)column * rows_of(b) + row];
    if (*due || !ties_total(b, column, row))
        return false;
    return *due = b->any_due[row] = true;
}

/* ---- narrowing ---- */

/* The sums that a range is in are to be looked at again when it changes. */
static void narrow(bounds *b, size_t cell, int64_t low, int64_t high)
{
    range *r = &b->ranges[cell];
    if (low <= r->low && high >= r->high)
        return;
    const uint32_t column = (uint32_t)cell / rows_of(b), row = (uint32_t)cell % rows_of(b);
    r->low = low > r->low ? low : r->low;
    r->high = high < r->high ? high : r->high;
    b->moved[row] = true;
    want_row(b, row);
    want_total(b, column, row);
    if (b->t->table->parent[row] != LOTS_NO_ID)
        want_total(b, column, b->t->table->parent[row]);
}

/* The cell `total` = the sum of the cells base + places[0..count). */
static void narrow_sum(bounds *b, size_t total, size_t base, const uint32_t *places, uint32_t count)
{
    int64_t low = 0, high = 0;
    uint32_t open = 0;
    for (uint32_t i = 0; i < count; i++) {
        const range *part = &b->ranges[base + places[i]];
        low += part->low;
        high += part->high == OPEN ? 0 : part->high;
        open += part->high == OPEN;
    }
    narrow(b, total, low, open > 0 ? OPEN : high);
    const range whole = b->ranges[total];
    for (uint32_t i = 0; i < count; i++) {
        const range before = b->ranges[base + places[i]];
        if (before.low >= before.high)
            continue;
        bool closed = open == (before.high == OPEN ? 1u : 0u); /* all others are bounded */
        int64_t others = high - (before.high == OPEN ? 0 : before.high);
        int64_t least = closed ? whole.low - others : before.low;
        int64_t most = whole.high == OPEN ? OPEN : whole.high - (low - before.low);
        narrow(b, base + places[i], least, most);
        const range part = b->ranges[base + places[i]];
        low += part.low - before.low;
        high += (part.high == OPEN ? 0 : part.high) - (before.high == OPEN ? 0 : before.high);
        open -= before.high == OPEN && part.high != OPEN;
    }
}

/* Whether the conditions share out the row. */
static bool is_shared(const bounds *b, uint32_t row)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < b->part_count; i++)
        sum += truth_of(b->t, b->parts[i] / rows_of(b), row);
    return b->part_count > 1 && sum == truth_of(b->t, b->wholes[0], row);
}

static void narrow_row(bounds *b, uint32_t row)
{
    const size_t rows = rows_of(b), first = b->wholes[0] * rows + row;
    b->row_due[row] = false;
    for (uint32_t i = 1; b->same && i < b->whole_count; i++) {
        const size_t other = b->wholes[i] * rows + row;
        narrow(b, first, b->ranges[other].low, b->ranges[other].high);
        narrow(b, other, b->ranges[first].low, b->ranges[first].high);
    }
    if (b->shared[row])
        narrow_sum(b, first, row, b->parts, b->part_count);
}

static void narrow_total(bounds *b, uint32_t column, uint32_t row)
{
    const tree *t = b->t;
    const size_t base = (size_t)column * rows_of(b);
    b->total_due[base + row] = false;
    narrow_sum(b, base + row, base, t->children + t->starts[row], t->starts[row + 1] - t->starts[row]);
}

static void narrow_all(bounds *b)
{
    const size_t rows = rows_of(b);
    bool due = true;
    for (int round = 0; due && round < ROUNDS_MAX; round++) {
        due = false;
        for (uint32_t row = 0; row < rows; row++) {
            if (!b->any_due[row])
                continue;
            due = true;
            b->any_due[row] = false;
            if (b->row_due[row])
                narrow_row(b, row);
            for (uint32_t c = 0; c < b->t->columns; c++)
                if (b->total_due[c * rows + row])
                    narrow_total(b, c, row);
        }
    }
    if (due) {
        memset(b->row_due, 0, rows * sizeof(bool));
        memset(b->any_due, 0, rows * sizeof(bool));
        memset(b->total_due, 0, b->t->columns * rows * sizeof(bool));
    }
}

/* ---- beginning ---- */

static void begin_anew(bounds *b, uint32_t column, uint32_t row)
{
    const size_t cell = (size_t)column * rows_of(b) + row;
    if (b->begins[cell])
        return;
    b->begins[cell] = b->moved[row] = true;
    b->anew[b->anew_count++] = (uint32_t)cell;
}

/* A single number ties nothing to anything. */
static void begin_open(bounds *b, uint32_t column, uint32_t row)
{
    const range *r = &b->first[(size_t)column * rows_of(b) + row];
    if (r->low < r->high)
        begin_anew(b, column, row);
}

/* What the sums that a cell is in tie to it. */
static void begin_tied(bounds *b, uint32_t column, uint32_t row)
{
    const tree *t = b->t;
    const uint32_t totals[] = {row, t->table->parent[row]};
    if (want_row(b, row))
        for (uint32_t c = 0; c < t->columns; c++)
            begin_open(b, c, row);
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        if (totals[i] == LOTS_NO_ID || !want_total(b, column, totals[i]))
            continue;
        begin_open(b, column, totals[i]);
        for (uint32_t child = t->starts[totals[i]]; child < t->starts[totals[i] + 1]; child++)
            begin_open(b, column, t->children[child]);
    }
}

/* Nothing is due now: each sum that is met for the first time becomes due. */
static void begin_changed(bounds *b)
{
    const tree *t = b->t;
    const uint32_t rows = rows_of(b);
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t c = 0; c < t->columns && t->table->changed[row] > b->seen; c++) {
            const size_t cell = (size_t)c * rows + row;
            const int8_t mark = (int8_t)lots_suppress_mark(t->table, c, row);
            if (!b->counted[c] || b->marks[cell] == mark)
                continue;
            b->marks[cell] = mark;
            b->first[cell] = begin(t, c, row);
            begin_anew(b, c, row);
        }
    b->seen = t->table->hidings;
    for (uint32_t i = 0; i < b->anew_count; i++) { /* it grows */
        const uint32_t cell = b->anew[i], column = cell / rows, row = cell % rows;
        b->ranges[cell] = b->first[cell];
        begin_tied(b, column, row);
    }
    for (uint32_t i = 0; i < b->anew_count; i++)
        b->begins[b->anew[i]] = false;
    b->anew_count = 0;
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

static void find_telling(bounds *b)
{
    const tree *t = b->t;
    for (uint32_t row = 0; row < t->table->rows; row++) {
        if (!b->moved[row])
            continue;
        b->moved[row] = b->tells[row] = false;
        for (uint32_t c = 0; c < t->columns; c++)
            b->tells[row] = b->tells[row] || is_given_away(b, c, row);
    }
}

static int64_t plus(int64_t a, int64_t b) { return a == OPEN || b == OPEN ? OPEN : a + b; }

/* What a count's mark tells of it, or of a hidden total those below it. As deep as there are keys. */
static range from_below(const bounds *b, uint32_t column, uint32_t row)
{
    const tree *t = b->t;
    const range own = b->first[(size_t)column * rows_of(b) + row];
    range sum = {0, 0};
    if (own.low >= own.high || tree_is_leaf(t, row))
        return own;
    for (uint32_t i = t->starts[row]; i < t->starts[row + 1]; i++) {
        const range child = from_below(b, column, t->children[i]);
        sum = (range){sum.low + child.low, plus(sum.high, child.high)};
    }
    return sum;
}

static bool is_the_whole(const bounds *b, uint32_t column, uint32_t row)
{
    return b->counted[column] && !is_part(b->t, column) && truth_of(b->t, column, row) == truth_of(b->t, b->wholes[0], row);
}

/* Does a row that its conditions share out tell a part by the others and what they add up to, or that by all of them? The parts
 * are known by what is below them. */
static bool is_told_by_row(const bounds *b, uint32_t column, uint32_t row)
{
    const bool whole = is_the_whole(b, column, row);
    range own, all, others = {0, 0};
    if (!b->shared[row] || (!whole && !is_part(b->t, column)))
        return false;
    own = from_below(b, column, row);
    for (uint32_t i = 0; i < b->part_count; i++) {
        const uint32_t part = b->parts[i] / rows_of(b);
        const range other = part == column ? (range){0, 0} : from_below(b, part, row);
        others = (range){others.low + other.low, plus(others.high, other.high)};
    }
    all = whole ? (range){0, 0} : b->ranges[(size_t)b->wholes[0] * rows_of(b) + row];
    const int64_t least = whole ? others.low : others.high == OPEN ? own.low : all.low - others.high;
    const int64_t most = whole ? others.high : all.high == OPEN ? own.high : all.high - others.low;
    return (least > own.low ? least : own.low) >= (most < own.high ? most : own.high);
}

/* The smallest part of a row that is shown, or prints as `<k`; no column when there is none. */
static uint32_t smallest_part(const bounds *b, uint32_t row, lots_mark mark)
{
    const tree *t = b->t;
    uint32_t least = t->columns;
    for (uint32_t i = 0; i < b->part_count; i++) {
        const uint32_t part = b->parts[i] / rows_of(b);
        if (lots_suppress_mark(t->table, part, row) == mark && truth_of(t, part, row) > 0 &&
            (least == t->columns || truth_of(t, part, row) < truth_of(t, least, row)))
            least = part;
    }
    return least;
}

/* A part of the row; when none is shown, what they add up to; when that isn't either, a part is `*` instead of `<k`, and may be 0.
 * True when it hid something. */
static bool hide_beside(const bounds *b, uint32_t row)
{
    tree *t = b->t;
    const uint32_t before = t->table->hidings, part = smallest_part(b, row, LOTS_MARK_SHOWN);
    if (part < t->columns)
        tree_hide_cell(t, part, row);
    for (uint32_t i = 0; part == t->columns && i < b->whole_count; i++)
        if (is_the_whole(b, b->wholes[i], row))
            tree_hide_cell(t, b->wholes[i], row);
    const uint32_t small = smallest_part(b, row, LOTS_MARK_SMALL);
    if (t->table->hidings == before && small < t->columns)
        t->changed = lots_suppress_withhold(t->table, small, row) || t->changed;
    return t->table->hidings > before;
}

/* Is the row told so, and was something else of it hidden? What is above it, hidden too, may be told no more then. */
static bool hide_in_row(const bounds *b, uint32_t column, uint32_t row)
{
    if (!is_told_by_row(b, column, row) || !hide_beside(b, row))
        return false;
    for (; row != LOTS_NO_ID && !tree_is_shown(b->t, column, row); row = b->t->table->parent[row])
        b->asked[row] = true;
    return true;
}

/* What else the row shows, or the next above it that shows anything. */
static void hide_rest(const bounds *b, uint32_t row)
{
    const lots_suppress *table = b->t->table;
    const uint32_t before = table->hidings;
    for (; row != LOTS_NO_ID && table->hidings == before; row = table->parent[row])
        tree_hide_row(b->t, row);
}

/* Where a row from this one up to the next total that is shown tells it, something else of that row; else another part of the total;
 * when there is none, the rest. */
static void hide_more(const bounds *b, uint32_t column, uint32_t row)
{
    uint32_t above = row;
    for (; above != LOTS_NO_ID && !tree_is_shown(b->t, column, above); above = b->t->table->parent[above])
        if (b->asked[above] || hide_in_row(b, column, above))
            return;
    if (above == LOTS_NO_ID)
        hide_rest(b, row);
    else if (!b->asked[above])
        tree_hide_part(b->t, column, above);
    if (above != LOTS_NO_ID)
        b->asked[above] = true;
}

static lots_status open_room(bounds *b, lots_arena *arena, lots_error *err)
{
    const size_t rows = rows_of(b), columns = b->t->columns, cells = columns * rows;
    bool **flags[] = {&b->counted, &b->shared, &b->asked, &b->row_due, &b->any_due, &b->total_due, &b->begins, &b->moved, &b->tells};
    uint32_t **numbers[] = {&b->parts, &b->wholes, &b->anew};
    void *made = NULL;
    if (cells > UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a table with totals of more than %u cells", UINT32_MAX);
    LOTS_TRY(lots_arena_alloc(arena, &made, cells, sizeof(range), err));
    b->ranges = made;
    LOTS_TRY(lots_arena_alloc(arena, &made, cells, sizeof(range), err));
    b->first = made;
    LOTS_TRY(lots_arena_alloc(arena, &made, cells, sizeof(int8_t), err));
    b->marks = made;
    memset(b->marks, UNSEEN, cells);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        LOTS_TRY(lots_arena_alloc(arena, &made, cells, sizeof(bool), err));
        *flags[i] = made;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        LOTS_TRY(lots_arena_alloc(arena, &made, cells, sizeof(uint32_t), err));
        *numbers[i] = made;
    }
    return LOTS_OK;
}

static lots_status open_bounds(tree *t, lots_arena *arena, lots_error *err)
{
    const uint32_t rows = t->table->rows;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &made, 1, sizeof(bounds), err));
    bounds *b = made;
    *b = (bounds){.t = t, .same = true};
    LOTS_TRY(open_room(b, arena, err));
    for (uint32_t c = 0; c < t->columns; c++) {
        if (is_part(t, c))
            b->parts[b->part_count++] = c * rows;
        else if (counts(t, c))
            b->wholes[b->whole_count++] = c;
        b->counted[c] = counts(t, c);
        for (uint32_t row = 0; b->counted[c] && row < rows; row++)
            b->same = b->same && (is_part(t, c) || truth_of(t, c, row) == truth_of(t, b->wholes[0], row));
    }
    for (uint32_t row = 0; row < rows; row++)
        b->shared[row] = is_shared(b, row);
    t->bounds = b;
    return LOTS_OK;
}

lots_status tree_hide_bounded(tree *t, lots_arena *arena, lots_error *err)
{
    if (t->bounds == NULL)
        LOTS_TRY(open_bounds(t, arena, err));
    bounds *b = t->bounds;
    begin_changed(b);
    narrow_all(b);
    memset(b->asked, 0, t->table->rows * sizeof(bool));
    find_telling(b);
    for (uint32_t row = 0; row < t->table->rows; row++) /* what is hidden on the way was a single number */
        for (uint32_t c = 0; c < t->columns && (b->tells[row] || t->table->changed[row] > b->seen); c++)
            if (is_given_away(b, c, row))
                hide_more(b, c, row);
    return LOTS_OK;
}
