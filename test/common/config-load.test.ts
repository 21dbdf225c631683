import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConfigError,
  loadConfig,
  parseConfig,
  resolvePath,
} from '../../common/config/config-load.ts';
import type { ConfigProblem } from '../../common/config/config-load.ts';
import { raoOf } from '../../common/config/field-schemas.ts';
import { genesisSchema } from '../../common/config/genesis-schema.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { subnetSchema } from '../../common/config/subnet-schema.ts';
import { validatorSchema } from '../../common/config/validator-schema.ts';
import { SubnetError } from '../../common/errors.ts';
import { packagePath } from '../../common/node/package-root.ts';

const hash = 'a'.repeat(64);
const good = `name: digits
netuid: 2
tasks:
  - name: digits
    kind: classify
    interface:
      inputs: [{ name: image, datatype: FP32, shape: [-1, 1, 8, 8] }]
      outputs: [{ name: probabilities, datatype: FP32, shape: [-1, 10] }]
    source: { path: data.json, sha256: '${hash}' }
    classes: 10
scoring:
  latency: { weight: 0.1, goodMs: 100, badMs: 500 }
`;

function problemsOf(
  text: string,
  schema: typeof subnetSchema | typeof minerSchema = subnetSchema,
): readonly ConfigProblem[] {
  try {
    parseConfig(text, 'subnet.yaml', schema);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** Line, column, path and message of the only problem after one edit of the good file. */
function after(search: string, replacement: string): string {
  expect(good).toContain(search);
  const problems = problemsOf(good.replace(search, replacement));
  expect(problems).toHaveLength(1);
  const [one] = problems;
  return one === undefined
    ? ''
    : `${one.line}:${one.column} ${one.path}: ${one.message} (${one.hint})`;
}

describe('loading a YAML file', () => {
  it('accepts a good one and fills in the defaults', () => {
    const subnet = parseConfig(good, 'subnet.yaml', subnetSchema);
    expect(subnet.tasks[0]?.batch).toBe(32);
    expect(subnet.averaging.alpha).toBeGreaterThan(0);
  });

  it.each([
    [
      'an unknown key',
      'netuid: 2',
      'netuid: 2\nversionkey: 3',
      '3:1 versionkey: unknown key (did you mean versionKey?)',
    ],
    [
      'an unknown nested key',
      'goodMs: 100',
      'goodMS: 100',
      '12:27 scoring.latency.goodMS: unknown key (did you mean goodMs?)',
    ],
    [
      'a text for a number',
      'netuid: 2',
      'netuid: two',
      '2:9 netuid: expected number, received string ()',
    ],
    [
      'a number for a text',
      `sha256: '${hash}'`,
      'sha256: 1234',
      '9:40 tasks.0.source.sha256: expected string, received number (put the value in quotes)',
    ],
    [
      'a negative number',
      'netuid: 2',
      'netuid: -2',
      '2:9 netuid: Too small: expected number to be >=0 ()',
    ],
    [
      'a fraction for a count',
      'classes: 10',
      'classes: 10.5',
      '10:14 tasks.0.classes: expected int, received number ()',
    ],
    [
      'a wrong choice',
      'datatype: FP32, shape: [-1, 1',
      'datatype: FP23, shape: [-1, 1',
      '7:41 tasks.0.interface.inputs.0.datatype: must be one of BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, BF16, FP32, FP64, BYTES (did you mean FP32?)',
    ],
    ['a missing key', '    classes: 10\n', '', '4:5 tasks.0.classes: is missing ()'],
    [
      'an empty list',
      'inputs: [{ name: image, datatype: FP32, shape: [-1, 1, 8, 8] }]',
      'inputs: []',
      '7:7 tasks.0.interface.inputs: Too small: expected array to have exactly 1 items ()',
    ],
    [
      'a hash that is too short',
      `'${hash}'`,
      "'abc'",
      '9:40 tasks.0.source.sha256: 64 lower-case hex digits (in quotes) ()',
    ],
    [
      'a number out of range',
      'weight: 0.1',
      'weight: 0.9',
      '12:22 scoring.latency.weight: Too big: expected number to be <=0.5 ()',
    ],
    [
      'an impossible combination',
      'badMs: 500',
      'badMs: 50',
      '12:47 scoring.latency.badMs: badMs (50) must be greater than goodMs (100) ()',
    ],
    [
      'classes and shape that differ',
      'classes: 10',
      'classes: 11',
      '8:56 tasks.0.interface.outputs.0.shape: the last axis is 10 but the task has 11 classes ()',
    ],
    [
      'a list for a mapping',
      'scoring:\n  latency: { weight: 0.1, goodMs: 100, badMs: 500 }',
      'scoring: [1]',
      '11:1 scoring: expected object, received array ()',
    ],
    ['a null', 'netuid: 2', 'netuid:', '2:8 netuid: expected number, received null ()'],
  ])('names place and remedy of %s', (_, search, replacement, expected) => {
    expect(after(search, replacement)).toBe(expected);
  });

  it.each([
    ['a tab as indentation', good.replace('  latency', '\tlatency'), 12],
    ['a duplicate key', `${good}netuid: 3\n`, 13],
    ['a quote that is never closed', good.replace('name: digits', "name: 'digits"), 1],
    ['a custom tag', good.replace('netuid: 2', 'netuid: !!js/function "x"'), 2],
    ['an unknown alias', good.replace('netuid: 2', 'netuid: *two'), 2],
    ['a second document', `${good}---\nname: other\n`, 13],
  ])('refuses %s as YAML, with its line', (_, text, line) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.map((problem) => problem.line)).toContain(line);
  });

  it('tells all problems at once, in the order of the file', () => {
    const bad = good
      .replace('netuid: 2', 'netuid: two')
      .replace('classes: 10', 'clases: 10')
      .replace('badMs: 500', 'badMs: 50');
    const problems = problemsOf(bad);
    expect(problems.map((problem) => problem.path)).toEqual([
      'netuid',
      'tasks.0.classes',
      'tasks.0.clases',
      'scoring.latency.badMs',
    ]);
  });

  it('tells each wrong hyperparameter once, with what is expected', () => {
    const wishes = { immunityPeriod: 'viel', tempo: 50.5, minBurnTao: 1e-12, yuma3Enabled: 'ja' };
    const text = JSON.stringify({ netuid: 1, chain: { hyperparameters: wishes } }, null, 1);
    const told = problemsOf(text).filter(({ path }) => path.startsWith('chain.'));
    expect(told.map(({ line, message }) => [line, message])).toEqual([
      [5, expect.stringMatching(/^expected a whole number from 0 to 65535/)],
      [6, expect.stringMatching(/^expected a whole number/)],
      [7, expect.stringMatching(/^expected an amount in TAO/)],
      [8, 'expected true or false'],
    ]);
  });

  it.each([1e-12, 1e21, -1, '0.1234567891', '999999999999'])('refuses %j TAO', (maxBurnTao) => {
    const text = JSON.stringify({ announce: { maxBurnTao } });
    const [told] = problemsOf(text, minerSchema).filter(({ path }) => path.startsWith('announce'));
    expect(told?.path).toBe('announce.maxBurnTao');
  });

  it.each([
    ['ws://u:p@host:99999/', 0],
    ['http://host:1', 0],
    ['ws://', 0],
    ['ws://host:1 ', 0],
  ])('refuses the endpoint %j', (endpoint, index) => {
    const text = JSON.stringify({ chain: { endpoints: [endpoint] } });
    const told = problemsOf(text, minerSchema).filter(({ path }) => path.startsWith('chain'));
    expect(told.map(({ path }) => path)).toEqual([`chain.endpoints.${index}`]);
  });

  it('refuses an endpoint that stands there twice, however it is written', () => {
    const endpoints = ['ws://host:9944', 'wss://other', 'WS://HOST:9944/'];
    const text = JSON.stringify({ chain: { endpoints } });
    const told = problemsOf(text, minerSchema).filter(({ path }) => path.startsWith('chain'));
    expect(told.map(({ path, message }) => [path, message])).toEqual([
      ['chain.endpoints.2', 'the same endpoint as number 1'],
    ]);
  });

  it('refuses a miner that requires another provider than it names', () => {
    const text = `netuid: 2
chain: { endpoints: ['ws://127.0.0.1:9944'] }
task: digits
model: { path: m.onnx, sha256: '${hash}' }
engine: { provider: cpu, require: cuda }
`;
    expect(() => parseConfig(text, 'miner.yaml', minerSchema)).toThrow(
      /miner\.yaml:5:35 engine\.require: require: cuda can never hold with provider: cpu/,
    );
  });

  describe('the ports of a miner', () => {
    const needed = {
      netuid: 2,
      chain: { endpoints: ['ws://127.0.0.1:9944'] },
      task: 'digits',
      model: { path: 'm.onnx', sha256: hash },
    };
    const toldOf = (sections: object): readonly string[] =>
      problemsOf(JSON.stringify({ ...needed, ...sections }), minerSchema).map(
        ({ path, message }) => `${path}: ${message}`,
      );

    it.each([
      [{ server: { port: 9101 } }, 'metrics.port: 9101 is server.port already'],
      [{ server: { port: 9103 }, admin: { enabled: true } }, 'admin.port: 9103 is server.port'],
      [{ admin: { enabled: true, port: 9101 } }, 'admin.port: 9101 is metrics.port already'],
      [{ server: { host: '::', port: 9101 } }, 'metrics.port: 9101 is server.port already'],
    ])('must not collide: %j', (sections, expected) => {
      const told = toldOf(sections);
      expect(told).toHaveLength(1);
      expect(told[0]).toContain(expected);
    });

    it.each([
      { server: { port: 9103 } },
      { server: { port: 9101 }, metrics: { enabled: false } },
      { server: { port: 0 }, metrics: { port: 0 }, admin: { enabled: true, port: 0 } },
      { server: { host: '192.0.2.7', port: 9101 } },
    ])('may be %j', (sections) => {
      expect(toldOf(sections)).toEqual([]);
    });
  });

  it('refuses a file of aliases that multiply', () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 9; i += 1) {
      const [to, from] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)];
      lines.push(`${to}: &${to} [*${from},*${from},*${from},*${from},*${from},*${from},*${from}]`);
    }
    expect(() => parseConfig(lines.join('\n'), 'bomb.yaml', subnetSchema)).toThrow(ConfigError);
  });
});

