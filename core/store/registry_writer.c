/* registry_writer.c: the life of the one writer: begin takes the lock and clears away what dead writers left, new_segment
 * gives out numbers, end lets go. The step between, making a generation current, is registry_publish.c.
 *
 *   begin --(files written by the caller)--> publish --> end
 *   A process killed anywhere leaves the generation there was, and files that nothing names, for the next begin. */
#include "core/base/memory.h"
#include "core/store/registry_hold.h"
#include "core/store/registry_writer_inner.h"

/* ---- the directory ---- */

/* What a writer may have left of a registry that was never published. */
static bool is_ours(const char *name)
{
    if (strcmp(name, LOTS_LOCK_FILE) == 0 || strncmp(name, LOTS_CATALOG_FILE, strlen(LOTS_CATALOG_FILE)) == 0)
        return true;
    for (int i = 0; i < LOTS_FOLDER_COUNT; i++)
        if (strcmp(name, lots_folder_name((lots_folder)i)) == 0)
            return true;
    return false;
}

/* A directory of other things must not be taken for a registry. */
static lots_status check_unborn(const char *path, lots_error *err)
{
    char **names;
    size_t count, foreign = 0;
    LOTS_TRY(lots_directory_list(path, &names, &count, err));
    while (foreign < count && is_ours(names[foreign]))
        foreign++;
    lots_status status = LOTS_OK;
    if (foreign < count)
        status = lots_fail(err, LOTS_USAGE, "'%s' exists and is no registry: it holds '%s'", path, names[foreign]);
    lots_names_free(names, count);
    return status;
}

static lots_status has_catalog(const char *path, bool *out, lots_error *err)
{
    char *catalog;
    LOTS_TRY(lots_path_join(&catalog, path, LOTS_CATALOG_FILE, err));
    *out = lots_path_exists(catalog);
    lots_free(catalog);
    return LOTS_OK;
}

/* The directory is there, and is a registry or may become one. *born: it has been published. */
static lots_status prepare_directory(const char *path, bool create_only, bool *born, lots_error *err)
{
    *born = false;
    if (!lots_path_exists(path))
        return lots_directory_create(path, true, err);
    if (!lots_path_is_directory(path))
        return lots_fail(err, LOTS_USAGE, "'%s' is a file, not the directory of a registry", path);
    LOTS_TRY(has_catalog(path, born, err));
    if (!*born)
        return check_unborn(path, err);
    return create_only ? lots_fail(err, LOTS_USAGE, "registry '%s' already exists", path) : LOTS_OK;
}

static lots_status make_folders(const char *path, lots_error *err)
{
    for (int i = 0; i < LOTS_FOLDER_COUNT; i++) {
        char *folder;
        LOTS_TRY(lots_folder_path(&folder, path, (lots_folder)i, err));
        lots_status status = lots_directory_create(folder, true, err);
        lots_free(folder);
        LOTS_TRY(status);
    }
    return LOTS_OK;
}

static lots_status take_lock(const char *directory, lots_file *lock, lots_error *err)
{
    char *path;
    LOTS_TRY(lots_path_join(&path, directory, LOTS_LOCK_FILE, err));
    lots_status status = lots_lock_take(lock, path, "lots", err);
    lots_free(path);
    return status;
}

/* ---- begin ---- */

static lots_status choose_identities(lots_registry_writer *writer, lots_error *err)
{
    const char *folder = lots_generation_setting(&writer->facts, "identities");
    if (folder == NULL)
        return lots_folder_path(&writer->identities, writer->path, LOTS_FOLDER_IDENTITIES, err);
    return lots_text_copy(&writer->identities, folder, strlen(folder), err);
}

static lots_status open_base(lots_registry_writer *writer, lots_error *err)
{
    const lots_registry_options options = {0};
    bool found;
    LOTS_TRY(lots_catalog_require_sound(writer->path, err));
    LOTS_TRY(lots_registry_open(&writer->base, writer->path, &options, err));
    LOTS_TRY(lots_catalog_read(writer->path, lots_registry_generation(writer->base), &writer->facts, &found, err));
    if (!found)
        return lots_fail(err, LOTS_CORRUPT, "registry '%s' lost its current generation", writer->path);
    writer->next_number = writer->facts.next_number;
    LOTS_TRY(choose_identities(writer, err));
    return lots_registry_sweep(writer->path, writer->identities, err);
}

static lots_status begin(lots_registry_writer *writer, bool create_only, lots_error *err)
{
    bool born;
    LOTS_TRY(prepare_directory(writer->path, create_only, &born, err));
    LOTS_TRY(take_lock(writer->path, &writer->lock, err));
    /* Between the look and the lock another writer may have published. */
    LOTS_TRY(prepare_directory(writer->path, create_only, &born, err));
    LOTS_TRY(make_folders(writer->path, err));
    if (born)
        return open_base(writer, err);
    writer->next_number = 1;
    LOTS_TRY(choose_identities(writer, err));
    return lots_registry_sweep_files(writer->path, writer->identities, false, err);
}

static void close_writer(lots_registry_writer *writer)
{
    lots_registry_close(writer->base);
    lots_generation_free(&writer->facts);
    lots_lock_release(&writer->lock);
    pthread_mutex_destroy(&writer->mutex);
    lots_free(writer->identities);
    lots_free(writer->path);
    lots_free(writer);
}

