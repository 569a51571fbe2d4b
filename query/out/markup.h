/* markup.h: texts made harmless inside a page or a Markdown document. What is not UTF-8 becomes U+FFFD, as does a control
 * character that neither can hold. Callers: html, markdown, the document. */
#ifndef LOTS_OUT_MARKUP_H
#define LOTS_OUT_MARKUP_H

#include "core/base/bytes.h"

/* As HTML text or the value of an attribute in double quotes: & < > " ' become entities; a line break stays one. */
LOTS_MUST lots_status lots_markup_html(const char *text, size_t bytes, lots_bytes *out, lots_error *err);
/* As text in a cell of a Markdown table (GitHub's form): what could be markup gets a backslash, a line break becomes <br>. */
LOTS_MUST lots_status lots_markup_markdown(const char *text, size_t bytes, lots_bytes *out, lots_error *err);

#endif
