/* load_inner.h: the state of one load, shared by the files load*.c, each of which is one step of it:
 *   load_inputs.c  mapping + inputs → files, and which sources read each
 *   load_parse.c   files → raw pieces, on all processors
 *   load_number.c  interners → numbers of patients, codes, categories; what the base held → pieces too
 *   load_deal.c    raw pieces → buckets of patients, as they are or dealt out
 *   load_settle.c  each bucket: patients, children, the total order
 *   load_write.c   settled rows → segments, tables, coverage, log → published
 *   load_wave.c    settling and writing in turn, some buckets at a time
 *   load_feed.c    the same for rows that a program makes as they are wanted
 * Invariant: what a step leaves is a function of the rows and the mapping, up to the order of pieces. */
#ifndef LOTS_LOAD_INNER_H
#define LOTS_LOAD_INNER_H

#include <pthread.h>

#include "core/base/pool.h"
#include "core/store/order.h"
#include "core/store/registry.h"
#include "ingest/convert.h"
#include "ingest/load.h"
#include "ingest/load_feed.h"

#define LOTS_LOAD_MEMORY ((size_t)2 << 30)
#define LOTS_LOAD_REJECT_FRACTION 0.001
#define LOTS_PIECE_BYTES ((size_t)8 << 20)

typedef struct lots_load_input {
    char *path;
    const char *name;              /* the last part of the path */
    uint64_t bytes, hash, rows;
    char separator;
    bool separator_found;
    lots_vec sources;              /* uint32_t: indexes of the mapping's, those that read it */
} lots_load_input;

/* A range of patients. */
typedef struct lots_load_bucket {
    lots_patient first, end;
    lots_vec pieces;               /* lots_piece, dealt out */
    lots_piece *settled;           /* by stream; closed with the bucket */
} lots_load_bucket;

/* What one worker counts from dealing on. */
typedef struct lots_load_tally {
    lots_load_stream *streams;     /* by stream of the schema: names unset */
    lots_load_counts *targets;     /* by target: names unset */
    lots_coverage *seen;           /* by stream: from, until of its starts; from LOTS_DAY_MAX: none */
    lots_rejects rejects;
} lots_load_tally;

typedef struct lots_load {
    const lots_load_options *options;
    lots_load_result *result;
    lots_mapping mapping;
    lots_schema schema;            /* of the next generation */
    lots_schema children;
    lots_registry_writer *writer;
    lots_registry *base;           /* NULL: a new registry */
    lots_pool *pool;
    unsigned threads;
    lots_arena arena;

    lots_load_target *targets;     /* streams, children, tables, then labels and hierarchies */
    uint32_t target_count, stream_count, child_count, table_count;
    uint32_t *target_of_source;    /* by source of the mapping */
    char (*domains)[LOTS_NAME_MAX + 1];
    const char **domain_names;
    uint32_t domain_count;

    lots_vec inputs;               /* lots_load_input */
    uint64_t bytes_all, bytes_before; /* of all inputs; of those read */
    uint64_t progress_at;          /* clock of the last report */
    _Atomic uint64_t rows_read;
    pthread_mutex_t lock;          /* of raw, the buckets' pieces, progress */

    lots_converter *converters;    /* by worker */
    lots_pile_budget budget, settled_budget; /* of what waits; of what a wave has settled */
    char *spill_folder;
    lots_pile raw_pile, bucket_pile, settled_pile;
    lots_vec raw;                  /* lots_piece */

    lots_numbering numbering;
    lots_load_bucket *buckets;
    uint32_t bucket_count;
    uint32_t *events;              /* by patient: settled events of all streams */
    lots_load_tally *tallies;      /* by worker */
    lots_coverage *coverage;       /* by stream */
    uint32_t settle_first;         /* the first bucket of this wave */
    lots_vec *spare;               /* by stream: lots_batch without rows, whose memory a feed's next rows go into; NULL: none kept */
    struct lots_load_writing *writing; /* load_write.c */
} lots_load;

static inline bool lots_load_is_dated(const lots_load *load, uint32_t stream)
{
    return stream > 0 && !load->schema.streams[stream].undated;
}

/* The steps. */
LOTS_MUST lots_status lots_load_find_inputs(lots_load *load, lots_error *err);
LOTS_MUST lots_status lots_load_parse(lots_load *load, lots_error *err);
LOTS_MUST lots_status lots_load_number(lots_load *load, lots_error *err);
LOTS_MUST lots_status lots_load_deal(lots_load *load, lots_error *err);
/* All buckets, in waves, to the generation. */
LOTS_MUST lots_status lots_load_settle_and_write(lots_load *load, lots_error *err);
/* All of a feed, from its rows to the generation. */
LOTS_MUST lots_status lots_load_feed_all(lots_load *load, lots_error *err);
/* Settle buckets first .. end - 1. */
LOTS_MUST lots_status lots_load_settle_between(lots_load *load, uint32_t first, uint32_t end, lots_error *err);
/* Writing in waves: segments of patients before `settled`, whose rows are final; unless `last`, the segment that more
 * patients may still go into is left. Then the generation. */
LOTS_MUST lots_status lots_load_write_begin(lots_load *load, lots_error *err);
LOTS_MUST lots_status lots_load_write_until(lots_load *load, lots_patient settled, bool last, lots_error *err);
LOTS_MUST lots_status lots_load_write_finish(lots_load *load, lots_error *err);
void lots_load_write_end(lots_load *load);
/* The first patient whose segment isn't written. */
lots_patient lots_load_written(const lots_load *load);
/* Let go of the settled rows of buckets from *held on whose patients are all written, and step over those buckets. */
LOTS_MUST lots_status lots_load_let_go(lots_load *load, uint32_t *held, lots_error *err);
/* Widen *from .. *until by the starts of these rows of a target, if it is a dated stream. */
void lots_load_see_starts(const lots_load *load, uint32_t target, const lots_batch *batch, lots_day *from, lots_day *until);
/* Rows of a piece from `first` on, which hold the numbers of `interner`, get final ones. */
LOTS_MUST lots_status lots_load_renumber(const lots_load *load, uint32_t interner, lots_piece *piece, uint32_t first,
                                         lots_error *err);
/* A bucket of patients first .. end - 1. */
LOTS_MUST lots_status lots_load_add_bucket(lots_load *load, lots_patient first, lots_patient end, lots_error *err);

/* Dictionaries by column of a target, for order.h; the caller's array of column_count. */
void lots_load_dictionaries(const lots_load *load, const lots_load_target *target, const lots_dictionary **out);
/* Coverage of each stream as declared, else as seen (load_settle.c needs it before it settles). */
LOTS_MUST lots_status lots_load_cover(lots_load *load, lots_error *err);
/* Rows of all tables, settled; by table of the schema (load_tables.c). */
LOTS_MUST lots_status lots_load_make_table(lots_load *load, uint32_t table, lots_batch *out, lots_error *err);
/* Rejects of all workers, counts by target and stream → load->result; and the check that rows add up. */
LOTS_MUST lots_status lots_load_tell(lots_load *load, lots_error *err);

#endif
