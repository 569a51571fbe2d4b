WITH s AS (SELECT pid, start, cost FROM contacts WHERE level = 'inpatient' AND start BETWEEN '2019-01-01' AND '2023-12-31'),
f AS (SELECT EXISTS (SELECT 1 FROM contacts p WHERE p.pid = s.pid AND p.level = 'primary' AND p.status = 'done' AND p.start < s.start AND s.start - p.start <= 45) AS before,
          EXISTS (SELECT 1 FROM contacts m WHERE m.pid = s.pid AND m.level = 'municipal' AND m.status = 'done' AND m.start > s.start AND m.start - s.start <= 45) AS after, cost FROM s)
SELECT if(before, 'true', 'false') AS seen_before, if(after, 'true', 'false') AS seen_after, count() AS n, sum(cost) AS cost
FROM f GROUP BY seen_before, seen_after ORDER BY seen_before, seen_after
