/* block.h: one block = the values of one column for one chunk of patients, as bytes. The only door to the codecs:
 * encode measures the candidate encodings on the block and keeps the cheapest; decode trusts nothing.
 *
 * A block's bytes are its payload alone; what describes it (lots_block_meta) lives in the segment's directory, which
 * has a checksum of its own. The payload's checksum is XXH3 salted with segment, column and block number.
 *
 * Invariants
 *   1. decode(encode(v)) == v for every value that is not missing, and the same missing bitmap; a value under a missing
 *      bit comes back as 0 (empty text).
 *   2. encode is a pure function of its input: same values, same bytes, on any machine.
 *   3. decode reads only `meta->bytes` bytes, writes only `meta->count` values (plus the slack the contract names), and
 *      allocates only from the scratch arena, never more than a constant times count + bytes.
 * Callers: core/store only. */
#ifndef LOTS_BLOCK_H
#define LOTS_BLOCK_H

#include "core/base/arena.h"
#include "core/base/bytes.h"
#include "core/codec/id_test.h"

/* How a value lies in memory. */
typedef enum lots_phys {
    LOTS_PHYS_BITS, /* bool: 1 bit a value, bit i of word i/64; bits beyond count are 0 */
    LOTS_PHYS_I32,  /* days, minutes */
    LOTS_PHYS_U32,  /* ids of codes and categories, list lengths */
    LOTS_PHYS_I64,  /* ints, decimals (scaled) */
    LOTS_PHYS_F64,
    LOTS_PHYS_TEXT, /* offsets[count + 1] into bytes */
    LOTS_PHYS_COUNT
} lots_phys;

/* A run of values in memory, borrowed. */
typedef struct lots_values {
    lots_phys phys;
    uint32_t count;
    const void *data;             /* int32_t / uint32_t / int64_t / double [count], uint64_t [(count+63)/64] for BITS,
                                     uint32_t offsets[count + 1] for TEXT */
    const char *text;             /* TEXT: the bytes the offsets point into */
    const uint64_t *missing;      /* bit i set: value i is missing; NULL: none is */
    const uint32_t *starts;       /* index of each patient's first value, rising, for days ordered within patients;
                                     NULL when the column is not ordered. starts_count may include patients with no
                                     value (equal neighbours) and starts[starts_count-1] may equal count */
    uint32_t starts_count;
} lots_values;

typedef enum lots_encoding {
    LOTS_ENCODING_CONSTANT = 0, /* one value for all (missing apart) */
    LOTS_ENCODING_FRAME = 1,    /* bit-packed frame of reference, patched outliers */
    LOTS_ENCODING_GAPS = 2,     /* days within a patient: gaps, escape-patched; first days apart (needs `starts`) */
    LOTS_ENCODING_DELTA = 3,    /* differences from the one before, bit-packed with patches */
    LOTS_ENCODING_RUNS = 4,     /* run-length: run values and run lengths, each a nested frame */
    LOTS_ENCODING_DICT = 5,     /* block-local dictionary of wide values, indexes bit-packed */
    LOTS_ENCODING_PLAIN = 6,    /* little-endian values, bitmaps, or offsets + bytes */
    LOTS_ENCODING_PLANES = 7,   /* at most 8 distinct values: bit planes */
    LOTS_ENCODING_DECIMAL = 8,  /* doubles that are k / 10^e exactly: a frame of k */
    LOTS_ENCODING_ENTRIES = 9,  /* each patient's own list of values, and which of them a row has (needs `starts`) */
    LOTS_ENCODING_LINKED = 10,  /* the same entries as another column's block of ENTRIES: what this one has there */
    LOTS_ENCODING_GIVEN = 11,   /* ids: the place among the children of the parent column's value */
    LOTS_ENCODING_CLASSES = 12, /* the values of each class of rows apart, the parent column's value being the class */
    LOTS_ENCODING_STEPS = 13,   /* DICT, the dictionary told by the steps from value to value */
    LOTS_ENCODING_ZSTD = 16,    /* flag: zstd over the bytes of the encoding in the low bits */
    LOTS_ENCODING_ABSENT = 32   /* flag: rows with certain values of another column are left out, being missing (absent.h) */
} lots_encoding;

