/* power_cut.c: the list of undo notes, newest first. A file's old bytes are read before they are written over; a removed
 * or replaced file is kept by a hard link in the scratch folder. Descriptors opened here are never closed: closing one
 * would drop the program's own POSIX locks on that file. */
#define _GNU_SOURCE
#include "tests/fault/power_cut.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum note_kind { NOTE_DATA, NOTE_CREATE, NOTE_REMOVE, NOTE_RENAME } note_kind;

typedef struct note {
    struct note *older;
    note_kind kind;
    dev_t device; /* of the file for data, of the folder for names: what must be synced to forget this */
    ino_t inode;
    int fd;
    off_t offset;
    off_t old_size;
    size_t kept; /* bytes in old */
    char *old;
    char *path;
    char *to;
    char *backup; /* in scratch, or NULL */
    bool folder;
} note;

typedef struct own_descriptor {
    struct own_descriptor *next;
    dev_t device;
    ino_t inode;
    int fd;
} own_descriptor;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *scratch_folder;
static unsigned long backups;
static note *notes;
static bool noted; /* the caller's next call has the newest note */
static own_descriptor *descriptors;

/* The test can't mean anything any more; 99 tells the script so. */
static void give_up(const char *what, const char *path)
{
    dprintf(STDERR_FILENO, "power_cut: can't %s '%s': %s\n", what, path, strerror(errno));
    _exit(99);
}

void cut_start(const char *scratch)
{
    scratch_folder = scratch;
}

static note *add_note(note_kind kind, const struct stat *owner)
{
    note *added = calloc(1, sizeof *added);
    if (added == NULL)
        give_up("remember", "a change");
    added->kind = kind;
    added->device = owner->st_dev;
    added->inode = owner->st_ino;
    added->older = notes;
    notes = added;
    noted = true;
    return added;
}

static void free_note(note *gone)
{
    if (gone->backup != NULL)
        unlink(gone->backup);
    free(gone->old);
    free(gone->path);
    free(gone->to);
    free(gone->backup);
    free(gone);
}

