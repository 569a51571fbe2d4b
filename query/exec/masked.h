/* masked.h: the rows of a source left where they are, under a mask: when all that is done with them is to be counted and added
 * up by group, those that are left out need not be taken away. For that whatever is asked of rows must be plain: columns,
 * and comparisons of them, which cannot fail for a row that is left out. Callers: pass.c. */
#ifndef LOTS_QUERY_MASKED_H
#define LOTS_QUERY_MASKED_H

#include "query/exec/eval.h"

/* Are the rows of this source, through stages that are all `where`, to be grouped like that? `group`: NULL, there is none. */
bool lots_masked_can(const lots_query *query, const lots_bound_pipeline *pipeline, const lots_bound_stage *stages,
                     uint32_t stage_count, const lots_bound_stage *group);
/* The source's rows past the stages. *present: bits of those that there are, NULL: all. *done false: it can't be said for
 * this chunk, and nothing was made. */
LOTS_MUST lots_status lots_masked_rows(lots_worker *worker, const lots_bound_pipeline *pipeline, const lots_bound_stage *stages,
                                       uint32_t stage_count, lots_instance **rows, const uint64_t **present, bool *done,
                                       lots_error *err);

#endif
