/* arena.c: the arena's blocks. Each block is one calloc, filled from its start; `head` leads the chain of blocks in use,
 * newest first, `spare` those kept for reuse. Bytes never handed out before (from `touched` on) are still calloc's
 * zeros and need no clearing, so a large zeroed array costs no second pass.
 * Invariants: 1. used <= touched <= capacity in each block.  2. A block is in one chain only.  3. Offsets handed out are
 * multiples of 16 from a 64-byte aligned start.  4. What an arena releases is kept for the next arena of any thread, up to
 * KEPT_BYTES in the process: a question asked after another meets pages that are there. Under AddressSanitizer what isn't
 * handed out is poisoned. */
#include "core/base/arena.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOTS_ARENA_POISONS
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define LOTS_ARENA_POISONS
#endif
#ifdef LOTS_ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define POISON(data, bytes) ASAN_POISON_MEMORY_REGION((data), (bytes))
#define UNPOISON(data, bytes) ASAN_UNPOISON_MEMORY_REGION((data), (bytes))
#else
#define POISON(data, bytes) ((void)(data), (void)(bytes))
#define UNPOISON(data, bytes) ((void)(data), (void)(bytes))
#endif

enum {
    TEXT_ALIGN = 16,
    VECTOR_ALIGN = 64,
    VECTOR_TAIL = 64,
    FIRST_BLOCK = 32 * 1024,
    LARGEST_STEP = 4 * 1024 * 1024, /* blocks double up to this; a larger request gets a block of its own size */
    LARGEST_KEPT = 2 * LARGEST_STEP,
    KEPT_BYTES = 16 * LARGEST_STEP,
    SHORT_TEXT = 128, /* with its end */
    KEPT_CLASSES = 24, /* blocks of up to 2^i bytes, and more than half of that */
};

struct lots_arena_block {
    lots_arena_block *below;
    char *data; /* 64-byte aligned, within this block's own memory */
    size_t capacity;
    size_t used;
    size_t touched;
};

void lots_arena_init(lots_arena *arena, size_t limit_bytes)
{
    *arena = (lots_arena){.limit_bytes = limit_bytes, .ceiling_bytes = limit_bytes == 0 ? SIZE_MAX : limit_bytes};
}

void lots_arena_share(lots_arena *arena, lots_budget *budget)
{
    arena->budget = budget;
    arena->ceiling_bytes = 0;
}

/* ---- blocks that no arena has ---- */

