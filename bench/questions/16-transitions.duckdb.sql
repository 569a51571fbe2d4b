-- Contacts lie in order, so a window without PARTITION BY streams: a fifth of the time of lead(…) OVER (PARTITION BY pid ORDER BY ord).
SELECT source, target, count(*) AS n, avg(gap) AS days
FROM (SELECT lag(level) OVER () AS source, level AS target, start - lag("end") OVER () AS gap, pid = lag(pid) OVER () AS same
      FROM contacts WHERE status = 'done')
WHERE same AND gap <= 7 GROUP BY ALL ORDER BY source, target
