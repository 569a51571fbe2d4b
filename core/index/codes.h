/* codes.h: a dictionary: the distinct texts of a category domain, or the codes of all code systems, in sorted order.
 *
 * Two numberings. The *rank* of an entry is its place in byte order among all entries: queries see ranks only, so a
 * prefix or a range of texts is one interval [first, end) of ranks. The *stable id* of an entry never changes once
 * given: segments on disk hold stable ids in their own small dictionaries, so adding an entry rewrites no segment.
 * Adding entries never changes the relative order of those that were there.
 *
 * The code dictionary keys an entry by `system 0x1F code` (one space of ids for all systems, each system one interval),
 * the code normalised by its system's form. A category domain keys by the text itself.
 *
 * Invariants: 1. keys strictly rising by bytes. 2. stable ids are a permutation of 0..count-1.
 * Threads: a finished dictionary is read-only and may be shared. Callers: ingest, store, query. */
#ifndef LOTS_CODES_H
#define LOTS_CODES_H

#include "core/base/arena.h"
#include "core/base/bytes.h"
#include "core/base/status.h"

typedef struct lots_dictionary lots_dictionary;

/* An interval of ranks [first, end). Empty when first == end. */
typedef struct lots_ranks {
    lots_id first;
    lots_id end;
} lots_ranks;

/* How codes of a system are written, matched and shown. */
typedef enum lots_code_form {
    LOTS_CODE_PLAIN,  /* as written, blanks at the ends cut; matches exactly, or below by hierarchy */
    LOTS_CODE_PREFIX, /* as written but upper-cased, dots and blanks dropped; a shorter code covers the longer */
    LOTS_CODE_ICD10,  /* PREFIX, shown with a dot after the third character: letter, 2 digits (or letter/digit), more */
    LOTS_CODE_ICD9,   /* PREFIX, shown with a dot after the third character (fourth after E) */
    LOTS_CODE_ATC,    /* PREFIX: levels of 1, 3, 4, 5, 7 characters */
    LOTS_CODE_KVA     /* PREFIX: AAA00 or AA000 */
} lots_code_form;

#define LOTS_CODE_BYTES_MAX 255u
/* Normalise a code as its form says. *out_bytes 0 when nothing is left. False when it is longer than 255 bytes. */
bool lots_code_normalise(lots_code_form form, const char *text, size_t bytes, char out[LOTS_CODE_BYTES_MAX + 1],
                         size_t *out_bytes);
/* Whether a normalised code can be one of its form (I21 yes, 21I no); PLAIN and PREFIX accept any. */
bool lots_code_well_formed(lots_code_form form, const char *text, size_t bytes);
/* Whether some well-formed code starts with it, as a pattern in a query may be written (I2, NFB); so does the empty. */
bool lots_code_starts_well(lots_code_form form, const char *text, size_t bytes);
/* The way people write it: I219A -> I21.9A; the Swedish ICD-9 letter follows without a dot (250A); what is not
 * well-formed as it stands. Zero-terminated. */
void lots_code_display(lots_code_form form, const char *text, size_t bytes, char out[LOTS_CODE_BYTES_MAX + 2]);
/* name <-> form ("plain" "prefix" "icd10" "icd9" "atc" "kva"); false when unknown. */
bool lots_code_form_parse(const char *name, lots_code_form *out);
const char *lots_code_form_name(lots_code_form form);
/* A code or two of that form, for messages; NULL where codes have no shape. */
const char *lots_code_form_example(lots_code_form form);

/* ---- building: interns texts, then sorts ---- */
typedef struct lots_dictionary_builder lots_dictionary_builder;

/* `base` (may be NULL, borrowed until finish) keeps its stable ids; new keys get the next ids in sorted order, so the
 * result does not depend on the order of interning. */
LOTS_MUST lots_status lots_dictionary_builder_open(lots_dictionary_builder **out, const lots_dictionary *base,
                                                   lots_error *err);
void lots_dictionary_builder_close(lots_dictionary_builder *builder);
/* A provisional id of a key, 0.. in order of first sight (base entries are not pre-interned).
 * Errors: LOTS_MEMORY; LOTS_LIMIT past 2^31 entries. */
LOTS_MUST lots_status lots_dictionary_intern(lots_dictionary_builder *builder, const char *key, size_t key_bytes,
                                             lots_id *out, lots_error *err);
uint32_t lots_dictionary_builder_count(const lots_dictionary_builder *builder);
/* The key of a provisional id; lent until close. */
const char *lots_dictionary_builder_key(const lots_dictionary_builder *builder, lots_id provisional, size_t *bytes);
/* Give an entry a label (e.g. a disease's name). When called twice, or when the base has another, the smaller by
 * bytes stays, so order never matters. An empty label is none. */
