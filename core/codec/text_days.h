/* text_days.h: texts that end in a day, yyyy-mm-dd, as keys do that are made of columns: "2014-01-01", "home_care/2018-09-06".
 *   1   encoding of the days (choose.h); the days since 1970-01-01
 *   1   how the texts before them are told: 0 there are none, 5 as DICT, 6 as a list (text_dict.h); those
 * Callers: core/codec/text.c. */
#ifndef LOTS_TEXT_DAYS_H
#define LOTS_TEXT_DAYS_H

#include "core/codec/text.h"

/* *done false, and nothing written, when some text ends in none. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_text_days_try(const lots_texts *texts, lots_bytes *out, uint8_t *width, bool *done,
                                         lots_arena *arena, lots_error *err);
/* As lots_texts_decode. */
LOTS_MUST lots_status lots_text_days_read(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                                          lots_arena *arena, lots_error *err);

#endif
