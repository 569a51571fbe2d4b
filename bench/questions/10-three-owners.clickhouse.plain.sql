WITH y AS (SELECT pid, start, level, unit, status FROM contacts WHERE start BETWEEN '2023-01-01' AND '2023-12-31'),
p AS (SELECT DISTINCT pid, start FROM y WHERE level = 'primary' AND status = 'done'),
s AS (SELECT DISTINCT pid, start FROM y WHERE level = 'specialist' AND status = 'done'),
k AS (SELECT DISTINCT p.pid FROM p JOIN s ON p.pid = s.pid AND abs(p.start - s.start) <= 89
          JOIN services v ON p.pid = v.pid AND v.start <= p.start + 89 AND v.span_end >= p.start - 89)
SELECT units, count() AS n FROM (SELECT pid, uniqExactIf(unit, unit <> '') AS units FROM y WHERE pid IN k GROUP BY pid) GROUP BY units ORDER BY units
