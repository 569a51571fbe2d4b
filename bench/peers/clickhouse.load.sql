-- The CSV files of ingest/example's layout as an expert of ClickHouse would keep them. {DIR} is the folder, {UNTIL} the last covered day.
-- Contacts lie in the total order under a number (ord) that rises with it; words are Enum8 or LowCardinality; an end or a death
-- that is missing is the last day of Date (no null maps); diagnoses are one list of code numbers with each contact.
CREATE TABLE patients (pid UInt32 CODEC(Delta, ZSTD), id String CODEC(ZSTD), birth Date32 CODEC(T64, ZSTD), sex Enum8('female' = 1, 'male' = 2), death Date CODEC(ZSTD), protected UInt8)
    ENGINE = MergeTree ORDER BY pid;
INSERT INTO patients SELECT row_number() OVER (ORDER BY lopnr) - 1, lopnr, birth, sex, ifNull(death, toDate(65535)), protected
    FROM file('{DIR}/patients.csv', CSVWithNames, 'lopnr String, birth Date32, sex String, death Nullable(Date), protected UInt8');

CREATE TABLE raw_contacts (pid UInt32, start Date, minute UInt16, level Enum8('emergency' = 1, 'primary' = 2, 'specialist' = 3, 'municipal' = 4, 'inpatient' = 5),
    stop Date, contact String, unit LowCardinality(String), provider LowCardinality(String), profession LowCardinality(String), form LowCardinality(String),
    status Enum8('booked' = 1, 'cancelled' = 2, 'done' = 3, 'noshow' = 4), visit LowCardinality(String), acute UInt8,
    admitted_from LowCardinality(String), discharged_to LowCardinality(String), ready Date, cost Decimal(9, 2), payer LowCardinality(String),
    dx Array(LowCardinality(String)), px LowCardinality(String), drg LowCardinality(String))
    ENGINE = ReplacingMergeTree ORDER BY (pid, start, minute, level, stop, contact);
-- A delivery may hold a line twice: equal keys are merged into one.
INSERT INTO raw_contacts SELECT p.pid, start, if(time = '', 65535, toUInt16(substring(time, 1, 2)) * 60 + toUInt16(substring(time, 4, 2))), level,
        ifNull(`end`, toDate(65535)), contact, unit, provider, profession, form, status, visit, acute, admitted_from, discharged_to,
        ifNull(ready, toDate(65535)), ifNull(cost, 0), payer, arrayFilter(x -> x <> '', splitByChar(' ', upper(replaceAll(dx, '.', '')))), px, drg
    FROM file('{DIR}/contacts.csv', CSVWithNames, 'contact String, lopnr String, start Date, time String, `end` Nullable(Date), level String, unit String, provider String, profession String, form String, status String, visit String, acute UInt8, admitted_from String, discharged_to String, ready Nullable(Date), cost Nullable(Decimal(9, 2)), payer String, dx String, px String, drg String') c
    JOIN patients p ON p.id = c.lopnr;
OPTIMIZE TABLE raw_contacts FINAL;

-- A code's number rises with the code. `chronic` and `charlson` have a bit for each group that a code belongs to.
CREATE TABLE codes (id UInt16, code String, chronic UInt64, charlson UInt32) ENGINE = MergeTree ORDER BY id;
INSERT INTO codes
    WITH p AS (SELECT * FROM file('{CLASSES}', CSVWithNames, 'class String, bit UInt8, prefix String')),
    (SELECT groupArray((class, bit, prefix)) FROM p) AS prefixes
    SELECT row_number() OVER (ORDER BY code) - 1, code,
        arrayFold((a, x) -> bitOr(a, if(x.1 = 'chronic' AND startsWith(code, x.3), bitShiftLeft(toUInt64(1), x.2), toUInt64(0))), prefixes, toUInt64(0)),
        arrayFold((a, x) -> bitOr(a, if(x.1 = 'charlson_se' AND startsWith(code, x.3), bitShiftLeft(toUInt64(1), x.2), toUInt64(0))), prefixes, toUInt64(0))
    FROM (SELECT DISTINCT arrayJoin(dx)::String AS code FROM raw_contacts);
-- In memory: the bits of a code by its number.
CREATE DICTIONARY masks (id UInt64, chronic UInt64, charlson UInt32) PRIMARY KEY id SOURCE(CLICKHOUSE(DB 'bench' TABLE 'codes')) LIFETIME(0) LAYOUT(FLAT());

