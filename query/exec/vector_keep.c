/* vector_keep.c: vectors that outlive a chunk, and stretches of vectors as vectors. See vector.h. */
#include <string.h>

#include "query/exec/vector.h"

static lots_status copy_array(lots_arena *arena, const void *from, size_t count, size_t size, void **out, lots_error *err)
{
    LOTS_TRY(lots_arena_vector(arena, out, count, size, err));
    if (count > 0)
        memcpy(*out, from, count * size);
    return LOTS_OK;
}

static lots_status copy_bits(lots_arena *arena, const uint64_t *from, uint32_t count, uint64_t **out, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_vector(arena, &made, lots_bit_words(count) + 1, sizeof(uint64_t), err));
    memcpy(made, from, lots_bit_words(count) * sizeof(uint64_t));
    *out = made;
    (*out)[lots_bit_words(count)] = 0;
    return LOTS_OK;
}

/* Texts of few values (band, cut, levels) are the same bytes in memory all over a chunk: copied once. */
static lots_status copy_texts(lots_arena *arena, lots_text *texts, size_t count, lots_error *err)
{
    struct {
        lots_text from, to;
    } seen[64];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < count; i++) {
        const size_t place = ((uintptr_t)texts[i].text ^ ((uintptr_t)texts[i].text >> 6)) % 64;
        if (seen[place].to.text == NULL || seen[place].from.text != texts[i].text ||
            seen[place].from.bytes != texts[i].bytes) {
            char *copy = NULL;
            LOTS_TRY(lots_arena_text(arena, &copy, texts[i].text, texts[i].bytes, err));
            seen[place].from = texts[i];
            seen[place].to = (lots_text){copy, texts[i].bytes};
        }
        texts[i] = seen[place].to;
    }
    return LOTS_OK;
}

/* Elements of a plain type. */
static lots_status keep_data(lots_arena *arena, lots_type_kind kind, const void *from, size_t count, void **out,
                             lots_error *err)
{
    LOTS_TRY(copy_array(arena, from, count, lots_type_bytes(kind), out, err));
    return kind == LOTS_TYPE_TEXT ? copy_texts(arena, *out, count, err) : LOTS_OK;
}

static lots_status keep_sets(lots_arena *arena, const lots_vector *in, uint32_t rows, lots_vector *out, lots_error *err)
{
    const size_t bytes = lots_type_bytes(in->type.element);
    const uint32_t base = in->offsets[0];
    void *made = NULL;
    LOTS_TRY(lots_arena_vector(arena, &made, (size_t)rows + 1, sizeof(uint32_t), err));
    out->offsets = made;
    for (uint32_t i = 0; i <= rows; i++)
        out->offsets[i] = in->offsets[i] - base;
    return keep_data(arena, in->type.element, (const char *)in->data + base * bytes, out->offsets[rows], &out->data, err);
}

lots_status lots_vector_keep(lots_arena *arena, const lots_vector *in, lots_vector *out, lots_error *err)
{
    const uint32_t rows = in->constant ? 1 : in->count;
    uint64_t *bits = NULL;
    *out = (lots_vector){.type = in->type, .count = in->count, .constant = in->constant};
    if (in->type.kind == LOTS_TYPE_SET) {
        LOTS_TRY(keep_sets(arena, in, rows, out, err));
    } else if (in->type.kind == LOTS_TYPE_BOOL) {
        LOTS_TRY(copy_bits(arena, in->data, rows, &bits, err));
        out->data = bits;
    } else {
        LOTS_TRY(keep_data(arena, in->type.kind, in->data, rows, &out->data, err));
    }
    if (in->data2 != NULL) {
        void *ends = NULL;
        LOTS_TRY(copy_array(arena, in->data2, rows, sizeof(int32_t), &ends, err));
        out->data2 = ends;
    }
    return in->missing == NULL ? LOTS_OK : copy_bits(arena, in->missing, rows, &out->missing, err);
}

void lots_vector_stretch(const lots_vector *in, uint32_t first, uint32_t count, lots_vector *out)
{
    const size_t bytes = lots_type_bytes(in->type.kind), words = first / 64;
    *out = *in;
    out->count = count;
    if (in->constant)
        return;
    if (in->type.kind == LOTS_TYPE_SET)
        out->offsets = in->offsets + first;
    else if (in->data != NULL)
        out->data = (char *)in->data + (bytes == 0 ? words * sizeof(uint64_t) : first * bytes);
    if (in->data2 != NULL)
        out->data2 = in->data2 + first;
    if (in->missing != NULL)
        out->missing = in->missing + words;
    if (in->failed != NULL)
        out->failed = in->failed + words;
}
