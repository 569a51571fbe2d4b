/* art_node.c: the four kinds of node: finding, adding, removing and stepping through children, growing and shrinking;
 * and the memory of nodes and leaves. Knows nothing of keys beyond one byte. */
#include "core/index/art_node.h"

#include <assert.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/memory.h"

#define CHUNK_FIRST_BYTES 4096u
#define CHUNK_LAST_BYTES (1u << 20)

typedef struct node4 {
    lots_art_node head;
    uint8_t keys[4];
    lots_art_ref children[4];
} node4;

typedef struct node16 {
    lots_art_node head;
    uint8_t keys[16];
    lots_art_ref children[16];
} node16;

typedef struct node48 {
    lots_art_node head;
    uint8_t slot[256];
    lots_art_ref children[48];
} node48;

typedef struct node256 {
    lots_art_node head;
    lots_art_ref children[256];
} node256;

/* Shrink to the kind before when fewer than `least` remain; see the table in art_node.h. */
static const struct {
    size_t bytes;
    uint16_t least, most;
} kinds[LOTS_ART_KINDS] = {
    [LOTS_ART_4] = {sizeof(node4), 0, 4},
    [LOTS_ART_16] = {sizeof(node16), 4, 16},
    [LOTS_ART_48] = {sizeof(node48), 13, 48},
    [LOTS_ART_256] = {sizeof(node256), 38, 256},
};

static_assert(sizeof(node256) <= LOTS_ART_SMALL_MAX, "every node has a list of its own size");

/* What a piece of `bytes` takes from a chunk, and the list it returns to. */
static size_t piece_bytes(lots_art_memory_pool *pool, size_t bytes, void ***list)
{
    size_t rounded = (bytes + 7) & ~(size_t)7;
    if (rounded <= LOTS_ART_SMALL_MAX) {
        *list = &pool->small[rounded / 8];
        return rounded;
    }
    unsigned log2 = 12;
    while (((size_t)1 << log2) < rounded)
        log2++;
    assert(log2 < LOTS_ART_LARGE_LISTS);
    *list = &pool->large[log2];
    return (size_t)1 << log2;
}

/* Put a new chunk with room for `room_bytes` at the head of the list of chunks. */
static lots_status add_chunk(lots_art_memory_pool *pool, size_t room_bytes, uint8_t **room, lots_error *err)
{
    void *chunk = NULL;
    LOTS_TRY(lots_alloc(&chunk, 1, room_bytes + 8, err));
    memcpy(chunk, &pool->chunks, sizeof pool->chunks);
    pool->chunks = chunk;
    pool->held_bytes += room_bytes + 8;
    *room = (uint8_t *)chunk + 8;
    return LOTS_OK;
}

static lots_status take_piece(lots_art_memory_pool *pool, size_t bytes, void **out, lots_error *err)
{
    void **list = NULL;
    size_t piece = piece_bytes(pool, bytes, &list);
    if (*list != NULL) {
        *out = *list;
        memcpy(list, *out, sizeof *list);
        return LOTS_OK;
    }
    if (piece > CHUNK_LAST_BYTES / 4) { /* a chunk of its own; the one being filled goes on */
        uint8_t *room = NULL;
        LOTS_TRY(add_chunk(pool, piece, &room, err));
        *out = room;
        return LOTS_OK;
    }
    if (piece > pool->left_bytes) {
        size_t wanted = pool->chunk_bytes < CHUNK_FIRST_BYTES ? CHUNK_FIRST_BYTES : pool->chunk_bytes;
        while (wanted < piece)
            wanted *= 2;
        LOTS_TRY(add_chunk(pool, wanted, &pool->at, err));
        pool->left_bytes = wanted;
        pool->chunk_bytes = wanted < CHUNK_LAST_BYTES ? wanted * 2 : wanted;
    }
    *out = pool->at;
    pool->at += piece;
    pool->left_bytes -= piece;
    return LOTS_OK;
}

static void give_piece(lots_art_memory_pool *pool, void *piece, size_t bytes)
{
    void **list = NULL;
    piece_bytes(pool, bytes, &list);
    memcpy(piece, list, sizeof *list);
    *list = piece;
}

void lots_art_pool_free(lots_art_memory_pool *pool)
{
    void *chunk = pool->chunks;
    while (chunk != NULL) {
        void *next = NULL;
        memcpy(&next, chunk, sizeof next);
        lots_free(chunk);
        chunk = next;
    }
    memset(pool, 0, sizeof *pool);
}

static size_t leaf_bytes(size_t key_bytes) { return offsetof(lots_art_leaf, key) + key_bytes; }

