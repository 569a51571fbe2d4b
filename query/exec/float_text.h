/* float_text.h: a float as the shortest text of 15 to 17 digits that reads back as the same, as printf's %g writes it: what printf
 * and strtod would find by trying, without them for the numbers that results mostly have. Callers: value.c. */
#ifndef LOTS_QUERY_FLOAT_TEXT_H
#define LOTS_QUERY_FLOAT_TEXT_H

#include "core/lots.h"

#define LOTS_FLOAT_TEXT 40u /* bytes that a text takes at most, its end included */

/* Minus zero is written as zero: they are equal. Returns the bytes before the text's end. */
size_t lots_float_text(double value, char text[LOTS_FLOAT_TEXT]);

#endif
