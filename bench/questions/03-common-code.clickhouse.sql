WITH (SELECT (min(id), max(id)) FROM codes WHERE code >= 'E10' AND code < 'E15') AS r
SELECT sex, concat(toString(a * 10), '-', toString(a * 10 + 9)) AS age, n
FROM (SELECT sex, intDiv(age('year', birth, toDate32('2023-12-31')), 10) AS a, count() AS n FROM patients
      WHERE pid IN (SELECT pid FROM contacts WHERE arrayExists(x -> x BETWEEN r.1 AND r.2, dx)) GROUP BY sex, a)
ORDER BY sex, a
