-- Aalen and Johansen: at each time the part that is left without either, times the part of it to whom this happens then.
WITH o AS (SELECT p, min(start) AS onset FROM code WHERE code GLOB 'F0[0-3]*' OR code LIKE 'G30%' GROUP BY p),
c AS (SELECT p, sex, onset, death, (SELECT min(start) FROM services s WHERE s.p = o.p AND start >= onset) AS care FROM o JOIN patients USING (p)
    WHERE year(onset) BETWEEN 2015 AND 2022),
s AS (SELECT *, min(coalesce(care, 99999), coalesce(death, 99999), d('2023-12-31')) AS stop FROM c),
t AS (SELECT sex, stop - onset AS t, CASE WHEN care = stop THEN 'care' WHEN death = stop THEN 'dead' ELSE 'followed' END AS state FROM s),
times AS (SELECT sex, t, sum(state = 'care') AS care, sum(state = 'dead') AS dead, count(*) AS leave FROM t GROUP BY sex, t),
risk AS (SELECT *, sum(leave) OVER (PARTITION BY sex ORDER BY t DESC) AS n FROM times),
free AS (SELECT *, coalesce(exp(sum(CASE WHEN n > care + dead THEN ln(1 - (care + dead) * 1.0 / n) ELSE -1e9 END)
    OVER (PARTITION BY sex ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)), 1.0) AS free FROM risk)
SELECT sex, sum(leave), sum(CASE WHEN t <= 365 THEN free * care / n ELSE 0 END), sum(CASE WHEN t <= 365 THEN free * dead / n ELSE 0 END),
    (SELECT quant(t, 0.5) FROM t WHERE t.sex = free.sex AND state = 'care'), sum(leave) FROM free GROUP BY sex ORDER BY sex;
