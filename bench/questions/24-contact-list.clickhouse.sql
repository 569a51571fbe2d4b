WITH l AS (SELECT pid, id FROM patients WHERE birth <= toDate32('2023-12-31') AND death >= '2023-12-31' AND NOT protected
           AND pid IN (SELECT pid FROM listing WHERE clinic = 'VC-NORR' AND toDate('2023-12-31') BETWEEN start AND span_end)),
c AS (SELECT pid, countIf(level = 'emergency' AND status = 'done' AND start >= '2022-12-31') AS ed, maxIf(start, status = 'done') AS seen,
          bitCount(groupBitOrIf(arrayReduce('groupBitOr', arrayMap(x -> dictGet('masks', 'chronic', x), dx)), start >= '2018-12-31')) AS k
      FROM contacts WHERE start <= '2023-12-31' AND pid IN (SELECT pid FROM l) GROUP BY pid),
t AS (SELECT pid, id, ed, k, seen, rank() OVER (ORDER BY 1000 * ed + k DESC) AS place FROM l JOIN c USING (pid)
      WHERE (ed >= 4) + (k >= 3) + (seen > toDate(0) AND toDate('2023-12-31') - seen > 90) > 1)
SELECT id, ed, k, if(seen = toDate(0), '', toString(seen)) AS seen FROM t WHERE place <= 25 ORDER BY pid
