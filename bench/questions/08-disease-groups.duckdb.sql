-- A bit for each group: bit_or instead of count(DISTINCT) over a join with the table of groups, which took six times as long. Persons joined before
-- they are grouped: 0.75 of the time of grouping and then joining.
WITH p AS (SELECT pid, sex, age_at(birth, DATE '2023-12-31') AS a FROM patients WHERE birth <= DATE '1949-01-01' AND (death IS NULL OR death >= DATE '2023-12-31')),
k AS (SELECT pid, sex, a, coalesce(bit_count(bit_or(chronic)), 0) AS k
      FROM p LEFT JOIN (SELECT pid, chronic FROM dx JOIN codes ON codes.id = dx.code WHERE chronic <> 0 AND start BETWEEN DATE '2019-01-01' AND DATE '2023-12-31') USING (pid)
      WHERE a >= 75 GROUP BY ALL)
SELECT sex, format('{}-{}', a // 5 * 5, a // 5 * 5 + 4) AS age, count(*) AS n, count(*) FILTER (k >= 5) AS five, avg(k) AS mean
FROM k GROUP BY sex, a // 5 ORDER BY sex, a // 5
