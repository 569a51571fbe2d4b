/* key_band.h: keys that are a band of a whole number (band(age, 10)) or a cut at whole numbers (cut(age, 18, 65)): their texts are
 * made once for each number that occurs, not for each row. Callers: key_source.c, keyer.c, key_code.c. */
#ifndef LOTS_QUERY_KEY_BAND_H
#define LOTS_QUERY_KEY_BAND_H

#include "query/exec/vector.h"
#include "query/lang/bound.h"

/* Numbers low .. low + span - 1; those of a cut that lie outside are as the nearest within. */
typedef struct lots_key_band {
    const lots_expr *expr; /* NULL: it is none */
    int32_t low;
    uint32_t span;
} lots_key_band;

/* Is it one of constant width or bounds, whose numbers with a text at hand are not too many? */
bool lots_key_of_band(const lots_expr *expr, lots_key_band *out);
/* Has each row's number a text, or is it missing? */
bool lots_key_band_holds(const lots_key_band *band, const lots_vector *numbers);
static inline uint32_t lots_key_band_place(const lots_key_band *band, int64_t number)
{
    const int64_t last = (int64_t)band->low + band->span - 1;
    return (uint32_t)((number < band->low ? band->low : number > last ? last : number) - band->low);
}
lots_text lots_key_band_text(const lots_key_band *band, uint32_t place);

#endif
