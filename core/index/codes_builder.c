/* codes_builder.c: building a dictionary: interning keys, keeping their labels and relations, and sorting all of it
 * together with a base into a finished dictionary.
 *
 * The radix tree holds the keys (they are lent from it, never copied) and gives them in order, so finishing is a merge
 * of two sorted runs, the base's and the tree's. Nothing of the result depends on the order of interning but the
 * provisional ids, which it does not hold. */
#include <assert.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/vec.h"
#include "core/index/art.h"
#include "core/index/codes_body.h"

/* A text lent from elsewhere. */
typedef struct span {
    const char *text;
    size_t bytes;
} span;

/* A label in the builder's run of label bytes; none when empty. */
typedef struct label_place {
    size_t at;
    size_t bytes;
} label_place;

typedef struct relation {
    lots_id above;
    lots_id below;
} relation;

struct lots_dictionary_builder {
    const lots_dictionary *base;
    lots_art *tree;       /* key -> provisional id */
    lots_vec keys;        /* span, by provisional id */
    lots_vec labels;      /* label_place, by provisional id; shorter than keys when the rest has none */
    lots_bytes label_text;
    lots_vec relations;   /* relation, of provisional ids */
};

lots_status lots_dictionary_builder_open(lots_dictionary_builder **out, const lots_dictionary *base, lots_error *err)
{
    *out = NULL;
    void *memory = NULL;
    LOTS_TRY(lots_alloc(&memory, 1, sizeof(lots_dictionary_builder), err));
    lots_dictionary_builder *builder = memory;
    builder->base = base;
    builder->keys = LOTS_VEC(span);
    builder->labels = LOTS_VEC(label_place);
    builder->relations = LOTS_VEC(relation);
    lots_status status = lots_art_init(&builder->tree, err);
    if (status != LOTS_OK) {
        lots_dictionary_builder_close(builder);
        return status;
    }
    *out = builder;
    return LOTS_OK;
}

void lots_dictionary_builder_close(lots_dictionary_builder *builder)
{
    if (builder == NULL)
        return;
    lots_art_destroy(builder->tree);
    lots_vec_free(&builder->keys);
    lots_vec_free(&builder->labels);
    lots_bytes_free(&builder->label_text);
    lots_vec_free(&builder->relations);
    lots_free(builder);
}

lots_status lots_dictionary_intern(lots_dictionary_builder *builder, const char *key, size_t key_bytes, lots_id *out,
                                   lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(&builder->keys, 1, err)); /* before the tree changes, so that both or neither do */
    const uint8_t *stored = NULL;
    uint64_t id = 0;
    bool existed = false;
    if (builder->keys.count >= LOTS_DICTIONARY_MAX && !lots_art_search(builder->tree, key, key_bytes, &id))
        return lots_fail(err, LOTS_LIMIT, "a dictionary holds at most %u entries", LOTS_DICTIONARY_MAX);
    LOTS_TRY(lots_art_intern_lent(builder->tree, key, key_bytes, builder->keys.count, &stored, &id, &existed, err));
    *out = (lots_id)id;
    if (existed)
        return LOTS_OK;
    span lent = {(const char *)stored, key_bytes};
    return lots_vec_push(&builder->keys, &lent, err);
}

uint32_t lots_dictionary_builder_count(const lots_dictionary_builder *builder) { return (uint32_t)builder->keys.count; }

const char *lots_dictionary_builder_key(const lots_dictionary_builder *builder, lots_id provisional, size_t *bytes)
{
    assert(provisional < builder->keys.count);
    const span *key = &LOTS_AT(span, &builder->keys, provisional);
    *bytes = key->bytes;
    return key->text;
}

/* The label given to a provisional id; empty when none. */
static span builder_label(const lots_dictionary_builder *builder, lots_id provisional)
{
    span none = {NULL, 0};
    if (provisional >= builder->labels.count)
        return none;
    const label_place *place = &LOTS_AT(label_place, &builder->labels, provisional);
    if (place->bytes == 0)
        return none;
    span label = {(const char *)builder->label_text.data + place->at, place->bytes};
    return label;
}

