/* nth_call.c: a library to preload (LD_PRELOAD) that lets the n-th change of the file system fail, or ends the process
 * there. Counted are write, pwrite, writev, fsync, fdatasync, ftruncate, rename, unlink, rmdir, mkdir and open with
 * O_CREAT, with their 64-bit and -at forms; writes to standard output and error are not. What libc does within itself
 * (stdio) goes past it. Linux and glibc; use a build without sanitizers.
 *
 *   LOTS_FAULT_AT=n         the call, from 1; 0 or unset: none
 *   LOTS_FAULT_HOW=         what happens at it:
 *       kill      SIGKILL before the call; what was written stays, as after a crash of the program
 *       torn      half of a write, then SIGKILL; SIGKILL before any other call
 *       lost      a power cut: everything that fsync hasn't made lasting is undone (power_cut.h), then SIGKILL.
 *                 With n beyond the last call it happens at exit
 *       enospc    the call fails with ENOSPC, once
 *       full      it and every later call that needs room fail with ENOSPC; the disk stays full
 *       eio       the call fails with EIO, once
 *       short     a write writes half and says so, which every caller must stand
 *   LOTS_FAULT_COUNT=path   at exit, the number of calls is written there
 *   LOTS_FAULT_PROGRAM=name only processes of this name; others run as if this were not loaded
 *   LOTS_FAULT_SCRATCH=dir  for lost: a folder on the same file system
 *
 * The process says on standard error which call it was. Threads count together, so with several of them the n-th call
 * may be another each time. */
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS /* both open and open64 are defined here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/fault/power_cut.h"

_Static_assert(sizeof(off_t) == sizeof(off64_t), "written for systems where the 64-bit forms are the same calls");

typedef enum fault_how { HOW_KILL, HOW_TORN, HOW_LOST, HOW_ENOSPC, HOW_FULL, HOW_EIO, HOW_SHORT } fault_how;
static const char *const HOW_NAMES[] = {"kill", "torn", "lost", "enospc", "full", "eio", "short"};

typedef enum call_kind { CALL_WRITES, CALL_NEEDS_ROOM, CALL_OTHER } call_kind;
typedef enum verdict { PROCEED, REFUSE, HALVE, TEAR } verdict;

static bool enabled;
static unsigned long fault_at;
static fault_how how;
static const char *count_path;
static pid_t counting_process;
static atomic_ulong calls;
static atomic_bool finished;
static _Thread_local bool inside; /* our own calls pass uncounted */

/* Point `real` at the next definition of a function, once. */
#define REAL(type, name, ...)              \
    static type (*real)(__VA_ARGS__);      \
    if (real == NULL) {                    \
        void *found = find_next(name);     \
        memcpy(&real, &found, sizeof real); \
    }

static void *find_next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        dprintf(STDERR_FILENO, "fault: no function %s\n", name);
        abort();
    }
    return found;
}

static void refuse_setting(const char *name, const char *value)
{
    dprintf(STDERR_FILENO, "fault: %s can't be '%s'\n", name, value);
    _exit(99);
}

static fault_how parse_how(const char *text)
{
    for (size_t i = 0; i < sizeof HOW_NAMES / sizeof HOW_NAMES[0]; i++)
        if (strcmp(text, HOW_NAMES[i]) == 0)
            return (fault_how)i;
    refuse_setting("LOTS_FAULT_HOW", text);
    return HOW_KILL;
}

