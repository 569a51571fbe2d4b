WITH p AS (SELECT pid, sex, age('year', birth, toDate32('2023-12-31')) AS y FROM patients WHERE birth <= toDate32('2023-12-31') AND death >= '2023-12-31'),
k AS (SELECT pid, bitCount(groupBitOr(arrayReduce('groupBitOr', arrayMap(x -> dictGet('masks', 'chronic', x), dx)))) AS k FROM contacts
      WHERE start BETWEEN '2019-01-01' AND '2023-12-31' GROUP BY pid)
SELECT sex, concat(toString(intDiv(any(y), 5) * 5), '-', toString(intDiv(any(y), 5) * 5 + 4)) AS age, count() AS n, countIf(k.k >= 5) AS five, avg(k.k) AS mean
FROM p LEFT JOIN k USING (pid) WHERE y >= 75 GROUP BY sex, intDiv(y, 5) ORDER BY sex, intDiv(y, 5)
