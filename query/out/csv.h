/* csv.h: a result as comma-separated values: RFC 4180 (Shafranovich 2005), UTF-8, a header, then one record a row; lines
 * end with LF, as the tools of this system want. A missing value is an empty field, an empty text is "". Elements of a set
 * are joined by blanks. A record of one empty field is written "", since some readers skip empty lines.
 * csv-se is what Swedish spreadsheets open by a click: semicolons, a decimal comma, and a byte order mark first.
 * Only output.c calls it. */
#ifndef LOTS_OUT_CSV_H
#define LOTS_OUT_CSV_H

#include "query/out/output.h"

#define LOTS_CSV_BOM "\xef\xbb\xbf" /* output.c writes it, once a file */

LOTS_MUST lots_status lots_csv_write(const lots_sheet *sheet, char separator, lots_sink *sink, lots_error *err);

#endif
