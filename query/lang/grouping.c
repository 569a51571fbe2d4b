/* grouping.c: see grouping.h. */
#include "query/lang/grouping.h"

#include <stdlib.h>
#include <string.h>

typedef struct group_name {
    const char *name, *label;
    uint32_t group;
} group_name;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const group_name *)a)->name, ((const group_name *)b)->name);
}

/* The groups that results may show, by name. */
static lots_status sort_groups(lots_arena *arena, const lots_classification *classification, group_name **out,
                               uint32_t *count, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &room, classification->group_count, sizeof(group_name), err));
    *out = room;
    *count = 0;
    for (uint32_t g = 0; g < classification->group_count; g++)
        if (!classification->groups[g].helper)
            (*out)[(*count)++] = (group_name){classification->groups[g].name, classification->groups[g].label, g};
    qsort(*out, *count, sizeof **out, by_name);
    return LOTS_OK;
}

static lots_status name_groups(lots_arena *arena, lots_grouping *made, lots_error *err)
{
    group_name *sorted = NULL;
    uint32_t count = 0;
    void *keys = NULL, *labels = NULL, *ranks = NULL;
    const uint32_t groups = made->classification->group_count;
    LOTS_TRY(sort_groups(arena, made->classification, &sorted, &count, err));
    LOTS_TRY(lots_arena_alloc(arena, &keys, count, sizeof(char *), err));
    LOTS_TRY(lots_arena_alloc(arena, &labels, count, sizeof(char *), err));
    LOTS_TRY(lots_arena_alloc(arena, &ranks, groups, sizeof(lots_id), err));
    for (uint32_t g = 0; g < groups; g++)
        ((lots_id *)ranks)[g] = LOTS_NO_ID;
    for (uint32_t i = 0; i < count; i++) {
        ((const char **)keys)[i] = sorted[i].name;
        ((const char **)labels)[i] = sorted[i].label;
        ((lots_id *)ranks)[sorted[i].group] = i;
    }
    made->rank_of_group = ranks;
    return lots_dictionary_in_arena(arena, keys, labels, count, &made->names, err);
}

static int by_rank(const void *a, const void *b)
{
    const lots_id x = *(const lots_id *)a, y = *(const lots_id *)b;
    return (x > y) - (x < y);
}

/* The lists by group of the bound classification as lists of ranks, without helpers. */
static lots_status list_ranks(lots_arena *arena, lots_grouping *made, lots_error *err)
{
    const lots_classified *bound = made->bound;
    void *offsets = NULL, *lists = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &offsets, (size_t)bound->code_count + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(arena, &lists, bound->offsets[bound->code_count], sizeof(lots_id), err));
    uint32_t *ends = offsets, at = 0;
    for (uint32_t code = 0; code < bound->code_count; code++) {
        lots_id *list = (lots_id *)lists + at;
        uint32_t count = 0;
        for (uint32_t i = bound->offsets[code]; i < bound->offsets[code + 1]; i++)
            if (made->rank_of_group[bound->groups[i]] != LOTS_NO_ID)
                list[count++] = made->rank_of_group[bound->groups[i]];
        if (count > 1)
            qsort(list, count, sizeof *list, by_rank);
        at += count;
        ends[code + 1] = at;
    }
    made->offsets = offsets;
    made->lists = lists;
    return LOTS_OK;
}

lots_status lots_grouping_new(lots_arena *arena, const lots_classification *classification, const char *called,
                              const lots_dictionary *codes, const lots_grouping **out, lots_error *err)
{
    void *room = NULL;
    *out = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &room, 1, sizeof(lots_grouping), err));
    lots_grouping *made = room;
    made->called = called;
    made->classification = classification;
    LOTS_TRY(lots_classification_bind(classification, codes, arena, &made->bound, err));
    LOTS_TRY(name_groups(arena, made, err));
    LOTS_TRY(list_ranks(arena, made, err));
    *out = made;
    return LOTS_OK;
}
