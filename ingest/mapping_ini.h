/* mapping_ini.h: the lines of a mapping file, through libinih, with what it doesn't tell: line numbers, values of many
 * lines made one, and no line cut short without a word. Callers: mapping_parse.c. */
#ifndef LOTS_MAPPING_INI_H
#define LOTS_MAPPING_INI_H

#include "core/base/arena.h"
#include "core/base/vec.h"

typedef struct lots_ini_entry {
    char *section, *key, *value; /* in the arena; a section heading is an entry with key NULL */
    uint32_t line;
} lots_ini_entry;

/* Append the entries of `text` to `out` (vec of lots_ini_entry). Errors: LOTS_USAGE "name:line: …"; LOTS_MEMORY. */
LOTS_MUST lots_status lots_ini_read(lots_vec *out, lots_arena *arena, const char *text, size_t bytes, const char *name,
                                    lots_error *err);

#endif
