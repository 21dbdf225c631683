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

/** The compiled wallets of two releases, which read and write key files in slightly other ways. */
export const pythonWallet40 = interpreterOf(`${venv}-wallet40`);
export const pythonWallet41 = interpreterOf(`${venv}-wallet41`);

/** A real Triton server, which needs Debian's Python. */
export const pythonTriton = interpreterOf(`${venv}-triton`);

/** A real sentence-embedding model, with the Python that answers for it. */
export const pythonMinilm = interpreterOf(`${venv}-minilm`);
export const minilmModels = resolve(`${venv}-minilm`, 'models');

/** The schemas of Kubernetes. */
export const pythonKubernetes = interpreterOf(`${venv}-kubernetes`);

function interpreterOf(folder: string): string | undefined {
  const file = resolve(folder, 'bin/python');
  return existsSync(file) ? file : undefined;
}

/** What a suite is called, with the reason when it is skipped. */
export function titled(title: string, interpreter = python): string {
  return interpreter === undefined ? `${title} (skipped: run test/interop/setup.sh first)` : title;
}

/** Where Debian's package libfaketime puts it; undefined when it is not installed. */
export const fakeClock = ['x86_64-linux-gnu', 'aarch64-linux-gnu']
  .map((triple) => `/usr/lib/${triple}/faketime/libfaketime.so.1`)
  .find((file) => existsSync(file));

/** The wall clock of a peer stands still at this second; time that is measured goes on. */
export function frozenAt(unixSeconds: number): Readonly<Record<string, string>> {
  const utc = new Date(unixSeconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return {
    LD_PRELOAD: fakeClock ?? '',
    FAKETIME: utc,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    TZ: 'UTC',
  };
}

/** Runs a script of this folder with JSON on its standard input; its output is JSON again. */
export function runPython(
  script: string,
  input: unknown,
  interpreter = python,
  env: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  return new Promise<string>((fulfil, reject) => {
    const child = execFile(
      interpreter ?? 'python3',
      [resolve(here, script)],
      { maxBuffer: 64 * 1024 * 1024, timeout: 170_000, env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        if (error === null) fulfil(stdout);
        else reject(new Error(`${script} failed: ${stderr.slice(-2000)}`, { cause: error }));
      },
    );
    child.stdin?.end(JSON.stringify(input));
  }).then((text): unknown => JSON.parse(text));
}
