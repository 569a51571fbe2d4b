WITH m AS (SELECT last_day(unnest(generate_series(DATE '2021-01-01', DATE '2023-12-01', INTERVAL 1 MONTH))::DATE) AS last),
w AS (SELECT last, pid, wait, area, last - start AS days FROM m JOIN waits ON start <= last AND ("end" IS NULL OR "end" > last)),
e AS (SELECT DISTINCT last, pid, wait FROM m JOIN wait_status s ON last BETWEEN s.start AND s."end" WHERE reason IN ('patient_chosen', 'medical'))
SELECT strftime(last, '%Y-%m') AS m, area, count(*) AS waiting, count(*) FILTER (e.pid IS NULL) AS counted,
    count(*) FILTER (e.pid IS NULL AND days > 90) AS over_90, count(*) FILTER (e.pid IS NULL AND days > 150) AS over_150
FROM w LEFT JOIN e USING (last, pid, wait) GROUP BY last, area ORDER BY last, area
