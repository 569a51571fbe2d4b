/* suggest.c: see suggest.h. */
#include "query/lang/suggest.h"

#include <string.h>

#define EDITS_MAX 2u

void suggest_begin(suggestion *near, const char *word, uint32_t bytes)
{
    memset(near, 0, sizeof *near);
    near->bytes = bytes < 63 ? bytes : 63;
    memcpy(near->word, word, near->bytes);
    near->distance = EDITS_MAX + 1;
}

static char fold(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static uint32_t min3(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t least = a < b ? a : b;
    return least < c ? least : c;
}

static uint32_t distance(const char *a, uint32_t a_bytes, const char *b, uint32_t b_bytes)
{
    uint32_t rows[3][64]; /* the row before the last, the last, this one */
    for (uint32_t j = 0; j <= b_bytes; j++)
        rows[1][j] = j;
    for (uint32_t i = 1; i <= a_bytes; i++) {
        rows[2][0] = i;
        for (uint32_t j = 1; j <= b_bytes; j++) {
            uint32_t change = rows[1][j - 1] + (fold(a[i - 1]) != fold(b[j - 1]) ? 1 : 0);
            rows[2][j] = min3(rows[1][j] + 1, rows[2][j - 1] + 1, change);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]) &&
                rows[0][j - 2] + 1 < rows[2][j])
                rows[2][j] = rows[0][j - 2] + 1;
        }
        memcpy(rows[0], rows[1], sizeof rows[0]);
        memcpy(rows[1], rows[2], sizeof rows[1]);
    }
    return rows[1][b_bytes];
}

bool suggest_try(suggestion *near, const char *candidate, uint32_t bytes)
{
    if (bytes > 62 || near->bytes > 62 || bytes == 0)
        return false;
    uint32_t longer = bytes > near->bytes ? bytes : near->bytes;
    if (longer - bytes > near->distance || longer - near->bytes > near->distance)
        return false;
    uint32_t found = distance(near->word, near->bytes, candidate, bytes);
    if (found > EDITS_MAX || found > near->distance || found * 2 >= longer ||
        (found == near->distance && bytes <= strlen(near->text)))
        return false;
    near->distance = found;
    memcpy(near->text, candidate, bytes);
    near->text[bytes] = '\0';
    near->found = true;
    return true;
}
