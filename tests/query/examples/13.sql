-- The chart adds the share in time, its mean over all, and three standard errors around it, cut off at 0 and 1.
WITH g AS (SELECT name, first, sum(w.start BETWEEN first AND last) AS inflow, sum(coalesce(w."end" BETWEEN first AND last AND outcome = 'done', 0)) AS done,
    sum(coalesce(w."end" BETWEEN first AND last AND outcome <> 'done', 0)) AS removed, sum(w."end" IS NULL OR w."end" > last) AS stock,
    sum(coalesce(w."end" BETWEEN first AND last AND outcome = 'done' AND w."end" - w.start <= 90, 0)) AS in_time
    FROM months JOIN waits w ON w.start <= last AND (w."end" IS NULL OR w."end" >= first) GROUP BY name, first),
c AS (SELECT sum(in_time) * 1.0 / sum(done) AS c FROM g)
SELECT name, inflow, done, removed, stock, in_time, in_time * 1.0 / done, c, max(0.0, c - 3 * sqrt(c * (1 - c) / done)),
    min(1.0, c + 3 * sqrt(c * (1 - c) / done)) FROM g, c ORDER BY first;
