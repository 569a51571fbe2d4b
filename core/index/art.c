/* art.c: the adaptive radix tree over the nodes of art_node.h: descending, splitting, deleting, iterating, validating.
 *
 * A descent compares no bytes but those it branches on; it ends at a leaf that shares with the key at least as much as
 * any other does, and one comparison with that leaf tells how much. An insertion then knows at which depth its key
 * leaves the others, and goes there a second time over nodes the first descent has just brought into the cache.
 *
 * Invariants (lots_art_validate checks them)
 *   1. depth rises strictly from parent to child.
 *   2. All leaves below a node have the same first `depth` bytes; those below its child under b have b at `depth`; the
 *      key of `here` is `depth` bytes long.
 *   3. A node has at least two of: children, `here`; and at least one child.
 *   4. Leaves in order are keys rising strictly by bytes, and `size` of them. */
#include "core/index/art.h"

#include <assert.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/vec.h"
#include "core/index/art_node.h"

#define KEY_BYTES_MAX ((size_t)1 << 24)

struct lots_art {
    lots_art_ref root;
    uint64_t size;
    bool underfilled; /* a node could once not be replaced by a smaller one */
    lots_art_memory_pool pool;
};

/* A node on the way, and the position lots_art_child_next goes on from. */
typedef struct frame {
    const lots_art_node *node;
    unsigned position;
} frame;

lots_status lots_art_init(lots_art **out, lots_error *err)
{
    void *art = NULL;
    *out = NULL;
    LOTS_TRY(lots_alloc(&art, 1, sizeof(lots_art), err));
    *out = art;
    return LOTS_OK;
}

void lots_art_destroy(lots_art *art)
{
    if (art == NULL)
        return;
    lots_art_pool_free(&art->pool);
    lots_free(art);
}

uint64_t lots_art_size(const lots_art *art) { return art->size; }

size_t lots_art_memory(const lots_art *art) { return sizeof *art + art->pool.held_bytes; }

/* The first leaf in byte order at or below a reference. */
static const lots_art_leaf *least_leaf(lots_art_ref at)
{
    while (!lots_art_is_leaf(at)) {
        const lots_art_node *node = lots_art_node_at(at);
        if (node->here != NULL)
            return node->here;
        unsigned position = 0;
        uint8_t byte = 0;
        bool found = lots_art_child_next(node, &position, &byte, &at);
        assert(found);
        (void)found;
    }
    return lots_art_leaf_at(at);
}

/* A leaf that no other leaf beats in bytes shared with the key from the start; the key's own if it is there. The tree
 * is not empty. */
static const lots_art_leaf *likeliest_leaf(const lots_art *art, const uint8_t *key, size_t key_bytes)
{
    lots_art_ref at = art->root;
    while (!lots_art_is_leaf(at)) {
        lots_art_node *node = lots_art_node_at(at);
        const lots_art_ref *child = node->depth < key_bytes ? lots_art_child(node, key[node->depth]) : NULL;
        if (child == NULL)
            return least_leaf(at);
        at = *child;
        __builtin_prefetch((const char *)at + 64); /* its kind is not yet known: fetch what a node of 16 spans, */
        __builtin_prefetch((const char *)at + 128); /* so that key and child do not miss one after the other */
    }
    return lots_art_leaf_at(at);
}

/* How many bytes two keys share from the start. */
static size_t shared_bytes(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes)
{
    size_t most = a_bytes < b_bytes ? a_bytes : b_bytes;
    size_t shared = 0;
    while (shared + 8 <= most && memcmp(a + shared, b + shared, 8) == 0)
        shared += 8;
    while (shared < most && a[shared] == b[shared])
        shared++;
    return shared;
}

static bool same_key(const lots_art_leaf *leaf, const uint8_t *key, size_t key_bytes)
{
    return leaf->bytes == key_bytes && (key_bytes == 0 || memcmp(leaf->key, key, key_bytes) == 0);
}

/* Hang `leaf` into a node that has just been made or found at the depth where the leaf's key leaves the others. */
static lots_status hang_leaf(lots_art *art, lots_art_ref *slot, lots_art_leaf *leaf, lots_error *err)
{
    lots_art_node *node = lots_art_node_at(*slot);
    if (leaf->bytes > node->depth)
        return lots_art_child_add(&art->pool, slot, leaf->key[node->depth], lots_art_ref_leaf(leaf), err);
    assert(leaf->bytes == node->depth && node->here == NULL);
    node->here = leaf;
    return LOTS_OK;
}

/* Put a node of depth `shared` between *slot and what hangs there, which shares that much with the new leaf. `near` is
 * a leaf at or below *slot. */
