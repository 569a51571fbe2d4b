WITH i AS (SELECT pid, sex, day FROM (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND acute AND start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31' GROUP BY pid)
           JOIN patients USING (pid) WHERE age_at(birth, day) >= 65),
g AS (SELECT pid, bit_or(charlson) AS m FROM dx JOIN codes ON codes.id = dx.code JOIN i USING (pid)
      WHERE charlson <> 0 AND dx."end" < day AND dx.start >= day - INTERVAL 5 YEAR AND dx.start < day GROUP BY pid),
s AS (SELECT sex, CASE WHEN m IS NULL THEN 0 ELSE bit_count(m & 33023) + 2 * bit_count(m & 3328) + (m & 1536 = 512)::INT
          + CASE WHEN m & 16384 <> 0 OR m & 12288 = 12288 THEN 3 ELSE (m & 4096 <> 0)::INT END
          + CASE WHEN m & 131072 <> 0 THEN 6 ELSE (m & 65536 <> 0)::INT * 2 END + (m & 262144 <> 0)::INT * 6 END AS points
      FROM i LEFT JOIN g USING (pid))
SELECT sex, CASE WHEN points < 1 THEN '<1' WHEN points < 3 THEN '1-2' WHEN points < 5 THEN '3-4' ELSE '5+' END AS charlson, count(*) AS n
FROM s GROUP BY 1, 2 ORDER BY 1, min(points)
