/* parse.h: query text → tree. The grammar is LANGUAGE.md's, by recursive descent with two tokens of look-ahead and no
 * backtracking, so time is linear in the text. Owns no state between calls. */
#ifndef LOTS_QUERY_PARSE_H
#define LOTS_QUERY_PARSE_H

#include "query/lang/ast.h"

#define LOTS_PARSE_DEPTH 200u           /* default of depth_max */
#define LOTS_PARSE_DEPTH_MOST 1000u     /* a larger depth_max counts as this: stacks are finite */
#define LOTS_PARSE_BYTES_MAX (64u << 20) /* of one text */

/* All zero is the default. */
typedef struct lots_parse_options {
    uint32_t source;    /* number of this text: goes into every span and error */
    uint32_t depth_max; /* brackets, calls, joins and left-hanging operators may nest this deep; 0: LOTS_PARSE_DEPTH */
} lots_parse_options;

/* Parse a whole file of statements.
 *   text, bytes   UTF-8, borrowed during the call only; not trusted, need not end in a zero; a leading BOM is skipped
 *   options       NULL for the default
 *   arena         everything returned lives there
 *   out           a file, perhaps without statements; NULL after a failure
 * Errors: LOTS_QUERY with `source`, `at`, `at_end` (byte offsets in `text`) and often a hint; LOTS_LIMIT when the arena's
 * limit is reached; LOTS_MEMORY.   Cost: O(bytes).   Threads: any, one arena each. */
LOTS_MUST lots_status lots_parse(const char *text, size_t bytes, const lots_parse_options *options, lots_arena *arena,
                                 lots_ast_file **out, lots_error *err);

/* Is the text a reserved word? `name` of `bytes` bytes. Such a name must be quoted in a query. */
bool lots_word_is_reserved(const char *name, size_t bytes);

#endif
