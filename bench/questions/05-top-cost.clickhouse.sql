WITH p AS (SELECT pid, sex, intDiv(age('year', birth, toDate32('2023-01-01')), 10) AS a FROM patients
           WHERE birth <= toDate32('2023-01-01') AND death >= '2023-01-01'),
c AS (SELECT pid, sum(cost) AS cost FROM contacts WHERE start BETWEEN '2023-01-01' AND '2023-12-31' GROUP BY pid),
s AS (SELECT sex, a, c.cost AS cost FROM p LEFT JOIN c USING (pid)),
(SELECT arrayPartialReverseSort(toUInt32(ceil(count() * 0.01)), groupArray(cost))[toUInt32(ceil(count() * 0.01))] FROM s) AS border
SELECT sex, concat(toString(a * 10), '-', toString(a * 10 + 9)) AS age, count() AS n, sum(cost) AS cost FROM s WHERE cost >= border
GROUP BY sex, a ORDER BY sex, a
