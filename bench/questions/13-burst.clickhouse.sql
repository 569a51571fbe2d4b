WITH e AS (SELECT pid, arraySort(groupArray(start)) AS a, arrayFirst((x, y) -> x - y <= 364, arraySlice(a, 4), arraySlice(a, 1, length(a) - 3)) AS reached
           FROM contacts WHERE level = 'emergency' AND status = 'done' GROUP BY pid HAVING count() >= 4 AND reached > toDate(0))
SELECT toYear(reached) AS year, sex, count() AS n FROM e JOIN patients USING (pid) GROUP BY year, sex ORDER BY year, sex
