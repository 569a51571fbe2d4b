/* evidence.h: on how many persons each number of a table rests, kept beside the aggregates while they are fed.
 *
 * A number is hidden when it rests on 1..k-1 persons (k: min_cell), each kind by its own measure:
 *   count, patients, count(distinct)   persons counted; with a condition also those it leaves out (else n minus it tells)
 *   rate                               persons on either side
 *   sum, mean, sd, share               persons who add something else than 0; or one person makes over 85% of it; of what
 *                                      takes two values only, persons with either: then it counts them
 *   min, max                           persons who have that very value; texts are never shown
 *   quantile                           persons beyond it on its shorter side, as p times all; median: all persons
 *   gini, top_share, lorenz_share      all persons, those of the top as p times all; the rest as for sums
 *   km, cif                            persons with the event by then, persons without it, persons still followed then
 *   km_quantile                        persons with the event; all persons as quantile
 * 0 persons is no secret: a true 0 is shown.
 * Of a table of groups the persons behind a row are known only as a number: then a number rests on the largest of them,
 * which is never more than it truly rests on. Callers: group.c, group_count.c; others for the marks alone. Threads: one. */
#ifndef LOTS_QUERY_EVIDENCE_H
#define LOTS_QUERY_EVIDENCE_H

#include "query/exec/group_state.h"

typedef enum lots_mark { /* of a cell of a result */
    LOTS_MARK_SHOWN,
    LOTS_MARK_SMALL,   /* a number of persons, or of their rows, that rests on 1..k-1 persons: `<k` */
    LOTS_MARK_WITHHELD, /* hidden for another reason: `*` */
    LOTS_MARK_TOTAL     /* nothing is hidden: the key of a total row, which stands for all values of that key */
} lots_mark;

typedef struct lots_evidence_cell { /* of one group */
    uint32_t patients;              /* counted (RATE: true) */
    uint32_t others;                /* left out by the condition (RATE: false) */
    uint32_t givers;                /* whose sum isn't 0 */
    double sum;                     /* of a table's rows, until it is looked at */
    double largest, all, rest;      /* of what persons add, in size: the largest; all + rest is all */
    int64_t extreme;
    uint32_t holders;               /* of the extreme; KM, CIF: those followed till then */
    uint32_t choices;               /* different values of what is summed: 0, 1, 2, or 3 for more */
    struct {
        double value;
        uint32_t persons;
    } choice[2]; /* the first two values */
    lots_patient had[2];            /* who had each last, as lots_evidence_give was told */
} lots_evidence_cell;

typedef struct lots_evidence {
    const lots_row_agg *agg;
    struct lots_evidence *twin; /* an earlier aggregate's, of a sum of the same values: its cells are this one's; NULL: none is */
    lots_vec cells; /* lots_evidence_cell by group */
    bool of_groups; /* fed from a table */
    uint32_t enough;
} lots_evidence;

/* Might one who has `own` of what all have so far, `own` included, come to have over 85% of it? What others add only makes his
 * part smaller, so who never has over four fifths (rounded down) need not be known. */
static inline bool lots_is_large_part(uint64_t own, uint64_t all) { return own > all / 5 * 4; }

/* `enough`: of a table without totals its min_cell: how persons' parts are spread over a cell is then looked at only until its
 * judgement is settled. 0: givers, largest and all are always exact. */
void lots_evidence_open(lots_evidence *evidence, const lots_row_agg *agg, uint32_t enough);
void lots_evidence_close(lots_evidence *evidence);
LOTS_MUST lots_status lots_evidence_grow(lots_evidence *evidence, uint32_t groups, lots_error *err);
/* The batch that the state is fed, split for its aggregate. */
LOTS_MUST lots_status lots_evidence_feed(lots_evidence *evidence, lots_group_batch *batch, lots_error *err);
/* Does a number of that kind rest on what persons add up to? */
bool lots_evidence_of_sum(lots_row_agg_kind kind);
/* Instead of feeding, row by row: the value of a person (or of each of several persons like him, who have no other row) who so
 * far, it included, has `own` in the group; its rows come person by person, no two persons have one number. True: enough is
 * known, and from now on only those must be told who have a large part of what all have so far (lots_is_large_part). */
bool lots_evidence_give(lots_evidence *evidence, uint32_t group, lots_patient person, uint32_t persons, uint64_t value,
                        uint64_t own);
/* Is there a value, not 0, that enough persons have where enough gave something? Then more rows of new persons, all with that very
 * value, tell nothing but who has a large part. False: it is not known, or no one value. */
bool lots_evidence_usual(const lots_evidence *evidence, uint32_t group, uint64_t *value);
/* Would more rows of new persons, all of whose values are 0, tell nothing? */
bool lots_evidence_knows_zeros(const lots_evidence *evidence, uint32_t group);
/* Of values some of which are below 0, in two steps: each value; and what a person adds up to, in size, once he has no more.
 * True as above, of the size and all sizes so far. */
void lots_evidence_see(lots_evidence *evidence, uint32_t group, lots_patient person, int64_t value);
bool lots_evidence_end(lots_evidence *evidence, uint32_t group, uint64_t size);
/* And at last what was counted and added up. */
void lots_evidence_add(lots_evidence *evidence, uint32_t group, const lots_group_counted *kept,
                       const lots_group_counted *left);
/* Add `from`, fed with other patients, whose group g is group map[g] here. */
void lots_evidence_join(lots_evidence *evidence, lots_evidence *from, const uint32_t *map);
/* What is known of a group. */
const lots_evidence_cell *lots_evidence_at(lots_evidence *evidence, uint32_t group);
/* The judgement of a cell: of a group, or put together from several of this aggregate. */
lots_mark lots_evidence_judge_cell(const lots_evidence *evidence, const lots_evidence_cell *cell, uint32_t min_cell);

#endif
