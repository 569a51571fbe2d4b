/* text_dict.h: texts as places in a dictionary of the block's own, and lists of texts. Callers: text.c. */
#ifndef LOTS_TEXT_DICT_H
#define LOTS_TEXT_DICT_H

#include "core/codec/text.h"

/* Lengths as a frame, then the bytes. */
LOTS_MUST lots_status lots_text_list_write(const lots_texts *texts, lots_bytes *out, lots_arena *arena,
                                           lots_error *err);
LOTS_MUST lots_status lots_text_list_read(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                                          lots_arena *arena, lots_error *err);

/* Write as DICT if that takes at most two thirds of the raw form (`forced`: whatever it takes), and *done says so.
 * Nothing is written otherwise. */
LOTS_MUST lots_status lots_text_dict_try(const lots_texts *texts, bool forced, lots_bytes *out, uint8_t *width,
                                         bool *done, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_text_dict_read(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                                          lots_arena *arena, lots_error *err);

#endif
