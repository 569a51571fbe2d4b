WITH p AS (SELECT pid, birth, death FROM patients WHERE birth <= toDate32('1958-12-01') AND death >= '2021-01-31'),
m AS (SELECT toDate('2021-01-01') + INTERVAL number MONTH AS first FROM numbers(36)),
a AS (SELECT first, count() AS n FROM p CROSS JOIN m WHERE birth <= toDate32(first) - INTERVAL 65 YEAR AND death >= toLastDayOfMonth(first) GROUP BY first),
c AS (SELECT pid, toStartOfMonth(start) AS first, countIf(level = 'emergency' AND status = 'done') AS ed, countIf(level = 'inpatient') AS stays, sum(cost) AS cost
      FROM contacts WHERE start BETWEEN '2021-01-01' AND '2023-12-31' AND pid IN (SELECT pid FROM p) GROUP BY pid, first),
e AS (SELECT first, countIf(ed > 0) AS ed, sum(stays) AS stays, sum(cost) AS cost FROM c JOIN p USING (pid)
      WHERE birth <= toDate32(first) - INTERVAL 65 YEAR AND death >= toLastDayOfMonth(first) GROUP BY first)
SELECT formatDateTime(first, '%Y-%m') AS m, n, e.ed AS ed, e.stays AS stays, e.cost AS cost FROM a LEFT JOIN e USING (first) ORDER BY first
