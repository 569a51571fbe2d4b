-- From the end backwards among those with the diagnosis: the stays that municipal care follows, the visits that such a stay follows,
-- the diagnoses that such a visit follows. With ASOF joins instead 1.7 times as long, without the filter by persons 1.5 times, forwards step by step 1.2 times.
WITH hf AS (SELECT DISTINCT pid, ord, start, "end" FROM dx WHERE code IN (SELECT id FROM codes WHERE code LIKE 'I50%') AND "end" IS NOT NULL),
c AS (SELECT pid, ord, start, "end", level FROM contacts WHERE level IN ('emergency', 'inpatient', 'municipal') AND pid IN (SELECT pid FROM hf)),
stay AS (SELECT s.pid, s.ord, s.start, min(m.start) AS care FROM c s JOIN c m ON s.pid = m.pid AND m.start >= s."end" AND m.start <= s."end" + 180 AND m.ord > s.ord
         WHERE s.level = 'inpatient' AND m.level = 'municipal' GROUP BY ALL),
ed AS (SELECT e.pid, e.ord, e.start, arg_min(stay.care, stay.ord) AS care FROM c e JOIN stay ON e.pid = stay.pid AND stay.start >= e."end" AND stay.start <= e."end" + 30 AND stay.ord > e.ord
       WHERE e.level = 'emergency' GROUP BY ALL),
h AS (SELECT hf.pid, hf.ord, hf.start, arg_min(ed.care, ed.ord) AS care FROM hf JOIN ed ON hf.pid = ed.pid AND ed.start >= hf."end" AND ed.start <= hf."end" + 90 AND ed.ord > hf.ord GROUP BY ALL),
m AS (SELECT pid, min(start) AS start, arg_min(care, ord) AS care FROM h GROUP BY pid)
SELECT sex, year(m.start) AS year, count(*) AS n, avg(care - m.start) AS days FROM m JOIN patients USING (pid) GROUP BY ALL ORDER BY sex, year
