/* rooms.c: see rooms.h. Invariant: what is left of the piece begun last is at `next`; the others are full, or one room. */
#include "core/base/rooms.h"

#include <pthread.h>
#include <string.h>

#include "core/base/memory.h"

#define ALIGN ((size_t)64)
#define PIECE LOTS_LARGE_PAGE

typedef struct piece { /* at its own beginning, in ALIGN bytes */
    struct piece *before;
    size_t bytes;
} piece;
_Static_assert(sizeof(piece) <= ALIGN, "rooms begin behind the piece's own words");

struct lots_rooms {
    pthread_mutex_t lock;
    lots_budget *budget;
    bool large;
    piece *last;
    char *next;
    size_t left;
};

lots_status lots_rooms_open(lots_rooms **out, lots_budget *budget, bool large, lots_error *err)
{
    void *room = NULL;
    *out = NULL;
    LOTS_TRY(lots_alloc(&room, 1, sizeof(lots_rooms), err));
    *out = room;
    (*out)->budget = budget;
    (*out)->large = large;
    pthread_mutex_init(&(*out)->lock, NULL);
    return LOTS_OK;
}

/* Behind its own words; NULL: it can't be had. */
static char *new_piece(lots_rooms *rooms, size_t bytes)
{
    void *room = NULL;
    if (lots_budget_left(rooms->budget) < bytes || lots_budget_take(rooms->budget, bytes, NULL) != LOTS_OK)
        return NULL;
    if (lots_alloc_pages(&room, bytes, NULL) != LOTS_OK) {
        lots_budget_give(rooms->budget, bytes);
        return NULL;
    }
    piece *made = room;
    *made = (piece){rooms->last, bytes};
    rooms->last = made;
    return (char *)room + ALIGN;
}

static void *take(lots_rooms *rooms, size_t bytes)
{
    if (bytes > rooms->left && rooms->large && bytes <= PIECE / 4) {
        char *begun = new_piece(rooms, PIECE);
        rooms->next = begun != NULL ? begun : rooms->next;
        rooms->left = begun != NULL ? PIECE - ALIGN : rooms->left;
    }
    if (bytes > rooms->left)
        return new_piece(rooms, bytes + ALIGN);
    char *room = rooms->next;
    rooms->next += bytes;
    rooms->left -= bytes;
    return room;
}

void *lots_rooms_take(lots_rooms *rooms, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    pthread_mutex_lock(&rooms->lock);
    void *room = take(rooms, (bytes + ALIGN - 1) / ALIGN * ALIGN);
    pthread_mutex_unlock(&rooms->lock);
    if (room != NULL)
        memset(room, 0, bytes);
    return room;
}

size_t lots_rooms_left(const lots_rooms *rooms) { return lots_budget_left(rooms->budget); }

void lots_rooms_close(lots_rooms *rooms)
{
    if (rooms == NULL)
        return;
    for (piece *at = rooms->last, *before; at != NULL; at = before) {
        before = at->before;
        lots_budget_give(rooms->budget, at->bytes);
        lots_free(at);
    }
    pthread_mutex_destroy(&rooms->lock);
    lots_free(rooms);
}
