/* suppress.c: see suppress.h. */
#include "query/exec/suppress.h"

#include <string.h>

#include "core/base/day.h"
#include "query/exec/value.h"

static lots_mark mark_at(const lots_vector *marks, uint32_t row) { return (lots_mark)((const int64_t *)marks->data)[row]; }

static bool put_mark(lots_vector *marks, uint32_t row, lots_mark mark)
{
    int64_t *at = &((int64_t *)marks->data)[row];
    bool shown = *at == LOTS_MARK_SHOWN;
    *at = shown ? (int64_t)mark : *at;
    return shown;
}

bool lots_suppress_hide(lots_suppress *table, uint32_t column, uint32_t row)
{
    const bool shown = put_mark(&table->marks[table->stage->key_count + column], row, LOTS_MARK_WITHHELD);
    if (shown && table->changed != NULL)
        table->changed[row] = ++table->hidings;
    return shown;
}

bool lots_suppress_withhold(lots_suppress *table, uint32_t column, uint32_t row)
{
    int64_t *mark = &((int64_t *)table->marks[table->stage->key_count + column].data)[row];
    if (*mark != LOTS_MARK_SMALL)
        return false;
    *mark = LOTS_MARK_WITHHELD;
    if (table->changed != NULL)
        table->changed[row] = ++table->hidings;
    return true;
}

bool lots_suppress_forced(uint32_t min_cell, uint64_t small, uint64_t others, int64_t sum)
{
    uint64_t all = sum < 0 ? 0 : (uint64_t)sum;
    if (small == 0)
        return false;
    return all <= small + min_cell * others || (others == 0 && all >= small * (min_cell - 1));
}

static int64_t count_at(const lots_vector *values, uint32_t row) { return ((const int64_t *)values->data)[row]; }

/* ---- parts of a row ---- */

static bool is_part(const lots_row_agg *agg)
{
    return (agg->kind == LOTS_AGG_COUNT || agg->kind == LOTS_AGG_PATIENTS) && agg->where != NULL;
}

static bool is_whole(const lots_row_agg *agg)
{
    return (agg->kind == LOTS_AGG_COUNT || agg->kind == LOTS_AGG_PATIENTS) && agg->where == NULL;
}

/* Whether the parts add up to a number that the row shows besides. */
static bool shared_out(const lots_bound_stage *stage, const lots_vector *slots, uint32_t row)
{
    const lots_vector *aggs = slots + stage->key_count;
    int64_t sum = 0;
    uint32_t parts = 0;
    for (uint32_t i = 0; i < stage->agg_count; i++)
        if (is_part(&stage->aggs[i])) {
            sum += count_at(&aggs[i], row);
            parts++;
        }
    bool found = sum == count_at(&aggs[stage->agg_count], row);
    for (uint32_t i = 0; i < stage->agg_count; i++)
        found = found || (is_whole(&stage->aggs[i]) && count_at(&aggs[i], row) == sum);
    return parts > 1 && found;
}

/* The numbers that tell what the parts add up to; where these are `<k`, and so many parts too that each can only be 1, one part is
 * `*` instead, which may be 0. True when it hid something. */
static bool hide_wholes(lots_suppress *table, uint32_t row, int64_t sum, uint32_t small)
{
    const lots_bound_stage *stage = table->stage;
    bool changed = false, few = false;
    for (uint32_t i = 0; i <= stage->agg_count; i++) {
        if ((i < stage->agg_count && !is_whole(&stage->aggs[i])) || count_at(&table->slots[stage->key_count + i], row) != sum)
            continue;
        changed = lots_suppress_hide(table, i, row) || changed;
        few = few || lots_suppress_mark(table, i, row) == LOTS_MARK_SMALL;
    }
    for (uint32_t i = 0; i < stage->agg_count && few && !changed && small + 1 >= table->min_cell; i++)
        changed = is_part(&stage->aggs[i]) && lots_suppress_withhold(table, i, row);
    return changed;
}

/* Parts until those that are hidden leave each other a choice; where none is left to hide, what they add up to. True when it hid
 * something. */
static bool hide_parts(lots_suppress *table, uint32_t row)
{
    const lots_bound_stage *stage = table->stage;
    const lots_vector *aggs = table->slots + stage->key_count, *agg_marks = table->marks + stage->key_count;
    for (bool changed = false;; changed = true) {
        uint32_t hidden = 0, small = 0, next = stage->agg_count;
        int64_t sum = 0;
        for (uint32_t i = 0; i < stage->agg_count; i++) {
            int64_t count = count_at(&aggs[i], row);
            if (!is_part(&stage->aggs[i]) || count == 0)
                continue;
            if (mark_at(&agg_marks[i], row) != LOTS_MARK_SHOWN) {
                hidden++;
                small += mark_at(&agg_marks[i], row) == LOTS_MARK_SMALL;
                sum += count;
            } else if (next == stage->agg_count || count < count_at(&aggs[next], row)) {
                next = i;
            }
        }
        bool safe = hidden > 1 && sum >= (int64_t)table->min_cell &&
                    !lots_suppress_forced(table->min_cell, small, hidden - small, sum);
        if (hidden == 0 || safe)
            return changed;
        if (next == stage->agg_count)
            return hide_wholes(table, row, sum, small) || changed;
        lots_suppress_hide(table, next, row);
    }
}

