WITH c AS (SELECT pid, sum(cost) AS cost FROM contacts WHERE start BETWEEN '2023-01-01' AND '2023-12-31' GROUP BY pid),
s AS (SELECT arrayReverseSort(groupArray(toFloat64(c.cost))) AS x FROM patients LEFT JOIN c USING (pid)
      WHERE birth <= toDate32('2023-01-01') AND death >= '2023-01-01')
SELECT length(x) AS n, toDecimal64(arraySum(x), 2) AS cost,
    arraySum((v, k) -> (n + 1. - 2. * k) * v, x, arrayEnumerate(x)) / (n * arraySum(x)) AS gini,
    arraySum(arraySlice(x, 1, toUInt32(ceil(n * 0.01)))) / arraySum(x) AS top1, arraySum(arraySlice(x, 1, toUInt32(ceil(n * 0.1)))) / arraySum(x) AS top10 FROM s
