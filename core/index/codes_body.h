/* codes_body.h: what a finished dictionary is in memory. Private to codes*.c.
 *
 * Texts of one kind lie end to end in one run of bytes; offsets[i]..offsets[i + 1] is the i-th.
 * Invariants beyond those of codes.h: 3. label_offsets is NULL when no entry has a label, and a label is never empty.
 * 4. below_offsets is NULL when there is no relation; below lists rise strictly within one entry. */
#ifndef LOTS_CODES_BODY_H
#define LOTS_CODES_BODY_H

#include "core/index/codes.h"

#define LOTS_DICTIONARY_MAX ((uint32_t)1 << 31) /* entries */

struct lots_dictionary {
    uint32_t count;
    char *keys;
    uint64_t *key_offsets; /* count + 1 */
    lots_id *rank_of_stable;
    lots_id *stable_of_rank;
    char *labels;
    uint64_t *label_offsets; /* count + 1, or NULL; the first need not be 0, after a load it is not */
    lots_id *below;
    uint32_t *below_offsets; /* count + 1, or NULL */
};

/* An empty dictionary with room for `count` entries and `key_bytes` of keys; key_offsets[0] is 0. */
LOTS_MUST lots_status lots_dictionary_new(lots_dictionary **out, uint32_t count, size_t key_bytes, lots_error *err);
/* Room for labels, offsets all 0, or for relations, offsets all 0. */
LOTS_MUST lots_status lots_dictionary_room_labels(lots_dictionary *dictionary, size_t label_bytes, lots_error *err);
LOTS_MUST lots_status lots_dictionary_room_below(lots_dictionary *dictionary, size_t relations, lots_error *err);
/* Byte order; a prefix comes before what it is a prefix of. */
int lots_key_compare(const char *a, size_t a_bytes, const char *b, size_t b_bytes);

#endif
