-- Joins by patient with the days as further conditions, then each stay once, took 1.5 times as long; ASOF joins and RANGE windows longer still.
SELECT EXISTS (SELECT 1 FROM contacts p WHERE p.pid = s.pid AND p.level = 'primary' AND p.status = 'done' AND p.start < s.start AND p.start >= s.start - 45) AS seen_before,
    EXISTS (SELECT 1 FROM contacts m WHERE m.pid = s.pid AND m.level = 'municipal' AND m.status = 'done' AND m.start > s.start AND m.start <= s.start + 45) AS seen_after,
    count(*) AS n, sum(cost) AS cost
FROM contacts s WHERE level = 'inpatient' AND start BETWEEN DATE '2019-01-01' AND DATE '2023-12-31' GROUP BY ALL ORDER BY 1, 2
