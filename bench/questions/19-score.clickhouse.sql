WITH i AS (SELECT pid, sex, day FROM (SELECT pid, min(start) AS day FROM contacts WHERE level = 'inpatient' AND acute AND start BETWEEN '2023-01-01' AND '2023-12-31' GROUP BY pid) f
           JOIN patients USING (pid) WHERE age('year', birth, day) >= 65),
g AS (SELECT pid, groupBitOr(arrayReduce('groupBitOr', arrayMap(x -> dictGet('masks', 'charlson', x), dx))) AS m FROM contacts c JOIN i USING (pid)
      WHERE c.start >= '2018-01-01' AND stop < day AND c.start >= day - INTERVAL 5 YEAR AND c.start < day GROUP BY pid),
s AS (SELECT sex, bitCount(bitAnd(m, 33023)) + 2 * bitCount(bitAnd(m, 3328)) + (bitAnd(m, 1536) = 512)
          + multiIf(bitAnd(m, 16384) <> 0 OR bitAnd(m, 12288) = 12288, 3, bitAnd(m, 4096) <> 0, 1, 0)
          + multiIf(bitAnd(m, 131072) <> 0, 6, bitAnd(m, 65536) <> 0, 2, 0) + if(bitAnd(m, 262144) <> 0, 6, 0) AS points
      FROM i LEFT JOIN g USING (pid))
SELECT sex, multiIf(points < 1, '<1', points < 3, '1-2', points < 5, '3-4', '5+') AS charlson, count() AS n FROM s GROUP BY sex, charlson ORDER BY sex, min(points)
