/* caret.h: an error drawn under the line of the text it is about. Owns no state; called by the commands and tests. */
#ifndef LOTS_QUERY_CARET_H
#define LOTS_QUERY_CARET_H

#include "core/base/bytes.h"

#define LOTS_CARET_COLUMNS 100u /* a longer source line is cut around the place */

/* Line and column, from 1, of byte `at` of a text; columns count characters. Beyond the end: the end.
 * Cost: O(at). */
void lots_caret_place(const char *text, size_t bytes, uint64_t at, uint32_t *line, uint32_t *column);

/* Append the error as
 *     name:12:15: error: found `whre`, expected …
 *       12 | from patients whre x
 *          |               ^^^^
 *       hint: did you mean `where`?
 *   text, bytes   what the error's at..at_end count in; borrowed; any bytes (what isn't UTF-8 is shown as ?)
 *   name          of the file, or what stands for it ("query")
 *   error         without a place (LOTS_NOWHERE) no line is drawn; without a hint no hint
 * Tabs are drawn as blanks up to the next multiple of 4, control characters as ?, and wide characters count two. A place
 * of several lines is underlined on its first. Errors: LOTS_MEMORY.   Cost: O(bytes). */
LOTS_MUST lots_status lots_caret_format(const char *text, size_t bytes, const char *name, const lots_error *error,
                                        lots_bytes *out, lots_error *err);

#endif
