/* catalog_cohort.c: saved cohorts in the catalog. `current` holds the seal of all of them (FORMAT.md), which covers the hash
 * of each set: the list is read without the sets, and a set is believed when its bytes have that hash. See cohort.h. */
#include "core/store/catalog.h"

#include "core/base/hash.h"
#include "core/store/catalog_inner.h"

#define COHORT_FIELDS "name, text, parameters, lots, time, user, generation, content, definition, patients, count, bits_hash"

/* ---- the seal ---- */

static lots_status put_cohort(const lots_cohort *cohort, lots_bytes *out, lots_error *err)
{
    const char *const texts[] = {cohort->name,    cohort->text, cohort->parameters,
                                 cohort->version, cohort->time, cohort->user};
    const uint64_t numbers[] = {cohort->generation, cohort->content, cohort->definition,
                                cohort->patients,   cohort->count,   cohort->bits_hash};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        LOTS_TRY(lots_bytes_put_text(out, texts[i], strlen(texts[i]), err));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        LOTS_TRY(lots_bytes_put64(out, numbers[i], err));
    return LOTS_OK;
}

typedef struct cohort_rows {
    lots_arena *arena;
    lots_vec *cohorts; /* NULL when not wanted */
    lots_bytes *bytes; /* what the seal covers */
} cohort_rows;

static lots_status take_cohort(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    cohort_rows *rows = context;
    lots_cohort cohort;
    const char **const texts[] = {&cohort.name,    &cohort.text, &cohort.parameters,
                                  &cohort.version, &cohort.time, &cohort.user};
    for (int i = 0; i < 6; i++)
        LOTS_TRY(lots_sql_text(sql, row, i, rows->arena, texts[i], err));
    LOTS_TRY(lots_sql_number(sql, row, 6, &cohort.generation, err));
    LOTS_TRY(lots_sql_hash(sql, row, 7, &cohort.content, err));
    LOTS_TRY(lots_sql_hash(sql, row, 8, &cohort.definition, err));
    LOTS_TRY(lots_sql_number(sql, row, 9, &cohort.patients, err));
    LOTS_TRY(lots_sql_number(sql, row, 10, &cohort.count, err));
    LOTS_TRY(lots_sql_hash(sql, row, 11, &cohort.bits_hash, err));
    if (cohort.patients >= LOTS_NO_PATIENT || cohort.count > cohort.patients)
        return lots_sql_damaged(sql, err, "a cohort has more patients than there are");
    LOTS_TRY(put_cohort(&cohort, rows->bytes, err));
    return rows->cohorts != NULL ? lots_vec_push(rows->cohorts, &cohort, err) : LOTS_OK;
}

lots_status lots_catalog_seal_cohorts(lots_sql *sql, lots_cohort_list *out, uint64_t *seal, lots_error *err)
{
    lots_bytes bytes = {0};
    lots_arena own;
    lots_arena_init(&own, 0);
    cohort_rows rows = {out != NULL ? &out->arena : &own, out != NULL ? &out->cohorts : NULL, &bytes};
    lots_status status = lots_sql_select(sql, "SELECT " COHORT_FIELDS " FROM cohort ORDER BY name", 0, take_cohort,
                                         &rows, err);
    if (status == LOTS_OK)
        *seal = lots_hash(bytes.data, bytes.count, 0);
    lots_bytes_free(&bytes);
    lots_arena_free(&own);
    return status;
}

static lots_status take_seal(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    lots_catalog_seal *found = context;
    found->rows++;
    return lots_sql_hash(sql, row, 0, &found->seal, err);
}

/* All cohorts into `out`, known to be as they were saved. */
static lots_status read_cohorts(lots_sql *sql, lots_cohort_list *out, lots_error *err)
{
    lots_catalog_seal written = {0, 0};
    uint64_t seal;
    LOTS_TRY(lots_sql_select(sql, "SELECT cohorts FROM current", 0, take_seal, &written, err));
    LOTS_TRY(lots_catalog_seal_cohorts(sql, out, &seal, err));
    if (written.rows != 1 || written.seal != seal)
        return lots_sql_damaged(sql, err, "the saved cohorts are not as they were written");
    return LOTS_OK;
}

lots_status lots_catalog_cohorts(const char *directory, lots_cohort_list *out, lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_READ, err));
    lots_status status = read_cohorts(&sql, out, err);
    lots_sql_close(&sql);
    return status;
}

/* ---- a set ---- */

typedef struct set_row {
    const lots_cohort *cohort;
    lots_arena *arena;
    const uint8_t *data; /* NULL: it is another by now, or none */
    size_t bytes;
} set_row;

/* The row of the cohort's name and hash; bytes that don't have the hash are damage. */
static lots_status take_set(lots_sql *sql, sqlite3_stmt *row, void *context, lots_error *err)
{
    set_row *taken = context;
    const char *name;
    const uint8_t *data;
    size_t bytes;
    uint64_t hash;
    LOTS_TRY(lots_sql_text(sql, row, 0, taken->arena, &name, err));
    LOTS_TRY(lots_sql_hash(sql, row, 1, &hash, err));
    if (strcmp(name, taken->cohort->name) != 0 || hash != taken->cohort->bits_hash)
        return LOTS_OK;
    LOTS_TRY(lots_sql_blob(sql, row, 2, taken->arena, &data, &bytes, err));
    if (lots_hash(data, bytes, 0) != hash)
        return lots_sql_damaged(sql, err, "the set of a cohort is not as it was written");
    taken->data = data;
    taken->bytes = bytes;
    return LOTS_OK;
}