__attribute__((constructor)) static void start(void)
{
    const char *program = getenv("LOTS_FAULT_PROGRAM");
    const char *at = getenv("LOTS_FAULT_AT");
    const char *named_how = getenv("LOTS_FAULT_HOW");
    const char *scratch = getenv("LOTS_FAULT_SCRATCH");
    count_path = getenv("LOTS_FAULT_COUNT");
    counting_process = getpid();
    if (program != NULL && strcmp(program, program_invocation_short_name) != 0)
        return;
    if (at != NULL) {
        char *end;
        fault_at = strtoul(at, &end, 10);
        if (*at == '\0' || *end != '\0')
            refuse_setting("LOTS_FAULT_AT", at);
    }
    how = named_how != NULL ? parse_how(named_how) : HOW_KILL;
    if (how == HOW_LOST && fault_at > 0) {
        if (scratch == NULL)
            refuse_setting("LOTS_FAULT_SCRATCH", "unset");
        cut_start(scratch);
    }
    enabled = fault_at > 0 || count_path != NULL;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void cut_power_and_die(void)
{
    inside = true;
    cut_now();
    die();
}

/* Count a call and say what becomes of it; errno is set for REFUSE. Doesn't return when the process ends here. */
static verdict judge(const char *call, call_kind kind)
{
    unsigned long number = atomic_fetch_add(&calls, 1) + 1;
    bool later = how == HOW_FULL && fault_at > 0 && number > fault_at && kind != CALL_OTHER;
    if (number != fault_at && !later)
        return PROCEED;
    if (!later)
        dprintf(STDERR_FILENO, "fault: call %lu, %s: %s\n", number, call, HOW_NAMES[how]);
    switch (how) {
    case HOW_KILL:
        die();
        break;
    case HOW_TORN:
        if (kind == CALL_WRITES)
            return TEAR;
        die();
        break;
    case HOW_LOST:
        cut_power_and_die();
        break;
    case HOW_SHORT:
        return kind == CALL_WRITES ? HALVE : PROCEED;
    case HOW_FULL:
        if (kind == CALL_OTHER)
            return PROCEED;
        errno = ENOSPC;
        return REFUSE;
    case HOW_ENOSPC:
        errno = ENOSPC;
        return REFUSE;
    case HOW_EIO:
        errno = EIO;
        return REFUSE;
    }
    return PROCEED;
}

static bool counts(void)
{
    return enabled && !inside;
}

/* judge for calls that can't be cut in two. */
static bool refused(const char *call, call_kind kind)
{
    return judge(call, kind) == REFUSE;
}

/* Calls of power_cut.c, which calls what is defined here. */
#define UNDER_NOTE(note) (inside = true, (note), inside = false)

static void end_note(bool happened)
{
    int kept = errno;
    UNDER_NOTE(cut_end(happened));
    errno = kept;
}

/* Written at exit with the functions below, hence `inside`. */
static void write_count(void)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%lu\n", atomic_load(&calls));
    int fd = open(count_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, text, (size_t)length) != length)
        dprintf(STDERR_FILENO, "fault: can't write the count to '%s'\n", count_path);
    if (fd >= 0)
        close(fd);
}

__attribute__((destructor)) static void finish(void)
{
    if (!enabled || getpid() != counting_process || atomic_exchange(&finished, true))
        return;
    inside = true;
    if (count_path != NULL)
        write_count();
    if (how == HOW_LOST && fault_at > 0) {
        dprintf(STDERR_FILENO, "fault: at exit after %lu calls: lost\n", atomic_load(&calls));
        cut_power_and_die();
    }
}

void _exit(int code)
{
    REAL(void, "_exit", int)
    finish();
    real(code);
    abort();
}

/* write for offset -1, else pwrite. */
static ssize_t write_real(int fd, const void *data, size_t bytes, off_t offset)
{
    if (offset >= 0) {
        REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)
        return real(fd, data, bytes, offset);
    }
    REAL(ssize_t, "write", int, const void *, size_t)
    return real(fd, data, bytes);
}

static ssize_t write_judged(const char *call, int fd, const void *data, size_t bytes, off_t offset)
{
    if (!counts() || fd == STDOUT_FILENO || fd == STDERR_FILENO)
        return write_real(fd, data, bytes, offset);
    switch (judge(call, CALL_WRITES)) {
    case REFUSE:
        return -1;
    case TEAR:
        if (write_real(fd, data, bytes / 2, offset) < 0)
            dprintf(STDERR_FILENO, "fault: not even half of it could be written\n");
        die();
        break;
    case HALVE:
        bytes -= bytes / 2;
        break;
    case PROCEED:
        break;
    }
    UNDER_NOTE(cut_before_write(fd, offset, bytes));
    ssize_t written = write_real(fd, data, bytes, offset);
    end_note(written >= 0);
    return written;
}

