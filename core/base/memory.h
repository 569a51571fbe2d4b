/* memory.h: the only door to malloc. Sizes are count x size and overflow-checked; failure is LOTS_MEMORY, never abort.
 * Threads: all functions are safe from any thread. */
#ifndef LOTS_MEMORY_H
#define LOTS_MEMORY_H

#include "core/base/status.h"

/* *out = zeroed memory for `count` items of `size` bytes, or NULL when either is 0. Owned by the caller; free with
 * lots_free. Errors: LOTS_MEMORY on overflow or exhaustion (*out is NULL then). */
LOTS_MUST lots_status lots_alloc(void **out, size_t count, size_t size, lots_error *err);
/* *out = `bytes` bytes, not zeroed, which the system is asked to map by pages of LOTS_LARGE_PAGE as far as whole ones fit: for what is read
 * from end to end again and again. It begins at such a page if it is as long, else at a multiple of 64. Errors: LOTS_MEMORY. */
#define LOTS_LARGE_PAGE ((size_t)2 << 20)
LOTS_MUST lots_status lots_alloc_pages(void **out, size_t bytes, lots_error *err);
/* Like realloc over lots_alloc: `*block` keeps its first min(old, new) bytes; what is new is not zeroed. On failure
 * *block is unchanged. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_realloc(void **block, size_t count, size_t size, lots_error *err);
/* Free; NULL does nothing. */
void lots_free(void *block);
/* A zero-terminated copy of `bytes` bytes. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_text_copy(char **out, const char *text, size_t bytes, lots_error *err);

/* Sizes: false on overflow, *out untouched then. */
bool lots_size_mul(size_t a, size_t b, size_t *out);
bool lots_size_add(size_t a, size_t b, size_t *out);

#endif
