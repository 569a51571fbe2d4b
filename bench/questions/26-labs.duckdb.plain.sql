WITH i AS (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31' GROUP BY pid),
h AS (SELECT i.pid, arg_max(value, (labs.start, value)) > 52 AS high FROM labs JOIN i USING (pid)
      WHERE test = 'hba1c' AND value IS NOT NULL AND labs.start >= day - 365 AND labs.start < day GROUP BY i.pid),
w AS (SELECT DISTINCT a.pid FROM labs a JOIN labs b ON b.pid = a.pid AND b.start BETWEEN a.start + 30 AND a.start + 365 AND b.value <= 0.9::DOUBLE * a.value
      WHERE a.test = 'weight' AND b.test = 'weight')
SELECT sex, count(*) AS n, count(*) FILTER (high) AS high, count(high) AS tested, count(w.pid) AS fallen
FROM i JOIN patients USING (pid) LEFT JOIN h USING (pid) LEFT JOIN w USING (pid) GROUP BY sex ORDER BY sex
