WITH c AS (SELECT pid, sum(cost) AS cost FROM contacts WHERE start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31' GROUP BY pid),
p AS (SELECT coalesce(cost, 0)::DOUBLE AS cost FROM patients LEFT JOIN c USING (pid)
      WHERE birth <= DATE '2023-01-01' AND (death IS NULL OR death >= DATE '2023-01-01')),
r AS (SELECT cost, row_number() OVER (ORDER BY cost DESC) AS k, (SELECT count(*) FROM p) AS n FROM p)
SELECT count(*) AS n, sum(cost)::DECIMAL(18,2) AS cost, sum((n + 1 - 2 * k) * cost) / (count(*) * sum(cost)) AS gini,
    sum(cost) FILTER (k <= ceil(n * 0.01)) / sum(cost) AS top1, sum(cost) FILTER (k <= ceil(n * 0.1)) / sum(cost) AS top10 FROM r
