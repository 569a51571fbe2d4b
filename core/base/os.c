/* os.c: files: open, read, write, map. Paths and folders are os_path.c, locks and the process os_process.c.
 * Every loop goes on after a short read or write and after EINTR. A lots_file belongs to one thread, but
 * lots_file_read_at may run from many at once. */
#include "core/base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/memory.h"

_Static_assert(sizeof(off_t) == 8, "files beyond 2 GB need a 64-bit off_t");

/* A single read or write asks for at most this: Linux moves no more at once, and others refuse above INT_MAX. */
#define MOVE_MAX ((size_t)1 << 30)

enum { SLURP_FIRST = 4096 };

void lots_os_reason(int number, char *out, size_t bytes)
{
    if (strerror_r(number, out, bytes) != 0)
        snprintf(out, bytes, "error %d", number);
}

lots_status lots_os_fail(lots_error *err, const char *doing, const char *path)
{
    char reason[128];
    lots_os_reason(errno, reason, sizeof reason);
    return lots_fail(err, LOTS_IO, "can't %s '%s': %s", doing, path, reason);
}

static lots_status take_descriptor(lots_file *file, int fd, const char *path, const char *doing, lots_error *err)
{
    if (fd < 0)
        return lots_os_fail(err, doing, path);
    lots_status status = lots_text_copy(&file->path, path, strlen(path), err);
    if (status != LOTS_OK) {
        close(fd);
        return status;
    }
    file->fd = fd;
    return LOTS_OK;
}

static int open_retrying(const char *path, int flags)
{
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC, 0666);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

lots_status lots_file_open(lots_file *file, const char *path, lots_error *err)
{
    *file = LOTS_FILE_CLOSED;
    if (strcmp(path, "-") == 0)
        return take_descriptor(file, fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), "standard input", "open", err);
    return take_descriptor(file, open_retrying(path, O_RDONLY), path, "open", err);
}

lots_status lots_file_create(lots_file *file, const char *path, lots_error *err)
{
    *file = LOTS_FILE_CLOSED;
    return take_descriptor(file, open_retrying(path, O_RDWR | O_CREAT | O_EXCL), path, "create", err);
}

void lots_file_close(lots_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    lots_free(file->path);
    *file = LOTS_FILE_CLOSED;
}

lots_status lots_file_read(lots_file *file, void *out, size_t count, size_t *got, lots_error *err)
{
    ssize_t moved;
    *got = 0;
    do {
        moved = read(file->fd, out, count < MOVE_MAX ? count : MOVE_MAX);
    } while (moved < 0 && errno == EINTR);
    if (moved < 0)
        return lots_os_fail(err, "read", file->path);
    *got = (size_t)moved;
    return LOTS_OK;
}

lots_status lots_file_read_at(lots_file *file, uint64_t offset, void *out, size_t count, lots_error *err)
{
    char *to = out;
    size_t done = 0;
    if (offset > INT64_MAX || count > (uint64_t)INT64_MAX - offset)
        return lots_fail(err, LOTS_CORRUPT, "'%s': byte %ju is beyond any file", file->path, (uintmax_t)offset);
    while (done < count) {
        size_t wanted = count - done < MOVE_MAX ? count - done : MOVE_MAX;
        ssize_t moved = pread(file->fd, to + done, wanted, (off_t)(offset + done));
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0)
            return lots_os_fail(err, "read", file->path);
        if (moved == 0)
            return lots_fail(err, LOTS_CORRUPT, "'%s' ends at byte %ju, but %zu bytes from byte %ju on are needed",
                             file->path, (uintmax_t)(offset + done), count, (uintmax_t)offset);
        done += (size_t)moved;
    }
    return LOTS_OK;
}

lots_status lots_file_write(lots_file *file, const void *data, size_t count, lots_error *err)
{
    const char *from = data;
    size_t done = 0;
    while (done < count) {
        size_t wanted = count - done < MOVE_MAX ? count - done : MOVE_MAX;
        ssize_t moved = write(file->fd, from + done, wanted);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0)
            return lots_os_fail(err, "write", file->path);
        done += (size_t)moved;
    }
    return LOTS_OK;
}

