/* group_memory.c: how much memory the tables of a group by hold, counted towards the budget of a run. See group.h. */
#include "core/base/budget.h"
#include "query/exec/group.h"

static size_t of_vec(const lots_vec *vec) { return vec->capacity * vec->item_size; }

static size_t of_collected(const lots_collected *column)
{
    return of_vec(&column->values) + of_vec(&column->values2) + of_vec(&column->offsets) + of_vec(&column->missing) +
           column->text.capacity;
}

static size_t of_map(const lots_number_map *map) { return (size_t)map->size * sizeof *map->slots; }

static size_t of_keyer(const lots_keyer *keyer)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < keyer->column_count; i++) {
        const lots_key_coder *coder = &keyer->coders[i];
        const lots_key_fold *fold = &keyer->folds[i];
        bytes += of_collected(&keyer->columns[i]) + of_collected(&coder->items) + of_vec(&coder->keys) +
                 of_vec(&coder->hashes) + of_map(&coder->wide) + of_map(&fold->map);
        bytes += ((size_t)coder->near_count + coder->slot_count + coder->day_count) * sizeof(uint32_t);
        bytes += fold->direct == NULL ? 0 : ((size_t)fold->rows << fold->shift) * sizeof(uint32_t);
    }
    return bytes;
}

static size_t of_state(const lots_group_state *state)
{
    return of_vec(&state->cells) + of_vec(&state->exact) + of_vec(&state->moments) + of_vec(&state->values) +
           of_vec(&state->owners) + of_collected(&state->texts) + of_keyer(&state->distinct);
}

static size_t of_group(const lots_group *group)
{
    const uint32_t patients = group->stage->agg_count;
    size_t bytes = of_keyer(&group->keyer) + of_state(&group->patients) + of_vec(&group->cell_groups);
    for (uint32_t i = 0; i < patients; i++)
        bytes += of_state(&group->states[i]);
    for (uint32_t i = 0; i <= patients; i++) {
        const lots_group_counter *counter = &group->counters[i];
        bytes += ((size_t)counter->kept.room + counter->left.room) * sizeof(lots_group_line);
        bytes += group->evidence == NULL ? 0 : of_vec(&group->evidence[i].cells);
    }
    for (uint32_t j = 0; group->totals != NULL && j < group->key_count; j++)
        bytes += of_group(&group->totals[j]);
    return bytes;
}

lots_status lots_group_count(lots_group *group, lots_budget *budget, lots_error *err)
{
    const size_t bytes = of_group(group), before = group->counted_bytes;
    if (bytes > before)
        LOTS_TRY(lots_budget_take(budget, bytes - before, err));
    else
        lots_budget_give(budget, before - bytes);
    group->counted_bytes = bytes;
    return LOTS_OK;
}

void lots_group_drop(lots_group *group, lots_budget *budget)
{
    lots_budget_give(budget, group->counted_bytes);
    lots_group_close(group);
}
