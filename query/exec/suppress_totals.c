/* suppress_totals.c: hiding what the totals give away. See suppress.h.
 *
 * The rows are a tree: a total's children are the rows next below it, in the end the groups themselves (leaves). Of a column
 * whose total is the sum of its parts, or follows from such sums (means, rates), a shown total tells the sum of the hidden
 * leaves that it reaches through hidden rows alone; a total that is hidden itself tells nothing. These are all sums that can
 * be told: no leaf is in two of them. So each of them must be a number that could be shown (judged by the evidence of its
 * leaves together), of two leaves or more, and must leave each a choice. Else the smallest part that helps is hidden too,
 * down to a leaf; when no part is left, the total, and its own total is asked next. What is left to know from several sums
 * together is asked last (suppress_bounds.c).
 *
 * What is hidden of a row for one column is hidden for all columns that are hidden in the rows it stands beside, else the
 * others would give it back (a mean and a sum, a rate and a count). A cell where nothing is to be hidden (a true 0) stays. */
#include <stdlib.h>
#include <string.h>

#include "query/exec/suppress_tree.h"

/* The hidden leaves of which a total tells the sum. */
typedef struct hidden_sum {
    uint64_t leaves, small; /* `small`: those that print as `<k` */
    int64_t count;          /* what is counted in them */
    uint32_t patients, others, givers; /* of the leaf that has most */
    uint64_t shown_patients, shown_others, shown_givers; /* of the shown parts beside them */
    double largest, largest_sum, all;
} hidden_sum;

/* ---- the tree ---- */

static uint32_t persons_of(const tree *t, uint32_t row) { return tree_cell(t, t->columns - 1, row)->patients; }

typedef struct placed_child {
    uint32_t parent, persons, row;
} placed_child;

static int compare_children(const void *a, const void *b)
{
    const placed_child *x = a, *y = b;
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    if (x->persons != y->persons)
        return x->persons < y->persons ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static lots_status list_children(tree *t, lots_arena *arena, lots_error *err)
{
    uint32_t rows = t->table->rows, count = 0;
    void *made = NULL, *starts = NULL, *children = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &made, rows, sizeof(placed_child), err));
    LOTS_TRY(lots_arena_alloc(arena, &starts, (size_t)rows + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &children, rows, sizeof(uint32_t), err));
    t->starts = starts;
    t->children = children;
    placed_child *placed = made;
    for (uint32_t row = 0; row < rows; row++)
        if (t->table->parent[row] != LOTS_NO_ID) {
            placed[count++] = (placed_child){t->table->parent[row], persons_of(t, row), row};
            t->starts[t->table->parent[row] + 1]++;
        }
    if (count > 0)
        qsort(placed, count, sizeof *placed, compare_children);
    for (uint32_t i = 0; i < count; i++)
        t->children[i] = placed[i].row;
    for (uint32_t row = 0; row < rows; row++)
        t->starts[row + 1] += t->starts[row];
    return LOTS_OK;
}

static lots_status find_disjoint(tree *t, lots_arena *arena, lots_error *err)
{
    void *sums = NULL, *disjoint = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &sums, t->table->rows, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &disjoint, t->table->rows, sizeof(bool), err));
    uint64_t *sum = sums;
    t->disjoint = disjoint;
    for (uint32_t row = 0; row < t->table->rows; row++) { /* details come before their totals */
        sum[row] = tree_is_leaf(t, row) ? persons_of(t, row) : sum[row];
        t->disjoint[row] = sum[row] == persons_of(t, row);
        if (t->table->parent[row] != LOTS_NO_ID)
            sum[t->table->parent[row]] += sum[row];
    }
    return LOTS_OK;
}

