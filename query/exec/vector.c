/* vector.c: making, gathering and joining vectors of values. What a kind looks like in memory is in vector.h's table; this
 * file is the one that needs to know all kinds at once. */
#include "query/exec/vector.h"

#include <string.h>

#include "core/base/kernels.h"

enum { HOLES_MANY = 4 }; /* with more than three quarters of them */

size_t lots_type_bytes(lots_type_kind kind)
{
    switch (kind) {
    case LOTS_TYPE_MISSING:
    case LOTS_TYPE_INT:
    case LOTS_TYPE_DECIMAL:
    case LOTS_TYPE_DAYS:
    case LOTS_TYPE_MONTHS:
    case LOTS_TYPE_FLOAT:
        return 8;
    case LOTS_TYPE_DATE:
    case LOTS_TYPE_INTERVAL:
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE:
    case LOTS_TYPE_EVENTS:
        return 4;
    case LOTS_TYPE_TEXT:
        return sizeof(lots_text);
    case LOTS_TYPE_BOOL:
    case LOTS_TYPE_SET:
    case LOTS_TYPE_TUPLE:
        return 0;
    }
    return 0;
}

static lots_status new_bits(lots_arena *arena, uint32_t count, uint64_t **out, lots_error *err)
{
    void *bits = NULL;
    LOTS_TRY(lots_arena_vector(arena, &bits, lots_bit_words(count) + 1, sizeof(uint64_t), err));
    memset(bits, 0, (lots_bit_words(count) + 1) * sizeof(uint64_t));
    *out = bits;
    return LOTS_OK;
}

lots_status lots_vector_new(lots_arena *arena, const lots_type *type, uint32_t count, lots_vector *out, lots_error *err)
{
    *out = (lots_vector){.type = *type, .count = count};
    if (type->kind == LOTS_TYPE_BOOL) {
        uint64_t *bits = NULL;
        LOTS_TRY(new_bits(arena, count, &bits, err));
        out->data = bits;
        return LOTS_OK;
    }
    if (type->kind == LOTS_TYPE_SET) {
        void *offsets = NULL;
        LOTS_TRY(lots_arena_vector(arena, &offsets, (size_t)count + 1, sizeof(uint32_t), err));
        out->offsets = offsets;
        out->offsets[0] = 0;
        return LOTS_OK;
    }
    LOTS_TRY(lots_arena_vector(arena, &out->data, count, lots_type_bytes(type->kind), err));
    if (type->kind == LOTS_TYPE_INTERVAL) {
        void *ends = NULL;
        LOTS_TRY(lots_arena_vector(arena, &ends, count, sizeof(int32_t), err));
        out->data2 = ends;
    }
    return LOTS_OK;
}

lots_status lots_vector_want_missing(lots_arena *arena, lots_vector *vector, lots_error *err)
{
    if (vector->missing != NULL)
        return LOTS_OK;
    return new_bits(arena, vector->constant ? 1 : vector->count, &vector->missing, err);
}

/* ---- gather ---- */

/* The kernel reads beyond its ids, and a caller's index may end where its memory does: the last ones are copied. */
static void gather_bits(const uint64_t *bits, uint32_t bit_count, const uint32_t *index, uint32_t count, uint64_t *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    const uint32_t whole = count / 64 * 64;
    uint32_t last[64 + 16] = {0};
    kernels->lookup_bits(index, whole, bits, bit_count, out);
    if (whole == count)
        return;
    memcpy(last, index + whole, (count - whole) * sizeof *last);
    kernels->lookup_bits(last, count - whole, bits, bit_count, out + whole / 64);
}

static void gather_data(const lots_vector *in, const uint32_t *index, uint32_t count, lots_vector *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    switch (lots_type_bytes(in->type.kind)) {
    case 4:
        kernels->gather_u32(in->data, index, count, out->data);
        if (in->type.kind == LOTS_TYPE_INTERVAL)
            kernels->gather_u32((const uint32_t *)in->data2, index, count, (uint32_t *)out->data2);
        break;
    case 8:
        kernels->gather_u64(in->data, index, count, out->data);
        break;
    case 0:
        gather_bits(in->data, in->count, index, count, out->data);
        break;
    default:
        for (uint32_t i = 0; i < count; i++)
            ((lots_text *)out->data)[i] = ((const lots_text *)in->data)[index[i]];
    }
}

/* Most lists of ids are short: four at a time, where what is too much is written over by the next list or lies in the
 * slack. */
