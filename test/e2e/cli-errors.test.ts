import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../cli/demo/ports.ts';
import { nodeArguments } from '../../common/node/package-root.ts';
import { openLevelStore } from '../../common/node/store-level.ts';
import { startSilentEndpoint } from './silent-endpoint.ts';
import { axonHost, modelFile, netuid, runArgs, startSubnet } from './harness.ts';
import type { TestSubnet } from './harness.ts';
import { announcePeer, startHonest } from './peers.ts';
import type { Peer } from './peers.ts';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

type OnStart = (kill: (signal: NodeJS.Signals) => void) => void;

/** `subnet ARGS` to its end; `onStart` may send it signals. */
function subnetCommand(
  args: readonly string[],
  onStart: OnStart = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [...nodeArguments('cli/main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (text.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (text.err += data.toString()));
  onStart((signal) => void child.kill(signal));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...text })));
}

/** What a person sees: log lines aside, one line with the code, one with the fix, no stack. */
function expectCoded({ code, out, err }: Ended, exit: number, error: string, words: RegExp): void {
  const lines = err.split('\n').filter((line) => line !== '' && !line.startsWith('{"level"'));
  expect(lines[0]).toMatch(new RegExp(`^error ${error}: `));
  expect(err).toMatch(words);
  expect(lines.at(-1)).toMatch(/^ {2}fix: \w/);
  expect(`${out}${err}`).not.toMatch(/^\s+at .*:\d+|node:internal|\[object /m);
  expect(code).toBe(exit);
}

let subnet: TestSubnet;
let peer: Peer;

beforeAll(async () => {
  subnet = await startSubnet({
    validators: ['alpha', 'idle'],
    miners: ['best'],
    blockTimeMs: 500,
    subnet: { commitRevealEnabled: true },
  });
  peer = await startHonest(subnet.key('best'));
  await announcePeer(subnet, 'best', peer);
});
afterAll(async () => {
  await subnet.dispose();
  await peer.close();
});

type Overrides = Readonly<Record<string, unknown>>;

async function miner(overrides: Overrides): Promise<Ended> {
  return subnetCommand(runArgs('miner', await subnet.minerFile('best', overrides)));
}

async function validator(overrides: Overrides, onStart?: OnStart): Promise<Ended> {
  return subnetCommand(
    runArgs('validator', await subnet.validatorFile('idle', overrides)),
    onStart,
  );
}

describe.concurrent('what a person sees when a node cannot start', () => {
  it('wrong YAML: every place with line and column, at once', async () => {
    const file = join(subnet.dir, 'wrong.yaml');
    writeFileSync(file, 'netuid: two\nchain: { endpoints: [] }\ntasks: digits\n');
    const ended = await subnetCommand(['validator', 'run', '--config', file]);
    expectCoded(ended, 2, 'CONFIG_INVALID', /wrong\.yaml:1:\d+/);
    expect(ended.err).toMatch(/wrong\.yaml:2:\d+/);
    expect(ended.err).toMatch(/wrong\.yaml:3:\d+/);
  });

  it('a wallet that is not there', async () => {
    const wallet = { path: join(subnet.dir, 'nowhere'), name: 'me', hotkey: 'default' };
    expectCoded(await validator({ wallet }), 2, 'WALLET_NOT_FOUND', /nowhere/);
  });

  it('a model with another hash', async () => {
    const model = { ...modelFile('best'), sha256: 'f'.repeat(64) };
    const ended = await miner({ model });
    expectCoded(ended, 2, 'MODEL_HASH_MISMATCH', new RegExp(modelFile('best').sha256));
  });

  it('a port that is taken', async () => {
    const server = { host: axonHost, port: peer.port, externalIp: axonHost };
    expectCoded(await miner({ server }), 3, 'PORT_TAKEN', new RegExp(`${peer.port}`));
  });

  it('a chain that is not there, or says nothing', async () => {
    const silent = await startSilentEndpoint();
    const dead = `ws://127.0.0.1:${await freePort()}`;
    const ended = await miner({
      chain: { endpoints: [dead, silent.url], requestTimeoutMs: 500, startPatienceMs: 0 },
    });
    expectCoded(ended, 3, 'CHAIN_UNREACHABLE', new RegExp(`${dead}: \\w`));
    expect(ended.err).toContain(`${silent.url}: The chain did not answer in time`);
    await silent.close();
  });

  it('told to stop while the chain says nothing: it stops, and that is no error', async () => {
    const silent = await startSilentEndpoint();
    const chain = { endpoints: [silent.url], requestTimeoutMs: 600_000 };
    const stateDir = join(subnet.dir, 'state', 'stopped');
    const ended = await validator({ chain, stateDir }, (kill) => {
      void silent.reached.then(() => kill('SIGTERM'));
    });
    expect(ended).toMatchObject({ code: 0, out: '' });
    expect(ended.err).not.toMatch(/error/i);
    await silent.close();
  });

  it('a state directory that another process holds', async () => {
    const stateDir = join(subnet.dir, 'state', 'held');
    const store = await openLevelStore(join(stateDir, 'db'));
    expectCoded(await validator({ stateDir }), 3, 'STORE_LOCKED', /held/);
    await store.close();
  });

  it('a hotkey that is not registered', async () => {
    expectCoded(await miner({ netuid: 77 }), 4, 'MINER_NOT_REGISTERED', /netuid=77/);
  });
});

describe('a subnet with commit-reveal', () => {
  it('is scored, its weights are committed, and both are said', async () => {
    const file = await subnet.validatorFile('alpha');
    let { out, err } = await subnetCommand([...runArgs('validator', file), '--once']);
    // So near the end of an epoch it rightly waits for the next.
    for (let more = 3; more > 0 && out.includes('a commit now could miss it'); more -= 1) {
      ({ out, err } = await subnetCommand([...runArgs('validator', file), '--once']));
    }
    expect(out).toMatch(/\d % of \d+ items right/);
    expect(out).toMatch(/vector 0 committed/);
    expect(err).not.toMatch(/^\s+at /m);
    const { neurons } = await subnet.chain.snapshot(netuid);
    const own = neurons.find(({ hotkey }) => hotkey === subnet.key('alpha').ss58);
    expect(await subnet.chain.weightsOf(netuid, own?.uid ?? -1)).toEqual([]);
    const waiting = await subnet.chain.pendingCommits(netuid, 0, subnet.key('alpha').ss58);
    expect(waiting).toHaveLength(1);
  });
});
