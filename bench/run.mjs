// run.mjs: the benchmark: load the same CSV files into each system, ask each the same questions in turn, compare every answer, and
// write the table, the CSV file and the chart. METHOD.md says what is measured and how.
//
//   node bench/run.mjs --build build [--scale 20000] [--data DIR] [--repeat 5] [--threads 2] [--only 05,11] [--without duckdb] [--sql plain] [--reload]
//
// --data takes CSV files that are there (with a mapping *.map beside them, or ingest/maps/example.map) instead of `lots synth`.
// --sql plain asks the peers plain good SQL (NN-name.PEER.plain.sql, where the best SQL found isn't plain itself) instead of the best.
// Exit: 0, or 1 when a system failed or gave another answer.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { classesCsv } from './peers/classes.mjs';
import { prepareData } from './data.mjs';
import { load } from './load.mjs';
import { Served } from './served.mjs';
import { firstDifference } from './answers.mjs';
import { writeResults } from './results.mjs';

const root = path.resolve(new URL('..', import.meta.url).pathname);
const options = { build: 'build', scale: '20000', repeat: '5', threads: String(os.availableParallelism()), only: '', without: '', data: '', sql: 'best' };
for (let i = 2; i < process.argv.length; i++) {
    const name = process.argv[i].replace(/^--/, '');
    if (name === 'reload') options.reload = true;
    else if (name in options && i + 1 < process.argv.length) options[name] = process.argv[++i];
    else { console.error(`bench: what is '${process.argv[i]}'?`); process.exit(2); }
}
if (!['best', 'plain'].includes(options.sql)) { console.error(`bench: what is '--sql ${options.sql}'?`); process.exit(2); }
process.chdir(root);

const build = path.resolve(options.build), modules = path.join(build, 'bench/peers');
const installed = (name) => fs.existsSync(path.join(modules, 'node_modules', name));
const wanted = (name) => !options.without.split(',').includes(name);
const systems = [
    { name: 'lots', title: 'Lots', ending: 'lq', there: true },
    { name: 'duckdb', title: 'DuckDB', ending: 'duckdb.sql', peer: true, there: installed('@duckdb/node-api') },
    { name: 'clickhouse', title: 'ClickHouse', ending: 'clickhouse.sql', peer: true, there: installed('chdb') },
    { name: 'hand', title: 'by hand', there: true },
].filter((s) => wanted(s.name));
for (const s of systems.filter((x) => !x.there)) console.log(`bench: ${s.title} is not installed and is left out; \`make bench-peers\` installs it`);
const present = systems.filter((s) => s.there);

// ---- what is asked ----
const names = fs.readdirSync('bench/questions').filter((f) => f.endsWith('.lq')).map((f) => f.slice(0, -3)).sort()
    .filter((n) => options.only === '' || options.only.split(',').some((part) => n.startsWith(part)));
