import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readApiKey } from '../../../miner/upstream/api-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'key-'));
afterAll(() => rmSync(folder, { recursive: true }));

function keyFile(text: string): string {
  const file = join(folder, 'key');
  writeFileSync(file, text);
  return file;
}

describe('the key of upstreams', () => {
  it('comes from the environment, or from a file with its line end', () => {
    expect(readApiKey({ env: 'KEY' }, { KEY: 'sk-1' })).toBe('sk-1');
    expect(readApiKey({ file: keyFile('sk-2\n') }, {})).toBe('sk-2');
  });

  it.each(['two words', 'line\r\nx-evil: 1', 'ünicode'])('is not %j, which is not shown', (key) => {
    const read = (): string => readApiKey({ file: keyFile(key) }, {});
    expect(read).toThrow(expect.objectContaining({ code: 'UPSTREAM_KEY' }) as Error);
    try {
      read();
    } catch (error) {
      expect(String(error)).not.toContain(key);
    }
  });

  it('is missed by name', () => {
    expect(() => readApiKey({ env: 'KEY' }, {})).toThrow(/KEY/);
    expect(() => readApiKey({ file: join(folder, 'none') }, {})).toThrow(/none/);
  });
});
