-- Every chain that fits, and of a person's the first: by the first event, then the second, then the third. Municipal
-- services have no time of day: they come after the contacts of their day.
WITH chain AS (SELECT hf.p, hf.start AS day, stay."end" AS out, care.start AS care, row_number() OVER (PARTITION BY hf.p ORDER BY hf.ord, ed.ord, stay.ord,
        care.start, care.service) AS place
    FROM contacts hf
    JOIN contacts ed ON ed.p = hf.p AND ed.ord > hf.ord AND ed.level = 'emergency' AND ed.start - hf."end" BETWEEN 0 AND 90
    JOIN contacts stay ON stay.p = hf.p AND stay.ord > ed.ord AND stay.level = 'inpatient' AND stay.start - ed."end" BETWEEN 0 AND 30
    JOIN services care ON care.p = hf.p AND care.service = 'home_care' AND care.start - stay."end" BETWEEN 0 AND 180
    WHERE hf.id IN (SELECT id FROM code WHERE code LIKE 'I50%' OR code LIKE 'I110%' OR code LIKE 'I130%' OR code LIKE 'I132%' OR code LIKE 'I420%')
    AND NOT EXISTS (SELECT 1 FROM contacts seen WHERE seen.p = hf.p AND seen.level = 'primary' AND seen.ord > stay.ord
        AND seen.start - stay."end" BETWEEN 0 AND 14))
SELECT (SELECT municipality FROM residence r WHERE r.p = chain.p AND day BETWEEN r.start AND r.span_end ORDER BY r.start DESC LIMIT 1) AS m,
    count(*), quant(care - out, 0.5), count(*) FROM chain WHERE place = 1 GROUP BY m ORDER BY m;
