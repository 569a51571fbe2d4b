WITH w AS (SELECT greatest(monday, DATE '2023-01-01') AS first, least(monday + 6, DATE '2023-12-31') AS last
           FROM (SELECT unnest(generate_series(DATE '2022-12-26', DATE '2023-12-31', INTERVAL 7 DAY))::DATE AS monday)),
i AS (SELECT pid, ord, start, coalesce("end", least(death, DATE '2023-12-31')) AS stop, ghost FROM contacts JOIN patients USING (pid)
      WHERE level = 'inpatient' AND start <= DATE '2023-12-31' AND ("end" IS NULL OR "end" >= DATE '2023-01-01')),
b AS (SELECT pid, start, stop, max(stop) OVER (PARTITION BY pid ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM i),
f AS (SELECT greatest(start, coalesce(before + 1, start)) AS start, stop FROM b),
s AS (SELECT first, count(*) AS stays FROM w JOIN i ON start <= last AND stop >= first WHERE NOT ghost GROUP BY first),
d AS (SELECT first, sum(least(stop, last) - greatest(start, first) + 1) AS days FROM w JOIN f ON start <= last AND stop >= first AND start <= stop GROUP BY first)
SELECT w.first || '..' || last AS w, coalesce(stays, 0) AS stays, coalesce(days, 0) AS days FROM w LEFT JOIN s USING (first) LEFT JOIN d USING (first) ORDER BY w.first
