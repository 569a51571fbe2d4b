/* plan_inner.h: what plan.c and plan_set.c share. For them only. */
#ifndef LOTS_PLAN_INNER_H
#define LOTS_PLAN_INNER_H

#include "query/plan/estimate.h"
#include "query/plan/plan.h"

enum { PLAN_DEPTH_MOST = 24 }; /* sets within sets beyond are left to their words */

typedef struct planner {
    const lots_query *query;
    const lots_bound_pipeline *pipeline;
    const lots_run_options *options;
    lots_outline *out;
    lots_estimator estimator;
    lots_vec sets_seen;  /* const lots_set * */
    uint64_t *relations; /* bits: told already */
    int64_t stage;       /* of the lines being made */
    uint32_t under;      /* they hang so deep: 0, or below the line of the join whose right side is told */
    lots_bytes text;
    lots_error *err;
} planner;

/* ---- plan_set.c ---- */
/* Lines for every event set, code set and classification that stands in an expression. `frame`: in which it stands. */
LOTS_MUST lots_status plan_expr(planner *p, const lots_expr *expr, uint32_t frame, uint32_t depth);
/* What narrows a set, and what its relation is made of. */
LOTS_MUST lots_status plan_set_parts(planner *p, const lots_set *set, uint32_t depth);
/* The chunks without an element of a set of a stream, on the line. */
LOTS_MUST lots_status plan_skips(planner *p, lots_set *set, lots_line *line);

#endif
