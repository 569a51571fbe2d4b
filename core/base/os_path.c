/* os_path.c: names in the file system: folders, removal, renaming. Links are never followed when removing.
 * Threads: safe from any thread; a folder that others change meanwhile gives what was found. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/base/vec.h"

/* Folders within folders that lots_path_remove_tree enters; a registry has a few. */
enum { REMOVE_DEPTH_MAX = 64 };

bool lots_path_exists(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0;
}

bool lots_path_is_directory(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

lots_status lots_path_join(char **out, const char *directory, const char *name, lots_error *err)
{
    size_t left = strlen(directory), right = strlen(name), room;
    bool slash = left > 0 && directory[left - 1] != '/';
    void *joined = NULL;
    *out = NULL;
    if (!lots_size_add(left, right, &room) || !lots_size_add(room, 2, &room))
        return lots_fail(err, LOTS_MEMORY, "out of memory: a path of %zu bytes", left);
    LOTS_TRY(lots_alloc(&joined, room, 1, err));
    snprintf(joined, room, "%s%s%s", directory, slash ? "/" : "", name);
    *out = joined;
    return LOTS_OK;
}

lots_status lots_path_whole(char **out, const char *path, lots_error *err)
{
    char folder[PATH_MAX];
    if (path[0] == '/')
        return lots_path_join(out, "", path, err);
    if (getcwd(folder, sizeof folder) == NULL)
        return lots_os_fail(err, "tell the working folder of", path);
    return lots_path_join(out, folder, path, err);
}

lots_status lots_directory_create(const char *path, bool may_exist, lots_error *err)
{
    if (mkdir(path, 0777) == 0)
        return LOTS_OK;
    int reason = errno;
    if (reason == EEXIST && may_exist && lots_path_is_directory(path))
        return LOTS_OK;
    errno = reason;
    return lots_os_fail(err, "create folder", path);
}

lots_status lots_directory_sync(const char *path, lots_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return lots_os_fail(err, "open folder", path);
    int outcome;
    do {
        outcome = fsync(fd);
    } while (outcome != 0 && errno == EINTR);
    lots_status status = outcome == 0 ? LOTS_OK : lots_os_fail(err, "sync folder", path);
    close(fd);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void lots_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        lots_free(names[i]);
    lots_free(names);
}

static lots_status push_name(lots_vec *names, const char *name, lots_error *err)
{
    char *copy = NULL;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return LOTS_OK;
    LOTS_TRY(lots_text_copy(&copy, name, strlen(name), err));
    lots_status status = lots_vec_push(names, &copy, err);
    if (status != LOTS_OK)
        lots_free(copy);
    return status;
}

static lots_status read_names(DIR *folder, const char *path, lots_vec *names, lots_error *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL)
            return errno == 0 ? LOTS_OK : lots_os_fail(err, "read folder", path);
        LOTS_TRY(push_name(names, entry->d_name, err));
    }
}

lots_status lots_directory_list(const char *path, char ***out, size_t *out_count, lots_error *err)
{
    lots_vec names = LOTS_VEC(char *);
    *out = NULL;
    *out_count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return lots_os_fail(err, "open folder", path);
    lots_status status = read_names(folder, path, &names, err);
    closedir(folder);
    if (status != LOTS_OK) {
        lots_names_free(names.data, names.count);
        return status;
    }
    if (names.count > 0)
        qsort(names.data, names.count, sizeof(char *), compare_names);
    *out = names.data;
    *out_count = names.count;
    return LOTS_OK;
}

lots_status lots_path_remove(const char *path, lots_error *err)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return LOTS_OK;
    return lots_os_fail(err, "remove", path);
}

static lots_status remove_below(const char *path, unsigned depth, lots_error *err);

static lots_status remove_folder(const char *path, unsigned depth, lots_error *err)
{
    char **names;
    size_t count;
    if (depth == 0)
        return lots_fail(err, LOTS_IO, "can't remove '%s': more than %d folders deep", path, REMOVE_DEPTH_MAX);
    LOTS_TRY(lots_directory_list(path, &names, &count, err));
    lots_status status = LOTS_OK;
    for (size_t i = 0; i < count && status == LOTS_OK; i++) {
        char *below = NULL;
        status = lots_path_join(&below, path, names[i], err);
        if (status == LOTS_OK)
            status = remove_below(below, depth - 1, err);
        lots_free(below);
    }
    lots_names_free(names, count);
    if (status == LOTS_OK && rmdir(path) != 0 && errno != ENOENT)
        status = lots_os_fail(err, "remove folder", path);
    return status;
}

static lots_status remove_below(const char *path, unsigned depth, lots_error *err)
{
    struct stat found;
    if (lstat(path, &found) != 0)
        return errno == ENOENT ? LOTS_OK : lots_os_fail(err, "look at", path);
    return S_ISDIR(found.st_mode) ? remove_folder(path, depth, err) : lots_path_remove(path, err);
}

lots_status lots_path_remove_tree(const char *path, lots_error *err)
{
    return remove_below(path, REMOVE_DEPTH_MAX, err);
}

lots_status lots_path_rename(const char *from, const char *to, lots_error *err)
{
    if (rename(from, to) == 0)
        return LOTS_OK;
    char reason[128];
    lots_os_reason(errno, reason, sizeof reason);
    return lots_fail(err, LOTS_IO, "can't rename '%s' to '%s': %s", from, to, reason);
}
