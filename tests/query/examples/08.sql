WITH done AS (SELECT * FROM contacts WHERE status = 'done' AND start BETWEEN d('2023-01-01') AND d('2023-12-31')),
pairs AS (SELECT p, level AS source, lead(level) OVER w AS target, lead(start) OVER w - "end" AS gap FROM done WINDOW w AS (PARTITION BY p ORDER BY ord))
SELECT source, target, count(*), quant(gap, 0.5), count(DISTINCT p) FROM pairs WHERE gap <= 7 GROUP BY source, target ORDER BY source, target;
---
-- Walk on while the next begins within 7 days after the end of the one before; name six at most.
WITH RECURSIVE done AS (SELECT p, level, start, "end", row_number() OVER (PARTITION BY p ORDER BY ord) AS i FROM contacts
    WHERE status = 'done' AND start BETWEEN d('2023-01-01') AND d('2023-12-31')),
walk (p, i, "end", path) AS (SELECT p, i, "end", level FROM done WHERE i = 1
    UNION ALL
    SELECT w.p, d.i, d."end", CASE WHEN d.i <= 6 THEN path || ' > ' || level WHEN d.i = 7 THEN path || ' > …' ELSE path END
    FROM walk w JOIN done d ON d.p = w.p AND d.i = w.i + 1 AND d.start - w."end" <= 7),
longest AS (SELECT p, path, row_number() OVER (PARTITION BY p ORDER BY i DESC) AS place FROM walk)
SELECT path, count(*), count(*) FROM longest WHERE place = 1 GROUP BY path ORDER BY count(*) DESC, path LIMIT 20;
