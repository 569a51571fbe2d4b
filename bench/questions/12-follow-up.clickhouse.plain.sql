WITH s AS (SELECT pid, stop FROM contacts s JOIN patients USING (pid)
      WHERE level = 'inpatient' AND acute AND stop BETWEEN '2019-01-01' AND '2022-12-31' AND (death > stop + 14 OR death = toDate(65535))
      AND NOT EXISTS (SELECT 1 FROM contacts i WHERE i.pid = s.pid AND i.level = 'inpatient' AND i.start > s.stop AND i.start - s.stop <= 14)),
f AS (SELECT EXISTS (SELECT 1 FROM contacts p WHERE p.pid = s.pid AND p.level = 'primary' AND p.status = 'done' AND p.start > s.stop AND p.start - s.stop <= 14) AS seen,
          EXISTS (SELECT 1 FROM contacts i WHERE i.pid = s.pid AND i.level = 'inpatient' AND i.acute AND i.start - s.stop BETWEEN 15 AND 30) AS again FROM s)
SELECT if(seen, 'true', 'false') AS seen, count() AS n, countIf(again) AS again FROM f GROUP BY seen ORDER BY seen
