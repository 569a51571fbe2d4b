-- As 14; persons without home care fall out first.
WITH v AS (SELECT pid, start FROM services WHERE service = 'home_care'),
hf AS (SELECT DISTINCT pid, ord, start, "end" FROM dx WHERE code IN (SELECT id FROM codes WHERE regexp_matches(code, '^(I50|I110|I130|I132|I420)')) AND "end" IS NOT NULL
       AND pid IN (SELECT pid FROM v)),
c AS (SELECT pid, ord, start, "end", level FROM contacts WHERE level IN ('emergency', 'inpatient', 'primary') AND pid IN (SELECT pid FROM hf)),
cared AS (SELECT s.pid, s.ord, s.start, s."end", min(v.start) AS care FROM c s JOIN v ON s.pid = v.pid AND v.start >= s."end" AND v.start <= s."end" + 180 WHERE s.level = 'inpatient' GROUP BY ALL),
stay AS (SELECT * FROM cared s WHERE NOT EXISTS (SELECT 1 FROM c p WHERE p.level = 'primary' AND p.pid = s.pid AND p.ord > s.ord AND p.start >= s."end" AND p.start <= s."end" + 14)),
ed AS (SELECT e.pid, e.ord, e.start, arg_min(stay.care - stay."end", stay.ord) AS days FROM c e JOIN stay ON e.pid = stay.pid AND stay.start >= e."end" AND stay.start <= e."end" + 30 AND stay.ord > e.ord
       WHERE e.level = 'emergency' GROUP BY ALL),
h AS (SELECT hf.pid, hf.ord, arg_min(ed.days, ed.ord) AS days FROM hf JOIN ed ON hf.pid = ed.pid AND ed.start >= hf."end" AND ed.start <= hf."end" + 90 AND ed.ord > hf.ord GROUP BY ALL),
m AS (SELECT pid, arg_min(days, ord) AS days FROM h GROUP BY pid)
SELECT sex, count(*) AS n, avg(days) AS days FROM m JOIN patients USING (pid) GROUP BY sex ORDER BY sex