lots_status lots_suppress_tree_open(lots_suppress_tree **out, lots_suppress *table, lots_arena *arena, lots_error *err)
{
    void *made = NULL, *wanted = NULL, *stale = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &made, 1, sizeof(tree), err));
    tree *t = made;
    *t = (tree){.table = table, .columns = table->stage->agg_count + 1};
    LOTS_TRY(list_children(t, arena, err));
    LOTS_TRY(find_disjoint(t, arena, err));
    LOTS_TRY(lots_arena_alloc(arena, &wanted, ((size_t)table->stage->key_count + 2) * t->columns, sizeof(bool), err));
    LOTS_TRY(lots_arena_alloc(arena, &stale, table->rows, sizeof(bool), err));
    t->wanted = wanted;
    t->stale = stale;
    *out = t;
    return LOTS_OK;
}

/* ---- columns ---- */

lots_row_agg_kind tree_kind(const tree *t, uint32_t column)
{
    return column + 1 < t->columns ? t->table->stage->aggs[column].kind : LOTS_AGG_PATIENTS;
}

/* Is a total the sum of its parts, or does it follow from sums? */
static bool adds_up(const tree *t, uint32_t column)
{
    switch (tree_kind(t, column)) {
    case LOTS_AGG_COUNT:
    case LOTS_AGG_PATIENTS:
    case LOTS_AGG_COUNT_DISTINCT:
    case LOTS_AGG_SUM:
    case LOTS_AGG_MEAN:
    case LOTS_AGG_SD:
    case LOTS_AGG_RATE:
    case LOTS_AGG_SHARE: return true;
    default: return false;
    }
}

static bool counts(const tree *t, uint32_t column)
{
    lots_row_agg_kind kind = tree_kind(t, column);
    return kind == LOTS_AGG_COUNT || kind == LOTS_AGG_PATIENTS || kind == LOTS_AGG_COUNT_DISTINCT;
}

/* Is it more than a 0, or nothing? */
static bool has_value(const tree *t, uint32_t column, uint32_t row)
{
    const lots_evidence_cell *cell = tree_cell(t, column, row);
    if (counts(t, column))
        return cell->patients > 0;
    if (tree_kind(t, column) == LOTS_AGG_SUM || tree_kind(t, column) == LOTS_AGG_SHARE)
        return cell->givers > 0;
    return cell->patients > 0 || cell->others > 0;
}

/* The shares of all rows are 1, hidden or not. */
static bool is_known(const tree *t, uint32_t column, uint32_t row)
{
    return tree_is_shown(t, column, row) || (tree_kind(t, column) == LOTS_AGG_SHARE && t->table->parent[row] == LOTS_NO_ID &&
                                        t->table->stage->aggs[column].where == NULL);
}

/* ---- sums ---- */

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

static void add_leaf(const tree *t, uint32_t column, uint32_t row, hidden_sum *sum)
{
    const lots_evidence_cell *cell = tree_cell(t, column, row);
    if (!has_value(t, column, row))
        return;
    sum->leaves++;
    sum->small += lots_suppress_mark(t->table, column, row) == LOTS_MARK_SMALL;
    if (counts(t, column))
        sum->count += ((const int64_t *)t->table->slots[t->table->stage->key_count + column].data)[row];
    sum->patients = larger(sum->patients, cell->patients);
    sum->others = larger(sum->others, cell->others);
    sum->givers = larger(sum->givers, cell->givers);
    sum->largest = cell->largest > sum->largest ? cell->largest : sum->largest;
    sum->largest_sum += cell->largest;
    sum->all += cell->all + cell->rest;
}

static void add_children(const tree *t, uint32_t column, uint32_t row, hidden_sum *sum);

static void add_row(const tree *t, uint32_t column, uint32_t row, hidden_sum *sum)
{
    const lots_evidence_cell *cell = tree_cell(t, column, row);
    if (tree_is_shown(t, column, row)) {
        sum->shown_patients += cell->patients;
        sum->shown_others += cell->others;
        sum->shown_givers += cell->givers;
    } else if (tree_is_leaf(t, row)) {
        add_leaf(t, column, row, sum);
    } else {
        add_children(t, column, row, sum);
    }
}

