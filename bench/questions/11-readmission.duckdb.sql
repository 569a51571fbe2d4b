WITH i AS (SELECT pid, ord, start, coalesce("end", DATE '9999-12-31') AS stop, acute,
               max(coalesce("end", DATE '9999-12-31')) OVER (PARTITION BY pid ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
           FROM contacts WHERE level = 'inpatient' AND NOT ghost),
n AS (SELECT *, sum((before IS NULL OR start > before)::INT) OVER (PARTITION BY pid ORDER BY ord ROWS UNBOUNDED PRECEDING) AS k FROM i),
s AS (SELECT pid, k, min(start) AS start, max(stop) AS stop, arg_min(acute, ord) AS acute FROM n GROUP BY pid, k),
b AS (SELECT *, lead(start) OVER (PARTITION BY pid ORDER BY k) AS next, lead(acute) OVER (PARTITION BY pid ORDER BY k) AS next_acute FROM s),
a AS (SELECT b.*, age_at(birth, stop) AS age FROM b JOIN patients USING (pid)
      WHERE stop BETWEEN DATE '2019-01-01' AND DATE '2023-12-01' AND (death IS NULL OR death > stop))
SELECT CASE WHEN age < 65 THEN '<65' WHEN age < 75 THEN '65-74' WHEN age < 85 THEN '75-84' ELSE '85+' END AS age,
    count(*) AS stays, sum(stop - start) AS nights, count(*) FILTER (next_acute AND next BETWEEN stop + 1 AND stop + 30) AS readmitted
FROM a GROUP BY 1 ORDER BY min(a.age)
