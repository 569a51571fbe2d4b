/* markdown.h: a result as a table of GitHub's Markdown: numbers to the right, all digits of floats, markup in texts made
 * harmless, a line break inside a value as <br>. Missing is a bare -, the text - is \-; an empty text is an empty cell.
 * Only output.c calls it. */
#ifndef LOTS_OUT_MARKDOWN_H
#define LOTS_OUT_MARKDOWN_H

#include "query/out/output.h"

LOTS_MUST lots_status lots_markdown_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err);

#endif
