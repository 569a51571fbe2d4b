// classes.mjs: the groups of a shipped classification (query/std/classifications/NAME.csv) as rows class,bit,prefix: what the
// peers' loads read. Groups are numbered in the order of the file, from 0.
import fs from 'node:fs';

export function classRows(name) {
    const bits = new Map(), rows = [];
    for (const line of fs.readFileSync(new URL(`../../query/std/classifications/${name}.csv`, import.meta.url), 'utf8').split('\n')) {
        const [kind, group, system, match, codes] = line.split(',');
        if (kind === 'group') bits.set(group, bits.size);
        if (kind === 'codes' && system === 'icd10' && match === 'prefix')
            for (const code of codes.split(' ')) rows.push(`${name},${bits.get(group)},${code.replaceAll('.', '')}`);
    }
    return { rows, groups: [...bits.keys()] };
}

export const classesCsv = () => ['class,bit,prefix', ...['chronic', 'charlson_se'].flatMap((name) => classRows(name).rows)].join('\n') + '\n';
