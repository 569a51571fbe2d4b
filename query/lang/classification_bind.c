/* classification_bind.c: a classification on a registry's dictionary of codes. Each pattern is an interval of ranks; the
 * intervals of a group are joined, so that no code gets a group twice; then the lists by group are turned into lists by
 * code in two passes, one that counts and one that fills. */
#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "query/lang/classification.h"

#define KEY_BYTES (LOTS_NAME_MAX + 1u + LOTS_CODE_BYTES_MAX + 3u)

typedef struct binding {
    const lots_classification *classification;
    const lots_dictionary *codes;
    lots_error *err;
    lots_vec systems;   /* registry_system: those of the registry that the classification knows */
    lots_vec intervals; /* lots_ranks; of all groups so far, each group's joined */
    lots_vec ends;      /* uint32_t: where each group's intervals end */
} binding;

typedef struct registry_system {
    char name[LOTS_NAME_MAX + 1];
    uint32_t index; /* in the classification */
    bool dots, commas; /* some code has one */
} registry_system;

/* ---- systems ---- */

/* Are there codes spelled with a mark at all? Mostly not, and then none is looked for. */
static void find_marks(const binding *b, lots_ranks all, registry_system *system)
{
    for (lots_id rank = all.first; rank < all.end; rank++) {
        size_t bytes = 0;
        const char *key = lots_dictionary_key(b->codes, rank, &bytes);
        system->dots |= memchr(key, '.', bytes) != NULL;
        system->commas |= memchr(key, ',', bytes) != NULL;
    }
}

/* The registry's systems are the distinct first parts of its keys; each is one interval. */
static lots_status find_systems(binding *b, lots_classified *out)
{
    lots_id count = lots_dictionary_count(b->codes);
    for (lots_id rank = 0; rank < count;) {
        size_t key_bytes = 0, system_bytes = 0, code_bytes = 0;
        const char *code = NULL, *key = lots_dictionary_key(b->codes, rank, &key_bytes);
        registry_system system = {.name = ""};
        rank++;
        if (!lots_code_split(key, key_bytes, &system_bytes, &code, &code_bytes) || system_bytes > LOTS_NAME_MAX)
            continue;
        memcpy(system.name, key, system_bytes);
        lots_ranks all = lots_dictionary_system(b->codes, system.name);
        rank = all.end > rank ? all.end : rank;
        int32_t index = lots_classification_system(b->classification, system.name, system_bytes);
        if (index < 0)
            continue;
        system.index = (uint32_t)index;
        find_marks(b, all, &system);
        out->systems |= UINT32_C(1) << index;
        out->covered_codes += all.end - all.first;
        LOTS_TRY(lots_vec_push(&b->systems, &system, b->err));
    }
    return LOTS_OK;
}

/* ---- patterns to intervals ---- */

static lots_status push_ranks(binding *b, lots_ranks ranks)
{
    return ranks.first < ranks.end ? lots_vec_push(&b->intervals, &ranks, b->err) : LOTS_OK;
}

/* A key with the code spelled with a mark after its category, where the code goes on: I21.9, 412,01, E950.1. */
static size_t spell_key(const registry_system *system, lots_code_form form, const char *code, char mark, char *out)
{
    char spelled[LOTS_CODE_BYTES_MAX + 2];
    size_t bytes = strlen(code), cut = form == LOTS_CODE_ICD9 && code[0] == 'E' ? 4 : 3;
    if (mark == '\0')
        return lots_code_key(system->name, code, bytes, out, KEY_BYTES);
    if (bytes <= cut)
        return 0;
    memcpy(spelled, code, cut);
    spelled[cut] = mark;
    memcpy(spelled + cut + 1, code + cut, bytes - cut);
    return lots_code_key(system->name, spelled, bytes + 1, out, KEY_BYTES);
}

