// served.mjs: a program that answers questions line by line (bench/serve.h), as the runner sees it.
import { spawn } from 'node:child_process';
import readline from 'node:readline';

export class Served {
    constructor(title, command, args) {
        this.title = title;
        this.waiting = [];
        this.lines = [];
        this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
        readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.take(line));
        this.child.on('close', (code) => this.take(`no ${title} ended (${code})`, true));
        this.child.stdin.on('error', () => { /* told by close */ });
    }
    take(line, ended) {
        if (ended) this.ended = line;
        const next = this.waiting.shift();
        if (next) next(line);
        else if (!ended) this.lines.push(line);
    }
    line() {
        if (this.lines.length > 0) return Promise.resolve(this.lines.shift());
        if (this.ended) return Promise.resolve(this.ended);
        return new Promise((resolve) => this.waiting.push(resolve));
    }
    async greeting() { return this.parse(await this.line()); }
    async ask(file, out) {
        if (!this.ended) this.child.stdin.write(`ask ${file} ${out}\n`);
        return this.parse(await this.line());
    }
    parse(line) {
        const [word, ns, peak] = line.split(' ');
        return word === 'ok' ? { ns: Number(ns), peak: Number(peak) } : { error: line.slice(3) };
    }
    end() { this.child.stdin.end(); }
}
