// duckdb.mjs MODULES FILE.duckdb THREADS [load DIR CLASSES UNTIL]: DuckDB as a peer (@duckdb/node-api): load the CSV files and say
// what it took (ok NS PEAK_KIB BYTES VERSION), or serve questions (serve.mjs).
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { cell, serve, statements } from './serve.mjs';

const [modules, file, threads, mode, dir, classes, until] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(`${modules}/`)('@duckdb/node-api');

const instance = await DuckDBInstance.create(file, mode === 'load' ? { threads } : { threads, access_mode: 'READ_ONLY' });
const connection = await instance.connect();

if (mode === 'load') {
    const sql = fs.readFileSync(new URL('duckdb.load.sql', import.meta.url), 'utf8')
        .replaceAll('{DIR}', dir).replaceAll('{CLASSES}', classes).replaceAll('{UNTIL}', until);
    const start = process.hrtime.bigint();
    for (const statement of statements(sql)) await connection.run(statement);
    const ns = process.hrtime.bigint() - start;
    const [version] = await (await connection.runAndReadAll('SELECT version()')).getRows();
    const [size] = await (await connection.runAndReadAll('SELECT used_blocks * block_size FROM pragma_database_size()')).getRows();
    connection.closeSync();
    instance.closeSync();
    const peak = Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);
    console.log(`ok ${ns} ${peak} ${size[0]} ${version[0]}`);
} else {
    await serve(async (text) => {
        const parts = statements(text);
        let reader;
        for (const part of parts) reader = await connection.runAndReadAll(part);
        return {
            csv: () => [reader.columnNames(), ...reader.getRows()].map((row) => row.map(cell).join(',')).join('\n') + '\n',
        };
    });
}
