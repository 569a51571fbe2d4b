WITH s AS (SELECT pid, groupArrayIf((start, cost), level = 'inpatient' AND start BETWEEN '2019-01-01' AND '2023-12-31') AS stays,
               groupArrayIf(start, level = 'primary' AND status = 'done') AS p, groupArrayIf(start, level = 'municipal' AND status = 'done') AS m
           FROM contacts WHERE start BETWEEN '2018-11-01' AND '2024-03-01' AND pid IN (SELECT pid FROM contacts WHERE level = 'inpatient' AND start BETWEEN '2019-01-01' AND '2023-12-31')
           GROUP BY pid HAVING notEmpty(stays))
SELECT if(arrayExists(d -> d < s.1 AND s.1 - d <= 45, p), 'true', 'false') AS seen_before, if(arrayExists(d -> d > s.1 AND d - s.1 <= 45, m), 'true', 'false') AS seen_after,
    count() AS n, sum(s.2) AS cost
FROM s ARRAY JOIN stays AS s GROUP BY seen_before, seen_after ORDER BY seen_before, seen_after