lots_status lots_art_leaf_new(lots_art_memory_pool *pool, const uint8_t *key, size_t key_bytes, uint64_t value,
                              lots_art_leaf **out, lots_error *err)
{
    void *piece = NULL;
    LOTS_TRY(take_piece(pool, leaf_bytes(key_bytes), &piece, err));
    lots_art_leaf *leaf = piece;
    leaf->value = value;
    leaf->bytes = (uint32_t)key_bytes;
    if (key_bytes != 0)
        memcpy(leaf->key, key, key_bytes);
    *out = leaf;
    return LOTS_OK;
}

void lots_art_leaf_give(lots_art_memory_pool *pool, lots_art_leaf *leaf)
{
    give_piece(pool, leaf, leaf_bytes(leaf->bytes));
}

static lots_status new_node(lots_art_memory_pool *pool, lots_art_kind kind, void **out, lots_error *err)
{
    LOTS_TRY(take_piece(pool, kinds[kind].bytes, out, err));
    memset(*out, 0, kinds[kind].bytes);
    ((lots_art_node *)*out)->kind = (uint8_t)kind;
    return LOTS_OK;
}

lots_status lots_art_node_new(lots_art_memory_pool *pool, uint32_t depth, lots_art_node **out, lots_error *err)
{
    void *node = NULL;
    LOTS_TRY(new_node(pool, LOTS_ART_4, &node, err));
    *out = node;
    (*out)->depth = depth;
    return LOTS_OK;
}

void lots_art_node_give(lots_art_memory_pool *pool, lots_art_node *node)
{
    give_piece(pool, node, kinds[node->kind].bytes);
}

/* The sorted keys and the children beside them, of the two small kinds. */
static uint8_t *sorted_keys(lots_art_node *node, lots_art_ref **children)
{
    if (node->kind == LOTS_ART_4) {
        *children = ((node4 *)node)->children;
        return ((node4 *)node)->keys;
    }
    assert(node->kind == LOTS_ART_16);
    *children = ((node16 *)node)->children;
    return ((node16 *)node)->keys;
}

static lots_art_ref *find_in_16(node16 *node, uint8_t byte)
{
#ifdef __SSE2__
    __m128i keys = _mm_loadu_si128((const __m128i *)(const void *)node->keys);
    unsigned equal = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(keys, _mm_set1_epi8((char)byte)));
    equal &= (1u << node->head.count) - 1;
    return equal != 0 ? &node->children[__builtin_ctz(equal)] : NULL;
#else
    for (unsigned i = 0; i < node->head.count; i++)
        if (node->keys[i] == byte)
            return &node->children[i];
    return NULL;
#endif
}

lots_art_ref *lots_art_child(lots_art_node *node, uint8_t byte)
{
    switch ((lots_art_kind)node->kind) {
    case LOTS_ART_4: {
        node4 *four = (node4 *)node;
        for (unsigned i = 0; i < four->head.count; i++)
            if (four->keys[i] == byte)
                return &four->children[i];
        return NULL;
    }
    case LOTS_ART_16:
        return find_in_16((node16 *)node, byte);
    case LOTS_ART_48: {
        unsigned slot = ((node48 *)node)->slot[byte];
        return slot != 0 ? &((node48 *)node)->children[slot - 1] : NULL;
    }
    default: {
        lots_art_ref *child = &((node256 *)node)->children[byte];
        return *child != LOTS_ART_NONE ? child : NULL;
    }
    }
}

/* Add to a node that has room. */
static void add_with_room(lots_art_node *node, uint8_t byte, lots_art_ref child)
{
    if (node->kind == LOTS_ART_256) {
        ((node256 *)node)->children[byte] = child;
    } else if (node->kind == LOTS_ART_48) {
        node48 *large = (node48 *)node;
        unsigned place = 0;
        while (large->children[place] != LOTS_ART_NONE)
            place++;
        large->children[place] = child;
        large->slot[byte] = (uint8_t)(place + 1);
    } else {
        lots_art_ref *children = NULL;
        uint8_t *keys = sorted_keys(node, &children);
        unsigned place = node->count;
        for (; place > 0 && keys[place - 1] > byte; place--) {
            keys[place] = keys[place - 1];
            children[place] = children[place - 1];
        }
        keys[place] = byte;
        children[place] = child;
    }
    node->count++;
}

/* Replace the node at *slot by one of another kind with the same children. */
static lots_status change_kind(lots_art_memory_pool *pool, lots_art_ref *slot, lots_art_kind kind, lots_error *err)
{
    lots_art_node *old = lots_art_node_at(*slot);
    void *piece = NULL;
    LOTS_TRY(new_node(pool, kind, &piece, err));
    lots_art_node *node = piece;
    node->depth = old->depth;
    node->here = old->here;
    unsigned position = 0;
    uint8_t byte = 0;
    lots_art_ref child = LOTS_ART_NONE;
    while (lots_art_child_next(old, &position, &byte, &child))
        add_with_room(node, byte, child);
    lots_art_node_give(pool, old);
    *slot = lots_art_ref_node(node);
    return LOTS_OK;
}

