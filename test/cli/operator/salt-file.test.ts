import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSaltFile, writeSaltFile } from '../../../cli/operator/salt-file.ts';
import type { SaltFile } from '../../../cli/operator/salt-file.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'salt-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Vector A of Subtensor's tests: Alice, netuid 1. */
const content: SaltFile = {
  format: 'subnet-weight-commit/1',
  genesisHash: `0x${'00'.repeat(32)}`,
  netuid: 1,
  mecid: 0,
  hotkey: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
  uids: [0, 1, 2],
  values: [100, 200, 65_535],
  salt: [1, 2, 3, 4, 5, 6, 7, 8],
  versionKey: '0',
  hash: '0x17f2654b785fe16b0ffb9354278a027d097fb03cdbcfd0205322cb99d027d05a',
  revealBlock: 10,
};

describe('the file with the salt of a commit', () => {
  it('is for its owner alone, and comes back as it was', () => {
    const file = join(dir, 'commit.json');
    writeSaltFile(file, content);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readSaltFile(file)).toEqual(content);
  });

  it('is never overwritten', () => {
    const file = join(dir, 'commit.json');
    writeSaltFile(file, content);
    expect(() => writeSaltFile(file, { ...content, netuid: 9 })).toThrow(/EEXIST/);
    expect(readFileSync(file, 'utf8')).toContain('"netuid":1');
    expect(() => writeSaltFile(join(dir, 'no', 'folder'), content)).toThrow(
      expect.objectContaining({ code: 'SALT_FILE_UNWRITABLE' }),
    );
  });

  it('is whole or not there at all', () => {
    const file = join(dir, 'commit.json');
    mkdirSync(file);
    expect(() => writeSaltFile(file, content)).toThrow(/EEXIST/);
    expect(readdirSync(dir)).toEqual(['commit.json']);
    expect(readdirSync(file)).toEqual([]);
    writeSaltFile(join(dir, 'other.json'), content);
    expect(readdirSync(dir)).toEqual(['commit.json', 'other.json']);
  });

  it.each([
    ['a changed weight', { ...content, values: [100, 201, 65_535] }, /do not give its hash/],
    ['a missing part', { ...content, salt: undefined }, /salt/],
    ['another format', { ...content, format: 'x' }, /format/],
    ['a hotkey that is none', { ...content, hotkey: 'x' }, /SS58/],
  ])('is refused with %s', (_, changed, words) => {
    const file = join(dir, 'commit.json');
    writeFileSync(file, JSON.stringify(changed));
    expect(() => readSaltFile(file)).toThrow(
      expect.objectContaining({ code: 'SALT_FILE_INVALID' }),
    );
    expect(() => readSaltFile(file)).toThrow(words);
  });

  it('is refused when it is not there, or no JSON', () => {
    expect(() => readSaltFile(join(dir, 'absent'))).toThrow(/ENOENT/);
    writeFileSync(join(dir, 'text'), 'salt');
    expect(() => readSaltFile(join(dir, 'text'))).toThrow(/JSON/);
  });
});
