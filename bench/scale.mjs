// scale.mjs: the same questions on populations of growing size, Lots alone: time for each contact, memory, one thread against
// several, the registry's bytes, the time to open it. Registries are made by `lots synth`, once for each size.
//
//   node bench/scale.mjs --build build [--scales 100000,1000000] [--threads 2] [--repeat 3] [--single-up-to 1000000]
//
// Asked are bench/questions and query/examples, with nothing hidden that the registry's rules don't hide. One thread is measured up
// to the size named. LOTS_SIMD in the environment is handed on. Exit: 0, or 1 when a question failed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Served } from './served.mjs';
import { geometric, median, short, table } from './results.mjs';
import { scaleChart } from './scale_chart.mjs';

const root = path.resolve(new URL('..', import.meta.url).pathname);
const options = { build: 'build', scales: '100000,1000000', threads: String(os.availableParallelism()), repeat: '3', 'single-up-to': '1000000' };
for (let i = 2; i < process.argv.length; i += 2) {
    const name = process.argv[i].replace(/^--/, '');
    if (!(name in options) || i + 1 >= process.argv.length) { console.error(`scale: what is '${process.argv[i]}'?`); process.exit(2); }
    options[name] = process.argv[i + 1];
}
process.chdir(root);
const build = path.resolve(options.build), folder = path.join(build, 'bench'), lots = path.join(build, 'lots');
const problems = [];

function run(args) {
    const told = spawnSync(lots, args, { maxBuffer: 1 << 26 });
    if (told.status !== 0) { console.error(`scale: lots ${args.join(' ')}: ${told.stderr}`); process.exit(1); }
    return told.stdout.toString();
}

const bytesUnder = (dir) => fs.readdirSync(dir, { withFileTypes: true })
    .reduce((sum, e) => sum + (e.isDirectory() ? bytesUnder(path.join(dir, e.name)) : fs.statSync(path.join(dir, e.name)).size), 0);

// ---- registries ----
function registryOf(people) {
    const store = path.join(folder, `scale-${people}.lots`);
    if (!fs.existsSync(store)) {
        console.log(`scale: making ${people} people`);
        run(['synth', store, '--patients', String(people)]);
    }
    const events = {};
    for (const [, stream, count] of run(['info', store]).matchAll(/^([a-z_]+) +(\d+) +\d+ +(?:point|closed|open|-) /gm)) events[stream] = Number(count);
    const opened = Array.from({ length: 5 }, () => {
        const start = process.hrtime.bigint();
        run(['query', store, 'from table units show n = count()']);
        return Number(process.hrtime.bigint() - start) / 1e6;
    });
    const clinics = run(['query', store, '--format', 'csv', 'from patients group by clinic = listing.clinic at registry.until show n = count() sort n desc limit 2']);
    const clinic = clinics.split('\n').slice(1).map((line) => line.split(',')[0]).find((name) => name !== '');
    const all = Object.entries(events).reduce((sum, [stream, n]) => sum + (stream === 'patients' ? 0 : n), 0);
    return { people, store, clinic, contacts: events.contacts, events: all, bytes: bytesUnder(store), open: median(opened) };
}

// ---- questions ----
const questions = ['bench/questions', 'query/examples'].flatMap((dir) => fs.readdirSync(dir).filter((f) => /^\d\d-.*\.lq$/.test(f)).sort()
    .map((f) => ({ file: path.join(dir, f), name: (dir === 'query/examples' ? 'example ' : '') + f.slice(0, -3) })));

const WARMING = 6; // what is kept is kept by then: it is read whole once, then asked for four times

async function ask(registry, threads, take) {
    const work = path.join(folder, 'scale-work');
    fs.mkdirSync(work, { recursive: true });
    const served = new Served('Lots', path.join(folder, 'lots_bench'), [registry.store, String(threads)]);
    for (const question of questions) {
        const file = path.join(work, path.basename(question.file));
        fs.writeFileSync(file, fs.readFileSync(question.file, 'utf8').replaceAll('VC-NORR', registry.clinic));
        const times = [];
        let peak = 0;
        for (let round = -WARMING; round < Number(options.repeat); round++) {
            const told = await served.ask(file, path.join(work, 'answer.csv'));
            if (told.error) { problems.push(`${question.name}, ${registry.people} people: ${told.error}`); break; }
            peak = Math.max(peak, told.peak / 1024);
            if (round >= 0) times.push(told.ns / 1e6);
        }
        if (times.length > 0) take(question, { ms: median(times), low: Math.min(...times), high: Math.max(...times), peak });
    }
    served.end();
}