static lots_status split_path(lots_art *art, lots_art_ref *slot, size_t shared, const lots_art_leaf *near,
                              lots_art_leaf *leaf, lots_error *err)
{
    lots_art_node *node = NULL;
    LOTS_TRY(lots_art_node_new(&art->pool, (uint32_t)shared, &node, err));
    lots_art_ref made = lots_art_ref_node(node);
    lots_status status = LOTS_OK;
    if (near->bytes == shared)
        node->here = lots_art_leaf_at(*slot);
    else
        status = lots_art_child_add(&art->pool, &made, near->key[shared], *slot, err);
    if (status == LOTS_OK)
        status = hang_leaf(art, &made, leaf, err);
    assert(status == LOTS_OK); /* a new node has room for two */
    *slot = made;
    return status;
}

/* Hang a leaf whose key is not in the tree and shares `shared` bytes with `near`, its likeliest. */
static lots_status place_leaf(lots_art *art, lots_art_leaf *leaf, const lots_art_leaf *near, size_t shared,
                              lots_error *err)
{
    lots_art_ref *slot = &art->root;
    while (!lots_art_is_leaf(*slot) && lots_art_node_at(*slot)->depth < shared) {
        lots_art_node *node = lots_art_node_at(*slot);
        slot = lots_art_child(node, leaf->key[node->depth]);
        assert(slot != NULL);
    }
    if (!lots_art_is_leaf(*slot) && lots_art_node_at(*slot)->depth == shared)
        return hang_leaf(art, slot, leaf, err);
    return split_path(art, slot, shared, near, leaf, err);
}

/* The leaf of the key, made with `value` if it was not there. */
static lots_status intern_leaf(lots_art *art, const uint8_t *key, size_t key_bytes, uint64_t value,
                               lots_art_leaf **out, bool *existed, lots_error *err)
{
    if (key_bytes > KEY_BYTES_MAX)
        return lots_fail(err, LOTS_LIMIT, "a key of %zu bytes is longer than the %zu a tree takes", key_bytes,
                         KEY_BYTES_MAX);
    const lots_art_leaf *near = art->root != LOTS_ART_NONE ? likeliest_leaf(art, key, key_bytes) : NULL;
    size_t shared = near != NULL ? shared_bytes(key, key_bytes, near->key, near->bytes) : 0;
    *existed = near != NULL && shared == key_bytes && shared == near->bytes;
    if (*existed) {
        *out = (lots_art_leaf *)near;
        return LOTS_OK;
    }
    LOTS_TRY(lots_art_leaf_new(&art->pool, key, key_bytes, value, out, err));
    if (near == NULL) {
        art->root = lots_art_ref_leaf(*out);
    } else {
        lots_status status = place_leaf(art, *out, near, shared, err);
        if (status != LOTS_OK) {
            lots_art_leaf_give(&art->pool, *out);
            return status;
        }
    }
    art->size++;
    return LOTS_OK;
}

lots_status lots_art_insert(lots_art *art, const void *key, size_t key_bytes, uint64_t value, bool *existed,
                            uint64_t *old, lots_error *err)
{
    lots_art_leaf *leaf = NULL;
    bool there = false;
    LOTS_TRY(intern_leaf(art, key, key_bytes, value, &leaf, &there, err));
    if (existed != NULL)
        *existed = there;
    if (old != NULL && there)
        *old = leaf->value;
    leaf->value = value;
    return LOTS_OK;
}

