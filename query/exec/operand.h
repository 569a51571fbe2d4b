/* operand.h: the values that an aggregate over an event set reduces, by position: its operand, which for NIGHTS is how long elements
 * last; COUNT and EXISTS have none and don't ask. Callers: aggregate.c. */
#ifndef LOTS_QUERY_OPERAND_H
#define LOTS_QUERY_OPERAND_H

#include "query/exec/aggregate.h"

/* Of an instance of the set's element frame, whose relation it is: by its rows, not constant, in its arena. */
LOTS_MUST lots_status lots_operand_over(const lots_step *step, lots_relation_rows *relation, const lots_instance *elements,
                                        lots_vector *out, lots_error *err);
/* The same for ranges over the rows of `all`, in its arena or the step's. Where they hold few of these the operand is computed, or a stored
 * column decoded, for the few alone: then `ranges` are those of the few from now on, and have no mask. */
LOTS_MUST lots_status lots_operand_of_ranges(const lots_step *step, lots_relation_rows *relation, const lots_instance *all,
                                             lots_ranges *ranges, lots_vector *x, lots_error *err);

#endif