ssize_t write(int fd, const void *data, size_t bytes)
{
    return write_judged("write", fd, data, bytes, -1);
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
    return write_judged("pwrite", fd, data, bytes, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset)
{
    return write_judged("pwrite64", fd, data, bytes, offset);
}

/* The parts go one by one: a caller must stand that fewer bytes are written than it has. */
ssize_t writev(int fd, const struct iovec *parts, int count)
{
    for (int i = 0; i < count; i++)
        if (parts[i].iov_len > 0)
            return write_judged("writev", fd, parts[i].iov_base, parts[i].iov_len, -1);
    return 0;
}

int fsync(int fd)
{
    REAL(int, "fsync", int)
    if (counts() && refused("fsync", CALL_OTHER))
        return -1;
    int outcome = real(fd);
    if (outcome == 0 && counts())
        UNDER_NOTE(cut_synced(fd));
    return outcome;
}

int fdatasync(int fd)
{
    REAL(int, "fdatasync", int)
    if (counts() && refused("fdatasync", CALL_OTHER))
        return -1;
    int outcome = real(fd);
    if (outcome == 0 && counts())
        UNDER_NOTE(cut_synced(fd));
    return outcome;
}

int ftruncate(int fd, off_t size)
{
    REAL(int, "ftruncate", int, off_t)
    if (!counts())
        return real(fd, size);
    if (refused("ftruncate", CALL_NEEDS_ROOM))
        return -1;
    UNDER_NOTE(cut_before_truncate(fd));
    int outcome = real(fd, size);
    end_note(outcome == 0);
    return outcome;
}

int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    REAL(int, "renameat", int, const char *, int, const char *)
    if (!counts())
        return real(from_folder, from, to_folder, to);
    if (refused("rename", CALL_OTHER))
        return -1;
    UNDER_NOTE(cut_before_rename(from, to));
    int outcome = real(from_folder, from, to_folder, to);
    end_note(outcome == 0);
    return outcome;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int folder, const char *path, int flags)
{
    REAL(int, "unlinkat", int, const char *, int)
    if (!counts())
        return real(folder, path, flags);
    bool is_folder = (flags & AT_REMOVEDIR) != 0;
    if (refused(is_folder ? "rmdir" : "unlink", CALL_OTHER))
        return -1;
    UNDER_NOTE(cut_before_remove(path, is_folder));
    int outcome = real(folder, path, flags);
    end_note(outcome == 0);
    return outcome;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    REAL(int, "mkdirat", int, const char *, mode_t)
    if (!counts())
        return real(folder, path, mode);
    if (refused("mkdir", CALL_NEEDS_ROOM))
        return -1;
    UNDER_NOTE(cut_before_create(path));
    int outcome = real(folder, path, mode);
    end_note(outcome == 0);
    return outcome;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

/* O_TRUNC of a file that exists is undone as a truncation would be. */
static void note_open(const char *path, int flags)
{
    if (how != HOW_LOST)
        return;
    int fd = (flags & O_TRUNC) != 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0)
        cut_before_truncate(fd); /* `fd` stays open: see power_cut.c */
    else
        cut_before_create(path);
}

static int open_judged(int folder, const char *path, int flags, mode_t mode)
{
    REAL(int, "openat", int, const char *, int, ...)
    if (!counts() || (flags & (O_CREAT | O_TRUNC)) == 0)
        return real(folder, path, flags, mode);
    if (refused("open", CALL_NEEDS_ROOM))
        return -1;
    UNDER_NOTE(note_open(path, flags));
    int fd = real(folder, path, flags, mode);
    end_note(fd >= 0);
    return fd;
}

/* The mode, which is there only when a file may be made. */
#define MODE_AFTER(flags, mode)                                   \
    mode_t mode = 0;                                              \
    if (((flags) & O_CREAT) != 0 || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list arguments;                                        \
        va_start(arguments, flags);                               \
        mode = va_arg(arguments, mode_t);                         \
        va_end(arguments);                                        \
    }

int open(const char *path, int flags, ...)
{
    MODE_AFTER(flags, mode)
    return open_judged(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_AFTER(flags, mode)
    return open_judged(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_AFTER(flags, mode)
    return open_judged(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE_AFTER(flags, mode)
    return open_judged(folder, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open_judged(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
