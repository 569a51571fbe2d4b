/* entries.c: see entries.h. */
#include "core/codec/entries.h"

#include <assert.h>

#include "core/base/kernels.h"
#include "core/codec/choose.h"
#include "core/codec/missing.h"

static size_t word_count_of(uint32_t count) { return count / 64 + (count % 64 != 0); }

/* ---- writing ---- */
/* Whole numbers, the encoding before them. */
static lots_status write_numbers(const uint32_t *values, uint32_t count, lots_bytes *out, uint8_t *width,
                                 lots_arena *arena, lots_error *err)
{
    const lots_ints ints = {.narrow = values, .count = count, .range = lots_kernels_get()->max_u32(values, count)};
    const size_t at = out->count;
    lots_shape shape;
    LOTS_TRY(lots_bytes_put8(out, 0, err));
    LOTS_TRY(lots_ints_encode(&ints, (lots_starts){NULL, 0}, 0, out, &shape, arena, err));
    out->data[at] = shape.encoding;
    *width = shape.width;
    return LOTS_OK;
}

static void take_missing(const lots_values *values, const lots_entries *entries, uint64_t *missing)
{
    memset(missing, 0, word_count_of(entries->count) * sizeof *missing);
    for (uint32_t i = 0; i < entries->count; i++)
        missing[i / 64] |= (values->missing[entries->rows[i] / 64] >> (entries->rows[i] % 64) & 1) << (i % 64);
}

static void take_bits(const lots_values *values, const lots_entries *entries, uint64_t *bits)
{
    const uint64_t *words = values->data;
    memset(bits, 0, word_count_of(entries->count) * sizeof *bits);
    for (uint32_t i = 0; i < entries->count; i++)
        bits[i / 64] |= (words[entries->rows[i] / 64] >> (entries->rows[i] % 64) & 1) << (i % 64);
}

/* The values of the entries. */
static lots_status take_values(const lots_values *values, const lots_entries *entries, lots_values *out,
                               lots_arena *arena, lots_error *err)
{
    const bool bits = values->phys == LOTS_PHYS_BITS;
    void *data, *missing;
    *out = (lots_values){.phys = values->phys, .count = entries->count};
    LOTS_TRY(lots_arena_vector(arena, &data, bits ? word_count_of(entries->count) : entries->count,
                               bits ? sizeof(uint64_t) : lots_phys_bytes(values->phys), err));
    if (bits)
        take_bits(values, entries, data);
    else if (lots_phys_bytes(values->phys) == 4)
        for (uint32_t i = 0; i < entries->count; i++)
            ((uint32_t *)data)[i] = ((const uint32_t *)values->data)[entries->rows[i]];
    else
        for (uint32_t i = 0; i < entries->count; i++)
            ((uint64_t *)data)[i] = ((const uint64_t *)values->data)[entries->rows[i]];
    out->data = data;
    if (values->missing == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &missing, word_count_of(entries->count), sizeof(uint64_t), err));
    take_missing(values, entries, missing);
    out->missing = missing;
    return LOTS_OK;
}

lots_status lots_entries_write(const lots_values *values, const lots_entries *entries, lots_bytes *out,
                               lots_block_meta *meta, lots_arena *arena, lots_error *err)
{
    lots_values taken;
    lots_block_meta inner;
    uint8_t width = 0, ignored;
    assert(values->phys != LOTS_PHYS_TEXT && entries->count > 0 && entries->count <= values->count);
    meta->encoding = entries->index != NULL ? LOTS_ENCODING_ENTRIES : LOTS_ENCODING_LINKED;
    if (entries->index != NULL)
        LOTS_TRY(lots_bytes_put_varint(out, entries->count, err));
    LOTS_TRY(take_values(values, entries, &taken, arena, err));
    LOTS_TRY(lots_inner_write(&taken, out, &inner, arena, err));
    if (entries->index != NULL) {
        LOTS_TRY(write_numbers(entries->counts, entries->patients, out, &ignored, arena, err));
        LOTS_TRY(write_numbers(entries->index, values->count, out, &width, arena, err));
    }
    meta->width = entries->index != NULL ? width : inner.width;
    meta->min = inner.min;
    meta->max = inner.max;
    return LOTS_OK;
}

