#include "ingest/csv_scan.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/base/bytes.h"
#include "core/base/kernels.h"

/* The phase after `byte`, and whether its bit is set. */
static inline bool step(lots_csv_scan *scan, uint8_t byte)
{
    bool line_end = byte == '\n' || byte == '\r';
    bool quote = byte == scan->quote && scan->quote != 0;
    if (scan->phase == LOTS_CSV_IN_QUOTED) {
        scan->lines_in_quotes |= line_end;
        if (quote)
            scan->phase = LOTS_CSV_AFTER_QUOTE;
        return false;
    }
    if (line_end || byte == scan->separator) {
        scan->phase = LOTS_CSV_AT_START;
        return true;
    }
    scan->quotes_inside |= scan->phase == LOTS_CSV_AFTER_QUOTE;
    scan->phase = quote && scan->phase != LOTS_CSV_IN_PLAIN ? LOTS_CSV_IN_QUOTED : LOTS_CSV_IN_PLAIN;
    return false;
}

uint64_t lots_csv_scan_bytes(lots_csv_scan *scan, const uint8_t *data, size_t count)
{
    uint64_t ends = 0;
    for (size_t i = 0; i < count; i++) {
        ends |= (uint64_t)step(scan, data[i]) << i;
        scan->lines += data[i] == '\r' || (data[i] == '\n' && !scan->after_cr);
        scan->after_cr = data[i] == '\r';
    }
    return ends;
}

void lots_csv_scan_words_scalar(lots_csv_scan *scan, const uint8_t *data, size_t word_count, uint64_t *ends)
{
    for (size_t w = 0; w < word_count; w++)
        ends[w] = lots_csv_scan_bytes(scan, data + 64 * w, 64);
}

/* One word as bits: which bytes are what. */
typedef struct word_bits {
    uint64_t quotes;
    uint64_t separators;
    uint64_t lfs;
    uint64_t crs;
} word_bits;

/* Bit i is the parity of bits 0..i. */
static inline uint64_t prefix_xor(uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/* The ends of a word that has quotes or begins in or after one, by parity. False, with nothing changed, when a quote
 * opens in the middle of a plain field: parity doesn't hold then. */
static inline bool scan_by_parity(lots_csv_scan *scan, const word_bits *bits, uint64_t *ends)
{
    bool quoted = scan->phase == LOTS_CSV_IN_QUOTED;
    uint64_t after = scan->phase == LOTS_CSV_AFTER_QUOTE ? 1 : 0;
    uint64_t line_ends = bits->lfs | bits->crs;
    uint64_t inside = prefix_xor(bits->quotes) ^ (quoted ? ~UINT64_C(0) : 0);
    uint64_t outside_ends = (bits->separators | line_ends) & ~inside;
    uint64_t opening = bits->quotes & inside;
    uint64_t closing = bits->quotes & ~inside;
    uint64_t after_closing = closing << 1 | after;
    uint64_t may_open = outside_ends << 1 | after_closing | (scan->phase == LOTS_CSV_AT_START ? 1 : 0);
    if ((opening & ~may_open) != 0)
        return false;
    scan->lines_in_quotes |= (line_ends & inside) != 0;
    scan->quotes_inside |= (after_closing & ~outside_ends) != 0;
    if (inside >> 63)
        scan->phase = LOTS_CSV_IN_QUOTED;
    else if (closing >> 63)
        scan->phase = LOTS_CSV_AFTER_QUOTE;
    else
        scan->phase = outside_ends >> 63 ? LOTS_CSV_AT_START : LOTS_CSV_IN_PLAIN;
    *ends = outside_ends;
    return true;
}

/* The ends of a word of known bits; `data` are its bytes. */
static inline uint64_t scan_word(lots_csv_scan *scan, const word_bits *bits, const uint8_t *data)
{
    uint64_t ends = 0;
    if (bits->quotes == 0 && scan->phase <= LOTS_CSV_IN_PLAIN) {
        ends = bits->separators | bits->lfs | bits->crs;
        scan->phase = ends >> 63 ? LOTS_CSV_AT_START : LOTS_CSV_IN_PLAIN;
    } else if (!scan_by_parity(scan, bits, &ends)) {
        return lots_csv_scan_bytes(scan, data, 64);
    }
    uint64_t after_cr = bits->crs << 1 | (scan->after_cr ? 1 : 0);
    scan->lines += (uint64_t)__builtin_popcountll(bits->crs | (bits->lfs & ~after_cr));
    scan->after_cr = bits->crs >> 63;
    return ends;
}

/* ---- eight bytes at a time, in plain C (lots_kernels_name is "scalar", or another processor) ---- */

#define EACH_BYTE(byte) ((byte) * UINT64_C(0x0101010101010101))

/* Bit i: byte i of the word equals the byte that fills `needle`. Exact: no carry leaves a byte. */
static inline uint64_t equal_bits_of_8(uint64_t word, uint64_t needle)
{
    uint64_t differing = word ^ needle;
    uint64_t high = ((differing & EACH_BYTE(0x7F)) + EACH_BYTE(0x7F)) | differing;
    uint64_t equal = ~high >> 7 & EACH_BYTE(0x01);
    return equal * UINT64_C(0x0102040810204080) >> 56;
}

void lots_csv_scan_words_plain(lots_csv_scan *scan, const uint8_t *data, size_t word_count, uint64_t *ends)
{
    const uint64_t quote = EACH_BYTE((uint64_t)scan->quote);
    const uint64_t separator = EACH_BYTE((uint64_t)scan->separator);
    for (size_t w = 0; w < word_count; w++) {
        word_bits bits = {0, 0, 0, 0};
        for (unsigned i = 0; i < 64; i += 8) {
            uint64_t bytes = lots_get64(data + 64 * w + i);
            bits.quotes |= equal_bits_of_8(bytes, quote) << i;
            bits.separators |= equal_bits_of_8(bytes, separator) << i;
            bits.lfs |= equal_bits_of_8(bytes, EACH_BYTE(0x0A)) << i;
            bits.crs |= equal_bits_of_8(bytes, EACH_BYTE(0x0D)) << i;
        }
        ends[w] = scan_word(scan, &bits, data + 64 * w);
    }
}

/* ---- 64 bytes at a time ---- */

#if defined(__x86_64__)

__attribute__((target("avx2"))) static inline uint64_t equal_bits(__m256i low, __m256i high, __m256i needle)
{
    uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, needle));
    uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, needle));
    return (uint64_t)b << 32 | a;
}

__attribute__((target("avx2,popcnt"))) static void scan_words_avx2(lots_csv_scan *scan, const uint8_t *data,
                                                                  size_t word_count, uint64_t *ends)
{
    const __m256i quote = _mm256_set1_epi8((char)scan->quote);
    const __m256i separator = _mm256_set1_epi8((char)scan->separator);
    const __m256i lf = _mm256_set1_epi8('\n');
    const __m256i cr = _mm256_set1_epi8('\r');
    for (size_t w = 0; w < word_count; w++) {
        __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)(data + 64 * w));
        __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(data + 64 * w + 32));
        word_bits bits = {equal_bits(low, high, quote), equal_bits(low, high, separator), equal_bits(low, high, lf),
                          equal_bits(low, high, cr)};
        ends[w] = scan_word(scan, &bits, data + 64 * w);
    }
}

#endif

lots_csv_scan_words lots_csv_scan_words_best(void)
{
#if defined(__x86_64__)
    if (strcmp(lots_kernels_name(), "scalar") != 0)
        return scan_words_avx2;
#endif
    return lots_csv_scan_words_plain;
}
