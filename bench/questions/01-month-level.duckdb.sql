-- Grouping by numbers and making the text last: grouping by strftime took ten times as long, by date_trunc five times.
SELECT strftime(make_date(y, m, 1), '%Y-%m') AS month, level, n, cost
FROM (SELECT year(start) AS y, month(start) AS m, level, count(*) AS n, sum(cost) AS cost FROM contacts GROUP BY ALL)
ORDER BY y, m, level
