WITH s AS (SELECT pid, ord, level, row_number() OVER w AS k, lag(stop) OVER w AS before, k > 1 AND (start - before > 7 OR before = toDate(65535)) AS breaks
           FROM contacts WHERE status = 'done' AND start BETWEEN '2023-01-01' AND '2023-12-31' WINDOW w AS (PARTITION BY pid ORDER BY ord)),
e AS (SELECT pid, level, k, max(breaks) OVER (PARTITION BY pid ORDER BY ord) AS over FROM s),
p AS (SELECT arrayStringConcat(arrayMap(x -> toString(x.2), arraySort(groupArrayIf((k, level), k <= 6))), ' > ') AS steps, max(k) AS length FROM e WHERE NOT over GROUP BY pid)
SELECT concat(steps, if(length > 6, ' > …', '')) AS path, count() AS n FROM p GROUP BY path ORDER BY n DESC, path LIMIT 20
