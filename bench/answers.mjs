// answers.mjs: whether two answers are the same: the same rows in the same order, numbers within 1e-9 of each other. Lots shows one
// column more, the persons behind a row.
import fs from 'node:fs';

export function parseCsv(text) {
    const rows = [];
    let row = [], cell = '', quoted = false;
    for (let i = 0; i < text.length; i++) {
        const c = text[i];
        if (quoted) {
            if (c !== '"') cell += c;
            else if (text[i + 1] === '"') { cell += '"'; i++; } else quoted = false;
        } else if (c === '"') quoted = true;
        else if (c === ',' || c === '\n') {
            row.push(cell);
            cell = '';
            if (c === '\n') { rows.push(row); row = []; }
        } else cell += c;
    }
    return rows;
}

const same = (a, b) => {
    if (a === b) return true;
    const x = Number(a), y = Number(b);
    return a !== '' && b !== '' && Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x));
};

// null, or what differs first. Titles of columns are not compared.
export function firstDifference(truthFile, otherFile) {
    const truth = parseCsv(fs.readFileSync(truthFile, 'utf8')), other = parseCsv(fs.readFileSync(otherFile, 'utf8'));
    if (truth.length !== other.length) return `${other.length - 1} rows, Lots has ${truth.length - 1}`;
    for (let i = 1; i < truth.length; i++)
        for (let j = 0; j < other[0].length; j++)
            if (!same(truth[i][j] ?? '', other[i][j])) return `row ${i}, ${truth[0][j]}: ${other[i][j]}, Lots has ${truth[i][j]} (${truth[i].join(',')})`;
    return null;
}
