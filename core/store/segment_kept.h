/* segment_kept.h: how something of a chunk is kept decoded, as the files that keep something share it: segment_kept_numbers.c,
 * segment_kept_rows.c, segment_kept_amounts.c, segment_kept_lists.c, segment_kept_years.c, segment_kept_by_day.c,
 * segment_kept_posted.c, segment_kept_ids.c, segment_places.c. Nobody else includes this.
 *
 * What is kept is a form of the data, never of a question: whole, one piece of memory from the segment's rooms, published once and lent as
 * long as the segment is open. Two threads may both make it; what the later one made is never read. */
#ifndef LOTS_SEGMENT_KEPT_H
#define LOTS_SEGMENT_KEPT_H

#include "core/base/memory.h"
#include "core/store/segment_file.h"

enum { LOTS_KEPT_SLACK = 64 }; /* bytes after what is kept that kernels may read */

/* NULL: it isn't kept yet. */
static inline void *lots_kept_get(const lots_kept *kept) { return atomic_load_explicit(&kept->made, memory_order_acquire); }

/* It is asked for once more: often enough to be kept? */
bool lots_kept_is_due(lots_kept *kept);
/* It was made, or couldn't be: NULL. What is kept now, maybe another thread's. */
void *lots_kept_put(lots_kept *kept, void *made);
/* It can't be kept, and is never due again. */
void lots_kept_refuse(lots_kept *kept);
/* What `at` has, `count` not kept as yet when it is asked for first. NULL: there is no room for them; `rooms` may be NULL too. */
lots_kept *lots_kept_load(_Atomic(lots_kept *) *at, lots_rooms *rooms, size_t count);

/* Numbers less the least, none of which is greater than 16 bits, as uint16_t with slack: what is kept now. */
uint16_t *lots_kept_put_narrow(lots_kept *kept, lots_rooms *rooms, const uint32_t *numbers, uint32_t count, uint32_t least);
/* Is there room for so many? */
bool lots_kept_has_narrow_room(const lots_rooms *rooms, uint32_t count);

#endif
