/* segment_kept.h: what the files that keep something decoded share: segment_kept.c, segment_kept_amounts.c,
 * segment_kept_lists.c, segment_kept_years.c, segment_kept_posted.c, segment_kept_ids.c. Nobody else includes this. */
#ifndef LOTS_SEGMENT_KEPT_H
#define LOTS_SEGMENT_KEPT_H

#include "core/base/memory.h"
#include "core/store/segment_file.h"

enum { LOTS_KEPT_SLACK = 64 }; /* bytes after what is kept that kernels may read */

/* It is asked for once more: often enough to be kept? */
bool lots_kept_is_asked_often(_Atomic uint8_t *asked);
/* Room of the budget; NULL: there is none. */
void *lots_kept_room(lots_budget *budget, size_t bytes);
/* Give room back; of NULL nothing. */
void lots_kept_drop(lots_budget *budget, void *room, size_t bytes);
/* Numbers less the least, none of which is greater than 16 bits, are kept, where the budget has room. Two threads may both keep them:
 * what the later one made is dropped. */
void lots_kept_keep(lots_budget *budget, lots_kept_numbers *kept, const uint32_t *numbers, uint32_t count, uint32_t least);
/* Is there room for so many? */
bool lots_kept_has_room(const lots_budget *budget, uint32_t count);
/* What is kept of a column's amounts, of them by year, and of its postings, goes. */
void lots_segment_drop_amounts(const lots_segment *segment, lots_segment_column *column);
void lots_segment_drop_years(const lots_segment *segment, lots_segment_column *column);
void lots_segment_drop_posted(const lots_segment *segment, lots_segment_column *column);
/* What is kept of a file's column's ids goes. */
void lots_segment_drop_ids(const lots_segment *segment, const lots_segment_stream *stream, const lots_layout_column *column);
/* What is kept of a column's lists goes. */
void lots_segment_drop_lists(const lots_segment *segment, lots_segment_column *column);

#endif
