/* group_brief.h: what a batch of many rows for each group has of each, added up by itself.
 *
 * When that is added to a group's line, all of it together may be less than what a single person must have for the evidence to
 * ask who: then nobody need be looked at, and mostly it is so. Callers: group_count.c. */
#ifndef LOTS_QUERY_GROUP_BRIEF_H
#define LOTS_QUERY_GROUP_BRIEF_H

#include "query/exec/group_count.h"

typedef struct lots_group_picked { /* the rows of a mask; NULL: all of them, and the index is NULL */
    const uint64_t *keep;
    uint32_t count;
    const uint32_t *index; /* with a mask, once lots_group_pick has made it */
} lots_group_picked;

lots_group_picked lots_group_picked_of(const lots_group_batch *batch, const uint64_t *keep);
LOTS_MUST lots_status lots_group_pick(const lots_group_batch *batch, lots_group_picked *rows, lots_error *err);

typedef struct lots_group_briefs { /* by group; sum and counts mean something once rows were added, of those that are met */
    uint64_t *sum;         /* this and `last` have a place before the first, for rows that there are not */
    uint32_t *counts;      /* rows, and above 2^16 persons */
    lots_patient *last;
    uint32_t *met;         /* groups that have rows, rising */
    uint32_t met_count;
    uint64_t *is_met;      /* their bits, while they are looked for */
    const uint64_t *usual; /* what a row of the group mostly has; NULL: of no group is that known */
    uint64_t *unusual;     /* with it: bits in which values differ from that; 0: none does */
} lots_group_briefs;

/* What places hold is two words each: of rows that are no person's first there, and of those that are. A word is the rows, and below
 * them their sum: values have 31 bits and a batch at most 2^16 - 1 rows, so that it never comes up to them. */
#define LOTS_WORD_ROWS 48u
struct lots_group_words {
    const uint64_t *word;  /* 2 * place, and beside it */
    const uint32_t *group; /* 1 + the group of each place with rows; no two have one */
    uint32_t count;
};

/* As lots_group_briefs_settle below; `watched` by place. */
bool lots_group_words_settle(const lots_group_words *from, lots_group_line *lines, const lots_evidence *evidence, uint64_t *watched);

/* Nothing as yet, in the batch's arena. */
LOTS_MUST lots_status lots_group_briefs_make(const lots_group_batch *batch, lots_group_briefs *out, lots_error *err);
/* What is usual of groups that aren't settled, such as a whole year among the days of many, where nobody has died yet. */
LOTS_MUST lots_status lots_group_briefs_usual(const lots_group_batch *batch, const lots_group_line *lines,
                                              const lots_evidence *evidence, lots_group_briefs *out, lots_error *err);
/* At most 2^16 - 1 rows. */
LOTS_MUST lots_status lots_group_briefs_add(const lots_group_batch *batch, lots_group_picked *rows, lots_group_briefs *out,
                                            lots_error *err);
/* The same, of rows that have been picked, of a batch of rows that stand for several persons, at most 2^16 - 1 in all, with values none of which is below 0. */
void lots_group_briefs_weigh(const lots_group_batch *batch, const lots_group_picked *rows, lots_group_briefs *out);
/* Must the rows that a group has in a batch be looked at one by one? Not when together they are less than what a single person
 * must have to matter (and more of the `usual` tells nothing else), or are all 0 and more of that tells nothing. */
bool lots_group_must_see(const lots_evidence *evidence, uint32_t group, bool settled, bool usual, uint64_t sum,
                         uint64_t before);
/* Add them to the lines, but for groups whose rows must be looked at one by one: their bits. True when there are any. */
bool lots_group_briefs_settle(const lots_group_briefs *from, lots_group_line *lines, const lots_evidence *evidence,
                              uint64_t *watched);

#endif
