// Planted: each line reaches for something that a core file must not see. The core compile has
// to refuse every one of them (test/repo/core-compile.test.ts).
import { readFileSync } from 'node:fs';

export const a = process.pid;
export const b = Buffer.from('x');
export const c = fetch('http://127.0.0.2/');
export const d = setTimeout(() => undefined, 1);
export const e = console;
export const f = readFileSync;
