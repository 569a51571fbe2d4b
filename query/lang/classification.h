/* classification.h: classifications: named groups of codes with weights and rules, read from CSV (the format is
 * documented in query/std/classifications/README.md), bound to a registry's dictionary of codes, and applied to one
 * patient's groups.
 *
 * The idea: a classification's patterns become intervals of ranks once, when a query is bound; then each code of the
 * dictionary has a short list of groups (usually none), and what a patient has is a bitset of groups, collected over all
 * codes first and only then put through the rules. So neither the order nor the number of a code's occurrences matters.
 *
 * Rules. "A and B make C" run in the order of the file, C once made counting in those below. "A hides B" is judged on
 * all groups present after that, whether or not A is itself hidden. Helper groups (a modifier such as ascites) exist for
 * rules only and are gone afterwards.
 *
 * Invariants of a classification that was read: 1. names of groups and of sets of weights are unique. 2. every pattern
 * is normalised by its system's form and could start a code of it. 3. no rule hides a group from itself, over however
 * many steps. 4. what a rule makes is no ingredient of a rule above it. 5. `hides` are ordered so that a group hides
 * before it can be hidden. 6. helpers have no weight.
 *
 * Everything is allocated in the caller's arena and lives as long. Threads: what was read or bound is read-only.
 * Callers: the binder and the executor; tests. */
#ifndef LOTS_QUERY_CLASSIFICATION_H
#define LOTS_QUERY_CLASSIFICATION_H

#include "core/base/arena.h"
#include "core/index/bitset.h"
#include "core/index/codes.h"

/* Limits of a file; each is an error naming it. */
#define LOTS_CLASSIFICATION_BYTES_MAX ((size_t)16 << 20)
#define LOTS_CLASSIFICATION_GROUPS_MAX 4096u
#define LOTS_CLASSIFICATION_PATTERNS_MAX (1u << 20)
#define LOTS_CLASSIFICATION_SYSTEMS_MAX 16u
#define LOTS_CLASSIFICATION_SETS_MAX 16u
#define LOTS_CLASSIFICATION_RULES_MAX 4096u
#define LOTS_CLASSIFICATION_DECIMALS_MAX 6u
#define LOTS_CLASSIFICATION_WEIGHT_MAX INT64_C(1000000000000) /* scaled; so no sum over all groups overflows */

/* The largest bitset of groups, for callers that want one on the stack (512 bytes). */
#define LOTS_CLASSIFICATION_WORDS_MAX (LOTS_CLASSIFICATION_GROUPS_MAX / 64u)

typedef enum lots_class_match {
    LOTS_CLASS_PREFIX, /* the code and all below it: by letters, in a plain system by its hierarchy */
    LOTS_CLASS_EXACT,
    LOTS_CLASS_RANGE /* low to high with all below both ends; both of one length */
} lots_class_match;

typedef struct lots_class_pattern {
    const char *low; /* normalised */
    const char *high; /* of a range, else NULL */
    uint16_t group;
    uint8_t system;
    uint8_t match; /* lots_class_match */
} lots_class_pattern;

/* A code system of the file and the names it may go by in a registry (its own first). The dates say when the system was
 * in use: facts to show, not applied, since the registry knows the system of each code. */
typedef struct lots_class_system {
    const char *name;
    const char *const *aliases;
    uint32_t alias_count;
    lots_code_form form;
    lots_day from;  /* LOTS_DAY_MIN when not said */
    lots_day until; /* LOTS_DAY_MAX when not said */
} lots_class_system;

typedef struct lots_class_group {
    const char *name;  /* letters, digits, _ and - */
    const char *label; /* the name when the file has none */
    uint32_t first_pattern;
    uint32_t pattern_end;
    bool helper; /* exists for rules only */
} lots_class_group;

/* A named set of weights, exact: a weight is values[group] / 10^decimals. A group without a weight has 0 here. */
typedef struct lots_class_weights {
    const char *name;
    uint32_t decimals;
    const int64_t *values; /* one a group */
    const uint64_t *said;  /* bitset: groups the file gives a weight */
} lots_class_weights;

typedef struct lots_class_makes {
    const uint16_t *parts; /* all must be present */
    uint16_t part_count;
    uint16_t made;
} lots_class_makes;

typedef struct lots_class_hides {
    uint16_t by;
    uint16_t hidden;
} lots_class_hides;

