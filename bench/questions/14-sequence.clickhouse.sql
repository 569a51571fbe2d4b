-- Arrays of each step's events of those with the diagnosis, and for each step the first event from which the rest completes.
-- k: day and order; a: the last k that is not after the event's end. sequenceMatch knows no windows from an end to a start.
WITH (SELECT groupUniqArray(id) FROM codes WHERE startsWith(code, 'I50')) AS wanted,
h AS (SELECT pid FROM contacts WHERE hasAny(dx, wanted)),
c AS (SELECT pid, (toUInt64(start) * 4294967296 + ord AS k, greatest(k, toUInt64(stop) * 4294967296), start, stop) AS t, stop AS last, level, dx FROM contacts
      WHERE pid IN h AND (level IN ('emergency', 'inpatient', 'municipal') OR hasAny(dx, wanted))),
g AS (SELECT pid, arraySort(groupArrayIf(t, hasAny(dx, wanted) AND last < toDate(65535))) AS hf, arraySort(groupArrayIf(t, level = 'emergency')) AS ed,
          arraySort(groupArrayIf(t, level = 'inpatient' AND last < toDate(65535))) AS stay, arraySort(groupArrayIf(t, level = 'municipal')) AS care
      FROM c GROUP BY pid HAVING notEmpty(ed) AND notEmpty(stay) AND notEmpty(care)),
b AS (SELECT pid, hf, care, arrayFilter(s -> arrayExists(m -> m.1 > s.2 AND m.3 - s.4 <= 180, care), stay) AS stays,
          arrayFilter(e -> arrayExists(s -> s.1 > e.2 AND s.3 - e.4 <= 30, stays), ed) AS eds,
          arrayFirst(f -> arrayExists(e -> e.1 > f.2 AND e.3 - f.4 <= 90, eds), hf) AS f FROM g WHERE f.1 > 0),
m AS (SELECT pid, f.3 AS since, arrayFirst(e -> e.1 > f.2, eds) AS e, arrayFirst(s -> s.1 > e.2, stays) AS s, arrayFirst(x -> x.1 > s.2, care).3 AS day FROM b)
SELECT sex, toYear(since) AS year, count() AS n, avg(day - since) AS days FROM m JOIN patients USING (pid) GROUP BY sex, year ORDER BY sex, year
