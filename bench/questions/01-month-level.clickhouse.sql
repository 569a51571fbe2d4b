SELECT formatDateTime(m, '%Y-%m') AS month, level, n, cost
FROM (SELECT toStartOfMonth(start) AS m, level, count() AS n, sum(cost) AS cost FROM contacts GROUP BY m, level)
ORDER BY m, toString(level)
