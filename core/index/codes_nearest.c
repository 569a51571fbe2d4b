/* codes_nearest.c: "did you mean": the key of a dictionary nearest to a misspelt text.
 *
 * The distance is optimal string alignment: inserting, dropping or changing a character costs 1, and so does swapping
 * two neighbours (Damerau 1964; no character is edited twice). Only distances up to a small bound matter, so each row
 * of the table is computed near its diagonal alone, and given up once a whole row is over the bound. */
#include <string.h>

#include <utf8proc.h>

#include "core/index/codes_body.h"

#define TEXT_MAX 255u
#define DISTANCE_MAX 2u
#define LETTERS_MAX (TEXT_MAX + DISTANCE_MAX)

/* A text as lower-case characters, at most LETTERS_MAX + 1 of them: one more than could be near anything. */
typedef struct letters {
    uint32_t count;
    int32_t at[LETTERS_MAX + 1];
} letters;

/* What is looked for. */
typedef struct search {
    letters text;
    const char *system; /* the system and separator all keys must start with, if any */
    size_t system_bytes;
} search;

/* Bytes that are no UTF-8 count as characters of their own, beyond all others. */
static void spell(letters *out, const char *text, size_t bytes)
{
    size_t at = 0;
    out->count = 0;
    while (at < bytes && out->count <= LETTERS_MAX) {
        utf8proc_int32_t letter = 0;
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(bytes - at),
                                                 &letter);
        if (used <= 0) {
            letter = 0x110000 + (uint8_t)text[at];
            used = 1;
        } else {
            letter = utf8proc_tolower(letter);
        }
        out->at[out->count++] = letter;
        at += (size_t)used;
    }
}

static uint32_t least_of(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* The least cost of turning a's first i letters into b's first j. */
static uint32_t cell(const letters *a, const letters *b, uint32_t i, uint32_t j, const uint32_t *two_up,
                     const uint32_t *up, const uint32_t *row)
{
    uint32_t cost = up[j - 1] + (a->at[i - 1] != b->at[j - 1]);
    cost = least_of(cost, least_of(up[j], row[j - 1]) + 1);
    if (i > 1 && j > 1 && a->at[i - 1] == b->at[j - 2] && a->at[i - 2] == b->at[j - 1])
        cost = least_of(cost, two_up[j - 2] + 1);
    return cost;
}

/* The distance, or bound + 1 when it is over `bound`. Lengths differ by at most `bound`. */
static uint32_t distance(const letters *a, const letters *b, uint32_t bound)
{
    uint32_t rows[3][LETTERS_MAX + 2];
    for (uint32_t j = 0; j <= b->count; j++)
        rows[0][j] = j;
    for (uint32_t i = 1; i <= a->count; i++) {
        uint32_t *row = rows[i % 3];
        uint32_t first = i > bound ? i - bound : 1;
        uint32_t last = least_of(i + bound, b->count);
        uint32_t least = bound + 1;
        row[first - 1] = first == 1 ? i : bound + 1;
        for (uint32_t j = first; j <= last; j++) {
            row[j] = cell(a, b, i, j, rows[(i + 1) % 3], rows[(i + 2) % 3], row);
            least = least_of(least, row[j]);
        }
        if (last < b->count)
            row[last + 1] = bound + 1; /* the next row reads one beyond */
        if (least_of(least, row[first - 1]) > bound)
            return bound + 1;
    }
    return least_of(rows[a->count % 3][b->count], bound + 1);
}

/* The distance of the key from the text, or bound + 1 when it is over `bound` or the key is of another system. */
static uint32_t key_distance(const search *wanted, const char *key, size_t bytes, uint32_t bound)
{
    if (bytes < wanted->system_bytes ||
        (wanted->system_bytes != 0 && memcmp(key, wanted->system, wanted->system_bytes) != 0))
        return bound + 1;
    letters other;
    spell(&other, key + wanted->system_bytes, bytes - wanted->system_bytes);
    uint32_t longer = other.count > wanted->text.count ? other.count : wanted->text.count;
    if (longer - least_of(other.count, wanted->text.count) > bound)
        return bound + 1;
    return distance(&wanted->text, &other, bound);
}

lots_id lots_dictionary_nearest(const lots_dictionary *dictionary, lots_ranks within, const char *text, size_t bytes)
{
    search wanted = {.system = text};
    const char *code = text;
    size_t code_bytes = bytes;
    if (lots_code_split(text, bytes, &wanted.system_bytes, &code, &code_bytes))
        wanted.system_bytes++;
    spell(&wanted.text, code, code_bytes);
    if (wanted.text.count > TEXT_MAX)
        return LOTS_NO_ID;
    uint32_t bound = least_of(DISTANCE_MAX, wanted.text.count / 3);
    lots_id nearest = LOTS_NO_ID;
    for (lots_id rank = within.first; rank < within.end; rank++) {
        size_t key_bytes = 0;
        const char *key = lots_dictionary_key(dictionary, rank, &key_bytes);
        uint32_t found = key_distance(&wanted, key, key_bytes, bound);
        if (found > bound)
            continue;
        nearest = rank;
        if (found == 0)
            break;
        bound = found - 1;
    }
    return nearest;
}
