-- The example's CSV files, each a table NAME_csv of texts, made tables that the questions in SQL beside this one read. One
-- row a record (deliveries hold some twice); days are numbers, money is in hundredths, empty fields are missing. Also:
--   contacts.ord    place in the total order of a patient's contacts: start, minute, level, end, record
--   span_end        the day the span of an open record ends: its end, else death or the last covered day
--   code            a row a diagnosis of a contact, in capitals and without dots
--   grouped         the groups of each diagnosis by a classification, found by prefix in the shipped files; effect is what
--                   its rules do, weight what its groups weigh
CREATE TABLE patients AS SELECT lopnr AS p, d(birth) AS birth, sex, d(nullif(death, '')) AS death FROM patients_csv;
CREATE UNIQUE INDEX patients_by ON patients (p);
CREATE VIEW covered AS SELECT d('2023-12-31') AS until, d('2014-01-01') AS since;

CREATE TABLE contacts AS
    WITH a AS (SELECT DISTINCT contact AS id, lopnr AS p, d(start) AS start, nullif(time, '') AS minute, d(nullif("end", '')) AS "end",
        level, unit, nullif(provider, '') AS provider, form, status, acute = '1' AS acute, cast(cost * 100 AS INT) AS cost, dx
        FROM contacts_csv),
    b AS (SELECT *, level = 'inpatient' AND "end" IS NULL AND start < max(CASE level WHEN 'inpatient' THEN start END)
            OVER (PARTITION BY p) AS ghost,
        row_number() OVER (PARTITION BY p ORDER BY start, minute IS NULL, minute, CASE level WHEN 'emergency' THEN 1
            WHEN 'primary' THEN 2 WHEN 'specialist' THEN 3 WHEN 'municipal' THEN 4 ELSE 5 END, "end" IS NULL, "end", id) AS ord FROM a)
    SELECT b.*, coalesce("end", min(coalesce(death, until), until)) AS span_end FROM b JOIN patients USING (p), covered;
CREATE UNIQUE INDEX contacts_by ON contacts (p, start, ord);
CREATE UNIQUE INDEX contacts_in ON contacts (p, ord);

CREATE TABLE code AS
    WITH RECURSIVE split (id, p, start, "end", rest, place, code) AS (
        SELECT id, p, start, "end", trim(dx) || ' ', 0, '' FROM contacts
        UNION ALL
        SELECT id, p, start, "end", ltrim(substr(rest, instr(rest, ' ') + 1)), place + 1,
            upper(replace(substr(rest, 1, instr(rest, ' ') - 1), '.', '')) FROM split WHERE rest NOT IN ('', ' '))
    SELECT id, p, start, "end", place, code FROM split WHERE place > 0;
CREATE INDEX code_by ON code (p, start);
CREATE INDEX code_in ON code (code);

CREATE TABLE drugs AS SELECT lopnr AS p, d(date) AS start, d(lasts_until) AS "end", upper(trim(atc)) AS atc, cast(packs AS INT) AS packs
    FROM drugs_csv;
CREATE INDEX drugs_by ON drugs (p, start);

CREATE TABLE services AS SELECT s.*, coalesce("end", min(coalesce(death, until), until)) AS span_end
    FROM (SELECT DISTINCT lopnr AS p, d(start) AS start, d(nullif("end", '')) AS "end", service FROM services_csv) AS s
    JOIN patients USING (p), covered;
CREATE INDEX services_by ON services (p);

CREATE TABLE waits AS SELECT DISTINCT wait AS id, lopnr AS p, d(start) AS start, d(nullif("end", '')) AS "end", area,
    nullif(px, '') AS px, nullif(outcome, '') AS outcome FROM waits_csv;
CREATE TABLE wait_status AS SELECT DISTINCT wait, lopnr AS p, d(start) AS start, d(nullif("end", '')) AS "end", reason
    FROM wait_status_csv WHERE "end" = '' OR "end" >= start;
