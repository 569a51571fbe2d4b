/* related.c: see related.h. */
#include "core/codec/related.h"

#include <assert.h>

#include "core/base/kernels.h"
#include "core/codec/missing.h"

static size_t word_count_of(uint32_t count) { return count / 64 + (count % 64 != 0); }
static bool bit_at(const uint64_t *words, uint32_t i) { return (words[i / 64] >> (i % 64) & 1) != 0; }

/* ---- GIVEN ---- */
/* The place of `id` among the children of `parent`; UINT32_MAX when it is none of them. */
static uint32_t place_of(const lots_parent *parent, uint32_t of, uint32_t id)
{
    const uint32_t first = parent->firsts[of], end = parent->firsts[of + 1];
    for (uint32_t i = first; i < end; i++)
        if (parent->children[i] == id)
            return i - first;
    return UINT32_MAX;
}

lots_status lots_given_write(const lots_values *values, const lots_parent *parent, lots_bytes *out, lots_block_meta *meta,
                             lots_arena *arena, lots_error *err)
{
    const uint32_t *ids = values->data;
    lots_block_meta inner;
    void *room;
    assert(values->phys == LOTS_PHYS_U32);
    LOTS_TRY(lots_arena_vector(arena, &room, values->count, sizeof(uint32_t), err));
    uint32_t *ranks = room, least = UINT32_MAX, most = 0;
    for (uint32_t i = 0; i < values->count; i++) {
        ranks[i] = 0;
        if (values->missing != NULL && bit_at(values->missing, i))
            continue;
        ranks[i] = place_of(parent, parent->ids[i], ids[i]);
        if (ranks[i] == UINT32_MAX)
            return lots_fail(err, LOTS_USAGE, "value %u is none of its parent's children", ids[i]);
        least = ids[i] < least ? ids[i] : least;
        most = ids[i] > most ? ids[i] : most;
    }
    const lots_values places = {.phys = LOTS_PHYS_U32, .count = values->count, .data = ranks, .missing = values->missing};
    LOTS_TRY(lots_inner_write(&places, out, &inner, arena, err));
    meta->encoding = LOTS_ENCODING_GIVEN;
    meta->width = inner.width;
    meta->min = least;
    meta->max = most;
    return LOTS_OK;
}

static void add_to(uint32_t *restrict places, const uint32_t *restrict firsts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        places[i] += firsts[i];
}

/* Places to children. A place beyond the children of its parent gives a child of another, which is of the same dictionary:
 * nothing worse. That of a missing value whose parent has no children may lie after all children. */
static lots_status find_children(const lots_parent *parent, uint32_t *places, const uint64_t *missing, uint32_t count,
                                 uint32_t *out, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const uint32_t children = parent->firsts[parent->count + 1];
    kernels->gather_u32(parent->firsts, parent->ids, count, out);
    add_to(places, out, count);
    const uint32_t most = kernels->max_u32(places, count);
    if (most > children)
        return lots_fail(err, LOTS_CORRUPT, "child %u of %u", most, children);
    kernels->gather_u32(parent->children, places, count, out);
    if (missing != NULL)
        lots_missing_clear(LOTS_PHYS_U32, missing, count, out);
    return LOTS_OK;
}

lots_status lots_given_read(lots_reader *reader, const lots_block_meta *meta, lots_values_out *out, lots_arena *arena,
                            lots_error *err)
{
    uint32_t missing = 0;
    void *places, *words = out->missing;
    if (meta->phys != LOTS_PHYS_U32)
        return lots_fail(err, LOTS_CORRUPT, "places among children of a block of kind %u", meta->phys);
    if (words == NULL)
        LOTS_TRY(lots_arena_vector(arena, &words, word_count_of(meta->count) + 1, 8, err));
    LOTS_TRY(lots_arena_vector(arena, &places, meta->count, sizeof(uint32_t), err));
    lots_values_out inner = {.data = places, .missing = words};
    LOTS_TRY(lots_inner_read(reader, LOTS_PHYS_U32, meta->count, &inner, &missing, arena, err));
    if (missing != meta->missing)
        return lots_fail(err, LOTS_CORRUPT, "%u values should be missing, %u places are", meta->missing, missing);
    return find_children(out->parent, places, missing > 0 ? words : NULL, meta->count, out->data, err);
}

