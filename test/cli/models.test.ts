import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packagePath } from '../../common/node/package-root.ts';
import { addDigits, emptyRepository, imageSteps } from '../miner/models/repository-folder.ts';

function subnet(...args: string[]) {
  const entry = ['--import', 'tsx', packagePath('cli', 'main.ts')];
  const env = { ...process.env, NO_COLOR: '1' };
  return spawnSync(process.execPath, [...entry, ...args], { encoding: 'utf8', env });
}

let root: string;
let config: string;
let manifest: string;

beforeEach(() => {
  root = emptyRepository();
  addDigits(root, 'models/digits/1', { file: 'weaker' });
  addDigits(root, 'models/digits/2');
  manifest = addDigits(root, 'models/pictures/1', imageSteps);
  config = join(root, 'miner.yaml');
  writeFileSync(
    config,
    'netuid: 1\nchain: { endpoints: ["ws://127.0.0.1:1"] }\ntask: digits\nmodelRepository: ./models\n',
  );
});

afterEach(() => rmSync(root, { recursive: true }));

describe('the models of a miner YAML', () => {
  it('are listed, with which of them are served', () => {
    const { stdout, status } = subnet('miner', 'models', 'stored', '--config', config, '--json');
    expect(status).toBe(0);
    const { models } = JSON.parse(stdout) as { models: Record<string, unknown>[] };
    expect(models.map(({ name, version, served }) => [name, version, served])).toEqual([
      ['digits', '2', true],
      ['digits', '1', false],
      ['pictures', '1', true],
    ]);
  });

  it('are checked with the configuration, every file of every version', () => {
    expect(subnet('config', 'check', config).stdout.trim()).toBe('1 ok');
    expect(subnet('config', 'check', manifest).stdout.trim()).toBe('1 ok');
    writeFileSync(join(root, 'models', 'pictures', '1', 'labels.json'), '[]');
    appendFileSync(join(root, 'models', 'digits', '1', 'manifest.yaml'), 'tolerance: 1\n');
    for (const command of [
      ['config', 'check', config],
      ['miner', 'models', 'check', '--config', config],
    ]) {
      const { stdout, status } = subnet(...command);
      expect(status).toBe(2);
      expect(stdout).toMatch(/digits\/1\/manifest\.yaml:7:1 tolerance: unknown key/);
      expect(stdout).toMatch(
        /pictures\/1\/manifest\.yaml:\d+:\d+ post\.0\.labels: .*not the one.*\n {2}hint: Put the right/,
      );
    }
    expect(subnet('config', 'check', manifest).status).toBe(2);
  });

  it('are checked against what the configuration asks to serve', () => {
    appendFileSync(config, 'models: { digits: { versions: ["7"] } }\n');
    const { stdout, status } = subnet('config', 'check', config);
    expect(status).toBe(2);
    expect(stdout).toMatch(/miner\.yaml:4:1 modelRepository: .*digits\/7/);
  });

  it('are listed and tuned also where another that the configuration names is not there', () => {
    appendFileSync(config, 'models: { digits: {}, letters: {} }\nengine: { provider: cpu }\n');
    const stored = subnet('miner', 'models', 'stored', '--config', config, '--json');
    expect([stored.status, stored.stdout]).toEqual([0, expect.stringContaining('"digits"')]);
    const named = ['miner', 'tune', '--config', config, '--model'];
    const absent = subnet(...named, 'letters');
    expect(absent.status).toBe(2);
    expect(absent.stderr).toMatch(/there are: digits 2; the repository has no letters/);
    const brief = ['--seconds', '3', '--max-batch', '1', '--cores', '1', '--json'];
    const tuned = subnet(...named, 'digits', ...brief);
    expect(JSON.parse(tuned.stdout)).toMatchObject({ ok: true, model: 'digits 2' });
  });
});
