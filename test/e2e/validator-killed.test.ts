import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot, WeightRow } from '../../common/chain-port.ts';
import { nodeArguments } from '../../common/node/package-root.ts';
import { readStatus } from '../../validator/main.ts';
import type { ValidatorStatus } from '../../validator/explain.ts';
import { netuid, runArgs, startSubnet, until, validatorStatus } from './harness.ts';
import type { NodeFile, TestSubnet } from './harness.ts';
import { announcePeer, startHonest } from './peers.ts';
import type { Peer } from './peers.ts';

const moments = ['before', 'after'] as const;
type Moment = (typeof moments)[number];

/** A row that stood on chain, with the block that began the epoch in which it was set. */
interface SetRow {
  readonly epochBlock: number;
  readonly lastUpdate: number;
  readonly row: WeightRow;
}

/** The epoch of a block that may lie before the newest one. */
function epochOf(block: number, { lastEpochBlock, nextEpochBlock }: Snapshot): number {
  const length = (nextEpochBlock ?? NaN) - lastEpochBlock;
  return lastEpochBlock + Math.floor((block - lastEpochBlock) / length) * length;
}

/** Notes every change of a validator's weights; reads faster than the chain lets them change. */
function watchRows(subnet: TestSubnet, name: string): { rows: SetRow[]; stop: () => void } {
  const rows: SetRow[] = [];
  let reading = false;
  const read = async (): Promise<void> => {
    const snapshot = await subnet.chain.snapshot(netuid);
    const { neurons } = snapshot;
    const own = neurons.find(({ hotkey }) => hotkey === subnet.key(name).ss58);
    const row = own === undefined ? [] : await subnet.chain.weightsOf(netuid, own.uid);
    const lastUpdate = own?.lastUpdate ?? 0;
    if (row.length === 0 || rows.at(-1)?.lastUpdate === lastUpdate) return;
    rows.push({ epochBlock: epochOf(lastUpdate, snapshot), lastUpdate, row });
  };
  const stop = subnet.chain.onHead(() => {
    if (reading) return;
    reading = true;
    void read().finally(() => (reading = false));
  });
  return { rows, stop };
}

function startDying({ file }: NodeFile, moment: Moment): ChildProcess {
  const args = [...nodeArguments('test/e2e/dying-validator.ts'), file, moment];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

function signalOf(child: ChildProcess): Promise<NodeJS.Signals | null> {
  return new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
}

const bestOf = (status: ValidatorStatus, subnet: TestSubnet) =>
  status.miners.find(({ hotkey }) => hotkey === subnet.key('best').ss58);

describe('a validator that is killed at its submission', () => {
  let subnet: TestSubnet;
  let peer: Peer;
  const nodes = new Map<Moment, NodeFile>();
  const left = new Map<Moment, ValidatorStatus>();
  const back = new Map<Moment, ValidatorStatus>();
  const watched = new Map<Moment, ReturnType<typeof watchRows>>();
  const signals: (NodeJS.Signals | null)[] = [];

  async function die(moment: Moment): Promise<void> {
    const node = await subnet.validatorFile(moment, { log: { level: 'error', format: 'json' } });
    nodes.set(moment, node);
    signals.push(await signalOf(startDying(node, moment)));
    left.set(moment, await readStatus(node.file));
  }

  async function comeBack(moment: Moment): Promise<void> {
    const node = nodes.get(moment) as NodeFile;
    const rounds = left.get(moment)?.round ?? 0;
    subnet.run(moment, runArgs('validator', node));
    const status = await until(`${moment}: weights that took effect`, async () => {
      const now = await validatorStatus(node);
      const done = now?.weights?.state === 'effective' && now.round > rounds + 2;
      return done ? now : undefined;
    });
    back.set(moment, status);
  }

  beforeAll(async () => {
    subnet = await startSubnet({ validators: [...moments], miners: ['best'] });
    peer = await startHonest(subnet.key('best'));
    await announcePeer(subnet, 'best', peer);
    for (const moment of moments) watched.set(moment, watchRows(subnet, moment));
    await Promise.all(moments.map(die));
    await Promise.all(moments.map(comeBack));
    for (const { stop } of watched.values()) stop();
  });
  afterAll(async () => {
    await subnet.dispose();
    await peer.close();
  });

  it('really died of SIGKILL, with its vector in the journal', () => {
    expect(signals).toEqual(['SIGKILL', 'SIGKILL']);
    for (const moment of moments) {
      expect(left.get(moment)?.weights).toMatchObject({ vector: 0, state: 'submitting' });
    }
  });

  it.each(moments)('%s it: keeps its scores and its rounds', (moment) => {
    const [before, after] = [left.get(moment), back.get(moment)];
    const was = before && bestOf(before, subnet);
    const is = after && bestOf(after, subnet);
    expect(was?.score).toBeGreaterThan(0);
    expect(is?.score).toBeGreaterThan(was?.score ?? NaN);
    expect(is?.rounds).toBeGreaterThan(was?.rounds ?? NaN);
    expect(after?.round).toBeGreaterThan(before?.round ?? NaN);
  });

  it.each(moments)('%s it: the vector of the journal is the one that the chain shows', (moment) => {
    const promised = left.get(moment)?.weights;
    const pairs = promised?.uids.map((uid, at) => [uid, promised.values[at]]);
    expect(watched.get(moment)?.rows[0]?.row).toEqual(pairs);
  });

  it.each(moments)('%s it: never two different vectors for one epoch', (moment) => {
    const byEpoch = new Map<number, Set<string>>();
    for (const { epochBlock, row } of watched.get(moment)?.rows ?? []) {
      const seen = byEpoch.get(epochBlock) ?? new Set();
      byEpoch.set(epochBlock, seen.add(JSON.stringify(row)));
    }
    expect(byEpoch.size).toBeGreaterThan(0);
    expect([...byEpoch.values()].every(({ size }) => size === 1)).toBe(true);
  });
});
