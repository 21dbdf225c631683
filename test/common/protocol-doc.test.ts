import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { btauthHeaders, defaultAuthWindow } from '../../common/wire/btauth.ts';
import { classicHeaders, classicWindow } from '../../common/wire/classic/classic-auth.ts';
import { epistulaHeaders, epistulaWindow } from '../../common/wire/epistula.ts';
import { decodeInferRequest } from '../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import { receiptHeaderNames, receiptText, signReceipt } from '../../common/wire/receipt.ts';
import { defaultReplayLimits } from '../../common/wire/replay.ts';
import { datatypes } from '../../common/tensor.ts';
import { alice, bob, utf8 } from './wire-keys.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const doc = read('../../docs/protocol.md');
const lower = doc.toLowerCase();

describe('docs/protocol.md', () => {
  it('quotes the vector that the tests run', () => {
    const { requests } = JSON.parse(read('../vectors/btauth.json')) as {
      requests: { headers: Record<string, string>; payload: string }[];
    };
    const [first] = requests;
    expect(doc).toContain(first?.headers['X-Bittensor-Signature'] ?? 'none');
    expect(doc).toContain(first?.payload.split('\n')[4] ?? 'none');
  });

  it('names every header and every datatype', () => {
    const names = [
      ...Object.values(btauthHeaders),
      ...Object.values(epistulaHeaders),
      ...Object.values(classicHeaders),
      ...Object.values(receiptHeaderNames),
    ];
    expect(names.filter((name) => !new RegExp(`\`${name}[\`:]`).test(lower))).toEqual([]);
    expect(datatypes.filter((datatype) => !doc.includes(`\`${datatype}\``))).toEqual([]);
  });

  it('gives the defaults that the code has', () => {
    const mebi = (count: number): string => `(${count / 1024 / 1024} Mi`;
    expect(defaultAuthWindow).toEqual({ maxAgeNs: 10_000_000_000n, maxAheadNs: 2_000_000_000n });
    expect(doc).toContain('at most 10 s old and at most 2 s ahead');
    expect(epistulaWindow).toEqual({ maxAgeNs: 8_000_000_000n, maxAheadNs: 2_000_000_000n });
    expect(doc).toContain('at most 8 s old and at most 2 s ahead');
    expect(classicWindow).toEqual({ maxAgeNs: 16_000_000_000n, maxAheadNs: 2_000_000_000n });
    expect(doc).toContain('at most 16 s old');
    const { maxPerHotkey, maxTotal, retentionNs } = defaultReplayLimits;
    expect(doc).toContain(`a hotkey (${maxPerHotkey.toLocaleString('en')})`);
    expect(doc).toContain(`the whole memory (${maxTotal.toLocaleString('en')})`);
    expect(doc).toContain(`(${retentionNs / 1_000_000_000n} s; at least`);
    for (const { maxAgeNs, maxAheadNs } of [defaultAuthWindow, epistulaWindow, classicWindow]) {
      expect(retentionNs).toBeGreaterThan(maxAgeNs + maxAheadNs);
    }
    const limits = defaultInferLimits;
    expect(doc).toContain(`body ${mebi(limits.maxBodyBytes)}B)`);
    expect(doc).toContain(`JSON part ${mebi(limits.maxJsonBytes)}B)`);
    expect(doc).toContain(`elements of a tensor ${mebi(limits.maxElements)})`);
    expect(doc).toContain(`nesting (${limits.maxJsonDepth})`);
    expect(doc).toContain(`rank (${limits.maxRank})`);
    expect(doc).toContain(`at most ${limits.maxTensors}, each once`);
  });

  it('shows requests that are read', () => {
    const json = /```json\n(?<json>.*?)```/s.exec(doc)?.groups?.['json'] ?? '';
    const plain = decodeInferRequest(utf8(json), {}, defaultInferLimits);
    expect(isProtocolError(plain) ? plain.error : plain.id).toBe('42');
    const [, head = '', hex = ''] = /^(\{"inputs".*\})<([0-9a-f ]+)>$/m.exec(doc) ?? [];
    const tail = hex.split(' ').map((byte) => Number.parseInt(byte, 16));
    const body = Uint8Array.of(...utf8(head), ...tail);
    const headers = { 'inference-header-content-length': String(head.length) };
    const binary = decodeInferRequest(body, headers, defaultInferLimits);
    if (isProtocolError(binary) || isProtocolError(plain)) throw new Error('not read');
    expect(binary.inputs).toEqual(plain.inputs);
  });

  it('lists the lines of a receipt in their order', () => {
    const receipt = signReceipt(
      {
        requestNonceNs: 1n,
        requestSha256: 'a'.repeat(64),
        responseSha256: 'b'.repeat(64),
        status: 200,
        task: 't',
        modelSha256: '-',
        miner: alice.ss58,
        validator: bob.ss58,
        timeNs: 2n,
      },
      alice,
    );
    const chapter = doc.slice(doc.indexOf('## 3. Receipts'));
    const rows = [...chapter.matchAll(/^\| (\d+) \| (.*?) \|/gm)].slice(0, 10).map((row) => row[2]);
    const lines = receiptText(receipt).split('\n');
    expect(rows).toHaveLength(lines.length);
    expect(rows[0]).toBe(`\`${lines[0]}\``);
    expect(rows[3]).toContain('answer');
    expect(rows[7]).toContain('miner');
    expect(rows[8]).toContain('validator');
  });
});