/* ---- parts of a column of shares ---- */

/* The whole row goes: its count and sum would give the share back. */
static void hide_row(const lots_bound_stage *stage, lots_vector *marks, uint32_t row)
{
    for (uint32_t i = 0; i <= stage->agg_count; i++)
        put_mark(&marks[stage->key_count + i], row, LOTS_MARK_WITHHELD);
}

static void hide_shares(const lots_bound_stage *stage, uint32_t agg, uint32_t rows, const lots_vector *slots,
                        lots_vector *marks)
{
    const lots_vector *shares = &slots[stage->key_count + agg];
    const double *values = shares->data;
    uint32_t hidden = 0, next = rows;
    for (uint32_t row = 0; row < rows; row++) {
        if (lots_vector_is_missing(shares, row) || !(values[row] > 0))
            continue;
        if (mark_at(&marks[stage->key_count + agg], row) != LOTS_MARK_SHOWN)
            hidden++;
        else if (next == rows || values[row] < values[next])
            next = row;
    }
    if (hidden == 1 && next < rows)
        hide_row(stage, marks, next);
}

/* ---- counts that don't print as `<k` ---- */

static bool is_total(const lots_suppress *table, uint32_t row)
{
    uint32_t keys = table->stage->key_count;
    return keys > 0 && mark_at(&table->marks[keys - 1], row) == LOTS_MARK_TOTAL;
}

/* Those that are k or more, and totals: that one is below k would tell how its parts share it. */
static void mark_others(lots_suppress *table)
{
    const lots_bound_stage *stage = table->stage;
    for (uint32_t c = 0; c <= stage->agg_count; c++) {
        lots_row_agg_kind kind = c < stage->agg_count ? stage->aggs[c].kind : LOTS_AGG_PATIENTS;
        const lots_vector *values = &table->slots[stage->key_count + c];
        int64_t *marks = table->marks[stage->key_count + c].data;
        bool counts = kind == LOTS_AGG_COUNT || kind == LOTS_AGG_COUNT_DISTINCT || kind == LOTS_AGG_PATIENTS;
        for (uint32_t row = 0; counts && row < table->rows; row++)
            if (marks[row] == LOTS_MARK_SMALL && (is_total(table, row) || count_at(values, row) >= (int64_t)table->min_cell))
                marks[row] = LOTS_MARK_WITHHELD;
    }
}

/* ---- keys ---- */

/* A calendar week, month, quarter or year; other intervals may be a person's own, as from birth to death. */
static bool is_calendar(lots_day from, lots_day to)
{
    return lots_value_period_months(from, to) > 0 || ((int64_t)to - from == 6 && lots_day_weekday(from) == 1);
}

static bool is_own(lots_type_kind kind)
{
    return kind == LOTS_TYPE_DECIMAL || kind == LOTS_TYPE_FLOAT || kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_DAYS ||
           kind == LOTS_TYPE_MONTHS || kind == LOTS_TYPE_TEXT;
}

/* Words, codes, bands and whole numbers name a group; these may name a person. Several codes together are a history. */
static bool tells_of_one(const lots_expr *key, const lots_vector *values, uint32_t row)
{
    switch (key->type.kind) {
    case LOTS_TYPE_TEXT: return key->labels == NULL && key->op != LOTS_OP_CODE_PREFIX && key->op != LOTS_OP_CODE_LABEL;
    case LOTS_TYPE_INTERVAL: return !is_calendar(((const int32_t *)values->data)[row], values->data2[row]);
    case LOTS_TYPE_SET:
        return values->offsets[row + 1] - values->offsets[row] > (is_own(key->type.element) ? 0 : 1);
    default: return is_own(key->type.kind);
    }
}

static void hide_keys(const lots_bound_stage *stage, uint32_t rows, const lots_vector *slots, lots_vector *marks)
{
    const lots_vector *behind = &marks[stage->key_count + stage->agg_count];
    for (uint32_t i = 0; i < stage->key_count; i++)
        for (uint32_t row = 0; row < rows; row++)
            if (mark_at(behind, row) == LOTS_MARK_SMALL && tells_of_one(stage->keys[i].value, &slots[i], row))
                put_mark(&marks[i], row, LOTS_MARK_WITHHELD);
}

/* ---- hiding ---- */

/* The other rows' places stay. */
static void wipe_elements(lots_vector *values, uint32_t row)
{
    const size_t width = lots_type_bytes(values->type.element);
    for (uint32_t i = values->offsets[row]; i < values->offsets[row + 1]; i++)
        if (width == 0)
            lots_bit_clear(values->data, i);
        else
            memset((char *)values->data + i * width, 0, width);
}