/* Of two labels the one that stays: the smaller, where an empty one does not count. */
static span smaller_label(span a, span b)
{
    if (a.bytes == 0 || b.bytes == 0)
        return a.bytes == 0 ? b : a;
    return lots_key_compare(a.text, a.bytes, b.text, b.bytes) <= 0 ? a : b;
}

lots_status lots_dictionary_label(lots_dictionary_builder *builder, lots_id provisional, const char *label,
                                  size_t label_bytes, lots_error *err)
{
    assert(provisional < builder->keys.count);
    span before = builder_label(builder, provisional);
    span given = {label, label_bytes};
    if (label_bytes == 0 || smaller_label(before, given).text == before.text)
        return LOTS_OK;
    if (provisional >= builder->labels.count)
        LOTS_TRY(lots_vec_extend(&builder->labels, provisional + 1 - builder->labels.count, NULL, err));
    label_place place = {builder->label_text.count, label_bytes};
    LOTS_TRY(lots_bytes_append(&builder->label_text, label, label_bytes, err));
    LOTS_AT(label_place, &builder->labels, provisional) = place;
    return LOTS_OK;
}

lots_status lots_dictionary_relate(lots_dictionary_builder *builder, lots_id above, lots_id below, lots_error *err)
{
    assert(above < builder->keys.count && below < builder->keys.count);
    relation pair = {above, below};
    return lots_vec_push(&builder->relations, &pair, err);
}

/* ---- finishing ---- */

/* How the merge of base and tree came out. LOTS_NO_ID where a rank is not of that side. */
typedef struct merge {
    const lots_dictionary_builder *builder;
    uint32_t base_count;
    uint32_t new_count;
    uint32_t count;
    size_t key_bytes;
    lots_id *ordered;     /* provisional ids in order of their keys */
    lots_id *from_base;   /* by rank: rank in the base */
    lots_id *from_new;    /* by rank: provisional id */
    lots_id *base_rank;   /* by rank in the base: rank */
    lots_id *new_rank;    /* by provisional id: rank */
    lots_dictionary *made;
} merge;

static void free_merge(merge *work)
{
    lots_free(work->ordered);
    lots_free(work->from_base);
    lots_free(work->from_new);
    lots_free(work->base_rank);
    lots_free(work->new_rank);
    lots_dictionary_close(work->made);
}

static lots_status alloc_ids(lots_id **out, size_t count, lots_error *err)
{
    void *ids = NULL;
    LOTS_TRY(lots_alloc(&ids, count + 1, sizeof **out, err));
    *out = ids;
    return LOTS_OK;
}

static bool take_in_order(void *context, const uint8_t *key, size_t key_bytes, uint64_t value)
{
    lots_id **next = context;
    (void)key;
    (void)key_bytes;
    *(*next)++ = (lots_id)value;
    return false;
}

static span base_key(const merge *work, lots_id rank)
{
    span key = {NULL, 0};
    key.text = lots_dictionary_key(work->builder->base, rank, &key.bytes);
    return key;
}

static span new_key(const merge *work, lots_id provisional)
{
    return LOTS_AT(span, &work->builder->keys, provisional);
}

/* Give each key its rank: merge the base's keys with the new in order. */
static void merge_keys(merge *work)
{
    uint32_t b = 0, n = 0, rank = 0;
    while (b < work->base_count || n < work->new_count) {
        int order = 0;
        if (b == work->base_count || n == work->new_count) {
            order = b == work->base_count ? 1 : -1;
        } else {
            span old = base_key(work, b), new = new_key(work, work->ordered[n]);
            order = lots_key_compare(old.text, old.bytes, new.text, new.bytes);
        }
        work->from_base[rank] = order <= 0 ? b : LOTS_NO_ID;
        work->from_new[rank] = order >= 0 ? work->ordered[n] : LOTS_NO_ID;
        work->key_bytes += order <= 0 ? base_key(work, b).bytes : new_key(work, work->ordered[n]).bytes;
        if (order <= 0)
            work->base_rank[b++] = rank;
        if (order >= 0)
            work->new_rank[work->ordered[n++]] = rank;
        rank++;
    }
    work->count = rank;
}

