/* vector.h: the values of one expression for the rows of one frame. Memory is the worker's arena's, 64-byte aligned with
 * 64 bytes of slack, so that kernels may run over the ends.
 *
 *   type                       data
 *   BOOL                       uint64_t bitmap, bits beyond count 0; a missing row's bit is 0
 *   INT DECIMAL DAYS MONTHS    int64_t
 *   FLOAT                      double
 *   DATE                       int32_t
 *   CATEGORY CODE              uint32_t rank
 *   TEXT                       lots_text
 *   INTERVAL                   int32_t starts; data2: int32_t ends
 *   EVENTS (single)            uint32_t row of the relation in this chunk, LOTS_NO_ID: none (never in `missing`)
 *   SET                        data: elements as their own type's array; offsets[count + 1]
 * `constant`: one value stands for all `count` rows (data has 1 element; missing bit 0 speaks for all).
 * `missing`: bit set = missing; NULL = none is. What lies under a missing bit is 0 and may be computed on.
 * `failed`: inside the evaluator only: rows whose value could not be computed (overflow). Such a row is missing too, and
 * becomes an error, naming `culprit`, only when somebody needs it: what a filter or a case leaves out may fail unseen. */
#ifndef LOTS_QUERY_VECTOR_H
#define LOTS_QUERY_VECTOR_H

#include "core/base/arena.h"
#include "core/index/bitset.h"
#include "query/lang/types.h"

typedef struct lots_text {
    const char *text;
    uint32_t bytes;
} lots_text;

typedef struct lots_vector {
    lots_type type;
    uint32_t count;
    bool constant;
    void *data;
    int32_t *data2;
    uint32_t *offsets;
    uint64_t *missing;
    uint64_t *failed;
    const struct lots_expr *culprit;
} lots_vector;

/* Bytes of one value of a kind in `data` (BOOL: 0, it is bits; SET: of an element). */
size_t lots_type_bytes(lots_type_kind kind);
/* An uninitialised vector (data zeroed for BOOL; no missing). SET: offsets only, data is set when the elements are known. */
LOTS_MUST lots_status lots_vector_new(lots_arena *arena, const lots_type *type, uint32_t count, lots_vector *out,
                                      lots_error *err);
/* Give it a zeroed missing bitmap if it has none. */
LOTS_MUST lots_status lots_vector_want_missing(lots_arena *arena, lots_vector *vector, lots_error *err);
/* out[i] = in[index[i]] for `count` rows; LOTS_NO_ID in index gives missing (EVENTS: none; SET: empty). A constant stays a
 * constant. `in` and `out` may not be the same; `index` needs no slack. */
LOTS_MUST lots_status lots_vector_gather(lots_arena *arena, const lots_vector *in, const uint32_t *index, uint32_t count,
                                         lots_vector *out, lots_error *err);
/* The same of indexes among which there is no LOTS_NO_ID. */
LOTS_MUST lots_status lots_vector_take(lots_arena *arena, const lots_vector *in, const uint32_t *index, uint32_t count,
                                       lots_vector *out, lots_error *err);
/* The same by the bits of `in`'s rows, which `index` lists, `count` of them: cheaper where they are not few. */
LOTS_MUST lots_status lots_vector_pick(lots_arena *arena, const lots_vector *in, const uint64_t *bits, const uint32_t *index,
                                       uint32_t count, lots_vector *out, lots_error *err);
/* The next value of `in` where a bit is set, missing where none is. Of kinds that have 4 or 8 bytes a value. */
LOTS_MUST lots_status lots_vector_expand(lots_arena *arena, const lots_vector *in, const uint64_t *bits, uint32_t count,
                                         lots_vector *out, lots_error *err);
/* A constant spread over its rows (a copy of the struct when it isn't constant). */
LOTS_MUST lots_status lots_vector_flatten(lots_arena *arena, const lots_vector *in, lots_vector *out, lots_error *err);
static inline bool lots_vector_is_missing(const lots_vector *vector, uint32_t row)
{
    return vector->missing != NULL && lots_bit_get(vector->missing, vector->constant ? 0 : row);
}
/* Put the rows of a part, which is flat, in rows at, at + 1, … of `out`, a vector of its type with so many rows. Rows come in
 * their order: those behind have no bits yet, and a SET's elements have room. vector_append.c */
LOTS_MUST lots_status lots_vector_append(lots_arena *arena, lots_vector *out, uint32_t at, const lots_vector *part,
                                         lots_error *err);
/* The parts one after the other, all of one type. A single part is taken as it is. */
LOTS_MUST lots_status lots_vector_concat(lots_arena *arena, const lots_vector *parts, uint32_t part_count,
                                         lots_vector *out, lots_error *err);
/* A copy, texts and all, that needs nothing of `in`. Rows that failed are not told apart. vector_keep.c */
LOTS_MUST lots_status lots_vector_keep(lots_arena *arena, const lots_vector *in, lots_vector *out, lots_error *err);
/* Rows [first, first + count) as they lie there: first, and count unless it is the rest, are multiples of 512 (bits stay aligned). Of a SET the
 * offsets don't begin with 0. */
void lots_vector_stretch(const lots_vector *in, uint32_t first, uint32_t count, lots_vector *out);
/* -1, 0, 1: total order of two values of one type: missing lowest, -0 = 0, sets element by element. For sorting and
 * grouping, outside hot loops. Rows may be of different vectors. vector_order.c */
int lots_vector_compare(const lots_vector *a, uint32_t a_row, const lots_vector *b, uint32_t b_row);
uint64_t lots_vector_hash(const lots_vector *vector, uint32_t row, uint64_t seed);

#endif
