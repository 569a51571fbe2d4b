/* folder.c: see folder.h. */
#include "core/store/folder.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/os.h"

static const struct folder_form {
    const char *name;
    const char *ending;
    bool named; /* N-NAME */
} forms[LOTS_FOLDER_COUNT] = {
    {"segments", ".seg", false}, {"identities", ".ids", false}, {"dictionaries", "", true},
    {"tables", "", true},        {"readers", "", false},
};

const char *lots_folder_name(lots_folder folder)
{
    return forms[folder].name;
}

static void format_entry(char out[128], lots_folder folder, uint64_t number, const char *name)
{
    const struct folder_form *form = &forms[folder];
    assert(form->named == (name != NULL));
    if (form->named)
        snprintf(out, 128, "%" PRIu64 "-%s", number, name);
    else
        snprintf(out, 128, "%" PRIu64 "%s", number, form->ending);
}

lots_status lots_folder_path(char **out, const char *directory, lots_folder folder, lots_error *err)
{
    return lots_path_join(out, directory, forms[folder].name, err);
}

lots_status lots_folder_file(char **out, const char *folder_path, lots_folder folder, uint64_t number,
                             const char *name, lots_error *err)
{
    char entry[128];
    format_entry(entry, folder, number, name);
    return lots_path_join(out, folder_path, entry, err);
}

void lots_folder_label(char out[160], lots_folder folder, uint64_t number, const char *name)
{
    char entry[128];
    format_entry(entry, folder, number, name);
    snprintf(out, 160, "%s/%s", forms[folder].name, entry);
}

/* Digits without leading zeros, at most 19 of them; the rest of `entry` begins at *rest. */
static bool parse_number(const char *entry, uint64_t *number, const char **rest)
{
    uint64_t value = 0;
    size_t digits = 0;
    for (; entry[digits] >= '0' && entry[digits] <= '9' && digits < 19; digits++)
        value = value * 10 + (uint64_t)(entry[digits] - '0');
    *number = value;
    *rest = entry + digits;
    return digits > 0 && entry[0] != '0';
}

bool lots_folder_parse(lots_folder folder, const char *entry, uint64_t *number)
{
    const char *rest;
    if (!parse_number(entry, number, &rest))
        return false;
    if (forms[folder].named)
        return rest[0] == '-' && rest[1] != '\0';
    return strcmp(rest, forms[folder].ending) == 0;
}
