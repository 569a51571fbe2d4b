/* naive_rows.c: stages whose rows stay what they are: where, derive, top, sort, limit; and each, which multiplies them. */
#include <string.h>

#include "core/base/day.h"
#include "tests/oracle/naive_inner.h"

naive_lines naive_subset(naive_run *run, const naive_lines *lines, const bool *keep)
{
    naive_lines out = *lines;
    out.items = naive_get(run, lines->count, sizeof *out.items);
    out.count = 0;
    for (uint32_t i = 0; i < lines->count; i++)
        if (keep[i])
            out.items[out.count++] = lines->items[i];
    return out;
}

naive_lines naive_where(naive_run *run, const naive_lines *lines, const lots_ast_node *node)
{
    bool *keep = naive_get(run, lines->count, sizeof *keep);
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        keep[i] = naive_holds(run, &env, node);
    }
    return naive_subset(run, lines, keep);
}

const char *naive_item_name(naive_run *run, const lots_ast_item *item)
{
    return item->name.text != NULL ? item->name.text : naive_printed(run, item->value);
}

static const bool *one_more(naive_run *run, const bool *flags, uint32_t count)
{
    bool *out = naive_get(run, count + 1, sizeof *out);
    if (flags == NULL)
        return NULL;
    memcpy(out, flags, count * sizeof *out);
    return out;
}

void naive_put_column(naive_run *run, naive_lines *lines, const char *name, const naive_value *values)
{
    const uint32_t count = lines->column_count;
    const char **names = naive_get(run, count + 1, sizeof *names);
    if (count > 0)
        memcpy(names, lines->names, count * sizeof *names);
    names[count] = name;
    lines->names = names;
    lines->is_key = one_more(run, lines->is_key, count);
    lines->is_zero = one_more(run, lines->is_zero, count);
    for (uint32_t i = 0; i < lines->count; i++) {
        naive_column *columns = naive_get(run, count + 1, sizeof *columns);
        if (count > 0)
            memcpy(columns, lines->items[i].columns, count * sizeof *columns);
        columns[count] = (naive_column){name, values[i]};
        lines->items[i].columns = columns;
    }
    lines->column_count++;
}

/* Each item sees those before it. What is made of the key of a total is missing, and no total. */
static void add_item(naive_run *run, naive_lines *lines, const lots_ast_item *item)
{
    naive_value *values = naive_get(run, lines->count, sizeof *values);
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        values[i] = naive_eval(run, &env, item->value);
        values[i].total = false;
    }
    naive_put_column(run, lines, naive_item_name(run, item), values);
}

naive_lines naive_derive(naive_run *run, const naive_lines *lines, const lots_ast_items *items)
{
    naive_lines out = naive_copy_lines(run, lines);
    for (uint32_t i = 0; i < items->count; i++)
        add_item(run, &out, &items->items[i]);
    return out;
}

naive_lines naive_top(naive_run *run, const naive_lines *lines, const lots_ast_stage *stage)
{
    naive_value *values = naive_get(run, lines->count, sizeof *values);
    naive_value *keys = naive_get(run, (size_t)lines->count * stage->top.per.count + 1, sizeof *keys);
    bool *keep = naive_get(run, lines->count, sizeof *keep), *present = naive_get(run, lines->count, sizeof *present);
    const uint32_t per = stage->top.per.count;
    const naive_env nowhere = {0};
    const naive_value size = naive_eval(run, &nowhere, stage->top.size);
    for (uint32_t i = 0; i < lines->count; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        values[i] = naive_eval(run, &env, stage->top.by);
        naive_need(run, &values[i]);
        for (uint32_t k = 0; k < per; k++)
            keys[(size_t)i * per + k] = naive_eval(run, &env, stage->top.per.items[k]);
    }
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        uint32_t with_value = 0;
        int64_t wanted = 0;
        for (uint32_t j = 0; j < lines->count; j++) {
            present[j] = !values[j].missing;
            for (uint32_t k = 0; k < per; k++)
                present[j] = present[j] && naive_compare(&keys[(size_t)i * per + k], &keys[(size_t)j * per + k]) == 0;
            with_value += present[j];
        }
        if (!naive_how_many(&size, with_value, &wanted))
            naive_refuse(run, "naive: top of how many?");
        keep[i] = naive_among_top(values, present, lines->count, i, wanted, stage->kind == LOTS_AST_STAGE_BOTTOM);
    }
    return naive_subset(run, lines, keep);
}

