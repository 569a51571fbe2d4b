WITH c AS (SELECT pid, start, unit FROM contacts WHERE level = 'primary' AND status = 'done' AND start BETWEEN '2023-01-01' AND '2023-12-31'),
r AS (SELECT c.pid AS pid, c.start AS start, unit, if(span_end >= c.start, r.municipality, '') AS municipality FROM c ASOF LEFT JOIN residence r ON c.pid = r.pid AND c.start >= r.start)
SELECT municipality, count() AS n, countIf(l.clinic = r.unit AND l.span_end >= r.start) AS own
FROM r ASOF LEFT JOIN listing l ON r.pid = l.pid AND r.start >= l.start GROUP BY municipality ORDER BY municipality
