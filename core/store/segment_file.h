/* segment_file.h: an open segment, as the files that read it share it: segment.c (opening, facts), segment_read.c
 * (blocks), segment_needs.c (what these need beside their bytes), segment_forms.c, segment_groups.c, segment_offsets.c,
 * segment_lengths.c, segment_days.c (days), those that segment_kept.h names (what is kept decoded), segment_ids.c
 * (dictionaries), segment_pairs.c, segment_posted.c (postings), segment_export.c, segment_check.c. Nobody else includes this.
 *
 * Invariants: 1. streams[s].columns[c] answers for schema->streams[s].columns[c]; `file` is NULL where the file is older
 * than the column. 2. what is filled in lazily (`ids`, `presence`, `children`, `marks`, all that is kept, `posted`, `verified`) is
 * published by one atomic store of something complete; two threads that make it at once make the same, and one copy is dropped. */
#ifndef LOTS_SEGMENT_FILE_H
#define LOTS_SEGMENT_FILE_H

#include <stdatomic.h>

#include "core/base/rooms.h"
#include "core/store/segment.h"
#include "core/store/segment_layout.h"

/* A column's local dictionary: by local id. */
typedef struct lots_segment_ids {
    uint32_t count;
    lots_id *ranks;
    lots_id *stable;
} lots_segment_ids;

/* Which ids of a column go with each id of its parent: lots_parent's firsts and children. */
typedef struct lots_segment_children {
    uint32_t *firsts;
    uint32_t *children;
} lots_segment_children;

/* What is posted of a column's chunk: pairs of common ids (or of all), of rare ones, and the rows of these. */
typedef enum lots_posted_part { LOTS_POSTED_COMMON, LOTS_POSTED_RARE, LOTS_POSTED_ROWS, LOTS_POSTED_PARTS } lots_posted_part;

/* All of it as lists by local id, decoded: see segment_kept_posted.c. */
typedef struct lots_posted_lists {
    const uint32_t *patients; /* by id, where those who have it begin in `items`, and where the last one's end */
    const uint32_t *rows;     /* the same of rows: an id that few have has some for its patients, another none */
    const uint16_t *items;
} lots_posted_lists;

/* Something of a chunk that is kept decoded: see segment_kept.h. */
typedef struct lots_kept {
    _Atomic(void *) made;  /* NULL: not kept */
    _Atomic uint8_t asked; /* how often it was asked for; no further than to when it is kept */
} lots_kept;

/* What finds its way to some of it: see segment_pairs.c, and segment_posted.c for the rows. */
typedef struct lots_posted_marks {
    _Atomic(lots_rise_marks *) parts[LOTS_POSTED_PARTS];
    _Atomic(uint32_t *) rows; /* before each LOTS_RISE_GROUP-th rare pair, of the patients of those before it */
    lots_kept lists;          /* uint32_t: see segment_kept_posted.c */
} lots_posted_marks;

/* A chunk's numbers as places in a dictionary: see segment_kept_amounts.c. One piece of memory. */
typedef struct lots_kept_amounts {
    const uint32_t *entries;
    const uint16_t *places; /* by row; with 64 bytes of slack */
    uint32_t entry_count;
} lots_kept_amounts;

/* A chunk's numbers by period: see segment_kept_years.c. One piece of memory. */
typedef struct lots_kept_years {
    const uint32_t *starts;  /* by period, and one more: where its numbers begin */
    const uint32_t *numbers; /* with 64 bytes of slack */
    uint32_t periods;
} lots_kept_years;

/* The ids of a chunk's rows, told from another column: see segment_kept_ids.c. One piece of memory. */
typedef struct lots_kept_ids {
    const uint16_t *ids;     /* 0 where it is missing; with 64 bytes of slack, as these bits */
    const uint64_t *missing; /* NULL: none is */
} lots_kept_ids;

typedef struct lots_segment_column {
    const lots_layout_column *file;
    const lots_block_meta *shown[2];    /* by lots_part, then chunk */
    const lots_dictionary *dictionary;  /* the registry's, of id columns */
    _Atomic(lots_segment_ids *) ids;
    _Atomic(uint64_t *) presence;       /* bits: chunk x count + id */
    _Atomic(lots_kept *) kept_rows;     /* uint64_t by chunk, then id, of a column of few, and missing; of truths by chunk; NULL: not asked */
    lots_kept *kept_amounts;            /* lots_kept_amounts by chunk, of whole numbers and decimals; else NULL */
    lots_kept *kept_years;              /* lots_kept_years, the same */
    lots_kept *kept_lists;              /* lots_kept_lists by chunk, of lists; else NULL */
    _Atomic(lots_kept *) kept_classes;  /* lots_classes_by_day by chunk: see segment_kept_by_day.c */
    lots_posted_marks *posted;          /* by chunk; NULL: it has no postings */
    _Atomic(lots_frame_marks *) *marks; /* of its values, by chunk; NULL: it is not in the file. See segment_groups.c */
} lots_segment_column;

