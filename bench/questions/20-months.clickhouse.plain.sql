WITH m AS (SELECT toDate('2021-01-01') + INTERVAL number MONTH AS first FROM numbers(36)),
p AS (SELECT pid, first FROM patients CROSS JOIN m WHERE birth <= toDate32(first) - INTERVAL 65 YEAR AND death >= toLastDayOfMonth(first)),
c AS (SELECT pid, toStartOfMonth(start) AS first, countIf(level = 'emergency' AND status = 'done') AS ed, countIf(level = 'inpatient') AS stays, sum(cost) AS cost
      FROM contacts WHERE start BETWEEN '2021-01-01' AND '2023-12-31' GROUP BY pid, first)
SELECT formatDateTime(first, '%Y-%m') AS m, count() AS n, countIf(c.ed > 0) AS ed, sum(c.stays) AS stays, sum(c.cost) AS cost
FROM p LEFT JOIN c USING (pid, first) GROUP BY first ORDER BY first
