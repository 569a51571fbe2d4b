WITH l AS (SELECT pid, id FROM patients WHERE birth <= DATE '2023-12-31' AND (death IS NULL OR death >= DATE '2023-12-31') AND NOT protected
           AND pid IN (SELECT pid FROM listing WHERE clinic = 'VC-NORR' AND DATE '2023-12-31' BETWEEN start AND span_end)),
c AS (SELECT pid, count(*) FILTER (level = 'emergency' AND start >= DATE '2022-12-31') AS ed, max(start) AS seen
      FROM contacts JOIN l USING (pid) WHERE status = 'done' AND start <= DATE '2023-12-31' GROUP BY pid),
k AS (SELECT pid, bit_count(bit_or(chronic)) AS k FROM dx JOIN l USING (pid) JOIN codes ON codes.id = dx.code
      WHERE start BETWEEN DATE '2018-12-31' AND DATE '2023-12-31' GROUP BY pid),
r AS (SELECT pid, id, coalesce(ed, 0) AS ed, coalesce(k, 0) AS k, seen FROM l LEFT JOIN c USING (pid) LEFT JOIN k USING (pid)),
t AS (SELECT *, rank() OVER (ORDER BY 1000 * ed + k DESC) AS place FROM r
      WHERE (ed >= 4)::INT + (k >= 3)::INT + coalesce(DATE '2023-12-31' - seen > 90, false)::INT > 1)
SELECT id, ed, k, seen FROM t WHERE place <= 25 ORDER BY pid
