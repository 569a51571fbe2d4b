SELECT source, target, count() AS n, avg(next - stop) AS days
FROM (SELECT level AS source, stop, lead(level) OVER w AS target, lead(start) OVER w AS next, lead(ord) OVER w AS next_ord
      FROM contacts WHERE status = 'done' WINDOW w AS (PARTITION BY pid ORDER BY ord))
WHERE next_ord > 0 AND stop < toDate(65535) AND next - stop <= 7 GROUP BY source, target ORDER BY toString(source), toString(target)
