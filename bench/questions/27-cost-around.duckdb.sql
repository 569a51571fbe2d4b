-- add_months: day + k months, where the day doesn't exist the first of the next month. Reckoning the month that a contact lies in from the two days,
-- without a join with months, took 1.5 times as long.
CREATE OR REPLACE TEMP MACRO add_months(d, k) AS least(date_trunc('month', d) + to_months(k::INT) + to_days((day(d) - 1)::INT), date_trunc('month', d) + to_months(k::INT + 1))::DATE;
WITH i AS (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND start BETWEEN DATE '2022-01-01' AND DATE '2022-12-31' GROUP BY pid),
m AS (SELECT pid, k, add_months(day, k) AS first, add_months(day, k + 1) AS next FROM i, (SELECT unnest(range(-12, 12)) AS k)),
p AS (SELECT m.* FROM m JOIN patients USING (pid) WHERE birth <= first AND (death IS NULL OR death >= first)),
e AS (SELECT k, sum(cost) AS cost FROM p JOIN contacts c ON c.pid = p.pid AND c.start >= first AND c.start < next GROUP BY k),
a AS (SELECT k, count(*) AS n FROM p GROUP BY k)
SELECT k, n, coalesce(cost, 0.00) AS cost FROM a LEFT JOIN e USING (k) ORDER BY k
