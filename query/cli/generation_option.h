/* generation_option.h: --generation of several commands: a number, or the name of a pin. */
#ifndef LOTS_CLI_GENERATION_OPTION_H
#define LOTS_CLI_GENERATION_OPTION_H

#include "core/base/status.h"

/* `value` NULL: 0, the current one. Errors: LOTS_USAGE when no pin has the name; LOTS_IO, LOTS_CORRUPT of the registry. */
LOTS_MUST lots_status lots_generation_option(const char *registry_path, const char *value, uint64_t *out, lots_error *err);

#endif
