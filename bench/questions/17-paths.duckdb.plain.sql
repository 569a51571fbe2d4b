WITH s AS (SELECT pid, ord, level, coalesce(start - lag("end") OVER w > 7, row_number() OVER w > 1) AS breaks, row_number() OVER w AS k
           FROM contacts WHERE status = 'done' AND start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31' WINDOW w AS (PARTITION BY pid ORDER BY ord)),
e AS (SELECT *, bool_or(breaks) OVER (PARTITION BY pid ORDER BY ord ROWS UNBOUNDED PRECEDING) AS over FROM s),
p AS (SELECT string_agg(level, ' > ' ORDER BY k) FILTER (k <= 6) || CASE WHEN max(k) > 6 THEN ' > …' ELSE '' END AS path FROM e WHERE NOT over GROUP BY pid)
SELECT path, count(*) AS n FROM p GROUP BY path ORDER BY n DESC, path LIMIT 20
