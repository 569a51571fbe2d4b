WITH (SELECT groupUniqArray(id) FROM codes WHERE startsWith(code, 'I50')) AS wanted,
o AS (SELECT pid, min(start) AS onset FROM contacts WHERE hasAny(dx, wanted) GROUP BY pid),
p AS (SELECT birth, least(death, if(o.onset = toDate(0), toDate(65535), o.onset)) AS until, if(o.onset = toDate(0), toDate(65535), o.onset) AS onset FROM patients LEFT JOIN o USING (pid)),
r AS (SELECT arrayJoin(range(2019, 2024)) AS y, makeDate(y, 1, 1) AS first, makeDate(y, 12, 31) AS last, greatest(birth, toDate32(first)) AS since, least(until, last) AS stop,
          if(birth <= toDate32(first), intDiv(age('year', birth, toDate32(first)), 10), -1) AS a, onset FROM p WHERE until >= '2019-01-01')
SELECT y AS year, if(a < 0, '', concat(toString(a * 10), '-', toString(a * 10 + 9))) AS age, countIf(toDate32(onset) BETWEEN since AND toDate32(stop)) AS cases, sum(dateDiff('day', since, toDate32(stop)) + 1) AS days
FROM r WHERE since <= toDate32(stop) GROUP BY y, a ORDER BY y, a
