/* html.h: a result as a table of a page: numbers to the right, all digits of floats, every text escaped. A missing value is a
 * cell of class `missing` that shows a dash; an empty text is an empty cell. The page around it is document.c's.
 * Only output.c calls it. */
#ifndef LOTS_OUT_HTML_H
#define LOTS_OUT_HTML_H

#include "query/out/output.h"

LOTS_MUST lots_status lots_html_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err);

#endif
