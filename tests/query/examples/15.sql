-- What runs can only change where a supply begins or the day after one ended: count the drugs on each such day, and join the
-- pieces with five or more that follow each other.
WITH old AS MATERIALIZED (SELECT * FROM resident WHERE day = d('2023-12-31') AND age >= 65),
supply AS MATERIALIZED (SELECT p, start, "end", atc FROM drugs WHERE packs > 0 AND p IN (SELECT p FROM old)),
edge AS MATERIALIZED (SELECT p, start AS day FROM supply UNION SELECT p, "end" + 1 FROM supply),
piece AS MATERIALIZED (SELECT p, day, lead(day) OVER (PARTITION BY p ORDER BY day) - 1 AS last,
    (SELECT count(DISTINCT atc) FROM drugs s WHERE s.p = edge.p AND s.packs > 0 AND edge.day BETWEEN s.start AND s."end") >= 5 AS many FROM edge),
part AS (SELECT *, sum(NOT many) OVER (PARTITION BY p ORDER BY day) AS run FROM piece),
runs AS MATERIALIZED (SELECT p, max(last) - min(day) + 1 AS length FROM part WHERE many GROUP BY p, run),
r AS (SELECT p, sex, age, (SELECT count(DISTINCT substr(atc, 1, 7)) FROM drugs WHERE drugs.p = old.p AND packs > 0
        AND start BETWEEN d('2023-10-01') AND d('2023-12-31')) AS n, EXISTS (SELECT 1 FROM runs WHERE runs.p = old.p AND length >= 90) AS long FROM old)
SELECT sex, CASE WHEN age < 75 THEN '<75' WHEN age < 85 THEN '75-84' ELSE '85+' END, avg(n >= 5), avg(n >= 10), avg(long), count(*)
FROM r GROUP BY 1, 2 ORDER BY sex, min(age);
