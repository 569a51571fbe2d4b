/* group_count.h: rows, persons and sums of whole numbers by group, counted from batch to batch in one line of memory a group.
 *
 * A row touches the line of its group and nothing else: nothing is made, cleared or walked over for a batch, which so costs what
 * its rows cost, however many groups there are. A line also knows what its last person gave so far, and tells the evidence
 * what its sum rests on: as long as that isn't settled (few persons gave, or few different values were seen), and
 * whenever one person has over four fifths of all so far. Who never has can't come to dominate, since nothing here is below 0.
 * Batches with values below 0 have lines of their own, in which sizes take the place of values.
 * What lines hold is added to states and evidence (group.c) before these are joined or read. Callers: group.c. */
#ifndef LOTS_QUERY_GROUP_COUNT_H
#define LOTS_QUERY_GROUP_COUNT_H

#include "query/exec/evidence.h"

#define LOTS_LINE_ROWS ((uint64_t)UINT32_MAX) /* a counter takes no more before its lines are added and cleared */

typedef struct lots_group_lines {
    void *memory;
    lots_group_line *line; /* by group */
    uint32_t room;
} lots_group_lines;

typedef struct lots_group_swing { /* a line whose values may be below 0: what a person gave is known when the next one comes */
    int64_t sum, own;
    uint64_t sizes, counts;
    lots_patient last;
    uint32_t settled;
} lots_group_swing;

typedef struct lots_group_counter { /* of one aggregate. Zeroes to begin with */
    lots_group_lines kept, left; /* rows that count, and those it leaves out when that is asked */
    lots_vec swings;             /* lots_group_swing by group: of batches with values below 0 */
    uint64_t rows;               /* since lines were cleared */
} lots_group_counter;

typedef struct lots_group_words lots_group_words; /* group_brief.h */

typedef struct lots_group_taken { /* of a batch, what its lines say of an aggregate: the rest is for the state and the evidence to look at */
    bool state, evidence;
} lots_group_taken;

/* Is that aggregate a count, or a sum of what lines hold? */
bool lots_group_counter_is_state(const lots_row_agg *agg);
void lots_group_counter_close(lots_group_counter *counter);
/* Take the batch, split for this aggregate, as far as lines can. `evidence`: of it, or NULL; it has room for all groups.
 * Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_group_counter_feed(lots_group_counter *counter, lots_group_batch *batch, const lots_row_agg *agg,
                                              lots_evidence *evidence, lots_group_taken *taken, lots_error *err);
/* Are rows so many for each group, and were so many `before`, that each group's are best added up by themselves first? */
bool lots_group_is_brief(uint64_t groups, uint32_t rows, uint64_t before);
/* Instead of feed: what rows of some of `known` groups add up to, but for those of which each row must be looked at: their bits by
 * place, *any. */
LOTS_MUST lots_status lots_group_counter_settle(lots_group_counter *counter, const lots_group_words *words, uint32_t known,
                                                uint32_t rows, const lots_evidence *evidence, uint64_t *watched, bool *any,
                                                lots_error *err);
/* And then these rows, as a batch that has numbers, patients and values. */
void lots_group_counter_look(lots_group_counter *counter, const lots_group_batch *batch, lots_evidence *evidence);
/* Before what was counted is read or joined: the last persons have no more. `evidence` as fed. */
void lots_group_counter_end(lots_group_counter *counter, lots_evidence *evidence);
/* What was counted of a group. */
lots_group_counted lots_group_counter_kept(const lots_group_counter *counter, uint32_t group);
lots_group_counted lots_group_counter_left(const lots_group_counter *counter, uint32_t group);
/* Make `to`, which has counted nothing, count on from what `from` has kept; its sums it has not. Persons begin anew. */
LOTS_MUST lots_status lots_group_counter_copy(lots_group_counter *to, const lots_group_counter *from, lots_error *err);
/* Add what `from` has counted of `groups` groups, whose group g is group map[g] here, below `known`. */
LOTS_MUST lots_status lots_group_counter_join(lots_group_counter *to, const lots_group_counter *from, const uint32_t *map,
                                              uint32_t groups, uint32_t known, lots_error *err);
/* Back to zeros, but for what is settled. */
void lots_group_counter_clear(lots_group_counter *counter);

#endif