/* What the segment's directory keeps of a block. */
typedef struct lots_block_meta {
    uint8_t encoding;      /* lots_encoding, with or without LOTS_ENCODING_ZSTD and LOTS_ENCODING_ABSENT */
    uint8_t phys;          /* lots_phys */
    uint8_t width;         /* bits of a packed value, for lots info; 0 where it has no meaning */
    uint32_t count;        /* values, missing included */
    uint32_t missing;      /* how many are missing */
    uint32_t bytes;        /* payload length */
    int64_t min, max;      /* of the values not missing: ints as they are, doubles through lots_f64_key, BITS 0/1; TEXT and
                              all-missing: min 0, max -1 */
    uint64_t checksum;
} lots_block_meta;

/* Order-preserving map of doubles to int64 (NaN is never stored: it is missing). */
int64_t lots_f64_key(double value);
double lots_f64_from_key(int64_t key);

/* Entries: a patient's rows told by a few of them (related.h). Borrowed. */
typedef struct lots_entries {
    uint32_t count;
    const uint32_t *rows;   /* of each entry one row that says what it is; entries of one patient after the other's */
    uint32_t patients;
    const uint32_t *counts; /* entries of each patient */
    const uint32_t *index;  /* of each row: which of its patient's entries; below that patient's count */
} lots_entries;

/* What a block is told from beside its bytes: another column of the same rows. Borrowed; arrays have 64 bytes of slack. */
#define LOTS_CLASSES_MAX 16u /* values of the parent */
typedef struct lots_parent {
    const uint32_t *ids;      /* LINKED: each row's entry. GIVEN, CLASSES: the parent's value, `count` where it is missing */
    uint32_t count;           /* entries; ids of the parent's dictionary */
    const uint32_t *firsts;   /* GIVEN: children of id k are children[firsts[k]] up to firsts[k + 1]; count + 2 numbers */
    const uint32_t *children; /* GIVEN: firsts[count + 1] of them */
    const uint64_t *masks[LOTS_CLASSES_MAX + 1]; /* decoding CLASSES: the rows of each value, then of none; NULL: no row */
} lots_parent;

/* Another column of the same rows, beside which values may be missing. Borrowed. */
#define LOTS_ABSENT_IDS_MAX 64u
typedef struct lots_absence {
    const uint32_t *ids; /* of each row; `count` where it is missing */
    uint32_t count;      /* ids there are */
} lots_absence;

/* Which encodings may be tried. Zero value: all, hot column (no zstd over what queries scan unless it is TEXT or PLAIN). */
typedef struct lots_block_options {
    bool cold;                 /* zstd may be laid over any encoding that it shrinks by 10% or more */
    int only;                  /* test and benchmark aid: 1 + encoding to force; 0: choose. LOTS_USAGE if it can't hold it */
    lots_arena *scratch;       /* worked in and given back as it was; NULL: memory of its own */
    const lots_entries *entries; /* write as ENTRIES or, when it has no index, as LINKED */
    const lots_parent *parent;   /* write as GIVEN when there are children, else as CLASSES. None of both for TEXT */
    const lots_absence *absent;  /* leave out rows that this tells to be missing, where that pays. Not with CLASSES */
} lots_block_options;

/* Append the payload to `out` and fill `meta` (checksum included, with `salt`).
 * Errors: LOTS_MEMORY; LOTS_LIMIT when the payload would pass 4 GiB - 1. `out` is as before then. */
LOTS_MUST lots_status lots_block_encode(const lots_values *values, const lots_block_options *options, uint64_t salt,
                                        lots_bytes *out, lots_block_meta *meta, lots_error *err);

/* Which entry some rows of a block of ENTRIES are, kept from one take to the next: columns that go together are asked for the
 * same rows, or for some of them. The caller's: at first, and whenever the bytes or the arena's memory have gone, an arena alone. */
typedef struct lots_known_entries {
    lots_arena *arena;
    const uint8_t *block; /* whose they are; NULL: nobody's */
    const uint32_t *rows, *ids;
    uint32_t count;
} lots_known_entries;

/* The planes of blocks of few values, as they were read: such a column may be asked for one value after the other, and by columns that
 * are told from it. The caller's: at first, and whenever the bytes or the arena's memory have gone, an arena and `often`. */
