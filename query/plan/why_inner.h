/* why_inner.h: what the parts of why share. For why*.c only. */
#ifndef LOTS_PLAN_WHY_INNER_H
#define LOTS_PLAN_WHY_INNER_H

#include "query/exec/candidates.h"
#include "query/exec/pass.h"
#include "query/plan/why.h"
#include "query/plan/words.h"

typedef struct why_row { /* of the source: what a row is called in later stages */
    uint32_t relation_row;
    const char *text;
} why_row;

typedef struct walk {
    const lots_query *query;
    const lots_bound_pipeline *pipeline;
    const lots_schema *schema;
    lots_outline *out;
    uint32_t chunk;     /* number of the person's */
    uint32_t patient;   /* relative to it */
    lots_vec rows;      /* why_row */
    int64_t stage;      /* of the lines being made */
    bool ended;         /* nothing of the person is left, or group by was reached */
    uint64_t left;      /* rows seen last */
    lots_bytes text;
    lots_error *err;
} walk;

/* The person's rows at one sight. */
typedef struct why_sight {
    lots_worker *worker;
    const lots_instance *rows; /* the person's alone; or, in memory, all rows as a table */
    const uint32_t *row;       /* count: where they are in `rows` */
    const uint32_t *name;      /* count: index into walk.rows; UINT32_MAX: the rows are patients */
    uint32_t count;
    bool in_chunk;             /* events may be asked for */
} why_sight;

LOTS_MUST lots_status why_line(walk *w, uint32_t depth, const char *kind, lots_line **out);
/* Set a line's value to the text of a vector's row; missing is written out. */
LOTS_MUST lots_status why_value(walk *w, const lots_vector *vector, uint32_t row, const char **out);
/* A line for a row, when rows are not patients; *depth is then one deeper. */
LOTS_MUST lots_status why_row_line(walk *w, const why_sight *sight, uint32_t index, const char *value, uint32_t *depth);

/* why_event.c */
/* What an event is, in a few words: its days, level, codes. Appended to w->text. */
LOTS_MUST lots_status why_describe(walk *w, lots_worker *worker, lots_relation_rows *relation, uint32_t row);
/* The elements of the event sets that stand in a value, for one row. */
LOTS_MUST lots_status why_events(walk *w, const why_sight *sight, uint32_t index, const lots_expr *expr, uint32_t depth);
/* A condition and its parts, for one row. */
LOTS_MUST lots_status why_condition(walk *w, const why_sight *sight, uint32_t index, const lots_expr *expr, uint32_t frame,
                                    uint32_t depth);

/* why_stage.c */
LOTS_MUST lots_status why_stage(walk *w, const why_sight *sight, uint32_t stage);
/* Top, ranks and limit, before they are applied: all rows are there, with the values they are ranked by. */
LOTS_MUST lots_status why_ranked(walk *w, const why_sight *sight, uint32_t stage, const lots_rowset *all,
                                 const lots_vector *values);

#endif
