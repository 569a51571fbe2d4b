/* kernels_fixture.h: random inputs for a kernel, of all short lengths and some long, for each table that this processor can
 * run. A test is a check of one length against a loop written out. Callers: tests/core/base/test_kernels*.c. */
#ifndef LOTS_TESTS_KERNELS_FIXTURE_H
#define LOTS_TESTS_KERNELS_FIXTURE_H

#include "core/base/kernels.h"

#include <stdlib.h>

#include "tests/support/lots_test.h"

#define MOST 5000u
#define WORDS (MOST / 64 + 1)

/* Inputs, with slack, and room for outputs. Filled anew for each case. */
typedef struct room {
    uint32_t a32[MOST + 16], b32[MOST + 16], out32[MOST + 32], want32[MOST + 32];
    uint64_t a64[MOST + 8], b64[MOST + 8], out64[MOST + 16], want64[MOST + 16];
    double af[MOST + 8], bf[MOST + 8], outf[MOST + 16];
    uint64_t mask[WORDS + 8], bits[WORDS + 8], outbits[WORDS + 8], wantbits[WORDS + 8];
    uint8_t bytes[MOST + 64];
    uint32_t offsets[MOST + 1];
    size_t groups;
} room;

static const char *const kernel_names[] = {"scalar", "avx2", "avx512"};
static room made;
static room *const all = &made;
static uint64_t seed = 1;

static inline uint64_t any_number(void) { return lots_test_random(&seed); }
static inline bool bit(const uint64_t *words, size_t i) { return (words[i / 64] >> (i % 64)) & 1; }
static inline void set(uint64_t *words, size_t i, bool value) { words[i / 64] |= (uint64_t)value << (i % 64); }
static inline size_t words_of(size_t count) { return (count + 63) / 64; }

static inline void random_bits(uint64_t *words, size_t count, unsigned of_16)
{
    memset(words, 0xa5, sizeof all->mask); /* what is beyond must not matter */
    memset(words, 0, words_of(count) * 8);
    for (size_t i = 0; i < count; i++)
        set(words, i, any_number() % 16 < of_16);
}

/* `narrow`: values close together, so that comparisons go both ways. Groups cover the values, some are empty. */
static inline void fill_room(size_t count, bool narrow, unsigned mask_of_16)
{
    static const double doubles[] = {0.0, -0.0, 1.5, -1.5, 1e300, -1e300, 3.0, 1.0 / 0.0};
    static const uint64_t edges[] = {0, 1, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN, UINT32_MAX, INT32_MAX, 1u << 31};
    memset(all, 0x5a, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        const uint64_t a = any_number(), b = any_number();
        all->a64[i] = narrow ? a % 7 - 3 : a % 5 == 0 ? edges[b % 8] : a;
        all->b64[i] = narrow ? b % 7 - 3 : b % 5 == 0 ? edges[a % 8] : b;
        all->a32[i] = (uint32_t)all->a64[i];
        all->b32[i] = (uint32_t)all->b64[i];
        all->af[i] = narrow ? (double)(int64_t)(a % 7) : doubles[a % 8];
        all->bf[i] = narrow ? (double)(int64_t)(b % 7) : doubles[b % 8];
        all->bytes[i] = (uint8_t)(a % 3 == 0 ? 0 : b);
    }
    random_bits(all->mask, count, mask_of_16);
    random_bits(all->bits, count, 7);
    size_t at = count > 0 ? any_number() % (count < 9 ? count : 9) : 0;
    const unsigned longest = any_number() % 4 == 0 ? 300 : 6;
    for (all->groups = 0; all->offsets[all->groups] = (uint32_t)at, at < count && all->groups < MOST; all->groups++) {
        at += any_number() % longest;
        at = at < count ? at : count;
    }
}

typedef void check(const lots_kernels *kernels, size_t count);

/* Run a check with every table, and lengths 0..300 and some more. */
static inline void with_all(check *one)
{
    static const size_t more[] = {511, 512, 513, 1023, 1024, 1025, 2048, 4999};
    for (size_t n = 0; n < 3; n++) {
        const lots_kernels *kernels = lots_kernels_named(kernel_names[n]);
        if (kernels == NULL) {
            print_message("%s: not on this processor\n", kernel_names[n]);
            continue;
        }
        seed = 7;
        for (size_t count = 0; count <= 300; count++) {
            fill_room(count, count % 2 == 0, (unsigned)(any_number() % 17));
            one(kernels, count);
        }
        for (size_t m = 0; m < sizeof more / sizeof more[0]; m++)
            for (unsigned dense = 0; dense <= 16; dense += 8) {
                fill_room(more[m], dense == 8, dense);
                one(kernels, more[m]);
            }
    }
}

static inline void same_bits(size_t count) { assert_memory_equal(all->outbits, all->wantbits, words_of(count) * 8); }

/* A check as a test. */
#define EACH(NAME, CHECK)           \
    static void NAME(void **state)  \
    {                               \
        (void)state;                \
        with_all(CHECK);            \
    }

#endif
