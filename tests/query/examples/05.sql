WITH done AS (SELECT * FROM contacts WHERE status = 'done' AND start BETWEEN d('2023-01-01') AND d('2023-12-31')),
three AS (SELECT DISTINCT e.p FROM done e WHERE level = 'primary'
    AND EXISTS (SELECT 1 FROM done s WHERE s.p = e.p AND s.level = 'specialist' AND abs(s.start - e.start) <= 89)
    AND EXISTS (SELECT 1 FROM services m WHERE m.p = e.p AND m.start <= e.start + 89 AND m.span_end >= e.start - 89)),
u AS (SELECT (SELECT count(DISTINCT unit) FROM contacts c WHERE c.p = three.p AND year(start) = 2023) AS units FROM three)
SELECT units, count(*), count(*) FROM u GROUP BY units ORDER BY units;