typedef struct lots_kept_planes lots_kept_planes; /* planes_ids.c */
typedef struct lots_known_planes {
    lots_arena *arena;
    bool often; /* keep them from the first question on: blocks like these were asked again */
    bool again; /* some block was */
    lots_kept_planes *first;
} lots_known_planes;

/* Room for decoded values, the caller's. `data` must hold count values of the phys plus 64 bytes of slack (TEXT:
 * count + 1 offsets); `missing` (count+63)/64 words plus 64 bytes, may be NULL when meta->missing is 0. */
typedef struct lots_values_out {
    void *data;
    uint64_t *missing;
    const char *text;          /* TEXT: set by decode; lent until the scratch arena is reset, or the input bytes go */
    const uint32_t *starts;    /* needed by GAPS and ENTRIES: as given to encode */
    uint32_t starts_count;
    const lots_parent *parent; /* needed by LINKED, GIVEN and CLASSES */
    const uint64_t *absent;    /* needed by a block with the flag ABSENT: the rows that it leaves out */
    const int32_t *days;       /* the store's: days that these are counted from, when they are at hand; else NULL */
    const uint16_t *entries;   /* of a block of ENTRIES: which each row is, where the caller has them, with 64 bytes of slack; else NULL */
    lots_known_entries *known; /* to take by, and to add to; may be NULL */
    lots_known_planes *planes; /* of this block and of those it is told from; may be NULL */
    size_t after_bytes;        /* readable after the block's bytes, whatever they are */
    bool believed;             /* these very bytes have been decoded before: what that found right isn't looked at again */
} lots_values_out;

/* What makes some days of a block of gaps cheaper than all: see core/codec/gap_marks.c. */
typedef struct lots_gap_marks lots_gap_marks;
/* What makes some values of a frame cheaper than all: see core/codec/frame_marks.c. */
typedef struct lots_frame_marks lots_frame_marks;
enum { LOTS_FRAME_GROUP = 32 };
/* What makes some of a block's rising numbers cheaper than all: see core/codec/rise_marks.c. */
typedef struct lots_rise_marks lots_rise_marks;
enum { LOTS_RISE_GROUP = 32 };
/* Numbers of such a block one after the other: all that are not below `least` and below `below`, and maybe others. */
typedef struct lots_rising {
    const uint32_t *items;
    uint32_t first; /* which of the block items[0] is: a multiple of LOTS_RISE_GROUP */
    uint32_t count;
    uint64_t least, below;
} lots_rising;

/* What a block needs beside its bytes. */
typedef enum lots_need { LOTS_NEED_NOTHING, LOTS_NEED_STARTS, LOTS_NEED_ENTRIES, LOTS_NEED_PARENT } lots_need;
lots_need lots_block_need(const lots_block_meta *meta);
/* The ids of which a block leaves out the rows, as bits; none without the flag ABSENT. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_block_absent(const lots_block_meta *meta, const uint8_t *bytes, uint64_t *set, lots_error *err);
/* Of a block of ENTRIES: each row's entry, counted over all patients of the block, and how many entries there are. `from`:
 * starts, and whether the block is believed. `ids` has room for meta->count and 64 bytes of slack. Errors: LOTS_CORRUPT, also when it is no such block. */
LOTS_MUST lots_status lots_block_entries(const lots_block_meta *meta, const uint8_t *bytes, const lots_values_out *from,
                                         uint32_t *ids, uint32_t *count, lots_arena *scratch, lots_error *err);

