/* catalog_tables.h: the SQL that makes the catalog's tables, and the rows of the tables made for people. Private to
 * core/store/catalog*.c. */
#ifndef LOTS_CATALOG_TABLES_H
#define LOTS_CATALOG_TABLES_H

#include "core/store/catalog_sql.h"
#include "core/store/schema.h"

extern const char lots_catalog_tables[];

/* Insert what the generation's schema says into code_system, stream, level, stream_column, registry_table and
 * table_column. Errors: as lots_sql_run. */
LOTS_MUST lots_status lots_catalog_describe(lots_sql *sql, uint64_t generation, const lots_schema *schema,
                                            lots_error *err);

#endif
