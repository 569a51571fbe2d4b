WITH k AS (SELECT r.*, (SELECT count(DISTINCT grp) FROM chronic c WHERE c.p = r.p AND start BETWEEN d('2019-01-01') AND d('2023-12-31')) AS k
    FROM resident r WHERE day = d('2023-12-31'))
SELECT sex, (age / 10 * 10) || '-' || (age / 10 * 10 + 9), municipality, avg(k >= 2), avg(k >= 3), count(*)
FROM k GROUP BY sex, age / 10, municipality ORDER BY sex, age / 10, municipality;
---
-- Sets of groups as texts; of equally frequent ones the first in order of their elements.
WITH g AS (SELECT p, group_concat(grp, '|') AS g, count(*) AS k FROM (SELECT DISTINCT p, grp FROM chronic JOIN resident USING (p)
        WHERE day = d('2023-12-31') AND start BETWEEN d('2019-01-01') AND d('2023-12-31') ORDER BY p, grp) GROUP BY p)
SELECT g, count(*), count(*) FROM g WHERE k >= 2 GROUP BY g ORDER BY count(*) DESC, replace(g, '|', char(1)) LIMIT 20;
---
-- Of each pair of diseases the persons with both, beside what sex and age would give if the two came independently of each
-- other: in the strata where somebody has both.
WITH person AS (SELECT DISTINCT p, sex, age / 10 AS band, grp FROM resident JOIN chronic USING (p)
    WHERE day = d('2023-12-31') AND start BETWEEN d('2019-01-01') AND d('2023-12-31')),
total AS (SELECT sex, age / 10 AS band, count(*) AS n FROM resident WHERE day = d('2023-12-31') GROUP BY sex, band),
single AS (SELECT sex, band, grp, count(*) AS n FROM person GROUP BY sex, band, grp),
pair AS (SELECT sex, band, a.grp AS a, b.grp AS b, count(*) AS observed FROM person a JOIN person b USING (p, sex, band)
    WHERE a.grp < b.grp GROUP BY sex, band, a.grp, b.grp),
e AS (SELECT a, b, sum(observed) AS observed, sum(x.n * 1.0 * y.n / total.n) AS expected FROM pair
    JOIN single x ON x.sex = pair.sex AND x.band = pair.band AND x.grp = a JOIN single y ON y.sex = pair.sex AND y.band = pair.band AND y.grp = b
    JOIN total ON total.sex = pair.sex AND total.band = pair.band GROUP BY a, b)
SELECT a, b, observed, expected, observed / expected AS ratio, plow(observed, expected), phigh(observed, expected) FROM e
ORDER BY round(ratio, 9) DESC, a, b;
