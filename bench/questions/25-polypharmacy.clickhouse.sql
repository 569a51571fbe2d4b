WITH d AS (SELECT pid, uniqExactIf(substring(atc, 1, 7), length(atc) >= 7) AS n FROM drugs WHERE packs > 0 AND start BETWEEN '2023-10-01' AND '2023-12-31' GROUP BY pid),
p AS (SELECT sex, age('year', birth, toDate32('2023-12-31')) AS a, d.n AS n FROM patients LEFT JOIN d USING (pid) WHERE birth <= toDate32('1958-12-31') AND death >= '2023-12-31')
SELECT sex, multiIf(a < 75, '<75', a < 85, '75-84', '85+') AS age, count() AS people, countIf(n >= 5) AS five, countIf(n >= 10) AS ten FROM p GROUP BY sex, age ORDER BY sex, min(a)