/* ---- reading ---- */
static lots_status read_numbers(lots_reader *reader, uint32_t count, uint32_t *out, lots_arena *arena, lots_error *err)
{
    uint8_t encoding = 0;
    if (!lots_read8(reader, &encoding) || encoding == LOTS_ENCODING_GAPS)
        return lots_fail(err, LOTS_CORRUPT, "%u numbers of entries have a damaged head", count);
    return lots_ints_decode_u32(encoding, reader, count, (lots_starts){NULL, 0}, false, out, arena, err);
}

/* Sixteen at a time, beyond the patient's last, which the next patient's overwrite: so compilers make vectors of it. */
static void add_first(const uint32_t *from, uint32_t at, uint32_t end, uint32_t add, uint32_t *ids)
{
    for (size_t i = at; i < end; i += 16) {
        const uint32_t *restrict in = from + i;
        uint32_t *restrict out = ids + i;
        for (size_t k = 0; k < 16; k++)
            out[k] = in[k] + add;
    }
}

/* To each row's entry those of the patients before. False when the starts don't go with `count` rows or `total` entries. */
static bool add_firsts(const uint32_t *counts, lots_starts starts, const uint32_t *from, uint32_t count, uint32_t total,
                       uint32_t *ids)
{
    uint64_t first = 0;
    uint32_t at = 0;
    for (uint32_t k = 0; k < starts.count; k++) {
        const uint32_t end = k + 1 < starts.count ? starts.starts[k + 1] : count;
        if (starts.starts[k] != at || end < at || end > count)
            return false;
        add_first(from, at, end, (uint32_t)first, ids);
        first += counts[k];
        at = end;
    }
    return first == total && at == count;
}

lots_status lots_entries_count(lots_reader *reader, uint32_t count, uint32_t *entries, lots_error *err)
{
    uint64_t total = 0;
    if (!lots_read_varint(reader, &total) || total == 0 || total > count)
        return lots_fail(err, LOTS_CORRUPT, "%u rows have a damaged count of entries", count);
    *entries = (uint32_t)total;
    return LOTS_OK;
}

lots_status lots_entries_ids(lots_reader *reader, uint32_t count, lots_starts starts, uint32_t entries, bool believed,
                             uint32_t *ids, lots_arena *arena, lots_error *err)
{
    void *counts, *own;
    if (starts.count == 0)
        return lots_fail(err, LOTS_CORRUPT, "%u entries of no patients", entries);
    LOTS_TRY(lots_arena_vector(arena, &counts, starts.count, sizeof(uint32_t), err));
    LOTS_TRY(read_numbers(reader, starts.count, counts, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &own, count, sizeof(uint32_t), err));
    LOTS_TRY(read_numbers(reader, count, own, arena, err));
    if (!add_firsts(counts, starts, own, count, entries, ids))
        return lots_fail(err, LOTS_CORRUPT, "%u entries do not fit the patients' starts", entries);
    const uint32_t most = believed ? 0 : lots_kernels_get()->max_u32(ids, count);
    return most < entries ? LOTS_OK : lots_fail(err, LOTS_CORRUPT, "entry %u of %u", most, entries);
}

/* As read_numbers, of some rows. */
static lots_status take_numbers(lots_reader *reader, uint32_t count, const uint32_t *rows, uint32_t row_count, uint32_t *out,
                                lots_arena *arena, lots_error *err)
{
    uint8_t encoding = 0;
    void *all;
    lots_reader peek = *reader;
    if (lots_read8(&peek, &encoding) && encoding == LOTS_ENCODING_FRAME)
        return lots_frame_take_u32(&peek, count, 0, rows, row_count, out, arena, err);
    LOTS_TRY(lots_arena_vector(arena, &all, count, sizeof(uint32_t), err));
    LOTS_TRY(read_numbers(reader, count, all, arena, err));
    lots_kernels_get()->gather_u32(all, rows, row_count, out);
    return LOTS_OK;
}

