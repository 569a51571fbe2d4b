// load.mjs: loading the CSV files into a system, with what it took: seconds, most memory, bytes stored. Kept beside the store, so
// that a store that is there is not loaded again.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

// Files that are read once before lie in the page cache for every system.
function warm(files) {
    const buffer = Buffer.alloc(1 << 22);
    for (const file of files) {
        const handle = fs.openSync(file);
        while (fs.readSync(handle, buffer) > 0) { /* into the cache */ }
        fs.closeSync(handle);
    }
}

const bytesUnder = (folder) => fs.readdirSync(folder, { withFileTypes: true })
    .reduce((sum, e) => sum + (e.isDirectory() ? bytesUnder(path.join(folder, e.name)) : fs.statSync(path.join(folder, e.name)).size), 0);

// The most memory the program held: asked for again and again while it runs.
function loadLots({ build, data }, store) {
    return new Promise((resolve) => {
        const start = process.hrtime.bigint();
        const child = spawn(path.join(build, 'lots'), ['ingest', store, '--map', data.map, data.csv], { stdio: ['ignore', 'ignore', 'pipe'] });
        let peak = 0, said = '';
        const watch = setInterval(() => {
            try { peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0)); } catch { /* ended */ }
        }, 10);
        child.stderr.on('data', (text) => { said += text; });
        child.on('close', (code) => {
            clearInterval(watch);
            if (code !== 0) process.stderr.write(said);
            resolve(code === 0 ? `ok ${process.hrtime.bigint() - start} ${peak} ${bytesUnder(store)}` : 'no');
        });
    });
}

function loadPeer(system, { modules, threads, data, classes }, store) {
    const run = spawnSync(process.execPath, [`bench/peers/${system.name}.mjs`, modules, store, threads, 'load', data.csv, classes, data.until],
        { stdio: ['ignore', 'pipe', 'inherit'] });
    return run.stdout.toString().trim();
}

export async function load(system, options) {
    const store = path.join(options.data.folder, { lots: 'reg.lots', duckdb: 'reg.duckdb', clickhouse: 'reg.clickhouse' }[system.name]);
    const kept = `${store}.load.json`;
    if (!options.reload && fs.existsSync(kept)) return JSON.parse(fs.readFileSync(kept, 'utf8'));
    for (const old of [store, `${store}.wal`, kept]) fs.rmSync(old, { recursive: true, force: true });
    warm(options.data.files);
    console.log(`bench: loading into ${system.title}`);
    const line = system.name === 'lots' ? await loadLots(options, store) : loadPeer(system, options, store);
    const [word, ns, peak, bytes, version = ''] = line.split(' ');
    if (word !== 'ok') { console.error(`bench: ${system.title} could not load the data`); process.exit(1); }
    const told = { store, seconds: Number(ns) / 1e9, peak: Number(peak) / 1024, bytes: Number(bytes), version };
    fs.writeFileSync(kept, JSON.stringify(told));
    return told;
}
