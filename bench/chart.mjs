// chart.mjs: each question a line, each system a point on a scale of powers of ten, with a bar from the fastest run to the slowest.
const colours = { lots: '#0b6e4f', duckdb: '#d98e04', clickhouse: '#b3261e', hand: '#5b6470' };
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const ROW = 22, LEFT = 190, WIDTH = 620, TOP = 64;

function axis(all) {
    const times = all.flatMap((row) => Object.values(row.stats).flatMap((t) => [t.low, t.high]));
    const low = Math.floor(Math.log10(Math.min(...times))), high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...times))));
    return { low, high, x: (ms) => LEFT + (Math.log10(ms) - low) / (high - low) * WIDTH };
}

const label = (power) => (power >= 3 ? `${10 ** (power - 3)} s` : `${10 ** power} ms`);

export function chart(all, present, facts) {
    const measured = all.filter((row) => Object.keys(row.stats).length > 0);
    if (measured.length === 0) return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>\n';
    const { low, high, x } = axis(measured), bottom = TOP + measured.length * ROW, out = [];
    const notes = facts.slice(0, 2).flatMap((fact) => fact.split('; '));
    out.push(`<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 30}" height="${bottom + 20 + notes.length * 16}" font-family="sans-serif" font-size="12">`);
    out.push(`<rect width="100%" height="100%" fill="#fff"/><title>Time of each question</title>`);
    present.forEach((s, i) => out.push(`<circle cx="${LEFT + i * 110}" cy="20" r="5" fill="${colours[s.name]}"/><text x="${LEFT + i * 110 + 10}" y="24">${escape(s.title)}</text>`));
    for (let p = low; p <= high; p++)
        out.push(`<line x1="${x(10 ** p)}" x2="${x(10 ** p)}" y1="${TOP - 14}" y2="${bottom}" stroke="#ddd"/><text x="${x(10 ** p)}" y="${TOP - 20}" text-anchor="middle" fill="#555">${label(p)}</text>`);
    measured.forEach((row, i) => {
        const y = TOP + i * ROW + ROW / 2;
        out.push(`<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${escape(row.name)}</text><line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y}" y2="${y}" stroke="#f2f2f2"/>`);
        for (const s of [...present].reverse().filter((z) => row.stats[z.name])) {
            const t = row.stats[s.name];
            out.push(`<line x1="${x(t.low).toFixed(1)}" x2="${x(t.high).toFixed(1)}" y1="${y}" y2="${y}" stroke="${colours[s.name]}" stroke-width="3" opacity="0.4"/><circle cx="${x(t.median).toFixed(1)}" cy="${y}" r="5" fill="${colours[s.name]}"><title>${escape(s.title)} ${t.median.toFixed(2)} ms</title></circle>`);
        }
    });
    notes.forEach((fact, i) => out.push(`<text x="10" y="${bottom + 24 + i * 16}" font-size="10" fill="#555">${escape(fact)}</text>`));
    return `${out.join('\n')}\n</svg>\n`;
}
