WITH (SELECT groupUniqArray(id) FROM codes WHERE match(code, '^(I50|I110|I130|I132|I420)')) AS wanted,
v AS (SELECT pid, groupArray(start) AS care FROM services WHERE service = 'home_care' GROUP BY pid),
h AS (SELECT pid FROM contacts WHERE hasAny(dx, wanted) AND pid IN (SELECT pid FROM v)),
c AS (SELECT pid, (toUInt64(start) * 4294967296 + ord AS k, greatest(k, toUInt64(stop) * 4294967296), start, stop) AS t, stop AS last, level, dx FROM contacts
      WHERE pid IN h AND (level IN ('emergency', 'inpatient', 'primary') OR hasAny(dx, wanted))),
g AS (SELECT pid, arraySort(groupArrayIf(t, hasAny(dx, wanted) AND last < toDate(65535))) AS hf, arraySort(groupArrayIf(t, level = 'emergency')) AS ed,
          arraySort(groupArrayIf(t, level = 'inpatient' AND last < toDate(65535))) AS stay, groupArrayIf(t, level = 'primary') AS seen
      FROM c GROUP BY pid HAVING notEmpty(ed) AND notEmpty(stay)),
b AS (SELECT pid, hf, arraySort(care) AS care, arrayFilter(s -> arrayExists(d -> d >= s.4 AND d - s.4 <= 180, care) AND NOT arrayExists(p -> p.1 > s.2 AND p.3 - s.4 <= 14, seen), stay) AS stays,
          arrayFilter(e -> arrayExists(s -> s.1 > e.2 AND s.3 - e.4 <= 30, stays), ed) AS eds,
          arrayFirst(f -> arrayExists(e -> e.1 > f.2 AND e.3 - f.4 <= 90, eds), hf) AS f FROM g JOIN v USING (pid) WHERE f.1 > 0),
m AS (SELECT pid, arrayFirst(e -> e.1 > f.2, eds) AS e, arrayFirst(s -> s.1 > e.2, stays) AS s, arrayFirst(d -> d >= s.4, care) - s.4 AS days FROM b)
SELECT sex, count() AS n, avg(m.days) AS days FROM m JOIN patients USING (pid) GROUP BY sex ORDER BY sex
