/* registry_sweep.c: removing what no kept generation names: files of dead writers and of generations let go. Only files
 * named as ours are are touched. A generation that a reader holds (registry_hold.c) stays until a later sweep. */
#include "core/base/hold.h"
#include "core/base/memory.h"
#include "core/store/registry_writer_inner.h"

/* ---- files ---- */

static bool is_among(const lots_vec *numbers, uint64_t number)
{
    size_t low = 0, high = numbers->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t found = LOTS_AT(uint64_t, numbers, middle);
        if (found == number)
            return true;
        if (found < number)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static lots_status sweep_names(const char *folder_path, lots_folder folder, char **names, size_t count,
                               const lots_vec *kept, lots_error *err)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        char *path;
        if (!lots_folder_parse(folder, names[i], &number) || is_among(kept, number))
            continue;
        LOTS_TRY(lots_path_join(&path, folder_path, names[i], err));
        lots_status status = lots_path_remove(path, err);
        lots_free(path);
        LOTS_TRY(status);
    }
    return LOTS_OK;
}

static lots_status sweep_folder(const char *folder_path, lots_folder folder, const lots_vec *kept, lots_error *err)
{
    char **names;
    size_t count;
    if (!lots_path_is_directory(folder_path))
        return LOTS_OK;
    LOTS_TRY(lots_directory_list(folder_path, &names, &count, err));
    lots_status status = sweep_names(folder_path, folder, names, count, kept, err);
    lots_names_free(names, count);
    return status;
}

static lots_status sweep_folders(const char *path, const char *identities, const lots_vec kept[LOTS_FOLDER_COUNT],
                                 lots_error *err)
{
    for (int i = 0; i < LOTS_FOLDER_COUNT; i++) {
        lots_folder folder = (lots_folder)i;
        char *folder_path;
        if (folder == LOTS_FOLDER_IDENTITIES)
            LOTS_TRY(lots_text_copy(&folder_path, identities, strlen(identities), err));
        else
            LOTS_TRY(lots_folder_path(&folder_path, path, folder, err));
        lots_status status = sweep_folder(folder_path, folder, &kept[i], err);
        lots_free(folder_path);
        LOTS_TRY(status);
    }
    return LOTS_OK;
}

lots_status lots_registry_sweep_files(const char *path, const char *identities, bool born, lots_error *err)
{
    lots_vec kept[LOTS_FOLDER_COUNT];
    lots_status status = LOTS_OK;
    for (int i = 0; i < LOTS_FOLDER_COUNT; i++)
        kept[i] = LOTS_VEC(uint64_t);
    if (born)
        status = lots_catalog_numbers(path, kept, err);
    if (status == LOTS_OK)
        status = sweep_folders(path, identities, kept, err);
    for (int i = 0; i < LOTS_FOLDER_COUNT; i++)
        lots_vec_free(&kept[i]);
    return status;
}

/* ---- generations ---- */

typedef struct sweep {
    const char *path;
    lots_vec generations, pins; /* uint64_t, lots_pin */
    uint64_t current;
    lots_vec leaving;           /* uint64_t: to be removed */
    lots_vec holds;             /* lots_file: theirs, had alone until their files are gone */
} sweep;

static bool is_pinned(const sweep *state, uint64_t generation)
{
    for (size_t i = 0; i < state->pins.count; i++)
        if (LOTS_AT(lots_pin, &state->pins, i).generation == generation)
            return true;
    return false;
}

/* Mark the generation as leaving when nobody reads it. */
static lots_status try_leave(sweep *state, uint64_t generation, lots_error *err)
{
    lots_file hold;
    bool alone;
    char *folder, *file;
    LOTS_TRY(lots_folder_path(&folder, state->path, LOTS_FOLDER_READERS, err));
    lots_status status = lots_folder_file(&file, folder, LOTS_FOLDER_READERS, generation, NULL, err);
    lots_free(folder);
    LOTS_TRY(status);
    status = lots_hold_alone(&hold, file, &alone, err);
    lots_free(file);
    LOTS_TRY(status);
    if (!alone)
        return LOTS_OK;
    status = lots_vec_push(&state->holds, &hold, err);
    if (status != LOTS_OK) {
        lots_hold_release(&hold);
        return status;
    }
    return lots_vec_push(&state->leaving, &generation, err);
}

static lots_status find_leaving(sweep *state, lots_error *err)
{
    LOTS_TRY(lots_catalog_kept(state->path, &state->generations, &state->pins, &state->current, err));
    for (size_t i = 0; i < state->generations.count; i++) {
        uint64_t generation = LOTS_AT(uint64_t, &state->generations, i);
        if (generation != state->current && !is_pinned(state, generation))
            LOTS_TRY(try_leave(state, generation, err));
    }
    return LOTS_OK;
}

lots_status lots_registry_sweep(const char *path, const char *identities, lots_error *err)
{
    sweep state = {path, LOTS_VEC(uint64_t), LOTS_VEC(lots_pin), 0, LOTS_VEC(uint64_t), LOTS_VEC(lots_file)};
    lots_status status = find_leaving(&state, err);
    if (status == LOTS_OK && state.leaving.count > 0)
        status = lots_catalog_forget(path, state.leaving.data, state.leaving.count, err);
    if (status == LOTS_OK)
        status = lots_registry_sweep_files(path, identities, true, err);
    for (size_t i = 0; i < state.holds.count; i++)
        lots_hold_release(&LOTS_AT(lots_file, &state.holds, i));
    lots_vec_free(&state.generations);
    lots_vec_free(&state.pins);
    lots_vec_free(&state.leaving);
    lots_vec_free(&state.holds);
    return status;
}