typedef struct lots_segment_stream {
    const lots_layout_stream *file;
    const lots_layout_column *ordered;  /* the column that durations count from */
    lots_segment_column *columns;
    _Atomic(lots_segment_children *) *children; /* by column of the file */
    _Atomic(lots_gap_marks *) *marks; /* of the ordered column, by chunk: see segment_days.c */
    lots_kept *kept_days;             /* uint16_t by chunk, of the same column: days, less the least of the block */
    lots_kept *kept_offsets;          /* uint16_t by chunk */
    lots_kept *kept_places;           /* uint16_t by chunk: year after year, LOTS_PLACES_PAD apart, where it begins: see segment_places.c */
    _Atomic(lots_kept *) *kept_entries; /* uint16_t by column of the file, then chunk: each row's entry, or how long it lasts; NULL: not asked */
    _Atomic(lots_kept *) *kept_ids;   /* lots_kept_ids, the same */
    _Atomic(lots_kept *) kept_order;  /* by chunk: see segment_kept_by_day.c; NULL: not asked */
    _Atomic(lots_kept *) kept_whole;  /* lots_classes_by_day by chunk, of all rows as one class; NULL: not asked */
    uint64_t events;
    uint32_t rows_max;
} lots_segment_stream;

struct lots_segment {
    char *path;
    const uint8_t *data;
    size_t bytes;
    uint64_t id;
    const lots_schema *schema;
    lots_layout layout;
    lots_arena arena;              /* streams, columns, metas of absent columns */
    lots_segment_stream *streams;  /* schema->stream_count */
    uint32_t *slot_blocks;         /* by slot number: index of its first block in `verified` */
    _Atomic uint8_t *verified;
    uint32_t block_count;
    lots_rooms *keep;              /* for what is kept decoded; NULL: nothing is */
    lots_rooms *keep_by_day;       /* the same, in the order of days */
};

/* Which blocks have been found right, each for itself. */
static inline _Atomic uint8_t *lots_segment_verified_flag(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block)
{
    return &segment->verified[segment->slot_blocks[slot->number] + block];
}

/* Bytes that may be read after a block's. */
static inline size_t lots_segment_after_block(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block)
{
    return segment->bytes - slot->offsets[block] - slot->metas[block].bytes;
}

static inline void lots_segment_set_verified(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block)
{
    atomic_store_explicit(lots_segment_verified_flag(segment, slot, block), 1, memory_order_relaxed);
}

static inline bool lots_segment_is_verified(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block)
{
    return atomic_load_explicit(lots_segment_verified_flag(segment, slot, block), memory_order_relaxed) != 0;
}

/* Whether a block passes its checksum, not looking at `verified`. */
LOTS_MUST lots_status lots_segment_verify_block(const lots_segment *segment, const lots_layout_slot *slot,
                                                uint32_t block, lots_error *err);
/* Decode a block; its checksum is looked at until the block has been found right once. What it needs beside its bytes is in
 * `out`. */
LOTS_MUST lots_status lots_segment_decode_block(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block,
                                                lots_values_out *out, lots_arena *scratch, lots_error *err);
/* As lots_segment_offsets, of a stream of the file; NULL: it has none, and nobody has rows. */
LOTS_MUST lots_status lots_segment_fill_offsets(const lots_segment *segment, const lots_layout_stream *stream, uint32_t chunk,
                                                uint32_t *offsets, lots_arena *scratch, lots_error *err);
/* A column's local dictionary, made at first use. */
LOTS_MUST lots_status lots_segment_load_ids(lots_segment *segment, uint32_t stream, uint32_t column,
                                            const lots_segment_ids **out, lots_error *err);
/* A column's presence map, made at first use; *out is NULL when the file has none. */
LOTS_MUST lots_status lots_segment_load_presence(const lots_segment *segment, uint32_t stream, uint32_t column,
                                                 const uint64_t **out, lots_error *err);
/* The numbers of a block of postings, rare ones or posted rows, in scratch. Errors: LOTS_CORRUPT, also when they don't rise. */
LOTS_MUST lots_status lots_segment_read_pairs(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk,
                                              const uint32_t **pairs, uint32_t *count, lots_arena *scratch, lots_error *err);
/* Those of a part that are not below `least` and below `below`, which is above it, and maybe others; in the arena. Where `out` has them
 * already nothing is done: it begins as zero. Decoded whole the first time. Errors: as read_pairs. */
