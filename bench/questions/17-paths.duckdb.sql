WITH d AS (SELECT pid, ord, level, start, "end" FROM contacts WHERE status = 'done' AND start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31'),
b AS (SELECT *, coalesce(pid = lag(pid) OVER (), false) AS same, start - lag("end") OVER () AS gap FROM d),
n AS (SELECT pid, ord, level, sum((same AND (gap IS NULL OR gap > 7))::INT) OVER w AS breaks, row_number() OVER w AS k FROM b WINDOW w AS (PARTITION BY pid ORDER BY ord)),
p AS (SELECT string_agg(level, ' > ' ORDER BY ord) FILTER (k <= 6) || CASE WHEN count(*) > 6 THEN ' > …' ELSE '' END AS path
      FROM n WHERE breaks = 0 AND k <= 7 GROUP BY pid)
SELECT path, count(*) AS n FROM p GROUP BY path ORDER BY n DESC, path LIMIT 20
