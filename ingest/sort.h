/* sort.h: pieces: batches of rows on their way from the files to their patients' segments, in memory while there is room
 * and in a spill file when there isn't. The idea of the sort: rows are cut into pieces as they are read; when patients
 * have their numbers, every piece goes to a bucket (a range of patients) or is dealt out to several, so that one bucket after
 * another can be brought together in memory whatever the size of the whole. What waits long waits as an image (batch.h),
 * which is a quarter of the rows at hand.
 * Invariants: (1) pieces held in memory are within the limit, but for those being worked on; (2) a piece comes back from
 * its image as it went. Threads: a pile may be used by many; one piece by one. Callers: convert.c, load*.c. */
#ifndef LOTS_SORT_H
#define LOTS_SORT_H

#include <pthread.h>

#include "core/base/os.h"
#include "core/store/batch.h"

#define LOTS_PIECE_STABLE UINT32_MAX

typedef struct lots_piece {
    uint32_t target;       /* which stream, child or table of the load */
    uint32_t interner;     /* whose ids it holds; LOTS_PIECE_STABLE: final ones */
    uint32_t rows;
    lots_batch batch;      /* its rows, when they are at hand; else there is an image */
    lots_vec origins;      /* uint64_t a row: lots_origin; none once rows are settled */
    uint8_t *image;        /* NULL: at hand, or spilled */
    bool spilled;          /* the image is in the pile's spill file */
    uint32_t origin_count;
    uint64_t first_origin; /* of its first row; 0: none */
    lots_vec patients;     /* lots_patient: whose rows they are, in the interner's numbers, where these are few; else empty */
    lots_day from, until;  /* first and last start of rows as they were read; from > until: none */
    struct lots_pile *pile; /* NULL: on none */
    size_t held_bytes;     /* counted by the pile */
    size_t wide_bytes;     /* memory of the rows when they were at hand */
    uint64_t at, bytes;    /* of the image in the spill file; of the image */
} lots_piece;

/* Where a row came from. File 0xFFFF: what was in the registry before. */
#define LOTS_ORIGIN_BASE (UINT64_C(0xFFFF) << 48)
#define LOTS_LOAD_FILES_MAX 0xFFFFu
static inline uint64_t lots_origin(uint32_t file, uint64_t line) { return (uint64_t)file << 48 | (line & (((uint64_t)1 << 48) - 1)); }
static inline uint32_t lots_origin_file(uint64_t origin) { return (uint32_t)(origin >> 48); }
static inline uint64_t lots_origin_line(uint64_t origin) { return origin & (((uint64_t)1 << 48) - 1); }
/* What was there before is delivery 0; later files are later deliveries. */
static inline uint32_t lots_origin_delivery(uint64_t origin)
{
    return lots_origin_file(origin) == 0xFFFF ? 0 : lots_origin_file(origin) + 1;
}

/* What all piles of a load share: the memory they may hold together. */
typedef struct lots_pile_budget {
    _Atomic size_t held_bytes;
    size_t limit_bytes;
    _Atomic uint64_t spilled_bytes;
} lots_pile_budget;

typedef struct lots_pile {
    lots_pile_budget *budget;
    bool images;           /* pieces are held as images */
    char *path;            /* of its spill file, made when first needed */
    lots_file file;
    uint64_t end;
    pthread_mutex_t lock;
} lots_pile;

LOTS_MUST lots_status lots_pile_open(lots_pile *out, lots_pile_budget *budget, bool images, const char *path,
                                     lots_error *err);
/* Closes and removes the spill file; not its pieces' memory. */
void lots_pile_close(lots_pile *pile);

/* No piece will be read back any more: its spill file goes, before what it held takes the disk's time. Its pieces in memory
 * stay. */
void lots_pile_drop_spilled(lots_pile *pile);

LOTS_MUST lots_status lots_piece_open(lots_piece *out, uint32_t target, uint32_t interner, const lots_column *columns,
                                      uint32_t column_count, lots_error *err);
void lots_piece_close(lots_piece *piece);
/* Hand a piece over to the pile: it stays in memory or is spilled. Errors: LOTS_IO, LOTS_MEMORY. */
LOTS_MUST lots_status lots_pile_put(lots_pile *pile, lots_piece *piece, lots_error *err);
/* The rows of `rows`, which stays the caller's, as an image on the pile. Errors: LOTS_IO, LOTS_MEMORY. */
LOTS_MUST lots_status lots_pile_copy(lots_pile *pile, const lots_piece *rows, lots_piece *out, lots_error *err);
/* *out is the piece itself, or when there is an image a copy read into `room`, for the caller to close (room is zeroed
 * otherwise, and closing it does nothing). The piece stays on the pile. Errors: LOTS_IO, LOTS_MEMORY. */
LOTS_MUST lots_status lots_piece_read(const lots_piece *piece, const lots_column *columns, uint32_t column_count,
                                      lots_piece *room, const lots_piece **out, lots_error *err);
/* Make sure that the piece's rows are at hand, where they may be changed, and on no pile; only its one user may. */
LOTS_MUST lots_status lots_piece_take(lots_piece *piece, const lots_column *columns, uint32_t column_count,
                                      lots_error *err);
/* Append the rows of one piece, which stays, to another with the same columns, whose rows are at hand. */
LOTS_MUST lots_status lots_piece_append(lots_piece *to, const lots_piece *from, lots_error *err);
/* The rows `order` of `from` as a piece of its own. */
LOTS_MUST lots_status lots_piece_choose(const lots_piece *from, const uint32_t *order, uint32_t count, lots_piece *out,
                                        lots_error *err);

#endif