LOTS_MUST lots_status lots_segment_take_pairs(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                              lots_posted_part part, uint64_t least, uint64_t below, lots_rising *out, lots_arena *arena,
                                              lots_error *err);
/* The place of the first of some rising items that is not below `least`; count if all are. */
uint32_t lots_segment_first_pair(const uint32_t *items, uint32_t count, uint64_t least);
/* A chunk's days of the ordered column, less the least of their block; NULL while they are not kept. */
const uint16_t *lots_segment_kept_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk);
/* A chunk's offsets; NULL while they are not kept. */
const uint16_t *lots_segment_kept_offsets(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk);
/* They were decoded. If that has happened often they are kept, where the budget has room. */
void lots_segment_keep_offsets(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk, const uint32_t *offsets);
/* Days are not kept, and asked for once more, all or some: often enough to be kept, and the budget has room? Then keep_days is told
 * all of them. */
bool lots_segment_should_keep_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk);
void lots_segment_keep_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk, const int32_t *days);
/* out->entries of a column's block: those that are kept, of a block of ENTRIES that is believed; NULL: none are. They are kept once they
 * were asked for often, where the budget has room. `out` has the starts. Errors: as decode. */
LOTS_MUST lots_status lots_segment_find_entries(const lots_segment *segment, const lots_segment_stream *stream,
                                                const lots_layout_column *column, uint32_t chunk, lots_values_out *out,
                                                lots_arena *scratch, lots_error *err);
/* A test of the column's block told this. If it is of one id and was made often it is kept, where the budget has room. */
void lots_segment_keep_rows(const lots_segment *segment, lots_segment_column *column, uint32_t chunk, const lots_id_test *test,
                            const uint64_t *bits, const uint64_t *missing);
/* The truths of a column's chunk; NULL while they are not kept, or where the column has none or lacks some. */
const uint64_t *lots_segment_kept_truths(const lots_segment *segment, const lots_segment_column *column, uint32_t chunk);
/* The column was decoded whole. Where it is of truths and that has happened often they are kept, as far as the budget has room. */
void lots_segment_keep_truths(const lots_segment *segment, lots_segment_column *column, uint32_t chunk, const uint64_t *bits);
/* The numbers of a column's chunk, of which some are asked for; NULL where they aren't kept. If some were asked for often and the budget
 * has room they are kept from now on. */
const lots_kept_amounts *lots_segment_kept_amounts(const lots_segment *segment, const lots_segment_column *column, uint32_t chunk,
                                                   lots_arena *scratch);
/* out[k] = that of rows[k]. */
void lots_kept_amounts_take(const lots_kept_amounts *kept, const uint32_t *rows, uint32_t row_count, int64_t *out);
/* A chunk's postings, of which some are asked for; false where they aren't kept, as above. */
bool lots_segment_posted_lists(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_posted_lists *out,
                               lots_arena *scratch);
/* Some patients' lists of the chunks after this one, of the ids first .. end - 1, begin to be loaded where they are kept. */
void lots_segment_expect_posted(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, size_t first, size_t end);
/* The ids of a column's chunk that is believed; NULL while they aren't kept. Asked for once more: *keep if they should be from now on,
 * and who asks decodes them whole, then tells them (lots_segment_keep_ids). */
const lots_kept_ids *lots_segment_kept_ids(const lots_segment *segment, const lots_segment_stream *stream,
                                           const lots_layout_column *column, uint32_t chunk, bool *keep);
void lots_segment_keep_ids(const lots_segment *segment, const lots_segment_stream *stream, const lots_layout_column *column,
                           uint32_t chunk, const uint32_t *ids, const uint64_t *missing);
/* Can they ever be kept, the budget apart? Then no entries are. */
bool lots_segment_can_keep_ids(const lots_segment_stream *stream, const lots_layout_column *column, uint32_t chunk);
/* From what is kept, of so many rows, as lots_segment_read, _take and _test give it. `missing` is written where some are. */
void lots_kept_ids_read(const lots_kept_ids *kept, uint32_t rows, lots_values_out *out);
void lots_kept_ids_take(const lots_kept_ids *kept, uint32_t rows, const uint32_t *wanted, uint32_t count, lots_values_out *out);
LOTS_MUST lots_status lots_kept_ids_test(const lots_kept_ids *kept, uint32_t rows, const lots_id_test *test, uint64_t *out,
                                         uint64_t *missing, lots_arena *scratch, lots_error *err);
/* The children of a column of the file that has them, made at first use. */
LOTS_MUST lots_status lots_segment_load_children(const lots_segment *segment, const lots_segment_stream *stream,
                                                 const lots_layout_column *column, const lots_segment_children **out,
                                                 lots_error *err);

#endif
