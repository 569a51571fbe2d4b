WITH v AS (SELECT pid, arrayMap(x -> x.2, arraySort(groupArray((ord, provider)))) AS a, length(a) AS v, arrayMap(x -> countEqual(a, x), a) AS n
           FROM contacts WHERE level = 'primary' AND form = 'visit' AND status = 'done' AND start BETWEEN '2022-01-01' AND '2023-12-31' GROUP BY pid HAVING v >= 3)
SELECT sex, count() AS n, avg(arrayMax(v.n) / v) AS upc, avg((arraySum(v.n) - v) / (v * (v - 1))) AS coci,
    avg(arrayCount((x, y) -> x = y, arrayPopBack(a), arrayPopFront(a)) / (v - 1)) AS secon
FROM v JOIN patients USING (pid) GROUP BY sex ORDER BY sex
