/* catalog_inner.h: what reading and writing the catalog share. Private to core/store/catalog*.c. */
#ifndef LOTS_CATALOG_INNER_H
#define LOTS_CATALOG_INNER_H

#include "core/base/vec.h"
#include "core/store/catalog.h"
#include "core/store/catalog_sql.h"
#include "core/store/catalog_tables.h"

/* The catalog of the directory, with a transaction begun. */
LOTS_MUST lots_status lots_catalog_open(lots_sql *out, const char *directory, lots_sql_mode mode, lots_error *err);

typedef struct lots_catalog_seal {
    uint64_t seal;
    uint32_t rows; /* 0: there is no such generation */
} lots_catalog_seal;
LOTS_MUST lots_status lots_catalog_find_seal(lots_sql *sql, uint64_t generation, lots_catalog_seal *out,
                                             lots_error *err);
/* XXH3 over the pins by name: text name, u64 generation, u64 seal of the generation. `pins` (of lots_pin) may be NULL. */
LOTS_MUST lots_status lots_catalog_seal_pins(lots_sql *sql, lots_vec *pins, uint64_t *seal, lots_error *err);

/* The seal of an audit log without lines. */
#define LOTS_CATALOG_NO_AUDIT UINT64_C(0)
/* Read all lines into the caller's empty log. Errors: LOTS_CORRUPT when it isn't as it was written. */
LOTS_MUST lots_status lots_catalog_read_audit(lots_sql *sql, lots_audit_log *out, lots_error *err);
/* Add a line within a transaction that the caller commits. */
LOTS_MUST lots_status lots_catalog_add_audit(lots_sql *sql, const lots_audit_entry *entry, lots_error *err);

/* XXH3 over the cohorts by name, each field but the set itself, whose hash is among them. `out` may be NULL; else the
 * caller's empty list gets them. */
LOTS_MUST lots_status lots_catalog_seal_cohorts(lots_sql *sql, lots_cohort_list *out, uint64_t *seal, lots_error *err);
/* The sets of all cohorts are as they were saved. Errors: LOTS_CORRUPT naming the first that isn't. */
LOTS_MUST lots_status lots_catalog_check_cohorts(lots_sql *sql, lots_error *err);

#endif
