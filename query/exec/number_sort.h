/* number_sort.h: sorting many numbers by their digits, and finding the k-th of them. No state. */
#ifndef LOTS_QUERY_NUMBER_SORT_H
#define LOTS_QUERY_NUMBER_SORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/pool.h"

/* Rising. Cost: passes over the digits in which the values differ; little memory to be had only makes it slower. */
void lots_sort_ints(int64_t *values, uint64_t count);
/* The same laid into `to`; `values` are scratch afterwards. */
void lots_sort_ints_into(int64_t *values, uint64_t count, int64_t *to);
/* Rising; no NaN. */
void lots_sort_floats(double *values, uint64_t count);
/* In their place, numbers that order as the floats do, and the floats again. */
int64_t *lots_float_keys(double *values, uint64_t count);
void lots_floats_of_keys(int64_t *keys, uint64_t count);
/* The same of int64_t or double, shared out among the threads of `pool` (may be NULL) when they are many. */
LOTS_MUST lots_status lots_sort_shared(void *values, uint64_t count, bool floats, lots_pool *pool, lots_error *err);
/* The k-th largest (k from 1 to count). `values` is scratch afterwards. */
int64_t lots_select_largest(int64_t *values, uint64_t count, uint64_t k);

#endif
