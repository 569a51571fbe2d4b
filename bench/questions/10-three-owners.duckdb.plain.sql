WITH y AS (SELECT pid, start, level, unit, status FROM contacts WHERE start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31'),
k AS (SELECT DISTINCT e.pid FROM y e JOIN y s ON s.pid = e.pid AND s.start BETWEEN e.start - 89 AND e.start + 89
          JOIN services v ON v.pid = e.pid AND v.start <= e.start + 89 AND v.span_end >= e.start - 89
      WHERE e.level = 'primary' AND e.status = 'done' AND s.level = 'specialist' AND s.status = 'done')
SELECT units, count(*) AS n FROM (SELECT pid, count(DISTINCT unit) AS units FROM y WHERE pid IN (FROM k) GROUP BY pid) GROUP BY units ORDER BY units
