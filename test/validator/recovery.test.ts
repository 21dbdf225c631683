import { describe, expect, it } from 'vitest';
import { checkEvidence, evidenceLines } from '../../validator/evidence.ts';
import { createLoop } from '../../validator/loop.ts';
import { claimState, readState } from '../../validator/state.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import type { MemoryStore } from '../fakes/memory-store.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { nearestMean } from '../sim/sim-models.ts';
import { runFor } from '../sim/run.ts';
import { createWorld, key, netuid, sr25519, train } from '../sim/world.ts';
import type { World } from '../sim/world.ts';

const model = nearestMean(train);

function subnet(): World {
  const world = createWorld();
  const { platform } = world;
  world.addValidator('alpha');
  world.addMiner('good', simMiner({ signer: key('good'), verifier: sr25519, platform, model }));
  world.addMiner('dead', () => 'hang');
  world.chain.advance(15);
  return world;
}

class Killed extends Error {}

/** Runs until the process "dies" just before, or just after, its n-th write. */
async function killAt(world: World, store: MemoryStore, write: number): Promise<boolean> {
  let writes = 0;
  store.beforeBatch = () => {
    writes += 1;
    if (writes === write) throw new Killed('kill -9');
  };
  const node = await world.node('alpha', { store });
  const done = await runFor(world, node, 12).then(
    () => false,
    (error: unknown) => {
      if (error instanceof Killed) return true;
      throw error;
    },
  );
  store.beforeBatch = null;
  return done;
}

async function evidenceOf(store: MemoryStore): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of evidenceLines(store)) lines.push(line);
  return lines;
}

describe('a validator that is killed', () => {
  it.each(Array.from({ length: 16 }, (_, at) => at + 1))(
    'before write %i takes up where it was, and never has two vectors under way',
    async (write) => {
      const world = subnet();
      const store = createMemoryStore();
      const killed = await killAt(world, store, write);
      const before = world.chain.submissions.length;
      const again = createMemoryStore(store.contents());
      const stored = await readState(again);
      const node = await world.node('alpha', { store: again });
      await runFor(world, node, 40);
      const after = await readState(again);
      expect(after.lastRound).toBeGreaterThan(stored.lastRound);
      expect(after.openRound).toBeNull();
      const lines = await evidenceOf(again);
      await checkEvidence(lines, world.platform.sha256);
      const rounds = lines.map((line) => JSON.parse(line) as { kind: string; round: number });
      const opened = rounds.filter(({ kind }) => kind === 'open').map(({ round }) => round);
      expect(new Set(opened).size).toBe(opened.length);
      const latest = await node.deps.journal.latest(0);
      expect(latest?.state).toBe('effective');
      const states = (await node.deps.journal.recent(100)).map(({ state }) => state);
      expect(states.filter((state) => state === 'submitting')).toEqual([]);
      expect(world.chain.submissions.length).toBeGreaterThan(before);
      expect(killed || write > 8).toBe(true);
    },
  );

  it('discloses the secret of the round it left open', async () => {
    const world = subnet();
    const store = createMemoryStore();
    await killAt(world, store, 2);
    const again = createMemoryStore(store.contents());
    expect((await readState(again)).openRound).toMatchObject({ round: 1 });
    await runFor(world, await world.node('alpha', { store: again }), 6);
    const kinds = (await evidenceOf(again)).map(
      (line) => (JSON.parse(line) as { kind: string }).kind,
    );
    expect(kinds.slice(0, 3)).toEqual(['open', 'abandon', 'open']);
  });

  it('between the board and the submission sends the weights after its return', async () => {
    const world = subnet();
    const store = createMemoryStore();
    const node = await world.node('alpha', { store });
    const { chain } = node.deps;
    const dying = {
      ...chain,
      submit: async () => {
        throw new Killed('kill -9');
      },
    };
    const options = { once: true, headTimeoutMs: 1e9, signal: new AbortController().signal };
    const deps = { ...node.deps, chain: dying };
    await expect(createLoop(deps, node.config, options).run()).rejects.toBeInstanceOf(Killed);
    expect((await node.deps.journal.latest(0))?.state).toBe('submitting');
    expect(world.chain.submissions).toEqual([]);
    const back = await world.node('alpha', { store: createMemoryStore(store.contents()) });
    await runFor(world, back, 30);
    const first = (await back.deps.journal.recent(100)).at(-1);
    expect(first).toMatchObject({ state: 'effective', attempts: 2 });
  });
});

describe('a full disk', () => {
  it('ends the node rather than letting it go on without a memory', async () => {
    const world = subnet();
    const store = createMemoryStore();
    store.failBatches(1);
    const node = await world.node('alpha', { store });
    await expect(runFor(world, node, 10)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});

describe('a chain connection that is cut', () => {
  it('leaves the state as it is, raises an alert, and goes on when it is back', async () => {
    const world = subnet();
    const { chain, platform } = world;
    const store = createMemoryStore();
    const node = await world.node('alpha', { store });
    await runFor(world, node, 12);
    const board = (await readState(store)).board;
    const stop = new AbortController();
    const options = { once: false, headTimeoutMs: 1e9, signal: stop.signal };
    const loop = createLoop(node.deps, node.config, options);
    chain.disconnect();
    const sleep = platform.clock.sleep.bind(platform.clock);
    let waits = 0;
    const seen: string[][] = [];
    Object.assign(platform.clock, {
      sleep: async (ms: number, signal?: AbortSignal) => {
        waits += 1;
        if (waits < 6) seen.push(loop.status().alerts.map(({ name }) => name));
        if (waits === 6) chain.reconnect();
        await sleep(ms, signal);
        if (waits > 400) stop.abort(new Error('enough'));
      },
    });
    await loop.run();
    expect(seen).toEqual(Array.from({ length: 5 }, () => ['chain-unreachable']));
    expect(loop.status().alerts).toEqual([]);
    const after = (await readState(store)).board;
    expect(after.entries.get(key('good').ss58)?.rounds).toBeGreaterThan(
      board.entries.get(key('good').ss58)?.rounds ?? NaN,
    );
  });
});

describe('the state directory', () => {
  it('belongs to one hotkey, subnet and chain', async () => {
    const store = createMemoryStore();
    const owner = { genesisHash: '0x1', netuid, hotkey: 'a' };
    await claimState(store, owner);
    await claimState(store, owner);
    for (const other of [{ genesisHash: '0x2' }, { netuid: 3 }, { hotkey: 'b' }]) {
      await expect(claimState(store, { ...owner, ...other })).rejects.toMatchObject({
        code: 'STATE_FOREIGN',
      });
    }
  });

  it('is never taken for empty when it cannot be read', async () => {
    const world = subnet();
    const store = createMemoryStore();
    await runFor(world, await world.node('alpha', { store }), 12);
    const text = new TextEncoder();
    for (const broken of ['board', 'round', 'evidence-head']) {
      const contents = new Map(store.contents());
      contents.set(broken, text.encode('{"x":'));
      const damaged = createMemoryStore(contents);
      await expect(readState(damaged)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
      expect(damaged.contents()).toEqual(contents);
    }
  });
});
