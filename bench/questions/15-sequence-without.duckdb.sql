WITH c AS (SELECT pid, ord, start, "end", level, (start - DATE '1970-01-01')::BIGINT << 32 | ord AS k,
               greatest((start - DATE '1970-01-01')::BIGINT << 32 | ord, ("end" - DATE '1970-01-01')::BIGINT << 32) AS after
           FROM contacts WHERE level <> 'municipal' AND level <> 'specialist'),
cared AS (SELECT s.*, m.start AS care FROM c s ASOF JOIN (SELECT pid, start FROM services WHERE service = 'home_care') m
          ON s.pid = m.pid AND s."end" <= m.start WHERE s.level = 'inpatient' AND s."end" IS NOT NULL AND m.start - s."end" <= 180),
stay AS (SELECT s.* FROM cared s ASOF LEFT JOIN (SELECT pid, k, start FROM c WHERE level = 'primary') p ON s.pid = p.pid AND s.after < p.k
         WHERE p.start IS NULL OR p.start - s."end" > 14),
ed AS (SELECT e.pid, e.k, e.start, stay."end" AS stay_end, stay.care FROM c e ASOF JOIN stay ON e.pid = stay.pid AND e.after < stay.k
       WHERE e.level = 'emergency' AND e."end" IS NOT NULL AND stay.start - e."end" <= 30),
hf AS (SELECT DISTINCT pid, ord, start, "end", greatest((start - DATE '1970-01-01')::BIGINT << 32 | ord, ("end" - DATE '1970-01-01')::BIGINT << 32) AS after
       FROM dx WHERE code IN (SELECT id FROM codes WHERE regexp_matches(code, '^(I50|I110|I130|I132|I420)')) AND "end" IS NOT NULL),
m AS (SELECT hf.pid, arg_min(ed.care - stay_end, hf.ord) AS days FROM hf ASOF JOIN ed ON hf.pid = ed.pid AND hf.after < ed.k
      WHERE ed.start - hf."end" <= 90 GROUP BY hf.pid)
SELECT sex, count(*) AS n, avg(days) AS days FROM m JOIN patients USING (pid) GROUP BY sex ORDER BY sex
