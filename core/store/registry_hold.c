/* registry_hold.c: a reader takes a shared hold on readers/N and only then reads generation N from the catalog; a writer
 * has readers/N alone before it removes N from the catalog, and removes files after. So a generation that is found while
 * held stays whole, and one that is not found has lost a race: the current one is then asked for again. */
#include "core/store/registry_hold.h"

#include "core/base/memory.h"
#include "core/store/catalog.h"

/* Each lost race means that a whole write was published meanwhile. */
enum { TRIES = 100 };

static const char what_it_is[] = "a registry is a directory with a catalog.sqlite, made by lots ingest or lots synth";

lots_status lots_registry_find(const char *path, lots_error *err)
{
    char *catalog;
    if (!lots_path_exists(path)) {
        lots_fail(err, LOTS_IO, "there is no registry at '%s'", path);
        lots_error_hint(err, "%s", what_it_is);
        return LOTS_IO;
    }
    LOTS_TRY(lots_path_join(&catalog, path, LOTS_CATALOG_FILE, err));
    bool found = lots_path_exists(catalog);
    lots_free(catalog);
    if (found)
        return LOTS_OK;
    lots_fail(err, LOTS_IO, "'%s' is no registry, or one whose first writing was never finished", path);
    lots_error_hint(err, "%s", what_it_is);
    return LOTS_IO;
}

/* *leaving: a writer is about to remove the generation. */
static lots_status hold_generation(const char *path, uint64_t id, lots_file *hold, bool *leaving, lots_error *err)
{
    char *folder, *file;
    bool held;
    LOTS_TRY(lots_folder_path(&folder, path, LOTS_FOLDER_READERS, err));
    lots_status status = lots_folder_file(&file, folder, LOTS_FOLDER_READERS, id, NULL, err);
    lots_free(folder);
    LOTS_TRY(status);
    status = lots_hold_share(hold, file, &held, err);
    *leaving = status == LOTS_OK && !held && lots_path_exists(file);
    lots_free(file);
    return status == LOTS_IO ? LOTS_OK : status;
}

static lots_status try_hold(const char *path, uint64_t id, lots_generation *out, lots_file *hold, bool *found,
                            lots_error *err)
{
    bool leaving;
    *found = false;
    LOTS_TRY(hold_generation(path, id, hold, &leaving, err));
    if (leaving)
        return LOTS_OK;
    lots_status status = lots_catalog_read(path, id, out, found, err);
    if (status != LOTS_OK || !*found)
        lots_hold_release(hold);
    return status;
}

lots_status lots_registry_hold(const char *path, uint64_t wanted, lots_generation *out, lots_file *hold,
                               lots_error *err)
{
    *hold = LOTS_FILE_CLOSED;
    LOTS_TRY(lots_registry_find(path, err));
    for (int i = 0; i < TRIES; i++) {
        uint64_t id = wanted;
        bool found;
        if (wanted == 0)
            LOTS_TRY(lots_catalog_current(path, &id, err));
        LOTS_TRY(try_hold(path, id, out, hold, &found, err));
        if (found)
            return LOTS_OK;
        if (wanted != 0)
            return lots_fail(err, LOTS_USAGE, "registry '%s' has no generation %ju", path, (uintmax_t)wanted);
    }
    return lots_fail(err, LOTS_IO, "registry '%s' is written to faster than it can be opened", path);
}