CREATE TABLE contacts (pid UInt32 CODEC(Delta, ZSTD), ord UInt32 CODEC(Delta, ZSTD), start Date CODEC(Delta, ZSTD), minute UInt16 CODEC(ZSTD),
    level Enum8('emergency' = 1, 'primary' = 2, 'specialist' = 3, 'municipal' = 4, 'inpatient' = 5) CODEC(ZSTD), nights UInt16 CODEC(ZSTD),
    stop Date ALIAS if(nights = 65535, toDate(65535), start + nights), contact String CODEC(ZSTD), unit LowCardinality(String) CODEC(ZSTD),
    provider LowCardinality(String) CODEC(ZSTD), profession LowCardinality(String) CODEC(ZSTD), form LowCardinality(String) CODEC(ZSTD),
    status Enum8('booked' = 1, 'cancelled' = 2, 'done' = 3, 'noshow' = 4) CODEC(ZSTD), visit LowCardinality(String) CODEC(ZSTD), acute UInt8 CODEC(ZSTD),
    ghost UInt8 CODEC(ZSTD), admitted_from LowCardinality(String) CODEC(ZSTD), discharged_to LowCardinality(String) CODEC(ZSTD), ready Date CODEC(ZSTD),
    cost Decimal(9, 2) CODEC(T64, ZSTD), payer LowCardinality(String) CODEC(ZSTD), dx Array(UInt16) CODEC(T64, ZSTD),
    px LowCardinality(String) CODEC(ZSTD), drg LowCardinality(String) CODEC(ZSTD)) ENGINE = MergeTree ORDER BY (pid, ord);
INSERT INTO contacts (pid, ord, start, minute, level, nights, contact, unit, provider, profession, form, status, visit, acute, ghost, admitted_from,
        discharged_to, ready, cost, payer, dx, px, drg)
    WITH (SELECT (groupArray(code), groupArray(id)) FROM (SELECT code, id FROM codes ORDER BY id)) AS numbers
    SELECT pid, rowNumberInAllBlocks() + 1, start, minute, level, if(stop = toDate(65535), 65535, stop - start), contact, unit, provider, profession, form,
        status, visit, acute, 0, admitted_from, discharged_to, ready, cost, payer, arrayMap(x -> transform(x::String, numbers.1, numbers.2, toUInt16(65535)), dx), px, drg
    FROM (SELECT * FROM raw_contacts ORDER BY pid, start, minute, level, stop, contact) SETTINGS max_threads = 1, max_insert_threads = 1;
DROP TABLE raw_contacts SYNC;
-- An open stay with a later one after it was never closed.
ALTER TABLE contacts UPDATE ghost = 1 WHERE level = 'inpatient' AND nights = 65535 AND ord IN (
    SELECT ord FROM contacts c JOIN (SELECT pid, max(start) AS latest FROM contacts WHERE level = 'inpatient' GROUP BY pid) l USING (pid)
    WHERE c.level = 'inpatient' AND c.nights = 65535 AND c.start < l.latest) SETTINGS mutations_sync = 2;
OPTIMIZE TABLE contacts FINAL;

CREATE TABLE drugs (pid UInt32 CODEC(Delta, ZSTD), start Date CODEC(Delta, ZSTD), stop Date CODEC(ZSTD), atc LowCardinality(String) CODEC(ZSTD), packs Int16 CODEC(ZSTD),
    ddd Decimal(7, 1) CODEC(T64, ZSTD), cost Decimal(9, 2) CODEC(T64, ZSTD)) ENGINE = MergeTree ORDER BY (pid, start);
INSERT INTO drugs SELECT pid, date, lasts_until, upper(atc), packs, ddd, cost
    FROM file('{DIR}/drugs.csv', CSVWithNames, 'lopnr String, date Date, atc String, packs Int16, ddd Decimal(7, 1), cost Decimal(9, 2), lasts_until Date') d JOIN patients p ON p.id = d.lopnr;
CREATE TABLE services (pid UInt32 CODEC(Delta, ZSTD), start Date CODEC(Delta, ZSTD), stop Date CODEC(ZSTD), span_end Date CODEC(ZSTD),
    service Enum8('home_care' = 1, 'nursing_home' = 2, 'short_term_care' = 3), hours Decimal(7, 1)) ENGINE = MergeTree ORDER BY (pid, start);
