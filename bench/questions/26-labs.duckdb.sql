WITH i AS (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31' GROUP BY pid),
h AS (SELECT i.pid, arg_max(value, (labs.start, value)) > 52 AS high FROM labs JOIN i USING (pid)
      WHERE test = 'hba1c' AND value IS NOT NULL AND labs.start >= day - 365 AND labs.start < day GROUP BY i.pid),
w AS (SELECT DISTINCT pid FROM (SELECT pid, value, min(value) OVER (PARTITION BY pid ORDER BY start RANGE BETWEEN INTERVAL 30 DAY FOLLOWING AND INTERVAL 365 DAY FOLLOWING) AS low
                                FROM labs WHERE test = 'weight' AND pid IN (SELECT pid FROM i)) WHERE low <= 0.9::DOUBLE * value)
SELECT sex, count(*) AS n, count(*) FILTER (high) AS high, count(high) AS tested, count(w.pid) AS fallen
FROM i JOIN patients USING (pid) LEFT JOIN h USING (pid) LEFT JOIN w USING (pid) GROUP BY sex ORDER BY sex
