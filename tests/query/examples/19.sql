WITH RECURSIVE k (k) AS (SELECT -12 UNION ALL SELECT k + 1 FROM k WHERE k < 11),
i AS (SELECT p, min(start) AS day FROM contacts WHERE level = 'inpatient' AND year(start) = 2022 GROUP BY p),
m AS (SELECT k, p, addm(day, k) AS a, addm(day, k + 1) - 1 AS b FROM i, k)
SELECT k, count(*), avg((SELECT coalesce(sum(cost), 0) / 100.0 FROM contacts c WHERE c.p = m.p AND c.start BETWEEN a AND b)), count(*)
FROM m JOIN resident r ON r.p = m.p AND r.day = a GROUP BY k ORDER BY k;