/* The rows that have each id below `ids` (at most LOTS_CLASSES_MAX), as bits in vectors of scratch or known's arena, NULL where there
 * are none, for a block without missing values in whose encoding they lie so: *done. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_block_masks(const lots_block_meta *meta, const uint8_t *bytes, uint32_t ids,
                                       lots_known_planes *known, const uint64_t **masks, bool *done, lots_arena *scratch,
                                       lots_error *err);

/* Can a block of U32 tell which values are in a set without decoding them? */
bool lots_block_can_test(const lots_block_meta *meta);
/* Of a block that can: the bits of the values in the set (0 under a missing bit), and `missing` as decode has it. `from`:
 * starts and parent, where the block needs them, planes, and whether these bytes have been decoded or tested before (believed).
 * *greatest: of the ids it holds. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_block_test(const lots_block_meta *meta, const uint8_t *bytes, const lots_id_test *test,
                                      const lots_values_out *from, uint64_t *out, uint64_t *missing, uint32_t *greatest,
                                      lots_arena *scratch, lots_error *err);

/* Check the payload against its salted checksum. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_block_verify(const lots_block_meta *meta, const uint8_t *bytes, uint64_t salt,
                                        lots_error *err);
/* Decode all values. `bytes` are untrusted and need no slack after them. Doesn't verify the checksum (verify does, once
 * per open). Every decoded text offset is within the text; bits beyond count are 0.
 * Errors: LOTS_CORRUPT (saying what was wrong), LOTS_MEMORY. Output unspecified then. Cost: O(count). */
LOTS_MUST lots_status lots_block_decode(const lots_block_meta *meta, const uint8_t *bytes, lots_values_out *out,
                                        lots_arena *scratch, lots_error *err);
/* Of a block of U32, none missing, that has been decoded whole before: at least its first `count` values, where its encoding has
 * them one after the other: *done, else nothing is written. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_block_decode_first(const lots_block_meta *meta, const uint8_t *bytes, uint32_t count, lots_values_out *out,
                                              bool *done, lots_arena *scratch, lots_error *err);
/* Numbers as 32 bits each: those of `values`, or where there are entries these are places in them. */
typedef struct lots_narrow_values {
    uint32_t *values;        /* the caller's, with 64 bytes of slack */
    const uint32_t *entries; /* in an arena; NULL: there are none */
    const uint16_t *places;  /* those of the entries at hand already, instead of `values`; NULL: they are not */
    uint32_t entry_count;
} lots_narrow_values;
/* Of a block of I64, none missing, all 0 .. 2^32 - 1, that has been decoded before: its values so, where its encoding has them so:
 * *done, else nothing is written. `after_bytes` as lots_values_out has it. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_block_decode_narrow(const lots_block_meta *meta, const uint8_t *bytes, size_t after_bytes,
                                               lots_narrow_values *out, bool *done, lots_arena *arena, lots_error *err);
/* Can some values of a block be decoded for less than all? */
bool lots_block_can_take(const lots_block_meta *meta);
/* Of a block that can, and that has been decoded whole before: value k of `out` is value rows[k]. rows[k] < meta->count, and
 * they never fall. Errors: LOTS_CORRUPT, LOTS_MEMORY. Cost: O(count), but far less a value than decode. */
LOTS_MUST lots_status lots_block_take(const lots_block_meta *meta, const uint8_t *bytes, const uint32_t *rows,
                                      uint32_t row_count, lots_values_out *out, lots_arena *scratch, lots_error *err);
/* Values that are not 0, of some rows. */
typedef struct lots_nonzero {
    uint32_t count;
    uint32_t *rows; /* that have them, rising */
    int32_t *values;
    uint64_t *missing; /* by row of the block, written where … */
    bool has_missing;  /* … some of the block's are: no row of these is told */
} lots_nonzero;
/* Of a block of I32 that has been decoded whole before: the rows with a bit in `mask` whose value is not 0, where the encoding tells
 * them without looking at each: *done. `out` has room for as many rows and values as bits in `mask`, with slack, and for the bits
 * of the block. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_block_take_nonzero(const lots_block_meta *meta, const uint8_t *bytes, const uint64_t *mask,
                                              lots_nonzero *out, bool *done, lots_arena *scratch, lots_error *err);
/* Of days that are gaps within patients: can those of some rows or patients be decoded for less than all, once there are marks? */
bool lots_block_can_mark(const lots_block_meta *meta);
/* The marks of such a block, which has been decoded to from->data before, with from->starts. Given away; lots_free() ends them. `bytes`
 * must outlive them. Errors: LOTS_CORRUPT, LOTS_MEMORY; *out is NULL then. */
LOTS_MUST lots_status lots_block_mark(const lots_block_meta *meta, const uint8_t *bytes, const lots_values_out *from,
                                      lots_gap_marks **out, lots_arena *scratch, lots_error *err);