/* ---- sort ---- */

/* A key of groups puts its totals last, whichever way it is sorted; by anything else, rows of fewer totals come first. Of columns of
 * one name, such as the parts of a key that is a list have, the last is meant. */
static int compare_totals(const naive_lines *lines, const lots_ast_node *key, const naive_line *a, const naive_line *b)
{
    uint32_t found = lines->column_count;
    for (uint32_t c = 0; key->kind == LOTS_AST_NAME && lines->is_key != NULL && c < lines->column_count; c++)
        found = strcmp(lines->names[c], key->name.text) == 0 ? c : found;
    if (found < lines->column_count && lines->is_key[found])
        return (int)a->columns[found].value.total - (int)b->columns[found].value.total;
    return a->totals < b->totals ? -1 : a->totals > b->totals;
}

typedef struct sort_job {
    const naive_lines *lines;
    const lots_ast_keys *keys;
    const naive_value *values;
} sort_job;

static int compare_rows(const sort_job *job, uint32_t a, uint32_t b)
{
    const uint32_t width = job->keys->count;
    for (uint32_t k = 0; k < width; k++) {
        const lots_ast_key *key = &job->keys->items[k];
        int order = compare_totals(job->lines, key->value, &job->lines->items[a], &job->lines->items[b]);
        if (order != 0)
            return order;
        order = naive_compare(&job->values[(size_t)a * width + k], &job->values[(size_t)b * width + k]);
        if (order != 0)
            return key->descending ? -order : order;
    }
    return 0;
}

naive_lines naive_sort(naive_run *run, const naive_lines *lines, const lots_ast_keys *keys)
{
    naive_lines out = naive_copy_lines(run, lines);
    naive_value *values = naive_get(run, (size_t)lines->count * keys->count, sizeof *values);
    uint32_t *order = naive_get(run, lines->count, sizeof *order);
    const sort_job job = {lines, keys, values};
    for (uint32_t i = 0; i < lines->count; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        for (uint32_t k = 0; k < keys->count; k++) {
            naive_value *value = &values[(size_t)i * keys->count + k];
            *value = naive_eval(run, &env, keys->items[k].value);
            naive_need(run, value);
        }
        uint32_t j = i;
        for (; j > 0 && compare_rows(&job, order[j - 1], i) > 0; j--) /* ties stay as they were */
            order[j] = order[j - 1];
        order[j] = i;
    }
    for (uint32_t i = 0; i < lines->count; i++)
        out.items[i] = lines->items[order[i]];
    return out;
}

naive_lines naive_limit(naive_run *run, const naive_lines *lines, const lots_ast_node *node)
{
    naive_lines out = *lines;
    const naive_env nowhere = {0};
    const naive_value count = naive_eval(run, &nowhere, node);
    if (!naive_is(&count, NAIVE_INT) || count.number < 0)
        naive_refuse(run, "naive: limit to how many?");
    else if (count.number < out.count)
        out.count = (uint32_t)count.number;
    return out;
}

/* ---- each ---- */

/* What each multiplies a row by: `width` values a new row. */
typedef struct each_list {
    naive_value *items;
    uint32_t count, width;
} each_list;

static void push(naive_run *run, each_list *list, const naive_value *values)
{
    if ((list->count & (list->count + 1)) == 0) {
        naive_value *grown = naive_get(run, (2 * (size_t)list->count + 1) * list->width, sizeof *grown);
        if (list->count > 0)
            memcpy(grown, list->items, (size_t)list->count * list->width * sizeof *grown);
        list->items = grown;
    }
    memcpy(list->items + (size_t)list->count++ * list->width, values, list->width * sizeof *values);
}

/* The last day of the calendar's period that a day is in. */
static int64_t last_of(const char *unit, int64_t day)
{
    const lots_civil civil = lots_day_to_civil((lots_day)day);
    int32_t month = civil.month;
    if (strcmp(unit, "day") == 0)
        return day;
    if (strcmp(unit, "week") == 0)
        return day - ((day + 3) % 7 + 7) % 7 + 6;
    if (strcmp(unit, "quarter") == 0)
        month = (month + 2) / 3 * 3;
    if (strcmp(unit, "year") == 0)
        month = 12;
    return lots_day_from_civil(civil.year, month, lots_month_days(civil.year, month));
}