lots_status lots_given_take(lots_reader *reader, const lots_block_meta *meta, const uint32_t *rows, uint32_t row_count,
                            lots_values_out *out, lots_arena *arena, lots_error *err)
{
    void *places, *words = out->missing;
    if (words == NULL)
        LOTS_TRY(lots_arena_vector(arena, &words, word_count_of(row_count) + 1, 8, err));
    LOTS_TRY(lots_arena_vector(arena, &places, row_count, sizeof(uint32_t), err));
    lots_values_out inner = {.data = places, .missing = words};
    LOTS_TRY(lots_inner_take(reader, LOTS_PHYS_U32, meta->count, rows, row_count, &inner, arena, err));
    return find_children(out->parent, places, meta->missing > 0 ? words : NULL, row_count, out->data, err);
}

/* ---- CLASSES ---- */
static size_t value_bytes(lots_phys phys, uint32_t count)
{
    return phys == LOTS_PHYS_BITS ? word_count_of(count) * sizeof(uint64_t) : count * lots_phys_bytes(phys);
}

/* The rows of one class, together. */
static void compress_values(const lots_values *values, const uint64_t *mask, void *data, uint64_t *missing)
{
    const lots_kernels *kernels = lots_kernels_get();
    if (values->phys == LOTS_PHYS_BITS)
        kernels->bits_compress(mask, values->count, values->data, data);
    else if (lots_phys_bytes(values->phys) == 4)
        kernels->compress_u32(mask, values->count, values->data, data);
    else
        kernels->compress_u64(mask, values->count, values->data, data);
    if (values->missing != NULL)
        kernels->bits_compress(mask, values->count, values->missing, missing);
}

/* Kernels read 64 bytes beyond what they are given, which a caller's values need not have. */
static lots_status copy_with_slack(const lots_values *values, lots_values *out, lots_arena *arena, lots_error *err)
{
    void *data, *missing;
    *out = *values;
    LOTS_TRY(lots_arena_vector(arena, &data, value_bytes(values->phys, values->count), 1, err));
    memcpy(data, values->data, value_bytes(values->phys, values->count));
    out->data = data;
    if (values->missing == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &missing, word_count_of(values->count), sizeof(uint64_t), err));
    memcpy(missing, values->missing, word_count_of(values->count) * sizeof(uint64_t));
    if (values->count % 64 != 0)
        ((uint64_t *)missing)[values->count / 64] &= (UINT64_C(1) << (values->count % 64)) - 1;
    out->missing = missing;
    return LOTS_OK;
}

lots_status lots_classes_write(const lots_values *given, const lots_parent *parent, lots_bytes *out, lots_block_meta *meta,
                               lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    lots_values values;
    void *mask, *data, *missing;
    if (parent->count > LOTS_CLASSES_MAX)
        return lots_fail(err, LOTS_USAGE, "%u classes are too many", parent->count);
    LOTS_TRY(copy_with_slack(given, &values, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &mask, word_count_of(values.count), sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &data, value_bytes(values.phys, values.count), 1, err));
    LOTS_TRY(lots_arena_vector(arena, &missing, word_count_of(values.count), sizeof(uint64_t), err));
    meta->encoding = LOTS_ENCODING_CLASSES;
    meta->min = INT64_MAX;
    meta->max = INT64_MIN;
    for (uint32_t class = 0; class <= parent->count; class++) {
        lots_block_meta inner;
        kernels->range_u32(parent->ids, values.count, class, class, mask);
        const lots_values part = {.phys = values.phys, .count = (uint32_t)kernels->bits_count(mask, values.count),
                                  .data = data, .missing = values.missing != NULL ? missing : NULL};
        if (part.count == 0)
            continue;
        compress_values(&values, mask, data, missing);
        LOTS_TRY(lots_inner_write(&part, out, &inner, arena, err));
        if (inner.missing == inner.count)
            continue;
        meta->width = inner.width > meta->width ? inner.width : meta->width;
        meta->min = inner.min < meta->min ? inner.min : meta->min;
        meta->max = inner.max > meta->max ? inner.max : meta->max;
    }
    return LOTS_OK;
}