/* As deep as there are keys. */
static void add_children(const tree *t, uint32_t column, uint32_t row, hidden_sum *sum)
{
    for (uint32_t i = t->starts[row]; i < t->starts[row + 1]; i++)
        add_row(t, column, t->children[i], sum);
}

/* A part that was shown in the sum is hidden now. */
static void add_hidden(const tree *t, uint32_t column, uint32_t row, hidden_sum *sum)
{
    const lots_evidence_cell *cell = tree_cell(t, column, row);
    sum->shown_patients -= cell->patients;
    sum->shown_others -= cell->others;
    sum->shown_givers -= cell->givers;
    add_row(t, column, row, sum);
}

/* At least so many are in the hidden parts. */
static uint32_t at_least(uint32_t most, uint32_t total, uint64_t shown)
{
    return total > shown ? larger(most, (uint32_t)(total - shown)) : most;
}

/* The hidden leaves below `row` as one cell. */
static lots_evidence_cell cell_of(const tree *t, uint32_t column, uint32_t row, const hidden_sum *sum)
{
    const lots_evidence_cell *total = tree_cell(t, column, row);
    double together = sum->largest_sum < total->largest ? sum->largest_sum : total->largest;
    return (lots_evidence_cell){
        .patients = at_least(sum->patients, total->patients, sum->shown_patients),
        .others = at_least(sum->others, total->others, sum->shown_others),
        .givers = at_least(sum->givers, total->givers, sum->shown_givers),
        .largest = t->disjoint[row] ? sum->largest : together,
        .all = sum->all,
    };
}

static bool is_safe(const tree *t, uint32_t column, uint32_t row, const hidden_sum *sum)
{
    lots_evidence *evidence = &t->table->evidence[column];
    uint32_t k = t->table->min_cell;
    lots_evidence_cell cell = cell_of(t, column, row, sum);
    if (sum->leaves < 2 || (counts(t, column) && lots_suppress_forced(k, sum->small, sum->leaves - sum->small, sum->count)))
        return false;
    return lots_evidence_judge_cell(evidence, &cell, k) == LOTS_MARK_SHOWN ||
           lots_evidence_judge_cell(evidence, tree_cell(t, column, row), k) != LOTS_MARK_SHOWN;
}

/* Whether hiding the row adds to what the sum lacks. */
static bool helps(const tree *t, uint32_t column, uint32_t total, uint32_t row, const hidden_sum *sum)
{
    const lots_evidence_cell now = cell_of(t, column, total, sum), *more = tree_cell(t, column, row);
    uint32_t k = t->table->min_cell;
    if (!tree_is_shown(t, column, row) || !has_value(t, column, row))
        return false;
    if (now.patients > 0 && now.patients < k)
        return more->patients > 0;
    return now.others == 0 || now.others >= k || more->others > 0;
}

/* ---- hiding ---- */

static void hide_cells(tree *t, uint32_t row, const bool *wanted)
{
    for (uint32_t c = 0; c < t->columns; c++)
        if (wanted[c] && has_value(t, c, row))
            t->changed = lots_suppress_hide(t->table, c, row) || t->changed;
}

/* Hide the wanted columns of a row, and below a total enough for it not to be reckoned. */
static void hide_down(tree *t, uint32_t row, uint32_t depth)
{
    bool *wanted = t->wanted + (size_t)depth * t->columns;
    hide_cells(t, row, wanted);
    for (uint32_t c = 0; c < t->columns && !tree_is_leaf(t, row); c++) {
        hidden_sum sum = {0};
        if (!wanted[c] || !has_value(t, c, row))
            continue;
        add_children(t, c, row, &sum);
        uint32_t at = t->starts[row], end = t->starts[row + 1];
        while (at < end && !has_value(t, c, t->children[at]))
            at++;
        if (sum.leaves > 0 || at == end)
            continue;
        memcpy(wanted + t->columns, wanted, t->columns * sizeof *wanted);
        hide_down(t, t->children[at], depth + 1);
    }
}

