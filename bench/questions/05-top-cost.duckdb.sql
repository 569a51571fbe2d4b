-- The border by sorting with LIMIT, which keeps a heap; rank() OVER sorts everybody.
WITH c AS (SELECT pid, sum(cost) AS cost FROM contacts WHERE start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31' GROUP BY pid),
p AS (SELECT sex, age_at(birth, DATE '2023-01-01') // 10 AS a, coalesce(cost, 0) AS cost FROM patients LEFT JOIN c USING (pid)
      WHERE birth <= DATE '2023-01-01' AND (death IS NULL OR death >= DATE '2023-01-01')),
t AS (SELECT min(cost) AS border FROM (SELECT cost FROM p ORDER BY cost DESC LIMIT (SELECT ceil(count(*) * 0.01)::BIGINT FROM p)))
SELECT sex, format('{}-{}', a * 10, a * 10 + 9) AS age, count(*) AS n, sum(cost) AS cost FROM p, t WHERE cost >= border
GROUP BY sex, a ORDER BY sex, a
