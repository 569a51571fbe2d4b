#include "ingest/charset.h"

#include <string.h>
#include <strings.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/base/kernels.h"

bool lots_charset_parse(const char *text, size_t bytes, lots_charset *out)
{
    static const struct {
        const char *name;
        lots_charset encoding;
    } names[] = {
        {"utf-8", LOTS_CHARSET_UTF8},           {"utf8", LOTS_CHARSET_UTF8},
        {"ascii", LOTS_CHARSET_UTF8},           {"us-ascii", LOTS_CHARSET_UTF8},
        {"latin-1", LOTS_CHARSET_LATIN1},       {"latin1", LOTS_CHARSET_LATIN1},
        {"iso-8859-1", LOTS_CHARSET_LATIN1},    {"iso8859-1", LOTS_CHARSET_LATIN1},
        {"iso_8859-1", LOTS_CHARSET_LATIN1},    {"windows-1252", LOTS_CHARSET_WINDOWS1252},
        {"cp1252", LOTS_CHARSET_WINDOWS1252},   {"windows1252", LOTS_CHARSET_WINDOWS1252},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i].name) == bytes && strncasecmp(names[i].name, text, bytes) == 0) {
            *out = names[i].encoding;
            return true;
        }
    }
    return false;
}

const char *lots_charset_name(lots_charset encoding)
{
    switch (encoding) {
    case LOTS_CHARSET_UTF8: return "utf-8";
    case LOTS_CHARSET_LATIN1: return "latin-1";
    case LOTS_CHARSET_WINDOWS1252: return "windows-1252";
    }
    return "?";
}

/* ---- what a run is made of ---- */

lots_text_class lots_text_classify_scalar(const uint8_t *data, size_t count, bool *after_cr)
{
    lots_text_class class = {false, false, 0};
    unsigned all = 0;
    unsigned before = *after_cr ? '\r' : 0;
    for (size_t i = 0; i < count; i++) {
        unsigned byte = data[i];
        all |= byte;
        class.nul |= byte == 0;
        class.lines += byte == '\r' || (byte == '\n' && before != '\r');
        before = byte;
    }
    class.high = all >= 0x80;
    *after_cr = before == '\r';
    return class;
}

#if defined(__x86_64__)
__attribute__((target("avx2,popcnt"))) static lots_text_class classify_avx2(const uint8_t *data, size_t count,
                                                                           bool *after_cr)
{
    const __m256i lf = _mm256_set1_epi8('\n');
    const __m256i cr = _mm256_set1_epi8('\r');
    __m256i all = _mm256_setzero_si256();
    __m256i least = _mm256_set1_epi8(-1);
    lots_text_class class = {false, false, 0};
    uint32_t carry = *after_cr ? 1 : 0;
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(data + i));
        all = _mm256_or_si256(all, bytes);
        least = _mm256_min_epu8(least, bytes);
        uint32_t lfs = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, lf));
        uint32_t crs = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, cr));
        class.lines += (uint64_t)__builtin_popcount(crs | (lfs & ~(crs << 1 | carry)));
        carry = crs >> 31;
    }
    class.high = _mm256_movemask_epi8(all) != 0;
    class.nul = _mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256())) != 0;
    *after_cr = carry != 0;
    if (i < count) {
        lots_text_class rest = lots_text_classify_scalar(data + i, count - i, after_cr);
        class.high |= rest.high;
        class.nul |= rest.nul;
        class.lines += rest.lines;
    }
    return class;
}
#endif

lots_text_classify lots_text_classify_best(void)
{
#if defined(__x86_64__)
    if (strcmp(lots_kernels_name(), "scalar") != 0)
        return classify_avx2;
#endif
    return lots_text_classify_scalar;
}

/* ---- UTF-8 ---- */

/* The length of the ASCII run at the start, in steps of 32 bytes and then of one. */
static size_t ascii_run(const uint8_t *data, size_t count)
{
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        uint64_t words[4];
        memcpy(words, data + i, 32);
        if ((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < count && data[i] < 0x80)
        i++;
    return i;
}

/* Begin a character of several bytes: what may follow its first byte (Unicode, table 3-7). False for a byte that
 * begins none. */
static bool begin_character(lots_utf8 *state, uint8_t lead)
{
    state->low = 0x80;
    state->high = 0xBF;
    state->seen = 0;
    if (lead < 0xC2 || lead > 0xF4)
        return false;
    state->wanted = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    state->seen = 1;
    state->lead = lead;
    switch (lead) {
    case 0xE0: state->low = 0xA0; break;
    case 0xED: state->high = 0x9F; break;
    case 0xF0: state->low = 0x90; break;
    case 0xF4: state->high = 0x8F; break;
    default: break;
    }
    return true;
}

size_t lots_utf8_check(lots_utf8 *state, const uint8_t *data, size_t count)
{
    size_t i = 0;
    while (i < count) {
        if (state->wanted == 0) {
            i += ascii_run(data + i, count - i);
            if (i == count)
                break;
            if (!begin_character(state, data[i]))
                return i;
        } else {
            if (data[i] < state->low || data[i] > state->high)
                return i;
            state->low = 0x80;
            state->high = 0xBF;
            state->seen++;
            if (--state->wanted == 0)
                state->seen = 0;
        }
        i++;
    }
    return count;
}

/* ---- single-byte encodings ---- */

/* Windows-1252, 0x80..0x9F (Unicode consortium, CP1252.TXT); 0 where it leaves a byte undefined. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, /* 80..87 */
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,      /* 88..8F */
    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, /* 90..97 */
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178, /* 98..9F */
};

/* Write a character of two or three bytes. */
static size_t put_character(uint8_t *out, uint32_t character)
{
    if (character < 0x800) {
        out[0] = (uint8_t)(0xC0 | character >> 6);
        out[1] = (uint8_t)(0x80 | (character & 0x3F));
        return 2;
    }
    out[0] = (uint8_t)(0xE0 | character >> 12);
    out[1] = (uint8_t)(0x80 | (character >> 6 & 0x3F));
    out[2] = (uint8_t)(0x80 | (character & 0x3F));
    return 3;
}

size_t lots_single_byte_decode(lots_charset encoding, const uint8_t *in, size_t count, uint8_t *out, size_t capacity,
                               size_t *out_count, bool *bad)
{
    size_t from = 0;
    size_t to = 0;
    *bad = false;
    while (from < count && capacity - to >= 3) {
        size_t room = capacity - to < count - from ? capacity - to : count - from;
        size_t plain = ascii_run(in + from, room);
        memcpy(out + to, in + from, plain);
        from += plain;
        to += plain;
        if (from == count || capacity - to < 3)
            break;
        if (plain == room)
            continue;
        uint32_t character = in[from];
        if (encoding == LOTS_CHARSET_WINDOWS1252 && character < 0xA0)
            character = windows_1252[character - 0x80];
        if (character == 0) {
            *bad = true;
            break;
        }
        to += put_character(out + to, character);
        from++;
    }
    *out_count = to;
    return from;
}
