import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { editYaml } from '../../common/config/config-edit.ts';
import { lineDiff } from '../../cli/miner/line-diff.ts';

const values = { instances: 2, threads: 1, maxBatch: 16 };

function edited(text: string): string {
  const result = editYaml(text, { section: 'engine', values });
  if ('problem' in result) throw new Error(result.problem);
  return result.text;
}

describe('editing a YAML text', () => {
  it('changes values where they stand, and nothing else', () => {
    const before = [
      '# A miner.',
      'netuid:    2   # ours',
      '',
      'engine:',
      '  # cuda or cpu',
      '  provider: cpu',
      '  threads:  4   # of the big machine',
      '',
      '  maxBatch: 32',
      "task: 'digits'",
      '',
    ].join('\n');
    const after = edited(before);
    expect(lineDiff(before, after)).toEqual([
      '    provider: cpu',
      '-   threads:  4   # of the big machine',
      '+   threads:  1   # of the big machine',
      '  ',
      '-   maxBatch: 32',
      '+   maxBatch: 16',
      '+   instances: 2',
      "  task: 'digits'",
    ]);
  });

  it.each([
    [
      'engine: { provider: cpu, threads: 2 }\n',
      'engine: { provider: cpu, threads: 1, instances: 2, maxBatch: 16 }\n',
    ],
    ['engine: {}\nnetuid: 2\n', 'engine: { instances: 2, threads: 1, maxBatch: 16 }\nnetuid: 2\n'],
    ['engine:\nnetuid: 2\n', 'engine:\n  instances: 2\n  threads: 1\n  maxBatch: 16\nnetuid: 2\n'],
    ['netuid: 2\n', 'netuid: 2\n\nengine:\n  instances: 2\n  threads: 1\n  maxBatch: 16\n'],
    ['netuid: 2', 'netuid: 2\n\nengine:\n  instances: 2\n  threads: 1\n  maxBatch: 16\n'],
    ['{ netuid: 2 }\n', '{ netuid: 2, engine: { instances: 2, threads: 1, maxBatch: 16 } }\n'],
    [
      'engine:\r\n  threads: 3\r\nnetuid: 2\r\n',
      'engine:\r\n  threads: 1\r\n  instances: 2\r\n  maxBatch: 16\r\nnetuid: 2\r\n',
    ],
    [
      'engine:\n  devices:\n    - 0\n    - 1\nnetuid: 2\n',
      'engine:\n  devices:\n    - 0\n    - 1\n  instances: 2\n  threads: 1\n  maxBatch: 16\nnetuid: 2\n',
    ],
    [
      'engine:\n  threads:\n  instances: 9 # many\n  maxBatch: 0x10',
      'engine:\n  threads: 1\n  instances: 2 # many\n  maxBatch: 16',
    ],
  ])('keeps the layout of %j', (before, after) => {
    expect(edited(before)).toBe(after);
  });

  it.each([
    ['base: &e { threads: 2 }\nengine: *e\n', /alias/],
    ['engine: [1]\n', /no map/],
    ['engine:\n  threads: &t\n    - 1\n', /plain value/],
    ['- 1\n', /no map/],
    ['a: 1\n---\nb: 2\n', /document/i],
    ['engine: {\n', /./],
  ])('leaves alone what it cannot edit: %j', (text, problem) => {
    const result = editYaml(text, { section: 'engine', values });
    expect('problem' in result ? result.problem : result.text).toMatch(problem);
    expect('problem' in result).toBe(true);
  });

  it('gives what setting the values would give, and keeps every other line', () => {
    const key = fc.stringMatching(/^[a-z]{1,6}$/);
    const scalar = fc.oneof(
      fc.integer(),
      fc.boolean(),
      fc.string({ maxLength: 12 }),
      fc.constant(null),
    );
    const leaf = fc.oneof(
      scalar,
      fc.array(scalar, { maxLength: 3 }),
      fc.dictionary(key, scalar, { maxKeys: 3 }),
    );
    const known = fc.constantFrom('threads', 'instances', 'maxBatch', 'provider');
    const engine = fc.dictionary(known, fc.integer({ min: 1, max: 9 }), { minKeys: 1, maxKeys: 4 });
    const file = fc.tuple(fc.dictionary(key, leaf, { maxKeys: 4 }), engine, fc.boolean());
    fc.assert(
      fc.property(file, fc.constantFrom(2, 4), ([others, inside, isFirst], indent) => {
        const whole = isFirst ? { engine: inside, ...others } : { ...others, engine: inside };
        const before = `# first\n${stringify(whole, { indent })}# last\n`;
        const after = edited(before);
        expect(parse(after)).toEqual({ ...whole, engine: { ...inside, ...values } });
        const changed = lineDiff(before, after).filter((line) => !line.startsWith(' '));
        expect(
          changed.every((line) => /^[-+] +(threads|instances|maxBatch): \d+$/.test(line)),
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the difference of two texts', () => {
  it('is none of equal texts, and rebuilds the new one from the old', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [before, after] = [a.join('\n'), b.join('\n')];
        const diff = lineDiff(before, after);
        expect(lineDiff(before, before)).toEqual([]);
        const count = (sign: string) => diff.filter((line) => line.startsWith(sign)).length;
        const lines = (one: string) =>
          (one.endsWith('\n') || one === '' ? one.slice(0, -1) : one).split('\n').length;
        expect(count('+') - count('-')).toBe(
          (after === '' ? 0 : lines(after)) - (before === '' ? 0 : lines(before)),
        );
      }),
    );
  });
});
