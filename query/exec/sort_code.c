/* sort_code.c: see sort_code.h. A key takes as many bits as its values are apart, and one value more where some are missing,
 * which is lowest; texts and sets as many bytes or elements as there is room for. */
#include "query/exec/sort_code.h"

#include <string.h>

#include "core/codec/block.h"

#define PLACES 1024u /* of labels, whose texts are compared with the first of their place */

void lots_sort_coder_open(lots_sort_coder *coder, uint64_t *codes, uint32_t rows)
{
    *coder = (lots_sort_coder){.rows = rows, .codes = codes, .left = 64, .whole = true};
}

static unsigned bits_of(uint64_t most) { return most == 0 ? 0 : 64 - (unsigned)__builtin_clzll(most); }

/* Codes of `width` bits, rising with the key, behind those that there are. What there is no room for is cut off. */
static void push_code(lots_sort_coder *coder, uint32_t row, uint64_t code, unsigned width, bool descending)
{
    const unsigned kept = width < coder->left ? width : coder->left;
    if (kept == 0)
        return;
    code >>= width - kept;
    if (descending)
        code ^= kept == 64 ? UINT64_MAX : (UINT64_C(1) << kept) - 1;
    coder->codes[row] |= code << (coder->left - kept);
}

static void end_key(lots_sort_coder *coder, unsigned width)
{
    coder->whole = coder->whole && width <= coder->left;
    coder->left -= width < coder->left ? width : coder->left;
}

/* ---- whole numbers ---- */

static bool is_whole(lots_type_kind kind)
{
    return kind == LOTS_TYPE_BOOL || kind == LOTS_TYPE_INT || kind == LOTS_TYPE_DECIMAL || kind == LOTS_TYPE_FLOAT ||
           kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_DAYS || kind == LOTS_TYPE_MONTHS || kind == LOTS_TYPE_CATEGORY ||
           kind == LOTS_TYPE_CODE;
}

/* Numbers in the order of the values. */
static int64_t whole_at(lots_type_kind kind, const void *data, size_t at)
{
    switch (kind) {
    case LOTS_TYPE_BOOL: return lots_bit_get(data, at);
    case LOTS_TYPE_DATE: return ((const int32_t *)data)[at];
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE: return ((const uint32_t *)data)[at];
    case LOTS_TYPE_FLOAT: {
        const double value = ((const double *)data)[at];
        return lots_f64_key(value == 0 ? 0 : value); /* -0 is 0 */
    }
    default: return ((const int64_t *)data)[at];
    }
}

static void add_whole(lots_sort_coder *coder, const lots_vector *key, const int64_t *labels, bool descending)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    uint64_t missing = 0;
    for (uint32_t i = 0; i < coder->rows; i++) {
        if (lots_vector_is_missing(key, i)) {
            missing = 1;
            continue;
        }
        const int64_t value = labels != NULL ? labels[i] : whole_at(key->type.kind, key->data, i);
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    const uint64_t range = least <= most ? (uint64_t)most - (uint64_t)least : 0;
    if (range > UINT64_MAX - missing) {
        coder->whole = false;
        return;
    }
    const unsigned width = bits_of(range + missing);
    for (uint32_t i = 0; i < coder->rows; i++) {
        const bool none = lots_vector_is_missing(key, i);
        const int64_t value = none ? 0 : labels != NULL ? labels[i] : whole_at(key->type.kind, key->data, i);
        push_code(coder, i, none ? 0 : (uint64_t)value - (uint64_t)least + missing, width, descending);
    }
    end_key(coder, width);
}

/* Has each place one text? Then it stands for it. */
static bool are_told_apart(const lots_sort_coder *coder, const lots_vector *key, const int64_t *labels)
{
    const lots_text *first[PLACES] = {NULL}, *texts = key->data;
    for (uint32_t i = 0; i < coder->rows; i++) {
        const lots_text *own = &texts[i];
        if (lots_vector_is_missing(key, i))
            continue;
        if (labels[i] < 0 || labels[i] >= PLACES)
            return false;
        const lots_text **place = &first[labels[i]];
        *place = *place == NULL ? own : *place;
        if ((*place)->bytes != own->bytes || (own->bytes > 0 && memcmp((*place)->text, own->text, own->bytes) != 0))
            return false;
    }
    return true;
}

