/* arena.h: memory freed all at once, with a byte limit. A query owns one; a chunk of work resets one.
 * Invariants: every pointer given out is 64-byte aligned when asked through lots_arena_vector, else 16-byte aligned;
 * `used_bytes` never exceeds `limit_bytes`. Not thread safe: one arena, one thread. */
#ifndef LOTS_ARENA_H
#define LOTS_ARENA_H

#include "core/base/budget.h"

typedef struct lots_arena_block lots_arena_block;
typedef struct lots_arena {
    lots_arena_block *head;    /* the block being filled; blocks are kept by reset for reuse */
    lots_arena_block *spare;
    size_t used_bytes;         /* handed out since init or reset */
    size_t peak_bytes;         /* largest used_bytes ever */
    size_t limit_bytes;        /* 0: none */
    lots_budget *budget;       /* shared with others; NULL: none */
    size_t ceiling_bytes;      /* what used_bytes may rise to without asking: the limit; or what was taken of the budget */
} lots_arena;

/* A mark to roll back to. */
typedef struct lots_arena_mark {
    lots_arena_block *block;
    size_t block_used;
    size_t used_bytes;
} lots_arena_mark;

void lots_arena_init(lots_arena *arena, size_t limit_bytes);
/* An arena that nothing was taken from yet counts towards a budget, which must outlive it. What it once had it keeps until it
 * is freed. */
void lots_arena_share(lots_arena *arena, lots_budget *budget);
/* Release everything to the system. The arena may be used again. */
void lots_arena_free(lots_arena *arena);
/* Forget all allocations, keep the blocks for reuse (no page faults the second time). */
void lots_arena_reset(lots_arena *arena);
lots_arena_mark lots_arena_save(const lots_arena *arena);
/* Forget what was allocated since the mark. */
void lots_arena_restore(lots_arena *arena, lots_arena_mark mark);

/* `count` items of `size` bytes, zeroed, 16-byte aligned. A count of 0 gives a valid pointer to nothing.
 * Errors: LOTS_LIMIT over the limit, LOTS_MEMORY on overflow or exhaustion; *out is NULL then. */
LOTS_MUST lots_status lots_arena_alloc(lots_arena *arena, void **out, size_t count, size_t size, lots_error *err);
/* The same, 64-byte aligned, NOT zeroed, with 64 readable and writable bytes beyond the end (vector kernels may
 * load and store whole vectors). */
LOTS_MUST lots_status lots_arena_vector(lots_arena *arena, void **out, size_t count, size_t size, lots_error *err);
/* A zero-terminated copy. */
LOTS_MUST lots_status lots_arena_text(lots_arena *arena, char **out, const char *text, size_t bytes, lots_error *err);
/* printf into the arena. */
LOTS_MUST lots_status lots_arena_printf(lots_arena *arena, char **out, lots_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
