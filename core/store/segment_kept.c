/* segment_kept.c: what question after question asks for is kept decoded. One question alone would only pay for it, so it is kept when it
 * has been asked for by several, and only as far as the registry's budget goes: beyond it everything is decoded as before.
 * See segment_kept.h. */
#include "core/store/segment_kept.h"

enum { KEPT_AFTER = 4, REFUSED = UINT8_MAX };

/* Of a file of some megabytes as much is kept. Without memory nothing is, nor without a budget. */
static lots_rooms *open_rooms(const lots_segment *segment, lots_budget *budget)
{
    lots_rooms *rooms = NULL;
    if (budget == NULL || lots_rooms_open(&rooms, budget, segment->bytes >= LOTS_LARGE_PAGE, NULL) != LOTS_OK)
        return NULL;
    return rooms;
}

void lots_segment_keep(lots_segment *segment, lots_budget *budget) { segment->keep = open_rooms(segment, budget); }

void lots_segment_keep_by_day(lots_segment *segment, lots_budget *budget) { segment->keep_by_day = open_rooms(segment, budget); }

bool lots_kept_is_due(lots_kept *kept)
{
    const uint8_t asked = atomic_load_explicit(&kept->asked, memory_order_relaxed);
    if (asked + 1 >= KEPT_AFTER)
        return asked != REFUSED;
    atomic_fetch_add_explicit(&kept->asked, 1, memory_order_relaxed);
    return false;
}

void lots_kept_refuse(lots_kept *kept) { atomic_store_explicit(&kept->asked, REFUSED, memory_order_relaxed); }

void *lots_kept_put(lots_kept *kept, void *made)
{
    void *other = NULL;
    if (made == NULL)
        return lots_kept_get(kept);
    const bool first = atomic_compare_exchange_strong_explicit(&kept->made, &other, made, memory_order_acq_rel, memory_order_acquire);
    return first ? made : other;
}

lots_kept *lots_kept_load(_Atomic(lots_kept *) *at, lots_rooms *rooms, size_t count)
{
    lots_kept *found = atomic_load_explicit(at, memory_order_acquire), *other = NULL;
    if (found != NULL || rooms == NULL || count > SIZE_MAX / sizeof *found)
        return found;
    found = lots_rooms_take(rooms, count * sizeof *found);
    if (found != NULL && !atomic_compare_exchange_strong_explicit(at, &other, found, memory_order_acq_rel, memory_order_acquire))
        found = other;
    return found;
}

static size_t bytes_of(uint32_t count) { return count * sizeof(uint16_t) + LOTS_KEPT_SLACK; }

bool lots_kept_has_narrow_room(const lots_rooms *rooms, uint32_t count) { return lots_rooms_left(rooms) >= bytes_of(count); }

uint16_t *lots_kept_put_narrow(lots_kept *kept, lots_rooms *rooms, const uint32_t *numbers, uint32_t count, uint32_t least)
{
    uint16_t *narrow = lots_kept_get(kept) == NULL ? lots_rooms_take(rooms, bytes_of(count)) : NULL;
    for (uint32_t i = 0; narrow != NULL && i < count; i++)
        narrow[i] = (uint16_t)(numbers[i] - least);
    return lots_kept_put(kept, narrow);
}
