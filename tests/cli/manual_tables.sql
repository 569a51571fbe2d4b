-- The example files as tables of SQLite, for the questions in SQL that stand beside those of the manual: one row a record
-- (deliveries hold some twice), empty fields missing, a table `diagnosis` with a row a code.
.mode csv
CREATE TABLE patients_in (id TEXT, birth TEXT, sex TEXT, death TEXT, protected INT);
CREATE TABLE contacts_in (contact TEXT, patient TEXT, start TEXT, time TEXT, "end" TEXT, level TEXT, unit TEXT, provider TEXT,
    profession TEXT, form TEXT, status TEXT, visit TEXT, acute INT, admitted_from TEXT, discharged_to TEXT, ready TEXT,
    cost REAL, payer TEXT, dx TEXT, px TEXT, drg TEXT);
CREATE TABLE drugs_in (patient TEXT, start TEXT, atc TEXT, packs INT, ddd REAL, cost REAL, "end" TEXT);
CREATE TABLE services_in (patient TEXT, start TEXT, "end" TEXT, service TEXT, hours REAL);
CREATE TABLE waits_in (wait TEXT, patient TEXT, start TEXT, "end" TEXT, kind TEXT, area TEXT, px TEXT, unit TEXT, priority INT,
    booked TEXT, target INT, outcome TEXT);
CREATE TABLE residence_in (patient TEXT, start TEXT, "end" TEXT, municipality TEXT, region TEXT);
CREATE TABLE labs_in (patient TEXT, start TEXT, test TEXT, value REAL, measure TEXT, source TEXT);
CREATE TABLE units_in (unit TEXT, name TEXT, region TEXT, municipality TEXT, kind TEXT, owner TEXT);
CREATE TABLE population_in (year INT, municipality TEXT, sex TEXT, age INT, n INT);
CREATE TABLE icd10 (code_in TEXT, label TEXT);
.import --skip 1 ingest/example/icd10.csv icd10
.import --skip 1 ingest/example/patients.csv patients_in
.import --skip 1 ingest/example/contacts.csv contacts_in
.import --skip 1 ingest/example/drugs.csv drugs_in
.import --skip 1 ingest/example/services.csv services_in
.import --skip 1 ingest/example/waits.csv waits_in
.import --skip 1 ingest/example/residence.csv residence_in
.import --skip 1 ingest/example/labs.csv labs_in
.import --skip 1 ingest/example/units.csv units_in
.import --skip 1 ingest/example/population.csv population_in
CREATE TABLE patients AS SELECT id, birth, sex, nullif(death, '') AS death FROM patients_in;
CREATE TABLE contacts AS SELECT DISTINCT contact AS id, patient, start, nullif(time, '') AS time, nullif("end", '') AS "end", level,
    unit, nullif(provider, '') AS provider, form, status, acute, cost, dx FROM contacts_in;
CREATE TABLE drugs AS SELECT * FROM drugs_in;
CREATE TABLE services AS SELECT patient, start, nullif("end", '') AS "end", service, hours FROM services_in;
CREATE TABLE waits AS SELECT wait, patient, start, nullif("end", '') AS "end", kind, area, unit, nullif(outcome, '') AS outcome FROM waits_in;
CREATE TABLE residence AS SELECT patient, start, nullif("end", '') AS "end", municipality, region FROM residence_in;
CREATE TABLE labs AS SELECT * FROM labs_in WHERE date(start, '+0 days') = start;
CREATE TABLE units AS SELECT * FROM units_in;
CREATE TABLE population AS SELECT * FROM population_in;
CREATE TABLE diagnosis AS
    WITH RECURSIVE split (id, patient, start, place, code, rest) AS (
        SELECT id, patient, start, 0, '', trim(dx) || ' ' FROM contacts
        UNION ALL
        SELECT id, patient, start, place + 1, upper(replace(substr(rest, 1, instr(rest, ' ') - 1), '.', '')),
            ltrim(substr(rest, instr(rest, ' ') + 1)) FROM split WHERE rest <> '' AND trim(rest) <> '')
    SELECT id, patient, start, place, code FROM split WHERE code <> '';
CREATE INDEX contacts_of ON contacts (patient, start);
CREATE INDEX diagnosis_of ON diagnosis (patient);
CREATE INDEX diagnosis_in ON diagnosis (id);
CREATE INDEX services_of ON services (patient);
CREATE INDEX residence_of ON residence (patient);
