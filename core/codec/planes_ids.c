/* planes_ids.c: which rows have which ids, as the planes of a column of few tell it. The idea: a block that is asked once is read
 * from the last plane to the first, in which little is spread over all rows; one that is asked again and again is spread once,
 * plane by plane, and kept. See planes.h. */
#include "core/base/kernels.h"
#include "core/codec/planes_inner.h"

static size_t word_count_of(uint32_t count) { return count / 64 + (count % 64 != 0); }

/* ---- planes that are kept ---- */

struct lots_kept_planes {
    lots_kept_planes *next;
    const uint8_t *block, *at; /* where the block's first byte lies, and that of its next plane */
    planes_read read;
    uint32_t values[U32_ROOM];
};

/* What is known of a block where the reader stands; in `own` where nothing is kept. */
static lots_status open_kept(lots_reader *reader, uint32_t count, lots_known_planes *known, lots_kept_planes *own,
                             lots_kept_planes **out, lots_arena *arena, lots_error *err)
{
    lots_kept_planes *kept = known != NULL ? known->first : NULL;
    void *room = own;
    while (kept != NULL && kept->block != reader->at)
        kept = kept->next;
    *out = kept;
    if (kept != NULL) {
        known->again = true;
        return LOTS_OK;
    }
    if (known != NULL)
        LOTS_TRY(lots_arena_alloc(known->arena, &room, 1, sizeof(lots_kept_planes), err));
    kept = *out = room;
    *kept = (lots_kept_planes){.next = known != NULL ? known->first : NULL, .block = reader->at};
    LOTS_TRY(lots_planes_read_distinct(reader, count, &kept->read.distinct, err));
    LOTS_TRY(lots_frame_decode_u32(reader, kept->read.distinct, 0, kept->values, arena, err));
    kept->at = reader->at;
    if (known != NULL)
        known->first = kept;
    return LOTS_OK;
}

/* The first `wanted` of its planes; the reader then stands after those that are read. */
static lots_status read_kept(lots_reader *reader, uint32_t count, uint32_t wanted, const lots_known_planes *known,
                             lots_kept_planes *kept, lots_arena *arena, lots_error *err)
{
    reader->at = kept->at;
    LOTS_TRY(lots_planes_read(reader, count, wanted, &kept->read, known != NULL ? known->arena : arena, err));
    kept->at = reader->at;
    return LOTS_OK;
}

/* What no plane marks, all being read. */
static lots_status find_rest(planes_read *read, uint32_t count, lots_arena *arena, lots_error *err)
{
    void *all;
    read->planes[read->distinct - 1] = read->left;
    if (read->left != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(arena, &all, word_count_of(count) + 1, 8, err));
    lots_kernels_get()->bits_not(all, count, all);
    read->planes[0] = all;
    return LOTS_OK;
}

lots_status lots_planes_masks(lots_reader *reader, uint32_t count, uint32_t ids, lots_known_planes *known,
                              const uint64_t **masks, lots_arena *arena, lots_error *err)
{
    lots_kept_planes own, *kept;
    LOTS_TRY(open_kept(reader, count, known, &own, &kept, arena, err));
    LOTS_TRY(read_kept(reader, count, kept->read.distinct - 1, known, kept, arena, err));
    LOTS_TRY(find_rest(&kept->read, count, arena, err));
    for (uint32_t id = 0; id < ids; id++)
        masks[id] = NULL;
    for (uint32_t k = 0; k < kept->read.distinct; k++) {
        if (kept->values[k] >= ids || masks[kept->values[k]] != NULL)
            return lots_fail(err, LOTS_CORRUPT, "planes of id %u of %u", kept->values[k], ids);
        masks[kept->values[k]] = kept->read.planes[k];
    }
    return LOTS_OK;
}

/* ---- ids in a set ---- */

static bool is_wanted(const lots_id_test *test, uint32_t id)
{
    if (test->table == NULL)
        return id >= test->first && id < test->end;
    return id < test->table_count && (test->table[id / 64] >> (id % 64) & 1) != 0;
}

typedef struct packed_planes {
    uint64_t *planes[LOTS_PLANES_VALUES];
    uint32_t bits[LOTS_PLANES_VALUES]; /* of each */
} packed_planes;