/* Days of the patients with a bit in `patients`, each at its place in out->data, where other places are unspecified. `out` has starts.
 * Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_block_decode_of(const lots_block_meta *meta, const lots_gap_marks *marks, const uint64_t *patients,
                                           lots_values_out *out, lots_error *err);
/* Day k of `out` is that of rows[k]. rows[k] < meta->count, and they never fall. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_block_take_days(const lots_block_meta *meta, const lots_gap_marks *marks, const uint32_t *rows,
                                           uint32_t row_count, lots_values_out *out, lots_error *err);
/* Each patient's first row on `day` or later, or the row after the patient's last, for patients with a bit in `patients`; other places
 * stay as they are. `out` has starts; meta->min < day <= meta->max. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_block_find_places(const lots_block_meta *meta, const lots_gap_marks *marks, const uint64_t *patients,
                                             int32_t day, uint32_t *places, const lots_values_out *out, lots_error *err);
/* Of numbers packed one by one: can those of a few groups of LOTS_FRAME_GROUP be decoded for less than all, once there are marks? */
bool lots_block_can_group(const lots_block_meta *meta);
/* The marks of such a block, which has been decoded before. Given away; lots_free() ends them. `bytes`, and the `after_bytes` that may
 * be read after them, must outlive them. Errors: LOTS_CORRUPT, LOTS_MEMORY; *out is NULL then. */
LOTS_MUST lots_status lots_block_mark_groups(const lots_block_meta *meta, const uint8_t *bytes, size_t after_bytes,
                                             lots_frame_marks **out, lots_arena *scratch, lots_error *err);
/* The values of the groups with a bit in `groups`, each at its place in `out`, which has room for whole groups; other places are
 * unspecified. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_block_decode_groups(const lots_frame_marks *marks, const uint64_t *groups, uint32_t *out, lots_error *err);
/* Of numbers that rise, each once: can a few be decoded for less than all, once there are marks? */
bool lots_block_can_rise(const lots_block_meta *meta);
/* The marks of such a block, which has been decoded to `numbers` before. Given away; lots_free() ends them. `bytes`, and the
 * `after_bytes` that may be read after them, must outlive them. Errors: LOTS_CORRUPT, LOTS_MEMORY; *out is NULL then. */
LOTS_MUST lots_status lots_block_mark_rising(const lots_block_meta *meta, const uint8_t *bytes, size_t after_bytes,
                                             const uint32_t *numbers, lots_rise_marks **out, lots_arena *scratch, lots_error *err);
/* At least the numbers from `least` on that are below `below`, which is above it; in the arena. Errors: LOTS_CORRUPT, LOTS_MEMORY.
 * Cost: as many as there are, and two groups more. */
LOTS_MUST lots_status lots_block_take_rising(const lots_block_meta *meta, const lots_rise_marks *marks, uint64_t least, uint64_t below,
                                             lots_rising *out, lots_arena *arena, lots_error *err);
/* Of lengths of lists that lie one after the other, without decoding them: can a block that has been decoded whole before tell
 * how many elements are before a list, and in which list an element is? */
bool lots_block_can_place(const lots_block_meta *meta);
/* Of one that can: out[i] = the elements before list lists[i] <= count. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_block_elements_before(const lots_block_meta *meta, const uint8_t *bytes, const uint32_t *lists,
                                                 uint32_t list_count, uint32_t *out, lots_arena *scratch, lots_error *err);
/* out[i] = the list of elements[i], which rise. Errors: LOTS_CORRUPT, also when there are fewer elements; LOTS_MEMORY. */
LOTS_MUST lots_status lots_block_lists_of(const lots_block_meta *meta, const uint8_t *bytes, const uint32_t *elements,
                                          uint32_t element_count, uint32_t *out, lots_arena *scratch, lots_error *err);
/* "frame+zstd" and the like, for lots info; "?" when unknown. */
const char *lots_encoding_name(uint8_t encoding);
/* lots_block_entries for some rows of a block of ENTRIES that was decoded before. */
LOTS_MUST lots_status lots_block_take_entries(const lots_block_meta *meta, const uint8_t *bytes, const lots_values_out *from,
                                              const uint32_t *rows, uint32_t row_count, uint32_t *ids, uint32_t *count,
                                              lots_arena *scratch, lots_error *err);

#endif
