WITH visits AS (SELECT p, provider, lag(provider) OVER (PARTITION BY p ORDER BY ord) AS before FROM contacts WHERE level = 'primary'
    AND form = 'visit' AND status = 'done' AND start BETWEEN d('2022-01-01') AND d('2023-12-31')),
n AS (SELECT p, provider, count(*) AS n FROM visits GROUP BY p, provider),
c AS (SELECT p, sum(n) AS v, max(n) * 1.0 / sum(n) AS upc, (sum(n * n) - sum(n)) * 1.0 / (sum(n) * (sum(n) - 1)) AS coci,
    (SELECT sum(provider = before) FROM visits WHERE visits.p = n.p) * 1.0 / (sum(n) - 1) AS secon FROM n GROUP BY p HAVING sum(n) >= 3)
SELECT (SELECT clinic FROM listing l WHERE l.p = c.p AND d('2023-12-31') BETWEEN l.start AND l.span_end ORDER BY l.start DESC LIMIT 1) AS clinic,
    avg(upc), avg(coci), avg(secon), count(*) FROM c GROUP BY clinic ORDER BY clinic;