CREATE INDEX wait_status_by ON wait_status (p);

CREATE TABLE residence AS SELECT r.*, coalesce("end", min(coalesce(death, until), until)) AS span_end
    FROM (SELECT DISTINCT lopnr AS p, d(start) AS start, d(nullif("end", '')) AS "end", municipality, region FROM residence_csv) AS r
    JOIN patients USING (p), covered;
CREATE INDEX residence_by ON residence (p);
CREATE TABLE listing AS SELECT l.*, coalesce("end", min(coalesce(death, until), until)) AS span_end
    FROM (SELECT DISTINCT lopnr AS p, d(start) AS start, d(nullif("end", '')) AS "end", clinic FROM listing_csv) AS l
    JOIN patients USING (p), covered;
CREATE INDEX listing_by ON listing (p);

-- One result of 2021-02-30 is no day: SQLite's own calendar tells.
CREATE TABLE labs AS SELECT lopnr AS p, d(date) AS start, test, cast(value AS REAL) AS value FROM labs_csv
    WHERE date(date, '+0 days') = date;
CREATE INDEX labs_by ON labs (p, test);

-- Who lives in the region on a day that a question is asked of: alive, and a record of residence covers it.
CREATE TABLE days AS WITH RECURSIVE days (day) AS (SELECT d('2014-01-01') UNION ALL SELECT day + 1 FROM days WHERE day < d('2024-12-31'))
    SELECT day FROM days;
CREATE UNIQUE INDEX days_by ON days (day);
CREATE VIEW resident AS SELECT day, p, sex, birth, death, years(birth, day) AS age,
        (SELECT municipality FROM residence r WHERE r.p = patients.p AND day BETWEEN r.start AND r.span_end ORDER BY r.start DESC LIMIT 1)
            AS municipality,
        (SELECT clinic FROM listing l WHERE l.p = patients.p AND day BETWEEN l.start AND l.span_end ORDER BY l.start DESC LIMIT 1) AS clinic
    FROM days, patients WHERE birth <= day AND (death IS NULL OR death >= day)
    AND EXISTS (SELECT 1 FROM residence r WHERE r.p = patients.p AND day BETWEEN r.start AND r.span_end);
CREATE TABLE months AS SELECT year(day) AS year, min(day) AS first, max(day) AS last, min(day) || '..' || max(day) AS name
    FROM days WHERE year(day) BETWEEN 2021 AND 2023 GROUP BY year(day), month(day);

-- Classifications: class_csv has their files' rows, the name of the file first.
CREATE TABLE prefixes AS
    WITH RECURSIVE split (class, grp, rest, prefix) AS (
        SELECT class, b, e || ' ', '' FROM class_csv WHERE a = 'codes' AND c = 'icd10' AND d = 'prefix'
        UNION ALL
        SELECT class, grp, substr(rest, instr(rest, ' ') + 1), replace(substr(rest, 1, instr(rest, ' ') - 1), '.', '') FROM split WHERE rest <> '')
    SELECT class, grp, prefix FROM split WHERE prefix <> '';
CREATE TABLE grouped AS SELECT DISTINCT class, grp, c.code FROM (SELECT DISTINCT code FROM code) AS c
    JOIN prefixes ON substr(c.code, 1, length(prefix)) = prefix;
CREATE INDEX grouped_by ON grouped (class, code);
CREATE TABLE weight AS SELECT class, c AS name, b AS grp, cast(d AS REAL) AS points FROM class_csv WHERE a = 'weight';
CREATE TABLE effect AS SELECT class, a AS kind, b AS x, c AS y, nullif(d, '') AS z FROM class_csv WHERE a IN ('hides', 'makes');
-- The chronic groups of each contact.
CREATE TABLE chronic AS SELECT DISTINCT id, p, start, "end", grp FROM code JOIN grouped USING (code) WHERE class = 'chronic';
CREATE INDEX chronic_by ON chronic (p, start);
