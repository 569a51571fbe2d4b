CREATE OR REPLACE FUNCTION months_after AS (d, k) -> least(toStartOfMonth(addMonths(toStartOfMonth(d), k)) + toDayOfMonth(d) - 1, addMonths(toStartOfMonth(d), k + 1));
WITH i AS (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND start BETWEEN '2022-01-01' AND '2022-12-31' GROUP BY pid),
n AS (SELECT toInt32(number) - 12 AS k FROM numbers(24)),
m AS (SELECT pid, k, months_after(day, k) AS first, months_after(day, k + 1) AS next FROM i CROSS JOIN n),
p AS (SELECT pid, k, first, next FROM m JOIN patients USING (pid) WHERE birth <= toDate32(first) AND death >= first),
e AS (SELECT k, sum(cost) AS cost FROM contacts c JOIN p ON c.pid = p.pid AND c.start >= first AND c.start < next GROUP BY k),
a AS (SELECT k, count() AS n FROM p GROUP BY k)
SELECT k, n, e.cost AS cost FROM a LEFT JOIN e USING (k) ORDER BY k
