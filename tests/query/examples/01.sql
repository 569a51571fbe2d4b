-- Who has one of the ceil(1% of all) largest costs, or as large a cost as the last of them.
WITH r AS (SELECT sex, age / 10 AS band, (SELECT coalesce(sum(cost), 0) FROM contacts c WHERE c.p = resident.p
        AND start BETWEEN d('2023-01-01') AND d('2023-12-31')) AS cost FROM resident WHERE day = d('2023-01-01')),
t AS (SELECT *, rank() OVER (ORDER BY cost DESC) <= (count(*) OVER () + 99) / 100 AS high FROM r)
SELECT sex, (band * 10) || '-' || (band * 10 + 9), sum(high), sum(high * cost), sum(high * cost) * 1.0 / (SELECT sum(cost) FROM t), count(*)
FROM t GROUP BY sex, band ORDER BY sex, band;
