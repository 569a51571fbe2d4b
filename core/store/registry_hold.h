/* registry_hold.h: finding a generation and holding it against removal while it is read. Private to core/store. */
#ifndef LOTS_REGISTRY_HOLD_H
#define LOTS_REGISTRY_HOLD_H

#include "core/base/hold.h"
#include "core/store/generation.h"

/* LOTS_IO, saying what a registry is, unless there is one with a catalog at `path`. */
LOTS_MUST lots_status lots_registry_find(const char *path, lots_error *err);
/* Read a generation (0: the current one) into `out`, freed by the caller on LOTS_OK. `hold` is taken on it, and is closed
 * (fd -1) where the file system has no locks or the file readers/N is not there: whoever then needs a file must have it
 * open before someone writes. Errors: as lots_registry_open. */
LOTS_MUST lots_status lots_registry_hold(const char *path, uint64_t wanted, lots_generation *out, lots_file *hold,
                                         lots_error *err);

#endif
