/* segment_layout.h: what a segment's directory says, in memory: streams, columns, chunks, and where each block lies and
 * what is in it. Shared by reader and writer, so that the bytes are defined once (segment_layout.c; core/FORMAT.md has
 * the offset tables).
 *
 * Invariants of a decoded layout
 *   1. chunk firsts rise from 0 to `patients`; every array has `chunks` entries.
 *   2. a block is held (has bytes in the file) exactly when it has a value that is not missing; held blocks lie back to
 *      back from LOTS_SEGMENT_HEADER_BYTES to the directory in the order in which slots are listed.
 *   3. a slot's number is its place in that list; with the chunk it salts the block's checksum.
 *   4. a column's parent has no parent.
 * Callers: core/store/segment*.c only. Threads: read-only once decoded. */
#ifndef LOTS_SEGMENT_LAYOUT_H
#define LOTS_SEGMENT_LAYOUT_H

#include "core/base/arena.h"
#include "core/store/schema.h"

#define LOTS_SEGMENT_MAGIC "LOTSSEG\n"
#define LOTS_SEGMENT_HEADER_BYTES 64u
#define LOTS_SEGMENT_DIRECTORY_MAX (UINT32_C(1) << 28) /* bytes, decompressed */
#define LOTS_SEGMENT_PRESENCE_BITS_MAX (UINT32_C(1) << 21)
#define LOTS_BLOCK_NONE UINT8_MAX /* in place of an encoding: the block is not held */
#define LOTS_YEARS_MAX 128u       /* of a column's `years`; more are told for years that fall */

/* The header, 64 bytes. */
typedef struct lots_segment_header {
    uint64_t id;
    uint32_t patients;
    uint64_t directory_offset;
    uint32_t directory_bytes;     /* as stored: zstd */
    uint32_t directory_raw_bytes;
    uint64_t directory_checksum;  /* of the stored bytes, salted */
    uint64_t file_bytes;
} lots_segment_header;

/* The blocks of one part of a column (or of a stream's counts), one a chunk; or a single one that serves all chunks. */
typedef struct lots_layout_slot {
    uint32_t number;
    uint32_t block_count;
    lots_phys phys;
    bool own_counts;        /* how many values a block has is written down, not implied by the rows */
    bool shown_apart;       /* `shown` is written down: durations */
    lots_block_meta *metas; /* as the codec wants them */
    lots_block_meta *shown; /* as readers see them: the same array unless shown_apart */
    uint64_t *offsets;      /* of the blocks in the file */
} lots_layout_slot;

enum {
    LOTS_COLUMN_ORDERED = 1,  /* days that rise within patients: the codec is given where patients start */
    LOTS_COLUMN_DURATION = 2, /* days from the ordered column of the stream */
    LOTS_COLUMN_PRESENCE = 4, /* the `presence` slot is there */
    LOTS_COLUMN_PARENT = 8,   /* some blocks are told from those of the column `parent` */
    LOTS_COLUMN_CHILDREN = 16, /* the `children` slot is there: some of them as GIVEN */
    LOTS_COLUMN_ABSENT = 32,   /* some blocks leave out rows that the column `absent_by` tells to be missing */
    LOTS_COLUMN_YEARS = 64,    /* the `years` slot is there; of an ordered column */
    LOTS_COLUMN_POSTINGS = 128 /* the `postings` slot is there */
};

typedef struct lots_layout_column {
    char name[LOTS_NAME_MAX + 1];
    char domain[LOTS_NAME_MAX + 1]; /* CATEGORY */
    lots_kind kind;
    uint8_t scale;
    uint8_t flags;
    lots_layout_slot dictionary; /* CATEGORY, CODE, CODES: one block: stable ids in rank order */
    lots_layout_slot lengths;    /* CODES */
    lots_layout_slot values;
    lots_layout_slot presence;   /* one block of bits: chunk x dictionary count + local id */
    uint32_t parent;             /* by flag: a column of the stream that has ids, one a row, and no parent itself */
    uint32_t absent_by;          /* by flag: a column as `parent`, which leaves out nothing itself */
    lots_layout_slot children;   /* two blocks: how many children each id of the parent has, and last those rows where it is
                                    missing; the children, ids of this column, one parent's after the other's */
    lots_layout_slot postings;   /* by chunk: local id x patients of the chunk + patient, rising, of every patient with the id;
                                    of CODES those of ids that are not rare */
    uint32_t first_year, year_count; /* by flag YEARS */
    bool years_rise;             /* as versions before 6 have them */
    lots_layout_slot years;      /* year by year, the last first, how many rows each patient has from it on and before the year
                                    above; years that rise: how many before it and not before the year above. Held or not */
    lots_layout_slot rare;       /* CODES, with postings: the pairs of ids that few have, which are not among those above */
    lots_layout_slot posted_rows; /* CODES, with postings: the rows of rare pairs, numbered through the rows of their patients */
} lots_layout_column;

typedef struct lots_layout_stream {
    char name[LOTS_NAME_MAX + 1];
    bool single;                 /* one row a patient: no counts */
    uint32_t *rows;              /* by chunk */
    lots_layout_slot counts;     /* rows of each patient */
    lots_layout_column *columns;
    uint32_t column_count;
} lots_layout_stream;

typedef struct lots_layout {
    uint32_t patients;
    uint32_t chunks;
    uint32_t *firsts;            /* chunks + 1 */
    lots_layout_stream *streams;
    uint32_t stream_count;
    uint32_t slot_count;
    uint64_t held_blocks;
    lots_arena arena;            /* owns all of it */
} lots_layout;

void lots_layout_free(lots_layout *layout);
/* Whether a kind's values are ids of a local dictionary. */
bool lots_layout_has_ids(lots_kind kind);
/* Whether a block has bytes in the file. */
static inline bool lots_layout_held(const lots_block_meta *meta) { return meta->missing < meta->count; }
/* Arrays for `block_count` blocks, zeroed, and the next number. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_layout_open_slot(lots_layout *layout, lots_layout_slot *slot, lots_phys phys,
                                            uint32_t block_count, lots_error *err);

/* Append the directory's bytes, not yet compressed. `content`: what the content hash is taken of instead: the same, with
 * the metas' checksums as they stand (the writer puts unsalted ones there) and without dictionaries, presence and
 * postings, which follow from the values or depend on how stable ids were given out. */
LOTS_MUST lots_status lots_layout_encode(const lots_layout *layout, bool content, lots_bytes *out, lots_error *err);
/* The reverse, of untrusted bytes. `patients` and `blocks_end` (where the directory starts) as the header has them. `out`
 * is freed on failure. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_layout_decode(const uint8_t *bytes, size_t count, uint32_t patients, uint64_t blocks_end,
                                         lots_layout *out, lots_error *err);

void lots_segment_header_put(const lots_segment_header *header, uint8_t out[LOTS_SEGMENT_HEADER_BYTES]);
/* Errors: LOTS_CORRUPT for another magic or version, a wrong checksum, or a file of `count` bytes that can't be right. */
LOTS_MUST lots_status lots_segment_header_get(const uint8_t *bytes, uint64_t count, lots_segment_header *out,
                                              lots_error *err);

#endif
