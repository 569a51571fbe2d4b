/* art_system.c: the interface of art.h over an installed libart (github.com/armon/libart), for make LIBART=system. It
 * owns what that library needs to be told to be right for any key, and nothing else.
 *
 *   - It loses a key that is a prefix of another, and where it has SSE2 it sorts bytes from 128 before the others. So
 *     each key is escaped into bytes 1..127 and ended by a 0, which keeps byte order and leaves no key a prefix of
 *     another: 0 -> 1 1, 1 -> 1 2, 126..191 -> 126 1..66, 192..255 -> 127 1..64, the others as they are.
 *   - It reads beyond the end of a key or prefix that is shorter than a path it follows. So keys are handed over in a
 *     buffer with zeros behind, longer than any key it holds; a key longer than that is not there, and not looked for.
 *   - It holds pointers. Each points to an entry of ours with the value and the key as it was given, never NULL.
 *   - It takes memory without asking whether there was any, and it recurses; neither can be helped from here.
 *
 * Invariants: 1. entries are those of the tree, one each. 2. room is the longest escaped key, terminator included, plus
 * LONGER. Threads: the buffer is guarded, so any number may read, as art.h says. */
#include <art.h>
#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/index/art.h"

#define KEY_BYTES_MAX ((size_t)1 << 24)
#define LONGER 16u /* zeros beyond the longest key: more than libart compares past a path's end */

typedef struct entry {
    uint64_t value;
    size_t bytes;
    uint8_t key[];
} entry;

/* Keys as handed to the library. Behind a pointer, since readers of a const tree use it too. */
typedef struct buffer {
    pthread_mutex_t lock;
    uint8_t *bytes; /* all 0 while the lock is free */
    size_t room;
} buffer;

struct lots_art {
    art_tree *tree;
    buffer *buffer;
    size_t held_bytes;
};

static bool stays(uint8_t byte) { return byte > 1 && byte < 126; }

static size_t escaped_bytes(const uint8_t *key, size_t key_bytes)
{
    size_t bytes = key_bytes;
    for (size_t i = 0; i < key_bytes; i++)
        bytes += !stays(key[i]);
    return bytes;
}

static size_t escape(const uint8_t *key, size_t key_bytes, uint8_t *out)
{
    size_t written = 0;
    for (size_t i = 0; i < key_bytes; i++) {
        uint8_t byte = key[i];
        if (stays(byte)) {
            out[written++] = byte;
            continue;
        }
        uint8_t first = byte >= 192 ? 192 : byte >= 126 ? 126 : 0; /* of the run it is in */
        out[written++] = first == 192 ? 127 : first == 126 ? 126 : 1;
        out[written++] = (uint8_t)(byte - first + 1);
    }
    return written;
}

lots_status lots_art_init(lots_art **out, lots_error *err)
{
    void *art = NULL, *tree = NULL, *keys = NULL;
    *out = NULL;
    lots_status status = lots_alloc(&art, 1, sizeof(lots_art), err);
    if (status == LOTS_OK)
        status = lots_alloc(&tree, 1, sizeof(art_tree), err);
    if (status == LOTS_OK)
        status = lots_alloc(&keys, 1, sizeof(buffer), err);
    if (status == LOTS_OK && pthread_mutex_init(&((buffer *)keys)->lock, NULL) != 0)
        status = lots_fail(err, LOTS_MEMORY, "a lock could not be made");
    if (status != LOTS_OK) {
        lots_free(keys);
        lots_free(tree);
        lots_free(art);
        return status;
    }
    *out = art;
    (*out)->tree = tree;
    (*out)->buffer = keys;
    (*out)->held_bytes = sizeof(lots_art) + sizeof(art_tree) + sizeof(buffer);
    art_tree_init((*out)->tree);
    return LOTS_OK;
}

static int free_entry(void *context, const unsigned char *key, uint32_t key_bytes, void *value)
{
    (void)context;
    (void)key;
    (void)key_bytes;
    lots_free(value);
    return 0;
}

void lots_art_destroy(lots_art *art)
{
    if (art == NULL)
        return;
    art_iter(art->tree, free_entry, NULL);
    art_tree_destroy(art->tree);
    pthread_mutex_destroy(&art->buffer->lock);
    lots_free(art->buffer->bytes);
    lots_free(art->buffer);
    lots_free(art->tree);
    lots_free(art);
}

uint64_t lots_art_size(const lots_art *art) { return art_size(art->tree); }

/* Entries and buffer; what libart holds beside them it does not tell. */
size_t lots_art_memory(const lots_art *art) { return art->held_bytes + art->buffer->room; }

