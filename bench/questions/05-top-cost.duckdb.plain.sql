WITH c AS (SELECT pid, sum(cost) AS cost FROM contacts WHERE start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31' GROUP BY pid),
p AS (SELECT sex, age_at(birth, DATE '2023-01-01') // 10 AS a, coalesce(cost, 0) AS cost FROM patients LEFT JOIN c USING (pid)
      WHERE birth <= DATE '2023-01-01' AND (death IS NULL OR death >= DATE '2023-01-01')),
r AS (SELECT *, rank() OVER (ORDER BY cost DESC) AS place, count(*) OVER () AS people FROM p)
SELECT sex, format('{}-{}', a * 10, a * 10 + 9) AS age, count(*) AS n, sum(cost) AS cost FROM r WHERE place <= ceil(people * 0.01)
GROUP BY sex, a ORDER BY sex, a