static lots_status order_keys(merge *work, lots_error *err)
{
    size_t most = (size_t)work->base_count + work->new_count;
    if (most >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a dictionary holds at most %u entries", LOTS_DICTIONARY_MAX);
    LOTS_TRY(alloc_ids(&work->ordered, work->new_count, err));
    LOTS_TRY(alloc_ids(&work->from_base, most, err));
    LOTS_TRY(alloc_ids(&work->from_new, most, err));
    LOTS_TRY(alloc_ids(&work->base_rank, work->base_count, err));
    LOTS_TRY(alloc_ids(&work->new_rank, work->new_count, err));
    lots_id *next = work->ordered;
    LOTS_TRY(lots_art_iter(work->builder->tree, take_in_order, &next, NULL, err));
    merge_keys(work);
    if (work->count > LOTS_DICTIONARY_MAX)
        return lots_fail(err, LOTS_LIMIT, "a dictionary holds at most %u entries, not %u", LOTS_DICTIONARY_MAX,
                         work->count);
    return LOTS_OK;
}

/* Write the keys, and the stable ids: the base's stay, new keys get the next in order. */
static void fill_keys(merge *work)
{
    lots_dictionary *made = work->made;
    uint64_t written = 0;
    lots_id next_stable = work->base_count;
    for (lots_id rank = 0; rank < work->count; rank++) {
        lots_id old = work->from_base[rank];
        span key = old != LOTS_NO_ID ? base_key(work, old) : new_key(work, work->from_new[rank]);
        if (key.bytes != 0)
            memcpy(made->keys + written, key.text, key.bytes);
        written += key.bytes;
        made->key_offsets[rank + 1] = written;
        lots_id stable = old != LOTS_NO_ID ? work->builder->base->stable_of_rank[old] : next_stable++;
        made->stable_of_rank[rank] = stable;
        made->rank_of_stable[stable] = rank;
    }
}

static span merged_label(const merge *work, lots_id rank)
{
    span old = {NULL, 0}, new = {NULL, 0};
    if (work->from_base[rank] != LOTS_NO_ID)
        old.text = lots_dictionary_label_of(work->builder->base, work->from_base[rank], &old.bytes);
    if (work->from_new[rank] != LOTS_NO_ID)
        new = builder_label(work->builder, work->from_new[rank]);
    return smaller_label(old, new);
}

static lots_status fill_labels(merge *work, lots_error *err)
{
    size_t bytes = 0;
    for (lots_id rank = 0; rank < work->count; rank++)
        bytes += merged_label(work, rank).bytes;
    if (bytes == 0)
        return LOTS_OK;
    LOTS_TRY(lots_dictionary_room_labels(work->made, bytes, err));
    uint64_t written = 0;
    for (lots_id rank = 0; rank < work->count; rank++) {
        span label = merged_label(work, rank);
        if (label.bytes != 0)
            memcpy(work->made->labels + written, label.text, label.bytes);
        written += label.bytes;
        work->made->label_offsets[rank + 1] = written;
    }
    return LOTS_OK;
}

/* All relations, of the base and new, as ranks. */
static lots_status gather_relations(const merge *work, lots_vec *out, lots_error *err)
{
    const lots_vec *given = &work->builder->relations;
    LOTS_TRY(lots_vec_reserve(out, given->count, err));
    for (size_t i = 0; i < given->count; i++) {
        const relation *pair = &LOTS_AT(relation, given, i);
        relation ranks = {work->new_rank[pair->above], work->new_rank[pair->below]};
        LOTS_TRY(lots_vec_push(out, &ranks, err));
    }
    for (lots_id above = 0; above < work->base_count; above++) {
        uint32_t count = 0;
        const lots_id *below = lots_dictionary_below(work->builder->base, above, &count);
        for (uint32_t i = 0; i < count; i++) {
            relation ranks = {work->base_rank[above], work->base_rank[below[i]]};
            LOTS_TRY(lots_vec_push(out, &ranks, err));
        }
    }
    return LOTS_OK;
}

/* One stable counting pass: from `in` to `out` by one side of the relation. starts has count + 1 slots. */
static void sort_relations(const relation *in, relation *out, size_t count, bool by_below, uint32_t *starts,
                           uint32_t ranks)
{
    memset(starts, 0, ((size_t)ranks + 1) * sizeof *starts);
    for (size_t i = 0; i < count; i++)
        starts[(by_below ? in[i].below : in[i].above) + 1]++;
    for (uint32_t rank = 0; rank < ranks; rank++)
        starts[rank + 1] += starts[rank];
    for (size_t i = 0; i < count; i++)
        out[starts[by_below ? in[i].below : in[i].above]++] = in[i];
}

/* Write sorted relations without repeats. */
static void fill_below(lots_dictionary *made, const relation *sorted, size_t count)
{
    uint32_t written = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && sorted[i].above == sorted[i - 1].above && sorted[i].below == sorted[i - 1].below)
            continue;
        made->below[written++] = sorted[i].below;
        made->below_offsets[sorted[i].above + 1] = written;
    }
    for (uint32_t rank = 0; rank < made->count; rank++)
        if (made->below_offsets[rank + 1] < made->below_offsets[rank])
            made->below_offsets[rank + 1] = made->below_offsets[rank];
}

