import { describe, expect, test } from 'vitest';
import { isSubnetError } from '../../common/errors.ts';
import { itemsByClass, parseDataset } from '../../tasks/dataset.ts';
import type { Dataset } from '../../tasks/dataset.ts';
import { holdout, readBytes, sha256Hex } from './digits.ts';

const sound = {
  format: 'labelled-tensors/1',
  name: 'two',
  origin: 'made up',
  licence: 'CC0-1.0',
  datatype: 'UINT8',
  shape: [2, 3],
  fullScale: 16,
  classes: ['a', 'b'],
  labels: [0, 1],
  items: 'AAECAwQQ',
};

function parseText(text: string): Dataset {
  const bytes = new TextEncoder().encode(text);
  return parseDataset(bytes, { sha256: sha256Hex(bytes), path: 'two.json' });
}

function failure(run: () => unknown): { code: string; message: string } {
  try {
    run();
  } catch (error) {
    if (isSubnetError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('labelled-tensors/1', () => {
  test('is read from bytes', () => {
    const data = parseText(JSON.stringify(sound));
    expect(data.itemShape).toEqual([3]);
    expect([...data.items]).toEqual([0, 1, 2, 3, 4, 16]);
    expect(data.labels).toEqual([0, 1]);
  });

  test.each([0, 1, 2, 3, 4, 5, 255, 256])('decodes base64 of %i bytes', (length) => {
    const raw = Uint8Array.from({ length: length + 1 }, (_, at) => (at * 37) % 256);
    const items = Buffer.from(raw).toString('base64');
    const doc = { ...sound, shape: [1, raw.length], fullScale: 255, labels: [0], items };
    expect(parseText(JSON.stringify(doc)).items).toEqual(raw);
  });

  test('is refused under another hash, with both named', () => {
    const bytes = new TextEncoder().encode(JSON.stringify(sound));
    const expected = 'ab'.repeat(32);
    const found = failure(() => parseDataset(bytes, { sha256: expected, path: 'two.json' }));
    expect(found.code).toBe('DATASET_HASH');
    expect(found.message).toContain(expected);
    expect(found.message).toContain(sha256Hex(bytes));
    expect(found.message).toContain('two.json');
  });

  test.each([
    ['an unknown key', { extra: 1 }, 'extra'],
    ['another format', { format: 'labelled-tensors/2' }, 'format'],
    ['too few bytes', { items: 'AAEC' }, '3 bytes, the shape asks for 6'],
    ['a value above full scale', { items: 'AAECAwQR' }, 'value 17 at 5'],
    ['a label past the classes', { labels: [0, 2] }, 'labels.1: 2'],
    ['a label too many', { labels: [0, 1, 1] }, '3 of them for 2 items'],
    ['what is no base64', { items: 'A*' }, 'items'],
    ['a shape of no items', { shape: [0, 3] }, 'shape.0'],
    ['a shape without items’ axes', { shape: [2] }, 'shape'],
    ['one class', { classes: ['a'] }, 'classes'],
  ])('is refused with %s', (_, change, named) => {
    const found = failure(() => parseText(JSON.stringify({ ...sound, ...change })));
    expect(found.code).toBe('DATASET_INVALID');
    expect(found.message).toContain(named);
  });

  test('is refused when it is no JSON, or no UTF-8', () => {
    expect(failure(() => parseText('{')).code).toBe('DATASET_INVALID');
    const bytes = Uint8Array.of(0x22, 0xff, 0x22);
    const options = { sha256: sha256Hex(bytes), path: 'x' };
    expect(failure(() => parseDataset(bytes, options)).code).toBe('DATASET_INVALID');
  });
});

describe('the digits', () => {
  const train = readBytes('examples/digits/data/train.json');
  const trainSet = parseDataset(train, { sha256: sha256Hex(train), path: 'train.json' });

  test('are 1,000 to train on and 797 held back, as the README says', () => {
    const readme = new TextDecoder().decode(readBytes('examples/digits/README.md'));
    expect(trainSet.labels.length).toBe(1000);
    expect(holdout().labels.length).toBe(797);
    expect(readme).toContain(trainSet.sha256);
    expect(readme).toContain(holdout().sha256);
  });

  test('have the same share of each class on both sides, enough for a challenge', () => {
    const shares = (data: Dataset): number[] =>
      itemsByClass(data).map((pool) => pool.length / data.labels.length);
    const held = shares(holdout());
    for (const [digit, share] of shares(trainSet).entries()) {
      expect(Math.abs(share - (held[digit] ?? 0))).toBeLessThan(0.002);
    }
  });

  test('share no picture between the sides', () => {
    const pictures = (data: Dataset): string[] =>
      data.labels.map((_, item) => data.items.subarray(item * 64, item * 64 + 64).join());
    const known = new Set(pictures(trainSet));
    expect(pictures(holdout()).filter((picture) => known.has(picture))).toEqual([]);
  });
});
