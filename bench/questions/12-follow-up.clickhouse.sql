WITH c AS (SELECT pid, groupArrayIf(stop, level = 'inpatient' AND acute AND stop BETWEEN '2019-01-01' AND '2022-12-31') AS stops,
               groupArrayIf((start, acute), level = 'inpatient') AS i, groupArrayIf(start, level = 'primary' AND status = 'done') AS p
           FROM contacts WHERE level IN ('inpatient', 'primary') AND pid IN (SELECT pid FROM contacts WHERE level = 'inpatient' AND acute AND stop BETWEEN '2019-01-01' AND '2022-12-31')
           GROUP BY pid)
SELECT if(arrayExists(d -> d > e AND d - e <= 14, p), 'true', 'false') AS seen, count() AS n, countIf(arrayExists(x -> x.2 AND x.1 - e BETWEEN 15 AND 30, i)) AS again
FROM c JOIN patients USING (pid) ARRAY JOIN stops AS e
WHERE (death > e + 14 OR death = toDate(65535)) AND NOT arrayExists(x -> x.1 > e AND x.1 - e <= 14, i)
GROUP BY seen ORDER BY seen
