-- The CSV files of ingest/example's layout as an expert of DuckDB would keep them. {DIR} is the folder, {UNTIL} the last covered day.
-- Persons are numbered by their id; contacts lie sorted in the total order, so that zone maps and compression work; words are
-- enums where the vocabulary is known; diagnoses are rows of their own with the days of their contact.
CREATE TYPE sex_t AS ENUM ('female', 'male');
CREATE TYPE level_t AS ENUM ('emergency', 'inpatient', 'municipal', 'primary', 'specialist');
CREATE TYPE status_t AS ENUM ('booked', 'cancelled', 'done', 'noshow');
CREATE TYPE reason_t AS ENUM ('medical', 'patient_chosen', 'special');
CREATE TYPE service_t AS ENUM ('home_care', 'nursing_home', 'short_term_care');

CREATE TABLE patients AS
    SELECT (row_number() OVER (ORDER BY lopnr) - 1)::UINTEGER AS pid, lopnr AS id, birth, sex::sex_t AS sex, death, protected
    FROM read_csv('{DIR}/patients.csv', header = true, columns = {'lopnr': 'VARCHAR', 'birth': 'DATE', 'sex': 'VARCHAR',
        'death': 'DATE', 'protected': 'BOOLEAN'}) ORDER BY lopnr;

CREATE TABLE raw_contacts AS
    SELECT pid, c.* EXCLUDE (lopnr, time, level, status),
        (split_part(time, ':', 1)::SMALLINT * 60 + split_part(time, ':', 2)::SMALLINT)::SMALLINT AS minute,
        level::level_t AS level, status::status_t AS status
    FROM read_csv('{DIR}/contacts.csv', header = true, columns = {'contact': 'VARCHAR', 'lopnr': 'VARCHAR', 'start': 'DATE',
        'time': 'VARCHAR', 'end': 'DATE', 'level': 'VARCHAR', 'unit': 'VARCHAR', 'provider': 'VARCHAR', 'profession': 'VARCHAR',
        'form': 'VARCHAR', 'status': 'VARCHAR', 'visit': 'VARCHAR', 'acute': 'BOOLEAN', 'admitted_from': 'VARCHAR',
        'discharged_to': 'VARCHAR', 'ready': 'DATE', 'cost': 'DECIMAL(9,2)', 'payer': 'VARCHAR', 'dx': 'VARCHAR', 'px': 'VARCHAR',
        'drg': 'VARCHAR'}) c
    JOIN patients p ON p.id = c.lopnr
    ORDER BY pid, start, minute NULLS LAST, CASE level WHEN 'emergency' THEN 1 WHEN 'primary' THEN 2 WHEN 'specialist' THEN 3
        WHEN 'municipal' THEN 4 ELSE 5 END, "end" NULLS LAST, contact;
-- Words that are not known beforehand become enums once they are seen: grouping by them takes a tenth of the time of texts.
CREATE TYPE unit_t AS ENUM (SELECT unit FROM raw_contacts WHERE unit IS NOT NULL
    UNION SELECT clinic FROM read_csv('{DIR}/listing.csv', header = true, all_varchar = true) WHERE clinic IS NOT NULL ORDER BY 1);
CREATE TYPE provider_t AS ENUM (SELECT DISTINCT provider FROM raw_contacts WHERE provider IS NOT NULL ORDER BY 1);
CREATE TYPE profession_t AS ENUM (SELECT DISTINCT profession FROM raw_contacts WHERE profession IS NOT NULL ORDER BY 1);
CREATE TYPE form_t AS ENUM (SELECT DISTINCT form FROM raw_contacts WHERE form IS NOT NULL ORDER BY 1);
-- A delivery may hold a line twice.
CREATE TABLE contacts AS
    SELECT row_number() OVER ()::UINTEGER AS ord, * EXCLUDE (twice, dx) REPLACE (unit::unit_t AS unit, provider::provider_t AS provider,
        profession::profession_t AS profession, form::form_t AS form), false AS ghost
    FROM (SELECT *, contact = lag(contact) OVER () AND pid = lag(pid) OVER () AS twice FROM raw_contacts) WHERE twice IS NOT true;
CREATE TABLE raw_dx AS
    SELECT pid, ord, start, "end", unnest(codes) AS code, generate_subscripts(codes, 1)::UTINYINT AS place
    FROM (SELECT c.pid, c.ord, c.start, c."end", list_filter(string_split(upper(replace(r.dx, '.', '')), ' '), x -> x <> '') AS codes
          FROM contacts c POSITIONAL JOIN (SELECT dx FROM (SELECT dx, contact = lag(contact) OVER () AND pid = lag(pid) OVER () AS twice FROM raw_contacts)
                                           WHERE twice IS NOT true) r WHERE r.dx IS NOT NULL);
DROP TABLE raw_contacts;
-- An open stay with a later one after it was never closed.
UPDATE contacts SET ghost = true FROM (SELECT pid, max(start) AS latest FROM contacts WHERE level = 'inpatient' GROUP BY pid) l
    WHERE contacts.pid = l.pid AND contacts.level = 'inpatient' AND contacts."end" IS NULL AND contacts.start < l.latest;

