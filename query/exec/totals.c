/* totals.c: see totals.h. The levels are laid one behind the other, least keys last, and sorted by key, where beside each key
 * stands whether it is a total's: that sorts totals behind all values, missing ones too. */
#include "query/exec/totals.h"

#include <string.h>

#include "query/exec/sort.h"

typedef struct levels {
    lots_group *group;
    lots_arena *arena;
    uint32_t count;       /* 1 without totals */
    lots_vector **values; /* of each level: what lots_group_values gives */
    uint32_t rows;
    uint32_t *level, *number; /* by row, unordered */
} levels;

/* Level 0 here is the groups themselves. */
static lots_group *level_at(const levels *all, uint32_t at)
{
    return at == 0 ? all->group : &all->group->totals[all->group->key_count - at];
}

static lots_status take_values(levels *all, lots_pool *pool, lots_error *err)
{
    void *made = NULL;
    uint64_t rows = 0;
    LOTS_TRY(lots_arena_alloc(all->arena, &made, all->count, sizeof(lots_vector *), err));
    all->values = made;
    for (uint32_t at = 0; at < all->count; at++) {
        lots_group *level = level_at(all, at);
        LOTS_TRY(lots_arena_alloc(all->arena, &made, (size_t)level->key_count + level->stage->agg_count + 1,
                                  sizeof(lots_vector), err));
        all->values[at] = made;
        LOTS_TRY(lots_group_values(level, pool, all->arena, all->values[at], err));
        rows += level->keyer.count;
    }
    if (rows >= LOTS_NO_ID)
        return lots_fail(err, LOTS_LIMIT, "more than %u groups and totals", LOTS_NO_ID - 1);
    all->rows = (uint32_t)rows;
    return LOTS_OK;
}

static lots_status number_rows(levels *all, lots_error *err)
{
    void *level = NULL, *number = NULL;
    uint32_t row = 0;
    LOTS_TRY(lots_arena_alloc(all->arena, &level, all->rows, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(all->arena, &number, all->rows, sizeof(uint32_t), err));
    all->level = level;
    all->number = number;
    for (uint32_t at = 0; at < all->count; at++)
        for (uint32_t i = 0; i < level_at(all, at)->keyer.count; i++, row++) {
            all->level[row] = level_at(all, at)->key_count;
            all->number[row] = i;
        }
    return LOTS_OK;
}

/* A key that a level does not group by: missing in each of its rows. */
static lots_status missing_key(const levels *all, const lots_vector *key, uint32_t rows, lots_vector *out, lots_error *err)
{
    void *none = NULL;
    LOTS_TRY(lots_arena_alloc(all->arena, &none, rows, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < rows; i++)
        ((uint32_t *)none)[i] = LOTS_NO_ID;
    LOTS_TRY(lots_vector_gather(all->arena, key, none, rows, out, err));
    LOTS_TRY(lots_vector_want_missing(all->arena, out, err));
    lots_bits_fill(out->missing, rows, true);
    return LOTS_OK;
}

/* Column i of keys, aggregates and patients, of all levels. */
static lots_status lay_column(const levels *all, uint32_t i, lots_vector *out, lots_error *err)
{
    uint32_t keys = all->group->key_count;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(all->arena, &made, all->count, sizeof(lots_vector), err));
    lots_vector *parts = made;
    for (uint32_t at = 0; at < all->count; at++) {
        const lots_group *level = level_at(all, at);
        if (i < keys && i >= level->key_count)
            LOTS_TRY(missing_key(all, &all->values[0][i], level->keyer.count, &parts[at], err));
        else
            parts[at] = all->values[at][i < keys ? i : i - keys + level->key_count];
    }
    return lots_vector_concat(all->arena, parts, all->count, out, err);
}

static lots_status order_rows(const levels *all, const lots_vector *keys, uint32_t **order, lots_error *err)
{
    const lots_group *group = all->group;
    const lots_type type = {.kind = LOTS_TYPE_INT};
    uint32_t width = all->count > 1 ? 2 : 1;
    void *sorted = NULL, *down = NULL, *labels = NULL;
    LOTS_TRY(lots_arena_alloc(all->arena, &sorted, (size_t)width * group->key_count, sizeof(lots_vector), err));
    LOTS_TRY(lots_arena_alloc(all->arena, &down, (size_t)width * group->key_count, sizeof(bool), err));
    LOTS_TRY(lots_arena_alloc(all->arena, &labels, (size_t)width * group->key_count, sizeof(lots_expr *), err));
    for (uint32_t i = 0; i < group->key_count; i++) {
        lots_vector *key = (lots_vector *)sorted + (size_t)width * i;
        if (width == 2) {
            LOTS_TRY(lots_vector_new(all->arena, &type, all->rows, key, err));
            for (uint32_t row = 0; row < all->rows; row++)
                ((int64_t *)key->data)[row] = i >= all->level[row];
            key++;
        }
        *key = keys[i];
        ((const lots_expr **)labels)[width * i + width - 1] = group->stage->keys[i].value;
    }
    return lots_sort_rows(sorted, down, labels, width * group->key_count, all->rows, all->arena, order, err);
}

/* A total stands behind its details: going backwards, the last row seen of the level above is the parent. */
static lots_status describe_rows(const levels *all, const uint32_t *order, lots_total_rows *rows, lots_error *err)
{
    void *level = NULL, *number = NULL, *parent = NULL, *made = NULL;
    LOTS_TRY(lots_arena_alloc(all->arena, &level, all->rows, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(all->arena, &number, all->rows, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(all->arena, &parent, all->rows, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(all->arena, &made, (size_t)all->group->key_count + 1, sizeof(uint32_t), err));
    uint32_t *seen = made;
    for (uint32_t row = all->rows; row-- > 0;) {
        uint32_t keys = all->level[order[row]];
        ((uint32_t *)level)[row] = keys;
        ((uint32_t *)number)[row] = all->number[order[row]];
        ((uint32_t *)parent)[row] = all->count > 1 && keys > 0 ? seen[keys - 1] : LOTS_NO_ID;
        seen[keys] = row;
    }
    *rows = (lots_total_rows){.count = all->rows, .level = level, .number = number, .parent = parent};
    return LOTS_OK;
}

lots_status lots_totals_gather(lots_group *group, lots_pool *pool, lots_arena *arena, lots_vector *slots, lots_total_rows *rows,
                               lots_error *err)
{
    levels all = {.group = group, .arena = arena, .count = group->totals != NULL ? group->key_count + 1 : 1};
    uint32_t columns = group->key_count + group->stage->agg_count + 1, *order = NULL;
    void *made = NULL;
    LOTS_TRY(take_values(&all, pool, err));
    LOTS_TRY(number_rows(&all, err));
    LOTS_TRY(lots_arena_alloc(arena, &made, columns, sizeof(lots_vector), err));
    lots_vector *laid = made;
    for (uint32_t i = 0; i < columns; i++)
        LOTS_TRY(lay_column(&all, i, &laid[i], err));
    LOTS_TRY(order_rows(&all, laid, &order, err));
    for (uint32_t i = 0; i < columns; i++)
        LOTS_TRY(lots_vector_gather(arena, &laid[i], order, all.rows, &slots[i], err));
    return describe_rows(&all, order, rows, err);
}
