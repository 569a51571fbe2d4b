WITH v AS (SELECT pid, ord, provider FROM contacts WHERE level = 'primary' AND form = 'visit' AND status = 'done' AND start BETWEEN DATE '2022-01-01' AND DATE '2023-12-31'),
e AS (SELECT pid, count(*) AS same FROM (SELECT pid, provider = lag(provider) OVER () AND pid = lag(pid) OVER () AS same FROM v) WHERE same GROUP BY pid),
k AS (SELECT pid, sum(n) AS v, max(n) AS most, sum(n * n) AS squares FROM (SELECT pid, provider, count(*) AS n FROM v GROUP BY ALL) GROUP BY pid HAVING sum(n) >= 3)
SELECT sex, count(*) AS n, avg(most / v) AS upc, avg((squares - v) / (v * (v - 1))) AS coci, avg(coalesce(same, 0) / (v - 1)) AS secon
FROM k LEFT JOIN e USING (pid) JOIN patients USING (pid) GROUP BY sex ORDER BY sex
