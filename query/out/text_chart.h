/* text_chart.h: a plot on a terminal: one character a point, at the nearest of a grid of places; bars lie, their values
 * beside them. The ends of both axes are labelled. See plot.h. Only output.c calls it. */
#ifndef LOTS_OUT_TEXT_CHART_H
#define LOTS_OUT_TEXT_CHART_H

#include "query/out/plot.h"

/* Errors: LOTS_MEMORY.   Cost: O(points). */
LOTS_MUST lots_status lots_text_chart_write(const lots_plot *plot, const lots_output_options *options, lots_bytes *out,
                                            lots_error *err);

#endif