/* ---- texts ---- */

static void add_texts(lots_sort_coder *coder, const lots_vector *key, bool descending)
{
    const lots_text *texts = key->data;
    const unsigned room = coder->left == 0 ? 0 : (coder->left - 1) / 8;
    uint32_t most = 0;
    bool plain = true;
    for (uint32_t i = 0; i < coder->rows; i++)
        if (!lots_vector_is_missing(key, i)) {
            most = texts[i].bytes > most ? texts[i].bytes : most;
            plain = plain && (texts[i].bytes == 0 || memchr(texts[i].text, 0, texts[i].bytes) == NULL);
        }
    const unsigned taken = most < room ? most : room, width = 8 * taken + 1;
    for (uint32_t i = 0; i < coder->rows; i++) {
        uint64_t code = 0;
        if (lots_vector_is_missing(key, i)) {
            push_code(coder, i, 0, width, descending);
            continue;
        }
        for (unsigned b = 0; b < taken; b++)
            code = code << 8 | (b < texts[i].bytes ? (unsigned char)texts[i].text[b] : 0);
        push_code(coder, i, code | UINT64_C(1) << (8 * taken), width, descending);
    }
    end_key(coder, width);
    coder->whole = coder->whole && plain && most <= taken;
}

/* ---- sets ---- */

/* Element by element; the end of a set is lower than any. */
static void add_sets(lots_sort_coder *coder, const lots_vector *key, bool descending)
{
    const lots_type_kind kind = key->type.element;
    int64_t least = INT64_MAX, most = INT64_MIN;
    uint32_t longest = 0;
    for (uint32_t i = 0; i < coder->rows; i++) {
        const uint32_t start = key->offsets[i], end = key->offsets[i + 1];
        longest = end - start > longest ? end - start : longest;
        for (uint32_t e = start; e < end; e++) {
            const int64_t value = whole_at(kind, key->data, e);
            least = value < least ? value : least;
            most = value > most ? value : most;
        }
    }
    const uint64_t range = least <= most ? (uint64_t)most - (uint64_t)least : 0;
    const unsigned each = bits_of(range + 1), room = coder->left == 0 || each == 0 ? 0 : (coder->left - 1) / each;
    const uint32_t taken = longest < room ? longest : room;
    const unsigned width = each * taken + 1;
    for (uint32_t i = 0; i < coder->rows; i++) {
        const uint32_t start = key->offsets[i], count = key->offsets[i + 1] - start;
        uint64_t code = 1;
        for (uint32_t e = 0; e < taken; e++)
            code = code << each | (e < count ? (uint64_t)whole_at(kind, key->data, start + e) - (uint64_t)least + 1 : 0);
        push_code(coder, i, lots_vector_is_missing(key, i) ? 0 : code, width, descending);
    }
    end_key(coder, width);
    coder->whole = coder->whole && longest <= taken && range < UINT64_MAX;
}

void lots_sort_coder_add(lots_sort_coder *coder, const lots_vector *key, const int64_t *labels, bool descending)
{
    const lots_type_kind kind = key->type.kind;
    if (key->constant) /* which orders nothing */
        return;
    if (labels != NULL && are_told_apart(coder, key, labels))
        add_whole(coder, key, labels, descending);
    else if (labels == NULL && is_whole(kind))
        add_whole(coder, key, NULL, descending);
    else if (labels == NULL && kind == LOTS_TYPE_TEXT)
        add_texts(coder, key, descending);
    else if (kind == LOTS_TYPE_SET && is_whole(key->type.element))
        add_sets(coder, key, descending);
    else
        coder->whole = false;
}
