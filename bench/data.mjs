// data.mjs: the CSV files that every system loads: those of `lots synth`, made once for each size, or a folder that is given.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';

const files = ['patients', 'contacts', 'drugs', 'services', 'waits', 'wait_status', 'residence', 'listing', 'labs'];

// The clinic with most people listed at the end: whom it should call is asked.
function largestClinic(csv) {
    const counts = new Map();
    let end = -1, clinic = -1;
    eachLine(path.join(csv, 'listing.csv'), (line) => {
        const cells = line.trimEnd().split(',');
        if (clinic < 0) [end, clinic] = [cells.indexOf('end'), cells.indexOf('clinic')];
        else if (cells.length > clinic && cells[end] === '') counts.set(cells[clinic], (counts.get(cells[clinic]) ?? 0) + 1);
    });
    return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0][0];
}

// Line by line: the file of ten million people is longer than a text may be.
function eachLine(file, take) {
    const handle = fs.openSync(file), buffer = Buffer.alloc(1 << 20), decoder = new StringDecoder('utf8');
    let rest = '';
    for (let got; (got = fs.readSync(handle, buffer)) > 0;) {
        const lines = (rest + decoder.write(buffer.subarray(0, got))).split('\n');
        rest = lines.pop();
        lines.forEach(take);
    }
    if (rest !== '') take(rest);
    fs.closeSync(handle);
}

function makeCsv(build, scale, csv) {
    const done = path.join(csv, '.complete');
    if (fs.existsSync(done)) return true;
    fs.rmSync(csv, { recursive: true, force: true });
    fs.mkdirSync(path.dirname(csv), { recursive: true });
    const made = spawnSync(path.join(build, 'lots'), ['synth', '--patients', scale, '--csv', csv], { stdio: ['ignore', 'inherit', 'inherit'] });
    if (made.status !== 0) return false;
    fs.writeFileSync(done, '');
    return true;
}

export function prepareData({ build, scale, data }) {
    const label = data === '' ? scale : path.basename(path.resolve(data));
    const folder = path.join(build, 'bench', `data-${label}`);
    let csv = data === '' ? path.join(folder, 'csv') : path.resolve(data), description = `lots synth --patients ${scale}`;
    if (data === '' && !makeCsv(build, scale, csv)) {
        console.log('bench: lots synth failed; the example of 1,000 people is used instead, which measures little but overhead');
        csv = path.resolve('ingest/example');
        description = 'ingest/example, 1,000 people';
    } else if (data !== '') description = `the CSV files of ${path.basename(csv)}`;
    fs.mkdirSync(folder, { recursive: true });
    const bytes = files.reduce((sum, f) => sum + fs.statSync(path.join(csv, `${f}.csv`)).size, 0);
    const own = fs.readdirSync(csv).find((f) => f.endsWith('.map'));
    return {
        label, folder, csv, bytes, files: files.map((f) => path.join(csv, `${f}.csv`)), clinic: largestClinic(csv), until: '2023-12-31',
        map: own ? path.join(csv, own) : path.resolve('ingest/maps/example.map'),
        description: `${description}, ${(bytes / 1e9).toFixed(2)} GB of CSV`,
    };
}
