WITH o AS (SELECT pid, min(start) AS onset FROM dx WHERE code IN (SELECT id FROM codes WHERE code LIKE 'I50%') GROUP BY pid),
y AS (SELECT make_date(y, 1, 1) AS first, make_date(y, 12, 31) AS last FROM (SELECT unnest(range(2019, 2024)) AS y)),
r AS (SELECT first, CASE WHEN birth <= first THEN age_at(birth, first) // 10 END AS a, greatest(birth, first) AS since, least(death, last, onset) AS until, onset
      FROM y, patients LEFT JOIN o USING (pid) WHERE birth <= last AND (death IS NULL OR death >= first) AND (onset IS NULL OR onset >= first))
SELECT year(first) AS year, CASE WHEN a IS NOT NULL THEN format('{}-{}', a * 10, a * 10 + 9) END AS age,
    count(*) FILTER (onset BETWEEN since AND until) AS cases, sum(until - since + 1) AS days
FROM r WHERE since <= until GROUP BY first, a ORDER BY first, a NULLS FIRST
