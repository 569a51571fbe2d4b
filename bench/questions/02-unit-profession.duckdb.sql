-- Two steps instead of count(DISTINCT pid).
SELECT unit, profession, sum(n)::BIGINT AS n, count(*) AS people, (sum(cost) / sum(n))::DOUBLE AS cost
FROM (SELECT unit, profession, pid, count(*) AS n, sum(cost) AS cost FROM contacts WHERE status = 'done' GROUP BY ALL)
GROUP BY ALL ORDER BY unit NULLS FIRST, profession NULLS FIRST
