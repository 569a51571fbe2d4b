/* two_versions.c: the smallest store that publishes a new generation, to test the fault library and run_faults.sh with.
 * A folder holds CURRENT, the number of a generation, and data.N: 1000 lines that all say N. Given a flaw's name it makes
 * that mistake while publishing, and run_faults.sh must see it.
 *
 *   two_versions make DIR | publish DIR [FLAW] | check DIR | query DIR */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/os.h"

enum { LINES = 1000, PIECES = 4 };

typedef struct store {
    const char *folder;
    const char *flaw;
    lots_error err;
} store;

static bool has_flaw(const store *at, const char *name)
{
    return strcmp(at->flaw, name) == 0;
}

static const char *path_of(const store *at, const char *name, int number, char out[4096])
{
    if (number >= 0)
        snprintf(out, 4096, "%s/%s.%d", at->folder, name, number);
    else
        snprintf(out, 4096, "%s/%s", at->folder, name);
    return out;
}

static lots_status write_piece(store *at, lots_file *file, const void *data, size_t count)
{
    if (has_flaw(at, "believes_short_writes") || has_flaw(at, "ignores_errors"))
        return write(file->fd, data, count) < 0 && has_flaw(at, "believes_short_writes")
                   ? lots_os_fail(&at->err, "write", file->path)
                   : LOTS_OK;
    return lots_file_write(file, data, count, &at->err);
}

static lots_status write_pieces(store *at, lots_file *file, const lots_bytes *bytes)
{
    for (size_t i = 0; i < PIECES; i++) {
        size_t from = bytes->count * i / PIECES, to = bytes->count * (i + 1) / PIECES;
        LOTS_TRY(write_piece(at, file, bytes->data + from, to - from));
    }
    return has_flaw(at, "syncs_no_data") ? LOTS_OK : lots_file_sync(file, &at->err);
}

/* Make a file of `count` lines that say `number`. */
static lots_status write_lines(store *at, const char *path, int number, int count)
{
    lots_file file;
    lots_bytes bytes = {0};
    lots_status status = LOTS_OK;
    for (int i = 0; i < count && status == LOTS_OK; i++)
        status = lots_bytes_printf(&bytes, &at->err, "%d\n", number);
    if (status == LOTS_OK)
        status = lots_file_create(&file, path, &at->err);
    if (status == LOTS_OK) {
        status = write_pieces(at, &file, &bytes);
        lots_file_close(&file);
    }
    lots_bytes_free(&bytes);
    return status;
}

/* The number that all `count` lines of a file say. */
static lots_status read_lines(store *at, const char *path, int count, int *out)
{
    char *text, *end;
    size_t bytes;
    LOTS_TRY(lots_file_slurp(path, 1 << 20, &text, &bytes, &at->err));
    long first = strtol(text, &end, 10);
    int lines = 0;
    for (char *line = text; *line != '\0'; line = end + 1, lines++)
        if (strtol(line, &end, 10) != first || *end != '\n')
            break;
    bool whole = lines == count && bytes > 0 && text[bytes - 1] == '\n';
    lots_free(text);
    *out = (int)first;
    return whole ? LOTS_OK : lots_fail(&at->err, LOTS_CORRUPT, "'%s': line %d is wrong", path, lines + 1);
}

static lots_status query_store(store *at, int *out)
{
    char path[4096];
    int current;
    LOTS_TRY(read_lines(at, path_of(at, "CURRENT", -1, path), 1, &current));
    return read_lines(at, path_of(at, "data", current, path), LINES, out);
}

static lots_status point_at(store *at, int number)
{
    char path[4096], fresh[4096];
    path_of(at, "CURRENT", -1, path);
    if (has_flaw(at, "points_in_place")) {
        LOTS_TRY(lots_path_remove(path, &at->err));
        LOTS_TRY(write_lines(at, path, number, 1));
    } else {
        LOTS_TRY(write_lines(at, path_of(at, "CURRENT.new", -1, fresh), number, 1));
        LOTS_TRY(lots_path_rename(fresh, path, &at->err));
    }
    return has_flaw(at, "syncs_no_folder") ? LOTS_OK : lots_directory_sync(at->folder, &at->err);
}

static lots_status publish(store *at, int number)
{
    char path[4096], old[4096];
    path_of(at, "data", number, path);
    path_of(at, "data", number - 1, old);
    if (!has_flaw(at, "trips_over_leftovers")) {
        LOTS_TRY(lots_path_remove(path, &at->err));
        LOTS_TRY(lots_path_remove(path_of(at, "CURRENT.new", -1, (char[4096]){0}), &at->err));
    }
    LOTS_TRY(write_lines(at, path, number, LINES));
    LOTS_TRY(lots_directory_sync(at->folder, &at->err));
    if (has_flaw(at, "removes_too_early"))
        LOTS_TRY(lots_path_remove(old, &at->err));
    LOTS_TRY(point_at(at, number));
    return lots_path_remove(old, &at->err);
}

static lots_status run(store *at, const char *command)
{
    int number = 0;
    if (strcmp(command, "make") == 0) {
        LOTS_TRY(lots_directory_create(at->folder, false, &at->err));
        return publish(at, 1);
    }
    LOTS_TRY(query_store(at, &number));
    if (strcmp(command, "publish") == 0)
        return publish(at, number + 1);
    if (strcmp(command, "query") == 0)
        printf("all say %d\n", number);
    return LOTS_OK;
}

int main(int count, char **words)
{
    if (count < 3)
        return 2;
    store at = {.folder = words[2], .flaw = count > 3 ? words[3] : ""};
    lots_status status = run(&at, words[1]);
    if (status != LOTS_OK)
        fprintf(stderr, "two_versions: %s\n", at.err.text);
    return lots_status_exit_code(status);
}
