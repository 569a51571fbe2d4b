WITH c AS (SELECT pid, sum(cost) AS cost FROM contacts WHERE start BETWEEN '2023-01-01' AND '2023-12-31' GROUP BY pid),
p AS (SELECT toFloat64(c.cost) AS cost FROM patients LEFT JOIN c USING (pid) WHERE birth <= toDate32('2023-01-01') AND death >= '2023-01-01'),
r AS (SELECT cost, row_number() OVER (ORDER BY cost DESC) AS k, count() OVER () AS n FROM p)
SELECT count() AS n, toDecimal64(sum(cost), 2) AS cost, sum((r.n + 1. - 2. * k) * r.cost) / (count() * sum(r.cost)) AS gini,
    sumIf(r.cost, k <= ceil(r.n * 0.01)) / sum(r.cost) AS top1, sumIf(r.cost, k <= ceil(r.n * 0.1)) / sum(r.cost) AS top10 FROM r
