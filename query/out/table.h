/* table.h: a result as a table for reading: numbers to the right, texts to the left, columns as wide as their widest value
 * (å and 漢 take the columns a terminal gives them), boxes on a terminal, plain and unbroken otherwise.
 * Missing is -. A column of floats is rounded to the same number of decimals throughout; csv and json give all digits.
 * Control characters are shown as ?, so that no text can move the cursor. Only output.c calls it. */
#ifndef LOTS_OUT_TABLE_H
#define LOTS_OUT_TABLE_H

#include "query/out/output.h"

LOTS_MUST lots_status lots_table_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err);
/* How many columns of a terminal a text takes, control characters and what isn't UTF-8 counted as one. */
uint32_t lots_text_width(const char *text, size_t bytes);

#endif
