SELECT year(reached) AS year, sex, count(*) AS n
FROM (SELECT pid, min(start) AS reached FROM (SELECT pid, start, lag(start, 3) OVER (PARTITION BY pid ORDER BY ord) AS third
                                              FROM contacts WHERE level = 'emergency' AND status = 'done')
      WHERE start - third <= 364 GROUP BY pid)
JOIN patients USING (pid) GROUP BY ALL ORDER BY year, sex
