// results.mjs: what was measured, as a table for reading, a CSV file with every number, and a chart.
import fs from 'node:fs';
import path from 'node:path';
import { chart } from './chart.mjs';

export const median = (values) => {
    const v = [...values].sort((a, b) => a - b), m = v.length >> 1;
    return v.length % 2 === 1 ? v[m] : (v[m - 1] + v[m]) / 2;
};
export const geometric = (values) => Math.exp(values.reduce((s, v) => s + Math.log(v), 0) / values.length);
export const short = (ms) => (ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2));

function summarise(rows, present) {
    const peers = present.filter((s) => s.peer).map((s) => s.name);
    return rows.map((row) => {
        const stats = {};
        for (const [name, times] of Object.entries(row.times))
            stats[name] = { median: median(times), low: Math.min(...times), high: Math.max(...times), peak: row.peaks[name] };
        const asked = peers.filter((p) => stats[p]);
        const ratio = (a, b) => (asked.length > 0 && a && b ? a / b : null);
        const least = (measure) => Math.min(...asked.map((p) => stats[p][measure]));
        return {
            ...row, stats,
            gain: ratio(least('median'), stats.lots?.median),
            gainOfFastest: ratio(least('low'), stats.lots?.low),
            overHand: stats.hand && stats.lots ? stats.lots.median / stats.hand.median : null,
            overHandOfFastest: stats.hand && stats.lots ? stats.lots.low / stats.hand.low : null,
        };
    });
}

const pad = (text, width, left) => (left ? String(text).padEnd(width) : String(text).padStart(width));

export function table(head, lines) {
    const widths = head.map((h, i) => Math.max([...h].length, ...lines.map((l) => [...l[i]].length)));
    const format = (line) => line.map((cell, i) => pad(cell, widths[i], i === 0)).join('  ').trimEnd();
    return [format(head), format(widths.map((w) => '-'.repeat(w))), ...lines.map(format)].join('\n');
}

function questionTable(all, present) {
    const head = ['question', 'rows', ...present.flatMap((s) => [`${s.title} ms`, '±', 'MB']), 'fastest peer / Lots', 'Lots / by hand', 'same'];
    return table(head, all.map((row) => [row.name, String(row.lines),
        ...present.flatMap((s) => {
            const t = row.stats[s.name];
            return t ? [short(t.median), `${Math.round((t.high - t.low) / 2 / t.median * 100)}%`, Math.round(t.peak).toString()] : ['', '', ''];
        }),
        row.gain ? row.gain.toFixed(2) : '', row.overHand ? row.overHand.toFixed(2) : '', row.agree ? 'yes' : 'NO']));
}

const numbers = (all, what) => all.map((row) => row[what]).filter((number) => number);

function spread(of) {
    const sorted = [...of].sort((a, b) => a - b);
    return `geometric mean ${geometric(of).toFixed(2)}, without the best question ${of.length > 1 ? geometric(sorted.slice(0, -1)).toFixed(2) : '-'}; ` +
        `least ${sorted[0].toFixed(2)}, median ${median(of).toFixed(2)}, most ${sorted.at(-1).toFixed(2)}`;
}

function gains(all) {
    const of = numbers(all, 'gain'), hand = numbers(all, 'overHand'), handOfFastest = numbers(all, 'overHandOfFastest');
    if (of.length === 0) return [];
    const lost = all.filter((row) => row.gain && row.gain < 1);
    const handWords = (values) => `geometric mean ${geometric(values).toFixed(2)}, most ${Math.max(...values).toFixed(2)}`;
    return [
        `fastest peer / Lots: ${spread(of)}`,
        `  the same of each system's fastest run: ${spread(numbers(all, 'gainOfFastest'))}`,
        ...(hand.length > 0 ? [`Lots / by hand: ${handWords(hand)}; of the fastest runs: ${handWords(handOfFastest)}`] : []),
        lost.length > 0 ? `Lots is slower than a peer in: ${lost.map((row) => `${row.name} (${row.gain.toFixed(2)})`).join(', ')}` : 'Lots is the fastest in every question.',
    ];
}

function freshLine(all) {
    const slower = all.filter((row) => row.fresh && row.stats.lots).map((row) => median(row.fresh) / row.stats.lots.median);
    if (slower.length === 0) return [];
    const times = all.filter((row) => row.fresh).map((row) => median(row.fresh));
    return [`Lots in a fresh process, its files in the page cache: geometric mean ${short(geometric(times))} ms, most ${short(Math.max(...times))}; ` +
        `${geometric(slower).toFixed(2)} times the time of a warm one, most ${Math.max(...slower).toFixed(2)}`];
}

function loadTable(present, loads, handLoad, csvBytes) {
    const lines = present.filter((s) => loads[s.name]).map((s) => {
        const l = loads[s.name];
        return [s.title, l.seconds.toFixed(2), (csvBytes / 1e6 / l.seconds).toFixed(0), l.peak.toFixed(0), (l.bytes / 1e6).toFixed(1), (l.bytes / csvBytes).toFixed(4)];
    });
    if (handLoad && !handLoad.error) lines.push(['by hand (arrays from the registry)', (handLoad.ns / 1e9).toFixed(2), '', (handLoad.peak / 1024).toFixed(0), '', '']);
    return table(['load', 'seconds', 'MB/s of CSV', 'peak MB', 'stored MB', 'of the CSV'], lines);
}

function csv(all, present, loads) {
    const lines = ['question,system,median_ms,low_ms,high_ms,peak_mb,runs,same_answer,rows'];
    for (const row of all)
        for (const s of present.filter((x) => row.stats[x.name])) {
            const t = row.stats[s.name];
            lines.push([row.name, s.name, t.median.toFixed(4), t.low.toFixed(4), t.high.toFixed(4), t.peak.toFixed(1), row.times[s.name].length, row.agree, row.lines].join(','));
        }
    for (const row of all.filter((r) => r.fresh))
        lines.push([row.name, 'lots_fresh', median(row.fresh).toFixed(4), Math.min(...row.fresh).toFixed(4), Math.max(...row.fresh).toFixed(4), '', row.fresh.length, '', row.lines].join(','));
    for (const s of present.filter((x) => loads[x.name])) {
        const l = loads[s.name];
        lines.push(['load', s.name, (l.seconds * 1000).toFixed(1), '', '', l.peak.toFixed(1), 1, '', ''].join(','));
        lines.push(['stored_bytes', s.name, l.bytes, '', '', '', '', '', ''].join(','));
    }
    return lines.join('\n') + '\n';
}

export function writeResults({ folder, label, facts, present, loads, handLoad, rows, csvBytes }) {
    const all = summarise(rows, present);
    const text = [...facts, '', questionTable(all, present), '', ...gains(all), ...freshLine(all), '', loadTable(present, loads, handLoad, csvBytes), ''].join('\n');
    fs.writeFileSync(path.join(folder, `results-${label}.txt`), text);
    fs.writeFileSync(path.join(folder, `results-${label}.csv`), csv(all, present, loads));
    fs.writeFileSync(path.join(folder, `results-${label}.svg`), chart(all, present, facts));
    console.log(text);
    console.log(`Written: ${path.relative('.', folder)}/results-${label}.txt .csv .svg`);
}
