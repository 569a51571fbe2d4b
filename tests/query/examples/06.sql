-- Stays: a record that begins on the day the ones before end goes on with them. Back is the next stay, if it is acute.
WITH a AS (SELECT *, max(span_end) OVER (PARTITION BY p ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM contacts WHERE level = 'inpatient' AND NOT ghost),
b AS MATERIALIZED (SELECT *, sum(before IS NULL OR start > before) OVER (PARTITION BY p ORDER BY ord) AS n FROM a),
stay AS MATERIALIZED (SELECT p, n, min(start) AS start, CASE WHEN count("end") = count(*) THEN max("end") END AS "end",
    max(CASE WHEN before IS NULL OR start > before THEN acute END) AS acute FROM b GROUP BY p, n), -- of its first record
i AS (SELECT s.*, years(birth, s."end") AS age, death, coalesce(next.acute AND next.start BETWEEN s."end" + 1 AND s."end" + 30, 0) AS back, next.start AS again
    FROM stay s JOIN patients USING (p) LEFT JOIN stay next ON next.p = s.p AND next.n = s.n + 1
    WHERE year(s."end") = 2023 AND s."end" + 30 <= d('2023-12-31') AND (death IS NULL OR death > s."end"))
SELECT CASE WHEN age < 65 THEN '<65' WHEN age < 75 THEN '65-74' WHEN age < 85 THEN '75-84' ELSE '85+' END, count(*), avg(back), count(DISTINCT p)
FROM i GROUP BY 1 ORDER BY min(age);
---
WITH a AS (SELECT *, max(span_end) OVER (PARTITION BY p ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM contacts WHERE level = 'inpatient' AND NOT ghost),
b AS MATERIALIZED (SELECT *, sum(before IS NULL OR start > before) OVER (PARTITION BY p ORDER BY ord) AS n FROM a),
stay AS MATERIALIZED (SELECT p, n, min(start) AS start, CASE WHEN count("end") = count(*) THEN max("end") END AS "end",
    max(CASE WHEN before IS NULL OR start > before THEN acute END) AS acute FROM b GROUP BY p, n), -- of its first record
i AS (SELECT s.*, years(birth, s."end") AS age, death, coalesce(next.acute AND next.start BETWEEN s."end" + 1 AND s."end" + 30, 0) AS back, next.start AS again
    FROM stay s JOIN patients USING (p) LEFT JOIN stay next ON next.p = s.p AND next.n = s.n + 1
    WHERE year(s."end") = 2023 AND s."end" + 30 <= d('2023-12-31') AND (death IS NULL OR death > s."end")),
f AS (SELECT *, EXISTS (SELECT 1 FROM contacts c WHERE c.p = i.p AND level = 'primary' AND status = 'done'
        AND c.start BETWEEN i."end" + 1 AND i."end" + 14) AS seen
    FROM i WHERE (death IS NULL OR death > i."end" + 14) AND NOT (back AND again <= i."end" + 14))
SELECT seen, count(*), avg(back), count(DISTINCT p) FROM f GROUP BY seen ORDER BY seen;
