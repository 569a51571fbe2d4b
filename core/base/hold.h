/* hold.h: shared holds on a file, by which readers say "still in use" to a writer who would remove something.
 * A hold is an advisory flock: the kernel drops it when the process dies, and it needs no right to write.
 * Callers: core/store. Threads: a hold belongs to one owner at a time. */
#ifndef LOTS_HOLD_H
#define LOTS_HOLD_H

#include "core/base/os.h"

/* Hold an existing file together with others. *held is false, and nothing is open, when the file is absent or someone
 * has it alone. Errors: LOTS_IO when the file system can't lock, or the file can't be opened for reading. */
LOTS_MUST lots_status lots_hold_share(lots_file *hold, const char *path, bool *held, lots_error *err);
/* Have an existing file alone. *held is false, and nothing is open, when anyone holds it; true, and nothing is open, when
 * it is absent. Never waits. Errors: LOTS_IO. */
LOTS_MUST lots_status lots_hold_alone(lots_file *hold, const char *path, bool *held, lots_error *err);
/* Let go. Of a closed or zero-initialised-by-LOTS_FILE_CLOSED hold: nothing happens. */
void lots_hold_release(lots_file *hold);

#endif