/* Make the buffer long enough for a key of `escaped` bytes and its terminator. */
static lots_status make_room(lots_art *art, size_t escaped, lots_error *err)
{
    buffer *keys = art->buffer;
    if (escaped + 1 + LONGER <= keys->room)
        return LOTS_OK;
    void *bytes = NULL;
    LOTS_TRY(lots_alloc(&bytes, escaped + 1 + LONGER, 1, err));
    lots_free(keys->bytes);
    keys->bytes = bytes;
    keys->room = escaped + 1 + LONGER;
    return LOTS_OK;
}

/* Put a key into the buffer, taking its lock. False, without the lock, for a key longer than any in the tree.
 * *handed is what to tell the library, without a terminator. */
static bool hand_over(const lots_art *art, const uint8_t *key, size_t key_bytes, int *handed)
{
    buffer *keys = art->buffer;
    if (key_bytes > KEY_BYTES_MAX)
        return false;
    size_t escaped = escaped_bytes(key, key_bytes);
    if (escaped + 1 + LONGER > keys->room)
        return false;
    assert(escaped < INT_MAX);
    pthread_mutex_lock(&keys->lock);
    *handed = (int)escape(key, key_bytes, keys->bytes);
    return true;
}

static void take_back(const lots_art *art, int handed)
{
    memset(art->buffer->bytes, 0, (size_t)handed);
    pthread_mutex_unlock(&art->buffer->lock);
}

static entry *find_entry(const lots_art *art, const void *key, size_t key_bytes)
{
    int handed = 0;
    if (!hand_over(art, key, key_bytes, &handed))
        return NULL;
    entry *found = art_search(art->tree, art->buffer->bytes, handed + 1);
    take_back(art, handed);
    return found;
}

/* The entry of the key, made with `value` if it was not there. */
static lots_status intern_entry(lots_art *art, const uint8_t *key, size_t key_bytes, uint64_t value, entry **out,
                                bool *existed, lots_error *err)
{
    if (key_bytes > KEY_BYTES_MAX)
        return lots_fail(err, LOTS_LIMIT, "a key of %zu bytes is longer than the %zu a tree takes", key_bytes,
                         KEY_BYTES_MAX);
    *out = find_entry(art, key, key_bytes);
    *existed = *out != NULL;
    if (*existed)
        return LOTS_OK;
    void *made = NULL;
    int handed = 0;
    LOTS_TRY(make_room(art, escaped_bytes(key, key_bytes), err));
    LOTS_TRY(lots_alloc(&made, 1, sizeof(entry) + key_bytes, err));
    *out = made;
    (*out)->value = value;
    (*out)->bytes = key_bytes;
    if (key_bytes != 0)
        memcpy((*out)->key, key, key_bytes);
    bool handed_over = hand_over(art, key, key_bytes, &handed);
    assert(handed_over);
    (void)handed_over;
    art_insert(art->tree, art->buffer->bytes, handed + 1, made);
    take_back(art, handed);
    art->held_bytes += sizeof(entry) + key_bytes;
    return LOTS_OK;
}

lots_status lots_art_insert(lots_art *art, const void *key, size_t key_bytes, uint64_t value, bool *existed,
                            uint64_t *old, lots_error *err)
{
    entry *found = NULL;
    bool there = false;
    LOTS_TRY(intern_entry(art, key, key_bytes, value, &found, &there, err));
    if (existed != NULL)
        *existed = there;
    if (old != NULL && there)
        *old = found->value;
    found->value = value;
    return LOTS_OK;
}

lots_status lots_art_intern_lent(lots_art *art, const void *key, size_t key_bytes, uint64_t value,
                                 const uint8_t **stored, uint64_t *out, bool *existed, lots_error *err)
{
    entry *found = NULL;
    bool there = false;
    LOTS_TRY(intern_entry(art, key, key_bytes, value, &found, &there, err));
    *stored = found->key;
    *out = found->value;
    if (existed != NULL)
        *existed = there;
    return LOTS_OK;
}

lots_status lots_art_intern(lots_art *art, const void *key, size_t key_bytes, uint64_t value, uint64_t *out,
                            bool *existed, lots_error *err)
{
    const uint8_t *stored = NULL;
    return lots_art_intern_lent(art, key, key_bytes, value, &stored, out, existed, err);
}

bool lots_art_delete(lots_art *art, const void *key, size_t key_bytes, uint64_t *old)
{
    int handed = 0;
    if (!hand_over(art, key, key_bytes, &handed))
        return false;
    entry *gone = art_delete(art->tree, art->buffer->bytes, handed + 1);
    take_back(art, handed);
    if (gone == NULL)
        return false;
    if (old != NULL)
        *old = gone->value;
    art->held_bytes -= sizeof(entry) + gone->bytes;
    lots_free(gone);
    return true;
}

