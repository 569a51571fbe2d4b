/* classification_finish.c: the last part of reading a classification: what only the whole file can show is checked, the
 * rules that hide are put in order, and the lists become arrays of the arena. See classification_draft.h. */
#include <stdlib.h>
#include <string.h>

#include "query/lang/classification_draft.h"

/* Move a list into the arena. An empty one becomes a valid pointer to nothing. */
static lots_status keep(classification_draft *d, const lots_vec *list, const void **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(d->arena, &made, list->count, list->item_size, d->err));
    if (list->count > 0)
        memcpy(made, list->data, list->count * list->item_size);
    *out = made;
    return LOTS_OK;
}

static lots_status check_head(const classification_draft *d)
{
    const lots_classification *out = d->out;
    const struct {
        const char *keyword, *text;
    } wanted[] = {{"name", out->name}, {"version", out->version}, {"source", out->source}, {"licence", out->licence}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (wanted[i].text[0] == '\0')
            return class_rows_fail_line(&d->rows, 0, "it does not say its %s", wanted[i].keyword);
    if (out->group_count == 0)
        return class_rows_fail_line(&d->rows, 0, "it has no group");
    return LOTS_OK;
}

/* ---- patterns ---- */

static int compare_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int by_group_and_code(const void *left, const void *right)
{
    const lots_class_pattern *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->system != b->system)
        return a->system < b->system ? -1 : 1;
    int order = strcmp(a->low, b->low);
    if (order == 0)
        order = compare_text(a->high, b->high);
    return order != 0 ? order : (int)a->match - (int)b->match;
}

/* Sort the patterns, drop repeated ones, and give each group its part. */
static lots_status settle_patterns(classification_draft *d)
{
    lots_class_pattern *patterns = d->patterns.data;
    size_t kept = 0;
    if (d->patterns.count > 1)
        qsort(patterns, d->patterns.count, sizeof *patterns, by_group_and_code);
    for (size_t i = 0; i < d->patterns.count; i++)
        if (kept == 0 || by_group_and_code(&patterns[kept - 1], &patterns[i]) != 0)
            patterns[kept++] = patterns[i];
    d->patterns.count = kept;
    uint32_t at = 0;
    for (uint32_t g = 0; g < d->groups.count; g++) {
        lots_class_group *group = &LOTS_AT(lots_class_group, &d->groups, g);
        group->first_pattern = at;
        while (at < kept && patterns[at].group == g)
            at++;
        group->pattern_end = at;
        if (kept > 0 && group->pattern_end == group->first_pattern && !lots_bit_get(d->made, g))
            return class_rows_fail_line(&d->rows, LOTS_AT(uint32_t, &d->group_lines, g),
                                        "group '%s' has no codes and no rule makes it", group->name);
    }
    return LOTS_OK;
}

/* ---- weights ---- */

static lots_status settle_weights(classification_draft *d)
{
    size_t groups = d->groups.count, words = lots_bit_words(groups), sets = d->sets.count;
    void *values = NULL, *said = NULL;
    LOTS_TRY(lots_arena_alloc(d->arena, &values, sets * groups, sizeof(int64_t), d->err));
    LOTS_TRY(lots_arena_alloc(d->arena, &said, sets * words, sizeof(uint64_t), d->err));
    for (size_t i = 0; i < d->weights.count; i++) {
        const weight_draft *weight = &LOTS_AT(weight_draft, &d->weights, i);
        uint64_t *said_here = (uint64_t *)said + weight->set * words;
        const char *set = LOTS_AT(lots_class_weights, &d->sets, weight->set).name;
        if (lots_bit_get(said_here, weight->group))
            return class_rows_fail_line(&d->rows, weight->line, "group '%s' has two weights in '%s'",
                                        LOTS_AT(lots_class_group, &d->groups, weight->group).name, set);
        lots_bit_set(said_here, weight->group);
        ((int64_t *)values)[weight->set * groups + weight->group] = weight->value;
    }
    for (size_t i = 0; i < sets; i++) {
        lots_class_weights *set = &LOTS_AT(lots_class_weights, &d->sets, i);
        set->values = (const int64_t *)values + i * groups;
        set->said = (const uint64_t *)said + i * words;
        if (lots_bits_count(set->said, groups) == 0)
            return class_rows_fail_line(&d->rows, 0, "no group has a weight in '%s'", set->name);
    }
    return LOTS_OK;
}

/* ---- rules ---- */

/* Order the rules so that each group hides before it can be hidden, from the end: again and again take the rules whose
 * hider no rule left hides, and put them before those taken. What can't be taken is a ring. */
static lots_status order_hides(classification_draft *d, lots_class_hides *out)
{
    hides_draft *left = d->hides.data;
    size_t count = d->hides.count, free_until = count;
    while (count > 0) {
        uint64_t hidden[LOTS_CLASSIFICATION_WORDS_MAX] = {0};
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            lots_bit_set(hidden, left[i].rule.hidden);
        for (size_t i = 0; i < count; i++) {
            if (lots_bit_get(hidden, left[i].rule.by))
                left[kept++] = left[i];
            else
                out[--free_until] = left[i].rule;
        }
        if (kept == count)
            return class_rows_fail_line(&d->rows, left[0].line, "a group hides itself, over this rule or those it leads to");
        count = kept;
    }
    return LOTS_OK;
}

static lots_status settle_rules(classification_draft *d)
{
    void *hides = NULL, *helpers = NULL;
    LOTS_TRY(lots_arena_alloc(d->arena, &hides, d->hides.count, sizeof(lots_class_hides), d->err));
    LOTS_TRY(order_hides(d, hides));
    d->out->hides = hides;
    d->out->hides_count = (uint32_t)d->hides.count;
    LOTS_TRY(lots_arena_alloc(d->arena, &helpers, lots_bit_words(d->groups.count), sizeof(uint64_t), d->err));
    for (size_t i = 0; i < d->groups.count; i++)
        if (LOTS_AT(lots_class_group, &d->groups, i).helper)
            lots_bit_set(helpers, i);
    d->out->helpers = helpers;
    return LOTS_OK;
}

lots_status classification_finish(classification_draft *d)
{
    LOTS_TRY(check_head(d));
    LOTS_TRY(settle_patterns(d));
    LOTS_TRY(settle_weights(d));
    LOTS_TRY(settle_rules(d));
    const void *notes = NULL, *systems = NULL, *sets = NULL, *groups = NULL, *patterns = NULL, *makes = NULL;
    LOTS_TRY(keep(d, &d->notes, &notes));
    LOTS_TRY(keep(d, &d->systems, &systems));
    LOTS_TRY(keep(d, &d->sets, &sets));
    LOTS_TRY(keep(d, &d->groups, &groups));
    LOTS_TRY(keep(d, &d->patterns, &patterns));
    LOTS_TRY(keep(d, &d->makes, &makes));
    d->out->notes = notes;
    d->out->note_count = (uint32_t)d->notes.count;
    d->out->systems = systems;
    d->out->sets = sets;
    d->out->groups = groups;
    d->out->patterns = patterns;
    d->out->pattern_count = (uint32_t)d->patterns.count;
    d->out->makes = makes;
    d->out->makes_count = (uint32_t)d->makes.count;
    return LOTS_OK;
}
