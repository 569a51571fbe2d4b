-- Contacts lie in order, so windows without PARTITION BY stream: 0.4 of the time of lag(start, 3) OVER (PARTITION BY pid ORDER BY ord).
SELECT year(reached) AS year, sex, count(*) AS n
FROM (SELECT pid, min(start) AS reached FROM (SELECT pid, start, lag(start, 3) OVER () AS third, lag(pid, 3) OVER () AS same
                                              FROM contacts WHERE level = 'emergency' AND status = 'done')
      WHERE pid = same AND start - third <= 364 GROUP BY pid)
JOIN patients USING (pid) GROUP BY ALL ORDER BY year, sex