lots_status lots_registry_begin(lots_registry_writer **out, const char *path, bool create_only, lots_registry **base,
                                lots_error *err)
{
    void *item;
    *out = NULL;
    *base = NULL;
    LOTS_TRY(lots_alloc(&item, 1, sizeof(lots_registry_writer), err));
    lots_registry_writer *writer = item;
    writer->lock = LOTS_FILE_CLOSED;
    if (pthread_mutex_init(&writer->mutex, NULL) != 0) {
        lots_free(writer);
        return lots_fail(err, LOTS_MEMORY, "out of memory: the lock of a writer");
    }
    lots_generation_init(&writer->facts);
    lots_status status = lots_text_copy(&writer->path, path, strlen(path), err);
    if (status == LOTS_OK)
        status = begin(writer, create_only, err);
    if (status != LOTS_OK) {
        close_writer(writer);
        return status;
    }
    *out = writer;
    *base = writer->base;
    return LOTS_OK;
}

lots_status lots_registry_place_identities(lots_registry_writer *writer, const char *folder, lots_error *err)
{
    char *copy;
    if (writer->base != NULL && strcmp(folder, writer->identities) == 0)
        return LOTS_OK;
    if (writer->base != NULL)
        return lots_fail(err, LOTS_USAGE, "registry '%s' has its identities already, in '%s'", writer->path,
                         writer->identities);
    if (folder[0] != '/')
        return lots_fail(err, LOTS_USAGE, "the folder of identities is given by its whole path, not as '%s'", folder);
    LOTS_TRY(lots_directory_create(folder, true, err));
    LOTS_TRY(lots_text_copy(&copy, folder, strlen(folder), err));
    lots_free(writer->identities);
    writer->identities = copy;
    writer->placed = true;
    return lots_registry_sweep_files(writer->path, folder, false, err);
}

/* ---- numbers ---- */

lots_status lots_registry_new_segment(lots_registry_writer *writer, uint64_t *id, char **segment_path,
                                      char **identity_path, lots_error *err)
{
    char *folder;
    *segment_path = *identity_path = NULL;
    pthread_mutex_lock(&writer->mutex);
    *id = writer->next_number++;
    pthread_mutex_unlock(&writer->mutex);
    LOTS_TRY(lots_folder_path(&folder, writer->path, LOTS_FOLDER_SEGMENTS, err));
    lots_status status = lots_folder_file(segment_path, folder, LOTS_FOLDER_SEGMENTS, *id, NULL, err);
    lots_free(folder);
    LOTS_TRY(status);
    status = lots_folder_file(identity_path, writer->identities, LOTS_FOLDER_IDENTITIES, *id, NULL, err);
    if (status != LOTS_OK) {
        lots_free(*segment_path);
        *segment_path = NULL;
    }
    return status;
}

/* ---- end ---- */

/* The generations before stay until the next begin, for who wants to pin one. Files that can't be removed now are removed
 * then too, so failures don't matter. */
void lots_registry_end(lots_registry_writer *writer)
{
    if (writer == NULL)
        return;
    bool born;
    lots_status status = has_catalog(writer->path, &born, NULL);
    if (status == LOTS_OK)
        status = lots_registry_sweep_files(writer->path, writer->identities, born, NULL);
    (void)status;
    close_writer(writer);
}

/* ---- pins ---- */

static lots_status check_pin_name(const char *name, lots_error *err)
{
    size_t bytes = strlen(name);
    if (bytes == 0 || bytes > LOTS_NAME_MAX)
        return lots_fail(err, LOTS_USAGE, "a pin's name has 1 to %u bytes, not %zu", LOTS_NAME_MAX, bytes);
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F)
            return lots_fail(err, LOTS_USAGE, "a pin's name holds a control character");
    if (strspn(name, "0123456789") == bytes)
        return lots_fail(err, LOTS_USAGE, "a pin's name of digits alone, '%s', would be taken for a generation's number", name);
    return LOTS_OK;
}

/* Not through begin, which would remove the very generation that is to be kept. */
lots_status lots_registry_pin(const char *path, const char *name, uint64_t generation, lots_error *err)
{
    lots_file lock;
    LOTS_TRY(check_pin_name(name, err));
    LOTS_TRY(lots_registry_find(path, err));
    LOTS_TRY(take_lock(path, &lock, err));
    lots_status status = lots_catalog_require_sound(path, err);
    if (status == LOTS_OK)
        status = lots_catalog_pin(path, name, generation, err);
    lots_lock_release(&lock);
    return status;
}

lots_status lots_registry_pins(const char *path, lots_pin **out, size_t *count, lots_error *err)
{
    lots_vec generations = LOTS_VEC(uint64_t), pins = LOTS_VEC(lots_pin);
    uint64_t current;
    *out = NULL;
    *count = 0;
    LOTS_TRY(lots_registry_find(path, err));
    lots_status status = lots_catalog_kept(path, &generations, &pins, &current, err);
    lots_vec_free(&generations);
    if (status == LOTS_OK) {
        *out = pins.data;
        *count = pins.count;
    } else {
        lots_vec_free(&pins);
    }
    return status;
}
