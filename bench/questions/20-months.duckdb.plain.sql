WITH m AS (SELECT unnest(generate_series(DATE '2021-01-01', DATE '2023-12-01', INTERVAL 1 MONTH))::DATE AS first),
p AS (SELECT pid, first FROM m JOIN patients ON birth <= first - INTERVAL 65 YEAR AND (death IS NULL OR death >= last_day(first))),
c AS (SELECT pid, date_trunc('month', start)::DATE AS first, count(*) FILTER (level = 'emergency' AND status = 'done') AS ed,
          count(*) FILTER (level = 'inpatient') AS stays, sum(cost) AS cost
      FROM contacts WHERE start BETWEEN DATE '2021-01-01' AND DATE '2023-12-31' GROUP BY ALL)
SELECT strftime(first, '%Y-%m') AS m, count(*) AS n, count(*) FILTER (ed > 0) AS ed, coalesce(sum(stays), 0)::BIGINT AS stays, coalesce(sum(cost), 0.00) AS cost
FROM p LEFT JOIN c USING (pid, first) GROUP BY first ORDER BY first