/* A descriptor of ours, open for reading and writing, on the file that `fd` is open on. */
static int own_fd(int fd, const struct stat *file)
{
    for (own_descriptor *at = descriptors; at != NULL; at = at->next)
        if (at->device == file->st_dev && at->inode == file->st_ino)
            return at->fd;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    own_descriptor *made = calloc(1, sizeof *made);
    if (made == NULL || (made->fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
        give_up("open again", path);
    made->device = file->st_dev;
    made->inode = file->st_ino;
    made->next = descriptors;
    descriptors = made;
    return made->fd;
}

/* Note `bytes` bytes from `offset` on, as far as the file has them, and its size. */
static void note_data(int fd, off_t offset, size_t bytes)
{
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
        return;
    note *added = add_note(NOTE_DATA, &file);
    added->fd = own_fd(fd, &file);
    added->old_size = file.st_size;
    if (offset < 0)
        offset = (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? file.st_size : lseek(fd, 0, SEEK_CUR);
    added->offset = offset;
    if (offset >= file.st_size)
        return;
    added->kept = (uint64_t)(file.st_size - offset) < bytes ? (size_t)(file.st_size - offset) : bytes;
    added->old = malloc(added->kept + 1);
    if (added->old == NULL || pread(added->fd, added->old, added->kept, offset) != (ssize_t)added->kept)
        give_up("read back", "a file");
}

/* The folder that holds the last name of `path`. */
static bool find_parent(const char *path, struct stat *out)
{
    char parent[PATH_MAX];
    if (snprintf(parent, sizeof parent, "%s", path) >= (int)sizeof parent)
        return false;
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        return stat(".", out) == 0;
    slash[slash == parent] = '\0';
    return stat(parent, out) == 0;
}

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        give_up("remember", text);
    return copy;
}

/* Keep the file at `path` under another name; NULL when there is none. */
static char *keep_file(const char *path)
{
    char backup[PATH_MAX];
    struct stat file;
    if (lstat(path, &file) != 0)
        return NULL;
    snprintf(backup, sizeof backup, "%s/%ld-%lu", scratch_folder, (long)getpid(), backups++);
    if (linkat(AT_FDCWD, path, AT_FDCWD, backup, 0) != 0)
        give_up("keep in the scratch folder", path);
    return copy_text(backup);
}

/* Take the lock if there is anything to do. */
static bool begin(void)
{
    if (scratch_folder == NULL)
        return false;
    pthread_mutex_lock(&lock);
    noted = false;
    return true;
}

void cut_before_write(int fd, off_t offset, size_t bytes)
{
    if (begin())
        note_data(fd, offset, bytes);
}

void cut_before_truncate(int fd)
{
    if (begin())
        note_data(fd, 0, SIZE_MAX);
}

void cut_before_create(const char *path)
{
    struct stat found;
    if (begin() && lstat(path, &found) != 0 && find_parent(path, &found))
        add_note(NOTE_CREATE, &found)->path = copy_text(path);
}

void cut_before_remove(const char *path, bool folder)
{
    struct stat found, parent;
    if (!begin() || lstat(path, &found) != 0 || !find_parent(path, &parent))
        return;
    if (folder != S_ISDIR(found.st_mode))
        return; /* the call is going to fail */
    note *added = add_note(NOTE_REMOVE, &parent);
    added->path = copy_text(path);
    added->folder = folder;
    if (!folder)
        added->backup = keep_file(path);
}

void cut_before_rename(const char *from, const char *to)
{
    struct stat parent;
    if (!begin() || !find_parent(to, &parent))
        return;
    note *added = add_note(NOTE_RENAME, &parent);
    added->path = copy_text(from);
    added->to = copy_text(to);
    struct stat replaced;
    if (lstat(to, &replaced) == 0 && !S_ISDIR(replaced.st_mode))
        added->backup = keep_file(to);
}

void cut_end(bool happened)
{
    if (scratch_folder == NULL)
        return;
    if (noted && !happened) {
        note *newest = notes;
        notes = newest->older;
        free_note(newest);
    }
    noted = false;
    pthread_mutex_unlock(&lock);
}

void cut_synced(int fd)
{
    struct stat synced;
    if (scratch_folder == NULL || fstat(fd, &synced) != 0)
        return;
    pthread_mutex_lock(&lock);
    note **link = &notes;
    while (*link != NULL) {
        note *at = *link;
        bool of_folder = at->kind != NOTE_DATA;
        if (at->device == synced.st_dev && at->inode == synced.st_ino && of_folder == S_ISDIR(synced.st_mode)) {
            *link = at->older;
            free_note(at);
        } else {
            link = &at->older;
        }
    }
    pthread_mutex_unlock(&lock);
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *place)
{
    (void)found;
    (void)kind;
    (void)place;
    return remove(path);
}

static void undo(const note *at)
{
    switch (at->kind) {
    case NOTE_DATA:
        if (pwrite(at->fd, at->old, at->kept, at->offset) != (ssize_t)at->kept || ftruncate(at->fd, at->old_size) != 0)
            give_up("restore", "a file's bytes");
        break;
    case NOTE_CREATE:
        nftw(at->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        break;
    case NOTE_REMOVE:
        if (at->folder ? mkdir(at->path, 0777) != 0 : rename(at->backup, at->path) != 0)
            give_up("bring back", at->path);
        break;
    case NOTE_RENAME:
        if (rename(at->to, at->path) != 0 || (at->backup != NULL && rename(at->backup, at->to) != 0))
            give_up("rename back", at->to);
        break;
    }
}

void cut_now(void)
{
    if (scratch_folder == NULL)
        return;
    pthread_mutex_lock(&lock);
    for (const note *at = notes; at != NULL; at = at->older)
        undo(at);
}
