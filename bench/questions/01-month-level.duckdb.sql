-- Grouping by a number and making the text last: half the time of grouping by strftime.
SELECT format('{:04d}-{:02d}', m // 12, m % 12 + 1) AS month, level, n, cost
FROM (SELECT year(start) * 12 + month(start) - 1 AS m, level, count(*) AS n, sum(cost) AS cost FROM contacts GROUP BY ALL)
ORDER BY m, level