LOTS_MUST lots_status lots_dictionary_label(lots_dictionary_builder *builder, lots_id provisional, const char *label,
                                            size_t label_bytes, lots_error *err);
/* Say that `below` lies under `above` in the system's hierarchy (all levels, not only the next). Relations of the base
 * stay. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_dictionary_relate(lots_dictionary_builder *builder, lots_id above, lots_id below,
                                             lots_error *err);
/* Sort. *to_stable (lots_free it; may be NULL to not want it) maps provisional ids to stable ids. The builder is
 * unchanged and still to be closed. Errors: LOTS_MEMORY; LOTS_LIMIT past 2^31 entries or 2^32 - 1 relations.
 * Cost: O(keys + relations). */
LOTS_MUST lots_status lots_dictionary_finish(lots_dictionary_builder *builder, lots_dictionary **out,
                                             lots_id **to_stable, lots_error *err);

/* A dictionary of few names, in an arena and as long-lived: never to be closed. For what a query names itself.
 *   keys     `count`, strictly rising by bytes; copied, as the labels
 *   labels   by key; NULL or "" is none; may be NULL
 * Errors: LOTS_INTERNAL when keys don't rise; LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status lots_dictionary_in_arena(lots_arena *arena, const char *const *keys, const char *const *labels,
                                               uint32_t count, const lots_dictionary **out, lots_error *err);

/* ---- reading ---- */
void lots_dictionary_close(lots_dictionary *dictionary);
uint32_t lots_dictionary_count(const lots_dictionary *dictionary);
/* Key of a rank; lent as long as the dictionary. */
const char *lots_dictionary_key(const lots_dictionary *dictionary, lots_id rank, size_t *bytes);
/* Label of a rank, or NULL. */
const char *lots_dictionary_label_of(const lots_dictionary *dictionary, lots_id rank, size_t *bytes);
/* LOTS_NO_ID when absent. */
lots_id lots_dictionary_find(const lots_dictionary *dictionary, const char *key, size_t key_bytes);
/* All keys that start with the prefix. */
lots_ranks lots_dictionary_prefix(const lots_dictionary *dictionary, const char *prefix, size_t prefix_bytes);
/* All keys k with low <= k, and k <= high or k starting with high: a range with all below both ends. */
lots_ranks lots_dictionary_range(const lots_dictionary *dictionary, const char *low, size_t low_bytes, const char *high,
                                 size_t high_bytes);
/* stable -> rank, count entries; lent as long as the dictionary. And back. */
const lots_id *lots_dictionary_rank_of_stable(const lots_dictionary *dictionary);
const lots_id *lots_dictionary_stable_of_rank(const lots_dictionary *dictionary);
/* Ranks below `rank` by the hierarchy (rank itself not among them unless related), rising; lent. */
const lots_id *lots_dictionary_below(const lots_dictionary *dictionary, lots_id rank, uint32_t *count);
/* The key nearest to `text` by edit distance (Damerau-Levenshtein, case-blind, at most 2, or a third of the length if
 * less), within `within`; ties to the smallest rank. LOTS_NO_ID when none. Lengths and distances are in characters.
 * When `text` is a code key, only keys of its system count, and only the codes are compared. A text over 255
 * characters has none. Cost: O(interval). */
lots_id lots_dictionary_nearest(const lots_dictionary *dictionary, lots_ranks within, const char *text, size_t bytes);

/* ---- code dictionary helpers: keys are `system 0x1F code` ---- */
#define LOTS_CODE_SEPARATOR '\x1f'
/* Write the key into out (zero-terminated); returns its length, 0 when it would not fit. */
size_t lots_code_key(const char *system, const char *code, size_t code_bytes, char *out, size_t out_bytes);
/* The whole interval of one system. */
lots_ranks lots_dictionary_system(const lots_dictionary *dictionary, const char *system);
/* Split a key: *system_bytes bytes of system at *key, and the code after the separator. False when there is none. */
bool lots_code_split(const char *key, size_t key_bytes, size_t *system_bytes, const char **code, size_t *code_bytes);

/* ---- bytes (documented in core/FORMAT.md, section "dictionary") ---- */
/* A self-contained image with magic, version and checksum; front-coded keys. Same dictionary, same bytes. */
LOTS_MUST lots_status lots_dictionary_save(const lots_dictionary *dictionary, lots_bytes *out, lots_error *err);
/* Errors: LOTS_CORRUPT for anything save did not write. */
LOTS_MUST lots_status lots_dictionary_load(const uint8_t *bytes, size_t count, lots_dictionary **out, lots_error *err);

#endif
