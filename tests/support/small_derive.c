/* small_derive.c: what the store derives (order, ghosts, the day a span ends), computed once more, in SQL. */
#include "tests/support/small_tables.h"

static const char derive[] =
    "CREATE TEMP TABLE levels(level, rank); INSERT INTO levels VALUES ('emergency', 1), ('primary', 2), ('specialist', 2),"
    " ('inpatient', 3), ('municipal', 4);"
    "CREATE TEMP TABLE o AS SELECT c.rowid AS r, row_number() OVER (PARTITION BY p ORDER BY start, minute NULLS LAST,"
    "  rank NULLS LAST, \"end\" NULLS LAST, id) AS n FROM contacts c LEFT JOIN levels USING (level);"
    "UPDATE contacts SET ord = (SELECT n FROM o WHERE r = contacts.rowid);"
    "CREATE TEMP TABLE until AS SELECT p, min(coalesce(death, 1e9), d('2023-12-31')) AS day FROM patients;"
    "UPDATE contacts SET ghost = level = 'inpatient' AND \"end\" IS NULL AND (EXISTS (SELECT 1 FROM contacts x WHERE x.p ="
    "  contacts.p AND x.level = 'inpatient' AND x.ord > contacts.ord) OR (SELECT day FROM until u WHERE u.p = contacts.p) -"
    "  start > 300);"
    "UPDATE contacts SET ghost = 0 WHERE ghost IS NULL;"
    "UPDATE contacts SET span_end = CASE WHEN \"end\" IS NOT NULL THEN \"end\" WHEN level = 'inpatient' THEN"
    "  max(start, (SELECT day FROM until u WHERE u.p = contacts.p)) ELSE start END;";

static const char *const derive_spans[] = {"services", "residence", "listing"};

static void derive_stream(small_registry *r, const char *stream, const char *content, bool span)
{
    small_run(r, sqlite3_mprintf("DROP TABLE o; CREATE TEMP TABLE o AS SELECT c.rowid AS r, row_number() OVER (PARTITION BY p"
                                 " ORDER BY %s) AS n FROM %s c; UPDATE %s SET ord = (SELECT n FROM o WHERE r = %s.rowid);",
                                 content, stream, stream, stream));
    if (!span)
        return;
    small_run(r, sqlite3_mprintf(
                     "UPDATE %s SET ghost = \"end\" IS NULL AND EXISTS (SELECT 1 FROM %s x WHERE x.p = %s.p AND x.ord > %s.ord);"
                     "UPDATE %s SET span_end = coalesce(\"end\", max(start, (SELECT day FROM until u WHERE u.p = %s.p)));",
                     stream, stream, stream, stream, stream, stream));
}

void small_derive(small_registry *r)
{
    small_exec(r, derive);
    derive_stream(r, "drugs", "start, atc NULLS LAST, packs NULLS LAST", false);
    derive_stream(r, "labs", "start, test NULLS LAST, value NULLS LAST", false);
    derive_stream(r, derive_spans[0], "start, \"end\" NULLS LAST, service NULLS LAST", true);
    derive_stream(r, derive_spans[1], "start, \"end\" NULLS LAST, municipality NULLS LAST, region NULLS LAST", true);
    derive_stream(r, derive_spans[2], "start, \"end\" NULLS LAST, clinic NULLS LAST", true);
}