lots_status lots_file_sync(lots_file *file, lots_error *err)
{
    int outcome;
    do {
        outcome = fsync(file->fd);
    } while (outcome != 0 && errno == EINTR);
    return outcome == 0 ? LOTS_OK : lots_os_fail(err, "sync", file->path);
}

lots_status lots_file_put(const char *path, const void *data, size_t count, lots_error *err)
{
    lots_file file;
    LOTS_TRY(lots_file_create(&file, path, err));
    lots_status status = lots_file_write(&file, data, count, err);
    lots_file_close(&file);
    if (status != LOTS_OK && lots_path_remove(path, NULL) != LOTS_OK) /* the first failure is the one to tell */
        lots_error_hint(err, "what was written of it is still there");
    return status;
}

lots_status lots_path_sync(const char *path, lots_error *err)
{
    lots_file file;
    LOTS_TRY(lots_file_open(&file, path, err));
    lots_status status = lots_file_sync(&file, err);
    lots_file_close(&file);
    return status;
}

lots_status lots_file_size(lots_file *file, uint64_t *out, lots_error *err)
{
    struct stat found;
    if (fstat(file->fd, &found) != 0)
        return lots_os_fail(err, "look at", file->path);
    if (!S_ISREG(found.st_mode))
        return lots_fail(err, LOTS_IO, "'%s' has no size: it is not a regular file", file->path);
    *out = (uint64_t)found.st_size;
    return LOTS_OK;
}

lots_status lots_file_map(lots_file *file, const uint8_t **out, size_t *out_bytes, lots_error *err)
{
    uint64_t size;
    *out = NULL;
    *out_bytes = 0;
    LOTS_TRY(lots_file_size(file, &size, err));
    if (size == 0)
        return LOTS_OK;
    if (size > SIZE_MAX)
        return lots_fail(err, LOTS_MEMORY, "'%s' of %ju bytes is too large to map", file->path, (uintmax_t)size);
    void *mapped = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, file->fd, 0);
    if (mapped == MAP_FAILED)
        return lots_os_fail(err, "map", file->path);
    *out = mapped;
    *out_bytes = (size_t)size;
    return LOTS_OK;
}

void lots_file_unmap(const uint8_t *data, size_t bytes)
{
    if (data != NULL)
        munmap((void *)(uintptr_t)data, bytes);
}

/* Read to the end into *text, growing it by doubling; one byte is always left for the zero. */
static lots_status slurp_open(lots_file *file, size_t limit_bytes, void **text, size_t *out_bytes, lots_error *err)
{
    size_t capacity = SLURP_FIRST, count = 0;
    LOTS_TRY(lots_realloc(text, capacity, 1, err));
    for (;;) {
        size_t got;
        LOTS_TRY(lots_file_read(file, (char *)*text + count, capacity - 1 - count, &got, err));
        count += got;
        if (count > limit_bytes)
            return lots_fail(err, LOTS_LIMIT, "'%s' is larger than the %zu bytes allowed", file->path, limit_bytes);
        if (got == 0)
            break;
        if (count == capacity - 1) {
            size_t doubled = 0;
            if (!lots_size_mul(capacity, 2, &doubled))
                return lots_fail(err, LOTS_MEMORY, "out of memory: '%s' has over %zu bytes", file->path, count);
            LOTS_TRY(lots_realloc(text, doubled, 1, err));
            capacity = doubled;
        }
    }
    ((char *)*text)[count] = '\0';
    *out_bytes = count;
    return LOTS_OK;
}

lots_status lots_file_slurp(const char *path, size_t limit_bytes, char **out, size_t *out_bytes, lots_error *err)
{
    lots_file file;
    void *text = NULL;
    *out = NULL;
    *out_bytes = 0;
    LOTS_TRY(lots_file_open(&file, path, err));
    lots_status status = slurp_open(&file, limit_bytes, &text, out_bytes, err);
    lots_file_close(&file);
    if (status != LOTS_OK) {
        lots_free(text);
        return status;
    }
    *out = text;
    return LOTS_OK;
}
