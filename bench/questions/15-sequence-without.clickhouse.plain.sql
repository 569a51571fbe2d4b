WITH (SELECT groupUniqArray(id) FROM codes WHERE match(code, '^(I50|I110|I130|I132|I420)')) AS wanted,
hf AS (SELECT pid, ord, start, stop FROM contacts WHERE hasAny(dx, wanted)),
ed AS (SELECT pid, ord, start, stop FROM contacts WHERE level = 'emergency'),
stay AS (SELECT pid, ord, start, stop FROM contacts WHERE level = 'inpatient'),
seen AS (SELECT stay.ord FROM contacts p JOIN stay ON p.pid = stay.pid AND p.ord > stay.ord AND p.start - stay.stop BETWEEN 0 AND 14 WHERE p.level = 'primary'),
care AS (SELECT pid, start FROM services WHERE service = 'home_care'),
m AS (SELECT hf.pid AS pid, argMin(care.start - stay.stop, (hf.ord, ed.ord, stay.ord, care.start)) AS days
      FROM hf JOIN ed ON ed.pid = hf.pid AND ed.ord > hf.ord AND ed.start - hf.stop BETWEEN 0 AND 90
          JOIN stay ON stay.pid = ed.pid AND stay.ord > ed.ord AND stay.start - ed.stop BETWEEN 0 AND 30
          JOIN care ON care.pid = stay.pid AND care.start - stay.stop BETWEEN 0 AND 180 WHERE stay.ord NOT IN seen GROUP BY hf.pid)
SELECT sex, count() AS n, avg(m.days) AS days FROM m JOIN patients USING (pid) GROUP BY sex ORDER BY sex
