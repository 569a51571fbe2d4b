WITH w AS (SELECT toDate('2022-12-26') + 7 * number AS monday, greatest(monday, toDate('2023-01-01')) AS first, least(monday + 6, toDate('2023-12-31')) AS last FROM numbers(53)),
i AS (SELECT pid, ord, c.start AS start, if(c.nights = 65535, least(death, toDate('2023-12-31')), c.stop) AS stop, ghost FROM contacts c JOIN patients USING (pid)
      WHERE level = 'inpatient' AND c.start <= '2023-12-31' AND c.stop >= '2023-01-01'),
f AS (SELECT start, stop, ghost, greatest(start, max(stop) OVER (PARTITION BY pid ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + 1) AS fresh FROM i),
s AS (SELECT first, countIf(NOT ghost) AS stays, sumIf(least(stop, last) - greatest(fresh, first) + 1, least(stop, last) >= greatest(fresh, first)) AS days
      FROM f CROSS JOIN w WHERE start <= last AND stop >= first GROUP BY first)
SELECT concat(toString(first), '..', toString(last)) AS w, stays, days FROM w LEFT JOIN s USING (first) ORDER BY first
