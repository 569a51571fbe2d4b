-- Gini as sum (2i - n - 1) x / (n sum x), and the sums of the ceil(p n) largest.
WITH r AS (SELECT (SELECT coalesce(sum(cost), 0) FROM contacts c WHERE c.p = resident.p
        AND start BETWEEN d('2023-01-01') AND d('2023-12-31')) AS x FROM resident WHERE day = d('2023-01-01')),
o AS (SELECT x, row_number() OVER (ORDER BY x) AS i, count(*) OVER () AS n, sum(x) OVER () AS s FROM r)
SELECT sum((2 * i - n - 1) * x) * 1.0 / (max(n) * max(s)), sum(CASE WHEN n - i < (n + 99) / 100 THEN x END) * 1.0 / max(s),
    sum(CASE WHEN n - i < (5 * n + 99) / 100 THEN x END) * 1.0 / max(s),
    sum(CASE WHEN n - i < (10 * n + 99) / 100 THEN x END) * 1.0 / max(s), count(*) FROM o;
---
-- The curve at each hundredth of the persons.
WITH RECURSIVE r AS (SELECT (SELECT coalesce(sum(cost), 0) FROM contacts c WHERE c.p = resident.p
        AND start BETWEEN d('2023-01-01') AND d('2023-12-31')) AS x FROM resident WHERE day = d('2023-01-01')),
o AS (SELECT x, row_number() OVER (ORDER BY x) AS i, count(*) OVER () AS n, sum(x) OVER () AS s FROM r),
c AS (SELECT i, n, sum(x) OVER (ORDER BY i) * 1.0 / s AS share FROM o),
j (j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM j WHERE j < 100)
SELECT coalesce(i * 1.0 / n, 0), coalesce(share, 0) FROM j LEFT JOIN c ON i = (j * n + 99) / 100 ORDER BY j;
