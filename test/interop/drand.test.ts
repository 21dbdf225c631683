import { describe, expect, it } from 'vitest';
import type { EpochSchedule } from '../../common/chain-port.ts';
import { fromHex, toHex } from '../../common/hex.ts';
import { decodePayload, encodePayload } from '../../common/timelock/commit-payload.ts';
import type { CommitPayload } from '../../common/timelock/commit-payload.ts';
import { readEnvelope, writeEnvelope } from '../../common/timelock/portable-envelope.ts';
import { revealRound } from '../../common/timelock/reveal-round.ts';
import { decrypt, encrypt } from '../../common/timelock/timelock.ts';
import { seededBytes } from '../common/seeded-bytes.ts';
import { alice } from '../common/wire-keys.ts';
import { pythonDrand, pythonDrand1, runPython, titled } from './python.ts';
import vectors from '../vectors/timelock.json' with { type: 'json' };

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const quicknet = bytesOf(vectors.publicKey);
const signature = bytesOf(vectors.signature);
const beacon = { genesisTimeS: 1_692_803_367, periodS: 3 };
const hotkeyHex = toHex(alice.publicKey);

const peer = (jobs: readonly object[], interpreter = pythonDrand): Promise<unknown> =>
  runPython('drand_peer.py', jobs, interpreter);

function payloadOf(count: number): CommitPayload {
  const uids = Array.from({ length: count }, (_, at) => at);
  const values = uids.map((uid) => 65_535 - uid * 7);
  return { hotkey: alice.publicKey, uids, values, versionKey: 10_005_000n };
}

function sealed(plaintext: Uint8Array, round = 1000): Uint8Array {
  let calls = 0;
  const random = (length: number): Uint8Array => seededBytes(`peer ${(calls += 1)}`, length);
  return encrypt(quicknet, round, plaintext, { random });
}

function openJob(ciphertext: Uint8Array, signatureHex = vectors.signature): object {
  return {
    do: 'open',
    envelopeHex: toHex(writeEnvelope({ ciphertext, round: 1000 })),
    signatureHex,
  };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

const sizes = [1, 64, 256];

describe.skipIf(pythonDrand === undefined)(
  titled('timelocked commits with bittensor-drand 2', pythonDrand),
  () => {
    it.each(sizes)('opens its ciphertext of %i uids, and it opens ours', async (count) => {
      const plaintext = encodePayload(payloadOf(count));
      const ours = sealed(plaintext);
      const [theirs, opened] = (await peer([
        { do: 'encrypt', plaintextHex: toHex(plaintext), round: 1000 },
        openJob(ours),
      ])) as string[];
      expect(opened).toBe(toHex(plaintext));
      const envelope = readEnvelope(bytesOf(theirs ?? ''));
      expect(envelope?.ciphertext).toHaveLength(ours.length);
      const read = decodePayload(decrypt(signature, envelope?.ciphertext ?? new Uint8Array()));
      expect(read).toEqual(payloadOf(count));
    });

    it('is refused by it where we refuse: another round, and bits of U, V, W and the body', async () => {
      const ours = sealed(encodePayload(payloadOf(64)));
      const odd = [
        sealed(encodePayload(payloadOf(64)), 1001),
        ...[1, 104, 144, 192].map((at) => flipped(ours, at)),
      ];
      const answers = (await peer([ours, ...odd].map((one) => openJob(one)))) as string[];
      const refusals = answers.map((answer) => answer.startsWith('refused'));
      expect(refusals).toEqual([false, true, true, true, true, true]);
      for (const one of odd) expect(() => decrypt(signature, one)).toThrow(/cannot be opened/);
    });

    it('asks the beacon for the same round, and puts the same bytes in', async () => {
      const schedules = vectors.stateful.slice(0, 40).map((row) => {
        const [lastEpochBlock = 0, pendingEpochAt = 0, epochIndex = 0, tempo = 0] = row;
        const [blocksSinceLastStep = 0, head = 0, period = 0] = row.slice(4);
        const state = { lastEpochBlock, pendingEpochAt, epochIndex, tempo, blocksSinceLastStep };
        return { state, head, period };
      });
      const payload = payloadOf(3);
      const jobs = schedules.map((one) => ({ ...one, ...commitJob(payload), do: 'commit' }));
      const beforeMs = Date.now();
      const answers = (await peer(jobs)) as [string, number][];
      const afterMs = Date.now();
      for (const [at, [commit, theirs]] of answers.entries()) {
        const { state, head, period } = schedules[at] ?? { state: undefined, head: 0, period: 0 };
        if (state === undefined || state.tempo < 6) continue;
        const schedule: EpochSchedule = { model: 'stateful', ...state };
        expectRound(theirs, { schedule, netuid: 1, head, period }, beforeMs, afterMs);
        expect(commit.length / 2).toBe(encodePayload(payload).length + 244);
      }
    });
  },
);

describe.skipIf(pythonDrand1 === undefined)(
  titled('timelocked commits with bittensor-drand 1.3', pythonDrand1),
  () => {
    it('asks for the same round where epochs go by the block number', async () => {
      const schedules = vectors.modulo
        .map(([tempo = 0, head = 0, netuid = 0, period = 0]) => ({ tempo, head, netuid, period }))
        .filter(({ tempo, head, netuid }) => tempo >= 6 && (head + netuid + 2) % (tempo + 1) > 0);
      const jobs = schedules.map(({ tempo, ...rest }) => ({
        ...rest,
        ...commitJob(payloadOf(3)),
        state: { tempo },
        do: 'older commit',
      }));
      const beforeMs = Date.now();
      const answers = (await peer(jobs, pythonDrand1)) as [string, number][];
      const afterMs = Date.now();
      expect(answers.length).toBeGreaterThan(40);
      for (const [at, { tempo, ...rest }] of schedules.entries()) {
        const schedule: EpochSchedule = { model: 'modulo', tempo, blocksSinceLastStep: 0 };
        expectRound(answers[at]?.[1] ?? 0, { schedule, ...rest }, beforeMs, afterMs);
      }
    });
  },
);

function commitJob({ uids, values, versionKey }: CommitPayload): object {
  return { uids, values, versionKey: Number(versionKey), blockTimeS: 12, hotkeyHex };
}

/** The library reads the clock somewhere between the two times. */
function expectRound(
  theirs: number,
  commit: { schedule: EpochSchedule; netuid: number; head: number; period: number },
  beforeMs: number,
  afterMs: number,
): void {
  const { period, ...rest } = commit;
  const [first, last] = [beforeMs, afterMs].map(
    (chainTimeMs) =>
      revealRound({ ...rest, periodEpochs: period, blockTimeMs: 12_000, chainTimeMs, beacon })
        .round,
  );
  expect(theirs).toBeGreaterThanOrEqual(first ?? Infinity);
  expect(theirs).toBeLessThanOrEqual(last ?? -1);
}
