-- Joins by patient with the days as further conditions, then each stay once. ASOF joins with the nearest contact took 1.6 times as long,
-- EXISTS 1.4 times, RANGE windows 9 times.
WITH s AS (SELECT ord, pid, start, cost FROM contacts WHERE level = 'inpatient' AND start BETWEEN DATE '2019-01-01' AND DATE '2023-12-31'),
p AS (SELECT pid, start FROM contacts WHERE level = 'primary' AND status = 'done' AND start BETWEEN DATE '2018-11-01' AND DATE '2023-12-31'),
m AS (SELECT pid, start FROM contacts WHERE level = 'municipal' AND status = 'done' AND start BETWEEN DATE '2019-01-01' AND DATE '2024-03-01'),
a AS (SELECT DISTINCT ord FROM s JOIN p ON s.pid = p.pid AND p.start < s.start AND p.start >= s.start - 45),
b AS (SELECT DISTINCT ord FROM s JOIN m ON s.pid = m.pid AND m.start > s.start AND m.start <= s.start + 45)
SELECT a.ord IS NOT NULL AS seen_before, b.ord IS NOT NULL AS seen_after, count(*) AS n, sum(cost) AS cost
FROM s LEFT JOIN a USING (ord) LEFT JOIN b USING (ord) GROUP BY ALL ORDER BY 1, 2
