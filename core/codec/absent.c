/* absent.c: see absent.h. */
#include "core/codec/absent.h"

#include "core/base/kernels.h"
#include "core/codec/missing.h"

static size_t word_count_of(uint32_t count) { return count / 64 + (count % 64 != 0); }
static bool bit_at(const uint64_t *words, uint32_t i) { return (words[i / 64] >> (i % 64) & 1) != 0; }

/* ---- writing ---- */

/* The ids of which all rows are missing, and how many rows those are. */
static uint64_t find_set(const uint32_t *ids, uint32_t id_count, const uint64_t *missing, uint32_t count, uint32_t *left_out)
{
    uint32_t rows[LOTS_ABSENT_IDS_MAX + 1] = {0}, gone[LOTS_ABSENT_IDS_MAX + 1] = {0};
    uint64_t set = 0;
    for (uint32_t i = 0; i < count; i++) {
        rows[ids[i]]++;
        gone[ids[i]] += bit_at(missing, i);
    }
    *left_out = 0;
    for (uint32_t id = 0; id < id_count; id++) {
        if (rows[id] == 0 || gone[id] < rows[id])
            continue;
        set |= UINT64_C(1) << id;
        *left_out += rows[id];
    }
    return set;
}

static lots_status drop_rows(const lots_values *values, const uint64_t *missing, const uint64_t *left, uint32_t left_out,
                             lots_values *out, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    uint64_t *bits;
    uint32_t ignored;
    void *keep, *data, *marks;
    LOTS_TRY(lots_arena_vector(arena, &keep, word_count_of(values->count), sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &marks, word_count_of(values->count) + 1, sizeof(uint64_t), err));
    kernels->bits_not(left, values->count, keep);
    if (values->phys == LOTS_PHYS_BITS) {
        LOTS_TRY(lots_missing_copy(values->data, values->count, &bits, &ignored, arena, err));
        LOTS_TRY(lots_arena_vector(arena, &data, word_count_of(values->count) + 1, sizeof(uint64_t), err));
        kernels->bits_compress(keep, values->count, bits, data);
        *out = (lots_values){.phys = LOTS_PHYS_BITS, .count = values->count - left_out, .data = data};
    } else {
        LOTS_TRY(lots_missing_drop(values, left, left_out, out, arena, err));
    }
    kernels->bits_compress(keep, values->count, missing, marks);
    out->missing = marks;
    return LOTS_OK;
}

lots_status lots_absent_split(const lots_values *values, const lots_block_options *options, lots_absent_rest *out,
                              lots_arena *arena, lots_error *err)
{
    const uint32_t *ids = options->absent->ids;
    uint64_t *missing;
    uint32_t missing_count;
    void *left;
    *out = (lots_absent_rest){.values = *values};
    if (values->missing == NULL || values->starts != NULL || values->phys == LOTS_PHYS_TEXT || options->entries != NULL ||
        options->absent->count > LOTS_ABSENT_IDS_MAX)
        return LOTS_OK;
    LOTS_TRY(lots_missing_copy(values->missing, values->count, &missing, &missing_count, arena, err));
    const uint64_t set = find_set(ids, options->absent->count, missing, values->count, &out->left_out);
    if (missing_count == values->count || out->left_out == 0 || out->left_out < missing_count / 2)
        return LOTS_OK;
    out->set = set;
    LOTS_TRY(lots_arena_vector(arena, &left, word_count_of(values->count), sizeof(uint64_t), err));
    memset(left, 0, word_count_of(values->count) * sizeof(uint64_t));
    for (uint32_t i = 0; i < values->count; i++)
        if (ids[i] < options->absent->count)
            ((uint64_t *)left)[i / 64] |= (set >> ids[i] & 1) << (i % 64);
    LOTS_TRY(drop_rows(values, missing, left, out->left_out, &out->values, arena, err));
    if (options->parent == NULL)
        return LOTS_OK;
    const lots_values parent = {.phys = LOTS_PHYS_U32, .count = values->count, .data = options->parent->ids};
    lots_values kept;
    LOTS_TRY(lots_missing_drop(&parent, left, out->left_out, &kept, arena, err));
    out->parent = *options->parent;
    out->parent.ids = kept.data;
    return LOTS_OK;
}

