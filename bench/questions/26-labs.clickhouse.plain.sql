WITH i AS (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND start BETWEEN '2023-01-01' AND '2023-12-31' GROUP BY pid),
h AS (SELECT pid, argMax(value, (start, value)) AS last, count() AS tests FROM labs JOIN i USING (pid) WHERE test = 'hba1c' AND start >= day - 365 AND start < day GROUP BY pid),
f AS (SELECT pid FROM (SELECT pid, value, min(value) OVER w AS low, count() OVER w AS n FROM labs WHERE test = 'weight' WINDOW w AS (PARTITION BY pid ORDER BY start RANGE BETWEEN 30 FOLLOWING AND 365 FOLLOWING))
      WHERE n > 0 AND low <= 0.9 * value)
SELECT sex, count() AS n, countIf(h.tests > 0 AND h.last > 52) AS high, countIf(h.tests > 0) AS tested, countIf(pid IN f) AS fallen
FROM i JOIN patients USING (pid) LEFT JOIN h USING (pid) GROUP BY sex ORDER BY sex
