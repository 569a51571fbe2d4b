-- The month after the index that a contact lies in is reckoned from the two days: no join with months. {add} is day + k months,
-- where the day doesn't exist the first of the next month.
CREATE OR REPLACE TEMP MACRO add_months(d, k) AS least(date_trunc('month', d) + to_months(k::INT) + to_days((day(d) - 1)::INT), date_trunc('month', d) + to_months(k::INT + 1))::DATE;
WITH i AS (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND start BETWEEN DATE '2022-01-01' AND DATE '2022-12-31' GROUP BY pid),
p AS (SELECT pid, day, birth, death FROM i JOIN patients USING (pid)),
a AS (SELECT k, count(*) AS n FROM p, (SELECT unnest(range(-12, 12)) AS k) WHERE birth <= add_months(day, k) AND (death IS NULL OR death >= add_months(day, k)) GROUP BY k),
b AS (SELECT p.*, c.start, cost, (year(c.start) - year(day)) * 12 + month(c.start) - month(day) AS m FROM contacts c JOIN p USING (pid)
      WHERE c.start BETWEEN DATE '2021-01-01' AND DATE '2024-01-31'),
e AS (SELECT k, sum(cost) AS cost FROM (SELECT *, m - (start < add_months(day, m))::INT AS k FROM b)
      WHERE k BETWEEN -12 AND 11 AND birth <= add_months(day, k) AND (death IS NULL OR death >= add_months(day, k)) GROUP BY k)
SELECT k, n, coalesce(cost, 0.00) AS cost FROM a LEFT JOIN e USING (k) ORDER BY k