bool lots_art_search(const lots_art *art, const void *key, size_t key_bytes, uint64_t *out)
{
    const entry *found = find_entry(art, key, key_bytes);
    if (found == NULL)
        return false;
    *out = found->value;
    return true;
}

static bool lend_entry(const art_leaf *leaf, const uint8_t **key, size_t *key_bytes, uint64_t *value)
{
    if (leaf == NULL)
        return false;
    const entry *found = leaf->value;
    *key = found->key;
    *key_bytes = found->bytes;
    *value = found->value;
    return true;
}

bool lots_art_minimum(const lots_art *art, const uint8_t **key, size_t *key_bytes, uint64_t *value)
{
    return lend_entry(art_minimum(art->tree), key, key_bytes, value);
}

bool lots_art_maximum(const lots_art *art, const uint8_t **key, size_t *key_bytes, uint64_t *value)
{
    return lend_entry(art_maximum(art->tree), key, key_bytes, value);
}

/* A visit on its way through the library's callback. */
typedef struct passage {
    lots_art_visit visit;
    void *context;
    const uint8_t *prefix;
    size_t prefix_bytes;
} passage;

static int pass_on(void *context, const unsigned char *key, uint32_t key_bytes, void *value)
{
    const passage *through = context;
    const entry *found = value;
    (void)key;
    (void)key_bytes;
    if (found->bytes < through->prefix_bytes ||
        (through->prefix_bytes != 0 && memcmp(found->key, through->prefix, through->prefix_bytes) != 0))
        return 0;
    return through->visit(through->context, found->key, found->bytes, found->value);
}

lots_status lots_art_iter(const lots_art *art, lots_art_visit visit, void *context, bool *stopped, lots_error *err)
{
    (void)err;
    passage through = {visit, context, NULL, 0};
    bool ended = art_iter(art->tree, pass_on, &through) != 0;
    if (stopped != NULL)
        *stopped = ended;
    return LOTS_OK;
}

/* The visitor may read the tree, so it must not run under the lock: the prefix gets a buffer of its own here. */
lots_status lots_art_iter_prefix(const lots_art *art, const void *prefix, size_t prefix_bytes, lots_art_visit visit,
                                 void *context, bool *stopped, lots_error *err)
{
    if (stopped != NULL)
        *stopped = false;
    if (prefix_bytes > KEY_BYTES_MAX || escaped_bytes(prefix, prefix_bytes) + 1 + LONGER > art->buffer->room)
        return LOTS_OK;
    if (prefix_bytes == 0)
        return lots_art_iter(art, visit, context, stopped, err);
    void *padded = NULL;
    LOTS_TRY(lots_alloc(&padded, art->buffer->room, 1, err));
    int handed = (int)escape(prefix, prefix_bytes, padded);
    passage through = {visit, context, prefix, prefix_bytes};
    bool ended = art_iter_prefix(art->tree, padded, handed, pass_on, &through) != 0;
    lots_free(padded);
    if (stopped != NULL)
        *stopped = ended;
    return LOTS_OK;
}

/* What validating remembers from key to key. */
typedef struct check {
    const lots_art *art;
    const entry *before;
    uint64_t keys;
    const char *fault;
} check;

static int check_entry(void *context, const unsigned char *key, uint32_t key_bytes, void *value)
{
    check *state = context;
    const entry *found = value, *before = state->before;
    (void)key;
    if (before != NULL) {
        size_t least = before->bytes < found->bytes ? before->bytes : found->bytes;
        int order = memcmp(before->key, found->key, least);
        if (order > 0 || (order == 0 && before->bytes >= found->bytes))
            state->fault = "keys do not rise";
    }
    if (key_bytes != escaped_bytes(found->key, found->bytes) + 1)
        state->fault = "a key has another length than its entry";
    if (find_entry(state->art, found->key, found->bytes) != found)
        state->fault = "a key is met and not found";
    state->before = found;
    state->keys++;
    return state->fault != NULL;
}

lots_status lots_art_validate(const lots_art *art, lots_error *err)
{
    check state = {.art = art};
    art_iter(art->tree, check_entry, &state);
    if (state.fault == NULL && state.keys != lots_art_size(art))
        state.fault = "the tree counts its keys wrong";
    if (state.fault != NULL)
        return lots_fail(err, LOTS_INTERNAL, "libart's tree of %llu keys: %s", (unsigned long long)lots_art_size(art),
                         state.fault);
    return LOTS_OK;
}
