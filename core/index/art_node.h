/* art_node.h: the nodes and leaves of the adaptive radix tree and the memory they live in. Private to art.c and
 * art_node.c.
 *
 * A node branches on one byte, the one at `depth` counted from the start of the key, so a node knows nothing of its
 * parent and path compression costs no stored bytes: what all leaves below share is read off any of them (the paper's
 * optimistic path compression, carried all the way). Splitting a path or joining two never touches the node below.
 *
 * A key that ends at `depth` has no byte to branch on; its leaf hangs at `here`, before all children in byte order.
 *
 * A reference is a pointer with its lowest bit set for a leaf; 0 is none.
 *
 *   kind   children   how a byte finds its child                bytes
 *   4      1..4       keys sorted, looked through               56
 *   16     4..16      keys sorted, compared all at once (SSE2)  160
 *   48     13..48     slot[byte], 0 for none, else 1 + place    656
 *   256    38..256    child[byte]                               2064
 *
 * Lower bounds lie below the size grown from, so that a key inserted and deleted at a boundary does not copy each time. */
#ifndef LOTS_ART_NODE_H
#define LOTS_ART_NODE_H

#include "core/base/status.h"

typedef uintptr_t lots_art_ref;
#define LOTS_ART_NONE ((lots_art_ref)0)

typedef struct lots_art_leaf {
    uint64_t value;
    uint32_t bytes;
    uint8_t key[];
} lots_art_leaf;

typedef enum lots_art_kind { LOTS_ART_4, LOTS_ART_16, LOTS_ART_48, LOTS_ART_256, LOTS_ART_KINDS } lots_art_kind;

/* The head of every node. */
typedef struct lots_art_node {
    uint32_t depth;
    uint16_t count; /* children, `here` not among them */
    uint8_t kind;
    lots_art_leaf *here;
} lots_art_node;

static inline bool lots_art_is_leaf(lots_art_ref ref) { return (ref & 1) != 0; }
static inline lots_art_leaf *lots_art_leaf_at(lots_art_ref ref) { return (lots_art_leaf *)(ref - 1); }
static inline lots_art_node *lots_art_node_at(lots_art_ref ref) { return (lots_art_node *)ref; }
static inline lots_art_ref lots_art_ref_leaf(const lots_art_leaf *leaf) { return (lots_art_ref)leaf + 1; }
static inline lots_art_ref lots_art_ref_node(const lots_art_node *node) { return (lots_art_ref)node; }

/* ---- memory: chunks given out in 8-byte steps, freed pieces kept in a list per size ---- */
#define LOTS_ART_SMALL_MAX 2112u /* a list per multiple of 8 up to here, per power of two beyond */
#define LOTS_ART_LARGE_LISTS 26u

typedef struct lots_art_memory_pool {
    void *chunks; /* each begins with the pointer to the next */
    uint8_t *at;  /* the chunk being filled */
    size_t left_bytes;
    size_t chunk_bytes; /* of the next chunk */
    size_t held_bytes;
    void *small[LOTS_ART_SMALL_MAX / 8 + 1];
    void *large[LOTS_ART_LARGE_LISTS];
} lots_art_memory_pool;

void lots_art_pool_free(lots_art_memory_pool *pool);
/* Errors: LOTS_MEMORY, the pool unchanged. */
LOTS_MUST lots_status lots_art_leaf_new(lots_art_memory_pool *pool, const uint8_t *key, size_t key_bytes,
                                        uint64_t value, lots_art_leaf **out, lots_error *err);
void lots_art_leaf_give(lots_art_memory_pool *pool, lots_art_leaf *leaf);
/* An empty node of the smallest kind. */
LOTS_MUST lots_status lots_art_node_new(lots_art_memory_pool *pool, uint32_t depth, lots_art_node **out,
                                        lots_error *err);
void lots_art_node_give(lots_art_memory_pool *pool, lots_art_node *node);

/* ---- children ---- */
/* Where the child under `byte` hangs; NULL when there is none. Lent until the node changes. */
lots_art_ref *lots_art_child(lots_art_node *node, uint8_t byte);
/* Hang a child under a byte that has none. A full node is replaced by the next kind, and *slot then refers to that.
 * Errors: LOTS_MEMORY, all unchanged. */
LOTS_MUST lots_status lots_art_child_add(lots_art_memory_pool *pool, lots_art_ref *slot, uint8_t byte,
                                         lots_art_ref child, lots_error *err);
/* Take away the child under a byte that has one; the node may be replaced by a smaller kind. False when it should have
 * been but memory was short: the node then stays larger than the table allows, which harms nothing. */
bool lots_art_child_remove(lots_art_memory_pool *pool, lots_art_ref *slot, uint8_t byte);
/* Step through the children in byte order: *position starts at 0. False at the end. */
bool lots_art_child_next(const lots_art_node *node, unsigned *position, uint8_t *byte, lots_art_ref *child);
lots_art_ref lots_art_child_last(const lots_art_node *node);
/* What is wrong with this node by itself, or NULL. `underfilled` allows what a failed replacement leaves behind. */
const char *lots_art_node_fault(const lots_art_node *node, bool underfilled);

#endif