const registries = options.scales.split(',').map((n) => registryOf(Number(n)));
const threads = Number(options.threads), measured = new Map(questions.map((q) => [q.name, { many: {}, one: {} }]));
for (const registry of registries) {
    await ask(registry, threads, (q, told) => { measured.get(q.name).many[registry.people] = told; });
    if (threads > 1 && registry.people <= Number(options['single-up-to']))
        await ask(registry, 1, (q, told) => { measured.get(q.name).one[registry.people] = told; });
}

// ---- telling ----
const perContact = (told, registry) => told.ms * 1e6 / registry.contacts;
const first = registries[0], last = registries.at(-1), size = (n) => n.toLocaleString('en');
const gain = (row, registry) => (row.one[registry.people] && row.many[registry.people] ? row.one[registry.people].ms / row.many[registry.people].ms : null);
const single = registries.filter((r) => r.people <= Number(options['single-up-to']) && threads > 1);
const head = ['question', ...registries.flatMap((r) => [`${size(r.people)}: ms`, 'ns/contact', 'MB']), ...(registries.length > 1 ? ['growth'] : []), ...single.map((r) => `1:${threads} threads at ${size(r.people)}`)];
const rows = questions.map((q) => [q, measured.get(q.name)]).filter(([, row]) => Object.keys(row.many).length > 0);
const lines = rows.map(([q, row]) => [q.name,
    ...registries.flatMap((r) => { const t = row.many[r.people]; return t ? [short(t.ms), perContact(t, r).toFixed(2), t.peak.toFixed(0)] : ['', '', '']; }),
    ...(registries.length > 1 ? [row.many[first.people] && row.many[last.people] ? (perContact(row.many[last.people], last) / perContact(row.many[first.people], first)).toFixed(2) : ''] : []),
    ...single.map((r) => gain(row, r)?.toFixed(2) ?? '')]);
const cpu = /model name\s*:\s*(.*)/.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
const facts = [`${cpu}, ${os.availableParallelism()} processors, ${Math.round(os.totalmem() / 2 ** 30)} GiB; ${threads} threads, instruction set ${process.env.LOTS_SIMD ?? 'as found'}; ` +
    `medians of ${options.repeat} runs after ${WARMING} of warming up; MB: the most the process held, mapped files counted`];
const means = registries.map((r) => ({ r, of: rows.map(([, row]) => row.many[r.people]).filter(Boolean) })).filter(({ of }) => of.length > 0);
const text = [...facts, '',
    table(['registry', 'contacts', 'events', 'stored MB', 'bytes/event', 'open and ask a table, ms'], registries.map((r) => [`${size(r.people)} people`, size(r.contacts), size(r.events),
        (r.bytes / 1e6).toFixed(1), (r.bytes / r.events).toFixed(2), r.open.toFixed(1)])), '',
    table(head, lines), '',
    ...means.map(({ r, of }) => `${size(r.people)} people: geometric mean ${geometric(of.map((t) => perContact(t, r))).toFixed(2)} ns for each contact, slowest ${short(Math.max(...of.map((t) => t.ms)))}, ` +
        `most memory ${Math.max(...of.map((t) => t.peak)).toFixed(0)} MB`),
    ...single.map((r) => `${size(r.people)} people: ${threads} threads are ${geometric(rows.map(([, row]) => gain(row, r)).filter(Boolean)).toFixed(2)} times as fast as one (geometric mean), least ${Math.min(...rows.map(([, row]) => gain(row, r)).filter(Boolean)).toFixed(2)}`),
    ''].join('\n');
const csv = ['question,people,threads,median_ms,low_ms,high_ms,ns_per_contact,peak_mb',
    ...rows.flatMap(([q, row]) => registries.flatMap((r) => [[row.many, threads], [row.one, 1]].filter(([from]) => from[r.people]).map(([from, n]) => {
        const t = from[r.people];
        return [q.name, r.people, n, t.ms.toFixed(4), t.low.toFixed(4), t.high.toFixed(4), perContact(t, r).toFixed(4), t.peak.toFixed(1)].join(',');
    }))), ''].join('\n');
fs.writeFileSync(path.join(folder, 'scale.txt'), text);
fs.writeFileSync(path.join(folder, 'scale.csv'), csv);
fs.writeFileSync(path.join(folder, 'scale.svg'), scaleChart(rows.map(([q, row]) => ({
    name: q.name, points: registries.filter((r) => row.many[r.people]).map((r) => ({ people: r.people, ns: perContact(row.many[r.people], r) })),
})), facts));
console.log(text);
console.log(`Written: ${path.relative('.', folder)}/scale.txt .csv .svg`);
for (const problem of problems) console.log(`FAILED ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
