// clickhouse.mjs MODULES FOLDER THREADS [load DIR CLASSES UNTIL]: ClickHouse as a peer (chdb, in this process): load the CSV files
// and say what it took (ok NS PEAK_KIB BYTES VERSION), or serve questions (serve.mjs).
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { serve, statements } from './serve.mjs';

const [modules, folder, threads, mode, dir, classes, until] = process.argv.slice(2);
const { Session } = createRequire(`${modules}/`)('chdb');
const session = new Session(folder, { connectionArgs: [`--max_threads=${threads}`] });

if (mode === 'load') {
    const sql = fs.readFileSync(new URL('clickhouse.load.sql', import.meta.url), 'utf8')
        .replaceAll('{DIR}', dir).replaceAll('{CLASSES}', classes).replaceAll('{UNTIL}', until);
    const start = process.hrtime.bigint();
    session.query('CREATE DATABASE bench');
    session.query('USE bench');
    for (const statement of statements(sql)) session.query(statement);
    const ns = process.hrtime.bigint() - start;
    const peak = Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);
    const bytes = session.query("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'bench'", 'TSV').trim();
    console.log(`ok ${ns} ${peak} ${bytes} ${session.query('SELECT version()', 'TSV').trim()}`);
} else {
    session.query('USE bench');
    session.query("SET format_csv_null_representation = '', prefer_column_name_to_alias = 1");
    await serve((text) => {
        let result = '';
        for (const statement of statements(text)) result = session.query(statement, 'CSVWithNames');
        return { csv: () => result };
    });
}
session.close();
