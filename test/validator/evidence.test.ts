import { describe, expect, it } from 'vitest';
import { keyOfAddress } from '../../common/wire/btauth.ts';
import { fromHex } from '../../common/hex.ts';
import {
  parseReceipt,
  receiptHeaderNames,
  verifyRecordedAnswer,
} from '../../common/wire/receipt.ts';
import { challengeSeed, secretCommitment } from '../../tasks/prng.ts';
import { checkEvidence, evidenceLines, readBody } from '../../validator/evidence.ts';
import { runRound } from '../../validator/round.ts';
import { emptyBoard } from '../../validator/scoreboard.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { nearestMean } from '../sim/sim-models.ts';
import { createWorld, digits, key, sr25519, train } from '../sim/world.ts';
import type { SimNode, World } from '../sim/world.ts';

interface Line {
  readonly seq: number;
  readonly prev: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

interface ExchangeLine {
  readonly hotkey: string;
  readonly task: string;
  readonly requestSha256: string;
  readonly responseSha256: string;
  readonly receipt: string;
  readonly receiptSignature: string;
  readonly marks: readonly number[];
}

async function rounds(
  count: number,
  keepEntries = 1000,
): Promise<{ world: World; node: SimNode; lines: string[] }> {
  const world = createWorld();
  const { platform } = world;
  world.addValidator('alpha');
  const model = nearestMean(train);
  world.addMiner('good', simMiner({ signer: key('good'), verifier: sr25519, platform, model }));
  world.addMiner('dead', () => 'hang');
  world.addMiner('silent', null);
  const node = await world.node('alpha');
  world.chain.advance(15);
  const config = { ...node.config, evidence: { keepBodies: true, keepEntries } };
  let state = { board: emptyBoard, lastRound: 0, voidRounds: 0 };
  for (let at = 0; at < count; at += 1) {
    state = (await runRound(node.deps, state, config, { eager: true })).state;
  }
  const lines: string[] = [];
  for await (const line of evidenceLines(node.store)) lines.push(line);
  return { world, node, lines };
}

const parse = (lines: readonly string[]): readonly Line[] =>
  lines.map((line) => JSON.parse(line) as Line);

describe('the evidence of a round', () => {
  it('is committed to before the questions and disclosed after them', async () => {
    const { lines } = await rounds(1);
    const [open, close, weights] = parse(lines);
    expect([open?.kind, close?.kind, weights?.kind]).toEqual(['open', 'close', 'weights']);
    const secret = fromHex(String(close?.['secret'])) ?? new Uint8Array();
    expect(secret).toHaveLength(32);
    expect(Buffer.from(secretCommitment(secret)).toString('hex')).toBe(open?.['commitment']);
    expect(JSON.stringify(open)).not.toContain(String(close?.['secret']));
  });

  it('lets anyone make the challenges again, and judge the recorded answers again', async () => {
    const { node, lines } = await rounds(1);
    const [open, close] = parse(lines);
    const { hash } = (open?.['block'] ?? {}) as { hash: string };
    const secret = fromHex(String(close?.['secret'])) ?? new Uint8Array();
    const exchanges = close?.['exchanges'] as readonly ExchangeLine[];
    const good = exchanges.find(({ hotkey }) => hotkey === key('good').ss58)!;
    const { tasks } = digits();
    const round = Number(open?.['round']);
    const parts = { blockHash: hash, secret, round, hotkey: good.hotkey, task: good.task };
    const challenge = tasks[0]!.generate(challengeSeed(parts));
    const request = await readBody(node.store, good.requestSha256);
    const response = await readBody(node.store, good.responseSha256);
    const pixels = challenge.inputs[0]!.data as Float32Array;
    const sent = Buffer.from(request!).subarray(-pixels.byteLength);
    expect(Buffer.compare(sent, Buffer.from(pixels.buffer))).toBe(0);
    const answer = new Float32Array(
      Uint8Array.from(Buffer.from(response!).subarray(-64 * 40)).buffer,
    );
    const outputs = [
      { name: 'probabilities', datatype: 'FP32', shape: [64, 10], data: answer } as const,
    ];
    expect(tasks[0]!.judge(challenge.truth, outputs)).toMatchObject({ marks: good.marks });
  });

  it('holds receipts that verify offline against the recorded bodies', async () => {
    const { world, node, lines } = await rounds(1);
    const close = parse(lines)[1];
    const [good] = ((close?.['exchanges'] ?? []) as readonly ExchangeLine[]).filter(
      ({ receipt }) => receipt,
    );
    const receipt = parseReceipt({
      [receiptHeaderNames.text]: good!.receipt.replaceAll('\n', ' '),
      [receiptHeaderNames.signature]: `0x${good!.receiptSignature}`,
    });
    if (receipt.kind !== 'receipt') throw new Error(receipt.detail);
    const requestBody = (await readBody(node.store, good!.requestSha256))!;
    const responseBody = (await readBody(node.store, good!.responseSha256))!;
    const tools = { verifier: sr25519, sha256: world.platform.sha256, keyOf: keyOfAddress };
    expect(verifyRecordedAnswer({ requestBody, responseBody, receipt }, tools)).toBeNull();
    const touched = responseBody.slice();
    touched[touched.length - 1] = (touched.at(-1) ?? 0) ^ 1;
    expect(
      verifyRecordedAnswer({ requestBody, responseBody: touched, receipt }, tools),
    ).not.toBeNull();
  });

  it('names the fault of everyone who gave no good answer', async () => {
    const { lines } = await rounds(1);
    const exchanges = parse(lines)[1]?.['exchanges'] as readonly { fault?: string }[];
    expect(exchanges.map(({ fault }) => fault)).toEqual([undefined, 'timeout', 'no-axon']);
  });
});

describe('the chain of entries', () => {
  it('breaks visibly wherever a line is changed, left out, moved or put in', async () => {
    const { world, lines } = await rounds(3);
    const { sha256 } = world.platform;
    expect(await checkEvidence(lines, sha256)).toMatchObject({
      entries: lines.length,
      firstSeq: 0,
    });
    const broken = [
      lines.map((line, at) => (at === 1 ? line.replace('"round":1', '"round":2') : line)),
      lines.filter((_, at) => at !== 2),
      [lines[1]!, lines[0]!, ...lines.slice(2)],
      [...lines.slice(0, 2), lines[1]!, ...lines.slice(2)],
      [...lines.slice(0, 2), 'no json', ...lines.slice(2)],
    ];
    for (const touched of broken) {
      await expect(checkEvidence(touched, sha256)).rejects.toMatchObject({
        code: 'EVIDENCE_BROKEN',
      });
    }
  });

  it('loses its oldest entries, with their bodies, beyond what is kept', async () => {
    const { world, node, lines } = await rounds(8, 6);
    expect(lines.length).toBeLessThan(10);
    const { firstSeq } = await checkEvidence(lines, world.platform.sha256);
    expect(firstSeq).toBeGreaterThan(0);
    const bodies = [...node.store.contents().keys()].filter((name) => name.startsWith('body/'));
    const named = new Set(
      lines.flatMap((line) =>
        [...line.matchAll(/"(?:request|response)Sha256":"([0-9a-f]{64})"/g)].map(([, sha]) => sha),
      ),
    );
    expect(bodies.every((name) => named.has(name.slice(5)))).toBe(true);
  });
});
