WITH m AS (SELECT toLastDayOfMonth(toDate('2021-01-01') + INTERVAL number MONTH) AS last FROM numbers(36)),
w AS (SELECT last, pid, wait, area, last - start AS days FROM waits CROSS JOIN m WHERE start <= last AND stop > last),
e AS (SELECT last, pid, wait FROM wait_status CROSS JOIN m WHERE last BETWEEN start AND stop AND stop < toDate(65535) AND reason IN ('patient_chosen', 'medical'))
SELECT formatDateTime(last, '%Y-%m') AS month, area, count() AS waiting, countIf(NOT x) AS counted, countIf(NOT x AND days > 90) AS over_90, countIf(NOT x AND days > 150) AS over_150
FROM (SELECT last, area, days, (last, pid, wait) IN e AS x FROM w) GROUP BY last, area ORDER BY last, area