/* A registry may have declared its ICD codes plain, and ICD-8 keeps its comma: so each way of writing is looked for. */
static lots_status match_spelled(binding *b, const registry_system *system, lots_code_form form,
                                 const lots_class_pattern *pattern, char mark)
{
    char low[KEY_BYTES], high[KEY_BYTES];
    size_t low_bytes = spell_key(system, form, pattern->low, mark, low);
    if (low_bytes == 0)
        return LOTS_OK;
    if (pattern->match == LOTS_CLASS_RANGE) {
        size_t high_bytes = spell_key(system, form, pattern->high, mark, high);
        if (high_bytes == 0)
            return LOTS_OK;
        return push_ranks(b, lots_dictionary_range(b->codes, low, low_bytes, high, high_bytes));
    }
    if (pattern->match == LOTS_CLASS_PREFIX)
        return push_ranks(b, lots_dictionary_prefix(b->codes, low, low_bytes));
    lots_id rank = lots_dictionary_find(b->codes, low, low_bytes);
    return rank == LOTS_NO_ID ? LOTS_OK : push_ranks(b, (lots_ranks){rank, rank + 1});
}

/* In a plain system what is below a code is what its hierarchy says. */
static lots_status match_plain(binding *b, const registry_system *system, const lots_class_pattern *pattern)
{
    char key[KEY_BYTES];
    size_t bytes = lots_code_key(system->name, pattern->low, strlen(pattern->low), key, sizeof key);
    lots_id rank = bytes == 0 ? LOTS_NO_ID : lots_dictionary_find(b->codes, key, bytes);
    if (rank == LOTS_NO_ID)
        return LOTS_OK;
    LOTS_TRY(push_ranks(b, (lots_ranks){rank, rank + 1}));
    uint32_t count = 0;
    const lots_id *below = pattern->match == LOTS_CLASS_EXACT ? NULL : lots_dictionary_below(b->codes, rank, &count);
    for (uint32_t i = 0; below != NULL && i < count; i++)
        LOTS_TRY(push_ranks(b, (lots_ranks){below[i], below[i] + 1}));
    return LOTS_OK;
}

static lots_status match_pattern(binding *b, const lots_class_pattern *pattern)
{
    lots_code_form form = b->classification->systems[pattern->system].form;
    for (size_t i = 0; i < b->systems.count; i++) {
        const registry_system *system = &LOTS_AT(registry_system, &b->systems, i);
        if (system->index != pattern->system)
            continue;
        if (form == LOTS_CODE_PLAIN) {
            LOTS_TRY(match_plain(b, system, pattern));
            continue;
        }
        LOTS_TRY(match_spelled(b, system, form, pattern, '\0'));
        if (form == LOTS_CODE_ATC || form == LOTS_CODE_KVA)
            continue;
        if (system->dots)
            LOTS_TRY(match_spelled(b, system, form, pattern, '.'));
        if (system->commas)
            LOTS_TRY(match_spelled(b, system, form, pattern, ','));
    }
    return LOTS_OK;
}

static int by_first(const void *left, const void *right)
{
    lots_id a = ((const lots_ranks *)left)->first, b = ((const lots_ranks *)right)->first;
    return a < b ? -1 : a > b;
}

/* Sort the intervals from `first` on and join those that touch. */
static void join_intervals(lots_vec *intervals, size_t first)
{
    lots_ranks *ranks = intervals->data;
    size_t kept = first;
    if (intervals->count > first + 1)
        qsort(ranks + first, intervals->count - first, sizeof *ranks, by_first);
    for (size_t i = first; i < intervals->count; i++) {
        if (kept == first || ranks[i].first > ranks[kept - 1].end)
            ranks[kept++] = ranks[i];
        else if (ranks[i].end > ranks[kept - 1].end)
            ranks[kept - 1].end = ranks[i].end;
    }
    intervals->count = kept;
}

static lots_status match_groups(binding *b)
{
    const lots_classification *classification = b->classification;
    for (uint32_t g = 0; g < classification->group_count; g++) {
        size_t first = b->intervals.count;
        for (uint32_t i = classification->groups[g].first_pattern; i < classification->groups[g].pattern_end; i++)
            LOTS_TRY(match_pattern(b, &classification->patterns[i]));
        join_intervals(&b->intervals, first);
        if (b->intervals.count > UINT32_MAX)
            return lots_fail(b->err, LOTS_LIMIT, "classification '%s' matches too many codes", classification->name);
        uint32_t end = (uint32_t)b->intervals.count;
        LOTS_TRY(lots_vec_push(&b->ends, &end, b->err));
    }
    return LOTS_OK;
}

