SELECT source, target, count(*) AS n, avg(gap) AS days
FROM (SELECT level AS source, lead(level) OVER w AS target, lead(start) OVER w - "end" AS gap
      FROM contacts WHERE status = 'done' WINDOW w AS (PARTITION BY pid ORDER BY ord))
WHERE gap <= 7 GROUP BY ALL ORDER BY source, target
