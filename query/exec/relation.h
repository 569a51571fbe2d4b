/* relation.h: the rows of a relation in one chunk: a stream's as they are stored, those of episodes, steps, unions,
 * differences, active periods and matches as the event sets they are made of say. Columns are made when first asked for.
 *
 * Invariants: 1. rows are grouped by the rows of `owners`, an instance of the relation's frame; group g is
 * [offsets[g], offsets[g + 1]). 2. within a group they are in the total order (episodes: by start, end, keys).
 * 3. they live as long as `owners`. Callers: query/exec. */
#ifndef LOTS_QUERY_RELATION_H
#define LOTS_QUERY_RELATION_H

#include "query/exec/eval.h"

typedef struct lots_order { /* what the total order looks at after the start; see lots_relation_order */
    bool ready;
    const lots_vector *minute; /* NULL: none has one */
    const lots_vector *level;  /* as the segment numbers it; NULL: the same for all */
    const uint32_t *places;    /* by number of the level */
    const lots_vector *end;    /* as the store ordered by it: a point's may be missing; NULL: none has one */
} lots_order;

typedef struct lots_relation_rows lots_relation_rows;
struct lots_relation_rows {
    lots_relation_rows *next; /* others of the same depth */
    uint32_t index;           /* of the relation in the query */
    const lots_relation *relation;
    const lots_instance *owners;
    uint32_t count;
    const uint32_t *offsets;
    uint32_t *owner;          /* row -> its owner; NULL until asked for */
    lots_instance **elements; /* by frame: all rows as an instance of that frame; NULL until asked for */
    lots_vector *columns;     /* by column; count UINT32_MAX: not made */
    const int32_t *starts;    /* INT32_MAX: missing */
    const uint64_t *within;   /* the rows that start from within_low to within_high, as was asked last; NULL: nothing was */
    int32_t within_low, within_high;
    const uint64_t *ranked_mask; /* the rows of a set of whose windows of years places were counted last, as reduce.c does; NULL: of none. */
    const uint32_t *ranked_words; /* Its bits before each word, */
    const uint32_t *ranked_at, *ranked; /* and by owner a place, and the bits before it */
    const uint64_t *wanted;   /* the rows of wanted patients, as these were when it was asked last: … */
    const uint64_t *wanted_of; /* … these; NULL: nobody asked. See wanted.h */
    lots_order order;
    lots_vector span_end;     /* count UINT32_MAX: not made */
    lots_vector open;

    /* derived relations: the relations they were made of, and from which rows */
    lots_relation_rows *left, *right;
    const uint32_t *left_row;    /* UNION: or the right's row; MINUS; MATCH: the first step's */
    const uint8_t *side;         /* UNION: 1 from the right */
    const uint32_t *target_row;  /* STEPS: NULL until asked for (lots_steps_targets) */
    const uint64_t *step_kept;   /* STEPS: which places of a list are sources, the next one their target; */
    const uint32_t *step_rows;   /* the list; NULL: as yet there are only … */
    const uint64_t *step_bits;   /* … the bits of its rows; */
    uint32_t step_places;        /* how many, the last one left out */
    lots_vector from, to;        /* STEPS: the key of source and target */
    lots_instance *episodes;     /* EPISODES: all rows as an instance of episode_frame */
    const uint32_t *member_offsets, *members; /* EPISODES: rows of left by episode, in the total order */
    lots_vector *key_values;     /* EPISODES: by per key, then by key */
    const struct lots_active_sets *sets; /* ACTIVE: of which the key is made */
};

/* Does the query ask more of the relation than how many rows there are and what n they have (lots_reach_ordered)? */
LOTS_MUST lots_status lots_relation_is_ordered(lots_worker *worker, uint32_t relation, bool *out, lots_error *err);
/* ACTIVE: of how many values a period must be for any set of the query to have it; 1 at least (lots_reach_sizes). */
LOTS_MUST lots_status lots_relation_least(lots_worker *worker, uint32_t relation, uint32_t *out, lots_error *err);
/* The rows of a relation as seen from `rows`, an instance of its frame or below. Of relations that are alike the rows are the
 * same (alike.h). */
LOTS_MUST lots_status lots_relation_get(lots_worker *worker, uint32_t relation, const lots_instance *rows,
                                        lots_relation_rows **out, lots_error *err);
LOTS_MUST lots_status lots_relation_values(lots_worker *worker, lots_relation_rows *rows, uint32_t column,
                                           const lots_vector **out, lots_error *err);
/* The values of some rows (LOTS_NO_ID: missing), in `arena`; see lots_stream_take. */
LOTS_MUST lots_status lots_relation_take(lots_worker *worker, lots_relation_rows *rows, uint32_t column,
                                         const uint32_t *index, uint32_t count, lots_arena *arena, lots_vector *out,
                                         lots_error *err);
LOTS_MUST lots_status lots_relation_owner(lots_worker *worker, lots_relation_rows *rows, const uint32_t **out,
                                          lots_error *err);
/* All rows as an instance of an ELEMENT frame. */
LOTS_MUST lots_status lots_relation_elements(lots_worker *worker, lots_relation_rows *rows, uint32_t frame,
                                             const lots_instance **out, lots_error *err);
