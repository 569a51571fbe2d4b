/* segment.h: reading one immutable segment file: a contiguous range of patients, every stream, in chunks of whole
 * patients, every column of every chunk one block (lists two). The layout byte by byte: core/FORMAT.md, "segment".
 *
 * Ids on disk are *local*: each CATEGORY / CODE / CODES column of a segment has a small sorted dictionary of the stable
 * ids it holds, and stores indexes into it. Local ids rise as texts rise, so an interval of ranks is an interval of local
 * ids; lots_segment_ranks gives local -> rank under the registry's present dictionary.
 *
 * Invariants: 1. chunk k holds patients chunk_first(k) .. chunk_first(k+1)-1 (relative to the segment).
 * 2. a block is verified against its checksum once per open, before anything in it is believed.
 * 3. the directory is verified before any of it is believed.
 * Threads: a segment may be read by many threads at once, each with its own scratch. Callers: query/exec, merge, check. */
#ifndef LOTS_SEGMENT_H
#define LOTS_SEGMENT_H

#include "core/base/arena.h"
#include "core/store/batch.h"
#include "core/store/schema.h"

typedef struct lots_segment lots_segment;

typedef enum lots_part {
    LOTS_PART_VALUES,
    LOTS_PART_LENGTHS /* of a list column: U32, one a row; VALUES then holds the elements one after the other */
} lots_part;

/* Open by mapping the file. `schema` is borrowed: streams and columns the file lacks (older than the schema) read as
 * empty / all missing. `codes` and `domains` (domains[i] is named domain_names[i]) are the registry's dictionaries,
 * borrowed. `expected_id`: the segment's number in the catalog, checked against the file.
 * Errors: LOTS_IO, LOTS_CORRUPT, LOTS_MEMORY. */
typedef struct lots_segment_dictionaries {
    const lots_dictionary *codes;
    const lots_dictionary *const *domains;
    const char *const *domain_names;
    uint32_t domain_count;
} lots_segment_dictionaries;
LOTS_MUST lots_status lots_segment_open(lots_segment **out, const char *path, uint64_t expected_id,
                                        const lots_schema *schema, const lots_segment_dictionaries *dictionaries,
                                        lots_error *err);
void lots_segment_close(lots_segment *segment);

uint32_t lots_segment_patients(const lots_segment *segment);
uint64_t lots_segment_events(const lots_segment *segment, uint32_t stream);
uint64_t lots_segment_bytes(const lots_segment *segment);
uint32_t lots_segment_chunks(const lots_segment *segment);
/* First patient of a chunk, relative to the segment; chunk == chunks gives the patient count. */
uint32_t lots_segment_chunk_first(const lots_segment *segment, uint32_t chunk);
/* Rows of a stream in a chunk (stream 0: patients). */
uint32_t lots_segment_chunk_rows(const lots_segment *segment, uint32_t stream, uint32_t chunk);
/* The largest chunk_rows over chunks. */
uint32_t lots_segment_chunk_rows_max(const lots_segment *segment, uint32_t stream);

/* offsets[0 .. patients in chunk]: patient p's rows are offsets[p] .. offsets[p+1]-1 of the chunk. The caller's array, with 64 bytes of
 * slack.
 * Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_segment_offsets(lots_segment *segment, uint32_t stream, uint32_t chunk, uint32_t *offsets,
                                           lots_arena *scratch, lots_error *err);
/* The years whose first day's place among a stream's rows the chunk tells without their days: *count from *first on. */
void lots_segment_years(const lots_segment *segment, uint32_t stream, uint32_t chunk, uint32_t *first, uint32_t *count);
/* places[i * (patients + LOTS_PLACES_PAD) + p]: the first row of patient p, at least offsets[p], that starts in year *first + i or
 * later, offsets[p + 1] when none does; from i = `from` on at least, which is below *count. For a chunk that tells years; `offsets`
 * as above. Errors: LOTS_CORRUPT, LOTS_MEMORY. Cost: the fewer years from the last on, the less. */
#define LOTS_PLACES_PAD 16u
LOTS_MUST lots_status lots_segment_year_places(lots_segment *segment, uint32_t stream, uint32_t chunk, uint32_t from,
                                               const uint32_t *offsets, uint32_t *places, lots_arena *scratch,
                                               lots_error *err);
/* Those of one year, places[p] that of patient p, where they are kept; false: they aren't, ask for all. `places` has LOTS_PLACES_PAD
 * more. */