static const char all_sets[] = "SELECT name, bits_hash, bits FROM cohort ORDER BY name";

lots_status lots_catalog_cohort_set(const char *directory, const lots_cohort *cohort, lots_arena *arena,
                                    const uint8_t **out, size_t *bytes, lots_error *err)
{
    lots_sql sql;
    set_row taken = {cohort, arena, NULL, 0};
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_READ, err));
    lots_status status = lots_sql_select(&sql, all_sets, 0, take_set, &taken, err);
    lots_sql_close(&sql);
    *out = taken.data;
    *bytes = taken.bytes;
    return status;
}

static lots_status check_sets(lots_sql *sql, const lots_cohort_list *list, lots_error *err)
{
    for (size_t i = 0; i < list->cohorts.count; i++) {
        lots_arena arena;
        lots_arena_init(&arena, 0);
        set_row taken = {&LOTS_AT(lots_cohort, &list->cohorts, i), &arena, NULL, 0};
        lots_status status = lots_sql_select(sql, all_sets, 0, take_set, &taken, err);
        lots_arena_free(&arena);
        LOTS_TRY(status);
    }
    return LOTS_OK;
}

lots_status lots_catalog_check_cohorts(lots_sql *sql, lots_error *err)
{
    lots_cohort_list list = {.cohorts = LOTS_VEC(lots_cohort)};
    lots_arena_init(&list.arena, 0);
    lots_status status = read_cohorts(sql, &list, err);
    if (status == LOTS_OK)
        status = check_sets(sql, &list, err);
    lots_cohort_list_free(&list);
    return status;
}

/* ---- writing ---- */

/* The new seal, the line of the log, and all of it at once. */
static lots_status seal_and_commit(lots_sql *sql, const lots_audit_entry *entry, lots_error *err)
{
    uint64_t seal;
    LOTS_TRY(lots_catalog_seal_cohorts(sql, NULL, &seal, err));
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "UPDATE current SET cohorts = ?1 WHERE one = 1", lots_cell_hash(seal)));
    LOTS_TRY(lots_catalog_add_audit(sql, entry, err));
    return lots_sql_commit(sql, err);
}

/* Only what is known to be sound is changed: the new seal would hide damage to the cohorts there were. */
static lots_status save_cohort(lots_sql *sql, const lots_cohort *cohort, const lots_bytes *set,
                               const lots_audit_entry *entry, lots_error *err)
{
    LOTS_TRY(lots_catalog_check_cohorts(sql, err));
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "DELETE FROM cohort WHERE name = ?1", lots_cell_text(cohort->name)));
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO cohort(" COHORT_FIELDS ", bits) "
                                    "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
                          lots_cell_text(cohort->name), lots_cell_text(cohort->text),
                          lots_cell_text(cohort->parameters), lots_cell_text(cohort->version),
                          lots_cell_text(cohort->time), lots_cell_text(cohort->user),
                          lots_cell_number(cohort->generation), lots_cell_hash(cohort->content),
                          lots_cell_hash(cohort->definition), lots_cell_number(cohort->patients),
                          lots_cell_number(cohort->count), lots_cell_hash(cohort->bits_hash),
                          lots_cell_blob(set->data, set->count)));
    return seal_and_commit(sql, entry, err);
}

lots_status lots_catalog_save_cohort(const char *directory, const lots_cohort *cohort, const lots_bytes *set,
                                     const lots_audit_entry *entry, lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_WRITE, err));
    lots_status status = save_cohort(&sql, cohort, set, entry, err);
    lots_sql_close(&sql);
    return status;
}

static lots_status drop_cohort(lots_sql *sql, const char *name, lots_audit_entry *entry, lots_cohort_list *list,
                               lots_error *err)
{
    LOTS_TRY(read_cohorts(sql, list, err));
    const lots_cohort *cohort = lots_cohort_find(list, name, strlen(name));
    if (cohort == NULL)
        return lots_fail(err, LOTS_USAGE, "no cohort is saved as '%s'", name);
    entry->query = cohort->text;
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "DELETE FROM cohort WHERE name = ?1", lots_cell_text(name)));
    return seal_and_commit(sql, entry, err);
}

lots_status lots_catalog_drop_cohort(const char *directory, const char *name, lots_audit_entry *entry, lots_error *err)
{
    lots_sql sql;
    lots_cohort_list list = {.cohorts = LOTS_VEC(lots_cohort)};
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_WRITE, err));
    lots_arena_init(&list.arena, 0);
    lots_status status = drop_cohort(&sql, name, entry, &list, err);
    lots_cohort_list_free(&list);
    lots_sql_close(&sql);
    return status;
}
