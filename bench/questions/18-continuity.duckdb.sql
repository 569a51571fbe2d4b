WITH v AS (SELECT pid, provider, provider = lag(provider) OVER (PARTITION BY pid ORDER BY ord) AS same FROM contacts
           WHERE level = 'primary' AND form = 'visit' AND status = 'done' AND start BETWEEN DATE '2022-01-01' AND DATE '2023-12-31'),
k AS (SELECT pid, sum(n) AS v, max(n) AS most, sum(n * n) AS squares, sum(same) AS same
      FROM (SELECT pid, provider, count(*) AS n, count(*) FILTER (same) AS same FROM v GROUP BY ALL) GROUP BY pid HAVING sum(n) >= 3)
SELECT sex, count(*) AS n, avg(most / v) AS upc, avg((squares - v) / (v * (v - 1))) AS coci, avg(same / (v - 1)) AS secon
FROM k JOIN patients USING (pid) GROUP BY sex ORDER BY sex
