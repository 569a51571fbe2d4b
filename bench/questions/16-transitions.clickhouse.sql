SELECT source, target, count() AS n, avg(gap) AS days
FROM (SELECT arrayJoin(arrayZip(arrayPopBack(a), arrayPopFront(a))) AS pair, pair.1.2 AS source, pair.2.2 AS target, pair.2.3 - pair.1.4 AS gap, pair.1.4 AS stop
      FROM (SELECT arraySort(groupArray((ord, level, start, stop))) AS a FROM contacts WHERE status = 'done' GROUP BY pid))
WHERE gap <= 7 AND stop < toDate(65535) GROUP BY source, target ORDER BY toString(source), toString(target)
