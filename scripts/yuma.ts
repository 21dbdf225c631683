import { readFile } from 'node:fs/promises';
import { destroyWorker } from '@acala-network/chopsticks-core/wasm-executor/index';
import { isSubnetError, messageOf, SubnetError } from '../common/errors.ts';
import { packagePath } from '../common/package-root.ts';
import { readCases, replayCases } from '../chain/yuma-replay.ts';

const runtimePath = 'chain/artefact/subnet-runtime.wasm';

/** Replays every case of a file through the built runtime; true if all agreed. */
async function replayFile(file: string): Promise<boolean> {
  const cases = readCases(await textOf(file), file);
  const wasm = await readFile(packagePath(runtimePath));
  let failed = 0;
  for await (const { id, problem } of replayCases(wasm, cases)) {
    if (problem !== undefined) failed += 1;
    console.log(problem === undefined ? `ok ${id}` : `FAIL ${id}: ${problem}`);
  }
  console.log(`${cases.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new SubnetError('YUMA_FILE_INVALID', { file, detail: messageOf(error) });
  }
}

async function main(args: readonly string[]): Promise<number> {
  const [file, ...others] = args;
  if (file === undefined || others.length > 0) {
    console.error('usage: npm run yuma -- FILE');
    return 2;
  }
  return (await replayFile(file)) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = isSubnetError(error) ? error.exitCode : 1;
}
await destroyWorker();
