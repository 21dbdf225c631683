import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkReplaceable, replaceFile } from '../../common/node/replace-file.ts';

describe('replacing a file', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'replace-'));
    file = join(folder, 'miner.yaml');
    writeFileSync(file, 'old\n', { mode: 0o640 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('puts the new text there, with the old mode, and leaves nothing else behind', () => {
    replaceFile(file, 'old\n', 'new\n');
    expect(readFileSync(file, 'utf8')).toBe('new\n');
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['miner.yaml']);
  });

  it('changes nothing when somebody else changed it meanwhile', () => {
    writeFileSync(file, 'theirs\n');
    expect(() => replaceFile(file, 'old\n', 'new\n')).toThrow(
      expect.objectContaining({ code: 'CONFIG_UNWRITABLE' }),
    );
    expect(readFileSync(file, 'utf8')).toBe('theirs\n');
    expect(readdirSync(folder)).toEqual(['miner.yaml']);
  });

  it('leaves a read-only file as it is, whoever asks', () => {
    chmodSync(file, 0o444);
    expect(() => checkReplaceable(file)).toThrow(/read-only/);
    expect(() => replaceFile(file, 'old\n', 'new\n')).toThrow(/read-only/);
    expect(readFileSync(file, 'utf8')).toBe('old\n');
  });

  it('names a file that is not there', () => {
    const absent = join(folder, 'absent.yaml');
    expect(() => checkReplaceable(absent)).toThrow(/absent\.yaml/);
  });

  it('replaces what a link points at, not the link', () => {
    const link = join(folder, 'link.yaml');
    symlinkSync('miner.yaml', link);
    replaceFile(link, 'old\n', 'new\n');
    expect(readlinkSync(link)).toBe('miner.yaml');
    expect(readFileSync(file, 'utf8')).toBe('new\n');
  });
});
