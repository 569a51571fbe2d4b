/* panel.h: patients by periods of a constant interval, grouped by period: most of such rows hold no event. Rows without any are
 * all alike in all that is asked of them, so that one stands for the others of its period: it has a weight.
 *
 *   from patients / … / each P in a constant interval / [where what bounds the periods] / derive … / group by P
 *
 * What a panel may ask after `each`: periods, constants, and sets of events during or overlapping the period. Callers: pass.c. */
#ifndef LOTS_QUERY_PANEL_H
#define LOTS_QUERY_PANEL_H

#include "query/exec/each.h"
#include "query/exec/group.h"

#define LOTS_PANEL_SETS_MAX 16u

typedef struct lots_panel_set {
    const lots_set *set;
    bool spans; /* an event counts on all days that it lasts, or else on its first */
    const lots_window *during; /* of the set: from the period's first day to its last; NULL: there is none */
} lots_panel_set;

typedef struct lots_panel {
    bool is;
    uint32_t each; /* its stage, counted as those given */
    lots_panel_set sets[LOTS_PANEL_SETS_MAX];
    uint32_t set_count;
    bool nested; /* what a set asks of its events asks other sets */
    bool shared; /* other pipelines may ask the same events, of all times */
} lots_panel;

/* Are these stages, and `group` after them, a panel? */
void lots_panel_plan(const lots_query *query, const lots_bound_pipeline *pipeline, const lots_bound_stage *stages,
                     uint32_t stage_count, const lots_bound_stage *group, lots_panel *out);
/* The rows of its `each`, made of `rows`, that hold an event, and for each period that has others one of these. *done false:
 * nothing was made, since events could not be judged. Errors: as lots_eval. */
LOTS_MUST lots_status lots_panel_rows(lots_worker *worker, const lots_panel *panel, const lots_each *each,
                                      const lots_each_plan *plan, const lots_instance *rows, lots_instance **out,
                                      lots_group_weights *weights, bool *done, lots_error *err);

#endif
