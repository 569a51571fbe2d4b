WITH i AS (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND start BETWEEN '2023-01-01' AND '2023-12-31' GROUP BY pid),
l AS (SELECT pid, any(day) AS index, argMaxIf(value, (start, value), test = 'hba1c' AND start >= day - 365 AND start < day) AS last,
          countIf(test = 'hba1c' AND start >= day - 365 AND start < day) AS tests, groupArrayIf((start, value), test = 'weight') AS w
      FROM labs JOIN i USING (pid) WHERE test IN ('hba1c', 'weight') GROUP BY pid)
SELECT sex, count() AS n, countIf(l.tests > 0 AND l.last > 52) AS high, countIf(l.tests > 0) AS tested,
    countIf(arrayExists(a -> arrayExists(b -> b.1 - a.1 BETWEEN 30 AND 365 AND b.2 <= 0.9 * a.2, l.w), l.w)) AS fallen
FROM i JOIN patients USING (pid) LEFT JOIN l USING (pid) GROUP BY sex ORDER BY sex
