import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiChart } from '../../../common/plot/ascii-chart.ts';
import type { Chart } from '../../../common/plot/chart.ts';
import { scaleOf, tickText } from '../../../common/plot/scale.ts';
import { svgCharts } from '../../../common/plot/svg-chart.ts';

const positive = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
const any = fc.oneof(positive, fc.constantFrom(0, -1, NaN, Infinity));
const scale = fc.constantFrom('linear' as const, 'log' as const);
const point = fc.record({ x: any, y: any });
const series = fc.record({
  name: fc.string({ maxLength: 20 }),
  points: fc.array(point, { maxLength: 40 }),
});
const chart: fc.Arbitrary<Chart> = fc.record({
  title: fc.string({ maxLength: 30 }),
  x: fc.record({ label: fc.string({ maxLength: 10 }), scale }),
  y: fc.record({ label: fc.string({ maxLength: 10 }), scale }),
  series: fc.array(series, { maxLength: 10 }),
});

describe('an axis', () => {
  it('shows all its values between its ends, with ticks that rise', () => {
    fc.assert(
      fc.property(scale, fc.array(positive, { minLength: 1, maxLength: 20 }), (kind, values) => {
        const made = scaleOf({ label: '', scale: kind }, values);
        for (const value of values) {
          expect(made.unit(value)).toBeGreaterThanOrEqual(-1e-9);
          expect(made.unit(value)).toBeLessThanOrEqual(1 + 1e-9);
        }
        const places = made.ticks.map((tick) => made.unit(tick));
        expect(places.length).toBeGreaterThanOrEqual(2);
        expect(places.every((at, index) => index === 0 || at > (places[index - 1] ?? 0))).toBe(
          true,
        );
        expect(places[0]).toBeGreaterThanOrEqual(-1e-9);
        expect(places.at(-1)).toBeLessThanOrEqual(1 + 1e-9);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the order of its values', () => {
    fc.assert(
      fc.property(scale, positive, positive, (kind, a, b) => {
        const made = scaleOf({ label: '', scale: kind }, [a, b]);
        expect(made.unit(Math.max(a, b))).toBeGreaterThanOrEqual(made.unit(Math.min(a, b)));
      }),
    );
  });

  it('has round ticks', () => {
    expect(scaleOf({ label: '', scale: 'linear' }, [830]).ticks).toEqual([
      0, 200, 400, 600, 800, 1000,
    ]);
    expect(scaleOf({ label: '', scale: 'log' }, [0.7, 30]).ticks).toEqual([
      0.5, 1, 2, 5, 10, 20, 50,
    ]);
    expect(scaleOf({ label: '', scale: 'log' }, [1, 20_000]).ticks).toEqual([
      1, 10, 100, 1000, 10_000,
    ]);
    expect([0.05, 1500, 20_000, 3e6].map(tickText)).toEqual(['0.05', '1500', '20k', '3M']);
  });
});

describe('a chart in characters', () => {
  it('keeps to its size, whatever it is asked to draw', () => {
    fc.assert(
      fc.property(chart, (some) => {
        const lines = asciiChart(some, { width: 80, height: 10 }).split('\n');
        const drawn = lines.slice(2, 12);
        expect(lines.slice(12).every((line) => line.length <= 80)).toBe(true);
        expect(drawn.every((line) => /^ *\S* [|+]/.test(line))).toBe(true);
        expect(drawn.every((line) => line.length <= 80)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('puts points where they belong', () => {
    const picture = asciiChart(
      {
        title: 'both',
        x: { label: 'rate', scale: 'linear' },
        y: { label: 'ms', scale: 'linear' },
        series: [
          {
            name: 'p50',
            points: [
              { x: 0, y: 0 },
              { x: 10, y: 10 },
            ],
          },
        ],
        mark: { x: 10, y: 0, name: 'here' },
      },
      { width: 30, height: 5 },
    );
    expect(picture.split('\n')).toEqual([
      'both',
      'ms',
      '10 +                       ..*',
      ' 8 +                 ......',
      ' 6 +           ......',
      ' 2 +     ......',
      ' 0 + *...                    !',
      '   +--------------------------',
      '     0    2    4   6    8   10',
      '     rate',
      '     * p50   ! here',
    ]);
  });
});

describe('a chart in SVG', () => {
  it('is well-formed, whatever the names are and the values', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(chart, { maxLength: 3 }),
        (title, charts) => {
          const svg = svgCharts(title, charts);
          expect(svg).not.toMatch(/NaN|Infinity|undefined/);
          expect(problemOf(svg)).toBeNull();
        },
      ),
      { numRuns: 20 },
    );
  });

  it('names its series and escapes what SVG would read', () => {
    const one: Chart = {
      title: 'a < b & c',
      x: { label: 'x', scale: 'linear' },
      y: { label: 'y', scale: 'linear' },
      series: [{ name: '"p99"', points: [{ x: 1, y: 1 }] }],
    };
    const svg = svgCharts('t', [one]);
    expect(svg).toContain('a &lt; b &amp; c');
    expect(svg).toContain('&quot;p99&quot;');
  });
});

/** The first tag that is not closed by its own, or a text that holds a tag's sign. */
function problemOf(svg: string): string | null {
  const open: string[] = [];
  for (const [, closing, name = '', attributes = '', single, between = ''] of svg.matchAll(
    /<(\/?)([a-z]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>([^<]*)/g,
  )) {
    if (/&(?!(amp|lt|gt|quot|#39);)/.test(attributes + between)) return `entity in ${name}`;
    if (closing === '/') {
      if (open.pop() !== name) return name;
    } else if (single !== '/') open.push(name);
  }
  const tags = svg.match(/</g)?.length ?? 0;
  const read = [...svg.matchAll(/<(\/?)([a-z]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>/g)].length;
  if (tags !== read) return `${tags - read} tags that cannot be read`;
  return open.length === 0 ? null : open.join();
}
