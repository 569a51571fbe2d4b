WITH (SELECT (min(id), max(id)) FROM codes WHERE startsWith(code, 'C61')) AS r,
k AS (SELECT DISTINCT pid FROM contacts WHERE arrayExists(x -> x BETWEEN r.1 AND r.2, dx))
SELECT uniqExact(pid) AS n, count() AS contacts, sumIf(cost, toYear(start) = 2023) AS cost FROM contacts WHERE pid IN k
