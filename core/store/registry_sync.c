/* registry_sync.c: everything that a generation names is on the disk before the catalog names it. The writers of files only
 * write; here all files made since the writer began are synced at once, on the threads there are, and then the folders they
 * lie in. One sync after each file would let a processor wait for the disk again and again.
 * Invariant: after LOTS_OK neither a file nor its name can be lost by a power cut. Caller: registry_publish.c. */
#include "core/base/memory.h"
#include "core/store/registry_writer_inner.h"

/* ---- files ---- */

static lots_status add_file(lots_vec *paths, const char *folder_path, lots_folder folder, uint64_t number,
                            const char *name, lots_error *err)
{
    char *path;
    LOTS_TRY(lots_folder_file(&path, folder_path, folder, number, name, err));
    lots_status status = lots_vec_push(paths, &path, err);
    if (status != LOTS_OK)
        lots_free(path);
    return status;
}

/* The new ones of these files. */
static lots_status add_stored(lots_vec *paths, const lots_registry_writer *writer, lots_folder folder,
                              const lots_vec *files, lots_error *err)
{
    char *folder_path;
    LOTS_TRY(lots_folder_path(&folder_path, writer->path, folder, err));
    lots_status status = LOTS_OK;
    for (size_t i = 0; status == LOTS_OK && i < files->count; i++) {
        const lots_file_facts *file = &LOTS_AT(lots_file_facts, files, i);
        if (file->number >= writer->facts.next_number)
            status = add_file(paths, folder_path, folder, file->number, file->name, err);
    }
    lots_free(folder_path);
    return status;
}

/* A segment's file of ids, unless it was made without. */
static lots_status add_identity(lots_vec *paths, const lots_registry_writer *writer, uint64_t number, lots_error *err)
{
    LOTS_TRY(add_file(paths, writer->identities, LOTS_FOLDER_IDENTITIES, number, NULL, err));
    char *path = LOTS_AT(char *, paths, paths->count - 1);
    if (lots_path_exists(path))
        return LOTS_OK;
    lots_free(path);
    paths->count--;
    return LOTS_OK;
}

static lots_status add_segments(lots_vec *paths, const lots_registry_writer *writer, const lots_generation *next,
                                lots_error *err)
{
    char *folder;
    LOTS_TRY(lots_folder_path(&folder, writer->path, LOTS_FOLDER_SEGMENTS, err));
    lots_status status = LOTS_OK;
    for (size_t i = 0; status == LOTS_OK && i < next->segments.count; i++) {
        uint64_t number = LOTS_AT(lots_segment_facts, &next->segments, i).entry.id;
        if (lots_generation_segment(&writer->facts, number) != NULL)
            continue;
        status = add_file(paths, folder, LOTS_FOLDER_SEGMENTS, number, NULL, err);
        if (status == LOTS_OK)
            status = add_identity(paths, writer, number, err);
    }
    lots_free(folder);
    return status;
}

static lots_status add_readers(lots_vec *paths, const lots_registry_writer *writer, const lots_generation *next,
                               lots_error *err)
{
    char *folder;
    LOTS_TRY(lots_folder_path(&folder, writer->path, LOTS_FOLDER_READERS, err));
    lots_status status = add_file(paths, folder, LOTS_FOLDER_READERS, next->id, NULL, err);
    lots_free(folder);
    return status;
}

static lots_status list_files(lots_vec *paths, const lots_registry_writer *writer, const lots_generation *next,
                              lots_error *err)
{
    LOTS_TRY(add_segments(paths, writer, next, err));
    LOTS_TRY(add_stored(paths, writer, LOTS_FOLDER_DICTIONARIES, &next->dictionaries, err));
    LOTS_TRY(add_stored(paths, writer, LOTS_FOLDER_TABLES, &next->tables, err));
    return add_readers(paths, writer, next, err);
}

static lots_status sync_task(void *context, size_t task, unsigned worker, lots_error *err)
{
    const lots_vec *paths = context;
    (void)worker;
    return lots_path_sync(LOTS_AT(char *, paths, task), err);
}

static lots_status sync_paths(lots_vec *paths, lots_pool *pool, lots_error *err)
{
    if (pool != NULL)
        return lots_pool_run(pool, paths->count, sync_task, paths, NULL, err);
    for (size_t i = 0; i < paths->count; i++)
        LOTS_TRY(sync_task(paths, i, 0, err));
    return LOTS_OK;
}

static lots_status sync_files(const lots_registry_writer *writer, const lots_generation *next, lots_pool *pool,
                              lots_error *err)
{
    lots_vec paths = LOTS_VEC(char *);
    lots_status status = list_files(&paths, writer, next, err);
    if (status == LOTS_OK)
        status = sync_paths(&paths, pool, err);
    for (size_t i = 0; i < paths.count; i++)
        lots_free(LOTS_AT(char *, &paths, i));
    lots_vec_free(&paths);
    return status;
}

/* ---- folders ---- */

static lots_status sync_folders(const lots_registry_writer *writer, lots_error *err)
{
    for (int i = 0; i < LOTS_FOLDER_COUNT; i++) {
        char *folder;
        LOTS_TRY(lots_folder_path(&folder, writer->path, (lots_folder)i, err));
        lots_status status = lots_directory_sync(folder, err);
        lots_free(folder);
        LOTS_TRY(status);
    }
    LOTS_TRY(lots_directory_sync(writer->identities, err));
    return lots_directory_sync(writer->path, err);
}

/* The folder in which a new registry's directory was made. */
static lots_status sync_parent(const char *path, lots_error *err)
{
    char *above;
    LOTS_TRY(lots_path_join(&above, path, "..", err));
    lots_status status = lots_directory_sync(above, err);
    lots_free(above);
    return status;
}

lots_status lots_registry_sync(const lots_registry_writer *writer, const lots_generation *next, lots_pool *pool,
                               lots_error *err)
{
    LOTS_TRY(sync_files(writer, next, pool, err));
    LOTS_TRY(sync_folders(writer, err));
    return writer->base == NULL ? sync_parent(writer->path, err) : LOTS_OK;
}
