WITH i AS (SELECT p, sex, min(start) AS day FROM contacts JOIN patients USING (p) WHERE level = 'inpatient' AND year(start) = 2023 GROUP BY p),
r AS (SELECT sex, (SELECT value FROM labs l WHERE l.p = i.p AND test = 'hba1c' AND start BETWEEN day - 365 AND day - 1 ORDER BY start DESC LIMIT 1) > 52 AS high,
    EXISTS (SELECT 1 FROM labs w JOIN labs x USING (p) WHERE w.p = i.p AND w.test = 'weight' AND x.test = 'weight'
        AND x.start BETWEEN w.start + 30 AND w.start + 365 AND x.value <= 0.9 * w.value) AS fell FROM i)
SELECT sex, avg(high), avg(fell), count(*) FROM r GROUP BY sex ORDER BY sex;