/* The columns hidden in those parts of a total of which `column` is hidden. */
static void find_wanted(tree *t, uint32_t column, uint32_t row)
{
    memset(t->wanted, 0, t->columns * sizeof *t->wanted);
    t->wanted[column] = true;
    for (uint32_t i = t->starts[row]; i < t->starts[row + 1]; i++)
        for (uint32_t c = 0; c < t->columns && !tree_is_shown(t, column, t->children[i]); c++)
            t->wanted[c] = t->wanted[c] || (adds_up(t, c) && !tree_is_shown(t, c, t->children[i]));
}

static void protect_total(tree *t, uint32_t column, uint32_t row)
{
    hidden_sum sum = {0};
    add_children(t, column, row, &sum);
    bool known = is_known(t, column, row);
    if (known ? sum.leaves == 0 || is_safe(t, column, row, &sum) : sum.leaves > 0 || !has_value(t, column, row))
        return;
    find_wanted(t, column, row);
    if (!known) { /* hidden, and its parts tell it */
        hide_down(t, row, 0);
        return;
    }
    for (uint32_t i = t->starts[row]; i < t->starts[row + 1]; i++) {
        if (!helps(t, column, row, t->children[i], &sum))
            continue;
        hide_down(t, t->children[i], 0);
        add_hidden(t, column, t->children[i], &sum);
        if (is_safe(t, column, row, &sum))
            return;
    }
    hide_cells(t, row, t->wanted);
}

void tree_hide_part(tree *t, uint32_t column, uint32_t row)
{
    find_wanted(t, column, row);
    for (uint32_t i = t->starts[row]; i < t->starts[row + 1]; i++)
        if (tree_is_shown(t, column, t->children[i]) && has_value(t, column, t->children[i])) {
            hide_down(t, t->children[i], 0);
            return;
        }
    hide_cells(t, row, t->wanted);
}

void tree_hide_cell(tree *t, uint32_t column, uint32_t row)
{
    memset(t->wanted, 0, t->columns * sizeof *t->wanted);
    t->wanted[column] = true;
    hide_down(t, row, 0);
}

void tree_hide_row(tree *t, uint32_t row)
{
    for (uint32_t c = 0; c < t->columns; c++)
        t->wanted[c] = adds_up(t, c);
    hide_cells(t, row, t->wanted);
}

/* What is hidden stays so: a row in which nothing more was hidden is as it was, one without anything hidden as it came. */
static void find_stale(tree *t)
{
    for (uint32_t row = 0; row < t->table->rows; row++) {
        t->stale[row] = t->table->changed[row] > t->seen && t->seen > 0;
        for (uint32_t c = 0; c < t->columns && t->seen == 0; c++)
            t->stale[row] = t->stale[row] || !tree_is_shown(t, c, row);
    }
    t->seen = t->table->hidings;
}

/* Details come before their totals. A total below which nothing was hidden since it was found safe is safe: all that it is
 * judged by lies in it and below. */
lots_status lots_suppress_totals(lots_suppress_tree *t, lots_arena *arena, bool *changed, lots_error *err)
{
    const uint32_t *parent = t->table->parent;
    t->changed = false;
    find_stale(t);
    for (uint32_t row = 0; row < t->table->rows; row++) {
        for (uint32_t c = 0; t->stale[row] && c < t->columns && !tree_is_leaf(t, row); c++)
            if (adds_up(t, c))
                protect_total(t, c, row);
        if (t->stale[row] && parent[row] != LOTS_NO_ID)
            t->stale[parent[row]] = true;
    }
    if (!t->changed)
        LOTS_TRY(tree_hide_bounded(t, arena, err));
    *changed = t->changed;
    return LOTS_OK;
}