static void gather_ids(const lots_vector *in, const uint32_t *index, uint32_t count, lots_vector *out)
{
    const uint32_t *ids = in->data;
    uint32_t *to = out->data;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t length = out->offsets[i + 1] - out->offsets[i];
        const uint32_t *from = length == 0 ? ids : ids + in->offsets[index[i]];
        for (uint32_t k = 0; k < length; k += 4)
            memcpy(to + out->offsets[i] + k, from + k, 4 * sizeof *to);
    }
}

static lots_status gather_sets(lots_arena *arena, const lots_vector *in, const uint32_t *index, uint32_t count,
                               lots_vector *out, lots_error *err)
{
    const size_t bytes = lots_type_bytes(in->type.element);
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (index[i] != LOTS_NO_ID)
            total += in->offsets[index[i] + 1] - in->offsets[index[i]];
        if (total > UINT32_MAX)
            return lots_fail(err, LOTS_LIMIT, "sets of more than %u elements in one chunk", UINT32_MAX);
        out->offsets[i + 1] = (uint32_t)total;
    }
    LOTS_TRY(lots_arena_vector(arena, &out->data, (size_t)total, bytes, err));
    if (bytes == sizeof(uint32_t)) {
        gather_ids(in, index, count, out);
        return LOTS_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        const size_t from = out->offsets[i], length = out->offsets[i + 1] - from;
        if (length > 0)
            memcpy((char *)out->data + from * bytes, (const char *)in->data + in->offsets[index[i]] * bytes,
                   length * bytes);
    }
    return LOTS_OK;
}

/* Every index NO_ID, or the vector has no rows to take from. */
static lots_status gather_nothing(lots_arena *arena, uint32_t count, lots_vector *out, lots_error *err)
{
    if (out->type.kind == LOTS_TYPE_SET) {
        memset(out->offsets, 0, ((size_t)count + 1) * sizeof(uint32_t));
        return lots_arena_vector(arena, &out->data, 0, 8, err);
    }
    if (out->type.kind == LOTS_TYPE_EVENTS) {
        memset(out->data, 0xff, (size_t)count * sizeof(uint32_t));
        return LOTS_OK;
    }
    memset(out->data, 0, (size_t)count * lots_type_bytes(out->type.kind));
    if (out->data2 != NULL)
        memset(out->data2, 0, (size_t)count * sizeof(int32_t));
    LOTS_TRY(lots_vector_want_missing(arena, out, err));
    lots_bits_fill(out->missing, count, true);
    return LOTS_OK;
}

/* What is taken for a hole is row 0's. */
static void fill_holes(const uint64_t *holes, uint32_t count, uint32_t *safe)
{
    for (size_t w = 0; w < lots_bit_words(count); w++)
        for (uint64_t word = holes[w]; word != 0; word &= word - 1)
            safe[w * 64 + (size_t)__builtin_ctzll(word)] = 0;
}

#define BLANK_HOLES(TYPE, VALUE)                                                                            \
    for (size_t w = 0; w < lots_bit_words(count); w++)                                                      \
        for (uint64_t word = holes[w]; word != 0; word &= word - 1)                                         \
            ((TYPE *)data)[w * 64 + (size_t)__builtin_ctzll(word)] = VALUE

static void blank_data(const uint64_t *holes, uint32_t count, lots_type_kind kind, void *data)
{
    if (kind == LOTS_TYPE_EVENTS) {
        BLANK_HOLES(uint32_t, LOTS_NO_ID);
        return;
    }
    switch (lots_type_bytes(kind)) {
    case 0:
        lots_bits_and_not(data, data, holes, count);
        return;
    case 4:
        BLANK_HOLES(uint32_t, 0);
        return;
    case 8:
        BLANK_HOLES(uint64_t, 0);
        return;
    default:
        BLANK_HOLES(lots_text, ((lots_text){NULL, 0}));
    }
}

static void blank_rows(const uint64_t *holes, uint32_t count, lots_vector *out)
{
    blank_data(holes, count, out->type.kind, out->data);
    if (out->data2 != NULL)
        blank_data(holes, count, LOTS_TYPE_DATE, out->data2);
    if (out->type.kind != LOTS_TYPE_EVENTS)
        lots_bits_or(out->missing, out->missing, holes, count);
}

static lots_status gather(lots_arena *arena, const lots_vector *in, const uint32_t *index, uint32_t count, bool holes,
                          lots_vector *out, lots_error *err);

static bool can_spread(const lots_vector *in)
{
    const size_t bytes = lots_type_bytes(in->type.kind);
    return (bytes == 4 || bytes == 8) && in->type.kind != LOTS_TYPE_EVENTS && in->data2 == NULL && in->failed == NULL;
}

