/* missing.c: see missing.h. */
#include "core/codec/missing.h"

#include "core/base/kernels.h"
#include "core/codec/plain.h"
#include "core/codec/rle.h"

enum { FORM_RUNS = 1, FORM_DENSE = 2 };

static size_t word_count_of(uint32_t count) { return count / 64 + (count % 64 != 0); }
static bool bit_at(const uint64_t *words, uint32_t index) { return (words[index / 64] >> (index % 64)) & 1; }

size_t lots_phys_bytes(lots_phys phys)
{
    return phys == LOTS_PHYS_I64 || phys == LOTS_PHYS_F64 ? 8 : 4;
}

lots_status lots_missing_copy(const uint64_t *missing, uint32_t count, uint64_t **out, uint32_t *missing_count,
                              lots_arena *arena, lots_error *err)
{
    const size_t words = word_count_of(count);
    void *copy;
    LOTS_TRY(lots_arena_vector(arena, &copy, words, sizeof(uint64_t), err));
    *out = copy;
    if (words > 0)
        memcpy(*out, missing, words * sizeof(uint64_t));
    if (count % 64 != 0)
        (*out)[words - 1] &= (UINT64_C(1) << (count % 64)) - 1;
    *missing_count = (uint32_t)lots_kernels_get()->bits_count(*out, count);
    return LOTS_OK;
}

/* ---- the section ---- */
lots_status lots_missing_write(const uint64_t *missing, uint32_t count, bool dense, lots_bytes *out, lots_arena *arena,
                               lots_error *err)
{
    const size_t form_at = out->count, raw_bytes = count / 8 + (count % 8 != 0);
    const uint8_t dense_bit = dense ? FORM_DENSE : 0;
    LOTS_TRY(lots_bytes_put8(out, FORM_RUNS | dense_bit, err));
    if (lots_bit_runs_count(missing, count) < raw_bytes) {
        LOTS_TRY(lots_bit_runs_encode(missing, count, out, arena, err));
        if (out->count - form_at - 1 < raw_bytes - raw_bytes / 8)
            return LOTS_OK;
        out->count = form_at + 1;
    }
    out->data[form_at] = dense_bit;
    return lots_plain_bits_encode(missing, count, out, err);
}

lots_status lots_missing_read(lots_reader *reader, uint32_t count, uint32_t missing_count, uint64_t *out, bool *dense,
                              lots_arena *arena, lots_error *err)
{
    uint8_t form;
    if (!lots_read8(reader, &form) || form > (FORM_RUNS | FORM_DENSE))
        return lots_fail(err, LOTS_CORRUPT, "the missing values of a block have a damaged form");
    *dense = (form & FORM_DENSE) != 0;
    LOTS_TRY(form & FORM_RUNS ? lots_bit_runs_decode(reader, count, out, arena, err)
                              : lots_plain_bits_decode(reader, count, out, err));
    const uint64_t found = lots_kernels_get()->bits_count(out, count);
    if (found != missing_count)
        return lots_fail(err, LOTS_CORRUPT, "%u values should be missing, the block marks %llu", missing_count,
                         (unsigned long long)found);
    return LOTS_OK;
}

/* ---- taking together ---- */
static lots_status drop_texts(const lots_values *values, const uint64_t *missing, uint32_t present, lots_values *out,
                              lots_arena *arena, lots_error *err)
{
    const uint32_t *offsets = values->data;
    uint64_t total = 0;
    uint32_t at = 0;
    void *lengths, *text;
    for (uint32_t i = 0; i < values->count; i++)
        total += bit_at(missing, i) ? 0 : offsets[i + 1] - offsets[i];
    LOTS_TRY(lots_arena_vector(arena, &lengths, (size_t)present + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &text, (size_t)total, 1, err));
    uint32_t *to = lengths;
    to[0] = 0;
    for (uint32_t i = 0; i < values->count; i++) {
        if (bit_at(missing, i))
            continue;
        const uint32_t bytes = offsets[i + 1] - offsets[i];
        memcpy((char *)text + to[at], values->text + offsets[i], bytes);
        to[at + 1] = to[at] + bytes;
        at++;
    }
    *out = (lots_values){.phys = LOTS_PHYS_TEXT, .count = present, .data = lengths, .text = text};
    return LOTS_OK;
}

