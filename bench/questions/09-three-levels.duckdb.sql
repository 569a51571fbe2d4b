-- ASOF joins with the nearest contact on either side; EXISTS with ranges and RANGE windows were slower.
WITH s AS (SELECT pid, start, cost FROM contacts WHERE level = 'inpatient' AND start BETWEEN DATE '2019-01-01' AND DATE '2023-12-31'),
p AS (SELECT pid, start FROM contacts WHERE level = 'primary' AND status = 'done' AND start BETWEEN DATE '2018-11-01' AND DATE '2023-12-31'),
m AS (SELECT pid, start FROM contacts WHERE level = 'municipal' AND status = 'done' AND start BETWEEN DATE '2019-01-01' AND DATE '2024-03-01')
SELECT coalesce(s.start - p.start <= 45, false) AS seen_before, coalesce(m.start - s.start <= 45, false) AS seen_after, count(*) AS n, sum(cost) AS cost
FROM s ASOF LEFT JOIN p ON s.pid = p.pid AND s.start > p.start ASOF LEFT JOIN m ON s.pid = m.pid AND s.start < m.start
GROUP BY ALL ORDER BY 1, 2