/* Most indexes are NO_ID: what the others say is gathered close together, and then spread. */
static lots_status gather_few(lots_arena *arena, const lots_vector *in, const uint32_t *index, const uint64_t *holes,
                              uint32_t count, lots_vector *out, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    uint64_t *known = NULL;
    void *few = NULL;
    lots_vector some;
    LOTS_TRY(new_bits(arena, count, &known, err));
    kernels->bits_not(holes, count, known);
    const uint32_t left = (uint32_t)kernels->bits_count(known, count);
    LOTS_TRY(lots_arena_vector(arena, &few, left, sizeof(uint32_t), err));
    kernels->compress_u32(known, count, index, few);
    LOTS_TRY(gather(arena, in, few, left, false, &some, err));
    return lots_vector_expand(arena, &some, known, count, out, err);
}

/* Some indexes are NO_ID: gather row 0 there, then blank it. */
static lots_status gather_holes(lots_arena *arena, const lots_vector *in, const uint32_t *index, uint32_t count,
                                lots_vector *out, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const bool set = in->type.kind == LOTS_TYPE_SET;
    uint64_t *holes = NULL;
    void *safe = NULL;
    LOTS_TRY(new_bits(arena, count, &holes, err));
    LOTS_TRY(lots_arena_vector(arena, &safe, count, sizeof(uint32_t), err));
    memcpy(safe, index, count * sizeof(uint32_t)); /* with slack, which kernels read */
    kernels->range_u32(safe, count, LOTS_NO_ID, LOTS_NO_ID, holes);
    if (can_spread(in) && kernels->bits_count(holes, count) > count / HOLES_MANY * (HOLES_MANY - 1))
        return gather_few(arena, in, safe, holes, count, out, err);
    fill_holes(holes, count, safe);
    if (set)
        LOTS_TRY(gather_sets(arena, in, index, count, out, err));
    else
        gather_data(in, safe, count, out);
    if (in->missing != NULL || (!set && in->type.kind != LOTS_TYPE_EVENTS))
        LOTS_TRY(lots_vector_want_missing(arena, out, err));
    if (in->missing != NULL)
        kernels->lookup_bits(safe, count, in->missing, in->count, out->missing);
    if (in->failed != NULL) {
        LOTS_TRY(new_bits(arena, count, &out->failed, err));
        kernels->lookup_bits(safe, count, in->failed, in->count, out->failed);
        lots_bits_and_not(out->failed, out->failed, holes, count);
    }
    if (!set)
        blank_rows(holes, count, out);
    else if (out->missing != NULL)
        lots_bits_and_not(out->missing, out->missing, holes, count);
    return LOTS_OK;
}

static lots_status gather(lots_arena *arena, const lots_vector *in, const uint32_t *index, uint32_t count, bool holes,
                          lots_vector *out, lots_error *err)
{
    if (in->constant && !holes) {
        *out = *in;
        out->count = count;
        return LOTS_OK;
    }
    lots_vector flat;
    LOTS_TRY(lots_vector_flatten(arena, in, &flat, err));
    LOTS_TRY(lots_vector_new(arena, &in->type, count, out, err));
    out->culprit = in->culprit;
    if (flat.count == 0)
        return gather_nothing(arena, count, out, err);
    if (holes)
        return gather_holes(arena, &flat, index, count, out, err);
    if (in->type.kind == LOTS_TYPE_SET)
        LOTS_TRY(gather_sets(arena, &flat, index, count, out, err));
    else
        gather_data(&flat, index, count, out);
    if (flat.missing != NULL) {
        LOTS_TRY(lots_vector_want_missing(arena, out, err));
        gather_bits(flat.missing, flat.count, index, count, out->missing);
    }
    if (flat.failed != NULL) {
        LOTS_TRY(new_bits(arena, count, &out->failed, err));
        gather_bits(flat.failed, flat.count, index, count, out->failed);
    }
    return LOTS_OK;
}

lots_status lots_vector_gather(lots_arena *arena, const lots_vector *in, const uint32_t *index, uint32_t count,
                               lots_vector *out, lots_error *err)
{
    const bool holes = count > 0 && lots_kernels_get()->max_u32(index, count) == LOTS_NO_ID;
    return gather(arena, in, index, count, holes, out, err);
}

lots_status lots_vector_take(lots_arena *arena, const lots_vector *in, const uint32_t *index, uint32_t count,
                             lots_vector *out, lots_error *err)
{
    return gather(arena, in, index, count, false, out, err);
}

