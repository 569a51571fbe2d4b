WITH c AS (SELECT pid, sum(cost) AS cost FROM contacts WHERE start BETWEEN '2023-01-01' AND '2023-12-31' GROUP BY pid),
p AS (SELECT sex, intDiv(age('year', birth, toDate32('2023-01-01')), 10) AS a, c.cost AS cost FROM patients LEFT JOIN c USING (pid)
      WHERE birth <= toDate32('2023-01-01') AND death >= '2023-01-01'),
r AS (SELECT *, rank() OVER (ORDER BY cost DESC) AS place, count() OVER () AS people FROM p)
SELECT sex, concat(toString(a * 10), '-', toString(a * 10 + 9)) AS age, count() AS n, sum(cost) AS cost FROM r WHERE place <= ceil(people * 0.01)
GROUP BY sex, a ORDER BY sex, a
