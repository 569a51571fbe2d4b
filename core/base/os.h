/* os.h: files, locks, clocks, processors: the only place that calls the operating system (SQLite and stdio output in
 * the commands apart). Every error is LOTS_IO (or LOTS_LOCKED) and names the path and the system's reason. */
#ifndef LOTS_OS_H
#define LOTS_OS_H

#include <pthread.h>

#include "core/base/status.h"

typedef struct lots_file {
    int fd; /* -1: closed */
    char *path;
} lots_file;
/* The system's words for an errno into out[bytes]; safe from any thread. */
void lots_os_reason(int number, char *out, size_t bytes);
/* LOTS_IO from errno as it stands: "can't `doing` 'path': reason". */
lots_status lots_os_fail(lots_error *err, const char *doing, const char *path);

#define LOTS_FILE_CLOSED ((lots_file){-1, NULL})

/* Open for reading; `-` is standard input. */
LOTS_MUST lots_status lots_file_open(lots_file *file, const char *path, lots_error *err);
/* Create (failing if it exists) for writing and reading. */
LOTS_MUST lots_status lots_file_create(lots_file *file, const char *path, lots_error *err);
void lots_file_close(lots_file *file);
/* Sequential read of up to `count` bytes; *got is 0 at the end. Retries on EINTR. */
LOTS_MUST lots_status lots_file_read(lots_file *file, void *out, size_t count, size_t *got, lots_error *err);
/* Exactly `count` bytes at `offset`. Errors: LOTS_CORRUPT when the file ends before (it is shorter than promised). */
LOTS_MUST lots_status lots_file_read_at(lots_file *file, uint64_t offset, void *out, size_t count, lots_error *err);
/* All of it, after what was written before. */
LOTS_MUST lots_status lots_file_write(lots_file *file, const void *data, size_t count, lots_error *err);
LOTS_MUST lots_status lots_file_sync(lots_file *file, lots_error *err);
/* Create a file of these bytes (not synced). Errors: LOTS_IO; nothing of it is left then. */
LOTS_MUST lots_status lots_file_put(const char *path, const void *data, size_t count, lots_error *err);
LOTS_MUST lots_status lots_file_size(lots_file *file, uint64_t *out, lots_error *err);
/* Map the whole file read-only; NULL and 0 for an empty file. Unmap with lots_file_unmap. */
LOTS_MUST lots_status lots_file_map(lots_file *file, const uint8_t **out, size_t *out_bytes, lots_error *err);
void lots_file_unmap(const uint8_t *data, size_t bytes);
/* The whole of a file (at most `limit_bytes`, else LOTS_LIMIT), zero-terminated beyond *out_bytes. lots_free it. */
LOTS_MUST lots_status lots_file_slurp(const char *path, size_t limit_bytes, char **out, size_t *out_bytes,
                                      lots_error *err);

LOTS_MUST lots_status lots_directory_create(const char *path, bool may_exist, lots_error *err);
LOTS_MUST lots_status lots_directory_sync(const char *path, lots_error *err);
/* Names (not paths) of the entries in byte order, without . and .. ; free each and the array with lots_names_free. */
LOTS_MUST lots_status lots_directory_list(const char *path, char ***out, size_t *out_count, lots_error *err);
void lots_names_free(char **names, size_t count);
bool lots_path_exists(const char *path);
bool lots_path_is_directory(const char *path);
/* "a/b" from "a", "b"; lots_free it. */
LOTS_MUST lots_status lots_path_join(char **out, const char *directory, const char *name, lots_error *err);
/* The path from the root, of one that may start from the working folder; neither need exist. lots_free it. Errors: LOTS_IO. */
LOTS_MUST lots_status lots_path_whole(char **out, const char *path, lots_error *err);
LOTS_MUST lots_status lots_path_remove(const char *path, lots_error *err); /* a file; absent is LOTS_OK */
/* A file or a directory with all below it; absent is LOTS_OK. */
LOTS_MUST lots_status lots_path_remove_tree(const char *path, lots_error *err);
/* What was written to the file, by whomever, lasts. Errors: LOTS_IO (path, reason). */
LOTS_MUST lots_status lots_path_sync(const char *path, lots_error *err);
LOTS_MUST lots_status lots_path_rename(const char *from, const char *to, lots_error *err);

/* Take an exclusive advisory lock on `path` (created if absent) and write "pid command" into it. The kernel drops it
 * when the process dies. Errors: LOTS_LOCKED at once when another process holds it, naming what it wrote. */
LOTS_MUST lots_status lots_lock_take(lots_file *lock, const char *path, const char *command, lots_error *err);
void lots_lock_release(lots_file *lock);

unsigned lots_processor_count(void);     /* that this process may use, at least 1 */
int lots_processor_here(void);           /* on which this thread runs just now; -1 if the system won't say */
typedef struct lots_processors {
    uint64_t bits[16];
    unsigned count;                      /* 0: the system won't say */
} lots_processors;
/* Those that a thread of this process may run on. */
void lots_thread_processors(pthread_t thread, lots_processors *out);
/* Let it run on these, but for one (-1: none) if there are others: at once, if it runs. What can't be done is left. */
void lots_thread_place(pthread_t thread, const lots_processors *on, int but);
size_t lots_memory_bytes(void);          /* that the machine has; a gigabyte if it won't say */
/* The system may map this memory, whole pages of it, by larger pages than it otherwise would: a wish. */
void lots_os_want_large_pages(void *memory, size_t bytes);
uint64_t lots_clock_ns(void);            /* monotonic; for progress and --timing only */
uint64_t lots_peak_memory_bytes(void);   /* of this process so far */
bool lots_is_terminal(int fd);

#endif
