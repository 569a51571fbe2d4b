/* run.h: running a bound pipeline over the whole registry, and the table that comes out. */
#ifndef LOTS_QUERY_RUN_H
#define LOTS_QUERY_RUN_H

#include "core/base/pool.h"
#include "query/exec/observe.h"

typedef struct lots_run_options {
    lots_pool *pool;            /* NULL: one thread */
    size_t memory_bytes;        /* of the whole run; 0: 4 GiB. Passed by what one chunk adds to groups at most: group.h */
    const _Atomic bool *stop;   /* Ctrl-C; may be NULL */
    /* Chunks of the present pass (a run may take several); may be NULL; called from one thread at a time. */
    void (*progress)(void *context, uint64_t done, uint64_t all);
    void *progress_context;
    /* Disclosure: off by default, for tests and for programs that judge themselves what may be shown. */
    bool guard_rows;            /* rows: leave out protected and no-contact persons, refuse ids with no_identity streams */
    uint32_t min_cell;          /* aggregates: hide what rests on 1..min_cell-1 persons; 0: off. See evidence.h */
    bool joined;                /* it is the right side of a join: its notes say so */
    struct lots_shared *shared; /* of the pipelines of one query that are run one after the other; NULL: each by itself */
    const lots_observer *observer; /* looks on; NULL: nobody does */
} lots_run_options;

typedef struct lots_result_column {
    const char *name;
    lots_type type;
    lots_vector values;         /* rows values, never constant. CATEGORY and CODE hold ranks in type.dictionary */
    const char *const *labels;  /* BAND and CUT keep their order as text; NULL otherwise */
    const uint8_t *marks;       /* rows: lots_mark of each (evidence.h); a hidden value is missing, as is the key of a total.
                                   NULL: all are shown */
} lots_result_column;

typedef struct lots_result {
    lots_arena arena;           /* owns all below */
    lots_result_column *columns;
    uint32_t column_count;
    uint32_t rows;
    lots_patient *patient;      /* rows: the registry-wide patient of each row of a row-level result; NULL when aggregated */
    uint32_t *patients;         /* rows: distinct patients behind each row of an aggregated result; NULL otherwise, and when
                                   the rows are those of a table of the registry, which is about nobody */
    const uint8_t *patients_marks; /* rows: as marks, of `patients`, which is 0 where hidden; NULL: nothing is hidden */
    uint32_t min_cell;          /* what it was run with */
    const struct lots_chart *chart; /* how it is drawn (chart.h); NULL: not at all */
    const char **notes;         /* threshold and number kept by top, ties, warnings of the binder */
    uint32_t note_count;
    const char *outline;        /* a text that tables show instead of the rows (a plan: query/plan/outline.h); NULL: none */
    lots_work work;
    uint64_t memory_peak_bytes; /* the most that the run held at a time, beside what is mapped of the registry */
} lots_result;

/* The result never depends on the number of threads. Errors: as lots_eval, LOTS_INTERRUPTED, LOTS_REFUSED. */
LOTS_MUST lots_status lots_run_pipeline(const lots_query *query, const lots_bound_pipeline *pipeline,
                                        const lots_run_options *options, lots_result *out, lots_error *err);
void lots_result_free(lots_result *result);

/* Groups that several pipelines of a query make of rows which begin alike, as those of one `let` do: the first that is run makes
 * those of all, in one pass over the chunks. All are run with the same options, on one thread; it lives as long as the query. */
typedef struct lots_shared lots_shared;
LOTS_MUST lots_status lots_shared_open(lots_shared **out, lots_error *err);
void lots_shared_close(lots_shared *shared);

#endif
