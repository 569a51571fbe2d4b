WITH (SELECT groupUniqArray(id) FROM codes WHERE startsWith(code, 'I50')) AS wanted,
hf AS (SELECT pid, ord, start, stop FROM contacts WHERE hasAny(dx, wanted)),
ed AS (SELECT pid, ord, start, stop FROM contacts WHERE level = 'emergency'),
stay AS (SELECT pid, ord, start, stop FROM contacts WHERE level = 'inpatient'),
care AS (SELECT pid, ord, start FROM contacts WHERE level = 'municipal'),
m AS (SELECT hf.pid AS pid, argMin((hf.start, care.start), (hf.ord, ed.ord, stay.ord, care.ord)) AS first
      FROM hf JOIN ed ON ed.pid = hf.pid AND ed.ord > hf.ord AND ed.start - hf.stop BETWEEN 0 AND 90
          JOIN stay ON stay.pid = ed.pid AND stay.ord > ed.ord AND stay.start - ed.stop BETWEEN 0 AND 30
          JOIN care ON care.pid = stay.pid AND care.ord > stay.ord AND care.start - stay.stop BETWEEN 0 AND 180 GROUP BY hf.pid)
SELECT sex, toYear(first.1) AS year, count() AS n, avg(first.2 - first.1) AS days FROM m JOIN patients USING (pid) GROUP BY sex, year ORDER BY sex, year