typedef struct lots_classification {
    const char *name, *version, *source, *licence; /* never empty */
    const char *title, *status;                    /* "" when the file has none */
    const char *const *notes;
    uint32_t note_count;
    const lots_class_system *systems;
    uint32_t system_count;
    const lots_class_group *groups;
    uint32_t group_count;
    const lots_class_pattern *patterns; /* by group; within it by system and code, none twice */
    uint32_t pattern_count;             /* 0: weights only, can't be bound */
    const lots_class_weights *sets;     /* the first is the one meant when none is named */
    uint32_t set_count;
    const lots_class_makes *makes;
    uint32_t makes_count;
    const lots_class_hides *hides;
    uint32_t hides_count;
    const uint64_t *helpers;     /* bitset */
    const uint16_t *group_slots; /* a table by hash of name: group + 1, 0 empty */
    uint32_t group_slot_mask;
} lots_classification;

/* Read a classification from the text of its file.
 *   text, bytes   borrowed; not trusted; UTF-8, with or without a byte order mark; comma or semicolon between fields
 *   name          what errors call the file; borrowed for the call
 * Errors: LOTS_QUERY `name: line 12: …`, with the field's place in the text, for anything the format doesn't allow;
 * LOTS_MEMORY, LOTS_LIMIT. *out is NULL then.   Cost: O(bytes + patterns log patterns). */
LOTS_MUST lots_status lots_classification_read(const char *text, size_t bytes, const char *name, lots_arena *arena,
                                               const lots_classification **out, lots_error *err);

/* ---- names ---- */
/* Indexes by exact name; -1 when absent. Cost: groups O(1), the others O(count). */
int32_t lots_classification_group(const lots_classification *classification, const char *name, size_t bytes);
int32_t lots_classification_weights(const lots_classification *classification, const char *name, size_t bytes);
/* The classification's system that a registry's system goes by (case, blanks, `-`, `_` and `.` don't matter). */
int32_t lots_classification_system(const lots_classification *classification, const char *registry_system,
                                   size_t bytes);
/* The name nearest to a misspelt one, NULL when none is near. */
const char *lots_classification_near_group(const lots_classification *classification, const char *name, size_t bytes);
const char *lots_classification_near_weights(const lots_classification *classification, const char *name, size_t bytes);

/* ---- bound to a registry ---- */
typedef struct lots_classified {
    const lots_classification *classification; /* borrowed */
    uint32_t code_count;     /* ranks of the dictionary */
    const uint32_t *offsets; /* code_count + 1; code `rank` has groups[offsets[rank] .. offsets[rank + 1]) */
    const uint16_t *groups;  /* rising within a code; helpers among them */
    uint32_t covered_codes;  /* codes of the dictionary in the classification's systems */
    uint32_t matched_codes;  /* of them, in at least one group */
    uint32_t systems;        /* bit i: the dictionary has codes of systems[i] */
} lots_classified;

/* For every code of the dictionary the groups it belongs to. A dictionary without codes of any of its systems is no
 * error (systems is 0 then): the caller, who knows the column, says so.
 *   codes   keys `system 0x1F code`; borrowed for the call
 * Errors: LOTS_QUERY when the classification has weights only; LOTS_LIMIT, LOTS_MEMORY.
 * Cost: O(patterns x (log codes + log patterns) + codes + matches). */
LOTS_MUST lots_status lots_classification_bind(const lots_classification *classification, const lots_dictionary *codes,
                                               lots_arena *arena, const lots_classified **out, lots_error *err);

/* Add the groups of one code to a bitset of groups. */
static inline void lots_classified_collect(const lots_classified *bound, lots_id rank, uint64_t *groups)
{
    for (uint32_t i = bound->offsets[rank]; i < bound->offsets[rank + 1]; i++)
        lots_bit_set(groups, bound->groups[i]);
}

/* ---- applied ---- */
/* Words of a bitset of groups. */
static inline size_t lots_classification_words(const lots_classification *classification)
{
    return lots_bit_words(classification->group_count);
}
/* Put the groups of all codes collected through the rules: make, hide, drop helpers. out may be in.
 * Cost: O(words + rules), no allocation. */
void lots_classification_apply(const lots_classification *classification, const uint64_t *in, uint64_t *out);
/* The sum of the weights of the groups present, times 10^decimals of the set. Exact; may be negative. The groups are
 * those after lots_classification_apply.   Cost: O(words + groups present). */
int64_t lots_classification_score(const lots_classification *classification, uint32_t set, const uint64_t *groups);

/* ---- the ones that are built in: query/std/classifications (classification_builtin.c) ---- */
typedef struct lots_classification_text {
    const char *name; /* charlson_se */
    const char *text;
} lots_classification_text;

extern const lots_classification_text lots_classification_texts[];
extern const size_t lots_classification_text_count;

/* The built-in file of a name; NULL when there is none. */
const lots_classification_text *lots_classification_builtin(const char *name, size_t bytes);
/* The nearest built-in name to a misspelt one; NULL when none is near. */
const char *lots_classification_near_builtin(const char *name, size_t bytes);

#endif