/* ---- by group to by code ---- */

/* offsets[rank + 1] = groups of the code, then the sums. */
static lots_status count_groups(const binding *b, uint32_t *offsets, uint32_t code_count, lots_classified *out)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < b->intervals.count; i++)
        for (lots_id rank = LOTS_AT(lots_ranks, &b->intervals, i).first; rank < LOTS_AT(lots_ranks, &b->intervals, i).end;
             rank++)
            offsets[rank + 1]++;
    for (uint32_t rank = 0; rank < code_count; rank++) {
        out->matched_codes += offsets[rank + 1] > 0 ? 1 : 0;
        sum += offsets[rank + 1];
        if (sum > UINT32_MAX)
            return lots_fail(b->err, LOTS_LIMIT, "classification '%s' gives the codes more than %u groups in all",
                             b->classification->name, UINT32_MAX);
        offsets[rank + 1] = (uint32_t)sum;
    }
    return LOTS_OK;
}

/* Write each group under its codes, the last group first, moving each code's offset back; so they end where they began
 * and the groups of a code rise. `ends` holds a copy of offsets[1..], used up here. */
static void fill_groups(const binding *b, uint32_t *ends, uint16_t *groups)
{
    for (uint32_t g = b->classification->group_count; g-- > 0;) {
        uint32_t first = g == 0 ? 0 : LOTS_AT(uint32_t, &b->ends, g - 1);
        for (uint32_t i = first; i < LOTS_AT(uint32_t, &b->ends, g); i++)
            for (lots_id rank = LOTS_AT(lots_ranks, &b->intervals, i).first;
                 rank < LOTS_AT(lots_ranks, &b->intervals, i).end; rank++)
                groups[--ends[rank]] = (uint16_t)g;
    }
}

static lots_status list_by_code(const binding *b, lots_arena *arena, lots_classified *out)
{
    uint32_t count = lots_dictionary_count(b->codes);
    void *offsets = NULL, *groups = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &offsets, (size_t)count + 1, sizeof(uint32_t), b->err));
    LOTS_TRY(count_groups(b, offsets, count, out));
    out->code_count = count;
    out->offsets = offsets;
    LOTS_TRY(lots_arena_alloc(arena, &groups, out->offsets[count], sizeof(uint16_t), b->err));
    out->groups = groups;
    lots_vec ends = LOTS_VEC(uint32_t);
    void *copy = NULL;
    lots_status status = lots_vec_extend(&ends, count, &copy, b->err);
    if (status == LOTS_OK && count > 0) {
        memcpy(copy, out->offsets + 1, count * sizeof(uint32_t));
        fill_groups(b, copy, groups);
    }
    lots_vec_free(&ends);
    return status;
}

static lots_status bind(binding *b, lots_arena *arena, const lots_classified **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &made, 1, sizeof(lots_classified), b->err));
    lots_classified *bound = made;
    bound->classification = b->classification;
    LOTS_TRY(find_systems(b, bound));
    LOTS_TRY(match_groups(b));
    LOTS_TRY(list_by_code(b, arena, bound));
    *out = bound;
    return LOTS_OK;
}

lots_status lots_classification_bind(const lots_classification *classification, const lots_dictionary *codes,
                                     lots_arena *arena, const lots_classified **out, lots_error *err)
{
    binding b = {.classification = classification,
                 .codes = codes,
                 .err = err,
                 .systems = LOTS_VEC(registry_system),
                 .intervals = LOTS_VEC(lots_ranks),
                 .ends = LOTS_VEC(uint32_t)};
    *out = NULL;
    if (classification->pattern_count == 0) {
        lots_status status = lots_fail(err, LOTS_QUERY, "classification '%s' has weights but no codes",
                                       classification->name);
        lots_error_hint(err, "add systems and codes to a copy of its file");
        return status;
    }
    lots_status status = bind(&b, arena, out);
    lots_vec_free(&b.systems);
    lots_vec_free(&b.intervals);
    lots_vec_free(&b.ends);
    return status;
}