static int64_t last_of_block(naive_run *run, const lots_ast_duration *block, int64_t from, int64_t number)
{
    const naive_value start = naive_number(NAIVE_DATE, from);
    const naive_value length = block->months != 0 ? naive_number(NAIVE_MONTHS, number * block->months)
                                                  : naive_number(NAIVE_DAYS, number * block->days);
    const naive_value next = naive_arithmetic(LOTS_AST_OP_ADD, &start, &length);
    naive_need(run, &next);
    return next.number - 1;
}

static void each_period(naive_run *run, const naive_env *env, const lots_ast_stage *stage, each_list *list)
{
    const naive_value range = naive_eval(run, env, stage->each.range), interval = naive_as_interval(&range);
    naive_need(run, &interval);
    if (naive_misfit(&interval))
        naive_refuse(run, "naive: each in what?");
    if (interval.missing || run->failed)
        return;
    if (interval.number == NAIVE_OPEN_LOW || interval.second == NAIVE_OPEN_HIGH) {
        naive_refuse(run, "naive: failed: each in an open interval");
        return;
    }
    int64_t number = 1;
    for (int64_t day = interval.number; day <= interval.second && !run->failed; number++) {
        int64_t last = stage->each.block != NULL
                           ? last_of_block(run, &stage->each.block->duration, interval.number, number)
                           : last_of(stage->each.unit.text, day);
        naive_value period = naive_interval(day, last < interval.second ? last : interval.second);
        period.count = (uint32_t)number;
        push(run, list, &period);
        day = last + 1;
    }
}

static void each_number(naive_run *run, const naive_value *range, each_list *list)
{
    const naive_value *low = &range->items[0], *high = &range->items[1];
    if (naive_misfit(low) || naive_misfit(high)) {
        naive_refuse(run, "naive: failed: each in an open range");
        return;
    }
    for (int64_t k = low->number; !low->missing && !high->missing && k <= high->number; k++) {
        const naive_value number = naive_number(NAIVE_INT, k);
        push(run, list, &number);
    }
}

static void each_element(naive_run *run, const naive_env *env, const lots_ast_node *node, each_list *list)
{
    const bool pairs = node->kind == LOTS_AST_CALL && strcmp(node->call->name.text, "pairs") == 0;
    const naive_value set = pairs ? naive_argument(run, env, node->call, 0) : naive_eval(run, env, node);
    naive_need(run, &set);
    if (set.kind == NAIVE_RANGE && !pairs) {
        each_number(run, &set, list);
        return;
    }
    if (set.kind != NAIVE_SET && !set.missing)
        naive_refuse(run, "naive: each of what?");
    for (uint32_t i = 0; set.kind == NAIVE_SET && i < set.count; i++) {
        if (!pairs)
            push(run, list, &set.items[i]);
        for (uint32_t j = i + 1; pairs && j < set.count; j++) {
            const naive_value two[2] = {set.items[i], set.items[j]};
            push(run, list, two);
        }
    }
}

naive_lines naive_each(naive_run *run, const naive_lines *lines, const lots_ast_stage *stage)
{
    naive_lines out = *lines;
    each_list all = {.width = stage->each.names.count};
    out.items = NULL;
    out.count = 0;
    out.persons = lines->persons && lines->aggregated;
    out.disjoint = false;
    out.thinned = true; /* each of nothing leaves a row out */
    for (uint32_t i = 0; i < lines->count && !run->failed; i++) {
        const naive_env env = naive_line_env(run, lines, i);
        const uint32_t before = all.count;
        if (stage->each.block != NULL || stage->each.unit.text != NULL)
            each_period(run, &env, stage, &all);
        else
            each_element(run, &env, stage->each.range, &all);
        for (uint32_t k = before; k < all.count; k++) {
            naive_add_line(run, &out, lines->items[i].patient, lines->items[i].event);
            out.items[out.count - 1] = lines->items[i];
        }
    }
    for (uint32_t w = 0; w < all.width; w++) {
        naive_value *values = naive_get(run, all.count, sizeof *values);
        for (uint32_t k = 0; k < all.count; k++)
            values[k] = all.items[(size_t)k * all.width + w];
        naive_put_column(run, &out, stage->each.names.items[w].text, values);
    }
    return out;
}