lots_status lots_art_child_add(lots_art_memory_pool *pool, lots_art_ref *slot, uint8_t byte, lots_art_ref child,
                               lots_error *err)
{
    lots_art_node *node = lots_art_node_at(*slot);
    assert(lots_art_child(node, byte) == NULL);
    if (node->count == kinds[node->kind].most)
        LOTS_TRY(change_kind(pool, slot, (lots_art_kind)(node->kind + 1), err));
    add_with_room(lots_art_node_at(*slot), byte, child);
    return LOTS_OK;
}

bool lots_art_child_remove(lots_art_memory_pool *pool, lots_art_ref *slot, uint8_t byte)
{
    lots_art_node *node = lots_art_node_at(*slot);
    lots_art_ref *child = lots_art_child(node, byte);
    assert(child != NULL);
    node->count--;
    if (node->kind == LOTS_ART_256 || node->kind == LOTS_ART_48) {
        *child = LOTS_ART_NONE;
        if (node->kind == LOTS_ART_48)
            ((node48 *)node)->slot[byte] = 0;
    } else {
        lots_art_ref *children = NULL;
        uint8_t *keys = sorted_keys(node, &children);
        size_t place = (size_t)(child - children);
        memmove(keys + place, keys + place + 1, node->count - place);
        memmove(children + place, children + place + 1, (node->count - place) * sizeof *children);
    }
    if (node->count >= kinds[node->kind].least)
        return true;
    return change_kind(pool, slot, (lots_art_kind)(node->kind - 1), NULL) == LOTS_OK;
}

bool lots_art_child_next(const lots_art_node *node, unsigned *position, uint8_t *byte, lots_art_ref *child)
{
    unsigned at = *position;
    if (node->kind == LOTS_ART_4 || node->kind == LOTS_ART_16) {
        if (at >= node->count)
            return false;
        bool four = node->kind == LOTS_ART_4;
        *byte = four ? ((const node4 *)node)->keys[at] : ((const node16 *)node)->keys[at];
        *child = four ? ((const node4 *)node)->children[at] : ((const node16 *)node)->children[at];
    } else if (node->kind == LOTS_ART_48) {
        const node48 *large = (const node48 *)node;
        while (at < 256 && large->slot[at] == 0)
            at++;
        if (at == 256)
            return false;
        *byte = (uint8_t)at;
        *child = large->children[large->slot[at] - 1];
    } else {
        const node256 *full = (const node256 *)node;
        while (at < 256 && full->children[at] == LOTS_ART_NONE)
            at++;
        if (at == 256)
            return false;
        *byte = (uint8_t)at;
        *child = full->children[at];
    }
    *position = at + 1;
    return true;
}

lots_art_ref lots_art_child_last(const lots_art_node *node)
{
    assert(node->count > 0);
    if (node->kind == LOTS_ART_4)
        return ((const node4 *)node)->children[node->count - 1];
    if (node->kind == LOTS_ART_16)
        return ((const node16 *)node)->children[node->count - 1];
    unsigned byte = 255;
    if (node->kind == LOTS_ART_48) {
        const node48 *large = (const node48 *)node;
        while (large->slot[byte] == 0)
            byte--;
        return large->children[large->slot[byte] - 1];
    }
    const node256 *full = (const node256 *)node;
    while (full->children[byte] == LOTS_ART_NONE)
        byte--;
    return full->children[byte];
}

/* Whether the places that slot[] names are distinct and are exactly those that hold a child. */
static bool slots_agree(const node48 *node)
{
    bool used[48] = {false};
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned slot = node->slot[byte];
        if (slot > 48 || (slot != 0 && used[slot - 1]))
            return false;
        if (slot != 0)
            used[slot - 1] = true;
    }
    for (unsigned place = 0; place < 48; place++)
        if (used[place] != (node->children[place] != LOTS_ART_NONE))
            return false;
    return true;
}

const char *lots_art_node_fault(const lots_art_node *node, bool underfilled)
{
    if (node->kind >= LOTS_ART_KINDS)
        return "a node is of no kind";
    if (node->count > kinds[node->kind].most)
        return "a node has more children than its kind holds";
    if (node->count < kinds[node->kind].least && !underfilled)
        return "a node has fewer children than its kind is kept for";
    if (node->count == 0 || (node->count == 1 && node->here == NULL))
        return "a node does not branch";
    if (node->kind == LOTS_ART_48 && !slots_agree((const node48 *)node))
        return "the slots of a node disagree with its children";
    unsigned position = 0, seen = 0;
    int before = -1;
    uint8_t byte = 0;
    lots_art_ref child = LOTS_ART_NONE;
    while (lots_art_child_next(node, &position, &byte, &child)) {
        if (child == LOTS_ART_NONE)
            return "a node counts a child that is not there";
        if (before >= (int)byte)
            return "the keys of a node do not rise";
        before = byte;
        seen++;
    }
    return seen == node->count ? NULL : "a node counts its children wrong";
}