/* ---- reading ---- */

/* The block of the rows that are left. */
typedef struct rest_block {
    lots_block_meta meta;
    const uint8_t *bytes;
    const uint64_t *present; /* rows that are not left out */
} rest_block;

static bool may_be_left(uint8_t encoding)
{
    switch (encoding & ~LOTS_ENCODING_ZSTD) {
    case LOTS_ENCODING_GAPS:
    case LOTS_ENCODING_ENTRIES:
    case LOTS_ENCODING_LINKED:
    case LOTS_ENCODING_CLASSES:
        return false;
    default:
        return true;
    }
}

lots_status lots_block_absent(const lots_block_meta *meta, const uint8_t *bytes, uint64_t *set, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    *set = 0;
    if (meta->encoding & LOTS_ENCODING_ABSENT && !lots_read_varint(&reader, set))
        return lots_fail(err, LOTS_CORRUPT, "a block lacks what it leaves out");
    return LOTS_OK;
}

static lots_status open_rest(const lots_block_meta *meta, const uint8_t *bytes, const uint64_t *absent, rest_block *rest,
                             lots_arena *arena, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    uint64_t set;
    void *present;
    rest->meta = *meta;
    rest->meta.encoding &= (uint8_t)~LOTS_ENCODING_ABSENT;
    if (absent == NULL || meta->phys == LOTS_PHYS_TEXT || !may_be_left(rest->meta.encoding) ||
        !lots_read_varint(&reader, &set))
        return lots_fail(err, LOTS_CORRUPT, "a block of kind %u in encoding '%s' can't leave out rows", meta->phys,
                         lots_encoding_name(meta->encoding));
    const uint64_t left_out = lots_kernels_get()->bits_count(absent, meta->count);
    if (left_out > meta->missing)
        return lots_fail(err, LOTS_CORRUPT, "%llu rows are left out, of %u that should be missing",
                         (unsigned long long)left_out, meta->missing);
    rest->meta.count -= (uint32_t)left_out;
    rest->meta.missing -= (uint32_t)left_out;
    rest->meta.bytes = (uint32_t)(reader.end - reader.at);
    rest->bytes = reader.at;
    LOTS_TRY(lots_arena_vector(arena, &present, word_count_of(meta->count), sizeof(uint64_t), err));
    lots_kernels_get()->bits_not(absent, meta->count, present);
    rest->present = present;
    return LOTS_OK;
}

/* Room for the values of `count` rows and which are missing. */
static lots_status open_values(uint32_t count, lots_values_out *out, lots_arena *arena, lots_error *err)
{
    void *data, *missing;
    LOTS_TRY(lots_arena_vector(arena, &data, count, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &missing, word_count_of(count) + 1, sizeof(uint64_t), err));
    out->data = data;
    out->missing = missing;
    out->absent = NULL;
    return LOTS_OK;
}

/* The parent's ids of the rows in `present`. */
static lots_status keep_parent(const uint64_t *present, uint32_t count, lots_parent *kept, lots_values_out *out,
                               lots_arena *arena, lots_error *err)
{
    void *ids;
    if (out->parent == NULL || out->parent->ids == NULL)
        return LOTS_OK;
    *kept = *out->parent;
    LOTS_TRY(lots_arena_vector(arena, &ids, count, sizeof(uint32_t), err));
    lots_kernels_get()->compress_u32(present, count, kept->ids, ids);
    kept->ids = ids;
    out->parent = kept;
    return LOTS_OK;
}

/* Which of all rows are missing: those left out, and of those in `present` what `some` marks (NULL: none). */
static lots_status spread_missing(const uint64_t *present, uint32_t count, const uint64_t *some, uint64_t *out,
                                  lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    void *spread;
    kernels->bits_not(present, count, out);
    if (some == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &spread, word_count_of(count), sizeof(uint64_t), err));
    kernels->bits_expand(present, count, some, spread);
    kernels->bits_or(out, spread, count, out);
    return LOTS_OK;
}