bool lots_relation_may_start_some(const lots_worker *worker, const lots_relation_rows *rows);
/* The same where only the rows of owners with a bit in `owners` are looked at: other days may have no meaning. */
LOTS_MUST lots_status lots_relation_starts_of(lots_worker *worker, lots_relation_rows *rows, const uint64_t *owners, const int32_t **out,
                                              lots_error *err);
LOTS_MUST lots_status lots_relation_starts(lots_worker *worker, lots_relation_rows *rows, const int32_t **out,
                                           lots_error *err);
/* Are they a stream's that are kept in few bytes, and is nobody served by having them all made wider? */
bool lots_relation_has_narrow_starts(const lots_worker *worker, const lots_relation_rows *rows);
/* The starts of some rows, as above: out[i] is that of index[i]; or of the rows with a bit, in order. `out` has room and slack. */
LOTS_MUST lots_status lots_relation_starts_at(lots_worker *worker, lots_relation_rows *rows, const uint32_t *index, uint32_t count,
                                              int32_t *out, lots_error *err);
LOTS_MUST lots_status lots_relation_starts_in(lots_worker *worker, lots_relation_rows *rows, const uint64_t *bits, int32_t *out,
                                              lots_error *err);
/* The rows that start on `low` to `high`, as bits that live as long as the rows. */
LOTS_MUST lots_status lots_relation_within(lots_worker *worker, lots_relation_rows *rows, int32_t low, int32_t high,
                                           const uint64_t **out, lots_error *err);
/* DATE, and BOOL: as SPAN_END and IS_OPEN say. */
LOTS_MUST lots_status lots_relation_span_end(lots_worker *worker, lots_relation_rows *rows, const lots_vector **out,
                                             lots_error *err);
LOTS_MUST lots_status lots_relation_open(lots_worker *worker, lots_relation_rows *rows, const lots_vector **out,
                                         lots_error *err);
/* The same (`want_open`: IS_OPEN) of rows that rise, where these are few and nothing is known yet of all: *done. */
LOTS_MUST lots_status lots_relation_take_spans(lots_worker *worker, lots_relation_rows *rows, bool want_open, const uint32_t *index,
                                               uint32_t count, lots_arena *arena, lots_vector *out, bool *done, lots_error *err);
/* Bits of the rows that are ghosts, NULL: none is. */
LOTS_MUST lots_status lots_relation_ghosts(lots_worker *worker, lots_relation_rows *rows, const uint64_t **out,
                                           lots_error *err);
/* Make the rows ready to be compared with those of another relation. */
LOTS_MUST lots_status lots_relation_order(lots_worker *worker, lots_relation_rows *rows, lots_error *err);
/* -1, 0, 1; 0 only for one and the same record. Both are ready. */
int lots_relation_compare(const lots_relation_rows *a, uint32_t a_row, const lots_relation_rows *b, uint32_t b_row);

/* Of a union: row i of `out` is from left or right, whichever row i came from. */
LOTS_MUST lots_status lots_relation_merge(lots_worker *worker, const lots_relation_rows *rows, const lots_vector *left,
                                          const lots_vector *right, lots_vector *out, lots_error *err);
/* The name of the stream (or other relation) a row was taken from. */
const char *lots_relation_stream_name(const lots_relation_rows *rows, uint32_t row);

/* The elements of a set by owner, as an instance of its element frame that lives as long as the relation made of them. */
typedef struct lots_element_list {
    lots_relation_rows *relation;
    const uint32_t *offsets; /* by owner, count + 1 */
    const uint32_t *rows;    /* of the relation */
    const uint64_t *bits;    /* the same as bits of its rows; NULL: not at hand */
    lots_instance *instance;
} lots_element_list;
LOTS_MUST lots_status lots_element_list_make(lots_worker *worker, const lots_set *set, const lots_instance *owners,
                                             lots_element_list *out, lots_error *err);

/* Makers, by kind: fill in what is theirs. `rows` has relation, owners and index set. */
LOTS_MUST lots_status lots_episodes_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err);
/* *done: no more is asked of them than their n, and they were made without the rest. */
LOTS_MUST lots_status lots_episodes_count(lots_worker *worker, lots_relation_rows *rows, bool *done, lots_error *err);
LOTS_MUST lots_status lots_episodes_column(lots_worker *worker, lots_relation_rows *rows, uint32_t column,
                                           lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_steps_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err);
LOTS_MUST lots_status lots_steps_column(lots_worker *worker, lots_relation_rows *rows, uint32_t column,
                                        lots_vector *out, lots_error *err);
/* The row of the left relation that is each step's target. */
LOTS_MUST lots_status lots_steps_targets(lots_worker *worker, lots_relation_rows *rows, const uint32_t **out, lots_error *err);
LOTS_MUST lots_status lots_union_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err);
LOTS_MUST lots_status lots_union_column(lots_worker *worker, lots_relation_rows *rows, uint32_t column,
                                        lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_minus_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err);
LOTS_MUST lots_status lots_active_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err);
/* ACTIVE: the key of each period, a set; how many events each has. */
LOTS_MUST lots_status lots_active_values(lots_worker *worker, lots_relation_rows *rows, const lots_type *type,
                                         lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_active_number(lots_worker *worker, lots_relation_rows *rows, lots_vector *out, lots_error *err);
/* This makes all columns at once. */
LOTS_MUST lots_status lots_match_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err);

#endif
