-- Step by step: in one join of the four DuckDB took the last two steps first, which at a million people took 28 times as long.
WITH hf AS (SELECT DISTINCT pid, ord, start, "end" FROM dx JOIN codes ON codes.id = dx.code WHERE codes.code LIKE 'I50%'),
ed AS MATERIALIZED (SELECT hf.pid, hf.start AS since, hf.ord AS hf, ed.ord AS ed, ed."end" FROM hf JOIN contacts ed ON ed.pid = hf.pid AND ed.ord > hf.ord AND ed.start BETWEEN hf."end" AND hf."end" + 90 WHERE ed.level = 'emergency'),
stay AS MATERIALIZED (SELECT ed.pid, since, hf, ed, stay.ord AS stay, stay."end" FROM ed JOIN contacts stay ON stay.pid = ed.pid AND stay.ord > ed.ed AND stay.start BETWEEN ed."end" AND ed."end" + 30 WHERE stay.level = 'inpatient'),
m AS (SELECT DISTINCT ON (stay.pid) stay.pid, since, care.start AS day FROM stay JOIN contacts care ON care.pid = stay.pid AND care.ord > stay.stay AND care.start BETWEEN stay."end" AND stay."end" + 180
      WHERE care.level = 'municipal' ORDER BY stay.pid, hf, ed, stay.stay, care.ord)
SELECT sex, year(since) AS year, count(*) AS n, avg(day - since) AS days FROM m JOIN patients USING (pid) GROUP BY ALL ORDER BY sex, year
