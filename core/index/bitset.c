/* bitset.c: loops over the words of a plain bitset, a word at a time. No state, no allocation. */
#include "core/index/bitset.h"

#include <string.h>

#include "core/base/kernels.h"

#define WORD_BITS 64u
#define ALL_ONES UINT64_MAX

/* Bits from..63 of a word; from is 0..63. */
static inline uint64_t bits_from(size_t from) { return ALL_ONES << from; }

/* Bits 0..below-1 of a word; below is 1..64. */
static inline uint64_t bits_below(size_t below) { return ALL_ONES >> (WORD_BITS - below); }

/* The bits of the last word that belong to a set of `count`; count > 0. */
static inline uint64_t last_mask(size_t count) { return bits_below((count - 1) % WORD_BITS + 1); }

static inline unsigned lowest_bit(uint64_t word) { return (unsigned)__builtin_ctzll(word); }

static inline unsigned highest_bit(uint64_t word) { return 63u - (unsigned)__builtin_clzll(word); }

void lots_bits_fill(uint64_t *words, size_t count, bool value)
{
    if (count == 0)
        return;
    size_t word_count = lots_bit_words(count);
    memset(words, value ? 0xff : 0, word_count * sizeof *words);
    words[word_count - 1] &= last_mask(count);
}

void lots_bits_set_range(uint64_t *words, size_t first, size_t end)
{
    if (first >= end)
        return;
    size_t head = first / WORD_BITS;
    size_t tail = (end - 1) / WORD_BITS;
    uint64_t head_bits = bits_from(first % WORD_BITS);
    uint64_t tail_bits = last_mask(end);
    if (head == tail) {
        words[head] |= head_bits & tail_bits;
        return;
    }
    words[head] |= head_bits;
    memset(words + head + 1, 0xff, (tail - head - 1) * sizeof *words);
    words[tail] |= tail_bits;
}

uint64_t lots_bits_count(const uint64_t *words, size_t count)
{
    return lots_kernels_get()->bits_count(words, count);
}

uint64_t lots_bits_count_range(const uint64_t *words, size_t first, size_t end)
{
    if (first >= end)
        return 0;
    size_t head = first / WORD_BITS;
    size_t tail = (end - 1) / WORD_BITS;
    uint64_t head_bits = bits_from(first % WORD_BITS);
    uint64_t tail_bits = last_mask(end);
    if (head == tail)
        return (uint64_t)__builtin_popcountll(words[head] & head_bits & tail_bits);
    uint64_t sum = (uint64_t)__builtin_popcountll(words[head] & head_bits);
    for (size_t i = head + 1; i < tail; i++)
        sum += (uint64_t)__builtin_popcountll(words[i]);
    return sum + (uint64_t)__builtin_popcountll(words[tail] & tail_bits);
}

size_t lots_bits_next(const uint64_t *words, size_t from, size_t end)
{
    if (from >= end)
        return end;
    size_t index = from / WORD_BITS;
    size_t tail = (end - 1) / WORD_BITS;
    uint64_t word = words[index] & bits_from(from % WORD_BITS);
    while (word == 0) {
        if (index == tail)
            return end;
        word = words[++index];
    }
    size_t found = index * WORD_BITS + lowest_bit(word);
    return found < end ? found : end;
}

size_t lots_bits_previous(const uint64_t *words, size_t first, size_t before)
{
    if (first >= before)
        return SIZE_MAX;
    size_t index = (before - 1) / WORD_BITS;
    size_t head = first / WORD_BITS;
    uint64_t word = words[index] & last_mask(before);
    while (word == 0) {
        if (index == head)
            return SIZE_MAX;
        word = words[--index];
    }
    size_t found = index * WORD_BITS + highest_bit(word);
    return found >= first ? found : SIZE_MAX;
}

void lots_bits_and(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t count)
{
    size_t word_count = lots_bit_words(count);
    for (size_t i = 0; i < word_count; i++)
        out[i] = a[i] & b[i];
}

void lots_bits_or(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t count)
{
    size_t word_count = lots_bit_words(count);
    for (size_t i = 0; i < word_count; i++)
        out[i] = a[i] | b[i];
}

void lots_bits_and_not(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t count)
{
    size_t word_count = lots_bit_words(count);
    for (size_t i = 0; i < word_count; i++)
        out[i] = a[i] & ~b[i];
}

void lots_bits_not(uint64_t *out, const uint64_t *a, size_t count)
{
    if (count == 0)
        return;
    size_t word_count = lots_bit_words(count);
    for (size_t i = 0; i < word_count; i++)
        out[i] = ~a[i];
    out[word_count - 1] &= last_mask(count);
}

size_t lots_bits_indexes(const uint64_t *words, size_t count, uint32_t *out)
{
    size_t word_count = lots_bit_words(count);
    size_t written = 0;
    for (size_t i = 0; i < word_count; i++) {
        uint64_t word = words[i];
        while (word != 0) {
            out[written++] = (uint32_t)(i * WORD_BITS + lowest_bit(word));
            word &= word - 1;
        }
    }
    return written;
}