describe('files', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('that do not exist are CONFIG_NOT_FOUND with the path and the reason', () => {
    const file = join(folder, 'absent.yaml');
    const read = (): unknown => loadConfig(file, subnetSchema);
    expect(read).toThrow(SubnetError);
    expect(read).toThrow(/no such file.*absent\.yaml/);
    expect(() => loadConfig(folder, subnetSchema)).toThrow(/it is a directory/);
  });

  it('name themselves in CONFIG_INVALID', () => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, 'name: 5\n');
    expect(() => loadConfig(file, subnetSchema)).toThrow(new RegExp(`${file}:1:7 name:`));
  });

  it('that ship are valid', () => {
    const shipped = [
      ['config/subnets/digits.yaml', subnetSchema],
      ['config/miner.yaml', minerSchema],
      ['config/validator.yaml', validatorSchema],
      ['config/genesis.yaml', genesisSchema],
    ] as const;
    for (const [path, schema] of shipped) {
      expect(loadConfig(packagePath(path), schema).value).toBeDefined();
    }
  });
});

describe('amounts and paths', () => {
  it('become RAO exactly', () => {
    expect(raoOf('1.000000001')).toBe(1_000_000_001n);
    expect(raoOf('21000000.999999999')).toBe(21_000_000_999_999_999n);
    expect(raoOf(0.1)).toBe(100_000_000n);
    expect(raoOf(0)).toBe(0n);
  });

  it('are relative to the file, or to the home folder', () => {
    expect(resolvePath('/etc/subnet', 'state')).toBe('/etc/subnet/state');
    expect(resolvePath('/etc/subnet', '/var/state')).toBe('/var/state');
    expect(resolvePath('/etc/subnet', '~/state')).toMatch(/^\/.+\/state$/);
  });
});
