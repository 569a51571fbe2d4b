WITH v AS (SELECT pid, count(*) FILTER (year(start) = 2021) AS v21, count(*) FILTER (year(start) = 2022) AS v22, count(*) FILTER (year(start) = 2023) AS v23
           FROM contacts WHERE level = 'primary' AND status = 'done' AND start BETWEEN DATE '2021-01-01' AND DATE '2023-12-31' GROUP BY pid),
p AS (SELECT sex, age_at(birth, DATE '2021-01-01') // 10 AS a, coalesce(v21, 0) AS v21, coalesce(v22, 0) AS v22, coalesce(v23, 0) AS v23
      FROM patients LEFT JOIN v USING (pid) WHERE birth <= DATE '2021-01-01' AND (death IS NULL OR death >= DATE '2021-01-01')),
-- Borders by counting down the few values there are: 0.6 of the time of three rank() OVER (PARTITION BY sex, a).
u AS (SELECT sex, a, y, v, count(*) AS n FROM (SELECT sex, a, unnest([21, 22, 23]) AS y, unnest([v21, v22, v23]) AS v FROM p) GROUP BY ALL),
b AS (SELECT sex, a, y, max(v) AS border FROM (SELECT *, sum(n) OVER (PARTITION BY sex, a, y ORDER BY v DESC) AS above, sum(n) OVER (PARTITION BY sex, a, y) AS al FROM u)
      WHERE above >= ceil(al * 0.1) GROUP BY ALL),
w AS (SELECT sex, a, max(border) FILTER (y = 21) AS b21, max(border) FILTER (y = 22) AS b22, max(border) FILTER (y = 23) AS b23 FROM b GROUP BY ALL)
SELECT sex, count(*) AS n, count(*) FILTER (v22 >= b22) AS two, count(*) FILTER (v22 >= b22 AND v23 >= b23) AS three, avg(v21) AS visits
FROM p JOIN w USING (sex, a) WHERE v21 >= b21 GROUP BY sex ORDER BY sex