static lots_status fill_relations(merge *work, lots_vec *gathered, lots_error *err)
{
    LOTS_TRY(gather_relations(work, gathered, err));
    size_t count = gathered->count;
    if (count == 0)
        return LOTS_OK;
    if (count >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a dictionary holds at most %u relations, not %zu", UINT32_MAX - 1, count);
    LOTS_TRY(lots_dictionary_room_below(work->made, count, err));
    LOTS_TRY(lots_vec_extend(gathered, count, NULL, err)); /* the other half of the two passes */
    relation *first = gathered->data;
    uint32_t *starts = work->made->below_offsets; /* as scratch, before it gets its own values */
    sort_relations(first, first + count, count, true, starts, work->count);
    sort_relations(first + count, first, count, false, starts, work->count);
    memset(starts, 0, ((size_t)work->count + 1) * sizeof *starts);
    fill_below(work->made, first, count);
    return LOTS_OK;
}

static lots_status make_dictionary(merge *work, lots_id **to_stable, lots_error *err)
{
    LOTS_TRY(order_keys(work, err));
    LOTS_TRY(lots_dictionary_new(&work->made, work->count, work->key_bytes, err));
    fill_keys(work);
    LOTS_TRY(fill_labels(work, err));
    lots_vec gathered = LOTS_VEC(relation);
    lots_status status = fill_relations(work, &gathered, err);
    lots_vec_free(&gathered);
    LOTS_TRY(status);
    if (to_stable == NULL)
        return LOTS_OK;
    for (uint32_t i = 0; i < work->new_count; i++)
        work->new_rank[i] = work->made->stable_of_rank[work->new_rank[i]];
    *to_stable = work->new_rank;
    work->new_rank = NULL;
    return LOTS_OK;
}

lots_status lots_dictionary_finish(lots_dictionary_builder *builder, lots_dictionary **out, lots_id **to_stable,
                                   lots_error *err)
{
    *out = NULL;
    if (to_stable != NULL)
        *to_stable = NULL;
    merge work = {.builder = builder};
    work.base_count = builder->base != NULL ? builder->base->count : 0;
    work.new_count = lots_dictionary_builder_count(builder);
    lots_status status = make_dictionary(&work, to_stable, err);
    if (status == LOTS_OK) {
        *out = work.made;
        work.made = NULL;
    }
    free_merge(&work);
    return status;
}
