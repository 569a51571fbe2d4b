WITH v AS (SELECT pid, provider, provider = lag(provider) OVER w AND row_number() OVER w > 1 AS same FROM contacts
           WHERE level = 'primary' AND form = 'visit' AND status = 'done' AND start BETWEEN '2022-01-01' AND '2023-12-31' WINDOW w AS (PARTITION BY pid ORDER BY ord)),
k AS (SELECT pid, sum(n) AS v, max(n) AS most, sum(n * n) AS squares, sum(g.same) AS same
      FROM (SELECT pid, provider, count() AS n, countIf(v.same) AS same FROM v GROUP BY pid, provider) g GROUP BY pid HAVING v >= 3)
SELECT sex, count() AS n, avg(most / v) AS upc, avg((squares - v) / (v * (v - 1))) AS coci, avg(k.same / (v - 1)) AS secon
FROM k JOIN patients USING (pid) GROUP BY sex ORDER BY sex