/* ---- reading classes ---- */
typedef struct class_part {
    const uint64_t *mask;
    uint32_t count, missing;
    void *data;         /* of its rows; NULL: nothing but zeros */
    uint64_t *marks;    /* which of them are missing */
} class_part;

static lots_status read_part(lots_reader *reader, lots_phys phys, class_part *part, lots_arena *arena, lots_error *err)
{
    void *words;
    LOTS_TRY(lots_arena_vector(arena, &part->data, value_bytes(phys, part->count) + 8, 1, err));
    LOTS_TRY(lots_arena_vector(arena, &words, word_count_of(part->count) + 1, sizeof(uint64_t), err));
    part->marks = words;
    lots_values_out inner = {.data = part->data, .missing = words};
    LOTS_TRY(lots_inner_read(reader, phys, part->count, &inner, &part->missing, arena, err));
    if (part->missing == part->count)
        part->data = NULL;
    return LOTS_OK;
}

static lots_status check_missing(const lots_block_meta *meta, uint32_t found, lots_error *err)
{
    return found == meta->missing ? LOTS_OK
                                  : lots_fail(err, LOTS_CORRUPT, "%u values should be missing, classes mark %u",
                                              meta->missing, found);
}

/* The values of each class apart; *largest of those that have any. */
static lots_status read_parts(lots_reader *reader, const lots_block_meta *meta, const lots_parent *parent,
                              class_part *parts, uint32_t *largest, lots_arena *arena, lots_error *err)
{
    uint32_t found = 0;
    for (uint32_t k = 0; k <= parent->count; k++) {
        class_part *part = &parts[k];
        *part = (class_part){.mask = parent->masks[k]};
        part->count = part->mask != NULL ? (uint32_t)lots_kernels_get()->bits_count(part->mask, meta->count) : 0;
        if (part->count == 0)
            continue;
        LOTS_TRY(read_part(reader, (lots_phys)meta->phys, part, arena, err));
        found += part->missing;
        if (part->data != NULL && (*largest > parent->count || part->count > parts[*largest].count))
            *largest = k;
    }
    return check_missing(meta, found, err);
}

/* One by one where a class has few rows, else as vectors. Its rows are 0 in `out`. */
#define LAY_KERNEL(NAME, TYPE)                                                                              \
    static void scatter_##NAME(const uint64_t *mask, uint32_t count, const TYPE *restrict in, TYPE *restrict out) \
    {                                                                                                       \
        for (size_t w = 0; w < word_count_of(count); w++)                                                   \
            for (uint64_t word = mask[w]; word != 0; word &= word - 1)                                      \
                out[w * 64 + (size_t)__builtin_ctzll(word)] = *in++;                                        \
    }                                                                                                       \
    static void lay_##NAME(const class_part *part, uint32_t count, void *spread, TYPE *out)                 \
    {                                                                                                       \
        const TYPE *restrict from = spread;                                                                 \
        if (part->count < count / 8) {                                                                      \
            scatter_##NAME(part->mask, count, part->data, out);                                             \
            return;                                                                                         \
        }                                                                                                   \
        lots_kernels_get()->expand_##NAME(part->mask, count, part->data, spread);                           \
        for (uint32_t i = 0; i < count; i++)                                                                \
            out[i] |= from[i];                                                                              \
    }
LAY_KERNEL(u32, uint32_t)
LAY_KERNEL(u64, uint64_t)

static void lay_part(lots_phys phys, const class_part *part, uint32_t count, void *spread, void *out)
{
    if (lots_phys_bytes(phys) == 4)
        lay_u32(part, count, spread, out);
    else
        lay_u64(part, count, spread, out);
}

/* The largest class, zeros elsewhere. */
static void lay_first(lots_phys phys, const class_part *part, uint32_t count, void *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    if (lots_phys_bytes(phys) == 4)
        kernels->expand_u32(part->mask, count, part->data, out);
    else
        kernels->expand_u64(part->mask, count, part->data, out);
}

