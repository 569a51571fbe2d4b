/* svg.h: a plot as SVG: nothing but shapes, text and titles; no scripts, styles, links or fonts of its own, so that it is at
 * home in a page, a document or alone. The same plot gives the same bytes. Colours are Okabe and Ito's (2008), which eyes
 * without red or green tell apart; a signal is told by its shape too.
 * Callers: document.c, tests. */
#ifndef LOTS_OUT_SVG_H
#define LOTS_OUT_SVG_H

#include "query/out/plot.h"

enum { LOTS_SVG_WIDTH = 860 };

/* Append one <svg> element.
 *   number   of the chart in its file, for ids
 *   top      where it stands in one around it, which then has the name space; < 0: it stands alone or in a page
 *   *height  how high it is; may be NULL
 * Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_svg_write(const lots_plot *plot, uint32_t number, int top, lots_bytes *out, uint32_t *height,
                                     lots_error *err);

#endif
