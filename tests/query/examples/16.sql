WITH visits AS (SELECT * FROM contacts WHERE level = 'primary' AND form = 'visit' AND status = 'done' AND year(start) = 2023),
r AS (SELECT p, sex, age, clinic, (SELECT count(DISTINCT grp) FROM chronic c WHERE c.p = r.p AND start BETWEEN d('2019-01-01') AND day) AS k,
    (SELECT count(*) FROM visits v WHERE v.p = r.p) AS v,
    (SELECT max(n) FROM (SELECT count(*) AS n FROM visits v WHERE v.p = r.p GROUP BY provider)) AS usual,
    (SELECT count(*) FROM contacts c WHERE c.p = r.p AND level = 'emergency' AND year(start) = 2023) AS ed FROM resident r WHERE day = d('2023-12-31')),
s AS (SELECT 'region' AS side, * FROM r UNION ALL SELECT 'clinic', * FROM r WHERE clinic = 'VC-NORR')
SELECT side, sex, CASE WHEN age < 18 THEN '<18' WHEN age < 65 THEN '18-64' WHEN age < 80 THEN '65-79' ELSE '80+' END, avg(v), avg(k >= 2),
    avg(CASE WHEN v >= 3 THEN usual * 1.0 / v END), avg(ed), avg(ed >= 4), count(*) FROM s GROUP BY 1, 2, 3 ORDER BY side, sex, min(age);