INSERT INTO services SELECT DISTINCT pid, start, ifNull(`end`, toDate(65535)), ifNull(`end`, least(death, toDate('{UNTIL}'))), service, ifNull(hours, 0)
    FROM file('{DIR}/services.csv', CSVWithNames, 'lopnr String, start Date, `end` Nullable(Date), service String, hours Nullable(Decimal(7, 1))') s JOIN patients p ON p.id = s.lopnr;
CREATE TABLE waits (pid UInt32 CODEC(Delta, ZSTD), start Date CODEC(ZSTD), stop Date CODEC(ZSTD), wait String CODEC(ZSTD), kind LowCardinality(String), area LowCardinality(String),
    px LowCardinality(String), unit LowCardinality(String), priority UInt8, booked Date CODEC(ZSTD), target UInt16, outcome LowCardinality(String)) ENGINE = MergeTree ORDER BY (pid, start);
INSERT INTO waits SELECT DISTINCT pid, start, ifNull(`end`, toDate(65535)), wait, kind, area, px, unit, priority, ifNull(booked, toDate(65535)), target, outcome
    FROM file('{DIR}/waits.csv', CSVWithNames, 'wait String, lopnr String, start Date, `end` Nullable(Date), kind String, area String, px String, unit String, priority UInt8, booked Nullable(Date), target UInt16, outcome String') w JOIN patients p ON p.id = w.lopnr;
CREATE TABLE wait_status (pid UInt32 CODEC(Delta, ZSTD), wait String CODEC(ZSTD), start Date CODEC(ZSTD), stop Date CODEC(ZSTD), reason LowCardinality(String)) ENGINE = MergeTree ORDER BY (pid, wait, start);
INSERT INTO wait_status SELECT DISTINCT pid, wait, start, ifNull(`end`, toDate(65535)), reason
    FROM file('{DIR}/wait_status.csv', CSVWithNames, 'wait String, lopnr String, start Date, `end` Nullable(Date), reason String') w JOIN patients p ON p.id = w.lopnr;
CREATE TABLE residence (pid UInt32 CODEC(Delta, ZSTD), start Date CODEC(ZSTD), stop Date CODEC(ZSTD), span_end Date CODEC(ZSTD), municipality LowCardinality(String), region LowCardinality(String))
    ENGINE = MergeTree ORDER BY (pid, start);
INSERT INTO residence SELECT DISTINCT pid, start, ifNull(`end`, toDate(65535)), ifNull(`end`, least(death, toDate('{UNTIL}'))), municipality, region
    FROM file('{DIR}/residence.csv', CSVWithNames, 'lopnr String, start Date, `end` Nullable(Date), municipality String, region String') r JOIN patients p ON p.id = r.lopnr;
CREATE TABLE listing (pid UInt32 CODEC(Delta, ZSTD), start Date CODEC(ZSTD), stop Date CODEC(ZSTD), span_end Date CODEC(ZSTD), clinic LowCardinality(String)) ENGINE = MergeTree ORDER BY (pid, start);
INSERT INTO listing SELECT DISTINCT pid, start, ifNull(`end`, toDate(65535)), ifNull(`end`, least(death, toDate('{UNTIL}'))), clinic
    FROM file('{DIR}/listing.csv', CSVWithNames, 'lopnr String, start Date, `end` Nullable(Date), clinic String') l JOIN patients p ON p.id = l.lopnr;
CREATE TABLE labs (pid UInt32 CODEC(Delta, ZSTD), start Date CODEC(Delta, ZSTD), test LowCardinality(String) CODEC(ZSTD), value Float64 CODEC(ZSTD), measure LowCardinality(String) CODEC(ZSTD),
    source LowCardinality(String) CODEC(ZSTD)) ENGINE = MergeTree ORDER BY (pid, start);
INSERT INTO labs SELECT pid, toDate(date), test, value, measure, source
    FROM file('{DIR}/labs.csv', CSVWithNames, 'lopnr String, date String, test String, value Nullable(Float64), measure String, source String') l JOIN patients p ON p.id = l.lopnr
    WHERE value IS NOT NULL AND toString(toDateOrZero(date)) = date;
OPTIMIZE TABLE drugs FINAL;
OPTIMIZE TABLE labs FINAL;
