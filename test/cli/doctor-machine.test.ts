import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { referencesFinding } from '../../cli/doctor/files-findings.ts';
import { folderFindings } from '../../cli/doctor/folder-findings.ts';
import { machineFindings } from '../../cli/doctor/machine-findings.ts';

let path = '';
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

describe('what the doctor says of the machine', () => {
  it('looks at open files first', () => {
    expect(machineFindings().map(({ id }) => id)).toEqual([
      'machine.files',
      'machine.node',
      'machine.memory',
    ]);
  });

  const folder = (name: string, isWritten = true) => folderFindings([{ path: name, isWritten }])[0];

  it('takes a folder that is missing and can be made', () => {
    const found = folder(join(path, 'a', 'b'));
    expect(found).toMatchObject({ id: 'machine.disk', status: 'pass' });
    expect(found?.detail).toContain('GiB free under');
  });

  it('says why one cannot be made, with its path, and nothing of room', () => {
    writeFileSync(join(path, 'file'), '');
    const below = folder(join(path, 'file', 'state'));
    expect(below).toMatchObject({ status: 'fail', detail: expect.stringContaining('ENOTDIR') });
    expect(below?.detail).toContain(join(path, 'file', 'state'));
    const inProc = folder('/proc/nope/x');
    expect(inProc).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('/proc/nope/x cannot be made in /proc'),
    });
    expect(inProc?.fix).not.toContain('room');
  });

  it.skipIf(process.getuid?.() === 0)('says that one is closed to this user', () => {
    chmodSync(path, 0o500);
    expect(folder(join(path, 'x'))?.detail).toContain('EACCES');
    expect(folder(path)).toMatchObject({ status: 'fail' });
    expect(folder(path, false)).toMatchObject({ status: 'pass' });
  });
});

describe('what the doctor says of files', () => {
  it('leaves a wrong model to the finding that is about the model', () => {
    const file = join(path, 'miner.yaml');
    const shipped = readFileSync('config/miner.yaml', 'utf8');
    writeFileSync(
      file,
      shipped.replace(/^subnet: .*$/m, '').replace(/path: .*onnx/, 'path: x.onnx'),
    );
    expect(referencesFinding(file, 'miner')).toMatchObject({ status: 'pass' });
  });
});
