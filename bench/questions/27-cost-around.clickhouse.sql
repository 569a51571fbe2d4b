-- The month after the index from the two days; where a month lacks the day it begins on the first of the next.
CREATE OR REPLACE FUNCTION months_after AS (d, k) -> least(toStartOfMonth(addMonths(toStartOfMonth(d), k)) + toDayOfMonth(d) - 1, addMonths(toStartOfMonth(d), k + 1));
WITH p AS (SELECT pid, day, birth, death FROM (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND start BETWEEN '2022-01-01' AND '2022-12-31' GROUP BY pid) i JOIN patients USING (pid)),
a AS (SELECT k, count() AS n FROM (SELECT *, arrayJoin(range(24)) - 12 AS k FROM p) WHERE birth <= toDate32(months_after(day, k)) AND death >= months_after(day, k) GROUP BY k),
b AS (SELECT p.day AS day, birth, death, start, cost, toInt32(toRelativeMonthNum(start)) - toInt32(toRelativeMonthNum(day)) AS m FROM contacts c JOIN p USING (pid)
      WHERE start BETWEEN '2021-01-01' AND '2024-01-31'),
e AS (SELECT k, sum(cost) AS cost FROM (SELECT *, m - (start < months_after(day, m)) AS k FROM b)
      WHERE k BETWEEN -12 AND 11 AND birth <= toDate32(months_after(day, k)) AND death >= months_after(day, k) GROUP BY k)
SELECT k, n, e.cost AS cost FROM a LEFT JOIN e ON a.k = e.k ORDER BY k
