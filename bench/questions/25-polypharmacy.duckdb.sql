WITH d AS (SELECT pid, count(DISTINCT atc[:7]) AS n FROM drugs WHERE packs > 0 AND length(atc) >= 7 AND start BETWEEN DATE '2023-10-01' AND DATE '2023-12-31' GROUP BY pid),
p AS (SELECT sex, age_at(birth, DATE '2023-12-31') AS a, coalesce(n, 0) AS n FROM patients LEFT JOIN d USING (pid)
      WHERE birth <= DATE '1958-12-31' AND (death IS NULL OR death >= DATE '2023-12-31'))
SELECT sex, CASE WHEN a < 75 THEN '<75' WHEN a < 85 THEN '75-84' ELSE '85+' END AS age, count(*) AS people, count(*) FILTER (n >= 5) AS five, count(*) FILTER (n >= 10) AS ten
FROM p GROUP BY 1, 2 ORDER BY 1, min(a)