bool lots_segment_kept_year(const lots_segment *segment, uint32_t stream, uint32_t chunk, uint32_t year, uint32_t *places);
/* What the directory says of a block: zone map (min, max of local ids, days, numbers), missing, count, bytes. Never NULL;
 * an absent column has count = rows, missing = rows, bytes = 0. */
const lots_block_meta *lots_segment_meta(const lots_segment *segment, uint32_t stream, uint32_t column, lots_part part,
                                         uint32_t chunk);
/* Decode one block into the caller's buffers (lots_values_out's contract; `starts` are the stream's offsets where they are
 * at hand, else the segment reads them when the encoding needs them). `end` columns come back as days (the file holds durations). Ids come back local.
 * *has_missing says whether out->missing was written (it isn't when none is missing).
 * Errors: LOTS_CORRUPT naming file, stream, column, chunk; LOTS_MEMORY. */
LOTS_MUST lots_status lots_segment_read(lots_segment *segment, uint32_t stream, uint32_t column, lots_part part,
                                        uint32_t chunk, lots_values_out *out, bool *has_missing, lots_arena *scratch,
                                        lots_error *err);
/* The same of some rows: value k of `out` is that of rows[k], which never fall. Where this costs less than reading the block,
 * which has to have been read before: *done. Else nothing is written. Not for lists and texts, for ends only with out->days, or where
 * days are kept.
 * Errors: as read. */
LOTS_MUST lots_status lots_segment_take(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                        const uint32_t *rows, uint32_t row_count, lots_values_out *out,
                                        bool *has_missing, bool *done, lots_arena *scratch, lots_error *err);
/* All days of the ordered column less the least that its block says, with 64 bytes of slack; NULL where they are not kept so. */
const uint16_t *lots_segment_narrow_days(const lots_segment *segment, uint32_t stream, uint32_t chunk);
/* Days of the ordered column, of some rows or of some patients alone: *done. Not where a start is missing, and only of a block
 * that has been read before. `offsets` as above. The first time the whole block is decoded once more, and 4 bytes for 32 rows and 2
 * for each patient and each gap that is an escape are kept as long as the segment is open. `days` has 64 bytes of slack. Errors: as read.
 * lots_segment_days_at: days[k] is that of rows[k], which never fall. lots_segment_days_of: those of the patients of the chunk with
 * a bit in `patients`, each at its row; what stands at other rows is unspecified. */
LOTS_MUST lots_status lots_segment_days_at(lots_segment *segment, uint32_t stream, uint32_t chunk, const uint32_t *rows,
                                           uint32_t row_count, const uint32_t *offsets, int32_t *days, bool *done, lots_error *err);
LOTS_MUST lots_status lots_segment_days_of(lots_segment *segment, uint32_t stream, uint32_t chunk, const uint64_t *patients,
                                           const uint32_t *offsets, int32_t *days, bool *done, lots_error *err);
/* Of the same, where the patients with a bit in `patients` have their first row on `day` or later, or the row after their last; other
 * places stay as they are. The block's least day < day <= its greatest. Errors: as read. */
LOTS_MUST lots_status lots_segment_places_of(lots_segment *segment, uint32_t stream, uint32_t chunk, const uint64_t *patients,
                                             int32_t day, const uint32_t *offsets, uint32_t *places, bool *done, lots_error *err);
/* Ends of some rows, each below the chunk's, where days and how long events last are kept decoded: false, nothing is written. `ends` as
 * `days`. They are kept once they were asked for often, where there is room. has_ends: are they by now? */
bool lots_segment_ends_at(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, const uint32_t *rows, uint32_t row_count,
                          int32_t *ends, lots_arena *scratch);
bool lots_segment_has_ends(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk);
/* Of an `end` column: rows with a bit in `mask` that don't end on the day they start, and how many days later, where the file tells
 * them so and the block has been read before: *done. lots_nonzero's contract. Errors: as read. */
LOTS_MUST lots_status lots_segment_lasting(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                           const uint64_t *mask, lots_nonzero *out, bool *done, lots_arena *scratch, lots_error *err);
/* Of texts, none missing, that have been read before and are stored as whole numbers, these: *done. Two texts are equal where their
 * numbers are. `out` has 64 bytes of slack. Errors: as read. */
LOTS_MUST lots_status lots_segment_numbers(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, int64_t *out,
                                           bool *done, lots_arena *scratch, lots_error *err);