/* The entries before those of the patient of each row. A bit stands on the last row before each patient's, so its rank tells
 * the patient; of patients that begin with the same row the last one has it. */
static lots_status find_firsts(const uint32_t *counts, lots_starts starts, uint32_t count, const uint32_t *rows,
                               uint32_t row_count, uint32_t *out, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const size_t words = word_count_of(count);
    void *bits, *before, *firsts;
    uint32_t nth = 0, first = 0, at = 0;
    LOTS_TRY(lots_arena_alloc(arena, &bits, words + 1, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &before, words + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &firsts, (size_t)starts.count + 1, sizeof(uint32_t), err));
    ((uint32_t *)firsts)[0] = 0;
    for (uint32_t k = 0; k < starts.count; k++) {
        const uint32_t start = starts.starts[k];
        if (start < at || start > count)
            return lots_fail(err, LOTS_CORRUPT, "patient %u of entries begins at row %u of %u", k, start, count);
        nth += start != at;
        if (start > 0)
            ((uint64_t *)bits)[(start - 1) / 64] |= UINT64_C(1) << ((start - 1) % 64);
        ((uint32_t *)firsts)[nth] = first;
        first += counts[k];
        at = start;
    }
    ((uint32_t *)before)[words] = kernels->count_prefix(bits, words, 0, before);
    kernels->bit_ranks(bits, before, rows, row_count, out);
    kernels->gather_u32(firsts, out, row_count, out);
    return LOTS_OK;
}

lots_status lots_entries_take_ids(lots_reader *reader, uint32_t count, lots_starts starts, uint32_t entries,
                                  const uint32_t *rows, uint32_t row_count, uint32_t *ids, lots_arena *arena,
                                  lots_error *err)
{
    void *counts, *firsts;
    LOTS_TRY(lots_arena_vector(arena, &counts, starts.count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &firsts, row_count, sizeof(uint32_t), err));
    LOTS_TRY(read_numbers(reader, starts.count, counts, arena, err));
    LOTS_TRY(find_firsts(counts, starts, count, rows, row_count, firsts, arena, err));
    LOTS_TRY(take_numbers(reader, count, rows, row_count, ids, arena, err));
    lots_kernels_get()->add_i32((const int32_t *)ids, firsts, 0, NULL, row_count, (int32_t *)ids);
    const uint32_t most = lots_kernels_get()->max_u32(ids, row_count);
    return most < entries || row_count == 0 ? LOTS_OK : lots_fail(err, LOTS_CORRUPT, "entry %u of %u", most, entries);
}

lots_status lots_entries_values(lots_reader *reader, lots_phys phys, uint32_t entries, lots_entry_values *out,
                                lots_arena *arena, lots_error *err)
{
    void *words;
    if (phys == LOTS_PHYS_TEXT)
        return lots_fail(err, LOTS_CORRUPT, "texts of entries");
    *out = (lots_entry_values){.count = entries};
    LOTS_TRY(lots_arena_vector(arena, &out->data, entries, 8, err));
    LOTS_TRY(lots_arena_vector(arena, &words, word_count_of(entries), 8, err));
    out->missing = words;
    lots_values_out values = {.data = out->data, .missing = words};
    return lots_inner_read(reader, phys, entries, &values, &out->missing_count, arena, err);
}

static void spread(lots_phys phys, const lots_entry_values *entries, const uint32_t *ids, uint32_t count, void *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    if (phys == LOTS_PHYS_BITS)
        kernels->lookup_bits(ids, count, entries->data, entries->count, out);
    else if (lots_phys_bytes(phys) == 4)
        kernels->gather_u32(entries->data, ids, count, out);
    else
        kernels->gather_u64(entries->data, ids, count, out);
}

void lots_entries_spread(const lots_entry_values *entries, const uint32_t *ids, lots_phys phys, uint32_t count,
                         lots_values_out *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    spread(phys, entries, ids, count, out->data);
    if (out->missing == NULL)
        return;
    if (entries->missing_count > 0)
        kernels->lookup_bits(ids, count, entries->missing, entries->count, out->missing);
    else
        memset(out->missing, 0, word_count_of(count) * sizeof(uint64_t));
}
