import fc from 'fast-check';
import * as prom from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';

const buckets = [0.001, 0.01, 0.1, 1];
const labels = ['model', 'version'];
const help = 'What it "counts"\nover two lines';

const value = fc.oneof(fc.double({ noNaN: true, min: -1, max: 5 }), fc.constantFrom(...buckets));
const labelled = fc.record({
  model: fc.constantFrom('a', 'b', 'odd "name"\\\n'),
  version: fc.constantFrom('1', '2'),
});

/** The lines of a metric, each label set's in its own order of coming. */
const lines = (text: string): string[] => text.trim().split('\n').sort();

describe('a histogram', () => {
  it('renders what prom-client renders of the same observations', async () => {
    const observations = fc.array(fc.tuple(value, labelled), { maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(observations, async (seen) => {
        const own = createMetricsRegistry();
        const registers = [new prom.Registry()];
        const name = 'miner_test_seconds';
        const ours = own.histogram({ name, help, labels, buckets });
        const theirs = new prom.Histogram({ name, help, labelNames: labels, buckets, registers });
        for (const [seconds, of] of seen) {
          ours.observe(seconds, of);
          theirs.observe(of, seconds);
        }
        expect(lines(await own.render())).toEqual(lines(await (registers[0]?.metrics() ?? '')));
      }),
    );
  });

  it('tells of no observations too, when it has no labels', async () => {
    const own = createMetricsRegistry();
    const registers = [new prom.Registry()];
    own.histogram({ name: 'miner_test_seconds', help });
    registers[0]?.registerMetric(new prom.Histogram({ name: 'miner_test_seconds', help }));
    expect(lines(await own.render())).toEqual(lines(await (registers[0]?.metrics() ?? '')));
  });

  it('takes numbers only, and labels that were declared', () => {
    const own = createMetricsRegistry().histogram({ name: 'miner_test_seconds', help, labels });
    expect(() => own.observe(NaN, { model: 'a', version: '1' })).toThrow(TypeError);
    expect(() => own.observe(1, { model: 'a', version: '1', more: 'x' })).toThrow(TypeError);
  });

  it('has a name of its own in its registry', () => {
    const registry = createMetricsRegistry();
    registry.histogram({ name: 'miner_test_seconds', help });
    expect(() => registry.histogram({ name: 'miner_test_seconds', help })).toThrow('already');
  });
});
