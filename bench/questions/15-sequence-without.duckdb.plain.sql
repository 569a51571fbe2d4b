WITH hf AS (SELECT DISTINCT pid, ord, start, "end" FROM dx JOIN codes ON codes.id = dx.code WHERE regexp_matches(codes.code, '^(I50|I110|I130|I132|I420)')),
m AS (SELECT DISTINCT ON (hf.pid) hf.pid, care.start - stay."end" AS days
      FROM hf JOIN contacts ed ON ed.pid = hf.pid AND ed.ord > hf.ord AND ed.start BETWEEN hf."end" AND hf."end" + 90
          JOIN contacts stay ON stay.pid = ed.pid AND stay.ord > ed.ord AND stay.start BETWEEN ed."end" AND ed."end" + 30
          JOIN services care ON care.pid = stay.pid AND care.start BETWEEN stay."end" AND stay."end" + 180
      WHERE ed.level = 'emergency' AND stay.level = 'inpatient' AND care.service = 'home_care'
          AND NOT EXISTS (SELECT 1 FROM contacts p WHERE p.pid = stay.pid AND p.level = 'primary' AND p.ord > stay.ord AND p.start BETWEEN stay."end" AND stay."end" + 14)
      ORDER BY hf.pid, hf.ord, ed.ord, stay.ord, care.start)
SELECT sex, count(*) AS n, avg(days) AS days FROM m JOIN patients USING (pid) GROUP BY sex ORDER BY sex