const handLoops = new Set([...fs.readFileSync('bench/by_hand/loops_scan.c', 'utf8').matchAll(/hand_loop loop_\w+ = \{"([^"]+)"/g),
    ...fs.readFileSync('bench/by_hand/loops_sequence.c', 'utf8').matchAll(/hand_loop loop_\w+ = \{"([^"]+)"/g)].map((m) => m[1]));

const data = prepareData({ ...options, build });
const work = path.join(data.folder, 'work');
fs.mkdirSync(work, { recursive: true });
const classes = path.join(data.folder, 'classes.csv');
fs.writeFileSync(classes, classesCsv());

const plainSql = options.sql === 'plain';
const questionFile = (name, system) => {
    const plain = `bench/questions/${name}.${system.name}.plain.sql`;
    return plainSql && fs.existsSync(plain) ? plain : `bench/questions/${name}.${system.ending}`;
};

// The clinic that is asked about is one of these data: questions are copied with its name.
const fileOf = (name, system) => {
    if (system.name === 'hand') return name;
    const target = path.join(work, `${name}.${system.ending}`);
    fs.writeFileSync(target, fs.readFileSync(questionFile(name, system), 'utf8').replaceAll('VC-NORR', data.clinic));
    return target;
};

// ---- loading ----
const loads = {};
for (const system of present.filter((s) => s.name !== 'hand'))
    loads[system.name] = await load(system, { ...options, build, modules, data, classes });

// ---- asking ----
const commandOf = (system, shown) => ({
    lots: [path.join(build, 'bench/lots_bench'), [loads.lots.store, options.threads, ...(shown ? ['shown'] : [])]],
    hand: [path.join(build, 'bench/by_hand/by_hand'), [loads.lots.store, options.threads, 'query/std/classifications/chronic.csv']],
    duckdb: [process.execPath, ['bench/peers/duckdb.mjs', modules, loads.duckdb?.store, options.threads]],
    clickhouse: [process.execPath, ['bench/peers/clickhouse.mjs', modules, loads.clickhouse?.store, options.threads]],
}[system.name]);

const asks = (system, name) => system.name !== 'hand' || handLoops.has(name);
const truthOf = (name) => path.join(work, `${name}.truth.csv`);
const outOf = (name, system) => path.join(work, `${name}.${system.name}.csv`);
const problems = [], rows = [];

async function checkAnswers() {
    const plain = new Served('Lots, nothing hidden', ...commandOf(present[0], true));
    for (const name of names) {
        const truth = truthOf(name);
        const told = await plain.ask(fileOf(name, present[0]), truth);
        if (told.error) problems.push(`${name}: Lots: ${told.error}`);
        const row = { name, lines: told.error ? 0 : fs.readFileSync(truth, 'utf8').split('\n').length - 2, times: {}, peaks: {}, agree: true };
        rows.push(row);
        for (const system of present.slice(1).filter((s) => asks(s, name))) {
            const other = await served[system.name].ask(fileOf(name, system), outOf(name, system));
            const difference = other.error ?? (told.error ? null : firstDifference(truth, outOf(name, system)));
            if (difference) { problems.push(`${name}: ${system.title}: ${difference}`); row.agree = false; }
        }
    }
    plain.end();
}

const WARMING = 6; // what Lots keeps is kept by then, read whole once and asked for four times; the check was one more of the others

// A question at a time, the systems in turn; which of them begins moves on with each round.
async function measure(row) {
    const here = present.filter((s) => asks(s, row.name));
    for (let round = -WARMING; round < Number(options.repeat); round++) {
        for (let i = 0; i < here.length; i++) {
            const system = here[(i + round + WARMING) % here.length];
            const told = await served[system.name].ask(fileOf(row.name, system), outOf(row.name, system));
            const difference = told.error ?? (system.name === 'lots' ? null : firstDifference(truthOf(row.name), outOf(row.name, system)));
            if (difference && row.agree) { problems.push(`${row.name}: ${system.title}, asked again: ${difference}`); row.agree = false; }
            if (told.error || round < 0) continue;
            (row.times[system.name] ??= []).push(told.ns / 1e6);
            row.peaks[system.name] = Math.max(row.peaks[system.name] ?? 0, told.peak / 1024);
        }
    }
}

// What `lots query` takes: the first question of a process, the registry's files in the page cache.
async function measureFresh(row) {
    for (let round = 0; round < 3; round++) {
        const one = new Served('Lots, a fresh process', ...commandOf(present[0], false));
        const told = await one.ask(fileOf(row.name, present[0]), outOf(row.name, present[0]));
        one.end();
        if (told.error) problems.push(`${row.name}: Lots, a fresh process: ${told.error}`);
        else (row.fresh ??= []).push(told.ns / 1e6);
    }
}

// What share of the processors' time the machine's host gave to others since `before`, in per cent.
function processorTimes() {
    const times = fs.readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1, 9).map(Number);
    return { all: times.reduce((sum, time) => sum + time, 0), stolen: times[7] };
}
const stolenSince = (before) => {
    const now = processorTimes();
    return Math.round(100 * (now.stolen - before.stolen) / Math.max(1, now.all - before.all));
};

const served = {};
let handLoad = null;
for (const system of present) {
    served[system.name] = new Served(system.title, ...commandOf(system, false));
    if (system.name === 'hand') handLoad = await served.hand.greeting();
}
await checkAnswers();
const begun = processorTimes();
for (const row of rows) {
    await measure(row);
    if (process.stderr.isTTY) process.stderr.write(`\rbench: ${row.name}${' '.repeat(20)}`);
}
const stolen = stolenSince(begun);
if (process.stderr.isTTY) process.stderr.write(`\r${' '.repeat(60)}\r`);
for (const one of Object.values(served)) one.end();
for (const row of rows) await measureFresh(row);

// ---- telling ----
const cpu = /model name\s*:\s*(.*)/.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? os.cpus()[0]?.model ?? 'unknown';
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD']).stdout?.toString().trim() || 'unknown';
const kernels = process.env.LOTS_SIMD ?? 'as found';
const facts = [
    `${cpu}, ${os.availableParallelism()} processors, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}; threads ${options.threads}, instruction set ${kernels}; commit ${commit}`,
    `data: ${data.description}; ${options.repeat} runs of each question after ${WARMING} of warming up, the systems in turn; the peers' SQL ${plainSql ? 'plain' : 'the best found'}; the host gave others ${stolen}% of the processors' time`,
    ...present.filter((s) => s.peer).map((s) => `${s.title} ${loads[s.name].version}`),
];
writeResults({ folder: path.join(build, 'bench'), label: plainSql ? `${data.label}-plain` : data.label, facts, present, loads, handLoad, rows, csvBytes: data.bytes });
for (const problem of problems) console.log(`DIFFERS ${problem}`);
console.log(problems.length === 0 ? `All systems gave the same answers to ${rows.length} questions.` : `${problems.length} answers differ or are missing.`);
process.exit(problems.length === 0 ? 0 : 1);
