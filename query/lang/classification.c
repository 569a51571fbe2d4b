/* classification.c: looking up names in a classification, and putting one patient's groups through its rules and
 * weights. See classification.h for the meaning; reading is in classification_read.c, binding in
 * classification_bind.c. */
#include "query/lang/classification.h"

#include <string.h>

#include "core/base/hash.h"
#include "query/lang/suggest.h"

static bool same(const char *name, const char *text, size_t bytes)
{
    return strlen(name) == bytes && memcmp(name, text, bytes) == 0;
}

int32_t lots_classification_group(const lots_classification *classification, const char *name, size_t bytes)
{
    uint32_t slot = (uint32_t)lots_hash(name, bytes, 0) & classification->group_slot_mask;
    for (; classification->group_slots[slot] != 0; slot = (slot + 1) & classification->group_slot_mask) {
        uint32_t group = classification->group_slots[slot] - 1u;
        if (same(classification->groups[group].name, name, bytes))
            return (int32_t)group;
    }
    return -1;
}

int32_t lots_classification_weights(const lots_classification *classification, const char *name, size_t bytes)
{
    for (uint32_t i = 0; i < classification->set_count; i++)
        if (same(classification->sets[i].name, name, bytes))
            return (int32_t)i;
    return -1;
}

/* The next byte of a system's name that matters, in lower case; 0 at the end. */
static char next_of_system(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '-' || **at == '_' || **at == '.'))
        (*at)++;
    if (*at == end)
        return '\0';
    char c = *(*at)++;
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_system(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    const char *a_end = a + a_bytes, *b_end = b + b_bytes;
    for (;;) {
        char c = next_of_system(&a, a_end);
        if (c != next_of_system(&b, b_end))
            return false;
        if (c == '\0')
            return true;
    }
}

int32_t lots_classification_system(const lots_classification *classification, const char *registry_system, size_t bytes)
{
    for (uint32_t i = 0; i < classification->system_count; i++) {
        const lots_class_system *system = &classification->systems[i];
        for (uint32_t j = 0; j < system->alias_count; j++)
            if (same_system(system->aliases[j], strlen(system->aliases[j]), registry_system, bytes))
                return (int32_t)i;
    }
    return -1;
}

static suggestion begin(const char *name, size_t bytes)
{
    suggestion near;
    suggest_begin(&near, name, bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX);
    return near;
}

const char *lots_classification_near_group(const lots_classification *classification, const char *name, size_t bytes)
{
    suggestion near = begin(name, bytes);
    for (uint32_t i = 0; i < classification->group_count; i++)
        suggest_try(&near, classification->groups[i].name, (uint32_t)strlen(classification->groups[i].name));
    int32_t found = near.found ? lots_classification_group(classification, near.text, strlen(near.text)) : -1;
    return found < 0 ? NULL : classification->groups[found].name;
}

const char *lots_classification_near_weights(const lots_classification *classification, const char *name, size_t bytes)
{
    suggestion near = begin(name, bytes);
    for (uint32_t i = 0; i < classification->set_count; i++)
        suggest_try(&near, classification->sets[i].name, (uint32_t)strlen(classification->sets[i].name));
    int32_t found = near.found ? lots_classification_weights(classification, near.text, strlen(near.text)) : -1;
    return found < 0 ? NULL : classification->sets[found].name;
}

const lots_classification_text *lots_classification_builtin(const char *name, size_t bytes)
{
    for (size_t i = 0; i < lots_classification_text_count; i++)
        if (same(lots_classification_texts[i].name, name, bytes))
            return &lots_classification_texts[i];
    return NULL;
}

const char *lots_classification_near_builtin(const char *name, size_t bytes)
{
    suggestion near = begin(name, bytes);
    for (size_t i = 0; i < lots_classification_text_count; i++)
        suggest_try(&near, lots_classification_texts[i].name, (uint32_t)strlen(lots_classification_texts[i].name));
    const lots_classification_text *found = near.found ? lots_classification_builtin(near.text, strlen(near.text)) : NULL;
    return found == NULL ? NULL : found->name;
}

static bool all_present(const uint64_t *groups, const lots_class_makes *rule)
{
    for (uint32_t i = 0; i < rule->part_count; i++)
        if (!lots_bit_get(groups, rule->parts[i]))
            return false;
    return true;
}

void lots_classification_apply(const lots_classification *classification, const uint64_t *in, uint64_t *out)
{
    size_t words = lots_classification_words(classification);
    if (out != in)
        memcpy(out, in, words * sizeof *out);
    for (uint32_t i = 0; i < classification->makes_count; i++)
        if (all_present(out, &classification->makes[i]))
            lots_bit_set(out, classification->makes[i].made);
    /* Clearing in place judges each rule on all groups present, since a group hides before it is hidden (invariant 5). */
    for (uint32_t i = 0; i < classification->hides_count; i++)
        if (lots_bit_get(out, classification->hides[i].by))
            lots_bit_clear(out, classification->hides[i].hidden);
    for (size_t i = 0; i < words; i++)
        out[i] &= ~classification->helpers[i];
}

int64_t lots_classification_score(const lots_classification *classification, uint32_t set, const uint64_t *groups)
{
    const int64_t *values = classification->sets[set].values;
    size_t count = classification->group_count;
    int64_t sum = 0;
    for (size_t i = lots_bits_next(groups, 0, count); i < count; i = lots_bits_next(groups, i + 1, count))
        sum += values[i];
    return sum;
}