static void wipe(lots_vector *values, uint32_t row)
{
    switch (values->type.kind) {
    case LOTS_TYPE_BOOL: lots_bit_clear(values->data, row); break;
    case LOTS_TYPE_INTERVAL:
        ((int32_t *)values->data)[row] = 0;
        values->data2[row] = 0;
        break;
    case LOTS_TYPE_DATE: ((int32_t *)values->data)[row] = 0; break;
    case LOTS_TYPE_SET: wipe_elements(values, row); break;
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE: ((uint32_t *)values->data)[row] = 0; break;
    case LOTS_TYPE_TEXT: ((lots_text *)values->data)[row] = (lots_text){"", 0}; break;
    default: ((int64_t *)values->data)[row] = 0; /* whole numbers, and floats: all bits 0 */
    }
}

static lots_status hide_marked(lots_vector *values, const lots_vector *marks, uint32_t rows, lots_arena *arena,
                               lots_error *err)
{
    for (uint32_t row = 0; row < rows; row++) {
        if (mark_at(marks, row) == LOTS_MARK_SHOWN || mark_at(marks, row) == LOTS_MARK_TOTAL)
            continue;
        LOTS_TRY(lots_vector_want_missing(arena, values, err));
        lots_bit_set(values->missing, row);
        wipe(values, row);
    }
    return LOTS_OK;
}

/* What is hidden for a row may want more hidden for a total, and the other way round: then of that row. */
static lots_status hide_reckoned(lots_suppress *table, lots_arena *arena, lots_error *err)
{
    const lots_bound_stage *stage = table->stage;
    lots_suppress_tree *tree = NULL;
    void *made = NULL;
    uint32_t seen = 0;
    LOTS_TRY(lots_arena_alloc(arena, &made, table->rows, sizeof(uint32_t), err));
    table->changed = made;
    table->hidings = 1; /* as if all rows had changed */
    for (uint32_t row = 0; row < table->rows; row++)
        table->changed[row] = 1;
    if (table->parent != NULL)
        LOTS_TRY(lots_suppress_tree_open(&tree, table, arena, err));
    for (bool changed = true; changed;) {
        const uint32_t before = seen;
        changed = false;
        seen = table->hidings;
        for (uint32_t row = 0; row < table->rows; row++)
            if (table->changed[row] > before && shared_out(stage, table->slots, row))
                changed = hide_parts(table, row) || changed;
        if (table->parent == NULL)
            break;
        bool more = false;
        LOTS_TRY(lots_suppress_totals(tree, arena, &more, err));
        changed = changed || more;
    }
    for (uint32_t i = 0; table->parent == NULL && i < stage->agg_count; i++)
        if (stage->aggs[i].kind == LOTS_AGG_SHARE && stage->aggs[i].where == NULL)
            hide_shares(stage, i, table->rows, table->slots, table->marks);
    return LOTS_OK;
}

lots_status lots_suppress_cells(lots_suppress *table, lots_arena *arena, lots_error *err)
{
    const lots_bound_stage *stage = table->stage;
    hide_keys(stage, table->rows, table->slots, table->marks);
    mark_others(table);
    LOTS_TRY(hide_reckoned(table, arena, err));
    for (uint32_t i = 0; i < stage->key_count + stage->agg_count; i++)
        LOTS_TRY(hide_marked(&table->slots[i], &table->marks[i], table->rows, arena, err));
    return LOTS_OK;
}

/* How the number that aggregate c makes of all rows is marked. */
static lots_mark mark_of_few(const lots_suppress *table, uint32_t c)
{
    const lots_row_agg *agg = &table->stage->aggs[c];
    int64_t rows = 0;
    if (!is_whole(agg))
        return LOTS_MARK_WITHHELD;
    for (uint32_t row = 0; agg->kind == LOTS_AGG_COUNT && row < table->rows; row++)
        rows += is_total(table, row) ? 0 : count_at(&table->slots[table->stage->key_count + c], row);
    return rows < (int64_t)table->min_cell ? LOTS_MARK_SMALL : LOTS_MARK_WITHHELD;
}

lots_status lots_suppress_few(lots_suppress *table, lots_arena *arena, lots_error *err)
{
    const lots_bound_stage *stage = table->stage;
    const uint32_t behind = stage->key_count + stage->agg_count;
    for (uint32_t c = 0; c < stage->agg_count; c++) /* before the keys: these say which rows are totals */
        ((int64_t *)table->marks[stage->key_count + c].data)[0] = mark_of_few(table, c);
    for (uint32_t i = 0; i < stage->key_count; i++)
        ((int64_t *)table->marks[i].data)[0] = LOTS_MARK_WITHHELD;
    ((int64_t *)table->marks[behind].data)[0] = LOTS_MARK_SMALL;
    table->rows = 1;
    for (uint32_t i = 0; i <= behind; i++)
        table->slots[i].count = table->marks[i].count = 1;
    for (uint32_t i = 0; i < behind; i++)
        LOTS_TRY(hide_marked(&table->slots[i], &table->marks[i], 1, arena, err));
    return LOTS_OK;
}
