/* memory.c: the only calls of malloc's family outside arena.c. Checks sizes before asking. No state of its own. */
#include "core/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/os.h"

bool lots_size_mul(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

bool lots_size_add(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

/* The size of an object: below PTRDIFF_MAX, beyond which pointers into it can't be subtracted. */
static bool object_bytes(size_t count, size_t size, size_t *bytes)
{
    return lots_size_mul(count, size, bytes) && *bytes < PTRDIFF_MAX;
}

static lots_status fail_memory(size_t count, size_t size, lots_error *err)
{
    return lots_fail(err, LOTS_MEMORY, "out of memory: %zu items of %zu bytes", count, size);
}

lots_status lots_alloc(void **out, size_t count, size_t size, lots_error *err)
{
    size_t bytes;
    *out = NULL;
    if (!object_bytes(count, size, &bytes))
        return fail_memory(count, size, err);
    if (bytes == 0)
        return LOTS_OK;
    *out = calloc(count, size);
    return *out != NULL ? LOTS_OK : fail_memory(count, size, err);
}

lots_status lots_alloc_pages(void **out, size_t bytes, lots_error *err)
{
    const size_t align = bytes >= LOTS_LARGE_PAGE ? LOTS_LARGE_PAGE : 64;
    *out = NULL;
    if (bytes >= PTRDIFF_MAX || posix_memalign(out, align, bytes) != 0)
        return fail_memory(bytes, 1, err);
    if (bytes >= LOTS_LARGE_PAGE)
        lots_os_want_large_pages(*out, bytes / LOTS_LARGE_PAGE * LOTS_LARGE_PAGE);
    return LOTS_OK;
}

lots_status lots_realloc(void **block, size_t count, size_t size, lots_error *err)
{
    size_t bytes;
    if (!object_bytes(count, size, &bytes))
        return fail_memory(count, size, err);
    if (bytes == 0) {
        free(*block);
        *block = NULL;
        return LOTS_OK;
    }
    void *moved = realloc(*block, bytes);
    if (moved == NULL)
        return fail_memory(count, size, err);
    *block = moved;
    return LOTS_OK;
}

void lots_free(void *block)
{
    free(block);
}

lots_status lots_text_copy(char **out, const char *text, size_t bytes, lots_error *err)
{
    assert(text != NULL || bytes == 0);
    size_t room;
    void *copy = NULL;
    *out = NULL;
    if (!lots_size_add(bytes, 1, &room))
        return fail_memory(bytes, 1, err);
    LOTS_TRY(lots_alloc(&copy, room, 1, err));
    if (bytes > 0)
        memcpy(copy, text, bytes);
    *out = copy;
    return LOTS_OK;
}