static void spread_values(lots_phys phys, const uint64_t *present, uint32_t count, const void *some, void *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    if (phys == LOTS_PHYS_BITS)
        kernels->bits_expand(present, count, some, out);
    else if (lots_phys_bytes(phys) == 4)
        kernels->expand_u32(present, count, some, out);
    else
        kernels->expand_u64(present, count, some, out);
}

lots_status lots_absent_decode(const lots_block_meta *meta, const uint8_t *bytes, lots_values_out *out, lots_arena *arena,
                               lots_error *err)
{
    rest_block rest;
    lots_values_out inner = *out;
    lots_parent kept;
    LOTS_TRY(open_rest(meta, bytes, out->absent, &rest, arena, err));
    LOTS_TRY(open_values(rest.meta.count, &inner, arena, err));
    LOTS_TRY(keep_parent(rest.present, meta->count, &kept, &inner, arena, err));
    LOTS_TRY(lots_block_decode(&rest.meta, rest.bytes, &inner, arena, err));
    spread_values((lots_phys)meta->phys, rest.present, meta->count, inner.data, out->data);
    return out->missing == NULL ? LOTS_OK
                                : spread_missing(rest.present, meta->count, rest.meta.missing > 0 ? inner.missing : NULL,
                                                 out->missing, arena, err);
}

/* Where the rows are among those that are left. */
static lots_status find_places(const uint64_t *present, uint32_t count, uint32_t *rows, uint32_t row_count,
                               uint32_t **out, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const size_t words = word_count_of(count);
    void *before, *places;
    LOTS_TRY(lots_arena_vector(arena, &before, words + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &places, row_count, sizeof(uint32_t), err));
    ((uint32_t *)before)[words] = kernels->count_prefix(present, words, 0, before);
    kernels->bit_ranks(present, before, rows, row_count, places);
    *out = places;
    return LOTS_OK;
}

lots_status lots_absent_take(const lots_block_meta *meta, const uint8_t *bytes, const uint32_t *rows, uint32_t row_count,
                             lots_values_out *out, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    rest_block rest;
    lots_values_out inner = *out;
    lots_parent parent;
    uint32_t *places;
    void *there, *kept;
    LOTS_TRY(open_rest(meta, bytes, out->absent, &rest, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &there, word_count_of(row_count), sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &kept, row_count, sizeof(uint32_t), err));
    kernels->lookup_bits(rows, row_count, rest.present, meta->count, there);
    const uint32_t kept_count = (uint32_t)kernels->compress_u32(there, row_count, rows, kept);
    LOTS_TRY(find_places(rest.present, meta->count, kept, kept_count, &places, arena, err));
    LOTS_TRY(open_values(kept_count, &inner, arena, err));
    LOTS_TRY(keep_parent(there, row_count, &parent, &inner, arena, err));
    if (kept_count > 0)
        LOTS_TRY(lots_block_take(&rest.meta, rest.bytes, places, kept_count, &inner, arena, err));
    spread_values((lots_phys)meta->phys, there, row_count, inner.data, out->data);
    return spread_missing(there, row_count, rest.meta.missing > 0 && kept_count > 0 ? inner.missing : NULL, out->missing,
                          arena, err);
}

lots_status lots_absent_test(const lots_block_meta *meta, const uint8_t *bytes, const lots_id_test *test,
                             const lots_values_out *from, uint64_t *out, uint64_t *missing, uint32_t *greatest,
                             lots_arena *arena, lots_error *err)
{
    rest_block rest;
    lots_values_out inner = *from;
    LOTS_TRY(open_rest(meta, bytes, from->absent, &rest, arena, err));
    LOTS_TRY(open_values(rest.meta.count, &inner, arena, err));
    LOTS_TRY(lots_block_test(&rest.meta, rest.bytes, test, &inner, inner.data, inner.missing, greatest, arena, err));
    lots_kernels_get()->bits_expand(rest.present, meta->count, inner.data, out);
    return meta->missing == 0 ? LOTS_OK
                              : spread_missing(rest.present, meta->count, rest.meta.missing > 0 ? inner.missing : NULL,
                                               missing, arena, err);
}