-- A code's number rises with the code. `chronic` and `charlson` have a bit for each group that a code belongs to.
CREATE TABLE prefixes AS SELECT * FROM read_csv('{CLASSES}', header = true,
    columns = {'class': 'VARCHAR', 'bit': 'UTINYINT', 'prefix': 'VARCHAR'});
CREATE TABLE codes AS
    WITH c AS (SELECT code, (row_number() OVER (ORDER BY code) - 1)::USMALLINT AS id FROM (SELECT DISTINCT code FROM raw_dx))
    SELECT id, code, coalesce(bit_or(1::UBIGINT << bit) FILTER (class = 'chronic'), 0)::UBIGINT AS chronic,
        coalesce(bit_or(1::UBIGINT << bit) FILTER (class = 'charlson_se'), 0)::UINTEGER AS charlson
    FROM c LEFT JOIN prefixes ON starts_with(code, prefix) GROUP BY ALL ORDER BY id;
CREATE TABLE dx AS SELECT d.pid, d.ord, d.start, d."end", d.place, c.id AS code FROM raw_dx d JOIN codes c USING (code)
    ORDER BY d.ord, d.place;
DROP TABLE raw_dx;

CREATE TABLE drugs AS SELECT pid, date AS start, lasts_until AS "end", upper(atc) AS atc, packs::SMALLINT AS packs, ddd, cost
    FROM read_csv('{DIR}/drugs.csv', header = true, columns = {'lopnr': 'VARCHAR', 'date': 'DATE', 'atc': 'VARCHAR', 'packs': 'INTEGER',
        'ddd': 'DECIMAL(7,1)', 'cost': 'DECIMAL(9,2)', 'lasts_until': 'DATE'}) d JOIN patients p ON p.id = d.lopnr ORDER BY pid, start;
CREATE TABLE services AS SELECT DISTINCT pid, start, "end", service::service_t AS service, hours,
        coalesce("end", least(death, DATE '{UNTIL}')) AS span_end
    FROM read_csv('{DIR}/services.csv', header = true, columns = {'lopnr': 'VARCHAR', 'start': 'DATE', 'end': 'DATE', 'service': 'VARCHAR',
        'hours': 'DECIMAL(7,1)'}) s JOIN patients p ON p.id = s.lopnr ORDER BY pid, start;
CREATE TABLE waits AS SELECT DISTINCT pid, w.* EXCLUDE (lopnr)
    FROM read_csv('{DIR}/waits.csv', header = true, columns = {'wait': 'VARCHAR', 'lopnr': 'VARCHAR', 'start': 'DATE', 'end': 'DATE',
        'kind': 'VARCHAR', 'area': 'VARCHAR', 'px': 'VARCHAR', 'unit': 'VARCHAR', 'priority': 'TINYINT', 'booked': 'DATE',
        'target': 'SMALLINT', 'outcome': 'VARCHAR'}) w JOIN patients p ON p.id = w.lopnr ORDER BY pid, start;
CREATE TABLE wait_status AS SELECT DISTINCT pid, wait, start, "end", reason::reason_t AS reason
    FROM read_csv('{DIR}/wait_status.csv', header = true, columns = {'wait': 'VARCHAR', 'lopnr': 'VARCHAR', 'start': 'DATE',
        'end': 'DATE', 'reason': 'VARCHAR'}) w JOIN patients p ON p.id = w.lopnr ORDER BY pid, start;
CREATE TABLE residence AS SELECT DISTINCT pid, start, "end", municipality, region, coalesce("end", least(death, DATE '{UNTIL}')) AS span_end
    FROM read_csv('{DIR}/residence.csv', header = true, columns = {'lopnr': 'VARCHAR', 'start': 'DATE', 'end': 'DATE',
        'municipality': 'VARCHAR', 'region': 'VARCHAR'}) r JOIN patients p ON p.id = r.lopnr ORDER BY pid, start;
CREATE TABLE listing AS SELECT DISTINCT pid, start, "end", clinic::unit_t AS clinic, coalesce("end", least(death, DATE '{UNTIL}')) AS span_end
    FROM read_csv('{DIR}/listing.csv', header = true, columns = {'lopnr': 'VARCHAR', 'start': 'DATE', 'end': 'DATE', 'clinic': 'VARCHAR'}) l
    JOIN patients p ON p.id = l.lopnr ORDER BY pid, start;
CREATE TABLE labs AS SELECT pid, try_cast(date AS DATE) AS start, test, value, measure, source
    FROM read_csv('{DIR}/labs.csv', header = true, columns = {'lopnr': 'VARCHAR', 'date': 'VARCHAR', 'test': 'VARCHAR', 'value': 'DOUBLE',
        'measure': 'VARCHAR', 'source': 'VARCHAR'}) l JOIN patients p ON p.id = l.lopnr WHERE try_cast(date AS DATE) IS NOT NULL
    ORDER BY pid, start;
-- Whole years from birth to a day, as Lots counts them: 29 February has its birthday on 1 March.
CREATE MACRO age_at(birth, d) AS year(d) - year(birth) - (month(d) * 100 + day(d) < month(birth) * 100 + day(birth))::INT;
CHECKPOINT;
