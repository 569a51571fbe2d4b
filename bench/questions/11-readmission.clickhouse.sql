WITH i AS (SELECT pid, ord, start, stop, acute, max(stop) OVER (PARTITION BY pid ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
           FROM contacts WHERE level = 'inpatient' AND NOT ghost),
n AS (SELECT *, sum(start > before) OVER (PARTITION BY pid ORDER BY ord ROWS UNBOUNDED PRECEDING) AS k FROM i),
s AS (SELECT pid, k, min(start) AS start, max(n.stop) AS stop, argMin(acute, ord) AS acute FROM n GROUP BY pid, k),
b AS (SELECT *, leadInFrame(start) OVER w AS next, leadInFrame(acute) OVER w AS next_acute FROM s
      WINDOW w AS (PARTITION BY pid ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
a AS (SELECT b.start, b.stop, next, next_acute, age('year', birth, b.stop) AS y FROM b JOIN patients USING (pid)
      WHERE b.stop BETWEEN '2019-01-01' AND '2023-12-01' AND death > b.stop)
SELECT multiIf(y < 65, '<65', y < 75, '65-74', y < 85, '75-84', '85+') AS age, count() AS stays, sum(stop - start) AS nights,
    countIf(next_acute AND next BETWEEN stop + 1 AND stop + 30) AS readmitted
FROM a GROUP BY age ORDER BY min(y)