lots_status lots_art_intern_lent(lots_art *art, const void *key, size_t key_bytes, uint64_t value,
                                 const uint8_t **stored, uint64_t *out, bool *existed, lots_error *err)
{
    lots_art_leaf *leaf = NULL;
    bool there = false;
    LOTS_TRY(intern_leaf(art, key, key_bytes, value, &leaf, &there, err));
    *stored = leaf->key;
    *out = leaf->value;
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

bool lots_art_search(const lots_art *art, const void *key, size_t key_bytes, uint64_t *out)
{
    const uint8_t *bytes = key;
    lots_art_ref at = art->root;
    while (at != LOTS_ART_NONE && !lots_art_is_leaf(at)) {
        lots_art_node *node = lots_art_node_at(at);
        if (node->depth >= key_bytes) {
            at = node->depth == key_bytes && node->here != NULL ? lots_art_ref_leaf(node->here) : LOTS_ART_NONE;
            break;
        }
        const lots_art_ref *child = lots_art_child(node, bytes[node->depth]);
        at = child != NULL ? *child : LOTS_ART_NONE;
    }
    if (at == LOTS_ART_NONE || !same_key(lots_art_leaf_at(at), bytes, key_bytes))
        return false;
    *out = lots_art_leaf_at(at)->value;
    return true;
}

/* Take a node out of the path when what hangs below it no longer branches. */
static void close_up(lots_art *art, lots_art_ref *slot)
{
    lots_art_node *node = lots_art_node_at(*slot);
    if (node->count > 1 || (node->count == 1 && node->here != NULL))
        return;
    if (node->count == 0)
        *slot = lots_art_ref_leaf(node->here);
    else
        *slot = lots_art_child_last(node);
    lots_art_node_give(&art->pool, node);
}

/* The leaf a descent by the key ends at, not yet compared, or NULL. *above is where the node hangs that holds it,
 * NULL when it is the root. */
static lots_art_leaf *find_leaf(lots_art *art, const uint8_t *key, size_t key_bytes, lots_art_ref **above)
{
    lots_art_ref *slot = &art->root;
    *above = NULL;
    while (slot != NULL && *slot != LOTS_ART_NONE && !lots_art_is_leaf(*slot)) {
        lots_art_node *node = lots_art_node_at(*slot);
        *above = slot;
        if (node->depth >= key_bytes)
            return node->here;
        slot = lots_art_child(node, key[node->depth]);
    }
    return slot != NULL && *slot != LOTS_ART_NONE ? lots_art_leaf_at(*slot) : NULL;
}

bool lots_art_delete(lots_art *art, const void *key, size_t key_bytes, uint64_t *old)
{
    const uint8_t *bytes = key;
    lots_art_ref *above = NULL;
    lots_art_leaf *leaf = find_leaf(art, bytes, key_bytes, &above);
    if (leaf == NULL || !same_key(leaf, bytes, key_bytes))
        return false;
    if (old != NULL)
        *old = leaf->value;
    if (above == NULL) {
        art->root = LOTS_ART_NONE;
    } else {
        lots_art_node *node = lots_art_node_at(*above);
        if (leaf == node->here)
            node->here = NULL;
        else if (!lots_art_child_remove(&art->pool, above, bytes[node->depth]))
            art->underfilled = true;
        close_up(art, above);
    }
    lots_art_leaf_give(&art->pool, leaf);
    art->size--;
    return true;
}

static bool lend_leaf(const lots_art_leaf *leaf, const uint8_t **key, size_t *key_bytes, uint64_t *value)
{
    *key = leaf->key;
    *key_bytes = leaf->bytes;
    *value = leaf->value;
    return true;
}

bool lots_art_minimum(const lots_art *art, const uint8_t **key, size_t *key_bytes, uint64_t *value)
{
    return art->root != LOTS_ART_NONE && lend_leaf(least_leaf(art->root), key, key_bytes, value);
}

bool lots_art_maximum(const lots_art *art, const uint8_t **key, size_t *key_bytes, uint64_t *value)
{
    lots_art_ref at = art->root;
    if (at == LOTS_ART_NONE)
        return false;
    while (!lots_art_is_leaf(at))
        at = lots_art_child_last(lots_art_node_at(at));
    return lend_leaf(lots_art_leaf_at(at), key, key_bytes, value);
}

static bool visit_leaf(const lots_art_leaf *leaf, lots_art_visit visit, void *context)
{
    return visit(context, leaf->key, leaf->bytes, leaf->value);
}

/* Visit a node's own leaf and put the node on the stack. */
static lots_status enter_node(lots_vec *stack, const lots_art_node *node, lots_art_visit visit, void *context,
                              bool *stopped, lots_error *err)
{
    frame entered = {node, 0};
    LOTS_TRY(lots_vec_push(stack, &entered, err));
    *stopped = node->here != NULL && visit_leaf(node->here, visit, context);
    return LOTS_OK;
}

/* Visit every leaf below a node in order. The stack is as deep as the tree, which keys bound, not the number of nodes. */
static lots_status walk_node(const lots_art_node *node, lots_art_visit visit, void *context, bool *stopped,
                             lots_error *err)
{
    lots_vec stack = LOTS_VEC(frame);
    lots_status status = enter_node(&stack, node, visit, context, stopped, err);
    while (status == LOTS_OK && !*stopped && stack.count > 0) {
        frame *top = &LOTS_AT(frame, &stack, stack.count - 1);
        uint8_t byte = 0;
        lots_art_ref child = LOTS_ART_NONE;
        if (!lots_art_child_next(top->node, &top->position, &byte, &child))
            stack.count--;
        else if (lots_art_is_leaf(child))
            *stopped = visit_leaf(lots_art_leaf_at(child), visit, context);
        else
            status = enter_node(&stack, lots_art_node_at(child), visit, context, stopped, err);
    }
    lots_vec_free(&stack);
    return status;
}

lots_status lots_art_iter_prefix(const lots_art *art, const void *prefix, size_t prefix_bytes, lots_art_visit visit,
                                 void *context, bool *stopped, lots_error *err)
{
    const uint8_t *bytes = prefix;
    bool ignored = false;
    stopped = stopped != NULL ? stopped : &ignored;
    *stopped = false;
    lots_art_ref at = art->root;
    while (at != LOTS_ART_NONE && !lots_art_is_leaf(at) && lots_art_node_at(at)->depth < prefix_bytes) {
        lots_art_node *node = lots_art_node_at(at);
        const lots_art_ref *child = lots_art_child(node, bytes[node->depth]);
        at = child != NULL ? *child : LOTS_ART_NONE;
    }
    if (at == LOTS_ART_NONE)
        return LOTS_OK;
    const lots_art_leaf *least = least_leaf(at);
    if (shared_bytes(least->key, least->bytes, bytes, prefix_bytes) < prefix_bytes)
        return LOTS_OK;
    if (!lots_art_is_leaf(at))
        return walk_node(lots_art_node_at(at), visit, context, stopped, err);
    *stopped = visit_leaf(least, visit, context);
    return LOTS_OK;
}

lots_status lots_art_iter(const lots_art *art, lots_art_visit visit, void *context, bool *stopped, lots_error *err)
{
    return lots_art_iter_prefix(art, "", 0, visit, context, stopped, err);
}

/* What validating remembers from leaf to leaf. */
typedef struct check {
    const lots_art_leaf *before; /* the leaf before in order, or NULL */
    uint32_t branch;             /* least depth at which a branch was taken since: where the two must part */
    uint64_t leaves;
} check;

static const char *check_leaf(check *state, const lots_art_leaf *leaf)
{
    const lots_art_leaf *before = state->before;
    if (before != NULL) {
        size_t shared = shared_bytes(before->key, before->bytes, leaf->key, leaf->bytes);
        if (shared != state->branch)
            return "two neighbours do not part at the node between them";
        if (shared == leaf->bytes || (shared < before->bytes && before->key[shared] > leaf->key[shared]))
            return "keys do not rise";
    }
    state->before = leaf;
    state->branch = UINT32_MAX;
    state->leaves++;
    return NULL;
}

/* What is wrong with a child of `parent` (NULL above the root) and, if it is a leaf, with its place in the order. */
static const char *check_child(check *state, const lots_art_node *parent, uint8_t byte, lots_art_ref child,
                               bool underfilled)
{
    if (!lots_art_is_leaf(child)) {
        const lots_art_node *node = lots_art_node_at(child);
        const char *fault = lots_art_node_fault(node, underfilled);
        if (fault != NULL)
            return fault;
        if (parent != NULL && node->depth <= parent->depth)
            return "a node lies no deeper than its parent";
        if (node->here != NULL && node->here->bytes != node->depth)
            return "a key that ends at a node has another length";
    }
    const lots_art_leaf *least = least_leaf(child);
    if (parent != NULL && (least->bytes <= parent->depth || least->key[parent->depth] != byte))
        return "a leaf hangs under another byte than its own";
    if (lots_art_is_leaf(child))
        return check_leaf(state, least);
    const lots_art_node *node = lots_art_node_at(child);
    return node->here != NULL ? check_leaf(state, node->here) : NULL;
}

/* Walk the whole tree; *fault is the first thing wrong, or NULL. */
static lots_status check_tree(const lots_art *art, check *state, const char **fault, lots_error *err)
{
    lots_vec stack = LOTS_VEC(frame);
    lots_status status = LOTS_OK;
    *fault = check_child(state, NULL, 0, art->root, art->underfilled);
    if (*fault == NULL && !lots_art_is_leaf(art->root)) {
        frame root = {lots_art_node_at(art->root), 0};
        status = lots_vec_push(&stack, &root, err);
    }
    while (status == LOTS_OK && *fault == NULL && stack.count > 0) {
        frame *top = &LOTS_AT(frame, &stack, stack.count - 1);
        uint8_t byte = 0;
        lots_art_ref child = LOTS_ART_NONE;
        if (!lots_art_child_next(top->node, &top->position, &byte, &child)) {
            stack.count--;
            continue;
        }
        if (top->node->depth < state->branch)
            state->branch = top->node->depth;
        *fault = check_child(state, top->node, byte, child, art->underfilled);
        if (*fault == NULL && !lots_art_is_leaf(child)) {
            frame entered = {lots_art_node_at(child), 0};
            status = lots_vec_push(&stack, &entered, err);
        }
    }
    lots_vec_free(&stack);
    return status;
}

lots_status lots_art_validate(const lots_art *art, lots_error *err)
{
    check state = {NULL, UINT32_MAX, 0};
    const char *fault = NULL;
    if (art->root != LOTS_ART_NONE)
        LOTS_TRY(check_tree(art, &state, &fault, err));
    if (fault == NULL && state.leaves != art->size)
        fault = "the tree counts its keys wrong";
    if (fault != NULL)
        return lots_fail(err, LOTS_INTERNAL, "radix tree of %llu keys: %s", (unsigned long long)art->size, fault);
    return LOTS_OK;
}
