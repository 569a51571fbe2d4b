// serve.mjs: the same conversation as bench/serve.h, for peers that are reached from JavaScript.
//   ask FILE OUT -> ok NS PEAK_KIB | no TEXT
import fs from 'node:fs';
import readline from 'node:readline';

const forgetPeak = () => { try { fs.writeFileSync('/proc/self/clear_refs', '5'); } catch { /* not this kernel */ } };
const peakKib = () => Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);

// Split a file of statements at `;` at the end of a line.
export const statements = (text) => text.split(/;\s*\n/).map((s) => s.replace(/^\s*--.*$/gm, '').trim()).filter((s) => s !== '');

// answer(text) gives the answer as CSV, or a promise of it. The clock is stopped when the peer has handed over all of it.
export async function serve(answer) {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const [, file, out] = line.split(' ');
        try {
            const text = fs.readFileSync(file, 'utf8');
            forgetPeak();
            const start = process.hrtime.bigint();
            const held = await answer(text);
            const ns = process.hrtime.bigint() - start;
            const peak = peakKib();
            fs.writeFileSync(out, await held.csv());
            process.stdout.write(`ok ${ns} ${peak}\n`);
        } catch (error) {
            process.stdout.write(`no ${String(error.message ?? error).replaceAll('\n', ' ').slice(0, 2000)}\n`);
        }
    }
}

export const cell = (value) => {
    if (value === null || value === undefined) return '';
    const text = String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
