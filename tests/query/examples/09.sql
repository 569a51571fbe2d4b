-- Groups of what was known before the admission; made, then hidden by the rules; then the weights.
WITH i AS (SELECT p, sex, start FROM (SELECT c.*, sex, birth, row_number() OVER (PARTITION BY p ORDER BY ord) AS place FROM contacts c
        JOIN patients USING (p) WHERE level = 'inpatient' AND acute AND year(start) = 2023) WHERE place = 1 AND years(birth, start) >= 75),
prior AS (SELECT i.p, c.id, c.acute, c.start, i.start AS day FROM i JOIN contacts c USING (p) WHERE c."end" < i.start
    AND c.start >= addm(i.start, -60) AND c.start < i.start),
found AS (SELECT DISTINCT class, prior.p, grp FROM prior JOIN code USING (id) JOIN grouped USING (code)
    WHERE class IN ('charlson_se', 'elixhauser') OR (class = 'hfrs' AND acute AND prior.start >= day - 730)),
made AS (SELECT * FROM found UNION SELECT e.class, f.p, e.x FROM effect e JOIN found f ON f.class = e.class AND f.grp = e.y
    JOIN found g ON g.class = e.class AND g.p = f.p AND g.grp = e.z WHERE e.kind = 'makes'),
left AS (SELECT * FROM made m WHERE NOT EXISTS (SELECT 1 FROM effect e JOIN made o ON o.class = e.class AND o.grp = e.x
    WHERE e.kind = 'hides' AND e.class = m.class AND e.y = m.grp AND o.p = m.p)),
score AS (SELECT p, sex, coalesce((SELECT sum(points) FROM left JOIN weight USING (class, grp) WHERE left.p = i.p AND name = 'ludvigsson2021'), 0) AS charlson,
        coalesce((SELECT sum(points) FROM left JOIN weight USING (class, grp) WHERE left.p = i.p AND name = 'van_walraven'), 0) AS elixhauser,
        coalesce((SELECT sum(cast(round(points * 10) AS INT)) FROM left JOIN weight USING (class, grp) WHERE left.p = i.p AND name = 'gilbert2018'), 0) AS tenths
    FROM i)
SELECT sex, count(*), avg(charlson), avg(elixhauser), avg(tenths > 150), count(*) FROM score GROUP BY sex ORDER BY sex;
