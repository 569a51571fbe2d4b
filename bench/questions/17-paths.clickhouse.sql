WITH p AS (SELECT pid, arraySort(groupArray((ord, level, start, stop))) AS a,
               arrayFirstIndex((x, y) -> y.3 - x.4 > 7 OR x.4 = toDate(65535), arrayPopBack(a), arrayPopFront(a)) AS gap, if(gap = 0, length(a), gap) AS steps
           FROM contacts WHERE status = 'done' AND start BETWEEN '2023-01-01' AND '2023-12-31' GROUP BY pid)
SELECT concat(arrayStringConcat(arrayMap(x -> toString(x.2), arraySlice(a, 1, least(steps, 6))), ' > '), if(steps > 6, ' > …', '')) AS path, count() AS n
FROM p GROUP BY path ORDER BY n DESC, path LIMIT 20
