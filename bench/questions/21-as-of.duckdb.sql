WITH c AS (SELECT pid, start, unit FROM contacts WHERE level = 'primary' AND status = 'done' AND start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31')
SELECT CASE WHEN r.span_end >= c.start THEN r.municipality END AS municipality, count(*) AS n, count(*) FILTER (l.clinic = c.unit AND l.span_end >= c.start) AS own
FROM c ASOF LEFT JOIN residence r ON c.pid = r.pid AND c.start >= r.start ASOF LEFT JOIN listing l ON c.pid = l.pid AND c.start >= l.start
GROUP BY 1 ORDER BY 1 NULLS FIRST
