-- Counted at each level of the totals anew; residents stand beside the months and regions.
WITH m AS (SELECT * FROM months WHERE year = 2023),
residents AS (SELECT name, region, count(DISTINCT p) AS residents FROM m JOIN residence r ON r.start <= last AND (r."end" IS NULL OR r."end" >= last)
    JOIN patients USING (p) WHERE birth <= last AND (death IS NULL OR death >= last) GROUP BY name, region),
w AS (SELECT name, w.p, area, substr(px || ' ', 1, instr(px || ' ', ' ') - 1) AS px, last - w.start AS days,
        (SELECT region FROM residence r WHERE r.p = w.p AND last BETWEEN r.start AND r.span_end ORDER BY r.start DESC LIMIT 1) AS region,
        coalesce((SELECT reason FROM wait_status s WHERE s.p = w.p AND last BETWEEN s.start AND s."end" ORDER BY s.start DESC, s."end" DESC, s.wait DESC LIMIT 1)
            IN ('patient_chosen', 'medical'), 0) AS excused
    FROM m JOIN waits w ON w.start <= last AND (w."end" IS NULL OR w."end" > last)),
t AS (SELECT 4 AS level, name AS m, region, area, px, p, days, excused FROM w
    UNION ALL SELECT 3, name, region, area, 'total', p, days, excused FROM w
    UNION ALL SELECT 2, name, region, 'total', 'total', p, days, excused FROM w
    UNION ALL SELECT 1, name, 'total', 'total', 'total', p, days, excused FROM w
    UNION ALL SELECT 0, 'total', 'total', 'total', 'total', p, days, excused FROM w),
g AS (SELECT level, m, region, area, px, count(*) AS waiting, sum(NOT excused) AS counted, sum(NOT excused AND days <= 90) AS within_90,
    sum(NOT excused AND days > 90) AS over_90, sum(NOT excused AND days > 150) AS over_150, count(DISTINCT p) AS people
    FROM t GROUP BY level, m, region, area, px)
SELECT m, g.region, area, px, waiting, counted, within_90, over_90, over_150, residents, 1000.0 * waiting / residents, people
FROM g LEFT JOIN residents r ON r.name = g.m AND r.region = g.region
ORDER BY level = 0, m, level = 1, g.region, level = 2, area, level = 3, px;
