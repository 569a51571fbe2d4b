/* tsv.h: a result as tab-separated values (IANA text/tab-separated-values): a header, a record a line, no quotes. A tab, line
 * feed, carriage return or backslash inside a value is written \t, \n, \r or \\, so a line is always a record and a tab always
 * a boundary. A missing value is an empty field; so is an empty text, which only csv and json tell apart.
 * Elements of a set are joined by blanks. Only output.c calls it. */
#ifndef LOTS_OUT_TSV_H
#define LOTS_OUT_TSV_H

#include "query/out/output.h"

LOTS_MUST lots_status lots_tsv_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err);

#endif