/* Of a block that has been read before: the rows of each local id, masks[id], NULL where there are none, as bits in the arena
 * (or that of `planes`, which may be NULL) or kept by the segment, not to be changed, where none is missing and its encoding has
 * them: *done. `masks` has room for LOTS_CLASSES_MAX + 1. Errors: as read. */
LOTS_MUST lots_status lots_segment_masks(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                         lots_known_planes *planes, const uint64_t **masks, bool *done, lots_arena *arena,
                                         lots_error *err);
/* The same of whole numbers 0 .. 2^32 - 1, none missing, as 32 bits each, entries and places in the arena or kept by the segment. */
LOTS_MUST lots_status lots_segment_narrow(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                          lots_narrow_values *out, bool *done, lots_arena *arena, lots_error *err);
/* The same numbers of a period's rows, *count of them, patient by patient in the order of rows: kept so, with 64 bytes of slack, and lent as
 * long as the segment is open. Period i, up to the count of the years that the chunk tells, begins where year i - 1 of them does, period 0
 * where patients' rows do, and ends where the next begins. NULL: they aren't kept; they are once they were asked for often, where the block
 * has been read before and the budget has room. */
const uint32_t *lots_segment_period(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, uint32_t period,
                                    uint32_t *count, lots_arena *scratch);
/* A chunk's rows in the order of their days, and as they stand within a day: row i of one of these is row i of the others. Kept so, lent
 * as long as the segment is open; NULL: they aren't kept. They are once they were asked for often, where the chunk's days are
 * kept, the block has been read before, none of its rows is missing, there are as many rows as days, and half as many as days times classes,
 * and the budget has room. */
typedef struct lots_day_order {
    int32_t first;          /* day, the least that their block says */
    uint32_t days;          /* from there on */
    const uint16_t *starts; /* by day, and one more for the end: how many rows have earlier ones */
} lots_day_order;
const lots_day_order *lots_segment_by_day(lots_segment *segment, uint32_t stream, uint32_t chunk);
typedef struct lots_classes_by_day {
    const uint16_t *before; /* 1 + the day, less the first, of the row before that the same patient has of the class; 0: there is none.
                             * Whole words of 64 rows may be read */
    const uint64_t *masks;  /* rows of class c: `words` words from c * words on */
    uint32_t words, classes;
    struct lots_kept *sums; /* by column of the stream: for lots_segment_sums_by_day */
} lots_classes_by_day;
/* Of a category with at most LOTS_CLASSES_MAX local ids, which are the classes; LOTS_NO_CLASSES: all rows are of one. */
#define LOTS_NO_CLASSES UINT32_MAX
const lots_classes_by_day *lots_segment_classes_by_day(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                                       lots_arena *scratch);
/* Of a column of whole numbers 0 .. 2^32 - 1: what the rows of class c on days before day d of the order add up to is at d * classes + c, d
 * up to the end. `classes`: what the line above gives of `of`. */
const uint64_t *lots_segment_sums_by_day(lots_segment *segment, uint32_t stream, uint32_t of, const lots_classes_by_day *classes,
                                         uint32_t column, uint32_t chunk, lots_arena *scratch);
/* Of a list column's lengths, without decoding them where their encoding tells (and they have been read before): *done, else
 * nothing is written. lots_segment_elements_before: out[i] = how many elements the lists before row rows[i] have, rows[i] up to
 * the chunk's rows. lots_segment_lists_of: out[i] = the row in whose list elements[i] is; elements rise.
 * Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_segment_elements_before(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                                   const uint32_t *rows, uint32_t row_count, uint32_t *out, bool *done,
                                                   lots_arena *scratch, lots_error *err);
LOTS_MUST lots_status lots_segment_lists_of(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                            const uint32_t *elements, uint32_t element_count, uint32_t *out, bool *done,
                                            lots_arena *scratch, lots_error *err);
/* A chunk of a list column as it is kept: ids, local, of elements one after the other, and how many are before each row and after all. */
#define LOTS_KEPT_ROWS 64u
typedef struct lots_kept_lists {
    const uint16_t *ids;
    const uint16_t *within; /* before each row, since the first of its LOTS_KEPT_ROWS … */
    const uint32_t *before; /* … and before that */
} lots_kept_lists;
static inline uint32_t lots_kept_elements_before(const lots_kept_lists *lists, uint32_t row)
{
    return lists->before[row / LOTS_KEPT_ROWS] + lists->within[row];
}
/* The lists of a chunk, of which some are asked for; NULL where they aren't kept. If some were asked for often and the budget has room
 * they are kept from now on. Lent as long as the segment is open. */