static void mark_missing(const class_part *parts, uint32_t part_count, uint32_t count, uint64_t *spread, uint64_t *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    for (uint32_t k = 0; k < part_count; k++) {
        if (parts[k].count == 0 || parts[k].missing == 0)
            continue;
        kernels->bits_expand(parts[k].mask, count, parts[k].marks, spread);
        kernels->bits_or(out, spread, count, out);
    }
}

/* ---- bits of classes ---- */
static bool any_bit(const uint64_t *words, uint32_t count)
{
    for (size_t w = 0; words != NULL && w < word_count_of(count); w++)
        if (words[w] != 0)
            return true;
    return false;
}

/* Of a class whose bits are all the same nothing is decoded. */
static lots_status lay_bits(lots_reader *reader, class_part *part, uint32_t count, uint64_t *spread, uint64_t *out,
                            lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    int64_t same;
    if (lots_inner_skip_same(reader, &same)) {
        if (same == 1)
            kernels->bits_or(out, part->mask, count, out);
        return same == 0 || same == 1 ? LOTS_OK : lots_fail(err, LOTS_CORRUPT, "a class of bits that are %lld", (long long)same);
    }
    part->count = (uint32_t)kernels->bits_count(part->mask, count);
    LOTS_TRY(read_part(reader, LOTS_PHYS_BITS, part, arena, err));
    if (part->data == NULL)
        return LOTS_OK;
    kernels->bits_expand(part->mask, count, part->data, spread);
    kernels->bits_or(out, spread, count, out);
    return LOTS_OK;
}

static lots_status read_bits(lots_reader *reader, const lots_block_meta *meta, lots_values_out *out, lots_arena *arena,
                             lots_error *err)
{
    const lots_parent *parent = out->parent;
    class_part parts[LOTS_CLASSES_MAX + 1];
    uint32_t missing = 0;
    void *spread;
    LOTS_TRY(lots_arena_vector(arena, &spread, word_count_of(meta->count), sizeof(uint64_t), err));
    memset(out->data, 0, word_count_of(meta->count) * sizeof(uint64_t));
    for (uint32_t k = 0; k <= parent->count; k++) {
        parts[k] = (class_part){.mask = parent->masks[k]};
        if (any_bit(parts[k].mask, meta->count))
            LOTS_TRY(lay_bits(reader, &parts[k], meta->count, spread, out->data, arena, err));
        missing += parts[k].missing;
    }
    LOTS_TRY(check_missing(meta, missing, err));
    if (meta->missing == 0)
        return LOTS_OK;
    memset(out->missing, 0, word_count_of(meta->count) * sizeof(uint64_t));
    mark_missing(parts, parent->count + 1, meta->count, spread, out->missing);
    return LOTS_OK;
}

lots_status lots_classes_read(lots_reader *reader, const lots_block_meta *meta, lots_values_out *out, lots_arena *arena,
                              lots_error *err)
{
    const lots_phys phys = (lots_phys)meta->phys;
    const lots_parent *parent = out->parent;
    class_part parts[LOTS_CLASSES_MAX + 1];
    uint32_t largest = UINT32_MAX;
    void *spread;
    if (phys == LOTS_PHYS_TEXT || parent->count > LOTS_CLASSES_MAX)
        return lots_fail(err, LOTS_CORRUPT, "%u classes of a block of kind %u", parent->count, meta->phys);
    if (phys == LOTS_PHYS_BITS)
        return read_bits(reader, meta, out, arena, err);
    LOTS_TRY(read_parts(reader, meta, parent, parts, &largest, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &spread, (size_t)meta->count + 64, 8, err));
    if (largest > parent->count) /* not all are missing, so some class has values: damage that the counts did not show */
        return lots_fail(err, LOTS_CORRUPT, "no class of %u values has any", meta->count);
    lay_first(phys, &parts[largest], meta->count, out->data);
    for (uint32_t k = 0; k <= parent->count; k++)
        if (k != largest && parts[k].count > 0 && parts[k].data != NULL)
            lay_part(phys, &parts[k], meta->count, spread, out->data);
    if (meta->missing == 0)
        return LOTS_OK;
    memset(out->missing, 0, word_count_of(meta->count) * sizeof(uint64_t));
    mark_missing(parts, parent->count + 1, meta->count, spread, out->missing);
    return LOTS_OK;
}
