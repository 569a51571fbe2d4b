/* small_sql.h: functions given to SQLite for the tests of queries: calendar arithmetic by counting, without the code
 * that is tested. See small_registry.h for the list. */
#ifndef LOTS_SMALL_SQL_H
#define LOTS_SMALL_SQL_H

#include <sqlite3.h>

void small_sql_functions(sqlite3 *sql);

#endif