const lots_kept_lists *lots_segment_kept_lists(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                               lots_arena *scratch);
/* Of a block of ids that has been read before, the values of the groups of LOTS_FRAME_GROUP with a bit in `groups`, each at its place
 * in `out`, which has room for whole groups, where the encoding lets them be decoded for themselves: *done. Other places are
 * unspecified. The first time 3.5 bytes a group and 4 for each value that is an escape are kept as long as the segment is open.
 * Errors: as read. */
LOTS_MUST lots_status lots_segment_groups(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, const uint64_t *groups,
                                          uint32_t *out, bool *done, lots_arena *scratch, lots_error *err);
/* Which ids of a block are in a set of local ids, where the encoding tells it without decoding: *done. Else nothing is
 * written. `out`, `missing`: bits of the chunk's rows; a missing one is not in the set. *has_missing as for read. `planes`: of
 * the chunk; may be NULL. Errors: as read. */
LOTS_MUST lots_status lots_segment_test(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                        const lots_id_test *test, lots_known_planes *planes, uint64_t *out, uint64_t *missing,
                                        bool *has_missing, bool *done, lots_arena *scratch, lots_error *err);
/* The same of a set of one id where it is kept: bits of the chunk's rows, and in *missing, NULL if none is, those that are missing. Lent
 * as long as the segment is open, and not to be changed. NULL: it isn't, ask. */
uint64_t *lots_segment_rows_with(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                 const lots_id_test *test, uint64_t **missing);
/* Which patients of a chunk have an id of the set in some row of the stream, where the file says it beside the rows: *done, else
 * nothing is written. `out`: bits of the chunk's patients, the caller's. Rows that are ghosts are rows here. Errors: as read. */
LOTS_MUST lots_status lots_segment_posted(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                          const lots_id_test *test, uint64_t *out, bool *done, lots_arena *scratch, lots_error *err);
/* A chunk's offsets, as lots_segment_offsets has them, if they are known: NULL until they were read, which is into the arena. */
typedef struct lots_kept_offsets {
    lots_arena *arena; /* not the scratch */
    uint32_t *offsets;
} lots_kept_offsets;
/* The same of rows, which are told of ids that few have: *done, bits of the chunk's rows; else `out` is of no use. */
LOTS_MUST lots_status lots_segment_posted_rows(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                               const lots_id_test *test, uint64_t *out, bool *done, lots_kept_offsets *kept,
                                               lots_arena *scratch, lots_error *err);
bool lots_segment_has_postings(const lots_segment *segment, uint32_t stream, uint32_t column);
/* What a chunk has beside a column's values to find rows by: postings, or rows by year. */
uint32_t lots_segment_aid_bytes(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk);
/* local -> rank in the present dictionary for an id column, rising; *count entries. Lent. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_segment_ranks(lots_segment *segment, uint32_t stream, uint32_t column, const lots_id **out,
                                         uint32_t *count, lots_error *err);
/* Whether local id `id` of a column occurs in a chunk at all (from the directory, no decoding). */
bool lots_segment_chunk_has(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_id id);

/* All rows of a stream as a batch with stable ids; patient numbers are first_patient + relative. For merging. */
LOTS_MUST lots_status lots_segment_export(lots_segment *segment, uint32_t stream, lots_patient first_patient,
                                          lots_batch *out, lots_error *err);

/* Verify and decode every block and every invariant; calls `report` for each fault and goes on. */
typedef void (*lots_fault_report)(void *context, const char *file, const char *stream, const char *column,
                                  uint32_t chunk, const char *what);
LOTS_MUST lots_status lots_segment_check(lots_segment *segment, lots_fault_report report, void *context,
                                         uint64_t *faults, uint64_t *blocks, lots_error *err);
/* From now on what is asked for again and again is kept decoded, as far as the budget goes, which must outlive the segment: the
 * files that segment_kept.h names say what. Once, before anything is read. */
void lots_segment_keep(lots_segment *segment, lots_budget *budget);
/* The same of what is kept once more in the order of days (lots_segment_by_day), which may so take no room from the rest. */
void lots_segment_keep_by_day(lots_segment *segment, lots_budget *budget);
/* Forget which blocks were verified (used by checks that must read again). */
void lots_segment_forget(lots_segment *segment);

#endif
