WITH y AS (SELECT pid, start, level, unit, status FROM contacts WHERE start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31'),
e AS (SELECT e.pid, e.start FROM y e WHERE level = 'primary' AND status = 'done'
      AND pid IN (SELECT pid FROM services WHERE start <= DATE '2024-03-29' AND span_end >= DATE '2022-10-04')
      AND EXISTS (SELECT 1 FROM y s WHERE s.pid = e.pid AND s.level = 'specialist' AND s.status = 'done' AND s.start BETWEEN e.start - 89 AND e.start + 89)),
k AS (SELECT DISTINCT pid FROM e WHERE EXISTS (SELECT 1 FROM services s WHERE s.pid = e.pid AND s.start <= e.start + 89 AND s.span_end >= e.start - 89))
SELECT units, count(*) AS n FROM (SELECT pid, count(DISTINCT unit) AS units FROM y WHERE pid IN (FROM k) GROUP BY pid) GROUP BY units ORDER BY units
