WITH c AS (SELECT pid, start, unit FROM contacts WHERE level = 'primary' AND status = 'done' AND start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31'),
r AS (SELECT pid, start, least(span_end, lead(start) OVER (PARTITION BY pid ORDER BY start) - 1) AS last, municipality FROM residence),
l AS (SELECT pid, start, least(span_end, lead(start) OVER (PARTITION BY pid ORDER BY start) - 1) AS last, clinic FROM listing)
SELECT municipality, count(*) AS n, count(*) FILTER (l.clinic = c.unit) AS own
FROM c LEFT JOIN r ON c.pid = r.pid AND c.start BETWEEN r.start AND r.last LEFT JOIN l ON c.pid = l.pid AND c.start BETWEEN l.start AND l.last
GROUP BY municipality ORDER BY municipality NULLS FIRST
