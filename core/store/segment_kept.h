/* segment_kept.h: what the files that keep something decoded share: segment_kept.c, segment_kept_amounts.c,
 * segment_kept_lists.c, segment_kept_years.c, segment_kept_posted.c, segment_kept_ids.c. Nobody else includes this. */
#ifndef LOTS_SEGMENT_KEPT_H
#define LOTS_SEGMENT_KEPT_H

#include "core/base/memory.h"
#include "core/store/segment_file.h"

enum { LOTS_KEPT_SLACK = 64 }; /* bytes after what is kept that kernels may read */

/* It is asked for once more: often enough to be kept? */
bool lots_kept_is_asked_often(_Atomic uint8_t *asked);
/* Numbers less the least, none of which is greater than 16 bits, are kept, where the budget has room. Two threads may both keep them:
 * what the later one made is never read. */
void lots_kept_keep(lots_rooms *rooms, lots_kept_numbers *kept, const uint32_t *numbers, uint32_t count, uint32_t least);
/* Is there room for so many? */
bool lots_kept_has_room(const lots_rooms *rooms, uint32_t count);

#endif
