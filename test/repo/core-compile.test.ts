import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packagePath } from '../../common/node/package-root.ts';

function compile(project: string) {
  const tsc = packagePath('node_modules', 'typescript', 'bin', 'tsc');
  return spawnSync(process.execPath, [tsc, '-p', project, '--noEmit', '--pretty', 'false'], {
    cwd: packagePath(),
    encoding: 'utf8',
  });
}

describe('the core compile', () => {
  it('accepts the core as it stands', () => {
    const result = compile(packagePath('tsconfig.core.json'));
    expect(result.stdout).toBe('');
    expect(result.status).toBe(0);
  });

  it('refuses each line of a planted file that reaches for the world', () => {
    const folder = mkdtempSync(join(tmpdir(), 'core-'));
    try {
      const project = join(folder, 'tsconfig.json');
      const planted = packagePath('test', 'repo', 'planted', 'core-violation.ts');
      const config = {
        extends: packagePath('tsconfig.core.json'),
        include: [packagePath('types', 'core-web.d.ts'), planted],
        exclude: [],
      };
      writeFileSync(project, JSON.stringify(config));
      const result = compile(project);
      expect(result.status).not.toBe(0);
      for (const name of ['node:fs', 'process', 'Buffer', 'fetch', 'setTimeout', 'console']) {
        expect(result.stdout).toContain(`'${name}'`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
