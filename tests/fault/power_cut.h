/* power_cut.h: what a power cut would take back. Remembers how to undo each change that no fsync has made lasting, and
 * undoes them all when the cut comes. Used by nth_call.c only, which keeps its own calls out of this with `inside`.
 *
 * The rules, which are POSIX's and stricter than most file systems: bytes and size of a file last from fsync or
 * fdatasync of the file on; a name made, renamed or removed lasts from fsync of its folder on.
 * A real cut may keep any part of what isn't lasting; this keeps none of it, and nth_call's `kill` keeps all.
 * Not seen: writes through mmap and stdio, and calls relative to an open folder. */
#ifndef LOTS_POWER_CUT_H
#define LOTS_POWER_CUT_H

#include <stdbool.h>
#include <sys/types.h>

/* Begin to remember. `scratch` is a folder on the file system under test, where removed and replaced files are kept. */
void cut_start(const char *scratch);

/* Each of these takes the one lock and notes how to undo what the caller does next; cut_end releases it, and forgets
 * the note when the call failed. Without cut_start they do nothing. */
void cut_before_write(int fd, off_t offset, size_t bytes); /* offset -1: where the descriptor is */
void cut_before_truncate(int fd);
void cut_before_create(const char *path); /* a file or a folder; nothing when it exists */
void cut_before_remove(const char *path, bool folder);
void cut_before_rename(const char *from, const char *to);
void cut_end(bool happened);

/* fsync of a file or a folder succeeded. */
void cut_synced(int fd);
/* The power goes: undo all that isn't lasting. The lock is kept, so that no other thread changes anything after. */
void cut_now(void);

#endif
