import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, it } from 'vitest';
import { nodeArguments } from '../../common/node/package-root.ts';

/** Loading the chain library alone opens more files than that. */
const openFiles = 60;

it.skipIf(process.platform !== 'linux')(
  'doctor tells that too few files may be open',
  () => {
    const args = [...nodeArguments('cli/main.ts'), 'doctor', '--network', 'ws://127.0.0.1:1'];
    const limited = `ulimit -n ${openFiles} && exec "$@"`;
    const { stdout, stderr, status } = spawnSync(
      'sh',
      ['-c', limited, 'sh', process.execPath, ...args, '--netuid', '1', '--json'],
      { encoding: 'utf8', timeout: 120_000 },
    );
    const { findings } = JSON.parse(stdout) as { findings: readonly object[] };
    expect(findings[0]).toMatchObject({
      id: 'machine.files',
      status: 'fail',
      detail: `${openFiles} open files allowed`,
    });
    expect([stderr, status]).toEqual(['', 1]);
  },
  180_000,
);
