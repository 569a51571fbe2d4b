/* rooms.h: memory that is taken bit by bit, counted by a budget, and given back all at once. Rooms lie side by side in pieces of 2 MB which
 * the system is asked to map by one page each: to find pages of 4 KB takes a third of the time in which long arrays are read from end to
 * end. Of what is small, or when the budget has no such piece left, a piece is one room.
 * Threads: rooms may be taken by any at once. Callers: core/store (what is kept decoded). */
#ifndef LOTS_ROOMS_H
#define LOTS_ROOMS_H

#include "core/base/budget.h"

typedef struct lots_rooms lots_rooms;

/* `large`: as much may be taken as to fill some pieces. The budget is borrowed. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_rooms_open(lots_rooms **out, lots_budget *budget, bool large, lots_error *err);
/* Zeroed memory of `bytes` bytes, for any type, until the rooms are closed. NULL: there is none, or it is beyond the budget. */
void *lots_rooms_take(lots_rooms *rooms, size_t bytes);
/* How much the budget has left at least, pieces that are taken already not counted. */
size_t lots_rooms_left(const lots_rooms *rooms);
/* All goes; NULL does nothing. */
void lots_rooms_close(lots_rooms *rooms);

#endif
