WITH s AS (SELECT pid, "end" AS stop FROM contacts s JOIN patients USING (pid)
      WHERE level = 'inpatient' AND acute AND "end" BETWEEN DATE '2019-01-01' AND DATE '2022-12-31' AND (death IS NULL OR death > "end" + 14)
      AND NOT EXISTS (SELECT 1 FROM contacts i WHERE i.pid = s.pid AND i.level = 'inpatient' AND i.start > s."end" AND i.start <= s."end" + 14)),
f AS (SELECT EXISTS (SELECT 1 FROM contacts p WHERE p.pid = s.pid AND p.level = 'primary' AND p.status = 'done' AND p.start > s.stop AND p.start <= s.stop + 14) AS seen,
          EXISTS (SELECT 1 FROM contacts i WHERE i.pid = s.pid AND i.level = 'inpatient' AND i.acute AND i.start BETWEEN s.stop + 15 AND s.stop + 30) AS again FROM s)
SELECT seen, count(*) AS n, count(*) FILTER (again) AS again FROM f GROUP BY seen ORDER BY seen
