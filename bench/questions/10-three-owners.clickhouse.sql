WITH v AS (SELECT pid, groupArray((start, span_end)) AS v FROM services WHERE start <= '2024-03-29' AND span_end >= '2022-10-04' GROUP BY pid),
c AS (SELECT pid, groupArrayIf(start, level = 'primary' AND status = 'done') AS p, groupArrayIf(start, level = 'specialist' AND status = 'done') AS s, uniqExactIf(unit, unit <> '') AS units
      FROM contacts WHERE start BETWEEN '2023-01-01' AND '2023-12-31' AND pid IN (SELECT pid FROM v) GROUP BY pid HAVING notEmpty(p) AND notEmpty(s))
SELECT units, count() AS n FROM c JOIN v USING (pid)
WHERE arrayExists(d -> arrayExists(x -> abs(x - d) <= 89, s) AND arrayExists(x -> x.1 <= d + 89 AND x.2 >= d - 89, v), p)
GROUP BY units ORDER BY units
