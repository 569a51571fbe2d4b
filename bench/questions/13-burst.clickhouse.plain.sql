SELECT toYear(reached) AS year, sex, count() AS n
FROM (SELECT pid, min(start) AS reached FROM (SELECT pid, start, lag(start, 3) OVER (PARTITION BY pid ORDER BY ord) AS third
                                              FROM contacts WHERE level = 'emergency' AND status = 'done')
      WHERE start - third <= 364 GROUP BY pid) e
JOIN patients USING (pid) GROUP BY year, sex ORDER BY year, sex
