import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isSubnetError, messageOf, SubnetError } from '../common/errors.ts';
import { packagePath } from '../common/node/package-root.ts';
import { createExecutor } from '../chain/executor.ts';
import { readCases, replayCases, type CaseResult } from '../chain/yuma/yuma-replay.ts';

const usage = 'usage: npm run yuma -- FILE [--runtime WASM]';

/** Replays every case of a file through the built runtime; true if all agreed. */
async function replayFile(file: string, runtime: string): Promise<boolean> {
  const cases = readCases(await textOf(file), file);
  const wasm = await readRuntime(runtime);
  const executor = createExecutor();
  try {
    const failed = await report(replayCases(executor, wasm, cases));
    console.log(`${cases.length - failed} passed, ${failed} failed`);
    return failed === 0;
  } finally {
    await executor.close();
  }
}

/** A line per case; the number of those that failed. */
async function report(results: AsyncIterable<CaseResult>): Promise<number> {
  let failed = 0;
  for await (const { id, problem } of results) {
    if (problem !== undefined) failed += 1;
    console.log(problem === undefined ? `ok ${id}` : `FAIL ${id}: ${problem}`);
  }
  return failed;
}

async function readRuntime(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SubnetError('CHAIN_RUNTIME_INVALID', { detail: messageOf(error) });
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new SubnetError('YUMA_FILE_INVALID', { file, detail: messageOf(error) });
  }
}

function parsed(args: readonly string[]) {
  const options = { runtime: { type: 'string' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch {
    return undefined;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const command = parsed(args);
  const [file, ...others] = command?.positionals ?? [];
  if (file === undefined || others.length > 0) {
    console.error(usage);
    return 2;
  }
  const runtime = command?.values.runtime;
  const built = packagePath('chain/artefact/subnet-runtime.wasm');
  const agreed = await replayFile(named(file), runtime === undefined ? built : named(runtime));
  return agreed ? 0 : 1;
}

/** npm changes into the package; paths are meant from where it was called. */
function named(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = isSubnetError(error) ? error.exitCode : 1;
}