static struct {
    pthread_mutex_t lock;
    lots_arena_block *chains[KEPT_CLASSES];
    size_t bytes;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static unsigned class_of(size_t bytes)
{
    unsigned class = 0;
    while (class < KEPT_CLASSES - 1 && (size_t)1 << class < bytes)
        class++;
    return class;
}

/* Of the request's own size, or the next: no more than four times as large. */
static lots_arena_block *take_kept(size_t bytes)
{
    lots_arena_block *found = NULL;
    if (bytes > LARGEST_KEPT)
        return NULL;
    pthread_mutex_lock(&kept.lock);
    for (unsigned class = class_of(bytes), last = class + 1; class <= last && class < KEPT_CLASSES && found == NULL; class++)
        for (lots_arena_block **link = &kept.chains[class]; *link != NULL && found == NULL; link = &(*link)->below)
            if ((*link)->capacity >= bytes) {
                found = *link;
                *link = found->below;
                kept.bytes -= found->capacity;
                break;
            }
    pthread_mutex_unlock(&kept.lock);
    return found;
}

static bool keep_block(lots_arena_block *block)
{
    const unsigned class = class_of(block->capacity);
    bool room = block->capacity <= LARGEST_KEPT;
    pthread_mutex_lock(&kept.lock);
    room = room && kept.bytes + block->capacity <= KEPT_BYTES;
    if (room) {
        kept.bytes += block->capacity;
        block->below = kept.chains[class];
        kept.chains[class] = block;
    }
    pthread_mutex_unlock(&kept.lock);
    return room;
}

static void free_chain(lots_arena_block *block)
{
    while (block != NULL) {
        lots_arena_block *below = block->below;
        block->used = 0;
        POISON(block->data, block->capacity);
        if (!keep_block(block)) {
            UNPOISON(block->data, block->capacity);
            free(block);
        }
        block = below;
    }
}

/* ---- arenas ---- */

void lots_arena_free(lots_arena *arena)
{
    free_chain(arena->head);
    free_chain(arena->spare);
    arena->head = NULL;
    arena->spare = NULL;
    arena->used_bytes = 0;
    if (arena->budget == NULL)
        return;
    lots_budget_give(arena->budget, arena->ceiling_bytes);
    arena->ceiling_bytes = 0;
}

/* Move the head to the spare blocks, empty. */
static void retire_head(lots_arena *arena)
{
    lots_arena_block *block = arena->head;
    arena->head = block->below;
    block->used = 0;
    block->below = arena->spare;
    arena->spare = block;
    POISON(block->data, block->capacity);
}

void lots_arena_reset(lots_arena *arena)
{
    while (arena->head != NULL)
        retire_head(arena);
    arena->used_bytes = 0;
}

lots_arena_mark lots_arena_save(const lots_arena *arena)
{
    lots_arena_mark mark = {arena->head, arena->head != NULL ? arena->head->used : 0, arena->used_bytes};
    return mark;
}

void lots_arena_restore(lots_arena *arena, lots_arena_mark mark)
{
    while (arena->head != mark.block) {
        assert(arena->head != NULL);
        retire_head(arena);
    }
    if (mark.block != NULL) {
        assert(mark.block_used <= mark.block->used);
        mark.block->used = mark.block_used;
        POISON(mark.block->data + mark.block_used, mark.block->capacity - mark.block_used);
    }
    arena->used_bytes = mark.used_bytes;
}

/* Take the first spare block with room for `bytes`; NULL when there is none. */
static lots_arena_block *take_spare(lots_arena *arena, size_t bytes)
{
    for (lots_arena_block **link = &arena->spare; *link != NULL; link = &(*link)->below) {
        lots_arena_block *block = *link;
        if (block->capacity >= bytes) {
            *link = block->below;
            return block;
        }
    }
    return NULL;
}

static lots_status make_block(lots_arena_block **out, size_t bytes, size_t last_capacity, lots_error *err)
{
    size_t capacity = last_capacity < LARGEST_STEP / 2 ? last_capacity * 2 : LARGEST_STEP;
    if (capacity < FIRST_BLOCK)
        capacity = FIRST_BLOCK;
    if (capacity < bytes)
        capacity = bytes;
    size_t wanted;
    lots_arena_block *block = take_kept(capacity);
    if (block != NULL) {
        *out = block;
        return LOTS_OK;
    }
    if (lots_size_add(capacity, sizeof *block + VECTOR_ALIGN, &wanted) && wanted < PTRDIFF_MAX)
        block = calloc(1, wanted);
    if (block == NULL)
        return lots_fail(err, LOTS_MEMORY, "out of memory: a block of %zu bytes", capacity);
    char *after = (char *)(block + 1);
    size_t gap = (VECTOR_ALIGN - (uintptr_t)after % VECTOR_ALIGN) % VECTOR_ALIGN;
    block->data = after + gap;
    block->capacity = capacity;
    POISON(block->data, block->capacity);
    *out = block;
    return LOTS_OK;
}

/* `align` is a power of two. */
static inline size_t aligned(size_t offset, size_t align) { return (offset + align - 1) & ~(align - 1); }

/* Make the head a block where `bytes` fit at an offset aligned to `align`. */
static lots_status make_room(lots_arena *arena, size_t bytes, size_t align, size_t *offset, lots_error *err)
{
    lots_arena_block *head = arena->head;
    if (head != NULL) {
        *offset = aligned(head->used, align);
        if (*offset <= head->capacity && bytes <= head->capacity - *offset)
            return LOTS_OK;
    }
    lots_arena_block *block = take_spare(arena, bytes);
    if (block == NULL)
        LOTS_TRY(make_block(&block, bytes, head != NULL ? head->capacity : 0, err));
    block->below = head;
    arena->head = block;
    *offset = 0;
    return LOTS_OK;
}

/* Take from the budget what it takes to have `bytes` more, and some to go on with if there is any. */
static lots_status grow_grant(lots_arena *arena, size_t bytes, lots_error *err)
{
    const size_t needed = arena->used_bytes + bytes - arena->ceiling_bytes, step = lots_budget_step(arena->budget);
    const size_t wanted = needed < step && step <= lots_budget_left(arena->budget) ? step : needed;
    if (lots_budget_take(arena->budget, wanted, NULL) == LOTS_OK) {
        arena->ceiling_bytes += wanted;
        return LOTS_OK;
    }
    LOTS_TRY(lots_budget_take(arena->budget, needed, err));
    arena->ceiling_bytes += needed;
    return LOTS_OK;
}

/* Charge `bytes` rounded up to 16 against the limit; *rounded is what to take from a block. */
static lots_status round_within_limit(lots_arena *arena, size_t bytes, size_t *rounded, lots_error *err)
{
    size_t padded;
    if (!lots_size_add(bytes, TEXT_ALIGN - 1, &padded))
        return lots_fail(err, LOTS_MEMORY, "out of memory: %zu bytes asked for at once", bytes);
    padded -= padded % TEXT_ALIGN;
    if (arena->limit_bytes != 0 && padded > arena->limit_bytes - arena->used_bytes)
        return lots_fail(err, LOTS_LIMIT, "%zu bytes more than the %zu in use would pass the memory limit of %zu bytes",
                         padded, arena->used_bytes, arena->limit_bytes);
    *rounded = padded;
    return arena->budget == NULL || arena->used_bytes + padded <= arena->ceiling_bytes ? LOTS_OK
                                                                                       : grow_grant(arena, padded, err);
}

/* Hand out `bytes`, `rounded` in the head, at `offset`; the first *stale of them were handed out before and may be no
 * zeros. */
static inline char *hand_out(lots_arena *arena, size_t offset, size_t bytes, size_t rounded, size_t *stale)
{
    lots_arena_block *head = arena->head;
    *stale = head->touched > offset ? head->touched - offset : 0;
    if (*stale > bytes)
        *stale = bytes;
    head->used = offset + rounded;
    if (head->touched < head->used)
        head->touched = head->used;
    arena->used_bytes += rounded;
    if (arena->peak_bytes < arena->used_bytes)
        arena->peak_bytes = arena->used_bytes;
    UNPOISON(head->data + offset, bytes);
    return head->data + offset;
}

static lots_status take_slowly(lots_arena *arena, char **out, size_t bytes, size_t align, size_t *stale, lots_error *err)
{
    size_t rounded = 0, offset = 0;
    LOTS_TRY(round_within_limit(arena, bytes, &rounded, err));
    LOTS_TRY(make_room(arena, rounded, align, &offset, err));
    *out = hand_out(arena, offset, bytes, rounded, stale);
    return LOTS_OK;
}

/* Mostly the head has room, and nothing can go wrong. */
static inline lots_status take(lots_arena *arena, char **out, size_t bytes, size_t align, size_t *stale, lots_error *err)
{
    const lots_arena_block *head = arena->head;
    if (head == NULL || bytes > head->capacity)
        return take_slowly(arena, out, bytes, align, stale, err);
    const size_t offset = aligned(head->used, align), rounded = aligned(bytes, TEXT_ALIGN);
    if (rounded > arena->ceiling_bytes - arena->used_bytes || offset > head->capacity || rounded > head->capacity - offset)
        return take_slowly(arena, out, bytes, align, stale, err);
    *out = hand_out(arena, offset, bytes, rounded, stale);
    return LOTS_OK;
}

lots_status lots_arena_alloc(lots_arena *arena, void **out, size_t count, size_t size, lots_error *err)
{
    size_t bytes, stale;
    char *data;
    *out = NULL;
    if (!lots_size_mul(count, size, &bytes))
        return lots_fail(err, LOTS_MEMORY, "out of memory: %zu items of %zu bytes", count, size);
    LOTS_TRY(take(arena, &data, bytes, TEXT_ALIGN, &stale, err));
    memset(data, 0, stale);
    *out = data;
    return LOTS_OK;
}

lots_status lots_arena_vector(lots_arena *arena, void **out, size_t count, size_t size, lots_error *err)
{
    size_t bytes, stale;
    char *data;
    *out = NULL;
    if (!lots_size_mul(count, size, &bytes) || !lots_size_add(bytes, VECTOR_TAIL, &bytes))
        return lots_fail(err, LOTS_MEMORY, "out of memory: %zu items of %zu bytes", count, size);
    LOTS_TRY(take(arena, &data, bytes, VECTOR_ALIGN, &stale, err));
    *out = data;
    return LOTS_OK;
}

lots_status lots_arena_text(lots_arena *arena, char **out, const char *text, size_t bytes, lots_error *err)
{
    size_t room;
    void *copy = NULL;
    *out = NULL;
    if (!lots_size_add(bytes, 1, &room))
        return lots_fail(err, LOTS_MEMORY, "out of memory: a text of %zu bytes", bytes);
    LOTS_TRY(lots_arena_alloc(arena, &copy, room, 1, err));
    if (bytes > 0)
        memcpy(copy, text, bytes);
    *out = copy;
    return LOTS_OK;
}

lots_status lots_arena_printf(lots_arena *arena, char **out, lots_error *err, const char *format, ...)
{
    char first[SHORT_TEXT]; /* most are short, and are formatted once */
    va_list arguments, again;
    void *text = NULL;
    *out = NULL;
    va_start(arguments, format);
    va_copy(again, arguments);
    int wanted = vsnprintf(first, sizeof first, format, arguments);
    va_end(arguments);
    lots_status status = wanted < 0 ? lots_fail(err, LOTS_INTERNAL, "a text could not be formatted")
                                    : lots_arena_alloc(arena, &text, (size_t)wanted + 1, 1, err);
    if (status == LOTS_OK) {
        if ((size_t)wanted < sizeof first)
            memcpy(text, first, (size_t)wanted + 1);
        else
            vsnprintf(text, (size_t)wanted + 1, format, again);
        *out = text;
    }
    va_end(again);
    return status;
}
