WITH v AS (SELECT pid, countIf(toYear(start) = 2021) AS v21, countIf(toYear(start) = 2022) AS v22, countIf(toYear(start) = 2023) AS v23
           FROM contacts WHERE level = 'primary' AND status = 'done' AND start BETWEEN '2021-01-01' AND '2023-12-31' GROUP BY pid),
p AS (SELECT sex, intDiv(age('year', birth, toDate32('2021-01-01')), 10) AS a, v21, v22, v23 FROM patients LEFT JOIN v USING (pid)
      WHERE birth <= toDate32('2021-01-01') AND death >= '2021-01-01'),
b AS (SELECT sex, a, toUInt32(ceil(count() * 0.1)) AS k, arrayPartialReverseSort(k, groupArray(v21))[k] AS b21,
          arrayPartialReverseSort(k, groupArray(v22))[k] AS b22, arrayPartialReverseSort(k, groupArray(v23))[k] AS b23 FROM p GROUP BY sex, a)
SELECT sex, count() AS n, countIf(v22 >= b22) AS two, countIf(v22 >= b22 AND v23 >= b23) AS three, avg(v21) AS visits
FROM p JOIN b USING (sex, a) WHERE v21 >= b21 GROUP BY sex ORDER BY sex
