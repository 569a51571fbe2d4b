/* worker.h: what one thread's evaluator holds while it is on a chunk; seen only by the files of query/exec that evaluate.
 *
 * Memory. Values live as long as the instance they belong to. Instances of a chunk (patients, rows, elements, episodes)
 * have depth 0 and live till the next begin(). A batch of *pairs* (an element of a set beside one row of the frame in
 * which the set stands) gets the next free depth and dies as soon as it is reduced: each depth has an
 * arena and a cache of values of its own, emptied together. Constants have a depth beyond all others, which lives as long
 * as the worker: they are computed once.
 *
 * Where a value is computed: at its *home*, the deepest frame it depends on, found by walking the tree once a query.
 *
 * Invariants: 1. a cached value was computed for exactly the instance whose serial is its key. 2. nothing in the arena of
 * depth d points into a deeper one. */
#ifndef LOTS_QUERY_WORKER_H
#define LOTS_QUERY_WORKER_H

#include "core/base/kernels.h"
#include "query/exec/eval.h"
#include "query/exec/relation.h"

typedef struct lots_cached {
    uint64_t key;   /* serial << 32 | expression; expressions from expr_count on are parent indexes by frame */
    uint64_t epoch; /* an entry of a former epoch is no entry */
    lots_vector value;
} lots_cached;

typedef struct lots_depth { /* what lives and dies together */
    lots_arena arena;
    lots_cached *cache;
    uint32_t cache_capacity; /* a power of two */
    uint32_t cache_used;
    uint64_t epoch;
    lots_relation_rows *relations; /* those whose owners are of this depth */
    struct lots_resolved *resolved;
} lots_depth;

typedef struct lots_home { /* of one expression or set; see depends.c */
    uint64_t *depends;     /* bits by frame; NULL: not yet known */
    uint32_t frame;        /* the deepest of them */
} lots_home;

typedef struct lots_local_set { /* a constant set of ranks in the ids of one segment, by expression */
    uint32_t segment;
    bool known;
    bool interval;
    lots_ranks range; /* when interval: the local ids */
    uint64_t *table;  /* else a bit a local id */
    uint32_t told, untold; /* chunks of the segment in which postings told the rows, and in which they did not */
    uint32_t table_count;
    size_t table_words;
} lots_local_set;

typedef struct lots_tested lots_tested;
struct lots_tested { /* which rows have a local id of an interval, as eval_local.c asked the segment */
    lots_tested *next;
    uint32_t column;
    lots_ranks range;
    uint64_t *bits, *missing; /* lent to values; missing NULL: none is */
};

typedef struct lots_taken { /* of a column: a few rows that were decoded for themselves */
    uint64_t asked;     /* rows that were, one by one */
    const uint32_t *rows; /* which were decoded first; NULL: none */
    lots_vector values; /* of each of them, as the language sees them */
    uint64_t *known;    /* the same by row, once other lists of rows are asked for; NULL: not yet */
    lots_vector spread; /* rows that aren't known have no value */
    const uint32_t *latest; /* other rows, decoded last; NULL: none */
    lots_vector latest_values;
} lots_taken;

typedef struct lots_some_elements { /* of a column of lists: as `elements` below, of some groups of LOTS_FRAME_GROUP */
    uint32_t *ids;    /* NULL: none are read */
    uint64_t *groups; /* which are */
} lots_some_elements;

typedef struct lots_stream_chunk {
    uint32_t rows;
    bool asked;          /* the query can ask for it */
    bool read;           /* some column of it is */
    lots_taken *taken;   /* by column; NULL: nothing was tried */
    lots_known_entries known; /* of the rows that were */
    lots_known_planes planes; /* of columns of few values */
    lots_tested *tested; /* since the chunk began */
    uint32_t *offsets;   /* patients + 1; NULL until asked for */
    uint32_t *years;     /* as lots_segment_year_places has them; NULL until asked for */
    uint32_t year_from;  /* what it was read from on, */
    uint64_t *year_had;  /* which years it has besides, one by one, */
    uint32_t year_least; /* and the first year that was asked for, in any chunk; 0: none */
    int32_t *some_days;  /* by row, of the patients in some_days_of alone; NULL: none were asked for */
    const uint64_t *some_days_of;
    bool some_of;        /* all of some patients', in any chunk: then those of a few rows are theirs, too */
    uint64_t some_asked, some_rows; /* how many patients they were of, one after the other, and rows for themselves */
    uint64_t narrow_rows; /* days that were looked at as they are kept (lots_stream_narrow_days) */
    uint32_t chunks_some, chunks_whole; /* in how many years or some days were asked for, and all days in the end */
    bool days_asked;     /* all days are what is asked for */
    lots_type *types;    /* by column; MISSING: not yet asked for */
    uint32_t **elements; /* by column of lists: their ids, local, one after the other; NULL: not read */
    lots_some_elements *some_elements; /* by column */
    lots_vector *locals; /* by column, as the segment has it: ids local. count UINT32_MAX: not read */
    lots_vector *values; /* by column: ids are ranks, ends of points filled in */
} lots_stream_chunk;

