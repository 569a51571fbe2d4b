-- From the end backwards: the stays that municipal care follows, the visits that such a stay follows, the diagnoses that such a
-- visit follows, each by an ASOF join on a key of day and order. Joining forwards makes every combination: three times as long.
WITH c AS (SELECT pid, ord, start, "end", level, (start - DATE '1970-01-01')::BIGINT << 32 | ord AS k,
               greatest((start - DATE '1970-01-01')::BIGINT << 32 | ord, ("end" - DATE '1970-01-01')::BIGINT << 32) AS after
           FROM contacts WHERE level <> 'primary' AND level <> 'specialist'),
stay AS (SELECT s.pid, s.k, s.start, s."end", s.after, m.start AS care FROM c s ASOF JOIN (SELECT pid, k, start FROM c WHERE level = 'municipal') m
         ON s.pid = m.pid AND s.after < m.k WHERE s.level = 'inpatient' AND s."end" IS NOT NULL AND m.start - s."end" <= 180),
ed AS (SELECT e.pid, e.k, e.start, stay.care FROM c e ASOF JOIN stay ON e.pid = stay.pid AND e.after < stay.k
       WHERE e.level = 'emergency' AND e."end" IS NOT NULL AND stay.start - e."end" <= 30),
hf AS (SELECT DISTINCT pid, ord, start, "end", greatest((start - DATE '1970-01-01')::BIGINT << 32 | ord, ("end" - DATE '1970-01-01')::BIGINT << 32) AS after
       FROM dx WHERE code IN (SELECT id FROM codes WHERE code LIKE 'I50%') AND "end" IS NOT NULL),
m AS (SELECT hf.pid, min(hf.start) AS start, arg_min(ed.care, hf.ord) AS care FROM hf ASOF JOIN ed ON hf.pid = ed.pid AND hf.after < ed.k
      WHERE ed.start - hf."end" <= 90 GROUP BY hf.pid)
SELECT sex, year(m.start) AS year, count(*) AS n, avg(care - m.start) AS days FROM m JOIN patients USING (pid) GROUP BY ALL ORDER BY sex, year
