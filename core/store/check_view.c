/* check_view.c: see check_view.h. */
#include "core/store/check_view.h"

#include "core/base/memory.h"
#include "core/store/registry_hold.h"
#include "core/store/stored_file.h"

/* Damage is told, and the check goes on; anything else ends it. *good: there was none. */
static lots_status tell_damage(lots_status status, const lots_error *found, const char *file, check_told told,
                               void *context, bool *good, lots_error *err)
{
    *good = status == LOTS_OK;
    if (status == LOTS_OK)
        return LOTS_OK;
    if (status == LOTS_CORRUPT) {
        told(context, file, found->text);
        return LOTS_OK;
    }
    if (err != NULL)
        *err = *found;
    return status;
}

static lots_status open_dictionary(check_view *view, const char *path, size_t index, check_told told, void *context,
                                   lots_error *err)
{
    const lots_file_facts *facts = &LOTS_AT(lots_file_facts, &view->facts.dictionaries, index);
    lots_dictionary *dictionary = NULL;
    lots_error found;
    char label[160];
    bool good;
    lots_folder_label(label, LOTS_FOLDER_DICTIONARIES, facts->number, facts->name);
    lots_status status = lots_stored_dictionary(path, facts, &dictionary, &found);
    LOTS_TRY(tell_damage(status, &found, label, told, context, &good, err));
    if (good && index == 0) {
        view->codes = dictionary;
    } else if (good) {
        view->domains[view->domain_count] = dictionary;
        view->domain_names[view->domain_count++] = facts->name;
    }
    return LOTS_OK;
}

static lots_status open_dictionaries(check_view *view, const char *path, check_told told, void *context,
                                     lots_error *err)
{
    size_t count = view->facts.dictionaries.count;
    void *items;
    LOTS_TRY(lots_alloc(&items, count, sizeof(lots_dictionary *), err));
    view->domains = items;
    LOTS_TRY(lots_alloc(&items, count, sizeof(char *), err));
    view->domain_names = items;
    for (size_t i = 0; i < count; i++)
        LOTS_TRY(open_dictionary(view, path, i, told, context, err));
    return LOTS_OK;
}

static lots_status find_identities(check_view *view, const char *path, const char *given, lots_error *err)
{
    const char *setting = lots_generation_setting(&view->facts, "identities");
    const char *folder = given != NULL ? given : setting;
    if (folder == NULL)
        return lots_folder_path(&view->identities, path, LOTS_FOLDER_IDENTITIES, err);
    return lots_text_copy(&view->identities, folder, strlen(folder), err);
}

static lots_status open_parts(check_view *view, const char *path, const char *identities, check_told told,
                              void *context, lots_error *err)
{
    lots_error found;
    lots_status status =
        lots_schema_load(view->facts.schema, view->facts.schema_bytes, &view->schema, &found);
    LOTS_TRY(tell_damage(status, &found, LOTS_CATALOG_FILE, told, context, &view->has_schema, err));
    LOTS_TRY(open_dictionaries(view, path, told, context, err));
    return find_identities(view, path, identities, err);
}

lots_status lots_check_view_open(check_view *view, const char *path, uint64_t id, const char *identities,
                                 check_told told, void *context, bool *opened, lots_error *err)
{
    lots_error found;
    *view = (check_view){.hold = LOTS_FILE_CLOSED};
    *opened = false;
    lots_generation_init(&view->facts);
    lots_status status = lots_registry_hold(path, id, &view->facts, &view->hold, &found);
    LOTS_TRY(tell_damage(status, &found, LOTS_CATALOG_FILE, told, context, opened, err));
    if (!*opened)
        return LOTS_OK;
    status = open_parts(view, path, identities, told, context, err);
    if (status != LOTS_OK)
        lots_check_view_close(view);
    return status;
}

void lots_check_view_close(check_view *view)
{
    for (uint32_t i = 0; i < view->domain_count; i++)
        lots_dictionary_close(view->domains[i]);
    lots_dictionary_close(view->codes);
    lots_free(view->domains);
    lots_free(view->domain_names);
    lots_free(view->identities);
    lots_schema_free(&view->schema);
    lots_generation_free(&view->facts);
    lots_hold_release(&view->hold);
}
