/* os_process.c: the writer's lock, and what this process has: processors, time, memory, terminal.
 * The lock is Linux's open-file-description lock where there is one: it also holds between two opens in one process,
 * and closing another descriptor of the file doesn't drop it, as it would a POSIX record lock. The lock file stays when
 * released, since removing it would let two writers lock two files of one name. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* F_OFD_SETLK, sched_getaffinity, sched_getcpu, getrusage */
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

#include "core/base/memory.h"
#include "core/base/os.h"

#ifdef F_OFD_SETLK
#define SET_LOCK F_OFD_SETLK
#else
#define SET_LOCK F_SETLK
#endif

/* What the lock file says, with anything unprintable as '?'; the file may hold any bytes. */
static void read_holder(int fd, char *out, size_t out_bytes)
{
    ssize_t got = pread(fd, out, out_bytes - 1, 0);
    size_t count = got > 0 ? (size_t)got : 0;
    while (count > 0 && (out[count - 1] == '\n' || out[count - 1] == '\0'))
        count--;
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)out[i];
        if (byte < 0x20 || byte >= 0x7F)
            out[i] = '?';
    }
    out[count] = '\0';
}

static lots_status fail_locked(int fd, const char *path, lots_error *err)
{
    char holder[200];
    read_holder(fd, holder, sizeof holder);
    return lots_fail(err, LOTS_LOCKED, "'%s' is held by %s%s", path,
                     holder[0] != '\0' ? "process " : "another process", holder);
}

static lots_status write_holder(lots_file *lock, const char *command, lots_error *err)
{
    char text[256];
    snprintf(text, sizeof text, "%ld %s", (long)getpid(), command);
    if (ftruncate(lock->fd, 0) != 0)
        return lots_os_fail(err, "write", lock->path);
    return lots_file_write(lock, text, strlen(text), err);
}

lots_status lots_lock_take(lots_file *lock, const char *path, const char *command, lots_error *err)
{
    *lock = LOTS_FILE_CLOSED;
    int fd;
    do {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return lots_os_fail(err, "open", path);
    struct flock whole = {0};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    lock->fd = fd;
    lots_status status;
    if (fcntl(fd, SET_LOCK, &whole) == 0) {
        status = lots_text_copy(&lock->path, path, strlen(path), err);
        if (status == LOTS_OK)
            status = write_holder(lock, command, err);
    } else if (errno == EACCES || errno == EAGAIN) {
        status = fail_locked(fd, path, err);
    } else {
        status = lots_os_fail(err, "lock", path);
    }
    if (status != LOTS_OK)
        lots_file_close(lock);
    return status;
}

void lots_lock_release(lots_file *lock)
{
    /* Emptied so that nobody is named who no longer holds it; should that fail, the kernel's lock is what counts. */
    if (lock->fd >= 0 && ftruncate(lock->fd, 0) != 0)
        errno = 0;
    lots_file_close(lock);
}

unsigned lots_processor_count(void)
{
#ifdef __linux__
    /* A cluster's scheduler gives a job some of the machine's processors. */
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
        return (unsigned)CPU_COUNT(&allowed);
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

int lots_processor_here(void)
{
#ifdef __linux__
    return sched_getcpu();
#else
    return -1;
#endif
}

void lots_thread_processors(pthread_t thread, lots_processors *out)
{
    *out = (lots_processors){.count = 0};
#ifdef __linux__
    cpu_set_t set;
    _Static_assert(sizeof set == sizeof out->bits, "a set of processors is bits");
    if (pthread_getaffinity_np(thread, sizeof set, &set) != 0)
        return;
    memcpy(out->bits, &set, sizeof set);
    out->count = (unsigned)CPU_COUNT(&set);
#else
    (void)thread;
#endif
}

void lots_thread_place(pthread_t thread, const lots_processors *on, int but)
{
#ifdef __linux__
    cpu_set_t set;
    memcpy(&set, on->bits, sizeof set);
    if (but >= 0 && on->count > 1)
        CPU_CLR((size_t)but, &set);
    if (CPU_COUNT(&set) > 0)
        (void)pthread_setaffinity_np(thread, sizeof set, &set);
#else
    (void)thread;
    (void)on;
    (void)but;
#endif
}

size_t lots_memory_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? (size_t)pages * (size_t)bytes : (size_t)1 << 30;
}

void lots_os_want_large_pages(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    (void)madvise(memory, bytes, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)bytes;
#endif
}

uint64_t lots_clock_ns(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t lots_peak_memory_bytes(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0 || used.ru_maxrss < 0)
        return 0;
#ifdef __APPLE__
    return (uint64_t)used.ru_maxrss;
#else
    return (uint64_t)used.ru_maxrss * 1024;
#endif
}

bool lots_is_terminal(int fd)
{
    return isatty(fd) == 1;
}