static void pick_data(const lots_vector *in, const uint64_t *bits, lots_vector *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    const size_t bytes = lots_type_bytes(in->type.kind);
    if (bytes == 0)
        kernels->bits_compress(bits, in->count, in->data, out->data);
    else if (bytes == 8)
        kernels->compress_u64(bits, in->count, in->data, out->data);
    else
        kernels->compress_u32(bits, in->count, in->data, out->data);
    if (in->data2 != NULL)
        kernels->compress_u32(bits, in->count, (const uint32_t *)in->data2, (uint32_t *)out->data2);
}

lots_status lots_vector_pick(lots_arena *arena, const lots_vector *in, const uint64_t *bits, const uint32_t *index,
                             uint32_t count, lots_vector *out, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    if (in->constant || in->count == 0 || in->type.kind == LOTS_TYPE_SET || in->type.kind == LOTS_TYPE_TEXT)
        return lots_vector_gather(arena, in, index, count, out, err);
    LOTS_TRY(lots_vector_new(arena, &in->type, count, out, err));
    out->culprit = in->culprit;
    pick_data(in, bits, out);
    if (in->missing != NULL) {
        LOTS_TRY(lots_vector_want_missing(arena, out, err));
        kernels->bits_compress(bits, in->count, in->missing, out->missing);
    }
    if (in->failed != NULL) {
        LOTS_TRY(new_bits(arena, count, &out->failed, err));
        kernels->bits_compress(bits, in->count, in->failed, out->failed);
    }
    return LOTS_OK;
}

/* ---- constants spread ---- */

/* Many at a time, into the slack, so that compilers make vectors of it. */
static void fill_u32(uint32_t value, uint32_t count, uint32_t *out)
{
    for (size_t i = 0; i < count; i += 16)
        for (size_t k = 0; k < 16; k++)
            out[i + k] = value;
}

static void fill_u64(uint64_t value, uint32_t count, uint64_t *out)
{
    for (size_t i = 0; i < count; i += 8)
        for (size_t k = 0; k < 8; k++)
            out[i + k] = value;
}

static void spread_data(const lots_vector *in, lots_vector *out)
{
    const uint32_t count = in->count;
    switch (in->type.kind) {
    case LOTS_TYPE_BOOL:
        lots_bits_fill(out->data, count, lots_bit_get(in->data, 0));
        return;
    case LOTS_TYPE_TEXT:
        for (uint32_t i = 0; i < count; i++)
            ((lots_text *)out->data)[i] = *(const lots_text *)in->data;
        return;
    default:
        break;
    }
    if (lots_type_bytes(in->type.kind) == 4) {
        fill_u32(*(const uint32_t *)in->data, count, out->data);
        if (out->data2 != NULL)
            fill_u32((uint32_t)in->data2[0], count, (uint32_t *)out->data2);
        return;
    }
    fill_u64(*(const uint64_t *)in->data, count, out->data);
}

lots_status lots_vector_expand(lots_arena *arena, const lots_vector *in, const uint64_t *bits, uint32_t count,
                               lots_vector *out, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    void *there = NULL;
    LOTS_TRY(lots_vector_new(arena, &in->type, count, out, err));
    LOTS_TRY(lots_vector_want_missing(arena, out, err));
    if (lots_type_bytes(in->type.kind) == 4)
        kernels->expand_u32(bits, count, in->data, out->data);
    else
        kernels->expand_u64(bits, count, in->data, out->data);
    lots_bits_not(out->missing, bits, count);
    if (in->missing == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &there, lots_bit_words(count), sizeof(uint64_t), err));
    kernels->bits_expand(bits, count, in->missing, there);
    lots_bits_or(out->missing, out->missing, there, count);
    return LOTS_OK;
}

lots_status lots_vector_flatten(lots_arena *arena, const lots_vector *in, lots_vector *out, lots_error *err)
{
    if (!in->constant) {
        *out = *in;
        return LOTS_OK;
    }
    const uint32_t count = in->count;
    LOTS_TRY(lots_vector_new(arena, &in->type, count, out, err));
    out->culprit = in->culprit;
    if (in->type.kind == LOTS_TYPE_SET) {
        void *zeros = NULL; /* each row gathers row 0 */
        LOTS_TRY(lots_arena_alloc(arena, &zeros, count, sizeof(uint32_t), err));
        LOTS_TRY(gather_sets(arena, in, zeros, count, out, err));
    } else {
        spread_data(in, out);
    }
    if (in->missing != NULL && lots_bit_get(in->missing, 0)) {
        LOTS_TRY(lots_vector_want_missing(arena, out, err));
        lots_bits_fill(out->missing, count, true);
    }
    if (in->failed != NULL && lots_bit_get(in->failed, 0)) {
        LOTS_TRY(new_bits(arena, count, &out->failed, err));
        lots_bits_fill(out->failed, count, true);
    }
    return LOTS_OK;
}
