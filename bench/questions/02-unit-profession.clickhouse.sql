SELECT unit, profession, sum(n) AS n, count() AS people, sum(cost) / sum(n) AS cost
FROM (SELECT unit, profession, pid, count() AS n, sum(toFloat64(cost)) AS cost FROM contacts WHERE status = 'done' GROUP BY unit, profession, pid)
GROUP BY unit, profession ORDER BY unit, profession
