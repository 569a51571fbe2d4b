WITH i AS (SELECT pid, ord, c.start AS start, if(c.nights = 65535, least(death, toDate('2023-12-31')), c.stop) AS stop, ghost FROM contacts c JOIN patients USING (pid)
           WHERE level = 'inpatient' AND c.start <= '2023-12-31' AND c.stop >= '2023-01-01'),
f AS (SELECT start, stop, ghost, greatest(start, max(stop) OVER (PARTITION BY pid ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + 1) AS fresh FROM i),
d AS (SELECT start, stop, ghost, fresh, arrayJoin(range(intDiv(greatest(start, toDate('2023-01-01')) - toDate('2022-12-26'), 7), intDiv(least(stop, toDate('2023-12-31')) - toDate('2022-12-26'), 7) + 1)) AS k,
          greatest(toDate('2022-12-26') + 7 * k, toDate('2023-01-01')) AS first, least(toDate('2022-12-26') + 7 * k + 6, toDate('2023-12-31')) AS last FROM f WHERE stop >= '2023-01-01'),
s AS (SELECT k, countIf(NOT ghost) AS stays, sumIf(least(stop, last) - greatest(fresh, first) + 1, least(stop, last) >= greatest(fresh, first)) AS days FROM d GROUP BY k)
SELECT concat(toString(greatest(toDate('2022-12-26') + 7 * k, toDate('2023-01-01'))), '..', toString(least(toDate('2022-12-26') + 7 * k + 6, toDate('2023-12-31')))) AS w, stays, days
FROM (SELECT toInt64(number) AS k FROM numbers(53)) n LEFT JOIN s USING (k) ORDER BY k
