import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';

const here = fileURLToPath(new URL('.', import.meta.url));
const venv = process.env['SUBNET_INTEROP_VENV'] ?? resolve(here, '../../.venv/interop');

/** The interpreter of the interop environment, or undefined when `setup.sh` was not run. */
export const python = interpreterOf(venv);

/** Peers that cannot share an environment: the last SDK with axons, and its forerunner's client. */
export const pythonSdk10 = interpreterOf(`${venv}-sdk10`);
export const pythonSubstrate = interpreterOf(`${venv}-substrate`);

/** The library that makes timelocked commits, for stateful epochs, and for those by block number. */
export const pythonDrand = interpreterOf(`${venv}-drand`);
export const pythonDrand1 = interpreterOf(`${venv}-drand1`);

function interpreterOf(folder: string): string | undefined {
  const file = resolve(folder, 'bin/python');
  return existsSync(file) ? file : undefined;
}

/** What a suite is called, with the reason when it is skipped. */
export function titled(title: string, interpreter = python): string {
  return interpreter === undefined ? `${title} (skipped: run test/interop/setup.sh first)` : title;
}

/** Runs a script of this folder with JSON on its standard input; its output is JSON again. */
export function runPython(script: string, input: unknown, interpreter = python): Promise<unknown> {
  return new Promise((fulfil, reject) => {
    const child = execFile(
      interpreter ?? 'python3',
      [resolve(here, script)],
      { maxBuffer: 64 * 1024 * 1024, timeout: 170_000 },
      (error, stdout, stderr) => {
        if (error === null) fulfil(JSON.parse(stdout));
        else reject(new Error(`${script} failed: ${stderr.slice(-2000)}`, { cause: error }));
      },
    );
    child.stdin?.end(JSON.stringify(input));
  });
}
