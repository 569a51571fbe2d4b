SELECT sex, format('{}-{}', a * 10, a * 10 + 9) AS age, n
FROM (SELECT sex, age_at(birth, DATE '2023-12-31') // 10 AS a, count(*) AS n FROM patients
      WHERE pid IN (SELECT pid FROM dx WHERE code BETWEEN (SELECT min(id) FROM codes WHERE code >= 'E10')
                                                      AND (SELECT max(id) FROM codes WHERE code < 'E15'))
      GROUP BY ALL)
ORDER BY sex, a
