WITH k AS (SELECT DISTINCT pid FROM dx WHERE code IN (SELECT id FROM codes WHERE code LIKE 'C61%'))
SELECT (SELECT count(*) FROM k) AS n, count(*) AS contacts, coalesce(sum(cost) FILTER (year(start) = 2023), 0.00) AS cost
FROM contacts WHERE pid IN (FROM k)
