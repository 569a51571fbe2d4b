-- The months that a wait or a delay covers the end of, from its two days; a join with months was six times slower.
WITH toRelativeMonthNum(toDate('2021-01-01')) AS base,
w AS (SELECT arrayJoin(range(greatest(toInt32(toRelativeMonthNum(start)) - base, 0), least(toInt32(toRelativeMonthNum(stop)) - base, 36))) AS m, pid, wait, area,
          toLastDayOfMonth(addMonths(toDate('2021-01-01'), m)) - start AS days FROM waits WHERE stop > '2021-01-31' AND start <= '2023-12-31'),
e AS (SELECT DISTINCT arrayJoin(range(greatest(toInt32(toRelativeMonthNum(start)) - base, 0), least(toInt32(toRelativeMonthNum(stop + 1)) - base, 36))) AS m, pid, wait
      FROM wait_status WHERE reason IN ('patient_chosen', 'medical') AND stop < toDate(65535))
SELECT formatDateTime(addMonths(toDate('2021-01-01'), m), '%Y-%m') AS month, area, count() AS waiting, countIf(NOT x) AS counted, countIf(NOT x AND days > 90) AS over_90, countIf(NOT x AND days > 150) AS over_150
FROM (SELECT m, area, days, (m, pid, wait) IN e AS x FROM w) GROUP BY m, area ORDER BY m, area
