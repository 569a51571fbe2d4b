WITH q AS (SELECT r.p, (SELECT count(*) FROM contacts c WHERE c.p = r.p AND level = 'emergency' AND status = 'done'
        AND start BETWEEN addm(day, -12) AND day) AS ed,
    (SELECT count(DISTINCT grp) FROM chronic c WHERE c.p = r.p AND "end" <= day AND start BETWEEN addm(day, -60) AND day) AS k,
    (SELECT max(start) FROM contacts c WHERE c.p = r.p AND status = 'done' AND start <= day) AS seen,
    (SELECT min(start) FROM contacts c WHERE c.p = r.p AND status = 'booked' AND start > day) AS booked, day
    FROM resident r WHERE day = d('2023-12-31') AND clinic = 'VC-NORR' AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.p = r.p
        AND level = 'inpatient' AND NOT ghost AND start <= day AND span_end >= day)),
s AS (SELECT *, coalesce(ed >= 4, 0) + coalesce(k >= 3, 0) + coalesce(day - seen > 90 AND booked IS NULL, 0) AS size,
    CASE WHEN ed >= 4 THEN '|4 or more emergency visits in a year' ELSE '' END || CASE WHEN k >= 3 THEN '|3 or more chronic diseases' ELSE '' END
    || CASE WHEN day - seen > 90 AND booked IS NULL THEN '|not seen for 90 days, nothing booked' ELSE '' END AS reasons FROM q),
t AS (SELECT *, rank() OVER (ORDER BY size * 100 + ed DESC) AS place FROM s WHERE size > 0)
SELECT p, substr(reasons, 2), seen, booked, ed, k FROM t WHERE place <= 25 ORDER BY p;
