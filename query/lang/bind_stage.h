/* bind_stage.h: what the parts that bind a pipeline's stages share. Includers: bind_pipeline.c, bind_stage.c and the files
 * of the stages (bind_rows.c, bind_rank.c, bind_group.c, …).
 *
 * While the stages are bound the state goes through: rows (SCOPE_ROWS: the source's rows and what was derived) and, after
 * the first stage with aggregates, tables (SCOPE_TABLE). `columns` is what the result would show if the pipeline ended. */
#ifndef LOTS_QUERY_BIND_STAGE_H
#define LOTS_QUERY_BIND_STAGE_H

#include "query/lang/bind_internal.h"

typedef struct pipeline_state {
    lots_bound_pipeline out;
    scope *where;        /* the rows as they are now */
    lots_vec stages;     /* lots_bound_stage */
    lots_vec slots;      /* lots_type of the row frame's slots */
    uint32_t table_slots; /* slots of the present TABLE frame */
    uint32_t table_stage; /* the stage that made it */
    lots_vec columns;    /* lots_named_expr */
    bool shown;          /* a show or group has fixed the columns */
    const lots_ast_stage *row_join; /* the first join with rows of patients; NULL: none */
} pipeline_state;

/* ---- bind_stage.c ---- */
/* The items of a list, in the query's arena. */
LOTS_MUST lots_status bind_freeze(binder *b, const lots_vec *list, void **out);
LOTS_MUST lots_status bind_push_stage(binder *b, const lots_bound_stage *stage);
/* An empty stage over the rows as they are now. */
lots_bound_stage bind_stage_of(binder *b, lots_bound_stage_kind kind, lots_ast_span span);
/* A new column of the rows as they are now, and a slot of a frame as an expression. */
LOTS_MUST lots_status bind_new_slot(binder *b, const lots_type *type, uint32_t *out);
LOTS_MUST lots_status bind_slot(binder *b, uint32_t frame, uint32_t slot, lots_type type, lots_ast_span span,
                                lots_expr **out);
/* The name said, or the value's canonical text. */
LOTS_MUST lots_status bind_item_name(binder *b, const lots_ast_item *item, const char **out);
LOTS_MUST lots_status bind_add_name(binder *b, scope *where, const char *name, lots_expr *expr);
/* Is there a derived or table column of this name? */
bool bind_taken(const scope *where, const char *name);
/* A slot for `expr`, appended to the items of a DERIVE that is being made. */
LOTS_MUST lots_status bind_derived(binder *b, const char *name, lots_expr *expr, lots_vec *items, lots_expr **out);
/* Push the DERIVE of the items gathered, and the FUNCTIONS that were met while a stage's expressions were bound. */
LOTS_MUST lots_status bind_emit_derive(binder *b, lots_vec *items, lots_ast_span span);
LOTS_MUST lots_status bind_emit_functions(binder *b, hoisting *met, lots_ast_span span);
/* Bind a stage in whose expressions functions over all rows may stand. */
LOTS_MUST lots_status bind_hoisting(binder *b,
                                    lots_status (*bind)(binder *, const lots_ast_stage *, lots_vec *, hoisting *),
                                    const lots_ast_stage *stage);

/* ---- the stages ---- */
LOTS_MUST lots_status bind_where_stage(binder *b, const lots_ast_stage *stage);
LOTS_MUST lots_status bind_derive_stage(binder *b, const lots_ast_stage *stage);
LOTS_MUST lots_status bind_show_stage(binder *b, const lots_ast_stage *stage); /* with or without aggregates */
LOTS_MUST lots_status bind_show_rows(binder *b, const lots_ast_stage *stage);
LOTS_MUST lots_status bind_group_stage(binder *b, const lots_ast_stage *group, const lots_ast_stage *show);
LOTS_MUST lots_status bind_each_stage(binder *b, const lots_ast_stage *stage);
/* The rows are about to be reduced to groups of `keys` (lots_named_expr), all that is asked of them bound: warns of periods
 * that events were given each, and that nothing but keys names: then every event counts in every period. */
LOTS_MUST lots_status bind_each_unasked(binder *b, const lots_vec *keys);
LOTS_MUST lots_status bind_top_stage(binder *b, const lots_ast_stage *stage);
LOTS_MUST lots_status bind_sort_stage(binder *b, const lots_ast_stage *stage);
LOTS_MUST lots_status bind_limit_stage(binder *b, const lots_ast_stage *stage);
LOTS_MUST lots_status bind_join_stage(binder *b, const lots_ast_stage *stage);
LOTS_MUST lots_status bind_pivot_stage(binder *b, const lots_ast_stage *stage);
/* Refuses what may not stand behind a pivot. */
LOTS_MUST lots_status bind_may_follow(binder *b, const lots_ast_stage *stage);
/* The GROUP that made the rows as they are now; NULL when none did. */
lots_bound_stage *bind_groups(binder *b);
/* Refuses to count or rank (`what` the text at `span` does) rows among which are totals. */
LOTS_MUST lots_status bind_without_totals(binder *b, const char *what, lots_ast_span span);

/* ---- the registry's tables (bind_table.c) ---- */
LOTS_MUST lots_status bind_table_source(binder *b, const lots_ast_name *name);
/* Refused anywhere but at the end of a question: a named table or the right side of a join is gone on with. */
LOTS_MUST lots_status bind_chart_rows(binder *b, const lots_ast_call *call, const lots_ast_node *by,
                                      lots_bound_chart *chart); /* those that make points of rows of persons */
LOTS_MUST lots_status bind_chart_stage(binder *b, const lots_ast_pipeline *pipeline, const lots_ast_stage *stage);

/* A let that names a table, called with its arguments if it has parameters. */
typedef struct table_let {
    const lots_ast_pipeline *pipeline; /* NULL: the name is no such let's */
    sight inside;                      /* what the pipeline sees: what stands above the let, and its arguments */
} table_let;
/* `call` NULL: named without brackets. Errors: other arguments than it has parameters. */
LOTS_MUST lots_status bind_table_let(binder *b, const lots_ast_name *name, const lots_ast_call *call, table_let *out);

/* A whole pipeline within another (the right side of a join): bound apart, not a result of the query. */
LOTS_MUST lots_status bind_let_pipeline(binder *b, const table_let *let, lots_bound_pipeline *out);
LOTS_MUST lots_status bind_inner_pipeline(binder *b, const lots_ast_pipeline *pipeline, lots_bound_pipeline *out);

#endif
