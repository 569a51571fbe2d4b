/* art.h: adaptive radix tree from byte strings to 64-bit values (Leis, Kemper, Neumann: "The Adaptive Radix Tree",
 * ICDE 2013). Any bytes in a key, the empty key too; a key may be a prefix of another. Iteration is in byte order.
 * Nodes come from the tree's own arena; no recursion. Not thread safe: one writer, or any number of readers.
 * Callers: ingest (interning), core/index/codes (prefix completion, suggestions). */
#ifndef LOTS_ART_H
#define LOTS_ART_H

#include "core/base/status.h"

typedef struct lots_art lots_art;

/* Called with a key and its value in byte order; return true to stop. The key is lent for the call. */
typedef bool (*lots_art_visit)(void *context, const uint8_t *key, size_t key_bytes, uint64_t value);

LOTS_MUST lots_status lots_art_init(lots_art **out, lots_error *err);
void lots_art_destroy(lots_art *art); /* NULL does nothing */
uint64_t lots_art_size(const lots_art *art);
/* Bytes held. */
size_t lots_art_memory(const lots_art *art);
/* Insert, or replace the value. *existed (may be NULL) says whether the key was there, *old (may be NULL) its value.
 * Errors: LOTS_MEMORY, LOTS_LIMIT for a key over 2^24 bytes; the tree is unchanged then. */
LOTS_MUST lots_status lots_art_insert(lots_art *art, const void *key, size_t key_bytes, uint64_t value, bool *existed,
                                      uint64_t *old, lots_error *err);
/* Insert only if absent; *out is the value that stands afterwards, *existed (may be NULL) whether it stood before. One
 * descent: the call interning makes. Errors: as insert. */
LOTS_MUST lots_status lots_art_intern(lots_art *art, const void *key, size_t key_bytes, uint64_t value, uint64_t *out,
                                      bool *existed, lots_error *err);
/* The same, and *stored is the tree's own copy of the key: lent until that key is deleted or the tree destroyed. */
LOTS_MUST lots_status lots_art_intern_lent(lots_art *art, const void *key, size_t key_bytes, uint64_t value,
                                           const uint8_t **stored, uint64_t *out, bool *existed, lots_error *err);
bool lots_art_delete(lots_art *art, const void *key, size_t key_bytes, uint64_t *old);
bool lots_art_search(const lots_art *art, const void *key, size_t key_bytes, uint64_t *out);
/* False on an empty tree. The key is lent until the next change. */
bool lots_art_minimum(const lots_art *art, const uint8_t **key, size_t *key_bytes, uint64_t *value);
bool lots_art_maximum(const lots_art *art, const uint8_t **key, size_t *key_bytes, uint64_t *value);
/* Visit all keys, or all with a prefix, in byte order; true when the visitor stopped it.
 * Errors: none (no allocation beyond a bounded stack; *err is for LOTS_MEMORY of a very deep tree). */
LOTS_MUST lots_status lots_art_iter(const lots_art *art, lots_art_visit visit, void *context, bool *stopped,
                                    lots_error *err);
LOTS_MUST lots_status lots_art_iter_prefix(const lots_art *art, const void *prefix, size_t prefix_bytes,
                                           lots_art_visit visit, void *context, bool *stopped, lots_error *err);
/* Check every structural invariant (node kinds and fill, sorted keys, prefixes, size). LOTS_INTERNAL with the reason. */
LOTS_MUST lots_status lots_art_validate(const lots_art *art, lots_error *err);

#endif
