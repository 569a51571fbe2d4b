/* mapping_text.h: the words of one value of a mapping, and the little grammars that values share: names of columns, lists
 * of words, pairs, conditions, dates. Callers: mapping_parse.c, mapping_column.c, mapping_value.c. */
#ifndef LOTS_MAPPING_TEXT_H
#define LOTS_MAPPING_TEXT_H

#include "ingest/mapping.h"

typedef enum lots_map_token_kind {
    LOTS_TOKEN_END,
    LOTS_TOKEN_WORD,
    LOTS_TOKEN_QUOTED,  /* "any text", "" inside is a quote */
    LOTS_TOKEN_PATTERN, /* /a regular expression/, \/ inside is a slash */
    LOTS_TOKEN_COMMA,
    LOTS_TOKEN_PIPE
} lots_map_token_kind;

typedef struct lots_map_token {
    lots_map_token_kind kind;
    char *text;
} lots_map_token;

/* A reader of one value's tokens, one ahead. */
typedef struct lots_map_reader {
    lots_arena *arena;
    lots_vec *patterns;    /* of the mapping */
    const char *file;
    uint32_t line;
    const char *key;       /* for messages */
    const char *at;
    lots_map_token token;  /* the next */
    lots_error *err;
} lots_map_reader;

/* *out with `mapping`'s arena, patterns and name. */
LOTS_MUST lots_status lots_map_reader_open(lots_map_reader *out, lots_mapping *mapping, uint32_t line, const char *key,
                                           const char *value, lots_error *err);
/* "file:line: key: …", LOTS_USAGE. */
lots_status lots_map_fail(lots_map_reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Add "did you mean 'x'?" from a list ended by NULL, if one is near. */
void lots_map_suggest(lots_error *err, const char *word, const char *const *known);

LOTS_MUST lots_status lots_map_next(lots_map_reader *reader);
/* Is the next token this bare word (then taken)? */
LOTS_MUST lots_status lots_map_accept(lots_map_reader *reader, const char *word, bool *found);
LOTS_MUST lots_status lots_map_take_comma(lots_map_reader *reader, bool *found);
LOTS_MUST lots_status lots_map_expect_end(lots_map_reader *reader);
/* A bare or quoted word; lent by the arena. */
LOTS_MUST lots_status lots_map_word(lots_map_reader *reader, const char *what, char **out);
LOTS_MUST lots_status lots_map_read_pattern(lots_map_reader *reader, lots_map_pattern **out);
/* A | B | /pattern/ | DIA1..DIA30 */
LOTS_MUST lots_status lots_map_read_term(lots_map_reader *reader, lots_map_term *out);
/* term, term, … */
LOTS_MUST lots_status lots_map_read_terms(lots_map_reader *reader, lots_map_terms *out);
/* word, word, … */
LOTS_MUST lots_status lots_map_read_words(lots_map_reader *reader, bool fold, lots_words *out);
/* K | K V, K V, … up to a word `else`, which is left. */
LOTS_MUST lots_status lots_map_read_pairs(lots_map_reader *reader, bool fold, lots_map_pairs *out);
/* COLUMN = word, … and COLUMN is empty and … */
LOTS_MUST lots_status lots_map_read_conditions(lots_map_reader *reader, lots_map_conditions *out);
LOTS_MUST lots_status lots_map_read_forms(lots_map_reader *reader, lots_date_rule *rule);
LOTS_MUST lots_status lots_map_read_fill(lots_map_reader *reader, lots_date_rule *rule);
/* A day as 2023-12-31. */
LOTS_MUST lots_status lots_map_read_day(lots_map_reader *reader, lots_day *out);
/* A..B, either end may be left out. */
LOTS_MUST lots_status lots_map_read_days(lots_map_reader *reader, lots_day *from, lots_day *until);
/* yes or no. */
LOTS_MUST lots_status lots_map_read_yes(lots_map_reader *reader, bool *out);

/* Grow an array kept in an arena by one zeroed item. */
LOTS_MUST lots_status lots_map_push(lots_arena *arena, void *items, uint32_t *count, size_t size, void *out,
                                    lots_error *err);

#endif
