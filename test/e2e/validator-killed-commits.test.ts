import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../common/chain-port.ts';
import { nodeArguments } from '../../common/node/package-root.ts';
import { storageIndex } from '../../common/timelock/commit-hash.ts';
import { prng } from '../../tasks/prng.ts';
import { readVectors } from '../../validator/main.ts';
import type { VectorReport } from '../../validator/weights/vector-report.ts';
import { netuid, runArgs, startSubnet, until } from './harness.ts';
import type { NodeFile, TestSubnet } from './harness.ts';
import { announcePeer, startHonest } from './peers.ts';
import type { Peer } from './peers.ts';

const lives = 3;
/** Words with the chain from a start to weights on chain, about: two epochs of rounds. */
const wordsAhead = 30;

/** First block of the epoch of a block that may lie before the newest one. */
function epochOf(block: number, { lastEpochBlock, nextEpochBlock }: Snapshot): number {
  const length = (nextEpochBlock ?? NaN) - lastEpochBlock;
  return lastEpochBlock + Math.floor((block - lastEpochBlock) / length) * length;
}

function randomOf(seed: string): (bound: number) => number {
  const source = prng(new TextEncoder().encode(seed.padEnd(32)), 'kills');
  return (bound) => source.below(bound);
}

/** One life of the validator, which ends by SIGKILL; the signal that it died of. */
function live({ file }: NodeFile, moment: string, word: number): Promise<NodeJS.Signals | null> {
  const entry = nodeArguments('test/e2e/dying-validator.ts');
  const child = spawn(process.execPath, [...entry, file, moment, String(word)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
}

/** Hashes that a validator committed, as the chain's own events tell, by epoch. */
async function committedBy(
  { chain }: TestSubnet,
  hotkey: string,
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const snapshot = await chain.snapshot(netuid);
  const found = new Map<number, Set<string>>();
  const index = storageIndex(netuid, 0);
  for (let number = 2; number <= snapshot.block.number; number += 1) {
    const events = await chain.eventsAt({ number, hash: await chain.blockHash(number) });
    for (const { name, args } of events) {
      if (!name.endsWith('WeightsCommitted') || args[0] !== hotkey || args[1] !== index) continue;
      const epoch = epochOf(number, snapshot);
      found.set(epoch, (found.get(epoch) ?? new Set()).add(String(args[2])));
    }
  }
  return found;
}

describe('a validator that is killed at random on the way of its commits', () => {
  /** Seeds too. */
  const names = ['one', 'two'] as const;
  let subnet: TestSubnet;
  let peer: Peer;

  beforeAll(async () => {
    subnet = await startSubnet({
      validators: names,
      miners: ['best'],
      blockTimeMs: 500,
      subnet: { tempo: 20, commitRevealEnabled: true, weightsRateLimit: 0 },
    });
    peer = await startHonest(subnet.key('best'));
    await announcePeer(subnet, 'best', peer);
  });
  afterAll(async () => {
    await subnet.dispose();
    await peer.close();
  });

  // Hashes have the longer way: their reveals are this node's own.
  it.concurrent.each(names)(
    'seed %s: never has two commits for one epoch, knows all, ends effective',
    { timeout: 400_000 },
    async (name) => {
      const log = { level: 'error', format: 'json' };
      const node = await subnet.validatorFile(name, { weights: { commit: 'hash' }, log });
      const below = randomOf(name);
      for (let life = 0; life < lives; life += 1) {
        const moment = below(2) === 0 ? 'before' : 'after';
        expect(await live(node, moment, 1 + below(wordsAhead))).toBe('SIGKILL');
      }
      const last = (await readVectors(node.file)).vectors[0]?.vector ?? -1;
      subnet.run(name, runArgs('validator', node));
      const done = await until(
        'weights that took effect',
        async () => {
          const answer = await fetch(`${node.statusUrl}/weights`).catch(() => undefined);
          const vectors = ((await answer?.json()) ?? []) as readonly VectorReport[];
          return vectors.find(({ vector, state }) => state === 'effective' && vector > last);
        },
        240,
      );
      const { vectors } = await readVectors(node.file);
      const committed = await committedBy(subnet, subnet.key(name).ss58);
      expect(committed.size).toBeGreaterThan(0);
      const known = new Set(vectors.map(({ commitHash }: VectorReport) => commitHash));
      for (const [, hashes] of committed) {
        expect(hashes.size).toBe(1);
        for (const hash of hashes) expect(known).toContain(hash);
      }
      const uid = (await subnet.chain.uidOf(netuid, subnet.key(name).ss58)) ?? -1;
      const row = await subnet.chain.weightsOf(netuid, uid);
      expect(row.map(([to]) => to)).toEqual(done.uids);
    },
  );
});
