WITH i AS (SELECT pid, start, "end", acute FROM contacts WHERE level = 'inpatient'),
s AS (SELECT pid, "end" AS stop FROM i JOIN patients USING (pid) WHERE acute AND "end" BETWEEN DATE '2019-01-01' AND DATE '2022-12-31' AND (death IS NULL OR death > "end" + 14)),
h AS (SELECT s.* FROM s ASOF LEFT JOIN i ON s.pid = i.pid AND s.stop < i.start WHERE i.start IS NULL OR i.start > s.stop + 14),
p AS (SELECT pid, start FROM contacts WHERE level = 'primary' AND status = 'done' AND start BETWEEN DATE '2019-01-01' AND DATE '2023-01-14'),
v AS (SELECT h.*, coalesce(p.start <= h.stop + 14, false) AS seen FROM h ASOF LEFT JOIN p ON h.pid = p.pid AND h.stop < p.start)
SELECT seen, count(*) AS n, count(*) FILTER (a.start <= v.stop + 30) AS again
FROM (SELECT *, stop + 15 AS from_day FROM v) v ASOF LEFT JOIN (SELECT pid, start FROM i WHERE acute) a ON v.pid = a.pid AND v.from_day <= a.start
GROUP BY seen ORDER BY seen