#define COPY_KERNEL(NAME, TYPE)                                                                             \
    static void drop_##NAME(const TYPE *in, const uint64_t *missing, uint32_t count, TYPE *out)             \
    {                                                                                                       \
        for (uint32_t i = 0; i < count; i++) {                                                              \
            *out = in[i]; /* the slack of the output takes the last, when it is missing */                  \
            out += !bit_at(missing, i);                                                                     \
        }                                                                                                   \
    }                                                                                                       \
    static void fill_##NAME(const TYPE *in, const uint64_t *missing, uint32_t count, TYPE *out)             \
    {                                                                                                       \
        uint32_t first = 0;                                                                                 \
        while (first < count && bit_at(missing, first))                                                     \
            first++;                                                                                        \
        TYPE last = first < count ? in[first] : 0;                                                          \
        for (uint32_t i = 0; i < count; i++)                                                                \
            out[i] = last = bit_at(missing, i) ? last : in[i];                                              \
    }
COPY_KERNEL(u32, uint32_t)
COPY_KERNEL(u64, uint64_t)

lots_status lots_missing_drop(const lots_values *values, const uint64_t *missing, uint32_t missing_count,
                              lots_values *out, lots_arena *arena, lots_error *err)
{
    const uint32_t present = values->count - missing_count;
    void *copy;
    if (values->phys == LOTS_PHYS_TEXT)
        return drop_texts(values, missing, present, out, arena, err);
    LOTS_TRY(lots_arena_vector(arena, &copy, present, lots_phys_bytes(values->phys), err));
    if (lots_phys_bytes(values->phys) == 4)
        drop_u32(values->data, missing, values->count, copy);
    else
        drop_u64(values->data, missing, values->count, copy);
    *out = (lots_values){.phys = values->phys, .count = present, .data = copy};
    return LOTS_OK;
}

/* Bits take the commoner value, so that a column that is otherwise constant stays so. */
static void fill_bits(const uint64_t *in, const uint64_t *missing, uint32_t count, uint64_t *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    const size_t words = word_count_of(count);
    memcpy(out, in, words * sizeof *out);
    if (count % 64 != 0)
        out[words - 1] &= (UINT64_C(1) << (count % 64)) - 1;
    kernels->bits_and_not(out, missing, count, out);
    const uint64_t ones = kernels->bits_count(out, count), present = count - kernels->bits_count(missing, count);
    if (ones > present / 2)
        kernels->bits_or(out, missing, count, out);
}

lots_status lots_missing_fill(const lots_values *values, const uint64_t *missing, lots_values *out, lots_arena *arena,
                              lots_error *err)
{
    const bool bits = values->phys == LOTS_PHYS_BITS;
    void *copy;
    LOTS_TRY(lots_arena_vector(arena, &copy, bits ? word_count_of(values->count) : values->count,
                               bits ? sizeof(uint64_t) : lots_phys_bytes(values->phys), err));
    if (bits)
        fill_bits(values->data, missing, values->count, copy);
    else if (lots_phys_bytes(values->phys) == 4)
        fill_u32(values->data, missing, values->count, copy);
    else
        fill_u64(values->data, missing, values->count, copy);
    *out = *values;
    out->data = copy;
    out->missing = NULL;
    return LOTS_OK;
}

/* ---- spreading again ---- */
static void spread_offsets(const uint32_t *present, const uint64_t *missing, uint32_t count, uint32_t *out)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = present[at];
        at += !bit_at(missing, i);
    }
    out[count] = present[at];
}

lots_status lots_missing_spread(lots_phys phys, const void *present, const uint64_t *missing, uint32_t count, void *out,
                                lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    void *there;
    if (phys == LOTS_PHYS_TEXT) {
        spread_offsets(present, missing, count, out);
        return LOTS_OK;
    }
    LOTS_TRY(lots_arena_vector(arena, &there, word_count_of(count), sizeof(uint64_t), err));
    kernels->bits_not(missing, count, there);
    if (lots_phys_bytes(phys) == 4)
        kernels->expand_u32(there, count, present, out);
    else
        kernels->expand_u64(there, count, present, out);
    return LOTS_OK;
}

#define CLEAR_KERNEL(NAME, TYPE)                                                                            \
    static void clear_##NAME(const uint64_t *missing, uint32_t count, TYPE *data)                           \
    {                                                                                                       \
        for (uint32_t w = 0; w < word_count_of(count); w++)                                                 \
            for (uint64_t word = missing[w]; word != 0; word &= word - 1)                                   \
                data[w * 64 + (size_t)__builtin_ctzll(word)] = 0;                                           \
    }
CLEAR_KERNEL(u32, uint32_t)
CLEAR_KERNEL(u64, uint64_t)

void lots_missing_clear(lots_phys phys, const uint64_t *missing, uint32_t count, void *data)
{
    if (phys == LOTS_PHYS_BITS)
        lots_kernels_get()->bits_and_not(data, missing, count, data);
    else if (lots_phys_bytes(phys) == 4)
        clear_u32(missing, count, data);
    else
        clear_u64(missing, count, data);
}
