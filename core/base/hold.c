/* hold.c: flock with a file around it. flock and not fcntl's record locks, since those are dropped when the process
 * closes any other descriptor of the file, and don't count between two holders in one process. */
#include "core/base/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/memory.h"

static lots_status lock_open(lots_file *hold, int how, bool *held, lots_error *err)
{
    int outcome;
    do {
        outcome = flock(hold->fd, how | LOCK_NB);
    } while (outcome != 0 && errno == EINTR);
    *held = outcome == 0;
    if (outcome == 0)
        return LOTS_OK;
    lots_status status = errno == EWOULDBLOCK ? LOTS_OK : lots_os_fail(err, "lock", hold->path);
    lots_file_close(hold);
    return status;
}

/* *absent: there was no file, and nothing is open. */
static lots_status open_hold(lots_file *hold, const char *path, int flags, bool *absent, lots_error *err)
{
    int fd;
    *hold = LOTS_FILE_CLOSED;
    do {
        fd = open(path, flags | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    *absent = fd < 0 && errno == ENOENT;
    if (*absent)
        return LOTS_OK;
    if (fd < 0)
        return lots_os_fail(err, "open", path);
    hold->fd = fd;
    lots_status status = lots_text_copy(&hold->path, path, strlen(path), err);
    if (status != LOTS_OK)
        lots_file_close(hold);
    return status;
}

lots_status lots_hold_share(lots_file *hold, const char *path, bool *held, lots_error *err)
{
    bool absent;
    *held = false;
    LOTS_TRY(open_hold(hold, path, O_RDONLY, &absent, err));
    return absent ? LOTS_OK : lock_open(hold, LOCK_SH, held, err);
}

/* Opened for writing: on network file systems an exclusive lock asks for it. */
lots_status lots_hold_alone(lots_file *hold, const char *path, bool *held, lots_error *err)
{
    bool absent;
    *held = true;
    LOTS_TRY(open_hold(hold, path, O_RDWR, &absent, err));
    return absent ? LOTS_OK : lock_open(hold, LOCK_EX, held, err);
}

void lots_hold_release(lots_file *hold)
{
    lots_file_close(hold);
}
