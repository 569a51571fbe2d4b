/* bind_aggregate.h: what binding aggregates over event sets and over rows share. Includers: bind_aggregate.c, bind_aggregate_rows.c. */
#ifndef LOTS_QUERY_BIND_AGGREGATE_H
#define LOTS_QUERY_BIND_AGGREGATE_H

#include "query/lang/bind_internal.h"

typedef struct aggregate_name {
    const char *name;
    lots_op op;         /* over events; CONSTANT: none */
    int row;            /* lots_row_agg_kind over rows; -1: none */
    uint32_t arguments; /* besides the set */
} aggregate_name;

/* ---- bind_aggregate.c ---- */
/* NULL: it names no aggregate. */
const aggregate_name *bind_find_aggregate(const lots_ast_call *call);
/* Is it one over rows? */
bool bind_is_row_aggregate(const lots_ast_call *call);
/* `missing` where a value is aggregated: a number that nobody has. */
LOTS_MUST lots_status bind_no_value(binder *b, lots_expr **x);
/* Can what is aggregated by `op` be of x's type? */
LOTS_MUST lots_status bind_check_operand(binder *b, lots_op op, lots_expr *x);
/* A constant from 0 to 1. */
LOTS_MUST lots_status bind_fraction(binder *b, scope *where, const lots_ast_node *node, double *out);

/* ---- bind_aggregate_rows.c ---- */
/* The aggregate becomes one of the `show` that is bound, and *out a slot of its table. */
LOTS_MUST lots_status bind_over_rows(binder *b, scope *table, const aggregate_name *found, const lots_ast_node *node, value *out);

#endif