typedef struct lots_level_table { /* by rank of a stream's level dictionary */
    uint32_t *order; /* place in the total order */
    uint8_t *span;   /* lots_span */
    uint32_t count;
} lots_level_table;

typedef struct lots_table_index { /* of a table, for look-ups; see lookup.c */
    bool ready;
    const lots_batch *batch;
    lots_vector *columns; /* of the table, as vectors; count UINT32_MAX: not made */
    uint32_t *rows;       /* by key, then first day */
    uint32_t *starts;     /* key_count + 1: places in `rows` by rank of the key */
    uint32_t key_count;
    int32_t *first_day, *last_day; /* by place: the days on which the row holds */
    uint32_t *wider;      /* by place */
} lots_table_index;

typedef struct lots_beyond { /* whose windows leave the coverage of a stream on one side: the first few; see beyond.h */
    lots_patient *patients;
    uint32_t count;
    uint64_t *pending; /* of the chunk, by patient: not yet known to be of the rows; NULL: none */
} lots_beyond;

#define LOTS_ALIKE_MAX 256u

typedef struct lots_alike { /* which parts of the query mean the same; see alike.h */
    uint32_t *ids;          /* by expression: 1 + the id it is known by; 0: not yet asked */
    uint32_t expr_count, set_count;
    const lots_expr *exprs[LOTS_ALIKE_MAX]; /* different ones */
    const lots_set *sets[LOTS_ALIKE_MAX], *first_sets[LOTS_ALIKE_MAX], *wider_sets[LOTS_ALIKE_MAX];
    uint32_t *relations;    /* by relation: 1 + the first that is like it; 0: not yet asked. NULL: none was */
    uint64_t *ordered;      /* bits by relation: see lots_reach_ordered */
    uint32_t *least;        /* by relation: see lots_reach_sizes */
} lots_alike;

typedef struct lots_cycle { /* periods that one row after the other has all of: see each.c */
    int32_t *starts, *ends;
    uint32_t *row;          /* whose they are */
    uint32_t count, length; /* of the first, and of them all */
} lots_cycle;

typedef struct lots_prefixes lots_prefixes; /* numbers of the prefixes of codes: see prefix_class.c */

struct lots_worker {
    const lots_query *query;
    lots_registry *registry;
    const lots_schema *schema;
    const lots_kernels *kernels;
    const _Atomic bool *stop;
    lots_arena tables; /* as long as the worker: homes, level tables, rank tables */
    lots_arena scratch;
    lots_depth *depths;        /* depth_count of them, and the constants' */
    uint32_t depth_count;
    uint32_t top;              /* the deepest depth in use: batches within batches */
    uint32_t serial;
    lots_home *homes;          /* by expression */
    lots_alike alike;
    lots_local_set *local_sets;/* by expression */
    uint64_t **rank_tables;    /* by expression: bits by rank of IN_RANKS */
    lots_level_table *levels;  /* by stream */
    lots_table_index *indexes; /* by table */
    lots_prefixes *prefixes;   /* a list, by expression */
    uint32_t *stamps;          /* for counting distinct ids: see dense.c */
    size_t stamp_count;
    uint32_t stamp;
    uint32_t *same;            /* 0, 1, 2, …; see lots_same_rows */
    uint32_t same_count;
    lots_cycle cycle;
    lots_beyond *beyond;       /* two a stream: before its data, after them; NULL: nobody asked */
    uint32_t beyond_least;     /* how many persons are enough */
    bool beyond_pends;         /* of some stream, somebody */
    lots_segment *segment;     /* NULL: no chunk */
    const uint32_t *carried;   /* see lots_worker_begin_carried */
    uint32_t segment_index;
    uint32_t chunk;
    lots_patient first_patient;
    lots_stream_chunk *streams;
    const uint32_t *asked;     /* those of them that the query can ask; the others have no rows */
    uint32_t asked_count;
    lots_instance constant;
    lots_instance *patients;
    const uint64_t *wanted;    /* of patients: those of whom rows are left; NULL: all. See wanted.h */
    const lots_instance *left; /* these rows; NULL: all */
    lots_work work;
};

