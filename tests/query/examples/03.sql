-- The top tenth of each stratum of sex and ten years of age, ties in.
WITH v AS (SELECT r.*, (SELECT count(*) FROM contacts c WHERE c.p = r.p AND level = 'primary' AND form = 'visit' AND status = 'done'
            AND year(start) = 2021) AS v21,
        (SELECT count(*) FROM contacts c WHERE c.p = r.p AND level = 'primary' AND form = 'visit' AND status = 'done' AND year(start) = 2022) AS v22,
        (SELECT count(*) FROM contacts c WHERE c.p = r.p AND level = 'primary' AND form = 'visit' AND status = 'done' AND year(start) = 2023) AS v23
    FROM resident r WHERE day = d('2021-01-01')),
t AS (SELECT *, rank() OVER (PARTITION BY sex, age / 10 ORDER BY v21 DESC) <= (count(*) OVER (PARTITION BY sex, age / 10) + 9) / 10 AS a,
        rank() OVER (PARTITION BY sex, age / 10 ORDER BY v22 DESC) <= (count(*) OVER (PARTITION BY sex, age / 10) + 9) / 10 AS b,
        rank() OVER (PARTITION BY sex, age / 10 ORDER BY v23 DESC) <= (count(*) OVER (PARTITION BY sex, age / 10) + 9) / 10 AS c FROM v)
SELECT sex, count(*), avg(p IN (SELECT p FROM resident WHERE day = d('2023-12-31'))), sum(b), sum(b AND c), count(*)
FROM t WHERE a GROUP BY sex ORDER BY sex;
---
-- Deciles by the part of all persons with as many visits or fewer.
WITH v AS (SELECT r.*, (SELECT count(*) FROM contacts c WHERE c.p = r.p AND level = 'primary' AND form = 'visit' AND status = 'done'
            AND year(start) = 2021) AS v21,
        (SELECT count(*) FROM contacts c WHERE c.p = r.p AND level = 'primary' AND form = 'visit' AND status = 'done' AND year(start) = 2022) AS v22
    FROM resident r WHERE day = d('2021-01-01')),
n AS (SELECT *, count(*) OVER (ORDER BY v21) AS n21, count(*) OVER (ORDER BY v22) AS n22, count(*) OVER () AS n FROM v),
e AS (SELECT *, (10 * n21 + n - 1) / n AS decile, CASE WHEN death <= d('2022-12-31') THEN 'dead'
        WHEN p NOT IN (SELECT p FROM resident WHERE day = d('2022-12-31')) THEN 'moved' ELSE cast((10 * n22 + n - 1) / n AS TEXT) END AS next FROM n)
SELECT decile, sum(next = '10'), sum(next = '6'), sum(next = '9'), sum(next = 'dead'), sum(next = 'moved'), count(*)
FROM e GROUP BY decile HAVING sum(next NOT IN ('10', '6', '9', 'dead', 'moved')) = 0 ORDER BY decile;
