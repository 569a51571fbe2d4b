WITH p AS (SELECT pid, birth, death FROM patients WHERE birth <= DATE '1958-12-01' AND (death IS NULL OR death >= DATE '2021-01-31')),
m AS (SELECT unnest(generate_series(DATE '2021-01-01', DATE '2023-12-01', INTERVAL 1 MONTH))::DATE AS first),
a AS (SELECT first, count(*) AS n FROM m JOIN p ON birth <= first - INTERVAL 65 YEAR AND (death IS NULL OR death >= last_day(first)) GROUP BY first),
c AS (SELECT pid, date_trunc('month', start) AS first, count(*) FILTER (level = 'emergency' AND status = 'done') AS ed,
          count(*) FILTER (level = 'inpatient') AS stays, sum(cost) AS cost
      FROM contacts WHERE start BETWEEN DATE '2021-01-01' AND DATE '2023-12-31' AND pid IN (SELECT pid FROM p) GROUP BY ALL),
e AS (SELECT first, count(*) FILTER (ed > 0) AS ed, sum(stays)::BIGINT AS stays, sum(cost) AS cost FROM c JOIN p USING (pid)
      WHERE birth <= first - INTERVAL 65 YEAR AND (death IS NULL OR death >= last_day(first)) GROUP BY first)
SELECT strftime(first, '%Y-%m') AS m, n, coalesce(ed, 0) AS ed, coalesce(stays, 0) AS stays, coalesce(cost, 0.00) AS cost FROM a LEFT JOIN e USING (first) ORDER BY first
