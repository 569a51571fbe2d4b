WITH v AS (SELECT pid, count(*) FILTER (year(start) = 2021) AS v21, count(*) FILTER (year(start) = 2022) AS v22, count(*) FILTER (year(start) = 2023) AS v23
           FROM contacts WHERE level = 'primary' AND status = 'done' AND start BETWEEN DATE '2021-01-01' AND DATE '2023-12-31' GROUP BY pid),
p AS (SELECT sex, age_at(birth, DATE '2021-01-01') // 10 AS a, coalesce(v21, 0) AS v21, coalesce(v22, 0) AS v22, coalesce(v23, 0) AS v23
      FROM patients LEFT JOIN v USING (pid) WHERE birth <= DATE '2021-01-01' AND (death IS NULL OR death >= DATE '2021-01-01')),
r AS (SELECT sex, v21, rank() OVER (PARTITION BY sex, a ORDER BY v21 DESC) AS r21, rank() OVER (PARTITION BY sex, a ORDER BY v22 DESC) AS r22,
          rank() OVER (PARTITION BY sex, a ORDER BY v23 DESC) AS r23, ceil(count(*) OVER (PARTITION BY sex, a) * 0.1) AS most FROM p)
SELECT sex, count(*) AS n, count(*) FILTER (r22 <= most) AS two, count(*) FILTER (r22 <= most AND r23 <= most) AS three, avg(v21) AS visits
FROM r WHERE r21 <= most GROUP BY sex ORDER BY sex
