WITH onset AS (SELECT p, min(start) AS onset FROM code WHERE code LIKE 'I50%' GROUP BY p),
y (y) AS (VALUES (2019), (2020), (2021), (2022), (2023)),
risk AS (SELECT y, r.p, municipality, sex, onset, max(r.start, firstday(y, 1), d('2019-01-01')) AS a,
        min(coalesce(r."end", 99999), firstday(y + 1, 1) - 1, coalesce(death, 99999), coalesce(onset, 99999)) AS b
    FROM y, residence r JOIN patients USING (p) LEFT JOIN onset USING (p)),
g AS (SELECT firstday(y, 1) || '..' || (firstday(y + 1, 1) - 1) AS year, y, municipality, sex, sum(coalesce(onset BETWEEN a AND b, 0)) AS cases,
    sum(b - a + 1) / 365.25 AS years, count(DISTINCT p) AS people FROM risk WHERE a <= b GROUP BY y, municipality, sex)
SELECT year, municipality, sex, cases, years, 1000 * cases / years, 1000 * plow(cases, years), 1000 * phigh(cases, years), people
FROM g ORDER BY y, municipality, sex;