/* ---- instances ---- */
/* All rows of the relation of a pipeline's source, as the pipeline's. */
LOTS_MUST lots_status lots_rows_of_relation(lots_worker *worker, const lots_bound_pipeline *pipeline,
                                            const struct lots_relation_rows *relation, lots_instance **out, lots_error *err);
LOTS_MUST lots_status lots_instance_new(lots_worker *worker, uint32_t frame, uint32_t count, const lots_instance *parent,
                                        uint32_t depth, lots_instance **out, lots_error *err);
/* The instance of `frame` in the chain of `rows`; NULL when there is none. */
const lots_instance *lots_instance_of(const lots_worker *worker, const lots_instance *rows, uint32_t frame);
/* For each row its row of the parent; NULL: row i hangs on parent row i. */
LOTS_MUST lots_status lots_instance_parents(lots_worker *worker, const lots_instance *rows, const uint32_t **out,
                                            lots_error *err);
/* For each row of `rows` its row of `ancestor`, an instance of its chain; NULL: row i is row i. */
LOTS_MUST lots_status lots_instance_index(lots_worker *worker, const lots_instance *rows, const lots_instance *ancestor,
                                          const uint32_t **out, lots_error *err);
lots_arena *lots_instance_arena(lots_worker *worker, const lots_instance *rows);
/* Empty a depth and all below it. */
void lots_depth_reset(lots_worker *worker, uint32_t depth);
/* Errors: LOTS_INTERRUPTED. */
LOTS_MUST lots_status lots_worker_check(lots_worker *worker, lots_error *err);

/* ---- the cache of values ---- */
const lots_vector *lots_cache_find(const lots_worker *worker, const lots_instance *rows, uint32_t key);
LOTS_MUST lots_status lots_cache_put(lots_worker *worker, const lots_instance *rows, uint32_t key,
                                     const lots_vector *value, lots_error *err);

/* ---- memory: uninitialised arrays with slack, bitmaps ---- */
LOTS_MUST lots_status lots_new_u32(lots_arena *arena, size_t count, uint32_t **out, lots_error *err);
LOTS_MUST lots_status lots_new_i32(lots_arena *arena, size_t count, int32_t **out, lots_error *err);
LOTS_MUST lots_status lots_new_i64(lots_arena *arena, size_t count, int64_t **out, lots_error *err);
/* Zeroed. */
LOTS_MUST lots_status lots_new_bits(lots_arena *arena, size_t count, uint64_t **out, lots_error *err);
/* To be written whole, as kernels do: only the word behind them is zero. */
LOTS_MUST lots_status lots_new_words(lots_arena *arena, size_t count, uint64_t **out, lots_error *err);
LOTS_MUST lots_status lots_copy_bits(lots_arena *arena, const uint64_t *bits, size_t count, uint64_t **out, lots_error *err);

/* 0, 1, 2, … count - 1, as long as the worker lives. */
LOTS_MUST lots_status lots_same_rows(lots_worker *worker, uint32_t count, const uint32_t **out, lots_error *err);

/* ---- what depends on what (depends.c) ---- */
LOTS_MUST lots_status lots_expr_home(lots_worker *worker, const lots_expr *expr, const lots_home **out, lots_error *err);
/* Does it depend on nothing but `element` and the frames above and including `above`? */
LOTS_MUST lots_status lots_expr_is_static(lots_worker *worker, const lots_expr *expr, uint32_t element, uint32_t above,
                                          bool *out, lots_error *err);
/* Does it ask an event set something for each row of the frame? Then it costs far more than columns do. */
LOTS_MUST lots_status lots_asks_sets(lots_worker *worker, const lots_expr *expr, uint32_t frame, bool *out,
                                     lots_error *err);
uint32_t lots_frame_depth(const lots_query *query, uint32_t frame);

/* ---- values (eval.c) ---- */
/* As lots_eval, but rows that failed stay rows: the caller decides whether they matter. */
LOTS_MUST lots_status lots_value(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                                 lots_error *err);
/* As lots_value in `left`, which are the rows of `rows` with a bit in `kept`, flat and with a row for each of `rows`: 0 or
 * false, known, where there is no bit. BOOL only. */
LOTS_MUST lots_status lots_value_spread(lots_worker *worker, const lots_expr *expr, const lots_instance *left,
                                        const uint64_t *kept, const lots_instance *rows, lots_vector *out,
                                        lots_error *err);
/* Truths of the rows with a bit in `kept`, flat, in place: of all rows, as above. */
LOTS_MUST lots_status lots_spread(lots_worker *worker, const uint64_t *kept, const lots_instance *rows, lots_vector *truths,
                                  lots_error *err);
/* Fail with the culprit of a vector's first failed row, if any is. */
LOTS_MUST lots_status lots_raise(const lots_vector *vector, lots_error *err);

#endif
