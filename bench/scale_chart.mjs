// scale_chart.mjs: nanoseconds for each contact over the size of the population, a line for each question; level lines are time in
// proportion to events.
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const LEFT = 70, WIDTH = 560, TOP = 40, HEIGHT = 420;

export function scaleChart(questions, facts) {
    const points = questions.flatMap((q) => q.points);
    if (points.length === 0) return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>\n';
    const log = Math.log10, people = points.map((p) => log(p.people)), ns = points.map((p) => log(p.ns));
    const left = Math.min(...people) - 0.1, right = Math.max(...people) + 0.1, low = Math.floor(Math.min(...ns)), high = Math.ceil(Math.max(...ns));
    const x = (n) => LEFT + (log(n) - left) / (right - left) * WIDTH, y = (v) => TOP + (high - log(v)) / (high - low) * HEIGHT;
    const out = [`<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 170}" height="${TOP + HEIGHT + 60}" font-family="sans-serif" font-size="12">`,
        '<rect width="100%" height="100%" fill="#fff"/><title>Time for each contact</title>',
        `<text x="${LEFT}" y="20">Nanoseconds for each contact in the registry, by people</text>`];
    for (let p = low; p <= high; p++)
        out.push(`<line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y(10 ** p)}" y2="${y(10 ** p)}" stroke="#ddd"/><text x="${LEFT - 8}" y="${y(10 ** p) + 4}" text-anchor="end" fill="#555">${10 ** p} ns</text>`);
    for (const n of [...new Set(points.map((p) => p.people))])
        out.push(`<line x1="${x(n)}" x2="${x(n)}" y1="${TOP}" y2="${TOP + HEIGHT}" stroke="#eee"/><text x="${x(n)}" y="${TOP + HEIGHT + 18}" text-anchor="middle" fill="#555">${n.toLocaleString('en')}</text>`);
    questions.forEach((q, i) => {
        const colour = `hsl(${Math.round(i * 360 / questions.length)} 60% 38%)`, at = q.points.map((p) => `${x(p.people).toFixed(1)},${y(p.ns).toFixed(1)}`);
        out.push(`<polyline points="${at.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5" opacity="0.7"/>`);
        for (const p of q.points)
            out.push(`<circle cx="${x(p.people).toFixed(1)}" cy="${y(p.ns).toFixed(1)}" r="3" fill="${colour}"><title>${escape(q.name)}: ${p.ns.toFixed(2)} ns</title></circle>`);
    });
    const ends = questions.filter((q) => q.points.length > 0).map((q) => ({ name: q.name, y: y(q.points.at(-1).ns), x: x(q.points.at(-1).people) })).sort((a, b) => a.y - b.y);
    let below = -Infinity;
    for (const end of ends) { // names at the right, none upon another
        const at = Math.max(end.y + 3, below + 9);
        below = at;
        out.push(`<text x="${end.x + 8}" y="${at.toFixed(1)}" font-size="8" fill="#555">${escape(end.name)}</text>`);
    }
    facts.forEach((fact, i) => out.push(`<text x="10" y="${TOP + HEIGHT + 42 + i * 14}" font-size="10" fill="#555">${escape(fact)}</text>`));
    return `${out.join('\n')}\n</svg>\n`;
}
