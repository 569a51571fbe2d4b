-- The fourth visit is reached where the third before it lies within the last 365 days: those of the same day count together.
WITH ed AS (SELECT * FROM contacts WHERE level = 'emergency' AND status = 'done'),
reached AS (SELECT p, sex, min(start) AS day FROM ed JOIN patients USING (p)
    WHERE (SELECT count(*) FROM ed x WHERE x.p = ed.p AND x.start BETWEEN ed.start - 364 AND ed.start) >= 4 GROUP BY p)
SELECT year(day), sex, count(*), count(*) FROM reached GROUP BY 1, sex ORDER BY 1, sex;
