/* vec.h: a growable array of items of one size. Zero-initialise with LOTS_VEC(type); free with lots_vec_free.
 * `data` may move on every push: never keep a pointer into it across one. */
#ifndef LOTS_VEC_H
#define LOTS_VEC_H

#include "core/base/status.h"

typedef struct lots_vec {
    void *data;
    size_t count;
    size_t capacity;
    size_t item_size;
} lots_vec;

#define LOTS_VEC(type) ((lots_vec){NULL, 0, 0, sizeof(type)})
#define LOTS_AT(type, vec, index) (((type *)(vec)->data)[index])

void lots_vec_free(lots_vec *vec);
/* Room for `more` items beyond count. Errors: LOTS_MEMORY; unchanged then. */
LOTS_MUST lots_status lots_vec_reserve(lots_vec *vec, size_t more, lots_error *err);
/* Append a copy of one item. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_vec_push(lots_vec *vec, const void *item, lots_error *err);
/* Append copies of `more` items, which are not its own. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_vec_append(lots_vec *vec, const void *items, size_t more, lots_error *err);
/* Append `more` zeroed items; *out (may be NULL) is the first of them. */
LOTS_MUST lots_status lots_vec_extend(lots_vec *vec, size_t more, void **out, lots_error *err);

#endif