/* The first `wanted` planes as they lie. */
static lots_status read_packed_planes(lots_reader *reader, uint32_t count, uint32_t wanted, packed_planes *out, lots_arena *arena,
                                      lots_error *err)
{
    uint32_t bits = count;
    void *plane;
    for (uint32_t k = 0; k < wanted; k++) {
        LOTS_TRY(lots_arena_vector(arena, &plane, word_count_of(bits) + 1, 8, err));
        LOTS_TRY(lots_planes_read_bits(reader, bits, plane, err));
        out->planes[k] = plane;
        out->bits[k] = bits;
        bits -= (uint32_t)lots_kernels_get()->bits_count(plane, bits);
    }
    return LOTS_OK;
}

/* Of the values that no plane before this one has, those that are wanted; `known`: the same of those that it hasn't either, NULL
 * where it is the last that tells. `others`: room. */
static void spread_wanted(const uint64_t *plane, uint32_t bits, bool wanted, const uint64_t *known, uint64_t *others, uint64_t *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    if (known == NULL && wanted) {
        memcpy(out, plane, word_count_of(bits) * 8);
        return;
    }
    kernels->bits_not(plane, bits, known == NULL ? out : others);
    if (known == NULL)
        return;
    kernels->bits_expand(others, bits, known, out);
    if (wanted)
        kernels->bits_or(out, plane, bits, out);
}

/* From the last plane that tells to the first: what is known of values that no plane has so far is spread over those that the plane
 * before leaves, which are more; so only the last spreading is over all. The reader stands at the first plane. */
static lots_status test_packed(lots_reader *reader, uint32_t count, const lots_id_test *test, const uint32_t *values, uint32_t planes,
                               uint32_t telling, uint64_t *out, lots_arena *arena, lots_error *err)
{
    const uint64_t *known = NULL;
    packed_planes packed;
    void *others, *spread;
    LOTS_TRY(read_packed_planes(reader, count, planes, &packed, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &others, word_count_of(count), 8, err));
    for (uint32_t k = telling; k-- > 0; known = spread) {
        spread = out;
        if (k > 0)
            LOTS_TRY(lots_arena_vector(arena, &spread, word_count_of(packed.bits[k]) + 1, 8, err));
        spread_wanted(packed.planes[k], packed.bits[k], is_wanted(test, values[k]), known, others, spread);
    }
    return LOTS_OK;
}

/* The planes of wanted values, one over the other. */
static void test_kept(const lots_kept_planes *kept, uint32_t count, const lots_id_test *test, uint32_t telling, bool last, uint64_t *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    memset(out, 0, word_count_of(count) * 8);
    for (uint32_t k = 0; k < telling; k++)
        if (is_wanted(test, kept->values[k]) != last)
            kernels->bits_or(out, kept->read.planes[k], count, out);
    if (last)
        kernels->bits_not(out, count, out);
}

/* Planes after which all values are wanted alike needn't be read. The last value has no plane. */
lots_status lots_planes_test(lots_reader *reader, uint32_t count, const lots_id_test *test, bool believed, lots_known_planes *known,
                             uint64_t *out, uint32_t *greatest, lots_arena *arena, lots_error *err)
{
    lots_kept_planes own, *kept;
    LOTS_TRY(open_kept(reader, count, known, &own, &kept, arena, err));
    const uint32_t distinct = kept->read.distinct, *values = kept->values;
    const bool last = is_wanted(test, values[distinct - 1]);
    uint32_t telling = distinct - 1;
    *greatest = lots_kernels_get()->max_u32(values, distinct);
    while (telling > 0 && is_wanted(test, values[telling - 1]) == last)
        telling--;
    const uint32_t planes = believed ? telling : distinct - 1;
    if (telling > 0 && kept->read.read == 0 && (known == NULL || !known->often)) {
        reader->at = kept->at;
        return test_packed(reader, count, test, values, planes, telling, out, arena, err);
    }
    LOTS_TRY(read_kept(reader, count, planes, known, kept, arena, err));
    test_kept(kept, count, test, telling, last, out);
    return LOTS_OK;
}
