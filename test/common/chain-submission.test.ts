import { setMaxListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { SubmitOptions, TxOutcome, TxState } from '../../common/chain-port.ts';
import { LinkPool } from '../../common/chain/link/link-pool.ts';
import { NodeError } from '../../common/chain/link/link-port.ts';
import { NonceQueue } from '../../common/chain/tx/nonce-queue.ts';
import { Submission } from '../../common/chain/tx/submission.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createLogger } from '../../common/node/log.ts';
import { createFakeDialer, createFakeEndpoint, hashOf } from '../fakes/fake-dialer.ts';
import { createManualPlatform } from '../fakes/manual-platform.ts';

const signer = signerFromSuri(loadSr25519(), '//Bob');
const log = createLogger({ level: 'silent' });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const invalid = (text: string): NodeError => new NodeError(1010, `Invalid Transaction: ${text}`);

describe('a transaction on its way to its block', () => {
  const closing: AbortController[] = [];
  afterEach(() => {
    for (const one of closing) one.abort();
  });

  async function build() {
    const [first, second] = [createFakeEndpoint(), createFakeEndpoint()];
    const platform = createManualPlatform({ deadlines: true });
    const end = new AbortController();
    setMaxListeners(0, end.signal);
    closing.push(end);
    const deps = { platform, log, closing: end.signal };
    const endpoints = ['first', 'second'];
    const options = { endpoints, timeoutMs: 1000, genesisHash: null };
    const dialer = createFakeDialer({ first, second });
    const pool = new LinkPool({ ...deps, dialer }, options);
    await pool.start();
    const queue = new NonceQueue();
    const states: TxState[] = [];
    const submit = (name = 'call', more: SubmitOptions = {}): Promise<TxOutcome> => {
      const call = { pallet: 'SubtensorModule', call: name, args: [], sudo: false };
      const onState = (state: TxState): void => void states.push(state);
      const options = { timeoutMs: 30_000, onState, ...more };
      return new Submission({ ...deps, pool }, queue, { call, signer, options }).run();
    };
    const pass = async (ms: number): Promise<void> => {
      await turn();
      for (let left = ms; left > 0; left -= 250) {
        await platform.advance(250);
        await turn();
      }
    };
    /** Puts what was sent last, or this, into the next block of both endpoints. */
    const include = (hash = first.sent.at(-1)?.hash ?? ''): void => {
      for (const endpoint of [first, second]) {
        endpoint.head += 1;
        endpoint.blocks.set(endpoint.head, [hash]);
      }
      const status = { kind: 'in-block', blockHash: hashOf(first.head) } as const;
      for (const link of [...first.links, ...second.links]) link.status(hash, status);
    };
    return { first, second, queue, states, submit, pass, include };
  }

  it('is told of in its states, and ends in the block that was seen', async () => {
    const { submit, pass, include, states, queue } = await build();
    const sent = submit();
    await pass(250);
    include();
    expect(await sent).toMatchObject({ kind: 'included', block: { number: 11 }, finalised: false });
    expect(states).toEqual(['reserved', 'submitted', 'in-block']);
    expect(queue.inFlight).toEqual([]);
  });

  it('waits for finality when it is asked to, through a block that is taken back', async () => {
    const { submit, pass, include, first, states } = await build();
    const sent = submit('call', { until: 'finalised' });
    await pass(250);
    include();
    const hash = first.sent[0]?.hash ?? '';
    await pass(250);
    first.links[0]?.status(hash, { kind: 'retracted', blockHash: hashOf(11) });
    include();
    await pass(250);
    first.links[0]?.status(hash, { kind: 'finalised', blockHash: hashOf(12) });
    expect(await sent).toMatchObject({ kind: 'included', block: { number: 12 }, finalised: true });
    expect(states.at(-1)).toBe('finalised');
  });

  it('gives several of one key consecutive nonces, in their order', async () => {
    const { submit, pass, include, first } = await build();
    first.nextNonce = 5;
    const sent = [submit('a'), submit('b'), submit('c')];
    await pass(250);
    expect(first.sent.map(({ nonce }) => nonce)).toEqual([5, 6, 7]);
    for (const { hash } of first.sent) include(hash);
    expect((await Promise.all(sent)).map(({ kind }) => kind)).toEqual([
      'included',
      'included',
      'included',
    ]);
  });

  it('names a failure of the dispatch', async () => {
    const { submit, pass, include, first } = await build();
    const sent = submit();
    await pass(250);
    first.failures.set(first.sent[0]?.hash ?? '', 'NeuronNoValidatorPermit');
    include();
    expect(await sent).toMatchObject({
      kind: 'refused',
      where: 'dispatch',
      name: 'NeuronNoValidatorPermit',
    });
  });

  it.each([
    ['Custom error: 6', { name: 'RateLimitExceeded', customCode: 6 }],
    ['Inability to pay some fees', { name: 'Payment' }],
    ['Transaction has a bad signature', { name: 'BadProof' }],
  ])('is refused for good with %s, and its nonce is free again', async (text, expected) => {
    const { submit, first, queue, states } = await build();
    const refusal = (): NodeError => invalid(text);
    first.answers = [refusal, refusal, refusal];
    const outcome = await submit();
    expect(outcome).toMatchObject({ kind: 'refused', where: 'pool', ...expected });
    expect(queue.inFlight).toEqual([]);
    expect(states.at(-1)).toBe('failed');
  });

  it('takes the nonce anew after a stale one', async () => {
    const { submit, pass, include, first } = await build();
    first.answers = [
      () => {
        first.nextNonce = 3;
        return invalid('Transaction is outdated');
      },
    ];
    const sent = submit();
    await pass(250);
    expect(first.sent.map(({ nonce }) => nonce)).toEqual([0, 3]);
    include();
    expect(await sent).toMatchObject({ kind: 'included' });
  });

  it('is signed for a newer block when its birth block is too old', async () => {
    const { submit, pass, include, first } = await build();
    first.answers = [() => invalid('Transaction has an ancient birth block')];
    const sent = submit();
    first.head = 400;
    await pass(250);
    expect(first.sent.map(({ nonce }) => nonce)).toEqual([0, 0]);
    include();
    expect(await sent).toMatchObject({ kind: 'included' });
  });

  it('never sends banned bytes again: it waits for a new block to sign for', async () => {
    const { submit, pass, include, first } = await build();
    first.answers = [() => new NodeError(1012, 'Transaction is temporarily banned')];
    const sent = submit();
    await pass(2000);
    expect(first.sent).toHaveLength(1);
    first.head += 1;
    await pass(1000);
    expect(new Set(first.sent.map(({ bytes }) => bytes)).size).toBe(2);
    expect(first.sent.map(({ nonce }) => nonce)).toEqual([0, 0]);
    include();
    expect(await sent).toMatchObject({ kind: 'included' });
  });

  it('watches what the pool has already', async () => {
    const { submit, pass, include, first } = await build();
    const known = (): NodeError => new NodeError(1013, 'Transaction Already Imported');
    first.answers = [known, known];
    const sent = submit();
    await pass(500);
    include(first.sent[0]?.hash);
    await pass(1000);
    expect(await sent).toMatchObject({ kind: 'included', block: { number: 11 } });
    expect(new Set(first.sent.map(({ bytes }) => bytes)).size).toBe(1);
  });

  it('takes the next nonce when another process holds this one', async () => {
    const { submit, pass, include, first } = await build();
    first.answers = [() => new NodeError(1014, 'Priority is too low: (1 vs 1)')];
    const sent = submit();
    await pass(250);
    first.nextNonce = 1;
    first.head += 1;
    await pass(1000);
    expect(first.sent.map(({ nonce }) => nonce)).toEqual([0, 1]);
    include();
    expect(await sent).toMatchObject({ kind: 'included' });
  });

  it('is found by another endpoint when the line is cut while it waits', async () => {
    const { submit, pass, include, first, second, states } = await build();
    const sent = submit();
    await pass(250);
    const hash = first.sent[0]?.hash ?? '';
    first.mode = 'shut';
    first.links[0]?.cut();
    include(hash);
    await pass(2000);
    expect(await sent).toMatchObject({ kind: 'included', extrinsicHash: hash });
    expect(second.sent).toEqual([]);
    expect(states).toEqual(['reserved', 'submitted', 'in-block']);
  });

  it('offers the same bytes to the next endpoint when the line broke as it was sent', async () => {
    const { submit, pass, include, first, second } = await build();
    first.answers = [
      () => {
        first.mode = 'silent';
        return 'silence';
      },
    ];
    const sent = submit();
    await pass(2500);
    expect(first.sent).toHaveLength(1);
    expect(second.sent).toEqual(first.sent);
    include();
    await pass(1000);
    expect(await sent).toMatchObject({ kind: 'included' });
  });

  it('is not known when it was seen nowhere in time, and surely failed after its era', async () => {
    const { submit, pass, first, second } = await build();
    const sent = submit('lost', { timeoutMs: 5000 });
    await pass(6000);
    const outcome = await sent;
    expect(outcome).toMatchObject({ kind: 'unknown', extrinsicHash: first.sent[0]?.hash });
    const expired = submit('late');
    await pass(250);
    first.links[0]?.cut();
    first.mode = 'shut';
    second.head += 70;
    await pass(2000);
    expect(await expired).toMatchObject({ kind: 'refused', name: 'Expired' });
  });

  it.each(['Dropped', 'Usurped', 'Invalid'] as const)(
    'is looked for until its era is over when the pool says %s',
    async (how) => {
      const { submit, pass, first, second } = await build();
      const sent = submit();
      await pass(250);
      const hash = first.sent[0]?.hash ?? '';
      first.links[0]?.status(hash, { kind: 'gone', how });
      await pass(2000);
      first.head += 3;
      first.blocks.set(first.head, [hash]);
      await pass(1000);
      expect(await sent).toMatchObject({ kind: 'included', block: { number: 13 } });
      const late = submit('late');
      await pass(250);
      first.links[0]?.status(first.sent.at(-1)?.hash ?? '', { kind: 'gone', how });
      for (const endpoint of [first, second]) endpoint.head += 70;
      await pass(1000);
      expect(await late).toMatchObject({ kind: 'refused', name: 'Expired' });
      const short = submit('short', { timeoutMs: 3000 });
      await pass(250);
      first.links[0]?.status(first.sent.at(-1)?.hash ?? '', { kind: 'gone', how });
      await pass(3000);
      expect(await short).toMatchObject({ kind: 'unknown' });
    },
  );

  it.each([
    [1002, 'Verification Error: Runtime error'],
    [1011, 'Unknown Transaction Validity'],
    [1015, 'Cycle Detected'],
    [1016, 'Immediately Dropped'],
    [1018, 'Transaction pool full'],
    [-32603, 'Internal error'],
    [-32008, 'Response is too big'],
    [429, 'Too many requests'],
  ])('is tried again, and at last not known, when a node is busy (%i)', async (code, message) => {
    const { submit, pass, include, first, second } = await build();
    const busy = (): NodeError => new NodeError(code, message);
    first.answers = [busy];
    const sent = submit();
    await pass(1000);
    expect(new Set(first.sent.map(({ bytes }) => bytes)).size).toBe(1);
    include();
    await pass(1000);
    expect(await sent).toMatchObject({ kind: 'included' });
    first.answers = Array.from({ length: 40 }, () => busy);
    const elsewhere = submit('elsewhere');
    await pass(2000);
    expect(second.sent.at(-1)?.bytes).toBe(first.sent.at(-1)?.bytes);
    include(second.sent.at(-1)?.hash);
    await pass(1000);
    expect(await elsewhere).toMatchObject({ kind: 'included' });
    first.answers = [...first.answers, ...Array.from({ length: 40 }, () => busy)];
    second.answers = Array.from({ length: 40 }, () => busy);
    const never = submit('never', { timeoutMs: 5000 });
    await pass(8000);
    expect(await never).toMatchObject({ kind: 'unknown' });
  });

  it('that was lost sight of is the same one when it is asked for again, wherever it is', async () => {
    const { submit, pass, first, second, include } = await build();
    const lost = submit('commit', { timeoutMs: 2000 });
    await pass(2500);
    expect((await lost).kind).toBe('unknown');
    // The first one waits in the pool, which counts it.
    for (const endpoint of [first, second]) {
      endpoint.nextNonce = 1;
      endpoint.head += 8;
    }
    const again = submit('commit');
    await pass(1000);
    expect(new Set(first.sent.map(({ bytes }) => bytes)).size).toBe(1);
    include(first.sent[0]?.hash);
    await pass(1000);
    expect(await again).toMatchObject({ kind: 'included', extrinsicHash: first.sent[0]?.hash });
    const next = submit('commit');
    await pass(250);
    expect(first.sent.at(-1)?.nonce).toBe(1);
    include();
    expect(await next).toMatchObject({ kind: 'included' });
  });

  it('takes the nonce of one that was lost sight of, until that can no longer be valid', async () => {
    const { submit, pass, first, second } = await build();
    const lost = submit('lost', { timeoutMs: 2000 });
    await pass(2500);
    expect((await lost).kind).toBe('unknown');
    first.nextNonce = 1;
    const other = submit('other', { timeoutMs: 2000 });
    await pass(2500);
    expect(first.sent.at(-1)?.nonce).toBe(0);
    await other;
    for (const endpoint of [first, second]) endpoint.head += 80;
    void submit('later', { timeoutMs: 2000 });
    await pass(500);
    expect(first.sent.at(-1)).toMatchObject({ nonce: 1, birth: { number: 90 } });
  });

  it('waits for one that was lost sight of and still holds its nonce in the pool', async () => {
    const { submit, pass, first, second, include } = await build();
    const lost = submit('lost', { timeoutMs: 2000 });
    await pass(2500);
    await lost;
    const hash = first.sent[0]?.hash ?? '';
    first.nextNonce = 1;
    first.answers = Array.from(
      { length: 4 },
      () => () => new NodeError(1014, 'Priority is too low'),
    );
    const other = submit('other');
    for (let block = 0; block < 4; block += 1) {
      await pass(1000);
      for (const endpoint of [first, second]) endpoint.head += 1;
    }
    expect(new Set(first.sent.map(({ nonce }) => nonce))).toEqual(new Set([0]));
    include(hash);
    await pass(1000);
    expect(first.sent.at(-1)?.nonce).toBe(1);
    include();
    expect(await other).toMatchObject({ kind: 'included' });
  });

  it('is told of before a node gets it; where that fails no node does', async () => {
    const { submit, pass, include, first, queue } = await build();
    const told: unknown[] = [];
    const sent = submit('call', {
      onSigned: async (signed) => void told.push([signed, first.sent.length]),
    });
    await pass(250);
    const hash = first.sent[0]?.hash ?? '';
    expect(told).toEqual([[{ extrinsicHash: hash, nonce: 0, lastBlock: 74 }, 0]]);
    include();
    await sent;
    const full = submit('call', { onSigned: () => Promise.reject(new Error('disk full')) });
    await expect(full).rejects.toThrow('disk full');
    expect(first.sent).toHaveLength(1);
    expect(queue.inFlight).toEqual([]);
  });

  it('takes no nonce but the one that it was given', async () => {
    const { submit, pass, include, first } = await build();
    first.nextNonce = 8;
    const sent = submit('call', { nonce: 5 });
    await pass(250);
    expect(first.sent.map(({ nonce }) => nonce)).toEqual([5]);
    include();
    expect(await sent).toMatchObject({ kind: 'included' });
    first.answers = [() => invalid('Transaction is outdated')];
    expect(await submit('call', { nonce: 5 })).toMatchObject({ kind: 'refused', name: 'Stale' });
    first.answers = [() => new NodeError(1014, 'Priority is too low: (1 vs 1)')];
    expect(await submit('other', { nonce: 6 })).toMatchObject({ kind: 'unknown' });
    expect(first.sent.map(({ nonce }) => nonce)).toEqual([5, 5, 6]);
  });

  it.each(['Transaction is outdated', 'Inability to pay some fees'])(
    'that may have arrived is looked for, whatever the next node says of it (%s)',
    async (text) => {
      const { submit, pass, include, first, second } = await build();
      first.answers = [
        () => new NodeError(-32603, 'upstream request timeout'),
        () => invalid(text),
        () => invalid(text),
      ];
      second.answers = [() => invalid(text), () => invalid(text)];
      const sent = submit();
      await pass(2000);
      const hashes = new Set([...first.sent, ...second.sent].map(({ hash }) => hash));
      expect(hashes.size).toBe(1);
      include([...hashes][0]);
      await pass(1000);
      expect(await sent).toMatchObject({ kind: 'included', block: { number: 11 } });
    },
  );

  it('shows no key of an address that a node repeats', async () => {
    const { submit, pass, first, second } = await build();
    const busy = (): NodeError => new NodeError(-32603, 'wss://canary@host/canary?canary is down');
    first.answers = second.answers = Array.from({ length: 40 }, () => busy);
    const sent = submit('call', { timeoutMs: 3000 });
    await pass(6000);
    const outcome = await sent;
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(JSON.stringify(outcome)).toContain('wss://host is down');
    expect(JSON.stringify(outcome)).not.toContain('canary');
  });

  it('looks into the blocks before it believes that the pool dropped it', async () => {
    const { submit, pass, first } = await build();
    const sent = submit();
    await pass(250);
    const hash = first.sent[0]?.hash ?? '';
    first.head += 1;
    first.blocks.set(first.head, [hash]);
    first.links[0]?.status(hash, { kind: 'gone', how: 'Usurped' });
    expect(await sent).toMatchObject({ kind: 'included' });
  });
});

describe('the nonces of one key', () => {
  it('fill the gap of one that was dropped, and pass over those on their way', () => {
    const queue = new NonceQueue();
    expect([queue.reserve(5), queue.reserve(5), queue.reserve(7)]).toEqual([5, 6, 7]);
    queue.settle(5);
    expect(queue.reserve(5)).toBe(5);
    expect(queue.reserve(5)).toBe(8);
    expect(queue.inFlight).toEqual([5, 6, 7, 8]);
  });
});
