/* codes.c: reading a finished dictionary: keys and labels of ranks, ranks of keys, intervals, the hierarchy. Every
 * search is binary over the sorted keys. */
#include <string.h>

#include "core/base/memory.h"
#include "core/index/codes_body.h"

lots_status lots_dictionary_new(lots_dictionary **out, uint32_t count, size_t key_bytes, lots_error *err)
{
    *out = NULL;
    void *body = NULL;
    LOTS_TRY(lots_alloc(&body, 1, sizeof(lots_dictionary), err));
    lots_dictionary *made = body;
    void *keys = NULL, *offsets = NULL, *ranks = NULL, *ids = NULL;
    made->count = count;
    lots_status status = lots_alloc(&keys, key_bytes + 1, 1, err); /* one more, so that an empty key has an address */
    if (status == LOTS_OK)
        status = lots_alloc(&offsets, (size_t)count + 1, sizeof *made->key_offsets, err);
    if (status == LOTS_OK)
        status = lots_alloc(&ranks, (size_t)count + 1, sizeof *made->rank_of_stable, err);
    if (status == LOTS_OK)
        status = lots_alloc(&ids, (size_t)count + 1, sizeof *made->stable_of_rank, err);
    made->keys = keys;
    made->key_offsets = offsets;
    made->rank_of_stable = ranks;
    made->stable_of_rank = ids;
    if (status != LOTS_OK) {
        lots_dictionary_close(made);
        return status;
    }
    *out = made;
    return LOTS_OK;
}

lots_status lots_dictionary_room_labels(lots_dictionary *dictionary, size_t label_bytes, lots_error *err)
{
    void *labels = NULL, *offsets = NULL;
    LOTS_TRY(lots_alloc(&labels, label_bytes, 1, err));
    dictionary->labels = labels;
    LOTS_TRY(lots_alloc(&offsets, (size_t)dictionary->count + 1, sizeof *dictionary->label_offsets, err));
    dictionary->label_offsets = offsets;
    return LOTS_OK;
}

lots_status lots_dictionary_room_below(lots_dictionary *dictionary, size_t relations, lots_error *err)
{
    void *below = NULL, *offsets = NULL;
    LOTS_TRY(lots_alloc(&below, relations, sizeof *dictionary->below, err));
    dictionary->below = below;
    LOTS_TRY(lots_alloc(&offsets, (size_t)dictionary->count + 1, sizeof *dictionary->below_offsets, err));
    dictionary->below_offsets = offsets;
    return LOTS_OK;
}

void lots_dictionary_close(lots_dictionary *dictionary)
{
    if (dictionary == NULL)
        return;
    lots_free(dictionary->keys);
    lots_free(dictionary->key_offsets);
    lots_free(dictionary->rank_of_stable);
    lots_free(dictionary->stable_of_rank);
    lots_free(dictionary->labels);
    lots_free(dictionary->label_offsets);
    lots_free(dictionary->below);
    lots_free(dictionary->below_offsets);
    lots_free(dictionary);
}

int lots_key_compare(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t least = a_bytes < b_bytes ? a_bytes : b_bytes;
    int order = least != 0 ? memcmp(a, b, least) : 0;
    return order != 0 ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

uint32_t lots_dictionary_count(const lots_dictionary *dictionary) { return dictionary->count; }

const char *lots_dictionary_key(const lots_dictionary *dictionary, lots_id rank, size_t *bytes)
{
    uint64_t first = dictionary->key_offsets[rank];
    *bytes = (size_t)(dictionary->key_offsets[rank + 1] - first);
    return dictionary->keys + first;
}

const char *lots_dictionary_label_of(const lots_dictionary *dictionary, lots_id rank, size_t *bytes)
{
    *bytes = 0;
    if (dictionary->label_offsets == NULL)
        return NULL;
    uint64_t first = dictionary->label_offsets[rank];
    *bytes = (size_t)(dictionary->label_offsets[rank + 1] - first);
    return *bytes != 0 ? dictionary->labels + first : NULL;
}

/* Is the rank's key before `key`, or, when `past_prefix`, does it start with it? */
static bool is_before(const lots_dictionary *dictionary, lots_id rank, const char *key, size_t key_bytes, bool past_prefix)
{
    size_t bytes = 0;
    const char *other = lots_dictionary_key(dictionary, rank, &bytes);
    if (past_prefix && bytes > key_bytes)
        bytes = key_bytes;
    const int order = lots_key_compare(other, bytes, key, key_bytes);
    return order < 0 || (past_prefix && order == 0);
}

/* The first rank in [low, high) of which that does not hold; high: it holds of all. */
static lots_id lower_bound(const lots_dictionary *dictionary, lots_id low, lots_id high, const char *key, size_t key_bytes,
                           bool past_prefix)
{
    while (low < high) {
        const lots_id middle = low + (high - low) / 2;
        if (is_before(dictionary, middle, key, key_bytes, past_prefix))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first from `low` on that is neither before `key` nor starts with it: mostly it is near. */
static lots_id find_end(const lots_dictionary *dictionary, lots_id low, const char *key, size_t key_bytes)
{
    uint64_t step = 1;
    for (; step <= dictionary->count - low && is_before(dictionary, low + (lots_id)step - 1, key, key_bytes, true); step *= 2)
        low += (lots_id)step;
    const lots_id high = step <= dictionary->count - low ? low + (lots_id)step - 1 : dictionary->count;
    return lower_bound(dictionary, low, high, key, key_bytes, true);
}

lots_id lots_dictionary_find(const lots_dictionary *dictionary, const char *key, size_t key_bytes)
{
    lots_id rank = lower_bound(dictionary, 0, dictionary->count, key, key_bytes, false);
    if (rank == dictionary->count)
        return LOTS_NO_ID;
    size_t bytes = 0;
    const char *other = lots_dictionary_key(dictionary, rank, &bytes);
    return lots_key_compare(other, bytes, key, key_bytes) == 0 ? rank : LOTS_NO_ID;
}

lots_ranks lots_dictionary_range(const lots_dictionary *dictionary, const char *low, size_t low_bytes, const char *high,
                                 size_t high_bytes)
{
    const lots_id first = lower_bound(dictionary, 0, dictionary->count, low, low_bytes, false);
    return (lots_ranks){first, find_end(dictionary, first, high, high_bytes)};
}

lots_ranks lots_dictionary_prefix(const lots_dictionary *dictionary, const char *prefix, size_t prefix_bytes)
{
    return lots_dictionary_range(dictionary, prefix, prefix_bytes, prefix, prefix_bytes);
}

lots_ranks lots_dictionary_system(const lots_dictionary *dictionary, const char *system)
{
    char prefix[LOTS_NAME_MAX + 2];
    size_t bytes = lots_code_key(system, "", 0, prefix, sizeof prefix);
    lots_ranks none = {0, 0};
    return bytes != 0 ? lots_dictionary_prefix(dictionary, prefix, bytes) : none;
}

const lots_id *lots_dictionary_rank_of_stable(const lots_dictionary *dictionary) { return dictionary->rank_of_stable; }

const lots_id *lots_dictionary_stable_of_rank(const lots_dictionary *dictionary) { return dictionary->stable_of_rank; }

const lots_id *lots_dictionary_below(const lots_dictionary *dictionary, lots_id rank, uint32_t *count)
{
    *count = 0;
    if (dictionary->below_offsets == NULL)
        return NULL;
    uint32_t first = dictionary->below_offsets[rank];
    *count = dictionary->below_offsets[rank + 1] - first;
    return dictionary->below + first;
}

