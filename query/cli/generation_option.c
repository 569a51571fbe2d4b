/* generation_option.c: see generation_option.h. */
#include "query/cli/generation_option.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/store/registry.h"
#include "query/cli/options.h"

lots_status lots_generation_option(const char *registry_path, const char *value, uint64_t *out, lots_error *err)
{
    lots_pin *pins = NULL;
    size_t count = 0;
    *out = 0;
    if (value == NULL)
        return LOTS_OK;
    if (value[0] != '\0' && strspn(value, "0123456789") == strlen(value))
        return lots_option_number("generation", value, INT64_MAX, out, err);
    LOTS_TRY(lots_registry_pins(registry_path, &pins, &count, err));
    for (size_t i = 0; i < count; i++)
        if (strcmp(pins[i].name, value) == 0)
            *out = pins[i].generation;
    lots_free(pins);
    if (*out == 0)
        return lots_fail(err, LOTS_USAGE, "no generation is kept under the name '%s'", value);
    return LOTS_OK;
}
